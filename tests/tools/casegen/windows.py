"""Convolutions over two axes and transposed ones, pooling, normalizations, Sequential, Upsample, reverse=true."""
import torch
import torch.nn.functional as F
from torch import nn

from .case import Case, ints, noisy_norm, randn


def followed(m, x):
    h = F.max_pool2d(F.relu(m.norm(m.a(x))), 2)
    k = F.silu(m.c(F.max_pool2d(m.b(h), (2, 1))))
    return k.flatten(1), F.gelu(m.d(k[:, :, 0])).transpose(1, 2), F.max_pool1d(m.d(k[:, :, 0, 1:61]), 2)


def make_convolutions():
    c = Case("conv2d_run_time")
    c.layer("a", nn.Conv2d(1, 5, (3, 4), stride=(2, 1), padding=(1, 2)))
    c.layer("b", nn.Conv2d(5, 18, 3, padding="same", padding_mode="reflect"))
    c.layer("c", nn.Conv2d(18, 6, (2, 1), dilation=(3, 1), groups=6, bias=False))
    c.input("x", randn(3, 1, 17, 11))
    c.write('''
model pictures {
    dim B = 1..4
    dim H = 12..20
    weights "weights.safetensors"
    input x: float32[B, 1, H, 11]
    layer a = Conv2d(1, 5, (3, 4), stride=(2, 1), padding=(1, 2))
    layer b = Conv2d(5, 18, 3, padding="same", padding_mode="reflect")
    layer c = Conv2d(18, 6, (2, 1), dilation=(3, 1), groups=6, bias=False)
    y: float32[B, 5, (H - 1)//2 + 1, 12] = a(x)
    z = b(y)
    output z
    output w = c(z)
    output one = a(x[0])
}
''', lambda m, x: (lambda z: (z, m.c(z), m.a(x[0])))(m.b(m.a(x))), dims={"B": 3, "H": 17})

    c = Case("conv_followed")
    c.layer("a", nn.Conv2d(2, 5, 3, padding=1))
    c.layer("norm", noisy_norm(nn.BatchNorm2d(5)))
    c.layer("b", nn.Conv2d(5, 8, (2, 3), bias=False))
    c.layer("c", nn.Conv2d(8, 6, 3, padding=1, padding_mode="circular"))
    c.layer("d", nn.Conv1d(6, 9, 5, groups=3))
    c.input("x", randn(2, 2, 6, 140))
    c.write('''
model followed {
    dim N = 1..3
    dim W = 66..80
    weights "weights.safetensors"
    input x: float32[N, 2, 6, 2*W]
    layer a = Conv2d(2, 5, 3, padding=1)
    layer norm = BatchNorm2d(5)
    layer b = Conv2d(5, 8, (2, 3), bias=False)
    layer c = Conv2d(8, 6, 3, padding=1, padding_mode="circular")
    layer d = Conv1d(6, 9, 5, groups=3)
    h = max_pool2d(relu(norm(a(x))), 2)           # float32[N, 5, 3, W]
    k = max_pool2d(b(h), (2, 1))                  # float32[N, 8, 1, W - 2]
    m = silu(c(k))
    output y = flatten(m, 1)
    n = gelu(d(m[:, :, 0, :]))
    output z = transpose(n, 1, 2)
    output w = max_pool1d(d(m[:, :, 0, 1:61]), 2)
}
''', followed, dims={"N": 2, "W": 70})

    c = Case("conv_transpose1d_run_time")
    c.layer("a", nn.ConvTranspose1d(3, 4, 5, stride=2, padding=1, output_padding=1))
    c.layer("b", nn.ConvTranspose1d(4, 6, 3, stride=3, padding=4, dilation=3, groups=2, output_padding=2))
    c.layer("c", nn.ConvTranspose1d(4, 17, 1, bias=False))
    c.layer("d", nn.ConvTranspose1d(3, 2, 2, stride=4))
    c.input("x", randn(2, 3, 7))
    c.write('''
model wider {
    dim L = 2..9
    weights "weights.safetensors"
    input x: float32[2, 3, L]
    layer a = ConvTranspose1d(3, 4, 5, stride=2, padding=1, output_padding=1)
    layer b = ConvTranspose1d(4, 6, 3, stride=3, padding=4, dilation=3, groups=2, output_padding=2)
    layer c = ConvTranspose1d(4, 17, 1, bias=False)
    layer d = ConvTranspose1d(3, 2, 2, stride=4)
    y: float32[2, 4, 2*L + 2] = a(x)
    output y
    output z = b(y)
    output w = c(y)
    output v = d(x)
    output u = d(x[1])
}
''', lambda m, x: (lambda y: (y, m.b(y), m.c(y), m.d(x), m.d(x[1])))(m.a(x)), dims={"L": 7})

    c = Case("conv_functions")
    c.layer("w1", randn(6, 2, 3)).layer("b1", randn(6)).layer("w2", randn(3, 4, 2, 3)).layer("wt", randn(4, 3, 4))
    c.input("x", randn(2, 4, 9)).input("p", randn(2, 4, 6, 7)).input("k", randn(5, 4, 3)).input("kb", randn(5))
    c.write('''
# weights that are params, and weights that are computed
model functions {
    weights "weights.safetensors"
    input x: float32[2, 4, 9]
    input p: float32[2, 4, 6, 7]
    input k: float32[5, 4, 3]
    input kb: float32[5]
    param w1: float32[6, 2, 3]
    param b1: float32[6]
    param w2: float32[3, 4, 2, 3]
    param wt: float32[4, 3, 4]
    output a = conv1d(x, w1, b1, stride=2, padding=1, groups=2)
    output b = conv1d(x, k, kb, padding=2, dilation=2)
    output c = conv1d(x, w1 * 2, groups=2)
    output d = conv2d(p, w2, None, (2, 1), (0, 1))
    output e = conv2d(p, tanh(w2), padding=1)
    output f = conv_transpose1d(x, wt, stride=2, padding=1)
    output g = conv_transpose1d(x, relu(wt), kb[:3])
}
''', lambda m, x, p, k,
   kb: (F.conv1d(x, m.w1, m.b1, stride=2, padding=1, groups=2), F.conv1d(x, k, kb, padding=2, dilation=2),
                             F.conv1d(x, m.w1 * 2, groups=2), F.conv2d(p, m.w2, None, (2, 1), (0, 1)),
                             F.conv2d(p, torch.tanh(m.w2), padding=1), F.conv_transpose1d(x, m.wt, stride=2, padding=1),
                             F.conv_transpose1d(x, torch.relu(m.wt), kb[:3])))

    c = Case("conv2d_weight_read_twice")
    conv = nn.Conv2d(2, 3, 3, bias=False)
    c.layer("conv", conv).layer("conv_weight", conv.weight.detach().numpy().copy())
    c.input("x", randn(1, 2, 5, 5))
    c.write('''
# the same tensor as a layer's weight and as a value
model twice {
    weights "weights.safetensors"
    input x: float32[1, 2, 5, 5]
    layer conv = Conv2d(2, 3, 3, bias=False)
    param w: float32[3, 2, 3, 3] from "conv.weight"
    output y = conv(x)
    output s = sum(w, dim=(1, 2, 3))
    output t = conv2d(x, w, padding=1)
    param conv_weight: float32[3, 2, 3, 3]
    output same = conv_weight - w
}
''', lambda m, x: (m.conv(x), m.conv.weight.sum((1, 2, 3)), F.conv2d(x, m.conv.weight, padding=1),
                   torch.zeros_like(m.conv.weight)))


