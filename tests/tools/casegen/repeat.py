"""Blocks of rounds: rows, carried values, what is collected, until; blocks, states and layers in them."""
import numpy as np
import torch
from torch import nn

from .case import Case, livelier, noisy_norm, randn


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


def until():
    for name, n, x in (("repeat_until_early", 12, [1.5, -2]), ("repeat_until_first_round", 5, [60, 1]),
                       ("repeat_until_never", 4, [0.5, 0.25])):
        c = Case(name)
        c.input("x", np.array(x, np.float32)).input("n", np.array([0], np.int32))

        def forward(m, x, n, rounds=n):
            total = torch.zeros(2, dtype=x.dtype)
            path, half, numbers = torch.zeros(rounds, 2, dtype=x.dtype), torch.zeros(
                rounds, dtype=x.dtype), torch.zeros(rounds, 1, dtype=torch.int32)
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


def make():
    rows()
    chunks()
    counted()
    nested()
    states()
    layers_inside()
    until()
