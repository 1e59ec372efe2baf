"""The numbers: contraction, padding, splitting, gates that latch."""
import os
import re
import struct
import sys

from kit import TOP, need, safetensors

sys.path.insert(0, os.path.join(TOP, "tests", "tools"))
import casedriver
import processor
from casefile import CaseFile

STREAM = """model stream {
    dim N = 1..300
    input x: float32[N, 1, 6]
    state h: float32[1, 1, 11]
    state c: float32[1, 1, 11]
    state g: float32[1, 1, 9]
    layer lstm = LSTM(6, 11)
    layer gru = GRU(11, 9)
    layer norm = LayerNorm(9)
    layer fc = Linear(9, 5)
    out, (h, c) = lstm(x, (h, c))
    out, g = gru(out, g)
    output y = log_softmax(fc(norm(out)) * 1.7 + 0.3, dim=-1)
}
"""
STREAM_MAIN = '''#include "model.h"
#include "contract.h"
static float x[300 * 6], y[300 * 5], z[300 * 5];
int main(void)
{
    static stream self;
    size_t i;
    fill(x, 300 * 6, 11);
    stream_reset(&self);
    CHECK(stream_run(&self, 300, x, y) == NNC_OK);
    stream_reset(&self);
    for (i = 0; i < 300; i++) CHECK(stream_run(&self, 1, x + i * 6, z + i * 5) == NNC_OK);
    CHECK(memcmp(y, z, sizeof y) == 0);
    print_bits(y, 300 * 5);
    return 0;
}
'''


def check_language_mode_changes_nothing(t):
    """Contraction is off and every fused multiply-add is explicit, so that the language mode changes nothing."""
    t.write("main.c", STREAM_MAIN)
    ways = [((), ("c99", "gnu17", "gnu++17"))]
    if t.everything:   # contraction_is_off finds no fused instruction in it, in either mode
        ways.append((("-DNNC_PLAIN_C",), ("c99", "gnu17")))
    for more, stds in ways:
        t.model(STREAM.replace("11", "3") if more else STREAM)
        for cc in t.compilers:
            want = None
            for std in stds:
                got = t.run(["main.c", "model.c"], cc=cc, flags=["-O1", "-march=native", *more], std=std)
                need(want in (None, got), f"{cc} {' '.join(more)}: -std={std} gives other bits than -std=c99")
                want = got


def check_optimisation_level_splits_nothing(t):
    """Splitting a sequence changes nothing: one run over T steps and T runs of one step with the state kept give the
    same bits in the same build."""
    t.model(STREAM)
    t.write("main.c", STREAM_MAIN)
    for cc, flags in t.ways((["-O0"], ["-O1", "-funroll-loops"], ["-Os"])):
        t.run(["main.c", "model.c"], cc=cc, flags=flags)


def check_contraction_is_off(t):
    """Contraction is off (`#pragma GCC optimize("fp-contract=off")` in gcc, `#pragma STDC FP_CONTRACT OFF` in clang):
    no fused multiply-add in a build that has one, but for explicit ones."""
    t.model(STREAM)
    code = t.read("model.c") + open(os.path.join(t.runtime, "nnc_runtime.h")).read()
    need('#pragma GCC optimize("fp-contract=off")' in code and "#pragma STDC FP_CONTRACT OFF" in code,
         "the pragmas are missing")
    # without vector extensions nothing is fused explicitly; small, for that path is unrolled a lane at a time
    t.model(STREAM.replace("11", "3"), "--unroll", "0")
    for cc, std in t.ways(("gnu17", "c99")):  # gcc would fuse in gnu17, clang in any
        t.object("model.c", cc=cc, std=std, flags=("-O2", "-mfma", "-DNNC_PLAIN_C"))
        fused = len(re.findall(rb"\bvfn?m(add|sub)\d", t.call(["objdump", "-d", "model.o"]).out))
        need(not fused, f"{cc} -std={std}: {fused} fused multiply-adds, none of them explicit")
    # the search would find them: here the compiler may fuse
    t.write("fuses.c", "double fuses(double a, double b, double c);\n"
                       "double fuses(double a, double b, double c) { return a * b + c; }\n")
    t.object("fuses.c", std="gnu17", flags=("-O2", "-mfma", "-ffp-contract=fast"))
    need(re.search(rb"\bvfmadd\d", t.call(["objdump", "-d", "fuses.o"]).out),
         "no fused multiply-add where one was asked for")


