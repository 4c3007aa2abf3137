"""What each page says, as plain fields: the page shows them and its ``.json`` gives them. Every one calls verbs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from junkhound import stats as counting
from junkhound.kernel import clock, net
from junkhound.kernel.errors import NotFound, UsageError
from junkhound.tables import Kind
from junkhound.verbs import life as lives
from junkhound.verbs import lists, picture, seen, sources, stats
from junkhound.verbs import why as reasons
from junkhound.verbs.choice import kinds_of
from junkhound.verbs.office import Office
from junkhound.web.desk import Desk, Fields
from junkhound.web.plain import event, listing, others, plain

Ask = Mapping[str, str]
"""The words of the query string, each once."""

_STRIP = 80  # columns of a drawn life
_PAGE = 200  # entries of a list on one page
_MOST = 200  # sources in one ranking
_UNITS = (("day", 120), ("week", 800), ("month", 366 * 30), ("year", 1 << 30))
_EVERY_DAY = 1 << 20


# --- series ----------------------------------------------------------------------------------------------------


def series(office: Office, kinds: Sequence[str], **asked: Any) -> Fields:
    """Sightings over time by kind: {unit, since, until, labels, kinds: [{kind, counts, messages}], messages}."""
    found = {kind: stats.by(office, "day", kinds=[kind], limit=_EVERY_DAY, **asked) for kind in kinds}
    held = {kind: one for kind, one in found.items() if one.lines}
    if not held:
        return {"unit": "day", "since": "", "until": "", "labels": [], "kinds": [], "messages": 0}
    spans = [(_day(one.since), _day(one.until)) for one in held.values()]
    since, until = min(low for low, _ in spans), max(high for _, high in spans)
    unit = next(name for name, days in _UNITS if until - since < days)
    drawn: list[Fields] = []
    labels: list[str] = []
    for kind, one in held.items():
        days, counts = [_day(line.what) for line in one.lines], [line.messages for line in one.lines]
        numbers, sums = counting.by_unit(days, counts, unit, since, until)
        labels = [counting.unit_words(int(number), unit) for number in numbers]
        drawn.append({"kind": kind, "counts": [int(n) for n in sums], "messages": int(sums.sum())})
    drawn.sort(key=lambda one: -int(one["messages"]))
    return {
        "unit": unit,
        "since": counting.day_words(since),
        "until": counting.day_words(until),
        "labels": labels,
        "kinds": drawn,
        "messages": sum(int(one["messages"]) for one in drawn),
    }


def _day(words: str) -> int:
    return counting.day_of(*map(int, words.split("-")))


# --- the whole ---------------------------------------------------------------------------------------------------


def overview(desk: Desk, ask: Ask) -> Fields:
    """Volume over time, the worst and the longest-lived, where from, what is listed and why, the newest events."""
    office = desk.office(ask.get("at"))
    return desk.remembered(office, "overview", ask, lambda: _overview(office))


def _overview(office: Office) -> Fields:
    whole = stats.overview(office, width=_STRIP)
    kinds = [line.what for line in whole.kinds]
    abusive = [kind for kind in kinds if int(Kind[kind.upper()]) in kinds_of(())]
    listed = [_list_fields(office, one) for one in lists.overview(office)]
    return {
        "at": clock.text(office.now),
        "totals": plain(whole),
        "volume": series(office, kinds),
        "abusive": abusive,
        "year_on_year": plain(stats.year_on_year(office).twelve_months),
        "worst": plain(sources.rank(office, by="volume", limit=7, width=_STRIP)),
        "longest": plain(sources.rank(office, by="persistence", limit=7, width=_STRIP)),
        "countries": plain(stats.by(office, "country", limit=8)),
        "networks": plain(stats.by(office, "asn", limit=8)),
        "lists": listed,
        "classes": _classes(office),
        "listings": _latest(office, 6),
        "events": events(office, 10),
    }


def _list_fields(office: Office, one: lists.Overview) -> Fields:
    run = one.run
    return {
        "name": one.name,
        "scope": one.policy.scope,
        "entries": one.entries,
        "decided_at": None if run is None else clock.text(run.decided_at),
        "published_at": None if run is None or run.published_at is None else clock.text(run.published_at),
        "published_entries": None if run is None else run.published_entries,
    }


def _classes(office: Office) -> list[Fields]:
    """What is listed now by class, over all lists."""
    held: dict[str, int] = {}
    for name in office.config.lists:
        for one in lists.entries(office, name):
            held[one.listing_class] = held.get(one.listing_class, 0) + 1
    total = sum(held.values())
    return [
        {"class": name, "entries": entries, "of": total, "share": entries / total}
        for name, entries in sorted(held.items(), key=lambda pair: -pair[1])
    ]


def _latest(office: Office, limit: int) -> list[Fields]:
    """The newest standing listings, each with the sentences it rests on."""
    book = lists.book_of(office)
    standing = [one for name in office.config.lists for one in lists.entries(office, name)]
    standing.sort(key=lambda one: (one.listed_at, one.number), reverse=True)
    return [
        {**listing(one, office.now), "reasons": plain(book.decision(one.decision).reasons)} for one in standing[:limit]
    ]


def events(office: Office, limit: int) -> list[Fields]:
    """The newest steps in the life of any listing."""
    found = lists.book_of(office).newest(office.now, limit)
    return [
        {**event(step), "number": one.number, "list": one.list, "network": str(one.subject),
         "address": one.words}
        for one, step in found
    ]  # fmt: skip


# --- rankings and places -----------------------------------------------------------------------------------------


def ranking(desk: Desk, ask: Ask) -> Fields:
    """Sources ranked; the query's words are those of ``junkhound sources``."""
    office = desk.office(ask.get("at"))
    limit = _number(ask.get("limit"), 50, _MOST)
    asked = {name: ask[name] for name in ("country", "asn", "since", "until") if ask.get(name)}
    kinds = [word for word in ask.get("kind", "").replace(",", " ").split() if word]

    def make() -> Fields:
        found = sources.rank(
            office, by=ask.get("by") or "volume", limit=limit, width=_STRIP, kinds=kinds,
            country=asked.get("country"), asn=asked.get("asn"), since=asked.get("since"), until=asked.get("until"),
        )  # fmt: skip
        return {"at": clock.text(office.now), "ranking": plain(found), "narrowed": {**asked, "kind": " ".join(kinds)}}

    return desk.remembered(office, "ranking", ask, make)


