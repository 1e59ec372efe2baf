#!/usr/bin/env python3
"""Models with weights in 16 and 8 bits, in every body, against the interpreter; and steps against whole sequences.

usage: check_narrow.py --nnc BUILD/nnc --reference BUILD/reference_run [options] [SEED ...]

  --models N     seeds 0 .. N - 1 (default 144), unless seeds are given
  --part K/N     every Nth batch, from the Kth on
  --every        each model by every compiler and body; without it they take turns
  --cc "gcc -O2 :: --target baseline"    a C compiler with its flags, and options for nnc; several times. Default: the
                 bodies that this machine has, by gcc and clang; where AVX-512 is missing, its body by AVX2
                 (tools/avx512.py)
  --runner "..." runs the programs (an emulator)
  --link "..."   what the C compiler gets besides when it links, such as a linker script
  --keep DIR     leaves everything there

The interpreter evaluates in float64 with the rounded weights, and rounds the vectors that are multiplied with int8 as
the code does. The limit is the contract's, 4 times the interpreter's own float32 error plus 1e-6; with int8 an element
may be rounded the other way where the two differ in their last bits: there it is 1e-4 of 1 + |want| and of what x is.
One run over
T steps and T runs of one step must give the same bits. Standard library only.
"""
import argparse
import array
import math
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True   # no __pycache__ in the source tree
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))

import avx512
import casedriver
import precompiled
import processor
import strict
from casefile import distance

sys.path.insert(0, HERE)
import models

BATCH = 12
EMULATED = "-emulated-avx512"   # not the compiler's: avx512.py says what it stands for


def call(command, cwd):
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise RuntimeError(" ".join(command)[:300] + "\n" + done.stdout.decode(errors="replace")[:1500])


def sizes(shape, t):
    def one(d):
        if callable(d):
            return d(t)
        return t if d == "T" else t + d[1] if isinstance(d, tuple) else d
    return [one(d) for d in shape]


