"""PyTorch as an oracle: a random model's text is carried out by torch, in float64, statement by statement.

The interpreter that generated code is held against shares nnc's parser and its lowering; torch shares nothing. What the
language has and torch has not (other activations of recurrent layers, reset_after=false) is Unsupported. Needs torch.
"""
import array
import re

import torch
import torch.nn.functional as F

F64, I32 = torch.float64, torch.int32
MASK = (1 << 64) - 1


class Unsupported(Exception):
    """The model has what is none of PyTorch's."""


# --- random weights, as nnc --random-weights makes them: weights/random.c ---

def _next(state):
    state = (state + 0x9E3779B97F4A7C15) & MASK
    z = state
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return state, z ^ (z >> 31)


def weights(key, shape, seed=1):
    size = shape[-1] if shape else 1
    low = -1.0 / float(size) ** 0.5 if size > 0 else -1.0
    high = -low
    if key.endswith("running_var"):
        low, high = 0.5, 1.5
    name = 0xCBF29CE484222325
    for byte in key.encode():
        name = ((name ^ byte) * 0x100000001B3) & MASK
    state = _next(seed)[1] ^ name
    count, values = int(torch.Size(shape).numel()), []
    for _ in range(count):
        state, n = _next(state)
        values.append(low + (high - low) * ((n >> 40) * 2.0 ** -24))
    return torch.tensor(array.array("f", values).tolist(), dtype=F64).reshape(shape)


# --- functions that are written as torch's, but work on int32 or have another form there ---

def whole(x):
    return isinstance(x, torch.Tensor) and not x.is_floating_point()


def real(x):
    return x.to(F64) if whole(x) else x


def back(x, result):
    """Sums of int32 and of bools are int32."""
    return result.to(I32) if whole(x) else result


def tensor_of(x, like):
    if isinstance(x, torch.Tensor):
        return x
    return torch.tensor(x, dtype=I32 if isinstance(x, int) and (like is None or whole(like)) else F64)


def axes(x, dim):
    if dim is None:
        return list(range(x.dim()))
    return [d % x.dim() if x.dim() else 0 for d in ((dim,) if isinstance(dim, int) else dim)]


def over(function):
    def f(x, dim=None, keepdim=False):
        return back(x, function(x, axes(x, dim), keepdim) if x.dim() else function(x[None], [0], False))
    return f


def extreme(pick, between, place):
    def values(x, other=None, dim=None, keepdim=False):
        if isinstance(x, torch.Tensor) and other is None and dim is None:
            return pick(x)
        if dim is None and (isinstance(other, torch.Tensor) or not isinstance(x, torch.Tensor)
                            or not isinstance(other, int)):
            tensors = [t for t in (x, other) if isinstance(t, torch.Tensor)]
            a, b = tensor_of(x, tensors[0]), tensor_of(other, tensors[0])
            common = F64 if not (whole(a) and whole(b)) else I32
            return between(a.to(common), b.to(common))
        raise Unsupported(f"{place} of two numbers")

    def f(x, other=None, dim=None, keepdim=False):
        if isinstance(x, torch.Tensor) and dim is not None:
            return pick(x, dim, keepdim)[0]
        return values(x, other)
    return f


def pair(function):
    def f(x, dim):
        values, places = function(x, dim)
        return values, places.to(I32)
    return f


def topk(x, k, dim=-1, largest=True):
    """Of equal ones the first: torch.topk leaves open which."""
    values, places = torch.sort(x, dim=dim, descending=largest, stable=True)
    return values.narrow(dim, 0, k), places.narrow(dim, 0, k).to(I32)


def place(function):
    def f(x, dim=None, keepdim=False):
        if dim is None:
            at = function(x.reshape(-1), 0)
            return (at.reshape([1] * x.dim()) if keepdim else at).to(I32)
        return function(x, dim, keepdim).to(I32)
    return f


def flatten_sizes(sizes):
    return tuple(sizes[0]) if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else sizes


def clamp(x, min=None, max=None):
    least, most = ((None if b is None else tensor_of(b, x)) for b in (min, max))
    if least is not None:
        x = torch.maximum(x, least.to(x.dtype)) if not whole(x) or whole(least) else torch.maximum(real(x), least)
    if most is not None:
        x = torch.minimum(x, most.to(x.dtype)) if not whole(x) or whole(most) else torch.minimum(real(x), most)
    return x


def squeeze(x, dim=None):
    if dim is None:
        return x.squeeze()
    chosen = axes(x, dim)
    return x.reshape([s for i, s in enumerate(x.shape) if i not in chosen or s != 1])


def power(x, y):
    if whole(x) and isinstance(y, int):
        result = torch.ones_like(x)
        for _ in range(y):
            result = result * x
        return result
    return torch.pow(x if not isinstance(x, torch.Tensor) else real(x), y)


