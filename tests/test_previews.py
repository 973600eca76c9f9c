"""What pages say to those who show a preview of a link: an address and a picture, where there is an address."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("address", ["https://example.org/tutorial", "https://example.org/tutorial/", ""])
def test_an_address_and_a_picture_are_told_where_the_pages_stand(tmp_path, address):
    (tmp_path / "index.rst").write_text("Front\n=====\n\n.. toctree::\n\n   part/page\n")
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "page.rst").write_text(".. meta::\n   :property=og\\:site_name: Ours\n\nA & B\n=====\n")
    options = ["-D", "extensions=previews", "-D", f"html_baseurl={address}", "-D", "html_title=Site"]
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-C", *options, tmp_path, tmp_path / "html"]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(ROOT / "docs")})
    html = (tmp_path / "html" / "part" / "page.html").read_text(encoding="utf-8")
    told = [(tag["property"], tag["content"]) for tag in BeautifulSoup(html, "html.parser").select("[property]")]
    absolute = {
        "og:url": "https://example.org/tutorial/part/page.html",
        "og:image": "https://example.org/tutorial/_images/gallery.png",
    }
    assert sorted(told) == sorted(
        {"og:title": "A & B", "og:site_name": "Ours", **(absolute if address else {})}.items()
    )
