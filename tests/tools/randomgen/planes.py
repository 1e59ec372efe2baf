"""Layers over signals and images: convolutions over two axes and transposed ones, pooling, norms of channels,
Sequential."""
from .layers import arguments, boolean, sized
from .model import MOST_WORK, NoWay
from .sizes import Size, product

POINTWISE = ["ReLU()", "Tanh()", "Sigmoid()", "Hardtanh(-0.5, 0.5)", "Identity()", "Dropout(0.2)", "GELU()"]


def image(b, least=1):
    """[N, C, H, W] or [C, H, W], in most cases an input of its own: few values have so many dims."""
    found = [v for v in b.live if v.dtype == "float32" and v.rank in (3, 4) and v.time is None and sized(v, -3)
             and min(v.shape[-1].lo, v.shape[-2].lo) >= least]
    if found and b.chance(0.5):
        return b.rng.choice(found)
    batch = [b.rng.choice([1, 2, 3])] if b.chance(0.7) else []
    sizes = [max(least, b.rng.choice([1, 3, 4, 7, 8, 9, 16, 17, 33])) for _ in range(2)]
    return b.input("float32", batch + [b.rng.choice([1, 2, 3, 4, 6]), *sizes], ("float",))


def signal(b, least=1):
    """[N, C, L] or [C, L]."""
    return b.float(lambda v: v.rank in (2, 3) and sized(v, -2) and v.time is None and v.shape[-1].lo >= least)


def pair(b, sizes):
    same = sizes[0] == sizes[1] and b.chance(0.7)
    return sizes[0] if same else f"({sizes[0]}, {sizes[1]})"


