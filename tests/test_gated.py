"""GLU: its halves, its gates, however it is run, and what it is not given."""

import functools

import mxnet as mx
import numpy as np
import pytest
from closed_forms import CLOSED_FORMS, mp
from mxnet import MXNetError, autograd, gluon, nd
from mxnet.gluon import SymbolBlock, nn
from test_blocks import WAYS, run

from gluon_activations import blocks

# Each gate in the kinds it may have, and its closed form.
GATES = {
    "the default": (lambda: None, "sigmoid"),
    "a block": (lambda: nn.Activation("relu"), "ReLU"),
    "a block of ours": (blocks.Swish, "Swish"),
    "with a parameter": (lambda: blocks.Swish(learn_beta=True), "Swish"),
    "GELU": (nn.GELU, "GELU"),
    "a HybridLambda": (
        lambda: nn.HybridLambda(lambda F, x: F.np.tanh(x) if mx.util.is_np_array() else F.tanh(x)),
        "tanh",
    ),
    "a function": (lambda: lambda x: x.clip(0, 1e9), "ReLU"),
    "an operator": (lambda: mx.npx.sigmoid if mx.util.is_np_array() else nd.sigmoid, "sigmoid"),
}
A, B = [[-2, 0.5, 3, 1], [0.25, -1, 7, 8]], [[-0.5, 1, 2, -3.5], [0.25, -8, 8, 0.75]]


def make(gate="the default", axis=-1):
    block = blocks.GLU(GATES[gate][0](), axis)
    block.initialize()
    return block


def truth(gate):
    """Return a g(b), and its gradients for a and b, g(b) and a g'(b)."""
    form = CLOSED_FORMS[GATES[gate][1]]
    g, slope = (np.array([[float(f(mp.mpf(b))) for b in row] for row in B]) for f in (form.f, form.gradient))
    return A * g, np.concatenate([g, A * slope], axis=-1)


def close(got, want, tolerance=2e-6):
    for one, other in zip(got, want):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


@pytest.fixture
def x(arrays):
    return arrays.array(np.concatenate([A, B], axis=-1), dtype="float32")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("gate", GATES)
def test_is_right_however_it_is_run(gate, way, x):
    block = make(gate)
    block.hybridize(**{"active": True, **WAYS[way]})
    for _ in range(2):
        close(run(block, x), truth(gate))


@pytest.mark.parametrize("gate", GATES)
def test_is_the_same_when_exported_and_imported(gate, x, tmp_path):
    block = make(gate)
    block.hybridize()
    want = run(block, x)
    block.export(str(tmp_path / "glu"))
    read = SymbolBlock.imports(str(tmp_path / "glu-symbol.json"), ["data"], str(tmp_path / "glu-0000.params"))
    np.testing.assert_equal(run(read, x), want)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float16", 2e-3), ("float64", 1e-14)])
def test_keeps_the_dtype(dtype, tolerance, x):
    block = make()
    block.cast(dtype)
    close(run(block, x.astype(dtype)), truth("the default"), tolerance)


@pytest.mark.parametrize("hybridised", [False, True])
@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3, np.int64(1)])
def test_halves_the_axis_it_is_told(axis, hybridised, arrays):
    values = np.random.RandomState(0).normal(size=(4, 6, 2)).astype("float32")
    a, b = np.split(values, 2, axis=axis)
    block = blocks.GLU(nn.Activation("relu"), axis=axis)
    block.hybridize(hybridised)
    np.testing.assert_array_equal(block(arrays.array(values)).asnumpy(), a * np.maximum(b, 0))


@pytest.mark.parametrize("hybridised", [False, True])
def test_is_a_layer_of_a_net_that_learns(hybridised, arrays):
    mx.random.seed(0)
    net = nn.HybridSequential()
    net.add(nn.Dense(8, flatten=False), blocks.GLU(blocks.Swish(learn_beta=True)), nn.Dense(1, flatten=False))
    net.initialize()
    net.hybridize(hybridised)
    x = arrays.array(np.random.RandomState(0).normal(size=(5, 7, 3)), dtype="float32")
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    losses = []
    for _ in range(20):
        with autograd.record():
            loss = ((net(x) - 1) ** 2).mean()
        loss.backward()
        trainer.step(1)
        losses.append(float(loss.asnumpy()))
    assert net[2].weight.shape == (1, 4)
    assert losses[-1] < 0.1 * losses[0]
    assert net[1].gate.beta.data().asnumpy()[0] != 1


def test_gate_is_cast_saved_and_loaded_with_it(tmp_path):
    block = make("with a parameter")
    block.gate.beta.set_data(nd.array([1.5]))
    block.save_parameters(str(tmp_path / "glu.params"))
    other = make("with a parameter")
    other.load_parameters(str(tmp_path / "glu.params"))
    other.cast("float16")
    assert other.gate.beta.data().asscalar() == 1.5
    assert other.gate.beta.data().dtype == np.float16


