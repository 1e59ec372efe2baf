"""workload: what is measured: shapes, weights and inputs from a seed, and the outputs in float64.

A workload is an Embedding (where `vocabulary` is set), a recurrent layer and a Linear (where `linear` is set); or an
LSTM cell written out, `cell`, of Linear layers w_ih and w_hh in a loop over the steps, with LayerNorms ln_i and ln_h of
their products and ln_c of c where `norms` is set; or one of programs.py, `program`. A pass is `calls` calls of T steps
each; with `state` the recurrent state goes on from call to call. Every contestant gets the same weights: float32, under
the names of the layers in the .nn file, as in a PyTorch state_dict.
"""
import dataclasses
import random
import sys
import zlib

import numpy

try:
    import programs
except ImportError:             # without PyTorch, which they are written in, there are none
    programs = None

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
STATES = {"LSTM": 2, "GRU": 1, "RNN": 1}


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str                   # of the model and of its .nn file
    title: str                  # what the table calls it
    kind: str                   # LSTM, GRU or RNN
    input: int                  # width of the recurrent layer's input
    hidden: int
    steps: int                  # T: steps a call
    calls: int = 1              # calls a pass
    batch: int = 1
    layers: int = 1
    directions: int = 1
    vocabulary: int = 0         # rows of the Embedding, 0 for none
    linear: int = 0             # outputs of the Linear, 0 for none
    state: bool = False         # kept from call to call; for one layer, one direction
    fixed_steps: bool = False   # T is a constant of the .nn file
    cell: bool = False          # an LSTM written out; one layer, one direction, no state
    norms: bool = False         # of a cell
    program: tuple = ()         # one of programs.py: the shapes of its input and its output
    shared: bool = False        # one of several models in a file; its weights depend on kind and hidden alone

    @property
    def layer(self):
        return self.kind.lower()

    @property
    def output(self):
        if self.program:
            return int(numpy.prod(self.program[1]))
        return self.linear or self.hidden * self.directions

    @property
    def units(self):
        """Steps of a pass, whose time is what the tables show."""
        return self.calls * self.steps

    @property
    def rows(self):
        """Rows of the inputs and outputs of a pass: time first, then batch."""
        return self.calls * self.steps * self.batch


WORKLOADS = [
    *(Workload(f"w1_{h}", f"W1 LSTM 1->{h}, Linear, blocks of 64", "LSTM", 1, h, 64, calls=8, linear=1, state=True)
      for h in (16, 32, 40)),
    Workload("w2", "W2 LSTM 128->128, one step a call", "LSTM", 128, 128, 1, calls=64, state=True, fixed_steps=True),
    Workload("w3", "W3 Embedding, LSTM 128->256, Linear 50, T=32", "LSTM", 128, 256, 32, vocabulary=1000, linear=50),
    Workload("w4", "W4 LSTM 512, two layers, T=100", "LSTM", 512, 512, 100, layers=2),
    Workload("w5", "W5 LSTM 256, T=64, batch 32", "LSTM", 256, 256, 64, batch=32),
    Workload("w6", "W6 LSTM 64->128, two layers, bidirectional, T=100", "LSTM", 64, 128, 100, layers=2, directions=2),
    Workload("w7", "W7 GRU 128->384, one step a call", "GRU", 128, 384, 1, calls=64, state=True, fixed_steps=True),
    Workload("w8", "W8 RNN 4->4, T=5", "RNN", 4, 4, 5, fixed_steps=True),
    Workload("w9", "W9 LSTM cell 128 written out, T=100", "LSTM", 128, 128, 100, cell=True),
    Workload("w10", "W10 LayerNorm LSTM cell 128, T=100", "LSTM", 128, 128, 100, cell=True, norms=True),
    *(Workload(name, title, "", int(numpy.prod(made.shape)), 0, 1, fixed_steps=True, program=(made.shape, made.output))
      for name, (title, made) in (programs.ALL.items() if programs else ())),
]


def random_state(name):
    return numpy.random.RandomState(zlib.crc32(name.encode()))


