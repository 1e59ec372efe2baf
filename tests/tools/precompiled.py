"""The runtime's header, compiled once for all generated files that one compiler takes.

It is half of the compile time of a small model, and most of that of a wide one. The macros that select what it defines
stand before its #include in a generated file, and each set of them makes a precompiled header of its own. The object
files are the same to the byte.
"""
import os
import subprocess
import threading

RUNTIME = '#include "nnc_runtime.h"\n'


class Runtime:
    """command: the compiler with every flag that the generated files are compiled with. folder: where the precompiled
    headers may stand; no other Runtime's. runtime: the folder of nnc_runtime.h. from_use: the first files may be too few
    for it to be worth it; it begins with this one."""

    def __init__(self, command, folder, runtime, cxx=False, from_use=1):
        self.command, self.folder, self.runtime, self.cxx = command, folder, runtime, cxx
        self.from_use, self.uses, self.options, self.lock = from_use, {}, {}, threading.Lock()

    def before(self, path):
        """The options that give the generated file at `path` its runtime: compiled, where the compiler can do that."""
        with open(path, encoding="utf-8") as f:
            head, found, _ = f.read(1 << 14).partition(RUNTIME)
        if not found:
            return []   # --standalone
        text = "".join(line for line in head.splitlines(True) if line.startswith("#define")) + RUNTIME
        with self.lock:
            self.uses[text] = self.uses.get(text, 0) + 1
            if self.uses[text] < self.from_use:
                return ["-I", self.runtime]
            if text not in self.options:
                self.options[text] = self.compile(text)
        return self.options[text]

    def compile(self, text):
        os.makedirs(self.folder, exist_ok=True)
        header = os.path.abspath(os.path.join(self.folder, f"runtime{len(self.options)}.h"))
        with open(header, "w", encoding="utf-8") as f:
            f.write(text)
        language = "c++-header" if self.cxx else "c-header"
        done = subprocess.run(self.command + ["-I", self.runtime, "-x", language, header, "-o", header + ".gch"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        # what is wrong with the runtime is said again where it is compiled with a model
        return (["-include", header] if done.returncode == 0 else []) + ["-I", self.runtime]
