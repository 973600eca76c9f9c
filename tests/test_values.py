"""Every activation, value and gradient, against the 50-digit closed forms; and the closed forms against themselves."""

import functools

import mxnet as mx
import numpy as np
import pytest
from closed_forms import CLOSED_FORMS, SELU_ALPHA, SELU_LAMBDA, mp, prelu_alpha_gradient, swish_beta_gradient
from mxnet import autograd
from mxnet.gluon import nn

from gluon_activations import activation_blocks, blocks

POSITIVE = np.logspace(-6, 4, 201)
GRIDS = {
    "501 points": np.linspace(-10, 10, 501),  # 0, -3 and 3 among them, where the kinks are
    "500 points": np.linspace(-10, 10, 500),  # none of these
    "log-spaced": np.concatenate([-POSITIVE[::-1], POSITIVE]),
}
GRIDS = {name: x.astype("float32") for name, x in GRIDS.items()}

# (largest error, floor) of the value, and of the gradient. An error is relative to the truth, or to the floor where the
# truth is smaller. At the end of a line is what was measured: the worst over the grids, the parameters below, and
# DNNL_MAX_CPU_ISA unset, SSE41, AVX and AVX2. A bound is some three times that.
TINY = 1e-28  # float32 loses its last bits only below
BOUNDS = {
    # exp costs 1.3e-6 without fused multiply-add, 2.2e-7 with it. The gradient f (1 - f) cancels for large x.
    "sigmoid": ((4e-6, TINY), (1e-7, 1)),  # 1.3e-6, 3.1e-8
    "tanh": ((2e-7, TINY), (4e-7, 1)),  # 7.0e-8, 1.5e-7; 1 - f^2 cancels
    "softsign": ((3e-7, TINY), (6e-7, TINY)),  # 1.0e-7, 2.0e-7
    "ReLU": ((0, TINY), (0, TINY)),  # 0, 0
    # Below -14 the value is not the function any more, but one of 0, -1.9e-6, and up to 7.6e-6: see test_mxnet_faults.
    "softReLU": ((1e-5, 1), (4e-6, TINY)),  # 3.8e-6, 1.3e-6
    "Leaky ReLU": ((3e-7, TINY), (1e-7, TINY)),  # 9.5e-8, 4.0e-8
    "PReLU": ((3e-7, TINY), (1e-7, TINY)),  # 9.5e-8, 4.0e-8
    "RReLU": ((3e-7, TINY), (7e-8, TINY)),  # 7.8e-8, 2.2e-8
    "ELU": ((6e-7, 1), (4e-6, TINY)),  # 1.9e-7, 1.3e-6; e^x - 1 cancels near 0
    "SELU": ((4e-7, TINY), (1e-7, TINY)),  # 1.3e-7, 3.3e-8
    "Swish": ((1e-5, TINY), (3e-6, 1)),  # 3.1e-6, 9.4e-7; the rounding of beta x counts x times over
    "GELU": ((8e-7, 1), (6e-7, 1)),  # 2.7e-7, 2.0e-7; 1 + erf cancels on the left
    "Mish": ((4e-7, TINY), (2e-6, 1)),  # 1.4e-7, 7.1e-7; 1 - tanh^2 cancels
    "hard swish": ((3e-7, 1), (3e-7, 1)),  # 9.1e-8, 7.9e-8; x / 6 + 1/2 cancels near -3
    "squared ReLU": ((2e-7, TINY), (0, TINY)),  # 6.0e-8, 0
    "SELU, mended": ((7e-7, 1), (4e-6, TINY)),  # 2.2e-7, 1.2e-6; e^x - 1 cancels near 0
    "softReLU, mended": ((3e-7, TINY), (5e-7, TINY)),  # 9.5e-8, 1.6e-7
    "Swish, mended": ((1e-5, TINY), (1.2e-6, 1)),  # 3.9e-6, 4.2e-7; as Swish
    "Swish, learned beta": ((1e-5, TINY), (1.2e-6, 1)),  # 3.9e-6, 4.2e-7
    "GELU, tanh form": ((4e-7, 1), (2e-6, 1)),  # 1.4e-7, 6.9e-7; 1 + tanh cancels on the left
}

