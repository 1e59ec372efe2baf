"""programs: workloads that are more than a recurrent layer, as PyTorch modules: what nnc's .nn files say, what
PyTorch runs, what the exporter makes an ONNX graph of, and, in float64, what all outputs are compared with.

A program has one input and one output, float32, of fixed shapes. For the limit, `products` are the matrix products and
convolutions of one of its `rounds`: (multiply-adds, weights that stream).
"""
import torch
from torch import nn


class Decoder(nn.Module):
    """Greedy decoding with dot-product attention (M.-T. Luong et al., EMNLP 2015): each round's likeliest word goes
    into the next round."""
    shape, output = (20, 256), (20, 2000)
    rounds, products = 20, [*((n, n) for n in (3 * 256 * 256, 3 * 256 * 256, 512 * 256, 256 * 2000)),
                            *2 * [(20 * 256, 0)]]

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(2000, 256)
        self.cell = nn.GRUCell(256, 256)
        self.combine = nn.Linear(512, 256)
        self.head = nn.Linear(256, 2000)

    def forward(self, memory):
        h = memory[-1:]
        word = torch.zeros(1, dtype=torch.long)
        collected = []
        for _ in range(20):
            h = self.cell(self.embedding(word), h)
            attention = torch.softmax(h @ memory.t(), dim=1)
            mixed = torch.tanh(self.combine(torch.cat((h, attention @ memory), dim=1)))
            scores = self.head(mixed)
            word = scores.argmax(dim=1)
            collected.append(scores)
        return torch.cat(collected)


class Front(nn.Module):
    """The convolutions of a CRNN (B. Shi et al., 2015), which reads a line of text 32 pixels high."""
    shape, output = (1, 1, 32, 128), (1, 128, 4, 16)
    rounds, products = 1, [(9 * 32 * 32 * 128, 0), (9 * 32 * 64 * 16 * 64, 0), (9 * 64 * 128 * 8 * 32, 0)]

    def __init__(self):
        super().__init__()
        self.cnn = nn.Sequential(*(layer for i, o in ((1, 32), (32, 64), (64, 128)) for layer in (
            nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(), nn.MaxPool2d(2))))

    def forward(self, picture):
        return self.cnn(picture)


class Attention(nn.Module):
    """softmax(q kᵀ / √128) v of 64 rows each."""
    shape, output = (3, 64, 128), (64, 128)
    rounds, products = 1, 2 * [(64 * 64 * 128, 0)]

    def forward(self, qkv):
        q, k, v = qkv.unbind(0)
        return torch.softmax(q @ k.t() / 128 ** 0.5, dim=1) @ v


class MaskedSoftmax(nn.Module):
    """softmax over the entries of the first half whose entry in the second is not negative."""
    shape, output = (2, 128, 256), (128, 256)
    rounds, products = 1, []

    def forward(self, x):
        scores, mask = x.unbind(0)
        return torch.softmax(scores.masked_fill(mask < 0, float("-inf")), dim=1)


ALL = {"w11": ("W11 greedy decoder 256, vocabulary 2000, 20 rounds", Decoder),
       "w12": ("W12 CRNN front, three Conv2d, 1x32x128", Front),
       "w13": ("W13 attention 64x128", Attention),
       "w14": ("W14 masked softmax 128x256", MaskedSoftmax)}


def module(name, parameters=None):
    """The module, of the weights given, or of random ones from a seed, in eval mode."""
    torch.manual_seed(sum(name.encode()))
    made = ALL[name][1]().eval()
    if parameters is not None:
        made.load_state_dict({key: torch.from_numpy(array) for key, array in parameters.items()})
        return made
    for layer in made.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for tensor in (layer.running_mean, layer.bias.data):
                nn.init.normal_(tensor, std=0.3)
            for tensor in (layer.running_var, layer.weight.data):
                nn.init.uniform_(tensor, 0.5, 2)
    return made


def weights(name):
    return {key: tensor.numpy() for key, tensor in module(name).state_dict().items()}


def reference(name, parameters, x):
    with torch.no_grad():
        return module(name, parameters).double()(torch.from_numpy(x).double()).numpy()


def export(name, parameters, path):
    """The graph by PyTorch's exporter, which unrolls loops; its input is x, its output y."""
    made = module(name, parameters)
    torch.onnx.export(made, torch.zeros(made.shape), path, input_names=["x"], output_names=["y"], opset_version=14)
