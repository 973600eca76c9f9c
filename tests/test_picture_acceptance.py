"""Outputs written into a notebook: those that are to change, and no other byte."""

import json
import os

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from nbval_pictures.accept import replace_file, span, with_outputs


def stream(text):
    return new_output("stream", text=text)


def result(text, count):
    return new_output("execute_result", {"text/plain": text, "image/png": "AAAA\n"}, execution_count=count)


@pytest.fixture
def notebook():
    """A stranger's notebook: authors, slides, an attachment, ids of their own."""
    cells = [
        new_markdown_cell("# Ä title", metadata={"slideshow": {"slide_type": "slide"}}),
        new_code_cell("1", execution_count=7, outputs=[stream("one\ntwo\n"), result("1", 7)], id="mine"),
        new_code_cell("2", execution_count=9, outputs=[stream('"outputs": []\n')], metadata={"jupyter": {"x": [1.50]}}),
        new_code_cell("3", execution_count=None, outputs=[]),
    ]
    return new_notebook(cells=cells, metadata={"authors": [{"name": "Noether"}]}, nbformat_minor=5)


STYLES = {
    "Jupyter": {"indent": 1},
    "two spaces": {"indent": 2},
    "tabs": {"indent": "\t"},
    "ASCII": {"indent": 1, "ensure_ascii": True},
    "one line": {},
    "keys in no order": {"indent": 1, "sort_keys": False},
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("style", STYLES)
def test_accepting_is_writing_what_differs_and_nothing_else(notebook, style, newline):
    def spelled(nb):
        written = json.loads(nbformat.writes(nb))
        return json.dumps(written, **{"ensure_ascii": False, **STYLES[style]}).replace("\n", newline).encode()

    before = spelled(notebook)
    assert with_outputs(before, {1: notebook.cells[1].outputs, 2: notebook.cells[2].outputs}) == before
    new = [stream("one\ntwo\n"), result("zwölf\n12", 40), stream("three")]
    after = with_outputs(before, {1: new, 3: [stream("4\n")], 2: []})
    notebook.cells[1].outputs = [stream("one\ntwo\n"), result("zwölf\n12", 7), stream("three")]
    notebook.cells[2].outputs = []
    notebook.cells[3].outputs = [stream("4\n")]
    assert after == spelled(notebook)


def test_execution_counts_are_written_when_asked_for(notebook):
    before = nbformat.writes(notebook).encode()
    after = nbformat.reads(with_outputs(before, {1: [result("2", 3)]}, {1: 3}).decode(), 4)
    notebook.cells[1].update(execution_count=3, outputs=[result("2", 3)])
    assert after == notebook


def test_an_output_that_is_the_same_stays_as_it_is_written(notebook):
    before = nbformat.writes(notebook).encode().replace(b'"name": "stdout",', b'"name":    "stdout",')
    after = with_outputs(before, {1: [stream("other"), result("1", 7)]}, is_same=lambda old, new: "name" in old)
    assert after == before


def test_keys_of_the_same_name_elsewhere_are_not_taken_for_it():
    text = '{"a": {"cells": [1]}, "cells": [ {"outputs" : [0,"x"]} , 3]}'
    start, end = span(text, ["cells", 0, "outputs"])
    assert text[start:end] == '[0,"x"]'
    assert text[slice(*span(text, ["cells", 1]))] == "3"


def test_what_cannot_be_written_is_said():
    with pytest.raises(ValueError, match="before 4"):
        with_outputs(b'{"nbformat": 3, "worksheets": []}', {0: []})


def test_a_file_that_somebody_else_has_changed_is_left_as_it_is(tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_bytes(b"theirs")
    with pytest.raises(ValueError, match=r"a\.ipynb has been changed since it was read"):
        replace_file(path, b"ours", b"new")
    assert path.read_bytes() == b"theirs"


def test_a_replaced_file_keeps_its_mode_and_its_link(tmp_path):
    path, link = tmp_path / "a.ipynb", tmp_path / "link.ipynb"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    replace_file(link, b"old", b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["a.ipynb", "link.ipynb"]
