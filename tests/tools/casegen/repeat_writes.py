"""Blocks of rounds where a value may be written over the old one, and where it must not; where rows are computed at
once."""
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from .case import Case, randn


def old_values():
    c = Case("repeat_old_values")
    c.layer("mix", nn.Linear(3, 3))
    for name in "abc":
        c.input(name, randn(2, 3))

    def forward(m, a, b, c):
        befores, sums, swapped = [], [], []
        kept = a
        x, y = a, b
        p, q = a * 2, b * 3
        for _ in range(5):
            befores.append(x)
            a, b, c = b, c, m.mix(a)
            sums.append(a + 2 * b + 3 * c)
            x, y = y + 1, torch.flip(x, [1]) * y
            kept = kept * 1
            p, q = q, p
            swapped.append(torch.cat((x, y), 1).transpose(0, 1))
        return torch.stack(befores), torch.stack(sums), a, b, c, x, y, torch.stack(swapped), kept, p, q
    c.write('''
# new values that are others' old ones, old ones that are wanted when the new ones are there
model old_values {
    weights "weights.safetensors"
    input a: float32[2, 3]
    input b: float32[2, 3]
    input c: float32[2, 3]
    layer mix = Linear(3, 3)
    x, y = (a, b)
    kept = a
    p, q = (a * 2, b * 3)
    repeat 5 {
        collect befores = x
        a, b, c = (b, c, mix(a))
        collect sums = a + 2 * b + 3 * c
        old = x
        turned = cat((old[:, 2:3], old[:, 1:2], old[:, 0:1]), 1)
        x = y + 1
        y = turned * y
        kept = kept
        p, q = (q, p)
        collect swapped = transpose(cat((x, y), 1), 0, 1)
    }
    output befores, sums, a, b, c, x, y, swapped, kept, p, q
}
''', forward)

    c = Case("repeat_over_itself")
    c.layer("lin", nn.Linear(4, 4)).input("x", randn(6, 3, 4)).input("s", randn(3, 4))

    def itself(m, x, s):
        column = s[:, 0:1]
        outs, tables = [], []
        u = v = w = s
        for t in range(6):
            u = torch.relu(u * 0.5 + x[t])
            v = v - v.mean(1, keepdim=True) + x[t]
            w = m.lin(w) + w.transpose(0, 1).reshape(3, 4)
            column = column * 0.25 + x[t][:, 1:2]
            outs.append(u + v)
            tables.append(torch.cat((w, column), 1))
        return torch.stack(outs).permute(1, 0, 2), torch.stack(tables), u, v, w.t(), column
    c.write('''
# elementwise over the old value, a mean of it, a product of it, another order of it
model itself {
    weights "weights.safetensors"
    input x: float32[6, 3, 4]
    input s: float32[3, 4]
    layer lin = Linear(4, 4)
    u = s
    v = s
    w = s
    column = s[:, 0:1]
    repeat x_t in x {
        u = relu(u * 0.5 + x_t)
        v = v - mean(v, dim=1, keepdim=True) + x_t
        w = lin(w) + reshape(transpose(w, 0, 1), 3, 4)
        column = column * 0.25 + x_t[:, 1:2]
        collect outs = u + v
        collect tables = cat((w, column), 1)
    }
    output first = permute(outs, 1, 0, 2)
    output tables, u, v
    output turned = transpose(w, 0, 1)
    output column
}
''', itself)


def old_elements():
    c = Case("repeat_old_elements")
    c.input("x", randn(5, 3, 3)).input("h0", randn(3, 3))

    def forward(m, x, h):
        a = b = c = d = h
        rows = []
        for x_t in x:
            a = a.t() * 0.5 + x_t
            b = b - b[0:1] * 0.5
            c = c[:, 0:1] + c * 0.25 + x_t
            d = d * d.t() + d[2]
            rows.append(a + 2 * b + 3 * c)
        return torch.stack(rows), a, b, c, d
    c.write('''
# elements of the new value are made of other elements of the old one, over which it may not be written yet
model old_elements {
    dim T = 1..8
    input x: float32[T, 3, 3]
    input h0: float32[3, 3]
    a, b, c, d = (h0, h0, h0, h0)
    repeat x_t in x {
        a = t(a) * 0.5 + x_t
        b = b - b[0:1] * 0.5
        c = c[:, 0:1] + c * 0.25 + x_t
        d = d * t(d) + d[2]
        collect rows = a + 2 * b + 3 * c
    }
    output rows, a, b, c, d
}
''', forward, dims={"T": 5})


