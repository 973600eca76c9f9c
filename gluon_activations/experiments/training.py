"""Build small nets, train them, and time what they are made of."""

import os
import time
import timeit
from dataclasses import dataclass

import mxnet as mx
import numpy as np
from mxnet import autograd, gluon, nd
from mxnet.gluon import nn
from tqdm.auto import tqdm


def mlp(activation, depth=2, width=100, classes=10, initializer=None):
    """Build a multi-layer perceptron.

    Parameters
    ----------
    activation : callable or None
        Makes a new activation block for each hidden layer, such as ``nn.SELU``; None is the identity.
    depth, width, classes : int
        The number of hidden layers, of units in each, and of outputs.
    initializer : mxnet.init.Initializer, optional
        Gluon's own by default: uniform on [-0.07, 0.07].

    Returns
    -------
    mxnet.gluon.nn.HybridSequential
        Initialised; its weights are drawn when it first sees data.

    Raises
    ------
    TypeError
        If ``activation`` is not callable.
    ValueError
        If a number is below 1, or ``depth`` below 0.
    """
    if activation is not None and not callable(activation):
        raise TypeError(f"activation must make a block, as nn.SELU does, or be None; not {activation!r}.")
    for name, number, least in (("depth", depth, 0), ("width", width, 1), ("classes", classes, 1)):
        if number < least:
            raise ValueError(f"{name} must be at least {least}, not {number}.")
    net = nn.HybridSequential()
    for _ in range(depth):
        net.add(nn.Dense(width), *([activation()] if activation else []))
    net.add(nn.Dense(classes))
    net.initialize(initializer or mx.init.Uniform())
    return net


@dataclass(frozen=True, eq=False)
class History:
    """How a training went: ``loss`` and test ``accuracy`` after each epoch, shape (epochs,); ``seconds`` in all.

    If the loss became infinite or NaN, ``diverged`` is true, and the arrays end there.
    """

    loss: np.ndarray
    accuracy: np.ndarray
    seconds: float
    diverged: bool

    def __repr__(self):
        if self.diverged:
            return f"diverged in epoch {len(self.loss)}"
        return f"{len(self.loss)} epochs: loss {self.loss[-1]:.3f}, test accuracy {self.accuracy[-1]:.3f}"


def train(net, data, *, epochs=30, lr=2e-3, optimizer="adam", batch_size=100, seed=0, progress=False):
    """Train a classifier, by the softmax cross-entropy.

    The same seed gives the same result to the last bit, on one machine and one number of threads: it
    fixes the order of the samples, MXNet's draws while training, and the weights, if they are not yet
    drawn, as in a new `mlp`. The net is hybridised.

    NumPy's and Python's random states stay as they are. MXNet's cannot be read; it is seeded anew
    afterwards, by a number drawn from it before, so that it goes on differently after each call.

    Parameters
    ----------
    net : mxnet.gluon.HybridBlock
        Initialised; gives a score for each class.
    data : Data
    epochs, batch_size : int
        Each epoch sees all samples, in a new order, but for those left over after the last full batch.
    lr : float
        The learning rate.
    optimizer : str
        As for ``gluon.Trainer``.
    seed : int
    progress : bool
        Whether to show a bar.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If ``batch_size`` is not between 1 and the number of samples, or ``epochs`` is below 1.
    """
    if not 1 <= batch_size <= len(data.x):
        raise ValueError(f"batch_size must be between 1 and the {len(data.x)} samples, not {batch_size}.")
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, not {epochs}.")
    x, y, x_test = map(nd.array, data[:3])
    later = nd.random.randint(0, 2**31 - 1).asscalar()
    mx.random.seed(seed)
    shuffle = np.random.RandomState(seed)
    start = time.perf_counter()
    try:
        net(x[:1])  # draws the weights
        net.hybridize(static_alloc=True, static_shape=True)
        trainer = gluon.Trainer(net.collect_params(), optimizer, {"learning_rate": lr}, kvstore=None)
        losses, accuracies = [], []
        for _ in progress_bar(progress, range(epochs), unit="epoch"):
            losses.append(_epoch(net, trainer, x, y, shuffle, batch_size))
            accuracies.append((net(x_test).asnumpy().argmax(axis=1) == data.y_test).mean())
            if not np.isfinite(losses[-1]):
                break
    finally:
        mx.random.seed(int(later))
    seconds = time.perf_counter() - start
    return History(np.array(losses), np.array(accuracies), seconds, not np.isfinite(losses[-1]))


def seconds(activation, size=10**6):
    """Time one forward and one backward pass over standard normal numbers: the least of five.

    It shows differences of several times over. `make bench` in this package's repository measures properly.

    Parameters
    ----------
    activation : callable
        A block (initialised), or a function of ``mx.nd`` arrays.
    size : int
        How many numbers.

    Returns
    -------
    float
        In seconds.
    """
    x = nd.random.normal(shape=size)
    x.attach_grad()

    def step():
        with autograd.record():
            y = activation(x)
        y.backward()
        nd.waitall()

    nd.waitall()
    return min(timeit.repeat(step, number=1, repeat=5))


def progress_bar(shown, *args, **kwargs):
    """Make tqdm's bar, or a hidden one; with the variable TQDM_DISABLE, as stored notebooks need it, always hidden."""
    return tqdm(*args, disable=not shown or "TQDM_DISABLE" in os.environ, **kwargs)


_LOSS = gluon.loss.SoftmaxCrossEntropyLoss()
_LOSS.hybridize(static_alloc=True, static_shape=True)


def _epoch(net, trainer, x, y, shuffle, batch_size):
    """Go through the samples once; return the mean loss."""
    order = nd.array(shuffle.permutation(len(x)), dtype="int32")
    x, y = x.take(order), y.take(order)
    steps, total = len(x) // batch_size, nd.zeros(1)
    for start in range(0, steps * batch_size, batch_size):
        with autograd.record():
            loss = _LOSS(net(x[start : start + batch_size]), y[start : start + batch_size])
        loss.backward()
        trainer.step(batch_size)
        total += loss.mean()  # not read before the epoch's end: reading waits for MXNet
    return total.asscalar() / steps
