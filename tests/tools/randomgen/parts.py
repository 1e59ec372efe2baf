"""What a round makes of parts of old values: delay lines, rings, halves that change places, what is padded. Several
parts of one new value read several of an old one, so that it matters which is written first."""
from .sizes import product


def sliced(b, v, axis, size, at):
    """So many of v along the axis, from `at` on, or from somewhere."""
    most = v.shape[axis].const - size
    start = b.rng.choice([min(at, most), 0, most, b.rng.randint(0, most)])
    if size == v.shape[axis].const and b.chance(0.5):
        return v.text
    last = f"{start + size}" if start < most or b.chance(0.5) else ""
    return f"{v.text}[{':, ' * axis}{start if start or b.chance(0.3) else ''}:{last}]"


def computed(b, c, others, axis, size, at):
    """A part of c, mostly, or of another value, or made of two; no larger than they are."""
    def one():
        return sliced(b, c if b.chance(0.7) else b.rng.choice(fits), axis, size, at)

    fits = [v for v in others if v.shape[axis].const >= size] or [c]
    way = b.rng.choice(["as it is", "as it is", "scaled", "function", "two", "two"])
    if way == "two":
        return f"{one()} * 0.5 + {one()} * 0.25"
    text = one()
    return {"as it is": text, "scaled": f"{text} * 0.5", "function": f"tanh({text})"}[way]


def part(b, c, others, axis, size, at):
    """Some are padded; some have a name, and may be read by others, too."""
    before = b.rng.randint(0, size - 1) if b.chance(0.3) else 0
    inner = size - (b.rng.randint(before, size - 1) if before else 0)
    text = computed(b, c, others, axis, inner, at)
    if inner < size:
        amounts = "0, 0, " * (c.rank - 1 - axis) + f"{before}, {size - inner - before}"
        text = f"pad({text}, ({amounts}), value={b.rng.choice(['0.0', '0.5', '-1.0'])})"
        b.count("parts", "padded")
    if b.chance(0.25):
        shape = [size if i == axis else s for i, s in enumerate(c.shape)]
        return b.result(text, c.dtype, shape, c.magnitude).text
    return text


def joined(b, c):
    """A new value of c's shape, joined or padded; None where c has no axis of two or more that is known."""
    axes = [i for i, s in enumerate(c.shape) if s.const and s.const > 1]
    if not axes:
        return None
    axis = b.rng.choice(axes)
    n = c.shape[axis].const
    others = [v for v in b.live if v.dtype == c.dtype and v.rank == c.rank and v.magnitude <= 100
              and v.shape[axis].const
              and all(i == axis or s == t for i, (s, t) in enumerate(zip(v.shape, c.shape)))]
    cuts = b.rng.sample(range(1, n), min(n - 1, b.rng.choice([0, 1, 1, 1, 2])))
    edges = [0, *sorted(cuts), n]
    texts = [part(b, c, others, axis, end - at, b.rng.choice([end % n, at, 0]))
             for at, end in zip(edges, edges[1:])]
    b.count("parts", f"of {len(texts)}", "last" if axis == c.rank - 1 else "inner",
            "wide" if product(c.shape[axis:]).lo >= 16 else "")
    if len(texts) == 1:
        return texts[0]
    return f"cat(({', '.join(texts)}){f', {axis}' if axis or b.chance(0.5) else ''})"


def stacked(b, c):
    """The rows of one dim in another order, some of them computed: h = stack((h[1], x))."""
    axes = [i for i, s in enumerate(c.shape) if s.const in (2, 3)]
    if not axes:
        return None
    axis = b.rng.choice(axes)
    rows = [v for v in b.live if v.dtype == c.dtype and v.magnitude <= 100
            and v.shape == c.shape[:axis] + c.shape[axis + 1:]]

    def row():
        if rows and b.chance(0.3):
            return b.rng.choice(rows).text
        return f"{c.text}[{':, ' * axis}{b.rng.randrange(c.shape[axis].const)}]"

    def computed_row():
        return b.rng.choice([row(), row(), f"{row()} * 0.5", f"{row()} * 0.5 + {row()} * 0.25"])

    texts = [computed_row() for _ in range(c.shape[axis].const)]
    b.count("parts", "stacked")
    return f"stack(({', '.join(texts)}){f', {axis}' if axis or b.chance(0.5) else ''})"
