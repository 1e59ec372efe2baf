"""Where results lie: states that are made in columns of an output. And numbers: parameters that have no decimal
spelling, arithmetic that is done at compile time."""
import math

import numpy as np
import torch
from torch import nn

from .case import Case, livelier, randn


def make():
    c = Case("states_zeroed_in_columns")
    c.layer("l", livelier(nn.LSTM(3, 4))).layer("r", livelier(nn.GRU(3, 4, bidirectional=True)))
    c.input("x", randn(7, 5, 3))

    def columns(m, x):
        _, (h, cell) = m.l(x)
        out, s = m.r(x)
        return torch.stack([h[0], cell[0]], 1), torch.cat([s[0], s[1]], -1), s.transpose(0, 1), out.permute(1, 0, 2)
    c.write('''
# h and c live in e from the first step on: they begin as zeros there, in columns of it
model columns {
    dim B = 1..9
    weights "weights.safetensors"
    input x: float32[7, B, 3]
    layer l = LSTM(3, 4)
    layer r = GRU(3, 4, bidirectional=True)
    _, (h, c) = l(x)
    out, s = r(x)
    output e = stack([h[0], c[0]], dim=1)
    output b = cat([s[0], s[1]], dim=-1)
    output d = transpose(s, 0, 1)
    output f = permute(out, 1, 0, 2)
}
''', columns, dims={"B": 5})

    c = Case("nan_in_weights")
    table, norm = nn.Embedding(5, 3), nn.LayerNorm(3)
    with torch.no_grad():
        table.weight[1, 0], table.weight[2, 1], table.weight[3, 2] = math.inf, -math.inf, math.nan
        table.weight[4] = torch.tensor([-0.0, 1e-42, 3.4e38])
        norm.weight[1], norm.bias[2] = math.inf, math.nan
    c.layer("table", table).layer("norm", norm)
    c.input("ids", np.array([0, 1, 2, 3, 4, 0], np.int32)).input("x", randn(2, 3))
    c.write('''
# infinities, NaN, a negative zero and a denormal among the parameters
model odd {
    weights "weights.safetensors"
    input ids: int32[6]
    input x: float32[2, 3]
    layer table = Embedding(5, 3)
    layer norm = LayerNorm(3)
    output y = table(ids)
    output z = norm(x)
}
''', lambda m, ids, x: (m.table(ids.long()), m.norm(x)))

    c = Case("expr_of_numbers")
    c.input("x", randn(5, 12))
    c.write('''
# what is known at compile time is computed there, as Python does
model numbers {
    dim T = 1..9
    input x: float32[T, 12]
    output a = x * (1.5 + 2) - (7.5 - 2)
    output b = x * (0.5 * 3) + 7 / 2
    output c = x + 7.5 // 2 + -7 // 2 + 7 // -2
    output d = x * 2.0 ** 3 + 2 ** -1 + 3 ** 4
    output e = view(x, 12 * T // T, T) * (1e3 // 7)
    output f = view(x, 2 ** 2, 3 * T)
    dim D = 64
    output g = x / sqrt(D) + exp(-log(10000.0) / D) * abs(-3) - max(2, 0.5)
    output h = x / sqrt(T) + log(T) * pow(2, 0.5) - min(T, 3) + max(T - 2.5, T)
    output i = view(x, T, floor(D * 3 / 16), max(1, D // 128))
    output j = x * (softplus(2, 3) + tanh(0.5) + ceil(1.2) + leaky_relu(-2, 0.3) + trunc(-7 / 2))
}
''', lambda m, x: (x * (1.5 + 2) - (7.5 - 2), x * (0.5 * 3) + 7 / 2, x + 7.5 // 2 + -7 // 2 + 7 // -2,
                      x * 2.0 ** 3 + 2 ** -1 + 3 ** 4, x.reshape(12, 5) * (1e3 // 7), x.reshape(4, 15),
                      x / math.sqrt(64) + math.exp(-math.log(10000.0) / 64) * 3 - 2,
                      x / math.sqrt(5) + math.log(5) * 2 ** 0.5 - 3 + 5, x.reshape(5, 12, 1),
                      x * (math.log1p(math.exp(6)) / 3 + math.tanh(0.5) + 2 - 0.6 - 3)), dims={"T": 5})

    c = Case("topk_of_equal")
    c.input("x", np.array([[2, 0, 2, 1, 0, 2, 1, 1, 0]] * 2, np.int32) * np.array([[1], [-1]], np.int32))

    def ranked(m, x):
        """torch.topk leaves open which of equal elements come first; its stable sort does not."""
        v, i = torch.sort(x, dim=1, descending=True, stable=True)
        w, j = torch.sort(x, dim=1, stable=True)
        return v[:, :5], i[:, :5].int(), w[:, :7], j[:, :7].int()
    c.write('''
# of equal elements the first comes first
model ranked {
    input x: int32[2, 9]
    v, i = topk(x, 5)
    w, j = topk(x, 7, largest=False)
    output v, i, w, j
}
''', ranked)

    c = Case("index_any_dim")
    c.input("x", randn(3, 7, 5))
    c.input("n", np.array([4, 0, 2, 1], np.int32))
    c.input("k", np.array(1, np.int32))
    c.write('''
# tensors of indices behind slices and beside numbers
model index_any_dim {
    dim T = 5..9
    dim N = 1..4
    input x: float32[3, T, 5]
    input n: int32[N]
    input k: int32[]
    output a = x[:, n]
    output b = x[..., n]
    output c = x[None, 1:, :, n]
    output d = x[:, k, 2]
    output e = x[:, k, k]
    output f = x[:, view(n, 1, -1), None]
    output g = x[0, k]
    repeat i in arange(T) {
        collect columns = x[:, i]
    }
    output columns
}
''', lambda m, x, n, k: (x[:, n.long()], x[..., n.long()], x[None, 1:, :, n.long()], x[:, 1, 2], x[:, 1, 1],
                            x[:, n.long().view(1, -1), None], x[0, 1], x.transpose(0, 1)), dims={"T": 7, "N": 4})

    c = Case("slices_beyond_the_ends")
    c.input("x", randn(3, 2))
    c.write('''
# bounds of slices beyond an axis mean its ends, whatever T is
model slices {
    dim T = 1..4
    input x: float32[T, 2]
    output a = x[-4:]
    output b = x[-9:] * 2
    output c = x[:4]
    output d = x[-5:9, -1:]
    output e = x[0:T] + 1
}
''', lambda m, x: (x[-4:], x[-9:] * 2, x[:4], x[-5:9, -1:], x + 1), dims={"T": 3})
