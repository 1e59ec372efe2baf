"""Embedding, Linear, LayerNorm, BatchNorm1d, Conv1d and Dropout with their options, sizes and input forms."""
import torch
from torch import nn

from .case import Case, ids, livelier, noisy_norm, randn


def make_expanded():
    c = Case("linear_expanded_rows")
    c.layer("fc", nn.Linear(5, 33)).layer("rnn", nn.LSTM(5, 9, batch_first=True))
    c.input("x", randn(5)).input("y", randn(2, 1, 5))
    c.write('''
# rows that are one row in memory
model expanded {
    dim T = 1..40
    weights "weights.safetensors"
    input x: float32[5]
    input y: float32[2, 1, 5]
    layer fc = Linear(5, 33)
    layer rnn = LSTM(5, 9, batch_first=True)
    output a: float32[T, 33] = fc(expand(x, T, -1))
    o, _ = rnn(expand(y, -1, T, -1))
    output o
}
''', lambda m, x, y: (m.fc(x.expand(13, -1)), m.rnn(y.expand(-1, 13, -1))[0]), dims={"T": 13})


def make_embedding():
    c = Case("embedding_norm_types")
    c.layer("l1", nn.Embedding(7, 5, max_norm=2.0, norm_type=1.0)).layer("l2", nn.Embedding(7, 5, max_norm=1.5))
    c.layer("l3", nn.Embedding(7, 5, max_norm=1.25, norm_type=3))
    c.layer("linf", nn.Embedding(7, 17, max_norm=0.75, norm_type=float("inf")))
    c.layer("lhalf", nn.Embedding(7, 3, max_norm=4.0, norm_type=0.5))
    c.input("ids", ids(7, 2, 5))
    c.write('''
model norms {
    dim T = 1..9
    weights "weights.safetensors"
    input ids: int32[2, T]
    layer l1 = Embedding(7, 5, max_norm=2.0, norm_type=1.0)
    layer l2 = Embedding(7, 5, None, 1.5)
    layer l3 = Embedding(7, 5, max_norm=1.25, norm_type=3, scale_grad_by_freq=False, sparse=False)
    layer linf = Embedding(7, 17, max_norm=.75, norm_type=inf)
    layer lhalf = Embedding(7, 3, max_norm=4, norm_type=0.5)
    output by_1 = l1(ids)
    output by_2 = l2(ids)
    output by_3 = l3(ids)
    output by_inf: float32[2, T, 17] = linf(ids)
    output by_half = lhalf(ids)
}
''', lambda m, ids: (m.l1(ids), m.l2(ids), m.l3(ids), m.linf(ids), m.lhalf(ids)), dims={"T": 5})

    c = Case("embedding_padding_max_norm")
    emb = nn.Embedding(6, 4, padding_idx=-1, max_norm=0.5)
    with torch.no_grad():
        emb.weight[-1] = torch.tensor([3.0, -4.0, 0.0, 12.0])   # the padding row is not zero and is scaled like others
        emb.weight[2] = torch.tensor([0.1, 0.0, -0.2, 0.1])     # short enough: left alone
    c.layer("emb", emb).input("ids", ids(6, 3, 1, 4))
    c.write('''
model padded {
    weights "weights.safetensors"
    input ids: int32[3, 1, 4]
    layer emb = Embedding(6, 4, padding_idx=-1, max_norm=0.5)
    output y: float32[3, 1, 4, 4] = emb(ids)
}
''', lambda m, ids: m.emb(ids))

    c = Case("embedding_views_of_ids")
    c.layer("emb", nn.Embedding(13, 6)).layer("one", nn.Embedding(1, 3)).layer("thin", nn.Embedding(13, 1))
    c.input("ids", ids(13, 4, 6)).input("zero", ids(1, 5))

    def views(m, ids, zero):
        return (m.emb(ids[:, 1:4]), m.emb(ids[-1]), m.emb(ids.transpose(0, 1)[::2]), m.emb(ids.reshape(-1)),
                m.one(zero), m.thin(ids[0, 0]), m.thin(ids[None, 2]))
    c.write('''
# what is looked up is a part or a view of an input
model views {
    weights "weights.safetensors"
    input ids: int32[4, 6]
    input zero: int32[5]
    layer emb = Embedding(13, 6)
    layer one = Embedding(1, 3)
    layer thin = Embedding(13, 1)
    output middle: float32[4, 3, 6] = emb(ids[:, 1:4])
    output last: float32[6, 6] = emb(ids[-1])
    output turned: float32[3, 4, 6] = emb(transpose(ids, 0, 1)[::2])
    output row = emb(view(ids, -1))
    output always = one(zero)
    output single: float32[1] = thin(ids[0, 0])
    output lifted: float32[1, 6, 1] = thin(ids[None, 2])
}
''', views)

    c = Case("embedding_shared_ids_two_tables")
    c.layer("words", nn.Embedding(29, 8)).layer("tags", nn.Embedding(5, 3)).layer("fc", nn.Linear(11, 4))
    c.input("word", ids(29, 3, 4)).input("tag", ids(5, 3, 4))
    c.write('''
model two_tables {
    dim B = 1..8
    dim T = 1..32
    weights "weights.safetensors"
    input word: int32[B, T]
    input tag: int32[B, T]
    layer words = Embedding(29, 8)
    layer tags = Embedding(5, 3)
    layer fc = Linear(11, 4)
    output y: float32[B, T, 4] = fc(cat([words(word), tags(tag)], dim=-1))
}
''', lambda m, w, t: m.fc(torch.cat([m.words(w), m.tags(t)], -1)), dims={"B": 3, "T": 4})


