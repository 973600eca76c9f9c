"""Data to train on, made offline."""

import functools
import random
from collections import namedtuple

import numpy as np

Data = namedtuple("Data", "x y x_test y_test")
Data.__doc__ = "Samples, shape (n, features), and their classes, shape (n,), to train on and to test on."


@functools.lru_cache(maxsize=None)
def mnist1d():
    """Make MNIST-1D: ten digits, drawn as signals of 40 points. It takes seconds, once a process.

    It can tell activations apart, which small image sets such as scikit-learn's digits cannot.
    Greydanus 2020, arXiv 2011.14439.

    Returns
    -------
    Data
        4000 samples to train on, 1000 to test on, float32.
    """
    from mnist1d.data import get_dataset_args, make_dataset  # never get_dataset, which would download

    numpys, pythons = np.random.get_state(), random.getstate()
    try:
        made = make_dataset(get_dataset_args())  # seeds both
    finally:
        np.random.set_state(numpys)
        random.setstate(pythons)
    return Data(*(made[key].astype("float32") for key in ("x", "y", "x_test", "y_test")))
