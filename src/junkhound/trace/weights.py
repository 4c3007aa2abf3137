"""What each word about a pair of lines weighs: likelihood ratios, one dated file.

The question they answer: did the machine that the upper line saw write the lower one, or did that machine send the
message itself and type it? A ratio says how much more often a word is met among typed lines than among honest ones.
``python -m accuracy.fit`` fits them on simulated worlds of tuning seeds and on public mail; the file says when, on
what, and how often each was met.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

import msgspec

from junkhound.trace.memo import Memo
from junkhound.trace.pair import Id, Looked, Machine, Odd, Tie, Time

FILE = "weights.toml"
LEAST, MOST = 1e-4, 1 - 1e-4  # no line is surer than that
FAINT, STRONG = 1.0, 3.0  # a tail that fits well proves nothing: it costs nothing to type
FLOOR = 0.01  # odds: the owner of a proper server can type below it whatever he likes, and type it well


class Weight(msgspec.Struct, frozen=True):
    """One word: the test of the method it belongs to, its ratio, and on how many lines of each side it was met."""

    test: str
    word: str
    ratio: float
    honest: int
    typed: int


class Table(msgspec.Struct, frozen=True):
    """The whole file: ``prior`` are the odds that a line below is typed before anything of it is known.

    ``clue`` are the words about the first line that may be typed. ``tail`` are those about lines further down: how much
    more often a word is met under a typed line than under honest ones; ``even`` is what a line says without a word.
    """

    date: str
    fitted_on: str
    prior: float
    clue: tuple[Weight, ...]
    even: float = 1.0
    tail: tuple[Weight, ...] = ()


TESTS = (("T2", Tie), ("T3", Machine), ("T7", Id), ("T6", Time))
"""The tests whose words exclude each other, in the order of ``pair.Looked``; the last place of it is ``pair.Odd``."""
ODD_TEST = {
    Odd.UNREAD: "T1", Odd.SCANNED: "T1", Odd.IMPOSSIBLE: "T5", Odd.BELOW_ORIGINATOR: "T10", Odd.OURS: "T14",
    Odd.LOGGED_IN: "T9", Odd.NO_ADDRESS: "T1", Odd.WITH_KEYWORD: "T9", Odd.DEEPER: "T2",
    Odd.SPOKEN: "T3", Odd.OTHER_PROGRAM: "T3",
}  # fmt: skip


def words(looked: Looked) -> tuple[str, ...]:
    """The words as the file writes them: ``machine: generic``."""
    *places, odd = looked
    kinds = zip(TESTS, places, strict=True)
    found = [f"{kind.__name__.lower()}: {_plain(kind(place).name)}" for (_, kind), place in kinds]
    return (*found, *(f"line: {_plain(bit.name or '')}" for bit in Odd if bit & odd))


def _plain(name: str) -> str:
    return name.lower().replace("_", " ")


@cache
def table() -> Table:
    """The weights that come with the program."""
    text = resources.files("junkhound.trace").joinpath("data", FILE).read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Table)


@cache
def _ratios() -> dict[str, float]:
    return {weight.word: weight.ratio for weight in table().clue}


def found(looked: Looked) -> tuple[tuple[str, float], ...]:
    """The words that count, with their ratios; the prior odds first."""
    ratios = _ratios()
    return (("prior", table().prior), *((word, ratios.get(word, 1.0)) for word in words(looked)))


def _honest(looked: Looked) -> float:
    """The product of all, but names, machine and time alone never make the odds less than ``FLOOR``."""
    kind, bad = 1.0, 1.0
    for word, ratio in found(looked):
        if word.startswith(("line", "id")) and ratio > 1:
            bad *= ratio
        else:
            kind *= ratio
    odds = max(kind, FLOOR) * bad
    return round(min(max(1 / (1 + odds), LEAST), MOST), 4)


@cache
def _tails() -> dict[str, float]:
    return {weight.word: weight.ratio for weight in table().tail}


def _tail(looked: Looked) -> float:
    """The product of all, within bounds: who types one line well may type all well, and odd paths are honest too."""
    ratios = _tails()
    ratio = table().even
    for word in words(looked):
        ratio *= ratios.get(word, 1.0)
    return min(max(ratio, FAINT), STRONG)


TAIL: Memo[Looked, float] = Memo(_tail, 16384)
"""How much likelier a line is what stands under a typed one than what stands under an honest one."""

HONEST: Memo[Looked, float] = Memo(_honest, 16384)
"""P that the machine which the upper line saw wrote the lower one."""
