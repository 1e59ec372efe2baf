"""What would come rarely by itself: models take turns in beginning with one of these, on inputs of its own, so that in a
long run every operator comes with every option in every body often enough."""
import copy
import random

from .functions import (BINARY, INT_BINARY, argmax, axes_moved, binary, int_arithmetic, matmul, one_hot, pad, reduction,
                        softmax)
from .layers import ACTIVATION_ARGUMENTS, ACTIVATIONS, cell, conv1d, embedding, linear, recurrent
from .model import NoWay


def of_ints(b, shape, limit=None):
    return b.input("int32", shape, ("index", limit) if limit else ("int",), limit, limit or 10)


def of_floats(b, shape):
    return b.input("float32", shape, ("float",))


# --- layers ---

def variant(kind, place):
    """An activation; in the gates another one each time."""
    def add(b):
        other = (place + b.model.seed // 100) % len(ACTIVATIONS)
        recurrent(b, kind, list(zip(ACTIVATION_ARGUMENTS[kind], [ACTIVATIONS[place], ACTIVATIONS[other]])))
    return add


def batch(kind):
    """A layer or cell on a run-time batch."""
    def add(b):
        shape = [b.symbol("R"), b.size(17)]
        if kind in ACTIVATION_ARGUMENTS:
            recurrent(b, kind, x=of_floats(b, b.rng.choice([[b.size(8)] + shape, shape[:1] + [b.size(8)] + shape[1:]])))
        else:
            cell(b, of_floats(b, shape), kind)
    return add


# --- functions ---

def mixed(function, name, first):
    """An operator on two inputs that broadcast, the second of them int32."""
    def add(b):
        m, n = b.size(8), b.rng.choice([2, 3, 5, 8, 17])
        function(b, (first(b, [m, n]), of_ints(b, b.rng.choice([[n], [m, 1], [1], [3, 1, n], [m, n]]))), name)
    return add


def of_rank(function, rank, *arguments):
    """The function on an input of so many dims: of floats, or of ids where it wants them."""
    def add(b):
        shape = [b.rng.choice([1, 2, 3, 4, 5]) for _ in range(rank)]
        ids = function in (one_hot, embedding)
        function(b, of_ints(b, shape, b.rng.choice([2, 5, 9])) if ids else of_floats(b, shape), *arguments)
    return add


def run_time(function, *before):
    """The function on an input whose last dim is known at run time only."""
    return lambda b: function(b, of_floats(b, [*before, b.symbol("L")]))


def product_of_vector(left):
    def add(b):
        k, n = b.size(), b.size()
        x, y = (of_floats(b, s) for s in ([[k], [k, n]] if left else [[n, k], [k]]))
        matmul(b, (x, y, y.text))
    return add


TURNS = ([variant(kind, i) for kind in ACTIVATION_ARGUMENTS for i in range(len(ACTIVATIONS))]
         + [batch(kind) for kind in ("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell")]
         + [mixed(binary, name, of_floats) for name in BINARY]
         + [mixed(int_arithmetic, name, of_ints) for name in INT_BINARY]
         + [of_rank(one_hot, 3), of_rank(one_hot, 4), of_rank(embedding, 3), of_rank(embedding, 4)]
         + [of_rank(axes_moved, 4), of_rank(axes_moved, 5), of_rank(linear, 4)]
         + [of_rank(reduction, 4, name, dims) for name, dims in (("sum", 2), ("mean", 2), ("sum", 3), ("mean", 3))]
         + [product_of_vector(True), product_of_vector(False)]
         + [lambda b: pad(b, of_ints(b, [b.size(5), b.size(8)])), lambda b: argmax(b, of_ints(b, [b.size(5), b.size(8)]))]
         + [run_time(lambda b, x: softmax(b, x, "softmax")), run_time(lambda b, x: softmax(b, x, "log_softmax")),
            run_time(conv1d, 3), run_time(conv1d, 2, 4)])


def begin(b):
    """Of as many seeds as there are turns, from one of their multiples on, each begins with another one, in an order of
    chance: so that no body, which takes every so many seeds, always gets the same ones."""
    seed, count = b.model.seed, len(TURNS)
    add = random.Random(f"turns {seed // count}").sample(TURNS, count)[seed % count]
    for _ in range(5):
        before = copy.deepcopy({name: part for name, part in vars(b).items() if name != "rng"})
        try:
            return add(b)
        except NoWay:   # with these sizes
            vars(b).update(before)
    return None
