#!/usr/bin/env python3
"""--train-api=train learns what --train-api=all learns, to the bit, in a struct without gradients. A sparse Embedding,
which moves the rows that were looked up as it comes to them, learns the same but for rounding.

usage: run_api.py --nnc NNC [--cc "gcc -O1"] [--all]
"""
import os, re, shlex, sys

sys.dont_write_bytecode = True   # no __pycache__ in the source tree
import kit

MODELS = {  # text; is every gradient scratch?
    "groups": ("""dim T = 2..9
input ids: int32[T, 2]
target y: int32[T, 2]
layer emb = Embedding(7, 5, padding_idx=1, max_norm=1.5, scale_grad_by_freq=True)
layer norm = BatchNorm1d(5)
layer lstm = LSTM(5, 6, num_layers=2, dropout=0.25)
layer drop = Dropout(0.3)
layer head = Linear(6, 4)
param scale: float32[4]
x = norm(transpose(emb(ids), 1, 2))
out, _ = lstm(transpose(x, 1, 2))
output scores = head(drop(out)) * scale
loss l = cross_entropy(transpose(scores, 1, 2), y) + 0.01 * sum(pow(scale, 2))
output again = l * 2
train clip_grad_value_(0.05)
train SGD(lr=0.1, momentum=0.9, dampening=0.3, params="emb.*")
train Adam(lr=0.01, amsgrad=True, weight_decay=0.01, params="lstm.*", frozen="*bias_ih*")
train RMSprop(lr=0.002, centered=True, momentum=0.5, params=("head.*", "norm.*", "scale"))
""", True),
    "one_key": ("""input ids: int32[6, 2]
target y: int32[6, 2]
layer emb = Embedding(7, 5)
layer gru = GRU(5, 5, bidirectional=True)
layer mix = Linear(10, 5, bias=False)
layer head = Linear(5, 7, bias=False) from "emb"
x = emb(ids)
out, h = gru(x)
scores = head(mix(out))
output best = argmax(scores, dim=2)
loss l = cross_entropy(transpose(scores, 1, 2), y)
output again = l + sum(emb(ids)) * 0
train AdamW(lr=0.01, maximize=True)
""", True),
    "clipped": ("""input ids: int32[6, 2]
target y: int32[6, 2]
layer emb = Embedding(7, 5)
layer rnn = RNN(5, 4)
out, h = rnn(emb(ids))
output best = out
loss l = cross_entropy(transpose(out, 1, 2), y % 4)
output again = l
train clip_grad_norm_(0.1)
train SGD(lr=0.1)
""", False),
    "sparse": ("""dim T = 2..9
input ids: int32[T, 2]
target y: int32[T, 2]
layer emb = Embedding(7, 5, padding_idx=1, max_norm=1.5{sparse})
layer head = Linear(5, 4)
output scores = head(emb(ids))
loss l = cross_entropy(transpose(scores, 1, 2), y)
output again = l
train SGD(lr=0.1, params="emb.*", maximize=True)
train Adam(lr=0.01, params="head.*")
""", True),
}
DRIVER = """#include "full.h"
#include "once.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
static full_m a; static once_m b; static float p[2][FULL_M_PARAM_FLOATS], again[2];
static int32_t ids[18], y[18];
int main(void) {{
    unsigned long seed = 1;
    full_m_reset(&a); once_m_reset(&b);
    for (int i = 0; i < 12; i++) {{
        float l[2];
        {dim}
        for (int k = 0; k < 18; k++) {{
            ids[k] = (int32_t)((seed = seed * 1103515245u + 12345u) >> 16 & 0x7fff) % 7;
            y[k] = (int32_t)((seed = seed * 1103515245u + 12345u) >> 16 & 0x7fff) % 4;
        }}
        if (full_m_train(&a, {T} ids, y, 0.1f, &l[0], &again[0]) ||
            once_m_train(&b, {T} ids, y, 0.1f, &l[1], &again[1]))
            return 1;
        full_m_get_params(&a, p[0]); once_m_get_params(&b, p[1]);
        float worst = fabsf(l[0] - l[1]) + fabsf(again[0] - again[1]);
        for (int k = 0; k < FULL_M_PARAM_FLOATS; k++) worst = fmaxf(worst, fabsf(p[0][k] - p[1][k]));
        if (!(worst <= {most})) {{ printf("step %d: %g\\n", i, worst); return 1; }}
    }}
    once_m_zero_grad(&b);
    printf("%lu %lu %d\\n", (unsigned long)sizeof a, (unsigned long)sizeof b, FULL_M_PARAM_FLOATS);
    return 0;
}}
"""


def check(args, target, name, d):
    text, at_once = MODELS[name]

    def run(command):
        return kit.run(command, d, f"{name}, {target}")
    for file, api in (("full", "all"), ("once", "train")):
        sparse = ", sparse=True" if file == "once" else ""
        open(os.path.join(d, file + ".nn"), "w").write("model m {\n" + text.format(sparse=sparse) + "}\n")
        run([args.nnc, file + ".nn", "-o", file + ".c", "--random-weights", "3", "--name-prefix", file + "_",
             "--train-api", api, "--target", target])
    T = "dim T" in text
    open(os.path.join(d, "driver.c"), "w").write(DRIVER.format(
        T="T," if T else "", dim="const size_t T = 2 + (size_t)i % 8;" if T else "",
        most="1e-6f" if name == "sparse" else "0"))
    objects = [args.runtime.object(d, file, run) for file in ("full", "once")]
    run(shlex.split(args.cc) + ["driver.c", *objects, "-o", "driver", "-lm"])
    full, once, floats = (int(s) for s in run(["./driver"]).split())
    header = open(os.path.join(d, "once.h")).read()
    if ("float gradients[" in header) == at_once:
        raise RuntimeError(f"{name}: gradients {'in' if at_once else 'not in'} the struct")
    for gone in ("grad", "step", "get_grads"):
        if re.search(rf"\bonce_m_{gone}\(", header):
            raise RuntimeError(f"{name}: the header has {gone}")
    if at_once and once >= full:
        raise RuntimeError(f"{name}: {once} bytes with steps at once, {full} with all gradients")


if __name__ == "__main__":
    sys.exit(kit.main(__doc__, list(MODELS), check, "learn the same"))
