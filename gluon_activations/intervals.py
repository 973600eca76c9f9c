"""How far a function rises on each of many short intervals, and how far its gradient says that it does."""

from typing import NamedTuple

import numpy as np
from numpy.polynomial import chebyshev

EPS = 2.0**-24  # the largest rounding of float32, as a share of the number rounded
ROUNDINGS = 16  # how many of them f may have suffered
NEGLIGIBLE = 1e-6  # what is less than this share of the curve's height is not seen
INTERVALS = 400  # over the whole axis, before any is halved
HALVINGS = 16
LOOKS = 6  # how often an interval is halved because f jumps there: among short ones, those with a jump are few
BUDGET = 2**19  # f and g are evaluated at hardly more points than these

# Seventeen places of an interval [-1, 1]: both ends, and fifteen between them, at which g is known. Every second of
# those gives a coarser integral, which tells how good the finer one is.
_PLACES = -np.cos(np.arange(17) * np.pi / 16)
_LENGTHS = np.diff(_PLACES)


def _integrals(nodes, ends):
    """Return the matrix that takes values at the nodes to the integrals, from -1, of the polynomial through them."""
    rises = [chebyshev.chebval(ends, chebyshev.chebint(row, lbnd=-1)) for row in np.eye(nodes.size)]
    return np.transpose(rises) @ np.linalg.inv(chebyshev.chebvander(nodes, nodes.size - 1))


_FINE = _integrals(_PLACES[1:-1], _PLACES)
_COARSE = _integrals(_PLACES[2:-1:2], np.ones(1))[0]


class Intervals(NamedTuple):
    """From left to right, with what f and g do on each."""

    left: np.ndarray
    right: np.ndarray
    peak: np.ndarray  # the largest abs(g)
    sway: np.ndarray  # the largest g less the least, as a share of the width
    rise: np.ndarray  # f at the right end less f at the left one
    integral: np.ndarray  # of g
    size: np.ndarray  # of abs(g)
    doubt: np.ndarray  # how far the integral may be off
    drift: np.ndarray  # the rise less the integral
    calm: np.ndarray  # ... less leaps too, which may be jumps of f, or its rounding
    noise: np.ndarray  # how far f may be off
    leap: np.ndarray  # the largest leap
    leaps: np.ndarray  # all of them, added up
    erratic: np.ndarray  # f leaps, or is off by more than rounding explains
    still: np.ndarray  # f does not change, and g is 0
    blind: np.ndarray  # f is not finite somewhere
    broken: np.ndarray  # f is finite somewhere, and g is not
    mixed: np.ndarray  # ... and elsewhere it is not so