def _number(words: str | None, default: int, most: int) -> int:
    if not words:
        return default
    if not (words.isascii() and words.isdigit()) or not 1 <= int(words[:9]) <= most:
        raise UsageError(f"not a number from 1 to {most}: {words!r}", f"write limit={default}")
    return int(words[:9])


def network(desk: Desk, ask: Ask, asn: str) -> Fields:
    """One network by its number: its volume, its worst and longest-lived sources, its prefixes, its years."""
    if not re.fullmatch(r"(?:AS)?\d{1,10}", asn, re.IGNORECASE):
        raise UsageError(f"not a network's number: {asn!r}", "write AS64496")
    office = desk.office(ask.get("at"))
    number = int(asn.upper().removeprefix("AS"))
    return desk.remembered(office, f"network {number}", ask, lambda: _place(office, "network", asn=f"AS{number}"))


def country(desk: Desk, ask: Ask, code: str) -> Fields:
    """One country by its two letters."""
    if not re.fullmatch(r"[A-Za-z]{2}|--", code):
        raise UsageError(f"not a country: {code!r}", "write its two letters, such as GB")
    office = desk.office(ask.get("at"))
    return desk.remembered(office, f"country {code}", ask, lambda: _place(office, "asn", country=code.upper()))


def _place(office: Office, inside: str, **asked: str) -> Fields:
    """Fields of a network or country; ``inside`` is what its sources are grouped by."""
    worst = sources.rank(office, by="volume", limit=10, width=_STRIP, **asked)
    whose = worst.rows[0].organisation if worst.rows and "asn" in asked else ""
    kinds = [kind.name.lower() for kind in Kind if int(kind) in kinds_of(())]
    return {
        "at": clock.text(office.now),
        "asn": worst.asn if worst.asn is not None else None,
        "country": worst.country or asked.get("country", ""),
        "name": asked.get("asn") or asked["country"],
        "organisation": whose,
        "volume": series(office, kinds, **asked),
        "worst": plain(worst),
        "longest": plain(sources.rank(office, by="persistence", limit=10, width=_STRIP, **asked)),
        "inside": plain(stats.by(office, inside, limit=12, **asked)),
        "years": plain(stats.year_on_year(office, **asked)),
    }


