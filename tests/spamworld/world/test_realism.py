"""Realism: the published figures that the generator must reproduce, with tolerances. A miss fails the build."""

from __future__ import annotations

import pytest

from spamworld.world import World, realism


@pytest.mark.parametrize(("seed", "variant"), [(1000, "2006"), (1001, "modern"), (3, "2006")])
def test_a_week_is_like_what_was_published(seed: int, variant: str) -> None:
    world = World(seed, "S", variant)
    found = realism.checks(world.setting, world.deliveries(), world.listings())
    assert len(found) >= 20
    assert not [c for c in found if not c.holds]


def test_rents_are_felt_and_leave_something_in_the_demonstration_too() -> None:
    assert realism.rents(World(1, "demo").setting).holds


def test_six_botnets_hold_their_share_and_send_as_planned() -> None:
    world = World(1000, "M")
    assert realism.six_botnets(world.setting).holds
    junk = [d for d in world.day(3) if d.kind == "junk"]
    assert not [c for c in realism.as_planned(world.setting, 3, junk) if not c.holds]


def test_a_check_can_fail() -> None:
    world = World(1000, "S")
    mails = [d for d in world.day(0) if d.kind == "junk"]
    one = mails[0].recipients
    assert not realism.per_bot(world.setting, [d for d in mails if d.botnet][:1] * 30).holds
    assert not realism.union(world.setting, [])[0].holds
    assert not realism.bots(world.setting, [d for d in mails if d.class_ != "bot"]).holds
    assert one
