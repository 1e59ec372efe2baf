"""The language, sentence by sentence: what is the same, what is taken, what is refused and with which words."""
import re

from kit import need, safetensors


def model(*lines, name="m"):
    return f"model {name} {{\n" + "".join(f"    {l}\n" for l in lines) + "}\n"


def same(t, *sources):
    """All give the same C but for comments, which show a layer as written; or the first that does not is shown."""
    def code(source):
        return re.sub(r"/\*.*?\*/", "", t.model(source), flags=re.S)
    want = code(sources[0])
    for s in sources[1:]:
        need(code(s) == want, f"not the same as the first:\n{s}")


def refused_line(t, line, pattern, *before):
    """The last statement of the model is refused, in its own line, in these words."""
    lines = [*before, line]
    t.refused(model(*lines), rf"refused.nn:{len(lines) + 1}:\d+: error: (?s:.)*{pattern}")


X = "input x: float32[T, 6]"
T = "dim T = 1..9"


def check_comments_and_lines(t):
    """`#` starts a comment. Statements end at the line's end; inside `( )` and `[ ]` a line may go on. UTF-8; names are
    ASCII."""
    same(t, model(T, X, "output y = x + 1"),
         "# a comment\n\n\nmodel m { # another: \" ' ( [ {\n" + f"{T}#no blank\n\t{X}\n" +
         "output y = x + 1 # Bemerkung: größer, 大きい, 🙂\n} # the end",
         model(T, "input x: float32[T,", "  # between", "", "  6]", "output y = (x", "+", "1)"),
         model(T, X, "output y = x + 1").replace("\n", "\r\n"), "\ufeff" + model(T, X, "output y = x + 1"),
         model(T, X, "output y = x + 1").rstrip("\n"))
    refused_line(t, "output y = x + größe", "", T, X)
    t.refused(model(T, X, "output y = x", "+ 1"), r"refused.nn:5:")
    t.refused(model(T + " " + X, "output y = x"), r"refused.nn:2:")


def check_python_spellings(t):
    """`true`/`True`, `false`/`False`, `none`/`None` are the same words, strings take `'` or `"`, `[a, b]` in an
    argument equals `(a, b)`, `device=None` and `dtype=None` are ignored: arguments can be pasted from Python."""
    before = (T, "input x: float32[T, 2, 6]")
    line = 'out, _ = r(pad(x, (1, 1), mode="constant"))'
    layer = "layer r = RNN(8, 4, 1, nonlinearity=%s, bias=%s, bidirectional=%s, batch_first=%s)"
    want = model(*before, layer % ('"relu"', "True", "True", "False"), line, "output out")
    same(t, want, model(*before, layer % ("'relu'", "true", "true", "false"), line.replace('"', "'"), "output out"),
         model(*before, layer % ("'relu'", "True", "true", "False"), line.replace("(1, 1)", "[1, 1]"), "output out"),
         model(*before, (layer % ("'relu'", "True", "True", "False"))[:-1] + ", device=None, dtype=None)", line,
               "output out"),
         model(*before, (layer % ("'relu'", "True", "True", "False"))[:-1] + ", device=none, dtype=none)", line,
               "output out"))
    same(t, model("input i: int32[3]", "layer e = Embedding(4, 2, padding_idx=None, max_norm=None)", "output y = e(i)"),
         model("input i: int32[3]", "layer e = Embedding(4, 2, none, none)", "output y = e(i)"),
         model("input i: int32[3]", "layer e = Embedding(num_embeddings=4, embedding_dim=2)", "output y = e(i)"))


def check_numbers(t):
    """Numbers as in Python (`1e-7`, `.5`, `inf`)."""
    for a, b in ((".5", "0.5"), ("1e-7", "0.0000001"), ("1.", "1.0"), ("1_000.5", "1000.5"), ("2.5E+2", "250.0"),
                 ("1e3", "1000.0"),
                 ("5e-1", ".5")):
        same(t, model(T, X, f"output y = x * {a}"), model(T, X, f"output y = x * {b}"))
    t.model(model(T, X, "output y = clamp(x, -inf, inf) + clamp(x, min=-inf)"))
    for bad in ("1.2.3", "0x", "1e", "1__0", "0b2"):
        refused_line(t, f"output y = x * {bad}", "", T, X)


