"""Mail drop boxes: the addresses to which a text wants its answers sent."""

from __future__ import annotations

import re

from junkhound.content.hosts import named

MOST = 20

# Both sides of an "@", which is quickly found; a pattern for the whole would try at every letter.
_local = re.compile(rb"(?<![A-Za-z0-9!#$%&'*+/=?^_`{|}~.-])[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}\Z").search
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
        local = _local(text, max(end, at - 64), at) if host is not None else None
        if host is not None and local is not None:
            place, end = place + 1, host.end()
            _add(found, local[0], host[0])
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


_MARKS = (b"(at)", b"[at]", b"{at}", b"( at )", b"[ at ]", b"(@)", b"[@]")


def _add(found: dict[str, None], local: bytes, host: bytes) -> None:
    domain = host.decode("ascii").lower().rstrip(".-")
    if named(domain):
        found[f"{local.decode('ascii').lower()}@{domain}"] = None
