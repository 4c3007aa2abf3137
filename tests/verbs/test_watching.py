"""Rounds of the service: a full one, then only what new rows are about, with the same lists in the end."""

from __future__ import annotations

from collections.abc import Callable

from junkhound.kernel import config
from junkhound.kernel.clock import DAY, HOUR
from junkhound.tables import Kind, Standing
from junkhound.verbs import lists
from junkhound.verbs.office import Office
from junkhound.verbs.watching import Watch
from support.sightings import unit
from verbs.test_lists import AT, BAIT, BOX, LURE, NAMES, TEXT, make, moved, on, seen
from verbs.test_replaying import BOTH, MANY

__all__ = ["make"]
Make = Callable[..., Office]


class Hand:
    """A clock turned by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_rounds_come_to_the_same_list_as_a_full_decision(make: Make) -> None:
    office, hand = make(MANY, lists=BOTH), Hand()
    watch = Watch(hand)
    first = watch.round(office, 86_400)
    assert [one.name for one in first] == ["main", "pools"]
    assert watch.round(office, 86_400) == []  # nothing new
    more = [seen(600, "192.0.2.200", 10, 1, LURE, 22), seen(601, "2001:db8:9:9::1", 10, 1),
            seen(602, "2001:db8:9:9::2", 10, 1, LURE, 22), seen(603, TEXT, 10, 1, LURE, 22)]  # fmt: skip
    office.ledger.commit([unit(office.ledger.store, 20, more, known_as=NAMES)])
    later = moved(office, AT + 2 * HOUR)
    hand.now = 60
    (done,) = watch.round(later, 86_400)
    assert {str(d.subject) for d in done.decisions} == {"192.0.2.200/32", "2001:db8:9:9::/64", TEXT + "/32"}
    held = on(later, "main")
    assert "2001:db8:9:9::/64" in held
    (full,) = lists.decide(later, "main")
    assert full.applied.changed == 0
    assert on(later, "main") == held


def test_what_was_merged_between_two_rounds_is_not_missed(make: Make) -> None:
    office, hand = make(MANY, lists={"main": config.List()}), Hand()
    watch = Watch(hand)
    watch.round(office, 86_400)
    more = [seen(700, "45.3.3.3", 10, 1), seen(701, "45.3.3.3", 10, 1, LURE, 22)]
    office.ledger.commit([unit(office.ledger.store, 21, more, known_as=NAMES)])
    office.ledger.compact(AT)
    hand.now = 60
    watch.round(moved(office, AT + 2 * HOUR), 86_400)
    assert "45.3.3.3/32" in on(moved(office, AT + 2 * HOUR), "main")


def test_a_good_mail_from_inside_a_range_brings_its_decision_forward(make: Make) -> None:
    office, hand = make(MANY, lists=BOTH), Hand()
    watch = Watch(hand)
    watch.round(office, 86_400)
    assert on(office, "pools") == ["45.9.128.0/21"]
    hand.now = 60
    fine = [seen(800, "45.9.130.25", 10, 1, BOX, 0, kind=int(Kind.GOOD), standing=int(Standing.MAILBOX))]
    office.ledger.commit([unit(office.ledger.store, 22, fine, known_as=NAMES)])
    later = moved(office, AT + 2 * HOUR)
    assert "pools" in [one.name for one in watch.round(later, 86_400)]
    assert "45.9.128.0/21" not in on(later, "pools")


def test_other_rules_and_a_day_bring_a_full_round(make: Make) -> None:
    office, hand = make(MANY, lists={"main": config.List()}), Hand()
    watch = Watch(hand)
    watch.round(office, 86_400)
    assert len(watch.round(moved(office, AT, lists={"main": config.List(bound=0.6)}), 86_400)) == 1
    hand.now = 86_401
    assert len(watch.round(moved(office, AT + DAY, lists={"main": config.List(bound=0.6)}), 86_400)) == 1


def test_more_junk_from_what_stands_for_long_waits_and_good_mail_does_not(make: Make) -> None:
    busy = [seen(1000 + n, "45.7.7.7", 9 - n // 20, n % 20, (BAIT, LURE)[n % 2], 21 + n % 2) for n in range(60)]
    office, hand = make([*MANY, *busy], lists={"main": config.List()}), Hand()
    watch = Watch(hand)
    watch.round(office, 10_800)
    held = {str(one.subject): one for one in lists.entries(office, "main")}
    long, short = "45.7.7.7/32", "198.51.100.9/32"
    assert held[long].expires_at > AT + 6 * HOUR > held[short].expires_at
    more = [seen(900, "45.7.7.7", 10, 1), seen(901, "198.51.100.9", 10, 1)]
    office.ledger.commit([unit(office.ledger.store, 23, more, known_as=NAMES)])
    hand.now = 60
    later = moved(office, AT + 2 * HOUR)
    (done,) = watch.round(later, 10_800)
    assert [str(one.subject) for one in done.decisions] == [short]
    fine = [seen(902, "45.7.7.7", 10, 2, BOX, 0, kind=int(Kind.GOOD), standing=int(Standing.MAILBOX))]
    office.ledger.commit([unit(office.ledger.store, 24, fine, known_as=NAMES)])
    hand.now = 120
    (done,) = watch.round(moved(office, AT + 3 * HOUR), 10_800)
    assert [str(one.subject) for one in done.decisions] == [long]
    # The next full round brings what waited: the end that the newest sighting gives it.
    hand.now = 12_000
    watch.round(moved(office, AT + 3 * HOUR), 10_800)
    assert lists.check(moved(office, AT + 3 * HOUR), "45.7.7.7")[0].last_at > held[long].last_at
