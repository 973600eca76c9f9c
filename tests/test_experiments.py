"""Small nets: built as asked, trained the same each time, seen through without a touch, swept over seeds."""

import functools
import json
import os
import random
import signal
import sys
import threading
import time

import joblib
import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
import psutil
import pytest
from environments import start
from mxnet import autograd, gluon, nd
from mxnet.gluon import nn

from gluon_activations.experiments import Data, layer_statistics, mlp, mnist1d, plot_layers, seconds, sweep, train
from gluon_activations.experiments.layers import Layer

RELU = functools.partial(nn.Activation, "relu")


@pytest.fixture(scope="module")
def data():
    """Three classes, told apart by which of the first three features is largest."""
    rng = np.random.RandomState(0)
    x = rng.normal(size=(250, 5)).astype("float32")
    y = x[:, :3].argmax(axis=1).astype("float32")
    return Data(x[:200], y[:200], x[200:], y[200:])


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
        ({"activation": "relu"}, TypeError, "activation must make a block, .* not 'relu'"),
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


# sweep

SMALL = {"epochs": 2, "width": 8, "batch_size": 50, "progress": False}
ACTIVATIONS = {"identity": None, "ReLU": RELU, "SELU": nn.SELU}


def essence(rows):
    """Rows without the one column that differs from run to run."""
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


@pytest.fixture(scope="module")
def rows(data):
    return sweep(ACTIVATIONS, [0, 1], data=data, **SMALL)


def test_a_sweep_has_a_row_for_each_run_in_order(rows):
    assert [(row["activation"], row["seed"]) for row in rows] == [(name, s) for name in ACTIVATIONS for s in (0, 1)]
    assert list(rows[0]) == [
        *("activation", "initialiser", "lr", "depth", "seed", "width", "epochs", "batch_size", "data"),
        *("accuracy", "loss", "seconds", "diverged", "error"),
    ]
    for row in rows:
        assert (row["initialiser"], row["lr"], row["depth"], row["error"]) == ("He", 2e-3, 2, None)
        assert 0 < row["accuracy"] < 1
        assert row["seconds"] > 0


def test_a_row_is_what_training_by_hand_gives(rows, data):
    net = mlp(nn.SELU, 2, 8, 3, mx.init.MSRAPrelu(slope=0))
    history = train(net, data, epochs=2, batch_size=50, seed=1)
    assert (rows[5]["loss"], rows[5]["accuracy"]) == (history.loss[-1], history.accuracy[-1])


def test_one_worker_gives_the_rows_that_two_give(rows, data):
    assert essence(sweep(ACTIVATIONS, [0, 1], data=data, n_jobs=1, **SMALL)) == essence(rows)


def test_what_an_activation_draws_as_it_is_made_is_seeded_too(data):
    drawn = {"PReLU": lambda: nn.PReLU(mx.init.Normal(0.3))}
    upwards, downwards = (sweep(drawn, seeds, data=data, **SMALL) for seeds in ([0, 1, 2, 3], [3, 2, 1, 0]))
    assert essence(upwards) == essence(downwards)[::-1]


def test_every_combination_is_run(data):
    initializers = {"small": mx.init.Normal(1e-3), "Xavier": mx.init.Xavier()}
    rows = sweep({"ReLU": RELU}, [0], data=data, initializers=initializers, lrs=[1e-2, 1e-3], depths=[0, 1], **SMALL)
    settings = [(row["initialiser"], row["lr"], row["depth"]) for row in rows]
    assert settings == [(i, lr, depth) for i in initializers for lr in (1e-2, 1e-3) for depth in (0, 1)]
    assert len({row["loss"] for row in rows}) == 8


def test_a_run_has_one_mxnet_thread(data):
    def threads():
        raise RuntimeError(os.environ["OMP_NUM_THREADS"])

    for n_jobs in (1, 2):
        assert [row["error"] for row in sweep({"f": threads}, [0], data=data, n_jobs=n_jobs, **SMALL)] == [
            "RuntimeError: 1"
        ]


def test_a_run_that_fails_is_a_row_that_says_why(data):
    def dies():
        os._exit(1)

    def raises():
        raise ValueError("no such\nactivation")

    # One at a time, so that all the others are still to come when the first one takes its process with it.
    rows = sweep({"dies": dies, "raises": raises, "ReLU": RELU}, [0], data=data, n_jobs=1, **SMALL)
    assert rows[0]["error"].startswith("TerminatedWorkerError: ")
    assert rows[1]["error"] == "ValueError: no such"
    assert rows[1]["accuracy"] is None
    assert rows[2]["error"] is None


