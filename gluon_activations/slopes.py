"""Is this gradient the slope of this function? Of plain callables and NumPy arrays alone."""

import numpy as np


def hold_against_slope(function, x, y, gradient):
    """Hold a gradient against the left and the right difference quotient of a function.

    Parameters
    ----------
    function : callable
        Elementwise, from an array of shape (n,) to one of that shape.
    x, y, gradient : numpy.ndarray, shape (n,), float32
        Points, the function there, and what is said to be its derivative there.

    Returns
    -------
    slope : numpy.ndarray, shape (n,), float32
        The central difference quotient.
    wrong : numpy.ndarray, shape (n,), bool
        Where the gradient lies not between the two quotients.
    """
    # Small enough for the curve's bends, large enough for float32's rounding: tried in the tests.
    h = np.float32(2**-7) * np.maximum(1, np.abs(x))
    left, right = x - h, x + h
    y_left, y_right = function(left), function(right)
    with np.errstate(invalid="ignore", over="ignore"):
        from_left, to_right = (y - y_left) / (x - left), (y_right - y) / (right - x)
        slope = (y_right - y_left) / (right - left)
        slack = 1e-2 * np.maximum(1, np.abs(gradient))
        low, high = np.minimum(from_left, to_right) - slack, np.maximum(from_left, to_right) + slack
        is_slope = (low <= gradient) & (gradient <= high)
    return slope, ~is_slope & np.isfinite(from_left) & np.isfinite(to_right)
