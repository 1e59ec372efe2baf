"""Models that train, from a seed: layers in a row over [T, B, features], with options drawn; a loss; optimizers, each
for some of the layers, with what no optimizer names frozen; lengths; gradients of inputs as outputs."""
import random

T_MOST, T_HERE = 7, 5       # the dim, and what the models are run with


class Draw:
    def __init__(self, seed, name):
        self.rng, self.name = random.Random(seed), name
        self.head, self.layers, self.body, self.tail = [f"    dim T = 2..{T_MOST}"], [], [], []
        self.keys = []                              # layers with parameters
        self.batch = self.rng.choice([1, 1, 2, 3])
        self.lengths = self.batch > 1 and self.rng.random() < 0.3
        self.width, self.value, self.count = 0, "x", 0

    def chance(self, p):
        return self.rng.random() < p

    def layer(self, kind, arguments, parameters=True):
        name = f"l{len(self.layers)}"
        self.layers.append(f"    layer {name} = {kind}({', '.join(arguments)})")
        if parameters:
            self.keys.append(name)
        return name

    def let(self, expression):
        self.count += 1
        self.body.append(f"    v{self.count} = {expression}")
        self.value = f"v{self.count}"

    # ---- what there is to draw: each goes from [T, B, width] to [T, B, another width]
    # ---------------------------------

    def begin(self):
        if self.chance(0.3):
            self.head.append(f"    input ids: int32[T, {self.batch}]")
            self.width = self.rng.choice([1, 3, 4, 7])
            # (with padding_idx or scale_grad_by_freq gradients are no derivatives: cases hold those against PyTorch)
            self.let(f"{self.layer('Embedding', ['3', str(self.width)])}(ids)")
        else:
            self.width = self.rng.choice([1, 2, 4, 5, 9])
            self.head.append(f"    input x: float32[T, {self.batch}, {self.width}]")
            self.value = "x"
        if self.lengths:
            self.head.append(f"    input lengths: int32[{self.batch}]")

    def recurrent(self):
        r, kind = self.rng, self.rng.choice(["RNN", "LSTM", "GRU", "LSTM"])
        hidden = r.choice([1, 2, 3, 4, 5, 8, 13, 17])
        arguments, out = [str(self.width), str(hidden)], hidden
        if self.chance(0.25):
            arguments.append("num_layers=2")
            if self.chance(0.5):
                arguments.append("dropout=0.3")
        if self.chance(0.2):
            arguments.append("bias=False")
        if kind == "LSTM" and hidden > 2 and self.chance(0.3):
            out = hidden - 1
            arguments.append(f"proj_size={out}")
        if kind == "RNN" and self.chance(0.4):
            arguments.append('nonlinearity="relu"')
        if self.chance(0.3):
            arguments.append("bidirectional=True")
            out *= 2
        more = ", lengths=lengths" if self.lengths and self.chance(0.8) else ""
        name = self.layer(kind, arguments)
        self.body.append(f"    v{self.count + 1}, _ = {name}({self.value}{more})")
        self.count += 1
        self.value, self.width = f"v{self.count}", out

    def linear(self):
        width = self.rng.choice([1, 2, 3, 6, 10])
        bias = [] if self.chance(0.8) else ["bias=False"]
        self.let(f"{self.layer('Linear', [str(self.width), str(width), *bias])}({self.value})")
        self.width = width

    def norm(self):
        self.let(f"{self.layer('LayerNorm', [str(self.width)])}({self.value})")

    def function(self):
        f = self.rng.choice(["tanh", "sigmoid", "relu", "gelu", "softplus", "elu", "silu", "exp", "softsign", "mish",
                             "hardswish", "leaky_relu", "logsigmoid", "selu"])
        self.let(f"{f}({self.value})" if f != "exp" else f"exp(-abs({self.value}))")

    def arithmetic(self):
        v = self.value
        self.let(self.rng.choice([f"{v} * 0.5 - {v} * {v}", f"{v} / (1.5 + abs({v}))", f"softmax({v}, dim=2) + {v}",
                                  f"where({v} > 0.1, {v}, tanh({v}))", f"{v} - mean({v}, dim=0, keepdim=True)",
                                  f"maximum({v}, {v} * -0.5)", f"cat(({v}[1:], {v}[:1]), dim=0)", f"flip({v}, (0,))",
                                  f"clamp({v}, -0.5, 0.7)", f"sqrt({v} * {v} + 0.1)",
                                  f"permute(softmax(permute({v}, (1, 2, 0)), dim=1), (2, 0, 1)) + {v}",
                                  f"permute(tanh(permute({v}, (1, 2, 0))), (2, 0, 1))"]))

    def dropout(self):
        self.let(f"{self.layer('Dropout', ['0.25'], False)}({self.value})")

    def convolution(self):
        width, kernel = self.rng.choice([1, 2, 5]), self.rng.choice([1, 3])
        name = self.layer("Conv1d", [str(self.width), str(width), str(kernel), f"padding={kernel // 2}"])
        self.let(f"permute({name}(permute({self.value}, (1, 2, 0))), (2, 0, 1))")
        self.width = width

    def residual(self):
        name = self.layer("Linear", [str(self.width), str(self.width)])
        self.let(f"{self.value} + tanh({name}({self.value}))")

    def gather_rows(self):
        """[N, width] of all steps, the last one, or their mean; N."""
        way = self.rng.choice(["all", "all", "last", "mean"])
        if way == "all":
            self.let(f"view({self.value}, T * {self.batch}, {self.width})")
            return f"T * {self.batch}"
        self.let(f"{self.value}[-1]" if way == "last" else f"mean({self.value}, dim=0)")
        return str(self.batch)

    def loss(self, rows):
        r = self.rng
        classes = r.choice([3, 4, 7])
        width = classes if self.chance(0.5) else r.choice([1, 2, 5])
        self.let(f"{self.layer('Linear', [str(self.width), str(width)])}({self.value})")
        z, weights = self.value, ", ".join(str(r.choice([0.5, 1.0, 2.0])) for _ in range(width))
        self.body.append(f"    output z = {z}")
        reduction = r.choice(["", "", ', reduction="sum"'])
        if width >= 3:                              # targets are 0, 1 and 2
            self.head.append(f"    target y: int32[{rows}]")
            weight = r.choice(["", f", weight=({weights})"])
            return r.choice([f"cross_entropy({z}, y{weight}{reduction})",
                             f"cross_entropy(unsqueeze(t({z}), 0), unsqueeze(y, 0){weight})",
                             f"cross_entropy({z}, y{weight}, label_smoothing=0.2)",
                             f"cross_entropy({z}, y, ignore_index={1 if 'T' in rows else 3})",
                             f"nll_loss(log_softmax({z}, dim=1), y{weight}{reduction})",
                             f'sum(cross_entropy({z}, y, reduction="none")) * 0.25'])
        self.head.append(f"    target y: float32[{rows}, {width}]")
        return r.choice([f"mse_loss({z}, y{reduction})", f"mse_loss(t({z}), t(y){reduction})",
                         f"l1_loss({z}, y{reduction})", f"smooth_l1_loss({z}, y, beta=0.4)",
                         f"huber_loss({z}, y, delta=0.6{reduction})", f"binary_cross_entropy(sigmoid({z}), sigmoid(y))",
                         f"binary_cross_entropy_with_logits({z}, sigmoid(y){reduction})",
                         f'mean(mse_loss({z}, y, reduction="none") * 0.5)'])

    def optimizers(self):
        r, kinds = self.rng, ["SGD(lr=0.1{})", "SGD(lr=0.1, momentum=0.9{})", "Adam(lr=0.01{})", "AdamW(lr=0.02{})",
                              "RMSprop(lr=0.01, momentum=0.5{})"]
        if self.chance(0.3):
            self.tail.append(f"    train clip_grad_norm_(max_norm={r.choice([0.1, 5.0])})")
        way = r.choice(["all", "all", "one", "groups", "frozen"])
        names = list(self.keys)
        r.shuffle(names)
        if way == "all" or len(names) < 2:
            self.tail.append("    train " + r.choice(kinds).format(""))
        elif way == "frozen":
            self.tail.append("    train " + r.choice(kinds).format(f', frozen="{names[0]}.*"'))
        else:
            for name in names[:1 if way == "one" else 2]:
                what = r.choice([f"{name}.*", f"{name}.*", f"{name}.weight*"])
                self.tail.append("    train " + r.choice(kinds).format(f', params="{what}"'))

    def text(self):
        self.begin()
        ways = ([self.recurrent] * 4
                + [self.linear, self.norm, self.function, self.function, self.arithmetic, self.arithmetic,
                   self.dropout, self.convolution, self.residual])
        for _ in range(self.rng.choice([1, 2, 3, 4])):
            self.rng.choice(ways)()
        if self.lengths and not any("lengths=" in line for line in self.body):
            self.lengths = False
            self.head.remove(f"    input lengths: int32[{self.batch}]")
        self.tail.append(f"    loss l = {self.loss(self.gather_rows())}")
        if any(line.startswith("    input x") for line in self.head) and self.chance(0.4):
            self.tail.append("    output dx = grad(l, x)")
        self.optimizers()
        return "\n".join([f"model {self.name} {{", *self.head, *self.layers, *self.body, *self.tail, "}", ""])


def model(seed, name):
    return Draw(seed, name).text()
