"""XARF, the abuse report that machines read: JSON of versions 1 to 4, and X-ARF 0.1 and 0.2 as ``Name: value`` lines.

All versions become one value. What a version requires and a report lacks is named in ``missing``: such a report is read
all the same, for the address in it may be right. ``_internal`` must never leave its maker and is not read.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from typing import Any

import msgspec

from junkhound.wire.arf import fields

LIMIT = 16 << 20  # bytes of JSON; evidence of version 4 may be 5 MB a piece
EVIDENCE = 50  # pieces

_decode = msgspec.json.Decoder().decode


class Evidence(msgspec.Struct, frozen=True):
    """One piece: what it is, and its bytes."""

    type: str
    payload: bytes
    description: str = ""


class Xarf(msgspec.Struct, frozen=True):
    """One report.

    ``source`` is an address, host name or URL as written; ``type`` is in the words of version 4 where it has one
    (``login_attack``), lower case. ``at`` is a date as written. ``count`` is how many attempts or messages it tells of.
    """

    version: str
    category: str = ""
    type: str = ""
    source: str = ""
    source_port: int | None = None
    url: str = ""
    at: str = ""
    report_id: str = ""
    reporter: str = ""
    reporter_domain: str = ""
    reporter_contact: str = ""
    protocol: str = ""
    smtp_from: str = ""
    destination: str = ""
    count: int = 1
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[str, ...] = ()


_REQUIRED_4 = ("report_id", "timestamp", "reporter", "sender", "source_identifier", "category", "type")
_REQUIRED_3 = ("ReporterInfo", "Disclosure", "Report")
_COUNTS = ("attempt_count", "attempts_count", "failure_count", "recipient_count", "spam_volume", "total_probes")
# words of older versions, without their case, blanks and dashes, as version 4 says them
_TYPES = {
    "loginattack": "login_attack", "portscan": "port_scan", "openservice": "open_service",
    "copyright": "copyright", "trademark": "trademark_infringement", "webattack": "web_attack",
    "malwareattack": "malware", "rpzrewrite": "rpz", "infectedsystem": "bot", "spamcomplaint": "spam",
}  # fmt: skip


def read(octets: bytes) -> Xarf | None:
    """A JSON text as a report; None where it is none."""
    if len(octets) > LIMIT or octets.lstrip()[:1] != b"{":
        return None
    try:
        found = _decode(octets.lstrip(b"\xef\xbb\xbf \t\r\n"))
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    if "xarf_version" in found:
        return _version_4(found)
    if isinstance(found.get("Report"), dict) or isinstance(found.get("ReporterInfo"), dict):
        return _version_3(found)
    return None


def read_plain(octets: bytes) -> Xarf | None:
    """The lines of an X-ARF 0.1 or 0.2 report (one level of YAML); None where they are none."""
    found = {name: _unquoted(value) for name, value in reversed(fields(octets[: 64 * 1024]))}
    if not {"source", "report-type"} <= found.keys() and not {"source", "reported-from", "category"} <= found.keys():
        return None
    kind = found.get("source-type", "").lower()
    source = _closed_up(found["source"])
    contact = found.get("reported-from", "")
    return Xarf(
        version=found.get("version", "0.2") or "0.2",
        category=found.get("category", "").lower(),
        type=_type(found.get("report-type", "")),
        source=source,
        source_port=_port(found.get("source-port", "")),  # ``Port`` is that of the service which was attacked
        url=source if kind in ("uri", "url") else _closed_up(found.get("download-link", "")),
        at=found.get("date", ""),
        report_id=found.get("report-id", ""),
        reporter_domain=contact.rpartition("@")[2].lower(),
        reporter_contact=contact,
        protocol=found.get("service", "").lower(),
        count=_number(found.get("occurrences", "")) or 1,
        missing=tuple(name for name in ("reported-from", "date", "report-type") if not found.get(name)),
    )


def _closed_up(value: str) -> str:
    """``http: //example.org`` as some programs break it."""
    return value.replace(": //", "://")


def _unquoted(value: str) -> str:
    """A YAML scalar as text."""
    value = value.strip()
    if value.startswith("!!"):
        value = value.partition(" ")[2].strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return "" if value in ("none", "~", "null") else value


def _type(text: str) -> str:
    plain = text.strip().lower()
    return _TYPES.get(plain.replace("-", "").replace("_", "").replace(" ", ""), plain.replace("-", "_"))


