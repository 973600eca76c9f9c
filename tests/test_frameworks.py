"""MXNet beside other frameworks, whose results tools/write_framework_reference.py has stored.

Each stored curve is held against MXNet's with that framework's own parameters, each stored default thereby too.
"""

import copy
import functools
import inspect
import json
from pathlib import Path

import mxnet as mx
import numpy as np
import pytest
from mxnet import autograd, nd
from mxnet.gluon import nn

from gluon_activations import activation_blocks, blocks, experiments

FILE = Path(experiments.__file__).parent / "frameworks.json"
REFERENCE = json.loads(FILE.read_text())
FRAMEWORKS = ["PyTorch", "Keras", "Keras on PyTorch", "JAX", "ONNX"]
X = np.array(REFERENCE["x"], dtype="float32")

# Relative, or absolute under 1. PyTorch's differ by 8.4e-7 at most, with DNNL_MAX_CPU_ISA unset, SSE41, AVX and AVX2.
# JAX's gradients of Mish and GELU's tanh form have fewer digits: 3.6e-6.
TOLERANCE = {"PyTorch": 2.5e-6, "Keras": 5e-6, "Keras on PyTorch": 5e-6, "JAX": 5e-6, "ONNX": 2.5e-6}

# By the stored name: what MXNet has for it, with another framework's defaults.
MADE = {
    "sigmoid": lambda d: nn.Activation("sigmoid"),
    "tanh": lambda d: nn.Activation("tanh"),
    "softsign": lambda d: nn.Activation("softsign"),
    "ReLU": lambda d: nn.Activation("relu"),
    "softReLU": lambda d: nn.Activation("softrelu"),
    "Leaky ReLU": lambda d: nn.LeakyReLU(d["Leaky ReLU slope"]),
    "Leaky ReLU, as a function": lambda d: nn.LeakyReLU(d["Leaky ReLU slope, as a function"]),
    "Leaky ReLU, slope 0.1": lambda d: nn.LeakyReLU(0.1),
    "PReLU": lambda d: nn.PReLU(alpha_initializer=mx.init.Constant(d["PReLU slope"])),
    "PReLU, slope 0.25": lambda d: nn.PReLU(),
    "RReLU": lambda d: blocks.RReLU(*d["RReLU slopes"]),
    "ELU": lambda d: nn.ELU(d["ELU alpha"]),
    "ELU, alpha 2": lambda d: nn.ELU(2),
    "CELU, alpha 2": lambda d: nn.HybridLambda(lambda F, x: 2 * F.LeakyReLU(x / 2, act_type="elu", slope=1)),
    "SELU": lambda d: nn.SELU(),
    "Swish": lambda d: nn.Swish(d.get("Swish alpha", 1)),
    "Swish, beta 2": lambda d: nn.Swish(2),
    "GELU": lambda d: blocks.GELU({"none": "erf", "tanh": "tanh"}[d["GELU approximation"]]),
    "GELU, tanh form": lambda d: blocks.GELU("tanh"),
    "Mish": lambda d: blocks.Mish(),
    "hard sigmoid": lambda d: nn.HybridLambda(
        lambda F, x: F.hard_sigmoid(x, alpha=d.get("hard sigmoid slope") or d["hard sigmoid alpha"])
    ),
    "hard swish": lambda d: blocks.HardSwish(),
    "hard tanh": lambda d: nn.HybridLambda(lambda F, x: F.clip(x, -1, 1)),
    "squared ReLU": lambda d: blocks.SquaredReLU(),
    "ReLU6": lambda d: nn.HybridLambda(lambda F, x: F.clip(x, 0, 6)),
}
# Where the gradients are not MXNet's: SELU's, which MXNet has wrong, and at corners, where any slope between the two
# sides' is right. Keras's PReLU has 0 there, which is none of those.
LEFT = X[X < 0].tolist()
CLIPS = {"SELU": LEFT, "hard swish": [-3, 3], "ReLU6": [0, 6]}
LEAKS = {"Leaky ReLU": [0], "Leaky ReLU, slope 0.1": [0]}
ELSEWHERE = {
    "PyTorch": {**CLIPS, "hard tanh": [-1, 1]},
    "Keras": {**CLIPS, **LEAKS, "Leaky ReLU, as a function": [0], "PReLU, slope 0.25": [0]},
    "Keras on PyTorch": {**CLIPS, "hard tanh": [-1, 1], "PReLU, slope 0.25": [0]},
    "JAX": {**CLIPS, **LEAKS, "PReLU": [0], "PReLU, slope 0.25": [0]},
    "ONNX": {},
}
# The defaults that show in a curve; the others have tests of their own.
SHOWN = ["Leaky ReLU slope", "Leaky ReLU slope, as a function", "PReLU slope", "RReLU slopes", "ELU alpha"]
SHOWN += ["Swish alpha", "GELU approximation", "hard sigmoid slope", "hard sigmoid alpha"]


