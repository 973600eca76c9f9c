"""Differences between activations: paired by run, and drawn with the intervals of SciPy's t-test."""

import matplotlib.pyplot as plt
import mxnet as mx
import numpy as np
import pytest
from scipy import stats

from gluon_activations.experiments import paired_differences, plot_differences
from gluon_activations.experiments.rows import COLUMNS


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def row(activation, seed, accuracy=0.5, **others):
    setting = {**dict.fromkeys(COLUMNS, 1), "activation": activation, "seed": seed, **others}
    return {"accuracy": accuracy, "loss": None if accuracy is None else 2 * accuracy, **setting}


ROWS = [row("ReLU", 0, 0.5), row("ReLU", 1, 0.75), row("ELU", 1, 0.5, lr=2), row("ELU", 0, 0.625, lr=2)]


def test_runs_are_paired_by_their_seed_whatever_their_order_and_learning_rate():
    assert {name: list(found) for name, found in paired_differences(ROWS, "ReLU").items()} == {"ELU": [0.125, -0.25]}
    assert list(paired_differences(iter(ROWS), "ELU")["ReLU"]) == [0.25, -0.125]
    assert list(paired_differences(ROWS, "ReLU", "loss")["ELU"]) == [0.25, -0.5]


def test_activations_of_other_widths_are_paired_and_one_of_two_widths_is_refused():
    wider = [row("GLU", seed, 0.5 + seed / 4, width=2) for seed in (1, 0)]
    assert list(paired_differences([*ROWS, *wider], "ReLU")["GLU"]) == [0, 0]
    with pytest.raises(ValueError, match="GLU has two of 1"):
        paired_differences([*ROWS, *wider, row("GLU", 1)], "ReLU")


def test_runs_at_two_depths_are_paired_within_each():
    rows = [
        row(name, 0, depth / (8 if name == "ReLU" else 16), depth=depth) for depth in (2, 4) for name in ("ReLU", "b")
    ]
    assert list(paired_differences(rows, "ReLU")["b"]) == [-0.125, -0.25]


@pytest.mark.parametrize(
    ("rows", "reference", "message"),
    [
        (ROWS, "Relu", "reference must be one of the activations ReLU, ELU; not 'Relu'"),
        ([], "ReLU", "rows must be what sweep returns"),
        ([*ROWS, row("ELU", 2)], "ReLU", "ELU and ReLU were not run with the same settings"),
        ([*ROWS, row("ReLU", 2)], "ReLU", "ELU and ReLU were not run with the same settings"),
        ([*ROWS, row("Swish", 0), row("Swish", 1, depth=3)], "ReLU", "Swish and ReLU were not run"),
        ([*ROWS, row("ELU", 0, lr=3)], "ReLU", "ELU has two of 0"),
        ([*ROWS, row("ELU", 2, None)], "ReLU", "ELU, seed 2, has no accuracy"),
    ],
)
def test_what_is_not_in_pairs_is_refused(rows, reference, message):
    with pytest.raises(ValueError, match=message):
        paired_differences(rows, reference)


def lines():
    [ax] = plt.gcf().axes
    return ax, {line.get_label(): line for line in ax.lines}


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_the_intervals_are_those_of_scipys_t_test(level):
    draws = np.random.RandomState(0).normal([[0], [0.3], [-4]], size=(3, 7))
    plot_differences(dict(zip("abc", draws)), "r", "loss", level=level)
    ax, drawn = lines()
    assert ax.get_xlabel() == "loss less that of r"
    assert [label.get_text() for label in ax.get_yticklabels()] == list("abc")
    for place, (name, values) in enumerate(zip("abc", draws)):
        test = stats.ttest_1samp(values, 0)
        low, high = test.confidence_interval(level)
        np.testing.assert_allclose(drawn[name].get_xdata(), [low, values.mean(), high])
        np.testing.assert_allclose(drawn[f"{name}, all"].get_xdata(), test.confidence_interval(1 - (1 - level) / 3))
        np.testing.assert_array_equal(drawn[f"{name}, each"].get_xdata(), values)
        assert {y for line in drawn.values() if line.get_label()[0] == name for y in line.get_ydata()} == {place}
        assert (drawn[name].get_markerfacecolor() != "white") == (3 * test.pvalue < 1 - level)
        assert test.pvalue < 0.05  # all three keep clear of 0, if not corrected
    assert [drawn[name].get_markerfacecolor() != "white" for name in "abc"] == [False, level < 0.95, True]
    assert ax.get_ylim() == (2.5, -0.5)  # the first on top


