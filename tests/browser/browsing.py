"""What the browser tests share."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# Those that train many nets take minutes, and nbval runs them already.
QUICK = [path for path in NOTEBOOKS if path.name[:2] not in ("07", "08", "10")]
SCREENSHOTS = ROOT / "test-output" / "browser"  # of every page, for people to look at


class Page:
    """A browser tab that keeps the errors on its console, and the requests to other machines."""

    def __init__(self, context):
        self.tab = context.new_page()
        self.tab.set_default_timeout(60_000)
        self.complaints = []
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("console", self._hear)
        self.tab.on("request", self._see)

    def _hear(self, message):
        # MathJax 2 asks for a font at about:blank, and draws spaces when it gets none.
        if message.type == "error" and "about:blank" not in message.text + message.location["url"]:
            self.complaints.append(message.text)

    def _see(self, request):
        if not request.url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "file:", "data:", "blob:", "about:")):
            self.complaints.append(f"request to {request.url}")


def pictures(notebook):
    """Return the outputs of a notebook that hold a picture, by MIME type."""
    outputs = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    return [data for data in outputs if "image/png" in data]


def formulas(notebook):
    """Return how many formulas a notebook's prose holds."""
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return len(re.findall(r"\$\$.+?\$\$|\$[^$]+\$", re.sub(r"`[^`]*`", "", prose), re.S))