def conv2d(b):
    x = image(b)
    channels = x.shape[-3].const
    groups = b.rng.choice([g for g in (1, 1, 1, 2, 3, channels) if channels % g == 0])
    out = groups * b.rng.choice([1, 2, 3, 5, 8])
    kernel, stride = [b.rng.choice([1, 2, 3, 3, 5]) for _ in range(2)], [b.rng.choice([1, 1, 1, 2]) for _ in range(2)]
    padding, dilation = [b.rng.choice([0, 1, 1, 2]) for _ in range(2)], [b.rng.choice([1, 1, 1, 2]) for _ in range(2)]
    mode, bias = b.rng.choice(["zeros"] * 3 + ["replicate"]), b.chance(0.7)
    spans = [2 * p - d * (k - 1) - 1 for p, d, k in zip(padding, dilation, kernel)]
    if any(size.lo + span < 0 for size, span in zip(x.shape[-2:], spans)):
        raise NoWay
    results = tuple((size + span) // s + 1 for size, span, s in zip(x.shape[-2:], spans, stride))
    if (product(x.shape[:-3] + results) * (out * kernel[0] * kernel[1] * channels // groups)).hi > MOST_WORK:
        raise NoWay
    name = b.layer("Conv2d",
                   arguments(b, [("in_channels", channels), ("out_channels", out), ("kernel_size", pair(b, kernel))], [
        ("stride", pair(b, stride), 1), ("padding", pair(b, padding), 0), ("dilation", pair(b, dilation), 1),
        ("groups", groups, 1), ("bias", boolean(b, bias), "true"), ("padding_mode", f'"{mode}"', '"zeros"')]))
    b.result(f"{name}({x.text})", "float32", x.shape[:-3] + (out,) + results, x.magnitude, layers=[name])
    b.count("Conv2d", f"rank {x.rank}", groups > 1 and "groups", max(stride) > 1 and "stride",
            max(dilation) > 1 and "dilation",
            mode != "zeros" and mode, not bias and "no bias")


def conv_transpose1d(b):
    x = signal(b)
    channels = x.shape[-2].const
    groups = b.rng.choice([g for g in (1, 1, 2, 3) if channels % g == 0])
    out, kernel, stride = groups * b.rng.choice([1, 2, 5]), b.rng.choice([1, 2, 3, 4]), b.rng.choice([1, 2, 2, 3])
    dilation, padding = b.rng.choice([1, 1, 2]), b.rng.choice([0, 0, 1])
    extra = b.rng.randrange(max(stride, dilation)) if b.chance(0.3) else 0
    result = (x.shape[-1] + (-1)) * stride + (dilation * (kernel - 1) + extra + 1 - 2 * padding)
    if result.lo < 1 or (product(x.shape) * (out * kernel * stride)).hi > MOST_WORK:
        raise NoWay
    bias = b.chance(0.7)
    name = b.layer("ConvTranspose1d",
                   arguments(b, [("in_channels", channels), ("out_channels", out), ("kernel_size", kernel)], [
        ("stride", stride, 1), ("padding", padding, 0), ("output_padding", extra, 0), ("groups", groups, 1),
        ("bias", boolean(b, bias), "true"), ("dilation", dilation, 1)]))
    b.result(f"{name}({x.text})", "float32", x.shape[:-2] + (out, result), x.magnitude, layers=[name])
    b.count("ConvTranspose1d", stride > 1 and "stride", extra and "output_padding", groups > 1 and "groups",
            dilation > 1 and "dilation")


def pool(b):
    axes, kind = b.rng.choice([1, 2]), b.rng.choice(["Max", "Avg"])
    kernel = [b.rng.choice([1, 2, 2, 3]) for _ in range(axes)]
    stride = kernel if b.chance(0.6) else [b.rng.choice([1, 2, 3]) for _ in range(axes)]
    padding = [b.rng.randrange(k // 2 + 1) if b.chance(0.3) else 0 for k in kernel]
    x = image(b, max(kernel)) if axes == 2 else signal(b, kernel[0])
    results = tuple((size + (2 * p - k)) // s + 1 for size, p, k, s in zip(x.shape[-axes:], padding, kernel, stride))
    counted = kind == "Avg" and b.chance(0.3)
    shown = pair if axes == 2 else (lambda b, sizes: sizes[0])
    keywords = [("stride", shown(b, stride), shown(b, kernel)), ("padding", shown(b, padding), 0)]
    if counted:
        keywords.append(("count_include_pad", "false", "true"))
    name = b.layer(f"{kind}Pool{axes}d", arguments(b, [("kernel_size", shown(b, kernel))], keywords))
    b.result(f"{name}({x.text})", "float32", x.shape[:-axes] + results, x.magnitude, layers=[name])
    b.count(f"{kind}Pool{axes}d", stride != kernel and "overlapping", max(padding) and "padding",
            counted and "without padding")


def norm(b):
    kind = b.rng.choice(["GroupNorm", "InstanceNorm1d", "BatchNorm2d"])
    affine = b.chance(0.7)
    if kind == "BatchNorm2d":
        x = image(b)
        if x.rank != 4:
            raise NoWay
        positional, keywords = [("num_features", x.shape[1].const)], [("affine", boolean(b, affine), "true")]
    elif kind == "InstanceNorm1d":
        x = signal(b, 2)
        positional, keywords = [("num_features", x.shape[-2].const)], [("affine", boolean(b, affine), "false")]
    else:
        x = b.float(lambda v: v.rank in (3, 4) and sized(v, 1) and v.time is None and product(v.shape[2:]).lo > 1)
        groups = b.rng.choice([g for g in (1, 2, 3, x.shape[1].const) if x.shape[1].const % g == 0])
        positional = [("num_groups", groups), ("num_channels", x.shape[1].const)]
        keywords = [("affine", boolean(b, affine), "true")]
    name = b.layer(kind, arguments(b, positional, keywords + [("eps", b.rng.choice(["1e-3", "0.1"]), "1e-5")]))
    b.result(f"{name}({x.text})", "float32", x.shape, max(2.0, x.magnitude * 2), layers=[name])
    b.count(kind, f"rank {x.rank}", not affine and "not affine")


def sequential(b):
    x = b.float(lambda v: v.rank and sized(v) and v.time is None)
    features, parts = x.shape[-1].const, []
    for _ in range(b.rng.choice([1, 2, 3, 4])):
        if b.chance(0.5):
            out = b.size(33)
            parts.append(f"Linear({features}, {out})")
            features = out
        else:
            parts.append(b.rng.choice(POINTWISE))
    if (product(x.shape) * (97 * len(parts))).hi > MOST_WORK:
        raise NoWay
    name = b.layer("Sequential", ", ".join(parts))
    b.result(f"{name}({x.text})", "float32", x.shape[:-1] + (Size.of(features),), x.magnitude, layers=[name])
    b.count("Sequential", f"of {len(parts)}")


ALL = [(conv2d, 3), (conv_transpose1d, 2), (pool, 3), (norm, 2), (sequential, 2)]
