"""bench: measures nnc against its peers on one core; bench/run prepares what it needs and calls it.

For each workload all contestants run side by side as processes on the same core. First their outputs are compared with
float64: whoever is more than 1e-5 away is in error, and not timed. Then they are timed in turn, round after round, so
that whatever disturbs the machine disturbs all alike: a time is the median over the rounds, a ratio the median of the
rounds' ratios (the peer's time divided by nnc's).
"""
import argparse
import os
import pathlib
import shlex
import statistics
import sys
import time

import numpy

import narrow
import report
import training
import wasm
import workload
from contestants import NNC, ORT, ORT_INT8, Built, Failure, Settings, build_all
from limits import Limits

HERE = pathlib.Path(__file__).resolve().parent
TOLERANCE = 1e-5
ROUNDED = {narrow.NARROW: 0.5, ORT_INT8: 0.5}      # of weights in fewer bits: that it is the same layer
SEED = "nnc"                    # of the sweep
NEXT = "next"                   # nnc's code for the next multiple of 16, in the sweep


def distance(a, b):
    """The largest |a - b| / (1 + |b|); infinite where shapes differ or something is not finite."""
    if a.shape != b.shape or not numpy.isfinite(a).all():
        return float("inf")
    return float(numpy.max(numpy.abs(a - b) / (1 + numpy.abs(b))))


def rms(a, b):
    return float(numpy.sqrt(numpy.mean((a - b) ** 2)))


def rounds(contestants, number, milliseconds):
    """Nanoseconds a pass of each contestant, one for each of `number` rounds of about so many milliseconds each."""
    passes = {}
    for name, contestant in contestants.items():
        passes[name] = 1
        while (spent := contestant.time(passes[name]) * passes[name]) < 1e6:    # long enough to reckon with
            passes[name] *= 4
        passes[name] = max(1, round(milliseconds * 1e6 / spent * passes[name]))
    times = {name: [] for name in contestants}
    for turn in range(number):
        order = list(contestants)
        for name in order[turn % len(order):] + order[:turn % len(order)]:
            times[name].append(contestants[name].time(passes[name]))
    return times


def fastest(candidates):
    """Of several builds of one peer the fastest, timed in turn; the others are closed."""
    if len(candidates) > 1:
        times = rounds(dict(enumerate(candidates)), 7, 10)
        best = min(times, key=lambda which: statistics.median(times[which]))
        for which, candidate in enumerate(candidates):
            if which != best:
                candidate.close()
        return candidates[best]
    return candidates[0]


def measure(built, peers, options, beside=None):
    """Times nnc and `peers` on a workload, and in the sweep `beside`, the next multiple of 16. A row of the table:
    by contestant `times` (nanoseconds a step, by round), `step` (their median), `ratio`, `error`, `failed` (why)."""
    w = built.w
    row = {"title": w.title, "workload": w, "times": {}, "step": {}, "ratio": {}, "error": {}, "rms": {}, "variant": {},
           "failed": dict(built.failed), **built.facts}
    contestants, reference = {}, built.reference()
    try:
        for name in (NNC, *peers):
            try:
                if not (candidates := built.start(name)):
                    continue
                contestant = contestants[name] = fastest(candidates)
                row["variant"][name] = contestant.variant
                if not contestant.checked:
                    continue
                outputs = contestant.check()
                row["error"][name] = distance(outputs, reference)
                if not row["error"][name] <= ROUNDED.get(name, TOLERANCE):
                    raise Failure(f"{row['error'][name]:.1e} away from float64")
                row["rms"][name] = rms(outputs, reference)
            except Failure as failure:
                row["failed"][name] = str(failure)
                if name in contestants:
                    contestants.pop(name).close()
        if beside and (candidates := beside.start(NNC)):
            contestants[NEXT] = candidates[0]
        if NNC in contestants:
            times = rounds(contestants, options.rounds, options.milliseconds)
            for name, values in times.items():
                row["times"][name] = [value / w.units for value in values]
                row["step"][name] = statistics.median(row["times"][name])
                row["ratio"][name] = statistics.median(value / ours for value, ours in zip(values, times[NNC]))
    except Failure as failure:
        row["failed"][NNC] = str(failure)
    finally:
        for contestant in contestants.values():
            contestant.close()
    for name, why in row["failed"].items():
        print(f"{w.title}: {name}: {why}", file=sys.stderr)
    said = ", ".join(f"{name} {ratio:.2f}" for name, ratio in row["ratio"].items() if name not in (NNC, NEXT))
    if NEXT in row["ratio"]:
        row["next"] = 1 / row["ratio"][NEXT]
        said += f"; {row['next']:.2f} of the next multiple of 16"
    result = f"{row['step'][NNC]:.1f} ns a step; {said}" if NNC in row["step"] else "in error"
    print(f"{w.title}: {result}", flush=True)
    return row


