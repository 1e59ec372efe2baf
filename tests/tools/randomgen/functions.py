"""Functions and operators with any legal arguments. Each function adds one, or raises NoWay."""
from .model import NoWay
from .sizes import Size, product


def number(b, *choices):
    return b.rng.choice(choices)


# --- elementwise ---

def unary(b):
    x = b.float()
    m, t = x.magnitude, x.text
    slope, alpha, beta = number(b, "0.2", "-0.5", "1.5"), number(b, "0.5", "2"), number(b, "1", "2.0", "0.5")
    threshold = number(b, "1", "3", "20")
    bounded = t if m <= 4 else f"clamp({t}, -4, 4)"
    away = number(b, f"(abs({t}) + 0.5)", f"({t} * {t} + 0.25)")
    name, option, text, magnitude = b.rng.choice([   # one of: name, option, text, about how large results are
        ("relu", "", f"relu({t})", m), ("relu", "inplace", f"relu({t}, inplace=True)", m), ("neg", "", f"-{t}", m),
        ("abs", "", f"abs({t})", m), ("leaky_relu", "", f"leaky_relu({t})", m),
        ("leaky_relu", "negative_slope", f"leaky_relu({t}, negative_slope={slope})", 1.5 * m),
        ("elu", "", f"elu({t})", m), ("elu", "alpha", f"elu({t}, alpha={alpha})", m + 2), ("gelu", "", f"gelu({t})", m),
        ("gelu", "tanh", f'gelu({t}, approximate="tanh")', m), ("sigmoid", "", f"sigmoid({t})", 1),
        ("tanh", "", f"tanh({t})", 1), ("hardtanh", "", f"hardtanh({t})", 1),
        ("hardtanh", "bounds", f"hardtanh({t}, min_val=-0.25, max_val=2)", 2),
        ("softplus", "", f"softplus({t})", m + 1),
        ("softplus", "beta", f"softplus({t}, beta={beta}, threshold={threshold})", m + 1),
        *((f, "", f"{f}({t})", 1) for f in ("hardsigmoid", "softsign", "sin", "cos", "atan", "erf")),
        *((f, "", f"{f}({t})", m + 1)
          for f in ("relu6", "celu", "silu", "mish", "hardswish", "logsigmoid", "tanhshrink",
                                                "softshrink")),
        ("selu", "", f"selu({t})", 1.1 * m + 2), ("celu", "alpha", f"celu({t}, alpha={alpha})", m + 2),
        ("softshrink", "lambd", f"softshrink({t}, 0.25)", m), ("square", "", f"square({t})", m * m),
        ("exp2", "", f"exp2({bounded})", 16), ("expm1", "", f"expm1({bounded})", 55),
        ("log1p", "", f"log1p({away})", 4),
        ("log2", "", f"log2({away})", 6), ("log10", "", f"log10({away})", 2), ("rsqrt", "", f"rsqrt({away})", 2),
        ("reciprocal", "", f"reciprocal({away})", 4),
        ("exp", "", f"exp({bounded})", 55), ("log", "", f"log({away})", 4), ("sqrt", "", f"sqrt({away})", m + 1),
        ("clamp", "both", f"clamp({t}, -0.5, 0.75)", 1), ("clamp", "min", f"clamp({t}, min=0.1)", m),
        ("clamp", "max", f"clamp({t}, max=0.3)", m), ("clamp", "crossed", f"clamp({t}, 1, -1)", 1),
        ("clamp", "tensors", f"clamp({t}, {t} * 0.5, {t} + 0.25)", m + 1), ("pow", "2", f"pow({t}, 2)", m * m),
        ("pow", "3", f"pow({t}, 3)", m ** 3), ("pow", "0.5", f"{away} ** 0.5", m + 1),
        ("pow", "-1", f"pow({away}, -1)", 4),
        ("pow", "real", f"pow({away}, 1.7)", m * m), ("pow", "-0.5", f"{away} ** -0.5", 2),
        ("pow", "1", f"pow({t}, 1)", m),
        ("pow", "0", f"pow({t}, 0)", 1), ("pow", "base", f"pow(0.7, {bounded})", 5),
        ("pow", "-2", f"pow({t}, -2.0)" if b.chance(0.05) else f"pow({away}, -2)", 16)])
    b.result(text, "float32", x.shape, min(magnitude, 1e30), time=x.time)
    b.count(name, option)


