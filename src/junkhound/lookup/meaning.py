"""What an answer of somebody else's block list means: listed, not listed, refused, dead or unknown.

An error that is read as a listing turns all mail away, so whatever a list does not document is no listing: a refusal
is told from an answer, an answer outside 127/8 is the work of a resolver that rewrites, and a list is not believed
before its test points hold.

Source: RFC 5782; the codes in use are collected in the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from junkhound.lookup.catalogue import Blocklist
from junkhound.wire import dns
from junkhound.wire.dns import Answer

LISTED, NOT_LISTED, REFUSED, DEAD, UNKNOWN = OUTCOMES = ("listed", "not listed", "refused", "dead", "unknown")


class Word(NamedTuple):
    """What one list says of one address or name."""

    outcome: str
    codes: tuple[str, ...] = ()
    means: str = ""
    scope: str = ""


def judge(about: Blocklist, answer: Answer) -> Word:
    """The outcome of one answer of a list whose test points hold."""
    if answer.code == dns.REFUSED:
        return Word(REFUSED, means="the server refused to answer us")
    if answer.code not in (dns.NOERROR, dns.NXDOMAIN):
        return Word(
            UNKNOWN, means="no answer" if answer.code < 0 else f"error {dns.CODES.get(answer.code, answer.code)}"
        )
    if not answer.addresses:
        return _NOT
    found = _KNOWN.get((id(about), answer.addresses))
    if found is None or found[0] is not about:
        if len(_KNOWN) > _REMEMBERED:
            _KNOWN.clear()
        found = _KNOWN[id(about), answer.addresses] = (about, _read(about, answer.addresses))
    return found[1]


_NOT = Word(NOT_LISTED)
_REMEMBERED = 4096
_KNOWN: dict[tuple[int, tuple[bytes, ...]], tuple[Blocklist, Word]] = {}
"""Lists have few answers: each is read once."""


def _read(about: Blocklist, addresses: tuple[bytes, ...]) -> Word:
    addresses = tuple(sorted(addresses))
    codes = tuple(".".join(map(str, address)) for address in addresses)
    if any(address[0] != 127 for address in addresses):
        return Word(UNKNOWN, codes, "an answer outside 127.0.0.0/8: somebody on the way rewrites answers")
    if any(_is_refusal(about, code, address) for code, address in zip(codes, addresses, strict=True)):
        return Word(REFUSED, codes, "the list's way to say that it does not answer us")
    if about.bits:
        return _bits(about, codes, addresses)
    known = [code for code in codes if code in about.codes]
    if known:
        scopes = [about.scopes.get(code, about.scope) for code in known]
        means = "; ".join(dict.fromkeys(about.codes[code] for code in known))
        return Word(LISTED, codes, means, min(scopes, key=_SCOPES.index))
    if not about.codes or any(_near(about.codes, address) for address in addresses):
        return Word(LISTED, codes, "for a reason that its catalogue does not know", about.scope)
    return Word(UNKNOWN, codes, "a code that the list does not document")


_SCOPES = ("address", "range", "asn")


def _is_refusal(about: Blocklist, code: str, address: bytes) -> bool:
    if code in about.refused or address[:3] == b"\x7f\xff\xff":  # 127.255.255.0/24
        return True
    if about.refused_bit:
        return bool(address[3] & about.refused_bit)
    return (address[3] == 255 or code == "127.0.0.1") and code not in about.codes


def _near(codes: Mapping[str, str], address: bytes) -> bool:
    """Whether the answer is in a range that the list documents."""
    front = ".".join(map(str, address[:3])) + "."
    return any(code.startswith(front) for code in codes)


def _bits(about: Blocklist, codes: tuple[str, ...], addresses: tuple[bytes, ...]) -> Word:
    bits = 0
    for address in addresses:
        bits |= address[3]
    means = [words for bit, words in about.bits.items() if bits & int(bit)]
    return Word(LISTED, codes, "; ".join(means) or "for a reason that its catalogue does not know", about.scope)


def state(about: Blocklist, listed: Answer, clean: Answer) -> Word | None:
    """What a list is worth by its two test points: None for one that may be asked, else what is said of everything."""
    must, never = judge(about, listed), judge(about, clean)
    if REFUSED in (must.outcome, never.outcome) and never.outcome != LISTED:
        return Word(REFUSED, must.codes or never.codes, "it refuses us: its test points do not answer")
    if UNKNOWN in (must.outcome, never.outcome):
        worst = must if must.outcome == UNKNOWN else never
        return Word(UNKNOWN, worst.codes, f"its test points cannot be read: {worst.means}")
    if must.outcome == LISTED and never.outcome == LISTED:
        return Word(DEAD, must.codes, "it lists the whole world")
    if must.outcome != LISTED and never.outcome == LISTED:
        return Word(DEAD, never.codes, "its test points are the wrong way round")
    if must.outcome != LISTED:
        return Word(DEAD, (), "it is empty: not even its test entry is listed")
    return None
