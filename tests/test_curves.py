"""The tracer takes whatever is elementwise, flags what is wrong, and leaves everything else alone."""

import functools
import os
import subprocess
import sys

import mxnet as mx
import numpy as np
import pytest
from mxnet import autograd, npx
from mxnet.gluon import SymbolBlock, nn

from gluon_activations import activation_blocks, trace_activation
from gluon_activations.names import display_name
from gluon_activations.words import decimals


class Sigmoid(autograd.Function):
    factor = 1.0

    def forward(self, x):
        self.y = (npx if mx.util.is_np_array() else mx.nd).sigmoid(x)
        return self.y

    def backward(self, dy):
        y = self.y.as_nd_ndarray()  # the kind that MXNet hands over and takes back here, even under npx.set_np()
        return self.factor * dy * y * (1 - y)


class WrongSigmoid(Sigmoid):
    factor = 1.1


class Faulty(autograd.Function):
    """Has no gradient at all."""

    def forward(self, x):
        return x * 1


class TwoSlopes(nn.HybridBlock):
    """A block of a reader's own, with a parameter and no blemish."""

    def __init__(self, steepness):
        super().__init__()
        self._steepness = steepness
        with self.name_scope():
            self.shift = self.params.get("shift", shape=(1,), init="zeros")

    def hybrid_forward(self, F, x, shift):
        return F.broadcast_add(F.tanh(self._steepness * x), shift)


def initialised(block, hybridize=False, **kwargs):
    block.initialize()
    if hybridize:
        block.hybridize(**kwargs)
    return block


def chain(*blocks, kind=nn.HybridSequential):
    net = kind()
    net.add(*blocks)
    return initialised(net)


GRIDS = {
    "default": None,
    "even": np.linspace(-10, 10, 500),
    "eleven": np.linspace(-10, 10, 11),
    "narrow": np.linspace(-1, 1, 501),
    "narrow even": np.linspace(-1, 1, 500),
    "narrow eleven": np.linspace(-1, 1, 11),
    "wide": np.linspace(-100, 100, 501),
    "wide even": np.linspace(-100, 100, 500),
    "wide eleven": np.linspace(-100, 100, 11),
}


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("name", activation_blocks())
def test_selu_is_flagged_and_nothing_else(name, grid):
    curve = trace_activation(activation_blocks()[name], GRIDS[grid])
    assert curve.right == (name != "SELU"), curve
    assert curve.wrong.any() == (name == "SELU")


def test_a_right_selu_is_not_flagged():
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    for x in GRIDS.values():
        assert not trace_activation(lambda x: scale * mx.nd.LeakyReLU(x, act_type="elu", slope=alpha), x).wrong.any()


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Swish(),
        lambda: initialised(nn.ELU(), hybridize=True),
        lambda: initialised(nn.GELU(), hybridize=True, static_alloc=True, static_shape=True),
        lambda: chain(nn.LeakyReLU(0.1), nn.Activation("tanh"), nn.PReLU()),
        lambda: chain(nn.ELU(), nn.Activation("tanh"), kind=nn.Sequential),
        lambda: nn.HybridLambda("tanh" if not mx.util.is_np_array() else lambda F, x: F.np.tanh(x)),
        lambda: nn.Lambda(lambda x: x * 2),
        lambda: lambda x: x,
        lambda: lambda x: x * x,
        lambda: (npx if mx.util.is_np_array() else mx.nd).sigmoid,
        lambda: mx.np.tanh if mx.util.is_np_array() else mx.nd.tanh,
        Sigmoid,
        lambda: lambda x: Sigmoid()(x),
        lambda: initialised(nn.PReLU(mx.init.Constant(0.4))),
        lambda: nn.Dropout(0.5),
    ],
    ids=lambda make: None,
)
@pytest.mark.parametrize("np_arrays", [False, True], ids=["nd", "np"])
def test_takes_anything_elementwise(make, np_arrays):
    with mx.util.np_shape(np_arrays), mx.util.np_array(np_arrays):
        activation = make()
        for _ in range(2):  # an autograd.Function can be called once only, but traced twice
            curve = trace_activation(activation)
    assert curve.right, curve
    for values in (curve.x, curve.y, curve.gradient, curve.slope):
        assert values.shape == (501,)
        assert values.dtype == np.float32
    assert np.abs(curve.gradient - curve.slope).max() < 0.6  # half a kink, at most


