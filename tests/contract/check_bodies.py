"""Hostile input to every body of the generated code that the machine runs: the baseline, plain C, and `--target all`
forced to each instruction set; with --all scalar, too."""
import os
import sys

from check_status import EVERYTHING, MAIN
from kit import TOP, long, need

SANITIZED = ("-O0", "-g",  # optimised they take ten times as long to compile
              "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
TIGHT = """model tight {
    dim N = 1..70
    input x: float32[N]
    input m: float32[19, 19]
    output a = relu(x)
    output b = abs(x)
    output c = -x
    output d = x + x
    output e = x * 0.5
    output f = max(x, x * 0.25)
    output g = tanh(x)
    output h = sigmoid(x)
    output i = exp(x)
    output j = sqrt(abs(x))
    output k = clamp(x, -1, 1)
    output l = leaky_relu(x, 0.5)
    output s = softmax(x, dim=0)
    output t = sum(x[:1]) + max(x[:1])
    output p = matmul(view(x[:1], 1, 1) * m[:1], m)
    output q = cat((x, view(m[:1], 19)), dim=0)
}
"""
TIGHT_MAIN = r'''#include <float.h>
#include "model.h"
#include "contract.h"
enum { MOST = 70, OUTPUTS = 13 };
static float x[MOST], m[19 * 19], y[OUTPUTS][MOST], t[1], p[19], q[MOST + 19];
static const float tiny[] = {1e-45f, -1e-45f, 3e-45f, 1e-40f, -1e-40f, 1.1754942e-38f, FLT_MIN, -FLT_MIN, 0.0f, -0.0f};
static int same(float a, float b) { return memcmp(&a, &b, sizeof a) == 0; }
int main(void)
{
    static tight self;
    size_t n, i;
    /* the C compiler of this test keeps subnormal numbers: otherwise it would prove nothing */
    volatile float half = FLT_MIN;
    half *= 0.5f;
    CHECK(half > 0.0f);
    for (i = 0; i < 19; i++) m[20 * i] = 1.0f;
    tight_reset(&self);
    for (n = 1; n <= MOST; n++) {
        for (i = 0; i < n; i++) x[i] = tiny[(i * 7 + n) % 10];
        CHECK(tight_run(&self, n, x, m, y[0], y[1], y[2], y[3], y[4], y[5], y[6], y[7], y[8], y[9], y[10], y[11],
                        y[12], t, p, q) == NNC_OK);
        for (i = 0; i < n; i++) {
            const float v = x[i], low = v * 0.25f;
            CHECK(y[0][i] == (v > 0 ? v : 0));
            CHECK(same(y[1][i], fabsf(v)));
            CHECK(same(y[2][i], -v));
            CHECK(same(y[3][i], v + v));
            CHECK(same(y[4][i], v * 0.5f));
            CHECK(y[5][i] == (v > low ? v : low));
            CHECK(fabsf(y[6][i] - v) <= 3e-45f);
            CHECK(y[7][i] == 0.5f);
            CHECK(y[8][i] == 1.0f);
            CHECK(same(y[9][i], sqrtf(fabsf(v))));
            CHECK(same(y[10][i], v));
            CHECK(y[11][i] == (v > 0 ? v : v * 0.5f));
            CHECK(fabsf(y[12][i] * (float)n - 1.0f) < 1e-6f);
            CHECK(same(q[i], v));
        }
        CHECK(t[0] == x[0] + x[0]);
        CHECK(p[0] == x[0]);
        for (i = 1; i < 19; i++) CHECK(p[i] == 0.0f);
    }
    return 0;
}
'''


def builds(t, *flags):
    """(body, its options, compiler, flags): the baseline by every compiler, the other bodies by each in turn."""
    for k, (name, options, more) in enumerate(t.bodies()):
        for cc in t.compilers if k == 0 else [t.compilers[k % len(t.compilers)]]:
            yield name, options, {"cc": cc, "flags": [*flags, *more]}


def check_errors_write_nothing(t):
    """In every body: dims at and beyond their bounds, ids out of range, lengths of 0 and beyond T, null pointers: a
    status, and outputs and state as they were."""
    t.write("main.c", MAIN)
    for name, options, how in builds(t, *SANITIZED):
        if name == "baseline":
            continue      # status.all_is_checked_before_anything_is_written has it
        t.model(EVERYTHING, *options)
        t.run(["main.c", "model.c"], **how)


COMPUTED = """model computed {
    dim N = 1..4
    input i: int32[N]
    input n: int32[N]
    input x: float32[N, 6]
    state s: float32[3] = 1
    state k: int32[1]
    layer words = Embedding(10, 3)
    layer gru = GRU(2, 3, batch_first=True)
    output first = x * 3
    output e = words(i * 2 + 1)
    o, _ = gru(view(x, N, 3, 2), lengths=(n + 1) // 2)
    output o
    output taken = transpose(x, 0, 1)[(i + n) % 6]
    s = s + mean(x)
    k = k + 1
    output s
}
"""
COMPUTED_MAIN = r'''#include <limits.h>
#include "model.h"
#include "contract.h"
enum { N = 4, OUTPUTS = 5, MOST = 64 };
static int32_t i[N], n[N];
static float x[N * 6], y[OUTPUTS][MOST], before_y[OUTPUTS][MOST];
static computed self, before;

static nnc_status run(void) { return computed_run(&self, N, i, n, x, y[0], y[1], y[2], y[3], y[4]); }

/* Nothing is written but where the run is done. */
static void refuses(int32_t *at, int32_t value, nnc_status want)
{
    const int32_t good = *at;
    memset(y, 0x5a, sizeof y);
    memcpy(before_y, y, sizeof y);
    memcpy(&before, &self, sizeof self);
    *at = value;
    CHECK(run() == want);
    CHECK(memcmp(y, before_y, sizeof y) == 0);
    CHECK(memcmp(self.state_s, before.state_s, sizeof self.state_s) == 0 && self.state_k[0] == before.state_k[0]);
    *at = good;
}

int main(void)
{
    size_t j, at;
    for (j = 0; j < N * 6; j++) x[j] = (float)j * 0.25f;
    for (j = 0; j < N; j++) i[j] = (int32_t)j, n[j] = (int32_t)j + 1;
    computed_reset(&self);
    CHECK(run() == NNC_OK);
    for (at = 0; at < N; at += N - 1) {
        refuses(&i[at], 5, NNC_ERR_TOKEN);                    /* 11 of 10 */
        refuses(&i[at], -1, NNC_ERR_TOKEN);
        refuses(&i[at], INT_MAX / 2 + 1, NNC_ERR_TOKEN);      /* wraps */
        refuses(&n[at], 0, NNC_ERR_LENGTH);
        refuses(&n[at], 7, NNC_ERR_LENGTH);                   /* 4 steps of 3 */
        refuses(&n[at], -3, NNC_ERR_LENGTH);
        refuses(&n[at], INT_MAX, NNC_ERR_LENGTH);
    }
    CHECK(run() == NNC_OK);
    for (j = 0; j < 3; j++) CHECK(y[4][j] == 1.0f + 2.0f * (23 * 0.125f));
    return 0;
}
'''


def check_computed_indices_refuse_whole_runs(t):
    """In every body: an index or a length that is computed of inputs and out of range gives a status, and leaves
    outputs and states as they were, whatever else the run would have written before."""
    t.write("main.c", COMPUTED_MAIN)
    for _, options, how in builds(t, "-O0"):
        t.model(COMPUTED, *options)
        t.run(["main.c", "model.c"], **how)


def check_extreme_values(t):
    """In every body: NaN, infinities, the largest and the smallest numbers, in every operator: what PyTorch gives."""
    cases = os.path.join(TOP, "tests", "cases")
    named = [os.path.join(cases, n) for n in sorted(os.listdir(cases)) if n.startswith(("nan_", "infinite_"))]
    need(len(named) >= 20, f"{len(named)} cases")
    bodies = t.bodies()[1:]   # ctest cases_gcc and the others run the first, the baseline
    for k, (name, options, flags) in enumerate(bodies, 1):
        part = [] if t.everything else ["--part", f"{k}/{len(bodies)}"]
        r = t.call([sys.executable, os.path.join(TOP, "tests", "tools", "run_cases.py"), "--nnc", t.nnc_path, "--jobs",
                    "1", "--nnc-flags", " ".join(options), "--cc", " ".join(["gcc -O0", *flags]), *part, *named],
                   status=None, seconds=600)
        need(r.status == 0, f"{name}:\n{r.out.decode(errors='replace')[-3000:]}")


def check_subnormal_numbers(t):
    """In every body: the smallest numbers are numbers, in every lane: neither lost nor taken for zero."""
    t.write("main.c", TIGHT_MAIN)
    for _, options, how in builds(t, "-O1"):
        t.model(TIGHT, *options)
        t.run(["main.c", "model.c"], **how)


STATEFUL = """model m {
    dim N = 1..40
    dim B = 1..3
    input x: float32[N, 1, 5]
    input ids: int32[N]
    input z: float32[B, N, 5]
    input n: int32[B]
    state h: float32[2, 1, 21]
    state c: float32[2, 1, 21]
    state g: float32[1, 1, 9]
    layer table = Embedding(7, 5)
    layer lstm = LSTM(5, 21, num_layers=2)
    layer gru = GRU(21, 9)
    layer back = LSTM(5, 19, bidirectional=True, batch_first=True)
    layer conv = Conv1d(9, 6, 3, padding=1)
    layer norm = LayerNorm(6)
    out, (h, c) = lstm(x + view(table(ids), N, 1, 5), (h, c))
    out, g = gru(out, g)
    output y = log_softmax(norm(transpose(conv(transpose(view(out, N, 9), 0, 1)), 0, 1)), dim=-1)
    b, _ = back(z, lengths=n)
    output s = matmul(b, transpose(b, 1, 2))
    output most = argmax(out, dim=-1)
}
"""


def check_reset_forgets_everything(t):
    """In every body: runs on NaN, infinities and the largest numbers leave nothing behind that a reset does not take
    away."""
    t.write("main.c", r'''#include <float.h>
#include "model.h"
#include "contract.h"
enum { N = 33, B = 3 };
static float x[N * 5], z[B * N * 5], y[N * 6], s[B * N * N], first_y[N * 6], first_s[B * N * N];
static int32_t ids[N], n[B] = {33, 1, 20}, most[N], first_most[N];
static m self;
static void run(void) { CHECK(m_run(&self, N, B, x, ids, z, n, y, s, most) == NNC_OK); }
static void inputs(float with)
{
    size_t i;
    fill(x, N * 5, 3);
    fill(z, B * N * 5, 4);
    fill_ids(ids, N, 7, 5);
    if (with != 0) {
        for (i = 0; i < N * 5; i += 3) x[i] = with;
        for (i = 0; i < B * N * 5; i += 2) z[i] = with;
    }
}
int main(void)
{
    const float bad[] = {(float)NAN, (float)INFINITY, -(float)INFINITY, FLT_MAX, -FLT_MAX, 1e-45f, -(float)NAN};
    size_t i, k;
    inputs(0);
    m_reset(&self);
    run();
    memcpy(first_y, y, sizeof y);
    memcpy(first_s, s, sizeof s);
    memcpy(first_most, most, sizeof most);
    for (i = 0; i < N * 6; i++) CHECK(isfinite(y[i]));
    for (k = 0; k < sizeof bad / sizeof *bad; k++) {
        inputs(bad[k]);
        for (i = 0; i < 3; i++) run();
        for (i = 0; i < N; i++) CHECK(most[i] >= 0 && most[i] < 9);   /* an index, whatever it is of */
        inputs(0);
        m_reset(&self);
        run();
        CHECK(memcmp(first_y, y, sizeof y) == 0 && memcmp(first_s, s, sizeof s) == 0 &&
              memcmp(first_most, most, sizeof most) == 0);
    }
    return 0;
}
''')
    for _, options, how in builds(t, "-O0"):
        t.model(STATEFUL, *options)
        t.run(["main.c", "model.c"], **how)


FEW_COLUMNS = (1, 3, 4, 8, 10, 16, 20, 24, 33)


def check_rows_of_a_product(t):
    """In every body: a product of two run-time values gives each row the same bits, whichever rows are there
    besides."""
    sizes = [(n, k) for n in FEW_COLUMNS for k in (5, 32)]
    inputs = "".join(f"    input x{k}: float32[T, {k}]\n" for k in (5, 32))
    products = "".join(f"    input w{n}_{k}: float32[{k}, {n}]\n    output y{n}_{k} = matmul(x{k}, w{n}_{k})\n"
                       for n, k in sizes)
    arrays = ", ".join(f"w{n}_{k}[{n * k}], y{n}_{k}[{n} * MOST], one{n}_{k}[{n}]" for n, k in sizes)
    weights = ", ".join(f"w{n}_{k}" for n, k in sizes)
    whole, alone = (", ".join(f"{kind}{n}_{k}" for n, k in sizes) for kind in ("y", "one"))
    fills = "".join(f"    fill(w{n}_{k}, {n * k}, {n + k}u);\n" for n, k in sizes)
    checks = "".join(f"            row(x{k} + r * {k}, w{n}_{k}, y{n}_{k} + r * {n}, one{n}_{k}, {n}, {k});\n"
                     for n, k in sizes)
    t.write("main.c", f'''#include "model.h"
#include "contract.h"
enum {{ MOST = 27 }};
static float x5[5 * MOST], x32[32 * MOST], {arrays};
static m self;
static void row(const float *x, const float *w, const float *y, const float *one, size_t columns, size_t terms)
{{
    size_t i, k;
    CHECK(memcmp(y, one, columns * sizeof *y) == 0);
    for (i = 0; i < columns; i++) {{
        double sum = 0;
        for (k = 0; k < terms; k++)
            sum += (double)x[k] * (double)w[k * columns + i];
        CHECK(fabs(sum - (double)y[i]) <= 1e-5 * (1 + fabs(sum)));
    }}
}}
int main(void)
{{
    size_t rows, r;
    fill(x5, 5 * MOST, 1u);
    fill(x32, 32 * MOST, 2u);
{fills}    m_reset(&self);
    for (rows = 1; rows <= MOST; rows++) {{
        CHECK(m_run(&self, rows, x5, x32, {weights}, {whole}) == NNC_OK);
        for (r = 0; r < rows; r++) {{
            CHECK(m_run(&self, 1, x5 + r * 5, x32 + r * 32, {weights}, {alone}) == NNC_OK);
{checks}        }}
    }}
    return 0;
}}
''')
    for _, options, how in builds(t, "-O0"):
        t.model("model m {\n    dim T = 1..27\n" + inputs + products + "}\n", *options)
        t.run(["main.c", "model.c"], **how)


@long
def check_products_of_run_time_sizes(t):
    """In every body: a product whose rows and columns only the running program knows is that in float64,
    each row has the same bits alone, and nothing is read beyond b or written beyond y."""
    t.write("main.c", r"""#include <stdlib.h>
#include "model.h"
#include "contract.h"
enum { ROWS = 12, COLUMNS = 70, SHORT = 20, LONG = 260 };
static m self;
static float a[ROWS * SHORT], c[ROWS * LONG], one_y[COLUMNS], one_z[COLUMNS];
static void right(const float *x, const float *w, const float *y, const float *one, size_t columns, size_t terms)
{
    size_t i, k;
    CHECK(memcmp(y, one, columns * sizeof *y) == 0);
    for (i = 0; i < columns; i++) {
        double sum = 0;
        for (k = 0; k < terms; k++)
            sum += (double)x[k] * (double)w[k * columns + i];
        CHECK(fabs(sum - (double)y[i]) <= 1e-5 * (1 + fabs(sum)));
    }
}
int main(void)
{
    size_t T, S, r;
    fill(a, ROWS * SHORT, 1u);
    fill(c, ROWS * LONG, 2u);
    m_reset(&self);
    for (S = 1; S <= COLUMNS; S += S < 18 ? 1 : 13) {
        float *b = (float *)malloc(SHORT * S * sizeof *b), *d = (float *)malloc(LONG * S * sizeof *d);
        CHECK(b && d);
        fill(b, SHORT * S, 3u);
        fill(d, LONG * S, 4u);
        for (T = 1; T <= ROWS; T += T < 7 ? 1 : 5) {
            float *y = (float *)malloc(T * S * sizeof *y), *z = (float *)malloc(T * S * sizeof *z);
            CHECK(y && z && m_run(&self, T, S, a, b, c, d, y, z) == NNC_OK);
            for (r = 0; r < T; r++) {
                CHECK(m_run(&self, 1, S, a + r * SHORT, b, c + r * LONG, d, one_y, one_z) == NNC_OK);
                right(a + r * SHORT, b, y + r * S, one_y, S, SHORT);
                right(c + r * LONG, d, z + r * S, one_z, S, LONG);
            }
            free(y);
            free(z);
        }
        free(b);
        free(d);
    }
    return 0;
}
""")
    for _, options, how in builds(t, *SANITIZED):
        t.model("""model m {
    dim T = 1..12
    dim S = 1..70
    input a: float32[T, 20]
    input b: float32[20, S]
    input c: float32[T, 260]
    input d: float32[260, S]
    output y = matmul(a, b)
    output z = matmul(c, d)
}
""", *options)
        t.run(["main.c", "model.c"], **how)


@long
def check_columns_of_a_lone_row(t):
    """In every body: a lone row's product with as many columns as only the running program knows is that in float64, a
    column has the same bits however many there are besides, and nothing is read beyond b or written beyond y. Of as
    many terms as only it knows those that are 0 change no bits."""
    t.write("main.c", r"""#include <stdlib.h>
#include "model.h"
#include "contract.h"
enum { COLUMNS = 450, SHORT = 20, LONG = 260, WIDE = 300 };
static m self;
static decoder step;
static float a[SHORT], c[LONG], b[SHORT * COLUMNS], d[LONG * COLUMNS], all_y[COLUMNS], all_z[COLUMNS];
static float e[LONG], f[LONG * WIDE], y_all[WIDE], z_all[WIDE], y_few[WIDE], z_few[WIDE];
static void right(const float *x, const float *w, const float *y, size_t terms)
{
    size_t i, k;
    for (i = 0; i < COLUMNS; i++) {
        double sum = 0;
        for (k = 0; k < terms; k++)
            sum += (double)x[k] * (double)w[k * COLUMNS + i];
        CHECK(fabs(sum - (double)y[i]) <= 1e-5 * (1 + fabs(sum)));
    }
}
/* The first columns of w alone. */
static float *part(const float *w, size_t terms, size_t columns)
{
    float *p = (float *)malloc(terms * columns * sizeof *p);
    size_t k;
    CHECK(p);
    for (k = 0; k < terms; k++)
        memcpy(p + k * columns, w + k * COLUMNS, columns * sizeof *p);
    return p;
}
int main(void)
{
    size_t S;
    fill(a, SHORT, 1u);
    fill(c, LONG, 2u);
    fill(b, SHORT * COLUMNS, 3u);
    fill(d, LONG * COLUMNS, 4u);
    m_reset(&self);
    CHECK(m_run(&self, COLUMNS, a, b, c, d, all_y, all_z) == NNC_OK);
    right(a, b, all_y, SHORT);
    right(c, d, all_z, LONG);
    for (S = 1; S < COLUMNS; S += S < 20 ? 1 : S < 140 ? 9 : 41) {
        float *few = part(b, SHORT, S), *more = part(d, LONG, S);
        float *y = (float *)malloc(S * sizeof *y), *z = (float *)malloc(S * sizeof *z);
        CHECK(y && z && m_run(&self, S, a, few, c, more, y, z) == NNC_OK);
        CHECK(memcmp(y, all_y, S * sizeof *y) == 0 && memcmp(z, all_z, S * sizeof *z) == 0);
        free(few);
        free(more);
        free(y);
        free(z);
    }
    decoder_reset(&step);
    for (S = 1; S <= 40; S += S < 5 ? 1 : 5) {
        memset(e, 0, sizeof e);
        memset(f, 0, sizeof f);
        fill(e, S, 5u);
        fill(f, S * WIDE, 6u);
        CHECK(decoder_run(&step, S, WIDE, e, f, f, y_few, z_few) == NNC_OK);
        CHECK(decoder_run(&step, 250, WIDE, e, f, f, y_all, z_all) == NNC_OK);
        CHECK(memcmp(y_few, y_all, sizeof y_all) == 0 && memcmp(z_few, y_all, sizeof y_all) == 0);
        CHECK(memcmp(z_all, y_all, sizeof y_all) == 0);
    }
    return 0;
}
""")
    for _, options, how in builds(t, *SANITIZED):
        t.model("""model m {
    dim S = 1..450
    input a: float32[1, 20]
    input b: float32[20, S]
    input c: float32[1, 260]
    input d: float32[260, S]
    output y = matmul(a, b)
    output z = matmul(c, d)
}
model decoder {
    dim K = 1..260
    dim S = 1..300
    input a: float32[1, K]
    input b: float32[K, 300]
    input c: float32[K, S]
    output y = matmul(a, b)
    output z = matmul(a, c)
}
""", *options)
        t.run(["main.c", "model.c"], **how)


@long
def check_scores_of_self_attention(t):
    """In every body: products whose rows and columns grow together are those in float64 for few rows and for many, and
    nothing is read beyond the operands or written beyond y."""
    t.write("main.c", r"""#include <stdlib.h>
#include "model.h"
#include "contract.h"
enum { MOST = 70, MORE = 9 };
static m self;
static float *filled(size_t n, unsigned seed)
{
    float *x = (float *)malloc(n * sizeof *x);
    CHECK(x);
    fill(x, n, seed);
    return x;
}
/* y[i][j] = sum of a[i * apart + k] * b[j * apart + k] */
static void right(const float *a, const float *b, const float *y, size_t rows, size_t columns, size_t terms,
                  size_t apart, size_t b_apart)
{
    size_t i, j, k;
    for (i = 0; i < rows; i++)
        for (j = 0; j < columns; j++) {
            double sum = 0;
            for (k = 0; k < terms; k++)
                sum += (double)a[i * apart + k] * (double)b[j * apart + k * b_apart];
            CHECK(fabs(sum - (double)y[i * columns + j]) <= 1e-5 * (1 + fabs(sum)));
        }
}
int main(void)
{
    size_t T;
    m_reset(&self);
    for (T = 1; T <= MOST; T += T < 34 ? 1 : 9) {
        const size_t S = T + MORE;
        float *a = filled(T * 2 * 20, 1u), *b = filled(T * 2 * 20, 2u), *c = filled(T * 7, 3u), *d = filled(S * 7, 4u);
        float *e = filled(T * 100, 5u), *y = filled(2 * T * T, 6u), *z = filled(T * S, 7u), *w = filled(T * T, 8u);
        float *v = filled(T * T, 9u);
        CHECK(m_run(&self, T, a, b, c, d, e, y, z, w, v) == NNC_OK);
        right(a, b, y, T, T, 20, 40, 1);
        right(a + 20, b + 20, y + T * T, T, T, 20, 40, 1);
        right(c, d, z, T, S, 7, 7, 1);
        right(e, e, w, T, T, 100, 100, 1);
        right(a, b, v, T, T, 20, 40, 2);
        free(a), free(b), free(c), free(d), free(e), free(y), free(z), free(w), free(v);
    }
    return 0;
}
""")
    for _, options, how in builds(t, *SANITIZED):
        t.model("""model m {
    dim T = 1..70
    input a: float32[T, 2, 20]
    input b: float32[T, 2, 20]
    input c: float32[T, 7]
    input d: float32[T+9, 7]
    input e: float32[T, 100]
    output y = permute(a, 1, 0, 2) @ permute(b, 1, 2, 0)
    output z = c @ t(d)
    output w = e @ t(e)
    output v = a[:, 0] @ t(reshape(b, T, 20, 2)[:, :, 0])
}
""", *options)
        t.run(["main.c", "model.c"], **how)


def check_two_threads(t):
    """In every body: two structs in two threads, under ThreadSanitizer, one of them on NaN: no race, and the bits of
    one thread alone."""
    t.write("main.c", r'''#include <pthread.h>
#include "model.h"
#include "contract.h"
enum { N = 24, B = 3 };
static float x[2][N * 5], z[2][B * N * 5], y[3][N * 6], s[3][B * N * N];
static int32_t ids[N], n[B] = {24, 1, 20}, most[3][N];
static m selves[3];
static void *work(void *argument)
{
    const size_t me = (size_t)(uintptr_t)argument, in = me == 1;
    int again;
    for (again = 0; again < 10; again++) {
        m_reset(&selves[me]);
        CHECK(m_run(&selves[me], N, B, x[in], ids, z[in], n, y[me], s[me], most[me]) == NNC_OK);
        CHECK(m_run(&selves[me], N + 17, B, x[in], ids, z[in], n, y[me], s[me], most[me]) == NNC_ERR_DIM);
    }
    return NULL;
}
int main(void)
{
    pthread_t a, b;
    size_t i;
    for (i = 0; i < 2; i++) {
        fill(x[i], N * 5, 5);
        fill(z[i], B * N * 5, 6);
    }
    x[1][7] = z[1][7] = (float)NAN;
    fill_ids(ids, N, 7, 5);
    work((void *)(uintptr_t)2);
    CHECK(pthread_create(&a, NULL, work, NULL) == 0 && pthread_create(&b, NULL, work, (void *)(uintptr_t)1) == 0);
    CHECK(pthread_join(a, NULL) == 0 && pthread_join(b, NULL) == 0);
    CHECK(memcmp(y[0], y[2], sizeof y[0]) == 0 && memcmp(s[0], s[2], sizeof s[0]) == 0 &&
          memcmp(most[0], most[2], sizeof most[0]) == 0);
    CHECK(isnan(y[1][N * 6 - 1]));
    return 0;
}
''')
    for name, options, how in builds(t, "-O0", "-g", "-pthread", "-fsanitize=thread"):
        if name != "plain C":
            t.model(STATEFUL, *options)
            t.run(["main.c", "model.c"], **how)
