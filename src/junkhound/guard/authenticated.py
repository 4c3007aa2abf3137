"""What the reader's own relay found out about a mail: which domains stand behind it (Authentication-Results, RFC 8601).

Anybody can write such a field, so a field counts only where our relay alone can have put it: above the line that our
border wrote when it took the mail, and under a name of ours. Below that line only names that are stated to be safe
count: those of relays which take such fields out of what arrives (RFC 8601 section 5).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set

import msgspec

from junkhound.content import registrable
from junkhound.evidence.message import Message
from junkhound.kernel.net import Address
from junkhound.trace import Hops

FIELD = b"authentication-results"
_LONGEST = 8192
_comment = re.compile(r"\([^()]{0,500}\)")
_method = re.compile(r"\s*([a-z][a-z0-9-]{0,20})(?:\s*/\s*\d+)?\s*=\s*([a-z]{1,12})(?![^\s])", re.IGNORECASE)
_domain = re.compile(r"\b(?:smtp\.mailfrom|header\.d|header\.i)\s*=\s*\"?(?:[^\s;@\"]{0,64}@)?([a-z0-9._-]{1,253})",
                     re.IGNORECASE)  # fmt: skip
_author = re.compile(r"[\w.+-]{1,64}@([\w.-]{1,253})").search


class Authenticated(msgspec.Struct, frozen=True):
    """Results by method, as the relay wrote them (``pass``, ``fail``, ``none``...), and whom they prove.

    ``domains`` are registrable domains with a passing SPF or DKIM; ``aligned`` is that of the author where it is among
    them (RFC 7489 section 3.1, relaxed). Nothing at all where no relay of ours said anything.
    """

    results: dict[str, str] = {}
    domains: frozenset[str] = frozenset()
    aligned: str = ""

    def __bool__(self) -> bool:
        return bool(self.results)


NOBODY = Authenticated()


def read(
    message: Message, hops: Hops, handover: Address | None, ours: Callable[[str], bool], safe: Set[str]
) -> Authenticated:
    """What a mail's fields say that may be believed.

    Args:
        handover: the machine that our border took the mail from; None where no line of ours is known.
        ours: whether a host of this name is a relay of ours.
        safe: names that are believed wherever they stand before the first line of a stranger.
    """
    border = next((place for place, hop in enumerate(hops) if handover is not None and hop.ip == handover), None)
    results: dict[str, str] = {}
    domains: set[str] = set()
    seen = 0
    values = iter(message.every(FIELD))
    for name, *_ in message.fields:
        if name == b"received":
            seen += 1
            if border is None or seen > border + 1:
                break
        elif name == FIELD:
            value = next(values, b"")
            above = border is not None and seen <= border
            _take(value, lambda host: host in safe or (above and ours(host)), results, domains)  # noqa: B023
    if not results:
        return NOBODY
    author = _author(message.text(b"from", 500))
    domain = registrable(author[1].lower().strip(".")) if author else ""
    return Authenticated(results, frozenset(domains), domain if domain and domain in domains else "")


def _take(value: bytes, believed: Callable[[str], bool], results: dict[str, str], domains: set[str]) -> None:
    """One field's results; the first of a method stays, but a pass wins: one valid signature is enough."""
    words = _comment.sub(" ", value[:_LONGEST].decode("ascii", "replace"))
    head, *parts = words.split(";")
    host = head.split()[0].lower().strip(".") if head.split() else ""
    if not host or not believed(host):
        return
    for part in parts[:40]:
        found = _method.match(part)
        if found is None:
            continue
        method, result = found[1].lower(), found[2].lower()
        if results.get(method) != "pass":
            results[method] = result if method not in results or result == "pass" else results[method]
        if result == "pass" and method in ("spf", "dkim"):
            domains |= {registrable(one.lower().strip(".")) or one.lower() for one in _domain.findall(part)}
