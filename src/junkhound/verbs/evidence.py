"""Kept mail: shown, handed out, and checked against its seals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from time import asctime, gmtime

from sqlalchemy import func, select

from junkhound.evidence import seal as seals
from junkhound.evidence.redact import Secrets, redact
from junkhound.kernel import net
from junkhound.kernel.clock import SECOND
from junkhound.kernel.errors import DataError, NotFound, Refused, TamperError, UsageError
from junkhound.ledger import packs, schema, state
from junkhound.ledger.rows import Sighting
from junkhound.ledger.spool import name_of
from junkhound.tables import Kind
from junkhound.verbs.office import Office
from junkhound.wire import pack
from junkhound.wire.facts import Facts
from junkhound.wire.segment import Record

Progress = Callable[[str, int, int], None]
"""What is being checked, how many are done, how many there are."""

_ID = re.compile(r"[0-9a-fA-F]{32}\Z")
_DOMAIN = re.compile(
    rb"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?)*\Z"
)
_PATH = re.compile(rb"[!#-'*+\-/-9=?A-Z^-~.]{1,64}@(?:[A-Za-z0-9.-]{1,255}|\[[0-9A-Za-z:.]{1,60}\])\Z")
_PROTOCOL = re.compile(r"[A-Z0-9]{1,20}\Z")
_TOKEN = re.compile(rb"[\w.+=~-]{1,64}@[\w.-]{1,255}")


@dataclass(frozen=True)
class Kept:
    """One mail as it was kept, with its row."""

    row: Sighting
    record: Record

    @property
    def id(self) -> str:
        """The sighting id, 32 hex digits."""
        return self.row.id.hex()


def find(office: Office, words: str) -> Kept:
    """The kept mail of a sighting id. Errors: UsageError, NotFound, TamperError."""
    if not _ID.match(words):
        raise UsageError(
            f"not the id of a sighting: {words!r}", "an id has 32 hex digits; junkhound why ADDRESS shows some"
        )
    halves = int(words[:16], 16), int(words[16:], 16)
    rows = office.ledger.query().sightings([halves])
    if not rows:
        raise NotFound(f"no sighting {words.lower()!r}", "junkhound why ADDRESS shows the ids of its sightings")
    return _kept(office, rows[0])


def _kept(office: Office, row: Sighting) -> Kept:
    if not row.segment:
        raise NotFound(
            f"the mail of sighting {row.id.hex()!r} was not kept",
            f"{Kind(row.kind).name.lower()} mail leaves a row and no copy: the owner's file is the evidence",
        )
    try:
        return Kept(row, office.ledger.packs.read(row.segment, row.ordinal))
    except NotFound:
        days = office.config.retention.raw_days
        raise NotFound(
            f"the mail of sighting {row.id.hex()!r} is gone",
            f"raw mail is kept {days} days unless pinned, or it was erased",
        ) from None


def of_address(office: Office, words: str, limit: int = 1000) -> Iterator[Kept]:
    """The newest kept mails of an address, newest first; those that are gone are passed over."""
    address = net.parse(words)
    if address is None:
        raise UsageError(f"not an address: {words!r}", "write 192.0.2.7 or 2001:db8::7")
    for row in office.ledger.query().newest(address, limit):
        try:
            yield _kept(office, row)
        except NotFound:
            continue


# -- handing out ----------------------------------------------------------------------------------------------


def export(office: Office, kept: Kept, raw: bool = False, with_traps: bool = False) -> bytes:
    """The mail with what our session knew written on top as Return-Path and Received.

    Without ``with_traps`` every trap address is taken out of it, and a line on top says so; ``raw`` gives the kept
    bytes alone, bit by bit.
    Errors: Refused for raw mail that names a trap.
    """
    secrets = Secrets() if with_traps else secrets_of(office, kept.record)
    mail = kept.record.mail
    if raw:
        if redact(mail, secrets) != mail:
            raise Refused(
                f"mail {kept.id!r} names a trap, and raw mail is given bit by bit or not at all",
                "leave --raw out, or add --with-traps if whoever reads it may know your traps",
            )
        return mail
    end = b"\r\n" if b"\r\n" in mail[:1000] else b"\n"
    whole = b"".join(line + end for line in trace_lines(kept, with_traps)) + mail
    shown = redact(whole, secrets)
    return shown if shown == whole else b"X-Junkhound-Redacted: trap addresses" + end + shown


def secrets_of(office: Office, record: Record) -> Secrets:
    """The traps that this mail may name: its own, those of the settings, and every address in it that is one."""
    own = [recipient.address for recipient in record.facts.envelope.recipients if recipient.trap]
    return secrets_in(office, record.mail, own)


def secrets_in(office: Office, octets: bytes, own: Iterable[bytes] = ()) -> Secrets:
    """The trap domains of the settings, every address in these octets that is a trap, and ``own``."""
    found = {token.lower() for token in _TOKEN.findall(octets)}
    known = [address for address in found if address.decode("latin-1") in _traps(office)]
    return Secrets.of([*own, *known], (domain for trap in office.config.traps.values() for domain in trap.domains))


def _traps(office: Office) -> frozenset[str]:
    """Every trap address that ever took mail."""
    known: frozenset[str] | None = office.__dict__.get("_traps")
    if known is None:
        known = office.__dict__["_traps"] = frozenset(office.ledger.names("trap").values())
    return known


def trace_lines(kept: Kept, with_traps: bool = False) -> list[bytes]:
    """Return-Path and our Received line, as far as the session is known. Source: RFC 5321 section 4.4.

    What a stranger said is written only where the grammar has a place for it. Our own address would show where the
    trap stands, and the recipient which it is: both only ``with_traps``.
    """
    facts = kept.record.facts
    lines = []
    sender = facts.envelope.mail_from
    if sender is not None and (not sender or _PATH.match(sender)):
        lines.append(b"Return-Path: <" + sender + b">")
    if facts.origin.client is not None:
        lines.append(_received(facts, kept.id, with_traps))
    return lines


def _received(facts: Facts, identity: str, with_traps: bool) -> bytes:
    session, client = facts.session, _literal(facts.origin.client or b"")
    helo, name = session.helo or b"", (session.client_name or "").encode("ascii", "replace")
    claimed = helo if _DOMAIN.match(helo) and len(helo) <= 255 else client
    seen = name + b" " + client if _DOMAIN.match(name) and len(name) <= 255 else client
    here = _literal(session.local) if with_traps and session.local else b"junkhound.invalid"
    protocol = session.protocol if session.protocol and _PROTOCOL.match(session.protocol) else "SMTP"
    taken = [r.address for r in facts.envelope.recipients if r.code < 400]
    to = b" for <" + taken[0] + b">" if with_traps and len(taken) == 1 and _PATH.match(taken[0]) else b""
    date = formatdate(facts.origin.received_at // SECOND).replace("-0000", "+0000").encode()
    said = f" with {protocol} id {identity}".encode()
    return b"Received: from " + claimed + b" (" + seen + b") by " + here + said + to + b"; " + date


def _literal(packed: bytes) -> bytes:
    """An address as RFC 5321 section 4.1.3 writes it."""
    try:
        address = net.from_packed(packed)
    except ValueError:
        return b"unknown"
    return f"[{address}]".encode() if address.is_v4 else f"[IPv6:{address}]".encode()


def mbox(kept: Kept, mail: bytes) -> bytes:
    """The mail as an entry of an mbox, quoted so that it can be read back (mboxrd)."""
    at = asctime(gmtime(kept.record.facts.origin.received_at // SECOND)).encode()
    head = b"From MAILER-DAEMON " + at + b"\n"
    body = re.sub(rb"(?m)^(>*From )", rb">\1", mail)
    return head + body + (b"\n" if body.endswith(b"\n") else b"\n\n")


# -- showing --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proof:
    """Where a mail stands in the log, and whether it does."""

    leaf: bytes
    root: bytes
    mails: int
    path: list[bytes]
    sequence: int
    sealed_at: int


def prove(office: Office, kept: Kept) -> Proof:
    """The inclusion proof of a mail in its sealed pack. Errors: TamperError, NotFound."""
    name, record = name_of(kept.row.segment), kept.record
    sealed = packs.read_seal(office.ledger.store, name)
    opened = office.ledger.packs.open(name)
    leaf = seals.leaf_of(record.salt, record.facts_parts, record.mail)
    path = seals.inclusion(opened.leaves, record.ordinal)
    if not seals.verify_inclusion(leaf, record.ordinal, sealed.mails, path, sealed.root):
        raise TamperError(f"mail {kept.id!r} is not in the tree that seal {sealed.sequence} was made for")
    return Proof(leaf, sealed.root, sealed.mails, path, sealed.sequence, sealed.sealed_at)


# -- checking -------------------------------------------------------------------------------------------------


@dataclass
class Verified:
    """What was checked: ``dropped`` packs went by retention, ``erased`` mails by order."""

    seals: int = 0
    packs: int = 0
    mails: int = 0
    dropped: int = 0
    erased: int = 0
    problems: list[str] = field(default_factory=list)


def verify(office: Office, names: tuple[str, ...] = (), progress: Progress | None = None) -> Verified:
    """Check the log of seals and the packs (all, or those of the segments named); every problem is collected."""
    tell = progress or (lambda what, done, total: None)
    wanted = {_segment(name) for name in names}
    found = Verified()
    log = _log(office, found)
    found.problems += pack.broken_chain(log.values())
    if missing := wanted - log.keys():
        raise NotFound(
            f"no sealed segment {name_of(min(missing))!r}", "junkhound evidence show ID names a mail's segment"
        )
    dropped, erased = _gone(office)
    chosen = sorted(wanted or log, key=lambda segment: log[segment].sequence)
    for done, segment in enumerate(chosen):
        tell("packs", done, len(chosen))
        if segment in dropped:
            found.dropped += 1
        else:
            _verify_pack(office, log[segment], erased.get(segment, 0), found)
    tell("packs", len(chosen), len(chosen))
    return found


def _segment(name: str) -> int:
    try:
        return int(name, 16)
    except ValueError:
        raise UsageError(f"not a segment: {name!r}", "a segment's name has 16 hex digits") from None


def _log(office: Office, found: Verified) -> dict[int, pack.Seal]:
    """All seals of the manifest by segment, each compared with its copy in the store."""
    log = {}
    with state.reading(office.ledger.state) as connection:
        rows = connection.execute(select(schema.seals.c.segment, schema.seals.c.content)).all()
    for segment, content in rows:
        name = name_of(segment)
        found.seals += 1
        try:
            log[segment] = pack.parse_seal(bytes(content))
            if office.ledger.store.get(packs.seal_path(name)) != content:
                found.problems.append(f"the seal of segment {name} in the store is not the one in the state database")
        except DataError as error:
            found.problems.append(f"the seal of segment {name} in the state database: {error.message}")
        except NotFound:
            found.problems.append(f"the seal of segment {name} is missing from the store")
    return log


def _gone(office: Office) -> tuple[set[int], dict[int, int]]:
    """Segments whose packs retention dropped, and how many mails of each segment have a tombstone."""
    segments, stones = schema.segments, schema.tombstones
    with state.reading(office.ledger.state) as connection:
        dropped = set(
            connection.execute(select(segments.c.segment).where(segments.c.dropped_at.is_not(None))).scalars()
        )
        counted = connection.execute(
            select(stones.c.segment, func.count()).where(stones.c.segment.is_not(None)).group_by(stones.c.segment)
        )
        return dropped, {int(segment): int(count) for segment, count in counted}


def _verify_pack(office: Office, sealed: pack.Seal, tombstones: int, found: Verified) -> None:
    name = name_of(sealed.segment)
    try:
        opened = office.ledger.packs.verify(name, sealed)
    except DataError as error:
        found.problems.append(error.message)
        return
    except NotFound:
        found.problems.append(f"pack {name} is missing, and retention did not drop it")
        return
    found.packs += 1
    found.mails += len(opened.entries)
    found.erased += tombstones
    if opened.generation and not tombstones:
        found.problems.append(f"pack {name} was written anew {opened.generation} times, and no erasure is on record")
