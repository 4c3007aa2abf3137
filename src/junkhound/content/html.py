"""What a reader sees of an HTML part, and where its attributes lead, read from the tags without building a tree.

The tags are told from the text as the HTML standard's tokenizer does (section 13.2.5); what a tree would add is only
the order of text misplaced in tables. Each pattern passes over the source once, so the work is linear for any input:
a tree takes quadratic time over nested formatting, which spam has (256 kB of it cost lexbor 18 seconds).
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape

from junkhound.tables import Defect

_TOO_DEEP = int(Defect.TOO_DEEP)

MAX_LINKS = 2000
MAX_VALUE = 4000  # bytes of an attribute value
MAX_HIDDEN = 500  # elements taken out because their style hides them
MAX_UNCLOSED = 5  # of these, those whose end has to be looked for tag by tag

_ATTRIBUTES = rb"[^>=]*+(?:=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"'][^\s>]*+)?+[^>=]*+)*+(?:>|\Z)"
_tags = re.compile(rb"<(?:/?[a-zA-Z]" + _ATTRIBUTES + rb"|[!?/][^>]*+(?:>|\Z))")
_opening = re.compile(rb"<([a-z][^\s/>]*+)" + _ATTRIBUTES).match
_names = re.compile(rb"<(/?)([a-z][^\s/>]*+)" + _ATTRIBUTES).finditer
_unread = re.compile(
    rb"<(?:!--|(style|s(?:cript)|t(?:itle|emplate)|iframe|no(?:embed|frames))(?=[\s/>]))"
).search  # what stands inside is no text to read, and its tags are no tags
_comment_end = re.compile(rb"--!?>").search

# <b> between two letters splits no word for the reader, so it must not split one for us.
_INSIDE = (
    rb"/?(?:[biusBIUS]|[fF][oO][nN][tT]|[sS][pP][aA][nN]|[sS][tT][rR][oO][nN][gG]|[eE][mM]|[bB][iI][gG]"
    rb"|[sS][mM][aA][lL][lL]|[tT][tT])(?:\s(?:[^<>sS]++|[sS](?!tyle|TYLE))*+)?>"
)
_glue = re.compile(rb"<(?<=[^\s>]<)" + _INSIDE + rb"(?:<" + _INSIDE + rb")*+(?=\S)").sub
_INLINE = {b"a", b"b", b"big", b"em", b"font", b"i", b"s", b"small", b"span", b"strong", b"tt", b"u"}
_EMPTY = {b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta", b"source", b"wbr"}
# The next of their kind closes them, as does the end of what they stand in.
_FLAT = {b"dd", b"dt", b"li", b"option", b"p", b"tbody", b"td", b"tfoot", b"th", b"thead", b"tr"}
_NAME_ENDS = (b">", b" ", b"\n", b"\r", b"\t", b"/")

# Found as plain words first, for few mails hide anything, and looked at closely where they stand.
_HINTS = (b"display", b"visibility", b"size:0", b"size: 0", b"mso-hide", b" hidden")
_hiding = re.compile(
    rb"display\s*:\s*none|visibility\s*:\s*hidden|size\s*:\s*0(?![.\d]*[1-9])|mso-hide\s*:\s*all| hidden(?=[\s=/>])"
).match

_PLACES = (b"href", b"src", b"action", b"background=", b"poster=", b"data=")
_value = re.compile(rb"\s*+=?+\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>\"'][^\s>]*+))").match
_BEFORE_NAME = b" \n\t\r\f\"'/"
_refresh = re.compile(rb"url\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE).search

_entity = re.compile(rb"&(?:#(?:[0-9]{1,9}|[xX][0-9a-fA-F]{1,8})|[a-zA-Z][a-zA-Z0-9]{1,31});?").sub
_closed_entity = re.compile(r"&(?:#(?:[0-9]{1,9}|[xX][0-9a-fA-F]{1,8})|[a-zA-Z][a-zA-Z0-9]{1,31});").sub


def read(source: bytes) -> tuple[bytes, list[tuple[str, str]], int]:
    """Visible text, (attribute, value) of everything that leads somewhere, and ``Defect`` bits; UTF-8 in and out.

    Scripts, styles, comments, the title and what a style attribute plainly hides are not text. Style sheets, colours
    and layout are not computed. Runs of blanks are one blank.
    """
    low = source.lower()
    match = _unread(low)
    if match is not None:
        source = _uncommented(source, low, match)
        low = source.lower()
    links = _links(source, low)
    defects = 0
    hits = _hints(low)
    if hits:
        source, defects = _shown(source, low, hits)
    text = _tags.sub(b" ", _glue(b"", source))
    if b"&" in text:
        text = _entity(_character, text.replace(b"&nbsp;", b" "))
    return b" ".join(text.split()), links, defects


def _uncommented(source: bytes, low: bytes, match: re.Match[bytes] | None) -> bytes:
    """The source without comments, scripts, style sheets and what else is not markup of the text."""
    kept: list[bytes] = []
    at = 0
    while match is not None:
        start, inside = match.span()
        kept.append(source[at:start])
        if match[1] is None:
            if low.startswith((b">", b"->"), inside):  # an empty comment, by HTML 13.2.5.43
                at = low.index(b">", inside) + 1
            else:
                close = _comment_end(low, inside)
                at = len(low) if close is None else close.end()
        else:
            at = _after(low, match[1], inside)
        match = _unread(low, at)
    kept.append(source[at:])
    return b"".join(kept)


def _after(low: bytes, name: bytes, at: int) -> int:
    """Where the next closing tag of that name ends; the end of the source if there is none."""
    word = b"</" + name
    at = low.find(word, at)
    while at >= 0 and not low.startswith(_NAME_ENDS, at + len(word)):
        at = low.find(word, at + 1)
    return (low.find(b">", at) + 1 or len(low)) if at >= 0 else len(low)


def _character(match: re.Match[bytes]) -> bytes:
    return _unescaped(match[0])


@lru_cache(4096)
def _unescaped(reference: bytes) -> bytes:
    return unescape(reference.decode("ascii")).encode("utf-8", "replace")


def _links(source: bytes, low: bytes) -> list[tuple[str, str]]:
    """Attributes that lead somewhere, in order. Looked for by name: what only looks like one leads to no host."""
    found: list[tuple[int, str, bytes]] = []
    for word in _PLACES:
        at = low.find(word)
        while at >= 0 and len(found) < MAX_LINKS:
            after = at + len(word)
            match = _value(source, after)
            place = word if low[at - 1] in _BEFORE_NAME else b"form" + word if low.endswith(b" form", 0, at) else b""
            if match is not None and place and (word != b"data=" or low.startswith(b"<object", low.rfind(b"<", 0, at))):
                found.append((at, place.rstrip(b"=").decode(), match[match.lastindex or 0][:MAX_VALUE]))
                after = match.end()
            at = low.find(word, after)
    if b"http-equiv" in low:
        at = low.find(b"<meta")
        while at >= 0 and len(found) < MAX_LINKS:
            tag = _opening(low, at)
            end = tag.end() if tag else at + 5
            if b"http-equiv" in low[at:end] and (match := _refresh(source, at, end)):
                found.append((at, "refresh", match[1][:MAX_VALUE]))
            at = low.find(b"<meta", end)
    found.sort()
    return [(place, _plain(value)) for _, place, value in found if value]


def _plain(value: bytes) -> str:
    """An attribute value with its character references resolved, those without ``;`` left (HTML 13.2.5.73)."""
    text = value.decode("utf-8", "replace")
    if "&" in text:
        text = text.replace("&amp;", "&") if "&#" not in text else _closed_entity(lambda m: unescape(m[0]), text)
    return text


def _hints(low: bytes) -> list[int]:
    """Where styles or attributes stand that may hide their element."""
    hits: list[int] = []
    for word in _HINTS:
        at = low.find(word)
        while at >= 0:
            if _hiding(low, at):
                hits.append(at)
            at = low.find(word, at + len(word))
    return hits


def _shown(source: bytes, low: bytes, hits: list[int]) -> tuple[bytes, int]:
    """The source without the elements that no reader sees."""
    kept: list[bytes] = []
    at = unclosed = defects = 0
    hits.sort()
    if len(hits) > MAX_HIDDEN:
        defects = _TOO_DEEP
    for hit in hits[:MAX_HIDDEN]:
        start = low.rfind(b"<", at, hit)
        tag = _opening(low, start) if start >= 0 else None
        if tag is None or tag.end() <= hit or not _styled(low, start, hit):
            continue
        name = tag[1]
        if name in _EMPTY or name in (b"body", b"html"):
            continue
        end = _element_end(low, name, tag.end())
        if end < 0:
            unclosed += 1
            if unclosed > MAX_UNCLOSED:
                defects = _TOO_DEEP
                break
            end = _outer_end(low, tag.end())
        kept.append(source[at:start])
        if name not in _INLINE:
            kept.append(b" ")
        at = end
    kept.append(source[at:])
    return b"".join(kept), defects


def _styled(low: bytes, start: int, hit: int) -> bool:
    """Whether what stands at ``hit`` in the tag is in its style, or the attribute ``hidden`` itself."""
    if low.startswith(b" hidden", hit):
        return not (low.count(b'"', start, hit) % 2 or low.count(b"'", start, hit) % 2)
    return b"style" in low[start:hit]


def _element_end(low: bytes, name: bytes, at: int) -> int:
    """Where the element ends whose opening tag ended at ``at``; -1 if its own tags do not tell."""
    word = b"<" + name
    if name == b"p":  # they never nest
        ends = [place for tail in _NAME_ENDS for tag in (word, b"</p") if (place := low.find(tag + tail, at)) >= 0]
        return min(ends, default=-1)
    close, depth, start = b"</" + name, 1, at
    while depth:
        place = low.find(close, at)
        if place < 0:
            break
        depth += sum(low.count(word + end, at, place) for end in _NAME_ENDS)
        at = place + len(close)
        depth -= low.startswith(_NAME_ENDS, at)
    if not depth:
        return low.find(b">", at) + 1 or len(low)
    if name in _FLAT:
        return min((place for end in _NAME_ENDS if (place := low.find(word + end, start)) >= 0), default=-1)
    return -1


def _outer_end(low: bytes, at: int) -> int:
    """Where whatever is open at ``at`` is closed: there an element without a closing tag ends too."""
    depth = 0
    for match in _names(low, at):
        if match[2] not in _EMPTY and match[2] not in _FLAT:
            depth += -1 if match[1] else 1
            if depth < 0:
                return match.start()
    return len(low)
