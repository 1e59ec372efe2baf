#!/usr/bin/python3
"""make.py: writes those cases of onnx/ whose name begins with "made_": models by onnx.helper, and what they give by
NumPy and PyTorch in double precision (Debian: python3-onnx, python3-numpy, python3-torch); nothing of nnc is used.

    tests/import/make.py [CASE...]
"""
import json
import os
import sys

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))
TYPES = {"float32": TensorProto.FLOAT, "int32": TensorProto.INT32, "int64": TensorProto.INT64, "bool": TensorProto.BOOL}
random = np.random.default_rng(13)


def numbers(*shape, scale=0.5):
    return (random.standard_normal(shape) * scale).astype(np.float32)


def info(name, dtype, shape):
    return helper.make_tensor_value_info(name, TYPES[dtype], shape)


def constants(**arrays):
    return [numpy_helper.from_array(np.asarray(a), n) for n, a in arrays.items()]


def write(name, about, nodes, weights, inputs, outputs, opset=17, shapes=None, options=(), dims=None, functions=(),
          check=True):
    """inputs and outputs: arrays by name; shapes: what the model says of the inputs where that is not their own
    shape."""
    outputs = {k: np.asarray(v) for k, v in outputs.items()}
    as_stored = lambda v: np.int32 if v.dtype.kind in "iub" else np.float32
    opsets = [helper.make_opsetid("", opset)] + [helper.make_opsetid(f.domain, 1) for f in functions]
    graph = helper.make_graph(
        nodes, name, [info(k, str(v.dtype), (shapes or {}).get(k, v.shape)) for k, v in inputs.items()],
        [info(k, "int64" if v.dtype.kind == "i" else "float32", [None] * v.ndim) for k, v in outputs.items()], weights)
    model = helper.make_model(graph, opset_imports=opsets, functions=list(functions), ir_version=8)
    if check:
        onnx.checker.check_model(model)
    folder = os.path.join(HERE, "onnx", name)
    os.makedirs(folder, exist_ok=True)
    onnx.save(model, os.path.join(folder, "model.onnx"))
    described = {}
    for kind, arrays in (("in", inputs), ("out", outputs)):
        for k, v in arrays.items():
            np.save(os.path.join(folder, f"{kind}.{k}.npy"), np.ascontiguousarray(v, as_stored(v)))
        described[kind] = [{"name": k, "onnx": k, "dtype": np.dtype(as_stored(v)).name, "shape": list(v.shape)}
                           for k, v in arrays.items()]
    case = {"about": about, "model": "model.onnx", "import": list(options), "dims": dims or {}, "steps": None,
            "expect": "equal", "say": [], "inputs": described["in"], "outputs": described["out"]}
    with open(os.path.join(folder, "case.json"), "w") as f:
        json.dump(case, f, indent=1)
        f.write("\n")


# --- recurrent nodes by the formulas of https://onnx.ai/onnx/operators/ ---

ACTIVATIONS = {
    "Sigmoid": lambda x, a, b: 1 / (1 + np.exp(-x)), "Tanh": lambda x, a, b: np.tanh(x),
    "Relu": lambda x, a, b: np.maximum(x, 0), "HardSigmoid": lambda x, a, b: np.clip(a * x + b, 0, 1),
    "Affine": lambda x, a, b: a * x + b, "ScaledTanh": lambda x, a, b: a * np.tanh(b * x),
    "LeakyRelu": lambda x, a, b: np.where(x < 0, a * x, x), "Softsign": lambda x, a, b: x / (1 + abs(x)),
}


