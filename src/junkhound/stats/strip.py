"""A source's life as one line of text: a block per day, week, month or quarter, a dot where it was silent."""

from __future__ import annotations

import msgspec
import numpy as np

from junkhound.stats.calendar import Numbers, units_of

BLOCKS = "▁▂▃▄▅▆▇█"
SILENT = "·"
_MOST_YEARS = 1 << 14
_STEPS = (("day", 1), ("week", 1), ("week", 2), ("month", 1), ("month", 3), ("year", 1))


class Strip(msgspec.Struct, frozen=True):
    """The line, what one character of it stands for, and the most sightings in one."""

    text: str
    each: str
    most: int


def strip(days: Numbers, counts: Numbers, since: int, until: int, width: int = 40) -> Strip:
    """Draw ``since`` to ``until`` in at most ``width`` characters; equal spans give equal columns.

    Heights are logarithmic, since sources differ by powers of ten: each block is double the one before, or
    more where the busiest needs it.
    """
    since, until = min(since, until), max(since, until)
    unit, step = _step(since, until, max(1, width))
    low, high = (int(value) // step for value in units_of(np.array([since, until]), unit))
    place = units_of(days, unit) // step - low
    inside = (place >= 0) & (place <= high - low)
    sums = np.zeros(high - low + 1, np.int64)
    np.add.at(sums, place[inside], np.asarray(counts, np.int64)[inside])
    most = int(sums.max())
    scale = max(np.log2(most + 1), len(BLOCKS)) if most else 1.0
    level = np.ceil(np.log2(sums + 1) / scale * len(BLOCKS)).astype(int)
    text = "".join(BLOCKS[min(height, len(BLOCKS)) - 1] if height > 0 else SILENT for height in level)
    return Strip(text, unit if step == 1 else "quarter" if unit == "month" else f"{step} {unit}s", most)


def _step(since: int, until: int, width: int) -> tuple[str, int]:
    """The shortest span for a character with which the whole fits."""

    def fits(unit: str, step: int) -> bool:
        low, high = (int(value) // step for value in units_of(np.array([since, until]), unit))
        return high - low + 1 <= width

    for unit, step in _STEPS:
        if fits(unit, step):
            return unit, step
    step = 2
    while not fits("year", step) and step < _MOST_YEARS:
        step *= 2
    return "year", step