# --- one address, one sighting, one listing ----------------------------------------------------------------------


def address(desk: Desk, ask: Ask, text: str) -> Fields:
    """One address: its years, its kinds, its listings with reasons, whose network, its newest sightings."""
    where = net.parse(text)
    if where is None:
        raise UsageError(f"not an address: {text!r}", "write 192.0.2.7 or 2001:db8::7")
    office = desk.office(ask.get("at"))
    return desk.remembered(office, f"address {where}", ask, lambda: _address(office, where))


def _address(office: Office, where: net.Address) -> Fields:
    why = reasons.why(office, str(where))
    return {
        "at": clock.text(office.now),
        "address": str(where),
        "space": net.space(where).name.lower(),
        "listed": why.listed,
        "network": plain(why.network),
        "machine": plain(why.machine),
        "contacts": plain(why.contacts),
        "activity": plain(why.activity),
        "life": plain(lives.life(office, where)),
        "newest": plain(seen.newest(office, where)),
        "abusive": [kind.name.lower() for kind in Kind if int(kind) in kinds_of(())],
        "listings": [_record(office, record) for record in reversed(why.records)],
        "others": others(why.others),
        "events": _steps(why.records),
        "campaigns": [{**plain(one), "by_it": mails} for one, mails in why.campaigns[:12]],
        "botnets": [{"name": name, "share": share} for name, share in why.botnets],
    }


def _steps(records: Sequence[reasons.Record]) -> list[Fields]:
    """The steps of all these listings, newest first."""
    found = [
        {**event(step), "number": record.listing.number, "list": record.listing.list}
        for record in records
        for step in record.events
    ]
    return sorted(found, key=lambda step: str(step["at"]), reverse=True)


def _record(office: Office, record: reasons.Record) -> Fields:
    decision = record.decision
    return {
        **listing(record.listing, office.now),
        "published": record.published,
        "pinned": record.pinned,
        "decision": {
            "id": decision.id,
            "at": clock.text(decision.at),
            "outcome": decision.outcome,
            "score": decision.score,
            "policy": decision.policy,
            "reasons": plain(decision.reasons),
            "inputs": plain(decision.inputs),
        },
        "events": [event(step) for step in record.events],
    }


def record(desk: Desk, ask: Ask, number: str) -> Fields:
    """One listing by its number, with the decision it rests on and its life. Errors: NotFound."""
    office = desk.office(ask.get("at"))
    one = lists.book_of(office).get(number.upper())
    found = [r for r in reasons.why(office, number).records if r.listing.number == one.number]
    if not found:
        raise NotFound(f"no listing {number!r} at {clock.text(office.now)}", f"it began {clock.text(one.listed_at)}")
    others = [listing(r.listing, office.now) for r in reasons.why(office, number).records if r is not found[0]]
    others = [other for other in others if other["number"] != one.number]
    return {"at": clock.text(office.now), "record": _record(office, found[0]), "others": others}


def sighting(desk: Desk, ask: Ask, identity: str) -> Fields:
    """One sighting by its id, with the trace of its mail where that is kept."""
    office = desk.office(ask.get("at"))
    return {"at": clock.text(office.now), "sighting": plain(seen.detail(office, identity, desk.tracer))}


# --- lists -------------------------------------------------------------------------------------------------------


