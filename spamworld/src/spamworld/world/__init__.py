"""The world: who sends junk with what, what happens to them, and every mail that follows from it.

Public: ``World``; the records it gives out stand in ``spamworld.world.facts``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import attrgetter

from spamworld.parameters import load
from spamworld.plan import Delivery
from spamworld.world import answers, inside, listings, markets, registry
from spamworld.world.facts import (
    Booking,
    Campaign,
    Complaint,
    Event,
    Flow,
    Folder,
    Host,
    Intake,
    Listing,
    LogLine,
    Notice,
    Price,
    Record,
    Registration,
    Route,
)
from spamworld.world.good import Good
from spamworld.world.hired import Hired
from spamworld.world.hosts import hosts
from spamworld.world.junk import Junk
from spamworld.world.making import Maker
from spamworld.world.setting import Setting

__all__ = ["World"]


class World:
    """One world: the same seed gives the same, and ``without`` the same but for one event's consequences.

    Args:
        seed: any number; seeds below 1000 are for tuning and leave some strategies of forgery out.
        tier: size, ``demo``, ``S``, ``M`` or ``L``.
        variant: era, ``2006`` or ``modern``.
        without: id of an event of ``events`` to leave out.
    """

    def __init__(self, seed: int = 1000, tier: str = "demo", variant: str = "2006", without: str | None = None) -> None:
        p = load()
        if tier not in p.tier:
            raise ValueError(f"unknown tier '{tier}', one of {sorted(p.tier)}")
        if variant not in p.variant:
            raise ValueError(f"unknown variant '{variant}', one of {sorted(p.variant)}")
        self.setting = s = Setting(seed, tier, variant, without)
        if without is not None and without not in s.known:
            raise ValueError(f"unknown event '{without}', one of {s.known}")
        self.seed, self.tier, self.variant, self.start, self.end, self.days = (
            seed,
            tier,
            variant,
            s.start,
            s.end,
            s.days,
        )
        maker = Maker(s)
        self._hired = Hired(s, maker)
        self._parts = (Junk(s, maker), self._hired, Good(s, maker))
        self.campaigns: Mapping[int, Campaign] = s.campaigns
        self.intakes: list[Intake] = s.boxes.all
        self.events: list[Event] = s.events
        self.networks = s.networks
        self.botnets, self.spammers, self.hosters, self.snowshoes = s.nets, s.senders, s.hosters, s.outfits
        self.foreign_lists = listings.foreign_lists(s)
        self.rentals = markets.rentals(s)
        self.tenants = s.tenants

    def deliveries(self) -> Iterator[Delivery]:
        """Every mail that arrives, in order of time, planned day by day."""
        for day in range(self.days):
            yield from self.day(day)

    def day(self, day: int) -> list[Delivery]:
        """The mails of one day since the start, in order of time; days can be asked in any order."""
        found = [d for part in self._parts for unit in part.day(day) for d in unit]
        found.sort(key=attrgetter("at", "id"))
        return found

    def hosts(self) -> Iterator[Host]:
        """Every machine, with its infections and the addresses it had."""
        return hosts(self.setting)

    def dns_zones(self) -> Iterator[Record]:
        """All names and what they resolved to, with times."""
        return registry.dns_zones(self.setting, self._hired.machines())

    def rdap(self) -> Iterator[Registration]:
        """Allocations, AS numbers and domains."""
        return registry.rdap(self.setting)

    def bgp(self, at: int) -> Iterator[Route]:
        """The routing table at an instant (microseconds UTC)."""
        return registry.bgp(self.setting, at)

    def listings(self) -> Iterator[Listing]:
        """Addresses on foreign block lists, with times; the lists are ``foreign_lists``."""
        return listings.listings(self.setting)

    def allowed(self) -> Iterator[tuple[str, str]]:
        """Addresses on the allow list, with the domain that each stands for."""
        return listings.allowed(self.setting)

    def prices(self) -> Iterator[Price]:
        """Daily prices of every share."""
        return markets.prices(self.setting)

    def bookings(self) -> Iterator[Booking]:
        """Lines of every spammer's accounts."""
        return markets.bookings(self.setting)

    def log_lines(self) -> Iterator[LogLine]:
        """Outbound mail of the providers that share their logs."""
        return inside.log_lines(self.setting)

    def flows(self) -> Iterator[Flow]:
        """Flow summaries of the same providers."""
        return inside.flows(self.setting)

    def notices(self) -> Iterator[Notice]:
        """Reports to providers, and their replies."""
        return answers.notices(self.setting)

    def complaints(self) -> Iterator[Complaint]:
        """People's reports and moves; plans all mail anew."""
        return answers.complaints(self.setting, self.deliveries())

    def folders(self) -> Iterator[Folder]:
        """What was found on seized machines."""
        return answers.folders(self.setting)

    def delivery(self, number: int) -> Delivery:
        """The delivery with that id, planned again.

        Raises:
            KeyError: there is none.
        """
        return next((d for d in self.day(number >> 40) if d.id == number), None) or _none(number)

    @property
    def count_hint(self) -> int:
        """About how many mails there will be."""
        return self.setting.tier.mails


def _none(number: int) -> Delivery:
    raise KeyError(number)
