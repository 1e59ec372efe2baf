"""What is installed: the .deb, bash's completion, and the colours of editors, which come from nnc's own tables."""
import glob
import json
import os
import re
import shutil
import subprocess

from kit import SOURCE, TAGGER, have, holds, processor
from test_projects import TAGS, install, project

MODEL = """model m {  # a comment
    dim T = 1..128
    weights "w.pt" prefix "p"
    input x: float32[T, 6]
    layer a.0 = LSTM(6, hidden_size=6) from "model.lstm"
    input = relu(x) * 1.5e-3
    repeat row in x until sum(row)[0] == 0 {
        collect rows = row
    }
    output y = where(x >= 0, x, None)
    loss l = mse_loss(y, x)
    train SGD(lr=0.1)
}
"""
# what is what in it: line, word, Vim's group, TextMate's scope
COLOURS = [(1, "model", "Statement", "keyword.control"), (1, "m", "Model", "entity.name.type"),
           (1, "# a comment", "Comment", "comment.line"), (2, "dim", "Statement", "keyword.control"),
           (2, "128", "Number", "constant.numeric"), (3, "weights", "Statement", "keyword.control"),
           (3, '"w.pt"', "String", "string.quoted"), (3, "prefix", "Tail", "keyword.other"),
           (4, "input", "Statement", "keyword.control"), (4, "float32", "Type", "storage.type"),
           (5, "layer", "Statement", "keyword.control"), (5, "a.0", "", ""), (5, "0", "", ""),
           (5, "LSTM", "Layer", "support.class"),
           (5, "hidden_size", "Argument", "variable.parameter"), (5, "from", "Tail", "keyword.other"),
           (6, "input", "", ""), (6, "relu", "Function", "support.function"),
           (6, "1.5e-3", "Number", "constant.numeric"),
           (7, "repeat", "Statement", "keyword.control"), (7, "in", "Tail", "keyword.other"),
           (7, "until", "Tail", "keyword.other"), (7, "sum", "Function", "support.function"),
           (8, "collect", "Statement", "keyword.control"), (9, "}", "", ""),
           (10, "output", "Statement", "keyword.control"),
           (10, "where", "Function", "support.function"), (10, "None", "Constant", "constant.language"),
           (11, "loss", "Statement", "keyword.control"), (11, "mse_loss", "Function", "support.function"),
           (12, "train", "Statement", "keyword.control"), (12, "SGD", "Function", "support.function"),
           (12, "lr", "Argument", "variable.parameter")]


