"""The README says nothing that is not so: its picture, its example, its links and its recipe."""

import os
import re
import subprocess
import sys
from pathlib import Path

import draw_gallery
import nbformat
import pytest
import uv
from environments import copy_repository
from matplotlib.testing.compare import compare_images

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(heading, language=""):
    """Return the first fenced block of a language after a heading (or after any text)."""
    return re.search(rf"{re.escape(heading)}.*?^```{language}\n(.*?)^```", README, re.M | re.S)[1]


def test_the_gallery_is_what_the_code_draws(tmp_path):
    draw_gallery.draw(tmp_path / "gallery.png")
    assert compare_images(draw_gallery.GALLERY, tmp_path / "gallery.png", tol=0.5) is None


def test_the_example_prints_what_the_readme_says(tmp_path):
    *lines, last = block("# Activation functions", "python").splitlines()
    script = "\n".join([*lines, f"print(repr({last}))"])
    env = {**os.environ, "MPLBACKEND": "agg"}
    said = subprocess.run([sys.executable, "-c", script], env=env, cwd=tmp_path, capture_output=True, text=True).stdout
    assert said == block("draws the curve with its gradient, and says")


def test_every_link_leads_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert len(links) > 8
    for link in links:
        assert "://" in link or (ROOT / link).exists(), link


STORED = """\
%matplotlib inline
import matplotlib.pyplot as plt
fig, ax = plt.subplots()
line = ax.plot([0, 1], [0, {}])"""


@pytest.fixture
def own_notebook(tmp_path):
    """Somebody's own folder: one notebook, executed and saved, beside a clone of ours."""
    path = tmp_path / "own" / "line.ipynb"
    path.parent.mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(STORED.format(1))]), path)
    subprocess.run([sys.executable, "-m", "jupyter", "execute", "--inplace", path], check=True, capture_output=True)
    copy_repository(tmp_path / "gluon-activations")
    return path


def test_the_recipe_for_your_own_notebooks_sees_a_changed_curve(own_notebook, tmp_path):
    uv_bin, bin_dir = uv.find_uv_bin(), tmp_path / "env" / "bin"
    subprocess.run([uv_bin, "venv", "--quiet", "--seed", "--python", sys.executable, bin_dir.parent], check=True)
    env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    env["PATH"] = os.pathsep.join([str(bin_dir), env["PATH"]])
    env["PIP_CONSTRAINT"] = str(ROOT / "requirements.lock")  # so that no release of tomorrow fails the test

    def follow(recipe):
        command = ["bash", "-e", "-c", recipe]
        return subprocess.run(command, cwd=own_notebook.parent, env=env, capture_output=True, text=True)

    recipe = block("## Regression-testing your own notebooks", "sh")
    first = follow(recipe)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "1 passed" in first.stdout

    notebook = nbformat.read(own_notebook, as_version=4)
    notebook.cells[0].source = STORED.format(2)  # the text stored is the same; only the curve is another
    nbformat.write(notebook, own_notebook)
    second = follow(recipe.splitlines()[-1])
    assert second.returncode == 1
    assert "Picture 0 differs: " in second.stdout
    assert (own_notebook.parent / "pictures-report" / "index.html").exists()

    third = follow(f"{recipe.splitlines()[-1]} --pictures-accept")
    assert third.returncode == 0
    assert "accepted: line.ipynb::Cell 0" in third.stdout
