"""Arithmetic with broadcasting, int32, indexing and slicing, and what NaN and infinities do."""
import numpy as np
import torch
from torch import nn

from .case import Case, livelier, noisy_norm, randn
from .functions import calls


def arithmetic():
    calls("expr_broadcast", {
        "x": ("randn(4, 1, 5)", "[B, 1, 5]"), "y": ("randn(3, 1)", ""), "s": ("randn()", "[]"), "v": ("randn(5)", ""),
        "one": ("randn(1, 1)", ""),
    }, [
        ("x + y", "x + y", "float32[B, 3, 5]"), ("y - x", "y - x"), ("x * s", "x * s", "float32[B, 1, 5]"),
        ("s + 1", "s + 1", "float32[]"), ("v / (1 + v * v)", "v / (1 + v * v)"), ("x - v - s", "x - v - s"),
        ("x - (v - s)", "x - (v - s)"), ("x / v * s", "x / (v + 0) * s"), ("-x * 2 - -3", "-x * 2 + 3"),
        ("2 - x", "2 - x"), (".5 * x + 1e-3 * y", ".5 * x + 1e-3 * y"),
        ("1 / (1 + exp(-v))", "1 / (1 + torch.exp(-v))"),
        ("2 * 3 * v - 10 / 4", "6 * v - 2.5"), ("one * one", "one * one", "float32[1, 1]"), ("v + one", "v + one"),
        ("-(x + -y)", "-(x - y)"), ("v * v * v + v", "v ** 3 + v"), ("(x)", "x"),
    ], {"B": 4}, [("B", "2..6")])
    calls("expr_int32", {
        "i": ("ints(-50, 50, 33) * 2 + 1", "[N]"), "j": ("ints(1, 9, 33)", "[N]"), "x": ("randn(33)", "[N]"),
        "m": ("ints(-4, 5, 2, 3)", ""),
    }, [
        ("i + j", "i + j", "int32[N]"), ("i - j * 3", "i - j * 3"), ("i / j", "i / j", "float32[N]"),
        ("i / 2", "i / 2"),
        ("1 / i", "1 / i"), ("i * 0.5", "i * 0.5", "float32[N]"), ("i + x", "i + x", "float32[N]"), ("x / j", "x / j"),
        ("-i", "-i"), ("abs(i)", "abs(i)", "int32[N]"), ("relu(i)", "torch.relu(i)", "int32[N]"),
        ("clamp(i, -7, 9)", "i.clamp(-7, 9)", "int32[N]"), ("clamp(i, min=3)", "i.clamp(min=3)"),
        ("pow(i, 2)", "i ** 2", "int32[N]"), ("pow(j, 3)", "j ** 3"), ("exp(i / 10)", "torch.exp(i / 10)"),
        ("sqrt(j)", "torch.sqrt(j)", "float32[N]"), ("log(j)", "torch.log(j)"), ("sigmoid(i)", "torch.sigmoid(i)"),
        ("tanh(m)", "torch.tanh(m)", "float32[2, 3]"), ("exp(m)", "torch.exp(m)"),
        ("sum(i) + j", "i.sum(dtype=torch.int32) + j", "int32[N]"), ("2 - m", "2 - m", "int32[2, 3]"),
        ("transpose(m, 0, 1) * 10", "m.t() * 10", "int32[3, 2]"),
    ], {"N": 33}, [("N", "1..64")])
    calls("expr_int32_wraps", {
        "i": ("np.array([2**31 - 1, -2**31, 2**30, -2**31 + 1, 65536, 46341, -7], np.int32)", ""),
    }, [
        ("i + i", "i + i"), ("i * i", "i * i"), ("i + 1", "i + 1"), ("i - 1", "i - 1"), ("-i", "-i"),
        ("abs(i)", "abs(i)"),
        ("i * 65537", "i * 65537"), ("sum(i)", "i.sum(dtype=torch.int32)"), ("2147483647 + i", "2147483647 + i"),
        ("sum(stack([i, i]), dim=0)", "torch.stack([i, i]).sum(0, dtype=torch.int32)"),
        ("-2147483648 - i", "-2147483648 - i"),
    ], note="as two's complement does, without undefined behaviour in the C")
    calls("expr_int32_matmul", {"a": ("ints(-9, 9, 3, 5)", ""), "b": ("ints(-9, 9, 5, 2)", "")}, [
        ("matmul(a, b)", "a @ b", "int32[3, 2]"), ("matmul(a[0], b)", "a[0] @ b", "int32[2]"),
    ])


