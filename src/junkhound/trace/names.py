"""What host names give away: whether two belong together, and whether one names a dial-up line."""

from __future__ import annotations

import re

from junkhound.kernel.net import Address
from junkhound.trace.memo import Memo

_DYNAMIC = re.compile(
    r"(?:^|[.-])(?:dyn|dynamic|dhcp|pool|pools|dial|dialup|dsl|adsl|vdsl|xdsl|cable|ppp|pppoe|ftth|broadband"
    r"|client|clients|customer|cust|mobile|wireless|dip|dynip|catv|cm)\d{0,4}(?=[.-])"
)
_OCTETS = re.compile(r"\d{1,3}[.x_-]\d{1,3}[.x_-]\d{1,3}|^(?:ip|host|h|p|c|d|x)?-?\d{9,12}\.")


def site(name: str) -> str:
    """The last two labels, three below a short second level (``co.uk``): near enough to compare hosts by.

    Which suffixes are really public is ``content``'s business; nobody is accused because of this.
    """
    labels = name.rsplit(".", 3)
    if len(labels) < 3:
        return name
    last, second = labels[-1], labels[-2]
    if len(last) == 2 and len(second) <= 3:
        return ".".join(labels[-3:])
    return f"{second}.{last}"


_SITES = Memo(site, 8192)


def whole(name: str) -> bool:
    """Whether a name is a domain with no host in it: ``example.net``."""
    return "." in name and _SITES[name] == name


def together(one: str | None, other: str | None) -> bool:
    """Whether two host names are equal or of one site."""
    if one is None or other is None:
        return False
    return one == other or ("." in one and "." in other and _SITES[one] == _SITES[other])


def _host(name: str) -> str:
    """The name without its site, which may be called anything: ``wireless.org.au`` is no line of a provider."""
    return name.removesuffix(_SITES[name])


def dynamic(rdns: str) -> bool:
    """Whether a looked-up name is one that providers give to dial-up and broadband lines."""
    host = _host(rdns)
    return _DYNAMIC.search(host) is not None or _OCTETS.search(host) is not None


DYNAMIC = Memo(dynamic, 8192)
"""``dynamic``, remembered."""


_SERVER = re.compile(
    r"(?:^|[.-])(?:mail[a-z]*|mx|smtp|out|outbound|outgoing|relay|mta|gw|gateway|send[a-z]*|bounces?"
    r"|lists?|post|info|news|imap|exchange|webmail)[a-z]?\d*[a-z]?\d*(?=[.-])"
)
_HOSTED = re.compile(
    r"(?:^|[.-])(?:ec2|compute|vps\d*|cloud|linode|dedicated|your-server|amazonaws|googleusercontent|contaboserver)(?=[.-])"
)
_NUMBERS = re.compile(r"\d+")
_INSIDE = (".local", ".lan", ".localdomain", ".internal", ".intern", ".home", ".corp", ".localhost", ".lokal")
_LOCAL = frozenset(("localhost", "localhost.localdomain", "localhost4", "localhost6", "local"))


def server(name: str) -> bool:
    """Whether a host name is one that people give to mail servers."""
    return _SERVER.search(name) is not None


SERVER = Memo(server, 8192)
"""``server``, remembered."""


def generic(name: str, ip: Address | None) -> bool:
    """Whether a looked-up name was made from the address, or for a line, and not for a machine that serves mail.

    Providers name thousands of lines by a rule: two octets of the address, its hexadecimal form, or a word such as
    ``dsl``. A name that says ``mail`` or ``ec2`` may hold octets too.
    """
    if DYNAMIC[name]:
        return not (SERVER[name] or _HOSTED.search(name)) or _DYNAMIC.search(_host(name)) is not None
    if ip is None or not ip.is_v4 or SERVER[name] or _HOSTED.search(name):
        return False
    low = ip.lo & 0xFFFFFFFF
    octets = (low >> 24, low >> 16 & 255, low >> 8 & 255, low & 255)
    numbers = {int(found) for found in _NUMBERS.findall(name) if len(found) < 4}
    if len(numbers.intersection(octets)) > 1:
        return True
    flat = name.replace("-", "").replace(".", "")
    if f"{low:08x}" in flat or f"{low & 0xFFFFFF:06x}" in flat or "".join(f"{n:03}" for n in octets) in flat:
        return True
    host = name.partition(".")[0]
    return octets[3] > 9 and str(octets[3]) in _NUMBERS.findall(host)


def inside(name: str) -> bool:
    """Whether a machine calls itself by a name that nobody outside can look up."""
    return "." not in name or name in _LOCAL or name.endswith(_INSIDE)


def nameless(helo: str) -> bool:
    """Whether a HELO is an address or a bare number: what machines say that have no name."""
    return helo[0] == "[" or helo.replace(".", "").isdigit()
