"""Models with narrow weights: layers of every kind, in sizes around those of vectors, panels and blocks of 32 terms,
and weights that are hard to round. A model follows from its seed."""
import math
import random
import struct

import tensors_file

SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 11, 13, 15, 16, 17, 19, 23, 31, 32, 33, 37, 40, 47, 48, 63, 64, 65]
TERMS = [1, 7, 8, 9, 31, 32, 33, 40, 63, 64, 65, 96, 100]
TYPES = ["int16", "int8", "float16", "bfloat16"]   # the last two are `stored`


class Model:
    """name, text (of the .nn), tensors {key: (shape, values)}, inputs [(shape with "T", dtype, limit)], outputs
    [shape]"""

    def __init__(self, name, kind):
        self.name, self.kind = name, kind
        self.lines, self.tensors, self.inputs, self.outputs = [], {}, [], []
        self.time, self.linked = 1, False   # the largest T; whether runs of T = 1 give what one run gives

    @property
    def word(self):
        return self.kind if self.kind.startswith("int") else "stored"

    def text(self):
        head = [f'model {self.name} {{', f'  weights "{self.name}.safetensors"', f"  dim T = 1..{self.time}"]
        return "\n".join(head + ["  " + line for line in self.lines] + ["}", ""])


def f16(value):
    return struct.unpack("<e", struct.pack("<e", value))[0]


def f32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def bf16(value):
    bits = struct.unpack("<I", struct.pack("<f", value))[0]
    return struct.unpack("<f", struct.pack("<I", bits & 0xFFFF0000))[0]


ROUND = {"float16": f16, "bfloat16": bf16}
DTYPE = {"float16": "F16", "bfloat16": "BF16"}


def matrix(rng, rows, terms, kind, hard):
    """A weight. hard: some rows are zero, of one huge weight, tiny, or all of one size."""
    scale = 1 / math.sqrt(terms)
    values = []
    for _ in range(rows):
        row = [rng.uniform(-scale, scale) for _ in range(terms)]
        way = rng.choice(["zero", "huge", "tiny", "even", "signs", "", ""]) if hard else ""
        if way == "zero":
            row = [0.0] * terms
        elif way == "huge":
            row[rng.randrange(terms)] = rng.choice([-3.0, 5.0])
        elif way == "tiny":
            small = 1e-35 if not kind.startswith("float") else 2.0 ** -24
            row = [rng.choice([-1, 1, 3, 0]) * small for _ in range(terms)]
        elif way == "even":
            row = [scale] * terms
        elif way == "signs":
            row = [rng.choice([-scale, scale]) for _ in range(terms)]
        values += row
    return [ROUND.get(kind, f32)(v) for v in values]


def add_layer(m, rng, name, call, shapes, hard=False, options=""):
    """shapes: {tensor: shape}; those with one dim are biases."""
    for key, shape in shapes.items():
        if len(shape) == 1:
            values = [f32(rng.uniform(-0.5, 0.5)) for _ in range(shape[0])]
        else:
            values = matrix(rng, shape[0], math.prod(shape[1:]), m.kind, hard)
        m.tensors[f"{name}.{key}"] = (shape, values)
    m.lines.append(f"layer {name} = {call} as {m.word}{options}")


GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def recurrent_shapes(kind, inputs, hidden, layers=1, bidirectional=False, proj=0, bias=True, suffix=True):
    shapes, out = {}, proj or hidden
    for layer in range(layers):
        for direction in ["", "_reverse"] if bidirectional else [""]:
            tail = f"_l{layer}{direction}" if suffix else ""
            width = inputs if layer == 0 else out * (2 if bidirectional else 1)
            shapes["weight_ih" + tail] = [GATES[kind] * hidden, width]
            shapes["weight_hh" + tail] = [GATES[kind] * hidden, out]
            if bias:
                shapes["bias_ih" + tail] = shapes["bias_hh" + tail] = [GATES[kind] * hidden]
            if proj:
                shapes["weight_hr" + tail] = [proj, hidden]
    return shapes


