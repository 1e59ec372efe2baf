"""Recurrent layers that PyTorch does not have: GRU(reset_after=false), activation= and recurrent_activation=.

The expected values come from the formulas below (Keras's definitions of the activations, ONNX's of a GRU with
linear_before_reset=0), evaluated like all others in float64 and float32.
"""
import numpy as np
import torch
from torch import nn

from .case import Case, livelier, randn

SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
KERAS = {
    "linear": lambda x: x,
    "relu": lambda x: x.clamp(min=0),
    "relu6": lambda x: x.clamp(0, 6),
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "hard_sigmoid": lambda x: (0.2 * x + 0.5).clamp(0, 1),
    "softsign": lambda x: x / (1 + x.abs()),
    "softplus": lambda x: x.clamp(min=0) + torch.log1p(torch.exp(-x.abs())),
    "elu": lambda x: torch.where(x > 0, x, torch.expm1(x.clamp(max=0))),
    "selu": lambda x: SELU_SCALE * torch.where(x > 0, x, SELU_ALPHA * torch.expm1(x.clamp(max=0))),
    "exponential": torch.exp,
    "gelu": lambda x: 0.5 * x * (1 + torch.erf(x / 2 ** 0.5)),
    "silu": lambda x: x * torch.sigmoid(x),
    "swish": lambda x: x * torch.sigmoid(x),
    "leaky_relu": lambda x: torch.where(x > 0, x, 0.2 * x),
}


def step(kind, p, x, h, cell, act, gate, reset_after):
    """One step on [B, I]; p gives a parameter by its name in torch.nn without the layer's suffix."""
    zi = x @ p("weight_ih").T + p("bias_ih")
    wh, bh = p("weight_hh"), p("bias_hh")
    if kind == "RNN":
        return act(zi + h @ wh.T + bh), None
    if kind == "LSTM":
        i, f, g, o = (zi + h @ wh.T + bh).chunk(4, 1)
        cell = gate(f) * cell + gate(i) * act(g)
        h = gate(o) * act(cell)
        return (h @ p("weight_hr").T if p("weight_hr") is not None else h), cell
    n = h.shape[1]
    r, z = gate(zi[:, :2 * n] + h @ wh[:2 * n].T + bh[:2 * n]).chunk(2, 1)
    if reset_after:
        candidate = act(zi[:, 2 * n:] + r * (h @ wh[2 * n:].T + bh[2 * n:]))
    else:
        candidate = act(zi[:, 2 * n:] + (r * h) @ wh[2 * n:].T + bh[2 * n:])
    return (1 - z) * candidate + z * h, None


def scan(rnn, x, given, act, gate, reset_after, lengths=None):
    """The whole layer on [T, B, I]: out, h_n, c_n, with zeros past each length."""
    kind, steps, batch = rnn.mode[:4].rstrip("_"), x.shape[0], x.shape[1]
    kind = "RNN" if kind.startswith("RNN") else kind
    lengths = [steps] * batch if lengths is None else [int(n) for n in lengths]
    last_h, last_c, row = [], [], 0
    for layer in range(rnn.num_layers):
        halves = []
        for direction in range(2 if rnn.bidirectional else 1):
            end = f"_l{layer}" + ("_reverse" if direction else "")
            def p(name):
                got = getattr(rnn, name + end, None)
                return torch.zeros(()) if got is None and name.startswith("bias") else got
            if not rnn.bias:
                width = getattr(rnn, "weight_hh" + end).shape[0]
                raw = p
                p = lambda name: torch.zeros(width) if name.startswith("bias") else raw(name)
            h, c = (g[row] if g is not None else torch.zeros(batch, n) for g, n in
                    zip(given, (rnn.proj_size or rnn.hidden_size, rnn.hidden_size)))
            outs = [torch.zeros_like(h) for _ in range(steps)]
            for t in reversed(range(steps)) if direction else range(steps):
                on = torch.tensor([[t < n] for n in lengths])
                now = torch.where(on, x[t], torch.zeros_like(x[t]))
                new_h, new_c = step(kind, p, now, h, c, act, gate, reset_after)
                h = torch.where(on, new_h, h)
                c = torch.where(on, new_c, c) if new_c is not None else c
                outs[t] = torch.where(on, new_h, torch.zeros_like(new_h))
            halves.append(torch.stack(outs))
            last_h.append(h)
            last_c.append(c)
            row += 1
        x = torch.cat(halves, 2)
    return x, torch.stack(last_h), torch.stack(last_c)


