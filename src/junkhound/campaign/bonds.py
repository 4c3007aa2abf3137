"""What a shared thing counts for: by its kind, how rare it is, and whether it looks like somebody's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from junkhound.campaign import forest, near, sketches
from junkhound.campaign.forest import U32, U64, Flags, Ints, Reals
from junkhound.campaign.units import Keys
from junkhound.tables import KeyKind

HUB = 5  # groups of different texts that a key may tie before it is nobody's own
SECOND = 0.5  # of its weight that a second key of a family adds
MOST_OF = 0.5  # share of a key's lone texts that must agree: those of a mailing list do by their footers only
SERVICE = 0.25  # of its weight that a linked domain keeps where it carries other domains
THIRD = 0.34  # of a group's texts, or ``near.WITNESSES`` of them, that have a key which counts for it
MOST = 0.5  # share of a group's texts that have a domain which is its own
KIN = 256  # groups or texts under one key that are left out where strangers are looked at
MOST_USUAL = 0.9  # of strangers' overlaps
FEW = 30  # strangers from which on that can be told
SAMPLE = 200  # strangers that are looked at
WEAK = 0.5  # kinds up to this weight are habits: many of them are no more than
WEAK_SUM = 0.6  # this
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

PICTURES = frozenset(int(KeyKind[name]) for name in ("PICTURE", "PICTURE_HASH") if name in KeyKind.__members__)
CONTACTS = frozenset(int(KeyKind[name]) for name in ("PHONE", "MAILBOX", "WALLET", "IBAN", "TICKER"))
"""Kinds by which an offer is answered or paid: two of them in one prose are two offers."""
FAMILY = {int(kind): KINDS[kind.name] for kind in KeyKind if kind.name in KINDS}


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


@dataclass(frozen=True)
class Held:
    """Which group has which key, each pair once, in order of the keys; ``most``: in most of its texts."""

    name: Ints
    group: Ints  # its place among the groups
    most: Flags

    def only(self, which: Flags) -> Held:
        return Held(self.name[which], self.group[which], self.most[which])


def held_by(labels: Ints, row: Ints, name: Ints, big: Ints) -> Held:
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
    return Held(owner[kept], group[kept], share[kept] >= MOST)


def services(pair: Ints, which: Ints, mine: Ints, other: Ints, tied: Ties) -> Flags:
    """Where a linked domain that two share looks like a service: each has one of its own besides.

    Redirectors, trackers and hosts of pictures carry many customers' links; what differs is the customer. ``mine`` and
    ``other`` say how many domains each has. Where the two share a second domain nothing is said.
    """
    domain = tied.kind[which] == int(KeyKind.DOMAIN)
    codes, place = np.unique(pair[domain], return_inverse=True)
    both = np.zeros(len(pair), np.int64)
    both[domain] = np.bincount(place.reshape(-1), minlength=len(codes))[place.reshape(-1)]
    return np.asarray(domain & (both == 1) & (mine > 1) & (other > 1), np.bool_)


def domains_of(held: Held, tied: Ties, count: int) -> Ints:
    """How many linked domains each group has in most of its texts."""
    return np.bincount(held.group[held.most & (tied.kind[held.name] == int(KeyKind.DOMAIN))], minlength=count)


def linked(labels: Ints, tied: Ties, big: Ints) -> Flags:
    """Which groups link to a domain in most of their texts."""
    rows = np.flatnonzero(tied.domains > 0)
    times = np.bincount(labels[rows], minlength=int(labels.max(initial=0)) + 1)
    return np.asarray((times >= MOST * np.bincount(labels, minlength=len(times)))[big], np.bool_)


def own_contacts(tied: Ties, count: int) -> Ints:
    """For each text the one contact, account or share that it and several others name, as a number; 0 for none.

    A text with two of them has none, and so has one whose contact few others have: drop boxes change like words do.
    """
    wanted = np.isin(tied.kind, list(CONTACTS)) & (np.bincount(tied.name, minlength=len(tied.kind)) >= near.CORE)
    mine = wanted[tied.name] if len(tied.name) else np.empty(0, np.bool_)
    times = np.bincount(tied.row[mine], minlength=count)
    found = np.zeros(count, np.int64)
    found[tied.row[mine]] = tied.name[mine] + 1
    return np.where(times == 1, found, 0)


def kin_of(held: Held, others: Held, count: int) -> Ints:
    """Pairs (group of ``held`` times ``count`` plus group of ``others``) that share a key: no strangers."""
    at, found = sketches.matches(held.name.astype(np.uint64), others.name.astype(np.uint64), KIN)
    return np.unique(held.group[at] * count + others.group[found])


def usual_overlap(agreed: U32, others: U32, kin: Ints) -> Reals:
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


def rarity(owner: Ints, groups: int, tied: Ties) -> Reals:
    """The weight of each key by name: that of its kind, less the more groups have it (as log N/df)."""
    spread = np.maximum(np.bincount(owner, minlength=len(tied.kind)), 2)
    rare = np.log(max(groups, 4) / spread) / np.log(max(groups, 4) / 2)
    own = np.array([FAMILY[int(kind)][1] for kind in tied.kind])
    return np.asarray(own * np.clip(rare, 0.0, 1.0), np.float64)


def voice(labels: Ints, row: Ints, name: Ints, tied: Ties) -> Reals:
    """What a key counts for by name: little where most of the texts that have it are like no other of them.

    A mailing list's address, a forum, a newspaper: what is written there has many authors, and spam is some of it.
    """
    count = int(labels.max(initial=0)) + 1
    code, times = np.unique(name * count + labels[row], return_counts=True)
    together = np.bincount(code // count, np.where(times >= near.CORE, times, 0), minlength=len(tied.kind))
    all_of = np.bincount(name, minlength=len(tied.kind))
    return np.where(together >= MOST_OF * all_of, 1.0, SERVICE)


def find_hubs(tied: Ties, owner: Ints, group: Ints, agreed: U32) -> None:
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


def reasons(code: Ints, which: Ints, weight: Reals, tied: Ties) -> tuple[Ints, Reals]:
    """Each pair (a number of its own) once, with the weight of the keys that tie it: of each family the heaviest."""
    family = np.array([FAMILY[int(kind)][0] for kind in tied.kind], np.int64)[which]
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