def all_lists(desk: Desk, ask: Ask) -> Fields:
    """Every list with its rules in sentences, and the newest events."""
    office = desk.office(ask.get("at"))
    rules = {policy.name: sentences for policy, sentences, _ in lists.explain(office)}
    return {
        "at": clock.text(office.now),
        "lists": [
            {**_list_fields(office, one), "rules": rules.get(one.name, [])} for one in lists.overview(office)
        ],
        "classes": _classes(office),
        "events": events(office, 25),
    }  # fmt: skip


def one_list(desk: Desk, ask: Ask, name: str) -> Fields:
    """What stands on one list, a page of it at a time."""
    office = desk.office(ask.get("at"))
    standing = lists.entries(office, name)
    page = _number(ask.get("page"), 1, 1_000_000)
    pages = max(1, -(-len(standing) // _PAGE))
    if page > pages:
        raise NotFound(f"no page {page} of list {name!r}", f"it has {pages}")
    (policy, rules, names), *_ = lists.explain(office, name)
    return {
        "at": clock.text(office.now),
        "list": _list_fields(office, lists.overview(office, name)[0]),
        "rules": rules,
        "names_without_address": len(names),
        "page": page,
        "pages": pages,
        "entries": [listing(one, office.now) for one in standing[(page - 1) * _PAGE : page * _PAGE]],
        "hash": policy.hash,
    }


# --- tracing, searching ------------------------------------------------------------------------------------------


def trace(desk: Desk, payload: bytes, relays: str, mailbox: str) -> Fields:
    """A pasted mail: where it came from, a sentence a hop. Nothing of it is kept."""
    office = desk.office()
    named = [word for word in re.split(r"[\s,]+", relays) if word][:50]
    mail = desk.tracer.trace(office, payload, named, mailbox or None)
    return {"at": clock.text(office.now), "subject": mail.subject, "size": len(payload), **_traced(mail.traced)}


def _traced(traced: Any) -> Fields:
    verdict = traced.verdict
    return {
        "verdict": plain(verdict),
        "seen_at": None if verdict.seen_at is None else clock.text(verdict.seen_at),
        "network": None if traced.whose is None or not traced.whose.network.asn else _whose(traced.whose.network),
        "hops": [
            {**plain(hop), "at": None if hop.at is None else clock.text(hop.at)} for hop in traced.hops
        ],
        "assumed_relay": traced.assumed,
        "machine": plain(picture.machine_of(traced)),
        "about": picture.about_of(verdict),
        "then": plain(traced.then),
    }  # fmt: skip


def _whose(network: Any) -> Fields:
    from junkhound.tables import country_code

    return {
        "asn": network.asn,
        "organisation": network.organisation,
        "country": country_code(network.country) if network.country else "",
    }


_GROUPS = {"K": "campaign", "B": "botnet", "A": "actor"}


def search(desk: Desk, words: str) -> str:
    """The page for whatever was typed: an address, network, id, listing number, network number, country or list.

    Errors: UsageError where it is none of these.
    """
    text = words.strip()[:200]
    if re.fullmatch(r"JH-\d{4}-\d{6,}", text, re.IGNORECASE):
        return f"/record/{text.upper()}"
    if re.fullmatch(r"[0-9a-fA-F]{32}", text):
        return f"/sighting/{text.lower()}"
    if re.fullmatch(r"AS\d{1,10}", text, re.IGNORECASE):
        return f"/network/{text.upper()}"
    if re.fullmatch(r"[KBA]-\d{4}-\d{4,}", text, re.IGNORECASE):
        return f"/{_GROUPS[text[0].upper()]}/{text.upper()}"
    where = net.parse_network(text.strip("[]"))
    if where is not None:
        return f"/address/{where.first}"
    if re.fullmatch(r"[A-Za-z]{2}", text):
        return f"/country/{text.upper()}"
    if text in desk.settings.lists:
        return f"/lists/{text}"
    if not text:
        raise UsageError("nothing to look for", "type an address, a sighting's id, a JH number or an AS number")
    raise UsageError(
        f"cannot look for {text!r}",
        "type an address, a sighting's id, a JH number, an AS number or a country's letters",
    )
