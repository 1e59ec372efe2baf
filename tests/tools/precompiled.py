"""The runtime's header, compiled once for all generated files that one compiler takes with the same options.

It is half of the compile time of a small model, and most of that of a wide one. The macros that select what it defines
stand before its #include in a generated file, and each set of them makes a precompiled header of its own. The object
files are the same to the byte.

All tests of a run share them, in the folder that NNC_TEST_PRECOMPILED names (tests/CMakeLists.txt sets it; without it a
script has a folder of its own). What they are made of is in their names, so that none is ever out of date.
"""
import atexit
import fcntl
import functools
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time

import strict

RUNTIME = '#include "nnc_runtime.h"\n'
DAY = 24 * 3600
LEVEL = re.compile(r"-O\w*$")


@functools.lru_cache(maxsize=None)
def shared():
    """The folder of all precompiled headers."""
    folder = os.environ.get("NNC_TEST_PRECOMPILED")
    if not folder:
        folder = tempfile.mkdtemp(prefix="nnc-precompiled-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return os.path.abspath(folder)


def remove_unused():
    """Those that no test has wanted for a day."""
    for name in os.listdir(shared()):
        place = os.path.join(shared(), name)
        if os.stat(place).st_mtime < time.time() - DAY:
            shutil.rmtree(place, ignore_errors=True)


def macros_and_include(path):
    """What stands before the generated code at `path`: the runtime with what selects its parts; None: not by
    #include."""
    with open(path, encoding="utf-8") as f:
        head, found, _ = f.read(1 << 14).partition(RUNTIME)
    return "".join(line for line in head.splitlines(True) if line.startswith("#define")) + RUNTIME if found else None


class Runtime:
    """command: the compiler with every flag that the generated files are compiled with, but for folders of headers.
    runtime: the folder of nnc_runtime.h. often: it is worth it at the first use; else at the second of this run's
    tests."""

    def __init__(self, command, runtime, cxx=False, often=True):
        self.command, self.runtime, self.cxx, self.often = command, runtime, cxx, often
        self.is_gcc = os.path.basename(command[0]).endswith(("gcc", "g++"))
        self.options, self.lock = {}, threading.Lock()

    def before(self, path):
        """The options that give the generated file at `path` its runtime: compiled, where the compiler can do that."""
        text = macros_and_include(path)
        if text is None:
            return []   # --standalone
        with self.lock:
            if text not in self.options:
                options = self.compiled(text)
                if options is None:
                    return ["-I", self.runtime]
                self.options[text] = options + ["-I", self.runtime]
        return self.options[text]

    def object(self, folder, name, run):
        """Compiles the generated NAME.c of a folder to NAME.o, which is returned; run(command) is to run there."""
        run(self.command + self.before(os.path.join(folder, name + ".c")) + ["-c", name + ".c", "-o", name + ".o"])
        return name + ".o"

    def compiled(self, text):
        """The options for what these lines select; None: not yet."""
        with open(os.path.join(self.runtime, "nnc_runtime.h"), "rb") as f:
            runtime = f.read()
        name = hashlib.sha256(repr((self.matters(), self.cxx, text)).encode() + runtime).hexdigest()[:32]
        place = os.path.join(shared(), name)
        header = os.path.join(place, "runtime.h")
        if not self.often and not os.path.exists(place):
            os.makedirs(place, exist_ok=True)
            return None
        os.makedirs(place, exist_ok=True)
        with open(os.path.join(place, "lock"), "w") as lock:   # another test may want the same
            fcntl.flock(lock, fcntl.LOCK_EX)
            os.utime(place)
            if not os.path.exists(header + ".gch") and not self.compile(text, runtime, header):
                return []   # what is wrong with the runtime is said again where it is compiled with a model
        return ["-include", header]

    def matters(self):
        """Of the command what makes another precompiled header: of several levels the last, of which -O0 is the one of
        no word; gcc takes one whatever it is to warn of, and with what stacks it is to say, other compilers do not."""
        level = [word for word in self.command if LEVEL.match(word)][-1:]
        kept = [word for word in self.command[1:] if not LEVEL.match(word)] + [word for word in level if word != "-O0"]
        if not self.is_gcc:
            return self.command[:1] + kept
        kept = [word for word in kept if not word.startswith(("-W", "-pedantic", "-fstack-usage"))]
        mode = [word for word in kept if word.startswith("-std=")]
        return self.command[:1] + mode + [word for word in kept if word not in mode]

    def compile(self, text, runtime, header):
        """Whether the precompiled header is there; only a whole one gets its name."""
        remove_unused()
        for name, data in (("nnc_runtime.h", runtime), ("runtime.h", text.encode())):
            with open(os.path.join(os.path.dirname(header), name), "wb") as f:
                f.write(data)
        # of what it holds nothing is said again with a model: for whoever is first it is compiled as the strictest
        # would
        warnings = strict.STRICT + ([] if self.cxx else strict.ONLY_C) if self.is_gcc else []
        done = subprocess.run(self.command + warnings
                              + ["-x", "c++-header" if self.cxx else "c-header", header, "-o", header + ".new"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode == 0:
            os.rename(header + ".new", header + ".gch")
        return done.returncode == 0
