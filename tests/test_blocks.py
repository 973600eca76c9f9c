"""The package's own blocks: however they are run, whatever they are given, and in training."""

import functools

import mxnet as mx
import numpy as np
import pytest
from closed_forms import CLOSED_FORMS, mp, swish_beta_gradient
from mxnet import MXNetError, autograd, gluon, nd
from mxnet.gluon import SymbolBlock

from gluon_activations import blocks, trace_activation

# How to make each, the closed form it must have, and with which parameters. 1.5 is a number in every dtype.
BLOCKS = {
    "SELU": (blocks.SELU, "SELU", {}),
    "SoftReLU": (blocks.SoftReLU, "softReLU", {}),
    "Swish": (blocks.Swish, "Swish", {}),
    "Swish, beta 1.5": (lambda: blocks.Swish(1.5), "Swish", {"beta": 1.5}),
    "Swish, learned": (lambda: blocks.Swish(1.5, learn_beta=True), "Swish", {"beta": 1.5}),
    "RReLU": (blocks.RReLU, "RReLU", {}),
    "Mish": (blocks.Mish, "Mish", {}),
    "HardSwish": (blocks.HardSwish, "hard swish", {}),
    "SquaredReLU": (blocks.SquaredReLU, "squared ReLU", {}),
    "GELU": (blocks.GELU, "GELU", {}),
    "GELU, tanh": (lambda: blocks.GELU("tanh"), "GELU, tanh form", {}),
}
X = [[-8, -3.5, -2, -1, -0.25], [0.25, 1, 2, 3.5, 8]]  # numbers in every dtype, and no kinks
WAYS = {
    "imperative": {"active": False},
    "hybridised": {},
    "static": {"static_alloc": True, "static_shape": True},
}


def make(name, dtype="float32"):
    block = BLOCKS[name][0]()
    block.cast(dtype)
    block.initialize()
    return block


@functools.lru_cache(maxsize=None)
def truth(name):
    """Return f and f' at X."""
    _, form, parameters = BLOCKS[name]
    form = CLOSED_FORMS[form]
    return [[[float(f(mp.mpf(v), **parameters)) for v in row] for row in X] for f in (form.f, form.gradient)]


def run(block, x, train_mode=False):
    """Return the value and the gradient, as NumPy arrays."""
    x.attach_grad()
    with autograd.record(train_mode):
        y = block(x)
    y.backward(train_mode=train_mode)
    assert type(y) is type(x)
    assert y.dtype == x.grad.dtype == x.dtype
    return y.asnumpy(), x.grad.asnumpy()


def export(block, folder):
    """Write a block that has been called and hybridised, and read it back as a deployment would."""
    block.export(str(folder / "block"))
    return SymbolBlock.imports(str(folder / "block-symbol.json"), ["data"], str(folder / "block-0000.params"))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", BLOCKS)