@pytest.mark.parametrize("gate", ["the default", "a block", "GELU", "an operator"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("shape", "axis"), [((0, 4), -1), ((4, 0), 0), ((4, 0), 1), ((2, 0, 6), 2)])
def test_takes_empty_arrays(shape, axis, way, gate):
    with mx.util.np_shape(True), mx.util.np_array(True):
        block = make(gate, axis)
        block.hybridize(**{"active": True, **WAYS[way]})
        y, gradient = run(block, mx.np.zeros(shape))
        nd.waitall()
    assert y.shape == np.split(np.zeros(shape), 2, axis=axis)[0].shape
    assert gradient.shape == shape


@pytest.mark.parametrize(
    ("values", "axis", "error", "message"),
    [
        (np.ones((2, 5)), -1, ValueError, r"an even length along axis -1; its shape is \(2, 5\)"),
        (np.ones((3, 4)), 0, ValueError, r"an even length along axis 0; its shape is \(3, 4\)"),
        (np.ones((2, 4)), 2, ValueError, r"must have an axis 2; its shape is \(2, 4\)"),
        (np.ones((2, 4)), -3, ValueError, r"must have an axis -3; its shape is \(2, 4\)"),
        (np.ones((2, 4), dtype="int32"), -1, TypeError, r'must hold floats, not int32; x.astype\("float32"\) does'),
    ],
)
@pytest.mark.parametrize("hybridised", [False, True])
def test_an_array_that_cannot_be_halved_is_named(values, axis, error, message, hybridised, arrays):
    block = make(axis=axis)
    block.hybridize(hybridised)
    with pytest.raises(error, match=message):
        block(arrays.array(values, dtype=values.dtype))
    block(arrays.ones((2, 2, 2)))  # and it is none the worse for it


def test_in_the_graph_of_a_parent_mxnet_names_it():
    parent = nn.HybridSequential()
    parent.add(blocks.GLU())
    parent.hybridize()
    with pytest.raises(MXNetError, match="2 does not evenly divide 5"):
        parent(nd.ones((2, 5))).wait_to_read()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: blocks.GLU(3), "gate must be a function or a HybridBlock, such as nn.GELU.., not 3"),
        (lambda: blocks.GLU(nn.ELU), "gate must be a function or a HybridBlock, .* not <class"),
        (lambda: blocks.GLU(nn.Sequential()), "gate must be a function or a HybridBlock, .* not Sequential"),
        (lambda: blocks.GLU(mx.sym.var("x")), "gate must be a function or a HybridBlock, .* not <Symbol x>"),
        (lambda: blocks.GLU(axis="channels"), "axis must be an integer, not 'channels'"),
        (lambda: blocks.GLU(axis=1.0), "axis must be an integer, not 1.0"),
    ],
)
def test_a_bad_argument_is_named_at_once(make, message):
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize(
    ("gate", "error", "message"),
    [
        (lambda x: x.sum(axis=1, keepdims=True), ValueError, r"turns float32 of shape \(2, 3\) into float32 of .2, 1"),
        (lambda x: x[:1], ValueError, r"turns float32 of shape \(2, 3\) into float32 of \(1, 3\)"),
        (lambda x: x.astype("float64"), ValueError, "gate must keep shape and dtype; lambda turns .* into float64"),
        (lambda x: 2.0, TypeError, "gate must return an array; lambda returns 2.0"),
        (lambda x: None, TypeError, "gate must return an array; lambda returns None"),
        (lambda x: [x, x], TypeError, "gate must return an array; lambda returns"),
    ],
)
def test_a_gate_that_is_not_elementwise_is_named_and_not_broadcast(gate, error, message, arrays):
    with pytest.raises(error, match=message):
        blocks.GLU(gate)(arrays.ones((2, 6)))


@pytest.mark.parametrize(
    "gate",
    [
        lambda x: nd.sigmoid(x),
        lambda x: x / x.shape[0],
        lambda x: nd.array(x.asnumpy()),
        lambda x: x if x.sum() > 0 else -x,
        functools.partial(nd.LeakyReLU, act_type="elu"),
    ],
)
def test_a_function_of_arrays_alone_cannot_be_hybridised(gate):
    block = blocks.GLU(gate)
    block(nd.ones((1, 2)))
    block.hybridize()
    with pytest.raises(TypeError, match=r"gate must take Symbols to be hybridised, as nn.GELU\(\) does; \w+ does not"):
        block(nd.ones((1, 2)))


def test_nan_stays_nan():
    y = blocks.GLU()(nd.array([[np.nan, 1, 1, np.nan]])).asnumpy()
    assert np.isnan(y).all()
