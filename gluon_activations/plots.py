"""Draw curves on figures."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np

from gluon_activations.curves import display_name, trace_activation
from gluon_activations.figures import COLOURS, MARKERS, STYLE, DescribedFigure, show

_DRAWN_POINTS = 4000  # more than a screen is wide; beyond it a line is thinned


class Curves(dict):
    """Label to `Curve`, in the order drawn; its ``repr`` is one sentence a label."""

    def __repr__(self):
        return "\n".join(f"{label}: f'(x) {curve.verdict}" for label, curve in self.items())


def visualize_activation(activation, x=None, *, title=None, ax=None, ctx=None):
    """Draw an activation and its gradient, and the true slope where the gradient is not one.

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
    """
    curve = trace_activation(activation, x, ctx=ctx)
    with plt.rc_context(STYLE if ax is None else {}):
        figure = plt.figure(FigureClass=DescribedFigure, figsize=(6, 3.6)) if ax is None else None
        ax = figure.add_subplot() if figure else ax
        _draw(ax, curve.x, curve.y, label="f(x)", color=COLOURS[0])
        _draw(ax, curve.x, curve.gradient, label="f'(x)", color=COLOURS[1], linestyle="--")
        _draw_true_slope(ax, curve, label="slope of f(x)", color="black")
        ax.set(title=display_name(activation) if title is None else title, xlabel="x")
        ax.legend(loc="upper left")
    show(figure)
    return curve


def compare_activations(activations, x=None, *, axes=None, ctx=None):
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
    """
    if not isinstance(activations, Mapping):
        raise TypeError(f"activations must be a mapping of label to activation, not {type(activations).__name__}.")
    if not activations:
        raise ValueError("activations must hold at least one activation; it is empty.")
    if axes is not None and np.size(axes) != 2:
        raise ValueError(f"axes must be a pair, for f(x) and for f'(x); it holds {np.size(axes)}.")
    curves = Curves({label: trace_activation(activation, x, ctx=ctx) for label, activation in activations.items()})
    with plt.rc_context(STYLE if axes is None else {}):
        figure = None
        if axes is None:
            figure = plt.figure(FigureClass=DescribedFigure, figsize=(9, 3.6), layout="constrained")
            axes = figure.subplots(1, 2)
        values, gradients = np.ravel(axes)
        for i, (label, curve) in enumerate(curves.items()):
            look = {"color": COLOURS[i % 7], "marker": MARKERS[i % 7], "markevery": (0.01 * i, 0.12)}
            _draw(values, curve.x, curve.y, label=label, **look)
            _draw(gradients, curve.x, curve.gradient, label=label, linestyle="--", **look)
            _draw_true_slope(gradients, curve, label=f"slope of {label}", **look)
        values.set(title="f(x)", xlabel="x")
        gradients.set(title="f'(x)", xlabel="x")
        values.legend(loc="upper left")
        if any(curve.wrong.any() for curve in curves.values()):
            gradients.legend(loc="upper left")
    show(figure)
    return curves


def _draw(ax, x, y, **look):
    if x.size > _DRAWN_POINTS:
        # The lowest and the highest of each stretch, so that no spike is lost.
        stretches = np.array_split(np.arange(x.size), _DRAWN_POINTS // 2)
        kept = np.unique([[s[0], s[y[s].argmin()], s[y[s].argmax()], s[-1]] for s in stretches])
        x, y = x[kept], y[kept]
    ax.plot(x, y, **look)


def _draw_true_slope(ax, curve, **look):
    if curve.wrong.any():
        _draw(ax, curve.x, np.where(curve.wrong, curve.slope, np.nan), linestyle=":", zorder=3, **look)
