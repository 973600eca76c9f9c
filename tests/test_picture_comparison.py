"""Two pictures of any kind: what nbval_pictures says of them."""

import pytest
from picture_files import animated, by_matplotlib, dotted, figure, grey16, plain, rgb16, saved, svg

from nbval_pictures import images

CLEAR, WHITE, RED = (0, 0, 0, 0), (255, 255, 255, 255), (255, 0, 0, 255)
DOT = saved(dotted(plain()))


def alpha(colour, **how):
    return saved(plain(colour, "RGBA"), **how)


def encoded(name):
    return f'<?xml version="1.0" encoding="{name}"?>'.encode() + svg("<text x='5' y='20'>loss</text>")


DIFFERENT = {
    "a dot": ("png", saved(plain()), DOT, "off by"),
    "another place": ("png", DOT, saved(dotted(plain(), (24, 20))), "off by"),
    "one bit a pixel": ("png", saved(plain(1, "1")), saved(dotted(plain(1, "1"), colour=0)), "off by"),
    "a palette": ("png", saved(plain("white").quantize()), saved(dotted(plain()).quantize()), "off by"),
    "16 bits of grey, clipped at 255 by a conversion": ("png", grey16(1000), grey16(21000), "off by"),
    "16 bits of grey, near each other": ("png", grey16(1000), grey16(1200), "off by 0.778"),
    "16 bits a channel": ("png", rgb16(1000), rgb16(21000), "off by"),
    "grey with alpha": ("png", saved(plain((90, 255), "LA")), saved(plain((90, 200), "LA")), "transparency"),
    "opaque to translucent": ("png", alpha(WHITE), alpha((255, 255, 255, 128)), "off by 127, "),
    "black, opaque to translucent": ("png", alpha((0, 0, 0, 255)), alpha((0, 0, 0, 128)), "off by 127, "),
    "wider": ("png", DOT, saved(dotted(plain(size=(81, 60)))), "80 x 60 pixels stored, 81 x 60 drawn"),
    "JPEG": ("jpeg", saved(plain(), "jpeg"), saved(dotted(plain()), "jpeg"), "off by"),
    "WebP": ("webp", saved(plain(), "webp"), saved(dotted(plain()), "webp"), "off by"),
    "GIF, second frame": ("gif", animated("gif", (9, 9), (30, 9)), animated("gif", (9, 9), (40, 9)), "off by"),
    "GIF, last frame": (
        "gif",
        animated("gif", (9, 9), (30, 9)),
        animated("gif", (9, 9)),
        "2 frames or pages stored, 1",
    ),
    "GIF, pace": ("gif", animated("gif", (9, 9), (30, 9)), animated("gif", (9, 9), (30, 9), pace=200), "other times"),
    "APNG, second frame": ("png", animated("png", (9, 9), (30, 9)), animated("png", (9, 9), (40, 9)), "off by"),
    "SVG": ("svg", figure("svg"), figure("svg", 1.05), "off by"),
    "SVG, a word": ("svg", svg("<text x='5' y='20'>loss</text>"), svg("<text x='5' y='20'>lost</text>"), "off by"),
    "SVG, letters of no font": ("svg", svg("<text>\U000f0000</text>"), svg("<text>\U000f0001</text>"), "words"),
    "SVG, a word's place": (
        "svg",
        svg("<text x='5' y='20' font-family='Nowhere'>loss</text>"),
        svg("<text x='5' y='24' font-family='Nowhere'>loss</text>"),
        "off by",
    ),
    "SVG, a number's size": (
        "svg",
        svg("<text x='5' y='20' font-family='monospace' font-size='9'>0.5</text>"),
        svg("<text x='5' y='20' font-family='monospace' font-size='10'>0.5</text>"),
        "off by",
    ),
    "PDF": ("pdf", figure("pdf"), figure("pdf", lw=3), "off by"),
    "stored, damaged": ("png", DOT[:90], DOT, "the stored picture cannot be read"),
    "drawn, damaged": ("png", DOT, DOT[:90], "the drawn picture cannot be read"),
    "SVG, damaged": ("svg", b"<svg", svg(""), "the stored picture cannot be read"),
    "PDF, damaged": ("pdf", figure("pdf"), b"%PDF-1.4", "the drawn picture cannot be read"),
    "no picture at all": ("png", images.content_of("png", "abcde"), DOT, "the stored picture cannot be read"),
    "Matplotlib": ("png", by_matplotlib("3.7.5"), by_matplotlib("3.10.9", "red"), "Matplotlib 3.7.5, drawn by 3.10.9"),
}
SAME = {
    "written anew": ("png", DOT, saved(dotted(plain()), compress_level=0)),
    "with alpha": ("png", DOT, saved(dotted(plain("white", "RGBA")))),
    "colours nobody sees": ("png", alpha(CLEAR), alpha((255, 0, 0, 0))),
    "a transparent palette": ("png", alpha(RED), saved(plain(RED, "RGBA").quantize())),
    "16 bits of grey for 8": ("png", grey16(257 * 90), saved(plain(90, "L"))),
    "SVG, dates and ids": ("svg", figure("svg"), figure("svg")),
    "SVG, another encoding": ("svg", encoded("UTF-16"), encoded("UTF-8")),
    "SVG, an unknown encoding, after a line": ("svg", encoded("Klingon"), b"\n" + encoded("Klingon")),
    "PDF, dates": ("pdf", figure("pdf"), figure("pdf") + b"\n"),
    "another Matplotlib": ("png", by_matplotlib("3.7.5"), by_matplotlib("3.10.9")),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_a_difference_is_seen_and_named(case):
    kind, old, new, words = DIFFERENT[case]
    said, difference = images.compare((kind, old), (kind, new), 0.5)
    assert words in said
    pixels_differ = not any(word in said for word in ("cannot be read", "words", "times", "2 frames"))
    assert (difference is not None) == pixels_differ
    assert pixels_differ is False or max(high for _, high in difference.convert("RGB").getextrema()) > 0


@pytest.mark.parametrize("case", SAME)
def test_what_looks_the_same_is_the_same(case):
    kind, old, new = SAME[case]
    assert old != new
    assert images.compare((kind, old), (kind, new), 0) == ("", None)


def test_only_what_differs_names_the_versions_and_only_where_they_differ():
    same = images.compare(("png", by_matplotlib("3.7.5")), ("png", by_matplotlib("3.7.5", "red")), 0.5)[0]
    assert "Matplotlib" not in same
    assert "another program" in images.compare(("png", DOT), ("png", by_matplotlib("3.7.5")), 0.5)[0]


def test_missing_pictures_and_other_kinds_are_said():
    assert images.compare(None, ("png", DOT), 0.5) == ("none is stored", None)
    assert images.compare(("png", DOT), None, 0.5) == ("none is drawn any more", None)
    assert images.compare(("png", DOT), ("jpeg", DOT), 0.5) == ("stored as PNG, drawn as JPEG", None)


def test_the_tolerance_is_what_it_says():
    """One black pixel in a white picture of n pixels: 255 over the root of n."""
    white = plain()
    white.putpixel((5, 5), (0, 0, 0))
    one = saved(white)
    far = 255 / (80 * 60) ** 0.5
    assert images.compare(("png", saved(plain())), ("png", one), 1.001 * far) == ("", None)
    assert f"off by {far:.3g}" in images.compare(("png", saved(plain())), ("png", one), 0.999 * far)[0]


ELEMENTS = ("foreignObject", "script", "animate", "animateTransform", "animateMotion", "set", "svg:script")
UNDRAWN = [
    *(f"<{element}></{element}>" for element in ELEMENTS),
    *(f"<style>{rule} {{r: 9}}</style>" for rule in ("@media print", "a:nth-child(2)", "a ~ b", "[id^=a]", "[id*=a]")),
    "<style>@import 'a.css';</style>",
    "<style><![CDATA[svg {--c: red} rect {fill: red; stroke: var(--c)}]]></style>",
    "<style>a {fill: red} b {transform: scale(2)}</style>",
    """<rect style="font-family: 'Arial'; transform: scale(2)"/>""",
    "<rect style='rotate: 9deg'/>",
    *(
        f'<rect fill="{paint}"/>'
        for paint in ("var(--c)", "light-dark(red, blue)", "oklch(1 0 0)", "color(srgb 1 0 0)")
    ),
    '<image width="9" href="a.png"/>',
    "<use xlink:href='a.svg#b'/>",
]
DRAWN = [
    """<style type="text/css">*{stroke-linejoin: round} .a, #b > c {fill: red; stroke: blue}</style>""",
    """<g transform="scale(2)" style="fill: none; transform-origin: 0 0; -x-autoscale: 1; font: 9px 'Arial'"/>""",
    "<!-- var(--x) calc(x) @media --><text>scale: var(--x), style: calc(x)</text>",
    """<use href="#a"/><image href='data:image/png;base64,'/><a href="https://example.org/a.svg"/>""",
]


@pytest.mark.parametrize("inside", UNDRAWN)
def test_an_svg_that_cannot_be_drawn_whole_is_known(inside):
    assert images.UNDRAWN.search(svg(inside).decode())


@pytest.mark.parametrize("drawing", [figure("svg"), *map(svg, DRAWN)])
def test_an_svg_that_is_drawn_whole_is_known(drawing):
    assert not images.UNDRAWN.search(drawing.decode())
