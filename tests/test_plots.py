"""The pictures show the curves, say what is on them, and leave nothing behind."""

import base64
import gc
import io
import subprocess
import sys

import matplotlib
import matplotlib.pyplot as plt
import mxnet as mx
import nbclient
import nbformat
import numpy as np
import psutil
import pytest
from mxnet import autograd
from mxnet.gluon import nn
from PIL import Image

from gluon_activations import activation_blocks, compare_activations, visualize_activation
from gluon_activations.figures import DescribedFigure


@pytest.fixture(autouse=True)
def no_figure_left():
    yield
    plt.close("all")


def lines(axes):
    return {line.get_label(): line for line in axes.lines}


def test_draws_the_curve_and_its_gradient():
    curve = visualize_activation(nn.ELU())
    [axes] = plt.gcf().axes
    drawn = lines(axes)
    assert list(drawn) == ["f(x)", "f'(x)"]
    np.testing.assert_array_equal(drawn["f(x)"].get_xydata(), np.stack([curve.x, curve.y], axis=1))
    np.testing.assert_array_equal(drawn["f'(x)"].get_xydata(), np.stack([curve.x, curve.gradient], axis=1))
    assert [line.get_linestyle() for line in drawn.values()] == ["-", "--"]
    assert axes.get_title() == "ELU (alpha = 1)"


def test_draws_the_true_slope_dotted_where_the_gradient_is_wrong():
    curve = visualize_activation(nn.SELU(), title="MXNet's SELU")
    [axes] = plt.gcf().axes
    true = lines(axes)["slope of f(x)"]
    assert true.get_linestyle() == ":"
    np.testing.assert_array_equal(np.isfinite(true.get_ydata()), curve.wrong)
    np.testing.assert_array_equal(true.get_ydata()[curve.wrong], curve.slope[curve.wrong])
    assert axes.get_title() == "MXNet's SELU"


def test_the_figure_says_what_is_on_it():
    visualize_activation(nn.Activation("relu"), np.linspace(-2, 2, 5))
    assert repr(plt.gcf()).splitlines() == [
        "ReLU: x 'x' -2.200 to 2.200, y '' -0.100 to 2.100",
        "  legend: f(x), f'(x)",
        "  f(x): #0072b2 - 5 points (-2.000, 0.000) (-1.000, 0.000) (0.000, 0.000) (1.000, 1.000) (2.000, 2.000)",
        "  f'(x): #d55e00 -- 5 points (-2.000, 0.000) (-1.000, 0.000) (0.000, 0.000) (1.000, 1.000) (2.000, 1.000)",
    ]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda axes: axes.lines[1].remove(),
        lambda axes: axes.lines[1].set_ydata(1.02 * axes.lines[1].get_ydata()),
        lambda axes: axes.lines[0].set_color("red"),
        lambda axes: axes.lines[0].set_linestyle(":"),
        lambda axes: axes.lines[0].set_label("f'(x)"),
        lambda axes: axes.set_title("tanh"),
        lambda axes: axes.set_xlabel("y"),
        lambda axes: axes.set_xlim(-5, 5),
        lambda axes: axes.legend(["f'(x)", "f(x)"]),
        lambda axes: axes.clear(),
        lambda axes: axes.remove(),
        lambda axes: axes.figure.add_subplot(),
    ],
    ids=range(12),
)
def test_the_figure_says_when_anything_on_it_changes(spoil):
    visualize_activation(nn.GELU())
    before = repr(plt.gcf())
    spoil(plt.gcf().axes[0])
    assert repr(plt.gcf()) != before


def test_compares_on_two_axes_with_one_look_a_label():
    blocks = activation_blocks("exponential rectifiers")
    curves = compare_activations(blocks)
    values, gradients = plt.gcf().axes
    assert list(curves) == list(lines(values)) == ["ELU", "SELU"]
    assert list(lines(gradients)) == ["ELU", "SELU", "slope of SELU"]
    for label, curve in curves.items():
        np.testing.assert_array_equal(lines(values)[label].get_ydata(), curve.y)
        np.testing.assert_array_equal(lines(gradients)[label].get_ydata(), curve.gradient)
        assert lines(values)[label].get_color() == lines(gradients)[label].get_color()
    assert len({(line.get_color(), line.get_marker()) for line in values.lines}) == 2
    assert repr(curves).splitlines()[0] == "ELU: f'(x) is the slope of f(x)"
    assert repr(curves).splitlines()[1].startswith("SELU: f'(x) is not the slope of f(x) from x = -10.000")


