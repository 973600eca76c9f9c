"""Pictures of repeated runs and of signals say what they were given, in one look."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from gluon_activations.experiments import Data, mnist1d, plot_signals, plot_spread
from gluon_activations.figures import COLOURS, MARKERS


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


FIRST = np.array([[1, 20, 300], [4, 10, 200], [2, 50, 100]])
PANELS = {"small": {"a": FIRST / 1e6, "b": FIRST}, "large": {"b": FIRST[:1], "c": 7 * FIRST}}


def test_a_line_is_the_median_of_its_runs_and_the_band_their_range():
    plot_spread(PANELS, [2, 5, 9], xlabel="layers", ylabel="norm")
    axes = plt.gcf().axes
    assert [(ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) for ax in axes] == [
        ("small", "layers", "norm"),
        ("large", "layers", ""),
    ]
    for ax, lines in zip(axes, PANELS.values()):
        assert [line.get_label() for line in ax.lines] == list(lines)
        for line, band, runs in zip(ax.lines, ax.collections, lines.values()):
            np.testing.assert_allclose(line.get_xydata(), np.transpose([[2, 5, 9], np.median(runs, axis=0)]))
            edges = {tuple(point) for point in band.get_paths()[0].vertices.round(9)}
            want = [(x, y) for values in (runs.min(axis=0), runs.max(axis=0)) for x, y in zip([2, 5, 9], values)]
            assert edges == {(x, round(y, 9)) for x, y in want}
    [legend] = [ax.get_legend() for ax in axes if ax.get_legend()]
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b", "c"]


def test_few_points_have_a_tick_each_and_many_have_whole_numbers():
    plot_spread(PANELS, [2, 10, 20])
    assert [list(ax.get_xticks()) for ax in plt.gcf().axes] == [[2, 10, 20]] * 2
    plot_spread({"": {"a": [range(15)]}})
    ticks = plt.gcf().axes[0].get_xticks()
    assert len(ticks) < 8
    assert not (ticks % 1).any()


def test_a_label_has_one_colour_and_mark_in_all_panels():
    plot_spread(PANELS)
    lines = [(line.get_label(), line.get_color(), line.get_marker()) for ax in plt.gcf().axes for line in ax.lines]
    a, b, c = zip("abc", COLOURS, MARKERS)
    assert lines == [a, b, b, c]
    assert plt.gcf().axes[0].get_ylim() == plt.gcf().axes[1].get_ylim()


def test_a_logarithmic_axis_ends_at_decades_and_says_what_small_numbers_are():
    plot_spread(PANELS, log=True)
    assert plt.gcf().axes[1].get_ylim() == (1e-6, 1e4)
    said = repr(plt.gcf())
    assert "small: x '' 0.900 to 3.100, y '' 1e-06 to 1e+04" in said
    assert "a: #0072b2 - 3 points (1.000, 2e-06) (2.000, 2e-05) (3.000, 2e-04)" in said
    plot_spread({"": {"a": FIRST}})
    assert "a: #0072b2 - 3 points (1.000, 2.000) (2.000, 20.000) (3.000, 200.000)" in repr(plt.gcf())


def test_where_a_run_has_no_number_there_is_a_gap():
    plot_spread({"": {"a": [[1, 2, 3], [1, np.nan, 3]]}})
    np.testing.assert_array_equal(plt.gcf().axes[0].lines[0].get_ydata(), [1, np.nan, 3])


@pytest.mark.parametrize(
    ("panels", "x", "message"),
    [
        ({}, None, "panels must hold at least one panel with a line in it; there is none"),
        ({"p": {}}, None, "there is none"),
        ({"p": {"a": [1, 2]}}, None, r"panels\['p'\]\['a'\] must have a shape of \(runs, 2\).* it has \(2,\)"),
        ({"p": {"a": 1}}, None, r"it has \(\)"),
        ({"p": {"a": np.ones((0, 2))}}, None, r"it has \(0, 2\)"),
        ({"p": {"a": [[1, 2]], "b": [[1]]}}, None, r"\['b'\] must have a shape of \(runs, 2\)"),
        ({"p": {"a": [[]]}}, None, r"must have a shape of \(runs, 0\), .* it has \(1, 0\)"),
        ({"p": {"a": [["x"]]}}, None, r"panels\['p'\]\['a'\] must hold numbers, .*; \[\['x'\]\] does not"),
        ([1], None, r"panels must be a mapping of title to a mapping of label to numbers, not \[1\]"),
        ({"p": [1]}, None, "panels must be a mapping of title to a mapping of label to numbers, not {'p'"),
        ({"p": {"a": [[1, 2]]}}, "ab", "x must hold numbers"),
        ({"p": {"a": [[1, 2]]}}, [[1, 2]], r"x must be one or more finite numbers, .*; it is \[\[1.0, 2.0\]\]"),
        ({"p": {"a": [[1, 2]]}}, [1, np.nan], r"x must be one or more finite numbers, .*; it is \[1.0, nan\]"),
        ({"p": {"a": [[1, 2]]}}, [1, 2, 3], r"shape of \(runs, 3\), a number for each x; it has \(1, 2\)"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_anything_is(panels, x, message):
    with pytest.raises((TypeError, ValueError), match=message):
        plot_spread(panels, x)
    assert not plt.get_fignums()


def test_the_first_signal_of_each_class_is_drawn_under_its_name():
    data = mnist1d()
    plot_signals(data)
    axes = plt.gcf().axes
    assert [ax.get_title() for ax in axes] == list("0123456789")
    for digit, ax in enumerate(axes):
        [line] = ax.lines
        np.testing.assert_array_equal(line.get_ydata(), next(x for x, y in zip(data.x, data.y) if y == digit))
    assert len({ax.get_ylim() for ax in axes}) == 1


def test_signals_of_any_number_of_classes_can_be_drawn_and_pictures_cannot():
    x, y = np.ones((6, 3)), [5, 5, 0, 1, 2, 9]
    plot_signals(Data(x, y, x, y))
    assert [ax.get_title() for ax in plt.gcf().axes] == ["0", "1", "2", "5", "9"]
    plot_signals(Data(x, range(6), x, y))
    assert [ax.axison for ax in plt.gcf().axes] == [True] * 6 + [False] * 4
    plot_signals(Data(x[:2], y[:2], x, y))
    assert len(plt.gcf().axes) == 1
    with pytest.raises(
        ValueError, match=r"data.x must hold signals, shape \(n, points\); it has the shape \(6, 3, 2\)"
    ):
        plot_signals(Data(np.ones((6, 3, 2)), y, np.ones((6, 3, 2)), y))
