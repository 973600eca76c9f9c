"""What pytest loads. Without --nbval it does nothing, and needs nothing but pytest."""

from __future__ import annotations

import pytest

from nbval_pictures import settings

ORDERED = ("loadscope", "loadfile")  # the ways of xdist to share out tests that keep a notebook together


def pytest_addoption(parser):
    settings.add_options(parser)


def pytest_configure(config):
    if not (config.getoption("nbval", False) or config.getoption("nbval_lax", False)):
        return
    try:
        from nbval_pictures import evidence, notebook
    except ImportError as error:
        raise pytest.UsageError(f"nbval_pictures needs {error.name}: pip install {error.name}") from None
    keep_notebooks_together(config)
    config.stash[settings.KEY] = chosen = settings.Settings(config)
    config.pluginmanager.register(Pictures(notebook, chosen), "nbval_pictures_session")
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        evidence.clear(chosen.output)


def keep_notebooks_together(config):
    """Let xdist run the cells of a notebook in one process, in order."""
    dist = config.getoption("dist", "no")
    if dist in ("load", "worksteal"):
        config.option.dist = "loadscope"
    elif dist == "loadgroup":
        raise pytest.UsageError(
            "--dist=loadgroup would tear notebooks apart, whose cells must run in order, in one process: "
            f"nbval needs --dist={' or --dist='.join(ORDERED)}"
        )


class Pictures:
    """A session with --nbval."""

    def __init__(self, notebook, chosen):
        self._notebook = notebook
        self._settings = chosen
        self._properties = []

    @pytest.hookimpl(hookwrapper=True)  # the newer wrapper=True needs pluggy 1.2
    def pytest_collect_file(self):
        outcome = yield
        outcome.force_result([self._notebook.ours(collector) for collector in outcome.get_result()])

    def pytest_runtest_logreport(self, report):
        if report.when == "call":
            self._properties += report.user_properties

    def pytest_terminal_summary(self, terminalreporter):
        accepted = [value for name, value in self._properties if name == settings.ACCEPTED]
        differing = [value for name, value in self._properties if name == settings.DIFFERING]
        if accepted or differing:
            terminalreporter.section("pictures")
        for nodeid in accepted:
            terminalreporter.line(f"accepted: {nodeid}")
        if differing:
            from nbval_pictures import page

            try:
                file = page.write(self._settings.output)
                terminalreporter.line(f"{sum(differing)} differ: {file.as_uri()}")
            except OSError as error:
                terminalreporter.line(f"{sum(differing)} differ, and there is no page of them: {error}")

    def pytest_unconfigure(self):
        self._settings.close()
