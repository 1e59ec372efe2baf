#!/usr/bin/env python3
"""Writes the numerical test cases of this folder and of ../streaming again. Needs PyTorch (made with 1.13.1) and numpy.

usage: make_cases.py

The folders are committed: the tests themselves need no PyTorch. Each case is seeded from its own name. What a case
folder holds stands in ../tools/run_cases.py, how a case is made in ../tools/casegen/case.py. The folders that this
script does not name (hello_*, tagger, latch, ...) are acceptance cases that came with the project.
"""
import importlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))

sys.dont_write_bytecode = True

import torch

from casegen.case import Case

MODULES = ("recurrent", "cells", "variants", "layers", "functions", "activations", "expressions", "language", "models",
           "loops", "repeat", "repeat_models", "repeat_writes", "states", "streaming", "extremes", "sums", "values",
           "corners", "windows", "hints")


def main():
    torch.set_num_threads(1)
    for module in MODULES:
        importlib.import_module(f"casegen.{module}").make()
    names = [(folder, name) for folder, name, _ in Case.written]
    assert len(set(names)) == len(names), "two cases of one name"
    for folder, name, error in sorted(Case.written):
        print(f"{folder}/{name:45} torch's float32 error {error:.2e}")
    print(f"{len(names)} cases")


if __name__ == "__main__":
    main()
