"""Feedback reports (RFC 5965), as they should be and as they come."""

from __future__ import annotations

from collections.abc import Iterator

from junkhound.complaint import claims as words
from junkhound.complaint.complaint import HEADERS, WHOLE, Carried, Claim, Complaint
from junkhound.complaint.forms import forms
from junkhound.complaint.letter import Letter
from junkhound.evidence.message import Part
from junkhound.trace import dates
from junkhound.wire import arf

_REPORT = "message/feedback-report"
_HEADERS = ("text/rfc822-headers", "message/rfc822-headers", "text/rfc822-header")
_MAILS = ("message/rfc822", "message/global")
_REQUIRED = (("type", "Feedback-Type"), ("user_agent", "User-Agent"), ("version", "Version"))


@forms.register("arf")
def read(letter: Letter) -> Complaint | None:
    """A ``multipart/report`` of type feedback-report, or anything that holds a feedback report."""
    part = _report(letter)
    if part is None:
        return None
    octets = part.payload(arf.LIMIT)
    report = arf.read(octets)
    if report.type == "xarf":  # version 3 travels in the same envelope, its JSON as third part
        return None
    at = dates.parse_text(report.arrival_date) if report.arrival_date else None
    claims = []
    if report.source_ip is not None:
        claims.append(
            Claim("address", str(report.source_ip), "Source-IP", report.source_ip, report.source_port, at,
                  max(1, report.incidents))
        )  # fmt: skip
    else:  # the field is optional, and the sentence for people often says it
        claims += words.named("\n".join(letter.texts[:1]))[:1]
    claims += [Claim("domain", domain.lower(), "Reported-Domain") for domain in report.reported_domain]
    claims += [Claim("url", uri, "Reported-URI") for uri in report.reported_uri]
    others = dict(report.others)
    return Complaint(
        "arf",
        report.type or "abuse",
        letter.reporter,
        letter.author[1],
        others.get("report-id", "") or report.original_envelope_id,
        at,
        max(1, report.incidents),
        tuple(claims),
        tuple(_carried(letter, part)),
        tuple(name for attribute, name in _REQUIRED if not getattr(report, attribute)),
    )


def _report(letter: Letter) -> Part | None:
    """The part that holds the fields: by its type, else (old reporters) by what a text part begins with."""
    for part in letter.parts:
        if part.type == _REPORT:
            return part
    if "feedback-report" in letter.value(b"content-type"):
        for part in letter.parts:
            if part.type.startswith("text/") and b"feedback-type:" in part.payload(4096).lower():
                return part
    return None


def _carried(letter: Letter, report: Part) -> Iterator[Carried]:
    for part in letter.parts:
        if part is report or part.start <= report.start:
            continue
        octets = part.payload()
        if part.type in _HEADERS:
            yield Carried(octets.lstrip(b"\r\n"), "attached", HEADERS)
        elif part.type in _MAILS and octets.strip():
            yield Carried(octets.lstrip(b"\r\n"), "attached", WHOLE)
