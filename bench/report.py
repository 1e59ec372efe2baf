"""report: writes what was measured as a Markdown table and a picture (SVG), PATH.md and PATH.svg."""
import datetime
import math
import platform
import re
from xml.sax.saxutils import escape

from contestants import NNC, ORT, RTNEURAL, TORCH

COLOURS = {ORT: "#4477aa", TORCH: "#ee6677", RTNEURAL: "#228833"}
BODIES = {None: "chosen at run time", 0: "baseline, forced", 1: "AVX2 and FMA, forced", 2: "AVX-512, forced"}


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


def head(settings, limits, options):
    """What was measured, on what, and the machine's limits."""
    from contestants import run
    compiler = run([*settings.cc, "--version"]).splitlines()[0]
    operations, level1, level2, memory = limits.levels()
    lines = [f"{cpu()}, one core, one thread, float32; {datetime.date.today()}"
             + ("; **a quick run: not for comparing**" if options.quick else ""), "",
             f"- nnc: `{' '.join(map(str, settings.cc + settings.cflags))}` ({compiler}); body: {BODIES[settings.isa]}"]
    lines += [f"- {name}: {said}" for name, said in settings.peers.items()]
    lines += [f"- {name}: skipped ({why})" for name, why in settings.skipped.items()]
    lines += [f"- The machine's limits, measured{' for that instruction set' if settings.isa is not None else ''}: "
              f"{operations:.0f} GFLOP/s; load and multiply-add {level1:.0f} GB/s out of the first cache, "
              f"{level2:.0f} out of the second, {memory:.0f} out of memory", ""]
    return lines


def number(value, digits=3):
    """Three significant digits without an exponent."""
    if value >= 10 ** digits:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.{max(0, digits - 1 - math.floor(math.log10(value)))}f}" if value > 0 else "0"


def ratio(row, name, limit=None):
    """The peer's time divided by nnc's, and with `limit`, nnc's fraction of it, what that would be at the limit."""
    if name in row["failed"]:
        return "error"
    if name not in row["ratio"]:
        return ""
    return number(row["ratio"][name]) + (f" of {number(row['ratio'][name] / limit)}" if limit else "")


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" + " ---: |" * (len(header) - 1)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def workloads(path, rows, settings, limits, options):
    names = list(settings.peers)
    speed, rest = [], []
    for row in rows:
        if NNC in row["failed"]:
            speed.append([row["title"], "error", *[""] * (len(names) + 1)])
            continue
        speed.append([row["title"], number(row["step"][NNC]), f"{100 * row['limit']:.0f} %",
                      *(ratio(row, name, row["limit"]) for name in names)])
        rest.append([row["title"], *(f"{row['error'][name]:.1e}" if name in row["error"] else ""
                                     for name in [NNC, *names]),
                     number(row["code"] / 1024), number(row["constants"] / 1024),
                     f"{row['nnc_seconds']:.2f}", f"{row['cc_seconds']:.2f}"])
    lines = ["# W1 to W8", "", *head(settings, limits, options),
             *table(["workload", "ns a step", "of the limit", *names], speed), "",
             "A peer's column is its time divided by nnc's (over 1, nnc is faster) *of* what it would be if nnc ran at "
             "the machine's limit.", "",
             *table(["workload", "error: nnc", *names, "code KiB", "constants KiB", "nnc s", "cc s"], rest), "",
             "Errors are the largest abs(got - want) / (1 + abs(want)) against float64; the rest is nnc's: the object "
             "file's code and constants, and the time to generate and to compile the C.", *failures(rows), ""]
    path.with_suffix(".md").write_text("\n".join(lines))
    bars(path.with_suffix(".svg"), rows, names, options)


def failures(rows):
    lines = [f"- {row['title']}: {name}: {why.splitlines()[-1] if why else 'failed'}"
             for row in rows for name, why in row["failed"].items()]
    return ["", "In error:", "", *lines] if lines else []


def sweep(path, rows, settings, limits, options):
    header = ["layer", "ns a step", ORT, "next multiple of 16", "of the limit", "error"]
    cells = []
    for row in rows:
        if NNC in row["failed"]:
            cells.append([row["title"], "error", "", "", "", ""])
            continue
        cells.append([row["title"], number(row["step"][NNC]), ratio(row, ORT), f"{row['next']:.2f}" if "next" in row else "",
                      f"{100 * row['limit']:.0f} %", f"{row['error'][NNC]:.1e}"])
    ratios = [row["ratio"][ORT] for row in rows if ORT in row["ratio"]]
    nexts = [row["next"] for row in rows if "next" in row]
    lines = ["# The sweep", "", *head(settings, limits, options)]
    if ratios:
        lines += [f"Slower than {ORT}: {sum(r < 1 for r in ratios)} of {len(ratios)}; the worst ratio is {min(ratios):.2f}."]
    if nexts:
        lines += [f"Over 1.15 times the next multiple of 16: {sum(n > 1.15 for n in nexts)} of {len(nexts)}; "
                  f"the worst is {max(nexts):.2f}."]
    lines += ["", *table(header, cells), "",
              f"{ORT}: its time divided by nnc's. Next multiple of 16: the time divided by that of the same layer with the "
              "next larger multiple of 16 hidden units.", *failures(rows), ""]
    path.with_suffix(".md").write_text("\n".join(lines))
    points(path.with_suffix(".svg"), rows, options)


