"""Pictures of nets and of their training."""

import itertools
from typing import Any, Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FixedLocator, MaxNLocator

from gluon_activations.experiments.data import Data, as_floats, as_numpy
from gluon_activations.experiments.layers import Layers
from gluon_activations.figures import COLOURS, MARKERS, STYLE, DescribedFigure, show
from gluon_activations.names import brief


def plot_signals(data: Data) -> None:
    """Draw the first training sample of each class, in rows of five, all on the same axes.

    Parameters
    ----------
    data : Data
        Its samples are signals, shape (n, points), as `mnist1d` gives them.

    Raises
    ------
    TypeError
        If ``data`` is no `Data`.
    ValueError
        If its samples are no signals.

    Examples
    --------
    >>> from gluon_activations.experiments import mnist1d
    >>> plot_signals(mnist1d())
    """
    data = as_numpy(data)
    if data.x.ndim != 2:
        raise ValueError(f"data.x must hold signals, shape (n, points); it has the shape {data.x.shape}.")
    classes, first = np.unique(data.y, return_index=True)
    rows, columns = -(-len(classes) // 5), min(len(classes), 5)
    with plt.rc_context({**STYLE, "axes.grid": False}):
        size = (1.7 * columns, 1.4 * rows)
        figure = plt.figure(FigureClass=DescribedFigure, figsize=size, layout="constrained")
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for ax, name, i in zip(grid, classes, first):
            ax.plot(data.x[i], color=COLOURS[0], linewidth=1.5)
            ax.set(title=str(int(name)), xticks=[], yticks=[])
        for ax in grid[len(classes) :]:
            ax.set_axis_off()
    show(figure)


def plot_layers(layers: Layers, shown: int = 5) -> None:
    """Draw histograms of what goes forward and what comes back, for some of a net's layers.

    The outputs are in the upper row, behind the activation where there is one, and the gradients of the weights, if
    there are any, in the lower row. In a notebook the picture appears at once; in a script its figure stays open for
    ``plt.show()``.

    Parameters
    ----------
    layers : Layers
        From `layer_statistics`.
    shown : int
        How many layers at most, evenly spread from the first to the last.

    Raises
    ------
    ValueError
        If there are no layers.

    Examples
    --------
    >>> import mxnet as mx
    >>> from gluon_activations.experiments import layer_statistics, mlp
    >>> plot_layers(layer_statistics(mlp(mx.gluon.nn.ELU), [[1, 2], [3, 4]]))
    """
    if not layers:
        raise ValueError("layers must hold at least one layer; it is empty.")
    chosen = [layers[i] for i in np.unique(np.linspace(0, len(layers) - 1, shown).astype(int))]
    kinds = [("after", "outputs", COLOURS[0])]
    if any(layer.gradient is not None for layer in chosen):
        kinds.append(("gradient", "gradients", COLOURS[1]))
    with plt.rc_context(STYLE):
        size = (2 * len(chosen), 1.9 * len(kinds))
        figure = plt.figure(FigureClass=DescribedFigure, figsize=size, layout="constrained")
        grid = figure.subplots(len(kinds), len(chosen), squeeze=False)
        for row, (kind, label, colour) in zip(grid, kinds):
            for ax, layer in zip(row, chosen):
                values = getattr(layer, kind)
                if values is None:  # an activation without weights of its own
                    ax.set_axis_off()
                    continue
                counts, edges = np.histogram(values[np.isfinite(values)], bins=40)
                share = np.append(counts, 0) / max(counts.sum(), 1)
                ax.plot(edges, share, drawstyle="steps-post", linewidth=1, color=colour, label=label)
                ax.fill_between(edges, share, step="post", color=colour, alpha=0.5)
                ax.set(title=layer.name, yticks=[])
                ax.ticklabel_format(axis="x", scilimits=(-2, 3))
                ax.locator_params(axis="x", nbins=2)
            row[0].set_ylabel(label)
    show(figure)


def plot_norms(nets: Mapping) -> None:
    """Draw how the gradient's norm goes from layer to layer, on a logarithmic axis.

    Parameters
    ----------
    nets : mapping of str to Layers
        Label to what `layer_statistics` gave with labels. Layers without weights are left out.

    Raises
    ------
    ValueError
        If no layer has a gradient.

    Examples
    --------
    >>> import mxnet as mx
    >>> from gluon_activations.experiments import layer_statistics, mlp
    >>> plot_norms({"ELU": layer_statistics(mlp(mx.gluon.nn.ELU), [[1, 2], [3, 4]], [0, 1])})
    """
    norms = {name: [layer.norm for layer in layers if layer.gradient is not None] for name, layers in nets.items()}
    if not any(norms.values()):
        raise ValueError("nets must have layers with gradients, as layer_statistics gives them with y; none has.")
    with plt.rc_context(STYLE):
        figure = plt.figure(FigureClass=DescribedFigure, figsize=(7, 3.5), layout="constrained")
        ax = figure.subplots()
        for (name, values), colour, marker in zip(norms.items(), itertools.cycle(COLOURS), itertools.cycle(MARKERS)):
            ax.plot(range(1, len(values) + 1), values, label=name, color=colour, marker=marker, markersize=4)
        ax.set(xlabel="layer, from the input to the output", ylabel="norm of the gradient", yscale="log")
        _set_decades(ax, itertools.chain(*norms.values()))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    show(figure)


def plot_spread(panels: Mapping, x: Any = None, *, xlabel: str = "", ylabel: str = "", log: bool = False) -> None:
    """Draw repeated runs: for each label the median run by run, in a band from the least to the largest.

    Parameters
    ----------
    panels : mapping of str to mapping of str to array_like, shape (runs, points)
        Title of a panel to label to numbers. The panels lie side by side on the same axes; a label has the same
        colour and mark in each. Where a number is NaN, there is a gap.
    x : array_like, shape (points,), optional
        Where the points lie; 1, 2, 3 and so on by default.
    xlabel, ylabel : str
    log : bool
        Whether the vertical axis is logarithmic.

    Raises
    ------
    TypeError, ValueError
        If ``panels`` is no such mapping, there is nothing to draw, an array has another shape, or ``x`` is not finite.

    Examples
    --------
    >>> accuracy = {"tanh": [[0.1, 0.4], [0.2, 0.5]], "ReLU": [[0.1, 0.6], [0.1, 0.7]]}
    >>> plot_spread({"Xavier": accuracy}, xlabel="epoch", ylabel="test accuracy")
    """
    if not isinstance(panels, Mapping) or not all(isinstance(lines, Mapping) for lines in panels.values()):
        raise TypeError(f"panels must be a mapping of title to a mapping of label to numbers, not {brief(panels)}.")
    arrays = {
        title: {label: as_floats(f"panels[{title!r}][{label!r}]", values) for label, values in lines.items()}
        for title, lines in panels.items()
    }
    labels = list(dict.fromkeys(label for lines in arrays.values() for label in lines))
    if not labels:
        raise ValueError("panels must hold at least one panel with a line in it; there is none.")
    points = max(values.shape[-1] if values.ndim else 0 for lines in arrays.values() for values in lines.values())
    given, x = x is not None, np.arange(1, points + 1) if x is None else as_floats("x", x)
    if given and (x.ndim != 1 or not x.size or not np.isfinite(x).all()):
        raise ValueError(f"x must be one or more finite numbers, shape (points,); it is {brief(x.tolist())}.")
    for title, label, values in ((title, *item) for title, lines in arrays.items() for item in lines.items()):
        if values.ndim != 2 or not values.size or values.shape[1:] != x.shape:
            message = f"must have a shape of (runs, {x.size}), a number for each x; it has {values.shape}."
            raise ValueError(f"panels[{title!r}][{label!r}] {message}")
    looks = dict(zip(labels, zip(itertools.cycle(COLOURS), itertools.cycle(MARKERS))))
    with plt.rc_context(STYLE):
        size = (2.5 * max(len(arrays), 2) + 1.7, 3.2)
        figure = plt.figure(FigureClass=DescribedFigure, figsize=size, layout="constrained")
        grid = figure.subplots(1, len(arrays), sharex=True, sharey=True, squeeze=False)[0]
        for ax, (title, lines) in zip(grid, arrays.items()):
            for label, values in lines.items():
                colour, marker = looks[label]
                ax.fill_between(x, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.2, linewidth=0)
                ax.plot(x, np.median(values, axis=0), color=colour, marker=marker, markersize=4, label=label)
            ax.set(title=title, xlabel=xlabel)
            ax.xaxis.set_major_locator(FixedLocator(x) if x.size <= 6 else MaxNLocator(4, integer=True))
        grid[0].set_ylabel(ylabel)
        if log:
            grid[0].set_yscale("log")
            _set_decades(grid[0], np.concatenate([values.ravel() for d in arrays.values() for values in d.values()]))
        handles = {line.get_label(): line for ax in grid for line in ax.lines}
        grid[-1].legend([handles[label] for label in labels], labels, loc="center left", bbox_to_anchor=(1, 0.5))
    show(figure)


def _set_decades(ax, values):
    """Let an axis end at whole decades, which do not turn on the last digit of a number."""
    drawn = np.log10([value for value in values if 0 < value < np.inf])
    if drawn.size:
        ax.set_ylim(10 ** np.floor(drawn.min()), 10 ** np.ceil(drawn.max() + 1e-9))
