"""Every notebook is executed, whole, tidy and linked."""

import re
import statistics
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
import refresh_notebooks

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))
SOLUTIONS = sorted(ROOT.glob("notebooks/solutions/*.ipynb"))

# What JupyterLab would else write into a notebook that is opened.
LANGUAGE = {"codemirror_mode", "file_extension", "mimetype", "name", "nbconvert_exporter", "pygments_lexer", "version"}
# What differs from machine to machine, or from run to run.
FLEETING = re.compile(
    r"/(home|Users|root|tmp|usr|opt)/|site-packages|[A-Z]:\\|0x[0-9a-f]{6}|\d\d:\d\d:\d\d|\d{4}-\d\d-\d\d"
)


@pytest.fixture(params=NOTEBOOKS + SOLUTIONS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def any_path(request):
    return request.param


@pytest.fixture
def any_notebook(any_path):
    return nbformat.read(any_path, as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_no_notebook_is_missing():
    assert [int(path.stem[:2]) for path in NOTEBOOKS] == list(range(1, 12))
    assert [path.name for path in SOLUTIONS] == [path.name for path in NOTEBOOKS]


def test_is_executed_from_top_to_bottom(any_notebook):
    counts = [cell.execution_count for cell in code(any_notebook)]
    assert counts == list(range(1, len(counts) + 1)) != []


def test_has_pictures(notebook):
    assert any("image/png" in output.get("data", {}) for cell in code(notebook) for output in cell.outputs)


def test_holds_no_error(any_notebook):
    # Not even one that is announced by a tag: papermill would fail, and nbval pass without it.
    assert not any(output.output_type == "error" for cell in code(any_notebook) for output in cell.outputs)


def test_outputs_are_the_same_on_every_machine(any_notebook):
    for output in (output for cell in code(any_notebook) for output in cell.outputs):
        assert output.get("name") != "stderr", output.text
        texts = [output.get("text", ""), *(v for k, v in output.get("data", {}).items() if k.startswith("text/"))]
        assert not FLEETING.search("".join(texts)), texts


def test_is_as_the_refresh_tool_leaves_it(any_path, any_notebook):
    text = nbformat.writes(any_notebook) + "\n"
    language = any_notebook.metadata.language_info
    assert language.keys() == LANGUAGE
    refresh_notebooks.tidy(any_notebook, refresh_notebooks.navigation(any_path), language)
    assert nbformat.writes(any_notebook) + "\n" == text == any_path.read_text(encoding="utf-8")


def test_links_lead_somewhere(any_path, any_notebook):
    prose = "".join(cell.source for cell in any_notebook.cells if cell.cell_type == "markdown")
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", prose)
    assert "../README.md" in links or "../../README.md" in links
    for link in links:
        assert "://" in link or (any_path.parent / unquote(link)).exists(), link


def test_is_small_and_so_are_its_cells(any_path, any_notebook):
    cells = code(any_notebook)
    assert any_path.stat().st_size < 500_000
    lines = [len(cell.source.splitlines()) for cell in cells]
    assert lines[0] <= 6
    assert max(lines) <= 10
    assert statistics.median(lines) <= 4
    assert not any(cell.source.rstrip().endswith(";") for cell in cells)
    assert not any(line.startswith("## ") for cell in cells for line in cell.source.splitlines())  # a heading, astray


def test_has_a_title_a_question_a_summary_exercises_and_references(notebook):
    headings = re.findall(r"^#+ .*", "\n".join(cell.source for cell in notebook.cells), re.M)
    assert headings[0].startswith("# ")
    assert {"## Summary", "## Exercises", "## References"} <= set(headings)
    assert re.match(r"# .+\n\n\*.+\?\*\n", notebook.cells[1].source)


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_each_solution_repeats_its_question(path):
    def numbered(file, pattern):
        prose = "\n".join(cell.source for cell in nbformat.read(file, as_version=4).cells)
        # A question may stress a word, which in the solution is stressed as a whole.
        return [words.replace("*", "").replace("../", "") for words in re.findall(pattern, prose, re.M)]

    questions = numbered(path.parent.parent / path.name, r"^\*\*\d\.\*\* .+$")
    repeated = numbered(path, r"^\*\*\d\.\*\* \*.+\*$")
    assert len(repeated) == 3
    assert repeated == questions[-3:]


def test_the_readme_has_every_notebook_with_its_question(path, notebook):
    question = re.search(r"^\*(.+\?)\*$", notebook.cells[1].source, re.M)[1]
    name = refresh_notebooks.title(path)
    row = f"| [{int(path.stem[:2])}. {name}](notebooks/{path.name}) | {question} |"
    assert row in (ROOT / "README.md").read_text(encoding="utf-8")