def recurrent(kind, x, W, R, B, functions, lengths=None, h0=None, c0=None, P=None, clip=np.inf, reverse=(False,),
              after=False, input_forget=False):
    """x [T, B, I]; functions: for each direction a list of (name, alpha, beta). Y [T, D, B, H], Y_h, Y_c [D, B, H]."""
    x, W, R, B = (a.astype(np.float64) for a in (x, W, R, B))
    steps, batch, hidden = x.shape[0], x.shape[1], R.shape[2]
    P = np.zeros((len(reverse), 3 * hidden)) if P is None else P.astype(np.float64)
    lengths = np.full(batch, steps) if lengths is None else lengths
    Y, Yh, Yc = np.zeros((steps, len(reverse), batch, hidden)), [], []
    for d, backwards in enumerate(reverse):
        call = [lambda v, n=n, a=a, b=b: ACTIVATIONS[n](v, a, b) for n, a, b in functions[d]]
        cut = lambda v: np.clip(v, -clip, clip)
        h = np.zeros((batch, hidden)) if h0 is None else h0[d].astype(np.float64)
        c = np.zeros((batch, hidden)) if c0 is None else c0[d].astype(np.float64)
        wb, rb = np.split(B[d], 2)
        pi, po, pf = np.split(P[d], 3)
        for t in reversed(range(steps)) if backwards else range(steps):
            if kind == "LSTM":
                i, o, f, g = np.split(x[t] @ W[d].T + wb + h @ R[d].T + rb, 4, axis=1)
                i = call[0](cut(i + pi * c))
                f = 1 - i if input_forget else call[0](cut(f + pf * c))
                cn = f * c + i * call[1](cut(g))
                hn = call[0](cut(o + po * cn)) * call[2](cn)
            elif kind == "GRU":
                (xz, xr, xh), (rz, rr, rh), (bz, br, bh) = (np.split(v, 3, axis=-1) for v in
                                                            (x[t] @ W[d].T + wb, h @ R[d].T, rb))
                z, r = call[0](cut(xz + rz + bz)), call[0](cut(xr + rr + br))
                n = r * (rh + bh) if after else (r * h) @ R[d][2 * hidden:].T + bh
                hn, cn = (1 - z) * call[1](cut(xh + n)) + z * h, c
            else:
                hn, cn = call[0](cut(x[t] @ W[d].T + wb + h @ R[d].T + rb)), c
            on = (t < lengths)[:, None]
            h, c = np.where(on, hn, h), np.where(on, cn, c)
            Y[t, d] = np.where(on, hn, 0)
        Yh.append(h)
        Yc.append(c)
    return Y, np.array(Yh), np.array(Yc)


def weights_of(gates, directions, inputs, hidden):
    return (numbers(directions, gates * hidden, inputs), numbers(directions, gates * hidden, hidden),
            numbers(directions, 2 * gates * hidden))


def lstm_reverse_layout():
    x, h0, c0 = numbers(2, 5, 3), numbers(2, 1, 4), numbers(2, 1, 4)
    W, R, B = weights_of(4, 1, 3, 4)
    turn = lambda a: a.swapaxes(0, 1)
    usual = [[("Sigmoid", 0, 0), ("Tanh", 0, 0), ("Tanh", 0, 0)]]
    y, yh, yc = recurrent("LSTM", turn(x), W, R, B, usual, h0=turn(h0), c0=turn(c0), reverse=(True,))
    node = helper.make_node("LSTM", ["x", "W", "R", "B", "", "h0", "c0"], ["y", "yh", "yc"], hidden_size=4,
                            direction="reverse", layout=1)
    write("made_lstm_reverse_layout", "backwards, the batch first, states given", [node], constants(W=W, R=R, B=B),
          {"x": x, "h0": h0, "c0": c0}, {"y": y.transpose(2, 0, 1, 3), "yh": turn(yh), "yc": turn(yc)})


def rnn_affine_bi():
    x = numbers(6, 2, 3)
    W, R, B = weights_of(1, 2, 3, 4)
    y, yh, _ = recurrent("RNN", x, W, R, B, [[("Affine", 0.5, 0.25)], [("ScaledTanh", 1.5, 0.5)]],
                         reverse=(False, True))
    node = helper.make_node("RNN", ["x", "W", "R", "B"], ["y", "yh"], hidden_size=4, direction="bidirectional",
                            activations=["Affine", "ScaledTanh"], activation_alpha=[0.5, 1.5],
                            activation_beta=[0.25, 0.5])
    write("made_rnn_affine_bi", "a function of its own for each direction, a run-time length", [node],
          constants(W=W, R=R, B=B),
          {"x": x}, {"y": y, "yh": yh}, shapes={"x": ["T", 2, 3]}, options=["--dim", "T=1..9"], dims={"T": 6})


