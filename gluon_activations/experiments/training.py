"""Train nets, and time what they are made of."""

import os
import time
import timeit
from dataclasses import dataclass
from typing import Callable

import mxnet as mx
import numpy as np
from mxnet import autograd, gluon, nd
from tqdm.auto import tqdm

from gluon_activations.experiments.data import Data, as_numpy


@dataclass(frozen=True, eq=False)
class History:
    """How a training went: ``loss`` and test ``accuracy`` after each epoch, shape (epochs,); ``seconds`` in all.

    If the loss became infinite or NaN, ``diverged`` is true, and the arrays end there.

    Examples
    --------
    >>> History(np.array([0.9, 0.5]), np.array([0.6, 0.7]), seconds=1.5, diverged=False)
    2 epochs: loss 0.500, test accuracy 0.700
    """

    loss: np.ndarray
    accuracy: np.ndarray
    seconds: float
    diverged: bool

    def __repr__(self):
        if self.diverged:
            return f"diverged in epoch {len(self.loss)}"
        return f"{len(self.loss)} epochs: loss {self.loss[-1]:.3f}, test accuracy {self.accuracy[-1]:.3f}"


def train(
    net: gluon.HybridBlock,
    data: Data,
    *,
    epochs: int = 30,
    lr: float = 2e-3,
    optimizer: str = "adam",
    batch_size: int = 100,
    seed: int = 0,
    progress: bool = False,
) -> History:
    """Train a classifier, by the softmax cross-entropy, where its parameters are.

    The same seed gives the same result to the last bit, on one machine and one number of threads: it
    fixes the order of the samples, MXNet's draws while training, and the weights, if they are not yet
    drawn, as in a new `mlp`. Those are all drawn before any activation draws, so that nets that differ
    in their activation start from the same weights. The net is hybridised.

    NumPy's and Python's random states stay as they are. MXNet's cannot be read; it is seeded anew
    afterwards, by a number drawn from it before, so that it goes on differently after each call.

    Parameters
    ----------
    net : mxnet.gluon.HybridBlock
        Initialised, in one context; gives a score for each class, shape (n, classes). After
        ``npx.set_np()`` it is given ``mx.np`` arrays, else ``mx.nd``.
    data : Data
        Arrays of NumPy or MXNet.
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
    TypeError
        If ``net`` is no block, or ``data`` no `Data` of real numbers.
    ValueError
        If ``batch_size`` is not between 1 and the number of samples, or ``epochs`` is below 1; if ``net`` is
        not initialised, lies in several contexts, or gives something else than scores; or if the
        classes are no whole numbers from 0, beyond the scores, or not one to each sample.

    Examples
    --------
    >>> from mxnet.gluon import nn
    >>> from gluon_activations.experiments import mlp, mnist1d
    >>> history = train(mlp(nn.SELU), mnist1d(), epochs=1)
    >>> history.loss.shape, history.diverged
    ((1,), False)
    """
    ctx = _context(net)
    data = as_numpy(data)
    if not 1 <= batch_size <= len(data.x):
        raise ValueError(f"batch_size must be between 1 and the {len(data.x)} samples, not {batch_size}.")
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, not {epochs}.")
    array = (mx.np if mx.util.is_np_array() else nd).array
    x, y, x_test = (array(part, dtype="float32", ctx=ctx) for part in data[:3])
    later = nd.random.randint(0, 2**31 - 1).asscalar()
    mx.random.seed(seed)
    shuffle = np.random.RandomState(seed)
    start = time.perf_counter()
    try:
        net.hybridize(static_alloc=True, static_shape=True)  # first: then all weights are drawn before anything is run
        _check_scores(net(x[:1]).shape, data)
        loss = gluon.loss.SoftmaxCrossEntropyLoss()
        loss.hybridize(static_alloc=True, static_shape=True)
        trainer = gluon.Trainer(net.collect_params(), optimizer, {"learning_rate": lr}, kvstore=None)
        losses, accuracies = [], []
        for _ in progress_bar(progress, range(epochs), unit="epoch"):
            order = array(shuffle.permutation(len(x)), dtype="int32", ctx=ctx)
            losses.append(_epoch(net, loss, trainer, x.take(order, axis=0), y.take(order, axis=0), batch_size))
            accuracies.append((_classify(net, x_test, 4 * batch_size) == data.y_test).mean())
            if not np.isfinite(losses[-1]):
                break
    finally:
        mx.random.seed(int(later))
    seconds = time.perf_counter() - start
    return History(np.array(losses), np.array(accuracies), seconds, not np.isfinite(losses[-1]))


def seconds(activation: Callable, size: int = 10**6) -> float:
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

    Examples
    --------
    >>> from mxnet import nd
    >>> seconds(nd.tanh, size=1000) > 0
    True
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


def progress_bar(shown: bool, *args, **kwargs) -> tqdm:
    """Make tqdm's bar, or a hidden one; with the variable TQDM_DISABLE, as stored notebooks need it, always hidden.

    Examples
    --------
    >>> list(progress_bar(False, range(3)))
    [0, 1, 2]
    """
    return tqdm(*args, disable=not shown or "TQDM_DISABLE" in os.environ, **kwargs)


def _context(net):
    if not isinstance(net, gluon.Block):
        raise TypeError(f"net must be a block that gives a score for each class, not {net!r}.")
    contexts = set()
    for parameter in net.collect_params().values():
        try:
            contexts.update(parameter.list_ctx())
        except RuntimeError:
            raise ValueError(f"net must be initialised; its parameter {parameter.name} is not.") from None
    if len(contexts) != 1:
        raise ValueError(f"net must have parameters, all in one context; they are in {sorted(map(str, contexts))}.")
    return contexts.pop()


def _check_scores(shape, data):
    if len(shape) != 2:
        raise ValueError(f"net must give scores of shape (n, classes); for one sample it gives shape {shape}.")
    for name in ("y", "y_test"):
        largest = getattr(data, name).max()
        if largest >= shape[1]:
            message = (
                f"must hold classes from 0 to {shape[1] - 1}, as the net has {shape[1]} outputs; it holds {largest}."
            )
            raise ValueError(f"data.{name} {message}")


def _epoch(net, loss, trainer, x, y, batch_size):
    """Go through the samples once; return the mean loss."""
    steps, total = len(x) // batch_size, 0
    for start in range(0, steps * batch_size, batch_size):
        with autograd.record():
            losses = loss(net(x[start : start + batch_size]), y[start : start + batch_size])
        losses.backward()
        trainer.step(batch_size)
        total = losses.mean() + total  # not read before the epoch's end: reading waits for MXNet
    return total.asnumpy().item() / steps


def _classify(net, x, size):
    """Return the class with the highest score for each sample; batches may be larger, as no layer's output is kept."""
    scores = [net(x[start : start + size]) for start in range(0, len(x), size)]
    return np.concatenate([batch.asnumpy() for batch in scores]).argmax(axis=1)
