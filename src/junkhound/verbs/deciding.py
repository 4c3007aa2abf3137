"""The rows that decisions are made from, read once for all lists of a moment."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

import numpy as np

from junkhound import listing
from junkhound.kernel.clock import DAY, HOUR
from junkhound.kernel.errors import NotFound, Refused
from junkhound.kernel.net import Address, Network
from junkhound.ledger.histories import older_days, witness_messages
from junkhound.ledger.listing_records import Past, Pins
from junkhound.ledger.listings import PINNED
from junkhound.listing import Day, Decision, Groups, History, Policy, Rows
from junkhound.tables import Kind
from junkhound.verbs.office import Office

MEMORY_DAYS = 5 * 365  # the slowest counter has forgotten all but 3% of what is older

Progress = Callable[[str, int, int], None]
"""What is being done, how many steps are done, how many there are."""


def relays_of(office: Office) -> list[str]:
    """The relays of all traps and mailboxes: believed, so never listed."""
    config = office.config
    groups = [intake.relays for intake in config.traps.values()]
    groups += [intake.relays for intake in config.mailboxes.values()]
    return [relay for relays in groups for relay in relays]


def policies(office: Office, name: str | None = None) -> list[Policy]:
    """The configured policies, or the one asked for. Errors: NotFound with the nearest name, ConfigError."""
    rules = office.config.lists
    if name is not None and name not in rules:
        near = difflib.get_close_matches(name, rules, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(rules))}"
        raise NotFound(f"no list called {name!r}", hint)
    names = [name] if name is not None else list(rules)
    return [listing.policy_of(one, rules[one], office.config.network, relays_of(office)) for one in names]


def refuse_single_vantage(office: Office, policy: Policy) -> None:
    """A public list needs two vantages in all data (RUNTIME, observation 10). Errors: Refused with the way out."""
    if policy.scope == "public" and len(office.ledger.names("vantage")) < 2:
        raise Refused(
            f"list {policy.name!r} is public, but fewer than two vantages have seen anything",
            f'set scope = "own" in [lists.{policy.name}], or pool with partners or a second trap domain',
        )


class Docket:
    """Everything that can be decided for moment ``at``; reads the ledger when first asked."""

    def __init__(self, office: Office, at: int, progress: Progress | None = None) -> None:
        self.office, self.at = office, at
        self.progress = progress or (lambda what, done, total: None)
        self._queries = office.ledger.query()
        hour = at // HOUR
        self._since = (hour - listing.WINDOW_HOURS + 1) * HOUR

    @cached_property
    def rows(self) -> Rows:
        """The witness units of all addresses in the window."""
        self.progress("reading witness units", 0, 0)
        return Rows.of(self._queries.units(self._since, self.at + 1))

    def groups(self, policy: Policy) -> Groups:
        """The rows by subject of this policy."""
        return Groups(self.rows, policy, self.at)

    def decide(self, policy: Policy, past: dict[Network, Past], standing: Iterable[Network]) -> list[Decision]:
        """A decision for every subject that could be listed and for every one that is, in the order of addresses."""
        groups = self.groups(policy)
        chosen = {groups.subject(int(number)): int(number) for number in groups.candidates()}
        unseen = []
        for subject in standing:
            number = groups.find(subject)
            if number is None:
                unseen.append(subject)
            else:
                chosen[subject] = number
        made = self.judge(policy, groups, sorted(chosen.items()), past)
        made += [listing.decide(History(subject), policy, self.at) for subject in unseen]
        return sorted(made, key=lambda decision: decision.subject)

    def judge(
        self, policy: Policy, groups: Groups, chosen: Sequence[tuple[Network, int]], past: dict[Network, Past]
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
    ) -> dict[Network, tuple[Day, ...]]:
        """The days before the window, by subject."""
        if not subjects:
            return {}
        hi, lo = self._addresses(groups, numbers)
        until = self._since // DAY + 1
        found = older_days(self._queries, hi, lo, until - MEMORY_DAYS, until)
        sums: dict[Network, dict[int, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
        columns = (found[name].tolist() for name in ("addr_hi", "addr_lo", "day", "kind", "witnesses"))
        for top, low, day, kind, witnesses in zip(*columns, strict=True):
            subject = policy.subject(Address(top, low))
            if kind == Kind.GOOD:
                sums[subject][day][1] += witnesses
            elif kind in policy.kinds:
                sums[subject][day][0] += witnesses
        return {s: tuple(Day(day, *both) for day, both in sorted(days.items())) for s, days in sums.items()}

    @staticmethod
    def _addresses(groups: Groups, numbers: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """The distinct addresses behind subjects: one in IPv4, those seen in the /64 in IPv6."""
        which = np.isin(groups.group, np.asarray(numbers, np.int64))
        pairs = np.unique(np.stack([groups.rows.addr_hi[which], groups.rows.addr_lo[which]]), axis=1)
        return pairs[0], pairs[1]

    def pins(self, policy: Policy, subjects: Sequence[Network]) -> Pins:
        """The messages that a listing of these subjects keeps."""
        if not subjects:
            return {}
        groups = self.groups(policy)
        numbers = [number for number in map(groups.find, subjects) if number is not None]
        hi, lo = self._addresses(groups, numbers)
        found: dict[Network, list[tuple[int, int, int | None]]] = defaultdict(list)
        rows = witness_messages(self._queries, hi, lo, self._since, self.at + 1, PINNED)
        for address, segment, ordinal, seen_at in rows:
            found[policy.subject(address)].append((segment, ordinal, seen_at))
        return found
