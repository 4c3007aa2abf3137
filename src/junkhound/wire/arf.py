"""The machine's part of a feedback report: ``message/feedback-report`` (RFC 5965) as fields, and back as text.

With the fields of RFC 6591 (authentication failures), RFC 6652 (SPF), RFC 6692 (Source-Port), RFC 9991 (DMARC) and
those that feedback loops wrote before there was a standard. Bytes in, a value out, nothing is refused: a field that
makes no sense is left out of its attribute and stands in ``others``.
"""

from __future__ import annotations

import re

import msgspec

from junkhound.kernel import net
from junkhound.kernel.net import Address

LIMIT = 256 * 1024
"""Bytes of a report that are read: honest ones have under two thousand."""

MANY = 2000  # fields

TYPES = ("abuse", "fraud", "virus", "other", "not-spam", "auth-failure", "dmarc", "opt-out", "opt-out-list", "xarf")
"""Feedback types we know: RFC 5965 section 7.3, RFC 6430, RFC 6591, and those of the drafts before them."""

_FIELD = re.compile(r"([!-9;-~]{1,80})[ \t]*:(.*)\Z", re.DOTALL)
_IP = re.compile(r"[\s\[(<]*+(?:ipv[46]:)?([0-9a-f:.]{2,45})", re.IGNORECASE)
_NUMBER = re.compile(r"\s*+(\d{1,9})(?!\d)")


class Feedback(msgspec.Struct, frozen=True):
    """One report. Texts are unfolded; dates stay as written; lists are in the order of the report.

    ``type`` is lower case, ``abuse`` where an old report (``Abuse-Type: complaint``) says it in its own way, and ``""``
    where nothing does. ``source_ip`` is who sent the mail, as the reporter's server saw it. ``others`` are the fields
    that no attribute holds, as (lower-case name, value).
    """

    type: str = ""
    version: str = ""
    user_agent: str = ""
    source_ip: Address | None = None
    source_port: int | None = None
    arrival_date: str = ""
    incidents: int = 1
    original_mail_from: str = ""
    original_rcpt_to: tuple[str, ...] = ()
    original_envelope_id: str = ""
    reported_domain: tuple[str, ...] = ()
    reported_uri: tuple[str, ...] = ()
    reporting_mta: str = ""
    authentication_results: tuple[str, ...] = ()
    auth_failure: str = ""
    delivery_result: str = ""
    identity_alignment: str = ""
    dkim_domain: str = ""
    dkim_identity: str = ""
    dkim_selector: str = ""
    dkim_canonicalized_header: str = ""
    dkim_canonicalized_body: str = ""
    spf_dns: tuple[str, ...] = ()
    others: tuple[tuple[str, str], ...] = ()


# field -> attribute; the same for all that hold one text
_TEXTS = {
    "feedback-type": "type", "version": "version", "user-agent": "user_agent", "arrival-date": "arrival_date",
    "received-date": "arrival_date", "original-mail-from": "original_mail_from",
    "original-envelope-id": "original_envelope_id", "reporting-mta": "reporting_mta", "auth-failure": "auth_failure",
    "delivery-result": "delivery_result", "identity-alignment": "identity_alignment", "dkim-domain": "dkim_domain",
    "dkim-identity": "dkim_identity", "dkim-selector": "dkim_selector",
    "dkim-canonicalized-header": "dkim_canonicalized_header", "dkim-canonicalized-body": "dkim_canonicalized_body",
}  # fmt: skip
_LISTS = {
    "original-rcpt-to": "original_rcpt_to", "removal-recipient": "original_rcpt_to",
    "reported-domain": "reported_domain", "reported-uri": "reported_uri",
    "authentication-results": "authentication_results", "spf-dns": "spf_dns",
}  # fmt: skip
_PACKED = ("dkim_canonicalized_header", "dkim_canonicalized_body")  # base64, folded anywhere
_BRACKETED = ("original_mail_from", "original_rcpt_to")
_OLD_TYPES = {"complaint": "abuse", "spam": "abuse", "authfailure": "auth-failure", "auth_failure": "auth-failure"}


