"""Counts over years: by country, network, kind and time, year against year, and the whole at a glance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from junkhound import stats
from junkhound.kernel.errors import UsageError
from junkhound.ledger.queries_stats import ALL_KINDS, Announced, Sums
from junkhound.ledger.rows import NetworkCount
from junkhound.stats import Year
from junkhound.tables import Kind, country_code
from junkhound.verbs import data
from junkhound.verbs.choice import Choice, choose
from junkhound.verbs.office import Office

GROUPS = ("country", "asn", "network", "block", "kind", "day", "month", "year")
_SERIES = ("day", "month", "year")


class Line(msgspec.Struct, frozen=True):
    """One group: what, its name where it has one, how many sightings, their share of the base, how many sources."""

    what: str
    name: str
    messages: int
    share: float
    sources: int


class Counts(msgspec.Struct, frozen=True):
    """Counts and their base: all sightings of these kinds in the period. ``groups`` are all there are."""

    by: str
    kinds: str
    country: str
    asn: int | None
    since: str
    until: str
    base: int
    base_sources: int
    groups: int
    lines: tuple[Line, ...]


class Comparison(msgspec.Struct, frozen=True):
    """Years compared. Each ``Year`` has its own count, base and period; ``of`` says what was counted."""

    of: str
    kinds: str
    since: str
    until: str
    years: tuple[dict[str, Any], ...]
    twelve_months: dict[str, Any] | None


class Overview(msgspec.Struct, frozen=True):
    """Everything at a glance. ``rows`` are all stored, of which ``undated`` and ``repeats`` count nowhere else."""

    since: str
    until: str
    rows: int
    messages: int
    traced: int
    repeats: int
    undated: int
    sources: int
    kinds: tuple[Line, ...]
    countries: tuple[Line, ...]
    networks: tuple[Line, ...]
    life: str
    life_each: str
    tables: tuple[int, int]  # objects, bytes


def _sums(office: Office) -> Sums:
    return Sums(office.ledger.engine, office.ledger.snapshot())


# --- by one thing --------------------------------------------------------------------------------------------


def by(office: Office, what: str, *, limit: int = 20, **asked: Any) -> Counts:
    """Sightings and sources by one of ``GROUPS``; times in order, all else by count. ``asked`` as in ``choose``.

    Errors: UsageError.
    """
    if what not in GROUPS:
        raise UsageError(f"cannot count by {what!r}", f"known: {', '.join(GROUPS)}")
    sums = _sums(office)
    if what == "kind" and not asked.get("kinds"):
        asked["kinds"] = ("all",)
    choice = choose(office, sums, **asked)
    if choice is None:
        return Counts(what, "", "", None, "", "", 0, 0, 0, ())
    base = _span(sums, choice, narrow=what in _SERIES)
    lines = _lines(office, sums, what, choice, base[2], limit)
    shown = lines[-limit:] if what in _SERIES else lines[:limit]
    return Counts(
        by=what,
        kinds=choice.kind_words,
        country=country_code(choice.country) if choice.country else "",
        asn=choice.asn,
        since=stats.day_words(choice.since),
        until=stats.day_words(choice.until),
        base=base[2],
        base_sources=base[3],
        groups=len(lines),
        lines=tuple(shown),
    )


def _span(sums: Sums, choice: Choice, narrow: bool) -> tuple[int, int, int, int]:
    """(first day, last day, messages, sources), of the network and country chosen where ``narrow``."""
    only = (choice.country, choice.asn) if narrow else (None, None)
    return sums.span(choice.since, choice.until + 1, choice.kinds, *only) or (0, 0, 0, 0)


def _lines(office: Office, sums: Sums, what: str, choice: Choice, base: int, limit: int) -> list[Line]:
    end = choice.until + 1
    if what in ("network", "block"):
        return _network_lines(office, sums, what, choice, base, limit)
    counts = sums.counts(what, choice.country, choice.asn, choice.since, end, choice.kinds)
    if what in _SERIES:
        return [Line(_unit(what, c.key), "", c.messages, _part(c.messages, base), c.sources) for c in counts]
    naming = _naming(office, what)
    lines = []
    for count in counts:
        key, name = naming(count.key)
        lines.append(Line(key, name, count.messages, _part(count.messages, base), count.sources))
    return sorted(lines, key=lambda line: -line.messages)


def _network_lines(office: Office, sums: Sums, what: str, choice: Choice, base: int, limit: int) -> list[Line]:
    end = choice.until + 1
    found: Sequence[Announced | NetworkCount]
    if what == "network":
        found = sums.announced(limit, choice.since, end, choice.kinds, choice.country, choice.asn)
    elif choice.country is None and choice.asn is None:
        found = sums.networks(limit=limit, since=choice.since, until=end, kinds=choice.kinds)
    else:
        raise UsageError("blocks cannot be chosen by country or ASN", "use: stats by network")
    organisation = data.organisations(office)
    return [
        Line(str(n.network), _named(n.asn, organisation(n.asn)), n.messages, _part(n.messages, base), n.sources)
        for n in found
    ]


def _naming(office: Office, what: str) -> Callable[[int], tuple[str, str]]:
    """What a stored key is called: (what, name)."""
    if what == "country":
        return lambda key: (country_code(key) if key else "unknown", "")
    if what == "kind":
        return lambda key: (Kind(key).name.lower(), "")
    organisation = data.organisations(office)
    return lambda key: (f"AS{key}", organisation(key)) if key else ("unknown", "")


def _named(asn: int, name: str) -> str:
    return f"AS{asn} {name}".rstrip() if asn else ""


def _unit(what: str, key: int) -> str:
    if what == "day":
        return stats.day_words(key)
    return f"{key // 100:04}-{key % 100:02}" if what == "month" else f"{key:04}"


def _part(count: int, base: int) -> float:
    return count / base if base else 0.0


# --- year on year --------------------------------------------------------------------------------------------


def year_on_year(
    office: Office, country: str | None = None, asn: str | None = None, kinds: Sequence[str] = ()
) -> Comparison:
    """Every year against the one before, and the last twelve months; only parts that were watched in both.

    The base of each year is all sightings of these kinds, from any network: a rise of both is the trap's.
    Errors: UsageError.
    """
    sums = _sums(office)
    choice = choose(office, sums, country=country, asn=asn, kinds=kinds)
    if choice is None:
        return Comparison("", "", "", "", (), None)
    end = choice.until + 1
    days = {c.key: [0, c.messages] for c in sums.counts("day", None, None, choice.since, end, choice.kinds)}
    for count in sums.counts("day", choice.country, choice.asn, choice.since, end, choice.kinds):
        days[count.key][0] = count.messages
    series = list(days), [own for own, _ in days.values()], [base for _, base in days.values()]
    years = stats.year_on_year(*series, choice.since, choice.until)
    rolling = stats.twelve_months(*series, choice.since, choice.until)
    places = [country.upper()] if country else []
    places += [f"AS{choice.asn}"] if choice.asn is not None else []
    return Comparison(
        of=" in ".join(reversed(places)),
        kinds=choice.kind_words,
        since=stats.day_words(choice.since),
        until=stats.day_words(choice.until),
        years=tuple(_year(year) for year in years),
        twelve_months=_year(rolling) if rolling.against else None,
    )


def _year(year: Year) -> dict[str, Any]:
    words = stats.day_words
    out: dict[str, Any] = msgspec.structs.asdict(year)
    for name in ("since", "until"):
        out[name] = words(out[name])
    for name in ("compared", "against"):
        out[name] = None if out[name] is None else tuple(words(day) for day in out[name])
    return out


# --- all at once ---------------------------------------------------------------------------------------------


def overview(office: Office, width: int = 60) -> Overview:
    """What the ledger holds, in one screen."""
    sums = _sums(office)
    totals = sums.totals()
    choice = choose(office, sums, kinds=("all",))
    snapshot = sums.snapshot
    size = (len(snapshot.objects), snapshot.size())
    if choice is None:
        undated = totals.messages
        return Overview(
            "", "", totals.rows, 0, totals.traced, totals.repeats, undated, 0, (), (), (), "", "", size
        )  # fmt: skip
    base = _span(sums, choice, narrow=False)
    series = sums.counts("day", None, None, choice.since, choice.until + 1, ALL_KINDS)
    life = stats.strip([c.key for c in series], [c.messages for c in series], choice.since, choice.until, width)
    lines = {what: _lines(office, sums, what, choice, base[2], 5)[:5] for what in ("kind", "country", "asn")}
    return Overview(
        since=stats.day_words(choice.since),
        until=stats.day_words(choice.until),
        rows=totals.rows,
        messages=base[2],
        traced=totals.traced,
        repeats=totals.repeats,
        undated=totals.messages - base[2],
        sources=base[3],
        kinds=tuple(lines["kind"]),
        countries=tuple(lines["country"]),
        networks=tuple(lines["asn"]),
        life=life.text,
        life_each=life.each,
        tables=size,
    )
