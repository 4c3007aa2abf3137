"""The opinion: junk, good or none, how sure, and why in one sentence."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from junkhound.guard.evidence import Evidence
from junkhound.guard.model import Model, leaning, probability
from junkhound.guard.personal import Own


class Word(StrEnum):
    """What a guard says of a mail."""

    JUNK = "junk"
    GOOD = "good"
    NONE = "none"


class Opinion(msgspec.Struct, frozen=True):
    """What to say of a message.

    ``score`` is the probability that it is junk. ``reason`` is one sentence for a person. ``weighed`` gives what each
    fact added to the log odds, the heaviest first. ``campaign`` and ``listed`` are the only grounds on which a mail may
    be refused: trap mail says the very same, or its source is on the list. ``country`` is the number of the country of
    the machine that handed it over, 0 unknown.
    """

    word: Word
    score: float
    reason: str
    weighed: tuple[tuple[str, float], ...] = ()
    campaign: bool = False
    listed: bool = False
    country: int = 0


NOTHING = Opinion(Word.NONE, 0.5, "nothing is known of it")


def no_opinion(why: str) -> Opinion:
    """Where there is no time, or nothing that could be asked."""
    return Opinion(Word.NONE, 0.5, why)


def weigh(evidence: Evidence, own: Own | None, model: Model) -> Opinion:
    """Put the facts together; ``own`` is what the person's own model says, None where it knows too little."""
    weights = model.alone if own is None else model.taught
    towards, known = (0.0, 0.0) if own is None else (leaning(own.score), own.known)
    score = probability(weights.odds(evidence.amounts, towards, known))
    weighed = list(weights.shares(evidence.amounts).items())
    weighed += [("own", weights.own * towards), ("known", weights.known * known)]
    weighed = sorted((pair for pair in weighed if pair[1]), key=lambda pair: -abs(pair[1]))
    word = Word.JUNK if score >= weights.junk else Word.NONE
    if score <= model.good and own is not None:
        word = Word.GOOD
    return Opinion(
        word, score, _reason(word, weighed, evidence), tuple(weighed), evidence.campaign >= EXACT, evidence.listed
    )


EXACT = 0.9  # of a campaign's letter: refusing needs the same letter, seen today or yesterday
_SAID = 3


def _reason(word: Word, weighed: list[tuple[str, float]], evidence: Evidence) -> str:
    """The heaviest facts on the side of the verdict, in words."""
    side = -1 if word is Word.GOOD else 1
    said_of = {"own": _OWN[side], "known": _KNOWN}
    said: list[str] = []
    for name, weight in weighed:
        if weight * side <= 0 or len(said) >= _SAID:
            continue
        words = said_of.get(name) or evidence.words.get(name.removesuffix("_mails").removesuffix("_days"))
        if words and words not in said:
            said.append(words)
    if said:
        return "; ".join(said)
    return "nothing speaks against it" if word is Word.GOOD else NOTHING.reason


_KNOWN = "you know its author, from there"
_OWN = {1: "it is like mail that you moved to Junk", -1: "it is like mail that you keep"}
