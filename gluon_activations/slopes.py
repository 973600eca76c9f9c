"""Is this gradient the slope of this function? Of plain callables and NumPy arrays alone.

A right gradient g of a function f fulfils f(b) - f(a) = integral of g from a to b, wherever a and b lie. So the axis is
cut into short intervals, and g is integrated over each by a polynomial through it. What then is left of f's rise adds
up, over any stretch of the axis, to what g is off by: the drift. Against it stands f's rounding, which is read off f.
"""

from typing import Callable, List, NamedTuple, Tuple

import numpy as np

from gluon_activations.intervals import EPS, NEGLIGIBLE, ROUNDINGS, cut_axis, look

TOLERANCE = 3e-5  # what g may be off by, as a share of itself; rounding comes on top
UNSEEN = 0.1  # where more than this share of the mean slope could be off unseen, nothing is said of right or wrong

Stretches = List[Tuple[float, float]]


class Check(NamedTuple):
    """What `check_gradient` found; dimensionless, as f and x are.

    Attributes
    ----------
    slope : numpy.ndarray, shape (n,)
        f's central difference quotient at each point.
    wrong, unsure : numpy.ndarray, shape (n,), bool
        Where the gradient is no slope of f, and where float32 cannot tell.
    stretches, doubts : list of (float, float)
        The same as intervals of the axis; what is wrong at a single point only begins and ends there.
    off, nearest : float
        How far, at most, the gradient is from the nearest slope that would be right, and that slope. At a corner, any
        between the left and the right one would be. 0 if nothing is wrong, infinite if the gradient is not finite.
    """

    slope: np.ndarray
    wrong: np.ndarray
    unsure: np.ndarray
    stretches: Stretches
    doubts: Stretches
    off: float
    nearest: float


def check_gradient(evaluate: Callable, x: np.ndarray, y: np.ndarray, gradient: np.ndarray) -> Check:
    """Hold a gradient against the slope of its function, all along the axis.

    What is seen, by ``benchmarks/check_gradients.py``: on every activation of the catalogue, and on [-10, 10], [-1, 1]
    and [-100, 100], a gradient that is off by 4e-5 of itself everywhere, or by a hundredth on a 200th of the axis.

    What is not: what changes f by less than a millionth of its height, such as a lost tail; what float32's rounding
    hides, which is said where it may be a tenth of the mean slope; what happens on less than a 4,000th of the axis,
    unless one of the points lies there. Jumps of f are no slopes; but if they are many, and too small to be told from
    rounding, they are taken for one.

    Parameters
    ----------
    evaluate : callable
        Takes points, shape (m,), float32, and returns f and g there, each of shape (m,). Both are elementwise.
    x, y, gradient : numpy.ndarray, shape (n,), float32
        The points asked for, in increasing order, and what ``evaluate`` returns for them.

    Returns
    -------
    Check

    Examples
    --------
    >>> x = np.linspace(-2, 2, 101, dtype="float32")
    >>> check_gradient(lambda x: (x**2, 2 * x), x, x**2, 2 * x).stretches
    []
    >>> check = check_gradient(lambda x: (x**2, 2.01 * x), x, x**2, 2.01 * x)
    >>> len(check.stretches), round(check.off, 3)
    (2, 0.02)
    """
    with np.errstate(all="ignore"):
        found = look(evaluate, cut_axis(x))
        wrong, doubtful = _judge(found)
        stretches = _runs(found, wrong)
        slope, outside = _points(evaluate, x, y, gradient, found)
        murky = doubtful | found.erratic
        murky = murky[_at(found, x)] | murky[_after(found, x)]
        alone = outside & (~murky | ~np.isfinite(gradient))
        at = _touched(x, stretches) | alone
        stretches = _joined(stretches + [(point, point) for point in x[alone].tolist()])
        doubts = [(low, high) for low, high in _runs(found, doubtful) if not alone[(low <= x) & (x <= high)].any()]
        doubts = _joined(doubts + [(point, point) for point in x[outside & ~alone & ~at].tolist()])
        off, nearest = _worst(evaluate, x[at], found, wrong) if stretches else (0.0, 0.0)
        return Check(slope, at, _touched(x, doubts) & ~at, stretches, doubts, off, nearest)


def _judge(found):
    """Return on which intervals the gradient is wrong, and on which nothing can be said."""
    count, span = found.left.size, found.right[-1] - found.left[0]
    columns = (found.drift, found.calm, found.size, found.doubt, found.rise)
    sums = [np.append(0, np.cumsum(np.where(found.blind, 0, column))) for column in columns]
    height = max(sums[2][-1], np.ptp(sums[-1]))
    grain = _grain(found, sums[0], height)
    noise = NEGLIGIBLE * height / 2 + np.maximum(_spread(found.noise), grain)
    wrong, unseen = found.broken.copy(), np.full(count, np.inf)
    for m in 2 ** np.arange(count.bit_length()):  # stretches of m intervals, short ones first
        drift, calm, size, doubt, _ = (v[m:] - v[:-m] for v in sums)
        allowed = TOLERANCE * size + 3 * doubt + noise[: count - m + 1] + noise[m - 1 :]
        barriers = np.append(0, np.cumsum(wrong | found.blind))
        caught = (np.minimum(np.abs(drift), np.abs(calm)) > allowed) & (barriers[m:] == barriers[:-m])
        begun = np.append(caught, np.zeros(m - 1, dtype=int)).cumsum()
        wrong |= begun > np.append(np.zeros(m, dtype=int), begun)[:count]
        width = found.right[m - 1 :] - found.left[: count - m + 1]
        for start in {0, count % m}:  # side by side from the left end, and so that they reach the right one
            blocks = np.where((width <= span / 4) | (m == 1), allowed / width, np.inf)[start::m]
            covered = slice(start, start + blocks.size * m)
            unseen[covered] = np.minimum(unseen[covered], np.repeat(blocks, m))
    if grain > max(100 * EPS, 1e-4 * height):  # too coarse for float32: f may be meant as a staircase
        unseen[:] = np.inf
    beside = _spread(found.blind)  # where f ends, it may be as steep as it likes
    mean = np.maximum(height / span, found.size / (found.right - found.left))
    return wrong, (unseen > UNSEEN * mean) & ~found.still & ~beside & ~wrong


