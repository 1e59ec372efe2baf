"""What `--dump=plan` says of a kernel's code is what stands in the C."""
import itertools
import os
import re

from kit import TOP, need, sizeof

BODIES = {"baseline": ("4 lanes", "nnc_v4"), "x86-64-v3": ("AVX2", "nnc_v8"), "x86-64-v4": ("AVX-512", "nnc_v16")}

# a kernel of every kind, in the sizes at which other things are chosen
RECURRENT = [
    ("LSTM(5, 4)", "1, 1, 5"), ("LSTM(5, 17)", "1, 1, 5"), ("LSTM(64, 65)", "1, 1, 64"),
    ("LSTM(128, 130)", "1, 1, 128"),
    ("GRU(9, 40)", "1, 1, 9"), ("GRU(128, 300)", "1, 1, 128"), ("RNN(3, 70)", "1, 1, 3"), ("RNN(70, 400)", "1, 1, 70"),
    ("LSTM(3, 6)", "T, 1, 3"), ("LSTM(3, 150)", "T, 1, 3"), ("GRU(40, 33)", "T, 1, 40"),
    ("LSTM(6, 64, proj_size=8)", "T, 1, 6"),
    ("GRU(5, 20, reset_after=False)", "T, 1, 5"), ("GRU(5, 20, reset_after=False)", "T, 4, 5"),
    ("RNN(2, 2)", "7, 1, 2"),
    ("LSTM(4, 3)", "T, 8, 4"), ("LSTM(4, 33)", "5, 32, 4"), ("GRU(4, 19)", "T, B, 4"),
    ("LSTM(6, 20, proj_size=7)", "T, 5, 6"),
    ("LSTM(4, 9, bidirectional=True)", "9, 3, 4"),
]
LINEAR = [("3, 100", 70), ("12, 300", 64), ("32, 20", 33), ("1, 3", 4), ("T, 9", 130), ("7, 600", 2), ("5, 8", 1),
          ("T, 40, 3", 5)]
CONV = [("Conv1d(3, 20, 3, padding=1)", "2, 3, 30"), ("Conv1d(4, 16, 2, padding=1)", "1, 4, T"),
        ("Conv1d(2, 2, 3, groups=2)", "1, 2, 9"),
        ("Conv1d(3, 40, 1, stride=2)", "1, 3, 50"), ("Conv1d(8, 6, 3)", "2, 8, 200"),
        ("Conv1d(90, 8, 3)", "1, 90, 200"), ("Conv2d(3, 8, 3, padding=1)", "1, 3, 16, 30"),
        ("Conv2d(2, 20, (1, 3), stride=2)", "2, 2, 8, 9"),
        ("Sequential(Conv2d(2, 7, 3, padding=1), BatchNorm2d(7), ReLU(), MaxPool2d((3, 2)))", "1, 2, 9, 40"),
        ("Sequential(Conv1d(2, 7, 3), ReLU(), MaxPool1d(2))", "2, 2, 50")]
OTHERS = ["exp(x) + x", "batch_norm(x, x[0], exp(x[1]))", "layer_norm(x, 21)", "log_softmax(x, dim=1)",
          "cumsum(x, dim=1)", "argmax(x, dim=1)", "softmax(x, dim=1)", "softmax(x, dim=0)", "sum(x, dim=0)",
          "mean(x, dim=1)", "matmul(x, transpose(x, 0, 1))", "matmul(transpose(x, 0, 1), x)",
          "x * argmax(x, dim=1, keepdim=True)", "exp(1.0 * argmax(x, dim=1, keepdim=True)) + x",
          "amax(x[0:5], dim=0)", "sum(x[0:4], dim=0)", "softmax(x[0:7], dim=0)", "mean(x[0:9], dim=0)",
          "amin(argmax(reshape(x[:, 0:20], 30, 5, 4), dim=2), dim=1)", "amax(reshape(x[:, 0:20], 30, 10, 2), dim=2)"]


