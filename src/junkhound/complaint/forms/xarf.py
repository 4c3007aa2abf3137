"""X-ARF and XARF reports: JSON or the older ``Name: value`` lines, in a part of a mail, or a file alone."""

from __future__ import annotations

from junkhound.complaint import claims
from junkhound.complaint.complaint import Carried, Claim, Complaint
from junkhound.complaint.forms import forms
from junkhound.complaint.letter import Letter
from junkhound.evidence.message import Part
from junkhound.trace import dates
from junkhound.wire import xarf
from junkhound.wire.xarf import Xarf

PARTS = 50
_NO_REPORT = ("message/rfc822", "message/global", "text/html")


@forms.register("xarf")
def read(letter: Letter) -> Complaint | None:
    """Any part that is such a report; a letter with several has a claim for each."""
    reports = [report for report in (xarf.read(letter.octets), *map(_of_part, letter.parts[:PARTS])) if report]
    if not reports:
        return None
    first = reports[0]
    said = [claim for report in reports for claim in _claims(report)]
    mails = [mail for report in reports for mail in _mails(report)] + _attached(letter)
    return Complaint(
        "xarf",
        first.type,
        letter.reporter or first.reporter,
        letter.author[1] or first.reporter_domain,
        first.report_id,
        dates.parse_text(first.at) if first.at else None,
        sum(report.count for report in reports),
        tuple(said),
        tuple(mails),
        first.missing,
    )


def _of_part(part: Part) -> Xarf | None:
    if part.type in _NO_REPORT or part.type.startswith(("image/", "audio/", "video/", "font/")):
        return None
    head = part.payload(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] == b"{":
        return xarf.read(part.payload(xarf.LIMIT))
    return xarf.read_plain(part.payload(64 * 1024)) if b"Source" in head else None


def _claims(report: Xarf) -> list[Claim]:
    at = dates.parse_text(report.at) if report.at else None
    found = []
    address = claims.address(report.source)
    if address is not None:
        found.append(Claim("address", str(address), "Source", address, report.source_port, at, report.count))
    elif report.source:
        what = "url" if "://" in report.source else "host" if "." in report.source else "account"
        found.append(Claim(what, report.source, "Source", None, None, at, report.count))
    if report.url and report.url != report.source:
        found.append(Claim("url", report.url, "Source-URL", None, None, at))
    return found


def _mails(report: Xarf) -> list[Carried]:
    return [Carried(one.payload, "attached") for one in report.evidence if one.type.startswith("message/rfc822")]


def _attached(letter: Letter) -> list[Carried]:
    return [
        Carried(part.payload().lstrip(b"\r\n"), "attached") for part in letter.parts if part.type == "message/rfc822"
    ]
