"""A copy of the tree that mutants are built in, and the graded tests that they are held against.

Stages, in this order; the first that fails has caught the mutant:
    unit         the unit tests of the mutant's folder
    messages     tests/diagnostics: the exact text of every message
    compile      every case's .nn is compiled, for several targets; one that nnc refuses, crashes on or never ends
    cases        a dozen cases of those whose C text the mutant changes, built and run against PyTorch's results
    more cases   some more, under sanitizers, and streaming cases bit for bit
    random       random models whose text it changes, against the reference interpreter of the unchanged tree
    golden       the text of IR, plan and C
    contract, units    (run --last) for what survived all that: tests/contract, every unit test, every case by three
    toolchains

A case whose C text, but for comments, is byte for byte the original's needs no run: it does what the original does. A
mutant of the runtime changes no generated text; there, cases run whose C calls what was changed, by three toolchains.
"""
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

FORMS = ["", "--target all", "--target x86-64-v3", "--unroll 0"]
UNITS = {"compiler/lower": ["check_lower", "check_hints"],
         "compiler/passes": ["check_passes", "check_bound_indices", "check_regions"], "compiler/plan": ["check_plan"],
         "compiler/emit": ["check_ctree", "check_ctree_compiled", "check_kernel", "check_pack", "check_reserved"],
         "runtime": ["check_runtime", "check_runtime_corners", "check_runtime_plain", "check_runtime_corners_plain",
                     "check_accuracy", "check_accuracy_functions"]}
RUNTIME_TOOLS = ["gcc -O0", "gcc -O1 -march=native", "clang -O0 -DNNC_PLAIN_C"]
SEEDS = range(1, 81)
MEMORY = 4 << 30


class Caught(Exception):
    """A test that failed; str() says how."""


class DoesNotCompile(Exception):
    pass


def run(command, cwd=None, seconds=60, env=None):
    """(exit status, output); a timeout has status 'no end', and all that was started is ended."""
    p = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
                         stdin=subprocess.DEVNULL, env=dict(os.environ, **env) if env else None)
    try:
        out = p.communicate(timeout=seconds)[0]
        return p.returncode, out.decode(errors="replace")
    except subprocess.TimeoutExpired:
        end_session(p.pid)
        p.communicate()
        return "no end", f"no end after {seconds} s"


def end_session(leader):
    """All processes of a session: Check gives each test a process group of its own."""
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.getsid(int(entry)) == leader:
                os.kill(int(entry), signal.SIGKILL)
        except OSError:
            continue   # it has ended meanwhile


def must(command, cwd=None, seconds=600):
    status, out = run(command, cwd, seconds)
    if status:
        raise SystemExit(f"{' '.join(command)}: {status}\n{out[-3000:]}")
    return out


def first_lines(text, match=("FAIL", "error", "E:", "F:")):
    lines = [s for s in text.splitlines() if s.strip()]
    found = [s for s in lines if any(m in s for m in match)] or lines
    return " | ".join(found[:2])[:220].replace("\t", " ")


def name_of(nn):
    """cases/x/case.nn -> x, random/7.nn -> 7"""
    folder, name = os.path.split(nn)
    return os.path.basename(folder) if name == "case.nn" else name[:-3]