def test_draws_on_the_callers_axes_and_leaves_their_style_alone():
    with plt.rc_context({"axes.grid": False, "lines.linewidth": 0.5}):
        before = dict(matplotlib.rcParams)
        _, axes = plt.subplots(1, 3)
        visualize_activation(nn.GELU(), ax=axes[0])
        compare_activations({"GELU": nn.GELU()}, axes=axes[1:])
        compare_activations({"GELU": nn.GELU()})
        assert dict(matplotlib.rcParams) == before
    assert {line.get_linewidth() for ax in axes for line in ax.lines} == {0.5}
    assert plt.get_fignums() == [1, 2]


def test_thins_a_long_line_but_loses_no_spike():
    x = np.linspace(-1, 1, 10**6)
    spot = float(np.float32(x[777_777]))
    visualize_activation(lambda x: x * 0 + 5 * (x == spot), x)
    drawn = lines(plt.gcf().axes[0])["f(x)"]
    assert len(drawn.get_xdata()) <= 8000
    assert drawn.get_ydata().max() == 5
    assert [drawn.get_xdata()[0], drawn.get_xdata()[-1]] == [-1, 1]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: visualize_activation(mx.nd.softmax), ValueError, "activation must be elementwise"),
        (lambda: visualize_activation(nn.GELU(), []), ValueError, "x must be"),
        (lambda: compare_activations([nn.GELU()]), TypeError, "activations must be a mapping of label.*not list"),
        (lambda: compare_activations({}), ValueError, "activations must hold at least one"),
        (lambda: compare_activations({"a": nn.GELU(), "b": mx.nd.softmax}), ValueError, "activation must be element"),
        (lambda: compare_activations({"a": nn.GELU()}, axes=[None] * 3), ValueError, "axes must be a pair.*holds 3"),
        (lambda: activation_blocks("sigmoid"), ValueError, "family must be one of 'sigmoids'.*not 'sigmoid'"),
        (lambda: activation_blocks(["sigmoids"]), ValueError, "family must be one of"),
    ],
    ids=range(8),
)
def test_bad_input_gets_one_sentence_and_leaves_no_figure(call, error, message):
    with pytest.raises(error, match=message):
        call()
    assert plt.get_fignums() == []


def test_blocks_are_new_each_time_and_initialised():
    assert activation_blocks()["PReLU"] is not activation_blocks()["PReLU"]
    assert list(activation_blocks("leaky rectifiers")) == ["Leaky ReLU", "PReLU", "RReLU"]


def growth(draw):
    """Kilobytes of memory that each call leaves: the median of three times a hundred, since caches fill in leaps."""
    sizes = []
    for i in range(331):
        if i % 100 == 30:
            gc.collect()
            sizes.append(psutil.Process().memory_info().rss)
        draw()
    return np.median(np.diff(sizes)) / 100e3


def test_a_figure_leaves_no_memory_behind():
    def draw():
        visualize_activation(nn.SELU())
        plt.close()

    assert growth(draw) < 20


def test_drawing_on_a_cleared_axes_leaves_no_memory_behind():
    _, ax = plt.subplots()

    def draw():
        ax.clear()
        visualize_activation(nn.SELU(), ax=ax)

    assert growth(draw) < 20


