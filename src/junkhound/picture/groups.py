"""Near-copies: pictures that show one drawing, whatever dots, lines and colours each copy has of its own."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from junkhound.picture.looks import NEAR, Looks, apart

MEAN = NEAR + 0.18  # how far apart two groups may be on the whole when a picture is near to both
KEPT = 24  # members of one group that are compared with; more say nothing new


class Groups:
    """Groups of pictures as they come in; the order changes little, for groups that prove to be one are joined."""

    def __init__(self) -> None:
        self._members: dict[int, list[Looks]] = {}
        self._size: dict[int, int] = {}
        self._into: dict[int, int] = {}
        self._all: list[tuple[int, Looks]] = []
        self._next = 1

    def put(self, number: int, looks: Looks) -> None:
        """A picture whose group is known already."""
        self._next = max(self._next, number + 1)
        self._into.setdefault(number, number)
        self._size[number] = self._size.get(number, 0) + 1
        held = self._members.setdefault(number, [])
        if len(held) < KEPT:
            held.append(looks)
            self._all.append((number, looks))

    def add(self, looks: Looks) -> int:
        """The group of a new picture, made if there is none; ``joined`` tells which groups became one."""
        number = self._nearest(looks)
        if number == 0:
            number = self._next
        self.put(number, looks)
        return number

    def now(self, number: int) -> int:
        """The group that this one has become part of, itself if none."""
        while self._into.get(number, number) != number:
            number = self._into[number]
        return number

    def begin_after(self, number: int) -> None:
        """Numbers up to this one were given before."""
        self._next = max(self._next, number + 1)

    def joined_so_far(self) -> dict[int, int]:
        """Groups that have become part of others, with the one that stands."""
        return {gone: self.now(gone) for gone, into in self._into.items() if gone != into}

    def sizes(self) -> dict[int, int]:
        """Pictures of each group."""
        return dict(self._size)

    def _nearest(self, looks: Looks) -> int:
        if not self._all:
            return 0
        away = apart(looks, [other for _, other in self._all])
        near: dict[int, float] = {}
        for place in np.flatnonzero(away <= NEAR):
            number = self._all[place][0]
            near[number] = min(near.get(number, 0.0), float(away[place]))
        fitting = [number for number in near if self._fits(looks, number)]
        if not fitting:
            return 0
        best = min(fitting, key=lambda number: (near[number], number))
        for other in sorted(fitting):
            if other != best and other in self._members and self._alike(best, other):
                best = self._join(best, other)
        return best

    def _fits(self, looks: Looks, number: int) -> bool:
        """Near to half of the group on the whole, so that a chain of small steps leads nowhere."""
        away = np.sort(apart(looks, self._members[number]))
        return float(away[: (len(away) + 1) // 2].mean()) <= MEAN

    def _alike(self, one: int, other: int) -> bool:
        away = [float(apart(looks, self._members[other]).mean()) for looks in self._members[one][:8]]
        return sum(away) / len(away) <= MEAN

    def _join(self, one: int, other: int) -> int:
        """The older number stays."""
        kept, gone = min(one, other), max(one, other)
        self._into[gone] = kept
        self._size[kept] += self._size.pop(gone)
        self._members[kept] = (self._members[kept] + self._members.pop(gone))[:KEPT]
        self._all = [(kept if number == gone else number, looks) for number, looks in self._all]
        return kept


def grouped(pictures: Iterable[Looks]) -> list[int]:
    """The group of each picture, all known at once."""
    groups = Groups()
    numbers = [groups.add(looks) for looks in pictures]
    return [groups.now(number) for number in numbers]
