"""tqdm's progress bars, which never end twice at the same speed."""

import re

from nbformat import NotebookNode

# Such as "loss: 100%|###| 3/3 [00:01<00:00, 9.31it/s]" or "3it [00:01, 9.31it/s]"; some have no time, or are cut short.
NUMBER = r"[\d.]+[kMGTPEZY]?"
INNER = r"([^][\n]|\[[^][\n]*\])*"  # what stands between brackets, and may hold a pair of them
BAR = rf"""
    ^ [^\n]*?
    ( \d%\| ([^|\n]*\| | [ #\d█-▏]*) ([ ]{NUMBER}/({NUMBER})?)? ([ ]?\[({INNER}\] | [\w:<?,./ ]*$))?
    | \d[\d.]{{0,9}}[^\W\d]\w{{0,9}}[ ]\[((\d+:)?\d\d:\d\d,[ ]{INNER}/{INNER}\] | [\d:]+(,[\w?./ ]*)?$) )
"""
PART = rf"({BAR} | \x1b\[A | ^[ ]+\r?$)"  # or a move of the cursor upwards, or the blanks that wipe a bar out
BARS = re.compile(rf"{PART} (\s*{PART})* \n?", re.X | re.M)
VALUE = re.compile(BAR, re.X | re.M)


def without_bars(outputs):
    """Return outputs without progress bars, which a kernel may have been told to hide."""
    kept = []
    for output in outputs:
        if output.get("name") == "stderr" and BARS.search(output.text):
            output = NotebookNode(output, text=BARS.sub("", output.text))
            if not output.text.strip():
                continue
        if not VALUE.fullmatch(output.get("data", {}).get("text/plain", "")):
            kept.append(output)
    return kept
