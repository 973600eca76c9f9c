"""What a layer draws: shares that add up, joints where the curve bends, boundaries where the class changes."""

import matplotlib
import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
import pytest
from mxnet import nd
from mxnet.gluon import nn

from gluon_activations.experiments import best_line, joints, mlp, plot_boundaries, plot_fits, plot_shares, rings
from gluon_activations.experiments.nets import outputs

X = np.linspace(-3, 3, 61)


@pytest.fixture(autouse=True)
def no_figure_left():
    yield
    plt.close("all")


def layer(units, kind, dtype="float32", apart=False, **options):
    """Return a net over one input, each of its weights and biases drawn."""
    mx.random.seed(0)
    net = nn.HybridSequential()
    net.add(nn.Dense(units, in_units=1, activation=None if apart else kind, **options))
    net.add(*[nn.Activation(kind)] * apart, nn.Dense(1, in_units=units))
    net.cast(dtype)
    net.initialize()
    for parameter in net.collect_params().values():
        parameter.set_data(nd.random.normal(shape=parameter.shape, dtype=dtype))
    return net


def line(ax, label):
    return next(line for line in ax.lines if line.get_label() == label)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("kind", ["relu", "tanh"])
def test_shares_and_the_last_bias_add_up_to_the_net(kind, apart, dtype):
    net = layer(4, kind, dtype, apart)
    plot_shares({"one": net, "two": net}, X)
    first, second = plt.gcf().axes
    assert [ax.get_title() for ax in (first, second)] == ["one", "two"]
    assert [line.get_label() for line in second.lines] == ["unit 1", "unit 2", "unit 3", "unit 4", "sum"]
    *shares, total = (line.get_ydata() for line in first.lines)
    np.testing.assert_allclose(total, net(nd.array(X[:, None], dtype=dtype)).asnumpy()[:, 0], rtol=1e-6)
    np.testing.assert_allclose(sum(shares) + net[-1].bias.data().asscalar(), total, atol=1e-5)
    weight, bias = net[0].weight.data().asnumpy()[2, 0], net[0].bias.data().asnumpy()[2]
    hidden = np.maximum(weight * X + bias, 0) if kind == "relu" else np.tanh(weight * X + bias)
    np.testing.assert_allclose(shares[2], net[-1].weight.data().asnumpy()[0, 2] * hidden, atol=1e-5)


def test_a_relu_net_bends_at_its_joints_and_nowhere_else():
    net = layer(7, "relu", "float64")
    found = joints(net)
    assert found.shape == (7,)
    assert (np.diff(found) > 0).all()
    edges = np.concatenate([[found[0] - 1], found, [found[-1] + 1]])
    for low, high in zip(edges, edges[1:]):
        inside = np.linspace(low, high, 5)[:, None]
        np.testing.assert_allclose(np.diff(outputs(net, inside)[:, 0], n=2), 0, atol=1e-12)
    h = np.diff(edges).min() / 4
    around = outputs(net, (found[:, None] + [-h, 0, h]).reshape(-1, 1)).reshape(-1, 3)
    assert (np.abs(np.diff(around, n=2)) > 1e-3 * h).all()


def test_joints_of_a_tanh_are_where_it_is_steepest():
    net = layer(1, "tanh", "float64")
    x = joints(net)[0] + np.linspace(-1, 1, 2001)
    slope = np.abs(np.diff(outputs(net, x[:, None])[:, 0]))
    assert abs(slope.argmax() - 999.5) <= 1


def test_a_unit_without_weight_turns_nowhere():
    net = layer(3, "relu")
    net[0].weight.set_data(nd.array([[0], [0], [2]]))
    net[0].bias.set_data(nd.array([1, 0, 3]))
    assert sorted(map(str, joints(net))) == ["-1.5", "-inf", "nan"]
    plot_fits({"": net}, X, X)
    assert line(plt.gcf().axes[0], "units turn").get_xdata().tolist() == [-1.5]


def test_fits_show_target_net_and_the_joints_within():
    net = layer(9, "relu", "float64")
    plot_fits({"a": net, "b": net}, X, np.sin(X))
    for ax in plt.gcf().axes:
        np.testing.assert_array_equal(line(ax, "target").get_xydata(), np.stack([X, np.sin(X)], axis=1))
        np.testing.assert_array_equal(line(ax, "net").get_ydata(), outputs(net, X[:, None])[:, 0])
        turns = [turn for turn in joints(net) if -3 <= turn <= 3]
        assert 0 < len(turns) < 9
        np.testing.assert_array_equal(line(ax, "units turn").get_xdata(), turns)
        np.testing.assert_allclose(line(ax, "units turn").get_ydata(), outputs(net, np.c_[turns])[:, 0])


