"""What compiler/syntax/hints.def says to write instead of a name of torch's gives what that name gives in torch.

unit/check_names_of_torch.c holds that each hint that can be computed stands in one of these cases, word by word.
"""
import numpy as np
import torch
import torch.nn.functional as F

from .case import Case, ids, ints, randn
from .functions import uniform

SCOPE = {"torch": torch, "F": F}


def answers(case, inputs, rows):
    """rows: (the hint behind "write ", or "" where it is the one before; [the expression as it is written here;]
    torch's)"""
    lines = []
    for key, array in inputs.items():
        case.input(key, array)
        lines.append(f"    input {key}: {array.dtype}{list(array.shape)}")
    for i, (hint, *written, want) in enumerate(rows):
        lines += [f"    # write {hint}"] if hint else []
        lines.append(f"    output o{i} = {(written or [hint])[0]}")

    def forward(m, *args):
        names = {**SCOPE, **dict(zip(inputs, args))}
        return tuple(eval(want, names) for *_, want in rows)
    case.write("# written instead of functions of torch's\nmodel hints {\n" + "\n".join(lines) + "\n}\n", forward)


def sparse_nan(*shape):
    x = randn(*shape)
    x.flat[::5] = np.nan
    return x


def numbers():
    """What both cases of elements() read."""
    x = np.concatenate([randn(20, scale=3), [0.0, 2.0, -2.0, -1.5, 1.5]]).astype(np.float32)
    y = np.concatenate([randn(20, scale=3), [1.0, 0.75, -0.75, 2.5, -2.5]]).astype(np.float32)
    u = uniform(-0.99, 0.99, 25)
    p = uniform(0.01, 5, 25)
    n = np.where(np.arange(25) % 4 == 0, np.nan, randn(25)).astype(np.float32)
    i, j = ints(-40, 40, 25), ints(1, 9, 25)
    k = ints(-6, 6, 25)
    return {"x": x, "y": y, "u": u, "p": p, "n": n, "i": i, "j": j, "k": k}


