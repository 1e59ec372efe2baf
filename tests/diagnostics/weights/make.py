"""make: writes the weights files of this folder's cases, broken or not fitting, and their case.nn.

    python3 make.py         writes NAME/case.nn and NAME's weights file for every case, always the same bytes

What nnc must say about each stands in NAME/expected.txt, which is not made here: a new text is to be read before it is
accepted (tests/tools/run_golden.py --accept).
"""
import json
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
SIZES = {"F64": 8, "I64": 8, "F32": 4, "F16": 2, "BF16": 2, "I8": 1, "F8_E4M3": 1}
FILE = "weights.safetensors"

LSTM = """model m {
    dim T = 1..9
    weights "weights.safetensors"
    input x: float32[T, 6]
    layer lstm = LSTM(6, 5)
    y, _ = lstm(x)
    output y
}
"""
LINEAR = """model m {
    weights "weights.safetensors"
    input x: float32[6]
    layer out = Linear(6, 5)
    output y = out(x)
}
"""
PARAM = """model m {
    weights "weights.safetensors"
    input x: float32[2]
    param w: float32[2]
    output y = x * w
}
"""
TAGGER = """model tagger {
    dim T = 1..9
    weights "weights.safetensors"
    input words: int32[T]
    layer embed = Embedding(9, 6)
    layer lstm = LSTM(6, 5)
    layer out = Linear(5, 3)
    y, _ = lstm(embed(words))
    output tags = out(y)
}
"""
NORM = """model m {
    weights "weights.safetensors"
    input x: float32[2, 6]
    layer norm = BatchNorm1d(6)
    output y = norm(x)
}
"""
CONV = """model m {
    weights "weights.safetensors"
    input x: float32[6, 20]
    layer conv = Conv1d(6, 4, 3)
    output y = conv(x)
}
"""
CASES = {}


def raw(header, data=b"", length=None):
    """The bytes of a file, from a header that may be anything."""
    header = header if isinstance(header, bytes) else header.encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def tensors(*rows, data=None):
    """A good file of (name, dtype, shape) rows; the data's bytes count up."""
    header, end = {}, 0
    for name, dtype, shape in rows:
        size = SIZES[dtype]
        for extent in shape:
            size *= extent
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header, separators=(",", ":"))
    return raw(text + " " * (-len(text) % 8), data or bytes(i % 64 for i in range(end)))


def lstm(prefix="lstm.", inputs=6, hidden=5, gates=4, ending="_l0"):
    rows = gates * hidden
    return [(prefix + "weight_ih" + ending, "F32", [rows, inputs]),
            (prefix + "weight_hh" + ending, "F32", [rows, hidden]),
            (prefix + "bias_ih" + ending, "F32", [rows]), (prefix + "bias_hh" + ending, "F32", [rows])]


def case(name, source, content, file=FILE):
    """content: the weights file's bytes; None: there is no file."""
    CASES[name] = (source.replace(FILE, file), file, content)


def param(dtype="F32", shape="[2]", offsets="[0,8]"):
    """The header of a file with one tensor, "w"."""
    return '{"w":{"dtype":"%s","shape":%s,"data_offsets":%s}}' % (dtype, shape, offsets)


