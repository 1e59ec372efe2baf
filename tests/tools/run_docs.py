"""run_docs: compiles and runs the examples of the documentation.

    python3 run_docs.py --nnc build/nnc [--accept] docs/language.md docs/generated-code.md

What stands in a fence decides what happens to it. The examples of one document share a folder, in their order, so that
a C program can include the header of a model above it. A first line `# NAME.nn`, `/* NAME.c …` or `# CMakeLists.txt`
names the file; without one it gets a name of its own.

    ```nn          a complete file: `nnc --random-weights 1` must take it without a word
    ```nn-error    nnc must refuse it with status 1, and the ```error fence that follows is exactly what it says
    ```c           a complete program: it must compile without a warning, as C99 and with the generated code that it
                   includes, and run; an ```output fence that follows is exactly what it prints
    ```sh run      commands, run in that folder with the nnc under test on the PATH; an ```output fence that follows is
                   exactly what they print. A first line `# Debian: PACKAGE …` says what they need: without it they are
                   skipped
    ```cmake       a CMakeLists.txt: it must configure and build, with the nnc under test on the PATH
    ```nn-part, ```c-part and all others are there to be read

--accept writes what nnc says now into the ```error fences, to be read before it is kept; outputs are never taken over.
Standard library only; cc (or $CC) and, for cmake fences, cmake are needed. Exit status 1 if an example fails.
"""
import argparse
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True   # no __pycache__ in the source tree

import precompiled

FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Werror"]
FENCE = re.compile(r"^```([a-z+-]*(?: run)?)\s*$")
NEEDS = re.compile(r"^# Debian: (.*)$", re.M)
FILE_NAME = re.compile(r"^(?:#|/\*)\s*([\w-]+\.(?:nn|c|txt))\b")


class Failure(Exception):
    pass


def fences(path):
    """The document's fences as (kind, line of the opening fence, text)."""
    found, kind, start, lines = [], None, 0, []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            match = FENCE.match(line)
            if kind is None and match:
                kind, start, lines = match.group(1), number, []
            elif kind is not None and line.rstrip() == "```":
                found.append((kind, start, "".join(lines)))
                kind = None
            elif kind is not None:
                lines.append(line)
    if kind is not None:
        raise Failure("%s:%d: the fence is not closed" % (path, start))
    return found


def run(command, folder, **more):
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120,
                          check=False, **more)


def installed(package):
    """Whether a Debian package is there; where there is no Debian, none is."""
    if not shutil.which("dpkg-query"):
        return False
    done = run(["dpkg-query", "-W", "-f", "${db:Status-Status}", package], None)
    return done.stdout == "installed"


def must_run(command, folder, **more):
    done = run(command, folder, **more)
    if done.returncode:
        raise Failure("%s: status %d\n%s%s" % (" ".join(command), done.returncode, done.stdout, done.stderr))
    return done


def same(want, got, what):
    if want != got:
        diff = difflib.unified_diff(want.splitlines(True), got.splitlines(True), "documented", what)
        raise Failure("differs:\n" + "".join(diff))


