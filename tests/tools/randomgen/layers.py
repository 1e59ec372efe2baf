"""Layers with any legal options, on values that they go with. Each function adds one, or raises NoWay."""
from .model import MOST_WORK, NoWay
from .sizes import Size, product

ACTIVATIONS = ["linear", "relu", "relu6", "leaky_relu", "tanh", "sigmoid", "hard_sigmoid", "softsign", "softplus",
               "elu",
               "selu", "exponential", "gelu", "silu", "swish"]
MILD = ["relu6", "tanh", "sigmoid", "hard_sigmoid", "softsign"]   # those whose state stays small
SHORT = 4   # steps over which that of others may grow
ACTIVATION_ARGUMENTS = {"RNN": ["activation"], "LSTM": ["activation", "recurrent_activation"],
                        "GRU": ["activation", "recurrent_activation"]}


def arguments(b, positional, keywords):
    """Positional ones as they are or by keyword, keywords in any order, each only where it differs from the default or
    by chance."""
    out = [str(v) for _, v in positional]
    if b.chance(0.2):
        out[-1] = f"{positional[-1][0]}={out[-1]}"
    rest = [f"{name}={value}" for name, value, default in keywords if value != default or b.chance(0.1)]
    b.rng.shuffle(rest)
    return ", ".join(out + rest)


def boolean(b, value):
    return b.rng.choice(["true", "True"] if value else ["false", "False"])


def sized(v, axis=-1, most=10 ** 9):
    return v.rank and v.shape[axis].const is not None and v.shape[axis].const <= most


def wide_input(b, steps=None):
    """Rows of 500 to 3000 features: sums that are longer than one block."""
    shape = [steps or b.size(5), b.rng.choice([500, 512, 700, 1023, 1024, 1500, 2049, 3000])]
    return b.input("float32", shape, ("float",))


def linear(b, x=None):
    if x is None and b.chance(0.02):
        x = wide_input(b)
    x = x or b.float(lambda v: sized(v) and v.time != v.rank - 1)
    features, out = x.shape[-1].const, b.size()
    if (product(x.shape) * out).hi > MOST_WORK:
        raise NoWay
    bias = b.chance(0.7)
    name = b.layer("Linear", arguments(b, [("in_features", features), ("out_features", out)],
                                       [("bias", boolean(b, bias), "true")]))
    b.result(f"{name}({x.text})", "float32", x.shape[:-1] + (out,), x.magnitude, time=x.time, layers=[name])
    b.count("Linear", not bias and "no bias", b.counted_rank(x), out == 1 and "to 1")


def embedding(b, ids=None):
    ids = ids or b.pick(lambda v: v.dtype == "int32" and v.index_limit and v.rank < 5 and v.index_limit < 200)
    rows, size = ids.index_limit + b.rng.choice([0, 0, 1, 5]), b.size()
    keywords = []
    padding, norm, kind = b.chance(0.3), b.chance(0.5), b.rng.choice(["2.0", "1.0", "3", "inf"])
    if padding:
        keywords.append(("padding_idx", b.rng.randrange(-rows, rows), None))
    if norm:
        keywords += [("max_norm", b.rng.choice([0.3, 0.5, 1.0]), None), ("norm_type", kind, "2.0")]
    if b.chance(0.15):   # these concern training
        keywords += [(word, boolean(b, b.chance(0.5)), None) for word in ("scale_grad_by_freq", "sparse")]
    name = b.layer("Embedding", arguments(b, [("num_embeddings", rows), ("embedding_dim", size)], keywords))
    b.result(f"{name}({ids.text})", "float32", ids.shape + (size,), 1.0, time=ids.time, layers=[name])
    b.count("Embedding", padding and "padding_idx", norm and f"norm_type {kind}", b.counted_rank(ids),
            size == 1 and "to 1")


