"""One test case: modules and inputs in, a folder with case.nn, weights, inputs and expected outputs out.

A module of this package makes a case like this:

    c = Case("linear_1d")                       # seeds torch and numpy from the name
    c.layer("fc", nn.Linear(5, 3))              # a module, or a bare tensor for a `param`
    c.input("x", randn(5))                      # in the order of the file's input statements
    c.write('''model linear { ... }''', lambda m, x: m.fc(x))

The last argument is the model again, in torch: it gets the modules (dots in a name become underscores) and the inputs,
and gives the outputs in the file's order. It is evaluated in float64, whose result is the expected one, and in
float32, whose distance from that is `torch_f32_error`. With steps=N every input has a leading axis of N runs, and the
function gets the state that it returned in the run before, None at first: forward(m, state, *inputs) -> outputs, state.
"""
import copy
import json
import os
import re
import shutil
import types
import zlib

import numpy as np
import torch
from torch import nn

import tensors_file

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def randn(*shape, scale=1.0):
    assert Case.seeded
    return np.asarray(np.random.standard_normal(shape) * scale, np.float32)


def ids(count, *shape):
    """Indices into a table of `count` rows, its first and last row among them where there is room."""
    assert Case.seeded
    out = np.random.randint(0, count, shape).astype(np.int32)
    if out.size >= 2:
        out.flat[0], out.flat[-1] = count - 1, 0
    return out


def ints(low, high, *shape):
    assert Case.seeded
    return np.random.randint(low, high, shape).astype(np.int32)


def livelier(module, factor=2.0):
    """Larger weights than the default ones, so that gates come near saturation and errors show."""
    with torch.no_grad():
        for p in module.parameters():
            p.mul_(factor)
    return module


def noisy_norm(module):
    """A normalisation whose scale, shift and running statistics are not the initial ones."""
    with torch.no_grad():
        for name, t in list(module.named_parameters()) + list(module.named_buffers()):
            if name in ("weight", "running_var"):
                t.copy_(torch.rand_like(t) * 1.5 + 0.25)
            elif name in ("bias", "running_mean"):
                t.copy_(torch.randn_like(t) * 0.5)
    return module


NUMPY_TYPES = {"F32": np.float32, "F64": np.float64, "F16": np.float16, "I64": np.int64}


def stored(array, kind):
    """(bytes in the file, the float32 values that they stand for)"""
    if kind == "BF16":
        t = torch.from_numpy(np.ascontiguousarray(array)).to(torch.bfloat16)
        return t.view(torch.int16).numpy().tobytes(), t.to(torch.float32).numpy()
    data = np.ascontiguousarray(array, dtype=NUMPY_TYPES[kind])
    return data.tobytes(), data.astype(np.float32) if kind != "I64" else data


def declared(text, model, statement):
    """The names that a model's `input` or `output` statements declare: a check that the case fits its file."""
    body = re.search(r"model\s+%s\s*\{(.*?)^\}" % model, text, re.S | re.M).group(1)
    names = []
    for line in body.splitlines():
        found = re.match(r"\s*%s\s+(.*)" % statement, line)
        if found:
            for part in re.split(r"[=:]", found.group(1).split("#")[0], maxsplit=1)[0].split(","):
                names.append(part.strip())
    return names


def error_of(got, want):
    """max |got - want| / (1 + |want|) over the places where both are finite"""
    got, want = np.asarray(got, np.float64), np.asarray(want, np.float64)
    ok = np.isfinite(got) & np.isfinite(want)
    return float(np.max(np.abs(got - want)[ok] / (1 + np.abs(want[ok])), initial=0.0))


