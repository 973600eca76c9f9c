"""Look inside any net: gradients held against a plain training step, activations against hooks, and nothing moved."""

import contextlib
import random
from collections import deque

import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
import pytest
from mxnet import autograd, gluon, nd
from mxnet.gluon import nn
from public_nets import NETS, LanguageModel, chain, make, residual, two_heads

from gluon_activations import blocks
from gluon_activations.experiments import layer_statistics, mlp, plot_layers, plot_norms
from gluon_activations.experiments.layers import Layer, Layers

LOSS = gluon.loss.SoftmaxCrossEntropyLoss()
ACTIVATIONS = (nn.Activation, nn.ELU, nn.GELU, nn.PReLU, nn.BatchNormReLU)


def drawn(net):
    net.initialize(mx.init.Xavier())
    return net


def chain_of_any(*blocks):
    net = nn.Sequential()
    net.add(*blocks)
    return net


def all_blocks(net):
    found = []
    net.apply(lambda block: found.append(block) if all(block is not other for other in found) else None)
    return found


def set_rates(net, rate, fixed):
    """Set the rate of all dropout, and whether batch statistics are fixed; return what puts both back."""
    undo = []
    for block in all_blocks(net):
        options = getattr(block, "_kwargs", {})
        changes = (vars(block), "_rate", rate), (vars(block), "_dropout", rate), (options, "use_global_stats", fixed)
        for owner, name, value in changes:
            if name in owner:
                undo.append((owner, name, owner[name]))
                owner[name] = value
    return lambda: [owner.__setitem__(name, old) for owner, name, old in undo]


def truth(net, x, loss):
    """Return each weight's gradient by a plain step of training without dropout, with the running statistics."""
    weights = {name: p for name, p in net.collect_params().items() if len(p.shape) > 1}
    undo = set_rates(net, 0, True)
    with autograd.record():
        total = loss(net(*x)).mean()
    total.backward()
    undo()
    return {name: p.grad().asnumpy() for name, p in weights.items() if p.grad_req != "null"}


def shown(layers):
    """Return the gradients of layers as a multiset, which can be compared."""
    return [layer.gradient for layer in layers if layer.gradient is not None]


def nearly_equal(a, b):
    """Whether two arrays are equal, but for the rounding of convolutions in training mode."""
    return a.shape == b.shape and np.abs(a - b).max() <= 1e-4 * max(np.abs(b).max(), 1e-30)


def assert_same_gradients(layers, want):
    found = shown(layers)
    assert len(found) == len(want)
    for name, gradient in want.items():
        scale = np.abs(gradient).max()
        alike = [i for i, other in enumerate(found) if other.shape == gradient.shape]
        near = [i for i in alike if np.abs(found[i] - gradient).max() <= 1e-4 * scale]
        assert near, f"{name}: {scale}"
        found.pop(near[0])


