#!/usr/bin/env python3
"""Compiles training cases with nnc, trains in the generated C and compares with what PyTorch gave.

usage: run_train.py --nnc BUILD/nnc [--cc gcc] [--cflags=-O2] [--nnc-flags=…] [--runner "qemu-arm -L ..."]
                    [--link "..."] [--needs TARGET] [--tolerance X] [--stand-in DIR] [--part K/N] CASE_DIR...

What a case folder holds is said in train/make.py's first lines (case.json: batches, calls, params). Everything
passes at 4 x torch_f32_error + 1e-6. The error of a loss or of an output of run is |got - want| / (1 + |want|); that of
a gradient, a parameter or an output of training is |got - want| over the largest |want| of its tensor (over 1e-4 of the
largest of all tensors where that is more). Integers must be equal. Beside that: a call that must fail leaves struct and
results as they were; save gives a .safetensors file with these keys, shapes and values, byte for byte as the
safetensors library writes it; restore takes it back and refuses a damaged one; get and set of parameters are exact; two
structs given the same calls are equal bit for bit; init draws from torch's distributions. Needs only Python.
The driver that it writes is the reading of the interface of training. --stand-in DIR: take model.c and model.h from
there instead of calling nnc.
"""
import argparse, array, ast, json, math, os, shlex, struct, subprocess, sys, tempfile

import precompiled
import processor
import tensors_file
from casefile import product as prod

HERE = os.path.dirname(os.path.abspath(__file__))
C = {"float32": "float", "int32": "int32_t"}


def npy(path):
    """(dtype, shape, bytes) of a little-endian C-ordered array"""
    with open(path, "rb") as f:
        if f.read(6) != b"\x93NUMPY":
            raise RuntimeError(f"{os.path.basename(path)} is not a .npy file")
        major = f.read(2)[0]
        size = struct.unpack("<H", f.read(2))[0] if major == 1 else struct.unpack("<I", f.read(4))[0]
        head = ast.literal_eval(f.read(size).decode("latin1"))
        return head["descr"], head["shape"], f.read()


def status_of(call):
    return call[-1] if len(call) > 1 and isinstance(call[-1], str) else "NNC_OK"


