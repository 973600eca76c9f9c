"""What other frameworks make of the same activations, from stored values."""

import itertools
import json
from pathlib import Path
from typing import Any, Callable, Dict, List

import matplotlib.pyplot as plt
import numpy as np

from gluon_activations.curves import trace_activation
from gluon_activations.experiments.rows import plain_numbers
from gluon_activations.figures import COLOURS, MARKERS, STYLE, DescribedFigure, show
from gluon_activations.words import decimals

_SAME = 5e-6  # relative, or absolute under 1
_SIDES = {"value": "f(x)", "gradient": "f'(x)"}


class Elsewhere:
    """Values, gradients and defaults of other frameworks, as ``tools/write_framework_reference.py`` has stored them.

    Keras computes on JAX, and, under the name "Keras on PyTorch", on that.

    Attributes
    ----------
    date : str
        When they were stored.
    versions : dict of str to str
        Of which releases.
    x : numpy.ndarray, shape (n,)
        Where the curves are stored.
    rows : numpy.ndarray, shape (2, 3, 4)
        What a softmax and a dense layer were given.

    Examples
    --------
    >>> elsewhere = Elsewhere()
    >>> elsewhere.default("Leaky ReLU slope")
    {'PyTorch': 0.01, 'Keras': 0.3, 'JAX': 0.01, 'ONNX': 0.01}
    >>> elsewhere.gradient("hard tanh", 1)
    {'PyTorch': 0.0, 'Keras': 1.0, 'Keras on PyTorch': 0.0, 'JAX': 1.0}
    """

    def __init__(self):
        stored = json.loads(Path(__file__).with_name("frameworks.json").read_text(encoding="utf-8"))
        self.date, self.versions = stored["date"], stored["versions"]
        self.x, self.rows = np.array(stored["x"]), np.array(stored["rows"])
        self._frameworks = {name: part for name, part in stored.items() if "activations" in part}

    def default(self, name: str) -> Dict[str, Any]:
        """Return what each framework has for a default, where it has any; Keras once."""
        parts = {framework: part["defaults"] for framework, part in self._frameworks.items()}
        del parts["Keras on PyTorch"]
        _check_name(name, parts.values())
        return {framework: part[name] for framework, part in parts.items() if name in part}

    def other(self, name: str) -> Dict[str, Any]:
        """Return what else is stored, for each framework, None where it has nothing.

        Of ``rows`` the ``"softmax"``, the ``"GLU"``, or the shape that a ``"dense"`` layer gives them; or the value and
        gradient of ``"softplus"`` in float64, at 10, 19.9, 20.1 and 25.
        """
        _check_name(name, [part["others"] for part in self._frameworks.values()])
        return {framework: part["others"].get(name) for framework, part in self._frameworks.items()}

    def gradient(self, name: str, x: float) -> Dict[str, float]:
        """Return each framework's gradient of an activation at one of the stored points."""
        curves = self._curves(name)
        [x] = plain_numbers("x", [x], float)
        i = np.abs(self.x - x).argmin()
        if not np.isclose(self.x[i], x):
            raise ValueError(f"x must be one of the points stored, of which {self.x[i]:g} is the nearest; not {x:g}.")
        return {framework: curve["gradient"][i] for framework, curve in curves if "gradient" in curve}

    def compare(self, name: str, activation: Callable, limits: tuple = (-10, 10)) -> "Comparison":
        """Hold an activation of MXNet's beside those of one name elsewhere; Keras computes on JAX here.

        Parameters
        ----------
        name : str
            The stored curve's.
        activation : callable
            As for `trace_activation`.
        limits : pair of float
            From where to where.

        Examples
        --------
        >>> from mxnet.gluon import nn
        >>> Elsewhere().compare("GELU", nn.GELU())
                 f(x)                         f'(x)
        PyTorch  as here                      as here
        Keras    as here                      as here
        JAX      by 0.00047 at x = -2.700     by 0.00087 at x = -2.000
        ONNX     as here
        """
        stored_curves = self._curves(name)
        ends = plain_numbers("limits", limits, float)
        x = self.x[(self.x >= ends[0]) & (self.x <= ends[-1])]
        if len(limits) != 2 or not x.size:
            raise ValueError(f"limits must be two numbers with points stored between them; not {limits!r}.")
        curve = trace_activation(activation, x)
        curves = {"MXNet": {"value": curve.y, "gradient": curve.gradient}}
        for framework, stored in stored_curves:
            if framework != "Keras on PyTorch":
                curves[framework] = {kind: np.array(part)[np.isin(self.x, x)] for kind, part in stored.items()}
        return Comparison(name, x, curves)

    def _curves(self, name) -> List[tuple]:
        parts = [(key, part["activations"]) for key, part in self._frameworks.items()]
        _check_name(name, [curves for _, curves in parts])
        return [(key, curves[name]) for key, curves in parts if name in curves]


