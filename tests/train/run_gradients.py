#!/usr/bin/env python3
"""The generated backward part against the interpreter: every model of unit/check_differentiate_models.h is compiled by nnc
and a C compiler, and NAME_grad compared with the float64 interpreter (gradient_driver.c).

usage: run_gradients.py --nnc NNC --driver GRADIENT_DRIVER [--cc "gcc -O1"] [--nnc-flags "--target baseline"]
                        [--part K/N] [--needs x86-64-v3] [--jobs N]
"""
import argparse, concurrent.futures, os, re, shlex, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def models():
    text = open(os.path.join(HERE, "..", "unit", "check_differentiate_models.h")).read()
    for entry in re.findall(r"\{((?:\s*\"(?:[^\"\\]|\\.)*\")+),\s*\{([^}]*)\}\}", text):
        strings = re.findall(r"\"((?:[^\"\\]|\\.)*)\"", entry[0])
        statements = "".join(strings).encode().decode("unicode_escape")
        yield statements, [int(d) for d in entry[1].split(",")]


def check(args, number, statements, dims):
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "m.nn")
        open(path, "w").write("model m {\n" + statements + "\n}\n")
        symbols = len(re.findall(r"^dim ", statements, re.M))

        def run(command, what, to=None):
            out = open(os.path.join(d, to), "w") if to else subprocess.PIPE
            r = subprocess.run(command, cwd=d, stdout=out, stderr=subprocess.STDOUT if not to else subprocess.PIPE, text=True)
            if r.returncode:
                raise RuntimeError(f"{what}: {((r.stdout or '') + (r.stderr or ''))[-600:]}")
        try:
            run([args.nnc, "m.nn", "-o", "m.c", "--random-weights", "7"] + shlex.split(args.nnc_flags), "nnc")
            run([args.driver, "m.nn", "7"] + [str(x) for x in dims[:symbols]], "gradient_driver", "driver.c")
            run(shlex.split(args.cc) + ["driver.c", "m.c", "-o", "driver", "-lm"], "cc")
            run(["./driver"], "the gradient")
        except RuntimeError as e:
            return f"FAIL model {number}\n{statements}\n{e}"
    return None


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--nnc", required=True)
    p.add_argument("--driver", required=True)
    p.add_argument("--cc", default="cc -O1")
    p.add_argument("--nnc-flags", default="")
    p.add_argument("--part", default="1/1")
    p.add_argument("--needs")
    p.add_argument("--jobs", type=int, default=2)
    args = p.parse_args()
    if args.needs:
        flags = open("/proc/cpuinfo").read() if os.path.exists("/proc/cpuinfo") else ""
        if {"x86-64-v3": " avx2 ", "x86-64-v4": " avx512f "}[args.needs] not in flags:
            return 77
    args.nnc, args.driver = os.path.abspath(args.nnc), os.path.abspath(args.driver)
    k, n = (int(x) for x in args.part.split("/"))
    chosen = [(i, s, d) for i, (s, d) in enumerate(models()) if i % n == k - 1]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        failures = [f for f in pool.map(lambda c: check(args, *c), chosen) if f]
    print("\n".join(failures))
    print(f"{len(chosen) - len(failures)} models passed, {len(failures)} failed")
    return 1 if failures or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
