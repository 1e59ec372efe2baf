"""pickled: pickles as PyTorch of other versions than the installed one writes them, with names that need not exist.

dump(value) gives the pickle and {key: bytes of a storage}. In a value may stand Tensor (NumPy array and how it lies in
its storage), Global("module name"), Call("module name", arguments…) and Made("module name", …), an object of any class.
"""
import collections
import copyreg
import io
import pickle
import sys
import types

import numpy as np

STORAGES = {"float32": "Float", "float64": "Double", "float16": "Half", "int64": "Long"}


def Global(name):
    """A class of this name, in a module that is made up where there is none."""
    module, word = name.split(" ")
    if module not in sys.modules:
        sys.modules[module] = types.ModuleType(module)
    if not hasattr(sys.modules[module], word):
        setattr(sys.modules[module], word, type(word, (), {"__module__": module, "__qualname__": word}))
    return Named(module, word)


class Named:
    def __init__(self, module, word):
        self.module, self.word = module, word

    def __hash__(self):
        return hash((self.module, self.word))

    def __eq__(self, other):
        return isinstance(other, Named) and (self.module, self.word) == (other.module, other.word)


class Call:
    def __init__(self, name, *args):
        self.function, self.args = Global(name), args


class Made:
    def __init__(self, name, args=(), state=None, items=None, appended=None):
        self.cls, self.args, self.state, self.items, self.appended = Global(name), args, state, items, appended


class Storage:
    """Elements of one type, or bytes."""

    def __init__(self, array, untyped=False, location="cpu", classes="torch", big_endian=False):
        self.array, self.untyped, self.location, self.classes = (np.ascontiguousarray(array).reshape(-1), untyped,
                                                                 location, classes)
        self.big_endian = big_endian

    def bytes(self):
        return (self.array.astype(self.array.dtype.newbyteorder(">")) if self.big_endian else self.array).tobytes()

    def cls(self):
        if self.untyped:
            return Global("torch.storage UntypedStorage")
        return Global(f"{self.classes} {STORAGES[self.array.dtype.name]}Storage")

    def count(self):
        return self.array.nbytes if self.untyped else self.array.size