def gru_clip(after):
    x, h0 = numbers(5, 2, 3, scale=2), numbers(2, 2, 4)
    W, R, B = weights_of(3, 2, 3, 4)
    functions = [[("HardSigmoid", 0.3, 0.4), ("Softsign", 0, 0)]] * 2
    y, yh, _ = recurrent("GRU", x, W, R, B, functions, h0=h0, clip=0.75, reverse=(False, True), after=after)
    node = helper.make_node("GRU", ["x", "W", "R", "B", "", "h0"], ["y", "yh"], hidden_size=4,
                            direction="bidirectional", clip=0.75,
                            linear_before_reset=int(after), activations=["HardSigmoid", "Softsign"] * 2,
                            activation_alpha=[0.3, 0.3], activation_beta=[0.4, 0.4])
    write(f"made_gru_clip_{'after' if after else 'before'}", "clip, other functions, both directions", [node],
          constants(W=W, R=R, B=B),
          {"x": x, "h0": h0}, {"y": y, "yh": yh})


def lstm_lengths_peepholes():
    x, P, lengths = numbers(6, 3, 2, scale=1), numbers(2, 12), np.array([6, 2, 4], np.int32)
    W, R, B = weights_of(4, 2, 2, 4)
    y, yh, yc = recurrent("LSTM", x, W, R, B, [[("Sigmoid", 0, 0), ("Tanh", 0, 0), ("Tanh", 0, 0)]] * 2,
                          lengths=lengths, P=P,
                          clip=1.5, reverse=(False, True))
    node = helper.make_node("LSTM", ["x", "W", "R", "B", "lengths", "", "", "P"], ["y", "yh", "yc"], hidden_size=4,
                            clip=1.5,
                            direction="bidirectional")
    write("made_lstm_lengths_peepholes", "lengths of run time, peepholes, clip, both directions", [node],
          constants(W=W, R=R, B=B, P=P), {"x": x, "lengths": lengths}, {"y": y, "yh": yh, "yc": yc})


# --- control ---

def scan():
    x, h0, w = numbers(5, 3), numbers(3), numbers(3, 3)
    body = helper.make_graph(
        [helper.make_node("MatMul", ["h", "w"], ["hw"]), helper.make_node("Add", ["hw", "row"], ["sum"]),
         helper.make_node("Tanh", ["sum"], ["hn"]), helper.make_node("Mul", ["hn", "row"], ["product"])],
        "body", [info("h", "float32", [3]), info("row", "float32", [3])],
        [info("hn", "float32", [3]), info("product", "float32", [3])])
    node = helper.make_node("Scan", ["h0", "x"], ["last", "all"], body=body, num_scan_inputs=1,
                            scan_input_directions=[1],
                            scan_output_axes=[1])
    h, rows = h0.astype(np.float64), []
    for row in x[::-1].astype(np.float64):
        h = np.tanh(h @ w + row)
        rows.append(h * row)
    write("made_scan", "backwards, collected along axis 1", [node], constants(w=w), {"h0": h0, "x": x},
          {"last": h, "all": np.stack(rows, 1)}, shapes={"x": ["T", 3]}, options=["--dim", "T=2..8"], dims={"T": 5})


def loop():
    x, w = numbers(4), numbers(4, 4)
    body = helper.make_graph(
        [helper.make_node("MatMul", ["h", "w"], ["hw"]), helper.make_node("Cast", ["i"], ["fi"], to=TensorProto.FLOAT),
         helper.make_node("Add", ["hw", "fi"], ["sum"]), helper.make_node("Sigmoid", ["sum"], ["hn"]),
         helper.make_node("Identity", ["go"], ["go_on"]), helper.make_node("ReduceSum", ["hn"], ["total"], keepdims=0)],
        "body", [info("i", "int64", []), info("go", "bool", []), info("h", "float32", [4])],
        [info("go_on", "bool", []), info("hn", "float32", [4]), info("total", "float32", [])])
    node = helper.make_node("Loop", ["n", "", "x"], ["last", "totals"], body=body)
    h, totals = x.astype(np.float64), []
    for i in range(6):
        h = 1 / (1 + np.exp(-(h @ w + i)))
        totals.append(h.sum())
    write("made_loop", "six rounds that know their number, collected", [node], constants(w=w, n=np.array(6, np.int64)),
          {"x": x},
          {"last": h, "totals": np.array(totals)})


# --- moves, layers, weights ---

