"""tqdm's bars on stderr, which nbval_pictures passes over, and the text beside them, which it does not."""

import json
import os
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbval.plugin import coalesce_streams
from test_pictures import nbval

from nbval_pictures.bars import without_bars

# What is run, and what stays of its stderr.
BARS = {
    "for i in tqdm(range(3)): pass": "",
    "for i in tqdm(range(3), 'a', leave=False): pass": "",
    "for i in tqdm(range(2), 'outer'):\n for j in tqdm(range(2), 'inner', mininterval=0): pass": "",
    "for i in tqdm(range(2), 'outer'):\n for j in tqdm(range(2), 'inner', leave=False, mininterval=0): pass": "",
    "for i in trange(2):\n for j in trange(2):\n  for k in trange(2, mininterval=0, leave=False): pass": "",
    "for i in tqdm(range(3), bar_format='{l_bar}{bar}| {n_fmt}/{total_fmt}'): pass": "",
    "for i in tqdm(range(3), bar_format='{l_bar}{bar}'): pass": "",
    "for i in tqdm(range(3), ncols=10): pass": "",
    "for i in tqdm(range(3), ncols=20): pass": "",
    "for i in tqdm(range(3), ascii=' .oO', colour='green'): pass": "",
    "for i in tqdm(iter('abc')): pass": "",
    "for i in tqdm(iter('abc'), 'a', ncols=10): pass": "",
    "for i in tqdm(range(5000), unit='B', unit_scale=True, postfix='c=1'): pass": "",
    "for i in tqdm(range(2), position=1): pass": "",
    "print('a', file=sys.stderr)\nfor i in tqdm(range(3), leave=False): pass": "a\n",
    "print('a', file=sys.stderr)\nfor i in trange(2):\n for j in trange(2): list(trange(2, leave=False))": "a\n",
    "for i in tqdm(range(3)): print('a', i, file=sys.stderr)": "a 0\na 1\na 2\n",
    "for i in tqdm(range(3), '3 [a]'): print('[1/2]', i, file=sys.stderr)": "[1/2] 0\n[1/2] 1\n[1/2] 2\n",
    "for i in tqdm(range(3), bar_format='{l_bar}{bar}| {n}/{total}'): print('m', file=sys.stderr)": "m\nm\nm\n",
    "for i in tqdm(range(2)): tqdm.write('a', file=sys.stderr)\nprint('b', file=sys.stderr)": "a\na\nb\n",
    "print('step 3 [10 of 20], 9/9, 50%', file=sys.stderr)": "step 3 [10 of 20], 9/9, 50%\n",
    "print('a\\n\\n b', file=sys.stderr)": "a\n\n b\n",
}
RUN = """
import contextlib, io, json, sys
from tqdm import tqdm, trange

class Notebook(io.StringIO):
    encoding = sys.argv[1]  # by which tqdm chooses its letters

said = []
for source in json.loads(sys.argv[2]):
    with contextlib.redirect_stderr(Notebook()) as stderr:
        exec(source)
    said.append(stderr.getvalue())
print(json.dumps(said))
"""


def said(encoding="utf-8", **variables):
    """Return what each of them says, as it is stored."""
    env = {key: value for key, value in os.environ.items() if key != "TQDM_DISABLE"}
    command = [sys.executable, "-c", RUN, encoding, json.dumps(list(BARS))]
    printed = subprocess.run(command, env={**env, **variables}, check=True, capture_output=True, text=True).stdout
    return [[new_output("stream", name="stderr", text=text)] if text else [] for text in json.loads(printed)]


@pytest.mark.parametrize("how", [{}, {"encoding": "ascii"}, {"TQDM_DISABLE": "1"}], ids=str)
def test_bars_go_and_the_text_beside_them_stays(how):
    left = [without_bars(coalesce_streams(outputs)) for outputs in said(**how)]
    assert {source: "".join(output.text for output in kept) for source, kept in zip(BARS, left)} == BARS


def test_a_bar_of_a_notebook_goes_and_other_values_stay():
    def value(text):
        return new_output("execute_result", {"text/plain": text})

    assert without_bars([value("  0%|          | 0/3 [00:00<?, ?it/s]")]) == []
    others = [
        value(text) for text in ("' 50%| 1/2'", "'3 [00:01, 2it/s]'", "3 [a]", "1\n 50%|#| 1/2 [00:01<00:01, 1it/s]")
    ]
    assert without_bars(others) == others


def test_accepting_the_text_beside_a_bar_adds_nothing_to_it(tmp_path):
    """Jupyter may store what goes to stderr in parts, of which one is a newline."""
    path = tmp_path / "a.ipynb"
    bar = "\r100%|##########| 3/3 [00:00<00:00, 9.31it/s]"
    parts = [new_output("stream", name="stderr", text=text) for text in (bar, "old\n" + bar, "\n")]
    cell = new_code_cell("import sys\nprint('new', file=sys.stderr)", outputs=parts, execution_count=1)
    nbformat.write(new_notebook(cells=[cell]), path)
    assert "accepted: a.ipynb::Cell 0" in nbval(tmp_path, "--pictures-accept")
    assert [output.text for output in nbformat.read(path, 4).cells[0].outputs] == ["new\n"]
    assert "PASSED a.ipynb::Cell 0" in nbval(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "IndexError at row 3 [5\n",
        "epoch 3 [00:12:30, loss 1/2]\n",
        "class 3 [1000,\n 2000]\n",
        "WARNING: step 5 [00:10, 3/4 failed] stop\n",
    ],
)
def test_numbers_before_a_bracket_are_no_bar(text):
    [output] = without_bars([new_output("stream", name="stderr", text=text)])
    assert output.text == text


def test_a_bar_may_hold_brackets():
    assert not without_bars([new_output("stream", name="stderr", text="100%|#| 3/3 [00:01<00:00, 9.31it/s, at=[3]]\n")])
