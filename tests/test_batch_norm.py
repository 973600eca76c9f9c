"""Gradients through batch normalisation, held against differences of the loss; and nothing of the net moved."""

import mxnet as mx
import numpy as np
import pytest
from mxnet import autograd, gluon, nd
from mxnet.gluon import nn
from public_nets import chain

from gluon_activations.experiments import layer_statistics, mlp

RUNNING = "Batch normalisation used its running statistics; with training=True it uses the batch's own."
Y = np.arange(8) % 3
NETS = {
    "two layers": (
        lambda: [
            nn.Dense(6),
            nn.BatchNorm(),
            nn.Activation("tanh"),
            nn.Dense(5),
            nn.BatchNorm(),
            nn.ELU(),
            nn.Dense(3),
        ],
        (4,),
    ),
    "without gamma": (lambda: [nn.Dense(6), nn.BatchNorm(scale=False), nn.ELU(), nn.Dense(3)], (4,)),
    "behind the activation": (lambda: [nn.Dense(6), nn.Activation("tanh"), nn.BatchNorm(), nn.Dense(3)], (4,)),
    "images, pooled": (
        lambda: [nn.Conv2D(4, 3), nn.BatchNorm(), nn.Activation("sigmoid"), nn.MaxPool2D(), nn.Dense(3)],
        (2, 6, 6),
    ),
    "within a block": (lambda: [nn.Dense(6), chain(nn.BatchNorm(), nn.Swish()), nn.Dense(3)], (4,)),
    "always running": (lambda: [nn.Dense(6), nn.BatchNorm(use_global_stats=True), nn.ELU(), nn.Dense(3)], (4,)),
}


def made(name):
    """Return a net whose running statistics have run, in float64, and samples."""
    layers, shape = NETS[name]
    net, x = chain(*layers()), np.random.RandomState(0).normal(1, 2, size=(8, *shape))
    net.initialize(mx.init.Xavier())
    net.cast("float64")
    run(net, nd.array(x, dtype="float64"))
    assert np.any(statistics(net)[0]) == (name != "always running")
    return net, x


def run(net, x):
    """Let the running statistics run, which they do in the backward pass."""
    with autograd.record():
        y = net(x)
    y.backward()


def statistics(net):
    return [p.data().asnumpy().tolist() for name, p in net.collect_params().items() if "running" in name]


def cross_entropy(net, x, training):
    """Compute the mean loss by NumPy, from a call of the net in one mode."""
    with autograd.train_mode() if training else autograd.predict_mode():
        scores = net(nd.array(x, dtype="float64")).asnumpy()
    return (np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(8), Y]).mean()


def slopes(net, x, weight, training, h=1e-5):
    """Return the central difference quotient of the loss by each number of a weight, and put all back."""
    kept = {p: p.data().asnumpy() for p in net.collect_params().values()}
    quotients = np.empty(weight.shape)
    for place in np.ndindex(*weight.shape):
        losses = []
        for step in (h, -h):
            moved = kept[weight].copy()
            moved[place] += step
            weight.set_data(nd.array(moved, dtype="float64"))
            losses.append(cross_entropy(net, x, training))
        quotients[place] = (losses[0] - losses[1]) / (2 * h)
    for p, values in kept.items():
        p.set_data(nd.array(values, dtype="float64"))
    return quotients


@pytest.mark.parametrize("hybridised", [False, True])
@pytest.mark.parametrize("name", NETS)
def test_gradients_are_the_slopes_of_the_loss_in_either_mode(name, hybridised):
    net, x = made(name)
    if hybridised:
        net.hybridize()
    weights = [p for p in net.collect_params().values() if len(p.shape) > 1]
    layers = {training: layer_statistics(net, x, Y, training=training) for training in (False, True)}
    for training, found in layers.items():
        assert len(found) == len(weights)
        for layer, weight in zip(found, weights):
            want = slopes(net, x, weight, training)
            assert np.abs(layer.gradient - want).max() < 1e-6 * np.abs(want).max()
    # The two differ by far more than that, or the test could not tell them apart.
    first, other = layers[True][0].gradient, layers[False][0].gradient
    assert (np.linalg.norm(first - other) > 0.1 * np.linalg.norm(first)) == (name != "always running")