@pytest.mark.parametrize("ctx", [mx.cpu(), mx.cpu(3), mx.Context("cpu_shared", 0)], ids=str)
def test_computes_on_the_context_asked_for_and_on_the_blocks_own(ctx):
    used = []

    def spy(x):
        used.append(x.context)
        return x * 2

    trace_activation(spy, ctx=ctx)
    block = nn.PReLU()
    block.initialize(ctx=ctx)
    trace_activation(block)
    with ctx:
        trace_activation(spy)
    assert set(used) == {ctx}


def test_own_blocks_are_named_by_type_and_parameters():
    relus = [nn.Activation("relu") for _ in range(12)]
    assert {display_name(relu) for relu in relus} == {"ReLU"}
    assert display_name(nn.LeakyReLU(0.2)) == "Leaky ReLU (alpha = 0.2)"
    assert display_name(initialised(nn.PReLU())) == "PReLU (alpha = 0.25)"
    assert display_name(nn.Swish(beta=2)) == "Swish (beta = 2)"
    assert display_name(initialised(TwoSlopes(3))) == "TwoSlopes (steepness = 3, shift = 0)"
    assert display_name(chain(nn.ELU(), nn.SELU())) == "ELU (alpha = 1) → SELU"
    assert display_name(mx.nd.tanh) == display_name(nn.HybridLambda("tanh")) == "tanh"
    assert display_name(lambda x: x) == display_name(nn.HybridLambda(lambda F, x: x)) == "lambda"
    assert display_name(Sigmoid()) == "Sigmoid"


def test_a_wrong_gradient_is_said_with_place_and_size():
    curve = trace_activation(WrongSigmoid())
    assert curve.wrong.any()
    # A tenth of s(1 - s) is largest, 0.025, at 0.
    assert repr(curve).splitlines()[2].endswith(": off by up to 0.025, 10 % of the slope there")
    [(start, end)] = curve.check.stretches
    assert start < -9
    assert end > 9  # beyond, a tenth of the slope changes the curve by less than a millionth


def test_repr_counts_stretches_and_what_is_not_finite():
    stepped = trace_activation(lambda x: x + 0 * x.floor() + (x - x.detach()) * (mx.nd.sin(3 * x).detach() > 0))
    assert "and 7 more stretches" in repr(stepped)
    logarithm = trace_activation(mx.nd.log, np.linspace(-1, 1, 201))
    assert "not finite at 101 of 201 points" in repr(logarithm)
    assert "nowhere finite" in repr(trace_activation(lambda x: x / 0))
    hole = trace_activation(lambda x: mx.nd.where(x > 0, mx.nd.log(x), mx.nd.zeros_like(x)), np.linspace(-2, 2, 41))
    assert "not finite there" in repr(hole)


@pytest.mark.parametrize(
    ("value", "text"), [(-0.0001, "0.000"), (0.0, "0.000"), (-1.7581, "-1.758"), (1e4, "10000.000")]
)
def test_decimals_have_no_negative_zero(value, text):
    assert decimals(value) == text


def deferred():
    net = nn.Dense(3)
    net.initialize()
    return net


def dense(units):
    net = nn.Dense(units, in_units=1)
    net.initialize()
    return net


prelu_of_two = nn.PReLU(in_channels=2)
prelu_of_two.initialize()
BAD_ACTIVATIONS = {
    "not callable": (3, TypeError, "activation must be a function or a block"),
    "text": ("relu", TypeError, "activation must be a function or a block"),
    "softmax": (mx.nd.softmax, ValueError, "must be elementwise; in softmax other inputs count"),
    "cumsum": (lambda x: mx.np.cumsum(x.as_np_ndarray()).as_nd_ndarray(), ValueError, "must be elementwise"),
    "less its mean": (lambda x: x - x.mean(), ValueError, "must be elementwise"),
    "less its least": (lambda x: x - x.min(), ValueError, "must be elementwise"),
    "reversed": (lambda x: x[::-1], ValueError, "must be elementwise"),
    "Dense": (
        dense(3),
        ValueError,
        r"must keep the shape of its input, .* Dense .* turns shape \(501,\) into \(501, 3\)",
    ),
    "deferred Dense": (deferred(), ValueError, "Dense is not wholly initialised: call it once"),
    "sum": (lambda x: x.sum(), ValueError, "must keep the shape of its input"),
    "float64": (lambda x: x.astype("float64"), ValueError, "must keep float32; lambda returns float64"),
    "NumPy": (lambda x: np.tanh(x.asnumpy()), TypeError, "must return an MXNet array; lambda returns ndarray"),
    "a class": (nn.SELU, TypeError, r"such as nn.SELU\(\), not <class"),
    "not initialised": (nn.PReLU(), ValueError, r"PReLU is not initialised: call its initialize\(\) first"),
    "two channels": (prelu_of_two, ValueError, "PReLU fails on an array of shape"),
    "dropping": (lambda x: mx.nd.Dropout(x, mode="always"), ValueError, "must be deterministic; lambda differs"),
    "detached": (lambda x: (x * 2).detach(), ValueError, "lambda has no gradient that autograd can find"),
    "through NumPy": (lambda x: mx.nd.array(np.tanh(x.asnumpy())), ValueError, "no gradient"),
    "no gradient": (mx.nd.shuffle, ValueError, "shuffle has no gradient.*non-differentiable"),
}