def broadcast(a, c):
    """The shape, or NoWay."""
    out = []
    for i in range(1, max(a.rank, c.rank) + 1):
        x = a.shape[-i] if i <= a.rank else Size.of(1)
        y = c.shape[-i] if i <= c.rank else Size.of(1)
        if x != y and x != 1 and y != 1:
            raise NoWay
        out.insert(0, y if x == 1 else x)
    return out


def common_time(values, rank):
    """Counted from the front of a shape of this rank; -1 when none has one; NoWay when they differ."""
    found = {v.time + rank - v.rank for v in values if v.time is not None}
    if len(found) > 1:
        raise NoWay
    return found.pop() if found else None


BINARY = ["+", "-", "*", "/", "max", "min", "pow", "clamp"]
INT_BINARY = ["+", "-", "*", "max", "min"]


def two_that_fit(b):
    x = b.float()
    for _ in range(9):   # most do not
        y = b.pick(lambda v: v is not x or b.chance(0.2))
        try:
            broadcast(x, y)
            return x, y
        except NoWay:
            continue
    raise NoWay


def binary(b, pair=None, name=None):
    x, y = pair or two_that_fit(b)
    shape = broadcast(x, y)
    time = common_time([x, y], len(shape))
    if b.model.stream and time is not None and [v.time for v in (x, y) if v.time is None and v.rank] and any(
            v.time is None and len(shape) - v.rank <= time and v.shape[time - len(shape) + v.rank] != 1
            for v in (x, y)):
        raise NoWay
    if b.chance(0.5):
        x, y = y, x
    s, t, m, n = x.text, y.text, x.magnitude, y.magnitude
    name = name or b.rng.choice(BINARY)
    text, magnitude = {
        "+": (f"{s} + {t}", m + n), "-": (f"{s} - {t}", m + n), "*": (f"{s} * {t}", m * n),
        "/": (f"{s} / (abs({t}) + 0.5)", 2 * m), "max": (f"max({s}, {t})", max(m, n)),
        "min": (f"min({s}, {t})", max(m, n)),
        "pow": (f"pow(abs({s}) + 0.5, clamp({t}, -2.0, 2.0))", (m + 1) ** 2),
        "clamp": (f"clamp({s}, {b.rng.choice(['min', 'max'])}={t})", max(m, n))}[name]
    if x.dtype == y.dtype == "int32":
        raise NoWay
    b.result(text, "float32", shape, min(magnitude, 1e30), time=time)
    b.count(name, x.shape != y.shape and "broadcast", x.dtype != y.dtype and "with int32")


def with_number(b):
    x = b.float()
    c = number(b, "2", "0.5", "-1.25", "3", "1e-3", "0.1")
    name, text = b.rng.choice([("+", f"{x.text} + {c}"), ("-", f"{c} - {x.text}"), ("*", f"{c} * {x.text}"),
                               ("/", f"{x.text} / {c}"), ("/", f"{c} / (abs({x.text}) + 1)"), ("-", f"{x.text} - {c}")])
    b.result(text, "float32", x.shape, x.magnitude * 3, time=x.time)
    b.count(name, "number")


