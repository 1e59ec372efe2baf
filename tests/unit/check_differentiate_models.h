/* The models of check_differentiate.c: statements, and values of their run-time dims. */
static const struct {
    const char *statements;
    int64_t dims[2];
} models[] = {
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((relu(z)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((leaky_relu(z, 0.2)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((elu(z, 1.3)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((selu(z)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((celu(z, 0.7)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((gelu(z)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((gelu(z, approximate=\"tanh\")) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((silu(z)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((mish(z)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((softplus(z, 2, 5)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((hardtanh(z, -0.2, 0.3)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((clamp(z, -0.2, 0.3)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((clamp(z, min=0.1)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((relu6(z * 20)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((hardsigmoid(z * 9)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((hardswish(z * 9)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((logsigmoid(z)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((tanhshrink(z)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((hardshrink(z, 0.2)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((softshrink(z, 0.2)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((threshold(z, 0.1, 0.4)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((softsign(z)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((sigmoid(z)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((tanh(z)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((exp(z)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((log(z + 2)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((sqrt(z + 2)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((exp2(z)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((expm1(z)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((log2(z + 2)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((log10(z + 2)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((log1p(z)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((rsqrt(z + 2)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((reciprocal(z + 2)) * (z + 3))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((sin(z)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((cos(z)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((atan(z)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((erf(z)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((abs(z)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((-z) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((floor(z * 3)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((sign(z)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((z + x) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((z - x * 2) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((z * x) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((z / (x + 3)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(((z + 2) ** 1.5) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((z ** 3) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(((z + 2) ** (x + 1)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((2 ** z) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((max(z, x * 0.3)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((min(z, x * 0.3)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((where(x > 0, z, z * 3)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((softmax(z, dim=1)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((log_softmax(z, dim=0)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((cumsum(z, dim=1)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((flip(z, (0, 1))) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((roll(z, 1, 0)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum((transpose(view(z, 4, 3), 0, 1)) * (z + 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(sum(z, dim=0), 2)) + sum(z * 0.1)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(mean(z, dim=1), 2)) + sum(z * 0.1)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "v, _ = max(z, dim=1)\n"
     "loss l = sum(v * v)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "v, _ = min(z, dim=0)\n"
     "loss l = sum(v * v)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(prod(z, dim=1), 2)) + sum(z * 0.1)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(var(z, dim=1), 2)) + sum(z * 0.1)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(var(z, dim=0, unbiased=False), 2)) + sum(z * 0.1)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(std(z, dim=1), 2)) + sum(z * 0.1)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(norm(z, dim=1), 2)) + sum(z * 0.1)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(amax(z, dim=0), 2)) + sum(z * 0.1)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(logsumexp(z, dim=1), 2)) + sum(z * 0.1)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(max(z), 2)) + sum(z * 0.1)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(mean(z), 2)) + sum(z * 0.1)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(norm(z, 3, dim=1), 2)) + sum(z * 0.1)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(sum(z), 2)) + sum(z * 0.1)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(z[0], 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(z[1:3, 1], 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(z[:, ::2], 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(cat((z, x), dim=0), 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(stack((z, z * 2)), 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(pad(z, (1, 2)), 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(pad(z, (1, 2), mode=\"replicate\"), 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(expand(unsqueeze(z, 0), 2, 3, 4), 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(repeat(z, 2, 1), 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 3, 6]\n"
     "param w: float32[3, 6]\n"
     "y = pad(x * w, (2, 1), mode=\"reflect\")\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 3, 6]\n"
     "param w: float32[3, 6]\n"
     "y = pad(x * w, (2, 1), mode=\"replicate\")\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 3, 6]\n"
     "param w: float32[3, 6]\n"
     "y = pad(x * w, (2, 1), mode=\"circular\")\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"dim T = 1..9\n"
     "input x: float32[T, 4]\n"
     "input i: int32[T]\n"
     "param w: float32[3, 4]\n"
     "y = index_select(w, 0, i) * x\n"
     "loss l = sum(y * y)\n"
     "output dx = grad(l, x)",
     {5}},
    {"input x: float32[3, 4]\n"
     "input i: int32[3, 2]\n"
     "param w: float32[4]\n"
     "y = gather(x * w, 1, i)\n"
     "loss l = sum(y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[4]\n"
     "v, _ = topk(x * w, 2, dim=1)\n"
     "loss l = sum(v * v)\n"
     "output dx = grad(l, x)",
     {0}},
    {"dim T = 1..9\n"
     "input x: float32[T, 4]\n"
     "layer fc = Linear(4, 3)\n"
     "y = fc(x)\n"
     "loss l = mean(y * y * y)\n"
     "output dx = grad(l, x)",
     {4}},
    {"input x: float32[4]\n"
     "layer fc = Linear(4, 3, bias=False)\n"
     "loss l = sum(pow(fc(x), 2))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 3, 4]\n"
     "param w: float32[4, 5]\n"
     "y = matmul(x, w)\n"
     "loss l = sum(y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 3, 4]\n"
     "y = matmul(x, transpose(x, 1, 2))\n"
     "param w: float32[3, 3]\n"
     "loss l = sum(y * w)\n"
     "output dx = grad(l, x)",
     {0}},
    {"dim T = 1..9\n"
     "input x: int32[2, T]\n"
     "layer e = Embedding(4, 3)\n"
     "output y = e(x)\n"
     "loss l = sum(y * y)",
     {4}},
    {"input x: float32[5, 3, 4]\n"
     "layer n = LayerNorm((3, 4))\n"
     "y = n(x)\n"
     "loss l = sum(pow(y + 1, 3))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[5, 3]\n"
     "layer n = LayerNorm(3, elementwise_affine=False)\n"
     "param w: float32[3]\n"
     "loss l = sum(pow(n(x) * w + 1, 3))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[4, 3, 5]\n"
     "layer n = BatchNorm1d(3)\n"
     "y = n(x)\n"
     "loss l = sum(pow(y + 1, 3))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[4, 3]\n"
     "layer n = BatchNorm1d(3)\n"
     "y = n(x)\n"
     "loss l = sum(pow(y + 1, 3))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[4, 3, 5]\n"
     "layer n = BatchNorm1d(3)\n"
     "y = n(x)\n"
     "layer f = Linear(5, 2)\n"
     "loss l = sum(pow(f(y), 3))\n"
     "output dx = grad(l, x)\n"
     "train SGD(params=\"f.*\")",
     {0}},
    {"input x: float32[2, 4, 8]\n"
     "layer c = Conv1d(4, 6, 3)\n"
     "y = c(x)\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 4, 9]\n"
     "layer c = Conv1d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2)\n"
     "y = c(x)\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 3, 5]\n"
     "layer c = Conv1d(3, 3, 2, groups=3, bias=False)\n"
     "y = c(x)\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 4, 7]\n"
     "layer c = Conv1d(4, 2, 3, padding=\"same\")\n"
     "y = c(x)\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"dim T = 4..9\n"
     "input x: float32[1, 4, T]\n"
     "layer c = Conv1d(4, 5, 3, stride=2)\n"
     "y = c(x)\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {6}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input h0: float32[2, 2, 3]\n"
     "layer r = RNN(4, 3, 2)\n"
     "out, h = r(x, h0)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input lengths: int32[2]\n"
     "input h0: float32[2, 2, 3]\n"
     "layer r = RNN(4, 3, 2)\n"
     "out, h = r(x, h0, lengths=lengths)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input h0: float32[4, 2, 3]\n"
     "layer r = RNN(4, 3, 2, bidirectional=True)\n"
     "out, h = r(x, h0)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input lengths: int32[2]\n"
     "input h0: float32[4, 2, 3]\n"
     "layer r = RNN(4, 3, 2, bidirectional=True)\n"
     "out, h = r(x, h0, lengths=lengths)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input h0: float32[2, 2, 3]\n"
     "layer r = RNN(4, 3, 2, nonlinearity=\"relu\")\n"
     "out, h = r(x, h0)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input lengths: int32[2]\n"
     "input h0: float32[2, 2, 3]\n"
     "layer r = RNN(4, 3, 2, nonlinearity=\"relu\")\n"
     "out, h = r(x, h0, lengths=lengths)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input h0: float32[4, 2, 3]\n"
     "layer r = RNN(4, 3, 2, nonlinearity=\"relu\", bidirectional=True)\n"
     "out, h = r(x, h0)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input lengths: int32[2]\n"
     "input h0: float32[4, 2, 3]\n"
     "layer r = RNN(4, 3, 2, nonlinearity=\"relu\", bidirectional=True)\n"
     "out, h = r(x, h0, lengths=lengths)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input h0: float32[2, 2, 3]\n"
     "input c0: float32[2, 2, 3]\n"
     "layer r = LSTM(4, 3, 2)\n"
     "out, (h, c) = r(x, (h0, c0))\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3) + sum(c * c * 0.7)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)\n"
     "output dc0 = grad(l, c0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input lengths: int32[2]\n"
     "input h0: float32[2, 2, 3]\n"
     "input c0: float32[2, 2, 3]\n"
     "layer r = LSTM(4, 3, 2)\n"
     "out, (h, c) = r(x, (h0, c0), lengths=lengths)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3) + sum(c * c * 0.7)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)\n"
     "output dc0 = grad(l, c0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input h0: float32[4, 2, 3]\n"
     "input c0: float32[4, 2, 3]\n"
     "layer r = LSTM(4, 3, 2, bidirectional=True)\n"
     "out, (h, c) = r(x, (h0, c0))\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3) + sum(c * c * 0.7)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)\n"
     "output dc0 = grad(l, c0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input lengths: int32[2]\n"
     "input h0: float32[4, 2, 3]\n"
     "input c0: float32[4, 2, 3]\n"
     "layer r = LSTM(4, 3, 2, bidirectional=True)\n"
     "out, (h, c) = r(x, (h0, c0), lengths=lengths)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3) + sum(c * c * 0.7)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)\n"
     "output dc0 = grad(l, c0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input h0: float32[2, 2, 3]\n"
     "layer r = GRU(4, 3, 2)\n"
     "out, h = r(x, h0)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input lengths: int32[2]\n"
     "input h0: float32[2, 2, 3]\n"
     "layer r = GRU(4, 3, 2)\n"
     "out, h = r(x, h0, lengths=lengths)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input h0: float32[4, 2, 3]\n"
     "layer r = GRU(4, 3, 2, bidirectional=True)\n"
     "out, h = r(x, h0)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input lengths: int32[2]\n"
     "input h0: float32[4, 2, 3]\n"
     "layer r = GRU(4, 3, 2, bidirectional=True)\n"
     "out, h = r(x, h0, lengths=lengths)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input h0: float32[2, 2, 2]\n"
     "input c0: float32[2, 2, 3]\n"
     "layer r = LSTM(4, 3, 2, proj_size=2)\n"
     "out, (h, c) = r(x, (h0, c0))\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3) + sum(c * c * 0.7)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)\n"
     "output dc0 = grad(l, c0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input lengths: int32[2]\n"
     "input h0: float32[2, 2, 2]\n"
     "input c0: float32[2, 2, 3]\n"
     "layer r = LSTM(4, 3, 2, proj_size=2)\n"
     "out, (h, c) = r(x, (h0, c0), lengths=lengths)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3) + sum(c * c * 0.7)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)\n"
     "output dc0 = grad(l, c0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input h0: float32[4, 2, 2]\n"
     "input c0: float32[4, 2, 3]\n"
     "layer r = LSTM(4, 3, 2, proj_size=2, bidirectional=True)\n"
     "out, (h, c) = r(x, (h0, c0))\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3) + sum(c * c * 0.7)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)\n"
     "output dc0 = grad(l, c0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input lengths: int32[2]\n"
     "input h0: float32[4, 2, 2]\n"
     "input c0: float32[4, 2, 3]\n"
     "layer r = LSTM(4, 3, 2, proj_size=2, bidirectional=True)\n"
     "out, (h, c) = r(x, (h0, c0), lengths=lengths)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3) + sum(c * c * 0.7)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)\n"
     "output dc0 = grad(l, c0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input h0: float32[2, 2, 3]\n"
     "input c0: float32[2, 2, 3]\n"
     "layer r = LSTM(4, 3, 2, bias=False)\n"
     "out, (h, c) = r(x, (h0, c0))\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3) + sum(c * c * 0.7)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)\n"
     "output dc0 = grad(l, c0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input lengths: int32[2]\n"
     "input h0: float32[2, 2, 3]\n"
     "input c0: float32[2, 2, 3]\n"
     "layer r = LSTM(4, 3, 2, bias=False)\n"
     "out, (h, c) = r(x, (h0, c0), lengths=lengths)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3) + sum(c * c * 0.7)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)\n"
     "output dc0 = grad(l, c0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input h0: float32[4, 2, 3]\n"
     "input c0: float32[4, 2, 3]\n"
     "layer r = LSTM(4, 3, 2, bias=False, bidirectional=True)\n"
     "out, (h, c) = r(x, (h0, c0))\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3) + sum(c * c * 0.7)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)\n"
     "output dc0 = grad(l, c0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input lengths: int32[2]\n"
     "input h0: float32[4, 2, 3]\n"
     "input c0: float32[4, 2, 3]\n"
     "layer r = LSTM(4, 3, 2, bias=False, bidirectional=True)\n"
     "out, (h, c) = r(x, (h0, c0), lengths=lengths)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3) + sum(c * c * 0.7)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)\n"
     "output dc0 = grad(l, c0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input h0: float32[2, 2, 3]\n"
     "layer r = GRU(4, 3, 2, bias=False)\n"
     "out, h = r(x, h0)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input lengths: int32[2]\n"
     "input h0: float32[2, 2, 3]\n"
     "layer r = GRU(4, 3, 2, bias=False)\n"
     "out, h = r(x, h0, lengths=lengths)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input h0: float32[4, 2, 3]\n"
     "layer r = GRU(4, 3, 2, bias=False, bidirectional=True)\n"
     "out, h = r(x, h0)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)",
     {4}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input lengths: int32[2]\n"
     "input h0: float32[4, 2, 3]\n"
     "layer r = GRU(4, 3, 2, bias=False, bidirectional=True)\n"
     "out, h = r(x, h0, lengths=lengths)\n"
     "loss l = sum(out * out * out) + sum(h * h * 0.3)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)",
     {4}},
    {"dim T = 1..9\n"
     "input x: float32[T, 1, 4]\n"
     "layer r = LSTM(4, 3)\n"
     "out, _ = r(x)\n"
     "loss l = sum(pow(out, 3))\n"
     "output dx = grad(l, x)",
     {5}},
    {"dim T = 1..9\n"
     "input x: float32[T, 1, 4]\n"
     "layer r = GRU(4, 3)\n"
     "out, h = r(x)\n"
     "loss l = sum(pow(h, 3))\n"
     "output dx = grad(l, x)",
     {1}},
    {"input x: float32[2, 4]\n"
     "input h0: float32[2, 3]\n"
     "input c0: float32[2, 3]\n"
     "layer r = LSTMCell(4, 3)\n"
     "h, c = r(x, (h0, c0))\n"
     "h, c = r(x * 2, (h, c))\n"
     "loss l = sum(pow(h, 3)) + sum(c * c)\n"
     "output dx = grad(l, x)\n"
     "output dh0 = grad(l, h0)\n"
     "output dc0 = grad(l, c0)",
     {0}},
    {"input x: float32[2, 4]\n"
     "layer r = GRUCell(4, 3)\n"
     "h = r(x, r(x * 2))\n"
     "loss l = sum(pow(h, 3))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 4]\n"
     "layer r = RNNCell(4, 3)\n"
     "h = r(x, r(x * 2))\n"
     "loss l = sum(pow(h, 3))\n"
     "output dx = grad(l, x)",
     {0}},
    {"dim T = 1..9\n"
     "input x: int32[T]\n"
     "target y: int32[T]\n"
     "layer e = Embedding(3, 4)\n"
     "layer h = Linear(4, 3, bias=False) from \"e\"\n"
     "output o = h(e(x))\n"
     "loss l = cross_entropy(o, y)",
     {5}},
    {"input x: float32[4, 3]\n"
     "target y: float32[4, 3]\n"
     "param w: float32[3]\n"
     "z = x * w\n"
     "loss l = mse_loss(z, y) + l1_loss(z, y) + smooth_l1_loss(z, y, beta=0.5) + huber_loss(z, y, delta=0.3) + binary_cross_entropy(sigmoid(z), sigmoid(y)) + binary_cross_entropy_with_logits(z, y, pos_weight=(1.0, 2.0, 3.0))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[4, 3]\n"
     "target y: int32[4]\n"
     "param w: float32[3]\n"
     "z = x * w\n"
     "loss l = cross_entropy(z, y, weight=(1.0, 2.0, 0.5), label_smoothing=0.1) + nll_loss(log_softmax(z, dim=1), y, reduction=\"sum\")\n"
     "output dx = grad(l, x)",
     {0}},
    {"dim T = 1..9\n"
     "input x: float32[T, 2, 4]\n"
     "layer d = Dropout(0.3)\n"
     "layer r = LSTM(4, 3, 2, dropout=0.4)\n"
     "out, _ = r(d(x))\n"
     "loss l = sum(pow(d(out), 3))\n"
     "output dx = grad(l, x)",
     {5}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = broadcast_to(unsqueeze(z, 0), 2, 3, 4)\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = chunk(z, 2, dim=1)[1]\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = cosine_similarity(z, x + 1, dim=1)\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = dot(z[0], z[1])\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = bmm(unsqueeze(z, 0), transpose(unsqueeze(x, 0), 1, 2))\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = glu(z, dim=1)\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = masked_fill(z, x > 0, 0.5)\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = mm(z, transpose(z, 0, 1))\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = mv(z, x[0])\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = movedim(z, 0, 1)\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = narrow(z, 1, 1, 2)\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = normalize(z, dim=1)\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = flatten(z)\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = repeat_interleave(z, 2, dim=1)\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = select(z, 0, 1)\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = softmin(z, dim=1)\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = split(z, 2, dim=1)[0]\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = square(z)\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = squeeze(unsqueeze(z, 1), 1)\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = std(z, dim=1)\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = t(z)\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = take_along_dim(z, argmax(x, dim=1, keepdim=True), dim=1)\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = tile(z, (2, 1))\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = unbind(z, dim=0)[2]\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = eye(3) @ z\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = full_like(z, 2.0) * z\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = where(z > 0.1, z, 0.0)\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = where(x > 0, 1.0, z)\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = max(z, 0.1)\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = min(z, x)\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = layer_norm(z, (4,))\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = dot(flatten(z), flatten(z))\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = z[1:, ::2]\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = z[-1]\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = softmax(z @ transpose(x, 0, 1) * 0.5, dim=-1) @ z\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = prelu(z, w[0, 0:1])\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "y = batch_norm(z, x[0] * 0, x[0] * x[0] + 1)\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(z * z)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 3, 6, 5]\n"
     "layer c = Conv2d(3, 4, (3, 2), padding=1)\n"
     "y = relu(c(x))\n"
     "output o = y\n"
     "loss l = sum(y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 4, 6, 5]\n"
     "layer c = Conv2d(4, 4, 3, stride=2, groups=2)\n"
     "y = c(x)\n"
     "output o = y\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 4, 6]\n"
     "layer c = Conv1d(4, 3, 1)\n"
     "layer p = MaxPool1d(2)\n"
     "y = p(c(x))\n"
     "output o = y\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 4, 6]\n"
     "layer c = Conv1d(4, 3, 1)\n"
     "layer p = AvgPool1d(2)\n"
     "y = p(c(x))\n"
     "output o = y\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 4, 6]\n"
     "layer c = Conv1d(4, 3, 1)\n"
     "layer p = AvgPool1d(3, stride=1, padding=1)\n"
     "y = p(c(x))\n"
     "output o = y\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 4, 6]\n"
     "layer c = Conv1d(4, 3, 1)\n"
     "layer p = MaxPool1d(3, stride=2, padding=1)\n"
     "y = p(c(x))\n"
     "output o = y\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 4, 6]\n"
     "layer c = Conv1d(4, 3, 1)\n"
     "layer p = AdaptiveAvgPool1d(1)\n"
     "y = p(c(x))\n"
     "output o = y\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 4, 6]\n"
     "layer c = Conv1d(4, 3, 1)\n"
     "layer p = AdaptiveMaxPool1d(2)\n"
     "y = p(c(x))\n"
     "output o = y\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 3, 6, 4]\n"
     "layer c = Conv2d(3, 3, 1)\n"
     "layer p = MaxPool2d(2)\n"
     "y = p(c(x))\n"
     "output o = y\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 3, 6, 4]\n"
     "layer c = Conv2d(3, 3, 1)\n"
     "layer p = AvgPool2d(2)\n"
     "y = p(c(x))\n"
     "output o = y\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 4, 6]\n"
     "layer n = GroupNorm(2, 4)\n"
     "y = n(x)\n"
     "output o = y\n"
     "loss l = sum(pow(y + 1, 3))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 4, 6]\n"
     "layer n = InstanceNorm1d(4, affine=True)\n"
     "y = n(x)\n"
     "output o = y\n"
     "loss l = sum(pow(y + 1, 3))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 4]\n"
     "layer s = Sequential(Linear(4, 5), Tanh(), Linear(5, 3))\n"
     "y = s(x)\n"
     "output o = y\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[2, 4]\n"
     "layer p = PReLU(4)\n"
     "y = p(x)\n"
     "output o = y\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"dim T = 1..9\n"
     "input x: float32[2, T, 4]\n"
     "layer q = Linear(4, 4)\n"
     "layer k = Linear(4, 4)\n"
     "layer v = Linear(4, 4)\n"
     "a = softmax(matmul(q(x), transpose(k(x), 1, 2)) * 0.5, dim=-1)\n"
     "y = matmul(a, v(x))\n"
     "output o = y\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {5}},
    {"dim T = 1..9\n"
     "input x: float32[2, T, 4]\n"
     "layer r = GRU(4, 3, 2, batch_first=True, dropout=0.3, bidirectional=True)\n"
     "out, h = r(x)\n"
     "y = out[:, -1]\n"
     "output o = y\n"
     "loss l = sum(y * y * y) + sum(h * h)\n"
     "output dx = grad(l, x)",
     {5}},
    {"dim T = 3..9\n"
     "input x: float32[2, T, 4]\n"
     "input lengths: int32[2]\n"
     "layer r = LSTM(4, 5, 2, batch_first=True, proj_size=2, bidirectional=True)\n"
     "out, (h, c) = r(x, lengths=lengths)\n"
     "output o = out\n"
     "loss l = sum(out * out) + sum(c * h[0, 0, 0])\n"
     "output dx = grad(l, x)",
     {4}},
    {"dim T = 1..9\n"
     "input x: float32[T, 4]\n"
     "layer r = LSTM(4, 3)\n"
     "out, (h, c) = r(x)\n"
     "output o = out\n"
     "loss l = sum(out * out * out) + sum(c)\n"
     "output dx = grad(l, x)",
     {4}},
    {"input x: float32[4]\n"
     "layer r = GRUCell(4, 3)\n"
     "h = r(x)\n"
     "output o = h\n"
     "loss l = sum(h * h * h)\n"
     "output dx = grad(l, x)",
     {0}},
    {"dim T = 1..9\n"
     "input x: float32[T, 1, 4]\n"
     "layer r = LSTM(4, 3, activation=\"softsign\", recurrent_activation=\"hard_sigmoid\")\n"
     "out, _ = r(x)\n"
     "output o = out\n"
     "loss l = sum(out * out * out)\n"
     "output dx = grad(l, x)",
     {4}},
    {"dim T = 1..9\n"
     "input x: float32[T, 4]\n"
     "state h: float32[1, 3]\n"
     "layer r = RNNCell(4, 3)\n"
     "layer f = Linear(3, 3)\n"
     "h = r(x[0:1], h)\n"
     "y = f(h)\n"
     "output o = y\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {4}},
    /* so many gates that one row of them streams the matrix, in blocks of terms */
    {"dim T = 1..9\n"
     "input x: float32[T, 1, 4]\n"
     "layer r = LSTM(4, 101)\n"
     "out, _ = r(x)\n"
     "output o = out\n"
     "loss l = mean(out * out * out)\n"
     "output dx = grad(l, x)",
     {4}},
    {"dim T = 1..9\n"
     "input x: float32[T, 1, 4]\n"
     "input s: float32[1, 3]\n"
     "layer a = Linear(4, 3)\n"
     "layer b = Linear(3, 3)\n"
     "h = s\n"
     "repeat x_t in x {\n"
     "    h = tanh(a(x_t) + b(h))\n"
     "    collect hs = h * h\n"
     "}\n"
     "output o = hs\n"
     "loss l = sum(hs * hs * 0.5) + sum(h)\n"
     "output dx = grad(l, x)\n"
     "output ds = grad(l, s)",
     {4}},
    {"dim T = 1..9\n"
     "input x: float32[T, 2, 4]\n"
     "param g: float32[3]\n"
     "param m: float32[3, 3]\n"
     "param k: float32[2, 3]\n"
     "layer w = Linear(4, 12, bias=False)\n"
     "layer u = Linear(3, 12)\n"
     "layer n = LayerNorm(12)\n"
     "h = zeros(2, 3)\n"
     "c = ones(2, 3)\n"
     "repeat x_t in x {\n"
     "    z = n(w(x_t) + u(h))\n"
     "    c = sigmoid(z[:, 0:3]) * c + sigmoid(z[:, 3:6]) * tanh(z[:, 6:9]) * g\n"
     "    h = sigmoid(z[:, 9:12]) * tanh(c @ m) + k * c\n"
     "    collect hs = h\n"
     "}\n"
     "output o = hs\n"
     "loss l = sum(hs * hs * hs) + sum(c * g)\n"
     "output dx = grad(l, x)",
     {3}},
    {"dim N = 1..6\n"
     "dim T = 1..5\n"
     "input x: float32[N, T, 4]\n"
     "layer r = GRUCell(4, 3)\n"
     "layer v = LSTM(3, 2, num_layers=2)\n"
     "layer f = Linear(2, 3)\n"
     "h = zeros(3)\n"
     "repeat line in x {\n"
     "    w = h\n"
     "    repeat word in line {\n"
     "        w = r(word, w)\n"
     "        collect ws = w\n"
     "    }\n"
     "    out, (y, _) = v(unsqueeze(ws, 1))\n"
     "    h = f(y[1, 0]) + 0.1 * w\n"
     "    collect hs = h * sum(out)\n"
     "}\n"
     "output o = hs\n"
     "loss l = sum(hs * hs) + sum(h)\n"
     "output dx = grad(l, x)",
     {3, 4}},
    {"input x: float32[5, 4]\n"
     "param e: float32[6, 3]\n"
     "layer emb = Embedding(7, 3)\n"
     "layer f = Linear(3, 7)\n"
     "h = x[0, 0:3]\n"
     "word = zeros(1, dtype=int32)\n"
     "acc = 0.5\n"
     "repeat x_t in x {\n"
     "    h = tanh(h + x_t[0:3]) * e[2] + emb(word)[0]\n"
     "    s = f(h)\n"
     "    word = argmax(unsqueeze(s, 0), dim=1)\n"
     "    collect ss = s * x_t[3] * sum(e * e)\n"
     "}\n"
     "output o = ss\n"
     "loss l = sum(ss * ss)\n"
     "output dx = grad(l, x)",
     {0}},
    {"dim T = 3..9\n"
     "input x: float32[T, 2, 4]\n"
     "input lengths: int32[2]\n"
     "layer r = GRU(4, 3, reset_after=False, bidirectional=True)\n"
     "layer q = GRU(6, 3, reset_after=False, bias=False)\n"
     "a, h = r(x, lengths=lengths)\n"
     "out, _ = q(a)\n"
     "output o = out\n"
     "loss l = sum(out * out * out) + sum(h)\n"
     "output dx = grad(l, x)",
     {4}},
    {"input x: float32[1, 2, 80]\n"
     "layer c = Conv1d(2, 2, 70, padding=3)\n"
     "y = c(x)\n"
     "output o = y\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {0}},
    {"dim T = 2..9\n"
     "input x: float32[2, 4, T]\n"
     "layer c = ConvTranspose1d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2)\n"
     "layer b = ConvTranspose1d(6, 3, 2, dilation=2, bias=False)\n"
     "y = b(relu(c(x)))\n"
     "output o = y\n"
     "loss l = sum(y * y * y)\n"
     "output dx = grad(l, x)",
     {4}},
    {"input x: float32[2, 3, 4]\n"
     "param w: float32[2, 3, 4]\n"
     "z = x * w\n"
     "y = permute(z, (1, 2, 0))\n"
     "loss l = sum(y * y * permute(tanh(z), (1, 2, 0)))\n"
     "output dx = grad(l, x)",
     {0}},
    {"input x: float32[3, 4]\n"
     "param w: float32[3, 4]\n"
     "z = x * w\n"
     "loss l = sum(pow(norm(z, inf, dim=1), 2)) + sum(pow(norm(z, -inf, dim=0), 2)) + norm(z, inf)\n"
     "output dx = grad(l, x)",
     {0}},
    /* every step has the same gradient of out, which must not be written over */
    {"dim T = 2..9\n"
     "input x: float32[T, 1, 3]\n"
     "layer r = RNN(3, 5)\n"
     "layer q = LSTM(5, 4, proj_size=2)\n"
     "out, _ = r(x)\n"
     "both, _ = q(out)\n"
     "output o = both\n"
     "loss l = sum(pow(mean(out, dim=0), 3)) + sum(pow(mean(both, dim=0), 3))\n"
     "output dx = grad(l, x)",
     {4}},
    /* the gradient of what a layer gives lies turned, as a whole and in each round */
    {"dim T = 2..6\n"
     "input x: float32[T, 5]\n"
     "layer a = Linear(5, 9)\n"
     "layer b = Linear(9, 6)\n"
     "layer c = GRUCell(6, 6)\n"
     "layer d = Linear(6, 4)\n"
     "z = b(tanh(a(x)))\n"
     "h = zeros(3, 6)\n"
     "repeat z_t in z {\n"
     "    h = c(expand(z_t, 3, 6), h)\n"
     "    collect ds = d(h)\n"
     "}\n"
     "output o = z\n"
     "turned = permute(ds, (1, 2, 0))\n"
     "loss l = mean(log_softmax(t(z), dim=0)[1]) + sum(softmax(turned, dim=1) * turned)\n"
     "output dx = grad(l, x)",
     {4}},
    {"dim T = 2..9\n"
     "input x: float32[T, 1, 3]\n"
     "layer r = RNN(3, 5)\n"
     "out, _ = r(x)\n"
     "output o = out\n"
     "loss l = sum(pow(mean(out, dim=0), 3))\n"
     "output dx = grad(l, x)",
     {4}},
    {"input x: float32[4, 3]\n" /* what is detached has no gradient: alone, within a loop, and carried */
     "layer a = Linear(3, 3)\n"
     "layer b = Linear(3, 3)\n"
     "layer frozen = Linear(3, 3)\n"
     "z = tanh(a(x))\n"
     "h = zeros(3)\n"
     "k = ones(3)\n"
     "repeat z_t in z {\n"
     "    h = tanh(b(z_t + h) * detach(sigmoid(b(h)))) + detach(h)\n"
     "    k = detach(k * z_t + h)\n"
     "    collect hs = h * k\n"
     "}\n"
     "output o = z\n"
     "straight = z + detach(round(z * 4) / 4 - z)\n"
     "loss l = sum(hs) + sum(straight * straight) + sum(detach(z) * z) + sum(detach(frozen(z)))\n"
     "output dx = grad(l, x)\n"
     "output dz = grad(l, straight)",
     {0}},
    /* a matrix so large that rounds go through its panels in turns; the last of them is narrow */
    {"dim T = 2..4\n"
     "input x: float32[T, 1, 2]\n"
     "layer r = RNN(2, 372)\n"
     "out, _ = r(x)\n"
     "output o = out\n"
     "loss l = sum(pow(mean(out, dim=2), 3))\n"
     "output dx = grad(l, x)",
     {3}},
};