def test_is_right_however_it_is_run(name, way, arrays):
    block = make(name)
    block.hybridize(**{"active": True, **WAYS[way]})
    for _ in range(2):  # the second time from the graph, and where static_alloc keeps them, in the same buffers
        got = run(block, arrays.array(X))
        np.testing.assert_allclose(got, truth(name), rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("name", BLOCKS)
def test_is_the_same_when_exported_and_imported(name, arrays, tmp_path):
    block, x = make(name), arrays.array(X)
    block.hybridize()
    want = run(block, x)
    np.testing.assert_array_equal(run(export(block, tmp_path), x), want)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float16", 2e-3), ("float32", 1e-6), ("float64", 2e-7)])
@pytest.mark.parametrize("name", BLOCKS)
def test_keeps_the_dtype(name, dtype, tolerance, arrays):
    # float64: MXNet computes SELU and GELU in float32, see test_values for the others.
    got = run(make(name, dtype), arrays.array(X, dtype=dtype))
    np.testing.assert_allclose(got, truth(name), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", ["SoftReLU", "GELU, tanh"])
def test_nothing_overflows_in_float16(name):
    x = [-65504, -2000, -1300, 1300, 2000, 65504]
    y, gradient = run(make(name, "float16"), nd.array(x, dtype="float16"))
    assert y.tolist() == [0, 0, 0, 1300, 2000, 65504]
    assert gradient.tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("name", BLOCKS)
def test_takes_arrays_of_any_dimension(name, arrays):
    block = make(name)
    for ndim in range(1, 8):
        x = arrays.arange(2**ndim) / 2**ndim - 0.5
        flat = run(block, x)
        cube = run(block, x.reshape((2,) * ndim))
        assert cube[0].shape == cube[1].shape == (2,) * ndim
        # Beyond five dimensions MXNet computes without oneDNN: 2e-7 apart, at most.
        np.testing.assert_allclose(np.reshape(cube, (2, -1)), flat, rtol=0, atol=6e-7)


# Not SELU, GELU and the learned Swish: LeakyReLU and reshape_like refuse them, with an error that MXNet's threads may
# raise once more in whatever runs next.
@pytest.mark.parametrize("name", [name for name in BLOCKS if name not in ("SELU", "GELU", "Swish, learned")])
def test_takes_0_dimensional_arrays_where_mxnets_operators_do(name):
    with mx.util.np_shape(True), mx.util.np_array(True):
        want = [values[1][1] for values in truth(name)]
        np.testing.assert_allclose(run(make(name), mx.np.array(X[1][1])), want, rtol=1e-6)


@pytest.mark.parametrize("name", BLOCKS)
def test_gradient_passes_mxnets_own_check(name):
    # Training mode is part of the check: RReLU must have one slope only.
    block = blocks.RReLU(0.25, 0.25) if name == "RReLU" else make(name)
    symbol = block(mx.sym.var("x"))
    location = {"x": np.array(X), **{key: p.data().asnumpy() for key, p in block.collect_params().items()}}
    # float64 throughout, but SELU and GELU are float32 inside: 1e-7 / 2e-3 is what that makes of a slope.
    mx.test_utils.check_numeric_gradient(symbol, location, numeric_eps=2e-3, rtol=1e-3, atol=1e-4, dtype=np.float64)


@pytest.mark.parametrize("name", BLOCKS)
def test_the_tracer_finds_nothing_wrong(name):
    for end in (10, 1, 100):
        for points in (501, 500, 11):
            curve = trace_activation(make(name), np.linspace(-end, end, points))
            assert curve.right, curve


# Hostile inputs

DECADES = np.array([k * 10.0**n for n in range(-320, 5) for k in (1, 3)])
HOSTILE = [np.linspace(-100, 100, 401), np.linspace(-10, 10, 401), -DECADES, DECADES, [-65504, 65504]]
# The largest errors of value and gradient, in units of the dtype's epsilon, relative to the truth, or to 1 where it is
# smaller. At the end of a line is what was measured, in float16, float32 and float64.
WORST = {
    "SELU": (4, 3),  # 1.7, 0.9; in float64 this and GELU are accurate to float32's epsilon
    "SoftReLU": (2, 1),  # 0.8, 0.5
    "Swish": (2, 40),  # 1.0, and for the gradient 2.1, 3.5, 14: 1 - sigmoid cancels
    "Swish, beta 1.5": (2, 40),  # 1.0, and 2.1, 3.6, 18
    "Swish, learned": (2, 40),  # the same
    "RReLU": (2, 1),  # 1.0, 0.1
    "Mish": (5, 5),  # 2.4, 2.4
    "HardSwish": (2, 2),  # 0.9, 0.7
    "SquaredReLU": (2, 1),  # 0.5, 0.0
    "GELU": (4, 3),  # 2.1, 1.4
    "GELU, tanh": (2, 2),  # 0.9, 0.9
}


def hostile(dtype):
    """Return a grid in a dtype: dense, of every decade down to the denormals, and around every kink."""
    kinks = np.array([-3, 0, 3], dtype=dtype)
    beside = [np.nextafter(kinks, kinks.dtype.type(far)) for far in (-9, 9)]
    return np.unique(np.concatenate([*HOSTILE, kinks, *beside]).astype(dtype))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", BLOCKS)
def test_is_right_at_hostile_inputs(name, dtype):
    x = hostile(dtype)
    if name == "SELU":  # as its docstring says
        x = x[(x <= 0) | (x > 6e-8)]
    y, gradient = run(make(name, dtype), nd.array(x, dtype=dtype))
    _, form, parameters = BLOCKS[name]
    points = [mp.mpf(float(v)) for v in x]
    f = np.array([float(CLOSED_FORMS[form].f(v, **parameters)) for v in points])
    slopes = np.sort([[float(s) for s in CLOSED_FORMS[form].slopes(v, **parameters)] for v in points])

    eps = np.finfo("float32" if name in ("SELU", "GELU") and dtype == "float64" else dtype).eps
    with np.errstate(over="ignore", invalid="ignore"):  # SELU of float16's largest is infinite there
        off = np.where(y == f.astype(dtype), 0, abs(y - f)) / np.maximum(1, abs(f)) / eps
        slopes = np.where(np.isinf(slopes.astype(dtype)), np.inf, slopes)  # and so is the slope of SquaredReLU
        assert off.max() <= WORST[name][0], f"f({x[off.argmax()]:.9g}) is off by {off.max():.2g} epsilons"
        apart = np.maximum(np.maximum(slopes[:, 0] - gradient, gradient - slopes[:, 1]), 0)
    off = np.where((gradient == slopes.T).any(axis=0), 0, apart) / eps
    assert off.max() <= WORST[name][1], f"f'({x[off.argmax()]:.9g}) is off by {off.max():.2g} epsilons"


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", BLOCKS)
def test_has_its_limits_at_infinity_and_keeps_nan(name, dtype, arrays):
    inf, nan = np.inf, np.nan
    left, right = {
        "SELU": ((-1.7581, 0), (inf, 1.0507)),
        "RReLU": ((-inf, 0.2292), (inf, 1)),
        "SquaredReLU": ((0, 0), (inf, inf)),
    }.get(name, ((0, 0), (inf, 1)))
    if name.startswith("Swish") or name == "GELU":  # as their docstrings say
        left, right = (nan, nan), (inf, nan)
    y, gradient = run(make(name, dtype), arrays.array([-inf, inf, nan], dtype=dtype))
    np.testing.assert_allclose([y[:2], gradient[:2]], np.transpose([left, right]), rtol=1e-3)
    assert np.isnan(y[2])


@pytest.mark.parametrize(
    ("name", "dtype", "end", "bound"),
    [("HardSwish", "float16", -3, 2), ("HardSwish", "float32", -3, 2), ("GELU, tanh", "float16", -4, 20)],  # 1, 1, 9
)
def test_does_not_cancel_on_the_left(name, dtype, end, bound):
    x = np.linspace(end, end + 0.5, 101, dtype=dtype)[1:]
    want = [float(CLOSED_FORMS[BLOCKS[name][1]].f(mp.mpf(float(v)))) for v in x]
    y, _ = run(make(name, dtype), nd.array(x, dtype=dtype))
    np.testing.assert_allclose(y, want, rtol=bound * np.finfo(dtype).eps)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", BLOCKS)
def test_takes_empty_arrays(name, way):
    with mx.util.np_shape(True), mx.util.np_array(True):
        block = make(name)
        block.hybridize(**{"active": True, **WAYS[way]})
        y, gradient = run(block, mx.np.zeros((0, 3)))
    assert y.shape == gradient.shape == (0, 3)


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", BLOCKS)
def test_refuses_integers(name, way, dtype, arrays):
    block = make(name)
    block.hybridize(**{"active": True, **WAYS[way]})
    with pytest.raises(TypeError, match=f'x must hold floats, not {dtype}; x.astype."float32". does'):
        block(arrays.array([-2, 1, 3, 6], dtype=dtype))


@pytest.mark.parametrize("name", BLOCKS)
def test_graph_of_a_parent_refuses_integers_but_for_three(name):
    parent = chain(make(name))
    parent.hybridize()
    x = nd.array([-2, 1, 3, 6], dtype="int32")
    if name in ("Mish", "HardSwish", "SquaredReLU"):  # as the module's docstring says
        assert parent(x).asnumpy().dtype == np.int32
    else:
        with pytest.raises(MXNetError, match=r"only support floating point types|Incompatible attr|attribute"):
            parent(x).asnumpy()  # MXNet works in the background, and raises here


# Swish's beta


@pytest.mark.parametrize("way", WAYS)
def test_learned_beta_has_the_right_gradient_and_training_moves_it(way, arrays):
    block = blocks.Swish(0.7, learn_beta=True)
    block.initialize()
    block.hybridize(**{"active": True, **WAYS[way]})
    trainer = gluon.Trainer(block.collect_params(), "sgd", {"learning_rate": 0.01})
    with autograd.record():
        y = block(arrays.array(X))
    y.backward()
    want = float(sum(swish_beta_gradient(mp.mpf(v), mp.mpf("0.7")) for row in X for v in row))
    [gradient] = block.beta.grad().asnumpy()
    assert gradient == pytest.approx(want, rel=1e-6)
    trainer.step(1)
    np.testing.assert_allclose(block.beta.data().asnumpy(), [0.7 - 0.01 * want], rtol=1e-6)


def test_learned_beta_is_saved_and_loaded(tmp_path):
    block = blocks.Swish(0.7, learn_beta=True)
    assert block.beta.shape == (1,)
    block.initialize(mx.init.Zero())  # which does not override beta's own start
    assert block.beta.data().asscalar() == np.float32(0.7)
    block.beta.set_data(nd.array([1.3]))
    block.save_parameters(str(tmp_path / "swish.params"))

    loaded = blocks.Swish(learn_beta=True)
    loaded.load_parameters(str(tmp_path / "swish.params"))
    assert loaded.beta.data().asscalar() == np.float32(1.3)


def test_only_a_learned_beta_is_a_parameter():
    assert [list(make(name)._reg_params) for name in ("Swish", "Swish, learned")] == [[], ["beta"]]


# RReLU's slope

N = 100_000


def slopes(block, x):
    """Return each element's slope in training, once it is known to be its gradient as well."""
    y, gradient = run(block, x, train_mode=True)
    x = x.asnumpy()
    np.testing.assert_array_equal(y[x > 0], x[x > 0])
    np.testing.assert_array_equal(gradient[x > 0], 1)
    np.testing.assert_array_equal(y, gradient * x)
    return gradient[x < 0]


def rrelu(way, x, tmp_path):
    """Return an RReLU that has been called, to be run in one of the WAYS or from its exported graph."""
    block = blocks.RReLU(0.1, 0.5)
    block.hybridize(**{"active": True, **WAYS.get(way, {})})
    block(x)
    return export(block, tmp_path) if way == "exported" else block


@pytest.mark.parametrize("way", [*WAYS, "exported"])
def test_rrelu_draws_a_slope_for_each_element_in_training(way, arrays, tmp_path):
    x = arrays.array([[-2.0], [-1.0], [-0.25], [3.0]]) * arrays.ones((1, N // 4))
    block = rrelu(way, x, tmp_path)
    mx.random.seed(1)
    first = slopes(block, x)
    second = slopes(block, x)
    mx.random.seed(1)
    np.testing.assert_array_equal(slopes(block, x), first)
    mx.random.seed(2)
    other = slopes(block, x)
    for a, b in [(first, second), (first, other)]:
        assert (a != b).mean() > 0.999

    assert np.unique(first).size > 0.99 * first.size  # a few coincide: the generator has 2^32 numbers, float32 fewer
    assert first.min() >= np.float32(0.1)
    assert first.max() <= np.float32(0.5)
    # Five standard errors: of the mean, the standard deviation, and the count in each tenth of the interval.
    n, sd = first.size, 0.4 / 12**0.5
    assert first.mean() == pytest.approx(0.3, abs=5 * sd / n**0.5)
    assert first.std() == pytest.approx(sd, abs=5 * sd * (0.2 / n) ** 0.5)
    counts, _ = np.histogram(first, bins=10, range=(0.1, 0.5))
    np.testing.assert_allclose(counts, n / 10, atol=5 * (n * 0.1 * 0.9) ** 0.5)


@pytest.mark.parametrize("way", [*WAYS, "exported"])
def test_rrelu_has_the_mean_slope_in_prediction(way, arrays, tmp_path):
    x = arrays.array([-20, -2, -0.5, 3])
    block = rrelu(way, x, tmp_path)
    run(block, x, train_mode=True)  # and training before leaves no trace
    y, gradient = run(block, x)
    np.testing.assert_allclose(y, [-6, -0.6, -0.15, 3], rtol=1e-6)
    np.testing.assert_allclose(gradient, [0.3, 0.3, 0.3, 1], rtol=1e-6)
    np.testing.assert_array_equal(block(x).asnumpy(), y)


@pytest.mark.parametrize("hybridised", [False, True])
def test_rrelu_moves_mxnets_generator_in_prediction_only_in_a_graph(hybridised):
    block = blocks.RReLU()
    block.hybridize(hybridised)
    block(nd.ones(5))
    drawn = []
    for predictions in range(2):
        mx.random.seed(1)
        for _ in range(predictions):
            block(nd.ones(5))
        drawn.append(nd.random.uniform(0, 1, 3).asnumpy().tolist())
    assert (drawn[0] != drawn[1]) == hybridised, "RReLU's docstring says otherwise"


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_rrelu_with_one_slope_is_a_leaky_relu(dtype):
    x = nd.array([-2, -1, 3], dtype=dtype)
    assert slopes(blocks.RReLU(0.25, 0.25), x).tolist() == [0.25, 0.25]
    assert blocks.RReLU(0.25, 0.25)(x).asnumpy().tolist() == [-0.5, -0.25, 3]


# Bad arguments


def chain(*activations):
    net = gluon.nn.HybridSequential()
    net.add(*activations)
    return net


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: blocks.Swish(float("nan")), ValueError, "beta must be finite in float32, not nan"),
        (lambda: blocks.Swish(float("inf"), learn_beta=True), ValueError, "beta must be finite in float32, not inf"),
        (lambda: blocks.Swish("1"), TypeError, "beta must be a number, not '1'"),
        (lambda: blocks.Swish(True), TypeError, "beta must be a number, not True"),  # learn_beta was meant
        (lambda: blocks.Swish(None), TypeError, "beta must be a number, not None"),
        (lambda: blocks.RReLU(float("nan"), 1), ValueError, "lower must be finite in float32, not nan"),
        (lambda: blocks.RReLU(upper=float("inf")), ValueError, "upper must be finite in float32, not inf"),
        (lambda: blocks.RReLU(0.1, "0.3"), TypeError, "upper must be a number, not '0.3'"),
        (lambda: blocks.Swish(1e39), ValueError, "beta must be finite in float32, not 1e"),
        (lambda: blocks.Swish(-(10**400)), ValueError, "beta must be finite in float32, not -1000"),
        (lambda: blocks.Swish(1e39, learn_beta=True), ValueError, "beta must be finite in float32, not 1e"),
        (lambda: blocks.RReLU(upper=1e39), ValueError, "upper must be finite in float32, not 1e"),
        (lambda: blocks.Swish(1e5).cast("float16"), ValueError, "beta must be finite in float16, not 100000.0"),
        (lambda: chain(blocks.RReLU(-1e5)).cast("float16"), ValueError, "lower must be finite in float16, not -1"),
        (lambda: blocks.RReLU(0.5, 0.25), ValueError, "lower must not exceed upper"),
        (lambda: blocks.GELU("none"), ValueError, "approximation must be .* not 'none'"),
        (lambda: blocks.GELU(None), ValueError, "approximation must be .* not None"),
    ],
)
def test_a_bad_argument_is_named_at_once(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("number", [2, np.float32(2), np.int64(2), np.float64(2)], ids=type)
def test_any_real_number_will_do(number):
    want = blocks.Swish(2.0)(nd.array(X)).asnumpy()
    np.testing.assert_array_equal(blocks.Swish(number)(nd.array(X)).asnumpy(), want)
    assert blocks.RReLU(number, number)(nd.array([-1.0])).asscalar() == -2