def elements():
    case = Case("fn_hints_elements")
    big = np.array([np.inf, -np.inf, np.nan, 1.5, -3e38] * 5, np.float32)
    answers(case, {**numbers(), "big": big}, [
        ("clamp(x, min, max)", "clamp(x, -1, 2)", "torch.clip(x, -1, 2)"),
        ("clamp(x, max=…)", "clamp(x, max=1.5)", "torch.clamp_max(x, 1.5)"),
        ("clamp(x, min=…)", "clamp(x, min=-1.5)", "torch.clamp_min(x, -1.5)"),
        ("abs(x)", "torch.absolute(x)"), ("-x", "torch.negative(x)"),
        ("x ** y", "p ** y", "torch.pow(p, y)"),
        ("log(x / (1 - x))", "log(abs(u) / (1 - abs(u)))", "torch.logit(abs(u))"),
        ("max(a, b) + log1p(exp(-abs(a - b)))", "max(x, y) + log1p(exp(-abs(x - y)))", "torch.logaddexp(x, y)"),
        ("max(a, b) + log2(1 + exp2(-abs(a - b)))", "max(x, y) + log2(1 + exp2(-abs(x - y)))",
         "torch.logaddexp2(x, y)"),
        ("where(x == 0, 0.0, x * log(y))", "where(x == 0, 0.0, x * log(p))", "torch.xlogy(x, p)"),
        ("where(x == 0, 0.0, x * log1p(y))", "where(x == 0, 0.0, x * log1p(p))", "torch.special.xlog1py(x, p)"),
        ("where(x == 0, 0.0, -x * log(x)), of numbers from 0 on", "where(relu(x) == 0, 0.0, -relu(x) * log(relu(x)))",
         "torch.special.entr(torch.relu(x))"),
        ("sigmoid(x)", "torch.special.expit(x)"),
        ("0.5 + 0.5 * erf(x * 0.7071067811865476)", "torch.special.ndtr(x)"),
        ("x * 57.29577951308232", "torch.rad2deg(x)"), ("x * 0.017453292519943295", "torch.deg2rad(x)"),
        ("sign(x)", "torch.sgn(x)"), ("x < 0", "torch.signbit(x)"),
        ("where(x > 0, 1.0, where(x < 0, 0.0, value))", "where(x > 0, 1.0, where(x < 0, 0.0, y))",
         "torch.heaviside(x, y)"),
        ("where(y < 0, -abs(x), abs(x))", "torch.copysign(x, y)"),
        ("abs(x) == inf", "abs(big) == inf", "torch.isinf(big)"), ("x == inf", "big == inf", "torch.isposinf(big)"),
        ("x == -inf", "big == -inf", "torch.isneginf(big)"), ("abs(x) < inf", "abs(big) < inf", "torch.isfinite(big)"),
        ("clamp(where(isnan(x), 0, x), -3.4028234e38, 3.4028234e38)",
         "clamp(where(isnan(big), 0, big), -3.4028234e38, 3.4028234e38)", "torch.nan_to_num(big.float())"),
        ("abs(a - b) <= atol + rtol * abs(b)", "abs(x - y) <= 0.5 + 0.1 * abs(y)",
         "torch.isclose(x, y, rtol=0.1, atol=0.5)"),
        ("all(abs(a - b) <= atol + rtol * abs(b))", "all(abs(x - y) <= 99 + 0.1 * abs(y))",
         "torch.tensor(torch.allclose(x, y, rtol=0.1, atol=99))"),
    ])
    answers(Case("fn_hints_functions"), numbers(), [
        ("(exp(x) - exp(-x)) / 2", "torch.sinh(x)"), ("(exp(x) + exp(-x)) / 2", "torch.cosh(x)"),
        ("sign(x) * log(abs(x) + sqrt(x * x + 1))", "torch.asinh(x)"),
        ("", "sign(x * 1000) * log(abs(x * 1000) + sqrt(x * 1000 * (x * 1000) + 1))", "torch.asinh(x * 1000)"),
        ("log(x + sqrt(x * x - 1))", "log(1 + p + sqrt((1 + p) * (1 + p) - 1))", "torch.acosh(1 + p)"),
        ("(log1p(x) - log1p(-x)) / 2", "(log1p(u) - log1p(-u)) / 2", "torch.atanh(u)"),
        ("sqrt(a * a + b * b)", "sqrt(x * x + y * y)", "torch.hypot(x, y)"),
        ("sin(x) / cos(x)", "sin(u) / cos(u)", "torch.tan(u)"), ("atan(x)", "torch.arctan(x)"),
        ("atan(x / sqrt(1 - x * x))", "atan(u / sqrt(1 - u * u))", "torch.asin(u)"),
        ("1.5707963267948966 - atan(x / sqrt(1 - x * x))", "1.5707963267948966 - atan(u / sqrt(1 - u * u))",
         "torch.acos(u)"),
        ("atan(y / x) + where(x < 0, where(y < 0, -3.141592653589793, 3.141592653589793), 0.0)", "torch.atan2(y, x)"),
        ("where(x == 0, 1.0, sin(3.141592653589793 * x) / (3.141592653589793 * x))",
         "where(u == 0, 1.0, sin(3.141592653589793 * u) / (3.141592653589793 * u))", "torch.sinc(u)"),
        ("x - floor(x / y) * y, and of int32 x % y", "x - floor(x / p) * p", "torch.remainder(x, p)"),
        ("", "i % clamp(j, min=1)", "torch.remainder(i, j)"),
        ("x - trunc(x / y) * y", "x - trunc(x / p) * p", "torch.fmod(x, p)"),
        ("trunc(x)", "torch.fix(x)"), ("x - trunc(x)", "torch.frac(x)"),
        ("trunc(x) and x - trunc(x)", "trunc(x)", "torch.trunc(x)"),
        ("e = floor(log2(abs(x))) + 1, and x / exp2(e)", "floor(log2(p)) + 1", "torch.frexp(p).exponent.to(p.dtype)"),
        ("", "p / exp2(floor(log2(p)) + 1)", "torch.frexp(p).mantissa"),
        ("floor(a / b), and of int32 a // b", "floor(x / p)", "torch.div(x, p, rounding_mode='floor')"),
        ("", "i // clamp(j, min=1)", "torch.div(i, j, rounding_mode='floor')"),
        ("1 - erf(x)", "torch.erfc(x)"), ("b - a", "y - x", "torch.rsub(x, y)"),
        ("a / b", "x / p", "torch.true_divide(x, p)"),
        ("x + value * a * b", "x + 0.5 * y * p", "torch.addcmul(x, y, p, value=0.5)"),
        ("x + value * a / b", "x + 0.5 * y / p", "torch.addcdiv(x, y, p, value=0.5)"),
        ("a + weight * (b - a)", "x + 0.3 * (y - x)", "torch.lerp(x, y, 0.3)"),
        ("a * exp2(b)", "x * exp2(k)", "torch.ldexp(x, k)"),
        ("where(isnan(a), b, where(isnan(b), a, max(a, b)))", "where(isnan(x), n, where(isnan(n), x, max(x, n)))",
         "torch.fmax(x, n)"),
        ("where(isnan(a), b, where(isnan(b), a, min(a, b)))", "where(isnan(n), x, where(isnan(x), n, min(n, x)))",
         "torch.fmin(n, x)"),
        ("a > b", "x > y", "torch.greater(x, y)"), ("a >= b", "x >= y", "torch.greater_equal(x, y)"),
        ("a < b", "x < y", "torch.less(x, y)"), ("a <= b", "x <= y", "torch.less_equal(x, y)"),
        ("a != b", "x != y", "torch.not_equal(x, y)"),
        ("all(a == b)", "all(x == x)", "torch.tensor(torch.equal(x, x))"),
        ("x != 0", "x != 0", "torch.tensor([bool(v) for v in x])"),
        ("x * 2 ** n, of a number n", "i * 2 ** 3", "torch.bitwise_left_shift(i, 3)"),
        ("x // 2 ** n, of a number n", "i // 2 ** 3", "torch.bitwise_right_shift(i, 3)"),
        ("leaky_relu(x, 0.2291667) for the default bounds", "leaky_relu(x, 0.2291667)", "F.rrelu(x)"),
        ("silu(x)", "F.silu(x)"),
    ])