class Document:
    """The examples of one file, tried in a folder of their own."""

    def __init__(self, nnc, cc, folder, accept):
        self.nnc, self.cc, self.folder, self.accept = nnc, cc, folder, accept
        self.accepted = []   # (line of an error fence, its old text, its new text)
        self.generated = []  # stems of generated .c files
        self.number = 0
        must_run([nnc, "--runtime", folder], folder)
        self.runtime = precompiled.Runtime([cc, *FLAGS], folder)
        os.mkdir(os.path.join(folder, "bin"))  # where a CMakeLists.txt finds it under its own name
        os.symlink(nnc, os.path.join(folder, "bin", "nnc"))

    def write(self, text, default):
        match = FILE_NAME.match(text)
        name = match.group(1) if match else default
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)
        return name

    def nn(self, text, _following):
        name = self.write(text, "example%d.nn" % self.number)
        stem = name[:-3]
        # of one body, for which the C compiler needs a fifth of the time
        done = must_run([self.nnc, "--random-weights", "1", "--target", "baseline", name, "-o", stem + ".c"],
                        self.folder)
        if done.stdout or done.stderr:
            raise Failure("nnc says\n" + done.stdout + done.stderr)
        first = self.runtime.before(os.path.join(self.folder, stem + ".c"))
        must_run([self.cc, *FLAGS, *first, "-c", stem + ".c", "-o", stem + ".o"], self.folder)
        self.generated.append(stem)

    def nn_error(self, text, following):
        if not following or following[0] != "error":
            raise Failure("no ```error fence follows")
        name = self.write(text, "model.nn")
        done = run([self.nnc, "--random-weights", "1", name, "-o", "never.c"], self.folder)
        if self.accept and done.returncode == 1:
            self.accepted.append((following[1], following[2], done.stderr))
        else:
            same(following[2], done.stderr, "nnc")
        if done.returncode != 1:
            raise Failure("nnc's status is %d instead of 1" % done.returncode)
        if os.path.exists(os.path.join(self.folder, "never.c")):
            raise Failure("nnc has written a file")

    def c(self, text, following):
        name = self.write(text, "example%d.c" % self.number)
        program = name[:-2] + ".run"
        objects = [stem + ".o" for stem in self.generated if '#include "%s.h"' % stem in text]
        sources = [name] + [f for f in ["nnc_runtime.c"] if os.path.exists(os.path.join(self.folder, f))]
        must_run([self.cc, *FLAGS, *sources, *objects, "-lm", "-o", program], self.folder)
        done = must_run([os.path.join(self.folder, program)], self.folder)
        if following and following[0] == "output":
            same(following[2], done.stdout, "the program")

    def environment(self):
        return dict(os.environ, PATH=os.path.join(self.folder, "bin") + os.pathsep + os.environ.get("PATH", ""))

    def sh(self, text, following):
        needs = NEEDS.match(text)
        missing = [package for package in needs.group(1).split() if not installed(package)] if needs else []
        if missing:
            print("skipped: commands of the documentation: no " + ", ".join(missing))
            return
        done = must_run(["sh", "-e", "-c", text], self.folder, env=self.environment())
        if following and following[0] == "output":
            same(following[2], done.stdout, "the commands")

    def cmake(self, text, _following):
        self.write(text, "CMakeLists.txt")
        environment = self.environment()
        must_run(["cmake", "-S", ".", "-B", "cmake-build"], self.folder, env=environment)
        must_run(["cmake", "--build", "cmake-build"], self.folder, env=environment)


def rewrite(path, accepted):
    """Puts new texts into fences, the last one first, so that the lines before keep their numbers."""
    with open(path, encoding="utf-8") as file:
        lines = file.readlines()
    for line, old, new in sorted(accepted, reverse=True):
        lines[line:line + len(old.splitlines())] = new.splitlines(True)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(lines)


def check(path, nnc, cc, accept):
    """Tries every example of a document; returns how many were tried and how many failed."""
    tried = failed = 0
    folder = tempfile.mkdtemp(prefix="nnc-docs-")
    try:
        document = Document(nnc, cc, folder, accept)
        methods = {"nn": document.nn, "nn-error": document.nn_error, "c": document.c, "cmake": document.cmake,
                   "sh run": document.sh}
        all_fences = fences(path)
        for index, (kind, line, text) in enumerate(all_fences):
            previous = all_fences[index - 1][0] if index else ""
            if (kind == "error" and previous != "nn-error") or (kind == "output" and previous not in ("c", "sh run")):
                print("%s:%d: this %s follows nothing that it could belong to" % (path, line, kind))
                failed += 1
            if kind not in methods:
                continue
            tried += 1
            document.number = tried
            try:
                methods[kind](text, all_fences[index + 1] if index + 1 < len(all_fences) else None)
            except (Failure, subprocess.TimeoutExpired) as failure:
                print("%s:%d: this %s example fails: %s" % (path, line, kind, failure))
                failed += 1
        if document.accepted:
            rewrite(path, document.accepted)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return tried, failed


def main():
    parser = argparse.ArgumentParser(description="compiles and runs the examples of the documentation")
    parser.add_argument("--nnc", required=True, help="the compiler")
    parser.add_argument("--accept", action="store_true", help="take over what nnc says now")
    parser.add_argument("files", nargs="+", metavar="FILE", help="Markdown documents")
    options = parser.parse_args()
    nnc = os.path.abspath(options.nnc)
    tried = failed = 0
    for path in options.files:
        try:
            one_tried, one_failed = check(path, nnc, os.environ.get("CC", "cc"), options.accept)
        except (Failure, OSError) as failure:
            print(failure)
            one_tried, one_failed = 0, 1
        if not one_tried and not one_failed:
            print("%s has no examples" % path)
            one_failed = 1
        tried += one_tried
        failed += one_failed
    print("%d examples, %d failed" % (tried, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
