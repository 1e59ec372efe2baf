#!/usr/bin/env python3
"""The generated backward part against the interpreter: models are compiled by nnc and a C compiler, and NAME_grad of
each compared with the float64 interpreter (gradient_driver.c).

usage: run_gradients.py --nnc NNC --driver GRADIENT_DRIVER [--cc "gcc -O1"] [--nnc-flags "--target baseline"]
                        [--part K/N | --random N [--seed S]] [--batch N] [--needs x86-64-v3] [--jobs N]

The models are those of unit/check_differentiate_models.h, with --part each Nth, from the Kth on; with --random N drawn
ones (draw_models.py), from seed S on. --batch N: models to a C file (16).
"""
import argparse, concurrent.futures, os, re, shlex, subprocess, sys, tempfile

sys.dont_write_bytecode = True   # no __pycache__ in the source tree
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "tools")]

import draw_models
import precompiled
import processor


def written():
    """[(what it is called, the text of the model, its dims)] of those that stand in the header."""
    text = open(os.path.join(HERE, "..", "unit", "check_differentiate_models.h")).read()
    for number, entry in enumerate(re.findall(r"\{((?:\s*\"(?:[^\"\\]|\\.)*\")+),\s*\{([^}]*)\}\}", text)):
        strings = re.findall(r"\"((?:[^\"\\]|\\.)*)\"", entry[0])
        statements = "".join(strings).encode().decode("unicode_escape")
        symbols = len(re.findall(r"^dim ", statements, re.M))
        # a run function must have an output
        model = f"model m{number} {{\n{statements}\noutput of_run = zeros(1)\n}}\n"
        yield f"model {number}", model, entry[1].split(",")[:symbols]


def drawn(seeds):
    for s in seeds:
        yield f"seed {s}", draw_models.model(s, f"m{s}"), [str(draw_models.T_HERE)]


def check(args, runtime, batch):
    """What is wrong with the models of one C file, or None."""
    source = "\n".join(text for _, text, _ in batch)
    with tempfile.TemporaryDirectory() as d:
        open(os.path.join(d, "m.nn"), "w").write(source)

        def run(command, what, to=None):
            out = open(os.path.join(d, to), "w") if to else subprocess.PIPE
            r = subprocess.run(command, cwd=d, stdout=out,
                               stderr=subprocess.STDOUT if not to else subprocess.PIPE, text=True)
            if r.returncode:
                raise RuntimeError(f"{what}: {((r.stdout or '') + (r.stderr or ''))[-600:]}")
        cc = shlex.split(args.cc)
        try:
            run([args.nnc, "m.nn", "-o", "m.c", "--no-runtime", "--random-weights", "7"]
                + shlex.split(args.nnc_flags), "nnc")
            run([args.driver, "m.nn", "7", *(x for _, _, dims in batch for x in dims)], "gradient_driver", "driver.c")
            run(cc + runtime.before(os.path.join(d, "m.c")) + ["-c", "m.c"], "cc")
            run(cc + ["-O0", "-I", runtime.runtime, "driver.c", "m.o", "-o", "driver", "-lm"], "cc")
            run(["./driver"], "the gradient")
        except RuntimeError as e:
            return f"FAIL {', '.join(name for name, _, _ in batch)}\n{source if len(batch) == 1 else ''}{e}"
    return None


def check_batch(args, runtime, batch):
    """Of a batch that fails, what is wrong with each model by itself."""
    failure = check(args, runtime, batch)
    if not failure:
        return []
    alone = [check(args, runtime, [model]) for model in batch]
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
    if args.random:
        chosen = list(drawn(range(args.seed, args.seed + args.random)))
    else:
        k, n = (int(x) for x in args.part.split("/"))
        chosen = list(written())[k - 1::n]
    batches = [chosen[i:i + args.batch] for i in range(0, len(chosen), args.batch)]
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        subprocess.run([args.nnc, "--runtime", scratch], check=True)
        runtime = precompiled.Runtime(shlex.split(args.cc), scratch)
        failures = [f for found in pool.map(lambda b: check_batch(args, runtime, b), batches) for f in found]
    print("\n".join(failures))
    print(f"{len(chosen)} models in {len(batches)} files, {len(failures)} failed")
    return 1 if failures or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
