"""nnc run: results against numbers that PyTorch computed (the cases' own), what files and numbers may be, sizes,
errors.

The arrays are read and written with the standard library alone.
"""
import ast
import glob
import json
import os
import re
import signal
import struct
import subprocess
import sys
import time
import zipfile

from kit import SOURCE, TAGGER, alike, holds

sys.path.insert(0, os.path.join(SOURCE, "tests", "tools"))
from casefile import CaseFile

FORMATS = {"<f4": "f", "<f8": "d", "<i4": "i", "<i8": "q", "|u1": "B", "|b1": "?", ">f4": "f", ">i2": "h", "<f2": "e"}


def npy(shape, numbers, descr="<f4", fortran=False):
    header = str({"descr": descr, "fortran_order": fortran, "shape": tuple(shape)}).encode()
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    order = ">" if descr[0] == ">" else "<"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + \
        struct.pack(f"{order}{len(numbers)}{FORMATS[descr]}", *numbers)


def read_npy(path):
    """Shape, type, numbers."""
    with open(path, "rb") as f:
        data = f.read()
    holds(data[:8] == b"\x93NUMPY\x01\x00", data[:8])
    length, = struct.unpack("<H", data[8:10])
    header = ast.literal_eval(data[10:10 + length].decode())
    holds(not header["fortran_order"] and (10 + length) % 64 == 0, header)
    kind = FORMATS[header["descr"]]
    return (header["shape"], header["descr"],
            struct.unpack(f"<{(len(data) - 10 - length) // 4}{kind}", data[10 + length:]))


def cheap(bench):
    """What is tried is not the code's speed."""
    bench.environment["CFLAGS"] = "-O0 -DNNC_PLAIN_C"


def write(bench, name, data):
    with open(bench.path(name), "wb") as f:
        f.write(data)


def numbers_of(tensor):
    kind = "f" if tensor.dtype == "float32" else "i"
    return struct.unpack(f"<{len(tensor.data) // 4}{kind}", tensor.data)


def check_cases(bench):
    """What PyTorch computed: in one run, and over steps with an axis of them; the first as users compile it."""
    folders = [os.path.join(SOURCE, "tests", p) for p in (
        "cases/hello_lstm", "cases/lstm_batch_9_runtime", "streaming/gru_1_unbatched", "streaming/lstm_16_pedal",
        "streaming/rnn_characters")]
    folders = [f for f in folders if os.path.isdir(f)]
    holds(len(folders) >= 3, folders)
    for folder in folders:
        case = CaseFile(folder)
        arguments = []
        for i, tensor in enumerate(case.inputs):
            descr = "<f4" if tensor.dtype == "float32" else "<i4"
            write(bench, f"in{i}.npy", npy(tensor.shape, numbers_of(tensor), descr))
            arguments += ["-i", f"{tensor.name}=in{i}.npy"]
        for i, tensor in enumerate(case.outputs):
            arguments += ["-o", f"{tensor.name}=out{i}.npy"]
        if case.steps:
            arguments += ["--steps", str(case.steps)]
        said = bench.nnc_says("run", os.path.join(folder, "case.nn"), "--model", case.model, *arguments)
        holds(said == "", said)
        for i, tensor in enumerate(case.outputs):
            shape, _, got = read_npy(bench.path(f"out{i}.npy"))
            holds(list(shape) == list(tensor.shape), (folder, shape, tensor.shape))
            for g, w in zip(got, numbers_of(tensor)):
                holds(abs(g - w) <= 1e-5 * (1 + abs(w)), (folder, tensor.name, g, w))
        cheap(bench)


ADDER = """model adder {
    dim T = 1..8
    input x: float32[T, 2]
    input n: int32[]
    state total: float32[2]
    total = total + sum(x, 0) * n
    output y = total
    output twice = x * 2
    output most = argmax(total, 0)
}
"""


