"""The checks of the notebooks' exercises. They know the answers: try first, read later."""

import functools
from numbers import Integral, Real

import mxnet as mx
import numpy as np
from mxnet import autograd, nd
from mxnet.gluon import nn

from gluon_activations import blocks
from gluon_activations.curves import trace_activation
from gluon_activations.experiments import layer_statistics, mlp, mnist1d, train
from gluon_activations.words import decimals


def check(exercise, answer):
    """Say whether an answer to an exercise is right, and if not, what it does instead.

    Parameters
    ----------
    exercise : str
        The number of its notebook, and its own: ``"2.1"``.
    answer : object
        What the exercise asks for: a number, a name, or an activation as for `trace_activation`.

    Raises
    ------
    TypeError
        If the exercise asks for a number, and ``answer`` is none.
    ValueError
        If there is no such exercise.
    """
    if exercise not in CHECKS:
        raise ValueError(f"exercise must be one of {', '.join(CHECKS)}; not {exercise!r}.")
    complaint = CHECKS[exercise](answer)
    print(f"not yet: {complaint}" if complaint else "right")


def _number(answer):
    if not isinstance(answer, Real):
        raise TypeError(f"answer must be a number, not {answer!r}.")


def _near(guess, truth, within):
    _number(guess)
    if abs(guess - truth) > within:
        return f"{guess} is too {'small' if guess < truth else 'large'}"


def _same(activation, x, y, gradient=None):
    curve = trace_activation(activation, x)
    for name, given, truth in (("f(x)", curve.y, y), ("f'(x)", curve.gradient, gradient)):
        if truth is None:
            continue
        differs = ~np.isclose(given, truth, rtol=1e-5, atol=1e-5)
        if differs.any():
            i = np.where(differs, np.nan_to_num(np.abs(given - truth), nan=np.inf), -1).argmax()
            return f"at x = {decimals(curve.x[i])}, {name} is {decimals(given[i])}, not {decimals(truth[i])}"


def _objection(activation):
    curve = trace_activation(activation)
    if curve.wrong.any():
        return f"f'(x) {curve.verdict}"


_RELU, _SOFTSIGN = (functools.partial(nn.Activation, kind) for kind in ("relu", "softsign"))
_WIDE, _FAR = np.linspace(-10, 10, 501), np.linspace(-100, 100, 501)


def _bent_but_steep(activation):
    slope = trace_activation(activation).gradient
    if slope.min() < 0.5:
        return f"its slope falls to {decimals(slope.min())}"
    if slope.max() - slope.min() < 0.01:
        return f"it does not bend: its slope is {decimals(slope.min())} everywhere"


def _steepness(steepness):
    _number(steepness)
    [slope] = trace_activation(lambda x: nd.sigmoid(steepness * x), [0]).gradient
    if abs(slope - 1) > 0.01:
        return f"the slope at zero is {decimals(slope)}, and tanh's is 1"


def _arctangent(activation):
    low, high = trace_activation(activation, [-1e4, 1e4]).y
    [slope] = trace_activation(activation, [0]).gradient
    if not np.allclose([low, high], [-1, 1], atol=1e-3):
        return f"it runs from {decimals(low)} to {decimals(high)}"
    if abs(slope - 1) > 0.01:
        return f"its slope at zero is {decimals(slope)}"


def _softsign_overtakes(guess):
    x = np.linspace(0, 10, 10001)
    tanh, softsign = (trace_activation(nn.Activation(kind), x).gradient for kind in ("tanh", "softsign"))
    return _near(guess, x[np.flatnonzero(tanh > softsign)[-1]], 0.1)


def _squeeze(k):
    def gap(k):  # it is widest at zero
        return trace_activation(lambda x: nd.Activation(k * x, "softrelu") / k, [0]).y[0]

    if not isinstance(k, Integral) or k < 1:
        raise TypeError(f"answer must be a whole number above zero, not {k!r}.")
    if gap(k) > 0.01:
        return f"at zero it is still {gap(k):.4f} above ReLU"
    if k > 1 and gap(k - 1) <= 0.01:
        return "a smaller k is enough"


def _slopes_gradient(guess):
    prelu = nn.PReLU()
    prelu.initialize()
    with autograd.record():
        total = prelu(nd.array([-3, 1, -0.5])).sum()
    total.backward()
    return _near(guess, prelu.alpha.grad().asscalar(), 0.01)


def _negative_slope(prelu):
    alpha = prelu.alpha.data().asscalar()
    if alpha >= 0:
        return f"alpha is {decimals(alpha)}"


def _balanced(height):
    _number(height)
    ranks = (np.arange(1000) + 0.5) / 1000
    bell = nd.erfinv(nd.array(2 * ranks - 1)) * np.sqrt(2)
    mean = trace_activation(nn.ELU(height), bell).y.mean()
    if abs(mean) > 0.005:
        return f"the mean output is {decimals(mean)}"


