"""The functions of one argument of compiler/ir/function.def, those that are made of them, and all activations as
modules."""
import numpy as np
import torch
from torch import nn

from .case import Case, ints, randn
from .extremes import SPECIAL
from .functions import calls

ONE = {"x": ("wide_range(47)", "[N]")}
HEAD = [("N", "1..100")]


def pairs(*names, of="torch"):
    return [(f"{name}(x)", f"{of}.{name}(x)") for name in names]


def make_functions():
    calls("fn_activations_all", ONE, [
        *pairs("silu", "mish", "selu", "celu", "relu6", "hardsigmoid", "hardswish", "softsign", "logsigmoid",
               "tanhshrink",
               "hardshrink", "softshrink", of="F"),
        ("celu(x, 0.7)", "F.celu(x, 0.7)"),
        ("celu(x / 4, alpha=-0.5)", "F.celu(x / 4, -0.5)"),
        ("hardshrink(x, lambd=1.25)", "F.hardshrink(x, 1.25)"),
        ("softshrink(x, 2)", "F.softshrink(x, 2)"),
        ("threshold(x, 0.5, -7)", "F.threshold(x, 0.5, -7)"),
        ("threshold(x, threshold=-1, value=20.5, inplace=True)", "F.threshold(x, -1, 20.5)"),
        ("mish(silu(x) - softsign(x))", "F.mish(F.silu(x) - F.softsign(x))"),
    ], {"N": 47}, HEAD)
    calls("fn_mathematics", {**ONE, "p": ("10.0 ** np.random.uniform(-9, 9, 19).astype(np.float32)", "")}, [
        *pairs("sin", "cos", "floor", "ceil", "round", "trunc", "sign", "square", "erf", "exp2", "atan", "neg"),
        ("sin(x * 1024)", "torch.sin(x * 1024)"),
        ("cos(clamp(x, -9, 9) * 0.25)", "torch.cos(torch.clamp(x, -9, 9) * 0.25)"),
        ("expm1(clamp(x, -20, 2))", "torch.expm1(torch.clamp(x, -20, 2))"),
        ("reciprocal(p)", "torch.reciprocal(p)"), ("rsqrt(p)", "torch.rsqrt(p)"), ("log1p(p)", "torch.log1p(p)"),
        ("log1p(-p * 1e-10)", "torch.log1p(-p * 1e-10)"), ("log2(p)", "torch.log2(p)"), ("log10(p)", "torch.log10(p)"),
        ("round(x * 0.5) - floor(x) + ceil(x * 0.25)", "torch.round(x * 0.5) - torch.floor(x) + torch.ceil(x * 0.25)"),
        ("round(x, decimals=2)", "torch.round(x, decimals=2)"),
        ("round(x * 10, decimals=-1)", "torch.round(x * 10, decimals=-1)"),
    ], {"N": 47}, HEAD)
    calls("fn_of_int32", {"i": ("ints(-9, 9, 3, 7)", "")}, [
        (f"{f}(i)", f"{of}.{f}(i)", "int32[3, 7]")
        for f, of in [("neg", "torch"), ("abs", "torch"), ("relu", "torch"), ("relu6", "F"), ("floor", "torch"),
                      ("ceil", "torch"), ("round", "torch"), ("trunc", "torch"), ("sign", "torch"), ("square", "torch")]
    ] + [
        ("threshold(i, 2.5, -3.5)", "F.threshold(i, 2.5, -3.5)", "int32[3, 7]"),
        *[(f"{f}(i)", f"{of}.{f}(i.to(torch.get_default_dtype()))", "float32[3, 7]")
          for f, of in [("mish", "F"), ("sin", "torch"), ("exp2", "torch"), ("erf", "torch"), ("softsign", "F")]],
        ("max(i, 2.5)", "torch.clamp(i.to(torch.get_default_dtype()), min=2.5)", "float32[3, 7]"),
        ("max(3, i)", "torch.clamp(i, min=3)", "int32[3, 7]"),
        ("min(-1, i)", "torch.clamp(i, max=-1)", "int32[3, 7]"),
    ])
    calls("fn_max_min_numbers", {"x": ("wide_range(47)", "[N]"), "y": ("randn(3, 1)", "")}, [
        ("max(0, x)", "torch.clamp(x, min=0)"), ("max(x, 0.5)", "torch.clamp(x, min=0.5)"),
        ("min(1, x)", "torch.clamp(x, max=1)"), ("min(x, -0.5)", "torch.clamp(x, max=-0.5)"),
        ("maximum(x, y)", "torch.maximum(x, y)"), ("minimum(y, x)", "torch.minimum(y, x)"),
        ("min(y, max(0.0, x))", "torch.minimum(y, torch.clamp(x, min=0))"),
        ("max(x, 0)", "torch.max(x, 0)[0]"), ("min(y, 1)", "torch.min(y, 1)[0]"),
    ], {"N": 47}, HEAD)
    calls("fn_glu_prelu_softmin",
          {"x": ("wide_range(2 * 6 * 5).reshape(2, 6, 5)", "[2, C, 5]"), "w": ("randn(6)", "[C]"),
                                   "one": ("randn(1)", "")}, [
        ("glu(transpose(x, 0, 2), dim=2)", "F.glu(x.transpose(0, 2), dim=2)"),
        ("glu(x, 0)", "F.glu(x, 0)"),
        ("prelu(x, w)", "F.prelu(x, w)"), ("prelu(x, one)", "F.prelu(x, one)"),
        ("prelu(x[0], one)", "F.prelu(x[0], one)"), ("prelu(x[0, 0], one)", "F.prelu(x[0, 0], one)"),
        ("softmin(x, dim=1)", "F.softmin(x, dim=1)"), ("softmin(x, -1)", "F.softmin(x, -1)"),
    ], {"C": 6}, [("C", "1..8")])


