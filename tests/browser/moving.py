"""What the figures that move are, and what they must show."""

import re

import nbformat
import numpy as np
from browsing import NOTEBOOKS


def explored(notebook):
    """Return the code of a notebook up to each cell with sliders."""
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return [sources[: i + 1] for i, source in enumerate(sources) if re.search(r"^explore_activation\(", source, re.M)]


MOVING = [path for path in NOTEBOOKS if explored(nbformat.read(path, as_version=4))]


def numbers(figure, name):
    """Return the points of a line as they are drawn, in the numbers of the curve."""
    return np.array(
        re.findall(r"([^ML,]+),([^ML,]+)", figure.locator(f"svg svg path.{name}").get_attribute("d")), float
    )


def assert_is_drawn(figure, curve):
    height = max(curve.y.max(), curve.gradient.max()) - min(curve.y.min(), curve.gradient.min())
    for name, values in {"f": curve.y, "gradient": curve.gradient}.items():
        x, y = numbers(figure, name).T
        at = np.abs(curve.x[:, None] - x).argmin(axis=0)
        np.testing.assert_allclose(x, curve.x[at], atol=1e-4)
        np.testing.assert_allclose(y, values[at], atol=1e-4 * height)  # its points are those of the curve
        np.testing.assert_allclose(np.interp(curve.x, x, y), values, atol=2e-3 * height)  # and enough of them
    assert bool(numbers(figure, "slope").size) == curve.wrong.any()
    assert figure.locator(".says").inner_text() == repr(curve)
    assert figure.get_by_role("img").get_attribute("aria-label").endswith(repr(curve))