def check_deb(bench):
    """Installs into a root of its own; what it needs is on this machine; what it installs works, also for other
    projects."""
    if not have("dpkg-deb", "nnc's own .deb"):
        return
    bench.run("cpack", "--config", os.path.join(bench.build, "CPackConfig.cmake"), "-G", "DEB", "-B", bench.path("deb"))
    package = glob.glob(bench.path("deb/nnc_*.deb"))[0]
    field = lambda name: bench.run("dpkg-deb", "-f", package, name).strip()
    holds(field("Package") == "nnc" and field("Section") == "devel" and field("Maintainer"),
          bench.run("dpkg-deb", "-I", package))
    needed = [d.split()[0] for d in field("Depends").split(",")]
    holds("libc6" in needed and "libjansson4" in needed and "libgvc6" in needed, needed)
    for name in needed:
        bench.run("dpkg-query", "-W", name)
    os.mkdir(bench.path("root"))
    if os.getuid() == 0:
        os.makedirs(bench.path("root/var/lib/dpkg/updates"))
        bench.write("root/var/lib/dpkg/status", "")
        said = bench.run("dpkg", "--root=" + bench.path("root"), "--force-depends", "--log=" + bench.path("log"),
                         "-i", package)
        holds("Setting up nnc" in said, said)
    else:
        bench.run("dpkg-deb", "-x", package, "root")
    usr = bench.path("root/usr")
    for name in ("bin/nnc", "share/doc/nnc/copyright", "share/doc/nnc/docs/using.md", "share/man/man1/nnc.1",
                 "share/bash-completion/completions/nnc", "share/nnc/editors/vim/syntax/nnc.vim",
                 "share/nnc/editors/vscode/nnc.tmLanguage.json", "share/nnc/editors/README.md"):
        holds(os.path.exists(os.path.join(usr, name)), name)
    licence = open(os.path.join(usr, "share/doc/nnc/copyright")).read()
    holds(licence == open(os.path.join(SOURCE, "LICENSE")).read() and "0BSD" in licence, "the licences")
    holds("not stripped" not in bench.run("file", os.path.join(usr, "bin/nnc"))
          if have("file", "whether nnc is stripped") else True, "stripped")
    # as a new user would
    bench.environment.update(PATH=os.path.join(usr, "bin") + ":" + os.environ["PATH"], CMAKE_PREFIX_PATH=usr)
    holds(bench.run("sh", "-ec",
                    "cd /; nnc --version; cd - >/dev/null; nnc new mine > commands; . ./commands").endswith(TAGS),
          "nnc new")
    project(bench, "find_package", "tagger.nn", "tagger.safetensors", "main.c")
    bench.run("cmake", "-S", "app", "-B", "out")
    bench.run("cmake", "--build", "out")
    holds(bench.run("out/app") == TAGS, "find_package")
    holds("model tagger" in bench.run("nnc", "summary", "app/tagger.nn"), "summary")
    bench.run("nnc", "graph", "app/tagger.nn", "-o", "tagger.svg")


def complete(bench, *words):
    """What bash offers for the last word."""
    line = " ".join(words)
    script = ('. ./completion; COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _nnc; printf "%%s\\n" '
              '"${COMPREPLY[@]}"'
              % " ".join("'%s'" % w for w in words))
    said = bench.run("bash", "--norc", "-c", script)
    holds("bash: " not in said and "completion: line" not in said, (line, said))
    return [w for w in said.split("\n") if w]


def check_completion(bench):
    bench.write("completion", bench.nnc_says("help", "--completion"))
    bench.write("my model.nn", "")
    bench.write("folder/x.nn", "")
    says = bench.nnc_says("--help")
    names = [line.split()[0] for line in says.split("says more:\n")[1].split("\n\n")[0].splitlines() if line.strip()]
    holds(set(names) <= set(complete(bench, "nnc", "")), "the commands")
    holds("my model.nn" in complete(bench, "nnc", ""), "files, too")
    holds(complete(bench, "nnc", "summ") == ["summary"], "summ")
    for name in names:
        options = set(re.findall(r"^ .{4} (--[a-z-]+)", bench.nnc_says("help", name), re.M))
        holds(options == set(complete(bench, "nnc", name, "--")), (name, options, complete(bench, "nnc", name, "--")))
    for option in set(re.findall(r"^  (?:-., |    )(--[a-z-]+)", says, re.M)):
        holds(option in complete(bench, "nnc", "model.nn", "--"), option)
    holds("-Wno-unused-layer" in complete(bench, "nnc", "model.nn", "-W"), "warnings")
    holds(complete(bench, "nnc", "help", "we") == ["weights"], "help")
    holds(complete(bench, "nnc", "package", "ar") == ["arduino"], "package")
    holds(set(complete(bench, "nnc", "new", "x", "--project", "")) == {"cmake", "make", "cpp", "arduino"}, "--project")
    holds(complete(bench, "nnc", "model.nn", "--target", "sc") == ["scalar"], "--target")
    holds(complete(bench, "nnc", "model.nn", "--target", "=", "sc") == ["scalar"], "--target=")
    for word in complete(bench, "nnc", "model.nn", "--target", ""):
        bench.nnc_says(os.path.join(TAGGER, "tagger.nn"), "--target", word, "-o", "-")
    holds(complete(bench, "nnc", "package", "arduino", "-o", "") == ["folder"],
          complete(bench, "nnc", "package", "arduino", "-o", ""))
    holds("my model.nn" in complete(bench, "nnc", "model.nn", "-o", ""), "-o")
    holds(complete(bench, "nnc", "summary", "--dim", "") == [], "--dim")


