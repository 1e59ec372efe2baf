"""Options of compiling: budgets, names, sections."""
import json
import os
import re

from kit import SOURCE, TAGGER, have, holds

TAGGER_NN = os.path.join(TAGGER, "tagger.nn")
TWO = """model one {
    dim T = 1..10
    input x: float32[T, 3]
    state big: float32[50]
    layer a = Linear(3, 8)
    layer b = Linear(8, 100)
    big = big + 1
    output y = b(a(x))
    output z = big * 2
}
model two {
    input x: float32[2]
    output y = x + 1
}
"""


def numbers(bench, *arguments):
    """Bytes of RAM, bytes of flash, multiply-adds: of the first model, as summary has them."""
    file = json.loads(bench.nnc_says("summary", "--json", *arguments))
    m = file["models"][0]
    return (m["struct_bytes"] + sum(x["bytes"] for x in m["inputs"] + m["outputs"]), file["weights_bytes"],
            m["multiply_adds"])


def check_budgets(bench):
    """What is allowed to the byte is written; one less is an error at what costs most, with the table, and nothing is
    written."""
    bench.write("two.nn", TWO)
    ram, flash, macs = numbers(bench, TAGGER_NN)
    for option, number, where, words in (("--max-ram", ram, "12:14", "word_embeddings"),
                                         ("--max-flash", flash, "13:14", "lstm"),
                                         ("--max-macs", macs, "13:14", "lstm")):
        bench.nnc_says(TAGGER_NN, "-o", "m.c", option, str(number))
        for name in bench.names():
            if name.startswith("m."):
                os.remove(bench.path(name))
        before = bench.names()
        said = bench.nnc_says(TAGGER_NN, "-o", "m.c", f"{option}={number - 1}", status=1)
        holds(f"tagger.nn:{where}: error: " in said and words in said.split("\n")[0] and str(number) in said, said)
        holds("    layer  " in said and "    total  " in said and "39168" in said, said)
        holds(bench.names() == before, bench.names())
    ram, flash, macs = numbers(bench, "two.nn")
    holds(macs == 10 * (3 * 8 + 8 * 100), macs)
    random = ("--random-weights", "1", "-o", "m.c")
    bench.nnc_says("two.nn", *random, f"--max-ram={ram}", f"--max-flash={flash}", f"--max-macs={macs}")
    said = bench.nnc_says("two.nn", *random, "--max-ram=100", "--max-flash=100", "--max-macs=100", status=1)
    holds(said.count(": error: ") == 3 and "two.nn:8:16: error: a run of model one" in said, said)
    holds("model one takes" in said and "output y has 4000" in said and "b has 900 of the parameters" in said, said)
    said = bench.nnc_says("two.nn", *random, "--max-macs=100", "--diagnostics=json", status=1)
    holds(json.loads(said)["line"] == 8 and "layer" in json.loads(said)["notes"][0]["message"], said)


def check_sizes(bench):
    """K and M are 1024 and 1024 * 1024 of bytes, thousands and millions of multiply-adds."""
    ram, flash, macs = numbers(bench, TAGGER_NN)
    for option, number, step in (("--max-ram", ram, 1024), ("--max-flash", flash, 1024), ("--max-macs", macs, 1000)):
        k = number // step
        bench.nnc_says(TAGGER_NN, "-o", "m.c", f"{option}={k}K", status=0 if k * step == number else 1)
        bench.nnc_says(TAGGER_NN, "-o", "m.c", f"{option}={k + 1}K")
        bench.nnc_says(TAGGER_NN, "-o", "m.c", f"{option}=1M")
        for wrong in ("", "-1", "x", "1KB", "1k", "99999999999999999999", "9999999999999999G"):
            holds(option in bench.nnc_says(TAGGER_NN, "-o", "m.c", f"{option}={wrong}", status=2), wrong)
    bench.write("two.nn", TWO)
    bench.nnc_says("two.nn", "--random-weights", "1", "-o", "m.c", "--max-flash=0", status=1)


def check_names_that_are_empty(bench):
    """An option that takes a file or a folder says which one it is whose name is empty, in every command."""
    for command in (), ("fmt",), ("graph",), ("import",), ("package",), ("run",), ("summary",), (
        "verify",), ("weights",):
        shown = bench.nnc_says("help", *command) if command else bench.nnc_says("--help")
        for option in re.findall(r"(--[a-z-]+) (?:FILE|DIR)\b", shown):
            said = bench.nnc_says(*command, TAGGER_NN, option, "", status=2)
            holds(f"{option}: a file's name is empty" in said, (command, option, said))
        holds(" is empty" in bench.nnc_says(*command, "", status=2), command)


