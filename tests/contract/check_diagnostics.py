"""What nnc says: places in text and in JSON, colours, the names of warnings. The corpus is that of
tests/diagnostics."""
import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import unicodedata

from kit import TOP, need, safetensors

ESCAPES = re.compile(r"\x1b\[[\d;]*m")
CORPUS = os.path.join(TOP, "tests", "diagnostics")
UNUSED = """model time {
    dim T = 1..9
    dim U = 1..9
    weights "w.safetensors"
    input x: float32[T, 3]
    input z: float32[3]
    state read: float32[3]
    state left_alone: float32[3]
    param p: float32[1]
    layer spare = Dropout()
    layer fc = Linear(3, 1, bias=False) as stored
    output y = fc(view(view(x, 3, T), T, 3)) + read
}
"""
TENSORS = {"left": ([1], [0]), "p": ([1], [0]), "fc.weight": ([1, 3], [1, 1e-40, 2])}
NAMES = ("denormal-weights", "library-name", "narrow", "unbound-state", "unused-dim", "unused-input", "unused-layer",
         "unused-param", "unused-state", "unused-tensor", "view-order")
FAULT = "model m {\n    input x: float32[3]\n    output y = x + unknown\n}\n"


def corpus():
    """(folder, options) of every case of the corpus but those about ways to show."""
    for folder, _, files in sorted(os.walk(CORPUS)):
        if "case.nn" not in files or "--diagnostics" in options_of(folder) or "--color" in options_of(folder):
            continue
        yield folder, shlex.split(options_of(folder))


def text_of(folder):
    """What nnc says of a case, as `ctest diagnostics` holds it."""
    with open(os.path.join(folder, "expected.txt"), "rb") as f:
        return f.read().decode(errors="replace")


def options_of(folder):
    path = os.path.join(folder, "options")
    if not os.path.exists(path):
        return ""
    with open(path) as f:
        return f.read()


def width(text, tab=8):
    """Columns of a terminal, by Python's own tables; a tab goes to the next stop."""
    columns = 0
    for c in text:
        if c == "\t":
            columns += tab - columns % tab
        elif unicodedata.category(c) in ("Mn", "Me") or (unicodedata.category(c) == "Cf" and c != "\u00ad"):
            continue
        else:
            columns += 2 if unicodedata.east_asian_width(c) in "WF" else 1
    return columns


def shown(data):
    """Bytes as nnc shows them: what is not UTF-8, controls and turned directions are U+FFFD."""
    text, at = "", 0
    while at < len(data):
        for n in (1, 2, 3, 4):
            try:
                c = data[at:at + n].decode()
                break
            except UnicodeDecodeError:
                c = ""
        if len(c) != 1:
            c, n = "\ufffd", 1
        hidden = (unicodedata.category(c) == "Cc" and c != "\t") or c in "\u200e\u200f\u061c\u2028\u2029" or \
            "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069"
        text += "\ufffd" if hidden else c
        at += n
    return text


def units(text):
    return len(text.encode("utf-16-le")) // 2


def hold_place(data, d, what):
    """The five ways in which an object says its place, held against the file's bytes."""
    begin, end = d["bytes"]["begin"], d["bytes"]["end"]
    mark = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    need(mark <= begin <= end <= len(data), f"{what}: bytes {begin} to {end} of {len(data)}")
    for offset, line, column, edge in ((begin, d["line"], d["column"], d["range"]["start"]),
                                       (end, d["end_line"], d["end_column"], d["range"]["end"])):
        first = max(data.rfind(b"\n", 0, offset) + 1, mark)
        before = shown(data[first:offset])
        want = (data.count(b"\n", 0, offset), len(before), units(before))
        got = (line - 1, column - 1, edge["character"])
        need(want == got and edge["line"] == line - 1, f"{what}: line, column, UTF-16 {got}, expected {want}")


def check_json_says_the_same(t):
    """`--diagnostics=json`: an object to a line, with places in bytes, code points and UTF-16, and what the text
    says."""
    count = 0
    for folder, options in corpus():
        name = os.path.relpath(folder, CORPUS)
        with open(os.path.join(folder, "case.nn"), "rb") as f:
            data = f.read()
        shutil.copytree(folder, t.path(name))
        lines = text_of(folder).splitlines()
        r = t.nnc("case.nn", "-o", "o.c", *options, "--diagnostics=json", status=None, cwd=t.path(name))
        need(r.status == any(re.match(r"\S[^|]*: error: ", l) for l in lines), f"{name}: exit status {r.status}")
        heads, notes, hints = [], [], []
        for line in r.err.splitlines():
            d = json.loads(line)
            count += 1
            if "range" in d:
                hold_place(data, d, name)
            place = f":{d['line']}:{d['column']}" if "range" in d else ""
            suffix = f" [-W{'error=' if d['severity'] == 'error' else ''}{d['name']}]" if "name" in d else ""
            heads.append(f"{d['file']}{place}: {d['severity']}: {d['message']}{suffix}")
            for note in d["notes"]:
                if "range" in note:
                    hold_place(data, note, name)
                    notes.append(f"{d['file']}:{note['line']}:{note['column']}: note: {note['message']}")
                else:
                    need(set(note) == {"message"}, f"{name}: {note}")
                    notes.append(f"  note: {note['message']}")
            hints += [f"  hint: {h}" for h in d["hints"]]
        need([l for l in lines if re.match(r"\S[^|]*: (error|warning): ", l)] == heads,
             f"{name}: not what the text says:\n{r.err}")
        need([l for l in lines if re.match(r"(  |[^ |][^|]*:\d+:\d+: )note: ", l)] == notes,
             f"{name}: other notes:\n{r.err}")
        need([l for l in lines if l.startswith("  hint: ")] == hints, f"{name}: other hints")
    need(count > 400, f"only {count} diagnostics")


