"""The checks of the notebooks' exercises. They know the answers: try first, read later."""

import contextlib
import io
import math
from statistics import NormalDist
from typing import Any

import numpy as np
from mxnet import MXNetError, autograd, nd, sym
from mxnet.gluon import HybridBlock, nn

from gluon_activations import gated_exercises, leaving_exercises, net_exercises
from gluon_activations.answers import WIDE, NotYet, equal, made, near, number, same, shown, sound, verdict
from gluon_activations.curves import trace_activation
from gluon_activations.names import brief
from gluon_activations.words import decimals


def check(exercise: str, answer: Any) -> None:
    """Say whether an answer to an exercise is right, and if not, what it does instead.

    One line is printed: ``right``, or ``not yet:`` and why. An answer of any type gets its line, also one whose own
    code raises.

    Parameters
    ----------
    exercise : str
        The number of its notebook, and its own: ``"2.1"``.
    answer : object
        What the exercise asks for: a number, a name, an activation as for `trace_activation`, or what makes a block.

    Raises
    ------
    ValueError
        If there is no such exercise.

    Examples
    --------
    >>> check("2.1", 1.0)
    not yet: the slope at zero is 0.250, and tanh's is 1
    """
    if not isinstance(exercise, str) or exercise not in CHECKS:
        raise ValueError(f"exercise must be one of {', '.join(CHECKS)}; not {brief(exercise)}.")
    print(verdict(CHECKS[exercise], answer))


_FAR = np.linspace(-100, 100, 501)


def _bent_but_steep(activation):
    sound(trace_activation(activation))
    # Uneven steps, so that no ripple keeps time with them.
    far = np.geomspace(50, 1e4, 200)
    everywhere = np.float32([*-far, *WIDE, *np.random.RandomState(0).uniform(-50, 50, 5000), *far])
    for x in (WIDE, np.unique(everywhere)):  # where the reader has looked first
        at = x[_steep_enough(activation, x).argmin()]
    closer = at + max(1, abs(at) / 50) * np.linspace(-0.05, 0.05, 501)  # a dip may be narrower than the steps
    slope = _steep_enough(activation, np.unique(np.float32([*x, *closer])))
    slope = slope[np.isfinite(slope)]
    for half in (10, 100):
        at = _jump(activation, half)
        if at is not None:
            raise NotYet(f"at x = {decimals(at)} it jumps, and has no slope")
    if np.ptp(slope) < 1e-4 * np.abs(slope).max():
        raise NotYet(f"it does not bend: its slope is {decimals(slope.min())} everywhere")


def _steep_enough(activation, x):
    slope = trace_activation(activation, x).gradient
    slope = np.where(np.isnan(slope), np.inf, slope)
    lowest = slope.argmin()
    if slope[lowest] < 0.5 - 1e-5:  # what float32 may have rounded away
        raise NotYet(f"at x = {decimals(x[lowest])}, its slope is {decimals(slope[lowest], 0.5 - slope[lowest])}")
    return slope


def _jump(activation, half):
    """Return where, from -half to half, a function rises by more than its slopes can explain, or None."""
    ends = (-half, half)
    for _ in range(2):
        curve = trace_activation(activation, np.linspace(*ends, 501))
        rise, explained = np.diff(curve.y), np.diff(curve.x) * [curve.gradient[:-1], curve.gradient[1:]]
        doubt = np.abs(rise - explained.mean(axis=0))
        doubt[~np.isfinite(doubt)] = 0
        i = doubt.argmax()
        ends = curve.x[i : i + 2]
    # A steep corner between two points is no jump.
    excess = np.where(doubt > 0, doubt - np.ptp(explained, axis=0) / 2, 0)
    i = excess.argmax()
    return curve.x[i] if excess[i] > 1e-3 + 1e-5 * np.abs(curve.y[i]) else None


def _steepness(answer):
    slope = number(answer) / 4
    if abs(slope - 1) > 0.01:
        raise NotYet(f"the slope at zero is {decimals(slope, min(abs(slope), 1))}, and tanh's is 1")


def _is(truth):
    def judge(activation):
        for x in (WIDE, _FAR):
            same(activation, x, truth(x))

    return judge


def _arctangent(activation):
    low, high = trace_activation(activation, [-1e4, 1e4]).y
    if not np.allclose([low, high], [-1, 1], atol=1e-3):
        raise NotYet(f"it runs from {decimals(low)} to {decimals(high)}")
    [slope] = trace_activation(activation, [0]).gradient
    if not abs(slope - 1) <= 0.01:
        raise NotYet(f"its slope at zero is {decimals(slope)}")
    far = trace_activation(activation, _FAR)
    equal("f(x)", far.x, far.y, np.arctan(far.x * np.pi / 2) / (np.pi / 2), 2e-3, " as the arctangent's would be")
    sound(trace_activation(activation))


def _softsign_overtakes(guess):
    x = np.linspace(0, 10, 10001)
    near(guess, x[np.flatnonzero(1 - np.tanh(x) ** 2 > (1 + x) ** -2)[-1]], 0.1)


def _squeeze(answer):
    k = number(answer)
    if k != round(k) or k < 1:
        raise NotYet(f"answer must be a whole number above zero, not {k}")
    if math.log(2) / k > 0.01:  # the gap is widest at zero
        raise NotYet(f"at zero it is still {math.log(2) / k:.4g} above ReLU")
    if k > 1 and math.log(2) / (k - 1) <= 0.01:
        raise NotYet("a smaller k is enough")


