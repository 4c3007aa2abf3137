"""What a line of a log tells of an address."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from junkhound.kernel import net
from junkhound.kernel.net import Address
from junkhound.kernel.registry import Registry
from junkhound.wire.logs.line import Line

GUESS, PROBE, HARVEST, REFUSED, ACCEPTED = "guess", "probe", "harvest", "refused", "accepted"
"""A password that was wrong; a session that came to look; addresses tried out; mail turned away; mail taken."""

IP = r"(?:(?:::ffff:)?\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8})"
"""An address as it stands in patterns; ``address`` says whether it is one."""

REMEMBERED = 4096  # sessions of which a reader knows more than one line


class Event(NamedTuple):
    """One thing that an address did: ``what`` is one of the words above."""

    what: str
    address: Address
    daemon: str
    at: int | None = None
    user: str = ""
    domain: str = ""  # of accepted mail: who signed or sent it


class Memory:
    """What a reader of one log remembers of sessions that are told in several lines; the oldest are forgotten."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[str, str, str], dict[str, str]] = OrderedDict()

    def of(self, line: Line, name: str = "") -> dict[str, str]:
        """The notes on the session of this line's process, or on what its host calls ``name`` (a queue id)."""
        key = (line.host, "", name) if name else (line.host, line.program, line.pid)
        notes = self._held.get(key)
        if notes is None:
            notes = self._held[key] = {}
            if len(self._held) > REMEMBERED:
                self._held.popitem(last=False)
        return notes

    def forget(self, line: Line, name: str = "") -> dict[str, str]:
        """The process has ended, or its session, or what was called ``name``; gives what was known."""
        key = (line.host, "", name) if name else (line.host, line.program, line.pid)
        return self._held.pop(key, {})


class Daemon(NamedTuple):
    """A daemon's lines: literals of which a line holds at least one, and the reader.

    The reader gives the event only if the address stands in the field that the daemon itself wrote: what a stranger
    typed (a user name, a command) may look like the rest of the line.
    """

    markers: tuple[str, ...]
    read: Callable[[Line, Memory], Event | None]


logs: Registry[Daemon] = Registry("logs")


def address(text: str | None) -> Address | None:
    """An address as written, brackets and port taken off; None for names and for nonsense."""
    if text is None:
        return None
    text = text.strip("[]")
    return net.parse(text) or (net.parse(text[:-1]) if text[-1:] == ":" else None)  # ``from 192.0.2.7: 11: Bye``


def event(what: str, text: str | None, line: Line, daemon: str, user: str = "") -> Event | None:
    """The event, where the text is an address."""
    found = address(text)
    return None if found is None else Event(what, found, daemon, line.at, user[:200])


def only(pattern: re.Pattern[str], text: str, limit: int = 50) -> re.Match[str] | None:
    """The match of a peer's pattern where the text has but one, or all name the same address; else None.

    Where what a stranger typed stands on either side of the daemon's field, two readings of a line are one too many.
    """
    first: re.Match[str] | None = None
    for number, found in enumerate(pattern.finditer(text)):
        if first is None:
            first = found
        elif found["ip"] != first["ip"] or number >= limit:
            return None
    return first


def patterns(*rows: tuple[str, str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """(what, pattern) with ``{ip}`` filled in."""
    return tuple((what, re.compile(pattern.replace("{ip}", f"(?P<ip>{IP})"))) for what, pattern in rows)


def first(
    line: Line, daemon: str, rows: Iterable[tuple[str, re.Pattern[str]]], text: str | None = None
) -> Event | None:
    """The event of the first pattern that matches the text from its beginning."""
    words = line.text if text is None else text
    for what, pattern in rows:
        if found := pattern.match(words):
            user = found.groupdict().get("user") or ""
            return event(what, found["ip"], line, daemon, user)
    return None