def make_pooling():
    c = Case("pool_run_time")
    c.input("x", randn(2, 3, 13)).input("p", randn(2, 3, 8, 9))
    c.write('''
model pools {
    dim L = 5..20
    dim H = 4..8
    input x: float32[2, 3, L]
    input p: float32[2, 3, H, 9]
    layer m1 = MaxPool1d(3, 2, padding=1)
    layer m2 = MaxPool1d(2, dilation=3, stride=1)
    layer a1 = AvgPool1d(4, 3, 1, count_include_pad=False)
    layer a2 = AvgPool1d(5)
    layer m3 = MaxPool2d((2, 3), stride=(1, 3))
    layer a3 = AvgPool2d(3, 2, 1, count_include_pad=False)
    output b: float32[2, 3, (L - 1)//2 + 1] = m1(x)
    output c = m2(x)
    output d = a1(x)
    output e = a2(x)
    output f = m3(p)
    output g = a3(p)
    output h = adaptive_avg_pool1d(x, 1)
    output i = adaptive_max_pool1d(p[0, 0], 3)
    output j = adaptive_avg_pool2d(p, (1, 4))
    output one = m1(x[0])
}
''', lambda m, x, p: (F.max_pool1d(x, 3, 2, 1), F.max_pool1d(x, 2, 1, 0, 3),
                      F.avg_pool1d(x, 4, 3, 1, count_include_pad=False),
                      F.avg_pool1d(x, 5), F.max_pool2d(p, (2, 3), (1, 3)),
                      F.avg_pool2d(p, 3, 2, 1, count_include_pad=False),
                      F.adaptive_avg_pool1d(x, 1), F.adaptive_max_pool1d(p[0, 0], 3), F.adaptive_avg_pool2d(p, (1, 4)),
                      F.max_pool1d(x[0], 3, 2, 1)), dims={"L": 13, "H": 8})

    c = Case("pool_ceil_mode")
    c.input("x", randn(2, 3, 11)).input("r", randn(2, 3, 9)).input("p", randn(1, 2, 7, 10))
    c.write('''
# the last window hangs over: it counts what is there, and begins inside
model hanging {
    dim L = 4..12
    input x: float32[2, 3, 11]
    input r: float32[2, 3, L]
    input p: float32[1, 2, 7, 10]
    output a = max_pool1d(x, 3, 4, ceil_mode=True)
    output b = max_pool1d(x, 2, 3, 1, ceil_mode=True)
    output c = avg_pool1d(x, 3, 4, ceil_mode=True)
    output d = avg_pool1d(x, 4, 3, 2, True)
    output e = avg_pool1d(x, 4, 3, 2, ceil_mode=True, count_include_pad=False)
    output f = avg_pool2d(p, (3, 4), (2, 3), (1, 2), ceil_mode=True)
    output g = max_pool2d(p, (3, 4), (2, 3), (1, 2), ceil_mode=True)
    output h = avg_pool2d(p, 2, ceil_mode=True, divisor_override=7)
    output i = max_pool1d(r, 2, ceil_mode=True)
    output j = avg_pool1d(r, 4, 3, 1, ceil_mode=True, count_include_pad=False)
}
''', lambda m, x, r, p: (F.max_pool1d(x, 3, 4, ceil_mode=True), F.max_pool1d(x, 2, 3, 1, ceil_mode=True),
                      F.avg_pool1d(x, 3, 4, ceil_mode=True), F.avg_pool1d(x, 4, 3, 2, True),
                      F.avg_pool1d(x, 4, 3, 2, ceil_mode=True, count_include_pad=False),
                      F.avg_pool2d(p, (3, 4), (2, 3), (1, 2), ceil_mode=True),
                      F.max_pool2d(p, (3, 4), (2, 3), (1, 2), ceil_mode=True),
                      F.avg_pool2d(p, 2, ceil_mode=True, divisor_override=7), F.max_pool1d(r, 2, ceil_mode=True),
                      F.avg_pool1d(r, 4, 3, 1, ceil_mode=True, count_include_pad=False)), dims={"L": 9})


