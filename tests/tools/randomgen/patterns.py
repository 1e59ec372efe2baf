"""What models are made of above single operators: states that shift, turn and change places, and common ways to combine
a value with other views of itself."""
import re

from .functions import time_after, remaining
from .model import NoWay, Statement
from .sizes import Size


# --- states ---

def state(b):
    """A state that a value is mixed into; it may be bound twice, or be an output too."""
    x = b.float(lambda v: v.constant and v.elements().const <= 200 and v.magnitude < 100 and v.time is None)
    s = b.state(x.shape, b.rng.choice([None, None, "0.25", "-1", b.param(x.shape).text + " * 2"]))
    if b.chance(0.2):
        b.live.append(s)
        b.count("state", "only read")
        return
    text = b.rng.choice([f"{s.text} * 0.5 + {x.text}", f"tanh({s.text} - {x.text})", f"max({s.text}, {x.text})",
                         f"{x.text}"])
    before = b.result(f"{s.text} + 0.125", "float32", x.shape, x.magnitude + 1) if b.chance(0.3) else None
    s.magnitude = 2 * x.magnitude + 1
    v = b.next_state(s, text)
    if b.chance(0.2):
        v = b.next_state(v, f"{v.text} * 0.5")
        b.count("state", "bound twice")
    b.count("state", "value before" if before else "")


def delay(b):
    """The end of one run's input goes in front of the next's."""
    x = b.float(lambda v: v.rank and v.shape[0].const is None and len(v.shape[0].terms) == 1 and v.time is None
                and all(s.const is not None for s in v.shape[1:]))
    length = b.rng.choice([1, 2, 3])
    s = b.state([length] + list(x.shape[1:]))
    total = x.shape[0] + length
    joined = b.result(f"cat(({s.text}, {x.text}))", "float32", [total] + list(x.shape[1:]), x.magnitude)
    b.next_state(s, f"{joined.text}[{x.shape[0].text()}:]")
    b.count("state", "delay line")


def small_state(b, rank_at_least=1):
    """A new state, of the shape of some value or of one of its own."""
    rank = b.rng.choice([r for r in (1, 2, 2, 3) if r >= rank_at_least])
    shape = [b.size(9) for _ in range(rank)]
    if b.chance(0.4):
        shape[:2] = shape[:1] * min(rank, 2)
    return b.state(shape, b.rng.choice([None, "0.5", b.param(shape).text, b.param(shape).text + " - 0.25"]))


def history(b):
    """The newest value goes in, the oldest out; or the other way round."""
    x = b.float(lambda v: v.constant and v.elements().const <= 100 and v.rank < 5 and v.magnitude < 100)
    length = b.rng.choice([2, 3, 5])
    s = b.state([length] + list(x.shape))
    new = b.rng.choice([f"unsqueeze({x.text}, 0)", f"{x.text}[None]"]) if x.rank else f"view({x.text}, 1)"
    text = b.rng.choice([f"cat(({s.text}[1:], {new}))", f"cat(({new}, {s.text}[:-1]))"])
    s.magnitude = x.magnitude
    v = b.next_state(s, text)
    if b.chance(0.5):
        b.result(f"mean({v.text}, dim=0)", "float32", x.shape, x.magnitude)
    b.count("state", "history")


def turned(b):
    """A state that becomes another view of itself."""
    s = b.state([b.size(9)] * 2) if b.chance(0.4) else small_state(b)
    before = b.result(f"{s.text} * 2", "float32", s.shape) if b.chance(0.5) else None
    rank, t = s.rank, s.text
    square = rank >= 2 and s.shape[0] == s.shape[1]
    forms = [("rolled", f"cat(({t}[1:], {t}[:1]))" if s.shape[0].const > 1 else t),
             ("shifted", f"pad({t}, (1, -1))" if s.shape[-1].const > 1 else f"{t} + 1"),
             ("reshaped", f"view(transpose({t}, 0, -1), {', '.join(d.text() for d in s.shape)})")]
    if square:
        forms.append(("transposed", f"transpose({t}, 0, 1)"))
    option, text = b.rng.choice(forms)
    b.next_state(s, text)
    b.count("state", option, "value before" if before else "")


def swapped(b):
    """Two or three states that change places."""
    shape = [b.size(9) for _ in range(b.rng.choice([1, 2]))]
    states = [b.state(shape, b.rng.choice([None, "0.5", b.param(shape).text])) for _ in range(b.rng.choice([2, 3]))]
    new = [b.value("float32", shape) for _ in states]
    for v, s in zip(new, states):
        b.model.names[v.number] = b.model.names[s.number]
    sources = [s.text for s in states[1:] + states[:1]]
    if b.chance(0.5):
        sources[0] = f"{sources[0]} + {states[0].text}" if b.chance(0.5) else f"-{sources[0]}"
    b.bind(f"({', '.join(sources)})", *new)
    b.count("state", "swapped")


