"""The world's mail is the same in every run, in order, and true to the world's own facts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest

from spamworld.plan import Delivery
from spamworld.world import World
from spamworld.world.facts import DAY, Host

HASH = """
import hashlib, msgspec
from spamworld.world import World
world = World(1001, "S", "modern")
digest = hashlib.sha256()
for day in (0, 5):
    for one in world.day(day):
        digest.update(msgspec.msgpack.encode(one))
for parts in (world.hosts(), world.dns_zones(), world.listings(), world.bookings(), world.notices()):
    for n, one in zip(range(300), parts):
        digest.update(msgspec.msgpack.encode(one))
print(digest.hexdigest())
"""


@pytest.fixture(scope="module")
def world() -> World:
    return World(1000, "S")


@pytest.fixture(scope="module")
def mails(world: World) -> list[Delivery]:
    return list(world.deliveries())


@pytest.fixture(scope="module")
def hosts(world: World) -> dict[int, Host]:
    return {host.id: host for host in world.hosts()}


def test_one_seed_gives_one_world_whatever_the_process() -> None:
    found = set()
    for salt in ("1", "2"):
        env = os.environ | {"PYTHONHASHSEED": salt}
        done = subprocess.run([sys.executable, "-c", HASH], env=env, capture_output=True, text=True, check=True)
        found.add(done.stdout)
    assert len(found) == 1


def test_seeds_differ(mails: list[Delivery]) -> None:
    assert [d.at for d in World(1001, "S").day(0)[:5]] != [d.at for d in mails[:5]]


def test_mails_come_in_order_within_the_run_about_as_many_as_told(world: World, mails: list[Delivery]) -> None:
    times = [d.at for d in mails]
    assert times == sorted(times)
    assert world.start <= times[0]
    assert times[-1] < world.end
    assert len({d.id for d in mails}) == len(mails)
    assert abs(len(mails) / world.count_hint - 1) < 0.08


def test_any_mail_can_be_planned_alone(world: World, mails: list[Delivery]) -> None:
    for one in mails[:: len(mails) // 3]:
        assert world.delivery(one.id) == one
    with pytest.raises(KeyError):
        world.delivery(3 << 40 | 999 << 24)


def test_steps_hand_on_to_one_another_and_end_at_the_intake(world: World, mails: list[Delivery]) -> None:
    boxes = {box.name: box for box in world.intakes}
    for d in mails:
        box = boxes[d.intake]
        assert d.path[-1].receiver in box.relays
        assert d.path[-1].at == d.at
        assert all(a.receiver.id == b.sender.id and a.at <= b.at for a, b in zip(d.path, d.path[1:], strict=False))
        assert box.start <= d.at
        assert not any(a <= d.at < b for a, b in box.outages)
        for r in d.recipients:
            assert r.address in box.addresses[r.trap]


def test_a_bot_sends_while_infected_from_the_address_it_has(mails: list[Delivery], hosts: dict[int, Host]) -> None:
    seen = 0
    for d in mails:
        if d.class_ != "bot":
            continue
        host = hosts[d.injector.id]
        assert host.botnet == d.botnet
        assert any(a <= d.at < b for a, b in host.infected)
        assert any(x.address == d.injector.address and x.start <= d.at < x.end for x in host.leases)
        seen += 1
    assert seen > 5000


def test_bots_send_when_they_are_switched_on(world: World, mails: list[Delivery], hosts: dict[int, Host]) -> None:
    inside = total = 0
    for d in mails:
        if d.class_ == "bot":
            on, hours = hosts[d.injector.id].duty
            local = (d.at / 3.6e9 + world.setting.by_asn[d.injector.asn].hours) % 24
            inside, total = inside + ((local - on) % 24 <= hours), total + 1
    assert inside / total > 0.8  # the rest was infected or tasked for a part of the day only


def test_a_campaign_sends_within_its_time_by_its_versions(world: World, mails: list[Delivery]) -> None:
    for d in mails:
        if d.campaign:
            one = world.campaigns[d.campaign]
            assert one.start <= d.at < one.end
            version = one.versions[d.version - 1]
            assert d.version == len(one.versions) or d.at < version.end
            assert (d.category, d.spammer, d.language) == (one.category, one.spammer, one.language)
            if one.domains:
                assert any(x.start <= d.at < x.end for x in one.domains)


def test_only_reserved_names_are_used(world: World, mails: list[Delivery]) -> None:
    for d in mails[::7]:
        for name in (d.author, d.envelope_from, d.intake, *(r.address for r in d.recipients)):
            assert not name or name.endswith(".example")
        for step in d.path:
            for name in (step.sender.rdns, step.receiver.name):
                assert not name or name.endswith(".example") or "." not in name


def test_every_class_and_every_way_is_there(mails: list[Delivery]) -> None:
    classes = Counter(d.class_ for d in mails)
    assert {"bot", "proxy", "relay", "account", "webmail", "bulk", "own", "controller", "forward"} <= set(classes)
    assert all(len(d.path) == 2 for d in mails if d.strategy == "R1")
    assert all(d.behind for d in mails if d.class_ in ("proxy", "bulk"))
    webmail = [d for d in mails if d.class_ == "webmail"]
    assert all((d.path[0].protocol == "HTTP") == bool(d.origin) for d in webmail)
    assert {bool(d.origin) for d in webmail} == {True, False}
    assert {"list", "newsletter", "notice", "auto-reply", "dsn", "forwarded", "personal"} <= {
        d.category for d in mails if d.kind == "good"
    }
    assert any(d.series for d in mails)
    assert any(d.kind == "backscatter" for d in mails)
    assert {"stripped", "inline"} <= {d.mangled for d in mails}


def test_really_relayed_paths_are_as_frequent_as_told(mails: list[Delivery]) -> None:
    good = [d for d in mails if d.kind == "good"]
    junk = [d for d in mails if d.kind == "junk"]
    assert 0.15 < sum(len(d.path) > 2 for d in good) / len(good) < 0.35
    relayed = [d for d in junk if len(d.path) > 1 and d.path[0].sender.id != d.path[-1].sender.id]
    assert 0.05 < len(relayed) / len(junk) < 0.15


def test_a_strategy_left_out_of_tuning_is_not_in_tuning() -> None:
    tuning = {d.strategy for d in World(3, "S").day(1)}
    assert not {"F4", "F8", "F9", "E1", "E2"} & tuning
    assert {"F0", "F1", "F2", "F3"} <= tuning


def test_the_demo_is_small_and_long(world: World) -> None:
    demo = World(1000, "demo")
    assert demo.days == 1095
    assert demo.count_hint == 30000
    assert len(demo.botnets) == 2
    assert len([i for i in demo.intakes if i.kind == "trap"]) == 4
    assert [e.kind for e in demo.events if e.kind in ("E1", "E2", "E3", "E8")] == ["E1"]
    assert sum(c.category == "stock" for c in demo.campaigns.values()) == 1
    month = [d for day in range(600, 630) for d in demo.day(day)]
    assert 500 < len(month) < 1300
    assert {d.botnet for d in month} == {0, 1, 2}


def test_an_unknown_tier_variant_or_event_is_refused() -> None:
    for words in ({"tier": "XL"}, {"variant": "1999"}, {"without": "E99"}):
        with pytest.raises(ValueError, match="unknown"):
            World(1000, **{"tier": "S", **words})


def test_days_can_be_asked_in_any_order(world: World, mails: list[Delivery]) -> None:
    day = [d for d in mails if world.start + 2 * DAY <= d.at < world.start + 3 * DAY]
    assert world.day(2) == day


def test_a_template_engine_is_kept_for_evaluation() -> None:
    assert not any(one.shuffled for one in World(7, "S").campaigns.values())
    assert any(one.shuffled for one in World(1000, "S").campaigns.values())
