"""The key join: texts that share a thing, such as a linked domain or a file, and enough of their words besides.

One shared thing alone never joins two groups of texts: shorteners, trackers and mail providers serve many. What a
known list names, what good mail has, or what ties more than ``HUB`` groups that say different things counts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from junkhound.campaign import forest, near, sketches
from junkhound.campaign.forest import U32, U64, Flags, Ints, Reals
from junkhound.campaign.units import Keys
from junkhound.tables import KeyKind

NEEDED = ((0.0, 0.5, 1.0, 1.5, 2.0), (0.55, 0.48, 0.36, 0.20, 0.15))
"""Weight of the shared keys, and the overlap of two consensus that joins together with it."""
LOOSE = ((0.25, 0.5, 1.0), (0.55, 0.42, 0.28))
"""Weight of a key, and the overlap that a lone text needs with what the texts of the key agree on."""
HUB = 5  # groups of different texts that a key may tie before it is nobody's own
SECOND = 0.5  # of its weight that a second key of a family adds
BEYOND = 0.15  # by which groups that share a key must overlap more than strangers do
APART = 0.18  # by which a lone text must overlap what its key's texts agree on more than strangers do
MOST_USUAL = 0.9  # of strangers' overlaps
MOST_OF = 0.5  # share of a key's lone texts that must agree: those of a mailing list do by their footers only
FEW = 30  # strangers from which on that can be told
SAMPLE = 200  # strangers that are looked at
WEAK = 0.5  # kinds up to this weight are habits: many of them are no more than
WEAK_SUM = 0.6  # this
_PEELS = 6  # groups of lone texts looked for under one key
_ALIKE = 0.3  # groups under one key that count as one when hubs are found

HOST, FILE, PICTURE, CONTACT, MONEY, SENDER, TITLE, ACCOUNT = range(8)
"""Families of keys: two keys of one family are no two reasons."""

KINDS: Mapping[str, tuple[int, float]] = {
    "DOMAIN": (HOST, 1.0),  "URL": (HOST, 1.0),
    "ACCOUNT": (ACCOUNT, 0.25), "URL_SHAPE": (HOST, 0.25),
    "ATTACHMENT": (FILE, 1.0), "PICTURE": (PICTURE, 1.0), "PICTURE_HASH": (PICTURE, 1.0),
    "PHONE": (CONTACT, 1.0), "MAILBOX": (CONTACT, 1.0), "WALLET": (MONEY, 1.0), "IBAN": (MONEY, 1.0),
    "TICKER": (MONEY, 1.5), "MAIL_ADDRESS": (CONTACT, 0.25), "REPLY_TO": (CONTACT, 0.25), "DKIM_DOMAIN": (SENDER, 0.5),
    "SUBJECT": (TITLE, 0.5),
}  # fmt: skip
"""Kinds that may join texts: family, and weight of one that nobody else has.

