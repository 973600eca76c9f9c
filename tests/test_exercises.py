"""Every exercise can be solved: its check says `right` to a right answer, and `not yet` to a near miss."""

import contextlib
import io
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pytest

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"

# For each exercise, in order: what to change in the notebook, into what, and what would be wrong instead.
SOLUTIONS = {
    "01": [
        ("guess = 0.0", "guess = 2.0", "guess = 1.0"),
        ("mine = lambda x: 0.7 * x", "mine = lambda x: x + 0.3 * nd.tanh(x)", "mine = lambda x: x + 0.7 * nd.sin(x)"),
        (
            "Careless.backward = lambda self, dy: dy * self.y * (1 - self.y) * 1.5",
            *[f"Careless.backward = lambda self, dy: dy * self.y * (1 - self.y) * {factor}" for factor in (1.0, 0.5)],
        ),
    ],
    "02": [
        ("steepness = 1.0", "steepness = 4.0", "steepness = 2.0"),
        (
            "mine = lambda x: nd.arctan(x)",
            *[f"mine = lambda x: {2 / 3.14159} * nd.arctan({inner} * x)" for inner in (3.14159 / 2, 1)],
        ),
        ("x = 5.0", "x = 1.6", "x = 1.8"),
    ],
    "03": [
        (
            'mine = lambda x: nd.relu(x)\ncurve = trace_activation(mine)\nprint("right" if np.abs(curve.y - np.clip',
            *[
                f'mine = lambda x: {f}\ncurve = trace_activation(mine)\nprint("right" if np.abs(curve.y - np.clip'
                for f in ("nd.relu(x) - nd.relu(x - 6)", "nd.relu(6 - x)")
            ],
        ),
        (
            'mine = lambda x: nd.relu(x)\ncurve = trace_activation(mine)\nprint("right" if np.abs(curve.y - np.abs',
            *[
                f'mine = lambda x: {f}\ncurve = trace_activation(mine)\nprint("right" if np.abs(curve.y - np.abs'
                for f in ("nd.relu(x) + nd.relu(-x)", "nd.relu(x) - nd.relu(-x)")
            ],
        ),
        ("k = 1\n", "k = 70\n", "k = 71\n"),
    ],
    "04": [
        ("alpha = 0.1\n", "alpha = -1\n", "alpha = 1\n"),
        ("guess = 0.0", "guess = -3.5", "guess = -2.5"),
        ("goal = nn.LeakyReLU(0.7)(x)", "goal = nd.abs(x)", "goal = nn.LeakyReLU(0.1)(x)"),
    ],
    "05": [
        ("height = 1.0", "height = 1.67326", "height = 1.5"),
        ("start = -5.0", "start = -3.07", "start = -2.0"),
        (
            "mine = lambda x: x\n",
            *[
                f"mine = lambda x: scale * nd.where(x > 0, x, alpha * (nd.exp({inner}) - 1))\n"
                for inner in ("nd.minimum(x, 0)", "x")
            ],
        ),
    ],
    "06": [
        ("x = 0.0", "x = -0.75", "x = -1.28"),
        (
            "gate = lambda x: nd.sigmoid(x) ** 2",
            *[f"gate = lambda x: {gate}" for gate in ("nd.clip(x + 0.5, 0, 1)", "nd.tanh(x)")],
        ),
        ("beta = 1.0\n", "beta = 1.702\n", "beta = 1.5\n"),
    ],
    "07": [
        ('guess = "Gluon\'s default"', 'guess = "He"', 'guess = "Xavier"'),
        ("scale = 0.07", "scale = 0.24", "scale = 0.15"),
        ('guess = "GELU"', 'guess = "tanh"', 'guess = "ReLU"'),
    ],
    "08": [
        ("guess = 0.5\nnet = mlp(None)", "guess = 0.97\nnet = mlp(None)", "guess = 0.8\nnet = mlp(None)"),
        ("    steepness = 1\n", "    steepness = 8\n", "    steepness = 2\n"),
        ("guess = 0.5\nnet = mlp(relu)", "guess = 0.0\nnet = mlp(relu)", "guess = 0.25\nnet = mlp(relu)"),
    ],
    "09": [
        (
            "mine = lambda x: nd.log(nd.cosh(x))",
            *[
                f"mine = lambda x: {f}"
                for f in ("nd.abs(x) + nd.log1p(nd.exp(-2 * nd.abs(x))) - np.log(2)", "nd.abs(x) - np.log(2)")
            ],
        ),
        ("        return dy\n", "        return dy * 3 * self.x**2\n", "        return dy * 3 * self.x\n"),
        (
            "        super().__init__(**kwargs)\n\n    def hybrid_forward(self, F, x):\n        return F.tanh(x)",
            *[
                "        super().__init__(**kwargs)\n        with self.name_scope():\n"
                "            self.height = self.params.get('height', shape=(1,))\n\n"
                f"    def hybrid_forward(self, F, x, height):\n        return F.broadcast_mul(height, {f})"
                for f in ("F.tanh(x)", "2 * F.tanh(x)")
            ],
        ),
    ],
}


def answers(number, which):
    """Run a notebook's code with other answers; return what its checks say."""
    [path] = NOTEBOOKS.glob(f"{number}_*.ipynb")
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    sources = [
        cell.source + "\n"
        for cell in cells
        # What takes long, or is not Python, and what no exercise builds on.
        if not {"raises-exception", "nbval-ignore-output"} & set(cell.metadata.get("tags", []))
        and not any(word in cell.source for word in ("sweep(settings", "= sweep(", "in sweep(", "explore_activation("))
        and not cell.source.startswith(("assert", "real =", "means =", "def died", "print(learned"))
    ]
    code = "".join(sources).replace("%matplotlib inline\n", "")
    for stored, *others in SOLUTIONS[number]:
        assert code.count(stored) == 1, stored
        code = code.replace(stored, others[which])
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, str(path), "exec"), {"__name__": "__main__"})
    plt.close("all")
    return [line for line in said.getvalue().splitlines() if line in ("right", "not yet")]


@pytest.mark.parametrize("number", SOLUTIONS)
@pytest.mark.parametrize(("which", "said"), [(0, "right"), (1, "not yet")], ids=["right", "near miss"])
def test_a_check_knows_a_right_answer_from_a_near_miss(number, which, said):
    assert answers(number, which) == [said] * 3


def test_every_notebook_has_its_solutions():
    assert sorted(path.stem[:2] for path in NOTEBOOKS.glob("*.ipynb")) == list(SOLUTIONS)
