"""How numbers are written, so that they read the same on every processor."""

import numpy as np


def decimals(value):
    """Round to three decimals, as float32 results agree on every processor, with no negative zero."""
    return f"{np.round(float(value), 3) + 0.0:.3f}"
