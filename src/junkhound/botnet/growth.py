"""Machines of a botnet before any trap met them: who is asked about by the same askers as its known machines.

A bot that mails a list of targets makes their servers ask block lists about it. An address joins where enough of those
askers asked about it and hardly any other. How many are enough is found by shuffling: as many addresses taken at random
for the botnet must win fewer than one address in a hundred. Where no number does that, nothing is said.

Source: BotMagnifier (Stringhini and others, USENIX Security 2011), whose seeds and targets these are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from junkhound.botnet.rows import U64, Ints

FEWEST = 5  # askers
MOST = 60  # askers that are asked for at most
INSIDE = 0.8  # share of an address's askers that must be askers of the botnet
CHANCE = 0.01  # share of addresses that a set taken at random may win
SEEDS = 10  # known machines that must have been asked about
TWICE = 2  # known machines that an asker must have asked about to be one of the botnet's
SHUFFLES = 8


class Grown(NamedTuple):
    """An address that is asked about as the botnet's are, by how many of their askers."""

    subject: int
    askers: int


def grown(subject: Ints, asker: Ints, known: Ints, number: U64) -> list[Grown]:
    """The addresses that join, those with most askers first.

    ``subject`` and ``asker`` are pairs, each once, numbered from 0; ``known`` are the botnet's subjects; ``number`` has
    a number of each subject's own, by which it is shuffled.
    """
    count = len(number)
    if len(known) < SEEDS or not len(subject):
        return []
    inside, total = _inside(subject, asker, known, count), np.bincount(subject, minlength=count)
    least = _least(subject, asker, known, number, total)
    if least is None:
        return []
    hit = (inside >= least) & (inside >= INSIDE * total)
    hit[known] = False
    found = [Grown(int(one), int(inside[one])) for one in np.flatnonzero(hit)]
    return sorted(found, key=lambda one: (-one.askers, one.subject))


def _inside(subject: Ints, asker: Ints, known: Ints, count: int) -> Ints:
    """How many askers of each subject asked about several of these."""
    mine = np.isin(subject, known)
    times = np.bincount(asker[mine], minlength=int(asker.max()) + 1)
    return np.bincount(subject[times[asker] >= TWICE], minlength=count)


def _least(subject: Ints, asker: Ints, known: Ints, number: U64, total: Ints) -> int | None:
    """The fewest askers with which sets taken at random win less than ``CHANCE``; None where none is enough."""
    count, shares = len(number), np.zeros(MOST + 1)
    for shuffle in range(SHUFFLES):
        mixed = (number ^ np.uint64(shuffle + 1)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        drawn = np.argsort(mixed * np.uint64(0xBF58476D1CE4E5B9), kind="stable")[: len(known)]
        inside = _inside(subject, asker, drawn, count)
        won = (inside >= INSIDE * total) & (total > 0)
        won[drawn] = False
        shares += [(won & (inside >= least)).sum() / max(count - len(drawn), 1) for least in range(MOST + 1)]
    enough = np.flatnonzero(shares / SHUFFLES < CHANCE)
    enough = enough[enough >= FEWEST]
    return int(enough[0]) if len(enough) else None
