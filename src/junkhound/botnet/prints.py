"""Fingerprints as evidence: the name a program greets by, its first packet, its TLS hello, its pace, and its clock.

Two cells whose machines show a thing in the same measure may be one botnet's, and two that show it in other measures
are rather not. How much that says is a Bayes factor: drawn from one distribution, or from two that both vary around
what all machines show (Dirichlet and multinomial). What nearly all show says next to nothing, what few others show a
lot.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from junkhound.botnet import hours
from junkhound.botnet.rows import U64, Ints, Rows

HELO, SYN, JA4, PACE = range(4)
NAMES = ("greeting", "first packet", "TLS hello", "pace")
OWN = np.uint64(0)
"""The key of greetings by a name that no machine of another network uses."""

LEAST = 8  # addresses of a cell of which anything is said
MOST = 10  # addresses that one cell counts as: machines of one botnet are not drawn at random either
SPREAD = 4.0  # how closely two strangers follow what all show: this many addresses' worth
CAP = (3.0, 2.0, 3.0, 1.0)  # weight of one thing, by kind: systems and networks are shared by many programs
WHOLE = 6.0  # weight of all of them
ALONE = 5.0  # what they must outweigh where two programs share neither dialect nor senders
RARE = 4  # programs that may have a thing for it to make such two worth a look
PART = 0.5  # share of both that must have it
CLOCK = 3.0  # errors by which two habits of the clock must differ
_CLOCK_MOST = 3.0


@dataclass(frozen=True)
class Prints:
    """How many addresses of each (campaign, dialect) showed each thing: ``what`` is HELO to PACE, ``key`` names it."""

    campaign: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    dialect: U64 = field(default_factory=lambda: np.empty(0, np.uint64))
    what: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    key: U64 = field(default_factory=lambda: np.empty(0, np.uint64))
    addresses: Ints = field(default_factory=lambda: np.empty(0, np.int64))

    def __len__(self) -> int:
        return len(self.key)


@dataclass(frozen=True)
class Shown:
    """One thing of one kind by cell: ``counts`` cut down to ``MOST``, and the tables of log gamma for the sums."""

    counts: NDArray[np.int64]  # a row for each cell, a column for each key
    joint: NDArray[np.float64]  # by key and count
    totals: NDArray[np.float64]  # by count
    keys: U64

    def weight(self, one: int, other: int) -> float:
        """Log of how much likelier these counts are from one botnet than from two; 0 where too little was seen."""
        a, b = self.counts[one], self.counts[other]
        first, second = int(a.sum()), int(b.sum())
        if min(first, second) < LEAST:
            return 0.0
        place = np.arange(len(a))
        gamma, zero = self.joint, self.joint[:, 0]
        inside = gamma[place, a + b] - gamma[place, a] - gamma[place, b] + zero
        whole = self.totals
        return float(inside.sum() - whole[first + second] + whole[first] + whole[second] - whole[0])


class Evidence:
    """What fingerprints say of pairs of cells, those of ``cells`` as (program, campaign)."""

    def __init__(self, prints: Prints, program_of: dict[int, int], cells: Sequence[tuple[int, int]]) -> None:
        self.cells = cells
        self.shown: dict[int, Shown] = {}
        place = {cell: number for number, cell in enumerate(cells)}
        owner = np.array(
            [place.get((program_of.get(dialect, -1), campaign), -1)
             for dialect, campaign in zip(prints.dialect.tolist(), prints.campaign.tolist(), strict=True)], np.int64,
        )  # fmt: skip
        for what in range(len(NAMES)):
            mine = (prints.what == what) & (owner >= 0)
            keys, column = np.unique(prints.key[mine], return_inverse=True)
            if len(keys) > 1:
                counts = np.zeros((len(cells), len(keys)), np.int64)
                np.add.at(counts, (owner[mine], column.reshape(-1)), prints.addresses[mine])
                self.shown[what] = _shown(counts, keys)

    def weight(self, one: int, other: int) -> float:
        """The evidence for one botnet (above 0) or two (below)."""
        total = 0.0
        for what, shown in self.shown.items():
            total += max(-CAP[what], min(CAP[what], shown.weight(one, other)))
        return max(-WHOLE, min(WHOLE, total))

    def alike(self) -> set[tuple[int, int]]:
        """Pairs of cells of different programs that mostly show a greeting or TLS hello which few programs have."""
        found = set()
        for what in (HELO, JA4):
            shown = self.shown.get(what)
            if shown is None:
                continue
            total = shown.counts.sum(axis=1)
            most = (shown.counts >= PART * total[:, None]) & (total >= LEAST)[:, None]
            for column in range(len(shown.keys)):
                has = np.flatnonzero(most[:, column]).tolist()
                programs = {self.cells[cell][0] for cell in has}
                if (what == HELO and shown.keys[column] == OWN) or not 1 < len(programs) <= RARE:
                    continue
                found |= {
                    (a, b) for n, a in enumerate(has) for b in has[n + 1 :] if self.cells[a][0] != self.cells[b][0]
                }
        return found


def _shown(counts: NDArray[np.int64], keys: U64) -> Shown:
    """Cut each cell down to ``MOST`` addresses, and reckon the tables."""
    total = counts.sum(axis=1)
    scale = np.minimum(1.0, MOST / np.maximum(total, 1))
    cut = np.floor(counts * scale[:, None] + 0.5).astype(np.int64)
    share = cut.sum(axis=0) + 0.5
    alpha = SPREAD * share / share.sum()
    times = np.arange(2 * int(cut.sum(axis=1).max(initial=0)) + 1)
    gamma = np.vectorize(math.lgamma, otypes=[np.float64])
    return Shown(cut, gamma(alpha[:, None] + times[None, :]), gamma(SPREAD + times), keys)


def clocks(rows: Rows, cell: Ints, count: int) -> list[hours.Habit]:
    """The clock habit of each cell's machines."""
    order = np.argsort(cell, kind="stable")
    bounds = np.searchsorted(cell[order], np.arange(count + 1))
    return [hours.habit(rows.only(order[bounds[number] : bounds[number + 1]])) for number in range(count)]


def clock(one: hours.Habit, other: hours.Habit) -> float:
    """What two clock habits say against one botnet: machines that sleep are not those that never do."""
    if min(one.addresses, other.addresses) < hours.LEAST:
        return 0.0
    error = math.hypot(max(one.error, 0.02), max(other.error, 0.02))
    return -min(_CLOCK_MOST, max(0.0, abs(one.alike - other.alike) / error - CLOCK))


def shares(prints: Prints, campaigns: set[tuple[int, int]], most: int = 4) -> list[tuple[int, int, float, int]]:
    """(what, key, share of the addresses, addresses) of what machines of these (dialect, campaign) show, most first."""
    mine = np.array(
        [pair in campaigns for pair in zip(prints.dialect.tolist(), prints.campaign.tolist(), strict=True)], np.bool_
    )
    found: list[tuple[int, int, float, int]] = []
    for what in range(len(NAMES)):
        here = mine & (prints.what == what) if len(prints) else mine
        keys, place = np.unique(prints.key[here], return_inverse=True)
        times = np.bincount(place.reshape(-1), prints.addresses[here], minlength=len(keys))
        whole = float(times.sum())
        best = np.argsort(-times, kind="stable")[:most].tolist()
        found += [(what, int(keys[number]), float(times[number]) / whole, int(times[number])) for number in best]
    return found
