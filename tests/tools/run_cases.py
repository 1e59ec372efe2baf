#!/usr/bin/env python3
"""Compiles test cases with nnc, builds the C with every toolchain asked for, runs it and compares it with PyTorch.

usage: run_cases.py --nnc BUILD/nnc [options] [CASE_DIR ...]        (default: all of tests/cases and tests/streaming)

  --cc "gcc -O2"     a C compiler and its flags, may be given several times (default: "gcc -O2")
  --std c99          a language mode, several times (default: c99); with c++11 and the like the generated C is compiled
                     by the C++ compiler that belongs to the C compiler (gcc -> g++, clang -> clang++, cc -> c++)
  --sanitize         builds with AddressSanitizer and UndefinedBehaviorSanitizer
  --standalone       builds every case twice: with the runtime beside it, and made by nnc --standalone
  --stream           only folders with stream.json
  --nnc-flags "..."  more options for nnc
  --part K/N         of the folders only each Nth, from the Kth on
  --needs "avx2 fma" skips (exit status 77) where the processor has not all of these features, or those of a target of
                     that name (x86-64-v3)
  --emulate-avx512   the bodies for 16 lanes on a processor that has AVX2 alone; by gcc
  --link "..."       what the C compiler gets besides when it links, such as a linker script
  --name TEXT        how messages call the C compiler, instead of by its command
  --runner "..."     runs the programs through this command (an emulator)
  --tolerance X      instead of 4 x torch_f32_error + 1e-6
  --jobs N           cases at a time (default: the number of processors)
  --keep DIR         leaves the generated code and the programs there
  --verbose          a line for each case and toolchain, not only for failures

All generated code is compiled with warnings as errors, all those that docs/generated-code.md names. Each case's is
compiled by itself; up to eight, no two with a model of the same name, are linked into one program, or, if that fails,
each alone. casefile.py says what a case folder holds and how outputs are compared. In a folder with stream.json one run
over all steps, many ways to cut it, and single steps must also agree to the bit, unless the flags ask for fast math;
nor are the cases nan_* compared then.
Exit status: 0 all passed, 1 a case failed, 2 usage. Needs only Python's standard library.
"""
import argparse
import concurrent.futures
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True   # no __pycache__ in the source tree

import avx512
import casedriver
import precompiled
import processor
import strict
from casefile import CaseFile, Failure, compare, cut, join

SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-DCASE_GUARD=0"]
HERE = os.path.dirname(os.path.abspath(__file__))


def call(command, what, cwd, seconds=900):
    """Runs a command; its failure becomes one line with the first lines of what it said."""
    try:
        r = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise Failure(f"{what}: no end after {seconds} s") from None
    except OSError as e:
        raise Failure(f"{what}: {e}") from None
    if r.returncode:
        lines = [line for line in r.stdout.decode(errors="replace").splitlines() if line.strip(" =")]
        raise Failure(f"{what} exited {r.returncode}: {' | '.join(lines[:8])[:700]}")


class Toolchain:
    """One compiler, its flags and a language mode."""

    def __init__(self, cc, std, sanitize, runtime, number):
        words = shlex.split(cc)
        self.cxx = std is not None and "++" in std
        self.name = " ".join([cc] + ([f"-std={std}"] if std else []) + ["sanitized"] * sanitize)
        compiler = self.plus_plus(words[0]) if self.cxx else words[0]
        self.flags = words[1:] + ([f"-std={std}"] if std else []) + (SANITIZE if sanitize else [])
        more = [] if self.cxx else strict.ONLY_C
        self.driver, self.model = ([compiler] + self.flags + w + more for w in (strict.BASIC, strict.STRICT))
        self.exact = not any(f in ("-Ofast", "-ffast-math") for f in words)
        self.runtime = precompiled.Runtime(self.model, runtime, self.cxx)
        self.common = os.path.join(os.path.dirname(runtime), f"case_driver{number}.o")   # of all drivers
        call(self.driver + ["-O0", "-c", *self.sources([casedriver.SOURCE]), "-o", self.common], "the C compiler", HERE)

    @staticmethod
    def plus_plus(compiler):
        folder, base = os.path.split(compiler)
        for c, plus in (("clang", "clang++"), ("gcc", "g++"), ("cc", "c++")):
            at = base.rfind(c)
            if at >= 0:
                return os.path.join(folder, base[:at] + plus + base[at + len(c):])
        return compiler

    def sources(self, files):
        return ["-x", "c++", *files, "-x", "none"] if self.cxx else list(files)


