"""Small nets, seen through without a touch."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from mxnet import autograd, nd
from mxnet.gluon import nn

from gluon_activations.experiments import Data, layer_statistics, mlp, plot_layers
from gluon_activations.experiments.layers import Layer


@pytest.fixture(scope="module")
def data():
    """Three classes, told apart by which of the first three features is largest."""
    rng = np.random.RandomState(0)
    x = rng.normal(size=(250, 5)).astype("float32")
    y = x[:, :3].argmax(axis=1).astype("float32")
    return Data(x[:200], y[:200], x[200:], y[200:])


def weights(net):
    return [p.data().asnumpy() for p in net.collect_params().values()]


# layer_statistics


@pytest.fixture
def net():
    """Two layers, small enough to compute by hand; the first has one unit that is always off."""
    net = nn.HybridSequential()
    net.add(nn.Dense(3, in_units=2), nn.Activation("relu"), nn.Dense(2, in_units=3))
    net.initialize()
    net[0].weight.set_data(nd.array([[1, 0], [0, 1], [1, 1]]))
    net[0].bias.set_data(nd.array([0, 0, -100]))
    net[2].weight.set_data(nd.array([[1, 2, 3], [-1, 0, 1]]))
    return net


X, Y = np.array([[1, -2], [3, 4]]), np.array([0, 1])
TABLE = """\
layer            before            after       saturated   off  gradient
1 Dense     -31.333 ± 46.528   1.333 ± 1.599         50%   33%   7.2e+00
2 Dense       2.000 ± 5.385    2.000 ± 5.385          0%    0%   3.5e+00"""


def test_statistics_are_those_computed_by_hand(net):
    first, last = layer_statistics(net, X, Y)
    before = np.array([[1, -2, -101], [3, 4, -93]])
    np.testing.assert_array_equal(first.before, before)
    np.testing.assert_array_equal(first.after, np.maximum(before, 0))
    np.testing.assert_array_equal(first.slope, before > 0)
    assert (first.saturated, first.off) == (0.5, pytest.approx(1 / 3))
    scores = np.maximum(before, 0) @ np.array([[1, 2, 3], [-1, 0, 1]]).T
    np.testing.assert_array_equal(last.before, scores)
    np.testing.assert_array_equal(last.after, scores)
    assert (last.saturated, last.off) == (0, 0)

    softmax = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    back = (softmax - np.eye(2)[Y]) / 2
    np.testing.assert_allclose(last.gradient, back.T @ first.after, rtol=1e-4, atol=1e-6)
    through = (back @ np.array([[1, 2, 3], [-1, 0, 1]])) * first.slope
    np.testing.assert_allclose(first.gradient, through.T @ X, rtol=1e-4, atol=1e-6)
    assert first.norm == pytest.approx(np.linalg.norm(through.T @ X), rel=1e-4)


def test_statistics_touch_nothing(net):
    with autograd.record():
        loss = net(nd.array(X)).sum()
    loss.backward()
    gradients = [p.grad().asnumpy() for p in net.collect_params().values()]
    values, mode = weights(net), [net._active, *(child._active for child in net)]
    layer_statistics(net, X, Y)
    for p, gradient, value in zip(net.collect_params().values(), gradients, values):
        np.testing.assert_array_equal(p.grad().asnumpy(), gradient)
        np.testing.assert_array_equal(p.data().asnumpy(), value)
        assert p.grad_req == "write"
    assert [net._active, *(child._active for child in net)] == mode


@pytest.mark.parametrize("hybridised", [False, True])
def test_nested_and_convolutional_nets_will_do(hybridised):
    body = nn.HybridSequential()
    body.add(nn.Conv2D(4, 3), nn.BatchNorm(), nn.Activation("tanh"))
    net = nn.HybridSequential()
    net.add(nn.HybridLambda("identity"), body, nn.Flatten(), nn.Dense(2))
    net.initialize()
    x = np.random.RandomState(0).normal(size=(3, 1, 5, 5))
    net(nd.array(x))
    net.hybridize(hybridised)
    layers = layer_statistics(net, x, [0, 1, 1])
    assert [layer.name for layer in layers] == ["1 Conv2D", "2 Dense"]
    assert layers[0].before.shape == (3, 4, 3, 3)
    np.testing.assert_allclose(layers[0].after, nn.Flatten()(body(nd.array(x))).asnumpy(), rtol=1e-5)
    np.testing.assert_allclose(layers[-1].after, net(nd.array(x)).asnumpy(), rtol=1e-5)


def test_dropout_drops_nothing():
    net = nn.HybridSequential()
    net.add(nn.Dense(50), nn.Dropout(0.5), nn.Dense(2))
    net.initialize()
    once, again = layer_statistics(net, X, Y), layer_statistics(net, X, Y)
    for a, b in zip(once, again):
        np.testing.assert_array_equal(a.gradient, b.gradient)


def test_saturated_is_a_slope_under_a_hundredth_in_size():
    slope = np.array([[0.05, 0.009], [-0.009, -0.5]])
    assert Layer("1 Dense", slope, slope, slope, None).saturated == 0.5


def test_the_table_has_a_line_a_layer(net):
    assert repr(layer_statistics(net, X, Y)) == TABLE
    assert "gradient" in repr(layer_statistics(net, X))
    assert np.isnan(layer_statistics(net, X)[0].norm)


def test_statistics_need_a_sequential_net_with_weights():
    with pytest.raises(TypeError, match="net must be a Sequential or HybridSequential block, not Dense"):
        layer_statistics(nn.Dense(2), X)
    with pytest.raises(ValueError, match="net must have a layer with weights; it has none"):
        layer_statistics(nn.HybridSequential(), X)


def test_histograms_have_a_column_a_layer(data):
    net = mlp(nn.SELU, 9, 10, 3)
    net(nd.array(data.x))
    layers = layer_statistics(net, data.x, data.y)
    plot_layers(layers, shown=4)
    figure = plt.gcf()
    assert [ax.get_title() for ax in figure.axes] == ["1 Dense", "4 Dense", "7 Dense", "10 Dense"] * 2
    [line] = figure.axes[1].lines
    counts, edges = np.histogram(layers[3].after, bins=40)
    np.testing.assert_allclose(line.get_xdata(), edges)
    np.testing.assert_allclose(line.get_ydata()[:-1], counts / layers[3].after.size)
    assert "activations: #0072b2" in repr(figure)
    plot_layers(layer_statistics(net, data.x), shown=3)
    assert len(plt.gcf().axes) == 3
    wild = np.array([[1, np.inf, np.nan]])
    plot_layers([Layer("1 Dense", wild, wild, wild, wild)])
    assert plt.gcf().axes[0].lines[0].get_ydata().max() == 1
    plt.close("all")