def check_namespaces(t):
    """Layers and values are separate namespaces (`out, _ = out(x)` is fine); dims share the values'."""
    t.model(model(T, X, "layer out = LSTM(6, 6)", "layer x = Linear(6, 6)", "layer T = Linear(6, 6)", "out, _ = out(x)",
                  "x = T(x(out))", "output x"))
    refused_line(t, "input T: float32[2]", "T", T)
    refused_line(t, "dim x = 3", "x", X.replace("T", "2"))


def check_dotted_layer_names(t):
    """A layer's name may be dotted, its parts may be words of the language or numbers (`model.layers.0`)."""
    names = ["model.layers.0", "dim.weights.input", "a.0.1", "state.param.layer.output", "from.3"]
    t.model(model(T, X, *[f"layer {n} = Linear(6, 6)" for n in names], "y = x",
                  *[f"y = {n}(y)" for n in names], "output y"))


def check_dims(t):
    """`dim T = 1..128` · `dim H = 64`: a run-time dimension with bounds (the lower at least 1), or a named constant;
    usable wherever a size is; a size may be an expression of them (`2*T`, `H//2 + 1`)."""
    same(t, model("dim H = 6", "dim I = H//2 + 1", T, "input x: float32[2*T, I]", "layer l = LSTM(I, 2*H - 1)",
                  "y, _ = l(view(x, 2*T, 1, I))", "output y: float32[2*T, H//6, 11] = y"),
         model(T, "input x: float32[T*2, 4]", "layer l = LSTM(4, 11)", "y, _ = l(view(x, 2*T, 1, 4))", "output y"))
    for bad in ("dim D = 0..4", "dim D = -1..4", "dim D = 4..3", "dim D = 1..", "dim D = 1.5", "dim D = 1..1e3"):
        t.refused(model(bad, "input x: float32[D]", "output y = x"), r"refused.nn:2:\d+: error:")
    refused_line(t, "input z: float32[T - 1]", "", T)
    refused_line(t, "input z: float32[U]", "U", T)


def check_inputs(t):
    """`input NAME: TYPE[d, …]`: TYPE is `float32` or `int32`."""
    for bad in ("float64", "float", "int64", "bool", "Float32"):
        t.refused(model(f"input x: {bad}[3]", "output y = x"), r"refused.nn:2:\d+: error:(?s:.)*(float32|int32)")
    t.model(model("input x: float32[]", "input i: int32[]", "output y = x + i"))


def check_states(t):
    """`state NAME: float32[d, …] (= EXPR)`: of constant shape; EXPR of params and numbers; the last binding wins."""
    t.refused(model(T, "input x: float32[T]", "state s: float32[T]", "output y = x + s"), r"refused.nn:4:\d+: error:")
    t.refused(model("input x: float32[2]", "state s: bool[2]", "output y = x + s"),
              r"refused.nn:3:\d+: error:(?s:.)*float32")
    t.refused(model("input x: float32[2]", "state s: float32[2] = x", "output y = x + s"), r"refused.nn:3:\d+: error:")
    t.refused(model("input x: float32[2]", "state s: float32[2]", "s = cat((x, x))", "output y = s"),
              r"refused.nn:\d:\d+: error:(?s:.)*float32\[4\]")
    t.refused(model("input x: float32[2]", "param p: float32[3]", "state s: float32[2] = p", "output y = x + s"),
              r"refused.nn:4:\d+: error:(?s:.)*float32\[3\]")
    same(t, model("input x: float32[2]", "state s: float32[2]", "y = s", "s = x * 2", "s = x * 3", "output y"),
         model("input x: float32[2]", "state s: float32[2]", "y = s", "s = x * 3", "output y"))


def check_params_and_prefixes(t):
    """`param NAME … from "key"`; `layer NAME = Kind(…) from "prefix"`: the prefix is NAME unless given."""
    t.write("w.safetensors", safetensors({"deep.key": ([2], [1.5, 2.5]), "enc.0.weight": ([2, 2], [1, 2, 3, 4.25]),
                                          "enc.0.bias": ([2], [5.5, 6])}))
    w = ("--weights", "w.safetensors")
    a = t.model(model("input x: float32[2]", 'param p: float32[2] from "deep.key"',
                      'layer l = Linear(2, 2) from "enc.0"', "output y = l(x) + p"), *w)
    need("2.5f" in a and "4.25f" in a and "5.5f" in a, "the tensors are not those of the keys")
    t.model(model("input x: float32[2]", 'param p: float32[2] from "deep.key"', "layer enc.0 = Linear(2, 2)",
                  "output y = enc.0(x) + p"), *w)
    t.refused(model("input x: float32[2]", "param key: float32[2]", "output y = x + key"), 'key', options=w)


