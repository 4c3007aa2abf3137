"""Policies and protected space, and the words others read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel import config, net
from junkhound.kernel.errors import ConfigError
from junkhound.listing import Protected, count_range, explain, names_without_address, policy_of, span
from support.histories import policy, subject


def test_the_policy_says_itself_in_sentences() -> None:
    text = "\n".join(explain(policy(scope="public", protect=("192.0.2.0/24",))))
    for part in ("public: for anyone; 2 vantages", "junk", "above 0.7", "14 days", "/64", "1 stated networks"):
        assert part in text


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"bound": 1.0}, "bound: 1.0 is no share"),
        ({"protect": ("192.0.2.300",)}, "'192.0.2.300' is not a network"),
        ({"ipv6_bits": 129}, "ipv6_bits"),
        ({"protect_names": ("192.0.2.7",)}, "'192.0.2.7' is not a domain"),
    ],
)
def test_wrong_settings_are_named(rules: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        policy(**rules)


@pytest.mark.parametrize("name", ["../out", "a b", "", "-a", "Ü", "a" * 64, "main\n"])
def test_a_list_has_a_name_that_files_and_zones_can_carry(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be a list's name"):
        policy(name)


def test_relays_are_protected_and_their_names_are_told_apart() -> None:
    section = config.NetworkSection(own=("198.51.100.1", "mx.example.org"), allow_documentation=True)
    rules = policy_of("main", config.List(), section, relays=("203.0.113.0/28", "relay.example.net"))
    assert rules.protected.why(subject("203.0.113.7/32")) == "203.0.113.0/28 is our own"
    assert rules.protected.why(subject("203.0.113.16/32")) is None
    assert names_without_address(("198.51.100.1", "mx.example.org")) == ["mx.example.org"]


networks = st.tuples(st.integers(0xCB007100, 0xCB0071FF), st.integers(24, 32)).map(
    lambda pair: net.network_of(net.v4(pair[0]), pair[1] + 96)
)


@given(st.lists(networks, max_size=6), networks)
def test_an_overlap_is_always_found(guarded: list[net.Network], asked: net.Network) -> None:
    found = Protected([(network, "ours") for network in guarded], allow_documentation=True).why(asked)
    first, last = span(asked)
    overlaps = any(span(network)[0] <= last and first <= span(network)[1] for network in guarded)
    assert (found is not None) == overlaps


@pytest.mark.parametrize(
    ("messages", "words"),
    [(1, "under 10"), (9, "under 10"), (10, "10 to 50"), (49, "10 to 50"), (50, "50 to 200"), (999, "200 to 1,000"),
     (20_000, "20,000 to 100,000"), (100_000, "over 100,000"), (10**9, "over 100,000")],
)  # fmt: skip
def test_counts_are_said_as_ranges(messages: int, words: str) -> None:
    assert count_range(messages) == words