# a by b, both of run time
MATMUL = [("30, 21", "21, 30"), ("T, 40", "40, 10"), ("T, 40", "40, 3"), ("T, 40", "40, 33"), ("7, 40", "40, 20"),
          ("1, 90", "90, 64"),
          ("9, 2, 5", "9, 5, 8"), ("9, 5", "5, 1"), ("T, 8", "8, B"), ("1, 30", "30, 9"), ("T, 70", "70, 100"),
          ("20, 70", "70, 100"),
          ("1, 90", "90, 300"), ("1, 90", "90, T"), ("1, T", "T, 300"), ("1, T", "T, S"), ("T, 9", "9, 1"),
          ("6, 20", "20, 2"), ("B, 40", "40, T"), ("20, 300", "300, 64")]
# the same with b transposed, and with a
ACROSS = [("7, 40", "33, 40"), ("T, 40", "9, 40"), ("T, 9", "70, 9"), ("1, 100", "50, 100"), ("1, 7", "7, 7"),
          ("7, 64", "B, 64"),
          ("T, 300", "T, 300"), ("T, 40", "T, 40"), ("20, 16", "5, 16"), ("4, 16", "3, 16"), ("2, 3, 16", "2, 4, 16"),
          ("1, 40", "1, 40")]
DOWN = [("40, 20", "40, 1"), ("40, T", "40, 2"), ("40, 9", "40, 9")]


# of layers whose weights have codes
NARROW = [("Linear(64, 20)", "4, 2, 64"), ("Linear(70, 33)", "B, 70"), ("Linear(40, 70)", "T, 40"),
          ("Conv1d(8, 6, 3)", "2, 8, 30"),
          ("Conv1d(8, 24, 5, stride=2, padding=2)", "1, 8, T"), ("Conv2d(3, 8, 3, padding=1)", "1, 3, 16, 30")]
# dy by x, of B rows
TRAINED = [(30, 20), (7, 5), (64, 33), (3, 1), (130, 70)]


def models():
    dims = "    dim T = 1..100\n    dim B = 1..9\n    dim S = 1..300\n"
    for layer, shape in RECURRENT:
        lengths = ", lengths=n" if "bidirectional" in layer else ""
        n = "    input n: int32[3]\n" if lengths else ""
        yield f"{dims}    input x: float32[{shape}]\n{n}    layer l = {layer}\n    y, _ = l(x{lengths})\n    output y\n"
    for shape, outputs in LINEAR:
        terms = shape.split(", ")[-1]
        yield f"{dims}    input x: float32[{shape}]\n    layer l = Linear({terms}, {outputs})\n    output y = l(x)\n"
    for layer, shape in CONV:
        yield f"{dims}    input x: float32[{shape}]\n    layer l = {layer}\n    output y = l(x)\n"
    for a, b in MATMUL:
        yield f"{dims}    input a: float32[{a}]\n    input b: float32[{b}]\n    output y = matmul(a, b)\n"
    for across, pairs in (("a, transpose(b, -1, -2)", ACROSS), ("transpose(a, -1, -2), b", DOWN)):
        for a, b in pairs:
            yield f"{dims}    input a: float32[{a}]\n    input b: float32[{b}]\n    output y = matmul({across})\n"
    for words in (20, 100):
        yield (f"    input x: int32[9]\n    layer emb = Embedding({words}, 8)\n"
               f"    layer head = Linear(8, {words}, bias=False) from \"emb\"\n"
               "    output y = head(emb(x) + 1)\n")
    for expression in OTHERS:
        yield f"{dims}    input x: float32[30, 21]\n    output y = {expression}\n"
    for inputs, outputs in TRAINED:
        yield (f"    dim B = 1..40\n    input x: float32[B, {inputs}]\n    target y: float32[B, {outputs}]\n"
               f"    layer l = Linear({inputs}, {outputs})\n    output o = l(x)\n    loss e = mse_loss(o, y)\n"
               f"    train SGD(lr=0.1)\n")


