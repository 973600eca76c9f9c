"""A real Jupyter server on a copy of the notebooks, the pages as they are built, and real browsers to open them in."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time

import pytest
from browsing import NOTEBOOKS, ROOT, Page
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright

SETTINGS = {
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},  # render cells that are out of sight, too
}


CHROMIUM = shutil.which("chromium")
FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
if not (CHROMIUM and FIREFOX):
    needed = "apt-get install chromium firefox-esr fonts-dejavu-core"
    pytest.exit(f"These tests need Chromium and Firefox: {needed}", returncode=1)


@pytest.fixture(scope="session")
def playwright():
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright):
    browser = playwright.chromium.launch(executable_path=CHROMIUM)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def firefox(playwright, tmp_path_factory):
    """Return a Firefox as it comes, which by this channel is driven as the W3C has it, by WebDriver BiDi."""
    home = tmp_path_factory.mktemp("firefox")
    browser = playwright.firefox.launch(
        channel="moz-firefox", executable_path=FIREFOX, env={**os.environ, "HOME": str(home)}
    )
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "-c", "docs", ".", folder]
    subprocess.run(command, cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="session")
def soups(site):
    """Return every page, parsed, by its file."""
    pages = (path for path in site.rglob("*.html") if "_static" not in path.parts)
    return {path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in sorted(pages)}


@pytest.fixture
def open_page(request):
    """Return a function that opens a tab, in Chromium unless a test asks for both browsers, with the network off."""
    browser = request.getfixturevalue(getattr(request, "param", "browser"))
    contexts = []

    def start(width=1440, **options):
        contexts.append(browser.new_context(offline=True, viewport={"width": width, "height": 900}, **options))
        return Page(contexts[-1])

    yield start
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def serve(tmp_path_factory):
    """Return a function that starts a Jupyter program, on a free port and settings of its own, and tells its URL."""
    servers = []

    def start(program, **traits):
        home = tmp_path_factory.mktemp(program)
        (home / "config" / "labconfig").mkdir(parents=True)
        (home / "config" / "labconfig" / "default_setting_overrides.json").write_text(json.dumps(SETTINGS))
        (home / "tutorial" / "notebooks").mkdir(parents=True)
        shutil.copy(ROOT / "README.md", home / "tutorial")
        for path in NOTEBOOKS:
            shutil.copy(path, home / "tutorial" / "notebooks")
        places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime"}
        places |= {"JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
        env = {
            **os.environ,
            "JUPYTER_PREFER_ENV_PATH": "1",
            **{key: str(home / place) for key, place in places.items()},
        }
        options = {"ServerApp.ip": "127.0.0.1", "ServerApp.open_browser": False, "ServerApp.allow_root": True, **traits}
        # Left to themselves, two that start at once take the same port.
        with socket.create_server(("127.0.0.1", 0)) as free:
            options["ServerApp.port"] = free.getsockname()[1]
        command = [sys.executable, "-m", "jupyter", program, *(f"--{key}={value}" for key, value in options.items())]
        with (home / "log").open("w") as log:
            servers.append(subprocess.Popen(command, cwd=home / "tutorial", env=env, stdout=log, stderr=log))
        for _ in range(600):
            written = [file.read_text().strip() for file in (home / "runtime").glob("jpserver-*.json")]
            if written and written[0].endswith("}"):  # it is there before it is whole
                server = json.loads(written[0])
                return f"{server['url']}{{}}?token={server['token']}"
            assert servers[-1].poll() is None, (home / "log").read_text()
            time.sleep(0.1)
        raise TimeoutError((home / "log").read_text())

    yield start
    for server in servers:
        server.terminate()  # and with it, its kernels
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:  # seen once: its kernels had ended, and it had not
            server.kill()
            server.wait()
