"""nnc summary: parameters against torch's own count, multiply-adds against the formulas, bytes against the compiled
C."""
import glob
import json
import math
import os
import re

from kit import SOURCE, TAGGER, have, holds, precompiled, tensors_file

# layer, input, output sizes; sum(p.numel() for p in parameters()), the same of buffers but num_batches_tracked, both as
# PyTorch 1.13 gives them; multiply-adds by the formulas of compiler/commands/count.h
LAYERS = [
    ("Linear(5, 7)", "float32[3, 5]", [3, 7], 42, 0, 3 * 7 * 5),
    ("Linear(5, 7, bias=False)", "float32[2, 3, 5]", [2, 3, 7], 35, 0, 2 * 3 * 7 * 5),
    ("Embedding(11, 4)", "int32[6]", [6, 4], 44, 0, 0),
    ("RNN(3, 5)", "float32[4, 2, 3]", [4, 2, 5], 50, 0, 4 * 2 * 5 * (3 + 5)),
    ("GRU(3, 5, num_layers=2)", "float32[4, 2, 3]", [4, 2, 5], 330, 0, 4 * 2 * 15 * ((3 + 5) + (5 + 5))),
    ("LSTM(3, 5, bidirectional=True)", "float32[4, 2, 3]", [4, 2, 10], 400, 0, 2 * 4 * 2 * 20 * (3 + 5)),
    ("LSTM(3, 5, batch_first=True)", "float32[2, 4, 3]", [2, 4, 5], 200, 0, 4 * 2 * 20 * (3 + 5)),
    ("LSTM(3, 6, proj_size=2)", "float32[4, 2, 3]", [4, 2, 2], 180, 0, 4 * 2 * (24 * (3 + 2) + 6 * 2)),
    ("GRUCell(3, 5)", "float32[2, 3]", [2, 5], 150, 0, 2 * 15 * (3 + 5)),
    ("Conv1d(4, 6, 3)", "float32[2, 4, 9]", [2, 6, 7], 78, 0, 2 * 6 * 7 * 4 * 3),
    ("Conv1d(4, 6, 3, groups=2, stride=2)", "float32[2, 4, 9]", [2, 6, 4], 42, 0, 2 * 6 * 4 * 2 * 3),
    ("Conv2d(3, 5, 3)", "float32[2, 3, 8, 7]", [2, 5, 6, 5], 140, 0, 2 * 5 * 6 * 5 * 3 * 9),
    ("LayerNorm(6)", "float32[3, 6]", [3, 6], 12, 0, 0),
    ("BatchNorm1d(5)", "float32[2, 5]", [2, 5], 10, 10, 0),
    ("BatchNorm2d(5)", "float32[1, 5, 3, 3]", [1, 5, 3, 3], 10, 10, 0),
]


def weights_of(model):
    """The files that a .nn file names."""
    with open(model) as f:
        lines = re.findall(r"^\s*weights (.*)", f.read(), re.M)
    return [name for line in lines for name in re.findall(r'"(.*?)"', line)]


def samples(folders="*"):
    """Models whose weights are there: another one's are what its program learns."""
    found = glob.glob(os.path.join(SOURCE, "samples", folders, "*.nn"))
    return [m for m in found if all(os.path.exists(os.path.join(os.path.dirname(m), w)) for w in weights_of(m))]


def summary(bench, *arguments):
    return json.loads(bench.nnc_says("summary", "--json", *arguments))


def check_layers(bench):
    for layer, taken, sizes, parameters, buffers, work in LAYERS:
        two = layer.startswith(("RNN(", "GRU(", "LSTM("))
        bench.write("m.nn", f"model m {{\n input x: {taken}\n layer net = {layer}\n y{', _' if two else ''} = net(x)\n"
                            " output o = y\n}\n")
        m, = summary(bench, "m.nn")["models"]
        row, = m["layers"]
        found = (row["name"], row["layer"], row["output_sizes"], row["parameters"], row["buffers"],
                 row["multiply_adds"])
        holds(found == ("net", layer, sizes, parameters, buffers, work), (layer, found))
        holds((m["parameters"], m["buffers"], m["multiply_adds"]) == (parameters, buffers, work), (layer, m))