def narrow_models():
    dims = "    dim T = 9..100\n    dim B = 1..9\n"
    for layer, shape in NARROW:
        yield f"{dims}    input x: float32[{shape}]\n    layer l = {layer}\n    output y = l(x)\n"
    yield f"{dims}    input x: float32[T, 2, 64]\n    layer l = LSTM(64, 40)\n    y, _ = l(x)\n    output y\n"


class Code:
    """The functions of a C file of one body, by name."""

    def __init__(self, text, vector):
        self.vector = vector
        self.functions = dict(re.findall(r"^(?:\w+ )*static void (\w+)\((.*?\n)\}\n", text, re.M | re.S))

    def function(self, name):
        need(name in self.functions, f"no function {name}, only {sorted(self.functions)}")
        return self.functions[name]

    def called(self, name, what):
        """The function of the layer's shape that a kernel calls for `what`."""
        found = set(re.findall(rf"\b(\w+_{what}(?:_\d+)?)\(", self.function(name)))
        need(len(found) == 1, f"{name} calls {found or 'nothing'} for {what}")
        return found.pop()

    def each_tile(self, name):
        """(rows, vectors, chains, unrolled) of each register tile in a function: what its sums are called."""
        # loops of codes stand a block deeper; those in 16 bits have sums of their own there, which have the chains
        kind = re.search(r"_(dot4\(|codes = )", self.function(name))
        own = "_codes" if kind and kind.group(1) == "codes = " else ""
        lines = self.function(name).split("\n")
        for i, line in enumerate(lines):
            # where sums wait in y, those of a group are what stands in registers
            waiting = re.match(rf"\s+{self.vector}_dots s0_0(_n) = ", line)
            if not waiting and not re.match(rf"\s+{self.vector} s0(_0)?{own}( = |;)", line):
                continue
            vector, own_here = (f"{self.vector}_dots", "_n") if waiting else (self.vector, own)
            end = i
            while re.match(rf"\s+{vector} s\d+(_\w+)?( = |;)", lines[end]):
                end += 1
            names = [n.replace(own_here, "", 1)
                     for n in re.findall(rf"{vector} (s\w+)(?: =|;)", "\n".join(lines[i:end]))]
            sums = [n for n in names if not re.search(r"_[a-d]$", n)]
            rows = 1 + max(int(re.match(r"s(\d+)_", n).group(1)) if "_" in n else 0 for n in sums)
            vectors = len(sums) // rows
            chains = len(names) // len(sums)
            indent = len(line) - len(line.lstrip())
            after = list(itertools.takewhile(lambda x: len(x) - len(x.lstrip()) >= indent, lines[end:]))
            rest = "\n".join(after if kind else [x for x in after[:4] if len(x) - len(x.lstrip()) == indent])
            yield rows, vectors, chains, re.search(r"for \(size_t k\d? = ", rest) is None

    def tiles(self, name):
        """{rows: (most vectors, chains, unrolled)} of all of them."""
        found = {}
        for rows, vectors, chains, unrolled in self.each_tile(name):
            known = found.get(rows, (0, 0, True))
            found[rows] = (max(known[0], vectors), max(known[1], chains), known[2] and unrolled)
        return found


def match_waiting(code, function, said):
    """Sums that wait in memory are read from there again, and so are weights that are not kept; no compiler moves at
    once what is to move float by float."""
    move = re.compile(r"(windows|y_g)\[[^\n]*;\n(?:(?:\s+\}\n)?\s+NNC_FORGET\(\);\n)+")
    text = code.function(function)
    need(set(move.findall(text)) == ({"windows", "y_g"} if "float by float" in said else set()),
         f"{function} of {said}")
    need(("NNC_FORGET()" in move.sub("", text)) == ("sums in memory" in said), f"{function} of {said}")
    need(("NNC_ANEW(" in code.function(function)) == ("weights anew" in said), f"{function} of {said}")


