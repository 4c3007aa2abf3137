"""Signed DNS messages: a shared secret shows who asks, and that nobody changed what was said (TSIG, RFC 8945).

Pure: the moment arrives as an argument, and nothing is remembered between messages but what ``Signer`` holds.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Mapping
from typing import NamedTuple

from junkhound.wire import dns

TSIG, ANY = 250, 255

BADSIG, BADKEY, BADTIME = 16, 17, 18
ROOM = 300
"""Bytes that a signature may take: a key's name of ordinary length, the longest sum."""
FUDGE_S = 300
"""Seconds that the two clocks may differ (RFC 8945 section 10 recommends this)."""

_FIXED = struct.Struct(">2HIH")
_WHEN = struct.Struct(">HIHH")  # time signed in 16 and 32 bits, fudge, length of the MAC
_TAIL = struct.Struct(">3H")  # original number, error, length of other data
_DIGESTS = {
    bytes(dns.name(f"hmac-{words}")): getattr(hashlib, words) for words in ("sha256", "sha384", "sha512")
}  # SHA-1 and MD5 may not be used for new keys (RFC 8945 section 6)


class Key(NamedTuple):
    """A shared secret: its name (lower case, in wire form), its algorithm likewise, and the secret itself."""

    name: bytes
    algorithm: bytes
    secret: bytes

    def mac(self, *parts: bytes) -> bytes:
        """The sum that proves the parts."""
        return hmac.new(self.secret, b"".join(parts), _DIGESTS[self.algorithm]).digest()


def key(name: str, secret: str, algorithm: str = "hmac-sha256") -> Key:
    """A key from its name and its secret as base64. Errors: ValueError for what is none."""
    try:
        raw = base64.b64decode("".join(secret.split()), validate=True)
    except binascii.Error:
        raise ValueError("the secret is not base64") from None
    if len(raw) < 16:
        raise ValueError("the secret is shorter than 16 bytes")
    wire = bytes(dns.name(algorithm.lower()))
    if wire not in _DIGESTS:
        raise ValueError(f"unknown algorithm {algorithm!r}")
    return Key(bytes(dns.name(name)).lower(), wire, raw)


class Signed(NamedTuple):
    """A message that came with a signature: the message as it was signed, and the fields of the signature."""

    message: bytes
    key: bytes
    algorithm: bytes
    at_s: int
    fudge_s: int
    mac: bytes
    number: int
    error: int
    other: bytes


def split(packet: bytes) -> Signed | None:
    """The message and its signature; None where the last record is no sound signature. Any bytes may come."""
    try:
        return _split(packet)
    except (struct.error, IndexError):
        return None


def _split(packet: bytes) -> Signed | None:
    number, flags, *counts = struct.unpack_from(">6H", packet)
    if not counts[3]:
        return None
    at = 12
    for _ in range(counts[0]):
        at = dns.past_name(packet, at) + 4
    for _ in range(sum(counts[1:]) - 1):
        at = dns.past_name(packet, at)
        at += 10 + _FIXED.unpack_from(packet, at)[3]
    start = at
    at = dns.past_name(packet, at)
    name = packet[start:at].lower()
    kind, klass, ttl, length = _FIXED.unpack_from(packet, at)
    at += 10
    if kind != TSIG or klass != ANY or ttl or at + length != len(packet) or not _is_plain(name):
        return None
    end = dns.past_name(packet, at)
    algorithm = packet[at:end].lower()
    high, low, fudge_s, size = _WHEN.unpack_from(packet, end)
    end += _WHEN.size
    mac = packet[end : end + size]
    original, error, others = _TAIL.unpack_from(packet, end + size)
    other = packet[end + size + _TAIL.size :]
    if len(other) != others or not _is_plain(algorithm):
        return None
    head = struct.pack(">6H", original, flags, *counts[:3], counts[3] - 1)
    return Signed(head + packet[12:start], name, algorithm, high << 32 | low, fudge_s, mac, number, error, other)