# ---- Pictures ---------------------------------------------------------------------------------------------------------

class Picture:
    def __init__(self, width, height, title):
        self.width, self.height = width, height
        self.parts = [f'<rect width="{width}" height="{height}" fill="white"/>']
        self.text(12, 22, title, size=15, weight="bold")

    def text(self, x, y, text, anchor="start", size=12, weight="normal"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
                          f'font-weight="{weight}">{escape(text)}</text>')

    def line(self, x1, y1, x2, y2, colour="#dddddd"):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>')

    def rectangle(self, x, y, width, height, colour):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>')

    def circle(self, x, y, colour):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}" fill-opacity="0.8"/>')

    def write(self, path):
        path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" '
                        f'viewBox="0 0 {self.width} {self.height}" font-family="sans-serif">\n'
                        + "\n".join(self.parts) + "\n</svg>\n")


def scale(low, high, start, end):
    """A logarithmic scale, and the ticks (1, 2, 5 times powers of ten) within it."""
    def at(value):
        return start + (end - start) * math.log(value / low) / math.log(high / low)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return at, [m * 10.0 ** p for p in powers for m in (1, 2, 5) if low <= m * 10.0 ** p <= high]


def bounds(values):
    return min(0.8, *values) / 1.1, max(2, *values) * 1.25


def legend(picture, colours, y):
    x = 12
    for name, colour in colours.items():
        picture.rectangle(x, y - 10, 12, 12, colour)
        picture.text(x + 17, y, name)
        x += 40 + 7 * len(name)


def bars(path, rows, names, options):
    """For each workload a bar for each peer, from 1 (as fast as nnc) to its ratio."""
    values = [value for row in rows for name, value in row["ratio"].items() if name != NNC] or [1]
    at, ticks = scale(*bounds(values), 350, 850)
    height = 62 + sum(14 + 15 * max(1, sum(name in row["ratio"] for name in names)) for row in rows) + 30
    picture = Picture(880, height, f"Time divided by nnc's: {cpu()}, one core" + (" (quick run)" if options.quick else ""))
    legend(picture, {name: COLOURS[name] for name in names}, 44)
    for tick in ticks:
        picture.line(at(tick), 56, at(tick), height - 26)
        picture.text(at(tick), height - 10, f"{tick:g}", "middle")
    y = 66
    for row in rows:
        present = [name for name in names if name in row["ratio"]]
        middle = y + 15 * max(1, len(present)) / 2 + 4
        picture.text(340, middle, row["title"] + ("" if NNC in row["step"] else ": error"), "end")
        for name in present:
            left, right = sorted((at(1), at(row["ratio"][name])))
            picture.rectangle(left, y, max(1, right - left), 12, COLOURS[name])
            picture.text(right + 4, y + 10, number(row["ratio"][name]), size=10)
            y += 15
        y += 14 + (0 if present else 15)
    picture.line(at(1), 56, at(1), height - 26, "#000000")
    picture.write(path)


def points(path, rows, options):
    """The sweep: ONNX Runtime's time divided by nnc's over the hidden size."""
    rows = [row for row in rows if ORT in row["ratio"]]
    modes = list(dict.fromkeys(row["mode"] for row in rows))
    colours = dict(zip(modes, COLOURS.values()))
    across, across_ticks = scale(0.9, 1150, 60, 850)
    up, up_ticks = scale(*bounds([row["ratio"][ORT] for row in rows] or [1]), 420, 66)
    picture = Picture(880, 460, f"{ORT}'s time divided by nnc's: {cpu()}, one core" + (" (quick run)" if options.quick else ""))
    legend(picture, colours, 44)
    for tick in up_ticks:
        picture.line(60, up(tick), 850, up(tick), "#000000" if tick == 1 else "#dddddd")
        picture.text(52, up(tick) + 4, f"{tick:g}", "end")
    for tick in across_ticks:
        picture.line(across(tick), 66, across(tick), 420)
        picture.text(across(tick), 436, f"{tick:g}", "middle")
    picture.text(455, 454, "hidden units", "middle")
    for row in rows:
        picture.circle(across(row["hidden"]), up(row["ratio"][ORT]), colours[row["mode"]])
    picture.write(path)