def int_arithmetic(b, pair=None, name=None):
    if b.model.stream:
        raise NoWay
    x, y = pair or (b.pick(lambda v: v.dtype == "int32"), b.pick(lambda v: v.dtype == "int32"))
    s, t = x.text, y.text
    binary_forms = {"+": f"{s} + {t}", "-": f"{s} - {t}", "*": f"{s} * {t}", "max": f"max({s}, {t})",
                    "min": f"min({s}, {t})"}
    if name or b.chance(0.4):
        name = name or b.rng.choice(INT_BINARY)
        text, shape = binary_forms[name], broadcast(x, y)
    else:
        name, text = b.rng.choice([
            ("+", f"{s} + 7"), ("*", f"{s} * -3"), ("*", f"{s} * 100000007"), ("neg", f"-{s}"), ("abs", f"abs({s})"),
            ("relu", f"relu({s})"), ("pow", f"{s} ** {b.rng.choice([0, 1, 2, 3, 5])}"), ("clamp", f"clamp({s}, -2, 3)"),
            ("hardtanh", f"hardtanh({s}, -1, 2)"), ("-", f"5 - {s}")])
        shape, y = x.shape, x
    b.result(text, "int32", shape, 1e9 if name in ("*", "pow") else x.magnitude + y.magnitude + 7)
    b.count(name, "int32", x.shape != y.shape and "broadcast")


def int_to_float(b):
    x = b.pick(lambda v: v.dtype == "int32" and v.magnitude < 1e6)
    name, text = b.rng.choice([("/", f"{x.text} / 3"), ("*", f"{x.text} * 0.25"), ("+", f"{x.text} + 0.5"),
                               ("sigmoid", f"sigmoid({x.text})"), ("tanh", f"tanh({x.text})"),
                               ("softplus", f"softplus({x.text})"), ("elu", f"elu({x.text})"),
                               ("sqrt", f"sqrt(abs({x.text}))"), ("gelu", f"gelu({x.text})"),
                               ("leaky_relu", f"leaky_relu({x.text})"), ("exp", f"exp(clamp({x.text}, -4, 4))")])
    b.result(text, "float32", x.shape, x.magnitude, time=x.time)
    b.count(name, "from int32")


# --- over dims ---

def axes_text(b, v, most=3):
    """Some dims as an argument, those that remain, and how many they are; in a streaming model never the cut one."""
    free = [i for i in range(v.rank) if i != v.time]
    if not free:
        raise NoWay
    axes = sorted(b.rng.sample(free, min(len(free), b.rng.choice([1, 1, 1, 2, most]))))
    shown = [b.signed(a, v.rank) for a in axes]
    if len(shown) > 1 and b.chance(0.3):
        b.rng.shuffle(shown)
    text = str(shown[0]) if len(shown) == 1 and b.chance(0.7) else "(" + ", ".join(map(str, shown)) + (
        "," * (len(shown) == 1)) + ")"
    return axes, text


def remaining(v, axes, keep):
    return [Size.of(1) if i in axes else s for i, s in enumerate(v.shape) if keep or i not in axes]


def time_after(v, axes, keep):
    return None if v.time is None else v.time if keep else v.time - sum(a < v.time for a in axes)


def reduction(b, x=None, name=None, dims=None):
    """dims: how many; otherwise one, several or all."""
    x = x or b.pick(lambda v: v.rank and (v.dtype == "float32" or v.magnitude < 1e6))
    name = name or b.rng.choice(["sum", "mean", "max", "min"] if x.dtype == "float32" else ["sum", "max", "min"])
    keep, start = b.chance(0.4), f"{name}({x.text}"
    if x.time is None and not dims and b.chance(0.25):
        axes, keep = list(range(x.rank)), keep and name in ("sum", "mean")
        text = start + (", dim=None, keepdim=True)" if keep else ")")
        counted = "all"
    else:
        if dims:
            axes = sorted(b.rng.sample(range(x.rank), dims))
            shown = f"({', '.join(map(str, axes))},)"
        elif name in ("max", "min"):
            axes = [b.axis(x)]
            shown = str(b.signed(axes[0], x.rank))
        else:
            axes, shown = axes_text(b, x)
        by_name = "dim=" if name in ("max", "min") or b.chance(0.5) else ""
        text = f"{start}, {by_name}{shown}" + (", keepdim=True)" if keep else ")")
        counted = f"dims {len(axes)}"
    magnitude = x.magnitude * (2 if name == "sum" else 1)
    b.result(text, x.dtype, remaining(x, axes, keep), magnitude, time=time_after(x, axes, keep))
    b.count(name, counted, keep and "keepdim", "last" if x.rank - 1 in axes else "inner", x.dtype)


