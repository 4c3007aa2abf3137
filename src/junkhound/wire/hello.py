"""A TLS ClientHello in JA4 form: what a program offers, whatever it calls itself.

Source: FoxIO, JA4 technical details (the TLS client part of the JA4 family, BSD licence); RFC 8446 section 4.1.2.
"""

from __future__ import annotations

from hashlib import sha256

BYTES = 16384
"""No more of a handshake is looked at."""

_VERSIONS = {0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 0x0002: "s2"}
_SNI, _ALPN, _SIGNATURES, _SUPPORTED = 0x0000, 0x0010, 0x000D, 0x002B


def ja4(data: bytes) -> str | None:
    """The fingerprint of the ClientHello at the start of these TLS records; None where there is no whole one."""
    hello = _handshake(data[:BYTES])
    if hello is None:
        return None
    try:
        return _ja4(_Reader(hello))
    except IndexError:
        return None


class _Reader:
    """Numbers and vectors of a handshake. Errors: IndexError at its end."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, length: int) -> bytes:
        if self.at + length > len(self.data):
            raise IndexError
        self.at += length
        return self.data[self.at - length : self.at]

    def number(self, length: int) -> int:
        return int.from_bytes(self.take(length), "big")

    def vector(self, length: int) -> bytes:
        return self.take(self.number(length))

    @property
    def more(self) -> bool:
        return self.at < len(self.data)


def _handshake(data: bytes) -> bytes | None:
    """The body of the ClientHello, put together from its records."""
    joined = bytearray()
    at = 0
    while at + 5 <= len(data) and data[at] == 22:
        length = int.from_bytes(data[at + 3 : at + 5], "big")
        joined += data[at + 5 : at + 5 + length]
        at += 5 + length
        if len(joined) >= 4 and len(joined) >= 4 + int.from_bytes(joined[1:4], "big"):
            break
    if len(joined) < 4 or joined[0] != 1:
        return None
    end = 4 + int.from_bytes(joined[1:4], "big")
    return bytes(joined[4:end]) if len(joined) >= end else None


def _ja4(hello: _Reader) -> str:
    version = hello.number(2)
    hello.take(32)  # random
    hello.vector(1)  # session id
    ciphers = [each for each in _pairs(hello.vector(2)) if not _grease(each)]
    hello.vector(1)  # compression
    extensions: list[int] = []
    signatures: list[int] = []
    alpn = "00"
    if hello.more:
        inside = _Reader(hello.vector(2))
        while inside.more:
            kind, content = inside.number(2), inside.vector(2)
            if _grease(kind):
                continue
            extensions.append(kind)
            if kind == _ALPN:
                alpn = _ends(_Reader(_Reader(content).vector(2)).vector(1))
            elif kind == _SIGNATURES:
                signatures = _pairs(_Reader(content).vector(2))
            elif kind == _SUPPORTED:
                version = max((v for v in _pairs(_Reader(content).vector(1)) if not _grease(v)), default=version)
    name = "d" if _SNI in extensions else "i"
    counts = f"{min(len(ciphers), 99):02}{min(len(extensions), 99):02}"
    rest = _listed(sorted(each for each in extensions if each not in (_SNI, _ALPN)))
    if signatures and rest:
        rest += "_" + _listed(signatures)
    return f"t{_VERSIONS.get(version, '00')}{name}{counts}{alpn}_{_short(_listed(sorted(ciphers)))}_{_short(rest)}"


def _pairs(data: bytes) -> list[int]:
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data) - 1, 2)]


def _grease(value: int) -> bool:
    """RFC 8701: values that mean nothing and keep servers honest."""
    return value & 0x0F0F == 0x0A0A and value >> 8 == value & 0xFF


def _ends(word: bytes) -> str:
    """First and last character of the first protocol named; of its hex digits where they are no letters."""
    if not word:
        return "00"
    ends = word[:1] + word[-1:]
    return ends.decode() if ends.isalnum() else word.hex()[0] + word.hex()[-1]


def _listed(values: list[int]) -> str:
    return ",".join(f"{value:04x}" for value in values)


def _short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12] if text else "000000000000"
