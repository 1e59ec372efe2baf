"""Cases of numbers that no model was trained on: NaN, infinities, the largest and the smallest float32, in every
operator that could loop, trap, or mistake them. PyTorch says what comes out."""
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from .case import Case, randn

LARGEST, SMALLEST, SUBNORMAL = np.float32(3.4028235e38), np.float32(1.1754944e-38), np.float32(1e-45)
SPECIAL = np.array([np.nan, np.inf, -np.inf, LARGEST, -LARGEST, SMALLEST, -SMALLEST, SUBNORMAL, -SUBNORMAL, 0.0, -0.0,
                    88.8, -88.8, 103.98, -103.98, 1e-20, 17.5, -17.5, 1e4, -1e4, 8.9872, -8.9872, 1.0, -1.0],
                    np.float32)


def scattered(*shape):
    """Numbers about 1 with one special value to a row of the last axis, each of them at another place."""
    x = randn(*shape)
    rows = x.reshape(-1, shape[-1])
    for i, row in enumerate(rows):
        row[(5 * i + 1) % len(row)] = SPECIAL[i % len(SPECIAL)]
    return x


def make_functions():
    # every value in every lane: a row of SPECIAL turned by one, two, …, and a length that is no multiple of a vector
    x = np.concatenate([np.roll(SPECIAL, k) for k in range(17)])[:16 * 24 + 13]
    c = Case("nan_functions_extreme").input("x", x)
    names = ["sigmoid(x)", "tanh(x)", "relu(x)", "leaky_relu(x)", "elu(x)", "gelu(clamp(x, -80, 80))", "hardtanh(x)",
             "softplus(x)",
             "exp(x)", "log(x)", "sqrt(x)", "abs(x)", "clamp(x, -2, 3)", "max(x, x * 0.5)", "min(x, -x)"]
    functions = [torch.sigmoid, torch.tanh, F.relu, F.leaky_relu, F.elu, lambda x: F.gelu(torch.clamp(x, -80, 80)),
                 F.hardtanh,
                 F.softplus, torch.exp, torch.log, torch.sqrt, torch.abs, lambda x: torch.clamp(x, -2, 3),
                 lambda x: torch.max(x, x * 0.5), lambda x: torch.min(x, -x)]
    text = "model extreme {\n    dim N = 1..500\n    input x: float32[N]\n"
    text += "".join(f"    output o{i} = {name}\n" for i, name in enumerate(names)) + "}\n"
    c.write(text, lambda m, x: tuple(f(x) for f in functions), dims={"N": len(x)})


def make_softmax():
    inf, nan, big = np.inf, np.nan, LARGEST
    starts = [[inf, 0, 1], [-inf, -inf, 0], [-inf, 1, 2], [nan, 0, 1], [inf, inf, 0], [inf, -inf, 0],
              [SUBNORMAL, SMALLEST, 0],
              [1000, 999, -1000], [-1000, -1001, -1002], [1e-45, 88, 104], [0, -104, -88], [1e4, -1e4, 1e4]]
    huge = [[big, -big, 0], [big, big, big], [-big, -big, -big], [1e38, -1e38, 1e38], [-1e38, -2e38, -1e38]]
    for size in (3, 21, 37):
        c = Case(f"nan_softmax_extreme_{size}")

        def rows(starts):
            return [np.concatenate([randn(size), start])[-size:] for start in starts]

        # rows of one value: all -inf gives NaN, all others 1 / size
        small = np.stack(rows(starts) + [np.full(size, -inf), np.zeros(size)]).astype(np.float32)
        large = np.stack(rows(huge) + [np.full(size, big), np.full(size, -big)]).astype(np.float32)
        x = np.concatenate([small, large])
        c.input("x", x).write(f'''
model extreme {{
    dim B = 1..40
    input x: float32[B, {size}]
    output a = softmax(x, dim=-1)
    output b = softmax(x, dim=0)
    output c = softmax(view(x, B, 1, {size}), dim=1)
    output d = softmax(transpose(x, 0, 1), dim=0)
}}
''', lambda m, x: (F.softmax(x, -1), F.softmax(x, 0), F.softmax(x.view(len(x), 1, size), 1), F.softmax(x.t(), 0)),
   dims={"B": len(x)})
        for name, x in (("extreme", small), ("huge", large)):
            c = Case(f"nan_log_softmax_{name}_{size}").input("x", x)
            c.write(f'''
model extreme {{
    dim B = 1..40
    input x: float32[B, {size}]
    output a = log_softmax(x, dim=-1)
    output b = log_softmax(x, dim=0)
    output c = log_softmax(transpose(x, 0, 1), dim=0)
}}
''', lambda m, x: (F.log_softmax(x, -1), F.log_softmax(x, 0), F.log_softmax(x.t(), 0)), dims={"B": len(x)})


