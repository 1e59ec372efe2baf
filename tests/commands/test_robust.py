"""Every command: hostile files, closed pipes and streams, full disks, folders that cannot be written to. Each says what
and where, with status 1, and leaves nothing behind, neither in its folder nor in $TMPDIR."""
import os
import pty
import resource
import select
import shutil
import subprocess

from kit import TAGGER, holds
from test_run import cheap, temporary_folder

# what a command is given beside a model; what it would write
OF_A_MODEL = [("summary",), ("summary", "--json"), ("summary", "--stack"), ("graph", "-o", "out.svg"),
              ("run", "--random", "1"),
              ("run", "--random", "1", "-o", "tags=out.npy"), ("verify", "--steps", "1"), ("-o", "out.c"),
              ("fmt", "--check")]
HOSTILE = {
    "empty.nn": b"", "bytes.nn": bytes(range(256)) * 40, "long.nn": b"x" * 200000,
    "deep.nn": b"model m { y = " + b"(" * 50000, "zeros.nn": bytes(4096),
    "half.nn": b"model m {\n    input x: float32[3", "percent.nn": b"model %s%n%s {\n input %d: float32[1]\n}\n",
    "escape.nn": b"model \x1b[31m {\n}\n",
}


def tree(bench):
    return sorted(os.path.join(at, name) for at, _, names in os.walk(bench.folder) for name in names)


def nnc(bench, arguments, **how):
    r = subprocess.run([bench.nnc, *arguments], cwd=bench.folder, env=bench.environment, timeout=300,
                       stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, **{"stdout": subprocess.PIPE, **how})
    return r.returncode, r.stderr.decode(errors="replace")


def check_hostile_models(bench):
    temporary_folder(bench)
    os.mkdir(bench.path("folder.nn"))
    os.mkfifo(bench.path("pipe.nn"))
    for name, data in HOSTILE.items():
        with open(bench.path(name), "wb") as f:
            f.write(data)
    before = tree(bench)
    for name in [*HOSTILE, "folder.nn", "pipe.nn", "none.nn", "/dev/null", "none/none.nn"]:
        for command in OF_A_MODEL:
            status, said = nnc(bench, (*command, name))
            holds(status == 1 and said.startswith(name + ":") and "error: " in said,
                  (command, name, status, said[:300]))
            holds("\x1b" not in said and "internal error" not in said, (command, name, said[:300]))
    holds(tree(bench) == before, tree(bench))


def check_hostile_weights(bench):
    temporary_folder(bench)
    bench.take(TAGGER, "tagger.nn")
    with open(os.path.join(TAGGER, "tagger.safetensors"), "rb") as f:
        good = f.read()
    for data in (b"", good[:-1], good[:100], b"\xff" * 1000, b"PK\x03\x04" + bytes(100),
                 b"\x80\x02" + bytes(range(256))):
        with open(bench.path("tagger.safetensors"), "wb") as f:
            f.write(data)
        before = tree(bench)
        for command in OF_A_MODEL:
            if command[0] in ("graph", "fmt"):
                continue
            status, said = nnc(bench, (*command, "tagger.nn"))
            holds(status == 1 and "tagger.safetensors" in said, (command, data[:10], status, said[:300]))
        status, said = nnc(bench, ("weights", "tagger.safetensors"))
        holds(status == 1 and said.startswith("tagger.safetensors: error: "), said)
        holds(tree(bench) == before, tree(bench))


def check_hostile_arrays(bench):
    temporary_folder(bench)
    bench.take(TAGGER, "tagger.nn", "tagger.safetensors")
    head = b"\x93NUMPY\x01\x00"
    for data in (b"", head, head + b"\xff\xff{", head + b"\x10\x00" + b"{'descr': '<f4'}", head + b"\x02\x00()",
                 b"\x80\x02" * 9, head + b"\x46\x00"
                 + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(69) + b"\n" + bytes(8),
                 head + b"\x46\x00" + b"{'descr': '<i4', 'fortran_order': False, 'shape': (9,), }".ljust(69)
                 + b"\n" + bytes(8)):
        with open(bench.path("x.npy"), "wb") as f:
            f.write(data)
        before = tree(bench)
        for command in ("run", "verify"):
            status, said = nnc(bench, (command, "tagger.nn", "-i", "sentence=x.npy"))
            holds(status == 1 and said.startswith("x.npy: error: "), (command, data, status, said))
        holds(tree(bench) == before, tree(bench))


