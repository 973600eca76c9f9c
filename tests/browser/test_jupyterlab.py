"""Every notebook opens in JupyterLab, runs there from top to bottom if it is quick, and shows what it should."""

import platform

import pytest
from browsing import NOTEBOOKS, QUICK, SCREENSHOTS, Page, formulas, pictures

# Whether it counts as changed, once the kernel has said what it speaks.
IS_CHANGED = """async () => {
    await jupyterapp.restored;
    const { context, sessionContext } = jupyterapp.shell.currentWidget;
    await context.ready;
    await sessionContext.ready;
    await sessionContext.session.kernel.info;
    await new Promise(resolve => setTimeout(resolve, 500));
    return context.model.dirty;
}"""
RUN_ALL = """async () => {
    await jupyterapp.commands.execute('notebook:clear-all-cell-outputs');
    jupyterapp.commands.execute('notebook:run-all-cells').then(() => { window.finished = true; });
}"""
IDLE = "window.finished && jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
OPENED = "name => window.jupyterapp?.shell?.currentWidget?.context?.path === 'notebooks/' + name"


@pytest.fixture(scope="session")
def running(browser, serve):
    """Every notebook opened, and the quick ones set running: the kernel of one works while the next one opens."""
    url = serve("lab", **{"LabApp.expose_app_in_browser": True})
    pages = {}
    context = browser.new_context(viewport={"width": 1200, "height": 1000})  # one for all: they share a cache
    for path in NOTEBOOKS:
        page = pages[path] = Page(context)
        page.tab.goto(url.format(f"lab/tree/notebooks/{path.name}") + "&reset")
        page.tab.wait_for_function(OPENED, arg=path.name)
        page.changed = page.tab.evaluate(IS_CHANGED)
        page.tab.evaluate(RUN_ALL if path in QUICK else "window.finished = true")
    return pages


def outcome(tab):
    """Wait until a notebook has run, and return it as the page then holds it."""
    tab.wait_for_function(IDLE, timeout=300_000)
    return tab.evaluate("jupyterapp.shell.currentWidget.content.model.toJSON()")


def photograph(tab, name):
    """Keep a picture of the whole notebook, for people to look at."""
    height = tab.locator(".jp-Notebook-cell").evaluate_all(
        "cells => cells.at(-1).getBoundingClientRect().bottom - cells[0].getBoundingClientRect().top"
    )
    tab.set_viewport_size({"width": 1200, "height": min(int(height) + 250, 16000)})
    tab.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0")
    tab.wait_for_timeout(500)
    tab.screenshot(path=SCREENSHOTS / f"{name}.png")


def test_shows_its_pictures_and_its_mathematics(running, path, notebook):
    page = running[path]
    cells = outcome(page.tab)["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    photograph(page.tab, path.stem)
    for cell in code:
        assert [output for output in cell["outputs"] if output["output_type"] == "error"] == []
    prompts = page.tab.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
    assert prompts == [f"[{i}]:" for i in range(1, len(code) + 1)]
    shown = page.tab.locator(".jp-OutputArea-output img")
    assert shown.count() == len(pictures(notebook)) > 0
    assert all(shown.evaluate_all("images => images.map(image => image.complete && image.naturalWidth > 300)"))

    assert page.tab.locator(".jp-MarkdownOutput mjx-container").count() == formulas(notebook)
    assert page.tab.locator("mjx-merror, mjx-mtext[style*=red]").count() == 0  # red: an unknown command
    assert page.complaints == []


def test_opening_it_changes_and_asks_nothing(running, path, notebook):
    assert running[path].tab.locator(".Toastify__toast").count() == 0
    # JupyterLab writes the version of its Python into a notebook that was stored with another.
    if notebook.metadata.language_info.version == platform.python_version():
        assert not running[path].changed


def test_sliders_move_their_curve(running):
    path = next(path for path in NOTEBOOKS if "explore_activation(" in path.read_text(encoding="utf-8"))
    tab = running[path].tab
    outcome(tab)
    cell = tab.locator(".jp-CodeCell", has=tab.locator(".widget-slider")).first
    before = cell.locator("img").first.get_attribute("src")
    cell.locator(".noUi-handle").first.press("ArrowRight")
    tab.wait_for_function(
        "([cell, before]) => { const image = cell.querySelector('img'); return image && image.src !== before; }",
        arg=[cell.element_handle(), before],
    )


def test_has_a_dark_theme(running):
    path = NOTEBOOKS[0]
    tab = running[path].tab
    outcome(tab)
    tab.evaluate("jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })")
    tab.wait_for_function("document.body.dataset.jpThemeLight === 'false'")
    photograph(tab, f"{path.stem}-dark")


def test_the_links_open_the_next_notebook(running):
    tab = running[NOTEBOOKS[0]].tab
    outcome(tab)
    for following in NOTEBOOKS[1:]:
        tab.locator(".jp-NotebookPanel:not(.lm-mod-hidden) a", has_text="→").first.click()
        tab.wait_for_function(OPENED, arg=following.name)
