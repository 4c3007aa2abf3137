"""What a reader sees of an HTML part, and where its attributes lead; lexbor behind bounds of our own.

The HTML standard's tree construction is quadratic in the depth of open elements and lexbor follows it: 256 kB of
``<div>`` take it 11 seconds. So markup that nests or fans out beyond reason is cut where it begins to.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from itertools import islice

import numpy as np
from selectolax.lexbor import LexborCSSSelector, LexborHTMLParser, LexborNode

from junkhound.tables import Defect

_TOO_DEEP = int(Defect.TOO_DEEP)
_TEXT_CAPPED = int(Defect.TEXT_CAPPED)

FEW_TAGS = 700  # with fewer, even the worst nesting costs a few milliseconds
SOME_TAGS = 2000  # the same, unless they are formatting elements
MANY_EQUALS = 2000
MAX_TAGS = 12_000
MAX_ATTRIBUTES = 100  # of one element
MAX_WORK = 2_000_000  # open elements x tags
MAX_REOPENED = 250_000  # open formatting elements x tags: each block may open all of them again
MAX_LINKS = 2000
LONG_TAG = 400

_tags = re.compile(r"<(/?)([a-zA-Z][^\s/>]{0,40}+)((?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+)").finditer
_names = re.compile(r"<(/?[a-zA-Z][^\s/>]{0,40})").findall
_formatting = re.compile(
    r"<(/?)([biusBIUS]|[fF][oO][nN][tT]|[eE][mM]|[tT][tT]|[bB][iI][gG]|[cC][oO][dD][eE]|[sS][mM][aA][lL][lL]"
    r"|[sS][tT][rR][iIoO][a-zA-Z]{2,3})(?=[\s/>])"
).findall
_quoted = re.compile(r"\"[^\"]*+\"|'[^']*+'")
# Elements that the next of their kind closes, and those without content: they never pile up.
_FLAT = {
    "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta", "option", "p",
    "param", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "wbr",
}  # fmt: skip

_SEPARATORS = (" ", "=", "/", "\n", "\t", "\r", "\f")
_FORMATTING = {"b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u"}

_INLINE = {"a", "b", "big", "em", "font", "i", "s", "small", "span", "strong", "tt", "u"}
_UNWRAPPED = ["b", "em", "font", "i", "span", "strong", "u"]

# <b> between two letters splits no word for the reader, so it must not split one for us.
_INSIDE = (
    r"(?:/?(?:[biusBIUS]|[fF][oO][nN][tT]|[sS][pP][aA][nN]|[sS][tT][rR][oO][nN][gG]|[eE][mM]|[bB][iI][gG]"
    r"|[sS][mM][aA][lL][lL]|[tT][tT])(?:\s(?:[^<>sS]++|[sS](?!tyle|TYLE))*+)?|!--[^<>]*+)>"
)
_GLUE = re.compile(rf"<(?<=[^\s>]<){_INSIDE}(?:<{_INSIDE})*(?=\S)")
_hidden = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9])|mso-hide\s*:\s*all", re.IGNORECASE
).search
# A look at the source first: few mails hide anything, and each selector costs a walk through the tree.
_hiding = re.compile(
    r": ?(?:none(?:(?<=ay:none)|(?<=ay: none))|hidden(?:(?<=ty:hidden)|(?<=ty: hidden))|0(?:(?<=ize:0)|(?<=ize: 0))"
    r"|all(?:(?<=hide:all)|(?<=hide: all))|NONE(?:(?<=AY:NONE)|(?<=AY: NONE)))"
).findall
_SELECTORS = {
    ":none": '[style*="display:none" i]', ": none": '[style*="display: none" i]',
    ":NONE": '[style*="display:none" i]', ": NONE": '[style*="display: none" i]',
    ":hidden": '[style*="visibility:hidden" i]', ": hidden": '[style*="visibility: hidden" i]',
    ":0": '[style*="font-size:0" i]', ": 0": '[style*="font-size: 0" i]',
    ":all": '[style*="mso-hide:all" i]', ": all": '[style*="mso-hide: all" i]',
}  # fmt: skip
_PLACES = {"href", "src", "action", "background", "formaction", "data", "poster"}
_LINKED = "[href],[src],[action],[background],[formaction],object[data],[poster],meta[http-equiv],style,script,template"
_UNREAD = {"style", "script", "template"}
# Made once: a tree's own selector costs as much to make as a search.
_find = LexborCSSSelector().find  # type: ignore[no-untyped-call]
_refresh = re.compile(r"url\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE).search


def read(html: str) -> tuple[str, list[tuple[str, str]], int]:
    """Visible text, (attribute, value) of everything that leads somewhere, and ``Defect`` bits.

    Scripts, styles, comments, the title and what a style attribute plainly hides are not text. Style sheets, colours
    and layout are not computed.
    """
    html, defects = bounded(html)
    hidden = {_SELECTORS[word] for word in _hiding(html)}
    if " hidden" in html:
        hidden.add("[hidden]")
    if not hidden and html.count("<") < MAX_TAGS:
        html = glued(html)
    tree = LexborHTMLParser(html)
    links = _links(tree)
    if hidden:
        _drop_hidden(tree, ",".join(hidden))
    body = tree.body or tree.root
    text = body.text(separator=" ", skip_empty=True) if body is not None else ""
    return text, links, defects


def glued(html: str) -> str:
    """The source with inline tags and comments inside words taken out: ``Vi<b></b>a`` reads ``Via``.

    Not for a source that hides elements: a taken-out closing tag could let the hiding run on.
    """
    return _GLUE.sub("", html)


def _select(selector: str, root: LexborNode | None) -> list[LexborNode]:
    return _find(selector, root) if root is not None else []


def _links(tree: LexborHTMLParser) -> list[tuple[str, str]]:
    """Where the tree leads; on the same walk, what is code and not text is taken out."""
    found: list[tuple[str, str]] = []
    for node in islice(_select(_LINKED, tree.root), MAX_LINKS):
        if node.tag in _UNREAD:
            node.decompose()
            continue
        attributes = node.attributes
        for place in attributes.keys() & _PLACES:
            value = attributes[place]
            if value:
                found.append((place, value))
        if "http-equiv" in attributes:
            match = _refresh(attributes.get("content") or "")
            if match:
                found.append(("refresh", match[1]))
    return found


def _drop_hidden(tree: LexborHTMLParser, selector: str) -> None:
    """Take out what no reader sees, and join the text around it: spam splits its words that way."""
    for node in islice(_select(selector, tree.root), MAX_LINKS):
        attributes = node.attributes
        if "hidden" not in attributes and not _hidden(attributes.get("style") or ""):
            continue
        if node.tag in _INLINE:
            node.decompose()
        elif node.tag not in ("body", "html"):
            node.replace_with(" ")
    tree.unwrap_tags(_UNWRAPPED)
    tree.merge_text_nodes()


def bounded(html: str) -> tuple[str, int]:
    """The source, cut where open elements pile up beyond what real mail has; swarms of attributes are dropped."""
    html, defects = thinned(html)
    opens = html.count("<")
    if opens > FEW_TAGS:
        opens -= html.count("</")
    equals = html.count("=")
    if (opens <= FEW_TAGS or _shallow(html, opens)) and equals <= MANY_EQUALS:
        return html, defects
    html, more = _cut(html)
    return html, defects | more


def thinned(html: str) -> tuple[str, int]:
    """The source without the attributes of elements that have more than ``MAX_ATTRIBUTES``.

    Real phish carries hundreds of made-up ones on one element, against hashing; lexbor takes quadratic time over them.
    """
    kept: list[str] = []
    at = done = 0
    end = len(html)
    while at + LONG_TAG < end:
        close = html.rfind(">", at, at + LONG_TAG)
        if close < 0:  # text, a style sheet, or one long tag: `at` is outside of any
            start = html.find("<", at)
            if start < 0:
                break
            close = html.find(">", start)
            if close < 0:
                close = end
            if close - start > LONG_TAG and _attributes(html[start:close]) > MAX_ATTRIBUTES:
                kept.append(html[done : start + len(html[start : start + 40].split(None, 1)[0])])
                done = close
        at = close + 1
    if not kept:
        return html, 0
    kept.append(html[done:])
    return "".join(kept), _TOO_DEEP


@lru_cache(1024)
def _step(tag: str) -> tuple[int, int]:
    """What a tag adds to the open elements, and to the open formatting elements."""
    name = tag.lstrip("/").lower()
    step = 0 if name in _FLAT else -1 if tag[0] == "/" else 1
    return step, step if name in _FORMATTING else 0


def _shallow(html: str, opens: int) -> bool:
    """Whether no count of open elements can be beyond bounds: a quick look that trusts closing tags as a sum."""
    if opens <= SOME_TAGS:
        return _highest(_formatting(html)) * opens <= MAX_REOPENED
    tags = _names(html)
    if len(tags) > MAX_TAGS:
        return False
    known = Counter(tags)
    rises = [(number, *_step(tag)) for tag, number in known.items() if tag[0] != "/"]
    depth = sum(number * step for number, step, _ in rises)
    reopened = sum(number * step for number, _, step in rises)
    if depth * len(tags) <= MAX_WORK and reopened * len(tags) <= MAX_REOPENED:  # even if nothing were ever closed
        return True
    unopened = sum(max(0, number - known[tag[1:]]) for tag, number in known.items() if tag[0] == "/")
    if unopened > FEW_TAGS // 7:
        return False
    steps = np.array([_step(tag) for tag in tags], np.int32).cumsum(axis=0)
    highest = (steps - np.minimum.accumulate(steps)).max(axis=0)
    return bool(highest[0] * len(tags) <= MAX_WORK and highest[1] * len(tags) <= MAX_REOPENED)


def _highest(tags: list[tuple[str, str]]) -> int:
    """The most elements open at once, of tags as (slash, name)."""
    opened: dict[str, int] = {}
    highest = depth = 0
    for slash, name in tags:
        name = name.lower()
        number = opened.get(name, 0)
        if not slash:
            opened[name] = number + 1
            depth += 1
            highest = max(highest, depth)
        elif number:
            opened[name] = number - 1
            depth -= 1
    return highest


def _cut(html: str) -> tuple[str, int]:
    """The exact count, element by element; the source ends where a bound is passed."""
    opened: dict[str, int] = {}
    kept: list[str] = []
    depth = reopened = at = defects = 0
    for count, match in enumerate(_tags(html), 1):
        closing, name, rest = match.groups()
        name = name.lower()
        if len(rest) > LONG_TAG and _attributes(rest) > MAX_ATTRIBUTES:
            kept.append(html[at : match.start(3)])
            at = match.end(3)
            defects = _TOO_DEEP
        step, format_step = _step(closing + name)
        if step > 0 or opened.get(name):
            opened[name] = opened.get(name, 0) + step
            depth += step
            reopened += format_step
        if depth * count > MAX_WORK or reopened * count > MAX_REOPENED or count > MAX_TAGS:
            defects |= _TEXT_CAPPED if count > MAX_TAGS else _TOO_DEEP
            html = html[: max(at, match.start())]
            break
    kept.append(html[at:])
    return "".join(kept), defects


def _attributes(tag: str) -> int:
    """At least as many as the attributes of one tag; values in quotes are looked into only when there may be many."""
    if sum(map(tag.count, _SEPARATORS)) <= MAX_ATTRIBUTES:
        return 0
    bare = _quoted.sub("=", tag)
    return len(bare.split()) + bare.count("=") + bare.count("/")
