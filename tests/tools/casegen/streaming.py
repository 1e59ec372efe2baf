"""Pairs of models with the same layers, one made for single steps and one for sequences, both keeping their state.

A folder of tests/streaming is a test case of the sequence model, with what PyTorch gives, and holds stream.json too:
the model for single steps, the run-time dim that is cut into pieces, and the axis of each input and output that it
cuts (null for an output that has no time axis: its last value counts). One run over T steps, any cuts of it, and T runs
of the step model give the same bits.
"""
import json
import os

import torch
from torch import nn

from .case import Case, ids, livelier, noisy_norm, randn
from .variants import KERAS, scan


def pair(name, modules, inputs, axes, layers, body, forward, T=70, bound=100):
    """layers and body are shared by both models; {T} in the body and in the inputs' shapes is T or 1."""
    c = Case(name, folder="streaming")
    for key, make in modules.items():
        c.layer(key, make())
    lines = []
    for key, (make, written) in inputs.items():
        c.input(key, make())
        lines.append(f"    input {key}: {c.inputs[key].dtype}{written}")
    def model(which, time, head):
        text = "\n".join(["    weights \"weights.safetensors\""] + lines + [layers.strip("\n"), body.strip("\n")])
        return f"model {which} {{\n{head}{text.replace('{T}', time)}\n}}\n"
    text = model("step", "1", "") + "\n" + model("seq", "T", f"    dim T = 1..{bound}\n")
    folder = c.write(text, forward, dims={"T": T}, model="seq")
    with open(os.path.join(folder, "stream.json"), "w") as f:
        json.dump({"step": "step", "dim": "T", "axes": axes}, f, indent=1)
        f.write("\n")


def lstm(name, inputs, hidden, batch, head, text, num_layers=1, batch_first=False, proj=0, T=70):
    """An LSTM whose states are outputs too, with a head: (modules, function) and its text, `out` -> y."""
    width = proj or hidden
    shape = f"[{batch}, {{T}}, {inputs}]" if batch_first else f"[{{T}}, {batch}, {inputs}]"
    size = (batch, T, inputs) if batch_first else (T, batch, inputs)
    axis = 1 if batch_first else 0
    extra = (", num_layers=%d" % num_layers) * (num_layers > 1) + ", batch_first=True" * batch_first
    extra += f", proj_size={proj}" * bool(proj)
    modules, function = head
    def forward(m, x):
        out, (h, c) = m.rec(x)
        return function(m, out, x), h, c
    def rec():
        return livelier(nn.LSTM(inputs, hidden, num_layers, batch_first=batch_first, proj_size=proj))
    pair(name, {"rec": rec, **modules},
         {"x": (lambda: randn(*size), shape)}, {"x": axis, "y": axis, "h": None, "c": None},
         f"""
    state h: float32[{num_layers}, {batch}, {width}]
    state c: float32[{num_layers}, {batch}, {hidden}]
    layer rec = LSTM({inputs}, {hidden}{extra})
""" + "".join(f"    layer {line}\n" for line in text[0]), f"""
    out, (h, c) = rec(x, (h, c))
    output y = {text[1]}
    output h, c
""", forward, T=T)


def gru(name, inputs, hidden, batch, num_layers=1, T=70, bias=True, unbatched=False):
    """A GRU alone, with or without a batch axis."""
    b, w = ((), "") if unbatched else ((batch,), f"{batch}, ")
    extra = f", num_layers={num_layers}" * (num_layers > 1) + ", bias=False" * (not bias)
    def forward(m, x):
        out, h = m.rec(x)
        return out, h
    pair(name, {"rec": lambda: livelier(nn.GRU(inputs, hidden, num_layers, bias=bias))},
         {"x": (lambda: randn(T, *b, inputs), f"[{{T}}, {w}{inputs}]")}, {"x": 0, "y": 0, "h": None}, f"""
    state h: float32[{num_layers}, {w}{hidden}]
    layer rec = GRU({inputs}, {hidden}{extra})
""", """
    y, h = rec(x, h)
    output y, h
""", forward, T=T)