def check_carets_stand_under_the_fault(t):
    """The caret stands in the terminal's column of the part at fault: behind tabs, wide and combining characters, in
    lines that are cut, and in files with CRLF and a byte order mark."""
    count = windows = 0
    for folder, _ in corpus():
        name = os.path.relpath(folder, CORPUS)
        with open(os.path.join(folder, "case.nn"), "rb") as f:
            lines = f.read().removeprefix(b"\xef\xbb\xbf").split(b"\n")
        for m in re.finditer(r"^case\.nn:(\d+):(\d+): .*\n( *\d+ \| ?)(.*)\n( *\| )(.*)$", text_of(folder), re.M):
            line, column, margin, quoted, below, caret = int(m[1]), int(m[2]), m[3], m[4], m[5], m[6]
            source = shown(lines[line - 1].removesuffix(b"\r") if line < len(lines) else lines[line - 1])
            need(len(margin.rstrip()) == len(below.rstrip()), f"{name}:{line}: the margins differ")
            if quoted != source:
                windows += 1
                cut = quoted.strip("…")
                need(len(source) > 160 and cut in source, f"{name}:{line}: {quoted!r} is no part of the line")
                lead = "…" if quoted.startswith("…") and not source.startswith("…") else ""
                places = [m.start() for m in re.finditer(f"(?={re.escape(cut)})", source)]
                befores = [lead + source[at:column - 1] for at in places if at <= column - 1 <= at + len(cut)]
            else:
                befores = [source[:column - 1]]
            need(re.fullmatch(r"[ \t]*\^~*", caret), f"{name}:{line}: {caret!r}")
            # a line that repeats itself has several places that look like the window
            want, got = [width(margin + b) for b in befores], width(below + caret[:caret.index("^")])
            need(got in want or not quoted,
                 f"{name}:{line}:{column}: the caret stands in column {got}, expected {want}\n{m[0]}")
            count += 1
    need(count > 600 and windows >= 6, f"only {count} carets, {windows} in lines that were cut")


def check_distinct_faults(t):
    """The corpus holds far more than 80 distinct faults: messages that differ in more than the names and numbers in
    them."""
    kinds = set()
    for folder, _, files in os.walk(CORPUS):
        if "expected.txt" in files:
            with open(os.path.join(folder, "expected.txt"), errors="replace") as f:
                for message in re.findall(r": error: (.*)", f.read()):
                    message = re.sub(r"'[^']*'|\"[^\"]*\"", "…", message)
                    kinds.add(re.sub(r"\b(?=\w*[\dA-Z_.])[\w.]+|\[[^\]]*\]|\([^)]*\)", "…", message)[:60])
    need(len(kinds) >= 250, f"{len(kinds)} kinds of errors")


def in_terminal(t, env, *options):
    """What nnc writes to standard error when that is a terminal."""
    master, slave = pty.openpty()
    try:
        environment = {k: v for k, v in os.environ.items() if k not in ("TERM", "NO_COLOR")}
        p = subprocess.run([t.nnc_path, "m.nn", "-o", "o.c", *options], cwd=t.folder, stderr=slave,
                           env={**environment, **env})
        need(p.returncode == 1, f"exit status {p.returncode}")
        os.set_blocking(master, False)
        return os.read(master, 100000).decode().replace("\r\n", "\n")
    finally:
        os.close(master)
        os.close(slave)


def check_colors(t):
    """`--color=auto|always|never`: auto where standard error is a terminal, unless NO_COLOR or TERM=dumb; the text is
    the same."""
    t.write("m.nn", FAULT)
    plain = t.nnc("m.nn", "-o", "o.c", status=1, env={**os.environ, "TERM": "xterm"}).err
    need("\x1b" not in plain, "colours in a pipe")
    always = t.nnc("m.nn", "-o", "o.c", "--color=always", status=1, env={**os.environ, "NO_COLOR": "1"}).err
    need("\x1b[1;31merror:" in always and ESCAPES.sub("", always) == plain, always)
    for env, options, colored in (({"TERM": "xterm"}, (), True), ({"TERM": "xterm"}, ("--color", "auto"), True),
                                  ({"TERM": "xterm", "NO_COLOR": ""}, (), True),
                                  ({"TERM": "xterm", "NO_COLOR": "1"}, (), False),
                                  ({"TERM": "dumb"}, (), False), ({}, (), False),
                                  ({"TERM": "xterm"}, ("--color=never",), False),
                                  ({"TERM": "dumb", "NO_COLOR": "1"}, ("--color=always",), True),
                                  ({"TERM": "xterm"}, ("--diagnostics=json",), False)):
        out = in_terminal(t, env, *options)
        need(("\x1b" in out) == colored, f"{env} {options}: {out!r}")
        need("--diagnostics=json" in options or ESCAPES.sub("", out) == plain, f"{env} {options}: {out!r}")


