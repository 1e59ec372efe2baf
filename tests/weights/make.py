"""make: writes the cases of this folder: weights files as people have them, and what nnc must make of them.

    /usr/bin/python3 make.py        needs Debian's python3-torch and python3-numpy; always writes the same bytes

A case is a folder with case.nn, a weights file, and expect.json: "same" (the C is byte for byte that of the same
weights in a .safetensors file of _reference/) or "refuse" (with these words in the message). What PyTorch 1.13 writes
is written by it; what newer and older versions write is written by containers.py and pickled.py after their published
sources.
"""
import argparse
import collections
import datetime
import io
import json
import os
import pathlib
import pickle
import shutil
import zipfile

import numpy as np
import torch

import containers
import pickled
from pickled import Call, Global, Made, Storage, Tensor

HERE = os.path.dirname(os.path.abspath(__file__))

TAGGER = """model tagger {
    dim T = 1..128
    weights "FILE"
    input sentence: int32[T]
    layer word_embeddings = Embedding(9, 6)
    layer lstm = LSTM(6, 6)
    layer lstm2tag = Linear(6, 3)
    out, _ = lstm(word_embeddings(sentence))
    output tags = log_softmax(lstm2tag(out), dim=1)
}
"""
NORMED = """model normed {
    weights "FILE"
    input x: float32[2, 4]
    layer a = Linear(4, 6)
    layer b = Linear(6, 2)
    output y = b(relu(a(x)))
}
"""
TWO = """model encode {
    weights "FILE"
    input x: float32[2, 4]
    layer a = Linear(4, 6)
    output y = a(x)
}
model decode {
    weights "FILE"
    input x: float32[2, 6]
    layer b = Linear(6, 2)
    output y = b(x)
}
"""


