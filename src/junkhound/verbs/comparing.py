"""What the ledger knows of Received lines, kept where workers and ``trace`` find it.

The grouper looks after every round at the junk of the last weeks and writes one small file; a worker loads it when it
starts. So mail that comes is compared with mail that came (tests T11 and T12), and the parser still knows no history:
it is given what to compare with.
"""

from __future__ import annotations

import msgspec

from junkhound import trace
from junkhound.kernel.errors import NotFound
from junkhound.ledger.lines import Lines
from junkhound.trace import seen
from junkhound.verbs.office import Office

FILE = "snapshots/lines.seen"
DAYS = 35  # that are compared: campaigns live for days, rented relays for weeks
MOST = 250_000  # answers of each kind: two megabytes in every worker
_VERSION = 1


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """The file: how many mails were compared, and the numbers of ``trace.Seen``, eight bytes each."""

    version: int
    mails: int
    pasted: bytes
    drivers: bytes
    direct: bytes


def known(office: Office) -> trace.Seen:
    """What was found at the last look; nothing before the first, or where another version wrote it. Makes no home."""
    if not (office.home / "state.db").is_file():
        return trace.NOTHING
    try:
        kept = msgspec.msgpack.decode(office.ledger.store.get(FILE), type=_Kept)
    except (NotFound, msgspec.MsgspecError):
        return trace.NOTHING
    if kept.version != _VERSION or any(len(one) % 8 for one in (kept.pasted, kept.drivers, kept.direct)):
        return trace.NOTHING
    return trace.Seen(kept.mails, *map(trace.Numbers.of, (kept.pasted, kept.drivers, kept.direct)))


def look(office: Office) -> bool:
    """Compare the lines of the last weeks; whether anything is known now that was not known before."""
    queries = Lines(office.ledger.engine, office.ledger.snapshot())
    until = office.now + 1
    try:
        mails = queries.gather(until, DAYS)
        pasted = queries.pasted(seen.PASTED, MOST)
        drivers = queries.drivers(seen.RELAYS, seen.SHARE, seen.PASTED, MOST)
        direct = queries.direct(until, DAYS, seen.WITHIN, MOST)
    finally:
        queries.done()
    found = trace.Seen(
        mails, trace.Numbers(pasted), trace.Numbers(drivers), trace.Numbers(trace.said_by(*one) for one in direct)
    )
    before = known(office)
    if (found.pasted, found.drivers, found.direct) == (before.pasted, before.drivers, before.direct):
        return False
    kept = _Kept(_VERSION, mails, found.pasted.octets, found.drivers.octets, found.direct.octets)
    office.ledger.store.put(FILE, msgspec.msgpack.encode(kept))
    return True
