"""Functions of two inputs: both gradients held against slopes, planted faults seen, and drawn as they are."""

import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
import pytest
from matplotlib.colors import Normalize
from mxnet import autograd, nd
from mxnet.gluon import nn

from gluon_activations import blocks, trace_surface, visualize_surface
from gluon_activations.figures import DescribedFigure
from gluon_activations.planes import draw_plane

AXIS = np.linspace(-4, 4, 9)


def glu(backward):
    """a sigmoid(b), with the gradients that ``backward`` makes of a, b, sigmoid(b) and dy."""

    class Made(autograd.Function):
        def forward(self, a, b):
            self.save_for_backward(a, b)
            return a * b.sigmoid()

        def backward(self, dy):
            a, b = self.saved_tensors
            return backward(a, b, b.sigmoid(), dy)

    return Made()


RIGHT = glu(lambda a, b, s, dy: (dy * s, dy * a * s * (1 - s)))
WRONG = {
    "a is off by a hundredth": (glu(lambda a, b, s, dy: (1.01 * dy * s, dy * a * s * (1 - s))), "a"),
    "b is cut": (glu(lambda a, b, s, dy: (dy * s, dy * a * s * (1 - s) * (b > 1))), "b"),
    "b is dead": (glu(lambda a, b, s, dy: (dy * s, dy * 0)), "b"),
    "b has the wrong sign": (glu(lambda a, b, s, dy: (dy * s, -dy * a * s * (1 - s))), "b"),
    "they are swapped": (glu(lambda a, b, s, dy: (dy * a * s * (1 - s), dy * s)), "ab"),
    "a forgets dy": (glu(lambda a, b, s, dy: (s, dy * a * s * (1 - s))), "a"),
    "b forgets dy": (glu(lambda a, b, s, dy: (dy * s, a * s * (1 - s))), "b"),
    "b is not finite where a is negative": (glu(lambda a, b, s, dy: (dy * s, dy * a * s * (1 - s) / (a >= 0))), "b"),
}
GATES = {"GLU": None, "ReGLU": nn.Activation("relu"), "GeGLU": nn.GELU(), "SwiGLU": blocks.Swish()}


@pytest.mark.parametrize("gate", GATES)
def test_the_gated_units_have_right_gradients(gate, arrays):
    concatenate = arrays.concatenate if arrays is mx.np else nd.concat
    unit = blocks.GLU(GATES[gate])

    def halves(a, b):
        return unit(concatenate([a, b]) if arrays is mx.np else concatenate(a, b, dim=0))

    surface = trace_surface(halves, AXIS, AXIS)
    assert surface.right, surface
    assert surface.verdict == "df/da and df/db are the slopes of f(a, b)"
    assert len(surface.along_a) == len(surface.along_b) == 9


def test_values_and_gradients_stand_where_their_docstring_says():
    a, b = [-1, 0, 2], [0.5, 3]
    surface = trace_surface(lambda a, b: a**2 * b, a, b)
    np.testing.assert_allclose(surface.value, np.outer(b, np.square(a)))
    np.testing.assert_allclose(surface.gradient_a, np.outer(b, np.multiply(2, a)))
    np.testing.assert_allclose(surface.gradient_b, [np.square(a)] * 2)
    np.testing.assert_array_equal(surface.along_a[3.0].y, surface.value[1])
    np.testing.assert_array_equal(surface.along_b[2.0].y, surface.value[:, 2])


def test_a_function_whose_first_input_needs_no_gradient_is_not_given_garbage():
    # MXNet's autograd.Function leaves all gradients behind such an input as they are in memory.
    for _ in range(5):
        assert trace_surface(RIGHT, AXIS, AXIS).right


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_gradient_is_seen_on_its_own_axis(fault):
    function, axes = WRONG[fault]
    surface = trace_surface(function, AXIS, AXIS)
    assert not surface.right
    said = dict(zip("ab", surface.verdict.splitlines()))
    for axis in "ab":
        told = "is not the slope" in said[axis] or "does not scale with dy" in said[axis]
        assert told == (axis in axes), surface


def test_the_verdict_says_where_and_by_how_much():
    function, _ = WRONG["b is cut"]
    said = trace_surface(function, AXIS, AXIS).verdict.splitlines()
    assert said == [
        "df/da is the slope of f(a, b)",
        "df/db is not the slope of f(a, b) from b = -4.000 to 1.000: off by up to 1.000, where it is -1.000 "
        "(where a = -4.000; the like on 8 of 9 lines)",
    ]


def test_a_fault_on_one_line_of_many_is_seen():
    function = glu(lambda a, b, s, dy: (dy * s * (1 + 0.1 * (nd.abs(b - 1) < 0.1)), dy * a * s * (1 - s)))
    surface = trace_surface(function)
    assert [round(b, 3) for b, line in surface.along_a.items() if not line.right] == [1.0]
    assert "1 of 41 lines" in surface.verdict


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda a, b: a * b + (a - a.mean()) * (b - b.mean()), ValueError, "other pairs of inputs count too"),
        (lambda a, b: a * b[::-1], ValueError, "must be elementwise"),
        (lambda a, b: nd.softmax(a) * b, ValueError, "must be elementwise"),
        (lambda a, b: a * b * nd.random.uniform(shape=a.shape), ValueError, "must be (elementwise|deterministic)"),
        (lambda a, b: (a * b).sum(), ValueError, r"turns shape \(81,\) into \(1,\)"),
        (lambda a, b: nd.relu(a), ValueError, "no gradient that autograd can find"),
        (lambda a, b: (a * b).astype("int32"), ValueError, "must keep float32"),
        (lambda a: a, TypeError, "takes 1 positional argument but 2 were given"),
        (nn.ELU, TypeError, "activation must be a function or a block"),
        (None, TypeError, "activation must be a function or a block, .* not None"),
    ],
)
def test_what_is_no_elementwise_function_of_two_inputs_is_refused(function, error, message):
    with pytest.raises(error, match=message):
        trace_surface(function, AXIS, AXIS)


