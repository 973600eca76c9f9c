"""Build the site: a page for the README, and for whatever its links lead to.

    python docs/build.py FOLDER

Nothing is executed: a notebook's page shows its stored outputs. Nothing is fetched, neither now nor by a
reader: MathJax is copied from the environment.
"""

import re
import shutil
import sys
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import jupyter_server_mathjax
import nbformat
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from pygments.formatters import HtmlFormatter

HERE = Path(__file__).parent
ROOT = HERE.parent
FRONT = PurePosixPath("README.md")
PICTURES = {".png", ".svg"}
MATHJAX = Path(jupyter_server_mathjax.__file__).parent / "static"
UNUSED = shutil.ignore_patterns("localization", "mathmaps", "SVG")  # three quarters of MathJax


def read(source):
    """Return a notebook, or a Markdown file as a notebook of one cell."""
    if source.suffix == ".ipynb":
        notebook = nbformat.read(ROOT / source, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":  # what is left of a slider holds nothing to show
                cell.outputs = [output for output in cell.outputs if output.get("data") != {}]
        return notebook
    text = (ROOT / source).read_text(encoding="utf-8")
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])


def prose(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def title(notebook):
    return re.search(r"^# (.+)", prose(notebook), re.M)[1]


def target(source):
    """Return where a file of the repository comes to stand in the site."""
    if source == FRONT:
        return PurePosixPath("index.html")
    if source.suffix in {".md", ".ipynb"}:
        return source.with_suffix(".html")
    # With .txt, a browser shows a file that it would else offer to save.
    return source if source.suffix in PICTURES else source.with_name(source.name + ".txt")


def linked(source, link):
    """Return the file of the repository that a page's link leads to, or None where it leads elsewhere."""
    if re.match(r"[a-z]+:|#", link):
        return None
    file = (ROOT / source.parent / unquote(link.partition("#")[0])).resolve()
    if not file.is_file():
        raise FileNotFoundError(f"{source} links to {link}, which is no file")
    return PurePosixPath(file.relative_to(ROOT).as_posix())


def page(source, contents):
    """Return a page's HTML, and the files that it links to."""
    notebook = read(source)
    top = "../" * (len(source.parts) - 1)
    exporter = HTMLExporter(template_name="classic", template_file=str(HERE / "page.html.j2"))
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    exporter.register_preprocessor(CoalesceStreamsPreprocessor, enabled=True)  # a table may come row by row
    variables = {"title": title(notebook), "here": str(target(source)), "top": top, "contents": contents}
    exporter.environment.globals.update(variables, mathematics="$" in re.sub("`[^`]*`", "", prose(notebook)))
    html, _ = exporter.from_notebook_node(notebook)
    soup, files = BeautifulSoup(html, "html.parser"), set()
    for tag, attribute in [*((a, "href") for a in soup.main("a")), *((img, "src") for img in soup.main("img"))]:
        if file := linked(source, tag[attribute]):
            files.add(file)
            tag[attribute] = f"{top}{target(file)}{''.join(tag[attribute].partition('#')[1:])}"
    return str(soup), files


def build(site):
    shutil.rmtree(site, ignore_errors=True)
    shutil.copytree(MATHJAX, site / "mathjax", ignore=UNUSED)
    colours = HtmlFormatter().get_style_defs(".highlight")
    (site / "style.css").write_text(f"{(HERE / 'style.css').read_text()}\n{colours}\n")
    notebooks = [PurePosixPath(path.relative_to(ROOT).as_posix()) for path in sorted(ROOT.glob("notebooks/*.ipynb"))]
    contents = [("Contents", str(target(FRONT)))]
    contents += [(title(read(source)), str(target(source))) for source in notebooks]
    found, waiting = set(), {FRONT, *notebooks}
    while waiting:
        source = waiting.pop()
        found.add(source)
        file = site / target(source)
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".html":
            html, links = page(source, contents)
            file.write_text(html, encoding="utf-8")
            waiting |= links - found
        else:
            shutil.copy(ROOT / source, file)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
