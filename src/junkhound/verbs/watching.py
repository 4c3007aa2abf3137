"""Deciding round after round: after a full one only what new rows are about, until a day has passed."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from junkhound.kernel.clock import SECOND
from junkhound.kernel.net import Address, Network
from junkhound.ledger.snapshot import Stored, committed_since
from junkhound.listing import Neighbours, Policy, Rows
from junkhound.tables import Kind
from junkhound.verbs import lists
from junkhound.verbs.deciding import Docket, policies
from junkhound.verbs.lists import Decided
from junkhound.verbs.office import Office

RANGES_S = 3600.0
"""Lists of networks and of names are decided this often; one good mail from inside a network brings it forward."""
_LATEST_S = 1800.0  # merged objects are kept for an hour: a round later than this reads everything again


class Watch:
    """What is remembered between rounds: what was read, and how networks behave."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seq = -1
        self._neighbours: Neighbours | None = None
        self._rounds = self._full = self._ranges = -1e18
        self._policies: list[str] = []

    def round(self, office: Office, full_s: float) -> list[Decided]:
        """Bring every list to what the rows say now. Errors: as ``lists.decide``."""
        now = self._clock()
        wanted = [policy for policy in policies(office) if not policy.combined]
        hashes = [policy.hash for policy in wanted]
        late = now - self._rounds > _LATEST_S or now - self._full >= full_s
        if self._neighbours is None or late or hashes != self._policies:
            docket = Docket(office, office.now)
            done = lists.decide_from(office, wanted, docket)
            self._neighbours, self._policies = docket.neighbours, hashes
            self._full = self._ranges = now
        else:
            newer = committed_since(office.ledger.state, self._seq)
            until = office.now + int((full_s + _LATEST_S) * SECOND)  # the next full round comes before
            docket = Docket(office, office.now, None, newer, self._neighbours, until)
            done = self._some(office, wanted, docket, newer, now)
        self._seq, self._rounds = docket.seq, now
        return done

    def _some(
        self, office: Office, wanted: list[Policy], docket: Docket, newer: list[Stored], now: float
    ) -> list[Decided]:
        alone = [policy for policy in wanted if not policy.of_ranges and not policy.of_names]
        whole = [policy for policy in wanted if policy not in alone]
        done = []
        if newer and alone:
            done = lists.decide_from(office, alone, docket)
        if whole and (now - self._ranges >= RANGES_S or (newer and _good_inside(office, whole, docket.fresh))):
            done += lists.decide_from(office, whole, Docket(office, docket.at))
            self._ranges = now
        for policy in wanted:
            lists.expire(office, policy.name)
        return done


def _good_inside(office: Office, whole: list[Policy], rows: Rows) -> bool:
    """Whether a new good mail came from inside a listed network."""
    good = np.flatnonzero(rows.kind == int(Kind.GOOD))
    machines = {Address(int(rows.addr_hi[place]), int(rows.addr_lo[place])) for place in good}
    if not machines:
        return False
    book = lists.book_of(office)
    for policy in whole:
        for one in book.live(policy.name, office.now):
            network = one.subject
            if isinstance(network, Network) and any(
                network.holds(machine) and not any(hole.holds(machine) for hole in one.exclusions)
                for machine in machines
            ):
                return True
    return False
