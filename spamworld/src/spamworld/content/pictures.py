"""Text as pixels: one text per campaign, version and domain, drawn a bounded number of times with noise that differs.

Needs Pillow (``spamworld[pictures]``); without it there are no pictures. The font is the one that Pillow carries.
"""

from __future__ import annotations

import io
import unicodedata
from functools import lru_cache
from itertools import pairwise
from random import Random
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import msgspec

from spamworld.content import mime, noise
from spamworld.streams import quick

if TYPE_CHECKING:
    from PIL.Image import Image

try:
    import PIL  # noqa: F401

    AVAILABLE = True
except ImportError:  # pragma: no cover - the extra is not installed
    AVAILABLE = False

UNDRAWN = frozenset(("ru", "ja"))  # Pillow's own font has the letters of ASCII
SPELLED = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "œ": "oe", "¿": "", "¡": ""}
SPELLING = str.maketrans(SPELLED)
INKS = ((0, 0, 0), (0, 0, 120), (110, 0, 0), (0, 80, 20), (60, 0, 90), (40, 40, 40))
GROUNDS = ((255, 255, 255), (255, 255, 240), (240, 248, 255), (255, 245, 238), (245, 255, 245), (232, 232, 232))


class Picture(msgspec.Struct, frozen=True):
    """A picture and its truth."""

    text: str
    noise: str
    variant: int
    kind: str  # png, gif, jpeg
    tiles: tuple[tuple[bytes, ...], ...]  # rows of encoded pieces; mostly one
    domain: str  # the one it shows
    width: int

    def page(self, names: list[str]) -> str:
        """HTML that shows it: a picture, or a table of its tiles."""
        if len(names) == 1:
            return f'<img src="cid:{names[0]}" border=0 alt="">'
        rows, left = "", iter(names)
        for row in self.tiles:
            cells = "".join(f'<td><img src="cid:{next(left)}" border=0 style="display:block"></td>' for _ in row)
            rows += f"<tr>{cells}</tr>"
        return f"<table cellspacing=0 cellpadding=0 border=0 width={self.width}>{rows}</table>"

    def parts(self, names: list[str], stem: str) -> list[mime.Part]:
        """Its MIME parts, one for each tile."""
        pieces = [piece for row in self.tiles for piece in row]
        return [
            mime.Part(f'image/{self.kind}; name="{stem}{i or ""}.{self.kind}"', piece, "base64", id=name, ready=True)
            for i, (piece, name) in enumerate(zip(pieces, names, strict=True))
        ]


@lru_cache(maxsize=64)
def font(size: int) -> Any:
    """Pillow's own scalable font."""
    from PIL import ImageFont

    return ImageFont.load_default(size)


@lru_cache(maxsize=2048)
def render(seed: int, campaign: int, version: int, variant: int, text: str, kind: str, domain: str) -> Picture:
    """One copy of the campaign's picture. Copies share text, layout and colours, and differ in noise."""
    lasting, rng = quick(seed, "picture", campaign, version), quick(seed, "picture", campaign, version, variant, domain)
    file = (
        "gif" if kind == "layers" else lasting.choice(("png", "gif", "gif", "jpeg" if kind != "pixelation" else "png"))
    )
    sheet = layout(text, kind, lasting, rng)
    tiles: tuple[tuple[bytes, ...], ...]
    if kind == "layers":
        tiles = ((mime.lines64(animated(noise.layers(sheet, rng))),),)
    elif kind == "tiles":
        columns, rows = noise.cuts(sheet.size, rng)
        tiles = tuple(
            tuple(
                mime.lines64(saved(sheet.crop((left, top, right, bottom)), file)) for left, right in pairwise(columns)
            )
            for top, bottom in pairwise(rows)
        )
    else:
        tiles = ((mime.lines64(saved(noise.noisy(sheet, kind, rng), file)),),)
    return Picture(text, kind, variant, file, tiles, domain, sheet.size[0])


def layout(text: str, kind: str, lasting: Random, rng: Random) -> Image:
    """The clean sheet: lines of text, the first one larger, margins and ground a little different in each copy."""
    from PIL import Image, ImageDraw

    size = lasting.randint(15, 20) + (8 if kind == "pixelation" else 0)
    ink, (red, green, blue) = lasting.choice(INKS), lasting.choice(GROUNDS)
    ground = (red - rng.randrange(6), green - rng.randrange(6), blue - rng.randrange(6))
    rows = [(line, font(size + 5 if i == 0 else size)) for i, line in enumerate(text.split("\n"))]
    left, top, step = 12 + rng.randrange(8), 10 + rng.randrange(8), int(size * 1.5)
    width = max(int(face.getlength(line)) for line, face in rows) + left + 24 + (len(text) if kind == "jitter" else 0)
    sheet = Image.new("RGB", (width, top + step * len(rows) + 24), ground)
    pen = ImageDraw.Draw(sheet)
    for i, (line, face) in enumerate(rows):
        if kind == "jitter":
            jitter(pen, line, (left, top + i * step + (i and 6)), size + 5 * (i == 0), ink, rng)
        else:
            pen.text((left, top + i * step + (i and 6)), line, font=face, fill=ink)
    return sheet


def jitter(pen: Any, line: str, at: tuple[int, int], size: int, ink: tuple[int, ...], rng: Random) -> None:
    """A line whose letters differ in size, height, distance and colour."""
    x, y = float(at[0]), at[1]
    for letter in line:
        face = font(size + rng.randint(-2, 3))
        colour = tuple(min(150, part + rng.randrange(60)) for part in ink)
        pen.text((x, y + rng.randint(-2, 3)), letter, font=face, fill=colour)
        x += face.getlength(letter) + rng.uniform(-0.4, 1.2)


def saved(sheet: Image, file: str) -> bytes:
    """The picture as a file."""
    out = io.BytesIO()
    if file == "jpeg":
        sheet.save(out, "JPEG", quality=72)
    else:
        sheet.quantize(32, method=2).save(out, file.upper())
    return out.getvalue()


def animated(frames: list[tuple[Image, int]]) -> bytes:
    """Frames as an animated GIF that plays once."""
    out = io.BytesIO()
    pages = [frame.quantize(32, method=2) for frame, _ in frames]
    times = [time for _, time in frames]
    pages[0].save(out, "GIF", save_all=True, append_images=pages[1:], duration=times, disposal=1)
    return out.getvalue()


def spelled(text: str) -> str:
    """The text in the letters that the font has, as people write without accents."""
    return unicodedata.normalize("NFD", text.translate(SPELLING)).encode("ascii", "ignore").decode()


def lines(paragraphs: list[str], width: int = 40, most: int = 16) -> str:
    """Paragraphs as the lines of a sheet."""
    rows = [row for text in map(spelled, paragraphs) for line in text.split("\n") for row in wrap(line, width)]
    return "\n".join(rows[:most])
