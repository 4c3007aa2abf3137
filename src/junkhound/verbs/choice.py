"""Which sightings a question is about: country, network, period and kinds, as people write them."""

from __future__ import annotations

import calendar as months
import re
from collections.abc import Sequence

import msgspec

from junkhound.kernel import clock
from junkhound.kernel.clock import DAY
from junkhound.kernel.errors import UsageError
from junkhound.ledger.queries import SCORED
from junkhound.ledger.queries_stats import Sums
from junkhound.stats import day_of
from junkhound.tables import Kind, country_number
from junkhound.verbs.office import Office

_PART = re.compile(r"(\d{4})(?:-(\d\d))?\Z")


class Choice(msgspec.Struct, frozen=True):
    """Numbers as stored; days since 1970, both included; ``watched`` are the days of any sighting at all."""

    kinds: tuple[int, ...]
    country: int | None
    asn: int | None
    since: int
    until: int
    watched: tuple[int, int]

    @property
    def kind_words(self) -> str:
        """``junk``, or what else was asked for; ``abusive`` for those that speak against an address."""
        if set(self.kinds) == set(map(int, Kind)):
            return "all"
        if set(self.kinds) == set(map(int, SCORED)):
            return "abusive"
        return " and ".join(Kind(kind).name.lower().replace("_", " ") for kind in self.kinds)


def choose(
    office: Office,
    sums: Sums,
    *,
    country: str | None = None,
    asn: str | None = None,
    since: str | None = None,
    until: str | None = None,
    kinds: Sequence[str] = (),
) -> Choice | None:
    """The choice, its period cut to what was watched by the office's moment; None where nothing was.

    A period may be a year, a month, a day or an age; ``until`` is included. Errors: UsageError.
    """
    today = office.now // DAY
    first = None if since is None else _day(since, office.now, end=False)
    last = None if until is None else _day(until, office.now, end=True)
    if first is not None and last is not None and first > last:
        raise UsageError(f"the period ends before it starts: {since!r} to {until!r}")
    chosen = kinds_of(kinds), _country(country), _asn(asn)
    watched = sums.span(until=today + 1)
    if watched is None:
        return None
    low, high = watched[0], watched[1]
    first, last = max(low, low if first is None else first), min(high, high if last is None else last)
    return Choice(*chosen, first, last, (low, high)) if first <= last else None


def kinds_of(words: Sequence[str]) -> tuple[int, ...]:
    """Kinds by name; none means those that speak against an address, ``all`` every one. Errors: UsageError."""
    if not words:
        return tuple(int(kind) for kind in SCORED)
    if "all" in words:
        return tuple(int(kind) for kind in Kind)
    try:
        return tuple(sorted({int(Kind[word.upper().replace("-", "_")]) for word in words}))
    except KeyError as error:
        known = ", ".join(kind.name.lower() for kind in Kind)
        raise UsageError(f"no kind {error.args[0].lower()!r}", f"known: {known}, all") from None


def _country(words: str | None) -> int | None:
    if words is None:
        return None
    number = country_number(words)
    if not number and words != "--":
        raise UsageError(f"not a country: {words!r}", "write its two letters, such as GB; -- for unknown")
    return number


def _asn(words: str | None) -> int | None:
    if words is None:
        return None
    digits = words.upper().removeprefix("AS")
    if not (digits.isascii() and digits.isdigit() and int(digits) < 1 << 32):
        raise UsageError(f"not an ASN: {words!r}", "write 64496 or AS64496")
    return int(digits)


def _day(words: str, now: int, end: bool) -> int:
    """A day; of a year or month its first, or with ``end`` its last."""
    if part := _PART.match(words.strip()):
        year, month = int(part[1]), int(part[2]) if part[2] else (12 if end else 1)
        if year and 1 <= month <= 12:
            return day_of(year, month, months.monthrange(year, month)[1] if end else 1)
    return clock.parse(words, now) // DAY
