"""A picture's pixels, as far as they may be had: bounded in size, frames and work for any bytes.

Needs Pillow (``junkhound[pictures]``). Nothing is decoded before its header has said how large it is.
"""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from junkhound.kernel.errors import ConfigError

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 16_000_000  # of one frame; real junk stays under one million
MAX_FRAMES = 60  # of an animation that are looked at
MAX_WORK = 64_000_000  # pixels of all frames together
MAX_BYTES = 16 << 20
MIN_SIDE = 8  # smaller ones are counters and rulers of a page
FORMATS = ("GIF", "PNG", "JPEG", "BMP", "WEBP", "TIFF", "ICO")
STILL_MS = 1000  # a frame that stays so long is meant to be read

Pixels = NDArray[np.uint8]


class Opened(msgspec.Struct, frozen=True):
    """What can be read: grey and coloured pixels of the frame that stays, and how the file was made.

    ``others`` are further frames that stay long enough to be read. ``why`` is empty unless nothing could be had:
    "too large", "too many bytes", "no picture", "broken", "tiny".
    """

    form: str = ""
    width: int = 0
    height: int = 0
    frames: int = 0
    colour: Pixels | None = None  # height, width, 3
    others: tuple[Pixels, ...] = ()
    why: str = ""

    @property
    def grey(self) -> Pixels:
        """Brightness of the main frame (ITU-R BT.601)."""
        assert self.colour is not None
        return grey(self.colour)


def grey(colour: Pixels) -> Pixels:
    """Brightness of coloured pixels (ITU-R BT.601)."""
    weighted = colour[..., 0] * np.uint32(299) + colour[..., 1] * np.uint32(587) + colour[..., 2] * np.uint32(114)
    found: Pixels = (weighted // 1000).astype(np.uint8)
    return found


def pillow() -> Any:
    """Pillow's ``Image`` module. Errors: ConfigError that names the extra."""
    try:
        from PIL import Image
    except ImportError:
        raise ConfigError("pictures need Pillow, which is not installed", "pip install 'junkhound[pictures]'") from None
    return Image


def open_picture(octets: bytes, least: int = MIN_SIDE) -> Opened:
    """The pixels of a picture file, no side shorter than ``least``; never raises for any bytes.

    Errors: ConfigError where Pillow is missing.
    """
    module = pillow()
    if len(octets) > MAX_BYTES:
        return Opened(why="too many bytes")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            picture = module.open(io.BytesIO(octets), formats=FORMATS)
            width, height = picture.size
        except module.DecompressionBombError:
            return Opened(why="too large")
        except Exception:  # Pillow's readers raise whatever they meet: EOFError, SyntaxError, struct.error
            return Opened(why="no picture")
        form = str(picture.format or "")
        if width * height > MAX_PIXELS:
            return Opened(form, width, height, why="too large")
        if min(width, height) < least:
            return Opened(form, width, height, why="tiny")
        try:
            frames = _frames(picture)
        except Exception:
            frames = []
    if not frames:
        return Opened(form, width, height, why="broken")
    longest = max(range(len(frames)), key=lambda place: (frames[place][1], place))
    others = [pixels for place, (pixels, shown) in enumerate(frames) if place != longest and shown >= STILL_MS]
    return Opened(form, width, height, len(frames), frames[longest][0], tuple(others[-3:]))


def _frames(picture: Image) -> list[tuple[Pixels, int]]:
    """Frames as a reader sees them, each laid over those before it, with their times in milliseconds."""
    found: list[tuple[Pixels, int]] = []
    area = picture.size[0] * picture.size[1]
    for place in range(min(MAX_FRAMES, max(1, MAX_WORK // area))):
        try:
            picture.seek(place)
            shown = picture.info.get("duration", 0)
            pixels = np.asarray(_flat(picture))
        except EOFError:
            break
        except Exception:  # the rest of a damaged animation
            if found:
                break
            raise
        found.append((pixels, int(shown) if isinstance(shown, (int, float)) and 0 <= shown < 1e9 else 0))
        if len(found) > 4 and area * len(found) > MAX_WORK // 4:
            found = _kept(found)
    return found


def _kept(frames: list[tuple[Pixels, int]]) -> list[tuple[Pixels, int]]:
    """Those worth their memory: the four that stay longest, in order."""
    places = sorted(range(len(frames)), key=lambda place: frames[place][1])[-4:]
    return [frames[place] for place in sorted(places)]


def _flat(picture: Image) -> Image:
    """Red, green and blue, on white where it is transparent: mail is read on white."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        ground = pillow().new("RGBA", clear.size, (255, 255, 255, 255))
        ground.alpha_composite(clear)
        picture = ground
    return picture.convert("RGB")
