"""Templates of live campaigns: which of thousands a text follows, asked in some microseconds.

A wording is a row of parts, each one phrase or several that take turns; a text follows it when all of them stand in it
in this order. Of each wording two words are noted that every copy has one behind the other, the longest that stand
whole in a phrase: only wordings whose words a text has are looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

Part = tuple[str, ...]
"""A phrase, with those that take turns with it."""


Run = tuple[str, ...]
"""Two words, one behind the other, or a single one."""


class Wording(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One wording of a campaign; ``id`` is a keyed hash of both, ``campaign`` an id of that table, ``day`` since 1970.

    Its phrases are text as ``content.canon`` makes it.
    """

    id: int
    campaign: int
    day: int
    parts: tuple[Part, ...]

    def matches(self, text: str) -> bool:
        """Whether all its parts stand in a text, one behind the other; linear."""
        at = 0
        for part in self.parts:
            ends = [place + len(one) for one in part if (place := text.find(one, at)) >= 0]
            if not ends:
                return False
            at = min(ends)
        return True


class Index:
    """Wordings by words of theirs."""

    def __init__(self, wordings: Iterable[Wording]) -> None:
        by_run: defaultdict[str, defaultdict[str, list[Wording]]] = defaultdict(lambda: defaultdict(list))
        self._always: list[Wording] = []
        for one in wordings:
            runs = _telling(one.parts)
            for first, *second in runs:
                by_run[first]["".join(second)].append(one)
            if not runs:
                self._always.append(one)
        self._by_run = {first: dict(seconds) for first, seconds in by_run.items()}

    def __bool__(self) -> bool:
        return bool(self._by_run or self._always)

    def find(self, text: str) -> Wording | None:
        """The wording that a text follows, of several the one met last."""
        words = text.split(" ")
        words.append("")
        known = self._by_run
        some = list(self._always)
        for first, second in [pair for pair in pairwise(words) if pair[0] in known]:
            seconds = known[first]
            some += seconds.get(second, ())
            some += seconds.get("", ())
        found = [one for one in {one.id: one for one in some}.values() if one.matches(text)]
        return max(found, key=lambda one: (one.day, one.id)) if found else None


def _telling(parts: Sequence[Part]) -> set[Run]:
    """Runs of words of which every copy has one: for one part, the best that stands whole in each of its phrases."""
    best: set[Run] = set()
    for part in parts:
        runs = {_best(phrase) for phrase in part}
        if () not in runs and (not best or _worth(runs) > _worth(best)):
            best = runs
    return best


def _best(phrase: str) -> Run:
    """Two words one behind the other, or one; what stands at the ends of a phrase may be a part of a word."""
    words = phrase.split(" ")[1:-1]
    return max([*pairwise(words), *zip(words)], key=_says, default=())


def _says(run: Run) -> tuple[int, int]:
    return len(run), sum(map(len, run))


def _worth(runs: set[Run]) -> tuple[tuple[int, int], int]:
    return min(map(_says, runs)), -len(runs)
