#!/usr/bin/env python3
"""Weights beside the code: the bits are those of tables in the C, files can be swapped, and what is no file for the
code is refused before a run.

usage: run.py --nnc BUILD/nnc [--cc CC]

Exit status: 0 all passed, 1 something failed. Needs only Python's standard library.
"""
import argparse
import os
import pathlib
import re
import shlex
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent

MODELS = {
    # recurrent, a table of tokens, a table that a state is reset to, tied weights, constants of the .nn file
    "net": """model net {
    dim T = 1..40
    input ids: int32[T]
    param start: float32[1, 20]
    state h: float32[1, 20] = start
    layer emb = Embedding(30, 9)
    layer gru = GRU(9, 20)
    layer norm = LayerNorm(20)
    layer head = Linear(20, 30)
    out, last = gru(view(emb(ids), T, 1, 9), view(h, 1, 1, 20))
    h = view(last, 1, 20)
    y = head(norm(view(out, T, 20))) * tensor([0.5]) + 1.0
    output scores = log_softmax(y, dim=1)
}
""",
    # tables of 8 and 16 bits
    "narrow": """model narrow {
    dim T = 1..12
    input ids: int32[T]
    state h: float32[1, 20]
    state c: float32[1, 20]
    layer emb = Embedding(30, 9) as int16
    layer lstm = LSTM(9, 20) as int8
    layer head = Linear(20, 30) as int16
    out, (h1, c1) = lstm(view(emb(ids), T, 1, 9), (view(h, 1, 1, 20), view(c, 1, 1, 20)))
    h = view(h1, 1, 20)
    c = view(c1, 1, 20)
    output scores = head(view(out, T, 20))
}
""",
    # large enough for tables of bits
    "large": """model large {
    input x: float32[7, 150]
    layer a = LSTM(150, 70, bidirectional=True)
    layer b = Linear(140, 11)
    out, _ = a(view(x, 7, 1, 150))
    output y = b(view(out, 7, 140))
}
""",
}

DRIVER = """#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "%(name)s.h"
#ifdef BESIDE
static const %(name)s_weights *w;
#define W , w
#else
#define W
#endif
static unsigned char *load(const char *path, size_t *size) {
    FILE *f = fopen(path, "rb");
    static unsigned char block[1 << 21];
    unsigned char *data = block + ((0 - (uintptr_t)block) & 63);
    if (!f) exit(3);
    *size = fread(data, 1, (1 << 21) - 64, f);
    fclose(f);
    return data;
}
#ifdef BESIDE
/* Every byte wrong, every length, every misplacement: each is refused. */
static int attack(unsigned char *data, size_t size) {
    nnc_status status;
    size_t i;
    for (i = 0; i < size; i++) {
        unsigned char was = data[i];
        data[i] = (unsigned char)(was ^ (1 + i %% 255));
        if (%(name)s_weights_at(data, size, &status) || status < NNC_ERR_WEIGHTS_ALIGNMENT)
            return printf("byte %%zu\\n", i);
        data[i] = was;
        if (i %% 17 == 0 && (%(name)s_weights_at(data, i, &status) || status != NNC_ERR_WEIGHTS_SIZE))
            return printf("length %%zu\\n", i);
    }
    if (%(name)s_weights_at(data, size + 1, NULL) || %(name)s_weights_at(NULL, size, &status) || status != NNC_ERR_NULL)
        return printf("length %%zu, or NULL\\n", size + 1);
    if (%(name)s_weights_at(data + 4, size, &status) || status != NNC_ERR_WEIGHTS_ALIGNMENT)
        return printf("alignment\\n");
    return !%(name)s_weights_at(data, size, NULL) && printf("the file itself\\n");
}
#endif
int main(int argc, char **argv) {
    static %(name)s m;
    %(setup)s
    int turn;
#ifdef BESIDE
    size_t size;
    nnc_status status;
    unsigned char *data = load(argv[1], &size);
    if (argc > 2) return attack(data, size);
    w = %(name)s_weights_at(data, size, &status);
    if (!w) return printf("%%s\\n", nnc_status_string(status)), 4;
    if (%(null)s != NNC_ERR_NULL) return 5;
#else
    (void)argc, (void)argv, (void)load;
#endif
    %(name)s_reset(&m W);
    for (turn = 0; turn < 3; turn++) {
        size_t i;
        if (%(run)s != NNC_OK) return 2;
        for (i = 0; i < sizeof y / sizeof *y; i++) printf("%%a\\n", (double)y[i]);
    }
    return 0;
}
"""

