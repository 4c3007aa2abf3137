"""Lines that were read before, but for their id and their date: what a mailbox's own relays write with every mail.

On mail of 2002, fetched by POP through two relays, every second line that is read was met before in this sense, and
costs a third. The answer is the one that ``read_line`` gives; where that is not certain, ``read_line`` is asked.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import astuple

from junkhound.trace.dates import DAYS, SECONDS, clock_of
from junkhound.trace.dialects import read_line
from junkhound.trace.dialects.grammar import pattern
from junkhound.trace.hop import Hop
from junkhound.trace.memo import Memo

KEPT = 4096  # lines; then all are forgotten

_END = pattern(r"\s*+(?:\((?!envelope-from)[^()\[\];]*+\)\s*+)*+\Z")
_ENDS: Memo[str, bool] = Memo(lambda words: _END.match(words) is not None, 512)
_FIELDS = Hop.__struct_fields__
_ID, _AT, _INDEX, _BELOW = (_FIELDS.index(name) for name in ("id", "at", "index", "below_originator"))
_known: dict[tuple[str, str], tuple[tuple[Any, ...], ...]] = {}


def read_again(value: str, index: int, below: bool) -> Hop:
    """What ``read_line`` says of the line, from memory where a line like it was read before."""
    front, _, date = value.rpartition(";")
    front, mark, back = front.partition(" id ")
    queued, rest = None, ""
    if mark:
        words = back.split(None, 1)
        if not words or not words[0].isalnum():
            return read_line(value, index, below)
        queued = words[0]
        rest = back[len(queued) :]
    at = _instant(date)
    if at is None:
        return read_line(value, index, below)
    kept = _known.get((front, rest))
    if kept is not None:
        first, second, third, fourth = kept
        return Hop(*first, queued, *second, at, *third, index, below, *fourth)  # type: ignore[call-arg]
    hop = read_line(value, index, below)
    if hop.id == queued and hop.at == at and hop.dialect != "scan":
        if len(_known) >= KEPT:
            _known.clear()
        values = astuple(hop)
        _known[front, rest] = (
            values[:_ID], values[_ID + 1 : _AT], values[_AT + 1 : _INDEX], values[_BELOW + 1 :],
        )  # fmt: skip
    return hop


def forget() -> None:
    """Forget all lines, as a measurement does before each pass over the same mail."""
    _known.clear()


def _instant(date: str) -> int | None:
    """The instant of a date in the usual form with nothing but comments behind it; None for any other."""
    colon = 20 if date[20:21] == ":" else 19
    clock = clock_of(date[colon - 2 : colon + 3])
    if clock is None or date[:1] != " " or not _ENDS[date[colon + 12 :]]:
        return None
    day, rest = DAYS[date[1 : colon - 2]], SECONDS[date[colon + 3 : colon + 12]]
    return None if day is None or rest is None else day + clock + rest
