"""The references: all used, named where they are used, leading somewhere, and rendered whole."""

import re
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
import references
import refresh_notebooks
from markdown_it import MarkdownIt
from pybtex.database import parse_file, parse_string

ROOT = Path(__file__).parent.parent
ENTRIES = parse_file(str(references.FILE), "bibtex").entries
NAME, YEAR = r"[A-Z][\w-]+", r"\b(?:19|20)\d\d\b"


def surname(entry):
    return " ".join(entry.persons["author"][0].last_names).strip("{}")


KNOWN = "|".join(sorted({surname(entry) for entry in ENTRIES.values()}))
CITED = re.compile(
    rf"(?<!In )\b{NAME}(?:, {NAME})*(?: and (?:{NAME}|colleagues)\b| et al\.)"  # "Glorot, Bordes and Bengio"
    rf"|\b{NAME}(?=(?:, | \(){YEAR})"  # "Misra, 2019"
    rf"|\b(?:{KNOWN})(?= [a-z]+ed\b)"  # a name that we know, and what its bearer did
)


def citations(text):
    """Return the first author of each work that a text cites, and the year beside; None where there is none."""
    for sentence in re.split(r"(?<=[.:?!])\s|\n\n", text):
        for match in CITED.finditer(sentence):
            after, before = (re.findall(YEAR, part) for part in (sentence[match.end() :], sentence[: match.start()]))
            year = (after[:1] or before[-1:] or [None])[0]
            yield re.match(NAME, match[0])[0], year


def years(entry):
    """Return when a work came out, in its venue and on arXiv."""
    return {entry.fields.get("year"), f"20{entry.fields.get('eprint', '')[:2]}"}


def uncited(text, entries):
    """Return the citations of a text that have a year, but no entry."""
    works = {(surname(entry), year) for entry in entries for year in years(entry)}
    return [(name, year) for name, year in citations(text) if year and (name, year) not in works]


def is_named(entry, text):
    """Tell whether a text names a work: by its first author, by its short title, or by a link to it."""
    addresses = [references.link(entry), f"https://arxiv.org/abs/{entry.fields.get('eprint')}"]
    is_organisation = entry.persons["author"][0].last_names[0].startswith("{")
    names = [entry.fields.get("shorttitle"), surname(entry) if is_organisation else None]
    named = any(re.search(rf"\b{re.escape(name)}\b", text, re.I) for name in names if name)
    linked = any(f"]({address})" in text for address in addresses)
    return named or linked or surname(entry) in {name for name, _ in citations(text)}


def prose(path):
    """Return what a notebook says above its references."""
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown").split(references.HEADING)[0]


def keys(notebook):
    return references.references_cell(notebook).metadata.tags


@pytest.fixture
def entries(notebook):
    return [ENTRIES[key] for key in keys(notebook)]


def test_every_reference_is_named_or_says_what_it_is_for(path, entries):
    assert [entry.key for entry in entries if not is_named(entry, prose(path)) and "note" not in entry.fields] == []


def test_every_work_that_is_cited_is_a_reference(path, entries):
    assert uncited(prose(path), entries) == []
    assert uncited(prose(path.parent / "solutions" / path.name), entries) == []


def test_no_reference_is_listed_twice_and_none_is_unused():
    used = [keys(nbformat.read(path, as_version=4)) for path in sorted(ROOT.glob("notebooks/*.ipynb"))]
    assert all(len(set(some)) == len(some) > 0 for some in used)
    assert set().union(*used) == set(ENTRIES)


@pytest.mark.parametrize("key", ENTRIES)
def test_a_reference_leads_to_its_work_and_is_rendered_whole(key):
    fields = ENTRIES[key].fields
    assert re.fullmatch(r"10\.\d{4,}/\S+", fields.get("doi", "10.1000/1"))
    assert re.fullmatch(r"\d{4}\.\d{5}", fields.get("eprint", "2000.00000"))
    assert fields.get("url", "https://").startswith("https://")
    assert {"doi", "eprint", "url", "note"} & set(fields)  # what is nowhere to be found says so
    [_, _, _, inline, *_] = MarkdownIt().parse(references.rendered([ENTRIES[key]]))
    links = [unquote(token.attrs["href"]) for token in inline.children if token.type == "link_open"]
    addresses = {"doi": "https://doi.org/", "url": "", "eprint": "https://arxiv.org/abs/"}
    assert links == [address + fields[field] for field, address in addresses.items() if field in fields]
    said = "".join(token.content for token in inline.children).replace("\N{EN DASH}", "--")
    for field in set(fields) - {"doi", "url", "shorttitle"}:
        assert re.sub("[{}]", "", fields[field]) in said, field
    assert all(" ".join(person.last_names).strip("{}") in said for person in ENTRIES[key].persons["author"])
    assert not re.search(r"[{}*\\]", said)


def test_latex_becomes_markdown():
    source = r"""@article{one, author = {M{\"u}ller, Klaus-Robert and {The *Nix* Group} and Ma{\'n}ke, W.},
        title = {On {ReLU} \& f\_x of _x_ [again]}, journal = {J. Nets}, volume = 1, pages = {3--5}, year = 1999,
        doi = {10.1000/a(b)_1}}"""
    assert references.rendered(parse_string(source, "bibtex").entries.values()) == (
        r"- K.-R. Müller, The \*Nix\* Group, W. Mańke. [*On ReLU & f_x of \_x\_ \[again\]*]"
        "(https://doi.org/10.1000/a%28b%29_1). *J. Nets*, 1:3\N{EN DASH}5, 1999."
    )


def test_only_the_list_is_written():
    cell = nbformat.v4.new_markdown_cell(
        "Above.\n\n## References\n\nAs of today:\n\n- Old.\n", metadata={"tags": ["xu2015"]}
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("- An item."), cell])
    for _ in range(2):
        references.write_references(notebook)
        assert notebook.cells[0].source == "- An item."
        assert cell.source.startswith("Above.\n\n## References\n\nAs of today:\n\n- B. Xu, N. Wang, T. Chen, M. Li. ")
        assert cell.source.endswith("[arXiv 1505.00853](https://arxiv.org/abs/1505.00853).")
    cell.metadata.tags.append("xu2014")
    with pytest.raises(ValueError, match="'xu2014' is no key of references\\.bib"):
        references.write_references(notebook)


def test_the_refresh_tool_writes_it():
    cell = nbformat.v4.new_markdown_cell("## References\n\n- Old.", metadata={"tags": ["xu2015"]})
    notebook = nbformat.v4.new_notebook(cells=[cell])
    refresh_notebooks.tidy(notebook, "links", {})
    assert notebook.cells[1].source.startswith("## References\n\n- B. Xu, ")
    assert notebook.cells[1].metadata == {"tags": ["xu2015"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Xu and colleagues compared it in 2015.", [("Xu", "2015")]),
        ("In 2015, Xu, Wang, Chen and Li compared it.", [("Xu", "2015")]),
        ("In May, Xu and Wang did, in 2015, and So and colleagues in 2021.", [("Xu", "2015"), ("So", "2021")]),
        ("It helps (Xu et al., 2015).", [("Xu", "2015")]),
        ("It helps (Xu and colleagues, 2015).", [("Xu", "2015")]),
        ("Misra, 2019. It came in 2020.", [("Misra", "2019")]),
        ("Shazeer tried several in 2020.", [("Shazeer", "2020")]),
        ("So the LSTM of 1997 kept everything.", []),
        ("Xu and Wang tried both.", [("Xu", None)]),
    ],
)
def test_a_citation_is_seen(text, expected):
    assert list(citations(text)) == expected
