"""Texts grouped into campaigns: exact, near and by key, the same for any order of arrival."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from junkhound.campaign import bonds, common, forest, keyed, near
from junkhound.campaign.forest import U64, Ints
from junkhound.campaign.units import Keys, Units

ROUNDS = 4
CAPTION = 16  # words beside a picture up to which they are no letter of their own
LARGE = 5  # units of a group that is looked through for drift


def group(units: Units, keys: Keys, known: keyed.Known = keyed.Known()) -> Ints:  # noqa: B008 - a frozen value
    """The group of each unit, numbered from 0 in the order of the units; units of one ``group`` stay together.

    Source: min-hash bands after Broder 1997; the guards are our own.
    """
    if not len(units):
        return np.empty(0, np.int64)
    units = _shown(units, keys)
    rank = shuffled(units.number)
    rows = np.flatnonzero(units.telling)
    sketch = units.sketch[rows]
    inner = forest.dense(_before(units.group[rows]))
    tied = keyed.ties(keys, known)
    own = bonds.own_contacts(tied, len(units))[rows]
    for alike in (near.TIGHT, near.NEAR):  # first what is surely one: then there are cores, and their guards hold
        inner = near.join(sketch, inner, rank[rows], own, alike)
    inner = _split(sketch, inner, rank[rows], own)
    labels = _with_mute(units, rows, inner)
    for _ in range(ROUNDS):
        past = labels
        inner = near.merge(sketch, forest.dense(labels[rows]), rank[rows], own)
        inner = near.attach(sketch, inner, rank[rows], own)
        labels = _written(labels, rows, inner)
        labels = keyed.join(units, labels, rank, tied)
        if np.array_equal(forest.dense(past), forest.dense(labels)):
            break
    return forest.dense(labels)


def _shown(units: Units, keys: Keys) -> Units:
    """The units with common words marked; what says nothing of its own, or little beside a picture, as if without text.

    What a mail with a picture and next to no text says is in the picture.
    """
    pictured = np.zeros(len(units), np.bool_)
    pictured[keys.row[np.isin(keys.kind, list(bonds.PICTURES))]] = True
    sketch = common.marked(units.sketch)
    mute = (pictured & (units.words < CAPTION)) | (common.own(sketch, units.words) < common.LEAST_OWN)
    return replace(units, sketch=sketch, words=np.where(mute, 0, units.words))


def _before(groups: Ints) -> Ints:
    """Labels to start from: units that were one campaign before are one, all others are alone."""
    labels = np.arange(len(groups), dtype=np.int64)
    old = np.flatnonzero(groups > 0)
    if len(old):
        _, first, place = np.unique(groups[old], return_index=True, return_inverse=True)
        labels[old] = old[first][place.reshape(-1)]
    return labels


def _with_mute(units: Units, rows: Ints, inner: Ints) -> Ints:
    """The labels of all units: those with text as they were joined, the others with what was their group before."""
    count = len(units)
    labels = np.arange(count, dtype=np.int64)
    labels[rows] = count + inner
    mute = np.flatnonzero(~units.telling & (units.group > 0))
    if not len(mute):
        return labels
    said = rows[units.group[rows] > 0]
    groups = np.unique(units.group[mute])
    lead = dict(zip(groups.tolist(), (mute[units.group[mute] == one][0] for one in groups), strict=True))
    code = units.group[said] * (2 * count) + labels[said]
    pair, times = np.unique(code, return_counts=True)
    for place in np.argsort(times, kind="stable").tolist():  # the last one stays: where most of its texts are now
        group, label = divmod(int(pair[place]), 2 * count)
        if group in lead:
            lead[group] = label
    labels[mute] = [lead[int(group)] for group in units.group[mute]]
    return labels


def _written(labels: Ints, rows: Ints, inner: Ints) -> Ints:
    """The labels of all units after those of some rows have been joined further."""
    if not len(rows):
        return labels
    _, first = np.unique(inner, return_index=True)
    lead = np.empty(int(inner.max()) + 1, np.int64)
    lead[inner[first]] = rows[first]
    return forest.joined(labels, labels[rows], labels[lead[inner]])


def _split(sketch: np.ndarray[tuple[int, ...], np.dtype[np.uint32]], labels: Ints, rank: Ints, own: Ints
           ) -> Ints:  # fmt: skip
    """Groups that a chain of texts made, each near the next and the ends unlike, are taken apart and joined tighter."""
    labels = forest.dense(labels)
    size = np.bincount(labels)
    off = near.drifted(sketch, labels, rank)
    share = np.bincount(labels[off], minlength=len(size)) / size
    chained = np.flatnonzero((size >= LARGE) & (share > 0.1))
    if not len(chained):
        return labels
    rows = np.flatnonzero(np.isin(labels, chained))
    apart = near.join(sketch[rows], np.arange(len(rows)), rank[rows], own[rows], near.TIGHT)
    out = labels.copy()
    out[rows] = len(size) + apart
    return forest.dense(out)


def shuffled(numbers: U64) -> Ints:
    """A rank of the units that has nothing to do with when they came: by a hash of their number."""
    mixed = (numbers ^ np.uint64(0x5851F42D4C957F2D)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(32)
    order = np.lexsort((numbers, mixed))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank
