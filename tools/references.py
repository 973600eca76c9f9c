"""Write the references of notebooks, from the one file that holds them.

    python tools/references.py [NOTEBOOK ...]

The tags of the cell with the heading "References" are keys of ``notebooks/references.bib``, in the order in which they
are to be listed. The list below the heading is made from them; what stands above it is left as it is.
``make notebooks`` does the same.
"""

import re
import sys
from pathlib import Path
from urllib.parse import quote

import nbformat
from pybtex.backends import markdown
from pybtex.database import parse_file
from pybtex.style.formatting import unsrt
from pybtex.style.template import field, href, join, names, optional, sentence, tag

ROOT = Path(__file__).parent.parent
FILE = ROOT / "notebooks" / "references.bib"
HEADING = "## References"


class Style(unsrt.Style):
    """BibTeX's own style, with initials, and with a title that is the link to the work."""

    def __init__(self):
        super().__init__(abbreviate_names=True)

    def format_names(self, role, as_sentence=True):
        return sentence[names(role, sep=", ")] if as_sentence else names(role, sep=", ")

    def format_title(self, e, which_field, as_sentence=True):
        title = tag("em")[field(which_field)]
        return sentence[href(link(e))[title] if link(e) else title]

    def format_btitle(self, e, which_field, as_sentence=True):
        if which_field == "title":
            return self.format_title(e, which_field)
        return super().format_btitle(e, which_field, as_sentence)

    def format_web_refs(self, e):
        number = field("eprint", raw=True)
        return sentence[optional[href(join["https://arxiv.org/abs/", number])[join["arXiv ", number]]]]


class Markdown(markdown.Backend):
    """Markdown that reads well unrendered too: only what would be taken for markup is escaped."""

    symbols = {"ndash": "\N{EN DASH}", "newblock": " ", "nbsp": " "}  # noqa: RUF012

    def format_str(self, text):
        return re.sub(r"[\\`*\[\]<]|\b_|_\b", r"\\\g<0>", text)


def link(entry):
    """Return the address of the work itself, and None where there is no other than arXiv's."""
    doi = entry.fields.get("doi")
    return f"https://doi.org/{quote(doi)}" if doi else entry.fields.get("url")


def rendered(entries):
    """Return BibTeX entries as the items of a list in Markdown."""
    lines = [entry.text.render(Markdown()) for entry in Style().format_entries(entries)]
    return "\n".join(f"- {line}" for line in lines)


def references_cell(notebook):
    """Return the cell with the references, or None."""
    found = [cell for cell in notebook.cells if cell.cell_type == "markdown" and HEADING in cell.source.splitlines()]
    return found[0] if found else None


def write_references(notebook):
    """Make the list of references, in place, from the tags of its cell."""
    cell = references_cell(notebook)
    if cell is None:
        return
    known, keys = parse_file(str(FILE), "bibtex").entries, cell.metadata.get("tags", [])
    for key in keys:
        if key not in known:
            raise ValueError(f"the references' tag {key!r} is no key of {FILE.name}")
    above, below = cell.source.split(HEADING)
    words = [line for line in below.splitlines() if line and not line.startswith("- ")]
    cell.source = above + "\n\n".join([HEADING, *words, rendered([known[key] for key in keys])])


def main(arguments):
    for path in [Path(argument) for argument in arguments] or sorted(FILE.parent.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        write_references(notebook)
        path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
