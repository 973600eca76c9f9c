"""MXNet, mended, and the package on it: on each Python, with the oldest and the newest NumPy with a wheel for it."""

import os
import re
import shutil

from environments import ROOT, UV, environment, python_of, run

# To try a newer Python or NumPy, add it here.
NUMPYS = {
    "3.8": ("1.17.3", "1.24.4"),
    "3.9": ("1.19.3", "2.0.2"),
    "3.10": ("1.21.2", "2.2.6"),
    "3.11": ("1.23.2", "2.4.6"),
    "3.12": ("1.26.0", "2.5.5"),
    "3.13": ("2.1.0", "2.5.5"),
}
BLOCKS = "right_however or exported or dtype or infinity or empty or beta"  # what a NumPy could touch
OTHERS = ("pandas", "scipy", "scikit-learn", "joblib", "tqdm", "mnist1d", "ipykernel", "nbclient")
UNHARMED = """
import numpy, pandas, scipy.stats, sklearn.linear_model
def work():
    x = numpy.arange(20.0)
    fitted = sklearn.linear_model.LogisticRegression().fit(x[:, None], x > 9.5)
    table = pandas.DataFrame({"x": x, "group": numpy.arange(20) % 2}).groupby("group").mean()
    return fitted.predict([[3.0], [15.0]]).tolist(), table.x.tolist(), scipy.stats.norm.cdf(0.0)
before = work()
import mxnet_compat, mxnet
assert mxnet.nd.array(numpy.eye(2)).sum().asscalar() == 2
assert work() == before == ([False, True], [9.0, 10.0], 0.5), (before, work())
"""


def environment_of(version, numpy, folder, *packages):
    """Return the Python of a new environment with MXNet, a NumPy and packages that go with it."""
    needed = ["requests", *(["setuptools"] if version in ("3.12", "3.13") else [])]
    inside = environment(folder, f"numpy=={numpy}", "matplotlib", *needed, *packages, python=python_of(version))
    run(UV, "pip", "install", "--python", inside, "--no-deps", "mxnet==1.9.1", cwd=folder)
    return inside


def pass_tests(inside, *arguments):
    """Run files of tests in another environment, which has what they need and not what others do."""
    options = ("-q", "-o", "addopts=", "-p", "mxnet_compat", "-p", "no:cacheprovider", "-W", "ignore")
    run(
        inside,
        "-m",
        "pytest",
        *options,
        *arguments,
        cwd=ROOT / "tests",
        PYTHONPATH=str(ROOT),
        PYTHONDONTWRITEBYTECODE="1",
    )


def others_are_unharmed_and_a_notebook_runs(inside, folder):
    run(inside, "-W", "ignore", "-c", UNHARMED, cwd=folder, PYTHONPATH=str(ROOT))
    shutil.copy(ROOT / "notebooks" / "01_reading_the_plots.ipynb", folder / "notebook.ipynb")
    kernel = {"PYTHONPATH": str(ROOT), "PATH": f"{inside.parent}{os.pathsep}{os.environ['PATH']}"}
    run(inside, "-m", "nbclient.cli", "notebook.ipynb", cwd=folder, **kernel)


def test_what_is_tried_is_what_the_package_says_it_runs_on():
    said = re.findall('"Programming Language :: Python :: (.*)"', (ROOT / "pyproject.toml").read_text())
    assert said == list(NUMPYS)


class OnOnePython:
    def test_mends_and_values_hold_with_the_oldest_numpy(self, tmp_path):
        inside = environment_of(self.version, NUMPYS[self.version][0], tmp_path / "env", "pytest", "mpmath")
        pass_tests(inside, "test_mended.py", "test_values.py")

    def test_blocks_hold_too_with_the_newest(self, tmp_path):
        at_an_end = self.version in ("3.8", "3.13")
        others = OTHERS if at_an_end else ()
        inside = environment_of(self.version, NUMPYS[self.version][1], tmp_path / "env", "pytest", "mpmath", *others)
        pass_tests(inside, "test_mended.py", "test_values.py", "test_blocks.py", "-k", f"not test_blocks or {BLOCKS}")
        if at_an_end:
            others_are_unharmed_and_a_notebook_runs(inside, tmp_path)


# A class for each, since pytest-xdist runs those of one class in one process, and the classes side by side.
for version in NUMPYS:
    name = f"TestPython{version.replace('.', '_')}"
    globals()[name] = type(name, (OnOnePython,), {"version": version})
