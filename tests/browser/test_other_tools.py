"""Notebooks run with the other tools people run notebooks with, and are converted whole.

``jupyter execute`` is nbclient's own command.
"""

import subprocess
import sys

import nbformat
import pytest
from browsing import NOTEBOOKS, formulas, pictures
from bs4 import BeautifulSoup


def run(*command):
    return subprocess.run([sys.executable, "-m", *map(str, command)], capture_output=True, text=True)


# Two in each, with what a tool might stumble over: sliders, files, errors. All run in JupyterLab or under nbval, too.
TRIED = {"jupyter execute": ("04", "11"), "papermill": ("01", "09")}
CASES = [(tool, path) for tool in TRIED for path in NOTEBOOKS if path.name.startswith(TRIED[tool])]


@pytest.mark.parametrize(("tool", "path"), CASES, ids=lambda case: getattr(case, "stem", case))
def test_runs(tool, path, notebook, tmp_path):
    out = tmp_path / "out.ipynb"
    if tool == "papermill":
        done = run("papermill", path, out, "--cwd", tmp_path)
    else:
        done = run("jupyter", "execute", path, f"--output={out}")
    assert done.returncode == 0, done.stderr
    ran = nbformat.read(out, as_version=4)
    code = [cell for cell in ran.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert len(pictures(ran)) == len(pictures(notebook)) > 0


def test_all_are_converted_to_html(tmp_path):
    done = run("jupyter", "nbconvert", "--to=html", f"--output-dir={tmp_path}", *NOTEBOOKS)
    assert done.returncode == 0, done.stderr
    for path in NOTEBOOKS:
        notebook = nbformat.read(path, as_version=4)
        page = BeautifulSoup((tmp_path / f"{path.stem}.html").read_text(encoding="utf-8"), "html.parser")
        assert len(page.select("img[src^='data:image/png']")) == len(pictures(notebook)) > 0
        # In source form: a browser typesets it, by MathJax, which this converter takes from the network.
        prose = nbformat.v4.new_markdown_cell("".join(text.get_text() for text in page.select(".jp-MarkdownOutput")))
        assert formulas(nbformat.v4.new_notebook(cells=[prose])) == formulas(notebook)
