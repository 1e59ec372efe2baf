"""Sums so long that they are made in blocks, by every kernel that makes sums."""
import torch
from torch import nn

from .case import Case, randn


def make():
    c = Case("sums_in_blocks_products")
    c.layer("few", nn.Linear(2100, 2)).layer("some", nn.Linear(600, 9))
    c.input("a", randn(3, 700)).input("b", randn(700, 5)).input("long", randn(2, 2100)).input("x", randn(2, 3, 600))
    c.write('''
# 700 products to an element of matmul, 2100 of Linear with few outputs
model products {
    dim T = 1..1100
    weights "weights.safetensors"
    input a: float32[3, T]
    input b: float32[T, 5]
    input long: float32[2, 2100]
    input x: float32[2, 3, 600]
    layer few = Linear(2100, 2)
    layer some = Linear(600, 9)
    output p = matmul(a, b)
    output q = matmul(transpose(b, 0, 1), transpose(a, 0, 1))
    output r = matmul(x, permute(x, 0, 2, 1))
    output s = matmul(x, transpose(long[0:1, 0:600], 0, 1))
    output y = few(long)
    output z = some(x)
}
''', lambda m, a, b, long,
   x: (a @ b, b.T @ a.T, x @ x.permute(0, 2, 1), x @ long[0:1, 0:600].T, m.few(long), m.some(x)),
            dims={"T": 700})

    c = Case("sums_in_blocks_convolutions")
    c.layer("taps", nn.Conv1d(1, 2, 1040)).layer("padded", nn.Conv1d(1, 2, 600, padding=300))
    c.layer("channels", nn.Conv1d(200, 3, 3, padding=1)).layer("grouped", nn.Conv1d(4, 6, 300, groups=2, stride=3))
    c.input("x", randn(1, 1, 1050)).input("y", randn(2, 200, 5))
    c.write('''
# more taps, or more channels times taps, than one sum has terms; padding cuts the sums short at both ends
model convolutions {
    dim L = 1040..1300
    weights "weights.safetensors"
    input x: float32[1, 1, L]
    input y: float32[2, 200, 5]
    layer taps = Conv1d(1, 2, 1040)
    layer padded = Conv1d(1, 2, 600, padding=300)
    layer channels = Conv1d(200, 3, 3, padding=1)
    layer grouped = Conv1d(4, 6, 300, groups=2, stride=3)
    output a = taps(x)
    output b = padded(x)
    output c = channels(y)
    output d = grouped(cat([x, x * 2, 1 - x, abs(x)], dim=1))
}
''', lambda m, x, y: (m.taps(x), m.padded(x), m.channels(y),
                      m.grouped(torch.cat([x, x * 2, 1 - x, x.abs()], dim=1))), dims={"L": 1050})
