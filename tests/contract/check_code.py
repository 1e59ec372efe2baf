"""The generated code: languages and warnings, what it may use, memory, determinism, readability."""
import os
import re
import shutil

import strict
from kit import TOP, long, need, safetensors, sizeof

# one of every family of operators, all sizes odd
WIDE = """model wide {
    dim T = 6..40
    dim B = 1..3
    input ids: int32[B, T]
    input x: float32[B, T, 7]
    input n: int32[B]
    state h: float32[3]
    layer table = Embedding(23, 7, max_norm=1.5)
    layer conv = Conv1d(7, 9, 3, padding=1, groups=1)
    layer norm = LayerNorm(9)
    layer bn = BatchNorm1d(9)
    layer lstm = LSTM(9, 17, num_layers=2, batch_first=True, bidirectional=True, proj_size=5)
    layer gru = GRU(10, 6, batch_first=True)
    layer rnn = RNN(6, 13, batch_first=True, nonlinearity="relu")
    layer cell = LSTMCell(13, 3)
    layer head = Linear(6, 5)
    e = table(ids) + x
    c = bn(relu(conv(transpose(e, 1, 2))))
    a, (hn, _) = lstm(norm(transpose(c, 1, 2)), lengths=n)
    g, _ = gru(a)
    r, _ = rnn(g)
    last, _ = cell(r[:, -1])
    h = h * 0.5 + mean(last, dim=0)
    s = softmax(head(g), dim=-1)
    k = matmul(s, transpose(s, 1, 2))
    p = pad(transpose(s, 1, 2), (2, 1), mode="reflect")
    output y = log_softmax(s, dim=1)
    output pick = argmax(s, dim=-1)
    output z = cat((sum(k, dim=1), max(k, dim=2)), dim=1)
    output q = clamp(exp(p) - gelu(p) * sigmoid(p) + softplus(p) / sqrt(abs(p) + 1), -3, 3)
    output o = one_hot(ids, num_classes=23)
    output last, hn
}
"""
SMALL = """model tiny {
    dim T = 1..16
    input x: float32[T, 1, 4]
    layer lstm = LSTM(4, 6)
    layer fc = Linear(6, 2)
    out, (h, c) = lstm(x)
    output y = fc(out)
    output h, c
}
"""


def golden_models():
    """(name, .nn path) of all goldens and samples."""
    for parent in ("tests/golden", "samples"):
        for folder, _, files in sorted(os.walk(os.path.join(TOP, parent))):
            for f in sorted(files):
                if f.endswith(".nn") and "build" not in folder:
                    yield os.path.join(folder, f)


def check_languages_and_warnings(t):
    """C99 that is also valid C++11, free of the warnings that docs/generated-code.md names, in gcc and clang
    (`-Wc++-compat`; the header as C++ also of -Wold-style-cast), with and without vector extensions, and no VLA."""
    t.model(WIDE, "--target", "all", name="wide")
    t.model(WIDE, "--target", "c", "--standalone", name="alone")
    models = ["wide.c", "alone.c"]
    for i, path in enumerate(golden_models()):
        shutil.copy(path, t.path(f"m{i}.nn"))
        t.nnc(f"m{i}.nn", "-o", f"m{i}.c", "--random-weights", "3")
        models.append(f"m{i}.c")
    need(len(models) > 5, "no goldens and samples found")
    ways = t.ways(("c99", "c++11"))
    for k, (cc, std) in enumerate(ways):
        flags = strict.STRICT + ["-fsyntax-only", "-Walloca"]
        flags += [] if "++" in std else ["-Wstrict-prototypes", "-Wmissing-prototypes"]
        for model in models if t.everything else models[k::len(ways)]:
            t.object(model, cc, flags, std)
        for model in ("wide.c", "m0.c"):
            t.object(model, cc, [*flags, "-DNNC_PLAIN_C"], std)
    t.write("header.cpp", '#include "wide.h"\n')
    for cc in t.compilers:
        t.call(t.compiler(cc, "c++11") + strict.HEADER_AS_CXX + ["-fsyntax-only", "header.cpp"])


