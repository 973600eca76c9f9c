"""nbval with nbval_pictures, on notebooks as people write them; and the tool that refreshes notebooks."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from environments import start

from nbval_pictures import evidence, page
from nbval_pictures.accept import replaced

ROOT = Path(__file__).parent.parent
FOREIGN = {"CI", "BUILD_NUMBER", "PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER"}  # where CI is set, pytest prints more
FOREIGN |= {"TQDM_DISABLE", "IPYTHONDIR", "OMP_NUM_THREADS", "MATPLOTLIBRC"}
PYTEST = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no", "-rA"]
SETUP = """\
%matplotlib inline
import io
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import *
plt.rc("figure", figsize=(3, 2), dpi=72)
x = np.linspace(0, 6, 50)

def encoded(kind, k):
    file = io.BytesIO()
    figure, ax = plt.subplots()
    ax.plot(x, np.sin(k * x))
    figure.savefig(file, format=kind)
    plt.close(figure)
    return file.getvalue()

def words(text):
    words = f'<text x="5" y="20">{text}</text>'
    return SVG(f'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="40">{words}</svg>')"""

# By name: cells that draw; all of them differ where "k = 1" becomes "k = 1.02".
DRAWINGS = {
    "semicolon": "plt.plot(x, np.sin(k * x));",
    "style": "with plt.style.context('ggplot'):\n    plt.plot(x, np.sin(k * x))\n    plt.show()",
    "subplots": "fig, axes = plt.subplots(2, 2, sharex=True)\nfor ax in axes.flat:\n    ax.plot(x, x**k)",
    "loop of figures": "for i in range(3):\n    plt.figure()\n    plt.plot(x, np.cos(k * x + i))\n    plt.show()",
    "clear_output": "for i in range(3):\n    clear_output(wait=True)\n    plt.plot(x, i * x**k)\n    plt.show()",
    "update": "h = display(1, display_id=True)\nh.update(Image(encoded('png', k)))",
    "grid of densities": "plt.contourf(x, x, np.sin(k * x[:, None] + x**2), 20, cmap='RdGy')\nplt.colorbar();",
    "scatter with hue": "r = np.random.RandomState(0)\nplt.scatter(r.rand(9), r.rand(9) ** k, c=r.rand(9), alpha=.3);",
    "histogram": "_ = plt.hist(np.sin(k * x), bins=20, histtype='stepfilled')",
    "3-D": "ax = plt.axes(projection='3d')\nax.plot3D(np.sin(k * x), np.cos(x), x);",
    "printed too": "print('first')\nplt.plot(x, np.sin(k * x))\nplt.show()\nprint('last')",
    "JPEG": "Image(encoded('jpeg', k))",
    "SVG": "SVG(encoded('svg', k).decode())",
    "PNG and JPEG": "display({f'image/{kind}': encoded(kind, k) for kind in ('png', 'jpeg')}, raw=True)",
    "PDF": "display({'application/pdf': encoded('pdf', k)}, raw=True)",
}
# By name: a cell, what it becomes, and what is said of it.
CHANGES = {
    "text first": ("print(1)\nplt.plot(x, x);", "print(2)\nplt.plot(x, x**2);", "Picture 0 differs: "),
    "size": ("plt.figure(figsize=(3, 2)).gca();", "plt.figure(figsize=(4, 2)).gca();", "Picture 0 differs: it is"),
    "one picture fewer": (
        "plt.plot(x)\nplt.show()\nplt.plot(-x);",
        "plt.plot(x);",
        "Picture 1 differs: none is drawn any",
    ),
    "one picture more": ("plt.plot(x);", "plt.plot(x)\nplt.show()\nplt.plot(-x);", "Picture 1 differs: none is stored"),
    "another kind": (
        "Image(encoded('png', 1))",
        "Image(encoded('jpeg', 1))",
        "Picture 0 differs: stored as PNG, drawn as",
    ),
    "labels swapped": ("plt.plot(x, label='a')\nplt.legend();", "plt.plot(x, label='b')\nplt.legend();", "Picture 0"),
    "one tick": ("plt.plot(x)\nplt.yticks([0, 3]);", "plt.plot(x)\nplt.yticks([0, 3, 6]);", "Picture 0 differs"),
    "words of an SVG": ("words('loss')", "words('lost')", "Picture 0 differs"),
}
# By name: cells that stay as they are, and pass. What nbval alone fails or should not see is among them.
UNCHANGED = {
    "unrun": "plt.plot(x, 3 * x);",
    "update from afar": "later = display(plt.figure(), display_id=True)\nplt.close()",
    "the update": "later.update('a word')",
    "Output widget": "import ipywidgets\nwith ipywidgets.Output():\n    print('hidden')\n    plt.plot(x)",
    "progress": "import sys\nprint('done')",
    "skipped": "plt.plot(x, np.random.rand(50));",
    "tolerated": "plt.plot(x, np.sin(x + .0001 * np.random.rand()));",
    "nothing": "",
    "raises": "print(1)\nraise ValueError('so')",
    "environment": "import os\nprint(*[os.path.exists(os.environ[name]) for name in ('IPYTHONDIR', 'MATPLOTLIBRC')])\n"
    "print(*[os.environ[name] for name in ('OMP_NUM_THREADS', 'TQDM_DISABLE')], plt.rcParams['lines.linewidth'])",
}
TAGS = {"skipped": "pictures-skip", "tolerated": "pictures-tolerance=50", "raises": "raises-exception"}
BAR = "\r  0%|          | 0/3 [00:00<?, ?it/s]\r100%|##########| 3/3 [1:02:03<00:00, 4.80s/it]\n"

OLD = [SETUP, "k = 1", *DRAWINGS.values(), *[old for old, _, _ in CHANGES.values()], *UNCHANGED.values()]
NEW = [SETUP, "k = 1.02", *DRAWINGS.values(), *[new for _, new, _ in CHANGES.values()], *UNCHANGED.values()]
NAMES = ["set-up", "k", *DRAWINGS, *CHANGES, *UNCHANGED]
SAID = {**dict.fromkeys(DRAWINGS, "Picture 0 differs: "), **{name: said for name, (*_, said) in CHANGES.items()}}
OWN_TEST = """\
import os