def driver(meta):
    name, N = meta["model"], meta["model"].upper()
    calls, batches = meta["calls"], meta["batches"]
    used = {c[0] for c in calls}
    has_grads = "grad" in used
    floats = sum(prod(p["shape"]) for p in meta["params"])
    L = ['#include "model.h"', "#include <stdio.h>", "#include <stdint.h>", "#include <stdlib.h>",
         "#include <string.h>", '#include "little_endian.h"',
         f"typedef char same_number_of_parameters[{N}_PARAM_FLOATS == {floats} ? 1 : -1];",
         f"static {name} self, twin, before;", f"static float params[{floats} + 1], others[{floats} + 1];",
         f"static unsigned char blob[{N}_SAVE_BYTES];", f"static double losses[{len(calls)} + 1];",
         "static size_t loss_count;", "static int at = -1;",
         "static int load(const char *p, void *d, size_t n) { FILE *f = fopen(p, \"rb\"); size_t k;",
         "  if (!f) return 1; k = fread(d, 1, n, f); fclose(f); little_endian(d, n, 4); return k != n; }",
         "static int save(const char *p, void *d, size_t n, size_t width) { FILE *f = fopen(p, \"wb\"); size_t k;",
         "  if (!f) return 1;", "  little_endian(d, n, width); k = fwrite(d, 1, n, f); little_endian(d, n, width);",
         "  return fclose(f) != 0 || k != n; }",
         "static int fail(const char *what, int at) { fprintf(stderr, \"%s (call %d)\\n\", what, at); return 1; }"]
    for k, b in enumerate(batches):
        for t in b["inputs"] + b["targets"]:
            L.append(f"static {C[t['dtype']]} in_{k}_{t['name']}[{max(1, prod(t['shape']))}];")
        for t in b["outputs"] + b["train_outputs"]:
            L.append(f"static {C[t['dtype']]} out_{k}_{t['name']}[{max(1, prod(t['shape']))}];")

    def arguments(k, what, target="&self"):
        b = batches[k]
        a = [target] + [f"(size_t){v}" for v in b["dims"].values()] + [f"in_{k}_{t['name']}" for t in b["inputs"]]
        if what != "run":
            a += [f"in_{k}_{t['name']}" for t in b["targets"]]
        if what == "train":
            a.append("lr")
        if what != "run":
            a.append("&loss")
        if what in ("run", "grad", "train"):
            a += [f"out_{k}_{t['name']}" for t in (b["outputs"] if what == "run" else b["train_outputs"])]
        return ", ".join(a)

    L += [f"static int call({name} *model, int what, int batch, float lr, float *result) {{",
          "  float loss = -12345.0f; int r = 99; (void)batch; (void)lr;"]
    kinds = {}
    for c in calls:
        key = (c[0], c[1] if c[0] in ("train", "grad", "eval", "run") else 0)
        if key in kinds or c[0] in ("seed", "init", "reset_state", "zero_grad"):
            continue
        kinds[key] = len(kinds)
        test = f"  if (what == {kinds[key]})"
        if c[0] == "step":
            L.append(f"{test} r = (int){name}_step(model, lr);")
        else:
            L.append(f"{test} r = (int){name}_{c[0]}({arguments(c[1], c[0], 'model')});")
    L += ["  *result = loss; return r;", "}", "int main(void) {", "  float loss;"]
    if used & {"step", "train"}:
        L.append(f"  if (!({N}_LR >= 0)) return 93;")
    for k, b in enumerate(batches):
        for t in b["inputs"] + b["targets"]:
            L.append(f"  if (load(\"in.{k}.{t['name']}.bin\", in_{k}_{t['name']}, {prod(t['shape'])} * 4)) return 90;")
    L += ["  memset(&self, 0xA5, sizeof self);", f"  {name}_reset(&self);", "  memset(&twin, 0x5A, sizeof twin);",
          f"  {name}_reset(&twin);"]
    runs = []
    for i, c in enumerate(calls):  # i is in the text only where a file has it in its name
        what, status = c[0], status_of(c)
        if what in ("reset_state", "zero_grad"):
            runs.append((f"{name}_{what}(&self); {name}_{what}(&twin);", i))
        elif what in ("seed", "init"):
            line = f"{name}_{what}(&self, UINT64_C({c[1]})); {name}_{what}(&twin, UINT64_C({c[1]}));"
            if what == "init":
                line += (f" {name}_get_params(&self, params); {name}_get_params(&twin, others); if (save(\"init.bin\", "
                         f"params, {floats} * 4, 4)) return 92; if (memcmp(params, others, {floats} * 4)) return "
                         f"fail(\"one seed gave two results\", at); {name}_init(&twin, UINT64_C({c[1] + 1})); "
                         f"{name}_get_params(&twin, others); if (!memcmp(params, others, {floats} * 4)) return "
                         f"fail(\"two seeds gave one result\", at); {name}_init(&twin, UINT64_C({c[1]}));")
            runs.append((line, i))
        else:
            batch = c[1] if what != "step" else 0
            lr = c[1] if what == "step" else c[2] if what == "train" else 0
            kind = kinds[(what, batch)]
            lr = f"{float(lr)!r}f"
            if status != "NNC_OK":
                runs.append((f"memcpy(&before, &self, sizeof self); if (call(&self, {kind}, {batch}, {lr}, &loss) != "
                             f"(int){status}) return fail(\"{what} should give {status}\", at); if (memcmp(&before, "
                             f"&self, sizeof self) || loss != -12345.0f) return fail(\"{what} wrote before it "
                             f"failed\", at);", i))
                continue
            line = (f"{{ float again; if (call(&twin, {kind}, {batch}, {lr}, &again)) return fail(\"{what} failed\", "
                    f"at); if (call(&self, {kind}, {batch}, {lr}, &loss)) return fail(\"{what} failed\", at);")
            line += f" if (memcmp(&loss, &again, 4)) return fail(\"{what}: two structs, two losses\", at); }}"
            if what in ("train", "grad", "eval"):
                line += " losses[loss_count++] = loss;"
            for t in (batches[batch]["outputs"] if what == "run"
                      else batches[batch]["train_outputs"] if what in ("grad", "train") else []):
                line += (f" if (save(\"out.{i}.{t['name']}.bin\", out_{batch}_{t['name']}, {prod(t['shape'])} * 4, 4)) "
                         f"return 92;")
            runs.append((line, i))
    at = 0  # runs of the same line become a loop
    while at < len(runs):
        for width in (1, 2, 3, 4, 5, 6, 8, 9, 10):
            block, n = [r[0] for r in runs[at:at + width]], 1
            if any("save(" in b for b in block):
                continue
            while [r[0] for r in runs[at + n * width:at + (n + 1) * width]] == block:
                n += 1
            if n > 2:
                L.append(f"  for (int n = 0; n < {n}; n++) {{")
                L += ["    at++; " + b for b in block] + ["  }"]
                at += n * width
                break
        else:
            L.append("  at++; " + runs[at][0])
            at += 1
    L += [f"  {name}_get_params(&self, params);",
          f"  if (save(\"params.bin\", params, {floats} * 4, 4) || save(\"losses.bin\", losses, loss_count * 8, 8)) "
          f"return 92;",
          f"  {name}_get_params(&twin, others); if (memcmp(params, others, {floats} * 4)) return fail(\"two structs, "
          f"two results\", -1);"]
    if has_grads:
        L += [f"  {name}_get_grads(&self, others); if (save(\"grads.bin\", others, {floats} * 4, 4)) return 92;"]
    L += [f"  {name}_save(&self, blob); if (save(\"blob.bin\", blob, sizeof blob, 1)) return 92;",
          "  memset(&twin, 0x3C, sizeof twin);", f"  {name}_reset(&twin);",
          "  blob[9] ^= 1; memcpy(&before, &twin, sizeof twin);",
          f"  if ({name}_restore(&twin, blob, sizeof blob) != NNC_ERR_WEIGHTS || memcmp(&before, &twin, sizeof twin)) "
          f"return fail(\"restore took a damaged header\", -1);",
          f"  blob[9] ^= 1; if ({name}_restore(&twin, blob, sizeof blob - 1) != NNC_ERR_WEIGHTS) return fail(\"restore "
          f"took a short blob\", -1);",
          f"  if ({name}_restore(&twin, blob, sizeof blob) != NNC_OK) return fail(\"restore refused what save "
          f"wrote\", -1);",
          f"  {name}_get_params(&twin, others); if (memcmp(params, others, {floats} * 4)) return fail(\"save and "
          f"restore changed parameters\", -1);",
          f"  {name}_reset(&twin); {name}_set_params(&twin, params); {name}_get_params(&twin, others);",
          f"  if (memcmp(params, others, {floats} * 4)) return fail(\"set and get changed parameters\", -1);",
          "  return 0;", "}"]
    return "\n".join(L) + "\n"