def where(condition, a, b):
    given = [t for t in (a, b) if isinstance(t, torch.Tensor)]
    floats = any(isinstance(t, float) or (isinstance(t, torch.Tensor) and not whole(t)) for t in (a, b))
    a, b = (tensor_of(t, given[0] if given else None).to(F64 if floats else I32) for t in (a, b))
    return torch.where(condition, a, b)


def pad(x, amounts, mode="constant", value=0):
    if mode != "constant":
        return F.pad(x, amounts, mode) if x.dim() > 2 else F.pad(x[None], amounts, mode)[0]
    return F.pad(x, amounts, "constant", value)


def on_floats(function):
    return lambda x, *more, **named: function(real(x), *more, **{k: v for k, v in named.items() if k != "inplace"})


def full(size, value, dtype=None):
    return torch.full(size, value, dtype=dtype or (I32 if isinstance(value, int) else F64))


def arange(*bounds, dtype=I32):
    return torch.arange(*bounds, dtype=dtype)


def tensor(values):
    t = torch.tensor(values)
    return t.to(F64 if t.is_floating_point() else I32)


def long(function):
    return lambda x, dim, index, *more: function(x, dim, index.to(torch.int64), *more)


def norm(x, p=2, dim=None, keepdim=False):
    return torch.linalg.vector_norm(x, p, axes(x, dim), keepdim)


ACTIVATIONS = """elu gelu softplus leaky_relu hardsigmoid softsign relu6 celu silu mish hardswish logsigmoid tanhshrink
softshrink
hardshrink selu softmin threshold glu prelu""".split()
ELEMENTWISE = "sigmoid tanh sin cos atan erf square exp exp2 expm1 log log1p log2 log10 rsqrt reciprocal sqrt".split()
NAMES = {
    **{f: on_floats(getattr(F, f)) for f in ACTIVATIONS}, **{f: on_floats(getattr(torch, f)) for f in ELEMENTWISE},
    # a NaN stays, as from torch 2.6 on
    "softshrink": lambda x, lambd=0.5: torch.where(torch.isnan(real(x)), real(x), F.softshrink(real(x), lambd)),
    "relu": lambda x, inplace=False: torch.relu(x), "hardtanh": lambda x, min_val=-1,
    max_val=1: clamp(x, min_val, max_val), "abs": torch.abs, "neg": torch.neg, "pow": power, "clamp": clamp,
    "where": where, "masked_fill": lambda x, mask, value: torch.where(mask, tensor_of(value, x).to(x.dtype), x),
    "softmax": on_floats(torch.softmax), "log_softmax": on_floats(torch.log_softmax),
    "sum": over(lambda x, d, k: x.sum(d, k)), "mean": over(lambda x, d, k: x.mean(d, k)),
    "any": lambda x, dim=None, keepdim=False: torch.any(x, dim, keepdim) if dim is not None else torch.any(x),
    "all": lambda x, dim=None, keepdim=False: torch.all(x, dim, keepdim) if dim is not None else torch.all(x),
    "cumsum": lambda x, dim: back(x, torch.cumsum(x, dim)), "prod": torch.prod, "var": torch.var,
    "std": torch.std, "norm": norm, "logsumexp": torch.logsumexp, "normalize": F.normalize,
    "cosine_similarity": F.cosine_similarity, "amax": torch.amax,
    "max": extreme(torch.max, torch.maximum, "max"), "min": extreme(torch.min, torch.minimum, "min"),
    "max_pair": pair(torch.max), "min_pair": pair(torch.min), "topk_pair": topk,
    "argmax": place(torch.argmax), "argmin": place(torch.argmin),
    "view": lambda x, *s: x.reshape(flatten_sizes(s)), "reshape": lambda x, *s: x.reshape(flatten_sizes(s)),
    "transpose": torch.transpose, "permute": lambda x, *d: x.permute(flatten_sizes(d)), "t": torch.t,
    "flatten": torch.flatten, "squeeze": squeeze, "unsqueeze": torch.unsqueeze, "contiguous": lambda x: x,
    "repeat_": lambda x, *n: x.repeat(*n), "tile": lambda x, *n: torch.tile(x, n), "expand": lambda x, *s: x.expand(*s),
    "repeat_interleave": torch.repeat_interleave, "flip": torch.flip, "movedim": torch.movedim, "narrow": torch.narrow,
    "roll": lambda x, n, d=None: torch.roll(x, n, d) if d is not None else torch.roll(x, n), "select": torch.select,
    "cat": torch.cat, "stack": torch.stack, "chunk": torch.chunk, "split": torch.split,
    "unbind": torch.unbind, "pad": pad, "one_hot": lambda x, num_classes: F.one_hot(x.long(), num_classes).to(F64),
    "matmul": torch.matmul, "linear": F.linear, "index_select": torch.index_select, "take_along_dim": lambda x, i,
    d: torch.take_along_dim(x, i.long(), d), "gather": long(torch.gather), "scatter_add": long(torch.scatter_add),
    "arange": arange, "eye": lambda n: torch.eye(n), "zeros": lambda s, dtype=F64: torch.zeros(s, dtype=dtype),
    "ones": lambda s, dtype=F64: torch.ones(s, dtype=dtype),
    "full": full, "zeros_like": torch.zeros_like, "full_like": torch.full_like, "tensor": tensor,
    "float32": F64, "int32": I32, "inf": float("inf"), "true": True, "false": False, "none": None,
}


