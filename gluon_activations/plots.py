"""Draw curves, on figures that can say what is on them."""

from collections.abc import Mapping

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from gluon_activations.curves import decimals, display_name, trace_activation

# Okabe and Ito's colours, told apart by colour-blind readers, the first two also in greyscale.
_COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000"]
_MARKERS = "os^Dv*P"
_STYLE = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.dpi": 100,
    "grid.alpha": 0.3,
    "legend.framealpha": 0.8,
    "lines.linewidth": 2,
    "lines.markersize": 5,
}
_DRAWN_POINTS = 4000  # more than a screen is wide; beyond it a line is thinned


class DescribedFigure(Figure):
    """A figure whose ``repr`` says what is really on it, read back from its axes.

    Jupyter stores that text beside the picture: nbval compares it, and it serves readers who cannot
    see the picture. ``plt.subplots(FigureClass=DescribedFigure)`` makes one.
    """

    def __repr__(self):
        return "\n".join(line for axes in self.axes for line in _describe(axes))


class Curves(dict):
    """Label to `Curve`, in the order drawn; its ``repr`` is one sentence a label."""

    def __repr__(self):
        return "\n".join(f"{label}: f'(x) {curve._verdict()}" for label, curve in self.items())


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
    with plt.rc_context(_STYLE if ax is None else {}):
        figure = plt.figure(FigureClass=DescribedFigure, figsize=(6, 3.6)) if ax is None else None
        ax = figure.add_subplot() if figure else ax
        _draw(ax, curve.x, curve.y, label="f(x)", color=_COLOURS[0])
        _draw(ax, curve.x, curve.gradient, label="f'(x)", color=_COLOURS[1], linestyle="--")
        _draw_true_slope(ax, curve, label="slope of f(x)", color="black")
        ax.set(title=display_name(activation) if title is None else title, xlabel="x")
        ax.legend(loc="upper left")
    _show(figure)
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
    with plt.rc_context(_STYLE if axes is None else {}):
        figure = None
        if axes is None:
            figure = plt.figure(FigureClass=DescribedFigure, figsize=(9, 3.6), layout="constrained")
            axes = figure.subplots(1, 2)
        values, gradients = np.ravel(axes)
        for i, (label, curve) in enumerate(curves.items()):
            look = {"color": _COLOURS[i % 7], "marker": _MARKERS[i % 7], "markevery": (0.01 * i, 0.12)}
            _draw(values, curve.x, curve.y, label=label, **look)
            _draw(gradients, curve.x, curve.gradient, label=label, linestyle="--", **look)
            _draw_true_slope(gradients, curve, label=f"slope of {label}", **look)
        values.set(title="f(x)", xlabel="x")
        gradients.set(title="f'(x)", xlabel="x")
        values.legend(loc="upper left")
        if any(curve.wrong.any() for curve in curves.values()):
            gradients.legend(loc="upper left")
    _show(figure)
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


def _show(figure):
    # Under the inline backend a figure would otherwise come after the cell's last value.
    if figure and "inline" in matplotlib.get_backend():
        from IPython.display import display

        display(figure)
        plt.close(figure)


def _describe(axes):
    low, high, bottom, top = map(decimals, (*axes.get_xlim(), *axes.get_ylim()))
    legend = axes.get_legend()
    yield f"{axes.get_title()}: x {axes.get_xlabel()!r} {low} to {high}, y {axes.get_ylabel()!r} {bottom} to {top}"
    if legend:
        yield f"  legend: {', '.join(text.get_text() for text in legend.get_texts())}"
    for line in axes.lines:
        x, y = (np.asarray(data, dtype=float) for data in line.get_data())
        probes = np.unique(np.linspace(0, x.size - 1, 9).astype(int)) if x.size else []
        at = " ".join(f"({decimals(x[i])}, {decimals(y[i])})" for i in probes)
        yield f"  {line.get_label()}: {to_hex(line.get_color())} {line.get_linestyle()} {x.size} points {at}"
