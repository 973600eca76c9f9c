"""Move an activation's parameters, and see its curve follow."""

import itertools
from numbers import Real

import matplotlib.pyplot as plt
import numpy as np

from gluon_activations.curves import trace_activation
from gluon_activations.figures import STYLE, DescribedFigure
from gluon_activations.plots import visualize_activation


def explore_activation(factory, x=None, **ranges):
    """Draw an activation with a slider for each of its parameters.

    It is for notebooks, and needs ipywidgets. Where there is no kernel, as on a web page, the picture
    at the sliders' start remains.

    Parameters
    ----------
    factory : callable
        Takes the parameters by name and returns an activation, as for `trace_activation`.
    x : array_like, shape (n,), optional
        As for `trace_activation`.
    **ranges : tuple of float
        ``name=(low, high)`` or ``name=(low, high, start)`` for each parameter (dimensionless), with
        ``low < high`` and ``start`` between them; it starts halfway by default.

    Raises
    ------
    ImportError
        If ipywidgets is not installed.
    TypeError, ValueError
        If there is no range, or one is not as above; or as `trace_activation`, for a parameter at the
        ends of its range. Nothing is drawn then.

    See Also
    --------
    visualize_activation : one picture, without sliders.
    """
    import ipywidgets
    from IPython.display import display

    if not ranges:
        raise ValueError("ranges must name at least one parameter, as in alpha=(0, 1); there is none.")
    ranges = {name: _low_high_start(name, given) for name, given in ranges.items()}
    # The axes hold every curve that the ends of the ranges give, so that they need not move.
    corners = itertools.product(*[(low, high) for low, high, _ in ranges.values()])
    curves = [trace_activation(factory(**dict(zip(ranges, corner))), x) for corner in corners]
    seen = np.concatenate([values for curve in curves for values in (curve.y, curve.gradient)])
    bottom, top = np.min(seen, where=np.isfinite(seen), initial=0), np.max(seen, where=np.isfinite(seen), initial=0)
    margin = 0.05 * (top - bottom) or 1

    sliders = {
        name: ipywidgets.FloatSlider(start, min=low, max=high, step=(high - low) / 100, description=name)
        for name, (low, high, start) in ranges.items()
    }

    def draw():
        activation = factory(**{name: slider.value for name, slider in sliders.items()})
        with plt.rc_context(STYLE):
            figure = plt.figure(FigureClass=DescribedFigure, figsize=(6, 3.6))
            plt.close(figure)  # it is shown by hand below, and not a second time at the end of the cell
            curve = visualize_activation(activation, x, ax=figure.add_subplot())
        figure.axes[0].set_ylim(bottom - margin, top + margin)
        return figure, curve

    def redraw(_):
        try:
            figure, curve = draw()
        except (TypeError, ValueError) as error:
            sentence.update(error)
        else:
            picture.update(figure)
            sentence.update(curve)

    figure, curve = draw()
    # Without its text, which is not for reading and which nbval would compare.
    display(ipywidgets.VBox(list(sliders.values())), exclude=["text/plain"])
    picture, sentence = display(figure, display_id=True), display(curve, display_id=True)
    for slider in sliders.values():
        slider.observe(redraw, names="value")


def _low_high_start(name, given):
    if not isinstance(given, (tuple, list)) or not all(isinstance(number, Real) for number in given):
        raise TypeError(f"{name} must be a range such as (0, 1), not {given!r}.")
    low, high, start = given if len(given) == 3 else (*given, sum(given) / 2) if len(given) == 2 else (0, 0, 0)
    if not low < high or not low <= start <= high:
        raise ValueError(f"{name} must be (low, high) or (low, high, start), in that order; {given!r} is not.")
    return low, high, start
