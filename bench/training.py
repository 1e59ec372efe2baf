"""training: what `bench/run --train` measures: a step of training (forward, backward, optimizer), beside PyTorch's and
KANN's and beside the forward part alone.

A workload is an Embedding (where `vocabulary` is set), a recurrent layer, a Linear, and cross_entropy over all rows. A
pass is five steps of training, each on a batch of its own; its outputs are the five losses, compared with PyTorch in
float64.
"""
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import sys

import numpy

import contestants
import pictures
import workload
from contestants import HERE, NNC, TORCH, Entry, run
from report import failures, head, number, ratio, subtitle, table, timing

FORWARD, KANN = "forward", "KANN"


@dataclasses.dataclass(frozen=True)
class Training(workload.Workload):
    calls: int = 5
    optimizer: str = "SGD"
    lr: float = 0.01
    head_only: bool = False     # the Linear alone is trained
    goal: float = 3.5           # a step should take at most so many times the forward part

    @property
    def units(self):
        return self.calls       # a step of training is timed, whatever T is

    def source(self):
        """The .nn file."""
        first = f"int32[T, {self.batch}]" if self.vocabulary else f"float32[T, {self.batch}, {self.input}]"
        layers = f", num_layers={self.layers}" if self.layers > 1 else ""
        params = ', params="linear.*"' if self.head_only else ""
        lines = [f"model {self.name} {{", f"    dim T = 1..{self.steps}", '    weights "model.safetensors"',
                 f"    input x: {first}", f"    target y: int32[T, {self.batch}]"]
        if self.vocabulary:
            lines += [f"    layer embedding = Embedding({self.vocabulary}, {self.input})"]
        lines += [f"    layer {self.layer} = {self.kind}({self.input}, {self.hidden}{layers})",
                  f"    layer linear = Linear({self.hidden}, {self.linear})",
                  f"    out, _ = {self.layer}({'embedding(x)' if self.vocabulary else 'x'})",
                  f"    output scores = linear(view(out, T * {self.batch}, -1))",
                  f"    loss l = cross_entropy(scores, view(y, T * {self.batch}))",
                  f"    train {self.optimizer}(lr={self.lr}{params})", "}", ""]
        return "\n".join(lines)

    def targets(self):
        return workload.random_state(self.name + " target").randint(0, self.linear, self.rows).astype(numpy.int32)

    def told(self):
        """What the peers in Python are told."""
        return {**vars(self), "layer": self.layer}


def wide(name, kind, hidden, **more):
    title = f"{name.upper()} {kind} 128->{hidden}, Linear 50, T=32, batch {more.get('batch', 1)}"
    return Training(name, title + (", only the Linear trained" if "head_only" in more else ""), kind, 128, hidden, 32,
                    linear=50, **more)


WORKLOADS = [
    Training("t1", "T1 tagger: Embedding 9x6, LSTM 6, Linear 3, T=5", "LSTM", 6, 6, 5, vocabulary=9, linear=3, lr=0.1,
             goal=5),
    Training("t2", "T2 hello: Embedding 4x10, LSTM 8, two layers, Linear 4, T=5, Adam", "LSTM", 10, 8, 5, layers=2,
             vocabulary=4, linear=4, optimizer="Adam", lr=0.05, goal=5),
    wide("t3", "LSTM", 128),
    wide("t4", "LSTM", 256),
    wide("t5", "GRU", 384),
    wide("t6", "LSTM", 256, batch=32, goal=3.3),
    wide("t7", "LSTM", 256, head_only=True, goal=1.1),
]


class Settings(contestants.Settings):
    def find_peers(self):
        self.kann = os.environ.get("KANN_DIR")
        self.kann_flags = ["-O3", *self.native]
        torch = super().find_peers().get(TORCH)
        self.skipped = {name: why for name, why in self.skipped.items() if name == TORCH}
        peers = {FORWARD: f"{NNC}'s own `NAME_run` on the same rows, without loss"}
        if torch:
            peers[TORCH] = torch.replace("inference_mode", "torch.optim")
        if self.kann:
            peers[KANN] = (f"unrolled, `{' '.join(self.kann_flags)}`; of its own products and OpenBLAS's what is faster on the "
                           "workload")
        else:
            self.skipped[KANN] = "KANN_DIR is not set"
        return peers


