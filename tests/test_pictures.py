"""The hook in conftest.py sees what nbval does not; the refresh tool stores all of a notebook or nothing."""

import base64
import io
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
from environments import start
from PIL import Image, ImageDraw

ROOT = Path(__file__).parent.parent
DRAW = """\
%matplotlib inline
import matplotlib.pyplot as plt
fig, ax = plt.subplots()
line = ax.plot([0, 1], [0, 1])"""


def write(path, *cells):
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)


def refresh(*paths):
    return start(sys.executable, ROOT / "tools" / "refresh_notebooks.py", *paths)


def spoil_pixel(png):
    png.putpixel((5, 5), (0, 0, 0))


def spoil_line(png):
    ImageDraw.Draw(png).line([(60, 60), (160, 60)], fill="black", width=2)


def spoil_size(png):
    return png.resize((png.width + 1, png.height))


def remove(outputs):
    outputs[:] = [output for output in outputs if "image/png" not in output.get("data", {})]


def double(outputs):
    outputs.append(next(output for output in outputs if "image/png" in output.get("data", {})))


def repaint(spoil):
    def repainted(outputs):
        data = next(output["data"] for output in outputs if "image/png" in output.get("data", {}))
        png = Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB")
        file = io.BytesIO()
        (spoil(png) or png).save(file, "png")
        data["image/png"] = base64.b64encode(file.getvalue()).decode()

    return repainted


CHANGES = {
    "untouched": (lambda outputs: None, None),
    "saved anew": (repaint(lambda png: None), None),
    "one black pixel": (repaint(spoil_pixel), "Picture 0 differs"),
    "a line more": (repaint(spoil_line), "Picture 0 differs"),
    "one pixel wider": (repaint(spoil_size), "Picture 0 differs"),
    "no picture": (remove, "differ"),
    "two pictures": (double, "differ"),
}


def test_refreshing_twice_changes_nothing_and_the_hook_sees_every_change(tmp_path):
    path = tmp_path / "line.ipynb"
    write(path, *[f"# {change}\n{DRAW}" for change in CHANGES])
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell("# A title, for the navigation"))
    nbformat.write(notebook, path)
    assert refresh(path).wait() == 0
    before = path.read_bytes()
    assert refresh(path).wait() == 0
    assert path.read_bytes() == before

    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell, (change, _) in zip(cells, CHANGES.values()):
        change(cell.outputs)
    nbformat.write(notebook, path)
    shutil.copy(ROOT / "conftest.py", tmp_path)
    command = [sys.executable, "-m", "pytest", "-rA", "--tb=short", "--nbval", "--nbval-current-env", path]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout
    for i, (change, (_, complaint)) in enumerate(CHANGES.items()):
        assert f"{'FAILED' if complaint else 'PASSED'} line.ipynb::Cell {i}" in said, change
        kept = [file.name for file in (tmp_path / "test-output").glob(f"line-cell{i}-*.png")]
        told = f"Picture 0 differs; see test-output/line-cell{i}-picture0-*.png" in said
        assert told == (complaint == "Picture 0 differs"), change
        if told:
            assert {f"line-cell{i}-picture0-{which}.png" for which in ("stored", "drawn")} <= set(kept), change
        else:
            assert kept == [], change


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
