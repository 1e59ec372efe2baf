"""containers: the files around pickles and arrays, as PyTorch and NumPy of other versions than the installed ones write
them; each function gives the bytes of a file."""
import io
import os
import pickle
import struct
import sys
import tarfile
import zipfile

import numpy as np

import pickled

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))

import tensors_file  # noqa: E402

DATE = (1980, 1, 1, 0, 0, 0)


# ---------------------------------------------------------------- zip

class Unseekable(io.RawIOBase):
    """A stream: zipfile puts sizes and checksums behind the data then."""

    def __init__(self):
        self.bytes = bytearray()

    def writable(self):
        return True

    def write(self, b):
        self.bytes += b
        return len(b)


def zip_of(records, method=zipfile.ZIP_STORED, zip64=False, streamed=False, align=0):
    out = Unseekable() if streamed else io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, data in records.items():
            info = zipfile.ZipInfo(name, DATE)
            info.compress_type = method
            if align:
                start = out.tell() + 30 + len(name) + 4
                pad = -start % align
                info.extra = b"FB" + struct.pack("<H", pad) + b"Z" * pad
            with z.open(info, "w", force_zip64=zip64) as f:
                f.write(data)
    return bytes(out.bytes) if streamed else out.getvalue()


def zip_again(data, method=zipfile.ZIP_STORED, folder=None, more=None, **options):
    """The records of a zip archive, packed anew."""
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        records = {name: z.read(name) for name in z.namelist()}
    if folder is not None:
        records = {folder + name.split("/", 1)[1]: b for name, b in records.items()}
    return zip_of(dict(records, **(more or {})), method, **options)


def torch_zip(data_pkl, storages, torch2=False, byteorder=None):
    """torch.save since 1.6; torch2: with what 2.1 to 2.7 added."""
    records = {"archive/data.pkl": data_pkl}
    if torch2:
        records.update({"archive/.format_version": b"1", "archive/.storage_alignment": b"64",
                        "archive/byteorder": b"little"})
    if byteorder:
        records["archive/byteorder"] = byteorder.encode()
    for key, s in storages.items():
        records["archive/data/" + key] = s.bytes()
    records["archive/version"] = b"3\n"
    if torch2:
        records["archive/.data/serialization_id"] = b"0123456789" * 4
    return zip_of(records, align=64)


def with_storages(data, arrays):
    """A TorchScript archive with other numbers: its storages in order of their keys."""
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        records = {name: z.read(name) for name in z.namelist()}
    keys = sorted((n for n in records if n.split("/", 1)[1].startswith("data/")),
                  key=lambda n: int(n.rsplit("/", 1)[1]))
    for name, array in zip(keys, arrays):
        assert len(records[name]) == array.nbytes
        records[name] = array.tobytes()
    return zip_of(records)


# ---------------------------------------------------------------- old torch.save

def legacy(value, storages):
    """Pickles in a row, then the storages: 0.1.11 to 1.5."""
    out = io.BytesIO()
    pickle.dump(0x1950A86A20F9469CFC6C, out, 2)
    pickle.dump(1001, out, 2)
    pickle.dump({"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}, out,
                2)
    out.write(value)
    pickle.dump(sorted(storages), out, 2)
    for key in sorted(storages):
        out.write(struct.pack("<q", storages[key].count()) + storages[key].bytes())
    return out.getvalue()


def tar(value, text="text", views=False, sources=False):
    """torch.save of 0.1."""
    tensors, storages, ids = [], [], {}

    def storage_id(s):
        if id(s) not in ids:
            ids[id(s)] = 70000 + len(ids)
            storages.append(s)
        return ids[id(s)]

    def tensor_id(t):
        if id(t) not in ids:
            ids[id(t)] = 80000 + len(ids)
            tensors.append((ids[id(t)], t))
            storage_id(t.storage)
        return str(ids[id(t)])

    out = io.BytesIO()
    p = pickled.Pickler(out, 2, text=text, tensor_ids=tensor_id, sources=sources)
    p.dump(value)
    dump = lambda v: pickled.dump(v, text=text)[0]
    tensor_file, view_list = dump(len(tensors)), []
    for key, t in tensors:
        where, offset = ids[id(t.storage)], t.offset
        if views:  # each tensor in a storage of its own, which is a part of the large one
            where, offset = key + 1000000, 0
            view_list.append((where, ids[id(t.storage)], t.offset, int(np.prod(t.shape))))
        tensor_file += dump((key, where, pickled.Global("torch FloatTensor")))
        n = len(t.shape)
        tensor_file += (struct.pack("<ii", n, -1) + struct.pack(f"<{2 * n}q", *t.shape, *t.strides)
                        + struct.pack("<q", offset))
    storage_file = dump(len(storages))
    for s in storages:
        storage_file += dump((ids[id(s)], "cpu", s.cls())) + struct.pack("<q", s.count()) + s.bytes()
    storage_file += dump(view_list)
    result = io.BytesIO()
    with tarfile.open(fileobj=result, mode="w", format=tarfile.PAX_FORMAT) as t:
        for name, data in (("sys_info", dump({"protocol_version": 1000})), ("pickle", out.getvalue()),
                           ("tensors", tensor_file), ("storages", storage_file)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return result.getvalue()


# ---------------------------------------------------------------- arrays

def npy(array, version=1, python2=False, odd=False):
    shape = ("(" + ", ".join(f"{n}L" if python2 else str(n) for n in array.shape)
             + (",)" if len(array.shape) == 1 else ")"))
    header = f"{{'descr': '{array.dtype.str}', 'fortran_order': False, 'shape': {shape}, }}"
    if odd:
        header = f'{{"shape":{shape.replace(" ", "")},"fortran_order":False,"descr":"{array.dtype.str}"}}'
    length = "<H" if version == 1 else "<I"
    fixed = 8 + struct.calcsize(length)
    header += " " * (-(fixed + len(header) + 1) % (1 if odd else 64)) + "\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack(length, len(header)) + header.encode() + array.tobytes()


def npz(arrays, **options):
    return zip_of({key + ".npy": npy(array, **options) for key, array in arrays.items()})


def safetensors(arrays):
    return tensors_file.packed({key: ("F32", a.shape, np.ascontiguousarray(a, "<f4").tobytes()) for key,
                                a in arrays.items()})
