"""Every block and activation, and the net of notebook 11, written as ONNX and run by ONNX Runtime.

By the last ONNX with which MXNet itself works, and by today's; and run where there is no MXNet.
"""

import functools
import os
import sys

import mxnet as mx
import nbformat
import numpy as np
import pytest
from environments import ROOT, UV, environment, run
from mxnet import nd
from mxnet.gluon import nn
from test_blocks import BLOCKS, make
from test_compat import NUMPYS, environment_of

from gluon_activations import activation_blocks, blocks
from gluon_activations.experiments import in_onnx_runtime as run_here
from gluon_activations.experiments import to_onnx

# The last that mx.onnx can write with (it uses onnx.mapping), a runtime that reads it, and what they import.
LIBRARIES = ["onnx==1.14.1", "onnxruntime==1.16.3", "protobuf==4.25.9", "flatbuffers==25.12.19"]

NEWEST = ["onnx==1.23.2", "onnxruntime==1.32.0"]  # mxnet_compat gives MXNet what onnx.mapping held, and its version

X = np.concatenate([np.linspace(-100, 100, 2001), np.linspace(-10, 10, 2001), [-3, 3, -1e-6, 1e-6, 1e30, -1e30]])
X = X.astype("float32").reshape(8, 501)

# ONNX Runtime's sigmoid differs by up to 1e-7, and the gated units multiply that.
SIZES = {"GLU": np.abs(X[:4]), "SwiGLU": np.abs(X[:4] * X[4:])}

# In another process: with these libraries on its path, an import of theirs could be taken for ours.
EXPORT_AND_RUN = """
import sys
from pathlib import Path
import mxnet_compat
import mxnet as mx, numpy as np, onnx, onnxruntime
folder = Path(sys.argv[1])
x = np.load(folder / "x.npy")
for graph in sorted(folder.glob("*-symbol.json")):
    stem = str(graph)[: -len("-symbol.json")]
    mx.onnx.export_model(str(graph), stem + "-0000.params", [x.shape], np.float32, stem + ".onnx")
    onnx.checker.check_model(stem + ".onnx")
    assert onnx.load(stem + ".onnx").opset_import[0].version == 13
    session = onnxruntime.InferenceSession(stem + ".onnx", providers=["CPUExecutionProvider"])
    [y] = session.run(None, {"data": x})
    np.save(stem + ".npy", y)
assert set(onnx.checker.DEFAULT_CONTEXT.opset_imports.values()) == {onnx.defs.onnx_opset_version()}  # as it was
"""


class Mean(nn.HybridBlock):
    """In version 18, ONNX took the axes from a mean's attributes: MXNet's file is then invalid, if it claims that."""

    def hybrid_forward(self, F, x):
        bounded = F.tanh(x)
        return F.broadcast_sub(bounded, F.mean(bounded, axis=1, keepdims=True))


MODELS = {name: functools.partial(make, name) for name in BLOCKS}
MODELS.update({"GLU": lambda: blocks.GLU(axis=0), "SwiGLU": lambda: blocks.GLU(blocks.Swish(), axis=-2), "mean": Mean})


@pytest.fixture(scope="module", params=["last", "newest"])
def exporter(request, tmp_path_factory):
    """A Python, and the path on which it finds onnx and ONNX Runtime."""
    folder = tmp_path_factory.mktemp("onnx")
    if request.param == "newest":
        return environment_of("3.13", NUMPYS["3.13"][1], folder / "env", *NEWEST), str(ROOT)
    try:
        here = ("--python", sys.executable, "--target", folder / "lib", "--no-deps")
        run(UV, "pip", "install", *here, *LIBRARIES, cwd=folder)
        run(sys.executable, "-c", "import onnx, onnxruntime", cwd=folder, PYTHONPATH=str(folder / "lib"))
    except AssertionError as failure:
        pytest.skip(f"{', '.join(LIBRARIES)} cannot be had here: {str(failure).strip().splitlines()[-1]}")
    return sys.executable, os.pathsep.join([str(folder / "lib"), str(ROOT)])


