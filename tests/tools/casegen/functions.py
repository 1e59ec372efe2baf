"""The functions of the language with torch's own arguments, on float32 and int32."""
import numpy as np
import torch
import torch.nn.functional as F

from .case import Case, ids, ints, randn


def calls(name, inputs, rows, dims=None, head=(), note=""):
    """A case whose outputs are one call each.

    inputs: name -> (Python expression of the array, shape as written in .nn or "" for the array's own);
    rows: (expression in .nn, the same in torch, [written type]); head: (run-time dim, its bounds).
    """
    c = Case(name)
    lines = []
    for d, bounds in head:
        lines.append(f"    dim {d} = {bounds}")
    for key, (array, shape) in inputs.items():
        array = eval(array, globals())
        c.input(key, array)
        lines.append(f"    input {key}: {array.dtype}{shape or list(array.shape)}")
    for i, row in enumerate(rows):
        lines.append(f"    output o{i}{': ' + row[2] if len(row) > 2 else ''} = {row[0]}")

    def forward(m, *args):
        names = {"torch": torch, "F": F, **dict(zip(inputs, args))}
        return tuple(eval(row[1], names) for row in rows)
    c.write((note and f"# {note}\n") + "model functions {\n" + "\n".join(lines) + "\n}\n", forward, dims=dims)


