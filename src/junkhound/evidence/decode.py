"""The codings of MIME, tolerant: transfer encodings, encoded words, parameters. Nothing here raises."""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, a2b_qp
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from junkhound.evidence import charset
from junkhound.kernel.compiled import steps
from junkhound.tables import Defect

_BAD_BASE64 = int(Defect.BAD_BASE64)
_BAD_QP = int(Defect.BAD_QUOTED_PRINTABLE)
_UNKNOWN_ENCODING = int(Defect.UNKNOWN_ENCODING)

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BASE64_LINES = _BASE64 + b"= \t\r\n"
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_CLEAN_LINES = re.compile(rb"(?:\s*+[A-Za-z0-9+/]+={0,2}[ \t]*+(?=\r?\n|\Z))*+")
_BAD_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?(?:\n|\Z))")
_QP_LOOK = 4096  # bytes looked at for bad escapes; the rest is decoded all the same

IDENTITY = {b"", b"7bit", b"8bit", b"binary"}


def transfer(octets: bytes, encoding: bytes, limit: int | None = None) -> tuple[bytes, int]:
    """Undo a Content-Transfer-Encoding; the bytes, at most ``limit``, and the ``Defect`` bits met.

    An encoding that is not of RFC 2045 (uuencode among them) leaves the bytes as they are.
    """
    if encoding == b"base64":
        return _base64(octets, limit)
    if encoding == b"quoted-printable":
        # An escape is three bytes and a soft break at most three for each of them: five times holds all but padding.
        if limit is not None and len(octets) > limit * 5:
            octets = octets[: limit * 5]
        octets, bad = quoted(octets)
        return (octets if limit is None else octets[:limit]), _BAD_QP if bad else 0
    return (octets if limit is None else octets[:limit]), 0 if encoding in IDENTITY else _UNKNOWN_ENCODING


def quoted_plainly(octets: bytes) -> tuple[bytes, bool]:
    """``quoted`` without the compiled steps."""
    return a2b_qp(octets), _BAD_ESCAPE.search(octets, 0, _QP_LOOK) is not None


quoted: Callable[[bytes], tuple[bytes, bool]] = quoted_plainly if steps is None else steps.quoted
"""Quoted-printable undone, and whether it has bad escapes (near its beginning)."""


