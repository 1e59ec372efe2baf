"""No command writes over what a model is made of, the .nn file and each of its weights files, whatever an output is
called and by whatever link it leads there; and what is no .nn file is told as what it is."""
import os

from kit import holds, tensors_file

MODEL = """model m {
    input x: float32[2]
    weights ("first.safetensors", "over.safetensors")
    layer fc = Linear(2, 2)
    output y = fc(x)
}
"""


def write_tensors(bench, name, tensors):
    with open(bench.path(name), "wb") as f:
        f.write(tensors_file.float32(tensors))


def link(bench, to, name, how):
    if os.path.lexists(bench.path(name)):
        os.remove(bench.path(name))
    if how is os.link:
        os.link(bench.path(to), bench.path(name))
    else:
        os.symlink(os.path.relpath(bench.path(to), os.path.dirname(bench.path(name))), bench.path(name))


def check_inputs_stay(bench):
    inputs = ("m.nn", "first.safetensors", "over.safetensors")
    bench.write("m.nn", MODEL)
    write_tensors(bench, "first.safetensors", {"fc.weight": ([2, 2], [1, 2, 3, 4]), "fc.bias": ([2], [5, 6])})
    write_tensors(bench, "over.safetensors", {"fc.bias": ([2], [7, 8])})
    read = lambda: [open(bench.path(name), "rb").read() for name in inputs]
    before = read()
    package = ("package", "python", "m.nn", "-o", "made")
    bench.nnc_says(*package)
    for name, command in (("a.c", ("m.nn", "-o", "a.c")), ("a.h", ("m.nn", "-o", "a.c")),
                          ("a.d", ("m.nn", "-o", "a.c", "--depfile", "a.d")),
                          ("a.weights", ("m.nn", "-o", "a.weights", "--weights-only")),
                          ("a.svg", ("graph", "m.nn", "-o", "a.svg")),
                          ("a.npy", ("run", "m.nn", "-i", "x=1,2", "-o", "y=a.npy")), ("made/m/m.c", package),
                          ("made/m/m.h", package), ("made/pyproject.toml", package), ("made/m/__init__.py", package)):
        for to in inputs:
            for how in (os.symlink, os.link):
                link(bench, to, name, how)
                said = bench.nnc_says(*command, status=1 if command is package else 2)
                holds(f"{name}: error: this output is an input" in said and read() == before, (name, to, how, said))
        os.remove(bench.path(name))


def check_files_of_a_package_are_distinct(bench):
    bench.write("m.nn", MODEL.replace("layer fc = Linear(2, 2)\n",
                                      "").replace("fc(x)", "relu(x)").replace("weights", "# weights"))
    for name, to in (("pyproject.toml", "README.md"), ("m/m.h", "README.md"), ("m/m.c", "m/m.h")):
        bench.nnc_says("package", "python", "m.nn", "-o", "made")
        before = bench.read("made/" + to)
        link(bench, "made/" + to, "made/" + name, os.symlink)
        said = bench.nnc_says("package", "python", "m.nn", "-o", "made", status=1)
        holds("two outputs are this file" in said and bench.read("made/" + to) == before, said)
        os.remove(bench.path("made", name))
    said = bench.nnc_says("package", "python", "m.nn", "--name", "nnc_runtime", "-o", "new", status=1)
    holds("two outputs are this file" in said and not os.path.exists(bench.path("new")), said)


# A file system that ignores case, and keeps it not: what nnc calls of libc sees the last parts of paths in lower case.
IGNORES_CASE = r"""
#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *lower(const char *path, char to[4096]) {
    snprintf(to, 4096, "%s", path);
    char *slash = strrchr(to, '/');
    for (char *c = slash ? slash + 1 : to; *c; c++) *c = (char)tolower((unsigned char)*c);
    return to;
}

int stat(const char *path, struct stat *s) {
    char to[4096];
    int (*next)(const char *, struct stat *) = dlsym(RTLD_NEXT, "stat");
    return next(lower(path, to), s);
}

int rename(const char *from, const char *to) {
    char a[4096], b[4096];
    int (*next)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
    return next(lower(from, a), lower(to, b));
}

int unlink(const char *path) {
    char to[4096];
    int (*next)(const char *) = dlsym(RTLD_NEXT, "unlink");
    return next(lower(path, to));
}

int mkstemp(char *path) {
    char at[4096], to[4096];
    int (*next)(char *) = dlsym(RTLD_NEXT, "mkstemp");
    int (*move)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
    lower(path, at);
    strcpy(at + strlen(at) - 6, "XXXXXX");
    int fd = next(at);
    if (fd < 0) return fd;
    strcpy(path + strlen(path) - 6, at + strlen(at) - 6);
    move(at, lower(at, to));
    return fd;
}
"""


