"""RNNCell, LSTMCell and GRUCell, and models that keep a state from one run to the next."""
import torch
from torch import nn

from .case import Case, ids, livelier, randn


def make_cells():
    c = Case("cells_unbatched")
    for name, cell in (("rnn", nn.RNNCell(5, 3)), ("lstm", nn.LSTMCell(3, 17)), ("gru", nn.GRUCell(17, 5))):
        c.layer(name, livelier(cell))
    c.input("x", randn(5)).input("h", randn(3)).input("h1", randn(17)).input("c1", randn(17)).input("g", randn(5))

    def unbatched(m, x, h, h1, c1, g):
        a = m.rnn(x, h)
        h1, c1 = m.lstm(a, (h1, c1))
        return a, h1, c1, m.gru(h1, g)
    c.write('''
# the three cells without a batch: [I] and [H]
model cells {
    weights "weights.safetensors"
    input x: float32[5]
    input h: float32[3]
    input h1: float32[17]
    input c1: float32[17]
    input g: float32[5]
    layer rnn = RNNCell(5, 3)
    layer lstm = LSTMCell(3, 17)
    layer gru = GRUCell(17, 5)
    a: float32[3] = rnn(x, h)
    h1_new, c1_new = lstm(a, (h1, c1))
    output a
    output h1_new
    output c1_new
    output g_new = gru(h1_new, g)
}
''', unbatched)

    c = Case("cells_without_states")
    for name, cell in (("rnn", nn.RNNCell(4, 6, nonlinearity="relu")), ("lstm", nn.LSTMCell(6, 5, bias=False)),
                       ("gru", nn.GRUCell(5, 33, bias=False))):
        c.layer(name, livelier(cell))
    c.input("x", randn(7, 4))

    def zeros(m, x):
        a = m.rnn(x)
        h, cell = m.lstm(a)
        return a, h, cell, m.gru(h)
    c.write('''
# no state given: zeros; the batch is a run-time dim
model cells {
    dim B = 1..20
    weights "weights.safetensors"
    input x: float32[B, 4]
    layer rnn = RNNCell(4, 6, nonlinearity='relu')
    layer lstm = LSTMCell(6, 5, bias=False)
    layer gru = GRUCell(5, 33, bias=False)
    output a = rnn(x)
    h, c = lstm(a)
    output h, c
    output g = gru(h)
}
''', zeros, dims={"B": 7})

    c = Case("gru_cell_65_batch")
    c.layer("cell", livelier(nn.GRUCell(9, 65))).input("x", randn(3, 9)).input("h", randn(3, 65))
    c.write('''
model cell {
    weights "weights.safetensors"
    input x: float32[3, 9]
    input h: float32[3, 65]
    layer cell = GRUCell(input_size=9, hidden_size=65, bias=true)
    h = cell(x, h)
    output h
}
''', lambda m, x, h: m.cell(x, h))

    c = Case("lstm_cell_loop")
    c.layer("cell", livelier(nn.LSTMCell(3, 18))).input("x", randn(4, 2, 3))

    def loop(m, x):
        state = m.cell(x[0])
        for t in range(1, 4):
            state = m.cell(x[t], state)
        return torch.stack(state)
    c.write('''
# one cell called four times; a name that holds a tuple
model loop {
    weights "weights.safetensors"
    input x: float32[4, 2, 3]
    layer cell = LSTMCell(3, 18)
    s = cell(x[0])
    s = cell(x[1], s)
    s = cell(x[2], s)
    h, c = cell(x[3], s)
    output both: float32[2, 2, 18] = stack((h, c))
}
''', loop)