def _grain(found, drift, height):
    """Return how far f's rounding moves it, if it is a staircase around the curve that the gradient describes, else 0.

    So is what subtracts nearly equal numbers, as e^x - 1 near 0 does. Its steps make up for what they leave out.
    """
    step = found.leap.max()
    staircase = np.ptp(drift) <= 3 * step and found.leaps.sum() >= 8 * step
    staircase &= step <= max(64 * EPS, 0.01 * height)
    return 1.5 * step if staircase else 0


def _spread(column):
    """Return the largest of each interval and of four to either side: rounding may come and go."""
    return np.max([np.pad(column, 4)[k : k + column.size] for k in range(9)], axis=0)


def _runs(found, marked):
    edges = np.flatnonzero(np.diff(marked, prepend=False, append=False))
    return [(found.left[a], found.right[b - 1]) for a, b in zip(edges[::2].tolist(), edges[1::2].tolist())]


def _joined(stretches):
    joined = []
    for low, high in sorted(stretches):
        if joined and low <= joined[-1][1]:
            low, high = joined[-1][0], max(high, joined.pop()[1])
        joined.append((low, high))
    return joined


def _touched(x, stretches):
    """Return which points lie within a stretch; the nearest of all, where none does."""
    touched = np.zeros(x.size, dtype=bool)
    for low, high in stretches:
        first = np.searchsorted(x, low, side="right" if low > x[0] else "left")
        last = np.searchsorted(x, high, side="left" if high < x[-1] else "right")
        touched[slice(first, last) if first < last else np.abs(x - (low + high) / 2).argmin()] = True
    return touched


def _at(found, x):
    return np.minimum(np.searchsorted(found.right, x), found.right.size - 1)


def _after(found, x):
    return np.minimum(np.searchsorted(found.right, x, side="right"), found.right.size - 1)


def _points(evaluate, x, y, gradient, found):
    """Return the slope at each point, and where the gradient is not between those left and right, said and measured."""
    i, j = _at(found, x), _after(found, x)
    peak, sway = (np.maximum(column[i], column[j]) for column in (found.peak, found.sway))
    width = np.minimum((found.right - found.left)[i], (found.right - found.left)[j])
    near, far = np.maximum(width / 2**14, 4 * np.spacing(np.abs(x))), width / 4
    around = [(x + h).astype(np.float32) for h in (-far, -near, near, far)]
    (left, _, _, right), (_, before, after, _) = (np.split(v, 4) for v in evaluate(np.concatenate(around)))
    slope = ((right - left) / (around[3] - around[0])).astype(np.float32)
    mean = found.size[~found.blind].sum() / (found.right[-1] - found.left[0])
    slack = 1e-3 * peak + 1e-5 * mean + 4 * near * sway + ROUNDINGS * EPS * (np.abs(x) * sway + peak)
    outside = np.full(x.size, True)
    for one, other in ((before, after), ((y - left) / (x - around[0]), (right - y) / (around[3] - x))):
        outside &= (gradient < np.minimum(one, other) - slack) | (gradient > np.maximum(one, other) + slack)
    outside &= np.isfinite(before) & np.isfinite(after)
    return slope, np.isfinite(y) & (outside | ~np.isfinite(gradient))


def _worst(evaluate, x, found, wrong):
    """Return how far the gradient is, at most, from the nearest slope that would be right, and that slope."""
    middle = ((found.left + found.right) / 2)[wrong]
    x = np.concatenate([v[:: -(-v.size // 1000) or 1] for v in (x, middle)]).astype(np.float32)
    h = (found.right - found.left)[_at(found, x)] / 4
    around = [(x + k * h).astype(np.float32) for k in (-1, -0.5, 0, 0.5, 1)]
    (a, b, y, c, d), (_, _, g, _, _) = (np.split(v.astype(float), 5) for v in evaluate(np.concatenate(around)))
    sides = (3 * y - 4 * b + a) / h, (4 * c - 3 * y - d) / h
    nearest = np.clip(g, np.fmin(*sides), np.fmax(*sides))
    off = np.abs(g - nearest)
    if not np.isfinite(g[np.isfinite(y)]).all() or not np.isfinite(off).any():
        return np.inf, np.nan
    return float(np.nanmax(off)), float(nearest[np.nanargmax(off)])
