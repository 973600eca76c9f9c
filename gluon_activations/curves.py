"""Sample a function, differentiate it with autograd, and hold the one against the other."""

from dataclasses import dataclass
from typing import Any, Callable, Optional

import mxnet as mx
import numpy as np

from gluon_activations.evaluation import check_callable, differentiate, evaluate, find_context, points
from gluon_activations.names import display_name
from gluon_activations.slopes import Check, check_gradient
from gluon_activations.words import decimals, span


@dataclass(frozen=True, eq=False, repr=False)
class Curve:
    """A sampled activation, with its gradient held against its slope.

    Its ``repr`` says between which values f(x) and f'(x) lie, and whether f'(x) is the slope of f(x).

    Attributes
    ----------
    x, y : numpy.ndarray, shape (n,), float32
        The points, and the activation's values there (dimensionless, like all below).
    gradient : numpy.ndarray, shape (n,), float32
        The derivative of ``y`` as autograd gives it.
    check : Check
        What the gradient was found to be, all along the axis and not at the points alone.
    other_dy : numpy.ndarray, shape (n,), float32, or None
        None, if the gradient scales with dy, the gradient that comes from the layers behind. Else what it is with
        another dy, divided by that.

    Examples
    --------
    >>> curve = trace_activation(mx.gluon.nn.SELU(), [-2, 0, 2])
    >>> curve.right, curve.wrong.tolist()
    (False, [True, False, False])
    """

    x: np.ndarray
    y: np.ndarray
    gradient: np.ndarray
    check: Check
    other_dy: Optional[np.ndarray] = None

    @property
    def slope(self) -> np.ndarray:
        """What the curve itself does, by its central difference quotient, shape (n,)."""
        return self.check.slope

    @property
    def wrong(self) -> np.ndarray:
        """Where the gradient is no slope of the curve, shape (n,). At a corner, any between left and right is one."""
        return self.check.wrong

    @property
    def right(self) -> bool:
        """Whether the gradient is the slope of the curve, everywhere and whatever dy is, as far as can be told."""
        found = self.check.stretches or self.check.doubts or self.other_dy is not None
        return not found and bool(np.isfinite(self.y).any())

    def __repr__(self):
        return f"f(x) {span(self.y)}\nf'(x) {span(self.gradient)}\nf'(x) {self.verdict}"

    @property
    def verdict(self) -> str:
        """Whether f'(x) is the slope of f(x), and if not, where and by how much it is off."""
        check, parts = self.check, []
        if not np.isfinite(self.y).any():
            return "cannot be judged: f(x) is nowhere finite"
        if check.stretches:
            much = "not finite there" if not np.isfinite(check.off) else self._amount()
            parts.append(f"is not the slope of f(x) {self._places(check.stretches)}: {much}")
        if check.doubts:
            parts.append(f"may or may not be the slope of f(x) {self._places(check.doubts)}: float32 cannot tell")
        parts = parts or ["is the slope of f(x)"]
        if self.other_dy is not None:
            parts.append(f"{'and' if check.stretches else 'but'} the gradient does not scale with dy")
        return ", ".join(parts)

    def _amount(self):
        off, nearest = self.check.off, self.check.nearest
        steepest = np.abs(self.gradient[np.isfinite(self.gradient)]).max(initial=0)
        share = off / abs(nearest) if nearest else np.inf
        # Of a smaller share, half can be rounding.
        percent = "under 0.1 %" if share < 5e-4 else f"{100 * share:.2g} %"
        there = f"{percent} of the slope there" if share < 0.995 else f"where it is {decimals(nearest, steepest)}"
        return f"off by up to {decimals(off, min(steepest, 100 * off))}, {there}"

    def _places(self, stretches):
        scale = max(np.abs(self.x[[0, -1]]).max(), np.ptp(self.x[[0, -1]]))
        ends = [[decimals(end, scale) for end in stretch] for stretch in stretches[:3]]
        more = f" and {len(stretches) - 3} more stretches" if len(stretches) > 3 else ""
        return ", ".join(f"at x = {a}" if a == b else f"from x = {a} to {b}" for a, b in ends) + more