# Under two names because computed in two ways, so with bounds of its own.
SAME_FUNCTION = {
    "SELU, mended": "SELU",
    "softReLU, mended": "softReLU",
    "Swish, mended": "Swish",
    "Swish, learned beta": "Swish",
}

OTHER_PARAMETERS = {
    "Leaky ReLU, alpha 0": ({"alpha": 0}, lambda: nn.LeakyReLU(0)),
    "Leaky ReLU, alpha 0.01": ({"alpha": 0.01}, lambda: nn.LeakyReLU(0.01)),
    "Leaky ReLU, alpha 0.6": ({"alpha": 0.6}, lambda: nn.LeakyReLU(0.6)),
    "PReLU, alpha 0.6": ({"alpha": 0.6}, lambda: nn.PReLU(mx.init.Constant(0.6))),
    "PReLU, alpha -0.3": ({"alpha": -0.3}, lambda: nn.PReLU(mx.init.Constant(-0.3))),
    "ELU, alpha 0.5": ({"alpha": 0.5}, lambda: nn.ELU(0.5)),
    "ELU, alpha 1.7": ({"alpha": 1.7}, lambda: nn.ELU(1.7)),
    "Swish, beta 0.3": ({"beta": 0.3}, lambda: nn.Swish(0.3)),
    "Swish, beta 1.7": ({"beta": 1.7}, lambda: nn.Swish(1.7)),
    "RReLU, slopes around 0.1": ({"lower": -0.3, "upper": 0.5}, lambda: blocks.RReLU(-0.3, 0.5)),
    "RReLU, one slope": ({"lower": 0.25, "upper": 0.25}, lambda: blocks.RReLU(0.25, 0.25)),
    "Swish, mended, beta 1": ({}, blocks.Swish),
    "Swish, mended, beta 0": ({"beta": 0}, lambda: blocks.Swish(0)),
    "Swish, mended, beta 0.3": ({"beta": 0.3}, lambda: blocks.Swish(0.3)),
    "Swish, mended, beta 1.7": ({"beta": 1.7}, lambda: blocks.Swish(1.7)),
    "Swish, mended, beta -0.5": ({"beta": -0.5}, lambda: blocks.Swish(-0.5)),
    "Swish, learned beta, 0": ({"beta": 0}, lambda: blocks.Swish(0, learn_beta=True)),
    "Swish, learned beta, 0.3": ({"beta": 0.3}, lambda: blocks.Swish(0.3, learn_beta=True)),
    "Swish, learned beta, 1.7": ({"beta": 1.7}, lambda: blocks.Swish(1.7, learn_beta=True)),
    "Swish, learned beta, -0.5": ({"beta": -0.5}, lambda: blocks.Swish(-0.5, learn_beta=True)),
    "GELU, erf form": ({}, blocks.GELU),
}

# The same in float64, where a block computes in it; the floor is 1.
FLOAT64_BOUNDS = {
    "RReLU": (7e-16, 1e-16),  # 2.2e-16, 2.8e-17
    "Mish": (7e-16, 6e-15),  # 2.2e-16, 1.8e-15
    "hard swish": (7e-16, 7e-16),  # 2.2e-16, 2.2e-16
    "squared ReLU": (4e-16, 0),  # 1.1e-16, 0
    "softReLU, mended": (6e-16, 4e-16),  # 1.9e-16, 1.1e-16
    "Swish, mended": (8e-16, 9e-15),  # 2.7e-16, 2.9e-15
    "Swish, learned beta": (8e-16, 9e-15),  # 2.7e-16, 2.9e-15
    "GELU, tanh form": (7e-16, 9e-15),  # 2.1e-16, 2.7e-15
}


def name_of(case):
    return case.rpartition(", ")[0]


