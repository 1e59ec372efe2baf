"""Blocks of rounds as models have them: decoders with attention, greedy decoding, Viterbi."""
import numpy as np
import torch
from torch import nn

from .case import Case, ids, livelier, randn


def decoders():
    c = Case("repeat_attention")
    c.layer("enc", livelier(nn.GRU(6, 6, batch_first=True))).layer("key", nn.Linear(6, 5, bias=False))
    c.layer("query", nn.Linear(4, 5, bias=False)).layer("v", livelier(nn.Linear(5, 1, bias=False), 4))
    c.layer("cell", livelier(nn.LSTMCell(6, 4))).layer("out", nn.Linear(10, 2))
    c.input("memory", randn(3, 8, 6)).input("h0", randn(3, 4))

    def forward(m, memory, h):
        o, _ = m.enc(memory)
        cell = h * 2
        weights, ys = [], []
        for _ in range(5):
            e = m.v(torch.tanh(m.query(h)[:, None] + m.key(o))).squeeze(-1)
            a = torch.softmax(e, -1)
            context = (a[:, None] @ o)[:, 0]
            h, cell = m.cell(context, (h, cell))
            weights.append(a)
            ys.append(m.out(torch.cat((h, context), 1)))
        return torch.stack(weights), torch.stack(ys).transpose(0, 1)
    c.write('''
# attention over the encoder's outputs in each round; the keys are the same in all of them
model attention {
    dim B = 1..3
    dim T = 1..9
    dim N = 1..7
    weights "weights.safetensors"
    input memory: float32[B, T, 6]
    input h0: float32[B, 4]
    layer enc = GRU(6, 6, batch_first=True)
    layer key = Linear(6, 5, bias=False)
    layer query = Linear(4, 5, bias=False)
    layer v = Linear(5, 1, bias=False)
    layer cell = LSTMCell(6, 4)
    layer out = Linear(10, 2)
    o, _ = enc(memory)
    h = h0
    c = h0 * 2
    repeat N {
        e = squeeze(v(tanh(unsqueeze(query(h), 1) + key(o))), -1)
        a = softmax(e, dim=-1)
        context = squeeze(unsqueeze(a, 1) @ o, 1)
        h, c = cell(context, (h, c))
        collect weights_of = a
        collect ys = out(cat((h, context), 1))
    }
    output weights_of
    output y = transpose(ys, 0, 1)                # float32[B, N, 2]
}
''', forward, dims={"B": 3, "T": 8, "N": 5})

    c = Case("repeat_greedy")
    c.layer("emb", nn.Embedding(11, 6)).layer("encoder", livelier(nn.GRU(6, 8)))
    c.layer("decoder", livelier(nn.GRUCell(6, 8))).layer("out", livelier(nn.Linear(8, 11)))
    c.input("source", ids(11, 7)).input("first", np.array([1], np.int32))

    def greedy(m, source, token):
        h = m.encoder(m.emb(source.long())[:, None])[1][0]
        tokens, logp = [], []
        for _ in range(9):
            h = m.decoder(m.emb(token.long()), h)
            logits = m.out(h)
            token = logits.argmax(1).to(torch.int32)
            tokens.append(token[0])
            logp.append(torch.log_softmax(logits, 1)[0])
        return torch.stack(tokens), torch.stack(logp)
    c.write('''
# greedy decoding: an int32 token is carried into the embedding; the first one is checked, the others are provable
model greedy {
    dim T = 1..12
    dim N = 1..12
    weights "weights.safetensors"
    input source: int32[T]
    input first: int32[1]
    layer emb = Embedding(11, 6)
    layer encoder = GRU(6, 8)
    layer decoder = GRUCell(6, 8)
    layer out = Linear(8, 11)
    _, h = encoder(unsqueeze(emb(source), 1))
    h = h[0]
    token = first
    repeat N {
        h = decoder(emb(token), h)
        logits = out(h)
        token = argmax(logits, dim=1)
        collect tokens = token[0]
        collect logp = log_softmax(logits, dim=1)[0]
    }
    output tokens, logp
}
''', greedy, dims={"T": 7, "N": 9})


def viterbi():
    c = Case("repeat_viterbi")
    c.layer("score", livelier(nn.Linear(3, 5), 3)).layer("moves", randn(5, 5)).input("x", randn(9, 3))

    def forward(m, x):
        best_so_far = (torch.nn.functional.one_hot(torch.tensor(3), 5).to(x.dtype) - 1) * 100
        back, places = [], []
        for t, x_t in enumerate(x):
            scores, at = torch.max(best_so_far + m.moves, 1)
            best_so_far = scores + m.score(x_t)
            back.append(at.to(torch.int32))
            places.append(at[t % 5].to(torch.int32) * 10 + t)
        best = best_so_far.argmax()
        path = []
        for at in back[::-1]:
            path.append(best.to(torch.int32))
            best = at[best].long()
        return torch.stack(path[::-1]), best_so_far.max(), torch.stack(places)
    c.write('''
# the best way forwards, then back along it: indices that are carried, and the round's number
model viterbi {
    dim T = 1..50
    weights "weights.safetensors"
    input x: float32[T, 3]
    layer score = Linear(3, 5)
    param moves: float32[5, 5]
    best_so_far = (one_hot(3, 5) - 1) * 100
    repeat x_t, t in x, arange(T) {
        scores, at = max(best_so_far + moves, dim=1)
        best_so_far = scores + score(x_t)
        collect back = at
        collect places = at[t % 5] * 10 + t
    }
    best = argmax(best_so_far)
    repeat at in flip(back, 0) {
        collect path = best
        best = at[best]
    }
    output way = flip(path, 0)
    output most = max(best_so_far)
    output places
}
''', forward, dims={"T": 9})


def make():
    decoders()
    viterbi()
