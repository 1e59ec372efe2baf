"""kit: what the tests of commands share."""
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
TAGGER = os.path.join(SOURCE, "samples", "tagger")
sys.path.insert(0, os.path.join(SOURCE, "tests", "tools"))

import precompiled
import processor
import tensors_file


def have(tool, what):
    """Whether a tool is here; where it is not, what is left out for that is named."""
    if not shutil.which(tool):
        processor.skipped(what, f"no {tool}")
    return bool(shutil.which(tool))


def alike(said, shown):
    """Whether these are the same numbers and words: the last digits differ by processor, whose body computes, and
    blanks with them."""
    both = [re.findall(r"[^\s\[\]]+|[\[\]]", text) for text in (said, shown)]
    def same(a, b):
        try:
            return math.isclose(float(a), float(b), rel_tol=1e-5)
        except ValueError:
            return a == b
    return len(both[0]) == len(both[1]) and all(map(same, *both))


class Bench:
    """A folder of its own and an nnc to try there."""

    def __init__(self, nnc, build=None, everything=False):
        self.nnc, self.build, self.everything = os.path.abspath(nnc), build, everything
        self.folder = tempfile.mkdtemp(prefix="nnc-commands-")
        self.environment = dict(os.environ)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def run(self, *command, folder=".", status=0):
        """What the command printed, both streams; the status is held."""
        r = subprocess.run(command, cwd=self.path(folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=900, env=self.environment)
        said = r.stdout.decode(errors="replace")
        holds(r.returncode == status, f"{' '.join(command)}: status {r.returncode}, not {status}\n{said}")
        return said

    def nnc_says(self, *arguments, **options):
        return self.run(self.nnc, *arguments, **options)

    def with_environment(self, name, value, *arguments, status=1):
        """What nnc says with one variable set otherwise."""
        before = dict(self.environment)
        self.environment[name] = value
        try:
            return self.nnc_says(*arguments, status=status)
        finally:
            self.environment = before

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w") as f:
            f.write(text)

    def read(self, name):
        with open(self.path(name)) as f:
            return f.read()

    def take(self, source, *names, to="."):
        os.makedirs(self.path(to), exist_ok=True)
        for name in names:
            shutil.copy(os.path.join(source, name), self.path(to))

    def names(self, folder="."):
        return sorted(os.listdir(self.path(folder)))

    def done(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def holds(condition, what):
    """An assertion that python -O keeps, and that says what was found."""
    if not condition:
        raise AssertionError(what)
