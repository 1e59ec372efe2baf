"""pytorch_train: steps of training in PyTorch, one thread: as a contestant (see contestant.h), `pytorch_train.py INPUTS
OUTPUTS
WEIGHTS SIZES TARGETS`, and in float64 what all losses are compared with. WEIGHTS is a .npz of the state_dict, SIZES the
workload in JSON."""
import json
import sys
import time

import numpy
import torch
from torch import nn


class Model(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.layer = w["layer"]
        if w["vocabulary"]:
            self.embedding = nn.Embedding(w["vocabulary"], w["input"])
        setattr(self, self.layer, getattr(nn, w["kind"])(w["input"], w["hidden"], w["layers"]))
        self.linear = nn.Linear(w["hidden"], w["linear"])
        if w["head_only"]:
            self.requires_grad_(False)
            self.linear.requires_grad_(True)

    def forward(self, x):
        if hasattr(self, "embedding"):
            x = self.embedding(x)
        out, _ = getattr(self, self.layer)(x)
        return self.linear(out).flatten(0, 1)


class Steps:
    """Training from the weights given, in this type."""

    def __init__(self, w, parameters, dtype):
        self.w, self.dtype = w, dtype
        self.model = Model(w).to(dtype)
        self.model.load_state_dict({name: torch.from_numpy(array) for name, array in parameters.items()})
        trained = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = getattr(torch.optim, w["optimizer"])(trained, lr=w["lr"])

    def batches(self, inputs, targets):
        w = self.w
        shape = [w["calls"], w["steps"], w["batch"]] + ([] if w["vocabulary"] else [w["input"]])
        x = torch.from_numpy(inputs.reshape(shape)).to(torch.int64 if w["vocabulary"] else self.dtype)
        return list(zip(x, torch.from_numpy(targets.reshape(w["calls"], -1)).long()))

    def step(self, x, y):
        loss = nn.functional.cross_entropy(self.model(x), y)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def losses(self, batches):
        return [self.step(x, y) for x, y in batches]


def main():
    inputs_path, outputs_path, weights_path, sizes, targets_path = sys.argv[1:]
    w = json.loads(sizes)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    file = numpy.load(weights_path)
    weights = {name: file[name] for name in file.files}
    steps = Steps(w, weights, torch.float32)
    batches = steps.batches(numpy.fromfile(inputs_path, numpy.int32 if w["vocabulary"] else numpy.float32),
                            numpy.fromfile(targets_path, numpy.int32))
    for line in sys.stdin:
        words = line.split()
        if words[0] == "check":
            steps = Steps(w, weights, torch.float32)
            numpy.array(steps.losses(batches), numpy.float32).tofile(outputs_path)
            print("ok", flush=True)
        else:
            steps.losses(batches)
            start = time.process_time_ns()
            for _ in range(int(words[1])):
                steps.losses(batches)
            print(time.process_time_ns() - start, flush=True)


if __name__ == "__main__":
    main()
