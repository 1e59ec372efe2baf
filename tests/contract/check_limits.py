"""Limits: time and memory of nnc, and that no input, however broken, makes it crash or write a file."""
import array
import json
import os
import random
import resource
import struct
import subprocess

from kit import child_peak_kib, need, safetensors

STACK = """model stack {
    dim T = 1..9
    weights "w.safetensors"
    input ids: int32[T]
    state h: float32[1, 1, 3]
    layer emb = Embedding(4, 2)
    layer rnn.0 = GRU(2, 3, bias=False)
    param p: float32[3] from "q"
    out, h = rnn.0(view(emb(ids), T, 1, -1), h)
    y: float32[T, 3] = out[:, 0] * p / 2 + 1e-3  # shapes
    output tags = log_softmax(y, dim=-1)
}
"""


def check_a_thousand_layers(t):
    """A `.nn` of 1000 layers compiles in under a second. How long a second is depends on the machine, so what is held
    is that it takes no more for a layer than one of 250 layers; and a minute at most."""
    for kind, call in (("Linear(4, 4)", "x = l{0}(x)"), ("LSTM(4, 4)", "x, _ = l{0}(x)"),
                       ("LayerNorm(4)", "x = tanh(l{0}(x))")):
        took = []
        for n in (250, 1000):
            lines = "\n    ".join([f"layer l{i} = {kind}" for i in range(n)] + [call.format(i) for i in range(n)])
            t.write("big.nn",
                    f"model big {{\n    dim T = 1..50\n    input x: float32[T, 1, 4]\n    {lines}\n    output x\n}}\n")
            status, seconds, _ = child_peak_kib([t.nnc_path, "big.nn", "-o", "big.c", "--target", "baseline",
                                                 "--random-weights", "1"], t.folder, 60)
            need(status == 0, f"{n} x {kind}: exit status {status}")
            took.append(seconds)
        need(took[1] < 10 * took[0] + 0.5, f"{kind}: {took[0]:.2f} s for 250 layers, {took[1]:.2f} s for 1000")


# Statements that each need the one before.
CHAINS = {
    "joined values": ("", "    x = cat((x, x[:1]))\n", ""),
    "views that are copied": ("", "    x = repeat_interleave(x, 2, 0)[:4]\n", ""),
    "values of a block": ("    c = x * 1\n    repeat 3 {\n        v = c + x\n", "        v = tanh(v) + flip(v, 0)\n",
                          "        c = v\n    }\n    x = c\n"),
}


def check_long_chains_need_no_stack(t):
    """A chain of thousands of statements is walked without a call for each: 256 KiB of stack are enough for nnc."""
    def small_stack():
        resource.setrlimit(resource.RLIMIT_STACK, (256 * 1024, 256 * 1024))
    for name, (begin, each, end) in CHAINS.items():
        t.write("chain.nn", "model chain {\n    input x: float32[4, 2]\n" + begin + each * 5000 + end +
                "    output x\n}\n")
        r = subprocess.run([t.nnc_path, "chain.nn", "-o", "chain.c", "--target", "scalar"], cwd=t.folder, timeout=900,
                           preexec_fn=small_stack, check=False)
        need(r.returncode == 0, f"{name}: exit status {r.returncode}")


# What a model may have thousands of: how many there are at first, and the .nn of n.
THOUSANDS = {
    "detached values": (500, lambda n: "    input x: float32[4]\n    layer l = Linear(4, 4)\n    a = l(x)\n"
                                       + "    a = tanh(a) + detach(a)\n" * n +
                        "    output a\n    loss z = sum(a)\n    train SGD()\n"),
    "repeat blocks": (1000, lambda n: "    input x: float32[3, 4]\n    h = x[0]\n" +
                      "".join(f"    repeat row in x {{\n        h = tanh(h * 0.5 + row)\n        collect c{i} = h * 2\n"
                              f"    }}\n" for i in range(n)) + "    output h\n"),
    "joined values": (100, lambda n: "    input x: float32[4]\n    y = x\n" + "    y = cat((y, tanh(x)))\n" * n
                                     + "    output y\n"),
    "slices of slices": (250, lambda n: f"    input x: float32[{n + 5}]\n    y = x\n"
                                        + "".join(f"    y = y[1:]\n    output z{i} = tanh(y[0])\n" for i in range(n))),
    "images' convolutions": (400, lambda n: "    input x: float32[1, 2, 4, 4]\n"
                                            + "".join(f"    layer c{i} = Conv2d(2, 2, 3, padding=1)\n"
                                                      f"    x = relu(c{i}(x))\n" for i in range(n)) +
                             "    output x\n"),
    "tables": (1000, lambda n: "    input ids: int32[4]\n    layer e = Embedding(9, 2)\n    x = e(ids)\n" +
               "".join(f"    layer e{i} = Embedding(9, 2)\n    x = x + e{i}(ids)\n" for i in range(n))
               + "    output x\n"),
}


