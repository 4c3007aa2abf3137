"""What a text speaks of: topics by words of many languages, each with the words that told it."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

LOOK = 16_384  # characters of a text
MOST_WORDS = 6  # words kept for each topic
_PIECE = re.compile(r"[^\W\d_]++")
_LONGEST = 20  # letters of a word that are compared


class Topics:
    """Words by topic, ready to be looked for in one pass."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self.names = tuple(words)
        self._stems: dict[str, list[str]] = {}
        self._whole: dict[str, list[str]] = {}
        self._phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        self._anywhere: list[tuple[str, str]] = []
        for topic, listed in words.items():
            for word in listed.split():
                self._put(plain(word), topic)
        self._shortest = min(map(len, self._stems), default=1)

    def _put(self, word: str, topic: str) -> None:
        if not _spaced(word):
            self._anywhere.append((word, topic))
        elif "-" in word:
            parts = tuple(word.split("-"))
            self._phrases.setdefault(parts[0], []).append((parts, topic))
        elif word.endswith("."):
            self._whole.setdefault(word[:-1], []).append(topic)
        else:
            self._stems.setdefault(word, []).append(topic)

    def found(self, text: str) -> dict[str, tuple[str, ...]]:
        """The topics of a text, each with up to ``MOST_WORDS`` different words of it that told."""
        text = plain(text[:LOOK])
        words = _PIECE.findall(text)
        told: dict[str, dict[str, None]] = {}
        for word in dict.fromkeys(words):
            for topic in self._whole.get(word, ()):
                told.setdefault(topic, {})[word] = None
            for end in range(self._shortest, min(len(word), _LONGEST) + 1):
                for topic in self._stems.get(word[:end], ()):
                    told.setdefault(topic, {})[word] = None
        for place, word in enumerate(words):
            for parts, topic in self._phrases.get(word, ()):
                following = words[place : place + len(parts)]
                whole = len(following) == len(parts) and following[:-1] == list(parts[:-1])
                if whole and following[-1].startswith(parts[-1]):
                    told.setdefault(topic, {})[" ".join(following)] = None
        if not text.isascii():
            for word, topic in self._anywhere:
                if word in text:
                    told.setdefault(topic, {})[word] = None
        return {topic: tuple(words)[:MOST_WORDS] for topic, words in told.items()}


def plain(text: str) -> str:
    """Small letters without accents."""
    text = text.casefold()
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFKD", text)
    # marks go, but those of kana and Cyrillic make other letters
    kept = "".join(c for c in apart if not "\u0300" <= c <= "\u036f" or c == "\u0306")
    return unicodedata.normalize("NFC", kept)


def _spaced(word: str) -> bool:
    """Whether its script puts blanks between words."""
    return not any("\u3040" <= c <= "\u30ff" or "\u3400" <= c <= "\u9fff" for c in word)


@lru_cache(1)
def shipped() -> Topics:
    """The words that ship with the package."""
    text = (resources.files("junkhound.campaign") / "data/topics.toml").read_text("utf-8")
    return Topics(tomllib.loads(text)["topics"])