def match_product(code, function, said):
    """`said`: "2 of 6 x 4 and 1 of 5 x 4 by columns; the last panel …" """
    want = {}
    for rows, vectors, chains, unrolled in re.findall(r"(\d+) x (\d+)(?:/\d+)*(?: in (\d+) chains)?( unrolled)?", said):
        known = want.get(int(rows), (0, 0, True))
        want[int(rows)] = (max(known[0], int(vectors)), max(known[1], int(chains or 1)), known[2] and bool(unrolled))
    got = code.tiles(function)
    need(got == want, f"{function} has tiles {got}, the plan says {want}: {said}")
    for rows, widths in re.findall(r"(\d+) x (\d+(?:/\d+)+)", said):
        got = {t[1] for t in code.each_tile(function) if t[0] == int(rows)}
        need(got >= {int(w) for w in widths.split("/")}, f"{function} has tiles of {got} vectors, the plan says {said}")
    match_waiting(code, function, said)


def match_step(code, name, said, layer):
    step, kernel = code.function(code.called(name, "step")), code.function(name)
    fused = "one step: x and h" in layer
    runs = re.findall(rf"(?:^\s+{code.vector} [a-z]\d+(?: = .*|;)\n)+", step, re.M)
    most = max(len(re.findall(rf"{code.vector} [a-z]\d+(?: = |;)", r)) for r in runs)
    sums = max(int(n) for n in re.findall(r"(?:step|then) of (\d+) sums", said))
    flat_only = "columns in" in said and most < sums
    need(most == sums or flat_only, f"{name}_step holds {most} sums, the plan says {said}")
    place = re.search(r"new h in (\w+)", said).group(1)
    head = step.split(")")[0]
    need(("float *next" in head) == ("next at" in said), f"{name}_step({head}): {said}")
    need(("const float *h" in head) == (place == "out"), f"{name}_step({head}): {said}")
    if place == "variables":
        need(re.search(r"_store(_n)?\(h, hidden0", step), f"{name}_step keeps no h in variables: {said}")
    flat = re.search(r"columns in (\d+) vectors", said)
    blocks = [len(re.findall(r"\bs\d+ = ", r)) for r in
              re.findall(rf"(?:^\s+{code.vector} s\d+ = .*_load.*gates.*\n)+", step, re.M)]
    need(bool(blocks) == bool(flat), f"{name}_step: narrow panels {blocks}, the plan says {said}")
    if flat:
        need(max(blocks) == int(flat.group(1)), f"{name}_step: narrow panels {blocks}, the plan says {said}")
    need(("turn % 2" in step) == ("backwards" in layer), f"{name}_step and backwards: {layer}")
    need(("for (size_t k " in step or "for (size_t k0" in step) or "unrolled" in said or fused, f"{name}_step: {said}")
    need(("_input" in kernel.split("{", 1)[1]) == (not fused), f"{name}: {layer}")


def match_recurrent(code, name, said, lines):
    layer = lines[0]
    kernel = code.function(name)
    parts = dict(
        re.findall(r"(input|hidden|candidate|output) tiles (.*?)(?=; (?:input|hidden|candidate|output|work) |$)", said))
    one_row = "step of" in said
    for part, function in (("input", "input"), ("hidden", "recurrent"), ("candidate", "candidate")):
        if part in parts:
            match_product(code, code.called(name, function), parts[part])
    if "output" in parts and not one_row:
        match_product(code, code.called(name, "project"), parts["output"])
    if one_row:
        match_step(code, name, said, layer)
    need(("NNC_ANEW(b)" in kernel) == ("rows one by one" in said), f"{name}: {said}")
    work = {w: int(n) for w, n in re.findall(r"(gates|sums|next) at (\d+)", said)}
    declared = {w: int(n or 0) for w, n in re.findall(r"float \*(gates|sums|next) = work(?: \+ (\d+))?;", kernel)}
    need(work == declared, f"{name} has work space {declared}, the plan says {work}")
    need(("float *work" in kernel.split(")")[0]) == bool(work), f"{name}: {said}")
    steps = re.search(r"projected (\d+) steps at a time", layer)
    chunk = re.search(r"done(?: \+= (\d+)|(\+\+))\)", kernel)
    if steps and chunk:
        need(int(chunk.group(1) or 1) == int(steps.group(1)), f"{name}: {chunk.group()}, the plan says {layer}")
    if "steps unrolled" in layer:
        need("for (size_t t" not in kernel, f"{name}: {layer}")


