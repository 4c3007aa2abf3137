"""One line of a log as time, host, program and text: what syslog and its kin put before the words of a daemon.

Forms: BSD syslog (RFC 3164) with and without a host, a level, a program in brackets; RFC 5424; ISO times; TAI64N; the
journal without a time; Exim's, Kerio's, Roundcube's and Apache's own times; audit records. What is none of these has
no program and is all text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

LIMIT = 4096
"""Letters of a line that are read; the daemons cut long before."""

Clock = Callable[[int], int]
"""A moment of the log's own wall clock (microseconds as if it were UTC) as UTC."""

_SECOND = 1_000_000
_MONTHS = {name: n for n, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}  # noqa: SIM905
_EPOCH = date(1970, 1, 1).toordinal()
_TAI = 4_611_686_018_427_387_904 + 10

_bsd = re.compile(r"([A-Z][a-z]{2})\s{1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.\d{1,6})? ")
_iso = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,]\d{1,9})?(Z|[+-]\d\d:?\d\d)?[ ,]")
_5424 = re.compile(r"<\d{1,3}>1 (\S{19,35}) (\S{1,255}) (\S{1,48}) (\S{1,128}) \S{1,32} ")
_tai = re.compile(r"@([0-9a-f]{16})[0-9a-f]{8} ")
_bracketed = re.compile(r"\[(\d{1,2})[-/]([A-Z][a-z]{2})[-/](\d{4})[: ](\d\d):(\d\d):(\d\d)(?: ([+-]\d{4}))?\]:? ?")
_apache = re.compile(r"\[[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.\d{1,6})? (\d{4})\] ")
_nginx = re.compile(r"(\d{4})/(\d\d)/(\d\d) (\d\d):(\d\d):(\d\d) ")
_audit = re.compile(r"type=[A-Z_]{1,40} msg=audit\((\d{9,11})\.(\d{3}):\d{1,12}\): ")
_common = re.compile(r"\[(\d{1,2})/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d{4}|[A-Z]{3})\]")
_level = re.compile(r"<[a-z0-9.]{1,30}> ")
_program = re.compile(r"([A-Za-z][\w.@/+-]{0,63}(?:\(\w{1,20}\))?)(?: ?\[(\d{1,10})\]|\((\w[\w-]{0,40})\))?: ?")
_naked = re.compile(r"\[([a-z][\w-]{1,30})\] ")
_host = re.compile(r"[\w.-]{1,255}(?::[\w.-]{1,255})? ")
_id = re.compile(r"\[ID \d{1,10} [\w.]{1,40}\] ")
_data = re.compile(r"(?:-|(?:\[(?:[^\]\"]|\"(?:[^\"\\]|\\.)*+\")*+\])+) ?")


class Line(NamedTuple):
    """A line taken apart. ``at`` is UTC in microseconds, None where it has no time; ``whole`` is the line itself."""

    at: int | None
    host: str
    program: str
    pid: str
    text: str
    whole: str


def read(whole: str, clock: Clock, now: int) -> Line:
    """Take one line apart; ``now`` tells the year where the line has none: the latest that is not in the future."""
    whole = whole[:LIMIT].rstrip("\r\n")
    if found := _5424.match(whole):
        rest = whole[found.end() :]
        data = _data.match(rest)
        text = rest[data.end() :] if data is not None else rest
        return Line(_stamp(found[1], clock), found[2], found[3], found[4], text.removeprefix("\ufeff"), whole)
    at, start = _time(whole, clock, now)
    if whole.startswith("[") or _nginx.match(whole):  # programs that write their own files and nobody's name
        return Line(at, "", "", "", whole[start:], whole)
    host, program, pid, text = _origin(whole[start:])
    return Line(at, host, program, pid, text, whole)


def _time(whole: str, clock: Clock, now: int) -> tuple[int | None, int]:
    """The moment at the line's beginning and where it ends."""
    if found := _bsd.match(whole):
        if found[1].lower() in _MONTHS:
            return _yearless(_MONTHS[found[1].lower()], found, clock, now), found.end()
    elif found := _iso.match(whole):
        return _stamp(found[0], clock), found.end()
    elif found := _bracketed.match(whole):
        day, name, year, hour, minute, second, zone = found.groups()
        return _moment(int(year), _MONTHS.get(name.lower(), 0), day, hour, minute, second, zone, clock), found.end()
    elif found := _tai.match(whole):
        return (int(found[1], 16) - _TAI) * _SECOND, found.end()
    elif found := _apache.match(whole):
        name, day, hour, minute, second, year = found.groups()
        return _moment(int(year), _MONTHS.get(name.lower(), 0), day, hour, minute, second, None, clock), found.end()
    elif found := _nginx.match(whole):
        year, number, day, hour, minute, second = found.groups()
        return _moment(int(year), int(number), day, hour, minute, second, None, clock), found.end()
    elif found := _audit.match(whole):
        return int(found[1]) * _SECOND + int(found[2]) * 1000, 0
    elif found := _common.search(whole, 0, 400):
        day, name, year, hour, minute, second, zone = found.groups()
        zone = zone if zone[0] in "+-" else None
        return _moment(int(year), _MONTHS.get(name.lower(), 0), day, hour, minute, second, zone, clock), 0
    return None, 0


def _yearless(month: int, found: re.Match[str], clock: Clock, now: int) -> int | None:
    year = date.fromordinal(_EPOCH + (now + 86_400 * _SECOND) // (86_400 * _SECOND)).year
    for one in (year, year - 1, year - 2, year - 3, year - 4):  # 29 February comes every four years
        at = _moment(one, month, found[2], found[3], found[4], found[5], None, clock)
        if at is not None and at <= now + 86_400 * _SECOND:
            return at
    return None


def _stamp(text: str, clock: Clock) -> int | None:
    found = _iso.match(f"{text.rstrip()} ")
    if found is None:
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    return _moment(int(year), int(month), day, hour, minute, second, zone, clock)


def _moment(
    year: int, month: int, day: str, hour: str, minute: str, second: str, zone: str | None, clock: Clock
) -> int | None:
    try:
        days = date(year, month, int(day)).toordinal() - _EPOCH
    except ValueError:
        return None
    if int(hour) > 23 or int(minute) > 59 or int(second) > 60 or days < 0:
        return None
    at = ((days * 24 + int(hour)) * 60 + int(minute)) * 60 + int(second)
    if zone is None:
        return clock(at * _SECOND)
    if zone != "Z":
        digits = zone[1:].replace(":", "")
        offset = (int(digits[:2]) * 60 + int(digits[2:])) * 60
        at -= -offset if zone[0] == "-" else offset
    return at * _SECOND


def _origin(rest: str) -> tuple[str, str, str, str]:
    """(host, program, pid, text) of what follows the time."""
    rest = rest[level.end() :] if (level := _level.match(rest)) else rest
    if found := _naked.match(rest):
        return "", found[1], "", rest[found.end() :]
    host, found = "", _program.match(rest)
    if found is None and (named := _host.match(rest)) is not None:
        inner = rest[named.end() :]
        if (found := _program.match(inner)) is not None:
            host, rest = named[0].strip(), inner
    if found is None:
        return host, "", "", rest
    text = rest[found.end() :]
    return host, found[1], found[2] or found[3] or "", text[skip.end() :] if (skip := _id.match(text)) else text
