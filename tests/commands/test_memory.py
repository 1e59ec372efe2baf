"""Memory of training before anything is flashed: the struct's parts by the formula of docs/training.md, which is
computed here from the model's text alone, and sizeof as a C compiler has it."""
import glob
import json
import math
import os
import re

from kit import SOURCE, holds

# of a group: how many moments a parameter has
OPTIMIZERS = [("SGD(lr=0.1)", 0), ("SGD(lr=0.1, momentum=0.9)", 1), ("SGD(lr=0.1, momentum=0.9, nesterov=True)", 1),
              ("Adam()", 2),
              ("AdamW(amsgrad=True)", 3), ("RMSprop()", 1), ("RMSprop(momentum=0.5)", 2),
              ("RMSprop(centered=True, momentum=0.1)", 3)]
# kind, H, layers, directions, proj_size
LAYERS = [("LSTM", 16, 1, 1, 0), ("GRU", 16, 1, 1, 0), ("RNN", 16, 1, 1, 0), ("LSTM", 9, 2, 1, 0), ("GRU", 7, 1, 2, 0),
          ("LSTM", 12, 1, 1, 5),
          ("LSTM", 64, 1, 1, 0), ("RNN", 5, 3, 2, 0), ("GRU", 33, 2, 1, 0)]
INPUTS = 5
TAIL = 16  # floats behind the parameters, for vectors that are wider than what they read
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def up(n):
    return (n + 3) // 4 * 4


def packed(gates, units, terms):
    """A matrix [gates * units, terms] in panels of units."""
    return gates * up(units) * terms


def parameters_of(kind, H, layers, directions, proj):
    gates, out, floats = GATES[kind], proj or H, 0
    for layer in range(layers):
        inputs = INPUTS if layer == 0 else out * directions
        matrices = packed(gates, H, inputs) + packed(gates, H, out) + packed(1, proj, H)
        floats += directions * (matrices + 2 * up(gates * H))
    return floats


def tape_of(kind, H, layers, directions, proj, T, B):
    """Of all steps: the sums of the gates, and the share of h of GRU. Of all steps and before the first: h, and c of
    LSTM. Both directions of a layer side by side are what the next layer reads."""
    kept = {"RNN": 0, "GRU": 3 * H + H, "LSTM": 4 * H}[kind]
    joined = (layers - 1) * B * T * 2 * (proj or H) if directions == 2 else 0
    return layers * directions * B * (T * kept + (T + 1) * ((proj or H) + (H if kind == "LSTM" else 0))) + joined