def check_shared(bench):
    """A layer that is called twice works twice and has its parameters once; a param is one; rounds multiply."""
    bench.write("m.nn", """model m {
    dim T = 1..8
    input x: float32[T, 4]
    layer a = Linear(4, 4)
    param gain: float32[4]
    repeat x_t in x {
        collect b = a(x_t)
    }
    output o = a(b) * gain
    output p = matmul(x, permute(x, 1, 0))
}
""")
    m, = summary(bench, "m.nn", "--dim", "T=3")["models"]
    rows = {(r["name"], r["layer"]): r for r in m["layers"]}
    holds([r["parameters"] for r in m["layers"] if r["layer"] == "Linear(4, 4)"] == [20, 0], m["layers"])
    holds(m["parameters"] == 24, m["layers"])
    holds(rows[("gain", "param")]["parameters"] == 4, rows)
    holds(m["multiply_adds"] == 3 * 16 + 3 * 16 + 3 * 3 * 4, m["layers"])
    said = bench.nnc_says("summary", "m.nn")
    holds("model m at T=8 of 1..8" in said and "[T, 4]" in said, said)
    for name, _ in rows:
        holds(re.search(rf"^{name} ", said, re.M), said)


def check_bytes(bench):
    """Tables, struct and arrays as a C compiler has them: samples and two models of all kinds, by three targets."""
    models = samples()
    holds(len(models) >= 4, models)
    bench.write("big.nn", """model big {
    dim T = 2..40
    input x: float32[T, 3, 20]
    input ids: int32[T]
    layer emb = Embedding(7, 20)
    layer lstm = LSTM(20, 70, num_layers=2)
    layer out = Linear(70, 5)
    state h: float32[2, 3, 70]
    state c: float32[2, 3, 70]
    y, (h, c) = lstm(x + unsqueeze(emb(ids), 1), (h, c))
    output o = softmax(out(y), 2)
    output best = argmax(out(y), 2)
}
""")
    targets = ("baseline", "x86-64-v3", "all")
    for i, model in enumerate(models + [bench.path("big.nn")]):
        for target in targets if bench.everything or model.endswith("big.nn") else (targets[i % 2],):
            file = summary(bench, "--target", target, model)
            random = ("--random-weights", "1") if model.endswith("big.nn") else ()
            bench.nnc_says(model, *random, "--target", target, "-o", "m.c")
            checks = "\n".join(f"char size_of_{m['name']}[sizeof({m['name']}) == {m['struct_bytes']} ? 1 : -1];"
                               for m in file["models"])
            bench.write("sizes.c", '#include "m.h"\n' + checks + "\n")
            bench.run("gcc", "-c", "sizes.c")
            precompiled.Runtime(["gcc", "-std=c99"],
                                bench.folder).object(bench.folder, "m", lambda words: bench.run(*words))
            tables = 0
            names = set(re.findall(r"^static const .*?\b(\w+)(?:\[\d+\])?(?: NNC_ALIGNED)? = \{",
                                   bench.read("m.c"), re.M))
            for line in bench.run("nm", "-S", "m.o").splitlines():
                part = line.split()
                if len(part) == 4 and part[2] in "rR" and part[3] in names:
                    tables += int(part[1], 16)
            drawn = not random and not weights_of(model)  # a training that begins with none
            holds(tables == file["weights_bytes"] and (tables > 0) != drawn,
                  (model, target, tables, file["weights_bytes"]))
            if len(file["models"]) == 1:
                holds(file["models"][0]["weights_bytes"] == tables, model)
            for m in file["models"]:
                holds(sum(part["bytes"] for part in m["struct"]) == m["struct_bytes"], m["struct"])
    m, = summary(bench, "big.nn")["models"]
    holds([x["bytes"] for x in m["inputs"]] == [4 * 40 * 3 * 20, 4 * 40], m["inputs"])
    holds([x["bytes"] for x in m["outputs"]] == [4 * 40 * 3 * 5, 4 * 40 * 3], m["outputs"])
    holds([x["bytes"] for x in m["struct"] if x["state"]] == [4 * 2 * 3 * 70] * 2, m["struct"])


