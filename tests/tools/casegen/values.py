"""Masks, constants, moves, indices by tensors, reductions and products, with torch's own results.

An expression that reads the same in torch stands once: `both` writes it with torch's names in front. Bools go out as
int32; where torch counts in int64 the numbers stay small.
"""
import numpy as np
import torch
import torch.nn.functional as F

from .case import Case, ids, ints, livelier, randn
from .functions import calls

NAN, INF = float("nan"), float("inf")


def masks():
    calls("nan_mask_compare", {"a": ("special(61)", "[N]"), "b": ("np.roll(special(61), 3)", "[N]"),
                                    "i": ("ints(-3, 4, 61)", "[N]"), "j": ("ints(-3, 4, 61)", "[N]")},
          [(e, e) for e in ("a == b", "a != b", "a < b", "a <= b", "a > b", "a >= b", "i == j", "i < j",
                            "i >= j", "a > 1.5", "0 <= b", "i != a", "~(a < b)", "(a < b) & (i < j)",
                            "(a < b) | (i == 2) & (j > 0)", "(a < b) == (i < j)", "(a < b) != (i < j)")]
          + [("isnan(a)", "torch.isnan(a)"), ("logical_xor(a > 0, b > 0)", "torch.logical_xor(a > 0, b > 0)"),
             ("logical_and(a, i)", "torch.logical_and(a, i)"), ("logical_or(i, j)", "torch.logical_or(i, j)"),
             ("ge(i, j)", "torch.ge(i, j)"), ("lt(a, 2)", "torch.lt(a, 2)"),
             ("max(a > 0, b > 0)", "(a > 0) | (b > 0)")],
          {"N": 61}, [("N", "1..64")], note="what compares with what: a NaN is equal to nothing")
    calls("mask_where_shapes",
          {"x": ("randn(3, 1, 9)", "[B, 1, 9]"), "y": ("randn(5, 1)", ""), "i": ("ints(-4, 5, 9)", "")}, [
        ("where(x > y, x, y)", "torch.where(x > y, x, y)"),
        ("where(i > 0, x, 2)", "torch.where(i > 0, x, torch.tensor(2.0, dtype=x.dtype))"),
        ("where(i > 0, 7, i)", "torch.where(i > 0, 7, i)"),
        ("where(x > 0, 1.5, y)", "torch.where(x > 0, torch.tensor(1.5, dtype=x.dtype), y)"),
        ("masked_fill(x, y > 0, -2)", "x.masked_fill(y > 0, -2)"),
        ("masked_fill(i, i == 3, 9)", "i.masked_fill(i == 3, 9)"),
        ("where(i > 0, y > 0, x > 0)", "torch.where(i > 0, y > 0, x > 0)"),
        ("sum(where(x > y, 1, 0), dim=(0, 2))", "(x > y).sum((0, 2))"),
        ("where(i > 0, i > 2, True)", "(i > 2) | ~(i > 0)"),
        ("relu(x) * (x > 0) + (i > 1) * 3", "torch.relu(x) * (x > 0) + (i > 1) * 3"),
        ("sigmoid(where(y > 0, y, 0.0)) * (i % 2 == 0)",
         "torch.sigmoid(torch.where(y > 0, y, 0.0 * y)) * (i % 2 == 0)"),
        ("exp(where(i > 0, x, 0.0)) + (i > 0)", "torch.exp(torch.where(i > 0, x, 0.0 * x)) + (i > 0)"),
    ], {"B": 3}, [("B", "1..4")])
    calls("mask_any_all_dims",
          {"x": ("randn(2, 5, 7)", "[2, T, 7]"), "i": ("ints(0, 2, 4, 3)", ""), "s": ("randn()", "[]")}, [
        (f"{f}(x > {n}{a})", f"torch.{f}(x > {n}{a})") for f in ("any", "all") for n in ("1.0", "-1.0")
        for a in ("", ", 0", ", dim=1", ", -1, keepdim=True")] + [
        ("any(i, 0)", "i.bool().any(0)"), ("all(i, 1)", "i.bool().all(1)"), ("any(s)", "s.bool().any()"),
        ("any(x > 0, dim=(0, 2))", "(x > 0).any(2).any(0)"), ("sum(x > 0, 1)", "(x > 0).sum(1)"),
        ("max(x > 0, dim=1)", "(x > 0).any(1)"),
        ("cumsum(x > 0, 1)", "(x > 0).cumsum(1)"), ("flip(x > 0, 2)", "(x > 0).flip(2)"),
        ("transpose(x > 0, 1, 2)[:, 1:3]", "(x > 0).transpose(1, 2)[:, 1:3]"),
        ("pad(x > 0, (1, 2), value=1)", "F.pad((x > 0).int(), (1, 2), value=1)"),
    ], {"T": 5}, [("T", "1..6")])


