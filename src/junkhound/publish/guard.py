"""What must hold before an edition leaves; a list that fails stays at home and the last edition stands."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import msgspec

from junkhound.kernel import clock
from junkhound.kernel.errors import Refused
from junkhound.kernel.net import Network
from junkhound.listing import Protected, span
from junkhound.publish.combine import uncovered
from junkhound.publish.cover import less, merged
from junkhound.publish.edition import Edition, Entry

GROWTH_FREE = 1_000
"""Below this many entries a list may grow as it likes."""


class Last(msgspec.Struct, frozen=True):
    """The edition before this one: its moment and size."""

    at: int
    entries: int


def spare(
    entries: Iterable[Entry], protected: Protected, exclusions: Iterable[Network] = ()
) -> tuple[list[Entry], list[Entry]]:
    """Entries that may leave, and those in space that has been protected since they were decided.

    What ``exclusions`` cut out of an entry does not leave, so it may be protected.
    """
    holes = merged(exclusions)
    kept: list[Entry] = []
    spared: list[Entry] = []
    for entry in entries:
        held = any(protected.why(piece) for piece in less(entry.network, holes))
        (spared if held else kept).append(entry)
    return kept, spared


def check(
    edition: Edition,
    decided_at: int | None,
    last: Last | None,
    max_growth: float,
    protected: Protected,
    accept_growth: bool = False,
) -> None:
    """Let the edition pass, or say why not. Errors: Refused with what to do."""
    _fresh(edition, decided_at, last)
    _narrow(edition)
    for piece in uncovered(edition):
        if why := protected.why(piece):
            raise Refused(f"list {edition.name!r} would hold {piece}, but {why}")
    _disjoint(edition)
    if last is not None and not accept_growth:
        _grown(edition, last, max_growth)


def _fresh(edition: Edition, decided_at: int | None, last: Last | None) -> None:
    decide = f"run junkhound lists decide --list {edition.name}"
    if decided_at is None:
        raise Refused(f"list {edition.name!r} has never been decided", decide)
    if edition.at - decided_at > edition.expires_at - edition.at:
        raise Refused(f"list {edition.name!r} is stale: it was decided at {clock.text(decided_at)}", decide)
    if last is not None and edition.at < last.at:
        raise Refused(
            f"list {edition.name!r} was published as of {clock.text(last.at)}, which is later",
            "leave --at out, or give a later moment",
        )


def _narrow(edition: Edition) -> None:
    for entry in edition.entries:
        if entry.network.is_v4 and entry.network.prefix < edition.max_network:
            raise Refused(
                f"{entry.network} is wider than /{edition.max_network}, the widest that list {edition.name!r} may hold",
                f"see max_network in [lists.{edition.name}]",
            )


def _disjoint(edition: Edition) -> None:
    holes = merged(edition.exclusions)
    spans = sorted(span(entry.network) for entry in edition.entries)
    for before, after in pairwise(spans):
        if after[0] <= before[1]:
            raise Refused(f"two entries of list {edition.name!r} overlap", "run junkhound lists show")
    # An entry inside an exclusion would still be answered: servers let the narrower network win.
    place = 0
    for first, last in spans:
        while place < len(holes) and holes[place][1] < first:
            place += 1
        if place < len(holes) and holes[place][0] <= first and last <= holes[place][1]:
            raise Refused(f"an entry of list {edition.name!r} lies inside a network that it excludes")


def _grown(edition: Edition, last: Last, max_growth: float) -> None:
    now = edition.size
    if now > GROWTH_FREE and last.entries and now > last.entries * (1 + max_growth):
        raise Refused(
            f"list {edition.name!r} would grow from {last.entries:,} to {now:,} entries, by more than {max_growth:.0%}",
            "look at junkhound lists diff; if it is right, publish once with --accept-growth",
        )