def test_a_divergence_is_a_row(data):
    [row] = sweep({"identity": None}, [0], data=data, lrs=[1e30], **{**SMALL, "epochs": 9})
    assert row["diverged"]
    assert (row["loss"], row["error"]) == (None, None)


def test_a_stopped_sweep_goes_on_from_its_file(rows, data, tmp_path):
    file = tmp_path / "rows.jsonl"
    first = sweep({"ReLU": RELU}, [0, 1], data=data, file=file, **SMALL)
    assert sorted(map(json.loads, file.read_text().splitlines()), key=lambda row: row["seed"]) == first
    with file.open("a") as lines:
        lines.write('{"activation": "SELU", "ini')  # it was stopped in the middle of a line
    again = sweep(ACTIVATIONS, [0, 1], data=data, file=file, **SMALL)
    assert essence(again) == essence(rows)
    assert again[2:4] == first  # with the seconds of the first time: not run again
    assert len(file.read_text().splitlines()) == 6
    other = sweep({"ReLU": RELU}, [0], data=data, file=file, **{**SMALL, "epochs": 1})
    assert other[0]["epochs"] == 1
    assert len(file.read_text().splitlines()) == 7
    [elsewhere] = sweep({"ReLU": RELU}, [0], data=data._replace(y_test=data.y_test * 0), file=file, **SMALL)
    assert elsewhere["accuracy"] != first[0]["accuracy"]


def test_a_failed_run_is_run_again(data, tmp_path):
    def raises():
        raise ValueError("no such activation")

    for activation, error in ((raises, "ValueError: no such activation"), (RELU, None)):
        [row] = sweep({"ReLU": activation}, [0], data=data, file=tmp_path / "rows.jsonl", **SMALL)
        assert row["error"] == error


def test_ctrl_c_keeps_what_is_done_and_leaves_no_worker(tmp_path):
    script, file = tmp_path / "sweeping.py", tmp_path / "rows.jsonl"
    script.write_text(
        f"""\
from gluon_activations.experiments import sweep
if __name__ == "__main__":
    rows = sweep({{"identity": None}}, range(500), epochs=3, file={str(file)!r}, progress=False)
    print(len(rows), flush=True)
"""
    )
    run = start(sys.executable, script)
    while not (file.exists() and len(file.read_text().splitlines()) >= 3):
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.1)
    workers = psutil.Process(run.pid).children(recursive=True)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert 3 <= int(out) == len(file.read_text().splitlines()) < 500
    assert f"sweep was stopped after {int(out)} of 500 runs" in err
    assert workers
    assert psutil.wait_procs(workers, timeout=10)[1] == []


def test_a_dask_cluster_that_loses_a_worker_gives_every_row(rows, data, tmp_path):
    from distributed import Client, LocalCluster

    def slow():
        time.sleep(0.5)
        return nn.SELU()

    slowly = {"identity": None, "ReLU": RELU, "SELU": slow}
    cluster = LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0", local_directory=tmp_path
    )
    with cluster, Client(cluster) as client, joblib.parallel_config(backend="dask"):
        killed = []

        def kill_one(**_):
            """Once the first row is there, as the file shows."""
            while not (tmp_path / "rows.jsonl").exists():
                time.sleep(0.05)
            victim = next(iter(client.run(os.getpid).values()))
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)

        killer = threading.Thread(target=kill_one)
        killer.start()
        got = sweep(slowly, [0, 1], data=data, file=tmp_path / "rows.jsonl", **SMALL)
        killer.join()
    assert killed
    assert essence(got) == essence(rows)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"activations": [RELU]}, TypeError, "activations must be a mapping of name to factory, not list"),
        ({"initializers": "He"}, TypeError, "initializers must be a mapping of name to factory, not str"),
        ({"seeds": []}, ValueError, "must each hold something"),
        ({"file": "/no/such/folder/rows"}, ValueError, "file must be in a folder that exists"),
        ({"file": __file__}, ValueError, "file must be one that sweep wrote"),
    ],
)
def test_bad_arguments_are_named(arguments, error, message, data):
    with pytest.raises(error, match=message):
        sweep(**{"activations": {"ReLU": RELU}, "seeds": [0], "data": data, **arguments})


def test_threads_are_refused(data):
    with joblib.parallel_config(backend="threading"), pytest.raises(ValueError, match="joblib must run in processes"):
        sweep({"ReLU": RELU}, [0], data=data, **SMALL)
