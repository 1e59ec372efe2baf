#!/usr/bin/env python3
"""Checks what nnc import makes of ONNX models.

usage: run_import.py --nnc BUILD/nnc [--only REGEX] [--cc cc] [--cflags "-O2"] [--nnc-flags "..."] [--sanitized]
                     FOLDER...

A FOLDER is one of these, or a single case of one of them:
  hostile/  each file of index.json: exit status 1, a message that says what must be said, no file written, nothing run,
            not more than --seconds of processor time and --memory; the few with "expect": "accept" are good and must be
            taken.
  onnx/     each case: nnc import model.onnx -o model.nn OPTIONS, nnc model.nn -o model.c, compiled, run on in.*.npy;
            every number of out.*.npy within 1e-5 absolute plus 1e-5 relative.
  node/     (also pytorch-converted/, pytorch-operator/) the ONNX project's own tests out of Debian's libonnx-testdata:
            those that --list names with the inputs that stay arguments; all other inputs become initializers of the
            model.
The driver that it writes follows the prototype of NAME_run in the generated header: dims by name, else in order; arrays
in order. --sanitized lifts the limits of address space and memory, for builds with ASan. Needs Python's standard
library and a C compiler.
"""
import argparse, array, ast, json, math, os, re, resource, shlex, shutil, signal, struct, subprocess, sys, tempfile

sys.dont_write_bytecode = True   # no __pycache__ in the source tree

import precompiled


class Wrong(Exception):
    pass


# ---------------------------------------------------------------- running nnc

def launch(args, cmd, cwd):
    """Exit status, what it said, seconds of processor time, megabytes."""
    def limits():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (args.seconds, args.seconds + 1))
        if not args.sanitized:
            resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    said = os.path.join(cwd, ".said")
    with open(said, "wb") as f:
        p = subprocess.Popen(cmd, cwd=cwd, stdin=subprocess.DEVNULL, stdout=f, stderr=f, preexec_fn=limits,
                             start_new_session=True)
        _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    with open(said, "rb") as f:
        text = f.read(1 << 20).decode(errors="replace")
    os.remove(said)
    seconds, megabytes = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    if p.returncode == -signal.SIGXCPU:
        raise Wrong(f"took more than {args.seconds} s of processor time")
    if p.returncode < 0:
        raise Wrong(f"killed by signal {-p.returncode} ({signal.Signals(-p.returncode).name}): {first(text)}")
    if "AddressSanitizer" in text or "runtime error:" in text or "LeakSanitizer" in text:
        raise Wrong(f"sanitizer: {first(text)}")
    return p.returncode, text, seconds, megabytes


def first(text, n=300):
    return " | ".join(l.strip() for l in text.strip().splitlines()[:5])[:n] or "(it said nothing)"


def said_all(text, say):
    missing = [s for s in say if not re.search(s, text, re.I)]
    if missing:
        raise Wrong(f"the message does not say {', '.join(missing)}: {first(text)}")


def refused(args, text, status, cwd, before, say):
    if status != 1:
        raise Wrong(f"exit status {status}, 1 expected: {first(text)}")
    if not text.strip():
        raise Wrong("refused without a word")
    new = sorted(set(os.listdir(cwd)) - before)
    if "pwned" in new:
        raise Wrong("IT RAN THE FILE'S CODE")
    if new:
        raise Wrong(f"refused, but wrote {', '.join(new)}")
    said_all(text, say)


# ---------------------------------------------------------------- hostile

def run_hostile(args, folder, name, meta):
    with tempfile.TemporaryDirectory() as d:
        shutil.copy(os.path.join(folder, name), d)
        for f in meta["beside"]:
            shutil.copy(os.path.join(folder, f), d)
        cmd = [args.nnc, "import", name, "-o", "model.nn"]
        before = set(os.listdir(d))
        status, said, seconds, megabytes = launch(args, cmd, d)
        if meta["expect"] == "accept":
            if status:
                raise Wrong(f"nothing is wrong with this file, but exit status {status}: {first(said)}")
        else:
            refused(args, said, status, d, before, meta["say"])
        if megabytes > args.memory and not args.sanitized:
            raise Wrong(
                f"took {megabytes:.0f} MB for a file of {os.path.getsize(os.path.join(folder, name)) / 1e6:.1f} MB")
        return f"{'accepted' if status == 0 else 'refused'}, {seconds:.2f} s, {megabytes:.0f} MB"


# ---------------------------------------------------------------- arrays

CODE = {"float32": "f", "int32": "i"}


def npy(path):
    with open(path, "rb") as f:
        assert f.read(6) == b"\x93NUMPY", path
        f.read(2)
        n = struct.unpack("<H", f.read(2))[0]
        head = ast.literal_eval(f.read(n).decode("latin1"))
        assert not head["fortran_order"] and head["descr"] in ("<f4", "<i4"), path
        return array.array("f" if head["descr"] == "<f4" else "i", f.read())