def moves():
    x, i = numbers(4, 7), np.array([2, -1, 0], np.int64)
    nodes = [helper.make_node("Gather", ["x", "i"], ["rows"], axis=0),
             helper.make_node("Split", ["rows", "sizes"], ["left", "right"], axis=-1),
             helper.make_node("Slice", ["x", "starts", "ends", "axes", "steps"], ["back"]),
             helper.make_node("Transpose", ["left"], ["turned"], perm=[1, 0]),
             helper.make_node("Concat", ["turned", "turned"], ["both"], axis=1)]
    weights = constants(i=i, sizes=np.array([3, 4], np.int64), starts=np.array([-1, 5], np.int64),
                        ends=np.array([-9, 0], np.int64),
                        axes=np.array([0, -1], np.int64), steps=np.array([-1, -2], np.int64))
    rows = x[i]
    write("made_moves", "negative indices, uneven parts, backwards with a step", nodes, weights, {"x": x},
          {"right": rows[:, 3:], "back": x[::-1, 5:0:-2], "both": np.concatenate([rows[:, :3].T] * 2, 1)})


def conv2d_pool():
    x, w, b = numbers(1, 4, 9, 7), numbers(6, 2, 3, 2), numbers(6)
    nodes = [helper.make_node("Conv", ["x", "w", "b"], ["c"], kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1],
                              group=2),
             helper.make_node("Relu", ["c"], ["r"]),
             helper.make_node("MaxPool", ["r"], ["m"], kernel_shape=[2, 2], strides=[1, 2], pads=[0, 1, 0, 0]),
             helper.make_node("AveragePool", ["m"], ["a"], kernel_shape=[3, 1], pads=[1, 0, 1, 0], count_include_pad=1),
             helper.make_node("GlobalAveragePool", ["r"], ["g"])]
    t = lambda a: torch.from_numpy(a).double()
    c = F.conv2d(F.pad(t(x), (0, 1, 1, 1)), t(w), t(b), stride=(2, 1), groups=2).relu()
    m = F.max_pool2d(F.pad(c, (1, 0, 0, 0), value=-np.inf), 2, stride=(1, 2))
    a = F.avg_pool2d(m, (3, 1), stride=1, padding=(1, 0))
    write("made_conv2d_pool", "groups, uneven pads and strides, pooling", nodes, constants(w=w, b=b), {"x": x},
          {"a": a.numpy(), "g": c.mean((2, 3), keepdim=True).numpy()})


def small_weights():
    x = numbers(2, 5)
    q, scale, zero = random.integers(-128, 128, (5, 4)).astype(np.int8), np.array(
        [0.01, 0.02, 0.005, 0.03], np.float32), np.array([3, -7, 0, 100], np.int8)
    half, bias = numbers(3, 4).astype(np.float16), numbers(3).astype(np.float16)
    nodes = [helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["w"], axis=1),
             helper.make_node("MatMul", ["x", "w"], ["h"]),
             helper.make_node("Tanh", ["h"], ["t"]), helper.make_node("Cast", ["half"], ["w2"], to=TensorProto.FLOAT),
             helper.make_node("Cast", ["bias"], ["b2"], to=TensorProto.FLOAT),
             helper.make_node("Gemm", ["t", "w2", "b2"], ["y"], transB=1)]
    w = (q.astype(np.float64) - zero) * scale
    write("made_small_weights", "int8 weights with a scale a column, float16 weights", nodes,
          constants(q=q, scale=scale, zero=zero, half=half, bias=bias), {"x": x},
          {"y": np.tanh(x.astype(np.float64) @ w) @ half.astype(np.float64).T + bias.astype(np.float64)})


def function():
    x, w, b = numbers(3, 4), numbers(4, 4), numbers(4)
    opset = [helper.make_opsetid("", 17)]
    gate = helper.make_function("own", "Gate", ["v", "weight"], ["g"],
                                [helper.make_node("MatMul", ["v", "weight"], ["p"]),
                                 helper.make_node("Sigmoid", ["p"], ["s"]),
                                 helper.make_node("Mul", ["v", "s"], ["g"])], opset)
    twice = helper.make_function("own", "Twice", ["v", "weight"], ["g"],
                                 [helper.make_node("Gate", ["v", "weight"], ["p"], domain="own"),
                                  helper.make_node("Gate", ["p", "weight"], ["g"], domain="own")],
                                 opset + [helper.make_opsetid("own", 1)])
    nodes = [helper.make_node("Twice", ["x", "w"], ["p"], domain="own"), helper.make_node("Add", ["p", "b"], ["y"])]
    v = x.astype(np.float64)
    for _ in range(2):
        v = v / (1 + np.exp(-(v @ w)))
    write("made_function", "functions of the model, one within the other", nodes, constants(w=w, b=b), {"x": x},
          {"y": v + b},
          functions=[gate, twice])


