#!/usr/bin/python3
"""Trains the four models of hello.nn; writes hello.safetensors and expected.txt beside this file.

Needs python3-torch; takes seconds.
"""
import os
import sys

import torch
from torch import nn

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import safetensors  # noqa: E402

LETTERS = "ehlo"


class Whole(nn.Module):
    """The whole word at once."""

    def __init__(self, kind):
        super().__init__()
        self.emb = nn.Embedding(4, 10)
        self.rnn = kind(10, 8, num_layers=2, batch_first=True)
        self.fc = nn.Linear(8, 4)

    def forward(self, letters):
        out, _ = self.rnn(self.emb(letters))
        return self.fc(out)


class Cell(nn.Module):
    """Letter after letter through one cell, whose hidden state is the scores."""

    def __init__(self):
        super().__init__()
        self.cell = nn.RNNCell(4, 4)

    def forward(self, letters):
        h, scores = torch.zeros(1, 4), []
        for letter in nn.functional.one_hot(letters, 4).float().unbind(dim=1):
            h = self.cell(letter, h)
            scores.append(h)
        return torch.stack(scores, dim=1)


def encode(word):
    return torch.tensor([[LETTERS.index(letter) for letter in word]])


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    models = nn.ModuleDict(dict(rnn=Whole(nn.RNN), lstm=Whole(nn.LSTM), gru=Whole(nn.GRU), rnncell=Cell()))
    titles = dict(rnn="RNN", lstm="LSTM", gru="GRU", rnncell="RNNCell")
    word, answer = encode("hello"), encode("ohlol")
    lines = []
    for name, model in models.items():
        optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
        for step in range(400):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(word)[0], answer[0])
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            scores = model(word)
        best = scores.softmax(dim=-1).topk(2, dim=-1).values[0]
        found = "".join(LETTERS[i] for i in scores.argmax(dim=-1)[0])
        assert found == "ohlol", (name, found)
        print(f"{name}: least margin in probability {(best[:, 0] - best[:, 1]).min().item():.3f}")
        lines.append(f"{titles[name] + ':':<9}hello -> {found}\n")

    safetensors.save(os.path.join(here, "hello.safetensors"), models.state_dict())
    with open(os.path.join(here, "expected.txt"), "w") as file:
        file.write("".join(lines))


main()
