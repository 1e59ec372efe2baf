"""The command line: options, exit statuses, and what is written when."""
import os
import re
import subprocess

from kit import TOP, limit_file_size, need, safetensors

TAGGER = """model tagger {
    dim T = 1..128
    weights "tagger.safetensors"
    input sentence: int32[T]
    layer emb = Embedding(9, 6)
    layer lstm = LSTM(6, 6)
    layer head = Linear(6, 3)
    out, _ = lstm(emb(sentence))
    output tags = log_softmax(head(out), dim=1)
}
"""
SCALE = """model scale {
    weights "scale.safetensors"
    input x: float32[2]
    param gain: float32[2]
    output y = x * gain
}
"""
RANDOM = ("--random-weights", "1")


def check_output_writes_c_and_header(t):
    """`nnc tagger.nn -o tagger.c` writes `tagger.c`, `tagger.h` and the runtime beside them."""
    t.write("a/tagger.nn", TAGGER)
    t.nnc("a/tagger.nn", "-o", "a/tagger.c", *RANDOM)
    need(t.files("a") == ["nnc_runtime.h", "tagger.c", "tagger.h", "tagger.nn"], f"the folder holds {t.files('a')}")
    need('#include "tagger.h"' in t.read("a/tagger.c"), "tagger.c does not include tagger.h")


def check_output_to_stdout(t):
    """`-o -`: the C on standard output, the same bytes as in a file; a header only when --header names it."""
    t.write("tagger.nn", TAGGER)
    out = t.nnc("tagger.nn", "-o", "-", *RANDOM).out
    need(t.files() == ["tagger.nn"], f"-o - left {t.files()}")
    t.nnc("tagger.nn", "-o", "tagger.c", "--no-runtime", *RANDOM)
    need(t.files() == ["tagger.c", "tagger.h", "tagger.nn"], f"--no-runtime left {t.files()}")
    need(out.decode() == t.read("tagger.c"), "-o - gives other bytes than -o tagger.c")
    out = t.nnc("tagger.nn", "-o", "-", "--header", "other.h", *RANDOM).out
    need(b'#include "other.h"' in out and "other.h" in t.files(), "-o - --header other.h does not fit together")


def check_header_option(t):
    """`--header FILE`: the header goes there and the C includes it by its base name."""
    t.write("src/tagger.nn", TAGGER)
    os.makedirs(t.path("include"))
    t.nnc("src/tagger.nn", "-o", "src/model.c", "--header", "include/my_tagger.h", *RANDOM)
    need(t.files("src") == ["model.c", "nnc_runtime.h", "tagger.nn"] and t.files("include") == ["my_tagger.h"],
         "the files are elsewhere")
    t.object("src/model.c", flags=("-Iinclude",), name="model.o")


def check_runtime_option(t):
    """`nnc --runtime DIR` writes the runtime out of the compiler: its parts in one file."""
    t.nnc("--runtime", "rt")
    t.nnc("--runtime", "rt")
    need(t.files("rt") == ["nnc_runtime.h"], f"--runtime writes {t.files('rt')}")
    folder = os.path.join(TOP, "runtime")
    for name in os.listdir(folder):
        with open(os.path.join(folder, name)) as f:
            for piece in re.split(r'#include "[a-z0-9_]+\.h"\n', f.read()):
                need(piece in t.read("rt/nnc_runtime.h"), f"a part of {name} is missing")
    t.nnc("--runtime", "no/such/folder", status=1)
    t.write("file", "")
    t.nnc("--runtime", "file", status=1)


def check_standalone_needs_two_files(t):
    """`--standalone` puts the runtime inside, so that two files are enough."""
    t.write("tagger.nn", TAGGER)
    t.nnc("tagger.nn", "-o", "two/../tagger.c", "--standalone", *RANDOM, status=1)
    os.makedirs(t.path("two"))
    t.nnc("tagger.nn", "-o", "two/tagger.c", "--standalone", *RANDOM)
    need(t.files("two") == ["tagger.c", "tagger.h"], f"{t.files('two')}")
    for cc in t.compilers:
        t.call([cc, "-std=c99", "-Wall", "-Wextra", "-Werror", "-c", "tagger.c", "-o", "tagger.o"], cwd=t.path("two"))


