"""What stands inside a URL: the page behind a redirector, whose account it counts for, the shape of its path.

Nothing is fetched. A target is taken from the URL itself, where redirectors and click counters carry it; one that only
their data base knows (a short link) stays unknown.
"""

from __future__ import annotations

import base64
import binascii
import re
from functools import lru_cache
from urllib.parse import unquote

DEEPEST = 4  # redirectors behind redirectors
MOST = 20  # accounts of one message

_scheme = re.compile(r"(?:https?|hxxps?)(?::|%3[aA]|%253[aA])[^\s<>\"']{4,2000}+").match
_end = re.compile(r"[\x00-\x20<>\"']").search
_coded = re.compile(r"[=/]((?:aHR0c|d3d3L)[A-Za-z0-9_+/-]{8,2000}+)").search
# A gateway that rewrites links for those it protects: the sender's own link stands inside, in a code of its own.
_version2 = re.compile(r"urldefense\.(?:proofpoint\.)?com/v2/url\?(?:[^#]*&)?u=([^&#]{4,2000})", re.IGNORECASE).search
_version3 = re.compile(r"urldefense\.(?:us|com|proofpoint\.com)/v3/__(.{4,2000}?)__;", re.IGNORECASE).search
_stop = re.compile(r"[&#]")
_PARAMETERS = (
    "aff affid aff_id affiliate affiliate_id afid a_aid aid pid partner partnerid partner_id pub pubid publisher "
    "ref refid ref_id referrer referer sponsor sid subid sub_id sub1 s1 src source webmaster wm wmid campaign "
    "campaign_id cid camp offer offer_id oid tid tracker tracking_id utm_campaign utm_id adv advertiser hop "
    "seller sellerid r account acct"
)
_ACCOUNTS = frozenset(_PARAMETERS.split())
_pairs = re.compile(r"[?&;]([A-Za-z0-9_]{1,20})=([A-Za-z0-9_.-]{3,40})(?=[&#;]|\Z)").findall
_value = re.compile(r"(?=[A-Za-z_.-]*[0-9])[A-Za-z0-9_.-]{3,40}").fullmatch
_path = re.compile(r"[a-z]{3,5}:[/\\]*+[^/\\?#]*+([^?#]*+)(\??[^#]*+)", re.IGNORECASE).match
_number = re.compile(r"/([0-9]{4,9})(?=[/?#]|\Z)").search
_counters = re.compile(
    rb"(?<![A-Za-z0-9-])(UA-[0-9]{4,10}-[0-9]{1,3}|GTM-[A-Z0-9]{5,9}|G-[A-Z0-9]{9,12}|AW-[0-9]{8,12}"
    rb"|(?:ca-)?pub-[0-9]{14,18})(?![A-Za-z0-9-])"
).findall


def carries(url: str) -> bool:
    """Whether ``targets`` may find anything: most links carry nothing, and this costs nearly nothing."""
    return url.find("ttp", 9) >= 0 or url.find("aHR0c") >= 0 or url.find("d3d3L") >= 0


def target(url: str) -> str:
    """The URL that this one carries inside: a redirector's or click counter's; "" where it carries none."""
    if url.find("urldefense") >= 0:
        if (match := _version2(url)) is not None:
            return _clean(unquote(match[1].replace("-", "%").replace("_", "/")))
        if (match := _version3(url)) is not None:
            return _clean(match[1])
    if url.find("ttp", 9) >= 0 and (match := _inner(url)) is not None:
        inner = match[0]
        rounds = 0
        while rounds < 3 and not inner.lower().startswith(("http://", "https://", "hxxp://", "hxxps://")):
            inner, rounds = unquote(inner, errors="replace"), rounds + 1
        if rounds or url[match.start() - 1] in "=?&":  # a parameter: it ends where the next one begins
            cut = _stop.search(match[0])
            if cut is not None:
                inner = unquote(match[0][: cut.start()], errors="replace")
                if not inner.lower().startswith(("http", "hxxp")) or "://" not in inner[:9]:
                    inner = unquote(inner, errors="replace")
        return _clean(inner)
    if (url.find("aHR0c") >= 0 or url.find("d3d3L") >= 0) and (match := _coded(url)) is not None:
        word = match[1].replace("-", "+").replace("_", "/")
        try:
            octets = base64.b64decode(word[: len(word) - (len(word) % 4 == 1)] + "=" * (-len(word) % 4), validate=True)
        except (binascii.Error, ValueError):
            return ""
        text = octets.decode("latin-1")
        return _clean(text if text.startswith("http") else "http://" + text)
    return ""


def _inner(url: str) -> re.Match[str] | None:
    """The first web address that begins behind the eighth letter; the search for its first letters costs nothing."""
    at = 8
    while True:
        places = [place for word in ("http", "hxxp") if (place := url.find(word, at)) >= 0]
        if not places:
            return None
        at = min(places)
        if (match := _scheme(url, at)) is not None:
            return match
        at += 1


def _clean(url: str) -> str:
    end = _end(url)
    url = url if end is None else url[: end.start()]
    return url if url[:4].lower() in ("http", "hxxp") and "://" in url[:9] and len(url) > 11 else ""


def targets(url: str) -> list[str]:
    """Every URL inside, the outermost first."""
    found: list[str] = []
    while len(found) < DEEPEST and (url := target(url)) and url not in found:
        found.append(url)
    return found


@lru_cache(8192)
def accounts(url: str) -> tuple[str, ...]:
    """For whom the click counts: values of the parameters that name a sponsor's customer, numbers in the path."""
    found: dict[str, None] = {}
    if url.find("=") >= 0:
        for name, value in _pairs(url):
            if name.lower() in _ACCOUNTS and _value(value):
                found[value.lower()] = None
    match = _path(url)
    if match is not None and (number := _number(match[1])) is not None:
        found[number[1]] = None
    return tuple(found)[:MOST]


def counters(source: bytes) -> list[str]:
    """Account numbers of web analytics and advertising in HTML: whoever set up the page copied his own there."""
    if not any(source.find(mark) >= 0 for mark in (b"UA-", b"GTM-", b"pub-", b"G-", b"AW-")):
        return []
    return list(dict.fromkeys(hit.decode("ascii").removeprefix("ca-") for hit in _counters(source)[: MOST * 5]))[:MOST]


_token = re.compile(r"[0-9a-z]*[0-9][0-9a-z]*|[0-9a-z]{16,}")


@lru_cache(16384)
def shape(url: str) -> str:
    """The path and query without what differs from mail to mail: ``/shop/*.php?aff=*``; "" for a bare host."""
    match = _path(url)
    if match is None:
        return ""
    path, query = match[1].lower(), match[2]
    path = "/".join(_token.sub("*", part) for part in path.split("/")[:8])
    names = [pair.partition("=")[0].lower() for pair in query[1:].split("&")[:8]] if query else []
    names = [_token.sub("*", name[:24]) for name in names if name]
    made = path[:120] + ("?" + "&".join(names) if names else "")
    return made if made.strip("/*") else ""
