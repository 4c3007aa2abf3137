"""Streams that are unpacked as they are read: gzip, bzip2, xz and zstd, with a gauge against bombs."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Protocol

import zstandard

Read = Callable[[int], bytes]

_INPUT = 1 << 16
_ZSTD_INPUT = 2048  # one call unpacks all it is given: 4 bytes may become 128 kB, so this may become 64 MB
_OUTPUT = 1 << 20
_FREE = 64 << 20  # no ratio is a bomb below this

MAGIC = {
    "gzip": (b"\x1f\x8b\x08",),
    "bzip2": (b"BZh",),
    "xz": (b"\xfd7zXZ\x00",),
    "zstd": (b"\x28\xb5\x2f\xfd", *(bytes((0x50 + n,)) + b"\x2a\x4d\x18" for n in range(16))),
}


class Broken(Exception):
    """A container is cut off or damaged here; what came before was whole.

    ``layer`` counts the containers around it, so that the damage is told once, of the container that has it.
    """

    def __init__(self, text: str, layer: int) -> None:
        super().__init__(text)
        self.layer = layer


class Bomb(Exception):
    """An archive unpacks to more than the limits allow."""


class Gauge:
    """Watches one file of the operator: how much was read of it, how much it became, how many members it held."""

    def __init__(self, limit: int, ratio: int, members: int) -> None:
        self._limit, self._ratio, self._members = limit, ratio, members
        self._taken = self._given = self._count = 0

    def took(self, size: int) -> None:
        self._taken += size

    def gave(self, size: int) -> None:
        """Errors: Bomb."""
        self._given += size
        if self._given > self._limit:
            raise Bomb(f"it unpacks to more than {self._limit // 1_000_000:,} MB ([intake] archive_limit_mb)")
        if self._given > _FREE and self._given > self._ratio * self._taken:
            raise Bomb(f"it grows by more than {self._ratio:,} times ([intake] archive_ratio)")

    def member(self) -> None:
        """Errors: Bomb."""
        self._count += 1
        if self._count > self._members:
            raise Bomb(f"it holds more than {self._members:,} members ([intake] archive_members)")


class Window:
    """A stream with a look ahead; reading past the end gives fewer bytes.

    An error of the source comes up only when the bytes before it have been read.
    """

    def __init__(self, source: Read, start: bytes = b"") -> None:
        self._source = source
        self._ready = start
        self._at = 0
        self._failed: Exception | None = None

    def _more(self, size: int) -> bytes:
        if self._failed is not None:
            return b""
        try:
            return self._source(max(_INPUT, size))
        except Exception as error:
            self._failed = error
            return b""

    def peek(self, size: int) -> bytes:
        """Up to ``size`` bytes without taking them."""
        while (short := size - len(self._ready) + self._at) > 0:
            more = self._more(short)
            if not more:
                break
            self._ready = self._ready[self._at :] + more
            self._at = 0
        if self._failed is not None and self._at >= len(self._ready):
            raise self._failed
        return self._ready[self._at : self._at + size]

    def read(self, size: int) -> bytes:
        """At least one byte, at most ``size``; ``b""`` at the end."""
        if self._at >= len(self._ready):
            self._ready = self._more(size)
            self._at = 0
            if not self._ready and self._failed is not None:
                raise self._failed
        got = self._ready[self._at : self._at + size]
        self._at += len(got)
        return got

    def exactly(self, size: int) -> bytes:
        """``size`` bytes, fewer only at the end."""
        if len(self._ready) - self._at >= size:
            return self.read(size)
        parts, left = [], size
        while left and (part := self.read(left)):
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def skip(self, size: int) -> int:
        """Pass over ``size`` bytes; how many there were."""
        left = size
        while left and (part := self.read(min(left, _OUTPUT))):
            left -= len(part)
        return size - left


class _Engine(Protocol):
    """One compressed member: fed while ``hungry``, until ``ended``; ``rest`` is what lies behind it."""

    hungry: bool
    ended: bool
    rest: bytes

    def step(self, packed: bytes) -> bytes: ...


class _Gzip:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(31)
        self.hungry, self.ended, self.rest = True, False, b""

    def step(self, packed: bytes) -> bytes:
        out = self._inner.decompress(self._inner.unconsumed_tail + packed, _OUTPUT)
        self.ended = self._inner.eof
        self.hungry = not self._inner.unconsumed_tail and len(out) < _OUTPUT
        self.rest = self._inner.unused_data
        return out


class _Pull:
    """bzip2 and xz, whose decompressors keep their own input."""

    def __init__(self, inner: bz2.BZ2Decompressor | lzma.LZMADecompressor) -> None:
        self._inner = inner
        self.hungry, self.ended, self.rest = True, False, b""

    def step(self, packed: bytes) -> bytes:
        out = self._inner.decompress(packed, _OUTPUT)
        self.ended = self._inner.eof
        self.hungry = self._inner.needs_input
        self.rest = self._inner.unused_data if self.ended else b""
        return out


class _Zstd:
    def __init__(self) -> None:
        self._inner = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
        self._waiting = b""
        self.hungry, self.ended, self.rest = True, False, b""

    def step(self, packed: bytes) -> bytes:
        self._waiting += packed
        piece, self._waiting = self._waiting[:_ZSTD_INPUT], self._waiting[_ZSTD_INPUT:]
        out = self._inner.decompress(piece)
        self.ended = self._inner.eof
        self.hungry = not self._waiting
        self.rest = self._inner.unused_data + self._waiting if self.ended else b""
        return out


_ENGINES: dict[str, Callable[[], _Engine]] = {
    "gzip": _Gzip,
    "bzip2": lambda: _Pull(bz2.BZ2Decompressor()),
    "xz": lambda: _Pull(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=256 << 20)),
    "zstd": _Zstd,
}
_ERRORS = (zlib.error, OSError, lzma.LZMAError, zstandard.ZstdError, EOFError, ValueError)


class Unpacked:
    """What a compressed stream holds; ``warn`` hears of something else behind it, which is passed over.

    Errors from ``read``: Broken at its damage or cut, Bomb over the limits.
    """

    def __init__(self, source: Read, form: str, gauge: Gauge, layer: int, warn: Callable[[str], None]) -> None:
        self._source = source
        self._form = form
        self._gauge = gauge
        self._layer = layer
        self._warn = warn
        self._engine: _Engine | None = _ENGINES[form]()
        self._packed = b""

    def read(self, size: int) -> bytes:
        """Some bytes, perhaps more than ``size``; ``b""`` at the end."""
        while self._engine is not None:
            if self._engine.hungry and not self._packed:
                self._packed = self._source(_INPUT)
                if not self._packed:
                    raise Broken(f"the {self._form} data is cut off", self._layer)
            try:
                out = self._engine.step(self._packed)
            except _ERRORS as error:
                raise Broken(f"the {self._form} data is damaged: {error}", self._layer) from None
            self._packed = b""
            if self._engine.ended:
                self._next_member(self._engine.rest)
            if out:
                self._gauge.gave(len(out))
                return out
        return b""

    def _next_member(self, rest: bytes) -> None:
        """Compressed files may be several in a row, padded with zeros (RFC 1952 section 2.2)."""
        self._engine = None
        longest = max(map(len, MAGIC[self._form]))
        rest = rest.lstrip(b"\0")
        while len(rest) < longest and (more := self._source(_INPUT)):
            rest = (rest + more).lstrip(b"\0")
        if rest.startswith(MAGIC[self._form]):
            self._engine = _ENGINES[self._form]()
            self._packed = rest
        elif rest:
            self._warn(f"something else follows after the {self._form} data and is passed over")
