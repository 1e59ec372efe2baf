#!/usr/bin/env python3
"""The generated backward part against the interpreter: every model of unit/check_differentiate_models.h is compiled by nnc
and a C compiler, and NAME_grad compared with the float64 interpreter (gradient_driver.c).

usage: run_gradients.py --nnc NNC --driver GRADIENT_DRIVER [--cc "gcc -O1"] [--nnc-flags "--target baseline"]
                        [--part K/N] [--batch N] [--needs x86-64-v3] [--jobs N]

--part K/N: each Nth model, from the Kth on. --batch N: models to a C file (16).
"""
import argparse, concurrent.futures, os, re, shlex, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True   # no __pycache__ in the source tree
sys.path.insert(0, os.path.join(HERE, "..", "tools"))

import precompiled
import processor


def models():
    text = open(os.path.join(HERE, "..", "unit", "check_differentiate_models.h")).read()
    for entry in re.findall(r"\{((?:\s*\"(?:[^\"\\]|\\.)*\")+),\s*\{([^}]*)\}\}", text):
        strings = re.findall(r"\"((?:[^\"\\]|\\.)*)\"", entry[0])
        statements = "".join(strings).encode().decode("unicode_escape")
        yield statements, [int(d) for d in entry[1].split(",")]


def text_of(number, statements):
    return f"model m{number} {{\n{statements}\n}}\n"


def check(args, runtime, batch):
    """What is wrong with the models of one C file, or None."""
    with tempfile.TemporaryDirectory() as d:
        text = "".join(text_of(number, statements) for number, statements, _ in batch)
        open(os.path.join(d, "m.nn"), "w").write(text)
        dims = [x for _, statements, dims in batch for x in dims[:len(re.findall(r"^dim ", statements, re.M))]]

        def run(command, what, to=None):
            out = open(os.path.join(d, to), "w") if to else subprocess.PIPE
            r = subprocess.run(command, cwd=d, stdout=out, stderr=subprocess.STDOUT if not to else subprocess.PIPE, text=True)
            if r.returncode:
                raise RuntimeError(f"{what}: {((r.stdout or '') + (r.stderr or ''))[-600:]}")
        cc = shlex.split(args.cc)
        try:
            run([args.nnc, "m.nn", "-o", "m.c", "--no-runtime", "--random-weights", "7"] + shlex.split(args.nnc_flags), "nnc")
            run([args.driver, "m.nn", "7"] + list(map(str, dims)), "gradient_driver", "driver.c")
            run(cc + runtime.before(os.path.join(d, "m.c")) + ["-c", "m.c"], "cc")
            run(cc + ["-O0", "-I", runtime.runtime, "driver.c", "m.o", "-o", "driver", "-lm"], "cc")
            run(["./driver"], "the gradient")
        except RuntimeError as e:
            return f"FAIL\n{text}\n{e}"
    return None


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--nnc", required=True)
    p.add_argument("--driver", required=True)
    p.add_argument("--cc", default="cc -O1")
    p.add_argument("--nnc-flags", default="")
    p.add_argument("--part", default="1/1")
    p.add_argument("--batch", type=int, default=16)
    p.add_argument("--needs", default="")
    p.add_argument("--jobs", type=int, default=2)
    args = p.parse_args()
    missing = processor.lacks(*args.needs.split())
    if missing:
        processor.skipped(f"gradients with {args.nnc_flags}", missing)
        return processor.SKIP
    args.nnc, args.driver = os.path.abspath(args.nnc), os.path.abspath(args.driver)
    k, n = (int(x) for x in args.part.split("/"))
    chosen = [(i, s, d) for i, (s, d) in enumerate(models()) if i % n == k - 1]
    batches = [chosen[i:i + args.batch] for i in range(0, len(chosen), args.batch)]
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        subprocess.run([args.nnc, "--runtime", scratch], check=True)
        runtime = precompiled.Runtime(shlex.split(args.cc), os.path.join(scratch, "precompiled"), scratch)
        failures = [f for f in pool.map(lambda batch: check(args, runtime, batch), batches) if f]
    print("\n".join(failures))
    print(f"{len(chosen)} models in {len(batches)} files, {len(failures)} failed")
    return 1 if failures or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