def _negative_slope(prelu):
    if not isinstance(prelu, nn.PReLU):
        raise NotYet(f"answer must be a PReLU block, as `prelu` is, not {shown(prelu)}")
    alphas = prelu.alpha.data().asnumpy()
    wrong = alphas[~((alphas < 0) & np.isfinite(alphas))]
    if wrong.size:
        raise NotYet(f"alpha is {decimals(wrong.max(), min(wrong.max(), 1))}")


def _balanced(answer):
    height = number(answer)
    bell = np.array([NormalDist().inv_cdf((i + 0.5) / 1000) for i in range(1000)])
    mean = np.where(bell > 0, bell, height * np.expm1(bell)).mean()
    if abs(mean) > 0.0056:  # 0.005, and what a reader's rounding may add
        raise NotYet(f"the mean output is {decimals(mean)}")


def _sent_the_right_way(guess):
    curve = trace_activation(nn.SELU(), np.linspace(-10, 0, 10001))
    near(guess, curve.x[curve.gradient > 0][0], 0.05)


def _selu(activation):
    alpha, scale = 1.6732632423543772, 1.0507009873554805
    same(activation, _FAR, scale * np.where(_FAR > 0, _FAR, alpha * np.expm1(np.minimum(_FAR, 0))), 1e-4)
    sound(trace_activation(activation))


def _lowest(guess):
    curve = trace_activation(nn.GELU(), np.linspace(-3, 0, 3001))
    near(guess, curve.x[curve.y.argmin()], 0.05)


def _closest_to_gelu(guess):
    gelu, betas = trace_activation(nn.GELU()).y, np.arange(1.5, 2, 0.001)
    errors = [np.abs(WIDE / (1 + np.exp(-beta * WIDE)) - gelu).max() for beta in betas]
    near(guess, betas[np.argmin(errors)], 0.05)


def _learned_height(factory):
    block, found = made(factory), []
    # Those that were not made by `params.get` are in no other list.
    block.apply(lambda child: found.extend([*child.params.values(), *child._reg_params.values()]))
    parameters = list({id(parameter): parameter for parameter in found}.values())
    if len(parameters) != 1:
        raise NotYet(f"it has {len(parameters)} parameters, not one")
    [height] = parameters
    if np.prod(height.shape) != 1 or height.grad_req == "null":
        raise NotYet(f"its parameter is of shape {height.shape}, grad_req {height.grad_req!r}; one number must learn")
    height.initialize(force_reinit=True)
    for value in (2.5, -0.5):
        height.set_data(nd.full(height.shape, value))
        same(block, WIDE, value * np.tanh(WIDE), when=f" where the height is {value}")
        x, dy = nd.array([-1, 0.5, 2]), nd.array([1, -2, 0.5])
        height.zero_grad()  # else grad_req "add" adds to what is there
        with autograd.record():
            y = block(x)
        y.backward(dy)
        given, truth = height.grad().asnumpy().sum(), (dy * nd.tanh(x)).sum().asscalar()
        if not abs(given - truth) <= 1e-4:
            raise NotYet(f"the gradient of the height is {decimals(given)} where it should be {decimals(truth)}")
    if isinstance(block, HybridBlock):
        _compiles(block, height, x.shape)


def _compiles(block, height, shape):
    """By its symbol: a Parameter that was not made by `params.get`, no hybridised block would find."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # where shapes do not fit, MXNet prints them
            block(sym.var("x")).infer_shape(x=shape, **{height.name: height.shape})
    except MXNetError:
        raise NotYet("it fails once it is hybridised, as a plain * does: see broadcast_mul") from None
    except Exception:
        raise NotYet("it fails once it is hybridised: does it use F, and the height that it is given?") from None


CHECKS = {
    "1.1": lambda guess: near(guess, 2, 0.01),
    "1.2": _bent_but_steep,
    "1.3": lambda activation: same(activation, WIDE, 1 / (1 + np.exp(-WIDE))),
    "2.1": _steepness,
    "2.2": _arctangent,
    "2.3": _softsign_overtakes,
    "3.1": _is(lambda x: x.clip(0, 6)),
    "3.2": _is(np.abs),
    "3.3": _squeeze,
    "4.1": _is(np.abs),
    "4.2": lambda guess: near(guess, -3.5, 0.01),
    "4.3": _negative_slope,
    "5.1": _balanced,
    "5.2": _sent_the_right_way,
    "5.3": _selu,
    "6.1": _lowest,
    "6.2": gated_exercises.another_gate,
    "6.3": _closest_to_gelu,
    "7.1": net_exercises.best_start,
    "7.2": net_exercises.lively_scale,
    "7.3": net_exercises.faintest,
    "8.1": net_exercises.straight_accuracy,
    "8.2": net_exercises.steep_sigmoid,
    "8.3": net_exercises.silent_share,
    "9.1": lambda activation: same(activation, _FAR, np.logaddexp(_FAR, -_FAR) - np.log(2), 1e-4),
    "9.2": lambda activation: same(activation, WIDE, WIDE**3),
    "9.3": _learned_height,
    "10.1": gated_exercises.equal_width,
    "10.2": gated_exercises.gelu_gate,
    "10.3": gated_exercises.even_temperature,
    "11.1": leaving_exercises.elsewheres_hard_sigmoid,
    "11.2": leaving_exercises.celu,
    "11.3": leaving_exercises.channels_last,
}
