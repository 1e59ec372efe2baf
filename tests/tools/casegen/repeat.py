"""Blocks of rounds: rows, carried values, what is collected, until; where a round may write over an old value, and
where it must not."""
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from .case import Case, ids, livelier, noisy_norm, randn


def rows():
    c = Case("repeat_rows")
    c.layer("cell", livelier(nn.GRUCell(3, 4))).layer("norm", noisy_norm(nn.LayerNorm(4)))
    c.input("x", randn(7, 2, 3)).input("mask", np.float32(np.random.rand(7, 2, 1) > 0.4)).input("h0", randn(2, 4))

    def forward(m, x, mask, h):
        plain, held = [], []
        for x_t in x:
            h = m.cell(x_t, h)
            plain.append(h)
        for x_t, m_t in zip(x, mask):
            h = m.norm(h) * (1 - m_t) + m.cell(x_t, h) * m_t
            held.append(h)
        return torch.stack(plain), torch.stack(held), h
    c.write('''
# over the rows of one tensor, then of two; the second block goes on from where the first one ended
model rows {
    dim T = 1..12
    weights "weights.safetensors"
    input x: float32[T, 2, 3]
    input mask: float32[T, 2, 1]
    input h0: float32[2, 4]
    layer cell = GRUCell(3, 4)
    layer norm = LayerNorm(4)
    h = h0
    repeat x_t in x {
        h = cell(x_t, h)
        collect plain = h
    }
    output plain
    repeat x_t, m_t in x, mask {
        h = norm(h) * (1 - m_t) + cell(x_t, h) * m_t
        collect held = h
    }
    output held, h
}
''', forward, dims={"T": 7})


