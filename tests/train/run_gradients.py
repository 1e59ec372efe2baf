#!/usr/bin/env python3
"""The generated backward part against the interpreter: every model of unit/check_differentiate_models.h is compiled by nnc
and a C compiler, and NAME_grad compared with the float64 interpreter (gradient_driver.c).

usage: run_gradients.py --nnc NNC --driver GRADIENT_DRIVER [--cc "gcc -O1"] [--nnc-flags "--target baseline"]
                        [--part K/N] [--batch N] [--needs x86-64-v3] [--jobs N]

--part K/N: each Nth model, from the Kth on. --batch N: models to a C file (16).
"""
import argparse, concurrent.futures, os, re, shlex, subprocess, sys, tempfile

sys.dont_write_bytecode = True   # no __pycache__ in the source tree
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import draw_models

BATCH = 8   # drawn models to a C file
sys.dont_write_bytecode = True   # no __pycache__ in the source tree
sys.path.insert(0, os.path.join(HERE, "..", "tools"))

import precompiled
import processor


def models():
    """(what it is called, the text of the .nn file, its dims)"""
    text = open(os.path.join(HERE, "..", "unit", "check_differentiate_models.h")).read()
    for number, entry in enumerate(re.findall(r"\{((?:\s*\"(?:[^\"\\]|\\.)*\")+),\s*\{([^}]*)\}\}", text)):
        strings = re.findall(r"\"((?:[^\"\\]|\\.)*)\"", entry[0])
        statements = "".join(strings).encode().decode("unicode_escape")
        symbols = len(re.findall(r"^dim ", statements, re.M))
        yield f"model {number}", "model m {\n" + statements + "\n}\n", entry[1].split(",")[:symbols]


def drawn(seeds):
    """A .nn file of the models of these seeds, and their dims."""
    return "\n".join(draw_models.model(s, f"m{s}") for s in seeds), [str(draw_models.T_HERE)] * len(seeds)


def check(args, name, source, dims):
    """What is wrong, or None."""
    with tempfile.TemporaryDirectory() as d:
        open(os.path.join(d, "m.nn"), "w").write(source)

        def run(command, what, to=None):
            out = open(os.path.join(d, to), "w") if to else subprocess.PIPE
            r = subprocess.run(command, cwd=d, stdout=out, stderr=subprocess.STDOUT if not to else subprocess.PIPE, text=True)
            if r.returncode:
                raise RuntimeError(f"{what}: {((r.stdout or '') + (r.stderr or ''))[-600:]}")
        try:
            run([args.nnc, "m.nn", "-o", "m.c", "--random-weights", "7"] + shlex.split(args.nnc_flags), "nnc")
            run([args.driver, "m.nn", "7", *dims], "gradient_driver", "driver.c")
            run(shlex.split(args.cc) + ["driver.c", "m.c", "-o", "driver", "-lm"], "cc")
            run(["./driver"], "the gradient")
        except RuntimeError as e:
            return f"FAIL {name}\n{source}\n{e}"
    return None


def check_drawn(args, seeds):
    """Of a batch that fails, what is wrong with each model by itself."""
    failure = check(args, "batch", *drawn(seeds))
    if not failure:
        return []
    alone = [check(args, f"seed {s}", *drawn([s])) for s in seeds]
    return [f for f in alone if f] or [failure]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--nnc", required=True)
    p.add_argument("--driver", required=True)
    p.add_argument("--cc", default="cc -O1")
    p.add_argument("--nnc-flags", default="")
    p.add_argument("--part", default="1/1")
    p.add_argument("--random", type=int, metavar="N")
    p.add_argument("--seed", type=int, default=1)
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
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        if args.random:
            count, seeds = args.random, range(args.seed, args.seed + args.random)
            batches = [seeds[i:i + BATCH] for i in range(0, count, BATCH)]
            failures = [f for found in pool.map(lambda b: check_drawn(args, b), batches) for f in found]
        else:
            chosen = [m for i, m in enumerate(models()) if i % n == k - 1]
            count, failures = len(chosen), [f for f in pool.map(lambda m: check(args, *m), chosen) if f]
    print("\n".join(failures))
    print(f"{count - len(failures)} models passed, {len(failures)} failed")
    return 1 if failures or not count else 0


if __name__ == "__main__":
    sys.exit(main())
