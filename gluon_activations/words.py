"""How numbers are written, so that they read the same on every processor."""

import math

import numpy as np


def decimals(value: float, scale: float = 1.0) -> str:
    """Round to three decimals, as float32 results agree on every processor, with no negative zero.

    Parameters
    ----------
    value : float
    scale : float
        The size of the numbers it stands among; where they are small, more decimals are written, and where they are
        large, powers of ten.

    Examples
    --------
    >>> decimals(-0.0001), decimals(1 / 3), decimals(0.00123456, scale=0.005), decimals(123456789, scale=1e9)
    ('0.000', '0.333', '0.00123', '1.235e+08')
    """
    value = float(value)
    if not math.isfinite(value) or not scale > 0 or not math.isfinite(scale):
        return f"{value:.3f}"
    power = math.floor(math.log10(scale))
    if power >= 6 or power < -6:
        return f"{value:.3e}" if abs(value) > 1e-3 * scale else "0.000"
    places = max(3, 2 - power)
    return f"{np.round(value, places) + 0.0:.{places}f}"


def digits(value: float) -> str:
    """Write a number with three significant digits, so that a small one can be told from 0.

    Examples
    --------
    >>> digits(0), digits(0.0123456), digits(1234.5), digits(-1e-7)
    ('0', '0.0123', '1234', '-1.00e-07')
    """
    if value == 0 or not np.isfinite(value):
        return f"{value:.0f}"
    if not 9.995e-4 <= abs(value) < 9995:
        return f"{value:.2e}"
    return f"{value:#.3g}".rstrip(".") if abs(value) < 999.5 else f"{value:.0f}"


def span(values: np.ndarray) -> str:
    """Say between which values some numbers lie, and how many of them are not finite.

    Examples
    --------
    >>> span(np.array([-1, 2.5])), span(np.array([0, np.nan]))
    ('from -1.000 to 2.500', 'from 0.000 to 0.000, not finite at 1 of 2 points')
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return "nowhere finite"
    missing = (
        f", not finite at {values.size - finite.size} of {values.size} points" if finite.size < values.size else ""
    )
    low, high = (decimals(end, np.abs(finite).max()) for end in (finite.min(), finite.max()))
    return f"from {low} to {high}{missing}"
