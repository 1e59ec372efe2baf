#!/usr/bin/env python3
"""Holds the sentences of the two contracts (the language, the generated code) that no other test holds.

usage: run.py --nnc PATH [--cc "gcc,clang"] [--sanitized-nnc PATH] [--jobs N] [--all]
              [--short | --long] [--list] [NAME ...]

A check is a function check_* in a file check_*.py beside this one; its docstring is the sentence that it holds. It gets
a Kit (kit.py): a folder of its own, nnc, and the C compilers. NAME selects the checks whose names contain it. README.md
lists all sentences with what holds them. Exit status: 0 all hold, 1 one does not, 2 usage. Standard library only.
"""
import argparse
import concurrent.futures
import importlib
import os
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True   # no __pycache__ in the source tree
HERE = os.path.dirname(os.path.abspath(__file__))

from kit import Failed, Kit, Runtimes


def discover(names, long=None):
    """[(name, function)] of all checks whose name contains one of `names`, in the order of the files; long: only those
    that are marked as such (True), only the others (False), all (None)."""
    found = []
    for file in sorted(os.listdir(HERE)):
        if not (file.startswith("check_") and file.endswith(".py")):
            continue
        module = importlib.import_module(file[:-3])
        for name, function in vars(module).items():
            if name.startswith("check_") and callable(function):
                if not (function.__doc__ or "").strip():
                    raise SystemExit(f"{file}: {name} has no docstring: it is the sentence that the check holds")
                found.append((f"{file[6:-3]}.{name[6:]}", function))
    if long is not None:
        found = [(n, f) for n, f in found if getattr(f, "long", False) == long]
    return [(n, f) for n, f in found if not names or any(part in n for part in names)]


def attempt(check, args, runtimes):
    """(name, seconds, message or None)"""
    name, function = check
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="nnc-contract-") as folder:
        try:
            function(Kit(args.nnc, args.sanitized_nnc, args.cc, folder, runtimes, args.all))
            message = None
        except Failed as e:
            message = str(e)
        except Exception:  # a defect of the check itself is a failure as well, with its place
            message = traceback.format_exc()
    return name, time.monotonic() - start, message


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--nnc", required=True, type=os.path.abspath)
    p.add_argument("--sanitized-nnc", type=os.path.abspath)
    p.add_argument("--cc", default="gcc,clang", type=lambda s: s.split(","))
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--all", action="store_true", help="each compiler in each mode and each body twice")
    long = p.add_mutually_exclusive_group()
    long.add_argument("--short", dest="long", action="store_false", default=None,
                      help="without the checks that take long")
    long.add_argument("--long", action="store_true", default=None, help="the checks that take long alone")
    p.add_argument("--list", action="store_true", help="print the checks and their sentences, and stop")
    p.add_argument("names", nargs="*")
    args = p.parse_args()
    checks = discover(args.names, args.long)
    if not checks:
        p.error("no such check")
    if args.list:
        for name, function in checks:
            print(f"{name}: {' '.join(function.__doc__.split())}")
        return 0
    failed = 0
    with tempfile.TemporaryDirectory(prefix="nnc-contract-") as folder:
        runtimes = Runtimes(folder)
        Kit(args.nnc, None, args.cc, folder, runtimes).nnc("--runtime", folder)
        with concurrent.futures.ThreadPoolExecutor(max(1, args.jobs)) as pool:
            sentences = {name: " ".join(f.__doc__.split()) for name, f in checks}
            for name, seconds, message in pool.map(lambda c: attempt(c, args, runtimes), checks):
                if message is not None:
                    failed += 1
                    print(f"FAIL {name}: {sentences[name]}\n    " + message.strip().replace("\n", "\n    "), flush=True)
                elif seconds > 8:
                    print(f"slow {name}: {seconds:.1f} s", flush=True)
    print(f"{len(checks)} checks of the contracts, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
