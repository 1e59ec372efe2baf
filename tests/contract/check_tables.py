"""Tables of weights: each tensor stands in the C once."""
import re

from kit import need, safetensors


def check_tables_once(t):
    """A tensor is there once in a packing, for all layers, directions, bodies and models of the file that use it."""
    shared = """    layer emb = Embedding(50, 32)
    layer lstm = LSTM(32, 32)
    layer conv = Conv1d(32, 4, 3)
    layer norm = LayerNorm(32)
    layer few = Linear(32, 2)
"""
    models = "".join(f"""model {name} {{
    dim S = 3..20
    input ids: int32[S]
{shared}    e = emb(ids)
    o, _ = lstm(unsqueeze(norm(e), 1))
    o = squeeze(o, 1)
    output y = few(o)
    output z = conv(unsqueeze(transpose(o, 0, 1), 0))
    output again = few(e)
}}
""" for name in ("encode", "decode"))
    text = t.model(models, "--target", "all")
    tables = re.findall(r"^static const (?:float|union \{[^}]*\}) (\w+)", text, re.M)
    need(tables and not [n for n in tables if n.startswith("decode")],
         f"the second model has tables of its own: {tables}")
    need(len(tables) == 8, f"8 tensors and packings, but {tables}")
    # the same key with other values, from another file, is another tensor
    one = safetensors({"w": ([4, 3], [0.5] * 12)})
    t.write("one.safetensors", one)
    t.write("other.safetensors", one.replace(one[-4:], b"\0\0\0\0"))
    nn = "".join(f'model {n} {{\n    weights "{n}.safetensors"\n    param w: float32[4, 3]\n    output y = w * 2\n}}\n'
                 for n in ("one", "other"))
    t.write("two.nn", nn)
    t.nnc("two.nn", "-o", "two.c")
    tables = re.findall(r"^static const float (\w+)", t.read("two.c"), re.M)
    need(tables == ["one_w", "other_w"], f"two tensors of one key, but tables {tables}")


def check_tied_weights_are_one_table(t):
    """An Embedding whose table is a Linear's weight reads it there, in every body and every format."""
    parts = {"float32": [""], "int16": ["_scales", ""], "int8": ["_scales", ""]}
    for target in ("scalar", "baseline", "all"):
        for bias, key in (("False", ""), ("True", ', bias="b"')):
            for kind, wanted in parts.items():
                text = t.model(f"""model tied {{
    input ids: int32[5]
    layer emb = Embedding(100, 8) as {kind}
    layer head = Linear(8, 100, bias={bias}) as {kind} from (weight="emb.weight"{key})
    output y = head(emb(ids) + 1)
}}
""", "--target", target)
                tables = re.findall(r"^static const (?:\w+|union \{[^}]*\}) (\w+)", text, re.M)
                biases = ["_biases"] if kind != "float32" and bias == "True" else []
                wanted_names = ["tied_head_weights" + part for part in biases + wanted]
                need(tables == wanted_names, f"--target {target}, {kind}: one table, but {tables}")
