"""Hosts that a reader finds and a pattern for URLs does not: bare names, spelled dots, blanks, marks to remove."""

from __future__ import annotations

import re
from collections.abc import Callable

from junkhound.content.hosts import named
from junkhound.kernel.compiled import steps

MOST = 40
_TRIED = 300
_MARKS = 2  # marks to take out of one text
_LONGEST = 120  # bytes of a name with such marks

_WORD = bytes(
    code if 97 <= code <= 122 or 48 <= code <= 57 or code in b"-._" else code + 32 if 65 <= code <= 90 else 32
    for code in range(256)
)
"""A text as runs of what may stand in a host name."""

# Patterns that begin with the byte to look for: a look behind at their start would be asked at every byte.
_inner_dot = re.compile(rb"\.(?<=[a-z0-9_]\.)[a-z]").search
_host = re.compile(rb"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]{2,24}").fullmatch
_rest = re.compile(rb"(?::[0-9]{2,5})?[/?][^\s<>\"']{0,1000}+").match
_share = re.compile(rb"[A-Z]{3,5}\.(?:PK|OB|BB|TO|DE|SG|PH)").fullmatch
"""A share's symbol with its market, which looks like a domain of Pakistan, Tonga or Germany."""
# "name [dot] com", "name (dot) com", "name DOT com", "name[.]com"
_spelled = re.compile(
    rb"(?<![a-z0-9.@/-])((?:[a-z0-9-]{1,63}"
    rb"(?:\.| ?(?:[\[({<] ?(?:dot|\.|d0t|punkt|punto|point) ?[\])}>]| dot ) ?)){1,5}[a-z]{2,24})(?![a-z0-9@-])"
).finditer
_bracketed = re.compile(rb"[\[({<] ?(?:dot|\.|d0t|punkt|punto|point) ?[\])}>]").search
_dots = re.compile(rb" ?[\[({<] ?(?:dot|\.|d0t|punkt|punto|point) ?[\])}>] ?| +dot +")
# "www . name . com", "www. name .com"
_blank = re.compile(
    rb"(?<![a-z0-9.@-])(?:https? ?: ?/ ?/ ?)?(www ?\. ?[a-z0-9-]{1,63}(?: ?\. ?[a-z0-9-]{1,63}){0,3} ?\. ?[a-z]{2,24})"
    rb"(?![a-z0-9@-])"
).finditer
_apart = re.compile(rb"www ?\. ?[a-z0-9-]{1,63}(?: ?\. ?[a-z0-9-]{1,63}){0,3} ?\. ?[a-z]{2,24}").finditer
_defanged = re.compile(rb"(h(?:xx|tt)ps?://)([^\s<>\"'/]{0,80}\[\.\][^\s<>\"'/]{0,80})(/[^\s<>\"']{0,500})?").finditer
# 'remove the "*" to make the link work'
_REMOVALS = (b"remove", b"delete", b"without", b"omit", b"erase", b"take out")
_removal = re.compile(
    rb"(?:remove|delete|without|omit|erase|take out)[^a-z0-9.]{1,3}(?:the |all |any |both |sign |symbol |character )*"
    rb"[\"'(\[<]?([*#!^~%+_\-]{1,2})[\"')\]>s]?"
).match
_ENDINGS = (
    "zip rar exe doc docx xls xlsx ppt pdf txt rtf jpg jpeg gif png bmp htm html php asp aspx jsp js css py pl sh "
    "md c h cpp java so ps cc pm in am po mov app bat scr"
)
_FILES = frozenset(_ENDINGS.split())
"""Endings of file names that are also domains of countries or of sellers: a bare one needs a path, or ``www.``."""


def hosts(text: bytes) -> list[str]:
    """URLs that a reader finds in the text (UTF-8) though they are not written as such."""
    signs: int = _ALL if steps is None else steps.text_signs(text)
    return hosts_with(text, signs) if signs & _ALL and text else []


# What may stand in a text, one bit each, as `text_signs` of the compiled steps says: no is certain, yes a beginning.
_DOTTED, _SPELLED, _BLANK, _REMOVAL = 2, 4, 8, 16
_ALL = _DOTTED | _SPELLED | _BLANK | _REMOVAL


def hosts_with(text: bytes, signs: int = _ALL) -> list[str]:
    """``hosts`` where only these disguises may stand in the text."""
    found = bare(text) if signs & _DOTTED else []
    return found + disguised(text, signs) if signs & ~_DOTTED & _ALL else found