def _check_name(name, parts):
    names = list(dict.fromkeys(itertools.chain(*parts)))
    if name not in names:
        raise ValueError(f"name must be one of {', '.join(map(repr, names))}; not {name!r}.")


class Comparison:
    """One activation, here and elsewhere; its ``repr`` says by how much each framework differs from MXNet.

    Attributes
    ----------
    name : str
    x : numpy.ndarray, shape (n,)
    curves : dict
        Framework to a dict of "value" and, where there is any, "gradient", each of shape (n,).
    """

    def __init__(self, name: str, x: np.ndarray, curves: Dict[str, Dict[str, np.ndarray]]):
        self.name, self.x, self.curves = name, x, curves

    def __repr__(self):
        lines = [f"{'':8} {'f(x)':28} f'(x)"]
        for framework, curves in list(self.curves.items())[1:]:
            cells = [self._told(kind, curves[kind]) if kind in curves else "" for kind in _SIDES]
            lines.append(f"{framework:8} {cells[0]:28} {cells[1]}".rstrip())
        return "\n".join(lines)

    @property
    def same(self) -> List[str]:
        """The frameworks that have MXNet's values, and its gradients if any, at each point."""
        ours = self.curves["MXNet"]
        return [
            framework
            for framework, curves in list(self.curves.items())[1:]
            if not any(_differs(ours[kind], theirs).any() for kind, theirs in curves.items())
        ]

    def draw(self, *, subtract: bool = False) -> "Comparison":
        """Draw the curves; those that agree, but at corners, as one, with all their names.

        In a notebook the picture appears at once; in a script its figure stays open for ``plt.show()``.

        Parameters
        ----------
        subtract : bool
            Whether to draw what they differ by from MXNet's.

        Returns
        -------
        Comparison
            This one.
        """
        with plt.rc_context(STYLE):
            figure = plt.figure(FigureClass=DescribedFigure, figsize=(9, 3.6), layout="constrained")
            for ax, (kind, side) in zip(figure.subplots(1, 2), _SIDES.items()):
                for group, colour, marker in zip(self._groups(kind), COLOURS, MARKERS):
                    y = self.curves[group[0]][kind] - subtract * self.curves["MXNet"][kind]
                    ax.plot(self.x, y, marker=marker, markevery=0.12, color=colour, label=", ".join(group))
                ax.set(title=f"{self.name}, {side}{', less MXNet' * subtract}", xlabel="x")
                ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18))
        show(figure)
        return self

    def _groups(self, kind):
        groups = []
        for framework, curves in self.curves.items():
            if kind in curves:
                # No function here has more than two corners.
                same = [group for group in groups if _differs(self.curves[group[0]][kind], curves[kind]).sum() <= 2]
                (same[0] if same else groups).append(framework if same else [framework])
        return groups

    def _told(self, kind, theirs):
        ours = self.curves["MXNet"][kind]
        differs, off = _differs(ours, theirs), np.nan_to_num(np.abs(theirs - ours), nan=np.inf)
        if not differs.any():
            return "as here"
        i = np.flatnonzero(off >= 0.998 * off.max())[
            0
        ]  # the leftmost, on every processor; and no more digits than agree
        return f"by {off.max():.2g} at x = {decimals(self.x[i])}{' alone' * (differs.sum() == 1)}"


def _differs(ours, theirs):
    return ~(np.abs(theirs - ours) <= _SAME * np.maximum(1, np.abs(theirs)))  # NaN differs