def saved(params, data):
    """The .safetensors file of params, whose bytes are data."""
    tensors, at = {}, 0
    for p in params:
        n = 4 * prod(p["shape"])
        tensors[p["key"]] = ("F32", p["shape"], data[at:at + n])
        at += n
    return tensors_file.packed(tensors)


def check_init(meta, values):
    at = 0
    for p, q in zip(meta["params"], meta["init"]):
        shape, n = p["shape"], prod(p["shape"])
        v = list(values[at:at + n])
        at += n
        if "zero_row" in q:
            row, width = q["zero_row"], shape[1]
            if any(v[row * width:(row + 1) * width]):
                raise RuntimeError(f"init: row {row} of {p['key']} is not zero")
            del v[row * width:(row + 1) * width]
        if q["dist"] == "constant":
            if any(x != q["value"] for x in v):
                raise RuntimeError(f"init: {p['key']} is not {q['value']}")
            continue
        var = 1.0 if q["dist"] == "normal" else q["bound"] ** 2 / 3
        mean, spread = sum(v) / len(v), sum(x * x for x in v) / len(v)
        kurtosis = 2.0 if q["dist"] == "normal" else 0.8
        if abs(mean) > 5 * math.sqrt(var / len(v)) or abs(spread / var - 1) > 5 * math.sqrt(kurtosis / len(v)):
            raise RuntimeError(
                f"init: {p['key']} has mean {mean:.3g} and mean square {spread:.3g}, not 0 and {var:.3g}")
        if q["dist"] == "uniform" and (max(map(abs, v)) > q["bound"] * (1 + 1e-6) or len(set(v)) < len(v) * 0.9):
            raise RuntimeError(f"init: {p['key']} is not uniform in +-{q['bound']:.4g}")


def relative(params, got, want):
    """The worst error over tensors, each by its own scale."""
    top, at, worst = max(map(abs, want), default=0), 0, 0.0
    for p in params:
        n = prod(p["shape"])
        g, w = got[at:at + n], want[at:at + n]
        at += n
        scale = max(max(map(abs, w), default=0), 1e-4 * top)
        for a, b in zip(g, w):
            e = abs(a - b) / scale if scale else (0.0 if a == 0 else float("inf"))
            if not e <= worst:
                worst = e if e == e else float("inf")
    return worst


