"""nnc fmt: the canonical form of every .nn file that the project has says what the file says, and is its own."""
import glob
import os
import random
import re
import subprocess

from kit import SOURCE, holds

UGLY = """#!/x
# head


model   m # behind m
# own
{ # brace


  dim T=2 ..128   # len
  input x:float32[ T,2 * T ]#c
  layer a=Linear( 6,3 ,bias=false)   # hi
  # between
  layer longer=Linear( in_features = 3, out_features=3) from (weight='emb.weight', bias = 'it"s')

  layer front = Sequential(Linear(6, 64), ReLU(), Linear(64, 64), ReLU(), Linear(64, 64), Tanh(), Linear(64, 3)) from \
"x"
  y = -x[:, 1:T+1, -1] ** -2 // (T-1) + cat( # one
        # two
        (b,), [2,-3], where(a>=0, x[(T - 1)*2 , None], none))
  out, (h,c) = lstm(x)
  repeat a,b in x,y until -h[0]==2 & ~c { collect z:float32[2]=-h
  }

}
model   n { state h: float32[1]=-inf
output h }
# end"""

PRETTY = """#!/x
# head

model m {                                         # behind m
    # own
    # brace

    dim T = 2..128                                # len
    input x: float32[T, 2*T]                      #c
    layer a      = Linear(6, 3, bias=False)       # hi
    # between
    layer longer = Linear(in_features=3, out_features=3) from (weight="emb.weight", bias='it"s')

    layer front = Sequential(Linear(6, 64), ReLU(), Linear(64, 64), ReLU(), Linear(64, 64), Tanh(),
                             Linear(64, 3)) from "x"
    y = -x[:, 1:T+1, -1] ** -2 // (T - 1) + cat(  # one
                                                # two
                                                (b,), [2, -3],
                                                where(a >= 0, x[(T - 1)*2, None], None))
    out, (h, c) = lstm(x)
    repeat a, b in x, y until -h[0] == 2 & ~c {
        collect z: float32[2] = -h
    }
}

model n {
    state h: float32[1] = -inf
    output h
}

# end
"""


def run(*command, text=None):
    r = subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    return r.returncode, r.stdout, r.stderr.decode(errors="replace")


def fmt(bench, text):
    return run(bench.nnc, "fmt", "-", text=text)


def check_form(bench):
    status, made, said = fmt(bench, UGLY.encode())
    holds(status == 0 and made.decode() == PRETTY, f"{said}\n{made.decode()}")


def check_long_names(bench):
    """A name that is longer than others stands out, and moves no column."""
    long, most = "l" * 41, "m" * 40
    model = "model a {\n" + "".join(f"    layer {n} = Linear(1, 1)\n" for n in ("b", long, "cc", most)) + "}\n"
    status, made, _ = fmt(bench, model.encode())
    starts = [line.index("=") for line in made.decode().splitlines()[1:-1]]
    holds(status == 0 and starts == [51, 52, 51, 51], made)
    holds(fmt(bench, model.replace(most, "d").encode())[1].decode().splitlines()[1] == "    layer b  = Linear(1, 1)",
          made)


def models(everything):
    """All samples, and of the tests' own, which are many, every twelfth."""
    every = 1 if everything else 12
    for pattern, every in (("samples/*/*.nn", 1), ("tests/**/*.nn", every), ("bench/**/*.nn", every)):
        for path in sorted(glob.glob(os.path.join(SOURCE, pattern), recursive=True))[::every]:
            with open(path, "rb") as f:
                yield path, f.read()
    for path in sorted(glob.glob(os.path.join(SOURCE, "docs", "*.md"))):
        with open(path, encoding="utf-8") as f:
            for n, text in enumerate(re.findall(r"```nn(?:-error)?\n(.*?)```", f.read(), re.S)):
                yield f"{path}:{n}", text.encode()


def code(bench, path, text):
    """The C, without weights; where a model does not compile, what the parser sees. By the nnc of the build: it is fmt
    that is tried here, and sanitizers take half a minute for all this C."""
    nnc = os.path.join(bench.build, "nnc") if bench.build else bench.nnc
    bench.write("model.nn", "")
    with open(bench.path("model.nn"), "wb") as f:
        f.write(text)
    model = bench.path("model.nn")
    status, made, said = run(nnc, model, "--random-weights", "1", "--target", "baseline", "-o", "-",
                             "--diagnostics=json")
    holds(status in (0, 1), (path, said))
    return made if status == 0 else run(nnc, model, "--dump", "ast")[1]


def check_corpus(bench):
    """Formatted, a file compiles to the same C; formatted twice, it is as formatted once."""
    count = 0
    for path, text in models(bench.everything):
        status, made, said = fmt(bench, text)
        if status == 1:
            holds("error" in said and not made, (path, said))
            continue
        holds(status == 0, (path, status, said))
        count += 1
        holds(fmt(bench, made)[1] == made, f"{path}: twice is not once")
        holds(code(bench, path, text) == code(bench, path, made), f"{path}: other C")
        holds(sorted(re.findall(rb"#[^\n]*", text.replace(b" ", b"")))
              == sorted(re.findall(rb"#[^\n]*", made.replace(b" ", b"")))
              or b'"' in text, f"{path}: comments")
        for line in made.decode().splitlines():
            holds(line == line.rstrip(), f"{path}: blanks at a line's end")
    holds(count > 60, count)


