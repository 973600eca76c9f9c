"""Right gradients that are hard to tell from wrong ones, and wrong ones that are hard to see."""

import mxnet as mx
import numpy as np
import pytest
from mxnet import autograd, nd
from mxnet.gluon import nn

from gluon_activations import blocks, trace_activation

RIGHT = {
    "exp overflows with a large dy": (nd.exp, np.linspace(-100, 100, 501)),
    "sinh overflows with a large dy": (nd.sinh, np.linspace(-100, 100, 501)),
    "log sigmoid overflows inside": (lambda x: nd.log(nd.sigmoid(x)), np.linspace(-100, 100, 501)),
    "ELU close to zero": (nn.ELU(), np.linspace(-1e-3, 1e-3, 101)),
    "SELU, mended, close to zero": (blocks.SELU(), np.linspace(-1e-3, 1e-3, 101)),
    "SELU, mended, on a very wide axis": (blocks.SELU(), np.linspace(-1e4, 1e4, 501)),
    "log(1 + x^2)": (lambda x: nd.log(1 + x * x), np.linspace(-0.1, 0.1, 101)),
    "log(1 + x^2) at one point": (lambda x: nd.log(1 + x * x), [0]),
    "1 - cos": (lambda x: 1 - nd.cos(x), np.linspace(-0.1, 0.1, 101)),
    "flat log cosh": (lambda x: nd.log(nd.cosh(0.01 * x)), None),
    "tail of GELU": (nn.GELU(), np.linspace(-20, -5, 301)),
}


@pytest.mark.parametrize("case", RIGHT)
def test_a_right_gradient_is_not_accused(case):
    curve = trace_activation(*RIGHT[case])
    assert not curve.check.stretches, curve
    assert curve.other_dy is None, curve


WRONG_DY = {
    "clips at 1": lambda dy: dy.clip(-1, 1),
    "clips at 100": lambda dy: dy.clip(-100, 100),
    "drops small": lambda dy: dy * (dy.abs() > 0.01),
    "adds": lambda dy: dy + 1e-4,
}


@pytest.mark.parametrize("x", [None, np.linspace(-10, 10, 11), [0.5]], ids=["501", "11", "1"])
@pytest.mark.parametrize("case", WRONG_DY)
def test_a_backward_that_does_not_scale_with_dy_is_seen(case, x):
    class Wrong(autograd.Function):
        def forward(self, x):
            return x * 1

        def backward(self, dy):
            return WRONG_DY[case](dy)

    assert trace_activation(lambda x: Wrong()(mx.nd.sigmoid(x)), x).other_dy is not None


def test_a_staircase_passed_straight_through_is_not_called_right():
    class Rounded(autograd.Function):
        def forward(self, x):
            return mx.nd.round(256 * x) / 256

        def backward(self, dy):
            return dy

    assert not trace_activation(lambda x: Rounded()(x)).right


def test_no_share_is_written_with_a_power_of_ten():
    curve = trace_activation(lambda x: nd.maximum(0, x) + nd.minimum(0, nd.exp(x) - 1), np.linspace(-1, 1, 501))
    assert "e+" not in curve.verdict, curve