def constants():
    calls("value_made", {"x": ("randn(2, 5)", "[B, T]"), "i": ("ints(0, 9, 5)", "[T]")}, [
        ("x * ones_like(x) + zeros(B, T)", "x"), ("i + full_like(i, 3)", "i + 3"),
        ("full((T, 2), T)", "torch.full((5, 2), 5)"),
        ("arange(2, 2 * T, 3) * 2", "torch.arange(2, 10, 3) * 2"), ("arange(T, 0, -2)", "torch.arange(5, 0, -2)"),
        ("arange(0.5, 2, 0.25)", "torch.arange(0.5, 2, 0.25)"), ("arange(T, dtype=float32) / T", "torch.arange(5) / 5"),
        ("eye(T, 3) + x[0, :, None]", "torch.eye(5, 3) + x[0, :, None]"),
        ("eye(2, dtype=int32) @ eye(2, dtype=int32)", "torch.eye(2).int()"),
        ("x / T + B", "x / 5 + 2"), ("clamp(i, 1, T)", "i.clamp(1, 5)"), ("i % T + T // 2", "i % 5 + 2"),
        ("T - i", "5 - i"),
        ("i * (T > 3)", "i"), ("where(i < T - 1, i, T)", "torch.where(i < 4, i, 5)"), ("x * (T / 2)", "x * 2.5"),
        ("2.0 ** T * x", "32.0 * x"),
        ("tensor([[1.5], [-2]]) * i", "torch.tensor([[1.5], [-2]]) * i"),
        ("tensor([True, False])", "torch.tensor([True, False])"),
        ("tensor([2147483647, -2147483648, -0])", "torch.tensor([2147483647, -2147483648, 0])"),
        ("full((2, 1), True)", "torch.full((2, 1), True)"),
        ("zeros(B, dtype=bool) | (x[:, 0] > 0)", "x[:, 0] > 0"),
        ("cat((zeros(B, 1), x, ones((B, 2))), 1)", "F.pad(F.pad(x, (1, 0)), (0, 2), value=1.0)"),
        ("max(T, i)", "i.clamp(min=5)"), ("sum(full((3,), 0.1)) + x[0, 0]", "x[0, 0] + 0.1 + 0.1 + 0.1"),
    ], {"B": 2, "T": 5}, [("B", "2..2"), ("T", "4..9")])


def moves():
    calls("move_more", {"x": ("randn(2, 3, 4)", ""), "v": ("randn(7)", "[T]"), "i": ("ints(-5, 5, 2, 5)", ""),
                        "one": ("randn(1, 4)", "")}, [
        ("expand(one, 3, 4)", "one.expand(3, 4)"), ("expand(one, 2, 5, -1)", "one.expand(2, 5, -1)"),
        ("expand(v, T, -1)", "v.expand(7, -1)"),
        ("expand(one[0, 0], 3)", "one[0, 0].expand(3)"), ("repeat(x, 1, 2, 2)", "x.repeat(1, 2, 2)"),
        ("repeat(v, 2, T)", "v.repeat(2, 7)"),
        ("repeat(i, 2, 1, 3)", "i.repeat(2, 1, 3)"), ("tile(x, 3)", "x.tile(3)"),
        ("tile(i, (2, 2, 1))", "i.tile(2, 2, 1)"),
        ("repeat_interleave(x, 2)", "x.repeat_interleave(2)"),
        ("repeat_interleave(v, T, 0)", "v.repeat_interleave(7, 0)"),
        ("flip(x, (0, 1, 2))", "x.flip(0, 1, 2)"), ("flip(v, 0)", "v.flip(0)"), ("flip(x > 0, 1)", "(x > 0).flip(1)"),
        ("flip(x, ())", "x"),
        ("roll(v, 3, 0)", "v.roll(3, 0)"), ("roll(v, -17, 0)", "v.roll(-17, 0)"), ("roll(v, 0, 0)", "v"),
        ("roll(x, (2, -1, 5), (2, 1, 0))", "x.roll((2, -1, 5), (2, 1, 0))"),
        ("roll(i, 3)", "i.roll(3)"), ("t(one)", "one.t()"), ("t(v)", "v"),
        ("movedim(x, (2, 0), (0, 1))", "x.movedim((2, 0), (0, 1))"),
        ("moveaxis(x, -1, -2)", "x.movedim(-1, -2)"), ("stack(chunk(x, 2, 2))", "torch.stack(x.chunk(2, 2))"),
        ("chunk(x[0], 3, 1)[1]", "x[0].chunk(3, 1)[1]"),
        ("cat(split(x, [3, 1], -1), 2)", "x"), ("split(v, [2, T - 2])[1]", "v.split([2, 5])[1]"),
        ("unbind(x, 1)[1] * unbind(x, 1)[2]", "x[:, 1] * x[:, 2]"),
        ("narrow(v, 0, 1, T - 1)", "v.narrow(0, 1, 6)"), ("narrow(v, 0, -2, 2)", "v.narrow(0, 5, 2)"),
        ("select(x, 2, -1)", "x.select(2, -1)"),
        ("sum(expand(one, 9, 4), 1)", "one.expand(9, 4).sum(1)"),
        ("sum(expand(x[:, :, :1], 2, 3, 11), 2)", "x[:, :, :1].expand(2, 3, 11).sum(2)"),
        ("matmul(expand(one, 3, 1, 4), expand(unsqueeze(one, 2), 3, 4, 1))",
         "(one.expand(3, 1, 4) @ one.unsqueeze(2).expand(3, 4, 1))"),
        ("softmax(expand(one, 5, 4), 0)", "one.expand(5, 4).softmax(0)"),
        ("max(expand(x[:, :1], 2, 6, 4), 1)", "x[:, 0]"),
        ("norm(expand(x[:, :, :1], 2, 3, 9), dim=2)", "x[:, :, :1].expand(2, 3, 9).norm(dim=2)"),
        ("view(expand(one, 3, 4), 12)", "one.expand(3, 4).reshape(12)"),
        ("relu(flip(transpose(x, 0, 2), 0))", "x.transpose(0, 2).flip(0).relu()"),
        ("cat((flip(v, 0), roll(v, 2, 0), v))", "torch.cat((v.flip(0), v.roll(2, 0), v))"),
        ("flip(cat((v, v * 2)), 0)", "torch.cat((v, v * 2)).flip(0)"),
    ], {"T": 7}, [("T", "3..9")])


