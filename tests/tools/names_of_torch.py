#!/usr/bin/env python3
"""Prints the public names of torch, torch.nn, torch.nn.functional, and those of a Tensor and a Module, one a line:
Debian's python3-torch (1.13), and what 2.x added to them.

usage: names_of_torch.py > tests/unit/names_of_torch.txt

unit/check_names_of_torch.c holds that each is a function or a layer of nnc, or has an answer in syntax/hints.def.
"""
import torch

NEWER = """
compile compiler cond export func vmap while_loop accelerator mps mtia xpu monitor typename unravel_index rms_norm
get_default_device set_default_device get_device_module thread_safe_generator is_storage hash_tensor
sym_int sym_float sym_not sym_max sym_min sym_ite sym_sqrt sym_sum sym_fresh_size SymInt SymFloat SymBool SymBoolType
uint16 uint32 uint64 float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu bits8 bits16 bits1x8
bits2x4 bits4x2 jagged get_autocast_dtype set_autocast_dtype mkldnn_rnn_layer quantized_max_pool3d OutOfMemoryError
Event AcceleratorError AwaitType DisableTorchFunctionSubclass
RMSNorm CircularPad1d CircularPad2d CircularPad3d ZeroPad1d ZeroPad3d Buffer attention LinearCrossEntropyLoss
scaled_dot_product_attention linear_cross_entropy
""".split()

if __name__ == "__main__":
    owners = (torch, torch.nn, torch.nn.functional, torch.Tensor, torch.nn.Module)
    names = {n for owner in owners for n in dir(owner) if not n.startswith("_")}
    print("\n".join(sorted(names | set(NEWER))))
