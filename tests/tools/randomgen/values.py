"""Masks, constants, moves, indices by tensors, and the reductions that are made of others. Bools stay inside of an
expression: what a model gives out is float32 or int32."""
from .functions import remaining
from .model import NoWay
from .sizes import Size


def whole(b, fits=lambda v: True):
    return b.pick(lambda v: v.dtype == "int32" and v.time is None and fits(v))


def still(b, fits=lambda v: True):
    """Float32, in a streaming model not cut."""
    return b.float(lambda v: v.time is None and fits(v))


# --- masks ---

def condition(b, x):
    """A bool of x's shape, and what it is called in the histogram."""
    ints = [v for v in b.live if v.dtype == "int32" and v.rank and v.rank <= x.rank and v.time is None
            and v.shape == x.shape[x.rank - v.rank:]]
    symbol = f"{b.rng.choice(['<', '<=', '>', '>=', '==', '!='])}"
    if ints and b.chance(0.6):
        i = b.rng.choice(ints)
        return f"({i.text} {symbol} {b.rng.choice(['2', '0', '-1', i.text + ' // 2'])})", "int32"
    if x.rank and b.chance(0.4):
        return (f"(arange({x.shape[-1].text()}) {symbol} {b.rng.choice(['1', '3', x.shape[-1].text() + ' // 2'])})",
                "arange")
    text = f"({x.text} {b.rng.choice(['<', '>='])} {b.rng.choice(['0.1', '-0.3', '1'])})"
    form = b.rng.choice(["", "", "~", "&", "|"])
    return ({"": text, "~": f"~{text}", "&": f"({text} & ({x.text} < 2))", "|": f"({text} | ({x.text} > 1.5))"}[form],
            form or "float32")


def masks(b):
    x = still(b)
    c, kind = condition(b, x)
    name, text, magnitude = b.rng.choice([
        ("where", f"where({c}, {x.text}, -0.5)", x.magnitude), ("where", f"where({c}, 1.5, {x.text})", x.magnitude + 1),
        ("where", f"where({c}, {x.text}, {x.text} * 0.5)", x.magnitude),
        ("masked_fill", f"masked_fill({x.text}, {c}, 0.25)", x.magnitude),
        ("mask arithmetic", f"{x.text} * {c}", x.magnitude),
        ("mask arithmetic", f"{c} * 2.0 + {x.text}", x.magnitude + 2)])
    b.result(text, "float32", x.shape, magnitude)
    b.count(name, kind)


def mask_counts(b):
    x = still(b, lambda v: v.rank)
    c, kind = condition(b, x)
    if kind in ("int32", "arange"):
        c = f"({c} & ({x.text} == {x.text}))"   # of x's shape
    axis = b.axis(x)
    name = b.rng.choice(["sum", "any", "all", "cumsum"])
    keep = name != "cumsum" and b.chance(0.3)
    shape = x.shape if name == "cumsum" else remaining(x, [axis], keep)
    text = f"{name}({c}, {b.signed(axis, x.rank)}{', keepdim=True' if keep else ''})"
    if name in ("any", "all"):
        text = f"where({text}, 3, {b.rng.choice(['-1', '0'])})"
    b.result(text, "int32", shape, x.shape[axis].hi + 3)
    b.count(name, "of bools", kind)


# --- constants ---

def constant(b):
    x = b.pick(lambda v: v.time is None)
    sizes = ", ".join(s.text() for s in x.shape)
    size = f"({sizes}{',' * (x.rank == 1)})"
    rows = [("zeros", f"zeros({size})", "float32", 0), ("ones", f"ones({size}, dtype=int32)", "int32", 1),
            ("full", f"full({size}, -0.75)", "float32", 1), ("full", f"full({size}, 3)", "int32", 3),
            ("zeros_like", f"zeros_like({x.text})", x.dtype, 0), ("full_like", f"full_like({x.text}, 2)", x.dtype, 2)]
    name, text, dtype, magnitude = b.rng.choice(rows)
    b.result(text, dtype, x.shape, magnitude, magnitude + 1 if dtype == "int32" else None)
    b.count(name)


def counting(b):
    x = b.pick(lambda v: v.rank and v.time is None)
    s = b.rng.choice(x.shape)
    t = s.text()
    name, text, dtype, shape, limit = b.rng.choice([
        ("arange", f"arange({t})", "int32", [s], s.hi), ("arange", f"arange({t} - 1, -1, -1)", "int32", [s], s.hi),
        ("arange", f"arange({t}, dtype=float32)", "float32", [s], None), ("eye", f"eye({t})", "float32", [s, s], None),
        ("size", f"arange({t}) / {t}", "float32", [s], None), ("size", f"arange({t}) * 2 + {t}", "int32", [s], None),
        ("tensor", "tensor([[0.5, -1], [2, 1e-3]])", "float32", [2, 2], None),
        ("tensor", "tensor([3, 0, 1])", "int32", [3], 4)])
    b.result(text, dtype, shape, 3 * s.hi + 4, limit)
    b.count(name, "run-time" if s.const is None else "")