@pytest.mark.parametrize("case", BAD_ACTIVATIONS)
def test_a_bad_activation_gets_one_sentence(case):
    activation, error, message = BAD_ACTIVATIONS[case]
    with pytest.raises(error, match=message) as raised:
        trace_activation(activation)
    assert len(str(raised.value).splitlines()) == 1
    assert not autograd.is_recording()
    assert not trace_activation(nn.GELU()).wrong.any()  # the next call works


def test_a_faulty_backward_is_an_error_and_the_next_call_works():
    with pytest.raises(ValueError, match=r"Faulty has no gradient.*its own Python code raised"):
        trace_activation(Faulty())
    assert not trace_activation(Sigmoid()).wrong.any()


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ([], ValueError, "x must be one-dimensional and hold at least one point"),
        (3.0, ValueError, r"its shape is \(\)"),
        (np.zeros((2, 2)), ValueError, r"its shape is \(2, 2\)"),
        ([0, np.nan], ValueError, "x must be finite in float32; at index 1"),
        ([0, 1e39], ValueError, "x must be finite in float32; at index 1"),
        ([0, 2, 1], ValueError, "x must increase in float32; after index 1"),
        ([1, 1 + 1e-12], ValueError, "x must increase in float32; after index 0"),
        ([1j, 2], TypeError, "x must hold real numbers, not complex128"),
        (["a", "b"], TypeError, "x must hold real numbers, not <U1"),
        ([None], TypeError, "x must hold real numbers, not object"),
    ],
    ids=str,
)
def test_bad_x_gets_one_sentence(x, error, message):
    with pytest.raises(error, match=message):
        trace_activation(nn.GELU(), x)


@pytest.mark.parametrize(
    "x", [[0], [-1, 2], range(5), (0.5, 1), mx.nd.arange(3), mx.np.arange(3), np.arange(4, dtype="f2")]
)
def test_any_increasing_numbers_will_do(x):
    curve = trace_activation(nn.GELU(), x)
    assert curve.x.dtype == np.float32
    assert len(curve.x) == len(x)


def test_a_bad_context_gets_one_sentence():
    with pytest.raises(TypeError, match=r"ctx must be an MXNet context.*not 'cpu'"):
        trace_activation(nn.GELU(), ctx="cpu")
    with pytest.raises(ValueError, match=r"ctx must exist.*gpu\(99\) does not"):
        trace_activation(nn.GELU(), ctx=mx.gpu(99))
    with pytest.raises(ValueError, match=r"where PReLU has its parameters, \[cpu\(0\)\], not cpu\(1\)"):
        trace_activation(initialised(nn.PReLU()), ctx=mx.cpu(1))