def test_the_pictures_change_nothing_of_the_callers():
    net = layer(3, "relu")
    net.hybridize()
    net(nd.ones((1, 1)))
    net[0].weight.grad()[:] = 5
    weights = {name: parameter.data().asnumpy() for name, parameter in net.collect_params().items()}
    style = dict(matplotlib.rcParams)
    plot_shares({"a": net}, X)
    plot_fits({"a": net}, X, X)
    joints(net)
    assert dict(matplotlib.rcParams) == style
    assert (net[0].weight.grad().asnumpy() == 5).all()
    assert all((net.collect_params()[name].data().asnumpy() == value).all() for name, value in weights.items())


def other(*blocks):
    net = nn.HybridSequential()
    net.add(*blocks)
    net.initialize()
    return net


def not_initialised():
    net = nn.HybridSequential()
    net.add(nn.Dense(2, in_units=1), nn.Dense(1, in_units=2))
    return net


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: joints(nn.Dense(1)), TypeError, "net must be a chain.*not Dense"),
        (lambda: joints(other()), ValueError, r"net must lead from one input to one output.*\[\]"),
        (lambda: joints(other(nn.Dense(3, in_units=2), nn.Dense(1))), ValueError, r"weights of \[\(3, 2\), \(1, 0\)\]"),
        (lambda: joints(other(nn.Dense(3, in_units=1), nn.Dense(2))), ValueError, "from one input to one output"),
        (lambda: joints(other(nn.ELU(), nn.Dense(1, in_units=1))), ValueError, r"weights of \[\(1, 1\)\]"),
        (lambda: joints(other(nn.Dense(1, in_units=1))), ValueError, "chain of Dense, .* and Dense, not of Dense"),
        (
            lambda: joints(other(nn.Dense(2, in_units=1), nn.Dense(2, in_units=2), nn.Dense(1, in_units=2))),
            ValueError,
            "net must be a chain of Dense, activation and Dense, not of Dense, Dense, Dense",
        ),
        (lambda: joints(not_initialised()), ValueError, r"net must be initialised, .*; its dense\d+_weight is not"),
        (lambda: plot_shares({"": layer(2, "relu")}, X[:, None]), ValueError, r"x must hold numbers, .* \(\d+, 1\)"),
        (lambda: plot_shares({"": layer(2, "relu")}, "abc"), TypeError, "x must hold numbers, .*; 'abc' does not"),
        (lambda: plot_fits({"": layer(2, "relu")}, [], []), ValueError, r"x must hold numbers, .* its shape is \(0,\)"),
        (
            lambda: plot_fits({"": layer(2, "relu")}, X, X[:3]),
            ValueError,
            r"target must have the shape of x, .* \(3,\)",
        ),
        (lambda: plot_boundaries({"a": "net"}, *rings()), TypeError, r"nets\['a'\] must be a block, not 'net'"),
        (lambda: best_line([], []), ValueError, r"x must be points in a plane, .*; its shape is \(0,\)"),
        (lambda: best_line([[0, 1], [np.nan, 1]], [0, 1]), ValueError, "x must be finite; point 1 is not"),
        (lambda: best_line([[0, 1], [2, 1]], [1, 2]), ValueError, r"y must hold a class, 0 or 1, .* \[1.0, 2.0\]"),
        (lambda: best_line([[0, 1], [2, 1]], [1]), ValueError, r"y must hold a class, 0 or 1, for each of 2 points"),
        (lambda: best_line("ab", "cd"), TypeError, "x must hold numbers, in rows of one length; 'ab' does not"),
        (lambda: plot_shares(layer(2, "relu"), X), TypeError, "nets must be a mapping of label to net, not HybridSeq"),
        (lambda: plot_fits({}, X, X), ValueError, "nets must hold at least one net; it is empty"),
        (lambda: plot_boundaries([], *rings()), TypeError, "nets must be a mapping of label to net, not list"),
        (lambda: plot_boundaries({}, *rings()), ValueError, "nets must hold at least one net; it is empty"),
        (
            lambda: plot_boundaries({"": mlp(None, classes=1)}, X, X),
            ValueError,
            r"shape \(n, 2\); its shape is \(61,\)",
        ),
        (lambda: plot_boundaries({"": mlp(None, classes=2)}, *rings()), ValueError, r"\(14641, 1\).*\(14641, 2\)"),
    ],
)
def test_bad_input_gets_one_sentence_and_leaves_no_figure(call, error, message):
    with pytest.raises(error, match=message):
        call()
    assert plt.get_fignums() == []


