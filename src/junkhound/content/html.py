"""What a reader sees of an HTML part, and where its attributes lead; lexbor behind bounds of our own.

The HTML standard's tree construction is quadratic in the depth of open elements and lexbor follows it: 256 kB of
``<div>`` take it 11 seconds. So markup that nests or fans out beyond reason is cut where it begins to.
"""

from __future__ import annotations

import re
from itertools import islice

from selectolax.lexbor import LexborHTMLParser

from junkhound.tables import Defect

_TOO_DEEP = int(Defect.TOO_DEEP)
_TEXT_CAPPED = int(Defect.TEXT_CAPPED)

FEW_TAGS = 700  # with fewer, even the worst nesting costs a few milliseconds
MANY_EQUALS = 2000
MAX_TAGS = 12_000
MAX_ATTRIBUTES = 400  # of one element
MAX_WORK = 2_000_000  # open elements x tags
MAX_REOPENED = 250_000  # open formatting elements x tags: each block may open all of them again
MAX_LINKS = 2000
LONG_TAG = 4000

_tags = re.compile(r"<(/?)([a-zA-Z][^\s/>]{0,40}+)((?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+)").finditer
_quoted = re.compile(r"\"[^\"]*+\"|'[^']*+'")
# Elements that the next of their kind closes, and those without content: they never pile up.
_FLAT = {
    "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta", "option", "p", "param",
    "source", "tbody", "td", "tfoot", "th", "thead", "tr", "wbr",
}  # fmt: skip

_FORMATTING = {"b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u"}

# <b> between two letters splits no word for the reader, so it must not split one for us.
_GLUE = re.compile(
    r"<(?<=[^\s>]<)(?:/?(?:[biusBIUS]|[fF][oO][nN][tT]|[sS][pP][aA][nN]|[sS][tT][rR][oO][nN][gG]|[eE][mM]|[bB][iI][gG]"
    r"|[sS][mM][aA][lL][lL]|[tT][tT])(?:\s(?:[^<>sS]++|[sS](?!tyle|TYLE))*+)?|!--[^<>]*+)>(?=[^\s])"
)
_hidden = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9])|mso-hide\s*:\s*all", re.IGNORECASE
).search
_STYLED = (
    '[style*="display:none" i],[style*="display: none" i],'
    '[style*="visibility:hidden" i],[style*="visibility: hidden" i],'
    '[style*="font-size:0" i],[style*="font-size: 0" i],[style*="mso-hide:all" i],[style*="mso-hide: all" i],[hidden]'
)
_LINKED = "[href],[src],[action],[background]"
_PLACES = ("href", "src", "action", "background")
_RARE = (("formaction", "[formaction]"), ("data", "object[data]"), ("poster", "[poster]"))
_refresh = re.compile(r"url\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE).search


def read(html: str) -> tuple[str, list[tuple[str, str]], int]:
    """Visible text, (attribute, value) of everything that leads somewhere, and ``Defect`` bits.

    Scripts, styles, comments, the title and what a style attribute plainly hides are not text. Style sheets, colours
    and layout are not computed.
    """
    html, defects = bounded(html)
    if html.count("<") < MAX_TAGS:
        html = glued(html)
    tree = LexborHTMLParser(html)
    links = _links(tree, html)
    if (
        ("none" in html and "isplay" in html)
        or "hid" in html
        or "size:0" in html
        or "size: 0" in html
        or "DISPLAY" in html
    ):
        _drop_hidden(tree)
    if "<s" in html or "<S" in html or "emplate" in html:
        tree.strip_tags(["style", "script", "template"])
    body = tree.body or tree.root
    text = body.text(separator=" ", skip_empty=True) if body is not None else ""
    return text, links, defects


def glued(html: str) -> str:
    """The source with inline tags and comments inside words taken out: ``Vi<b></b>a`` reads ``Via``."""
    return _GLUE.sub("", html)


def _links(tree: LexborHTMLParser, html: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for node in islice(tree.css(_LINKED), MAX_LINKS):
        attributes = node.attributes
        for place in _PLACES:
            value = attributes.get(place)
            if value:
                found.append((place, value))
    if "formaction" in html or "<object" in html or "poster" in html:
        for place, selector in _RARE:
            nodes = islice(tree.css(selector), MAX_LINKS)
            found.extend((place, node.attributes.get(place) or "") for node in nodes)
    if "efresh" in html or "EFRESH" in html:
        for node in islice(tree.css('meta[http-equiv="refresh" i]'), 10):
            match = _refresh(node.attributes.get("content") or "")
            if match:
                found.append(("refresh", match[1]))
    return found


def _drop_hidden(tree: LexborHTMLParser) -> None:
    for node in tree.css(_STYLED):
        attributes = node.attributes
        if ("hidden" in attributes or _hidden(attributes.get("style") or "")) and node.tag not in ("body", "html"):
            node.decompose()


def bounded(html: str) -> tuple[str, int]:
    """The source, cut where open elements or attributes pile up beyond what real mail has."""
    if (html.count("<") <= FEW_TAGS or html.count("<") - html.count("</") <= FEW_TAGS) and not _wide(html):
        return html, 0
    opened: dict[str, int] = {}
    depth = reopened = count = 0
    for match in _tags(html):
        count += 1
        if count > MAX_TAGS:
            return html[: match.start()], _TEXT_CAPPED
        closing, name, rest = match.groups()
        name = name.lower()
        if len(rest) > MAX_ATTRIBUTES and _attributes(rest) > MAX_ATTRIBUTES:
            return html[: match.start()], _TOO_DEEP
        if name in _FLAT:
            continue
        if not closing:
            opened[name] = opened.get(name, 0) + 1
            depth += 1
            reopened += name in _FORMATTING
            if depth * count > MAX_WORK or reopened * count > MAX_REOPENED:
                return html[: match.start()], _TOO_DEEP
        elif opened.get(name):
            opened[name] -= 1
            depth -= 1
            reopened -= name in _FORMATTING
    return html, 0


def _wide(html: str) -> bool:
    """Whether one element may hold more attributes than it should: many ``=``, or a long tag without them."""
    if html.count("=") > MANY_EQUALS:
        return True
    at, end = 0, len(html)
    while at + LONG_TAG < end:
        close = html.rfind(">", at, at + LONG_TAG)
        if close < 0:  # text, a style sheet, or one long tag
            start = html.find("<", at)
            if start < 0:
                return False
            close = html.find(">", start)
            if close < 0:
                close = end
            if close - start > LONG_TAG and _attributes(html[start:close]) > MAX_ATTRIBUTES:
                return True
        at = close + 1
    return False


def _attributes(rest: str) -> int:
    bare = _quoted.sub("=", rest)
    return len(bare.split()) + bare.count("=") + bare.count("/")
