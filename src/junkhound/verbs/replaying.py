"""What the lists would have held under some rules through past days, and whom that would have hit."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec

from junkhound import listing
from junkhound.kernel import config
from junkhound.kernel.clock import HOUR
from junkhound.kernel.errors import UsageError
from junkhound.kernel.net import Address, Network, network_of
from junkhound.listing import Book, Policy, Rows, Subject
from junkhound.tables import Kind
from junkhound.verbs import lists
from junkhound.verbs.deciding import Progress, policies, refuse_single_vantage
from junkhound.verbs.office import Office


class Hit(msgspec.Struct, frozen=True):
    """A day on which an address sent good mail while a list held it."""

    day: int
    address: Address
    subject: Subject


class Replayed(msgspec.Struct):
    """One list as it would have been: what it held at the end, against what stands, and good senders it would have hit.

    ``good_days`` are all days of known-good addresses (that never sent junk) in the period; ``hits`` those among them.
    """

    policy: Policy
    start: int
    end: int
    book: Book
    held: list[Subject]
    only_then: list[Subject]
    only_now: list[Subject]
    good_days: int
    hits: list[Hit]


def with_policy(office: Office, path: Path) -> Office:
    """The office with the lists of another settings file; everything else stays. Errors: ConfigError."""
    other = config.load(path)
    return Office(dataclasses.replace(office.config, lists=other.lists), office.now)


def replay(
    office: Office, name: str | None, start: int, end: int, step_hours: int = 1, progress: Progress | None = None,
    full_hours: int = 0,
) -> Iterator[Replayed]:  # fmt: skip
    """Each list (or one) decided at every step from ``start`` to ``end``, in memory; nothing is stored.

    Lists of names are left out, and so is what older days say: a replay starts with an empty list.
    Errors: UsageError for a list that cannot be replayed.
    """
    wanted = [policy for policy in policies(office, name) if not policy.combined and not policy.of_names]
    if not wanted:
        raise UsageError("only lists of addresses and networks can be replayed", "name one of those")
    tell = progress or (lambda what, done, total: None)
    rows: Rows | None = None
    for policy in wanted:
        refuse_single_vantage(office, policy)
        if rows is None:
            tell("reading witness units", 0, 0)
            since = start - listing.WINDOW_HOURS * HOUR
            rows = Rows.of(office.ledger.query().units(since, end + 1))
        steps = partial(tell, f"replaying {policy.name}")
        book = listing.replay(rows, policy, start, end, step_hours, steps, full_hours)
        yield _compared(office, policy, rows, book, start, end)


def _compared(office: Office, policy: Policy, rows: Rows, book: Book, start: int, end: int) -> Replayed:
    held = sorted(book.standing)
    now = {one.subject for one in lists.book_of(office).live(policy.name, end)}
    days, hits = _good(rows, book, start, end)
    return Replayed(
        policy=policy,
        start=start,
        end=end,
        book=book,
        held=held,
        only_then=[subject for subject in held if subject not in now],
        only_now=sorted(now - set(held)),
        good_days=days,
        hits=hits,
    )


def _good(rows: Rows, book: Book, start: int, end: int) -> tuple[int, list[Hit]]:
    """Days of known-good addresses in the period, and those on which a list held them."""
    inside = (rows.hour >= start // HOUR) & (rows.hour <= end // HOUR)
    part = rows.take(inside)
    numbers = zip(part.addr_hi.tolist(), part.addr_lo.tolist(), part.kind.tolist(), part.hour.tolist(), strict=True)
    good: dict[tuple[int, int], set[int]] = {}
    bad = set()
    for hi, lo, kind, hour in numbers:
        if kind == int(Kind.GOOD):
            good.setdefault((hi, lo), set()).add(hour)
        else:
            bad.add((hi, lo))
    lengths = sorted({subject.bits for subject in book.spans if isinstance(subject, Network)})
    days, hits = 0, []
    for (hi, lo), hours in good.items():
        if (hi, lo) in bad:
            continue
        address = Address(hi, lo)
        by_day = {hour // 24: hour for hour in sorted(hours, reverse=True)}
        days += len(by_day)
        for bits in lengths:
            network = network_of(address, bits)
            for one in book.spans.get(network, ()):
                left_out = any(hole.holds(address) for hole in one.exclusions)
                hit = {h // 24 for h in hours if one.start <= h * HOUR + HOUR // 2 < one.end}
                hits += [Hit(day, address, network) for day in sorted(hit) if not left_out]
    unique = {(hit.day, hit.address): hit for hit in hits}
    return days, [unique[key] for key in sorted(unique)]
