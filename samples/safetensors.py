"""safetensors: writes a state_dict as a .safetensors file.

The format is eight bytes with the header's length (little-endian), the header in JSON, and the tensors' bytes one
after another. The header names each tensor's type, shape and place, counted from the header's end; spaces behind the
JSON bring the data to a multiple of eight bytes. Here the tensors are float32 and sorted by name, so that the same
weights always give the same file.

Debian has no package of the `safetensors` library; where it is installed, its save_file() does just as well.
"""
import json
import struct

import numpy


def save(path, state_dict):
    """Writes a torch state_dict, or any dict from names to arrays, as float32 tensors."""
    header, data, end = {}, [], 0
    for name in sorted(state_dict):
        array = numpy.asarray(state_dict[name])
        raw = array.astype("<f4").tobytes(order="C")
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [end, end + len(raw)]}
        data.append(raw)
        end += len(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(data))
