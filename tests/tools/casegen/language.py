"""Statements, names, dims, parameters and weights files."""
import numpy as np
import torch
from torch import nn

from .case import Case, ids, livelier, randn


def make_names():
    c = Case("names_of_c")
    c.layer("for", nn.Linear(3, 3)).layer("static.register.0", nn.Linear(3, 3))
    c.layer("model.layer.input.1", nn.Linear(3, 3))
    taken = ["float", "class", "self", "linux", "int32_t"]
    for n in taken:
        c.input(n, randn(3))

    def forward(m, *xs):
        a = sum(xs)
        b = m.model_layer_input_1(m.static_register_0(getattr(m, "for")(a)))
        return b, b + 1, b + 2, b + 3, xs[1] * 2, b + 4
    c.write('''
# names that C, C++ or the interface has taken
model free {
    dim size_t = 1..4
    weights "weights.safetensors"
    input float: float32[3]
    input class: float32[3]
    input self: float32[3]
    input linux: float32[3]
    input int32_t: float32[3]
    layer for = Linear(3, 3)
    layer static.register.0 = Linear(3, 3)
    layer model.layer.input.1 = Linear(3, 3)
    double = float + class + self + linux + int32_t
    double = model.layer.input.1(static.register.0(for(double)))
    output return = double
    output NULL = double + 1
    output sizeof = double + 2
    output free_run = double + 3
    output class = class * 2
    output i = double + 4
}
''', forward, dims={"size_t": 2})

    c = Case("names_hidden_and_shared")
    c.layer("out", livelier(nn.GRU(4, 4))).layer("x", nn.Linear(4, 4)).input("x", randn(5, 2, 4))

    def hidden(m, x):
        out, h = m.out(x)
        out, _ = m.out(out, h)
        x = m.x(x) + out
        return x, m.x(x), x, out, h
    c.write('''
# layers and values are separate namespaces; a later binding hides an earlier one; a name may hold a tuple
model hiding {
    dim T = 1..9
    weights "weights.safetensors"
    input x: float32[T, 2, 4]
    layer out = GRU(4, 4)
    layer x = Linear(4, 4)
    both = out(x)
    out, h = both
    out, _ = out(out, h)
    x = x(x) + out
    output x
    output y = x(x)
    output again: float32[T, 2, 4] = x
    output out, h
}
''', hidden, dims={"T": 5})

    c = Case("names_patterns")
    c.layer("a", nn.LSTM(3, 5)).layer("b", nn.LSTM(5, 5)).input("x", randn(4, 1, 3))

    def patterns(m, x):
        out, s = m.a(x)
        out, s = m.b(out, s)
        _, (h, _) = m.b(out, s)
        return out, h, s[1]
    c.write('''
model patterns {
    dim T = 1..9
    weights "weights.safetensors"
    input x: float32[T, 1, 3]
    layer a = LSTM(3, 5)
    layer b = LSTM(5, 5)
    out, s = a(x)                       # s is (h, c)
    out: float32[T, 1, 5], s = b(out, s)
    _, (h, _) = b(out, s)
    _, c = s
    output out, h, c
}
''', patterns, dims={"T": 4})

    c = Case("text_forms")
    c.layer("fc", nn.Linear(3, 2)).input("x", randn(2, 3)).input("naive", randn(2, 3))
    c.write('''# a comment before everything: déjà vu, 你好
model forms {   # after a brace

\tdim N=2   # tabs and no spaces
    weights 'weights.safetensors'   # either quote
    input x:float32[N,3]
    input naive : float32[N, 3]
    layer fc = Linear(in_features=3,    # an argument a line
                      out_features=2,
                      bias=true, device=None, dtype=None)
    y = cat([x,
             naive],          # brackets hold lines together
            dim=-1)[
        :, 2:5]

    output y=fc(y)*1.5e0+(
        .5 -
        1.E-1)
}
# the last line has no end''', lambda m, x, y: m.fc(torch.cat([x, y], -1)[:, 2:5]) * 1.5 + 0.4)

    c = Case("text_crlf")
    c.layer("fc", nn.Linear(3, 2)).input("x", randn(4, 3))
    c.write('''
# lines that end as they do in Windows
model crlf {
    weights "weights.safetensors"
    input x: float32[4, 3]
    layer fc = Linear(3, 2)
    y = fc(
        x)
    output y
}
'''.replace("\n", "\r\n"), lambda m, x: m.fc(x))


