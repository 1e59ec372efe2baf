"""The interface of the generated C: the run function, the struct, names, mixing."""
import os
import re

from kit import need, safetensors, sizeof

ORDER = """model order {
    dim B = 2..3
    input first: float32[B]
    output early = first * 2
    dim A = 1..4
    input second: int32[A]
    output late: int32[A] = second + 1
    input third: float32[A, B]
    output last = third - 1
}
"""
STREAM = """model stream {
    dim N = 1..64
    input x: float32[N, 1, 5]
    state h: float32[2, 1, 17]
    state c: float32[2, 1, 17]
    layer lstm = LSTM(5, 17, num_layers=2)
    layer head = Linear(17, 3)
    out, (h, c) = lstm(x, (h, c))
    output y = softmax(head(out), dim=-1)
}
"""


def check_run_function(t):
    """The run function takes `self`, then the run-time dims as `size_t`, then the inputs, then the outputs, each in the
    order in which the file declares them."""
    t.model(ORDER)
    t.write("main.c", '''#include "model.h"
#include "contract.h"
typedef nnc_status run_type(order *, size_t, size_t, const float *, const int32_t *, const float *, float *, int32_t *,
                            float *);
int main(void)
{
    static run_type *const run = order_run;
    static void (*const reset)(order *) = order_reset;
    static order self;
    const float first[2] = {1, 2}, third[6] = {1, 2, 3, 4, 5, 6};
    const int32_t second[3] = {7, 8, 9};
    float early[2], last[6];
    int32_t late[3];
    reset(&self);
    CHECK(run(&self, 2, 3, first, second, third, early, late, last) == NNC_OK);
    CHECK(early[0] == 2 && early[1] == 4 && late[0] == 8 && late[2] == 10 && last[0] == 0 && last[5] == 5);
    CHECK(ORDER_B_MIN == 2 && ORDER_B_MAX == 3 && ORDER_A_MIN == 1 && ORDER_A_MAX == 4);
    return 0;
}
''')
    t.everywhere(["main.c", "model.c"], stds=("c99", "c++11"))
    head = t.read("model.h")
    need(re.search(r"order_run\(order \*self, size_t B, size_t A, const float \*first, const int32_t \*second,\s+"
                   r"const float \*third,\s+float \*early, int32_t \*late,\s+float \*last\);", head), head)


def check_model_without_run_time_dim(t):
    """A model with no run-time dim takes none."""
    t.model("model fixed {\n    dim H = 2\n    input x: float32[H]\n    output y = x * H\n}\n")
    head = t.read("model.h")
    need("fixed_run(fixed *self, const float *x, float *y);" in head and "size_t " not in head
         and "_MAX" not in head, head)


def check_unused_dim_is_checked(t):
    """A dim that no shape uses stays an argument: its bounds hold all the same."""
    t.model("model m {\n    dim U = 3..5\n    input x: float32[2]\n    output y = x * 2\n}\n")
    t.write("main.c", '''#include "model.h"
#include "contract.h"
int main(void)
{
    static m self;
    const float x[2] = {1, 2};
    float y[2];
    m_reset(&self);
    CHECK(m_run(&self, 3, x, y) == NNC_OK && y[1] == 4);
    CHECK(m_run(&self, 2, x, y) == NNC_ERR_DIM && m_run(&self, 6, x, y) == NNC_ERR_DIM);
    return 0;
}
''')
    t.everywhere(["main.c", "model.c"])


def check_placement(t):
    """A complete type: place it statically, on the stack or on the heap."""
    t.model(STREAM)
    t.write("main.c", '''#include "model.h"
#include "contract.h"
static stream global_one;
static stream several[2];
static float result[5][8 * 3];
static void use(stream *self, float *y)
{
    static float x[8 * 5];
    fill(x, 8 * 5, 1);
    stream_reset(self);
    CHECK(stream_run(self, 8, x, y) == NNC_OK);
}
int main(void)
{
    stream local;
    struct { char c; stream inside; } packed;
    stream *heap = (stream *)malloc(sizeof(stream));
    int i;
    CHECK(heap != NULL);
    use(&global_one, result[0]);
    use(&several[1], result[1]);
    use(&local, result[2]);
    use(&packed.inside, result[3]);
    use(heap, result[4]);
    free(heap);
    for (i = 1; i < 5; i++) CHECK(memcmp(result[0], result[i], sizeof result[0]) == 0);
    return 0;
}
''')
    t.everywhere(["main.c", "model.c"], stds=("c99", "c++11"))