@pytest.mark.parametrize("name", NETS)
def test_gradients_and_activations_are_those_of_a_plain_call(name):
    net, x = make(name)
    *_, weights, activations, functions = NETS[name]
    y = np.arange(len(x)) % 10
    seen, handles = [], []
    layers = layer_statistics(net, x, y)
    for block in all_blocks(net):
        if isinstance(block, ACTIVATIONS) or type(block).__name__ == "RELU6":
            handles.append(block.register_forward_hook(lambda _, given, made: seen.append((given[0], made))))
    output = net(x)
    for handle in handles:
        handle.detach()
    assert output.shape[0] == len(x)

    bent = [layer for layer in layers if layer.activation]
    assert len(bent) == len(seen) == activations
    unmatched = [(given.asnumpy(), made.asnumpy()) for given, made in seen]
    for layer in bent:
        pair = layer.before, layer.after
        same = [i for i, hooked in enumerate(unmatched) if all(map(nearly_equal, hooked, pair))]
        assert same, layer.name
        unmatched.pop(same[0])
        assert layer.slope.shape == layer.before.shape
        if layer.activation == "Activation" and layer.after.min() == 0:  # it is ReLU
            np.testing.assert_array_equal(layer.slope, layer.before > 0)
    assert len(layers.unseen) == functions
    assert len(shown(layers)) == weights
    assert_same_gradients(layers, truth(net, [x], lambda output: LOSS(output, nd.array(y))))


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
layer              before                after         saturated   off  gradient
1 Dense         -31.3 ± 46.5          1.33 ± 1.60            50%   33%   7.2e+00
2 Dense          2.00 ± 5.39          2.00 ± 5.39                        3.5e+00"""


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
    np.testing.assert_allclose(layers[0].after, body(nd.array(x)).asnumpy(), rtol=1e-5)
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


@pytest.mark.parametrize(
    ("net", "x", "y", "error", "message"),
    [
        (lambda: nd.relu, X, None, TypeError, "^net must be a Gluon block, not function"),
        (nn.HybridSequential, X, None, ValueError, "^net must have a layer with weights .*; it has none"),
        (lambda: chain(nn.Dense(2)), X, None, ValueError, "^net must be initialised, by net.initialize"),
        (lambda: mlp(None, 0), np.zeros((0, 2)), None, ValueError, "^x must hold at least one sample; it is empty"),
        (lambda: mlp(None, 0), ["a", "b"], None, ValueError, "^x must hold numbers, not <U1"),
        (lambda: mlp(None, 0), X, [0, -1], ValueError, "^y must hold classes, .* from 0 on; it holds -1"),
        (lambda: mlp(None, 0), X, [0, 0.5], ValueError, "^y must hold classes, .* it holds 0.5"),
        (lambda: mlp(None, 0), X, [0, np.nan], ValueError, "^y must hold classes, .* it holds nan"),
        (lambda: mlp(None, 0, classes=3), X, [0, 3], ValueError, "^y must hold classes below .* 3 outputs; .* 3"),
        (lambda: mlp(None, 0), X, [0], ValueError, r"^y must have the shape \(2,\), .*; not \(1,\)"),
        (lambda: mlp(None, 0), X, np.eye(10)[:2], ValueError, r"^y must have the shape \(2,\), .*; not \(2, 10\)"),
        (lambda: drawn(two_heads()), X, [0, 1], ValueError, r"^y is of no use .* \(2, 10\) and \(2, 3\); leave it"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(net, x, y, error, message):
    net = net()
    with pytest.raises(error, match=message):
        layer_statistics(net, x, y)


def test_labels_may_be_a_column():
    net = mlp(nn.ELU, 2, 5, 3)
    flat, column = (layer_statistics(net, X, y) for y in ([0, 2], [[0], [2]]))
    for a, b in zip(flat, column):
        np.testing.assert_array_equal(a.gradient, b.gradient)


def state(net):
    """Return all that looking inside must leave as it was."""
    values = []
    for block in all_blocks(net):
        values += [str(getattr(block, name, None)) for name in ("_active", "_flags", "_cached_op")]
        values += [list(block._forward_hooks), list(block._forward_pre_hooks)]
    for p in net.collect_params().values():
        values += [p.grad_req, [v.asnumpy().tolist() for v in p.list_data()]]
        values.append(p.grad_req != "null" and [v.asnumpy().tolist() for v in p.list_grad()])
    return values


def test_max_pooling_called_as_a_function_is_right_too():
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3), nn.HybridLambda(lambda F, x: F.Pooling(x, kernel=(2, 2), stride=(2, 2))), nn.Dense(3))
    x = nd.random.uniform(shape=(20, 1, 12, 12))
    drawn(net)(x)
    want = truth(net, [x], lambda output: LOSS(output, nd.arange(20) % 3))
    assert_same_gradients(layer_statistics(net, x, np.arange(20) % 3), want)


OPERATORS = nd.Pooling, nd.op.Pooling, nd.Convolution, mx.npx.pooling, nd.contrib.BatchNormWithReLU


@pytest.mark.parametrize("flags", [None, {}, {"static_alloc": True, "static_shape": True}])
@pytest.mark.parametrize("case", ["prediction", "training", "labels", "loss", "forward"])
def test_all_is_left_as_it_was(case, flags):
    net, x = residual(), nd.random.normal(shape=(4, 2, 8, 8))
    net.add(nn.Dropout(0.5))
    drawn(net)
    net(x)
    if flags is not None:
        net.hybridize(**flags)
    net[0].weight.grad_req = "null"
    net[3].weight.grad_req = "add"
    net[1].register_forward_hook(lambda *_: None)
    with autograd.record():
        net(x).sum().backward()
    arguments = {"prediction": {}, "training": {"training": True}, "labels": {"y": [1, 2, 3, 10]}}.get(case, {})
    if case == "loss":
        arguments = {"loss": lambda output, y: 1 / 0}
    given = nd.ones((4, 3, 8, 8)) if case == "forward" else x
    before = state(net)
    np.random.seed(5)
    random.seed(5)
    want = np.random.rand(), random.random()
    np.random.seed(5)
    random.seed(5)
    mx.random.seed(7)
    drawn_next = nd.random.uniform(shape=3).asnumpy().tolist()
    mx.random.seed(7)
    try:
        layer_statistics(net, given, **{"y": [1, 2, 3, 4], **arguments})
    except (ValueError, ZeroDivisionError, mx.MXNetError):
        assert case in ("labels", "loss", "forward")
    else:
        assert case in ("prediction", "training")
    assert state(net) == before
    assert (np.random.rand(), random.random()) == want
    assert (nd.random.uniform(shape=3).asnumpy().tolist() == drawn_next) == (case != "training")
    assert (nd.Pooling, nd.op.Pooling, nd.Convolution, mx.npx.pooling, nd.contrib.BatchNormWithReLU) == OPERATORS
    assert not autograd.is_training()
    assert not autograd.is_recording()
    assert np.isfinite(net(x).asnumpy()).all()


def test_what_training_sees_is_shown_and_can_be_seen_again():
    net, y = chain(nn.Dense(30), nn.BatchNorm(), blocks.RReLU(), nn.Dropout(0.5), nn.Dense(4)), [0] * 6
    x = nd.random.normal(shape=(6, 5))
    drawn(net)(x)
    layers = []
    for _ in range(2):
        mx.random.seed(3)
        layers.append(layer_statistics(net, x, y, training=True))
    first, last = layers[0]
    np.testing.assert_array_equal(first.gradient, layers[1][0].gradient)
    np.testing.assert_allclose(first.before.mean(axis=0), 0, atol=1e-5)  # the batch's own statistics
    below = first.before < 0
    np.testing.assert_allclose(first.slope[below], (first.after / first.before)[below], rtol=1e-4)
    assert first.slope[below].std() > 0.01  # drawn, and the same in the derivative
    mx.random.seed(4)
    assert not np.array_equal(layer_statistics(net, x, y, training=True)[1].gradient, last.gradient)


@pytest.mark.parametrize("dtype", ["float32", "float64"])  # MXNet's layers take no float16 on the CPU
@pytest.mark.parametrize("context", [mx.cpu(0), mx.cpu(1)])
def test_any_float_type_and_context_will_do(dtype, context, arrays):
    net = chain(nn.Conv2D(4, 3, activation="tanh"), nn.MaxPool2D(), nn.Dense(5), nn.ELU(), nn.Dense(3))
    net.initialize(mx.init.Xavier(), ctx=context)
    x = np.random.RandomState(0).normal(size=(3, 1, 8, 8))
    net(arrays.array(x, dtype="float32", ctx=context))
    net.cast(dtype)
    layers = layer_statistics(net, x, [0, 1, 2])
    assert [layer.activation for layer in layers] == ["Activation", "ELU", ""]
    assert {layer.gradient.dtype for layer in layers} == {np.dtype(dtype)}
    given = arrays.array(x, dtype=dtype, ctx=context)
    labels = arrays.array([0, 1, 2], dtype=dtype, ctx=context)
    for want, layer in zip(truth(net, [given], lambda output: LOSS(output, labels)).values(), layers):
        assert nearly_equal(layer.gradient, want)


def test_a_language_model_is_looked_at_with_a_class_to_each_step():
    net, tokens = drawn(LanguageModel()), np.arange(20).reshape(5, 4) % 11
    layers = layer_statistics(net, tokens)
    assert [layer.name for layer in layers][1:3] == ["2 LSTM l0_i2h", "3 LSTM l0_h2h"]
    assert [layer.gradient for layer in layers] == [None] * 6
    given = nd.array(tokens)
    assert_same_gradients(layer_statistics(net, tokens, tokens), truth(net, [given], lambda out: LOSS(out, given)))
    with pytest.raises(ValueError, match=r"^y must have the shape \(5, 4\), .*; not \(4,\)"):
        layer_statistics(net, tokens, [0, 1, 2, 3])


def test_a_net_of_two_inputs_and_two_outputs_takes_a_loss():
    net, x = drawn(two_heads()), nd.random.normal(shape=(3, 4))

    def loss(outputs, y):
        return LOSS(outputs[0], y) + outputs[1].sum(axis=1)

    y = nd.array([1, 2, 0])
    assert_same_gradients(layer_statistics(net, x, y, loss=loss), truth(net, [x], lambda outputs: loss(outputs, y)))
    cell = drawn(gluon.rnn.LSTMCell(4, input_size=3))
    layers = layer_statistics(cell, (nd.ones((2, 3)), cell.begin_state(2)))
    assert [layer.name for layer in layers] == ["1 LSTMCell i2h", "2 LSTMCell h2h"]
    assert len(layers.unseen) == 5
    assert "Not shown, being functions called inside a block: activation" in repr(layers)


def test_weights_that_are_frozen_shared_or_out_of_reach_have_their_gradients():
    class Odd(nn.HybridBlock):
        def __init__(self):
            super().__init__()
            self.a = nn.Dense(4, in_units=4, flatten=False)
            self.b = nn.Dense(4, in_units=4, params=self.a.params)
            self.act, self.idle, self.away = nn.Activation("tanh"), nn.Dense(2, in_units=4), nn.Dense(3)

        def hybrid_forward(self, F, x):
            self.away(x)
            return self.act(self.b(self.act(self.a(x))))

    net, x = drawn(Odd()), nd.random.normal(shape=(3, 4))
    net(x)
    want = truth(net, [x], lambda output: LOSS(output, nd.array([0, 1, 2])))
    net.a.weight.grad_req = "null"
    layers = layer_statistics(net, x, [0, 1, 2])
    assert [(layer.name, layer.activation) for layer in layers] == [
        ("1 Dense", ""), ("2 Dense", "Activation"), ("3 Activation", "Activation"),
    ]  # fmt: skip
    assert (layers[0].gradient == 0).all()
    np.testing.assert_allclose(layers[1].gradient, want[net.a.weight.name], rtol=1e-4)


def test_a_table_that_can_have_no_gradient_is_no_weight():
    class SpectrallyNormalised(gluon.Block):
        """Divides its weight by its largest singular value, which it comes closer to with every call."""

        def __init__(self):
            super().__init__()
            self.weight = self.params.get("weight", shape=(4, 2))
            self.u = self.params.get("u", shape=(1, 4), init="ones", differentiable=False)

        def forward(self, x):
            weight = self.weight.data()
            with autograd.pause():
                v = nd.L2Normalization(nd.dot(self.u.data(), weight))
                self.u.set_data(nd.L2Normalization(nd.dot(v, weight.T)))
            return nd.dot(x, weight.T) / nd.dot(nd.dot(self.u.data(), weight), v.T)

    net, x = drawn(chain_of_any(SpectrallyNormalised(), nn.ELU(), nn.Dense(3))), nd.array(X)
    net(x)
    before = net[0].u.data().asnumpy()
    layers = layer_statistics(net, x, Y)
    assert [layer.name for layer in layers] == ["1 SpectrallyNormalised", "2 Dense"]
    np.testing.assert_array_equal(net[0].u.data().asnumpy(), before)
    assert_same_gradients(layers, truth(net, [x], lambda output: LOSS(output, nd.array(Y))))


def test_a_unit_of_a_convolution_is_a_channel():
    net = drawn(chain(nn.Conv2D(4, 1, activation="relu", in_channels=2)))
    net[0].bias.set_data(nd.array([-100, 0, 0, 100]))
    [layer] = layer_statistics(net, np.random.RandomState(0).normal(size=(3, 2, 5, 2)))
    assert layer.slope.shape == (3, 4, 5, 2)
    assert layer.off == 0.25
    net = drawn(chain(nn.Dense(4, flatten=False, activation="relu")))
    net(nd.ones((2, 3, 5)))
    net[0].bias.set_data(nd.array([-100, 0, 0, -100]))
    assert layer_statistics(net, np.random.RandomState(0).normal(size=(2, 9, 5)))[0].off == 0.5


class OwnConvolution(nn.HybridBlock):
    """A convolution along one axis, as a block of the caller's own."""

    def __init__(self):
        super().__init__()
        self.weight = self.params.get("weight", shape=(4, 5, 1))
        self.bias = self.params.get("bias", shape=4, init="zeros")

    def hybrid_forward(self, F, x, weight, bias):
        return F.Convolution(x, weight, bias, kernel=1, num_filter=4)


