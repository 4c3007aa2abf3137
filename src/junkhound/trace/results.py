"""Authentication-Results fields (RFC 8601, and those of ARC sets, RFC 8617): who says it, which address it names."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from junkhound.kernel.net import Address
from junkhound.trace.border import Boundary
from junkhound.trace.dialects.grammar import address
from junkhound.trace.hop import Hop
from junkhound.trace.names import together
from junkhound.trace.peer import STRANGER
from junkhound.trace.reader import Hops
from junkhound.trace.walk import AT_STRANGER, AT_UNREAD, Walk

FIELD = b"authentication-results"
_COMMENT = re.compile(r"\([^()]*+\)")
_PIECE = re.compile(r'(?:[^;"]++|"[^"]*+"?)++')
_METHOD = re.compile(r"\s*+([A-Za-z][\w-]{0,30})(?:\s*+/\s*+\d++)?\s*+=\s*+([A-Za-z]{1,20})\b")
_PROPERTY = re.compile(r"\b([a-z]{1,20})\s*+\.\s*+([a-z-]{1,30})\s*+=\s*+(?:\"([^\"]{0,200})\"|([^\s;\"]{1,200}))")
# Properties that name the machine which handed the mail to the server that writes the field.
_PEER = (("smtp", "remote-ip"), ("policy", "iprev"), ("smtp", "client-ip"))
NESTED = 4  # comments inside comments


class Results(msgspec.Struct, frozen=True, gc=False):
    """One field: the server that says it, (method, result) pairs, and the address that it says handed the mail to it.

    ``ip`` is None where none is named, or several are.
    """

    server: str
    said: tuple[tuple[str, str], ...]
    ip: Address | None = None


def read(value: bytes) -> Results | None:
    """A field's value; None for what is none. Comments are no result (RFC 8601 section 2.2)."""
    text = value[:4096].decode("latin-1")
    for _ in range(NESTED):
        bare = _COMMENT.sub(" ", text)
        if bare == text:
            break
        text = bare
    if "(" in text:
        return None
    pieces = _PIECE.findall(text)
    if pieces and re.match(r"\s*+i\s*+=\s*+\d++\s*+\Z", pieces[0]):
        del pieces[0]  # of an ARC set: its number comes first
    words = pieces[0].split() if pieces else []
    if not words or "=" in words[0]:
        return None
    said, peers = [], set()
    for piece in pieces[1:]:
        method = _METHOD.match(piece)
        if method is None:
            continue
        said.append((method[1].lower(), method[2].lower()))
        for found in _PROPERTY.finditer(piece):
            if (found[1], found[2]) in _PEER and (ip := address((found[3] or found[4] or "").strip("[]"))) is not None:
                peers.add(ip)
    return Results(words[0].lower().strip('"').rstrip("."), tuple(said), peers.pop() if len(peers) == 1 else None)


def told(hops: Sequence[Hop], path: Walk, border: Boundary) -> Walk:
    """The walk, its last line completed by what our own servers say of the hand-over in fields above it.

    They may name the machine where the line itself is not clear, and say that a name it shows leads back to its
    address. Below that line anybody may have typed such a field in our name; whether our server takes those out (RFC
    8601 section 5) cannot be seen from the mail, so only what stands above counts.
    """
    last = path.hop
    if last is None or last.index < 0 or not isinstance(hops, Hops) or FIELD not in hops.names:
        return path
    unread = path.end is AT_UNREAD
    if not unread and (path.end is not AT_STRANGER or last.rdns is None or last.verified):
        return path
    for above, value in hops.stated(FIELD):
        if above > last.index:
            break
        said = read(value)
        if said is None or said.ip is None or not border.names[said.server]:
            continue
        if unread and border.sides[said.ip] is STRANGER and together(said.server, last.by):
            return _with(path, msgspec.structs.replace(last, ip=said.ip))
        if said.ip == last.ip and ("iprev", "pass") in said.said:
            return _with(path, msgspec.structs.replace(last, verified=True))
    return path


def _with(path: Walk, last: Hop) -> Walk:
    return Walk([*path.seen[:-1], (last, STRANGER)])