def make_linear():
    c = Case("linear_ranks")
    c.layer("fc", nn.Linear(17, 33)).layer("up", nn.Linear(1, 5)).layer("down", nn.Linear(33, 1, bias=False))
    c.layer("dot", nn.Linear(1, 1)).input("a", randn(17)).input("b", randn(1, 17)).input("c", randn(2, 3, 5, 17))

    def forward(m, a, b, c):
        return m.fc(a), m.fc(b), m.fc(c), m.down(m.fc(c)), m.up(m.down(m.fc(a))), m.dot(m.down(m.fc(b)))
    c.write('''
model linear {
    weights "weights.safetensors"
    input a: float32[17]
    input b: float32[1, 17]
    input c: float32[2, 3, 5, 17]
    layer fc = Linear(17, 33)
    layer up = Linear(1, 5)
    layer down = Linear(in_features=33, out_features=1, bias=False)
    layer dot = Linear(1, 1)
    layer drop = Dropout()
    output one = drop(fc(a))
    output two = fc(b)
    output four: float32[2, 3, 5, 33] = fc(c)
    output narrow: float32[2, 3, 5, 1] = down(fc(c))
    output wide: float32[5] = up(down(fc(a)))
    output point = dot(down(fc(b)))
}
''', forward)

    c = Case("linear_stack_runtime")
    for i, (n, k) in enumerate(((47, 65), (65, 31), (31, 2))):
        c.layer(f"net.{2 * i}", nn.Linear(n, k))
    c.layer("alone", nn.Linear(2, 19, bias=False)).input("x", randn(23, 47))
    c.write('''
# an nn.Sequential's names; rows are a run-time dim that is no multiple of anything
model mlp {
    dim N = 1..100
    weights "weights.safetensors"
    input x: float32[N, 47]
    layer net.0 = Linear(47, 65)
    layer net.2 = Linear(65, 31)
    layer net.4 = Linear(31, 2)
    layer alone = Linear(2, 19, False)
    layer drop = Dropout(p=0.3)
    y = relu(net.0(x))
    y = relu(net.2(drop(y)))
    output y: float32[N, 2] = net.4(y)
    output z = alone(y)
}
''', lambda m, x: (lambda y: (y, m.alone(y)))(m.net_4(m.net_2(m.net_0(x).relu()).relu())), dims={"N": 23})

    c = Case("linear_last_panel_nearly_full")
    c.layer("a", nn.Linear(3, 127)).layer("b", nn.Linear(3, 190, bias=False))
    c.input("x", randn(5, 3)).input("y", randn(6, 3))
    c.write('''
# outputs of which the last panel is padded to the width of the others: what is padded belongs to the next row
model nearly {
    dim N = 1..9
    weights "weights.safetensors"
    input x: float32[5, 3]
    input y: float32[N, 3]
    layer a = Linear(3, 127)
    layer b = Linear(3, 190, bias=False)
    output p = a(x)
    output q = b(x)
    output r = a(y)
    output s = b(y)
}
''', lambda m, x, y: (m.a(x), m.b(x), m.a(y), m.b(y)), dims={"N": 6})


