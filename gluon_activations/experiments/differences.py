"""Differences between activations that were trained from the same seeds: paired, and drawn with their intervals."""

from numbers import Real
from typing import Dict, Iterable, Mapping

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

from gluon_activations.experiments.data import as_floats
from gluon_activations.experiments.rows import COLUMNS
from gluon_activations.figures import COLOURS, STYLE, DescribedFigure, show
from gluon_activations.names import brief


def paired_differences(rows: Iterable[Dict], reference: str, column: str = "accuracy") -> Dict[str, np.ndarray]:
    """Take a reference's results from those of every other activation, run by run.

    Parameters
    ----------
    rows : iterable of dict
        From `sweep`, with one learning rate and one width to each activation. Two runs are a pair if they differ in
        the activation, in these two, and in nothing else that was set, so that both have the same seed.
    reference : str
        The activation to compare with.
    column : str
        What to compare: ``"accuracy"``, ``"loss"`` or ``"seconds"``.

    Returns
    -------
    dict of str to numpy.ndarray, shape (runs,)
        For every other activation, in the order of the rows, its differences, in the order of the reference's runs.

    Raises
    ------
    ValueError
        If ``rows`` are none, ``column`` is none of these, ``reference`` is not among the activations, a run failed or
        has no such result, or runs are not in pairs.

    Examples
    --------
    >>> from mxnet.gluon import nn
    >>> from gluon_activations.experiments import sweep
    >>> rows = sweep({"ELU": nn.ELU, "GELU": nn.GELU}, range(3), epochs=1)
    >>> {name: differences.shape for name, differences in paired_differences(rows, "ELU").items()}
    {'GELU': (3,)}
    """
    if column not in ("accuracy", "loss", "seconds"):
        raise ValueError(f"column must be 'accuracy', 'loss' or 'seconds', not {column!r}.")
    rows, results = list(rows) if isinstance(rows, Iterable) else [rows], {}
    if not rows or not all(isinstance(row, Mapping) and {column, *COLUMNS} <= row.keys() for row in rows):
        raise ValueError(f"rows must be what sweep returns, a dict for each run; not {brief(rows)}.")
    for row in rows:
        runs = results.setdefault(row["activation"], {})
        run = tuple(row[name] for name in COLUMNS if name not in ("activation", "lr", "width"))
        if row[column] is None:
            raise ValueError(f"rows must have a result each; {row['activation']}, seed {row['seed']}, has no {column}.")
        if run in runs:
            raise ValueError(f"rows must hold one run of each seed; {row['activation']} has two of {row['seed']}.")
        runs[run] = row[column]
    if reference not in list(results):
        raise ValueError(f"reference must be one of the activations {', '.join(results)}; not {reference!r}.")
    baseline = results.pop(reference)
    for name, runs in results.items():
        if runs.keys() != baseline.keys():
            raise ValueError(f"rows must be in pairs; {name} and {reference} were not run with the same settings.")
    return {name: np.array([runs[run] - baseline[run] for run in baseline]) for name, runs in results.items()}


def plot_differences(
    differences: Mapping, reference: str = "ReLU", what: str = "test accuracy", *, level: float = 0.95
) -> None:
    """Draw what each of several is ahead or behind: every difference, their mean, and its confidence interval.

    The thick line is the interval of a t-test. Where there are several, a thin line is the interval after
    Bonferroni's correction: all of these together hold their true means with a probability of ``level`` or more. The
    mark of the mean is filled where that longer interval keeps clear of 0. (So it does where the p of a two-sided
    t-test, times the number of comparisons, is below 1 - ``level``.) The differences are taken for independent and
    normal.

    Parameters
    ----------
    differences : mapping of str to array_like, shape (runs,)
        Label to paired differences, from `paired_differences` or elsewhere; drawn from top to bottom.
    reference : str
        What they are differences to, for the axis.
    what : str
        What differs, for the axis.
    level : float
        Between 0 and 1.

    Raises
    ------
    TypeError, ValueError
        If ``differences`` is no mapping of numbers, if there is nothing to draw, or an array has fewer than two
        numbers, or others than finite ones; or if ``level`` is not between 0 and 1.

    Examples
    --------
    >>> plot_differences({"ELU": [0.01, -0.02, 0.01], "Swish": [0.02, 0.03, 0.025]})
    """
    if not isinstance(level, Real) or not 0 < level < 1:
        raise ValueError(f"level must be a number between 0 and 1; it is {level!r}.")
    if not isinstance(differences, Mapping):
        raise TypeError(f"differences must be a mapping of label to numbers, not {type(differences).__name__}.")
    arrays = {name: as_floats(f"differences[{name!r}]", values) for name, values in differences.items()}
    if not arrays:
        raise ValueError("differences must hold at least one array; it is empty.")
    for name, values in arrays.items():
        if values.ndim != 1 or values.size < 2 or not np.isfinite(values).all():
            raise ValueError(f"differences[{name!r}] must hold two or more finite numbers; it is {values.tolist()}.")
    with plt.rc_context({**STYLE, "axes.grid.axis": "x"}):
        size = (7, 1 + 0.28 * len(arrays))
        figure = plt.figure(FigureClass=DescribedFigure, figsize=size, layout="constrained")
        ax = figure.subplots()
        ax.axvline(0, color="black", linewidth=1, label=reference)
        for place, (name, values) in enumerate(arrays.items()):
            wide, narrow = (_half_width(values, (1 - level) / count) for count in (len(arrays), 1))
            mean, clear = values.mean(), abs(values.mean()) > wide
            ax.plot(values, np.full(values.size, place), "|", color="0.5", markersize=9, label=f"{name}, each")
            if len(arrays) > 1:
                ax.plot([mean - wide, mean + wide], [place] * 2, color=COLOURS[0], linewidth=1, label=f"{name}, all")
            marker = {"marker": "o", "markevery": [1], "markerfacecolor": COLOURS[0] if clear else "white"}
            ends = [mean - narrow, mean, mean + narrow]
            ax.plot(ends, [place] * 3, color=COLOURS[0], linewidth=2.5, markersize=6, label=name, **marker)
        ax.set_yticks(range(len(arrays)), arrays)
        ax.set(xlabel=f"{what} less that of {reference}", ylim=(len(arrays) - 0.5, -0.5))
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
    show(figure)


def _half_width(values, alpha):
    """Return half the width of the mean's confidence interval at a level of 1 - alpha."""
    return stats.sem(values) * stats.t.ppf(1 - alpha / 2, values.size - 1)