def check_padding_is_never_data(t):
    """Tails use the same arithmetic as full vectors; padding is never read as data (an infinite input must not turn
    into NaN through a padded zero)."""
    t.model("""model m {
    dim T = 1..40
    input x: float32[T, 5]
    input a: float32[T, 1]
    layer fc = Linear(5, 3)
    layer lstm = LSTM(5, 7)
    layer conv = Conv1d(5, 3, 3, padding=1)
    layer norm = LayerNorm(5)
    out, (h, c) = lstm(x)
    output y = fc(x)
    output out, h, c
    output v = conv(transpose(x, 0, 1))
    output s = softmax(x, dim=-1)
    output n = norm(x)
    output k = matmul(x, transpose(x, 0, 1))
    output total = sum(x) + mean(a)
}
""")
    # what stands beside a tensor's memory must not matter, nor what an earlier run left in the scratch
    t.write("main.c", '''#include "model.h"
#include "contract.h"
enum { T = 11, EDGE = 64, OUT = T * 3 + T * 7 + 14 + 3 * T + T * 5 + T * 5 + T * T + 1 };
static float memory[EDGE + T * 5 + EDGE], a[T], result[6][OUT];
static m self;
static void run(float *x, float *to)
{
    float *y = to, *out = y + T * 3, *h = out + T * 7, *c = h + 7;
    float *v = c + 7, *s = v + 3 * T, *n = s + T * 5, *k = n + T * 5;
    CHECK(m_run(&self, T, x, a, y, out, h, c, v, s, n, k, k + T * T) == NNC_OK);
}
int main(void)
{
    const float edges[3] = {0.0f, (float)INFINITY, (float)NAN};
    float *const x = memory + EDGE;
    size_t i, e;
    m_reset(&self);
    fill(a, T, 1);
    for (e = 0; e < 3; e++) {
        for (i = 0; i < sizeof memory / sizeof *memory; i++) memory[i] = edges[e];
        fill(x, T * 5, 4);
        run(x, result[e]);
        CHECK(memcmp(result[0], result[e], sizeof result[0]) == 0);
    }
    for (e = 1; e < 3; e++) {
        static float poisoned[OUT];
        for (i = 0; i < T * 5; i++) x[i] = edges[e];
        run(x, poisoned);
        fill(x, T * 5, 4);
        run(x, result[e + 2]);
        CHECK(memcmp(result[0], result[e + 2], sizeof result[0]) == 0);
    }
    return 0;
}
''')
    for cc, flags in t.ways((["-O2", "-march=native"], ["-O0", "-DNNC_PLAIN_C"])):
        t.run(["main.c", "model.c"], cc=cc, flags=flags)


def check_infinite_input(t):
    """An infinite input must not turn into NaN through a padded zero: it saturates the gates as in PyTorch."""
    H, I = 5, 3
    w = [1.0, -2.0, 0.5] * (4 * H)
    t.write("w.safetensors", safetensors({
        "lstm.weight_ih_l0": ([4 * H, I], w), "lstm.weight_hh_l0": ([4 * H, H], [0.25] * (4 * H * H)),
        "lstm.bias_ih_l0": ([4 * H], [0.1] * (4 * H)), "lstm.bias_hh_l0": ([4 * H], [0.0] * (4 * H)),
        "fc.weight": ([7, I], [2.0, 3.0, -4.0] * 7), "fc.bias": ([7], [1.0] * 7)}))
    t.model(f"model m {{\n    dim T = 1..9\n    input x: float32[T, {I}]\n    layer lstm = LSTM({I}, {H})\n"
            f"    layer fc = Linear({I}, 7)\n"
            "    out, (h, c) = lstm(x)\n    output out, c\n    output y = fc(x)\n}\n", "--weights", "w.safetensors")
    t.write("main.c", f'''#include "model.h"
#include "contract.h"
int main(void)
{{
    static m self;
    const float inf = (float)INFINITY, x[9] = {{inf, 1, 1, 0, inf, 2, 1, 1, -inf}};
    float out[3 * {H}], c[{H}], y[3 * 7];
    int i;
    m_reset(&self);
    CHECK(m_run(&self, 3, x, out, c, y) == NNC_OK);
    for (i = 0; i < 7; i++) CHECK(y[i] == inf && y[7 + i] == inf && y[14 + i] == inf);
    /* +inf: all gates 1, c = 0 * 1 + 1 * 1; -inf: all gates 0 and g = -1: c = 0; then -inf again */
    for (i = 0; i < {H}; i++)
        CHECK(fabsf(out[i] - 0.76159416f) < 1e-6f && out[{H} + i] == 0 && out[2 * {H} + i] == 0 && c[i] == 0);
    return 0;
}}
''')
    t.everywhere(["main.c", "model.c"], flags=("-O1",))
    t.everywhere(["main.c", "model.c"], flags=("-O0", "-DNNC_PLAIN_C"))


