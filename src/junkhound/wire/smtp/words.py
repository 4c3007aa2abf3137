"""What stands behind the commands: paths, parameters and attributes, read as widely as senders write them."""

from __future__ import annotations

import re
from functools import lru_cache

from junkhound.wire.smtp.terms import Policy

_PARAMS = rb"(?P<rest>(?:\s+\S{1,512}){0,16})\s*\Z"
_PATH = re.compile(rb"\s*(?:<(?P<path>[^>]{0,1024})>|(?P<bare>[^\s<>]{1,1024}))" + _PARAMS)
# RFC 5321 section 4.1.2: a quoted local part may hold > and @
_QUOTED = re.compile(rb'\s*<(?P<path>"(?:[^"\\]|\\.){0,512}"@[^>]{1,255})>' + _PARAMS)
_SIZE = re.compile(rb"(?:\A|\s)SIZE=(\d{1,18})(?:\s|\Z)", re.IGNORECASE)
_XTEXT = re.compile(rb"\+([0-9A-F]{2})")


def path(rest: bytes, keyword: bytes) -> tuple[bytes, bytes] | None:
    """Address and parameters of ``FROM:<a@b> SIZE=1``; None where there is no path."""
    rest = rest.lstrip()
    if rest[: len(keyword)].upper() != keyword:
        return None
    found = _PATH.match(rest, len(keyword))
    if found is not None and found["path"] is not None:
        address = found["path"]
        if address[:1] == b'"' and (quoted := _QUOTED.match(rest, len(keyword))) is not None:
            found, address = quoted, quoted["path"]
    elif found is not None:
        address = found["bare"]
    else:
        found = _QUOTED.match(rest, len(keyword))
        if found is None:
            return None
        address = found["path"]
    if address.startswith(b"@"):  # a source route is read and passed over (RFC 5321 appendix C)
        address = address.partition(b":")[2]
    return address, found["rest"].strip()


def size(params: bytes) -> int:
    """What SIZE announces (RFC 1870); 0 where it does not."""
    found = _SIZE.search(params) if params else None
    return int(found[1]) if found else 0


def attributes(rest: bytes) -> tuple[tuple[str, str], ...] | None:
    """NAME=value words in xtext (RFC 3461 section 4); None where a word is none."""
    said = []
    for word in rest.split()[:16]:
        name, equals, value = word.partition(b"=")
        if not equals:
            return None
        text = _XTEXT.sub(lambda found: bytes([int(found[1], 16)]), value[:512]).decode("utf-8", "replace")
        said.append((name[:32].upper().decode("latin-1"), text))
    return tuple(said)


@lru_cache(64)
def offers(policy: Policy, tls: bool) -> bytes:
    """The reply to EHLO."""
    offers = [policy.hostname, "PIPELINING", f"SIZE {policy.size_limit}", "8BITMIME", "SMTPUTF8", "CHUNKING",
              "ENHANCEDSTATUSCODES"]  # fmt: skip
    if policy.starttls and not tls:
        offers.append("STARTTLS")
    if policy.auth:
        offers.append("AUTH PLAIN LOGIN")
    if policy.xclient:
        offers.append("XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT")
        offers.append("XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE")
    return "".join(f"250-{line}\r\n" for line in offers[:-1]).encode() + f"250 {offers[-1]}\r\n".encode()
