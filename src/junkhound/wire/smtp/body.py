"""Where a mail ends, and the dots that are not its own."""

from __future__ import annotations

import re

from junkhound.wire.smtp.terms import Transaction

_DOT = re.compile(rb"\r\n\.")  # three times as fast as bytes.find
_FEW = 8  # dots that are looked at one by one: base64 has none, and one byte is found thirty times as fast


def end_of_mail(buffer: bytearray, transaction: Transaction, scan: int) -> tuple[int, int]:
    """Where the final dot stands, -1 while it has not come, and where to go on looking."""
    if not transaction.size and buffer[:3] == b".\r\n":
        return 0, 0
    if not transaction.stuffed:
        at = _line_of_dot(buffer, scan)
        if at < 0:
            return -1, max(len(buffer) - 2, 0)
        behind = bytes(buffer[at + 3 : at + 5])
        if behind == b"\r\n":
            return at + 2, 0
        if behind in (b"", b"\r"):
            return -1, at
        transaction.stuffed = True
        scan = at
    at = buffer.find(b"\r\n.\r\n", scan)
    return (-1, max(len(buffer) - 4, 0)) if at < 0 else (at + 2, 0)


def whole(data: bytes, transaction: Transaction) -> bytes | None:
    """The mail, where all of it came at once with nothing behind it and no line of it begins with a dot."""
    if transaction.size or transaction.refusal is not None:
        return None
    if data[-5:] != b"\r\n.\r\n" or data[:1] == b"." or _line_of_dot(data, 0) != len(data) - 5:
        return None
    return data[:-3]


def _line_of_dot(buffer: bytes | bytearray, scan: int) -> int:
    """Where the first CRLF with a dot behind it begins, from ``scan`` on; -1 where there is none."""
    dot = scan + 1
    for _ in range(_FEW):
        dot = buffer.find(b".", dot + 1)
        if dot < 0:
            return -1
        if buffer[dot - 2 : dot] == b"\r\n":
            return dot - 2
    found = _DOT.search(buffer, dot - 1)
    return -1 if found is None else found.start()


def taken(buffer: bytearray, end: int, stuffed: bool) -> bytes:
    """The mail before the final dot at ``end``, out of the buffer and without its stuffing (RFC 5321 section 4.5.2)."""
    with memoryview(buffer) as view:
        mail = view[:end].tobytes()
    del buffer[: end + 3]
    if mail.startswith(b"."):
        mail = mail[1:]
    return mail.replace(b"\r\n.", b"\r\n") if stuffed else mail
