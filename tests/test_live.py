"""The figures of the pages that move: their numbers, and the dotted true slope."""

import json
import re
from pathlib import Path

import live
import numpy as np
import pytest
from mxnet.gluon import nn

from gluon_activations import trace_activation

ROOT = Path(__file__).parent.parent
IMPORTS = "%matplotlib inline\nfrom gluon_activations import explore_activation\nfrom mxnet import nd\n"
IMPORTS += "from mxnet.gluon import nn\nimport numpy as np"


def stops(*sources):
    """Return the numbers of a figure's stops, as its markup holds them."""
    return json.loads(re.search(r"<script.*?>(.*)</script>", live.figure([IMPORTS, *sources]))[1])


def points(drawn):
    return np.array(re.findall(r"([^ML,]+),([^ML,]+)", drawn), float).T


def test_the_true_slope_is_drawn_where_the_gradient_is_wrong():
    found = stops("scaled = lambda scale: lambda x: scale * nn.SELU()(x)", "explore_activation(scaled, scale=(1, 2))")
    assert len(found) == live.STOPS
    selu = trace_activation(nn.SELU())
    x, y = points(found[0]["slope"])
    at = np.abs(selu.x[:, None] - x).argmin(axis=0)
    assert selu.wrong[at].all()
    np.testing.assert_allclose(y, selu.slope[at], atol=1e-4)
    wrong = selu.wrong
    # Off by a thousandth of the axes' height, to which the highest curve goes, at the most.
    np.testing.assert_allclose(np.interp(selu.x[wrong], x, y), selu.slope[wrong], atol=0.025)
    assert found[0]["says"] == repr(selu)


def test_only_what_the_call_needs_is_run():
    found = stops("near = np.linspace(-1, 1, 5)\n1 / 0", "explore_activation(nn.ELU, near, alpha=(0, 2, 0.5))")
    assert points(found[0]["f"])[0].min() == -1
    assert "alpha = 0.5" in [stop["at"] for stop in found]


def test_where_there_is_no_curve_the_reason_is_said():
    found = stops("explore_activation(lambda a: nn.ELU(1 / a), a=(0, 2))")
    assert found[0]["says"].splitlines()[0] == "no curve at a = 0"
    assert "f" not in found[0]
    assert "f" in found[1]


def test_two_sliders_share_the_stops():
    found = stops("explore_activation(lambda a, b: lambda x: a * x + b, a=(0, 1), b=(2, 3))")
    assert len(found) == 49
    assert found[1]["at"].startswith("a = 0, b = 2.1")


def test_what_is_not_finite_is_left_out():
    [x, y] = points(live.path(np.arange(5.0), np.array([0, 1, np.nan, 1, 0]), np.array([1, 1, 0, 1, 1], bool), 0.1))
    assert x.tolist() == [0, 1, 3, 4]
    assert y.tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("slack", [0.1, 0.001])
def test_a_line_through_few_points_stays_close_to_the_curve(slack):
    x = np.linspace(-5, 5, 501)
    kept = [0, *live.corners(x, np.tanh(x), 0, 500, slack), 500]
    off = np.abs(np.interp(x, x[kept], np.tanh(x)[kept]) - np.tanh(x)).max()
    assert 0 < off <= slack
    assert len(kept) < 60
