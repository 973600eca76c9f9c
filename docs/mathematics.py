"""Formulas as MathML, which browsers typeset by themselves, in a font of which the pages carry the letters they use."""

import base64
import html
import importlib.resources
import io
import logging
import re
import unicodedata

import math_core
from docutils.nodes import SkipNode
from fontTools import subset

logging.getLogger("fontTools").setLevel(logging.WARNING)
TO_MATHML = math_core.LatexToMathML()
CSS = """\
@font-face {{ font-family: "STIX Two Math"; src: url(data:font/woff;base64,{}); }}
math {{ font-family: "STIX Two Math", math; white-space: nowrap; }}
"""


def inline(translator, node):
    translator.body.append(TO_MATHML.convert_with_local_state(node.astext(), displaystyle=False))
    raise SkipNode


def block(translator, node):
    formula = TO_MATHML.convert_with_local_state(node.astext(), displaystyle=True)
    translator.body.append(f'<div class="math">{formula}</div>')
    raise SkipNode


def is_italic_of(letter, letters):
    """Tell whether a letter is the mathematical italic, which a browser takes for a variable, of one of others."""
    name = unicodedata.name(letter, "")
    italic = name.startswith("MATHEMATICAL ITALIC") or letter == "\N{PLANCK CONSTANT}"
    return italic and unicodedata.normalize("NFKD", letter) in letters


def font(letters):
    """Return as much of STIX Two Math as a set of letters needs."""
    options = subset.Options(flavor="woff", layout_features=["ssty"], hinting=False)  # ssty: letters of exponents
    with importlib.resources.path("ziamath.fonts", "STIXTwoMath-Regular.ttf") as path:
        whole = subset.load_font(str(path), options)
    subsetter = subset.Subsetter(options)
    italics = {letter for letter in map(chr, [0x210E, *range(0x1D400, 0x1D800)]) if is_italic_of(letter, letters)}
    subsetter.populate(text="".join(sorted(letters | italics)))
    subsetter.subset(whole)
    subset.save_font(whole, file := io.BytesIO(), options)
    return file.getvalue()


def add_font(app, exception):
    if exception:
        return
    pages = (path.read_text(encoding="utf-8") for path in app.outdir.rglob("*.html"))
    formulas = "".join(formula for page in pages for formula in re.findall(r"<math.*?</math>", page, re.S))
    letters = set(html.unescape(re.sub(r"<[^>]*>", "", formulas)))
    if "<msqrt" in formulas or "<mroot" in formulas:
        letters.add("\N{SQUARE ROOT}")  # which the browser draws, without a letter that says so
    encoded = base64.b64encode(font(letters)).decode()
    (app.outdir / "_static" / "mathematics.css").write_text(CSS.format(encoded), encoding="utf-8")


def setup(app):
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    app.connect("build-finished", add_font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