def moves():
    case = Case("fn_hints_moves")
    x, v, w = randn(4, 6), randn(5), randn(3)
    i = ids(24, 7)
    few, c = ints(0, 4, 9), randn(2, 4, 3, 3)
    sorted_ = np.sort(randn(6))
    answers(case, {"x": x, "v": v, "w": w, "i": i, "few": few, "c": c, "s": sorted_}, [
        ("cat([a, b], dim=…)", "cat([x, x], dim=1)", "torch.concat([x, x], 1)"),
        ("cat([a, b], dim=0), of vectors, or dim=1", "cat([v, w], dim=0)", "torch.hstack([v, w])"),
        ("", "cat([x, x], dim=1)", "torch.hstack([x, x])"),
        ("cat([a, b], dim=0), of vectors stack", "cat([x, x], dim=0)", "torch.vstack([x, x])"),
        ("", "stack([v, v])", "torch.vstack([v, v])"),
        ("stack([a, b], dim=1) of vectors, cat along dim 2 of what has it", "stack([v, v], dim=1)",
         "torch.column_stack([v, v])"),
        ("transpose(x, dim0, dim1)", "transpose(c, 1, 3)", "torch.swapaxes(c, 1, 3)"),
        ("transpose(x, -2, -1)", "transpose(c, -2, -1)", "torch.adjoint(c)"), ("flatten(x)", "torch.ravel(x)"),
        ("flatten(unsqueeze(a, -1) * b), of vectors", "flatten(unsqueeze(v, -1) * w)", "torch.kron(v, w)"),
        ("flip(x, (1,))", "torch.fliplr(x)"), ("flip(x, (0,))", "torch.flipud(x)"),
        ("flip(transpose(x, 0, 1), (0,))", "torch.rot90(x)"),
        ("pad(x, (left, right, …), value=…)", "pad(x, (1, 2, 0, 3), value=7)",
         "torch.constant_pad_nd(x, (1, 2, 0, 3), 7)"),
        ("sums of slices: x[1:] - x[:-1] for diff", "v[1:] - v[:-1]", "torch.diff(v)"),
        ("where(view(arange(n), n, 1) + diagonal >= arange(m), x, 0), of x[n, m]",
         "where(view(arange(4), 4, 1) + 1 >= arange(6), x, 0)", "torch.tril(x, 1)"),
        ("where(view(arange(n), n, 1) + diagonal <= arange(m), x, 0), of x[n, m]",
         "where(view(arange(4), 4, 1) + 2 <= arange(6), x, 0)", "torch.triu(x, 2)"),
        ("where(view(arange(n), n, 1) == arange(n), x, 0), of x[n]", "where(view(arange(5), 5, 1) == arange(5), v, 0)",
         "torch.diag(v)"),
        ("sum(where(view(arange(n), n, 1) == arange(m), x, 0), dim=-1), of x[n, m]",
         "sum(where(view(arange(4), 4, 1) == arange(6), x, 0), dim=-1)", "torch.diagonal(x)"),
        ("sum(where(view(arange(n), n, 1) == arange(m), x, 0)), of x[n, m]",
         "sum(where(view(arange(4), 4, 1) == arange(6), x, 0))", "torch.trace(x)"),
        ("full((d, …), value)", "full((4, 6), 2.5)", "torch.fill(x, 2.5)"),
        ("scatter_add(zeros(n), 0, ids, ones(k))", "scatter_add(zeros(4), 0, few, ones(9))",
         "torch.bincount(few, minlength=4).to(x.dtype)"),
        ("sum(unsqueeze(x, -1) > boundaries, dim=-1)", "sum(unsqueeze(x, -1) > s, dim=-1)", "torch.bucketize(x, s)"),
        ("flatten(x)[i]", "torch.take(x, i.long())"),
        ("any(unsqueeze(x, -1) == tensor((1, 2, …)), dim=-1)", "any(unsqueeze(few, -1) == tensor((1, 3)), dim=-1)",
         "torch.isin(few, torch.tensor([1, 3]))"),
        ("i // n and i % n", "i // 6", "torch.tensor([k // 6 for k in i])"),
        ("expand(view(x, n, 1), n, m) and expand(y, n, m)", "expand(view(v, 5, 1), 5, 3)",
         "torch.meshgrid(v, w, indexing='ij')[0]"),
        ("", "expand(w, 5, 3)", "torch.meshgrid(v, w, indexing='ij')[1]"),
        ("stack([flatten(expand(view(x, n, 1), n, m)), flatten(expand(y, n, m))], dim=1)",
         "stack([flatten(expand(view(v, 5, 1), 5, 3)), flatten(expand(w, 5, 3))], dim=1)",
         "torch.cartesian_prod(v, w)"),
        ("x[tensor(((0, 1), (0, 2), (1, 2)))], with the numbers of each pair", "w[tensor(((0, 1), (0, 2), (1, 2)))]",
         "torch.combinations(w)"),
        ("stack([x * x, x, ones_like(x)], dim=-1), with as many powers as there are columns",
         "stack([v * v, v, ones_like(v)], dim=-1)", "torch.vander(v, 3)"),
        ("arange(n) * step + start", "arange(5) * 0.5 + 3", "torch.linspace(3, 5, 5)"),
        ("base ** (arange(n) * step + start)", "2.0 ** (arange(5) * 0.5 + 3)", "torch.logspace(3, 5, 5, base=2)"),
        ("roll(x, n // 2, dim)", "roll(v, 5 // 2, 0)", "torch.fft.fftshift(v)"),
        ("roll(x, -(n // 2), dim)", "roll(v, -(5 // 2), 0)", "torch.fft.ifftshift(v)"),
        ("x[:, i]", "x[:, 2]", "torch.select_copy(x, 1, 2)"),
    ])


