"""What the public pages say of each listing, as a file beside the published ones: those that ended, too, with samples.

``out/LIST.records`` has a line of JSON about itself, then a line for each listing, ``NUMBER JSON``. The public listener
reads it and never the ledger. Only public lists have one, and nobody can fetch it whole: whom a list held once is
between the list and whoever knows the number.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from junkhound.kernel import clock
from junkhound.kernel.clock import DAY, HOUR
from junkhound.kernel.net import Address, Network
from junkhound.ledger.listing_records import Listing
from junkhound.ledger.samples import samples_of
from junkhound.listing import count_range
from junkhound.verbs import lists, record, seen
from junkhound.verbs.office import Office

FORMAT, VERSION = "junkhound-records", 1
ENDED_DAYS = 400
"""Ended listings stay on the pages for so long; their history in the state database stays for ever."""
_MOST_ENDED = 100_000
_SAMPLED = 500
"""Listings whose samples one edition looks for; others follow in the next."""


def lines(office: Office, name: str, expires_at: int, before: bytes) -> bytes:
    """The file of one list as of the office's moment; ``before`` is the last one, whose samples are kept."""
    book, at = lists.book_of(office), office.now
    ended = book.ended(name, at - ENDED_DAYS * DAY, at, _MOST_ENDED)
    every = sorted({one.number: one for one in (*ended, *book.live(name, at))}.items())
    known = _known(before)
    rows = {number: _row(one, at) for number, one in every}
    waiting = [one for number, one in every if _single(one) and not _same(known.get(number), rows[number])]
    waiting.sort(key=lambda one: (not one.live(at), -one.last_at))
    fresh = _samples(office, waiting[:_SAMPLED])
    for number, one in every:
        held = known.get(number, {})
        rows[number]["samples"] = fresh.get(number, held.get("samples", []))
        rows[number]["sampled"] = rows[number]["last_seen"] if number in fresh else held.get("sampled")
        if not _single(one):
            del rows[number]["samples"], rows[number]["sampled"]
    head = {"format": FORMAT, "version": VERSION, "list": name, "scope": "public", "expires": clock.text(expires_at)}
    made = [json.dumps(head).encode()]
    made += [number.encode() + b" " + msgspec.json.encode(row) for number, row in rows.items()]
    return b"\n".join(made) + b"\n"


def _known(before: bytes) -> dict[str, dict[str, Any]]:
    found = {}
    for line in before.split(b"\n")[1:-1]:
        number, _, said = line.partition(b" ")
        try:
            found[number.decode("ascii", "replace")] = json.loads(said)
        except ValueError:
            continue  # samples of a damaged line are looked for again
    return found


def _same(held: dict[str, Any] | None, row: dict[str, Any]) -> bool:
    return held is not None and held.get("sampled") == row["last_seen"]


def _single(one: Listing) -> bool:
    """Whether it is about one IPv4 address: what neighbours in a network sent is nobody's sample."""
    return isinstance(one.subject, Network) and one.subject.bits == 128


def _row(one: Listing, at: int) -> dict[str, Any]:
    since, last, expires = (clock.day_text(moment) for moment in (one.listed_at, one.last_at, one.expires_at))
    row: dict[str, Any] = {
        "number": one.number, "network": str(one.subject), "class": one.listing_class,
        "messages": count_range(one.messages), "since": since, "last_seen": last, "expires": expires,
        "relistings": one.relistings, "left_out": len(one.exclusions), "live": one.live(at),
    }  # fmt: skip
    if not one.live(at):
        row["ended"] = clock.day_text(one.ended_at if one.ended_at is not None else one.expires_at)
        row["why_ended"] = record.ENDS.get(one.end or "expired", record.ENDS["expired"])
    return row


def _samples(office: Office, some: Sequence[Listing]) -> dict[str, list[dict[str, str]]]:
    """By listing number what two vantages saw in its mail; nothing that is unique to one delivery."""
    if not some:
        return {}
    redacted = seen.Redactor(office)
    since, until = min(one.first_at for one in some), max(one.last_at for one in some) + HOUR
    machines: dict[Address, list[str]] = {}
    for one in some:
        assert isinstance(one.subject, Network)
        machines.setdefault(one.subject.first, []).append(one.number)
    found = samples_of(office.ledger.query(), list(machines), since, until, tuple(record.WORDS), record.SHOWN)
    return {
        number: [
            {"what": record.WORDS[sample.kind], "text": redacted(sample.text)} for sample in found.get(machine, ())
        ]
        for machine, numbers in machines.items()
        for number in numbers
    }


def read(path: Path) -> bytes:
    """The last file; nothing where there is none."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
