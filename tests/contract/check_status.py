"""Statuses: everything is checked before anything is written; indices; lengths."""
from kit import need

EVERYTHING = """model all {
    dim T = 2..9
    dim B = 1..4
    input ids: int32[B, T]
    input tag: int32[T]
    input window: int32[3, 6]
    input hot: int32[B]
    input n: int32[B]
    input x: float32[2]
    state s: float32[3]
    state h: float32[1, 1, 4]
    state c: float32[1, 1, 4]
    layer words = Embedding(11, 4)
    layer tags = Embedding(3, 4)
    layer part = Embedding(5, 2)
    layer lstm = LSTM(4, 5, batch_first=True)
    layer keep = LSTM(4, 4)
    out, _ = lstm(words(ids) + tags(tag), lengths=n)
    t, (h, c) = keep(view(tags(tag), T, 1, 4), (h, c))
    s = s + mean(x)
    output y = out
    output z = part(window[1:, 2:4])
    output w = one_hot(hot, num_classes=7) + sum(t)
    output s
    output ids = ids + 1
}
"""

MAIN = r'''#include <limits.h>
#include "model.h"
#include "contract.h"
enum { T = 5, B = 3 };
static int32_t ids[B * T], tag[T], window[3 * 6], hot[B], n[B];
static float x[2];
static float y[B * T * 5], z[2 * 2 * 2], w[B * 7], s[3];
static int32_t ids_out[B * T];
static all self, before;

static nnc_status run(size_t t, size_t b)
{
    return all_run(&self, t, b, ids, tag, window, hot, n, x, y, z, w, s, ids_out);
}

/* The status, and that nothing was written. */
static void refuses(nnc_status got, nnc_status want, int line)
{
    size_t i;
    int good = got == want && memcmp(&self, &before, sizeof self) == 0;
    for (i = 0; i < sizeof y / sizeof *y; i++) good = good && y[i] == 99;
    for (i = 0; i < sizeof z / sizeof *z; i++) good = good && z[i] == 99;
    for (i = 0; i < sizeof w / sizeof *w; i++) good = good && w[i] == 99;
    for (i = 0; i < 3; i++) good = good && s[i] == 99;
    for (i = 0; i < B * T; i++) good = good && ids_out[i] == 99;
    if (!good) {
        fprintf(stderr, "line %d: status %d, expected %d, or something was written\n", line, (int)got, (int)want);
        exit(1);
    }
}

static void mark(void)
{
    size_t i;
    for (i = 0; i < sizeof y / sizeof *y; i++) y[i] = 99;
    for (i = 0; i < sizeof z / sizeof *z; i++) z[i] = 99;
    for (i = 0; i < sizeof w / sizeof *w; i++) w[i] = 99;
    for (i = 0; i < 3; i++) s[i] = 99;
    for (i = 0; i < B * T; i++) ids_out[i] = 99;
}

/* Every element of a checked input with every bad value. */
static void spoil(int32_t *a, size_t count, int32_t limit, int32_t low, nnc_status want, int line)
{
    const int32_t bad[5] = {low - 1, limit, INT_MIN, INT_MAX, -limit};
    size_t i, k;
    for (i = 0; i < count; i++)
        for (k = 0; k < 5; k++) {
            const int32_t old = a[i];
            a[i] = bad[k];
            refuses(run(T, B), want, line);
            a[i] = old;
        }
}

int main(void)
{
    static const size_t bad_t[] = {0, 1, 10, 11, SIZE_MAX, (size_t)1 << 31, SIZE_MAX / 4}, bad_b[] = {0, 5, SIZE_MAX};
    float first[B * T * 5], second[B * T * 5];
    size_t i;
    int32_t k;
    fill_ids(ids, B * T, 11, 1);
    fill_ids(tag, T, 3, 2);
    fill_ids(hot, B, 7, 3);
    fill(x, 2, 4);
    for (i = 0; i < 18; i++) window[i] = -1000;   /* what no slice uses may be anything */
    for (i = 1; i < 3; i++) window[6 * i + 2] = window[6 * i + 3] = (int32_t)i * 2;
    for (i = 0; i < B; i++) n[i] = (int32_t)i + 1;
    all_reset(&self);
    CHECK(run(T, B) == NNC_OK);                   /* so that the state is no longer zero */
    memcpy(first, y, sizeof y);
    before = self;
    mark();
#define REFUSES(CALL, STATUS) refuses(CALL, STATUS, __LINE__)
    REFUSES(all_run(NULL, T, B, ids, tag, window, hot, n, x, y, z, w, s, ids_out), NNC_ERR_NULL);
    REFUSES(all_run(&self, T, B, NULL, tag, window, hot, n, x, y, z, w, s, ids_out), NNC_ERR_NULL);
    REFUSES(all_run(&self, T, B, ids, NULL, window, hot, n, x, y, z, w, s, ids_out), NNC_ERR_NULL);
    REFUSES(all_run(&self, T, B, ids, tag, NULL, hot, n, x, y, z, w, s, ids_out), NNC_ERR_NULL);
    REFUSES(all_run(&self, T, B, ids, tag, window, NULL, n, x, y, z, w, s, ids_out), NNC_ERR_NULL);
    REFUSES(all_run(&self, T, B, ids, tag, window, hot, NULL, x, y, z, w, s, ids_out), NNC_ERR_NULL);
    REFUSES(all_run(&self, T, B, ids, tag, window, hot, n, NULL, y, z, w, s, ids_out), NNC_ERR_NULL);
    REFUSES(all_run(&self, T, B, ids, tag, window, hot, n, x, NULL, z, w, s, ids_out), NNC_ERR_NULL);
    REFUSES(all_run(&self, T, B, ids, tag, window, hot, n, x, y, NULL, w, s, ids_out), NNC_ERR_NULL);
    REFUSES(all_run(&self, T, B, ids, tag, window, hot, n, x, y, z, NULL, s, ids_out), NNC_ERR_NULL);
    REFUSES(all_run(&self, T, B, ids, tag, window, hot, n, x, y, z, w, NULL, ids_out), NNC_ERR_NULL);
    REFUSES(all_run(&self, T, B, ids, tag, window, hot, n, x, y, z, w, s, NULL), NNC_ERR_NULL);
    for (i = 0; i < sizeof bad_t / sizeof *bad_t; i++) REFUSES(run(bad_t[i], B), NNC_ERR_DIM);
    for (i = 0; i < sizeof bad_b / sizeof *bad_b; i++) REFUSES(run(T, bad_b[i]), NNC_ERR_DIM);
    spoil(ids, B * T, 11, 0, NNC_ERR_TOKEN, __LINE__);
    spoil(tag, T, 3, 0, NNC_ERR_TOKEN, __LINE__);
    spoil(window + 8, 2, 5, 0, NNC_ERR_TOKEN, __LINE__);
    spoil(window + 14, 2, 5, 0, NNC_ERR_TOKEN, __LINE__);
    spoil(hot, B, 7, 0, NNC_ERR_TOKEN, __LINE__);
    spoil(n, B, T + 1, 1, NNC_ERR_LENGTH, __LINE__);
    /* several faults: some error, and nothing is written */
    n[2] = 0;
    ids[14] = -1;
    CHECK(run(T, B) != NNC_OK && memcmp(&self, &before, sizeof self) == 0 && y[0] == 99);
    n[2] = 5;
    ids[14] = 10;
    /* after all these the same state gives the same outputs as an untouched copy */
    CHECK(run(T, B) == NNC_OK);
    memcpy(second, y, sizeof y);
    self = before;
    CHECK(run(T, B) == NNC_OK && memcmp(second, y, sizeof y) == 0);
    for (i = 0; i < B * T; i++) CHECK(ids_out[i] == ids[i] + 1);
    /* smaller and largest dims are fine, and read no more than they say: under a sanitizer the heap tells */
    {
        int32_t *small = (int32_t *)malloc(2 * sizeof *small), *little = (int32_t *)malloc(2 * sizeof *little);
        CHECK(small && little);
        small[0] = 10; small[1] = 0; little[0] = 2; little[1] = 1; hot[0] = 6; n[0] = 2;
        CHECK(all_run(&self, 2, 1, small, little, window, hot, n, x, y, z, w, s, ids_out) == NNC_OK);
        small[1] = 11;
        CHECK(all_run(&self, 2, 1, small, little, window, hot, n, x, y, z, w, s, ids_out) == NNC_ERR_TOKEN);
        free(small);
        free(little);
    }
    /* words for every status, and for what is none */
    CHECK(NNC_OK == 0);
    for (k = -1; k < 100; k++) {
        const char *text = nnc_status_string((nnc_status)(k < 0 ? 7 : k < 8 ? k : 6));
        CHECK(text != NULL && *text);
    }
    CHECK(strcmp(nnc_status_string(NNC_ERR_NULL), nnc_status_string(NNC_ERR_DIM)) != 0);
    CHECK(strcmp(nnc_status_string(NNC_ERR_TOKEN), nnc_status_string(NNC_ERR_LENGTH)) != 0);
    CHECK(strcmp(nnc_status_string(NNC_OK), nnc_status_string(NNC_ERR_NULL)) != 0);
    (void)first;
    return 0;
}
'''


