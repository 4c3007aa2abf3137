"""What the product knows of other mails when one arrives: the tests T11 and T12 as the ledger answers them.

The service looks at the junk of the last 35 days after each round of grouping, and judges what comes by what it found.
Here the same is found at fixed moments of the world's time, and a mail is judged by the last look before it: never by
mail that came later, never by more than the ledger keeps.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from accuracy import reading
from junkhound import content, trace
from junkhound.evidence.message import parse
from junkhound.kernel.clock import DAY, HOUR
from junkhound.verbs.comparing import DAYS
from junkhound.wire import jsonl

SHORT = 10 * DAY  # a world that is no longer is looked at each hour, another once a day


class Note(NamedTuple):
    """What the ledger keeps of one junk mail for this: its instant, its lines, its Message-ID and its text."""

    at: int
    lines: trace.Lines
    message: int
    text: int


class Remembered(NamedTuple):
    """What was known after each look."""

    moments: Sequence[int] = ()
    known: Sequence[trace.Seen] = ()

    def at(self, moment: int) -> trace.Seen:
        """What was known when a mail arrived."""
        place = bisect_right(self.moments, moment)
        return self.known[place - 1] if place else trace.NOTHING


def notes(
    folder: Path, part: Path, borders: Mapping[str, trace.Boundary], texts: bool = True
) -> Iterator[Note]:  # fmt: skip
    """What is kept of the junk of a trap; without ``texts`` nothing of what it says."""
    for seen, true in reading.part(folder, part):
        message = parse(seen.mail)
        facts = jsonl.facts_of(seen.facts, true.intake, 0, true.at) if seen.facts else None
        verdict = trace.judge(trace.read(message), borders[true.intake], facts, explain=False, remember=True)
        if verdict.address is not None and verdict.seen_at is not None:
            lines = verdict.lines or trace.Lines(verdict.address)
            mark = trace.message_number(message.first(b"message-id"))
            yield Note(verdict.seen_at, lines, mark, content.view(message).template if texts else 0)


def looks(found: Iterable[Note]) -> Remembered:
    """Look at regular moments at the notes of the days before."""
    held = sorted(found, key=lambda note: note.at)
    if not held:
        return Remembered()
    first, last = held[0].at, held[-1].at
    step = HOUR if last - first <= SHORT else DAY
    moments, known = [], []
    comparison, start, place = trace.Comparison(), 0, 0
    for moment in range(first + step, last + 1, step):
        begin = start
        while held[begin].at < moment - DAYS * DAY:
            begin += 1
        if begin != start:  # what is older is forgotten: count again
            comparison, start, place = trace.Comparison(), begin, begin
        while held[place].at < moment:
            comparison.add(held[place].lines, held[place].message, held[place].text, held[place].at)
            place += 1
        moments.append(moment)
        known.append(comparison.seen(place - start))
    return Remembered(moments, known)
