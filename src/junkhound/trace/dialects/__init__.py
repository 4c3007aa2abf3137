"""Received lines by the program that wrote them: one file a dialect, behind one registry.

A dialect declares literals that its lines contain, and a reader that takes a whole line or nothing. Readers
match from the first to the last character: HELO, recipient and the rest are typed by strangers, so a line that
is only nearly right is left to the general scanner, which prefers no address to a wrong one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from junkhound.kernel.compiled import steps
from junkhound.kernel.registry import Registry
from junkhound.trace.hop import Hop

LINE_LIMIT = 4096  # of a line, the rest is not read: no honest server writes so much
TRIES = 4


class Dialect(NamedTuple):
    """How one program writes: literals of which its lines hold at least one, the most common first, and the reader.

    The reader gets the value of the field (folds as found, one character a byte), its place among the Received
    fields, and whether it stands below the originator fields.
    """

    markers: tuple[str, ...]
    read: Callable[[str, int, bool], Hop | None]


dialects: Registry[Dialect] = Registry("dialects")

_COMMON = (
    "postfix",
    "sendmail",
    "exchange",
    "exim",
    "fetchmail",
    "qmail",
)  # asked for first, one by one
_LAST = "plain"
_COMPILED = ("postfix", "sendmail", "exchange", "fetchmail", "plain")  # whose usual lines the compiled steps read
_KEY = 3  # letters of a marker in parentheses by which it is found

Reader = Callable[[str, int, bool], Hop | None]
_common: list[tuple[str, Reader]] = []
_opened: dict[str, tuple[Reader, ...]] = {}  # by what stands behind an opening parenthesis
_others: list[tuple[str, Reader]] = []


def table() -> list[tuple[str, Reader]]:
    """(marker, reader) of all dialects, in the order in which they are tried; builds the tables of ``read_line``."""
    known = dict(dialects)
    common = [(known[name].markers[0], known[name].read) for name in _COMMON]
    rare = [(marker, known[name].read) for name in _COMMON for marker in known[name].markers[1:]]
    rare += [
        (marker, known[name].read)
        for name in known
        if name not in _COMMON and name != _LAST
        for marker in known[name].markers
    ]
    if not _common:
        for marker, reader in rare:
            key = marker[1 : 1 + _KEY]
            if marker[0] == "(" and len(key) == _KEY:
                _opened[key] = (*_opened.get(key, ()), reader)
            else:
                _others.append((marker, reader))
        _common.extend(common)
        _hand_over(_marked(known))
    return [*common, *rare, ("", known[_LAST].read)]


def _marked(known: dict[str, Dialect]) -> list[tuple[str, str]]:
    """Every marker in the order in which readers are tried, with the name of the dialect where its form is compiled."""
    ours = {known[name].read: name for name in _COMPILED}
    opened = [("(" + key, "") for key in _opened]
    common, others = ([(marker, ours.get(reader, "")) for marker, reader in some] for some in (_common, _others))
    return [*common, *opened, *others]


def _hand_over(markers: list[tuple[str, str]]) -> None:
    """Tell the compiled steps what they need; without markers every line is left to ``read_line``."""
    if steps is not None:
        steps.lines(
            Hop, read_line, parse_text, grammar._ADDRESSES, grammar._LOOKED_UP, grammar._NAMES, grammar._SPOKEN,
            markers,
        )  # fmt: skip


def read_at_plainly(raw: bytes, start: int, end: int, index: int, below: bool) -> Hop:
    """``read_at`` without the compiled steps."""
    value = raw[start : end if end - start < LINE_LIMIT else start + LINE_LIMIT]
    return read_line(value.decode("latin-1"), index, below)


read_at: Callable[[bytes, int, int, int, bool], Hop] = read_at_plainly
"""The Received value that stands at ``raw[start:end]`` as a hop."""


def read_line(value: str, index: int, below: bool) -> Hop:
    """One Received value as a hop: dialects whose marker it holds may try, at most ``TRIES``, then the scanner."""
    if not _common:
        table()
    for marker, reader in _common:
        if marker in value:
            hop = reader(value, index, below)
            if hop is not None:
                return hop
    tried = 0
    at = value.find("(") + 1
    while at:
        for reader in _opened.get(value[at : at + _KEY], ()):
            hop = reader(value, index, below) if tried < TRIES else None
            if hop is not None:
                return hop
            tried += 1
        at = value.find("(", at) + 1
    for marker, reader in _others:
        if marker in value and tried < TRIES:
            hop = reader(value, index, below)
            if hop is not None:
                return hop
            tried += 1
    return plain.read(value, index, below) or scan(value, index, below)


from junkhound.trace.dates import parse_text  # noqa: E402
from junkhound.trace.dialects import (  # noqa: E402  each registers itself
    aol,
    barracuda,
    communigate,
    courier,
    domino,
    exchange,
    exim,
    fetchmail,
    gmail,
    grammar,
    haraka,
    http,
    ironport,
    local,
    mailgun,
    mdaemon,
    mimecast,
    momentum,
    opensmtpd,
    plain,
    postfix,
    powermta,
    proofpoint,
    qmail,
    sendgrid,
    sendmail,
    ses,
    sun,
    yahoo,
    zimbra,
    zmailer,
)
from junkhound.trace.scan import scan  # noqa: E402  it shares the dialects' grammar

_hand_over([])  # until the tables are built
if steps is not None:
    read_at = steps.line

__all__ = [
    "LINE_LIMIT",
    "Dialect",
    "aol",
    "barracuda",
    "communigate",
    "courier",
    "dialects",
    "domino",
    "exchange",
    "exim",
    "fetchmail",
    "gmail",
    "haraka",
    "http",
    "ironport",
    "local",
    "mailgun",
    "mdaemon",
    "mimecast",
    "momentum",
    "opensmtpd",
    "plain",
    "postfix",
    "powermta",
    "proofpoint",
    "qmail",
    "read_at",
    "read_line",
    "sendgrid",
    "sendmail",
    "ses", "sun",
    "table",
    "yahoo",
    "zimbra",
    "zmailer",
]  # fmt: skip
