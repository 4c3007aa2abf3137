"""The touting days of one share, cut where it was quiet for long: each run is a campaign of its own."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class Day(msgspec.Struct, frozen=True, order=True):
    """One day (since 1970) on which a share was praised."""

    day: int
    mails: int


class Run(msgspec.Struct, frozen=True):
    """Touting days with no long silence between them."""

    first: int
    last: int
    mails: int
    days: tuple[Day, ...]


def runs(days: Iterable[Day], gap_days: int) -> list[Run]:
    """The runs of a share, the oldest first; a silence of more than ``gap_days`` ends one."""
    found: list[list[Day]] = []
    for day in sorted(days):
        if found and day.day - found[-1][-1].day <= gap_days:
            found[-1].append(day)
        else:
            found.append([day])
    return [Run(run[0].day, run[-1].day, sum(day.mails for day in run), tuple(run)) for run in found]
