"""Look inside a net: what goes forward through each layer, and what comes back."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Callable, Optional

import numpy as np
from mxnet import gluon

from gluon_activations.experiments.calls import (
    blocks_of,
    left_as_it_was,
    watch,
    weights_of,
    without_hooks,
)
from gluon_activations.experiments.kinds import outermost, slope
from gluon_activations.experiments.signals import as_inputs, as_labels, gradients, mean_loss, total
from gluon_activations.experiments.tape import functions, units_axis, uses_running_statistics
from gluon_activations.words import digits


@dataclass(frozen=True, eq=False, repr=False)
class Layer:
    """What one layer did with a batch of n samples; dimensionless throughout.

    Attributes
    ----------
    name : str
        Its number and type.
    before, after : numpy.ndarray, shape (n, ...)
        What its activation was given, and what it gave; both are the layer's output, where none follows.
    slope : numpy.ndarray, shape (n, ...)
        The activation's derivative at ``before``; 1, where none follows.
    gradient : numpy.ndarray or None
        The derivative of the mean loss with respect to the layer's weights, in their shape.
    activation : str
        The type of the activation's block; empty, where none follows.
    axis : int or None
        The axis of ``slope`` along which lie the units, in convolutions the channels; None, where it is not certain.
    """

    name: str
    before: np.ndarray
    after: np.ndarray
    slope: np.ndarray
    gradient: Optional[np.ndarray]
    activation: str = ""
    axis: Optional[int] = -1

    @property
    def saturated(self):
        """The share of all outputs at which the slope is under 0.01 in size."""
        return _share(np.abs(self.slope) < 0.01)

    @property
    def off(self):
        """The share of units whose slope is exactly 0 on every sample, everywhere: no gradient comes through them.

        NaN, where ``axis`` is None.
        """
        if self.axis is None:
            return float("nan")
        off = self.slope == 0
        others = tuple(axis for axis in range(off.ndim) if off.ndim == 1 or axis != self.axis % off.ndim)
        return _share(off.all(axis=others))

    @property
    def norm(self):
        """The Euclidean norm of ``gradient``; NaN without one."""
        return float("nan") if self.gradient is None else float(np.linalg.norm(self.gradient.astype(float)))


class Layers(list):
    """The layers of a net, in the order in which it computed them; its ``repr`` is a table.

    Attributes
    ----------
    unseen : list of str
        The operators that are activations and were called as functions, so that no layer shows them.
    running : bool
        Whether batch normalisation used running statistics, where in training it uses the batch's own.
    """

    unseen, running = (), False

    def __repr__(self):
        width = max([12, *(len(layer.name) + 2 for layer in self)])
        rows = [f"{'layer':{width}}{'before':^21}{'after':^21}{'saturated':>10}{'off':>6}{'gradient':>10}"]
        for layer in self:
            spreads = "".join(_spread(values) for values in (layer.before, layer.after))
            off = "" if layer.axis is None else f"{layer.off:.0%}"
            shares = f"{layer.saturated:10.0%}{off:>6}" if layer.activation else " " * 16
            norm = "" if layer.gradient is None else f"{layer.norm:.1e}"
            rows.append(f"{layer.name:{width}}{spreads}{shares}{norm:>10}".rstrip())
        if self.unseen:
            counts = ", ".join(f"{name} ({number})" for name, number in sorted(Counter(self.unseen).items()))
            rows.append(f"Not shown, being functions called inside a block: {counts}.")
        if self.running:
            rows.append("Batch normalisation used its running statistics; with training=True it uses the batch's own.")
        return "\n".join(rows)


def layer_statistics(
    net: gluon.Block, x: Any, y: Any = None, *, loss: Optional[Callable] = None, training: bool = False
) -> Layers:
    """Look at every layer of a net while it is given ``x``, and at the gradients it would learn from.

    The net is called as it is, so that branches and skips are followed. A layer is a weight of two or more
    dimensions, with the activation that reads its output, normalised or not. An activation that reads anything
    else is a layer of its own; so is one behind a second call of the same weights, which show the first.

    An activation is a block that works on each number by itself, otherwise than by a straight line, and has no such
    weights. That is tried, by calling the block's ``forward`` on other numbers. Functions called inside a ``forward``,
    such as ``F.relu``, cannot be seen; a line below the table names those on autograd's tape, ``F.maximum`` and
    ``F.where`` only where they choose between functions of one array.

    Units are followed through transpositions; where they may be moved otherwise, as by reshaping, ``off`` is left out.

    The net predicts: nothing is dropped, and batch normalisation uses its running statistics, as a line below the
    table says; a training step would have other gradients. Nothing that the net's blocks hold is changed, but by
    objects that are neither blocks, parameters, arrays nor containers of them; weights not yet drawn are drawn, as by
    any call, and what draws even in prediction moves MXNet's generator.

    Parameters
    ----------
    net : mxnet.gluon.Block
        Initialised.
    x : array_like, shape (n, ...), or tuple of arrays
        Samples; a tuple is a net's several inputs. Numbers become of the net's float type; integers in an MXNet
        array stay integers.
    y : array_like, shape (n,) or (n, 1), optional
        Their classes; for a net with outputs of shape (n, ..., classes), of shape (n, ...). With them, each weight has
        the gradient of the mean softmax cross-entropy.
    loss : callable, optional
        In its place: from the net's output and ``y`` to an array, of which the mean is taken.
    training : bool
        Whether to see the net as in training: with dropout, and the batch's own statistics, through which gradients
        flow too. Afterwards MXNet's generator, which cannot be read, is seeded by a number drawn from it before.

    Returns
    -------
    Layers
        A list of `Layer`.

    Raises
    ------
    TypeError
        If ``net`` is no block, ``training`` no truth value, or ``loss`` no function that returns an array.
    ValueError
        If it is not initialised, or has no layer with weights; if ``x`` holds no samples; if ``y`` is of no use.

    Examples
    --------
    >>> import mxnet as mx
    >>> from mxnet.gluon import nn
    >>> net = nn.HybridSequential()
    >>> net.add(nn.Dense(4, activation="relu"), nn.Dense(2))
    >>> net.initialize(mx.init.One())
    >>> layer_statistics(net, [[1, 2], [-3, 1]])
    layer              before                after         saturated   off  gradient
    1 Dense         0.500 ± 2.50          1.50 ± 1.50            50%    0%
    2 Dense          6.00 ± 6.00          6.00 ± 6.00
    """
    if not isinstance(net, gluon.Block):
        raise TypeError(f"net must be a Gluon block, not {type(net).__name__}.")
    weights = list({id(p): p for block in blocks_of(net) for p in weights_of(block).values()}.values())
    if not weights:
        raise ValueError("net must have a layer with weights of two or more dimensions; it has none.")
    labels = None if y is None else as_labels(net, y, loss, training)
    inputs = as_inputs(net, weights, x)
    with left_as_it_was(net, inputs, training) as seeds:
        output, calls = watch(net, inputs, training, seeds)
        found = {}
        if y is not None:
            found = gradients(mean_loss(output, labels, loss, training), weights, training)
        with without_hooks(net):
            return _layers(calls, found, output, training)


class _Row:
    """A layer in the making: a weight, the call that it was seen in, and the activation's."""

    def __init__(self, name, call, weight=None):
        self.name, self.call, self.weight, self.activation = name, call, weight, None