def test_own():
    assert os.environ["MATPLOTLIBRC"] == {!r}
    assert not {{"TQDM_DISABLE", "IPYTHONDIR", "OMP_NUM_THREADS"}} & set(os.environ)
"""


def write(path, *cells, tags=None):
    cells = [nbformat.v4.new_code_cell(cell, id=f"own-{i}") for i, cell in enumerate(cells)]
    for i, name in enumerate(NAMES if tags else []):
        cells[i].metadata.update({"tags": [tags[name]]} if name in tags else {})
    path.parent.mkdir(exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


def refresh(*paths):
    return start(sys.executable, ROOT / "tools" / "refresh_notebooks.py", *paths)


def rewrite(path, change):
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)


def nbval(folder, *options, **variables):
    """Run pytest there, free of what this one was told; return what it says."""
    env = {key: value for key, value in os.environ.items() if key not in FOREIGN}
    command = [*PYTEST, "--nbval", "--nbval-current-env", *options]
    done = subprocess.run(command, cwd=folder, env={**env, **variables}, capture_output=True, text=True)
    return done.stdout + done.stderr


def verdicts(said, path):
    found = re.findall(rf"^(PASSED|FAILED|ERROR|SKIPPED) {path}::Cell (\d+)", said, re.M)
    return {NAMES[int(number)]: verdict for verdict, number in found}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Two notebooks of one name; the code of one of them has been changed since it was saved."""
    folder = tmp_path_factory.mktemp("own")
    path = folder / "a" / "plot.ipynb"
    write(path, *OLD, tags=TAGS)
    run = refresh(path)
    assert run.communicate()[1].count("Failed") == 0
    (folder / "matplotlibrc").write_text("lines.linewidth: 9")
    (folder / "test_own.py").write_text(OWN_TEST.format(str(folder / "matplotlibrc")))

    def change(notebook):
        notebook.metadata["authors"] = [{"name": "Emmy Noether"}]
        notebook.cells[NAMES.index("unrun")].update(outputs=[], execution_count=None)
        bar = nbformat.v4.new_output("stream", name="stderr", text=BAR)
        notebook.cells[NAMES.index("progress")].outputs.insert(0, bar)

    rewrite(path, change)
    shutil.copytree(folder / "a", folder / "b")
    rewrite(path, renew)
    return folder