def check_what_stands_past_a_length(t):
    """What stands in the input past a length is never used, not even a NaN; zero outputs past each length, final states
    from each sequence's own last step, the reverse direction starting at it."""
    t.model("""model m {
    dim T = 1..9
    dim B = 1..4
    input x: float32[T, B, 5]
    input n: int32[B]
    layer lstm = LSTM(5, 7, num_layers=2, bidirectional=True)
    layer gru = GRU(14, 3)
    out, (h, c) = lstm(x, lengths=n)
    out2, g = gru(out, lengths=n)
    output out, out2, h, c, g
}
""")
    t.write("main.c", '''#include "model.h"
#include "contract.h"
enum { T = 9, B = 3, SIZE = T * B * 14 + T * B * 3 + 4 * B * 7 * 2 + B * 3 };
static float x[T * B * 5], one[T * 5], whole[3][SIZE], alone[SIZE];
static m self;
static void run(size_t steps, size_t rows, const float *in, const int32_t *n, float *to)
{
    float *out2 = to + steps * rows * 14, *h = out2 + steps * rows * 3, *c = h + 4 * rows * 7, *g = c + 4 * rows * 7;
    CHECK(m_run(&self, steps, rows, in, n, to, out2, h, c, g) == NNC_OK);
}
int main(void)
{
    const int32_t n[B] = {4, 9, 1};
    const float past[3] = {0.0f, (float)NAN, (float)INFINITY};
    size_t k, t, b, i;
    m_reset(&self);
    for (k = 0; k < 3; k++) {
        fill(x, T * B * 5, 12);
        for (t = 0; t < T; t++)
            for (b = 0; b < B; b++)
                for (i = 0; i < 5; i++)
                    if ((int32_t)t >= n[b]) x[(t * B + b) * 5 + i] = past[k];
        run(T, B, x, n, whole[k]);
        CHECK(memcmp(whole[0], whole[k], sizeof whole[0]) == 0);
    }
    for (b = 0; b < B; b++) {    /* each sequence by itself */
        const size_t steps = (size_t)n[b];
        const float *h = whole[0] + T * B * 17, *g = h + 2 * 4 * B * 7, *h1 = alone + steps * 17, *g1 = h1 + 2 * 4 * 7;
        for (t = 0; t < steps; t++) memcpy(one + t * 5, x + (t * B + b) * 5, 5 * sizeof *x);
        run(steps, 1, one, n + b, alone);
        for (t = 0; t < T; t++)
            for (i = 0; i < 14; i++) {
                const float got = whole[0][(t * B + b) * 14 + i];
                CHECK(t < steps ? fabsf(got - alone[t * 14 + i]) < 1e-6f : got == 0.0f);
            }
        for (k = 0; k < 8; k++)    /* h of 4 layers and directions, then c */
            for (i = 0; i < 7; i++) CHECK(fabsf(h[(k * B + b) * 7 + i] - h1[k * 7 + i]) < 1e-6f);
        for (i = 0; i < 3; i++) CHECK(fabsf(g[b * 3 + i] - g1[i]) < 1e-6f);
    }
    return 0;
}
''')
    t.everywhere(["main.c", "model.c"])