def check_patterns(t):
    """`PATTERN = EXPR`: PATTERN is `a`, `a, b`, `a, (b, c)`, with `_` for what is dropped; a bare name may carry `:
    TYPE[d, …]` and may hold a tuple; a later binding hides an earlier one."""
    head = (T, "input x: float32[T, 1, 6]", "layer l = LSTM(6, 4)")
    same(t, model(*head, "a, (h, c) = l(x)", "output a, h, c"),
         model(*head, "all = l(x)", "a, hc = all", "h, c = hc", "output a, h, c"),
         model(*head, "a = x", "a: float32[T, 1, 4], (h, c) = l(x)", "output a, h, c"))
    t.model(model(*head, "_, (_, c) = l(x)", "output c"))
    refused_line(t, "a, b, c = l(x)", "", *head)
    refused_line(t, "a, (b, c, d) = l(x)", "", *head)
    refused_line(t, "a, b = x", "", *head)
    refused_line(t, "a: float32[T, 1, 5], _ = l(x)", r"float32\[T, 1, 5\]", *head)
    refused_line(t, "a: int32[T, 1, 6] = x", "int32", *head)


def check_written_shapes_are_checked(t):
    """A written shape is checked."""
    head = (T, X, "layer fc = Linear(6, 3)")
    for want in ("float32[T, 4]", "float32[3, T]", "float32[T, 3, 1]", "float32[T + 1, 3]", "int32[T, 3]"):
        refused_line(t, f"output y: {want} = fc(x)", r"float32\[T, 3\]", *head)
        refused_line(t, f"y: {want} = fc(x)", r"float32\[T, 3\]", *head)
    refused_line(t, "layer g = Linear(6)", "out_features", *head)


def check_layer_arguments(t):
    """Layers: names, argument order and defaults are those of torch.nn; a wrong argument is refused by its name."""
    for kind, call, rank in (("Embedding(9, 6)", "i", None), ("RNN(6, 5)", "x", 1), ("LSTM(6, 5)", "x", 1),
                             ("GRU(6, 5)", "x", 1),
                             ("RNNCell(6, 5)", "x", 1), ("LSTMCell(6, 5)", "x", 1), ("GRUCell(6, 5)", "x", 1),
                             ("Linear(6, 5)", "x", 1),
                             ("Dropout()", "x", 1), ("LayerNorm(6)", "x", 1), ("BatchNorm1d(6)", "x", 1),
                             ("Conv1d(6, 5, 1)", "v", 1)):
        head = ("input i: int32[3]", "input x: float32[3, 6]", "input v: float32[2, 6, 4]")
        tuple_of = "y, _ =" if kind.startswith(("RNN(", "LSTM", "GRU(")) else "y ="
        t.model(model(*head, f"layer l = {kind}", f"{tuple_of} l({call})", "output y"))
        t.refused(model(*head, f"layer l = {kind[:-1]}{', ' * (not kind.endswith('()'))}bogus=1)", "output y = x"),
                  r"refused.nn:5:\d+: error: .*bogus")
        t.refused(model(*head, f"layer l = {kind}", "output y = l()"), r"refused.nn:6:\d+: error:")
    head = ("input x: float32[3, 6]",)
    for bad, word in (("Linear(6, 5, bias=3)", "bias"), ("LSTM(6, 5, proj_size=5)", "proj_size"),
                      ("LSTM(6, 0)", "hidden_size"),
                      ("GRU(6, 5, proj_size=2)", "proj_size"), ("RNN(6, 5, nonlinearity='sin')", "sin"),
                      ("LSTM(6, 5, num_layers=0)", "num_layers"),
                      ("Linear(6, 5, 6, 7)", "Linear"), ("Lniear(6, 5)", "Linear"),
                      ("LSTM(6, 5, input_size=6)", "input_size"),
                      ("Conv1d(6, 5, 3, groups=4)", "groups"), ("Embedding(4, 2, padding_idx=4)", "padding_idx"),
                      ("GRU(6, 5, activation='sin')", "sin"), ("Dropout(p=2)", "p"),
                      ("BatchNorm1d(6, track_running_stats=False)", "running")):
        t.refused(model(*head, f"layer l = {bad}", "output y = x"), rf"refused.nn:3:\d+: error: (?s:.)*{word}")
    # by position as in torch.nn, or by keyword
    same(t, model(*head, "layer l = LSTM(6, 5, 2, False, True, 0.5, True, 3)", "y, _ = l(x)", "output y"),
         model(*head, "layer l = LSTM(proj_size=3, bidirectional=True, dropout=0.5, batch_first=True, bias=False, "
                      "num_layers=2, hidden_size=5, input_size=6)",
               "y, _ = l(x)", "output y"))
    same(t, model(*head, "layer l = RNN(6, 5, 2, 'relu', False, True, 0.1, True)", "y, _ = l(x)", "output y"),
         model(*head, "layer l = RNN(6, 5, num_layers=2, nonlinearity='relu', bias=False, batch_first=True, dropout=0, "
                      "bidirectional=True)",
               "y, _ = l(x)", "output y"))