def check_weights_are_relative_to_the_file(t):
    """`weights "FILE"`: relative to this file; `--weights FILE` overrides it."""
    t.write("models/scale.nn", SCALE)
    t.write("models/scale.safetensors", safetensors({"gain": ([2], [3.25, 5.5])}))
    t.write("scale.safetensors", safetensors({"gain": ([2], [7.75, 9.5])}))
    a = t.nnc("models/scale.nn", "-o", "-").out.decode()
    need("3.25f" in a and "7.75f" not in a, "the weights are not those beside the .nn file")
    need(t.nnc("scale.nn", "-o", "-", cwd=t.path("models")).out.decode() == a, "another folder, another output")
    b = t.nnc("models/scale.nn", "--weights", "scale.safetensors", "-o", "-").out.decode()
    need("7.75f" in b and "3.25f" not in b, "--weights does not override the weights statement")
    os.remove(t.path("models/scale.safetensors"))
    need(t.nnc("models/scale.nn", "--weights", "scale.safetensors", "-o", "-").out.decode() == b,
         "with --weights the statement's file still matters")
    t.nnc("models/scale.nn", "-o", "x.c", status=1)


def check_random_weights_are_reproducible(t):
    """`--random-weights SEED` tries shapes without a file, the same for the same seed."""
    t.write("tagger.nn", TAGGER)
    one, again, two = (t.nnc("tagger.nn", "-o", "-", "--random-weights", n).out for n in ("1", "1", "2"))
    need(one == again, "the same seed gives other bytes")
    need([l for l in one.splitlines() if b"f," in l] != [l for l in two.splitlines() if b"f," in l],
         "another seed gives the same weights")


def check_dumps(t):
    """`--dump=ast|ir|plan` prints to standard output and writes no file."""
    t.write("tagger.nn", TAGGER)
    seen = set()
    for stage in ("ast", "ir", "plan"):
        r = t.nnc("tagger.nn", f"--dump={stage}")
        need(b"tagger" in r.out and b"lstm" in r.out, f"--dump={stage} prints {r.out[:200]!r}")
        need(t.files() == ["tagger.nn"], f"--dump={stage} left {t.files()}")
        seen.add(r.out)
    need(len(seen) == 3, "two stages print the same")


def check_help_and_version(t):
    """`nnc --help`, `--version`: status 0, to standard output; the help names every option."""
    text = t.nnc("--help").out.decode()
    for option in ("-o", "--header", "--standalone", "--runtime", "--no-runtime", "--weights", "--random-weights",
                   "--unroll", "--dump", "--target", "--diagnostics", "--color", "-Wno-NAME", "-Werror",
                   "--help", "--version"):
        need(option in text, f"--help does not name {option}")
    need(re.search(r"\b0\b.*\b1\b.*\b2\b.*\b3\b", text, re.S), "--help does not name the exit statuses")
    need(re.fullmatch(r"nnc \d+\.\d+(\.\d+)?\n", t.nnc("--version").out.decode()), "--version is not `nnc N.N.N`")


def check_usage_errors_are_2(t):
    """Exit status: 2 usage."""
    t.write("tagger.nn", TAGGER)
    for args in ([], ["tagger.nn"], ["tagger.nn", "-o"], ["tagger.nn", "--wieghts", "x", "-o", "a.c"],
                 ["tagger.nn", "tagger.nn", "-o", "a.c"], ["tagger.nn", "-o", "a.c", "--dump=c"],
                 ["tagger.nn", "-o", "a.c", "--unroll", "x"], ["tagger.nn", "-o", "a.c", "--unroll", "-1"],
                 ["tagger.nn", "-o", "a.c", "--random-weights", "-1"],
                 ["tagger.nn", "-o", "a.c", "--random-weights", "1x"],
                 ["tagger.nn", "-o", "a.c", "--random-weights", "18446744073709551616"],
                 ["tagger.nn", "-o", "a.c", "--random-weights", "1", "--weights", "w.safetensors"],
                 ["-o", "a.c"], ["--standalone"], ["--runtime"], ["tagger.nn", "-o", "a.c", "--header", "a.c", *RANDOM],
                 ["tagger.nn", "-o", "-", "--header", "-", *RANDOM], ["tagger.nn", "-o", "", *RANDOM]):
        r = t.nnc(*args, status=None)
        need(r.status == 2, f"nnc {' '.join(args)}: exit status {r.status}, expected 2\n{r.err}")
        need(r.err and not r.out,
             f"nnc {' '.join(args)}: says nothing on standard error, or something on standard output")
        need(t.files() == ["tagger.nn"], f"nnc {' '.join(args)} left {t.files()}")


