"""The pictures serve readers who cannot see them, and readers who see fewer colours."""

import base64
import io
import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
from colorspacious import cspace_convert, deltaE
from matplotlib.colors import to_rgb
from mxnet.gluon import nn
from PIL import Image

from gluon_activations import activation_blocks, compare_activations, figures, visualize_activation

COLOURS = np.array([to_rgb(colour) for colour in figures.COLOURS])


@pytest.fixture
def look():
    """Return a function that tells, of each line of the current figure's axes, all of its look but the colour."""
    yield lambda axes: [(line.get_linestyle(), line.get_marker()) for line in axes.lines]
    plt.close("all")


def test_beside_every_picture_stands_what_is_on_it(notebook):
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    texts = [output.data["text/plain"] for output in outputs if "image/png" in output.get("data", {})]
    assert texts
    for text in texts:
        assert not text.startswith("<Figure"), text  # the name of an object is no description
        assert len(text.splitlines()) > 1


def test_every_picture_is_sharp(notebook):
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    for output in [output for output in outputs if "image/png" in output.get("data", {})]:
        picture, shown = (
            Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))),
            output.metadata["image/png"],
        )
        assert [side // 2 for side in picture.size] == [shown["width"], shown["height"]]


@pytest.mark.parametrize("deficiency", [None, "deuteranomaly", "protanomaly", "tritanomaly"])
def test_any_two_colours_are_told_apart(deficiency):
    seen = COLOURS
    if deficiency:  # all of it: 100 is deuteranopia, protanopia, tritanopia
        space = {"name": "sRGB1+CVD", "cvd_type": deficiency, "severity": 100}
        seen = np.clip(cspace_convert(COLOURS, space, "sRGB1"), 0, 1)
    for i, j in itertools.combinations(range(len(COLOURS)), 2):
        # In CAM02-UCS 1 is just noticeable, side by side; the closest two here are 11 apart.
        assert deltaE(seen[i], seen[j], input_space="sRGB1") > 10, (figures.COLOURS[i], figures.COLOURS[j])


def test_colours_stand_out_from_white():
    luminance = cspace_convert(COLOURS, "sRGB1", "sRGB1-linear") @ [0.2126, 0.7152, 0.0722]
    contrast = 1.05 / (luminance + 0.05)
    # WCAG asks 3 of a graphic. Okabe and Ito's sky blue and orange, which only a fifth and a sixth curve have, stay
    # below: darker ones would come too close to the others for colour-blind readers.
    assert all(np.delete(contrast, [4, 5]) > 3)
    assert all(contrast > 2.2)


def test_lines_differ_in_more_than_colour(look):
    assert visualize_activation(nn.SELU()).wrong.any()
    values = look(plt.gca())
    assert len(values) == len(set(values)) == 3

    compare_activations(dict(itertools.islice(activation_blocks().items(), len(COLOURS))))
    values, gradients = map(look, plt.gcf().axes)
    assert len({marker for _, marker in values}) == len(values) == len(COLOURS)
    assert not set(values) & set(gradients)

    # The first two have wrong gradients, and true slopes drawn beside them.
    compare_activations({"SELU": nn.SELU(), "again": nn.SELU(), "ELU": nn.ELU()})
    gradients = look(plt.gcf().axes[1])
    assert len(set(gradients)) == len(gradients) == 5
