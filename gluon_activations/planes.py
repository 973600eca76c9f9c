"""Draw functions of two inputs as coloured planes."""

from typing import Any, Callable, Optional, Sequence

import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from matplotlib.axes import Axes

from gluon_activations.figures import STYLE, DescribedFigure, show
from gluon_activations.jacobians import Jacobian, trace_jacobian
from gluon_activations.names import brief, display_name
from gluon_activations.surfaces import Surface, trace_surface


def visualize_surface(
    activation: Callable,
    a: Any = None,
    b: Any = None,
    *,
    title: Optional[str] = None,
    axes: Optional[Sequence[Axes]] = None,
    ctx: Optional[mx.Context] = None,
) -> Surface:
    """Draw a function of two inputs and its two gradients, as three planes.

    White is 0, red above and blue below. Where a gradient is not the slope of the function, there are black dots.
    Where it is not finite, the plane is grey.

    Parameters
    ----------
    activation, a, b, ctx
        As for `trace_surface`.
    title : str, optional
        Of the first plane; by default the activation's name.
    axes : three of matplotlib.axes.Axes, optional
        Where to draw f(a, b), df/da and df/db; by default on a new figure.

    Returns
    -------
    Surface
        Its ``repr`` says whether the gradients drawn are the slopes of the plane drawn.

    Raises
    ------
    TypeError, ValueError
        As `trace_surface`, or if ``axes`` are not three.

    Examples
    --------
    >>> from mxnet import nd
    >>> visualize_surface(lambda a, b: a * nd.relu(b))
    f(a, b) from -16.000 to 16.000
    df/da from 0.000 to 4.000
    df/db from -4.000 to 4.000
    df/da and df/db are the slopes of f(a, b)
    """
    if axes is not None and (
        np.size(axes) != 3 or not all(isinstance(ax, Axes) and ax.figure for ax in np.ravel(axes))
    ):
        raise TypeError(f"axes must be three of Matplotlib's, such as plt.subplots(1, 3) makes, not {brief(axes)}.")
    surface = trace_surface(activation, a, b, ctx=ctx)
    with plt.rc_context(STYLE if axes is None else {}):
        figure = None
        if axes is None:
            figure = plt.figure(FigureClass=DescribedFigure, figsize=(10, 2.9), layout="constrained")
            axes = figure.subplots(1, 3)
        for ax, values in zip(np.ravel(axes), (surface.value, surface.gradient_a, surface.gradient_b)):
            draw_plane(ax, surface.a, surface.b, values)
            ax.set(xlabel="a", ylabel="b")
        first, second, third = np.ravel(axes)
        first.set_title(display_name(activation) if title is None else title)
        second.set_title("df/da")
        third.set_title("df/db")
        _draw_dots(second, [(x, b) for b, line in surface.along_a.items() for x in line.x[_objected(line)]])
        _draw_dots(third, [(a, x) for a, line in surface.along_b.items() for x in line.x[_objected(line)]])
    show(figure)
    return surface


def visualize_jacobian(
    activation: Callable, x: Any, *, title: Optional[str] = None, ctx: Optional[mx.Context] = None
) -> Jacobian:
    """Draw the Jacobian of a function of a whole row, such as softmax: a row for each output, a column for each input.

    Parameters
    ----------
    activation, x, ctx
        As for `trace_jacobian`.
    title : str, optional
        By default the activation's name.

    Returns
    -------
    Jacobian
        Its ``repr`` says whether each entry is the slope of its output.

    Examples
    --------
    >>> from mxnet import nd
    >>> visualize_jacobian(nd.softmax, [1, 2, 3])
    y from 0.090 to 0.665
    dy/dx from -0.163 to 0.223
    each is the slope of its output
    """
    jacobian = trace_jacobian(activation, x, ctx=ctx)
    with plt.rc_context(STYLE):
        figure = plt.figure(FigureClass=DescribedFigure, figsize=(4.2, 3.4), layout="constrained")
        ax, places = figure.subplots(), np.arange(jacobian.x.size)
        draw_plane(ax, places, places, jacobian.entries)
        ax.set(title=display_name(activation) if title is None else title, xlabel="input", ylabel="output")
        ax.set(xticks=places, yticks=places)
        ax.invert_yaxis()  # as a matrix is written
    show(figure)
    return jacobian


def draw_plane(ax: Axes, x: np.ndarray, y: np.ndarray, values: np.ndarray) -> None:
    """Draw values, shape (m, n), over x, shape (n,), and y, shape (m,): red above 0, blue below; and a colour bar.

    Examples
    --------
    >>> figure, ax = plt.subplots()
    >>> draw_plane(ax, np.arange(3), np.arange(2), np.eye(2, 3))
    """
    size = np.abs(values[np.isfinite(values)]).max(initial=0) or 1
    mesh = ax.pcolormesh(x, y, np.ma.masked_invalid(values), cmap="RdBu_r", vmin=-size, vmax=size, shading="nearest")
    ax.set(facecolor="0.7", box_aspect=1)
    ax.grid(False)
    bar = ax.figure.colorbar(mesh, ax=ax)
    bar.locator = plt.MaxNLocator(4, symmetric=True)
    bar.update_ticks()


def _objected(line):
    wrong = line.wrong
    if line.other_dy is not None:
        wrong = wrong | ~np.isclose(line.other_dy, line.gradient, rtol=1e-4, atol=1e-5 * np.abs(line.gradient).max())
    return wrong


def _draw_dots(ax, places):
    if places:
        ax.plot(*np.transpose(places), linestyle="", marker=".", markersize=2.5, color="black", label="not the slope")
        ax.legend(loc="upper left")