def value_and_gradient(block):
    block.initialize(force_reinit=True)
    x = nd.array(X)
    x.attach_grad()
    with autograd.record(train_mode=False):
        y = block(x)
    [gradient] = autograd.grad(y, [x], train_mode=False)
    return {"value": y.asnumpy(), "gradient": gradient.asnumpy()}


@functools.lru_cache(maxsize=None)
def mxnets(name, defaults):
    return value_and_gradient(MADE[name](json.loads(defaults)))


def differs(ours, theirs, framework):
    """Return where one curve is not the other."""
    theirs = np.array(theirs)
    return X[~(abs(ours - theirs) <= TOLERANCE[framework] * np.maximum(1, abs(theirs)))].tolist()


def objections(framework, results):
    """Return where the results of a framework are not MXNet's: of each activation's value and gradient."""
    found = {}
    for name, curve in results["activations"].items():
        ours = mxnets(name, json.dumps(results["defaults"]))
        for kind, theirs in curve.items():
            found[name, kind] = differs(ours[kind], theirs, framework)
    return {key: where for key, where in found.items() if where}


def at(framework, name, x):
    """Return the stored gradient at a point."""
    return REFERENCE[framework]["activations"][name]["gradient"][X.tolist().index(x)]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_stored_curve_is_mxnets_with_that_frameworks_parameters_but_for_known_slopes(framework):
    known = {(name, "gradient"): where for name, where in ELSEWHERE[framework].items()}
    assert objections(framework, REFERENCE[framework]) == known


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_changed_value_is_seen(framework):
    known = objections(framework, REFERENCE[framework])
    for name, curve in REFERENCE[framework]["activations"].items():
        for kind in curve:
            for i in (3, 95, 150):  # far left, at a negative number near zero, and right
                changed = copy.deepcopy(REFERENCE[framework])
                changed["activations"][name][kind][i] += 1e-4 * max(1, abs(changed["activations"][name][kind][i]))
                if X[i] in ELSEWHERE[framework].get(name, []) and kind == "gradient":
                    continue  # there it differs as it is
                assert objections(framework, changed) != known, (name, kind, X[i])


@pytest.mark.parametrize(
    ("framework", "key"), [(f, key) for f in FRAMEWORKS for key in REFERENCE[f]["defaults"] if key in SHOWN]
)
def test_a_changed_default_is_seen(framework, key):
    changed = copy.deepcopy(REFERENCE[framework])
    old = changed["defaults"][key]
    other = {"none": "tanh", "tanh": "none"}[old] if isinstance(old, str) else np.add(old, 0.01).tolist()
    changed["defaults"][key] = other
    assert objections(framework, changed) != objections(framework, REFERENCE[framework])


@pytest.mark.parametrize("name", activation_blocks())
def test_the_catalogue_has_the_values_and_gradients_of_pytorch(name):
    stored = {"Leaky ReLU": "Leaky ReLU, slope 0.1", "Swish, learned beta": "Swish"}
    theirs = REFERENCE["PyTorch"]["activations"][stored.get(name, name.replace(", mended", ""))]
    ours = value_and_gradient(activation_blocks()[name])
    assert differs(ours["value"], theirs["value"], "PyTorch") == []
    # MXNet's clip has the inner slope where it starts and ends, PyTorch's hard swish the outer one.
    known = {"hard swish": [-3, 3], "SELU": LEFT}
    assert differs(ours["gradient"], theirs["gradient"], "PyTorch") == known.get(name, [])