@pytest.fixture(scope="module")
def in_onnx_runtime(exporter, tmp_path_factory):
    """Name of a block to what ONNX Runtime makes of X with it."""
    python, path = exporter
    folder = tmp_path_factory.mktemp("models")
    np.save(folder / "x.npy", X)
    for name, make_it in MODELS.items():
        block = make_it()
        block.hybridize()
        block(nd.array(X))
        block.export(str(folder / name))
    run(python, "-c", EXPORT_AND_RUN, folder, cwd=folder, PYTHONPATH=path)
    return {name: np.load(folder / f"{name}.npy") for name in MODELS}


@pytest.mark.parametrize("name", MODELS)
def test_gives_the_same_numbers_in_onnx_runtime(name, in_onnx_runtime):
    want = MODELS[name]()(nd.array(X)).asnumpy()
    got = in_onnx_runtime[name]
    assert got.dtype == np.float32
    close = np.isclose(got, want, rtol=2e-6, atol=1e-6 * np.maximum(1, SIZES.get(name, 0)))
    assert close.all(), (got[~close], want[~close])


def test_softrelu_keeps_its_left_tail_there(in_onnx_runtime):
    left = (X < -10) & (X > -80)
    want = np.log1p(np.exp(X[left].astype("float64")))
    np.testing.assert_allclose(in_onnx_runtime["SoftReLU"][left], want, rtol=1e-6)  # measured: 1.5e-7


WITHOUT_MXNET = """
import importlib.util, sys
from pathlib import Path
import numpy as np, onnxruntime
assert importlib.util.find_spec("mxnet") is None
for file in sorted(Path(sys.argv[1]).glob("*.onnx")):
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    stored = np.load(file.with_suffix(".npz"))
    [y] = session.run(None, {session.get_inputs()[0].name: stored["x"]})
    np.testing.assert_allclose(y, stored["y"], rtol=1e-5, atol=1e-5, err_msg=file.name)
    print(file.stem)
"""


def notebooks_net():
    """Run the cells of notebook 11 that make and train its net; return it, and images to try it on."""
    cells = nbformat.read(ROOT / "notebooks" / "11_leaving_mxnet.ipynb", as_version=4).cells
    sources = [
        cell.source.replace("%matplotlib inline", "") for cell in cells if "net" in cell.metadata.get("tags", [])
    ]
    assert len(sources) == 4
    names = {}
    exec("\n".join(sources), names)
    return names["net"], names["data"].x_test


def store(net, x, file):
    to_onnx(net, x, file)
    np.savez(file.with_suffix(".npz"), x=x.astype("float32"), y=net(nd.array(x)).asnumpy())


def test_the_net_and_every_activation_give_the_same_outputs_where_there_is_no_mxnet(tmp_path):
    store(*notebooks_net(), tmp_path / "net.onnx")
    for name, block in activation_blocks().items():
        store(block, X, tmp_path / f"{name}.onnx")
    inside = environment(tmp_path / "env", NEWEST[1])
    done = run(inside, "-c", WITHOUT_MXNET, tmp_path, cwd=tmp_path).splitlines()
    assert sorted(done) == sorted(["net", *activation_blocks()])
    # ... and a net that is another is told.
    stored = dict(np.load(tmp_path / "net.npz"))
    np.savez(tmp_path / "net.npz", x=stored["x"], y=stored["y"] + 1e-4 * np.maximum(1, abs(stored["y"])))
    with pytest.raises(AssertionError, match=r"net\.onnx"):
        run(inside, "-c", WITHOUT_MXNET, tmp_path, cwd=tmp_path)


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4), (2, 3, 3, 3), (2, 3, 5, 4), (1, 3, 2, 3, 3)])
def test_slopes_of_channels_stay_with_their_channels(shape, tmp_path):
    net = nn.HybridSequential()
    net.add(nn.PReLU(in_channels=3), nn.PReLU())
    net.initialize()
    net[0].alpha.set_data(nd.array([0.1, 0.5, 0.9]))
    x = np.random.RandomState(0).normal(size=shape).astype("float32")
    to_onnx(net, x, tmp_path / "net.onnx")
    np.testing.assert_allclose(run_here(tmp_path / "net.onnx", x), net(nd.array(x)).asnumpy(), rtol=1e-6)


