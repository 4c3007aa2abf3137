"""What is on a list and what ever was: decisions applied in one transaction, every step kept with who and why.

A listing has one number for its life; a return gets a new one. Nothing here is ever deleted.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, bindparam, func, insert, select, update

from junkhound.kernel import clock, net
from junkhound.kernel.clock import HOUR
from junkhound.kernel.errors import NotFound, Refused
from junkhound.kernel.net import Address
from junkhound.ledger import state
from junkhound.ledger.listing_records import (
    Applied,
    Event,
    Listing,
    Past,
    Pins,
    Run,
    Stored,
    Subject,
)
from junkhound.ledger.listing_rows import active, among, firsts_among, read, standing
from junkhound.ledger.listing_step import RULES, Step, end_all
from junkhound.ledger.listing_tables import decisions, list_runs, listing_events, listings, pins, policies
from junkhound.listing import Decision, Domain, Policy, Reason

_EVENT = [listing_events.c[name] for name in Event.__struct_fields__]


class Listings:
    """The listings of one state database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # -- changing ---------------------------------------------------------------------------------------------

    def apply(
        self,
        policy: Policy,
        made: Iterable[Decision],
        at: int,
        witnesses: Pins | None = None,
        shadow_hours: float = 0.0,
    ) -> Applied:
        """Bring the list to what was decided for moment ``at``; deciding twice changes nothing.

        A new list, and one whose rules changed, stands in the shadow for ``shadow_hours``: decided, not published.
        Errors: Refused where the list has already been decided for a later moment.
        """
        applied = Applied()
        with state.writing(self._engine) as connection:
            run = _run(connection, policy.name)
            if run is not None and run.decided_at > at:
                raise Refused(
                    f"list {policy.name!r} was decided as of {clock.text(run.decided_at)}, which is later",
                    "history is not rewritten; see what an earlier moment would give with --dry-run",
                )
            state.insert_new(connection, policies, [{"hash": policy.hash, "text": policy.text}])
            self._expire(connection, policy.name, at, applied)
            ordered = sorted(made, key=lambda decision: decision.subject)
            about = None if policy.of_ranges else {decision.subject for decision in ordered}
            step = Step(connection, policy, at, applied, witnesses or {}, about)
            step.take(ordered)
            values: dict[str, Any] = {"decided_at": at, "policy": policy.hash}
            if run is None or run.policy != policy.hash:
                values["shadow_until"] = at + int(shadow_hours * HOUR)
            _note_run(connection, policy.name, run, values)
            if applied.changed:
                state.bump(connection, "change")
        return applied

    def expire(self, name: str, at: int) -> list[str]:
        """End what has run out by ``at``; each ends at its own moment, however late we look."""
        applied = Applied()
        with state.writing(self._engine) as connection:
            self._expire(connection, name, at, applied)
            if applied.expired:
                state.bump(connection, "change")
        return applied.expired

    def remove(self, name: str, subject: Subject, at: int, who: str, why: str, end: str = "removed") -> Listing:
        """Take a subject off by hand (or as ``asked``); what was seen up to now does not count against it again.

        Errors: NotFound if it is not on the list.
        """
        with state.writing(self._engine) as connection:
            found = [one for one in read(connection, active(name)) if one.subject == subject]
            if not found or not found[0].live(at):
                raise NotFound(f"{subject} is not on list {name!r}")
            end_all(connection, [(found[0], at)], end, "delisted", who, why)
            state.bump(connection, "change")
        return self.get(found[0].number)

    def note_edition(self, policy: Policy, at: int, entries: int) -> None:
        """Remember what was published; a combined list, which is never decided, gets its row here."""
        with state.writing(self._engine) as connection:
            serial = connection.execute(select(func.max(listing_events.c.serial))).scalar()
            values = {"published_at": at, "published_entries": entries, "published_serial": serial or 0}
            before = _run(connection, policy.name)
            made = {"decided_at": at, "policy": policy.hash, **values} if before is None else values
            _note_run(connection, policy.name, before, made)

    def keep_traces(self, told: Sequence[tuple[str, int, int, str]]) -> None:
        """Store traces (JSON) of pinned messages as (owner, segment, ordinal, trace); the first one stays."""
        if not told:
            return
        where = [pins.c[name] == bindparam(f"of_{name}") for name in ("owner", "segment", "ordinal")]
        rows = [{"of_owner": o, "of_segment": s, "of_ordinal": n, "told": text} for o, s, n, text in told]
        with state.writing(self._engine) as connection:
            connection.execute(update(pins).where(*where, pins.c.trace.is_(None)).values(trace=bindparam("told")), rows)

    @staticmethod
    def _expire(connection: Connection, name: str, at: int, applied: Applied) -> None:
        over = read(connection, active(name).where(listings.c.expires_at <= at))
        ends = [(one, one.expires_at) for one in over]
        end_all(connection, ends, "expired", "expired", RULES, "nothing more was seen")
        applied.expired += [one.number for one in sorted(over, key=lambda one: one.subject)]

    # -- reading ----------------------------------------------------------------------------------------------

    def run(self, name: str) -> Run | None:
        """When the list was last decided and published; None if never decided."""
        with state.reading(self._engine) as connection:
            return _run(connection, name)

    def live(self, name: str, at: int, some: Collection[Subject] | None = None) -> list[Listing]:
        """What stood on the list at a moment, in the order of addresses; of ``some`` subjects alone, if given."""
        with state.reading(self._engine) as connection:
            found = among(connection, standing(name, at), some)
        return sorted((one for one in found if one.live(at)), key=lambda one: one.subject)

    def lasting(self, name: str, until: int, some: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Which of ``some`` IPv4 addresses (their lower halves) stand on a list beyond a moment, whatever comes."""
        low, high = bytes(10) + b"\xff\xff" + bytes(4), bytes(10) + b"\xff" * 6
        query = select(listings.c.first).where(listings.c.list == name, listings.c.bits == 128)
        query = query.where(listings.c.ended_at.is_(None), listings.c.expires_at > until)
        query = query.where(listings.c.first.between(low, high))
        firsts = [int(one).to_bytes(16, "big") for one in some.tolist()]
        with state.reading(self._engine) as connection:
            held = b"".join(bytes(first)[8:] for first in firsts_among(connection, query, firsts))
        return np.frombuffer(held, ">u8").astype(np.uint64)

    def ended(self, name: str, since: int, at: int, most: int) -> list[Listing]:
        """What ended on a list from ``since`` to ``at``, the newest first, at most so many."""
        over = func.coalesce(listings.c.ended_at, listings.c.expires_at)
        query = select(listings).where(listings.c.list == name, over >= since, over <= at)
        with state.reading(self._engine) as connection:
            return read(connection, query.order_by(over.desc(), listings.c.number.desc()).limit(most))

    def count(self, name: str, at: int) -> int:
        """How many stood on the list at a moment."""
        over = func.coalesce(listings.c.ended_at, listings.c.expires_at)
        query = standing(name, at).with_only_columns(func.count()).where(over > at)
        with state.reading(self._engine) as connection:
            return int(connection.execute(query).scalar() or 0)

    def of(self, address: Address) -> list[Listing]:
        """Every listing, on any list, that held or holds this address; oldest first."""
        wanted = {net.network_of(address, bits).first.packed for bits in range(8, 129)}
        query = select(listings).where(listings.c.first.in_(sorted(wanted)), listings.c.last >= address.packed)
        with state.reading(self._engine) as connection:
            found = read(connection, query.where(listings.c.name.is_(None)))
        found = [one for one in found if not any(network.holds(address) for network in one.exclusions)]
        return sorted(found, key=lambda one: (one.listed_at, one.number))

    def of_name(self, name: str) -> list[Listing]:
        """Every listing, on any list, that held or holds this name; oldest first."""
        labels = name.split(".")
        above = [".".join(labels[place:]) for place in range(len(labels) - 1)]
        with state.reading(self._engine) as connection:
            found = read(connection, select(listings).where(listings.c.name.in_(above)))
        held = [
            one for one in found if isinstance(one.subject, Domain) and (one.subject.below or str(one.subject) == name)
        ]
        return sorted(held, key=lambda one: (one.listed_at, one.number))

    def since_edition(self, name: str, at: int, of: str | None = None) -> tuple[list[Listing], list[Listing]]:
        """What users of the last edition do not know yet: (come, gone) by moment ``at``, in the order of addresses.

        ``of`` names another list whose edition is asked about: that of a combined one.
        By the order of events and not by their moments, so that a change at the moment of the edition is seen.
        """
        run = self.run(of or name)
        known = -1 if run is None or run.published_serial is None else run.published_serial
        published_at = run.published_at if run else None
        begun = select(func.min(listing_events.c.serial)).where(listing_events.c.number == listings.c.number)
        ended = begun.where(listing_events.c.event.in_(("expired", "delisted", "replaced")))
        new = begun.scalar_subquery() > known
        open_then = (listings.c.ended_at.is_(None)) | (ended.scalar_subquery() > known)
        with state.reading(self._engine) as connection:
            come = read(connection, select(listings).where(listings.c.list == name, new))
            held = read(connection, select(listings).where(listings.c.list == name, ~new, open_then))
        ended_early = ("removed", "asked", "cleared", "replaced")
        gone = [
            one for one in held
            if not one.live(at) and (one.end in ended_early or one.expires_at > (published_at or 0))
        ]  # fmt: skip
        come = [one for one in come if one.live(at)]
        return sorted(come, key=lambda one: one.subject), sorted(gone, key=lambda one: one.subject)

    def get(self, number: str) -> Listing:
        """One listing by its number. Errors: NotFound."""
        with state.reading(self._engine) as connection:
            found = read(connection, select(listings).where(listings.c.number == number))
        if not found:
            raise NotFound(f"no listing {number!r}", "numbers look like JH-2026-000123")
        return found[0]

    def events(self, number: str) -> list[Event]:
        """The life of one listing, oldest first."""
        query = select(*_EVENT).where(listing_events.c.number == number)
        with state.reading(self._engine) as connection:
            rows = connection.execute(query.order_by(listing_events.c.at, listing_events.c.serial))
            return [Event(*row) for row in rows]

    def newest(self, at: int, limit: int) -> list[tuple[Listing, Event]]:
        """The newest steps in the life of any listing up to a moment, newest first."""
        query = select(listing_events.c.number, *_EVENT).where(listing_events.c.at <= at)
        query = query.order_by(listing_events.c.at.desc(), listing_events.c.serial.desc()).limit(limit)
        with state.reading(self._engine) as connection:
            rows = [(str(row[0]), Event(*row[1:])) for row in connection.execute(query)]
            found = read(connection, select(listings).where(listings.c.number.in_({number for number, _ in rows})))
        held = {one.number: one for one in found}
        return [(held[number], event) for number, event in rows]

    def decision(self, number: str) -> Stored:
        """A stored decision by its id. Errors: NotFound."""
        with state.reading(self._engine) as connection:
            row = connection.execute(select(decisions).where(decisions.c.id == number)).mappings().one_or_none()
        if row is None:
            raise NotFound(f"no decision {number!r}")
        reasons = tuple(Reason(*pair) for pair in json.loads(row["reasons"]))
        return Stored(**{**row, "inputs": json.loads(row["inputs"]), "reasons": reasons})

    def policy_text(self, hash: str) -> str:
        """The rules behind a policy hash, as JSON. Errors: NotFound."""
        with state.reading(self._engine) as connection:
            text = connection.execute(select(policies.c.text).where(policies.c.hash == hash)).scalar()
        if text is None:
            raise NotFound(f"no policy {hash!r}")
        return str(text)

    def pins(self, owner: str) -> list[dict[str, Any]]:
        """The witness messages kept for an owner, oldest first."""
        query = select(pins).where(pins.c.owner == owner).order_by(pins.c.seen_at, pins.c.segment, pins.c.ordinal)
        with state.reading(self._engine) as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def untraced(self, name: str) -> list[tuple[str, int, int]]:
        """Pins of a list's standing listings that have no trace yet: (owner, segment, ordinal)."""
        query = select(pins.c.owner, pins.c.segment, pins.c.ordinal).join(listings, listings.c.number == pins.c.owner)
        query = query.where(pins.c.trace.is_(None), pins.c.closed_at.is_(None), listings.c.list == name)
        with state.reading(self._engine) as connection:
            rows = connection.execute(query.order_by(pins.c.segment, pins.c.ordinal, pins.c.owner))
            return [(str(owner), int(segment), int(ordinal)) for owner, segment, ordinal in rows]

    def past(self, name: str, at: int, some: Collection[Subject] | None = None) -> dict[Subject, Past]:
        """By subject what counts of its past on a list: listings that ran out, when, and the last removal by hand.

        Of ``some`` subjects alone, if given.
        """
        query = select(listings).where(listings.c.list == name, listings.c.ended_at <= at)
        found: dict[Subject, Past] = {}
        with state.reading(self._engine) as connection:
            for one in among(connection, query, some):
                before = found.get(one.subject, Past())
                hour = (one.ended_at or 0) // HOUR
                if one.end in ("removed", "asked"):
                    returns = before.relistings + (one.end == "asked")  # who asked and comes back was not mended
                    cleared = max(hour, before.cleared_hour or 0)
                    found[one.subject] = Past(returns, before.ended_hour, cleared)
                elif one.end == "expired":
                    ended = max(hour, before.ended_hour or 0)
                    found[one.subject] = Past(before.relistings + 1, ended, before.cleared_hour)
        return found


def _run(connection: Connection, name: str) -> Run | None:
    fields = [list_runs.c[field] for field in Run.__struct_fields__]
    row = connection.execute(select(*fields).where(list_runs.c.list == name)).one_or_none()
    return None if row is None else Run(*row)


def _note_run(connection: Connection, name: str, before: Run | None, values: dict[str, Any]) -> None:
    if before is None:
        connection.execute(insert(list_runs).values(list=name, **values))
    else:
        connection.execute(update(list_runs).where(list_runs.c.list == name).values(**values))
