"""Store outputs in a notebook's file, and leave every other byte of it as it is."""

import json
import os
import re
import shutil
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode

SPACE = re.compile(r"[ \t\r\n]*")


def with_outputs(notebook, outputs, counts=None, is_same=lambda old, new: old == new):
    """Return the bytes of a notebook in which some cells have other outputs, {place: outputs}.

    ``counts``, {place: number}, changes execution counts too. An output that is the same as the one stored in its place
    stays as it is written there. ValueError says why the notebook cannot be changed.
    """
    text = notebook.decode("utf-8")
    if json.loads(text).get("nbformat", 0) < 4:
        raise ValueError("the notebook is in a format before 4; open and save it in Jupyter first")
    for place, new in outputs.items():
        if counts:
            text = replaced(text, ["cells", place, "execution_count"], json.dumps(counts[place]))
        count = json.loads(text)["cells"][place]["execution_count"]
        new = [NotebookNode(output, execution_count=count) if "execution_count" in output else output for output in new]
        text = replaced(text, ["cells", place, "outputs"], _spelled(text, place, new, is_same))
    return text.encode("utf-8")


def replace_file(path, before, after):
    """Give a file that held these bytes others, all or none of them; ValueError if it holds others already."""
    path = Path(path).resolve()  # a link stays a link
    if path.read_bytes() != before:
        raise ValueError(f"{path.name} has been changed since it was read")
    if after == before:
        return
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(after)
        shutil.copymode(path, draft)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise


def _spelled(text, place, outputs, is_same):
    """Return the outputs of a cell as JSON, in the style of the file; those that are the same as it writes them."""
    cell = nbformat.reads(text, as_version=4).cells[place]
    where = ["cells", place, "outputs"]
    newline = "\r\n" if "\r\n" in text else "\n"
    indent = re.search(r"\n([ \t]+)", text)
    unit = indent and indent[1]
    margin = SPACE.match(text, text.rfind("\n", 0, span(text, where)[0]) + 1)[0] if unit else ""

    items = []
    for i, output in enumerate(outputs):
        if i < len(cell.outputs) and is_same(cell.outputs[i], output):
            items.append(text[slice(*span(text, [*where, i]))])
        else:
            spelled = json.dumps(_stored_form(output), ensure_ascii=text.isascii() and "\\u" in text, indent=unit)
            items.append(spelled.replace("\n", newline + margin + (unit or "")))
    if not items or not unit:
        return "[" + ", ".join(items) + "]"
    inner = newline + margin + unit
    return "[" + inner + f",{inner}".join(items) + newline + margin + "]"


def _stored_form(output):
    """Return an output as nbformat writes it, with its keys in order and its text in lines."""
    cell = nbformat.v4.new_code_cell(outputs=[output])
    notebook = nbformat.v4.new_notebook(cells=[cell])
    return json.loads(nbformat.writes(notebook))["cells"][0]["outputs"][0]


def replaced(text, steps, value):
    """Return a JSON text in which another value stands under these keys and indices."""
    start, end = span(text, steps)
    return text[:start] + value + text[end:]


def span(text, steps):
    """Return where the value under these keys and indices begins and ends in a JSON text."""
    start = SPACE.match(text).end()
    for step in steps:
        found = [(start, end) for key, start, end in _children(text, start) if key == step]
        if not found:
            raise ValueError(f"it has no {step!r} where there should be one")
        start, end = found[-1]
    return start, end


def _children(text, at):
    """Yield (key or index, start, end) of each value in the object or array that begins there."""
    decode, is_object, count = json.JSONDecoder().raw_decode, text[at] == "{", 0
    at = SPACE.match(text, at + 1).end()
    while text[at] not in "]}":
        key = count
        if is_object:
            key, at = decode(text, at)
            at = SPACE.match(text, SPACE.match(text, at).end() + 1).end()  # after the colon
        _, end = decode(text, at)
        yield key, at, end
        at = SPACE.match(text, end).end()
        if text[at] == ",":
            at = SPACE.match(text, at + 1).end()
        count += 1
