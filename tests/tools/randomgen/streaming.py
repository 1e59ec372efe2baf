"""Streaming models: their steps are linked by state alone, so that a run over T steps, runs over parts of them, and
single steps must give the same bits. The time axis of each value is known; operators leave it alone."""
from . import functions, layers, patterns
from .model import NoWay
from .sizes import Size, product


def conv_with_state(b):
    """A causal Conv1d: the last inputs of one run stand before those of the next."""
    x = b.float(lambda v: v.rank == 2 and v.time == 0 and v.shape[1].const is not None and v.shape[1].const <= 33)
    channels, out, kernel = x.shape[1].const, b.size(33), b.rng.choice([2, 3, 5])
    dilation = b.rng.choice([1, 1, 2])
    reach = dilation * (kernel - 1)
    groups = b.rng.choice([g for g in (1, 1, channels) if out % g == 0])
    if (x.shape[0] * (channels * out * kernel)).hi > 400000:
        raise NoWay
    name = b.layer("Conv1d",
                   layers.arguments(b, [("in_channels", channels), ("out_channels", out), ("kernel_size", kernel)],
                                    [("dilation", dilation, 1), ("groups", groups, 1)]))
    s = b.state([channels, reach])
    joined = b.value("float32", [channels, x.shape[0] + reach], x.magnitude)
    b.bind(f"cat(({s.text}, transpose({x.text}, 0, 1)), dim=1)", joined)
    b.live.remove(joined)
    b.next_state(s, f"{joined.text}[:, {x.shape[0].text()}:]")
    b.live.pop()
    b.result(f"transpose({name}({joined.text}), 0, 1)", "float32", [x.shape[0], out], x.magnitude, time=0,
             layers=[name])
    b.count("Conv1d", "streaming")


def delay_line(b):
    x = b.float(lambda v: v.rank and v.time == 0 and product(v.shape[1:]).hi <= 100)
    length = b.rng.choice([1, 2, 5])
    s = b.state([length] + list(x.shape[1:]), b.rng.choice([None, "0.5"]))
    joined = b.value("float32", [x.shape[0] + length] + list(x.shape[1:]), x.magnitude)
    b.bind(f"cat(({s.text}, {x.text}))", joined)
    b.live.remove(joined)
    t = x.shape[0].text()
    b.next_state(s, f"{joined.text}[{t}:]")
    b.live.pop()
    text = f"{joined.text}[0:{t}] * 0.5 - {joined.text}[{length}:{t} + {length}]"
    b.result(text, "float32", x.shape, x.magnitude * 1.5, time=0)
    b.count("state", "streaming delay line")


WAYS = [(layers.recurrent, 8), (layers.linear, 4), (layers.layer_norm, 2), (layers.embedding, 2), (layers.dropout, 0.3),
        (functions.unary, 5), (functions.binary, 3), (functions.with_number, 1), (functions.reduction, 1),
        (functions.softmax, 1.5), (functions.argmax, 0.5), (functions.one_hot, 0.5), (functions.index, 1.5),
        (functions.cat, 1.5), (functions.axes_moved, 1), (functions.squash, 4), (conv_with_state, 2), (delay_line, 2),
        (patterns.with_param, 1), (patterns.centred, 0.7), (patterns.shifted, 0.5), (patterns.pooled, 0.5)]


def model(b):
    lo = b.rng.choice([1, 1, 1, 2])
    hi = b.rng.choice([lo, 2, 5, 17, 33, 40])
    steps = Size.symbol("T", 1, max(lo, hi))
    b.model.symbols["T"] = steps
    b.model.stream = "T"
    b.head("dim", f"dim T = 1..{max(lo, hi)}").symbol = "T"
    for _ in range(b.rng.choice([1, 1, 2])):
        kind = b.rng.choice(["sequence", "batched", "ids"])
        if kind == "ids":
            limit = b.rng.choice([2, 9, 30])
            v = b.input("int32", [steps] if b.chance(0.6) else [steps, b.size(5)], ("index", limit), limit, limit)
        else:
            batch = [b.size(8)] if kind == "batched" else []
            v = b.input("float32", [steps] + batch + [b.size(17 if batch else 33)], ("float",))
        v.time = 0
    wanted, tries = b.rng.choice([2, 3, 4, 6]), 0
    while wanted and tries < 200:
        tries += 1
        try:
            b.rng.choices([w for w, _ in WAYS], [p for _, p in WAYS])[0](b)
            wanted -= 1
        except NoWay:
            continue
    made = [v for v in b.live if b.model.names[v.number][0] != "i"] or b.live
    for v in b.rng.sample(made[-5:], min(len(made[-5:]), b.rng.choice([1, 2, 3]))):
        b.output(v)
    b.count("streaming", "")
    return b.finish()