@pytest.mark.parametrize(
    ("layer", "shape", "moved", "axis"),
    [
        (nn.Conv2D(4, 1), (2, 5, 7, 4), lambda F, x: F.transpose(x, (0, 2, 3, 1)), 3),
        (nn.Conv2D(4, 1), (2, 5, 7, 4), lambda F, x: F.transpose(F.transpose(x, (2, 3, 0, 1))), 0),
        (nn.Conv2D(4, 1), (2, 5, 7, 4), lambda F, x: F.concat(x, F.softmax(x) - 2, dim=3), 1),
        (nn.Conv2DTranspose(4, 3), (2, 5, 7, 4), lambda F, x: x, 1),
        (OwnConvolution(), (2, 5, 9), lambda F, x: x, 1),
        (nn.Conv1D(4, 1), (2, 5, 9), lambda F, x: F.swapaxes(x, 1, 2), 2),
        (nn.Dense(4, flatten=False), (2, 9, 5), lambda F, x: F.swapaxes(x, 0, 1) * 1, 2),
        (nn.Dense(4, flatten=False), (2, 9, 5), lambda F, x: F.swapaxes(x, 1, 2) * 1, 1),
        (nn.Dense(4, flatten=False), (2, 9, 5), lambda F, x: F.swapaxes(F.transpose(x, (1, 0, 2)), 0, -1), 0),
        (nn.Dense(4), (9, 5), lambda F, x: F.transpose(x), 0),
        (nn.Dense(4), (9, 5), lambda F, x: F.reshape(x, (-1, 4)), 1),
        (nn.Dense(4, flatten=False), (2, 9, 5), lambda F, x: F.reshape(x, (2, 4, 9)), None),
        (nn.Dense(4, flatten=False), (4, 4, 5), lambda F, x: x + F.swapaxes(x, 1, 2), None),
    ],
)
def test_units_that_are_off_are_found_where_a_net_moves_its_axes(layer, shape, moved, axis):
    net = drawn(chain(layer, nn.HybridLambda(moved), nn.Activation("relu"), nn.Dense(3)))
    x = nd.random.uniform(-1, 1, shape=shape)
    net(x)
    layer.bias.set_data(nd.array([-100, 100, -100, 100]))
    [row] = [row for row in layer_statistics(net, x) if row.activation]
    assert row.axis == axis
    line = repr(Layers([row])).splitlines()[1]
    if axis is None:
        assert np.isnan(row.off)
        assert line.endswith(f"{row.saturated:.0%}")
    else:
        assert row.off == 0.5
        assert line.endswith(" 50%")


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (lambda F, x: F.clip(x, 0, 6), ["clip"]),
        (lambda F, x: F.maximum(x, 0), ["maximum"]),
        (lambda F, x: F.maximum(x, F.zeros_like(x)), ["maximum"]),
        (lambda F, x: F.maximum(0.1 * x, x), ["maximum"]),
        (lambda F, x: F.minimum(F.maximum(x, 0), 6), ["maximum", "minimum"]),
        (lambda F, x: F.where(x > 0, x, 2 * (F.exp(x) - 1)), ["where"]),
        (lambda F, x: F.maximum(x, F.transpose(x)), []),
        (lambda F, x: F.maximum(*F.split(x, 2)), []),
        (lambda F, x: F.where(x > F.transpose(x), x, 2 * x), []),
        (lambda F, x: F.sqrt(F.square(x) + 1), []),
        (lambda F, x: F.where(F.Dropout(F.ones_like(x)), x, F.zeros_like(x)), []),
    ],
)
def test_functions_that_are_activations_are_named_and_choices_between_branches_are_not(function, names):
    class Calling(nn.HybridBlock):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Dense(2), nn.Dense(3)

        def hybrid_forward(self, F, x):
            return self.last(function(F, self.first(x)))

    assert layer_statistics(drawn(Calling()), X).unseen == names


