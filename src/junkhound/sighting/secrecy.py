"""Rows never say who a trap is: names that hold a trap's address or domain are left out, subjects are redacted.

Trap addresses stand in the state database and in raw packs, nowhere else (RUNTIME, stored forms). A name that
every mail to a trap shares would also make one campaign of them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from junkhound.content import registrable
from junkhound.evidence.redact import Secrets
from junkhound.sighting.rules import IntakeRules
from junkhound.wire.facts import Recipient

_SHORTEST = 4  # as in redaction: shorter local parts are words of every text
_TELLING = 12  # a local part of letters alone names nobody below this length: sales, contact, support


def trap_domains(intakes: Iterable[IntakeRules]) -> tuple[str, ...]:
    """The domains of all traps in the settings, each with the one that was registered for it."""
    own = {domain.lower().strip(".") for intake in intakes for domain in intake.domains}
    return tuple(sorted(own | {registrable(domain) or domain for domain in own}))


def trap_names(recipients: Sequence[Recipient]) -> tuple[str, ...]:
    """Local parts of the traps of one delivery, as far as they tell anybody apart."""
    if not recipients:
        return ()
    locals_ = {r.address.rpartition(b"@")[0].lower().decode("utf-8", "replace") for r in recipients if r.trap}
    return tuple(sorted(name for name in locals_ if len(name) >= _SHORTEST))


def telling(name: str) -> bool:
    """Whether a local part alone, anywhere in a name, gives its address away."""
    return len(name) >= _TELLING or (len(name) > _SHORTEST and not name.isalpha())


def names_any(text: str, words: Sequence[str]) -> bool:
    """Whether any of these lower-case words stands in the text."""
    if not words:
        return False
    low = text.lower()
    return any(word in low for word in words)


def shown(text: str, recipients: Iterable[Recipient], domains: tuple[str, ...]) -> str:
    """The text without these traps; the very same text where it names none."""
    addresses = frozenset(r.address.lower() for r in recipients if r.trap)
    octets = text.encode("utf-8", "surrogatepass")
    clean = _secrets(addresses, domains).taken_out(octets)
    return text if clean == octets else clean.decode("utf-8", "replace")


@lru_cache(256)
def _secrets(addresses: frozenset[bytes], domains: tuple[str, ...]) -> Secrets:
    return Secrets.of(addresses, domains)