CALLS = {
    "net": ("static float y[40 * 30]; int32_t ids[40]; for (int i = 0; i < 40; i++) ids[i] = i * 7 % 30;",
            "net_run(&m W, 40, ids, y)", "net_run(&m, NULL, 40, ids, y)"),
    "narrow": ("static float y[12 * 30]; int32_t ids[12]; for (int i = 0; i < 12; i++) ids[i] = i * 7 % 30;",
               "narrow_run(&m W, 12, ids, y)", "narrow_run(&m, NULL, 12, ids, y)"),
    "large": ("static float y[7 * 11], x[7 * 150]; for (int i = 0; i < 7 * 150; i++) x[i] = (float)(i % 13) / 7 - 1;",
              "large_run(&m W, x, y)", "large_run(&m, NULL, x, y)"),
}


class Failed(Exception):
    pass


def call(command, folder, status=0):
    try:
        r = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    except OSError as e:
        raise Failed(f"{command[0]}: {e}") from None
    if r.returncode != status:
        said = (r.stdout + r.stderr).decode(errors="replace")[:800]
        raise Failed(f"{' '.join(map(str, command))}: status {r.returncode}, not {status}: {said}")
    return r.stdout.decode(errors="replace"), r.stderr.decode(errors="replace")


def require(what, message):
    if not what:
        raise Failed(message)


class Case:
    def __init__(self, args, folder, name):
        self.nnc, self.cc, self.name = os.path.abspath(args.nnc), shlex.split(args.cc), name
        self.folder = pathlib.Path(folder)
        (self.folder / f"{name}.nn").write_text(MODELS[name])
        setup, run, null = CALLS[name]
        (self.folder / "driver.c").write_text(DRIVER % {"name": name, "setup": setup, "run": run, "null": null})

    def compile(self, *options, status=0):
        if self.name == "large" and "--target" not in options:   # what it tries is size
            options += ("--target", "baseline")
        return call([self.nnc, f"{self.name}.nn", *options], self.folder, status)

    def build(self, program, *flags):
        call([*self.cc, "-O0", "-Wall", "-Wextra", "-Werror", *flags, "driver.c", f"{self.name}.c", "-o", program,
              "-lm"],
             self.folder)

    def run(self, *words, status=0):
        return call([f"./{words[0]}", *words[1:]], self.folder, status)[0]


def in_the_code(case, seed):
    case.compile("-o", f"{case.name}.c", "--random-weights", seed)
    case.build("in_code")
    return case.run("in_code")


def check_bits_and_swapping(case):
    """One program, two trainings: each file gives the bits of its own C."""
    name = case.name
    wanted = [in_the_code(case, seed) for seed in ("1", "2")]
    require(wanted[0] != wanted[1], "two seeds give one result")
    case.compile("-o", f"{name}.c", "--random-weights", "1", "--weights-as", "file")
    case.build("beside", "-DBESIDE")
    code = (case.folder / f"{name}.c").read_bytes().replace(b" --random-weights 1", b"")
    first = (case.folder / f"{name}.weights").read_bytes()
    case.compile("-o", "other.weights", "--random-weights", "2", "--weights-only")
    case.compile("-o", f"{name}.c", "--random-weights", "2", "--weights-as", "file")
    second = (case.folder / f"{name}.weights").read_bytes()
    require((case.folder / "other.weights").read_bytes() == second, "--weights-only writes other bytes")
    require((case.folder / f"{name}.c").read_bytes().replace(b" --random-weights 2", b"") == code,
            "the C depends on values")
    (case.folder / "first.weights").write_bytes(first)
    for file, results in zip(("first.weights", "other.weights"), wanted):
        require(case.run("beside", file) == results, f"{file}: other bits than with tables in the C")


def check_attacks(case):
    case.run("beside", "first.weights", "attack")


