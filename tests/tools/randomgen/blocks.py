"""Blocks of rounds: rows of what there is, carried values, states bound in them, what is collected, until, and blocks
in blocks. What stands in a block is made by the same operators as everything else."""
import copy

from . import functions, layers, parts
from .model import NoWay, Statement
from .sizes import Size, product

MOST_ROUNDS, DEEPEST = 40, 3


def rows_of(b):
    """One tensor, or several with as many rows; None: a number of rounds."""
    if b.chance(0.25):
        return None
    x = b.pick(lambda v: v.rank and v.time is None and v.shape[0].hi <= MOST_ROUNDS * 4)
    others = [v for v in b.live if v.rank and v is not x and v.time is None and v.shape[0] == x.shape[0]]
    return [x] + b.rng.sample(others, min(len(others), b.rng.choice([0, 0, 1, 2])))


def carried_from(b):
    """Names that the block binds again: no inputs' and states' (those have ways of their own)."""
    found = [v for v in b.live if v.dtype == "float32" and v.time is None and v.elements().hi <= 300
             and v.magnitude <= 100
             and b.model.names[v.number].startswith("v")]
    return b.rng.sample(found, min(len(found), b.rng.choice([0, 1, 1, 2, 3])))


def successor(b, old, text, magnitude):
    """The same name, bound again."""
    v = b.value(old.dtype, old.shape, magnitude, old.index_limit)
    b.model.names[v.number] = b.model.names[old.number]
    b.model.fixed.update((old.number, v.number))
    b.bind(text, v)
    b.live = [w for w in b.live if w is not old]
    return v


def update(b, c, moving=0.4):
    """What a round makes of a carried value; it stays small. moving: how often of parts of old values."""
    if b.chance(moving):
        text = b.rng.choice([parts.joined, parts.joined, parts.stacked])(b, c)
        if text:
            return text
    like = [v for v in b.live if v is not c and v.dtype == "float32" and v.shape == c.shape and v.magnitude < 1e6]
    ways = [f"tanh({c.text} * 0.75 + 0.125)", f"{c.text} * 0.5 + 0.25", f"{c.text} - mean({c.text})"]
    if c.rank >= 2 and c.shape[-1] == c.shape[-2]:
        ways.append(f"transpose({c.text}, -2, -1) * 0.875")
    if like:
        other = b.rng.choice(like).text
        ways += [f"{c.text} * 0.5 + tanh({other})", f"max({c.text} * 0.25, sigmoid({other}))",
                 f"sigmoid({other}) * {c.text}"] * 2
    return b.rng.choice(ways)


def operators(b, depth):
    ways = functions.ALL + layers.ALL
    wanted, tries = b.rng.choice([1, 2, 3, 4]), 0
    while wanted and tries < 40:
        tries += 1
        before = copy.copy(b.body), copy.copy(b.live)
        try:
            if depth < DEEPEST and b.chance(0.12):
                block(b, depth + 1)
            else:
                b.rng.choices([w for w, _ in ways], [p for _, p in ways])[0](b)
            wanted -= 1
        except NoWay:
            b.body, b.live = before
            continue


def collectable(v, rounds):
    return v.rank < 6 and (product(v.shape) * rounds).hi <= 6000


