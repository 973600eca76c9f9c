"""Time every activation in MXNet, what replaces it, and its formula in NumPy; and a copy, as the floor.

Run by ``make bench``, once with one thread and once with all: OMP_NUM_THREADS says how many.
"""

from functools import lru_cache, partial

import numpy as np
import pytest
from cases import PASSES, SIZES, STEP, TURNS, effort
from mxnet import autograd, nd
from mxnet.gluon import nn

from gluon_activations import activation_blocks, blocks
from gluon_activations.experiments import Data, mlp, train

# Under one name where ours replaces MXNet's.
OURS = {
    "softReLU": blocks.SoftReLU(),
    "RReLU": blocks.RReLU(),
    "SELU": blocks.SELU(),
    "Swish": blocks.Swish(),
    "Swish, learned beta": blocks.Swish(learn_beta=True),
    "GELU": blocks.GELU("tanh"),
    "Mish": blocks.Mish(),
    "hard swish": blocks.HardSwish(),
    "squared ReLU": blocks.SquaredReLU(),
}
MXNET = {
    name: block for name, block in activation_blocks().items() if not type(block).__module__.startswith(blocks.__name__)
}


def by_hand(gate):
    """Return what GLU does, of its parts: two slices, a gate and a product."""

    def formula(F, x):
        return F.reshape(x, (2, -1)).slice_axis(0, 0, 1) * gate(F.reshape(x, (2, -1)).slice_axis(0, 1, 2))

    return nn.HybridLambda(formula)


GATES = {"GLU": nn.Activation("sigmoid"), "ReGLU": nn.Activation("relu"), "GeGLU": nn.GELU(), "SwiGLU": blocks.Swish()}
OURS.update({name: blocks.GLU(gate) for name, gate in GATES.items()})
MXNET.update({name: by_hand(gate) for name, gate in GATES.items()})

FORMULAS = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "ReLU": lambda x: np.maximum(x, 0),
    "softReLU": lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
    "Leaky ReLU": lambda x: np.maximum(x, 0.1 * x),
    "PReLU": lambda x: np.maximum(x, 0.25 * x),
    "ELU": lambda x: np.where(x > 0, x, np.expm1(x)),
    "SELU": lambda x: 1.0507 * np.where(x > 0, x, 1.67326 * np.expm1(x)),
    "Swish": lambda x: x / (1 + np.exp(-x)),
    "GELU": lambda x: 0.5 * x * (1 + np.tanh(0.79788 * (x + 0.044715 * x * x * x))),
    "Mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "hard swish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "squared ReLU": lambda x: np.square(np.maximum(x, 0)),
}

CASES = [
    (name, mode, what, size, turn, maker)
    for name in {**MXNET, **OURS}
    for mode in ("imperative", "hybridised")
    for what in PASSES
    for size in SIZES
    for turn in TURNS
    for maker, known in (("MXNet", MXNET), ("ours", OURS), ("NumPy", FORMULAS))
    if name in known and (maker != "NumPy" or (mode, what) == ("imperative", "forward"))
]


@pytest.mark.parametrize(("name", "mode", "what", "size", "turn", "maker"), CASES)
def test_activation(benchmark, name, mode, what, size, turn, maker):
    if maker == "NumPy":
        call = partial(FORMULAS[name], normal(size))
    else:
        call = prepare((MXNET if maker == "MXNet" else OURS)[name], mode, what, size)
    time(benchmark, call, name=name, maker=maker, mode=mode, what=what, size=size, turn=turn)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("turn", TURNS)
def test_copy(benchmark, size, turn):
    x = normal(size)
    info = {"name": "copy", "maker": "NumPy", "mode": "imperative", "what": "forward", "size": size, "turn": turn}
    time(benchmark, partial(np.copyto, x.copy(), x), **info)


@pytest.mark.parametrize("turn", TURNS)
def test_training_step(benchmark, turn):
    """The loop of ``experiments.train``: 40-100-100-10, ReLU, Adam, batches of 100, an epoch of 40 steps."""
    rng = np.random.RandomState(0)
    x, y = rng.normal(size=(4000, 40)).astype("float32"), rng.randint(10, size=4000).astype("float32")
    data = Data(x, y, x[:1], y[:1])
    net = mlp(partial(nn.Activation, "relu"))
    train(net, data, epochs=1)
    call = partial(train, net, data, epochs=1)
    benchmark.extra_info.update(name=STEP, maker="MXNet", mode="hybridised", what=STEP, size=40, turn=turn)
    benchmark.pedantic(call, rounds=10)


@lru_cache(maxsize=2)  # for the two that take turns
def prepare(block, mode, what, size):
    """Return a function of no arguments that runs a block, and waits: MXNet works in the background."""
    block.initialize(force_reinit=True)
    hybridised = mode == "hybridised"
    block.hybridize(hybridised, static_alloc=hybridised, static_shape=hybridised)
    x = nd.array(normal(size))
    x.attach_grad()
    ones = nd.ones_like(block(x))

    def forward():
        block(x).wait_to_read()

    def both():
        with autograd.record():
            y = block(x)
        y.backward(ones)
        nd.waitall()

    call = forward if what == "forward" else both
    call()  # the first is slow: it makes the graph, and the arrays
    return call


@lru_cache(maxsize=1)
def normal(size):
    return np.random.RandomState(0).standard_normal(size).astype("float32")


def time(benchmark, call, **info):
    benchmark.extra_info.update(info)
    benchmark.pedantic(call, **effort(info["size"]))
