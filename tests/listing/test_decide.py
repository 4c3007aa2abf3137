"""Listing, not listing, ending: the rules one by one, then the laws."""

from __future__ import annotations

import dataclasses

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel import config, net
from junkhound.kernel.clock import DAY, HOUR
from junkhound.kernel.errors import ConfigError
from junkhound.listing import Day, History, Level, Outcome, Policy, Pool, Unit, decide, hold_hours, policy_of
from junkhound.listing.beta import below, lower_bound
from junkhound.tables import Kind, Path, Standing
from support.histories import DOCUMENTATION, NOW, NOW_HOUR, history, policy, subject, unit

TWO = (unit(1), unit(1, vantage=2))
NIGHT = (unit(20), unit(2, trap=2))


def codes(decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


def test_two_vantages_list_an_address_in_a_network_nobody_knows() -> None:
    decision = decide(history(*TWO), policy(scope="public"), NOW)
    assert decision.outcome is Outcome.LIST
    assert decision.score > 0.7
    assert codes(decision) == ["seen", "witnesses", "score", "expires"]
    assert decision.reasons[0].text == "2 messages in 2 hourly units at 2 vantages, 2022-06-23 to 2022-06-23"
    assert decision.expires_at is not None
    assert decision.expires_at > NOW


def test_one_trap_domain_lists_for_its_own_servers_only() -> None:
    assert decide(history(*NIGHT), policy(), NOW).listed
    refused = decide(history(*NIGHT), policy(scope="public"), NOW)
    assert refused.outcome is Outcome.PASS
    assert refused.reasons[-1].text == "1 of 2 independent witnesses that scope 'public' needs"


def test_a_flood_in_one_hour_is_one_witness() -> None:
    flood = [unit(1, trap=trap, messages=10_000) for trap in range(1, 50)]
    decision = decide(history(*flood), policy(), NOW)
    assert decision.outcome is Outcome.PASS
    assert decision.inputs["junk"][2] < 5.01


@pytest.mark.parametrize("standing", [Standing.COMPLAINT, Standing.FEED, Standing.FBL, Standing.QUERIES])
def test_nobody_else_can_witness(standing: Standing) -> None:
    crowd = [unit(ago, vantage=vantage, standing=standing) for vantage in range(2, 30) for ago in (1, 9, 30)]
    assert not decide(history(unit(1), *crowd), policy(), NOW).listed


def test_a_trap_of_little_worth_says_little() -> None:
    rules = dataclasses.replace(config.List(), scope="public")
    typos = policy_of("main", rules, DOCUMENTATION, weights=[(1, 0.2), (2, 0.2)])
    assert decide(history(*TWO), typos, NOW).score < decide(history(*TWO), policy(scope="public"), NOW).score
    nothing = policy_of("main", rules, DOCUMENTATION, weights=[(1, 0.0), (2, 0.0)])
    assert decide(history(*TWO), nothing, NOW).outcome is Outcome.PASS


def test_complaints_add_no_points() -> None:
    complaints = [unit(ago, vantage=5, standing=Standing.COMPLAINT) for ago in range(1, 40)]
    assert decide(history(*TWO, *complaints), policy(), NOW).score == decide(history(*TWO), policy(), NOW).score


@pytest.mark.parametrize("kind", [Kind.UNSORTED, Kind.BACKSCATTER, Kind.PROBE, Kind.AUTH_GUESS])
def test_other_kinds_count_only_where_a_list_says_so(kind: Kind) -> None:
    seen = (unit(1, kind=kind), unit(1, vantage=2, kind=kind))
    assert decide(history(*seen), policy(), NOW).score == decide(history(), policy(), NOW).score
    if kind in (Kind.PROBE, Kind.AUTH_GUESS):
        assert decide(history(*seen), policy(kinds=(kind.name.lower(),)), NOW).listed


@pytest.mark.parametrize("kind", ["unsorted", "good", "backscatter", "jnuk"])
def test_a_list_cannot_be_made_of_mail_that_never_counts(kind: str) -> None:
    with pytest.raises(ConfigError, match="never counts against"):
        policy(kinds=(kind,))


def test_good_mail_ends_a_listing() -> None:
    good = [unit(ago, vantage=9, kind=Kind.GOOD, standing=Standing.MAILBOX, trap=0) for ago in (2, 30, 80)]
    decision = decide(history(*TWO, *good), policy(), NOW)
    assert decision.outcome is Outcome.CLEAR
    assert codes(decision)[-1] == "good"


def test_neighbours_move_the_prior_both_ways() -> None:
    shady = decide(history(*TWO, levels=(Level("origin network", 60, 2),)), policy(), NOW)
    plain = decide(history(*TWO), policy(), NOW)
    noble = decide(history(*TWO, levels=(Level("origin network", 1, 400), Level("/24 or /48", 0, 40))), policy(), NOW)
    assert shady.score > plain.score > noble.score
    assert not noble.listed


@pytest.mark.parametrize(
    "words",
    ["10.1.2.3", "127.0.0.2", "192.168.1.1", "100.64.3.4", "198.18.0.1", "224.0.0.5", "255.255.255.255", "0.0.0.0",
     "::1/64", "fe80::/64", "fc00:1::/64", "64:ff9b::/64", "ff02::/64", "2001:0:1::/64", "4000::/64"],
)  # fmt: skip
def test_reserved_space_is_never_listed(words: str) -> None:
    decision = decide(history(*TWO, words=words), policy(), NOW)
    assert decision.outcome is Outcome.CLEAR
    assert codes(decision)[-1] == "protected"


def test_documentation_space_is_reserved_unless_the_settings_say_so() -> None:
    assert not decide(history(*TWO), policy(network=config.NetworkSection()), NOW).listed
    assert decide(history(*TWO), policy(), NOW).listed


def test_a_v6_network_that_holds_one_protected_host_is_not_listed() -> None:
    guarded = policy(network=config.NetworkSection(own=("2001:db8:1:2::25",), allow_documentation=True))
    decision = decide(history(*TWO, words="2001:db8:1:2::/64"), guarded, NOW)
    assert decision.reasons[-1].text == "never listed: 2001:db8:1:2::25/128 is our own"
    assert decide(history(*TWO, words="2001:db8:1:3::/64"), guarded, NOW).listed


def test_a_carriers_shared_address_is_evidence_only() -> None:
    decision = decide(history(*TWO, pool=Pool.SHARED), policy(), NOW)
    assert (decision.outcome, codes(decision)[-1]) == (Outcome.CLEAR, "shared")


def test_silence_ends_it() -> None:
    old = (unit(20 * 24), unit(20 * 24, vantage=2), unit(20 * 24, vantage=3), unit(20 * 24, vantage=4))
    decision = decide(history(*old), policy(), NOW)
    assert (decision.outcome, codes(decision)[-1]) == (Outcome.PASS, "quiet")


def test_what_was_seen_before_a_removal_does_not_count_again() -> None:
    removed = history(*TWO, unit(30), cleared_hour=NOW_HOUR - 1)
    assert decide(removed, policy(), NOW).outcome is Outcome.PASS
    again = history(*TWO, unit(0), unit(0, vantage=2), cleared_hour=NOW_HOUR - 1)
    assert decide(again, policy(), NOW).listed


def test_a_return_needs_witnesses_of_its_own() -> None:
    before = (unit(60), unit(60, vantage=2), unit(50, vantage=3))
    rules = policy(scope="public")
    gone = {"relistings": 1, "ended_hour": NOW_HOUR - 20}
    silent = decide(history(*before, **gone), rules, NOW)
    assert silent.outcome is Outcome.PASS
    probe = decide(history(*before, unit(3), **gone), rules, NOW)
    assert probe.reasons[-1].text == (
        "1 of 2 independent witnesses that scope 'public' needs, counted since its last listing ended on 2022-06-22"
    )
    assert decide(history(*before, unit(3), unit(2, vantage=2), **gone), rules, NOW).listed


def held(hours: set[int], rules: Policy, relistings: int = 0, pool: Pool = Pool.STATIC) -> float:
    return hold_hours(np.array(sorted(hours)), np.zeros(0, np.int64), rules, relistings, pool)


def test_how_long_it_is_held() -> None:
    rules = policy()
    one_hour = held({100}, rules)
    week = {24 * day + hour for day in range(7) for hour in range(12)}
    month = {24 * day for day in range(30)}
    assert 3 <= one_hour <= 6
    assert one_hour < held(week, rules) < held(month, rules)
    assert held({100}, rules, 1) == pytest.approx(2 * one_hour)
    year = {24 * day for day in range(365)}
    assert held(year, rules) == 14 * 24  # first_days
    assert held(year, rules, 2) == 56 * 24
    assert held(year, rules, 40) == 180 * 24  # longest_days
    assert held(year, rules, 40, Pool.DYNAMIC) == 24
    brief = policy(first_days=0.1)
    assert held(year, brief) == 3  # the floor


def test_the_past_counts_by_days_once_it_has_left_the_window() -> None:
    at = NOW_HOUR // 24
    past = tuple(Day(at - 40 - day, 3) for day in range(200))
    with_past = decide(history(*TWO, days=past), policy(), NOW)
    without = decide(history(*TWO), policy(), NOW)
    assert with_past.score > without.score
    assert with_past.expires_at is not None
    assert without.expires_at is not None
    assert with_past.expires_at > without.expires_at
    assert with_past.inputs["past_days"] == 200
    # a day inside the window is already there as units: it must not count twice
    doubled = decide(history(*TWO, days=(Day(at, 50), Day(at - 5, 50))), policy(), NOW)
    assert doubled == without


@pytest.mark.parametrize(
    ("kind", "path", "words"),
    [
        (Kind.JUNK, Path.DIRECT, "direct spam source"),
        (Kind.JUNK, Path.OPEN_PROXY, "open proxy"),
        (Kind.AUTH_GUESS, Path.DIRECT, "password guessing"),
    ],
)
def test_it_is_listed_as_what_it_did(kind: Kind, path: Path, words: str) -> None:
    seen = (unit(1, kind=kind), unit(1, vantage=2, kind=kind))
    rules = policy(kinds=("junk", "auth_guess"))
    assert decide(history(*seen, path=int(path)), rules, NOW).listing_class == words


# Laws

hosts = st.sampled_from(["203.0.113.7", "198.51.100.0", "192.0.2.255", "2001:db8:0:1::/64", "10.0.0.1", "::1/64"])
unit_rows = st.builds(
    unit,
    st.integers(0, 900),
    vantage=st.integers(0, 4),
    trap=st.integers(0, 3),
    kind=st.sampled_from(Kind),
    standing=st.sampled_from(Standing),
    messages=st.integers(0, 5),
)
histories = st.builds(
    lambda units, days, words, pool, relistings: History(
        subject(words), tuple(units), tuple(Day(NOW_HOUR // 24 - 36 - d, n) for d, n in days), pool, (), relistings
    ),
    st.lists(unit_rows, max_size=20),
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 9)), max_size=5, unique_by=lambda day: day[0]),
    hosts,
    st.sampled_from(Pool),
    st.integers(0, 6),
)
scopes = st.sampled_from(["own", "public"])


