#!/usr/bin/python3
"""Trains the digits' model; writes digits.safetensors, digits.txt and expected.txt beside this file.

Needs python3-torch; takes half a minute. The pictures are drawn here, from the bitmaps of fonts.py: shifted, some of
them in a broader pen, some faded, all of them with specks. digits.txt holds twenty that were not trained on.
"""
import os
import sys

import numpy
import torch
from torch import nn

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import fonts  # noqa: E402
import safetensors  # noqa: E402

SIZE = 12
SHADES = ".+#"  # paper, half ink, full ink: 0, 0.5 and 1
SHOWN = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4]


class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(SIZE, 32, batch_first=True)
        self.fc = nn.Linear(32, 10)

    def forward(self, picture):
        out, _ = self.lstm(picture)
        return torch.log_softmax(self.fc(out[:, -1]), dim=1)


def draw(digit, random):
    """One picture, [SIZE, SIZE], of the shades 0, 0.5 and 1."""
    glyph = fonts.FONTS[random.integers(len(fonts.FONTS))][digit]
    ink = numpy.array([[cell == "#" for cell in row] for row in glyph], dtype=numpy.float32)
    if random.random() < 0.3:  # a broader pen
        ink = numpy.pad(ink, ((0, 0), (0, 1)))
        ink[:, 1:] = numpy.maximum(ink[:, 1:], ink[:, :-1])
    picture = numpy.zeros((SIZE, SIZE), dtype=numpy.float32)
    top, left = (random.integers(SIZE - length + 1) for length in ink.shape)
    picture[top:top + ink.shape[0], left:left + ink.shape[1]] = ink
    faded = random.random(picture.shape) < random.choice([0.0, 0.1, 0.3])
    picture[faded & (picture == 1)] = 0.5
    picture[random.random(picture.shape) < 0.02] = 0.5  # specks
    return picture


def draw_all(digits, random):
    return torch.tensor(numpy.stack([draw(digit, random) for digit in digits]))


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    random = numpy.random.default_rng(1)
    model = Digits()
    labels = numpy.arange(12000) % 10
    pictures, targets = draw_all(labels, random), torch.tensor(labels)
    epochs, batch = 12, 32
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for epoch in range(epochs):
        for some in torch.randperm(len(labels)).split(batch):
            optimizer.zero_grad()
            nn.functional.nll_loss(model(pictures[some]), targets[some]).backward()
            optimizer.step()
        schedule.step()

    labels = numpy.arange(4000) % 10
    shown = draw_all(SHOWN, random)
    with torch.no_grad():
        right = model(draw_all(labels, random)).argmax(dim=1) == torch.tensor(labels)
        scores = model(shown)
    best = scores.exp().topk(2, dim=1).values
    print(f"right: {right.float().mean().item():.4f} of {len(labels)} pictures that were not trained on")
    print(f"least margin in probability in digits.txt: {(best[:, 0] - best[:, 1]).min().item():.3f}")
    found = scores.argmax(dim=1).tolist()
    assert found == SHOWN, found

    safetensors.save(os.path.join(here, "digits.safetensors"), model.state_dict())
    with open(os.path.join(here, "digits.txt"), "w") as file:
        rows = [["".join(SHADES[int(2 * cell)] for cell in row) for row in picture.tolist()] for picture in shown]
        file.write("\n".join("".join(line + "\n" for line in picture) for picture in rows))
    with open(os.path.join(here, "expected.txt"), "w") as file:
        file.write(" ".join(str(digit) for digit in found) + "\n")


main()
