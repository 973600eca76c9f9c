"""The checks of the exercises for which nets are built or trained. Each raises `NotYet` if the answer is not right."""

import functools
from typing import Any

import mxnet as mx
import numpy as np
from mxnet import nd
from mxnet.gluon import nn

from gluon_activations.answers import WIDE, NotYet, made, near, number, one_of, same, shown
from gluon_activations.curves import trace_activation
from gluon_activations.experiments import layer_statistics, mlp, mnist1d, train
from gluon_activations.words import decimals

_RELU, _TANH, _SOFTSIGN = (functools.partial(nn.Activation, kind) for kind in ("relu", "tanh", "softsign"))
_ACTIVATIONS = {"tanh": _TANH, "ReLU": _RELU, "GELU": nn.GELU}
_STARTS = {"Gluon's default": mx.init.Uniform(0.07), "Xavier": mx.init.Xavier(), "He": mx.init.MSRAPrelu(slope=0)}


def _first_gradient(activation, start):
    """Its norm in a net of 20 layers: the median of three."""
    norms, later = [], nd.random.randint(0, 2**31 - 1).asscalar()
    try:
        for seed in range(3):
            mx.random.seed(seed)
            net = mlp(activation, 20, initializer=start)
            norms.append(layer_statistics(net, mnist1d().x[:500], mnist1d().y[:500])[0].norm)
    finally:
        mx.random.seed(int(later))  # MXNet's generator cannot be put back; so it goes on as `train` leaves it
    return np.median(norms)


@functools.lru_cache(maxsize=None)
def _by_start():
    return {name: _first_gradient(_SOFTSIGN, start) for name, start in _STARTS.items()}


@functools.lru_cache(maxsize=None)
def _by_activation():
    return {name: _first_gradient(activation, _STARTS["He"]) for name, activation in _ACTIVATIONS.items()}


def _is_the(extreme, name, norms):
    right = extreme(norms.values())
    if norms[name] != right:
        raise NotYet(f"with {name} the gradient is {norms[name]:.2g}, and with another {right:.2g}")


def lively_scale(answer: Any) -> None:
    """Exercise 7.2: a scale of uniform weights with which the gradient survives 20 ReLU layers."""
    scale = number(answer)
    if scale <= 0:
        raise NotYet(f"answer must be above zero, not {scale}")
    norm = _first_gradient(_RELU, mx.init.Uniform(scale))
    if not 0.01 < norm < 10:
        # Of the norm alone one cannot tell: where the signal overflows, it is 0 again.
        raise NotYet(f"the first gradient is {norm:.2g}; the scale is too {'small' if scale < 0.24 else 'large'}")


@functools.lru_cache(maxsize=None)
def _deep_and_straight():
    return train(mlp(None, 5), mnist1d(), epochs=10).accuracy[-1]


def steep_sigmoid(factory: Any) -> None:
    """Exercise 8.2: a sigmoid steep enough to learn in ten epochs; the factory makes its block."""
    block = made(factory)
    block.initialize()
    [steepness] = 4 * trace_activation(block, [0]).gradient
    same(block, WIDE, 1 / (1 + np.exp(-steepness * WIDE)), 1e-4, when=f" as sigmoid({decimals(steepness)} x) is")
    if train(mlp(factory), mnist1d(), epochs=10).accuracy[-1] < 0.38:
        raise NotYet("its accuracy stays below 0.38")


@functools.lru_cache(maxsize=None)
def _silent_units():
    """Their share in the second layer: the median of five, since it differs by hundredths from seed to seed."""
    shares = []
    for seed in range(5):
        net = mlp(_RELU)
        train(net, mnist1d(), epochs=5, seed=seed)
        shares.append(layer_statistics(net, mnist1d().x_test)[1].off)
    return np.median(shares)


def best_start(answer: Any) -> None:
    """Exercise 7.1: the name of the start that keeps softsign's gradient best."""
    _is_the(max, one_of(answer, _STARTS), _by_start())


def faintest(answer: Any) -> None:
    """Exercise 7.3: the name of the activation with the smallest first gradient from He's start."""
    _is_the(min, one_of(answer, _ACTIVATIONS), _by_activation())


def straight_accuracy(guess: Any) -> None:
    """Exercise 8.1: the accuracy of a deep net without an activation."""
    near(_share(guess), _deep_and_straight(), 0.05)


def silent_share(guess: Any) -> None:
    """Exercise 8.3: the share of units that are off for all test signals."""
    near(_share(guess), _silent_units(), 0.0301)  # 0.07 less 0.04 is above 0.03 in floats


def _share(answer):
    share = number(answer)
    if not 0 <= share <= 1:
        raise NotYet(f"answer must lie between 0, for none, and 1, for all; {shown(answer)} does not")
    return share
