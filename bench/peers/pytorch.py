"""pytorch: PyTorch on one thread, as a contestant (see contestant.h): `pytorch.py INPUTS OUTPUTS WEIGHTS SIZES
VARIANT`.

WEIGHTS is a .npz of the state_dict, SIZES the workload in JSON. The modules are torch.nn's own, run eagerly under
inference_mode, one call of them for each call of the workload; a cell that is written out, as VARIANT says, eagerly or
by torch.jit.script.
"""
import json
import pathlib
import sys
import time

import numpy
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import programs  # noqa: E402

inputs_path, outputs_path, weights_path, sizes_text, variant = sys.argv[1:]
w = json.loads(sizes_text)
torch.set_num_threads(1)


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        if w["vocabulary"]:
            self.embedding = torch.nn.Embedding(w["vocabulary"], w["input"])
        layer = getattr(torch.nn, w["kind"])
        setattr(self, w["layer"], layer(w["input"], w["hidden"], w["layers"], bidirectional=w["directions"] == 2))
        if w["linear"]:
            self.linear = torch.nn.Linear(w["hidden"] * w["directions"], w["linear"])

    def forward(self, x, state):
        if w["vocabulary"]:
            x = self.embedding(x)
        x, state = getattr(self, w["layer"])(x, state)
        if w["linear"]:
            x = self.linear(x)
        return x, state


class Cell(torch.nn.Module):
    """The cell written out, and a loop over it in Python."""

    def __init__(self):
        super().__init__()
        hidden = w["hidden"]
        self.w_ih, self.w_hh = torch.nn.Linear(w["input"], 4 * hidden), torch.nn.Linear(hidden, 4 * hidden)
        self.ln_i, self.ln_h, self.ln_c = (torch.nn.LayerNorm(size) if w["norms"] else torch.nn.Identity()
                                           for size in (4 * hidden, 4 * hidden, hidden))

    def forward(self, x):
        h = torch.zeros(x.shape[1], self.w_hh.weight.shape[1])
        c = h
        out = []
        for x_t in x.unbind(0):
            gates = self.ln_i(self.w_ih(x_t)) + self.ln_h(self.w_hh(h))
            i, f, g, o = gates.chunk(4, 1)
            c = self.ln_c(torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g))
            h = torch.sigmoid(o) * torch.tanh(c)
            out.append(h)
        return torch.stack(out)


class Stateless(torch.nn.Module):
    def __init__(self, module, shape):
        super().__init__()
        self.module, self.shape = module, shape

    def forward(self, x, state):
        return self.module(x.view(self.shape)), None


def run_pass(state):
    outputs = []
    for x in calls:
        y, kept = model(x, state)
        if w["state"]:
            state = kept
        outputs.append(y)
    return outputs, state


with torch.inference_mode():
    model = programs.module(w["name"]) if w["program"] else Cell().eval() if w["cell"] else Model().eval()
    weights = numpy.load(weights_path)
    model.load_state_dict({name: torch.from_numpy(weights[name]) for name in weights.files})
    shape = [w["steps"], w["batch"]] + ([] if w["vocabulary"] else [w["input"]])
    if w["cell"] or w["program"]:
        shape = w["program"][0] if w["program"] else shape
        model = Stateless(torch.jit.script(model) if variant == "script" else model, shape)
    shape = [w["calls"], *shape]
    data = numpy.fromfile(inputs_path, numpy.int32 if w["vocabulary"] else numpy.float32)
    calls = list(torch.from_numpy(data.reshape(shape)))
    state = None
    for line in sys.stdin:
        words = line.split()
        if words[0] == "check":
            outputs, state = run_pass(None)
            torch.cat(outputs).numpy().tofile(outputs_path)
            print("ok", flush=True)
        else:
            _, state = run_pass(state)
            start = time.process_time_ns()
            for _ in range(int(words[1])):
                _, state = run_pass(state)
            print(time.process_time_ns() - start, flush=True)
