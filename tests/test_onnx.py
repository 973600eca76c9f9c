"""Every block, written as ONNX and run by ONNX Runtime: the last with which MXNet itself works, and today's."""

import functools
import os
import sys

import numpy as np
import pytest
from environments import ROOT, UV, run
from mxnet import nd
from test_blocks import BLOCKS, make
from test_compat import NUMPYS, environment_of

from gluon_activations import blocks

# The last that mx.onnx can write with (it uses onnx.mapping), a runtime that reads it, and what they import. The
# runtime asks for a newer NumPy than MXNet bears, though it runs with ours: so they cannot be in requirements.lock.
LIBRARIES = ["onnx==1.14.1", "onnxruntime==1.16.3", "protobuf==4.25.9", "flatbuffers==25.12.19"]

NEWEST = ["onnx==1.23.2", "onnxruntime==1.32.0"]  # mxnet_compat gives MXNet what onnx.mapping held

X = np.concatenate([np.linspace(-100, 100, 2001), np.linspace(-10, 10, 2001), [-3, 3, -1e-6, 1e-6, 1e30, -1e30]])
X = X.astype("float32").reshape(8, 501)

# ONNX Runtime's sigmoid differs by up to 1e-7, and the gated units multiply that.
SIZES = {"GLU": np.abs(X[:4]), "SwiGLU": np.abs(X[:4] * X[4:])}
MODELS = {name: functools.partial(make, name) for name in BLOCKS}
MODELS.update({"GLU": lambda: blocks.GLU(axis=0), "SwiGLU": lambda: blocks.GLU(blocks.Swish(), axis=-2)})

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
    try:
        session = onnxruntime.InferenceSession(stem + ".onnx", providers=["CPUExecutionProvider"])
    except Exception as error:
        assert "Could not find an implementation for RandomUniformLike(22)" in str(error)
        continue
    [y] = session.run(None, {"data": x})
    np.save(stem + ".npy", y)
"""


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
    done = [name for name in MODELS if (folder / f"{name}.npy").exists()]
    assert done == [name for name in MODELS if name != "RReLU" or path != str(ROOT)]  # ONNX Runtime 1.32 cannot draw
    return {name: np.load(folder / f"{name}.npy") for name in done}


@pytest.mark.parametrize("name", MODELS)
def test_gives_the_same_numbers_in_onnx_runtime(name, in_onnx_runtime):
    if name not in in_onnx_runtime:
        pytest.skip("this ONNX Runtime cannot run it, as seen above")
    want = MODELS[name]()(nd.array(X)).asnumpy()
    got = in_onnx_runtime[name]
    assert got.dtype == np.float32
    close = np.isclose(got, want, rtol=2e-6, atol=1e-6 * np.maximum(1, SIZES.get(name, 0)))
    assert close.all(), (got[~close], want[~close])


def test_softrelu_keeps_its_left_tail_there(in_onnx_runtime):
    left = (X < -10) & (X > -80)
    want = np.log1p(np.exp(X[left].astype("float64")))
    np.testing.assert_allclose(in_onnx_runtime["SoftReLU"][left], want, rtol=1e-6)  # measured: 1.5e-7
