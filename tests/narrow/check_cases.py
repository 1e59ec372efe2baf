#!/usr/bin/env python3
"""What weights in fewer bits cost on the numerical cases, against what NumPy's rounding of the same file costs.

usage: check_cases.py --nnc BUILD/nnc --reference BUILD/reference_run [options] [CASE_DIR ...]   (default: tests/cases)

  --cc "gcc -O1 :: --target baseline"   a C compiler with its flags, and options for nnc; several times
  --type int8      int8 or int16, several times (default: both)
  --part K/N       of the folders only each Nth, from the Kth on
  --verbose        a line for each output

Each case is compiled with --weights-type, run on its inputs, and compared with the interpreter in float64 with the
file's own weights; so is the interpreter with the file whose matrices NumPy rounded. The rms of an output's first error
may be 1.5 times that of the second, and what plain float32 arithmetic loses besides. Exit status 1 if a case fails.
"""
import argparse
import array
import json
import os
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile

import numpy

sys.dont_write_bytecode = True   # no __pycache__ in the source tree
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))

import casedriver
import tensors_file
from casefile import CaseFile, Failure

MOST = 1.5
WEIGHTS = re.compile(r'weights\s+"([^"]+\.safetensors)"')
LAYER = re.compile(r"layer +(\w+) *= *(\w+\([^)]*\))")
MATRIX = re.compile(r"^ +(\S+) (?:int8|int16): \d+ bytes", re.MULTILINE)


def call(command, cwd):
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise Failure(" ".join(command)[:200] + ": " + done.stderr.decode(errors="replace")[:1500])
    return done.stdout.decode(errors="replace")


# --- rounding ---

def up_to_bfloat16(scale):
    """The least bfloat16 that is no smaller."""
    scale = scale.astype("<f4")
    bits = scale.view("<u4") & 0xFFFF0000
    bits = numpy.where(bits.view("<f4") < scale, bits + 0x10000, bits).astype("<u4")
    return bits.view("<f4").astype("f8")


def rounded(matrix, kind):
    rows = matrix.reshape(matrix.shape[0], -1).astype("f8")
    if kind == "int16":
        scale = (numpy.abs(rows).max(axis=1, keepdims=True) / 32767).astype("<f4").astype("f8")
        codes = numpy.rint(rows / numpy.where(scale > 0, scale, 1)).clip(-32767, 32767)
        return (codes * scale).reshape(matrix.shape)
    out = numpy.empty_like(rows)
    for k in range(0, rows.shape[1], 32):
        block = rows[:, k:k + 32]
        scale = up_to_bfloat16(numpy.abs(block).max(axis=1, keepdims=True) / 127)
        out[:, k:k + 32] = numpy.rint(block / numpy.where(scale > 0, scale, 1)).clip(-127, 127) * scale
    return out.reshape(matrix.shape)