def check_reasons(case):
    """What is wrong, in words."""
    data = (case.folder / "first.weights").read_bytes()
    ways = {
        "damaged": (data[:-20] + b"?" + data[-19:], "damaged"),
        "magic": (b"X" + data[1:], "no file of weights"),
        "order": (data[:8] + data[8:12][::-1] + data[12:], "byte order"),
        "version": (data[:12] + struct.pack("=I", 9) + data[16:], "version"),
        "model": (data[:16] + b"12345678" + data[24:], "another model"),
        "cut": (data[:-8], "cut off"),
        "long": (data + bytes(8), "too long"),
    }
    for way, (bytes_, words) in ways.items():
        (case.folder / f"{way}.weights").write_bytes(bytes_)
        said = case.run("beside", f"{way}.weights", status=4)
        require(words in said, f"{way}: {said}")
        if way not in ("model", "magic"):  # nnc knows no model; and what is no file of weights is some other file
            _, said = call([case.nnc, "weights", f"{way}.weights"], case.folder, 1)
            require("error" in said, f"nnc weights {way}: {said}")


def check_other_target(case):
    case.compile("-o", "scalar.c", "--header", "scalar.h", "--random-weights", "1", "--weights-as", "file", "--target",
                 "scalar")
    require("another model" in case.run("beside", "scalar.weights", status=4), "another packing is taken")
    shown, _ = call([case.nnc, "weights", "first.weights", "scalar.weights"], case.folder)
    require("other code takes" in shown and "\n- " in shown and "\n+ " in shown, f"no difference is shown: {shown}")
    shown, _ = call([case.nnc, "weights", "first.weights", "other.weights"], case.folder)
    require("the same code takes" in shown, f"a difference is shown: {shown}")


def check_big_endian(case):
    """The same numbers in the other order."""
    case.compile("-o", "big.weights", "--random-weights", "1", "--weights-only", "--big-endian")
    little, big = (case.folder / "first.weights").read_bytes(), (case.folder / "big.weights").read_bytes()
    text, length = struct.unpack("<QQ", little[32:48])
    require(struct.unpack(">QQ", big[32:48]) == (text, length), "the head is in another order")
    require(little[text:text + length] == big[text:text + length], "other texts")
    at, widths = 64, {"uint8_t": 1, "int16_t": 2, "uint16_t": 2, "float": 4, "int32_t": 4}
    for kind, count in re.findall(r"^\w+ (\w+)\[(\d+)\]", little[text:text + length].decode(), re.MULTILINE):
        width = widths[kind]
        for _ in range(int(count)):
            require(little[at:at + width] == big[at:at + width][::-1], f"the number at {at}")
            at += width
        at += -at % 64
    require(at - text in range(64), f"the tables end at {at}, their text begins at {text}")
    require("byte order" in case.run("beside", "big.weights", status=4), "the other byte order is taken")


def check_options(case):
    name = case.name
    for options in (["--weights-as", "file", "-o", "-"], ["--big-endian", "-o", "a.c"],
                    ["--weights-as", "x", "-o", "a.c"],
                    ["--weights-only", "-o", "a.txt"], ["--weights-only", "-o", "a.c", "--header", "b.h"]):
        case.compile("--random-weights", "1", *options, status=2)
    made = [p.name for p in case.folder.iterdir() if p.name.startswith("a.")]
    require(not made, f"left behind: {made}")
    case.compile("--random-weights", "1", "--weights-as", "file", "-o", f"{name}.c", "--depfile", "d")
    require(f"{name}.weights" in (case.folder / "d").read_text().split(":")[0], "the depfile does not name the weights")
    _, said = case.compile("-o", "b.c", "--weights", "first.weights", status=1)
    require("nnc wrote for its own code" in said, said)


CHECKS = [check_bits_and_swapping, check_attacks, check_reasons, check_other_target, check_big_endian, check_options]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--nnc", required=True)
    p.add_argument("--cc", default="cc")
    args = p.parse_args()
    failed = 0
    for name in MODELS:
        with tempfile.TemporaryDirectory(prefix="nnc-beside-") as folder:
            case = Case(args, folder, name)
            for check in CHECKS:
                if check is check_attacks and name == "large":
                    continue  # a checksum of 600 KB for each of its bytes takes minutes, and says nothing new
                try:
                    check(case)
                except Failed as e:
                    failed += 1
                    print(f"FAIL {name}: {check.__name__[6:]}: {e}", flush=True)
    print("failed" if failed else f"{len(MODELS)} models passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
