"""What one address did over the years: its days by kind, its silences, and whose network it was in when."""

from __future__ import annotations

import msgspec

from junkhound import stats
from junkhound.kernel.clock import DAY
from junkhound.kernel.net import Address, network_of
from junkhound.ledger.queries import SCORED
from junkhound.ledger.queries_stats import Sums
from junkhound.tables import Kind, Operator, country_code
from junkhound.verbs import data
from junkhound.verbs.choice import choose
from junkhound.verbs.office import Office


class Silence(msgspec.Struct, frozen=True):
    """A hiatus: its first and last day, both silent."""

    since: str
    until: str
    days: int


class Held(msgspec.Struct, frozen=True):
    """Whose network the address was in, as each of its days was judged. Empty words where unknown."""

    asn: int
    organisation: str
    country: str
    first_on: str
    last_on: str
    messages: int


class Said(msgspec.Struct, frozen=True):
    """Whose network it is, as one route table says."""

    table: int
    name: str
    date: str
    asn: int
    organisation: str
    prefix: str
    country: str
    operator: str


class Life(msgspec.Struct, frozen=True):
    """One address over the years. ``since`` and ``until`` are the days anything was watched, of any address.

    ``days`` are (day, kind, messages), oldest first; ``words``, ``silences`` and the counts of days speak of the
    kinds that count against an address. ``base`` are all sightings of those kinds in the period.
    """

    address: str
    since: str
    until: str
    base: int
    abusive: int
    words: str
    active_days: int
    of_days: int
    active_weeks: int
    of_weeks: int
    longest_run_days: int
    longest_gap_days: int
    silences: tuple[Silence, ...]
    days: tuple[tuple[str, str, int], ...]
    held: tuple[Held, ...]
    tables: tuple[Said, ...]


def life(office: Office, address: Address) -> Life:
    """Everything the days say of an address, up to the office's moment."""
    sums = Sums(office.ledger.engine, office.ledger.snapshot())
    end = office.now // DAY + 1
    counted = sums.days(address, until=end)
    scored = [one for one in counted if one.kind in SCORED]
    choice = choose(office, sums)
    span = None if choice is None else sums.span(choice.since, choice.until + 1, choice.kinds)
    found = stats.persistence([one.day for one in scored], [one.messages for one in scored])
    words = stats.day_words
    return Life(
        address=str(address),
        since="" if choice is None else words(choice.since),
        until="" if choice is None else words(choice.until),
        base=0 if span is None else span[2],
        abusive=0 if found is None else found.messages,
        words="" if found is None or choice is None else stats.sentence(found, choice.until),
        active_days=0 if found is None else found.active_days,
        of_days=0 if found is None else found.of_days,
        active_weeks=0 if found is None else found.active_weeks,
        of_weeks=0 if found is None else found.of_weeks,
        longest_run_days=0 if found is None else found.longest_run,
        longest_gap_days=0 if found is None else found.longest_gap,
        silences=tuple(
            Silence(words(first), words(last), last - first + 1)
            for first, last in stats.hiatuses([one.day for one in scored])
        ),
        days=tuple((words(one.day), Kind(one.kind).name.lower(), one.messages) for one in counted),
        held=_held(office, sums, address, end),
        tables=_said(office, address),
    )


def _held(office: Office, sums: Sums, address: Address, end: int) -> tuple[Held, ...]:
    organisation = data.organisations(office)
    words = stats.day_words
    return tuple(
        Held(asn, organisation(asn), country_code(country) if country else "", words(first), words(last), messages)
        for asn, country, first, last, messages in sums.attributed(address, end)
    )


def _said(office: Office, address: Address) -> tuple[Said, ...]:
    answers = []
    for table in data.tables(office):
        if not table.used:
            continue
        found = data.TableFile(table.number, table.path, (table.networks, table.countries))().one(address)
        if not found.asn and not found.country:
            continue
        answers.append(
            Said(
                table=table.number,
                name=table.name,
                date=table.date,
                asn=found.asn,
                organisation=found.organisation,
                prefix=str(network_of(address, found.prefix)) if found.prefix else "",
                country=country_code(found.country) if found.country else "",
                operator="" if found.operator is Operator.UNKNOWN else found.operator.name.lower(),
            )
        )
    return tuple(answers)