def test_functions_are_named_though_activations_lead_nowhere():
    class Forgetful(nn.HybridBlock):
        def __init__(self):
            super().__init__()
            self.first, self.act, self.last = nn.Dense(3), nn.Activation("relu"), nn.Dense(3)

        def hybrid_forward(self, F, x):
            x = self.first(x)
            self.act(x)
            return self.last(F.Activation(x, act_type="relu"))

    layers = layer_statistics(drawn(Forgetful()), X)
    assert layers[0].activation == "Activation"
    assert layers.unseen == ["activation"]


class Centered(nn.HybridBlock):
    def hybrid_forward(self, F, x):
        return F.broadcast_sub(x, x.mean(axis=1, keepdims=True))


class Swish(nn.HybridBlock):
    """An activation with a child that is one too."""

    def __init__(self):
        super().__init__()
        self.gate = nn.Activation("sigmoid")

    def hybrid_forward(self, F, x):
        return x * self.gate(x)


@pytest.mark.parametrize(
    ("block", "activation"),
    [
        *[(block, True) for block in (lambda: nn.Activation("softrelu"), lambda: nn.LeakyReLU(0.5), nn.PReLU, nn.ELU)],
        *[(block, True) for block in (nn.SELU, nn.GELU, nn.Swish, blocks.Mish, blocks.HardSwish, blocks.RReLU, Swish)],
        *[(lambda f=f: nn.HybridLambda(f), True) for f in ("relu", "sign", "exp", lambda F, x: F.clip(x, -1, 1))],
        (lambda: nn.Lambda(lambda x: nd.hard_sigmoid(x)), True),
        *[(block, False) for block in (nn.BatchNorm, nn.LayerNorm, nn.GroupNorm, nn.InstanceNorm, Centered)],
        *[(block, False) for block in (nn.Flatten, lambda: nn.Dropout(0.5), lambda: nn.MaxPool2D(3, 1, 1))],
        *[(lambda f=f: nn.HybridLambda(f), False) for f in ("softmax", "identity", lambda F, x: 2 * x + 1)],
        (lambda: nn.HybridLambda(lambda F, x: F.LRN(x, nsize=3)), False),
        (lambda: nn.HybridLambda(lambda F, x: F.transpose(x, (0, 1, 3, 2))), False),
    ],
)
def test_an_activation_is_what_is_elementwise_and_bends(block, activation):
    net = drawn(chain_of_any(nn.Conv2D(3, 3), block(), nn.Dense(2)))
    x = nd.random.normal(shape=(2, 1, 7, 7))
    layers = layer_statistics(net, x)
    assert [bool(layer.activation) for layer in layers] == [activation, False]
    if activation:
        np.testing.assert_allclose(layers[0].after, net[1](nd.array(layers[0].before)).asnumpy(), rtol=1e-5)


