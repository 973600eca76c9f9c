"""Sample a function of a whole row, and hold each entry of its Jacobian against a slope."""

from dataclasses import dataclass
from typing import Any, Callable, Dict, Optional, Tuple

import mxnet as mx
import numpy as np

from gluon_activations.evaluation import check_callable, differentiate, evaluate, find_context
from gluon_activations.names import brief, display_name
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
    scales : bool
        Whether with another dy, the gradient that comes from the layers behind, autograd gives dy times ``entries``.

    Examples
    --------
    >>> trace_jacobian(mx.nd.softmax, [0, 0]).entries.tolist()
    [[0.25, -0.25], [-0.25, 0.25]]
    """

    x: np.ndarray
    y: np.ndarray
    entries: np.ndarray
    checks: Dict[Tuple[int, int], Check]
    scales: bool = True

    @property
    def right(self) -> bool:
        """Whether each entry is the slope of its output, and whatever dy is, as far as can be told."""
        found = any(check.stretches or check.doubts for check in self.checks.values())
        return self.scales and not found and bool(np.isfinite(self.y).all())

    def __repr__(self):
        return f"y {span(self.y)}\ndy/dx {span(self.entries)}\n{self._verdict()}"

    def _verdict(self):
        if not np.isfinite(self.y).all():
            return "the entries cannot be judged: y is not finite"
        wrong = [place for place, check in self.checks.items() if check.stretches]
        doubtful = [place for place, check in self.checks.items() if check.doubts and place not in wrong]
        parts = []
        if wrong:
            (i, j), off = max(((place, self.checks[place].off) for place in wrong), key=lambda pair: pair[1])
            amount = decimals(off, min(1, 100 * off))
            parts.append(f"{len(wrong)} of {len(self.checks)} are no slopes: dy[{i}]/dx[{j}] is off by {amount}")
        if doubtful:
            parts.append(f"of {len(doubtful)} float32 cannot tell")
        parts = parts or ["each is the slope of its output"]
        return ", ".join(parts + ["but the gradient does not scale with dy"] * (not self.scales))


def trace_jacobian(activation: Callable, x: Any, *, ctx: Optional[mx.Context] = None) -> Jacobian:
    """Sample a function of a whole row, such as softmax, and the Jacobian autograd gives it, without drawing.

    Each entry is held against a slope, to a hundredth of the accuracy that the largest one is. And the gradient is
    asked for with dy of both signs, of uneven size, and zero: it must be dy times the Jacobian, as the chain rule says.

    Parameters
    ----------
    activation : callable
        Works along the last axis of MXNet arrays of shape (m, n), on each row alone, and keeps their shape.
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
    check_callable(activation)
    ctx = find_context(activation, ctx)
    x = _row(x)
    y, entries = differentiate(activation, np.tile(x, (x.size, 1)), ctx, np.eye(x.size, dtype=np.float32))
    _check_rows(activation, x, y, ctx)
    checks, finite = {}, np.abs(entries[np.isfinite(entries)])
    # With a known slope added, an entry is not held against its own size alone, of which rounding may leave nothing.
    ramp = np.float32(0.01 * finite.max(initial=0))
    for i, j in np.ndindex(x.size, x.size):

        def entry(points, i=i, j=j):
            rows, heads = np.tile(x, (points.size, 1)), np.zeros((points.size, x.size), np.float32)
            rows[:, j], heads[:, i] = points, 1
            values, gradients = differentiate(activation, rows, ctx, heads)
            return values[:, i] + ramp * (points - x[j]), gradients[:, j] + ramp

        points = (x[j] + np.linspace(-1, 1, 11)).astype(np.float32)
        checks[i, j] = check_gradient(entry, points, *entry(points))
    return Jacobian(x, y[0], entries, checks, _scales(activation, x, entries, ctx))


def _row(x):
    row = np.asarray(x.asnumpy() if isinstance(x, mx.nd.NDArray) else x)
    if row.dtype.kind not in "biuf":
        raise TypeError(f"x must be a row of real numbers, not {brief(x)}.")
    with np.errstate(over="ignore"):
        row = row.astype(np.float32)
    if row.ndim != 1 or not row.size:
        raise ValueError(f"x must be a row of finite numbers; its shape is {row.shape}.")
    if not np.isfinite(row).all():
        raise ValueError(f"x must be a row of finite numbers in float32; at index {np.isfinite(row).argmin()} not.")
    return row


def _check_rows(activation, x, y, ctx):
    """Raise a ValueError if a row is turned into something else beside other rows, or another time."""
    others = np.concatenate([x[None], x + np.eye(x.size, dtype=np.float32)])
    for row in (evaluate(activation, others, ctx)[0], evaluate(activation, x[None], ctx)[0]):
        if not np.allclose(row, y, rtol=1e-4, atol=1e-6 * np.abs(y[np.isfinite(y)]).max(initial=0), equal_nan=True):
            name = display_name(activation)
            raise ValueError(f"activation must make the same of a row whatever is beside it; {name} does not.")


def _scales(activation, x, entries, ctx):
    """Return whether dy of both signs, uneven in a row, more so from row to row, and 0, give dy times the entries."""
    rng, shape = np.random.RandomState(0), (29, x.size)
    dy = rng.choice([-1, 1], shape) * 2.0 ** (rng.randint(-2, 3, shape) + np.arange(-12, 17)[:, None])
    dy = np.concatenate([dy, np.zeros((1, x.size))]).astype(np.float32)
    y, given = differentiate(activation, np.tile(x, (len(dy), 1)), ctx, dy)
    with np.errstate(all="ignore"):
        wanted = dy @ entries
        size = np.abs(dy) @ np.abs(entries) + 0.01 * np.abs(dy) @ np.abs(y[0])[:, None] / max(1, np.abs(x).max())
        right = np.abs(given - wanted) <= 1e-4 * size.max(axis=1, keepdims=True)
        # A large dy may overflow where the entries do not.
        untold = ~np.isfinite(wanted) | (~np.isfinite(given) & (np.abs(dy) > 1).any(axis=1, keepdims=True))
    return bool((right | untold).all())
