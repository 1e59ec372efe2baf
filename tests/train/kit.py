"""What scripts share that build a model that trains in two ways, or drive two of a kind, and want the same bits."""
import argparse
import os
import shlex
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import precompiled
import processor

TARGETS = ["baseline", "scalar"] + processor.targets("pairs of builds that train")


def run(command, folder, what):
    """What a command printed; `what` is tried by it, if it fails."""
    r = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if r.returncode:
        raise RuntimeError(f"{what}: {r.stdout[-600:]}")
    return r.stdout


def main(usage, cases, check, kept):
    """check(args, target, case, folder) of each case, in one body after another; with --all each in the file of all
    bodies. `kept` ends the line that counts the cases that it raises no RuntimeError for."""
    p = argparse.ArgumentParser(description=usage, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--nnc", required=True, type=os.path.abspath)
    p.add_argument("--cc", default="cc -O1")
    p.add_argument("--all", action="store_true", help="the file of all bodies")
    args, bad = p.parse_args(), 0
    with tempfile.TemporaryDirectory() as folder:
        args.runtime = precompiled.Runtime(shlex.split(args.cc), folder)
        for i, case in enumerate(cases):
            try:
                check(args, "all" if args.all else TARGETS[i % len(TARGETS)], case, folder)
            except RuntimeError as e:
                bad += 1
                print("FAIL", e)
    print(f"{len(cases) - bad} of {len(cases)} {kept}")
    return bad > 0 or not cases
