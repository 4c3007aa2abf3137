"""Sightings for other eyes: rows with their subjects, sessions and traces, and no trap address in any of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntFlag
from typing import Any

import msgspec

from junkhound import trace
from junkhound.kernel import clock
from junkhound.kernel.errors import JunkhoundError, NotFound, UsageError
from junkhound.kernel.net import Address, network_of
from junkhound.ledger.queries_mail import Mails
from junkhound.ledger.rows import Sighting
from junkhound.tables import Clue, Defect, KeyKind, Kind, Operator, Path, SourceClass, Standing, State, country_code
from junkhound.verbs import apart, data, evidence, kinds
from junkhound.verbs.office import Office

WITHHELD = "(withheld: it names a trap)"
_ID = re.compile(r"[0-9a-f]{32}\Z", re.IGNORECASE)


class Row(msgspec.Struct, frozen=True):
    """One sighting in words; ``subject`` and ``helo`` are what the sender wrote, trap addresses taken out."""

    id: str
    address: str
    seen_at: str
    kind: str
    standing: str
    path: str
    source_class: str
    state: str
    confidence: float
    clues: tuple[str, ...]
    asn: int
    country: str
    count: int
    resend: bool
    kept: bool
    subject: str
    helo: str


class Shared(msgspec.Struct, frozen=True):
    """A thing this sighting shares with others; ``name`` is empty where its text is gone."""

    kind: str
    name: str


class Detail(msgspec.Struct, frozen=True):
    """One sighting with all that is known of it. ``trace`` is None where the mail is not kept any more."""

    row: Row
    ingested_at: str
    organisation: str
    network: str
    operator: str
    defects: tuple[str, ...]
    size: int
    hops: int
    recipients: int
    shared: tuple[Shared, ...]
    session: dict[str, Any]
    trace: tuple[trace.HopReason, ...] | None
    gone: str
    machine: kinds.Machine | None = None


class Redactor:
    """Takes trap addresses out of single texts."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def __call__(self, words: str) -> str:
        octets = words.encode("utf-8", "replace")
        secrets = evidence.secrets_in(self._office, octets)
        if not secrets or not secrets.named_in(octets):
            return words
        left = secrets.taken_out(octets)
        return WITHHELD if secrets.named_in(left) else left.decode("utf-8", "replace")


def newest(office: Office, address: Address, limit: int = 20) -> list[Row]:
    """The newest sightings of an address, newest first, up to the office's moment."""
    mails = Mails(office.ledger.engine, office.ledger.snapshot())
    return _rows(office, mails, mails.newest(address, limit, office.now + 1))


def _rows(office: Office, mails: Mails, found: Sequence[Sighting]) -> list[Row]:
    subjects = mails.subjects([one.template for one in found if one.template])
    helos = mails.helos([(one.id_hi, one.id_lo) for one in found])
    redacted = Redactor(office)
    return [
        _row(one, redacted(subjects.get(one.template, "")), redacted(helos.get((one.id_hi, one.id_lo), "")))
        for one in found
    ]


def _row(one: Sighting, subject: str, helo: str) -> Row:
    return Row(
        id=one.id.hex(),
        address=str(one.address) if one.address is not None else "",
        seen_at="" if one.seen_at is None else clock.text(one.seen_at),
        kind=Kind(one.kind).name.lower(),
        standing=Standing(one.standing).name.lower(),
        path=Path(one.path).name.lower(),
        source_class="" if one.source_class is None else SourceClass(one.source_class).name.lower(),
        state=State(one.state).name.lower(),
        confidence=one.confidence / 10_000,
        clues=_bits(Clue(one.clues)),
        asn=one.asn,
        country=country_code(one.country) if one.country else "",
        count=one.count,
        resend=bool(one.resend),
        kept=bool(one.segment),
        subject=subject,
        helo=helo,
    )


def _bits(flags: IntFlag) -> tuple[str, ...]:
    return tuple((flag.name or "").lower() for flag in flags)


def detail(office: Office, words: str, tracer: apart.Tracer) -> Detail:
    """One sighting by its id, with the trace of its mail where it is kept. Errors: UsageError, NotFound."""
    if not _ID.match(words):
        raise UsageError(
            f"not the id of a sighting: {words!r}", "an id has 32 hex digits; an address's page shows some"
        )
    mails = Mails(office.ledger.engine, office.ledger.snapshot())
    found = mails.sightings([(int(words[:16], 16), int(words[16:], 16))])
    if not found:
        raise NotFound(f"no sighting {words.lower()!r}", "an address's page shows the ids of its newest sightings")
    one = found[0]
    redacted = Redactor(office)
    steps, gone = _trace(office, one, tracer, redacted)
    return Detail(
        row=_rows(office, mails, found)[0],
        ingested_at=clock.text(one.ingested_at),
        organisation=data.organisations(office)(one.asn, one.routes),
        network=str(network_of(one.address, one.prefix)) if one.address and one.prefix else "",
        operator="" if not one.operator else Operator(one.operator).name.lower(),
        defects=_bits(Defect(one.defects)),
        size=one.size,
        hops=one.hops,
        recipients=one.recipients,
        shared=tuple(
            Shared(KeyKind(key.kind).name.lower(), redacted(key.name or ""))
            for key in mails.shared(one.id_hi, one.id_lo)
        ),
        session=_session(mails, one),
        trace=steps,
        gone=gone,
        machine=None if one.source_class is None else kinds.machine(SourceClass(one.source_class), "", one.operator),
    )


def _session(mails: Mails, one: Sighting) -> dict[str, Any]:
    held = mails.session(one.id_hi, one.id_lo)
    if held is None:
        return {}
    shown = ("client_port", "local_port", "tls", "timing", "auth")
    return {name: int(held[name]) for name in shown if held.get(name)}


def _trace(
    office: Office, one: Sighting, tracer: apart.Tracer, redacted: Redactor
) -> tuple[tuple[trace.HopReason, ...] | None, str]:
    """The sentences of its hops, or why there are none. Relays are those of today's settings."""
    try:
        kept = evidence.find(office, one.id.hex())
        mail = tracer.again(office, bytes(kept.record.mail), kept.record.facts)
    except JunkhoundError as error:
        return None, error.message
    reasons = mail.traced.verdict.reasons
    return tuple(msgspec.structs.replace(r, text=redacted(r.text), name=redacted(r.name or "")) for r in reasons), ""
