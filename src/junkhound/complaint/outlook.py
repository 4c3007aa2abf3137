"""Outlook's ``.msg`` files as mails: the header as it arrived, where Outlook kept it, and the text.

The container is read by olefile (``pip install 'junkhound[msg]'``); without it such a file is named as lacking and
nothing else is lost. Property numbers are those of [MS-OXPROPS].
"""

from __future__ import annotations

import io
import re

from junkhound.complaint.complaint import HEADERS, INCOMPLETE, WHOLE, Carried

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LACKING = "extra:msg"
"""What is put into ``missing`` where the library is not installed."""

STREAM = 16 << 20  # bytes of one property that are read
_HEADER, _SUBJECT, _BODY = "007D", "0037", "1000"
_NAME, _SENDER, _SMTP, _TO = "0C1A", "0C1F", "5D01", "0E04"
NUMBERS = (_HEADER, _SUBJECT, _BODY, _NAME, _SENDER, _SMTP, _TO)
_received = re.compile(r"^Received:", re.IGNORECASE | re.MULTILINE).search


def is_msg(octets: bytes) -> bool:
    """Whether it is a compound file, as ``.msg`` files are."""
    return octets.startswith(MAGIC)


def prepare() -> bool:
    """Load the library before a process confines itself; whether it is there."""
    try:
        import olefile  # noqa: F401
    except ModuleNotFoundError:
        return False
    return True


def read(octets: bytes, lacking: list[str]) -> Carried | None:
    """The mail in the file; None where there is none, or what it takes is ``lacking``."""
    try:
        import olefile
    except ModuleNotFoundError:
        lacking.append(LACKING)
        return None
    try:
        with olefile.OleFileIO(io.BytesIO(octets), raise_defects=olefile.DEFECT_FATAL) as file:
            found = {number: _text(file, number) for number in NUMBERS}
    except Exception:  # whatever a damaged file makes of the library: hostile input is data, not an error
        return None
    if not any(found.values()):
        return None
    return mail_of(found)


def _text(file: object, number: str) -> str:
    """A text property of the message itself: UTF-16, else the 8-bit form."""
    for kind, charset in (("001F", "utf-16-le"), ("001E", "cp1252")):
        name = f"__substg1.0_{number}{kind}"
        if file.exists(name):  # type: ignore[attr-defined]
            octets: bytes = file.openstream(name).read(STREAM)  # type: ignore[attr-defined]
            return octets.decode(charset, "replace").rstrip("\0").replace("\r\n", "\n")
    return ""


def mail_of(found: dict[str, str]) -> Carried:
    """The mail that properties make, by their numbers in ``NUMBERS``: the header as it arrived, where it is there."""
    header, body = found[_HEADER].strip("\n"), found[_BODY].strip("\n")
    if header:
        fields = [
            line for line in header.split("\n") if line.strip() and not line.startswith("Microsoft Mail Internet")
        ]
        octets = ("\n".join(_plain(fields)) + f"\n\n{body}\n").encode("utf-8", "replace")
        if _received(header):
            return Carried(octets, "attached outlook", WHOLE if body else HEADERS)
        return Carried(octets, "attached outlook", INCOMPLETE)
    sender = found[_SMTP] or found[_SENDER]
    shown = (("From", f"{found[_NAME]} <{sender}>".strip()), ("To", found[_TO]), ("Subject", found[_SUBJECT]))
    lines = "".join(f"{name}: {' '.join(value.split())}\n" for name, value in shown if value)
    octets = f"{lines}MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{body}\n".encode("utf-8", "replace")
    return Carried(octets, "attached outlook", INCOMPLETE)


def _plain(fields: list[str]) -> list[str]:
    """The fields with a MIME description that fits the one text that is left of the body."""
    kept, dropped = [], False
    for line in fields:
        if line[:1] not in (" ", "\t"):
            dropped = line.lower().startswith(("content-type:", "content-transfer-encoding:", "mime-version:"))
        if not dropped:
            kept.append(line)
    return [*kept, "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8"]
