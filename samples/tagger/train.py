#!/usr/bin/python3
"""Trains the tagger; writes tagger.safetensors, expected.txt and expected-words.txt beside this file.

The training set is every sentence `subject verb object` over the nine words, such as "Everybody read that book".
Needs python3-torch; takes seconds.
"""
import itertools
import os
import sys

import torch
from torch import nn

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(here))
import safetensors  # noqa: E402

WORDS = ["The", "dog", "ate", "the", "apple", "Everybody", "read", "that", "book"]
TAGS = ["DET", "NN", "V"]
TAG_OF = dict(The="DET", dog="NN", ate="V", the="DET", apple="NN", Everybody="NN", read="V", that="DET", book="NN")
EXPECTED = {"expected.txt": "The dog ate the apple", "expected-words.txt": "Everybody read that book"}


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.word_embeddings = nn.Embedding(num_embeddings=9, embedding_dim=6)
        self.lstm = nn.LSTM(6, 6)
        self.lstm2tag = nn.Linear(6, 3)

    def forward(self, sentence):
        embeds = self.word_embeddings(sentence)
        out, _ = self.lstm(embeds.view(len(sentence), 1, -1))
        space = self.lstm2tag(out.view(len(sentence), -1))
        return torch.log_softmax(space, dim=1)


def sentences():
    nouns = ["dog", "apple", "book"]
    subjects = [["Everybody"]] + [list(p) for p in itertools.product(["The", "that"], nouns)]
    objects = [list(p) for p in itertools.product(["the", "that"], nouns)]
    return [s + [verb] + o for s, verb, o in itertools.product(subjects, ["ate", "read"], objects)]


def encode(words):
    return torch.tensor([WORDS.index(word) for word in words])


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    tagger = Tagger()
    optimizer = torch.optim.Adam(tagger.parameters(), lr=0.01)
    examples = [(encode(s), torch.tensor([TAGS.index(TAG_OF[word]) for word in s])) for s in sentences()]
    for epoch in range(20):
        for i in torch.randperm(len(examples)).tolist():
            optimizer.zero_grad()
            loss = nn.functional.nll_loss(tagger(examples[i][0]), examples[i][1])
            loss.backward()
            optimizer.step()

    tagger.eval()
    with torch.no_grad():
        least = 1.0
        for sentence, tags in examples:
            p = tagger(sentence).exp()
            assert torch.equal(p.argmax(dim=1), tags), sentence
            best = p.topk(2, dim=1).values
            least = min(least, (best[:, 0] - best[:, 1]).min().item())
        for path, sentence in EXPECTED.items():
            found = tagger(encode(sentence.split())).argmax(dim=1)
            with open(os.path.join(here, path), "w") as file:
                file.write(" ".join(TAGS[i] for i in found) + "\n")
    print(f"all {len(examples)} sentences are right; least margin in probability {least:.3f}")

    safetensors.save(os.path.join(here, "tagger.safetensors"), tagger.state_dict())


main()
