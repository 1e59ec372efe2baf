"""nnc new: each project builds and prints what PyTorch gives, by the commands that it names."""
import os
import subprocess
import sys

from kit import SOURCE, have, holds
from test_package import ECOSYSTEMS, files
from test_projects import install

TAGS = "DET NN V DET NN\n"


def new(bench, folder, *options, status=0):
    return bench.nnc_says("new", folder, *options, status=status)


def check_builds(bench):
    """The printed commands, as they are, in a shell; README.md has them, too."""
    install(bench)
    bench.environment["PATH"] = bench.path("prefix/bin") + ":" + os.environ["PATH"]
    bench.environment["CMAKE_PREFIX_PATH"] = bench.path("prefix")
    for kind in ("cmake", "make", "cpp"):
        said = new(bench, "my-" + kind, "--project", kind)
        commands = said.splitlines()
        holds(commands[0] == "cd my-" + kind and "\n".join(commands[1:]) in bench.read(f"my-{kind}/README.md"), said)
        printed = bench.run("sh", "-ec", said)
        holds(printed.endswith(TAGS), printed)
        holds(bench.run("sh", "-ec", said).endswith(TAGS), "again")
        again = bench.run(commands[-1], "Everybody", "read", "that", "book", folder="my-" + kind)
        holds(again == "NN V DET NN\n", again)
    holds(new(bench, "default").splitlines()[1:] == new(bench, "other", "--project", "cmake").splitlines()[1:],
          "the default")


def check_arduino(bench):
    new(bench, "blinky", "--project", "arduino")
    holds("src/tagger.c" in files(bench, "blinky") and "blinky.ino" in files(bench, "blinky"), files(bench, "blinky"))
    if have("arm-none-eabi-gcc", "a new project by the ARM compiler"):
        bench.run("arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-Os", "-c", "blinky/src/tagger.c", "-o", "m4.o")
    bench.run("gcc", "-O1", "-c", "blinky/src/tagger.c", "-o", "tagger.o")
    bench.run("g++", "-std=c++11", "-Wall", "-Wextra", "-Werror", "-I" + ECOSYSTEMS,
              '-DSKETCH="' + bench.path("blinky/blinky.ino") + '"', os.path.join(ECOSYSTEMS, "sketch.cpp"), "tagger.o",
              "-o", "sketch")
    holds(bench.run("./sketch") == TAGS, "the sketch")
    # the command that README.md names makes the same C
    before = bench.read("blinky/src/tagger.c")
    command = next(line for line in bench.read("blinky/README.md").splitlines() if line.startswith("nnc "))
    bench.run("rm", "blinky/src/tagger.c")
    bench.nnc_says(*command.split()[1:], folder="blinky")
    holds(bench.read("blinky/src/tagger.c") == before, command)


def check_weights(bench):
    """What is embedded is the file itself; the model is in the canonical form."""
    new(bench, "a")
    with open(os.path.join(SOURCE, "compiler/templates/new/common/tagger.pt.in"), "rb") as f:
        holds(open(bench.path("a/tagger.pt"), "rb").read() == f.read(), "tagger.pt")
    bench.nnc_says("fmt", "--check", "a/tagger.nn")
    holds("warning" not in bench.nnc_says("tagger.nn", "-o", "tagger.c", folder="a"), "no warnings")
    bench.run(sys.executable, "-m", "py_compile", "a/train.py")


def check_faults(bench):
    holds("one folder" in bench.nnc_says("new", status=2), "none")
    holds("not rust" in new(bench, "a", "--project", "rust", status=2), "rust")
    for name in ("a b", ".", "..", "/", "-x"):
        holds("nnc new: " in bench.nnc_says("new", "--", name, status=2), name)
    bench.write("full/mine", "mine")
    holds("full: error: is not empty" in new(bench, "full", status=1) and bench.names("full") == ["mine"], "not empty")
    holds("No such file" in new(bench, "none/a", status=1), "no parent")
    bench.write("file", "")
    holds("file: error: is not a folder" in new(bench, "file", status=1), "a file")
    os.mkdir(bench.path("empty"))
    new(bench, "empty")
    r = subprocess.run(f"ulimit -f 1; {bench.nnc} new disk", shell=True, cwd=bench.folder, stderr=subprocess.PIPE)
    holds(r.returncode == 1 and b"disk/" in r.stderr, r)
    holds(bench.names() == ["empty", "file", "full"], bench.names())