def indices():
    calls("index_take", {"x": ("randn(5, 3, 4)", ""), "i": ("ids(5, 2, 6)", "[2, N]"), "j": ("ids(3, 6)", "[N]"),
                         "k": ("ids(4, 5, 3, 2)", ""), "m": ("ints(-9, 9, 5, 2)", "")}, [
        ("x[i]", "x[i.long()]"), ("m[i]", "m[i.long()]"), ("(x > 0)[i]", "(x > 0)[i.long()]"),
        ("transpose(x, 0, 1)[j]", "x.transpose(0, 1)[j.long()]"),
        ("x[i[0, 0]]", "x[i[0, 0].long()]"), ("x[i // 2]", "x[(i // 2).long()]"), ("x[4 - i]", "x[(4 - i).long()]"),
        ("index_select(x, 1, j)", "x.index_select(1, j.long())"),
        ("index_select(x, -1, j)", "x.index_select(2, j.long())"),
        ("index_select(m, 0, tensor([4, 0, 4]))", "m[[4, 0, 4]]"), ("gather(x, 2, k)", "x.gather(2, k.long())"),
        ("gather(x, 2, k[:3, :2])", "x.gather(2, k[:3, :2].long())"),
        ("take_along_dim(x, k[:1, :, :1], 2)", "x.take_along_dim(k[:1, :, :1].long(), 2)"),
        ("take_along_dim(x, i[0])", "x.flatten()[i[0].long()]"),
        ("scatter_add(x[0], 0, expand(unsqueeze(j, 1), N, 4), x[:, 0][i[0]])",
         "x[0].scatter_add(0, j.long()[:, None].expand(6, 4), x[:, 0][i[0].long()])"),
        ("scatter_add(zeros(5, dtype=int32), 0, i[1], j)",
         "torch.zeros(5, dtype=torch.int32).scatter_add(0, i[1].long(), j)"),
        ("scatter_add(x, 2, k, x[:, :, 1:3])", "x.scatter_add(2, k.long(), x[:, :, 1:3])"),
        ("embedding(i, x[:, 0])", "x[:, 0][i.long()]"),
        ("x[argmax(x[:, 0, :], dim=1)]", "x[x[:, 0].argmax(1)]"),
        ("x[where(j > 1, j, 4 - j)]", "x[torch.where(j > 1, j, 4 - j).long()]"),
        ("x[arange(4, -1, -2)]", "x[[4, 2, 0]]"), ("flip(x, 0)[i]", "x.flip(0)[i.long()]"),
        ("x[flip(i, 1)]", "x[i.flip(1).long()]"), ("x[j + 2 * (j < 1)]", "x[(j + 2 * (j < 1)).long()]"),
    ], {"N": 6}, [("N", "1..6")])
    c = Case("index_lengths_by_convolution").input("x", randn(3, 2, 11)).input("n", np.array([11, 4, 1], np.int32))
    c.layer("conv", livelier(torch.nn.Conv1d(2, 3, 3, stride=2, padding=1))).layer(
        "gru", livelier(torch.nn.GRU(3, 4, batch_first=True)))

    def halved(m, x, n):
        y = m.conv(x).transpose(1, 2)
        k = (n - 1) // 2 + 1
        packed = torch.nn.utils.rnn.pack_padded_sequence(y, k, batch_first=True, enforce_sorted=False)
        o, h = m.gru(packed)
        o = torch.nn.utils.rnn.pad_packed_sequence(o, batch_first=True, total_length=6)[0]
        return o, h, o.gather(1, (k - 1).long().view(-1, 1, 1).expand(-1, 1, 4))
    c.write("""
model halved {
    dim B = 1..3
    dim T = 1..12
    weights "weights.safetensors"
    input x: float32[B, 2, T]
    input n: int32[B]
    layer conv = Conv1d(2, 3, 3, stride=2, padding=1)
    layer gru = GRU(3, 4, batch_first=True)
    k = (n - 1) // 2 + 1                          # of the strided steps
    o, h = gru(transpose(conv(x), 1, 2), lengths=k)
    output o, h
    output last = gather(o, 1, expand(view(k - 1, B, 1, 1), B, 1, 4))
}
""", halved, dims={"B": 3, "T": 11})


