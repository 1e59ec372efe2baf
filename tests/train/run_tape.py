#!/usr/bin/env python3
"""--train-tape=K changes no bit: recurrent layers of every kind are trained with the whole tape and with every K-th
step of it, and losses, gradients, parameters and outputs compared; without lengths, the struct of the smaller tape must
be smaller where T is long. So are models in which more adds to the same gradients, also with steps that are taken at
once (--train-api=train).

usage: run_tape.py --nnc NNC [--cc "gcc -O1"] [--all]

Without --all a few of the combinations, for which the targets that this machine runs take turns.
"""
import argparse, os, shlex, subprocess, sys, tempfile

sys.dont_write_bytecode = True   # no __pycache__ in the source tree
from kit import TARGETS, precompiled

LAYERS = ["LSTM(5, 7)", "GRU(5, 4, num_layers=2, bidirectional=True)", "RNN(5, 16)",
          "LSTM(5, 9, proj_size=3, bidirectional=True)",
          "LSTM(5, 16, num_layers=2, bias=False)", "GRU(5, 17)", "RNN(5, 3, nonlinearity=\"relu\", bidirectional=True)",
          "GRU(5, 6, reset_after=False)"]
SHAPES = [("dim T = 1..40\n", "T", 1, (40, 13, 1)), ("", "24", 1, (24,)), ("dim T = 2..19\n", "T", 3, (19, 2)),
          ("", "7", 2, (7,))]
MODEL = """{dim}input x: float32[{T}, {B}, 5]
{n}layer drop = Linear(5, 5)
layer r = {layer}
out, h = r(tanh(drop(x)){lengths})
output o = out
loss l = mean(out * out * out) + 0.1 * sum({states})
output dx = grad(l, x)
train SGD(lr=0.1)
"""
MODELS = {  # text; the T of calls
    "one key for two layers and a Linear": ("""dim T = 1..40
input x: float32[T, 2, 5]
layer first = LSTM(5, 5)
layer second = LSTM(5, 5, reverse=True) from "first"
layer mix = Linear(5, 20) from (weight="first.weight_ih_l0")
layer more = Linear(5, 20) from (weight="first.weight_hh_l0")
a, _ = first(tanh(mix(x)[..., 3:8]))
b, (h, c) = second(a)
output o = b
loss l = mean(b * b * b) + 0.1 * sum(mix(b[-1]) + more(a[0]))
output dx = grad(l, x)
train SGD(lr=0.1)
""", (40, 13, 2)),
    "states, dropout between layers, frozen parts": ("""input x: float32[24, 1, 5]
state h: float32[2, 1, 6]
state c: float32[2, 1, 6]
layer r = LSTM(5, 6, num_layers=2, dropout=0.4)
layer g = GRU(6, 4, bidirectional=True)
out, (h, c) = r(x, (h, c))
e, _ = g(out)
output o = e
loss l = mean(e * e * e)
output dx = grad(l, x)
train clip_grad_value_(0.05)
train Adam(lr=0.1, frozen="*bias_ih*")
""", (24,)),
    "a first state that is made, a loss at every step of a long sequence": ("""dim T = 1..150
input x: float32[T, 1, 5]
layer r = LSTM(5, 12, proj_size=4)
layer s = RNN(4, 6)
layer first = Linear(5, 6)
layer head = Linear(6, 3)
out, _ = r(x)
e, _ = s(out, view(first(mean(x, 0)), 1, 1, 6))
output o = head(e)
loss l = mean(pow(head(e) - x[..., 0:3], 2))
output dx = grad(l, x)
train AdamW(lr=0.1)
""", (150, 65, 3)),
}
DRIVER = """#include "full.h"
#include "cut.h"
#include <stdio.h>
#include <string.h>
static full_m a; static cut_m b; static float x[2000], o[4][6000], p[2][9000];
static int32_t n[8];
static int step(int call, size_t T) {{
    float l[2] = {{0, 0}};
    (void)T;
    memset(o, 0, sizeof o);
    (void)call;
{grads}    if (full_m_train(&a, {args}, 0.1f, &l[0], o[0]) || cut_m_train(&b, {args}, 0.1f, &l[1], o[1])) return 1;
    full_m_get_params(&a, p[0]); cut_m_get_params(&b, p[1]);
    if (memcmp(p[0], p[1], sizeof p[0]) || memcmp(&l[0], &l[1], sizeof l[0]) || memcmp(o[0], o[1], sizeof o[0]))
        return 2;
{gradients}    return 0;
}}
int main(void) {{
    size_t lengths[] = {{{calls}}};
    unsigned long seed = 1;
    full_m_reset(&a); cut_m_reset(&b);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (int call = 0; call < 3; call++) {{   /* train, grad and train */
            for (size_t k = 0; k < 2000; k++)
                x[k] = (float)((seed = seed * 1103515245u + 12345u) >> 16 & 0x7fff) / 16384 - 1;
            for (size_t k = 0; k < 8; k++) n[k] = (int32_t)((k * 7 + i) % lengths[i]) + 1;
            int wrong = step(call, lengths[i]);
            if (wrong) {{ printf("T = %u, call %d: %d\\n", (unsigned)lengths[i], call, wrong); return 1; }}
        }}
    printf("%lu %lu\\n", (unsigned long)sizeof a, (unsigned long)sizeof b);
    return 0;
}}
"""


