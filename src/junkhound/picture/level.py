"""Crooked pictures made level: lines of text are level where the ink, summed up row by row, changes most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from junkhound.picture.ink import inked
from junkhound.picture.opening import Pixels, grey, pillow

STRAIGHT = 0.6  # degrees below which nothing is turned
STEEPEST = 14


def straightened(colour: Pixels) -> Pixels:
    """The picture with its lines of text level; itself where they are, or where it has none."""
    angle = slope(colour)
    if abs(angle) < STRAIGHT:
        return colour
    module = pillow()
    ground = tuple(int(part) for part in np.median(colour[:4].reshape(-1, 3), axis=0))
    turned = module.fromarray(colour).rotate(-angle, resample=module.Resampling.BICUBIC, expand=False, fillcolor=ground)
    found: Pixels = np.asarray(turned)
    return found


def slope(colour: Pixels) -> float:
    """Degrees by which the lines of text rise: where the profile of ink over rows is sharpest."""
    ink = inked(grey(colour))
    step = max(1, max(ink.shape) // 400)
    rows, columns = np.nonzero(ink[::step, ::step] > 0.5)
    if len(rows) < 200:
        return 0.0
    best, level = 0.0, _sharpness(rows, columns, 0.0)
    top = level
    for angle in np.arange(-STEEPEST, STEEPEST + 0.5, 0.5):
        found = _sharpness(rows, columns, float(angle))
        if found > top:
            best, top = float(angle), found
    if top < 1.5 * level:
        return 0.0
    return max((best + fine for fine in (-0.25, 0.0, 0.25)), key=lambda angle: _sharpness(rows, columns, angle))


def _sharpness(rows: NDArray[np.int64], columns: NDArray[np.int64], angle: float) -> float:
    turned = (rows * np.cos(np.radians(angle)) + columns * np.sin(np.radians(angle))).astype(np.int64)
    profile = np.bincount(turned - turned.min()).astype(np.float64)
    return float((np.diff(profile) ** 2).sum() / max(1.0, profile.sum()))