def test_defaults_are_those_that_the_notebook_tells():
    def row(key):
        return [REFERENCE[framework]["defaults"].get(key) for framework in ("PyTorch", "Keras", "JAX", "ONNX")]

    prelu = nn.PReLU()
    prelu.initialize()
    slopes = inspect.signature(blocks.RReLU).parameters
    assert row("Leaky ReLU slope") == [0.01, 0.3, 0.01, 0.01]
    assert row("Leaky ReLU slope, as a function") == [None, 0.2, None, None]
    assert row("PReLU slope") == [prelu.alpha.data().asscalar(), 0, 0.01, None]
    assert row("PReLU slopes for (1, 3, 4, 4)") == [prelu.alpha.data().size, 48, 1, None]
    assert row("RReLU slopes") == [[slopes["lower"].default, slopes["upper"].default], None, None, None]
    assert row("ELU alpha") == [inspect.signature(nn.ELU).parameters["alpha"].default] * 4 == row("CELU alpha")
    assert row("Swish alpha") == [None, None, None, nn.Swish()._beta]
    assert row("GELU approximation") == ["none", "none", "tanh", "none"]
    assert row("hard sigmoid slope") == [pytest.approx(1 / 6)] * 3 + [None]
    assert row("hard sigmoid alpha") == [None, None, None, 0.2]
    assert row("softplus threshold") == [20, None, None, None]
    assert row("softplus beta") == [1, None, None, None]
    assert row("softmax axis") == [None, -1, -1, -1]


def test_layers_hold_their_weights_and_their_averages_as_the_notebook_tells():
    def row(key):
        return [REFERENCE[framework]["defaults"].get(key) for framework in ("PyTorch", "Keras", "JAX", "ONNX")]

    dense, convolution = nn.Dense(5, in_units=4), nn.Conv2D(8, (5, 6), in_channels=3)
    assert row("dense weights for 4 to 5") == [list(dense.weight.shape), [4, 5], [4, 5], None]
    convolutions = [list(convolution.weight.shape), [5, 6, 3, 8], [5, 6, 3, 8], None]
    assert row("convolution weights for 3 to 8, 5 x 6") == convolutions
    norm = inspect.signature(nn.BatchNorm).parameters
    assert row("batch norm epsilon") == [norm["epsilon"].default, 1e-3, 1e-5, 1e-5]
    assert row("batch norm keeps") == [norm["momentum"].default, 0.99, 0.99, 0.9]


def test_a_dense_layer_flattens_here_and_not_elsewhere():
    rows, dense = nd.array(REFERENCE["rows"]), nn.Dense(5)
    dense.initialize()
    assert dense(rows).shape == (2, 5)
    for framework in ("PyTorch", "Keras", "JAX"):
        assert REFERENCE[framework]["others"]["dense"] == [2, 3, 5]
    level = nn.Dense(5, flatten=False)
    level.initialize()
    assert level(rows).shape == (2, 3, 5)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_softmax_is_along_the_last_axis_but_in_pytorch(framework):
    axis = 0 if framework == "PyTorch" else REFERENCE[framework]["defaults"]["softmax axis"]
    ours = nd.softmax(nd.array(REFERENCE["rows"]), axis=axis).asnumpy()
    np.testing.assert_allclose(ours, REFERENCE[framework]["others"]["softmax"], atol=1e-6)


@pytest.mark.parametrize("framework", ["PyTorch", "Keras", "JAX", "Keras on PyTorch"])
def test_the_softplus_of_pytorch_and_mxnet_alone_becomes_a_line_as_only_float64_can_tell(framework):
    value, gradient = REFERENCE[framework]["others"]["softplus"]
    close, threshold = np.array(REFERENCE["close"]), REFERENCE["PyTorch"]["defaults"]["softplus threshold"]
    line = (close > threshold) & ("PyTorch" in framework)
    np.testing.assert_allclose(value, np.where(line, close, np.log1p(np.exp(close))), rtol=1e-14)
    np.testing.assert_allclose(gradient, np.where(line, 1, 1 / (1 + np.exp(-close))), rtol=1e-14)
    ours = nn.Activation("softrelu")(nd.array(close, dtype="float64")).asnumpy()
    np.testing.assert_allclose(ours, np.where(close > threshold, close, np.log1p(np.exp(close))), rtol=1e-14)
    assert np.float32(20.1) == np.float32(np.log1p(np.exp(20.1)))


@pytest.mark.parametrize("framework", FRAMEWORKS[:4])
def test_the_gated_unit_halves_the_last_axis_as_elsewhere(framework):
    ours = blocks.GLU()(nd.array(REFERENCE["rows"])).asnumpy()
    np.testing.assert_allclose(ours, REFERENCE[framework]["others"]["GLU"], rtol=1e-6)


def test_what_frameworks_have_at_corners():
    assert [at(f, "Leaky ReLU, slope 0.1", 0) for f in FRAMEWORKS[:4]] == [0.1, 1, 0.1, 1]
    assert [at(f, "PReLU, slope 0.25", 0) for f in FRAMEWORKS[:4]] == [0.25, 0, 0, 1]
    assert [at(f, "hard tanh", 1) for f in FRAMEWORKS[:4]] == [0, 1, 0, 1]
