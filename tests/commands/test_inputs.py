"""No command writes over what a model is made of, the .nn file and each of its weights files, whatever an output is called and
by whatever link it leads there."""
import json
import os
import struct

from kit import holds

MODEL = """model m {
    input x: float32[2]
    weights ("first.safetensors", "over.safetensors")
    layer fc = Linear(2, 2)
    output y = fc(x)
}
"""


def write_tensors(bench, name, tensors):
    head, data = {}, b""
    for key, shape, numbers in tensors:
        end = len(data) + 4 * len(numbers)
        head[key] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), end]}
        data += struct.pack(f"<{len(numbers)}f", *numbers)
    text = json.dumps(head).encode()
    with open(bench.path(name), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def link(bench, to, name, how):
    if os.path.lexists(bench.path(name)):
        os.remove(bench.path(name))
    if how is os.link:
        os.link(bench.path(to), bench.path(name))
    else:
        os.symlink(os.path.relpath(bench.path(to), os.path.dirname(bench.path(name))), bench.path(name))


def check_inputs_stay(bench):
    inputs = ("m.nn", "first.safetensors", "over.safetensors")
    bench.write("m.nn", MODEL)
    write_tensors(bench, "first.safetensors", (("fc.weight", [2, 2], [1, 2, 3, 4]), ("fc.bias", [2], [5, 6])))
    write_tensors(bench, "over.safetensors", (("fc.bias", [2], [7, 8]),))
    read = lambda: [open(bench.path(name), "rb").read() for name in inputs]
    before = read()
    package = ("package", "python", "m.nn", "-o", "made")
    bench.nnc_says(*package)
    for name, command in (("a.c", ("m.nn", "-o", "a.c")), ("a.h", ("m.nn", "-o", "a.c")), ("a.d", ("m.nn", "-o", "a.c", "--depfile", "a.d")),
                          ("a.weights", ("m.nn", "-o", "a.weights", "--weights-only")), ("a.svg", ("graph", "m.nn", "-o", "a.svg")),
                          ("a.npy", ("run", "m.nn", "-i", "x=1,2", "-o", "y=a.npy")), ("made/m/m.c", package),
                          ("made/m/m.h", package), ("made/pyproject.toml", package), ("made/m/__init__.py", package)):
        for to in inputs:
            for how in (os.symlink, os.link):
                link(bench, to, name, how)
                said = bench.nnc_says(*command, status=1 if command is package else 2)
                holds(f"{name}: error: this output is an input" in said and read() == before, (name, to, how, said))
        os.remove(bench.path(name))


def check_files_of_a_package_are_distinct(bench):
    bench.write("m.nn", MODEL.replace("layer fc = Linear(2, 2)\n", "").replace("fc(x)", "relu(x)").replace("weights", "# weights"))
    for name, to in (("pyproject.toml", "README.md"), ("m/m.h", "README.md"), ("m/m.c", "m/m.h")):
        bench.nnc_says("package", "python", "m.nn", "-o", "made")
        before = bench.read("made/" + to)
        link(bench, "made/" + to, "made/" + name, os.symlink)
        said = bench.nnc_says("package", "python", "m.nn", "-o", "made", status=1)
        holds("two outputs are this file" in said and bench.read("made/" + to) == before, said)
        os.remove(bench.path("made", name))
    said = bench.nnc_says("package", "python", "m.nn", "--name", "nnc_runtime", "-o", "new", status=1)
    holds("two outputs are this file" in said and not os.path.exists(bench.path("new")), said)
