"""What is grouped: distinct texts, each with its sketch, and the things they share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from junkhound.campaign.forest import U32, U64, Flags, Ints
from junkhound.campaign.sketches import WIDTH

LEAST_WORDS = 6
"""A text of fewer words ("see the file") says too little: such mail is grouped by what it carries."""


@dataclass(frozen=True)
class Units:
    """Distinct texts, or things carried by mail without text, as columns.

    ``number`` is the template's or, of mail that says nothing, the key it carries. ``group`` is the campaign that a
    unit was in before, 0 for none. ``sketch`` has one row a unit; where ``words`` are few it is not looked at.
    ``first`` and ``last`` are when it was seen (microseconds, 0 where nobody knows); empty where nobody asked.
    """

    number: U64
    sketch: U32
    words: Ints
    mails: Ints
    group: Ints
    first: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    last: Ints = field(default_factory=lambda: np.empty(0, np.int64))

    def __len__(self) -> int:
        return len(self.number)

    def anew(self, count: int) -> Units:
        """The same, the first ``count`` of them as if they had been in no campaign before."""
        group = self.group.copy()
        group[:count] = 0
        return replace(self, group=group)

    @property
    def telling(self) -> Flags:
        """Which units have text enough to be compared."""
        return self.words >= LEAST_WORDS


def nothing() -> Units:
    """No units."""
    none = np.empty(0, np.int64)
    return Units(np.empty(0, np.uint64), np.empty((0, WIDTH), np.uint32), none, none, none)


MANNER = -1
"""Beside the kinds of keys: how the program spoke that brought it (``sessions.dialect``); no thing of the mail."""


@dataclass(frozen=True)
class Keys:
    """Which unit has which key: row of ``Units``, ``tables.KeyKind`` or ``MANNER``, key, in how many of its mails."""

    row: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    kind: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    key: U64 = field(default_factory=lambda: np.empty(0, np.uint64))
    mails: Ints = field(default_factory=lambda: np.empty(0, np.int64))

    def __len__(self) -> int:
        return len(self.row)

    def only(self, which: NDArray[np.bool_]) -> Keys:
        """Those rows alone."""
        return Keys(self.row[which], self.kind[which], self.key[which], self.mails[which])