# what --train-api=train does not have
GRADS = """    if (call == 1 && (full_m_grad(&a, {args}, &l[0], o[0]) || cut_m_grad(&b, {args}, &l[1], o[1]))) return 1;
    if (call != 1)
"""
GRADIENTS = """    full_m_get_grads(&a, p[0]); cut_m_get_grads(&b, p[1]);
    if (memcmp(p[0], p[1], sizeof p[0])) return 3;
"""


def sizes(args, target, text, arguments, calls, k, at_once, d):
    """Of both structs, when all is the same to the bit."""
    open(os.path.join(d, "m.nn"), "w").write("model m {\n" + text + "}\n")

    def run(command):
        r = subprocess.run(command, cwd=d, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if r.returncode:
            raise RuntimeError(r.stdout[-600:])
        return r.stdout
    for name, tape in (("full", "FULL"), ("cut", str(k))):
        run([args.nnc, "m.nn", "-o", name + ".c", "--random-weights", "3", "--name-prefix", name + "_",
             "--train-tape", tape, "--target", target] + ["--train-api=train"] * at_once)
    arguments = ", ".join(arguments)
    open(os.path.join(d, "driver.c"), "w").write(DRIVER.format(
        args=arguments, calls=", ".join(map(str, calls)), grads="" if at_once else GRADS.format(args=arguments),
        gradients="" if at_once else GRADIENTS))
    objects = [args.runtime.object(d, file, run) for file in ("full", "cut")]
    run(shlex.split(args.cc) + ["driver.c", *objects, "-o", "driver", "-lm"])
    return [int(s) for s in run(["./driver"]).split()]


def check_layer(args, target, layer, shape, lengths, k, d):
    dim, T, B, calls = shape
    text = MODEL.format(dim=dim, T=T, B=B, layer=layer, n=f"input n: int32[{B}]\n" if lengths else "",
                        lengths=", lengths=n" if lengths else "",
                        states="h[0]) + sum(h[1]" if layer.startswith("LSTM") else "h")
    arguments = (["T"] if dim else []) + ["x"] + (["n"] if lengths else [])
    whole, cut = sizes(args, target, text, arguments, calls, k, False, d)
    if lengths or max(calls) < max(16, 5 * k):
        return
    stays = "reset_after=False" in layer or layer.startswith("RNN")   # not cut; of an RNN, as all of out is read
    if cut > whole or (cut == whole) != stays:
        raise RuntimeError(f"{cut} bytes with a smaller tape, {whole} with all of it")


def check_model(args, target, name, k, at_once, d):
    text, calls = MODELS[name]
    arguments = (["T"] if text.startswith("dim T") else []) + ["x"]
    whole, cut = sizes(args, target, text, arguments, calls, k, at_once, d)
    if cut >= whole:
        raise RuntimeError(f"{cut} bytes with a smaller tape, {whole} with all of it")


def plans(every):
    """(what it is called, the check, what it is given), some of them or every one."""
    layers = [(l, s, n, k) for l in LAYERS for s in SHAPES for n in (False, True) for k in (1, 3, 8)]
    models = [(n, k, a) for n in MODELS for k in (1, 4, 8) for a in (False, True)]
    for i, (layer, shape, n, k) in enumerate(layers):
        if every or i % 31 == 0:
            yield f"{layer} T={shape[1]} B={shape[2]} lengths={n} K={k}", check_layer, (layer, shape, n, k)
    for i, (name, k, at_once) in enumerate(models):
        if every or i % 5 == 2:
            yield f"{name}, K={k}{', --train-api=train' * at_once}", check_model, (name, k, at_once)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--nnc", required=True)
    p.add_argument("--cc", default="cc -O1")
    p.add_argument("--all", action="store_true", help="every combination")
    args = p.parse_args()
    args.nnc = os.path.abspath(args.nnc)
    bad = done = 0
    with tempfile.TemporaryDirectory() as d:
        args.runtime = precompiled.Runtime(shlex.split(args.cc), d)
        for name, check, of in plans(args.all):
            done += 1
            try:
                check(args, "all" if args.all else TARGETS[done % len(TARGETS)], *of, d)
            except RuntimeError as e:
                bad += 1
                print(f"FAIL {name}: {e}")
    print(f"{done - bad} of {done} are the same to the bit")
    return bad > 0 or not done


if __name__ == "__main__":
    sys.exit(main())