def einsum():
    q, k, w, z = numbers(2, 5, 3, 4), numbers(2, 6, 3, 4), numbers(3, 4, 7), numbers(2, 3)
    nodes = [helper.make_node("Einsum", ["q", "k"], ["scores"], equation="bthd,bshd->bhts"),
             helper.make_node("Einsum", ["q", "w"], ["merged"], equation="...hd, hdo -> ...o"),
             helper.make_node("Einsum", ["z", "w", "z"], ["bilinear"], equation="bi,ijo,bk->kbo"),
             helper.make_node("Einsum", ["k"], ["sums"], equation="bshd->hb"),
             helper.make_node("Einsum", ["z", "q"], ["scaled"], equation="bh,bthd")]
    a, b, c, d = (v.astype(np.float64) for v in (q, k, w, z))
    write("made_einsum", "attention, a weight behind an ellipsis, three operands, one, no arrow", nodes, constants(w=w),
          {"q": q, "k": k, "z": z},
          {"scores": np.einsum("bthd,bshd->bhts", a, b), "merged": np.einsum("...hd,hdo->...o", a, c),
           "bilinear": np.einsum("bi,ijo,bk->kbo", d, c, d), "sums": b.sum((1, 3)).T,
           "scaled": np.einsum("bh,bthd", d, a)},
          shapes={"q": [2, "T", 3, 4]}, options=["--dim", "T=2..9"], dims={"T": 5})


def sizes():
    x, table, first = numbers(2, 6), numbers(40, 2), numbers(1, 6)
    node, at = helper.make_node, lambda *v: np.array(v, np.int64)
    nodes = [node("Shape", ["x"], ["shape"]), node("Gather", ["shape", "one"], ["t"]),
             node("Gather", ["shape", "zero"], ["b"]),
             node("Concat", ["t1", "ones"], ["times"], axis=0), node("Unsqueeze", ["t", "axis0"], ["t1"]),
             node("Unsqueeze", ["b", "axis0"], ["b1"]),
             node("Tile", ["y3", "times"], ["tiled"]), node("Unsqueeze", ["first", "axis0"], ["y3"]),
             node("Concat", ["b1", "frozen1"], ["wide"], axis=0), node("Expand", ["zeros", "wide"], ["expanded"]),
             node("Add", ["expanded", "x4"], ["shifted"]), node("Slice", ["x", "axis0", "four", "one1"], ["x4"]),
             node("Range", ["start", "t", "step"], ["odd"]), node("Slice", ["table", "axis0", "t1", "axis0"], ["rows"]),
             node("CumSum", ["x", "one"], ["sums"], exclusive=1, reverse=1),
             node("TopK", ["x", "two"], ["least", "where"], axis=1, largest=0),
             node("Unsqueeze", ["x", "axis1"], ["image"]),
             node("Resize", ["image", "", "scales"], ["half"], mode="nearest",
                  coordinate_transformation_mode="asymmetric", nearest_mode="floor")]
    order = [0, 1, 2, 4, 5, 3, 7, 6, 8, 9, 11, 10, 12, 13, 14, 15, 16, 17]
    weights = constants(table=table, first=first, one=np.array(1, np.int64), zero=np.array(0, np.int64), axis0=at(0),
                        axis1=at(1), one1=at(1),
                        ones=at(1, 1), zeros=np.zeros((3, 4), np.float32), frozen1=at(4), four=at(4),
                        start=np.array(1, np.int64),
                        step=np.array(2, np.int64), two=at(2), scales=np.array([1, 1, 0.5], np.float32))
    v = x.astype(np.float64)
    write("made_sizes",
          "sizes of run time where PyTorch writes them; frozen zeros, a table cut, sums, the least, every other",
          [nodes[i] for i in order], weights, {"x": x},
          {"tiled": np.tile(first[None], (6, 1, 1)), "shifted": v[:, :4], "odd": np.arange(1, 6, 2), "rows": table[:6],
           "sums": np.cumsum(v[:, ::-1], 1)[:, ::-1] - v, "least": np.sort(v, 1)[:, :2],
           "where": np.argsort(v, 1)[:, :2], "half": v[:, None, ::2]},
          shapes={"x": ["B", "T"]}, options=["--dim", "B=1..4", "--dim", "T=5..20"], dims={"B": 2, "T": 6})