CORTEX = "-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard"


def check_cortex(bench):
    """The same on a Cortex-M4F, whose tables and struct are other ones: sizeof, nm, and size, by the ARM compiler."""
    if not have("arm-none-eabi-gcc", "sizes on Cortex-M"):
        return
    for model in samples("[fhpt]*"):
        file = summary(bench, "--target", "cortex-m", model)
        bench.nnc_says(model, "--target", "cortex-m", "-o", "m.c")
        bench.write("sizes.c", '#include "m.h"\n' + "\n".join(
            f"char size_of_{m['name']}[sizeof({m['name']}) == {m['struct_bytes']} ? 1 : -1];" for m in file["models"]))
        bench.run("arm-none-eabi-gcc", *CORTEX.split(), "-c", "sizes.c")
        bench.run("arm-none-eabi-gcc", *CORTEX.split(), "-Os", "-c", "m.c")
        names = set(re.findall(r"^static const .*?\b(\w+)(?:\[\d+\])?(?: NNC_ALIGNED)? = \{", bench.read("m.c"), re.M))
        found = [line.split() for line in bench.run("arm-none-eabi-nm", "-S", "m.o").splitlines()]
        tables = sum(int(f[1], 16) for f in found if len(f) == 4 and f[2] in "rR" and f[3] in names)
        drawn = not weights_of(model)  # a training that begins with none
        holds(tables == file["weights_bytes"] and (tables > 0) != drawn, (model, tables, file["weights_bytes"]))
        sections = {f[0]: int(f[1]) for f in map(str.split, bench.run("arm-none-eabi-size", "-A", "m.o").splitlines())
                    if len(f) == 3 and f[1].isdigit()}
        # the keys of what is trained are text beside the tables
        trains = re.search(r"^\s*loss ", open(model).read(), re.M)
        most = sections[".rodata"] + 1 if trains else tables + 64 * (1 + len(names))
        holds(sections[".data"] == sections[".bss"] == 0 and tables <= sections[".rodata"] < most,
              (model, tables, sections))


def check_stack(bench):
    """The largest frame is that which -fstack-usage says of the compiled C, here and on a Cortex-M4F."""
    tagger = os.path.join(TAGGER, "tagger.nn")
    compilers = [("cc", "", "all"), ("cc", "-O3", "scalar"), ("arm-none-eabi-gcc", CORTEX + " -Os", "cortex-m")]
    for cc, flags, target in compilers:
        if not have(cc, f"nnc summary --stack by {cc}"):
            continue
        bench.environment.update(CC=cc, CFLAGS=flags)
        m, = summary(bench, "--stack", "--target", target, tagger)["models"]
        bench.nnc_says(tagger, "--target", target, "-o", "model.c")
        bench.run(cc, "-O1", *flags.split(), "-fstack-usage", "-c", "model.c")
        frames = {}
        for line in bench.read("model.su").splitlines():
            place, size, _ = line.split("\t")
            frames[place.rsplit(":", 1)[1]] = int(size)
        holds(m["stack"]["bytes"] == max(frames.values()) and frames[m["stack"]["function"]] == m["stack"]["bytes"],
              (cc, m["stack"], frames))
        if bench.everything or target == "scalar":
            words = f"{m['stack']['bytes']}  the largest stack frame, of {m['stack']['function']}, "
            holds(words in bench.nnc_says("summary", "--stack", "--target", target, tagger), words)
    bench.environment.update(CC="no-such-cc", CFLAGS="")
    holds("cannot be run" in bench.nnc_says("summary", "--stack", tagger, status=1), "missing")
    holds(summary(bench, tagger)["models"][0]["stack"] is None, "not measured")


