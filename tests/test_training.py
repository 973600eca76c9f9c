"""Small nets and their data: checked, built as asked, trained the same each time."""

import doctest
import functools
import random

import mxnet as mx
import numpy as np
import pytest
from mxnet import autograd, gluon, nd
from mxnet.gluon import nn

from gluon_activations import blocks
from gluon_activations.experiments import Data, hold_out, mlp, mnist1d, nets, seconds, train, training
from gluon_activations.experiments import data as data_module

RELU = functools.partial(nn.Activation, "relu")


# mlp


def test_mlp_has_the_depth_width_and_classes_asked_for():
    net = mlp(nn.SELU, depth=3, width=7, classes=4, initializer=mx.init.One())
    assert net(nd.ones((2, 5))).shape == (2, 4)
    assert [type(child).__name__ for child in net] == ["Dense", "SELU"] * 3 + ["Dense"]
    assert [child.weight.shape for child in net if isinstance(child, nn.Dense)] == [(7, 5), (7, 7), (7, 7), (4, 7)]
    assert (net[0].weight.data() == 1).asnumpy().all()
    assert len({id(child) for child in net}) == 7  # a new activation for each layer
    default = mlp(None, depth=0)
    default(nd.ones((1, 100)))
    assert 0.06 < abs(default[0].weight.data()).max().asscalar() <= 0.07


def test_without_an_activation_an_mlp_is_linear():
    net = mlp(None, depth=2, width=8, classes=3, initializer=mx.init.Normal(1))
    a, b = nd.random.normal(shape=(2, 1, 4))
    np.testing.assert_allclose(((net(a) + net(b)) / 2).asnumpy(), net((a + b) / 2).asnumpy(), atol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"activation": "relu"}, TypeError, "activation must make a block, as nn.SELU does, or be None; not 'relu'"),
        (
            {"activation": nn.ELU()},
            TypeError,
            "make a new block at each call.* this ELU is a block already",
        ),
        ({"activation": None, "depth": -1}, ValueError, "depth must be at least 0, not -1"),
        ({"activation": None, "width": 0}, ValueError, "width must be at least 1, not 0"),
        ({"activation": None, "classes": 0}, ValueError, "classes must be at least 1, not 0"),
    ],
)
def test_mlp_refuses_what_is_no_net(arguments, error, message):
    with pytest.raises(error, match=message):
        mlp(**arguments)


# mnist1d


def test_mnist1d_is_made_once_and_leaves_the_random_states_alone():
    np.random.seed(5)
    random.seed(5)
    want = np.random.rand(), random.random()
    np.random.seed(5)
    random.seed(5)
    made = mnist1d()
    assert (np.random.rand(), random.random()) == want
    assert made is mnist1d()
    assert [array.shape for array in made] == [(4000, 40), (4000,), (1000, 40), (1000,)]
    assert {str(array.dtype) for array in made} == {"float32"}
    assert np.unique(made.y).tolist() == list(range(10))
    np.testing.assert_allclose(made.x[0, :3], [-0.332006, -0.471910, -0.778697], atol=1e-6)


# hold_out


def test_validation_data_are_training_samples_and_none_of_the_test_set(data):
    held = hold_out(data, 0.25, seed=3)
    assert [part.shape for part in held] == [(150, 5), (150,), (50, 5), (50,)]
    pairs = [{(*x, y) for x, y in zip(xs, ys)} for xs, ys in (held[:2], held[2:], data[:2], data[2:])]
    rest, validation, samples, test = pairs
    assert rest | validation == samples
    assert not rest & validation
    assert not validation & test
    np.testing.assert_array_equal(held.x, hold_out(data, 0.25, seed=3).x)
    assert (held.x != hold_out(data, 0.25, seed=4).x).any()


@pytest.mark.parametrize("share", [0, 0.001, 1, -1])
def test_both_parts_must_hold_something(share, data):
    with pytest.raises(ValueError, match="share must leave some of the 200 samples on both sides"):
        hold_out(data, share)


# train


def weights(net):
    return [p.data().asnumpy() for p in net.collect_params().values()]


def test_the_same_seed_trains_the_same_net_to_the_last_bit(data):
    nets = [mlp(RELU, 2, 20, 3) for _ in range(3)]
    first, again, other = [train(net, data, epochs=3, batch_size=50, seed=s) for net, s in zip(nets, (1, 1, 2))]
    assert first.loss.tolist() == again.loss.tolist() != other.loss.tolist()
    for a, b in zip(weights(nets[0]), weights(nets[1])):
        np.testing.assert_array_equal(a, b)


