"""The key join: texts that share a thing, such as a linked domain or a file, and enough of their words besides.

One shared thing alone never joins two groups of texts: shorteners, trackers and mail providers serve many. What a
known list names, what good mail has, or what ties more than ``HUB`` groups that say different things counts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from junkhound.campaign import forest, near, sketches, succession
from junkhound.campaign.forest import U32, U64, Flags, Ints, Reals
from junkhound.campaign.succession import Spans
from junkhound.campaign.units import MANNER, Keys, Units
from junkhound.tables import KeyKind

NEEDED = ((0.0, 0.5, 1.0, 1.25, 2.0), (0.55, 0.48, 0.20, 0.12, 0.08))
"""Weight of the shared keys, and the overlap of two consensus that joins together with it."""
LOOSE = ((0.25, 0.5, 1.0, 1.5, 2.0), (0.55, 0.42, 0.28, 0.14, 0.10))
"""Weight of shared keys, and the overlap that a lone text needs with what the texts of the key agree on."""
HUB = 5  # groups of different texts that a key may tie before it is nobody's own
SECOND = 0.5  # of its weight that a second key of a family adds
BEYOND = ((0.5, 1.0, 1.25, 1.5), (0.15, 0.04, 0.00, -0.15))
"""Weight of keys, and by how much groups that share them must overlap more than strangers do."""
APART = ((0.5, 1.0, 1.5, 2.0), (0.18, 0.14, 0.02, -0.1))
"""The same of a lone text and what its key's texts agree on."""
FOLLOWS = 0.5  # what it adds that one group begins when the other ends
SERVICE = 0.25  # of its weight that a linked domain keeps where it carries other domains
THIRD = 0.34  # of a group's texts, or ``near.WITNESSES`` of them, that have a key which counts for it
MOST = 0.5  # share of a group's texts that have a domain which is its own
KIN = 256  # groups or texts under one key that are left out where strangers are looked at
ONE = 1.0  # what one key alone says at most where there is no group yet
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
    "PHONE": (CONTACT, 2.0), "MAILBOX": (CONTACT, 2.0), "WALLET": (MONEY, 1.0), "IBAN": (MONEY, 1.0),
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
    domains: Ints  # by row: how many linked domains a text has, those that it alone has too
    manners: Keys  # how the programs spoke


def ties(keys: Keys, known: Known) -> Ties:
    """The keys that may join, without known hubs and those that only one unit has."""
    joins = np.isin(keys.kind, list(_FAMILY)) & ~known.holds(keys.key)
    manners = keys.only(keys.kind == MANNER)
    keys = keys.only(joins)
    domains = np.bincount(keys.row[keys.kind == int(KeyKind.DOMAIN)], minlength=int(keys.row.max(initial=0)) + 1)
    order = np.lexsort((keys.row, keys.key, keys.kind))
    row, kind, key = keys.row[order], keys.kind[order], keys.key[order]
    if not len(row):
        none = np.empty(0, np.int64)
        return Ties(none, none, none, np.empty(0, np.uint64), np.empty(0, np.bool_), domains, manners)
    new = np.concatenate([[True], (kind[1:] != kind[:-1]) | (key[1:] != key[:-1])])
    number = np.cumsum(new) - 1
    shared = np.bincount(number) > 1
    kept = shared[number]
    row, number, kind, key = row[kept], number[kept], kind[kept], key[kept]
    new = np.concatenate([[True], number[1:] != number[:-1]]) if len(number) else np.empty(0, np.bool_)
    return Ties(row, np.cumsum(new) - 1, kind[new], key[new], np.zeros(int(new.sum()), np.bool_), domains, manners)


def join(units: Units, labels: Ints, rank: Ints, tied: Ties) -> Ints:
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


def _groups(labels: Ints, row: Ints, name: Ints, tied: Ties, big: Ints, agreed: U32, when: Spans) -> Ints:
    """Join groups that share keys and enough of their agreed words; mark the keys that tie too many different ones."""
    held = _held(labels, row, name, big)
    if not len(held.name):
        return labels
    _find_hubs(tied, held.name, held.group, agreed)
    held = held.only(~tied.hub[held.name])
    a, b, which = _pairs_within(held.name, held.group)
    if not len(a):
        return labels
    low, high = np.minimum(a, b), np.maximum(a, b)
    weight = (_rarity(held.name, len(big), tied) * _voice(labels, row, name, tied))[which]
    domains = _domains(held, tied, len(big))
    weight[_services(low * len(big) + high, which, domains[low], domains[high], tied)] *= SERVICE
    code, reason = _reasons(low * len(big) + high, which, weight, tied)
    low, high = code // len(big), code % len(big)
    reason = reason + FOLLOWS * when.follows(low, high)
    usual = _usual(agreed, agreed, _kin(held, held, len(big)))
    alike = sketches.overlap(agreed, low, agreed, high)
    beyond = np.maximum(usual[low], usual[high]) + np.interp(reason, *BEYOND)
    good = (alike >= np.interp(reason, *NEEDED)) & (alike >= beyond)
    return forest.joined(labels, big[low[good]], big[high[good]])