@functools.lru_cache(maxsize=None)
def truth(name, grid, **parameters):
    """Return the value, and the lowest and the highest right gradient, at each point of a grid."""
    form = CLOSED_FORMS[name]
    points = [mp.mpf(float(x)) for x in GRIDS[grid]]
    slopes = [form.slopes(x, **parameters) for x in points]
    y = np.array([float(form.f(x, **parameters)) for x in points])
    return y, np.array([float(min(s)) for s in slopes]), np.array([float(max(s)) for s in slopes])


def hold_against_truth(block, arrays, name, grid, dtype="float32", **parameters):
    y, low, high = truth(SAME_FUNCTION.get(name, name), grid, **parameters)
    x = arrays.array(GRIDS[grid], dtype=dtype)
    x.attach_grad()
    with autograd.record(train_mode=False):  # RReLU is random in training
        output = block(x)
    [gradient] = autograd.grad(output, [x], train_mode=False)

    value_bound, gradient_bound = BOUNDS[name] if dtype == "float32" else [(b, 1) for b in FLOAT64_BOUNDS[name]]
    check(f"{name}(x)", x.asnumpy(), output.asnumpy(), y, y, *value_bound)
    # MXNet's SELU has a wrong gradient left of 0, which test_mxnet_faults pins.
    right = x.asnumpy() >= 0 if type(block) is nn.SELU else slice(None)
    check(f"{name}'(x)", *(a[right] for a in (x.asnumpy(), gradient.asnumpy(), low, high)), *gradient_bound)


def check(what, x, got, low, high, bound, floor):
    distance = np.maximum(np.maximum(low - got, got - high), 0)
    error = distance / np.maximum(np.minimum(abs(low), abs(high)), floor)
    worst = error.argmax()  # a NaN, where there is one
    assert error[worst] <= bound, (
        f"{what} at x = {x[worst]:.9g} is {got[worst]:.9g}, should be in [{low[worst]:.9g}, {high[worst]:.9g}]: "
        f"an error of {error[worst]:.2g}, {bound:.2g} allowed"
    )


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("hybridised", [False, True], ids=["imperative", "hybridised"])
@pytest.mark.parametrize("name", activation_blocks())
def test_block_agrees_with_its_closed_form(name, hybridised, grid, arrays):
    block = activation_blocks()[name]
    block.hybridize(hybridised)
    hold_against_truth(block, arrays, name, grid)


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("case", OTHER_PARAMETERS)
def test_block_agrees_with_its_closed_form_at_other_parameters(case, grid, arrays):
    parameters, make = OTHER_PARAMETERS[case]
    block = make()
    block.initialize()
    hold_against_truth(block, arrays, name_of(case), grid, **parameters)


FLOAT64_CASES = {
    **{name: ({}, lambda name=name: activation_blocks()[name]) for name in FLOAT64_BOUNDS if name != "Swish, mended"},
    **{case: made for case, made in OTHER_PARAMETERS.items() if name_of(case) in FLOAT64_BOUNDS},
}


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("case", FLOAT64_CASES)
def test_block_has_float64_accuracy_where_mxnet_permits(case, grid):
    parameters, make = FLOAT64_CASES[case]
    block = make()
    block.cast("float64")
    block.initialize(force_reinit=True)  # in float64: a cast 0.3 would be float32's
    name = case if case in FLOAT64_BOUNDS else name_of(case)
    hold_against_truth(block, mx.nd, name, grid, "float64", **parameters)


def test_selu_and_gelu_have_float32_accuracy_only():
    # The operator LeakyReLU keeps its slope, and computes GELU, in float32. Measured: 7.3e-8 and 3.1e-7.
    x = GRIDS["501 points"]
    for block, name in [(blocks.SELU(), "SELU"), (blocks.GELU(), "GELU")]:
        y, *_ = truth(name, "501 points")
        worst = abs(block(mx.nd.array(x, dtype="float64")).asnumpy() - y).max()
        assert 1e-9 < worst < 1e-6, f"{name} has float64 accuracy now: hold it to FLOAT64_BOUNDS"