def make_norms():
    c = Case("layernorm_forms")
    c.layer("a", noisy_norm(nn.LayerNorm(17))).layer("b", noisy_norm(nn.LayerNorm((3, 5), eps=1e-3)))
    c.layer("c", noisy_norm(nn.LayerNorm([2])))
    x = randn(4, 17)
    x[2] = 0.25     # no variance
    c.input("x", x).input("y", randn(2, 3, 5)).input("v", randn(17)).input("w", randn(6, 1, 2))

    def forward(m, x, y, v, w):
        plain = nn.functional.layer_norm
        return (m.a(x), m.a(v), m.b(y), plain(y, (5,)), m.c(w), plain(y, (2, 3, 5), eps=0.1))
    c.write('''
model norms {
    weights "weights.safetensors"
    input x: float32[4, 17]
    input y: float32[2, 3, 5]
    input v: float32[17]
    input w: float32[6, 1, 2]
    layer a = LayerNorm(17)
    layer b = LayerNorm((3, 5), eps=1e-3)
    layer c = LayerNorm([2])
    layer plain = LayerNorm(5, elementwise_affine=False)
    layer whole = LayerNorm(normalized_shape=(2, 3, 5), eps=0.1, elementwise_affine=False)
    output ax = a(x)
    output av = a(v)
    output by = b(y)
    output plain_y = plain(y)
    output cw = c(w)
    output whole_y = whole(y)
}
''', forward)

    c = Case("layernorm_large_mean")
    c.layer("norm", noisy_norm(nn.LayerNorm(65))).input("x", randn(3, 65, scale=0.5) + 100)
    c.write('''
# a mean far larger than the deviation: E[x^2] - E[x]^2 would lose everything
model norm {
    weights "weights.safetensors"
    input x: float32[3, 65]
    layer norm = LayerNorm(65)
    output y = norm(x)
}
''', lambda m, x: m.norm(x))

    c = Case("layernorm_without_bias")
    norm = noisy_norm(nn.LayerNorm(33))
    with torch.no_grad():
        norm.bias.zero_()
    c.layer("norm.weight", norm.weight.detach()).input("x", randn(3, 7, 33, scale=3) + 1)
    c.write('''
# bias=False is of PyTorch 2.1; the file has a weight only
model norm {
    dim B = 1..4
    dim T = 1..10
    weights "weights.safetensors"
    input x: float32[B, T, 33]
    layer norm = LayerNorm(33, bias=False)
    output y = norm(x)
}
''', lambda m, x: nn.functional.layer_norm(x, (33,), m.norm_weight), dims={"B": 3, "T": 7})

    c = Case("rmsnorm_forms")
    c.layer("a.weight", randn(17) + 1).layer("b.weight", randn(3, 5) + 1)
    x = randn(4, 17)
    x[2] = 1e-4     # eps decides
    c.input("x", x).input("y", randn(2, 3, 5))

    def rms_norm(x, dims, eps=torch.finfo(torch.float32).eps):
        return x / torch.sqrt(torch.mean(x * x, dim=dims, keepdim=True) + eps)
    c.write('''
# RMSNorm is of PyTorch 2.4
model norms {
    weights "weights.safetensors"
    input x: float32[4, 17]
    input y: float32[2, 3, 5]
    layer a = RMSNorm(17)
    layer b = RMSNorm((3, 5), eps=1e-3)
    layer plain = RMSNorm(5, elementwise_affine=False)
    output ax = a(x)
    output by = b(y)
    output plain_y = plain(y)
}
''', lambda m, x, y: (rms_norm(x, -1) * m.a_weight, rms_norm(y, (1, 2), 1e-3) * m.b_weight, rms_norm(y, -1)))

    c = Case("batchnorm_forms")
    c.layer("bn", noisy_norm(nn.BatchNorm1d(17))).layer("plain", noisy_norm(nn.BatchNorm1d(5, affine=False, eps=0.01)))
    c.input("x", randn(3, 17)).input("y", randn(2, 17, 9)).input("z", randn(1, 5))
    c.write('''
# [N, C] and [N, C, L]; num_batches_tracked stands in the file and is of no use
model norms {
    dim N = 1..7
    dim L = 1..31
    weights "weights.safetensors"
    input x: float32[N, 17]
    input y: float32[2, 17, L]
    input z: float32[1, 5]
    layer bn = BatchNorm1d(17)
    layer plain = BatchNorm1d(5, eps=0.01, momentum=0.2, affine=False)
    output a = bn(x)
    output b: float32[2, 17, L] = bn(y)
    output c = plain(z)
}
''', lambda m, x, y, z: (m.bn(x), m.bn(y), m.plain(z)), dims={"N": 3, "L": 9})