STRUCT_MODELS = {
    "nothing": "model nothing {\n    input x: float32[2]\n    output y = x\n}\n",
    "keeps": "model keeps {\n    input x: float32[2]\n    state s: float32[2]\n    s = s + x\n    output y = s\n}\n",
    "stream": STREAM,
    "picks": "model picks {\n    dim T = 1..50\n    input x: float32[T, 7]\n    layer e = Embedding(7, 5)\n"
             "    layer lstm = LSTM(5, 6, bidirectional=True)\n    out, _ = lstm(e(argmax(x, dim=1)))\n"
             "    output y = out\n    output best = argmax(x, dim=0)\n}\n",
}


def check_struct_members(t):
    """The struct: never empty, aligned to 4 bytes at most, only float and integer arrays (no pointers)."""
    for name, source in STRUCT_MODELS.items():
        t.model(source)
        body = re.search(r"struct %s \{\n(.*?)\n\};" % name, t.read("model.h"), re.S)
        need(body, "no struct in the header")
        members = re.sub(r"/\*.*?\*/", "", body.group(1), flags=re.S).strip().splitlines()
        need(members, f"{name} is empty")
        for m in members:
            need(re.fullmatch(r"\s*(float|u?int(8|16|32)_t) [A-Za-z_]\w*(\[\d+\])+;\s*", m),
                 f"{name} has the member {m}")
        t.write("main.c", f'''#include "model.h"
#include "contract.h"
struct probe {{ char c; {name} model; }};
int main(void)
{{
    CHECK(sizeof({name}) > 0 && sizeof({name}) % 4 == 0 && offsetof(struct probe, model) <= 4);
    return 0;
}}
''')
        t.run(["main.c"])


def check_struct_size_on_every_target(t):
    """The struct has the same size on every target."""
    targets = [("gcc", ["-m32"]), ("clang", ["-m32"])] + [("clang", [f"--target={x}"]) for x in (
        "aarch64-linux-gnu", "armv7-none-eabi", "wasm32", "riscv64-linux-gnu", "powerpc64-linux-gnu", "mips-linux-gnu",
        "x86_64-w64-mingw32")]
    for name, source in STRUCT_MODELS.items():
        t.model(source, name=name)
    types = list(STRUCT_MODELS)
    t.write("all.h", "".join(f'#include "{n}.h"\n' for n in types))
    sizes = sizeof(t, *types, header="all.h")
    t.write("same.c", '#include "all.h"\n' + "".join(
        f"typedef char same_{n}[sizeof({n}) == {s} ? 1 : -1];\n" for n, s in zip(types, sizes)))
    t.write("probe.c", "#include <stdint.h>\n#include <stddef.h>\n")
    tried = 0
    for cc, flags in targets:
        if cc not in t.compilers or t.call([cc, *flags, "-ffreestanding", "-fsyntax-only", "probe.c"],
                                           status=None).status:
            continue  # this compiler is built without the target
        tried += 1
        t.call([cc, *flags, "-std=c99", "-ffreestanding", "-fsyntax-only", "same.c"])
    need(tried >= len(t.compilers), "no other target could be tried")


def check_snapshot(t):
    """Copied by assignment the struct is a snapshot, wherever the copy stands: vector scratch is aligned inside."""
    t.model(STREAM)
    t.write("main.c", '''#include "model.h"
#include "contract.h"
#if defined(__GNUC__)
__attribute__((aligned(64)))
#endif
static unsigned char memory[sizeof(stream) + 128];
static float x[40 * 5], whole[40 * 3], part[40 * 3];
int main(void)
{
    static stream self;
    size_t place, cut;
    fill(x, 40 * 5, 3);
    stream_reset(&self);
    CHECK(stream_run(&self, 40, x, whole) == NNC_OK);
    for (place = 0; place <= 64; place += 4) {
        stream *copy = (stream *)(void *)(memory + place);
        cut = 1 + place % 39;
        memset(memory, 0xA5, sizeof memory);
        memset(part, 0, sizeof part);
        stream_reset(&self);
        CHECK(stream_run(&self, cut, x, part) == NNC_OK);
        *copy = self;
        CHECK(stream_run(copy, 40 - cut, x + cut * 5, part + cut * 3) == NNC_OK);
        CHECK(memcmp(part, whole, sizeof whole) == 0);
        CHECK(stream_run(&self, 40 - cut, x + cut * 5, part + cut * 3) == NNC_OK);
        CHECK(memcmp(part, whole, sizeof whole) == 0);
        for (cut = 0; cut < place; cut++) CHECK(memory[cut] == 0xA5);
        for (cut = place + sizeof(stream); cut < sizeof memory; cut++) CHECK(memory[cut] == 0xA5);
    }
    return 0;
}
''')
    t.everywhere(["main.c", "model.c"])


