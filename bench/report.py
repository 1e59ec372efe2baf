"""report: writes what was measured as a Markdown table and a picture (SVG), PATH.md and PATH.svg."""
import datetime
import math
import platform
import re
import statistics
import time

import pictures
from contestants import NNC, ORT, run

LEVELS = (16 << 10, 512 << 10, 4 << 20, 128 << 20)      # working sets in L1, L2, L3 and memory nearly everywhere


def cpu():
    try:
        with open("/proc/cpuinfo") as file:
            text = file.read()
    except OSError:
        text = ""
    names = [re.search(rf"^{key}\s*:\s*(.+)$", text, re.M) for key in ("model name", "cpu family", "model")]
    name = names[0][1] if names[0] else platform.machine()
    if names[1] and names[2]:
        name += f" (family {names[1][1]}, model {names[2][1]})"
    return name


def subtitle(settings, options):
    return f"{cpu()}, {datetime.date.today()}{settings.subtitle()}{'; a quick run' if options.quick else ''}"


def version(settings, options):
    return run([settings.nnc, "--version"]).splitlines()[0] + (f" ({options.revision})" if options.revision else "")


def head(settings, limits, options):
    """What was measured, on what, and the machine's limits."""
    compiler, cc = run([*settings.cc, "--version"]).splitlines()[0], " ".join(settings.cc + settings.cflags)
    lines = [f"{cpu()}, {platform.system()}, one core, one thread, float32; {datetime.date.today()}"
             + ("; **a quick run: not for comparing**" if options.quick else ""), "",
             f"- `{options.command}`: {time.time() - options.start:.0f} s; load of the machine when it began: "
             f"{options.load:.1f}",
             f"- {NNC}: {version(settings, options)}; `{cc}` ({compiler}); body: {settings.body()}"]
    lines += [f"- {name}: {said}" for name, said in settings.peers.items()]
    lines += [f"- {name}: skipped ({why})" for name, why in settings.skipped.items()]
    rates = ", ".join(f"{limits.bandwidth(size):.0f} GB/s over {kib(size)}" for size in LEVELS)
    forced = " for that instruction set" if settings.results() else ""
    return [*lines, f"- The machine's limits, measured{forced}: {limits.operations:.0f} GFLOP/s; load and multiply-add "
            f"{rates}", ""]


def kib(size):
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB"


def number(value, digits=3):
    """Three significant digits without an exponent."""
    if value >= 10 ** digits:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.{max(0, digits - 1 - math.floor(math.log10(value)))}f}" if value > 0 else "0"


def spread(values):
    """The quartiles' distance as a percentage of the median."""
    if len(values) < 4:
        return "0 %"
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{100 * (high - low) / middle:.0f} %"


def ratio(row, name):
    if name in row["failed"]:
        return "error"
    return number(row["ratio"][name]) if name in row["ratio"] else ""


def timing(row, name):
    """Nanoseconds a step, their spread, and which build of a peer it was."""
    if name not in row["step"]:
        return ""
    return f"{number(row['step'][name])} ± {spread(row['times'][name])}" + (
        f" ({row['variant'][name]})" if row["variant"].get(name) else "")


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" + " ---: |" * (len(header) - 1)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def failures(rows):
    def short(why):             # of a compiler's many lines, the first error
        said = why.splitlines() or ["failed"]
        return next((line for line in said if "error:" in line), said[-1]).split("error: ")[-1]

    lines = [f"- {row['title']}: {name}: {short(why)}" for row in rows for name, why in row["failed"].items()]
    return ["", "In error:", "", *lines] if lines else []


