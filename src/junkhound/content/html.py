"""What a reader sees of an HTML part, and where its attributes lead, read from the tags without building a tree.

The tags are told from the text as the HTML standard's tokenizer does (section 13.2.5); what a tree would add is only
the order of text misplaced in tables. Each pattern passes over the source once, so the work is linear for any input:
a tree takes quadratic time over nested formatting, which spam has (256 kB of it cost lexbor 18 seconds).
"""

from __future__ import annotations

import re
from collections import Counter
from html import unescape

from junkhound.kernel.compiled import steps
from junkhound.tables import Defect

_TOO_DEEP = int(Defect.TOO_DEEP)

MAX_LINKS = 2000
MAX_LOOKS = 7 * MAX_LINKS  # attributes looked at
MAX_VALUE = 4000  # bytes of an attribute value
MAX_HIDDEN = 5000  # places where a style may hide its element; real phish has 1,500 hidden letters
MAX_UNCLOSED = 5  # of these, those whose end has to be looked for tag by tag

# What follows the first letters of a tag, by HTML 13.2.5: quotes count after "=" only. The frequent forms come first.
_ATTRIBUTES = (
    rb"[^>=]*+(?:>|(?:=\"[^\"]*+\"[^>=]*+)++>"
    rb"|(?:=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"'][^\s>]*+)?+[^>=]*+)*+(?:>|\Z))"
)
_TAG = rb"<(?:[a-zA-Z/]" + _ATTRIBUTES + rb"|[!?][^>]*+(?:>|\Z))\s*+"
_tags = re.compile(_TAG + rb"(?:" + _TAG + rb")*+").sub  # in runs: each replacement costs more than a tag
# The same for tags without ">" in their values, nearly all there are; such a value leaves a ">" in the text.
_PLAIN_TAG = rb"<[a-zA-Z/!?][^>]*+(?:>|\Z)\s*+"
_plain_tags = re.compile(_PLAIN_TAG + rb"(?:" + _PLAIN_TAG + rb")*+").sub
_opening = re.compile(rb"<([a-z][^\s/>]*+)" + _ATTRIBUTES).match
_names = re.compile(rb"<(/?)([a-z][^\s/>]*+)" + _ATTRIBUTES).finditer
# What stands inside of these is no text to read, and its tags are no tags.
_unread = re.compile(
    rb"<(?=[!stin])(?:!--|(s(?:tyle|cript)|t(?:itle|emplate)|iframe|no(?:embed|frames))(?=[\s/>]))"
).search
_comment_end = re.compile(rb"--!?>").search

