"""Partners of a hub: enrolled, listed, revoked; and what their sensors report, taken in exactly once."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import zstandard

from junkhound import tables
from junkhound.kernel import clock, net
from junkhound.kernel.config_partners import TLPS
from junkhound.kernel.errors import Refused, UsageError
from junkhound.ledger import objects
from junkhound.ledger.entry import ObjectEntry, UnitEntry
from junkhound.ledger.manifest import Duplicates
from junkhound.ledger.partners import Partner, Partners
from junkhound.sighting.numbers import number
from junkhound.tables import Kind, Standing
from junkhound.verbs.office import Office
from junkhound.wire import sensing
from junkhound.wire.sensing import Report, Seen

MAY = ("taxii", "sensor", "evidence", "guard")
KINDS = frozenset((Kind.JUNK, Kind.BACKSCATTER, Kind.AUTH_GUESS, Kind.PROBE, Kind.HARVEST, Kind.FLOOD))
"""What a partner can tell us of an address: never that its mail was good, which would whitewash."""
AHEAD_US = 10 * clock.MINUTE
CODE_VERSION = 1
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}\Z")


class Enrolled(msgspec.Struct):
    """A new partner with the token that it is told once."""

    name: str
    token: str
    may: list[str]
    tlp: str


class Taken(msgspec.Struct):
    """What became of a report: sightings that are new, known before, and left out with the reason."""

    word: str
    rows: int
    new: int
    left_out: dict[str, int]


def book_of(office: Office) -> Partners:
    """The partners of the home."""
    return Partners(office.ledger.state)


def enroll(office: Office, name: str, may: Sequence[str], tlp: str) -> Enrolled:
    """Let a partner in: its token is made here and kept as a hash only. Errors: UsageError, Refused."""
    if not _NAME.match(name):
        raise UsageError(f"not the name of a partner: {name!r}", "small letters, digits and hyphens")
    if not may or set(may) - set(MAY):
        raise UsageError("a partner needs something that it may do", f"give --may with some of {', '.join(MAY)}")
    if tlp not in TLPS:
        raise UsageError(f"no marking {tlp!r}", f"one of {', '.join(TLPS)}")
    if "evidence" in may and "sensor" not in may:
        raise UsageError("evidence comes with what a sensor reports", "add --may sensor")
    token = f"jhp_{secrets.token_urlsafe(32)}"
    book_of(office).enroll(name, token, may, tlp, clock.SystemClock().now())
    return Enrolled(name, token, sorted(may), tlp)


def revoke(office: Office, name: str) -> None:
    """End a partner's access at once; what it reported stays. Errors: NotFound."""
    book_of(office).revoke(name, clock.SystemClock().now())


def every(office: Office) -> list[Partner]:
    """All partners ever, with what they reported."""
    return book_of(office).every()


def known(office: Office, token: str) -> Partner | None:
    """Whose token this is."""
    return book_of(office).known(token)


# --- what sensors report ------------------------------------------------------------------------------------------


def take(office: Office, partner: Partner, content: bytes, segment: str) -> Taken:
    """Take in a report, exactly once however often it comes.

    Errors: UsageError for what is no report, Refused for another content under a segment that was taken, or a
    partner that may not report.
    """
    if "sensor" not in partner.may:
        raise Refused(f"{partner.name} may not report sightings", "junkhound partners enroll --may sensor")
    digest = hashlib.sha256(content).hexdigest()
    book = book_of(office)
    before = book.reported(partner.name, segment)
    if before == digest:
        return Taken("known", 0, 0, {})
    if before is not None:
        raise Refused(f"segment {segment} was reported before with another content", "a segment never changes")
    try:
        report = sensing.decode(content)
    except ValueError as error:
        raise UsageError(f"not a report of a sensor: {error}") from None
    if report.segment != segment or report.tlp not in TLPS:
        raise UsageError("the report is of another segment, or marked in no way that we know")
    left_out: Counter[str] = Counter()
    now = clock.SystemClock().now()
    good = [seen for seen in report.sightings if _taken(office, seen, now, left_out)]
    new = _commit(office, partner.name, report, good, now)
    book.note(partner.name, segment, digest, len(good), report.tlp, now)
    return Taken("taken", len(good), new, dict(left_out))


def _taken(office: Office, seen: Seen, now: int, left_out: Counter[str]) -> bool:
    """Whether a sighting is taken; else why not is counted."""
    address = None if seen.address is None else net.parse(seen.address)
    reason = ""
    if seen.kind not in KINDS:
        reason = "kind"
    elif seen.address is not None and address is None:
        reason = "no address"
    elif address is not None and not net.is_public(address, office.config.network.allow_documentation):
        reason = "not public"
    elif seen.seen_at is not None and seen.seen_at > now + AHEAD_US:
        reason = "in the future"
    if reason:
        left_out[reason] += 1
    return not reason