class Noting(gluon.Block):
    """Changes what it holds whenever it is called: attributes, what is in them, and parameters."""

    def __init__(self):
        super().__init__()
        self.list, self.dict, self.set, self.queue = [nd.zeros(2)], {"a": np.zeros(2)}, {1}, deque([1])
        self.array, self.scalar, self.nested = nd.zeros(2), mx.np.array(0.0), ([{"b": nd.zeros(2)}],)
        self.bank = self.params.get("bank", shape=(2, 3), init="zeros")
        self.sparse = nd.zeros((2, 3)).tostype("row_sparse")
        self.inner = nn.BatchNorm(in_channels=3)

    def forward(self, x):
        self.seen = x
        with autograd.pause(), mx.util.np_shape():
            for array in (self.list[0], self.dict["a"], self.array, self.scalar, self.nested[0][0]["b"]):
                array += 1
            self.bank.set_data(self.bank.data() + 1)
            self.inner.gamma.set_data(self.inner.gamma.data() + 1)
            self.sparse[:] = 1
        for notes in (self.list, self.queue):
            notes.append(1)
        self.dict[len(self.dict)] = 1
        self.set.add(len(self.set) + 9)
        self.array = x
        return x.tanh()

    def numbers(self):
        """Return all that it holds, as text."""
        held = [self.list, self.dict, self.set, self.queue, self.nested, hasattr(self, "seen"), self.scalar.item()]
        return str(held) + str([self.array, self.bank.data(), self.inner.gamma.data(), self.sparse.asnumpy()])