def chunks():
    for name, t, note in (("repeat_chunks", 131, ""), ("repeat_chunks_one_row", 1, "")):
        c = Case(name, note=note)
        c.layer("enc", livelier(nn.GRU(3, 5))).layer("pre", nn.Linear(5, 4)).layer("cell", livelier(nn.LSTMCell(4, 6)))
        c.layer("head", nn.Linear(6, 2))
        c.input("x", randn(t, 2, 3)).input("h0", randn(2, 6)).input("c0", randn(2, 6))

        def forward(m, x, h, cell):
            z = torch.tanh(m.pre(m.enc(x)[0]))
            ys, olds = [], []
            for z_t in z:
                olds.append(h[0])
                h, cell = m.cell(z_t * 2, (h, cell))
                ys.append(m.head(h))
            return torch.stack(ys), torch.stack(olds), h, cell
        c.write('''
# as many rows as make a loop over chunks: the block takes part in it, what is carried lives through all of it
model chunks {
    dim T = 1..400
    weights "weights.safetensors"
    input x: float32[T, 2, 3]
    input h0: float32[2, 6]
    input c0: float32[2, 6]
    layer enc = GRU(3, 5)
    layer pre = Linear(5, 4)
    layer cell = LSTMCell(4, 6)
    layer head = Linear(6, 2)
    o, _ = enc(x)
    hc = (h0, c0)
    repeat z_t in tanh(pre(o)) {
        collect olds = hc[0][0]
        hc = cell(z_t * 2, hc)
        collect ys = head(hc[0])
    }
    h, c = hc
    output ys, olds, h, c
}
''', forward, dims={"T": t})

    c = Case("repeat_chunks_until")
    c.layer("enc", livelier(nn.GRU(3, 5))).layer("pre", nn.Linear(5, 4)).layer("cell", livelier(nn.LSTMCell(4, 6)))
    c.input("x", randn(260, 2, 3)).input("n", np.array([150], np.int32))

    def forward(m, x, n):
        z = torch.tanh(m.pre(m.enc(x)[0]))
        h, cell, count = torch.zeros(2, 6).to(x), torch.zeros(2, 6).to(x), 0
        for z_t in z:
            h, cell = m.cell(z_t * 2, (h, cell))
            count += 1
            if count == int(n):
                break
        return h, cell, torch.tensor([count], dtype=torch.int32)
    c.write('''
# a loop that may end early does not take part in chunks of rows: those behind it would begin it again
model chunks {
    dim T = 1..400
    weights "weights.safetensors"
    input x: float32[T, 2, 3]
    input n: int32[1]
    layer enc = GRU(3, 5)
    layer pre = Linear(5, 4)
    layer cell = LSTMCell(4, 6)
    o, _ = enc(x)
    h = zeros(2, 6)
    c = zeros(2, 6)
    count = zeros(1, dtype=int32)
    repeat z_t in tanh(pre(o)) until count == n {
        h, c = cell(z_t * 2, (h, c))
        count = count + 1
    }
    output h, c, count
}
''', forward, dims={"T": 260})

    c = Case("repeat_joins_rows")
    c.layer("gates", nn.Linear(18, 8)).layer("new", nn.Linear(18, 4)).layer("head", nn.Linear(4, 1))
    c.input("x", randn(6, 3, 5, 2)).input("A", randn(5, 5) * 0.3)

    def diffused(m, x, A):
        spread = lambda z: torch.cat([z, A @ z, A @ (A @ z)], -1)
        h, out, seen = torch.zeros(3, 5, 4).to(x), [], []
        for x_t in x:
            r, u = torch.sigmoid(m.gates(spread(torch.cat([x_t, h], -1)))).chunk(2, -1)
            h = u * h + (1 - u) * torch.tanh(m.new(spread(torch.cat([x_t, r * h], -1))))
            out.append(m.head(h))
            seen.append(torch.cat([x_t, x_t * 2], -1))
        return torch.stack(out), torch.stack(seen), h
    c.write('''
# a GRU over a graph: rows of an input are joined with what is carried, and collected
model diffused {
    dim T = 1..9
    dim B = 1..4
    weights "weights.safetensors"
    input x: float32[T, B, 5, 2]
    input A: float32[5, 5]
    layer gates = Linear(18, 8)
    layer new = Linear(18, 4)
    layer head = Linear(4, 1)
    h = zeros(B, 5, 4)
    repeat x_t in x {
        z = cat([x_t, h], -1)
        z1 = A @ z
        r, u = chunk(sigmoid(gates(cat([z, z1, A @ z1], -1))), 2, -1)
        w = cat([x_t, r * h], -1)
        w1 = A @ w
        h = u * h + (1 - u) * tanh(new(cat([w, w1, A @ w1], -1)))
        collect out = head(h)
        collect seen = cat([x_t, x_t * 2], -1)
    }
    output out, seen, h
}
''', diffused, dims={"T": 6, "B": 3})


def counted():
    for n in (1, 4, 9):
        c = Case(f"repeat_count_{n}_of_9")
        c.layer("step", nn.Linear(3, 3)).input("x", randn(3)).input("k", np.array([0, 1], np.int32))

        def forward(m, x, k, n=n):
            path, fib = [], []
            for _ in range(n):
                x = torch.tanh(m.step(x))
                path.append(x)
            for _ in range(2 * n + 1):
                fib.append(k[0])
                k = torch.stack((k[1], k[0] + k[1]))
            return torch.stack(path), x, torch.stack(fib)
        c.write('''
# a run-time number of rounds that no shape of an input has, and a size made of it
model rounds {
    dim N = 1..9
    weights "weights.safetensors"
    input x: float32[3]
    input k: int32[2]
    layer step = Linear(3, 3)
    repeat N {
        x = tanh(step(x))
        collect path = x
    }
    output path, x
    repeat 2 * N + 1 {
        collect fib = k[0]
        a, b = (k[0], k[1])
        k = stack((b, a + b))
    }
    output fib
}
''', forward, dims={"N": n})


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