def check_headers_stand_alone(t):
    """Headers compile by themselves, in C and C++, and twice."""
    t.model(WIDE)
    t.write("alone.c", '#include "model.h"\n#include "model.h"\nint alone(void);\n'
                       'int alone(void) { return nnc_status_string(NNC_OK) != 0; }\n')
    for cc, std in t.ways(("c99", "c++11")):
        t.object("alone.c", cc=cc, std=std)


@long
def check_every_macro_is_used(t):
    """The C defines no macro that it does not use, whatever the model is made of and whatever it is generated for."""
    head = "    dim T = 1..9\n    input x: float32[T, 1, 40]\n"
    kinds = {"plain": head + "    output y = relu(x)\n",
             "moved": head + "    output y = view(x, T * 40)\n",
             "chosen": head + "    input i: int32[T]\n    output y = x[:, 0, 3] * i\n",
             "integers": "    dim T = 1..9\n    input i: int32[T]\n    output y = i // 2\n    output z = i % 3\n",
             "sums": head + "    output y = softmax(x, -1)\n    output s = sum(x, 0)\n    output i = argmax(x, 2)\n",
             "products": head + "    layer l = Linear(40, 33){0}\n    output y = l(x)\n"
                                "    output z = x[:, 0] @ t(x[:, 0])\n",
             "recurrent": head + "    layer l = LSTM(40, 17){0}\n    y, _ = l(x)\n    output y\n",
             "trained": head + "    target g: float32[T, 1, 7]\n    layer l = GRU(40, 7)\n    y, _ = l(x)\n"
                               "    output y\n    loss e = mse_loss(y, g)\n    train Adam()\n"}
    for name, body in kinds.items():
        for kept in ("", " as int8", " as int16") if "{0}" in body else ("",):
            t.write("m.nn", "model m {\n" + body.format(kept) + "}\n")
            for target in ("all", "baseline", "scalar", "x86-64-v3", "x86-64-v4"):
                t.nnc("m.nn", "-o", "m.c", "--random-weights", "1", "--standalone", "--target", target)
                arch = {"x86-64-v3": ["-march=haswell"], "x86-64-v4": ["-march=skylake-avx512"]}.get(target, [])
                t.call(["gcc", "-E", "-Wunused-macros", "-Werror", *arch, "m.c", "-o", "m.i"])


def check_what_it_calls(t):
    """No malloc, no VLA, no I/O; `libm` at most. No recursion: the call graph has no cycle, and nothing is called
    through a pointer."""
    allowed = re.compile(
        r"mem(cpy|set|move|cmp)$|(exp|expm1|log|log1p|sqrt|tanh|erf|pow|fabs|copysign|fmax|fmin|floor|ceil|"
        r"fma|fmod|cbrt)f?$|_GLOBAL_OFFSET_TABLE_$|__stack_chk_fail$|"
        r"__cpu_(model|indicator_init)$")  # of the C compiler: __builtin_cpu_supports
    t.model(WIDE, "--target", "all")
    for cc, flags in t.ways((["-O0"], ["-O0", "-DNNC_PLAIN_C"])):  # an optimiser leaves fewer calls
        t.object("model.c", cc=cc, flags=[*flags, *["-fcallgraph-info"] * (cc == "gcc")])
        for line in t.call(["nm", "-u", "model.o"]).out.decode().splitlines():
            need(allowed.match(line.split()[-1]), f"{cc} {' '.join(flags)}: the model uses {line.split()[-1]}")
        if cc == "gcc":
            need_no_recursion(t.read("model.ci"))
    code = t.read("model.c")
    need(set(re.findall(r"#include (\S+)", code + t.read("model.h"))) <=
         {'"model.h"', '"nnc_runtime.h"', "<stddef.h>", "<stdint.h>"}, "other headers are included")