def check_layout_is_no_matter(bench):
    """However a file is laid out, its form is one: blanks and lines put in between tokens at random change nothing."""
    dice = random.Random(14)
    token = re.compile(r'"[^"]*"|[A-Za-z_][\w.]*|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|\.\.\.?|\*\*|//|[=!<>]=|\S')
    for path, text in models(bench.everything):
        text = text.decode(errors="replace")
        if "samples" not in path or "#" in re.sub(r"#[^\n]*", "", text):
            continue
        plain = re.sub(r"[ \t]*#[^\n]*", "", text)
        plain = re.sub(r"\n\s*\n", "\n", plain).strip() + "\n"
        depth, out = 0, []
        for line in plain.splitlines():
            out.append(" " * dice.randrange(9))
            for t in token.findall(line):
                depth += (t in "([") - (t in ")]")
                out.append(t + (dice.choice([" ", "\n" + 12 * " ", "  ", " \t"]) if depth
                                else dice.choice([" ", "  "])))
            if depth == 0:
                out.append("\n")
        mixed = "".join(out)
        first, second = fmt(bench, plain.encode()), fmt(bench, mixed.encode())
        holds(first[0] == 0 and first[1] == second[1], f"{path}\n{mixed}\n{second}")


def check_samples_are_canonical(bench):
    bench.nnc_says("fmt", "--check", *sorted(glob.glob(os.path.join(SOURCE, "samples", "*", "*.nn"))))


def check_in_place(bench):
    bench.write("a.nn", "model a{input x:float32[2]\noutput y=x}")
    bench.write("b.nn", "model b {\n    input x: float32[2]\n    output y = x\n}\n")
    os.chmod(bench.path("a.nn"), 0o640)
    os.symlink("a.nn", bench.path("link.nn"))
    before = os.stat(bench.path("b.nn")).st_mtime_ns
    said = bench.nnc_says("fmt", "--check", "link.nn", "b.nn", status=1)
    holds("link.nn: error: is not in the canonical form" in said and "b.nn" not in said, said)
    holds(bench.nnc_says("fmt", "link.nn", "b.nn") == "", "silent")
    holds(bench.read("a.nn") == bench.read("b.nn").replace("model b", "model a"), bench.read("a.nn"))
    holds(os.path.islink(bench.path("link.nn")) and os.stat(bench.path("a.nn")).st_mode & 0o777 == 0o640,
          "the file itself")
    holds(os.stat(bench.path("b.nn")).st_mtime_ns == before, "b is as it should be: it is not written")
    bench.nnc_says("fmt", "--check", "link.nn", "b.nn")
    bench.write("crlf.nn", "\ufeffmodel a {\r\n    input x: float32[2]\r\n    output y = x\r\n}\r\n")
    bench.nnc_says("fmt", "crlf.nn")
    holds(open(bench.path("crlf.nn"), "rb").read() == open(bench.path("a.nn"), "rb").read(), "byte order mark, CR")


def check_faults(bench):
    """Nothing is touched, and nothing left behind; of several files the good ones are written."""
    bad, good = "model a { input x: float32[2\n", "model a{input x:float32[2]\noutput y=x}"
    bench.write("bad.nn", bad)
    bench.write("good.nn", good)
    said = bench.nnc_says("fmt", "bad.nn", "good.nn", "none.nn", ".", status=1)
    holds("bad.nn:" in said and "none.nn: error: No such file" in said and "is a directory" in said, said)
    holds(bench.read("bad.nn") == bad and bench.read("good.nn") != good, "bad is left, good is written")
    holds("which files" in bench.nnc_says("fmt", status=2), "no file")
    status, made, said = fmt(bench, bad.encode())
    holds(status == 1 and not made and "standard input:" in said, said)
    full = subprocess.run([bench.nnc, "fmt", "-"], input=good.encode(), stdout=open("/dev/full", "w"),
                          stderr=subprocess.PIPE)
    holds(full.returncode == 1 and b"No space" in full.stderr, full)
    closed = subprocess.run("%s fmt - 2>said | true" % bench.nnc, shell=True, input=PRETTY.encode() * 1,
                            cwd=bench.folder)
    holds(closed.returncode == 0, closed)
    if os.getuid():
        bench.write("closed/a.nn", good)
        os.chmod(bench.path("closed"), 0o555)
        said = bench.nnc_says("fmt", "closed/a.nn", status=1)
        os.chmod(bench.path("closed"), 0o755)
        holds("Permission" in said and bench.read("closed/a.nn") == good, said)
    holds(bench.names() == ["bad.nn", "good.nn", "said"] + (["closed"] if os.getuid() else []), bench.names())