def weights(w):
    """The state_dict: uniform in +-1/sqrt(H) as torch.nn's initial weights are, the Embedding's normal."""
    if w.program:
        return programs.weights(w.name)
    rng, bound, parameters = random_state(key(w) if w.shared else w.name), w.hidden ** -0.5, {}

    def parameter(name, *shape):
        parameters[name] = rng.uniform(-bound, bound, shape).astype(numpy.float32)

    if w.vocabulary:
        parameters["embedding.weight"] = rng.normal(size=(w.vocabulary, w.input)).astype(numpy.float32)
    for name, width in (("w_ih", w.input), ("w_hh", w.hidden)) if w.cell else ():
        parameter(f"{name}.weight", 4 * w.hidden, width)
        parameter(f"{name}.bias", 4 * w.hidden)
    for name, width in (("ln_i", 4 * w.hidden), ("ln_h", 4 * w.hidden), ("ln_c", w.hidden)) if w.norms else ():
        parameters[f"{name}.weight"] = rng.uniform(0.25, 0.75, width).astype(numpy.float32)
        parameter(f"{name}.bias", width)
    for layer in range(0 if w.cell else w.layers):
        width = w.hidden * w.directions if layer else w.input
        for direction in ("", "_reverse")[:w.directions]:
            parameter(f"{w.layer}.weight_ih_l{layer}{direction}", GATES[w.kind] * w.hidden, width)
            parameter(f"{w.layer}.weight_hh_l{layer}{direction}", GATES[w.kind] * w.hidden, w.hidden)
            parameter(f"{w.layer}.bias_ih_l{layer}{direction}", GATES[w.kind] * w.hidden)
            parameter(f"{w.layer}.bias_hh_l{layer}{direction}", GATES[w.kind] * w.hidden)
    if w.linear:
        parameter("linear.weight", w.linear, w.hidden * w.directions)
        parameter("linear.bias", w.linear)
    return parameters


def inputs(w):
    """One pass of inputs, time first: tokens [rows] or float32 [rows, input]."""
    rng = random_state(w.name + " input")
    if w.vocabulary:
        return rng.randint(0, w.vocabulary, w.rows).astype(numpy.int32)
    return rng.normal(size=(w.rows, w.input)).astype(numpy.float32)


# ---- float64 --------------------------------------------------------------------------------------------------------

def sigmoid(x):
    return 1 / (1 + numpy.exp(-x))


def recurrent(kind, x, w_ih, w_hh, b_ih, b_hh):
    """One direction of one layer over x [T, B, I], from the definitions in torch.nn's documentation."""
    H = w_hh.shape[1]
    h = c = numpy.zeros((x.shape[1], H))
    out = []
    for z in x @ w_ih.T + b_ih:
        r = h @ w_hh.T + b_hh
        if kind == "LSTM":
            i, f, g, o = ((z + r)[:, k * H:(k + 1) * H] for k in range(4))
            c = sigmoid(f) * c + sigmoid(i) * numpy.tanh(g)
            h = sigmoid(o) * numpy.tanh(c)
        elif kind == "GRU":
            reset, update = (sigmoid((z + r)[:, k * H:(k + 1) * H]) for k in range(2))
            n = numpy.tanh(z[:, 2 * H:] + reset * r[:, 2 * H:])
            h = (1 - update) * n + update * h
        else:
            h = numpy.tanh(z + r)
        out.append(h)
    return numpy.array(out)


def cell(w, p, x):
    """The cell written out, over x [T, B, I]."""
    def norm(name, v):
        if not w.norms:
            return v
        v = v - v.mean(axis=1, keepdims=True)
        return v / numpy.sqrt((v * v).mean(axis=1, keepdims=True) + 1e-5) * p[name + ".weight"] + p[name + ".bias"]

    h = c = numpy.zeros((x.shape[1], w.hidden))
    out = []
    for x_t in x:
        gates = (norm("ln_i", x_t @ p["w_ih.weight"].T + p["w_ih.bias"])
                 + norm("ln_h", h @ p["w_hh.weight"].T + p["w_hh.bias"]))
        i, f, g, o = numpy.split(gates, 4, axis=1)
        c = norm("ln_c", sigmoid(f) * c + sigmoid(i) * numpy.tanh(g))
        h = sigmoid(o) * numpy.tanh(c)
        out.append(h)
    return numpy.array(out)