def make_dims():
    c = Case("dims_expressions")
    c.layer("rnn", nn.GRU(7, 6, batch_first=True)).layer("fc", nn.Linear(6, 13))
    c.input("x", randn(3, 8, 7)).input("bias", randn(13))

    def forward(m, x, bias):
        out, _ = m.rnn(x)
        y = m.fc(out) + bias
        return y.reshape(3, 4, 26), y[:, :4].sum(1), torch.cat([y, y], 1)
    c.write('''
model dims {
    dim H = 6
    dim I = H + 1
    dim O = 2*H + 1
    dim T = 1..20
    dim B = 2..5
    dim U = 1..3                 # no shape uses it; it stays an argument
    weights "weights.safetensors"
    input x: float32[B, 2*T, I]
    input bias: float32[O]
    layer rnn = GRU(I, H, batch_first=True)
    layer fc = Linear(H, O)
    out: float32[B, 2*T, H], _ = rnn(x)
    y: float32[B, T*2, 2*6 + 1] = fc(out) + bias
    output pairs: float32[B, T, 2*O] = view(y, B, T, -1)
    output half: float32[B, H*2 + 1] = sum(y[:, :T], dim=1)
    output twice: float32[B, 4*T, O] = cat([y, y], dim=1)
}
''', forward, dims={"T": 4, "B": 3, "U": 2})

    c = Case("dims_at_their_bounds")
    c.layer("rnn", nn.LSTM(2, 5)).input("x", randn(13, 6, 2)).input("v", randn(3))
    c.write('''
# every run-time dim at its upper bound; one that has a single value
model bounds {
    dim T = 7..13
    dim B = 1..6
    dim K = 3..3
    weights "weights.safetensors"
    input x: float32[T, B, 2]
    input v: float32[K]
    layer rnn = LSTM(2, 5)
    out, _ = rnn(x)
    output y = out[-1]
    output w: float32[K] = v * 2
}
''', lambda m, x, v: (m.rnn(x)[0][-1], v * 2), dims={"T": 13, "B": 6, "K": 3})

    c = Case("inputs_and_outputs_many")
    for n, s in (("a", (3,)), ("b", (1,)), ("c", (2, 3)), ("d", ())):
        c.input(n, randn(*s))
    c.input("e", ids(5, 4))
    c.write('''
# outputs that are inputs, one value under two names, scalars, an int32 passed on
model many {
    input a: float32[3]
    input b: float32[1]
    input c: float32[2, 3]
    input d: float32[]
    input e: int32[4]
    output a
    output first = c
    output second = c
    output third: float32[3, 2] = transpose(c, 0, 1)
    output sum_of_all: float32[2, 3] = a + b + c + d
    output d
    output e
    output part: int32[2] = e[1:3]
}
''', lambda m, a, b, c, d, e: (a, c, c, c.t(), a + b + c + d, d, e, e[1:3]))