def sums():
    case = Case("fn_hints_sums")
    x, y, n = randn(4, 6), randn(4, 6), sparse_nan(4, 6)
    v, w = randn(5), randn(5)
    a, b, c = randn(3, 4, 5), randn(3, 5, 2), randn(4, 2)
    k = ids(4, 9)
    answers(case, {"x": x, "y": y, "n": n, "v": v, "w": w, "a": a, "b": b, "c": c, "k": k}, [
        ("norm(x, dim=…)", "norm(x, dim=1)", "torch.linalg.vector_norm(x, dim=1)"),
        ("norm(a - b)", "norm(x - y)", "torch.dist(x, y)"),
        ("norm(a - b + 1e-6, dim=-1)", "norm(x - y + 1e-6, dim=-1)", "F.pairwise_distance(x, y)"),
        ("norm(unsqueeze(a, -2) - unsqueeze(b, -3), dim=-1)", "norm(unsqueeze(x, -2) - unsqueeze(y, -3), dim=-1)",
         "torch.cdist(x, y)"),
        ("norm(unsqueeze(x, -2) - unsqueeze(x, -3), dim=-1): of all pairs, each twice",
         "norm(unsqueeze(x, -2) - unsqueeze(x, -3), dim=-1)[0, 1:]", "torch.pdist(x)[:3]"),
        ("var(x, dim=…) and mean(x, dim=…)", "var(x, dim=1)", "torch.var_mean(x, 1)[0]"),
        ("std(x, dim=…) and mean(x, dim=…)", "std(x, dim=1)", "torch.std_mean(x, 1)[0]"),
        ("x * min(1.0, maxnorm / (norm(x, p, dim=(…), keepdim=True) + 1e-7)), over all dims but its dim",
         "a * min(1.0, 4.0 / (norm(a, 2, dim=(0, 2), keepdim=True) + 1e-7))", "torch.renorm(a, 2, 1, 4)"),
        ("sum(x != 0, dim=…)", "sum(x != 0, dim=1)", "torch.count_nonzero(x, 1)"),
        ("sum(where(isnan(x), 0, x), dim=…)", "sum(where(isnan(n), 0, n), dim=1)", "torch.nansum(n, 1)"),
        ("sum(where(isnan(x), 0, x), dim=…) / sum(~isnan(x), dim=…)",
         "sum(where(isnan(n), 0, n), dim=1) / sum(~isnan(n), dim=1)", "torch.nanmean(n, 1)"),
        ("values, indices = topk(x, n), all n of them; largest=False for the smallest first", "topk(v, 5)",
         "torch.sort(v, descending=True).values"),
        ("values, indices = topk(x, k, largest=False), and take the last: values[k - 1]",
         "topk(v, 2, largest=False)[1:]",
         "torch.kthvalue(v, 2).values[None]"),
        ("values, indices = topk(x, (n + 1) // 2, largest=False), of n elements, and take the last",
         "topk(flatten(x), (24 + 1) // 2, largest=False)[11:]", "torch.median(x)[None]"),
        ("argmax(sum(one_hot(x, n), dim=0)), of classes 0 to n - 1", "argmax(sum(one_hot(k, 4), dim=0))",
         "torch.mode(k).values"),
        ("exp(cumsum(log(x), dim)) of positive numbers, or a repeat that carries and collects it",
         "exp(cumsum(log(abs(x) + 0.1), 1))", "torch.cumprod(abs(x) + 0.1, 1)"),
        ("log(cumsum(exp(x), dim)), and for large numbers a repeat that carries and collects it",
         "log(cumsum(exp(x), 1))",
         "torch.logcumsumexp(x, 1)"),
        ("matmul(a, b)", "matmul(v, w)", "torch.vdot(v, w)"),
        ("matmul(a, t(b)), and of vectors matmul(a, b)", "matmul(x, t(y))", "torch.inner(x, y)"),
        ("a @ b @ c", "x @ t(y) @ c", "torch.linalg.multi_dot([x, y.T, c])"),
        ("sum(a * b, dim=-1)", "sum(x * y, dim=-1)", "torch.linalg.vecdot(x, y)"),
        ("matmul(unsqueeze(a, 1), unsqueeze(b, 0))", "matmul(unsqueeze(v, 1), unsqueeze(w, 0))", "torch.outer(v, w)"),
        ("x + matmul(a, b)", "c + matmul(a, b)", "torch.baddbmm(c, a, b)"),
        ("x + matmul(unsqueeze(a, 1), unsqueeze(b, 0))", "v + matmul(unsqueeze(w, 1), unsqueeze(v, 0))",
         "torch.addr(v, w, v)"),
        ("x + sum(matmul(a, b), dim=0)", "c + sum(matmul(a, b), dim=0)", "torch.addbmm(c, a, b)"),
        ("matmul(x, t(x)) / (n - 1), of x[m, n] less its means: x - mean(x, dim=1, keepdim=True)",
         "matmul(x - mean(x, dim=1, keepdim=True), t(x - mean(x, dim=1, keepdim=True))) / (6 - 1)", "torch.cov(x)"),
        ("matmul(z, t(z)), of z = normalize(x - mean(x, dim=1, keepdim=True), dim=1)",
         "matmul(normalize(x - mean(x, dim=1, keepdim=True), dim=1), t(normalize(x - mean(x, dim=1, "
         "keepdim=True), dim=1)))",
         "torch.corrcoef(x)"),
        ("avg_pool1d(x ** p, k) * k, and ** (1 / p)", "(avg_pool1d(abs(a) ** 3, 2) * 2) ** (1 / 3)",
         "F.lp_pool1d(abs(a), 3, 2)"),
        ("x / sqrt(mean(x * x, dim=-1, keepdim=True) + eps) * weight; RMSNorm is a layer",
         "a / sqrt(mean(a * a, dim=-1, keepdim=True) + 1e-5) * v",
         "a * torch.rsqrt((a * a).mean(-1, True) + 1e-5) * v"),
        ("matmul(softmax(matmul(q, transpose(k, -2, -1)) / sqrt(d), dim=-1), v), with q, k and v of d numbers",
         "matmul(softmax(matmul(a, transpose(a, -2, -1)) / sqrt(5), dim=-1), a)",
         "F.softmax(a @ a.mT / 5 ** 0.5, -1) @ a"),
    ])


