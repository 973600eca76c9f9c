"""The check accuses what is wrong, however little, and nothing that is right."""

import numpy as np
import pytest
from right_functions import BASE, GRIDS, draw, evaluator, scaled

from gluon_activations import activation_blocks
from gluon_activations.evaluation import differentiate, find_context
from gluon_activations.slopes import check_gradient

F32 = np.float32


def check(pair, x=GRIDS["default"]):
    evaluate = evaluator(pair)
    return check_gradient(evaluate, x, *evaluate(x))


def spoilt(pair, share, where=lambda x: True):
    """The same function, its gradient off by a share of itself where ``where`` says."""
    f, g = pair
    return f, lambda x: g(x) * np.where(where(x), F32(1 + share), F32(1))


def of(block):
    ctx = find_context(block, None)
    return lambda x: differentiate(block, x, ctx)


@pytest.mark.parametrize("grid", ["default", "narrow", "wide"])
@pytest.mark.parametrize("name", [name for name in activation_blocks() if name != "SELU"])
def test_a_ten_thousandth_is_seen_on_every_activation(name, grid):
    sample, x = of(activation_blocks()[name]), GRIDS[grid]
    for share in (1e-4, -1e-4):

        def evaluate(x, share=share):
            y, g = sample(x)
            return y, g * F32(1 + share)

        assert check_gradient(evaluate, x, *evaluate(x)).stretches


@pytest.mark.parametrize("share", [0.01, 0.1, -1])
@pytest.mark.parametrize("start", [-9.93, -2.51, 0.02, 3.3, 8.88])
@pytest.mark.parametrize("name", ["leaky", "softsign", "sine"])
def test_a_short_stretch_is_seen_and_named(name, start, share):
    found = check(spoilt(BASE[name], share, lambda x: (x > start) & (x < start + 0.1)))
    [(low, high)] = found.stretches
    assert abs(low - start) < 0.04
    assert abs(high - start - 0.1) < 0.04
    assert found.wrong.any()
    assert (np.abs(GRIDS["default"][found.wrong] - start - 0.05) < 0.1).all()


@pytest.mark.parametrize("grid", ["default", "eleven", "wide", "wide eleven"])
def test_a_stretch_between_the_points_asked_for_is_seen(grid):
    found = check(spoilt(BASE["sine"], 0.1, lambda x: (x > 0.11) & (x < 0.21)), GRIDS[grid])
    [(low, high)] = found.stretches
    assert abs(low - 0.11) < 0.05
    assert abs(high - 0.21) < 0.05
    assert found.wrong.sum() in (1, 2, 3)


@pytest.mark.parametrize("end", [-1, 1])
def test_a_hundredth_at_one_end_is_seen(end):
    found = check(spoilt(BASE["leaky"], 0.01, lambda x: x * end > 9.8))
    [(low, high)] = found.stretches
    assert max(abs(low), abs(high)) == 10
    assert abs(min(abs(low), abs(high)) - 9.8) < 0.04


SCALES = {
    "small": {"height": 1e-3},
    "large": {"height": 1e3},
    "lifted": {"lift": 1e4},
    "steep": {"steepness": 1e3},
    "flat": {"steepness": 1e-3},
}


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", ["identity", "tanh", "ELU", "Swish"])
def test_scales_do_not_matter(name, scale):
    x = (GRIDS["default"] / F32(SCALES[scale].get("steepness", 1))).astype(F32)
    right = scaled(BASE[name], **SCALES[scale])
    assert check(right, x)[3:5] == ([], [])
    share = 1e-4 if scale != "lifted" else 2e-2  # 10000 and a little more has few digits for the little
    assert check(spoilt(right, share), x).stretches


RIGHT = {
    "sin(100 x)": scaled(BASE["sine"], 100),
    "sin(30 x)": scaled(BASE["sine"], 30),
    "Snake": scaled(BASE["Snake"], 3, height=1 / 3),
    "tanh(25 x)": scaled(BASE["tanh"], 25),
    "sigmoid(50 x)": scaled(BASE["sigmoid"], 50),
    "sigmoid(1000000 x)": scaled(BASE["sigmoid"], 1e6),
    "sigmoid(10 (x - 5))": scaled(BASE["sigmoid"], 10, 5),
    "softshrink of 0.001": scaled(BASE["softshrink"], 500, height=1 / 500),
    "floor(10 x)": scaled(BASE["floor"], 10),
    "sign": BASE["sign"],
    "constant": (lambda x: x * 0 + 5, lambda x: x * 0),
    "logarithm": (np.log, lambda x: 1 / x),
}


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_gradient_is_right(name, grid):
    assert check(RIGHT[name], GRIDS[grid])[3:5] == ([], [])


