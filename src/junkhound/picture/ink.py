"""The ink of a picture: what stands out from its ground, whatever colours both have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from junkhound.picture.opening import Pixels

Floats = NDArray[np.float64]


def inked(brightness: Pixels) -> Floats:
    """How much every pixel stands out from its surroundings, 0 to 1; single dots are smoothed away first."""
    smooth = median3(brightness).astype(np.float64)
    ground = _ground(smooth)
    away = np.abs(smooth - ground)
    top = max(40.0, float(np.percentile(away, 98)))
    page: Floats = np.clip(away / top, 0.0, 1.0)
    page[page < 0.25] = 0.0
    return page


def _ground(page: Floats) -> Floats:
    """The ground on which it is written, by squares: the commonest brightness of each."""
    height, width = page.shape
    step = 64
    out = np.empty_like(page)
    for top in range(0, height, step):
        for left in range(0, width, step):
            piece = page[max(0, top - 16) : top + step + 16, max(0, left - 16) : left + step + 16]
            counts = np.bincount((piece.ravel() / 8).astype(np.int64), minlength=33)
            near = counts[:-1] + counts[1:]
            out[top : top + step, left : left + step] = 8.0 * (int(near.argmax()) + 1)
    return out


def median3(page: Pixels) -> Pixels:
    """The median of each pixel and its eight neighbours: takes single dots and thin lines away."""
    padded = np.pad(page, 1, mode="edge")
    rows = np.stack([padded[:-2], padded[1:-1], padded[2:]])
    rows.sort(axis=0)
    low, middle, high = rows
    # The median of nine is the middle of: greatest of the lowest, middle of the middles, least of the highest.
    lows = np.maximum(np.maximum(low[:, :-2], low[:, 1:-1]), low[:, 2:])
    highs = np.minimum(np.minimum(high[:, :-2], high[:, 1:-1]), high[:, 2:])
    a, b, c = middle[:, :-2], middle[:, 1:-1], middle[:, 2:]
    middles = np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))
    found: Pixels = np.maximum(np.minimum(lows, middles), np.minimum(np.maximum(lows, middles), highs))
    return found
