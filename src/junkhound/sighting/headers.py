"""Two small readings of header fields that become keys: whose address, whose signature."""

from __future__ import annotations

import re

from junkhound.content import registrable
from junkhound.kernel.memo import Memo

_INSIDE = re.compile(r"<[^<>@]{0,320}@([A-Za-z0-9.-]{1,253})\s*>")
_BARE = re.compile(r"@([A-Za-z0-9.-]{1,253})")
_SIGNED = re.compile(rb"(?:^|;)\s*d\s*=\s*([A-Za-z0-9.-]{1,253})\s*(?:;|\Z)")


def address_domain(text: str) -> str:
    """Registrable domain of the address of a From or Reply-To text; "" for none.

    The last address in angle brackets counts, not one that a display name pretends to be.
    """
    inside = _INSIDE.findall(text)
    if inside:
        return _REGISTERED[inside[-1]]
    bare = _BARE.search(text)
    return _REGISTERED[bare[1]] if bare else ""


def _registered(domain: str) -> str:
    domain = domain.strip(".").lower()
    return domain and (registrable(domain) or domain)


_REGISTERED = Memo(_registered, 16384)


def dkim_domain(value: bytes) -> str:
    """The d= tag of a DKIM-Signature field (RFC 6376 section 3.5), unverified; "" for none."""
    found = _SIGNED.search(value[:4096])
    return "" if found is None else found[1].strip(b".").lower().decode("ascii")
