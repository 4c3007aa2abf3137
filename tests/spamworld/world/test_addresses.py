"""Addresses: networks do not overlap, leases follow one another, and a host is where its lease says."""

from __future__ import annotations

import ipaddress
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spamworld import parameters
from spamworld.world import space
from spamworld.world.addresses import CODES, Plan, confirmed, dotted, rdns, six
from spamworld.world.facts import DAY

START = 1_136_160_000_000_000


@pytest.fixture(scope="module")
def networks() -> list[space.Network]:
    p = parameters.load()
    return space.networks(7, p, p.tier["demo"], 0.4, START)


@pytest.fixture(scope="module")
def plan(networks: list[space.Network]) -> Plan:
    return Plan(7, parameters.load(), networks)


def test_no_two_prefixes_overlap_and_none_is_reserved(networks: list[space.Network]) -> None:
    spans = sorted((p.base, p.base + p.size) for n in networks for p in n.prefixes)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    for first, last in spans:
        assert ipaddress.ip_address(first).is_global
        assert ipaddress.ip_address(last - 1).is_global


def test_numbers_are_private_and_names_reserved(networks: list[space.Network]) -> None:
    for n in networks:
        assert 4_200_000_000 <= n.asn <= 4_294_967_294
        assert n.domain.endswith(".example")
        assert not n.prefix6 or ipaddress.ip_network(n.prefix6).prefixlen == 32


def test_six_addresses_lie_in_their_network_and_keep_their_line(networks: list[space.Network]) -> None:
    home = next(n for n in networks if n.prefix6)
    one, two = (ipaddress.ip_address(six(home, 99, day, 12345)) for day in (1, 2))
    assert one in ipaddress.ip_network(home.prefix6)
    assert int(one) >> 72 == int(two) >> 72, "one /56"
    assert one != two


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**40), st.integers(0, 999), st.integers(0, 900 * DAY))
def test_a_lease_holds_at_the_instant_it_was_asked_for(plan: Plan, host: int, network: int, since: int) -> None:
    h, n, at = np.array([host]), np.array([network]), np.array([START + since])
    k, start, end = plan.lease(h, n, at)
    assert start[0] <= at[0] < end[0]
    again = plan.lease(h, n, np.array([end[0] - 1]))
    assert (again[0][0], again[1][0], again[2][0]) == (k[0], start[0], end[0]), "the same until its last instant"
    value = int(plan.address(h, n, k)[0])
    home = plan.networks[network]
    assert any(p.base <= value < p.base + p.size for p in home.prefixes)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**40), st.integers(0, 999), st.integers(1, 60))
def test_leases_cover_the_time_without_gap(plan: Plan, host: int, network: int, days: int) -> None:
    end = START + days * DAY
    (found,) = plan.leases(np.array([host]), np.array([network]), np.array([START]), np.array([end]))
    assert found[0].start == START
    assert found[-1].end == end
    assert all(a.end == b.start for a, b in itertools.pairwise(found))


def test_kinds_of_addressing_differ_as_published(plan: Plan, networks: list[space.Network]) -> None:
    by = {kind: [n.index for n in networks if n.addressing == kind] for kind in CODES}
    hosts = np.arange(400)
    change = {}
    for kind, homes in by.items():
        home = np.array([homes[i % len(homes)] for i in hosts])
        start = np.full(400, START)
        change[kind] = np.mean([len(x) for x in plan.leases(hosts, home, start, start + 56 * DAY)])
    assert change["static"] == 1
    assert 2.5 < change["sticky"] < 9  # median lease 14 d
    assert 8 <= change["periodic"] <= 57


def test_shared_addresses_hold_many_hosts(plan: Plan, networks: list[space.Network]) -> None:
    home = next(n.index for n in networks if n.addressing == "shared")
    hosts = np.arange(2000)
    values = plan.address(hosts, np.full(2000, home), np.zeros(2000, np.int64))
    assert len(set(values.tolist())) <= 250


def test_names_of_lines_confirm_in_some_styles_and_are_absent_in_others(networks: list[space.Network]) -> None:
    styles = {}
    for n in networks:
        styles.setdefault(n.rdns, n)
    names = {style: rdns(n, n.prefixes[0].base + 77) for style, n in styles.items()}
    assert len({name for name in names.values() if name}) == 10
    assert sum(not name for name in names.values()) == 2
    assert not any(confirmed(styles[s], 5) for s, name in names.items() if not name)
    assert dotted(0xCB007107) == "203.0.113.7"
