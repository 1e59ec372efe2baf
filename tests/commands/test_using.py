"""docs/using.md, as a new user would: from the .deb, without the source, every command of the page, one after
another."""
import glob
import os
import re
import subprocess

from kit import SOURCE, TAGGER, alike, have, holds
from test_package import python_with_numpy
from test_run import cheap

PAGE = os.path.join(SOURCE, "docs", "using.md")


def fences(page):
    """(language, text) of each, in order."""
    return re.findall(r"^```(\S+(?: \w+)?)\n(.*?)^```$", page, re.S | re.M)


def installed(bench, deb):
    """By the commands of the page, but for those that build nnc, which has been built, and install for all users."""
    shown = [text for language, text in fences(open(PAGE).read()) if language == "sh install"]
    commands = [line for line in "".join(shown).splitlines()
                if not line.startswith(("cmake -S . -B build-nnc", "cmake --build build-nnc", "sudo apt install"))]
    holds(len(commands) == 2 and len("".join(shown).splitlines()) == 5, commands)
    os.symlink(bench.build, bench.path("build-nnc"))
    bench.environment["HOME"] = bench.path("home")
    bench.run("sh", "-ec", commands[0])
    holds(os.path.exists(bench.path("home/.local/bin/nnc")), commands[0])
    if not deb or not have("dpkg-deb", "docs/using.md from the .deb"):
        return bench.path("home/.local")
    packing = commands[1].replace("cpack", "cpack -B " + bench.path("packed"))
    bench.run("sh", "-ec", packing)
    bench.run("dpkg-deb", "-x", glob.glob(bench.path("packed/nnc_*.deb"))[0], "root")
    return bench.path("root/usr")


def work(bench, deb=False):
    """A folder of a user's own with models and nnc in PATH; nothing of nnc's source is near."""
    prefix = installed(bench, deb)
    cheap(bench)
    bench.environment.update(PATH=os.path.join(prefix, "bin") + ":" + os.environ["PATH"], CMAKE_PREFIX_PATH=prefix,
                             PKG_CONFIG_PATH=os.path.join(prefix, "lib/pkgconfig"), XDG_CACHE_HOME=bench.path("cache"))
    bench.take(TAGGER, "tagger.nn", "tagger.safetensors", "main.c", to="work")
    bench.take(os.path.join(SOURCE, "samples", "poem"), "poem.nn", "poem.safetensors", to="work")
    model = sorted(glob.glob(os.path.join(SOURCE, "tests", "import", "onnx", "made_*", "model.onnx")))[0]
    bench.take(os.path.dirname(model), "model.onnx", to="work")
    for folder in ("libraries", "components", "modules", "third_party", "python"):
        os.mkdir(bench.path("work", folder))
    return prefix


def check_commands(bench):
    work(bench, deb=True)
    ran = 0
    for language, text in fences(open(PAGE).read()):
        if language == "sh":
            said = bench.run("sh", "-ec", text, folder="work")
            ran += len(text.splitlines())
            for line in text.splitlines():  # what a comment in capitals says is printed
                wanted = re.search(r"# ([A-Z]+(?: [A-Z]+)+)$", line)
                holds(not wanted or wanted[1] in said, (line, said))
        elif text.startswith("$ "):
            command, shown = text[2:].split("\n", 1)
            r = subprocess.run(["sh", "-ec", command], cwd=bench.path("work"), env=bench.environment,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            said = r.stdout.decode()
            holds(r.returncode == ("error:" in shown), (command, said))
            # numbers of a machine's own bodies: test_verify.py has them
            holds(said.startswith(shown.rstrip()) or command.startswith("nnc run") and alike(said, shown)
                  or command.startswith("nnc verify") and said.split("\n")[0] == shown.split("\n")[0], (command, said))
            ran += 1
        elif language == "python":
            bench.write("work/try.py", text + "print(tags.shape, tags.argmax(axis=1).tolist())\n")
            bench.environment["PYTHONPATH"] = bench.path("work/python/tagger")
            holds(bench.run(python_with_numpy(), "try.py", folder="work") == "(5, 3) [0, 1, 2, 0, 1]\n", text)
            ran += 1
    holds(ran > 25, ran)


def check_every_command_is_there(bench):
    """Each command of nnc is run on the page, or, the server, said to be an editor's."""
    page = open(PAGE).read()
    run = "".join(text for language, text in fences(page) if language == "sh" or text.startswith("$ "))
    names = [line.split()[0] for line in bench.nnc_says("--help").split("says more:\n")[1].split("\n\n")[0].splitlines()
             if line.strip()]
    for name in names:
        holds(f"nnc {name} " in run or name in ("help", "lsp") and f"nnc {name}" in page, name)


def check_build_files(bench):
    """The CMake and make files of the page."""
    work(bench)
    shown = {language: text for language, text in fences(open(PAGE).read()) if language in ("cmake", "make")}
    holds(set(shown) == {"cmake", "make"}, shown)
    bench.write("work/CMakeLists.txt", shown["cmake"])
    bench.run("cmake", "-S", "work", "-B", "out")
    bench.run("cmake", "--build", "out")
    holds(bench.run("out/app") == "DET NN V DET NN\n", "CMake")
    bench.write("work/Makefile", shown["make"])
    bench.run("make", folder="work")
    holds(bench.run("work/app") == "DET NN V DET NN\n", "make")


def check_neovim(bench):
    """The lines for Neovim before 0.11: the server starts when a .nn file is opened."""
    if not have("nvim", "the lines of docs/using.md for Neovim") or "start_client" not in open(PAGE).read():
        return
    prefix = work(bench)
    lua = [text for language, text in fences(open(PAGE).read()) if language == "lua" and "start_client" in text]
    holds(len(lua) == 1, lua)
    bench.write("init.lua", f"vim.opt.runtimepath:prepend('{prefix}/share/nnc/editors/vim')\n{lua[0]}")
    bench.write("work/wrong.nn", "model a { output y = z }\n")
    bench.environment.update(XDG_STATE_HOME=bench.path("state"), XDG_CONFIG_HOME=bench.path("config"))
    bench.run("timeout", "600", "nvim", "-u", bench.path("init.lua"), "--headless", "-n", "-i", "NONE",
              "wrong.nn", "-c", "lua vim.wait(300000, function() return #vim.diagnostic.get(0) > 0 end, 20); "
              "vim.fn.writefile({vim.diagnostic.get(0)[1].message}, 'said'); vim.cmd('qa!')", "-c", "cquit",
              folder="work")
    holds("there is no value z" in bench.read("work/said"), bench.read("work/said"))