def check_streams(bench):
    """A pipe that nobody reads, a full device, a stream that is closed: an error, not a signal, and nothing in a
    file."""
    cheap(bench)
    temporary_folder(bench)
    bench.take(TAGGER, "tagger.nn", "tagger.safetensors")
    before = tree(bench)
    printing = [("summary", "tagger.nn"), ("run", "tagger.nn", "--random", "1"),
                ("verify", "tagger.nn", "--steps", "1"),
                ("weights", "tagger.safetensors"), ("help", "run"), ("help", "--manual"), ("--help",), ("--version",),
                ("tagger.nn", "-o", "-"), ("tagger.nn", "--dump", "ir"), ("run", "--help")]
    for command in printing:
        read, wrote = os.pipe()
        os.close(read)
        with os.fdopen(wrote, "wb") as pipe:
            status, said = nnc(bench, command, stdout=pipe)
        holds(status == 1 and "standard output" in said and "pipe" in said.lower(), (command, status, said))
        with open("/dev/full", "wb") as full:
            status, said = nnc(bench, command, stdout=full)
        holds(status == 1 and "standard output" in said and "No space" in said, (command, status, said))
        status, said = nnc(bench, command, preexec_fn=lambda: os.close(1))
        holds(status == 1 and "standard output" in said, (command, status, said))
    for closed in (0, 1, 2):
        status, _ = nnc(bench, ("tagger.nn", "-o", "out.c"), preexec_fn=lambda fd=closed: os.close(fd))
        holds(status == 0 and bench.read("out.c").startswith("/* out.c: generated"), (closed, status))
        for name in ("out.c", "out.h", "nnc_runtime.h"):
            os.remove(bench.path(name))
    holds(tree(bench) == before, tree(bench))


def check_full_disk(bench):
    """Files may not grow over a kilobyte: what is written is not left half."""
    cheap(bench)
    temporary_folder(bench)
    bench.take(TAGGER, "tagger.nn", "tagger.safetensors")
    before = tree(bench)

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))
    for command in (("run", "tagger.nn", "--random", "1"), ("verify", "tagger.nn"), ("summary", "--stack", "tagger.nn"),
                    ("tagger.nn", "-o", "out.c"), ("graph", "tagger.nn", "-o", "out.svg"),
                    ("package", "cmake", "tagger.nn", "-o", "out"), ("new", "out")):
        status, said = nnc(bench, command, preexec_fn=limit)
        holds(status == 1 and "too large" in said, (command, status, said))
        holds(tree(bench) == before, (command, tree(bench)))
    for output in ("/dev/full", "/proc/none/out", "none/out", "."):
        ending = "" if output in (".", "/dev/full") else ".c"
        for command in (("tagger.nn", "--header", "/dev/null", "--no-runtime", "-o", output + ending),
                        ("graph", "tagger.nn", "-o", output + ending.replace(".c", ".svg")),
                        ("run", "tagger.nn", "--random", "1", "-o", "tags=" + output)):
            status, said = nnc(bench, command)
            holds(status in (1, 2) and said, (command, status, said))
            holds(tree(bench) == before, (command, tree(bench)))


