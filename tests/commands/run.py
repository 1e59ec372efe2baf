#!/usr/bin/env python3
"""run: the tests of nnc's commands: each function check_… of the files test_*.py here gets a folder of its own.

usage: run.py --nnc BUILD/nnc [--build BUILD] [--part K/N] [--all] FILE…      such as: quick projects

--all: what takes long, too (Bench.everything). --part K/N: of each file's checks only each Nth, from the Kth on.
"""
import argparse
import importlib
import sys
import traceback

import kit


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nnc", required=True)
    parser.add_argument("--build")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--part", default="1/1")
    parser.add_argument("files", nargs="+")
    given = parser.parse_args()
    part, parts = map(int, given.part.split("/"))
    failed = count = 0
    for name in given.files:
        module = importlib.import_module("test_" + name)
        for check in [f for n, f in vars(module).items() if n.startswith("check_")][part - 1::parts]:
            bench = kit.Bench(given.nnc, given.build, given.all)
            count += 1
            try:
                check(bench)
            except Exception:
                failed += 1
                print(f"FAILED {name}: {check.__name__}")
                traceback.print_exc(file=sys.stdout)
            finally:
                bench.done()
    print(f"{count} checks, {failed} failed")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
