"""Write what PyTorch makes of the same activations into tests/pytorch_reference.json.

PyTorch cannot share an environment with MXNet 1.9.1: it would pull NumPy 2, with which MXNet cannot be
imported. Nothing but this script needs it, so give it one of its own:

    python3 -m venv ../torchenv
    ../torchenv/bin/pip install torch==2.13.0
    ../torchenv/bin/python tools/write_pytorch_reference.py
"""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

REFERENCE = Path(__file__).parent.parent / "tests" / "pytorch_reference.json"
POSITIVE = [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 15]
POINTS = [-x for x in reversed(POSITIVE)] + [0] + POSITIVE

# By the catalogue's names, and with its parameters. In evaluation, so RReLU has its mean slope.
ACTIVATIONS = {
    "sigmoid": nn.Sigmoid(),
    "tanh": nn.Tanh(),
    "softsign": nn.Softsign(),
    "ReLU": nn.ReLU(),
    "softReLU": nn.Softplus(),
    "Leaky ReLU": nn.LeakyReLU(0.1),
    "PReLU": nn.PReLU(),
    "RReLU": nn.RReLU().eval(),
    "ELU": nn.ELU(),
    "SELU": nn.SELU(),
    "Swish": nn.SiLU(),
    "GELU": nn.GELU(),
    "GELU, tanh form": nn.GELU("tanh"),
    "Mish": nn.Mish(),
    "hard swish": nn.Hardswish(),
    "squared ReLU": lambda x: functional.relu(x).square(),
}


def value_and_gradient(activation, points):
    x = torch.tensor(points, dtype=torch.float32, requires_grad=True)
    y = activation(x)
    (gradient,) = torch.autograd.grad(y.sum(), x)
    return y.tolist(), gradient.tolist()


def nine_digits(values):
    """Shorten: nine significant digits tell any two float32 numbers apart."""
    return [float(f"{value:.9g}") for value in values]


def write(path=REFERENCE):
    curves = {name: map(nine_digits, value_and_gradient(f, POINTS)) for name, f in ACTIVATIONS.items()}
    [hard_sigmoid_slope] = value_and_gradient(functional.hardsigmoid, [0.0])[1]
    reference = {
        "torch": torch.__version__,
        "defaults": {
            "Leaky ReLU slope": nn.LeakyReLU().negative_slope,
            "PReLU slope": nn.PReLU().weight.item(),
            "RReLU slopes": [nn.RReLU().lower, nn.RReLU().upper],
            "ELU alpha": nn.ELU().alpha,
            "GELU approximation": nn.GELU().approximate,
            "hard sigmoid slope": hard_sigmoid_slope,
        },
        "x": POINTS,
        "activations": {name: dict(zip(["value", "gradient"], curve)) for name, curve in curves.items()},
    }
    path.write_text(json.dumps(reference, indent=1) + "\n")


if __name__ == "__main__":
    write()
