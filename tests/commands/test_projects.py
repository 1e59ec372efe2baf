"""Projects of other people, outside of nnc's tree, that use an nnc that was installed: find_package in C and in C++
alone, pkg-config and make, a build for another processor, add_subdirectory. What they print is what PyTorch gave the
sample."""
import os
import time

from kit import HERE, SOURCE, TAGGER, holds

PROJECTS = os.path.join(HERE, "projects")
TAGS = "DET NN V DET NN\n"


def install(bench):
    """Installed, then moved: nothing in it names where it was."""
    bench.run("cmake", "--install", bench.build, "--prefix", bench.path("first"))
    os.rename(bench.path("first"), bench.path("prefix"))
    for name in ("bin/nnc", "include/nnc_runtime.h", "lib/cmake/nnc/nncConfig.cmake",
                 "lib/cmake/nnc/nncConfigVersion.cmake", "lib/pkgconfig/nnc.pc", "share/man/man1/nnc.1"):
        holds(os.path.exists(bench.path("prefix", name)), name)


def project(bench, name, *files):
    bench.take(os.path.join(PROJECTS, name), *os.listdir(os.path.join(PROJECTS, name)), to="app")
    bench.take(TAGGER, *files, to="app")


def configure(bench, *options, status=0):
    return bench.run("cmake", "-S", "app", "-B", "out", *options, status=status)


def other_weights(bench, name):
    """The same names and shapes, with all numbers 0."""
    path = bench.path(name)
    with open(path, "rb") as f:
        data = f.read()
    head = 8 + int.from_bytes(data[:8], "little")
    time.sleep(0.01)
    with open(path, "wb") as f:
        f.write(data[:head] + bytes(len(data) - head))


def rebuilds(bench, build, weights):
    """Nothing happens without a change; changed weights change what is printed."""
    c = next(os.path.join(folder, "tagger.c") for folder in (bench.path("out"), bench.path("app"))
             if os.path.exists(os.path.join(folder, "tagger.c")))
    before = os.stat(c).st_mtime_ns
    build()
    holds(os.stat(c).st_mtime_ns == before, "built again without a reason")
    time.sleep(1.1)  # of make, which some file systems give whole seconds
    other_weights(bench, weights)
    build()
    holds(os.stat(c).st_mtime_ns != before, "weights that have changed are not noticed")


def check_find_package(bench):
    install(bench)
    for generator, options in (("Unix Makefiles", ""), ("Ninja", "--target=baseline")):
        project(bench, "find_package", "tagger.nn", "tagger.safetensors", "main.c")
        configure(bench, "-G", generator, "-DCMAKE_PREFIX_PATH=" + bench.path("prefix"), "-DNNC_OPTIONS=" + options)
        bench.run("cmake", "--build", "out")
        holds(("nnc_v8" in bench.read("out/tagger.c")) == (not options), "NNC_OPTIONS")
        holds(bench.run("out/app") == TAGS, generator)
        rebuilds(bench, lambda: bench.run("cmake", "--build", "out"), "app/tagger.safetensors")
        holds(bench.run("out/app") != TAGS, "the old weights are still in it")
        bench.run("rm", "-r", "out", "app")


def check_cxx_only(bench):
    install(bench)
    project(bench, "cxx")
    os.rename(bench.path("app"), bench.path("my app"))
    bench.take(TAGGER, "tagger.safetensors", to="my app/more weights")
    text = open(os.path.join(TAGGER, "tagger.nn")).read()
    bench.write("my app/the tagger.nn", text.replace('weights "tagger.safetensors"', ""))
    bench.run("cmake", "-S", "my app", "-B", "my out", "-DCMAKE_PREFIX_PATH=" + bench.path("prefix"))
    bench.run("cmake", "--build", "my out")
    holds(bench.run("my out/app") == "01201\n", "DET NN V DET NN")
    holds("speech.h" in bench.names("my out"), bench.names("my out"))