@pytest.mark.parametrize(
    ("axes", "error", "message"),
    [
        ({"a": [1]}, ValueError, "a must hold at least two points; it holds one"),
        ({"b": []}, ValueError, "b must be one-dimensional and hold at least one point"),
        ({"b": [2, 1]}, ValueError, "b must increase in float32; after index 0 it does not"),
        ({"a": [0, np.inf]}, ValueError, "a must be finite in float32; at index 1 it is not"),
        ({"a": "no"}, TypeError, "a must hold real numbers"),
        ({"ctx": "cpu"}, TypeError, "ctx must be an MXNet context"),
    ],
)
def test_bad_axes_are_named(axes, error, message):
    with pytest.raises(error, match=message):
        trace_surface(lambda a, b: a * b, **axes)


def test_what_is_not_finite_is_said_and_drawn_grey():
    surface = visualize_surface(lambda a, b: nd.log(a) * b, AXIS, AXIS)
    assert "f(a, b) from -5.545 to 5.545, not finite at 45 of 81 points" in repr(surface)
    [mesh] = plt.gcf().axes[0].collections
    assert mesh.get_array().mask.sum() == 45
    assert "nan" in repr(plt.gcf())
    plt.close("all")
    assert "cannot be judged" in trace_surface(lambda a, b: a * b * float("nan"), AXIS, AXIS).verdict


def test_planes_show_what_was_sampled_white_at_zero():
    surface = visualize_surface(RIGHT, AXIS, AXIS, title="GLU")
    planes = [ax for ax in plt.gcf().axes if ax.get_xlabel()]
    assert [ax.get_title() for ax in planes] == ["GLU", "df/da", "df/db"]
    for ax, values in zip(planes, (surface.value, surface.gradient_a, surface.gradient_b)):
        [mesh] = ax.collections
        np.testing.assert_array_equal(np.reshape(mesh.get_array(), values.shape), values)
        assert Normalize(*mesh.get_clim())(0) == 0.5
        assert not ax.lines
    plt.close("all")


def test_dots_lie_where_a_gradient_is_wrong_and_nowhere_else():
    function, _ = WRONG["b is cut"]
    visualize_surface(function, AXIS, AXIS)
    _, second, third = (ax for ax in plt.gcf().axes if ax.get_xlabel())
    assert not second.lines
    [dots] = third.lines
    assert set(dots.get_ydata()) == {-4, -3, -2, -1, 0}
    assert set(dots.get_xdata()) == set(AXIS) - {0}
    plt.close("all")


@pytest.mark.parametrize("axes", [None, "given"])
def test_draws_on_axes_that_are_given_and_refuses_others(axes):
    if axes:
        _, axes = plt.subplots(1, 3)
        visualize_surface(lambda a, b: a * b, AXIS, AXIS, axes=axes)
        assert all(ax.collections for ax in axes)
    for bad in (plt.figure().subplots(1, 2), [1, 2, 3], "abc"):
        with pytest.raises(TypeError, match="axes must be three of Matplotlib's"):
            visualize_surface(lambda a, b: a * b, AXIS, AXIS, axes=bad)
    plt.close("all")


def test_a_figure_says_what_is_on_a_plane():
    def drawn(values, **look):
        figure = plt.figure(FigureClass=DescribedFigure)
        draw_plane(figure.subplots(), np.arange(6), np.arange(7), values)
        for mesh in figure.axes[0].collections:
            mesh.set(**look)
        return repr(figure)

    values = np.random.RandomState(0).normal(size=(7, 6))
    text = drawn(values)
    assert text.count("\n") == 1  # and nothing of the colour bar's own axes
    assert f"RdBu_r from {-abs(values).max():.3f} to {abs(values).max():.3f}, with a colour bar" in text
    assert f"{values[0, 0]:.3f} {values[0, 1]:.3f} {values[0, 2]:.3f}" in text
    other = values.copy()
    other[3, 2] += 0.01
    for changed in (drawn(-values), drawn(values.T.reshape(7, 6)), drawn(other), drawn(values, cmap="viridis")):
        assert changed != text
    assert drawn(values, clim=(-1, 1)) != text
    plt.close("all")


def test_nothing_of_the_callers_is_changed():
    class Scaled(nn.HybridBlock):
        def __init__(self):
            super().__init__()
            self.scale = self.params.get("scale", shape=(1,), init=mx.init.One())

        def hybrid_forward(self, F, a, b, scale):
            return F.broadcast_mul(a * b, scale)

    block = Scaled()
    with pytest.raises(ValueError, match="activation Scaled is not initialised"):
        trace_surface(block, AXIS, AXIS)
    block.initialize()
    with autograd.record():
        y = block(nd.ones(2), nd.ones(2))
    y.backward()
    before, rc = block.scale.grad().asscalar(), plt.rcParams.copy()
    assert visualize_surface(block, AXIS, AXIS).right
    assert block.scale.grad().asscalar() == before == 2
    assert plt.rcParams == rc
    plt.close("all")