class Tensor:
    def __init__(self, array, storage=None, offset=0, strides=None, wrap=None, **options):
        array = np.asarray(array)
        self.storage = storage or Storage(array, **options)
        self.offset, self.shape, self.wrap = offset, array.shape, wrap
        self.strides = (tuple(s // array.itemsize for s in np.ascontiguousarray(array).strides)
                        if strides is None else strides)
        self.dtype = array.dtype.name
        if not array.shape:
            self.strides = ()

    def call(self):
        args = (self.storage, self.offset, self.shape, self.strides, False, collections.OrderedDict())
        if self.storage.untyped:
            made = Call("torch._utils _rebuild_tensor_v3", *args, Global("torch " + self.dtype))
        else:
            made = Call("torch._utils _rebuild_tensor_v2", *args)
        if self.wrap == "torch._utils _rebuild_parameter_with_state":
            return Call(self.wrap, made, True, collections.OrderedDict(), {"note": 1})
        if self.wrap:
            return Call(self.wrap, made.function, Global("my.tensors Named"), made.args, {"note": 1})
        return made


def state_dict(arrays, flat=False, **options):
    """An OrderedDict of Tensors; flat: all in one storage, as cuDNN's flat weights lie."""
    out = collections.OrderedDict()
    if not flat:
        for key, array in arrays.items():
            out[key] = Tensor(array, **options)
        return out
    storage, offset = Storage(np.concatenate([a.reshape(-1) for a in arrays.values()]), **options), 0
    for key, array in arrays.items():
        out[key] = Tensor(array, storage, offset)
        offset += array.size
    return out


def float8(shape):
    storage = Storage(np.zeros(int(np.prod(shape)), np.uint8), untyped=True)
    strides = tuple(int(np.prod(shape[i + 1:])) for i in range(len(shape)))
    return Call("torch._utils _rebuild_tensor_v3", storage, 0, shape, strides, False, collections.OrderedDict(),
                Global("torch float8_e4m3fn"))


def numpy2_dtype(array):
    return Made2("numpy dtype", (array.dtype.str[1:], False, True), (3, "<", None, None, None, -1, -1, 0))


def numpy2_scalar(value):
    return Call("numpy._core.multiarray scalar", numpy2_dtype(np.float64(0).reshape(1)), np.float64(value).tobytes())


class Made2:
    """REDUCE and then BUILD."""

    def __init__(self, name, args, state):
        self.function, self.args, self.state = Global(name), args, state


def numpy2(arrays, buffers=False):
    """Arrays as NumPy 2 pickles them, in protocol 2 or, with buffers, 5."""
    out = {}
    for key, array in arrays.items():
        if buffers:
            out[key] = Call("numpy._core.numeric _frombuffer", bytearray(array.tobytes()), numpy2_dtype(array),
                            array.shape, "C")
        else:
            out[key] = Made2("numpy._core.multiarray _reconstruct", (Global("numpy ndarray"), (0,), b"b"),
                             (1, array.shape, numpy2_dtype(array), False, array.tobytes()))
    return out


def module(name, parameters=(), modules=(), **more):
    state = {"training": True, "_parameters": collections.OrderedDict(parameters),
             "_buffers": collections.OrderedDict(),
             "_backend": Call("torch.nn.backends.thnn _get_thnn_function_backend"),
             "_backward_hooks": collections.OrderedDict(), "_forward_hooks": collections.OrderedDict(),
             "_modules": collections.OrderedDict(modules)}
    return Made(name, state=dict(state, **more))


def module_of_0_1(tensors):
    """A whole module as 0.1 saved it: Parameters are called with their tensor, and built with (requires_grad, …)."""
    def parameters(prefix):
        for key, t in tensors.items():
            if key.startswith(prefix):
                yield key[len(prefix):], Made2("torch.nn.parameter Parameter", (t,),
                                               (True, False, collections.OrderedDict()))
    return module("__main__ LSTMTagger", modules=[
        ("word_embeddings",
         module("torch.nn.modules.sparse Embedding", parameters("word_embeddings."), num_embeddings=9)),
        ("lstm", module("torch.nn.modules.rnn LSTM", parameters("lstm."), mode="LSTM", dropout_state={})),
        ("lstm2tag", module("torch.nn.modules.linear Linear", parameters("lstm2tag."), in_features=6))])


def python2(tensors):
    """The keys as Python 2 wrote them: bytes, and an OrderedDict called with its items."""
    return Call("collections OrderedDict", [[key, t] for key, t in tensors.items()])


class Pickler(pickle._Pickler):
    """Python's own, in Python, so that names need not exist and texts may be written as Python 2 did."""

    def __init__(self, out, protocol, views=False, text="text", tensor_ids=None, sources=False):
        super().__init__(out, protocol)
        self.storages, self.keys, self.views, self.text, self.tensor_ids = {}, {}, views, text, tensor_ids
        self.sources, self.known = sources, set()

    def persistent_id(self, value):
        if self.tensor_ids is not None and isinstance(value, Tensor):
            return self.tensor_ids(value)
        if not isinstance(value, Storage):
            return None
        key = self.keys.setdefault(id(value), str(len(self.keys)))
        self.storages[key] = value
        name = ("storage", value.cls(), key, value.location, value.count())
        return name + (None,) if self.views else name

    def save(self, value, save_persistent_id=True):
        if isinstance(value, Tensor) and self.tensor_ids is None:
            return self.save(value.call())
        if isinstance(value, Named) and self.sources and "nn.modules" in value.module and value not in self.known:
            self.known.add(value)  # a class goes with its source, once
            self.save((value, "/usr/lib/torch/nn.py", "class " + value.word))
            return self.write(pickle.BINPERSID)
        if isinstance(value, Named):
            if self.proto >= 4:
                self.save(value.module)
                self.save(value.word)
                self.write(pickle.STACK_GLOBAL)
            else:
                self.write(pickle.GLOBAL + f"{value.module}\n{value.word}\n".encode())
            return None
        if isinstance(value, Call):
            self.save(value.function)
            self.save(value.args)
            return self.write(pickle.REDUCE)
        if isinstance(value, Made2):
            self.save(value.function)
            self.save(value.args)
            self.write(pickle.REDUCE)
            self.save(value.state)
            return self.write(pickle.BUILD)
        if isinstance(value, Made):
            return self.save_made(value)
        if isinstance(value, str) and self.text == "bytes":
            b = value.encode()
            return self.write(pickle.SHORT_BINSTRING + bytes([len(b)]) + b)
        return super().save(value, save_persistent_id)

    def save_made(self, value):
        self.save(value.cls)
        self.save(value.args)
        self.write(pickle.NEWOBJ)
        if value.appended is not None:
            self._batch_appends(iter(value.appended))
        if value.items is not None:
            self._batch_setitems(iter(value.items.items()))
        if value.state is not None:
            self.save(value.state)
            self.write(pickle.BUILD)


def dump(value, protocol=2, **options):
    out = io.BytesIO()
    p = Pickler(out, protocol, **options)
    p.dump(value)
    return out.getvalue(), {key: s for key, s in p.storages.items()}


def dump_dropped(first, value):
    """What is called first is dropped, and a good value follows: how files are injected."""
    head, _ = dump(first)
    tail, storages = dump(value)
    return head[:-1] + pickle.POP + tail[2:], storages


assert copyreg  # its names are written as text
