"""nnc package: each kind is taken as the ecosystem takes it, as far as its tools are here, and gives the right
numbers."""
import ast
import os
import resource
import subprocess
import sys

from kit import HERE, SOURCE, TAGGER, have, holds

ECOSYSTEMS = os.path.join(HERE, "ecosystems")
CASES = os.path.join(SOURCE, "tests", "cases")
KINDS = ("arduino", "cmake", "esp-idf", "python", "zephyr")
TAGS = "DET NN V DET NN\n"


def package(bench, kind, *options, to="package", model=os.path.join(TAGGER, "tagger.nn"), status=0):
    return bench.nnc_says("package", kind, model, "-o", to, *options, status=status)


def files(bench, folder):
    return sorted(os.path.relpath(os.path.join(root, name), bench.path(folder))
                  for root, _, names in os.walk(bench.path(folder)) for name in names)


def check_arduino(bench):
    """A library as the specification wants it; its C compiles for Cortex-M0+, its example runs."""
    package(bench, "arduino", to="tagger")
    fields = dict(line.split("=", 1) for line in bench.read("tagger/library.properties").splitlines())
    for name in ("name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url",
                 "architectures"):
        holds(name in fields, name)
    holds(fields["name"] == "tagger" and fields["includes"] == "tagger.h"
          and fields["category"] == "Data Processing", fields)
    holds(os.path.exists(bench.path("tagger/src", fields["includes"])), files(bench, "tagger"))
    if have("arm-none-eabi-gcc", "a package by the ARM compiler"):
        bench.run("arm-none-eabi-gcc", "-mcpu=cortex-m0plus", "-mthumb", "-Os", "-Wall", "-Wextra", "-Werror", "-c",
                  "tagger/src/tagger.c", "-o", "tagger.o")
    bench.run("gcc", "-O1", "-c", "tagger/src/tagger.c", "-o", "tagger.o")
    bench.run("g++", "-std=c++11", "-Wall", "-Wextra", "-Werror", "-I" + ECOSYSTEMS, "-Itagger/src",
              '-DSKETCH="' + bench.path("tagger/examples/tagger/tagger.ino") + '"',
              os.path.join(ECOSYSTEMS, "sketch.cpp"), "tagger.o", "-o", "sketch")
    said = bench.run("./sketch")
    bench.write("main.c", '#include <stdio.h>\n#include "tagger.h"\n'
                          'int main(void) { static tagger t; int32_t w = 0; float y[3];\n'
                'tagger_reset(&t); tagger_run(&t, 1, &w, y); printf("tagger: %.6g\\n", y[0]); return 0; }\n')
    bench.run("gcc", "main.c", "-Itagger/src", "tagger.o", "-lm", "-o", "main")
    holds(said == bench.run("./main"), said)


def check_several_models(bench):
    package(bench, "arduino", model=os.path.join(SOURCE, "samples/hello/hello.nn"), to="hello")
    bench.run("gcc", "-O1", "-c", "hello/src/hello.c", "-o", "hello.o")
    bench.run("g++", "-std=c++11", "-Wall", "-Wextra", "-Werror", "-I" + ECOSYSTEMS, "-Ihello/src",
              '-DSKETCH="' + bench.path("hello/examples/hello/hello.ino") + '"', os.path.join(ECOSYSTEMS, "sketch.cpp"),
              "hello.o", "-o", "sketch")
    names = [line.split(":")[0] for line in bench.run("./sketch").splitlines()]
    holds(names == ["hello_rnn", "hello_lstm", "hello_gru", "hello_rnncell"], names)


def built(bench, kind, *options):
    package(bench, kind)
    bench.run("cmake", "-S", ECOSYSTEMS, "-B", "out", "-DPACKAGE=" + bench.path("package"),
              "-DMAIN=" + os.path.join(TAGGER, "main.c"), *options)
    bench.run("cmake", "--build", "out")
    holds(bench.run("out/app") == TAGS, kind)


def check_esp_idf(bench):
    built(bench, "esp-idf")
    holds('version: "' in bench.read("package/idf_component.yml"), "idf_component.yml")


def check_zephyr(bench):
    built(bench, "zephyr", "-DCONFIG_TAGGER=y")
    holds(bench.read("package/Kconfig").startswith('config TAGGER\n\tbool "'), bench.read("package/Kconfig"))
    holds("kconfig: Kconfig" in bench.read("package/zephyr/module.yml"), "module.yml")


def check_cmake(bench):
    """Within a project, and installed."""
    built(bench, "cmake", "-DLIBRARY=tagger::tagger")
    bench.run("cmake", "-S", "package", "-B", "alone", "-DCMAKE_INSTALL_PREFIX=" + bench.path("prefix"))
    bench.run("cmake", "--build", "alone", "--target", "install")
    bench.take(TAGGER, "main.c", to="app")
    bench.write("app/CMakeLists.txt", "cmake_minimum_required(VERSION 3.15)\nproject(app LANGUAGES C)\n"
                "find_package(tagger REQUIRED)\nadd_executable(app main.c)\n"
                "target_link_libraries(app tagger::tagger)\n")
    bench.run("rm", "-r", "package")
    bench.run("cmake", "-S", "app", "-B", "out2", "-DCMAKE_PREFIX_PATH=" + bench.path("prefix"))
    bench.run("cmake", "--build", "out2")
    holds(bench.run("out2/app") == TAGS, "installed")