def losses():
    case = Case("fn_hints_losses")
    x, t = randn(5, 4), uniform(0.1, 1, 5, 4)
    v = uniform(0.05, 2, 5, 4)
    a, b, c = randn(5, 4), randn(5, 4), randn(5, 4)
    y = np.where(np.arange(20).reshape(5, 4) % 3 == 0, -1, 1).astype(np.float32)
    one = np.array([1, -1, 1, -1, 1], np.float32)
    k = ids(3, 5)
    w = randn(3, 4)
    answers(case, {"x": x, "t": t, "v": v, "a": a, "b": b, "c": c, "y": y, "one": one, "k": k, "w": w}, [
        ("mean(t * (log(t) - x)), of logarithms x and probabilities t; batchmean: sum(…) / N", "mean(t * (log(t) - x))",
         "F.kl_div(x, t)"),
        ("", "sum(t * (log(t) - x)) / 5", "F.kl_div(x, t, reduction='batchmean')"),
        ("mean(x - t * log(x + eps)); of log_input: mean(exp(x) - t * x)", "mean(v - t * log(v + 1e-8))",
         "F.poisson_nll_loss(v, t, log_input=False)"),
        ("mean(exp(x) - t * x)", "F.poisson_nll_loss(x, t)"),
        ("mean(log(max(v, eps)) + square(x - t) / max(v, eps)) / 2, of variances v",
         "mean(log(max(v, 1e-6)) + square(x - t) / max(v, 1e-6)) / 2", "F.gaussian_nll_loss(x, t, v)"),
        ("mean(relu(margin - y * (a - b)))", "mean(relu(0.5 - y * (a - b)))", "F.margin_ranking_loss(a, b, y, 0.5)"),
        ("mean(where(y == 1, x, relu(margin - x)))", "mean(where(y == 1, x, relu(1 - x)))",
         "F.hinge_embedding_loss(x, y)"),
        ("mean(softplus(-y * x))", "F.soft_margin_loss(x, y)"),
        ("mean(where(y == 1, 1 - c, relu(c - margin))), of c = cosine_similarity(a, b)",
         "mean(where(one == 1, 1 - cosine_similarity(a, b), relu(cosine_similarity(a, b) - 0.1)))",
         "F.cosine_embedding_loss(a, b, one, 0.1)"),
        ("mean(relu(norm(a - p + eps, dim=-1) - norm(a - n + eps, dim=-1) + margin))",
         "mean(relu(norm(a - b + 1e-6, dim=-1) - norm(a - c + 1e-6, dim=-1) + 1))", "F.triplet_margin_loss(a, b, c)"),
        ("mean(relu(d(a, p) - d(a, n) + margin)), with the distance written out",
         "mean(relu(sum(abs(a - b), dim=1) - sum(abs(a - c), dim=1) + 1))",
         "F.triplet_margin_with_distance_loss(a, b, c, distance_function=lambda p, q: (p - q).abs().sum(1))"),
        ("binary_cross_entropy_with_logits(x, y)", "binary_cross_entropy_with_logits(x, t)",
         "F.multilabel_soft_margin_loss(x, t)"),
        ("cross_entropy(linear(x, W, b), y)", "cross_entropy(linear(x, w), k)",
         "F.cross_entropy(F.linear(x, w), k.long())"),
    ])


def make():
    elements()
    moves()
    sums()
    losses()
