"""Domains and hosts: two vantages and three addresses, never what good mail or everybody names."""

from __future__ import annotations

import msgspec
import pytest

from junkhound.listing import Advertised, Domain, Outcome, decide_name
from junkhound.tables import Kind, Standing
from support.histories import NOW, policy, unit

RULES = policy("names", holds="domains", scope="public", protect_names=("bank.example",))
SEEN = Advertised(Domain("shop.example"), (unit(3), unit(2, vantage=2), unit(1, vantage=2)), 3, 1)


def decided(one: Advertised = SEEN, **changes):
    return decide_name(msgspec.structs.replace(one, **changes), RULES, {"bank.example", "our.example"}, NOW)


def test_a_name_that_three_addresses_advertise_at_two_vantages_is_listed() -> None:
    one = decided()
    assert one.listed
    assert one.reasons[0].text == "3 messages of 3 addresses named it, 2022-06-23 to 2022-06-23"
    assert [reason.code for reason in one.reasons] == ["seen", "witnesses", "score", "expires"]
    assert one.listing_class == "advertised domain"
    assert one.expires_at is not None
    assert decided(units=()).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("changes", "outcome", "code"),
    [
        ({"units": (unit(3), unit(9))}, Outcome.PASS, "witnesses"),
        ({"addresses": 2}, Outcome.PASS, "addresses"),
        ({"signed": True}, Outcome.CLEAR, "good"),
        ({"known_days": 61}, Outcome.CLEAR, "common"),
        ({"units": (unit(200), unit(190, vantage=2))}, Outcome.PASS, "witnesses"),
        ({"units": (unit(3, kind=Kind.PROBE), unit(2, vantage=2, kind=Kind.PROBE))}, Outcome.PASS, "witnesses"),
        ({"units": (unit(3, standing=Standing.FEED), unit(2, vantage=2))}, Outcome.PASS, "witnesses"),
    ],
)
def test_what_keeps_a_name_off(changes, outcome, code) -> None:
    one = decided(**changes)
    assert (one.outcome, one.reasons[-1].code) == (outcome, code)


@pytest.mark.parametrize("name", ["bank.example", "www.bank.example", "our.example", "a.b.our.example", "example"])
def test_protected_names_those_below_and_those_above_are_never_listed(name: str) -> None:
    one = decided(subject=Domain(name))
    assert (one.outcome, one.reasons[-1].code) == (Outcome.CLEAR, "protected")


def test_a_silent_name_runs_out() -> None:
    old = decided(units=(unit(160), unit(150, vantage=2)))
    brief = policy("names", holds="domains", scope="public", first_days=1.0)
    assert old.listed
    assert decide_name(msgspec.structs.replace(SEEN, units=(unit(60), unit(50, vantage=2))), brief, (), NOW).reasons[
        -1
    ].code == ("quiet")
