"""How much each fact weighs: one dated table of weights, and how sure that makes.

A logistic model over named amounts. It was fitted on simulated worlds of the tuning seeds by ``python -m
accuracy.guarding --fit``; a guard that was told otherwise reads another table.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from math import exp, inf, log

import msgspec
from msgspec import structs

from junkhound.kernel.errors import ConfigError

WHENCE = ("source", "source_days", "listed", "neighbours", "network")
"""Amounts that speak of the machine, and of what is around it."""


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Log odds by the name of an amount (``guard.evidence``); ``base`` where nothing is known.

    ``own`` and ``known`` weigh what the person's model says: the second is never above 0, for being known speaks for a
    mail. ``junk`` is the probability from which on a mail is called so. What is known of where a mail came from
    (``WHENCE``) counts ``whence`` together at most: a mail server that was broken into sends junk and its owner's own
    mail, and then its junk is counted as its own, its neighbours' and its network's.
    """

    base: float
    by: dict[str, float]
    own: float = 0.0
    known: float = 0.0
    junk: float = 0.99
    whence: float = inf

    def odds(self, amounts: Mapping[str, float], own: float, known: float = 0.0) -> float:
        """Log odds that it is junk; ``own`` is the person's model, -1 (wanted) to 1 (junk), ``known`` its author's."""
        return self.base + self.own * own + self.known * known + sum(self.shares(amounts).values())

    def shares(self, amounts: Mapping[str, float]) -> dict[str, float]:
        """What each fact adds to the log odds."""
        by = self.by
        found = {name: by.get(name, 0.0) * amount for name, amount in amounts.items()}
        together = sum(found[name] for name in WHENCE if name in found)
        if together > self.whence:
            found |= {name: found[name] * self.whence / together for name in WHENCE if name in found}
        return found


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two tables: ``taught`` beside a person's model that has met enough mail, ``alone`` without.

    ``good`` is the probability up to which a mail is called so. Between it and the table's ``junk`` there is no
    opinion, and alone nothing is ever called good: that nothing is known of a mail does not speak for it.
    """

    dated: str
    source: str
    taught: Weights
    alone: Weights
    good: float = 0.10

    def stricter(self, junk: float, good: float) -> Model:
        """The model with other bounds; ``junk`` 0 leaves those of its tables."""
        if not junk:
            return structs.replace(self, good=good)
        taught, alone = (structs.replace(weights, junk=junk) for weights in (self.taught, self.alone))
        return structs.replace(self, taught=taught, alone=alone, good=good)


SATURATED = 14.0  # log odds of a person's model beyond which it says no more: its words are not independent


def leaning(own: float) -> float:
    """What a person's model says (0 to 1), as -1 (wanted) to 1 (junk): its log odds, cut and scaled.

    Honest newsletters reach 0.9 easily and 0.99 hardly ever, so the scale must tell these apart.
    """
    sure = min(max(own, 1e-9), 1 - 1e-9)
    return max(-1.0, min(1.0, log(sure / (1 - sure)) / SATURATED))


def probability(odds: float) -> float:
    """Of log odds."""
    return 1 / (1 + exp(-odds)) if odds > -700 else 0.0


def read(text: str, name: str = "weights") -> Model:
    """Errors: ConfigError naming what is wrong."""
    try:
        return msgspec.convert(tomllib.loads(text), Model)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{name}: {error}") from None


@lru_cache(1)
def shipped() -> Model:
    """The table that ships with the package."""
    return read((resources.files("junkhound.guard") / "data/weights.toml").read_text("utf-8"))