def check_case(bench):
    """New outputs whose names differ by case alone: two files, or, where the file system ignores case, refused, and
    nothing is written. What is copied from one to the other, a package or a project, has no such names anywhere."""
    bench.write("m.nn", "model m {\n    input x: float32[2]\n    output y = x * 2\n    output Y = relu(x)\n}\n")
    arrays = ("run", "m.nn", "--random", "1", "-o", "y=out.npy", "-o", "Y=Out.npy")
    code = ("m.nn", "--no-runtime", "-o", "a.c", "--header", "A.C")
    for command, made in ((arrays, ("out.npy", "Out.npy")), (code, ("a.c", "A.C"))):
        bench.nnc_says(*command)
        holds(all(os.path.exists(bench.path(name)) for name in made), os.listdir(bench.folder))
        for name in made:
            os.remove(bench.path(name))

    bench.write("fold.c", "#define _GNU_SOURCE\n" + IGNORES_CASE)
    bench.run("cc", "-shared", "-fPIC", "-O1", "fold.c", "-o", "fold.so", "-ldl")
    before = sorted(os.listdir(bench.folder))
    bench.environment |= {"LD_PRELOAD": bench.path("fold.so"),
                          "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}
    for command, other in ((arrays, "out.npy"), (code, "A.C")):
        said = bench.nnc_says(*command, status=1)
        holds(f"two outputs are this file; the other is {other}" in said, said)
        holds(sorted(os.listdir(bench.folder)) == before, os.listdir(bench.folder))
    bench.nnc_says("m.nn", "--no-runtime", "-o", "A.C", "--header", "m.h")
    del bench.environment["LD_PRELOAD"]

    for name, refused in (("Sizes", "where case is ignored, two outputs are this file"),
                          ("sizes", "two outputs are this file")):
        said = bench.nnc_says("package", "python", "m.nn", "--name", name, "-o", "made", status=1)
        holds(refused in said and not os.path.exists(bench.path("made")), said)
    for kind in ("arduino", "esp-idf", "zephyr", "cmake"):
        said = bench.nnc_says("package", kind, "m.nn", "--name", "String", "-o", "made", status=2)
        holds(f"a package for {kind} cannot be called String" in said, said)
    bench.nnc_says("package", "python", "m.nn", "--name", "Math", "-o", "made")


def check_files_of_other_kinds(bench):
    """What people give in the place of a .nn file is told by what it is, once, with the command that takes it."""
    def write(name, data):
        with open(bench.path(name), "wb") as f:
            f.write(data)

    write("model.onnx", b"\x08\x07\x12\x07pytorch\x96\0")
    write("model.tflite", b"\x1c\0\0\0TFL3")
    write("model.keras", b"PK\3\4\0")
    for name, data in (("a.pt", b"PK\3\4\0"), ("b.pth", b"\x80\x02\x8a\0"), ("c.safetensors", b"\x40\0\0\0\0\0\0\0{}"),
                       ("d.npz", b"PK\3\4\0"), ("no_ending", b"\x93NUMPY\1\0"), ("E.PT", b"\x80\x02\x8a\0")):
        write(name, data)
        for command in (("-o", "out.c"), ("summary",), ("fmt", "--check"), ("run", "--random", "1")):
            said = bench.nnc_says(*command, name, status=1)
            holds(said.count("error:") == 1 and "where a .nn file is needed" in said
                  and "nnc weights FILE" in said, said)
    for name, hint in (("model.onnx", "nnc import MODEL.onnx"), ("model.tflite", "tf2onnx"),
                       ("model.keras", "tf2onnx")):
        said = bench.nnc_says(name, "-o", "out.c", status=1)
        holds(said.count("error:") == 1 and hint in said, said)
    bench.write("m.nn", "model m {\n    input x: float32[2]\n    output y = x * 2\n}\n")
    write("w.pkl", b"\x80\4.")
    write("w.npy", b"\x93NUMPY\1\0")
    weights = "nnc weights FILE"
    for name, hint in (("m.nn", "nnc MODEL.nn -o MODEL.c"), ("a.pt", weights), ("b.pth", weights), ("w.pkl", weights),
                       ("w.npy", weights), ("c.safetensors", weights), ("d.npz", weights), ("model.tflite", "tf2onnx"),
                       ("no_ending", "torch.onnx.export")):
        said = bench.nnc_says("import", name, "-o", "new.nn", status=1)
        holds(said.count("error:") == 1 and "this is no ONNX model" in said and hint in said, (name, said))
    holds(not os.path.exists(bench.path("new.nn")), os.listdir(bench.folder))
    holds("to compile: nnc MODEL.nn -o MODEL.c" in bench.nnc_says("compile", "m.nn", status=2), "compile")
    write("text.nn", b"model m {\n \xff\n}\n")   # a .nn file stays one
    holds("is not UTF-8" in bench.nnc_says("text.nn", "-o", "out.c", status=1), "text.nn")
    holds(not os.path.exists(bench.path("out.c")), os.listdir(bench.folder))
