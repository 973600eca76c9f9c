"""Time the same activations in PyTorch, which has an environment of its own: ``make bench TORCH=its/python``."""

import os

import pytest
import torch
from cases import PASSES, SIZES, STEP, TURNS, effort
from torch.nn import functional as F

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
SLOPE = torch.tensor([0.25], requires_grad=True)


def gated(gate, x):
    value, opened = x.chunk(2)
    return value * gate(opened)


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
    "squared ReLU": lambda x: F.relu(x).square(),
    "GLU": lambda x: F.glu(x),
    "ReGLU": lambda x: gated(F.relu, x),
    "GeGLU": lambda x: gated(F.gelu, x),
    "SwiGLU": lambda x: gated(F.silu, x),
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
        y = activation(x)
        y.backward(ones[: y.numel()])

    call = forward if what == "forward" else both
    call()
    info = {"name": name, "maker": "PyTorch", "mode": "imperative", "what": what, "size": size, "turn": turn}
    benchmark.extra_info.update(info)
    benchmark.pedantic(call, **effort(size))


@pytest.mark.parametrize("turn", TURNS)
def test_training_step(benchmark, turn):
    """The same loop as MXNet's, by hand: 40-100-100-10, ReLU, Adam, batches of 100, an epoch of 40 steps."""
    x, y = torch.randn(4000, 40), torch.randint(10, (4000,))
    layers = [torch.nn.Linear(40, 100), torch.nn.ReLU(), torch.nn.Linear(100, 100), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers, torch.nn.Linear(100, 10))
    optimizer, loss_function = torch.optim.Adam(net.parameters(), lr=2e-3), torch.nn.CrossEntropyLoss()

    def epoch():
        order, total = torch.randperm(4000), 0.0
        shuffled, classes = x[order], y[order]
        for start in range(0, 4000, 100):
            optimizer.zero_grad()
            loss = loss_function(net(shuffled[start : start + 100]), classes[start : start + 100])
            loss.backward()
            optimizer.step()
            total += loss.detach()
        return float(total)

    epoch()
    benchmark.extra_info.update(name=STEP, maker="PyTorch", mode="imperative", what=STEP, size=40, turn=turn)
    benchmark.pedantic(epoch, rounds=10)