def check_input_errors_are_1(t):
    """Exit status: 1 the input is at fault."""
    t.write("tagger.nn", TAGGER)
    t.write("empty.nn", "")
    os.makedirs(t.path("folder.nn"))
    for args in (["missing.nn", "-o", "a.c"], ["folder.nn", "-o", "a.c"], ["empty.nn", "-o", "a.c"],
                 ["tagger.nn", "-o", "a.c"], ["tagger.nn", "-o", "a.c", "--weights", "missing.safetensors"],
                 ["tagger.nn", "-o", "a.c", "--weights", "folder.nn"],
                 ["tagger.nn", "-o", "a.c", "--weights", "tagger.nn"],
                 ["empty.nn", "--dump=ast"]):
        r = t.nnc(*args, status=1)
        need(r.err and not r.out,
             f"nnc {' '.join(args)}: says nothing on standard error, or something on standard output")
        need(t.files() == ["empty.nn", "folder.nn", "tagger.nn"], f"nnc {' '.join(args)} left {t.files()}")


def check_unwritable_outputs(t):
    """No output file is written or changed unless the whole compilation succeeds: outputs that cannot be written."""
    t.write("tagger.nn", TAGGER)
    os.makedirs(t.path("d.c"))
    os.makedirs(t.path("d.h"))
    t.write("plain", "a file")
    before = t.files()
    for args in (["-o", "missing/a.c"], ["-o", "d.c"], ["-o", "a.c", "--header", "missing/a.h"],
                 ["-o", "a.c", "--header", "d.h"], ["-o", "d.c", "--header", "a.h"], ["-o", "plain/a.c"]):
        t.nnc("tagger.nn", *args, *RANDOM, status=1)
        need(t.files() == before and not t.files("d.c") and not t.files("d.h"),
             f"nnc {' '.join(args)} left {t.files()}")
    with open("/dev/full", "wb") as full:
        t.nnc("tagger.nn", "-o", "-", *RANDOM, status=1, stdout=full)
        t.nnc("tagger.nn", "--dump=ir", status=1, stdout=full)
    t.write("out.c", "old")
    t.write("out.h", "old")
    for size in (0, 1000, 4096):
        r = subprocess.run([t.nnc_path, "tagger.nn", "-o", "out.c", *RANDOM], cwd=t.folder, stderr=subprocess.PIPE,
                           preexec_fn=limit_file_size(size), timeout=300)
        need(r.returncode == 1 and r.stderr, f"a disk full after {size} bytes: exit status {r.returncode}")
        need(t.files() == sorted(before + ["out.c", "out.h"]) and t.read("out.c") == t.read("out.h") == "old",
             f"a disk full after {size} bytes: {t.files()}")


