"""Where a net draws the line between two classes of points in a plane."""

from typing import Any, Mapping, Tuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from mxnet import gluon

from gluon_activations.experiments.data import as_floats
from gluon_activations.experiments.nets import outputs
from gluon_activations.figures import COLOURS, MARKERS, STYLE, DescribedFigure, show
from gluon_activations.names import brief


def rings(n: int = 400, noise: float = 0.2, seed: int = 0) -> Tuple[np.ndarray, np.ndarray]:
    """Make points on two rings, one around the other, which no straight line separates.

    Parameters
    ----------
    n : int
        How many points; every other one is on the outer ring.
    noise : float
        The standard deviation of what is added to each coordinate. The rings' radii are 1 and 2.
    seed : int

    Returns
    -------
    x : numpy.ndarray, shape (n, 2)
        Dimensionless.
    y : numpy.ndarray, shape (n,)
        The class: 0 inside, 1 outside.

    Examples
    --------
    >>> x, y = rings(5)
    >>> x.shape, y
    ((5, 2), array([0, 1, 0, 1, 0]))
    """
    random = np.random.RandomState(seed)
    y, angle = np.arange(n) % 2, random.uniform(0, 2 * np.pi, n)
    x = np.stack([(1 + y) * np.cos(angle), (1 + y) * np.sin(angle)], axis=1)
    return x + random.normal(0, noise, (n, 2)), y


def best_line(x: Any, y: Any) -> float:
    """Find how large a share of points of two classes a straight line can tell apart, at best.

    All are tried: the best one can be moved, with no point changing sides, until it passes through two of the points.
    Those two may then be on either side, as it can be turned a little about any place between or beyond them.

    Parameters
    ----------
    x : array_like, shape (n, 2)
        No three of them on a line, else too little may be found.
    y : array_like, shape (n,)
        0 or 1.

    Raises
    ------
    TypeError, ValueError
        If ``x`` is not of finite points in a plane, or ``y`` not of one class, 0 or 1, for each.

    Examples
    --------
    >>> best_line([[0, 0], [3, 1], [1, 3], [2, 2.5]], [0, 0, 1, 1])
    1.0
    >>> best_line([[0, 0], [1, 1], [0, 1], [1, 0]], [0, 0, 1, 1])
    0.75
    """
    x, y = _labelled(x, y)
    sign = 2 * y - 1
    best = 0
    for point in x:
        a, b = (x - point).T
        sides = np.sign(np.outer(a, b) - np.outer(b, a))  # of each point, from the line to each other one
        best = max(best, (sides == sign).sum(axis=1).max() + 2)
    return float(min(best / len(x), 1))


def plot_boundaries(nets: Mapping, x: Any, y: Any) -> None:
    """Draw where nets change from one class to the other; a panel for each, with the share of points it has right.

    In a notebook the picture appears at once; in a script its figure stays open for ``plt.show()``.

    Parameters
    ----------
    nets : mapping of str to mxnet.gluon.Block
        Label to net. Each gives one score a point, above 0 for class 1.
    x : array_like, shape (n, 2)
        Points to draw and to count.
    y : array_like, shape (n,)
        Their classes, 0 or 1.

    Raises
    ------
    TypeError, ValueError
        If ``nets`` is no mapping of blocks, or is empty; if ``x`` is not of finite points in a plane, ``y`` not of one
        class, 0 or 1, for each, or a net gives no single score.

    Examples
    --------
    >>> from gluon_activations.experiments import mlp
    >>> plot_boundaries({"straight": mlp(None, classes=1)}, *rings())
    """
    if not isinstance(nets, Mapping):
        raise TypeError(f"nets must be a mapping of label to net, not {type(nets).__name__}.")
    if not nets:
        raise ValueError("nets must hold at least one net; it is empty.")
    for label, net in nets.items():
        if not isinstance(net, gluon.Block):
            raise TypeError(f"nets[{label!r}] must be a block, not {brief(net)}.")
    x, y = _labelled(x, y)
    grid = np.meshgrid(*(np.linspace(low - 0.2, high + 0.2, 121) for low, high in zip(x.min(axis=0), x.max(axis=0))))
    plane = np.stack(grid, axis=-1).reshape(-1, 2)
    scores = {label: _scores(net, plane).reshape(grid[0].shape) for label, net in nets.items()}
    right = {label: ((_scores(net, x) > 0) == y).mean() for label, net in nets.items()}
    with plt.rc_context(STYLE):
        figure = plt.figure(FigureClass=DescribedFigure, figsize=(3 * len(nets), 3.3), layout="constrained")
        panels = figure.subplots(1, len(nets), sharey=True, squeeze=False)[0]
        for ax, label in zip(panels, nets):
            _draw(ax, grid, scores[label])
            for c in (0, 1):
                look = {"color": COLOURS[c], "marker": MARKERS[c], "markersize": 2.5, "linestyle": ""}
                ax.plot(*x[y == c].T, label=f"class {c}", **look)
            ax.set(title=f"{label}: {right[label]:.1%} right", aspect="equal")
    show(figure)


def _labelled(x, y):
    x, y = as_floats("x", x), as_floats("y", y)
    if x.ndim != 2 or x.shape[1] != 2 or not len(x):
        raise ValueError(f"x must be points in a plane, of shape (n, 2); its shape is {x.shape}.")
    if not np.isfinite(x).all():
        raise ValueError(f"x must be finite; point {np.isfinite(x).all(axis=1).argmin()} is not.")
    if y.shape != x.shape[:1] or not np.isin(y, (0, 1)).all():
        raise ValueError(f"y must hold a class, 0 or 1, for each of {len(x)} points; it is {brief(y.tolist())}.")
    return x, y


def _scores(net, x):
    scores = outputs(net, x)
    if scores.shape != (len(x), 1):
        raise ValueError(f"nets must give one score a point, shape ({len(x)}, 1); one gives shape {scores.shape}.")
    return scores[:, 0]


def _draw(ax, grid, scores):
    # Lines, unlike Matplotlib's contours, are among what a DescribedFigure says.
    ax.contourf(*grid, scores > 0, levels=[-0.5, 0.5, 1.5], colors=COLOURS[:2], alpha=0.15)
    if scores.min() < 0 < scores.max():
        for line in Figure().subplots().contour(*grid, scores, levels=[0]).allsegs[0]:
            ax.plot(*line.T, label="boundary", color="black")