def renew(notebook):
    for cell, source in zip(notebook.cells, NEW):
        cell.source = source


def restore(notebook):
    notebook.cells[1].source = OLD[1]  # k


@pytest.fixture(scope="module")
def first_run(stored):
    before = (stored / "a" / "plot.ipynb").read_bytes()
    said = nbval(stored, "-n4", MATPLOTLIBRC=str(stored / "matplotlibrc"))
    assert (stored / "a" / "plot.ipynb").read_bytes() == before
    return said


def test_every_change_is_seen_and_nothing_else(first_run):
    assert verdicts(first_run, "b/plot.ipynb") == dict.fromkeys(NAMES, "PASSED")
    expected = {name: "FAILED" if name in SAID else "PASSED" for name in NAMES}
    assert verdicts(first_run, "a/plot.ipynb") == expected
    assert "PASSED test_own.py::test_own" in first_run


@pytest.mark.parametrize("name", SAID)
def test_what_is_said_and_kept_of_a_change(name, stored, first_run):
    number = NAMES.index(name)
    part = first_run.split(f"_ a/plot.ipynb::Cell {number} _")[1].split("\n____")[0]
    assert SAID[name] in part
    kept = stored / "pictures-report" / "a" / "plot"
    assert f"See {stored / 'pictures-report' / 'index.html'}, and {kept}" in part
    record = json.loads((kept / f"cell{number}.json").read_text())
    assert record["source"] == NEW[number]
    for picture in record["pictures"]:
        one_sided = "none is" in picture["said"] or "stored as" in picture["said"]
        assert (picture.get("difference") is None) == one_sided or name == "words of an SVG"
        files = [picture[side] for side in ("stored", "drawn", "difference") if picture.get(side)]
        assert len(files) >= (1 if "none is" in picture["said"] else 2)
        assert all((kept / file).stat().st_size > 50 for file in files)
    assert ("Its text differs" in page_of(stored, number)) == bool(record["text"])


def page_of(folder, number):
    html = (folder / "pictures-report" / "index.html").read_text(encoding="utf-8")
    return html.split(f"<h2>a/plot.ipynb::Cell {number}</h2>")[1].split("<h2>")[0]


def test_the_page_needs_no_other_file_and_is_told_of(stored, first_run):
    file = stored / "pictures-report" / "index.html"
    html = file.read_text(encoding="utf-8")
    assert f"{file.as_uri()}" in first_run
    sources = re.findall(r'(?:src|href)="([^"]{20})', html)
    assert sources
    assert all(source.startswith("data:image/") for source in sources)
    assert "b/plot.ipynb" not in html
    assert sorted(path.name for path in file.parent.iterdir()) == [".gitignore", "a", "conftest.py", "index.html"]


def test_the_executed_notebook_is_kept_beside_them(stored, first_run):
    executed = nbformat.read(stored / "pictures-report" / "a" / "plot" / "plot.ipynb", as_version=4)
    assert [cell.execution_count for cell in executed.cells if cell.source] == [*range(1, len(executed.cells))]
    assert executed.cells[NAMES.index("text first")].outputs[0].text == "2\n"


def cut(path):
    """Return a notebook's bytes without the outputs of the cells that change."""
    text = path.read_bytes().decode()
    for name in SAID:
        text = replaced(text, ["cells", NAMES.index(name), "outputs"], "[]")
    return text


def test_accept_writes_what_differs_and_nothing_else_in_both_directions(stored, first_run, tmp_path):
    folder = shutil.copytree(stored, tmp_path / "own")
    path = folder / "a" / "plot.ipynb"
    before = cut(path)
    said = nbval(folder, "a", "--pictures-accept")
    assert said.count("accepted: a/plot.ipynb::Cell") == len(SAID)
    assert "FAILED" not in said
    assert cut(path) == before
    assert not (folder / "pictures-report").exists()

    rewrite(path, restore)
    said = nbval(folder, "a", "--pictures-accept")
    assert verdicts(said, "a/plot.ipynb") == dict.fromkeys(NAMES, "PASSED")
    assert said.count("accepted: a/plot.ipynb::Cell") == len(DRAWINGS)
    for name, again, first in zip(NAMES, *(nbformat.read(folder / which / "plot.ipynb", 4).cells for which in "ab")):
        assert again == first or name in ("SVG", "PDF", *CHANGES), name  # the first two hold their date