def _text(found: Mapping[str, Any], *names: str) -> str:
    """The first of these that is a text or a number."""
    for name in names:
        value = found.get(name)
        if isinstance(value, str) and value:
            return value[:4096]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(value)
    return ""


def _number(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:9])
    return min(value, 1_000_000_000) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _port(value: object) -> int | None:
    number = _number(value)
    return number if 0 < number < 65536 else None


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _version_4(found: dict[str, Any]) -> Xarf:
    reporter = _table(found.get("reporter"))
    old = _text(found, "xarf_version").startswith("4.0")  # who filed it is told apart from whose complaint it is since
    return Xarf(
        version=_text(found, "xarf_version"),
        category=_text(found, "category").lower(),
        type=_type(_text(found, "type")),
        source=_text(found, "source_identifier"),
        source_port=_port(found.get("source_port")),
        url=_text(found, "url", "infringing_url"),
        at=_text(found, "timestamp"),
        report_id=_text(found, "report_id"),
        reporter=_text(reporter, "org"),
        reporter_domain=_text(reporter, "domain").lower() or _text(reporter, "contact").rpartition("@")[2].lower(),
        reporter_contact=_text(reporter, "contact"),
        protocol=_text(found, "protocol").lower(),
        smtp_from=_text(found, "smtp_from"),
        destination=_text(found, "destination_ip"),
        count=max((_number(found.get(name)) for name in _COUNTS), default=0) or 1,
        evidence=_evidence(found.get("evidence"), "content_type", "payload", "description", coded=True),
        missing=tuple(name for name in _REQUIRED_4 if not found.get(name) and not (old and name == "sender")),
    )


def _version_3(found: dict[str, Any]) -> Xarf:
    reporter, report = _table(found.get("ReporterInfo")), _table(found.get("Report"))
    source, more = _table(report.get("Source")), _table(report.get("AdditionalInfo"))
    missing = [name for name in _REQUIRED_3 if name not in found]
    missing += [name for name in ("ReportClass", "ReportType", "Date") if not report.get(name)]
    named = _text(report, "SourceIp", "AttackerIp", "SourceUrl", "RpzDomain", "Url", "InfringingUrl") or _text(
        source, "IP", "Ip", "Value", "URL"
    )
    if not named and not _table(report.get("Account")):
        missing.append("SourceIp")
    url = _text(report, "SourceUrl", "Url", "InfringingUrl") or _text(source, "URL")
    samples = report.get("Samples") or report.get("Attachment")
    return Xarf(
        version=_text(found, "Version") or "3",
        category=_text(report, "ReportClass").lower(),
        type=_type(_text(report, "ReportType")),
        source=named,
        source_port=_port(report.get("SourcePort")) or _port(source.get("Port")) or _port(report.get("AttackerPort")),
        url=url,
        at=_text(report, "Date"),
        report_id=_text(report, "ReporterCaseID", "ReportID"),
        reporter=_text(reporter, "ReporterOrg"),
        reporter_domain=_text(reporter, "ReporterOrgDomain").lower(),
        reporter_contact=_text(reporter, "ReporterOrgEmail", "ReporterContactEmail"),
        protocol=_text(report, "Protocol", "TransportProtocol").lower() or _text(more, "Protocol").lower(),
        smtp_from=_text(report, "SmtpMailFromAddress") or _text(more, "SMTPFrom"),
        destination=_text(report, "DestinationIp"),
        count=_number(report.get("NumberOfIncidents")) or 1,
        evidence=_evidence(samples, "ContentType", "Payload", "Description", coded=False),
        missing=tuple(missing),
    )


def _evidence(given: object, kind: str, payload: str, words: str, coded: bool) -> tuple[Evidence, ...]:
    """``coded``: base64 whatever it says, as version 4 has it; else where it says so."""
    found = []
    for one in given[:EVIDENCE] if isinstance(given, list) else ():
        if not isinstance(one, dict):
            continue
        body = _text_of(one, payload) or _text_of(one, "Data")
        if coded or one.get("Base64Encoded") is True or "Data" in one:
            try:
                octets = binascii.a2b_base64(body.encode("ascii", "replace"))
            except binascii.Error:
                octets = body.encode("utf-8", "replace")
        else:
            octets = body.encode("utf-8", "replace")
        found.append(Evidence(_text(one, kind).lower(), octets, _text(one, words)[:200]))
    return tuple(found)


def _text_of(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""
