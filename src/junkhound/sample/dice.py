"""Chance that falls the same way every time: one stream per name, so that a new source disturbs no other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b
from random import Random
from typing import TypeVar

T = TypeVar("T")

LOWER = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"

_CHOICE = re.compile(r"\{([^{}]*)\}")
_SLOT = re.compile(r"%([a-z_]+)%")


class Dice:
    """A named stream of chances.

    Only ``Random.random`` is used: of the module's methods it alone promises the same sequence in every
    version of Python.
    """

    def __init__(self, *names: object) -> None:
        seed = blake2b("|".join(map(str, names)).encode(), digest_size=16).digest()
        self._random = Random(int.from_bytes(seed, "big")).random  # noqa: S311 - a sample, not a secret

    def chance(self, share: float) -> bool:
        return self._random() < share

    def below(self, limit: int) -> int:
        """0 to ``limit`` - 1."""
        return int(self._random() * limit)

    def between(self, low: int, high: int) -> int:
        """``low`` to ``high``, both included."""
        return low + self.below(high - low + 1)

    def one(self, things: Sequence[T]) -> T:
        return things[self.below(len(things))]

    def some(self, things: Sequence[T], count: int) -> list[T]:
        """``count`` different ones, in the order drawn."""
        left = list(things)
        return [left.pop(self.below(len(left))) for _ in range(min(count, len(left)))]

    def weighted(self, things: Sequence[tuple[T, float]]) -> T:
        """One of (thing, weight) by weight."""
        roll = self._random() * sum(weight for _, weight in things)
        for thing, weight in things:
            roll -= weight
            if roll < 0:
                return thing
        return things[-1][0]

    def word(self, length: int, alphabet: str = LOWER) -> str:
        return "".join(self.one(alphabet) for _ in range(length))

    def spin(self, text: str, slots: dict[str, str] | None = None) -> str:
        """Turn ``{this|that}`` into one of them, innermost first, and ``%name%`` into its slot."""
        while (found := _CHOICE.search(text)) is not None:
            text = text[: found.start()] + self.one(found[1].split("|")) + text[found.end() :]
        known = slots or {}
        return _SLOT.sub(lambda m: known[m[1]], text)
