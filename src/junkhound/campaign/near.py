"""The near join: texts that share most of their words, found by bands of their sketches, with guards against chains."""

from __future__ import annotations

import numpy as np

from junkhound.campaign import forest, sketches
from junkhound.campaign.forest import U32, Flags, Ints, Reals

NEAR = 0.6
"""Estimated overlap that joins two texts by itself; with 128 places it is right to 0.09 in 95 of 100 cases."""
CORE = 4  # units from which on a group has a consensus of its own
WITNESSES = 3  # distinct units on each side that two such groups must be near by, before they are one
BOTH = 0.42  # overlap of what both agree on that they need besides
ATTACH = 0.45
MARGIN = 0.1  # by which the best group must be better than the second
DRIFTED = 0.22  # members that overlap the consensus of their own group less than this do not belong to it
TIGHT = 0.65  # overlap that joins what a group that drifted apart is made of
SAME = 0.8  # overlap of what is the same letter whomever it says to call
_ROWS, _WIDE_ROWS = 4, 3
_BRUTE = 3000  # groups whose consensus are compared each with each


def join(sketch: U32, labels: Ints, rank: Ints, own: Ints, near: float = NEAR) -> Ints:
    """The labels after every pair of near texts that a band shows has been looked at.

    ``own`` is the contact of each text, 0 where it has none or several: the same prose with another number to call is
    another offer, unless it is nearly word by word the same.
    """
    left: list[tuple[Ints, Ints]] = []
    for mixed in sketches.bands(sketch, _ROWS):
        a, b = sketches.neighbours(mixed, rank)
        apart = labels[a] != labels[b]
        a, b = a[apart], b[apart]
        if not len(a):
            continue
        alike = sketches.overlap(sketch, a, sketch, b)
        hit = (alike >= near) & ((alike >= SAME) | ~differ(own[a], own[b]))
        a, b = a[hit], b[hit]
        labels = _taken_in(labels, a, b, alike[hit])
        apart = labels[a] != labels[b]
        left.append((a[apart], b[apart]))
    if not left:
        return labels
    a, b = (np.concatenate([pair[side] for pair in left]) for side in (0, 1))
    return _witnessed(sketch, labels, rank, own, a, b)


def differ(one: Ints, other: Ints) -> Flags:
    """Where both have a contact of their own, and not the same."""
    return np.asarray((one != other) & (one > 0) & (other > 0), np.bool_)


