"""Draw every activation of the catalogue, with its gradient, into gallery.png at the repository root."""

from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt

from gluon_activations import activation_blocks, visualize_activation

GALLERY = Path(__file__).parent.parent / "gallery.png"
STYLE = {"axes.grid": True, "grid.alpha": 0.3, "axes.spines.right": False, "axes.spines.top": False}


def draw(path=GALLERY):
    matplotlib.use("agg")
    blocks = activation_blocks()
    rows = len(blocks) // 5 + 1  # one tile more than there are blocks, for the legend
    with plt.style.context(STYLE, after_reset=True):
        figure, grid = plt.subplots(rows, 5, figsize=(13, 2 * rows), layout="constrained")
        for ax in grid.flat[len(blocks) :]:
            ax.axis("off")
        for ax, (name, block) in zip(grid.flat, blocks.items()):
            curve = visualize_activation(block, title=name, ax=ax)
            if curve.wrong.any():  # the only kind of tile that has all three lines
                grid.flat[-1].legend(*ax.get_legend_handles_labels(), loc="center", frameon=False, fontsize="large")
            ax.get_legend().remove()
            ax.set(xlabel="", xlim=(-6, 6), ylim=(-2.2, 4.2), xticks=(-5, 0, 5))
        figure.savefig(path, dpi=100)
        plt.close(figure)


if __name__ == "__main__":
    draw()
