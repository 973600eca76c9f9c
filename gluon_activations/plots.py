"""Draw curves on figures."""

from collections.abc import Mapping
from typing import Any, Callable, Optional, Sequence

import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
from matplotlib.axes import Axes

from gluon_activations.curves import Curve, trace_activation
from gluon_activations.figures import COLOURS, MARKERS, STYLE, DescribedFigure, show
from gluon_activations.names import brief, display_name

_DRAWN_POINTS = 4000  # more than a screen is wide; beyond it a line is thinned


class Curves(dict):
    """Label to `Curve`, in the order drawn; its ``repr`` is one sentence a label."""

    def __repr__(self):
        return "\n".join(f"{label}: {_unfinished(curve)}f'(x) {curve.verdict}" for label, curve in self.items())


def _unfinished(curve):
    """Say at how many points a curve, or else its gradient, is not finite; nothing where it is everywhere."""
    for name, values in (("f(x)", curve.y), ("f'(x)", curve.gradient)):
        count = np.count_nonzero(~np.isfinite(values))
        if 0 < count < values.size:
            return f"{name} is not finite at {count} of {values.size} points; "
    return ""


def visualize_activation(
    activation: Callable,
    x: Any = None,
    *,
    title: Optional[str] = None,
    ax: Optional[Axes] = None,
    ctx: Optional[mx.Context] = None,
) -> Curve:
    """Draw an activation and its gradient, and dotted, where the gradient is not one, the true slope.

    Dotted, too, is what the gradient becomes with another dy, if it does not scale with that.

    In a notebook the picture appears at once, and its figure is closed; in a script the figure stays
    open for ``plt.show()``. To go on drawing, pass ``ax``.

    Parameters
    ----------
    activation, x, ctx
        As for `trace_activation`.
    title : str, optional
        By default the activation's type and parameters.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    Curve
        Its ``repr`` says whether the gradient drawn is the slope of the curve drawn.

    Raises
    ------
    TypeError, ValueError
        As `trace_activation`; no figure is left open.

    See Also
    --------
    compare_activations : several activations side by side.
    trace_activation : the numbers without the picture.

    Examples
    --------
    >>> from mxnet.gluon import nn
    >>> visualize_activation(nn.SELU())
    f(x) from -1.758 to 10.507
    f'(x) from -0.089 to 1.758
    f'(x) is not the slope of f(x) from x = -10.000 to 0.000: off by up to 0.089, where it is 0.000
    """
    if ax is not None and not _is_axes(ax):
        raise TypeError(f"ax must be Matplotlib axes, such as plt.subplots() makes, not {brief(ax)}.")
    curve = trace_activation(activation, x, ctx=ctx)
    with plt.rc_context(STYLE if ax is None else {}):
        figure = plt.figure(FigureClass=DescribedFigure, figsize=(6, 3.6)) if ax is None else None
        ax = figure.add_subplot() if figure else ax
        _draw(ax, curve.x, curve.y, label="f(x)", color=COLOURS[0])
        _draw(ax, curve.x, curve.gradient, label="f'(x)", color=COLOURS[1], linestyle="--")
        _draw_objections(ax, curve, label="slope of f(x)", other="f'(x) with another dy", color="black")
        ax.set(title=display_name(activation) if title is None else title, xlabel="x")
        ax.legend(loc="upper left")
    show(figure)
    return curve


def compare_activations(
    activations: Mapping, x: Any = None, *, axes: Optional[Sequence[Axes]] = None, ctx: Optional[mx.Context] = None
) -> Curves:
    """Draw several activations on one pair of axes: their values on the left, gradients on the right.

    Parameters
    ----------
    activations : mapping of str to callable
        Label to activation, as for `trace_activation`; up to seven can be told apart.
    x, ctx
        As for `trace_activation`.
    axes : pair of matplotlib.axes.Axes, optional
        Where to draw f(x) and f'(x); by default on a new figure.

    Returns
    -------
    Curves
        A dict of label to `Curve`.

    Raises
    ------
    TypeError, ValueError
        If ``activations`` is no mapping or is empty, ``axes`` are not two, or as `trace_activation`.

    Examples
    --------
    >>> from mxnet.gluon import nn
    >>> compare_activations({"ELU": nn.ELU(), "GELU": nn.GELU()})
    ELU: f'(x) is the slope of f(x)
    GELU: f'(x) is the slope of f(x)
    """
    if not isinstance(activations, Mapping):
        raise TypeError(f"activations must be a mapping of label to activation, not {type(activations).__name__}.")
    if not activations:
        raise ValueError("activations must hold at least one activation; it is empty.")
    if axes is not None and np.size(axes) != 2:
        raise ValueError(f"axes must be a pair, for f(x) and for f'(x); it holds {np.size(axes)}.")
    if axes is not None and not all(map(_is_axes, np.ravel(axes))):
        raise TypeError(f"axes must be Matplotlib axes, such as plt.subplots(1, 2) makes, not {brief(axes)}.")
    curves = Curves({str(label): trace_activation(activation, x, ctx=ctx) for label, activation in activations.items()})
    with plt.rc_context(STYLE if axes is None else {}):
        figure = None
        if axes is None:
            figure = plt.figure(FigureClass=DescribedFigure, figsize=(9, 3.6), layout="constrained")
            axes = figure.subplots(1, 2)
        values, gradients = np.ravel(axes)
        for i, (label, curve) in enumerate(curves.items()):
            label = f" {label}" if label.startswith("_") else label  # Matplotlib's legends leave out what begins so
            look = {"color": COLOURS[i % 7], "marker": MARKERS[i % 7], "markevery": (0.01 * i, 0.12)}
            _draw(values, curve.x, curve.y, label=label, **look)
            _draw(gradients, curve.x, curve.gradient, label=label, linestyle="--", **look)
            _draw_objections(gradients, curve, label=f"slope of {label}", other=f"{label} with another dy", **look)
        values.set(title="f(x)", xlabel="x")
        gradients.set(title="f'(x)", xlabel="x")
        values.legend(loc="upper left")
        if len(gradients.lines) > len(curves):
            gradients.legend(loc="upper left")
    show(figure)
    return curves


def _is_axes(ax):
    return isinstance(ax, Axes) and ax.figure is not None  # what was removed from its figure has none


def _draw(ax, x, y, **look):
    if x.size > _DRAWN_POINTS:
        # The lowest and the highest of each stretch, so that no spike is lost.
        stretches = np.array_split(np.arange(x.size), _DRAWN_POINTS // 2)
        kept = np.unique([[s[0], s[y[s].argmin()], s[y[s].argmax()], s[-1]] for s in stretches])
        x, y = x[kept], y[kept]
    if not np.isfinite(y).any():
        look.pop("markevery", None)  # Matplotlib looks for a first point to mark
    ax.plot(x, y, **look)


def _draw_objections(ax, curve, label, other, **look):
    wrong = curve.wrong
    single = wrong & ~np.append(False, wrong[:-1]) & ~np.append(wrong[1:], False)
    if single.any():  # a line needs two points
        dots = {"linestyle": "", "marker": "o", "markersize": 5, "zorder": 3, "color": look["color"]}
        ax.plot(curve.x[single], curve.slope[single], label=None if (wrong & ~single).any() else label, **dots)
    if (wrong & ~single).any():
        _draw(ax, curve.x, np.where(wrong, curve.slope, np.nan), linestyle=":", zorder=3, label=label, **look)
    if curve.other_dy is not None:
        _draw(ax, curve.x, curve.other_dy, linestyle=":", zorder=3, label=other, **{**look, "linewidth": 1})
