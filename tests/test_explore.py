"""Sliders: what is stored with a notebook, what moves when they move, and what is refused."""

import base64
import doctest
import io
import sys
import types

import pytest
from mxnet.gluon import nn
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from gluon_activations import explore, explore_activation

EXPLORE = """\
%matplotlib inline
from gluon_activations import explore_activation
from mxnet.gluon import nn
explore_activation(lambda alpha: None if 0.4 < alpha < 0.6 else nn.LeakyReLU(alpha), alpha=(0, 0.8, 0.1))"""
MOVE = """\
from ipywidgets.widgets.widget import _instances
*_, slider = [widget for widget in _instances.values() if type(widget).__name__ == "FloatSlider"]
assert abs(slider.step - 0.008) < 1e-9  # a hundredth of its range
slider.value = {to}"""


@pytest.fixture(scope="module")
def outputs_after():
    """Return a function that runs cells, all in one kernel, and tells what the first of them then shows."""
    client = NotebookClient(new_notebook(), timeout=120)

    def run(*sources):
        cells = [new_code_cell(source) for source in sources]
        for cell in cells:
            client.nb.cells.append(cell)
            client.execute_cell(cell, len(client.nb.cells) - 1)
        return cells[0].outputs

    with client.setup_kernel():
        yield run


@pytest.fixture(scope="module")
def still(outputs_after):
    return outputs_after(EXPLORE)


def test_a_slider_stands_above_a_picture_with_its_sentence(still):
    slider, picture, sentence = [output["data"] for output in still]
    assert list(slider) == ["application/vnd.jupyter.widget-view+json"]  # no text for nbval to compare
    assert picture["text/plain"].startswith("Leaky ReLU (alpha = 0.1): x 'x' -11.000 to 11.000, y '' -8.900 to 10.900")
    assert base64.b64decode(picture["image/png"]).startswith(b"\x89PNG")
    assert sentence["text/plain"].startswith("f(x) from -1.000 to 10.000\n")


def test_moving_the_slider_redraws_the_curve_on_the_same_axes(outputs_after, still):
    _, picture, sentence = [output["data"] for output in outputs_after(EXPLORE, MOVE.format(to=0.7))]
    assert picture["text/plain"].startswith("Leaky ReLU (alpha = 0.7): x 'x' -11.000 to 11.000, y '' -8.900 to 10.900")
    assert picture["image/png"] != still[1]["data"]["image/png"]
    assert sentence["text/plain"].startswith("f(x) from -7.000 to 10.000\n")


def test_where_the_activation_cannot_be_made_a_sentence_takes_the_place_of_the_picture(outputs_after):
    _, picture, sentence = [output["data"] for output in outputs_after(EXPLORE, MOVE.format(to=0.5))]
    assert picture == {"text/plain": "no curve at alpha = 0.5"}
    assert sentence["text/plain"].startswith("TypeError: activation must be a function or a block")


@pytest.mark.parametrize(
    ("factory", "error"),
    [
        ("lambda a: (lambda x, k=1 / (a - 0.5): k * x)", "ZeroDivisionError: float division by zero"),
        ("lambda a: [].pop() if a == 0.5 else nn.LeakyReLU(a)", "IndexError: pop from empty list"),
        ("lambda a: (lambda x: x.reshape((7, -1)) if a == 0.5 else a * x)", "ValueError: activation "),
    ],
)
def test_an_error_of_any_kind_is_said_and_the_next_curve_drawn(factory, error, outputs_after):
    explore = EXPLORE[: EXPLORE.rindex("\n")] + f"\nexplore_activation({factory}, a=(0, 0.8, 0.1))"
    _, picture, sentence = [output["data"] for output in outputs_after(explore, MOVE.format(to=0.5))]
    assert picture == {"text/plain": "no curve at a = 0.5"}
    assert sentence["text/plain"].startswith(error)
    _, picture, sentence = [
        output["data"] for output in outputs_after(explore, MOVE.format(to=0.5), "slider.value = 0.7")
    ]
    assert "image/png" in picture
    assert sentence["text/plain"].startswith("f(x) from ")