def streaming(m, rng):
    """One layer, one direction, its state kept."""
    kind = rng.choice(["LSTM", "LSTM", "GRU", "GRU", "RNN"])
    inputs, hidden, batch = rng.choice(TERMS + SIZES), rng.choice(SIZES), rng.choice([1, 1, 1, 2, 3, 7])
    proj = rng.choice([0, 0, 0, 1 + hidden // 2]) if kind == "LSTM" and hidden > 1 else 0
    bias, hard = rng.random() < 0.8, rng.random() < 0.5
    options = ("" if bias else ", bias=false") + (f", proj_size={proj}" if proj else "")
    if kind == "GRU" and rng.random() < 0.3:
        options += ", reset_after=false"
    if kind == "RNN" and rng.random() < 0.5:
        options += ', nonlinearity="relu"'
        hard = False
    add_layer(m, rng, "r", f"{kind}({inputs}, {hidden}{options})",
              recurrent_shapes(kind, inputs, hidden, proj=proj, bias=bias), hard)
    m.time, m.linked, out = rng.choice([1, 1, 3, 9, 30]), True, proj or hidden
    m.inputs.append((["T", batch, inputs], "float32", 2))
    m.outputs.append(["T", batch, out])
    m.lines += [f"input x: float32[T, {batch}, {inputs}]", f"state h: float32[1, {batch}, {out}] = 0.75 * 2"]
    if kind == "LSTM":
        m.lines += [f"state c: float32[1, {batch}, {hidden}]", "y, (h, c) = r(x, (h, c))"]
    else:
        m.lines.append("y, h = r(x, h)")
    m.lines.append("output y")


def whole(m, rng):
    """Several layers, two directions, lengths."""
    kind = rng.choice(["LSTM", "GRU", "RNN"])
    inputs, hidden, batch = rng.choice(TERMS), rng.choice(SIZES), rng.choice([1, 2, 3, 5])
    layers, both, m.time = rng.choice([1, 2]), rng.random() < 0.6, rng.choice([2, 5, 17])
    add_layer(m, rng, "r",
              f"{kind}({inputs}, {hidden}, num_layers={layers}, bidirectional={'true' if both else 'false'})",
              recurrent_shapes(kind, inputs, hidden, layers, both), rng.random() < 0.3)
    m.inputs.append((["T", batch, inputs], "float32", 2))
    m.lines.append(f"input x: float32[T, {batch}, {inputs}]")
    m.outputs.append(["T", batch, hidden * (2 if both else 1)])
    m.lines += ["y, s = r(x)", "output y"]


def linear(m, rng):
    inputs, outputs, batch = rng.choice(TERMS + [128, 512, 513]), rng.choice(SIZES), rng.choice([1, 2, 4])
    m.time = rng.choice([1, 2, 3, 50, 100])
    bias = rng.random() < 0.7
    shapes = {"weight": [outputs, inputs], **({"bias": [outputs]} if bias else {})}
    add_layer(m, rng, "f", f"Linear({inputs}, {outputs}, bias={'true' if bias else 'false'})", shapes,
              rng.random() < 0.5)
    m.inputs.append((["T", batch, inputs], "float32", rng.choice([2, 1e4, 1e-3])))
    m.outputs.append(["T", batch, outputs])
    m.lines += [f"input x: float32[T, {batch}, {inputs}]", "output y = f(x)"]
    m.linked = True


def convolution(m, rng):
    groups = rng.choice([1, 1, 2, 3])
    channels, outputs = groups * rng.choice([1, 2, 5, 8, 16]), groups * rng.choice([1, 2, 3, 8, 17])
    kernel, stride, dilation, batch = (rng.choice([1, 3, 4, 9]), rng.choice([1, 2]), rng.choice([1, 2]),
                                       rng.choice([1, 2]))
    padding, m.time = rng.choice([0, 1, (kernel - 1) * dilation]), rng.choice([3, 40])
    add_layer(m, rng, "c", f"Conv1d({channels}, {outputs}, {kernel}, stride={stride}, dilation={dilation}, "
              f"padding={padding}, groups={groups})",
              {"weight": [outputs, channels // groups, kernel], "bias": [outputs]},
              rng.random() < 0.4)
    longest = (kernel - 1) * dilation
    m.inputs.append(([batch, channels, ("T", longest)], "float32", 2))
    m.lines += [f"input x: float32[{batch}, {channels}, T + {longest}]", "output y = c(x)"]
    m.outputs.append([batch, outputs,
                      lambda t: (t + longest + 2 * padding - (kernel - 1) * dilation - 1) // stride + 1])


def embedding(m, rng):
    rows, size = rng.choice([2, 7, 30]), rng.choice(TERMS)
    norm = rng.random() < 0.3
    add_layer(m, rng, "e", f"Embedding({rows}, {size}{', max_norm=0.5' if norm else ''})", {"weight": [rows, size]},
              rng.random() < 0.5)
    m.time = 5
    m.inputs.append((["T"], "int32", rows))
    swap = rng.random() < 0.3
    m.lines += ["input x: int32[T]", f"output y = {'transpose(e(x), 0, 1)' if swap else 'e(x)'}"]
    m.outputs.append([size, "T"] if swap else ["T", size])


def cell(m, rng):
    kind = rng.choice(["LSTM", "GRU", "RNN"])
    inputs, hidden, batch = rng.choice(TERMS), rng.choice(SIZES), rng.choice([1, 3])
    add_layer(m, rng, "r", f"{kind}Cell({inputs}, {hidden})",
              recurrent_shapes(kind, inputs, hidden, suffix=False), rng.random() < 0.3)
    m.inputs.append(([batch, inputs], "float32", 2))
    m.outputs.append([batch, hidden])
    m.lines += [f"input x: float32[{batch}, {inputs}]", f"state h: float32[{batch}, {hidden}]"]
    if kind == "LSTM":
        m.lines += [f"state c: float32[{batch}, {hidden}]", "h, c = r(x, (h, c))", "output y = h * 1"]
    else:
        m.lines += ["h = r(x, h)", "output y = h * 1"]
    m.time = 1


def picture(m, rng):
    """Conv2d, and ConvTranspose1d, whose matrix is turned over first."""
    groups, stride, batch = rng.choice([1, 1, 2]), rng.choice([1, 2]), rng.choice([1, 2])
    channels, outputs = groups * rng.choice([1, 3, 9]), groups * rng.choice([1, 2, 9, 17])
    if rng.random() < 0.5:
        kernel, length = rng.choice([1, 3, 8]), rng.choice([1, 5, 20])
        padding = rng.choice([0, (kernel - 1) // 2])
        shape, call = [channels, outputs // groups, kernel], f"ConvTranspose1d({channels}, {outputs}, {kernel}"
        taken, given = [length], [(length - 1) * stride - 2 * padding + kernel]
    else:
        high, wide, padding = rng.choice([1, 3]), rng.choice([2, 3, 5]), rng.choice([0, 1])
        taken = [rng.choice([4, 9]), rng.choice([6, 11])]
        shape, call = [outputs, channels // groups, high, wide], f"Conv2d({channels}, {outputs}, ({high}, {wide})"
        given = [(n + 2 * padding - k) // stride + 1 for n, k in zip(taken, (high, wide))]
    add_layer(m, rng, "c", f"{call}, stride={stride}, padding={padding}, groups={groups})",
              {"weight": shape, "bias": [outputs]}, rng.random() < 0.4)
    m.inputs.append(([batch, channels, *taken], "float32", 2))
    m.lines += [f"input x: float32[{', '.join(map(str, [batch, channels, *taken]))}]", "output y = c(x)"]
    m.outputs.append([batch, outputs, *given])


def tied(m, rng):
    """An Embedding whose table is a Linear's weight."""
    rows, size = rng.choice([2, 9, 30, 131]), rng.choice(TERMS)
    add_layer(m, rng, "e", f"Embedding({rows}, {size})", {"weight": [rows, size]}, rng.random() < 0.5)
    bias = rng.random() < 0.5
    if bias:
        m.tensors["b"] = ([rows], [f32(rng.uniform(-0.5, 0.5)) for _ in range(rows)])
    m.lines.append(f"layer f = Linear({size}, {rows}, bias={bias}) as {m.word} from (weight=\"e.weight\""
                   + (', bias="b")' if bias else ")"))
    m.time = rng.choice([1, 5])
    m.inputs.append((["T"], "int32", rows))
    m.lines += ["input x: int32[T]", "output y = e(x)", "output z = f(y)"]
    m.outputs += [["T", size], ["T", rows]]


WAYS = [streaming, streaming, streaming, whole, linear, linear, convolution, embedding, cell, picture, tied]


def model(seed):
    rng = random.Random(f"narrow {seed}")
    m = Model(f"m{seed}", TYPES[seed % len(TYPES)])
    WAYS[seed // len(TYPES) % len(WAYS)](m, rng)
    return m


def write_tensors(m, path):
    tensors = {}
    for key, (shape, values) in m.tensors.items():
        dtype = DTYPE.get(m.kind, "F32") if len(shape) > 1 else "F32"
        if dtype == "F16":
            packed = struct.pack(f"<{len(values)}e", *values)
        else:
            packed = struct.pack(f"<{len(values)}f", *values)
            if dtype == "BF16":
                packed = b"".join(packed[i + 2:i + 4] for i in range(0, len(packed), 4))
        tensors[key] = (dtype, shape, packed)
    with open(path, "wb") as f:
        f.write(tensors_file.packed(tensors))
