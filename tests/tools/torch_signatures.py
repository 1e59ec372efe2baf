#!/usr/bin/env python3
"""Writes the signatures of torch's layers and functions that nnc knows, for the language server:
compiler/server/torch.def.

usage: torch_signatures.py BUILD/nnc > compiler/server/torch.def        needs PyTorch (Debian's python3-torch, 1.13)

From torch itself: its signatures, or where a function is built in, the first line of its documentation. What neither
says, or what torch 2 says otherwise, stands below.
"""
import inspect
import json
import re
import subprocess
import sys

import torch
import torch.nn.functional as F

RNN = "bias=True, batch_first=False, dropout=0.0, bidirectional=False"
OTHERS = {
    "RNN": f"torch.nn.RNN(input_size, hidden_size, num_layers=1, nonlinearity='tanh', {RNN})",
    "LSTM": f"torch.nn.LSTM(input_size, hidden_size, num_layers=1, {RNN}, proj_size=0)",
    "GRU": f"torch.nn.GRU(input_size, hidden_size, num_layers=1, {RNN})",
    "LayerNorm": "torch.nn.LayerNorm(normalized_shape, eps=1e-05, elementwise_affine=True, bias=True)",
    "RMSNorm": "torch.nn.RMSNorm(normalized_shape, eps=None, elementwise_affine=True)",
    "Sequential": "torch.nn.Sequential(*modules)",
    "Identity": "torch.nn.Identity()",
    "SGD": "torch.optim.SGD(params, lr=0.001, momentum=0, dampening=0, weight_decay=0, nesterov=False, maximize=False)",
    "adaptive_max_pool1d": "torch.nn.functional.adaptive_max_pool1d(input, output_size, return_indices=False)",
    "full_like": "torch.full_like(input, fill_value)",
    "argmax": "torch.argmax(input, dim=None, keepdim=False)",
    "arange": "torch.arange(start=0, end, step=1)",
    "view": "Tensor.view(*shape)",
    "detach": "Tensor.detach()",
    "flip": "torch.flip(input, dims)",
    "cosine_similarity": "torch.nn.functional.cosine_similarity(x1, x2, dim=1, eps=1e-8)",
    "one_hot": "torch.nn.functional.one_hot(tensor, num_classes=-1)",
    **{name: f"torch.{name}(input, dim=None, keepdim=False)" for name in ("sum", "mean", "prod", "any", "all")},
    **{name: f"torch.{name}(input), torch.{name}(input, dim, keepdim=False), torch.{name}(input, other)"
             for name in ("max", "min")},
    **{name: f"torch.{name}(input, dim=None, *, correction=1, keepdim=False)" for name in ("var", "std")},
}
# of training
MORE = """nll_loss cross_entropy mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy
binary_cross_entropy_with_logits
SGD Adam AdamW RMSprop clip_grad_norm_ clip_grad_value_""".split()
LEFT_OUT = set("out dtype device layout requires_grad memory_format pin_memory sparse_grad foreach fused capturable "
               "differentiable size_average reduce min_value max_value".split())
PLACES = [("torch.nn", torch.nn), ("torch.nn.functional", F), ("torch", torch), ("Tensor", torch.Tensor),
          ("torch.optim", torch.optim), ("torch.nn.utils", torch.nn.utils)]


def default(p):
    if p.default is inspect.Parameter.empty:
        return p.name
    value = p.default
    # a default of torch.optim's says that it must be given
    if not isinstance(value, (int, float, str, tuple, bool, type(None))):
        return p.name
    return f"{p.name}={value!r}"


def of_signature(where, name, thing):
    try:
        given = list(inspect.signature(thing.__init__ if inspect.isclass(thing) else thing).parameters.values())
    except (ValueError, TypeError):
        return None
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in given):
        return None
    kept = [default(p) for p in given if p.name not in LEFT_OUT | {"self"} and not p.name.startswith("_")]
    return f"{where}.{name}({', '.join(kept)})"


def of_documentation(where, name, thing):
    doc = (thing.__doc__ or "").strip().replace("\n", " ")
    found = re.match(rf"(?:[\w.]*\.)?{name}\((.*?)\)\s*(?:->|  |$)", doc)
    if not found:
        return None
    kept = [re.sub(r"\s*=\s*", "=", a.strip()) for a in found[1].replace("\\", "").split(",")]
    kept = [a for a in kept if a.split("=")[0] not in LEFT_OUT]
    while kept and kept[-1] == "*":
        kept.pop()
    return f"{where}.{name}({', '.join(kept)})"


def signature(name):
    if name in OTHERS:
        return OTHERS[name]
    for where, module in PLACES:
        thing = getattr(module, name, None)
        found = thing and (of_signature(where, name, thing) or of_documentation(where, name, thing))
        if found:
            return found
    return None


def names(nnc):
    grammar = json.loads(subprocess.run([nnc, "help", "--textmate"], stdout=subprocess.PIPE, check=True).stdout)
    for rule in grammar["patterns"]:
        if rule.get("captures", {}).get("1", {}).get("name", "").startswith("support."):
            yield from re.search(r"\((\w+(?:\|\w+)*)\)", rule["match"])[1].split("|")


def main():
    print("/* Signatures of torch: written by tests/tools/torch_signatures.py; SIGNATURE(name, text). */")
    for name in sorted(set(names(sys.argv[1])) | set(MORE)):
        text = signature(name)
        if text is None:
            sys.exit(f"torch says nothing of {name}: add it to OTHERS")
        text = text.replace('"', "'")
        print(f'SIGNATURE("{name}", "{text}")')


main()
