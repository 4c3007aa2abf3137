"""One round of decisions applied to a list, inside its transaction: rows are gathered and written together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from junkhound.kernel import clock
from junkhound.kernel.clock import HOUR
from junkhound.ledger import schema, state
from junkhound.ledger.listing_records import Applied, Listing, Pins, Subject, networks_text, place
from junkhound.ledger.listing_rows import active, among
from junkhound.ledger.listing_tables import decisions, listing_events, listings, pins
from junkhound.listing import Decision, Domain, Outcome, Policy, replaced

RULES = "junkhound"  # who acts when no person does
RENEWAL_STEP = 6 * HOUR  # a later end is an event of its own only beyond this, or every mail would be one
PINNED = 20  # witness messages kept from each end


def decision_id(decision: Decision) -> str:
    """The same decision has the same id, whoever makes it and however often."""
    words = [decision.list, str(decision.subject), decision.at, decision.outcome.value, decision.policy]
    return hashlib.sha256(json.dumps([*words, decision.inputs], sort_keys=True).encode()).hexdigest()[:32]


class Step:
    """One run of decisions inside its transaction; rows are gathered and written together."""

    def __init__(
        self, connection: Connection, policy: Policy, at: int, applied: Applied, witnesses: Pins,
        about: Collection[Subject] | None,
    ) -> None:  # fmt: skip
        self.connection, self.policy, self.at = connection, policy, at
        self.applied, self.witnesses = applied, witnesses
        # A range may take the place of others; on lists of addresses and names only what was decided is looked at.
        self.standing = {one.subject: one for one in among(connection, active(policy.name), about)}

    def take(self, made: list[Decision]) -> None:
        new, again = [], []
        for decision in made:
            one = self.standing.get(decision.subject)
            if decision.outcome is Outcome.CLEAR and one is not None:
                self._clear(one, decision)
            elif decision.outcome is Outcome.LIST and one is not None:
                again.append((one, decision))
            elif decision.outcome is Outcome.LIST:
                new.append(decision)
        if self.policy.of_ranges:
            self._replace({decision.subject: decision for decision in made if decision.listed})
        self._renew(again)
        self._list(new)

    def _replace(self, listed: dict[Subject, Decision]) -> None:
        """Ranges that became part of wider ones, or were divided, give way to them."""
        gone = [self.standing[subject] for subject in replaced(self.standing, listed)]
        gone = [one for one in gone if one.number not in self.applied.delisted]
        why = "its range is listed in another cut now"
        end_all(self.connection, [(one, self.at) for one in gone], "replaced", "replaced", RULES, why)
        self.applied.replaced += [one.number for one in sorted(gone, key=lambda one: one.words)]

    def _clear(self, one: Listing, decision: Decision) -> None:
        _keep(self.connection, [decision])
        why = decision.reasons[-1].text
        end_all(self.connection, [(one, self.at)], "cleared", "delisted", RULES, why, decision_id(decision))
        self.applied.delisted.append(one.number)

    def _renew(self, again: list[tuple[Listing, Decision]]) -> None:
        # Rows that age out of the window may not shorten what stands; only other rules may.
        # What an exclusion leaves out has changed with either; other rules and other edges are said at once.
        other = {o.number for o, d in again if d.policy != o.policy or d.exclusions != o.exclusions}
        moved = [(o, d) for o, d in again if (d.expires_at or 0) > o.expires_at or o.number in other]
        noted = [(o, d) for o, d in moved if abs((d.expires_at or 0) - o.noted_at) >= RENEWAL_STEP or o.number in other]
        _keep(self.connection, [decision for _, decision in noted])
        _note(self.connection, [self._event(one.number, "renewed", decision) for one, decision in noted])
        self._pin([(one.number, decision.subject) for one, decision in noted])
        self.applied.renewed += [one.number for one, _ in noted]
        in_words = {one.number for one, _ in noted}
        changes = [self._change(one, decision, one.number in in_words) for one, decision in moved]
        if changes:
            columns: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _CHANGING}
            where = listings.c.number == bindparam("which")
            self.connection.execute(update(listings).where(where).values(columns), changes)

    @staticmethod
    def _change(one: Listing, decision: Decision, noted: bool) -> dict[str, Any]:
        return {
            "which": one.number,
            "new_expires_at": decision.expires_at,
            "new_last_at": max(one.last_at, decision.last_at or 0),
            "new_messages": max(one.messages, decision.messages),
            "new_vantages": max(one.vantages, decision.vantages),
            "new_class": decision.listing_class or one.listing_class,
            "new_policy": decision.policy,
            "new_noted_at": decision.expires_at if noted else one.noted_at,
            "new_decision": decision_id(decision) if noted else one.decision,
            "new_exclusions": networks_text(decision.exclusions),
        }

    def _list(self, new: list[Decision]) -> None:
        if not new:
            return
        _keep(self.connection, new)
        earlier = {place(one.subject)[::2] for one in self._earlier([decision.subject for decision in new])}
        numbered = list(zip(_numbers(self.connection, self.at, len(new)), new, strict=True))
        self.connection.execute(insert(listings), [self._row(number, decision) for number, decision in numbered])
        events = []
        for number, decision in numbered:
            back = place(decision.subject)[::2] in earlier
            events.append(self._event(number, "relisted" if back else "listed", decision))
            (self.applied.relisted if back else self.applied.listed).append(number)
        _note(self.connection, events)
        self._pin([(number, decision.subject) for number, decision in numbered])

    def _event(self, number: str, event: str, decision: Decision) -> dict[str, Any]:
        why = "; ".join(reason.text for reason in decision.reasons)
        return _event(number, self.at, event, RULES, why, decision_id(decision), decision.expires_at)

    def _earlier(self, subjects: Collection[Subject]) -> list[Listing]:
        """All that these subjects ever had on the list."""
        return among(self.connection, select(listings).where(listings.c.list == self.policy.name), subjects)

    def _row(self, number: str, decision: Decision) -> dict[str, Any]:
        first, last, bits = place(decision.subject)
        name = decision.subject if isinstance(decision.subject, Domain) else None
        return {
            "number": number,
            "list": decision.list,
            "first": first,
            "last": last,
            "bits": bits,
            "name": name and name.name,
            "below": name and int(name.below),
            "exclusions": networks_text(decision.exclusions),
            "class": decision.listing_class,
            "messages": decision.messages,
            "vantages": decision.vantages,
            "first_at": decision.first_at,
            "last_at": decision.last_at,
            "listed_at": self.at,
            "expires_at": decision.expires_at,
            "noted_at": decision.expires_at,
            "relistings": decision.inputs["relistings"],
            "decision": decision_id(decision),
            "policy": decision.policy,
        }

    def _pin(self, owners: list[tuple[str, Subject]]) -> None:
        """The first witness messages stay; the newest make place for newer ones, unless they were traced already."""
        rows: list[dict[str, Any]] = []
        for owner, subject in owners:
            messages = list(self.witnesses.get(subject, ()))
            if not messages:
                continue
            mine = pins.c.owner == owner
            held = select(pins.c.segment, pins.c.ordinal).where(mine, pins.c.place == "first")
            first = {(int(segment), int(ordinal)) for segment, ordinal in self.connection.execute(held)}
            if first:
                self.connection.execute(pins.delete().where(mine, pins.c.place == "newest", pins.c.trace.is_(None)))
            else:
                first = {(segment, ordinal) for segment, ordinal, _ in messages[:PINNED]}
                rows += [_pinned(owner, message, "first") for message in messages[:PINNED]]
            rows += [_pinned(owner, message, "newest") for message in messages[-PINNED:] if message[:2] not in first]
        state.insert_new(self.connection, pins, rows)


_CHANGING = ("expires_at", "last_at", "messages", "vantages", "class", "policy", "noted_at", "decision", "exclusions")


def _pinned(owner: str, message: tuple[int, int, int | None], place: str) -> dict[str, Any]:
    segment, ordinal, seen_at = message
    return {"owner": owner, "segment": segment, "ordinal": ordinal, "place": place, "seen_at": seen_at}


def _numbers(connection: Connection, at: int, count: int) -> list[str]:
    """The next listing numbers of the year of ``at``; a number is given once, even if its listing were lost."""
    year = clock.to_datetime(at).year
    name, counters = f"listing:{year}", schema.counters
    state.insert_new(connection, counters, [{"name": name, "value": 0}])
    connection.execute(update(counters).where(counters.c.name == name).values(value=counters.c.value + count))
    last = state.counter(connection, name)
    return [f"JH-{year:04d}-{number:06d}" for number in range(last - count + 1, last + 1)]


def _keep(connection: Connection, made: list[Decision]) -> None:
    rows = [
        {
            "id": decision_id(decision),
            "list": decision.list,
            "subject": str(decision.subject),
            "at": decision.at,
            "outcome": decision.outcome.value,
            "score": decision.score,
            "policy": decision.policy,
            "inputs": json.dumps(decision.inputs, sort_keys=True),
            "reasons": json.dumps([[reason.code, reason.text] for reason in decision.reasons]),
        }
        for decision in made
    ]
    state.insert_new(connection, decisions, rows)


def _event(
    number: str, at: int, event: str, who: str, why: str, decision: str | None = None, expires_at: int | None = None
) -> dict[str, Any]:
    about = {"at": at, "event": event, "who": who, "why": why, "expires_at": expires_at, "decision": decision}
    return {"number": number, **about}


def _note(connection: Connection, events: list[dict[str, Any]]) -> None:
    state.insert_new(connection, listing_events, events)


def end_all(
    connection: Connection,
    over: list[tuple[Listing, int]],
    how: str,
    event: str,
    who: str,
    why: str,
    decision: str | None = None,
) -> None:
    """End these listings, each at its moment, and start the clock of what they pin."""
    if not over:
        return
    numbers = [{"which": one.number, "at": at} for one, at in over]
    where = listings.c.number == bindparam("which")
    connection.execute(update(listings).where(where).values(ended_at=bindparam("at"), end=how), numbers)
    where = pins.c.owner == bindparam("which")
    connection.execute(update(pins).where(where).values(closed_at=bindparam("at")), numbers)
    _note(connection, [_event(one.number, at, event, who, why, decision) for one, at in over])
