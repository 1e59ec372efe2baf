"""From a seed to a model: inputs of many kinds, then operators on what there is, then outputs."""
from . import blocks, functions, layers, patterns, planes, streaming, turns, values
from .model import Builder, NoWay


def inputs(b):
    """One to four, of the shapes that layers want, on run-time dims or not."""
    names = b.rng.sample(["T", "B", "N"], b.rng.choice([0, 1, 1, 2, 2]))
    dims = [b.symbol(n) for n in names]
    if dims and b.chance(0.05):
        b.symbol("unused")

    def some(most=33):
        return b.rng.choice(dims) if dims and b.chance(0.45) else b.size(most)

    for _ in range(b.rng.choice([1, 1, 2, 2, 3, 4])):
        kind = b.rng.choice(["sequence", "sequence", "batched", "batched", "ids", "ids", "vector", "image", "any", "any",
                             "int", "scalar"])
        limit = b.rng.choice([1, 2, 5, 9, 30])
        first, second = some(), some(8)
        shapes = {"sequence": [first, b.size(33)], "batched": [first, second, b.size(17)], "vector": [b.size()],
                  "image": [second, b.size(8), first], "scalar": [], "int": [some(8), b.size(5)],
                  "ids": b.rng.choice([[first], [second, first], [], [first, 1]]),
                  "any": [some(7) for _ in range(b.rng.choice([1, 2, 3, 4, 4]))]}
        try:
            if kind == "ids":
                b.input("int32", shapes[kind], ("index", limit), limit, limit)
            elif kind == "int":
                b.input("int32", shapes[kind], ("int",), None, 10)
            else:
                b.input("float32", shapes[kind], ("float",))
        except NoWay:
            continue
    if not b.model.inputs:
        b.input("float32", [b.size()], ("float",))


def outputs(b):
    made = [v for v in b.live if b.model.names[v.number][0] != "i"]
    late = made[-6:] or b.live
    wanted = b.rng.sample(late, min(len(late), b.rng.choice([1, 1, 2, 3, 4])))
    if made and made[-1] not in wanted:
        wanted.append(made[-1])
    if b.chance(0.1):
        wanted.append(b.rng.choice(b.live))
    for v in wanted:
        b.output(v)
    b.count("outputs", str(len(wanted)) if len(wanted) < 5 else "5 or more")


def model(seed, name):
    """The model of a seed; one in six is a streaming one."""
    b = Builder(name, seed)
    if b.chance(1 / 6):
        return streaming.model(b)
    inputs(b)
    turns.begin(b)
    ways = layers.ALL + planes.ALL + functions.ALL + patterns.ALL + blocks.ALL + values.ALL
    wanted, tries = b.rng.choice([2, 4, 6, 8, 12, 20]), 0
    while wanted and tries < 200:
        tries += 1
        try:
            b.rng.choices([w for w, _ in ways], [p for _, p in ways])[0](b)
            wanted -= 1
        except NoWay:
            continue
    outputs(b)
    return b.finish()