class Data:
    """What one model is run with: the whole sequence, and the same step by step."""

    def __init__(self, m):
        rng = random.Random(f"data {m.name}")
        self.m, self.t = m, m.time
        self.inputs = []
        for shape, dtype, limit in m.inputs:
            count = math.prod(sizes(shape, self.t))
            if dtype == "int32":
                self.inputs.append(array.array("i", [rng.randrange(limit) for _ in range(count)]))
            else:
                self.inputs.append(array.array("f", [rng.uniform(-limit, limit) for _ in range(count)]))
                if rng.random() < 0.2:   # its row's outputs are NaN under int8, and no other row's
                    self.inputs[-1][rng.randrange(count)] = rng.choice([math.inf, -math.inf, math.nan])

    def add(self, script, index, step_by_step):
        script.reset(index)
        t = 1 if step_by_step else self.t
        for start in range(0, self.t, t):
            cut = self.inputs
            if step_by_step:   # time is the first dim
                cut = [x[len(x) // self.t * start:len(x) // self.t * (start + 1)] for x in self.inputs]
            outputs = [4 * math.prod(sizes(s, t)) for s in self.m.outputs]
            script.run(index, [t], [x.tobytes() for x in cut], outputs)


def script_of(batch, steps):
    script = casedriver.Script(len(batch))
    for i, d in enumerate(batch):
        d.add(script, i, False)
        if steps and d.m.linked and d.t > 1:
            d.add(script, i, True)
    return script


def read_reference(batch, path):
    """[[(float64, float32)]]: for each model its outputs"""
    data, at, out = array.array("d"), 0, []
    with open(path, "rb") as f:
        data.frombytes(f.read())
    for d in batch:
        if data[at] != 0:
            raise RuntimeError(f"{d.m.name}: the interpreter's status is {data[at]}")
        at += 2
        counts = [math.prod(sizes(s, d.t)) for s in d.m.outputs]
        both = []
        for _ in range(2):
            both.append([])
            for n in counts:
                both[-1].append(data[at:at + n])
                at += n
        out.append(list(zip(*both)))
    return out


def check_model(d, want, results, what):
    whole = [results.pop(0) for _ in d.m.outputs]
    faults, worst = [], 0.0
    for (exact, single), got in zip(want, whole):
        got, exact = array.array("f", got), array.array("f", exact)
        error = max(map(distance, array.array("f", single), exact))
        size = max([1.0] + [limit for _, dtype, limit in d.m.inputs if dtype == "float32"])
        limit = 4 * error + 1e-6 + (1e-4 * size if d.m.kind == "int8" else 0)
        found = max(map(distance, got, exact))
        worst = max(worst, found / limit)
        if not found <= limit:
            faults.append(f"{what}: {d.m.name}: error {found:.3g}, allowed {limit:.3g}")
    if d.m.linked and d.t > 1:
        steps = [[results.pop(0) for _ in d.m.outputs] for _ in range(d.t)]
        for k, data in enumerate(whole):
            if b"".join(s[k] for s in steps) != data:
                faults.append(f"{what}: {d.m.name}: steps differ from the whole sequence")
    if faults:
        faults.append(d.m.text())
    return faults, worst


class Toolchain:
    def __init__(self, text, place, nnc):
        cc, _, options = text.partition(" :: ")
        words, emulated = cc.split(), EMULATED in cc
        words = [w for word in words for w in (avx512.FLAGS if word == EMULATED else [word])]
        self.text, self.options = text, options.split()
        self.driver = words[:1] + strict.BASIC + ["-std=c99"] + words[1:]
        self.model = self.driver + strict.STRICT + strict.ONLY_C
        self.runtime = os.path.join(place, "emulated" if emulated else "runtime")
        if not os.path.isdir(self.runtime):
            os.makedirs(self.runtime)
            call([nnc, "--runtime", self.runtime], place)
            if emulated:
                avx512.emulate(self.runtime)
        self.precompiled = precompiled.Runtime(self.model, self.runtime)

    def run(self, args, folder, batch, driver):
        call([os.path.abspath(args.nnc), "batch.nn", "-o", "model.c", "--no-runtime"] + self.options, folder)
        first = self.precompiled.before(os.path.join(folder, "model.c"))
        call(self.model + first + ["-c", "model.c", "-o", "model.o"], folder)
        call(self.driver + ["-O0", "-I", self.runtime, "-I", driver, "driver.c", casedriver.SOURCE, "model.o"]
             + shlex.split(args.link) + ["-o", "prog", "-lm"], folder)
        script = script_of(batch, True)
        with open(os.path.join(folder, "script"), "wb") as f:
            f.write(script.text())
        call(shlex.split(args.runner) + ["./prog", "script", "results0"], folder)
        with open(os.path.join(folder, "results0"), "rb") as f:
            data, out, at = f.read(), [], 0
        for n in script.sizes:
            out.append(data[at:at + n])
            at += n
        return out


def default_toolchains(every):
    out = ["gcc -O2 :: --target scalar", "gcc -O1 :: --target baseline", "gcc -O1 -DNNC_PLAIN_C :: --target c"]
    if not processor.lacks("x86-64-v3"):
        out += ["gcc -O1 :: --target x86-64-v3", "clang -O1 :: --target x86-64-v3"]
        out += ["gcc -O2 -DNNC_FORCE_ISA=1", "clang -O2 -DNNC_FORCE_ISA=1"] * every
    if not processor.lacks("x86-64-v4"):
        out += ["gcc -O1 -DNNC_FORCE_ISA=2", "clang -O2 :: --target x86-64-v4"]
        out += ["clang -O2 -DNNC_FORCE_ISA=2"] * every
    elif not processor.lacks("x86-64-v3"):
        out += [f"gcc -O0 {EMULATED}"]
    else:
        processor.skipped("weights in fewer bits in wide vectors", processor.lacks("x86-64-v3"))
    return [t for t in out if shutil.which(t.split()[0])]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--nnc", required=True)
    parser.add_argument("--reference", required=True)
    parser.add_argument("--models", type=int, default=144)
    parser.add_argument("--part", default="1/1")
    parser.add_argument("--every", action="store_true")
    parser.add_argument("--cc", action="append")
    parser.add_argument("--runner", default="")
    parser.add_argument("--link", default="")
    parser.add_argument("--keep")
    parser.add_argument("seeds", nargs="*", type=int)
    args = parser.parse_args()
    seeds = args.seeds or list(range(args.models))
    part, parts = map(int, args.part.split("/"))
    faults, worst, good, bad = [], 0.0, 0, 0
    with tempfile.TemporaryDirectory() as temporary:
        place = os.path.abspath(args.keep or temporary)
        texts = args.cc or default_toolchains(args.every)
        chains = [Toolchain(t, place, os.path.abspath(args.nnc)) for t in texts]
        for number, first in list(enumerate(range(0, len(seeds), BATCH)))[part - 1::parts]:
            batch = [Data(models.model(s)) for s in seeds[first:first + BATCH]]
            folder = os.path.join(place, f"batch{first}")
            os.makedirs(folder, exist_ok=True)
            for d in batch:
                models.write_tensors(d.m, os.path.join(folder, d.m.name + ".safetensors"))
            with open(os.path.join(folder, "batch.nn"), "w") as f:
                f.write("\n".join(d.m.text() for d in batch))
            with open(os.path.join(folder, "driver.c"), "w") as f:
                f.write(casedriver.source([(d.m.name, 1, [i[1] for i in d.m.inputs], ["float32"] * len(d.m.outputs))
                                           for d in batch]))
            with open(os.path.join(folder, "reference.bin"), "wb") as f:
                f.write(script_of(batch, False).text())
            call([os.path.abspath(args.reference), "batch.nn", "reference.bin", "want.bin"] + [d.m.name for d in batch],
                 folder)
            want = read_reference(batch, os.path.join(folder, "want.bin"))
            for chain in chains if args.every else [chains[number % len(chains)]]:
                try:
                    results = chain.run(args, folder, batch, os.path.join(HERE, "..", "tools"))
                except RuntimeError as e:
                    faults.append(f"{chain.text}: {e}")
                    bad += len(batch)
                    continue
                for d, w in zip(batch, want):
                    found, error = check_model(d, w, results, chain.text)
                    faults += found
                    worst = max(worst, error)
                    good, bad = good + (not found), bad + bool(found)
    for f in faults:
        print(f)
    print(f"check_narrow: {good} models passed, {bad} failed; the largest error is {worst:.2g} of what is allowed")
    sys.exit(1 if faults else 0)


main()
