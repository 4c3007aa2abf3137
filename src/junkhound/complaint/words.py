"""The text of a part as lines: what a person would read, quoting and HTML taken off, work bounded for any input."""

from __future__ import annotations

import re
from html import unescape

from junkhound.evidence.message import Message, Part

TEXT = 512 * 1024  # bytes of one part that are read
LINES = 20_000

_breaks = re.compile(
    r"<\s*+(?:br|/?p|/?div|/?tr|/?li|/?h[1-6]|/?blockquote|/?table|hr)\b[^>]*+(?:>|\Z)", re.IGNORECASE
).sub
_cells = re.compile(r"<\s*+/t[dh]\b[^>]*+(?:>|\Z)", re.IGNORECASE).sub
_unread = re.compile(r"<(script|style|head|title)\b(?:[^<]++|<(?!/\1))*+(?:</\1[^>]*+(?:>|\Z)|\Z)", re.IGNORECASE).sub
_comments = re.compile(r"<!--(?:[^-]++|-(?!->))*+(?:-->|\Z)").sub
_tags = re.compile(r"<[^>]*+(?:>|\Z)").sub
_links = re.compile(r"[ \t]++").sub


def of_html(text: str) -> str:
    """An HTML text as lines; only what breaks lines is looked at."""
    text = _unread("", _comments("", text))
    text = text.replace("\r", " ").replace("\n", " ")
    text = _cells("\t", _breaks("\n", text))
    text = unescape(_tags("", text)).replace("\xa0", " ")
    return "\n".join(_links(" ", line).strip() for line in text.split("\n"))


def of_part(part: Part) -> str:
    """The text of one part."""
    text = part.text(TEXT)
    if part.type == "text/html":
        text = of_html(text)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def texts(message: Message) -> list[str]:
    """What a person reads, a text for each part: plain versions first, parts inside other mails left out."""
    own = own_parts(message)
    plain = [of_part(part) for part in own if part.type == "text/plain" and part.disposition != "attachment"]
    html = [of_part(part) for part in own if part.type == "text/html" and part.disposition != "attachment"]
    return [text for text in (*plain, *html) if text.strip()]


def own_parts(message: Message) -> list[Part]:
    """The leaves that belong to this mail itself, a mail inside counting as one."""
    found: list[Part] = []
    end = -1
    for part in message.parts():
        if part.start < end:
            continue
        found.append(part)
        if part.type in ("message/rfc822", "message/global"):
            end = part.end
    return found