def run(args, case, runtime):
    case = os.path.abspath(case)
    meta = json.load(open(os.path.join(case, "case.json")))
    with tempfile.TemporaryDirectory() as d:
        def sh(cmd, what):
            r = subprocess.run(cmd, cwd=d, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1800)
            if r.returncode:
                tail = r.stdout.decode(errors="replace").strip().splitlines()
                raise RuntimeError(f"{what} exited {r.returncode}: {' | '.join(tail[:6])[:500]}")
        model = "model.c"
        if args.stand_in:
            model = os.path.join(os.path.abspath(args.stand_in), "model.c")
            include = ["-I", os.path.abspath(args.stand_in)]
        else:
            include = ["-I", runtime.runtime]
            sh([os.path.abspath(args.nnc), os.path.join(case, "case.nn"), "-o", model, "--no-runtime"]
               + shlex.split(args.nnc_flags), "nnc")
        open(os.path.join(d, "driver.c"), "w").write(driver(meta))
        for k, b in enumerate(meta["batches"]):
            for t in b["inputs"] + b["targets"]:
                open(os.path.join(d, f"in.{k}.{t['name']}.bin"),
                     "wb").write(npy(os.path.join(case, f"in.{k}.{t['name']}.npy"))[2])
        cc = shlex.split(args.cc) + shlex.split(args.cflags)
        sh(cc + runtime.before(os.path.join(d, model)) + include + ["-c", model, "-o", "model.o"], "cc")
        sh(cc + ["-O0"] + include + ["-I", HERE, "-I", ".", "driver.c", "model.o"] + shlex.split(args.link)
           + ["-o", "prog", "-lm"], "cc")
        sh(shlex.split(args.runner) + ["./prog"], "the program")

        def got(name, code="f"):
            return array.array(code, open(os.path.join(d, name), "rb").read())

        def want(name, code="f"):
            return array.array(code, npy(os.path.join(case, name))[2])
        params = got("params.bin")
        blob = open(os.path.join(d, "blob.bin"), "rb").read()
        if blob != saved(meta["params"], params.tobytes()):
            raise RuntimeError("save did not write the .safetensors file of these parameters")
        if "init" in meta:
            check_init(meta, got("init.bin"))
            if not all(math.isfinite(x) for x in list(params) + list(got("losses.bin", "d"))):
                raise RuntimeError("not finite after init and a step")
            return 0.0
        errors = {"loss": max([abs(a - b) / (1 + abs(b)) for a,
                               b in zip(got("losses.bin", "d"), want("losses.npy", "d"))], default=0.0)}
        if len(got("losses.bin", "d")) != len(want("losses.npy", "d")):
            raise RuntimeError("the number of losses differs")
        errors["params"] = relative(meta["params"], params, want("params.npy"))
        if any(c[0] == "grad" for c in meta["calls"]):
            errors["grads"] = relative(meta["params"], got("grads.bin"), want("grads.npy"))
        for i, c in enumerate(meta["calls"]):
            if c[0] not in ("run", "grad", "train") or status_of(c) != "NNC_OK":
                continue
            for t in meta["batches"][c[1]]["outputs" if c[0] == "run" else "train_outputs"]:
                code, file = "f" if t["dtype"] == "float32" else "i", f"out.{i}.{t['name']}"
                g, w = got(file + ".bin", code), want(file + ".npy", code)
                if code == "i":
                    if g != w:
                        raise RuntimeError(
                            f"{t['name']}: {sum(a != b for a, b in zip(w, g))} of {len(w)} integers differ")
                elif c[0] == "run":
                    errors[t["name"]] = max([abs(a - b) / (1 + abs(b)) for a, b in zip(g, w)], default=0.0)
                else:
                    errors[t["name"]] = relative([{"key": t["name"], "shape": t["shape"]}], g, w)
        limit = args.tolerance if args.tolerance is not None else 4 * meta["torch_f32_error"] + 1e-6
        for what, e in errors.items():
            if not e <= limit:
                raise RuntimeError(f"{what}: error {e:.3g} is over {limit:.3g}")
        return max(errors.values())


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--nnc")
    p.add_argument("--stand-in")
    p.add_argument("--cc", default=os.environ.get("CC", "cc"))
    p.add_argument("--cflags", default="-O2")
    p.add_argument("--nnc-flags", default="")
    p.add_argument("--runner", default="")
    p.add_argument("--link", default="", help="what the C compiler gets besides when it links")
    p.add_argument("--tolerance", type=float)
    p.add_argument("--needs", help="exit status 77 where this processor cannot run that target's code")
    p.add_argument("--part", default="1/1", help="K/N: each Nth case, from the Kth on")
    p.add_argument("cases", nargs="+")
    args = p.parse_args()
    if not args.nnc and not args.stand_in:
        p.error("--nnc is needed")
    missing = processor.lacks(*(args.needs or "").split())
    if missing:
        processor.skipped(f"training with {args.nnc_flags}", missing)
        return processor.SKIP
    part, parts = map(int, args.part.split("/"))
    good = bad = 0
    with tempfile.TemporaryDirectory() as scratch:
        if args.nnc:
            subprocess.run([os.path.abspath(args.nnc), "--runtime", scratch], check=True)
        command = shlex.split(args.cc) + shlex.split(args.cflags)
        runtime = precompiled.Runtime(command, scratch)
        for case in args.cases[part - 1::parts]:
            try:
                print(f"ok   {os.path.basename(case.rstrip('/')):28} error {run(args, case, runtime):.2e}")
                good += 1
            except Exception as e:
                print(f"FAIL {os.path.basename(case.rstrip('/')):28} {e}")
                bad += 1
    print(f"{good} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
