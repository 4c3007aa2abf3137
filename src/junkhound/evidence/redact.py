"""Mail for other eyes: without the addresses that were used only to catch it.

Whoever sends junk looks for traps in what is published about it. Addresses are taken out in the plain, in the forms
that mailers give them (VERP, percent and quoted-printable escapes) and as the hashes that links carry; a field or part
that still names one after decoding is withheld whole. Not seen: what stands in archives, pictures and unknown codes.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import md5, sha1, sha256
from typing import NamedTuple

from junkhound.evidence.decode import header
from junkhound.evidence.message import Message, parse

NAME = b"redacted"
ADDRESS = b"redacted@redacted.invalid"
DOMAIN = b"redacted.invalid"
WITHHELD = b"(withheld: it names a trap)"
_SHORTEST_LOCAL = 4  # shorter local parts are words of every text
_AT = rb"(?:@|%40|=40|=|&#64;|\(at\)| at )"


@dataclass(frozen=True)
class Secrets:
    """What must not be seen: trap addresses, and domains that hold nothing but traps; any case.

    ``written`` are the addresses as they were given: a hash or code of one depends on its case.
    """

    addresses: frozenset[bytes] = frozenset()
    domains: frozenset[bytes] = frozenset()
    written: frozenset[bytes] = frozenset()

    @classmethod
    def of(cls, addresses: Iterable[bytes], domains: Iterable[str]) -> Secrets:
        """Made lower case; empty ones are left out."""
        written = frozenset(address for address in addresses if address)
        known = frozenset(address.lower() for address in written)
        held = frozenset(domain.lower().strip(".").encode() for domain in domains if domain)
        return cls(known, held, written - known)

    def __bool__(self) -> bool:
        return bool(self.addresses or self.domains)

    @cached_property
    def forms(self) -> tuple[_Form, ...]:
        """Each form to look for, in the order in which they are taken out."""
        held = sorted(self.domains, key=len, reverse=True)
        whole, codes, names = [], set[bytes](), set[bytes]()
        for address in sorted(self.addresses, key=len, reverse=True):
            local, _, domain = address.rpartition(b"@")
            whole.append(re.escape(local) + _AT + re.escape(domain) if local else re.escape(address))
            codes |= _codes(address)
            if len(local) >= _SHORTEST_LOCAL:
                names.add(local)
        for address in self.written:
            codes |= _codes(address)
        tail = rb"(?:[a-z0-9-]{1,63}\.){0,8}(?:" + _any(held) + rb")(?![\w-])"
        made = (
            (self.addresses, rb"(?<![\w.+-])(?:" + b"|".join(whole) + rb")(?![\w-])", ADDRESS),
            (codes, _any(codes), NAME),
            (held, rb"[\w.+~-]{1,64}" + _AT + tail, ADDRESS),
            (held, rb"(?<![\w-])" + tail, DOMAIN),
            (names, rb"(?<![\w.+-])(?:" + _any(names) + rb")(?![\w-])", NAME),
        )
        return tuple(
            _Form(
                tuple({word.rpartition(b"@")[2].lower() for word in words}), re.compile(pattern, re.IGNORECASE), instead
            )
            for words, pattern, instead in made
            if words
        )

    def taken_out(self, octets: bytes) -> bytes:
        """The octets with every form replaced, as far as it stands there in the plain."""
        for form in self.forms:
            if form.may_be_in(octets):
                octets = form.pattern.sub(form.instead, octets)
        return octets

    def named_in(self, octets: bytes) -> bool:
        """Whether any form of any of them stands there."""
        return any(form.may_be_in(octets) and form.pattern.search(octets) for form in self.forms)


class _Form(NamedTuple):
    """One way to name a secret. ``needles`` are lower-case words one of which it always holds: quick to look for."""

    needles: tuple[bytes, ...]
    pattern: re.Pattern[bytes]
    instead: bytes

    def may_be_in(self, octets: bytes) -> bool:
        low = octets.lower()
        return any(needle in low for needle in self.needles)


def _any(words: Iterable[bytes]) -> bytes:
    return b"|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


def _codes(address: bytes) -> set[bytes]:
    """An address as links carry it: hexadecimal, base64 at each of its three alignments, common hashes."""
    found = {address.hex().encode()}
    for digest in (md5(address, usedforsecurity=False), sha1(address, usedforsecurity=False), sha256(address)):
        found.add(digest.hexdigest().encode())
    for shift in range(3):
        coded = base64.b64encode(bytes(shift) + address)
        # outer characters mix with whatever stands beside the address
        core = coded[(0, 2, 3)[shift] : len(coded) - (4 if (shift + len(address)) % 3 else 0)]
        if len(core) >= 8:
            found |= {core, core.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def redact(mail: bytes, secrets: Secrets) -> bytes:
    """The mail without those addresses; the very same bytes where it names none."""
    if not secrets:
        return mail
    mail = secrets.taken_out(mail)
    for start, end in reversed(_hidden(parse(mail), secrets)):
        ending = mail[start:end]
        tail = b"\r\n" if ending.endswith(b"\r\n") else b"\n" if ending.endswith(b"\n") else b""
        mail = mail[:start] + WITHHELD + tail + mail[end:]
    return mail


def _hidden(message: Message, secrets: Secrets) -> list[tuple[int, int]]:
    """Values and parts that name a trap only once they are unfolded or decoded; in order, none inside another."""
    found = []
    for _, _, value_at, end in message.fields:
        value = message.raw[value_at:end]
        unfolded = re.sub(rb"\r?\n[ \t]*", b"", value)
        if secrets.named_in(unfolded) or secrets.named_in(_octets(header(value, 100_000))):
            found.append((value_at, end))
    for part in message.parts():
        inside = found and part.start < found[-1][1]
        if not inside and (secrets.named_in(part.payload()) or secrets.named_in(_octets(part.text(1 << 26)))):
            found.append((part.start, part.end))
    return found


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "replace")
