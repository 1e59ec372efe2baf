"""What nnc does to the files that it is told to write."""
import os
import re
import shutil
import signal
import stat
import subprocess
import time

from kit import TOP, need

RELU = "model m {\n    input x: float32[4]\n    output y = relu(x)\n}\n"
BIG = ("model big {\n    input x: float32[16, 1, 512]\n    layer l = LSTM(512, 512, num_layers=2)\n    y, _ = l(x)\n"
       "    output y\n}\n")


def check_outputs_are_not_inputs(t):
    """An output that is an input or another output, by file and not by spelling, is refused with status 2, nothing
    touched."""
    weights = "model s {\n    weights \"w.pt\"\n    input x: float32[2]\n    output y = relu(x)\n}\n"
    t.write("m.nn", RELU)
    t.write("s.nn", weights)
    t.write("w.pt", "weights")
    os.makedirs(t.path("d"))
    os.symlink("m.nn", t.path("link.c"))
    os.link(t.path("m.nn"), t.path("hard.c"))
    os.symlink("new.h", t.path("dangling.h"))
    os.symlink(".", t.path("here"))
    before = {f: t.read(f) for f in ("m.nn", "s.nn", "w.pt")}
    names = t.files()
    for args in (["m.nn", "-o", "m.nn", "--header", "m.h"], ["m.nn", "-o", "a.c", "--header", "m.nn"],
                 ["m.nn", "-o", "link.c"], ["m.nn", "-o", "hard.c"], ["m.nn", "-o", "a.c", "--header", "here/m.nn"],
                 ["m.nn", "-o", "a.c", "--header", "a.c"], ["m.nn", "-o", "./a.c", "--header", "a.c"],
                 ["m.nn", "-o", "d/../a.c", "--header", "here/a.c"], ["m.nn", "-o", "new.h", "--header", "dangling.h"],
                 ["m.nn", "-o", "a.c", "--header", "nnc_runtime.h"],
                 ["m.nn", "-o", "a.c", "--header", "d/nnc_runtime.h", "--runtime", "d"]):
        r = t.nnc(*args, status=2)
        need("output" in r.err, f"nnc {' '.join(args)}: {r.err}")
        need(t.files() == names and all(t.read(f) == text for f, text in before.items()),
             f"nnc {' '.join(args)} left {t.files()}")
    # weights that are no weights are refused before that; good ones here
    t.write("s.nn", weights.replace("w.pt", "w.safetensors"))
    t.write("w.safetensors", b"\x02\0\0\0\0\0\0\0{}")
    t.nnc("s.nn", "-o", "a.c", "--header", "w.safetensors", status=2)
    t.nnc("m.nn", "-o", "/dev/null", "--header", "/dev/null")    # nothing can be lost there


def check_import_outputs_are_not_inputs(t):
    """`nnc import` refuses an output that is the model it reads, its external data, or both of its outputs in one file,
    with status 2."""
    folder = os.path.join(TOP, "tests", "import")
    models = sorted(os.path.join(d, f) for d, _, files in os.walk(folder) for f in files if f.endswith(".onnx"))
    for model in models[:40]:
        shutil.copy(model, t.path("m.onnx"))
        if t.nnc("import", "m.onnx", "-o", "good.nn", status=None).status == 0 and "good.safetensors" in t.files():
            break
    need("good.safetensors" in t.files(), "no model with weights can be imported")
    before = os.path.getsize(t.path("m.onnx"))
    os.symlink("m.onnx", t.path("m.nn"))
    os.symlink("m.onnx", t.path("w.safetensors"))
    os.symlink("one.safetensors", t.path("one.nn"))
    for name in ("m.nn", "w.nn", "one.nn"):
        need("output" in t.nnc("import", "m.onnx", "-o", name, status=2).err, name)
    need(os.path.getsize(t.path("m.onnx")) == before and "one.safetensors" not in t.files(), f"{t.files()}")
    # neither is the file of its external data, which may be a pipe that nobody writes to
    external = os.path.join(folder, "onnx", "dynamo_external")
    for name in ("model.onnx", "model.onnx.data"):
        shutil.copy(os.path.join(external, name), t.path(name))
    before = os.path.getsize(t.path("model.onnx.data"))
    os.symlink("model.onnx.data", t.path("e.safetensors"))
    need("output" in t.nnc("import", "model.onnx", "-o", "e.nn", status=2).err, "the external data")
    need(os.path.getsize(t.path("model.onnx.data")) == before and "e.nn" not in t.files(), f"{t.files()}")
    os.remove(t.path("model.onnx.data"))
    os.mkfifo(t.path("model.onnx.data"))
    for args in (("import", "model.onnx", "-o", "f.nn"), ("import", "model.onnx.data", "-o", "f.nn"),
                 ("weights", "model.onnx.data")):
        need("not a regular file" in t.nnc(*args, status=1).err, f"nnc {' '.join(args)}")


