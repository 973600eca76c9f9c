"""Time the same activations in PyTorch, which has an environment of its own: ``make bench TORCH=its/python``."""

import os

import pytest
import torch
from cases import PASSES, SIZES, TURNS, effort
from torch.nn import functional as F

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
SLOPE = torch.tensor([0.25], requires_grad=True)
ACTIVATIONS = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softsign": F.softsign,
    "ReLU": F.relu,
    "softReLU": F.softplus,
    "Leaky ReLU": lambda x: F.leaky_relu(x, 0.1),
    "PReLU": lambda x: F.prelu(x, SLOPE),
    "RReLU": lambda x: F.rrelu(x, training=x.requires_grad and torch.is_grad_enabled()),
    "ELU": F.elu,
    "SELU": F.selu,
    "Swish": F.silu,
    "GELU": lambda x: F.gelu(x, approximate="tanh"),
    "Mish": F.mish,
    "hard swish": F.hardswish,
}


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("what", PASSES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(benchmark, name, what, size, turn):
    activation = ACTIVATIONS[name]
    x = torch.randn(size, generator=torch.Generator().manual_seed(0)).requires_grad_()
    ones = torch.ones_like(x)

    def forward():
        with torch.no_grad():
            activation(x)

    def both():
        x.grad = SLOPE.grad = None  # or they would be added to
        activation(x).backward(ones)

    call = forward if what == "forward" else both
    call()
    info = {"name": name, "maker": "PyTorch", "mode": "imperative", "what": what, "size": size, "turn": turn}
    benchmark.extra_info.update(info)
    benchmark.pedantic(call, **effort(size))