def _sent_the_right_way(guess):
    curve = trace_activation(nn.SELU(), np.linspace(-10, 0, 10001))
    return _near(guess, curve.x[curve.gradient > 0][0], 0.1)


def _selu(activation):
    truth = trace_activation(blocks.SELU(), _FAR)
    return _same(activation, _FAR, truth.y, truth.gradient)


def _lowest(guess):
    curve = trace_activation(nn.GELU(), np.linspace(-3, 0, 3001))
    return _near(guess, curve.x[curve.y.argmin()], 0.05)


def _closest_to_gelu(guess):
    gelu, betas = trace_activation(nn.GELU()).y, np.arange(1.5, 2, 0.01)
    errors = [np.abs(trace_activation(nn.Swish(beta)).y - gelu).max() for beta in betas]
    return _near(guess, betas[np.argmin(errors)], 0.1)


_STARTS = {"Gluon's default": mx.init.Uniform(0.07), "Xavier": mx.init.Xavier(), "He": mx.init.MSRAPrelu(slope=0)}


def _first_gradient(activation, start):
    """Its norm in a net of 20 layers: the median of three."""
    norms = []
    for seed in range(3):
        mx.random.seed(seed)
        net = mlp(activation, 20, initializer=start)
        norms.append(layer_statistics(net, mnist1d().x[:500], mnist1d().y[:500])[0].norm)
    return np.median(norms)


def _largest(name, norms):
    if name not in norms:
        raise ValueError(f"answer must be one of {', '.join(map(repr, norms))}; not {name!r}.")
    if norms[name] < max(norms.values()):
        return f"with {name} the gradient is {norms[name]:.0e}, and with another {max(norms.values()):.0e}"


def _lively_scale(scale):
    _number(scale)
    norm = _first_gradient(_RELU, mx.init.Uniform(scale))
    if not 0.01 < norm < 10:
        return f"the first gradient {'vanishes' if norm < 1 else 'explodes'}: {norm:.0e}"


def _loudest(name):
    activations = {"tanh": lambda: nn.Activation("tanh"), "ReLU": _RELU, "GELU": nn.GELU}
    return _largest(name, {name: _first_gradient(activations[name], _STARTS["He"]) for name in activations})


def _deep_and_straight(guess):
    history = train(mlp(None, 5), mnist1d(), epochs=10)
    return _near(guess, history.accuracy[-1], 0.05)


def _steep_sigmoid(activation):
    history = train(mlp(activation), mnist1d(), lr=1e-2, epochs=10, batch_size=200)
    if history.accuracy[-1] < 0.38:
        return "its accuracy stays below 0.38"


def _silent_units(guess):
    net = mlp(_RELU)
    train(net, mnist1d(), epochs=5)
    return _near(guess, layer_statistics(net, mnist1d().x_test)[1].off, 0.05)


def _learned_height(factory):
    block, x = factory(), nd.array([-1, 0.5, 2])
    block.initialize(mx.init.One(), force_reinit=True)
    parameters = list(block.collect_params().values())
    if len(parameters) != 1:
        return f"it has {len(parameters)} parameters, not one"
    with autograd.record():
        total = block(x).sum()
    total.backward()
    given, truth = parameters[0].grad().asnumpy().sum(), nd.tanh(x).sum().asscalar()
    if abs(given - truth) > 1e-4:
        return f"the gradient of the height is {decimals(given)} where it should be {decimals(truth)}"


CHECKS = {
    "1.1": lambda guess: _near(guess, trace_activation(lambda x: nd.tanh(2 * x)).gradient.max(), 0.01),
    "1.2": _bent_but_steep,
    "1.3": _objection,
    "2.1": _steepness,
    "2.2": _arctangent,
    "2.3": _softsign_overtakes,
    "3.1": lambda activation: _same(activation, _WIDE, _WIDE.clip(0, 6)),
    "3.2": lambda activation: _same(activation, _WIDE, np.abs(_WIDE)),
    "3.3": _squeeze,
    "4.1": lambda activation: _same(activation, _WIDE, np.abs(_WIDE)),
    "4.2": _slopes_gradient,
    "4.3": _negative_slope,
    "5.1": _balanced,
    "5.2": _sent_the_right_way,
    "5.3": _selu,
    "6.1": _lowest,
    "6.2": lambda gate: _same(lambda x: x * gate(x) + x * gate(-x), _WIDE, _WIDE),
    "6.3": _closest_to_gelu,
    "7.1": lambda name: _largest(name, {start: _first_gradient(_SOFTSIGN, _STARTS[start]) for start in _STARTS}),
    "7.2": _lively_scale,
    "7.3": _loudest,
    "8.1": _deep_and_straight,
    "8.2": _steep_sigmoid,
    "8.3": _silent_units,
    "9.1": lambda activation: _same(activation, _FAR, np.logaddexp(_FAR, -_FAR) - np.log(2), np.tanh(_FAR)),
    "9.2": lambda activation: _same(activation, _WIDE, _WIDE**3) or _objection(activation),
    "9.3": _learned_height,
}
