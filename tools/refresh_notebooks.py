"""Run notebooks again, in place, and store what they show.

    python tools/refresh_notebooks.py [NOTEBOOK ...]

Without arguments, all in ``notebooks/`` and their solutions. A second run leaves every file as it is, byte for byte. A
notebook that fails, or that Ctrl-C cuts short, keeps the outputs it had. In a notebook from elsewhere, nothing changes
but outputs and execution counts; the tutorial's own are tidied too.
"""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import psutil
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from references import write_references
from tqdm import tqdm
from traitlets import default

from nbval_pictures.accept import replace_file, with_outputs
from nbval_pictures.kernel import joined
from nbval_pictures.settings import plain

ROOT = Path(__file__).parent.parent
NAVIGATION = "navigation"


def title(path):
    """Return a notebook's first heading."""
    cells = nbformat.read(path, as_version=4).cells
    return next(cell.source for cell in cells if cell.source.startswith("# ")).splitlines()[0].lstrip("# ")


def navigation(path):
    """Return the links to the notebook before, the contents and the notebook after; for solutions, to theirs."""
    if path.parent.name == "solutions":
        return f"[← {title(path.parent.parent / path.name)}](../{path.name}) | [Contents](../../README.md)"
    paths = sorted(path.parent.glob("*.ipynb"))
    here = paths.index(path)
    links = [f"[← {title(p)}]({p.name})" for p in paths[max(here - 1, 0) : here]]
    links += ["[Contents](../README.md)"]
    links += [f"[{title(p)} →]({p.name})" for p in paths[here + 1 : here + 2]]
    return " | ".join(links)


def tidy(notebook, links, language):
    """Put the links at both ends, write the references, and make the rest the same on every machine."""
    write_references(notebook)
    cells = [cell for cell in notebook.cells if NAVIGATION not in cell.metadata.get("tags", [])]
    ends = [nbformat.v4.new_markdown_cell(links, metadata={"tags": [NAVIGATION]}) for _ in range(2)]
    notebook.cells = [ends[0], *cells, ends[1]]
    for i, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{i}"
        cell.metadata = {"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {}
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)  # dead without its kernel
    notebook.nbformat_minor = 5
    # As JupyterLab writes it: with the same Python, a notebook that is opened counts as unchanged.
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    notebook.metadata = {"kernelspec": kernel, "language_info": language}


class ThisPythonsKernel(AsyncKernelManager):
    """Starts a kernel of the Python that runs this, whatever kernels the person has installed."""

    @default("kernel_spec_manager")
    def _no_other_kernels(self):
        return KernelSpecManager(kernel_dirs=[])


def refresh(path, environment, progress):
    """Run one notebook; return what went wrong, or None."""
    before = path.read_bytes()
    notebook = nbformat.reads(before.decode("utf-8"), as_version=4)
    client = NotebookClient(
        notebook,
        kernel_manager_class=ThisPythonsKernel,
        timeout=300,
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_executed=lambda **_: progress.update(),
    )
    try:
        # A kernel's own stderr holds nothing of the notebook's, which reaches its outputs by another way.
        client.execute(env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
    except CellExecutionError as error:
        number = next(i for i, cell in enumerate(notebook.cells) if has_error(cell))
        source = notebook.cells[number].source
        return f"{path.name}, cell {number}:\n\n{source}\n\n{error.ename}: {error.evalue}"
    except (CellTimeoutError, DeadKernelError, NoSuchKernel) as error:
        return f"{path.name}: {str(error).strip().splitlines()[0]}"
    ran = {i: cell for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"}
    outputs = {i: joined(cell.outputs) for i, cell in ran.items()}
    counts = {i: cell.execution_count for i, cell in ran.items()}
    try:
        after = with_outputs(before, outputs, counts)
        if ROOT / "notebooks" in path.parents:
            language = notebook.metadata.language_info
            notebook = nbformat.reads(after.decode("utf-8"), as_version=4)
            tidy(notebook, navigation(path), language)
            after = (nbformat.writes(notebook) + "\n").encode("utf-8")
        replace_file(path, before, after)
    except (OSError, ValueError) as error:
        return f"{path.name}: {error}"
    return None


def has_error(cell):
    tolerated = "raises-exception" in cell.metadata.get("tags", [])
    return not tolerated and any(output.output_type == "error" for output in cell.get("outputs", []))


def main(arguments):
    found = sorted(ROOT.glob("notebooks/*.ipynb")) + sorted(ROOT.glob("notebooks/solutions/*.ipynb"))
    paths = [Path(argument).resolve() for argument in arguments] or found
    cells = sum(cell.cell_type == "code" for path in paths for cell in nbformat.read(path, as_version=4).cells)
    threads, bar = ThreadPoolExecutor(os.cpu_count()), tqdm(total=cells, unit="cell")
    with tempfile.TemporaryDirectory() as folder, threads as pool, bar as progress:
        environment = plain(Path(folder))  # kernels run as they do under pytest
        runs = [pool.submit(refresh, path, environment, progress) for path in paths]
        try:
            failures = [failure for failure in [run.result() for run in runs] if failure]
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for kernel in psutil.Process().children(recursive=True):
                kernel.kill()  # its thread then ends, and stores nothing
            progress.close()
            print("Stopped. Notebooks that had not finished are as they were.", file=sys.stderr)
            return 130
    for failure in failures:
        print(f"\nFailed, and left as it was: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
