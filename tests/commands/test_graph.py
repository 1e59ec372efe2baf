"""nnc graph: the boxes and arrows of a model, as Graphviz's text and as SVG that a reader of XML takes."""
import glob
import os
import re
import xml.etree.ElementTree as xml

from kit import SOURCE, holds

DECODER = """model decoder {
    dim S = 1..20
    input memory: float32[S, 8]
    state h: float32[1, 8]
    param scale: float32[8]
    layer emb  = Embedding(10, 8)
    layer cell = GRUCell(16, 8)
    layer act  = RNN(8, 8, nonlinearity="relu")
    layer out  = Linear(8, 10)
    token = ones(1, dtype=int32)
    repeat 12 until token[0] == 2 {
        scores = softmax(matmul(h, permute(memory, 1, 0)), dim=1)
        context = matmul(scores, memory) * scale
        h = cell(cat((emb(token), context), dim=1), h)
        r, _ = act(h)
        token = argmax(out(r), dim=1)
        collect tokens = token[0]
    }
    output result = tokens
}
"""


def graph(bench, model):
    """Labels of the nodes, and arrows as (from, to, shape, dashed), of the .dot file."""
    bench.nnc_says("graph", model, "-o", "graph.dot")
    dot = bench.read("graph.dot")
    entries = [re.sub(r"\\\n|\s*\n\s*", " ", e) for e in re.findall(r"^\s*(n\d+_\d+\b[^;]*);", dot, re.M)]
    value = lambda e, key: (re.search(key + r'=(?:"((?:[^"\\]|\\.)*)"|([^\s,\]]+))', e) or [None, "", ""])
    text = lambda e, key: (value(e, key)[1] or value(e, key)[2] or "").strip()
    labels, arrows = {}, []
    for e in entries:
        ends = re.match(r"(n\d+_\d+) -> (n\d+_\d+)", e)
        if ends:
            arrows.append((ends[1], ends[2], text(e, "label"), "style=dashed" in e))
        else:
            labels[e.split()[0]] = text(e, "label")
    # a state's label ends with its shape, which is that of an arrow back to it
    shapes = {n: re.search(r"\\n((?:float32|int32|bool)\[.*)", label) for n, label in labels.items()}
    names = {n: label[:shapes[n].start()] if shapes[n] else label for n, label in labels.items()}
    return (list(names.values()),
            [(names[a], names[b], shapes[b][1] if back else shape, back) for a, b, shape, back in arrows])


def check_poem(bench):
    nodes, arrows = graph(bench, os.path.join(SOURCE, "samples", "poem", "poem.nn"))
    lstm, state = r"lstm\nLSTM(16, 40, num_layers=2)", "float32[2, 1, 40]"
    holds(sorted(nodes) == sorted(["character", "state h", "state c", r"embeddings\nEmbedding(41, 16)", lstm,
                                   r"linear\nLinear(40, 41)", "softmax", "p"]), nodes)
    for arrow in (("character", r"embeddings\nEmbedding(41, 16)", "int32[1, 1]", False),
                  ("state h", lstm, state, False),
                  ("state c", lstm, state, False), (lstm, "state h", state, True), (lstm, "state c", state, True),
                  (lstm, r"linear\nLinear(40, 41)", "float32[1, 1, 40]", False),
                  ("softmax", "p", "float32[1, 1, 41]", False)):
        holds(arrow in arrows, (arrow, arrows))
    holds(len(arrows) == 9, arrows)


def texts(path):
    return [t.text for t in xml.parse(path).iter("{http://www.w3.org/2000/svg}text")]


