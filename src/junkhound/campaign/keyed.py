"""The key join: texts that share a thing, such as a linked domain or a file, and enough of their words besides.

One shared thing alone never joins two groups of texts: shorteners, trackers and mail providers serve many. What a
known list names, what good mail has, or what ties too many groups that say different things counts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from junkhound.campaign import bonds, forest, near, sketches, succession
from junkhound.campaign.forest import U32, U64, Flags, Ints, Reals
from junkhound.campaign.succession import Spans
from junkhound.campaign.units import MANNER, Keys, Units
from junkhound.tables import KeyKind

NEEDED = ((0.0, 0.5, 1.0, 1.25, 2.0), (0.55, 0.48, 0.20, 0.12, 0.08))
"""Weight of the shared keys, and the overlap of two consensus that joins together with it."""
LOOSE = ((0.25, 0.5, 1.0, 1.5, 2.0), (0.55, 0.42, 0.28, 0.14, 0.10))
"""Weight of shared keys, and the overlap that a lone text needs with what the texts of the key agree on."""
BEYOND = ((0.5, 1.0, 1.25, 1.5), (0.15, 0.04, 0.00, -0.15))
"""Weight of keys, and by how much groups that share them must overlap more than strangers do."""
APART = ((0.5, 1.0, 1.5, 2.0), (0.18, 0.14, 0.02, -0.1))
"""The same of a lone text and what its key's texts agree on."""
BORNE = (
    1.15  # as ``sketches.BORNE_OUT``, for a lone text beside what has its key: one sender's small print is alike too
)
FOLLOWS = 0.5  # what it adds that one group begins when the other ends
APART_BY = 0.3  # what it takes off that both link to domains, and to none in common
OTHER = 0.6  # what it takes off that each names a contact of its own
ONE = 1.0  # what one key alone says at most where there is no group yet
_PEELS = 6  # groups of lone texts looked for under one key

ALONE = frozenset(int(kind) for kind in KeyKind if kind.name in ("ATTACHMENT", "PICTURE", "PICTURE_HASH"))
"""Kinds that join mail without text by themselves: the same file or picture."""


@dataclass(frozen=True)
class Known:
    """Keys that are nobody's own: of popular names, shorteners and senders' services, of what good mail has."""

    keys: U64 = field(default_factory=lambda: np.empty(0, np.uint64))

    def __contains__(self, key: int) -> bool:
        place = int(np.searchsorted(self.keys, np.uint64(key)))
        return place < len(self.keys) and int(self.keys[place]) == key

    def holds(self, keys: U64) -> Flags:
        """Which of these are known."""
        if not len(self.keys):
            return np.zeros(len(keys), np.bool_)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.asarray(self.keys[place] == keys, np.bool_)


def ties(keys: Keys, known: Known) -> bonds.Ties:
    """The keys that may join, without known hubs and those that only one unit has."""
    joins = np.isin(keys.kind, list(bonds.FAMILY)) & ~known.holds(keys.key)
    manners = keys.only(keys.kind == MANNER)
    keys = keys.only(joins)
    domains = np.bincount(keys.row[keys.kind == int(KeyKind.DOMAIN)], minlength=int(keys.row.max(initial=0)) + 1)
    order = np.lexsort((keys.row, keys.key, keys.kind))
    row, kind, key = keys.row[order], keys.kind[order], keys.key[order]
    if not len(row):
        none = np.empty(0, np.int64)
        return bonds.Ties(none, none, none, np.empty(0, np.uint64), np.empty(0, np.bool_), domains, manners)
    new = np.concatenate([[True], (kind[1:] != kind[:-1]) | (key[1:] != key[:-1])])
    number = np.cumsum(new) - 1
    shared = np.bincount(number) > 1
    kept = shared[number]
    row, number, kind, key = row[kept], number[kept], kind[kept], key[kept]
    new = np.concatenate([[True], number[1:] != number[:-1]]) if len(number) else np.empty(0, np.bool_)
    return bonds.Ties(
        row, np.cumsum(new) - 1, kind[new], key[new], np.zeros(int(new.sum()), np.bool_), domains, manners
    )


def join(units: Units, labels: Ints, rank: Ints, tied: bonds.Ties) -> Ints:
    """One round: hubs found, groups that share a key and words joined, lone texts brought in, files and pictures."""
    sketch, telling = units.sketch, units.telling
    labels = forest.dense(labels)
    live = ~tied.hub[tied.name] if len(tied.name) else np.empty(0, np.bool_)
    row, name = tied.row[live], tied.name[live]
    text = telling[row]
    labels = _files(labels, row, name, tied, telling)
    big, agreed = _agreed(sketch, labels, rank, telling)
    labels = _groups(
        labels, row[text], name[text], tied, big, agreed, succession.spans(units, tied.manners, labels, big)
    )
    labels = forest.dense(labels)
    return _lone(sketch, labels, rank, row[text], name[text], tied, telling)