def match_dots(code, name, lines):
    """Products of codes are those of four terms an instruction, and of no others."""
    need((f"{code.vector}_dot4(" in code.function(name)) == any(" int8: " in x for x in lines), f"{name}: {lines}")


def match_linear(code, name, said, lines):
    body = code.function(name)
    match_dots(code, name, lines)
    chunk = re.search(r"(\d+) rows quantised at a time", said)
    need((f"done += {chunk.group(1)})" in body) if chunk else ("_quantise(" in body) <= ("done" not in body),
         f"{name}: {said}")
    if "tiles" in said:
        match_product(code, name, said)
        return
    need(f"{code.vector}_sum(" in body, f"{name} adds no lanes: {said}")
    need(("for (size_t k " in body or "for (size_t k0" in body) == ("loop" in said), f"{name}: {said}")


def match_matmul(code, name, said, lines):
    body = code.function(name)
    if "element by element" in said:
        need("nnc_v" not in body, f"{name}: {said}")
    elif "rows of b" in said:
        need(f"{code.vector} a_0 = " in body, f"{name}: {said}")
        if "tiles" in said:
            match_product(code, name, said.split(" floats of b by")[1])
    else:
        match_product(code, name, said)
        need(("_sum" in body) == ("lanes along the terms" in said), f"{name} adds lanes: {said}")
        works = "packed first" in said or "every other round" in said
        need(("float *work" in body.split(")")[0]) == works, f"{name} has work space: {said}")
    need(("turn % 2" in body) == ("every other round backwards" in said), f"{name} goes backwards: {said}")
    repeats = re.search(rf"{code.vector}_repeat_\d\(", body) is not None
    need(repeats == ("repeated as columns lie" in said), f"{name} repeats rows: {said}")
    few = re.search(r"fewer than (?:(\d+) rows|(?:(\d+) columns or )?(\d+) floats of b) by", said)
    need(bool(few) == ("fewer than" in said), f"{name}: {said}")
    if few:
        rows, columns, floats = few.groups()
        test = rf"T < {rows}" if rows else (rf"[ST] < {columns} \|\| " if columns else "") + rf"\w+ \* \w+ < {floats}"
        need(re.match(test + r"\) {", body.split("if (", 1)[1]), f"{name} has few of them: {said}")
    need(("size_t pairs = " in body) == ("last three vectors" in said), f"{name} has pairs of vectors: {said}")
    several = re.search(r"(\d+) panels at a time", said)
    need(not several or f"block * {several.group(1)}" in body or several.group(1) == "1", f"{name} has blocks: {said}")


def match_panels(text, dump):
    """The order of a table is that which the comment above it names. What is trained is no table."""
    if "_train(" in text:
        return set()
    order = r"\b(in panels of \d+ \w+?s|unit by unit|output by output)\b"
    said = set(re.findall(order, dump))
    need(said <= set(re.findall(order, text)), f"the C has no tables {said}")
    return said


def match_weight_grad(code, name, said, lines):
    """Rows of dy, all of one element, by x."""
    match_product(code, name, re.search(r"tiles ([^;]*)", said).group(1))
    body, block = code.function(name), re.search(r"\d+ terms at a time(?:, of (\d+) outputs)?", said)
    need(not re.search(r"\+ (panel|g) \*", body) or "panel by panel" in said, f"{name} goes by panels: {said}")
    need(bool(block or "columns packed first" in said) == ("work" in body.split(")")[0]), f"{name}: {said}")
    first = re.search(r"first \+= (\d+)\)", body)
    need(not first or first.group(1) == block.group(1), f"{name}: {said}")


