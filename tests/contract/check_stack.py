"""How much stack the generated code takes: it does not grow with bounds, and each kind of kernel has a limit."""
from check_code import WIDE
from kit import long, need

# tiles of several rows and of more terms than a block has, and what is summed up by columns
BLOCKS = """model blocks {
    dim T = 1..64
    input x: float32[T, 300]
    input w: float32[300, 70]
    input s: float32[70, 80]
    layer a = Linear(300, 70)
    layer b = Conv1d(70, 24, 5)
    output p = a(x)
    output q = matmul(x, w)
    output r = b(s)
    output m = mean(x, dim=0)
    output e = softmax(x, dim=0)
}
"""

# tiles of int8 sums, in registers and at their places, of a layer, a step, and a batch
CODES = """model codes {
    dim T = 1..64
    input x: float32[T, 7, 40]
    layer a = Linear(40, 100)
    layer l = GRU(100, 45)
    layer r = RNN(45, 70)
    o, _ = l(a(x))
    p, _ = r(o[:, :1])
    output p
}
"""


# functions whose constants compilers keep, of elements and of what is summed up, by rows and by columns
FUNCTIONS = """model functions {
    dim T = 1..640
    input x: float32[T, 40]
    output e = (exp(x) + gelu(x) + sigmoid(x) + softplus(x) + log(abs(x) + 1) + cos(x) + erf(x) + tanh(x) + mish(x) +
               selu(x) +
               elu(x) + logsigmoid(x) + expm1(x) + log1p(abs(x)) + silu(x) + pow(abs(x), 0.3) + atan(x) + exp2(x) +
               log2(abs(x) + 2))
    output f = tanh(x) * sigmoid(x) + gelu(x) * log(abs(x) + 1) + sin(x) + erf(x)
    output g = gelu(erf(atan(tanhshrink(celu(x)))))
    output r = softmax(exp(x) + gelu(x) * log(abs(x) + 1) + sin(x) + cos(x) + erf(x), dim=1)
    output m = sum(sin(x), dim=0)
    output s = mean(gelu(x) + log1p(abs(x)), dim=1)
}
"""


# functions of a convolution's sums, with and without maxima of windows; tiles of few terms, whose weights compilers
# would keep
FOLLOWED = ("model followed {\n  dim T = 20..64\n  input x: float32[1, 7, T]\n  input z: float32[1, 3, 34, 34]\n"
            "  input s: float32[T, 1, 16]\n"
            "  layer a = Conv1d(7, 16, 3)\n  layer b = Conv1d(7, 16, 3)\n  layer n = BatchNorm1d(16)\n"
            "  layer c = Conv2d(3, 8, 3)\n"
            "  layer d = Conv1d(7, 64, 3, padding=1)\n  layer l = LSTM(16, 64)\n  output y = silu(n(a(x)))\n"
            "  output v = erf(b(x))\n"
            "  output w = max_pool2d(gelu(c(z)), 2)\n  output u = d(x)\n  o, _ = l(s)\n  output o\n}\n")


# windows gathered for int8 weights, with one channel and many, and what steps over them; a step of two products; rows
# of a batch
GATHERED = ("model gathered {\n  dim T = 100..300\n  input x: float32[2, 40, T]\n  input o: float32[2, 1, 100]\n"
            "  input z: float32[1, 16, 15, 40]\n"
            "  layer a = Conv1d(40, 16, 5, stride=2)\n  layer b = Conv1d(1, 40, 31)\n"
            "  layer c = Conv2d(16, 32, 3, stride=2)\n  layer d = Conv1d(40, 24, 31, padding=15, dilation=2)\n"
            "  output p = a(x)\n  output q = b(o)\n  output r = c(z)\n  output s = d(x)\n}\n")
STEPPED = ("model stepped {\n  input x: float32[3, 33, 12]\n  input z: float32[1, 40]\n  layer a = LSTM(12, 64)\n"
           "  layer b = LSTMCell(40, 48)\n  y, _ = a(x)\n  h, c = b(z)\n  output y, h, c\n}\n")

