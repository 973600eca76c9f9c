"""The checks of the exercises on gates and softmax. Each raises `NotYet` if the answer is not right."""

import math
from typing import Any

import mxnet as mx
import numpy as np
from mxnet import nd

from gluon_activations import blocks
from gluon_activations.answers import NotYet, number, same
from gluon_activations.evaluation import callable_again
from gluon_activations.words import decimals


def equal_width(answer: Any) -> None:
    """Exercise 10.1: the units of a gated layer with the weights of a plain one, 768 wide, with 3072 units."""
    units = number(answer)
    if units != 2048:
        raise NotYet(f"the gated layer has {3 * 768 * units:.9g} weights, the plain one {2 * 768 * 3072}")


def gelu_gate(gate: Any) -> None:
    """Exercise 10.2: the gate with which GLU, given x in both halves, is GELU."""
    if gate is None:  # which GLU takes for the sigmoid
        raise NotYet("answer must be a gate, such as nd.tanh, not None")
    x = np.linspace(-10, 10, 501)

    def doubled(x):
        unit = blocks.GLU(callable_again(gate), axis=0)
        return unit(mx.np.concatenate([x, x]) if mx.util.is_np_array() else nd.concat(x, x, dim=0))

    same(doubled, x, x * np.array([math.erfc(-v / math.sqrt(2)) / 2 for v in x]))


def even_temperature(answer: Any) -> None:
    """Exercise 10.3: the temperature at which softmax of 2, 1 and 0 gives the first of them a half."""
    temperature = number(answer)
    if temperature <= 0:
        raise NotYet(f"answer must be above zero, not {temperature}")
    powers = np.exp((np.array([2, 1, 0]) - 2) / temperature)
    share = powers[0] / powers.sum()
    if abs(temperature - 1 / math.log((1 + math.sqrt(5)) / 2)) > 0.02:
        raise NotYet(f"at temperature {decimals(temperature, min(temperature, 1))} the first has {share:.4f}")