def nested():
    c = Case("repeat_nested")
    c.layer("words", livelier(nn.GRUCell(3, 5))).layer("lines", livelier(nn.GRUCell(5, 5)))
    c.input("x", randn(4, 4, 3)).input("h0", randn(5))

    def forward(m, x, h):
        all_inner, hs = [], []
        for line in x:
            w, inner = h, []
            for word in line:
                w = m.words(word, w)
                inner.append(w * 2 + h)
            h = m.lines(w, h)
            all_inner.append(torch.stack(inner))
            for _ in range(2):
                h = h * 0.5 + 0.25
            hs.append(h)
        return torch.stack(all_inner), torch.stack(hs), h
    c.write('''
# blocks in blocks: the inner one's rows are of a row, what it collects is the outer one's value
model nested {
    dim T = 1..6
    weights "weights.safetensors"
    input x: float32[T, 4, 3]
    input h0: float32[5]
    layer words = GRUCell(3, 5)
    layer lines = GRUCell(5, 5)
    h = h0
    repeat line in x {
        w = h
        repeat word in line {
            w = words(word, w)
            collect inner = w * 2 + h
        }
        h = lines(w, h)
        collect all_inner = inner                 # float32[T, 4, 5]
        repeat 2 {
            h = h * 0.5 + 0.25
        }
        collect hs = h
    }
    output all_inner, hs, h
}
''', forward, dims={"T": 4})