@pytest.fixture
def sliders(monkeypatch):
    """The sliders shown, without a kernel; what stands under them after a move is in `updates`."""
    shown, updates = [], []

    def display(thing, **_):
        shown.extend(getattr(thing, "children", ()))
        return types.SimpleNamespace(update=updates.append)

    monkeypatch.setattr("IPython.display.display", display)

    def explore(*args, **ranges):
        shown.clear()
        explore_activation(*args, **ranges)
        return shown

    explore.updates = updates
    return explore


def only_whole(n):
    return [nn.ELU(), nn.SELU(), nn.GELU(), nn.Swish()][n]


@pytest.mark.parametrize(
    ("factory", "given", "kind", "start"),
    [
        (only_whole, (0, 3), "IntSlider", 1),
        (only_whole, (0, 3, 2), "IntSlider", 2),
        (lambda n: lambda x: x**n, (1, 4), "IntSlider", 2),  # at 1.5 it is not finite below zero
        (nn.ELU, (0, 2), "FloatSlider", 1.0),
        (nn.ELU, (0, 2, 0.5), "FloatSlider", 0.5),
        (nn.ELU, (0.0, 2.0), "FloatSlider", 1.0),
    ],
)
def test_a_parameter_that_must_be_whole_moves_in_whole_steps(factory, given, kind, start, sliders):
    [slider] = sliders(factory, n=given) if factory is not nn.ELU else sliders(factory, alpha=given)
    assert (type(slider).__name__, slider.value, slider.min, slider.max) == (kind, start, *given[:2])
    assert type(slider.value) is type(start)


@pytest.mark.parametrize(
    ("given", "shown"),
    [((0, 1), ".2f"), ((0, 10), ".2f"), ((0, 0.01), ".4f"), ((0, 1e-9), ".3e"), ((0, 1e9), ".3e"), ((-1e9, 1), ".3e")],
)
def test_a_slider_is_read_with_the_digits_of_its_steps(given, shown, sliders):
    [slider] = sliders(lambda a: lambda x: a * x, a=given)
    assert slider.readout_format == shown
    assert (slider.layout.width, slider.style.description_width) == ("30em", "initial")


def test_a_parameter_may_be_called_as_an_argument_is(sliders):
    by_name = sliders(lambda x, factory: lambda points: x * points + factory, None, x=(0, 1), factory=(2, 3))
    assert [(slider.description, slider.value) for slider in by_name] == [("x", 0.5), ("factory", 2.5)]


def test_values_near_the_largest_float_are_drawn(sliders):
    [slider] = sliders(lambda a: lambda x: a * x, [-1, 0, 1], a=(-3e38, 3e38, 1e38))
    slider.value = 3e38
    picture, sentence = sliders.updates
    picture.savefig(io.BytesIO())
    assert picture.axes[0].get_ylim() == pytest.approx((-3.3e38, 3.3e38))
    assert repr(sentence).startswith("f(x) from -")


@pytest.mark.parametrize(
    ("ranges", "error", "message"),
    [
        ({}, ValueError, "ranges must name at least one parameter"),
        ({"alpha": 0.1}, TypeError, r"alpha must be a range such as \(0, 1\), not 0.1"),
        ({"alpha": ("0", "1")}, TypeError, "alpha must be a range"),
        ({"alpha": (1, 0)}, ValueError, r"alpha must be \(low, high\) or"),
        ({"alpha": (0, 1, 2)}, ValueError, "in that order"),
        ({"alpha": (0,)}, ValueError, "in that order"),
        ({"alpha": (0, float("nan"))}, ValueError, "alpha must lie between -1e\\+300 and 1e\\+300"),
        ({"alpha": (0, float("inf"))}, ValueError, "alpha must lie between"),
        ({"alpha": (0, 10**400)}, ValueError, "alpha must lie between"),
        (
            {"x": [0.5, 1, 1.5, "2"]},
            TypeError,
            "x must be a range .*; the points to sample come by their place, second",
        ),
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


def test_the_example_runs():
    assert doctest.testmod(explore).failed == 0
