"""HTTP/1.1 as far as programs of one machine need it to hand something over (RFC 9112): bytes in, requests out.

A request is refused as soon as it is clear that it is none we can read: a header beyond measure, a body whose length is
said twice or not at all, anything but CRLF at the end of a line. Of a body beyond measure the beginning is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus

import msgspec

from junkhound.kernel.errors import DataError

HEADER = 16 << 10
FIELDS = 100
_LINE = 256  # bytes of the line before a chunk
_START = re.compile(rb"([A-Z]{1,20}) (/[!-~]{0,2000}) HTTP/1\.([01])")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?")


class Refusal(DataError):
    """What cannot be read; ``status`` is the answer, after which the connection ends."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Request(msgspec.Struct, frozen=True):
    """One request; names of ``fields`` in small letters, of equal ones the last. ``keep``: another may follow."""

    method: str
    target: str
    fields: Mapping[str, str]
    body: bytes
    keep: bool


class _Coming(msgspec.Struct):
    """A request whose body is on its way: bytes that are left of it or of a chunk, None: a chunk's size comes next."""

    method: str
    target: str
    fields: dict[str, str]
    keep: bool
    chunked: bool
    left: int | None
    body: bytearray


class Session:
    """One connection of a client; ``size`` is how much of a body is kept."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.closed = False
        self._buffer = bytearray()
        self._out: list[bytes] = []
        self._coming: _Coming | None = None

    def take_output(self) -> bytes:
        """What to send now."""
        out = b"".join(self._out)
        self._out.clear()
        return out

    def receive(self, data: bytes) -> Iterator[Request]:
        """Take bytes; yields each request when it is whole, for which ``answer`` must be called before going on.

        Errors: Refusal; ``take_output`` has its answer then, and the connection must end.
        """
        self._buffer += data
        try:
            while not self.closed:
                if self._coming is None and not self._begin():
                    return
                assert self._coming is not None
                if not (self._chunks() if self._coming.chunked else self._plain()):
                    return
                one, self._coming = self._coming, None
                self.closed = not one.keep
                yield Request(one.method, one.target, one.fields, bytes(one.body), one.keep)
        except Refusal as refusal:
            self.closed = True
            self._say(refusal.status, refusal.message.encode("ascii", "replace") + b"\n", b"text/plain")
            raise

    def answer(self, status: int, body: bytes, kind: bytes = b"application/json") -> None:
        """Answer the request that was yielded last."""
        self._say(status, body, kind)

    def _say(self, status: int, body: bytes, kind: bytes) -> None:
        ends = b"connection: close\r\n" if self.closed else b""
        self._out.append(
            b"HTTP/1.1 %d %b\r\ncontent-type: %b\r\ncontent-length: %d\r\nx-content-type-options: nosniff\r\n%b\r\n%b"
            % (status, HTTPStatus(status).phrase.encode(), kind, len(body), ends, body)
        )

    # --- header ------------------------------------------------------------------------------------------------

    def _begin(self) -> bool:
        """Read the next header, once all of it is there."""
        while self._buffer[:2] == b"\r\n":  # an empty line before a request means nothing
            del self._buffer[:2]
        end = self._buffer.find(b"\r\n\r\n", 0, HEADER + 4)
        if end < 0:
            if len(self._buffer) > HEADER:
                raise Refusal(431, "a header beyond measure")
            return False
        start, *lines = bytes(self._buffer[:end]).split(b"\r\n")
        del self._buffer[: end + 4]
        found = _START.fullmatch(start)
        if found is None:
            raise Refusal(400, "no request of HTTP/1.1")
        fields = _fields(lines)
        newer = found[3] == b"1"
        if newer and "host" not in fields:
            raise Refusal(400, "a request without a host")
        says = fields.get("connection", "").lower()
        keep = "close" not in says if newer else "keep-alive" in says
        self._coming = _Coming(found[1].decode(), found[2].decode(), fields, keep, *_length(fields), bytearray())
        if fields.get("expect", "").lower() == "100-continue" and newer and not self._buffer:
            self._out.append(b"HTTP/1.1 100 Continue\r\n\r\n")
        return True

    # --- body --------------------------------------------------------------------------------------------------

    def _plain(self) -> bool:
        """Take what there is of a body or chunk; whether it is whole."""
        one = self._coming
        assert one is not None
        assert one.left is not None
        size = min(one.left, len(self._buffer))
        one.body += self._buffer[: min(size, self.size - len(one.body))]
        del self._buffer[:size]
        one.left -= size
        return one.left == 0

    def _chunks(self) -> bool:
        """The same of a body in chunks (RFC 9112, section 7.1); fields behind the last one are passed over."""
        one = self._coming
        assert one is not None
        while True:
            if one.left is not None:
                if one.left and not self._plain():
                    return False
                if len(self._buffer) < 2:
                    return False
                if self._buffer[:2] != b"\r\n":
                    raise Refusal(400, "a chunk of another length than it says")
                del self._buffer[:2]
                one.left = None
            end = self._buffer.find(b"\r\n", 0, _LINE)
            if end < 0:
                if len(self._buffer) >= _LINE:
                    raise Refusal(400, "no chunk's size")
                return False
            found = _SIZE.fullmatch(self._buffer[:end])
            if found is None:
                raise Refusal(400, "no chunk's size")
            one.left = int(found[1], 16)
            if one.left == 0:
                return self._behind(end)
            del self._buffer[: end + 2]

    def _behind(self, end: int) -> bool:
        """Pass over what follows the last chunk, once all of it is there."""
        assert self._coming is not None
        close = self._buffer.find(b"\r\n\r\n", end, end + HEADER)
        if close < 0:
            if len(self._buffer) > HEADER:
                raise Refusal(431, "a trailer beyond measure")
            self._coming.left = None  # its line is read again with what comes
            return False
        del self._buffer[: close + 4]
        return True


def _fields(lines: list[bytes]) -> dict[str, str]:
    if len(lines) > FIELDS:
        raise Refusal(431, "more fields than a request has")
    fields: dict[str, str] = {}
    for line in lines:
        found = _FIELD.fullmatch(line)
        if found is None:
            raise Refusal(400, "a field that cannot be read")
        name, value = found[1].decode().lower(), found[2].decode("latin-1").rstrip(" \t")
        if name in fields and name in ("content-length", "transfer-encoding", "host"):
            raise Refusal(400, f"{name} is said twice")
        fields[name] = value
    return fields


def _length(fields: Mapping[str, str]) -> tuple[bool, int | None]:
    """(in chunks, bytes of the body)."""
    length, coding = fields.get("content-length"), fields.get("transfer-encoding")
    if coding is not None:
        if coding.lower() != "chunked" or length is not None:
            raise Refusal(400, "a body whose length is not clear")
        return True, None
    if length is None:
        return False, 0
    if not re.fullmatch(r"[0-9]{1,12}", length):
        raise Refusal(400, "a body whose length is not clear")
    return False, int(length)