def test_a_single_comparison_needs_no_correction_and_one_without_spread_no_width():
    plot_differences({"a": [1, 2, 3]})
    assert list(lines()[1]) == ["ReLU", "a, each", "a"]
    plot_differences({"a": [1, 1]})
    np.testing.assert_array_equal(lines()[1]["a"].get_xdata(), 1)


def test_the_figure_says_what_is_on_it():
    plot_differences({"ELU": [0.1, 0.3], "Swish": [0, 0]})
    said = repr(plt.gcf())
    assert "  ELU: #0072b2 - 3 points (-1.071, 0.000) (0.200, 0.000) (1.471, 0.000)" in said
    assert "  ELU, each: #808080 None 2 points (0.100, 0.000) (0.300, 0.000)" in said


@pytest.mark.parametrize(
    ("differences", "level", "message"),
    [
        ({}, 0.95, "differences must hold at least one array; it is empty"),
        ({"a": [1, 2], "b": [1]}, 0.95, r"differences\['b'\] must hold two or more finite numbers; it is \[1.0\]"),
        ({"a": [1, np.nan]}, 0.95, r"differences\['a'\] must hold .* it is \[1.0, nan\]"),
        ({"a": [[1, 2]]}, 0.95, r"it is \[\[1.0, 2.0\]\]"),
        (
            {"a": ["x", "y"]},
            0.95,
            r"differences\['a'\] must hold numbers, in rows of one length; \['x', 'y'\] does not",
        ),
        ([[1, 2]], 0.95, "differences must be a mapping of label to numbers, not list"),
        ({"a": [1, 2]}, "95 %", "level must be a number between 0 and 1; it is '95 %'"),
        ({"a": [1, 2]}, 95, "level must be a number between 0 and 1; it is 95"),
        ({"a": [1, 2]}, np.nan, "level must be a number between 0 and 1; it is nan"),
    ],
)
def test_what_has_no_interval_is_refused_before_anything_is_drawn(differences, level, message):
    with pytest.raises((TypeError, ValueError), match=message):
        plot_differences(differences, level=level)
    assert not plt.get_fignums()


@pytest.mark.parametrize(
    ("rows", "reference", "column", "message"),
    [
        ([], "A", "loss", r"rows must be what sweep returns, a dict for each run; not \[\]"),
        (None, "A", "loss", "rows must be what sweep returns"),
        ([{"activation": "A"}], "A", "loss", "rows must be what sweep returns, .*'activation': 'A'"),
        ([dict.fromkeys([*COLUMNS, "loss"], "A")], ["A"], "loss", r"one of the activations A; not \['A'\]"),
        ([dict.fromkeys([*COLUMNS, "loss"], "A")], "A", "acc", "column must be 'accuracy', 'loss' or .*, not 'acc'"),
        ([dict.fromkeys([*COLUMNS, "error"], "A")], "A", "error", "column must be .*, not 'error'"),
    ],
)
def test_what_cannot_be_paired_is_named(rows, reference, column, message):
    with pytest.raises(ValueError, match=message):
        paired_differences(rows, reference, column)


def test_mxnets_arrays_are_numbers_too():
    plot_differences({"a": mx.nd.array([1, 2, 3])})
    assert lines()[1]["a"].get_xdata()[1] == 2
