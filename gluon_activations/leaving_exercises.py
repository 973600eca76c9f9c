"""The checks of the exercises on leaving MXNet. Each raises `NotYet` if the answer is not right."""

from typing import Any

import numpy as np
from mxnet import nd

from gluon_activations.answers import WIDE, NotYet, same, shown


def elsewheres_hard_sigmoid(activation: Any) -> None:
    """Exercise 11.1: the hard sigmoid of PyTorch, Keras and JAX."""
    same(activation, WIDE, np.clip(WIDE / 6 + 0.5, 0, 1))


def celu(activation: Any) -> None:
    """Exercise 11.2: CELU with alpha 2."""
    same(activation, WIDE, np.where(WIDE > 0, WIDE, 2 * np.expm1(np.minimum(WIDE, 0) / 2)))


def channels_last(answer: Any) -> None:
    """Exercise 11.3: turn the weights of a dense layer behind images of (3, 4, 5) into those behind (4, 5, 3)."""
    if not callable(answer):
        raise NotYet(f"answer must be a function of the weights, not {shown(answer)}")
    images, weights = np.random.RandomState(0).normal(size=(7, 3, 4, 5)), np.random.RandomState(1).normal(size=(2, 60))
    given = answer(weights.copy())
    given = np.asarray(given.asnumpy() if isinstance(given, nd.NDArray) else given)
    if given.shape != (2, 60):
        raise NotYet(f"the weights must stay of shape (2, 60); they become {given.shape}")
    right = images.reshape(7, 60) @ weights.T
    off = np.abs(images.transpose(0, 2, 3, 1).reshape(7, 60) @ given.T - right).max()
    if not off < 0.01:  # in float16 a right answer is off by .004
        raise NotYet(f"on images with their channels last, the outputs differ by up to {off:.3g}")
