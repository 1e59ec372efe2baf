"""From a seed to a model: inputs of many kinds, then operators on what there is, then outputs."""
import collections

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
        kind = b.rng.choice(["sequence", "sequence", "batched", "batched", "ids", "ids", "vector", "image", "any",
                             "any",
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


def model(seed, name, of_torch=False):
    """The model of a seed; one in six is a streaming one. of_torch: it does not begin with what PyTorch has not."""
    b = Builder(name, seed)
    if b.chance(1 / 6):
        return streaming.model(b)
    inputs(b)
    turns.begin(b, of_torch)
    operators(b, b.rng.choice([0, 2, 3, 5, 8, 14]))
    outputs(b)
    return b.finish()


def operators(b, wanted):
    """So many of them; returns, for each, what it is made by and what it is for the histogram."""
    ways = layers.ALL + planes.ALL + functions.ALL + patterns.ALL + blocks.ALL + values.ALL
    made, tries = [], 0
    while len(made) < wanted and tries < 200:
        tries += 1
        way, before = b.rng.choices([w for w, _ in ways], [p for _, p in ways])[0], len(b.model.options)
        try:
            way(b)
        except NoWay:
            continue
        made.append((way, b.model.options[before:]))
    return made


def rare(seeds, part):
    """What operators come with by themselves in fewer than this part of the models: lines of rare.txt, for turns.py;
    three of what is much rarer."""
    seen, by = collections.Counter(), {}
    for seed in seeds:
        b = Builder("m", seed)
        inputs(b)
        for way, options in operators(b, 9):
            seen.update(set(options))
            by.update((o, way) for o in options if way.__module__ != blocks.__name__)
    for (operator, option), way in sorted(by.items(), key=str):
        if seen[operator, option] < part * len(seeds) and "activation" not in option:   # those have turns of their own
            for _ in range(3 if seen[operator, option] < part / 10 * len(seeds) else 1):
                yield f"{way.__module__.rpartition('.')[2]}.{way.__name__}\t{operator}\t{option}"