def check_shapes_of_recurrent_layers(t):
    """Inputs may be unbatched `[T, I]`, `[T, B, I]`, or `[B, T, I]` with batch_first, which leaves the states alone.
    States are `[num_layers * num_directions, B, H]`, unbatched without the B; with proj_size h is proj_size wide and c
    hidden_size."""
    dims = ("dim T = 1..9", "dim B = 1..4")
    for x, options, out, h, c in (
            ("T, 6", "", "T, 5", "1, 5", "1, 5"), ("T, B, 6", "", "T, B, 5", "1, B, 5", "1, B, 5"),
            ("B, T, 6", ", batch_first=True", "B, T, 5", "1, B, 5", "1, B, 5"),
            ("B, T, 6", ", batch_first=True, num_layers=3, bidirectional=True", "B, T, 10", "6, B, 5", "6, B, 5"),
            ("T, B, 6", ", num_layers=2, proj_size=3", "T, B, 3", "2, B, 3", "2, B, 5"),
            ("T, 6", ", bidirectional=True, proj_size=2", "T, 4", "2, 2", "2, 5")):
        given = (f"input h: float32[{h}]", f"input c: float32[{c}]")
        layer = f"layer l = LSTM(6, 5{options})"
        t.model(model(*dims, f"input x: float32[{x}]", *given, layer, "o, (a, b) = l(x, (h, c))",
                      f"output o: float32[{out}] = o", f"output a: float32[{h}] = a", f"output b: float32[{c}] = b"))
        t.refused(model(*dims, f"input x: float32[{x}]", "input h: float32[7, 7, 7]",
                        "input c: float32[7, 7, 7]", layer, "o, _ = l(x, (h, c))", "output o"),
                  r"refused.nn:8:\d+: error: .*float32\[" + h + r"\]")
        if "proj" not in options:
            layer = layer.replace("LSTM", "GRU")
            t.model(model(*dims, f"input x: float32[{x}]", given[0], layer, "o, a = l(x, h)",
                          f"output o: float32[{out}] = o", f"output a: float32[{h}] = a"))


def check_lengths(t):
    """`lstm(x, lengths=n)` with `n: int32[B]`."""
    head = ("dim T = 1..9", "dim B = 1..4", "input x: float32[T, B, 6]", "layer l = LSTM(6, 5)")
    t.model(model(*head, "input n: int32[B]", "o, _ = l(x, lengths=n)", "output o"))
    for bad in ("int32[T]", "float32[B]", "int32[B, 1]", "int32[3]"):
        t.refused(model(*head, f"input n: {bad}", "o, _ = l(x, lengths=n)", "output o"),
                  r"refused.nn:7:\d+: error: (?s:.)*int32\[B\]")


