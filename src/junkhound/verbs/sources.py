"""The sources of junk, ranked: who sends most, who has sent longest, who sent last."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from junkhound import stats
from junkhound.kernel.net import Address, Network, network_of
from junkhound.ledger.queries_stats import Sums
from junkhound.ledger.rows import Source
from junkhound.tables import country_code
from junkhound.verbs import data
from junkhound.verbs.choice import Choice, choose
from junkhound.verbs.office import Office

_FEW = 200  # so many addresses are asked for one by one


class Ranked(msgspec.Struct, frozen=True):
    """One source in a ranking. Network and country are those of its last day; ``share`` is of ``Ranking.base``.

    ``days`` and ``weeks`` with a sighting are of so many from the first to the last; ``life`` draws the whole
    period of the ranking. ``listed`` names the lists it stands on at the moment asked for.
    """

    rank: int
    address: str
    messages: int
    share: float
    days: int
    of_days: int
    weeks: int
    of_weeks: int
    first_on: str
    last_on: str
    longest_run_days: int
    longest_gap_days: int
    hiatuses: int
    asn: int
    organisation: str
    network: str
    country: str
    words: str
    life: str
    listed: tuple[str, ...]


class Ranking(msgspec.Struct, frozen=True):
    """The ranking and its base: all sightings of these kinds in the period, from any network.

    ``messages`` and ``sources`` are those of the country and network asked for; ``life_each`` is what one
    character of ``Ranked.life`` stands for.
    """

    by: str
    kinds: str
    country: str
    asn: int | None
    since: str
    until: str
    base: int
    base_sources: int
    messages: int
    sources: int
    life_each: str
    rows: tuple[Ranked, ...]


def rank(
    office: Office,
    *,
    by: str = "volume",
    country: str | None = None,
    asn: str | None = None,
    since: str | None = None,
    until: str | None = None,
    kinds: Sequence[str] = (),
    limit: int = 20,
    width: int = 40,
) -> Ranking:
    """Sources in the order of ``stats.ORDERS[by]``; empty where nothing was seen. Errors: UsageError."""
    if by not in stats.ORDERS:
        stats.rank({}, by)
    sums = Sums(office.ledger.engine, office.ledger.snapshot())
    choice = choose(office, sums, country=country, asn=asn, since=since, until=until, kinds=kinds)
    if choice is None:
        return Ranking(by, "", country or "", None, "", "", 0, 0, 0, 0, "", ())
    end = choice.until + 1
    found = sums.top(by, limit, choice.country, choice.asn, choice.since, end, choice.kinds)
    base = sums.span(choice.since, end, choice.kinds) or (0, 0, 0, 0)
    own = base
    if choice.country is not None or choice.asn is not None:
        own = sums.span(choice.since, end, choice.kinds, choice.country, choice.asn) or (0, 0, 0, 0)
    return Ranking(
        by=by,
        kinds=choice.kind_words,
        country=country.upper() if country else "",
        asn=choice.asn,
        since=stats.day_words(choice.since),
        until=stats.day_words(choice.until),
        base=base[2],
        base_sources=base[3],
        messages=own[2],
        sources=own[3],
        life_each=stats.strip([], [], choice.since, choice.until, width).each,
        rows=tuple(_rows(office, sums, choice, found, base[2], width)),
    )


def _rows(office: Office, sums: Sums, choice: Choice, found: Sequence[Source], base: int, width: int) -> list[Ranked]:
    addresses = [source.address for source in found]
    series = sums.days_of(addresses, choice.kinds, choice.since, choice.until + 1)
    networks = sums.networks_of({source.address: source.last_day for source in found})
    organisation = data.organisations(office)
    lists = listed(office, addresses)
    rows = []
    for place, source in enumerate(found, 1):
        days, counts = series[source.address]
        life = stats.persistence(days, counts)
        assert life is not None, source
        prefix, table = networks[source.address]
        rows.append(
            Ranked(
                rank=place,
                address=str(source.address),
                messages=source.messages,
                share=source.messages / base if base else 0.0,
                days=life.active_days,
                of_days=life.of_days,
                weeks=life.active_weeks,
                of_weeks=life.of_weeks,
                first_on=stats.day_words(life.first_on),
                last_on=stats.day_words(life.last_on),
                longest_run_days=life.longest_run,
                longest_gap_days=life.longest_gap,
                hiatuses=life.hiatuses,
                asn=source.asn,
                organisation=organisation(source.asn, table),
                network=str(network_of(source.address, prefix)) if prefix else "",
                country=country_code(source.country) if source.country else "",
                words=stats.sentence(life, choice.until),
                life=stats.strip(days, counts, choice.since, choice.until, width).text,
                listed=lists.get(source.address, ()),
            )
        )
    return rows


def listed(office: Office, addresses: Sequence[Address]) -> dict[Address, tuple[str, ...]]:
    """The lists on which each address stands at the office's moment, itself or its network."""
    from junkhound.ledger.listings import Listings

    book = Listings(office.ledger.state)
    at = office.now
    if len(addresses) <= _FEW:
        return {a: tuple(sorted({one.list for one in book.of(a) if one.live(at)})) for a in addresses}
    on: dict[Address, list[str]] = {address: [] for address in addresses}
    for name in sorted(office.config.lists):
        subjects = {one.subject for one in book.live(name, at) if isinstance(one.subject, Network)}
        lengths = {subject.bits for subject in subjects}
        for address, names in on.items():
            if any(network_of(address, bits) in subjects for bits in lengths):
                names.append(name)
    return {address: tuple(names) for address, names in on.items()}