def shown_state(b):
    """An output on a state's name."""
    x = b.float(lambda v: v.constant and v.elements().const <= 200 and v.magnitude < 100)
    s = b.state(x.shape, b.rng.choice([None, "1.5"]))
    text = b.rng.choice([f"{s.text} * 0.25 + {x.text}", f"{x.text}", f"max({s.text}, {x.text})"])
    v = b.value("float32", s.shape, x.magnitude * 2)
    b.model.names[v.number] = b.model.names[s.number]
    o = Statement("output", f"output {v.text} = {text}", [v.number])
    o.outputs = [v.number]
    b.body.append(o)
    b.live.append(v)
    b.count("state", "output")


# --- values with themselves and with params ---

def with_param(b):
    x = b.float(lambda v: v.rank and v.shape[-1].const is not None)
    count = 1
    while count < x.rank and x.shape[-1 - count].const is not None and b.chance(0.6):
        count += 1
    shape = [Size.of(1) if b.chance(0.2) else s for s in x.shape[x.rank - count:]]
    if x.time is not None and x.time >= x.rank - count:
        raise NoWay
    p = b.param(shape).text
    text = b.rng.choice([f"{x.text} + {p}", f"{x.text} * {p} - 1", f"{p} - {x.text}", f"{x.text} * sigmoid({p})"])
    b.result(text, "float32", x.shape, x.magnitude + 1, time=x.time)
    b.count("param", f"rank {count}" if count < 3 else "rank 3 or more")


def shifted(b):
    """Neighbours along a dim."""
    x = b.float(lambda v: v.rank)
    axis = b.axis(x, lambda s: s.lo > 1)
    n = b.rng.randint(1, min(x.shape[axis].lo - 1, 3))
    colons = ":, " * axis
    text = f"{x.text}[{colons}{n}:] {b.rng.choice('+-*')} {x.text}[{colons}:-{n}]"
    b.result(text, "float32", [s - n if i == axis else s for i, s in enumerate(x.shape)], 2 * x.magnitude, time=x.time)
    b.count("pattern", "neighbours")


def centred(b):
    x = b.float(lambda v: v.rank)
    axis = b.axis(x)
    if b.chance(0.5):
        text = f"{x.text} - mean({x.text}, dim={axis}, keepdim=True)"
    else:
        text = f"{x.text} / (max(abs({x.text}), dim={axis}, keepdim=True) + 0.1)"
    b.result(text, "float32", x.shape, 2 * x.magnitude, time=x.time)
    b.count("pattern", "centred")


def outer(b):
    x = b.float(lambda v: v.rank == 1 and v.elements().hi <= 70 and v.time is None)
    sign = b.rng.choice("+-*")
    b.result(f"{x.text}[:, None] {sign} {x.text}[None]", "float32", x.shape * 2, x.magnitude ** 2 + 1)
    b.count("pattern", "outer")


def attention(b):
    x = b.float(lambda v: v.rank in (2, 3) and v.time is None and v.magnitude < 20 and v.shape[-1].const is not None)
    if ((x.elements() * x.shape[-2])).hi > 100000:
        raise NoWay
    scores = f"matmul({x.text}, transpose({x.text}, -2, -1)) / {b.rng.choice(['4', '2.5'])}"
    b.result(f"matmul(softmax({scores}, dim=-1), {x.text})", "float32", x.shape, x.magnitude)
    b.count("pattern", "attention")


def pooled(b):
    """Over a dim by the sum of two ways to reduce it."""
    x = b.float(lambda v: v.rank)
    axis = b.axis(x)
    text = f"mean({x.text}, dim={axis}) + max({x.text}, dim={axis})"
    b.result(text, "float32", remaining(x, [axis], False), 2 * x.magnitude, time=time_after(x, [axis], False))
    b.count("pattern", "pooled")


# --- layers ---

def again(b):
    """A layer once more, on another value of the same kind; each kind of layer as often."""
    calls, kinds = {}, {name: kind for name, kind, _ in b.layers}
    for s in b.body:
        call = re.fullmatch(r"[\w.]+\(\$(\d+)(, .*)?\)", s.text)
        if s.kind == "bind" and s.layers and call and not getattr(s, "is_tuple", False):
            x = b.model.values[int(call[1])]
            fits = [v for v in b.live if (v.dtype, v.shape, v.index_limit) == (x.dtype, x.shape, x.index_limit)]
            calls.setdefault(kinds[s.layers[0]], []).extend(
                (s, v, call[2] or "") for v in fits if v.magnitude <= max(x.magnitude, 4))
    kind = b.rng.choice([k for k in sorted(calls) if calls[k]] or [None])
    if kind is None:
        raise NoWay
    s, v, rest = b.rng.choice(calls[kind])   # rest: states and lengths, the same ones
    new = {}
    for n in s.defines:
        old = b.model.values[n]
        new[n] = b.value(old.dtype, old.shape, old.magnitude, old.index_limit)
    pattern = re.sub(r"\$(\d+)", lambda m: new[int(m[1])].text, s.pattern)
    b.bind(f"{s.layers[0]}({v.text}{rest})", *new.values(), pattern=pattern, layers=s.layers)
    b.model.options.append((kind, "shared"))


ALL = [(again, 6), (state, 1.2), (delay, 0.7), (history, 0.7), (turned, 1), (swapped, 0.5), (shown_state, 0.6),
       (with_param, 1.5), (shifted, 1), (centred, 1), (outer, 0.7), (attention, 0.7), (pooled, 0.7)]