def reductions():
    calls("reduce_more", {"x": ("randn(3, 7, 5)", "[3, T, 5]"), "i": ("ints(-4, 5, 4, 6)", ""),
                          "w": ("randn(2, 37)", ""), "s": ("randn()", "[]")}, [
        ("prod(x, 1)", "x.prod(1)"), ("prod(i, 1)", "i.prod(1)"), ("prod(w * 0.1 + 1)", "(w * 0.1 + 1).prod()"),
        ("cumsum(x, 1)", "x.cumsum(1)"),
        ("cumsum(w, 1)", "w.cumsum(1)"), ("cumsum(i, 0)", "i.cumsum(0)"), ("cumsum(s, 0)", "s"),
        ("var(x, 1)", "x.var(1)"), ("var(x, (0, 2), unbiased=False)", "x.var((0, 2), unbiased=False)"),
        ("std(w, 1, keepdim=True)", "w.std(1, keepdim=True)"), ("std(x)", "x.std()"), ("var(x, False)", "x.var(False)"),
        ("var(w + 1000, 1)", "(w + 1000).var(1)"),
        ("norm(w)", "w.norm()"), ("norm(x, dim=(1, 2))", "x.norm(dim=(1, 2))"), ("norm(w, 1.5, 1)", "w.norm(1.5, 1)"),
        ("norm(w, -inf, 1)", "w.norm(-float('inf'), 1)"), ("norm(w, 0, 1)", "w.norm(0, 1)"),
        ("logsumexp(w, 1)", "w.logsumexp(1)"),
        ("logsumexp(x * 300, (1, 2), keepdim=True)", "(x * 300).logsumexp((1, 2), keepdim=True)"),
        ("logsumexp(w + masked_fill(zeros(37), arange(37) > 3, -inf), 1)", "w[:, :4].logsumexp(1)"),
        ("normalize(w)", "F.normalize(w)"), ("normalize(x, 3, 2)", "F.normalize(x, 3, 2)"),
        ("cosine_similarity(x[:, :1], x, 2)", "F.cosine_similarity(x[:, :1], x, 2)"),
        ("cosine_similarity(w, w[:1] * 2)", "F.cosine_similarity(w, w[:1] * 2)"),
        ("argmin(x, 2)", "x.argmin(2)"), ("argmin(w)", "w.argmin()"), ("amax(x, (0, 2))", "x.amax((0, 2))"),
        ("amin(i, 1, keepdim=True)", "i.amin(1, keepdim=True)"),
        ("max(x, 0.25)", "x.clamp(min=0.25)"), ("min(-1, i)", "i.clamp(max=-1)"), ("max(x, 0)", "x.max(0).values"),
        ("topk(w, 7)", "w.topk(7).values"), ("topk(x, 3, 1, largest=False)", "x.topk(3, 1, largest=False).values"),
    ], {"T": 7}, [("T", "3..9")])
    c = Case("nan_reduce_pairs").input("x", randn(4, 9)).input("i", ints(-9, 10, 3, 5)).input(
        "y", np.array([[1, NAN, 3], [2, 2, 1], [-INF, 0, INF]], np.float32))
    i = c.inputs["i"]
    i[:] = np.argsort(np.argsort(i + np.arange(15).reshape(3, 5) * 0.01, axis=None)).reshape(3, 5)  # no ties

    def pairs(m, x, i, y):
        out = []
        for v in (x.max(1), x.min(0), i.max(1), y.max(1), y.min(1, keepdim=True), x.topk(4),
                  i.topk(2, 0, largest=False), y[:2].topk(3)):
            out += [torch.nan_to_num(v[0], -9, 99, -99) if v[0].is_floating_point() else v[0], v[1]]
        return tuple(out[:-2]) + (out[-2],)
    c.write("""
model pairs {
    input x: float32[4, 9]
    input i: int32[3, 5]
    input y: float32[3, 3]
    a, b = max(x, 1)
    output a, b
    c, d = min(x, dim=0)
    output c, d
    e, f = max(i, -1)
    output e, f
    g0, h = max(y, 1)
    output g = where(g0 != g0, -9.0, clamp(g0, -99, 99))
    output h
    j0, k = min(y, 1, keepdim=True)
    output j = where(j0 != j0, -9.0, clamp(j0, -99, 99))
    output k
    (l, m), n = (topk(x, 4), x)
    output l, m
    o, p = topk(i, 2, 0, largest=False)
    output o, p
    q = topk(y[:2], 3)
    output r = where(q != q, -9.0, q)
}
""", pairs)


