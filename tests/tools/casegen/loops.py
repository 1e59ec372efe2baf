"""Loops over chunks of run-time dims where one axis is made of several, or of a multiple of a dim."""
import numpy as np
import torch
from torch import nn

from .case import Case, livelier, randn


def make():
    c = Case("loops_nested_over_one_axis")
    c.layer("time", livelier(nn.GRU(4, 2, batch_first=True))).layer("batch", livelier(nn.GRU(2, 3)))
    c.input("x", randn(2, 33, 34, 4))

    def nested(m, x):
        out, _ = m.time((x * x).flatten(1, 2))
        return m.batch(out)[1]
    c.write('''
# S * T is the one GRU's time and the other's batch: a loop over T in one over S cuts the axis twice
model nested {
    dim S = 1..80
    dim T = 2..80
    weights "weights.safetensors"
    input x: float32[2, S, T, 4]
    layer time = GRU(4, 2, batch_first=True)
    layer batch = GRU(2, 3)
    squares = x * x
    out, _ = time(flatten(squares, 1, 2))
    _, h = batch(out)
    output h
}
''', nested, dims={"S": 33, "T": 34})

    c = Case("loops_lengths_of_two_halves")
    c.layer("lin", nn.Linear(3, 5)).layer("lstm", livelier(nn.LSTM(5, 6)))
    c.input("x", randn(80, 4, 3)).input("n", np.array([80, 33, 66, 1], np.int32))

    def halves(m, x, n):
        packed = nn.utils.rnn.pack_padded_sequence(torch.tanh(m.lin(x)), n.long(), enforce_sorted=False)
        out, (h, cell) = m.lstm(packed)
        out, _ = nn.utils.rnn.pad_packed_sequence(out, total_length=80)
        return torch.relu(out), h, cell
    c.write('''
# there are 2 * T steps, so a chunk of T is two of its length: which steps are past a sequence's end?
model halves {
    dim T = 1..100
    weights "weights.safetensors"
    input x: float32[2 * T, 4, 3]
    input n: int32[4]
    layer lin = Linear(3, 5)
    layer lstm = LSTM(5, 6)
    out, (h, c) = lstm(tanh(lin(x)), lengths=n)
    output y = relu(out)
    output h, c
}
''', halves, dims={"T": 40})

    c = Case("pow_zero")
    c.input("x", randn(40, 3)).input("n", np.arange(40, dtype=np.int32) - 3)
    c.write('''
# x ** 0 does not depend on x
model ones {
    dim T = 1..100
    input x: float32[T, 3]
    input n: int32[T]
    size = abs(x * x + 0.5)
    ones = size ** 0
    output a = pow(x, 0)
    output b = n ** 0
    output c = tanh(ones * 2) + x
    output d = softmax(ones, dim=0)
    output e = matmul(ones, transpose(x, 0, 1))
    output f = cat([ones, x])
}
''', lambda m, x, n: (lambda o: (o, torch.ones_like(n), torch.tanh(o * 2) + x, o.softmax(0), o @ x.T,
                                 torch.cat([o, x])))(
                                         torch.ones_like(x)), dims={"T": 40})

    c = Case("loops_matmul_of_its_own_rows")
    c.layer("query", nn.Linear(4, 6)).layer("key", nn.Linear(4, 6)).layer("value", nn.Linear(4, 3))
    c.input("x", randn(150, 4))

    def attention(m, x):
        v = torch.tanh(m.value(x))
        shares = torch.softmax(m.query(x) @ m.key(x).T, dim=1)
        square = torch.relu(m.query(x)) @ torch.relu(m.key(x)).T
        return shares @ v, square @ (v * 0.01)
    c.write('''
# the rows of the one operand go through a loop over T, but each needs all rows of the other, which is T long too
model attention {
    dim T = 1..300
    weights "weights.safetensors"
    input x: float32[T, 4]
    layer query = Linear(4, 6)
    layer key = Linear(4, 6)
    layer value = Linear(4, 3)
    v = tanh(value(x))
    shares = softmax(matmul(query(x), transpose(key(x), 0, 1)), dim=1)
    output y = matmul(shares, v)
    square = matmul(relu(query(x)), transpose(relu(key(x)), 0, 1))
    output z = matmul(square, v * 0.01)
}
''', attention, dims={"T": 150})
