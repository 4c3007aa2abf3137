"""The prose of the world: TOML pages by language, read once, and the noise words that fill tails."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from random import Random
from typing import Any

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "ru", "ja")
ALIASES = {
    "backscatter": "other",
    "scam": "advance-fee",
    "recruitment": "mule",
    "b2b-cold": "b2b",
    "419": "advance-fee",
}
BLOCKS = ("subject", "open", "offer", "call", "call_phone", "call_box", "call_none")


@lru_cache(maxsize=32)
def page(name: str) -> dict[str, Any]:
    """A page of prose by its name: a language, ``people``, ``good``."""
    return tomllib.loads((files("spamworld.content") / "data" / f"{name}.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=256)
def chapter(category: str, language: str) -> tuple[dict[str, Any], str]:
    """(the sentences of a category, the language they are in): English where a language has none for it."""
    category = ALIASES.get(category, category)
    for code in (language, "en"):
        if code in LANGUAGES and category in page(code):
            return page(code)[category], code
    return page("en")["other"], "en"


def sentences(category: str, language: str, block: str) -> tuple[list[str], str]:
    """(one block's sentences, their language)."""
    own, code = chapter(category, language)
    return own.get(block, []), code


@lru_cache(maxsize=8)
def vocabulary(language: str) -> tuple[str, ...]:
    """Words of the language's prose, without slots and values: what hash busters are made of."""
    text = " ".join(strings(page(language if language in LANGUAGES else "en")))
    letters = "".join(char if char.isalpha() else " " for char in text)
    return tuple(sorted({word.lower() for word in letters.split() if 3 <= len(word) <= 11}))


def strings(tree: Any) -> list[str]:
    """Every sentence of a page."""
    if isinstance(tree, str):
        return [tree]
    values = tree.values() if isinstance(tree, dict) else tree
    return [text for value in values for text in strings(value)]


SYLLABLES = [consonant + vowel for consonant in "bcdfghjklmnprstvwz" for vowel in "aeiou"]


def gibberish(rng: Random) -> str:
    """A word that no dictionary has and a tongue can say."""
    return "".join(rng.choices(SYLLABLES, k=2 + int(rng.random() * 3)))
