"""What every check of the contract uses: nnc, C compilers, a folder, models, safetensors files."""
import os
import re
import resource
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.append(os.path.join(TOP, "tests", "tools"))

import precompiled
import processor
import strict
from tensors_file import float32 as safetensors


class Failed(Exception):
    """A sentence of the contract does not hold; the message says how."""


def need(condition, message):
    if not condition:
        raise Failed(message)


def long(check):
    """Marks a check that takes long and has kin among those that do not: `run.py --short` leaves it out, `--long` runs
    these alone."""
    check.long = True
    return check


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err


class Runtimes:
    """The runtime, precompiled for each way to compile that is used again; of all checks together. folder: where
    nnc_runtime.h stands."""

    def __init__(self, folder):
        self.folder, self.known, self.lock = folder, {}, threading.Lock()

    def before(self, command, path, cxx):
        """The options that give the generated file at `path` its runtime, compiled by `command`, wherever that looks
        for files."""
        command = [word for i, word in enumerate(command) if "-I" not in (word, command[i - 1])]
        with self.lock:
            runtime = self.known.setdefault(tuple(command), precompiled.Runtime(command, self.folder, cxx, often=False))
        return runtime.before(path)


class Kit:
    def __init__(self, nnc, sanitized_nnc, compilers, folder, runtimes, everything=False):
        self.nnc_path, self.sanitized_nnc, self.compilers = nnc, sanitized_nnc, compilers
        self.everything = everything  # each compiler in each mode, not each once
        self.folder, self.runtimes, self.runtime = folder, runtimes, runtimes.folder

    # --- files ---
    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read().decode()

    def files(self, under=""):
        return sorted(os.listdir(self.path(under)))

    # --- programs ---
    def call(self, command, cwd=None, env=None, seconds=900, status=0, stdout=subprocess.PIPE):
        """Runs a command in the check's folder; `status` is the expected exit status, or None for any."""
        try:
            r = subprocess.run([str(c) for c in command], cwd=cwd or self.folder, env=env, stdout=stdout,
                               stderr=subprocess.PIPE, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{' '.join(map(str, command))}: no end after {seconds} s") from None
        err = r.stderr.decode(errors="replace")
        if status is not None and r.returncode != status:
            what = (r.stdout or b"").decode(errors="replace")
            raise Failed(f"{' '.join(map(str, command))}: exit status {r.returncode}, expected {status}\n"
                         f"{what[:1500]}{err[:2500]}")
        return Result(r.returncode, r.stdout, err)

    def nnc(self, *args, **more):
        return self.call([self.nnc_path, *args], **more)

    def model(self, source, *options, name="model"):
        """Writes NAME.nn and compiles it to NAME.c and NAME.h; without --weights among the options, random ones;
        without --target for the baseline, which C compilers are done with in a third of the time."""
        self.write(f"{name}.nn", source)
        if "--target" not in options:
            options += ("--target", "baseline")
        if "--weights" not in options and "--random-weights" not in options:
            options += ("--random-weights", "1")
        self.nnc(f"{name}.nn", "-o", f"{name}.c", *options)
        return self.read(f"{name}.c")

    def refused(self, source, *patterns, options=(), warnings=False):
        """nnc must refuse the file with status 1 and say all of `patterns`, and write nothing."""
        self.write("refused.nn", source)
        options = options or ("--random-weights", "1")
        r = self.nnc("refused.nn", "-o", "refused.c", *options, status=None)
        need(r.status == 1, f"exit status {r.status}, expected 1, for\n{source}\n{r.err}")
        need(not os.path.exists(self.path("refused.c")), f"an output was written for\n{source}")
        for p in patterns:
            need(re.search(p, r.err), f"nothing like /{p}/ in the message for\n{source}\n{r.err}")
        return r.err

    def compiler(self, cc, std="c99"):
        if "++" in std:
            cc = cc.replace("clang", "clang++") if "clang" in cc else cc.replace("gcc", "g++")
        return ([cc, f"-std={std}", *strict.BASIC, "-Wvla"] + ([] if "++" in std else strict.ONLY_C)
                + ["-I", self.runtime, "-I", "."])

    def object(self, source, cc="gcc", flags=("-O0",), std="c99", name=None, seconds=900):
        name = name or f"{source[:-2]}.o"
        # of which nothing is precompiled
        command = self.compiler(cc, std) + [f for f in flags if f != "-fsyntax-only"]
        runtime = self.runtimes.before(command, self.path(source), "++" in std)
        what = ["-fsyntax-only" if "-fsyntax-only" in flags else "-c", "-x", "c++" if "++" in std else "c", source]
        self.call(command + runtime + what + ["-o", name], seconds=seconds)
        return name

    def program(self, sources, cc="gcc", flags=("-O0",), std="c99", name="prog", seconds=900):
        """Compiles and links; sources may be .c and .o files."""
        objects = [self.object(s, cc, ["-I", HERE, *flags], std, f"{name}.{i}.o", seconds) if s.endswith(".c") else s
                   for i, s in enumerate(sources)]
        self.call(self.compiler(cc, std) + [*flags, *objects, "-o", name, "-lm"], seconds=seconds)
        return self.path(name)

    def run(self, sources, *args, **more):
        """Builds and runs; what the program printed, as bytes. It must exit with 0 and write nothing to stderr."""
        r = self.call([self.program(sources, **more), *args])
        need(not r.err, r.err)
        return r.out

    def ways(self, kinds):
        """(compiler, kind) for every compiler and every kind (of flags, a language mode): all pairs with --all, else as
        few as have each compiler and each kind once."""
        if self.everything:
            return [(cc, kind) for cc in self.compilers for kind in kinds]
        count = max(len(self.compilers), len(kinds))
        return [(self.compilers[i % len(self.compilers)], kinds[i % len(kinds)]) for i in range(count)]

    def everywhere(self, sources, flags=("-O0",), stds=("c99",), expect=None):
        """Builds and runs with every compiler and language mode; all must print the same (`expect`, if given)."""
        for cc, std in self.ways(stds):
            out = self.run(sources, cc=cc, flags=flags, std=std)
            need(expect is None or out == expect, f"{cc} -std={std} {' '.join(flags)}: printed {out[:200]!r}, "
                 f"expected {expect[:200] if expect else expect!r}")
            expect = out if expect is None else expect
        return expect

    def bodies(self):
        """Every body of generated code that this machine runs: (name, options of nnc, flags of the C compiler). Those
        that it does not run are named as skipped. Plain C is not optimised: a lane at a time, it keeps compilers busy
        for minutes. With --all each body is also taken out of the file that has them all."""
        found = [("baseline", (), ()), ("plain C", ("--unroll", "0"), ("-DNNC_PLAIN_C", "-O0"))]
        if self.everything:
            found.append(("scalar", ("--target", "scalar"), ()))
        for isa, target in enumerate(("baseline", "x86-64-v3", "x86-64-v4")):
            missing = processor.lacks(target) if isa else []
            if missing:
                processor.skipped(f"checks of the contract in {target}", missing)
                continue
            if isa:
                found.append((target, ("--target", target), ()))
            if self.everything:
                found.append((f"--target all, body {isa}", ("--target", "all"), (f"-DNNC_FORCE_ISA={isa}",)))
        return found


def sizeof(kit, *types, header="model.h"):
    """sizeof of each type on this machine."""
    lines = "".join(f'    printf("%zu ", sizeof({t}));\n' for t in types)
    kit.write("sizes.c", f'#include <stdio.h>\n#include "{header}"\nint main(void)\n{{\n{lines}    return 0;\n}}\n')
    return [int(n) for n in kit.run(["sizes.c"], name="sizes").split()]


def child_peak_kib(command, cwd, seconds):
    """(status, user seconds, peak resident KiB) of one command: it is waited for by its own usage."""
    p = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    need(usage.ru_utime < seconds, f"{usage.ru_utime:.2f} s of processor time, {seconds} s allowed")
    return p.returncode, usage.ru_utime, usage.ru_maxrss


def limit_file_size(nbytes):
    """For preexec_fn: a disk that is full after `nbytes`."""
    def limit():
        import signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (nbytes, nbytes))
    return limit