def check_kept(bench):
    """Matrices in fewer bits, each once: its format, its bytes by the formulas of docs/weights-types.md, and how well
    it is kept, as Python reckons it."""
    rows = [[math.sin(1 + 50 * r * r + k) for k in range(40)] for r in range(12)]
    with open(bench.path("w.safetensors"), "wb") as f:
        f.write(tensors_file.float32({"f.weight": ([12, 40], [w for row in rows for w in row])}))
    bench.write("n.nn", 'model n {\n    weights "w.safetensors"\n    input x: float32[3, 40]\n'
                        "    layer f = Linear(40, 12, bias=false)\n    output y = f(x) + f(2 * x)\n}\n")
    holds(summary(bench, "n.nn")["models"][0]["matrices"] == [], "float32")
    for kind, size, scales in (("int8", 12 * 40, 12 * 2 * 2), ("int16", 12 * 40 * 2, 12 * 4)):
        matrix, = summary(bench, "n.nn", "--weights-type", kind)["models"][0]["matrices"]
        holds((matrix["name"], matrix["format"], matrix["float32_bytes"]) == ("f.weight", kind, 12 * 40 * 4), matrix)
        holds(matrix["bytes"] == size + scales, matrix)
        lost = signal = 0.0
        for row in rows:
            for start in range(0, 40, 32 if kind == "int8" else 40):
                block = row[start:start + (32 if kind == "int8" else 40)]
                step = max(map(abs, block)) / (127 if kind == "int8" else 32767)
                signal += sum(w * w for w in block)
                lost += sum((w - round(w / step) * step) ** 2 for w in block)
        holds(abs(matrix["decibels"] - 10 * math.log10(signal / lost)) < 0.5,
              (kind, matrix, 10 * math.log10(signal / lost)))
    said = bench.nnc_says("summary", "n.nn", "--weights-type", "int8")
    holds("\nf.weight     int8    528        1920" in said and " dB\n" in said, said)
    holds("  2048  at most, of a function's stack frame" in said, said)   # of AVX-512
    said = bench.nnc_says("summary", "n.nn", "--weights-type", "int8", "--target", "cortex-m")
    holds("  1024  at most" in said, said)


def check_documented(bench):
    page = open(os.path.join(SOURCE, "docs", "using.md")).read()
    holds(bench.nnc_says("summary", os.path.join(TAGGER, "tagger.nn")) in page, "docs/using.md")


def check_errors(bench):
    bench.take(TAGGER, "tagger.nn")
    before = bench.names()
    for arguments, status, words in (
            (("tagger.nn",), 1, "tagger.safetensors"), (("no.nn",), 1, "no.nn: error"), ((), 2, "no model"),
            (("a.nn", "b.nn"), 2, "one model"), (("tagger.nn", "--dim", "T"), 2, "NAME=N"),
            (("tagger.nn", "--dim", "T=-1"), 2, "NAME=N"), (("tagger.nn", "--target", "z80"), 2, "z80"),
            (("tagger.nn", "--weights-type", "int4"), 2, "--weights-type takes float32, int16, int8"),
            (("tagger.nn", "--dim", "T=0"), 1, "outside of the bounds of dim T"),
            (("tagger.nn", "--dim", "Q=1"), 1, "no model in it has a run-time dim Q")):
        said = bench.nnc_says("summary", *arguments, status=status)
        holds(words in said, (arguments, said))
    bench.take(TAGGER, "tagger.safetensors")
    said = bench.run("sh", "-c", f"{bench.nnc} summary tagger.nn >/dev/full", status=1)
    holds("standard output: error: No space left" in said, said)
    said = bench.nnc_says("summary", "tagger.nn", "--dim", "T=0", "--diagnostics=json", status=1)
    holds(json.loads(said.splitlines()[0])["line"] == 3, said)
    os.remove(bench.path("tagger.safetensors"))
    holds(bench.names() == before, bench.names())