class Tree:
    """WORK/tree, WORK/build: built once; a mutant is one file compiled again and the programs linked again."""

    def __init__(self, work, repository):
        self.work, self.top, self.build = work, os.path.join(work, "tree"), os.path.join(work, "build")
        self.kept = os.path.join(work, "kept")
        if not os.path.exists(os.path.join(self.kept, "done")):
            self.make(repository)
        with open(os.path.join(self.build, "compile_commands.json"), encoding="utf-8") as f:
            found = json.load(f)
        self.commands = {os.path.relpath(c["file"], self.top): (c["directory"], shlex.split(c["command"]))
                                                               for c in found}
        for c in found:   # a source may make two unit tests: those also under unit/NAME
            target = re.search(r"CMakeFiles/(check_\w+)\.dir/", c["command"])
            if target:
                self.commands[f"unit/{target[1]}"] = (c["directory"], shlex.split(c["command"]))
        self.nnc = os.path.join(self.build, "nnc")
        self.reference = os.path.join(self.kept, "reference_run")
        self.tools = os.path.join(self.top, "tests", "tools")
        self.linked = set()
        self.dirty = os.path.join(work, "dirty.json")   # what to put back when a run was stopped within a mutant
        if os.path.exists(self.dirty):
            with open(self.dirty, encoding="utf-8") as f:
                self.saved, self.unit_objects = json.load(f), []
            self.replaced = [(os.path.join(self.kept, k), os.path.join(self.build, k.replace("+", "/")))
                             for k in os.listdir(self.kept) if k.endswith(".o")]
            header = any(file.startswith("runtime/") for file in self.saved)
            self.restore()
            for file in self.commands:
                if header and file.startswith("unit/") and self.includes_runtime(
                    f"tests/{file.removesuffix('_plain')}.c"):
                    self.compile(file)

    def make(self, repository):
        for d in (self.top, self.build, self.kept):
            shutil.rmtree(d, ignore_errors=True)
        shutil.copytree(repository, self.top, ignore=shutil.ignore_patterns(".git", "build", "__pycache__"))
        must(["cmake", "-S", self.top, "-B", self.build, "-DCMAKE_C_COMPILER=gcc", "-DCMAKE_BUILD_TYPE=None",
              "-DCMAKE_C_FLAGS=-O1", "-DNNC_SAMPLES=OFF", "-DNNC_WARNINGS_AS_ERRORS=OFF",
              "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"])
        must(["cmake", "--build", self.build, "--parallel", "2"], seconds=1800)
        os.makedirs(self.kept)
        for path in ("nnc", "libnnc_core.a", "tests/reference_run"):
            shutil.copy2(os.path.join(self.build, path), self.kept)
        with open(os.path.join(self.kept, "done"), "w", encoding="utf-8"):
            pass

    def compile(self, file):
        """One source file; the object's path."""
        folder, command = self.commands[file]
        status, out = run(command + ["-w", "-Werror=incompatible-pointer-types", "-Werror=int-conversion",
                                     "-Werror=implicit-function-declaration", "-Werror=return-type"], folder, 120)
        if status:
            raise DoesNotCompile(first_lines(out))
        return self.object_of(file)

    def compile_library(self, file):
        """The object that was there before is kept."""
        now = self.object_of(file)
        kept = os.path.join(self.kept, os.path.relpath(now, self.build).replace("/", "+"))
        if not os.path.exists(kept):
            shutil.copy2(now, kept)
        self.replaced.append((kept, now))
        self.compile(file)

    def archive(self):
        """From all objects: some have the same name in two folders, which ar cannot replace singly."""
        os.remove(os.path.join(self.build, "libnnc_core.a"))
        with open(os.path.join(self.build, "CMakeFiles/nnc_core.dir/link.txt"), encoding="utf-8") as f:
            for line in f:
                must(shlex.split(line), self.build)

    def object_of(self, file):
        folder, command = self.commands[file]
        return os.path.join(folder, command[command.index("-o") + 1])

    def includes_runtime(self, file):
        with open(os.path.join(self.top, file), encoding="utf-8") as f:
            return re.search(r'#include "(nnc_runtime|runtime_layer)\.h"', f.read()) is not None

    def includes(self, file, table):
        with open(os.path.join(self.top, file), encoding="utf-8") as f:
            return f'#include "{table.removeprefix("compiler/")}"' in f.read()

    def link(self, target, folder="."):
        with open(os.path.join(self.build, folder, "CMakeFiles", f"{target}.dir", "link.txt"), encoding="utf-8") as f:
            must(shlex.split(f.read()), os.path.join(self.build, folder))

    def unit(self, name, seconds=60):
        """Links a unit test with the present library and runs it."""
        if name not in self.linked:
            source = f"unit/{name}"
            if self.header and self.includes_runtime(f"tests/unit/{name.removesuffix('_plain')}.c"):
                kept = os.path.join(self.work, f"{name}.o")
                shutil.copy2(self.object_of(source), kept)
                self.unit_objects.append((source, kept))
                self.compile(source)
            self.link(name, "tests")
            self.linked.add(name)
        return run(["prlimit", f"--as={MEMORY}", os.path.join(self.build, "tests", name)], self.work, seconds,
                   {"CK_DEFAULT_TIMEOUT": "20"})

    def put(self, changes):
        """{file: new text}: compiled and linked. Raises DoesNotCompile."""
        self.linked, self.header, self.unit_objects, self.replaced = set(), False, [], []
        self.saved = {}
        for file in changes:
            with open(os.path.join(self.top, file), encoding="utf-8") as f:
                self.saved[file] = f.read()
        with open(self.dirty, "w", encoding="utf-8") as f:
            json.dump(self.saved, f)
        for file, text in changes.items():
            with open(os.path.join(self.top, file), "w", encoding="utf-8") as f:
                f.write(text)
        for file in changes:
            if file.startswith("runtime/"):
                must(["cmake", f"-DINPUT={self.top}/runtime/nnc_runtime.h",
                      f"-DOUTPUT={self.build}/runtime_text.c", "-P",
                      os.path.join(self.top, "compiler/emit/embed.cmake")])
                self.compile_library(os.path.relpath(f"{self.build}/runtime_text.c", self.top))
                self.header = True   # the unit tests that include it are compiled when they are run
            elif file.endswith(".h"):   # all of its folder is compiled again
                for other in self.commands:
                    if os.path.dirname(other) == os.path.dirname(file):
                        self.compile_library(other)
            elif file.endswith(".def"):   # what includes it
                for other in self.commands:
                    if other.startswith("compiler/") and self.includes(other, file):
                        self.compile_library(other)
            else:
                self.compile_library(file)
        self.archive()
        self.link("nnc")

    def restore(self):
        for file, text in self.saved.items():
            with open(os.path.join(self.top, file), "w", encoding="utf-8") as f:
                f.write(text)
            if file.startswith("runtime/"):
                must(["cmake", f"-DINPUT={self.top}/runtime/nnc_runtime.h",
                      f"-DOUTPUT={self.build}/runtime_text.c", "-P",
                      os.path.join(self.top, "compiler/emit/embed.cmake")])
                for name, kept in self.unit_objects:
                    shutil.copy2(kept, self.object_of(name))
                self.unit_objects = []
        for kept, now in self.replaced:
            shutil.copy2(kept, now)
        for path in ("nnc", "libnnc_core.a"):
            shutil.copy2(os.path.join(self.kept, path), self.build)
        os.remove(self.dirty)


