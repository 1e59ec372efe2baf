#!/usr/bin/env python3
"""Calls that fail, of a model that trains. One that is refused (an index or a class that is a sum or a move of inputs)
leaves all that a later call can see as it was: a struct that gets such calls learns what its twin without them learns,
to the bit. A norm that is not finite, under error_if_nonfinite, leaves parameters, moments and steps as they were, and
no gradient. Where all targets are ignored, the mean is NaN and there is no gradient.

usage: run_refusals.py --nnc NNC [--cc "gcc -O1"] [--all]
"""
import os, shlex, sys

sys.dont_write_bytecode = True   # no __pycache__ in the source tree
import kit

MODEL = """model m {
    input ids: int32[4]
    input x: float32[4, 3]
    target y: int32[4]
    state h: float32[4, 3]
    layer emb = Embedding(6, 3, max_norm=1.0)
    layer drop = Dropout(0.2)
    layer norm = BatchNorm1d(3)
    layer head = Linear(3, 5)
    h = tanh(norm(x + h) + drop(emb(INDEX)))
    output z = head(h)
    loss l = cross_entropy(z, CLASS)
    output both = z * l
    train clip_grad_norm_(2.0, error_if_nonfinite=True)
    train Adam(lr=0.1, amsgrad=True)
}
"""
CASES = [("flip(ids, (0,))", "roll(y, 1, 0)", "all"), ("cumsum(ids, dim=0)", "cumsum(y, dim=0)", "train"),
         ("ids[ids % 4]", "y[y % 4]", "all"),
         ("amax(stack((ids, ids - 1)), dim=0)", "sum(stack((y, y - 1)), dim=0)", "all")]   # index, class, --train-api
DRIVER = """#include "m.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
static m a, b, before;
static float x[12], l[2], out[2][20], given[M_PARAM_FLOATS + 1], kept[M_PARAM_FLOATS + 1];
static int32_t ids[4], y[4];
static unsigned long seed = 1;
static int32_t draw(int n) { return (int32_t)((seed = seed * 1103515245u + 12345u) >> 16 & 0x7fff) % n; }
static int fail(const char *what, int i) { printf("%s, call %d\\n", what, i); return 1; }
static int call(m *s, int what, float *loss, float *o) {
    if (what == 0) return m_run(s, ids, x, o);
    if (what == 1) return m_eval(s, ids, x, y, loss);
#if ALL
    if (what == 2) return m_grad(s, ids, x, y, loss, o);
#endif
    return m_train(s, ids, x, y, 0.1f, loss, o);
}
enum { HEAD = 6 * 3, HEAD_FLOATS = 5 + 5 * 3 }; /* behind emb.weight, whose rows max_norm scales */
#define SAME(member) (!memcmp(a.member, before.member, sizeof a.member))
int main(void) {
    int refused = 0;
    memset(&a, 0x5A, sizeof a); memset(&b, 0xA5, sizeof b);
    m_reset(&a); m_reset(&b);
    for (int i = 0; i < 300; i++) {
        for (int k = 0; k < 12; k++) x[k] = (float)draw(1000) / 500 - 1;
        for (int k = 0; k < 4; k++) { ids[k] = draw(i % 2 ? 8 : 3) - i % 2; y[k] = draw(i % 3 ? 3 : 6) - (i % 3 == 0); }
        memset(l, 0x77, sizeof l); memset(out, 0x77, sizeof out);
        before = a;
        int status = call(&a, i % 4, &l[0], out[0]);
        if (!status) {
            if (call(&b, i % 4, &l[1], out[1])) return fail("the twin is refused", i);
            if (memcmp(&l[0], &l[1], sizeof l[0]) || memcmp(out[0], out[1], sizeof out[0]))
                return fail("the twin has another result", i);
            continue;
        }
        if (status != NNC_ERR_TOKEN && status != NNC_ERR_TARGET) return fail("another status", i);
        if (memcmp(&l[0], &l[1], sizeof l[0]) || memcmp(out[0], out[1], sizeof out[0]))
            return fail("a refused call wrote", i);
        if (!SAME(parameters) || !SAME(moments) || !SAME(steps) || !SAME(random))
            return fail("a refused call changed the struct", i);
        refused++;
    }
    if (refused < 50 || refused > 250) return fail("few were refused, or many", refused);
    m_get_params(&a, given); m_get_params(&b, kept);
    if (memcmp(given, kept, sizeof given)) return fail("the twin learnt something else", 0);
#if ALL
    for (int i = 0; i < 4; i++) { ids[i] = 0; y[i] = -100; }
    m_zero_grad(&a);
    if (!m_grad(&a, ids, x, y, &l[0], out[0])) { /* a sum of ignored ones is a class of its own */
        if (l[0] == l[0]) return fail("all are ignored, and the mean is a number", 0);
        m_get_grads(&a, given);
        for (int i = 0; i < M_PARAM_FLOATS; i++) if (given[i] != 0)
            return fail("all are ignored, and there is a gradient", i);
    } else if (ALL_MOVED) return fail("ignored ones are refused", 0);
#endif
    for (int i = 0; i < 4; i++) { ids[i] = 0; y[i] = 1; }
    x[5] = INFINITY;
    before = a;
    if (call(&a, 3, &l[0], out[0]) != NNC_ERR_NONFINITE) return fail("train took what is not finite", 0);
    if (!SAME(moments) || !SAME(steps)) return fail("train moved on", 0);
    if (memcmp(a.parameters + HEAD, before.parameters + HEAD, HEAD_FLOATS * sizeof(float)))
        return fail("parameters moved", 0);
#if ALL
    m_get_grads(&a, given);
    for (int i = 0; i < M_PARAM_FLOATS; i++) if (given[i] != 0) return fail("a gradient is left", i);
    if (m_grad(&a, ids, x, y, &l[0], out[0]) || m_step(&a, 0.1f) != NNC_ERR_NONFINITE)
        return fail("step took what is not finite", 0);
    if (!SAME(moments) || !SAME(steps) || m_step(&a, 0.1f)) return fail("step moved on", 0);
#endif
    return 0;
}
"""


def check(args, target, case, d):
    index, classes, api = case

    def run(command):
        kit.run(command, d, f"{index}, {classes}, --train-api={api}, {target}")
    open(os.path.join(d, "m.nn"), "w").write(MODEL.replace("INDEX", index).replace("CLASS", classes))
    run([args.nnc, "m.nn", "-o", "m.c", "--random-weights", "3", "--train-api", api, "--target", target])
    open(os.path.join(d, "driver.c"), "w").write(DRIVER)
    moved = int("sum" not in classes)
    model = args.runtime.object(d, "m", run)
    run(shlex.split(args.cc)
        + [f"-DALL={int(api == 'all')}", f"-DALL_MOVED={moved}", "driver.c", model, "-o", "driver", "-lm"])
    run(["./driver"])


if __name__ == "__main__":
    sys.exit(kit.main(__doc__, CASES, check, "refuse and forget"))