def check_functions_exist(t):
    """Functions: `relu leaky_relu elu gelu sigmoid tanh hardtanh softplus exp log sqrt abs pow clamp softmax
    log_softmax argmax sum mean max min view reshape flatten squeeze unsqueeze transpose permute cat stack pad one_hot
    matmul contiguous`."""
    uses = """relu(x) leaky_relu(x,0.2) elu(x,alpha=1.5) gelu(x) sigmoid(x) tanh(x) hardtanh(x,-2,2) softplus(x) exp(x)
    log(x) sqrt(x)
    abs(x) pow(x,2) clamp(x,min=0,max=1) softmax(x,dim=1) log_softmax(x,dim=-1) argmax(x,dim=1,keepdim=True)
    sum(x,dim=0) mean(x,dim=(0,1))
    max(x) min(x,dim=1) view(x,6,-1) reshape(x,(6,T)) flatten(x) squeeze(unsqueeze(x,0),dim=0) unsqueeze(x,-1)
    transpose(x,0,1)
    permute(x,(1,0)) cat((x,x),dim=1) stack([x,x]) pad(x,(1,2)) one_hot(i,num_classes=4) matmul(x,transpose(x,0,1))
    contiguous(x)""".split()
    t.model(model(T, X, "input i: int32[2]", *[f"output y{k} = {u}" for k, u in enumerate(uses)]))
    for u in uses:
        name = u.split("(")[0]
        refused_line(t, f"output y = {name}(x, bogus=1)", "bogus", T, X, "input i: int32[2]")
        refused_line(t, f"output y = {name[:-1]}z(x)", f"(no|unknown|not) .*{name[:-1]}z", T, X)


def check_function_notes(t):
    """`view` is `reshape`; `max(x, dim=d)[0]`, pasted from Python, is an error with a hint; `one_hot` needs
    num_classes."""
    same(t, model(T, X, "output y = view(x, 2, -1, 3)"), model(T, X, "output y = reshape(x, (2, -1, 3))"),
         model(T, X, "output y = view(x, [2, -1, 3])"))
    same(t, model(T, X, "output y = permute(x, 1, 0)"), model(T, X, "output y = permute(x, (1, 0))"))
    refused_line(t, "output y = max(x, dim=0)[0]", "hint:", T, X)
    refused_line(t, "output y = one_hot(i)", "num_classes", "input i: int32[3]")
    refused_line(t, "output y = one_hot(x, num_classes=3)", "int32", T, X)


def check_types_of_results(t):
    """`/` gives float32; int32 wraps; `argmax` and an int32 `sum` give int32; `one_hot` gives float32."""
    t.model(model("input i: int32[4]", "input x: float32[4]", "output a: float32[4] = i / 2",
                  "output b: int32[4] = i * i - 1", "output c: int32[] = argmax(x)", "output d: int32[] = sum(i)",
                  "output e: float32[4, 3] = one_hot(i, num_classes=3)",
                  "output f: float32[4] = i + x"))
    for bad in ("a: int32[4] = i / 2", "a: float32[4] = i * i", "a: float32[] = argmax(x)", "a: float32[] = sum(i)"):
        refused_line(t, f"output {bad}", "", "input i: int32[4]", "input x: float32[4]")


def check_run_time_dims_never_broadcast(t):
    """A run-time dim never broadcasts as if it were 1; shapes are computed on run-time dims symbolically."""
    head = ("dim T = 1..9", "dim S = 1..9", "input a: float32[T, 3]", "input b: float32[S, 3]",
            "input c: float32[5, 3]", "input d: float32[1, 3]")
    for bad in ("a + b", "a * c", "c - b", "stack((a, b))", "cat((a, b), dim=1)", "matmul(a, b)"):
        refused_line(t, f"output y = {bad}", r"(T|S)\b", *head)
    t.model(model(*head, "output y: float32[T, 3] = a + d", "output z: float32[T + S, 3] = cat((a, b))",
                  "output w: float32[2*T, 3] = cat((a, a))",
                  "output v: float32[T, S] = matmul(a, transpose(b, 0, 1))",
                  "output u: float32[T, S, 3] = unsqueeze(a, 1) + b"))


def check_provable(t):
    """Slices, indices and reflect pads must be provable from the bounds."""
    dims = ("dim T = 3..9", "dim S = 1..9", "input x: float32[T, 4]", "input z: float32[S, 4]")
    for good in ("x[2]", "x[-3]", "x[1:3]", "x[:, 0:4]", "x[T - 1]", "x[:T]", "x[1:T - 1]", "z[0]", "z[-1]", "x[-2:]",
                 'pad(transpose(x, 0, 1), (2, 2), mode="reflect")', "x[T//2]", "x[::2]"):
        t.model(model(*dims, f"output y = {good}"))
    for bad in ("x[3]", "x[-4]", "x[T]", "x[-T - 1]", "x[S]", "z[1]", "z[-2]", "x[0:S]", "x[5:2]",
                "x[:, 4]", "x[0, 0, 0]", 'pad(transpose(x, 0, 1), (3, 0), mode="reflect")',
                'pad(transpose(z, 0, 1), (1, 0), mode="reflect")', "x[::0]", "x[::-1]"):
        refused_line(t, f"output y = {bad}", "", *dims)