def by_output_channel(matrix, groups):
    """ConvTranspose1d's weight [in, out / groups, k] as the convolution that it is to nnc: [out, in / groups, k],
    mirrored."""
    inputs, outputs, k = matrix.shape
    return matrix.reshape(groups, inputs // groups, outputs,
                          k).swapaxes(1, 2).reshape(-1, inputs // groups, k)[:, :, ::-1]


def rounded_as(layer, matrix, kind):
    """layer: the call that has the matrix, "Linear(3, 4)"."""
    if not layer.startswith("ConvTranspose1d"):
        return rounded(matrix, kind)
    found = re.search(r"groups *= *(\d+)", layer)
    groups = int(found[1]) if found else 1
    back = rounded(by_output_channel(matrix, groups), kind)[:, :, ::-1]
    outputs, inputs, k = back.shape
    return back.reshape(groups, outputs // groups, inputs, k).swapaxes(1, 2).reshape(matrix.shape)


def read_tensors(path):
    with open(path, "rb") as f:
        head = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    head.pop("__metadata__", None)
    out = {}
    for name, t in head.items():
        raw = data[t["data_offsets"][0]:t["data_offsets"][1]]
        if t["dtype"] not in ("BF16", "F16", "F32", "F64"):
            continue   # num_batches_tracked
        if t["dtype"] == "BF16":
            values = (numpy.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4")
        else:
            values = numpy.frombuffer(raw, {"F64": "<f8", "F32": "<f4", "F16": "<f2"}[t["dtype"]])
        out[name] = values.reshape(t["shape"])
    return out


def write_tensors(path, tensors):
    with open(path, "wb") as f:
        f.write(tensors_file.packed({name: ("F32", t.shape, t.astype("<f4").tobytes()) for name, t in tensors.items()}))


# --- runs ---

def script_of(case):
    script = casedriver.Script(1)
    script.reset(0)
    for s in range(case.steps or 1):
        script.run(0, case.dims.values(), case.run_inputs(s), case.output_sizes())
    return script


def interpret(args, case, place, nn):
    """[(float64, float32 mode)] of each output, over all steps."""
    call([args.reference, nn, "script", "want", case.model], place)
    both = case.reference_results(os.path.join(place, "want"))
    return [tuple(numpy.array(o) for o in pair) for pair in zip(*both)]


def run_code(args, case, place, kind, chain, script):
    cc, _, options = chain.partition(" :: ")
    call([args.nnc, "case.nn", "-o", "model.c", "--standalone", "--weights-type", kind, *shlex.split(options)], place)
    with open(os.path.join(place, "driver.c"), "w") as f:
        f.write(casedriver.source([(case.model, len(case.dims), [t.dtype for t in case.inputs],
                                    [t.dtype for t in case.outputs])]))
    call(shlex.split(cc) + ["-std=c99", "-I", os.path.join(HERE, "..", "tools"), "driver.c", casedriver.SOURCE,
                             "model.c", "-o", "prog", "-lm"], place)
    call(["./prog", "script", "results"], place)
    with open(os.path.join(place, "results"), "rb") as f:
        got, count = script.results(f.read()), len(case.outputs)
    out = []
    for k, t in enumerate(case.outputs):
        values = array.array("f" if t.dtype == "float32" else "i", b"".join(got[k::count]))
        out.append(numpy.array(values, "f8"))
    return out


def rms(got, want):
    good = numpy.isfinite(want)
    return float(numpy.sqrt(numpy.mean((got[good] - want[good]) ** 2))) if good.any() else 0.0


def check(args, folder):
    """Lines for outputs, and which of them are faults; nothing where the case has no such matrix."""
    case = CaseFile(folder)
    with open(os.path.join(folder, "case.nn"), encoding="utf-8") as f:
        text = f.read()
    files = sorted(set(WEIGHTS.findall(text)))
    if not files:
        return []
    lines, layers = [], dict(LAYER.findall(text))
    with tempfile.TemporaryDirectory() as place:
        shutil.copy(os.path.join(folder, "case.nn"), place)
        for name in files:
            shutil.copy(os.path.join(folder, name), place)
        script = script_of(case)
        with open(os.path.join(place, "script"), "wb") as f:
            f.write(script.text())
        want = None
        for kind in args.type or ["int8", "int16"]:
            plan = call([args.nnc, "case.nn", "--dump=plan", "--weights-type", kind], place)
            keys = set(MATRIX.findall(plan))
            if not keys:
                continue
            want = want or interpret(args, case, place, "case.nn")
            found = 0
            other = text
            for name in files:
                tensors = read_tensors(os.path.join(place, name))
                for key in keys & set(tensors):
                    tensors[key] = rounded_as(layers.get(key.rsplit(".", 1)[0], ""), tensors[key], kind)
                    found += 1
                write_tensors(os.path.join(place, "rounded." + name), tensors)
                other = other.replace(f'"{name}"', f'"rounded.{name}"')
            if found != len(keys):
                lines.append((f"{case.name} {kind}: {found} of {len(keys)} matrices are in the file", False))
                continue
            with open(os.path.join(place, "rounded.nn"), "w", encoding="utf-8") as f:
                f.write(other)
            simulated = interpret(args, case, place, "rounded.nn")
            for chain in args.cc:
                got = run_code(args, case, place, kind, chain, script)
                for t, w, s, g in zip(case.outputs, want, simulated, got):
                    if t.dtype != "float32" or not len(g):
                        continue
                    found, expected, plain = rms(g, w[0]), rms(s[0], w[0]), rms(w[1], w[0])
                    ratio = found / expected if expected else float("inf") if found else 0
                    good = found <= MOST * expected + 4 * plain + 1e-7
                    lines.append(
                        (f"{case.name} {kind} {t.name} [{chain}]: rms {found:.3g}, NumPy {expected:.3g}, ratio "
                         f"{ratio:.3f}, plain float32 {plain:.2g}", not good))
    return lines


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("--nnc", required=True)
    p.add_argument("--reference", required=True)
    p.add_argument("--cc", action="append")
    p.add_argument("--type", action="append")
    p.add_argument("--part", default="1/1")
    p.add_argument("--verbose", action="store_true")
    p.add_argument("cases", nargs="*")
    args = p.parse_args()
    args.nnc, args.reference = os.path.abspath(args.nnc), os.path.abspath(args.reference)
    args.cc = args.cc or ["gcc -O1 :: --target baseline"]
    part, parts = map(int, args.part.split("/"))
    parent = os.path.join(HERE, "..", "cases")
    folders = args.cases or [os.path.join(parent, n) for n in sorted(os.listdir(parent))
                             if os.path.exists(os.path.join(parent, n, "case.json"))]
    count = faults = 0
    for folder in folders[part - 1::parts]:
        try:
            lines = check(args, os.path.normpath(folder))
        except (Failure, KeyError) as e:
            lines = [(f"{folder}: {e}", True)]
        for text, fault in lines:
            count, faults = count + 1, faults + fault
            if fault or args.verbose:
                print(("FAIL " if fault else "     ") + text, flush=True)
    print(f"check_cases: {count} outputs, {faults} faults")
    return 1 if faults or not count else 0


if __name__ == "__main__":
    sys.exit(main())
