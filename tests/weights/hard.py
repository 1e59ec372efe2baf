#!/usr/bin/env python3
"""hard: files that would fill memory or time if a reader let them: refused with a word, within 20 seconds and 200 MB.

usage: hard.py --nnc BUILD/nnc [--sanitized]        --sanitized: the limits are not held against a build with ASan
"""
import argparse
import io
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zipfile

SECONDS, MEGABYTES = 20, 200
MODEL = """model m {
    weights "hard.pt"
    input x: float32[2]
    layer a = Linear(2, 2)
    output y = a(x)
}
"""
STORAGE = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x04tQ"
TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n(" + STORAGE + b"K\0)) \x89}tR".replace(b" ", b"")
MODULE = b"cm\nM\n)\x81}(X\x0b\0\0\0_parameters}X\x08\0\0\0_modules}"


def key(i):
    return b"X\x06\0\0\0%06d" % i


def laughing_modules():
    """Sixty modules, each of which holds the one before twice."""
    out = TENSOR + b"q\x010cm\nM\n)\x81}(X\x0b\0\0\0_parameters}X\x01\0\0\0wh\x01sX\x08\0\0\0_modules}ubq\x02"
    for i in range(60):
        out += b"0" + MODULE + b"(X\x01\0\0\0ah%cX\x01\0\0\0bh%cuubq%c" % (2 + i, 2 + i, 3 + i)
    return out


def cases():
    """(name, data.pkl)"""
    many = range(600000)
    yield "one tensor under many names", TENSOR + b"q\x010}(" + b"".join(key(i) + b"h\x01" for i in many) + b"u."
    yield "many dicts", TENSOR + b"q\x010}(" + b"".join(key(i) + b"}X\x01\0\0\0wh\x01s" for i in many[::2]) + b"u."
    yield "many empty dicts", b"}" * 8000000 + b"."
    yield "lists in lists", b"]" * 1000000 + b"a" * 999999 + b"."
    yield "marks", b"(" * 8000000 + b"."
    yield "texts", b"(" + b"U\0" * 4000000 + b"t."
    yield "names", b"(" + b"ctorch\nfloat32\n" * 600000 + b"t."
    state = b"cm\nM\n)\x81q\x02}(" + b"".join(key(i) + b"N" for i in range(100000)) + b"ub0"
    yield "one large object in many places", state + MODULE + b"(" + b"".join(key(i) + b"h\x02"
                                                                              for i in many[::3]) + b"uub."
    yield "laughing modules", laughing_modules() + b"."
    yield "modules in modules", MODULE * 5000 + b"ub" * 5000 + b"."
    yield ("a module that contains itself",
           b"cm\nM\n)\x81q\x02}(X\x0b\0\0\0_parameters}X\x08\0\0\0_modules}X\x01\0\0\0mh\x02suub."[:-4] + b"ub.")
    yield "memo", b"N" + b"r\xff\xff\xff\xff."
    yield "a long number", b"\x8b\xff\xff\xff\x7f."


def pack(pickle, storage=b"\0" * 16, method=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        z.writestr("a/data.pkl", b"\x80\x02" + pickle)
        z.writestr("a/data/0", storage)
    return out.getvalue()


def files():
    for name, pickle in cases():
        yield name, pack(pickle)
    yield "a deflated pickle of 200 MB", pack(b"N0" * 100000000 + b"N.", method=zipfile.ZIP_DEFLATED)
    bomb = (b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuJ"
            + struct.pack("<i", 75 << 20) + b"tQ")
    view = b"ctorch._utils\n_rebuild_tensor_v2\n(" + bomb + b"K\0K\x02K\x02\x86K\x02K\x01\x86\x89}tR"
    bias = b"ctorch._utils\n_rebuild_tensor_v2\n(" + bomb + b"K\0K\x02\x85K\x01\x85\x89}tR"
    yield "a view of 300 MB of deflated zeros", pack(
        b"}(X\x08\0\0\0a.weight" + view + b"X\x06\0\0\0a.bias" + bias + b"u.", b"\0" * (300 << 20),
        zipfile.ZIP_DEFLATED)


def write_all(folder):
    for name, data in files():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)


def check(nnc, path, sanitized):
    with tempfile.TemporaryDirectory() as d:
        shutil.copy(path, os.path.join(d, "hard.pt"))
        with open(os.path.join(d, "m.nn"), "w") as f:
            f.write(MODEL)
        began = time.monotonic()
        p = subprocess.Popen([nnc, "m.nn", "-o", "m.c"], cwd=d, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
        said = p.stdout.read().decode(errors="replace")
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        seconds, megabytes = time.monotonic() - began, usage.ru_maxrss / 1024
        wrong = []
        if p.returncode != 1 or "hard.pt" not in said:
            wrong.append(f"exit status {p.returncode}: {said[:500]}")
        if sorted(os.listdir(d)) != ["hard.pt", "m.nn"]:
            wrong.append("something was written")
        if not sanitized and usage.ru_utime + usage.ru_stime > SECONDS:
            wrong.append(f"took {seconds:.1f} s")
        if not sanitized and megabytes > MEGABYTES:
            wrong.append(f"took {megabytes:.0f} MB for {os.path.getsize(path) / 1e6:.1f} MB")
        return wrong


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--nnc")
    p.add_argument("--write", metavar="DIR", help="write the files, and stop there")
    p.add_argument("--sanitized", action="store_true")
    args = p.parse_args()
    if args.write:
        return write_all(args.write)
    failed = total = 0
    with tempfile.TemporaryDirectory() as folder:
        # by another process: the memory of this one would count as that of its children
        subprocess.run([sys.executable, __file__, "--write", folder], check=True)
        for name in sorted(os.listdir(folder)):
            wrong = check(os.path.abspath(args.nnc), os.path.join(folder, name), args.sanitized)
            total, failed = total + 1, failed + bool(wrong)
            for w in wrong:
                print(f"FAIL {name}: {w}")
    print(f"{total - failed} passed, {failed} failed")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main())
