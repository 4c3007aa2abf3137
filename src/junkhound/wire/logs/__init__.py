"""Logs of daemons as events of addresses: who guessed passwords, who came to look, who tried out names.

Public: ``Reader`` (lines in, events out), ``Event``, ``Line``, and the registry ``logs`` of daemons, to which others
are added (``junkhound.logs``). A line counts only if the address stands in the field that the daemon wrote.
"""

from __future__ import annotations

from collections.abc import Iterable

# the order in which they are asked: the more a daemon's lines are its own, the earlier
from junkhound.wire.logs import boxes, dovecot, exim, ftp, others, pam, postfix, rspamd, sendmail, sshd, web  # noqa: F401  # noqa: F401
from junkhound.wire.logs import line as lines
from junkhound.wire.logs.event import ACCEPTED, GUESS, HARVEST, PROBE, REFUSED, Daemon, Event, Memory, logs
from junkhound.wire.logs.line import Clock, Line

__all__ = [
    "ACCEPTED", "GUESS", "HARVEST", "PROBE", "REFUSED", "Clock", "Daemon", "Event", "Line", "Memory", "Reader", "logs",
]  # fmt: skip


class Reader:
    """Reads the lines of one log in their order, of all daemons or of those named."""

    def __init__(self, clock: Clock = lambda at: at, daemons: Iterable[str] = ()) -> None:
        wanted = list(daemons)
        known = dict(logs)
        chosen = [(name, logs.get(name)) for name in wanted] if wanted else list(known.items())
        self._daemons = [(daemon.markers, daemon.read) for _, daemon in chosen]
        self._memory = Memory()
        self._clock = clock

    def read(self, whole: str, now: int) -> Event | None:
        """What a line tells, None for nothing; ``now`` tells the year of lines without one."""
        line: Line | None = None
        for markers, read in self._daemons:
            if any(marker in whole for marker in markers):
                if line is None:
                    line = lines.read(whole, self._clock, now)
                found = read(line, self._memory)
                if found is not None:
                    return found
        return None