def test_a_readers_own_error_comes_through():
    with pytest.raises(ZeroDivisionError):
        trace_activation(lambda x: 1 // 0)


def test_nothing_of_the_callers_is_changed():
    prelu = initialised(nn.PReLU())
    with autograd.record():
        loss = prelu(mx.nd.array([-3.0])).sum()
    loss.backward()
    mx.random.seed(7)
    expected = mx.nd.random.uniform(shape=3).asnumpy()

    mx.random.seed(7)
    curve = trace_activation(prelu)
    assert prelu.alpha.grad().asscalar() == -3
    assert prelu.alpha.data().asscalar() == 0.25
    assert not prelu._active  # not hybridised
    assert (mx.nd.random.uniform(shape=3).asnumpy() == expected).all()

    uninitialised = nn.HybridSequential()
    uninitialised.add(nn.PReLU())
    with pytest.raises(ValueError, match="not initialised"):
        trace_activation(uninitialised)
    assert uninitialised[0].alpha._data is None

    with autograd.record():  # a reader who is recording: still prediction mode inside, still recording after
        same = trace_activation(chain(nn.Dropout(0.5), nn.GELU()))
        assert autograd.is_recording()
        assert autograd.is_training()
    assert not same.wrong.any()
    assert (curve.gradient[0], curve.gradient[-1]) == (0.25, 1)


def test_the_check_sees_every_point_of_a_long_array():
    x = np.linspace(-1, 1, 10**6)
    spot = np.float32(x[777_777])

    def one_wrong_point(x):
        return x + (x == float(spot)) * (x - x.detach())

    assert np.flatnonzero(trace_activation(one_wrong_point, x).wrong).tolist() == [777_777]


def test_sentences_and_figures_are_the_same_on_every_processor():
    script = (
        "import matplotlib; matplotlib.use('agg'); import matplotlib.pyplot as plt\n"
        "from gluon_activations import activation_blocks, visualize_activation\n"
        "for block in activation_blocks().values(): print(visualize_activation(block), repr(plt.gcf()))"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", script], env=env, stdout=subprocess.PIPE, text=True)
        for isa, threads in [("ALL", 1), ("ALL", 2), ("SSE41", 1), ("AVX", 2), ("AVX2", 1)]
        for env in [{**os.environ, "OMP_NUM_THREADS": str(threads), "DNNL_MAX_CPU_ISA": isa}]
    ]
    said = {run.communicate()[0] for run in runs}
    assert len(said) == 1
    assert len(said.pop()) > 5000


def backward(function):
    """A sigmoid whose backward is ``function`` of dy and of the right slope."""

    class Own(autograd.Function):
        def forward(self, x):
            self.y = mx.nd.sigmoid(x)
            return self.y

        def backward(self, dy):
            return function(dy, self.y * (1 - self.y))

    return Own()


@pytest.mark.parametrize(
    "function",
    [
        lambda dy, slope: slope,
        lambda dy, slope: dy * dy * slope,
        lambda dy, slope: dy.abs() * slope,
        lambda dy, slope: dy.sign() * slope,
        lambda dy, slope: dy.mean() * slope,
        lambda dy, slope: (dy + 1) * slope / 2,
        lambda dy, slope: dy * (dy > 0) * slope,
        lambda dy, slope: dy.clip(-10, 10) * slope,
        lambda dy, slope: dy[::-1] * slope,
    ],
    ids=["forgets", "squares", "absolute", "sign", "averages", "adds", "positive only", "clips", "turns round"],
)
@pytest.mark.parametrize("x", [None, [-1.0, 0.5]], ids=["501", "2"])
def test_a_backward_that_does_not_scale_with_dy_is_named(function, x):
    curve = trace_activation(backward(function), x)
    assert not curve.wrong.any()
    assert not curve.right
    assert curve.verdict == "is the slope of f(x), but the gradient does not scale with dy"
    assert curve.other_dy.shape == curve.x.shape
    assert np.abs(curve.other_dy - curve.gradient).max() > 0.1


@pytest.mark.parametrize(
    "function",
    [
        lambda dy, slope: dy.sqrt() ** 2 * slope,
        lambda dy, slope: dy * dy / dy * slope,
        lambda dy, slope: mx.nd.where(dy.abs() < 0.001, 0 * dy, dy) * slope,
    ],
    ids=["no number below 0", "no number at 0", "drops the small"],
)
@pytest.mark.parametrize("x", [None, [-1.0, 0.5]], ids=["501", "2"])
def test_a_backward_that_fails_for_some_dy_alone_is_named(function, x):
    curve = trace_activation(backward(function), x)
    assert not curve.wrong.any()
    assert curve.verdict == "is the slope of f(x), but the gradient does not scale with dy"
    assert not np.array_equal(curve.other_dy, curve.gradient)


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (lambda x: mx.nd.log(1 + mx.nd.exp(10 * x)) / 10, None),  # a small dy goes below what float32 keeps in full
        (lambda x: -mx.nd.log(1 + mx.nd.exp(-x)), np.linspace(-100, 100, 501)),
        (lambda x: x - mx.nd.tanh(x), np.linspace(-0.01, 0.01, 101)),  # a small difference of large slopes
        (lambda x: (x + mx.nd.sqrt(x * x + 4)) / 2, np.linspace(-95, -80, 51)),
    ],
    ids=["softplus", "log-sigmoid", "tanhshrink", "squareplus"],
)
def test_rounding_is_not_taken_for_a_backward_that_does_not_scale(function, x):
    assert trace_activation(function, x).other_dy is None


def test_a_backward_that_scales_with_dy_is_right():
    curve = trace_activation(backward(lambda dy, slope: dy * slope))
    assert curve.right
    assert curve.other_dy is None


def test_slope_and_dy_are_both_spoken_of():
    verdict = trace_activation(backward(lambda dy, slope: 0 * dy)).verdict
    assert verdict.endswith(": off by up to 0.250, where it is 0.250")
    verdict = trace_activation(backward(lambda dy, slope: slope * 2)).verdict
    assert (
        verdict.endswith("100 % of the slope there, and the gradient does not scale with dy") or "where it" in verdict
    )


