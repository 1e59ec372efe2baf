"""The table of commands, help, and depfiles."""
import re

from kit import TAGGER, have, holds


def commands_of(bench):
    said = bench.nnc_says("--help")
    listed = said.split("says more:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in listed.splitlines() if line.strip()]


def check_help(bench):
    """Two ways to the same text, which names every option; all commands are listed."""
    names = commands_of(bench)
    for name in ("help", "import", "weights"):
        holds(name in names, names)
    for name in names:
        said = bench.nnc_says("help", name)
        holds(said == bench.nnc_says(name, "--help") == bench.nnc_says(name, "-h"), name)
        holds(said.startswith(f"usage: nnc {name} ") and "--diagnostics" in said and "--help" in said, said)
        for option in set(re.findall(r"^ .{4} (--[a-z-]+) [A-Z]", said, re.M)):
            holds("needs an argument: " + option in bench.nnc_says(name, option, status=2), (name, option))
        holds("--no-such-option" in bench.nnc_says(name, "--no-such-option", status=2), name)
        holds("text or json" in bench.nnc_says(name, "--diagnostics=xml", status=2), name)


def check_manual(bench):
    """The page has all that help says; mandoc or groff, where there is one, finds nothing wrong."""
    page = bench.nnc_says("help", "--manual")
    holds(page.startswith(".TH NNC 1 "), page[:80])
    plain = page.replace("\\-", "-").replace("\\&", "").replace("\\e", "\\")
    holds(bench.nnc_says("--help") in plain, "nnc --help")
    for name in commands_of(bench):
        usage, about = bench.nnc_says("help", name).split("\n", 1)
        holds(about.strip() in plain and usage.replace("usage: ", "") in plain, name)
    bench.write("nnc.1", page)
    if have("groff", "the manual page as it is read"):
        holds(bench.run("groff", "-man", "-Tutf8", "-K", "utf8", "-ww", "-z", "nnc.1") == "", "groff")
    holds("one command" in bench.nnc_says("help", "--manual", "weights", status=2), "both")
    holds("one command" in bench.nnc_says("help", status=2), "none")


def check_unknown(bench):
    holds("no command weigths; did you mean weights?" in bench.nnc_says("weigths", "x.pt", status=2), "weigths")
    holds("no command nonsense" in bench.nnc_says("help", "nonsense", status=2), "nonsense")
    holds("no command xyz" in bench.nnc_says("xyz", "--dim", "T=3", status=2), "xyz")
    bench.take(TAGGER, "tagger.nn", "tagger.safetensors")
    bench.run("mv", "tagger.nn", "model")  # a word that is a file's name is that file
    bench.nnc_says("model", "-o", "model.c")


def check_depfile(bench):
    """Every file that was read, each once; make takes the names as they are."""
    folder = "with blank $and #hash"
    bench.take(TAGGER, "tagger.nn", "tagger.safetensors", to=folder)
    one = bench.read(folder + "/tagger.nn")
    bench.write(folder + "/two.nn", one + one.replace("model tagger", "model other"))
    bench.nnc_says("two.nn", "-o", "two.c", "--depfile", "two.d", folder=folder)
    holds(bench.read(folder + "/two.d")
          == "two.c two.h: \\\n  two.nn \\\n  tagger.safetensors\n\ntagger.safetensors:\n",
          bench.read(folder + "/two.d"))
    bench.nnc_says(folder + "/two.nn", "-o", folder + "/two.c", "--depfile", "two.d")
    # make's "?=" of what the rule says: the recipe runs, and make finds every file under its own name
    bench.write("Makefile", "include two.d\n%.c:\n\t@echo made of $(words $^): \"$(notdir $@)\"\n")
    target = bench.path(folder, "two.c")
    bench.run("touch", "-d", "2000-01-01", target, bench.path(folder, "two.h"))
    said = bench.run("make", "-s", folder + "/two.c")
    holds("No rule" not in said and said.startswith("made of"), said)
    bench.nnc_says("--weights", folder + "/tagger.safetensors", folder + "/tagger.nn", "-o", "w.c", "--header", "h.h",
                   "--depfile", "w.d")
    holds(bench.read("w.d").startswith("w.c h.h: \\\n  with\\ blank\\ $$and\\ \\#hash/tagger.nn \\\n"),
          bench.read("w.d"))
    bench.nnc_says(folder + "/tagger.nn", "-o", "r.c", "--random-weights", "1", "--depfile", "r.d")
    holds("safetensors" not in bench.read("r.d"), bench.read("r.d"))


def check_depfile_errors(bench):
    bench.take(TAGGER, "tagger.nn", "tagger.safetensors")
    before = bench.names()
    for arguments, words in (
            (("-o", "-", "--depfile", "a.d"), "--depfile names the C file"),
            (("--dump", "ir", "--depfile", "a.d"), "--dump"),
            (("-o", "a.c", "--depfile", ""), "empty"),
            (("-o", "a.c", "--depfile", "a.c"), "two outputs are this file"),
            (("-o", "a.c", "--depfile", "./tagger.safetensors"), "this output is an input")):
        holds(words in bench.nnc_says("tagger.nn", *arguments, status=2), (arguments, words))
    holds("--depfile" in bench.nnc_says("--runtime", ".", "--depfile", "a.d", status=2), "runtime")
    holds("none/a.d" in bench.nnc_says("tagger.nn", "-o", "a.c", "--depfile", "none/a.d", status=1), "folder")
    holds("No space" in bench.nnc_says("tagger.nn", "-o", "a.c", "--depfile", "/dev/full", status=1), "full")
    holds(bench.names() == before, bench.names())
