"""The site reads well from disk, with the network off: on a desk and on a phone, by eye and by ear."""

import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from browsing import NOTEBOOKS, ROOT, SCREENSHOTS, Page, formulas, pictures

WIDTHS = {"desk": 1200, "phone": 390}


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    subprocess.run([sys.executable, ROOT / "docs" / "build.py", folder], check=True)
    return folder


@pytest.fixture(params=WIDTHS)
def page(browser, request):
    context = browser.new_context(offline=True, viewport={"width": WIDTHS[request.param], "height": 800})
    page = Page(context)
    yield page
    context.close()


def visit(page, file):
    """Open a page, look at the whole of it, and see that no line of it is wider than the screen."""
    page.tab.goto(file.as_uri())
    assert page.complaints == []
    if page.tab.locator("script[src*=MathJax]").count():
        page.tab.wait_for_function("window.MathJax && MathJax.isReady && !MathJax.Hub.queue.pending")
    width = page.tab.viewport_size["width"]
    page.tab.screenshot(path=SCREENSHOTS / f"site-{file.stem}-{width}.png", full_page=True)
    assert page.tab.evaluate("document.documentElement.scrollWidth") <= width
    broken = page.tab.locator("img").evaluate_all("images => images.filter(image => !image.naturalWidth).length")
    assert broken == 0
    assert page.complaints == []


def test_every_notebook_has_a_page_with_its_pictures_and_its_mathematics(site, page, path, notebook):
    visit(page, site / "notebooks" / f"{path.stem}.html")
    texts = page.tab.locator("main img").evaluate_all("images => images.map(image => image.alt)")
    assert texts == [picture["text/plain"] for picture in pictures(notebook)] != []
    assert page.tab.locator(".MathJax").count() == formulas(notebook)
    assert page.tab.locator("merror, mtext[mathcolor=red]").count() == 0  # red: an unknown command
    assert "$" not in "".join(page.tab.locator(".text_cell").all_inner_texts())


def test_the_gallery_is_the_front_page(site, page):
    visit(page, site / "index.html")
    assert page.tab.locator("main img").get_attribute("alt").startswith("Fifteen activation functions")
    for path in NOTEBOOKS:
        page.tab.goto((site / "index.html").as_uri())
        page.tab.locator(f"nav a[href='notebooks/{path.stem}.html']").click()
        assert urlsplit(page.tab.url).path.endswith(f"notebooks/{path.stem}.html")


def test_every_link_within_the_site_leads_somewhere(site, page):
    pages = sorted(path for path in site.rglob("*.html") if "mathjax" not in path.parts)
    assert len(pages) > len(NOTEBOOKS)
    for file in pages:
        page.tab.goto(file.as_uri())
        links = page.tab.locator("a").evaluate_all("links => links.map(link => link.href)")
        assert links
        for link in map(urlsplit, links):
            assert link.scheme in {"https", "file"}, link
            assert link.scheme == "https" or (site / link.path).is_file(), link
            assert link.path.endswith(".ipynb") is False
