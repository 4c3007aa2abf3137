"""Botnets out of invented senders: who speaks alike and does not keep apart is one; honest servers are none."""

from __future__ import annotations

import random

import numpy as np
import pytest

from junkhound import botnet
from junkhound.botnet import Rows, life, rent, size
from junkhound.kernel.clock import DAY
from junkhound.kernel.graph import correlate


class World:
    """Rows as they grow."""

    def __init__(self, seed: int = 1) -> None:
        self.chance = random.Random(seed)
        self.rows: list[tuple[int, ...]] = []
        self.net: list[int] = []

    def send(
        self, net: int, bots: range, campaign: int, dialect: int, mails: int, days: range = range(7), habit: int = 0,
        side_by_side: bool = False,
    ) -> None:  # fmt: skip
        """Mails of a campaign by bots drawn with replacement, most by few of them."""
        for _ in range(mails):
            bot = bots[int(len(bots) * self.chance.random() ** 2)]
            day = self.chance.choice(days)
            at = day * DAY + self.chance.randrange(DAY)
            block = bots[0] // 8 if side_by_side else bot
            self.rows.append(
                (bot, block, bot % 40, campaign, dialect, habit, day, 1, self.chance.choice((1, 2)), at, at)
            )
            self.net.append(net)

    def made(self) -> Rows:
        columns = np.array(self.rows, np.int64).T
        names = list(Rows.__dataclass_fields__)
        unsigned = ("dialect", "habit")
        return Rows(**{n: c.astype(np.uint64) if n in unsigned else c for n, c in zip(names, columns, strict=True)})


def test_two_programs_are_two_botnets_and_forms_of_one_program_are_one() -> None:
    world = World()
    for campaign in range(1, 7):
        world.send(0, range(600), campaign, 11, 60)
        world.send(0, range(600), campaign, 12, 25)  # the same program on machines without a name
    for campaign in range(5, 12):
        world.send(1, range(1000, 1500), campaign, 21, 70)
    found = botnet.find(world.made())
    assert found.count == 2
    true = np.array(world.net)
    assert {tuple(np.unique(found.row_net[true == net])) for net in (0, 1)} == {(0,), (1,)}


def test_two_botnets_of_one_program_that_keep_apart_are_two() -> None:
    world = World()
    for campaign in range(1, 4):
        world.send(0, range(150), campaign, 11, 260)
    for campaign in range(4, 7):
        world.send(1, range(2000, 2150), campaign, 11, 250)
    found = botnet.find(world.made())
    true = np.array(world.net)
    assert found.count == 2
    assert len(np.unique(found.row_net[true == 0])) == 1


def test_servers_side_by_side_are_no_botnet() -> None:
    world = World()
    for campaign in range(1, 4):
        world.send(0, range(64), campaign, 31, 200, side_by_side=True)
    assert botnet.find(world.made()).count == 0


def test_mail_without_a_session_goes_with_its_campaign_and_header() -> None:
    world = World()
    for campaign in (1, 2):
        world.send(0, range(400), campaign, 11, 150, habit=7)
        world.send(1, range(1000, 1400), campaign, 21, 150, habit=8)
        world.send(0, range(400), campaign, 0, 40, habit=7)
        world.send(1, range(1000, 1400), campaign, 0, 40, habit=8)
    rows = world.made()
    found = botnet.find(rows)
    mute = rows.dialect == 0
    true = np.array(world.net)
    assert found.count == 2
    assert all(len(np.unique(found.row_net[mute & (true == net)])) == 1 for net in (0, 1))
    assert (found.row_net[mute] >= 0).all()


def test_a_network_is_counted_by_its_addresses_however_often_they_were_seen() -> None:
    world = World()
    world.send(0, range(80), 1, 11, 900)
    rows = world.made()
    found = rows.addresses_by_network(np.ones(len(rows), np.bool_))
    assert sum(found.values()) == len(np.unique(rows.address)) < len(rows)
    assert max(found.values()) <= 2