def match_windows(code, name, said, lines):
    body = code.function(name)
    terms, chunk, windows, results = map(int, re.search(
        r"windows of (\d+) terms, (\d+) positions at a time at (\d+);.*; results at (\d+)", said).groups())
    need(f"windows[t * {terms} + " in body and "first_t" not in body or f"first_t += {chunk})" in body,
         f"{name}: {said}")
    for what, at in [("windows", windows), ("results", results)] + [
            ("quantised", int(n)) for n in re.findall(r"quantised at (\d+)", said)]:
        need(re.search(rf"float \*{what} = work{f' . {at}' if at else ''};", body), f"{name}: {said}")
    match_dots(code, name, lines)
    match_product(code, name, said.split(";", 1)[1])


def match_following(code, name, said):
    """What is done to the sums of a convolution: `, then relu(batch_norm(sum, …)), max of 2 x 2 ->`."""
    body = code.function(name)
    then = re.search(r", then (.*) -> y:", said)
    pool = re.search(r"max of (\d+) x (\d+)", said)
    rows, columns = map(int, pool.groups()) if pool else (1, 1)
    need((f"{code.vector}_relu(" in body) == bool(then and "relu(" in then.group(1)), f"{name}: {said}")
    need((f"{code.vector}_even(" in body) == (columns == 2), f"{name}: {said}")
    need((f" % {rows}) {{" in body) == (rows > 1), f"{name}: {said}")


def match_conv(code, name, said, lines):
    body = code.function(name)
    need(("rows of x copied in vectors" in said) == (f"{code.vector}_copy(rows" in body), f"{name}: rows of x, {said}")
    if "windows of" in said:
        match_windows(code, name, said, lines)
        return
    if "channels by positions" in said:   # a loop over channels, in it one over taps
        got, tiles = code.tiles(name), re.findall(r"(\d+) x (\d+)( unrolled)?", said)
        want = {int(rows): (int(vectors), 1) for rows, vectors, _ in tiles}
        need({rows: tile[:2] for rows, tile in got.items()} == want, f"{name}: {got}, {said}")
        loops = "for (size_t k = " in body
        need(all(u for _, _, u in tiles) and not loops or not any(u for _, _, u in tiles) or loops,
             f"{name}: taps, {said}")
        match_waiting(code, name, said)
        return
    plain = "plain floats" in said
    kind = "float" if plain else code.vector
    want = [(int(p), int(v or 1)) for p, v in re.findall(r"(\d+) positions(?: x (\d+) vectors)?", said)]
    runs = re.findall(rf"(?:^\s+{kind} sum\w* = .*\n)+", body, re.M)
    got = max(len(r.strip().split("\n")) for r in runs)
    need(got == max(p * v for p, v in want), f"{name} holds {got} sums, the plan says {said}")
    match_waiting(code, name, said)


def match_other(code, name, said, lines):
    body = code.function(name)
    unrolled = re.search(r"(\d+) elements? unrolled", said)
    if unrolled:
        # an extreme starts with the first element, a sum with none; a vector that is not full is written once more
        sums = len(re.findall(rf"sum_\d+ = {code.vector}_sums_add\(", body))
        extremes = len(re.findall(r"^ *(?:largest|smallest) = nnc_\w+\(", body, re.M))
        each = int(unrolled[1]) - (not sums)
        need(sums + extremes in (each, 2 * each), f"{name} takes {sums or extremes} elements, the plan says {said}")
    need(("_sums pair[" in body) == ("four sums at a time" in said), f"{name}: {said}")
    if "plain C" in said or "element by element" in said:
        need(not re.search(r"nnc_v(4|8|16)", body), f"{name}: {said}")
    elif "equal lanes" in said:
        need(f"{code.vector}_lane(" in body, f"{name}: {said}")
    elif "vectors of results" in said:
        need(unrolled or f"{code.vector}_sums sums[" in body, f"{name}: {said}")
    elif "summed up" in said:
        need(f"{code.vector}_sums sums = " in body, f"{name}: {said}")
    else:
        need(re.search(rf"{code.vector}_store(_n)?\(", body), f"{name}: {said}")


