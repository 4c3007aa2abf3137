"""Pieces that dialects share: patterns over negated classes, and the step from matched text to a hop.

Every repeat is possessive or runs over a class that excludes what follows, so that no line takes more than
linear time. No comment may hold a square bracket: the comment in which the server wrote the peer's address can
then never be swallowed by a pattern, whatever the client put into HELO before it or into the recipient behind it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from junkhound.kernel import net
from junkhound.kernel.net import Address
from junkhound.trace.dates import parse_text
from junkhound.trace.hop import Hop

# A name somebody typed: no space, no bracket, so that it cannot bring a second "(name [address])" along.
WORD = r"[^\s()\[\]<>;]++"
HELO = rf"(?P<helo>{WORD}|\[[^\s()\[\];]*+\])"
IP = r"\[(?:IPv6:)?(?P<ip>[0-9A-Fa-f:.]++)(?:%\w++)?\]"
IP2 = IP.replace("<ip>", "<ip2>")
BY = r"(?P<by>[^\s()\[\];]++)"
ID = r"(?:\s++id\s++(?P<id>[^\s;()]++))?"
FOR = r"(?:\s++for\s++<?(?P<recipient>[^\s<>();]++)>?)?"
# A comment that names no address: TLS, client certificate, who logged in. One level of nesting.
NOTE = r"\((?:using|[Nn]o|Client|[Aa]uthenticated|not|version=)[\s\w][^()\[\]]*+(?:\([^()\[\]]*+\)[^()\[\]]*+)*+\)"
# The date: letters only before the first comment, so that no clause can hide behind it.
DATE = r"\s*+;\s*+(?P<date>[A-Za-z0-9,:.+\s-]*+(?:\([^()\[\]]*+\)\s*+)*+)\Z"

_AUTH = frozenset(("ESMTPA", "ESMTPSA", "UTF8SMTPA", "UTF8SMTPSA", "SMTPSA", "ASMTP", "HTTP", "HTTPS", "HTTPU"))
_QUAD = re.compile(r"\d++(?:\.\d++){3}\Z")
_SENDER = re.compile(r"\(envelope-from\s++<?([^<>()\s]++)")
_NOBODY = frozenset(("unknown", "softdnserr", "unresolved", "unavailable", "localhost.unknown"))


@lru_cache(8192)
def address(words: str) -> Address | None:
    """An address as mail servers write it: ``IPv6:`` before, zone or port (``:25``, ``.25``) behind it."""
    found = net.parse(words)
    if found is not None:
        return found
    if words[:5].lower() == "ipv6:":
        return net.parse(words[5:])
    if words.count(".") == 4:  # [192.0.2.1.25]
        words = words.rpartition(".")[0]
    elif words.count(":") == 1:
        words = words.partition(":")[0]
    return net.parse(words.partition("%")[0])


def impossible(words: str) -> bool:
    """Whether it is written like an IPv4 address and cannot be one."""
    return _QUAD.match(words) is not None and net.parse(words) is None


@lru_cache(8192)
def name(words: str | None) -> str | None:
    """A host name as we keep it: lower case, no final dot, None for nothing."""
    return words.lower().rstrip(".") or None if words else None


def logged_in(protocol: str | None) -> bool:
    """Whether the `with` keyword says that the client had logged in (RFC 3848, and older habits)."""
    return protocol is not None and protocol in _AUTH


def make(
    dialect: str,
    index: int,
    below: bool,
    *,
    ip: str | None = None,
    rdns: str | None = None,
    helo: str | None = None,
    by: str | None = None,
    by_ip: str | None = None,
    protocol: str | None = None,
    id: str | None = None,
    recipient: str | None = None,
    ident: str | None = None,
    envelope_from: str | None = None,
    auth: bool = False,
    tls: str | None = None,
    date: str | None = None,
    local: bool = False,
    verified: bool = False,
    pickup: bool = False,
) -> Hop | None:
    """The hop of matched text; None if what stands for an address is none (then the scanner looks)."""
    peer = None
    if ip is not None:
        peer = address(ip)
        if peer is None:
            return None
    no_rdns = False
    if rdns is not None:
        rdns = name(rdns)
        if rdns in _NOBODY or (rdns is not None and rdns[0] in "0123456789" and net.parse(rdns) is not None):
            no_rdns, rdns = True, None  # some servers repeat the address where a name belongs
    if protocol is not None:
        protocol = protocol.upper()
        auth = auth or protocol in _AUTH
    if id is not None and id[0] == "<":
        id = id.strip("<>")
    if date is not None and envelope_from is None and "(envelope-from" in date:
        sender = _SENDER.search(date)
        envelope_from = sender and sender[1]
    return Hop(
        peer, rdns, name(helo), name(by), address(by_ip) if by_ip else None, protocol, id, recipient, ident,
        envelope_from, auth, tls, parse_text(date) if date else None, dialect, local, index, below, no_rdns,
        verified and rdns is not None, False, False, pickup,
    )  # fmt: skip