def make_extremes():
    """What one over the result is tells -0 from 0. Nothing overflows in float32 alone, as the limits are float64's."""
    x = np.concatenate([np.roll(SPECIAL, k) for k in range(7)])[:24 * 6 + 13]
    c = Case("nan_functions_more").input("x", x)
    rows = pairs("sign", "floor", "ceil", "round", "trunc", "rsqrt", "erf", "exp2", "log2", "log10", "atan")
    rows += pairs("relu6", "hardsigmoid", "celu", "logsigmoid", "hardshrink", of="F")
    rows += [(f"1 / {f}(x)", f"1 / torch.{f}(x)") for f in ("floor", "ceil", "trunc", "sign", "erf")]
    rows += [("reciprocal(where(abs(x) < 1e-38, x * 0, x))",
              "torch.reciprocal(torch.where(x.abs() < 1e-38, x * 0, x))"),
             ("square(clamp(x, -1e15, 1e15))", "torch.square(torch.clamp(x, -1e15, 1e15))"),
             ("hardswish(clamp(x, max=1e30))", "F.hardswish(torch.clamp(x, max=1e30))"),
             ("selu(clamp(x, max=1e30))", "F.selu(torch.clamp(x, max=1e30))"),
             ("log1p(clamp(x, max=1e30))", "torch.log1p(torch.clamp(x, max=1e30))"),
             ("expm1(clamp(x, max=88))", "torch.expm1(torch.clamp(x, max=88))"),
             ("sin(where(abs(x) < 1e30, x, x * inf))", "torch.sin(torch.where(x.abs() < 1e30, x, x * torch.inf))"),
             ("threshold(x, 0.5, 9)", "F.threshold(x, 0.5, 9)")]
    text = "model extreme {\n    dim N = 1..500\n    input x: float32[N]\n"
    text += "".join(f"    output o{i} = {row[0]}\n" for i, row in enumerate(rows)) + "}\n"

    def forward(m, x):
        names = {"torch": torch, "F": nn.functional, "x": x}
        return tuple(eval(row[1], names) for row in rows)
    c.write(text, forward, dims={"N": len(x)})


MODULES = ["ReLU()", "ReLU6()", "LeakyReLU(0.2)", "ELU(alpha=0.5)", "SELU()", "CELU(0.7)", "GELU()",
           "GELU(approximate=\"tanh\")",
           "SiLU()", "Mish()", "Sigmoid()", "Tanh()", "Hardtanh(0, 20)", "Hardtanh()", "Hardsigmoid()",
           "Hardswish(inplace=True)",
           "Softplus(beta=2, threshold=3)", "Softsign()", "LogSigmoid()", "Tanhshrink()", "Hardshrink(0.3)",
           "Softshrink(lambd=0.3)", "Threshold(0.1, 20)", "GLU(dim=1)", "Softmax(dim=1)", "Softmin(dim=-1)",
           "LogSoftmax(dim=-1)", "Identity()", "PReLU()", "PReLU(num_parameters=4, init=0.1)", "Flatten()",
           "Flatten(0, 1)"]


def make_modules():
    c = Case("layer_activations").input("x", randn(2, 4, 3, scale=2))
    for i, text in enumerate(MODULES):
        module = eval("nn." + text, {"nn": nn})
        if text.startswith("PReLU"):
            with torch.no_grad():
                module.weight.copy_(torch.randn_like(module.weight))
        c.layer(f"a{i}", module)
    lines = [f"    layer a{i} = {text}" for i, text in enumerate(MODULES)]
    lines += [f"    output y{i} = a{i}(x)" for i in range(len(MODULES))]
    c.write('model modules {\n    weights "weights.safetensors"\n    input x: float32[2, 4, 3]\n'
            + "\n".join(lines) + "\n}\n",
            lambda m, x: tuple(getattr(m, f"a{i}")(x.clone()) for i in range(len(MODULES))))


def make():
    make_functions()
    make_extremes()
    make_modules()