def match_embedding(code, name, said, lines):
    """Rows are units of a Linear, in its table, and lie across the panel."""
    linear, panel = re.search(r"units of (\w+), in panels of (\d+) outputs", said).groups()
    body = code.function(name)
    need(f"_{linear}_weights" in body and re.search(r"row\[d \* (\d+|width)\]", body), f"{name}: {said}")
    need((f"id / {panel} *" in body) == ("id % " in body), f"{name}: {said}")


# by the function of compiler/plan that makes the choices of an operator
MATCHES = {"recurrent": match_recurrent, "linear": match_linear, "matmul": match_matmul, "conv": match_conv,
           "weight_grad": match_weight_grad, "embedding": match_embedding, "elementwise": match_other,
           "reduction": match_other}


def choosers():
    """{operator, as --dump names it: the function that makes its choices}, from the compiler's own tables."""
    with open(os.path.join(TOP, "compiler", "plan", "operators.c")) as f:
        rows = f.read()
    classes = dict(
        re.findall(r"#define ROW_(\w+)\(NAME\)[\s\\]+\[IR_##NAME\] = \{\.split = \w+, \.choose = choose_(\w+),", rows))
    for same, other in re.findall(r"#define ROW_(\w+)\(NAME\) +ROW_(\w+)\(NAME\)", rows):
        classes[same] = classes[other]
    own = dict(re.findall(r"\[IR_(\w+)\] = \{\.split = \w+, \.choose = choose_(\w+)[,}]", rows))
    found = {}
    for file in ("op.def", "function.def"):
        with open(os.path.join(TOP, "compiler", "ir", file)) as f:
            text = f.read()
        for name, text_name, kind in re.findall(r'^OP\((\w+), "(\w+)", (\w+),', text, re.M):
            found[text_name] = own.get(name) or classes.get(kind)
        for text_name in re.findall(r'^FUNCTION\(\w+, "(\w+)"', text, re.M):
            found[text_name] = classes["UNARY"]
    return found


CHOOSERS = choosers()


def match_dump(code, dump, body, seen):
    """Each kernel's lines: its name and operator, what holds for the layer, and one for the body. The kinds of choices
    go to `seen`."""
    kernels = re.findall(r"^ +\d+ (\w+) = (\w+)\((.*)\n((?: {8,}(?!\d+ \w+ = ).*\n)*)", dump, re.M)
    need(kernels, f"no kernels in\n{dump}")
    for name, op, said, lines in kernels:
        if op == "conv1d":
            match_following(code, name, said)
        lines = [x.strip() for x in lines.strip().split("\n")]
        of_body = [x for x in lines if x.startswith((f"{body}:", "all bodies:"))]
        if not of_body:
            continue  # nothing is chosen
        if "plan m_train" in dump and name not in code.functions:
            continue  # another plan's function is the same
        kind = CHOOSERS.get(op)
        need(kind in MATCHES, f"nothing here checks what is chosen for {op}: {of_body[0]}")
        seen.add(kind)
        MATCHES[kind](code, name, of_body[0].split(":", 1)[1], lines)


def compare(t, source, target, unroll, kinds, *more):
    """What the plan of the model says of its code, and the orders of its tables, once both were found to agree."""
    body, vector = BODIES[target]
    options = ("--target", target, "--unroll", unroll, *more)
    text = t.model(f"model m {{\n{source}}}\n", *options)
    dump = t.nnc("model.nn", "--dump=plan", "--random-weights", "1", *options).out.decode()
    try:
        match_dump(Code(text, vector), dump, body, kinds)
        return dump, match_panels(text, dump)
    except Exception as e:
        raise type(e)(f"{e}\n{' '.join(options)}:\n{source}\n{dump}") from None


