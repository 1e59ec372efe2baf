"""Compiles models with nnc and a C compiler, runs them, and holds them against the reference interpreter.

Several models make one .nn file, one C file and one program. Each is run at the lower and the upper bounds of its dims
and in between, some runs with the state kept. The limit is the contract's: |got - want| / (1 + |want|), with `want` the
interpreter's float64, may be 4 times the error of the interpreter's float32 mode on that model, plus 1e-6. That error
is one draw, and may be small by luck: so it is at least what changes in `want` when the inputs change in their last
bits.
Where it is large (a division by almost nothing, an argmax between two that are almost equal), nothing is decided, and
the output counts as undecided. Gates that are not bounded are none of PyTorch's, and multiply errors step by step:
there it may be 16 times.
"""
import array
import math
import os
import random
import shutil
import subprocess

import casedriver
import precompiled
import processor
import strict
from casefile import cut, distance, join
from .layers import MILD

HERE = os.path.dirname(os.path.abspath(__file__))
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-DCASE_GUARD=0"]
# What generated code is made of: AVX-512, AVX2 with FMA, SSE2 or NEON, and no vectors; and the targets that need more
# of a processor than every one has.
BODIES = ["v16", "v8", "v4", "plain C"]
TARGETS = {"v16": "x86-64-v4", "v8": "x86-64-v3"}
UNDECIDED, LEAST_MARGIN = 2e-5, 1e-4
LAST_BITS = 2.0 ** -22   # the last two
# Infinities and large numbers do not meet in one model: where a sigmoid of -20 may be 0, an infinity times it is NaN.
# For the same reason a gate keeps very large ones away, and from first states all large ones: a gate's error is
# absolute, and so is tanh's, which a gate that is not bounded makes larger. And those of one sign keep away those of
# the other: what is left of a sum when they have cancelled depends on its order.
LARGE = [100.0, -100.0, 1000.0]
VERY_LARGE = [[3e38, 1e10], [-3e38, -1e10]]
SPECIAL_SHARE, SPECIAL = 0.15, [[math.nan], [math.inf, -math.inf], [math.nan, math.inf], LARGE, [1e-40, -1e-45, -0.0]]
GATED = {"LSTM", "GRU", "LSTMCell", "GRUCell", "sigmoid"}


