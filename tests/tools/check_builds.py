#!/usr/bin/env python3
"""Builds nnc again, elsewhere and otherwise, and holds what must not change.

usage: check_builds.py --nnc PATH --source FOLDER -- CMAKE_OPTION...
       check_builds.py --nnc PATH --source FOLDER --other NNC [--part K/N]

1. A reproducible build: the source tree, copied into a folder with another name and built there with the same
   CMAKE_OPTIONs, gives the same nnc, byte for byte. With --other: nnc does not hold the path of its source.
2. The same input gives the same bytes: an nnc of another compiler and optimisation level (-O0, -O2 and -O3 of gcc and
   clang; with --other: that one) writes the same C, the same headers and the same messages for every model and every
   fault of tests/ (with --part: each Nth, from the Kth on; with --other no faults: `ctest diagnostics_sanitized` has
   them).

Exit status: 0 all hold, 1 one does not. Standard library only; cmake and what nnc's build needs are used.
"""
import argparse
import concurrent.futures
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

WAYS = ((), ("--target", "all", "--standalone", "--unroll", "8"))
# what a build reads: not .git, not build folders
PARTS = ("CMakeLists.txt", "LICENSE", "compiler", "grammar", "runtime", "samples")


class Failed(Exception):
    pass


def call(command, **more):
    r = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    if r.returncode:
        raise Failed(f"{' '.join(map(str, command))}: exit status {r.returncode}\n"
                     f"{r.stdout.decode(errors='replace')[-3000:]}")


def build(source, folder, options):
    call(["cmake", "-S", source, "-B", folder, "-DNNC_TESTS=OFF", "-DNNC_SAMPLES=OFF", *options])
    call(["cmake", "--build", folder, "--target", "nnc", "--parallel", "2"])
    return folder / "nnc"


def models(tests, faults):
    """Every .nn file of the tests and samples that may be compiled by itself, and every one that must be refused."""
    found = []
    for folder in ("cases", "golden", "streaming", "../samples", *["diagnostics"] * faults):
        found += sorted((tests / folder).rglob("*.nn"))
    return found


def digests(nnc, files):
    """{(file, way): digest of all that nnc gives}"""
    def one(job):
        index, file, way = job
        with tempfile.TemporaryDirectory() as out:
            weights = () if (file.parent / "weights.safetensors").exists() else ("--random-weights", "3")
            r = subprocess.run([nnc, file.name, "-o", os.path.join(out, "model.c"), *way, *weights], cwd=file.parent,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
            h = hashlib.sha256(r.stderr.replace(out.encode(), b"OUT"))
            for name in ("model.c", "model.h"):
                path = pathlib.Path(out, name)
                if r.returncode not in (0, 1) or path.exists() != (r.returncode == 0):
                    raise Failed(f"{nnc} {file} {' '.join(way)}: exit status {r.returncode}\n"
                                 f"{r.stderr[:1000].decode(errors='replace')}")
                h.update(path.read_bytes() if path.exists() else b"none")
        return (str(file), way), h.hexdigest()

    jobs = [(i, f, w) for i, f in enumerate(files) for w in WAYS]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return dict(pool.map(one, jobs))


def reproducible(nnc, source, options, scratch):
    """The source's copy has a longer path, with a space and a letter that is not ASCII."""
    copy = scratch / "another place, ganz wo\u00e4nders"
    copy.mkdir()
    for part in PARTS:
        (shutil.copytree if (source / part).is_dir() else shutil.copy)(source / part, copy / part)
    other = build(copy, scratch / "b", options)
    if other.read_bytes() != nnc.read_bytes():
        strings = set(other.read_bytes().split(b"\0")) - set(nnc.read_bytes().split(b"\0"))
        paths = sorted(s.decode(errors="replace") for s in strings if str(scratch).encode() in s)[:5]
        raise Failed(
            f"the same source gives another nnc in another folder{'; it holds ' + ', '.join(paths) if paths else ''}")
    if str(scratch).encode() in other.read_bytes():
        raise Failed("nnc holds the path of its build")


def same(want, got, who):
    bad = [f"{file} {' '.join(way)}" for file, way in want if got[file, way] != want[file, way]]
    if bad:
        raise Failed(f"{who} gives other bytes for {len(bad)} of {len(want)}: {', '.join(bad[:5])}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--nnc", required=True, type=pathlib.Path)
    p.add_argument("--source", required=True, type=pathlib.Path)
    p.add_argument("--other", type=pathlib.Path, help="another nnc, which is built already")
    p.add_argument("--part", default="1/1")
    p.add_argument("options", nargs="*")
    args = p.parse_args()
    nnc, source = args.nnc.resolve(), args.source.resolve()
    part, parts = map(int, args.part.split("/"))
    levels = [(c, l) for c in ("gcc", "clang") for l in ("-O0", "-O2", "-O3")]
    try:
        with tempfile.TemporaryDirectory(prefix="nnc-builds-") as scratch:
            scratch = pathlib.Path(scratch)
            files = models(source / "tests", not args.other)
            if len(files) < 200:
                raise Failed(f"only {len(files)} models were found")
            files = files[part - 1::parts]
            want = digests(nnc, files)
            if args.other:
                if str(source).encode() in nnc.read_bytes():
                    raise Failed("nnc holds the path of its source")
                same(want, digests(args.other.resolve(), files), str(args.other))
                print(f"{len(want)} outputs are the same from {args.other}")
                return 0
            reproducible(nnc, source, args.options, scratch)
            for compiler, level in levels:
                options = [f"-DCMAKE_C_COMPILER={compiler}", "-DCMAKE_BUILD_TYPE=None", f"-DCMAKE_C_FLAGS={level}"]
                other = build(source, scratch / f"{compiler}{level}", options)
                same(want, digests(other, files), f"{compiler} {level}")
    except Failed as e:
        print(e)
        return 1
    print(f"the build is reproducible; {len(want)} outputs are the same from {', '.join(map(' '.join, levels))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