def indexing():
    calls("index_constant", {"x": ("randn(4, 6, 5)", ""), "i": ("ints(-9, 9, 7)", "")}, [
        ("x[1]", "x[1]", "float32[6, 5]"), ("x[-1]", "x[-1]"), ("x[1, 2]", "x[1, 2]"),
        ("x[3, -6, -5]", "x[3, -6, -5]", "float32[]"),
        ("x[:, -1]", "x[:, -1]", "float32[4, 5]"), ("x[..., 0]", "x[..., 0]", "float32[4, 6]"),
        ("x[0, ..., 1]", "x[0, ..., 1]"),
        ("x[None]", "x[None]", "float32[1, 4, 6, 5]"), ("x[:, None, 2]", "x[:, None, 2]", "float32[4, 1, 5]"),
        ("x[1:3]", "x[1:3]"), ("x[-3:-1]", "x[-3:-1]"), ("x[:, ::2]", "x[:, ::2]"),
        ("x[:, 1::3, 4]", "x[:, 1::3, 4]", "float32[4, 2]"),
        ("x[..., None]", "x[..., None]"), ("x[:, :, 2:3]", "x[:, :, 2:3]"),
        ("x[0:4:3, 1:-1]", "x[0:4:3, 1:-1]", "float32[2, 4, 5]"),
        ("x[2][1][0]", "x[2][1][0]"), ("x[:]", "x[:]"), ("x[..., 1:]", "x[..., 1:]"),
        ("x[:, 0:6:4, ::3]", "x[:, 0:6:4, ::3]"),
        ("x[3:4, 5:, None, -1:]", "x[3:4, 5:, None, -1:]", "float32[1, 1, 1, 1]"),
        ("i[-2:]", "i[-2:]", "int32[2]"), ("i[3]", "i[3]", "int32[]"),
        ("x[1][:, 1:3] * x[0, 2, 1:3]", "x[1][:, 1:3] * x[0, 2, 1:3]"),
        ("transpose(x, 0, 2)[1:, 3]", "x.transpose(0, 2)[1:, 3]", "float32[4, 4]"),
    ])
    calls("index_runtime", {"y": ("randn(7, 3)", "[T, 3]"), "z": ("randn(2, 14)", "[2, 2*T]")}, [
        ("y[-1]", "y[-1]", "float32[3]"), ("y[0]", "y[0]"), ("y[1:]", "y[1:]", "float32[T - 1, 3]"),
        ("y[:-1]", "y[:-1]"),
        ("y[1:-1]", "y[1:-1]", "float32[T - 2, 3]"), ("y[::2]", "y[::2]", "float32[(T + 1)//2, 3]"),
        ("y[1::3]", "y[1::3]"),
        ("y[T - 1]", "y[7 - 1]"), ("y[:T]", "y"), ("y[1:T, ::2]", "y[1:7, ::2]"), ("y[-3:]", "y[-3:]", "float32[3, 3]"),
        ("y[1:] - y[:-1]", "y[1:] - y[:-1]"), ("y[:2]", "y[:2]", "float32[2, 3]"), ("y[2]", "y[2]"),
        ("z[:, :T]", "z[:, :7]", "float32[2, T]"), ("z[:, T:] * z[:, :T]", "z[:, 7:] * z[:, :7]"),
        ("z[:, ::2]", "z[:, ::2]", "float32[2, T]"),
        ("z[0, T]", "z[0, 7]", "float32[]"), ("y[T//2]", "y[3]"),
    ], {"T": 7}, [("T", "3..20")])


