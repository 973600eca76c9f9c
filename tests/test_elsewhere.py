"""What is said and drawn of other frameworks' activations."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from mxnet import nd
from mxnet.gluon import nn

from gluon_activations import blocks
from gluon_activations.experiments import Elsewhere


@pytest.fixture
def elsewhere():
    return Elsewhere()


@pytest.fixture
def labels():
    """What the legends of the last figure say, side by side."""
    yield lambda: [[text.get_text() for text in ax.get_legend().get_texts()] for ax in plt.gcf().axes]
    plt.close("all")


def test_curves_that_agree_are_drawn_as_one(elsewhere, labels):
    before = dict(plt.rcParams)
    elsewhere.compare("SELU", nn.SELU()).draw()
    assert labels() == [["MXNet, PyTorch, Keras, JAX, ONNX"], ["MXNet", "PyTorch, Keras, JAX"]]
    assert dict(plt.rcParams) == before


def test_a_corner_is_told_and_not_drawn_as_a_curve_of_its_own(elsewhere, labels):
    compared = elsewhere.compare("Leaky ReLU, slope 0.1", nn.LeakyReLU(0.1)).draw()
    assert labels()[1] == ["MXNet, PyTorch, Keras, JAX"]
    assert "by 0.9 at x = 0.000 alone" in repr(compared).splitlines()[2]
    assert compared.same == ["PyTorch", "ONNX"]


@pytest.mark.parametrize("error", [2e-5, np.inf])
def test_a_slightly_wrong_activation_is_not_the_same(error, elsewhere):
    assert elsewhere.compare("ELU", nn.ELU()).same == ["PyTorch", "Keras", "JAX", "ONNX"]
    assert elsewhere.compare("ELU", lambda x: nn.ELU()(x) + error).same == []
    assert elsewhere.compare("ELU", lambda x: (1 + error) * nn.ELU()(x)).same == []
    assert "as here" not in repr(elsewhere.compare("ELU", lambda x: (1 + error) * nn.ELU()(x) + error))


def test_differences_are_what_is_left_after_mxnets(elsewhere, labels):
    compared = elsewhere.compare("GELU", nn.GELU(), (-6, 6)).draw(subtract=True)
    ours, jax = plt.gcf().axes[0].lines
    assert not ours.get_ydata().any()
    np.testing.assert_array_equal(jax.get_ydata(), compared.curves["JAX"]["value"] - compared.curves["MXNet"]["value"])
    assert 4e-4 < jax.get_ydata().max() < 5e-4


def test_only_the_limits_are_compared(elsewhere):
    def cut(x):
        return nd.where(nd.abs(x) > 5.05, 0 * x, nn.Swish()(x))

    assert elsewhere.compare("Swish", cut, (-5, 5)).same == ["PyTorch", "Keras", "JAX", "ONNX"]
    assert elsewhere.compare("Swish", cut).same == []


def test_each_of_our_blocks_is_some_framework_s(elsewhere):
    assert elsewhere.compare("GELU", blocks.GELU("tanh")).same == ["JAX"]
    assert elsewhere.compare("RReLU", blocks.RReLU()).same == ["PyTorch"]
    assert elsewhere.gradient("PReLU, slope 0.25", 0)["Keras on PyTorch"] == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda e: e.default("slope"), "name must be one of 'Leaky ReLU slope', .*; not 'slope'"),
        (lambda e: e.other("slope"), "name must be one of 'softmax', 'dense', .*; not 'slope'"),
        (lambda e: e.gradient("relu", 1), "name must be one of 'sigmoid', .*; not 'relu'"),
        (lambda e: e.gradient("ReLU", 99), "x must be one of the points stored, of which 100 is the nearest; not 99"),
        (lambda e: e.gradient("ReLU", "one"), "x must hold numbers"),
        (lambda e: e.compare("relu", nn.ELU()), "name must be one of 'sigmoid', .*; not 'relu'"),
        (lambda e: e.compare("ELU", nn.ELU(), (5, -5)), r"limits must be two numbers .*; not \(5, -5\)"),
        (lambda e: e.compare("ELU", nn.ELU(), (1, 2, 3)), r"limits must be two numbers .*; not \(1, 2, 3\)"),
        (lambda e: e.compare("ELU", nn.ELU(), None), "limits must hold numbers; None does not"),
    ],
)
def test_what_is_not_stored_is_named(call, message, elsewhere):
    with pytest.raises((TypeError, ValueError), match=message):
        call(elsewhere)
