"""Sample a function of two inputs, and hold both of its gradients against its slopes, line by line."""

from dataclasses import dataclass
from typing import Any, Callable, Dict, Optional

import mxnet as mx
import numpy as np

from gluon_activations.curves import Curve, trace_activation
from gluon_activations.evaluation import OfOne, check_callable, differentiate, find_context, points
from gluon_activations.names import display_name
from gluon_activations.words import decimals, span

_LINES = 41  # along each axis, so many are held against their slopes, or all if there are fewer


@dataclass(frozen=True, eq=False, repr=False)
class Surface:
    """A sampled function of two inputs, a and b, with each of its gradients held against its slope.

    Its ``repr`` says between which values f(a, b) and both gradients lie, and whether they are its slopes.

    Attributes
    ----------
    a, b : numpy.ndarray, shape (n,) and (m,), float32
        The axes (dimensionless, like all below).
    value, gradient_a, gradient_b : numpy.ndarray, shape (m, n), float32
        f(a, b), and its derivatives as autograd gives them; a row for each b.
    along_a, along_b : dict of float to Curve
        The lines that were held against their slopes: for a b its curve along a, and for an a its curve along b.

    Examples
    --------
    >>> surface = trace_surface(lambda a, b: a * b, [0, 1], [0, 2, 4])
    >>> surface.value.tolist(), surface.along_a[4.0].gradient.tolist()
    ([[0.0, 0.0], [0.0, 2.0], [0.0, 4.0]], [4.0, 4.0])
    """

    a: np.ndarray
    b: np.ndarray
    value: np.ndarray
    gradient_a: np.ndarray
    gradient_b: np.ndarray
    along_a: Dict[float, Curve]
    along_b: Dict[float, Curve]

    @property
    def right(self) -> bool:
        """Whether both gradients are slopes of f(a, b), along all lines and whatever dy is, as far as can be told."""
        return not _accused(self.along_a) and not _accused(self.along_b) and bool(np.isfinite(self.value).any())

    def __repr__(self):
        spans = (("f(a, b)", self.value), ("df/da", self.gradient_a), ("df/db", self.gradient_b))
        return "\n".join([*(f"{name} {span(values)}" for name, values in spans), self.verdict])

    @property
    def verdict(self) -> str:
        """Whether df/da and df/db are slopes of f(a, b), and if not, where and by how much they are off."""
        if not np.isfinite(self.value).any():
            return "the gradients cannot be judged: f(a, b) is nowhere finite"
        if self.right:
            return "df/da and df/db are the slopes of f(a, b)"
        return f"df/da {_verdict('a', 'b', self.along_a)}\ndf/db {_verdict('b', 'a', self.along_b)}"


def trace_surface(activation: Callable, a: Any = None, b: Any = None, *, ctx: Optional[mx.Context] = None) -> Surface:
    """Sample a function of two inputs, and the gradient autograd gives for each of them, without drawing.

    Each gradient is held against the slope of the function by `trace_activation`, along lines of the grid on which the
    other input stays as it is: all of them, or 41 in each direction. What happens between the lines is not seen.

    Parameters
    ----------
    activation : callable
        Of two MXNet arrays of one shape, elementwise: as for `trace_activation`, but for the second array.
    a, b : array_like, shape (n,) and (m,), optional
        Points of both axes, two at least, finite and increasing; by default 41 on [-4, 4]. Used as float32.
    ctx : mxnet.Context, optional
        As for `trace_activation`.

    Returns
    -------
    Surface

    Raises
    ------
    TypeError, ValueError
        As `trace_activation`; and if ``a`` or ``b`` holds a single point.

    See Also
    --------
    visualize_surface : the same, drawn.

    Examples
    --------
    >>> from mxnet import nd
    >>> trace_surface(lambda a, b: a * nd.sigmoid(b))
    f(a, b) from -3.928 to 3.928
    df/da from 0.018 to 0.982
    df/db from -1.000 to 1.000
    df/da and df/db are the slopes of f(a, b)
    """
    a, b = _axis("a", a), _axis("b", b)
    check_callable(activation)
    ctx = find_context(activation, ctx)
    every_a, every_b = (grid.ravel() for grid in np.meshgrid(a, b))
    value, gradient_a = differentiate(OfOne(activation, 0, every_b), every_a, ctx)
    _, gradient_b = differentiate(OfOne(activation, 1, every_a), every_b, ctx)
    value, gradient_a, gradient_b = (grid.reshape(b.size, a.size) for grid in (value, gradient_a, gradient_b))
    along_a, along_b = {}, {}
    for i in _some(b):
        line = along_a[float(b[i])] = trace_activation(OfOne(activation, 0, b[i]), a, ctx=ctx)
        _check_elementwise(activation, (line.y, value[i], value), (line.gradient, gradient_a[i], gradient_a))
    for j in _some(a):
        line = along_b[float(a[j])] = trace_activation(OfOne(activation, 1, a[j]), b, ctx=ctx)
        _check_elementwise(activation, (line.y, value[:, j], value), (line.gradient, gradient_b[:, j], gradient_b))
    return Surface(a, b, value, gradient_a, gradient_b, along_a, along_b)


def _axis(name, x):
    x = np.linspace(-4, 4, 41, dtype=np.float32) if x is None else points(name, x)
    if x.size < 2:
        raise ValueError(f"{name} must hold at least two points; it holds one.")
    return x


def _some(axis):
    return np.unique(np.linspace(0, axis.size - 1, min(axis.size, _LINES)).astype(int))


def _check_elementwise(activation, *sampled):
    """Raise a ValueError if a line gives other numbers alone than it does within the grid."""
    for alone, within, grid in sampled:
        size = np.abs(grid[np.isfinite(grid)]).max(initial=0)
        if not np.allclose(alone, within, rtol=1e-4, atol=1e-6 * size, equal_nan=True):
            name = display_name(activation)
            raise ValueError(f"activation must be elementwise; in {name} other pairs of inputs count too.")


def _accused(lines):
    """Return the lines, by where they lie, on which something is said against the gradient; the worst first."""
    found = {at: c for at, c in lines.items() if c.check.stretches or c.check.doubts or c.other_dy is not None}
    return sorted(found.items(), key=lambda pair: (-pair[1].check.off, not pair[1].check.stretches))


def _verdict(name, other, lines):
    accused = _accused(lines)
    if not accused:
        return "is the slope of f(a, b)"
    at, worst = accused[0]
    said = worst.verdict.replace("f(x)", "f(a, b)").replace("x = ", f"{name} = ")
    return f"{said} (where {other} = {decimals(at)}; the like on {len(accused)} of {len(lines)} lines)"