def make_norms():
    c = Case("norm_functions")
    c.layer("g", randn(6)).layer("b", randn(6)).layer("mean", randn(6)).layer("variance", abs(randn(6)) + 0.25)
    c.layer("gn", noisy_norm(nn.GroupNorm(2, 6))).layer("inn", noisy_norm(nn.InstanceNorm1d(6, affine=True)))
    c.layer("bn", noisy_norm(nn.BatchNorm2d(6).eval()))
    c.input("x", randn(2, 6, 7)).input("p", randn(2, 6, 3, 4)).input("v", randn(6))
    c.write('''
model norms {
    dim L = 2..9
    dim H = 1..5
    weights "weights.safetensors"
    input x: float32[2, 6, L]
    input p: float32[2, 6, H, 4]
    input v: float32[6]
    param g: float32[6]
    param b: float32[6]
    param mean: float32[6]
    param variance: float32[6]
    layer gn = GroupNorm(2, 6)
    layer inn = InstanceNorm1d(6, affine=True)
    layer bn = BatchNorm2d(6)
    output a = gn(x)
    output c = gn(p)
    output d = inn(x)
    output e = bn(p)
    output f = layer_norm(transpose(x, 1, 2), (6,), g, b, 1e-3)
    output h = layer_norm(transpose(x, 1, 2), 6, v)
    output i = group_norm(p, 3, g, b)
    output j = batch_norm(x, mean, variance, g, b)
    output k = batch_norm(p, v, abs(v) + 1, g, v)
    output m = instance_norm(x, weight=v, bias=b)
    output n = instance_norm(x, mean, variance, use_input_stats=False)
}
''', lambda m, x, p, v: (m.gn(x), m.gn(p), m.inn(x), m.bn(p), F.layer_norm(x.transpose(1, 2), (6,), m.g, m.b, 1e-3),
                         F.layer_norm(x.transpose(1, 2), (6,), v), F.group_norm(p, 3, m.g, m.b),
                         F.batch_norm(x, m.mean, m.variance, m.g, m.b), F.batch_norm(p, v, abs(v) + 1, m.g, v),
                         F.instance_norm(x, weight=v, bias=m.b),
                         F.instance_norm(x, m.mean, m.variance, use_input_stats=False)),
            dims={"L": 7, "H": 3})