def test_a_script_keeps_its_figures_open():
    script = (
        "import matplotlib; matplotlib.use('agg'); import matplotlib.pyplot as plt\n"
        "from gluon_activations import visualize_activation; from mxnet.gluon import nn\n"
        "visualize_activation(nn.GELU()); visualize_activation(nn.SELU()); print(plt.get_fignums())"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "[1, 2]\n"


def test_subplots_can_be_described_too():
    figure, _ = plt.subplots(1, 2, FigureClass=DescribedFigure)
    assert repr(figure).count("0.000 to 1.000, y") == 2


class Forgets(autograd.Function):
    def forward(self, x):
        self.y = mx.nd.sigmoid(x)
        return self.y

    def backward(self, dy):
        return self.y * (1 - self.y)


def test_draws_what_the_gradient_becomes_with_another_dy():
    curve = visualize_activation(Forgets())
    drawn = lines(plt.gcf().axes[0])
    assert list(drawn) == ["f(x)", "f'(x)", "f'(x) with another dy"]
    np.testing.assert_array_equal(drawn["f'(x) with another dy"].get_ydata(), curve.other_dy)
    assert drawn["f'(x) with another dy"].get_linestyle() == ":"
    compare_activations({"forgets": Forgets(), "ELU": nn.ELU()})
    assert list(lines(plt.gcf().axes[1])) == ["forgets", "forgets with another dy", "ELU"]
    assert plt.gcf().axes[1].get_legend()


def test_a_single_wrong_point_is_a_dot():
    visualize_activation(lambda x: mx.nd.relu(x) - mx.nd.relu(1 - mx.nd.exp(x)))
    drawn = lines(plt.gcf().axes[0])
    assert list(drawn) == ["f(x)", "f'(x)", "slope of f(x)"]
    assert drawn["slope of f(x)"].get_marker() == "o"
    assert drawn["slope of f(x)"].get_xydata() == pytest.approx(np.array([[0, 1]]), abs=0.01)


def test_what_is_nowhere_finite_can_be_saved_and_is_told_of(tmp_path):
    curves = compare_activations({"broken": lambda x: x / 0, "logarithm": mx.nd.log, "_": nn.ELU()})
    plt.savefig(tmp_path / "picture.png")
    assert repr(curves).splitlines() == [
        "broken: f'(x) cannot be judged: f(x) is nowhere finite",
        "logarithm: f(x) is not finite at 251 of 501 points; f'(x) is the slope of f(x)",
        "_: f'(x) is the slope of f(x)",
    ]
    legend = plt.gcf().axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["broken", "logarithm", " _"]


@pytest.mark.parametrize("bad", ["axes", 3, plt.Figure(), [1, 2]], ids=str)
def test_what_is_no_axes_is_refused(bad):
    with pytest.raises(TypeError, match="ax must be Matplotlib axes"):
        visualize_activation(nn.ELU(), ax=bad)
    with pytest.raises((TypeError, ValueError), match="axes must be"):
        compare_activations({"ELU": nn.ELU()}, axes=bad)
    assert plt.get_fignums() == []


def test_axes_that_were_removed_are_refused():
    figure, (left, right) = plt.subplots(1, 2)
    left.remove()
    with pytest.raises(TypeError, match="ax must be Matplotlib axes"):
        visualize_activation(nn.ELU(), ax=left)
    with pytest.raises(TypeError, match="axes must be Matplotlib axes"):
        compare_activations({"ELU": nn.ELU()}, axes=[left, right])
    assert figure.axes == [right]


SHARP = """
%matplotlib inline
from gluon_activations import visualize_activation
from mxnet.gluon import nn
visualize_activation(nn.ELU())
%config InlineBackend.figure_formats = ["svg"]
visualize_activation(nn.ELU())
"""


def test_pictures_in_notebooks_are_sharp_small_and_of_the_formats_asked_for():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SHARP)])
    nbclient.execute(notebook)
    sharp, other = [output for output in notebook.cells[0].outputs if "text/plain" in output.data][:2]
    assert set(sharp.data) == {"image/png", "text/plain"}
    assert set(other.data) == {"image/svg+xml", "text/plain"}
    picture, shown = Image.open(io.BytesIO(base64.b64decode(sharp.data["image/png"]))), sharp.metadata["image/png"]
    assert [side // 2 for side in picture.size] == [shown["width"], shown["height"]]

    visualize_activation(nn.ELU())
    plt.gcf().savefig(plain := io.BytesIO(), dpi=200, bbox_inches="tight")
    difference = np.asarray(Image.open(plain).convert("RGB"), float) - np.asarray(picture.convert("RGB"))
    assert np.sqrt((difference**2).mean()) < 0.5
    assert len(base64.b64decode(sharp.data["image/png"])) < len(plain.getvalue()) / 2
    assert picture.info["Software"].startswith("Matplotlib")  # where pictures differ, nbval_pictures says so