@pytest.mark.parametrize("asleep", [True, False])
def test_machines_that_sleep_are_told_from_proxies_that_do_not(asleep: bool) -> None:
    """Bots of all time zones, each on for ten hours of its day; proxies at any hour."""
    chance = random.Random(5)
    rows = []
    for bot in range(60):
        wakes = chance.randrange(24)
        for day in range(3):
            hour = (wakes + chance.random() * 10) % 24 if asleep else chance.random() * 24
            at = day * DAY + int(hour * 3_600_000_000)
            rows.append((bot, bot, 1, 1, 11, 0, day, 1, 1, at, at))
    columns = np.array(rows, np.int64).T
    made = Rows(**dict(zip(Rows.__dataclass_fields__, columns, strict=True)))
    assert botnet.hours.habit(made).awake is not asleep
    assert not botnet.hours.habit(made.only(made.address < 5)).awake  # too few to say


def test_nothing_is_no_botnet() -> None:
    none = np.empty(0, np.int64)
    rows = Rows(none, none, none, none, none.astype(np.uint64), none.astype(np.uint64), none, none, none, none, none)
    assert botnet.find(rows).count == 0


@pytest.mark.parametrize("many", [300, 1000])
def test_the_interval_of_an_estimate_holds_the_truth(many: int) -> None:
    hits = {"chao1": 0, "chapman": 0}
    for seed in range(40):
        chance = np.random.default_rng(seed)
        drawn = chance.integers(0, many, many)
        one, other = np.unique(drawn[::2]), np.unique(drawn[1::2])
        guess = size.chao1(drawn)
        hits["chao1"] += guess.low <= many <= guess.high
        guess = size.chapman(len(one), len(other), len(np.intersect1d(one, other)))
        hits["chapman"] += guess.low <= many <= guess.high
    assert min(hits.values()) >= 34


def test_an_address_that_changed_hands_is_told_and_a_pool_is_not() -> None:
    address = np.repeat(np.array([1, 2, 3]), 6)
    day = np.tile(np.arange(6), 3)
    net = np.array([0, 0, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1])
    found = life.hand_overs(address, net, day, np.ones(18, np.int64))
    assert [(one.address, one.from_net, one.to_net, one.last_day, one.first_day) for one in found] == [(1, 0, 1, 2, 3)]
    born = life.births_and_deaths(address, net, day)
    assert born[0][0][0] == 3
    assert born[1][1] == {5: 3}


def test_tenancies_end_at_a_gap_and_a_tenant_that_moves_is_told() -> None:
    days = [0, 1, 2, 3, 10, 11, 4, 5, 6]
    net = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1])
    tenant = np.full(9, 5)
    at = np.array(days) * DAY + 3600
    spans = rent.tenancies(net, tenant, at, at + DAY // 2, np.full(9, 4))
    assert [(one.net, one.mails, one.days) for one in spans] == [(0, 16, 4), (0, 8, 2), (1, 12, 3)]
    assert [(m.from_net, m.to_net) for m in rent.moves(spans)] == [(0, 1)]
    assert rent.daily_tenants(spans)[1][5] == 1


def test_a_common_supply_is_a_hypothesis_only_where_chance_is_no_answer() -> None:
    def span(net: int, tenant: int) -> rent.Tenancy:
        return rent.Tenancy(net, tenant, 0, DAY, 9, 1)

    alike = [span(net, tenant) for net in (0, 1) for tenant in range(12)] + [
        span(2, tenant) for tenant in range(100, 160)
    ]
    assert [(one.one, one.other, one.common) for one in rent.supply(alike)] == [(0, 1, 12)]
    apart = [span(0, tenant) for tenant in range(3)] + [span(1, tenant) for tenant in range(3)]
    assert rent.supply(apart) == []


def test_signed_ties_group_what_is_for_each_other_and_part_what_is_not() -> None:
    ties = [(0, 1, 2.0), (1, 2, 2.0), (0, 2, -0.5), (2, 3, -3.0), (3, 4, 1.0)]
    assert correlate(6, ties) == [0, 0, 0, 1, 1, 2]
    assert correlate(0, []) == []
    assert correlate(3, [(0, 1, -1.0)]) == [0, 1, 2]


def test_machines_are_fewer_than_addresses_and_less_sure() -> None:
    addresses = size.Size(1000.0, 900.0, 1120.0, 500)
    found = size.machines(addresses)
    assert found.value == pytest.approx(1000 / size.ADDRESSES_EACH)
    assert found.high / found.value > addresses.high / addresses.value
    assert found.low < found.value < addresses.value
    assert size.machines(addresses, 60).high > found.high  # addresses change hands for longer
    assert size.machines(size.Size(0.0, 0.0, 0.0, 0)).value == 0.0