def python_with_numpy():
    for name in ("/usr/bin/python3", sys.executable):
        if os.path.exists(name) and subprocess.run([name, "-c", "import numpy"],
                                                   stderr=subprocess.DEVNULL).returncode == 0:
            return name
    raise AssertionError("NumPy is needed (Debian: python3-numpy)")


def check_python(bench):
    """Cases with PyTorch's outputs, with states, run-time sizes, several outputs and lengths; and the mistakes of a
    user."""
    bench.environment.update(CFLAGS="-O0 -DNNC_PLAIN_C", XDG_CACHE_HOME=bench.path("cache"))
    names = ["tagger", "poem_stream", "gru_lengths_bidirectional", "dims_expressions",
             "inputs_and_outputs_many", "latch", "greedy_decoder", "params_and_prefixes", "names_of_c"]
    said = bench.run(python_with_numpy(), os.path.join(ECOSYSTEMS, "run_python_package.py"), bench.nnc, bench.folder,
                     *[os.path.join(CASES, name) for name in names])
    holds(said.endswith(f"{len(names)} cases\n"), said)


def check_python_without_compiler(bench):
    package(bench, "python")
    bench.environment.update(CC="no-such-compiler", PYTHONPATH=bench.path("package"),
                             XDG_CACHE_HOME=bench.path("cache"))
    said = bench.run(python_with_numpy(), "-c", "import tagger", status=1)
    holds("no C compiler no-such-compiler" in said, said)
    bench.environment.update(CC="gcc -no-such-option")
    holds("no-such-option" in bench.run(python_with_numpy(), "-c", "import tagger", status=1), "its message")


def check_narrow(bench):
    """--weights-type goes into the C that is packed, which says so."""
    hello = os.path.join(SOURCE, "samples/hello/hello.nn")
    for kind, of in (("int8", "uint8_t"), ("int16", "int16_t")):
        package(bench, "arduino", "--weights-type", kind, model=hello, to=kind)
        c = bench.read(f"{kind}/src/hello.c")
        holds(f"static const {of} " in c and f"--weights-type {kind}" in c, (kind, c[:3000]))
        bench.run("gcc", "-std=c99", "-c", f"{kind}/src/hello.c", "-o", "hello.o")
    said = package(bench, "arduino", "--weights-type", "int4", model=hello, status=2)
    holds("--weights-type takes float32, int16, int8" in said, said)


def check_weights_beside(bench):
    """Weights as a file of the package: the same numbers as in the C, other weights by their path, a wrong file
    refused; and where there are no files, neither is such a package."""
    package(bench, "python", to="c")
    package(bench, "python", "--weights-as", "file", to="file")
    bench.nnc_says(os.path.join(TAGGER, "tagger.nn"), "--random-weights", "7", "--weights-only", "-o", "other.weights")
    bench.write("use.py", """import importlib, sys
import numpy as np
def load(folder):
    sys.path.insert(0, folder)
    sys.modules.pop("tagger", None)
    return importlib.import_module("tagger").Tagger()
x = np.array([0, 1, 2, 3, 4])
c = load("c")
inside = c(x)
sys.path.pop(0)
model = load("file")
print((model(x) == inside).all(), (model.copy()(x) == inside).all())
model.load_weights("other.weights")
print((model(x) == inside).all())
for m, path in ((model, "use.py"), (c, "other.weights")):
    try:
        m.load_weights(path)
    except (ValueError, TypeError) as error:
        print(error)
""")
    bench.environment.update(CFLAGS="-O0 -DNNC_PLAIN_C", XDG_CACHE_HOME=bench.path("cache"))
    said = bench.run(python_with_numpy(), "use.py").splitlines()
    holds(said[:2] == ["True True", "False"] and said[2] == "use.py: this is no file of weights", said)
    holds("has its weights in the C" in said[3], said)
    package(bench, "cmake", "--weights-as", "file", to="cmake")
    bench.run("cmake", "-S", "cmake", "-B", "out", "-DCMAKE_INSTALL_PREFIX=" + bench.path("prefix"))
    bench.run("cmake", "--build", "out", "--target", "install")
    with open(bench.path("prefix/share/tagger/tagger.weights"),
              "rb") as a, open(bench.path("file/tagger/tagger.weights"), "rb") as b:
        holds(a.read() == b.read(), "the file that is installed")
    holds("`tagger_weights_at`" in bench.read("cmake/README.md"), "README.md")
    said = package(bench, "zephyr", "--weights-as", "file", to="z", status=2)
    holds("is for cmake and python" in said and not os.path.exists(bench.path("z")), said)
    holds("takes c or file" in package(bench, "cmake", "--weights-as", "flash", to="z", status=2), "flash")