def check_prefix(bench):
    """Two of one model go together under two prefixes; every name of file scope has it."""
    for prefix in ("left_", "Right"):
        bench.nnc_says(TAGGER_NN, "-o", prefix + ".c", "--name-prefix", prefix)
        bench.run("gcc", "-c", prefix + ".c")
        names = [line.split()[-1] for line in bench.run("nm", prefix + ".o").splitlines()]
        own = [n for n in names if "tagger" in n]
        holds(len(own) >= 2 and all(n.startswith(prefix + "tagger") for n in own), own)
        holds(f"#define {prefix.upper()}TAGGER_T_MAX 128" in bench.read(prefix + ".h"), prefix)
    bench.write("main.c", '#include "left_.h"\n#include "Right.h"\n#include "left_.c"\n#include "Right.c"\n'
                          "int main(void) { static left_tagger l; static Righttagger r; left_tagger_reset(&l);\n"
                          "    Righttagger_reset(&r); return 0; }\n")
    bench.run("gcc", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "main.c", "-lm", "-o", "main")
    bench.run("./main")
    for wrong in ("", "1x", "a-b", "a b", "é"):
        holds("--name-prefix" in bench.nnc_says(TAGGER_NN, "-o", "m.c", "--name-prefix", wrong, status=2), wrong)
    bench.write("k.nn", "model f {\n    input x: float32[2]\n    output y = x\n}\n")
    holds("cannot be called" in bench.nnc_says("k.nn", "-o", "k.c", "--name-prefix", "i", status=1), "if")


def check_section(bench):
    """All tables lie there, and nothing else; gcc, clang, C++ take it without a warning."""
    bench.nnc_says(TAGGER_NN, "-o", "plain.c", "--target", "baseline")
    for name in (".model", "__DATA.model$1"):
        bench.nnc_says(TAGGER_NN, "-o", "m.c", "--const-section", name, "--target", "baseline")
        for cc in ("gcc", "clang", "g++", "arm-none-eabi-gcc"):
            if not have(cc, f"--const-section by {cc}"):
                continue
            bench.run(cc, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O0", "-c", "m.c", "-o", "m.o")
            lines = [line.split()
                     for line in bench.run("objdump" if cc != "arm-none-eabi-gcc" else "arm-none-eabi-objdump",
                                           "-h", "m.o").splitlines()]
            sizes = {f[1]: int(f[2], 16) for f in lines if len(f) == 7 and f[0].isdigit()}
            tables = json.loads(bench.nnc_says("summary", "--json", "--target", "baseline", TAGGER_NN))["weights_bytes"]
            holds(tables <= sizes[name] < tables + 256, (cc, sizes, tables))
    code = re.sub(r" __attribute__\(\(section\(.*?\)\)\)", "", bench.read("m.c"))
    code = re.sub(r"#if !defined\(__GNUC__\)\n#error .*\n#endif\n\n", "", code)
    body = "\n".join(code.splitlines()[3:]).replace('"m.h"', '"plain.h"')
    holds(body == "\n".join(bench.read("plain.c").splitlines()[3:]), "the code is the same otherwise")
    for wrong in ("", 'a"b', "a b", "a\\b", "a\nb"):
        holds("--const-section" in bench.nnc_says(TAGGER_NN, "-o", "m.c", "--const-section", wrong, status=2), wrong)


def check_targets(bench):
    """A target that there is not: those that there are, in every command that takes one; bash completes the same."""
    names = re.search(r"--target\) words='([^']*\bcortex-m\b[^']*)'", bench.nnc_says("help", "--completion"))
    for command in ((TAGGER_NN, "-o", "m.c"), ("run", TAGGER_NN), ("verify", TAGGER_NN), ("summary", TAGGER_NN),
                    ("package", "cmake", TAGGER_NN, "-o", "d")):
        said = bench.nnc_says(*command, "--target", "z80", status=2)
        told = re.search(r"--target takes (.*), not z80", said)
        holds(told and set(re.findall(r"[-\w]+", told[1])) - {"also", "or"} == set(names[1].split()), (command, said))


def check_documented(bench):
    """Every option and warning of --help has its row in the docs; what README's first page shows is what
    nnc makes of the sample."""
    described = bench.nnc_says("--help")
    options, warnings = described.split("warnings, all of them on:\n")
    pages = {name: open(os.path.join(SOURCE, name)).read()
             for name in ("README.md", "docs/generated-code.md", "docs/diagnostics.md")}
    table = pages["docs/generated-code.md"].split("\n## Options of nnc\n")[1].split("\n## ")[0]
    named = set(re.findall(r"^ {2}(?: {4}|-o, )(--[a-z-]+)", options, re.M))
    holds(len(named) > 25 and "--depfile" in named, named)
    for option in sorted(named):
        holds(re.search(rf"`{option}[` ]", table), f"docs/generated-code.md has no row of {option}")
    for name in re.findall(r"^  ([a-z-]+) ", warnings.split("\n\n")[0], re.M):
        holds(f"| `{name}` |" in pages["docs/diagnostics.md"],
              f"docs/diagnostics.md has no row of {name}")
    shown = re.findall(r"^```(nn|c|)\n(.*?)^```", pages["README.md"], re.S | re.M)
    model, program, kernel, error = [text for _, text in shown[:4]]
    bench.take(TAGGER, "tagger.safetensors")
    bench.write("tagger.nn", model)
    bench.nnc_says("tagger.nn", "-o", "tagger.c")
    holds(kernel.split("        …")[0] in bench.read("tagger.c"), kernel)
    taken = re.search(r"tagger_run\(tagger \*self, (.*?)\)", bench.read("tagger.h"))[1].split(", ")
    given = re.search(r"tagger_run\(&model, (.*?)\)", program)[1].split(", ")
    holds([re.split(r"\W", t)[-1] for t in taken] == given, (taken, given))
    bench.write("tagger.nn", model.replace("Linear(6, 3)", "Linear(12, 3)"))
    holds(bench.nnc_says("tagger.nn", "-o", "tagger.c", status=1).startswith(error), error)