def variant(name, kind, inputs, hidden, T=6, B=2, states=False, lengths=None, activation=None, gates=None,
            reset_after=True, scale=2.0, **options):
    c = Case(name)
    rnn = livelier(getattr(nn, kind)(inputs, hidden, **options), scale)
    c.layer("rnn", rnn)
    c.input("x", randn(T, B, inputs))
    rows = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    head = [f"    dim T = 1..{max(12, T)}", '    weights "weights.safetensors"',
            f"    input x: float32[T, {B}, {inputs}]"]
    args, lstm = ["x"], kind == "LSTM"
    if states:
        for s, n in (("h0", options.get("proj_size", 0) or hidden), ("c0", hidden))[:2 if lstm else 1]:
            c.input(s, randn(rows, B, n))
            head.append(f"    input {s}: float32[{rows}, {B}, {n}]")
        args.append("(h0, c0)" if lstm else "h0")
    if lengths:
        for b, n in enumerate(lengths):
            c.inputs["x"][n:, b] = np.nan
        c.input("n", np.array(lengths, np.int32))
        head.append(f"    input n: int32[{B}]")
        args.append("lengths=n")
    words = [f"{k}={v!r}" for k, v in options.items()]
    words += [f'activation="{activation}"'] * bool(activation) + [f'recurrent_activation="{gates}"'] * bool(gates)
    words += ["reset_after=false"] * (not reset_after)
    head.append(f"    layer rnn = {kind}({', '.join([str(inputs), str(hidden), *words])})")
    last = "(hn, cn)" if lstm else "hn"
    head += [f"    out, {last} = rnn({', '.join(args)})", "    output out, hn, cn" if lstm else "    output out, hn"]

    def forward(m, x, *rest):
        given = ((rest[0], rest[1]) if lstm else (rest[0], None)) if states else (None, None)
        out, h, cell = scan(m.rnn, x, given, KERAS[activation or "tanh"], KERAS[gates or "sigmoid"], reset_after,
                            rest[-1] if lengths else None)
        return (out, h, cell) if lstm else (out, h)
    c.write("model variant {\n" + "\n".join(head) + "\n}\n", forward, dims={"T": T})


def agree():
    """With torch's own activations the formulas give what torch gives."""
    torch.manual_seed(1)
    x = torch.randn(5, 3, 4, dtype=torch.float64)
    with torch.no_grad():
        for rnn in (nn.RNN(4, 6, 2, bidirectional=True), nn.GRU(4, 6, 2, bidirectional=True), nn.GRU(4, 6, bias=False),
                    nn.LSTM(4, 6, 2, bidirectional=True, proj_size=3)):
            rnn = rnn.double()
            torch.set_default_dtype(torch.float64)
            out, h, _ = scan(rnn, x, (None, None), torch.tanh, torch.sigmoid, True)
            torch.set_default_dtype(torch.float32)
            want, last = rnn(x)
            assert torch.allclose(out, want, atol=1e-12)
            assert torch.allclose(h, last[0] if isinstance(last, tuple) else last, atol=1e-12)


def make():
    agree()
    variant("gru_reset_before", "GRU", 5, 17, reset_after=False)
    variant("gru_reset_before_layers", "GRU", 4, 9, T=7, B=3, reset_after=False, num_layers=2, bidirectional=True,
            states=True)
    variant("gru_reset_before_lengths", "GRU", 3, 33, T=8, B=3, reset_after=False, lengths=[8, 1, 5], bias=False)
    variant("gru_reset_before_keras1", "GRU", 6, 5, T=9, reset_after=False, gates="hard_sigmoid")
    variant("gru_hard_sigmoid", "GRU", 3, 16, gates="hard_sigmoid", activation="tanh", scale=4)
    variant("gru_softsign_softplus", "GRU", 3, 7, activation="softsign", gates="softplus", scale=0.5, T=4)
    variant("gru_relu6", "GRU", 4, 20, activation="relu6", num_layers=2)
    variant("lstm_hard_sigmoid", "LSTM", 4, 18, gates="hard_sigmoid", scale=4, states=True)
    variant("lstm_linear_sigmoid", "LSTM", 4, 5, activation="linear", bidirectional=True)
    variant("lstm_relu_silu", "LSTM", 3, 17, activation="relu", gates="silu", T=4)
    variant("lstm_elu_proj", "LSTM", 3, 12, activation="elu", proj_size=5, num_layers=2)
    variant("lstm_softsign_lengths", "LSTM", 4, 11, activation="softsign", gates="hard_sigmoid", T=7, B=3,
            lengths=[2, 7, 4], bidirectional=True)
    variant("lstm_gelu_softsign", "LSTM", 2, 33, activation="gelu", gates="softsign", T=5)
    variant("lstm_tanh_tanh", "LSTM", 2, 6, activation="tanh", gates="tanh")
    for name in ("linear", "sigmoid", "hard_sigmoid", "selu", "exponential", "swish", "leaky_relu", "softplus"):
        scale = 0.6 if name in ("linear", "exponential") else 1.5
        variant(f"rnn_{name}", "RNN", 3, 10, T=5, activation=name, scale=scale)
