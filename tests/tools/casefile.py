"""A case folder: what stands in it, and how outputs are compared with the expected ones.

A case folder holds case.nn, weights.safetensors if the model has parameters, case.json, in.NAME.npy and out.NAME.npy.
case.json: `model` names the model of case.nn that is run; `dims` gives its run-time dims in the order of the file;
`steps` N gives arrays a leading axis of N runs after one reset; `inputs` and `outputs` have name, dtype and shape in
the file's order; `torch_f32_error` is the largest |got - want| / (1 + |want|) of PyTorch in float32, where `want` is a
float64 evaluation. A folder with stream.json holds a second model besides, for single steps: `step` names it, `dim` the
run-time dim that may be cut, `axes` the axis of each input and output that it cuts (null: none, the last value counts).
"""
import array
import ast
import json
import math
import os
import struct


class Failure(Exception):
    """A case that did not do what it should; the message is the report's line."""


def product(numbers):
    return math.prod(numbers)


def read_npy(path):
    """(dtype, shape, bytes) of a little-endian C-ordered array of float32 or int32"""
    with open(path, "rb") as f:
        if f.read(6) != b"\x93NUMPY":
            raise Failure(f"{os.path.basename(path)} is not a .npy file")
        major = f.read(2)[0]
        size = struct.unpack("<H", f.read(2))[0] if major == 1 else struct.unpack("<I", f.read(4))[0]
        head = ast.literal_eval(f.read(size).decode("latin1"))
        data = f.read()
    dtype = {"<f4": "float32", "<i4": "int32"}.get(head["descr"])
    if dtype is None or head["fortran_order"] or len(data) != 4 * product(head["shape"]):
        raise Failure(f"{os.path.basename(path)}: {head}")
    return dtype, list(head["shape"]), data


class Tensor:
    def __init__(self, folder, prefix, entry):
        self.name, self.dtype, self.shape = entry["name"], entry["dtype"], entry["shape"]
        dtype, shape, self.data = read_npy(os.path.join(folder, f"{prefix}.{self.name}.npy"))
        if (dtype, shape) != (self.dtype, self.shape):
            raise Failure(f"{prefix}.{self.name}.npy is {dtype}{shape}, case.json says {self.dtype}{self.shape}")


class CaseFile:
    def __init__(self, folder):
        self.folder, self.name = folder, os.path.basename(os.path.normpath(folder))
        with open(os.path.join(folder, "case.json")) as f:
            meta = json.load(f)
        self.model, self.dims, self.steps = meta["model"], meta["dims"], meta["steps"]
        self.inputs = [Tensor(folder, "in", t) for t in meta["inputs"]]
        self.outputs = [Tensor(folder, "out", t) for t in meta["outputs"]]
        self.limit = 4 * meta["torch_f32_error"] + 1e-6
        self.stream = None
        if os.path.exists(os.path.join(folder, "stream.json")):
            with open(os.path.join(folder, "stream.json")) as f:
                self.stream = json.load(f)

    def run_inputs(self, step):
        return [piece(t, step, self.steps) for t in self.inputs]

    def reference_results(self, path):
        """What reference_run wrote: the outputs in float64 and in float32 mode, each put together over the steps."""
        data = array.array("d")
        with open(path, "rb") as f:
            data.frombytes(f.read())
        both, at = [[array.array("d") for _ in self.outputs] for _ in range(2)], 0
        for step in range(self.steps or 1):
            if at >= len(data) or data[at] != 0:
                raise Failure(f"run {step} has status {int(data[at]) if at < len(data) else 'none'}")
            at += 2
            for outputs in both:
                for output, size in zip(outputs, self.output_sizes()):
                    output.extend(data[at:at + size // 4])
                    at += size // 4
        if at != len(data):
            raise Failure("the results file has the wrong length")
        return both

    def output_sizes(self):
        return [len(t.data) // (self.steps or 1) for t in self.outputs]


def piece(tensor, step, steps):
    size = len(tensor.data) // (steps or 1)
    return tensor.data[step * size:(step + 1) * size]


def cut(data, shape, axis, start, stop):
    """The bytes of a[..., start:stop, ...] along `axis`, of 4-byte elements."""
    row = 4 * product(shape[axis + 1:])
    block = row * shape[axis]
    return b"".join(data[b + start * row:b + stop * row] for b in range(0, len(data), block))


def join(pieces, lengths, shape, axis):
    """The inverse of cut: pieces of these lengths along `axis` put together."""
    row = 4 * product(shape[axis + 1:])
    outer = product(shape[:axis])
    return b"".join(p[b * n * row:(b + 1) * n * row] for b in range(outer) for p, n in zip(pieces, lengths))


def distance(got, want):
    """|got - want| / (1 + |want|); NaN equals NaN, an infinity only itself"""
    if want != want or got != got:
        return 0.0 if want != want and got != got else math.inf
    if math.isinf(want) or math.isinf(got):
        return 0.0 if got == want else math.inf
    return abs(got - want) / (1 + abs(want))


def where(index, shape):
    at = []
    for n in reversed(shape):
        at.append(index % n)
        index //= n
    return "[" + ", ".join(str(i) for i in reversed(at)) + "]"


def compare(case, results, limit=None):
    """The worst error of all float outputs; raises Failure with the worst place of the first output that is wrong."""
    limit = case.limit if limit is None else limit
    worst = 0.0
    for tensor, data in zip(case.outputs, results):
        code = "f" if tensor.dtype == "float32" else "i"
        want, got = array.array(code, tensor.data), array.array(code, data)
        if code == "i":
            wrong = [i for i in range(len(want)) if want[i] != got[i]]
        else:
            errors = [distance(g, w) for g, w in zip(got, want)]
            worst = max(worst, max(errors))
            wrong = [i for i, e in enumerate(errors) if e > limit]
            wrong.sort(key=lambda i: -errors[i])
        if wrong:
            i = wrong[0]
            text = f"{tensor.name}{where(i, tensor.shape)} is {got[i]:.9g}, not {want[i]:.9g}"
            if code == "f":
                text += f": error {errors[i]:.3g} over {limit:.3g}"
            raise Failure(f"{text} ({len(wrong)} of {len(want)} values wrong)")
    return worst
