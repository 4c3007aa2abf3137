"""Who registered the domains that mails lead to, as far as the operator was told: read from RDAP answers he has.

What is known of a domain gives keys of its own: the registrant, the name servers, the hour at one registrar, for who
needs many domains buys them together. Nothing is asked of anybody here.

Source: RFC 9083 (domain objects, section 5.3), RFC 7095 (jCard).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from junkhound import content
from junkhound.kernel import clock
from junkhound.kernel.errors import DataError, UsageError
from junkhound.tables import KeyKind

MAX_DOMAINS = 1_000_000
MAX_LINE = 1 << 20  # bytes
MAX_ENTITIES = 50
MAX_SERVERS = 13
BATCH = 3_600_000_000  # us within which domains of one registrar were bought together
_HIDDEN = re.compile(
    r"redact|privacy|whois ?guard|proxy|withheld|not disclosed|data protected|gdpr|perfect privacy|masked|anonymi",
    re.IGNORECASE,
)


class Registration(NamedTuple):
    """What is known of one domain; empty or 0 what is not."""

    domain: str
    registrant: str = ""
    registrar: str = ""
    servers: tuple[str, ...] = ()  # registrable domains of its name servers, without its own
    created_at: int = 0

    def ties(self) -> list[tuple[KeyKind, str]]:
        """What ties it to other domains: kind and text of each key."""
        found = [(KeyKind.NAME_SERVER, one) for one in self.servers]
        if self.registrant:
            found.append((KeyKind.REGISTRANT, self.registrant))
        if self.registrar and self.created_at:
            moment = clock.text(self.created_at // BATCH * BATCH)
            found.append((KeyKind.REGISTERED, f"{self.registrar}, {moment}"))
        return found


def read(lines: Iterable[bytes]) -> dict[int, Registration]:
    """By the key of the domain what a file of RDAP domain objects says, one JSON a line; the newest of several.

    A line may wrap its object as ``{"object": {...}}``; objects of other classes are passed over. Errors: DataError.
    """
    found: dict[int, Registration] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if len(line) > MAX_LINE or len(found) >= MAX_DOMAINS:
            raise DataError(f"line {number:,} is too long, or there are more than {MAX_DOMAINS:,} domains")
        try:
            said = msgspec.json.decode(line)
        except msgspec.DecodeError as error:
            raise DataError(
                f"line {number:,} is no JSON: {error}", "one RDAP answer a line, as RFC 9083 has it"
            ) from None
        said = said.get("object", said) if isinstance(said, dict) else {}
        if isinstance(said, dict) and said.get("objectClassName") == "domain":
            one = of(said)
            if one is not None:
                key = content.key(one.domain)
                if key not in found or one.created_at >= found[key].created_at:
                    found[key] = one
    return found


def of(said: Mapping[str, Any]) -> Registration | None:
    """What one RDAP answer about a domain says; None where it names none."""
    domain = _text(said.get("ldhName")).lower().rstrip(".")
    if not domain:
        return None
    registrant = registrar = ""
    for entity in _list(said.get("entities"))[:MAX_ENTITIES]:
        roles = _list(entity.get("roles")) if isinstance(entity, dict) else []
        if "registrant" in roles:
            registrant = registrant or _named(entity)
        if "registrar" in roles:
            registrar = registrar or _card(entity).get("fn", "") or _text(entity.get("handle"))
    servers = {
        content.registrable(_text(one.get("ldhName")).lower().rstrip("."))
        for one in _list(said.get("nameservers"))[:MAX_SERVERS] if isinstance(one, dict)
    }  # fmt: skip
    mine = content.registrable(domain) or domain
    created = [
        _text(event.get("eventDate")) for event in _list(said.get("events"))[:MAX_ENTITIES]
        if isinstance(event, dict) and event.get("eventAction") == "registration"
    ]  # fmt: skip
    return Registration(
        mine, registrant.casefold()[:200], registrar.casefold()[:100],
        tuple(sorted(one for one in servers if one and one != mine)), _instant(created[0]) if created else 0,
    )  # fmt: skip


def _named(entity: Mapping[str, Any]) -> str:
    """The registrant by mail address, else organisation or name, else handle; "" where a service hides him."""
    card = _card(entity)
    if any(_HIDDEN.search(value) for value in card.values()):
        return ""
    return card.get("email", "") or card.get("org", "") or card.get("fn", "") or _text(entity.get("handle"))


def _card(entity: Mapping[str, Any]) -> dict[str, str]:
    """The text properties of a jCard."""
    card = _list(entity.get("vcardArray"))
    found: dict[str, str] = {}
    for one in _list(card[1] if len(card) > 1 else None)[:MAX_ENTITIES]:
        if isinstance(one, list) and len(one) >= 4 and isinstance(one[0], str) and isinstance(one[3], str):
            found.setdefault(one[0].lower(), one[3].strip()[:200])
    return found


def _instant(text: str) -> int:
    try:
        return clock.parse(text[:40])
    except UsageError:
        return 0


def _text(value: object) -> str:
    return value.strip()[:255] if isinstance(value, str) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
