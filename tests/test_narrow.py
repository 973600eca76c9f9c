"""Pictures for phones: cut between their panels, and nowhere else."""

import io
from base64 import b64decode

import narrow
import numpy as np
import pytest
from PIL import Image

H = 300


def drawn(*boxes, width):
    """Return a white picture with black boxes, each from its first column to the one behind it, and to its last row."""
    picture = np.full((H, width), 255, "uint8")
    for first, behind, bottom in boxes:
        picture[10:bottom, first:behind] = 0
    return Image.fromarray(picture).convert("P")


LABELS, BAR, LEGEND = (10, 30, 290), 15, (840, 940, 90)
THREE = [LABELS, (40, 280, 290), (300, 540, 290), (560, 800, 290)]
CASES = {
    "one": (drawn((10, 30, 290), (40, 640, 290), width=650), [[(0, 650)]]),
    "two, each with labels": (
        drawn((5, 25, 290), (30, 230, 290), (250, 270, 290), (275, 475, 290), width=500),
        [[(0, 240)], [(240, 500)]],
    ),
    "two, with colour bars": (
        drawn((5, 205, 290), (214, 229, 290), (250, 450, 290), (459, 474, 290), width=500),
        [[(0, 239)], [(239, 500)]],
    ),
    "three that share labels, and a legend": (
        drawn(*THREE, LEGEND, width=1000),
        [[(0, 290)], [(0, 40), (290, 550)], [(0, 40), (550, 820)], [(820, 1000)]],
    ),
    "five, of which two find room": (
        drawn(*[(10 + 200 * i, 190 + 200 * i, 290) for i in range(5)], width=1000),
        [[(0, 200), (200, 400)], [(400, 600), (600, 800)], [(800, 1000)]],
    ),
}


@pytest.mark.parametrize(("picture", "rows"), CASES.values(), ids=CASES)
def test_is_cut_between_panels(picture, rows):
    assert narrow.rows(picture, narrow.ROOM) == rows


def test_every_panel_is_shown_once_and_shared_labels_with_each():
    whole, phone = drawn(*THREE, LEGEND, width=1000), narrow.narrow(drawn(*THREE, LEGEND, width=1000), 1)
    ink, labels = [(np.asarray(picture.convert("L")) < 128).sum() for picture in (whole, drawn(LABELS, width=50))]
    assert (np.asarray(phone.convert("L")) < 128).sum() == ink + 2 * labels
    assert phone.size == (310, 3 * (280 + 2 * narrow.MARGIN) + 80 + 2 * narrow.MARGIN)
    assert narrow.narrow(CASES["one"][0], 1) is None


def test_every_panel_of_a_notebook_is_found(path, notebook):
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        if "image/png" in output.get("data", {}):
            picture = Image.open(io.BytesIO(b64decode(output.data["image/png"])))
            axes = output.data["text/plain"].count(": x ")
            parts = [part for _, part in narrow.pieces(picture)]
            high = [
                part
                for part in parts
                if 3 * narrow.height(picture, *part) > 2 * narrow.height(picture, 0, picture.width)
            ]
            assert axes % len(high) == 0
            assert axes // len(high) <= 2  # rows, as of values above and gradients below
