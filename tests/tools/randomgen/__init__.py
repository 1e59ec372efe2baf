"""Random models: sizes.py and model.py (what a model is made of), layers.py, functions.py, patterns.py, turns.py and
streaming.py (how it grows), grow.py (from a seed to a model), execute.py (nnc, the C compiler, the interpreter),
reduce.py (what is left of a model that fails)."""