def _commit(office: Office, name: str, report: Report, good: Sequence[Seen], now: int) -> int:
    """Rows of standing ``partner`` in one unit, which the manifest takes once; how many are new."""
    ledger = office.ledger
    digest = hashlib.sha256(f"partner\0{name}\0{report.segment}".encode()).digest()
    segment = int.from_bytes(digest[:8], "big") >> 1 or 1
    rows = {_id(name, seen): seen for seen in good}
    while True:
        pairs = np.array([(int.from_bytes(one[:8], "big"), int.from_bytes(one[8:], "big")) for one in rows], np.uint64)
        if len(rows):
            known = ledger.known(pairs[:, 0].copy(), pairs[:, 1].copy())
            rows = {key: seen for (key, seen), old in zip(rows.items(), known.tolist(), strict=True) if not old}
        entry = _unit(office, name, segment, rows, now)
        try:
            committed = ledger.commit([entry])
        except Duplicates:
            continue  # somebody else was quicker with some of them
        return committed.rows


def _id(name: str, seen: Seen) -> bytes:
    """Bound to the partner, so that none can take another's sightings away by telling them first."""
    return hashlib.sha256(f"partner\0{name}\0{seen.id}".encode()).digest()[:16]


def _unit(office: Office, name: str, segment: int, rows: dict[bytes, Seen], now: int) -> UnitEntry:
    ledger = office.ledger
    intake_name = f"partner {name}"
    intake, vantage = (number(ledger.key, kind, intake_name) for kind in ("intake", "vantage"))
    analysis = ledger.analysis(intake_name, CODE_VERSION, "partner")
    put: tuple[ObjectEntry, ...] = ()
    if rows:
        columns = _columns(list(rows.items()), now, {"intake": intake, "analysis": analysis, "vantage": vantage})
        path = objects.fresh_path(now, f"{segment:016x}", secrets.randbits(31), "sightings")
        put = (objects.write(ledger.store, tables.SIGHTINGS, columns, path),)
    return UnitEntry(
        segment=segment, segment_name=f"{segment:016x}", objects=put, pack=None,
        names=((intake, "intake", intake_name), (vantage, "vantage", intake_name)),
        intakes=((intake, analysis, len(rows)),), rows=len(rows), counts={"partner": len(rows)}, ids=b"",
    )  # fmt: skip


def _columns(rows: Sequence[tuple[bytes, Seen]], now: int, fixed: dict[str, int]) -> dict[str, list[Any]]:
    told = ("seen_at", "kind", "path", "state", "confidence", "clues", "defects", "asn", "prefix", "country",
            "operator", "recipients", "count", "size", "hops")  # fmt: skip
    columns: dict[str, list[Any]] = {name: [getattr(seen, name) for _, seen in rows] for name in told}
    addresses = [None if seen.address is None else net.parse(seen.address) for _, seen in rows]
    columns["id_hi"] = [int.from_bytes(key[:8], "big") for key, _ in rows]
    columns["id_lo"] = [int.from_bytes(key[8:], "big") for key, _ in rows]
    columns["addr_hi"] = [None if address is None else address.hi for address in addresses]
    columns["addr_lo"] = [None if address is None else address.lo for address in addresses]
    for name in ("template", "auth_domain"):
        columns[name] = [int(getattr(seen, name), 16) for _, seen in rows]
    columns["ordinal"] = list(range(len(rows)))
    values = {**fixed, "ingested_at": now, "standing": int(Standing.PARTNER)}
    for column in tables.SIGHTINGS.columns:  # what a partner cannot say of our home is 0
        columns.setdefault(column.name, [values.get(column.name, 0)] * len(rows))
    return columns


def take_evidence(office: Office, partner: Partner, content: bytes, sighting: str) -> bool:
    """Keep the redacted mail of a sighting; False if it is kept already. Errors: UsageError, Refused."""
    if "evidence" not in partner.may:
        raise Refused(f"{partner.name} may not send evidence", "junkhound partners enroll --may evidence")
    if not re.fullmatch(r"[0-9a-f]{32}", sighting):
        raise UsageError(f"not the id of a sighting: {sighting!r}")
    try:
        mail = sensing.unpack(content)
    except ValueError as error:
        raise UsageError(str(error)) from None
    packed = zstandard.ZstdCompressor(level=6).compress(mail)
    return office.ledger.store.put_new(f"partners/{partner.name}/{sighting}.eml.zst", packed)


def evidence_of(office: Office, name: str, sighting: str) -> bytes:
    """The redacted mail that a partner sent with a sighting. Errors: NotFound of the store."""
    return sensing.unpack(office.ledger.store.get(f"partners/{name}/{sighting}.eml.zst"))