def conv(name, convs, channels, L, runtime=True, lower=1, batch=None, note=""):
    """One input through several Conv1d layers side by side: convs are (constructor arguments, how they are written)."""
    c = Case(name)
    shape = ([] if batch is None else [batch]) + [channels, L]
    c.input("x", randn(*shape))
    lines = [f"    dim L = {lower}..{max(2 * L, 64)}"] if runtime else []
    lines += ['    weights "weights.safetensors"']
    lines += [f"    input x: float32[{', '.join(str(n) for n in shape[:-1])}, {'L' if runtime else L}]"]
    outs = []
    for i, (args, words, text) in enumerate(convs):
        c.layer(f"conv{i}", nn.Conv1d(*args, **words))
        lines.append(f"    layer conv{i} = Conv1d({text})")
        outs.append(f"    output y{i} = conv{i}(x)")

    def forward(m, x):
        return tuple(getattr(m, f"conv{i}")(x) for i in range(len(convs)))
    c.write((note and f"# {note}\n") + "model conv {\n" + "\n".join(lines + outs) + "\n}\n", forward,
            dims={"L": L} if runtime else {})


def make_conv():
    conv("conv_stride_padding", [
        ((5, 7, 3), {}, "5, 7, 3"),
        ((5, 3, 1), {"bias": False}, "5, 3, kernel_size=1, bias=False"),
        ((5, 1, 4), {"stride": 3}, "5, 1, 4, stride=3"),
        ((5, 17, 3, 2, 1), {}, "5, 17, 3, 2, 1"),
        ((5, 2, 2), {"stride": 2, "padding": 3}, "in_channels=5, out_channels=2, kernel_size=2, stride=2, padding=3"),
        ((5, 4, 3), {"dilation": 3, "padding": 2}, "5, 4, 3, dilation=3, padding=(2,)"),
    ], 5, 29, lower=7, batch=2, note="the shortest input is 7: a kernel of 3 with dilation 3 fills it")
    conv("conv_same_valid", [
        ((3, 4, 3), {"padding": "same"}, "3, 4, 3, padding='same'"),
        ((3, 4, 4), {"padding": "same"}, "3, 4, 4, padding='same'"),
        ((3, 5, 4), {"padding": "same", "dilation": 3}, "3, 5, 4, padding=\"same\", dilation=3"),
        ((3, 6, 2), {"padding": "valid"}, "3, 6, 2, padding='valid'"),
    ], 3, 13, lower=2, note="an even kernel pads one more on the right")
    conv("conv_groups", [
        ((6, 6, 3), {"groups": 6, "padding": 1}, "6, 6, 3, groups=6, padding=1"),
        ((6, 12, 5), {"groups": 6, "bias": False}, "6, 12, 5, groups=6, bias=False"),
        ((6, 9, 2), {"groups": 3, "stride": 2, "dilation": 2}, "6, 9, 2, groups=3, stride=2, dilation=2"),
        ((6, 4, 1), {"groups": 2}, "6, 4, 1, groups=2"),
    ], 6, 17, lower=5, batch=3)
    conv("conv_constant_length", [
        ((1, 33, 8), {"stride": 4}, "1, 33, 8, stride=4"),
        ((1, 1, 37), {}, "1, 1, 37"),
        ((1, 2, 5), {"padding": 40, "stride": 7}, "1, 2, 5, padding=40, stride=7"),
    ], 1, 37, runtime=False, batch=1, note="one tap as long as the input; more padding than input")

    c = Case("conv_unbatched_chain")
    c.layer("a", nn.Conv1d(4, 16, 3, padding=1)).layer("b", nn.Conv1d(16, 8, 3, stride=2, padding=1))
    c.layer("c", nn.Conv1d(8, 3, 2, stride=2)).input("x", randn(4, 21))
    c.write('''
# lengths are computed on the run-time dim: L, (L - 1)//2 + 1, ((L - 1)//2 + 1)//2
model chain {
    dim L = 3..100
    weights "weights.safetensors"
    input x: float32[4, L]
    layer a = Conv1d(4, 16, 3, padding=1)
    layer b = Conv1d(16, 8, 3, stride=2, padding=1)
    layer c = Conv1d(8, 3, 2, stride=2)
    y: float32[16, L] = relu(a(x))
    y: float32[8, (L - 1)//2 + 1] = relu(b(y))
    output y = c(y)
}
''', lambda m, x: m.c(m.b(m.a(x).relu()).relu()), dims={"L": 21})

    c = Case("conv_batch_runtime")
    c.layer("a", livelier(nn.Conv1d(2, 5, 3, padding=1))).input("x", randn(5, 2, 19))
    c.write('''
model conv {
    dim B = 1..6
    weights "weights.safetensors"
    input x: float32[B, 2, 19]
    layer a = Conv1d(2, 5, 3, padding=1)
    output y: float32[B, 5, 19] = tanh(a(x))
}
''', lambda m, x: m.a(x).tanh(), dims={"B": 5})