def cut_axis(x):
    """Cut the axis into some `INTERVALS`, at the points asked for and between them, none too short for float32."""
    x = x.astype(float)
    reach = np.abs(x[[0, -1]]).max()
    if x.size == 1:
        x = x + 2**-7 * max(1, reach) * np.array([-1, 0, 1])
    knots = np.append(x[: -1 : -(-x.size // INTERVALS)], x[-1])
    parts = -(-INTERVALS // (knots.size - 1))
    edges = np.interp(np.arange((knots.size - 1) * parts + 1) / parts, np.arange(knots.size), knots)
    kept = [edges[0]]
    for edge in edges.astype(np.float32).tolist():
        if edge - kept[-1] > 2.0**-12 * reach:
            kept.append(edge)
    return np.array([*kept[: max(len(kept) - 1, 1)], edges[-1]])


def look(evaluate, edges):
    """Return the intervals, each halved until g is smooth on it, or it is as short as float32 allows."""
    done, left, right, whole, budget = [], edges[:-1], edges[1:], None, BUDGET
    for halving in range(HALVINGS + 1):
        now = _measure(left, right, *_sample(evaluate, left, right))
        if whole is None:
            total = now.size.sum()
        else:  # what halving changed is how far off the whole was
            slip = np.abs(whole - now.integral.reshape(2, -1).sum(axis=0))
            now = now._replace(doubt=np.maximum(now.doubt, np.tile(slip, 2)))
        budget -= _PLACES.size * left.size
        reach, width = np.maximum(np.abs(left), np.abs(right)), right - left
        smooth = 1e-5 * now.size + NEGLIGIBLE * total + ROUNDINGS * EPS * (reach * now.sway + now.peak) * width
        more = (now.doubt > smooth) | now.mixed | (now.erratic & (halving < LOOKS))
        more &= (width > 2.0**-11 * reach) & (halving < HALVINGS) & (2 * _PLACES.size * more.sum() < budget)
        done.append([column[~more] for column in now])
        if not more.any():
            break
        whole = now.integral[more]
        middle = ((left + right) / 2)[more].astype(np.float32).astype(float)
        left, right = np.append(left[more], middle), np.append(middle, right[more])
    columns = [np.concatenate(parts) for parts in zip(*done)]
    order = np.argsort(columns[0])
    return Intervals(*[column[order] for column in columns])


def _sample(evaluate, left, right):
    """Return places, shape (m, 17), with f there and whether it and g are finite, and g between the ends."""
    exact = left[:, None] + (right - left)[:, None] * (_PLACES + 1) / 2
    points = exact.astype(np.float32)
    y, g = (values.reshape(points.shape).astype(float) for values in evaluate(points.ravel()))
    seen, bad = np.isfinite(y), np.isfinite(y) & ~np.isfinite(g)
    y, g = np.where(seen, y, 0), np.where(seen & np.isfinite(g), g, 0)
    # f where it should have been asked for. At the ends, which float32 holds, g may be one of a corner's many.
    return exact, seen, bad[:, 1:-1], y - g * (points - exact), g[:, 1:-1]


def _measure(left, right, exact, seen, bad, y, g):
    half, reach, peak = (right - left) / 2, np.abs(exact).max(axis=1), np.abs(g).max(axis=1)
    integral, size = half * (g @ _FINE[-1]), half * (np.abs(g) @ _FINE[-1])
    steps = np.diff(y) - half[:, None] * np.diff(g @ _FINE.T)
    rounding = EPS * (np.abs(y).max(axis=1) + reach * peak)
    # A drift is steady from step to step, and rounding is not.
    uneven = steps[:, 1:] * _LENGTHS[:-1] - steps[:, :-1] * _LENGTHS[1:]
    rough = np.median(np.abs(uneven) / (_LENGTHS[1:] + _LENGTHS[:-1]), axis=1)
    steady = np.median(steps / _LENGTHS, axis=1)[:, None] * _LENGTHS
    leaps = np.abs(steps - steady) > np.abs(steady) + (8 * rough + 4 * rounding)[:, None]
    small = np.where(leaps & (np.abs(steps) < 1024 * rounding[:, None]), np.abs(steps), 0).max(axis=1)
    return Intervals(
        left=left,
        right=right,
        peak=peak,
        sway=np.ptp(g, axis=1) / (right - left),
        rise=y[:, -1] - y[:, 0],
        integral=integral,
        size=size,
        doubt=np.abs(integral - half * (g[:, 1::2] @ _COARSE)) + 2 * rounding * leaps.sum(axis=1),
        drift=steps.sum(axis=1),
        calm=np.where(leaps, 0, steps).sum(axis=1),
        noise=np.max([8 * rough, ROUNDINGS * rounding, small], axis=0),
        leap=np.where(leaps, np.abs(steps - steady), 0).max(axis=1),
        leaps=np.where(leaps, np.abs(steps - steady), 0).sum(axis=1),
        erratic=leaps.any(axis=1) | (rough > 4 * ROUNDINGS * rounding),
        still=(size == 0) & (np.ptp(y, axis=1) == 0),
        blind=~seen.all(axis=1),
        broken=bad.any(axis=1),
        mixed=(seen.any(axis=1) & ~seen.all(axis=1)) | (bad.any(axis=1) & ~bad.all(axis=1)),
    )
