"""Paragraphs to bodies: plain text with its wraps, and HTML in six looks."""

from __future__ import annotations

import re
from collections.abc import Collection
from html import escape
from random import Random
from textwrap import wrap

from spamworld.content import tricks

MARK = re.compile("\ue000(\\d)\ue001")  # where a URL goes; the digit counts the mail's URLs
HEADS = (
    "<html><body>\n",
    '<html><head><meta http-equiv="Content-Type" content="text/html"></head>\n<body bgcolor="#FFFFFF">\n',
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.0 Transitional//EN">\n<HTML><HEAD>\n<STYLE></STYLE>\n</HEAD>\n<BODY>\n',
    '<div style="font-family:Arial,sans-serif;font-size:14px;background:#ffffff">\n',
    '<html><body><table width="600" align="center"><tr><td>\n',
    "<html>\n<body bgcolor=white text=black>\n<center>\n",
)
FEET = (
    "</body></html>\n",
    "</body>\n</html>\n",
    "</BODY></HTML>\n",
    "</div>\n",
    "</td></tr></table></body></html>\n",
    "</center></body></html>\n",
)
PARAGRAPH = (
    ("<p>", "</p>\n"),
    ("<p><font face=Verdana size=2>", "</font></p>\n"),
    ("<DIV><FONT face=Arial size=2>", "</FONT></DIV>\n<DIV>&nbsp;</DIV>\n"),
    ('<div style="margin:8px 0">', "</div>\n"),
    ("", "<br><br>\n"),
    ("<h3>", "</h3>\n"),
)
ANCHORS = ("", "", "here", "details", "click", "www", "more", "link")


def shown(text: str, urls: list[tuple[str, str]]) -> str:
    """Text with its URLs as the mail shows them."""
    return MARK.sub(lambda m: urls[int(m[1])][0], text)


def plain(paragraphs: list[str], urls: list[tuple[str, str]], width: int, gap: str = "\n\n") -> str:
    """A plain text body, wrapped or not."""
    texts = [shown(text, urls) for text in paragraphs]
    if width:
        texts = ["\n".join(fold(line, width) for line in text.split("\n")) for text in texts]
    return gap.join(texts) + "\n"


def fold(line: str, width: int) -> str:
    """A line broken at blanks."""
    if len(line) <= width:
        return line
    return "\n".join(wrap(line, width, break_long_words=False, break_on_hyphens=False))


def anchor(target: str, text: str, linked: bool) -> str:
    """A link, or the text of a URL that cannot be one."""
    if not linked:
        return escape(text)
    return f'<a href="{escape(target)}">{escape(text)}</a>'


def html(
    paragraphs: list[str],
    urls: list[tuple[str, str]],
    look: int,
    trick: str,
    words: str,
    rng: Random,
    linked: bool,
    guarded: Collection[str] = (),
) -> str:
    """An HTML body. ``words`` stands for the URL in links, "" shows the URL itself; no trick in ``guarded`` ones."""
    before, after = PARAGRAPH[look]
    out = [HEADS[look]]
    for number, text in enumerate(paragraphs):
        if trick == "columns" and number == 1 and not MARK.search(text) and text not in guarded:
            out.append(tricks.columns(text, rng))
            continue
        body = escape(text, quote=False).replace("\n", "<br>\n")
        if trick and text not in guarded:
            body = tricks.visible(trick, body, rng)
        body = MARK.sub(lambda m: anchor(urls[int(m[1])][0], words or urls[int(m[1])][0], linked), body)
        out += (before, body, after)
    out.append(FEET[look])
    return "".join(out)


def close(page: str, more: str) -> str:
    """The page with something more before its end."""
    for foot in ("</center>", "</td></tr></table>", "</body>", "</BODY>", "</div>"):
        at = page.rfind(foot)
        if at >= 0:
            return page[:at] + more + page[at:]
    return page + more