def make_parameters():
    c = Case("params_and_prefixes")
    c.layer("attention.scale", randn(5)).layer("temperature", randn()).layer("table", randn(4, 5))
    c.layer("column", randn(4, 1))
    c.layer("encoder.layers.0", nn.Linear(5, 5)).layer("encoder.layers.1.rnn", nn.GRU(5, 3)).input("x", randn(2, 4, 5))

    def forward(m, x):
        y = m.encoder_layers_0(x * m.attention_scale) / m.temperature + m.table * m.column
        out, _ = m.encoder_layers_1_rnn(y)
        return y, out, m.table + 0, m.table[1:, 2], m.table @ m.attention_scale
    c.write('''
model params {
    weights "weights.safetensors"
    input x: float32[2, 4, 5]
    param scale: float32[5] from "attention.scale"
    param temperature: float32[]
    param table: float32[4, 5]
    param column: float32[4, 1]
    layer first = Linear(5, 5) from "encoder.layers.0"
    layer rnn = GRU(5, 3) from "encoder.layers.1.rnn"
    y = first(x * scale) / temperature + table * column
    out, _ = rnn(y)
    output y, out
    output table
    output part: float32[3] = table[1:, 2]
    output folded = matmul(table, scale)
}
''', forward)

    c = Case("layers_shared")
    c.layer("fc", livelier(nn.Linear(6, 6))).layer("rnn", nn.LSTM(6, 6)).layer("tied", nn.Embedding(9, 6))
    c.input("x", randn(3, 2, 6)).input("word", ids(9, 2))

    def shared(m, x, word):
        y = m.fc(m.fc(m.fc(x)))
        a, s = m.rnn(y)
        b, _ = m.rnn(x, s)
        return a, b, (m.tied(word) + b[-1]) @ m.tied.weight.t()
    c.write('''
# a layer called several times; two layers with one prefix (an embedding tied to the last Linear)
model shared {
    dim T = 1..12
    weights "weights.safetensors"
    input x: float32[T, 2, 6]
    input word: int32[2]
    layer fc = Linear(6, 6)
    layer rnn = LSTM(6, 6)
    layer words = Embedding(9, 6) from "tied"
    layer scores = Linear(6, 9, bias=False) from "tied"
    y = fc(fc(fc(x)))
    a, s = rnn(y)
    b, _ = rnn(x, s)
    output a, b
    output logits = scores(words(word) + b[-1])
}
''', shared, dims={"T": 3})

    c = Case("dead_code")
    c.layer("used", nn.Linear(4, 3)).layer("unused", nn.Linear(4, 70)).layer("rnn", nn.LSTM(4, 8, bidirectional=True))
    c.input("x", randn(5, 2, 4)).input("nothing", randn(2, 2))
    c.write('''
# what no output needs: values, a layer, an input, half of a layer's results
model dead {
    dim T = 1..9
    weights "weights.safetensors"
    input x: float32[T, 2, 4]
    input nothing: float32[2, 2]
    layer used = Linear(4, 3)
    layer unused = Linear(4, 70)
    layer rnn = LSTM(4, 8, bidirectional=True)
    a = unused(x)
    b = softmax(a, dim=-1) * 2
    _, (h, _) = rnn(x)
    d = sum(b)
    output y = used(x)
    output h_of_last_layer = h[-1]
}
''', lambda m, x, _: (m.used(x), m.rnn(x)[1][0][-1]), dims={"T": 5})

    two = '''
# two models in one file: each has its own weights statement, struct, and functions
model encoder {
    dim T = 1..20
    weights "weights.safetensors"
    input x: float32[T, 1, 4]
    layer rnn = GRU(4, 9) from "encoder"
    _, h = rnn(x)
    output h
}

model decoder {
    weights "weights.safetensors"
    input y: float32[1, 1, 2]
    state h: float32[1, 1, 9]
    layer rnn = GRU(2, 9) from "decoder"
    layer fc = Linear(9, 2)
    out, h = rnn(y, h)
    output z = fc(out)
}
'''
    for which in ("encoder", "decoder"):
        c = Case(f"two_models_{which}")
        c.layer("encoder", nn.GRU(4, 9)).layer("decoder", nn.GRU(2, 9)).layer("fc", nn.Linear(9, 2))
        if which == "encoder":
            c.input("x", randn(6, 1, 4))
            c.write(two, lambda m, x: m.encoder(x)[1], dims={"T": 6}, model=which)
        else:
            c.input("y", randn(3, 1, 1, 2))

            def decode(m, h, y):
                out, h = m.decoder(y, h)
                return m.fc(out), h
            c.write(two, decode, steps=3, model=which)


def make_weights():
    text = '''
model stored {
    dim T = 1..9
    weights "weights.safetensors"
    input x: float32[T, 2, 7]
    layer rnn = LSTM(7, 11)
    layer fc = Linear(11, 3)
    out, _ = rnn(x)
    output y = fc(out)
}
'''
    for name, dtypes in (("float16", {"*": "F16"}), ("bfloat16", {"*": "BF16"}), ("float64", {"*": "F64"}),
                         ("mixed", {"rnn.weight_ih_l0": "BF16", "rnn.bias_hh_l0": "F64", "fc.weight": "F16"})):
        c = Case(f"weights_{name}")
        c.layer("rnn", nn.LSTM(7, 11)).layer("fc", nn.Linear(11, 3)).input("x", randn(5, 2, 7))
        if name == "mixed":
            c.extra_tensor("rnn.num_batches_tracked", np.array(7, np.int64))
            c.extra_tensor("optimizer.step", np.array([1, 2, 3], np.int64))
        c.write(text, lambda m, x: m.fc(m.rnn(x)[0]), dims={"T": 5}, dtypes=dtypes,
                metadata={"format": "pt", "note": "\"quoted\" \u00e9"} if name == "mixed" else None)

    c = Case("weights_float16_ends")
    values = np.array([6.1e-5, 5.96e-8, -3e-6, 65504, -65504, 0.0, -0.0, 1 / 3], np.float32)
    c.layer("p", values).layer("q", np.concatenate([values, [3e38, -1e-39]]).astype(np.float32)).input("x", randn(8))
    c.write('''
# subnormal and largest numbers of a narrow type
model ends {
    weights "weights.safetensors"
    input x: float32[8]
    param p: float32[8]
    param q: float32[10]
    output y = p * x
    output p
    output q
}
''', lambda m, x: (m.p * x, m.p, m.q), dtypes={"p": "F16", "q": "BF16"})


def make():
    make_names()
    make_dims()
    make_parameters()
    make_weights()