def check_devices_pipes_and_links(t):
    """A device or a pipe is written through, a symbolic link is followed; none of them is replaced."""
    t.write("m.nn", RELU)
    t.nnc("m.nn", "-o", "want.c", "--header", "pipe.h")
    os.mkfifo(t.path("pipe.c"))
    reader = subprocess.Popen(["cat", "pipe.c"], cwd=t.folder, stdout=subprocess.PIPE)
    t.nnc("m.nn", "-o", "pipe.c")
    text = reader.communicate()[0].decode()
    need(text.replace("/* pipe.c", "/* want.c") == t.read("want.c"), "the pipe got another text")
    need(stat.S_ISFIFO(os.stat(t.path("pipe.c")).st_mode), "the pipe is no pipe any more")
    need("nothing reads" in t.nnc("m.nn", "-o", "pipe.c", status=1).err, "a pipe without a reader")
    need("No space" in t.nnc("m.nn", "-o", "/dev/full", "--header", "full.h", status=1).err,
         "/dev/full takes everything")
    need("full.h" not in t.files(), "a header stays when the C cannot be written")
    t.write("real.c", "old")
    os.symlink("real.c", t.path("link.c"))
    os.symlink("new.c", t.path("dangling.c"))
    os.symlink("round.c", t.path("round.c"))
    for name, target in (("link.c", "real.c"), ("dangling.c", "new.c")):
        t.nnc("m.nn", "-o", name)
        need(os.readlink(t.path(name)) == target and f"/* {name}" in t.read(target), f"{name} was not followed")
    t.nnc("m.nn", "-o", "round.c", status=1)
    os.makedirs(t.path("locked"))
    os.chmod(t.path("locked"), 0o555)
    if not os.access(t.path("locked"), os.W_OK):     # root may write everywhere
        t.nnc("m.nn", "-o", "locked/a.c", status=1)
    need(not [f for f in t.files() if re.search(r"\.[A-Za-z0-9]{6}$", f)], f"temporary files stay: {t.files()}")


