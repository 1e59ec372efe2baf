"""onnx_graph: writes a workload as an ONNX graph, with the weights that all contestants get.

Inputs are x (float32 [T, B, I]; tokens int32 [T, B] with an Embedding) and, for a workload whose state is kept, h and
c [1, B, H]; outputs are y [T, B, output], h_n and c_n. T stays symbolic, so that one graph serves any number of steps.
"""
import numpy
from onnx import TensorProto, checker, helper, numpy_helper, save

from workload import GATES, STATES

# PyTorch's order of gates (i f g o; r z n) to ONNX's (i o f c; z r h).
ORDER = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2), "RNN": (0,)}


def quantised(matrices, largest):
    """[D, rows, terms] in signed bytes as DynamicQuantizeLSTM has them, [D, terms, rows], with a scale for each row."""
    scale = numpy.abs(matrices).max(axis=2) / numpy.float32(largest)
    codes = numpy.rint(matrices / scale[:, :, None]).clip(-largest, largest).astype(numpy.int8)
    return codes.transpose(0, 2, 1), scale, numpy.zeros(scale.shape, numpy.int8)


def write(w, parameters, path, int8=0):
    """int8: LSTMs as ONNX Runtime's tools make them, with inputs that are quantised as they come, and weights in 8 bits
    of at most this magnitude: 127, or 63 where the processor's sums of products are too short for that
    (reduce_range)."""
    nodes, constants = [], []

    def constant(name, array):
        constants.append(numpy_helper.from_array(numpy.array(array, order="C"), name))
        return name

    def node(kind, inputs, outputs, **attributes):
        nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        return outputs[0]

    def gates(name):
        array = parameters[name]
        return array.reshape(GATES[w.kind], w.hidden, -1)[list(ORDER[w.kind])].reshape(array.shape)

    def linear(name, x, to):
        return node("Add", [node("MatMul", [x, f"{name}.T"], [f"{to}_product"]), f"{name}.bias"], [to])

    def norm(name, x, to):
        """LayerNorm as the exporter writes it for this opset."""
        if not w.norms:
            return x
        mean = node("ReduceMean", [x], [f"{to}_mean"], axes=[-1])
        centred = node("Sub", [x, mean], [f"{to}_centred"])
        square = node("Pow", [centred, "two"], [f"{to}_square"])
        variance = node("ReduceMean", [square], [f"{to}_variance"], axes=[-1])
        root = node("Sqrt", [node("Add", [variance, "eps"], [f"{to}_sum"])], [f"{to}_root"])
        scaled = node("Mul", [node("Div", [centred, root], [f"{to}_unit"]), f"{name}.weight"], [f"{to}_scaled"])
        return node("Add", [scaled, f"{name}.bias"], [to])

    def cells(x):
        """The cell, unrolled over the steps as the exporter does with a loop in Python."""
        for name, array in parameters.items():
            constant(name, array)
        constant("w_ih.T", parameters["w_ih.weight"].T)
        constant("w_hh.T", parameters["w_hh.weight"].T)
        constant("two", numpy.float32(2))
        constant("eps", numpy.float32(1e-5))
        constant("zero axis", numpy.array([0]))
        h = c = constant("zeros", numpy.zeros((w.batch, w.hidden), numpy.float32))
        outs = []
        for t in range(w.steps):
            x_t = node("Gather", [x, constant(f"t{t}", numpy.array(t))], [f"x{t}"])
            gates = node("Add", [norm("ln_i", linear("w_ih", x_t, f"i{t}"), f"ni{t}"),
                                 norm("ln_h", linear("w_hh", h, f"h{t}"), f"nh{t}")], [f"gates{t}"])
            parts = [f"{gate}{t}_gate" for gate in "ifgo"]
            nodes.append(helper.make_node("Split", [gates], parts, axis=1))
            i, f, o = (node("Sigmoid", [parts[k]], [f"{parts[k]}_s"]) for k in (0, 1, 3))
            g = node("Tanh", [parts[2]], [f"{parts[2]}_t"])
            c = norm("ln_c", node("Add", [node("Mul", [f, c], [f"fc{t}"]), node("Mul", [i, g], [f"ig{t}"])],
                                  [f"cell{t}"]), f"nc{t}")
            h = node("Mul", [o, node("Tanh", [c], [f"tc{t}"])], [f"hidden{t}"])
            outs.append(node("Unsqueeze", [h, "zero axis"], [f"out{t}"]))
        return node("Concat", outs, ["all"], axis=0)

    x = "x"
    if w.cell:
        x = cells(x)
    if w.vocabulary:
        x = node("Gather", [constant("table", parameters["embedding.weight"]), x], ["embedded"])
    for layer in range(0 if w.cell else w.layers):
        ends = [f"l{layer}{direction}" for direction in ("", "_reverse")[:w.directions]]
        W = numpy.stack([gates(f"{w.layer}.weight_ih_{end}") for end in ends])
        R = numpy.stack([gates(f"{w.layer}.weight_hh_{end}") for end in ends])
        B = numpy.stack([numpy.concatenate([gates(f"{w.layer}.bias_ih_{end}"), gates(f"{w.layer}.bias_hh_{end}")])
                         for end in ends])
        states = ["h", "c"][:STATES[w.kind]] if w.state else []
        attributes = {"hidden_size": w.hidden, "direction": ("forward", "bidirectional")[w.directions - 1]}
        if w.kind == "GRU":
            attributes["linear_before_reset"] = 1
        kind, arrays, rest = w.kind, [W, R, B], []
        if int8:
            (W, *scales_W), (R, *scales_R) = quantised(W, int8), quantised(R, int8)
            kind, arrays, attributes["domain"] = "DynamicQuantizeLSTM", [W, R, B], "com.microsoft"
            rest = [*([] if states else ["", "", ""]), ""]      # no lengths, no states, no peepholes
            rest += [constant(f"scale{i}_{layer}", array) for i, array in enumerate([*scales_W, *scales_R])]
        names = [constant(f"{name}{layer}", array) for name, array in zip("WRB", arrays)]
        node(kind, [x, *names, *([""] + states if states else []), *rest],
             [f"all{layer}", *(f"{state}_n" for state in states)], **attributes)
        if w.directions == 1:
            x = node("Squeeze", [f"all{layer}", constant(f"axis{layer}", numpy.array([1]))], [f"out{layer}"])
        else:                                                           # [T, D, B, H] to [T, B, D * H]
            moved = node("Transpose", [f"all{layer}"], [f"moved{layer}"], perm=[0, 2, 1, 3])
            x = node("Reshape", [moved, constant(f"shape{layer}", numpy.array([0, 0, -1]))], [f"out{layer}"])
    if w.linear:
        x = node("MatMul", [x, constant("linear", parameters["linear.weight"].T)], ["product"])
        x = node("Add", [x, constant("bias", parameters["linear.bias"])], ["sum"])
    node("Identity", [x], ["y"])

    def value(name, *shape, kind=TensorProto.FLOAT):
        return helper.make_tensor_value_info(name, kind, list(shape))

    first = value("x", "T", w.batch, kind=TensorProto.INT32) if w.vocabulary else value("x", "T", w.batch, w.input)
    states = ["h", "c"][:STATES[w.kind]] if w.state else []
    graph = helper.make_graph(
        nodes, w.name, [first, *(value(state, 1, w.batch, w.hidden) for state in states)],
        [value("y", "T", w.batch, w.output), *(value(f"{state}_n", 1, w.batch, w.hidden) for state in states)],
        constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14),
                                                    *([helper.make_opsetid("com.microsoft", 1)] if int8 else [])])
    model.ir_version = 7
    checker.check_model(model)
    save(model, path)
