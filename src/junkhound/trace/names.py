"""What host names give away: whether two belong together, and whether one names a dial-up line."""

from __future__ import annotations

import re
from functools import lru_cache

_DYNAMIC = re.compile(
    r"(?:^|[.-])(?:dyn|dynamic|dhcp|pool|pools|dial|dialup|dsl|adsl|vdsl|xdsl|cable|ppp|pppoe|ftth|broadband"
    r"|client|clients|customer|cust|mobile|wireless|dip|dynip|catv|cm)\d{0,4}(?=[.-])"
)
_OCTETS = re.compile(r"\d{1,3}[.x_-]\d{1,3}[.x_-]\d{1,3}|^(?:ip|host|h|p|c|d|x)?-?\d{9,12}\.")


@lru_cache(4096)
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


def together(one: str | None, other: str | None) -> bool:
    """Whether two host names are equal or of one site."""
    if not one or not other:
        return False
    return one == other or ("." in one and "." in other and site(one) == site(other))


def dynamic(rdns: str) -> bool:
    """Whether a looked-up name is one that providers give to dial-up and broadband lines."""
    return _DYNAMIC.search(rdns) is not None or _OCTETS.search(rdns) is not None
