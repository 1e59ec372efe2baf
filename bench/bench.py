"""bench: measures nnc against its peers on one core; bench/run prepares what it needs and calls it.

For each workload all contestants run side by side as processes on the same core. First their outputs are compared:
whoever is more than 1e-4 away from nnc's is in error, and so is nnc when it is that far from float64. Then they are
timed in turn, round after round, so that whatever disturbs the machine disturbs all alike: times are medians over the
rounds, a ratio is the median of the rounds' ratios (the peer's time divided by nnc's).
"""
import argparse
import os
import pathlib
import statistics
import sys

import numpy

import report
import workload
from contestants import NNC, ORT, PEERS, Built, Failure, Settings, run

HERE = pathlib.Path(__file__).resolve().parent
TOLERANCE = 1e-4
SEED = "nnc"                    # of the sweep


# ---- The machine's limit --------------------------------------------------------------------------------------------

class Limits:
    """What limits.c measured: float32 operations and streamed bytes a nanosecond."""

    def __init__(self, settings):
        program = settings.build / "limits"
        run([*settings.cc, "-O2", "-ffp-contract=fast", *settings.native, HERE / "limits.c", "-o", program])
        lines = [line.split() for line in run(["taskset", "-c", settings.core, program]).splitlines()]
        self.operations = next(float(words[1]) for words in lines if words[0] == "fma")
        self.streams = [(int(words[1]), float(words[2])) for words in lines if words[0] == "stream"]

    def bandwidth(self, size):
        """Bytes a nanosecond of a stream that goes over the same `size` bytes again and again."""
        sizes, rates = zip(*self.streams)
        return float(numpy.interp(numpy.log2(max(size, 1)), numpy.log2(sizes), rates))

    def levels(self):
        """The rates that the table shows: out of half the first and second cache, and out of memory."""
        caches = [run(["getconf", f"LEVEL{name}_SIZE"]).strip() for name in ("1_DCACHE", "2_CACHE")]
        level1, level2 = (int(said) if said.isdigit() and int(said) else default    # unknown on some machines
                          for said, default in zip(caches, (32 << 10, 1 << 20)))
        return self.operations, self.bandwidth(level1 // 2), self.bandwidth(level2 // 2), self.streams[-1][1]

    def step(self, w):
        """The least nanoseconds of a step: every product takes its operations' time or its weights' way through the
        core, whichever is longer. Weights that meet one row a step (the recurrent ones of a sequence, all of them when
        a call is one step) pass once a step; an input product over a sequence is bound by operations alone."""
        def product(rows, columns, streamed, together):
            size = 4 * rows * columns
            operations = 2 * w.batch * rows * columns / self.operations
            return max(operations, size / self.bandwidth(together or size)) if streamed else operations

        gates, single = workload.GATES[w.kind] * w.hidden, w.steps == 1
        widths = [w.hidden * w.directions if layer else w.input for layer in range(w.layers)]
        linear = w.linear * w.hidden * w.directions
        # One step a call: what a call streams is everything at once.
        together = 4 * (sum(gates * (width + w.hidden) * w.directions for width in widths) + linear) if single else 0
        time = sum(w.directions * (product(gates, width, single, together) + product(gates, w.hidden, True, together))
                   for width in widths)
        return time + product(w.linear, w.hidden * w.directions, single, together)


# ---- One workload ---------------------------------------------------------------------------------------------------

def distance(a, b):
    """The largest |a - b| / (1 + |b|); infinite where shapes differ or something is not finite."""
    if a.shape != b.shape or not numpy.isfinite(a).all():
        return float("inf")
    return float(numpy.max(numpy.abs(a - b.astype(numpy.float64)) / (1 + numpy.abs(b))))


def agree(contestants, reference, row):
    """Compares the outputs; the contestants that may be timed."""
    outputs = {name: contestant.check() for name, contestant in contestants.items()}
    row["error"] = {name: distance(output, reference) for name, output in outputs.items()}
    if row["error"][NNC] > TOLERANCE:
        raise Failure(f"nnc is {row['error'][NNC]:.1e} away from float64")
    for name, output in outputs.items():
        if distance(output, outputs[NNC]) > TOLERANCE:
            row["failed"][name] = f"{distance(output, outputs[NNC]):.1e} away from nnc"
    return {name: contestant for name, contestant in contestants.items() if name not in row["failed"]}


def rounds(contestants, options):
    """Nanoseconds a pass, by contestant, one for each round."""
    passes = {}
    for name, contestant in contestants.items():
        passes[name] = 1
        while (time := contestant.time(passes[name]) * passes[name]) < 1e6:    # long enough to reckon with
            passes[name] *= 4
        passes[name] = max(1, round(options.milliseconds * 1e6 / time * passes[name]))
    times = {name: [] for name in contestants}
    for number in range(options.rounds):
        order = list(contestants)
        for name in order[number % len(order):] + order[:number % len(order)]:
            times[name].append(contestants[name].time(passes[name]))
    return times


def measure(w, settings, options, limits, peers):
    row = {"name": w.name, "title": w.title, "step": {}, "ratio": {}, "error": {}, "failed": {}}
    contestants = {}
    try:
        built = Built(w, settings)
        contestants[NNC], facts = built.nnc()
        row.update(facts)
        for name in peers:
            try:
                if contestant := PEERS[name](built):
                    contestants[name] = contestant
            except Failure as failure:
                row["failed"][name] = str(failure)
        times = rounds(agree(contestants, built.reference, row), options)
        steps = w.calls * w.steps
        for name, values in times.items():
            row["step"][name] = statistics.median(values) / steps
            row["ratio"][name] = statistics.median(value / ours for value, ours in zip(values, times[NNC]))
        row["limit"] = limits.step(w) / row["step"][NNC]
    except Failure as failure:
        row["failed"][NNC] = str(failure)
    finally:
        for contestant in contestants.values():
            contestant.close()
    for name, why in row["failed"].items():
        print(f"{w.title}: {name}: {why}", file=sys.stderr)
    said = ", ".join(f"{name} {row['ratio'][name]:.2f}" for name in row["ratio"] if name != NNC)
    result = f"{row['step'][NNC]:.1f} ns a step; {said}" if NNC in row["step"] else "in error"
    print(f"{w.title}: {result}", flush=True)
    return row


# ---- All of them ----------------------------------------------------------------------------------------------------

def measure_sweep(settings, options, limits):
    """Rows of the drawn sizes, each with `next`: its time divided by that of the next multiple of 16."""
    known, rows = {}, []

    def once(w):
        if w.name not in known:
            known[w.name] = measure(w, settings, options, limits, [peer for peer in settings.peers if peer == ORT])
        return known[w.name]

    for one, other in workload.sweep(SEED, 3 if options.quick else 16):
        row, rounded = once(one), once(other)
        row.update(hidden=one.hidden, mode=f"T={one.steps}, batch {'1' if one.batch == 1 else 'of several'}")
        if NNC in row["step"] and NNC in rounded["step"]:
            row["next"] = row["step"][NNC] / rounded["step"][NNC]
        rows.append(row)
    return rows


def main():
    parser = argparse.ArgumentParser(prog="bench/run", description="Measures nnc against its peers; see README.md.")
    parser.add_argument("workloads", nargs="*", metavar="W", help="W1 to W8 (default: all)")
    parser.add_argument("--quick", action="store_true", help="few and short rounds: to see that all works")
    parser.add_argument("--sweep", action="store_true", help="sizes drawn from a seed instead of W1 to W8")
    parser.add_argument("--isa", type=int, choices=(0, 1, 2),
                        help="force a body: 0 baseline, 1 AVX2 and FMA, 2 AVX-512")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="the core (default: the last)")
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--nnc", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.rounds, options.milliseconds = (5, 4) if options.quick else (9, 15) if options.sweep else (21, 25)
    known = {w.name.split("_")[0] for w in workload.WORKLOADS}
    wanted = {name.lower() for name in options.workloads}
    if not wanted <= known:
        parser.error("no such workload: " + ", ".join(sorted(wanted - known)))
    if options.sweep and wanted:
        parser.error("--sweep takes no workloads")

    settings = Settings(options.build, options.isa, options.core, options.nnc)
    for name, why in settings.skipped.items():
        print(f"{name} is skipped: {why}", file=sys.stderr)
    limits = Limits(settings)
    if options.sweep:
        rows = measure_sweep(settings, options, limits)
    else:
        rows = [measure(w, settings, options, limits, settings.peers) for w in workload.WORKLOADS
                if not wanted or w.name.split("_")[0] in wanted]

    # What a README shows comes from whole runs only.
    whole = not options.quick and not wanted
    folder = HERE / "results" if whole else settings.build / "results"
    folder.mkdir(exist_ok=True)
    name = ("sweep" if options.sweep else "results") + ("" if options.isa is None else f"-isa{options.isa}")
    write = report.sweep if options.sweep else report.workloads
    write(folder / name, rows, settings, limits, options)
    print(f"Written: {os.path.relpath(folder / name)}.md and .svg")
    sys.exit(1 if any(row["failed"] for row in rows) else 0)


if __name__ == "__main__":
    main()
