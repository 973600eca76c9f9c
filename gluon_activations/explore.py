"""Move an activation's parameters, and see its curve follow."""

import itertools
from numbers import Integral, Real
from typing import Callable, Optional, Sequence, Tuple, Union

import matplotlib.pyplot as plt
import numpy as np

from gluon_activations.curves import trace_activation
from gluon_activations.figures import STYLE, DescribedFigure
from gluon_activations.plots import visualize_activation

_LARGEST = 1e300  # that of which sums and differences are finite too


def explore_activation(
    factory: Callable, x: Optional[Sequence[float]] = None, /, **ranges: Union[Tuple[float, float], Tuple[float, ...]]
) -> None:
    """Draw an activation with a slider for each of its parameters.

    It is for notebooks, and needs ipywidgets. Where there is no kernel, as on a web page, the picture
    at the sliders' start remains. Where there is no curve, a sentence stands in its place.

    Parameters
    ----------
    factory : callable
        Takes the parameters by name and returns an activation, as for `trace_activation`.
    x : array_like, shape (n,), optional
        As for `trace_activation`; by its place, so that a parameter may be called x too.
    **ranges : tuple of float
        ``name=(low, high)`` or ``name=(low, high, start)`` for each parameter (dimensionless), with
        ``low < high`` and ``start`` between them; it starts halfway by default. Where all are whole, and
        there is no finite curve between two whole numbers, the slider goes from one to the next.

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

    Examples
    --------
    >>> from mxnet.gluon import nn
    >>> explore_activation(nn.ELU, alpha=(0, 2))  # doctest: +ELLIPSIS
    VBox(children=(FloatSlider(value=1.0, ...
    f(x) from -1.000 to 10.000
    f'(x) from 0.000 to 1.000
    f'(x) is the slope of f(x)
    """
    import ipywidgets
    from IPython.display import display

    if not ranges:
        raise ValueError("ranges must name at least one parameter, as in alpha=(0, 1); there is none.")
    ranges = {name: _low_high_start(name, given) for name, given in ranges.items()}

    def at(values):
        return factory(**dict(zip(ranges, values)))

    # The axes hold every curve that the ends of the ranges give, so that they need not move.
    corners = itertools.product(*[(low, high) for low, high, _ in ranges.values()])
    curves = [trace_activation(at(corner), x) for corner in corners]
    seen = np.concatenate([values for curve in curves for values in (curve.y, curve.gradient)]).astype("float64")
    bottom, top = np.min(seen, where=np.isfinite(seen), initial=0), np.max(seen, where=np.isfinite(seen), initial=0)
    margin = 0.05 * (top - bottom) or 1

    lowest = [low for low, _, _ in ranges.values()]
    sliders = []
    for i, (name, (low, high, start)) in enumerate(ranges.items()):
        between = [*lowest[:i], low + 0.5, *lowest[i + 1 :]]
        whole = all(isinstance(number, Integral) for number in (low, high)) and start in (int(start), (low + high) / 2)
        if whole and not _is_finite(at, between, x, like=curves[0]):
            kind, start, steps = ipywidgets.IntSlider, int(start), {}
        else:
            step = (high - low) / 100
            kind, steps = ipywidgets.FloatSlider, {"step": step, "readout_format": _readout(step, max(-low, high))}
        # Wide, so that a hundredth of the range is more than a pixel.
        look = {"layout": ipywidgets.Layout(width="30em"), "style": {"description_width": "initial"}}
        sliders.append(kind(start, min=low, max=high, description=name, **steps, **look))

    def draw():
        activation = at([slider.value for slider in sliders])
        with plt.rc_context(STYLE):
            figure = plt.figure(FigureClass=DescribedFigure, figsize=(6, 3.6))
            plt.close(figure)  # it is shown by hand below, and not a second time at the end of the cell
            curve = visualize_activation(activation, x, ax=figure.add_subplot())
        figure.axes[0].set_ylim(bottom - margin, top + margin)
        return figure, curve

    def redraw(_):
        try:
            figure, curve = draw()
        except Exception as error:  # of any kind: the factory is the reader's
            where = ", ".join(f"{name} = {slider.value:.3g}" for name, slider in zip(ranges, sliders))
            figure, curve = _Sentence(f"no curve at {where}"), _Sentence(f"{type(error).__name__}: {error}")
        picture.update(figure)
        sentence.update(curve)

    figure, curve = draw()
    # Without its text, which is not for reading and which nbval would compare.
    display(ipywidgets.VBox(sliders), exclude=["text/plain"])
    picture, sentence = display(figure, display_id=True), display(curve, display_id=True)
    for slider in sliders:
        slider.observe(redraw, names="value")


class _Sentence(str):
    """Text that Jupyter shows as it is."""

    __repr__ = str.__str__


def _is_finite(at, values, x, like):
    try:
        curve = trace_activation(at(values), x)
    except Exception:
        return False
    return np.isfinite(curve.y).sum() >= np.isfinite(like.y).sum()


def _readout(step, largest):
    """Return the format in which a slider's steps can be told apart."""
    digits = max(2, int(np.ceil(-np.log10(step))))
    return f".{digits}f" if digits <= 6 and largest < 1e6 else ".3e"


def _low_high_start(name, given):
    if not isinstance(given, (tuple, list)) or not all(isinstance(number, Real) for number in given):
        hint = "; the points to sample come by their place, second" if name == "x" else ""
        raise TypeError(f"{name} must be a range such as (0, 1), not {given!r}{hint}.")
    if not all(-_LARGEST <= number <= _LARGEST for number in given):
        raise ValueError(f"{name} must lie between -{_LARGEST:.0e} and {_LARGEST:.0e}; {given!r} does not.")
    low, high, start = given if len(given) == 3 else (*given, sum(given) / 2) if len(given) == 2 else (0, 0, 0)
    if not low < high or not low <= start <= high:
        raise ValueError(f"{name} must be (low, high) or (low, high, start), in that order; {given!r} is not.")
    return low, high, start