def need_no_recursion(graph):
    """Of a call graph as gcc writes it."""
    edges = {}
    for a, b in re.findall(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"', graph):
        need("__indirect_call" not in b, f"{a} calls through a pointer")
        edges.setdefault(a, set()).add(b)
    need(len(edges) > 10, "no call graph")
    done, open_ = set(), set()

    def visit(f):
        need(f not in open_, f"{f} calls itself")
        if f not in done:
            open_.add(f)
            for g in edges.get(f, ()):
                visit(g)
            open_.remove(f)
            done.add(f)

    for f in list(edges):
        visit(f)


# gcc's -O2 knows the sizes of these panels, and warned that the loop behind the last four rows might never end
TRAINED = """model g {
    input x: float32[6, 3, 12]
    target y: int32[6]
    layer conv = Conv1d(3, 8, 3, bias=False)
    layer bn = BatchNorm1d(8)
    layer gru = GRU(8, 10, batch_first=True)
    layer head = Linear(10, 2)
    out, _ = gru(transpose(relu(bn(conv(x))), 1, 2))
    output z = head(out[:, -1])
    loss l = cross_entropy(z, y)
    train AdamW(lr=0.01)
}
"""


@long
def check_warnings_of_training_at_O2(t):
    """Optimisers warn of what they find: also in the packing of trained weights of constant sizes."""
    t.model(TRAINED, "--target", "all")
    t.object("model.c", cc="gcc", flags=("-O2",))


CHUNKED = {
    "tagger": ("T", "    input ids: int32[T]\n    layer e = Embedding(9, 6)\n    layer l = LSTM(6, 17)\n"
                    "    layer fc = Linear(17, 3)\n    out, _ = l(e(ids))\n    output y = softmax(fc(out), dim=-1)\n"),
    "batch first":
    ("T", "    input x: float32[2, T, 5]\n    layer l = LSTM(5, 9, batch_first=True)\n    layer fc = Linear(9, 3)\n"
          "    out, _ = l(x)\n    output y = log_softmax(fc(out), dim=-1)\n"),
    "two layers": ("T", "    input x: float32[T, 1, 5]\n    layer l = GRU(5, 7, num_layers=2)\n    out, h = l(x)\n"
                        "    output y = relu(out)\n    output h\n"),
    "elementwise":
    ("T", "    input x: float32[T]\n    input z: float32[T]\n    output y = tanh(x * z + 1) / (2 + abs(z))\n"),
    "batch":
    ("T", "    input x: float32[7, T, 5]\n    layer l = LSTM(5, 6)\n    layer fc = Linear(6, 2)\n    out, _ = l(x)\n"
          "    output y = fc(out[-1])\n"),
    "pedal": ("T", "    input x: float32[T]\n    state h: float32[1, 1, 20]\n    state c: float32[1, 1, 20]\n"
                   "    layer l = LSTM(1, 20)\n"
                   "    layer fc = Linear(20, 1)\n    out, (h, c) = l(view(x, T, 1, 1), (h, c))\n"
                   "    output y = view(fc(out), T) + x\n"),
    "last step":
    ("T", "    input x: float32[T, 4]\n    layer l = LSTM(4, 6)\n    out, _ = l(x)\n    output y = out[-1]\n"),
    "last step, batch first":
    ("T", "    input x: float32[3, T, 4]\n    layer l = LSTM(4, 6, batch_first=True)\n    out, _ = l(x)\n"
          "    output y = out[:, -1]\n"),
    "linear stack": ("T", "    input x: float32[T, 11]\n    layer a = Linear(11, 13)\n    layer b = Linear(13, 3)\n"
                          "    output y = sigmoid(b(relu(a(x))))\n"),
    "norm": ("T", "    input x: float32[T, 11]\n    layer a = LayerNorm(11)\n    layer b = Linear(11, 3)\n"
                  "    output y = b(a(x)) * 2\n    output best = argmax(b(x), dim=1)\n"),
    "both":
    ("T", "    dim B = 1..%d\n    input x: float32[T, B, 5]\n    layer l = RNN(5, 4)\n    layer fc = Linear(4, 2)\n"
          "    out, _ = l(x)\n    output y = fc(out)\n"),
    "lengths": ("T", "    input x: float32[T, 2, 5]\n    input n: int32[2]\n    layer l = GRU(5, 4)\n"
                     "    out, h = l(x, lengths=n)\n    output y = out * 2\n    output h\n"),
}


def check_chunks_do_not_grow(t):
    """What can be worked off in chunks does not grow with a dim's bound."""
    grown = []
    for what, (_, body) in CHUNKED.items():
        sizes = []
        for bound in (100, 1000000):
            # with two dims B stands outside of the chunks of T: its state grows with B, so only T's bound is raised
            text = body % 4 if "%d" in body else body
            t.model("model m {\n    dim T = 1..%d\n%s}\n" % (bound, text))
            sizes += sizeof(t, "m")
        if sizes[0] != sizes[1]:
            grown.append(f"{what}: {sizes[0]} -> {sizes[1]} bytes")
    need(not grown, "grown with T's bound from 100 to 1000000: " + "; ".join(grown))


def check_generous_bounds_compile(t):
    """What cannot be held in memory is a compile-time error, not an overflow; what is chunked may have any bound."""
    t.model("model m {\n    dim T = 1..200000000\n    dim B = 1..3\n    input x: float32[B, T, 2]\n"
            "    layer fc = Linear(2, 3)\n    output y = relu(fc(x))\n}\n")
    need(sizeof(t, "m")[0] < 1 << 20, "200 million rows take more than 1 MiB")
    for bound in ("9223372036854775807", "4611686018427387904"):
        t.refused(f"model m {{\n    dim T = 1..{bound}\n    input x: float32[T, 8]\n"
                  f"    layer l = LSTM(8, 8, bidirectional=True)\n"
                  "    out, _ = l(x)\n    output y = softmax(out, dim=0)\n}\n", r"refused.nn:\d+:\d+: error:")


def check_large_runs_are_right(t):
    """What can be worked off in chunks is right whatever the chunks: one run of 100000 steps, and runs of other
    lengths, give the same bits."""
    t.model("model m {\n    dim T = 1..1000000\n    input x: float32[T, 1, 3]\n    state h: float32[1, 1, 5]\n"
            "    layer l = GRU(3, 5)\n"
            "    layer fc = Linear(5, 2)\n    out, h = l(x, h)\n    output y = softmax(fc(out), dim=-1)\n}\n")
    t.write("main.c", '''#include "model.h"
#include "contract.h"
enum { T = 100000 };
static float x[T * 3], y[T * 2], z[T * 2];
int main(void)
{
    static m self;
    static const size_t sizes[] = {1, 17, 64, 1000, 33333};
    size_t i, at;
    fill(x, T * 3, 6);
    m_reset(&self);
    CHECK(m_run(&self, T, x, y) == NNC_OK);
    for (i = 0; i < 5; i++) {
        m_reset(&self);
        for (at = 0; at < T; at += sizes[i])
            CHECK(m_run(&self, at + sizes[i] < T ? sizes[i] : T - at, x + at * 3, z + at * 2) == NNC_OK);
        CHECK(memcmp(y, z, sizeof y) == 0);
    }
    return 0;
}
''')
    t.everywhere(["main.c", "model.c"], flags=("-O3", "-march=native"))


def check_same_input_same_bytes(t):
    """The same input gives the same bytes: no date, no path, no address, no hash order."""
    t.write("a/wide.nn", WIDE)
    t.write("another_place/b/wide.nn", WIDE)
    os.makedirs(t.path("c/d"))
    args = ("--random-weights", "5", "--standalone")
    t.nnc("a/wide.nn", "-o", "a/out.c", *args)
    want = [t.read("a/out.c"), t.read("a/out.h")]
    env = dict(os.environ)
    for i, (cwd, source, out, more) in enumerate((
            (t.path("another_place"), "b/wide.nn", t.path("c/d/out.c"), {}),
            (t.path("c/d"), t.path("a/wide.nn"), "out.c",
             {"TZ": "Asia/Tokyo", "HOME": "/", "USER": "somebody", "TMPDIR": t.path("c")}),
            (t.folder, "./a/../a/wide.nn", "c/out.c",
             {"LC_ALL": "de_DE.UTF-8", "LANG": "tr_TR.UTF-8", "SOURCE_DATE_EPOCH": "1"}),
            ("/", t.path("a/wide.nn"), t.path("c/out.c"), {"LC_ALL": "C", "MALLOC_PERTURB_": "165"}),
            (t.folder, "a/wide.nn", "c/out.c",
             {"LC_ALL": "C.utf8", "MALLOC_PERTURB_": "90", "MALLOC_ARENA_MAX": "1"}))):
        t.nnc(source, "-o", out, *args, cwd=cwd, env={**env, **more})
        place = os.path.join(cwd, out)
        with open(place) as c, open(place[:-1] + "h") as h:
            need([c.read(), h.read()] == want, f"way {i} of running nnc gives other bytes")
    for text in want:
        for word in (t.folder, "another_place", os.path.basename(t.folder), "/usr/", "/home/", "/tmp/",
                     os.uname().nodename):
            whole = r"\b%s\b" if word.isalnum() else "%s"  # a computer may be called like a part of a word
            need(word == "" or not re.search(whole % re.escape(word), text), f"the output holds {word}")
        need(not re.search(r"\b20[2-9]\d-\d\d|\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) |__DATE__|__TIME__", text),
             "the output holds a date")


def check_banner(t):
    """A banner names nnc's version, the source file's base name and the options that change the code."""
    version = t.nnc("--version").out.decode().strip()
    t.write("sub/small.nn", SMALL)
    for options in ((), ("--unroll", "8"), ("--standalone",), ("--standalone", "--unroll", "0")):
        args = [*options, "--random-weights", "7"]
        t.nnc("sub/small.nn", "-o", "out.c", *args)
        for file in ("out.c", "out.h"):
            banner = t.read(file).split("*/")[0]
            need(banner.startswith("/*") and version in banner and "small.nn" in banner and "sub" not in banner, banner)
            for o in args:
                need(o in banner, f"{file} does not name {o}:\n{banner}")
            need("0BSD" in banner, "no licence")
            need(("--unroll" in banner) == ("--unroll" in args), banner)


def check_it_reads_as_if_written(t):
    """It reads as if a person had written it: a comment at each layer with its shapes, names from the `.nn` file, named
    constants, no braces or empty lines for nothing."""
    for path in golden_models():
        shutil.copy(path, t.path("m.nn"))
        for target in ("all", "scalar"):
            t.nnc("m.nn", "-o", "m.c", "--random-weights", "3", "--target", target)
            for file in ("m.c", "m.h"):
                code, of = t.read(file), f"{file} of {os.path.relpath(path, TOP)}, {target}"
                need("\n\n\n" not in code, f"{of}: two empty lines")
                need(not re.search(r"\{\n( *)    \{\n(\1     .*\n|\n)*\1    \}\n\1\}", code),
                     f"{of}: braces around braces")
    t.model(WIDE)
    code = t.read("model.c")
    for layer in ("table", "conv", "norm", "lstm", "gru", "rnn", "cell", "head"):
        near = [m.start()
                for m in re.finditer(r"^(?:NNC_APART )?static [\w *]+?\bwide_%s\w*\(|^static const float wide_%s\w*\["
                                     % (layer, layer), code, re.M)]
        need(near, f"no function or table of {layer}")
        above = [code[:at].rstrip().rsplit("\n\n", 1)[-1] for at in near]
        need(any("/*" in a and re.search(r"\[[^\]]*\d", a) for a in above),
             f"no comment with shapes above the code of {layer}")
    run = code[code.index("nnc_status wide_run("):]
    for name in ("ids", "last", "hn", "WIDE_T_MIN", "WIDE_B_MAX"):
        need(re.search(rf"\b{name}\b", run), f"wide_run does not use the name {name}")
    longest = max(len(l) for l in code.splitlines())
    need(longest <= 120, f"a line of {longest} columns")
    need("\t" not in code and not re.search(r" +$", code, re.M), "tabs, or blanks at a line's end")


def check_unroll(t):
    """Loops are unrolled in the C itself; `--unroll` sets how far: it changes the code, and no bit of the result."""
    t.write("main.c", '''#include "model.h"
#include "contract.h"
static float x[16 * 4], y[16 * 2], h[6], c[6];
int main(void)
{
    static tiny self;
    fill(x, 64, 8);
    tiny_reset(&self);
    CHECK(tiny_run(&self, 16, x, y, h, c) == NNC_OK);
    print_bits(y, 32);
    print_bits(c, 6);
    return 0;
}
''')
    lines, want = [], None
    for n in (0, 8, 40, 1024):
        lines.append(t.model(SMALL, "--unroll", str(n)).count("\n"))
        if n == 0:
            want = t.everywhere(["main.c", "model.c"], flags=("-O1", "-DNNC_PLAIN_C"))
        want = t.everywhere(["main.c", "model.c"], flags=("-O1",), expect=want)
    need(lines[0] < lines[-2] < lines[-1], f"lines of code by --unroll 0, 8, 40, 1024: {lines}")


def check_plain_c_path(t):
    """Compilable by any C99 compiler, with a plain-C path where vector extensions are missing; and where float
    arithmetic is IEEE's its results are the same to the bit."""
    t.model(WIDE, "--unroll", "0")
    t.write("main.c", '''#include "model.h"
#include "contract.h"
enum { T = 13, B = 3 };
static float x[B * T * 7], y[B * T * 5], z[B * 2 * T], q[B * 5 * (T + 3)], o[B * T * 23], last[B * 3], hn[4 * B * 5];
static int32_t ids[B * T], n[B] = {13, 1, 7}, pick[B * T];
int main(void)
{
    static wide self;
    fill(x, B * T * 7, 2);
    fill_ids(ids, B * T, 23, 3);
    wide_reset(&self);
    CHECK(wide_run(&self, T, B, ids, x, n, y, pick, z, q, o, last, hn) == NNC_OK);
    print_bits(y, B * T * 5);
    print_bits(z, B * 2 * T);
    print_bits(last, B * 3);
    print_bits(hn, 4 * B * 5);
    print_bits(q, B * 5 * (T + 3));
    return 0;
}
''')
    for cc in t.compilers:
        a, b = (t.run(["main.c", "model.c"], cc=cc, flags=["-O0", *plain]) for plain in ([], ["-DNNC_PLAIN_C"]))
        need(a == b, f"{cc}: -DNNC_PLAIN_C gives other bits")
    # what a C99 compiler that is neither gcc nor clang would see, with headers that use no extension
    t.write("std/stddef.h", "#ifndef D\n#define D\ntypedef unsigned long size_t;\n#define NULL ((void *)0)\n#endif\n")
    integers = {"int16_t": "short", "int32_t": "int", "uint8_t": "unsigned char", "uint16_t": "unsigned short",
                "uint32_t": "unsigned", "uint64_t": "unsigned long", "uintptr_t": "unsigned long"}
    t.write("std/stdint.h", "#ifndef I\n#define I\n" + "".join(f"typedef {c} {name};\n" for name, c in integers.items())
            + "#define INT32_MIN (-2147483647 - 1)\n#define INT32_MAX 2147483647\n#endif\n")
    t.write("std/string.h",
            "#include <stddef.h>\nvoid *memcpy(void *, const void *, size_t);\nvoid *memset(void *, int, size_t);\n"
            "void *memmove(void *, const void *, size_t);\nint memcmp(const void *, const void *, size_t);\n")
    t.write("std/math.h", "".join(f"float {f}f(float);\ndouble {f}(double);\n" for f in (
        "exp", "expm1", "log", "log1p", "sqrt", "tanh", "erf", "fabs", "sin", "cos"))
            + "float powf(float, float);\ndouble pow(double, double);\n"
        "float copysignf(float, float);\n#define isnan(x) ((x) != (x))\n#define INFINITY ((float)(1e308 * 10))\n"
        "#define NAN (0.0f * INFINITY)\n")
    for cc in t.compilers:
        t.call([cc, "-std=c99", "-pedantic-errors", "-Werror", "-Wno-unknown-pragmas", "-Wno-builtin-macro-redefined",
                "-nostdinc", "-Istd", "-U__GNUC__", "-U__clang__", "-fsyntax-only", "-I", t.runtime, "model.c"])
        own = t.call([cc, "-std=c99", "-E", "-P", "-nostdinc", "-Istd", "-U__GNUC__", "-U__clang__", "-I",
                      t.runtime, "model.c"])
        left = re.findall(r"__\w+|vector_size", own.out.decode())
        need(not left, f"{cc}: extensions are left: {sorted(set(left))}")


def check_weights_decimal_or_bits(t):
    """Weights are decimal floats while a model is small, integer bit patterns above that; both are exact, but that
    denormal numbers are 0, and `static const`."""
    import array
    import random
    import struct
    rng = random.Random(4)
    special = [0.0, -0.0, 1e-45, -1.1754942e-38, 3.4028235e38, -3.4028235e38, 0.1, 1 / 3, 16777217.0, 1e-7]
    for rows in (20, 4000):
        values = array.array(
            "f", (special + [rng.gauss(0, 1) * 10 ** rng.randint(-20, 20) for _ in range(rows * 10)])[:rows * 10])
        written = array.array("f", (0.0 if abs(v) < 2.0 ** -126 and v != 0 else v for v in values))
        t.write("w.safetensors", safetensors({"e.weight": ([rows, 10], values)}))
        code = t.model(f"model m {{\n    input i: int32[1]\n    layer e = Embedding({rows}, 10)\n"
                       f"    output y = e(i)\n}}\n",
                       "--weights", "w.safetensors")
        decimal = "0.1f" in code
        need(decimal == (rows == 20), f"{rows * 10} parameters: " + ("decimal floats" if decimal else "bit patterns"))
        need(decimal or "3dcccccd" in code.lower(), "neither decimal floats nor bit patterns")
        t.write("main.c", f'''#include "model.h"
#include "contract.h"
int main(void)
{{
    static m self;
    int32_t i;
    float y[10];
    m_reset(&self);
    for (i = 0; i < {rows}; i++) {{
        CHECK(m_run(&self, &i, y) == NNC_OK);
        print_bits(y, 10);
    }}
    return 0;
}}
''')
        want = b"".join(b" ".join(b"%08x" % struct.unpack("<I", struct.pack("<f", v))[0]
                                  for v in written[r * 10:r * 10 + 10])
                        + b"\n" for r in range(rows))
        t.everywhere(["main.c", "model.c"], expect=want, stds=("c99", "c++11"))
        table = t.call(["nm", t.object("model.c", flags=("-O0",))]).out.decode()
        need(re.search(r" r m_e_weight", table), f"the table is not constant data:\n{table}")


def check_licence(t):
    """The runtime and what nnc generates say that they are 0BSD."""
    t.model(SMALL)
    for text in (t.read("model.c"), t.read("model.h"), open(os.path.join(t.runtime, "nnc_runtime.h")).read()):
        need("SPDX-License-Identifier: 0BSD" in text, "a file does not say its licence")


def check_functions_by_shape(t):
    """Layers and directions of one shape share their functions, and all functions of one body stand together."""
    text = t.model("""model deep {
    dim T = 1..50
    input x: float32[T, 1, 24]
    layer lstm = LSTM(24, 24, num_layers=3, bidirectional=True)
    layer gru = GRU(48, 48, num_layers=2)
    a, _ = lstm(x)
    b, _ = gru(a)
    output b
}
""", "--target", "all")
    for suffix in ("", "_v8", "_v16"):
        steps = re.findall(rf"^.*static void (\w+_step{suffix}(?:_\d)?)\(", text, re.M)
        need(len(steps) == 2, f"steps {steps}: one of the LSTM, one of the GRU")
        inputs = re.findall(rf"^.*static void (\w+_input{suffix}(?:_\d)?)\(", text, re.M)
        need(len(inputs) == 3, f"products {inputs}: of 24 and 48 inputs, and the GRU's")
    guards = re.findall(r"^#if (.*)$", text, re.M)
    # those of very small layers know their tables, so that compilers can have them in place
    small = t.model("""model tiny {
    dim T = 1..50
    input x: float32[T, 1, 8]
    layer rnn = RNN(8, 8, num_layers=2)
    a, _ = rnn(x)
    output a
}
""", name="tiny")
    need("tiny_rnn_l0_step(" in small and "tiny_rnn_l1_step(" in small, "very small layers have functions of their own")
    need(guards == ["NNC_BODY_V8", "NNC_BODY_V16", "NNC_BODY_V16", "NNC_BODY_V8"], f"#if {guards}")
    first = text.split("#if NNC_BODY_V8")[0]
    need("nnc_v8" not in first and "nnc_v16" not in first and "static void deep_steps(" in first,
         "the first body is not whole")