def make_recurrent():
    for kind, hidden in (("LSTM", 19), ("GRU", 19), ("RNN", 19), ("LSTM", 5), ("GRU", 37)):
        c = Case(f"nan_{kind.lower()}_extreme_{hidden}").layer("rnn", getattr(nn, kind)(7, hidden, bidirectional=True))
        # a sequence for each value: it stands in one of its steps only, and must not reach the others
        x = randn(6, len(SPECIAL), 7)
        for b, value in enumerate(SPECIAL):
            x[b % 6, b, b % 7] = value
        c.input("x", x)
        states = "h, c" if kind == "LSTM" else "h"
        c.write(f'''
model extreme {{
    dim T = 1..9
    dim B = 1..40
    weights "weights.safetensors"
    input x: float32[T, B, 7]
    layer rnn = {kind}(7, {hidden}, bidirectional=true)
    out, {"(h, c)" if kind == "LSTM" else "h"} = rnn(x)
    output out, {states}
}}
''', lambda m, x: (lambda r: (r[0], *r[1]) if isinstance(r[1], tuple) else r)(m.rnn(x)),
   dims={"T": 6, "B": len(SPECIAL)})


def make_states():
    c = Case("nan_states_extreme").layer("lstm", nn.LSTM(3, 9)).layer("cell", nn.GRUCell(3, 9))
    h, cell = randn(1, len(SPECIAL), 9), randn(1, len(SPECIAL), 9)
    for b, value in enumerate(SPECIAL):
        cell[0, b, b % 9] = value
        h[0, b, (b + 4) % 9] = np.clip(value, -1e30, 1e30)
    c.input("x", randn(4, len(SPECIAL), 3)).input("h0", h).input("c0", cell)
    c.write('''
model extreme {
    dim B = 1..40
    weights "weights.safetensors"
    input x: float32[4, B, 3]
    input h0: float32[1, B, 9]
    input c0: float32[1, B, 9]
    layer lstm = LSTM(3, 9)
    layer cell = GRUCell(3, 9)
    out, (h, c) = lstm(x, (h0, c0))
    output out, h, c
    output g = cell(x[0], h0[0])
}
''', lambda m, x, h0, c0: (lambda r: (r[0], *r[1], m.cell(x[0], h0[0])))(m.lstm(x, (h0, c0))), dims={"B": len(SPECIAL)})


def make_products():
    c = Case("nan_products_extreme").layer("fc", nn.Linear(7, 21)).layer("conv", nn.Conv1d(7, 5, 3, padding=1))
    c.layer("norm", nn.LayerNorm(7)).layer("table", nn.Embedding.from_pretrained(torch.from_numpy(scattered(24, 7))))
    x = scattered(24, 7)
    x[np.abs(x) > 1e30] /= 1e5      # so that a sum overflows in no order
    c.input("x", x).input("ids", np.arange(24, dtype=np.int32))
    finite = "clamp(x, -1000, 1000)"
    c.write(f'''
model extreme {{
    weights "weights.safetensors"
    input x: float32[24, 7]
    input ids: int32[24]
    layer fc = Linear(7, 21)
    layer conv = Conv1d(7, 5, 3, padding=1)
    layer norm = LayerNorm(7)
    layer table = Embedding(24, 7)
    output y = fc(x)
    output z = conv(transpose(x, 0, 1))
    output n = norm({finite})
    output e = table(ids)
    output p = matmul(x, transpose({finite}, 0, 1))
    output s = sum(x, dim=0) + mean(x, dim=0)
    output most = argmax(x, dim=1)
}}
''', lambda m, x, ids: (m.fc(x), m.conv(x.t()), m.norm(torch.clamp(x, -1000, 1000)), m.table(ids.long()),
                        x @ torch.clamp(x, -1000, 1000).t(),
                        x.sum(0) + x.mean(0), x.argmax(1)))


def make():
    make_functions()
    make_softmax()
    make_recurrent()
    make_states()
    make_products()
