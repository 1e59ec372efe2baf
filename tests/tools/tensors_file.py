"""tensors_file: the bytes of a .safetensors file, as the safetensors library writes them."""
import json
import struct


def packed(tensors, metadata=None):
    """tensors: {name: (dtype, shape, bytes)}, written in this order. The header's JSON has no spaces but those behind
    it, which bring the data to a multiple of eight bytes."""
    header, at = {"__metadata__": metadata} if metadata else {}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(data for _, _, data in tensors.values())


def float32(tensors):
    """tensors: {name: (shape, numbers)}"""
    return packed({name: ("F32", shape, struct.pack(f"<{len(numbers)}f", *numbers)) for name,
                   (shape, numbers) in tensors.items()})
