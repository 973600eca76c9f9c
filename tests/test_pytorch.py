"""The catalogue beside PyTorch, whose results tools/write_pytorch_reference.py has stored."""

import inspect
import json
from pathlib import Path

import mxnet as mx
import numpy as np
import pytest
from mxnet import autograd
from mxnet.gluon import nn

from gluon_activations import activation_blocks, blocks

REFERENCE = json.loads((Path(__file__).parent / "pytorch_reference.json").read_text())
X = np.array(REFERENCE["x"], dtype="float32")
PYTORCH = {
    name: np.array([curve["value"], curve["gradient"]], dtype="float32")
    for name, curve in REFERENCE["activations"].items()
}
PYTORCH.update({"SELU, mended": PYTORCH["SELU"], "softReLU, mended": PYTORCH["softReLU"]})
PYTORCH.update({"Swish, learned beta": PYTORCH["Swish"]})

# Relative, or absolute under 1. Measured: 8.4e-7 at most, with DNNL_MAX_CPU_ISA unset, SSE41, AVX and AVX2.
TOLERANCE = 2.5e-6


def differs(name):
    """Return where value and gradient are not PyTorch's."""
    x = mx.nd.array(X)
    x.attach_grad()
    with autograd.record(train_mode=False):
        y = activation_blocks()[name](x)
    [gradient] = autograd.grad(y, [x], train_mode=False)
    ours = np.array([y.asnumpy(), gradient.asnumpy()])
    return abs(ours - PYTORCH[name]) > TOLERANCE * np.maximum(1, abs(PYTORCH[name]))


@pytest.mark.parametrize("name", activation_blocks())
def test_value_and_gradient_are_those_of_pytorch(name):
    value, gradient = differs(name)
    assert X[value].tolist() == []
    # MXNet's clip has the inner slope where it starts and ends, PyTorch's hard swish the outer one.
    if name == "hard swish":
        assert X[gradient].tolist() == [-3, 3]
    elif name == "SELU":
        assert X[gradient].tolist() == X[X < 0].tolist(), "MXNet's SELU has PyTorch's gradient now"
    else:
        assert X[gradient].tolist() == []


def test_defaults_are_those_of_pytorch_or_known_not_to_be():
    pytorch = REFERENCE["defaults"]
    prelu = nn.PReLU()
    prelu.initialize()
    slopes = inspect.signature(blocks.RReLU).parameters
    assert pytorch == {
        "PReLU slope": prelu.alpha.data().asscalar(),
        "RReLU slopes": [slopes["lower"].default, slopes["upper"].default],
        "ELU alpha": inspect.signature(nn.ELU).parameters["alpha"].default,
        "GELU approximation": "none",  # which is blocks.GELU's "erf"
        # MXNet's LeakyReLU block has no default, and its operator hard_sigmoid 0.2.
        "Leaky ReLU slope": 0.01,
        "hard sigmoid slope": pytest.approx(1 / 6),
    }
