"""Time the same activations in PyTorch, which has an environment of its own: ``make bench TORCH=its/python``."""

import os

import pytest
import torch
from torch.nn import functional as F

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count())))
SIZES = [10**k for k in range(3, 8)]
ALPHA = torch.tensor([0.25])
ACTIVATIONS = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softsign": F.softsign,
    "ReLU": F.relu,
    "softReLU": F.softplus,
    "Leaky ReLU": lambda x: F.leaky_relu(x, 0.1),
    "PReLU": lambda x: F.prelu(x, ALPHA),
    "RReLU": lambda x: F.rrelu(x, training=True),
    "ELU": F.elu,
    "SELU": F.selu,
    "Swish": F.silu,
    "GELU": F.gelu,
    "GELU, tanh form": lambda x: F.gelu(x, approximate="tanh"),
    "Mish": F.mish,
    "hard swish": F.hardswish,
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("what", ["forward", "forward and backward"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(benchmark, name, what, size):
    activation = ACTIVATIONS[name]
    x = torch.randn(size, generator=torch.Generator().manual_seed(0)).requires_grad_()
    head = torch.ones_like(x)

    def forward():
        with torch.no_grad():
            activation(x)

    def both():
        x.grad = None
        activation(x).backward(head)

    benchmark.extra_info.update(name=name, maker="PyTorch", mode="imperative", what=what, size=size)
    benchmark(forward if what == "forward" else both)