def failing(output, y):
    raise ZeroDivisionError


@pytest.mark.parametrize("arguments", [{}, {"y": Y}, {"y": Y, "loss": failing}])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("called", [False, True])
def test_what_a_block_holds_stays_as_it_was(called, training, arguments):
    net = chain_of_any(nn.Dense(3), Noting(), nn.Dense(3))
    net.initialize()
    if called:
        net(nd.array(X))
    before, array, seen = net[1].numbers(), net[1].array, getattr(net[1], "seen", None)
    with contextlib.suppress(ZeroDivisionError):
        layer_statistics(net, X, training=training, **arguments)
    assert net[1].numbers() == before
    assert net[1].array is array
    assert getattr(net[1], "seen", None) is seen


def test_what_a_loss_holds_stays_as_it_was():
    class Counting(gluon.loss.SoftmaxCELoss):
        def hybrid_forward(self, F, *args, **kwargs):
            self.calls = getattr(self, "calls", 0) + 1
            return super().hybrid_forward(F, *args, **kwargs)

    net, loss = mlp(nn.ELU, 1, 5, 3), Counting()
    layer_statistics(net, X, Y, loss=loss)
    assert not hasattr(loss, "calls")


def test_dropout_within_an_activation_is_the_same_in_its_slope():
    class Dropping(nn.HybridBlock):
        def __init__(self):
            super().__init__()
            self.act, self.drop = nn.ELU(), nn.Dropout(0.5)

        def hybrid_forward(self, F, x):
            return self.drop(self.act(x))

    net = drawn(chain(nn.Dense(50), Dropping(), nn.Dense(3)))
    first, _ = layer_statistics(net, X, Y, training=True)
    np.testing.assert_array_equal(first.slope == 0, first.after == 0)
    assert 0.2 < (first.slope == 0).mean() < 0.8
    assert first.activation == "Dropping"
    assert not any(block._forward_pre_hooks for block in all_blocks(net))


def test_weights_of_blocks_that_are_given_no_arrays_or_give_dictionaries_are_seen():
    class Table(gluon.Block):
        def __init__(self):
            super().__init__()
            self.table = self.params.get("table", shape=(9, 4))

        def forward(self, length):
            return {"rows": self.table.data()[:length]}

    class Net(gluon.Block):
        def __init__(self):
            super().__init__()
            self.table, self.scores = Table(), nn.Dense(3)

        def forward(self, x):
            return {"scores": self.scores(nd.dot(x, self.table(2)["rows"]))}

    def loss(output, y):
        return LOSS(output["scores"], y)

    net, x = drawn(Net()), nd.array(X)
    layers = layer_statistics(net, x, Y, loss=loss)
    assert [layer.name for layer in layers] == ["1 Table", "2 Dense"]
    assert_same_gradients(layers, truth(net, [x], lambda output: loss(output, nd.array(Y))))


