"""The checks of the exercises on gates and softmax. Each raises `NotYet` if the answer is not right."""

import math
from typing import Any

import mxnet as mx
import numpy as np
from mxnet import nd

from gluon_activations import blocks
from gluon_activations.answers import WIDE, NotYet, equal, number, same, shown, sound
from gluon_activations.curves import trace_activation
from gluon_activations.evaluation import callable_again
from gluon_activations.words import decimals


def another_gate(gate: Any) -> None:
    """Exercise 6.2: a gate that is no sigmoid."""
    if not callable(gate):
        raise NotYet(f"answer must be a function, the gate, not {shown(gate)}")

    def gated(x):
        return x * gate(x)

    curve = trace_activation(gated, WIDE)
    equal("f(x) - f(-x)", WIDE, curve.y - curve.y[::-1], WIDE)
    sound(curve)
    left, right = trace_activation(gated, [-1e4, 1e4]).y / [-1e4, 1e4]  # some gates are slow to open
    if not np.allclose([left, right], [0, 1], atol=0.01):
        raise NotYet(f"it goes from {decimals(left)} to {decimals(right)}, not from 0 to 1")
    x = 2 ** np.arange(-120, 14, 0.5)
    openness = trace_activation(gated, x).y / x
    half_open = (openness > 0.6) & (openness < 0.95)
    steepness = np.log(openness / (1 - openness))[half_open] / x[half_open]
    if steepness.size > 2 and np.ptp(steepness) < 1e-4 * steepness.mean():
        raise NotYet(f"it is a sigmoid again, of steepness {decimals(steepness.mean())}")


def equal_width(answer: Any) -> None:
    """Exercise 10.1: the units of a gated layer with the weights of a plain one, 768 wide, with 3072 units."""
    units = number(answer)
    if units != 2048:
        raise NotYet(f"the gated layer has {3 * 768 * units:.9g} weights, the plain one {2 * 768 * 3072}")


def gelu_gate(gate: Any) -> None:
    """Exercise 10.2: the gate with which GLU, given x in both halves, is GELU."""
    if gate is None:  # which GLU takes for the sigmoid
        raise NotYet("answer must be a gate, such as nd.tanh, not None")

    def doubled(x):
        unit = blocks.GLU(callable_again(gate), axis=0)
        return unit(mx.np.concatenate([x, x]) if mx.util.is_np_array() else nd.concat(x, x, dim=0))

    same(doubled, WIDE, WIDE * np.array([math.erfc(-v / math.sqrt(2)) / 2 for v in WIDE]))


def even_temperature(answer: Any) -> None:
    """Exercise 10.3: the temperature at which softmax of 2, 1 and 0 gives the first of them a half."""
    temperature = number(answer)
    if temperature <= 0:
        raise NotYet(f"answer must be above zero, not {temperature}")
    powers = np.exp((np.array([2, 1, 0]) - 2) / temperature)
    share = powers[0] / powers.sum()
    if abs(temperature - 1 / math.log((1 + math.sqrt(5)) / 2)) > 0.02:
        raise NotYet(f"at temperature {decimals(temperature, min(temperature, 1))} the first has {share:.4f}")