def make_states():
    c = Case("state_from_param")
    c.layer("start.h", randn(2, 1, 7)).layer("rnn", livelier(nn.GRU(4, 7, 2))).input("x", randn(5, 3, 1, 4))

    def from_param(m, state, x):
        state = m.start_h * 0.5 + 0.25 if state is None else state
        out, state = m.rnn(x, state)
        return out, state
    c.write('''
# a learnt first state
model keeper {
    weights "weights.safetensors"
    input x: float32[3, 1, 4]
    param first: float32[2, 1, 7] from "start.h"
    state h: float32[2, 1, 7] = first * 0.5 + 0.25
    layer rnn = GRU(4, 7, num_layers=2)
    out, h = rnn(x, h)
    output out
}
''', from_param, steps=5)

    c = Case("state_number_and_output")
    c.input("x", randn(6, 2, 3))

    def smooth(m, state, x):
        y, count = (torch.full((2, 3), 1.5), torch.zeros(1)) if state is None else state
        y = y * 0.9 + x * 0.1
        count = count + 1
        return (y, count, y - x), (y, count)
    c.write('''
# an output on a state's name binds the state too; a state may start at a number; no weights at all
model smooth {
    input x: float32[2, 3]
    state y: float32[2, 3] = 1.5
    state count: float32[1]
    output y = y * 0.9 + x * 0.1
    count = count + 1
    output count
    output rest = y - x
}
''', smooth, steps=6)

    c = Case("state_last_binding_wins")
    c.layer("cell", livelier(nn.RNNCell(3, 5))).input("x", randn(4, 2, 3))

    def last(m, state, x):
        h = torch.zeros(2, 5) if state is None else state
        a = m.cell(x, h)
        b = m.cell(x, a)
        return (a, b), b
    c.write('''
# the state is bound twice in a run: both values are used, the last one is kept
model twice {
    weights "weights.safetensors"
    input x: float32[2, 3]
    state h: float32[2, 5]
    layer cell = RNNCell(3, 5)
    h = cell(x, h)
    output a = h
    h = cell(x, h)
    output b = h
}
''', last, steps=4)

    c = Case("state_only_read")
    c.layer("shift", randn(4)).input("x", randn(3, 2, 4))
    c.write('''
# a state that nothing binds keeps its first value
model reader {
    weights "weights.safetensors"
    input x: float32[2, 4]
    param shift: float32[4]
    state s: float32[4] = shift
    output y = x + s
}
''', lambda m, state, x: (x + m.shift, 0), steps=3)

    c = Case("state_delay_line")
    c.input("x", randn(5, 3))

    def delay(m, state, x):
        line = torch.zeros(4) if state is None else state
        both = torch.cat([line, x])
        return both[:3] - x, both[-4:]
    c.write('''
# the last four samples are kept: the new state is read out of the old one
model delay {
    input x: float32[3]
    state line: float32[4]
    both: float32[7] = cat([line, x])
    line = both[3:]
    output y = both[:3] - x
}
''', delay, steps=5)

    c = Case("state_swap")
    c.input("x", randn(5, 2, 3))

    def swap(m, state, x):
        a, b = (torch.zeros(2, 3), torch.ones(2, 3)) if state is None else state
        a, b = b, a + x
        return (a, b), (a, b)
    c.write('''
# two states change places in each run
model swap {
    input x: float32[2, 3]
    state a: float32[2, 3]
    state b: float32[2, 3] = 1
    a, b = (b, a + x)
    output a, b
}
''', swap, steps=5)

    c = Case("lstm_proj_stream_blocks")
    c.layer("rec", livelier(nn.LSTM(2, 21, 2, batch_first=True, proj_size=6))).layer("lin", nn.Linear(6, 2))
    c.input("x", randn(4, 3, 18, 2))

    def blocks(m, state, x):
        out, state = m.rec(x, state)
        return (m.lin(out) + x, *state), state
    c.write('''
# blocks of samples, three channels, the state kept between them
model blocks {
    dim N = 1..64
    weights "weights.safetensors"
    input x: float32[3, N, 2]
    state h: float32[2, 3, 6]
    state c: float32[2, 3, 21]
    layer rec = LSTM(2, 21, 2, batch_first=True, proj_size=6)
    layer lin = Linear(6, 2)
    out, (h, c) = rec(x, (h, c))
    output y = lin(out) + x
    output h, c
}
''', blocks, dims={"N": 18}, steps=4)

    c = Case("rnn_relu_stream_unbatched")
    c.layer("rnn", nn.RNN(3, 19, nonlinearity="relu")).input("x", randn(3, 10, 3))
    c.write('''
model stream {
    dim T = 1..40
    weights "weights.safetensors"
    input x: float32[T, 3]
    state h: float32[1, 19]
    layer rnn = RNN(3, 19, nonlinearity="relu")
    out, h = rnn(x, h)
    output out, h
}
''', lambda m, state, x: (lambda out, h: ((out, h), h))(*m.rnn(x, state)), dims={"T": 10}, steps=3)

    c = Case("greedy_decoder")
    c.layer("emb", nn.Embedding(11, 6)).layer("rnn", livelier(nn.GRUCell(6, 20)))
    c.layer("fc", livelier(nn.Linear(20, 11), 3))
    c.input("first", ids(11, 2)).input("h", randn(2, 20))

    def greedy(m, first, h):
        outs, token = [], first
        for _ in range(4):
            h = m.rnn(m.emb(token), h)
            token = torch.argmax(m.fc(h), dim=-1)
            outs.append(token)
        return torch.stack(outs, 1), h
    c.write('''
# four words, each chosen from the one before: argmax is in range of the table by itself
model greedy {
    weights "weights.safetensors"
    input first: int32[2]
    input h: float32[2, 20]
    layer emb = Embedding(11, 6)
    layer rnn = GRUCell(6, 20)
    layer fc = Linear(20, 11)
    h = rnn(emb(first), h)
    w1 = argmax(fc(h), dim=-1)
    h = rnn(emb(w1), h)
    w2 = argmax(fc(h), dim=-1)
    h = rnn(emb(w2), h)
    w3 = argmax(fc(h), dim=-1)
    h = rnn(emb(w3), h)
    w4 = argmax(fc(h), dim=-1)
    output words: int32[2, 4] = stack([w1, w2, w3, w4], dim=1)
    output h_last = h
}
''', greedy)


def make():
    make_cells()
    make_states()