def parts_of(model):
    return {p["name"]: p["bytes"] // 4 for p in model["struct"]}


def summary(bench, *arguments):
    return json.loads(bench.nnc_says("summary", "--json", "--target", "baseline", *arguments))["models"]


def sized(bench, models, *options):
    """The structs' sizes as the compiler has them."""
    bench.nnc_says("m.nn", "--target", "baseline", "--random-weights", "1", "-o", "m.c", *options)
    bench.write("sizes.c", '#include "m.h"\n' + "\n".join(
        f"char size_of_{m['name']}[sizeof({m['name']}) == {m['struct_bytes']} ? 1 : -1];" for m in models))
    bench.run("gcc", "-c", "sizes.c")


def check_recurrent(bench):
    for i, (kind, H, layers, directions, proj) in enumerate(LAYERS):
        T, B = (24, 3) if i % 2 else (32, 1)
        optimizer, moments = OPTIMIZERS[i % len(OPTIMIZERS)]
        more = (f", num_layers={layers}" if layers > 1 else "") + (", bidirectional=True" if directions > 1 else "")
        more += f", proj_size={proj}" if proj else ""
        bench.write("m.nn", f"""model m {{
    dim T = 1..{T}
    input x: float32[T, {B}, {INPUTS}]
    target y: float32[T, {B}, {(proj or H) * directions}]
    layer r = {kind}({INPUTS}, {H}{more})
    out, last = r(x)
    output o = out
    loss l = mean(out * y)
    train {optimizer}
}}
""")
        P = parameters_of(kind, H, layers, directions, proj)
        for api, gradients in (("all", P), ("train", 0)):
            m, = summary(bench, "m.nn", "--train-api", api)
            parts = parts_of(m)
            found = tuple(parts.get(n, 0) for n in ("parameters", "gradients", "moments", "steps"))
            holds(found == (P + TAIL, gradients, moments * P, 1), (kind, H, layers, optimizer, api, found, P))
            holds(m["tape_bytes"] == 4 * tape_of(kind, H, layers, directions, proj, T, B),
                  (kind, H, layers, proj, m["tape_bytes"]))
            holds(sum(p["bytes"] for p in m["struct"]) == m["struct_bytes"], m["struct"])
            if i % 3 == 0:
                sized(bench, [m], "--train-api", api)


def check_tape(bench):
    """With K, the states at every K-th step alone; the gradient's work is less by what the others would have needed."""
    bench.write("m.nn", """model m {
    input x: float32[256, 2, 5]
    target y: float32[2, 32]
    layer r = LSTM(5, 32)
    out, (h, c) = r(x)
    output o = h
    loss l = mean(h[0] * y)
    train SGD(lr=0.1)
}
""")
    full, = summary(bench, "m.nn")
    for K in (2, 8, 16):
        m, = summary(bench, "m.nn", "--train-tape", str(K))
        holds(4 * 2 * 32 * 2 * 256 // K <= m["tape_bytes"] <= 4 * 2 * 32 * (2 * 256 // K + 2 * 256 // K + 4),
              (K, m["tape_bytes"]))
        holds(m["struct_bytes"] < full["struct_bytes"], (K, m["struct_bytes"]))
        sized(bench, [m], "--train-tape", str(K))


def check_frozen(bench):
    """Of a frozen body below a trained head nothing is kept but what the head reads."""
    bench.write("m.nn", """model m {
    input x: float32[32, 1, 16]
    target y: int32[1]
    layer lstm = LSTM(16, 64)
    layer head = Linear(64, 10)
    out, (h, c) = lstm(x)
    output scores = head(h[0])
    loss l = cross_entropy(scores, y)
    train SGD(lr=0.1, momentum=0.9, params="head.*")
}
""")
    bench.nnc_says("m.nn", "--random-weights", "1", "-o", "m.c", "--target", "baseline")
    header = bench.read("m.h")
    P = packed(1, 10, 64) + up(10)
    for member, floats in (("parameters", P + TAIL), ("gradients", P), ("moments", P)):
        holds(f"float {member}[{floats}];" in header, header)


def floats_in_struct(text, params):
    """Of the parameters of a case: matrices of Linear layers and recurrent ones in panels, all else row-major."""
    kinds, floats = dict(re.findall(r"^ *layer (\w+) *= *(\w+)\(", text, re.M)), 0
    for p in params:
        layer, kind = p["key"].split(".")[0], p["key"].split(".")[-1]
        of, shape = kinds.get(layer, "").replace("Cell", ""), p["shape"]
        if of in GATES and kind.startswith("weight") and "reset_after=False" not in text:
            gates = 1 if "_hr" in kind else GATES[of]
            floats += packed(gates, shape[0] // gates, shape[1])
        elif of == "Linear" and len(shape) == 2 and shape[0] >= 4:
            floats += packed(1, *shape)
        else:
            floats += up(math.prod(shape))
    return floats


def check_cases(bench):
    """Models of all kinds: what case.json says of the parameters, and sizeof."""
    cases = sorted(glob.glob(os.path.join(SOURCE, "tests", "train", "*", "case.json")))
    holds(len(cases) >= 10, cases)
    for case in cases:
        text = open(case.replace(".json", ".nn")).read()
        floats = floats_in_struct(text, json.load(open(case))["params"])
        bench.write("m.nn", re.sub(r'weights "', f'weights "{os.path.dirname(case)}/', text))
        models = summary(bench, "m.nn")
        parts = parts_of(models[0])
        holds((parts["parameters"], parts["gradients"]) == (floats + TAIL, floats), (case, parts, floats))
        sized(bench, models)



def without_training(text):
    """The model as it was before anybody thought of training it."""
    kept, depth, keeps = [], 0, True
    for line in text.splitlines():
        if depth == 0:  # a statement begins
            words = line.split()
            gradient = words[:1] == ["output"] and re.search(r"\bgrad\(", line)
            keeps = not gradient and words[:1] not in (["target"], ["loss"], ["train"])
        depth += sum(line.count(c) for c in "([") - sum(line.count(c) for c in ")]")
        if keeps:
            kept.append(line)
    return "\n".join(kept) + "\n"


def check_inference(bench):
    """--inference gives the bytes of the model without its loss: what training needs leaves no trace."""
    models = sorted(glob.glob(os.path.join(SOURCE, "tests", "train", "*", "case.nn")))
    holds(len(models) >= 10, models)
    for i, model in enumerate(models):
        text = re.sub(r'weights "', f'weights "{os.path.dirname(model)}/', open(model).read())
        target = ("baseline", "all", "scalar")[i % 3]
        weights = () if re.search(r"^\s*weights ", text, re.M) else ("--random-weights", "1")
        made = []
        for what, options in ((text, ("--inference",)), (without_training(text), ())):
            bench.write("m.nn", what)
            bench.nnc_says("m.nn", "--target", target, "-o", "m.c", *weights, *options)
            code = bench.read("m.c").replace(" --inference", "")
            made.append((code, bench.read("m.h").replace(" --inference", "")))
        holds(made[0] == made[1], model)


def check_shared_functions(bench):
    """run, eval and the training functions share what they compute alike: no function stands twice under two names."""
    function = re.compile(r"^(?:NNC_APART )?static [^\n]*\([^;{]*\) \{\n.*?^\}\n", re.S | re.M)
    models = sorted(glob.glob(os.path.join(SOURCE, "tests", "train", "*", "case.nn")))
    for model in models + [os.path.join(SOURCE, "samples", "personalise", "personalise.nn")]:
        weights = () if re.search(r"^\s*weights ", open(model).read(), re.M) else ("--random-weights", "1")
        bench.nnc_says(model, "--target", "baseline", "-o", "m.c", *weights)
        bodies = [re.sub(r"\w+\(", "(", f.replace("_eval_", "_").replace("_train_", "_"), count=1)
                  for f in function.findall(bench.read("m.c"))]
        holds(len(bodies) > 3 and len(set(bodies)) == len(bodies), (model, [b for b in bodies if bodies.count(b) > 1]))