def test_slopes_stay_also_where_onnx_does_not_know_how_many_axes_come(tmp_path):
    net = nn.HybridSequential()
    net.add(nn.Dense(5, flatten=False), nn.PReLU(in_channels=5))
    net.initialize(mx.init.Xavier())
    net[1].alpha.set_data(nd.array([0.1, 0.3, 0.5, 0.7, 0.9]))
    x = np.random.RandomState(0).normal(size=(2, 5, 8)).astype("float32")
    to_onnx(net, x, tmp_path / "net.onnx")
    np.testing.assert_allclose(run_here(tmp_path / "net.onnx", x), net(nd.array(x)).asnumpy(), rtol=1e-5, atol=1e-6)


def test_slopes_that_are_shared_stay_with_their_channels(tmp_path):
    net, prelu = nn.HybridSequential(), nn.PReLU(in_channels=4)
    net.add(nn.Conv2D(4, 3), prelu, nn.Conv2D(4, 3), prelu, nn.Dense(3))
    net.initialize(mx.init.Xavier())
    prelu.alpha.set_data(nd.array([0.1, 0.3, 0.6, 0.9]))
    x = np.random.RandomState(0).normal(size=(2, 3, 8, 8)).astype("float32")
    to_onnx(net, x, tmp_path / "net.onnx")
    np.testing.assert_allclose(run_here(tmp_path / "net.onnx", x), net(nd.array(x)).asnumpy(), rtol=1e-5, atol=1e-6)


def test_mxnets_own_exporter_gives_them_to_the_last_axis(tmp_path):
    block, x = nn.PReLU(in_channels=3, prefix=""), nd.array(np.random.RandomState(0).normal(size=(2, 3, 3, 3)))
    block.initialize()
    block.alpha.set_data(nd.array([0.1, 0.5, 0.9]))
    file = tmp_path / "net.onnx"
    mx.onnx.export_model(block(mx.sym.var("data")), {"alpha": block.alpha.data()}, [x.shape], np.float32, str(file))
    wrong = nd.where(x > 0, x, x * nd.array([0.1, 0.5, 0.9]).reshape((1, 1, 1, 3))).asnumpy()
    np.testing.assert_allclose(run_here(file, x.asnumpy()), wrong, rtol=1e-6)


def test_a_file_has_one_input_and_the_caller_finds_the_net_as_it_was(tmp_path, capfd):
    import onnx

    net, x = activation_blocks()["RReLU"], X[:, :3]
    before = net(nd.array(x)).asnumpy()
    to_onnx(net, x, tmp_path / "net.onnx")
    model = onnx.load(tmp_path / "net.onnx")
    onnx.checker.check_model(model)
    assert [value.name for value in model.graph.input] == ["data"]
    np.testing.assert_array_equal(net(nd.array(x)).asnumpy(), before)
    run_here(tmp_path / "net.onnx", x)
    assert capfd.readouterr() == ("", "")


TWICE = {
    "PReLU": lambda: nn.PReLU(in_channels=3),
    "tanh": lambda: nn.Activation("tanh"),
}


@pytest.mark.parametrize("name", TWICE)
@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4), (2, 3, 5, 4)])
def test_a_block_that_is_called_twice_is_written_twice(shape, name, tmp_path, capfd):
    net, block = nn.HybridSequential(), TWICE[name]()
    net.add(block, nn.HybridLambda(lambda F, x: 0.5 - 2 * x), block)
    if name == "PReLU" and len(shape) > 2:  # once more, on other axes
        net.add(nn.HybridLambda(lambda F, x: F.mean(x, axis=tuple(range(2, len(shape))))), block)
    net.initialize(mx.init.Uniform(1))
    if name == "PReLU":
        block.alpha.set_data(nd.array([0.1, 0.5, 0.9]))
    x = np.random.RandomState(0).normal(size=shape).astype("float32")
    to_onnx(net, x, tmp_path / "net.onnx")
    np.testing.assert_allclose(run_here(tmp_path / "net.onnx", x), net(nd.array(x)).asnumpy(), rtol=1e-5, atol=1e-6)
    assert capfd.readouterr() == ("", "")


