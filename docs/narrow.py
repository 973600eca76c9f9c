"""Pictures of several panels for a phone: the panels below each other, or beside each other where there is room."""

import numpy as np
from PIL import Image

ROOM = 430  # in CSS pixels: on a phone 390 pixels wide, such a row shrinks by less than a fifth
MARGIN = 8


def inked(image, axis):
    """Return the runs of columns (axis 0) or rows (1) that are not blank, each as its first and the one behind it."""
    ink = np.asarray(image.convert("L")).min(axis=axis) <= 250
    edges = np.flatnonzero(np.diff(np.concatenate([[False], ink, [False]]).astype(int)))
    return edges.reshape(-1, 2).tolist()


def cuts(runs, width):
    """Return where to cut a picture between its panels, in the widest gap between each two, and its ends.

    Panels, and a legend, are the wide runs. What is less than a quarter as wide as the widest belongs to one of them:
    labels, or a colour bar.
    """
    widest = max(behind - first for first, behind in runs)
    panels = [i for i, (first, behind) in enumerate(runs) if 4 * (behind - first) > widest]
    between = []
    for i, j in zip(panels, panels[1:]):
        gaps = [(after[0] - before[1], before[1]) for before, after in zip(runs[i:j], runs[i + 1 : j + 1])]
        size, start = max(gaps)
        between.append(start + size // 2)
    return [0, *between, width]


def height(image, first, behind):
    (top, _), *_, (_, bottom) = inked(image.crop((first, 0, behind, image.height)), 1) * 2
    return bottom - top


def pieces(image):
    """Return a picture's panels from left to right, as pairs of columns: labels that it shares or None, and its own."""
    runs = inked(image, 0)
    ends = cuts(runs, image.width)
    parts = list(zip(ends, ends[1:]))
    inside = [[run for run in runs if first <= run[0] < behind] for first, behind in parts]
    # Where the first has labels and the second none, they are every panel's; but a legend's not, which is less high.
    shared = (0, inside[0][-1][0]) if len(inside[0]) > 1 and len(inside[1:] and inside[1]) == 1 else None
    heights = [height(image, *part) for part in parts]
    return [(shared if i and 3 * heights[i] > 2 * heights[0] else None, part) for i, part in enumerate(parts)]


def rows(image, room):
    """Return the columns of a picture that each row is to show, in pairs."""
    found, width = [], room
    for shared, part in pieces(image):
        width += part[1] - part[0]
        if width > room:
            found.append([shared] if shared else [])
            width = sum(behind - first for first, behind in [*found[-1], part])
        found[-1].append(part)
    return found


def joined(images, horizontally):
    """Return pictures side by side, or else below each other, on paper of the colour of the first one's corner."""
    sizes = np.array([image.size for image in images])
    size = [sizes[:, i].sum() if (i == 0) == horizontally else sizes[:, i].max() for i in range(2)]
    whole = Image.new(images[0].mode, tuple(map(int, size)), images[0].getpixel((0, 0)))
    if whole.mode == "P":
        whole.putpalette(images[0].getpalette())
    at = 0
    for image in images:
        whole.paste(image, (at, 0) if horizontally else (0, at))
        at += image.width if horizontally else image.height
    return whole


def narrow(image, scale):
    """Return a picture for a phone, or None if it has one row alone; ``scale`` is how many pixels are a CSS pixel."""
    found = rows(image, ROOM * scale)
    if len(found) == 1:
        return None
    strips = []
    for row in found:
        strip = joined([image.crop((first, 0, behind, image.height)) for first, behind in row], True)
        (top, _), *_, (_, bottom) = inked(strip, 1) * 2
        margin = round(MARGIN * scale)
        strips.append(strip.crop((0, max(top - margin, 0), strip.width, min(bottom + margin, strip.height))))
    return joined(strips, False)
