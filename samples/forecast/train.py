#!/usr/bin/python3
"""Trains the tide's model; writes forecast.safetensors, levels.txt and expected.txt beside this file.

Needs python3-torch; takes half a minute. The tides are made up: the sum of the two largest constituents of a real one,
the moon's M2 of 12.42 hours and the sun's S2 of 12, with amplitudes and phases by chance. The model predicts the next
hour, and is taught on its own predictions too: what it gives goes back into it for the last hours of each example.
"""
import math
import os
import random
import sys

import torch
from torch import nn

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import safetensors  # noqa: E402

PAST, AHEAD = 48, 24  # hours


def tide(rng, hours):
    moon, sun = rng.uniform(0.6, 1.6), rng.uniform(0.1, 0.5)
    a, b = rng.uniform(0, 2 * math.pi), rng.uniform(0, 2 * math.pi)
    return [moon * math.cos(2 * math.pi * t / 12.42 + a) + sun * math.cos(2 * math.pi * t / 12 + b)
            for t in range(hours)]


class Forecast(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(1, 32)
        self.head = nn.Linear(32, 1)

    def forward(self, past, hours):
        """past: [T, B, 1]. The predictions of the hours behind each of the past's, and of `hours` ahead."""
        out, h = self.gru(past)
        known = self.head(out)
        level, levels = known[-1:], []
        for _ in range(hours):
            levels.append(level)
            step, h = self.gru(level, h)
            level = self.head(step)
        return known, torch.cat(levels)


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    rng = random.Random(1)
    model = Forecast()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    steps = 600
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=steps)
    for step in range(1, steps + 1):
        series = torch.tensor([tide(rng, PAST + AHEAD) for _ in range(32)]).t()[:, :, None]
        optimizer.zero_grad()
        known, ahead = model(series[:PAST], AHEAD)
        loss = (nn.functional.mse_loss(known[12:], series[13:PAST + 1]) + nn.functional.mse_loss(ahead, series[PAST:]))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 0:
            print(f"step {step}: loss {loss.item():.5f}", flush=True)

    example = tide(random.Random(7), PAST + AHEAD)
    past = [round(level, 2) for level in example[:PAST]]
    with torch.no_grad():
        ahead = model.double()(torch.tensor(past, dtype=torch.float64)[:, None, None], AHEAD)[1].flatten().tolist()
    model.float()
    worst = max(abs(a - b) for a, b in zip(ahead, example[PAST:]))
    edge = min(abs((abs(a) * 10) % 1 - 0.5) / 10 for a in ahead)
    print(f"the example's levels are within {worst:.3f} m; the nearest to another rounding is {edge:.5f} m from it")
    safetensors.save(os.path.join(here, "forecast.safetensors"), model.state_dict())
    with open(os.path.join(here, "levels.txt"), "w") as file:
        file.writelines(f"{level:.2f}\n" for level in past)
    with open(os.path.join(here, "expected.txt"), "w") as file:
        file.writelines(f"in {hour + 1:2} h: {level:4.1f} m {'=' * max(0, round((level + 2.2) * 10))}\n"
                        for hour, level in enumerate(ahead))


main()