def check_other_processor(bench):
    """A file that says what is compiled for; nnc itself is this machine's, by NNC_EXECUTABLE."""
    install(bench)
    project(bench, "find_package", "tagger.nn", "tagger.safetensors", "main.c")
    bench.write("other.cmake",
                "set(CMAKE_SYSTEM_NAME Linux)\nset(CMAKE_SYSTEM_PROCESSOR other)\nset(CMAKE_C_COMPILER gcc)\n"
                f"set(CMAKE_FIND_ROOT_PATH {bench.path('nowhere')})\n"
                "set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)\n")
    configure(bench, "-DCMAKE_TOOLCHAIN_FILE=" + bench.path("other.cmake"), "-DNNC_EXECUTABLE=" + bench.nnc,
              "-DNNC_OPTIONS=--target=baseline", "-Dnnc_DIR=" + bench.path("prefix/lib/cmake/nnc"))
    bench.run("cmake", "--build", "out")
    holds(bench.run("out/app") == TAGS, "cross")


def check_make(bench):
    install(bench)
    project(bench, "makefile", "tagger.nn", "tagger.safetensors", "main.c")
    bench.environment["PKG_CONFIG_PATH"] = bench.path("prefix/lib/pkgconfig")
    said = bench.run("pkg-config", "--variable=includedir", "nnc").strip()
    holds(os.path.exists(os.path.join(said, "nnc_runtime.h")), said)
    bench.run("make", folder="app")
    holds(bench.run("app/app") == TAGS, "make")
    rebuilds(bench, lambda: bench.run("make", folder="app"), "app/tagger.safetensors")
    holds(bench.run("app/app") != TAGS, "the old weights are still in it")


def check_subdirectory(bench):
    """nnc alone comes with it: no test, no sample, no build type. The nnc of this build compiles the model: building
    another one takes a minute."""
    project(bench, "subdirectory", "tagger.nn", "tagger.safetensors", "main.c")
    configure(bench, "-DNNC_SOURCE=" + SOURCE, "-DNNC_EXECUTABLE=" + bench.nnc)
    targets = bench.run("cmake", "--build", "out", "--target", "help")
    names = {line.split()[1] for line in targets.splitlines() if line.startswith("... ") and "." not in line.split()[1]}
    usual = {"all", "clean", "depend", "edit_cache", "rebuild_cache", "list_install_components", "install", "app"}
    holds({n for n in names - usual if not n.startswith(("nnc", "install/"))} == set(), names)
    holds("nnc" in names and "test" not in names, names)
    cache = bench.read("out/CMakeCache.txt")
    holds("CMAKE_BUILD_TYPE:STRING=\n" in cache and "NNC_TESTS:BOOL=OFF" in cache, "the build type")
    holds("Release" not in [line.split("=")[1] for line in cache.splitlines() if line.startswith("CMAKE_BUILD_TYPE")],
          "type")
    bench.run("cmake", "--build", "out", "--target", "app")
    holds(bench.run("out/app") == TAGS, "subdirectory")


def check_mistakes(bench):
    install(bench)
    project(bench, "find_package", "tagger.nn", "tagger.safetensors", "main.c")
    prefix = "-DCMAKE_PREFIX_PATH=" + bench.path("prefix")
    lines = bench.read("app/CMakeLists.txt")
    bench.write("app/CMakeLists.txt", lines.replace("tagger.nn", "tagger.nn WEIGTHS x.pt"))
    holds("WEIGTHS" in configure(bench, prefix, status=1), "an unknown argument")
    bench.write("app/CMakeLists.txt", lines.replace("(app tagger.nn", "(apq tagger.nn"))
    holds("there is no target apq" in configure(bench, prefix, status=1), "no target")
    bench.run("rm", "-r", "out")
    bench.run("rm", "prefix/bin/nnc")
    bench.environment["PATH"] = "/usr/bin:/bin"
    said = configure(bench, prefix, status=1)
    holds("NNC_EXECUTABLE" in said, said)


def check_documented(bench):
    """docs/using.md shows the very files of projects/ that are built here."""
    page = open(os.path.join(SOURCE, "docs", "using.md")).read()
    for name, file in (("find_package", "CMakeLists.txt"), ("makefile", "Makefile")):
        holds(open(os.path.join(PROJECTS, name, file)).read() in page, name)