def measure_workloads(settings, options, wanted):
    some = wanted or options.weights_type and narrow.WORKLOADS
    drawn = [w for w in workload.WORKLOADS if not some or w.name.split("_")[0] in some]
    groups = [(w.name, (HERE / "workloads" / f"{w.name}.nn").read_text(), [Built(w, settings)]) for w in drawn]
    build_all(groups, list(settings.peers), settings)
    return [measure(built, settings.peers, options) for _, _, (built,) in groups]


def measure_sweep(settings, options):
    """Rows of the drawn sizes. Several models stand in one file: compiling takes far longer than measuring else."""
    pairs = workload.sweep(SEED, options.quick)
    distinct = {w.name: Built(w, settings) for pair in pairs for w in pair if w}
    groups, members, size = [], [], 0
    for built in distinct.values():
        members.append(built)
        size += sum(array.nbytes for array in built.parameters.values())
        if len(members) == 16 or size > 4 << 20 or built is list(distinct.values())[-1]:
            groups.append((f"sweep_{len(groups)}", "\n".join(workload.source(b.w) for b in members), members))
            members, size = [], 0
    peers = [peer for peer in settings.peers if peer == ORT]
    build_all(groups, peers, settings)
    rows = []
    for one, other in pairs:
        row = measure(distinct[one.name], peers, options, distinct[other.name] if other else None)
        row["mode"] = f"T={one.steps}, batch {'1' if one.batch == 1 else '2 to 64'}"
        rows.append(row)
    return rows


def measure_training(settings, options, wanted):
    return [measure(built, settings.peers, options) for built in training.build(settings, wanted)]


def main():
    parser = argparse.ArgumentParser(prog="bench/run", description="Measures nnc against its peers; see README.md.")
    parser.add_argument("workloads", nargs="*", metavar="W", help="W1 to W14, with --train T1 to T7 (default: all)")
    parser.add_argument("--quick", action="store_true", help="few and short rounds: to see that all works")
    parser.add_argument("--sweep", action="store_true", help="sizes drawn from a seed instead of the workloads")
    parser.add_argument("--isa", type=int, choices=(0, 1, 2),
                        help="force a body: 0 baseline, 1 AVX2 and FMA, 2 AVX-512")
    parser.add_argument("--wasm", action="store_true", help="as WebAssembly in Node, beside onnxruntime-web")
    parser.add_argument("--weights-type", metavar="NAME", choices=("int8", "int16"),
                        help="weights in fewer bits beside float32, and beside ONNX Runtime's in 8 bits")
    parser.add_argument("--train", action="store_true", help="steps of training (T1 to T7) beside PyTorch and KANN")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="the core (default: the last)")
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--nnc", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--revision", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.rounds, options.milliseconds = (5, 4) if options.quick else (9, 8) if options.sweep else (25, 20)
    known = {w.name.split("_")[0] for w in (training if options.train else workload).WORKLOADS}
    wanted = {name.lower() for name in options.workloads}
    if not wanted <= known:
        parser.error("no such workload: " + ", ".join(sorted(wanted - known)))
    if options.sweep and wanted:
        parser.error("--sweep takes no workloads")
    if options.weights_type and (options.sweep or options.wasm):
        parser.error("--weights-type takes neither --sweep nor --wasm")
    if options.wasm and (options.sweep or options.isa is not None):
        parser.error("--wasm takes neither --sweep nor --isa")
    if options.train and (options.sweep or options.wasm or options.weights_type):
        parser.error("--train takes none of --sweep, --wasm, --weights-type")
    given = [f"{name}=…" for name in ("ORT_INCLUDE", "RTNEURAL_DIR", "KANN_DIR") if os.environ.get(name)]
    given += [f"{name}={shlex.quote(os.environ[name])}" for name in ("CC", "CFLAGS", "CXX") if os.environ.get(name)]
    given += ["bench/run", *sys.argv[7:]]       # behind what run passes
    options.command, options.start, options.load = " ".join(given), time.time(), os.getloadavg()[0]

    settings = (wasm.Settings(options.build, options.core, options.nnc) if options.wasm
                else narrow.Settings(options.build, options.isa, options.core, options.nnc, options.weights_type)
                if options.weights_type
                else (training.Settings if options.train else Settings)(options.build, options.isa, options.core,
                                                                        options.nnc))
    for name, why in settings.skipped.items():
        print(f"{name} is skipped: {why}", file=sys.stderr)
    limits = Limits(settings)
    limits.measure()
    rows = (measure_sweep(settings, options) if options.sweep
            else (measure_training if options.train else measure_workloads)(settings, options, wanted))
    limits.measure()

    # What a README shows comes from whole runs only.
    whole = not options.quick and not wanted
    folder = HERE / "results" if whole else settings.build / "results"
    folder.mkdir(exist_ok=True)
    kind = "sweep" if options.sweep else "train" if options.train else "results"
    name = kind + settings.results()
    write = (report.sweep if options.sweep else narrow.write if options.weights_type
             else training.write if options.train else report.workloads)
    write(folder / name, rows, settings, limits, options)
    print(f"Written: {os.path.relpath(folder / name)}.md" + " and .svg" * (not options.weights_type))
    sys.exit(1 if any(row["failed"] for row in rows) else 0)


if __name__ == "__main__":
    main()
