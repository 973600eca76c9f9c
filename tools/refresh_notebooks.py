"""Run notebooks again, in place, and store what they show.

    python tools/refresh_notebooks.py [NOTEBOOK ...]

Without arguments, all in ``notebooks/`` and their solutions. A second run leaves every file as it is, byte for byte. A
notebook that fails, or that Ctrl-C cuts short, keeps the outputs it had.
"""

import os
import runpy
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import psutil
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from tqdm import tqdm
from traitlets import default

ROOT = Path(__file__).parent.parent
ENVIRONMENT = runpy.run_path(str(ROOT / "conftest.py"))["ENVIRONMENT"]  # kernels run as they do under pytest
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


def tidy(notebook, links):
    """Put the links at both ends, and take out what differs from machine to machine."""
    cells = [cell for cell in notebook.cells if NAVIGATION not in cell.metadata.get("tags", [])]
    ends = [nbformat.v4.new_markdown_cell(links, metadata={"tags": [NAVIGATION]}) for _ in range(2)]
    notebook.cells = [ends[0], *cells, ends[1]]
    for i, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{i}"
        cell.metadata = {"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {}
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)  # dead without its kernel
    notebook.nbformat_minor = 5
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


class ThisPythonsKernel(AsyncKernelManager):
    """Starts a kernel of the Python that runs this, whatever kernels the person has installed."""

    @default("kernel_spec_manager")
    def _no_other_kernels(self):
        return KernelSpecManager(kernel_dirs=[])


def refresh(path, progress):
    """Run one notebook; return what went wrong, or None."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        kernel_manager_class=ThisPythonsKernel,
        timeout=300,
        record_timing=False,
        coalesce_streams=True,  # else what is printed slowly, as on a busy machine, is stored in pieces
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_executed=lambda **_: progress.update(),
    )
    try:
        # A kernel's own stderr holds nothing of the notebook's, which reaches its outputs by another way.
        client.execute(env={**os.environ, **ENVIRONMENT}, stderr=subprocess.DEVNULL)
    except CellExecutionError as error:
        number = next(i for i, cell in enumerate(notebook.cells) if has_error(cell))
        source = notebook.cells[number].source
        return f"{path.name}, cell {number}:\n\n{source}\n\n{error.ename}: {error.evalue}"
    except (CellTimeoutError, DeadKernelError) as error:
        return f"{path.name}: {str(error).strip().splitlines()[0]}"
    tidy(notebook, navigation(path))
    replace(path, nbformat.writes(notebook) + "\n")
    return None


def has_error(cell):
    tolerated = "raises-exception" in cell.metadata.get("tags", [])
    return not tolerated and any(output.output_type == "error" for output in cell.get("outputs", []))


def replace(path, text):
    """Write the whole file or nothing of it."""
    if path.read_text(encoding="utf-8") != text:
        draft = path.with_suffix(".draft")
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, path)


def main(arguments):
    found = sorted(ROOT.glob("notebooks/*.ipynb")) + sorted(ROOT.glob("notebooks/solutions/*.ipynb"))
    paths = [Path(argument).resolve() for argument in arguments] or found
    cells = sum(cell.cell_type == "code" for path in paths for cell in nbformat.read(path, as_version=4).cells)
    with ThreadPoolExecutor(os.cpu_count()) as pool, tqdm(total=cells, unit="cell") as progress:
        runs = [pool.submit(refresh, path, progress) for path in paths]
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