def _base64(octets: bytes, limit: int | None) -> tuple[bytes, int]:
    cut = limit is not None and len(octets) > limit * 3 // 2 + 64
    if limit is not None and cut:
        octets = octets[: limit * 3 // 2 + 64]
    decoded, broken = unbased(octets)
    return (decoded if limit is None else decoded[:limit]), _BAD_BASE64 if broken and not cut else 0


def unbased(octets: bytes) -> tuple[bytes, bool]:
    """Base64 undone, and whether it is broken."""
    if steps is not None:
        decoded: bytes | None = steps.base64(octets)
        if decoded is not None:
            return decoded, False
    return unbased_plainly(octets)


def unbased_plainly(octets: bytes) -> tuple[bytes, bool]:
    """``unbased`` without the compiled steps."""
    try:
        if octets[-80:].translate(None, _BASE64_LINES):  # a footer: the C decoder would take its letters for data
            raise Error
        return a2b_base64(octets), False
    except Error:
        return _broken_base64(octets), True


def _broken_base64(octets: bytes) -> bytes:
    """What can be saved: the leading clean lines (list servers append footers), else every letter there is."""
    letters = octets.translate(None, _NOT_BASE64)
    match = _CLEAN_LINES.match(octets)
    clean = match[0].translate(None, _NOT_BASE64) if match else b""
    if len(clean) * 2 > len(letters):
        letters = clean
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return a2b_base64(letters + b"=" * (-len(letters) % 4))


_WORD = re.compile(rb"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")  # RFC 2047 section 2, blanks in the text let pass


def header(value: bytes, limit: int = 1000) -> str:
    """Text of a header value, at most ``limit`` characters: unfolded, RFC 2047 words decoded, raw 8-bit guessed."""
    value = value[: limit * 8]
    if b"\n" in value or b"\r" in value:
        value = value.replace(b"\r", b"").replace(b"\n", b"")
    if b"=?" in value:
        return _words(value)[:limit]
    if value.isascii():
        return value[:limit].decode("ascii")
    return charset.decode(value, "")[0][:limit]


def _words(value: bytes) -> str:
    """Decode encoded words; neighbours of one charset are joined first, for characters cut in two are common."""
    texts: list[str] = []
    pending, label, at = b"", "", 0
    for match in _WORD.finditer(value):
        start, end = match.span()
        between = value[at:start]
        name = match[1].partition(b"*")[0].decode("latin-1")  # RFC 2231 section 5: a language may follow
        plain = between.strip()
        if pending and (plain or name != label):
            texts.append(charset.decode(pending, label)[0])
            pending = b""
        if plain or not at:  # RFC 2047 section 6.2: blanks between two words are not shown
            texts.append(charset.decode(between, "")[0])
        octets = match[3]
        if match[2] in b"qQ":
            pending += a2b_qp(octets.replace(b"_", b" "), header=False)
        else:
            pending += _base64(octets, None)[0]
        label, at = name, end
    if pending:
        texts.append(charset.decode(pending, label)[0])
    texts.append(charset.decode(value[at:], "")[0])
    return "".join(texts)


_PARAMETER = re.compile(
    rb""";\s*([^\s=;"]{1,80})\s*=\s*(?:"((?:[^"\\]++|\\.)*+)"?|([^;\s]*))[^;]*+""",
    re.DOTALL,
)
_QUOTED = re.compile(rb"\\(.)", re.DOTALL)
_VALUE_CAP = 4096
_PARAMETERS = 50

Parameters = dict[bytes, bytes]


def typed(value: bytes) -> tuple[str, Parameters]:
    """``Text/HTML; charset="x"`` as lower-case ``text/html`` and its parameters; "" where it is not a type."""
    return _typed(value) if len(value) <= 120 else _read_typed(value[:_VALUE_CAP])


def _read_typed(value: bytes) -> tuple[str, Parameters]:
    head, semicolon, _ = value.partition(b";")
    words = head.split(None, 1)
    kind = words[0].lower().decode("latin-1") if words else ""
    if not semicolon:
        return kind, {}
    found: Parameters = {}
    for match in _PARAMETER.finditer(value, len(head)):
        quoted = match[2]
        if quoted is None:
            text = match[3]
        else:
            text = quoted if b"\\" not in quoted else _QUOTED.sub(rb"\1", quoted)
            if b"\n" in text:
                text = text.replace(b"\r", b"").replace(b"\n", b"")
        found.setdefault(match[1].lower(), text)
        if len(found) >= _PARAMETERS:
            break
    return kind, found


_typed = lru_cache(2048)(_read_typed)


def parameter(found: Parameters, name: bytes, limit: int = 255) -> str:
    """One parameter as text, "" if absent: RFC 2231 pieces and charset, RFC 2047 words as many programs write them."""
    plain = found.get(name)
    if plain is not None:
        return header(plain, limit)
    encoded = found.get(name + b"*")
    if encoded is None:
        encoded = _pieces(found, name)
    if encoded is None:
        return ""
    parts = encoded.split(b"'", 2)
    if len(parts) == 3:
        return charset.decode(unquote_to_bytes(parts[2]), parts[0].decode("latin-1"))[0][:limit]
    return header(encoded, limit)


def _pieces(found: Parameters, name: bytes) -> bytes | None:
    """``name*0*=..; name*1=..`` put together (RFC 2231 section 3), plain pieces quoted like the encoded ones."""
    pieces: list[bytes] = []
    for number in range(_PARAMETERS):
        key = b"%b*%d" % (name, number)
        piece = found.get(key + b"*")
        if piece is None:
            piece = found.get(key)
            if piece is None:
                break
            if pieces and b"'" in pieces[0]:
                piece = piece.replace(b"%", b"%25")
        pieces.append(piece)
    return b"".join(pieces) if pieces else None
