"""nnc verify: its figures against errors that this file computes itself, from what nnc run gives; that it finds
faults."""
import json
import math
import os
import re
import struct
import sys

from kit import SOURCE, TAGGER, holds
from test_run import cheap, npy, numbers_of, read_npy, temporary_folder, write

sys.path.insert(0, os.path.join(SOURCE, "tests", "tools"))
from casefile import CaseFile, distance

# A mean of squares over runs: every number is one that Python's own arithmetic gives.
MEAN = """model mean {
    dim T = 2..30
    input x: float32[T, 3]
    state total: float32[3]
    squares = x * x
    total = total + mean(squares, 0)
    output y = sqrt(total)
    output best = argmax(total, 0)
}
"""


def verify(bench, *arguments, status=0):
    return json.loads(bench.nnc_says("verify", "--json", *arguments, status=status))


def single(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def check_figures(bench):
    """Errors of code by Python's double arithmetic, on numbers that are given: largest, rms, place and quarters."""
    bench.environment["CFLAGS"] = "-O0"
    bench.write("mean.nn", MEAN)
    steps, rows = 16, 5
    x = [single(math.sin(7 * i) * 3) for i in range(steps * rows * 3)]
    write(bench, "x.npy", npy((steps, rows, 3), x))
    said = verify(bench, "mean.nn", "-i", "x=x.npy", "--steps", str(steps))
    bench.nnc_says("run", "mean.nn", "-i", "x=x.npy", "--steps", str(steps), "-o", "y=y.npy", "-o", "best=best.npy")
    _, _, got = read_npy(bench.path("y.npy"))
    total, errors, wants = [0.0] * 3, [], []
    for s in range(steps):
        for k in range(3):
            total[k] += sum(x[(s * rows + r) * 3 + k] ** 2 for r in range(rows)) / rows
        wants += [math.sqrt(t) for t in total]
    errors = [distance(g, w) for g, w in zip(got, wants)]
    output, best = said["outputs"]
    code = list(output["bodies"].values())[-1]   # of the widest body, as nnc run takes it
    holds(said["good"] and said["runs"] == steps and output["name"] == "y", said)
    near = 1e-12
    holds(abs(code["largest"] - max(errors)) < near and max(errors) > 0, (code, max(errors)))
    holds(abs(code["rms"] - math.sqrt(sum(e * e for e in errors) / len(errors))) < near, code)
    at = 3 * code["run"] + code["at"][0]
    holds(abs(errors[at] - max(errors)) < near and code["got"] == got[at]
          and abs(code["want"] - wants[at]) < near, code)
    ulp = 2.0 ** (math.floor(math.log2(wants[at])) - 23)
    holds(abs(code["ulp"] - abs(got[at] - wants[at]) / ulp) < 1e-3, (code, ulp))
    for q in range(4):
        holds(abs(code["quarters"][q] - max(errors[q * 12:q * 12 + 12])) < near, (code, q))
    holds(abs(output["allowed"] - (4 * output["plain_float32"]["largest"] + 1e-6)) < near, output)
    holds(best["allowed"] == 0 and all(b["largest"] == 0 for b in best["bodies"].values()), best)
    names = [v["name"] for v in said["values"]]
    holds("squares" in names, names)
    square = said["values"][names.index("squares")]["code"]
    wanted = [v * v for v in x]
    holds(abs(square["largest"] - max(distance(single(w), w) for w in wanted)) < near, square)


def check_expected(bench):
    """PyTorch's own results are met; a wrong number in them is found, and where it is."""
    cheap(bench)
    case = CaseFile(os.path.join(SOURCE, "tests", "cases", "hello_lstm"))
    model, given = os.path.join(SOURCE, "tests", "cases", "hello_lstm", "case.nn"), ["--model", case.model]
    for i, tensor in enumerate(case.inputs):
        write(bench, f"in{i}.npy", npy(tensor.shape, numbers_of(tensor), "<f4" if tensor.dtype == "float32" else "<i4"))
        given += ["-i", f"{tensor.name}=in{i}.npy"]
    tensor = case.outputs[0]
    numbers = list(numbers_of(tensor))
    write(bench, "want.npy", npy(tensor.shape, numbers))
    said = verify(bench, model, *given, "-e", f"{tensor.name}=want.npy")
    holds(said["good"] and said["outputs"][0]["float64"]["largest"] < 1e-6, said["outputs"][0])
    numbers[-1] += 1e-3
    write(bench, "want.npy", npy(tensor.shape, numbers))
    said = verify(bench, model, *given, "-e", f"{tensor.name}=want.npy", status=1)
    last = [n - 1 for n in tensor.shape]
    for body in said["outputs"][0]["bodies"].values():
        holds(body["at"] == last and abs(body["largest"] - 1e-3 / (1 + abs(numbers[-1]))) < 1e-5, body)
    said = bench.nnc_says("verify", model, *given, "-e", f"{tensor.name}=want.npy", status=1)
    holds("TOO LARGE" in said and "NOT GOOD: 1 of" in said and str(last) in said, said)
    said = verify(bench, model, *given, "-e", f"{tensor.name}=want.npy", "--max-error", "0.01")
    holds(said["good"] and said["outputs"][0]["allowed"] == 0.01, said)


def check_bodies(bench):
    """Every body of the machine, and each target's own; the largest error is the contract's."""
    tagger = os.path.join(TAGGER, "tagger.nn")
    wide = {"AVX2": ("avx2", "fma"), "AVX-512": ("avx512bw", "avx512dq")}
    # what the processor itself says, as the code asks it; /proc/cpuinfo may be another one's (tests/README.md)
    asked = [" && ".join(f'__builtin_cpu_supports("{f}")' for f in flags) for flags in wide.values()]
    bench.write("cpu.c", "#include <stdio.h>\nint main(void)\n{\n#ifdef __x86_64__\n"
                         f'    printf("%d %d", {asked[0]}, {asked[1]});\n#else\n    printf("0 0");\n#endif\n'
                         f'    return 0;\n}}\n')
    bench.run("gcc", "cpu.c", "-o", "cpu")
    bench.environment["CFLAGS"] = "-O0"
    bodies = list(verify(bench, tagger)["outputs"][0]["bodies"])
    holds([str(int(name in bodies)) for name in wide] == bench.run("./cpu").split(), bodies)
    bench.environment["CFLAGS"] = "-O0 -DNNC_PLAIN_C"
    holds(list(verify(bench, tagger)["outputs"][0]["bodies"]) == ["plain C"], "plain C")
    bench.environment["CFLAGS"] = "-O0"
    holds(list(verify(bench, tagger, "--target", "scalar")["outputs"][0]["bodies"]) == ["one lane"], "scalar")


def check_faults(bench):
    """Wrong code is found: the C compiler is made to compute something else. Status 1, and which value begins it."""
    cheap(bench)
    bench.write("m.nn", "model m {\n    dim T = 1..40\n    input x: float32[T, 4]\n    first = x * 2\n"
                        "    second = tanh(first)\n    output y = sigmoid(second) + 1\n}\n")
    holds(verify(bench, "m.nn")["good"], "good")
    # a compiler that is not IEEE's: the constant in the code is another one
    bench.write("cc", "#!/bin/sh\nfor f in \"$@\"; do case $f in */call.c) sed -i 's/2\\.0f/2.001f/g' "
                      "\"${f%call.c}model.c\" ;; esac; done\nexec cc \"$@\"\n")
    os.chmod(bench.path("cc"), 0o755)
    bench.environment["CC"] = bench.path("cc")
    said = verify(bench, "m.nn", status=1)
    holds(not said["good"] and not said["outputs"][0]["good"], said)
    values = {v["name"]: v["code"]["largest"] for v in said["values"]}
    holds(values["first"] > 1e-4 and said["outputs"][0]["bodies"]["plain C"]["largest"] > 1e-6, values)


def check_streams(bench):
    """1000 runs in a row, at sizes from the least to the largest, drawn from a seed; --steps and --dim say
    otherwise."""
    cheap(bench)
    bench.write("mean.nn", MEAN)
    said = bench.nnc_says("verify", "mean.nn")
    for words in ("model mean, 1000 runs in a row, the states kept, random inputs (--random 1), T from 2 to 30\n",
                  "0-249  250-499  500-749  750-999", "squares", "Good: every output is within what nnc promises."):
        holds(words in said, (words, said))
    holds(said == bench.nnc_says("verify", "mean.nn", "--random", "1"), said)
    holds(said != bench.nnc_says("verify", "mean.nn", "--random", "2"), said)
    said = bench.nnc_says("verify", "mean.nn", "--steps", "3", "--dim", "T=7")
    holds("3 runs in a row" in said and "T=7\n" in said and "0-249" not in said, said)


def check_ties(bench):
    """Where float32 decides otherwise than float64, by rounding, it is no fault, and is said."""
    cheap(bench)
    bench.write("tie.nn",
                "model tie {\n    input x: float32[2]\n    third = x / 3\n    output best = argmax(third * 3, 0)\n}\n")
    tiny = single(1.1) * (1 - 2.0 ** -24)
    said = bench.nnc_says("verify", "tie.nn", "-i", f"x={single(1.1)!r},{single(tiny)!r}")
    holds("Good" in said or "left out" in said, said)
    bench.write("apart.nn", "model apart {\n    input x: float32[2]\n    output best = argmax(x, 0)\n}\n")
    said = verify(bench, "apart.nn", "-i", "x=1,2")
    holds(said["good"] and said["undecided"] == 0 and said["outputs"][0]["plain_float32"]["want"] == 1, said)


def check_narrow(bench):
    """Weights in fewer bits: the code does what the rounded weights say, and the rows of the file's own weights are the
    difference that Python finds between code of both."""
    cheap(bench)
    bench.write("n.nn", "model n {\n    input x: float32[4, 2, 24]\n    layer lstm = LSTM(24, 40)\n"
                        "    layer out = Linear(40, 16)\n    y, _ = lstm(x)\n    output o = out(y)\n}\n")
    x = [single(math.sin(7 * i)) for i in range(4 * 2 * 24)]
    write(bench, "x.npy", npy((4, 2, 24), x))
    given = ("n.nn", "--random-weights", "3", "-i", "x=x.npy", "--weights-type")
    bench.nnc_says("run", *given, "float32", "-o", "o=wide.npy")
    wide = read_npy(bench.path("wide.npy"))[2]
    holds("own_weights" not in verify(bench, *given, "float32")["outputs"][0], "float32 is as the file has it")
    costs = {}
    for kind in ("int16", "int8"):
        bench.nnc_says("run", *given, kind, "-o", "o=narrow.npy")
        narrow = read_npy(bench.path("narrow.npy"))[2]
        output, = verify(bench, *given, kind)["outputs"]
        costs[kind] = max(distance(g, w) for g, w in zip(narrow, wide))
        holds(output["good"] and abs(output["own_weights"]["largest"] - costs[kind]) < 2e-6, (kind, costs, output))
    holds(costs["int8"] > 20 * costs["int16"] > 0, costs)
    said = bench.nnc_says("verify", *given, "int8")
    holds("own weights" in said and "fewer bits" in said, said)
    # of 64 times 40 elements some lie between two codes, and float32 goes the other way than float64 with one of them
    bench.write("ties.nn",
                "model n {\n    input x: float32[4, 64]\n    layer f = Linear(64, 5)\n    output o = f(x)\n}\n")
    ties = verify(bench, "ties.nn", "--random-weights", "1", "--weights-type", "int8", "--steps", "40")
    holds(ties["good"] and ties["outputs"][0]["allowed"] > 1e-5, ties)
    bench.write("short.nn",
                "model n {\n    input x: float32[4, 7]\n    layer f = Linear(7, 16)\n    output o = f(x)\n}\n")
    short = verify(bench, "short.nn", "--random-weights", "3", "--weights-type", "int8")["outputs"][0]
    holds("own_weights" not in short, "rows of 7 stay float32")
    holds("--weights-type takes" in bench.nnc_says("verify", "n.nn", "--weights-type", "int4", status=2), "int4")


def check_training(bench):
    """A model with a loss: its run function, whose parameters are in the struct. Without weights there is nothing to
    run."""
    cheap(bench)
    bench.write("t.nn", "model t {\n    dim B = 1..4\n    input x: float32[B, 3]\n    target y: float32[B, 2]\n"
                        "    layer lin = Linear(3, 2)\n    layer drop = Dropout(0.5)\n    z = drop(lin(x))\n"
                        "    output o = tanh(z)\n    loss l = mse_loss(o, y)\n    train SGD(lr=0.1)\n}\n")
    said = verify(bench, "t.nn", "--random-weights", "3")
    holds(said["good"] and [v["name"] for v in said["values"]] == ["lin(…)"], said["values"])
    holds("o: float32[2, 2]" in bench.nnc_says("run", "t.nn", "--random-weights", "3", "-i", "x=1,2,3,4,5,6"), "run")
    for command in ("run", "verify"):
        said = bench.nnc_says(command, "t.nn", "-i", "x=1,2,3", status=1)
        holds("t.nn:1:7: error: model t has no weights yet: t_init draws them" in said, said)


def check_errors(bench):
    cheap(bench)
    folder = temporary_folder(bench)
    bench.write("mean.nn", MEAN)
    before = bench.names()
    for arguments, status, words in (
            (("-e", "y=1,2,3"), 2, "--expect says what comes of certain inputs"),
            (("-i", "x=1,2,3,4,5,6", "-e", "z=1"), 1, "model mean has no output z"),
            (("-i", "x=1,2,3,4,5,6", "-e", "y=1,2"), 1, "output y is float32[3], here [3]; 2 numbers are given"),
            (("-i", "x=1,2,3"), 1, "3 numbers are given"), (("--max-error", "x"), 2, "--max-error"),
            (("--max-error", "-1"), 2, "--max-error"), (("--steps", "0"), 2, "--steps"),
            (("--dim", "T=1"), 1, "outside of the bounds"),
            (("--dim", "Q=1"), 1, "no model in it has a run-time dim Q"),
            (("--random", "x"), 2, "not a seed"), (("--model", "men"), 1, "did you mean mean?")):
        said = bench.nnc_says("verify", "mean.nn", *arguments, status=status)
        holds(words in said, (arguments, said))
    holds("cannot be run" in bench.with_environment("CC", "no-such-cc", "verify", "mean.nn"), "CC")
    holds("NOT GOOD" in bench.nnc_says("verify", "mean.nn", "--steps", "2", "--max-error", "0", status=1), "0")
    said = bench.run("sh", "-c", f"{bench.nnc} verify mean.nn --steps 2 >/dev/full", status=1)
    holds("standard output: error: No space left" in said, said)
    bench.write("tagger.nn", open(os.path.join(TAGGER, "tagger.nn")).read())
    holds("tagger.safetensors" in bench.nnc_says("verify", "tagger.nn", status=1), "no weights")
    holds("Good" in bench.nnc_says("verify", "tagger.nn", "--random-weights", "3", "--steps", "2"), "random weights")
    os.remove(bench.path("tagger.nn"))
    holds(bench.names() == before and os.listdir(folder) == [], (bench.names(), os.listdir(folder)))


def check_documented(bench):
    """What docs/using.md shows is a real report; its figures may differ by processor."""
    page = open(os.path.join(SOURCE, "docs", "using.md")).read()
    shown = page.split("$ nnc verify tagger.nn\n")[1].split("```")[0]
    said = bench.nnc_says("verify", os.path.join(TAGGER, "tagger.nn"))
    for words in ("model tagger, 16 runs", "An error is", "output", "On the way", "embeds", "Good: every output"):
        begin = [line for line in said.splitlines() if line.startswith(words)]
        # in brackets: the widest body that is here
        holds(begin and re.split(r"  | \(", begin[0])[0] in shown, (words, begin))
