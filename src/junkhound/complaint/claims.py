"""Addresses and URLs in the words of a report, and what kind of thing it tells of."""

from __future__ import annotations

import re
from collections.abc import Iterable

from junkhound.complaint.complaint import Claim
from junkhound.kernel import net
from junkhound.kernel.net import Address
from junkhound.trace import dates

LIMIT = 64 * 1024  # letters of text in which addresses are looked for
MANY = 200

_V4 = r"(?<![\w.:-])(?:\d{1,3}\.){3}\d{1,3}(?![\w:-]|\.\d)"
_V6 = r"(?<![\w.:-])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:.-])"
_any = re.compile(f"{_V4}|{_V6}", re.IGNORECASE)
# Words that say: this is the one complained of. Then at most a few signs and the address.
_named = re.compile(
    r"(?:\b(?:source(?:[ _-]?ip)?(?:[ _-]address)?|src[ _-]?ip|offend(?:er|ing[ _-]ip)|attack(?:er|ing)(?:[ _-]ip)?|"
    r"ip[ _-]?address|received from(?: ip(?: address)?)?|(?:hosts?|server|customer)(?: at| with(?: the)?)?(?: ip)?|"
    r"abuse from|with(?: the)? ip|(?:spam|attacks?|mail|email) from(?: ip)?(?: address)?|under ip|ip)\b|"
    r"\b(?:you own this ip address))[\s:=*\[(<>'\"-]{0,12}"
    f"({_V4}|{_V6})",
    re.IGNORECASE,
)
_xml = re.compile(
    r"<IP_?Address>\s*+([0-9a-fA-F.:]{2,45})\s*+</IP_?Address>(?:\s*+<Port>(\d{1,5})</Port>)?", re.IGNORECASE
)
_stamp = re.compile(r"<TimeStamp>\s*+([^<]{10,40})</TimeStamp>", re.IGNORECASE)
_url = re.compile(r"\bh(?:tt|xx)ps?://[^\s<>\"'\])|,]{4,500}", re.IGNORECASE)
_IDS = re.compile(
    r"\b(?:case|notice|incident|report|ticket|issue|rid)\b[ _-]?(?:id|number|no\.?)?\s{0,3}[:#]?\s{0,3}#?"
    r"([\w.-]{4,40}\d)",
    re.IGNORECASE,
)

_ABOUT = tuple(
    (word, re.compile(pattern, re.IGNORECASE))
    for word, pattern in (
        ("copyright", r"copyright|infring|dmca|unauthori[sz]ed use"),
        ("phishing", r"phish|fraudulent (?:web)?site"),
        ("malware", r"malware|\bvirus|trojan"),
        ("harvesting", r"harvest"),
        (
            "login_attack",
            r"brute.?force|login.?attack|dictionary.?attack|failed log.?ins?|\bssh\b|authentication failure",
        ),
        ("bot", r"botnet|\bdrone\b|infected|zeroaccess|conficker"),
        ("port_scan", r"port.?scan|\bscan(?:ning|s|ned)?\b"),
        ("ddos", r"\bd?dos\b|denial.of.service|\bflood"),
        ("web_attack", r"web (?:and network )?attack|sql.?injection|hack"),
        ("abuse", r"spam|unsolicited|junk.?mail|\buce\b|\bube\b|bulk.?e?mail|pourriel|scam|correo no deseado"),
    )
)


def address(text: str) -> Address | None:
    """A written address; None for what is none (``XX.YY.1.2``) or could never be anybody's."""
    found = net.parse(text.strip().strip("[]()<>"))
    return None if found is None or found.hi == found.lo == 0 else found


def named(text: str) -> list[Claim]:
    """Addresses that the text calls the source of the trouble, each once, first things first."""
    text = text[:LIMIT]
    found: dict[Address, Claim] = {}
    stamp = _stamp.search(text)
    at = dates.parse_text(stamp[1]) if stamp else None
    for match in _xml.finditer(text):
        if (one := address(match[1])) is not None:
            port = int(match[2]) if match[2] and int(match[2]) < 65536 else None
            found.setdefault(one, Claim("address", str(one), "report", one, port, at))
    for match in _named.finditer(text):
        if (one := address(match[1])) is not None and len(found) < MANY:
            found.setdefault(one, Claim("address", str(one), "named", one))
    return list(found.values())


def standing(text: str, where: str) -> list[Claim]:
    """Every address that stands in the text, each once."""
    found: dict[Address, Claim] = {}
    for match in _any.finditer(text[:LIMIT]):
        if len(found) >= MANY:
            break
        if (one := address(match[0])) is not None:
            found.setdefault(one, Claim("address", str(one), where, one))
    return list(found.values())


def urls(text: str, where: str = "text") -> list[Claim]:
    """Every URL in the text, each once."""
    found = dict.fromkeys(match[0].rstrip(".") for match in _url.finditer(text[:LIMIT]))
    return [Claim("url", url, where) for url in list(found)[:MANY]]


def about(texts: Iterable[str]) -> str:
    """What kind of trouble the texts tell of, "" where they say nothing we know; the first text that says it counts."""
    for text in texts:
        for word, pattern in _ABOUT:
            if pattern.search(text[:LIMIT]):
                return word
    return ""


def report_id(text: str) -> str:
    """The reporter's own number of it, "" where none is found."""
    match = _IDS.search(text[:4096])
    return match[1] if match else ""
