#!/usr/bin/env python3
"""Runs cases by the Python packages that nnc makes of them, against PyTorch's outputs, and what a user may do wrong.

usage: run_python_package.py NNC FOLDER CASE…       needs NumPy
"""
import importlib
import json
import os
import subprocess
import sys

import numpy as np


def load(nnc, folder, case, *options):
    name = os.path.basename(case)
    subprocess.run([nnc, "package", "python", os.path.join(case, "case.nn"), "-o", os.path.join(folder, name),
                    "--name", name, *options], check=True)
    sys.path.insert(0, os.path.join(folder, name))
    return importlib.import_module(name)


def holds(condition, what):
    if not condition:
        raise AssertionError(what)


def run_case(nnc, folder, path):
    with open(os.path.join(path, "case.json")) as f:
        case = json.load(f)
    package = load(nnc, folder, path)
    classes = [c for c in (getattr(package, n) for n in package.__all__) if c._about["model"] == case["model"]]
    model, steps = classes[0](), case["steps"]
    read = lambda kind, tensors: [np.load(os.path.join(path, f"{kind}.{t['name']}.npy")) for t in tensors]
    inputs, wanted = read("in", case["inputs"]), read("out", case["outputs"])
    shown = {d for _, _, shape in classes[0]._about["inputs"] for s in shape for d in case["dims"] if d in s}
    dims = {d: n for d, n in case["dims"].items() if d not in shown}

    def runs(first, last):
        for k in range(first, last):
            got = model(*[x[k] if steps else x for x in inputs], **dims)
            got = [got] if len(wanted) == 1 else list(got)
            for g, w in zip(got, wanted):
                w = w[k] if steps else w
                holds(g.shape == w.shape and g.dtype == w.dtype, (path, g.shape, w.shape))
                with np.errstate(invalid="ignore"):
                    error = np.nanmax(abs(g.astype(float) - w) / (1 + abs(w.astype(float))), initial=0)
                holds(error <= 4 * case["torch_f32_error"] + 1e-6, (path, k, error))

    runs(0, steps or 1)
    if steps:  # back to a state that was read in the middle
        model.reset()
        runs(0, steps // 2)
        kept = {name: value.copy() for name, value in model.state.items()}
        other = model.copy()
        runs(steps // 2, steps)
        for name, value in kept.items():
            holds((other.state[name] == value).all(), "a copy has the state")
            model.state[name][:] = value
        runs(steps // 2, steps)
    return package


def refused(kind, words, f, *arguments, **named):
    try:
        f(*arguments, **named)
    except kind as error:
        holds(words in str(error), error)
        return
    raise AssertionError((words, "is taken"))


def mistakes(package):
    """Of tagger: sentence int32[T], T = 1..128, nine words."""
    tagger = package.Tagger()
    refused(TypeError, "sentence is missing", tagger)
    refused(TypeError, "1 inputs, not 2", tagger, [1], [2])
    refused(TypeError, "is given twice", tagger, [1], sentence=[2])
    refused(TypeError, "no input sentense", tagger, [1], sentense=[2])
    refused(TypeError, "is int32, found float64", tagger, [1.5])
    refused(ValueError, "no int32", tagger, [2**40])
    refused(ValueError, "input sentence is [T], found [1, 1]", tagger, [[1]])
    refused(ValueError, "T is 1 to 128, found 0", tagger, np.zeros(0, int))
    refused(ValueError, "token", tagger, [9])
    refused(ValueError, "input sentence is [T], found [2]", tagger, [1, 2], T=3)
    holds(tagger(sentence=np.array([0, 1], np.int64)).shape == (2, 3), "by name, of int64")
    holds("sentence: int32[T]" in tagger.__doc__, tagger.__doc__)


def main():
    nnc, folder, *cases = sys.argv[1:]
    for path in cases:
        package = run_case(nnc, folder, path)
        if os.path.basename(path) == "tagger":
            mistakes(package)
    print(f"{len(cases)} cases")


main()
