"""The world beside its mail, as files of ``world/``: what one can look up, prices, money, providers' own records.

Every function streams records of the world into a shelf; times are microseconds UTC in JSON and CSV alike.
"""

from __future__ import annotations

import csv
import hashlib
import io
import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

import msgspec

from spamworld.content import Brief, newsletter_text, template_text
from spamworld.out import logs
from spamworld.out.files import Shelf
from spamworld.out.forms import day, moment
from spamworld.world import World
from spamworld.world.facts import (
    DAY,
    EVER,
    Booking,
    Flow,
    Folder,
    ForeignList,
    Listing,
    LogLine,
    Network,
    Price,
    Record,
    Registration,
    Rental,
    Route,
    Tenant,
)


class Table:
    """A CSV file that grows row by row; its head stands in it from the start."""

    def __init__(self, shelf: Shelf, name: str, head: Iterable[str]) -> None:
        self._shelf, self._name = shelf, name
        self._text = io.StringIO()
        self._writer = csv.writer(self._text, lineterminator="\n")
        self.row(head, count=0)

    def row(self, values: Iterable[object], count: int = 1) -> None:
        self._writer.writerow(values)
        self._shelf.add(self._name, self._text.getvalue().encode(), count)
        self._text.seek(0)
        self._text.truncate()


def zones(shelf: Shelf, records: Iterable[Record]) -> None:
    """Names and what they resolved to, with the time in which it held."""
    for one in records:
        shelf.line("world/zones.jsonl.zst", msgspec.to_builtins(one))


def registry(shelf: Shelf, registrations: Iterable[Registration]) -> None:
    """What the registries said, as RDAP objects with the time in which it was so."""
    for one in registrations:
        shelf.line("world/rdap.jsonl.zst", {"since": one.since, "until": one.until, "object": rdap(one)})


def rdap(one: Registration) -> dict[str, Any]:
    """A registration in the form of RFC 9083."""
    found: dict[str, Any] = {"objectClassName": one.kind, "handle": one.handle}
    match one.kind:
        case "ip network":
            version = ipaddress.ip_address(one.first).version
            found |= {"startAddress": one.first, "endAddress": one.last, "ipVersion": f"v{version}"}
        case "autnum":
            found |= {"startAutnum": int(one.first), "endAutnum": int(one.last)}
        case "domain":
            found |= {"ldhName": one.first, "nameservers": [_server(name) for name in one.ns]}
    if one.kind != "domain":
        found |= {"name": one.handle, "country": one.country}
    if one.parent:
        found["parentHandle"] = one.parent
    found["events"] = [{"eventAction": "registration", "eventDate": moment(one.registered)}]
    found["entities"] = list(_entities(one))
    return found


def _server(name: str) -> dict[str, str]:
    return {"objectClassName": "nameserver", "ldhName": name}


def _entities(one: Registration) -> Iterable[dict[str, Any]]:
    if one.organisation:
        card = _card(one.organisation, "org", country=one.country)
        yield {"objectClassName": "entity", "handle": f"ORG-{one.handle}", "roles": ["registrant"], "vcardArray": card}
    if one.registrar:
        card = _card(one.registrar, "org")
        yield {"objectClassName": "entity", "handle": one.registrar, "roles": ["registrar"], "vcardArray": card}
    if one.abuse:
        card = _card("Abuse desk", "group", one.abuse)
        yield {"objectClassName": "entity", "handle": f"AB-{one.handle}", "roles": ["abuse"], "vcardArray": card}


def _card(name: str, kind: str, mail: str = "", country: str = "") -> list[Any]:
    """A contact as jCard (RFC 7095)."""
    fields: list[list[Any]] = [["version", {}, "text", "4.0"], ["fn", {}, "text", name], ["kind", {}, "text", kind]]
    if mail:
        fields.append(["email", {}, "text", mail])
    if country:
        fields.append(["adr", {"cc": country}, "text", ["", "", "", "", "", "", ""]])
    return ["vcard", fields]


def changes(world: World) -> Iterator[tuple[int, Iterable[Route]]]:
    """The days on which the routing table is another than the day before, with it: only bad hosters are cut off."""
    bad = [one.index for one in world.networks if one.role == "bulletproof"]
    before: list[bool] | None = None
    for at in range(world.start, world.end, DAY):
        now = [world.setting.cut(index, at) for index in bad]
        if now != before:
            yield at, world.bgp(at)
        before = now


def routes(shelf: Shelf, days: Iterable[tuple[int, Iterable[Route]]]) -> None:
    """The routing table of each of these days; it holds until the next one."""
    for at, table in days:
        rows = Table(shelf, f"world/bgp/{day(at)}.csv.zst", ("prefix", "asn"))
        for one in table:
            rows.row((one.prefix, one.asn))


def lists(shelf: Shelf, known: Iterable[ForeignList], listed: Iterable[Listing]) -> None:
    """Foreign block lists: what they are, and who was on them when."""
    index, tables = [], {}
    for one in known:
        index.append(
            {"id": str(one.number), "zone": one.zone, "code": one.code, "fault": one.fault, "fault_at": one.since}
        )
        tables[one.number] = Table(shelf, f"world/lists/{one.number}.csv.zst", ("address", "since", "until"))
    shelf.line("world/lists.json", index)
    for entry in listed:
        tables[entry.list].row((entry.address, entry.start, _end(entry.end)))


