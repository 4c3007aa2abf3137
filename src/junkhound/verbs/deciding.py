"""The rows that decisions are made from, read once for all lists of a moment."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np

from junkhound import content, listing
from junkhound.kernel.clock import DAY, HOUR
from junkhound.kernel.errors import NotFound, Refused
from junkhound.kernel.net import Address, Network
from junkhound.ledger import advertising, histories
from junkhound.ledger.appeals import Appeals
from junkhound.ledger.home import hub_key
from junkhound.ledger.listing_records import Past, Pins
from junkhound.ledger.listing_step import PINNED
from junkhound.ledger.listings import Listings
from junkhound.ledger.queries import Places
from junkhound.ledger.snapshot import Stored
from junkhound.listing import MALWARE, Days, Decision, Groups, History, Neighbours, Policy, Rows, Senders, Subject
from junkhound.sighting import numbers
from junkhound.tables import Kind
from junkhound.verbs.office import Office

MEMORY_DAYS = 5 * 365  # the slowest counter has forgotten all but 3% of what is older
_LEAST = 2  # witness units below which no list holds an address
KIND_WORTH = {"pristine": 1.0, "seeded": 1.0, "recycled": 0.8, "typo": 0.2}
"""How much a trap's mail says by what the trap is: a typo is made by honest people too."""

Progress = Callable[[str, int, int], None]
"""What is being done, how many steps are done, how many there are."""


def relays_of(office: Office) -> list[str]:
    """The relays of all traps and mailboxes: believed, so never listed."""
    config = office.config
    groups = [intake.relays for intake in config.traps.values()]
    groups += [intake.relays for intake in config.mailboxes.values()]
    return [relay for relays in groups for relay in relays]


def weights_of(office: Office) -> list[tuple[int, float]]:
    """How much each trap's domains and each feed say, by the number of their vantage; those that say 1 are left out."""
    feeds = {f"feed:{name}": about.weight for name, about in office.config.feeds.items() if about.weight != 1.0}
    said: dict[str, float] = {}
    for trap in office.config.traps.values():
        worth = trap.weight * KIND_WORTH[trap.kind]
        domains = [*trap.domains, *(address.rpartition("@")[2] for address in trap.addresses)]
        said |= {content.registrable(domain.lower()) or domain.lower(): worth for domain in domains if worth != 1.0}
    if not said and not feeds:
        return []
    key = hub_key(office.home)
    named = {**{f"trap {domain}": worth for domain, worth in said.items()}, **feeds}
    return [(numbers.number(key, "vantage", name), worth) for name, worth in named.items()]


def policies(office: Office, name: str | None = None) -> list[Policy]:
    """The configured policies, or the one asked for. Errors: NotFound with the nearest name, ConfigError."""
    rules = office.config.lists
    if name is not None and name not in rules:
        near = difflib.get_close_matches(name, rules, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(rules))}"
        raise NotFound(f"no list called {name!r}", hint)
    names = [name] if name is not None else list(rules)
    relays, weights = relays_of(office), weights_of(office)
    return [listing.policy_of(one, rules[one], office.config.network, relays, weights) for one in names]


def refuse_single_vantage(office: Office, policy: Policy) -> None:
    """A public list needs two vantages in all data (RUNTIME, observation 10). Errors: Refused with the way out."""
    if policy.scope == "public" and len(office.ledger.names("vantage")) < 2:
        raise Refused(
            f"list {policy.name!r} is public, but fewer than two vantages have seen anything",
            f'set scope = "own" in [lists.{policy.name}], or pool with partners or a second trap domain',
        )


def joined(parts: Sequence[Days]) -> Days:
    """The days of several addresses as those of one."""
    if len(parts) == 1:
        return parts[0]
    days, place = np.unique(np.concatenate([part.day for part in parts]), return_inverse=True)
    sums = (np.concatenate([part[column] for part in parts]) for column in (1, 2))
    return Days(days, *(np.bincount(place, one, len(days)).astype(np.int64) for one in sums))