def warn(t, *options):
    """{name: severity} of the warnings about UNUSED, and the exit status."""
    r = t.nnc("m.nn", "-o", "o.c", *options, status=None)
    found = re.findall(r": (error|warning): .*\[-W(?:error=)?([\w-]+)\]", r.err)
    written = os.path.exists(t.path("o.c"))
    need(written == (r.status == 0),
         f"{options}: exit status {r.status}, and an output {'exists' if written else 'is missing'}")
    if written:
        os.remove(t.path("o.c"))
    return dict((name, severity) for severity, name in found), r.status


def check_names_of_warnings(t):
    """Every warning has a name: `-Wno-NAME`, `-WNAME`, `-Werror`, `-Werror=NAME`, `-Wno-error=NAME`; `--help` and the
    docs list them; an unknown one is an error with a suggestion."""
    t.write("m.nn", UNUSED)
    t.write("w.safetensors", safetensors(TENSORS))
    w, e = dict.fromkeys(NAMES, "warning"), dict.fromkeys(NAMES, "error")
    need(warn(t) == (w, 0), f"by default: {warn(t)}")
    need(warn(t, "-Werror") == (e, 1), "-Werror")
    need(warn(t, "-Werror", "-Wno-error") == (w, 0), "-Wno-error")
    for name in NAMES:
        less = {n: s for n, s in w.items() if n != name}
        need(warn(t, f"-Wno-{name}") == (less, 0), f"-Wno-{name}: {warn(t, f'-Wno-{name}')}")
        need(warn(t, f"-Wno-{name}", f"-W{name}") == (w, 0), f"-W{name}")
        need(warn(t, f"-Wno-{name}", f"-Werror={name}") == ({**w, name: "error"}, 1), f"-Werror={name}")
        need(warn(t, f"-Wno-error={name}", "-Werror") == ({**e, name: "warning"}, 1), f"-Wno-error={name}")
        need(warn(t, "-Werror", f"-Wno-{name}") == ({n: s for n, s in e.items() if n != name}, 1),
             f"-Werror -Wno-{name}")
    need(warn(t, "-Werror", *(f"-Wno-{n}" for n in NAMES)) == ({}, 0), "all of them off")
    described = t.nnc("--help").out.decode()
    with open(os.path.join(TOP, "docs", "diagnostics.md")) as f:
        documented = f.read()
    for name in NAMES:
        need(re.search(rf"^  {name} +\w", described, re.M), f"--help does not list {name}")
        need(f"| `{name}` |" in documented, f"docs/diagnostics.md does not list {name}")
    listed = described.split("warnings, all of them on:\n")[1].split("\n\n")[0].splitlines()
    # of import, torch, 32 MB of weights, training
    others = ["gru-reset", "inplace", "large-code", "loss-input", "untrained-param"]
    need([line.split()[0] for line in listed] == sorted([*NAMES, *others]), "--help lists others too")
    for option, meant in (("unused-lyer", "-Wunused-layer"), ("no-unused-dims", "-Wno-unused-dim"),
                          ("error=unused-tensors", "-Werror=unused-tensor"),
                          ("no-error=unused_dim", "-Wno-error=unused-dim")):
        r = t.nnc("m.nn", "-o", "o.c", f"-W{option}", status=2)
        need(f"did you mean {meant}?" in r.err and not os.path.exists(t.path("o.c")), r.err)
    for option in ("zzz", "error=", "no-", "", "all"):
        r = t.nnc("m.nn", "-o", "o.c", f"-W{option}" if option else "-W", status=2)
        need(option in ("", ) or all(n in r.err for n in NAMES), r.err)
    for option in ("--color=blue", "--diagnostics=xml", "--color", "--diagnostics"):
        need(t.nnc("m.nn", "-o", "o.c", option, status=2).err, option)


def check_files_in_json(t):
    """Errors about whole files are objects as well, and nothing else is on standard error."""
    t.write("m.nn", UNUSED)
    for args in (["missing.nn", "-o", "o.c"], ["m.nn", "-o", "no/such/o.c", "--random-weights=1"],
                 ["--runtime", "no/such/folder"],
                 ["m.nn", "-o", "o.c"], ["m.nn", "--weights", "m.nn", "-o", "o.c"]):
        r = t.nnc(*args, "--diagnostics=json", status=1)
        errors = [d for d in map(json.loads, r.err.splitlines()) if d["severity"] == "error"]
        need(errors and all(d["file"] and d["message"] for d in errors), f"{args}: {r.err}")
