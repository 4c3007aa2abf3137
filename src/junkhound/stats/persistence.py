"""How long and how steadily a source sends: days active, runs, and the occasional hiatus."""

from __future__ import annotations

import msgspec
import numpy as np

from junkhound.stats.calendar import Numbers, day_words, units_of

HIATUS_DAYS = 30
"""Days without a sighting from which on a pause is called a hiatus."""
_WEEK = 7


class Persistence(msgspec.Struct, frozen=True):
    """What the days say; days count from 1970, ``of_...`` from the first to the last sighting."""

    first_on: int
    last_on: int
    active_days: int
    of_days: int
    active_weeks: int
    of_weeks: int
    longest_run: int  # days in a row
    longest_gap: int  # days without a sighting between two with one
    hiatuses: int  # gaps of HIATUS_DAYS and more
    hiatus_days: int
    messages: int

    @property
    def steadiness(self) -> float:
        """Share of days with a sighting between the first and the last."""
        return self.active_days / self.of_days


def persistence(days: Numbers, counts: Numbers | None = None) -> Persistence | None:
    """The persistence of a source seen on these days (any order, repeats allowed); None if it never was."""
    days = np.asarray(days, np.int64)
    messages = len(days) if counts is None else int(np.sum(counts))
    days = np.unique(days)
    if not len(days):
        return None
    steps = np.diff(days)
    gaps = steps[steps > HIATUS_DAYS] - 1
    breaks = np.flatnonzero(steps > 1)
    edges = np.concatenate(([-1], breaks, [len(days) - 1]))
    weeks = np.unique(units_of(days, "week"))
    return Persistence(
        first_on=int(days[0]),
        last_on=int(days[-1]),
        active_days=len(days),
        of_days=int(days[-1] - days[0]) + 1,
        active_weeks=len(weeks),
        of_weeks=int(weeks[-1] - weeks[0]) + 1,
        longest_run=int(np.diff(edges).max()),
        longest_gap=int(steps.max()) - 1 if len(steps) else 0,
        hiatuses=len(gaps),
        hiatus_days=int(gaps.sum()),
        messages=messages,
    )


def hiatuses(days: Numbers, at_least: int = HIATUS_DAYS) -> list[tuple[int, int]]:
    """(first, last) silent day of every gap of ``at_least`` days, oldest first."""
    days = np.unique(np.asarray(days, np.int64))
    steps = np.diff(days)
    return [(int(days[i]) + 1, int(days[i + 1]) - 1) for i in np.flatnonzero(steps > at_least)]


def sentence(found: Persistence, until: int) -> str:
    """The same in words a newspaper could print; ``until`` is the last day anyone looked.

    A source silent for a hiatus before ``until`` is spoken of in the past.
    """
    silent = until - found.last_on
    still = silent <= HIATUS_DAYS
    since, last = day_words(found.first_on), day_words(found.last_on)
    if found.of_days <= _WEEK:
        when = f"on {since}" if found.of_days == 1 else f"from {since} to {last}"
        return f"sent {when} only"
    if found.of_days > 366:
        since, last = (since[:4], last[:4]) if since[:4] != last[:4] else (since[:7], last[:7])
    span = f"sending since {since}" if still else f"sent from {since} to {last}"
    return f"{span}{_steadiness(found)}"


def _steadiness(found: Persistence) -> str:
    longest = f"the longest {found.longest_gap} days"
    if found.longest_gap <= _WEEK:
        return ", never a week of silence"
    if not found.hiatuses:
        return ", without a hiatus"
    if found.hiatus_days > found.of_days / 2:
        return f", on and off: {found.hiatuses} {_times(found.hiatuses)}, {longest}"
    if found.hiatuses == 1:
        return f", bar one hiatus of {found.longest_gap} days"
    return f", bar the occasional hiatus: {found.hiatuses}, {longest}"


def _times(count: int) -> str:
    return "hiatus" if count == 1 else "hiatuses"
