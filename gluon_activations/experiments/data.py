"""Data to train on: made offline, split, and checked."""

import functools
import random
import warnings
from typing import Any, NamedTuple

import numpy as np
from mxnet import nd

from gluon_activations.names import brief


class Data(NamedTuple):
    """Samples and their classes, to train on and to test on; dimensionless.

    Attributes
    ----------
    x, x_test : array_like, shape (n, ...) and (m, ...)
        Samples of any shape, such as (n, features) or (n, channels, height, width).
    y, y_test : array_like, shape (n,) or (n, 1), and (m,) or (m, 1)
        Their classes: whole numbers from 0.

    Examples
    --------
    >>> import numpy as np
    >>> data = Data(np.zeros((6, 5)), np.arange(6) % 3, np.zeros((2, 5)), np.array([0, 1]))
    >>> data.x.shape, data.y_test.shape
    ((6, 5), (2,))
    """

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


@functools.lru_cache(maxsize=None)
def mnist1d() -> Data:
    """Make MNIST-1D: ten digits, drawn as signals of 40 points. It takes seconds, once a process.

    It tells activations apart in a few runs, which scikit-learn's digits hardly do. Greydanus 2020, arXiv 2011.14439.

    Returns
    -------
    Data
        4000 samples to train on, 1000 to test on, float32.

    Examples
    --------
    >>> data = mnist1d()
    >>> data.x.shape, data.x_test.shape
    ((4000, 40), (1000, 40))
    """
    from mnist1d.data import get_dataset_args, make_dataset  # never get_dataset, which would download

    numpys, pythons = np.random.get_state(), random.getstate()
    try:
        made = make_dataset(get_dataset_args())  # seeds both
    finally:
        np.random.set_state(numpys)
        random.setstate(pythons)
    return Data(*(made[key].astype("float32") for key in ("x", "y", "x_test", "y_test")))


def hold_out(data: Data, share: float = 0.2, seed: int = 0) -> Data:
    """Split validation data off the training samples, to choose settings on.

    Settings that are chosen on the test set make its accuracy too good, by chance. The test set is not used here.

    Parameters
    ----------
    data : Data
    share : float
        Of the training samples, between 0 and 1.
    seed : int
        Of the choice which samples those are.

    Returns
    -------
    Data
        The validation samples stand in the place of the test set.

    Raises
    ------
    TypeError, ValueError
        If ``data`` is not as `Data` says, or one of the two parts would be empty.

    Examples
    --------
    >>> validation = hold_out(mnist1d(), share=0.25)
    >>> validation.x.shape, validation.x_test.shape
    ((3000, 40), (1000, 40))
    """
    x, y, *_ = as_numpy(data)
    held = round(share * len(x))
    if not 0 < held < len(x):
        raise ValueError(f"share must leave some of the {len(x)} samples on both sides; {share} does not.")
    order = np.random.RandomState(seed).permutation(len(x))
    rest, held = order[held:], order[:held]
    return Data(x[rest], y[rest], x[held], y[held])


def as_numpy(data: Data) -> Data:
    """Return data as NumPy arrays, the classes in shape (n,), once they are known to be samples and their classes.

    Raises
    ------
    TypeError
        If it is no `Data`, or one of its parts holds no real numbers.
    ValueError
        If samples and classes are not equally many, or the classes are no whole numbers from 0.

    Examples
    --------
    >>> as_numpy(Data([[1.0], [2.0]], [[0], [1]], [[3.0]], [[1]])).y
    array([0, 1])
    """
    if not isinstance(data, tuple) or len(data) != 4:
        raise TypeError(f"data must be Data(x, y, x_test, y_test), not {type(data).__name__}.")
    x, y, x_test, y_test = (_array(name, part) for name, part in zip(Data._fields, data))
    if x.shape[1:] != x_test.shape[1:]:
        raise ValueError(f"data.x_test must hold samples of shape {x.shape[1:]}, as data.x; not {x_test.shape[1:]}.")
    return Data(x, _classes("y", y, len(x)), x_test, _classes("y_test", y_test, len(x_test)))


def as_floats(name: str, values: Any) -> np.ndarray:
    """Make a float array of an argument's numbers, NumPy's, MXNet's or in lists.

    Raises
    ------
    TypeError
        If they are no numbers, or in rows of uneven length; by the argument's name.

    Examples
    --------
    >>> as_floats("x", nd.array([1, 2])).tolist()
    [1.0, 2.0]
    """
    try:
        return np.array(values.asnumpy() if isinstance(values, nd.NDArray) else values, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must hold numbers, in rows of one length; {brief(values)} does not.") from None


def _array(name, part):
    try:
        with warnings.catch_warnings():  # of lists of several lengths, which newer NumPys refuse
            warnings.simplefilter("ignore")
            array = np.asarray(part.asnumpy() if isinstance(part, nd.NDArray) else part)
    except ValueError:
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"data.{name} must be an array of real numbers, not {type(part).__name__} of {array.dtype}.")
    if not array.ndim or not len(array):
        raise ValueError(f"data.{name} must hold at least one sample; its shape is {array.shape}.")
    return array


def _classes(name, y, samples):
    if y.shape not in ((samples,), (samples, 1)):
        raise ValueError(f"data.{name} must hold one class for each of {samples} samples; its shape is {y.shape}.")
    y = y.reshape(samples)
    wrong = ~((y >= 0) & (y == np.floor(y)))  # so that NaN is wrong too
    if wrong.any():
        raise ValueError(f"data.{name} must hold classes, whole numbers from 0; it holds {y[wrong.argmax()]}.")
    return y