# Files that are not there, or not safetensors files.
case("file_missing", PARAM, None)
case("file_empty", PARAM, b"")
case("file_seven_bytes", PARAM, b"\2\0\0\0\0\0\0")
case("file_text", PARAM, b"these are not the weights you are looking for\n")
case("file_git_lfs", PARAM, b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 132\n")
case("file_pt", PARAM, b"PK\3\4\0\0\0\0\0\0archive/data.pkl", "model.pt")
case("file_pth_pickle", PARAM, b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "model.pth")
case("file_npz", PARAM, b"PK\3\4\x14\0\0\0\0\0w.npy", "model.npz")
case("file_npy", PARAM, b"\x93NUMPY\1\0v\0{'descr': '<f4'}", "w.npy")
case("file_hdf5", PARAM, b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0", "model.h5")
case("file_gguf", PARAM, b"GGUF\3\0\0\0\1\0\0\0\0\0\0\0", "model.gguf")
case("file_onnx", PARAM, b"\x08\x08\x12\x07pytorch\x1a\x05", "model.onnx")

# The header as a whole.
case("header_length_largest", PARAM, raw("{}", length=2**64 - 1))
case("header_length_over_limit", PARAM, raw("{}", length=100_000_001))
case("header_length_beyond_file", PARAM, raw(param(), b"\0" * 8, length=1000))
case("header_length_zero", PARAM, raw(""))
case("header_array", PARAM, raw("[1]"))
case("header_cut", PARAM, raw(param()[:-9]))
case("header_text_after", PARAM, raw(param() + "x", b"\0" * 8))
case("header_duplicate", PARAM, raw(param()[:-1] + "," + param()[1:], b"\0" * 8))
case("header_nested", PARAM, raw('{"w":' + "[" * 3000))
case("header_not_utf8", PARAM, raw(b'{"w\xff":{}}'))
case("header_nul_in_name", PARAM, raw('{"w\\u0000":{}}'))
case("header_number_too_large", PARAM, raw(param(shape="[18446744073709551616]"), b"\0" * 8))
case("header_empty", PARAM, raw("{}"))
case("header_metadata_number", PARAM, raw('{"__metadata__":{"version":1},' + param()[1:], b"\0" * 8))
case("header_metadata_list", PARAM, raw('{"__metadata__":[],' + param()[1:], b"\0" * 8))

# One tensor's description.
case("tensor_not_an_object", PARAM, raw('{"w":[0,8]}', b"\0" * 8))
case("tensor_without_dtype", PARAM, raw('{"w":{"shape":[2],"data_offsets":[0,8]}}', b"\0" * 8))
case("tensor_unknown_dtype", PARAM, raw(param(dtype="F31"), b"\0" * 8))
case("tensor_without_shape", PARAM, raw('{"w":{"dtype":"F32","data_offsets":[0,8]}}', b"\0" * 8))
case("tensor_negative_size", PARAM, raw(param(shape="[-2]"), b"\0" * 8))
case("tensor_real_size", PARAM, raw(param(shape="[2.0]"), b"\0" * 8))
case("tensor_nine_dimensions", PARAM, raw(param(shape="[2,1,1,1,1,1,1,1,1]"), b"\0" * 8))
case("tensor_elements_overflow", PARAM, raw(param(shape="[4294967296,4294967296]"), b"\0" * 8))
case("tensor_bytes_overflow", PARAM, raw(param(shape="[4611686018427387905]"), b"\0" * 8))
case("tensor_without_offsets", PARAM, raw('{"w":{"dtype":"F32","shape":[2]}}', b"\0" * 8))
case("tensor_three_offsets", PARAM, raw(param(offsets="[0,4,8]"), b"\0" * 8))
case("tensor_negative_offset", PARAM, raw(param(offsets="[-8,0]"), b"\0" * 8))
case("tensor_ends_before_it_begins", PARAM, raw(param(offsets="[8,0]"), b"\0" * 8))
case("tensor_wrong_size", PARAM, raw(param(offsets="[0,7]"), b"\0" * 7))
case("tensor_control_characters", PARAM, raw('{"w\\u001b[31m\\n\\"":0}'))

# The tensors' places.
case("data_truncated", PARAM, raw(param(), b"\0" * 7))
case("data_missing", PARAM, raw(param()))
case("data_far_beyond", PARAM, raw(param(offsets="[9223372036854775799,9223372036854775807]"), b"\0" * 8))
case("data_overlap", PARAM, raw(param()[:-1] + ',"v":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}', b"\0" * 12))
case("data_hole", PARAM, raw(param()[:-1] + ',"v":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}', b"\0" * 16))
case("data_behind_the_last", PARAM, raw(param(), b"\0" * 11))

# Good files that do not fit the model.
case("bind_no_tensors_of_layer", LSTM, tensors(("other", "F32", [3])))
case("bind_under_prefix", LSTM, tensors(*lstm("model.lstm.")))
case("bind_under_two_prefixes", LSTM, tensors(*lstm("encoder.lstm."), *lstm("decoder.lstm.")))
case("bind_without_prefix", LSTM, tensors(*lstm("")))
case("bind_misspelt", LINEAR, tensors(("out.weigth", "F32", [5, 6]), ("out.bias", "F32", [5])))
case("bind_without_bias", LINEAR, tensors(("out.weight", "F32", [5, 6])))
case("bind_other_sizes", LSTM, tensors(*lstm(inputs=10, hidden=20)))
case("bind_gru_for_lstm", LSTM, tensors(*lstm(gates=3)))
case("bind_cell_for_lstm", LSTM, tensors(*lstm(ending="")))
case("bind_bidirectional_unused", LSTM, tensors(*lstm(), *lstm(ending="_l0_reverse")))
case("bind_two_layers_unused", LSTM, tensors(*lstm(), *lstm(inputs=5, ending="_l1")))
case("bind_projection", LSTM, tensors(("lstm.weight_ih_l0", "F32", [20, 6]), ("lstm.weight_hh_l0", "F32", [20, 3]),
                                      ("lstm.bias_ih_l0", "F32", [20]), ("lstm.bias_hh_l0", "F32", [20]),
                                      ("lstm.weight_hr_l0", "F32", [3, 5])))
case("bind_wants_bidirectional", LSTM.replace("LSTM(6, 5)", "LSTM(6, 5, bidirectional=true)"), tensors(*lstm()))
case("bind_many_faults", LSTM.replace("LSTM(6, 5)", "LSTM(6, 5, num_layers=3)"),
     tensors(("lstm.weight_ih_l0", "F32", [1])))
case("bind_transposed", LINEAR, tensors(("out.weight", "F32", [6, 5]), ("out.bias", "F32", [5])))
case("bind_arguments_swapped", LINEAR, tensors(("out.weight", "F32", [6, 5]), ("out.bias", "F32", [6])))
case("bind_integers", LINEAR, tensors(("out.weight", "I64", [5, 6]), ("out.bias", "F32", [5])))
case("bind_too_large_for_float32", PARAM, tensors(("w", "F64", [2]), data=struct.pack("<dd", 1.0, 1e39)))
case("bind_unused", PARAM, tensors(("w", "F32", [2]), ("v", "F16", [2, 2]), ("n.num_batches_tracked", "I64", [])))
case("bind_unused_many", PARAM, tensors(("w", "F32", [2]), *(("v%02d" % i, "I8", [1]) for i in range(30))))
case("denormal_one", PARAM, tensors(("w", "F64", [2]), data=struct.pack("<dd", 1.0, 1e-39)))
case("denormal_many", LSTM.replace("LSTM(6, 5)", "LSTM(6, 5, num_layers=4)"),
     tensors(*lstm(), *(row for k in (1, 2, 3) for row in lstm(inputs=5, ending="_l%d" % k)),
             data=(struct.pack("<3f", 0, 1e-45, -1.17549e-38) * 400)[:4 * 20 * (6 + 3 * 5 + 4 * 5 + 4 * 2)]))
TIED = """model lm {
    weights "weights.safetensors"
    input ids: int32[5, 1]
    layer encoder = Embedding(20, 8)
    layer decoder = Linear(8, 20)
    output logits = decoder(encoder(ids))
}
"""
case("tied_missing", TIED, tensors(("decoder.weight", "F32", [20, 8]), ("decoder.bias", "F32", [20])))
case("tied_other_kept", TIED.replace("(8, 20)", '(8, 20) from "encoder"'),
     tensors(("encoder.weight", "F32", [20, 8]), ("decoder.bias", "F32", [20])))
case("tied_mended", TIED.replace("(8, 20)", '(8, 20) from (weight="encoder.weight")'),
     tensors(("encoder.weight", "F32", [20, 8]), ("decoder.bias", "F32", [20])))
case("tied_param", PARAM.replace("    output", "    param v: float32[2]\n    output").replace("x * w", "x * w + v"),
     tensors(("w", "F32", [2]), ("other.v", "F32", [3]), ("first.v", "F32", [2])))
case("param_of_submodule", PARAM, tensors(("scale.gain.w", "F32", [2])))
case("keys_wrong", TIED.replace("Embedding(20, 8)", 'Embedding(20, 8) from (weigth="a.weight")')
     .replace("Linear(8, 20)", "Linear(8, 20) from ('a')").replace("output",
                                                                   'param p: float32[1] from (a="b")\n    output'),
     tensors(("a.weight", "F32", [20, 8])))
# halves of a weight_norm, of the wrong sizes, and of two versions of PyTorch
case("bind_weight_norm", """model m {
    weights "weights.safetensors"
    input x: float32[6]
    layer a = Linear(6, 6)
    layer b = Linear(6, 6)
    layer c = Linear(6, 6)
    layer d = Linear(6, 6)
    output y = d(c(b(a(x))))
}
""", tensors(("a.weight_g", "F32", [6, 1]), ("a.bias", "F32", [6]),
             ("b.parametrizations.weight.original1", "F32", [6, 6]), ("b.bias", "F32", [6]),
             ("c.weight_g", "F32", [6]), ("c.weight_v", "F32", [6, 6]), ("c.bias", "F32", [6]),
             ("d.parametrizations.weight.original0", "F32", [6, 1]), ("d.weight_v", "F32", [6, 6]),
             ("d.bias", "F32", [6])))
case("bind_rank", PARAM, tensors(("w", "F32", [2, 1])))
# module. before every key is stripped; here it is not before every key
case("bind_module_prefix", TAGGER, tensors(("module.embed.weight", "F32", [9, 6]), *lstm("module.lstm."),
                                           ("module.out.weight", "F32", [3, 5]), ("module.out.bias", "F32", [3]),
                                           ("criterion.weight", "F32", [3])))
case("bind_other_vocabulary", TAGGER, tensors(("embed.weight", "F32", [10, 6]), *lstm(), ("out.weight", "F32", [3, 5]),
                                              ("out.bias", "F32", [3])))
case("bind_hidden_size", TAGGER.replace("5", "7"),
     tensors(("embed.weight", "F32", [9, 6]), *lstm(), ("out.weight", "F32", [3, 5]), ("out.bias", "F32", [3])))
case("bind_named_otherwise", LINEAR, tensors(("hidden2tag.weight", "F32", [5, 6]), ("hidden2tag.bias", "F32", [5])))
case("bind_sequential", LINEAR, tensors(("net.0.weight", "F32", [5, 6]), ("net.0.bias", "F32", [5]),
                                        ("net.2.weight", "F32", [5, 6]), ("net.2.bias", "F32", [5])))
case("bind_wants_two_layers", LSTM.replace("LSTM(6, 5)", "LSTM(6, 5, num_layers=2)"), tensors(*lstm()))
case("bind_bias_unwanted", LINEAR.replace("(6, 5)", "(6, 5, bias=false)"),
     tensors(("out.weight", "F32", [5, 6]), ("out.bias", "F32", [5])))
case("bind_lstm_without_bias", LSTM, tensors(*lstm()[:2]))
case("bind_keras_names", LINEAR, tensors(("out.kernel", "F32", [6, 5]), ("out.bias", "F32", [5])))
case("bind_untracked_batchnorm", NORM, tensors(("norm.weight", "F32", [6]), ("norm.bias", "F32", [6])))
case("bind_layernorm_old_names", NORM.replace("BatchNorm1d", "LayerNorm"),
     tensors(("norm.gamma", "F32", [6]), ("norm.beta", "F32", [6])))
case("bind_convolution_turned", CONV, tensors(("conv.weight", "F32", [3, 6, 4]), ("conv.bias", "F32", [4])))
case("bind_dense_as_convolution", CONV, tensors(("conv.weight", "F32", [4, 6]), ("conv.bias", "F32", [4])))
case("bind_half_precision_of_8_bits", LINEAR, tensors(("out.weight", "F8_E4M3", [5, 6]), ("out.bias", "F32", [5])))
case("bind_scalar", PARAM, tensors(("w", "F32", [])))


def main():
    for name, (source, file, content) in CASES.items():
        folder = os.path.join(HERE, name)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "case.nn"), "w") as out:
            out.write(source)
        if content is not None:
            with open(os.path.join(folder, file), "wb") as out:
                out.write(content)


if __name__ == "__main__":
    main()
