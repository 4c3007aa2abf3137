"""A text as templates are looked for in it: small letters, one blank for any, without links and addresses."""

from __future__ import annotations

import re
import unicodedata

MOST_TEXT = 6_000  # characters
CUT = "\x00"
"""Stands for what was taken out."""

_ONLY = re.compile(r"(?:https?://|www\.)[^\s<>\"']{1,2000}+", re.IGNORECASE)
_LINK = re.compile(rf"{_ONLY.pattern}|(?<![\w.+~-])[\w.+~-]{{1,64}}+@[\w.-]{{1,255}}+", re.IGNORECASE)
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)


def canon(text: str, taken: re.Pattern[str] | None = None) -> str:
    """Small letters, one blank for any, nothing unseen, and ``CUT`` for links, addresses and what ``taken`` finds."""
    text = text[: 2 * MOST_TEXT]
    text = (_LINK if "@" in text else _ONLY).sub(CUT, text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _UNSEEN.sub("", text))
    text = text.casefold()
    if taken is not None:
        text = taken.sub(CUT, text)
    return " ".join(text.split())[:MOST_TEXT]
