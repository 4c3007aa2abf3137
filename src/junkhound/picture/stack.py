"""Many noisy copies laid over each other: what each has of its own cancels out, what they share remains.

Copies are turned upright, moved onto each other by phase correlation and put together by the median of every pixel.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from junkhound.picture.ink import inked
from junkhound.picture.level import straightened
from junkhound.picture.opening import Pixels, grey

MOST = 15  # copies of one stack
SCALE_SIDE = 1400  # longer sides are not stacked: no copy of junk is so large
AGREEING = 0.35  # correlation of ink from which a copy counts as the same drawing

Floats = NDArray[np.float64]


def stacked(copies: Sequence[Pixels]) -> tuple[Pixels, int]:
    """(the median of the copies that fit onto the first, how many did), as coloured pixels."""
    upright = [straightened(copy) for copy in copies[:MOST] if max(copy.shape[:2]) <= SCALE_SIDE]
    if len(upright) < 3:
        return (upright[0] if upright else copies[0]), 1
    height = max(copy.shape[0] for copy in upright)
    width = max(copy.shape[1] for copy in upright)
    sheets = [_padded(copy, height, width) for copy in upright]
    inks = [inked(grey(sheet)) for sheet in sheets]
    first = _middle(inks)
    laid = [sheets[first]]
    for place, (sheet, ink) in enumerate(zip(sheets, inks, strict=True)):
        if place == first:
            continue
        down, right = shift(inks[first], ink)
        moved = np.roll(ink, (down, right), (0, 1))
        if _correlation(inks[first], moved) >= AGREEING:
            laid.append(np.roll(sheet, (down, right), (0, 1)))
    if len(laid) < 3:
        return upright[first], 1
    found: Pixels = np.median(np.stack(laid), axis=0).astype(np.uint8)
    return found, len(laid)


def shift(still: Floats, moving: Floats) -> tuple[int, int]:
    """By how many rows and columns the second must move to lie on the first (Kuglin and Hines 1975)."""
    one, other = np.fft.rfft2(still), np.fft.rfft2(moving)
    cross = one * np.conj(other)
    cross /= np.maximum(np.abs(cross), 1e-9)
    peak = np.fft.irfft2(cross, s=still.shape)
    down, right = np.unravel_index(int(peak.argmax()), peak.shape)
    height, width = still.shape
    return (
        int(down) - height if down > height // 2 else int(down),
        int(right) - width if right > width // 2 else int(right),
    )


def _padded(colour: Pixels, height: int, width: int) -> Pixels:
    if colour.shape[:2] == (height, width):
        return colour
    ground = np.median(colour[:4].reshape(-1, 3), axis=0).astype(np.uint8)
    sheet = np.empty((height, width, 3), np.uint8)
    sheet[:] = ground
    sheet[: colour.shape[0], : colour.shape[1]] = colour
    return sheet


def _middle(inks: Sequence[Floats]) -> int:
    """The copy with the middling amount of ink: neither the emptiest nor the most covered."""
    order = np.argsort([float(ink.sum()) for ink in inks])
    return int(order[len(order) // 2])


def _correlation(one: Floats, other: Floats) -> float:
    a, b = one - one.mean(), other - other.mean()
    return float((a * b).sum() / max(1e-9, float(np.linalg.norm(a)) * float(np.linalg.norm(b))))


def joined(pieces: Sequence[Pixels]) -> Pixels | None:
    """A picture that was cut into tiles, put together again; None where the pieces do not fit.

    They come row by row: those of a row are of one height, and all rows are of one width.
    """
    if not 2 <= len(pieces) <= 100:
        return None
    rows: list[list[Pixels]] = []
    for count in range(1, len(pieces) + 1):  # tiles in a row
        if len(pieces) % count or len(pieces) == count == 1:
            continue
        rows = [list(pieces[at : at + count]) for at in range(0, len(pieces), count)]
        level = all(len({piece.shape[0] for piece in row}) == 1 for row in rows)
        flush = all(len({row[place].shape[1] for row in rows}) == 1 for place in range(count))
        if level and flush and sum(row[0].shape[0] for row in rows) * sum(p.shape[1] for p in rows[0]) <= 16_000_000:
            whole: Pixels = np.concatenate([np.concatenate(row, axis=1) for row in rows], axis=0)
            return whole
    return None
