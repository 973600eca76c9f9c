"""Sample a function of a whole row, and hold each entry of its Jacobian against a slope."""

from dataclasses import dataclass
from typing import Any, Callable, Dict, Optional, Tuple

import mxnet as mx
import numpy as np

from gluon_activations.evaluation import check_callable, differentiate, find_context
from gluon_activations.slopes import Check, check_gradient
from gluon_activations.words import decimals, span


@dataclass(frozen=True, eq=False, repr=False)
class Jacobian:
    """What each output of a row does when each input moves, with every entry held against its slope.

    Attributes
    ----------
    x, y : numpy.ndarray, shape (n,), float32
        The row, and what the function makes of it (dimensionless, like all below).
    entries : numpy.ndarray, shape (n, n), float32
        The derivative of ``y[i]`` by ``x[j]``, as autograd gives it, in row i and column j.
    checks : dict of (int, int) to Check
        What each entry was found to be, while its input moves by 1 to either side.

    Examples
    --------
    >>> trace_jacobian(mx.nd.softmax, [0, 0]).entries.tolist()
    [[0.25, -0.25], [-0.25, 0.25]]
    """

    x: np.ndarray
    y: np.ndarray
    entries: np.ndarray
    checks: Dict[Tuple[int, int], Check]

    @property
    def right(self) -> bool:
        """Whether each entry is the slope of its output, as far as can be told."""
        return not any(check.stretches or check.doubts for check in self.checks.values())

    def __repr__(self):
        wrong = [place for place, check in self.checks.items() if check.stretches]
        doubtful = [place for place, check in self.checks.items() if check.doubts and place not in wrong]
        parts = []
        if wrong:
            (i, j), off = max(((place, self.checks[place].off) for place in wrong), key=lambda pair: pair[1])
            parts.append(f"{len(wrong)} of {len(self.checks)} are no slopes: dy[{i}]/dx[{j}] is off by {decimals(off)}")
        if doubtful:
            parts.append(f"of {len(doubtful)} float32 cannot tell")
        told = ", ".join(parts) or "each is the slope of its output"
        return f"y {span(self.y)}\ndy/dx {span(self.entries)}\n{told}"


def trace_jacobian(function: Callable, x: Any, *, ctx: Optional[mx.Context] = None) -> Jacobian:
    """Sample a function of a whole row, such as softmax, and the Jacobian autograd gives it, without drawing.

    Parameters
    ----------
    function : callable
        Works along the last axis of MXNet arrays of shape (m, n), and keeps their shape.
    x : array_like, shape (n,)
        The row, finite. Used as float32.
    ctx : mxnet.Context, optional
        As for `trace_activation`.

    Returns
    -------
    Jacobian

    Raises
    ------
    TypeError, ValueError
        If ``x`` is no row of finite numbers, or as `trace_activation` for what is not elementwise.

    Examples
    --------
    >>> trace_jacobian(mx.nd.softmax, [1, 2, 3])
    y from 0.090 to 0.665
    dy/dx from -0.163 to 0.223
    each is the slope of its output
    """
    check_callable(function)
    ctx = find_context(function, ctx)
    x = np.asarray(x.asnumpy() if isinstance(x, mx.nd.NDArray) else x, dtype=np.float32)
    if x.ndim != 1 or not x.size or not np.isfinite(x).all():
        raise ValueError(f"x must be a row of finite numbers; its shape is {x.shape}.")
    y, entries = differentiate(function, np.tile(x, (x.size, 1)), ctx, np.eye(x.size, dtype=np.float32))
    checks = {}
    for i, j in np.ndindex(x.size, x.size):

        def entry(points, i=i, j=j):
            rows, heads = np.tile(x, (points.size, 1)), np.zeros((points.size, x.size), np.float32)
            rows[:, j], heads[:, i] = points, 1
            values, gradients = differentiate(function, rows, ctx, heads)
            return values[:, i], gradients[:, j]

        points = (x[j] + np.linspace(-1, 1, 11)).astype(np.float32)
        checks[i, j] = check_gradient(entry, points, *entry(points))
    return Jacobian(x, y[0], entries, checks)