def wide_range(n, top=20.0):
    """Signed values over many magnitudes, zero and the ends among them."""
    x = np.random.uniform(-top, top, n)
    x[: n // 3] = np.random.choice([-1, 1], n // 3) * 10.0 ** np.random.uniform(-12, 0, n // 3)
    x[-4:] = 0.0, top, -top, -0.0
    return x.astype(np.float32)


def special(n):
    """Numbers, zeros of both signs, infinities and NaN, in an order that meets each with each in two shifted copies."""
    inf, nan = float("inf"), float("nan")
    return np.array([0.0, -0.0, 1.5, -1.5, inf, -inf, nan, 2.0] * ((n + 7) // 8), np.float32)[:n]


def uniform(low, high, *shape):
    assert Case.seeded
    return np.random.uniform(low, high, shape).astype(np.float32)


def tied(*shape):
    """Some places of equal maxima."""
    x = randn(*shape)
    x[1] = np.round(x[1])
    return x


def steep(*shape):
    """Values that overflow or vanish in an exp by themselves."""
    x = randn(*shape, scale=4)
    x[0, 0] += 1000
    x[1, :, 0] = -1000
    return x


def elementwise():
    one = {"x": ("wide_range(47)", "[N]")}
    head = [("N", "1..100")]
    calls("fn_sigmoid_tanh", {"x": ("np.concatenate([wide_range(60, 90.0), wide_range(7, 5e4)])", "[N]")}, [
        ("sigmoid(x)", "torch.sigmoid(x)"), ("tanh(x)", "torch.tanh(x)"), ("tanh(-x)", "torch.tanh(-x)"),
        ("sigmoid(x) * tanh(x)", "torch.sigmoid(x) * torch.tanh(x)"),
    ], {"N": 67}, head)
    calls("fn_relu_family", one, [
        ("relu(x)", "torch.relu(x)"),
        ("leaky_relu(x)", "F.leaky_relu(x)"),
        ("leaky_relu(x, 0.2)", "F.leaky_relu(x, 0.2)"),
        ("leaky_relu(x, negative_slope=1.5)", "F.leaky_relu(x, 1.5)"),
        ("hardtanh(x)", "F.hardtanh(x)"), ("hardtanh(x, -2, 3)", "F.hardtanh(x, -2, 3)"),
        ("hardtanh(x, min_val=0.5, max_val=6.0)", "F.hardtanh(x, 0.5, 6)"),
        ("clamp(x, -1, 2.5)", "torch.clamp(x, -1, 2.5)"), ("clamp(x, min=0.125)", "torch.clamp(x, min=0.125)"),
        ("clamp(x, max=-3)", "torch.clamp(x, max=-3)"), ("clamp(x, None, 1)", "torch.clamp(x, max=1)"),
        ("clamp(x, min=-0.5, max=None)", "torch.clamp(x, min=-0.5)"), ("abs(x)", "torch.abs(x)"),
    ], {"N": 47}, head)
    calls("fn_exp_family", one, [
        ("elu(x)", "F.elu(x)"), ("elu(x, 0.5)", "F.elu(x, 0.5)"), ("elu(x, alpha=2)", "F.elu(x, 2.0)"),
        ("gelu(x)", "F.gelu(x)"), ("gelu(x, approximate='none')", "F.gelu(x)"),
        ("gelu(x, approximate='tanh')", "F.gelu(x, approximate='tanh')"),
        ("softplus(x)", "F.softplus(x)"), ("softplus(x, 2)", "F.softplus(x, 2)"),
        ("softplus(x, beta=0.5, threshold=5)", "F.softplus(x, 0.5, 5)"),
        ("exp(-abs(x))", "torch.exp(-abs(x))"), ("exp(x * 0.25)", "torch.exp(x * 0.25)"),
    ], {"N": 47}, head)
    calls("fn_log_sqrt_exp", {"x": ("10 ** uniform(-30, 30, 33)", ""), "y": ("uniform(-80, 15, 33)", "")}, [
        ("log(x)", "torch.log(x)"), ("sqrt(x)", "torch.sqrt(x)"),
        ("exp(y)", "torch.exp(y)"), ("log(exp(y / 10) + 1)", "torch.log(torch.exp(y / 10) + 1)"),
        ("sqrt(y * y)", "torch.sqrt(y * y)"),
    ])
    calls("fn_pow", {"x": ("uniform(0.05, 4, 21)", ""), "y": ("randn(21, scale=2)", ""), "s": ("randn(21)", "")}, [
        ("pow(x, 2)", "x ** 2"), ("pow(s, 2)", "s ** 2"), ("pow(s, 3)", "s ** 3"),
        ("pow(s, -2)", "s ** -2"), ("pow(x, -1)", "x ** -1"),
        ("pow(x, 0.5)", "x ** 0.5"), ("pow(x, -0.5)", "x ** -0.5"),
        ("pow(x, 2.2)", "x ** 2.2"), ("pow(s, 0)", "s ** 0"), ("pow(s, 1)", "s"),
        ("pow(s, 7)", "s ** 7"), ("pow(x, y)", "torch.pow(x, y)"),
        ("pow(2, y)", "torch.pow(2, y)"), ("pow(x, exponent=1.5)", "torch.pow(x, 1.5)"),
    ])


def reductions():
    calls("fn_sum_mean", {"x": ("randn(4, 5, 3, scale=3)", "[B, 5, T]"), "i": ("ints(-9, 9, 4, 5, 3)", "[B, 5, T]")}, [
        ("sum(x)", "x.sum()", "float32[]"), ("mean(x)", "x.mean()"),
        ("sum(x, dim=0)", "x.sum(0)", "float32[5, T]"), ("sum(x, 1)", "x.sum(1)"),
        ("sum(x, dim=-1, keepdim=True)", "x.sum(-1, keepdim=True)", "float32[B, 5, 1]"),
        ("sum(x, dim=(0, 2))", "x.sum((0, 2))"), ("mean(x, dim=1)", "x.mean(1)"),
        ("mean(x, [-1, -2])", "x.mean((-1, -2))"), ("mean(x, 0, True)", "x.mean(0, True)"),
        ("mean(x, dim=(0, 1, 2), keepdim=true)", "x.mean((0, 1, 2), True)", "float32[1, 1, 1]"),
        ("sum(i)", "i.sum(dtype=torch.int32)", "int32[]"),
        ("sum(i, dim=1)", "i.sum(1, dtype=torch.int32)", "int32[B, T]"),
        ("sum(i, dim=(0, -1), keepdim=True)", "i.sum((0, -1), True, dtype=torch.int32)"),
    ], {"B": 4, "T": 3}, [("B", "1..6"), ("T", "1..7")])
    calls("fn_max_min_argmax", {"x": ("tied(3, 17, 2)", "[3, N, 2]"), "i": ("ints(-3, 3, 3, 17, 2)", "[3, N, 2]")}, [
        ("max(x)", "x.max()", "float32[]"), ("min(x)", "x.min()"),
        ("max(x, dim=1)", "x.max(1)[0]", "float32[3, 2]"), ("min(x, -1)", "x.min(-1)[0]"),
        ("max(x, dim=0, keepdim=True)", "x.max(0, keepdim=True)[0]", "float32[1, N, 2]"),
        ("min(x, 1, True)", "x.min(1, True)[0]"), ("max(x, -x)", "torch.max(x, -x)"),
        ("min(x, x[0])", "torch.min(x, x[0])"), ("max(x, mean(x))", "torch.max(x, x.mean())"),
        ("argmax(x)", "x.argmax()", "int32[]"), ("argmax(x, dim=1)", "x.argmax(1)", "int32[3, 2]"),
        ("argmax(x, -1, keepdim=True)", "x.argmax(-1, True)", "int32[3, N, 1]"),
        ("argmax(x, dim=0)", "x.argmax(0)"), ("max(i)", "i.max()", "int32[]"),
        ("max(i, dim=1)", "i.max(1)[0]"), ("min(i, dim=-1, keepdim=True)", "i.min(-1, True)[0]"),
        ("max(i, -i)", "torch.max(i, -i)", "int32[3, N, 2]"), ("argmax(i, dim=0)", "i.argmax(0)"),
        ("argmax(i)", "i.argmax()"), ("min(i[0], i)", "torch.min(i[0], i)"),
    ], {"N": 17}, [("N", "2..33")], note="the first of equal maxima is taken")
    calls("fn_softmax", {
        "x": ("steep(3, 6, 33)", "[3, T, 33]"), "v": ("randn(1)", ""),
        "w": ("randn(17, scale=30)", ""),
    }, [
        ("softmax(x, dim=-1)", "x.softmax(-1)"), ("softmax(x, 1)", "x.softmax(1)"),
        ("softmax(x, dim=0)", "x.softmax(0)"), ("log_softmax(x, dim=2)", "x.log_softmax(2)"),
        ("log_softmax(x, -2)", "x.log_softmax(-2)"), ("log_softmax(x, dim=0)", "x.log_softmax(0)"),
        ("softmax(v, dim=0)", "v.softmax(0)"), ("log_softmax(v, dim=0)", "v.log_softmax(0)"),
        ("softmax(w, 0)", "w.softmax(0)"), ("log_softmax(w, 0)", "w.log_softmax(0)"),
    ], {"T": 6}, [("T", "1..20")], note="values that overflow an exp by themselves")


def shapes():
    calls("fn_reshape", {"x": ("randn(2, 6, 3)", "[B, 2*H, 3]"), "c": ("randn(1, 4, 1, 5)", "")}, [
        ("view(x, B, H, 6)", "x.view(2, 3, 6)", "float32[B, H, 6]"),
        ("view(x, -1, 3)", "x.view(-1, 3)", "float32[2*B*H, 3]"),
        ("reshape(x, (B, -1))", "x.reshape(2, -1)", "float32[B, 6*H]"),
        ("reshape(x, [B, 2*H, 1, 3, 1])", "x.reshape(2, 6, 1, 3, 1)"),
        ("view(x, B, H, 2, -1)", "x.view(2, 3, 2, -1)", "float32[B, H, 2, 3]"),
        ("flatten(x)", "x.flatten()"), ("flatten(x, 1)", "x.flatten(1)", "float32[B, 6*H]"),
        ("flatten(x, start_dim=0, end_dim=1)", "x.flatten(0, 1)"), ("flatten(c, -2)", "c.flatten(-2)"),
        ("squeeze(c)", "c.squeeze()", "float32[4, 5]"), ("squeeze(c, 0)", "c.squeeze(0)"),
        ("squeeze(c, dim=-2)", "c.squeeze(-2)"), ("squeeze(c, 1)", "c.squeeze(1)", "float32[1, 4, 1, 5]"),
        ("unsqueeze(x, 0)", "x[None]"), ("unsqueeze(x, dim=-1)", "x.unsqueeze(-1)", "float32[B, 2*H, 3, 1]"),
        ("unsqueeze(x, 2)", "x.unsqueeze(2)"), ("contiguous(view(c, 20))", "c.view(20)"),
        ("reshape(transpose(x, 1, 2), B, -1)", "x.transpose(1, 2).reshape(2, -1)"),
    ], {"B": 2, "H": 3}, [("B", "1..4"), ("H", "1..8")])
    calls("fn_transpose_permute", {
        "x": ("randn(3, 5, 7)", "[3, T, 7]"), "y": ("randn(2, 3, 4, 5)", ""),
        "i": ("ints(-99, 99, 4, 6)", ""),
    }, [
        ("transpose(x, 0, 1)", "x.transpose(0, 1)", "float32[T, 3, 7]"),
        ("transpose(x, -1, -2)", "x.transpose(-1, -2)"), ("transpose(x, 1, 1)", "x"),
        ("permute(x, 2, 0, 1)", "x.permute(2, 0, 1)", "float32[7, 3, T]"),
        ("permute(x, (1, 2, 0))", "x.permute(1, 2, 0)"), ("permute(y, (0, -1, 1, 2))", "y.permute(0, -1, 1, 2)"),
        ("permute(y, dims=[3, 2, 1, 0])", "y.permute(3, 2, 1, 0)"),
        ("contiguous(transpose(i, 0, 1))", "i.t().contiguous()", "int32[6, 4]"),
        ("transpose(transpose(x, 0, 1), 1, 2) * 2", "x.transpose(0, 1).transpose(1, 2) * 2"),
    ], {"T": 5}, [("T", "1..16")])
    calls("fn_cat_stack", {
        "a": ("randn(2, 3)", "[T, 3]"), "b": ("randn(4, 3)", "[S, 3]"),
        "c": ("randn(2, 1)", "[T, 1]"), "i": ("ids(5, 3)", ""),
    }, [
        ("cat([a, b])", "torch.cat([a, b])", "float32[T + S, 3]"),
        ("cat((a, c, a, c), dim=1)", "torch.cat((a, c, a, c), 1)", "float32[T, 8]"),
        ("cat([a, a, b], 0)", "torch.cat([a, a, b], 0)", "float32[2*T + S, 3]"),
        ("cat([c, a * 2], dim=-1)", "torch.cat([c, a * 2], -1)"), ("cat([b])", "b"),
        ("stack([a, -a])", "torch.stack([a, -a])", "float32[2, T, 3]"),
        ("stack((a, a, relu(a)), dim=1)", "torch.stack((a, a, a.relu()), 1)", "float32[T, 3, 3]"),
        ("stack([b, b + 1], dim=-1)", "torch.stack([b, b + 1], -1)", "float32[S, 3, 2]"),
        ("cat([i, i * 10])", "torch.cat([i, i * 10])", "int32[6]"),
        ("stack([sum(a), mean(b)])", "torch.stack([a.sum(), b.mean()])", "float32[2]"),
    ], {"T": 2, "S": 4}, [("T", "1..5"), ("S", "1..9")])
    calls("fn_pad", {
        "x": ("randn(2, 3, 9)", "[2, 3, L]"), "y": ("randn(3, 5)", ""),
        "i": ("ints(-9, 9, 2, 3)", ""), "z": ("randn(1, 2, 5, 6)", ""),
    }, [
        ("pad(x, (2, 1))", "F.pad(x, (2, 1))", "float32[2, 3, L + 3]"),
        ("pad(x, (0, 3), mode='constant', value=-1.5)", "F.pad(x, (0, 3), value=-1.5)"),
        ("pad(x, (1, 0, 2, 0), 'constant', 7)", "F.pad(x, (1, 0, 2, 0), 'constant', 7)"),
        ("pad(x, (-2, 1))", "F.pad(x, (-2, 1))", "float32[2, 3, L - 1]"),
        ("pad(x, (-1, -3), value=4)", "F.pad(x, (-1, -3), value=4)"),
        ("pad(y, (1, 2, 0, 1))", "F.pad(y, (1, 2, 0, 1))"), ("pad(y, (1, -1, -1, 2))", "F.pad(y, (1, -1, -1, 2))"),
        ("pad(i, (1, 1), value=5)", "F.pad(i, (1, 1), value=5)", "int32[2, 5]"),
        ("pad(x, (4, 3), mode=\"reflect\")", "F.pad(x, (4, 3), 'reflect')", "float32[2, 3, L + 7]"),
        ("pad(y, [0, 4], mode='reflect')", "F.pad(y, [0, 4], 'reflect')"),
        ("pad(x, (5, 6), mode='replicate')", "F.pad(x, (5, 6), 'replicate')"),
        ("pad(x, (2, 5), 'circular')", "F.pad(x, (2, 5), 'circular')"),
        ("pad(z, (2, 1, 1, 3), mode='reflect')", "F.pad(z, (2, 1, 1, 3), 'reflect')"),
        ("pad(z, (2, 1, 0, 7), mode='replicate')", "F.pad(z, (2, 1, 0, 7), 'replicate')"),
        ("pad(z, (2, 6, 1, 0), mode='circular')", "F.pad(z, (2, 6, 1, 0), 'circular')"),
    ], {"L": 9}, [("L", "5..30")])
    calls("fn_one_hot", {"i": ("ids(6, 2, 4)", "[2, T]"), "x": ("randn(3, 5)", ""), "j": ("ids(1, 3)", "")}, [
        ("one_hot(i, 6)", "F.one_hot(i.long(), 6).to(x.dtype)", "float32[2, T, 6]"),
        ("one_hot(i, num_classes=17)", "F.one_hot(i.long(), 17).to(x.dtype)"),
        ("one_hot(argmax(x, dim=1), 5) * x", "F.one_hot(x.argmax(1), 5) * x"),
        ("one_hot(j, num_classes=1)", "F.one_hot(j.long(), 1).to(x.dtype)"),
    ], {"T": 4}, [("T", "1..12")])


def products():
    calls("fn_matmul", {
        "a": ("randn(5, 17)", "[N, 17]"), "b": ("randn(17, 33)", ""), "v": ("randn(17)", ""), "w": ("randn(17)", ""),
        "p": ("randn(3, 1, 4, 7)", ""), "q": ("randn(2, 7, 5)", ""),
    }, [
        ("matmul(v, w)", "v @ w", "float32[]"), ("matmul(a, b)", "a @ b", "float32[N, 33]"),
        ("matmul(a, v)", "a @ v", "float32[N]"), ("matmul(v, b)", "v @ b"),
        ("matmul(p, q)", "p @ q", "float32[3, 2, 4, 5]"),
        ("matmul(transpose(b, 0, 1), transpose(a, 0, 1))", "b.t() @ a.t()", "float32[33, N]"),
        ("matmul(q, p[0, 0, 0, 0:5])", "q @ p[0, 0, 0, 0:5]", "float32[2, 7]"),
        ("matmul(p[0, 0, 0], q)", "p[0, 0, 0] @ q", "float32[2, 5]"),
        ("matmul(a, transpose(a, 0, 1))", "a @ a.t()", "float32[N, N]"),
        ("matmul(q, matmul(transpose(q, 1, 2), q))", "q @ (q.transpose(1, 2) @ q)"),
    ], {"N": 5}, [("N", "1..40")])
    calls("fn_matmul_batches", {
        "a": ("randn(3, 6, 5)", "[B, T, 5]"), "b": ("randn(3, 4, 5)", "[B, S, 5]"),
        "c": ("randn(5, 19)", ""),
    }, [
        ("matmul(a, transpose(b, 1, 2))", "a @ b.transpose(1, 2)", "float32[B, T, S]"),
        ("matmul(a, c)", "a @ c", "float32[B, T, 19]"),
        ("matmul(softmax(matmul(a, transpose(b, -1, -2)), dim=-1), b)", "(a @ b.transpose(1, 2)).softmax(-1) @ b"),
        ("matmul(transpose(c, 0, 1), transpose(a, 1, 2))", "c.t() @ a.transpose(1, 2)", "float32[B, 19, T]"),
    ], {"B": 3, "T": 6, "S": 4}, [("B", "1..4"), ("T", "1..9"), ("S", "1..17")])


def make():
    elementwise()
    reductions()
    shapes()
    products()
