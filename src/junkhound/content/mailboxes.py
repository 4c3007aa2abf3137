"""Mail drop boxes: the addresses to which a text wants its answers sent."""

from __future__ import annotations

import re

from junkhound.content.hosts import named

MOST = 20

# Both sides of an "@", which is quickly found; a pattern for the whole would try at every letter.
_FIRST = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
_LOCAL = _FIRST + b".+-"
_ATOM = frozenset(_LOCAL + b"!#$%&'*/=?^`{|}~")  # RFC 5322 section 3.2.3, and the dot
_LONGEST = 64  # RFC 5321 section 4.5.3.1.1
_domain = re.compile(rb"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}").match
# "name (at) host (dot) com" and what else keeps a pattern from seeing what a reader sees
_spelled = re.compile(
    rb"(?<![A-Za-z0-9_.+-])([A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}) ?[\[({<] ?(?:[aA][tT]|@) ?[\])}>] ?"
    rb"([A-Za-z0-9-]{1,63}(?: ?(?:\.|[\[({<] ?(?:[dD][oO][tT]|\.) ?[\])}>]) ?[A-Za-z0-9-]{1,63}){1,8})"
).finditer
_dot = re.compile(rb" ?[\[({<]? ?(?:[dD][oO][tT]|\.) ?[\])}>]? ?")


def mailboxes(text: bytes, spelled: bool = True) -> list[str]:
    """Whole addresses in the text, in lower case, each once; those of domains that cannot exist are left out.

    ``spelled`` False where it is known that no "(at)" or the like stands there.
    """
    found: dict[str, None] = {}
    at, end, place = text.find(b"@"), 0, 0
    while at >= 0 and place < MOST * 5 and len(found) < MOST:
        host = _domain(text, at + 1)
        local = _local(text, max(end, at - _LONGEST), at) if host is not None else b""
        if host is not None and local:
            place, end = place + 1, host.end()
            _add(found, local, host[0])
        at = text.find(b"@", at + 1)
    if not spelled:
        return list(found)
    low = text.lower() if text.find(b"(") >= 0 or text.find(b"[") >= 0 else b""
    if low and any(low.find(mark) >= 0 for mark in _MARKS):
        for place, match in enumerate(_spelled(text)):
            if place >= MOST or len(found) >= MOST:
                break
            _add(found, match[1], _dot.sub(b".", match[2]))
    return list(found)


def _local(text: bytes, floor: int, at: int) -> bytes:
    """What stands before the "@" from ``floor`` on, if it is a local part and nothing goes before it; else b""."""
    head = text[floor:at]
    local = head[len(head.rstrip(_LOCAL)) :]
    start = at - len(local)
    if local[:1] not in _FIRST or (start and text[start - 1] in _ATOM):
        return b""
    return local


_MARKS = (b"(at)", b"[at]", b"{at}", b"( at )", b"[ at ]", b"(@)", b"[@]")


def _add(found: dict[str, None], local: bytes, host: bytes) -> None:
    domain = host.decode("ascii").lower().rstrip(".-")
    if named(domain):
        found[f"{local.decode('ascii').lower()}@{domain}"] = None
