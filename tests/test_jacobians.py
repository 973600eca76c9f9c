"""Functions of a whole row: each entry of the Jacobian is held against a slope, and drawn where it belongs."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from mxnet import autograd, nd
from mxnet.gluon import nn

from gluon_activations import trace_jacobian, visualize_jacobian

ROW = [2, 1, 0, -1]


def softmax(backward):
    class Made(autograd.Function):
        def forward(self, x):
            self.p = nd.softmax(x)
            return self.p

        def backward(self, dy):
            return backward(self.p, dy)

    return Made()


def test_softmax_has_the_jacobian_of_its_formula():
    p = np.exp(ROW) / np.exp(ROW).sum()
    jacobian = trace_jacobian(nd.softmax, ROW)
    assert jacobian.right
    np.testing.assert_allclose(jacobian.y, p, rtol=1e-6)
    np.testing.assert_allclose(jacobian.entries, np.diag(p) - np.outer(p, p), atol=1e-7)


def test_outputs_are_rows_and_inputs_columns():
    jacobian = trace_jacobian(lambda x: nd.concat(x[:, :1] * x[:, 1:], 3 * x[:, 1:], dim=1), [2, 5])
    assert jacobian.entries.tolist() == [[5, 2], [0, 3]]
    assert jacobian.right


def test_works_on_numpys_arrays_and_on_blocks(arrays):
    jacobian = trace_jacobian(nn.Activation("tanh"), ROW)
    assert jacobian.right
    np.testing.assert_allclose(jacobian.entries, np.diag(1 - np.tanh(ROW) ** 2), atol=1e-6)


@pytest.mark.parametrize(
    ("backward", "wrong"),
    [
        (lambda p, dy: dy * p * (1 - p), 12),  # the diagonal alone
        (lambda p, dy: dy * p, 16),
        (lambda p, dy: p * dy - 1.01 * p * (p * dy).sum(axis=1, keepdims=True), 16),
    ],
)
def test_a_wrong_jacobian_is_seen_entry_by_entry(backward, wrong):
    jacobian = trace_jacobian(softmax(backward), ROW)
    assert not jacobian.right
    assert f"{wrong} of 16 are no slopes: dy[" in repr(jacobian)
    assert trace_jacobian(softmax(lambda p, dy: p * (dy - (p * dy).sum(axis=1, keepdims=True))), ROW).right


@pytest.mark.parametrize(
    "dy_to",
    [
        nd.abs,
        nd.square,
        lambda dy: dy.clip(-1, 1),
        lambda dy: dy / nd.abs(dy).max(),
        lambda dy: nd.where(dy + 1 > 0, dy, nd.sqrt(dy)),
    ],
    ids=["absolute", "squares", "clips", "divides by the largest", "no number below -1"],
)
def test_a_gradient_that_does_not_scale_with_dy_is_seen(dy_to):
    function = softmax(lambda p, dy: p * (dy_to(dy) - (p * dy_to(dy)).sum(axis=1, keepdims=True)))
    jacobian = trace_jacobian(function, ROW)
    assert not jacobian.right
    assert repr(jacobian).endswith("the gradient does not scale with dy")


RIGHT = {
    "cold softmax": lambda x: nd.softmax(x, temperature=0.3),
    "softmax": nd.softmax,
    "log_softmax": nd.log_softmax,
    "normalised": lambda x: nd.broadcast_div(x, nd.norm(x, axis=1, keepdims=True) + 0.1),
    "the others' sum": lambda x: nd.broadcast_sub(x.sum(axis=1, keepdims=True), x),
    "less the largest": lambda x: nd.broadcast_sub(x, x.max(axis=1, keepdims=True)),
    "self-gated": lambda x: x * nd.softmax(x),
}


@pytest.mark.parametrize("row", [ROW, [0.5] * 4, [1e-3, 2e-3, 0, -1e-3], [2, -3, 0.5, 0]])
@pytest.mark.parametrize("name", RIGHT)
def test_right_functions_are_not_accused(name, row):
    jacobian = trace_jacobian(RIGHT[name], row)
    assert jacobian.right, jacobian


def test_what_is_not_finite_is_not_called_right():
    jacobian = trace_jacobian(lambda x: x * np.nan, ROW)
    assert not jacobian.right
    assert repr(jacobian).endswith("the entries cannot be judged: y is not finite")


def test_a_small_difference_is_written_with_its_digits():
    told = repr(trace_jacobian(softmax(lambda p, dy: 1.001 * p * (dy - (p * dy).sum(axis=1, keepdims=True))), ROW))
    assert "off by 0.0004" in told


@pytest.mark.parametrize(
    ("function", "x", "error", "message"),
    [
        (nd.softmax, [], ValueError, r"x must be a row of finite numbers; its shape is \(0,\)"),
        (nd.softmax, [[1, 2]], ValueError, "x must be a row of finite numbers"),
        (nd.softmax, [1, np.nan], ValueError, "x must be a row of finite numbers in float32; at index 1 not"),
        (nd.softmax, [1e300, 2], ValueError, "x must be a row of finite numbers in float32; at index 0 not"),
        (nd.softmax, ["a", "b"], TypeError, "x must be a row of real numbers, not .'a', 'b'."),
        (nd.softmax, [1j, 2], TypeError, "x must be a row of real numbers, not .1j, 2."),
        (lambda x: x.sum(axis=1), ROW, ValueError, r"must keep the shape of its input, .* turns shape \(4, 4\)"),
        (lambda x: nd.softmax(x, axis=0), ROW, ValueError, "must make the same of a row whatever is beside it; lambda"),
        (lambda x: x - x.mean(axis=0, keepdims=True), [1, 2], ValueError, "must make the same of a row"),
        (lambda x: x * nd.random.uniform(shape=x.shape), ROW, ValueError, "must make the same of a row"),
        (nn.ELU, ROW, TypeError, "must be a function or a block"),
    ],
)
def test_what_cannot_be_sampled_is_refused(function, x, error, message):
    with pytest.raises(error, match=message):
        trace_jacobian(function, x)


def test_picture_shows_the_matrix_as_it_is_written():
    jacobian = visualize_jacobian(nd.softmax, ROW, title="softmax")
    ax = plt.gcf().axes[0]
    [mesh] = ax.collections
    np.testing.assert_array_equal(np.reshape(mesh.get_array(), (4, 4)), jacobian.entries)
    assert ax.yaxis_inverted()
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == ("softmax", "input", "output")
    assert "0.229 -0.153" in repr(plt.gcf())
    plt.close("all")