@pytest.mark.parametrize("failing", ["nothing", "loss", "labels", "net", "slope, after the backward pass"])
def test_running_statistics_stay_as_they_are_also_where_something_raises(failing):
    class Failing(nn.HybridBlock):
        def hybrid_forward(self, F, x):
            recorded.append(1) if autograd.is_recording() else None
            if fails and len(recorded) == fails:
                raise ZeroDivisionError
            return F.tanh(x)

    net = chain(nn.Dense(6), nn.BatchNorm(), nn.ELU(), nn.BatchNorm(), Failing(), nn.Dense(3))
    net.initialize()
    x, loss = np.random.RandomState(0).normal(size=(8, 4)), gluon.loss.SoftmaxCrossEntropyLoss()
    fails, recorded = 0, []
    run(net, nd.array(x))
    recorded.clear()
    fails, before = {"net": 1, "slope, after the backward pass": 2}.get(failing, 0), statistics(net)
    assert np.any(before[0])
    arguments = {"loss": {"loss": lambda output, y: loss(output, y) / (1 / 0)}, "labels": {"y": [5] * 8}}
    arguments = {"y": Y, **arguments.get(failing, {})}
    if failing == "nothing":
        layer_statistics(net, x, training=True, **arguments)
    else:
        with pytest.raises((ZeroDivisionError, ValueError)):
            layer_statistics(net, x, training=True, **arguments)
    assert statistics(net) == before


def test_statistics_of_a_net_not_yet_called_stay_at_0_and_1():
    net = mlp(lambda: chain(nn.BatchNorm(), nn.ELU()), 2, 5, 3)
    layer_statistics(net, np.random.RandomState(0).normal(size=(8, 4)), Y, training=True)
    assert statistics(net) == [[0] * 5, [1] * 5] * 2


class Called(nn.HybridBlock):
    """Batch normalisation as a function."""

    def __init__(self, **options):
        super().__init__()
        self.options = options
        with self.name_scope():
            for name, value in (("gamma", 1), ("beta", 0), ("mean", 0), ("var", 1)):
                grad_req = "null" if name in ("mean", "var") else "write"
                setattr(self, name, self.params.get(name, shape=4, init=mx.init.Constant(value), grad_req=grad_req))

    def hybrid_forward(self, F, x, gamma, beta, mean, var):
        return F.BatchNorm(x, gamma, beta, mean, var, **self.options)


@pytest.mark.parametrize(
    ("block", "changed"),
    [
        (nn.BatchNorm(), True),
        (nn.BatchNormReLU(), True),
        (gluon.contrib.nn.SyncBatchNorm(num_devices=1), True),
        (Called(), True),
        (chain(Called(use_global_stats=False)), True),
        (nn.BatchNorm(use_global_stats=True), False),
        (nn.BatchNormReLU(use_global_stats=True), False),
        (Called(use_global_stats=True), False),
        (nn.LayerNorm(), False),
        (nn.InstanceNorm(), False),
        (nn.Dropout(0.5), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_table_says_that_training_would_normalise_otherwise(block, changed):
    net, x = chain(nn.Conv2D(4, 3), block, nn.Dense(3)), np.random.RandomState(0).normal(size=(8, 2, 6, 6))
    net.initialize()
    seen = layer_statistics(net, x)
    assert seen.running == changed
    assert (RUNNING in repr(seen).splitlines()) == changed
    assert not layer_statistics(net, x, training=True).running


def test_a_graph_from_a_file_that_normalises_is_seen(tmp_path):
    net = chain(nn.Dense(4), nn.BatchNorm(), nn.Dense(3))
    net.initialize()
    net.hybridize()
    net(nd.ones((2, 5)))
    net.export(str(tmp_path / "net"))
    graph = gluon.SymbolBlock.imports(str(tmp_path / "net-symbol.json"), ["data"], str(tmp_path / "net-0000.params"))
    assert layer_statistics(graph, np.ones((2, 5))).running


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"training": "no"}, TypeError, "training must be True or False, not 'no'"),
        ({"training": None}, TypeError, "training must be True or False, not None"),
        ({"loss": 3}, TypeError, "loss must be a function of the net's output and y, not 3"),
        ({"loss": lambda output, y: 1.0}, TypeError, "loss must return an MXNet array, not float"),
        ({"x": None}, ValueError, "x must hold at least one sample; it is empty"),
    ],
)
def test_what_is_no_way_to_look_is_named_and_leaves_autograd_off(arguments, error, message):
    net, x = made("two layers")
    before = statistics(net)
    try:
        with pytest.raises(error, match=message):
            layer_statistics(net, **{"x": x, "y": Y, "training": True, **arguments})
        assert not autograd.is_recording()
        assert not autograd.is_training()
    finally:
        autograd.set_recording(False)
    assert statistics(net) == before
