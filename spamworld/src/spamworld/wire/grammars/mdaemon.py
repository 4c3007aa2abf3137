"""MDaemon: its own address stands in the line too, which readers must not take for the peer's.

Source: public mail 2001-2022.
"""

from __future__ import annotations

from spamworld.wire.turn import Releases, Turn, Written

VERSIONS: Releases = (
    (2001, "MDaemon.PRO.v5.0.4.R"), (2003, "MDaemon.PRO.v6.8.5.R"), (2005, "MDaemon.PRO.v8.1.0.R"),
    (2006, "MDaemon PRO v9.5.2"), (2009, "MDaemon PRO v10.1.1"), (2013, "MDaemon PRO v13.6.0"),
    (2017, "MDaemon PRO v17.0.3"), (2021, "MDaemon PRO v21.0.2"),
)  # fmt: skip


def smtp(t: Turn) -> Written:
    """``from HELO ([ADDRESS]) by HOST (HOST [OWN]) (MDaemon PRO v9.5.2) with ESMTP id mdN.msg for <RCPT>; DATE``."""
    version, own = t.release(VERSIONS), t.step.receiver.address
    to = f"\n\tfor <{t.to}>" if t.to else ""
    if version[7] == ".":
        by = f"by {t.by} [{own}]\n\twith SMTP ({version})"
        return [(f"from {t.helo} [{t.ip}]\n\t{by}{to}; {t.date()}", t.ip)]
    queued = f"md5{t.clock // 600_000_000 - 1_500_000 + (t.bits & 0xFFFFF):010}.msg"
    by = f"by {t.by} ({t.by} [{own}])\n\t({version})\n\twith ESMTP id {queued}"
    return [(f"from {t.helo} ([{t.ip}])\n\t{by}{to}; {t.date()}", t.ip)]