@dataclass(frozen=True)
class _Held:
    """Which group has which key, each pair once, in order of the keys; ``most``: in most of its texts."""

    name: Ints
    group: Ints  # its place among the groups
    most: Flags

    def only(self, which: Flags) -> _Held:
        return _Held(self.name[which], self.group[which], self.most[which])


def _held(labels: Ints, row: Ints, name: Ints, big: Ints) -> _Held:
    """The keys of groups, those that one or two of many texts have left out: anybody may put one into a few."""
    place = np.full(int(labels.max(initial=0)) + 1, -1, np.int64)
    place[big] = np.arange(len(big))
    group = place[labels[row]]
    inside = group >= 0
    code, texts = np.unique(name[inside] * max(len(big), 1) + group[inside], return_counts=True)
    owner, group = code // max(len(big), 1), code % max(len(big), 1)
    size = np.bincount(labels, minlength=len(place))[big][group]
    share = texts / np.maximum(size, 1)
    kept = (texts >= near.WITNESSES) | (share >= THIRD)
    return _Held(owner[kept], group[kept], share[kept] >= MOST)


def _services(pair: Ints, which: Ints, mine: Ints, other: Ints, tied: Ties) -> Flags:
    """Where a linked domain that two share looks like a service: each has one of its own besides.

    Redirectors, trackers and hosts of pictures carry many customers' links; what differs is the customer. ``mine`` and
    ``other`` say how many domains each has. Where the two share a second domain nothing is said.
    """
    domain = tied.kind[which] == int(KeyKind.DOMAIN)
    codes, place = np.unique(pair[domain], return_inverse=True)
    both = np.zeros(len(pair), np.int64)
    both[domain] = np.bincount(place.reshape(-1), minlength=len(codes))[place.reshape(-1)]
    return np.asarray(domain & (both == 1) & (mine > 1) & (other > 1), np.bool_)


def _domains(held: _Held, tied: Ties, count: int) -> Ints:
    """How many linked domains each group has in most of its texts."""
    return np.bincount(held.group[held.most & (tied.kind[held.name] == int(KeyKind.DOMAIN))], minlength=count)


def _kin(held: _Held, others: _Held, count: int) -> Ints:
    """Pairs (group of ``held`` times ``count`` plus group of ``others``) that share a key: no strangers."""
    at, found = sketches.matches(held.name.astype(np.uint64), others.name.astype(np.uint64), KIN)
    return np.unique(held.group[at] * count + others.group[found])