def check_numbers(bench):
    """Typed numbers, in a row and in brackets, sizes found or said, and arithmetic that one does in the head."""
    cheap(bench)
    bench.write("adder.nn", ADDER)
    want = "y: float32[2]\n[8 4]\ntwice: float32[2, 2]\n[[2 4]\n [6 0]]\nmost: int32[]\n0\n"
    for x in ("1,2,3,0", "[[1,2],[3,0]]", " [ [1.0 , 2e0], [+3, -0.] ] ", "1, 2, 3, .0"):
        said = bench.nnc_says("run", "adder.nn", "-i", "x=" + x, "-i", "n=2")
        holds(re.sub(r"\[ +", "[", said.replace("-0", " 0").replace("  ", " ")) == want, (x, said))
    holds("[8 4]" in bench.nnc_says("run", "adder.nn", "-i", "x=1,2,3,0", "-i", "n=2", "--dim", "T=2"), "--dim")
    # n stays, x has an axis of runs: y counts up
    said = bench.nnc_says("run", "adder.nn", "-i", "x=[[[1,0]],[[2,5]],[[3,7]]]", "-i", "n=1", "--steps", "3")
    holds(said.startswith("y: float32[3, 2]\n[[ 1  0]\n [ 3  5]\n [ 6 12]]\n")
          and "most: int32[3]\n[0 1 1]" in said, said)
    said = bench.nnc_says("run", "adder.nn", "-i", "x=1,0,2,5,3,7", "-i", "n=1,1,2", "--steps", "3")
    holds(said.startswith("y: float32[3, 2]\n[[ 1  0]\n [ 3  5]\n [ 9 19]]\n"), said)
    said = bench.nnc_says("run", "adder.nn", "-i", "x=inf,nan", "-i", "n=1")
    holds(said.startswith("y: float32[2]\n[inf nan]\n"), said)


def check_tagger(bench):
    """One line in a shell, as the documentation has it."""
    said = bench.nnc_says("run", os.path.join(TAGGER, "tagger.nn"), "-i", "sentence=0,1,2,3,4")
    page = open(os.path.join(SOURCE, "docs", "using.md")).read()
    holds(alike(said, page.split("$ nnc run tagger.nn -i sentence=0,1,2,3,4\n")[1].split("```")[0]), said)