def rows_alone():
    for name, until in (("repeat_rows_alone", ""), ("repeat_rows_alone_until", " until n[0] > 3")):
        c = Case(name)
        c.input("x", randn(6, 4, 4)).input("y", randn(6, 4)).input("h0", randn(4)).input("n0", np.array([0], np.int32))

        def forward(m, x, y, h, n, ends=bool(until)):
            rows = [[] for _ in range(8)]
            for x_t, y_t in zip(x, y):
                a = torch.softmax(x_t, 0)
                h = torch.tanh(h * 0.5 + a[1] + y_t)
                each = (a, torch.cumsum(x_t, 1), torch.flip(x_t, [0]).t(), x_t * y_t, torch.argmax(x_t, 0).to(torch.int32),
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


def until():
    for name, n, x in (("repeat_until_early", 12, [1.5, -2]), ("repeat_until_first_round", 5, [60, 1]),
                       ("repeat_until_never", 4, [0.5, 0.25])):
        c = Case(name)
        c.input("x", np.array(x, np.float32)).input("n", np.array([0], np.int32))

        def forward(m, x, n, rounds=n):
            total = torch.zeros(2, dtype=x.dtype)
            path, half, numbers = torch.zeros(rounds, 2, dtype=x.dtype), torch.zeros(rounds, dtype=x.dtype), torch.zeros(rounds, 1, dtype=torch.int32)
            for t in range(rounds):
                total = total + x
                n = n + 1
                x = x * 1.5
                path[t], half[t], numbers[t] = total, total[1] / 2, n + 100
                if total[0] > 10:
                    break
            return path, half, numbers, n, total, x
        c.write('''
# rounds that are left do not run: what is carried keeps its value, rows that are not collected are 0
model until_over {
    dim N = 1..12
    input x: float32[2]
    input n: int32[1]
    total = x * 0
    repeat N until total[0] > 10 {
        total = total + x
        n = n + 1
        x = x * 1.5
        collect path = total
        collect half = total[1] / 2
        collect numbers = n + 100
    }
    output path, half, numbers
    output rounds = n
    output total, x
}
''', forward, dims={"N": n})

    c = Case("repeat_until_all_done")
    c.layer("emb", nn.Embedding(7, 5)).layer("cell", livelier(nn.GRUCell(5, 6))).layer("out", nn.Linear(6, 7))
    c.input("start", np.array([3, 2, 6], np.int32)).input("h0", randn(3, 6))

    def done_forward(m, start, h):
        word, done = start, start == 2
        words, dones = torch.zeros(15, 3, dtype=torch.int32), torch.zeros(15, 3, dtype=torch.int32)
        last = done
        for t in range(15):
            h = m.cell(m.emb(word.long()), h)
            word = torch.where(done, torch.zeros_like(word), m.out(h).argmax(1).to(torch.int32))
            before = done
            done = done | (word == 2) | (word == 4)
            words[t], dones[t] = word, before.to(torch.int32)
            if done.all():
                break
        return words, dones, done.to(torch.int32)
    c.write('''
# a batch is done when each of its members is: a bool is carried, and collected
model batch {
    weights "weights.safetensors"
    input start: int32[3]
    input h0: float32[3, 6]
    layer emb = Embedding(7, 5)
    layer cell = GRUCell(5, 6)
    layer out = Linear(6, 7)
    h = h0
    word = start
    done = start == 2                             # 2 is the end
    repeat 15 until all(done) {
        h = cell(emb(word), h)
        word = where(done, 0, argmax(out(h), dim=1))
        before = done
        done = done | (word == 2) | (word == 4)
        collect words = word
        collect dones = before
    }
    output words, dones, done
}
''', done_forward)


def states():
    c = Case("repeat_states")
    c.layer("cell", livelier(nn.LSTMCell(1, 4))).layer("out", nn.Linear(4, 1)).input("x", randn(3, 6, 1))

    def forward(m, state, x):
        h, cell, count, peak = state or (torch.zeros(1, 4), torch.zeros(1, 4), torch.zeros(1, dtype=torch.int32),
                                         torch.full((1,), -np.inf))
        ys, peaks = [], []
        for s in x:
            h, cell = m.cell(s[None], (h, cell))
            count = count + 1
            y = m.out(h)[0]
            peak = torch.maximum(peak, y)
            ys.append(y)
            peaks.append(peak)
        return (torch.stack(ys), torch.stack(peaks), count), (h, cell, count, peak)
    c.write('''
# states bound in the rounds: the last value goes to the next run
model filter {
    dim N = 1..16
    weights "weights.safetensors"
    input x: float32[N, 1]
    state h: float32[1, 4]
    state c: float32[1, 4]
    state count: int32[1]
    state peak: float32[1] = -inf
    layer cell = LSTMCell(1, 4)
    layer out = Linear(4, 1)
    repeat s in x {
        h, c = cell(unsqueeze(s, 0), (h, c))
        count = count + 1
        y = out(h)[0]
        peak = max(peak, y)
        collect ys = y
        collect peaks = peak
    }
    output ys, peaks
    output seen = count
}
''', forward, dims={"N": 6}, steps=3)

    c = Case("state_of_tokens")
    c.layer("e", nn.Embedding(6, 4)).layer("cell", livelier(nn.GRUCell(4, 8))).layer("l", livelier(nn.Linear(8, 6)))
    c.input("bias", randn(5, 1, 6))

    def free(m, state, bias):
        token, h = state or (torch.zeros(1, dtype=torch.int32), torch.zeros(1, 8))
        h = m.cell(m.e(token.long()), h)
        scores = m.l(h) + bias
        token = scores.argmax(1).to(torch.int32)
        return (token, scores), (token, h)
    c.write('''
# the token chosen is the next run's input, and known to be in the table
model letters {
    weights "weights.safetensors"
    input bias: float32[1, 6]
    state token: int32[1]
    state h: float32[1, 8]
    layer e = Embedding(6, 4)
    layer cell = GRUCell(4, 8)
    layer l = Linear(8, 6)
    h = cell(e(token), h)
    scores = l(h) + bias
    output token = argmax(scores, dim=1)
    output scores
}
''', free, steps=5)


def layers_inside():
    c = Case("repeat_layers_inside")
    c.layer("fast", livelier(nn.GRU(3, 5, 2, batch_first=True))).layer("slow", livelier(nn.LSTM(5, 6)))
    c.layer("mix", nn.Linear(6, 5)).layer("bi", nn.GRU(5, 2, bidirectional=True, batch_first=True))
    c.layer("small", nn.Conv1d(5, 2, 3, padding=1))
    c.input("x", randn(3, 2, 4, 3)).input("h0", randn(2, 2, 5)).input("s0", randn(2, 1, 2, 6))

    def forward(m, x, h, s0):
        hc = (s0[0], s0[1])
        blocks, slows, convs = [], [], []
        for block in x:
            o, h = m.fast(block, h)
            s, hc = m.slow(o[:, -1:].transpose(0, 1), hc)
            h = h + m.mix(s)
            blocks.append(m.bi(o)[0])
            slows.append(s[0])
            convs.append(m.small(o.transpose(1, 2)))
        return torch.stack(blocks), torch.stack(slows), h, torch.stack(convs)
    c.write('''
# whole recurrent layers and a convolution in a round, with given states: a slow rate over a fast one
model rates {
    dim T = 1..6
    dim B = 1..3
    weights "weights.safetensors"
    input x: float32[T, B, 4, 3]                  # T blocks of 4 samples
    input h0: float32[2, B, 5]
    input s0: float32[2, 1, B, 6]
    layer fast = GRU(3, 5, 2, batch_first=True)
    layer slow = LSTM(5, 6)
    layer mix = Linear(6, 5)
    layer bi = GRU(5, 2, bidirectional=True, batch_first=True)
    layer small = Conv1d(5, 2, 3, padding=1)
    h = h0
    hc = (s0[0], s0[1])
    repeat block in x {
        o, h = fast(block, h)                     # float32[B, 4, 5]
        s, hc = slow(transpose(o[:, -1:], 0, 1), hc)
        h = h + mix(s)                            # float32[1, B, 5] onto both layers
        around, _ = bi(o)
        collect blocks = around
        collect slows = s[0]
        collect convs = small(transpose(o, 1, 2))
    }
    output blocks, slows, h, convs
}
''', forward, dims={"T": 3, "B": 2})


def decoders():
    c = Case("repeat_attention")
    c.layer("enc", livelier(nn.GRU(6, 6, batch_first=True))).layer("key", nn.Linear(6, 5, bias=False))
    c.layer("query", nn.Linear(4, 5, bias=False)).layer("v", livelier(nn.Linear(5, 1, bias=False), 4))
    c.layer("cell", livelier(nn.LSTMCell(6, 4))).layer("out", nn.Linear(10, 2))
    c.input("memory", randn(3, 8, 6)).input("h0", randn(3, 4))

    def forward(m, memory, h):
        o, _ = m.enc(memory)
        cell = h * 2
        weights, ys = [], []
        for _ in range(5):
            e = m.v(torch.tanh(m.query(h)[:, None] + m.key(o))).squeeze(-1)
            a = torch.softmax(e, -1)
            context = (a[:, None] @ o)[:, 0]
            h, cell = m.cell(context, (h, cell))
            weights.append(a)
            ys.append(m.out(torch.cat((h, context), 1)))
        return torch.stack(weights), torch.stack(ys).transpose(0, 1)
    c.write('''
# attention over the encoder's outputs in each round; the keys are the same in all of them
model attention {
    dim B = 1..3
    dim T = 1..9
    dim N = 1..7
    weights "weights.safetensors"
    input memory: float32[B, T, 6]
    input h0: float32[B, 4]
    layer enc = GRU(6, 6, batch_first=True)
    layer key = Linear(6, 5, bias=False)
    layer query = Linear(4, 5, bias=False)
    layer v = Linear(5, 1, bias=False)
    layer cell = LSTMCell(6, 4)
    layer out = Linear(10, 2)
    o, _ = enc(memory)
    h = h0
    c = h0 * 2
    repeat N {
        e = squeeze(v(tanh(unsqueeze(query(h), 1) + key(o))), -1)
        a = softmax(e, dim=-1)
        context = squeeze(unsqueeze(a, 1) @ o, 1)
        h, c = cell(context, (h, c))
        collect weights_of = a
        collect ys = out(cat((h, context), 1))
    }
    output weights_of
    output y = transpose(ys, 0, 1)                # float32[B, N, 2]
}
''', forward, dims={"B": 3, "T": 8, "N": 5})

    c = Case("repeat_greedy")
    c.layer("emb", nn.Embedding(11, 6)).layer("encoder", livelier(nn.GRU(6, 8)))
    c.layer("decoder", livelier(nn.GRUCell(6, 8))).layer("out", livelier(nn.Linear(8, 11)))
    c.input("source", ids(11, 7)).input("first", np.array([1], np.int32))

    def greedy(m, source, token):
        h = m.encoder(m.emb(source.long())[:, None])[1][0]
        tokens, logp = [], []
        for _ in range(9):
            h = m.decoder(m.emb(token.long()), h)
            logits = m.out(h)
            token = logits.argmax(1).to(torch.int32)
            tokens.append(token[0])
            logp.append(torch.log_softmax(logits, 1)[0])
        return torch.stack(tokens), torch.stack(logp)
    c.write('''
# greedy decoding: an int32 token is carried into the embedding; the first one is checked, the others are provable
model greedy {
    dim T = 1..12
    dim N = 1..12
    weights "weights.safetensors"
    input source: int32[T]
    input first: int32[1]
    layer emb = Embedding(11, 6)
    layer encoder = GRU(6, 8)
    layer decoder = GRUCell(6, 8)
    layer out = Linear(8, 11)
    _, h = encoder(unsqueeze(emb(source), 1))
    h = h[0]
    token = first
    repeat N {
        h = decoder(emb(token), h)
        logits = out(h)
        token = argmax(logits, dim=1)
        collect tokens = token[0]
        collect logp = log_softmax(logits, dim=1)[0]
    }
    output tokens, logp
}
''', greedy, dims={"T": 7, "N": 9})


def viterbi():
    c = Case("repeat_viterbi")
    c.layer("score", livelier(nn.Linear(3, 5), 3)).layer("moves", randn(5, 5)).input("x", randn(9, 3))

    def forward(m, x):
        best_so_far = (torch.nn.functional.one_hot(torch.tensor(3), 5).to(x.dtype) - 1) * 100
        back, places = [], []
        for t, x_t in enumerate(x):
            scores, at = torch.max(best_so_far + m.moves, 1)
            best_so_far = scores + m.score(x_t)
            back.append(at.to(torch.int32))
            places.append(at[t % 5].to(torch.int32) * 10 + t)
        best = best_so_far.argmax()
        path = []
        for at in back[::-1]:
            path.append(best.to(torch.int32))
            best = at[best].long()
        return torch.stack(path[::-1]), best_so_far.max(), torch.stack(places)
    c.write('''
# the best way forwards, then back along it: indices that are carried, and the round's number
model viterbi {
    dim T = 1..50
    weights "weights.safetensors"
    input x: float32[T, 3]
    layer score = Linear(3, 5)
    param moves: float32[5, 5]
    best_so_far = (one_hot(3, 5) - 1) * 100
    repeat x_t, t in x, arange(T) {
        scores, at = max(best_so_far + moves, dim=1)
        best_so_far = scores + score(x_t)
        collect back = at
        collect places = at[t % 5] * 10 + t
    }
    best = argmax(best_so_far)
    repeat at in flip(back, 0) {
        collect path = best
        best = at[best]
    }
    output way = flip(path, 0)
    output most = max(best_so_far)
    output places
}
''', forward, dims={"T": 9})


def make():
    viterbi()
    rows()
    chunks()
    counted()
    old_values()
    old_elements()
    rows_alone()
    nested()
    until()
    states()
    layers_inside()
    decoders()
