"""The Received fields of a message as hops, each read when somebody looks at it."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, overload

from junkhound.kernel.compiled import steps
from junkhound.trace.dialects import LINE_LIMIT, read_at
from junkhound.trace.hop import Hop

if TYPE_CHECKING:
    from junkhound.evidence.message import Field, Message

MAX_FIELDS = 1001  # of a header, as ``evidence.message`` has it
READ_LIMIT = 200  # hops that are ever read; the rest are counted
READ_BYTES = 65_536  # of their lines together: a path of thirty honest servers has a tenth of it
_FREE = READ_BYTES // LINE_LIMIT  # so many lines are always within it

_ORIGINATOR = frozenset((b"from", b"to", b"subject", b"date"))


class Hops(Sequence[Hop]):
    """The hops of one message, top first; a line is read when it is asked for and then kept.

    So the walk reads the lines near the boundary, and fifty forged lines below it cost nothing but counting.
    """

    __slots__ = ("_fields", "_hops", "_originator", "_places", "_raw", "_readable", "names")

    def __init__(self, message: Message, places: list[tuple[int, int]], originator: int) -> None:
        self._raw = message.raw
        self._fields = message.fields
        self.names = message.index
        """Names of all fields of the header, lower case."""
        self._places = places
        self._originator = originator
        self._hops: list[Hop | None] = [None] * len(places)
        self._readable = min(len(places), _FREE)

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Hop: ...
    @overload
    def __getitem__(self, index: slice) -> list[Hop]: ...
    def __getitem__(self, index: int | slice) -> Hop | list[Hop]:
        found = self._hops[index]
        if found is None:
            return self._read(index if index >= 0 else index + len(self._places))  # type: ignore[operator, arg-type]
        if isinstance(found, list):
            return [self[n] for n in range(*index.indices(len(self)))]  # type: ignore[union-attr]
        return found

    def __iter__(self) -> Iterator[Hop]:
        for index, hop in enumerate(self._hops):
            yield self._read(index) if hop is None else hop

    def _read(self, index: int) -> Hop:
        start, end = self._places[index]
        below = start > self._originator
        if index < self._readable or index < self._within():
            hop = read_at(self._raw, start, end, index, below)
        else:
            hop = Hop(index=index, below_originator=below)
        self._hops[index] = hop
        return hop

    def _within(self) -> int:
        """How many lines from the top are read: what a line costs grows with its length, and a sender may type 4 kB."""
        if self._readable == _FREE:
            total = 0
            for place, (start, end) in enumerate(self._places[:READ_LIMIT]):
                if total >= READ_BYTES:
                    break
                total += min(end - start, LINE_LIMIT)
                self._readable = place + 1
        return self._readable

    def line(self, index: int) -> str:
        """The field's value as it stands, folds and all, for showing."""
        start, end = self._places[index]
        return self._raw[start : min(end, start + LINE_LIMIT)].decode("latin-1").strip()

    def stated(self, name: bytes, most: int = MAX_FIELDS) -> list[tuple[int, bytes]]:
        """(how many Received lines stand above it, value) of the first fields of that name, topmost first."""
        place = self.names.get(name)
        if place is None:
            return []
        raw, fields, found = self._raw, self._fields, []
        above = bisect(self._places, (fields[place][1],))
        for known, _, value, end in islice(fields, place, None):
            if known == name:
                found.append((above, raw[value : min(end, value + LINE_LIMIT)].strip()))
                if len(found) >= most:
                    break
            elif known == b"received":
                above += 1
        return found

    @property
    def octets(self) -> bytes:
        """The whole mail as it came: what seals and signatures are over."""
        return self._raw


def read(message: Message) -> Hops:
    """The hops of a message, in the order of its Received fields, top first. Never raises."""
    found, originator = places(message.fields, len(message.raw))
    return Hops(message, found, originator)


def places_plainly(fields: Sequence[Field], size: int) -> tuple[list[tuple[int, int]], int]:
    """Where the Received values stand, and where the topmost originator field begins (``size``: there is none)."""
    found, originator = [], size
    for name, at, start, end in fields:
        if name == b"received":
            found.append((start, end))
        elif name in _ORIGINATOR and at < originator:
            originator = at  # RFC 5321 section 4.4: trace fields stand above what the author wrote
    return found, originator


places: Callable[[Sequence[Field], int], tuple[list[tuple[int, int]], int]] = (
    places_plainly if steps is None else steps.received
)
