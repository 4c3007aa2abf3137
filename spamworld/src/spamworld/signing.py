"""Keys of the world's signers, and real signatures by them: DomainKeys, DKIM and ARC verify against its zones.

A key is two primes of a pool that lies beside this file, so that any key is there without a search: the same for one
number and seed. Whoever has the pool can forge; nothing but a simulation may use them. The library ``cryptography``
signs in a tenth of the time, where it is installed; without it Python's own numbers give the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from functools import cache, lru_cache
from importlib.resources import files

from spamworld.streams import number

E = 65537
SMALL, LARGE = 1024, 2048  # bits of a modulus
POOL = 128  # primes of each size
PAIRS = POOL * (POOL - 1) // 2
HEADS = {  # DER before a digest, RFC 8017 section 9.2 note 1
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
}


@cache
def primes() -> dict[int, list[int]]:
    """The pool: primes of half the size of a modulus each."""
    lines = (files("spamworld") / "data" / "primes.txt").read_text("ascii").split()
    found = [int(line, 16) for line in lines]
    return {bits: [p for p in found if p.bit_length() == bits // 2] for bits in (SMALL, LARGE)}


class Key:
    """An RSA key. Equal numbers of one world give equal keys, unequal ones unequal."""

    def __init__(self, seed: int, place: int, bits: int) -> None:
        self.bits = bits
        self.p, self.q = _pair(bits, (place * 2_741 + number(seed, "keys") % PAIRS) % PAIRS)
        self.n = self.p * self.q
        self.d = pow(E, -1, (self.p - 1) * (self.q - 1))
        self.dp, self.dq = self.d % (self.p - 1), self.d % (self.q - 1)
        self.inverse = pow(self.q, -1, self.p)
        self._sign = _by_library(self) or self._by_hand

    @property
    def record(self) -> str:
        """The TXT record of its public half (RFC 6376 section 3.6.1; DomainKeys read it too)."""
        return f"v=DKIM1; k=rsa; p={base64.b64encode(_spki(self.n)).decode()}"

    def sign(self, text: bytes, digest: str = "sha256") -> bytes:
        """RSASSA-PKCS1-v1_5 over the text, which gives the same bytes every time."""
        return self._sign(hashlib.new(digest, text).digest(), digest)

    def _by_hand(self, hashed: bytes, digest: str) -> bytes:
        tail = HEADS[digest] + hashed
        size = self.bits // 8
        m = int.from_bytes(b"\0\1" + b"\xff" * (size - len(tail) - 3) + b"\0" + tail, "big")
        one, two = pow(m, self.dp, self.p), pow(m, self.dq, self.q)
        return ((one - two) * self.inverse % self.p * self.q + two).to_bytes(size, "big")


@lru_cache(8192)
def key(seed: int, place: int) -> Key:
    """The key of that number: even numbers have 1024 bits, odd ones 2048; see ``numbered``."""
    return Key(seed, place >> 1, LARGE if place & 1 else SMALL)


def numbered(place: int, large: bool) -> int:
    """The number of a signer's key, never 0. ``place`` tells signers of a world apart, below ``PAIRS``."""
    return (place % PAIRS + 1) << 1 | large


def _pair(bits: int, place: int) -> tuple[int, int]:
    """The pair of primes with that number among all pairs."""
    pool = primes()[bits]
    step, first = divmod(place, POOL)  # rows of a table of differences: (first, first + step + 1), round the pool
    one, two = pool[first], pool[(first + step + 1) % POOL]
    return (one, two) if one > two else (two, one)


def _by_library(one: Key) -> Callable[[bytes, str], bytes] | None:
    """Signing by the library ``cryptography``; None where it is not installed."""
    try:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding, rsa
        from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
    except ImportError:
        return None
    public = rsa.RSAPublicNumbers(E, one.n)
    numbers = rsa.RSAPrivateNumbers(one.p, one.q, one.d, one.dp, one.dq, one.inverse, public)
    private = numbers.private_key(unsafe_skip_rsa_key_validation=True)  # so made that it is right
    how = {"sha1": Prehashed(hashes.SHA1()), "sha256": Prehashed(hashes.SHA256())}  # noqa: S303 - as DomainKeys has it
    form = padding.PKCS1v15()
    return lambda hashed, digest: private.sign(hashed, form, how[digest])


def _spki(n: int) -> bytes:
    """SubjectPublicKeyInfo of a modulus (RFC 5280, RFC 8017 appendix A.1.1)."""
    whole = _der(0x30, _integer(n) + _integer(E))
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    return _der(0x30, algorithm + _der(0x03, b"\0" + whole))


def _integer(value: int) -> bytes:
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content
