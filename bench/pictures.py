"""pictures: the SVGs of report.py: bars of the workloads' ratios, and the sweep's times and ratios over the size."""
import math
from xml.sax.saxutils import escape

from contestants import NNC, ORT, ORT_WEB, RTNEURAL, SCALAR, TORCH

COLOURS = {NNC: "#333333", ORT: "#4477aa", ORT_WEB: "#4477aa", RTNEURAL: "#228833", TORCH: "#ee6677", SCALAR: "#ccbb44",
           "KANN": "#228833"}


class Picture:
    def __init__(self, width, height, title, subtitle):
        self.width, self.height = width, height
        self.parts = [f'<rect width="{width}" height="{height}" fill="white"/>']
        self.text(12, 22, title, size=15, weight="bold")
        self.text(12, 40, subtitle, colour="#555555")

    def text(self, x, y, text, anchor="start", size=12, weight="normal", colour="#000000"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
                          f'font-weight="{weight}" fill="{colour}">{escape(text)}</text>')

    def line(self, x1, y1, x2, y2, colour="#dddddd", dashed=False):
        dashes = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dashes}/>')

    def rectangle(self, x, y, width, height, colour):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>')

    def circle(self, x, y, colour, hollow=False):
        paint = f'fill="none" stroke="{colour}"' if hollow else f'fill="{colour}" fill-opacity="0.75"'
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" {paint}/>')

    def write(self, path):
        path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" '
                        f'viewBox="0 0 {self.width} {self.height}" font-family="sans-serif">\n'
                        + "\n".join(self.parts) + "\n</svg>\n")


def scale(low, high, start, end, marks=(1, 2, 5)):
    """A logarithmic scale, and the ticks (`marks` times powers of ten) within it."""
    def at(value):
        return start + (end - start) * math.log(value / low) / math.log(high / low)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return at, [m * 10.0 ** p for p in powers for m in marks if low <= m * 10.0 ** p <= high]


def bars(path, rows, names, subtitle, number):
    """For each workload a bar for each peer, from 1 (as fast as nnc) to its ratio; beside it the fraction of the limit.
    `number` writes a value."""
    names = [name for name in COLOURS if name in names]
    values = [value for row in rows for name, value in row["ratio"].items() if name != NNC] or [1]
    at, ticks = scale(min(0.8, *values) / 1.1, max(2.5, *values) * 1.3, 420, 840)
    height = 112 + sum(12 + 15 * max(1, sum(name in row["ratio"] for name in names)) for row in rows)
    title = "How many times nnc's time the others take (one core, one thread, float32)"
    picture = Picture(880, height, title, subtitle)
    x = 12
    for name in names:
        picture.rectangle(x, 53, 12, 12, COLOURS[name])
        picture.text(x + 17, 63, name)
        x += 40 + 7 * len(name)
    picture.text(at(1), 74, "as fast as nnc", "middle", size=10)
    for tick in ticks:
        picture.line(at(tick), 80, at(tick), height - 26)
        picture.text(at(tick), height - 10, f"{tick:g}", "middle")
    y = 88
    for row in rows:
        present = [name for name in names if name in row["ratio"]]
        middle = y + 15 * max(1, len(present)) / 2
        picture.text(410, middle - 1, row["title"] + ("" if NNC in row["step"] else ": error"), "end")
        if NNC in row["step"]:
            picture.text(410, middle + 12, f"{number(row['step'][NNC])} ns a step", "end", size=10, colour="#555555")
        for name in present:
            left, right = sorted((at(1), at(row["ratio"][name])))
            picture.rectangle(left, y, max(1, right - left), 12, COLOURS[name])
            picture.text(right + 4, y + 10, number(row["ratio"][name]), size=10)
            y += 15
        y += 12 + (0 if present else 15)
    picture.line(at(1), 80, at(1), height - 26, "#000000")
    picture.write(path)


def points(path, rows, subtitle):
    """The sweep, over the hidden size: time a step and row of nnc and of ONNX Runtime; their ratio; and the ratio to
    the next multiple of 16."""
    rows = [row for row in rows if NNC in row["step"]]
    modes = list(dict.fromkeys(row["mode"] for row in rows))
    colours = dict(zip(modes, ("#4477aa", "#ee6677", "#228833")))
    across, across_ticks = scale(0.85, 1250, 70, 850)
    picture = Picture(880, 1010, "The sweep: LSTM and GRU from 1 to 1024 hidden units (one core, one thread, float32)",
                      subtitle)
    x = 12
    for mode, colour in colours.items():
        picture.circle(x + 5, 57, colour)
        picture.text(x + 15, 61, mode)
        x += 40 + 7 * len(mode)

    def panel(top, bottom, title, dots, marks, limit=None):
        values = [value for _, value, _, _ in dots]
        low, high = (min(values), max(values)) if values else (1, 1)
        up, ticks = scale(min(low, limit or low) / 1.15, max(high, limit or high) * 1.15, bottom, top, marks)
        picture.text(12, top - 8, title, weight="bold")
        for tick in ticks:
            picture.line(70, up(tick), 850, up(tick))
            picture.text(62, up(tick) + 4, f"{tick:g}", "end")
        for tick in across_ticks:
            picture.line(across(tick), top, across(tick), bottom)
            picture.text(across(tick), bottom + 16, f"{tick:g}", "middle")
        if limit:
            picture.line(70, up(limit), 850, up(limit), "#000000", dashed=True)
            picture.text(852, up(limit) + 4, f"{limit:g}", size=10)
        for hidden, value, mode, hollow in dots:
            picture.circle(across(hidden), up(value), colours[mode], hollow)

    def dots(value, hollow=False):
        return [(row["workload"].hidden, value(row), row["mode"], hollow) for row in rows if value(row) is not None]

    def per_row(name):
        return lambda row: row["step"][name] / row["workload"].batch if name in row["step"] else None

    panel(100, 400, f"Nanoseconds a step and row of the batch: nnc (filled) and {ORT} (hollow)",
          dots(per_row(ORT), True) + dots(per_row(NNC)), (1,))
    panel(460, 680, f"{ORT}'s time divided by nnc's (goal: nowhere below 1)",
          dots(lambda row: row["ratio"].get(ORT)), (1, 2, 5), 1)
    panel(740, 950, "Time divided by that of the next multiple of 16 (goal: nowhere above 1.15)",
          dots(lambda row: row.get("next")), (1, 1.5, 2, 3, 5, 7), 1.15)
    picture.text(460, 995, "hidden units", "middle")
    picture.write(path)
