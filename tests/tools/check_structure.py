#!/usr/bin/env python3
"""Holds the shape of the house: which folder of compiler/ may include which, and that the runtime knows no compiler.

usage: check_structure.py REPOSITORY

A file includes only what stands before it in the pipeline, passes are called by passes_run alone, and no source file,
those of the tests with it, grows past 600 lines. README.md says what stands in each folder. No two files of plan/,
ctree/, kernels/ and emit/ need each other, whatever the way. The runtime is shipped as one file and includes nothing but its own parts.
"""
import fnmatch, pathlib, re, sys

ALLOWED = {
    "support": {"support"},
    "syntax": {"support", "syntax"},
    "ir": {"support", "ir"},
    "weights": {"support", "ir", "weights"},
    "format": {"support", "ir", "format"},
    "lower": {"support", "syntax", "ir", "lower"},
    "import": {"support", "ir", "weights", "import"},
    "reference": {"support", "ir", "format", "reference"},
    "passes": {"support", "ir", "passes"},
    "plan": {"support", "ir", "format", "plan"},
    "ctree": {"support", "ctree"},
    "kernels": {"support", "ir", "format", "plan", "ctree", "kernels"},
    "emit": {"support", "ir", "format", "plan", "ctree", "kernels", "emit"},
    "native": {"support", "ir", "plan", "emit", "native"},
    "server": {"support", "syntax", "ir", "format", "weights", "lower", "commands", "server"},
    "commands": {"support", "syntax", "ir", "format", "weights", "lower", "import", "reference", "passes",
                 "plan", "emit", "native", "server", "commands"},
}
LONGEST = 600
# What is no text of a person's: generated C, and a table of models.
MAY_BE_LONG = ("tests/golden/*", "tests/unit/check_differentiate_models.h")
NO_CIRCLES = ("plan", "ctree", "kernels", "emit")


def includes(path):
    return re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(), re.M)


def plain(path):
    """The text of a C file without comments and strings."""
    return re.sub(r'"(\\.|[^"\\\n])*"', '""', re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S))


def circles(compiler):
    """Files that need each other: by the functions that one defines and the other names."""
    texts = {p.relative_to(compiler).as_posix(): plain(p) for room in NO_CIRCLES for p in sorted((compiler / room).glob("*.c"))}
    homes = {}
    for name, text in texts.items():
        for function in re.findall(r"^(?!static|typedef|struct|enum|union|#)[a-z][\w *]*?[ *](\w+)\([^;{]*?\)\s*\{", text, re.M):
            homes[function] = name
    needs = {n: {homes[w] for w in set(re.findall(r"\w+", t)) & homes.keys()} - {n} for n, t in texts.items()}
    # what nothing that is left needs, or needs nothing that is left, is in no circle
    left = set(needs)
    while True:
        used = {d for n in left for d in needs[n] & left}
        out = {n for n in left if n not in used or not needs[n] & left}
        if not out:
            return {n: sorted(needs[n] & left) for n in sorted(left)}
        left -= out


def too_long(top):
    kinds = [(room, end) for room in ("compiler", "runtime", "tests") for end in ("c", "h", "py")]
    for path in sorted(p for room, end in kinds for p in (top / room).rglob(f"*.{end}")):
        name, lines = path.relative_to(top).as_posix(), path.read_text().count("\n")
        if lines > LONGEST and not any(fnmatch.fnmatch(name, long) for long in MAY_BE_LONG):
            yield f"{name} has {lines} lines; {LONGEST} are allowed"


def unnamed(top):
    readme = (top / "README.md").read_text()
    for room in sorted(p for p in (top / "compiler").iterdir() if p.is_dir()):
        if f"| `compiler/{room.name}/` |" not in readme:
            yield f"README.md does not say what stands in compiler/{room.name}/"


def faults(top):
    compiler = top / "compiler"
    yield from unnamed(top)
    yield from too_long(top)
    for name, needed in circles(compiler).items():
        yield f"compiler/{name} is in a circle with {', '.join(needed)}"
    for path in sorted(list(compiler.rglob("*.[ch]")) + list((top / "runtime").rglob("*.[ch]"))):
        name = path.relative_to(top).as_posix()
        if name.startswith("runtime/"):
            for i in includes(path):
                if not (top / "runtime" / i).exists():
                    yield f"{name} includes {i}: the runtime stands alone"
            continue
        here = path.relative_to(compiler)
        if len(here.parts) == 1:
            continue  # main.c and the command line use everything
        folder = here.parts[0]
        if folder not in ALLOWED:
            yield f"{name}: no such room; add it to {pathlib.Path(__file__).name}"
            continue
        for i in includes(path):
            room = i.split("/")[0] if "/" in i else folder
            if i == "onnx.pb-c.h" and folder == "import":
                continue
            if i in ("nnc.tab.h", "nnc.lex.h"):
                if folder != "syntax":
                    yield f"{name} includes the generated parser"
            elif room not in ALLOWED[folder]:
                yield f"{name} includes {i}, which comes later in the pipeline"
            elif not (compiler / i).exists():
                yield f"{name} includes {i}: write it from compiler/"
            if folder == "passes" and here.name not in ("passes.c", "passes.h"):
                for call in re.findall(r"^[^/*\n]*[^\w](pass_\w+)\(\w+(?:, \w+)?\);", path.read_text(), re.M):
                    yield f"{name} calls {call}: only passes.c decides what runs"
            if here.as_posix() == "passes/passes.h" and i.startswith("passes/"):
                yield f"{name} includes {i}: a pass's own header is no part of the interface"


def main():
    found = list(faults(pathlib.Path(sys.argv[1])))
    print("\n".join(found) if found else "the structure holds")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
