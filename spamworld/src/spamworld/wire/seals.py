"""Signatures that verify against the world's zones: DomainKeys (RFC 4870), DKIM (RFC 6376) and ARC sets (RFC 8617).

What a list changed after it was signed has another body's hash, so that its author's signature is broken.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256

from spamworld import signing
from spamworld.plan import Delivery
from spamworld.streams import number

SINCE = 1_179_792_000_000_000  # 22 May 2007, RFC 4871; before that there are DomainKeys
SIGNED = (b"from", b"to", b"subject", b"date", b"message-id", b"reply-to", b"mime-version", b"content-type")
SHOWN = {name: b"-".join(word.capitalize() for word in name.split(b"-")) for name in SIGNED} | {
    b"message-id": b"Message-ID", b"mime-version": b"MIME-Version",
}  # fmt: skip
_BLANKS = re.compile(rb"[ \t]+")
_LINE_END = re.compile(rb"[ \t]+(?=\r\n)")
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_SPACE = re.compile(rb"[ \t\r\n]+")
_LISTED = b"-- \r\n"  # a last line that the list took away


class Page:
    """The fields and the body of one mail as signers read them; what canonical forms they share is worked out once."""

    def __init__(self, fields: Sequence[bytes], body: bytes) -> None:
        self.named: dict[bytes, bytes] = {}
        for field in fields:  # of two of a name the last one counts (RFC 6376 section 5.4.2)
            self.named[field.partition(b":")[0].strip().lower()] = field
        self.order = [name for name in SIGNED if name in self.named]
        self._body = body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        self._hashes: dict[tuple[bool, bool], str] = {}

    def body(self, relaxed: bool, listed: bool = False) -> bytes:
        """Section 3.4.3 or 3.4.4. ``listed``: with the line that a list took away after it was signed."""
        text = self._body
        if relaxed:
            text = _LINE_END.sub(b"", _BLANKS.sub(b" ", text))
        text = text.rstrip(b" \t\r\n" if relaxed else b"\r\n")
        text += b"\r\n" if text or not relaxed else b""
        return text + _LISTED if listed else text

    def hashed(self, relaxed: bool, listed: bool = False) -> str:
        """The body's hash in base64."""
        found = self._hashes.get((relaxed, listed))
        if found is None:
            digest = sha256(self.body(relaxed, listed)).digest()
            found = self._hashes[relaxed, listed] = base64.b64encode(digest).decode()
        return found

    def header(self, relaxed: bool) -> bytes:
        """The signed fields in their order, each with its line end."""
        form = relaxed_field if relaxed else bytes
        return b"".join(form(self.named[name]) + b"\r\n" for name in self.order)

    @property
    def names(self) -> str:
        """Of the signed fields, for ``h=``."""
        return b":".join(SHOWN[name] for name in self.order).decode()


def relaxed_field(field: bytes) -> bytes:
    """Section 3.4.2."""
    name, _, value = field.partition(b":")
    return name.strip().lower() + b":" + _BLANKS.sub(b" ", _FOLD.sub(b"", value)).strip(b" \t")


def signatures(delivery: Delivery, page: Page, seed: int) -> list[bytes]:
    """One field for each signer of the mail."""
    at = delivery.path[0].at
    if at < SINCE:
        return [_domain_key(delivery, page, seed, *one) for one in delivery.signed]
    return [_dkim(delivery, page, seed, *one) for one in delivery.signed]


def _dkim(delivery: Delivery, page: Page, seed: int, domain: str, selector: str, place: int) -> bytes:
    head, body = forms(seed, domain)
    at = delivery.path[0].at // 1_000_000
    field = (
        f"DKIM-Signature: v=1; a=rsa-sha256; c={'relaxed' if head else 'simple'}/{'relaxed' if body else 'simple'};\r\n"
        f"\td={domain}; s={selector}; t={at};\r\n\th={page.names};\r\n"
        f"\tbh={page.hashed(body, delivery.broken)};\r\n\tb="
    ).encode()
    text = page.header(head) + (relaxed_field(field) if head else field)
    return field + folded(signing.key(seed, place).sign(text))


@lru_cache(16384)
def forms(seed: int, domain: str) -> tuple[bool, bool]:
    """Whether a signer takes fields and body in their relaxed forms: most do for both."""
    bits = number(seed, "canonical", domain) % 10
    return bits < 8, bits < 6


def _domain_key(delivery: Delivery, page: Page, seed: int, domain: str, selector: str, place: int) -> bytes:
    """RFC 4870 with ``nofws``, which leaves out every blank (section 3.4.2.2); the field itself is not signed."""
    head = b"".join(_SPACE.sub(b"", page.named[name]) + b"\r\n" for name in page.order)
    lines = [_SPACE.sub(b"", line) for line in page.body(False, delivery.broken).split(b"\r\n")]
    text = b"\r\n".join(lines).rstrip(b"\r\n")
    made = signing.key(seed, place).sign(head + b"\r\n" + text + b"\r\n" * bool(text), "sha1")
    field = (
        f"DomainKey-Signature: a=rsa-sha1; q=dns; c=nofws;\r\n\ts={selector}; d={domain};\r\n\th={page.names};\r\n\tb="
    )
    return field.encode() + folded(made) + b";"


def sets(delivery: Delivery, page: Page, seed: int, author: Sequence[bytes]) -> list[bytes]:
    """What a forwarder that seals puts above its own line: one ARC set, with its word on what it was given.

    Args:
        author: signatures that the mail came with; a seal's message signature covers them (section 4.1.2).
    """
    if not delivery.arc or not delivery.forwarder or len(delivery.path) < 2:
        return []
    key = signing.key(seed, delivery.arc)
    step, domain, at = delivery.path[-2], delivery.forwarder, delivery.path[-2].at // 1_000_000
    sender = delivery.author.rpartition("@")[2]
    said = f"ARC-Authentication-Results: i=1; {domain};\r\n\tspf=pass smtp.mailfrom={sender}"
    said += f" smtp.remote-ip={step.sender.address}"
    result = "fail" if delivery.broken else "pass"
    said += "".join(f";\r\n\tdkim={result} header.d={name} header.s={by}" for name, by, _ in delivery.signed)
    results = said.encode()
    tags, signer = f"i=1; a=rsa-sha256; t={at};", f"\r\n\td={domain}; s=arc;"
    names = page.names + ":DKIM-Signature" * bool(author)
    message = (
        f"ARC-Message-Signature: {tags} c=relaxed/relaxed;{signer}\r\n\th={names};\r\n\tbh={page.hashed(True)};\r\n\tb="
    ).encode()
    text = page.header(True) + (relaxed_field(author[-1]) + b"\r\n" if author else b"")
    message += folded(key.sign(text + relaxed_field(message)))
    seal = f"ARC-Seal: {tags} cv=none;{signer}\r\n\tb=".encode()
    chain = b"".join(relaxed_field(field) + b"\r\n" for field in (results, message))
    return [seal + folded(key.sign(chain + relaxed_field(seal))), message, results]


def folded(made: bytes) -> bytes:
    """A signature in base64, over several lines; white space in it does not count."""
    text = base64.b64encode(made)
    return b"\r\n\t ".join(text[n : n + 64] for n in range(0, len(text), 64))
