#!/usr/bin/python3
"""Trains the poem's model; writes poem.safetensors, vocabulary.h and expected.txt beside this file.

Needs python3-torch; takes a minute and a half. The text is poem.txt: Shakespeare's eighteenth sonnet, 1609. It is
learnt by heart, from its beginning and from the beginning of each later line; after the last letter comes an end mark.
"""
import os
import sys

import torch
from torch import nn

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import safetensors  # noqa: E402

PROMPT = "Shall I compare thee"  # main.c's default
END = "\0"
HIDDEN = 40
CHUNK = 112  # characters between two steps of the optimizer; the state is carried over


class Poem(nn.Module):
    def __init__(self, characters):
        super().__init__()
        self.embeddings = nn.Embedding(characters, 16)
        self.lstm = nn.LSTM(16, HIDDEN, num_layers=2)
        self.linear = nn.Linear(HIDDEN, characters)

    def forward(self, text, state=None):
        out, state = self.lstm(self.embeddings(text), state)
        return self.linear(out), state


def margins(model, text, target):
    """For each character of a text of shape [T, 1]: p(the right next one) - p(the best of the others)."""
    with torch.no_grad():
        p = model(text)[0].softmax(dim=-1)[:, 0]
    right = p.gather(1, target).squeeze(1)
    return right - p.scatter(1, target, 0.0).max(dim=1).values


def write(model, vocabulary, prompt):
    """Streams as main.c does: one character a run, the state kept, the likeliest next character taken."""
    state, text = None, prompt
    with torch.no_grad():
        for character in prompt:
            scores, state = model(torch.tensor([[vocabulary.index(character)]]), state)
        while True:
            best = scores.argmax().item()
            if vocabulary[best] == END or len(text) > 2000:
                return text
            text += vocabulary[best]
            scores, state = model(torch.tensor([[best]]), state)


def header(vocabulary):
    names = {"\0": "'\\0'", "\n": "'\\n'", "'": "'\\''"}
    values = [names.get(c, f"'{c}'") for c in vocabulary]
    lines = "".join("    " + ", ".join(values[i:i + 12]) + ",\n" for i in range(0, len(values), 12))
    return ("/* vocabulary: the characters that the poem's model knows, by number. Written by train.py. */\n"
            "#ifndef VOCABULARY_H\n#define VOCABULARY_H\n\n"
            f"#define VOCABULARY_SIZE {len(vocabulary)}\n"
            f"#define VOCABULARY_END {vocabulary.index(END)} /* the end of the poem, not a character */\n\n"
            f"static const char vocabulary[VOCABULARY_SIZE] = {{\n{lines}}};\n\n#endif\n")


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    text = open(os.path.join(here, "poem.txt")).read() + END
    vocabulary = sorted(set(text))
    codes = torch.tensor([vocabulary.index(character) for character in text])
    starts = [0] + [i + 1 for i in range(len(text) - 2) if text[i] == "\n"]
    inputs = nn.utils.rnn.pad_sequence([codes[i:-1] for i in starts])
    targets = nn.utils.rnn.pad_sequence([codes[i + 1:] for i in starts])
    lessons_at = torch.tensor([[i < t for i in starts] for t in range(1, len(text))]).sum(dim=1)
    weights = nn.utils.rnn.pad_sequence([1 / lessons_at[i:] for i in starts])  # all of the text counts the same

    model = Poem(len(vocabulary))
    for name, parameter in model.lstm.named_parameters():
        if name.startswith("bias_ih"):
            nn.init.ones_(parameter[HIDDEN:2 * HIDDEN])  # the forget gate: remember at first
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    whole, target = codes[:-1].unsqueeze(1), codes[1:].unsqueeze(1)
    for epoch in range(1, 401):
        state = None
        for begin in range(0, len(inputs), CHUNK):
            optimizer.zero_grad()
            scores, state = model(inputs[begin:begin + CHUNK], state)
            losses = nn.functional.cross_entropy(scores.transpose(1, 2), targets[begin:begin + CHUNK], reduction="none")
            loss = (losses * weights[begin:begin + CHUNK]).sum() / CHUNK
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            state = tuple(part.detach() for part in state)
        if epoch % 10 == 0:
            least = margins(model, whole, target)[len(PROMPT) - 1:].min().item()
            print(f"epoch {epoch}: last loss {loss.item():.4f}, least margin in probability {least:.3f}", flush=True)
            if least > 0.8:
                break

    written = write(model, vocabulary, PROMPT)
    assert written + END == text, written
    safetensors.save(os.path.join(here, "poem.safetensors"), model.state_dict())
    with open(os.path.join(here, "vocabulary.h"), "w") as file:
        file.write(header(vocabulary))
    with open(os.path.join(here, "expected.txt"), "w") as file:
        file.write(written)


main()