def make():
    lstm("lstm_1_softplus", 1, 1, 1, ({}, lambda m, out, x: nn.functional.softplus(out * 3 - 1)),
         ([], "softplus(out * 3 - 1)"))
    lstm("lstm_5_linear", 3, 5, 3, ({"lin": lambda: nn.Linear(5, 2)}, lambda m, out, x: m.lin(out) + x[..., 0:2]),
         (["lin = Linear(5, 2)"], "lin(out) + x[..., 0:2]"))
    lstm("lstm_16_pedal", 1, 16, 1, ({"lin": lambda: nn.Linear(16, 1)}, lambda m, out, x: m.lin(out) + x),
         (["lin = Linear(16, 1)"], "lin(out) + x"), T=67)
    lstm("lstm_17_batch_first", 4, 17, 3, ({"ln": lambda: noisy_norm(nn.LayerNorm(17))}, lambda m, out, x: m.ln(out)),
         (["ln = LayerNorm(17)"], "ln(out)"), batch_first=True)
    lstm("lstm_40_three_layers", 2, 40, 1,
         ({"lin": lambda: nn.Linear(40, 17)}, lambda m, out, x: m.lin(out).softmax(-1)),
         (["lin = Linear(40, 17)"], "softmax(lin(out), dim=-1)"), num_layers=3, T=66)
    lstm("lstm_proj_5_of_33", 3, 33, 3, ({}, lambda m, out, x: torch.tanh(out)), ([], "tanh(out)"), num_layers=2,
         batch_first=True, proj=5)
    lstm("lstm_65", 17, 65, 1, ({"lin": lambda: nn.Linear(65, 3)}, lambda m, out, x: torch.sigmoid(m.lin(out))),
         (["lin = Linear(65, 3)"], "sigmoid(lin(out))"))

    gru("gru_1_unbatched", 1, 1, 1, unbatched=True)
    gru("gru_17_two_layers", 5, 17, 3, num_layers=2)
    gru("gru_40_no_bias", 33, 40, 1, bias=False, T=69)
    gru("gru_65_unbatched", 3, 65, 1, unbatched=True, num_layers=2, T=50)

    pair("rnn_characters", {
        "emb": lambda: nn.Embedding(21, 16), "rnn": lambda: livelier(nn.RNN(16, 33, 2, batch_first=True)),
        "fc": lambda: livelier(nn.Linear(33, 21), 3),
    }, {"character": (lambda: ids(21, 3, 70), "[3, {T}]")}, {"character": 1, "p": 1, "best": 1, "h": None}, """
    state h: float32[2, 3, 33]
    layer emb = Embedding(21, 16)
    layer rnn = RNN(16, 33, 2, batch_first=True)
    layer fc = Linear(33, 21)
""", """
    out, h = rnn(emb(character), h)
    scores = fc(out)
    output p = log_softmax(scores, dim=-1)
    output best: int32[3, {T}] = argmax(scores, dim=2)
    output h
""", lambda m, c: (lambda out, h: (m.fc(out).log_softmax(-1), m.fc(out).argmax(2), h))(*m.rnn(m.emb(c))))

    def mixed(m, x):
        a, g = m.gru(torch.tanh(m.pre(x)))
        b, (h, c) = m.lstm(a + x)
        r, s = m.rnn(torch.cat([b, a], -1))
        return nn.functional.gelu(r) * 2 - nn.functional.elu(a), m.last(r).exp(), g, h, c, s
    pair("mixed_recurrences", {
        "pre": lambda: nn.Linear(7, 7), "gru": lambda: livelier(nn.GRU(7, 7)), "lstm": lambda: livelier(nn.LSTM(7, 18)),
        "rnn": lambda: nn.RNN(25, 7, nonlinearity="relu"), "last": lambda: nn.Linear(7, 1),
    }, {"x": (lambda: randn(70, 2, 7), "[{T}, 2, 7]")},
        {"x": 0, "y": 0, "z": 0, "g": None, "h": None, "c": None, "s": None}, """
    state g: float32[1, 2, 7]
    state h: float32[1, 2, 18]
    state c: float32[1, 2, 18]
    state s: float32[1, 2, 7]
    layer pre = Linear(7, 7)
    layer gru = GRU(7, 7)
    layer lstm = LSTM(7, 18)
    layer rnn = RNN(25, 7, nonlinearity="relu")
    layer last = Linear(7, 1)
""", """
    a, g = gru(tanh(pre(x)), g)
    b, (h, c) = lstm(a + x, (h, c))
    r, s = rnn(cat([b, a], dim=-1), s)
    output y = gelu(r) * 2 - elu(a)
    output z = exp(last(r))
    output g, h, c, s
""", mixed)

    def cells(m, x, mask):
        h, c, g = torch.zeros(2, 9), torch.zeros(2, 9), torch.zeros(2, 17)
        ys, gs = [], []
        for x_t, m_t in zip(x, mask):
            pre = torch.tanh(m.pre(x_t)) * m_t
            h, c = m.cell(pre, (h, c))
            gates = m.ln(m.w(pre) + m.u(g))
            g = g * torch.sigmoid(gates) + m_t * torch.tanh(gates * 2)
            ys.append(m.out(torch.cat((h, g), 1)).softmax(1))
            gs.append(g[1])
        return torch.stack(ys), torch.stack(gs), h, c, g
    pair("repeat_of_cells", {
        "pre": lambda: nn.Linear(5, 7), "cell": lambda: livelier(nn.LSTMCell(7, 9)), "w": lambda: nn.Linear(7, 17),
        "u": lambda: livelier(nn.Linear(17, 17, bias=False)), "ln": lambda: noisy_norm(nn.LayerNorm(17)),
        "out": lambda: livelier(nn.Linear(26, 3)),
    }, {"x": (lambda: randn(70, 2, 5), "[{T}, 2, 5]"),
        "mask": (lambda: (randn(70, 2, 1) > 0).astype("float32"), "[{T}, 2, 1]")},
        {"x": 0, "mask": 0, "y": 0, "gs": 0, "h": None, "c": None, "g": None}, """
    state h: float32[2, 9]
    state c: float32[2, 9]
    state g: float32[2, 17]
    layer pre = Linear(5, 7)
    layer cell = LSTMCell(7, 9)
    layer w = Linear(7, 17)
    layer u = Linear(17, 17, bias=False)
    layer ln = LayerNorm(17)
    layer out = Linear(26, 3)
""", """
    repeat x_t, m_t in x, mask {
        z = tanh(pre(x_t)) * m_t
        h, c = cell(z, (h, c))
        gates = ln(w(z) + u(g))
        g = g * sigmoid(gates) + m_t * tanh(gates * 2)
        collect ys = softmax(out(cat((h, g), 1)), dim=1)
        collect each = g[1]
    }
    output y = ys
    output gs = each
    output h, c, g
""", cells)

    def causal(m, x):
        xs = nn.functional.pad(x, (4, 0))
        a = torch.tanh(m.first(xs))
        whole = nn.functional.pad(a, (12, 0))
        return m.last(m.second(whole) + a), xs[..., -4:], whole[..., -12:]
    pair("conv_causal", {
        "first": lambda: nn.Conv1d(3, 6, 5), "second": lambda: nn.Conv1d(6, 6, 4, dilation=4, groups=2),
        "last": lambda: nn.Conv1d(6, 2, 1),
    }, {"x": (lambda: randn(2, 3, 70), "[2, 3, {T}]")}, {"x": 2, "y": 2, "past_x": None, "past_y": None}, """
    state past_x: float32[2, 3, 4]
    state past_y: float32[2, 6, 12]
    layer first = Conv1d(3, 6, 5)
    layer second = Conv1d(6, 6, 4, dilation=4, groups=2)
    layer last = Conv1d(6, 2, 1)
""", """
    xs = cat((past_x, x), dim=2)
    past_x = xs[..., {T}:]
    a = tanh(first(xs))
    whole = cat((past_y, a), dim=2)
    past_y = whole[..., {T}:]
    output y = last(second(whole) + a)
    output past_x, past_y
""", causal)

    def keras1(m, x):
        out, h, _ = scan(m.gru, x, (None, None), torch.tanh, KERAS["hard_sigmoid"], False)
        return out, h
    pair("gru_reset_before_19", {"gru": lambda: livelier(nn.GRU(4, 19))},
         {"x": (lambda: randn(70, 3, 4), "[{T}, 3, 4]")}, {"x": 0, "y": 0, "h": None}, """
    state h: float32[1, 3, 19]
    layer gru = GRU(4, 19, recurrent_activation="hard_sigmoid", reset_after=false)
""", """
    y, h = gru(x, h)
    output y, h
""", keras1)