def trace_activation(activation: Callable, x: Any = None, *, ctx: Optional[mx.Context] = None) -> Curve:
    """Sample an activation, and the gradient autograd gives it, without drawing.

    The gradient is held against the slope of the curve, along the whole axis: see `slopes.check_gradient` for what is
    seen. And it is asked for with several dy, the gradient that comes from the layers behind: ones, and others of both
    signs, of uneven size, and zero. It must scale with them, element by element, as the chain rule says.

    The activation runs in prediction mode, and nothing of the caller's is changed: parameters keep their gradients,
    and what is not initialised stays so. Only an activation that draws random numbers moves MXNet's generator, which
    cannot be put back.

    Parameters
    ----------
    activation : callable
        Elementwise on MXNet arrays: a Block (initialised), a function, an operator, an
        ``autograd.Function``. It is given ``mx.np`` arrays after ``npx.set_np()``, else ``mx.nd``.
    x : array_like, shape (n,), optional
        Points to sample, finite and increasing; 501 on [-10, 10] by default. Used as float32.
    ctx : mxnet.Context, optional
        Where to compute; by default where the Block's parameters are, else the current context.

    Returns
    -------
    Curve

    Raises
    ------
    TypeError
        If ``activation`` is not callable or returns no MXNet array, ``x`` holds no real numbers, or
        ``ctx`` is no context.
    ValueError
        If ``activation`` is not elementwise, changes shape or dtype, is random, is a Block that is
        not initialised, or has no gradient; if ``x`` is empty, not 1-D, not finite or not
        increasing; or if ``ctx`` does not exist.

    See Also
    --------
    visualize_activation : the same, drawn.

    Examples
    --------
    >>> from mxnet.gluon import nn
    >>> trace_activation(nn.ELU())
    f(x) from -1.000 to 10.000
    f'(x) from 0.000 to 1.000
    f'(x) is the slope of f(x)
    """
    x = np.linspace(-10, 10, 501, dtype=np.float32) if x is None else points("x", x)
    check_callable(activation)
    ctx = find_context(activation, ctx)

    def sample(x):
        return differentiate(activation, x, ctx)

    y, gradient = sample(x)
    _check_elementwise(activation, x, y, ctx)
    other_dy = _other_dy(activation, x, gradient, ctx)
    curve = Curve(x, y, gradient, check_gradient(sample, x, y, gradient), other_dy)
    if not curve.right and not all(map(np.array_equal, sample(x), (y, gradient), [True, True])):
        raise ValueError(f"activation must be deterministic; {display_name(activation)} differs from call to call.")
    return curve


def _other_dy(activation, x, gradient, ctx):
    """Return None, or the gradient with a dy with which it does not scale, divided by that."""
    step = -(-x.size // 5000)
    some, wanted = x[::step], gradient[::step]
    tiled = np.tile(some, -(-300 // some.size))  # few points have several turns
    size = np.abs(wanted[np.isfinite(wanted)]).max(initial=0)
    for dy in _heads(tiled.size):
        _, given = differentiate(activation, tiled, ctx, dy)
        dy, given = dy.reshape(-1, some.size), given.reshape(-1, some.size)
        with np.errstate(all="ignore"):
            share = np.where(np.abs(dy) < 1, 0.03, 1e-4)  # a small dy loses digits where what it multiplies is tiny
            right = np.abs(given - dy * wanted) <= np.abs(dy) * (share * np.abs(wanted) + 1e-5 * size)
            # A large dy may overflow where the gradient does not.
            untold = ~np.isfinite(wanted) | (~np.isfinite(given) & (np.abs(dy) > 1))
            if not (right | untold).all():
                scaled = np.where(right | untold, wanted, given / dy)
                worst = np.abs(scaled - wanted).argmax(axis=0)  # what is no number counts as the largest
                return np.interp(x, some, scaled[worst, np.arange(some.size)]).astype(np.float32)
    return None


def _heads(count):
    """Return several dy: of both signs, of uneven size, and zero."""
    rng = np.random.RandomState(0)
    # Powers of two, by which float32 scales without rounding, however much of a gradient cancels; large and small ones.
    uneven = rng.choice([-1, 1], count) * 2 ** rng.permutation(np.linspace(-12, 16, count).round())
    return np.array([np.full(count, -2), uneven, -uneven[::-1], np.zeros(count)], dtype=np.float32)


def _check_elementwise(activation, x, y, ctx):
    size = np.abs(y[np.isfinite(y)]).max(initial=0)

    def gives(order):
        return np.allclose(evaluate(activation, x[order], ctx), y[order], rtol=1e-4, atol=1e-6 * size, equal_nan=True)

    # An elementwise function cannot tell where a number stands, nor that it sees a quarter of them only. Others can:
    # the least, the largest, the mean and the first are all others there.
    quarter = slice(x.size // 4, x.size // 2 + 1)
    if gives(np.random.RandomState(0).permutation(x.size)) and gives(quarter):
        return
    if gives(slice(None)):
        raise ValueError(f"activation must be elementwise; in {display_name(activation)} other inputs count too.")
    raise ValueError(f"activation must be deterministic; {display_name(activation)} differs from call to call.")