def pieces(length, seed):
    """Ways to cut a sequence: whole, single steps, around likely chunk sizes, at random."""
    rng = random.Random(seed)
    ways = [[1] * length]
    for size in (2, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65):
        if size < length:
            ways.append([size] * (length // size) + [length % size] * (length % size > 0))
    for _ in range(4):
        left, way = length, []
        while left:
            way.append(rng.randint(1, min(left, rng.choice((3, 20, 70)))))
            left -= way[-1]
        ways.append(way)
    return ways


def stream_plan(case):
    """[(name, model, lengths)]: the first is the one that the others are compared with."""
    length = case.dims[case.stream["dim"]]
    plan = [("one run", 0, [length]), ("single steps of " + case.stream["step"], 1, [1] * length)]
    for way in pieces(length, case.name):
        plan.append((f"runs of {','.join(map(str, way[:6]))}{',...' * (len(way) > 6)}", 0, way))
    return plan


def stream_script(case, script):
    axes, dim = case.stream["axes"], case.stream["dim"]
    length = case.dims[dim]
    for _, model, lengths in stream_plan(case):
        script.reset(model)
        start = 0
        for n in lengths:
            inputs = [cut(t.data, t.shape, axes[t.name], start, start + n) for t in case.inputs]
            sizes = [len(t.data) if axes[t.name] is None else len(t.data) // length * n for t in case.outputs]
            dims = [] if model else [n if d == dim else v for d, v in case.dims.items()]
            script.run(model, dims, inputs, sizes)
            start += n


def stream_check(case, results):
    """All ways give the bits of the first."""
    axes, first = case.stream["axes"], None
    for name, _, lengths in stream_plan(case):
        runs = [[results.pop(0) for _ in case.outputs] for _ in lengths]
        whole = []
        for k, t in enumerate(case.outputs):
            axis = axes[t.name]
            whole.append(runs[-1][k] if axis is None else join([r[k] for r in runs], lengths, t.shape, axis))
        if first is None:
            first = whole
        for t, a, b in zip(case.outputs, first, whole):
            if a != b:
                count = sum(a[i:i + 4] != b[i:i + 4] for i in range(0, len(a), 4))
                raise Failure(f"{t.name}: {name} differ from one run in {count} of {len(a) // 4} values")


def models_of(case):
    """What casedriver.source wants to know of the models that a case runs."""
    first = (case.model, len(case.dims), [t.dtype for t in case.inputs], [t.dtype for t in case.outputs])
    return [first] + ([(case.stream["step"], 0, *first[2:])] if case.stream else [])


def script_of(case, models, first):
    """What is run of a case, in a driver of so many models, of which its own are those from number `first` on."""
    script = casedriver.Script(models, first)
    script.reset(0)
    for s in range(case.steps or 1):
        script.run(0, case.dims.values(), case.run_inputs(s), case.output_sizes())
    if case.stream:
        stream_script(case, script)
    return script


def batches(folders, most):
    """The folders in groups of at most `most`, in none of which two files have a model of the same name."""
    out = []
    for folder in folders:
        try:
            with open(os.path.join(folder, "case.nn"), encoding="utf-8") as f:
                names = set(re.findall(r"^\s*model\s+(\w+)", f.read(), re.M))
        except OSError:
            names = set()
        group = next((g for g in out if len(g[0]) < most and not g[1] & names), None)
        if group is None:
            group = ([], set())
            out.append(group)
        group[0].append(folder)
        group[1].update(names)
    return [g[0] for g in out]


class Runner:
    def __init__(self, args, work):
        self.args, self.work = args, work
        self.nnc = [os.path.abspath(args.nnc)]
        self.runtime = os.path.join(work, "runtime")
        os.makedirs(self.runtime)
        call(self.nnc + ["--runtime", self.runtime], "nnc --runtime", work)
        if args.emulate_avx512:
            avx512.emulate(self.runtime)
        more = avx512.FLAGS if args.emulate_avx512 else []
        ways = [(" ".join([cc, *more]), std) for cc in args.cc or ["gcc -O2"] for std in args.std or ["c99"]]
        self.toolchains = [Toolchain(*way, args.sanitize, self.runtime, i) for i, way in enumerate(ways)]
        self.forms = [("", [])] + [("standalone ", ["--standalone"])] * args.standalone
        self.beside = "--weights-as file" in args.nnc_flags
        # of one program for many, little would be left for a case on a small board
        self.most = 1 if self.beside or args.runner else 8

    def batch(self, folders):
        """Runs a few cases in all ways; a list of (description, error or None, message or None)."""
        out = []
        for form, flags in self.forms:
            cases, places = [], []
            for folder in folders:
                name = os.path.basename(os.path.normpath(folder))
                place = os.path.join(self.work, f"{name}{'.standalone' if form else ''}")
                try:
                    case = CaseFile(folder)
                    os.makedirs(place)
                    call(self.nnc + [os.path.join(os.path.abspath(folder), "case.nn"), "-o", "model.c", "--no-runtime"]
                         + flags + shlex.split(self.args.nnc_flags), "nnc", place)
                    cases.append((case, place))
                except (Failure, OSError, KeyError, ValueError) as e:
                    broken = "" if isinstance(e, Failure) else "the case folder is broken: "
                    out.append((f"{form}{name}", None, f"{broken}{e}"))
                places.append(place)
            for i, tool in enumerate(self.toolchains):
                for name, error, message in self.in_one(cases, tool, i):
                    out.append((f"{form}{name} [{self.args.name or tool.name}]", error, message))
            if not self.args.keep:
                for place in places:
                    shutil.rmtree(place, ignore_errors=True)
        return out

    def in_one(self, cases, tool, number):
        """[(name, error or None, message or None)] of [(case, its place)], whose models are linked into one program."""
        out, compiled = [], []
        for case, place in cases:
            try:
                first = tool.runtime.before(os.path.join(place, "model.c"))
                call(tool.model + first + ["-c", *tool.sources(["model.c"]), "-o", f"model{number}.o"],
                     "the C compiler", place)
                compiled.append((case, place))
            except Failure as e:
                out.append((case.name, None, str(e)))
        if not compiled:
            return out
        try:
            self.link(compiled, tool, number)
        except Failure as e:
            if len(compiled) == 1:
                return out + [(case.name, None, str(e)) for case, _ in compiled]
            return out + [result for one in compiled for result in self.in_one([one], tool, number)]
        total = sum(len(models_of(case)) for case, _ in compiled)
        program, first = os.path.join(compiled[0][1], f"prog{number}"), 0
        for case, place in compiled:
            try:
                out.append((case.name,
                            self.run(case, place, program, script_of(case, total, first), tool, number), None))
            except Failure as e:
                out.append((case.name, None, str(e)))
            first += len(models_of(case))
        return out

    def link(self, cases, tool, number):
        """The program of all these cases, where the first one has its place."""
        place = cases[0][1]
        with open(os.path.join(place, "driver.c"), "w", encoding="utf-8") as f:
            f.write(casedriver.source([m for case, _ in cases for m in models_of(case)], self.beside,
                                      [f"{os.path.basename(p)}/model.h" for _, p in cases]))
        call(tool.driver + ["-O0", "-I", HERE, "-I", self.work, *tool.sources(["driver.c"])]
             + [tool.common] + [os.path.join(p, f"model{number}.o") for _, p in cases] + shlex.split(self.args.link)
             + ["-o", f"prog{number}", "-lm"], "the C compiler", place)

    def run(self, case, place, program, script, tool, number):
        """The largest error of a case."""
        results = f"results{number}"
        with open(os.path.join(place, "script"), "wb") as f:
            f.write(script.text())
        patience = 1800 if self.args.runner else 900    # a busy machine; an emulator without an FPU
        call(shlex.split(self.args.runner) + [program, "script", results], "the program", place, patience)
        with open(os.path.join(place, results), "rb") as f:
            got = script.results(f.read())
        if got is None:
            raise Failure("the results file has the wrong length")
        count, runs = len(case.outputs), case.steps or 1
        whole = [b"".join(got[s * count + k] for s in range(runs)) for k in range(count)]
        if not tool.exact and case.name.startswith("nan_"):
            return 0.0  # fast math has no NaN, infinity or denormal: that the program ran is all
        worst = compare(case, whole, self.args.tolerance)
        if case.stream and tool.exact:
            stream_check(case, got[count * runs:])
        return worst


def case_folders(args):
    folders = args.cases
    if not folders:
        parents = [os.path.join(HERE, "..", p) for p in ("cases", "streaming")]
        folders = [os.path.join(p, n) for p in parents for n in sorted(os.listdir(p))]
        folders = [f for f in folders if os.path.exists(os.path.join(f, "case.json"))]
    if args.stream:
        folders = [f for f in folders if os.path.exists(os.path.join(f, "stream.json"))]
    return folders


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                usage=argparse.SUPPRESS)
    p.add_argument("--nnc", required=True)
    p.add_argument("--cc", action="append")
    p.add_argument("--std", action="append")
    p.add_argument("--sanitize", action="store_true")
    p.add_argument("--standalone", action="store_true")
    p.add_argument("--stream", action="store_true")
    p.add_argument("--nnc-flags", default="")
    p.add_argument("--part", default="1/1")
    p.add_argument("--needs", default="")
    p.add_argument("--emulate-avx512", action="store_true")
    p.add_argument("--link", default="")
    p.add_argument("--name")
    p.add_argument("--runner", default="")
    p.add_argument("--tolerance", type=float)
    p.add_argument("--jobs", type=int, default=os.cpu_count())
    p.add_argument("--keep")
    p.add_argument("--verbose", action="store_true")
    p.add_argument("cases", nargs="*")
    args = p.parse_args()
    missing = processor.lacks(*args.needs.split())
    if missing:
        processor.skipped(f"cases with {args.nnc_flags or 'nnc'}, compiled by {', '.join(args.cc or ['gcc -O2'])}",
                          missing)
        return processor.SKIP
    part, parts = map(int, args.part.split("/"))
    folders = case_folders(args)[part - 1::parts]
    if not folders:
        p.error("no case folders")
    passed = failed = 0
    largest = 0.0
    work = args.keep or tempfile.mkdtemp(prefix="nnc-cases-")
    try:
        os.makedirs(work, exist_ok=True)
        runner = Runner(args, os.path.abspath(work))
        with concurrent.futures.ThreadPoolExecutor(max(1, args.jobs)) as pool:
            for results in pool.map(runner.batch, batches(folders, runner.most)):
                for what, error, message in results:
                    passed, failed = passed + (message is None), failed + (message is not None)
                    largest = max(largest, error or 0.0)
                    if message is not None:
                        print(f"FAIL {what}: {message}", flush=True)
                    elif args.verbose:
                        print(f"ok   {what}: error {error:.2e}", flush=True)
    except Failure as e:
        print(f"FAIL {e}")
        failed += 1
    finally:
        if not args.keep:
            shutil.rmtree(work, ignore_errors=True)
    print(f"{len(folders)} cases: {passed} builds passed, {failed} failed; largest error {largest:.1e}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
