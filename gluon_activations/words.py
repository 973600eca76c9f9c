"""How numbers are written, so that they read the same on every processor."""

import math

import numpy as np


def decimals(value, scale=1.0) -> str:
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
