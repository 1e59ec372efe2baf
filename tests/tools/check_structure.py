#!/usr/bin/env python3
"""Holds the shape of the house: which folder of compiler/ may include which, and that the runtime knows no compiler.

usage: check_structure.py REPOSITORY

A file includes only what stands before it in the pipeline, passes are called by passes_run alone, and no source file,
those of the tests with it, grows past 600 lines. README.md says what stands in each folder. No two files need each
other, whatever the way, but those that are named here. The runtime is shipped as one file and includes nothing but its
own parts. No function of one argument is left out where accuracy is measured.
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
LONGEST = 600  # lines of a file
WIDEST = 120  # columns of a line
PYTHON = ("random", "mutation/run", "mutation/gradients")  # of tests/, beside what its name says to be Python
MAY_BE_WIDE = ("runtime/status.h",)  # every header repeats it: it stays as it is
# What is no text of a person's: generated C, and a table of models.
MAY_BE_LONG = ("tests/golden/*", "tests/unit/check_differentiate_models.h")
NOT_MEASURED = {"neg"}  # a vector function that turns a sign
# What is one thing in several files: an expression has expressions, a subgraph operators, a loop's body gradients, a
# sum bounds that are found with sums.
REAL_CIRCLES = (
    {f"lower/{name}.c" for name in (
        "activation_layers", "args", "arithmetic", "expr", "functions", "functions_index", "functions_join",
        "functions_of_one", "index", "inplace", "layers", "lower", "recurrent", "repeat", "sequential",
        "shapes", "train", "unknown")},
    {"import/interpret.c", "import/ops.c", "import/ops_control.c", "import/ops_loop.c"},
    {"passes/differentiate.c", "passes/adjoint_repeat.c"},
    {"ir/dim.c", "ir/dim_bounds.c"},
)


def includes(path):
    return re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(), re.M)


def plain(path):
    """The text of a C file without comments and strings."""
    return re.sub(r'"(\\.|[^"\\\n])*"', '""', re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S))


def circles(compiler):
    """Files that need each other: by the functions that one defines and the other, which includes the header that
    declares them, names (not as a member, .name or ->name); names in the tables that it includes are its own."""
    files = {p.relative_to(compiler).as_posix(): p for end in ("c", "h", "def")
             for p in sorted(compiler.rglob(f"*.{end}"))}
    files["nnc.tab.h"] = compiler.parent / "grammar/nnc.y"  # of which bison makes it
    texts = {n: plain(p) for n, p in files.items()}
    included = {n: [i for i in includes(p) if i in files] for n, p in files.items()}
    declared = {n: set(re.findall(r"\b(\w+)\s*\([^;{}]*\)[^;{}]*;", t)) for n, t in texts.items() if n.endswith(".h")}

    def seen(name, so_far):
        for i in set(included[name]) - so_far:
            so_far.add(i)
            seen(i, so_far)
        return so_far

    homes = {}
    for name, text in texts.items():
        for function in re.findall(r"^(?!static|typedef|struct|enum|union|#)[a-z][\w *]*?[ *](\w+)\([^;{]*?\)\s*\{",
                                   text, re.M):
            homes[function] = name
    needs = {}
    for name in (n for n in texts if n.endswith(".c")):
        known = set().union(*(declared.get(i, set()) for i in seen(name, set())))
        text = texts[name] + "".join(texts[i] for i in included[name] if i.endswith(".def"))
        needs[name] = {homes[w] for w in set(re.findall(r"(?<![.>])\b\w+", text)) & known & homes.keys()} - {name}
    for real in REAL_CIRCLES:
        for name in real & needs.keys():
            needs[name] -= real
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


def too_wide(top):
    """A row of a table (.def) is one line, however long; no other line of C is wider than 120 columns, nor one of the
    tests' Python."""
    rooms = ("compiler", "grammar", "runtime", "samples")
    paths = [p for room in rooms for end in "chly" for p in (top / room).rglob(f"*.{end}")]
    paths += [*(top / "tests").rglob("*.py"), *(top / "tests" / name for name in PYTHON)]
    for path in sorted(paths):
        if path.relative_to(top).as_posix() in MAY_BE_WIDE:
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if len(line) > WIDEST:
                yield f"{path.relative_to(top).as_posix()}:{number} has {len(line)} columns; {WIDEST} are allowed"


def unmeasured(top):
    """Each vector function of a function of one argument has a row in the test of accuracy: one that is missing there
    would be missed by nobody."""
    text = (top / "compiler/ir/function.def").read_text()
    rows = re.findall(r'^(?:FUNCTION|RULED)\((\w+),', text, re.M)
    vectors = re.findall(r'\b(?:INPLACE|NO),\s*"(\w+)"', text)
    if not rows or len(vectors) != len(rows):
        yield f"compiler/ir/function.def has {len(rows)} rows, and {len(vectors)} vector functions were found in them"
    measured = re.findall(r"^    FUNCTION\((\w+),", (top / "tests/unit/check_accuracy_functions.c").read_text(), re.M)
    for vector in sorted({v.removesuffix("_by_exp") for v in vectors} - set(measured) - NOT_MEASURED):
        yield f"tests/unit/check_accuracy_functions.c has no row of {vector}, which compiler/ir/function.def names"


def faults(top):
    compiler = top / "compiler"
    yield from unnamed(top)
    yield from too_long(top)
    yield from too_wide(top)
    yield from unmeasured(top)
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