def test_nothing_is_left_over_of_which_onnx_runtime_warns(tmp_path, capfd):
    net, x = blocks.GLU(), nd.array([[1, -2, 3, 0.5]])
    to_onnx(net, x, tmp_path / "net.onnx")
    np.testing.assert_allclose(run_here(tmp_path / "net.onnx", x), net(x).asnumpy(), rtol=1e-6)
    assert capfd.readouterr() == ("", "")


class Two(nn.HybridBlock):
    def hybrid_forward(self, F, x):
        return x, x + 1


def half():
    block = nn.Dense(2, in_units=3)
    block.initialize()
    block.cast("float16")
    return block


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"net": None}, TypeError, "net must be a HybridBlock, such as nn.HybridSequential.., not None"),
        ({"net": nd.relu}, TypeError, "net must be a HybridBlock, .* not <function"),
        (
            {"net": nn.Dense(2)},
            ValueError,
            r"net must be initialised, by net.initialize\(\); its dense\d+_weight is not",
        ),
        ({"net": half()}, ValueError, r"net must be in float32; its dense\d+_weight is in float16"),
        ({"net": Two()}, ValueError, "net must have one output"),
        ({"x": "abc"}, TypeError, "x must be an array of numbers, not 'abc'"),
        ({"x": [[1, 2], [3]]}, TypeError, r"x must be an array of numbers, not \[\[1, 2\], \[3\]\]"),
        ({"x": [nd.ones(2), nd.ones(2)]}, TypeError, "x must be an array of numbers, not"),
        ({"x": np.ones((0, 3))}, ValueError, r"x must be an array with at least one sample; its shape is \(0, 3\)"),
        ({"x": 3}, ValueError, r"x must be an array with at least one sample; its shape is \(\)"),
        (
            {"file": "no/such/net.onnx"},
            ValueError,
            "file must be a path in a folder that exists; 'no/such/net.onnx' is",
        ),
        ({"file": "."}, ValueError, "file must be a path in a folder that exists; '.' is not"),
        ({"file": None}, TypeError, "NoneType"),
        ({"net": nn.HybridLambda("gammaln")}, AttributeError, "No conversion function registered for op type gammaln"),
    ],
)
@pytest.mark.filterwarnings("error:Creating an ndarray")
def test_what_cannot_be_exported_is_named_and_writes_nothing(arguments, error, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.onnx").write_text("mine")
    with pytest.raises(error, match=message):
        to_onnx(**{"net": nn.ELU(), "x": np.ones((2, 3)), "file": "net.onnx", **arguments})
    assert [file.name for file in tmp_path.iterdir()] == ["net.onnx"]
    assert (tmp_path / "net.onnx").read_text() == "mine"


def test_numpys_arrays_are_what_mxnets_exporter_does_not_know(tmp_path):
    with mx.util.np_shape(True), mx.util.np_array(True), pytest.raises(ValueError, match=r"call npx\.reset_np"):
        to_onnx(nn.ELU(), np.ones((2, 3)), tmp_path / "net.onnx")


def test_what_cannot_be_run_is_named(tmp_path):
    to_onnx(nn.ELU(), np.ones((2, 3)), tmp_path / "net.onnx")
    with pytest.raises(ValueError, match=r"x must have the shape that the file was written for, \[2, 3\]; not \[3\]"):
        run_here(tmp_path / "net.onnx", [1, 2, 3])
    with pytest.raises(TypeError, match="x must be an array of numbers, not 'abc'"):
        run_here(tmp_path / "net.onnx", "abc")
    with pytest.raises(ValueError, match="file must be one that to_onnx wrote; there is no"):
        run_here(tmp_path / "none.onnx", np.ones((2, 3)))


def test_batch_normalisation_is_exported_as_it_predicts_also_while_training(tmp_path):
    net, x = nn.HybridSequential(), np.random.RandomState(0).normal(1, 2, size=(5, 3)).astype("float32")
    net.add(nn.Dense(4), nn.BatchNorm(), nn.Dropout(0.5))
    net.initialize()
    want, before = net(nd.array(x)).asnumpy(), net[1].running_mean.data().asnumpy()
    with mx.autograd.record():
        to_onnx(net, x, tmp_path / "net.onnx")
    np.testing.assert_allclose(run_here(tmp_path / "net.onnx", x), want, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(net[1].running_mean.data().asnumpy(), before)
