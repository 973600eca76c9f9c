"""Pictures that differ, kept in a folder of ours: as stored, as drawn, and their difference."""

import json
import re
import shutil
from pathlib import PurePosixPath

import nbformat
import pytest

from nbval_pictures import images

MARK = "# Made by nbval_pictures, which empties this folder at the start of each run.\n*\n"
ALONE = "def pytest_ignore_collect():\n    return True\n"  # the notebooks kept there are no tests, whoever looks
PAGE = "index.html"
COLOUR = re.compile(r"\x1b\[[\d;]*m")  # as a terminal is told of it


def clear(folder):
    """Remove what the last run left there, and nothing that is somebody else's."""
    if not folder.exists():
        return
    mark = folder / ".gitignore"
    if not folder.is_dir() or (any(folder.iterdir()) and not (mark.is_file() and mark.read_text() == MARK)):
        raise pytest.UsageError(f"pictures_output: {folder} holds something else; name a folder that may be emptied")
    shutil.rmtree(folder, ignore_errors=True)


def place(folder, nodeid):
    """Make and return a notebook's own folder, by its path; two of one name do not meet."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text(MARK)
    (folder / "conftest.py").write_text(ALONE)
    parts = PurePosixPath(nodeid.split("::")[0]).with_suffix("").parts
    own = folder.joinpath(*[part.replace("..", "_").replace(":", "") for part in parts if part != "/"])
    own.mkdir(parents=True, exist_ok=True)
    return own


def keep_cell(folder, cell, pictures, text):
    """Keep the pictures of a cell that differ, and what the page says of it; return where they are, in a sentence."""
    try:
        own = place(folder, cell.nodeid)
        text = COLOUR.sub("", "\n".join(text))
        record = {"nodeid": cell.nodeid, "source": cell.cell.source, "text": text, "pictures": []}
        for number, said, old, new, difference in pictures:
            stem = f"cell{cell.cell_num}-picture{number}"
            files = {"stored": _keep(own / f"{stem}-stored", old), "drawn": _keep(own / f"{stem}-drawn", new)}
            if difference is not None:
                difference.save(own / f"{stem}-difference.png")
                files["difference"] = f"{stem}-difference.png"
            record["pictures"].append({"number": number, "said": said, **files})
        (own / f"cell{cell.cell_num}.json").write_text(json.dumps(record), encoding="utf-8")
    except OSError as error:
        return f"The pictures could not be kept: {error}"
    return f"See {folder / PAGE}, and {own}"


def _keep(stem, picture):
    """Write a picture; return the name of a file that a browser shows, or None."""
    if picture is None:
        return None
    kind, content = picture
    file = stem.with_suffix(f".{kind}")
    file.write_bytes(content)
    if kind != "pdf":
        return file.name
    try:
        pixels, _ = next(images.frames(kind, content))
    except Exception:  # it is damaged; the file itself is kept
        return None
    images.image(pixels).save(stem.with_suffix(".png"))
    return stem.with_suffix(".png").name


def keep_notebook(folder, nodeid, notebook):
    """Keep a notebook as it ran, beside the pictures of its cells."""
    try:
        own = place(folder, nodeid)
        nbformat.write(notebook, own / f"{own.name}.ipynb")
    except OSError:
        pass  # a cell of it has said so


def records(folder):
    """Yield (folder, record) of each cell whose pictures were kept."""
    for file in sorted(folder.rglob("cell*.json"), key=lambda file: (file.parent, int(file.stem[len("cell") :]))):
        yield file.parent, json.loads(file.read_text(encoding="utf-8"))