# so many calls that one function of all would keep too many addresses
MANY = ("model many {\n    input x: float32[24]\n    v0 = roll(x, 1)\n"
        + "".join(f"    v{i} = roll(v{i - 1}, {1 + i % 23})\n" for i in range(1, 150))
        + "".join(f"    output s{i} = " + " + ".join(f"v{j}" for j in range(i, 150, 15)) + "\n" for i in range(15))
        + "}\n")

# what calls libm for some lanes: no constant stays in a register meanwhile, and each takes a vector of the stack
SINES = """model sines {
    dim T = 1..640
    input x: float32[T, 40]
    input z: float32[T, 40]
    output s = sin(x)
    output c = sum(cos(x), dim=1)
    output g = where(sin(x) > cos(z), x, z)
}
"""


def stack_within(t, cc, level, what, limit, wide_limit=None):
    """Of model.c: every function's stack is constant, and within the limit, or that of wide bodies."""
    t.object("model.c", cc, (level, "-fstack-usage"))
    for line in t.read("model.su").splitlines():
        place, size, kind = line.split("\t")
        most = wide_limit if wide_limit and place.endswith(("_v8", "_v16")) else limit
        need(kind in ("static", "dynamic,bounded") and int(size) <= most,
             f"{cc} {level}, {what}: {place} takes {size} bytes of stack, {kind}")


def check_stack_is_constant(t):
    """No VLA; a function's stack is bounded: 1 KiB from -Og, -Os and -O1 up (2 KiB in wide bodies by clang and at -Og),
    8 KiB at -O0."""
    for target, compilers in (("all", ("gcc", "clang")), ("c", ("gcc", "clang"))):
        t.model(WIDE + BLOCKS, "--target", target)
        for i, cc in enumerate(compilers):
            few = ("-O0", "-Og", "-Os", "-O1")[i::2] if target == "c" else ("-O0",)
            for level in ("-O0", "-Og", "-Os", "-O1") if t.everything else few:
                stack_within(t, cc, level, f"--target {target}", 8192 if level == "-O0" else 1024,
                             2048 if level == "-Og" or (cc == "clang" and level != "-O0") else None)


@long
def check_stack_of_kernels(t):
    """1 KiB of stack are enough, too, for sums that wait at their places, windows, and functions whose constants
    compilers would keep."""
    both = ("gcc", "clang")
    for model, weights, target, compilers, levels in (
            (WIDE + BLOCKS, "float32", "x86-64-v4", ("gcc",), ("-O1",)),
            (BLOCKS, "float32", "x86-64-v4", both, ("-O2", "-Os", "-O1", "-O3")),
            (CODES, "int8", "x86-64-v4", both, ("-O2", "-O1", "-Os")),
            (FUNCTIONS, "float32", "x86-64-v3", both, ("-O1", "-O2", "-Os")),
            (FUNCTIONS, "float32", "x86-64-v4", ("gcc",), ("-O1", "-Os")),
            (SINES, "float32", "x86-64-v4", ("clang",), ("-O2", "-O1", "-O3")),
            (BLOCKS, "int8", "baseline", ("clang",), ("-O3", "-O2")),
            (GATHERED, "int8", "x86-64-v4", ("clang",), ("-O3", "-O2", "-O1")),
            (STEPPED, "int16", "x86-64-v3", ("clang",), ("-O3", "-O2", "-O1")),
            (FOLLOWED, "float32", "x86-64-v4", both, ("-O2", "-O1")),
            (FOLLOWED, "float32", "x86-64-v3", ("clang",), ("-O2", "-O1")),
            (MANY, "float32", "baseline", ("gcc",), ("-O2",))):
        t.model(model, "--target", target, "--weights-type", weights)
        for cc in compilers if t.everything else compilers[:1]:
            for level in levels if t.everything else levels[:1]:
                stack_within(t, cc, level, f"{weights}, --target {target}", 1024)