def check_state_and_reset(t):
    """State is kept from one run to the next; `reset` gives the first state, whatever the struct held."""
    t.model("model m {\n    input x: float32[2]\n    state a: float32[2]\n    state b: float32[3] = 2.5\n"
            "    param p: float32[2]\n"
            "    state c: float32[2] = p * 2 + 1\n    output sum = x + a\n    a = sum\n    output c = c * 2\n"
            "    output b = b + 1\n}\n", "--weights", os.path.basename(
                t.write("p.safetensors", safetensors({"p": ([2], [3, 4])}))))
    t.write("main.c", '''#include "model.h"
#include "contract.h"
int main(void)
{
    static m self;
    const float x[2] = {1, 10};
    float sum[2], c[2], b[3];
    int again;
    for (again = 0; again < 3; again++) {
        memset(&self, again ? 0xFF : 0x5A, sizeof self);
        m_reset(&self);
        CHECK(m_run(&self, x, sum, c, b) == NNC_OK);
        CHECK(sum[0] == 1 && sum[1] == 10 && c[0] == 14 && c[1] == 18 && b[0] == 3.5f && b[2] == 3.5f);
        CHECK(m_run(&self, x, sum, c, b) == NNC_OK);
        CHECK(sum[0] == 2 && sum[1] == 20 && c[0] == 28 && c[1] == 36 && b[0] == 4.5f && b[2] == 4.5f);
    }
    return 0;
}
''')
    t.everywhere(["main.c", "model.c"])


def check_several_models(t):
    """A file holds one or more models; each becomes one entry point, several such sets in one C file. They share layers
    only through the same weights keys."""
    shared = "    weights \"w.safetensors\"\n    layer fc = Linear(1, 1)\n"
    t.write("w.safetensors", safetensors({"fc.weight": ([1, 1], [3]), "fc.bias": ([1], [0.5])}))
    t.model("model one {\n    dim T = 1..3\n" + shared + "    input x: float32[T, 1]\n    output y = fc(x)\n}\n"
            "model two {\n    dim T = 2..4\n" + shared + "    state h: float32[1]\n    input x: float32[T, 1]\n"
            "    h = h + 1\n    output y = fc(x) + h\n}\n", "--weights", "w.safetensors")
    t.write("main.c", '''#include "model.h"
#include "contract.h"
int main(void)
{
    static one a;
    static two b;
    const float x[2] = {1, 2};
    float y[2];
    one_reset(&a);
    two_reset(&b);
    CHECK(one_run(&a, 2, x, y) == NNC_OK && y[0] == 3.5f && y[1] == 6.5f);
    CHECK(two_run(&b, 2, x, y) == NNC_OK && two_run(&b, 2, x, y) == NNC_OK && y[0] == 5.5f && y[1] == 8.5f);
    CHECK(ONE_T_MAX == 3 && TWO_T_MIN == 2 && two_run(&b, 1, x, y) == NNC_ERR_DIM);
    return 0;
}
''')
    t.everywhere(["main.c", "model.c"], stds=("c99", "c++11"))


def check_any_mix_links(t):
    """Shared declarations are guarded, `nnc_status_string` is `static inline`, headers have `extern "C"`: any mix of
    standalone and runtime models compiles and links together."""
    for name, options in (("one", []), ("two", ["--standalone"]), ("three", ["--standalone"]), ("four", [])):
        t.model(f"model {name} {{\n    input x: float32[3]\n    layer fc = Linear(3, 2)\n"
                f"    output y = tanh(fc(x))\n}}\n",
                *options, name=name)
    t.write("main.c", '''#include "two.h"
#include "one.h"
#include "nnc_runtime.h"
#include "three.h"
#include "one.h"
#include "four.h"
#include "nnc_runtime.h"
#include "two.h"
#include "contract.h"
int main(void)
{
    static one a; static two b; static three c; static four d;
    const float x[3] = {1, 2, 3};
    float y[4][2];
    one_reset(&a); two_reset(&b); three_reset(&c); four_reset(&d);
    CHECK(one_run(&a, x, y[0]) == NNC_OK && two_run(&b, x, y[1]) == NNC_OK);
    CHECK(three_run(&c, x, y[2]) == NNC_OK && four_run(&d, x, y[3]) == NNC_OK);
    CHECK(memcmp(y[0], y[1], sizeof y[0]) == 0 && memcmp(y[0], y[2], sizeof y[0]) == 0 &&
          memcmp(y[0], y[3], sizeof y[0]) == 0);
    CHECK(nnc_status_string(NNC_OK) != NULL);
    return 0;
}
''')
    sources = ["one.c", "two.c", "three.c", "four.c"]
    t.everywhere(["main.c", *sources], stds=("c99", "c++11"))
    # a C++ program with the models compiled as C, and all in one unit
    for cc in t.compilers:
        objects = [t.object(s, cc=cc) for s in sources]
        t.object("main.c", cc=cc, std="c++11", name="main.o", flags=("-I", os.path.dirname(os.path.abspath(__file__))))
        t.call([cc, "main.o", *objects, "-o", "mixed", "-lm"])
        t.call([t.path("mixed")])
    t.write("unit.c", "".join(f'#include "{s}"\n' for s in sources) + '#include "main.c"\n')
    t.everywhere(["unit.c"], stds=("c99", "c++11"))