class Built(contestants.Built):
    def __init__(self, w, settings):
        super().__init__(w, settings)
        (self.folder / "model.nn").write_text(w.source())
        contestants.safetensors.save(self.folder / "model.safetensors", self.parameters)
        w.targets().tofile(self.folder / "targets")

    def reference(self):
        """The losses in float64."""
        import torch
        sys.path.insert(0, str(HERE / "peers"))
        import pytorch_train
        steps = pytorch_train.Steps(self.w.told(), self.parameters, torch.float64)
        return numpy.array(steps.losses(steps.batches(self.inputs, self.w.targets())))

    def entry(self, name, program, *arguments, **more):
        return Entry(name, [*program, "{inputs}", "{outputs}", *arguments], **more)

    def build_nnc(self):
        """The step, and beside it the forward part."""
        s, w, folder = self.settings, self.w, self.folder
        force = [f"-DNNC_FORCE_ISA={s.isa}"] if s.isa is not None else []
        names = [f"-DMODEL={w.name}", *(f"-D{what.upper()}={w.name}_{what}" for what in ("reset", "run", "train"))]
        run([s.nnc, folder / "model.nn", "-o", folder / "model.c", "--standalone", "--target", "all"])
        run([*s.cc, *s.cflags, *force, *names, f"-I{folder}", f"-I{HERE}", HERE / "peers" / "nnc_train.c",
             folder / "model.c", "-lm", "-o", folder / "nnc"])
        for name, what in ((NNC, "train"), (FORWARD, "run")):
            self.entries[name] = [self.entry(name, [folder / "nnc"], self.sizes, folder / "targets", w.lr, what,
                                             checked=what == "train")]

    def build_pytorch(self):
        weights = self.folder / "weights.npz"
        numpy.savez(weights, **self.parameters)
        self.entries[TORCH] = [self.entry(TORCH, [sys.executable, HERE / "peers" / "pytorch_train.py"], weights,
                                          json.dumps(self.w.told()), self.folder / "targets",
                                          environment=self.settings.torch_environment())]

    def build_kann(self):
        """KANN freezes nothing: the workload that trains the head alone is none of its own."""
        s, w = self.settings, self.w
        if w.head_only:
            return
        weights, root = self.folder / "kann.weights", pathlib.Path(s.kann)
        weights.write_bytes(b"".join(array.tobytes() for array in self.parameters.values()))
        forms = {"": []}
        if s.blas:
            forms["OpenBLAS"] = ["-DHAVE_CBLAS", s.blas / "libblas.so.3"]
        self.entries[KANN] = []
        for form, flags in forms.items():
            program = self.folder / f"kann{form.lower()}"
            run([*s.cc, *s.kann_flags, "-w", f"-I{HERE}", f"-I{root}", HERE / "peers" / "kann_train.c", root / "kann.c",
                 root / "kautodiff.c", *flags, "-lm", "-lpthread", "-o", program])
            self.entries[KANN].append(self.entry(
                KANN, [program], self.sizes, self.folder / "targets", w.lr, weights, w.kind, w.layers, w.vocabulary,
                w.optimizer, variant=form, checked=w.kind == "LSTM",
                environment={"LD_LIBRARY_PATH": str(s.blas)} if form else {}))

    def build(self, name):
        """Builds a contestant; what goes wrong with it is kept for the table."""
        try:
            {NNC: self.build_nnc, TORCH: self.build_pytorch, KANN: self.build_kann}[name]()
        except contestants.Failure as failure:
            self.failed[name] = str(failure)


def build(settings, wanted):
    """The workloads that are wanted (all, if none is named), built."""
    all_built = [Built(w, settings) for w in WORKLOADS if not wanted or w.name in wanted]
    names = [NNC, *(name for name in settings.peers if name != FORWARD)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for job in [pool.submit(built.build, name) for built in all_built for name in names]:
            job.result()
    return all_built


def write(path, rows, settings, limits, options):
    forward, *peers = settings.peers
    timed = [row for row in rows if NNC in row["step"] and forward in row["step"]]
    speed = [[row["title"], number(row["step"][forward] / 1000), number(row["step"][NNC] / 1000),
              f"{1 / row['ratio'][forward]:.2f}", f"{row['workload'].goal:g}", *(ratio(row, name) for name in peers)]
             if row in timed else [row["title"], "error", "", "", "", *("" for _ in peers)] for row in rows]
    times = [[row["title"], *(timing(row, name) for name in [NNC, forward, *peers])] for row in timed]
    errors = [[row["title"], *(f"{row['error'][name]:.1e}" if name in row["error"] else "" for name in [NNC, *peers])]
              for row in timed]
    lines = ["# Training: T1 to T7", "", *head(settings, limits, options),
             *table(["workload", "forward, µs", "step, µs", "step / forward", "goal", *peers], speed), "",
             "Forward is `NAME_run` on the same rows, a step `NAME_train`: forward, backward and the optimizer's update. A "
             "peer's column is the time of its step divided by nnc's. All contestants flush denormal numbers.",
             *failures(rows), "",
             "## Times", "", *table(["ns", NNC, forward, *peers], times), "",
             f"Medians over {options.rounds} rounds; behind ± the distance of the quartiles.", "",
             "## Errors", "", *table(["losses of five steps against float64", NNC, *peers], errors), "",
             "The largest abs(got - want) / (1 + abs(want)). Where a field is empty, a layer of the peer's is not PyTorch's: "
             "KANN's GRU resets before the product.", ""]
    path.with_suffix(".md").write_text("\n".join(lines))
    bars = [{**row, "ratio": {name: value for name, value in row["ratio"].items() if name != forward}} for row in rows]
    pictures.bars(path.with_suffix(".svg"), bars, peers, subtitle(settings, options), number)
