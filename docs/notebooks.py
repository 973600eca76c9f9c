"""Notebooks as the pages show them: numbered, with pictures that say what is on them, and with figures that move."""

import re
from base64 import b64decode
from html import escape
from pathlib import Path

import live
import narrow
import nbformat
from PIL import Image


def subjects(text):
    """Say in short what a figure's axes show, from the text that is stored beside it: their titles, or else labels."""
    axes = re.findall(r"""^(.*): x (['"])(.*)\2 \S+ to \S+, y (['"])(.*)\4 \S+ to \S+$""", text, re.M)
    names = [title or (f"{y} over {x}" if y else x) for title, _, x, _, y in axes]
    return f"{'Plots' if len(names) > 1 else 'Plot'} of {', '.join(names)}"


def size(picture, scale):
    return f'width="{picture.width / scale:.0f}" height="{picture.height / scale:.0f}"'


def picture_html(output, said, file, top):
    """Return the markup of a picture, which is written to a file; one of several panels to one for phones too.

    First comes what was said of it, then on demand what is on it.
    """
    text, width = output.data["text/plain"], output.metadata["image/png"]["width"]
    alt = escape(". ".join(filter(None, [subjects(text), *said.splitlines()])))
    file.write_bytes(b64decode(output.data["image/png"]))
    picture = Image.open(file)
    scale, source = picture.width / width, ""
    phone = narrow.narrow(picture, scale)
    if phone:
        name = f"{file.stem}-phone.png"
        phone.save(file.with_name(name), optimize=True)
        address = f'srcset="{top}{name}" {size(phone, scale)}'
        source = f'<source media="screen and (max-width: 46em)" {address}>'
    image = f'<picture>{source}<img src="{top}{file.name}" alt="{alt}" {size(picture, scale)}></picture>'
    summary = '<details class="description"><summary>Description of the picture</summary>'
    return f'<figure class="picture">{image}</figure>{summary}<pre>{escape(text)}</pre></details>'


def show_pictures(cell, name, folder, top):
    """Put markup in the place of a cell's pictures."""
    for i, output in enumerate(cell.outputs):
        if "image/png" in output.get("data", {}):
            following = cell.outputs[i + 1].get("data", {}) if i + 1 < len(cell.outputs) else {}
            said = following.get("text/plain", "") if "image/png" not in following else ""
            file = folder / f"{name}-{cell.execution_count}-{i}.png"
            cell.outputs[i] = html_output(picture_html(output, said, file, top))


def html_output(markup):
    return nbformat.v4.new_output("display_data", {"text/html": markup})


def show_live_figures(cells):
    sources = [cell.source for cell in cells]
    for i, cell in enumerate(cells):
        if re.search(r"^explore_activation\(", cell.source, re.M):
            cell.outputs = [html_output(live.figure(sources[: i + 1]))]


def page(docname, text, folder):
    """Return a notebook's source as Sphinx is to read it."""
    notebook = nbformat.reads(text, as_version=4)
    *_, parent, name = docname.split("/")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    show_live_figures(code)
    for cell in code:
        cell.outputs = [output for output in cell.outputs if output.get("data") != {}]  # what is left of sliders
        show_pictures(cell, f"{parent}-{name}", folder, "../" * docname.count("/") + "_images/")
    # The theme has links to the pages before and after.
    notebook.cells = [cell for cell in notebook.cells if "navigation" not in cell.metadata.get("tags", [])]
    prose = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    heading, *rest = prose[0].source.split("\n", 1)
    question = re.search(r"^\*(.+\?)\*$", prose[0].source, re.M)
    number = int(name[:2])
    title = f"{number}. {heading.lstrip('# ')}".replace(f"{number}. Solutions", f"Solutions {number}")
    links = f"{{download}}`Download this notebook <{name}.ipynb>`"
    if parent == "solutions":
        links = f"To [notebook {number}](../{name}.ipynb). {links}"
    prose[0].source = "\n".join([f"# {title}", *rest, "", links])
    description = question[1] if question else title
    properties = {"description": description, "property=og:title": title, "property=og:description": description}
    notebook.metadata["myst"] = {"html_meta": {**properties, "property=og:type": "article"}}
    notebook.metadata["language_info"]["pygments_lexer"] = "ipython3"  # knows %matplotlib
    return nbformat.writes(notebook).replace("README.md", "index.md")


def read(app, docname, source):
    if docname.startswith("notebooks/"):
        folder = Path(app.outdir) / "_images"
        folder.mkdir(parents=True, exist_ok=True)
        source[0] = page(docname, source[0], folder)


def setup(app):
    app.connect("source-read", read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