def not_finite():
    """Names with nan_: another runner may not know that NaN equals NaN here."""
    values = "np.array([np.nan, np.inf, -np.inf, 0, -0.0, 1, -1, 1e38, -1e38, 100, -100, 1e-40, np.nan], np.float32)"
    calls("nan_elementwise", {"x": (values, "[N]"), "i": ("np.array([-5, 0, 7], np.int32)", "")}, [
        (f"{f}(x)", f"torch.{f}(x)") for f in ("relu", "sigmoid", "tanh", "exp", "log", "sqrt", "abs")
    ] + [
        ("leaky_relu(x)", "F.leaky_relu(x)"), ("elu(x)", "F.elu(x)"), ("hardtanh(x)", "F.hardtanh(x)"),
        ("softplus(x)", "F.softplus(x)"),
        ("clamp(x, -2, 3)", "x.clamp(-2, 3)"), ("clamp(x, min=0)", "x.clamp(min=0)"),
        ("clamp(x, max=1)", "x.clamp(max=1)"),
        ("x / 0", "x / 0"), ("1 / x", "1 / x"), ("x - x", "x - x"), ("x * 0", "x * 0"), ("pow(x, 0)", "x ** 0"),
        ("pow(x, -1)", "x ** -1"), ("pow(x, 0.5)", "x ** 0.5"), ("pow(x, 3)", "x ** 3"), ("pow(x, 1.5)", "x ** 1.5"),
        ("i / 0", "i / 0"),
        ("max(x, 0 * x[3] + 0.5)", "torch.max(x, x[3] * 0 + 0.5)"), ("min(x[3:4], x)", "torch.min(x[3:4], x)"),
        ("gelu(x[9:12])", "F.gelu(x[9:12])"), ("gelu(x[0:2])", "F.gelu(x[0:2])"),
    ], {"N": 13}, [("N", "13..20")])
    calls("nan_reductions", {"x": (
        "np.array([[1, np.nan, 5, np.nan], [np.inf, 2, -np.inf, 3], [-np.inf, -np.inf, -np.inf, -np.inf],"
        " [np.inf, np.inf, 0, 1], [-np.inf, 1, 2, -np.inf], [4, 4, 1, 4]], np.float32)", "[B, 4]")}, [
        ("sum(x, dim=1)", "x.sum(1)"), ("mean(x, dim=1)", "x.mean(1)"), ("max(x, dim=1)", "x.max(1)[0]"),
        ("min(x, dim=1)", "x.min(1)[0]"),
        ("argmax(x, dim=1)", "x.argmax(1)"), ("argmax(x, dim=0)", "x.argmax(0)"), ("argmax(x)", "x.argmax()"),
        ("max(x)", "x.max()"),
        ("softmax(x, dim=1)", "x.softmax(1)"), ("log_softmax(x, dim=1)", "x.log_softmax(1)"),
        ("softmax(x, dim=0)", "x.softmax(0)"),
        ("max(x, dim=0)", "x.max(0)[0]"), ("min(x, dim=0)", "x.min(0)[0]"), ("argmax(-x, dim=1)", "(-x).argmax(1)"),
    ], {"B": 6}, [("B", "1..8")])

    c = Case("nan_stays_in_its_row")
    c.layer("lstm", livelier(nn.LSTM(3, 17, 2))).layer("gru", nn.GRU(17, 5)).layer("fc", nn.Linear(5, 33))
    c.layer("norm", noisy_norm(nn.LayerNorm(33)))
    x = randn(6, 3, 3)
    x[2, 1, 2] = np.nan
    c.input("x", x)

    def rows(m, x):
        out, (hn, cn) = m.lstm(x)
        out, _ = m.gru(out)
        return m.norm(m.fc(out)), hn, cn
    c.write('''
# row 1 of the batch is NaN from step 2 on; the rows beside it and the steps before it are not
model rows {
    dim T = 1..40
    weights "weights.safetensors"
    input x: float32[T, 3, 3]
    layer lstm = LSTM(3, 17, 2)
    layer gru = GRU(17, 5)
    layer fc = Linear(5, 33)
    layer norm = LayerNorm(33)
    out, (hn, cn) = lstm(x)
    out, _ = gru(out)
    output y = norm(fc(out))
    output hn, cn
}
''', rows, dims={"T": 6})

    c = Case("nan_linear_conv")
    c.layer("fc", nn.Linear(17, 19)).layer("conv", nn.Conv1d(2, 3, 3, padding=2, dilation=2))
    c.layer("bn", noisy_norm(nn.BatchNorm1d(2)))
    x, s = randn(4, 17), randn(2, 2, 21)
    x[1, 16], x[2, 0], x[3, 5], x[3, 6] = np.inf, -np.inf, np.nan, np.inf
    s[0, 1, 20], s[1, 0, 10], s[1, 0, 0] = np.inf, np.nan, -np.inf
    c.input("x", x).input("s", s)
    c.write('''
model spots {
    dim L = 5..40
    weights "weights.safetensors"
    input x: float32[4, 17]
    input s: float32[2, 2, L]
    layer fc = Linear(17, 19)
    layer conv = Conv1d(2, 3, 3, padding=2, dilation=2)
    layer bn = BatchNorm1d(2)
    output y = fc(x)
    output z = conv(bn(s))
    output p = matmul(x, transpose(x, 0, 1))
}
''', lambda m, x, s: (m.fc(x), m.conv(m.bn(s)), x @ x.t()), dims={"L": 21})

    c = Case("infinite_input_saturates")
    c.layer("lstm", livelier(nn.LSTM(2, 17))).layer("gru", livelier(nn.GRU(2, 19, bias=False)))
    c.layer("rnn", nn.RNN(2, 33))
    x = randn(5, 2, 2)
    x[1, 0, 0], x[3, 0, 1], x[2, 1, 1] = np.inf, -np.inf, np.inf
    c.input("x", x)
    c.write('''
# an infinity drives the gates to their ends; no padded zero may make a NaN of it
model saturated {
    dim T = 1..50
    weights "weights.safetensors"
    input x: float32[T, 2, 2]
    layer lstm = LSTM(2, 17)
    layer gru = GRU(2, 19, bias=False)
    layer rnn = RNN(2, 33)
    a, (h, c) = lstm(x)
    b, _ = gru(x)
    d, _ = rnn(x)
    output a, h, c
    output b, d
}
''', lambda m, x: (lambda a, hc, b, d: (a, *hc, b, d))(*m.lstm(x), m.gru(x)[0], m.rnn(x)[0]), dims={"T": 5})


def shared_terms():
    c = Case("expr_powers_of_differences").input("x", randn(3, 7)).input("y", randn(7))

    def forward(m, x, y):
        return (x - 1) ** 2 + (x - 2) ** 2 + (y - x) ** 3, (x + y) ** 2 - (x + 4) ** -2
    c.write('''
# terms of one kind, each used more than once within one loop
model powers {
    input x: float32[3, 7]
    input y: float32[7]
    output a = (x - 1) ** 2 + (x - 2) ** 2 + (y - x) ** 3
    output b = (x + y) ** 2 - (x + 4) ** -2
}
''', forward)


def make():
    arithmetic()
    indexing()
    shared_terms()
    not_finite()