def check_thousands_grow_as_their_number(t):
    """What a model has thousands of takes a time that grows as their number does, or little more: nothing walks all of
    them for each. Four times as many take no more than seven times as long."""
    for what, (few, model) in THOUSANDS.items():
        took = []
        for n in (few, 4 * few):
            t.write("big.nn", f"model big {{\n{model(n)}}}\n")
            status, seconds, _ = child_peak_kib([t.nnc_path, "big.nn", "-o", "big.c", "--target", "scalar",
                                                 "--random-weights", "1"], t.folder, 60)
            need(status == 0, f"{n} {what}: exit status {status}")
            took.append(seconds)
        need(took[1] < 7 * took[0] + 0.3, f"{took[0]:.2f} s for {few} {what}, {took[1]:.2f} s for {4 * few}")


def check_a_hundred_megabytes(t):
    """A weights file of 100 MB compiles to C in under 10 seconds (a slow or busy machine may take a minute) with memory
    under three times the file."""
    rng = random.Random(1)
    piece = array.array("f", [rng.uniform(-1, 1) for _ in range(1 << 16)]).tobytes()
    h = 1440                                     # LSTM(1440, 1440) and an Embedding: 100 MB
    shapes = {"lstm.weight_ih_l0": [4 * h, h], "lstm.weight_hh_l0": [4 * h, h], "lstm.bias_ih_l0": [4 * h],
              "lstm.bias_hh_l0": [4 * h], "emb.weight": [5900, h]}
    header, at = {}, 0
    for name, shape in shapes.items():
        size = 4 * shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    head = json.dumps(header).encode()
    with open(t.path("w.safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(head)) + head)
        left = at
        while left:
            left -= f.write(piece[:left])
    size = os.path.getsize(t.path("w.safetensors"))
    need(100e6 < size < 110e6, f"{size} bytes")
    t.write("m.nn", f"model m {{\n    dim T = 1..100\n    weights \"w.safetensors\"\n    input i: int32[T]\n"
                    f"    layer emb = Embedding(5900, {h})\n"
            f"    layer lstm = LSTM({h}, {h})\n    y, _ = lstm(emb(i))\n    output y\n}}\n")
    status, seconds, peak = child_peak_kib([t.nnc_path, "m.nn", "-o", "m.c"], t.folder, 60)
    need(status == 0, f"exit status {status}")
    need(peak * 1024 < 3 * size, f"{peak >> 10} MiB of memory for a file of {size >> 20} MiB")


def attempts(t):
    """(.nn, weights): prefixes and mutations of good files, by a fixed seed."""
    values = [0.5] * (8 + 18 + 27)
    weights = safetensors({"emb.weight": ([4, 2], values[:8]), "rnn.0.weight_ih_l0": ([9, 2], values[:18]),
                           "rnn.0.weight_hh_l0": ([9, 3], values[:27]), "q": ([3], values[:3])})
    text = STACK.encode()
    yield text, weights
    header = 8 + struct.unpack("<Q", weights[:8])[0]
    for n in range(len(text)):
        yield text[:n], weights
    for n in list(range(header + 1)) + list(range(header + 1, len(weights), 7)):
        yield text, weights[:n]
    rng = random.Random(20)
    words = text.split() + [b"0", b"-1", b"9223372036854775807", b"1e999", b"[", b"]", b"(", b")", b"{", b"}", b",",
                            b"..", b"\"", b"'", b"\0", b"\xff", b"\xc3\xa9", b"lengths=", b"dim=", b"None", b"**",
                            b"::", b"inf", b"int32"]
    for _ in range(900):
        new = bytearray(text)
        for _ in range(rng.choice((1, 1, 2, 4))):
            at, kind = rng.randrange(len(new)), rng.randrange(5)
            if kind == 0:
                new[at] = rng.randrange(256)
            elif kind == 1:
                del new[at:at + rng.choice((1, 2, 9, 40))]
            elif kind == 2:
                new[at:at] = rng.choice(words)
            elif kind == 3:
                new[at:at] = b" " + rng.choice(words) + b" "
            else:
                end = at + rng.randrange(60)
                new[rng.randrange(len(new)):0] = new[at:end]
            if not new:
                new = bytearray(b"x")
        yield bytes(new), weights
    for _ in range(600):
        new = bytearray(weights)
        for _ in range(rng.choice((1, 1, 2, 5))):
            at = rng.randrange(8 if rng.random() < 0.2 else header)
            kind = rng.randrange(4)
            if kind == 0:
                new[at] = rng.randrange(256)
            elif kind == 1:
                new[at] ^= 1 << rng.randrange(8)
            elif kind == 2:
                del new[at:at + rng.choice((1, 3, 20))]
            else:
                new[at:at] = rng.choice((b"0", b"9999999999999999999", b"-", b"[", b"}", b"\"", b"null", b",",
                                         b"\\u0000", b"1e5"))
            header = min(header, len(new))
        yield text, bytes(new)


def broken_inputs(t, nnc, every, first):
    """Each so many attempts, from the first on; with --all each of them."""
    every, first = (1, 0) if t.everything else (every, first)
    outcomes = {0: 0, 1: 0}
    for i, (text, weights) in enumerate(attempts(t)):
        if i % every != first:
            continue
        t.write("m.nn", text)
        t.write("w.safetensors", weights)
        r = t.call([nnc, "m.nn", "-o", "out.c"], status=None)
        if r.status not in (0, 1) or (r.status == 1) != (": error:"
                                                         in r.err) or "Sanitizer" in r.err or "runtime error" in r.err:
            keep = f"m.nn: {text!r}\nw.safetensors: {weights!r}" if len(text) + len(weights) < 4000 else ""
            need(False, f"attempt {i}: exit status {r.status}\n{r.err[:1500]}\n{keep}")
        outcomes[r.status] += 1
        files = t.files()
        if r.status == 0:
            need(files == ["m.nn", "nnc_runtime.h", "out.c", "out.h", "w.safetensors"], f"attempt {i} left {files}")
            os.remove(t.path("out.c"))
            os.remove(t.path("out.h"))
            os.remove(t.path("nnc_runtime.h"))
        else:
            need(files == ["m.nn", "w.safetensors"], f"attempt {i} failed and left {files}")
    need(outcomes[0] and outcomes[1] > 200 // every, f"only one outcome: {outcomes}")


def check_broken_inputs(t):
    """No input, however broken, makes nnc crash, leak or write a file; exit status 3 is a defect of nnc itself."""
    broken_inputs(t, t.nnc_path, 3, 0)


def check_broken_inputs_sanitized(t):
    """No input, however broken, makes nnc crash, leak or read past an end (an nnc built with sanitizers)."""
    if t.sanitized_nnc:
        broken_inputs(t, t.sanitized_nnc, 9, 1)


def check_deep_and_long_inputs(t):
    """No input, however broken, makes nnc crash: nesting, long names, many dims, huge numbers."""
    head = "model m {\n    input x: float32[2]\n"
    for source in (head + "    output y = " + "(" * 100000 + "x" + ")" * 100000 + "\n}\n",
                   head + "    output y = " + "-" * 100000 + "x\n}\n",
                   head + "    output y = x" + "[None]" * 20000 + "\n}\n",
                   head + "    output y = " + " + ".join(["x"] * 50000) + "\n}\n",
                   head + f"    {'n' * 200000} = x\n    output y = x\n}}\n",
                   head + "    y, " * 30000 + "z = x\n    output x\n}\n",
                   "model m {\n    input x: float32[" + ", ".join(["2"] * 5000) + "]\n    output x\n}\n",
                   "model m {\n" + "".join(f"    dim D{i} = 1..9\n" for i in range(3000)) + "    input x: float32[" +
                   " + ".join(f"D{i}" for i in range(3000)) + "]\n    output y = x\n}\n",
                   "model m {\n    input x: float32[9223372036854775807, 9223372036854775807]\n"
                   "    output y = x * 2\n}\n",
                   "model m {\n    dim T = 1..99999999999999999999\n    input x: float32[T]\n    output x\n}\n",
                   "model m {\n    input x: float32[2]\n    layer l = LSTM(2, 2000000000)\n    y, _ = l(x)\n"
                   "    output y\n}\n",
                   "{" * 100000, "#" * 1000000, "\"" * 9999, "model " * 9999,
                   "model m {\n" + "layer l = Linear(2, 2)\n" * 5000 + "}\n"):
        t.write("m.nn", source)
        r = t.nnc("m.nn", "-o", "out.c", "--random-weights", "1", status=None)
        need(r.status in (0, 1), f"exit status {r.status} for {source[:80]!r}...\n{r.err[:500]}")
        if r.status:
            need(t.files() == ["m.nn"], f"{source[:80]!r} left {t.files()}")
        else:
            os.remove(t.path("out.c"))
            os.remove(t.path("out.h"))
            os.remove(t.path("nnc_runtime.h"))
