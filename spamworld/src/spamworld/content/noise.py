"""Eight ways in which junk makes text in pictures hard for machines. A person still reads all of them."""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

KINDS = ("speckle", "lines", "waves", "tiles", "jitter", "rotation", "layers", "pixelation")


def noisy(picture: Image, kind: str, rng: Random) -> Image:
    """The picture under that noise. Tiles, jitter and layers are made elsewhere: in the page, the text, the frames."""
    return MAKERS[kind](picture, rng) if kind in MAKERS else picture


def speckle(picture: Image, rng: Random) -> Image:
    """Dots of one to four pixels in any colour, over 2 to 5% of the picture."""
    from PIL import Image

    chance = np.random.Generator(np.random.PCG64(rng.getrandbits(64)))
    pixels = np.array(picture)
    height, width, _ = pixels.shape
    count = int(height * width * rng.uniform(0.012, 0.03))
    ys, xs = chance.integers(0, height - 1, count), chance.integers(0, width - 1, count)
    colours = chance.integers(0, 256, (count, 3), dtype=np.uint8)
    pixels[ys, xs] = colours
    big = count // 6
    for dy, dx in ((0, 1), (1, 0), (1, 1)):
        pixels[ys[:big] + dy, xs[:big] + dx] = colours[:big]
    return Image.fromarray(pixels)


def lines(picture: Image, rng: Random) -> Image:
    """Coloured lines across everything."""
    from PIL import ImageDraw

    pen = ImageDraw.Draw(picture)
    width, height = picture.size
    for _ in range(rng.randint(8, 18)):
        colour = tuple(rng.randrange(60, 230) for _ in range(3))
        ends = (rng.randrange(width), rng.randrange(height), rng.randrange(width), rng.randrange(height))
        pen.line(ends, fill=colour, width=rng.choice((1, 1, 2)))
    return picture


def waves(picture: Image, rng: Random) -> Image:
    """Rows and columns pushed along a sine."""
    from PIL import Image

    pixels = np.array(picture)
    for axis in (0, 1):
        length = pixels.shape[axis]
        period, phase, height = rng.uniform(45, 110), rng.uniform(0, 6.28), rng.uniform(1.5, 4.0)
        shift = np.rint(height * np.sin(np.arange(length) / period * 2 * math.pi + phase)).astype(int)
        other = pixels.shape[1 - axis]
        index = (np.arange(other)[None, :] + shift[:, None]) % other
        rows = np.arange(length)[:, None]
        pixels = pixels[rows, index] if axis == 0 else pixels[index.T, np.arange(length)[None, :]]
    return Image.fromarray(pixels)


def rotation(picture: Image, rng: Random) -> Image:
    """The whole picture turned by some degrees."""
    from PIL import Image

    angle = rng.choice((-1, 1)) * rng.uniform(2.0, 11.0)
    ground = picture.getpixel((0, 0))
    return picture.rotate(angle, resample=Image.Resampling.BILINEAR, expand=True, fillcolor=ground)


def pixelation(picture: Image, rng: Random) -> Image:
    """Fewer pixels than the letters want, blown up again."""
    from PIL import Image

    width, height = picture.size
    factor = rng.uniform(1.7, 2.2)
    small = picture.resize((int(width / factor), int(height / factor)), Image.Resampling.BOX)
    return small.resize((width, height), Image.Resampling.NEAREST)


MAKERS = {"speckle": speckle, "lines": lines, "waves": waves, "rotation": rotation, "pixelation": pixelation}


def layers(picture: Image, rng: Random) -> list[tuple[Image, int]]:
    """Frames of an animation and their times in milliseconds, which only together or for long enough show the text.

    Either bands of the picture appear one after the other and stay, or flashes of noise surround the whole.
    """
    from PIL import Image

    width, height = picture.size
    ground = picture.getpixel((0, 0))
    blank = Image.new("RGB", picture.size, ground)
    if rng.random() < 0.5:
        edges = sorted(rng.sample(range(10, width - 10), rng.randint(2, 4)))
        bands = list(zip([0, *edges], [*edges, width], strict=True))
        rng.shuffle(bands)
        frames, shown = [(speckle(blank.copy(), rng), 10)], blank
        for left, right in bands:
            shown = shown.copy()
            shown.paste(picture.crop((left, 0, right, height)), (left, 0))
            frames.append((shown, 20))
        return [*frames[:-1], (frames[-1][0], 60_000)]
    flashes = [(speckle(blank.copy(), rng), 10) for _ in range(rng.randint(1, 3))]
    return [*flashes, (picture, rng.randrange(30_000, 60_000)), (lines(blank.copy(), rng), 10)]


def cuts(size: tuple[int, int], rng: Random) -> tuple[list[int], list[int]]:
    """Where a picture is cut into tiles: (columns, rows), both with their outer edges."""
    width, height = size
    columns = sorted(rng.sample(range(20, width - 20), rng.randint(1, 3)))
    rows = sorted(rng.sample(range(10, height - 10), rng.randint(1, 3)))
    return [0, *columns, width], [0, *rows, height]
