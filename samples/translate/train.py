#!/usr/bin/python3
"""Trains the translator; writes translate.safetensors, words.h and expected*.txt beside this file.

Needs python3-torch; takes ten minutes. The pairs of sentences are numerals.py's. A seventh of the numbers from a
thousand on is not trained on.
"""
import os
import sys

import torch
from torch import nn

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import numerals  # noqa: E402
import safetensors  # noqa: E402
from numerals import ENGLISH, FRENCH, MOST  # noqa: E402

ROUNDS, END, PAD = 16, 0, 0
EXPECTED = [("expected.txt", 421, False), ("expected-longest.txt", 999999, False), ("expected-words.txt", 71280, True)]


class Translator(nn.Module):
    """What translate.nn says, for a batch: english [S, B], padded, of the given lengths; french [N, B]."""

    def __init__(self):
        super().__init__()
        self.english = nn.Embedding(len(ENGLISH), 16)
        self.encoder = nn.GRU(16, 32, bidirectional=True)
        self.bridge = nn.Linear(64, 64)
        self.french = nn.Embedding(len(FRENCH), 16)
        self.decoder = nn.GRUCell(16 + 64, 64)
        self.query = nn.Linear(64, 64, bias=False)
        self.head = nn.Linear(64 + 64, len(FRENCH))

    def encode(self, english, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(self.english(english), lengths, enforce_sorted=False)
        out, last = self.encoder(packed)
        memory, _ = nn.utils.rnn.pad_packed_sequence(out)           # [S, B, 64]
        outside = torch.arange(len(memory))[:, None] >= lengths     # [S, B]
        h = torch.tanh(self.bridge(torch.cat((last[0], last[1]), 1)))
        return memory, outside, h, torch.zeros(english.shape[1], 64)

    def step(self, word, memory, outside, h, context):
        h = self.decoder(torch.cat((self.french(word), context), 1), h)
        attention = (memory * self.query(h)).sum(2).masked_fill(outside, -torch.inf).softmax(0)
        context = (attention[:, :, None] * memory).sum(0)
        return self.head(torch.cat((h, context), 1)), attention, h, context

    def forward(self, english, lengths, french):
        """Scores [N, B, words] of each French word, the right ones before it given."""
        memory, outside, h, context = self.encode(english, lengths)
        word, scores = torch.full((english.shape[1],), END), []
        for right in french:
            score, _, h, context = self.step(word, memory, outside, h, context)
            scores.append(score)
            word = right
        return torch.stack(scores)

    @torch.no_grad()
    def translate(self, english, lengths):
        """The likeliest words [ROUNDS, B] one after another, the attention, and p(word) - p(the second best)."""
        memory, outside, h, context = self.encode(english, lengths)
        word, words, attentions, margins = torch.full((english.shape[1],), END), [], [], []
        for _ in range(ROUNDS):
            score, attention, h, context = self.step(word, memory, outside, h, context)
            best = score.softmax(1).topk(2, 1).values
            word = score.argmax(1)
            words.append(word)
            attentions.append(attention)
            margins.append(best[:, 0] - best[:, 1])
        return torch.stack(words), torch.stack(attentions), torch.stack(margins)


def batch(numbers):
    """English [S, B], its lengths [B], French with its end mark [N, B]."""
    english = [torch.tensor([ENGLISH.index(w) for w in numerals.english(n)]) for n in numbers]
    french = [torch.tensor([FRENCH.index(w) for w in numerals.french(n)] + [END]) for n in numbers]
    lengths = torch.tensor([len(words) for words in english])
    return (nn.utils.rnn.pad_sequence(english, padding_value=PAD), lengths,
            nn.utils.rnn.pad_sequence(french, padding_value=PAD))


def kept_apart(n):
    """Not to be trained on: whether the model translates or remembers shows in these."""
    return n >= 1000 and n % 7 == 3


def draw(count, generator):
    """Numbers with as many digits as may be, short ones as often as long ones."""
    digits = torch.randint(1, 7, (count,), generator=generator)
    numbers = (torch.rand(count, generator=generator) * 10 ** digits).long().tolist()
    return [n for n in numbers if not kept_apart(n)]


def examine(model, numbers):
    """Those of the numbers that are not translated as numerals.py does, and the least margin of the others' words."""
    wrong, least = [], 1.0
    for at in range(0, len(numbers), 2000):
        some = numbers[at:at + 2000]
        english, lengths, french = batch(some)
        words, _, margins = model.translate(english, lengths)
        inside = torch.ones_like(french, dtype=torch.bool)
        inside[1:] = french[:-1] != END                             # the first end mark too
        right = ((words[:len(french)] == french) | ~inside).all(0)
        wrong += [n for n, good in zip(some, right.tolist()) if not good]
        least = min(least, margins[:len(french)][inside & right].min().item())
    return wrong, least


def printed(model, n, attended):
    """What main.c prints: the translation, or each of its words behind the English one that was looked at most."""
    english, lengths, _ = batch([n])
    words, attention, margins = model.translate(english, lengths)
    found = []
    for word, weights in zip(words[:, 0].tolist(), attention[:, :, 0]):
        if word == END:
            break
        found.append((ENGLISH[english[weights.argmax(), 0]], FRENCH[word]))
    if attended:
        return "".join(f"{source:<10} {word}\n" for source, word in found)
    return numerals.written(word for _, word in found) + "\n"


def header():
    def table(name, words):
        lines, line = [], "   "
        for word in words:
            item = f' "{word}",'
            if len(line + item) > 100:
                lines, line = lines + [line], "   "
            line += item
        return f"static const char *const {name}[] = {{\n" + "\n".join(lines + [line]) + "\n};\n"

    return ("/* words: the words that the translator knows, by number; the first is the end of a sentence. Written by "
            "train.py. */\n#ifndef WORDS_H\n#define WORDS_H\n\n" + table("english", ENGLISH) + "\n"
            + table("french", FRENCH) + "\n#endif\n")


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(1)
    model = Translator()
    steps = 4000
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.005, steps)
    for step in range(1, steps + 1):
        numbers = draw(72, generator)
        english, lengths, french = batch(numbers)
        scores = model(english, lengths, french)
        ends = torch.tensor([len(numerals.french(n)) + 1 for n in numbers])
        counts = torch.arange(len(french))[:, None] < ends          # what is behind the end mark is not
        loss = nn.functional.cross_entropy(scores[counts], french[counts])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 250 == 0:
            print(f"step {step}: loss {loss.item():.5f}", flush=True)

    model.eval()
    others = [n for n in range(1000, MOST + 1, 71) if kept_apart(n)]
    wrong, least = examine(model, others)
    print(f"wrong: {len(wrong)} of {len(others)} numbers that were not trained on; "
          f"least margin in probability of the others' words: {least:.3f}")
    safetensors.save(os.path.join(here, "translate.safetensors"), model.state_dict())
    with open(os.path.join(here, "words.h"), "w") as file:
        file.write(header())
    for path, n, attended in EXPECTED:
        with open(os.path.join(here, path), "w") as file:
            file.write(printed(model, n, attended))


main()
