"""Whole networks: only with a panel that would show good senders, by tests of chance, the worst by two people."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from junkhound.listing import Range, Senders, range_decisions, senders
from junkhound.listing.escalate import PANEL_DAYS, Collateral, discoveries, escalated, evidence, expected, panel
from junkhound.tables import Operator
from support.histories import NOW, NOW_HOUR, policy, subject
from support.senders import good, junk, rows

HOSTED = {"operator": int(Operator.HOSTING), "prefix": 120}


def world(bad_first: int = 200) -> Senders:
    """Forty hosting networks of one kind with good senders, one of them bad alone, all sending a little junk."""
    units = []
    for net_number in range(40):
        base = f"45.10.{net_number}"
        units.append(junk(f"{base}.9", 100, 1, asn=64500, **HOSTED))
        units += [good(f"{base}.{host}", 24 * day, asn=64500, **HOSTED) for host in (20, 21) for day in range(1, 31)]
    for host in range(8):
        units += [
            junk(f"45.99.7.{host * 30}", ago, vantage, asn=64501, **HOSTED) for ago, vantage in ((bad_first, 1), (3, 2))
        ]
    return senders(rows(units), NOW_HOUR - 35 * 24, NOW_HOUR)


def many(every: Senders, times: int) -> Senders:
    """The same with the good days counted so many times: a panel large enough without 30,000 rows."""
    return dataclasses.replace(every, good_days=every.good_days * times)


def test_without_a_panel_nothing_is_escalated() -> None:
    every = world()
    assert panel(every).days < PANEL_DAYS
    assert "escalation to networks needs 30,000" in panel(every).words()
    assert escalated(every) == []


def test_a_bad_network_is_listed_whole_with_its_collateral() -> None:
    every = many(world(), 20)
    assert panel(every).enough
    (one,) = escalated(every)
    assert str(one.network) == "45.99.7.0/24"
    assert one.bad == 8
    assert one.seen[0].startswith("8 of 8 senders seen in it are bad and none is good, where ")
    assert "good senders (with 95% certainty at most" in one.seen[1]
    rules = policy("nets", holds="escalated", scope="public")
    (decision,) = range_decisions(rules, every, every, NOW, {})
    assert decision.listed
    assert decision.listing_class == "escalated network"


def test_a_young_network_is_not() -> None:
    assert escalated(many(world(bad_first=100), 20)) == []


def test_facts_of_other_rooms_stand_for_age_where_they_are_known() -> None:
    young = many(world(bad_first=100), 20)
    assert [str(one.network) for one in escalated(young, frozenset({subject("45.99.7.0/24")}))] == ["45.99.7.0/24"]


def test_a_panel_that_expects_nothing_here_says_nothing() -> None:
    every = many(world(), 20)
    other = np.where(every.asn == 64501, int(Operator.EDUCATION), every.operator).astype(np.uint8)
    assert escalated(dataclasses.replace(every, operator=other)) == []


def test_do_not_route_needs_two_people() -> None:
    every = world()
    rules = policy("drop", holds="do-not-route", scope="public")
    network = subject("45.99.7.0/24")
    for people, count in ((0, 0), (1, 0), (2, 1)):
        made = range_decisions(rules, every, every, NOW, {}, {network: people})
        assert sum(one.listed for one in made) == count
    approved_good = range_decisions(rules, every, every, NOW, {}, {subject("45.10.3.0/24"): 2})
    assert not any(one.listed for one in approved_good)


def test_the_expected_good_days_are_those_of_networks_alike() -> None:
    found = {str(one.network): one for one in evidence(world(), None, True)}
    days, harm = expected(found["45.99.7.0/24"], found.values())
    assert days == pytest.approx(60.0)
    assert isinstance(harm, Collateral)
    assert 0 < harm.mean < 2.5
    assert harm.upper >= harm.mean


def test_discoveries_hold_the_false_rate() -> None:
    assert discoveries([0.001, 0.2, 0.004, 0.9], 0.01) == {0, 2}
    assert discoveries([0.02, 0.5]) == set()
    assert discoveries([]) == set()


def test_ipv6_grows_by_evidence() -> None:
    def bad(words: str, n: int) -> list[dict[str, int]]:
        about = {"asn": 64501, "operator": int(Operator.HOSTING), "prefix": 32}
        return [junk(words, 200, 1 + n % 2, **about), junk(words, 3, 2 - n % 2, **about)]

    units = [u for n in range(4) for u in bad(f"2a00:1:2:{n:x}::5", n)]
    for number in range(60):
        about = {"asn": 64502, "operator": int(Operator.HOSTING), "prefix": 32}
        units += [good(f"2a01:{number:x}:1:1::1", 24 * day, **about) for day in range(1, 31)]
        if number < 10:
            units.append(junk(f"2a01:{number:x}:1:1::9", 9, 1, **about))
    every = many(senders(rows(units), NOW_HOUR - 35 * 24, NOW_HOUR), 20)
    # Four bad /64 make a /56; a /48 would need eight bad /56, and what is announced is wider than that.
    assert [str(one.network) for one in escalated(every)] == ["2a00:1:2::/56"]


def test_a_range_carries_its_words() -> None:
    assert Range(subject("45.99.7.0/24"), 4, 9, 1, 2, (), ("one", "two")).seen == ("one", "two")
