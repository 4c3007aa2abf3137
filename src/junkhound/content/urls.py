"""URLs out of text and attributes, and what each points at."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from junkhound.content import tracking
from junkhound.content.hosts import HOSTS, NOWHERE, Host, host_of, registrable
from junkhound.kernel.compiled import steps
from junkhound.kernel.memo import Memo

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


Reader = Callable[[str, str], Url | None]

# Possessive and bounded, so that every scan is linear: no need for another engine, and three times its speed here.
_run = re.compile(rb"[^\s<>\"'\x00]{1,2000}+").match
_text_run = re.compile(r"[^\s<>\"'\x00]{1,2000}+").match
_SCHEMES = (b"http", b"https", b"ftp", b"hxxp", b"hxxps")  # the latter two as abuse desks and some spam write them
_parts = re.compile(r"(?:https?|ftp|hxxps?):[/\\]*+([^/\\?#]*+)", re.IGNORECASE).match
_space = re.compile(r"[\t\r\n]+")
_TAIL = ".,;:!?)]}>'\"*_|"  # ends a sentence, not a URL
_domains = re.compile(rb"@(?<=[A-Za-z0-9_.+=-]@)([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+)").findall
_inside = re.compile(rb"[A-Za-z0-9/@.\-_=%]").match


def in_text(text: bytes, limit: int = MAX_URLS) -> list[str]:
    """URLs written in running text (UTF-8), in order: with a scheme, or beginning with ``www.``."""
    return _in_text(text, limit, _read)


def in_text_plainly(text: bytes, limit: int, read: Callable[[bytes], str]) -> list[str]:
    """``in_text`` without the compiled steps."""
    found: list[str] = []
    at = text.find(b"://")
    hits = 0
    while at >= 0 and len(found) < limit and hits < MAX_HITS:
        hits += 1
        after = at + 3
        match = _run(text, after)
        if match is not None:
            word = text[max(0, at - 5) : at].lower()
            for scheme in _SCHEMES:
                if word.endswith(scheme):
                    after = match.end()
                    found.append(read(text[at - len(scheme) : after]))
        at = text.find(b"://", after)
    if text.find(b"www.") >= 0 or text.find(b"WWW.") >= 0:
        low = text.replace(b"WWW.", b"www.")
        at = low.find(b"www.")
        hits = 0
        while at >= 0 and len(found) < limit and hits < MAX_HITS:
            hits += 1
            after = at + 4
            if not (at and _inside(text, at - 1)):  # else inside a URL or an address
                match = _run(text, at)
                if match is not None and match.end() > after:
                    after = match.end()
                    found.append("http://" + read(match[0]))
            at = low.find(b"www.", after)
    return found


_in_text = in_text_plainly if steps is None else steps.in_text


def _read(octets: bytes) -> str:
    """A run of bytes as text, up to a blank that is none in ASCII, without the marks that end a sentence."""
    if octets.isascii():
        return octets.decode("ascii").rstrip(_TAIL)
    match = _text_run(octets.decode("utf-8", "replace"))
    return match[0].rstrip(_TAIL) if match else ""


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


def read_all(links: dict[str, str], most: int = MAX_URLS) -> tuple[tuple[Url, ...], bool]:
    """The links that lead somewhere and those they carry inside, each once; whether there were more than ``most``."""
    return _read_all(links, most, MAX_URL, HOSTS, Url, read, _inside_of)


def _inside_of(text: str) -> list[Url]:
    """Where a redirector or click counter sends on to."""
    if not tracking.carries(text):
        return []
    return [url for inner in tracking.targets(text) if (url := read(inner, "target")) is not None]


def read_all_plainly(
    links: dict[str, str],
    most: int,
    longest: int,
    hosts: Memo[str, Host],
    kind: type[Url],
    reader: Reader,
    inside: Callable[[str], list[Url]],
) -> tuple[tuple[Url, ...], bool]:
    """``read_all`` without the compiled steps; what it is given beside the links is what they need."""
    seen: dict[str, Url] = {}
    for text, place in links.items():
        url = reader(text, place)
        if url is not None:
            if len(seen) >= most:
                return tuple(seen.values()), True
            seen.setdefault(url.text, url)
            for behind in inside(text):
                seen.setdefault(behind.text, behind)
    return tuple(seen.values()), False


_read_all = read_all_plainly if steps is None else steps.read_all


def gather_plainly(links: list[tuple[str, str]], by_value: dict[str, str]) -> list[str]:
    """``gather`` without the compiled steps."""
    mails: list[str] = []
    for place, value in links:
        if value[:7].lower() == "mailto:":
            mails.append(value)
        else:
            by_value.setdefault(value, place)
    return mails


gather: Callable[[list[tuple[str, str]], dict[str, str]], list[str]] = gather_plainly if steps is None else steps.gather
"""Put links into the dictionary by their value, each with its first place; the mailto links, which it leaves out."""


def mail_domains(text: bytes, limit: int = MAX_URLS) -> set[str]:
    """Registrable domains of the mail addresses written in the text."""
    if text.find(b"@") < 0:
        return set()
    return {domain for found in set(_domains(text)[:limit]) if (domain := registrable(found.decode("ascii")))}


__all__ = ["MAX_URL", "MAX_URLS", "NOWHERE", "Host", "Url", "in_text", "mail_domains", "read"]
