#!/usr/bin/env python3
"""Compares what nnc prints with what stands in golden folders; shows a unified diff where they differ.

usage: run_golden.py --nnc PATH [--accept] FOLDER...

A folder with a file case.nn is a case; other folders are searched. A case holds any of
    expected.txt   what `nnc case.nn -o out.c` writes to standard error; the exit status must be 1 if it has an error,
                   else 0, and out.c, out.h and nnc_runtime.h must exist exactly then
    ast.txt, ir.txt, plan.txt    what --dump=ast, ir, plan writes to standard output
    case.c, case.h               the generated files
and may hold a file `options` with more options for nnc. Everything runs in a copy of the folder, so that messages name
files as a user would see them. --accept writes the new texts into the case folders instead of comparing.
"""
import argparse, difflib, pathlib, re, shlex, shutil, subprocess, sys, tempfile

DUMPS = ("ast", "ir", "plan")


def run(command, folder):
    r = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    return r.returncode, r.stdout.decode(errors="surrogateescape"), r.stderr.decode(errors="surrogateescape")


def outcomes(nnc, case):
    """Yields (file name, new text) for each golden file of the case, and raises ValueError on what no text can show."""
    options_file = case / "options"
    options = shlex.split(options_file.read_text()) if options_file.exists() else []
    with tempfile.TemporaryDirectory() as d:
        folder = pathlib.Path(d) / "case"
        shutil.copytree(case, folder)
        if (case / "expected.txt").exists():
            status, _, err = run([nnc, "case.nn", "-o", "out.c"] + options, folder)
            want = 1 if re.search(r'(: |\033\[1;31m)error:|"severity": "error"', err) else 0
            if status != want:
                raise ValueError(f"exit status {status}, expected {want}; standard error:\n{err}")
            outputs = ("out.c", "out.h", "nnc_runtime.h")
            for name in outputs:
                if (folder / name).exists() != (status == 0):
                    raise ValueError(f"{name} {'was written' if status else 'is missing'}")
            left = [p.name for p in folder.iterdir() if not (case / p.name).exists() and p.name not in outputs]
            if left:
                raise ValueError(f"left behind: {', '.join(left)}")
            yield "expected.txt", err
        for stage in DUMPS:
            if (case / f"{stage}.txt").exists():
                status, out, err = run([nnc, "case.nn", f"--dump={stage}"] + options, folder)
                if status:
                    raise ValueError(f"--dump={stage}: exit status {status}\n{err}")
                yield f"{stage}.txt", out
        if (case / "case.c").exists() or (case / "case.h").exists():
            (folder / "new").mkdir()
            status, _, err = run([nnc, "case.nn", "-o", "new/case.c"] + options, folder)
            if status:
                raise ValueError(f"exit status {status}\n{err}")
            for name in ("case.c", "case.h"):
                if (case / name).exists():
                    yield name, (folder / "new" / name).read_text(errors="surrogateescape")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--nnc", required=True)
    p.add_argument("--accept", action="store_true")
    p.add_argument("folders", nargs="+", type=pathlib.Path)
    args = p.parse_args()
    nnc = str(pathlib.Path(args.nnc).resolve())
    cases = sorted({f.parent for folder in args.folders for f in folder.rglob("case.nn")})
    bad = 0
    for case in cases:
        checked = 0
        try:
            for name, new in outcomes(nnc, case):
                checked += 1
                file = case / name
                old = file.read_text(errors="surrogateescape")
                if old == new:
                    continue
                if args.accept:
                    file.write_text(new, errors="surrogateescape")
                    print(f"accepted {file}")
                    continue
                bad += 1
                sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), new.splitlines(True),
                                                           str(file), "new"))
                print(f"FAIL {file}; to take the new text: {sys.argv[0]} --nnc {args.nnc} --accept {case}")
            if not checked:
                raise ValueError("holds nothing to compare")
        except (ValueError, subprocess.TimeoutExpired) as e:
            bad += 1
            print(f"FAIL {case}: {e}")
    if not cases:
        print("no cases found")
    print(f"{len(cases)} cases, {bad} failed")
    return 1 if bad or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
