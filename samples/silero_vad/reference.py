#!/usr/bin/python3
"""Writes expected.txt: where PyTorch finds speech in a WAV file, by the weights of the ONNX file.

    samples/silero_vad/run --synthetic synthetic.wav
    samples/silero_vad/reference.py build/samples/silero_vad/silero_vad.onnx synthetic.wav

Debian: python3-onnx, python3-torch. Nothing of nnc is used: the model is written down here as Silero's authors describe
it, in double precision: magnitudes of a short-time Fourier transform, four convolutions, an LSTM cell, a convolution of
width 1."""
import os
import sys
import wave

import numpy
import onnx
import onnx.numpy_helper
import torch
from torch.nn.functional import conv1d, pad

RATE, WINDOW, CONTEXT, BEGINS, ENDS, LEAST_SILENCE = 16000, 512, 64, 0.5, 0.35, 1600
OF_16_KHZ = "If_0_then_branch__Inline_0__"
HERE = os.path.dirname(os.path.abspath(__file__))


def tensors(graph):
    """Every constant of the graph and of the graphs within it."""
    for t in graph.initializer:
        yield t.name, onnx.numpy_helper.to_array(t)
    for node in graph.node:
        for a in node.attribute:
            if node.op_type == "Constant" and a.name == "value":
                yield node.output[0], onnx.numpy_helper.to_array(a.t)
            if a.HasField("g"):
                yield from tensors(a.g)


def model_of(path):
    w = {n.removeprefix(OF_16_KHZ): torch.from_numpy(v.copy()).double()
         for n, v in tensors(onnx.load(path).graph) if n.startswith(OF_16_KHZ) and v.dtype == numpy.float32}
    cell = torch.nn.LSTMCell(128, 128).double()
    cell.load_state_dict({k: w[f"decoder.rnn.{k}"] for k in cell.state_dict()})

    def model(x, state):
        x = conv1d(pad(x[None, None], (0, 64), mode="reflect"), w["stft.forward_basis_buffer"], stride=128)
        x = (x[:, :129] ** 2 + x[:, 129:] ** 2).sqrt()
        for i, stride in enumerate((1, 2, 2, 1)):
            name = f"encoder.{i}.reparam_conv"
            x = conv1d(x, w[name + ".weight"], w[name + ".bias"], stride, padding=1).relu()
        h, c = state = cell(x[:, :, 0], state)
        y = conv1d(h[:, :, None].relu(), w["decoder.decoder.2.weight"], w["decoder.decoder.2.bias"]).sigmoid()
        return y.mean().item(), state

    return model


def main():
    model = model_of(sys.argv[1])
    with wave.open(sys.argv[2]) as f:
        assert (f.getframerate(), f.getnchannels(), f.getsampwidth()) == (RATE, 1, 2)
        samples = torch.from_numpy(numpy.frombuffer(f.readframes(f.getnframes()), "<i2") / 32768)
    padded = pad(samples, (CONTEXT, -len(samples) % WINDOW))
    state = (torch.zeros(1, 128).double(), torch.zeros(1, 128).double())
    segments, begin, silent = [], None, None
    margin = 1.0
    with torch.no_grad():
        for at in range(0, len(samples), WINDOW):
            p, state = model(padded[at:at + CONTEXT + WINDOW], state)
            margin = min(margin, abs(p - BEGINS), abs(p - ENDS))
            if p >= BEGINS:
                begin, silent = at if begin is None else begin, None
            elif begin is not None and p < ENDS:
                silent = at if silent is None else silent
                if at + WINDOW - silent >= LEAST_SILENCE:
                    segments.append((begin, silent))
                    begin = silent = None
    if begin is not None:
        segments.append((begin, len(samples) if silent is None else silent))
    with open(os.path.join(HERE, "expected.txt"), "w") as f:
        for begin, end in segments:
            f.write(f"speech from {begin / RATE:.2f} s to {end / RATE:.2f} s\n")
        if not segments:
            f.write("no speech\n")
    print(f"{len(segments)} segments; the least distance of a probability to a threshold: {margin:.4f}")


main()