def check_indices(t):
    """Indexing and slicing `x[-1]`, `x[:, 0:3]`; tuples `(h, c)`; `+ - * /` and unary `-` with broadcasting."""
    same(t, model("input x: float32[3, 4]", "output y = x[-1]"), model("input x: float32[3, 4]", "output y = x[2]"),
         model("input x: float32[3, 4]", "output y = x[2, :]"))
    same(t, model("input x: float32[3, 4]", "output y = x[:, 0:3]"),
         model("input x: float32[3, 4]", "output y = x[:, :-1]"),
         model("input x: float32[3, 4]", "output y = x[0:3, :3]"))
    t.model(model("input x: float32[3, 4]", "input b: float32[4]", "input s: float32[]",
                  "output y = -x * b + s / 2 - (x - b)"))
    for bad in ("x + (x, x)", "x % 2", "x @ x", "x if x else x", "not x", "x < x < x", "x.y", "x(1)"):
        refused_line(t, f"output y = {bad}", "", "input x: float32[3, 4]")


def check_reserved_for_later(t):
    """Reserved for later: `import`, `fn`, `if`."""
    for word in ("import", "fn", "if"):
        refused_line(t, f"{word} = x + 1", word, T, X)
        refused_line(t, f"{word} y = x", word, T, X)


def check_outputs(t):
    """`output NAME (: TYPE[…]) = EXPR` · `output a, b`: an argument that the run function writes, in this order, with
    the value at this line; on a state's name it binds the state too."""
    code = t.model(model("input x: float32[2]", "state s: float32[2]", "a = x * 2", "output b = a + 1", "output a",
                         "a = x * 5", "output s = s + a"))
    need(re.search(r"m_run\(m \*self, const float \*x, float \*b, float \*a, float \*s\)", code),
         "not the order of the file")
    refused_line(t, "output nowhere", "nowhere", T, X)
    refused_line(t, "output y = l(x)", "", T, X, "layer l = LSTM(6, 6)")
    t.refused(model(T, X), "output")


def check_nearest_names(t):
    """A hint where one mend is likely: a misspelt layer, argument or dim gets the nearest name."""
    head = (T, X, "layer encoder = Linear(6, 3)")
    for bad, word in (("y = encodr(x)", "encoder"), ("y = softmx(x, dim=1)", "softmax"),
                      ("y = softmax(x, dmi=1)", "dim"),
                      ("layer l = Linear(6, out_featurs=3)", "out_features"), ("layer l = LTSM(6, 3)", "LSTM")):
        refused_line(t, bad, f"hint: (?s:.)*{word}", *head)
    t.refused(model("dim LENGTH = 1..4", "input x: float32[LENGHT]", "output y = x"), "hint: (?s:.)*LENGTH")


def check_one_file_many_models(t):
    """A file holds one or more `model NAME { … }`."""
    for bad in ("", "# nothing\n", "dim T = 1..3\n", "model m {\n", "model {\n}\n", "model 3 {\n}\n",
                "model a.b {\n    input x: float32[1]\n    output x\n}\n"):
        t.refused(bad, "error:")
    t.model(model("input x: float32[1]", "output x", name="a") + model("input x: float32[1]", "output x", name="b"))


def check_other_weights_files(t):
    """`weights "FILE"`: .safetensors, .pt/.pth, .npz, by contents: tests/weights has them; a broken one says what it
    is."""
    head = ("input x: float32[2]", "layer l = Linear(2, 2)", "output y = l(x)")
    for name, data, word in (("w.pt", b"PK\x03\x04", "zip"), ("w.pth", b"\x80\x02", "pickle"),
                             ("w.npz", b"PK\x03\x04", "zip")):
        t.write(name, data + bytes(60))
        t.refused(model(f'weights "{name}"', *head), word, options=("--unroll", "0"))
