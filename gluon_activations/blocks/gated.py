"""Gates that another half of the input opens."""

import operator
from typing import Callable, Optional

import mxnet as mx
import numpy as np
from mxnet import nd
from mxnet.base import NotImplementedForSymbol
from mxnet.gluon import Block, HybridBlock, nn
from mxnet.util import is_np_array

from gluon_activations.blocks.elementwise import check_floats
from gluon_activations.names import brief, display_name


class GLU(HybridBlock):
    r"""A gated linear unit: the first half of the input, times an activation of the second.

    :math:`f(a, b) = a\,\sigma(b)`, where a and b are the halves of x along an axis, as in PyTorch. Another gate in the
    place of the sigmoid makes a relative: ReLU makes ReGLU, GELU makes GeGLU, Swish makes SwiGLU. Dauphin et al. 2017,
    arXiv 1612.08083; Shazeer 2020, arXiv 2002.05202.

    A layer of n gated units is ``nn.Dense(2 * n)``, or with ``flatten=False``, followed by this block.

    Parameters
    ----------
    gate : callable, optional
        A HybridBlock, an operator of MXNet's, or a function that keeps the shape; the sigmoid by default. In a
        hybridised net a function is given a Symbol.
    axis : int
        Which axis is halved: the last by default, which ``nn.Dense`` makes; 1, the channels, behind ``nn.Conv2D``.

    Raises
    ------
    TypeError
        If ``gate`` is no function and no HybridBlock, returns no array, or cannot be hybridised where that is asked
        for; if ``axis`` is no integer, or x holds none but integers.
    ValueError
        If x has no such axis, or an odd length along it, or ``gate`` changes the shape or the dtype. In the graph of
        a hybridised parent, and from a file, MXNet says so with an MXNetError.

    Examples
    --------
    >>> print(GLU()(nd.array([[1, 2, 0, 100]])).asnumpy())
    [[0.5 2. ]]
    >>> print(GLU(nn.Activation("relu"))(nd.array([[1, 2, -3, 3]])).asnumpy())
    [[0. 6.]]
    """

    def __init__(self, gate: Optional[Callable] = None, axis: int = -1, **kwargs):
        super().__init__(**kwargs)
        if gate is None:
            with self.name_scope():
                gate = nn.Activation("sigmoid")
        hybrid = isinstance(gate, HybridBlock) or not isinstance(gate, Block)
        if not callable(gate) or not hybrid or isinstance(gate, (type, mx.sym.Symbol)):
            raise TypeError(f"gate must be a function or a HybridBlock, such as nn.GELU(), not {brief(gate)}.")
        try:
            self._axis = operator.index(axis)
        except TypeError:
            raise TypeError(f"axis must be an integer, not {brief(axis)}.") from None
        self.gate = gate

    def forward(self, x):
        if isinstance(x, nd.NDArray):
            check_floats(x)
            if not -x.ndim <= self._axis < x.ndim:
                raise ValueError(f"x must have an axis {self._axis}; its shape is {x.shape}.")
            if x.shape[self._axis] % 2:
                raise ValueError(f"x must have an even length along axis {self._axis}; its shape is {x.shape}.")
            if not x.size:
                return x[self._half(x)]  # some of MXNet's operators fail on nothing
        return super().forward(x)

    def _half(self, x):
        index = [slice(None)] * x.ndim
        index[self._axis] = slice(x.shape[self._axis] // 2)
        return tuple(index)

    def hybrid_forward(self, F, x):
        halves = F.split(x.as_nd_ndarray() if is_np_array() else x, num_outputs=2, axis=self._axis)
        value, gate = (half.as_np_ndarray() if is_np_array() else half for half in halves)
        opened = self._opened(F, gate)
        if isinstance(opened, nd.NDArray) and (opened.shape, opened.dtype) != (gate.shape, gate.dtype):
            made = f"{np.dtype(gate.dtype)} of shape {gate.shape} into {np.dtype(opened.dtype)} of {opened.shape}"
            raise ValueError(f"gate must keep shape and dtype; {display_name(self.gate)} turns {made}.")
        if not isinstance(opened, type(value)):
            raise TypeError(f"gate must return an array; {display_name(self.gate)} returns {brief(opened)}.")
        return value * opened

    def _opened(self, F, x):
        if F is nd or isinstance(self.gate, Block):
            return self.gate(x)
        try:
            return _in_symbols(self.gate)(x)
        except (AssertionError, AttributeError, TypeError, NotImplementedForSymbol) as error:
            raise TypeError(
                f"gate must take Symbols to be hybridised, as nn.GELU() does; {display_name(self.gate)} does not."
            ) from error


def _in_symbols(gate):
    """Return the operator for Symbols, if this is one of MXNet's for arrays, such as ``nd.sigmoid``; else itself."""
    name = getattr(gate, "__name__", "")
    for arrays, symbols in ((nd, mx.sym), (mx.npx, mx.sym.npx), (mx.np, mx.sym.np)):
        if getattr(arrays, name, None) is gate:
            return getattr(symbols, name)
    return gate