@pytest.mark.parametrize("training", [False, True])
def test_generators_go_on_as_before_where_a_net_raises(training):
    class Raising(nn.HybridBlock):
        def hybrid_forward(self, F, x):
            return x * (np.random.rand() + random.random()) * (1 / 0)

    net = drawn(chain(nn.Dense(3), Raising()))
    states = np.random.get_state()[1].tolist(), random.getstate()
    with pytest.raises(ZeroDivisionError):
        layer_statistics(net, X, Y, training=training)
    assert (np.random.get_state()[1].tolist(), random.getstate()) == states


def test_small_numbers_can_be_told_from_0():
    small = np.array([[1e-9, 3e-9]])
    table = repr(Layers([Layer("1 Dense", small, small, small, None, "ELU")]))
    assert "2.00e-09 ± 1.00e-09" in table
    assert Layer("1 Dense", small, small, small, np.full(4, 1e-30, "float32")).norm == pytest.approx(2e-30)


def test_histograms_have_a_column_a_layer():
    net, x = mlp(nn.SELU, 9, 10, 3), np.random.RandomState(0).normal(size=(50, 5))
    layers = layer_statistics(net, x, np.arange(50) % 3)
    plot_layers(layers, shown=4)
    figure = plt.gcf()
    assert [ax.get_title() for ax in figure.axes] == ["1 Dense", "4 Dense", "7 Dense", "10 Dense"] * 2
    [line] = figure.axes[1].lines
    counts, edges = np.histogram(layers[3].after, bins=40)
    np.testing.assert_allclose(line.get_xdata(), edges)
    np.testing.assert_allclose(line.get_ydata()[:-1], counts / layers[3].after.size)
    assert [figure.axes[i].get_ylabel() for i in (0, 4)] == ["outputs", "gradients"]  # the last layer has no activation
    plot_layers(layer_statistics(net, x), shown=3)
    assert len(plt.gcf().axes) == 3
    wild = np.array([[1, np.inf, np.nan]])
    plot_layers([Layer("1 Dense", wild, wild, wild, wild)])
    assert plt.gcf().axes[0].lines[0].get_ydata().max() == 1
    plt.close("all")


def test_pictures_of_no_layers_are_refused():
    with pytest.raises(ValueError, match="layers must hold at least one layer; it is empty"):
        plot_layers([])
    with pytest.raises(ValueError, match="nets must have layers with gradients"):
        plot_norms({"none": layer_statistics(mlp(None, 1), X)})


def test_an_activation_of_its_own_has_an_empty_place_below():
    pair = np.ones((2, 3))
    plot_layers([Layer("1 Dense", pair, pair, pair, pair), Layer("2 ELU", pair, pair, pair, None, "ELU")])
    assert [ax.axison for ax in plt.gcf().axes] == [True, True, True, False]
    plt.close("all")


def test_norms_are_drawn_by_layer_on_a_logarithmic_axis(net):
    layers = layer_statistics(net, X, Y)
    plot_norms({"net": layers, "twice": [*layers, Layer("3 ELU", X, X, X, None, "ELU"), *layers]})
    [ax] = plt.gcf().axes
    assert ax.get_yscale() == "log"
    assert [line.get_label() for line in ax.lines] == ["net", "twice"]
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [(1, layers[0].norm), (2, layers[1].norm)])
    assert len(ax.lines[1].get_xdata()) == 4
    decades = np.log10(ax.get_ylim())
    np.testing.assert_allclose(decades, decades.round(), atol=1e-9)
    assert decades[0] <= np.log10(min(layer.norm for layer in layers))
    assert decades[1] >= np.log10(max(layer.norm for layer in layers))
    plt.close("all")


@pytest.mark.parametrize("pool", [nn.AvgPool2D, nn.MaxPool2D])
def test_a_graph_from_a_file_is_one_block_of_many_weights(pool, tmp_path):
    written, x, y = (
        drawn(chain(nn.Conv2D(8, 3), pool(), nn.Dense(3))),
        nd.random.normal(shape=(4, 1, 10, 10)),
        [0, 1, 2, 0],
    )
    written.hybridize()
    written(x)
    written.export(str(tmp_path / "net"))
    net = gluon.SymbolBlock.imports(str(tmp_path / "net-symbol.json"), ["data"], str(tmp_path / "net-0000.params"))
    want = layer_statistics(written, x, y)
    if pool is nn.MaxPool2D:
        with pytest.raises(ValueError, match="y is of no use with max pooling"):
            layer_statistics(net, x, y)
    found = layer_statistics(net, x, y, training=pool is nn.MaxPool2D)
    assert [layer.norm for layer in found] == pytest.approx([layer.norm for layer in want], rel=1e-5)
    assert found[0].name.startswith("1 SymbolBlock ")


