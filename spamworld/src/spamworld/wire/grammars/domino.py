"""Domino: the id opens with the local time to the hundredth of a second.

Source: public mail 2001-2022.
"""

from __future__ import annotations

from spamworld.wire import ids
from spamworld.wire.turn import Releases, Turn, Written

VERSIONS: Releases = (
    (2000, "Lotus Domino Release 5.0.6a"), (2002, "Lotus Domino Release 5.0.11"),
    (2004, "Lotus Domino Release 6.5.1"), (2006, "Lotus Domino Release 7.0.1"), (2009, "Lotus Domino Release 8.5"),
    (2014, "IBM Domino Release 9.0.1FP2"), (2019, "HCL Domino Release 11.0.1"), (2022, "HCL Domino Release 12.0.2"),
)  # fmt: skip
_PAD = "\n          "


def smtp(t: Turn) -> Written:
    """``from HELO ([ADDRESS]) by HOST (Lotus Domino Release 6.5.1) with ESMTP id DATE-N ; DATE``."""
    queued, program = ids.domino(t.clock, t.place, t.chance), t.release(VERSIONS)
    if "5.0" in program:
        queued = queued.replace("-", ":")
    protocol = "ESMTP" if t.protocol.startswith("E") else "SMTP"
    by = f"by {t.by} ({program}){_PAD}with {protocol} id {queued}"
    return [(f"from {t.helo} ([{t.ip}]){_PAD}{by} ;{_PAD}{t.date(1)} ", t.ip)]
