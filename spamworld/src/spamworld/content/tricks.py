"""HTML by which a reader sees other words than a filter: what each trick makes of visible text and of hidden poison."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from random import Random

WORDS = re.compile(r"([^\W\d_]{4,})")
TAG = re.compile(r"(<[^>]*>|&#?\w+;)")
LOOKALIKE = str.maketrans("aceopxyiAEOPXBHKMTC", "асеорхуіАЕОРХВНКМТС")  # Latin to Cyrillic that looks the same
LEET = str.maketrans("aeiosAEIOS", "@310$@310$")
GAPS = ("\u200b", "\u200c", "\u2060", "\ufeff")
HIDING = {
    "display": '<div style="display:none">{}</div>',
    "tiny": '<font style="font-size:1px;line-height:0">{}</font>',
    "colour": '<p><font color="#FFFFFF">{}</font></p>',
    "offscreen": '<span style="position:absolute;left:-9999px">{}</span>',
    "clear": '<div style="opacity:0;color:transparent;max-height:0;overflow:hidden;mso-hide:all">{}</div>',
}


def words(html: str, rng: Random, share: float, change: Callable[[str], str]) -> str:
    """The HTML with some words of its text changed; tags and entities stay."""
    out = []
    for index, piece in enumerate(TAG.split(html)):
        if index % 2:
            out.append(piece)
            continue
        parts = WORDS.split(piece)
        for i in range(1, len(parts), 2):
            if rng.random() < share:
                parts[i] = change(parts[i])
        out.append("".join(parts))
    return "".join(out)


def gap(word: str, at: int, filling: str) -> str:
    """A word with something inside."""
    return word[:at] + filling + word[at:]


def visible(trick: str, html: str, rng: Random) -> str:
    """The visible part of a body under that trick. A reader sees the same words."""
    if trick == "zerowidth":
        return words(html, rng, 0.4, lambda w: gap(w, rng.randint(1, len(w) - 1), rng.choice(GAPS)))
    if trick == "shy":
        return words(html, rng, 0.4, lambda w: gap(w, rng.randint(1, len(w) - 1), "&shy;"))
    if trick == "confusables":
        return words(html, rng, 0.35, lambda w: w.translate(LOOKALIKE))
    if trick == "comments":
        return words(html, rng, 0.3, lambda w: gap(w, rng.randint(1, len(w) - 1), f"<!--{rng.getrandbits(24):x}-->"))
    if trick == "tags":
        return words(
            html, rng, 0.3, lambda w: gap(w, rng.randint(1, len(w) - 1), rng.choice(("<b></b>", "<i></i>", "<xq>")))
        )
    if trick == "entities":
        return words(html, rng, 0.4, lambda w: "".join(f"&#{ord(char)};" for char in w))
    if trick == "reverse":
        return words(
            html, rng, 0.12, lambda w: f'<span style="unicode-bidi:bidi-override;direction:rtl">{w[::-1]}</span>'
        )
    return html


def poison(trick: str, text: str) -> str:
    """Text for filters only. A trick that hides nothing shows it at the end."""
    return HIDING.get(trick, "<p><small>{}</small></p>").format(escape(text).replace("\n", "<br>"))


def columns(text: str, rng: Random) -> str:
    """Text cut into the columns of a table: each cell has a slice of every line, so no word stands in one piece."""
    rows: list[str] = []
    for word in text.split():
        if rows and len(rows[-1]) + 1 + len(word) <= 24:
            rows[-1] += " " + word
        else:
            rows.append(word)
    width = max(map(len, rows), default=0)
    cells, at = [], 0
    while at < width:
        step = rng.randint(1, 4)
        slices = (escape(row.ljust(width)[at : at + step]).replace(" ", "&nbsp;") for row in rows)
        cells.append(f"<td>{'<br>'.join(slices)}</td>")
        at += step
    return (
        f'<table cellspacing=0 cellpadding=0 border=0><tr style="font-family:monospace">{"".join(cells)}</tr></table>'
    )


def spaced(text: str, rng: Random) -> str:
    """Plain text where some words have a blank or a dash between their letters."""
    return WORDS.sub(lambda m: rng.choice((" ", "-")).join(m[0]) if rng.random() < 0.2 else m[0], text)
