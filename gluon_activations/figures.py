"""The one look of every picture, and figures that say what is on them."""

import io
import sys

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gluon_activations.words import decimals

# Okabe and Ito's colours, told apart by colour-blind readers, the first two also in greyscale.
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000"]
MARKERS = "os^Dv*P"
STYLE = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.dpi": 100,
    "grid.alpha": 0.3,
    "legend.framealpha": 0.8,
    "lines.linewidth": 2,
    "lines.markersize": 5,
}


class DescribedFigure(Figure):
    """A figure whose ``repr`` says what is really on it, read back from its axes.

    Jupyter stores that text beside the picture: nbval compares it, and it serves readers who cannot
    see the picture.

    Examples
    --------
    >>> figure, ax = plt.subplots(FigureClass=DescribedFigure)
    >>> line = ax.plot([0, 1], [0, 2])
    >>> figure
    : x '' -0.050 to 1.050, y '' -0.100 to 2.100
      _child0: #1f77b4 - 2 points (0.000, 0.000) (1.000, 2.000)
    """

    def __repr__(self):
        bars = [mesh.colorbar.ax for axes in self.axes for mesh in _meshes(axes) if mesh.colorbar]
        return "\n".join(line for axes in self.axes if axes not in bars for line in _describe(axes))


def _sharp_png(figure):
    """Return a PNG of twice the screen's density, and its size there; None where Jupyter is asked for other formats."""
    from matplotlib_inline.config import InlineBackend

    if not _inline() or InlineBackend.instance().figure_formats != {"png"}:
        return None
    figure.savefig(file := io.BytesIO(), dpi=2 * figure.dpi, bbox_inches="tight")
    picture = Image.open(file)
    made_by = PngInfo()
    made_by.add_text("Software", picture.info["Software"])
    # Line drawings lose nothing to be seen by 256 colours, and two thirds of their bytes.
    small = picture.convert("RGB").quantize(256, dither=0)
    small.save(sharp := io.BytesIO(), "png", optimize=True, pnginfo=made_by)
    return sharp.getvalue(), {"width": picture.width // 2, "height": picture.height // 2}


if "IPython" in sys.modules and sys.modules["IPython"].get_ipython():
    # Jupyter's own PNG is blurred on most screens.
    png = sys.modules["IPython"].get_ipython().display_formatter.formatters["image/png"]
    png.for_type(DescribedFigure, _sharp_png)


def show(figure):
    """Show a figure where Jupyter would, and close it; elsewhere, or given None, do nothing."""
    # Under the inline backend a figure would otherwise come after the cell's last value.
    if figure and _inline():
        from IPython.display import display

        display(figure)
        plt.close(figure)


def _inline():
    return "inline" in matplotlib.get_backend()


def _meshes(axes):
    return [drawn for drawn in axes.collections if isinstance(drawn, QuadMesh)]


def _describe(axes):
    across = decimals if axes.get_xscale() == "linear" else "{:.0e}".format  # a logarithmic axis is for sizes alone
    up = decimals if axes.get_yscale() == "linear" else "{:.0e}".format
    (low, high), (bottom, top) = map(across, axes.get_xlim()), map(up, axes.get_ylim())
    legend = axes.get_legend()
    yield f"{axes.get_title()}: x {axes.get_xlabel()!r} {low} to {high}, y {axes.get_ylabel()!r} {bottom} to {top}"
    if legend:
        yield f"  legend: {', '.join(text.get_text() for text in legend.get_texts())}"
    for line in axes.lines:
        x, y = (np.asarray(data, dtype=float) for data in line.get_data())
        probes = np.unique(np.linspace(0, x.size - 1, 9).astype(int)) if x.size else []
        at = " ".join(f"({across(x[i])}, {up(y[i])})" for i in probes)
        yield f"  {line.get_label()}: {to_hex(line.get_color())} {line.get_linestyle()} {x.size} points {at}"
    for mesh in _meshes(axes):
        values = np.ma.filled(np.ma.asarray(mesh.get_array(), dtype=float), np.nan)
        values = values.reshape([n - 1 for n in mesh.get_coordinates().shape[:2]])
        low, high = mesh.get_clim()
        rows, columns = (np.unique(np.linspace(0, n - 1, 5).astype(int)) for n in values.shape)
        at = " / ".join(" ".join(decimals(values[i, j], high) for j in columns) for i in rows)
        bar = "" if mesh.colorbar is None else ", with a colour bar"
        yield f"  {mesh.get_cmap().name} from {decimals(low, high)} to {decimals(high, high)}{bar}: {at}"