def _agreed(sketch: U32, labels: Ints, rank: Ints, telling: Flags) -> tuple[Ints, U32]:
    rows = np.flatnonzero(telling)
    return sketches.consensus(sketch[rows], labels[rows], rank[rows], near.CORE)


def _files(labels: Ints, row: Ints, name: Ints, tied: bonds.Ties, telling: Flags) -> Ints:
    """Mail without text goes with the like of its file or picture; to a group of texts where only one has it."""
    alone = np.isin(tied.kind[name], list(ALONE)) if len(name) else np.empty(0, np.bool_)
    row, name = row[alone], name[alone]
    if not len(row):
        return labels
    mute = ~telling[row]
    order = np.lexsort((row, mute, name))  # those without text next to each other, whatever has text between them
    row, name, mute = row[order], name[order], mute[order]
    pair = (name[1:] == name[:-1]) & mute[1:] & mute[:-1]
    labels = forest.joined(labels, labels[row[:-1][pair]], labels[row[1:][pair]])
    said, held = name[~mute], labels[row[~mute]]
    code = np.unique(said * (int(labels.max()) + 1) + held)
    owner, group = code // (int(labels.max()) + 1), code % (int(labels.max()) + 1)
    single = np.bincount(owner, minlength=len(tied.kind)) == 1
    target = np.full(len(tied.kind), -1, np.int64)
    target[owner] = group
    ours = mute & single[name]
    return forest.joined(labels, labels[row[ours]], target[name[ours]])


def _groups(labels: Ints, row: Ints, name: Ints, tied: bonds.Ties, big: Ints, agreed: U32, when: Spans) -> Ints:
    """Join groups that share keys and enough of their agreed words; mark the keys that tie too many different ones."""
    held = bonds.held_by(labels, row, name, big)
    if not len(held.name):
        return labels
    bonds.find_hubs(tied, held.name, held.group, agreed)
    held = held.only(~tied.hub[held.name])
    a, b, which = _pairs_within(held.name, held.group)
    if not len(a):
        return labels
    low, high = np.minimum(a, b), np.maximum(a, b)
    weight = (bonds.rarity(held.name, len(big), tied) * bonds.voice(labels, row, name, tied))[which]
    domains = bonds.domains_of(held, tied, len(big))
    weight[bonds.services(low * len(big) + high, which, domains[low], domains[high], tied)] *= bonds.SERVICE
    pair = low * len(big) + high
    own = np.unique(pair[tied.kind[which] == int(KeyKind.DOMAIN)])
    code, reason = bonds.reasons(pair, which, weight, tied)
    low, high = code // len(big), code % len(big)
    linked = bonds.linked(labels, tied, big)
    contact = near.contacts(labels, bonds.own_contacts(tied, len(labels)))[big]
    against = APART_BY * (linked[low] & linked[high] & ~np.isin(code, own)) + OTHER * near.differ(
        contact[low], contact[high]
    )
    reason = reason + FOLLOWS * when.follows(low, high) - against
    usual = bonds.usual_overlap(agreed, agreed, bonds.kin_of(held, held, len(big)))
    alike = sketches.overlap(agreed, low, agreed, high)
    beyond = np.maximum(usual[low], usual[high]) + np.interp(reason, *BEYOND)
    good = (alike >= np.interp(reason, *NEEDED)) & (alike >= beyond)
    return forest.joined(labels, big[low[good]], big[high[good]])


def _pairs_within(owner: Ints, group: Ints) -> tuple[Ints, Ints, Ints]:
    """All pairs of groups under one key, with the key: a key of up to 64 groups gives all, a larger one neighbours."""
    a: list[Ints] = []
    b: list[Ints] = []
    which: list[Ints] = []
    order = np.argsort(owner, kind="stable")
    owner, group = owner[order], group[order]
    for step in range(1, 64):
        same = owner[step:] == owner[:-step]
        if not same.any():
            break
        a.append(group[:-step][same])
        b.append(group[step:][same])
        which.append(owner[step:][same])
    if not a:
        none = np.empty(0, np.int64)
        return none, none, none
    return np.concatenate(a), np.concatenate(b), np.concatenate(which)


def _lone(sketch: U32, labels: Ints, rank: Ints, row: Ints, name: Ints, tied: bonds.Ties, telling: Flags) -> Ints:
    """Lone texts under one key: to the group that has the key and their words, else together where they agree."""
    size = np.bincount(labels)
    small = size[labels[row]] < near.CORE
    big, agreed = _agreed(sketch, labels, rank, telling)
    labels = _to_groups(sketch, labels, row, name, small, tied, big, agreed)
    size = np.bincount(labels)
    small = size[labels[row]] < near.CORE
    own = [min(bonds.FAMILY[int(kind)][1], ONE) for kind in tied.kind]
    least = np.interp(own, *LOOSE)
    return _peeled(sketch, labels, rank, row[small], name[small], least)