def check_documented(bench):
    """The pictures of docs/ show what these show; where letters stand depends on a machine's fonts."""
    docs = os.path.join(SOURCE, "docs")
    page = open(os.path.join(docs, "pictures.md")).read()
    models = re.findall(r"```nn\n(.*?)```\s*!\[[^\]]*\]\((\w+)\.svg\)", page, re.S)
    holds([name for _, name in models] == ["tagger", "sentiment", "decoder", "silero_vad"], models)
    holds(models[0][0] == open(os.path.join(SOURCE, "samples", "tagger", "tagger.nn")).read(),
          "the tagger is the sample")
    models.append((open(os.path.join(SOURCE, "samples", "poem", "poem.nn")).read(), "poem"))
    for text, name in models:
        bench.write(name + ".nn", text)
        bench.nnc_says("graph", name + ".nn", "-o", name + ".svg")
        bench.nnc_says("fmt", "--check", name + ".nn")
        shown = [texts(path) for path in (bench.path(name + ".svg"), os.path.join(docs, name + ".svg"))]
        holds(shown[0] == shown[1] and len(shown[0]) > 10, (name, shown))
    holds("docs/tagger.svg" in open(os.path.join(SOURCE, "README.md")).read(), "README's first page")


def check_repeat(bench):
    bench.write("m.nn", DECODER)
    nodes, arrows = graph(bench, "m.nn")
    cell = r"cell\nGRUCell(16, 8)"
    for arrow in (("state h", "h", "float32[1, 8]", False), (cell, "h", "float32[1, 8]", True),
                  (cell, "state h", "float32[1, 8]", True), ("argmax", "token", "int32[1]", True),
                  ("argmax", "result", "int32[12]", False), ("param scale", "mul", "float32[8]", False),
                  ("memory", "matmul", "float32[8, S]", False), ("memory", "matmul", "float32[S, 8]", False),
                  ("equal", "until", "bool[]", False)):
        holds(arrow in arrows, (arrow, arrows))
    dot = bench.read("graph.dot")
    holds('label="repeat 12"' in dot and 'label="model decoder: S = 1..20"' in dot, dot)


def check_svg(bench):
    """Every sample, and a model with quotes in a layer: whole XML that shows every layer."""
    bench.write("m.nn", DECODER)
    for model in glob.glob(os.path.join(SOURCE, "samples", "*", "*.nn")) + [bench.path("m.nn")]:
        said = bench.nnc_says("graph", model, "-o", "graph.svg")
        shown = [t.text for t in xml.parse(bench.path("graph.svg")).iter("{http://www.w3.org/2000/svg}text")]
        layers = re.findall(r"^\s*layer (\w+) *= *(\w+)\(", open(model).read(), re.M)
        for name, kind in layers:
            if kind == "Sequential":  # is shown as what stands in it
                holds(any(t.startswith(name + ".") for t in shown), (model, name, shown))
                continue
            holds(name in shown and any(t.startswith(kind + "(") for t in shown), (model, name, shown))
        holds(layers and not said, said)
    holds('act' in shown and any('"relu"' in t for t in shown), shown)


def check_cases(bench):
    """Models of all kinds, the tests' own."""
    cases = sorted(glob.glob(os.path.join(SOURCE, "tests", "cases", "*", "*.nn")))[::5]
    holds(len(cases) > 20, cases)
    for case in cases:
        nodes, arrows = graph(bench, case)
        holds(nodes and arrows, case)


def check_errors(bench):
    bench.write("m.nn", DECODER)
    bench.write("wrong.nn", DECODER.replace("softmax(", "sofmax("))
    bench.write("loop.svg", "kept")
    os.symlink("/dev/full", bench.path("full.svg"))
    os.symlink("/dev/full", bench.path("full.dot"))
    os.symlink("m.nn", bench.path("m.svg"))
    before = bench.names()
    for arguments, status, words in (
            (("m.nn",), 2, "where to?"), (("-o", "a.svg"), 2, "no model"), (("m.nn", "-o", "a.png"), 2, "a.png"),
            (("m.nn", "m.nn", "-o", "a.svg"), 2, "one model"), (("m.nn", "-o", "m.svg"), 2, "this output is an input"),
            (("m.nn", "-o", "none/a.svg"), 1, "none/a.svg: error: cannot be written: No such file"),
            (("no.nn", "-o", "a.svg"), 1, "no.nn"),
            (("m.nn", "-o", "full.svg"), 1, "No space left"), (("m.nn", "-o", "full.dot"), 1, "No space left"),
            (("wrong.nn", "-o", "loop.svg"), 1, "did you mean")):
        said = bench.nnc_says("graph", *arguments, status=status)
        holds(words in said, (arguments, said))
    holds(bench.names() == before and bench.read("loop.svg") == "kept", bench.names())
