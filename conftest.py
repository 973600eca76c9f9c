"""Lets nbval see pictures. It stands at the root, since pytest applies it to what is below: tests and notebooks.

nbval compares the text of a cell's outputs but passes over its PNGs. Here they are compared too. To
test notebooks of your own in this way, copy this file beside them.
"""

import base64
import os
from pathlib import Path

import matplotlib
import pytest
from matplotlib.testing.compare import compare_images
from matplotlib.testing.exceptions import ImageComparisonFailure
from nbval.plugin import IPyNbCell

KEPT = Path(__file__).parent / "test-output"  # pictures that differ, and their differences

# Root mean square over the pixels' levels, 0 to 255. Measured on pictures of every activation and of every family:
# 0 between DNNL_MAX_CPU_ISA unset, SSE41, AVX and AVX2, and between one and two threads; 1.4 and more with the gradient
# 1 % too steep, 5 with ELU's alpha 1.02, 6 with swapped labels, 9.5 and more with the gradient's line left out.
TOLERANCE = 0.5

# What a kernel must not take over from the person or the machine that starts it.
ENVIRONMENT = {
    "IPYTHONDIR": str(KEPT / "ipython"),
    "MATPLOTLIBRC": str(Path(matplotlib.get_data_path()) / "matplotlibrc"),
    "OMP_NUM_THREADS": "1",  # notebooks run side by side: more threads than cores would slow them all
    "TQDM_DISABLE": "1",  # a progress bar never ends twice at the same speed
}
os.environ.update(ENVIRONMENT)
Path(ENVIRONMENT["IPYTHONDIR"]).mkdir(parents=True, exist_ok=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    yield  # nbval's own comparison; where it fails, that stands
    if isinstance(item, IPyNbCell) and item.options["check"]:
        compare_pictures(item, _pictures(item.cell.outputs), _pictures(item.test_outputs))


def compare_pictures(item, stored, drawn):
    """Fail a cell where the pictures stored with it are not those it draws today."""
    if len(stored) != len(drawn):
        item.raise_cell_error(f"Number of pictures differs: {len(stored)} stored, {len(drawn)} drawn")
    for i, (old, new) in enumerate(zip(stored, drawn)):
        stem = f"{item.path.stem}-cell{item.cell_num}-picture{i}"
        files = [KEPT / f"{stem}-{which}.png" for which in ("stored", "drawn")]
        for file, png in zip(files, (old, new)):
            file.write_bytes(base64.b64decode(png))
        try:
            difference = compare_images(*map(str, files), tol=TOLERANCE)
        except ImageComparisonFailure as failure:  # another size
            difference = str(failure)
        if difference:
            item.raise_cell_error(f"Picture {i} differs; see test-output/{stem}-*.png", difference)
        for file in files:
            file.unlink()


def _pictures(outputs):
    return [output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})]