def allowed(shelf: Shelf, entries: Iterable[tuple[str, str]]) -> None:
    """The allow list, which holds through the whole run."""
    rows = Table(shelf, "world/allow.csv", ("address", "domain"))
    for entry in entries:
        rows.row(entry)


def prices(shelf: Shelf, days: Iterable[Price]) -> None:
    """Prices and volumes of shares, day by day."""
    rows = Table(shelf, "world/prices.csv", ("ticker", "on", "open", "close", "volume"))
    for one in days:
        rows.row((one.ticker, day(one.at), f"{one.open:.4f}", f"{one.close:.4f}", one.volume))


def money(shelf: Shelf, rentals: Iterable[Rental], bookings: Iterable[Booking]) -> None:
    """Who rented what of whom, and every spammer's accounts: truth that only a seizure would show."""
    rents = Table(
        shelf, "truth/rentals.csv", ("broker", "botnet", "spammer", "campaign", "start", "end", "dollars_a_day")
    )
    for one in rentals:
        rents.row((one.broker, one.botnet, one.spammer, one.campaign, one.start, _end(one.end), f"{one.price:.2f}"))
    books = Table(shelf, "truth/accounts.csv.zst", ("spammer", "at", "kind", "dollars", "campaign"))
    for line in bookings:
        books.row((line.spammer, line.at, line.kind, f"{line.amount:.2f}", line.campaign or ""))


def provider_logs(shelf: Shelf, mails: Iterable[LogLine], networks: Iterable[Network]) -> None:
    """Outbound mail logs of the providers that share theirs, one file each, in their software's syntax."""
    named = {one.index: one for one in networks}
    for one in mails:
        network = named[one.provider]
        host, domain = f"out1.{network.domain}", one.recipient.rpartition("@")[2]
        lines = logs.lines(one, host, f"mx.{domain}[{_target(domain)}]")
        shelf.add(f"world/providers/AS{network.asn}/{one.software}.log.zst", lines)
        shelf.line(
            f"truth/providers/AS{network.asn}.jsonl.zst",
            {"at": one.at, "customer": customer(one.provider, one.customer), "address": one.address, "junk": one.junk},
        )


def _target(domain: str) -> str:
    """An address for the far end of a log line: documentation space, the same for one domain."""
    return f"198.51.100.{sum(domain.encode()) % 254 + 1}"


def flows(shelf: Shelf, days: Iterable[Flow], networks: Iterable[Network]) -> None:
    """Flow summaries of the same providers, a customer's day a row; apart from them who was really abused."""
    named = {one.index: one for one in networks}
    tables: dict[int, tuple[Table, Table]] = {}
    for (provider, when), group in groupby(days, key=lambda one: (one.provider, day(one.day))):
        if provider not in tables:
            folder = f"providers/AS{named[provider].asn}"
            head = ("on", "customer", "address", "port25_flows", "port25_targets", "control", "flood_packets")
            tables[provider] = (
                Table(shelf, f"world/{folder}/flows.csv.zst", head),
                Table(shelf, f"truth/{folder}-flows.csv.zst", ("on", "customer", "innocent", "botnet")),
            )
        seen, true = tables[provider]
        for number, one in sorted(((customer(provider, one.customer), one) for one in group), key=lambda pair: pair[0]):
            seen.row((when, number, one.address, one.port25, one.targets, one.control, one.flood))
            true.row((when, number, int(one.innocent), one.botnet))


def customer(provider: int, number: int) -> int:
    """A customer's number at his provider, from which nobody sees what kind of host he is."""
    digest = hashlib.blake2b(f"{provider} {number}".encode(), digest_size=5).digest()
    return int.from_bytes(digest, "big") % 10**9


def tenants(shelf: Shelf, known: Iterable[Tenant]) -> None:
    """Who stood where at the bulletproof hosters."""
    rows = Table(
        shelf, "truth/tenants.csv", ("hoster", "network", "customer", "block", "start", "end", "spammer", "purpose")
    )
    for one in known:
        rows.row((one.hoster, one.network, one.customer, one.block, one.start, _end(one.end), one.spammer, one.purpose))


def seized(shelf: Shelf, folders: Iterable[Folder], briefs: Mapping[int, Brief], seed: int) -> None:
    """What was found on seized machines, numbered; whose each was, and which campaign a template is of, is truth."""
    for number, one in enumerate(folders, 1):
        place = f"world/seized/{one.event}-{number:02d}"
        for n, (campaign, version) in enumerate(one.templates, 1):
            text = template_text(seed, briefs[campaign], version)
            shelf.add(f"{place}/templates/{n:03d}.txt", text.partition("\n")[2].encode())  # its first line is truth
        if one.letter:
            shelf.add(f"{place}/templates/001.txt", newsletter_text(seed, one.letter).encode())
        shelf.add(f"{place}/addresses.txt", "".join(f"{address}\n" for address in one.addresses).encode())
        if one.sent:
            rows = Table(shelf, f"{place}/mailer.csv", ("at", "recipient"))
            for at, recipient, _ in one.sent:
                rows.row((moment(at), recipient))
        shelf.line("truth/seized.jsonl.zst", {"folder": place, **msgspec.to_builtins(one)})


def _end(at: int) -> object:
    return "" if at >= EVER else at