def check_errors_change_no_file(t):
    """No output file is written or changed unless the whole compilation succeeds."""
    good = safetensors({"gain": ([2], [1, 2])})
    t.write("scale.safetensors", good)
    faults = {
        "syntax": SCALE.replace("output y =", "output y"),
        "shapes": SCALE.replace("x * gain", "matmul(x, unknown)"),
        "provable": SCALE.replace("x * gain", "x[2]"),
        "clash": SCALE + SCALE,
        "index": SCALE.replace("x: float32[2]", "x: int32[2]").replace("x * gain", "one_hot(tensor([4, 1]), 4)"),
        "weights": SCALE.replace("float32[2]", "float32[3]"),
        "no weights": SCALE.replace("scale.safetensors", "missing.safetensors"),
    }
    for place in ("out.c", "out.h"):
        t.write(place, f"kept {place}")
        os.utime(t.path(place), ns=(10**18, 10**18))
    for what, source in faults.items():
        t.write("scale.nn", source)
        before = t.files()
        t.nnc("scale.nn", "-o", "out.c", status=1)
        need(t.files() == before, f"{what}: {t.files()}")
        for place in ("out.c", "out.h"):
            need(t.read(place) == f"kept {place}" and os.stat(t.path(place)).st_mtime_ns == 10**18,
                 f"{what}: {place} changed")
    t.write("scale.nn", SCALE)
    t.nnc("scale.nn", "-o", "out.c")
    need("scale_run" in t.read("out.c") and "scale_run" in t.read("out.h"), "a good file does not replace them")


def check_warnings_are_status_0(t):
    """A dim that no shape uses stays an argument, with a warning (on standard error, status 0); unused tensors warn
    too."""
    t.write("scale.nn", SCALE.replace("input x", "dim U = 2..5\n    input x"))
    t.write("scale.safetensors", safetensors({"gain": ([2], [1, 2]), "left.over": ([1], [0]),
                                              "bn.num_batches_tracked": ([], [0])}))
    r = t.nnc("scale.nn", "-o", "scale.c")
    need(re.search(r"^scale.nn:3:\d+: warning: .*\bU\b", r.err, re.M), f"no warning about the dim U\n{r.err}")
    need(re.search(r"warning: .*left\.over", r.err, re.S), f"no warning about left.over\n{r.err}")
    need("num_batches_tracked" not in r.err and "error" not in r.err and not r.out, r.err)
    need("size_t U" in t.read("scale.h"), "U is no argument")


def check_errors_have_place_line_and_caret(t):
    """Every error has `file:line:column`, the line, a caret under the part at fault; the file is named as it was
    given."""
    t.write("sub/m.nn", "model m {\n    input x: float32[2, 3]\n    input z: float32[4]\n    output y = x + z\n}\n")
    for name, cwd in (("sub/m.nn", None), ("m.nn", t.path("sub")), (t.path("sub/m.nn"), None)):
        err = t.nnc(name, "-o", "x.c", status=1, cwd=cwd).err
        m = re.match(re.escape(name) + r":4:(\d+): error: .*\n(.*)output y = x \+ z\n(.*)\n", err)
        need(m, f"no place, or not the line:\n{err}")
        need("^" in m.group(3) and len(m.group(3).rstrip(" ~^")) <= len(m.group(2)) + 20, f"no caret:\n{err}")
        need("float32[2, 3]" in err and "float32[4]" in err, f"not both shapes:\n{err}")
        need(re.search(r":2:\d+: note:", err) and re.search(r":3:\d+: note:", err),
             f"not where the shapes came from:\n{err}")


def check_all_errors_are_reported(t):
    """All errors of a file are reported, not only the first."""
    lines = [f"    output y{i} = x + unknown_{i}\n" for i in range(20)]
    err = t.refused("model m {\n    input x: float32[2]\n" + "".join(lines) + "}\n")
    for i in range(20):
        need(f"refused.nn:{i + 3}:" in err and f"unknown_{i}" in err, f"the error in line {i + 3} is missing:\n{err}")
    err = t.refused("model a {\n    input x: float32[2]\n    output y = x[2]\n}\nmodel b {\n    input x: float32[2]\n"
                    "    output y = x[3]\n}\n")
    need(":3:" in err and ":7:" in err, f"not the errors of both models:\n{err}")
    err = t.refused("model m {\n    input x float32[2]\n    input z: float32[2]\n    output y = z +\n"
                    "    output w = (z\n}\n")
    need(all(f":{n}:" in err for n in (2, 4, 5)), f"not all errors of syntax:\n{err}")
