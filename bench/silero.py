"""silero: Silero VAD as imported, beside ONNX Runtime on the model itself: the time of a frame of 576 samples, in turn
on one core; `bench/run --silero` prepares what it needs. Both must give the same probabilities within 1e-5."""
import argparse
import json
import os
import pathlib
import statistics
import sys

import numpy

import bench
import contestants

HERE = pathlib.Path(__file__).resolve().parent
FRAMES, SAMPLES = 64, 576


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    folder = options.build / "silero"
    numpy.random.RandomState(1).uniform(-0.3, 0.3, (FRAMES, SAMPLES)).astype(numpy.float32).tofile(folder / "inputs")
    (folder / "models.h").write_text('#include "silero_vad.h"\n#define MODELS FIXED(silero_vad)\n')
    contestants.run([*os.environ.get("CC", "cc").split(), *os.environ.get("CFLAGS", "-O2").split(), f"-I{folder}",
                     f"-I{HERE}", HERE / "peers" / "nnc.c", folder / "silero_vad.c", "-lm", "-o", folder / "nnc"])
    sizes = ",".join(map(str, (FRAMES, 1, 1, SAMPLES, 128, 1, 2, 0)))
    told = json.dumps({"calls": FRAMES, "tokens": 0})
    entries = [
        contestants.Entry(contestants.NNC, [folder / "nnc", "{inputs}", "{outputs}", sizes, "silero_vad"]),
        contestants.Entry(contestants.ORT, ["node", HERE / "peers" / "silero_ort.mjs", "{inputs}", "{outputs}", told,
                                            options.build / "node_modules" / "onnxruntime-node",
                                            folder / "silero_vad.onnx"])]
    running = {entry.name: contestants.Contestant(entry, folder, options.core) for entry in entries}
    ours, theirs = (running[entry.name].check() for entry in entries)
    apart = bench.distance(ours.astype(float), theirs.astype(float))
    times = bench.rounds(running, options.rounds, 20)
    for name, values in times.items():
        print(f"{name}: {statistics.median(values) / FRAMES / 1000:.1f} µs a frame")
    ratios = [b / a for a, b in zip(times[contestants.NNC], times[contestants.ORT])]
    print(f"ONNX Runtime's time divided by nnc's: {statistics.median(ratios):.2f}; probabilities {apart:.1e} apart")
    sys.exit(apart > bench.TOLERANCE)


main()
