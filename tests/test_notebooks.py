"""Every notebook is executed, whole, tidy and linked."""

import importlib.util
import re
import statistics
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
# JupyterLab keeps copies in hidden folders.
NOTEBOOKS = sorted(path for path in ROOT.glob("notebooks/**/*.ipynb") if ".ipynb_checkpoints" not in path.parts)

spec = importlib.util.spec_from_file_location("refresh_notebooks", ROOT / "tools" / "refresh_notebooks.py")
refresh_notebooks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(refresh_notebooks)

# What differs from machine to machine, or from run to run.
FLEETING = re.compile(
    r"/(home|Users|root|tmp|usr|opt)/|site-packages|[A-Z]:\\|0x[0-9a-f]{6}|\d\d:\d\d:\d\d|\d{4}-\d\d-\d\d"
)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


@pytest.fixture
def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_no_notebook_is_missing():
    numbers = [int(path.stem[:2]) for path in NOTEBOOKS if path.parent.name == "notebooks"]
    assert numbers == sorted(set(numbers))
    assert {1, 2, 3, 4, 5, 6, 9} <= set(numbers)


def test_is_executed_from_top_to_bottom(code):
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert any("image/png" in output.get("data", {}) for cell in code for output in cell.outputs)


def test_holds_errors_only_where_they_are_announced(code):
    for cell in code:
        announced = "raises-exception" in cell.metadata.get("tags", [])
        # nbval lets an announced error pass that does not come.
        assert any(output.output_type == "error" for output in cell.outputs) == announced, cell.source


def test_outputs_are_the_same_on_every_machine(code):
    for output in (output for cell in code for output in cell.outputs):
        assert output.get("name") != "stderr", output.text
        texts = [output.get("text", ""), *(v for k, v in output.get("data", {}).items() if k.startswith("text/"))]
        assert not FLEETING.search("".join(texts)), texts


def test_is_as_the_refresh_tool_leaves_it(path, notebook):
    text = nbformat.writes(notebook) + "\n"
    refresh_notebooks.tidy(notebook, refresh_notebooks.navigation(path))
    assert nbformat.writes(notebook) + "\n" == text == path.read_text(encoding="utf-8")


def test_links_lead_somewhere(path, notebook):
    prose = "".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", prose)
    assert "../README.md" in links
    for link in links:
        assert "://" in link or (path.parent / unquote(link)).exists(), link


def test_is_small_and_so_are_its_cells(path, code):
    assert path.stat().st_size < 500_000
    lines = [sum(map(bool, cell.source.splitlines())) for cell in code]
    assert lines[0] <= 6
    assert max(lines) <= 10
    assert statistics.median(lines) <= (6 if path.stem >= "07" else 4)  # experiments and classes are longer
    assert not any(cell.source.rstrip().endswith(";") for cell in code)
    assert not any(line.startswith("## ") for cell in code for line in cell.source.splitlines())  # a heading, astray


def test_has_a_title_a_question_a_summary_exercises_and_references(notebook):
    headings = re.findall(r"^#+ .*", "\n".join(cell.source for cell in notebook.cells), re.M)
    assert headings[0].startswith("# ")
    assert {"## Summary", "## Exercises", "## References"} <= set(headings)
    assert re.match(r"# .+\n\n\*.+\?\*\n", notebook.cells[1].source)


def test_the_readme_has_every_notebook_with_its_question(path, notebook):
    question = re.search(r"^\*(.+\?)\*$", notebook.cells[1].source, re.M)[1]
    name = refresh_notebooks.title(path)
    row = f"| [{int(path.stem[:2])}. {name}](notebooks/{path.name}) | {question} |"
    assert row in (ROOT / "README.md").read_text(encoding="utf-8")
