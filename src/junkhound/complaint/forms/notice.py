"""Reports in words: an address that the text calls the source, tables that reporters attach, headers pasted below."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from junkhound.complaint import claims
from junkhound.complaint import inline as forwarded
from junkhound.complaint.complaint import GUESSED, INCOMPLETE, Claim, Complaint
from junkhound.complaint.forms import forms
from junkhound.complaint.letter import Letter
from junkhound.complaint.words import of_part
from junkhound.trace import dates

ROWS = 1000
_ADDRESS = ("src_ip", "ip", "source_ip", "ip_address", "source ip", "sourceip", "ipaddress", "attacker_ip")
_TIMES = ("timestamp", "event_date", "date", "time", "first_seen")
_TYPES = ("infection_type", "infection", "report_type", "type", "category")
_says = re.compile(
    r"abuse report|abuse issue|abuse[ -]team|report(?:ing)? .{0,30}(?:abuse|spam|attack)|complain|incident report"
    r"|claimed infringement|unauthori[sz]ed use|monitor report|\b(?:phishing|malware|virus\w*) (?:attack|site)"
    r"|attack(?:ed|s|ing)?\b.{0,80}\b(?:from|server|ip)\b|takedown|spamcop|blacklist.{0,20}report"
    r"|originat\w+ (?:from|in) your",
    re.IGNORECASE,
)
_engaged = re.compile(r"^\s*(?:ips? engaged in|ips?) ([a-z ]{4,40}?)(?: on your network)?:\s*$", re.IGNORECASE)
_SECTIONS = (("harvest", "harvesting"), ("dictionary", "dictionary"), ("comment", "comment_spam"), ("spam", "abuse"))


@forms.register("notice")
def read(letter: Letter) -> Complaint | None:
    """A letter from a reporter we know, or one whose words say that it reports abuse and from where."""
    if not (letter.reporter or _says.search(letter.subject) or any(_says.search(text[:8192]) for text in letter.texts)):
        return None
    texts = letter.texts or [letter.subject]
    said = _tables(letter) or _parts(letter) or _sections(texts[0]) or claims.named(letter.subject)
    said = said or [claim for text in texts for claim in claims.named(text)]
    if not said:
        said = claims.standing(letter.subject, "named" if letter.reporter else "subject") or _only(texts[0])
    links = [claim for text in (letter.subject, texts[0]) for claim in claims.urls(text)]
    mails = [mail for text in texts[:2] for mail in forwarded.find(text)][: forwarded.MAILS]
    if not letter.reporter and (mails or not said) and all(claim.where in GUESSED for claim in said):
        return None  # a person's words about a mail that he forwards, if anything
    if not said:
        said = links[:1]
    return Complaint(
        "notice",
        claims.about((letter.subject, *texts)),
        letter.reporter,
        letter.author[1],
        claims.report_id(letter.subject) or claims.report_id(texts[0]),
        next((claim.at for claim in said if claim.at is not None), letter.at),
        max(1, len(said)),
        tuple(_once(said)),
        tuple(mail for mail in mails if mail.completeness != INCOMPLETE or not said),
    )


def _once(found: list[Claim]) -> list[Claim]:
    return list({(claim.what, claim.value): claim for claim in reversed(found)}.values())[::-1][: claims.MANY]


def _only(text: str) -> list[Claim]:
    """Addresses of a text that names none: of several nobody knows which is meant, and all are shown."""
    return claims.standing(text, "text")[:20]


def _parts(letter: Letter) -> list[Claim]:
    """What stands in attached XML (ACNS) or in a signed text."""
    found = []
    for part in letter.parts[:20]:
        if part.type in ("application/xml", "text/xml") or part.name.endswith(".xml"):
            found += claims.named(of_part(part))
    return [claim for claim in found if claim.where == "report"]


def _tables(letter: Letter) -> list[Claim]:
    """The rows of an attached CSV, as Shadowserver and those who pass it on write them."""
    for part in letter.parts[:20]:
        table = part.type in ("text/csv", "application/csv") or part.name.lower().endswith(".csv")
        if table and (rows := list(_rows(of_part(part)))):
            return rows
    return []


def _rows(text: str) -> Iterator[Claim]:
    lines = io.StringIO(text)
    try:
        table = csv.DictReader(lines)
        columns = {str(name).strip().strip('"').lower(): name for name in table.fieldnames or ()}
        where = next((columns[name] for name in _ADDRESS if name in columns), None)
        when = next((columns[name] for name in _TIMES if name in columns), None)
        clock = columns.get("event_time")
        if where is None:
            return
        for number, row in enumerate(table):
            address = claims.address(row.get(where) or "")
            if number >= ROWS or address is None:
                continue
            time = f"{row.get(when) or ''} {(row.get(clock) or '') if clock else ''}".strip() if when else ""
            yield Claim("address", str(address), "report", address, None, dates.parse_text(time))
    except csv.Error:
        return


def _sections(text: str) -> list[Claim]:
    """Lists under headings such as ``IPs Engaged In Harvesting On Your Network:``."""
    found: list[Claim] = []
    within = ""
    for line in text.split("\n")[:5000]:
        if match := _engaged.match(line):
            within = next((word for part, word in _SECTIONS if part in match[1].lower()), "")
        elif within:
            found += [
                Claim("address", claim.value, f"report {within}", claim.address)
                for claim in claims.standing(line, "text")
            ]
    return found[: claims.MANY]
