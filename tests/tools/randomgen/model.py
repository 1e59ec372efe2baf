"""A random model while it grows: its values, its statements, and how it is written down.

Expressions name values by number, `$12`; names are given when the model is written: so a later binding can hide an
earlier one (two values of one name), and what is used once can be written in its place.
"""
import copy
import random
import re

from .sizes import Size, product, shape_text

SIZES = [1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 7, 8, 8, 9, 11, 13, 16, 17, 19, 31, 32, 33, 37, 64, 65, 97]
MOST_ELEMENTS = 6000
# What C, C++, their headers and generated code itself call things, and other shapes of names.  Outputs are y0, y1 …: no
# other value is.
STRANGE_NAMES = """int float double char long register static struct union void volatile inline auto enum extern memcpy
memset expf yn j0
time signal errno main linux unix near far I EOF NULL NAN INT32_MAX uint8_t size_t template namespace operator private
virtual this
mutable new delete self scratch work gates floats ints start rows first nnc_status k n i x_out T_ a_b A _a __ a1b2
a_name_that_is_much_longer_than_any_other_and_does_not_end_before_sixty_four""".split()
MOST_WORK = 400000   # multiplications of one layer


class NoWay(Exception):
    """The operator that was to come next does not go with the values that there are."""


class Value:
    def __init__(self, number, dtype, shape, magnitude=1.0, index_limit=None, inexact=True):
        self.number, self.dtype, self.shape = number, dtype, tuple(Size.of(s) for s in shape)
        self.magnitude = magnitude       # about how large elements are
        self.index_limit = index_limit   # int32: provably 0 .. index_limit - 1, or None
        self.time = None                 # in streaming models: the axis that is cut

    @property
    def text(self):
        return f"${self.number}"

    @property
    def rank(self):
        return len(self.shape)

    @property
    def constant(self):
        return all(s.const is not None for s in self.shape)

    def elements(self):
        return product(self.shape)


class Statement:
    def __init__(self, kind, text, defines=(), layers=()):
        self.kind, self.text, self.defines, self.layers = kind, text, list(defines), list(layers)
        self.pattern = None   # of a binding: what stands left of the =, `$1, _`

    def uses(self):
        return {int(n) for n in re.findall(r"\$(\d+)", self.text)}


class Model:
    """statements: in the order of the file; values: {number: Value}; names: {number: name}."""

    def __init__(self, name, seed):
        self.name, self.seed = name, seed
        self.statements, self.values, self.names = [], {}, {}
        self.symbols = {}     # name: Size
        self.inputs = []      # (name, number, what it holds)
        self.options = []     # what the histogram counts: (operator, option), and (operator, "") each time
        self.stream = None    # the run-time dim that may be cut, in a streaming model
        self.fixed = set()    # values whose names blocks carry, and which keep them

    # --- what the runner asks ---

    def declared(self, kind):
        return [s for s in self.statements if s.kind == kind]

    def present_inputs(self):
        there = {n for s in self.declared("input") for n in s.defines}
        return [(name, number, holds) for name, number, holds in self.inputs if number in there]

    def present_outputs(self):
        """Numbers of the values, in the order of the run function's arguments."""
        return [n for s in self.declared("output") for n in s.outputs]

    def present_symbols(self):
        return [s.symbol for s in self.declared("dim")]

    # --- text ---

    def written(self, text):
        return re.sub(r"\$(\d+)", lambda m: self.names[int(m.group(1))], text)

    def text(self, step=False):
        """As nnc reads it. step: the model of single steps, with the dim that may be cut a constant of 1."""
        lines = []
        for s in self.statements:
            text = s.text
            if s.kind == "dim" and step and s.symbol == self.stream:
                text = f"dim {s.symbol} = 1"
            elif s.kind == "bind":
                text = f"{s.pattern} = {s.text}"
            lines += ["    " + line for line in self.written(text).split("\n")]
        name = self.name + "_step" if step else self.name
        return f"model {name} {{\n" + "\n".join(lines) + "\n}\n"


