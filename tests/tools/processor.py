"""What this machine's processor can run, for tests that must leave out what it cannot, and say so.

A test that leaves something out prints a line `skipped: WHAT: WHY`, and one that can do nothing at all exits with SKIP;
tests/run repeats these lines at its end. NNC_TEST_CPUINFO names a file to read instead of /proc/cpuinfo: so the tests
of a smaller processor are tried on a larger one.
"""
import os
import re

SKIP = 77   # ctest's SKIP_RETURN_CODE for every test: tests/CMakeLists.txt
# The features, in Linux's words, without which the code of nnc's --target does not run.
NEEDS = {"x86-64-v3": ("avx2", "fma"),
         "x86-64-v4": ("avx2", "fma", "avx512f", "avx512vl", "avx512dq", "avx512bw")}


def features():
    """What Linux says of an x86 processor; nothing elsewhere."""
    try:
        with open(os.environ.get("NNC_TEST_CPUINFO", "/proc/cpuinfo"), encoding="utf-8", errors="replace") as f:
            flags = re.search(r"^flags\s*:(.*)$", f.read(), re.M)
    except OSError:
        return set()
    return set(flags.group(1).split()) if flags else set()


def lacks(*names):
    """Of features, or of targets that stand for what they need, those that are not here, in words; "" if none."""
    needed = [feature for name in names for feature in NEEDS.get(name, (name,))]
    missing = sorted(set(needed) - features())
    return f"this processor has no {', '.join(missing)}" if missing else ""


def skipped(what, why):
    print(f"skipped: {what}: {why}", flush=True)


def targets(what):
    """Of NEEDS those that this processor runs; in the others `what` is skipped."""
    missing = {target: lacks(target) for target in NEEDS}
    for target in NEEDS:
        if missing[target]:
            skipped(f"{what} in {target}", missing[target])
    return [target for target in NEEDS if not missing[target]]