def test_what_cannot_be_accepted_is_said_beside_what_differs(tmp_path):
    write(tmp_path / "a.ipynb", "_ = open('a.ipynb', 'a').write(' ')", "print('new')\n1")

    def change(notebook):
        printed = nbformat.v4.new_output("stream", text="old\n")
        result = nbformat.v4.new_output("execute_result", {"text/plain": "1"}, execution_count=2)
        notebook.cells[0].execution_count = 1
        notebook.cells[1].update(execution_count=2, outputs=[printed, result])

    rewrite(tmp_path / "a.ipynb", change)
    said = nbval(tmp_path, "--pictures-accept").split("_ a.ipynb::Cell 1 _")[1]
    assert "Not accepted: a.ipynb has been changed since it was read" in said
    assert "old\n" in said


def test_without_nbval_it_does_nothing_and_asks_for_nothing(tmp_path):
    (tmp_path / "test_own.py").write_text(f"def test_own(): pass\n{DOES_NOTHING}")
    (tmp_path / "pytest.ini").write_text("[pytest]\npictures_tolerance = rubbish")
    done = subprocess.run(PYTEST, cwd=tmp_path, capture_output=True, text=True)
    assert "2 passed" in done.stdout
    here = {path.name for path in tmp_path.iterdir()}
    assert here - {"__pycache__", ".benchmarks"} == {"pytest.ini", "test_own.py"}


DOES_NOTHING = """
import sys

def test_nothing_is_loaded():
    assert not {"PIL", "numpy", "nbval_pictures.notebook"} & set(sys.modules)
"""


WRONG = {
    "--pictures-tolerance=much": "pictures_tolerance: a tolerance is a number, 0 or more, not 'much'",
    "--pictures-tolerance=-1": "pictures_tolerance: a tolerance is a number, 0 or more, not '-1'",
    "--pictures-tolerance=nan": "pictures_tolerance: a tolerance is a number, 0 or more, not 'nan'",
    "--pictures-kinds=png,bmp": "pictures_kinds may hold png, jpeg, gif, webp, svg, pdf; it is 'png,bmp'",
    "--pictures-environment=HOME": "pictures_environment may hold IPYTHONDIR, MATPLOTLIBRC, ",
    "--pictures-output=.": "pictures_output: ",
    "-n2 --dist=loadgroup": "--dist=loadgroup would tear notebooks apart",
}


@pytest.mark.parametrize("options", WRONG)
def test_what_cannot_be_meant_is_said(options, tmp_path):
    (tmp_path / "precious.txt").touch()
    said = nbval(tmp_path, *options.split())
    assert f"ERROR: {WRONG[options]}" in said
    assert len(said.splitlines()) < 9
    assert (tmp_path / "precious.txt").exists()


def test_settings_by_ini_and_tag_and_what_cannot_be_kept(tmp_path):
    """No picture is stored with these cells, which are said to have run, so that each that draws one fails."""
    sources = [f"from IPython.display import Image, display\nImage({png!r})" for png in (b"\x89PNG\r\n\x1a\n" * 9,)]
    sources += ["Image(_.data)", "import os; assert 'TQDM_DISABLE' not in os.environ", "display(_)"]
    write(tmp_path / "a.ipynb", *sources)

    def change(notebook):
        for i, cell in enumerate(notebook.cells):
            cell.execution_count = i + 1
        notebook.cells[1].metadata["tags"] = ["pictures-tolerance=x"]
        notebook.cells[3].metadata["tags"] = ["pictures-skip"]

    rewrite(tmp_path / "a.ipynb", change)
    (tmp_path / "file").touch()
    settings = "pictures_kinds = png\npictures_output = file/x\npictures_environment = IPYTHONDIR"
    (tmp_path / "pytest.ini").write_text(f"[pytest]\n{settings}")
    said = nbval(tmp_path)
    assert "Picture 0 differs: none is stored" in said
    assert "The pictures could not be kept: " in said
    assert "1 differ, and there is no page of them" in said
    assert "The cell's tag 'pictures-tolerance=x': a tolerance is a number, 0 or more, not 'x'" in said
    assert "PASSED a.ipynb::Cell 2" in said
    assert said.count("Picture 0 differs") == 1


