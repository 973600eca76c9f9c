"""Two pictures of any kind, and how far apart they look."""

import base64
import importlib.util
import io
import re
from contextlib import closing
from itertools import zip_longest
from xml.etree import ElementTree

import numpy as np
from PIL import Image, ImageSequence

MIMES = {"application/pdf": "pdf", "image/svg+xml": "svg"}
LIBRARIES = {"svg": "resvg_py", "pdf": "pypdfium2"}  # what draws these to pixels, if it is installed

# What an SVG is written in, if it asks for a font that is not installed: Matplotlib brings these.
FONTS = {
    "font_family": "DejaVu Sans",
    "sans_serif_family": "DejaVu Sans",
    "serif_family": "DejaVu Serif",
    "monospace_family": "DejaVu Sans Mono",
}

# What resvg leaves out of an SVG. Such a picture can be compared as text alone.
UNDRAWN = re.compile(
    r"""
    <(\w+:)?(foreignObject|script|animate\w*|set)\b
    | <(image|use|feImage)\b [^>]* href=["'](?!\#|data:)  # of another file
    | <style\b ((?!</style).)*? (@\w | ([:~^$|]|\*=) [^;{}]* {)  # rules, and selectors that are not plain
    | <(style\b ((?!</style).)*? | [^!<>]*?)  # in a style, or in a tag's attributes
      \b((transform|translate|rotate|scale)\s*: | (var|calc|light-dark|color(-mix)?|hwb|(ok)?l(ab|ch))\()
    """,
    re.S | re.X,
)
MATPLOTLIB = re.compile(rb"Matplotlib v(?:ersion)?(\d[\w.+]*)")  # in each PNG, SVG and PDF that it writes


def kind_of(mime):
    """Return what kind of picture a MIME type stands for, such as "png", or None."""
    return MIMES.get(mime) or (mime[6:] if mime.startswith("image/") else None)


def library_for(kind):
    """Return the library that a kind of picture needs and that is missing, or None."""
    name = LIBRARIES.get(kind)
    return name if name and not importlib.util.find_spec(name) else None


def content_of(kind, data):
    """Return the bytes of a picture's file from what a notebook holds of it."""
    try:
        return data.encode() if kind == "svg" else base64.b64decode(data)
    except ValueError:
        return data.encode()  # which no library will take for a picture


def matplotlib_of(content):
    """Return the version of the Matplotlib that drew a picture, or None."""
    found = MATPLOTLIB.search(content)
    return found and found[1].decode()


def frames(kind, content):
    """Yield (levels, milliseconds) for each frame or page.

    Levels are an array (height, width, 4) of red, green, blue and alpha, from 0 to 255.
    """
    if kind == "pdf":
        import pypdfium2

        with closing(pypdfium2.PdfDocument(content)) as document:
            for page in document:
                yield levels(page.render().to_pil()), 0
        return
    if kind == "svg":
        import resvg_py

        drawn = resvg_py.svg_to_bytes(svg_string=content.decode(), dpi=96, font_dirs=_font_folders(), **FONTS)
        content = bytes(drawn)
    with Image.open(io.BytesIO(content)) as picture:
        for frame in ImageSequence.Iterator(picture):
            yield levels(frame), frame.info.get("duration", 0)


def _font_folders():
    """Return where Matplotlib keeps its fonts, if it is installed, without importing it."""
    found = importlib.util.find_spec("matplotlib")
    return [f"{folder}/mpl-data/fonts/ttf" for folder in found.submodule_search_locations] if found else []


def levels(image):
    """Return an image as an array (height, width, 4), from 0 to 255."""
    if not image.mode.startswith("I"):
        return np.asarray(image.convert("RGBA"), "float32")
    grey = np.asarray(image, "float32")[..., None] / 257  # 16 bits, which a conversion would clip at 255
    return np.concatenate([grey, grey, grey, np.full_like(grey, 255)], -1)


def image(levels):
    """Return an array (height, width, 3 or 4) of levels, from 0 to 255, as an image."""
    return Image.fromarray(np.clip(levels, 0, 255).astype("uint8"))


def change(old, new):
    """Return what differs to the eye, an array (2, height, width, 3): on black, and on white.

    On any other ground the difference lies between the two. What is under full transparency is on neither.
    """
    height, width = np.maximum(old.shape[:2], new.shape[:2])
    old, new = (np.pad(side, ((0, height - len(side)), (0, width - side.shape[1]), (0, 0))) for side in (old, new))
    grounds = [[ground + (side[..., :3] - ground) * side[..., 3:] / 255 for side in (old, new)] for ground in (0, 255)]
    return np.abs([drawn - stored for stored, drawn in grounds])


def reading(side, kind, content):
    """Yield the frames; a ValueError says which side cannot be read."""
    try:
        yield from frames(kind, content)
    except Exception as error:  # each library has its own
        reason = str(error).split(" <_io")[0].rstrip(".") or type(error).__name__
        raise ValueError(f"the {side} picture cannot be read: {reason}") from None


def written(content):
    """Return all that an SVG says in words, which is not drawn where no font has the letters."""
    # Given as text, since what an SVG says of its encoding need not hold in a notebook.
    elements = ElementTree.fromstring(content.decode().strip()).iter()
    return [" ".join("".join(e.itertext()).split()) for e in elements if str(e.tag).endswith("}text")]


def compare(old, new, tolerance):
    """Compare two pictures, each (kind, content) or None.

    Return what to say, or "", and an image of the difference, or None.
    """
    if old == new:
        return "", None
    if not (old and new):
        return "none is drawn any more" if old else "none is stored", None
    if old[0] != new[0]:
        return f"stored as {old[0].upper()}, drawn as {new[0].upper()}", None
    try:
        said, difference = _compare_frames(reading("stored", *old), reading("drawn", *new), tolerance)
        if not said and old[0] == "svg" and written(old[1]) != written(new[1]):
            said = ["its words differ"]
    except ValueError as error:
        return str(error), None
    versions = [matplotlib_of(content) or "another program" for _, content in (old, new)]
    if said and versions[0] != versions[1]:
        said.append("stored by Matplotlib {}, drawn by {}".format(*versions))
    return "; ".join(said), difference


def _compare_frames(stored, drawn, tolerance):
    counts, sizes, paces, worst, difference, translucent = [0, 0], [], [], tolerance, None, False
    for old, new in zip_longest(stored, drawn):
        counts = [count + (side is not None) for count, side in zip(counts, (old, new))]
        if old is None or new is None:
            continue
        paces.append(old[1] == new[1])
        shapes = [f"{side[0].shape[1]} x {side[0].shape[0]}" for side in (old, new)]
        if shapes[0] != shapes[1] and not sizes:
            sizes = shapes
        changed = change(old[0], new[0])
        far = float(np.sqrt(np.square(changed, dtype="float64").mean((1, 2, 3)).max()))
        if far > worst or (sizes and difference is None):
            worst, difference = max(far, worst), changed.max(0)
            translucent = not sizes and not np.array_equal(old[0][..., 3], new[0][..., 3])
    said = []
    if counts[0] != counts[1]:
        said.append("it has {} frames or pages stored, {} drawn".format(*counts))
    if sizes:
        said.append("it is {} pixels stored, {} drawn".format(*sizes))
    elif worst > tolerance:
        said.append(f"off by {worst:.3g}, where {tolerance:g} is tolerated")
    if translucent:
        said.append("its transparency differs")
    if not all(paces):
        said.append("its frames are shown for other times")
    return said, None if difference is None else image(difference * 10)