# --- layers ---

KINDS = {k: v for k, v in vars(torch.nn).items() if isinstance(v, type) and issubclass(v, torch.nn.Module)}
AXES = {torch.nn.Conv1d: 1, torch.nn.Conv2d: 2}   # 1.13 pads only batches in every mode


def layer(kind, arguments, prefix):
    """A module with the weights that nnc gives its keys."""
    if kind not in KINDS:
        raise Unsupported(kind)
    named = dict(arguments)
    for word in ("activation", "recurrent_activation"):
        if word in named:
            raise Unsupported(f"{kind} with {word}")
    if named.pop("reset_after", True) is False:
        raise Unsupported("a GRU that resets before")
    places, bias = named.pop("", []), named.get("bias")
    if kind == "LayerNorm":
        named.pop("bias", None)
    module = KINDS[kind](*places, **named)
    if kind == "LayerNorm" and bias is False and module.bias is not None:
        module.register_parameter("bias", None)
    state = {k: weights(f"{prefix}.{k}", tuple(v.shape)) for k,
             v in module.state_dict().items() if v.is_floating_point()}
    module.load_state_dict(state, strict=False)
    return module.to(F64).eval()


def call(module):
    """The layer as the language calls it: ids are int32, lengths stand beside."""
    def f(x, hx=None, lengths=None):
        if isinstance(module, torch.nn.Embedding):
            return module(x.long())
        if x.dim() == AXES.get(type(module), x.dim()) + 1:
            return module(x[None])[0]
        if not isinstance(module, torch.nn.RNNBase):
            return module(x) if hx is None else module(x, hx)
        if lengths is None:
            return module(x, hx)
        first = module.batch_first
        packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths.long(), first, enforce_sorted=False)
        out, ends = module(packed, hx)
        return torch.nn.utils.rnn.pad_packed_sequence(out, first, total_length=x.shape[1 if first else 0])[0], ends
    return f


# --- text ---

def split_call(text):
    """'Kind(a, b=c)' and what stands behind it."""
    kind, rest = text.split("(", 1)
    depth, quoted = 1, False
    for i, c in enumerate(rest):
        quoted ^= c == '"'
        depth += 0 if quoted else (c == "(") - (c == ")")
        if not depth:
            return kind.strip(), rest[:i], rest[i + 1:].strip()
    raise ValueError(text)


