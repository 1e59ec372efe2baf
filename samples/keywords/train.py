#!/usr/bin/python3
"""Trains the keyword spotter; writes keywords.safetensors, recording.wav and expected.txt beside this file.

Needs python3-torch; takes two minutes. The words are speech.py's, each said by a voice of its own, with pauses, other
words and noise between them. The network learns which words come in which order, and not when: that is what CTC finds
(A. Graves et al., ICML 2006).
"""
import os
import sys
import wave

import numpy
import torch
from torch import nn

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import safetensors  # noqa: E402
import speech  # noqa: E402

WORDS = [None, *speech.WORDS]                                       # 0: no word ends here (CTC's blank)
WINDOW, HOP, BANDS = 128, 80, 24
RECORDING = ["yes", None, "stop", "no", "go", None]


def fourier():
    """[2 * 65, 1, WINDOW]: cosines, then sines, under a Hann window: a Fourier transform as a convolution."""
    n, f = torch.arange(WINDOW), torch.arange(WINDOW // 2 + 1)[:, None]
    angle = 2 * torch.pi * f * n / WINDOW
    waves = torch.cat((angle.cos(), -angle.sin()))
    return (waves * torch.hann_window(WINDOW))[:, None] / WINDOW ** 0.5


def mel_bands():
    """[BANDS, 65]: triangles, evenly spread over the mel scale, 2595 log10(1 + f / 700)."""
    highest = 2595 * numpy.log10(1 + speech.RATE / 2 / 700)
    edges = 700 * (10 ** (torch.linspace(0, highest, BANDS + 2) / 2595) - 1)
    f = torch.linspace(0, speech.RATE / 2, WINDOW // 2 + 1)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    return torch.minimum((f - low) / (middle - low), (high - f) / (high - middle)).clamp(min=0)


class Spotter(nn.Module):
    def __init__(self):
        super().__init__()
        self.stft = nn.Conv1d(1, 2 * 65, WINDOW, stride=HOP, bias=False)
        self.mel = nn.Linear(65, BANDS, bias=False)
        self.stft.weight = nn.Parameter(fourier(), requires_grad=False)
        self.mel.weight = nn.Parameter(mel_bands(), requires_grad=False)
        self.front = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2))
        self.gru = nn.GRU(16 * BANDS // 4, 32)
        self.head = nn.Linear(32, len(WORDS))

    def forward(self, samples):
        """[B, N] -> log probabilities [T // 4, B, words] of T = (N - 128) // 80 + 1 windows."""
        spectrum = self.stft(samples[:, None])                      # [B, 2 * 65, T]
        power = spectrum[:, :65] ** 2 + spectrum[:, 65:] ** 2
        loudness = torch.log(self.mel(power.transpose(1, 2)) + 1e-6)    # [B, T, BANDS]
        maps = self.front(loudness[:, None])                        # [B, 16, T // 4, BANDS // 4]
        rows, _ = self.gru(maps.permute(2, 0, 1, 3).flatten(2))
        return torch.log_softmax(self.head(rows), dim=2)


def draw(random):
    """Samples of two seconds, and the numbers of the words in them."""
    words = [WORDS[i] for i in random.integers(len(WORDS), size=random.integers(1, 4))]
    return speech.clip(2, words, random), [WORDS.index(w) for w in words if w]


def spotted(scores):
    """[(row, word)] of scores [rows, words]: where a word that is not the row before's has the best score."""
    best = scores.argmax(1).tolist()
    return [(i, w) for i, w in enumerate(best) if w and (i == 0 or best[i - 1] != w)]


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    random = numpy.random.default_rng(1)
    clips = [draw(random) for _ in range(1600)]
    samples, words = torch.tensor(numpy.stack([s for s, _ in clips])), [w for _, w in clips]
    model, epochs, batch = Spotter(), 14, 32
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, epochs * len(clips) // batch)
    for epoch in range(1, epochs + 1):
        total = 0
        for some in torch.randperm(len(clips)).split(batch):
            scores = model(samples[some])
            targets = [words[i] for i in some]
            loss = nn.functional.ctc_loss(
                scores, torch.tensor(sum(targets, [])), torch.full((len(some),), len(scores)),
                torch.tensor([len(t) for t in targets]), zero_infinity=True)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item() * len(some)
        print(f"epoch {epoch}: loss {total / len(clips):.4f}", flush=True)

    model.eval()
    with torch.no_grad():
        right, count = 0, 300
        for _ in range(count):
            clip, targets = draw(random)
            right += [w for _, w in spotted(model(torch.tensor(clip)[None])[:, 0])] == targets
        print(f"right: {right} of {count} recordings that were not trained on")
        clip = numpy.round(speech.clip(4, RECORDING, random) * 32767).astype("<i2")
        scores = model(torch.tensor(clip / numpy.float32(32768))[None])[:, 0]
    best = scores.exp().topk(2, dim=1).values
    least = (best[:, 0] - best[:, 1]).min().item()
    print(f"least margin in probability in recording.wav: {least:.3f}")

    safetensors.save(os.path.join(here, "keywords.safetensors"),
                     {k: v for k, v in model.state_dict().items() if "num_batches" not in k})
    with wave.open(os.path.join(here, "recording.wav"), "wb") as file:
        file.setparams((1, 2, speech.RATE, 0, "NONE", ""))
        file.writeframes(clip.tobytes())
    with open(os.path.join(here, "expected.txt"), "w") as file:
        for row, word in spotted(scores):
            file.write(f"{row * 4 * HOP / speech.RATE:.2f} s  {WORDS[word]}\n")


main()