# --- moves ---

def moves(b):
    x = b.pick(lambda v: v.rank and v.time is None)
    axis = b.axis(x)
    a, s, shape, limit = b.signed(axis, x.rank), x.shape[axis], list(x.shape), x.index_limit
    name = b.rng.choice(["flip", "flip", "roll", "repeat", "tile", "repeat_interleave", "expand", "narrow",
                         "select", "movedim"])
    n = b.rng.choice([1, 2, 3])
    if name == "flip":
        axes = sorted(b.rng.sample(range(x.rank), min(x.rank, b.rng.choice([1, 1, 2]))))
        text = f"flip({x.text}, ({', '.join(map(str, axes))},))"
    elif name == "roll":
        text = f"roll({x.text}, {b.rng.choice([1, -1, 2, -5, 40])}, {a})" if b.chance(0.8) else f"roll({x.text}, {n})"
    elif name == "repeat":
        times = [n if i == axis else b.rng.choice([1, 1, 1, 2]) for i in range(x.rank)]
        shape = [v * t for v, t in zip(shape, times)]
        text = f"repeat({x.text}, {', '.join(map(str, times))})"
    elif name == "tile":
        shape[-1] = shape[-1] * n
        text = f"tile({x.text}, {n})"
    elif name == "repeat_interleave":
        shape[axis] = s * n
        text = f"repeat_interleave({x.text}, {n}, {a})"
    elif name == "expand":
        shape = [Size.of(n)] + shape
        text = f"expand({x.text}, {n}, {', '.join('-1' for _ in x.shape)})"
    elif name == "narrow":
        cut = b.rng.choice([0, 1])
        if s.lo <= cut:
            raise NoWay
        shape[axis] = s - cut
        text = f"narrow({x.text}, {a}, {cut}, {shape[axis].text()})"
    elif name == "select":
        del shape[axis]
        text = f"select({x.text}, {a}, {b.rng.choice(['0', '-1'])})"
    else:
        other = b.axis(x)
        shape.insert(other, shape.pop(axis))
        text = f"movedim({x.text}, {a}, {b.signed(other, x.rank)})"
    b.result(text, x.dtype, shape, x.magnitude, limit)
    b.count(name, x.dtype, b.counted_rank(x))


