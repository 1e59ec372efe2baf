"""narrow: what `bench/run --weights-type NAME` measures: nnc's code with weights in fewer bits, beside its own in
float32 and beside ONNX Runtime, whose LSTM in 8 bits (DynamicQuantizeLSTM) is there for int8.
"""
import statistics

import contestants
import report
from contestants import NNC, ORT, ORT_INT8

NARROW = "nnc narrow"
WORKLOADS = ("w1", "w2", "w3", "w4", "w5", "w6", "w7")      # what has a recurrent layer that is no toy


def has_vnni():
    try:
        with open("/proc/cpuinfo") as file:
            return "vnni" in file.read()
    except OSError:
        return False


class Settings(contestants.Settings):
    def __init__(self, build, isa, core, nnc, weights_type):
        super().__init__(build, isa, core, nnc)
        self.weights_type = weights_type
        self.peers = {NARROW: f"`--weights-type {weights_type}`",
                      **{name: said for name, said in self.peers.items() if name == ORT}}
        if ORT in self.peers and weights_type == "int8":
            self.ort_largest = 127 if isa != 1 and has_vnni() else 63
            bits = "" if self.ort_largest == 127 else " (7 of weights, as its documents advise for processors without VNNI)"
            self.peers[ORT_INT8] = ("its DynamicQuantizeLSTM, a scale for each row, inputs and h in 8 bits" + bits +
                                    "; the Linear in float32")
        self.skipped = {name: why for name, why in self.skipped.items() if name == ORT}

    def results(self):
        return f"-{self.weights_type}" + super().results()

    def compile(self, folder, members):
        """Both builds; the facts are those of float32, with the bytes of the other's tables."""
        facts = super().compile(folder, members)
        narrow = folder / "narrow"
        narrow.mkdir()
        for name in ("model.nn", "model.safetensors", "models.h"):
            (narrow / name).write_bytes((folder / name).read_bytes())
        other = super().compile(narrow, members, NARROW, ["--weights-type", self.weights_type])
        facts["tables"] = [f["sizes"]["constants KiB"] / 1024 for f in (facts, other)]
        return facts


def ratio(row, name, to):
    if name not in row["times"] or to not in row["times"]:
        return ""
    return report.number(statistics.median(a / b for a, b in zip(row["times"][name], row["times"][to])))


def write(path, rows, settings, limits, options):
    """PATH.md: bytes, times and errors."""
    peers = [name for name in (ORT, ORT_INT8) if name in settings.peers]
    lines = [f"# Weights in fewer bits: {settings.weights_type}", "", *report.head(settings, limits, options)]
    table = []
    for row in rows:
        float32, narrow = row.get("tables", (0, 0))
        table.append([row["title"], f"{float32:.0f}", f"{narrow:.0f}", f"{narrow / float32:.2f}" if float32 else "",
                      report.timing(row, NNC), report.timing(row, NARROW), ratio(row, NARROW, NNC),
                      *(ratio(row, name, NARROW) for name in peers),
                      *(f"{row['rms'][name]:.1e}" if name in row["rms"] else "" for name in (NNC, NARROW, *peers))])
    lines += report.table(["workload", "KiB of tables, float32", settings.weights_type, "of float32",
                           "ns a step, float32",
                           settings.weights_type, "of float32", *peers, "rms error, float32", settings.weights_type,
                           *peers],
                          table)
    lines += ["", f"A peer's column is its time divided by that of nnc's code with {settings.weights_type}: over 1, nnc is "
              "faster. Errors are against float64 with the weights as they were.", *report.failures(rows), ""]
    path.with_suffix(".md").write_text("\n".join(lines))