def test_softrelu_is_never_negative_and_right_far_to_the_left():
    x = np.linspace(-80, 80, 16001, dtype="float32")
    y = blocks.SoftReLU()(mx.nd.array(x)).asnumpy()
    want = np.log1p(np.exp(x.astype("float64")))
    assert abs(y / want - 1).max() < 1e-5  # measured: 1.1e-7
    everywhere = np.concatenate([x, [-np.inf, -1e38, -1e4, -110, -104, -103, -100, -88, -87, 1e4, 1e38, np.inf]])
    assert (blocks.SoftReLU()(mx.nd.array(everywhere)).asnumpy() >= 0).all()


@pytest.mark.parametrize("grid", GRIDS)
def test_prelu_has_the_right_gradient_with_respect_to_alpha(grid, arrays):
    x = GRIDS[grid]
    block = nn.PReLU(in_channels=len(x))  # an alpha to each point, so that no sum hides anything
    block.initialize()
    with autograd.record():
        y = block(arrays.array(x[None]))
    [gradient] = autograd.grad(y, [block.alpha.data()])
    want = np.array([float(prelu_alpha_gradient(mp.mpf(float(v)))) for v in x])
    np.testing.assert_array_equal(gradient.asnumpy(), want)


@pytest.mark.parametrize("kink", [-3, 0, 3])
def test_only_one_grid_has_the_kink(kink):
    assert [name for name, x in GRIDS.items() if kink in x] == ["501 points"]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [(name, {}) for name in CLOSED_FORMS]
    + [(SAME_FUNCTION.get(name_of(case), name_of(case)), p) for case, (p, _) in OTHER_PARAMETERS.items()],
    ids=str,
)
def test_closed_form_of_the_gradient_is_the_derivative_of_f(name, parameters):
    form = CLOSED_FORMS[name]
    f = functools.partial(form.f, **parameters)
    # Both sides of 0 and of -3 and 3, where the kinks are.
    for x in map(mp.mpf, [-30, -9.7, -3, -1.2, -0.3, -1e-6, 0, 1e-6, 0.3, 1.2, 3, 9.7, 30]):
        for side, slope in zip([-1, 1], form.slopes(x, **parameters)):
            assert mp.almosteq(slope, mp.diff(f, x, direction=side), rel_eps=1e-45, abs_eps=1e-45), (x, side)


def test_prelu_alpha_gradient_is_the_derivative_with_respect_to_alpha():
    for x in map(mp.mpf, [-3, 0, 3]):
        slope = mp.diff(lambda alpha, x=x: CLOSED_FORMS["PReLU"].f(x, alpha=alpha), 0.25)
        assert mp.almosteq(prelu_alpha_gradient(x), slope, rel_eps=1e-45, abs_eps=1e-45)


def test_swish_beta_gradient_is_the_derivative_with_respect_to_beta():
    for x in map(mp.mpf, [-3, 0, 3]):
        slope = mp.diff(lambda beta, x=x: CLOSED_FORMS["Swish"].f(x, beta=beta), 0.75)
        assert mp.almosteq(swish_beta_gradient(x, 0.75), slope, rel_eps=1e-45, abs_eps=1e-45)


def test_selu_constants_are_the_published_ones_and_keep_mean_0_and_variance_1():
    # The 32 digits of the authors' code, github.com/bioinf-jku/SNNs.
    assert mp.nstr(SELU_ALPHA, 32) == "1.6732632423543772848170429916717"
    assert mp.nstr(SELU_LAMBDA, 32) == "1.0507009873554804934193349852946"
    selu = CLOSED_FORMS["SELU"].f
    for power, moment in [(1, 0), (2, 1)]:
        expected = mp.quad(lambda z, power=power: selu(z) ** power * mp.npdf(z), [-mp.inf, 0, mp.inf])
        assert mp.almosteq(expected, moment, rel_eps=1e-40, abs_eps=1e-40)
