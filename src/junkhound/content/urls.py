"""URLs out of text and attributes, and what each points at."""

from __future__ import annotations

import re

import msgspec

from junkhound.content.hosts import NOWHERE, Host, host_of, registrable

MAX_URL = 2000
MAX_URLS = 500
MAX_HITS = 5000  # places looked at in one text


class Url(msgspec.Struct, frozen=True, gc=False):
    """One web address and the host a browser would go to; ``domain`` and ``platform`` as in ``Host``."""

    text: str
    host: str
    domain: str
    platform: str
    place: str  # "text", or the attribute that held it: href, src, action...


# Possessive and bounded, so that every scan is linear: no need for another engine, and three times its speed here.
_run = re.compile(r"[^\s<>\"'\x00]{1,2000}+").match
_SCHEMES = ("http", "https", "ftp", "hxxp", "hxxps")  # the latter two as abuse desks and some spam write them
_parts = re.compile(r"(?:https?|ftp|hxxps?):[/\\]*+([^/\\?#]*+)", re.IGNORECASE).match
_space = re.compile(r"[\t\r\n]+")
_TAIL = ".,;:!?)]}>'\"*_|"  # ends a sentence, not a URL
_domains = re.compile(r"@(?<=[A-Za-z0-9_.+=-]@)([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+)").findall


def in_text(text: str, limit: int = MAX_URLS) -> list[str]:
    """URLs written in running text, in order: with a scheme, or beginning with ``www.``."""
    found: list[str] = []
    if "://" in text:
        at = hits = 0
        while len(found) < limit and (hit := text.find("://", at)) >= 0 and hits < MAX_HITS:
            hits += 1
            match = _run(text, hit + 3)
            at = hit + 3
            if match is None:
                continue
            word = text[max(0, hit - 5) : hit].lower()
            for scheme in _SCHEMES:
                if word.endswith(scheme):
                    at = match.end()
                    found.append(text[hit - len(scheme) : at].rstrip(_TAIL))
    if "www." in text or "WWW." in text:
        low = text.replace("WWW.", "www.")
        at = hits = 0
        while len(found) < limit and (hit := low.find("www.", at)) >= 0 and hits < MAX_HITS:
            hits += 1
            at = hit + 4
            if hit and (text[hit - 1].isalnum() or text[hit - 1] in "/@.-_=%"):
                continue  # inside a URL or an address
            match = _run(text, hit)
            if match is not None and match.end() > at:
                at = match.end()
                found.append("http://" + match[0].rstrip(_TAIL))
    return found


def read(text: str, place: str) -> Url | None:
    """One attribute value or found URL; None where it leads to no web host (mailto, cid, relative, script)."""
    match = _parts(text)
    if match is None:
        text = text.strip()
        if "\n" in text or "\t" in text or "\r" in text:
            text = _space.sub("", text)  # WHATWG URL, 4.4: browsers drop them
        if text.startswith(("//", "\\\\", "/\\")):
            text = "http:" + text
        match = _parts(text)
        if match is None:
            return None
    authority = match[1]
    if "\n" in authority or "\t" in authority or "\r" in authority:
        authority = _space.sub("", authority)
    host = host_of(authority)
    if not host.name:
        return None
    return Url(text[:MAX_URL], host.name, host.domain, host.platform, place)


def mail_domains(text: str, limit: int = MAX_URLS) -> set[str]:
    """Registrable domains of the mail addresses written in the text."""
    if "@" not in text:
        return set()
    return {domain for found in set(_domains(text)[:limit]) if (domain := registrable(found))}


__all__ = ["MAX_URL", "MAX_URLS", "NOWHERE", "Host", "Url", "in_text", "mail_domains", "read"]