def _usual(agreed: U32, others: U32, kin: Ints) -> Reals:
    """How much each of these sketches overlaps others that it has nothing to do with: the words of its language.

    The ``MOST_USUAL`` quantile over a sample of the others without its ``kin`` (as numbers: its place times the others
    plus theirs); 0 where there are too few to tell.
    """
    found = np.zeros(len(agreed))
    sample = np.arange(0, len(others), max(1, len(others) // SAMPLE))
    owner, other = kin // max(len(others), 1), kin % max(len(others), 1)
    start = np.searchsorted(owner, np.arange(len(agreed) + 1))
    for place in range(len(agreed)):
        strange = sample[~np.isin(sample, other[start[place] : start[place + 1]])]
        strange = strange[strange != place] if others is agreed else strange
        if len(strange) >= FEW:
            found[place] = np.quantile((others[strange] == agreed[place]).mean(axis=1), MOST_USUAL)
    return found


def _rarity(owner: Ints, groups: int, tied: Ties) -> Reals:
    """The weight of each key by name: that of its kind, less the more groups have it (as log N/df)."""
    spread = np.maximum(np.bincount(owner, minlength=len(tied.kind)), 2)
    rare = np.log(max(groups, 4) / spread) / np.log(max(groups, 4) / 2)
    own = np.array([_FAMILY[int(kind)][1] for kind in tied.kind])
    return np.asarray(own * np.clip(rare, 0.0, 1.0), np.float64)


def _voice(labels: Ints, row: Ints, name: Ints, tied: Ties) -> Reals:
    """What a key counts for by name: little where most of the texts that have it are like no other of them.

    A mailing list's address, a forum, a newspaper: what is written there has many authors, and spam is some of it.
    """
    count = int(labels.max(initial=0)) + 1
    code, times = np.unique(name * count + labels[row], return_counts=True)
    together = np.bincount(code // count, np.where(times >= near.CORE, times, 0), minlength=len(tied.kind))
    all_of = np.bincount(name, minlength=len(tied.kind))
    return np.where(together >= MOST_OF * all_of, 1.0, SERVICE)


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


def _reasons(code: Ints, which: Ints, weight: Reals, tied: Ties) -> tuple[Ints, Reals]:
    """Each pair (a number of its own) once, with the weight of the keys that tie it: of each family the heaviest."""
    family = np.array([_FAMILY[int(kind)][0] for kind in tied.kind], np.int64)[which]
    code = code * 16 + family
    order = np.lexsort((-weight, code))
    code, heavy = code[order], weight[order]
    first = np.concatenate([[True], code[1:] != code[:-1]])
    second = np.concatenate([[False], first[:-1] & ~first[1:]])  # a second thing of a family says half as much again
    counted = np.where(first, heavy, np.where(second, SECOND * heavy, 0.0))
    pair, place = np.unique(code // 16, return_inverse=True)
    first_of = np.maximum.accumulate(np.where(first, np.arange(len(code)), 0))
    habit = heavy[first_of] <= WEAK
    strong = np.bincount(place.reshape(-1), np.where(habit, 0.0, counted))
    weak = np.bincount(place.reshape(-1), np.where(habit & first, counted, 0.0))
    return pair, np.asarray(strong + np.minimum(weak, WEAK_SUM), np.float64)


def _lone(sketch: U32, labels: Ints, rank: Ints, row: Ints, name: Ints, tied: Ties, telling: Flags) -> Ints:
    """Lone texts under one key: to the group that has the key and their words, else together where they agree."""
    size = np.bincount(labels)
    small = size[labels[row]] < near.CORE
    big, agreed = _agreed(sketch, labels, rank, telling)
    labels = _to_groups(sketch, labels, row, name, small, tied, big, agreed)
    size = np.bincount(labels)
    small = size[labels[row]] < near.CORE
    own = [min(_FAMILY[int(kind)][1], ONE) for kind in tied.kind]
    least = np.interp(own, *LOOSE)
    return _peeled(sketch, labels, rank, row[small], name[small], least)


def _to_groups(sketch: U32, labels: Ints, row: Ints, name: Ints, small: Flags, tied: Ties, big: Ints, agreed: U32
               ) -> Ints:  # fmt: skip
    """Each lone text to the group with which it shares keys, and as many words as these keys leave open."""
    held = _held(labels, row, name, big)
    if not len(held.name) or not small.any():
        return labels
    at, found = sketches.matches(name[small].astype(np.uint64), held.name.astype(np.uint64), 64)
    lone, group, which = row[small][at], held.group[found], held.name[found]
    weight = _rarity(held.name, len(big), tied) * _voice(labels, row, name, tied)
    here = weight[which]
    code = lone * len(big) + group
    here[_services(code, which, tied.domains[lone], _domains(held, tied, len(big))[group], tied)] *= SERVICE
    code, reason = _reasons(code, which, here, tied)
    lone, group = code // len(big), code % len(big)
    alike = sketches.overlap(sketch, lone, agreed, group)
    others = np.arange(0, len(sketch), max(1, len(sketch) // SAMPLE))
    kin = _kin(held, _of_rows(row, name, others, labels, big), len(others))
    usual = _usual(agreed, sketch[others], kin)
    alike[alike < np.maximum(np.interp(reason, *LOOSE), usual[group] + np.interp(reason, *APART))] = 0.0
    lone, joined = near.best(lone, group, alike, LOOSE[1][-1], near.MARGIN / 2)
    return forest.joined(labels, labels[lone], big[joined])


def _of_rows(row: Ints, name: Ints, others: Ints, labels: Ints, big: Ints) -> _Held:
    """The keys of some texts, as if each were a group."""
    at = np.minimum(np.searchsorted(others, row), len(others) - 1)
    mine = others[at] == row
    order = np.argsort(name[mine], kind="stable")
    return _Held(name[mine][order], at[mine][order], np.ones(int(mine.sum()), np.bool_))


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
        votes = np.minimum(np.bincount(named)[named[inside]], sketches.MEMBERS)
        alike = (sketches.overlap(sketch, row[inside], agreed, group) * votes - 1) / (votes - 1)  # without its own vote
        seat = np.full(len(sketch), -1, np.int64)
        seat[others] = np.arange(len(others))
        looked = seat[row[inside]] >= 0
        kin = np.unique(group[looked] * len(others) + seat[row[inside]][looked])
        bar = np.maximum(least[name[inside]], _usual(agreed, sketch[others], kin)[group] + APART[1][0])
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