def check_read_only(bench):
    """A folder that may be read only. Root may write anywhere: it becomes another user."""
    cheap(bench)
    bench.take(TAGGER, "tagger.nn", "tagger.safetensors")
    os.chmod(bench.folder, 0o555)
    bench.environment["TMPDIR"] = bench.path("none")
    user = {"preexec_fn": lambda: os.setuid(65534)} if os.getuid() == 0 else {}
    try:
        if nnc(bench, ("--version",), **user)[0] != 0:
            return  # nnc itself is where that user may not read
        before = tree(bench)
        for command in (("tagger.nn", "-o", "out.c"), ("graph", "tagger.nn", "-o", "out.svg"), ("new", "out"),
                        ("package", "cmake", "tagger.nn", "-o", "out"), ("run", "tagger.nn", "--random", "1"),
                        ("verify", "tagger.nn"), ("summary", "--stack", "tagger.nn"), ("fmt", "tagger.nn")):
            status, said = nnc(bench, command, **user)
            holds(status == 1 or command[0] == "fmt", (command, status, said))
            holds(status == 0 or "Permission denied" in said or "No such file" in said, (command, said))
            holds(tree(bench) == before, (command, tree(bench)))
        del bench.environment["TMPDIR"]
        status, said = nnc(bench, ("run", "tagger.nn", "--random", "1", "-o", "tags=out.npy"), **user)
        holds(status == 1 and "out.npy: error: cannot be written: Permission denied" in said, said)
    finally:
        os.chmod(bench.folder, 0o755)


def through_terminal(bench, *command):
    """What appears on standard error when that is a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([bench.nnc, *command], cwd=bench.folder, env=bench.environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    said = b""
    while True:
        ready, _, _ = select.select([ours], [], [], 120)
        holds(ready, "nothing comes")
        try:
            part = os.read(ours, 4096)
        except OSError:   # all that had it open are gone
            break
        if not part:
            break
        said += part
    os.close(ours)
    return process.wait(120), said.decode()


def check_progress(bench):
    """On a terminal, after a second, and gone at the end; nowhere else, and not when it is quick."""
    bench.take(TAGGER, "tagger.nn", "tagger.safetensors")
    bench.write("cc", "#!/bin/sh\nsleep 2\nexec cc \"$@\"\n")
    os.chmod(bench.path("cc"), 0o755)
    bench.environment.update(TERM="xterm", CC=bench.path("cc"), CFLAGS="-O0")
    status, said = through_terminal(bench, "run", "tagger.nn", "--random", "1")
    holds(status == 0 and "\r\x1b[Knnc: compiling the C" in said and said.endswith("\r\x1b[K"), (status, said))
    status, said = nnc(bench, ("run", "tagger.nn", "--random", "1"))
    holds((status, said) == (0, ""), (status, said))
    bench.environment["TERM"] = "dumb"
    holds(through_terminal(bench, "run", "tagger.nn", "--random", "1") == (0, ""), "dumb")
    bench.environment["TERM"] = "xterm"
    bench.write("cc", "#!/bin/sh\nsleep 2\nexit 1\n")
    status, said = through_terminal(bench, "run", "tagger.nn", "--random", "1")
    holds(status == 1 and "ended with status 1" in said.split("\r\x1b[K")[-1], (status, said))
    holds("compiling the C" not in said.split("\r\x1b[K")[-1], said)


def check_hostile_names(bench):
    """Names that a shell, a compiler or a comment would take for something else."""
    cheap(bench)
    temporary_folder(bench)
    for name in ("-o.nn", "a b.nn", "$(touch oops).nn", "x*\nint evil;.nn", "'\"`.nn", "é.nn", "@x.nn"):
        shutil.copy(os.path.join(TAGGER, "tagger.nn"), bench.path(name))
        shutil.copy(os.path.join(TAGGER, "tagger.safetensors"), bench.path("tagger.safetensors"))
        before = tree(bench)
        for command in (("summary",), ("run", "--random", "1", "--target", "baseline"),
                        ("--header", "h.h", "-o", "out.c", "--target", "baseline")):
            status, said = nnc(bench, (*command, "--", name))
            holds(status == 0, (name, command, said))
        bench.run("gcc", "-fsyntax-only", "-Wall", "-Werror", "out.c")
        for made in ("out.c", "h.h", "nnc_runtime.h"):
            os.remove(bench.path(made))
        holds(tree(bench) == before, tree(bench))
        os.remove(bench.path(name))
