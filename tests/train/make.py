#!/usr/bin/env python3
"""Computes what the cases of this folder expect, with PyTorch in float64, from their inputs and weights.

usage: make.py [--check] CASE_DIR...        (needs PyTorch and NumPy)

A case folder holds case.nn, weights.safetensors, case.json, in.K.NAME.npy (of batch K), and what is expected:
losses.npy (of every call that gives one), params.npy (at the end), grads.npy (of models that only call grad) and
out.I.NAME.npy (of call I). case.json has batches, params (key and shape, in the order of the flat arrays), and calls:
[what, batch, lr], with the status of those that must fail. --check compares with what is there instead of writing it.
"""
import argparse
import json
import os
import struct
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.word_embeddings, self.lstm, self.lstm2tag = nn.Embedding(9, 6), nn.LSTM(6, 6), nn.Linear(6, 3)

    def forward(self, sentence):
        out, _ = self.lstm(self.word_embeddings(sentence).view(len(sentence), 1, -1))
        scores = F.log_softmax(self.lstm2tag(out.view(len(sentence), -1)), dim=1)
        return {"scores": scores, "best": scores.argmax(1)}

    def loss(self, out, sentence, tags):
        return F.nll_loss(out["scores"], tags)


class LaterTagger(Tagger):
    """Tags that count from 1."""

    def loss(self, out, sentence, tags):
        return super().loss(out, sentence, tags - 1)