class Interpreter:
    """One model; reset and run as generated code has them."""

    def __init__(self, model):
        torch.set_default_dtype(F64)
        self.constants, self.inputs, self.outputs, self.states, self.body = {}, [], [], {}, []
        self.identifiers, self.depth = {}, 0
        lines = [line[4:] for line in model.text().strip().split("\n")[1:-1]]
        for line in lines:
            word, _, rest = line.partition(" ")
            if word == "dim":
                continue
            if word == "param":
                self.param(rest)
            elif word == "input":
                name, _, kind = rest.partition(": ")
                self.inputs.append((name, kind.split("[")[0], self.shape(kind)))
            elif word == "state":
                declaration, _, init = rest.partition(" = ")
                name, _, kind = declaration.partition(": ")
                self.states[name] = (init or "0.0", self.shape(kind), kind.split("[")[0])
            elif word == "layer":
                self.layer(rest)
            else:
                self.body.append(line)
        self.squeezes = re.search(r"\bsqueeze\(", "\n".join(lines))
        self.code = compile("\n".join(self.translate(self.body)) or "pass", model.name, "exec")
        self.now = {}

    @staticmethod
    def shape(kind):
        return kind[kind.index("["):] if "[" in kind else "[]"

    def param(self, text):
        name, _, kind = text.partition(": ")
        kind, _, key = kind.partition(" from ")
        self.constants[name] = weights(key.strip('"') or name, tuple(eval(self.shape(kind))))

    def layer(self, text):
        name, _, made = text.partition(" = ")
        kind, arguments, behind = split_call(made)
        prefix = behind[len("from "):].strip('"') if behind.startswith("from ") else name
        given = eval(f"(lambda *a, **k: (a, k))({arguments})", {**NAMES, **KINDS})   # in a Sequential stand modules
        module = layer(kind, {"": given[0], **given[1]}, prefix)
        self.identifiers[name] = "layer_" + re.sub(r"\W", "_", name)
        self.constants[self.identifiers[name]] = call(module)

    def expression(self, text):
        for name in sorted(self.identifiers, key=len, reverse=True):
            text = re.sub(rf"(?<![\w.]){re.escape(name)}(?=\()", self.identifiers[name], text)
        return re.sub(r"(?<![\w.])repeat\(", "repeat_(", text)

    def translate(self, lines):
        """Python for some statements of one depth."""
        out, at = [], 0
        while at < len(lines):
            line = lines[at]
            at += 1
            if line.startswith("repeat "):
                body = []
                while lines[at] != "}":
                    body.append(lines[at][4:])
                    at += 1
                at += 1
                out += self.block(line, body)
            elif line.startswith("output "):
                out += self.output(line[len("output "):])
            else:
                out.append(self.binding(line))
        return out

    def output(self, text):
        declaration, equals, value = text.partition(" = ")
        name = declaration.split(":")[0]
        if not equals:
            return [f"_outputs.append({name})"]
        return [f"{name} = {self.expression(value)}", f"_outputs.append({name})"]

    def binding(self, line):
        targets, _, value = line.partition(" = ")
        several = re.match(r"(max|min|topk)\(", value) and re.fullmatch(r"\w+, \w+", targets)
        value = self.expression(value)
        return f"{targets} = " + (re.sub(r"^(\w+)\(", r"\1_pair(", value) if several else value)

    def block(self, head, body):
        self.depth += 1
        d = self.depth
        rows = re.fullmatch(r"repeat (.+?) in (.+?)(?: until (.+?))? \{", head)
        rounds = None if rows else re.fullmatch(r"repeat (.+?)(?: until (.+?))? \{", head)
        collected = [re.match(r"collect (\w+) = ", line)[1] for line in body if line.startswith("collect ")]
        lines = [f"_all{d} = {{name: [] for name in {collected!r}}}"]
        if rows:
            names, sources, until = rows[1], self.expression(rows[2]), rows[3]
            lines += [f"_rows{d} = ({sources},)", f"_count{d} = _rows{d}[0].shape[0]",
                      f"for _r{d} in range(_count{d}):",
                      f"    {names}{',' if ',' not in names else ''} = [_x[_r{d}] for _x in _rows{d}]"]
        else:
            until = rounds[2]
            lines += [f"_count{d} = {rounds[1]}", f"for _r{d} in range(_count{d}):"]
        inner = []
        group = []
        for line in body + [None]:
            if line is not None and not line.startswith("collect "):
                group.append(line)
                continue
            inner += self.translate(group)
            group = []
            if line is not None:
                name, value = re.match(r"collect (\w+) = (.*)", line).groups()
                inner.append(f"_all{d}[{name!r}].append({self.expression(value)})")
        if until:
            inner.append(f"if bool({self.expression(until)}): break")
        lines += ["    " + line for line in inner]
        lines += [f"{name} = _collect(_all{d}[{name!r}], _count{d})" for name in collected]
        self.depth -= 1
        return lines

    # --- running ---

    @staticmethod
    def collect(rows, count):
        return torch.stack(rows + [torch.zeros_like(rows[0])] * (count - len(rows)))

    def reset(self):
        self.now = {}

    def begin(self, space):
        for name, (init, shape, dtype) in self.states.items():
            value = eval(self.expression(init), dict(space))
            value = tensor_of(value, None).to(F64 if dtype == "float32" else I32)
            self.now[name] = value.expand(eval(shape, dict(space))).clone()

    def run(self, dims, data):
        """The outputs, as flat lists; data: the bytes of each input."""
        if self.squeezes and 1 in dims.values():
            raise Unsupported("a squeeze where a run-time dim is 1")
        space = {**NAMES, **self.constants, **dims, "_outputs": [], "_collect": self.collect}
        if not self.now:
            self.begin(space)
        space.update(self.now)
        for (name, dtype, shape), raw in zip(self.inputs, data):
            code = "f" if dtype == "float32" else "i"
            values = torch.tensor(array.array(code, raw).tolist(), dtype=F64 if code == "f" else I32)
            space[name] = values.reshape(eval(shape, dict(space)))
        with torch.no_grad(), LongIndices():
            exec(self.code, space)
        self.now = {name: space[name] for name in self.states}
        return [t.to(F64).reshape(-1).tolist() for t in space["_outputs"]]


class LongIndices:
    """Indices that are int32 tensors, while it lasts."""

    def __enter__(self):
        self.get = get = torch.Tensor.__getitem__

        def item(x, index):
            return get(x, index.long() if isinstance(index, torch.Tensor) and index.dtype == I32 else index)
        torch.Tensor.__getitem__ = item

    def __exit__(self, *_):
        torch.Tensor.__getitem__ = self.get
