"""Pictures of every kind, made by Pillow and Matplotlib, for the tests of nbval_pictures."""

import io
import struct
import zlib

import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

SIZE = (80, 60)


def plain(colour="white", mode="RGB", size=SIZE):
    return Image.new(mode, size, colour)


def dotted(image, place=(20, 20), colour="black", radius=3):
    x, y = place
    ImageDraw.Draw(image).ellipse([x - radius, y - radius, x + radius, y + radius], fill=colour)
    return image


def saved(image, kind="png", **how):
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def grey16(value):
    return saved(Image.fromarray(np.full(SIZE[::-1], value, "uint16")))


def rgb16(blue):
    """A PNG with 16 bits a channel, which Pillow cannot write."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + struct.pack(">HHH", 65535, 0, blue) * 8 for _ in range(8))
    head = struct.pack(">IIBBBBB", 8, 8, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def animated(kind, *places, pace=100):
    frames = [dotted(plain(), place) for place in places]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=pace, loop=0)


def by_matplotlib(version, colour="white"):
    info = PngInfo()
    info.add_text("Software", f"Matplotlib version{version}, https://matplotlib.org/")
    return saved(plain(colour), pnginfo=info)


def figure(kind, slope=1, **how):
    drawn = Figure(figsize=(3, 2))
    drawn.subplots().plot([0, 1], [0, slope], **how)
    file = io.BytesIO()
    drawn.savefig(file, format=kind)
    return file.getvalue()


def svg(inside):
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="80" height="60">{inside}</svg>'.encode()