def make_containers():
    c = Case("sequential_crnn")
    net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), noisy_norm(nn.BatchNorm2d(4).eval()), nn.ReLU(),
                        nn.MaxPool2d((2, 1)),
                        nn.Sequential(nn.Conv2d(4, 3, (4, 1)), nn.Tanh()), nn.Flatten(1, 2))
    c.layer("front", net).layer("rnn", nn.GRU(3, 5, batch_first=True))
    c.input("x", randn(2, 1, 8, 9))
    c.write('''
model crnn {
    dim T = 1..12
    weights "weights.safetensors"
    input x: float32[2, 1, 8, T]
    layer front = Sequential(Conv2d(1, 4, 3, padding=1), BatchNorm2d(4), ReLU(), MaxPool2d((2, 1)),
                             Sequential(Conv2d(4, 3, (4, 1)), Tanh()), Flatten(1, 2))
    layer rnn = GRU(3, 5, batch_first=True)
    f: float32[2, 3, T] = front(x)
    y, _ = rnn(transpose(f, 1, 2))
    output y
}
''', lambda m, x: m.rnn(m.front(x).transpose(1, 2))[0], dims={"T": 9})

    c = Case("upsample_nearest")
    c.input("x", randn(1, 3, 5)).input("p", randn(2, 2, 3, 4))
    c.write('''
model upsample {
    dim L = 1..6
    input x: float32[1, 3, L]
    input p: float32[2, 2, 3, 4]
    layer up = Upsample(scale_factor=4)
    layer to = Upsample((9, 8), mode="nearest")
    layer two = Upsample(scale_factor=(1, 3))
    output a: float32[1, 3, 4*L] = up(x)
    output b = to(p)
    output c = two(p)
    output d = interpolate(p, scale_factor=2.0)
    output e = interpolate(x, 2*L)
}
''', lambda m, x, p: (F.interpolate(x, scale_factor=4), F.interpolate(p, (9, 8)), F.interpolate(p, scale_factor=(1, 3)),
                      F.interpolate(p, scale_factor=2.0), F.interpolate(x, 10)), dims={"L": 5})

    def backwards(layer, x, hx=None):
        out, h = layer(x.flip(0), hx) if hx is not None else layer(x.flip(0))
        return out.flip(0), h
    c = Case("recurrent_reverse")
    c.layer("lstm", nn.LSTM(3, 9, proj_size=4)).layer("gru", nn.GRU(4, 6, 2, bias=False))
    c.input("x", randn(11, 2, 3)).input("h0", randn(2, 2, 6))

    def reverse(m, x, h0):
        a, (h, cell) = backwards(m.lstm, x)
        b, hb = m.gru(a.flip(0), h0)
        return a, h, cell, b.flip(0), hb
    c.write('''
model reversed_ {
    dim T = 1..20
    weights "weights.safetensors"
    input x: float32[T, 2, 3]
    input h0: float32[2, 2, 6]
    layer lstm = LSTM(3, 9, proj_size=4, reverse=true)
    layer gru = GRU(4, 6, 2, bias=False, reverse=True)
    a, (h, cell) = lstm(x)
    b, hb = gru(a, h0)
    output a, h, cell, b, hb
}
''', reverse, dims={"T": 11})


def make():
    make_convolutions()
    make_pooling()
    make_norms()
    make_containers()