@given(histories, scopes, st.lists(hosts, max_size=3))
def test_nobodys_protected_network_is_ever_listed(past: History, scope: str, guarded: list[str]) -> None:
    rules = policy_of("main", config.List(scope=scope, protect=tuple(guarded)), DOCUMENTATION)
    decision = decide(past, rules, NOW)
    if any(rules.protected.why(subject(words)) and subject(words) == past.subject for words in guarded):
        assert decision.outcome is Outcome.CLEAR
    if decision.listed:
        assert not any(_overlap(past.subject, subject(words)) for words in guarded)
        assert net.is_public(past.subject.first, allow_documentation=True)


def _overlap(a: net.Network, b: net.Network) -> bool:
    return a.holds(b.first) or b.holds(a.first)


@given(st.lists(unit_rows, min_size=1, max_size=40), st.integers(1, 4))
def test_one_vantage_never_suffices_for_public(units: list[Unit], vantage: int) -> None:
    alone = tuple(u._replace(vantage=vantage) for u in units)
    assert not decide(history(*alone), policy(scope="public"), NOW).listed


@given(histories, unit_rows, scopes)
def test_more_junk_never_lowers_the_score(past: History, more: Unit, scope: str) -> None:
    junk = more._replace(kind=int(Kind.JUNK))
    richer = msgspec.structs.replace(past, units=(*past.units, junk))
    rules = policy(scope=scope)
    assert decide(richer, rules, NOW).score >= decide(past, rules, NOW).score - 2e-9