def _to_groups(sketch: U32, labels: Ints, row: Ints, name: Ints, small: Flags, tied: bonds.Ties, big: Ints, agreed: U32
               ) -> Ints:  # fmt: skip
    """Each lone text to the group with which it shares keys, and as many words as these keys leave open."""
    held = bonds.held_by(labels, row, name, big)
    if not len(held.name) or not small.any():
        return labels
    at, found = sketches.matches(name[small].astype(np.uint64), held.name.astype(np.uint64), 64)
    lone, group, which = row[small][at], held.group[found], held.name[found]
    weight = bonds.rarity(held.name, len(big), tied) * bonds.voice(labels, row, name, tied)
    here = weight[which]
    code = lone * len(big) + group
    here[bonds.services(code, which, tied.domains[lone], bonds.domains_of(held, tied, len(big))[group], tied)] *= (
        bonds.SERVICE
    )
    code, reason = bonds.reasons(code, which, here, tied)
    lone, group = code // len(big), code % len(big)
    alike = sketches.overlap(sketch, lone, agreed, group, BORNE)
    others = np.arange(0, len(sketch), max(1, len(sketch) // bonds.SAMPLE))
    kin = bonds.kin_of(held, _of_rows(row, name, others, labels, big), len(others))
    usual = bonds.usual_overlap(agreed, sketch[others], kin)
    alike[alike < np.maximum(np.interp(reason, *LOOSE), usual[group] + np.interp(reason, *APART))] = 0.0
    lone, joined = near.best(lone, group, alike, LOOSE[1][-1], near.MARGIN / 2)
    return forest.joined(labels, labels[lone], big[joined])


def _of_rows(row: Ints, name: Ints, others: Ints, labels: Ints, big: Ints) -> bonds.Held:
    """The keys of some texts, as if each were a group."""
    at = np.minimum(np.searchsorted(others, row), len(others) - 1)
    mine = others[at] == row
    order = np.argsort(name[mine], kind="stable")
    return bonds.Held(name[mine][order], at[mine][order], np.ones(int(mine.sum()), np.bool_))


def _peeled(sketch: U32, labels: Ints, rank: Ints, row: Ints, name: Ints, least: Reals) -> Ints:
    """Lone texts of one key that agree on enough words become a group, several groups of them where they do not.

    A text goes by one key a time, that under which it agrees most, so things of many do not chain what they are in.
    """
    left = np.bincount(name)
    wanted = left[name] >= near.CORE if len(name) else np.empty(0, np.bool_)
    row, name = row[wanted], name[wanted]
    a: list[Ints] = []
    b: list[Ints] = []
    others = np.argsort(rank)[:: max(1, len(rank) // bonds.SAMPLE)]
    for _ in range(_PEELS):
        if not len(row):
            break
        named = forest.dense(name)
        big, agreed = sketches.consensus(sketch[row], named, rank[row], near.CORE)
        if not len(big):
            break
        place = np.full(int(named.max()) + 1, -1, np.int64)
        place[big] = np.arange(len(big))
        inside = np.flatnonzero(place[named] >= 0)
        group = place[named[inside]]
        votes = np.minimum(np.bincount(named)[named[inside]], sketches.MEMBERS)
        alike = (sketches.overlap(sketch, row[inside], agreed, group, BORNE) * votes - 1) / (
            votes - 1
        )  # without its own vote
        seat = np.full(len(sketch), -1, np.int64)
        seat[others] = np.arange(len(others))
        looked = seat[row[inside]] >= 0
        kin = np.unique(group[looked] * len(others) + seat[row[inside]][looked])
        bar = np.maximum(least[name[inside]], bonds.usual_overlap(agreed, sketch[others], kin)[group] + APART[1][0])
        best = np.full(len(sketch), -1.0)
        np.maximum.at(best, row[inside], alike - bar)
        hit = np.zeros(len(row), np.bool_)
        hit[inside] = (alike >= bar) & (alike - bar >= best[row[inside]])
        times = np.bincount(named[hit], minlength=int(named.max()) + 1)
        enough = (times >= near.CORE) & (times >= bonds.MOST_OF * np.bincount(named))
        taken = hit & enough[named]
        lead = np.full(len(times), -1, np.int64)
        ordered = np.flatnonzero(taken)[::-1]
        lead[named[ordered]] = row[ordered]
        a.append(labels[row[taken]])
        b.append(labels[lead[named[taken]]])
        keep = ~np.isin(row, row[taken]) & enough[named]  # a key without a group in it has none left
        row, name = row[keep], name[keep]
    return forest.joined(labels, np.concatenate(a), np.concatenate(b)) if a else labels
