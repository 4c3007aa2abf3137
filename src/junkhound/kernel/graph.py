"""Signed ties: nodes grouped so that those for each other are together and those against each other apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

Tie = tuple[int, int, float]
"""Two nodes, and how strongly they belong together (below 0: apart)."""


def correlate(count: int, ties: Iterable[Tie]) -> list[int]:
    """The group of each of ``count`` nodes, numbered from 0, such that the weights inside groups sum high.

    A node without a tie that speaks for a group stays alone: that is how one abstains. Nodes move while the sum
    grows, then groups move as one, until nothing does; the order is that of the numbers: equal ties, equal groups.
    Source: correlation clustering (Bansal, Blum and Chawla 2004) by local moves as in Blondel and others 2008; with
    weights less a constant the sum is that of the constant Potts model.
    """
    group = list(range(count))
    around: list[dict[int, float]] = [defaultdict(float) for _ in range(count)]
    for a, b, weight in ties:
        if a != b:
            around[a][b] += weight
            around[b][a] += weight
    nodes = around
    while True:
        inner = _moved(nodes)
        names = {name: place for place, name in enumerate(dict.fromkeys(inner))}
        if len(names) == len(nodes):
            return group
        group = [names[inner[one]] for one in group]
        merged: list[dict[int, float]] = [defaultdict(float) for _ in names]
        for one, others in enumerate(nodes):
            for other, weight in others.items():
                if inner[one] != inner[other]:
                    merged[names[inner[one]]][names[inner[other]]] += weight
        nodes = merged


def _moved(around: list[dict[int, float]]) -> list[int]:
    """One level: each node to the group that gains most, until none gains."""
    group = list(range(len(around)))
    for _ in range(50):
        still = True
        for one, others in enumerate(around):
            gain: dict[int, float] = defaultdict(float)
            for other, weight in others.items():
                gain[group[other]] += weight
            here = gain.pop(group[one], 0.0)
            best = max(gain, key=lambda name: (gain[name], -name), default=None)
            if best is not None and gain[best] > max(here, 0.0) + 1e-9:
                group[one], still = best, False
            elif here < -1e-9:  # better alone
                group[one], still = _free(group, one), False
        if still:
            break
    return group


def _free(group: list[int], one: int) -> int:
    """A group that nobody is in: its own number, or the first unused one."""
    used = set(group)
    return one if one not in used else next(name for name in range(len(group) + 1) if name not in used)
