"""nnc weights: layers told by the shapes of their parameters, which are torch.nn's."""
import math

from kit import holds, tensors_file

# what it is, and the shapes of weight and bias as torch.nn has them ([channels that come in, …] where it is transposed)
LAYERS = [
    ("Linear(5, 7)", [7, 5], [7]),
    ("Conv1d(4, 6, kernel_size=3)", [6, 4, 3], [6]),
    ("Conv2d(3, 8, kernel_size=3)", [8, 3, 3, 3], [8]),
    ("Conv2d(8, 9, kernel_size=(3, 5), bias=False)", [9, 8, 3, 5], None),
    ("ConvTranspose1d(4, 6, kernel_size=3)", [4, 6, 3], [6]),
    ("LayerNorm(4)", [4], [4]),
]


def safetensors(tensors):
    """tensors: {name: shape}, of zeros"""
    return tensors_file.float32({name: (shape, [0] * math.prod(shape)) for name, shape in tensors.items()})


def check_layers(bench):
    tensors = {}
    for i, (_, weight, bias) in enumerate(LAYERS):
        tensors[f"net{i}.weight"] = weight
        if bias:
            tensors[f"net{i}.bias"] = bias
    with open(bench.path("w.safetensors"), "wb") as f:
        f.write(safetensors(tensors))
    said = bench.nnc_says("weights", "w.safetensors").splitlines()
    for i, (layer, _, _) in enumerate(LAYERS):
        holds(f"layer net{i} = {layer}" in said, (layer, said))