def sequences():
    x, h0, w = numbers(5, 2, 3), numbers(2, 3), numbers(3, 3)
    node, empty = helper.make_node, helper.make_tensor_sequence_value_info
    body = helper.make_graph(
        [node("Gather", ["x", "i"], ["row"], axis=0), node("MatMul", ["h", "w"], ["hw"]),
         node("Add", ["hw", "row"], ["sum"]),
         node("Tanh", ["sum"], ["hn"]), node("SequenceInsert", ["all", "hn"], ["more"]),
         node("Identity", ["go"], ["go_on"])],
        "body", [info("i", "int64", []), info("go", "bool", []), info("h", "float32", [2, 3]),
                 empty("all", TensorProto.FLOAT, None)],
        [info("go_on", "bool", []), info("hn", "float32", [2, 3]), empty("more", TensorProto.FLOAT, None)])
    branch = lambda name, op: helper.make_graph([node(op, ["last", "h0"], [name])], name, [],
                                                [info(name, "float32", [2, 3])])
    nodes = [node("Shape", ["x"], ["shape"]), node("Gather", ["shape", "zero"], ["t"]),
             node("SequenceEmpty", [], ["none"]),
             node("Loop", ["t", "", "h0", "none"], ["last", "states"], body=body),
             node("ConcatFromSequence", ["states"], ["y"], axis=1, new_axis=1),
             node("ConcatFromSequence", ["states"], ["long"], axis=0),
             node("SplitToSequence", ["w", "parts"], ["split"], axis=0),
             node("SequenceAt", ["split", "minus1"], ["end"]),
             node("ReduceSum", ["last"], ["total"], keepdims=0), node("Greater", ["total", "level"], ["above"]),
             node("If", ["above"], ["chosen"], then_branch=branch("a", "Add"), else_branch=branch("b", "Sub")),
             node("MatMul", ["chosen", "end_t"], ["product"]), node("Transpose", ["end"], ["end_t"], perm=[1, 0])]
    h, rows = h0.astype(np.float64), []
    for row in x.astype(np.float64):
        h = np.tanh(h @ w + row)
        rows.append(h)
    chosen = h + h0 if h.sum() > -0.5 else h - h0
    write("made_sequences", "a Loop that fills a sequence, a split, a branch of run time",
          nodes[:11] + [nodes[12], nodes[11]],
          constants(w=w, zero=np.array(0, np.int64), parts=np.array([1, 2], np.int64), minus1=np.array(-1, np.int64),
                    level=np.array(-0.5, np.float32)),
          {"x": x, "h0": h0},
          {"y": np.stack(rows, 1), "long": np.concatenate(rows), "product": chosen @ w[1:].T.astype(np.float64)},
          shapes={"x": ["T", 2, 3]}, options=["--dim", "T=1..9"], dims={"T": 5})


def block_weights():
    x, q = numbers(2, 5), random.integers(-128, 128, (5, 4)).astype(np.int8)
    scale, zero = np.abs(numbers(2, 4, scale=0.01)), random.integers(-9, 9, (2, 4)).astype(np.int8)
    nodes = [helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["w"], axis=0, block_size=3),
             helper.make_node("MatMul", ["x", "w"], ["y"])]
    each = lambda a: np.repeat(a.astype(np.float64), 3, 0)[:5]
    write("made_block_weights", "int8 weights with a scale for each three rows (opset 21)", nodes,
          constants(q=q, scale=scale, zero=zero), {"x": x},
          {"y": x.astype(np.float64) @ ((q - each(zero)) * each(scale))}, opset=21, check=False)