def check_again(bench):
    """The same command brings a package up to date and leaves files of others alone; another folder is not touched."""
    for kind in KINDS:
        package(bench, kind, to=kind)
        made = files(bench, kind)
        first = {name: open(bench.path(kind, name)).read() for name in made}
        bench.write(kind + "/mine.txt", "mine")
        bench.write(kind + "/" + next(n for n in made if n.endswith("tagger.c")), "old")
        package(bench, kind, to=kind)
        holds(files(bench, kind) == sorted(made + ["mine.txt"]), files(bench, kind))
        holds(first == {name: open(bench.path(kind, name)).read() for name in made}, kind)
    said = package(bench, "zephyr", to="arduino", status=1)
    holds("is neither empty nor a package" in said and "Kconfig" not in files(bench, "arduino"), said)
    bench.write("other/README.md", "mine")
    holds("is neither empty" in package(bench, "cmake", to="other", status=1)
          and files(bench, "other") == ["README.md"], "other")
    os.mkdir(bench.path("empty"))
    package(bench, "cmake", "--name", "other_name", to="empty/")
    holds("src/other_name.h" in files(bench, "empty"), files(bench, "empty"))


def check_names_of_files(bench):
    """What a model's file is called is text in every file of a package, and nothing that a tool reads as more."""
    for name in ('a"""\nimport no_such_module\n"""', "a\\N", "a\nversion=2", "a\\", "\udcff", "größe",
                 "a@version@", "%s"):
        bench.write(name + ".nn", "model m {\n input x: float32[2]\n output y = relu(x)\n}\n")
        for kind in KINDS:
            bench.nnc_says("package", kind, f"./{name}.nn", "-o", "made_" + kind, "--name", "m")
        lines = bench.read("made_arduino/library.properties").splitlines()
        holds(len(lines) == len({line.split("=")[0] for line in lines}) and all("=" in line for line in lines), lines)
        tree = ast.parse(bench.read("made_python/m/__init__.py"))
        imported = [a.name for node in tree.body if isinstance(node, ast.Import) for a in node.names]
        holds("ctypes" in imported and "no_such_module" not in imported, (name, imported))
        holds(len(bench.read("made_zephyr/Kconfig").splitlines()) == 4, bench.read("made_zephyr/Kconfig"))


def check_faults(bench):
    """What and where, and nothing is left behind."""
    for arguments, words in ((("arduno", "m.nn", "-o", "d"), "no package arduno; there are arduino, "),
                             (("arduino", "m.nn"), "-o DIR"), (("arduino",), "a kind and a model"),
                             ((), "a kind and a model"),
                             (("cmake", "m.nn", "-o", "d", "--name", "a-b"), "not a-b"),
                             (("cmake", "m.nn", "-o", "d", "--name", "test"), "cannot be called test: --name"),
                             (("arduino", "m.nn", "-o", "d", "--name", "wctype"), "cannot be called wctype"),
                             (("cmake", "math.nn", "-o", "d"), "cannot be called math: --name"),
                             (("python", "class.nn", "-o", "d"), "cannot be called class"),
                             (("cmake", "m.nn", "-o", "d", "--target", "vax"), "vax")):
        holds(words in bench.nnc_says("package", *arguments, status=2), (arguments, words))
    bench.write("bad.nn", "model a { output y = z }\n")
    bench.write("none.nn", "model a { input x: float32[2]\n layer l = Linear(2, 2)\n output y = l(x) }\n")
    bench.write("file", "")
    before = bench.names()
    holds("bad.nn:1:" in package(bench, "cmake", model="bad.nn", status=1), "a wrong model")
    holds("no weights" in package(bench, "cmake", model="none.nn", status=1), "no weights")
    holds("No such file" in package(bench, "cmake", model="missing.nn", status=1), "no model")
    holds("none: error: cannot be made: No such file"
          in package(bench, "cmake", to="none/deep", status=1).replace("none/deep", "none"), "parent")
    holds("file" in package(bench, "cmake", to="file", status=1), "a file")
    for kind in KINDS:  # a disk that is full
        r = subprocess.run([bench.nnc, "package", kind, os.path.join(TAGGER, "tagger.nn"), "-o", "full"],
                           cwd=bench.folder, stderr=subprocess.PIPE,
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)))
        holds(r.returncode == 1 and b"full/" in r.stderr and b"File too large" in r.stderr, r)
    holds(bench.names() == before, bench.names())
    if os.getuid():
        os.mkdir(bench.path("closed"), 0o555)
        holds("Permission denied" in package(bench, "cmake", to="closed/d", status=1),
              "a folder that may not be written")
        os.rmdir(bench.path("closed"))