def check_signals_leave_nothing(t):
    """INT, TERM and HUP leave no temporary file, whenever they come; what is ignored stays ignored; a closed pipe is an
    error."""
    t.write("big.nn", BIG)
    hit = 0
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # begun in the background or by nohup, a test ignores some of them, and would have its children do so
        p = subprocess.Popen([t.nnc_path, "big.nn", "-o", "big.c", "--random-weights", "1"], cwd=t.folder,
                             preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
        end = time.monotonic() + 60
        while p.poll() is None and time.monotonic() < end and t.files() == ["big.nn"]:
            time.sleep(0.001)
        p.send_signal(number)
        status = p.wait()
        hit += status == -number
        if status:
            need(t.files() == ["big.nn"], f"signal {number} left {t.files()}")
        for f in set(t.files()) - {"big.nn"}:
            os.remove(t.path(f))
    need(hit, "no signal came in time")
    t.write("m.nn", RELU)
    r = t.call(["sh", "-c", f"trap '' HUP; {t.nnc_path} m.nn -o m.c & kill -HUP $!; wait $!"])
    need("m.c" in t.files(), r.err)
    read, write = os.pipe()
    os.close(read)
    need("pipe" in t.nnc("m.nn", "-o", "-", "--header", "closed.h", stdout=write, status=1).err, "a closed pipe")
    os.close(write)
    need("closed.h" not in t.files(), "a header stays when the pipe is closed")


def check_runtime_beside(t):
    """The runtime stands beside the C: written anew if it is another version's, untouched if it is this one, an error
    if nnc_runtime.h is someone else's; --no-runtime and --standalone leave it alone, --runtime DIR writes it
    elsewhere."""
    t.write("m.nn", RELU)
    t.nnc("m.nn", "-o", "m.c")
    t.call(["gcc", "-std=c99", "-c", "m.c"])
    own = t.read("nnc_runtime.h")
    os.utime(t.path("nnc_runtime.h"), ns=(10**18, 10**18))
    os.chmod(t.path("nnc_runtime.h"), 0o444)
    t.nnc("m.nn", "-o", "m.c")
    need(os.stat(t.path("nnc_runtime.h")).st_mtime_ns == 10**18, "the same runtime is written again")
    t.nnc("m.nn", "-o", "m.c", "--header", "nnc_runtime.h", status=2)
    os.chmod(t.path("nnc_runtime.h"), 0o644)
    t.write("nnc_runtime.h", re.sub(r"(NNC_RUNTIME_VERSION) \d+", r"\1 0", own, count=1))
    t.nnc("m.nn", "-o", "m.c")
    need(t.read("nnc_runtime.h") == own, "an older runtime stays")
    t.write("nnc_runtime.h", "/* mine */\n")
    t.write("m.c", "old")
    r = t.nnc("m.nn", "-o", "m.c", status=1)
    need("--no-runtime" in r.err and t.read("nnc_runtime.h") == "/* mine */\n" and t.read("m.c") == "old", r.err)
    t.nnc("m.nn", "-o", "m.c", "--no-runtime")
    t.nnc("m.nn", "-o", "m.c", "--standalone")
    t.nnc("m.nn", "-o", "m.c", "--runtime", "rt")
    need(t.read("nnc_runtime.h") == "/* mine */\n" and t.read("rt/nnc_runtime.h") == own, "--runtime DIR with a model")
    t.write("rt/nnc_runtime.h", "/* mine */\n")
    t.nnc("--runtime", "rt", status=1)
    t.call(["sh", "-c", f"ulimit -f 8; {t.nnc_path} --runtime full"], status=1)
    need(not os.path.exists(t.path("full")), "a new folder stays where the runtime cannot be written")


def check_names_of_files(t):
    """`-o net.cpp`, .cc, .cxx have net.h; a name that #include cannot hold is refused; guards are made of the models'
    names."""
    t.write("m.nn", RELU)
    for ending in ("cc", "cpp", "cxx"):
        t.nnc("m.nn", "-o", f"net.{ending}", "--target", "baseline")
        need('#include "net.h"' in t.read(f"net.{ending}") and f"/* net.{ending}:" in t.read(f"net.{ending}"), ending)
        t.call(["g++", "-std=c++11", "-Wall", "-Wextra", "-Werror", "-c", f"net.{ending}"])
    t.nnc("m.nn", "-o", "net.d", status=2)
    for name in ('a"b', "a\\b", "a\nb"):
        t.nnc("m.nn", "-o", f"{name}.c", status=2)
        t.nnc("m.nn", "-o", f"{name}.c", "--header", "plain.h", "--target", "baseline")
        t.call(["gcc", "-std=c99", "-c", t.path(f"{name}.c"), "-o", "x.o"])
    for k, (a, b) in enumerate((("one/net", "two/net"), ("a-b", "a_b"), ("A", "a"))):
        main = ""
        for name, model in ((a, f"first{k}"), (b, f"second{k}")):
            t.write(f"{name}.nn", RELU.replace("model m", f"model {model}"))
            t.nnc(f"{name}.nn", "-o", f"{name}.c", "--target", "baseline")
            main += f'#include "{name}.h"\n#include "{name}.h"\n'
        t.write("main.c",
                main + f"int main(void)\n{{\n    static first{k} p;\n    static second{k} q;\n    first{k}_reset(&p);\n"
                f"    second{k}_reset(&q);\n    return 0;\n}}\n")
        t.run(["main.c", f"{a}.c", f"{b}.c"])