def check_plan_says_what_the_code_does(t):
    """`--dump=plan` says of every kernel what its code does: tiles, chains, unrolling, panels, where h waits, work
    space."""
    seen, kinds = set(), set()
    for i, source in enumerate(models()):   # unrolled and not, by turns; with --all both
        for k, (target, unroll) in enumerate(itertools.product(BODIES, ("0", "64"))):
            if (i + k + k // 2) % 2 and not t.everything:
                continue
            dump, panels = compare(t, source, target, unroll, kinds)
            seen.update(re.sub(r"\d+ ", "", p) for p in panels)
            seen.update(
                re.findall(r"unrolled|chains|columns in|by columns|backwards|side by side|new h in \w+|gates at|"
                           r"sums at|next at|then |max of|\(or |the last panel|positions|vectors of \w+|lanes "
                           r"along|turned|packed first|rows or more|sums in memory|weights anew|/2|four sums at a "
                           r"time|repeated as|rows one by one|floats of b by tiles", dump))
    missing = {"unrolled", "chains", "columns in", "by columns", "backwards", "side by side", "new h in out",
               "new h in next", "new h in h", "gates at", "sums at", "next at", "(or ", "the last panel", "positions",
               "in panels of units", "lanes along", "turned", "packed first", "rows or more", "then ", "max of",
               "sums in memory", "weights anew", "/2", "four sums at a time", "repeated as", "rows one by one",
               "floats of b by tiles", "in panels of outputs"} - seen
    need(not missing, f"no model shows {missing}")
    nothing_to_say = {"nothing", "bias_grad"}  # the second is in vectors, whatever its shape
    missing = {kind for kind in CHOOSERS.values() if kind} - nothing_to_say - kinds
    need(not missing, f"no model has choices of {missing}")


def check_plan_of_codes(t):
    """`--dump=plan` says what the code of weights in 8 and 16 bits does: dots of four terms, windows of convolutions,
    rows that are quantised at a time."""
    seen, kinds = set(), set()
    for source in narrow_models():
        for target in BODIES:
            for kind in ("int8", "int16"):
                dump, _ = compare(t, source, target, "64", kinds, "--weights-type", kind)
                seen.update(re.findall(r"windows of|quantised at a time|quantised at|int8:|int16:|float by float",
                                       dump))
    need(kinds == {"linear", "conv", "recurrent"} and len(seen) == 6, f"only {kinds}, {seen}")


def check_plan_of_one_lane(t):
    """--target scalar has loops over units and terms, and no vectors: its plan says so, too."""
    shown = set()
    for source in (m for m in models() if "train " not in m):
        options = ("--target", "scalar")
        text = t.model(f"model m {{\n{source}}}\n", *options)
        dump = t.nnc("model.nn", "--dump=plan", *options).out.decode()
        shown |= match_panels(text, dump)
        need(not re.search(r"\bnnc_v(4|8|16)", text), f"vectors in\n{source}")
        need(set(re.findall(r"^ {8,}([\w-]+ (?:lanes?)|AVX\S*):", dump, re.M)) <= {"1 lane", "all bodies"}, dump)
        need(not re.search(r"tiles (?:\d+ of )?\d+ x [2-9]", dump), dump)
    need(shown == {"unit by unit", "output by output"}, shown)


def check_no_work_space_that_nobody_reads(t):
    """A layer of one step that needs no work space has none in the struct."""
    for layer, states, most in (("LSTM(128, 128)", "h c", 1100), ("GRU(128, 384)", "h", 1700)):
        size = re.search(r", (\d+)\)", layer).group(1)
        names = states.split()
        state = "".join(f"    state {n}: float32[1, {size}]\n" for n in names)
        pair = f"({', '.join(names)})" if len(names) > 1 else names[0]
        t.model(f"model m {{\n    input x: float32[1, 128]\n{state}    layer l = {layer}\n"
                f"    out, {pair} = l(x, {pair})\n    output y = out\n}}\n", "--target", "all")
        size = sizeof(t, "m")[0]
        need(size <= most, f"the struct of {layer} with its state is {size} bytes, {most} allowed")