def read(octets: bytes) -> Feedback:
    """Any bytes as a report; the first of a repeated field counts where there may be but one."""
    found: dict[str, object] = {}
    others: list[tuple[str, str]] = []
    for name, value in fields(octets):
        if (text := _TEXTS.get(name)) is not None:
            if text not in found:
                found[text] = _bare(value) if text in _BRACKETED else value
        elif (several := _LISTS.get(name)) is not None:
            held = found.setdefault(several, [])
            assert isinstance(held, list)
            held.append(_bare(value) if several in _BRACKETED else value)
        elif name == "source-ip" or (name == "source" and "source_ip" not in found):
            address = _address(value)
            if address is None or "source_ip" in found:
                others.append((name, value))
            else:
                found["source_ip"] = address
        elif name in ("source-port", "incidents") and (number := _NUMBER.match(value)):
            found.setdefault(name.replace("-", "_"), int(number[1]))
        else:
            others.append((name, value))
    return _made(found, others)


def _made(found: dict[str, object], others: list[tuple[str, str]]) -> Feedback:
    kind = str(found.get("type") or dict(others).get("abuse-type", "")).strip().lower()
    found["type"] = _OLD_TYPES.get(kind, kind)
    for name in _PACKED:
        if name in found:
            found[name] = "".join(str(found[name]).split())
    port = found.get("source_port")
    if isinstance(port, int) and port > 65535:
        del found["source_port"]
    lists = {name: tuple(value) for name, value in found.items() if isinstance(value, list)}
    return Feedback(**{**found, **lists}, others=tuple(others))  # type: ignore[arg-type]


def fields(octets: bytes) -> list[tuple[str, str]]:
    """(lower-case name, unfolded value) of a header-like text; a line that is no field is passed over.

    Blank lines separate nothing here: some reporters begin with one, or put one between two fields.
    """
    text = octets[:LIMIT].decode("utf-8", "replace")
    found: list[tuple[str, str]] = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if line[:1] in (" ", "\t") and found and line.strip():
            name, value = found[-1]
            found[-1] = (name, f"{value} {line.strip()}" if value else line.strip())
        elif match := _FIELD.match(line):
            if len(found) >= MANY:
                break
            found.append((match[1].lower(), match[2].strip()))
    return found


def _bare(value: str) -> str:
    """An address without its brackets."""
    value = value.strip()
    return value[1:-1].strip() if value[:1] == "<" and value[-1:] == ">" else value


def _address(value: str) -> Address | None:
    match = _IP.match(value)
    return net.parse(match[1].rstrip(".")) if match else None


def write(report: Feedback) -> bytes:
    """The report as its part holds it, so that ``read`` gives the same again."""
    lines = [
        ("Feedback-Type", report.type), ("User-Agent", report.user_agent), ("Version", report.version),
        ("Original-Envelope-Id", report.original_envelope_id),
        ("Original-Mail-From", f"<{report.original_mail_from}>" if report.original_mail_from else ""),
        *(("Original-Rcpt-To", f"<{one}>") for one in report.original_rcpt_to),
        ("Arrival-Date", report.arrival_date), ("Reporting-MTA", report.reporting_mta),
        ("Source-IP", "" if report.source_ip is None else str(report.source_ip)),
        ("Source-Port", "" if report.source_port is None else str(report.source_port)),
        ("Incidents", str(report.incidents) if report.incidents != 1 else ""),
        *(("Authentication-Results", one) for one in report.authentication_results),
        *(("Reported-Domain", one) for one in report.reported_domain),
        *(("Reported-URI", one) for one in report.reported_uri),
        ("Auth-Failure", report.auth_failure), ("Delivery-Result", report.delivery_result),
        ("Identity-Alignment", report.identity_alignment), ("DKIM-Domain", report.dkim_domain),
        ("DKIM-Identity", report.dkim_identity), ("DKIM-Selector", report.dkim_selector),
        ("DKIM-Canonicalized-Header", report.dkim_canonicalized_header),
        ("DKIM-Canonicalized-Body", report.dkim_canonicalized_body),
        *(("SPF-DNS", one) for one in report.spf_dns),
        *((name.title(), value) for name, value in report.others),
    ]  # fmt: skip
    return "".join(f"{name}: {' '.join(value.split())}\r\n" for name, value in lines if value).encode()