@pytest.mark.parametrize(
    "activation",
    [
        lambda x: x * (1 + mx.nd.arange(x.size) % 2),
        lambda x: x + 5 * (mx.nd.arange(x.size) > 300),
        lambda x: x + mx.nd.arange(x.size)[::-1] * 1e-3,
    ],
    ids=["every other", "the last", "by place"],
)
def test_where_a_number_stands_must_not_count(activation):
    with pytest.raises(ValueError, match="must be elementwise; in lambda other inputs count too"):
        trace_activation(activation)


@pytest.mark.parametrize("call", range(1, 7))
def test_what_changes_at_some_call_is_not_deterministic(call):
    calls = []

    def fickle(x):
        calls.append(x)
        return x * (1 if len(calls) < call else 2)

    if call == 1:  # it never changes
        assert trace_activation(fickle).right
        return
    with pytest.raises(ValueError, match="must be deterministic; fickle differs from call to call"):
        trace_activation(fickle)


def hybridised(block):
    block.hybridize()
    block(mx.nd.ones(1))
    return block


class Skip(nn.HybridSequential):
    def hybrid_forward(self, F, x):
        return x + super().hybrid_forward(F, x)


class Odd(nn.HybridBlock):
    def __init__(self):
        super().__init__()
        self.huge = 10**400

    def hybrid_forward(self, F, x):
        return x


def nameless(x):
    return x


nameless.__name__ = "nameless"
Unspeakable = type("Unspeakable", (), {"__call__": lambda self, x: x * 1, "__name__": 3})


@pytest.mark.parametrize(
    ("activation", "name"),
    [
        (hybridised(nn.ELU()), "ELU (alpha = 1)"),
        (nn.Lambda(functools.partial(mx.nd.LeakyReLU, act_type="elu")), "LeakyReLU"),
        (functools.partial(mx.nd.LeakyReLU, act_type="elu"), "LeakyReLU"),
        (nn.Lambda("tanh"), "tanh"),
        (nn.Lambda(Sigmoid()), "Sigmoid"),
        (Skip(), "Skip"),
        (Odd(), "Odd"),
        (Unspeakable(), "Unspeakable"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_hard_to_name_has_a_name(activation, name):
    assert display_name(activation) == name


def test_a_function_that_has_been_called_can_be_traced_and_one_inside_a_lambda_is_told_of():
    called = Sigmoid()
    called(mx.nd.ones(1))
    assert trace_activation(called).right
    with pytest.raises(ValueError, match=r"Sigmoid holds an autograd.Function that has been called before.*lambda x"):
        trace_activation(nn.Lambda(called))


def cast(block, dtype):
    block.cast(dtype)
    return initialised(block)


@pytest.mark.parametrize(
    ("activation", "error", "message"),
    [
        (mx.sym.var("x"), TypeError, "activation must be a function or a block.*not <Symbol x>"),
        (np.zeros((9, 9)), TypeError, r"not array\(\[\[0\.,"),
        (cast(nn.PReLU(), "float16"), ValueError, "is float16; cast the block to float32"),
        (
            initialised(nn.PReLU(in_channels=64)),
            ValueError,
            r"has shape \(64,\); trace a function of one of its numbers",
        ),
    ],
    ids=["symbol", "array", "float16", "64 channels"],
)
def test_a_refusal_says_what_would_do(activation, error, message):
    with pytest.raises(error, match=message) as raised:
        trace_activation(activation)
    assert len(str(raised.value).splitlines()) == 1


def test_an_mxnet_error_that_says_nothing_is_told_of():
    def silent(x):
        raise mx.MXNetError("")

    with pytest.raises(ValueError, match=r"silent fails on an array of shape.*MXNet does not say why"):
        trace_activation(silent)


@pytest.mark.parametrize("others", [3, [nn.ELU()], [mx.nd.ones(1)]])
def test_an_attribute_of_the_callers_own_is_not_taken_for_ours(others):
    block = initialised(nn.ELU())
    block.others = others
    assert trace_activation(block).right


def test_a_graph_from_a_file_that_fails_has_its_reason(tmp_path):
    net = initialised(nn.Dense(3, in_units=2))
    net.hybridize()
    net(mx.nd.ones((1, 2)))
    net.export(str(tmp_path / "net"))
    files = str(tmp_path / "net-symbol.json"), ["data"], str(tmp_path / "net-0000.params")
    with pytest.raises(ValueError, match=r"SymbolBlock fails on .*_weight has shape \(3, 2\); trace a function of one"):
        trace_activation(SymbolBlock.imports(*files))