def check_all_is_checked_before_anything_is_written(t):
    """`nnc_status` is `NNC_OK` (0), `NNC_ERR_NULL`, `NNC_ERR_DIM`, `NNC_ERR_TOKEN`, `NNC_ERR_LENGTH`; all is checked
    before anything is written: on an error outputs and state are as they were."""
    t.model(EVERYTHING)
    t.write("main.c", MAIN)
    t.everywhere(["main.c", "model.c"], stds=("c99", "c++11"))
    for cc in t.compilers:
        t.run(["main.c", "model.c"], cc=cc,
              flags=["-O0", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"])


def check_indices_come_from_an_input(t):
    """An index into a table must come from an input (checked first) or be provably in range (`argmax`); otherwise it is
    a compile-time error."""
    head = ("model m {\n    dim T = 1..4\n    input ids: int32[T]\n    input x: float32[T, 5]\n"
            "    layer e = Embedding(%d, 2)\n")
    for size, index in ((5, "ids"), (5, "ids[:1]"), (5, "view(ids, 1, T)"), (5, "cat((ids, ids))"),
                        (5, "argmax(x, dim=1)"),
                        (9, "argmax(x, dim=1)"), (5, "argmax(x, dim=-1, keepdim=True)"), (4, "argmax(x, dim=0)")):
        t.model(head % size + f"    output y = e({index})\n    output z = one_hot({index}, num_classes={size})\n}}\n")
    # what comes through a state is not an input's: it must be provable
    for index in ("k", "k + ids[:1]", "cat((k, ids))"):
        for use in (f"e({index})", f"one_hot({index}, num_classes=5)"):
            t.refused(head % 5 + f"    state k: int32[1]\n    k = k + 1\n    output y = {use}\n}}\n",
                      r"refused.nn:8:\d+: error: ")
    # lengths are checked as well: they come from an input, too
    rnn = ("model m {\n    dim T = 1..4\n    input n: int32[2]\n    input x: float32[T, 2, 5]\n"
           "    layer l = GRU(5, 2)\n    y, _ = l(x, lengths=%s)\n    output y\n}\n")
    t.model(rnn % "n")
    t.model(rnn % "clamp(n + 1, 1, T)")
    t.refused((rnn % "k").replace("    y,", "    state k: int32[2]\n    k = k + n\n    y,"),
              r"refused.nn:8:\d+: error:")


def check_unused_indices(t):
    """All is checked first that a run uses, and only that: a slice's tokens, not those beside it."""
    t.model("model m {\n    dim T = 3..6\n    input ids: int32[T]\n    layer e = Embedding(4, 2)\n"
            "    output y = e(ids[1:-1])\n}\n")
    t.write("main.c", '''#include "model.h"
#include "contract.h"
int main(void)
{
    static m self;
    int32_t ids[4] = {-7, 0, 3, 4};
    float y[4];
    m_reset(&self);
    CHECK(m_run(&self, 4, ids, y) == NNC_OK);
    ids[2] = 4;
    CHECK(m_run(&self, 4, ids, y) == NNC_ERR_TOKEN);
    return 0;
}
''')
    t.everywhere(["main.c", "model.c"])