def test_rings_are_seeded_and_lie_where_they_should():
    x, y = rings(1000, noise=0, seed=3)
    np.testing.assert_allclose(np.hypot(*x.T), 1 + y)
    assert y.sum() == 500
    assert np.ptp(np.arctan2(*x.T)) > 6.2
    noisy, _ = rings(1000, noise=0.1, seed=3)
    assert 0.095 < (noisy - x).std() < 0.105
    assert (rings(50, seed=1)[0] == rings(50, seed=1)[0]).all()
    assert (rings(50, seed=1)[0] != rings(50, seed=2)[0]).all()


def sampled_line(x, y):
    """Return what the best of many straight lines tells apart: of 20,000 directions, at every offset between points."""
    best = 0
    for angle in np.linspace(0, np.pi, 20_000):
        sign = 2 * y[np.argsort(x @ [np.cos(angle), np.sin(angle)])] - 1
        right = np.concatenate([[0], np.cumsum(sign)])  # how many more of class 1 than of class 0 lie before
        best = max(best, (y == 0).sum() + right.max(), (y == 1).sum() - right.min())
    return best / len(x)


@pytest.mark.parametrize("seed", range(4))
def test_the_best_line_is_the_best_of_many(seed):
    x, y = rings(24, seed=seed)
    y = y if seed else np.append(1, y[1:])
    assert best_line(x, y) == sampled_line(x, y) == best_line(x[::-1], y[::-1])
    assert best_line(x, y) == best_line(x, 1 - y)


def test_the_best_line_of_few_points():
    assert best_line([[0, 0]], [1]) == 1
    assert best_line([[0, 0], [1, 0]], [1, 0]) == 1
    assert best_line([[0, 0], [1, 0], [0, 1]], [1, 1, 1]) == 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_boundary_lies_where_the_score_is_0(dtype):
    straight = nn.Dense(1, in_units=2)
    straight.cast(dtype)
    straight.initialize()
    straight.weight.set_data(nd.array([[1, -2]]))
    straight.bias.set_data(nd.array([0.5]))
    circle = nn.HybridLambda(lambda F, x: F.sum(x * x, axis=1, keepdims=True) - 1.5**2)
    never = nn.HybridLambda(lambda F, x: F.sum(x * x, axis=1, keepdims=True) + 1)
    x, y = rings(noise=0)
    plot_boundaries({"straight": straight, "circle": circle, "never": never}, x, y)
    panels = plt.gcf().axes
    [a, b] = line(panels[0], "boundary").get_data()
    np.testing.assert_allclose(a - 2 * b + 0.5, 0, atol=1e-5)
    np.testing.assert_allclose(np.hypot(*line(panels[1], "boundary").get_data()), 1.5, atol=1e-3)
    assert np.ptp(line(panels[1], "boundary").get_xdata()) > 2.99
    assert not any(line.get_label() == "boundary" for line in panels[2].lines)
    right = ((x @ [1, -2] + 0.5 > 0) == y).mean()
    assert [ax.get_title() for ax in panels] == [
        f"straight: {right:.1%} right", "circle: 100.0% right", "never: 50.0% right"
    ]  # fmt: skip
    plot_boundaries({"its own": straight}, x, x @ [1, -2] + 0.5 > 0)
    assert plt.gcf().axes[0].get_title() == "its own: 100.0% right"
    for ax in panels:
        np.testing.assert_array_equal(line(ax, "class 0").get_xydata(), x[y == 0])
        np.testing.assert_array_equal(line(ax, "class 1").get_xydata(), x[y == 1])


def test_a_layer_without_biases_turns_at_0():
    net = other(nn.Dense(2, in_units=1, use_bias=False, activation="relu"), nn.Dense(1, in_units=2, use_bias=False))
    assert joints(net).tolist() == [0, 0]
    plot_fits({"": net}, X, X)
    plt.close("all")
