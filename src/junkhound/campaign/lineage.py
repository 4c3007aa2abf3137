"""Which group is which campaign: names stay with the largest overlap, and what became of the others is told."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from junkhound.campaign.forest import Ints

LEAST_MAILS = 3
"""Mails from which on a group gets a name; smaller ones wait among the units."""


@dataclass
class Lineage:
    """What became of the campaigns. Labels are those of the new groups.

    ``kept`` says which campaign a label goes on as. ``born`` are labels that get a name of their own, with the
    campaign that they split off from, 0 for none. ``merged`` are (campaign, label it went into).
    """

    kept: dict[int, int] = field(default_factory=dict)
    born: dict[int, int] = field(default_factory=dict)
    merged: list[tuple[int, int]] = field(default_factory=list)


def trace(labels: Ints, before: Ints, mails: Ints, least: int = LEAST_MAILS) -> Lineage:
    """Compare new labels with the campaigns of before (0 none), each unit weighed by its mails.

    The largest overlap is honoured first; of equal ones the older campaign, then the first label. So a name stays
    where most of its mail is, whatever is found in between.
    """
    found = Lineage()
    old = before > 0
    count = int(labels.max(initial=0)) + 1
    pair, place = np.unique(before[old] * count + labels[old], return_inverse=True)
    weight = np.bincount(place.reshape(-1), np.maximum(mails[old], 1)) if len(pair) else np.empty(0)
    order = np.lexsort((pair, -weight))
    ties = [divmod(int(pair[one]), count) for one in order.tolist()]
    named: dict[int, int] = {}
    for group, label in ties:
        if group not in named and label not in found.kept:
            named[group] = label
            found.kept[label] = group
    parent: dict[int, int] = {}
    gone: set[int] = set()
    for group, label in ties:
        if group not in named and group not in gone:
            gone.add(group)
            found.merged.append((group, label))
        elif label not in found.kept:
            parent.setdefault(label, group)
    size = np.bincount(labels, mails, minlength=count)
    for label in np.flatnonzero(size >= least).tolist():
        if label not in found.kept:
            found.born[label] = parent.get(label, 0)
    return found