class Tagger(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.word_embeddings = torch.nn.Embedding(9, 6)
        self.lstm = torch.nn.LSTM(6, 6)
        self.lstm2tag = torch.nn.Linear(6, 3)

    def forward(self, sentence):
        out, _ = self.lstm(self.word_embeddings(sentence).unsqueeze(1))
        return torch.log_softmax(self.lstm2tag(out.squeeze(1)), 1)


def numbers(shape, seed):
    """Values in steps of 1/64: exact in float16, bfloat16 keeps seven bits of them."""
    return ((np.arange(int(np.prod(shape))) * 37 + seed * 11) % 127 - 63).reshape(shape).astype(np.float32) / 64


def tagger_arrays(seed=0):
    shapes = [(k, tuple(v.shape)) for k, v in Tagger().state_dict().items()]
    return {k: numbers(s, seed + i) for i, (k, s) in enumerate(shapes)}


ARRAYS = tagger_arrays()
NORMED_ARRAYS = {"a.weight": numbers((6, 4), 1), "a.bias": numbers((6,), 2), "b.weight": numbers((2, 6), 3),
                 "b.bias": numbers((2,), 4)}


def torch_dict(arrays=ARRAYS, dtype=torch.float32):
    return collections.OrderedDict((k, torch.from_numpy(v.copy()).to(dtype)) for k, v in arrays.items())


def tagger_module():
    m = Tagger()
    m.load_state_dict(torch_dict())
    return m


def saved(value, **options):
    out = io.BytesIO()
    torch.save(value, out, **options)
    return out.getvalue()


CASES = {}


def same(name, file, data, nn=TAGGER, reference="tagger", line=None, flags=()):
    CASES[name] = (file, data, nn, {"expect": "same", "reference": reference, "flags": list(flags), "say": []}, line)


def refuse(name, file, data, say, nn=TAGGER, line=None, flags=()):
    CASES[name] = (file, data, nn, {"expect": "refuse", "reference": None, "flags": list(flags), "say": say}, line)


def tensors(arrays=ARRAYS, **options):
    return pickled.state_dict(arrays, **options)


def hand(value, **options):
    """A zip of torch.save around any value."""
    return containers.torch_zip(*pickled.dump(value, protocol=options.pop("protocol", 2)), **options)


# ---------------------------------------------------------------- containers

ZIP = saved(torch_dict())
same("zip", "tagger.pth", ZIP)
same("zip_torch2", "model.pt", hand(tensors(), torch2=True))
same("zip_big_endian", "model.pt", hand(tensors(big_endian=True), byteorder="big"))
same("zip_deflated", "model.pt", containers.zip_again(ZIP, zipfile.ZIP_DEFLATED))
same("zip_zip64", "model.pt", containers.zip_again(ZIP, zip64=True))
same("zip_data_descriptors", "model.pt", containers.zip_again(ZIP, streamed=True))
same("zip_without_folder", "model.bin", containers.zip_again(ZIP, folder=""))
same("zip_other_folder", "model.bin", containers.zip_again(ZIP, folder="tagger-v2/"))
refuse("zip_two_pickles", "model.pt", containers.zip_again(ZIP, more={"other/data.pkl": b"N."}),
       ["two", "other/data.pkl"])
refuse("zip_of_a_file", "model.zip", containers.zip_of({"model.pt": ZIP}), ["data.pkl"])
refuse("zip_method", "model.pt", containers.zip_again(ZIP, zipfile.ZIP_BZIP2), ["method|damaged"])

LEGACY = saved(torch_dict(), _use_new_zipfile_serialization=False)
same("legacy", "model.pth", LEGACY)
same("legacy_protocol4", "model.pth", saved(torch_dict(), _use_new_zipfile_serialization=False, pickle_protocol=4))
same("legacy_views", "model.pth", containers.legacy(*pickled.dump(tensors(flat=True), views=True)))
same("legacy_module", "model.pth", saved(tagger_module(), _use_new_zipfile_serialization=False))

same("tar", "model.pth.tar", containers.tar(tensors()))
same("tar_python2", "model.pth.tar", containers.tar(pickled.python2(tensors()), text="bytes"))
same("tar_module", "model.pth.tar", containers.tar(pickled.module_of_0_1(tensors())))
same("tar_sources", "model.pth.tar", containers.tar(pickled.module_of_0_1(tensors()), sources=True))
same("tar_views", "model.pth.tar", containers.tar(tensors(flat=True), views=True))

SCRIPT = io.BytesIO()
torch.jit.save(torch.jit.trace(tagger_module(), torch.tensor([1, 2, 3])), SCRIPT)
same("torchscript", "model.pt", SCRIPT.getvalue())
SCRIPTED = io.BytesIO()
torch.jit.save(torch.jit.script(torch.nn.Sequential(collections.OrderedDict(
    a=torch.nn.Linear(4, 6), relu=torch.nn.ReLU(), b=torch.nn.Linear(6, 2)))), SCRIPTED)
SCRIPTED = containers.with_storages(SCRIPTED.getvalue(), list(NORMED_ARRAYS.values()))
same("torchscript_sequential", "model.pt", SCRIPTED, NORMED, "normed")


def npz(arrays=ARRAYS, save=np.savez, **options):
    out = io.BytesIO()
    save(out, **{k: v for k, v in arrays.items()})
    return out.getvalue()


same("npz", "model.npz", npz())
same("npz_deflated", "model.npz", npz(save=np.savez_compressed))
same("npz_fortran", "model.npz", npz({k: np.asfortranarray(v) for k, v in ARRAYS.items()}))
same("npz_big_endian", "model.npz", npz({k: v.astype(">f4") for k, v in ARRAYS.items()}))
same("npz_version2", "model.npz", containers.npz(ARRAYS, version=2))
same("npz_version3", "model.npz", containers.npz(ARRAYS, version=3))
same("npz_python2", "model.npz", containers.npz(ARRAYS, python2=True))
same("npz_odd_header", "model.npz", containers.npz(ARRAYS, odd=True))
same("npz_slashes", "model.npz", containers.npz({k.replace(".", "/"): v for k, v in ARRAYS.items()}))
same("npz_other_arrays", "model.npz",
     npz(dict(ARRAYS, names=np.array(["a", "b"]), steps=np.array(3), mixed=np.array([1, "x"], dtype=object))))
KERAS = {"encoder/gru/kernel:0": numbers((2, 4), 1), "dense/bias:0": numbers((2,), 2)}
same("npz_keras", "model.npz", npz(KERAS), """model m {
    weights "FILE"
    input x: float32[3, 2]
    param kernel: float32[2, 4] from "encoder/gru/kernel:0"
    param bias: float32[2] from "dense/bias:0"
    output y = matmul(x + bias, kernel)
}
""", "keras")
refuse("npz_objects", "model.npz", npz(dict(ARRAYS, **{"lstm2tag.bias": np.array([1, 2, None], dtype=object)})),
       ["lstm2tag.bias", "object"])
refuse("npz_two_of_one_name", "model.npz", containers.npz(dict(ARRAYS, **{"lstm2tag.biat": ARRAYS["lstm2tag.bias"]}))
       .replace(b"lstm2tag.biat", b"lstm2tag.bias"), ["two records of one name"])

# ---------------------------------------------------------------- elements and strides

for name, dtype in (("double", torch.float64), ("half", torch.float16), ("bfloat16", torch.bfloat16)):
    same(name, "model.pt", saved(torch_dict(dtype=dtype)))
same("half_legacy", "model.pt", saved(torch_dict(dtype=torch.float16), _use_new_zipfile_serialization=False))
same("double_rounds", "model.pt", hand(tensors({k: v.astype(np.float64) / 3 for k, v in ARRAYS.items()})),
     reference="tagger_thirds")
same("double_npz", "model.npz", npz({k: v.astype(np.float64) / 3 for k, v in ARRAYS.items()}),
     reference="tagger_thirds")
same("transposed", "model.pt",
     saved({k: v.t().contiguous().t() if v.dim() == 2 else v for k, v in torch_dict().items()}))
same("every_other", "model.pt", saved({k: torch.stack([v, -v], -1)[..., 0] for k, v in torch_dict().items()}))
same("expanded", "model.pt", saved(dict(torch_dict(), **{"lstm2tag.bias": torch.tensor([0.25]).expand(3)})),
     reference="tagger_expanded")
same("flat_storage", "model.pt", hand(tensors(flat=True)))
same("flat_storage_deflated", "model.pt", containers.zip_again(hand(tensors(flat=True)), zipfile.ZIP_DEFLATED))
same("cuda_and_meta_data", "model.pt", hand(tensors(location="cuda:1", classes="torch.cuda")))
same("untyped_storages", "model.pt", hand(tensors(untyped=True)))
same("parameters", "model.pt", saved({k: torch.nn.Parameter(v) for k, v in torch_dict().items()}))
same("parameters_with_state", "model.pt", hand(tensors(wrap="torch._utils _rebuild_parameter_with_state")))
same("tensor_subclass", "model.pt", hand(tensors(wrap="torch._tensor _rebuild_from_type_v2")))
same("numpy_arrays", "model.pt", saved(dict(ARRAYS)))
same("numpy2_arrays", "model.pt", hand(pickled.numpy2(ARRAYS)))
same("numpy_arrays_protocol5", "model.pt", hand(pickled.numpy2(ARRAYS, buffers=True), protocol=5))
same("tied", "model.pt", saved(dict(torch_dict(NORMED_ARRAYS), tied=torch_dict(NORMED_ARRAYS)["a.weight"])), NORMED,
     "normed")

HIDDEN = {"lstm.weight_hh_l0_g": numbers((24, 1), 3) + 2, "lstm.weight_hh_l0_v": ARRAYS["lstm.weight_hh_l0"]}
same("weight_norm_lstm", "model.pt",
     saved(torch_dict(dict({k: v for k, v in ARRAYS.items() if k != "lstm.weight_hh_l0"},
                             **HIDDEN))), reference="tagger_hidden")
V = {"a.weight_g": numbers((6, 1), 9) + 2, "a.weight_v": numbers((6, 4), 1)}
REST = {k: v for k, v in NORMED_ARRAYS.items() if k != "a.weight"}
NEW = {"a.parametrizations.weight.original0": V["a.weight_g"], "a.parametrizations.weight.original1": V["a.weight_v"]}
ONE = {"a.weight_g": np.array(1.5, np.float32), "a.weight_v": V["a.weight_v"]}
COLUMNS = {"a.weight_g": numbers((1, 4), 5) + 2, "a.weight_v": V["a.weight_v"]}
same("weight_norm", "model.pt", saved(torch_dict(dict(REST, **V))), NORMED, "normed_g")
same("weight_norm_new", "model.pt", saved(torch_dict(dict(REST, **NEW))), NORMED, "normed_g")
same("weight_norm_double", "model.pt", saved(torch_dict(dict(REST, **V), torch.float64)), NORMED, "normed_g64")
same("weight_norm_columns", "model.pt", saved(torch_dict(dict(REST, **COLUMNS))), NORMED, "normed_columns")
same("weight_norm_of_all", "model.pt", saved(torch_dict(dict(REST, **ONE))), NORMED, "normed_all")
same("weight_norm_npz", "model.npz", npz(dict(REST, **V)), NORMED, "normed_g")

refuse("quantized", "model.pt", saved(dict(torch_dict(), **{"lstm2tag.weight": torch.quantize_per_tensor(
    torch_dict()["lstm2tag.weight"], 0.1, 0, torch.qint8)})), 
       ["lstm2tag.weight", "quantized", "QInt8", "value.dequantize"])
refuse("sparse", "model.pt",
       saved(dict(torch_dict(), **{"lstm2tag.weight": torch_dict()["lstm2tag.weight"].to_sparse()})),
       ["lstm2tag.weight", "sparse", "value.to_dense"])
refuse("meta", "model.pt", saved(dict(torch_dict(), **{"lstm2tag.weight": torch.empty(3, 6, device="meta")})),
       ["lstm2tag.weight", "meta", "load_state_dict"])
refuse("float8", "model.pt", hand(dict(tensors(), **{"lstm2tag.weight": pickled.float8((3, 6))})),
       ["lstm2tag.weight", "F8_E4M3"])
refuse("integers", "model.pt", saved(dict(torch_dict(), **{"lstm2tag.bias": torch.tensor([1, 2, 3])})),
       ["lstm2tag.bias", "I64"])
same("unused_quantized", "model.pt", saved(dict(torch_dict(), extra=torch.quantize_per_tensor(
    torch.zeros(2), 0.1, 0, torch.quint8), more=torch.zeros(2, 2).to_sparse())))

# ---------------------------------------------------------------- where the dict is

OTHER = torch_dict(tagger_arrays(50))
OPTIMIZER = torch.optim.Adam(tagger_module().parameters())
sum(p.sum() for p in OPTIMIZER.param_groups[0]["params"]).backward()
OPTIMIZER.step()
same("nested", "model.pt", saved({"epoch": 3, "loss": 0.5, "name": "x", "model_state_dict": torch_dict()}))
same("nested_optimizer", "model.pt", saved({"state_dict": torch_dict(), "optimizer": OPTIMIZER.state_dict()}))
same("nested_deep", "model.pt", saved([{"a": {"b": (1, {"c": torch_dict()})}}, None]))
refuse("ambiguous", "model.pt", saved({"model": torch_dict(), "ema": OTHER}), ["model", "ema", "weights-key"])
same("ambiguous_key", "model.pt", saved({"model": OTHER, "ema": torch_dict()}), flags=["--weights-key", "ema"])
same("ambiguous_key_path", "model.pt", saved([OTHER, {"nets": {"ema": torch_dict()}}]),
     flags=["--weights-key", "1.nets.ema"])
refuse("no_such_key", "model.pt", saved({"model": torch_dict(), "ema": OTHER}), ["emma", "\"model\", \"ema\""],
       flags=["--weights-key", "emma"])
refuse("key_of_a_plain_file", "model.pt", ZIP, ["no dict", "needs no"], flags=["--weights-key", "model"])
same("same_twice", "model.pt", saved((lambda d: {"model": d, "best": collections.OrderedDict(d)})(torch_dict())))
same("data_parallel", "model.pt", saved({"module." + k: v for k, v in torch_dict().items()}))
same("compiled", "model.pt", saved({"_orig_mod.module." + k: v for k, v in torch_dict().items()}))
same("averaged", "model.pt", saved(torch.optim.swa_utils.AveragedModel(tagger_module()).state_dict()))
same("prefix", "model.ckpt", saved({"state_dict": dict({"model." + k: v for k, v in torch_dict().items()},
                                                         **{"criterion.weight": torch.ones(3)})}),
     line='weights "model.ckpt" prefix "model."')
refuse("prefix_without_dot", "model.ckpt", saved({"model." + k: v for k, v in torch_dict().items()}),
       ["prefix \"model\"", "with its dot"], line='weights "model.ckpt" prefix "model"', nn=TAGGER)
same("two_halves", "model.pt", saved({"enc": {k: v for k, v in torch_dict(NORMED_ARRAYS).items() if k[0] == "a"},
                                      "dec": {k: v for k, v in torch_dict(NORMED_ARRAYS).items() if k[0] == "b"}}),
     TWO, "normed")
same("joined_halves", "model.pt", saved({"en": {"a.weight": torch.from_numpy(NORMED_ARRAYS["a.weight"]),
                                                "a.bias": torch.from_numpy(NORMED_ARRAYS["a.bias"])},
                                         "de": {"weight": torch.from_numpy(NORMED_ARRAYS["b.weight"]),
                                                "bias": torch.from_numpy(NORMED_ARRAYS["b.bias"])}, "iteration": 4000}),
     NORMED.replace("Linear(4, 6)", 'Linear(4, 6) from "en.a"').replace("Linear(6, 2)", 'Linear(6, 2) from "de"'),
     "normed_halves")
same("module", "model.pt", saved(tagger_module()))
same("module_nested", "model.pt", saved({"net": tagger_module(), "epoch": 1}))
same("module_parallel", "model.pt", saved(torch.nn.DataParallel(tagger_module())))
same("module_and_state_dict", "model.pt",
     saved((lambda m: {"model": m, "state_dict": m.state_dict()})(tagger_module())))
refuse("one_tensor", "model.pt", saved(torch.ones(3)), ["names", "state_dict"])
refuse("list_of_tensors", "model.pt", saved([torch.ones(3), torch.ones(2)]), ["names", "state_dict"])
refuse("numbers_only", "model.pt", saved({"epoch": 3}), ["state_dict"])
refuse("wrong_shape", "model.pt", saved(dict(torch_dict(), **{"lstm.weight_ih_l0": torch.zeros(24, 7)})),
       ["lstm.weight_ih_l0", r"\[24, 6\]", r"\[24, 7\]"])

# ---------------------------------------------------------------- what stands beside weights

BESIDE = {
    "args": argparse.Namespace(lr=0.1, name="x", layers=[1, 2]), "when": datetime.datetime(2024, 5, 1, 12),
    "took": datetime.timedelta(seconds=3), "day": datetime.date(2024, 5, 1), "path": pathlib.PurePosixPath("runs/1"),
    "best": np.float64(0.5), "count": np.int64(3), "flags": {1, 2}, "frozen": frozenset("ab"), "raw": b"\x00\xff",
    "buffer": bytearray(b"abc"), "huge": 1 << 100, "negative": -(1 << 70), "size": torch.Size([1, 2]),
    "device": torch.device("cuda", 0), "dtype": torch.float32, "layout": torch.strided, "none": None, "true": True,
    "real": 1e-300, "text": "é\u20ac\U0001f600", "tuple": (1, (2,)), "slice": slice(1, 2), "complex": 1 + 2j,
    "range": range(3), "deque": collections.deque([1]), "counter": collections.Counter("aab"), "empty": b"",
    "default": collections.defaultdict(list, a=[1]), "keys": {1: 2, (1, 2): 3, None: 4, 1.5: 6, b"k": 7},
    "rng": np.random.RandomState(0).get_state(), "class": collections.OrderedDict, "array": np.arange(6).reshape(2, 3),
}
for protocol in range(1, 6):
    value = dict(BESIDE, size=None) if protocol < 2 else BESIDE
    same(f"beside_protocol{protocol}", "model.pt", saved({"model": torch_dict(), **value}, pickle_protocol=protocol))
# torch.load cannot read this either: protocol 0 writes a persistent id as text
refuse("protocol0", "model.pt", saved(torch_dict(), pickle_protocol=0), ["persistent id"])
same("beside_numpy2", "model.pt", hand({"state_dict": tensors(), "best": pickled.numpy2_scalar(0.5)}))
same("beside_lightning", "model.ckpt", hand({
    "epoch": 3, "global_step": 10, "pytorch-lightning_version": "1.9.0", "state_dict": tensors(),
    "hyper_parameters": Made("pytorch_lightning.utilities.parsing AttributeDict", items={"lr": 0.1, "hidden": 6}),
    "hparams_name": "kwargs", "loops": {"fit_loop": {"state_dict": {}}},
    "callbacks":
    {Global("pytorch_lightning.callbacks.early_stopping EarlyStopping"): {"best_score": Tensor(np.float32(0.5))},
     "ModelCheckpoint{'monitor': 'val'}": {"best_model_score": Tensor(np.float32(0.25)), "dirpath": "/x"}},
    "optimizer_states": [{"state": {0: {"exp_avg": Tensor(numbers((24, 6), 0))}}, "param_groups": []}],
    "lr_schedulers": [Made("torch.optim.lr_scheduler LambdaLR", state={"lr_lambdas": [None]})]}))
same("beside_objects", "model.pt", hand({
    "model": tensors(), "config": Made("omegaconf.dictconfig DictConfig", state={"_content": {"a": 1}}),
    "vocab": Made("my.words Vocabulary", (1, 2), state=(None, {"slot": 3})),
    "tokens": Made("a.b List", appended=[1, 2])}))
refuse("enum", "model.pt", hand({"model": tensors(), "kind": Call("my.kinds Kind", 3)}), ["my.kinds.Kind", "call"])

# ---------------------------------------------------------------- what is never called

for module, name in (("os", "system"), ("posix", "system"), ("builtins", "eval"), ("builtins", "exec"),
                     ("__builtin__", "execfile"), ("builtins", "getattr"), ("builtins", "__import__"),
                     ("subprocess", "Popen"), ("torch.hub", "load"), ("torch.utils.collect_env", "run"),
                     ("torch.storage", "_load_from_bytes"), ("numpy", "load"), ("pickle", "loads"),
                     ("functools", "partial"), ("operator", "attrgetter"), ("importlib", "import_module"),
                     ("runpy", "_run_code"), ("collections.OrderedDict", "fromkeys"), ("torch", "load")):
    call = Call(f"{module} {name}", "touch called")
    refuse(f"call_{module}_{name}".replace(".", "_"), "model.pt",
           containers.torch_zip(*pickled.dump_dropped(call, tensors())), [f"{module}.{name}".replace(".", r"\.")])
refuse("call_inst", "model.pt", containers.torch_zip(b"(S'touch called'\nios\nsystem\n.", {}), [r"os\.system"])
refuse("call_obj", "model.pt", containers.torch_zip(b"(cos\nsystem\nX\x0c\0\0\0touch calledo.", {}), [r"os\.system"])
refuse("call_from_type", "model.pt", hand(Call("torch._tensor _rebuild_from_type_v2", Global("os system"),
                                               Global("torch Tensor"), ("touch called",), {})), [r"os\.system"])
refuse("call_legacy", "model.pt", containers.legacy(*pickled.dump(Call("os system", "touch called"))), [r"os\.system"])
refuse("call_tar", "model.pt", containers.tar(Call("os system", "touch called")), [r"os\.system"])


# ---------------------------------------------------------------- writing

def folded(g, v, axes, dtype=torch.float32):
    """What torch.nn.utils.weight_norm computes at inference, in float64 and rounded where torch rounds."""
    norm = np.sqrt((v.astype(np.float64) ** 2).sum(axis=axes, keepdims=True)).reshape(g.shape)
    if dtype == torch.float64:
        return (v.astype(np.float64) * (g.astype(np.float64) / norm)).astype(np.float32)
    return v * (g / norm.astype(np.float32))


def normed(weight):
    return dict(NORMED_ARRAYS, **{"a.weight": weight})


def halves(arrays):
    names = {"a": "en.a", "b": "de"}
    return {names[k[0]] + k[1:]: v for k, v in arrays.items()}


REFERENCES = {
    "tagger": ARRAYS,
    "tagger_thirds": {k: (v.astype(np.float64) / 3).astype(np.float32) for k, v in ARRAYS.items()},
    "tagger_hidden":
    dict(ARRAYS, **{"lstm.weight_hh_l0": folded(HIDDEN["lstm.weight_hh_l0_g"], HIDDEN["lstm.weight_hh_l0_v"], (1,))}),
    "tagger_expanded": dict(ARRAYS, **{"lstm2tag.bias": np.full(3, 0.25, np.float32)}),
    "keras": KERAS,
    "normed": NORMED_ARRAYS,
    "normed_halves": halves(NORMED_ARRAYS),
    "normed_g": normed(folded(V["a.weight_g"], V["a.weight_v"], (1,))),
    "normed_g64": normed(folded(V["a.weight_g"], V["a.weight_v"], (1,), torch.float64)),
    "normed_columns": normed(folded(COLUMNS["a.weight_g"], V["a.weight_v"], (0,))),
    "normed_all": normed(folded(ONE["a.weight_g"], V["a.weight_v"], (0, 1))),
}


def check_references():
    """The folded weights are torch's, within a rounding or two: torch sums in another order."""
    for name, g, dim in (("normed_g", V["a.weight_g"], 0), ("normed_columns", COLUMNS["a.weight_g"], 1),
                         ("normed_all", ONE["a.weight_g"], -1)):
        want = torch._weight_norm(torch.from_numpy(V["a.weight_v"]), torch.from_numpy(np.asarray(g)), dim).numpy()
        np.testing.assert_allclose(REFERENCES[name]["a.weight"], want, rtol=3e-7)


def corpora():
    """Seeds for tests/fuzz: small files of each format, with names of the model that the targets bind."""
    shapes = {"e.weight": (3, 2), "l.weight_ih_l0": (8, 2), "l.bias_ih_l0": (8,), "o.bias": (2,), "p": (2,)}
    small = {k: numbers(s, i) for i, (k, s) in enumerate(shapes.items())}
    places = [Storage(np.zeros(16, np.float32)) for _ in range(6)]
    views = {k: Tensor(a, places[i]) for i, (k, a) in enumerate(small.items())}
    strided = {"e.weight": Tensor(small["e.weight"], places[0], 1, (1, 3)), "p": Tensor(small["p"], places[1], 0, (0,))}
    pair = {"o.weight_g": Tensor(numbers((2, 1), 1), places[0]), "o.weight_v": Tensor(numbers((2, 1), 2), places[1])}
    net = pickled.module("my.net Net", views.items(),
                         [("e", pickled.module("my.net E", [("weight", views["e.weight"])]))])
    values = {
        "views": views, "strided": strided, "pair": pair, "module": net,
        "prefix": {"module.m." + k: t for k, t in views.items()},
        "two": {"model": views, "ema": strided, "optimizer": {"state": {0: strided}, "param_groups": []}},
        "parameter": {"p": Call("torch._utils _rebuild_parameter_with_state", views["p"].call(), True, {}, {})},
        "subclass": state_dict_of(views, "torch._tensor _rebuild_from_type_v2"), "numpy": pickled.numpy2(small),
        "untyped": {"p": Tensor(small["p"], Storage(np.zeros(16, np.float32), untyped=True))},
        "float8": {"p": pickled.float8((8, 8))}, "script":
        Made("__torch__ M", state={"p": views["p"], "e": Made("__torch__ E", state={"weight": views["e.weight"]})})}
    seeds = {"pickle": {}, "zip": {}, "npz": {}, "tar": {}, "legacy": {}}
    for name, value in values.items():
        for protocol in (2, 4):
            seeds["pickle"][f"{name}_{protocol}"] = pickled.dump(value, protocol)[0]
    beside = {k: v for k, v in BESIDE.items() if k not in ("rng", "layout")}
    for protocol in (0, 1, 2, 4, 5):
        seeds["pickle"][f"beside_{protocol}"] = pickle.dumps(dict(beside, size=None, device=None, dtype=None), protocol)
    data = containers.torch_zip(*pickled.dump(tensors(small)), torch2=True)
    seeds["zip"] = {"plain": data, "deflated": containers.zip_again(data, zipfile.ZIP_DEFLATED),
                    "zip64": containers.zip_again(data, zip64=True),
                    "streamed": containers.zip_again(data, streamed=True),
                    "npz": npz(small), "npz_deflated": npz(small, np.savez_compressed)}
    for version in (1, 2, 3):
        for kind in ("<f4", ">f8", "<f2", "|b1"):
            seeds["npz"][f"{version}_{kind[1:]}"] = containers.npy(numbers((2,), 0).astype(kind), version)
    seeds["npz"]["matrix"] = containers.npy(small["e.weight"])
    seeds["tar"] = {"plain": containers.tar(tensors(small)),
                    "views": containers.tar(tensors(small, flat=True), views=True),
                    "python2": containers.tar(pickled.python2(tensors(small)), text="bytes"),
                    "module": containers.tar(pickled.module("my.net Net", tensors(small).items()))}
    seeds["legacy"] = {"plain": containers.legacy(*pickled.dump(tensors(small), views=True)),
                       "flat": containers.legacy(*pickled.dump(tensors(small, flat=True), views=True)),
                       "module": saved(torch.nn.Linear(2, 2), _use_new_zipfile_serialization=False)}
    for target, files in seeds.items():
        folder = os.path.join(HERE, "..", "fuzz", "corpus", target)
        os.makedirs(folder, exist_ok=True)
        for name, data in files.items():
            with open(os.path.join(folder, "made_" + name), "wb") as f:
                f.write(data)


def state_dict_of(views, wrap):
    for t in views.values():
        t.wrap = wrap
    return {k: t.call() for k, t in views.items()}


def main():
    check_references()
    corpora()
    for name in os.listdir(HERE):
        if os.path.isdir(os.path.join(HERE, name)) and name not in ("__pycache__", "listed"):
            shutil.rmtree(os.path.join(HERE, name))
    os.mkdir(os.path.join(HERE, "_reference"))
    for name, arrays in REFERENCES.items():
        with open(os.path.join(HERE, "_reference", name + ".safetensors"), "wb") as f:
            f.write(containers.safetensors(arrays))
    for name, (file, data, nn, expect, line) in CASES.items():
        folder = os.path.join(HERE, name)
        os.mkdir(folder)
        plain = f'weights "{file}"'
        with open(os.path.join(folder, "case.nn"), "w") as f:
            f.write(nn.replace('weights "FILE"', line or plain))
        with open(os.path.join(folder, file), "wb") as f:
            f.write(data)
        with open(os.path.join(folder, "expect.json"), "w") as f:
            json.dump(dict(expect, file=file, weights_line=line or plain), f, indent=1)
            f.write("\n")


if __name__ == "__main__":
    main()
