"""Every notebook opens in Jupyter Notebook 7, as it was stored."""

import pytest
from browsing import SCREENSHOTS, Page, formulas, pictures


@pytest.fixture(scope="session")
def url(serve):
    return serve("notebook")


def test_opens_with_its_pictures_and_its_mathematics(browser, url, path, notebook):
    context = browser.new_context(viewport={"width": 1200, "height": 1000})
    page = Page(context)
    page.tab.goto(url.format(f"notebooks/notebooks/{path.name}"))
    if formulas(notebook):
        page.tab.locator(".jp-MarkdownOutput mjx-container").nth(formulas(notebook) - 1).wait_for()
    page.tab.locator(".jp-OutputArea-output img").nth(len(pictures(notebook)) - 1).wait_for()
    page.tab.locator(".jp-Notebook-ExecutionIndicator").wait_for()  # busy or idle: nothing is run here
    page.tab.screenshot(path=SCREENSHOTS / f"notebook-{path.stem}.png")
    assert page.tab.locator(".jp-Notebook-cell").count() == len(notebook.cells)
    assert page.tab.locator(".jp-MarkdownOutput mjx-container").count() == formulas(notebook)
    assert page.tab.locator(".jp-OutputArea-output img").count() == len(pictures(notebook))
    # Notebook 7.6 says this on opening any notebook, whatever its settings.
    assert [complaint for complaint in page.complaints if not complaint.endswith("(reading 'schema')")] == []
    context.close()