def bare(text: bytes) -> list[str]:
    """Host names without scheme or ``www.`` in running text (UTF-8), as URLs, in order, each once."""
    found: dict[str, None] = {}
    for start, end in bare_words(text, _TRIED):
        if len(found) >= MOST:
            break
        word = text[start:end].lower()
        host = word.strip(b".-_")
        rest = _rest(text, end)
        name = host.decode("ascii")
        last = text[start + len(word.rstrip(b".-_")) - len(name.rpartition(".")[2]) :][:2]
        usual = name.rpartition(".")[2] not in _FILES and not (last[:1].isupper() and last[1:].islower())
        share = rest is None and _share(text[start : start + len(host)])
        if (usual or rest is not None) and not share and not name.startswith("www.") and named(name):
            found["http://" + name + _tail(rest)] = None
    return list(found)


def bare_words_plainly(text: bytes, most: int) -> list[tuple[int, int]]:
    """``bare_words`` without the compiled steps."""
    runs = text.translate(_WORD)
    places: list[tuple[int, int]] = []
    tried = 0
    dot = _inner_dot(runs)
    while dot is not None and tried < most:
        at = dot.start()
        start = runs.rfind(b" ", 0, at) + 1
        end = runs.find(b" ", at)
        end = len(runs) if end < 0 else end
        tried += 1
        whole = end - start <= 253 and runs[start] != 46 and not _part(text, start, end)
        if whole and _host(runs[start:end].strip(b".-_")) is not None:
            places.append((start, end))
        dot = _inner_dot(runs, end)
    return places


bare_words: Callable[[bytes, int], list[tuple[int, int]]] = bare_words_plainly if steps is None else steps.bare
"""Where a run of letters, digits, dots and dashes stands that is a host name; of the first so many that may be one."""


def _part(text: bytes, start: int, end: int) -> bool:
    """Whether what stands there belongs to a URL, a mail address or a path."""
    return text[start - 1 : start] in (b"@", b"/", b"\\", b"=", b"%", b"&", b"?", b"+", b":", b"*") or text[
        end : end + 1
    ] in (b"@", b"=", b"(")


def _tail(rest: re.Match[bytes] | None) -> str:
    return "" if rest is None else rest[0].decode("utf-8", "replace").rstrip(".,;:!?)]}>'\"*_|")


def disguised(text: bytes, signs: int = _ALL) -> list[str]:
    """Hosts in disguise, as the URLs that the reader is meant to type."""
    low = text.lower()
    found: dict[str, None] = {}
    if signs & _SPELLED and (
        low.find(b"dot") >= 0 or low.find(b"[.]") >= 0 or low.find(b"(.)") >= 0 or low.find(b"punkt") >= 0
    ):
        for match in _defanged(low) if low.find(b"[.]") >= 0 else ():
            rest = text[match.start(3) : match.end(3)].decode("utf-8", "replace") if match[3] else ""
            _take(found, match[2].replace(b"[.]", b"."), rest)
        for match in _spelled(low) if low.find(b" dot ") >= 0 or _bracketed(low) is not None else ():
            if _dots.search(match[1]):
                _take(found, _dots.sub(b".", match[1]))
            if len(found) >= MOST:
                break
    if signs & _BLANK and low.find(b"www") >= 0 and any(b" " in match[0] for match in _apart(low)):
        for match in _blank(low):
            if b" " in match[1]:
                _take(found, match[1].replace(b" ", b""))
            if len(found) >= MOST:
                break
    for mark in _removed(low) if signs & _REMOVAL else ():
        for name in _marked(low, mark):
            _take(found, name)
    return list(found)[:MOST]


def _removed(low: bytes) -> list[bytes]:
    """The marks that the reader shall take out of a name, in the order in which they are told."""
    told: list[tuple[int, bytes]] = []
    for word in _REMOVALS:
        at = low.find(word)
        while at >= 0 and len(told) < MOST:
            match = _removal(low, at)
            if match is not None:
                told.append((at, match[1]))
            at = low.find(word, at + len(word))
    return list(dict.fromkeys(mark for _, mark in sorted(told)))[:_MARKS]


def _marked(low: bytes, mark: bytes) -> list[bytes]:
    """Names with the mark inside that the reader shall take out."""
    names: list[bytes] = []
    at, tried = low.find(mark), 0
    while at >= 0 and len(names) < MOST and tried < _TRIED:
        tried += 1
        floor, roof = max(0, at - _LONGEST), min(len(low), at + _LONGEST)
        start = max(low.rfind(blank, floor, at) for blank in (b" ", b"\n", b"/", b">")) + 1
        ends = (low.find(blank, at, roof) for blank in (b" ", b"\n", b"<", b"/"))
        end = min((place for place in ends if place >= 0), default=roof)
        word = low[max(start, floor) : end]
        if len(word) > 6 and word.find(b".") >= 0:
            names.append(word.replace(mark, b"").strip(b".,;:!?)\"'"))
        at = low.find(mark, max(end, at + 1))
    return names


def _take(found: dict[str, None], octets: bytes, rest: str = "") -> None:
    if _host(octets) is not None and named(name := octets.decode("ascii")):
        found["http://" + name + rest] = None