def test_training_learns_and_leaves_the_random_states_alone(data):
    np.random.seed(5)
    random.seed(5)
    want = np.random.rand(), random.random()
    np.random.seed(5)
    random.seed(5)
    net = mlp(RELU, 1, 50, 3)
    history = train(net, data, epochs=40, lr=1e-2, batch_size=20)
    assert (np.random.rand(), random.random()) == want
    assert history.loss.shape == history.accuracy.shape == (40,)
    assert history.loss[-1] < 0.3 < 0.8 < history.loss[0]
    assert history.accuracy[-1] > 0.8
    assert not history.diverged
    assert net._active  # it is hybridised
    assert repr(history).startswith("40 epochs: loss 0.")


def test_mxnets_generator_depends_on_its_own_seed_and_not_on_that_of_the_training(data):
    def after(outer, inner):
        mx.random.seed(outer)
        train(mlp(None, 0, 1, 3), data, epochs=1, seed=inner)
        return nd.random.uniform(shape=4).asnumpy().tolist()

    assert after(1, 7) == after(1, 8) != after(2, 7)


def test_the_loss_of_the_first_epoch_is_that_of_a_plain_loop(data):
    net, plain = mlp(nn.SELU, 1, 10, 3), mlp(nn.SELU, 1, 10, 3)
    history = train(net, data, epochs=1, lr=0.1, optimizer="sgd", batch_size=60, seed=3)
    mx.random.seed(3)
    plain(nd.array(data.x[:1]))
    order, trainer, losses = np.random.RandomState(3).permutation(200), None, []
    trainer = gluon.Trainer(plain.collect_params(), "sgd", {"learning_rate": 0.1})
    for batch in order[:180].reshape(3, 60):  # 20 samples are left over
        with autograd.record():
            loss = gluon.loss.SoftmaxCrossEntropyLoss()(plain(nd.array(data.x[batch])), nd.array(data.y[batch]))
        loss.backward()
        trainer.step(60)
        losses.append(loss.asnumpy().mean())
    assert history.loss[0] == pytest.approx(np.mean(losses), rel=1e-5)
    assert history.accuracy[0] == (plain(nd.array(data.x_test)).asnumpy().argmax(axis=1) == data.y_test).mean()
    for a, b in zip(weights(net), weights(plain)):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_a_divergence_is_reported_and_not_raised(data):
    history = train(mlp(None, 2, 20, 3), data, epochs=50, lr=1e6, optimizer="sgd")
    assert history.diverged
    assert len(history.loss) < 50
    assert repr(history) == f"diverged in epoch {len(history.loss)}"
    infinite = train(mlp(None, 0, 1, 3, mx.init.Normal(1e37)), data, epochs=2)
    assert infinite.diverged
    assert infinite.loss.tolist() == [np.inf]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 201}, "batch_size must be between 1 and the 200 samples, not 201"),
        ({"batch_size": 0}, "batch_size must be between 1"),
        ({"epochs": 0}, "epochs must be at least 1, not 0"),
    ],
)
def test_training_refuses_what_it_cannot_do(arguments, message, data):
    with pytest.raises(ValueError, match=message):
        train(mlp(None), data, **arguments)


Y = np.arange(200) % 3


@pytest.mark.parametrize(
    ("parts", "error", "message"),
    [
        ({"y": Y - 1}, ValueError, "data.y must hold classes, whole numbers from 0; it holds -1"),
        ({"y": Y + 0.5}, ValueError, "data.y must hold classes, whole numbers from 0; it holds 0.5"),
        ({"y": np.where(Y, Y, np.nan)}, ValueError, "it holds nan"),
        ({"y": Y + 1}, ValueError, "data.y must hold classes from 0 to 2, as the net has 3 outputs; it holds 3"),
        ({"y_test": np.full(50, 3)}, ValueError, "data.y_test must hold classes from 0 to 2"),
        ({"y": Y[:100]}, ValueError, r"data.y must hold one class for each of 200 samples; its shape is \(100,\)"),
        ({"y": np.eye(3)[Y]}, ValueError, r"one class for each of 200 samples; its shape is \(200, 3\)"),
        ({"x": np.zeros((0, 5)), "y": np.zeros(0)}, ValueError, "data.x must hold at least one sample"),
        ({"x": 1.0}, ValueError, "data.x must hold at least one sample"),
        (
            {"x_test": np.zeros((50, 4))},
            ValueError,
            r"x_test must hold samples of shape \(5,\), as data.x; not \(4,\)",
        ),
        ({"x": [[1, 2], [3]]}, TypeError, "data.x must be an array of real numbers, not list"),
        ({"x": iter(())}, TypeError, "data.x must be an array of real numbers"),
        ({"y": ["a"] * 200}, TypeError, "data.y must be an array of real numbers, not list of <U1"),
        ({"y_test": None}, TypeError, "data.y_test must be an array of real numbers, not NoneType"),
    ],
)
def test_data_that_cannot_be_trained_on_are_refused_before_the_first_step(parts, error, message, data):
    net = mlp(None, 1, 4, 3)
    net(nd.array(data.x))
    before = weights(net)
    with pytest.raises(error, match=message):
        train(net, data._replace(**parts), epochs=1)
    for a, b in zip(weights(net), before):
        np.testing.assert_array_equal(a, b)


