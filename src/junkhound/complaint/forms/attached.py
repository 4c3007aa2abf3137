"""Mails forwarded as attachments: ``message/rfc822``, ``.eml``, Outlook's ``.msg`` and ``winmail.dat``."""

from __future__ import annotations

import re

from junkhound.complaint import claims, outlook, tnef
from junkhound.complaint.complaint import HEADERS, WHOLE, Carried, Complaint
from junkhound.complaint.forms import forms
from junkhound.complaint.letter import Letter
from junkhound.evidence.message import Part, parse

MAILS = 100
LIMIT = 64 << 20  # bytes of one

_OFFERED = ("message/rfc822", "message/global", "message/rfc822-headers", "text/rfc822-headers")
_named = re.compile(r"\.(?:eml|msg|mht|txt)\Z", re.IGNORECASE).search
_notice = re.compile(r"(?:\[spamcop|abuse (?:report|complaint)|complaint about message from)", re.IGNORECASE).search


@forms.register("attached")
def read(letter: Letter) -> Complaint | None:
    """A letter with mails in it: what it is about is for its words to say, and else it is junk that annoyed."""
    lacking: list[str] = []
    if outlook.is_msg(letter.octets):  # the file itself, not sent by anybody
        mail = outlook.read(letter.octets, lacking)
        return Complaint("attached", "abuse", mails=() if mail is None else (mail,), missing=tuple(lacking))
    mails: list[Carried] = []
    for part in letter.parts[:MAILS]:
        if _wrapped(part):
            mails += tnef.read(part.payload(LIMIT), lacking)
        elif (mail := carried(part, lacking)) is not None:
            mails.append(mail)
    if not mails and not lacking:
        return None
    said = (*letter.texts[:3], letter.subject)
    stated = claims.standing(letter.subject, "subject") if _notice(letter.subject) else []
    return Complaint(
        "attached", claims.about((letter.subject, *said)) or "abuse", letter.reporter, letter.author[1],
        claims.report_id(letter.subject), letter.at, len(mails), tuple(stated), tuple(mails), tuple(lacking),
    )  # fmt: skip


def _wrapped(part: Part) -> bool:
    """Whether it is a ``winmail.dat``, by whatever name."""
    named = part.type in _TNEF or part.name.lower() == "winmail.dat"
    return named and tnef.is_tnef(part.payload(16))


def carried(part: Part, lacking: list[str]) -> Carried | None:
    """The mail that a part is; None where it is none. What could not be read is added to ``lacking``."""
    if part.type in _OFFERED:
        octets = part.payload(LIMIT).lstrip(b"\r\n")
        whole = part.type in ("message/rfc822", "message/global") and _has_body(octets)
        return Carried(octets, "attached", WHOLE if whole else HEADERS) if octets.strip() else None
    if part.type.startswith(("image/", "multipart/", "text/html")) or not (part.name or part.type == _OUTLOOK):
        return None
    head = part.payload(8192)
    if outlook.is_msg(head):
        return outlook.read(part.payload(LIMIT), lacking)
    if _named(part.name) and b"received" in parse(head).index:
        return Carried(part.payload(LIMIT), "attached")
    return None


_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")
_OUTLOOK = "application/vnd.ms-outlook"


def _has_body(octets: bytes) -> bool:
    return bool(octets[parse(octets).body_at :].strip())