def argmax(b, x=None):
    x = x or b.pick(lambda v: v.rank and (v.dtype == "float32" or not b.model.stream and b.chance(0.5)))
    keep = b.chance(0.3)
    if x.time is None and b.chance(0.2):
        most = x.elements().hi
        if x.elements().const is None and most > 200:
            raise NoWay
        shape = remaining(x, range(x.rank), keep)
        b.result(f"argmax({x.text}{', dim=None, keepdim=True' if keep else ''})", "int32", shape, most, most)
        b.count("argmax", "all", x.dtype)
        return
    axis = b.axis(x)
    text = f"argmax({x.text}, dim={b.signed(axis, x.rank)}{', keepdim=True' if keep else ''})"
    b.result(text, "int32", remaining(x, [axis], keep), x.shape[axis].hi, x.shape[axis].hi, time_after(x, [axis], keep))
    b.count("argmax", keep and "keepdim", "last" if axis == x.rank - 1 else "inner", x.dtype)


def softmax(b, x=None, name=None):
    x = x or b.pick(lambda v: v.rank and v.magnitude < 1e3)
    axis, name = b.axis(x), name or b.rng.choice(["softmax", "log_softmax"])
    b.result(f"{name}({x.text}, dim={b.signed(axis, x.rank)})", "float32", x.shape,
             1 if name == "softmax" else x.magnitude + 4,
             time=x.time)
    b.count(name, "last" if axis == x.rank - 1 else "inner", "run-time" if x.shape[axis].const is None else "", x.dtype)


# --- views ---

