"""What a file is, by its first bytes; names help only where bytes cannot tell."""

from __future__ import annotations

import re

from junkhound.intake import tar
from junkhound.intake.unpack import MAGIC
from junkhound.wire import mbox

HEAD = 8192  # bytes that a decision needs at most

MAIL_SUFFIXES = (".eml", ".emlx", ".mime", ".mht", ".rfc822")
JSON_SUFFIXES = (".jsonl", ".ndjson")
PACKED_SUFFIXES = (".gz", ".bz2", ".xz", ".zst", ".tgz", ".tbz2", ".txz", ".tzst")

_OTHERS = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Outlook or Office file"),
    (b"!BDN", "an Outlook mailbox (PST)"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x89PNG", "a picture"),
    (b"GIF8", "a picture"),
    (b"%PDF", "a PDF"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "a database"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive, which we do not open"),
    (b"Rar!", "a RAR archive, which we do not open"),
    (b"\x1f\x9d", "a file of compress(1), which we do not open"),
)
_FIELD = re.compile(rb"([!-9;-~]{1,80})[ \t]*:")
_STRONG = frozenset(
    b"received return-path message-id delivered-to x-original-to mime-version dkim-signature envelope-to".split()
)
_KNOWN = _STRONG | frozenset(b"from to subject date cc bcc sender reply-to content-type references in-reply-to".split())
_JSON_MAIL = re.compile(rb'\s*\{[^\n]*?"mail"\s*:\s*"')


def form_of(head: bytes, name: str = "") -> str:
    """``gzip bzip2 xz zstd tar zip mbox jsonl``, ``empty``, or ``""`` where it may be one mail."""
    if not head:
        return "empty"
    if head[0] in _FIRST:
        for form, magics in MAGIC.items():
            if head.startswith(magics):
                return form
        if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return "zip"
    if head[0] in b"\r\nF" and mbox.is_mbox(head):
        return "mbox"
    if head[0] in b" {" and (name.endswith(JSON_SUFFIXES) or _JSON_MAIL.match(head)):
        return "jsonl"
    if b"\0" in head[:512] and tar.is_tar(head):
        return "tar"
    return ""


_FIRST = frozenset(magic[0] for magics in MAGIC.values() for magic in magics) | {ord("P")}


def is_mail(head: bytes, name: str) -> bool:
    """Whether a file found among others is a mail: it begins like a header, or its name says so and it is no other."""
    if name.endswith(MAIL_SUFFIXES):
        return not any(head.startswith(magic) for magic, _ in _OTHERS)
    return _begins_like_header(head)


def is_report(head: bytes, name: str) -> bool:
    """Whether a file found among complaints is one, though no mail: Outlook's ``.msg``, a report in JSON."""
    if name.endswith(".msg"):
        return head.startswith(_OTHERS[0][0])
    return name.endswith(".json") and head.lstrip()[:1] == b"{"


def reason(head: bytes) -> str:
    """Why it is no mail, for the person who wonders."""
    for magic, words in _OTHERS:
        if head.startswith(magic):
            return f"no mail: {words}"
    return "no mail: it does not begin with a header"


def _begins_like_header(head: bytes) -> bool:
    """Two known field names, or one that only mail has; few lines that are no fields; field or postmark first."""
    known = strong = fields = odd = 0
    header = head.lstrip(b"\r\n")
    if b"\r" in header:
        header = header.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines = header.partition(b"\n\n")[0].split(b"\n")
    if len(head) >= HEAD and len(lines) > 1:
        lines.pop()
    for number, line in enumerate(lines):
        if not line:
            break
        if line[0] in b" \t" and number:
            continue
        field = _FIELD.match(line)
        if field is None:
            odd += not (number == 0 and line.startswith((b"From ", b">From ")))
            if odd and not fields:
                return False
            continue
        fields += 1
        word = field[1].lower()
        known += word in _KNOWN
        strong += word in _STRONG
        if strong and known >= 2 and not odd:
            return True
    return (known >= 2 or strong >= 1) and odd <= fields