class Failure(Exception):
    """What is wrong with a model; `kind` stays the same while it is made smaller."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


def call(command, kind, cwd, seconds=300):
    try:
        done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds,
                              check=False)
    except subprocess.TimeoutExpired:
        raise Failure(kind, f"{kind}: no end after {seconds} s") from None
    if done.returncode:
        text = done.stdout.decode(errors="replace")
        raise Failure(kind, f"{kind}: exit status {done.returncode}\n{text[:1500]}")


def lacks(body):
    return processor.lacks(*[TARGETS[body]] if body in TARGETS else [])


class Toolchain:
    """A C compiler with its flags; behind " :: " may stand options for nnc.

    body: which part of the generated code runs. lacks: what this machine has not, in words, or "".
    """

    def __init__(self, text, place, nnc):
        self.text = text
        cc, _, options = text.partition(" :: ")
        words, self.options = cc.split(), options.split()
        self.command = words[:1] + strict.BASIC + SANITIZE + ["-std=c99"] + words[1:]
        self.body = self._body(words)
        self.lacks = lacks(self.body) if shutil.which(words[0]) else f"there is no {words[0]}"
        self.place = place
        self.runtime = os.path.join(place, "runtime")
        if not os.path.isdir(self.runtime):
            os.makedirs(place, exist_ok=True)
            call([nnc, "--runtime", self.runtime], "nnc --runtime", place)
        self.precompiled = precompiled.Runtime(self.command, self.runtime)

    def _body(self, flags):
        target = self.options[self.options.index("--target") + 1] if "--target" in self.options else "all"
        forced = [f[-1] for f in flags if f.startswith("-DNNC_FORCE_ISA=")]
        if "-DNNC_PLAIN_C" in flags:
            return "plain C"
        if target == "all":   # the widest that the processor has, if none is forced
            return {"0": "v4", "1": "v8", "2": "v16"}[forced[-1]] if forced else next(b for b in BODIES if not lacks(b))
        return next((b for b in TARGETS if TARGETS[b] == target), "v4")


# --- runs and their data ---

class Run:
    """One call: dims, the bytes of each input, the size of each output."""

    def __init__(self, model, dims, key):
        self.dims = dims
        self.inputs = [data_of(model, name, number, holds, dims, key) for name, number, holds in model.present_inputs()]
        self.nudged = [nudged(data, holds) for data, (_, _, holds) in zip(self.inputs, model.present_inputs())]
        self.sizes = [4 * math.prod(s.at(dims) for s in model.values[n].shape) for n in model.present_outputs()]


def is_special(model):
    """Whether the inputs of a seed hold what is no usual number; then operators must treat it as PyTorch does."""
    return random.Random(f"special {model.seed}").random() < SPECIAL_SHARE


def unbounded_gates(model):
    return any(option.startswith("recurrent_activation") and option.split()[1] not in MILD for _,
               option in model.options)


def special_numbers(model):
    gated = any(operator in GATED for operator, _ in model.options)
    found = [s for s in SPECIAL if not unbounded_gates(model) or s is not LARGE] + VERY_LARGE * (not gated)
    return random.Random(f"special of {model.seed}").choice(found)


def data_of(model, name, number, holds, dims, key):
    """The same for an input of the same name, whatever else the model has."""
    rng = random.Random(f"{model.seed} {name} {key}")
    value = model.values[number]
    count = math.prod(s.at(dims) for s in value.shape)
    if holds[0] in ("float", "state"):
        pick = [rng.choice([0.0, 1.0, -1.0, 0.5]) if rng.random() < 0.05 else rng.uniform(-2, 2) for _ in range(count)]
        special = special_numbers(model)
        if is_special(model) and not (special is LARGE and holds[0] == "state"):
            for _ in range(rng.choice([1, 1, 2, 5])):
                pick[rng.randrange(count)] = rng.choice(special)
        return array.array("f", pick).tobytes()
    if holds[0] == "index":
        return array.array("i", [rng.randrange(holds[1]) for _ in range(count)]).tobytes()
    if holds[0] == "length":
        return array.array("i", [rng.randint(1, holds[1].at(dims)) for _ in range(count)]).tobytes()
    return array.array("i", [rng.randint(-9, 9) for _ in range(count)]).tobytes()


def nudged(data, holds):
    """The same inputs, but for the last bits of floats."""
    if holds[0] not in ("float", "state"):
        return data
    rng = random.Random(len(data))
    return array.array("f", [v * (1 + rng.choice((-LAST_BITS, LAST_BITS))) for v in array.array("f", data)]).tobytes()


def dims_of(model, how, rng):
    return {n: {"low": s.lo, "high": s.hi}.get(how) or rng.randint(s.lo, s.hi)
            for n, s in ((n, model.symbols[n]) for n in model.present_symbols())}


def runs_of(model):
    """[[Run]]: each row begins with a reset."""
    rng = random.Random(f"runs {model.seed}")
    hows = ["high", "low", "between"] if model.present_symbols() else ["low", "low"]
    first = [Run(model, dims_of(model, how, rng), i) for i, how in enumerate(hows)]
    return [first, [Run(model, dims_of(model, "low", rng), 9)]] if model.declared("state") else [first]


def stream_ways(model):
    """Ways to cut a sequence, the whole one first; of single steps, those of the step model."""
    length = model.symbols[model.stream].hi
    rng = random.Random(f"ways {model.seed}")
    ways = [(0, [length]), (1, [1] * length), (0, [1] * length)]
    for size in (2, 3, 16, 17):
        if size < length:
            ways.append((0, [size] * (length // size) + [length % size] * (length % size > 0)))
    for _ in range(2):
        left, way = length, []
        while left:
            way.append(rng.randint(1, min(left, 20)))
            left -= way[-1]
        ways.append((0, way))
    return ways


class Plan:
    """Everything that is run of one model, and the check of what comes out."""

    def __init__(self, model):
        self.model = model
        self.rows = runs_of(model)
        self.streams = []   # (way, runs)
        if model.stream and model.stream in model.present_symbols():
            dims = {n: s.hi for n, s in model.symbols.items() if n in model.present_symbols()}
            whole = Run(model, dims, "stream")
            self.whole = whole
            for which, lengths in stream_ways(model):
                self.streams.append((which, lengths, self.cut_runs(whole, lengths)))

    def time_axis(self, number):
        shape = self.model.values[number].shape
        found = [i for i, s in enumerate(shape) if self.model.stream in s.symbols()]
        return found[0] if found else None

    def shape(self, number, dims):
        return [s.at(dims) for s in self.model.values[number].shape]

    def cut_runs(self, whole, lengths):
        runs, start = [], 0
        for n in lengths:
            dims = {**whole.dims, self.model.stream: n}
            run = Run(self.model, dims, "stream")
            for i, (_, number, _) in enumerate(self.model.present_inputs()):
                axis = self.time_axis(number)
                if axis is not None:
                    run.inputs[i] = cut(whole.inputs[i], self.shape(number, whole.dims), axis, start, start + n)
            runs.append(run)
            start += n
        return runs

    # --- in scripts ---

    def machines(self):
        """[(C name, number of dims, input types, output types)], one or, with the step model, two"""
        m = self.model
        types = ([m.values[n].dtype for _, n, _ in m.present_inputs()],
                 [m.values[n].dtype for n in m.present_outputs()])
        out = [(m.name, len(m.present_symbols()), *types)]
        if self.streams:
            out.append((m.name + "_step", len(m.present_symbols()) - 1, *types))
        return out

    def add_runs(self, script, first, nudge=False):
        for row in self.rows:
            script.reset(first)
            for run in row:
                script.run(first, run.dims.values(), run.nudged if nudge else run.inputs, run.sizes)

    def add_streams(self, script, first):
        for which, _, runs in self.streams:
            script.reset(first + which)
            for run in runs:
                dims = [v for n, v in run.dims.items() if not which or n != self.model.stream]
                script.run(first + which, dims, run.inputs, run.sizes)

    # --- what came out ---

    def compare(self, got, want, moved):
        """got: [bytes]; want: a Reader of the interpreter's results; moved: of those for nudged inputs and weights:
        what that changes, rounding may change, too. Returns how many outputs there were and how many are undecided."""
        outputs, undecided, worst, pending = 0, 0, 0.0, []
        blurred = False
        for row in self.rows:
            blurred = False   # states carry an argmax's other choice into later runs
            for run in row:
                exact, single, margin = want.run(run.sizes)
                near = moved.run(run.sizes)[0]
                blurred = blurred or margin < LEAST_MARGIN
                for k, number in enumerate(self.model.present_outputs()):
                    outputs += 1
                    code = "f" if self.model.values[number].dtype == "float32" else "i"
                    error = max(max(map(distance, other, array.array("f", exact[k])), default=0)
                                for other in (single[k], array.array("f", near[k])))
                    value = array.array(code, got.pop(0))
                    if blurred or error > UNDECIDED:
                        undecided += 1
                        continue
                    worst = max(worst, error)
                    pending.append((run, number, k, value, exact[k]))
        limit = 4 * worst + 1e-6
        for run, number, k, value, exact in pending:
            exact = array.array(value.typecode, exact if value.typecode == "f" else map(int, exact))
            errors = [distance(g, w) for g, w in zip(value, exact)]
            most = max(errors, default=0)
            if most > (limit if value.typecode == "f" else 0):
                i = errors.index(most)
                raise Failure("wrong", f"output {k} ({self.model.names[number]}), dims {run.dims}: element {i} is "
                              f"{value[i]:.9g}, not {exact[i]:.9g}; error {most:.3g} over {limit:.3g} "
                              f"({sum(e > limit for e in errors)} of {len(errors)})")
        return outputs, undecided

    def compare_streams(self, got):
        first = None
        for which, lengths, runs in self.streams:
            pieces = [[got.pop(0) for _ in run.sizes] for run in runs]
            whole = []
            for k, number in enumerate(self.model.present_outputs()):
                axis = self.time_axis(number)
                if axis is None:
                    whole.append(pieces[-1][k])
                    continue
                shape = self.shape(number, self.whole.dims)
                whole.append(join([p[k] for p in pieces], lengths, shape, axis))
            first = first or whole
            for k, (a, c) in enumerate(zip(first, whole)):
                if a != c:
                    what = "steps of the step model" if which else f"runs of {lengths[:6]}"
                    count = sum(a[i:i + 4] != c[i:i + 4] for i in range(0, len(a), 4))
                    raise Failure("bits", f"output {k}: {what} differ from one run of {sum(lengths)} in {count} of "
                                  f"{len(a) // 4} values")


class Reader:
    """The interpreter's results, run by run."""

    def __init__(self, path):
        self.data, self.at = array.array("d"), 0
        with open(path, "rb") as f:
            self.data.frombytes(f.read())

    def take(self, count):
        out = self.data[self.at:self.at + count]
        self.at += count
        return out

    def run(self, sizes):
        status = self.take(1)
        if not status or status[0] != 0:
            raise Failure("reference", f"the interpreter's status is {list(status)}")
        margin = self.take(1)[0]
        exact = [self.take(s // 4) for s in sizes]
        single = [array.array("f", self.take(s // 4)) for s in sizes]
        return exact, single, margin


# --- batches ---

class Results:
    def __init__(self):
        self.outputs = self.undecided = 0


def write(place, name, data):
    with open(os.path.join(place, name), "wb" if isinstance(data, bytes) else "w") as f:
        f.write(data)


def run_batch(models, tool, nnc, reference, place):
    """{model: Failure or Results}. Raises Failure when the batch as a whole fails: then the models are to be run one by
    one."""
    os.makedirs(place, exist_ok=True)
    plans = [Plan(m) for m in models]
    machines, firsts = [], []
    for p in plans:
        firsts.append(len(machines))
        machines += p.machines()
    runs, nudged_runs, all_runs = (casedriver.Script(len(machines)) for _ in range(3))
    for p, first in zip(plans, firsts):
        p.add_runs(runs, first)
        p.add_runs(nudged_runs, first, nudge=True)
        p.add_runs(all_runs, first)
        p.add_streams(all_runs, first)
    write(place, "model.nn",
          "\n".join(m.text() + (m.text(step=True) if p.streams else "") for m, p in zip(models, plans)))
    write(place, "driver.c", casedriver.source(machines))
    write(place, "runs", runs.text())
    write(place, "nudged", nudged_runs.text())
    write(place, "script", all_runs.text())
    seed = ["--random-weights", "1"]
    call([nnc, *seed, *tool.options, "model.nn", "-o", "model.c", "--no-runtime"], "nnc", place, 60)
    first = tool.precompiled.before(os.path.join(place, "model.c"))
    call(tool.command + first + ["-c", "model.c"], "the C compiler", place)
    call(tool.command + ["-O0", "-I", os.path.join(HERE, ".."), "-I", tool.runtime, "driver.c", casedriver.SOURCE,
                         "model.o", "-o", "program",
          "-lm"],
         "the C compiler", place)
    call(["./program", "script", "results"], "the program", place, 120)
    for script, results, nudge in (("runs", "wanted", []), ("nudged", "moved", ["--nudge"])):
        call([reference, *nudge, *seed, "model.nn", script, results, *[m[0] for m in machines]], "reference", place,
             300)
    with open(os.path.join(place, "results"), "rb") as f:
        got = all_runs.results(f.read())
    if got is None:
        raise Failure("the program", "the results file has the wrong length")
    out, at = {}, 0
    want, moved = Reader(os.path.join(place, "wanted")), Reader(os.path.join(place, "moved"))
    for m, p in zip(models, plans):
        mine = got[at:at + sum(len(r.sizes) for row in p.rows for r in row)
                   + sum(len(r.sizes) for _, _, rs in p.streams for r in rs)]
        at += len(mine)
        begin = want.at
        try:
            out[m] = Results()
            out[m].outputs, out[m].undecided = p.compare(mine, want, moved)
            p.compare_streams(mine)
        except Failure as failure:
            out[m] = failure
        want.at = moved.at = begin + sum(2 + 2 * sum(s // 4 for s in r.sizes) for row in p.rows for r in row)
    return out
