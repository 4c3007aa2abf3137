"""``winmail.dat`` (TNEF), in which Outlook wraps what it attaches: the mails in it.

Read here and not by a library: those we know trust the counts in the file, so that a few bytes make them loop for
hours. Here every count is bounded by the bytes that are left. Format and property numbers: [MS-OXTNEF], [MS-OXPROPS].
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from junkhound.complaint import outlook
from junkhound.complaint.complaint import Carried
from junkhound.evidence.message import parse

MAGIC = b"\x78\x9f\x3e\x22"
MOST = 2000  # objects of a file, properties of an object
MAILS = 20
DEPTH = 3  # files inside files

_ATTACHMENT_DATA, _MAPI, _ATTACHMENT_MAPI = 0x800F, 0x9003, 0x9005
_DATA_OBJECT = 0x3701
_VARIABLE = (0x000D, 0x001E, 0x001F, 0x0102)
_FIXED = {
    0x0001: 0, 0x0002: 4, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000A: 4, 0x000B: 4, 0x0014: 8,
    0x0040: 8, 0x0048: 16,
}  # fmt: skip
_SHORT = (0x0002, 0x000B)
_MANY = 0x1000
_NAMED = 0x8000
_IID = 16  # bytes before an embedded object
_WANTED = {int(number, 16): number for number in outlook.NUMBERS}


def is_tnef(octets: bytes) -> bool:
    """Whether it is such a file."""
    return octets.startswith(MAGIC)


def read(octets: bytes, lacking: list[str], depth: int = 0) -> list[Carried]:
    """The mails in the file, in order: attached files that are mails, and messages embedded in it."""
    found: list[Carried] = []
    for number, content in _objects(octets):
        if len(found) >= MAILS:
            break
        if number == _ATTACHMENT_DATA:
            found += _file(content, lacking, depth)
        elif number == _ATTACHMENT_MAPI:
            for identity, kind, value in _properties(content):
                if identity == _DATA_OBJECT and kind in (0x000D, 0x0102):
                    found += _file(value[_IID:] if kind == 0x000D else value, lacking, depth)
    return found[:MAILS]


def _file(octets: bytes, lacking: list[str], depth: int) -> list[Carried]:
    """An attached file as mails; nothing where it is none."""
    if is_tnef(octets):
        return _message(octets, lacking, depth + 1) if depth < DEPTH else []
    if outlook.is_msg(octets):
        mail = outlook.read(octets, lacking)
        return [] if mail is None else [mail]
    return [Carried(octets, "attached outlook")] if b"received" in parse(octets[:16384]).index else []


def _message(octets: bytes, lacking: list[str], depth: int) -> list[Carried]:
    """A message that is embedded: its own properties, and the mails inside it."""
    held = dict.fromkeys(outlook.NUMBERS, "")
    for number, content in _objects(octets):
        if number != _MAPI:
            continue
        for identity, kind, value in _properties(content):
            if (name := _WANTED.get(identity)) is not None and kind in (0x001E, 0x001F):
                charset = "utf-16-le" if kind == 0x001F else "cp1252"
                held[name] = value[: outlook.STREAM].decode(charset, "replace").rstrip("\0").replace("\r\n", "\n")
    own = [outlook.mail_of(held)] if any(held.values()) else []
    return [*own, *read(octets, lacking, depth)]


def _objects(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """(number, content) of each object."""
    at = 6
    for _ in range(MOST):
        if at + 9 > len(octets):
            return
        number, _, length = struct.unpack_from("<HHI", octets, at + 1)
        at += 9
        yield number, octets[at : at + length]
        at += length + 2  # a sum follows


def _properties(octets: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(number, type, value) of each property that has one value; what is cut short ends it."""
    try:
        yield from _walk(octets)
    except struct.error:
        return


def _walk(octets: bytes) -> Iterator[tuple[int, int, bytes]]:
    (count,) = struct.unpack_from("<I", octets, 0)
    at = 4
    for _ in range(min(count, MOST)):
        kind, identity = struct.unpack_from("<HH", octets, at)
        at += 4
        if identity >= _NAMED:
            (named,) = struct.unpack_from("<I", octets, at + 16)
            at += 20
            (size,) = struct.unpack_from("<I", octets, at)
            at += 4 + (_padded(size) if named else 0)
        several, kind = kind & _MANY, kind & ~_MANY
        if kind in _VARIABLE:
            (values,) = struct.unpack_from("<I", octets, at)
            at += 4
            for _ in range(min(values, len(octets) // 4 + 1)):
                (size,) = struct.unpack_from("<I", octets, at)
                at += 4
                if not several:
                    yield identity, kind, octets[at : at + size]
                at += _padded(size)
        elif kind in _FIXED:
            values = 1
            if several:
                (values,) = struct.unpack_from("<I", octets, at)
                at += 4
            at += _padded(2 * values) if several and kind in _SHORT else _FIXED[kind] * values
        else:
            return  # how long it is nobody knows
        if at > len(octets):
            return


def _padded(size: int) -> int:
    return (size + 3) & ~3
