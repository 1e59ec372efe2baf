"""What would come rarely by itself: models take turns in beginning with some of it, on inputs of its own, so that in a
long run every operator comes with every option in every body often enough."""
import os
import random

from . import blocks, functions, layers, patterns, planes, values
from .functions import (BINARY, INT_BINARY, argmax, axes_moved, binary, int_arithmetic, matmul, one_hot, pad, reduction,
                        softmax)
from .layers import ACTIVATION_ARGUMENTS, ACTIVATIONS, cell, conv1d, embedding, linear, recurrent
from .model import NoWay


def of_ints(b, shape, limit=None):
    return b.input("int32", shape, ("index", limit) if limit else ("int",), limit, limit or 10)


def of_floats(b, shape):
    return b.input("float32", shape, ("float",))


# --- what came rarely in a long run: rare.txt, which tests/random --rare makes ---

def input_for(b, option):
    """An input on which an operator may well come with the option."""
    rank = int(option[len("rank ")]) if option.startswith("rank ") else b.rng.choice([1, 2, 2, 3, 3])
    shape = [b.size(8) for _ in range(rank)]
    if option == "run-time":
        shape[-1] = b.symbol(f"L{len(b.model.symbols)}")
    if "int32" in option or b.chance(0.1):
        return of_ints(b, shape, b.rng.choice([None, 3, 9]))
    return of_floats(b, shape)


def rare(function, operator, option):
    """The operator with the option, which the function gives now and then."""
    def add(b):
        before = len(b.model.options)
        input_for(b, option)
        if option == "shared":
            call_again(b, function, operator)
        else:
            function(b)
        if (operator, option) not in b.model.options[before:]:
            raise NoWay
    return add


def call_again(b, again, operator):
    """A layer of this kind, called, and called once more."""
    before = len(b.model.options)
    b.rng.choices([way for way, _ in LAYERS], [p for _, p in LAYERS])[0](b)
    if (operator, "") not in b.model.options[before:]:
        raise NoWay
    for _ in range(5):   # it takes any kind of those that there are
        there = b.snapshot()
        again(b)
        if b.model.options[-1] == (operator, "shared"):
            return
        b.restore(there)


def rare_rows():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "rare.txt"), encoding="utf-8") as f:
        for line in f:
            where, operator, option = line.rstrip("\n").split("\t")
            module, name = where.split(".")
            yield rare(getattr(MODULES[module], name), operator, option)


MODULES = {m.__name__.rpartition(".")[2]: m for m in (functions, layers, patterns, planes, values)}
RARE = list(rare_rows())
LAYERS = layers.ALL + planes.ALL


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


VARIANTS = [variant(kind, i) for kind in ACTIVATION_ARGUMENTS for i in range(len(ACTIVATIONS))]
TURNS = ([batch(kind) for kind in ("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell")]
         + [mixed(binary, name, of_floats) for name in BINARY]
         + [mixed(int_arithmetic, name, of_ints) for name in INT_BINARY]
         + [of_rank(one_hot, 3), of_rank(one_hot, 4), of_rank(embedding, 3), of_rank(embedding, 4)]
         + [of_rank(axes_moved, 4), of_rank(axes_moved, 5), of_rank(linear, 4)]
         + [of_rank(reduction, 4, name, dims) for name, dims in (("sum", 2), ("mean", 2), ("sum", 3), ("mean", 3))]
         + [product_of_vector(True), product_of_vector(False)]
         + [lambda b: pad(b, of_ints(b, [b.size(5), b.size(8)])),
            lambda b: argmax(b, of_ints(b, [b.size(5), b.size(8)]))]
         + [run_time(lambda b, x: softmax(b, x, "softmax")), run_time(lambda b, x: softmax(b, x, "log_softmax")),
            run_time(conv1d, 3), run_time(conv1d, 2, 4)]
         + [blocks.delay_lines] * 10)


def theirs(b, rows, each, word):
    """Of the rows those whose turn it is: each row comes once while as many seeds pass as it takes to go through them,
    in an order of chance, so that no body, which takes every so many seeds, always gets the same ones."""
    first = b.model.seed * each
    for at in range(first, first + each):
        lap, place = divmod(at, len(rows))
        yield random.Random(f"{word} {lap}").sample(rows, len(rows))[place]


def added(b, add, tries):
    for _ in range(tries):
        before = b.snapshot()
        try:
            return add(b)
        except NoWay:   # with these sizes
            b.restore(before)
    return None


def begin(b, of_torch):
    variants = [] if of_torch else [("variants", VARIANTS, 1, 5)]
    for word, rows, each, tries in (*variants, ("turns", TURNS, 1, 5), ("rare", RARE, 7, 100)):
        for add in theirs(b, rows, each, word):
            added(b, add, tries)
