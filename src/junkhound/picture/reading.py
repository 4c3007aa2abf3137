"""The text of a group of near-copies: a stack of them and some single copies read, and what most of them agree on.

One reading costs as much as thousands of messages, so a group is read once, and again only when so many more copies
have come that the stack gets better.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from junkhound.picture.ocr import Engine, Text, read
from junkhound.picture.opening import Pixels
from junkhound.picture.stack import MOST, stacked

AGAIN = (1, 5, 9)
"""Copies from which on a group is read: once with the first, and anew when a stack of five or of nine can be made."""
SINGLES = 2  # copies read by themselves beside the stack
FINE = 0.93  # mean confidence of a stack beside which no single copy is read
BUDGET_S = 12.0  # CPU seconds of one group


class Reading(msgspec.Struct, frozen=True):
    """What a group says; ``texts`` are other readings, for a vote on a word; ``copies`` were laid together."""

    text: str
    sure: float
    copies: int
    texts: tuple[str, ...] = ()
    cpu_s: float = 0.0


def due(copies: int, read_with: int) -> bool:
    """Whether a group of so many copies is to be read, having been read with ``read_with`` of them (0: never)."""
    return any(read_with < step <= copies for step in AGAIN)


def read_group(copies: Sequence[Pixels], engine: Engine, budget_s: float = BUDGET_S) -> Reading:
    """Read a group from its copies, at least one; within the budget, but for the engine call that it ends in."""
    start = time.process_time()
    found: list[Text] = []
    laid = 1
    if len(copies) >= 3:
        picture, laid = stacked(copies[:MOST])
        found.append(read(picture, engine))
    alone = len(copies) >= 3 and laid == 1  # no two lie on each other: several readings are all there is to vote on
    for copy in copies[: SINGLES + (laid == 1)]:
        if found and ((found[0].sure >= FINE and not alone) or time.process_time() - start > budget_s):
            break
        found.append(read(copy, engine))
    best = max(found, key=lambda text: (text.sure - 0.5) * min(len(text.text), 400))
    others = tuple(text.text for text in found if text is not best and text.text)
    return Reading(best.text, best.sure, laid, others, time.process_time() - start)