def reference(w, parameters, x):
    """The outputs [rows, output] of one pass from zero states, in float64."""
    if w.program:
        return programs.reference(w.name, parameters, x.reshape(w.program[0])).reshape(1, -1)
    p = {name: array.astype(numpy.float64) for name, array in parameters.items()}
    x = p["embedding.weight"][x] if w.vocabulary else x.astype(numpy.float64)
    x = x.reshape(w.calls * w.steps, w.batch, w.input)
    if w.cell:
        x = cell(w, p, x)
    for layer in range(0 if w.cell else w.layers):
        def run(x, direction):
            names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            return recurrent(w.kind, x, *(p[f"{w.layer}.{name}_l{layer}{direction}"] for name in names))
        out = [run(x, "")]
        if w.directions == 2:
            out.append(run(x[::-1], "_reverse")[::-1])
        x = numpy.concatenate(out, axis=2)
    if w.linear:
        x = x @ p["linear.weight"].T + p["linear.bias"]
    return x.reshape(w.rows, w.output)


# ---- The .nn files and the sweep ------------------------------------------------------------------------------------

# Sizes that are always drawn: the smallest, and those beside a vector's edge.
EDGES = (1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 127, 128, 129)
QUICK_EDGES = (1, 15, 17, 31, 33, 65)


def key(w):
    """The layer's name in a .nn file of several models, which share the weights of layers of one name."""
    return f"{w.layer}_{w.hidden}" if w.shared else w.layer


def named(w, parameters):
    """The state_dict under the names in the .nn file."""
    return {name.replace(w.layer, key(w), 1): array for name, array in parameters.items()}


def source(w):
    """The text of a model of the sweep: one step or several, one row or a batch, the state kept."""
    batch = f"{w.batch}, " if w.batch > 1 else ""
    first = "(h, c)" if w.kind == "LSTM" else "h"
    lines = [f"model {w.name} {{", f"    input x: float32[{w.steps}, {batch}{w.input}]"]
    lines += [f"    state {name}: float32[1, {batch}{w.hidden}]" for name in "hc"[:STATES[w.kind]]]
    lines += [f"    layer {key(w)} = {w.kind}({w.input}, {w.hidden})"]
    lines += [f"    out, {first} = {key(w)}(x, {first})", "    output y = out", "}", ""]
    return "\n".join(lines)


def next_multiple(size):
    return -(-size // 16) * 16


def draw(seed, quick):
    """(kind, hidden) of the sweep: both kinds at the edges; from the seed primes, sizes beside a multiple of 16 and any
    others, spread evenly over the orders of magnitude; and 1024. A quick one stays small, because compiling megabytes
    of weights is what takes long."""
    rng = random.Random(seed)
    primes = [n for n in range(2, 1024) if all(n % k for k in range(2, int(n ** 0.5) + 1))]
    beside = [m + d for m in range(16, 1024, 16) for d in (-1, 1)]
    drawn = [(kind, size) for size in (QUICK_EDGES if quick else EDGES) for kind in ("LSTM", "GRU")]
    count = len(drawn) + (4 if quick else 16)
    while len(drawn) < count:
        aim = 16 * (16 if quick else 64) ** rng.random()
        sizes = (primes, beside, range(1, 1024))[len(drawn) % 3]
        one = (("LSTM", "GRU")[len(drawn) // 3 % 2], min(sizes, key=lambda size: abs(size - aim)))
        if one not in drawn:
            drawn.append(one)
    return sorted(drawn + ([] if quick else [(rng.choice(("LSTM", "GRU")), 1024)]), key=lambda one: (one[1], one[0]))


def sweep(seed, quick):
    """Pairs of workloads: a drawn size as one step a call, as 32 steps a call and as 8 steps of a batch of 2 to 64,
    and the same with the next multiple of 16 hidden units (None where the size is one)."""
    rng = random.Random(seed + " batch")
    pairs = []
    for kind, size in draw(seed, quick):
        for steps, batch in ((1, 1), (32, 1), (8, rng.choice((2, 3, 4, 7, 8, 16, 31, 32, 64)))):
            def of(hidden):
                name = f"{kind.lower()}_{hidden}_{steps}_{batch}"
                return Workload(name, f"{kind} {hidden}, T={steps}, batch {batch}", kind, 32, hidden, steps,
                                calls=32 if steps == 1 else 1, batch=batch, state=True, fixed_steps=True, shared=True)
            pairs.append((of(size), of(next_multiple(size)) if size % 16 else None))
    return pairs


if __name__ == "__main__":      # shows what a seed draws
    for one, other in sweep(sys.argv[1] if len(sys.argv) > 1 else "nnc", False):
        print(one.title, "|", other.title if other else "")