def scopes(grammar, line):
    """As editors read a TextMate grammar: (begin, end, scope) of a line; of matches that begin at one place the first
    rule."""
    found, at = [], 0
    while at < len(line):
        best = None
        for rule in grammar["patterns"]:
            quoted = "begin" in rule
            m = re.compile(rule["begin"] + r"(?:\\.|[^\\])*?" + rule["end"] if quoted
                           else rule["match"]).search(line, at)
            if m and m.end() > m.start() and (best is None or m.start() < best[0].start()):
                best = (m, rule)
        if not best:
            break
        m, rule = best
        span = m.span(1) if "captures" in rule else m.span()
        found.append((*span, rule["captures"]["1"]["name"] if "captures" in rule else rule["name"]))
        at = m.end()
    return found


def place(line, word):
    """Where the whole word is, not a part of another."""
    return re.search(r"(?<!\w)" + re.escape(word) + r"(?!\w)", line).start()


def scope_of(grammar, line, word):
    at = place(line, word)
    return next((s for begin, end, s in scopes(grammar, line) if begin == at and end == at + len(word)), "")


def names_in_docs():
    """Layers and functions that the language's reference shows."""
    page = open(os.path.join(SOURCE, "docs", "language.md")).read()
    reference = page[page.index("### Layers"):page.index("## Weights files")]
    rows = "\n".join(line for line in reference.splitlines() if line.startswith("|"))
    return set(re.findall(r"`([A-Z]\w+(?=\()|[a-z]\w+(?=\([^)]))", rows))


def check_textmate(bench):
    grammar = json.loads(bench.nnc_says("help", "--textmate"))
    holds(grammar["scopeName"] == "source.nnc" and grammar["fileTypes"] == ["nn"], "its head")
    for line, word, _, scope in COLOURS:
        found = scope_of(grammar, MODEL.splitlines()[line - 1], word)
        holds(found.startswith(scope) if scope else found == "", (line, word, found))
    names = names_in_docs()
    holds(len(names) > 100, names)
    for name in names:
        found = scope_of(grammar, f"    y = {name}(x)", name)
        wanted = "support.class" if name[0].isupper() else "support.function"
        holds(found.startswith(wanted), (name, found))
    for name in ("package.json", "language-configuration.json"):
        json.load(open(os.path.join(SOURCE, "compiler/editors/vscode", name)))


def check_vim(bench):
    """Neovim or Vim with the files as they are installed: which group each word has."""
    vim = shutil.which("nvim") or shutil.which("vim")
    if not vim or ("nvim" not in vim
                   and "+syntax" not in subprocess.run([vim, "--version"], stdout=subprocess.PIPE).stdout.decode()):
        processor.skipped("the syntax file for Vim", "no nvim, and no vim with +syntax")
        return
    install(bench)
    bench.write("m.nn", MODEL)
    lines = MODEL.splitlines()
    script = ["set nocompatible", "set runtimepath^=" + bench.path("prefix/share/nnc/editors/vim"),
              "filetype plugin on", "syntax on", "edit m.nn", "redir! > said", "echo &filetype &commentstring"]
    for line, word, _, _ in COLOURS:
        script.append(f'echo synIDattr(synID({line}, {place(lines[line - 1], word) + 1}, 1), "name")')
    bench.write("script.vim", "\n".join(script + ["redir END", "qa!"]) + "\n")
    bench.environment["HOME"] = bench.folder
    bench.run(vim, "-u", "NONE", "-n", *(["--headless"] if "nvim" in vim else ["-es"]), "-S", "script.vim")
    head, *found = bench.read("said").strip().split("\n")
    holds(head == "nnc # %s", head)
    for (line, word, group, _), got in zip(COLOURS, found):
        holds(got.strip() == ("nn" + group if group else ""), (line, word, group, got))
    holds(len(found) == len(COLOURS), found)