class Case:
    written = []
    seeded = False      # what a case is made of is drawn after Case(name), and so the same whatever was made before

    def __init__(self, name, folder="cases", note=""):
        self.name, self.folder, self.note = name, folder, note
        self.modules, self.inputs, self.extra = {}, {}, {}
        seed = zlib.crc32(name.encode())
        torch.manual_seed(seed)
        np.random.seed(seed)
        Case.seeded = True

    def layer(self, name, module):
        self.modules[name] = module.eval() if isinstance(module, nn.Module) else torch.from_numpy(np.asarray(module))
        return self

    def input(self, name, array):
        assert array.dtype in (np.float32, np.int32), array.dtype
        self.inputs[name] = array
        return self

    def extra_tensor(self, name, array):
        """A tensor of the weights file that no layer has."""
        self.extra[name] = array
        return self

    def tensors(self, dtypes):
        """The weights file's content; rounds the modules' own parameters to what the file's dtypes can hold."""
        out = {}
        for name, module in self.modules.items():
            state = module.state_dict() if isinstance(module, nn.Module) else {"": module}
            for key, tensor in state.items():
                full = f"{name}.{key}" if key else name
                kind = "I64" if tensor.dtype == torch.int64 else dtypes.get(full, dtypes.get("*", "F32"))
                array = tensor.detach().numpy()
                if kind == "F64":
                    array = array.astype(np.float64) * (1 + 1e-9)   # not a float32, as in a real float64 file
                data, values = stored(array, kind)
                out[full] = (kind, array.shape, data)
                if kind != "I64":
                    with torch.no_grad():
                        tensor.copy_(torch.from_numpy(values.reshape(array.shape)))
        for name, array in self.extra.items():
            kind = "I64" if array.dtype == np.int64 else "F32"
            out[name] = (kind, array.shape, stored(array, kind)[0])
        return out

    def evaluate(self, forward, dtype, steps):
        """The outputs in numpy, one list of arrays; integers as int32."""
        def convert(module):
            return copy.deepcopy(module).to(dtype)
        before = torch.get_default_dtype()
        torch.set_default_dtype(dtype)
        try:
            m = types.SimpleNamespace(**{k.replace(".", "_"): convert(v) for k, v in self.modules.items()})
            inputs = [torch.from_numpy(np.array(a)) for a in self.inputs.values()]
            inputs = [t.to(dtype) if t.dtype == torch.float32 else t for t in inputs]
            with torch.no_grad():
                if not steps:
                    outs = forward(m, *inputs)
                else:
                    runs, state = [], None
                    for s in range(steps):
                        result, state = forward(m, state, *[t[s] for t in inputs])
                        runs.append(result if isinstance(result, tuple) else (result,))
                    outs = tuple(torch.stack(list(o)) for o in zip(*runs))
        finally:
            torch.set_default_dtype(before)
        outs = outs if isinstance(outs, tuple) else (outs,)
        return [o.numpy().astype(np.int32) if not o.is_floating_point() else o.numpy() for o in outs]

    def write(self, text, forward, dims=None, steps=None, model=None, dtypes=None, metadata=None):
        model = model or re.search(r"model\s+(\w+)", text).group(1)
        folder = os.path.join(ROOT, self.folder, self.name)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        tensors = self.tensors(dtypes or {})
        want = self.evaluate(forward, torch.float64, steps)
        rough = self.evaluate(forward, torch.float32, steps)
        names = declared(text, model, "output")
        assert declared(text, model, "input") == list(self.inputs), (self.name, declared(text, model, "input"))
        assert len(names) == len(want), (self.name, names, len(want))
        runtime = re.findall(r"^\s*dim\s+(\w+)\s*=[^#\n]*\.\.", re.search(
            r"model\s+%s\s*\{(.*?)^\}" % model, text, re.S | re.M).group(1), re.M)
        assert runtime == list(dims or {}), (self.name, runtime, dims)
        meta = {"model": model, "note": self.note, "dims": dims or {}, "steps": steps, "inputs": [], "outputs": []}
        for name, array in self.inputs.items():
            meta["inputs"].append({"name": name, "dtype": str(array.dtype), "shape": list(array.shape)})
            np.save(os.path.join(folder, f"in.{name}.npy"), array)
        worst = 0.0
        for name, w, r in zip(names, want, rough):
            assert w.shape == r.shape and w.size > 0, (self.name, name, w.shape)
            if w.dtype == np.int32:
                assert np.array_equal(w, r), (self.name, name, "float32 and float64 disagree on an integer")
                kind = "int32"
            else:
                assert np.array_equal(np.isnan(w), np.isnan(r)), (self.name, name, "NaN differs")
                worst = max(worst, error_of(r, w))
                with np.errstate(over="ignore"):
                    w, kind = w.astype(np.float32), "float32"
                assert np.isfinite(w).all() or self.name.startswith("nan_"), (self.name, name, "not finite")
                assert np.array_equal(np.isinf(w), np.isinf(r)), (self.name, name, "infinities differ")
            meta["outputs"].append({"name": name, "dtype": kind, "shape": list(w.shape)})
            np.save(os.path.join(folder, f"out.{name}.npy"), np.array(w, order="C"))
        meta["torch_f32_error"] = worst
        with open(os.path.join(folder, "case.nn"), "w", newline="") as f:
            f.write(text.lstrip("\n"))
        with open(os.path.join(folder, "case.json"), "w") as f:
            json.dump(meta, f, indent=1)
            f.write("\n")
        if tensors:
            with open(os.path.join(folder, "weights.safetensors"), "wb") as f:
                f.write(tensors_file.packed(tensors, metadata))
        Case.seeded = False
        Case.written.append((self.folder, self.name, worst))
        return folder
