"""Sliders: what is stored with a notebook, what moves when they move, and what is refused."""

import base64
import sys

import pytest
from mxnet.gluon import nn
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from gluon_activations import explore_activation

EXPLORE = """\
%matplotlib inline
from mxnet.gluon import nn
from gluon_activations import explore_activation
explore_activation(lambda alpha: None if 0.4 < alpha < 0.6 else nn.LeakyReLU(alpha), alpha=(0, 0.8, 0.1))"""
MOVE = """\
from ipywidgets.widgets.widget import _instances
[slider] = [widget for widget in _instances.values() if type(widget).__name__ == "FloatSlider"]
assert abs(slider.step - 0.008) < 1e-9  # a hundredth of its range
slider.value = {to}"""


def outputs_after(*cells):
    """What the first cell shows, once all have run."""
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=120).execute()
    return notebook.cells[0].outputs


@pytest.fixture(scope="module")
def still():
    return outputs_after(EXPLORE)


def test_a_slider_stands_above_a_picture_with_its_sentence(still):
    slider, picture, sentence = [output["data"] for output in still]
    assert list(slider) == ["application/vnd.jupyter.widget-view+json"]  # no text for nbval to compare
    assert picture["text/plain"].startswith("Leaky ReLU (alpha = 0.1): x 'x' -11.000 to 11.000, y '' -8.900 to 10.900")
    assert base64.b64decode(picture["image/png"]).startswith(b"\x89PNG")
    assert sentence["text/plain"].startswith("f(x) from -1.000 to 10.000\n")


def test_moving_the_slider_redraws_the_curve_on_the_same_axes(still):
    _, picture, sentence = [output["data"] for output in outputs_after(EXPLORE, MOVE.format(to=0.7))]
    assert picture["text/plain"].startswith("Leaky ReLU (alpha = 0.7): x 'x' -11.000 to 11.000, y '' -8.900 to 10.900")
    assert picture["image/png"] != still[1]["data"]["image/png"]
    assert sentence["text/plain"].startswith("f(x) from -7.000 to 10.000\n")


def test_where_the_activation_cannot_be_made_the_sentence_says_why():
    _, picture, sentence = [output["data"] for output in outputs_after(EXPLORE, MOVE.format(to=0.5))]
    assert "alpha = 0.1" in picture["text/plain"]
    assert "activation must be a function or a block" in sentence["text/plain"]


@pytest.mark.parametrize(
    ("ranges", "error", "message"),
    [
        ({}, ValueError, "ranges must name at least one parameter"),
        ({"alpha": 0.1}, TypeError, r"alpha must be a range such as \(0, 1\), not 0.1"),
        ({"alpha": ("0", "1")}, TypeError, "alpha must be a range"),
        ({"alpha": (1, 0)}, ValueError, r"alpha must be \(low, high\) or"),
        ({"alpha": (0, 1, 2)}, ValueError, "in that order"),
        ({"alpha": (0,)}, ValueError, "in that order"),
        ({"alpha": (0, float("nan"))}, ValueError, "in that order"),
        ({"beta": (0, 1)}, TypeError, "alpha"),  # what the factory itself says
    ],
)
def test_bad_ranges_are_refused(ranges, error, message, capsys):
    with pytest.raises(error, match=message):
        explore_activation(nn.LeakyReLU, **ranges)
    assert capsys.readouterr().out == ""


def test_without_ipywidgets_the_rest_still_works(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(ImportError):
        explore_activation(nn.LeakyReLU, alpha=(0, 1))