def _rows(calls):
    """Sort calls into layers."""
    rows, seen, reads, made = [], set(), {}, {}
    for call, kind in outermost(calls):
        weights = {name: p for name, p in weights_of(call.block).items() if id(p) not in seen}
        row = reads.get(id(call.input))
        if kind == "activation":
            if row is None or row.activation:
                row = made[id(call.output)] = _Row(type(call.block).__name__, call)
                rows.append(row)
            row.activation = call
        elif weights:
            seen.update(map(id, weights.values()))
            new = [_Row(_name(call.block, name), call, p) for name, p in weights.items()]
            within = made.pop(id(call.output), None)  # Dense(..., activation="relu") calls a child
            if within:
                rows.remove(within)
                new[-1].activation = within.activation
            else:
                reads[id(call.output)] = new[-1]
            rows += new
        elif kind == "scaling" and row:
            reads[id(call.output)] = row
    return rows


def _name(block, weight):
    own = "" if len(weights_of(block)) == 1 else " " + weight.replace("_weight", "")
    return type(block).__name__ + own


def _layers(calls, found, output, training):
    layers, rows = Layers(), _rows(calls)
    end = total([output, *(row.activation.output for row in rows if row.activation)])  # some may lead nowhere else
    unseen = Counter(functions(end))
    for row in rows:
        given, made = row.call.output, row.call.output
        kind, derivative = "", np.broadcast_to(np.dtype(given.dtype).type(1), given.shape)
        if row.activation:
            kind, given, made = type(row.activation.block).__name__, row.activation.input, row.activation.output
            derivative, made_of = slope(row.activation, training)
            unseen -= Counter(made_of)
        gradient = None if row.weight is None else found.get(id(row.weight))
        name, axis = f"{len(layers) + 1} {row.name}", units_axis(given)
        layers.append(Layer(name, given.asnumpy(), made.asnumpy(), derivative, gradient, kind, axis))
    layers.unseen = sorted(unseen.elements())
    layers.running = not training and uses_running_statistics(calls, end)
    return layers


def _share(marked):
    return float(marked.mean()) if marked.size else 0.0


def _spread(values):
    """Write mean and standard deviation, the mean as exactly as the deviation lets it be known."""
    mean, deviation = values.mean(dtype=float), values.std(dtype=float)
    if abs(mean) < 5e-4 * deviation:
        mean = 0.0
    return f"{digits(mean):>9} ± {digits(deviation):9}"
