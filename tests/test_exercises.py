"""Every exercise can be solved: its check says `right` to the solution, and why not to a near miss."""

import re

import nbformat
import numpy as np
import pytest
from mxnet import autograd, nd
from mxnet.gluon import nn

from gluon_activations.exercises import CHECKS, check


class Steep(autograd.Function):
    """A sigmoid whose gradient is half of what it should be."""

    def forward(self, x):
        self.y = nd.sigmoid(x)
        return self.y

    def backward(self, dy):
        return dy * self.y * (1 - self.y) * 0.5


class FlatCube(autograd.Function):
    def forward(self, x):
        self.x = x
        return x**3

    def backward(self, dy):
        return dy * 3 * self.x


class TooTall(nn.HybridBlock):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.height = self.params.get("height", shape=(1,))

    def hybrid_forward(self, F, x, height):
        return F.broadcast_mul(height, 2 * F.tanh(x))


def prelu(alpha):
    block = nn.PReLU(alpha_initializer=alpha)
    block.initialize()
    return block


# A plausible wrong answer to each, and what its check must say of it.
NEAR_MISSES = {
    "1.1": (1.0, "1.0 is too small"),
    "1.2": (lambda x: x + 0.7 * nd.sin(x), "its slope falls to 0.300"),
    "1.3": (Steep(), "f'(x) is not the slope of f(x) from x = -"),
    "2.1": (2.0, "the slope at zero is 0.500, and tanh's is 1"),
    "2.2": (lambda x: nd.arctan(x) / (np.pi / 2), "its slope at zero is 0.637"),
    "2.3": (1.8, "1.8 is too large"),
    "3.1": (lambda x: nd.relu(6 - x), "at x = -10.000, f(x) is 16.000, not 0.000"),
    "3.2": (lambda x: nd.relu(x) - nd.relu(-x), "at x = -10.000, f(x) is -10.000, not 10.000"),
    "3.3": (71, "a smaller k is enough"),
    "4.1": (lambda x: nd.LeakyReLU(x, slope=1), "at x = -10.000, f(x) is -10.000, not 10.000"),
    "4.2": (-2.5, "-2.5 is too large"),
    "4.3": (prelu("zeros"), "alpha is 0.000"),
    "5.1": (1.5, "the mean output is 0.041"),
    "5.2": (-2.0, "-2.0 is too large"),
    "5.3": (nn.SELU(), "at x = "),
    "6.1": (-1.28, "-1.28 is too small"),
    "6.2": (nd.tanh, "at x = "),
    "6.3": (1.5, "1.5 is too small"),
    "7.1": ("Xavier", "with Xavier the gradient is "),
    "7.2": (0.15, "the first gradient vanishes: "),
    "7.3": ("ReLU", "with ReLU the gradient is "),
    "8.1": (0.6, "0.6 is too large"),
    "8.2": (lambda: nn.HybridLambda(lambda F, x: F.sigmoid(2 * x)), "its accuracy stays below 0.38"),
    "8.3": (0.25, "0.25 is too large"),
    "9.1": (lambda x: nd.abs(x) - np.log(2), "at x = 0.000, f(x) is -0.693, not 0.000"),
    "9.2": (FlatCube(), "f'(x) is not the slope of f(x) from x = -10.000"),
    "9.3": (TooTall, "the gradient of the height is "),
}


@pytest.mark.parametrize("exercise", NEAR_MISSES)
def test_a_near_miss_is_told_from_a_right_answer_and_why(exercise, capsys):
    answer, why = NEAR_MISSES[exercise]
    check(exercise, answer)
    assert capsys.readouterr().out.startswith(f"not yet: {why}")


def outcomes(notebook):
    """Each exercise that a notebook checks, and what is stored of the verdict."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and "check(" in cell.source]
    return [(re.search(r'check\("([\d.]+)"', cell.source)[1], cell.outputs[-1].text) for cell in cells]


def test_a_notebook_starts_with_wrong_answers_and_its_solutions_are_right(path, notebook):
    solutions = nbformat.read(path.parent / "solutions" / path.name, as_version=4)
    numbers = [number for number in CHECKS if number.startswith(f"{int(path.stem[:2])}.")]
    assert 2 <= len(numbers) <= 4
    assert [number for number, _ in outcomes(notebook)] == numbers
    assert all(verdict.startswith("not yet: ") for _, verdict in outcomes(notebook))
    assert outcomes(solutions) == [(number, "right\n") for number in numbers]


def test_every_exercise_is_tried():
    assert list(NEAR_MISSES) == list(CHECKS)


@pytest.mark.parametrize(("exercise", "answer"), [("1.1", "two"), ("2.1", None), ("3.3", 70.5), ("3.3", 0)])
def test_an_answer_that_is_no_number_is_refused(exercise, answer):
    with pytest.raises(TypeError, match=r"^answer must be a .*number.* not "):
        check(exercise, answer)


@pytest.mark.parametrize(
    ("exercise", "answer", "message"),
    [("1.9", 1, "^exercise must be one of 1.1, .*; not '1.9'"), ("7.3", "SELU", "^answer must be one of 'tanh', ")],
)
def test_what_does_not_exist_is_refused(exercise, answer, message):
    with pytest.raises(ValueError, match=message):
        check(exercise, answer)
