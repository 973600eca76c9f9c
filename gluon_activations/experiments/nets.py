"""Build small nets."""

from typing import Any, Callable, Optional

import mxnet as mx
import numpy as np
from mxnet import gluon, nd
from mxnet.gluon import nn


def mlp(
    activation: Optional[Callable[[], gluon.Block]],
    depth: int = 2,
    width: int = 100,
    classes: int = 10,
    initializer: Optional[mx.init.Initializer] = None,
) -> nn.HybridSequential:
    """Build a multi-layer perceptron.

    Parameters
    ----------
    activation : callable or None
        Makes a new activation block for each hidden layer, such as ``nn.SELU``; None is the identity.
    depth, width, classes : int
        The number of hidden layers, of units in each, and of outputs.
    initializer : mxnet.init.Initializer, optional
        Gluon's own by default: uniform on [-0.07, 0.07].

    Returns
    -------
    mxnet.gluon.nn.HybridSequential
        Initialised; its weights are drawn when it first sees data.

    Raises
    ------
    TypeError
        If ``activation`` is not callable, or a block and not what makes one.
    ValueError
        If a number is below 1, or ``depth`` below 0.

    Examples
    --------
    >>> from mxnet import nd
    >>> from mxnet.gluon import nn
    >>> net = mlp(lambda: nn.LeakyReLU(0.1), depth=3, classes=4)
    >>> net(nd.ones((2, 40))).shape
    (2, 4)
    """
    check_factory("activation", activation)
    for name, number, least in (("depth", depth, 0), ("width", width, 1), ("classes", classes, 1)):
        if number < least:
            raise ValueError(f"{name} must be at least {least}, not {number}.")
    net = nn.HybridSequential()
    for _ in range(depth):
        net.add(nn.Dense(width), *([activation()] if activation else []))
    net.add(nn.Dense(classes))
    net.initialize(initializer or mx.init.Uniform())
    return net


def check_factory(name: str, factory: Any, optional: bool = True) -> None:
    """Raise a TypeError unless something makes blocks; or is None, where that stands for the identity.

    Examples
    --------
    >>> from mxnet.gluon import nn
    >>> check_factory("activation", nn.ELU)
    """
    if isinstance(factory, gluon.Block):
        kind = type(factory).__name__
        raise TypeError(f"{name} must make a new block at each call, as nn.ELU does; this {kind} is a block already.")
    if not callable(factory) and not (optional and factory is None):
        raise TypeError(f"{name} must make a block, as nn.SELU does{', or be None' * optional}; not {factory!r}.")


def outputs(net: gluon.Block, x: np.ndarray) -> np.ndarray:
    """Run a net on NumPy's arrays, where its parameters are and in their type.

    Parameters
    ----------
    net : mxnet.gluon.Block
        Initialised. After ``npx.set_np()`` it is given ``mx.np`` arrays, else ``mx.nd``.
    x : array_like, shape (n, ...)
        Samples.

    Returns
    -------
    numpy.ndarray, shape (n, ...)

    Examples
    --------
    >>> net = mlp(None, depth=0, classes=3)
    >>> outputs(net, [[0, 0], [0, 0]])
    array([[0., 0., 0.],
           [0., 0., 0.]], dtype=float32)
    """
    parameters = list(net.collect_params().values())
    where = {"dtype": parameters[0].dtype, "ctx": parameters[0].list_ctx()[0]} if parameters else {}
    return net((mx.np if mx.util.is_np_array() else nd).array(x, **where)).asnumpy()
