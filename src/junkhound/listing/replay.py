"""What a list would have held through past days under some rules: the same decisions, step by step, kept in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from junkhound.kernel.clock import HOUR
from junkhound.kernel.net import Network
from junkhound.listing.areas import Subject, range_decisions, replaced
from junkhound.listing.decide import Decision, Outcome, decide
from junkhound.listing.policy import WINDOW_HOURS, Policy
from junkhound.listing.ranges import SNOWSHOE_HOURS
from junkhound.listing.rows import Rows
from junkhound.listing.senders import Neighbours, senders
from junkhound.listing.sieve import Groups


class Held(NamedTuple):
    """One stretch on the list: from when, until when, as what."""

    start: int
    end: int
    listing_class: str
    exclusions: tuple[Network, ...] = ()


class _Standing(msgspec.Struct):
    start: int
    expires: int
    listing_class: str
    exclusions: tuple[Network, ...]


class Book:
    """A list in memory: applies decisions as the state database does, and remembers every stretch."""

    def __init__(self, ranges: bool = False) -> None:
        self.standing: dict[Subject, _Standing] = {}
        self.past: dict[Subject, tuple[int, int]] = {}  # relistings, hour of the last end
        self.spans: dict[Subject, list[Held]] = defaultdict(list)
        self._ranges = ranges

    def apply(self, made: Iterable[Decision], at: int) -> None:
        """Bring the list to these decisions."""
        self.expire(at)
        listed = {one.subject: one for one in made if one.listed}
        for one in made:
            if one.outcome is Outcome.CLEAR and one.subject in self.standing:
                self._end(one.subject, at, expired=False)
        if self._ranges:
            for subject in replaced(self.standing, listed):
                self._end(subject, at, expired=False)
        for subject, one in listed.items():
            assert one.expires_at is not None
            held = self.standing.get(subject)
            if held is not None and held.exclusions != one.exclusions:
                self._end(subject, at, expired=False)
                held = None
            if held is None:
                self.standing[subject] = _Standing(at, one.expires_at, one.listing_class, one.exclusions)
            else:
                held.expires = max(held.expires, one.expires_at)

    def expire(self, at: int) -> None:
        """End what has run out, each at its own moment."""
        for subject, held in [(s, h) for s, h in self.standing.items() if h.expires <= at]:
            self._end(subject, held.expires, expired=True)

    def close(self, at: int) -> None:
        """End the view at ``at``: what stands keeps its own end."""
        self.expire(at)
        for subject, held in self.standing.items():
            self.spans[subject].append(Held(held.start, held.expires, held.listing_class, held.exclusions))

    def _end(self, subject: Subject, at: int, expired: bool) -> None:
        held = self.standing.pop(subject)
        self.spans[subject].append(Held(held.start, at, held.listing_class, held.exclusions))
        if expired:
            self.past[subject] = (self.past.get(subject, (0, 0))[0] + 1, at // HOUR)


def replay(
    rows: Rows, policy: Policy, start: int, end: int, step_hours: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None, full_hours: int = 0,
) -> Book:  # fmt: skip
    """The list as it would have been decided from these rows at every step from ``start`` to ``end``.

    With ``full_hours`` only subjects with new rows are decided between steps so far apart, as the service does.
    """
    book = Book(policy.of_ranges)
    steps = range(start + step_hours * HOUR, end + step_hours * HOUR, step_hours * HOUR)
    neighbours: Neighbours | None = None
    for number, at in enumerate(steps):
        progress(number, len(steps))
        book.expire(at)  # what ran out counts as an earlier listing of those that come back
        full = number % max(full_hours // step_hours, 1) == 0 or neighbours is None
        if policy.of_ranges:
            book.apply(_ranges(rows, policy, book, at), at)
            continue
        if full:
            hour = at // HOUR
            neighbours = Neighbours(senders(rows, hour - WINDOW_HOURS, hour))
        book.apply(_addresses(rows, policy, book, at, neighbours, None if full else step_hours), at)
    book.close(end)
    return book


def _ranges(rows: Rows, policy: Policy, book: Book, at: int) -> list[Decision]:
    hour = at // HOUR
    every, recent = (senders(rows, hour - hours, hour) for hours in (WINDOW_HOURS, SNOWSHOE_HOURS))
    return range_decisions(policy, every, recent, at, {s: held.exclusions for s, held in book.standing.items()})


def _addresses(
    rows: Rows, policy: Policy, book: Book, at: int, neighbours: Neighbours | None, newer: int | None
) -> list[Decision]:
    groups = Groups(rows, policy, at, neighbours)
    chosen = {groups.subject(int(number)): int(number) for number in groups.candidates()}
    if newer is not None:
        fresh = set(groups.group[groups.rows.hour > at // HOUR - newer - 1].tolist())
        chosen = {subject: number for subject, number in chosen.items() if number in fresh}
    made = []
    for subject, number in chosen.items():
        relistings, ended = book.past.get(subject, (0, None))
        made.append(decide(groups.history(number, (), relistings, ended), policy, at))
    return made