def contacts(labels: Ints, own: Ints) -> Ints:
    """The contact that most texts of each group have, 0 for none."""
    count = int(own.max(initial=0)) + 1
    code, times = np.unique(labels * count + own, return_counts=True)
    found = np.zeros(int(labels.max(initial=0)) + 1, np.int64)
    many = times * 2 > np.bincount(labels, minlength=len(found))[code // count]
    found[code[many] // count] = code[many] % count
    return found


def _taken_in(labels: Ints, a: Ints, b: Ints, alike: Reals) -> Ints:
    """Join small groups with each other, then each to the core it is nearest to: no single text ever ties two cores."""
    size = np.bincount(labels)
    small = (size[labels[a]] < CORE) & (size[labels[b]] < CORE)
    labels = forest.joined(labels, labels[a[small]], labels[b[small]])
    a, b, alike = a[~small], b[~small], alike[~small]
    size = np.bincount(labels)
    one, two = labels[a], labels[b]
    swap = size[one] > size[two]
    low, high = np.where(swap, two, one), np.where(swap, one, two)
    mixed = (size[low] < CORE) & (size[high] >= CORE)
    lone, core = best(low[mixed], high[mixed], alike[mixed], 0.0, 0.0)
    return forest.joined(labels, lone, core)


def _witnessed(sketch: U32, labels: Ints, rank: Ints, own: Ints, a: Ints, b: Ints) -> Ints:
    """Join two cores that are near by ``WITNESSES`` texts of each and agree on ``BOTH`` of their words besides."""
    one, two = labels[a], labels[b]
    apart = one != two
    a, b, one, two = a[apart], b[apart], one[apart], two[apart]
    if not len(a):
        return labels
    swap = one > two
    one, two, a, b = np.where(swap, two, one), np.where(swap, one, two), np.where(swap, b, a), np.where(swap, a, b)
    low, high, _ = forest.pairs(one, two)
    count = int(labels.max()) + 1
    tie = np.searchsorted(low * count + high, one * count + two)
    enough = (_distinct(tie, a, len(low)) >= WITNESSES) & (_distinct(tie, b, len(low)) >= WITNESSES)
    low, high = low[enough], high[enough]
    big, agreed = sketches.consensus(sketch, labels, rank, CORE)
    place = np.full(count, -1, np.int64)
    place[big] = np.arange(len(big))
    cores = (place[low] >= 0) & (place[high] >= 0)
    low, high = low[cores], high[cores]
    alike, contact = sketches.overlap(agreed, place[low], agreed, place[high]), contacts(labels, own)
    good = (alike >= BOTH) & ((alike >= SAME) | ~differ(contact[low], contact[high]))
    return forest.joined(labels, low[good], high[good])


def _distinct(tie: Ints, unit: Ints, count: int) -> Ints:
    order = np.lexsort((unit, tie))
    tie, unit = tie[order], unit[order]
    new = np.concatenate([[True], (tie[1:] != tie[:-1]) | (unit[1:] != unit[:-1])])
    return np.bincount(tie[new], minlength=count)


def merge(sketch: U32, labels: Ints, rank: Ints, own: Ints, near: float = NEAR) -> Ints:
    """Join groups whose consensus is near: copies with much noise of their own still share what they are made from."""
    labels = forest.dense(labels)
    big, agreed = sketches.consensus(sketch, labels, rank, CORE)
    a, b = candidates(agreed)
    alike, contact = sketches.overlap(agreed, a, agreed, b), contacts(labels, own)
    good = (alike >= near) & ((alike >= SAME) | ~differ(contact[big[a]], contact[big[b]]))
    return forest.joined(labels, big[a[good]], big[b[good]])


def candidates(agreed: U32) -> tuple[Ints, Ints]:
    """Pairs of consensus sketches worth comparing: all of few, of many those that a band shows."""
    if len(agreed) <= _BRUTE:
        a, b = np.triu_indices(len(agreed), 1)
        return a.astype(np.int64), b.astype(np.int64)
    rank = np.arange(len(agreed))
    found = [sketches.neighbours(mixed, rank) for mixed in sketches.bands(agreed, _WIDE_ROWS)]
    a, b, _ = forest.pairs(np.concatenate([one for one, _ in found]), np.concatenate([two for _, two in found]))
    return a, b


def attach(sketch: U32, labels: Ints, rank: Ints, own: Ints, least: float = ATTACH) -> Ints:
    """Give lone texts to the group whose consensus they overlap most, where no other comes close."""
    labels = forest.dense(labels)
    big, agreed = sketches.consensus(sketch, labels, rank, CORE)
    size = np.bincount(labels)
    loose = np.flatnonzero(size[labels] < CORE)
    if not len(big) or not len(loose):
        return labels
    rows, groups = _seen_together(sketch[loose], agreed)
    near = sketches.overlap(sketch, loose[rows], agreed, groups)
    near[differ(own[loose[rows]], contacts(labels, own)[big[groups]]) & (near < SAME)] = 0.0
    row, group = best(rows, groups, near, least, MARGIN)
    return forest.joined(labels, labels[loose[row]], big[group])


def _seen_together(sketch: U32, agreed: U32) -> tuple[Ints, Ints]:
    """(row of ``sketch``, row of ``agreed``) pairs that some band shows."""
    codes: list[Ints] = []
    count = len(agreed)
    for mixed, others in zip(sketches.bands(sketch, _WIDE_ROWS), sketches.bands(agreed, _WIDE_ROWS), strict=True):
        rows, groups = sketches.matches(mixed, others, 8)
        codes.append(rows * count + groups)
    together = np.unique(np.concatenate(codes))
    return together // count, together % count


def best(rows: Ints, groups: Ints, near: Reals, least: float, margin: float) -> tuple[Ints, Ints]:
    """(row, its best group) for rows whose best is at least ``least`` and better than the second by ``margin``."""
    order = np.lexsort((groups, -near, rows))
    rows, groups, near = rows[order], groups[order], near[order]
    first = np.flatnonzero(np.concatenate([[True], rows[1:] != rows[:-1]])) if len(rows) else np.empty(0, np.int64)
    second = np.zeros(len(first))
    follows = first + 1
    inside = follows < np.append(first[1:], len(rows))
    second[inside] = near[follows[inside]]
    good = (near[first] >= least) & (near[first] - second >= margin)
    return rows[first[good]], groups[first[good]]


def drifted(sketch: U32, labels: Ints, rank: Ints) -> Flags:
    """Members that their group's consensus does not hold together: the ends of a chain, or two groups in one."""
    big, agreed = sketches.consensus(sketch, labels, rank, CORE)
    place = np.full(int(labels.max(initial=0)) + 1, -1, np.int64)
    place[big] = np.arange(len(big))
    rows = np.flatnonzero(place[labels] >= 0)
    out = np.zeros(len(labels), np.bool_)
    out[rows] = sketches.overlap(sketch, rows, agreed, place[labels[rows]]) < DRIFTED
    return out
