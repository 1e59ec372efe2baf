"""Numerical test cases: what PyTorch computes in float64 for models of every part of the language."""