def workloads(path, rows, settings, limits, options):
    names = list(settings.peers)
    timed = [row for row in rows if NNC in row["step"]]
    least = {row["title"]: limits.step(row["workload"]) for row in timed}
    reached = {row["title"]: least[row["title"]].time / row["step"][NNC] for row in timed}

    speed = [[row["title"], number(row["step"][NNC]), f"{100 * reached[row['title']]:.0f} %",
              *(ratio(row, name) for name in names)] if row in timed
             else [row["title"], "error", "", *["" for _ in names]] for row in rows]
    times = [[row["title"], *(timing(row, name) for name in [NNC, *names])] for row in timed]
    bound = []
    for row in timed:
        step, title = least[row["title"]], row["title"]
        bound.append([title, number(step.operations / 1000), number(step.streamed / 1024), number(step.time),
                      f"{100 * reached[title]:.0f} %", f"{100 * step.overlapped / row['step'][NNC]:.0f} %",
                      *(number(row["ratio"][name] / reached[title]) if reached[title] and name in row["ratio"] else ""
                        for name in names)])    # no product, as in a softmax: no limit
    errors = [[row["title"], *(f"{row['error'][name]:.1e}" if name in row["error"] else "" for name in [NNC, *names])]
              for row in timed]
    built = [[row["title"], *(number(size / 1024) for size in row["sizes"].values()),
              *(f"{seconds:.2f}" for seconds in row["seconds"])] for row in timed]
    sizes = list(timed[0]["sizes"]) if timed else []

    first, last = (rows[i]["title"].split()[0] for i in (0, -1))
    lines = [f"# {first} to {last}", "", *head(settings, limits, options),
             *table(["workload", "ns a step", "of the limit", *names], speed), "",
             "A peer's column is its time divided by nnc's: over 1, nnc is faster.", *failures(rows), "",
             "## Times", "", *table(["ns a step", NNC, *names], times), "",
             f"Medians over {options.rounds} rounds; behind ± the distance of the quartiles.", "",
             "## The limit", "",
             *table(["workload", "kFLOP a step", "KiB streamed a step", "least ns", "reached", "of full overlap",
                     *(f"{name} at the limit" for name in names)], bound), "",
             "Least ns: every product takes its operations' time or its weights' stream, whichever is longer, one "
             "product after another. Of full overlap: the fraction reached of the shorter time that all operations, or "
             "all streams, take by themselves. At the limit: what the peer's ratio would be if nnc took the least time.",
             "",
             "## Errors", "", *table(["against float64", NNC, *names], errors), "",
             "The largest abs(got - want) / (1 + abs(want)).", "",
             "## The C", "",
             *table(["workload", *sizes, "nnc s", "cc s"], built), "",
             f"{settings.sizes_said}; processor seconds to generate and to compile.", ""]
    path.with_suffix(".md").write_text("\n".join(lines))
    pictures.bars(path.with_suffix(".svg"), rows, names, subtitle(settings, options), number)


def sweep(path, rows, settings, limits, options):
    timed = [row for row in rows if NNC in row["step"]]
    slower = sorted((row for row in timed if row["ratio"].get(ORT, 1) < 1), key=lambda row: row["ratio"][ORT])
    ragged = sorted((row for row in timed if row.get("next", 1) > 1.15), key=lambda row: -row["next"])
    cells = []
    for row in rows:
        if row not in timed:
            cells.append([row["title"], "error", "", "", "", "", ""])
            continue
        cells.append([row["title"], number(row["step"][NNC]), spread(row["times"][NNC]), ratio(row, ORT),
                      f"{row['next']:.2f}" if "next" in row else "",
                      f"{100 * limits.step(row['workload']).time / row['step'][NNC]:.0f} %",
                      f"{row['error'][NNC]:.1e}"])
    compared = [row["ratio"][ORT] for row in timed if ORT in row["ratio"]]
    beside = [row["next"] for row in timed if "next" in row]
    lines = ["# The sweep", "", *head(settings, limits, options)]
    if compared:
        lines += [f"- Slower than {ORT}: {len(slower)} of {len(compared)}; the lowest ratio is {min(compared):.2f}, "
                  f"the median {statistics.median(compared):.2f}."]
    if beside:
        lines += [f"- Over 1.15 times the next multiple of 16: {len(ragged)} of {len(beside)}; the highest is "
                  f"{max(beside):.2f}."]
    lines += ["", *table(["layer", "ns a step", "spread", ORT, "next multiple of 16", "of the limit", "error"], cells),
              "", f"{ORT}: its time divided by nnc's. Next multiple of 16: nnc's time divided by its time for the same "
              "layer with the next larger multiple of 16 hidden units, timed in the same rounds.", "",
              f"## Slower than {ORT}", "",
              *(f"- {row['title']}: {row['ratio'][ORT]:.2f}" for row in slower), *([] if slower else ["None."]), "",
              "## Over 1.15 times the next multiple of 16", "",
              *(f"- {row['title']}: {row['next']:.2f}" for row in ragged), *([] if ragged else ["None."]),
              *failures(rows), ""]
    path.with_suffix(".md").write_text("\n".join(lines))
    pictures.points(path.with_suffix(".svg"), rows, subtitle(settings, options))
    for title, offenders, value in ((f"slower than {ORT}", slower, lambda row: row["ratio"][ORT]),
                                    ("over 1.15 times the next multiple of 16", ragged, lambda row: row["next"])):
        print(f"{len(offenders)} {title}" + "".join(f"\n    {row['title']}: {value(row):.2f}" for row in offenders))
