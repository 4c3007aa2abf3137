"""What host names give away: whether two belong together, and whether one names a dial-up line."""

from __future__ import annotations

import re

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


def together(one: str | None, other: str | None) -> bool:
    """Whether two host names are equal or of one site."""
    if one is None or other is None:
        return False
    return one == other or ("." in one and "." in other and _SITES[one] == _SITES[other])


def dynamic(rdns: str) -> bool:
    """Whether a looked-up name is one that providers give to dial-up and broadband lines."""
    return _DYNAMIC.search(rdns) is not None or _OCTETS.search(rdns) is not None


DYNAMIC = Memo(dynamic, 8192)
"""``dynamic``, remembered."""