class Docket:
    """Everything that can be decided for moment ``at``; reads the ledger when first asked.

    With ``touched`` only addresses with rows in these objects are read and decided; how their networks behave is then
    as of the ``neighbours`` given. Those that only sent more junk and stand on their lists for ``until`` anyway are
    left to a later round: it could do nothing but move their end.
    """

    def __init__(
        self,
        office: Office,
        at: int,
        progress: Progress | None = None,
        touched: Sequence[Stored] | None = None,
        neighbours: Neighbours | None = None,
        until: int | None = None,
    ) -> None:
        self.office, self.at, self.touched, self._neighbours = office, at, touched, neighbours
        self._until = until
        self.progress = progress or (lambda what, done, total: None)
        self._groups: Groups | None = None
        self._queries = office.ledger.query()
        self._hour = at // HOUR
        self._since = (self._hour - listing.WINDOW_HOURS + 1) * HOUR

    @cached_property
    def rows(self) -> Rows:
        """The witness units in the window of all addresses that any list could hold."""
        self.progress("reading witness units", 0, 0)
        bits = self._ipv6_bits
        places = None if self.touched is None else self._places(self.touched)
        columns = self._queries.units(self._since, self.at + 1, None, None, _LEAST, places, bits)
        if any(rules.holds == "malware" for rules in self.office.config.lists.values()):
            columns["marks"] = self._marks(columns)
        return Rows.of(columns)

    @property
    def _ipv6_bits(self) -> int:
        return min(48, *(rules.ipv6_bits for rules in self.office.config.lists.values()), 64)

    def _places(self, touched: Sequence[Stored]) -> Places:
        """What must be decided now of what has new rows: where some list could hold it, or not any longer."""
        places, kinds = self._queries.touched(touched, self._ipv6_bits)
        if self._until is None or not len(places):
            return places
        good, book = np.uint32(1 << Kind.GOOD), Listings(self.office.ledger.state)
        wanted = np.zeros(len(places), bool)
        for policy in policies(self.office):
            if policy.combined or policy.of_ranges or policy.of_names:
                continue
            counted = np.uint32(sum(1 << kind for kind in policy.kinds))
            stands = np.isin(places, book.lasting(policy.name, self._until, places))
            wanted |= ((kinds & good) != 0) | (((kinds & counted) != 0) & ~stands)
        return places[wanted]

    def _marks(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """Which rows are of mails that carried a program."""
        found = histories.carriers(self._queries, self._since, self.at + 1)
        names = ("addr_hi", "addr_lo", "hour", "vantage")
        known = set(zip(*(found[name].tolist() for name in names), strict=True))
        rows = zip(*(columns[name].tolist() for name in names), strict=True)
        return np.fromiter((MALWARE if row in known else 0 for row in rows), np.uint8, len(columns["hour"]))

    @cached_property
    def senders(self) -> Senders:
        """Every address of the window in a row."""
        return self._senders(listing.WINDOW_HOURS)

    def _senders(self, hours: int) -> Senders:
        self.progress("reading senders", 0, 0)
        return Senders.of(histories.senders(self._queries, self._hour - hours, self._hour))

    @cached_property
    def neighbours(self) -> Neighbours:
        """How each network's senders behave."""
        return self._neighbours or Neighbours(self.senders)

    @cached_property
    def fresh(self) -> Rows:
        """The units of the touched addresses, those of a single witness too."""
        places, _ = self._queries.touched(self.touched or (), self._ipv6_bits)
        return Rows.of(self._queries.units(self._since, self.at + 1, None, None, 1, places, self._ipv6_bits))

    @property
    def seq(self) -> int:
        """The manifest sequence of what was read."""
        return self._queries.snapshot.seq

    def groups(self, policy: Policy) -> Groups:
        """The rows by subject of this policy."""
        if self._groups is None or self._groups.policy != policy:
            self._groups = Groups(self.rows, policy, self.at, self.neighbours)
        return self._groups

    def subjects(self, policy: Policy) -> Collection[Subject] | None:
        """What a decision of this list can be about; None for anything."""
        if self.touched is None or policy.of_ranges or policy.of_names:
            return None
        return self.groups(policy).numbers.keys()

    def decide(
        self, policy: Policy, past: dict[Subject, Past], standing: Mapping[Subject, tuple[Network, ...]]
    ) -> list[Decision]:
        """A decision for every subject that could be listed and for every one that is, in the order of subjects.

        ``standing`` is what is listed now, each with what it leaves out.
        """
        if policy.of_names:
            return self._names(policy, standing)
        if policy.of_ranges:
            from junkhound.verbs import feeds  # they ask for the policies, so it is they who import this module first

            recent = self._senders(listing.SNOWSHOE_HOURS) if policy.holds == "snowshoe" else self.senders
            approved = Appeals(self.office.ledger.state).approved(policy.name, self.at)
            allowed = dict(feeds.allowed(self.office))
            return listing.range_decisions(policy, self.senders, recent, self.at, standing, approved, allowed)
        groups = self.groups(policy)
        chosen = {groups.subject(int(number)): int(number) for number in groups.candidates()}
        unseen = []
        for subject in standing:
            found = groups.find(subject) if isinstance(subject, Network) else None
            if found is not None:
                chosen[subject] = found  # type: ignore[index]
            elif self.touched is None:
                unseen.append(subject)
        made = self.judge(policy, groups, sorted(chosen.items()), past)
        made += [listing.decide(History(subject), policy, self.at) for subject in unseen]
        return sorted(made, key=lambda decision: decision.subject)

    def judge(
        self, policy: Policy, groups: Groups, chosen: Sequence[tuple[Network, int]], past: Mapping[Subject, Past]
    ) -> list[Decision]:
        """Decide these subjects one by one."""
        days = self._days(policy, [subject for subject, _ in chosen], groups, [number for _, number in chosen])
        made = []
        for done, (subject, number) in enumerate(chosen):
            if done % 200 == 0:
                self.progress(f"deciding {policy.name}", done, len(chosen))
            before = past.get(subject, Past())
            history = groups.history(
                number, days.get(subject, ()), before.relistings, before.ended_hour, before.cleared_hour
            )
            made.append(listing.decide(history, policy, self.at))
        self.progress(f"deciding {policy.name}", len(chosen), len(chosen))
        return made

    def _days(
        self, policy: Policy, subjects: Sequence[Network], groups: Groups, numbers: Sequence[int]
    ) -> dict[Network, Days]:
        """The days before the window, by subject."""
        if not subjects:
            return {}
        hi, lo = self._addresses(groups, numbers)
        until = self._since // DAY + 1
        found = histories.older_days(self._queries, hi, lo, until - MEMORY_DAYS, until)
        hi, lo, day = found["addr_hi"], found["addr_lo"], found["day"].astype(np.int64)
        if not len(day):
            return {}
        good = found["kind"] == int(Kind.GOOD)
        junk = np.isin(found["kind"], list(policy.kinds))
        machine = np.ones(len(day), bool)
        machine[1:] = (hi[1:] != hi[:-1]) | (lo[1:] != lo[:-1])
        first = machine.copy()
        first[1:] |= day[1:] != day[:-1]
        starts = np.flatnonzero(first)
        sums = Days(day[starts], *(np.add.reduceat(found["witnesses"] * of, starts) for of in (junk, good)))
        begins = np.flatnonzero(machine[starts])
        by_subject: dict[Network, list[Days]] = defaultdict(list)
        for begin, end in pairwise([*begins.tolist(), len(starts)]):
            place = starts[begin]
            part = Days(*(column[begin:end] for column in sums))
            by_subject[groups.holder(Address(int(hi[place]), int(lo[place])))].append(part)
        return {subject: joined(parts) for subject, parts in by_subject.items()}

    @staticmethod
    def _addresses(groups: Groups, numbers: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """The distinct addresses behind subjects: one in IPv4, those seen in the /64 in IPv6."""
        wanted = np.asarray(numbers, np.int64)
        single = groups.bits[groups.starts[wanted]] == 128
        alone = groups.starts[wanted[single]]
        which = np.isin(groups.group, wanted[~single]) if not single.all() else np.zeros(len(groups.rows), bool)
        pairs = np.unique(np.stack([groups.rows.addr_hi[which], groups.rows.addr_lo[which]]), axis=1)
        return (
            np.concatenate([groups.hi[alone], pairs[0]]),
            np.concatenate([groups.lo[alone], pairs[1]]),
        )  # fmt: skip

    # -- names ------------------------------------------------------------------------------------------------

    def _names(self, policy: Policy, standing: Iterable[Subject]) -> list[Decision]:
        self.progress(f"reading names for {policy.name}", 0, 0)
        since = (self._hour - listing.NAMES_HOURS + 1) * HOUR
        found = advertising.advertised(self._queries, since, self.at + 1, policy.holds == "hosts", self._since)
        protected = self._protected(policy)
        made = {one.subject: listing.decide_name(one, policy, protected, self.at) for one in found}
        for subject in standing:
            if subject not in made and isinstance(subject, listing.Domain):
                made[subject] = listing.decide_name(listing.Advertised(subject, (), 0), policy, protected, self.at)
        return sorted(made.values(), key=lambda decision: decision.subject)

    def _protected(self, policy: Policy) -> frozenset[str]:
        """Names that no list of names holds: ours, and what the settings protect."""
        config = self.office.config
        words = [*policy.protect_names, *config.network.own, *relays_of(self.office), config.publish.zone]
        for trap in config.traps.values():
            words += [*trap.domains, *(address.rpartition("@")[2] for address in trap.addresses)]
        words += [name.rpartition("@")[2] for name in config.mailboxes if "@" in name]
        return frozenset(name for word in words if (name := listing.domain_name(word)) is not None)

    # -- pins -------------------------------------------------------------------------------------------------

    def pins(self, policy: Policy, subjects: Sequence[Subject]) -> Pins:
        """The messages that a listing of these subjects keeps."""
        if not subjects:
            return {}
        if policy.of_names:
            names = {one.name: one for one in subjects if isinstance(one, listing.Domain)}
            kept = advertising.naming_messages(self._queries, list(names), policy.holds == "hosts", self._since,
                                             self.at + 1, PINNED)  # fmt: skip
            return {names[name]: messages for name, messages in kept.items()}
        networks = [one for one in subjects if isinstance(one, Network)]
        if policy.of_ranges:
            return self._range_pins(networks)
        groups = self.groups(policy)
        numbers = [number for number in map(groups.find, networks) if number is not None]
        hi, lo = self._addresses(groups, numbers)
        found: dict[Subject, list[tuple[int, int, int | None]]] = defaultdict(list)
        rows = histories.witness_messages(self._queries, hi, lo, self._since, self.at + 1, PINNED)
        for address, segment, ordinal, seen_at in rows:
            found[groups.holder(address)].append((segment, ordinal, seen_at))
        return found

    def _range_pins(self, networks: Sequence[Network]) -> Pins:
        """One message of each of the addresses of a range that were seen last."""
        every = self.senders
        places = np.flatnonzero(every.bad > 0)
        newest = places[np.argsort(-every.last[places], kind="stable")]
        taken: dict[Network, list[int]] = {network: [] for network in networks}
        for place in newest.tolist():
            address = Address(int(every.addr_hi[place]), int(every.addr_lo[place]))
            for network, held in taken.items():
                if len(held) < PINNED and network.holds(address):
                    held.append(place)
        chosen = sorted({place for held in taken.values() for place in held})
        found: dict[Subject, list[tuple[int, int, int | None]]] = defaultdict(list)
        rows = histories.witness_messages(
            self._queries, every.addr_hi[chosen], every.addr_lo[chosen], self._since, self.at + 1, 1
        )
        for address, segment, ordinal, seen_at in rows:
            for network in taken:
                if network.holds(address):
                    found[network].append((segment, ordinal, seen_at))
        return found
