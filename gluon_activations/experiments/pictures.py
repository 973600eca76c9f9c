"""Pictures of nets and of their training."""

import matplotlib.pyplot as plt
import numpy as np

from gluon_activations.figures import COLOURS, STYLE, DescribedFigure, show


def plot_layers(layers, shown=5):
    """Draw histograms of what goes forward and what comes back, for some of a net's layers.

    The activations are in the upper row, and where there are gradients, those in the lower row. In a
    notebook the picture appears at once; in a script its figure stays open for ``plt.show()``.

    Parameters
    ----------
    layers : Layers
        From `layer_statistics`.
    shown : int
        How many layers at most, evenly spread from the first to the last.
    """
    chosen = [layers[i] for i in np.unique(np.linspace(0, len(layers) - 1, shown).astype(int))]
    kinds = [("after", "activations", COLOURS[0])]
    if chosen[0].gradient is not None:
        kinds.append(("gradient", "gradients", COLOURS[1]))
    with plt.rc_context(STYLE):
        size = (2 * len(chosen), 1.9 * len(kinds))
        figure = plt.figure(FigureClass=DescribedFigure, figsize=size, layout="constrained")
        grid = figure.subplots(len(kinds), len(chosen), squeeze=False)
        for row, (kind, label, colour) in zip(grid, kinds):
            for ax, layer in zip(row, chosen):
                values = getattr(layer, kind)
                counts, edges = np.histogram(values[np.isfinite(values)], bins=40)
                share = np.append(counts, 0) / max(counts.sum(), 1)
                ax.plot(edges, share, drawstyle="steps-post", linewidth=1, color=colour, label=label)
                ax.fill_between(edges, share, step="post", color=colour, alpha=0.5)
                ax.set(title=layer.name, yticks=[])
                ax.ticklabel_format(axis="x", scilimits=(-2, 3))
                ax.locator_params(axis="x", nbins=2)
            row[0].set_ylabel(label)
    show(figure)