class Suite:
    def __init__(self, tree):
        self.tree = tree
        tests = os.path.join(tree.top, "tests")
        self.cases = [os.path.join(tests, p, n) for p in ("cases", "streaming")
                      for n in sorted(os.listdir(os.path.join(tests, p)))
                      if os.path.exists(os.path.join(tests, p, n, "case.nn"))]
        self.random_folder = os.path.join(tree.work, "random")
        self.make_random()
        self.nns = [os.path.join(c, "case.nn") for c in self.cases]
        self.randoms = [os.path.join(self.random_folder, f"{s}.nn") for s in SEEDS]
        self.wanted = {}   # (.nn file, form) -> C and header of the unchanged nnc

    def make_random(self):
        if os.path.isdir(self.random_folder):
            return
        sys.path.insert(0, self.tree.tools)
        from randomgen import grow
        os.makedirs(self.random_folder)
        for seed in SEEDS:
            m = grow.model(seed, f"m{seed}")
            with open(os.path.join(self.random_folder, f"{seed}.nn"), "w", encoding="utf-8") as f:
                f.write(m.text() + (m.text(step=True) if m.stream else ""))

    # --- texts ---

    def texts(self, nnc, files, form, folder):
        """Compiles each .nn file to FOLDER/<its name>.c and .h in one go. Returns what nnc said of the first that
        failed."""
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        lines = [f"ulimit -v {MEMORY >> 10} -t 10 -c 0"]
        for nn in files:
            seed = "--random-weights 1" if nn.startswith(self.random_folder) else ""
            lines.append(f"{nnc} {nn} -o {folder}/{name_of(nn)}.c {form} {seed} 2>said || {{ echo {name_of(nn)} status "
                         f"$?; cat said; exit 1; }}")
        with open(os.path.join(folder, "script"), "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")
        status, out = run(["bash", "script"], folder, 300)
        return f"nnc {form}: {first_lines(out)} ({status})" if status else None

    def original_folder(self, form):
        """The unchanged nnc's texts of all cases and random models."""
        folder = os.path.join(self.tree.work, "texts", form.replace(" ", "_") or "default")
        if not os.path.exists(os.path.join(folder, "whole")):
            problem = self.texts(os.path.join(self.tree.kept, "nnc"), self.nns + self.randoms, form, folder)
            if problem:
                raise SystemExit(f"unchanged: {problem}")
            with open(os.path.join(folder, "whole"), "w", encoding="utf-8"):
                pass
        return folder

    @staticmethod
    def read(folder, nn):
        """Without comments: no run can fail by them."""
        out = b""
        for ending in (".c", ".h"):
            with open(os.path.join(folder, name_of(nn) + ending), "rb") as f:
                out += f.read()
        return re.sub(rb"/\*.*?\*/|//[^\n]*", b"", out, flags=re.S)

    def original(self, nn, form):
        if (nn, form) not in self.wanted:
            self.wanted[(nn, form)] = self.read(self.original_folder(form), nn)
        return self.wanted[(nn, form)]

    def changed(self, files, form):
        """Those of the .nn files that give another text now."""
        folder = os.path.join(self.tree.work, "texts", "new")
        problem = self.texts(self.tree.nnc, files, form, folder)
        if problem:
            raise Caught(problem)
        return [nn for nn in files if self.read(folder, nn) != self.original(nn, form)]

    # --- stages ---

    def units(self, names):
        for name in names:
            status, out = self.tree.unit(name)
            if status:
                raise Caught(f"{name}: {status}: {first_lines(out)}")

    def script(self, name, *args, seconds=300):
        status, out = run([sys.executable, os.path.join(self.tree.tools, name), "--nnc", self.tree.nnc, *args],
                          self.tree.work, seconds)
        if status:
            raise Caught(f"{name}: {first_lines(out)}")

    def run_cases(self, folders, form, *options):
        for part in (folders[:2], folders[2:5], folders[5:]):   # most faults show in the first ones
            if not part:
                continue
            self.script("run_cases.py", "--jobs", "1", *([f"--nnc-flags={form}"] if form else []), *options, *part)

    def spread(self, files, form, count):
        """`count` of the files, from the smallest texts on."""
        by_size = sorted(files, key=lambda nn: len(self.original(nn, form)))
        return by_size[::max(1, len(by_size) // count)][:count]

    def numbers(self, goldens=True):
        """The stages on generated code for a mutant of the compiler. Yields a stage's name before it runs. In the end
        self.changes says how many texts differ from the original's."""
        nns = self.nns
        yield "compile"
        differ = {"": self.changed(nns, "")}
        self.changes = len(differ[""])
        first = self.spread(differ[""], "", 12)
        yield "cases"
        self.run_cases([os.path.dirname(nn) for nn in first], "", "--cc", "gcc -O0")
        yield "compile"
        for form in FORMS[1:]:
            differ[form] = self.changed(nns, form)
        yield "cases"
        for form in FORMS[1:]:
            others = [nn for nn in differ[form] if nn not in differ[""]] or differ[form]
            self.run_cases([os.path.dirname(nn) for nn in self.spread(others, form, 5)], form, "--cc",
                           "gcc -O0 -march=native")
            self.changes += len(differ[form])
        yield "compile"
        models = {form: self.changed(self.randoms, form) for form in FORMS}
        self.changes += sum(map(len, models.values()))
        yield "more cases"
        rest = [nn for nn in differ[""] if nn not in first]
        self.run_cases([os.path.dirname(nn) for nn in self.spread(rest, "", 14)], "", "--cc", "gcc -O0", "--sanitize")
        streams = [nn for nn in differ[""] if os.path.exists(os.path.join(os.path.dirname(nn), "stream.json"))]
        self.run_cases([os.path.dirname(nn) for nn in self.spread(streams, "", 4)], "", "--stream", "--cc", "gcc -O1")
        yield "random"
        for form, share in zip(FORMS, (12, 4, 4, 4)):
            for nn in self.spread(models[form], form, share):
                self.random_model(os.path.basename(nn)[:-3], f"gcc -O0 -march=native :: {form}" if form else "gcc -O0")
        if goldens:
            yield "golden"
            self.script("run_golden.py", os.path.join(self.tree.top, "tests", "golden"))

    def random_model(self, seed, cc):
        status, out = run([sys.executable, os.path.join(self.tree.top, "tests", "random"), "--nnc", self.tree.nnc,
                           "--reference", self.tree.reference, "--jobs", "1", "--cc", cc, "--batch", "1", "1", seed],
                          self.tree.work, 300)
        if status and "FAIL" in out:
            raise Caught(f"random model {seed}: {first_lines(out)}")

    def runtime(self, function):
        """The stages for a mutant of the runtime."""
        yield "unit"
        self.units(["check_accuracy"])
        stem = re.sub(r"^(nnc_)?(v\d+_|_+)?", "", function) if function else ""
        nns = self.nns
        using = [nn for nn in nns if stem and stem.lower().encode() in self.original(nn, "")]
        yield "cases"
        chosen = [os.path.dirname(nn) for nn in self.spread(using, "", 7) + self.spread(nns, "", 3)]
        for tool in RUNTIME_TOOLS:
            self.run_cases(chosen, "", "--cc", tool)
        yield "more cases"
        some = [os.path.dirname(nn) for nn in self.spread(nns, "", 12)]
        for tool, form in ((RUNTIME_TOOLS[0], ""), (RUNTIME_TOOLS[1], "--target all"), (RUNTIME_TOOLS[2], ""),
                           ("gcc -Ofast -march=native", "")):
            self.run_cases(some, form, "--cc", tool)
        yield "random"
        for tool in RUNTIME_TOOLS + ["gcc -O1 :: --target x86-64-v3", "gcc -O1 :: --target x86-64-v4"]:
            for seed in SEEDS[:3]:
                self.random_model(str(seed), tool)
        self.changes = None

    def last(self):
        yield "units"
        self.units(sorted(f[:-2] for f in os.listdir(os.path.join(self.tree.top, "tests/unit")) if f.endswith(".c")))
        yield "all cases"
        for cc in ("gcc -O2", "clang -O1 -march=native", "gcc -O0 -DNNC_PLAIN_C"):
            self.run_cases(self.cases, "", "--cc", cc)
        self.run_cases(self.cases, "--target all", "--cc", "gcc -O1", "--standalone")
        yield "contract"
        status, out = run([sys.executable, os.path.join(self.tree.top, "tests/contract/run.py"), "--nnc",
                           self.tree.nnc],
                          self.tree.work, 600)
        if status:
            raise Caught(f"contract: {first_lines(out)}")

    # --- a mutant ---

    def hold(self, changes, folder, function="", typical=False, last=False):
        """(verdict, stage, detail, seconds) of {file: new text}. A typical fault must be caught by numbers: by results
        that differ from PyTorch's or the interpreter's, not by a text that looks different."""
        start, stage = time.time(), "build"

        def done(verdict, detail):
            return verdict, stage, detail, time.time() - start

        try:
            self.tree.put(changes)
            self.changes = None
            stage = "unit"
            if not typical:
                self.units(UNITS[folder])
                stage = "messages"
                if folder != "runtime":
                    self.script("run_golden.py", os.path.join(self.tree.top, "tests", "diagnostics"))
            for stage in self.runtime(function) if folder == "runtime" else self.numbers(not typical):
                pass
            for stage in self.last() if last else ():
                pass
            if self.changes is None:
                return done("survived", "the runtime's text differs")
            return done("survived", f"{self.changes} texts differ" if self.changes
                        else "every text is the original's, but for comments")
        except DoesNotCompile as e:
            return done("not compiled", str(e))
        except Caught as e:
            return done("caught", str(e))
        finally:
            self.tree.restore()