def make_tied():
    c = Case("tied_weights")
    c.layer("emb", nn.Embedding(11, 6)).layer("rnn", nn.GRU(6, 6)).layer(
        "offset", livelier(nn.Linear(1, 11)).bias.detach().numpy())
    c.input("ids", ids(11, 5, 2))

    def tied(m, ids):
        out, h = m.rnn(m.emb(ids))
        again, _ = m.rnn(out, h)
        return nn.functional.linear(again, m.emb.weight, m.offset)
    c.write('''
# single tensors by their keys: the output layer has the embedding's table, and two layers one's weights
model tied {
    weights "weights.safetensors"
    input ids: int32[5, 2]
    layer emb = Embedding(11, 6)
    layer rnn = GRU(6, 6)
    layer second = GRU(6, 6) from (weight_ih_l0="rnn.weight_ih_l0", weight_hh_l0="rnn.weight_hh_l0",
                                   bias_ih_l0="rnn.bias_ih_l0", bias_hh_l0="rnn.bias_hh_l0")
    layer head = Linear(6, 11) from (weight="emb.weight", bias="offset")
    out, h = rnn(emb(ids))
    again, _ = second(out, h)
    output logits = head(again)
}
''', tied)


def make_tied_panels():
    c = Case("tied_panels")
    c.layer("emb", nn.Embedding(83, 12)).layer("bias", livelier(nn.Linear(1, 83)).bias.detach().numpy())
    c.layer("other", nn.Embedding(130, 7))
    c.input("first", ids(83, 9)).input("second", ids(130, 3, 4))

    def tied(m, first, second):
        e, o = m.emb(first), m.other(second)
        scores = nn.functional.linear(torch.tanh(e), m.emb.weight, m.bias)
        return e.t(), scores, nn.functional.linear(o, m.other.weight)
    c.write('''
# an Embedding reads the rows of the Linear's panels: the last one is narrow
model tied {
    weights "weights.safetensors"
    input first: int32[9]
    input second: int32[3, 4]
    layer emb = Embedding(83, 12)
    layer head = Linear(12, 83) from (weight="emb.weight", bias="bias")
    layer other = Embedding(130, 7)
    layer back = Linear(7, 130, bias=False) from "other"
    e = emb(first)
    output rows = t(e)                            # float32[12, 9]
    output scores = head(tanh(e))
    output again = back(other(second))
}
''', tied)


def make():
    make_expanded()
    make_embedding()
    make_linear()
    make_norms()
    make_conv()
    make_tied()
    make_tied_panels()