def products():
    c = Case("product_of_values").input("x", randn(2, 5, 6)).input("i", ids(4, 3)).input("a", randn(4, 6)).input(
        "v", randn(6))
    c.layer("w", randn(3, 6)).layer("b", randn(3)).layer("table", randn(4, 2))

    def forward(m, x, i, a, v):
        return (F.linear(x, m.w), F.linear(x, m.w, m.b), F.linear(v, m.w * 2, m.b + 1), F.linear(x, a), x @ a.t() + 1,
                F.embedding(i.long(), m.table),
                a[i.long()], torch.bmm(x, x.transpose(1, 2)), torch.mm(a, m.w.t()), a @ v, torch.dot(v, v),
                -v @ a.t() * 2, torch.mul(x, v), torch.add(x, v, alpha=-2),
                torch.sub(1, v), torch.div(i, 2), i // 2, x @ x.transpose(1, 2) @ x)
    c.write("""
model products {
    dim B = 1..3
    weights "weights.safetensors"
    input x: float32[B, 5, 6]
    input i: int32[3]
    input a: float32[4, 6]
    input v: float32[6]
    param w: float32[3, 6]
    param b: float32[3]
    param table: float32[4, 2]
    output o0 = linear(x, w)
    output o1 = linear(x, w, b)
    output o2 = linear(v, w * 2, bias=b + 1)
    output o3 = linear(x, a)
    output o4 = x @ t(a) + 1
    output o5 = embedding(i, table)
    output o6 = embedding(i, a)
    output o7 = bmm(x, transpose(x, 1, 2))
    output o8 = mm(a, t(w))
    output o9 = mv(a, v)
    output p0 = dot(v, v)
    output p1 = -v @ t(a) * 2
    output p2 = mul(x, v)
    output p3 = add(x, v, alpha=-2)
    output p4 = sub(1, v)
    output p5 = div(i, 2)
    output p6 = div(i, 2, rounding_mode="floor")
    output p7 = x @ transpose(x, 1, 2) @ x
}
""", forward, dims={"B": 2})


def states():
    c = Case("state_ring").input("x", randn(9, 2))

    def forward(m, state, x):
        ring, at, grid = state or (torch.tensor([0.5, -1, 2], dtype=x.dtype), 0, torch.eye(2, dtype=x.dtype) * 3)
        ring = ring.clone()
        ring[at] = x[0]
        grid = grid * 0.5 + x
        now = torch.arange(3).roll(at)
        return (ring[now], torch.tensor(at, dtype=torch.int32).view(1), grid), (ring, (at + 1) % 3, grid)
    c.write("""
model ring {
    input x: float32[2]
    state kept: float32[3] = tensor([0.5, -1, 2])
    state at: int32[1]
    state grid: float32[2, 2] = eye(2) * 3
    kept = where(arange(3) == at, x[0], kept)
    output read = kept[(arange(3) - at) % 3]
    output place = at + 0
    output grid = grid * 0.5 + x
    at = (at + 1) % 3
}
""", forward, steps=9)


def make():
    masks()
    constants()
    moves()
    indices()
    reductions()
    products()
    states()
