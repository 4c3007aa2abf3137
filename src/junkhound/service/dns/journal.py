"""What changed from one edition of a zone to the next, so that a copy is brought up to date by a few records (IXFR).

Kept in memory and bounded: whoever asks from before it, or after a change that was too large, gets the whole zone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from junkhound.service.dns import whole
from junkhound.service.dns.zone import Data, Face, Style

LARGEST_ROWS = 50_000
"""Changed IPv4 rows beyond which the whole zone is as cheap."""
LARGEST_OTHERS = 50_000
"""IPv6 networks and names together beyond which their changes are not looked for."""
LARGEST_BYTES = 16 << 20
"""Of all changes of one zone."""


class Change(NamedTuple):
    """From one serial to the next: the SOA and the records that went, the SOA and the records that came."""

    before: int
    after: int
    old_soa: bytes
    removed: Sequence[bytes]
    new_soa: bytes
    added: Sequence[bytes]

    @property
    def size(self) -> int:
        return sum(map(len, self.removed)) + sum(map(len, self.added))


class Journal:
    """The changes of one zone in one form."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._changes: deque[Change] = deque()
        self._last: Face | None = None

    def note(self, face: Face) -> None:
        """Take in what the zone says now; once for each edition, from one thread."""
        last, self._last = self._last, face
        if last is None:
            return
        change = difference(last, face, self._style)
        changes = deque(self._changes if change is not None else ())
        if change is not None:
            changes.append(change)
        while changes and sum(one.size for one in changes) > LARGEST_BYTES:
            changes.popleft()
        self._changes = changes  # replaced whole: the serving thread may be reading

    def since(self, serial: int, face: Face) -> list[Change] | None:
        """The changes that lead from this serial to what ``face`` says; None if they are not known."""
        found: list[Change] = []
        for change in self._changes:
            if found or change.before == serial:
                found.append(change)
            if found and change.after == face.serial:
                return found
        return None


def difference(old: Face, new: Face, style: Style) -> Change | None:
    """What changed, or None where the whole zone has to be told anew."""
    if old.serial >= new.serial or _differs(old, new):
        return None
    gone = _missing(old.data, new.data)
    come = _missing(new.data, old.data)
    if max(len(gone), len(come)) > LARGEST_ROWS:
        return None
    if any(face.data.count("v6") + face.data.count("name") > LARGEST_OTHERS for face in (old, new)):
        return None
    was, now = (dict.fromkeys(_others(face, style)) for face in (old, new))
    removed = [*whole.records(old, style, gone, rest=False), *(record for record in was if record not in now)]
    added = [*whole.records(new, style, come, rest=False), *(record for record in now if record not in was)]
    return Change(old.serial, new.serial, whole.soa(old), removed, whole.soa(new), added)


def _others(face: Face, style: Style) -> Iterator[bytes]:
    yield from whole.apex(face)
    yield from whole.others(face, style)


def _differs(old: Face, new: Face) -> bool:
    """Whether something changed that stands in every record."""
    a, b = old.data.head.edition, new.data.head.edition
    return (old.ttl, a.code, a.url, a.zone, a.of) != (new.ttl, b.code, b.url, b.zone, b.of)


def _missing(ours: Data, theirs: Data) -> list[int]:
    """Places of our IPv4 rows that are not the same in their file."""
    first, other = ours.column("v4.first"), theirs.column("v4.first")
    if not len(other):
        return list(range(min(len(first), LARGEST_ROWS + 1)))
    at = np.minimum(other.searchsorted(first), len(other) - 1)
    same: npt.NDArray[np.bool_] = other[at] == first
    same &= theirs.column("v4.bits")[at] == ours.column("v4.bits")
    for name in ("year", "serial", "since", "last_seen", "expires"):
        same &= theirs.column("v4.record")[name][at] == ours.column("v4.record")[name]
    for name, words, others in (
        ("class", ours.head.classes, theirs.head.classes),
        ("messages", ours.head.messages, theirs.head.messages),
    ):
        same &= theirs.column("v4.record")[name][at] == _moved(words, others)[ours.column("v4.record")[name]]
    own = ("", *ours.head.codes)  # 0 is the code of the whole list
    same &= _codes(theirs)[at] == _moved(own, ("", *theirs.head.codes))[_codes(ours)]
    return np.flatnonzero(~same).tolist()


def _moved(words: Sequence[Hashable], others: Sequence[Hashable]) -> npt.NDArray[np.int64]:
    """By place in our words, the place in theirs; -1 for none. Test entries say 0 in both."""
    places: dict[Hashable, int] = {word: place for place, word in enumerate(others)}
    return np.array([places.get(word, -1) for word in words] or [0], np.int64)


def _codes(data: Data) -> Any:
    column = data.column("v4.codes")
    return column if len(column) else np.zeros(data.count("v4"), np.uint8)