def choices():
    x, mask = numbers(2, 5, 5), np.array([[True, True, True, False, False], [True] * 5])
    node = helper.make_node
    causal = np.tril(np.ones((5, 5), bool))
    nodes = [node("Trilu", ["x"], ["below"], upper=0), node("Trilu", ["x", "two"], ["above"], upper=1),
             node("Unsqueeze", ["mask", "axis1"], ["row"]),
             node("And", ["row", "causal"], ["both"]), node("Where", ["both", "x", "least"], ["masked"]),
             node("Softmax", ["masked"], ["p"], axis=-1),
             node("Shape", ["x"], ["shape"]), node("Gather", ["shape", "axis1"], ["t"]),
             node("ConstantOfShape", ["t"], ["same"], value=numpy_helper.from_array(np.array([1], np.int64))),
             node("NonZero", ["same"], ["places"]), node("IsInf", ["masked"], ["gone"], detect_positive=0),
             node("Cast", ["gone"], ["out"], to=TensorProto.FLOAT)]
    v = x.astype(np.float64)
    masked = np.where(mask[:, None] & causal, v, -np.inf)
    e = np.exp(masked)
    write("made_choices", "triangles, a bool input, masks that are constant, what is not zero of ones", nodes,
          constants(two=np.array(2, np.int64), axis1=np.array([1], np.int64), causal=causal,
                    least=np.array(-np.inf, np.float32)), {"x": x, "mask": mask},
          {"below": np.tril(v), "above": np.triu(v, 2), "p": e / e.sum(-1, keepdims=True), "places": np.arange(5)[None],
           "out": np.isinf(masked).astype(np.float32)},
          shapes={"x": [2, "T", 5]}, options=["--dim", "T=5"])


def idioms():
    x = numbers(2, 6, 5, scale=2)
    node = helper.make_node
    nodes = [node("Sigmoid", ["x"], ["s"]), node("Mul", ["x", "s"], ["silu"]), node("Softplus", ["x"], ["sp"]),
             node("Tanh", ["sp"], ["t"]), node("Mul", ["t", "x"], ["mish"]),
             node("Split", ["x"], ["left", "right"], axis=1), node("Sigmoid", ["right"], ["gate"]),
             node("Mul", ["left", "gate"], ["glu"]),
             node("Div", ["x", "root"], ["d"]), node("Erf", ["d"], ["e"]), node("Add", ["e", "one"], ["e1"]),
             node("Mul", ["x", "e1"], ["xe"]), node("Mul", ["xe", "half"], ["gelu"]),
             node("Mul", ["half", "x"], ["hx"]), node("Mul", ["e1", "hx"], ["again"]),
             node("Reshape", ["x", "apart"], ["xa"]), node("InstanceNormalization", ["xa", "ones", "zeros"], ["na"],
                                                           epsilon=1e-3), node("Shape", ["x"], ["shape"]),
             node("Reshape", ["na", "shape"], ["n"]), node("Mul", ["n", "w"], ["nw"]),
             node("Add", ["nw", "b"], ["groups"]),
             # the halves the other way round
             node("Sigmoid", ["left"], ["wrong"]), node("Mul", ["right", "wrong"], ["turned"])]
    v = torch.from_numpy(x).double()
    left, right = v.chunk(2, 1)
    w, b = numbers(6, 1), numbers(6, 1)
    write("made_idioms", "functions of torch as exporters write them out; one that only looks like it", nodes,
          constants(root=np.array(2 ** 0.5, np.float32), one=np.array(1, np.float32), half=np.array(0.5, np.float32),
                    w=w, b=b,
                    apart=np.array([0, 3, -1], np.int64), ones=np.ones(3, np.float32), zeros=np.zeros(3, np.float32)),
                    {"x": x},
          {"silu": F.silu(v).numpy(), "mish": F.mish(v).numpy(), "glu": F.glu(v, 1).numpy(), "gelu": F.gelu(v).numpy(),
           "again": F.gelu(v).numpy(),
           "groups": F.group_norm(v, 3, torch.from_numpy(w[:, 0]).double(), torch.from_numpy(b[:, 0]).double(),
                                  1e-3).numpy(),
           "turned": (right * left.sigmoid()).numpy()}, opset=13)


CASES = {"lstm_reverse_layout": lstm_reverse_layout, "rnn_affine_bi": rnn_affine_bi,
         "gru_clip_after": lambda: gru_clip(True),
         "gru_clip_before": lambda: gru_clip(False), "lstm_lengths_peepholes": lstm_lengths_peepholes, "scan": scan,
         "loop": loop,
         "moves": moves, "conv2d_pool": conv2d_pool, "small_weights": small_weights, "function": function,
         "einsum": einsum, "sizes": sizes, "sequences": sequences, "block_weights": block_weights, "choices": choices,
         "idioms": idioms}

for wanted, make in CASES.items():
    random = np.random.default_rng(list(map(ord, wanted)))
    if not sys.argv[1:] or wanted in sys.argv[1:]:
        make()