# <b> between two letters splits no word for the reader, so it must not split one for us.
_INSIDE = (
    rb"/?(?:[biusBIUS]|[fF][oO][nN][tT]|[sS][pP][aA][nN]|[sS][tT][rR][oO][nN][gG]|[eE][mM]|[bB][iI][gG]"
    rb"|[sS][mM][aA][lL][lL]|[tT][tT])(?:\s[^<>]*+)?>"
)
_glue = re.compile(rb"<(?<=[^\s>]<)" + _INSIDE + rb"(?:<" + _INSIDE + rb")*+(?=\S)").sub
_INLINE = {b"a", b"b", b"big", b"em", b"font", b"i", b"s", b"small", b"span", b"strong", b"tt", b"u"}
_EMPTY = {b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta", b"source", b"wbr"}
# The next of their kind closes them, as does the end of what they stand in.
_FLAT = {name: re.compile(rb"<" + name + rb"(?=[\s/>])").search for name in (
    b"dd", b"dt", b"li", b"option", b"p", b"tbody", b"td", b"tfoot", b"th", b"thead", b"tr",
)}  # fmt: skip
_paragraph = re.compile(rb"</?p(?=[\s/>])").search
_NAME_ENDS = (b">", b" ", b"\n", b"\r", b"\t", b"/")

# Patterns that begin with a rare byte: the search for it costs nearly nothing, and few mails hide anything.
_hiding = re.compile(rb":(?<=[ye]:)\s*+(?:none|hidden|0(?![.\d]*[1-9])|all)").finditer
_HIDING = {b"none": b"display", b"hidden": b"visibility", b"0": b"font-size", b"all": b"mso-hide"}
_value = re.compile(rb"\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>\"'][^\s>]*+))").match
_LEADING = (b"href", b"src", b"action", b"background", b"poster")
_BEFORE = frozenset(b" \t\n\r\f\"'/")  # what may stand before the name of an attribute
_refresh = re.compile(rb"url\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE).search

_entity = re.compile(rb"&(?:#(?:[0-9]{1,9}|[xX][0-9a-fA-F]{1,8})|[a-zA-Z][a-zA-Z0-9]{1,31});?").sub
_closed = re.compile(r"&(?:#(?:[0-9]{1,9}|[xX][0-9a-fA-F]{1,8})|[a-zA-Z][a-zA-Z0-9]{1,31});").sub


Reading = tuple[bytes, list[tuple[str, str]], int]


def read(source: bytes) -> Reading:
    """Visible text, (attribute, value) of everything that leads somewhere, and ``Defect`` bits; UTF-8 in and out.

    Scripts, styles, comments, the title and what a style attribute plainly hides are not text. Style sheets, colours
    and layout are not computed. Runs of blanks are one blank.
    """
    if steps is not None:
        found: Reading | None = steps.html(source, _sent, _RESOLVED, _TOO_DEEP)
        if found is not None:
            return found
    return read_plainly(source)


def read_plainly(source: bytes) -> Reading:
    """``read`` without the compiled steps."""
    low = source.lower()
    match = _unread(low)
    if match is not None:
        source = _uncommented(source, low, match)
        low = source.lower()
    links = _links(source, low)
    defects = 0
    if hits := _hints(low):
        source, defects = _shown(source, low, hits)
    source = _glue(b"", source)
    text = _plain_tags(b" ", source)
    if text.find(b">") >= 0:
        text = _tags(b" ", source)
    if text.find(b"&") >= 0:
        text = _entity(_character, text.replace(b"&nbsp;", b" "))
    return text, links, defects


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
    return _RESOLVED[match[0]]


class _Resolved(dict[bytes, bytes]):
    """Character references that were met, with what they stand for."""

    def __missing__(self, reference: bytes) -> bytes:
        if len(self) >= 4096:
            self.clear()
        made = self[reference] = unescape(reference.decode("ascii")).encode("utf-8", "replace")
        return made


_RESOLVED = _Resolved()


def _links(source: bytes, low: bytes) -> list[tuple[str, str]]:
    """Attributes that lead somewhere, in order. What only looks like one, in text, leads to no host."""
    seen: list[tuple[int, str, bytes]] = []
    for name in _LEADING:
        _named(source, low, name, seen)
    at = low.find(b"<object")
    while at >= 0:
        end = low.find(b">", at)
        _named(source, low, b"data", seen, at, end if end >= 0 else len(low))
        at = low.find(b"<object", end) if end >= 0 else -1  # what stands inside was read with this one
    seen.sort()
    found = [(name, _plain(value)) for _, name, value in seen[:MAX_LINKS]]
    if low.find(b"http-equiv") >= 0:
        found += _refreshes(source, low)
    return found


def _named(
    source: bytes, low: bytes, name: bytes, seen: list[tuple[int, str, bytes]], at: int = 0, stop: int | None = None
) -> None:
    """Every attribute of that name, with where it stands and its value."""
    stop, size, place = len(low) if stop is None else stop, len(name), name.decode("ascii")
    at = low.find(name, at, stop)
    while at >= 0 and len(seen) < MAX_LOOKS:
        after = at + size
        formed = name == b"action" and low.endswith(b"form", max(0, at - 4), at)
        before = at - 5 if formed else at - 1
        if before >= 0 and low[before] in _BEFORE and (match := _value(source, after)):
            after = match.end()
            if value := match[match.lastindex or 0]:
                seen.append((at, "formaction" if formed else place, value))
        at = low.find(name, after, stop)


def _refreshes(source: bytes, low: bytes) -> list[tuple[str, str]]:
    """Where a ``meta`` element sends the reader."""
    found: list[tuple[str, str]] = []
    at = low.find(b"<meta")
    while at >= 0 and len(found) < MAX_LINKS:
        tag = _opening(low, at)
        end = tag.end() if tag else at + 5
        if low.find(b"http-equiv", at, end) >= 0 and (match := _refresh(source, at, end)):
            found.append(("refresh", _plain(match[1])))
        at = low.find(b"<meta", end)
    return found


def _sent(tag: bytes) -> bytes | None:
    """Where a tag with ``http-equiv`` sends the reader, if it does."""
    match = _refresh(tag)
    return match[1] if match else None


def _plain(value: bytes) -> str:
    """An attribute value with its character references resolved, those without ``;`` left (HTML 13.2.5.73)."""
    text = value[:MAX_VALUE].decode("utf-8", "replace")
    return _closed(lambda match: unescape(match[0]), text) if "&" in text else text


def _hints(low: bytes) -> list[int]:
    """Where styles or attributes stand that may hide their element."""
    hits: list[int] = []
    for match in _hiding(low):
        at = match.start()
        if low.endswith(_HIDING[match[0][1:].lstrip()], max(0, at - 12), at):
            hits.append(at)
    at = low.find(b" hidden")
    while at >= 0:
        if low.startswith(_NAME_ENDS, at + 7) or low.startswith(b"=", at + 7):
            hits.append(at)
        at = low.find(b" hidden", at + 7)
    return hits


def _shown(source: bytes, low: bytes, hits: list[int]) -> tuple[bytes, int]:
    """The source without the elements that no reader sees."""
    kept: list[bytes] = []
    at = unclosed = 0
    failed: set[bytes] = set()
    hits.sort()
    defects = _TOO_DEEP if len(hits) > MAX_HIDDEN else 0
    for hit in hits[:MAX_HIDDEN]:
        start = low.rfind(b"<", at, hit)
        tag = _opening(low, start) if start >= 0 else None
        if tag is None or tag.end() <= hit or not _styled(low, start, hit):
            continue
        name = tag[1]
        if name in _EMPTY or name in (b"body", b"html"):
            continue
        end = _element_end(low, name, tag.end(), failed)
        if end < 0:
            unclosed += 1
            if unclosed > MAX_UNCLOSED:
                defects = _TOO_DEEP
                break
            end = _outer_end(low, tag.end())
        if low.endswith(b"size", start, hit) and low.find(b"font-size", tag.end(), end) >= 0:
            continue  # layout: what stands inside has a size of its own
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
    return low.find(b"style", start, hit) >= 0


def _element_end(low: bytes, name: bytes, at: int, failed: set[bytes]) -> int:
    """Where the element ends whose opening tag ended at ``at``; -1 if tags of its name do not tell.

    ``failed`` holds the names with fewer closing tags than opening ones: they are not counted again.
    """
    if name == b"p":  # they never nest
        match = _paragraph(low, at)
        return -1 if match is None else match.start()
    word, close = b"<" + name, b"</" + name
    if name not in failed:
        depth, place = 1, at
        while depth:
            found = low.find(close, place)
            if found < 0:
                failed.add(name)
                break
            if low.find(word, place, found) >= 0:
                depth += sum(low.count(word + tail, place, found) for tail in _NAME_ENDS)
            place = found + len(close)
            depth -= low.startswith(_NAME_ENDS, place)
        else:
            return low.find(b">", place) + 1 or len(low)
    if name in _FLAT:
        match = _FLAT[name](low, at)
        return -1 if match is None else match.start()
    return -1


def _outer_end(low: bytes, at: int) -> int:
    """Where whatever is open at ``at`` is closed: there an element without a closing tag ends too."""
    depth = 0
    inside: Counter[bytes] = Counter()
    for match in _names(low, at):
        closing, name = match.groups()
        if name in _FLAT:
            inside[name] += -1 if closing else 1
            if inside[name] < 0:
                return match.start()
        elif name not in _EMPTY:
            depth += -1 if closing else 1
            if depth < 0:
                return match.start()
    return len(low)
