"""limits: what the machine could do at best (limits.c measures it), and from that the least time of a workload's step.

The reckoning, which README.md explains: a product of a step takes its operations divided by the rate of multiply-adds,
or, where its weights stream, its weights' bytes divided by the rate at which a working set of that size streams,
whichever is longer; the products of a step follow one another.
"""
import dataclasses
import pathlib

import numpy

import workload
from contestants import run

HERE = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass
class Step:
    """The least of one step of a workload (all rows of a batch)."""
    operations: float = 0.0     # of all products; a multiply-add is two
    streamed: float = 0.0       # bytes of weights that pass through the core
    time: float = 0.0           # nanoseconds, one product after another
    overlapped: float = 0.0     # nanoseconds, if all operations and all streams ran beside each other


class Limits:
    """What limits.c measured: float32 operations and streamed bytes a nanosecond."""

    def __init__(self, settings):
        self.command = ["taskset", "-c", settings.core, *settings.launch(settings.build / "limits")]
        run([*settings.cc, "-O2", "-ffp-contract=fast", *settings.native, HERE / "limits.c", "-o",
             settings.build / "limits"])
        self.operations, self.streams = 0.0, {}

    def measure(self):
        """Measures once more; of all measurements the best counts."""
        for line in run(self.command).splitlines():
            words = line.split()
            if words[0] == "fma":
                self.operations = max(self.operations, float(words[1]))
            else:
                size = int(words[1])
                self.streams[size] = max(self.streams.get(size, 0.0), float(words[2]))
        best = 0.0
        for size in sorted(self.streams, reverse=True):     # what a large working set can do, a smaller one can
            best = self.streams[size] = max(best, self.streams[size])

    def bandwidth(self, size):
        """Bytes a nanosecond of a stream that goes over the same `size` bytes again and again."""
        sizes = sorted(self.streams)
        return float(numpy.interp(numpy.log2(max(size, 1)), numpy.log2(sizes), [self.streams[s] for s in sizes]))

    def of_program(self, w):
        """Of a program's pass: the weights of a product stream where they meet one row alone."""
        program, least, streams = workload.programs.ALL[w.name][1], Step(), 0.0
        together = 4 * sum(weights for _, weights in program.products)
        for multiply_adds, weights in program.rounds * program.products:
            stream = 4 * weights / self.bandwidth(together) if weights else 0.0
            least.operations += 2 * multiply_adds
            least.streamed += 4 * weights
            least.time += max(2 * multiply_adds / self.operations, stream)
            streams += stream
        least.overlapped = max(least.operations / self.operations, streams)
        return least

    def step(self, w):
        if w.program:
            return self.of_program(w)
        gates, single, least = workload.GATES[w.kind] * w.hidden, w.steps == 1, Step()
        widths = [w.hidden * w.directions if layer else w.input for layer in range(w.layers)]
        # One step a call: what streams again and again is all the weights together.
        together = 4 * (sum(gates * (width + w.hidden) * w.directions for width in widths)
                        + w.linear * w.hidden * w.directions) if single else 0
        streams = 0.0

        def product(rows, columns, streamed):
            nonlocal streams
            size = 4 * rows * columns
            operations = 2 * w.batch * rows * columns
            stream = size / self.bandwidth(together or size) if streamed else 0.0
            least.operations += operations
            least.streamed += size if streamed else 0
            least.time += max(operations / self.operations, stream)
            streams += stream

        for width in widths:
            for _ in range(w.directions):
                product(gates, width, single)       # over a sequence it is hoisted: a matrix product
                product(gates, w.hidden, True)
        if w.linear:
            product(w.linear, w.hidden * w.directions, single)
        least.overlapped = max(least.operations / self.operations, streams)
        return least