@pytest.mark.parametrize("linked", [False, True])
def test_old_evidence_is_cleared_but_not_by_looking_and_is_no_test(linked, tmp_path):
    folder = tmp_path / "pictures-report"
    if linked:
        (tmp_path / ".elsewhere").mkdir()
        folder.symlink_to(tmp_path / ".elsewhere")
    write(evidence.place(folder, "a.ipynb::Cell 0") / "a.ipynb", "1")
    (folder / "a" / "test_a.py").write_text("def test_a(): pass")
    assert "no tests" in nbval(tmp_path, "--collect-only")
    assert "no tests" in nbval(tmp_path, "-p", "no:nbval_pictures.plugin")
    assert (folder / "a" / "a.ipynb").exists()
    nbval(tmp_path)
    assert not folder.exists()
    assert evidence.place(folder.resolve(), "a.ipynb::Cell 0").is_dir()
    assert folder.is_symlink() == linked


def test_the_page_shows_text_without_a_terminals_colours(tmp_path):
    cell = SimpleNamespace(nodeid="a.ipynb::Cell 0", cell=SimpleNamespace(source="1"), cell_num=0)
    evidence.keep_cell(tmp_path, cell, [], ["\x1b[91mold\x1b[0m", "\x1b[1;32mnew\x1b[m"])
    assert "<pre>old\nnew</pre>" in page.write(tmp_path).read_text(encoding="utf-8")


def test_an_unknown_kernel_is_named_and_the_other_notebooks_go_on(tmp_path):
    paths = [tmp_path / name for name in ("strange.ipynb", "wrong.ipynb", "right.ipynb")]
    for path, source in zip(paths, ("1", "1 / 0", "2")):
        write(path, source)
    for path in (paths[0], paths[2]):
        rewrite(path, lambda notebook: notebook.metadata.update(authors=[{"name": "Noether"}]))
    kernel = {"name": "klingon", "display_name": "Klingon"}
    rewrite(paths[0], lambda notebook: notebook.metadata.update(kernelspec=kernel))
    before, cells = paths[0].read_bytes(), nbformat.read(paths[2], 4).cells
    run = refresh(*paths)
    said = run.communicate()[1]
    assert run.returncode == 1
    assert "left as it was: strange.ipynb: No such kernel named klingon" in said
    assert "left as it was: wrong.ipynb, cell 0:" in said
    assert paths[0].read_bytes() == before
    after = nbformat.read(paths[2], 4)
    assert after.metadata == {"authors": [{"name": "Noether"}]}
    assert after.cells[0].outputs[0].data == {"text/plain": "2"}
    assert [(cell.id, cell.source) for cell in after.cells] == [(cell.id, cell.source) for cell in cells]


def test_a_failing_cell_leaves_the_file_and_is_told(tmp_path):
    path = tmp_path / "failing.ipynb"
    write(path, "x = 1", "x / 0", "x")
    before = path.read_bytes()
    run = refresh(path)
    said = run.communicate()[1]
    assert run.returncode == 1
    assert path.read_bytes() == before
    assert "failing.ipynb, cell 1:\n\nx / 0\n\nZeroDivisionError: division by zero" in said


def test_ctrl_c_leaves_the_file_and_no_kernel(tmp_path):
    path, sign = tmp_path / "endless.ipynb", tmp_path / "started"
    write(path, f"import os, pathlib, time\npathlib.Path({str(sign)!r}).write_text(str(os.getpid()))\ntime.sleep(600)")
    before = path.read_bytes()
    run = refresh(path)
    while not (sign.exists() and sign.read_text()):
        assert run.poll() is None
        time.sleep(0.1)
    run.send_signal(signal.SIGINT)
    said = run.communicate(timeout=30)[1]
    assert run.returncode == 130
    assert "Stopped." in said
    assert "Traceback" not in said
    assert path.read_bytes() == before
    assert not Path(f"/proc/{sign.read_text()}").exists()
