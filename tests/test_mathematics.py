"""The formulas' font has every sign that a browser draws, and no others."""

import io
import re
from base64 import b64decode
from types import SimpleNamespace

import mathematics
import pytest
from fontTools.ttLib import TTFont


@pytest.mark.parametrize(("formula", "signs"), [("<mn>2</mn>", "2"), ("<msqrt><mn>2</mn></msqrt>", "2√")])
def test_the_font_has_the_signs_of_the_formulas(tmp_path, formula, signs):
    (tmp_path / "_static").mkdir()
    (tmp_path / "page.html").write_text(f"Words. <math><mrow>{formula}</mrow></math>", encoding="utf-8")
    mathematics.add_font(SimpleNamespace(outdir=tmp_path), None)
    css = (tmp_path / "_static" / "mathematics.css").read_text(encoding="utf-8")
    font = TTFont(io.BytesIO(b64decode(re.search(r"base64,([^)]*)\)", css)[1])))
    assert set(map(chr, font.getBestCmap())) == set(signs)