def product(shape):
    return math.prod(shape)


def prototype(header):
    """(name, [(C type, argument)]) of the only NAME_run in a generated header."""
    text = re.sub(r"/\*.*?\*/", " ", open(header).read(), flags=re.S)
    found = re.findall(r"\b(\w+)_run\s*\(([^)]*)\)", text)
    if len(found) != 1:
        raise Wrong(f"{len(found)} run functions in the header")
    name, args = found[0]
    out = []
    for a in args.split(","):
        m = re.match(r"\s*(const\s+)?(struct\s+)?(\w+)\s*(\*?)\s*(?:NNC_\w+\s+|restrict\s+)?(\w+)\s*(\[[^\]]*\])*\s*$",
                     a)
        if not m:
            raise Wrong(f"cannot read the argument {a.strip()}")
        kind = "size_t" if m[3] == "size_t" else "self" if m[3] == name else ("in " if m[1] else "out ") + m[3]
        out.append((kind, m[5]))
    return name, out


def drive(args, d, inputs, outputs, dims, steps):
    """Compiles model.c with a driver, runs it, returns the outputs. inputs: arrays; outputs: shapes."""
    name, proto = prototype(os.path.join(d, "model.h"))
    ins, outs = [p for p in proto if p[0].startswith("in ")], [p for p in proto if p[0].startswith("out ")]
    sizes = [p[1] for p in proto if p[0] == "size_t"]
    if len(ins) != len(inputs) or len(outs) != len(outputs) or len(sizes) != len(dims):
        raise Wrong(f"{name}_run takes {len(sizes)} dims, {len(ins)} inputs, {len(outs)} outputs; the model has "
                    f"{len(dims)}, {len(inputs)}, {len(outputs)}")
    by_name = all(s in dims for s in sizes)
    values = [dims[s] for s in sizes] if by_name else list(dims.values())
    lines = ['#include "model.h"', "#include <stdio.h>", "#include <stdint.h>", "#include <string.h>"]
    n = steps or 1
    for i, (p, a) in enumerate(zip(ins, inputs)):
        want = "f" if p[0] == "in float" else "i"
        if a.typecode != want:
            a = array.array(want, [float(x) if want == "f" else int(x) for x in a])
        open(os.path.join(d, f"in{i}.bin"), "wb").write(a.tobytes())
        lines.append(f"static {p[0][3:]} in{i}[{max(1, len(a))}];")
    for i, (p, s) in enumerate(zip(outs, outputs)):
        lines.append(f"static {p[0][4:]} out{i}[{max(1, product(s))}];")
    lines += [f"static {name} self;", "int main(void) {", "  FILE *f; int s, r;"]
    for i, a in enumerate(inputs):
        lines.append(f'  f = fopen("in{i}.bin", "rb"); if (!f || fread(in{i}, 4, {len(a)}, f) != {len(a)}) return 90; '
                     f'fclose(f);')
    step = ([f"in{i} + (size_t)s * {len(a) // n}" for i, a in enumerate(inputs)]
            + [f"out{i} + (size_t)s * {product(s) // n}" for i, s in enumerate(outputs)])
    arguments = ", ".join(["&self"] + [f"(size_t){v}" for v in values] + step)
    lines += ["  memset(&self, 0xA5, sizeof self);", f"  {name}_reset(&self);", f"  for (s = 0; s < {n}; s++)",
              f'    if ((r = (int){name}_run({arguments})) != 0) {{ fprintf(stderr, "status %d\\n", r); return 91; }}']
    for i, s in enumerate(outputs):
        lines.append(f'  f = fopen("out{i}.bin", "wb"); if (!f || fwrite(out{i}, 4, {product(s)}, f) != {product(s)}) '
                     f'return 92; fclose(f);')
    open(os.path.join(d, "driver.c"), "w").write("\n".join(lines + ["  return 0;", "}"]) + "\n")
    cc = shlex.split(args.cc) + shlex.split(args.cflags)
    for what, cmd in (("cc", cc + args.runtime.before(os.path.join(d, "model.c")) + ["-c", "model.c"]),
                      ("cc", cc + ["-O0", "-I", args.runtime.runtime, "driver.c", "model.o", "-o", "prog", "-lm"]),
                      ("the program", ["./prog"])):
        r = subprocess.run(cmd, cwd=d, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
        if r.returncode:
            raise Wrong(f"{what} exited {r.returncode}: {first(r.stdout.decode(errors='replace'))}")
    return [array.array("f" if p[0] == "out float" else "i", open(os.path.join(d, f"out{i}.bin"), "rb").read()) for i,
            p in enumerate(outs)]


def compare(names, got, want):
    """The largest error as a multiple of what is allowed."""
    worst = 0.0
    for name, g, w in zip(names, got, want):
        if len(g) != len(w):
            raise Wrong(f"{name}: {len(g)} elements, {len(w)} expected")
        if w.typecode == "i":
            n = sum(a != b for a, b in zip(g, w))
            if n:
                raise Wrong(f"{name}: {n} of {len(w)} integers differ")
            continue
        for i, (a, b) in enumerate(zip(g, w)):
            same = a == b or (a != a and b != b)
            e = 0.0 if same else abs(a - b) / (1e-5 + 1e-5 * abs(b))
            if not e <= 1:
                raise Wrong(f"{name}: element {i} is {a:.9g}, {b:.9g} expected")
            worst = max(worst, e)
    return worst


def import_and_run(args, d, meta, inputs, outputs, want):
    before = set(os.listdir(d))
    status, said, _, _ = launch(args, [args.nnc, "import", "model.onnx", "-o", "model.nn", *meta["import"]], d)
    if meta["expect"] == "refuse" or (meta["expect"] == "equal-or-refuse" and status == 1):
        refused(args, said, status, d, before, meta["say"])
        return "refused" if meta["expect"] == "refuse" else "refused, allowed"
    if status:
        raise Wrong(f"nnc import, exit status {status}: {first(said)}")
    if "pwned" in os.listdir(d) or not os.path.exists(os.path.join(d, "model.nn")):
        raise Wrong("nnc import wrote no model.nn")
    status, said, _, _ = launch(args, [args.nnc, "model.nn", "-o", "model.c", "--no-runtime",
                                       *shlex.split(args.nnc_flags)], d)
    if status:
        raise Wrong(f"the imported .nn does not compile, exit status {status}: {first(said)}")
    got = drive(args, d, inputs, outputs, meta["dims"], meta["steps"])
    return f"{compare([o['name'] for o in meta['outputs']], got, want):.3f} of the tolerance"


def run_onnx(args, case, meta):
    with tempfile.TemporaryDirectory() as d:
        shutil.copy(os.path.join(case, meta["model"]), os.path.join(d, "model.onnx"))
        if os.path.exists(os.path.join(case, "model.onnx.data")):
            shutil.copy(os.path.join(case, "model.onnx.data"), d)
        load = lambda kind, t: npy(os.path.join(case, f"{kind}.{t['name']}.npy"))
        return import_and_run(args, d, meta, [load("in", t) for t in meta["inputs"]],
                              [t["shape"] for t in meta["outputs"]], [load("out", t) for t in meta["outputs"]])


# ---------------------------------------------------------------- the ONNX project's tests

def fields(b):
    """(number, wire type, value) of a protobuf message."""
    i = 0

    def varint():
        nonlocal i
        v = s = 0
        while True:
            c = b[i]
            i += 1
            v |= (c & 127) << s
            s += 7
            if c < 128:
                return v
    while i < len(b):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, 0, varint()
        elif key & 7 == 2:
            n = varint()
            yield key >> 3, 2, b[i:i + n]
            i += n
        else:
            n = 4 if key & 7 == 5 else 8
            yield key >> 3, key & 7, b[i:i + n]
            i += n


def field(number, payload):
    out, n = bytearray(), number << 3 | 2
    for v in (n, len(payload)):
        while v > 127:
            out.append(v & 127 | 128)
            v >>= 7
        out.append(v)
    return bytes(out) + payload


def tensor_proto(b):
    """(shape, values, the message without its name)."""
    shape, kind, raw, rest, floats, ints = [], 0, None, b"", array.array("f"), []
    signed = lambda v: v - (1 << 64) if v >> 63 else v
    for n, wire, v in fields(b):
        if n == 8:
            continue
        if n == 1:
            shape += [v] if wire == 0 else [x for x in unpacked(v)]
        elif n == 2:
            kind = v
        elif n == 9:
            raw = v
        elif n == 4:
            floats.frombytes(v)
        elif n in (5, 7):
            ints += [signed(v)] if wire == 0 else [signed(x) for x in unpacked(v)]
        if wire == 2:
            rest += field(n, v)
        else:
            out, x = bytearray(), v
            rest += bytes([n << 3]) + varint_bytes(x)
    if kind not in (1, 6, 7, 9):
        raise Wrong(f"element type {kind} in the test's data")
    if raw is not None:
        values = array.array({1: "f", 6: "i", 7: "q", 9: "b"}[kind], raw)
    else:
        values = floats if kind == 1 else ints
    return shape, array.array("f", values) if kind == 1 else array.array("i", [int(x) for x in values]), rest


def varint_bytes(v):
    out = bytearray()
    while v > 127:
        out.append(v & 127 | 128)
        v >>= 7
    out.append(v)
    return bytes(out)


def unpacked(b):
    v = s = 0
    for c in b:
        v |= (c & 127) << s
        s += 7
        if c < 128:
            yield v
            v = s = 0


def run_node(args, case, arguments):
    model = open(os.path.join(case, "model.onnx"), "rb").read()
    data = os.path.join(case, "test_data_set_0")
    load = lambda kind, i: tensor_proto(open(os.path.join(data, f"{kind}_{i}.pb"), "rb").read())
    graph = next(v for n, _, v in fields(model) if n == 7)
    name_of = lambda v: next(x for n, _, x in fields(v) if n == 1).decode()
    has = {next(x for m, _, x in fields(v) if m == 8).decode() for n, _, v in fields(graph) if n == 5}
    ins = [name_of(v) for n, _, v in fields(graph) if n == 11 and name_of(v) not in has]
    outs = [name_of(v) for n, _, v in fields(graph) if n == 12]
    inputs, new = [], b""
    for i, name in enumerate(ins):
        shape, values, message = load("input", i)
        if name in arguments:
            inputs.append(values)
        else:
            new += field(5, message + field(8, name.encode()))
    spliced = b"".join(field(n, v + new if n == 7 else v) if w == 2 else bytes([n << 3]) + varint_bytes(v) for n, w,
                       v in fields(model))
    want = [load("output", i) for i in range(len(outs))]
    with tempfile.TemporaryDirectory() as d:
        open(os.path.join(d, "model.onnx"), "wb").write(spliced)
        meta = {"import": [], "expect": "equal", "dims": {}, "steps": None, "say": [],
                "outputs": [{"name": n} for n in outs]}
        return import_and_run(args, d, meta, inputs, [w[0] for w in want], [w[1] for w in want])


# ---------------------------------------------------------------- all of them

def cases(args, folder):
    """(name, grade, what to call) of a folder."""
    folder = os.path.abspath(folder)
    load = lambda *p: json.load(open(os.path.join(*p)))
    if os.path.exists(os.path.join(folder, "index.json")):
        for name, meta in sorted(load(folder, "index.json").items()):
            yield name, meta["grade"], lambda name=name, meta=meta: run_hostile(args, folder, name, meta)
        return
    names = ([folder] if os.path.isfile(os.path.join(folder, "model.onnx"))
             else [os.path.join(folder, n) for n in sorted(os.listdir(folder))])
    for case in names:
        name = os.path.basename(case)
        if os.path.isfile(os.path.join(case, "case.json")):
            yield name, "must", lambda case=case: run_onnx(args, case, load(case, "case.json"))
        elif os.path.isdir(os.path.join(case, "test_data_set_0")) and name in args.nodes:
            yield name, "must", lambda case=case, name=name: run_node(args, case, args.nodes[name])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--nnc", required=True)
    p.add_argument("--cc", default=os.environ.get("CC", "cc"))
    p.add_argument("--cflags", default="-O1")
    p.add_argument("--nnc-flags", default="")
    p.add_argument("--only", default="")
    p.add_argument("--list", help="for node/: a file with lines 'TEST INPUT…' (default: node_tests.txt in ../import)")
    p.add_argument("--strict", action="store_true")
    p.add_argument("--sanitized", action="store_true")
    p.add_argument("--seconds", type=int, default=20)
    p.add_argument("--memory", type=float, default=200, metavar="MB")
    p.add_argument("--quiet", action="store_true", help="print failures only")
    p.add_argument("folders", nargs="+")
    args = p.parse_args()
    args.nnc = os.path.abspath(args.nnc)
    listed = args.list or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "import", "node_tests.txt")
    args.nodes = {}
    if os.path.exists(listed):
        for line in open(listed):
            words = line.split("#")[0].split()
            if words:
                args.nodes[words[0]] = words[1:]
    good = bad = nice = 0
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([args.nnc, "--runtime", scratch], check=True)
        command = shlex.split(args.cc) + shlex.split(args.cflags)
        args.runtime = precompiled.Runtime(command, scratch)
        for folder in args.folders:
            for name, grade, call in cases(args, folder):
                if not re.search(args.only, name):
                    continue
                try:
                    result = call()
                    good += 1
                    if not args.quiet:
                        print(f"ok   {name:28} {result}", flush=True)
                except Exception as e:
                    counted = grade == "must" or args.strict
                    bad, nice = bad + counted, nice + (not counted)
                    what = str(e) if isinstance(e, Wrong) else f"{type(e).__name__}: {e}"
                    print(f"{'FAIL' if counted else 'nice'} {name:28} {what}", flush=True)
    print(f"{good} passed, {bad} failed" + (f", {nice} of grade nice failed and not counted" if nice else ""))
    if good + bad + nice == 0:
        print("nothing to check in these folders")
        return 2
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