def view(b):
    x = b.pick(lambda v: v.time is None)
    shape = list(x.shape)
    for _ in range(b.rng.choice([1, 1, 2])):
        way = b.rng.choice(["merge", "split", "one", "drop", "flat"])
        if way == "merge" and len(shape) > 1:
            i = b.rng.randrange(len(shape) - 1)
            shape[i:i + 2] = [shape[i] * shape[i + 1]]
        elif way == "split":
            i = b.rng.randrange(len(shape)) if shape else 0
            c = shape[i].const if shape else None
            by = [d for d in range(1, (c or 0) + 1) if c % d == 0]
            if by:
                d = b.rng.choice(by)
                shape[i:i + 1] = [Size.of(d), Size.of(c // d)]
        elif way == "one":
            shape.insert(b.rng.randint(0, len(shape)), Size.of(1))
        elif way == "drop" and any(s == 1 for s in shape):
            shape.remove(Size.of(1))
        elif way == "flat":
            shape = [product(shape)]
    if len(shape) > 6:
        raise NoWay
    shown = [s.text() for s in shape]
    if shown and b.chance(0.4):
        shown[b.rng.randrange(len(shown))] = "-1"
    name = b.rng.choice(["view", "reshape"])
    sizes = ", ".join(shown)
    form = f"{name}({x.text}, {sizes})" if shown and b.chance(
        0.6) else f"{name}({x.text}, ({sizes}{',' * (len(shown) == 1)}))"
    b.result(form, x.dtype, shape, x.magnitude, x.index_limit)
    b.count("view", "-1" if "-1" in shown else "", "run-time" if any(s.const is None for s in shape) else "")


def axes_moved(b, x=None):
    x = x or b.pick(lambda v: v.rank >= 2)
    perm = list(range(x.rank))
    if b.chance(0.6):
        i, j = b.rng.sample(perm, 2) if b.chance(0.95) else (0, 0)
        perm[i], perm[j] = perm[j], perm[i]
        text, name = f"transpose({x.text}, {b.signed(i, x.rank)}, {b.signed(j, x.rank)})", "transpose"
    else:
        b.rng.shuffle(perm)
        shown = ", ".join(str(b.signed(p, x.rank)) for p in perm)
        text, name = f"permute({x.text}, {b.rng.choice(['', '('])}{shown})", "permute"
        text += ")" if "(" in text[8:] and text.count("(") > text.count(")") else ""
    time = None if x.time is None else perm.index(x.time)
    b.result(text, x.dtype, [x.shape[p] for p in perm], x.magnitude, x.index_limit, time)
    b.count(name, b.counted_rank(x))


def small_views(b):
    x = b.pick(lambda v: v.time is None)
    way = b.rng.choice(["flatten", "squeeze", "squeeze dim", "squeeze dims", "unsqueeze", "contiguous", "None"])
    shape = list(x.shape)
    if way == "flatten":
        first = b.rng.randrange(max(x.rank, 1))
        last = b.rng.randrange(first, max(x.rank, 1))
        text = f"flatten({x.text})" if b.chance(
            0.3) else f"flatten({x.text}, {first}, {b.signed(last, max(x.rank, 1))})"
        if "," not in text:
            first, last = 0, max(x.rank, 1) - 1
        shape[first:last + 1] = [product(shape[first:last + 1])]
    elif way == "squeeze":
        text, shape = f"squeeze({x.text})", [s for s in shape if s != 1]
    elif way == "squeeze dim":
        axis = b.axis(x)
        text = f"squeeze({x.text}, {b.signed(axis, x.rank)})"
        shape = [s for i, s in enumerate(shape) if i != axis or s != 1]
    elif way == "squeeze dims":
        axes, shown = axes_text(b, x)
        text = f"squeeze({x.text}, {shown})"
        shape = [s for i, s in enumerate(shape) if i not in axes or s != 1]
    elif way == "unsqueeze":
        axis = b.rng.randint(0, x.rank)
        text = f"unsqueeze({x.text}, {b.signed(axis, x.rank + 1)})"
        shape.insert(axis, Size.of(1))
    elif way == "None":
        text, shape = b.rng.choice([(f"{x.text}[None]", [Size.of(1)] + shape),
                                    (f"{x.text}[..., None]", shape + [Size.of(1)])])
    else:
        text = f"contiguous({x.text})"
    b.result(text, x.dtype, shape, x.magnitude, x.index_limit)
    b.count(*(("index", "None") if way == "None" else way.split()))


def index(b):
    x = b.pick(lambda v: v.rank)
    parts, shape, time, options = [], [], None, set()
    ellipsis = b.rng.randrange(x.rank) if b.chance(0.15) else None
    for i, s in enumerate(x.shape):
        way = "all" if i == x.time else b.rng.choice(["all", "all", "slice", "slice", "element", "step", "end"])
        if s.lo == 1 and way in ("slice", "end") or ellipsis == i:
            way = "all"
        if way == "all":
            if i == x.time:
                time = len(shape)
            parts.append(":")
            shape.append(s)
        elif way == "slice":
            start = b.rng.randint(0, s.lo - 1)
            stop = b.rng.randint(start + 1, s.lo)
            short = f"{start}:{stop}" if start or b.chance(0.5) else f":{stop}"
            parts.append(short)
            shape.append(Size.of(stop - start))
            options.add("slice")
        elif way == "end":
            cut = b.rng.randint(1, s.lo - 1)
            if b.chance(0.5):
                parts.append(f":-{cut}")
            else:
                parts.append(f"{cut}:" if b.chance(0.5) or s.const is not None else f"{cut}:{s.text()}")
            shape.append(s - cut)
            options.add("slice to the end")
        elif way == "step":
            step = b.rng.choice([2, 3])
            start = b.rng.randint(0, min(s.lo - 1, 1))
            parts.append(f"{start or ''}::{step}")
            shape.append((s - start + (step - 1)) // step)
            options.add("step")
        else:
            at = b.rng.choice([0, s.lo - 1, -1, -s.lo])
            if s.const is None and b.chance(0.3):
                parts.append(f"{s.text()} - 1")
            else:
                parts.append(str(at))
            options.add("element" if at >= 0 else "element from the end")
    if ellipsis is not None:
        parts[ellipsis] = "..."
        options.add("...")
    elif b.chance(0.3):
        while parts and parts[-1] == ":":
            parts.pop()
    if not options - {"..."} or not parts:
        raise NoWay
    b.result(f"{x.text}[{', '.join(parts)}]", x.dtype, shape, x.magnitude, x.index_limit, time)
    b.count("index", *sorted(options))


# --- moves ---

def cat(b):
    x = b.pick(lambda v: v.rank)
    axis = b.axis(x)
    fits = [v for v in b.live if v.dtype == x.dtype and v.rank == x.rank and v.time == x.time
            and all(i == axis or s == t for i, (s, t) in enumerate(zip(v.shape, x.shape)))]
    parts = [x] + [b.rng.choice(fits) for _ in range(b.rng.choice([0, 1, 1, 2, 3]))]
    b.rng.shuffle(parts)
    total = Size.of(0)
    for p in parts:
        total = total + p.shape[axis]
    shape = [total if i == axis else s for i, s in enumerate(x.shape)]
    limits = [p.index_limit for p in parts]
    shown = ", ".join(p.text for p in parts) + "," * (len(parts) == 1)
    dim = f", dim={b.signed(axis, x.rank)}" if axis or b.chance(0.5) else ""
    way = b.rng.choice(["()", "[]"])
    b.result(f"cat({way[0]}{shown}{way[1]}{dim})", x.dtype, shape, max(p.magnitude for p in parts),
             None if None in limits else max(limits), x.time)
    b.count("cat", f"of {len(parts)}", "last" if axis == x.rank - 1 else "inner",
            "repeated" if len(set(parts)) < len(parts) else "")


def stack(b):
    x = b.pick(lambda v: v.time is None)
    fits = [v for v in b.live if v.dtype == x.dtype and v.shape == x.shape and v.time is None]
    parts = [x] + [b.rng.choice(fits) for _ in range(b.rng.choice([0, 1, 1, 2]))]
    axis = b.rng.randint(0, x.rank)
    shape = list(x.shape)
    shape.insert(axis, Size.of(len(parts)))
    limits = [p.index_limit for p in parts]
    shown = ", ".join(p.text for p in parts) + "," * (len(parts) == 1)
    dim = f", {b.signed(axis, x.rank + 1)}" if axis or b.chance(0.5) else ""
    b.result(f"stack(({shown}){dim})", x.dtype, shape, max(p.magnitude for p in parts),
             None if None in limits else max(limits))
    b.count("stack", f"of {len(parts)}", "last" if axis == x.rank else "inner")


def pad(b, x=None):
    mode = "constant" if x else b.rng.choice(["constant", "constant", "reflect", "replicate", "circular"])
    x = x or b.pick(lambda v: v.rank and v.time is None and (v.dtype == "float32" or mode == "constant"))
    pairs = b.rng.choice([1, 1, 2]) if mode == "constant" else 1
    if pairs > x.rank or mode != "constant" and x.rank not in (2, 3):
        raise NoWay
    amounts, shape = [], list(x.shape)
    for p in range(pairs):
        s, i = x.shape[-1 - p], x.rank - 1 - p
        most = {"constant": 5, "replicate": 5, "reflect": s.lo - 1, "circular": s.lo}[mode]
        left, right = b.rng.randint(0, min(most, 4)), b.rng.randint(0, min(most, 4))
        if mode == "constant" and b.chance(0.2) and s.lo > 1:
            left = -b.rng.randint(1, s.lo - 1)
        amounts += [left, right]
        shape[i] = s + (left + right)
    value = b.rng.choice(["", "", ", value=1", ", value=2"] if x.dtype == "int32"
                         else ["", "", ", value=0.25", ", value=-inf"])
    given = f', mode="{mode}"' if mode != "constant" or b.chance(0.2) else ""
    limit = x.index_limit
    if mode == "constant":
        given += value
        if limit and "value" in value and limit <= int(value[-1]):
            limit = None
    else:
        value = ""
    magnitude = 1e30 if "inf" in value else x.magnitude + 2
    b.result(f"pad({x.text}, ({', '.join(map(str, amounts))}){given})", x.dtype, shape, magnitude, limit)
    b.count("pad", mode, "cut" if min(amounts) < 0 else "", f"pairs {pairs}", "value" if value else "", x.dtype)


def one_hot(b, x=None):
    x = x or b.pick(lambda v: v.dtype == "int32" and v.index_limit and v.index_limit <= 64)
    classes = x.index_limit + b.rng.choice([0, 0, 1, 3])
    b.result(f"one_hot({x.text}, {b.rng.choice(['', 'num_classes='])}{classes})", "float32", x.shape + (classes,), 1.0,
             time=x.time)
    b.count("one_hot", b.counted_rank(x))


def clamp_to_index(b):
    x = b.pick(lambda v: v.dtype == "int32" and not v.index_limit)
    limit = b.rng.choice([2, 5, 9])
    b.result(f"clamp({x.text}, 0, {limit - 1})", "int32", x.shape, limit, limit, x.time)
    b.count("clamp", "to an index")


def factors(b):
    """Two values that a matmul takes, and how the second is written."""
    dtype = b.rng.choice(["float32"] * 6 + ["int32"])
    x = b.pick(lambda v: v.dtype == dtype and v.rank and v.time is None and v.magnitude < 1e6)
    found = [v for v in b.live if v.dtype == dtype and v.rank and v.time is None and v.magnitude < 1e6
             and (v.shape[0] if v.rank == 1 else v.shape[-2]) == x.shape[-1]]
    if found:
        y = b.rng.choice(found)
        return x, y, y.text
    if dtype == "float32" and x.shape[-1].const is not None and b.chance(0.4):
        y = b.param([x.shape[-1], b.size(33)])
        return x, y, y.text
    found = [v for v in b.live if v.dtype == dtype and v.rank >= 2 and v.time is None and v.magnitude < 1e6
             and v.shape[-1] == x.shape[-1]]
    if not found:
        raise NoWay
    y = b.rng.choice(found)
    return x, type(y)(0, dtype, y.shape[:-2] + (y.shape[-1], y.shape[-2]), y.magnitude), f"transpose({y.text}, -1, -2)"


def matmul(b, given=None):
    x, y, t = given or factors(b)
    dtype = x.dtype
    x_lead, y_lead = type(x)(0, dtype, x.shape[:-2]), type(x)(0, dtype, y.shape[:-2])
    shape = broadcast(x_lead, y_lead)
    shape += list(x.shape[-2:-1]) if x.rank > 1 else []
    shape += [y.shape[-1]] if y.rank > 1 else []
    if (product(shape) * x.shape[-1]).hi > 200000 or dtype == "int32" and (product(shape) * x.shape[-1]).hi > 5000:
        raise NoWay
    b.result(f"matmul({x.text}, {t})", dtype, shape, x.magnitude * y.magnitude * 4)
    of = "batch" if max(x.rank, y.rank) > 2 else " x ".join("vector" if v.rank == 1 else "matrix" for v in (x, y))
    b.count("matmul", of, of == "batch" and x_lead.shape != y_lead.shape and "broadcast", dtype)


def squash(b):
    """Values that have grown are brought back."""
    x = b.float(lambda v: v.magnitude > 50)
    text, name = b.rng.choice([(f"tanh({x.text})", "tanh"), (f"clamp({x.text}, -3, 3)", "clamp"),
                               (f"sigmoid({x.text})", "sigmoid")])
    b.result(text, "float32", x.shape, 3, time=x.time)
    b.live.remove(x)
    b.count(name)


ALL = [(unary, 10), (binary, 6), (with_number, 2), (int_arithmetic, 6), (int_to_float, 5), (reduction, 4),
       (argmax, 1.5),
       (softmax, 2), (view, 3), (axes_moved, 3), (small_views, 2), (index, 4), (cat, 2.5), (stack, 1.5), (pad, 2),
       (one_hot, 1.5), (clamp_to_index, 0.7), (matmul, 2.5), (squash, 4)]
