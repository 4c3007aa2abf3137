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
    """What must not be seen: trap addresses, and domains that hold nothing but traps; any case."""

    addresses: frozenset[bytes] = frozenset()
    domains: frozenset[bytes] = frozenset()

    @classmethod
    def of(cls, addresses: Iterable[bytes], domains: Iterable[str]) -> Secrets:
        """Made lower case; empty ones are left out."""
        known = frozenset(address.lower() for address in addresses if address)
        return cls(known, frozenset(domain.lower().strip(".").encode() for domain in domains if domain))

    def __bool__(self) -> bool:
        return bool(self.addresses or self.domains)

    @cached_property
    def patterns(self) -> tuple[tuple[re.Pattern[bytes], bytes], ...]:
        """Each form to look for with what takes its place, longest first."""
        whole, codes, names = [], [], []
        for address in sorted(self.addresses, key=len, reverse=True):
            local, _, domain = address.rpartition(b"@")
            whole.append(re.escape(local) + _AT + re.escape(domain) if local else re.escape(address))
            codes += [re.escape(code) for code in _codes(address)]
            if len(local) >= _SHORTEST_LOCAL:
                names.append(re.escape(local))
        held = b"|".join(re.escape(domain) for domain in sorted(self.domains, key=len, reverse=True))
        made: list[tuple[bytes, int, bytes]] = []
        if whole:
            made.append((rb"(?<![\w.+-])(?:" + b"|".join(whole) + rb")(?![\w-])", re.IGNORECASE, ADDRESS))
            made.append((b"|".join(codes), 0, NAME))
        if held:
            tail = rb"(?:[a-z0-9-]{1,63}\.){0,8}(?:" + held + rb")(?![\w-])"
            made.append((rb"[\w.+~-]{1,64}" + _AT + tail, re.IGNORECASE, ADDRESS))
            made.append((rb"(?<![\w-])" + tail, re.IGNORECASE, DOMAIN))
        if names:
            made.append((rb"(?<![\w.+-])(?:" + b"|".join(names) + rb")(?![\w-])", re.IGNORECASE, NAME))
        return tuple((re.compile(pattern, flags), instead) for pattern, flags, instead in made)

    def named_in(self, octets: bytes) -> bool:
        """Whether any form of any of them stands there."""
        return any(pattern.search(octets) for pattern, _ in self.patterns)


def _codes(address: bytes) -> set[bytes]:
    """An address as links carry it: hexadecimal, base64 at each of its three alignments, common hashes."""
    found = {address.hex().encode()}
    for digest in (md5(address, usedforsecurity=False), sha1(address, usedforsecurity=False), sha256(address)):
        found |= {digest.hexdigest().encode(), digest.hexdigest().upper().encode()}
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
    for pattern, instead in secrets.patterns:
        mail = pattern.sub(instead, mail)
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
