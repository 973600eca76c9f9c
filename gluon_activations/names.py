"""What an activation is called in titles and sentences."""

import functools
import reprlib
from typing import Any

import numpy as np
from mxnet.gluon import Block, HybridBlock, nn

_OF_EVERY_BLOCK = {*vars(HybridBlock()), "_out_format"}  # hybridize() adds the last
_SPOKEN = {"relu": "ReLU", "softrelu": "softReLU"}


def display_name(activation: Any) -> str:
    """Name an activation by its type and its parameters, never by ``block.name``.

    Examples
    --------
    >>> display_name(nn.ELU())
    'ELU (alpha = 1)'
    """
    if isinstance(activation, nn.Activation):
        return _SPOKEN.get(activation._act_type, activation._act_type)
    if type(activation) in (nn.Sequential, nn.HybridSequential):  # a subclass may do anything with its children
        return " → ".join(map(display_name, activation)) or type(activation).__name__
    if isinstance(activation, (nn.Lambda, nn.HybridLambda)):
        return display_name(getattr(activation, "_func_name", None) or activation._func_impl)
    if isinstance(activation, functools.partial):
        return display_name(activation.func)
    if isinstance(activation, Block):
        kind = "Leaky ReLU" if type(activation) is nn.LeakyReLU else type(activation).__name__
        numbers = _numbers(activation)
        return f"{kind} ({', '.join(numbers)})" if numbers else kind
    name = activation if isinstance(activation, str) else getattr(activation, "__name__", None)
    return (name if isinstance(name, str) else type(activation).__name__).strip("<>")


def _numbers(block):
    """Return "name = value" for each number that a block holds, and each parameter that is one."""
    held = {
        key: value
        for key, value in vars(block).items()
        if type(value) in (int, float) and key not in _OF_EVERY_BLOCK and abs(value) < 1e300
    }
    for key, parameter in block._reg_params.items():
        if parameter.shape and np.prod(parameter.shape) == 1:
            held[key] = parameter.list_data()[0].asnumpy().item()
    return [f"{key.strip('_')} = {value:.3g}" for key, value in held.items()]


def brief(value: Any) -> str:
    """Show what was given, on one line and in short.

    Examples
    --------
    >>> brief(np.zeros((3, 3)))
    'array([[0., 0...[0., 0., 0.]])'
    """
    return " ".join(reprlib.repr(value).split())
