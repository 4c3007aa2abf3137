"""What a trace concludes, and the reason at every hop."""

from __future__ import annotations

import msgspec

from junkhound.kernel.net import Address
from junkhound.tables import Clue, Path, SourceClass
from junkhound.trace.below import Candidate
from junkhound.trace.seen import Lines


class HopReason(msgspec.Struct, frozen=True, gc=False):
    """What was decided at one hop and why.

    ``index`` is the Received field (0 on top), -1 our own session. ``status`` is one of ``trusted`` (we
    believe its writer), ``handover`` (the line in which a trusted host saw a stranger), ``believed`` (written
    by a known relay below the boundary), ``unverified`` (typed by whoever sent it), ``forged``
    (contradicts what is known), ``local``.
    """

    index: int
    status: str
    text: str
    ip: Address | None = None
    name: str | None = None
    clues: int = 0


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """Where a message came from.

    ``handover`` gave it to the last host we trust. ``source`` injected it, possibly deeper, possibly
    unknown. ``address`` is the one that may be blamed (RUNTIME, observation 8): the source where it is
    anchored and P >= 0.99, else the handover unless that is a known relay, else None.
    ``confidence`` is P that ``address`` (or ``source``) injected it; at most 0.5 without a boundary.
    ``candidates`` are all machines that may have, likeliest first. One of them that stands below the hand-over is known
    only from a line that a stranger wrote: it is shown, and never blamed by itself. ``typed`` is the place of the
    first line that is called forged, and with it all under it; None where none is. ``source_class`` is what sort of
    source it seems to be, for people to read: nothing is acted on by it.
    ``seen_at`` is our clock for a session, else the date written by the last trusted host, else None.
    """

    handover: Address | None
    source: Address | None
    address: Address | None
    anchored: bool
    confidence: float
    path: Path
    clues: Clue
    seen_at: int | None
    reasons: tuple[HopReason, ...]
    helo: str | None = None
    rdns: str | None = None
    hops: int = 0
    provider: str | None = None  # the known relay that handed the message over
    account: str | None = None  # whose log-in brought it there, where a believed line says so
    weights: tuple[tuple[str, float], ...] = ()  # prior odds and ratios of the first line below
    candidates: tuple[Candidate, ...] = ()
    typed: int | None = None
    lines: Lines | None = None  # what other mails are to be compared with, where that was asked for
    source_class: SourceClass = SourceClass.UNANCHORED
    class_reason: str = ""  # why it is of that class