def parts(b):
    x = b.pick(lambda v: v.rank and v.time is None and any(s.const and s.const >= 2 for s in v.shape))
    axis = b.axis(x, lambda s: s.const and s.const >= 2)
    size, a = x.shape[axis].const, b.signed(axis, x.rank)
    name = b.rng.choice(["chunk", "split", "split sizes", "unbind"])
    if name == "unbind" and size > 6:
        raise NoWay
    if name == "split sizes":
        first = b.rng.randint(1, size - 1)
        sizes, text = [first, size - first], f"split({x.text}, [{first}, {size - first}], {a})"
    else:
        n = b.rng.choice([2, 3])
        each = 1 if name == "unbind" else -(-size // n) if name == "chunk" else n
        sizes = [min(each, size - i) for i in range(0, size, each)]
        text = {"chunk": f"chunk({x.text}, {n}, dim={a})", "split": f"split({x.text}, {n}, {a})",
                "unbind": f"unbind({x.text}, {a})"}[name]
    if len(sizes) > 6 or len(sizes) < 2:
        raise NoWay
    made = []
    for s in sizes:
        shape = list(x.shape)
        shape[axis:axis + 1] = [] if name == "unbind" else [Size.of(s)]
        made.append(b.value(x.dtype, shape, x.magnitude, x.index_limit))
    b.bind(text, *made)
    b.count(name, x.dtype)


# --- indices ---

def index_below(b, limit):
    """int32 values that nnc can tell to be less than limit."""
    i = whole(b, lambda v: v.rank <= 2)
    if i.index_limit and i.index_limit <= limit and b.chance(0.6):
        return i, i.text
    return i, b.rng.choice([f"({i.text} % {limit})", f"clamp({i.text}, 0, {limit - 1})",
                            f"(abs({i.text} % 7) % {limit})"])


def by_index(b):
    x = b.pick(lambda v: v.rank and v.time is None)
    axis = b.axis(x, lambda s: s.const is not None)
    i, t = index_below(b, x.shape[axis].const)
    name = b.rng.choice(["take", "index_select", "take_along_dim", "scatter_add"])
    shape = list(x.shape)
    if name == "take":
        if axis:
            raise NoWay
        text, shape = f"({x.text})[{t}]", list(i.shape) + shape[1:]
    elif i.rank != 1:
        raise NoWay
    elif name == "index_select":
        text = f"index_select({x.text}, {b.signed(axis, x.rank)}, {t})"
        shape[axis] = i.shape[0]
    else:
        view = "(" + "".join(f"{i.shape[0].text() if k == axis else 1}, " for k in range(x.rank)) + ")"
        if name == "take_along_dim":
            text = f"take_along_dim({x.text}, view({t}, {view}), {axis})"
            shape[axis] = i.shape[0]
        else:
            if x.rank != 1 or x.dtype != "float32" or x.magnitude > 1e6:
                raise NoWay
            text = f"scatter_add({x.text}, 0, {t}, full({view}, 0.5))"
    b.result(text, x.dtype, shape, x.magnitude + (i.elements().hi if name == "scatter_add" else 0), x.index_limit)
    b.count(name, x.dtype, "first" if axis == 0 else "inner")


def int_division(b):
    i = whole(b)
    n = b.rng.choice([2, 3, 7, -3, 1])
    name, text = b.rng.choice([("//", f"{i.text} // {n}"), ("%", f"{i.text} % {n}"),
                               ("//", f"100 // ({i.text} % 5 + 1)")])
    b.result(text, "int32", i.shape, 101 + i.magnitude, n if name == "%" and n > 0 else None)
    b.count(name)


# --- reductions ---

def reductions(b):
    x = still(b, lambda v: v.rank and v.magnitude < 100)
    axis, keep = b.axis(x), b.chance(0.3)
    a, t, s = b.signed(axis, x.rank), x.text, x.shape[axis]
    k = ", keepdim=True" if keep else ""
    shape = remaining(x, [axis], keep)
    name, text, shape = b.rng.choice([
        ("prod", f"prod(tanh({t}) * 0.5 + 1, {a}{k})", shape), ("cumsum", f"cumsum({t}, {a})", x.shape),
        ("var", f"var({t}, {a}{k})" if s.lo > 1 else f"var({t}, {a}, unbiased=False{k})", shape),
        ("std", f"std({t} * 0.5, dim={a}, unbiased=False{k}) + 1", shape), ("norm", f"norm({t}, dim={a}{k})", shape),
        ("norm", f"norm({t}, {b.rng.choice(['1', 'inf', '3'])}, {a}{k})", shape),
        ("logsumexp", f"logsumexp({t}, {a}{k})", shape),
        ("normalize", f"normalize({t}, dim={a}, eps=0.01)", x.shape), ("amax", f"amax({t}, {a}{k})", shape),
        ("cosine_similarity", f"cosine_similarity({t}, {t} + 1, {a}, eps=0.1)", remaining(x, [axis], False))])
    if name == "prod" and s.hi > 40:
        raise NoWay
    b.result(text, "float32", shape,
             {"prod": 1e8, "cumsum": x.magnitude * s.hi, "var": x.magnitude ** 2}.get(name, x.magnitude * 9 + 1))
    b.count(name, "last" if axis == x.rank - 1 else "inner", keep and "keepdim")


def pairs(b):
    x = b.pick(lambda v: v.rank and v.time is None and v.magnitude < 1e9)
    axis, name = b.axis(x), b.rng.choice(["max", "min", "topk", "argmin"])
    a, s = b.signed(axis, x.rank), x.shape[axis]
    shape = remaining(x, [axis], False)
    if name == "argmin":
        b.result(f"argmin({x.text}, {a})", "int32", shape, s.hi, s.hi)
    else:
        if name == "topk":
            k = b.rng.choice([n for n in (1, 2, 3) if n <= s.lo])
            shape = list(x.shape)
            shape[axis] = Size.of(k)
            text = f"topk({x.text}, {k}, {a}{b.rng.choice(['', ', largest=False'])})"
        else:
            text = f"{name}({x.text}, dim={a})"
        b.bind(text, b.value(x.dtype, shape, x.magnitude, x.index_limit), b.value("int32", shape, s.hi, s.hi))
    b.count(name, "with places", x.dtype)


def products(b):
    x = still(b, lambda v: v.rank and v.magnitude < 1e4 and v.shape[-1].const is not None)
    w = b.param([b.size(9), x.shape[-1]])
    name, text = b.rng.choice([("linear", f"linear({x.text}, {w.text})"), ("@", f"{x.text} @ t({w.text})"),
                               ("linear", f"linear({x.text}, {w.text} * 0.5)")])
    if (x.elements() * w.shape[0]).hi > 100000:
        raise NoWay
    b.result(text, "float32", list(x.shape[:-1]) + [w.shape[0]], x.magnitude * 4)
    b.count(name, b.counted_rank(x))


ALL = [(masks, 4), (mask_counts, 2), (constant, 1), (counting, 1.5), (moves, 5), (parts, 2), (by_index, 4),
       (int_division, 1.5),
       (reductions, 4), (pairs, 3), (products, 1.5)]