def conv1d(b, x=None):
    x = x or b.float(lambda v: v.rank in (2, 3) and sized(v, -2) and v.time is None)
    channels, length = x.shape[-2].const, x.shape[-1]
    groups = b.rng.choice([g for g in (1, 1, 1, 2, 2, 3, 3, 4, channels) if channels % g == 0])
    out = groups * b.rng.choice([1, 1, 2, 3, 5, 8, 16])
    kernel, stride = b.rng.choice([1, 2, 3, 3, 4, 5, 7]), b.rng.choice([1, 1, 1, 2, 3])
    dilation, padding = b.rng.choice([1, 1, 1, 2, 3]), b.rng.choice([0, 0, 1, 2, 3])
    mode = b.rng.choice(["zeros", "zeros", "reflect", "replicate", "circular"])
    word = b.rng.choice([None, None, None, "same", "valid"])
    reach = dilation * (kernel - 1)
    around = 2 * padding
    if word:
        padding, around = f'"{word}"', reach if word == "same" else 0
        stride = 1 if word == "same" else stride
    each = around - around // 2
    if length.lo + around - reach < 1 or (mode == "reflect" and length.lo <= each):
        raise NoWay
    if mode == "circular" and length.lo < each:
        raise NoWay
    bias = b.chance(0.7)
    result = (length + (around - reach - 1)) // stride + 1
    if (result * (out * kernel * (channels // groups)) * (x.shape[0] if x.rank == 3 else 1)).hi > MOST_WORK:
        raise NoWay
    quoted = f'"{mode}"'
    shown = [kernel, stride, padding, dilation]
    if b.chance(0.15):   # as tuples of one
        shown = [n if n == padding and word else b.rng.choice([f"({n},)", f"[{n}]"]) for n in shown]
    sizes = [("in_channels", channels), ("out_channels", out), ("kernel_size", shown[0])]
    name = b.layer("Conv1d", arguments(b, sizes, [
        ("stride", shown[1], 1), ("padding", shown[2], 0), ("dilation", shown[3], 1), ("groups", groups, 1),
        ("bias", boolean(b, bias), "true"), ("padding_mode", quoted, '"zeros"')]))
    b.result(f"{name}({x.text})", "float32", x.shape[:-2] + (out, result), x.magnitude, layers=[name])
    b.count("Conv1d", not bias and "no bias", f"rank {x.rank}", f"stride {stride}", f"dilation {dilation}",
            groups > 1 and ("depthwise" if groups == channels else "groups"), word and f"padding {word}",
            around and f"padding_mode {mode}", kernel == 1 and "kernel 1", length.const is None and "run-time length")


def layer_norm(b):
    count = b.rng.choice([1, 1, 1, 2])
    x = b.float(lambda v: v.rank >= count and all(sized(v, -1 - i) for i in range(count))
                and (v.time is None or v.time < v.rank - count))
    shape = [s.const for s in x.shape[x.rank - count:]]
    if max(shape) == 1 and not b.chance(0.1):
        raise NoWay
    text = str(shape[0]) if count == 1 and b.chance(0.6) else "(" + ", ".join(map(str, shape)) + ",)"
    if count > 1 and b.chance(0.5):
        text = "[" + ", ".join(map(str, shape)) + "]"
    elif count > 1:
        text = "(" + ", ".join(map(str, shape)) + ")"
    affine, bias, eps = b.chance(0.8), b.chance(0.8), b.rng.choice(["1e-5", "1e-3", "0.1"])
    if b.chance(0.15):
        name = b.layer("RMSNorm", arguments(b, [("normalized_shape", text)], [
            ("eps", eps, "none"), ("elementwise_affine", boolean(b, affine), "true")]))
        b.result(f"{name}({x.text})", "float32", x.shape, 2.0, time=x.time, layers=[name])
        b.count("RMSNorm", f"dims {count}", not affine and "not affine")
        return
    name = b.layer("LayerNorm", arguments(b, [("normalized_shape", text)], [
        ("eps", eps, "1e-5"), ("elementwise_affine", boolean(b, affine), "true"), ("bias", boolean(b, bias), "true")]))
    b.result(f"{name}({x.text})", "float32", x.shape, 2.0, time=x.time, layers=[name])
    b.count("LayerNorm", f"dims {count}", not affine and "not affine", affine and not bias and "no bias", f"eps {eps}")


def batch_norm(b):
    x = b.float(lambda v: v.rank in (2, 3) and sized(v, 1) and v.time is None)
    affine, eps = b.chance(0.8), b.rng.choice(["1e-5", "1e-3"])
    name = b.layer("BatchNorm1d", arguments(b, [("num_features", x.shape[1].const)], [
        ("eps", eps, "1e-5"), ("affine", boolean(b, affine), "true"),
        ("momentum", b.rng.choice(["none", "0.1"]), "none"), ("track_running_stats", "True", "True")]))
    b.result(f"{name}({x.text})", "float32", x.shape, x.magnitude * 2, layers=[name])
    b.count("BatchNorm1d", f"rank {x.rank}", not affine and "not affine")


def dropout(b):
    x = b.float()
    name = b.layer("Dropout", b.rng.choice(["", "0.1", "p=0.5"]))
    b.result(f"{name}({x.text})", "float32", x.shape, x.magnitude, time=x.time, layers=[name])
    b.count("Dropout")


# --- recurrent layers ---

def activations(b, kind, short):
    """[(argument, activation)], those with which states may grow only over short sequences; others than torch's make a
    variant."""
    if kind == "RNN" and b.chance(0.6):
        return [("nonlinearity", b.rng.choice(["tanh", "relu"] if short else ["tanh"]))]
    return [(word, b.rng.choice(ACTIVATIONS if short else MILD)) for word in ACTIVATION_ARGUMENTS[kind]
            if b.chance(0.4)]


def lengths_of(b, batch, steps):
    """An input of lengths, at times one that is there."""
    there = [v for name, number, holds in b.model.inputs for v in [b.model.values[number]]
             if holds[0] == "length" and holds[1] == steps and v.shape == (batch,)]
    if there and b.chance(0.7):
        return b.rng.choice(there)
    v = b.input("int32", [batch], ("length", steps))
    b.live.remove(v)
    return v


def initial(b, shape):
    """A value of this shape, an input or what a model has."""
    there = [v for v in b.live if v.dtype == "float32" and v.shape == tuple(shape) and v.magnitude <= 4]
    if there and b.chance(0.7):
        return b.rng.choice(there)
    if all(s.const is not None for s in shape) and b.chance(0.3):
        return b.param(shape)
    return b.input("float32", shape, ("state",))


def fixed_state(b, shape):
    if any(s.const is None for s in shape):
        raise NoWay
    return b.state(shape, b.rng.choice([None, None, "0.5", b.param(shape).text if b.chance(0.4) else None]))


def bind_results(b, text, kind, out, ends, shown, name):
    """Binds `out, h_n` or `out, (h_n, c_n)`; shown: the names of the states, or "_"."""
    pattern = shown[0] if kind != "LSTM" else f"({', '.join(shown)})"
    if kind == "LSTM" and shown[0] == "_" and b.chance(0.5):
        pattern = "_"
    s = b.bind(text, out, pattern=f"{out.text}, {pattern}", layers=[name])
    if shown[0] == "_":
        return
    s.defines += [e.number for e in ends]
    if b.model.stream is None:
        b.live += ends
    elif b.chance(0.3):   # nothing else in a streaming model may use the end of a run
        b.output(b.rng.choice(ends))


def explodes(variant):
    """A gate of almost nothing times e to the power of what such products gave before: sigmoid's absolute error
    shows."""
    return any(pick == "exponential" for _, pick in variant)


def short_sequence(b, variant):
    most = 2 if explodes(variant) else SHORT
    there = [v for v in b.live if v.dtype == "float32" and v.rank in (2, 3) and sized(v, -1, 97) and v.magnitude < 10
             and v.shape[0].hi <= most and v.shape[1].hi <= most]
    if there and b.chance(0.5):
        return b.rng.choice(there)
    batch = [b.size(most)] if b.chance(0.4) else []
    return b.input("float32", [b.size(most)] + batch + [b.size(17)], ("float",))


def recurrent(b, kind=None, variant=None, x=None):
    """variant: [(argument, activation)], on a short sequence, so that it may be any."""
    kind = kind or b.rng.choice(["RNN", "LSTM", "GRU"])
    if x is None and not variant and b.model.stream is None and b.chance(0.03):
        x = wide_input(b, b.size(3))
    if x is None:
        x = short_sequence(b, variant) if variant else b.float(
            lambda v: v.rank in (2, 3) and sized(v, -1, 97) and v.magnitude < 100 and v.time in (None, 0))
    batched, streams = x.rank == 3, b.model.stream is not None
    batch_first = batched and b.chance(0.4) and not streams
    lengths = batched and b.chance(0.25) and not streams
    layers, hidden = b.rng.choice([1, 1, 1, 2, 3]), b.size(65)
    both, bias = b.chance(0.3) and not streams, b.chance(0.8)
    given = b.rng.choice(["none", "given", "state"]) if not streams else "state"
    projected = b.rng.randrange(1, hidden) if kind == "LSTM" and hidden > 1 and b.chance(0.25) else 0
    features, directions, options = x.shape[-1].const, 2 if both else 1, []
    batch = x.shape[0 if batch_first else 1] if batched else Size.of(1)
    steps = x.shape[1 if batched and batch_first else 0]
    width = projected or hidden
    gates = {"RNN": 1, "GRU": 3, "LSTM": 4}[kind]
    work = steps * batch * (gates * hidden * (max(features, directions * width) + width) * layers * directions)
    if work.hi > MOST_WORK:
        raise NoWay
    keywords = [("num_layers", layers, 1), ("bias", boolean(b, bias), "true"),
                ("bidirectional", boolean(b, both), "false"),
                ("batch_first", boolean(b, batch_first), "false"),
                ("dropout", "0.0" if layers == 1 else b.rng.choice(["0.0", "0.3"]), "0.0")]
    if variant and given == "state":
        given = "given"
    variant = variant or activations(b, kind, steps.hi <= SHORT and given != "state")
    if kind != "RNN" and explodes(variant) and (steps.hi > 2 or layers > 1):
        raise NoWay
    for word, pick in variant:
        keywords.append((word, f'"{pick}"', None))
        options.append(f"{word} {pick}")
    if projected:
        keywords.append(("proj_size", projected, 0))
    if kind == "GRU":
        after = b.chance(0.75)
        keywords.append(("reset_after", boolean(b, after), "true"))
        options.append(None if after else "reset_after=false")
    name = b.layer(kind, arguments(b, [("input_size", features), ("hidden_size", hidden)], keywords))

    rows = [Size.of(layers * directions)] + ([batch] if batched else [])
    shapes = [rows + [Size.of(width)]] + ([rows + [Size.of(hidden)]] if kind == "LSTM" else [])
    states = []
    if given == "state":
        states = [fixed_state(b, s) for s in shapes]
    elif given == "given":
        states = [initial(b, s) for s in shapes]
    hx = "" if not states else ", " + (states[0].text if kind != "LSTM" else f"({states[0].text}, {states[1].text})")
    n = f", lengths={lengths_of(b, batch, steps).text}" if lengths else ""
    out_shape = list(x.shape[:-1]) + [directions * width]
    out = b.value("float32", out_shape, 1.0, time=x.time)
    ends = [b.value("float32", s, 1.0) for s in shapes]
    shown = [e.text for e in ends]
    if given == "state":
        for end, state in zip(ends, states):
            b.model.names[end.number] = b.model.names[state.number]
    elif b.chance(0.2):   # the tuple has a name of its own
        both_of = b.value("float32", [1])
        b.bind(f"{name}({x.text}{hx}{n})", both_of, layers=[name])
        b.live.remove(both_of)
        b.body[-1].is_tuple = True
        b.bind(f"{both_of.text}[0]", out)
        for i, end in enumerate(ends):
            b.bind(f"{both_of.text}[1]" + (f"[{i - 2 if b.chance(0.3) else i}]" if kind == "LSTM" else ""), end)
        shown = None
    elif b.chance(0.5):
        shown = ["_"] * len(ends)
    if shown is not None:
        bind_results(b, f"{name}({x.text}{hx}{n})", kind, out, ends, shown, name)
    b.count(kind, f"layers {layers}", not bias and "no bias", both and "bidirectional",
            batch_first and "batch_first", lengths and "lengths", projected and "proj_size", f"states {given}",
            not batched and "unbatched", batch.const is None and "run-time batch", shown is None and "as a tuple",
            steps.const is None and "run-time steps", hidden == 1 and "hidden 1", *options)


def cell(b, x=None, kind=None):
    kind = kind or b.rng.choice(["RNNCell", "LSTMCell", "GRUCell"])
    x = x or b.float(lambda v: v.rank in (1, 2) and sized(v, -1, 97) and v.magnitude < 100 and v.time is None)
    if b.model.stream is not None:
        raise NoWay
    hidden, bias, given = b.size(65), b.chance(0.8), b.rng.choice(["none", "given", "state"])
    batched, features = x.rank == 2, x.shape[-1].const
    gates = {"RNNCell": 1, "GRUCell": 3, "LSTMCell": 4}[kind]
    if (product(x.shape[:-1]) * (gates * hidden * (features + hidden))).hi > MOST_WORK:
        raise NoWay
    keywords = [("bias", boolean(b, bias), "true")]
    relu = kind == "RNNCell" and b.chance(0.3)
    if relu:
        keywords.append(("nonlinearity", '"relu"', '"tanh"'))
    name = b.layer(kind, arguments(b, [("input_size", features), ("hidden_size", hidden)], keywords))
    shape, count = list(x.shape[:-1]) + [Size.of(hidden)], 2 if kind == "LSTMCell" else 1
    states = []
    if given == "state" and not relu:
        states = [fixed_state(b, shape) for _ in range(count)]
    elif given != "none":
        states, given = [initial(b, shape) for _ in range(count)], "given"
    hx = "" if not states else ", " + (states[0].text if count == 1 else f"({states[0].text}, {states[1].text})")
    ends = [b.value("float32", shape) for _ in range(count)]
    if given == "state":
        for end, state in zip(ends, states):
            b.model.names[end.number] = b.model.names[state.number]
    b.bind(f"{name}({x.text}{hx})", *ends, layers=[name])
    b.count(kind, not bias and "no bias", relu and "relu", f"states {given}", not batched and "unbatched",
            batched and x.shape[0].const is None and "run-time batch")


def state_for_batches(b):
    """A state of one row, where the batch is known at run time only: every row begins with it, and it becomes what one
    of them, or all, ended with."""
    x = b.float(lambda v: v.rank == 3 and v.time is None and v.shape[1].const is None and sized(v, -1, 33)
                and v.magnitude < 100)
    if b.model.stream is not None:
        raise NoWay
    kind, hidden = b.rng.choice(["RNN", "GRU"]), b.size(33)
    if (x.elements() * (3 * hidden)).hi > MOST_WORK or (x.shape[0] * x.shape[1] * (3 * hidden * hidden)).hi > MOST_WORK:
        raise NoWay
    name = b.layer(kind, arguments(b, [("input_size", x.shape[-1].const), ("hidden_size", hidden)], []))
    s = b.state([1, 1, hidden], b.rng.choice([None, "0.25"]))
    out, end = b.value("float32", list(x.shape[:-1]) + [hidden]), b.value("float32", [1, x.shape[1], hidden])
    b.bind(f"{name}({x.text}, expand({s.text}, 1, {x.shape[1].text()}, {hidden}))", out, end, layers=[name])
    b.next_state(
        s, b.rng.choice([f"{end.text}[:, 0:1]", f"{end.text}[:, -1:]", f"mean({end.text}, dim=1, keepdim=True)"]))
    b.count(kind, "run-time batch", "one state for all rows")


ALL = [(state_for_batches, 2), (linear, 4), (embedding, 3), (conv1d, 4), (layer_norm, 2), (batch_norm, 2), (dropout, 1),
       (recurrent, 9), (cell, 4)]
