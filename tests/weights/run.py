#!/usr/bin/env python3
"""run: every case of this folder: the C of a weights file is that of the same weights as .safetensors, byte for byte;
or the file is refused with the words that expect.json has, exit status 1, and nothing written. See make.py.

What `nnc weights` says of a file must be lines that a model takes: they are pasted into one, which must compile. For
the cases in listed/ the text is compared as well; --accept takes the new one.

usage: run.py --nnc BUILD/nnc [--accept] [--part K/N] [NAME…]

--part K/N: each Nth case, from the Kth on.
"""
import argparse
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


class Wrong(Exception):
    pass


def compile_in(nnc, folder, flags=()):
    r = subprocess.run([nnc, *flags, "case.nn", "-o", "model.c"], cwd=folder, stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    return r.returncode, r.stdout.decode(errors="replace")


def outputs(folder, flags):
    """The C and its header; the first lines name options."""
    texts = [open(os.path.join(folder, name)).read() for name in ("model.c", "model.h")]
    return [t.split("\n", 1)[1] for t in texts] if flags else texts


def check(nnc, case, work):
    meta = json.load(open(os.path.join(case, "expect.json")))
    text = open(os.path.join(case, "case.nn")).read()
    shutil.copy(os.path.join(case, "case.nn"), work)
    shutil.copy(os.path.join(case, meta["file"]), work)
    before = sorted(os.listdir(work))
    status, said = compile_in(nnc, work, meta["flags"])
    if meta["expect"] == "refuse":
        if status != 1:
            raise Wrong(f"exit status {status}, 1 expected: {said}")
        if sorted(os.listdir(work)) != before:
            raise Wrong(f"refused, but there is {set(os.listdir(work)) - set(before)}")
        for words in meta["say"]:
            if not re.search(words, said):
                raise Wrong(f"no {words} in: {said}")
        return
    if status:
        raise Wrong(f"exit status {status}: {said}")
    got = outputs(work, meta["flags"])
    reference = os.path.join(work, "reference")
    os.mkdir(reference)
    shutil.copy(os.path.join(HERE, "_reference", meta["reference"] + ".safetensors"), reference)
    with open(os.path.join(reference, "case.nn"), "w") as f:
        f.write(text.replace(meta["weights_line"], f'weights "{meta["reference"]}.safetensors"'))
    status, said = compile_in(nnc, reference)
    if status:
        raise Wrong(f"the reference: exit status {status}: {said}")
    if got != outputs(reference, meta["flags"]):
        raise Wrong("the C is not that of the reference")


def run_weights(nnc, case, meta):
    r = subprocess.run([nnc, "weights", meta["file"]], cwd=case, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, timeout=120)
    if r.returncode:
        raise Wrong(f"nnc weights: exit status {r.returncode}: {r.stdout.decode(errors='replace')}")
    return r.stdout.decode()


def check_pasted(nnc, case, work):
    meta = json.load(open(os.path.join(case, "expect.json")))
    if meta["expect"] == "refuse":
        return
    listed = run_weights(nnc, case, meta)
    if sum(line.startswith("weights ") for line in listed.splitlines()) != 1:
        return  # of several dicts each has such a line
    pasted = os.path.join(work, "pasted")
    os.mkdir(pasted)
    shutil.copy(os.path.join(case, meta["file"]), pasted)
    with open(os.path.join(pasted, "case.nn"), "w") as f:
        f.write("model pasted {\n" + listed + "input x: float32[2]\noutput y = x + 1\n}\n")
    status, said = compile_in(nnc, pasted)
    if status or "error" in said:
        raise Wrong(f"what nnc weights says does not compile: {said}\n{listed}")


def check_listed(nnc, name, accept):
    path = os.path.join(HERE, "listed", name + ".txt")
    case = os.path.join(HERE, name)
    got = run_weights(nnc, case, json.load(open(os.path.join(case, "expect.json"))))
    if accept:
        with open(path, "w") as f:
            f.write(got)
    want = open(path).read()
    if got != want:
        diff = difflib.unified_diff(want.splitlines(True), got.splitlines(True), path, "new")
        raise Wrong("nnc weights says something else than before\n" + "".join(diff))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--nnc", required=True)
    p.add_argument("--accept", action="store_true")
    p.add_argument("--part", default="1/1")
    p.add_argument("names", nargs="*")
    args = p.parse_args()
    nnc, failed = os.path.abspath(args.nnc), 0
    names = args.names or sorted(n for n in os.listdir(HERE) if os.path.exists(os.path.join(HERE, n, "expect.json")))
    part, parts = map(int, args.part.split("/"))
    names = names[part - 1::parts]
    for name in names:
        with tempfile.TemporaryDirectory() as work:
            try:
                check(nnc, os.path.join(HERE, name), work)
                check_pasted(nnc, os.path.join(HERE, name), work)
                if os.path.exists(os.path.join(HERE, "listed", name + ".txt")):
                    check_listed(nnc, name, args.accept)
            except Wrong as e:
                failed += 1
                print(f"FAIL {name}: {e}")
    print(f"{len(names) - failed} passed, {failed} failed")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())