@given(histories, scopes, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(past: History, scope: str, shuffler) -> None:
    units, days = list(past.units), list(past.days)
    shuffler.shuffle(units)
    shuffler.shuffle(days)
    turned = msgspec.structs.replace(past, units=tuple(units), days=tuple(days))
    assert decide(turned, policy(scope=scope), NOW) == decide(past, policy(scope=scope), NOW)


@given(histories, scopes, st.integers(-800, 800))
def test_what_comes_later_does_not_change_what_was_decided(past: History, scope: str, shift: int) -> None:
    at = NOW + shift * HOUR
    known = tuple(u for u in past.units if u.hour <= at // HOUR)
    rules = policy(scope=scope)
    assert decide(past, rules, at) == decide(msgspec.structs.replace(past, units=known), rules, at)


@given(histories, scopes)
def test_a_listing_always_ends(past: History, scope: str) -> None:
    rules = policy(scope=scope)
    decision = decide(past, rules, NOW)
    if decision.listed:
        assert decision.expires_at is not None
        assert NOW < decision.expires_at <= NOW + (180 * DAY + 2 * HOUR)
        assert not decide(past, rules, decision.expires_at).listed


@given(histories)
def test_equal_rules_have_equal_hashes(past: History) -> None:
    first, second = policy(), policy()
    assert first.hash == second.hash == decide(past, first, NOW).policy
    assert dataclasses.replace(first, bound=0.8).hash != first.hash


@given(st.floats(0.05, 5000), st.floats(0.05, 500))
def test_five_in_a_hundred_lie_below_the_lower_bound(a: float, b: float) -> None:
    x = lower_bound(a, b)
    if 1e-6 < x < 1 - 1e-6:
        assert below(x - 2e-9, a, b) <= 0.05 <= below(x + 2e-9, a, b)


@pytest.mark.parametrize(
    ("a", "b", "x"),
    # Those at which a step leaves the bracket; found by halving alone.
    [(2.484251138089461, 25.255018385199037, 0.021522709), (1.7185655633180905, 2.8709803163453165, 0.07474237),
     (1.1189821252791265, 0.1, 0.458459096), (2.2683367007320787, 0.19922187601710087, 0.58324526)],
)  # fmt: skip
def test_the_lower_bound_is_right_where_a_step_goes_astray(a: float, b: float, x: float) -> None:
    assert lower_bound(a, b) == pytest.approx(x, abs=1.5e-9)
