"""Random models: sizes.py, model.py (what a model is made of), layers.py, functions.py and streaming.py (how it grows),
execute.py (nnc, the C compiler, the interpreter), reduce.py (what is left of a model that fails)."""