def check_standalone_parts(t):
    """`--standalone` puts of the runtime what the model uses into the C file; the parts of several files make one
    unit."""
    body = "    input x: float32[3]\n    layer fc = Linear(3, 2)\n    output y = {}\n"
    for name, value, options in (("one", "relu(fc(x))", ("--target", "scalar")),
                                 ("two", "log_softmax(fc(x), dim=0)", ()),
                                 ("three", "gelu(sin(fc(x)))", ("--target", "baseline")),
                                 ("four", "where(fc(x) > 0, 1.0, 2.0)", ())):
        t.model(f"model {name} {{\n{body.format(value)}}}\n", "--standalone", *options, name=name)
    t.model("model five {\n    input x: float32[64]\n    layer fc = Linear(64, 32) as int8\n    output y = fc(x)\n}\n",
            "--standalone", name="five")
    need("nnc_v4" not in t.read("one.c") and "nnc_v1_relu" in t.read("one.c"), "scalar has vectors, or lacks relu")
    for name in ("one", "two", "four"):
        need("gelu" not in t.read(f"{name}.c"), f"{name}.c has gelu")
    main = '''#include "contract.h"
int main(void)
{
    static one a; static two b; static three c; static four d; static five e;
    const float x[64] = {1, 2, 3};
    float y[32];
    one_reset(&a); two_reset(&b); three_reset(&c); four_reset(&d); five_reset(&e);
    CHECK(five_run(&e, x, y) == NNC_OK && one_run(&a, x, y) == NNC_OK && two_run(&b, x, y) == NNC_OK && y[0] < 0);
    CHECK(three_run(&c, x, y) == NNC_OK && four_run(&d, x, y) == NNC_OK && y[0] >= 1 && y[0] <= 2);
    return 0;
}
'''
    for order in (("one.c", "two.c", "three.c", "four.c", "five.c"),
                  ("five.c", "four.c", "three.c", "two.c", "one.c", "nnc_runtime.h"),
                  ("nnc_runtime.h", "two.c", "one.c", "five.c", "four.c", "three.c")):
        t.nnc("--runtime", ".")
        t.write("unit.c", "".join(f'#include "{s}"\n' for s in order) + main)
        t.everywhere(["unit.c"], stds=("c99", "c++11"))


def check_runtime_version(t):
    """Generated code and runtime check each other's version at compile time."""
    t.model(STREAM)
    t.nnc("--runtime", ".")
    for file, other in (("nnc_runtime.h", "the runtime"), ("model.c", "the generated file")):
        old = t.read(file)
        pattern = (r"(#define NNC_RUNTIME_VERSION )(\d+)" if "runtime" in file
                   else r"(#define NNC_GENERATED_FOR_RUNTIME )(\d+)")
        need(len(re.findall(pattern, old)) == 1, f"{file} does not state its version once")
        for step in (-1, 1):
            t.write(file, re.sub(pattern, lambda m: m.group(1) + str(int(m.group(2)) + step), old))
            for cc in t.compilers:
                r = t.call([cc, "-std=c99", "-I.", "-fsyntax-only", "model.c"], status=None)
                need(r.status and re.search("error.*nnc_runtime.h", r.err),
                     f"{other} {step:+d} is taken by {cc}: {r.err}")
        t.write(file, old)
    t.call(["gcc", "-std=c99", "-I.", "-fsyntax-only", "model.c"])


def check_unaligned_tensors(t):
    """Tensors are dense, row-major, aligned as their element type and nothing more."""
    t.model(STREAM)
    t.write("main.c", '''#include "model.h"
#include "contract.h"
static float memory[2][32 * 5 + 16], result[16][32 * 3 + 16];
int main(void)
{
    static stream self;
    size_t at, i;
    for (at = 0; at < 16; at++) {
        fill(memory[1] + at, 32 * 5, 9);
        for (i = 0; i < 32 * 3 + 16; i++) result[at][i] = 77;
        stream_reset(&self);
        CHECK(stream_run(&self, 32, memory[1] + at, result[at] + 15 - at) == NNC_OK);
        CHECK(memcmp(result[at] + 15 - at, result[0] + 15, 32 * 3 * sizeof(float)) == 0);
        for (i = 0; i < 15 - at; i++) CHECK(result[at][i] == 77);
        for (i = 32 * 3 + 15 - at; i < 32 * 3 + 16; i++) CHECK(result[at][i] == 77);
    }
    return 0;
}
''')
    t.everywhere(["main.c", "model.c"], flags=("-O2", "-march=native"))