def test_data_must_be_data(data):
    with pytest.raises(TypeError, match=r"data must be Data\(x, y, x_test, y_test\), not list"):
        train(mlp(None), list(data))


def outcome(data):
    history = train(mlp(RELU, 1, 10, 3), data, epochs=2, batch_size=50)
    return history.loss.tolist(), history.accuracy.tolist()


@pytest.mark.parametrize("kind", [np.asarray, nd.array, mx.np.array, np.ndarray.tolist])
def test_classes_in_a_column_and_arrays_of_any_kind_count_as_well(kind, data):
    column = data._replace(y=data.y[:, None], y_test=data.y_test[:, None])
    assert outcome(Data(*map(kind, column))) == outcome(data)


def test_after_set_np_it_trains_as_well(data, arrays):
    history = train(mlp(RELU, 1, 50, 3), data, epochs=40, lr=1e-2, batch_size=20)
    assert history.loss[-1] < 0.3
    assert history.accuracy[-1] > 0.8


def test_a_net_is_trained_where_it_is(data):
    net = mlp(RELU, 1, 10, 3)
    net.collect_params().reset_ctx(mx.cpu(1))
    history = train(net, data, epochs=2, batch_size=50)
    assert {str(p.list_ctx()) for p in net.collect_params().values()} == {"[cpu(1)]"}
    assert (history.loss.tolist(), history.accuracy.tolist()) == outcome(data)


def test_the_test_set_goes_through_in_batches(data):
    net, sizes = mlp(RELU, 1, 10, 3), []
    net.register_forward_hook(lambda block, inputs, output: sizes.append((autograd.is_training(), len(inputs[0]))))
    history = train(net, data, epochs=1, batch_size=10)
    assert [size for training, size in sizes if training] == [10] * 20
    assert [size for training, size in sizes if not training] == [1, 40, 10]  # one sample to see what the net gives
    assert history.accuracy[0] == (net(nd.array(data.x_test)).asnumpy().argmax(axis=1) == data.y_test).mean()


def several_places():
    net = nn.HybridSequential()
    net.add(nn.Dense(3))
    net.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
    return net


@pytest.mark.parametrize(
    ("net", "error", "message"),
    [
        (lambda: 3, TypeError, "net must be a block that gives a score for each class, not 3"),
        (lambda: nn.Dense(3), ValueError, "net must be initialised; its parameter dense.*_weight is not"),
        (nn.ELU, ValueError, "net must have parameters, all in one context"),
        (several_places, ValueError, r"all in one context; they are in \['cpu\(0\)', 'cpu\(1\)'\]"),
    ],
)
def test_a_net_that_cannot_be_trained_is_refused(net, error, message, data):
    with pytest.raises(error, match=message):
        train(net(), data)


def test_a_net_must_give_scores(data):
    net = nn.HybridSequential()
    net.add(nn.Dense(3, flatten=False), nn.HybridLambda(lambda F, x: F.expand_dims(x, 0)))
    net.initialize()
    with pytest.raises(ValueError, match=r"net must give scores of shape \(n, classes\); .* \(1, 1, 3\)"):
        train(net, data)


@pytest.mark.parametrize("drawing", [blocks.RReLU, lambda: nn.PReLU(mx.init.Normal(0.3)), lambda: nn.Dropout(0.5)])
def test_an_activation_that_draws_has_the_weights_of_one_that_does_not(drawing, data):
    def start(activation):
        net = mlp(activation, 3, 10, 3)
        train(net, data, epochs=1, lr=0, seed=7)
        return [weight for weight in weights(net) if weight.ndim == 2]

    still, drawn = start(RELU), start(drawing)
    assert len(still) == len(drawn) == 4
    for a, b in zip(still, drawn):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("progress", "variable", "shown"), [(True, None, True), (False, None, False), (True, "1", False)]
)
def test_a_bar_shows_unless_it_is_told_not_to(progress, variable, shown, data, capsys, monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    if variable:
        monkeypatch.setenv("TQDM_DISABLE", variable)
    train(mlp(None, 0, 1, 3), data, epochs=2, progress=progress)
    assert ("2/2" in capsys.readouterr().err) == shown


def test_seconds_are_those_of_forward_and_backward():
    assert 0 < seconds(RELU(), size=10**5) < seconds(nn.Swish(), size=3 * 10**6)
    with pytest.raises(Exception, match="grad"):
        seconds(lambda x: nd.zeros(3), size=3)


@pytest.mark.parametrize("module", [data_module, nets, training])
def test_the_examples_run(module):
    assert doctest.testmod(module).failed == 0