Mailers, names of files and forged senders are shared by strangers and join nothing.
"""

_FAMILY = {int(kind): KINDS[kind.name] for kind in KeyKind if kind.name in KINDS}
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


@dataclass
class Ties:
    """Keys ready to join: each named by a small number, in order of it, with the hubs that were found."""

    row: Ints
    name: Ints
    kind: Ints  # by name
    key: U64  # by name
    hub: Flags  # by name


def ties(keys: Keys, known: Known) -> Ties:
    """The keys that may join, without known hubs and those that only one unit has."""
    joins = np.isin(keys.kind, list(_FAMILY)) & ~known.holds(keys.key)
    keys = keys.only(joins)
    order = np.lexsort((keys.row, keys.key, keys.kind))
    row, kind, key = keys.row[order], keys.kind[order], keys.key[order]
    if not len(row):
        none = np.empty(0, np.int64)
        return Ties(none, none, none, np.empty(0, np.uint64), np.empty(0, np.bool_))
    new = np.concatenate([[True], (kind[1:] != kind[:-1]) | (key[1:] != key[:-1])])
    number = np.cumsum(new) - 1
    shared = np.bincount(number) > 1
    kept = shared[number]
    row, number, kind, key = row[kept], number[kept], kind[kept], key[kept]
    new = np.concatenate([[True], number[1:] != number[:-1]]) if len(number) else np.empty(0, np.bool_)
    return Ties(row, np.cumsum(new) - 1, kind[new], key[new], np.zeros(int(new.sum()), np.bool_))


def join(sketch: U32, labels: Ints, rank: Ints, tied: Ties, telling: Flags) -> Ints:
    """One round: hubs found, groups that share a key and words joined, lone texts brought in, files and pictures."""
    labels = forest.dense(labels)
    live = ~tied.hub[tied.name] if len(tied.name) else np.empty(0, np.bool_)
    row, name = tied.row[live], tied.name[live]
    text = telling[row]
    labels = _files(labels, row, name, tied, telling)
    big, agreed = _agreed(sketch, labels, rank, telling)
    labels = _groups(labels, row[text], name[text], tied, big, agreed)
    labels = forest.dense(labels)
    return _lone(sketch, labels, rank, row[text], name[text], tied, telling)


def _agreed(sketch: U32, labels: Ints, rank: Ints, telling: Flags) -> tuple[Ints, U32]:
    rows = np.flatnonzero(telling)
    return sketches.consensus(sketch[rows], labels[rows], rank[rows], near.CORE)


def _files(labels: Ints, row: Ints, name: Ints, tied: Ties, telling: Flags) -> Ints:
    """Mail without text goes with the like of its file or picture; to a group of texts where only one has it."""
    alone = np.isin(tied.kind[name], list(ALONE)) if len(name) else np.empty(0, np.bool_)
    row, name = row[alone], name[alone]
    if not len(row):
        return labels
    mute = ~telling[row]
    order = np.lexsort((row, name))
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


def _groups(labels: Ints, row: Ints, name: Ints, tied: Ties, big: Ints, agreed: U32) -> Ints:
    """Join groups that share keys and enough of their agreed words; mark the keys that tie too many different ones."""
    place = np.full(int(labels.max(initial=0)) + 1, -1, np.int64)
    place[big] = np.arange(len(big))
    group = place[labels[row]]
    held = group >= 0
    if not held.any():
        return labels
    code = np.unique(name[held] * len(big) + group[held])
    owner, group = code // len(big), code % len(big)
    _find_hubs(tied, owner, group, agreed)
    live = ~tied.hub[owner]
    owner, group = owner[live], group[live]
    a, b, which = _pairs_within(owner, group)
    if not len(a):
        return labels
    weight = _rarity(owner, len(big), tied)
    low, high, reason = _reasons(a, b, which, weight, tied)
    usual = _usual(agreed, agreed)
    alike = sketches.overlap(agreed, low, agreed, high)
    good = (alike >= np.interp(reason, *NEEDED)) & (alike >= np.maximum(usual[low], usual[high]) + BEYOND)
    return forest.joined(labels, big[low[good]], big[high[good]])


def _usual(agreed: U32, others: U32, own: Flags | None = None) -> Reals:
    """How much each of these sketches overlaps others that it has nothing to do with: the words of its language.

    The ``MOST_USUAL`` quantile over a sample of the others without its ``own`` (a row for each of ``agreed``); 0 where
    there are too few to tell.
    """
    found = np.zeros(len(agreed))
    step = max(1, len(others) // SAMPLE)
    sample = others[::step][: 2 * SAMPLE]
    for place in range(len(agreed)):
        strange = sample if own is None else sample[~own[place][::step][: 2 * SAMPLE]]
        if len(strange) >= FEW:
            found[place] = np.quantile((strange == agreed[place]).mean(axis=1), MOST_USUAL)
    return found


def _rarity(owner: Ints, groups: int, tied: Ties) -> Reals:
    """The weight of each key by name: that of its kind, less the more groups have it (as log N/df)."""
    spread = np.maximum(np.bincount(owner, minlength=len(tied.kind)), 2)
    rare = np.log(max(groups, 4) / spread) / np.log(max(groups, 4) / 2)
    own = np.array([_FAMILY[int(kind)][1] for kind in tied.kind])
    return np.asarray(own * np.clip(rare, 0.0, 1.0), np.float64)


def _find_hubs(tied: Ties, owner: Ints, group: Ints, agreed: U32) -> None:
    """A key of more than ``HUB`` groups that say different things is a hub from now on."""
    for name in np.flatnonzero(np.bincount(owner, minlength=len(tied.hub)) > HUB).tolist():
        groups = group[owner == name]
        if len(groups) <= 2000:
            a, b = np.triu_indices(len(groups), 1)
            alike = sketches.overlap(agreed, groups[a], agreed, groups[b]) >= _ALIKE
            parts = len(np.unique(forest.components(len(groups), a[alike].astype(np.int64), b[alike].astype(np.int64))))
            if parts <= HUB:
                continue
        tied.hub[name] = True


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


def _reasons(a: Ints, b: Ints, which: Ints, weight: Reals, tied: Ties) -> tuple[Ints, Ints, Reals]:
    """Each pair once, with the weight of the keys that tie it: of each family the heaviest."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    count = int(high.max()) + 1
    family = np.array([_FAMILY[int(kind)][0] for kind in tied.kind], np.int64)[which]
    code = (low * count + high) * 16 + family
    order = np.lexsort((-weight[which], code))
    code, heavy = code[order], weight[which][order]
    first = np.concatenate([[True], code[1:] != code[:-1]])
    pair = np.unique(code // 16)
    second = np.concatenate([[False], first[:-1] & ~first[1:]])  # a second thing of a family says half as much again
    counted = np.where(first, heavy, np.where(second & (heavy > WEAK), SECOND * heavy, 0.0))
    _, place = np.unique(code // 16, return_inverse=True)
    strong = np.bincount(place.reshape(-1), np.where(heavy > WEAK, counted, 0.0))
    weak = np.bincount(place.reshape(-1), np.where(heavy > WEAK, 0.0, counted))
    return pair // count, pair % count, np.asarray(strong + np.minimum(weak, WEAK_SUM), np.float64)


def _lone(sketch: U32, labels: Ints, rank: Ints, row: Ints, name: Ints, tied: Ties, telling: Flags) -> Ints:
    """Lone texts under one key: to the group that has the key and their words, else together where they agree."""
    size = np.bincount(labels)
    small = size[labels[row]] < near.CORE
    big, agreed = _agreed(sketch, labels, rank, telling)
    place = np.full(len(size), -1, np.int64)
    place[big] = np.arange(len(big))
    least = np.interp([_FAMILY[int(kind)][1] for kind in tied.kind], *LOOSE)
    labels = _to_groups(sketch, labels, row, name, small, place, big, agreed, least)
    size = np.bincount(labels)
    small = size[labels[row]] < near.CORE
    return _peeled(sketch, labels, rank, row[small], name[small], least)


def _to_groups(sketch: U32, labels: Ints, row: Ints, name: Ints, small: Flags, place: Ints, big: Ints, agreed: U32,
               least: Reals) -> Ints:  # fmt: skip
    held = place[labels[row]]
    inside = held >= 0
    if not inside.any() or not small.any():
        return labels
    code = np.unique(name[inside] * len(big) + held[inside])
    owner, group = code // len(big), code % len(big)
    at, found = sketches.matches(name[small].astype(np.uint64), owner.astype(np.uint64), 64)
    lone = row[small][at]
    near_by = sketches.overlap(sketch, lone, agreed, group[found])
    others = np.arange(0, len(sketch), max(1, len(sketch) // SAMPLE))
    usual = _usual(agreed, sketch[others], labels[others] == big[:, None])
    near_by[near_by < np.maximum(least[owner[found]], usual[group[found]] + APART)] = 0.0
    code, first = np.unique(lone * len(big) + group[found], return_index=True)
    lone, joined = near.best(lone[first], group[found][first], near_by[first], LOOSE[1][-1], near.MARGIN / 2)
    return forest.joined(labels, labels[lone], big[joined])


def _peeled(sketch: U32, labels: Ints, rank: Ints, row: Ints, name: Ints, least: Reals) -> Ints:
    """Lone texts of one key that agree on enough words become a group, several groups of them where they do not.

    A text goes by one key a time, that under which it agrees most, so things of many do not chain what they are in.
    """
    left = np.bincount(name)
    wanted = left[name] >= near.CORE if len(name) else np.empty(0, np.bool_)
    row, name = row[wanted], name[wanted]
    a: list[Ints] = []
    b: list[Ints] = []
    others = np.argsort(rank)[:: max(1, len(rank) // SAMPLE)]
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
        alike = sketches.overlap(sketch, row[inside], agreed, group)
        mine = np.isin(np.arange(len(big))[:, None] * len(sketch) + others, group * len(sketch) + row[inside])
        bar = np.maximum(least[name[inside]], _usual(agreed, sketch[others], mine)[group] + APART)
        best = np.full(len(sketch), -1.0)
        np.maximum.at(best, row[inside], alike - bar)
        hit = np.zeros(len(row), np.bool_)
        hit[inside] = (alike >= bar) & (alike - bar >= best[row[inside]])
        times = np.bincount(named[hit], minlength=int(named.max()) + 1)
        enough = (times >= near.CORE) & (times >= MOST_OF * np.bincount(named))
        taken = hit & enough[named]
        lead = np.full(len(times), -1, np.int64)
        ordered = np.flatnonzero(taken)[::-1]
        lead[named[ordered]] = row[ordered]
        a.append(labels[row[taken]])
        b.append(labels[lead[named[taken]]])
        keep = ~np.isin(row, row[taken]) & enough[named]  # a key without a group in it has none left
        row, name = row[keep], name[keep]
    return forest.joined(labels, np.concatenate(a), np.concatenate(b)) if a else labels
