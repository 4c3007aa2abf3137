"""Whom the trap's tarpit never holds, and what it has cost those whom it did."""

from __future__ import annotations

import msgspec

from junkhound import listing
from junkhound.kernel import clock, net
from junkhound.kernel.clock import DAY
from junkhound.kernel.net import Address
from junkhound.ledger import histories
from junkhound.ledger.held import Held
from junkhound.trace import known
from junkhound.verbs import deciding
from junkhound.verbs.office import Office

GOODWILL_DAYS = 35


class Spared:
    """Clients that are never held: protected and special space, relays, known mail services, who sent good mail."""

    def __init__(self, office: Office) -> None:
        config = office.config
        stated = [row for policy in deciding.policies(office) for row in policy.protect]
        stated += [(network, "a proxy") for words in config.smtp.proxies if (network := net.parse_network(words))]
        if not config.lists:
            words = (*config.network.own, *config.network.protect, *deciding.relays_of(office))
            stated += [(network, "ours") for word in words if (network := net.parse_network(word))]
        self.protected = listing.Protected(stated, config.network.allow_documentation)
        self.relays = known.embedded()
        self.good: frozenset[Address] = frozenset()
        self._known: dict[Address, bool] = {}

    def renew(self, office: Office) -> None:
        """Read again who sent good mail lately."""
        found = histories.good_senders(office.ledger.query(), office.now - GOODWILL_DAYS * DAY, office.now + 1)
        self.good = frozenset(found)

    def __call__(self, client: Address) -> bool:
        if client in self.good:
            return True
        found = self._known.get(client)
        if found is None:
            if len(self._known) > 100_000:
                self._known.clear()
            whole = net.network_of(client, 128)
            found = self.protected.why(whole) is not None or self.relays.holds(client)
            self._known[client] = found
        return found


class Line(msgspec.Struct, frozen=True):
    """One client that was held."""

    address: str
    days: int
    connections: int
    answers: int
    held_s: float
    early: int
    left: int
    mails: int


class Wasted(msgspec.Struct, frozen=True):
    """What the tarpit cost senders: sums over all clients of a period, and those held longest."""

    since: str
    until: str
    clients: int
    connections: int
    answers: int
    held_s: float
    early: int
    left: int
    mails: int
    lines: tuple[Line, ...]


def wasted(office: Office, since: str | None = None, until: str | None = None, limit: int = 20) -> Wasted:
    """The sums and the ``limit`` clients held longest; whole days of UTC, ``until`` included. Errors: UsageError."""
    first = 0 if since is None else clock.parse(since, office.now) // DAY
    last = (office.now if until is None else clock.parse(until, office.now)) // DAY
    found = list(Held(office.home).clients(first * DAY, (last + 1) * DAY))
    return Wasted(
        clock.day_text(first * DAY) if first else "", clock.day_text(last * DAY), len(found),
        sum(one.connections for one in found),
        sum(one.answers for one in found), sum(one.held_us for one in found) / 1e6, sum(one.early for one in found),
        sum(one.left for one in found), sum(one.mails for one in found),
        tuple(Line(str(one.address), one.days, one.connections, one.answers, one.held_us / 1e6, one.early, one.left,
                   one.mails) for one in found[:limit]),
    )  # fmt: skip
