"""Authentication-Results fields (RFC 8601, and those of ARC sets, RFC 8617): who says it, which address it names.

Received-SPF (RFC 7208 section 9.1) names the address too; it says not who wrote it, so only its place can tell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from junkhound.kernel.net import Address
from junkhound.trace.border import Boundary
from junkhound.trace.dialects.grammar import address, name
from junkhound.trace.hop import Hop
from junkhound.trace.names import together
from junkhound.trace.peer import STRANGER
from junkhound.trace.reader import Hops
from junkhound.trace.walk import AT_STRANGER, AT_UNREAD, Walk

FIELD = b"authentication-results"
SPF_FIELD = b"received-spf"
# The address must be the first key: whoever has typed the envelope sender has typed what stands behind that.
_SPF = re.compile(r"\s*+[A-Za-z]++\s++client-ip\s*+=\s*+\"?([0-9A-Fa-f:.]++)\"?\s*+(?:;|\Z)(.*)\Z", re.DOTALL)
_SPF_HELO = re.compile(r"(?:\A|;)\s*+helo\s*+=\s*+\"?([^\s;\"]++)")
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
    text = _bare(value)
    if text is None:
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


def _bare(value: bytes) -> str | None:
    """A field's value without its comments; None where they do not end."""
    text = value[:4096].decode("latin-1")
    for _ in range(NESTED):
        bare = _COMMENT.sub(" ", text)
        if bare == text:
            break
        text = bare
    return None if "(" in text else text


def read_spf(value: bytes) -> tuple[Address, str | None] | None:
    """The address, and the HELO name, that a Received-SPF field names; None where it names none, or several."""
    text = _bare(value)
    found = _SPF.match(text) if text is not None else None
    ip = address(found[1]) if found is not None else None
    if found is None or ip is None or "client-ip" in found[2].lower():
        return None
    helo = _SPF_HELO.search(found[2])
    return ip, name(helo[1]) if helo is not None else None


def told(hops: Sequence[Hop], path: Walk, border: Boundary) -> Walk:
    """The walk, its last line completed by what our own servers say of the hand-over in fields above it.

    They may name the machine where the line itself is not clear, and say that a name it shows leads back to its
    address. Below that line anybody may have typed such a field in our name; whether our server takes those out (RFC
    8601 section 5) cannot be seen from the mail, so only what stands above counts.
    """
    last = path.hop
    if last is None or last.index < 0 or not isinstance(hops, Hops):
        return path
    unread = path.end is AT_UNREAD
    if unread and SPF_FIELD in hops.names:
        path = _by_spf(hops, path, last, border)
        if path.end is AT_STRANGER:
            return path
    if FIELD not in hops.names:
        return path
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


def _by_spf(hops: Hops, path: Walk, last: Hop, border: Boundary) -> Walk:
    """The walk, its last line completed by the Received-SPF field right above it.

    It stands above the line of the server that wrote it (RFC 7208 section 9.1), and under the next line up: that is a
    place which only this server has written to. Further up there may be one about a later step.
    """
    for above, value in hops.stated(SPF_FIELD):
        found = read_spf(value) if above == last.index else None
        if found is not None and border.sides[found[0]] is STRANGER:
            return _with(path, msgspec.structs.replace(last, ip=found[0], helo=last.helo or found[1]))
    return path


def _with(path: Walk, last: Hop) -> Walk:
    return Walk([*path.seen[:-1], (last, STRANGER)])
