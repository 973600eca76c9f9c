"""Time every activation in MXNet, what replaces it, its formula in NumPy, and a plain copy.

Run by ``make bench``, once with one thread and once with all: OMP_NUM_THREADS says how many.
"""

import mxnet as mx
import numpy as np
import pytest
from mxnet import autograd, nd

from gluon_activations import activation_blocks, blocks

SIZES = [10**k for k in range(3, 8)]

# MXNet's own and ours, under one name where they are the same function.
MXNET = {name: block for name, block in activation_blocks().items() if not type(block).__module__.endswith("blocks")}
OURS = {
    "SELU": blocks.SELU(),
    "softReLU": blocks.SoftReLU(),
    "Swish": blocks.Swish(),
    "RReLU": blocks.RReLU(),
    "Mish": blocks.Mish(),
    "hard swish": blocks.HardSwish(),
    "GELU, tanh form": blocks.GELU("tanh"),
    "Swish, learned beta": blocks.Swish(learn_beta=True),
}

NUMPY = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "ReLU": lambda x: np.maximum(x, 0),
    "softReLU": lambda x: np.logaddexp(x, np.float32(0)),
    "Leaky ReLU": lambda x: np.maximum(x, np.float32(0.1) * x),
    "ELU": lambda x: np.where(x > 0, x, np.expm1(x)),
    "SELU": lambda x: np.float32(1.0507) * np.where(x > 0, x, np.float32(1.67326) * np.expm1(x)),
    "Swish": lambda x: x / (1 + np.exp(-x)),
    "copy": np.copy,
}


def normal(size):
    return np.random.RandomState(0).standard_normal(size).astype("float32")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("what", ["forward", "forward and backward"])
@pytest.mark.parametrize("mode", ["imperative", "hybridised"])
@pytest.mark.parametrize(
    ("name", "maker", "block"),
    [(name, "MXNet", block) for name, block in MXNET.items()] + [(name, "ours", block) for name, block in OURS.items()],
)
def test_block(benchmark, name, maker, block, mode, what, size):
    block.initialize(force_reinit=True)
    hybridised = mode == "hybridised"
    block.hybridize(hybridised, **{"static_alloc": True, "static_shape": True} if hybridised else {})
    x = nd.array(normal(size))
    x.attach_grad()
    head = nd.ones_like(x)

    def forward():
        block(x).wait_to_read()

    def both():
        with autograd.record():
            y = block(x)
        y.backward(head)
        mx.nd.waitall()

    benchmark.extra_info.update(name=name, maker=maker, mode=mode, what=what, size=size)
    benchmark(forward if what == "forward" else both)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NUMPY)
def test_numpy(benchmark, name, size):
    benchmark.extra_info.update(name=name, maker="NumPy", mode="imperative", what="forward", size=size)
    benchmark(NUMPY[name], normal(size))
