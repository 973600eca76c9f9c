"""The picture on the README's first screen is what the code draws today."""

import importlib.util
from pathlib import Path

from matplotlib.testing.compare import compare_images

ROOT = Path(__file__).parent.parent


def test_the_gallery_is_what_the_code_draws(tmp_path):
    spec = importlib.util.spec_from_file_location("draw_gallery", ROOT / "tools" / "draw_gallery.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    tool.draw(tmp_path / "gallery.png")
    assert compare_images(tool.GALLERY, tmp_path / "gallery.png", tol=0.5) is None
