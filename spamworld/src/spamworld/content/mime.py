"""Bytes of a mail below its trace lines: fields, parts, encodings, boundaries.

Lines end in CRLF, as they go over the wire. Sources: RFC 2045 to 2047, RFC 2231, RFC 5322.
"""

from __future__ import annotations

import binascii
from base64 import b64encode
from random import Random

import msgspec

from spamworld import wire
from spamworld.plan import Delivery

ATOM = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !#$%&'*+-/=?^_`{|}~")
ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Part(msgspec.Struct):
    """One MIME part: its fields without the transfer encoding, and what it carries."""

    kind: str  # value of Content-Type
    content: bytes
    encoding: str = "7bit"  # 7bit, 8bit, quoted-printable, base64
    disposition: str = ""
    id: str = ""
    ready: bool = False  # content is encoded already (cached pictures)

    def fields(self) -> list[tuple[str, bytes]]:
        """Its MIME fields."""
        out = [("Content-Type", self.kind.encode()), ("Content-Transfer-Encoding", self.encoding.encode())]
        if self.id:
            out.append(("Content-ID", f"<{self.id}>".encode()))
        if self.disposition:
            out.append(("Content-Disposition", self.disposition.encode()))
        return out

    def encoded(self) -> bytes:
        """Its content as it goes over the wire."""
        return self.content if self.ready else encode(self.content, self.encoding)


def crlf(text: str) -> str:
    """The text with the wire's line ends."""
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def lines64(content: bytes, width: int = 76) -> bytes:
    """Base64 in lines."""
    text = b64encode(content)
    return b"".join(text[i : i + width] + b"\r\n" for i in range(0, len(text), width))


def encode(content: bytes, encoding: str) -> bytes:
    """Content in a transfer encoding; it ends in a line end."""
    if encoding == "base64":
        return lines64(content)
    if encoding == "quoted-printable":
        content = binascii.b2a_qp(content, istext=True)
    return content if content.endswith(b"\n") else content + b"\r\n"


def text_part(text: str, subtype: str, charset: str, encoding: str, extra: str = "") -> Part:
    """A text part. What the character set cannot say moves to UTF-8, and 7bit to quoted-printable, so it decodes."""
    text = crlf(text)
    try:
        content = text.encode(charset)
    except UnicodeEncodeError:
        charset, content = "utf-8", text.encode()
    if encoding == "7bit" and (not content.isascii() or charset.startswith("iso-2022")):
        encoding = "7bit" if charset.startswith("iso-2022") else "quoted-printable"
    if encoding in ("7bit", "8bit") and len(content) > 990 and any(len(line) > 990 for line in content.split(b"\r\n")):
        encoding = "quoted-printable"  # RFC 5322 section 2.1.1: no line above 998
    return Part(f"text/{subtype}; charset={extra}{charset}{extra}", content, encoding)


def join(parts: list[Part], subtype: str, boundary: str, preamble: str = "") -> Part:
    """A multipart of them."""
    mark = b"--" + boundary.encode()
    out = [preamble.encode() + b"\r\n"] if preamble else []
    for part in parts:
        out.append(mark + b"\r\n")
        out.extend(name.encode() + b": " + value + b"\r\n" for name, value in part.fields())
        out += (b"\r\n", part.encoded(), b"\r\n")
    out.append(mark + b"--\r\n")
    return Part(f'multipart/{subtype}; boundary="{boundary}"', b"".join(out), "7bit", ready=True)


def boundary(rng: Random, delivery: Delivery) -> str:
    """A boundary as the program that wrote the mail makes them."""
    return wire.boundary(delivery.engine, delivery.path[0].at if delivery.path else delivery.at, rng)


def word(text: str, charset: str = "utf-8", form: str = "B") -> bytes:
    """Unstructured header text: itself when ASCII, else encoded words of at most 75 characters (RFC 2047)."""
    if text.isascii():
        return text.encode()
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        charset = "utf-8"
    step = 12 if charset != "utf-8" or form == "Q" else 14
    out = []
    for i in range(0, len(text), step):
        content = text[i : i + step].encode(charset)
        if form == "B":
            body = b64encode(content).decode()
        else:
            body = "".join(chr(b) if chr(b) in ALNUM and b < 128 else "_" if b == 32 else f"={b:02X}" for b in content)
        out.append(f"=?{charset}?{form}?{body}?=")
    return " ".join(out).encode()


def mailbox(name: str, address: str, form: str = "angle", charset: str = "utf-8") -> bytes:
    """An address with a name, as mail programs write it: angle, quoted, bare or comment."""
    if not name or form == "bare":
        return address.encode()
    if not name.isascii():
        return word(name, charset) + f" <{address}>".encode()
    if form == "comment":
        return f"{address} ({name})".encode()
    if form == "quoted" or not ATOM.issuperset(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name} <{address}>".encode()