class HelloCell(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.RNNCell(4, 4)

    def forward(self, letters):
        h, all_h = None, []
        for t in range(5):
            h = self.cell(letters[t:t + 1], h)
            all_h.append(h)
        return {"scores": torch.cat(all_h), "best": torch.cat(all_h).argmax(1)}

    def loss(self, out, letters, y):
        return sum(F.cross_entropy(out["scores"][t:t + 1], y[t:t + 1]) for t in range(5))


class Stateful(nn.Module):
    """Truncated backpropagation: the state goes on from call to call, detached."""

    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        self.lstm, self.fc, self.state = nn.LSTM(inputs, hidden), nn.Linear(hidden, outputs), None

    def reset_state(self):
        self.state = None

    def forward(self, x):
        out, (h, c) = self.lstm(x, self.state)
        self.state = (h.detach(), c.detach())
        return {"z": self.fc(out)}

    def loss(self, out, x, y):
        return F.mse_loss(out["z"], y)


class BatchNormGru(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn = nn.Conv1d(3, 8, 3, bias=False), nn.BatchNorm1d(8)
        self.gru, self.head = nn.GRU(8, 10, batch_first=True), nn.Linear(10, 2)

    def forward(self, x):
        out, _ = self.gru(F.relu(self.bn(self.conv(x))).transpose(1, 2))
        return {"z": self.head(out[:, -1])}

    def loss(self, out, x, y):
        return F.cross_entropy(out["z"], y)


class Lookup(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10, 3, padding_idx=0, scale_grad_by_freq=True)
        self.fc = nn.Linear(3, 2)

    def forward(self, ids):
        return {"v": self.fc(self.embedding(ids))}

    def loss(self, out, ids, y):
        return F.mse_loss(out["v"], y)


class Lengths(nn.Module):
    """What stands in x behind a sequence's length is NaN: it is never used."""

    def __init__(self):
        super().__init__()
        self.gru, self.fc = nn.GRU(6, 11, 2, batch_first=True, bidirectional=True), nn.Linear(22, 4)

    def forward(self, x, n):
        packed = nn.utils.rnn.pack_padded_sequence(x, n, batch_first=True, enforce_sorted=False)
        out, self.h = self.gru(packed)
        return {"out": nn.utils.rnn.pad_packed_sequence(out, batch_first=True, total_length=x.shape[1])[0]}

    def loss(self, out, x, n, y):
        return F.cross_entropy(self.fc(out["out"]).transpose(1, 2), y) + (self.h ** 2).mean()


class Classes(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 5)

    def forward(self, x):
        return {"z": self.fc(x)}

    def loss(self, out, x, y):
        z, w = out["z"], torch.tensor([1.0, 2.0, 0.5, 1.5, 0.25])
        return (F.cross_entropy(z, y, w, label_smoothing=0.1)
                + 0.05 * F.nll_loss(F.log_softmax(z, 1), y, w, reduction="sum")
                + F.cross_entropy(z.view(2, 3, 5).transpose(1, 2), y.view(2, 3), ignore_index=2)
                + F.cross_entropy(z[0], y[0]))


class Regression(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 4)

    def forward(self, x):
        return {"z": self.fc(x)}

    def loss(self, out, x, y, p):
        z, positive = out["z"], torch.tensor([1.0, 2.0, 3.0, 0.5])
        return (F.mse_loss(z, y) + 0.1 * F.l1_loss(z, y, reduction="sum") + F.smooth_l1_loss(z, y, beta=0.5)
                + F.huber_loss(z, y, delta=0.3) + F.binary_cross_entropy(torch.sigmoid(z), p)
                + F.binary_cross_entropy_with_logits(z, p, pos_weight=positive))


class Chain(nn.Module):
    def __init__(self):
        super().__init__()
        for i in range(8):
            setattr(self, f"l{i}", nn.Linear(5, 5))

    def forward(self, x):
        for i in range(8):
            x = torch.tanh(getattr(self, f"l{i}")(x)) * 1.5
        return {"z": x}

    def loss(self, out, x, y):
        return F.mse_loss(out["z"], y)


def philox(key, counter):
    """Four words of Philox4x32-10 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3)."""
    low = 0xFFFFFFFF
    for _ in range(10):
        a, b = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = ((b >> 32) ^ counter[1] ^ key[0], b & low, (a >> 32) ^ counter[3] ^ key[1], a & low)
        key = (key[0] + 0x9E3779B9 & low, key[1] + 0xBB67AE85 & low)
    return counter


class Dropped(nn.Module):
    """Dropout before an LSTM and between its layers, by the masks of docs/training.md."""

    def __init__(self):
        super().__init__()
        self.lstm, self.fc = nn.LSTM(5, 6, 2), nn.Linear(6, 2)
        self.seed(0)

    def seed(self, seed):
        self.key, self.calls = (seed & 0xFFFFFFFF, seed >> 32), -1

    def drop(self, x, site, p):
        if not self.training:
            return x
        counters = [(i, site, self.calls & 0xFFFFFFFF, self.calls >> 32) for i in range((x.numel() + 3) // 4)]
        words = [w for c in counters for w in philox(self.key, c)][:x.numel()]
        return x * torch.tensor([w >= int(p * 2 ** 32) for w in words]).view(x.shape) / (1 - p)

    def layer(self, x, k):
        weights = [getattr(self.lstm, f"{w}_l{k}") for w in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        zeros = torch.zeros(1, x.shape[1], 6, dtype=x.dtype)
        return torch._VF.lstm(x, (zeros, zeros), weights, True, 1, 0.0, False, False, False)[0]

    def forward(self, x):
        self.calls += self.training
        out = self.drop(self.layer(self.drop(x, 0, 0.3), 0), 1, 0.25)
        return {"z": self.fc(self.drop(self.layer(out, 1), 2, 0.3))}

    def loss(self, out, x, y):
        return F.mse_loss(out["z"], y)


class Edges(nn.Module):
    """Gradients where functions have corners, and among equals."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(8))

    def forward(self, x):
        bend = [F.relu(x), F.leaky_relu(x, 0.2), F.elu(x, 1.3), F.hardtanh(x, -0.5, 0.5),
                torch.clamp(x, -0.5, 0.5), x.abs()]
        most = x.max(dim=1).values.sum() + 2 * x.min(dim=0).values.sum()
        sums = [v.sum() for v in bend] + [most, 3 * x.max() + x.min()]
        return {"z": torch.stack(sums)}

    def loss(self, out, x, y):
        return (out["z"] * self.w).sum() + torch.maximum(x, y).sum() + F.l1_loss(x, y) + F.huber_loss(x, y)


class Detached(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix, self.cell, self.gate = nn.Linear(3, 5), nn.GRUCell(5, 5), nn.Linear(5, 5)

    def forward(self, x):
        z, h, self.hs = torch.tanh(self.mix(x)), torch.zeros(5, dtype=x.dtype), []
        for z_t in z + (torch.round(z * 4) / 4 - z).detach():
            h = self.cell(z_t[None], h.detach()[None])[0] * torch.sigmoid(self.gate(h).detach()) + h * 0.5
            self.hs.append(h)
        return {"z": z}

    def loss(self, out, x, y):
        z, hs = out["z"], torch.stack(self.hs)
        return F.mse_loss(hs * (hs + z).detach(), y) + (self.gate(z.detach()) * z).sum()


class Tied(nn.Module):
    """The output layer has the embedding's table."""

    def __init__(self):
        super().__init__()
        self.emb, self.mix, self.head = nn.Embedding(83, 6), nn.Linear(6, 6), nn.Linear(6, 83)
        self.head.weight = self.emb.weight

    def forward(self, words):
        return {"scores": self.head(torch.tanh(self.mix(self.emb(words))))}

    def loss(self, out, words, following):
        return F.cross_entropy(out["scores"], following)


class Statistics(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix, self.head = nn.Linear(5, 5), nn.Linear(5, 2)
        self.inst = nn.InstanceNorm1d(4, momentum=0.3, affine=True, track_running_stats=True)
        self.still = nn.BatchNorm1d(4, momentum=0.0)

    def forward(self, x):
        return {"z": self.head(self.still(torch.tanh(self.inst(self.mix(x)))))}

    def loss(self, out, x, y):
        return F.mse_loss(out["z"], y)


class SgdAndRmsprop:
    """Of a Statistics: SGD for its first layers, RMSprop for the others, at half the rate."""

    def __init__(self, parameters, lr):
        parameters = list(parameters)
        mix, head, inst, still = (parameters[i:i + 2] for i in range(0, 8, 2))
        self.sgd, self.rmsprop = SGD(mix + inst, lr), RMSPROP(head + still, lr, alpha=0.3, eps=1.0, centered=True)
        self.param_groups = self.sgd.param_groups

    def step(self):
        self.rmsprop.param_groups[0]["lr"] = 0.5 * self.param_groups[0]["lr"]
        self.sgd.step()
        self.rmsprop.step()


def clipped_sgd(model, lr):
    torch.nn.utils.clip_grad_norm_(model.parameters(), 0.25)


def clipped_by_value(model, lr):
    torch.nn.utils.clip_grad_value_(model.parameters(), 0.03)


def clipped_twice(model, lr):
    torch.nn.utils.clip_grad_norm_(model.parameters(), 3.0, norm_type=1)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 0.2, norm_type=3)


class EveryOptimizer:
    """An optimizer of its own for each layer of a Chain; its lr is the first one's, the others keep their ratio to
    it."""

    def __init__(self, parameters, lr):
        layers = list(parameters)
        kinds = [(SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}), (SGD, {"lr": 0.01, "maximize": True}),
                 (ADAM, {"lr": 0.01, "amsgrad": True, "weight_decay": 0.01}),
                 (ADAMW, {"lr": 0.02, "betas": (0.8, 0.95), "weight_decay": 0.1, "amsgrad": True}),
                 (RMSPROP, {"lr": 0.005}),
                 (RMSPROP, {"lr": 0.002, "momentum": 0.9, "centered": True, "alpha": 0.9, "weight_decay": 0.01}),
                 (ADAM, {"lr": 0.001, "maximize": True}),
                 (SGD, {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.01})]
        self.steps = [kind(layers[2 * i:2 * i + 2], **arguments) for i, (kind, arguments) in enumerate(kinds)]
        self.ratios = [arguments["lr"] / kinds[0][1]["lr"] for _, arguments in kinds]
        self.param_groups = [{"lr": lr}]

    def step(self):
        for step, ratio in zip(self.steps, self.ratios):
            step.param_groups[0]["lr"] = self.param_groups[0]["lr"] * ratio
            step.step()


SGD, ADAM, ADAMW, RMSPROP = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop
CASES = {  # module, optimizer, its arguments, what happens before a step
    "errors_change_nothing": (Tagger, SGD, {"momentum": 0.5}, None),
    "errors_in_computed_classes": (LaterTagger, SGD, {"momentum": 0.5}, None),
    "train_tagger_sgd": (Tagger, SGD, {}, None),
    "train_hello_rnncell_adam": (HelloCell, ADAM, {}, None),
    "train_sgd_nesterov_clip": (lambda: Stateful(1, 12, 1), SGD,
                                {"momentum": 0.9, "nesterov": True, "weight_decay": 0.001}, clipped_sgd),
    "train_batchnorm_adamw": (BatchNormGru, ADAMW, {}, None),
    "train_every_optimizer": (Chain, EveryOptimizer, {}, clipped_by_value),
    "train_norms": (Chain, SGD, {"momentum": 0.5}, clipped_twice),
    "train_statistics": (Statistics, SgdAndRmsprop, {}, None),
    "loss_classes": (Classes, None, {}, None),
    "loss_regression": (Regression, None, {}, None),
    "grad_edges": (Edges, None, {}, None),
    "grad_detach": (Detached, None, {}, None),
    "grad_tied": (Tied, None, {}, None),
    "train_dropout": (Dropped, SGD, {"momentum": 0.9}, None),
    "grad_embedding_freq": (Lookup, None, {}, None),
    "grad_tagger": (Tagger, None, {}, None),
    "grad_gru_lengths": (Lengths, None, {}, None),
    "grad_truncated": (lambda: Stateful(3, 14, 2), None, {}, None),
}


def read_weights(path):
    data = open(path, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    tensors = {}
    for key, t in json.loads(data[8:8 + size]).items():
        if key == "__metadata__":
            continue
        begin, end = t["data_offsets"]
        values = np.frombuffer(data[8 + size + begin:8 + size + end], "<f4").reshape(t["shape"])
        tensors[key] = torch.tensor(values.astype(np.float64))
    return tensors


def flat(meta, of):
    return np.concatenate([of(p["key"]).detach().numpy().ravel() for p in meta["params"]]).astype(np.float32)


def compute(folder, meta):
    make, optimizer, arguments, before_step = CASES[os.path.basename(folder)]
    model = make()
    model.load_state_dict(read_weights(os.path.join(folder, "weights.safetensors")), strict=False)
    step = optimizer(model.parameters(), lr=1.0, **arguments) if optimizer else None
    found, losses = {}, []

    def arrays(batch, what):
        load = lambda t: torch.tensor(np.load(os.path.join(folder, f"in.{batch}.{t['name']}.npy")))
        return [v.long() if not v.is_floating_point() else v.double() for v in map(load, meta["batches"][batch][what])]

    def do_step(lr):
        if before_step:
            before_step(model, lr)
        step.param_groups[0]["lr"] = lr
        step.step()
        model.zero_grad()

    for i, call in enumerate(meta["calls"]):
        what = call[0]
        if isinstance(call[-1], str) and len(call) > 1:
            continue  # must fail, and change nothing
        if what == "reset_state":
            model.reset_state()
        elif what == "seed":
            model.seed(call[1])
        elif what == "step":
            do_step(call[1])
        else:
            batch = call[1]
            inputs = arrays(batch, "inputs")
            model.train(what in ("train", "grad"))
            asked = {t["name"] for t in meta["batches"][batch]["train_outputs"]} if what != "run" else set()
            for v in inputs:
                v.requires_grad_(v.is_floating_point() and "dx" in asked)
            out = model(*inputs)
            if what == "run":
                for t in meta["batches"][batch]["outputs"]:
                    found[f"out.{i}.{t['name']}.npy"] = out[t["name"]].detach().numpy()
                continue
            loss = model.loss(out, *inputs, *arrays(batch, "targets"))
            losses.append(loss.item())
            if what == "eval":
                continue
            loss.backward()
            if "dx" in asked:
                found[f"out.{i}.dx.npy"] = inputs[0].grad.numpy()
            if what == "train":
                do_step(call[2])
    found["losses.npy"] = np.array(losses)
    found["params.npy"] = flat(meta, lambda key: model.state_dict()[key])
    if any(c[0] == "grad" for c in meta["calls"]):
        named = dict(model.named_parameters())
        zero = lambda key: torch.zeros_like(model.state_dict()[key])
        found["grads.npy"] = flat(meta, lambda key: zero(key) if key not in named or named[key].grad is None
                                                    else named[key].grad)
    return found


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--check", action="store_true")
    p.add_argument("cases", nargs="+")
    args, bad = p.parse_args(), 0
    for case in args.cases:
        folder = os.path.abspath(case)
        if os.path.basename(folder) not in CASES:
            print(f"--   {os.path.basename(folder)} has no numbers")
            continue
        meta = json.load(open(os.path.join(folder, "case.json")))
        worst = 0.0
        for name, value in compute(folder, meta).items():
            path = os.path.join(folder, name)
            if args.check:
                there = np.load(path).ravel()
                worst = max(
                    worst, float(np.max(np.abs(there - value.ravel()) / (1e-6 + np.max(np.abs(there))), initial=0)))
            else:
                plain = np.float64 if name == "losses.npy" else np.float32 if value.dtype.kind == "f" else np.int32
                np.save(path, value.astype(plain))
        bad += worst > 1e-6
        print(f"{'FAIL' if worst > 1e-6 else 'ok  '} {os.path.basename(folder):28} {worst:.1e}")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
