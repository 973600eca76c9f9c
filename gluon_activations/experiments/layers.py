"""Look inside a net: what goes forward through each layer, and what comes back."""

from dataclasses import dataclass
from typing import Optional

import numpy as np
from mxnet import autograd, gluon, nd
from mxnet.gluon import nn

from gluon_activations.words import decimals


@dataclass(frozen=True, eq=False, repr=False)
class Layer:
    """What one layer did with a batch of n samples; dimensionless throughout.

    Attributes
    ----------
    name : str
        Its number and type.
    before, after : numpy.ndarray, shape (n, ...)
        Its output before and after the activation; the same, where none follows.
    slope : numpy.ndarray, shape (n, ...)
        The activation's derivative at ``before``.
    gradient : numpy.ndarray or None
        The derivative of the mean loss with respect to the layer's weights, in their shape.
    """

    name: str
    before: np.ndarray
    after: np.ndarray
    slope: np.ndarray
    gradient: Optional[np.ndarray]

    @property
    def saturated(self):
        """The share of all outputs at which the slope is under 0.01 in size."""
        return float((np.abs(self.slope) < 0.01).mean())

    @property
    def off(self):
        """The share of units that have slope exactly 0 on every sample: they get no gradient, and cannot learn."""
        return float((self.slope == 0).all(axis=0).mean())

    @property
    def norm(self):
        """The Euclidean norm of ``gradient``; NaN without one."""
        return float("nan") if self.gradient is None else float(np.linalg.norm(self.gradient))


class Layers(list):
    """The layers of a net, input first; its ``repr`` is a table."""

    def __repr__(self):
        rows = [f"{'layer':12}{'before':^17}{'after':^17}{'saturated':>10}{'off':>6}{'gradient':>10}"]
        for layer in self:
            spreads = "".join(f"{decimals(v.mean()):>7} ± {decimals(v.std()):7}" for v in (layer.before, layer.after))
            norm = "" if layer.gradient is None else f"{layer.norm:.1e}"
            rows.append(f"{layer.name:12}{spreads}{layer.saturated:10.0%}{layer.off:6.0%}{norm:>10}".rstrip())
        return "\n".join(rows)


def layer_statistics(net, x, y=None):
    """Look at every layer of a net while it predicts ``x``, and at the gradients it would learn from.

    A layer is a child of the net that has weights, with the children after it that have none (its
    activation). Nothing about the net is changed: parameters keep their gradients.

    Parameters
    ----------
    net : mxnet.gluon.nn.Sequential or HybridSequential
        Initialised; may hold others of its kind.
    x : array_like, shape (n, ...)
        Samples.
    y : array_like, shape (n,), optional
        Their classes. With them, each layer has the gradient of the mean softmax cross-entropy.

    Returns
    -------
    Layers
        A list of `Layer`.

    Raises
    ------
    TypeError
        If ``net`` is no sequential block.
    ValueError
        If it has no layer with weights.
    """
    if not isinstance(net, (nn.Sequential, nn.HybridSequential)):
        raise TypeError(f"net must be a Sequential or HybridSequential block, not {type(net).__name__}.")
    stages = _stages(net)
    if not stages:
        raise ValueError("net must have a layer with weights; it has none.")
    x = nd.array(x)
    weights = [_weight(stage[0]) for stage in stages]
    gradients = _gradients(net, weights, x, y)
    layers, children = Layers(), iter(_flatten(net))
    for number, (stage, gradient) in enumerate(zip(stages, gradients), start=1):
        for child in children:  # what has no weights, before the first layer, and then the layer
            x = child(x)
            if child is stage[0]:
                break
        before = x
        before.attach_grad()
        with autograd.record(train_mode=False):
            for _ in stage[1:]:
                x = next(children)(x)
            after = x * 1  # on autograd's tape, even where no activation follows
        [slope] = autograd.grad(after, [before], train_mode=False)
        name = f"{number} {type(stage[0]).__name__}"
        layers.append(Layer(name, before.asnumpy(), after.asnumpy(), slope.asnumpy(), gradient))
        x = after
    return layers


def _flatten(net):
    for child in net:
        if isinstance(child, (nn.Sequential, nn.HybridSequential)):
            yield from _flatten(child)
        else:
            yield child


def _weight(child):
    """A layer's weights: its first parameter of two or more dimensions. An activation has none."""
    matrices = [p for p in child.collect_params().values() if p.shape is not None and len(p.shape) > 1]
    return matrices[0] if matrices else None


def _stages(net):
    stages = []
    for child in _flatten(net):
        if _weight(child) is not None:
            stages.append([child])
        elif stages:
            stages[-1].append(child)
    return stages


def _gradients(net, weights, x, y):
    if y is None:
        return [None] * len(weights)
    with autograd.record(train_mode=False):
        loss = gluon.loss.SoftmaxCrossEntropyLoss()(net(x), nd.array(y)).mean()
    # grad, not backward, which would overwrite the gradients that the caller's trainer is about to use.
    return [g.asnumpy() for g in autograd.grad(loss, [weight.data() for weight in weights], train_mode=False)]