def test_generators_go_on_as_before_and_hooks_run_once():
    class Drawing(nn.HybridBlock):
        def hybrid_forward(self, F, x):
            return F.tanh(x) * (1 + 0 * np.random.rand() * random.random())

    net, ran = drawn(chain(nn.Dense(4), Drawing(), nn.Dropout(0.5), Swish(), nn.Dense(3))), []
    for block in (net[1], net[3].gate):
        block.register_forward_hook(lambda *_: ran.append(1))

    def after(seed):
        mx.random.seed(seed)
        np.random.seed(5)
        random.seed(5)
        layer_statistics(net, X, Y, training=True)
        return nd.random.uniform(shape=3).asnumpy().tolist(), np.random.rand(), random.random()

    after(0)
    assert len(ran) == 2  # though another call draws the weights
    first, again, other = after(1), after(1), after(2)
    assert len(ran) == 8
    mx.random.seed(1)
    mx.random.seed(int(nd.random.randint(0, 2**31 - 1).asscalar()))
    assert first[0] == nd.random.uniform(shape=3).asnumpy().tolist()
    np.random.seed(5)
    random.seed(5)
    assert first[1:] == (np.random.rand(), random.random())
    assert first == again
    assert first[0] != other[0]


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    ("transposed", "shape"),
    [
        (lambda: nn.Conv1DTranspose(4, 3, strides=2, use_bias=False), (3, 2, 8)),
        (lambda: nn.Conv2DTranspose(4, 3, activation="relu"), (3, 2, 8, 8)),
    ],
)
def test_a_transposed_convolution_has_its_gradient_and_keeps_its_weights(transposed, shape, training):
    net, x = drawn(chain(transposed(), nn.Dense(3))), nd.random.normal(shape=shape)
    net(x)
    before = net[0].weight.data().asnumpy()
    found = layer_statistics(net, x, [0, 1, 2], training=training)[0].gradient
    assert (net[0].weight.data().asnumpy() == before).all()
    with autograd.record():
        loss = LOSS(net(x), nd.array([0, 1, 2])).mean()
    loss.backward()
    assert nearly_equal(found, net[0].weight.grad().asnumpy())


def test_a_transposed_convolution_without_another_way_is_looked_at_without_labels(tmp_path):
    volumes = drawn(chain(nn.Conv3DTranspose(4, 3), nn.Dense(3)))
    flat = drawn(chain(nn.Conv2DTranspose(4, 3), nn.Dense(3)))
    flat.hybridize()
    flat(nd.ones((2, 2, 4, 4)))
    flat.export(str(tmp_path / "net"))
    graph = gluon.SymbolBlock.imports(str(tmp_path / "net-symbol.json"), ["data"], str(tmp_path / "net-0000.params"))
    for net, x in (volumes, nd.ones((2, 2, 4, 4, 4))), (graph, nd.ones((2, 2, 4, 4))):
        with pytest.raises(ValueError, match="y is of no use with a transposed convolution"):
            layer_statistics(net, x, [0, 1])
        assert len(layer_statistics(net, x)) >= 1


def test_running_statistics_are_put_back_while_the_caller_records():
    net, x = drawn(chain(nn.Dense(4), nn.BatchNorm(), nn.Dense(3))), nd.random.normal(shape=(8, 3))
    net(x)
    before = [net[1].running_mean.data().asnumpy(), net[1].running_var.data().asnumpy()]
    with autograd.record():
        layer_statistics(net, x, [0] * 8, training=True)
    assert (net[1].running_mean.data().asnumpy() == before[0]).all()
    assert (net[1].running_var.data().asnumpy() == before[1]).all()


@pytest.mark.parametrize("loss", [gluon.loss.L2Loss(), gluon.loss.HuberLoss(), gluon.loss.SigmoidBCELoss()])
def test_a_loss_takes_labels_of_the_nets_own_float_type(loss):
    net = chain(nn.Dense(1))
    net.cast("float64")
    x, y = nd.random.normal(shape=(8, 3), dtype="float64"), nd.ones((8, 1), dtype="float64")
    drawn(net)(x)
    [layer] = layer_statistics(net, x, y, loss=loss)
    with autograd.record():
        mean = loss(net(x), y).mean()
    mean.backward()
    assert nearly_equal(layer.gradient, net[0].weight.grad().asnumpy())