def _is_plain(name: bytes) -> bool:
    """Whether a name is written out: pointers are not allowed here, and what is signed must be one thing only."""
    at = 0
    while at < len(name) and name[at] < 64:
        if not name[at]:
            return at + 1 == len(name)
        at += name[at] + 1
    return False


def verify(signed: Signed, keys: Mapping[bytes, Key], now_s: int) -> tuple[int, Key | None]:
    """0 and the key that signed it, or the error that the asker is told; with BADTIME the key was right.

    The order of the checks is that of RFC 8945 section 5.2. Shortened sums are not taken.
    """
    known = keys.get(signed.key)
    if known is None or known.algorithm != signed.algorithm:
        return BADKEY, None
    proof = known.mac(signed.message, _variables(known, signed.at_s, signed.fudge_s, signed.error, signed.other))
    if not hmac.compare_digest(proof, signed.mac):
        return BADSIG, None
    if abs(now_s - signed.at_s) > min(signed.fudge_s, FUDGE_S):
        return BADTIME, known
    return 0, known


def _variables(known: Key, at_s: int, fudge_s: int, error: int, other: bytes) -> bytes:
    return b"".join(
        (known.name, struct.pack(">HI", ANY, 0), known.algorithm, _timers(at_s, fudge_s),
         struct.pack(">2H", error, len(other)), other)
    )  # fmt: skip


def _timers(at_s: int, fudge_s: int) -> bytes:
    return struct.pack(">HIH", at_s >> 32, at_s & 0xFFFF_FFFF, fudge_s)


class Signer:
    """Signs the messages of one answer in their order: each proves that it follows the one before."""

    def __init__(self, known: Key, request_mac: bytes = b"") -> None:
        self._key, self._before, self._first = known, request_mac, True

    def sign(self, message: bytes, now_s: int, error: int = 0) -> bytes:
        """The message with its signature behind it."""
        other = struct.pack(">HI", now_s >> 32, now_s & 0xFFFF_FFFF) if error == BADTIME else b""
        before = len(self._before).to_bytes(2, "big") + self._before if self._before else b""
        if self._first:
            variables = _variables(self._key, now_s, FUDGE_S, error, other)
        else:
            variables = _timers(now_s, FUDGE_S)  # RFC 8945 section 5.3.1
        mac = self._key.mac(before, message, variables)
        self._before, self._first = mac, False
        return _attach(message, self._key.name, self._key.algorithm, now_s, mac, error, other)

    def check(self, packet: bytes, now_s: int) -> bool:
        """Whether this is the signed answer to what was signed last; for those who ask."""
        signed = split(packet)
        if signed is None or signed.key != self._key.name or signed.error:
            return False
        before = len(self._before).to_bytes(2, "big") + self._before
        variables = _variables(self._key, signed.at_s, signed.fudge_s, signed.error, signed.other)
        proof = self._key.mac(before, signed.message, variables)
        return hmac.compare_digest(proof, signed.mac) and abs(now_s - signed.at_s) <= FUDGE_S


def refuse(message: bytes, signed: Signed, error: int, now_s: int) -> bytes:
    """The reply to a signature that does not hold: it carries the error and proves nothing."""
    return _attach(message, signed.key, signed.algorithm, now_s, b"", error, b"")


def _attach(message: bytes, name: bytes, algorithm: bytes, at_s: int, mac: bytes, error: int, other: bytes) -> bytes:
    value = b"".join(
        (algorithm, _timers(at_s, FUDGE_S), len(mac).to_bytes(2, "big"), mac,
         _TAIL.pack(int.from_bytes(message[:2], "big"), error, len(other)), other)
    )  # fmt: skip
    additional = int.from_bytes(message[10:12], "big") + 1
    return b"".join(
        (message[:10], additional.to_bytes(2, "big"), message[12:], name, _FIXED.pack(TSIG, ANY, 0, len(value)), value)
    )