def block(b, depth=1, carried=None, moving=0.4):
    rows, outer_body, outer_live = rows_of(b), b.body, b.live
    rounds = rows[0].shape[0] if rows else None
    symbols = [s for s in b.model.symbols.values() if s.hi <= MOST_ROUNDS]
    if not rows:
        rounds = b.rng.choice(symbols) if symbols and b.chance(0.5) else Size.of(b.rng.choice([1, 2, 3, 7]))
    b.body = []
    seen = [b.value(x.dtype, x.shape[1:], x.magnitude, x.index_limit) for x in rows or []]
    carried = carried_from(b) if carried is None else carried
    counter = None
    if b.chance(0.2):
        counter = b.input("int32", [1], ("index", 5), None, 5)
    b.live = [v for v in outer_live if v not in carried] + seen + carried
    now = {c.number: c for c in carried}
    states = [b.state([b.size(9)], b.rng.choice([None, "0.5"]))] if b.chance(0.2) else []
    b.live += states
    for c in carried:
        if b.chance(0.3 - moving / 4):
            now[c.number] = successor(b, c, update(b, c, moving), 2 * c.magnitude + 1)
    operators(b, depth)
    collected = []
    for c in carried:
        if b.chance(0.3) and collectable(now[c.number], rounds):
            collected.append(now[c.number])   # the value before the new one
            b.body.append(Statement("collect", now[c.number].text))
        now[c.number] = successor(b, now[c.number], update(b, now[c.number], moving), 2 * c.magnitude + 1)
    if len(carried) > 1 and b.chance(0.6):
        pair = [c for c in carried if c.shape == carried[0].shape]
        if len(pair) > 1:
            old = [now[c.number] for c in pair]
            new = [b.value("float32", c.shape, 200) for c in pair]
            for v, c in zip(new, pair):
                b.model.names[v.number] = b.model.names[c.number]
                b.model.fixed.add(v.number)
                now[c.number] = v
            b.bind(f"({', '.join(v.text for v in old[1:] + old[:1])})", *new)
            b.live = [v for v in b.live if v not in old]
            b.count("repeat", "swapped")
    for s in states:
        s.magnitude = 3
        b.next_state(s, f"{s.text} * 0.5 + 0.25")
        b.count("repeat", "state")
    if counter:
        counted = b.value("int32", [1], 50)
        b.model.names[counted.number] = b.model.names[counter.number]
        b.model.fixed.add(counted.number)
        b.bind(f"{counter.text} + 1", counted)
    mine = [v for v in b.live if v not in outer_live and v not in seen and v is not counter and collectable(v, rounds)
            and v.magnitude < 1e20]
    for v in b.rng.sample(mine, min(len(mine), b.rng.choice([1, 1, 2, 3]))):
        collected.append(v)
        b.body.append(Statement("collect", v.text))
    if not collected:
        raise NoWay

    # the block as one statement of several lines
    new_live, results, lines = [v for v in outer_live if v not in carried], [], []
    for s in b.body:
        if s.kind == "collect":
            v = collected[len(results)]
            whole = b.value(v.dtype, [rounds, *v.shape], v.magnitude, v.index_limit)
            results.append(whole)
            lines.append(f"collect {whole.text} = {s.text}")
        else:
            lines += (f"{s.pattern} = {s.text}" if s.kind == "bind" else s.text).split("\n")
    until = ""
    if counter:
        until = f" until {counted.text} {b.rng.choice(['>', '>=', '=='])} {b.rng.choice([2, 4, 6])}"
    head = (f"repeat {', '.join(v.text for v in seen)} in {', '.join(x.text for x in rows)}" if rows
            else f"repeat {rounds.text()}")
    s = Statement("block", "\n".join([f"{head}{until} {{", *("    " + line for line in lines), "}"]))
    last = [now[c.number] for c in carried]
    inner = [n for t in b.body for n in t.defines]
    s.defines = inner + [v.number for v in seen + results]
    s.layers = [name for t in b.body for name in t.layers]
    b.body = outer_body + [s]
    b.live = new_live + last + results + ([counted] if counter else [])
    b.live = [v for v in b.live if v is not counter]
    b.count("repeat", "rows" if rows else "rounds", "until" if until else "",
            "several rows" if rows and len(rows) > 1 else "",
            "carried" if carried else "", "nested" if depth > 1 else "")
    return last + results


def whole_block(b):
    before = b.snapshot()
    try:
        block(b)
    except NoWay:
        b.restore(before)
        raise


def delay_lines(b):
    """A block that carries values of shapes that have parts, and moves them."""
    n = b.rng.choice([2, 3, 4, 5, 8, 17, 32, 40])
    wide = [[n], [2, n], [3, n], [n, 2], [2, 3, n]]
    shapes = [b.rng.choice([s for s in wide if product([Size.of(i) for i in s]).hi <= 300])
              for _ in range(b.rng.choice([1, 2, 3]))]
    b.input("float32", [b.rng.choice([2, 3, 5]), *shapes[0][b.rng.choice([0, 1]):]], ("float",))
    made = []
    for shape in shapes:
        x = b.input("float32", shape, ("float",))
        made.append(b.result(b.rng.choice([f"{x.text} * 0.5", f"tanh({x.text})", f"zeros_like({x.text})"]),
                             "float32", shape))
    for v in block(b, carried=made, moving=0.8):
        b.output(v)


ALL = [(whole_block, 4)]