class Builder:
    """Adds to a model; random choices are its rng's."""

    def __init__(self, name, seed):
        self.rng = random.Random(f"model {seed}")
        self.model = Model(name, seed)
        self.live = []      # values that may be used
        self.layers = []    # (name, kind, arguments, what a call needs)
        self.heads = []     # declarations, which come first
        self.body = []

    def snapshot(self):
        """What there is so far, for restore: when an operator was begun that does not go, or not as it was wanted."""
        m = self.model
        return [copy.copy(part)
                for part in (self.live, self.layers, self.heads, self.body, m.values, m.names, m.symbols,
                                             m.inputs, m.options, m.fixed)]

    def restore(self, before):
        m = self.model
        (self.live, self.layers, self.heads, self.body, m.values, m.names, m.symbols,
         m.inputs, m.options, m.fixed) = before

    # --- choices ---

    def chance(self, p):
        return self.rng.random() < p

    def size(self, most=97):
        return self.rng.choice([s for s in SIZES if s <= most])

    def count(self, operator, *options):
        """For the histogram: an operator, and which options it came with; those that are "" or False it came
        without."""
        self.model.options += [(operator, o) for o in ("", *dict.fromkeys(filter(None, options)))]

    def counted_rank(self, v):
        return f"rank {v.rank}" if v.rank < 4 else "rank 4 or more"

    def pick(self, fits=lambda v: True):
        """A value, rather a late one."""
        found = [v for v in self.live if fits(v)]
        if not found:
            raise NoWay
        return self.rng.choice(found[-4:] if self.chance(0.6) else found)

    def float(self, fits=lambda v: True):
        return self.pick(lambda v: v.dtype == "float32" and fits(v))

    def axis(self, v, fits=lambda s: True, time=False):
        """The number of a dim; in a streaming model not the one that is cut."""
        found = [i for i in range(v.rank) if fits(v.shape[i]) and (time or i != v.time)]
        if not found:
            raise NoWay
        return self.rng.choice(found)

    def signed(self, axis, rank):
        return axis - rank if self.chance(0.4) else axis

    # --- values and statements ---

    def value(self, dtype, shape, magnitude=1.0, index_limit=None, time=None):
        shape = [Size.of(s) for s in shape]
        if product(shape).hi > MOST_ELEMENTS or len(shape) > 6 or min([s.lo for s in shape], default=1) < 1:
            raise NoWay
        v = Value(len(self.model.values) + 1, dtype, shape, magnitude, index_limit)
        v.time = time
        self.model.values[v.number] = v
        self.model.names[v.number] = f"v{v.number}"
        return v

    def bind(self, text, *values, pattern=None, layers=()):
        s = Statement("bind", text, [v.number for v in values], layers)
        s.pattern = pattern or ", ".join(v.text for v in values)
        self.body.append(s)
        self.live += values
        return s

    def result(self, text, dtype, shape, magnitude=1.0, index_limit=None, time=None, layers=()):
        v = self.value(dtype, shape, magnitude, index_limit, time)
        self.bind(text, v, layers=layers)
        return v

    def head(self, kind, text, *values):
        s = Statement(kind, text, [v.number for v in values])
        self.heads.append(s)
        return s

    def symbol(self, name):
        lo = self.rng.choice([1, 1, 1, 2, 3, 5])
        hi = lo + self.rng.choice([0, 1, 2, 4, 7, 12, 20, 66, 130])
        s = Size.symbol(name, lo, hi)
        self.model.symbols[name] = s
        self.head("dim", f"dim {name} = {lo}..{hi}").symbol = name
        return s

    def input(self, dtype, shape, holds, index_limit=None, magnitude=1.0):
        """holds: ("float",), ("state",) (floats that a gate is multiplied by), ("index", limit), ("length", size) or
        ("int",)"""
        v = self.value(dtype, shape, magnitude, index_limit)
        name = f"in{len(self.model.inputs)}"
        self.model.names[v.number] = name
        self.model.inputs.append((name, v.number, holds))
        self.head("input", f"input {name}: {dtype}{shape_text(v.shape)}", v)
        self.live.append(v)
        return v

    def state(self, shape, init=None):
        v = self.value("float32", shape)
        self.model.names[v.number] = f"s{v.number}"
        given = f" = {init}" if init is not None else ""
        self.head("state", f"state s{v.number}: float32{shape_text(v.shape)}{given}", v)
        return v

    def next_state(self, state, text, layers=()):
        """Binds a state's name; what it was before is hidden by that."""
        v = self.value("float32", state.shape, state.magnitude)
        self.model.names[v.number] = self.model.names[state.number]
        self.bind(text, v, layers=layers)
        if state in self.live:
            self.live.remove(state)
        return v

    def param(self, shape, magnitude=1.0):
        v = self.value("float32", shape, magnitude)
        self.model.names[v.number] = f"p{v.number}"
        key = f' from "raw.p{v.number}"' if self.chance(0.3) else ""
        self.head("param", f"param p{v.number}: float32{shape_text(v.shape)}{key}", v)
        return v

    def layer(self, kind, arguments):
        """Declares a layer, or takes one that is there already with the same arguments."""
        there = [name for name, k, a in self.layers if (k, a) == (kind, arguments)]
        if there and self.chance(0.7):
            self.model.options.append((kind, "shared"))
            return self.rng.choice(there)
        name = f"l{len(self.layers)}"
        if self.chance(0.1):
            name = f"block.{len(self.layers)}.layer"
        prefix = ""
        if there and self.chance(0.5):   # two layers on the same tensors
            prefix = f' from "{there[0]}"'
        self.layers.append((name, kind, arguments))
        self.head("layer", f"layer {name} = {kind}({arguments}){prefix}").layers = [name]
        return name

    # --- the end ---

    def output(self, v):
        form = self.rng.choice(["alone", "typed", "expression"])
        if any(o.text == f"output {v.text}" for o in self.body):
            form = "typed"   # the name is taken
        name = f"y{sum(s.kind == 'output' for s in self.body)}"
        if form == "alone" and self.model.names[v.number].startswith("v"):
            s = Statement("output", f"output {v.text}")
        elif form == "typed":
            s = Statement("output", f"output {name}: {v.dtype}{shape_text(v.shape)} = {v.text}")
        else:
            s = Statement("output", f"output {name} = {v.text}")
        s.outputs = [v.number]
        self.body.append(s)

    def finish(self):
        """Puts the statements in order; writes some of what is used once in its place; hides some names."""
        m = self.model
        order = {"dim": 0, "param": 1, "input": 2, "state": 3, "layer": 4}
        heads = self.heads
        if self.chance(0.5):
            heads = sorted(heads, key=lambda s: order[s.kind])
        dims = [s for s in heads if s.kind == "dim"]
        params = [s for s in heads if s.kind == "param"]   # states may begin as params
        m.statements = dims + params + [s for s in heads if s.kind not in ("dim", "param")] + self.body
        self._write_in_place()
        self._hide()
        if self.chance(0.15):
            self._name_strangely()
        return m

    def _write_in_place(self):
        m = self.model
        for s in list(m.statements):
            if s.kind != "bind" or len(s.defines) != 1 or s.pattern != f"${s.defines[0]}":
                continue
            number = s.defines[0]
            if not m.names[number].startswith("v") or number in m.fixed or not self.chance(0.3):
                continue
            users = [u for u in m.statements if number in u.uses()]
            if len(users) != 1 or len(re.findall(rf"\${number}\b", users[0].text)) != 1:
                continue
            user = users[0]
            if re.match(r"m(ax|in)\(.*dim", s.text) and f"${number}[" in user.text:
                continue   # max(x, dim=…)[0] would be taken for Python's
            if user.kind == "output" and user.text == f"output ${number}" or len(user.text) + len(s.text) > 300:
                continue
            # a state's name must still mean the same there
            between = m.statements[m.statements.index(s) + 1:m.statements.index(user) + 1]
            bound = {m.names[d] for b in between for d in b.defines if b is not user}
            if any(m.names[u] in bound for u in s.uses()):
                continue
            user.text = re.sub(rf"\${number}\b", lambda _: f"({s.text})", user.text)
            user.layers += s.layers
            m.statements.remove(s)

    def _name_strangely(self):
        """Some names of values, inputs, states and params become others."""
        m = self.model
        present = sorted(set(m.names.values()))
        renamed = self.rng.sample(present, min(len(present), self.rng.choice([1, 3, 6, 12])))
        other = dict(zip(renamed, self.rng.sample([n for n in STRANGE_NAMES if n not in present], len(renamed))))
        m.names = {number: other.get(name, name) for number, name in m.names.items()}
        for s in m.statements:
            if s.kind in ("input", "state", "param"):
                word, name, rest = re.match(r"(\w+) (\w+)(.*)", s.text, re.S).groups()
                s.text = f"{word} {other.get(name, name)}{rest}"
        self.count("names", "strange")

    def _hide(self):
        """A later binding takes the name of a value that is not needed any more."""
        m, last_use, holds = self.model, {}, {}
        for i, s in enumerate(m.statements):
            for number in s.uses():
                last_use[number] = i
        shown = {n for o in m.declared("output") for n in o.outputs if o.text == f"output ${n}"}
        for i, s in enumerate(m.statements):
            if (s.kind == "bind" and self.chance(0.25) and m.names[s.defines[0]] == f"v{s.defines[0]}"
                    and s.defines[0] not in m.fixed):
                free = [n for n, e in holds.items() if last_use.get(e, -1) <= i and e not in shown]
                if free and s.defines[0] not in shown:
                    m.names[s.defines[0]] = self.rng.choice(free)
            for number in s.defines:
                if s.kind == "bind" and m.names[number].startswith("v") and number not in m.fixed:
                    holds[m.names[number]] = number