def check_files(bench):
    """Types, byte orders, orders of elements, .npz by name, whole files."""
    cheap(bench)
    bench.write("id.nn", "model id {\n    input x: float32[2, 3]\n    output y = x\n}\n")
    bench.write("ids.nn", "model ids {\n    dim T = 1..9\n    input x: int32[T]\n    output y = x\n}\n")
    plain = (1, 2, 3, 4, 5, 6)
    for descr in ("<f4", "<f8", "<i8", "|u1", ">i2", "<f2"):
        write(bench, "x.npy", npy((2, 3), plain, descr))
        holds(bench.nnc_says("run", "id.nn", "-i", "x=x.npy").endswith("[[1 2 3]\n [4 5 6]]\n"), descr)
    write(bench, "x.npy", npy((2, 3), (1, 4, 2, 5, 3, 6), fortran=True))
    holds(bench.nnc_says("run", "id.nn", "-i", "x=x.npy").endswith("[[1 2 3]\n [4 5 6]]\n"), "Fortran")
    write(bench, "x.npy", npy((2,), (True, False), "|b1"))
    holds(bench.nnc_says("run", "ids.nn", "-i", "x=x.npy").endswith("[1 0]\n"), "bool")
    write(bench, "x.npy", npy((3,), (-1, -(1 << 31), (1 << 31) - 1), "<i8"))
    said = bench.nnc_says("run", "ids.nn", "-i", "x=x.npy")
    holds(said.split("[")[-1].split("]")[0].split() == ["-1", "-2147483648", "2147483647"], said)
    with zipfile.ZipFile(bench.path("all.npz"), "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("x.npy", npy((2, 3), plain))
    for given in ("x=all.npz", "all.npz"):
        holds(bench.nnc_says("run", "id.nn", "-i", given).endswith("[[1 2 3]\n [4 5 6]]\n"), given)
    with zipfile.ZipFile(bench.path("two.npz"), "w") as z:
        z.writestr("x.npy", npy((2, 3), plain))
        z.writestr("z.npy", npy((2,), (1, 2)))
    holds("[[1 2 3]" in bench.nnc_says("run", "id.nn", "-i", "x=two.npz"), "x of two")
    holds("no input z" in bench.nnc_says("run", "id.nn", "-i", "two.npz", status=1), "z")
    # what was written is read again
    bench.nnc_says("run", "id.nn", "-i", "x=all.npz", "-o", "y=y.npy")
    holds(read_npy(bench.path("y.npy")) == ((2, 3), "<f4", plain), "y")
    holds("[[1 2 3]" in bench.nnc_says("run", "id.nn", "-i", "x=y.npy"), "y.npy")


def check_random(bench):
    """A seed gives one result, indices are in range at every size, and repeated inputs are drawn anew each run."""
    cheap(bench)
    tagger = os.path.join(TAGGER, "tagger.nn")
    first = bench.nnc_says("run", tagger, "--random", "7", "--dim", "T=3", "--steps", "4")
    holds(first == bench.nnc_says("run", tagger, "--random", "7", "--dim", "T=3", "--steps", "4"), first)
    holds(first != bench.nnc_says("run", tagger, "--random", "8", "--dim", "T=3", "--steps", "4"), first)
    holds("float32[4, 3, 3]" in first, first)
    for seed in range(2):
        bench.nnc_says("run", tagger, "--random", str(seed))
    bench.write("adder.nn", ADDER)
    holds("[[2 4]]" in bench.nnc_says("run", "adder.nn", "--random", "1", "-i", "x=[[1,2]]"), "x is given")


def check_shapes(bench):
    """Both shapes, with a place; what a number may be; who is meant."""
    cheap(bench)
    bench.write("adder.nn", ADDER)
    bench.write("two.nn", ADDER + ADDER.replace("adder", "other"))
    for descr, shape in (("<f4", (2, 3)), ("<f4", (9, 2)), ("<f8", (2,)), ("<f4", (1, 2, 2))):
        count = 1
        for size in shape:
            count *= size
        write(bench, "x.npy", npy(shape, (1,) * count, descr))
        said = bench.nnc_says("run", "adder.nn", "-i", "x=x.npy", "-i", "n=1", status=1)
        holds("adder.nn:3:5: error: input x is float32[T, 2]" in said
              and f"x.npy has shape {list(shape)}" in said, said)
    holds("--steps 1" in said, said)
    bench.write("d.csv", "1,2\n3,4\n5,6\n")
    for arguments, words in (
            (("-i", "x=1,2,3", "-i", "n=1"), "input x is float32[T, 2]; 3 numbers are given"),
            (("-i", "x=1,2", "-i", "n=1", "--dim", "T=2"), "float32[T, 2], here [2, 2]; 2 numbers are given"),
            (("-i", "x=1,2", "-i", "n=1.5"), "input n is int32[]; element 0 is no integer: 1.5"),
            (("-i", "x=1,2", "-i", "n=3000000000"), "too large for int32"),
            (("-i", "x=1,2", "-i", "n=nan"), "no integer"),
            (("-i", "x=1,1e40", "-i", "n=1"), "element 1 is too large for float32"),
            (("-i", "x=1,1e400", "-i", "n=1"), "x=1,1e400: error: 1e400 is too large for a number"),
            (("-i", "x=[" + "1," * 1000), f"x=[{'1,' * 18}1…: error: "),
            (("-i", "x=d.csv"), "d.csv: error: this is a text file, not an array"),
            (("-i", "x=1,2"), "adder.nn:4:5: error: input n, int32[], is not given"),
            (("-i", "n=1"), "how large is dim T"),
            (("-i", "x=1,b", "-i", "n=1"), "x=1,b: error: a number was expected, found b"),
            (("-i", "x=[[1,2],[3]]"), "lists of one depth differ in length"),
            (("-i", "x=[[1,2],3]"), "numbers and lists stand side by side"),
            (("-i", "x=[[1,2]"), "a ] is missing"), (("-i", "x=[1,2]]"), "what is ]?"),
            (("-i", "x="), "a number was expected"),
            (("-i", "x=none.npy"), "none.npy: error: the file cannot be opened"),
            (("-i", "xx=1"), "model adder has no input xx"), (("-o", "twise=y.npy"), "did you mean twice?"),
            (("--random", "1", "--dim", "T=9"), "outside of the bounds of dim T"),
            (("--random", "1", "--dim", "Q=9"), "no model in it has a run-time dim Q"),
            (("--random", "1", "--model", "adderr"), "did you mean adder?")):
        said = bench.nnc_says("run", "adder.nn", *arguments, status=1)
        holds(words in said, (arguments, said))
    holds("it has 2 models: which?" in bench.nnc_says("run", "two.nn", status=1), "two")
    holds("y: " in bench.nnc_says("run", "two.nn", "--model", "other", "--random", "1"), "other")
    tagger = os.path.join(TAGGER, "tagger.nn")
    said = bench.nnc_says("run", tagger, "-i", "sentence=0,9", status=1)
    holds("element 1 of input sentence is 9; this needs 0 to 8" in said and "tagger.nn:12" in said, said)
    said = bench.nnc_says("run", tagger, "-i", "sentence=1,2,-1", "--steps", "3", status=1)
    holds("element 0 of input sentence is -1 in run 2" in said, said)
    said = bench.nnc_says("run", tagger, "-i", "sentence=0,9", "--diagnostics=json", status=1)
    holds(json.loads(said)["line"] == 12, said)
    for arguments in (("--steps", "0"), ("--steps", "x"), ("--random", "x"), ("-o", "y"),
                      ("--target", "z80"), ("a", "b")):
        bench.nnc_says("run", "adder.nn", *arguments, status=2)


def temporary_folder(bench):
    """The tests' own $TMPDIR: a name that a shell or a compiler would take for something else."""
    folder = bench.path("@tmp $(touch oops) *")
    os.makedirs(folder, exist_ok=True)
    bench.environment["TMPDIR"] = folder
    return folder


def check_more_memory_than_there_is(bench):
    """Results of a thousand million runs: told as that, and no defect of nnc."""
    with open(bench.nnc, "rb") as f:
        if b"__asan_init" in f.read():
            # sanitizers reserve more than can be allowed, and end such a program themselves
            return
    said = bench.run("sh", "-c", 'ulimit -v 4000000; exec "$0" "$@"', bench.nnc, "run",
                     os.path.join(TAGGER, "tagger.nn"), "-i", "sentence=0,1",
                     "--steps", "1000000000", status=1)
    holds(said == "nnc: out of memory: 4.8e+10 bytes are wanted at once\n", said)


def check_nothing_left(bench):
    """Nothing stays behind, whatever goes wrong; hostile names are names."""
    cheap(bench)
    folder = temporary_folder(bench)
    hostile = "-x; touch oops '$(touch oops)'.nn"
    bench.write(hostile, ADDER)
    bench.write("adder.nn", ADDER)
    good = ("-i", "x=1,2", "-i", "n=1")
    bench.nnc_says("run", *good, "--", hostile)
    os.mkdir(bench.path("readonly"))
    os.chmod(bench.path("readonly"), 0o500)
    before = bench.names()
    bench.nnc_says("run", "adder.nn", *good)
    holds("cannot be run: No such file" in bench.with_environment("CC", "no-such-cc", "run", "adder.nn", *good),
          "missing")
    said = bench.with_environment("CC", "cc -no-such-option", "run", "adder.nn", *good)
    holds("ended with status" in said and "\n    " in said and "no-such-option" in said, said)
    holds("cannot be run" in bench.with_environment("CC", bench.path("adder.nn"), "run", "adder.nn", *good),
          "no program")
    holds("ended with status" in bench.with_environment("CFLAGS", "-Dmain=other", "run", "adder.nn", *good), "CFLAGS")
    holds("no temporary folder" in bench.with_environment("TMPDIR", bench.path("none"), "run", "adder.nn", *good),
          "TMPDIR")
    for output in ("/dev/full", "none/y.npy", "."):
        bench.nnc_says("run", "adder.nn", *good, "-o", "y=" + output, status=1)
    if os.getuid() != 0:
        bench.nnc_says("run", "adder.nn", *good, "-o", "y=readonly/y.npy", status=1)
    write(bench, "x.npy", npy((1, 2), (1, 2)))
    before = bench.names()
    for output, words in (("x.npy", "this output is an input"), ("./adder.nn", "this output is an input")):
        holds(words in bench.nnc_says("run", "adder.nn", "-i", "x=x.npy", "-i", "n=1", "-o", "y=" + output, status=2),
              words)
    said = bench.nnc_says("run", "adder.nn", *good, "-o", "y=a.npy", "-o", "twice=./a.npy", status=2)
    holds("two outputs are this file" in said, said)
    said = bench.run("sh", "-c", f"{bench.nnc} run adder.nn -i x=1,2 -i n=1 >/dev/full", status=1)
    holds("standard output: error: No space left" in said, said)
    holds(bench.names() == before and os.listdir(folder) == [], (bench.names(), os.listdir(folder)))


def check_signals(bench):
    """INT, TERM and HUP end the compiler too, and the folder goes."""
    folder = temporary_folder(bench)
    bench.write("adder.nn", ADDER)
    bench.write("cc", "#!/bin/sh\necho $$ > started\nexec sleep 60\n")
    os.chmod(bench.path("cc"), 0o755)
    bench.environment["CC"] = bench.path("cc")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # begun in the background or by nohup, a test ignores some of them, and would have its children do so
        p = subprocess.Popen([bench.nnc, "run", "adder.nn", "--random", "1"], cwd=bench.folder, env=bench.environment,
                             preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
        while not os.path.exists(bench.path("started")) or not bench.read("started").strip():
            holds(p.poll() is None, p.returncode)
            time.sleep(0.02)
        child = int(bench.read("started"))
        os.remove(bench.path("started"))
        p.send_signal(number)
        holds(p.wait(60) == -number, p.returncode)
        holds(os.listdir(folder) == [], os.listdir(folder))
        holds(not os.path.exists(f"/proc/{child}"), "the compiler goes on")


def check_compilers(bench):
    """C++ and a wide target as well; the words of CC."""
    bench.write("adder.nn", ADDER)
    bench.environment["CFLAGS"] = "-O0"
    for cc in ("g++", "gcc -std=c99 -Wall -Wextra -Wpedantic -Werror",
               "g++ -std=c++11 -Wall -Wextra -Wpedantic -Werror"):
        bench.environment["CC"] = cc
        for target in ("all", "scalar")[:1 + (cc == "g++")]:
            holds("[1 2]" in bench.nnc_says("run", "adder.nn", "-i", "x=1,2", "-i", "n=1", "--target", target), cc)
    bench.environment.pop("CC")


def check_names(bench):
    """Models that are called as the driver's own functions are."""
    cheap(bench)
    for name in ("runs", "take", "outputs_"):
        bench.write("m.nn", f"model {name} {{\n    input x: float32[]\n    output y = x\n}}\n")
        holds(bench.nnc_says("run", "m.nn", "-i", "x=5") == "y: float32[]\n5\n", name)


def check_full_disk(bench):
    """Temporary files that are cut are told as such, not as the C compiler's complaints; `prlimit` stands for a full
    disk."""
    bench.write("full.nn",
                "model full {\n    input x: float32[8, 4]\n    state s: float32[3]\n    layer l = Linear(4, 3)\n"
                "    y = l(x)\n    s = s + y[0]\n    output y\n    output z = s\n}\n")
    for size in (2000, 9000, 20000):
        said = bench.run("bash", "-c",
                         f"prlimit --fsize={size} {bench.nnc} run full.nn --random-weights 1 --random 1 2>&1; exit 0")
        holds("error: File too large" in said and "C compiler" not in said, (size, said))
