#!/usr/bin/env python3
"""Compares the reference interpreter with PyTorch on every numerical case.

usage: check_reference.py --reference BUILD/reference_run [--verbose] [CASE_DIR ...]   (default: all cases)

PyTorch's float64 results stand in the case folders as float32, so the two agree to about 1e-7, and the limit is 1e-6
relative. Each case runs on the model as it was lowered and as the compiler's passes leave it; its float32 mode may be
no further away than 1e-4, and all of them together not exact, which would mean that it does not round. Standard library
only.
Exit status 1 if a case fails.
"""
import argparse
import array
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True   # no __pycache__ in the source tree
HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.join(HERE, "..")
sys.path.insert(0, os.path.join(TESTS, "tools"))

import casedriver
from casefile import CaseFile, Failure, distance, where

LIMIT, LIMIT_FLOAT32 = 1e-6, 1e-4


def worst(case, outputs, limit, what):
    most = 0.0
    for tensor, got in zip(case.outputs, outputs):
        want = array.array("f" if tensor.dtype == "float32" else "i", tensor.data)
        if tensor.dtype == "float32":
            got = array.array("f", got)  # what is too large for it becomes infinite, as in the file
        for i, (g, w) in enumerate(zip(got, want)):
            error = distance(g, w)
            most = max(most, error)
            if not error <= limit:
                raise Failure(f"{what}: {tensor.name}{where(i, tensor.shape)} is {g:.9g}, not {w:.9g}")
    return most


def check(folder, program):
    """The errors in float64 and in float32 mode."""
    case = CaseFile(folder)
    script = casedriver.Script(1)
    script.reset(0)
    for s in range(case.steps or 1):
        script.run(0, case.dims.values(), case.run_inputs(s), case.output_sizes())
    with tempfile.TemporaryDirectory() as place:
        paths = [os.path.join(place, n) for n in ("script", "results")]
        with open(paths[0], "wb") as f:
            f.write(script.text())
        for option in ([], ["--passes"]):
            command = [program, *option, os.path.join(folder, "case.nn"), *paths, case.model]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600,
                                  check=False)
            if done.returncode:
                raise Failure(f"exit status {done.returncode}: {done.stdout.strip()}")
            exact, single = case.reference_results(paths[1])
            errors = (worst(case, exact, LIMIT, " ".join(["float64", *option])),
                      worst(case, single, LIMIT_FLOAT32, " ".join(["float32", *option])))
    return errors


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", required=True)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("cases", nargs="*")
    args = parser.parse_args()
    folders = args.cases
    if not folders:
        folders = [os.path.join(TESTS, p, n) for p in ("cases", "streaming")
                   for n in os.listdir(os.path.join(TESTS, p))]
        folders = sorted(f for f in folders if os.path.exists(os.path.join(f, "case.json")))
    failed, most = 0, [0.0, 0.0]
    for folder in folders:
        name = os.path.basename(os.path.normpath(folder))
        try:
            errors = check(folder, os.path.abspath(args.reference))
            most = [max(a, b) for a, b in zip(most, errors)]
            if args.verbose:
                print(f"ok   {name}: {errors[0]:.2e}, float32 {errors[1]:.2e}")
        except (Failure, OSError, KeyError, ValueError, subprocess.TimeoutExpired) as e:
            print(f"FAIL {name}: {e}", flush=True)
            failed += 1
    print(f"{len(folders)} cases, {failed} failed; largest error {most[0]:.2e}, in float32 {most[1]:.2e}")
    return 1 if failed or not folders or (not args.cases and most[1] <= most[0]) else 0


if __name__ == "__main__":
    sys.exit(main())