def pads():
    c = Case("repeat_pads_old_value")
    c.layer("look", nn.Linear(40, 3)).input("x", randn(5, 32)).input("h0", randn(40))

    def forward(m, x, h):
        c = torch.zeros(32)
        g = torch.cat((h, h))
        seen, sums = [], []
        for x_t in x:
            c = torch.tanh(c * 0.5 + x_t)
            seen.append(m.look(h))
            sums.append(g * 2 + g.sum())
            h = F.pad(torch.sigmoid(c), (4, 4), value=0.5)
            g = torch.cat((F.pad(c * 2, (8, 0)), F.pad(torch.cat((c[16:] - 1, c[:16] + 1)), (0, 8), value=1.0)))
        return torch.stack(seen), torch.stack(sums), h, g
    c.write('''
# the old value is still read when what is padded, alone or in a cat, could be written into the middle of the new one
model pads_old_value {
    weights "weights.safetensors"
    input x: float32[5, 32]
    input h0: float32[40]
    layer look = Linear(40, 3)
    h = h0
    g = cat((h0, h0))
    c = zeros(32)
    repeat x_t in x {
        c = tanh(c * 0.5 + x_t)
        inner = sigmoid(c)
        left = pad(c * 2, (8, 0))
        right = pad(cat((c[16:] - 1, c[:16] + 1)), (0, 8), value=1.0)
        collect seen = look(h)
        collect sums = g * 2 + sum(g)
        h = pad(inner, (4, 4), value=0.5)
        g = cat((left, right))
    }
    output seen, sums, h, g
}
''', forward)


def delays():
    c = Case("repeat_delay_lines")
    c.input("x", randn(6, 3))

    def forward(m, x):
        d, e, f, g = torch.zeros(2, 3), torch.zeros(2, 3), torch.zeros(3, 2), torch.ones(6)
        rows = [[] for _ in range(4)]
        for x_t in x:
            d = torch.stack((d[1], x_t))
            e = torch.stack((e[1] + x_t, e[0] * 0.5))
            f = torch.cat((f[:, 1:2] * 0.5, f[:, 0:1] + x_t.unsqueeze(1)), 1)
            g = torch.cat((g[3:] * 0.5, x_t + g[3:]))
            for kept, value in zip(rows, (d, e, f, g)):
                kept.append(value)
        return tuple(torch.stack(kept) for kept in rows)
    c.write('''
# a part of the new value is made of another part of the old one, over which a third may not be written before
model delay_lines {
    input x: float32[6, 3]
    d = zeros(2, 3)
    e = zeros(2, 3)
    f = zeros(3, 2)
    g = ones(6)
    repeat x_t in x {
        d = stack((d[1], x_t))
        e = stack((e[1] + x_t, e[0] * 0.5))
        f = cat((f[:, 1:2] * 0.5, f[:, 0:1] + unsqueeze(x_t, 1)), 1)
        g = cat((g[3:] * 0.5, x_t + g[3:]))
        collect ds = d
        collect es = e
        collect fs = f
        collect gs = g
    }
    output ds, es, fs, gs
}
''', forward)


def rows_alone():
    for name, until in (("repeat_rows_alone", ""), ("repeat_rows_alone_until", " until n[0] > 3")):
        c = Case(name)
        c.input("x", randn(6, 4, 4)).input("y", randn(6, 4)).input("h0", randn(4)).input("n0", np.array([0], np.int32))

        def forward(m, x, y, h, n, ends=bool(until)):
            rows = [[] for _ in range(8)]
            for x_t, y_t in zip(x, y):
                a = torch.softmax(x_t, 0)
                h = torch.tanh(h * 0.5 + a[1] + y_t)
                each = (a, torch.cumsum(x_t, 1), torch.flip(x_t, [0]).t(), x_t * y_t,
                        torch.argmax(x_t, 0).to(torch.int32),
                        F.pad(torch.cat((x_t, y_t[None])), (1, 0)), torch.var(x_t[1:], 0), h)
                for kept, value in zip(rows, each):
                    kept.append(value)
                n = n + 1
                if ends and n > 3:
                    break
            return (*(torch.stack(kept + [torch.zeros_like(kept[0])] * (6 - len(kept))) for kept in rows), h)
        c.write(f'''
# what comes from rows alone, beside what is carried: done for all rows at once, and 0 where until left rounds out
model rows_alone {{
    dim T = 1..9
    input x: float32[T, 4, 4]
    input y: float32[T, 4]
    input h0: float32[4]
    input n0: int32[1]
    h = h0
    n = n0
    repeat x_t, y_t in x, y{until} {{
        a = softmax(x_t, 0)
        h = tanh(h * 0.5 + a[1] + y_t)
        n = n + 1
        collect weights_ = a
        collect sums = cumsum(x_t, 1)
        collect turned = t(flip(x_t, (0,)))
        collect products = x_t * y_t
        collect places = argmax(x_t, 0)
        collect padded = pad(cat((x_t, y_t[None])), (1, 0))
        collect spread = var(x_t[1:], 0)
        collect hs = h
    }}
    output weights_, sums, turned, products, places, padded, spread, hs, h
}}
''', forward, dims={"T": 6})


def make():
    old_values()
    old_elements()
    pads()
    delays()
    rows_alone()