def check_a_saturated_gate_latches(t):
    """A saturated gate must latch: an LSTM that remembers for 100 000 steps remembers."""
    H = 6
    # gates i, f, g, o of inputs (value, write): written while write is 1, kept exactly while it is 0
    rows = [[0.0, 200.0]] * H + [[0.0, 0.0]] * H + [[1.0, 0.0]] * H + [[0.0, 0.0]] * H
    t.write("w.safetensors", safetensors({
        "l.weight_ih_l0": ([4 * H, 2], [v for r in rows for v in r]),
        "l.weight_hh_l0": ([4 * H, H], [0.0] * (4 * H * H)),
        "l.bias_ih_l0": ([4 * H], [-100.0] * H + [100.0] * H + [0.0] * H + [100.0] * H),
        "l.bias_hh_l0": ([4 * H], [0.0] * (4 * H))}))
    t.model(f"model m {{\n    dim T = 1..100001\n    input x: float32[T, 2]\n    layer l = LSTM(2, {H})\n"
            f"    out, (_, c) = l(x)\n"
            "    output out, c\n}\n", "--weights", "w.safetensors")
    t.write("main.c", f'''#include "model.h"
#include "contract.h"
enum {{ T = 100001, H = {H} }};
static float x[T * 2], out[T * H], c[H];
int main(void)
{{
    static m self;
    size_t i;
    fill(x, T * 2, 3);
    for (i = 0; i < T; i++) x[2 * i + 1] = 0;
    x[0] = 0.4f;
    x[1] = 1;
    m_reset(&self);
    CHECK(m_run(&self, T, x, out, c) == NNC_OK);
    CHECK(fabsf(c[0] - 0.37994896f) < 1e-6f);
    for (i = 0; i < T; i++) CHECK(memcmp(out + i * H, out, H * sizeof *out) == 0);
    for (i = 1; i < H; i++) CHECK(c[i] == c[0]);
    return 0;
}}
''')
    for cc, flags in t.ways((["-O2"], ["-Ofast", "-march=native"])):
        t.run(["main.c", "model.c"], cc=cc, flags=flags)


# cases without a state: what one run leaves in the scratch must not matter to the next
LEFTOVERS = ("bilstm_two_layers", "gru_hidden_97_unbatched", "lstm_hidden_17", "lstm_proj_17_of_33",
             "gru_reset_before_layers", "conv_stride_padding", "fn_matmul", "lstm_lengths_bidirectional_given")


def check_scratch_is_never_read_before_it_is_written(t):
    """Padding is never read as data: after a run on infinities and NaNs the next run gives the same bits as a fresh
    one."""
    found = 0
    # what a file of all bodies takes
    wide = [target for target in ("x86-64-v4", "x86-64-v3") if not processor.lacks(target)]
    for name in LEFTOVERS:
        folder = os.path.join(TOP, "tests", "cases", name)
        if not os.path.exists(folder):
            continue
        found += 1
        case = CaseFile(folder)
        script = casedriver.Script(1)
        script.reset(0)
        good = case.run_inputs(0)
        for value in (None, float("inf"), float("nan")):
            if value is not None:
                bad = [struct.pack("<f", value) * (len(d) // 4) if c.dtype == "float32" else d for c,
                       d in zip(case.inputs, good)]
                script.run(0, case.dims.values(), bad, case.output_sizes())
            script.run(0, case.dims.values(), good, case.output_sizes())
        t.write("driver.c", casedriver.source([(case.model, len(case.dims), [c.dtype for c in case.inputs],
                                                [c.dtype for c in case.outputs])]))
        t.write("script", script.text())
        t.nnc(os.path.join(folder, "case.nn"), "-o", "model.c", "--target", [*wide, "baseline"][0])
        prog = t.program(["driver.c", casedriver.SOURCE, "model.c"],
                         flags=("-O0", "-I", os.path.join(TOP, "tests", "tools")))
        t.call([prog, "script", "results"])
        with open(t.path("results"), "rb") as f:
            runs = script.results(f.read())
        n = len(case.outputs)
        for run in (2, 4):
            need(runs[:n] == runs[run * n:(run + 1) * n],
                 f"{name}: a run after one on {'infinities' if run == 2 else 'NaNs'} differs")
    need(found, "none of the cases exists")
