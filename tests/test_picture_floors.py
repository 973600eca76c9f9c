"""nbval_pictures with the oldest and the newest of what it stands on, without MXNet, as a copied folder."""

import json
import subprocess

import pytest
from environments import ROOT, environment, free_environment, python_of, run

OLDEST = "nbval==0.10.0 pytest==7.2.0 pluggy==1.0.0 nbclient==0.6.0 nbformat==5.1.3 pillow==9.0.0 numpy==1.20.0"
NEWEST = "nbval==0.11.0 pytest==9.2.0 pluggy==1.7.0 nbclient==0.11.0 nbformat==5.11.1 pillow==13.0.0 numpy==2.5.5"
COMBINATIONS = {
    "3.8": f"{OLDEST} matplotlib==3.5.0 pypdfium2==4.18.0 resvg-py==0.2.0",
    "3.13": f"{NEWEST} matplotlib==3.11.2 ipykernel==7.4.0",  # without what draws SVG and PDF
}
NBVAL = [
    "-m",
    "pytest",
    "-p",
    "nbval_pictures.plugin",
    "-p",
    "no:cacheprovider",
    "--color=no",
    "-rA",
    "--nbval",
    "--nbval-current-env",
]
CELLS = [
    "%matplotlib inline\nimport io\nimport matplotlib.pyplot as plt\nfrom IPython.display import SVG\nk = 1",
    "plt.plot([0, k]);",
    "file = io.StringIO()\nplt.figure(figsize=(2, 2))\nplt.plot([0, k])\nplt.savefig(file, format='svg')\nplt.close()",
    "SVG(file.getvalue())",
    "1",
]


def write(path, *cells):
    """Write a notebook that says it has run, and shows nothing."""
    empty = {"cell_type": "code", "metadata": {}, "outputs": []}
    cells = [{**empty, "execution_count": i, "id": f"own-{i}", "source": cell} for i, cell in enumerate(cells, 1)]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1))


@pytest.mark.parametrize("version", COMBINATIONS)
def test_it_accepts_and_sees_pictures(version, tmp_path):
    python = environment(tmp_path / "env", *COMBINATIONS[version].split(), python=python_of(version))
    own = tmp_path / "own"
    own.mkdir()
    write(own / "a.ipynb", *CELLS)
    (own / "nbval_pictures").symlink_to(ROOT / "nbval_pictures")
    said = run(python, *NBVAL, "--pictures-accept", cwd=own)
    accepted = [line for line in said.splitlines() if "accepted" in line]
    assert accepted == [f"accepted: a.ipynb::Cell {i}" for i in (1, 3, 4)]

    notebook = (own / "a.ipynb").read_text()
    (own / "a.ipynb").write_text(notebook.replace("nk = 1", "nk = 2"))
    done = subprocess.run([python, *NBVAL], cwd=own, capture_output=True, text=True, env=free_environment())
    failed = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("FAILED")]
    assert failed == ["a.ipynb::Cell"] * 2, done.stdout
    assert done.stdout.count("Picture 0 differs: ") == (2 if "resvg" in COMBINATIONS[version] else 1)
    warned = done.stdout.count("Without resvg_py, SVG is compared as text: pip install resvg_py")
    assert warned == (0 if "resvg" in COMBINATIONS[version] else 1)
