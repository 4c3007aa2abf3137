"""Events: as large as published, and a twin without one differs by its consequences only."""

from __future__ import annotations

import numpy as np
import pytest

from spamworld.world import World
from spamworld.world.facts import DAY


@pytest.fixture(scope="module")
def whole() -> World:
    return World(1000, "S")


def test_a_twin_without_a_takedown_has_the_same_mail_and_the_botnets_besides(whole: World) -> None:
    event = next(e for e in whole.events if e.kind == "E3")
    twin = World(1000, "S", without=event.id)
    day = (event.at - whole.start) // DAY
    assert whole.day(day - 1) == twin.day(day - 1)
    ours, theirs = ({d.id: d for d in w.day(day + 1)} for w in (whole, twin))
    assert set(ours) < set(theirs)
    assert all(theirs[i] == d for i, d in ours.items())
    more = [theirs[i] for i in set(theirs) - set(ours)]
    assert {d.botnet for d in more} == set(event.botnets)
    hit = sum(d.botnet in event.botnets for d in theirs.values())
    assert len(more) / hit == pytest.approx(event.size, abs=0.1)


def test_a_twin_without_an_outage_has_what_was_lost(whole: World) -> None:
    event = next(e for e in whole.events if e.kind == "E7")
    twin = World(1000, "S", without=event.id)
    day = (event.at - whole.start) // DAY
    ours, theirs = ({d.id: d for d in w.day(day)} for w in (whole, twin))
    more = [theirs[i] for i in set(theirs) - set(ours)]
    assert set(ours) < set(theirs)
    assert {d.intake for d in more} == {event.intake}
    assert all(event.at <= d.at < event.end for d in more)


def test_an_announced_takedown_changes_nothing(whole: World) -> None:
    twin = World(1000, "S", without="E4")
    assert twin.day(6) == whole.day(6)


def test_an_arrest_stops_one_spammer(whole: World) -> None:
    event = next(e for e in whole.events if e.kind == "arrest")
    twin = World(1000, "S", without="arrest")
    ours, theirs = (w.day(6) for w in (whole, twin))
    assert not any(d.spammer == event.spammer for d in ours)
    others = [d for d in theirs if d.spammer != event.spammer]
    assert [d for d in ours if d.spammer <= len(whole.spammers)] == others


@pytest.mark.parametrize(("tier", "kinds"), [("M", ("E1", "E3", "E8")), ("L", ("E1", "E2"))])
def test_takedowns_are_as_large_as_published(tier: str, kinds: tuple[str, ...]) -> None:
    world = World(1000, tier)
    s = world.setting
    bots = s.era.channels["bot"]

    def level(at: int) -> float:
        rate = sum(b.share * float(s.effects.botnet(b.id, np.array(float(at)))) for b in s.nets)
        return 1 - bots + bots * rate

    for kind in kinds:
        event = next(e for e in world.events if e.kind == kind)
        drop = 1 - level(event.at + 1) / level(event.at - 1)
        low, high = {"E1": (0.40, 0.66), "E2": (0.15, 0.40), "E3": (0.1, 0.3), "E8": (0.1, 0.35)}[kind]
        assert low - 0.02 <= drop <= high + 0.02, (kind, drop)
        if event.half:
            assert level(event.at + event.half) > level(event.at + 1)


def test_displaced_renters_come_back_elsewhere() -> None:
    world = World(1000, "M")
    event = next(e for e in world.events if e.kind == "E1")
    day = (event.at - world.start) // DAY + 16
    found = world.setting.effects.displaced(world.start + day * DAY)
    assert {net for _, net, _ in found} == set(event.botnets)
    assert all(0 < share <= event.displaced for _, _, share in found)


def test_a_port_25_block_silences_a_country_slowly() -> None:
    effects = World(1000, "M").setting.effects
    event = next(e for e in effects.all.values() if e.kind == "E6")
    levels = [effects.ramp(event.country, event.at + n * 5 * DAY) for n in range(12)]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] == 1.0
    assert levels[-1] == pytest.approx(1 - event.size)
    assert effects.ramp("nowhere", event.at + 50 * DAY) == 1.0