def test_no_right_function_is_accused():
    rng = np.random.RandomState(5)
    accused, unsure = [], 0
    for _ in range(300):
        (name, pair), grid = draw(rng), rng.choice(list(GRIDS))
        found = check(pair, GRIDS[grid])
        accused += [(name, grid, found.stretches)] if found.stretches else []
        unsure += bool(found.doubts)
    assert accused == []
    assert unsure < 15


@pytest.mark.parametrize(
    ("pair", "off", "nearest"),
    [
        (spoilt(BASE["sigmoid"], -0.03), 0.0075, 0.25),
        ((BASE["leaky"][0], lambda x: np.where(x > 0, F32(1), F32(0.08))), 0.02, 0.1),
        ((scaled(BASE["leaky"])[0], BASE["ReLU"][1]), 0.1, 0.1),
        ((lambda x: F32(0.004) * x, lambda x: F32(-0.004) * np.ones_like(x)), 0.008, 0.004),
        ((BASE["abs"][0], lambda x: np.sign(x) + F32(1.5) * (x == 0)), 0.5, 1),
    ],
    ids=["0.97 sigmoid", "leak of 0.08 for 0.1", "no leak", "wrong sign", "beyond a corner"],
)
def test_off_by_is_the_distance_to_the_nearest_right_slope(pair, off, nearest):
    found = check(pair)
    assert found.off == pytest.approx(off, rel=1e-3)
    assert found.nearest == pytest.approx(nearest, rel=1e-3)


def test_a_gradient_cut_off_is_seen_where_it_is():
    found = check(spoilt(BASE["tanh"], -1, lambda x: np.abs(x) > 4.7))
    ends = np.abs(found.stretches)
    assert ends.min(axis=1) == pytest.approx(4.7, abs=0.04)


def test_one_wrong_point_is_seen_and_a_subgradient_is_none():
    x = GRIDS["default"]
    found = check((BASE["ELU"][0], lambda x: BASE["ELU"][1](x) * (x != 0)))
    assert x[found.wrong].tolist() == [0]
    assert found.stretches == [(0, 0)]
    for at_zero in (0, 0.3, 1):
        assert not check((BASE["ReLU"][0], lambda x, g=at_zero: (x > 0) + F32(g) * (x == 0))).stretches
    for at_zero in (-0.1, 1.1):
        assert check((BASE["ReLU"][0], lambda x, g=at_zero: (x > 0) + F32(g) * (x == 0))).stretches == [(0, 0)]


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_a_gradient_that_is_not_finite_is_wrong(value):
    everywhere = check((np.tanh, lambda x: x * 0 + F32(value)))
    assert everywhere.wrong.all()
    assert everywhere.off == np.inf
    [(low, high)] = check((np.tanh, lambda x: np.where(x > 5.5, F32(value), 1 - np.tanh(x) ** 2))).stretches
    assert (low, high) == (pytest.approx(5.5, abs=0.01), 10)
    assert check((np.tanh, lambda x: np.where(x == 2, F32(value), 1 - np.tanh(x) ** 2))).stretches == [(2, 2)]


def test_where_f_is_not_finite_nothing_is_said():
    with np.errstate(all="ignore"):
        assert check((lambda x: 1 / (x > 0) + x, lambda x: x * 0 + 3)).stretches == [(pytest.approx(0, abs=0.01), 10)]


@pytest.mark.parametrize(
    ("pair", "low", "high"),
    [
        (scaled(BASE["tanh"], lift=1e7), -10, 10),
        (scaled(BASE["sigmoid"], 1e6, 5), 5, 5),
    ],
    ids=["lost in rounding", "steeper than any step"],
)
def test_where_float32_cannot_tell_it_is_said(pair, low, high):
    found = check(pair)
    assert not found.stretches
    assert not found.wrong.any()
    assert found.unsure.any()
    assert (found.doubts[0][0], found.doubts[-1][1]) == (pytest.approx(low, abs=0.01), pytest.approx(high, abs=0.01))


@pytest.mark.parametrize("x", [[0.5], [-1, 2], [0, 1e-3, 1, 1e3], np.geomspace(1e-6, 1e6, 50)], ids=len)
def test_any_grid_will_do(x):
    x = np.array(x, dtype=F32)
    assert check(BASE["Swish"], x)[3:5] == ([], [])
    found = check(spoilt(BASE["Swish"], 0.01), x)
    assert found.stretches
    assert found.wrong.any()
    assert found.slope.shape == found.wrong.shape == found.unsure.shape == x.shape
