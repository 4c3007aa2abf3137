"""Templates in turn: one wording goes when the next one comes, as mailers change what filters have learned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from junkhound.campaign.forest import Flags, Ints, Reals
from junkhound.campaign.units import Keys, Units

LEAST = 8  # texts of a group whose beginning and end can be told
TRIM = 0.02  # of the texts at either end that are looked past: stragglers, and what somebody sends late on purpose
ALIKE = 0.5  # of the manners of two groups
PART = 0.1  # of the shorter time that the gap, or what both have in common, may be


@dataclass(frozen=True)
class Spans:
    """When each group was sent (microseconds, not a number where nobody knows), and by programs that speak how."""

    first: Reals
    last: Reals
    manners: Reals  # a row for each group: the root of the share of each manner

    def follows(self, one: Ints, other: Ints) -> Flags:
        """Whether one of a[i], b[i] begins about when the other ends, with programs that speak alike."""
        if not len(self.first):
            return np.zeros(len(one), np.bool_)
        first, last = np.stack([self.first[one], self.first[other]]), np.stack([self.last[one], self.last[other]])
        later = np.argmax(first, axis=0)
        place = np.arange(len(one))
        gap = np.abs(first[later, place] - last[1 - later, place])
        allowed = PART * (last - first).min(axis=0) + TRIM * (last - first).sum(axis=0)
        alike = (self.manners[one] * self.manners[other]).sum(axis=1) >= ALIKE  # Bhattacharyya's coefficient
        return np.asarray(alike & (gap <= allowed) & (last[later, place] > last[1 - later, place]), np.bool_)


def spans(units: Units, manners: Keys, labels: Ints, big: Ints) -> Spans:
    """The time of each of these groups, without its first and last ``TRIM`` of texts, and its ``manners``."""
    if len(units.first) != len(units) or not len(big) or not len(manners):
        return Spans(np.empty(0), np.empty(0), np.empty((0, 0)))
    place = np.full(int(labels.max()) + 1, -1, np.int64)
    place[big] = np.arange(len(big))
    rows = np.flatnonzero((place[labels] >= 0) & (units.first > 0))
    group = place[labels[rows]]
    count = np.bincount(group, minlength=len(big))
    start = np.cumsum(count) - count
    cut = (TRIM * count).astype(np.int64)
    told = count >= LEAST
    out = np.full((2, len(big)), np.nan)
    for column, times, at in (
        (0, units.first[rows], start + cut), (1, units.last[rows], start + count - 1 - cut),
    ):  # fmt: skip
        ordered = times[np.lexsort((times, group))]
        out[column, told] = ordered[at[told]]
    return Spans(out[0], out[1], _shares(manners, place[labels], len(big)))


def _shares(manners: Keys, group: Ints, count: int) -> Reals:
    names, column = np.unique(manners.key, return_inverse=True)
    share = np.zeros((count, len(names)))
    owner = group[manners.row]
    held = owner >= 0
    np.add.at(share, (owner[held], column.reshape(-1)[held]), manners.mails[held])
    return np.asarray(np.sqrt(share / np.maximum(share.sum(axis=1), 1)[:, None]), np.float64)
