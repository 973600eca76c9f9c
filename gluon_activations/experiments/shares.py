"""What a hidden layer draws over one input: each unit's share, their sum, and where the units turn."""

from typing import Any, Mapping

import matplotlib.pyplot as plt
import numpy as np
from mxnet.gluon import nn

from gluon_activations.experiments.data import as_floats
from gluon_activations.experiments.nets import outputs
from gluon_activations.figures import COLOURS, MARKERS, STYLE, DescribedFigure, show


def joints(net: nn.HybridSequential) -> np.ndarray:
    """Find where the hidden units turn: where what goes into their activation is 0.

    A ReLU has its corner there, and a tanh is steepest.

    Parameters
    ----------
    net : mxnet.gluon.nn.Sequential or HybridSequential
        A Dense layer over one input, an activation, and a Dense layer with one output; its weights drawn.

    Returns
    -------
    numpy.ndarray, shape (units,)
        Increasing. A unit whose weight is 0 turns nowhere: it is at infinity, or NaN.

    Raises
    ------
    TypeError, ValueError
        If ``net`` is something else.

    Examples
    --------
    >>> from mxnet import nd
    >>> net = nn.HybridSequential()
    >>> net.add(nn.Dense(2, in_units=1, activation="relu"), nn.Dense(1, in_units=2))
    >>> net.initialize("ones")
    >>> net[0].bias.set_data(nd.array([1, -3]))
    >>> joints(net)
    array([-1.,  3.], dtype=float32)
    """
    _check_layer(net)
    weight = net[0].weight.data().asnumpy().ravel()
    bias = np.zeros_like(weight) if net[0].bias is None else net[0].bias.data().asnumpy()
    with np.errstate(all="ignore"):
        return np.sort(0 - bias / weight)  # no negative zero


def plot_shares(nets: Mapping, x: Any) -> None:
    """Draw what each hidden unit adds to a net's output, and their sum with the last bias; a panel for each net.

    In a notebook the picture appears at once; in a script its figure stays open for ``plt.show()``.

    Parameters
    ----------
    nets : mapping of str to net
        Label to a net as for `joints`.
    x : array_like, shape (n,)
        Where to draw them.

    Raises
    ------
    TypeError, ValueError
        If ``nets`` is no mapping, or is empty, or holds something else.

    Examples
    --------
    >>> net = nn.HybridSequential()
    >>> net.add(nn.Dense(2, in_units=1, activation="relu"), nn.Dense(1, in_units=2))
    >>> net.initialize()
    >>> plot_shares({"two ReLUs": net}, np.linspace(-1, 1, 101))
    """
    x = _points("x", x)
    sums = _outputs(nets, x)
    with plt.rc_context(STYLE):
        figure, panels = _panels(len(nets), sharey=False)
        for ax, (label, net) in zip(panels, nets.items()):
            shares = outputs(net[:-1], x[:, None]) * net[-1].weight.data().asnumpy()
            for i, share in enumerate(shares.T):
                look = {"color": COLOURS[i % 6], "marker": MARKERS[i % 6], "markevery": (0.02 * i, 0.12)}
                ax.plot(x, share, label=f"unit {i + 1}", linewidth=1.5, **look)
            ax.plot(x, sums[label], label="sum", color="black", linewidth=3)
            ax.set(title=label, xlabel="x")
        panels[-1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    show(figure)


def plot_fits(nets: Mapping, x: Any, target: Any) -> None:
    """Draw nets over a curve that they are to follow, and dots where their hidden units turn; a panel for each net.

    In a notebook the picture appears at once; in a script its figure stays open for ``plt.show()``.

    Parameters
    ----------
    nets : mapping of str to net
        Label to a net as for `joints`.
    x, target : array_like, shape (n,)
        The curve. Units that turn outside ``x`` have no dot.

    Raises
    ------
    TypeError, ValueError
        If ``nets`` is no mapping, or is empty, or holds something else.

    Examples
    --------
    >>> net = nn.HybridSequential()
    >>> net.add(nn.Dense(2, in_units=1, activation="relu"), nn.Dense(1, in_units=2))
    >>> net.initialize()
    >>> x = np.linspace(-1, 1, 101)
    >>> plot_fits({"not trained": net}, x, x**2)
    """
    x, target = _points("x", x), _points("target", target)
    if target.shape != x.shape:
        raise ValueError(f"target must have the shape of x, {x.shape}; it has {target.shape}.")
    curves = _outputs(nets, x)
    with plt.rc_context(STYLE):
        figure, panels = _panels(len(nets), sharey=True)
        for ax, (label, net) in zip(panels, nets.items()):
            ax.plot(x, target, label="target", color=COLOURS[4], linewidth=5, alpha=0.5)
            ax.plot(x, curves[label], label="net", color="black", linewidth=1.5)
            turns = joints(net)
            turns = turns[(turns >= x.min()) & (turns <= x.max())]
            dots = outputs(net, turns[:, None])[:, 0] if turns.size else turns
            ax.plot(turns, dots, label="units turn", color=COLOURS[1], linestyle="", marker="o", markersize=6)
            ax.set(title=label, xlabel="x")
        panels[-1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    show(figure)


def _points(name, values):
    values = as_floats(name, values)
    if values.ndim != 1 or not values.size:
        raise ValueError(f"{name} must hold numbers, shape (n,), one at least; its shape is {values.shape}.")
    return values


def _outputs(nets, x):
    if not isinstance(nets, Mapping):
        raise TypeError(f"nets must be a mapping of label to net, not {type(nets).__name__}.")
    if not nets:
        raise ValueError("nets must hold at least one net; it is empty.")
    for net in nets.values():
        _check_layer(net)
    return {label: outputs(net, x[:, None])[:, 0] for label, net in nets.items()}


def _panels(count, sharey):
    figure = plt.figure(FigureClass=DescribedFigure, figsize=(1 + 3 * count, 3.2), layout="constrained")
    return figure, figure.subplots(1, count, sharey=sharey, squeeze=False)[0]


def _check_layer(net):
    if not isinstance(net, (nn.Sequential, nn.HybridSequential)):
        raise TypeError(f"net must be a chain of Dense, activation and Dense, not {type(net).__name__}.")
    shapes = [net[i].weight.shape for i in (0, -1) if len(net) and isinstance(net[i], nn.Dense)]
    if len(shapes) < 2 or not shapes[0][1] == shapes[1][0] == 1:
        raise ValueError(f"net must lead from one input to one output; its Dense layers have weights of {shapes}.")
    kinds = ", ".join(type(block).__name__ for block in net)
    if len(net) not in (2, 3) or any(isinstance(block, nn.Dense) for block in net[1:-1]):
        raise ValueError(f"net must be a chain of Dense, activation and Dense, not of {kinds}.")
    for parameter in net.collect_params().values():
        try:
            parameter.list_data()
        except RuntimeError:
            raise ValueError(f"net must be initialised, by net.initialize(); its {parameter.name} is not.") from None
