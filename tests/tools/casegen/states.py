"""States whose old value is wanted after a layer has made the new one: hard for a compiler that steps in place."""
import torch
from torch import nn

from .case import Case, livelier, randn


def make_old_values():
    c = Case("state_old_value_is_output")
    c.layer("rnn", livelier(nn.RNN(8, 8))).input("x", randn(4, 1, 1, 8))

    def shown(m, state, x):
        s = torch.full((2, 1, 8), -0.25) if state is None else state
        out, h = m.rnn(x, s[0:1].contiguous())
        return (out, s[:, None]), torch.cat([h, h])
    c.write('''
# the RNN's h lives in a part of the state, whose old value an output shows
model shown {
    weights "weights.safetensors"
    input x: float32[1, 1, 8]
    state s: float32[2, 1, 8] = -0.25
    layer rnn = RNN(8, 8)
    out, h = rnn(x, s[0:1])
    output out
    output before = unsqueeze(s, 1)
    s = cat([h, h])
}
''', shown, steps=4)

    c = Case("state_old_value_to_another")
    c.layer("lstm", livelier(nn.LSTM(4, 4, 2))).input("x", randn(4, 3, 5, 4))

    def handed_on(m, state, x):
        a, b = (torch.full((2, 5, 4), 0.5), torch.zeros(2, 5, 4)) if state is None else state
        out, (h, cell) = m.lstm(x, (a, b))
        return (out, cell, a), (h, a)
    c.write('''
# h_n goes back to where h0 was, and the old h0 to another state
model handed_on {
    dim T = 1..6
    weights "weights.safetensors"
    input x: float32[T, 5, 4]
    state a: float32[2, 5, 4] = 0.5
    state b: float32[2, 5, 4]
    layer lstm = LSTM(4, 4, num_layers=2)
    out, (b, c) = lstm(x, (a, b))
    a, b = (b, a)
    output out, c, b
}
''', handed_on, dims={"T": 3}, steps=4)

    c = Case("state_cleared_in_part")
    c.layer("rnn", nn.RNN(3, 4, 4)).input("x", randn(3, 5, 1, 3))
    c.write('''
# no h0 is given, so each run begins at zero in the state's own memory, one layer at a time: a quarter of its elements
model cleared {
    weights "weights.safetensors"
    input x: float32[5, 1, 3]
    state h: float32[4, 1, 4]
    layer rnn = RNN(3, 4, num_layers=4)
    out, h = rnn(x)
    output out, h
}
''', lambda m, state, x: (m.rnn(x), 0), steps=3)


def make():
    make_old_values()
