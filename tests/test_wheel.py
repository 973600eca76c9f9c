"""The wheel, in the environment of somebody who has nothing else of ours, and a notebook of their own."""

import os
import re
from zipfile import ZipFile

import nbformat
import pytest
from environments import ROOT, UV, copy_repository, environment, python_of, run
from test_compat import NUMPYS

LOCK = ROOT / "requirements.lock"

NOTEBOOK = [
    """\
%matplotlib inline
import matplotlib.pyplot as plt
from gluon_activations import compare_activations, visualize_activation
from mxnet import np, npx
from mxnet.gluon import nn
npx.set_np()""",
    """\
class Ripple(nn.HybridBlock):
    def __init__(self, pace=2):
        super().__init__()
        self.pace = pace
        with self.name_scope():
            self.height = self.params.get("height", shape=(1,), init="ones")

    def hybrid_forward(self, F, x, height):
        return x + height * F.np.sin(self.pace * x)

ripple = Ripple()
ripple.initialize()
visualize_activation(ripple)""",
    """\
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
curve = visualize_activation(ripple, np.linspace(-3, 3, 101), ax=left)
bars = right.hist(curve.gradient, bins=20)
print(curve)""",
    """\
for k in range(10):
    curve = visualize_activation(lambda x: npx.relu(x) + 0.1 * k * np.tanh(x), title=f"k = {k}")
    print(k, curve.y.max().round(3), curve.right)""",
    """\
ripple.hybridize()
compare_activations({"ripple": ripple, "tanh": np.tanh, "gelu": nn.GELU()})""",
]
PICTURES = [0, 1, 1, 10, 1]


SELU = """
try:
    from gluon_activations import visualize_activation
    from mxnet.gluon import nn
    print(visualize_activation(nn.SELU()))
except ImportError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(UV, "build", "--wheel", "--out-dir", folder, copy_repository(folder / "clone"), cwd=folder)
    [wheel] = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel):
    """The Python of an environment with the wheel and what it declares, and no more."""
    return environment(wheel.parent / "env", wheel, "--constraint", LOCK)


def test_wheel_installs_with_few_dependencies_only(installed, tmp_path):
    ask = (
        "from importlib.metadata import metadata; m = metadata('gluon-activations'); print(*m.get_all('{}'), sep='\\n')"
    )
    requires = run(installed, "-c", ask.format("Requires-Dist"), cwd=tmp_path).splitlines()
    without_extras = [line for line in requires if "extra ==" not in line]
    assert sorted(without_extras) == [
        "matplotlib>=3.5",
        'mxnet<2,>=1.9.1; python_version < "3.13"',
        "numpy>=1.17",
        "pillow>=6.2",
        'requests>=2.20; python_version >= "3.13"',
        'setuptools>=61; python_version >= "3.12"',
    ]
    assert run(installed, "-c", ask.format("Requires-Python"), cwd=tmp_path) == ">=3.8\n"
    run(installed, "-c", "import gluon_activations", cwd=tmp_path)


def test_on_todays_python_it_draws_what_the_readme_says(wheel, tmp_path):
    inside = environment(tmp_path / "env", wheel, f"numpy=={NUMPYS['3.13'][1]}", python=python_of("3.13"))
    report = run(inside, "-c", SELU, cwd=tmp_path)
    assert "MXNet is not installed here. Run: " in report
    for command in re.findall("python -m pip install (.*)", report):
        run(UV, "pip", "install", "--python", inside, *command.split(), cwd=tmp_path)
    lines = run(inside, "-c", SELU, cwd=tmp_path).splitlines()
    assert lines[0] == "f(x) from -1.758 to 10.507"
    assert lines[2].startswith("f'(x) is not the slope of f(x) from x = -10.000 to 0.000")


def test_a_type_checker_may_read_the_annotations(installed, tmp_path):
    ask = "from importlib.resources import contents; print('py.typed' in contents('gluon_activations'))"
    assert run(installed, "-W", "ignore", "-c", ask, cwd=tmp_path) == "True\n"


def test_the_wheel_holds_what_other_frameworks_compute(wheel):
    assert "gluon_activations/experiments/frameworks.json" in ZipFile(wheel).namelist()


@pytest.fixture
def own_notebook(tmp_path):
    path = tmp_path / "own" / "ripple.ipynb"
    path.parent.mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in NOTEBOOK]), path)
    return path


def test_a_notebook_of_ones_own_runs_there_and_is_regression_tested(installed, own_notebook, tmp_path):
    needed = ("ipykernel", "nbclient", "nbval", "pillow")  # SVG and PDF are not drawn, and need no library
    run(UV, "pip", "install", "--python", installed, "--constraint", LOCK, *needed, cwd=tmp_path)
    env = ("env", "-i", f"HOME={tmp_path}", f"PATH={installed.parent}{os.pathsep}{os.defpath}")

    def nbval():
        return run(*env, "pytest", "--nbval", "--nbval-current-env", "-p", "no:cacheprovider", cwd=own_notebook.parent)

    run(*env, "jupyter-execute", "--inplace", own_notebook, cwd=own_notebook.parent)
    notebook = nbformat.read(own_notebook, as_version=4)
    pictures = [[out for out in cell.outputs if "image/png" in out.get("data", {})] for cell in notebook.cells]
    assert [len(found) for found in pictures] == PICTURES
    assert "is the slope of f(x)" in notebook.cells[1].outputs[-1].data["text/plain"]
    for _ in range(2):
        assert "5 passed" in nbval()

    drawn = pictures[3]
    drawn[6].data["image/png"] = drawn[5].data["image/png"]
    nbformat.write(notebook, own_notebook)
    with pytest.raises(AssertionError, match=r"(?s)Picture 6 differs: off by .*1 failed, 4 passed"):
        nbval()
