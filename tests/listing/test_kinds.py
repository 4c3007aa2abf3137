"""What each kind of list counts, how long it holds, what traps weigh, SpamCop's rules, and the words for it."""

from __future__ import annotations

import numpy as np
import pytest

from junkhound.kernel import config
from junkhound.listing import HOLDS, Groups, decide, explain, policy_of
from junkhound.listing.hazard import quiet_hours, return_share
from junkhound.tables import Clue, Kind, Operator, Path
from support.histories import DOCUMENTATION, NOW, history, policy, unit
from support.senders import good, junk, rows

HOST = "203.0.113.7"


def twice(**other) -> list[dict[str, int]]:
    return [junk(HOST, 5, 1, **other), junk(HOST, 4, 2, **other)]


@pytest.mark.parametrize(
    ("holds", "other", "there"),
    [
        ("direct", {"path": Path.DIRECT}, True),
        ("direct", {"path": Path.OPEN_PROXY}, True),
        ("direct", {"path": Path.WEBMAIL}, False),
        ("direct", {"path": Path.AUTHENTICATED}, False),
        ("direct", {"path": Path.ESP}, False),
        ("accounts", {"path": Path.AUTHENTICATED}, True),
        ("accounts", {"path": Path.DIRECT}, False),
        ("bots", {"clues": Clue.DYNAMIC_RDNS}, True),
        ("bots", {"clues": Clue.NO_RDNS}, True),
        ("bots", {"clues": Clue.NO_RDNS, "operator": Operator.HOSTING}, False),
        ("bots", {"clues": 0}, False),
        ("bots", {"path": Path.OPEN_RELAY, "operator": Operator.HOSTING}, True),
        ("scanners", {"kind": Kind.PROBE}, True),
        ("scanners", {"kind": Kind.JUNK}, False),
        ("auth", {"kind": Kind.AUTH_GUESS}, True),
        ("auth", {"kind": Kind.JUNK}, False),
        ("malware", {"marks": 1}, True),
        ("malware", {}, False),
    ],
)
def test_what_counts_for_a_kind_of_list(holds: str, other: dict, there: bool) -> None:
    units = twice(**{name: int(value) for name, value in other.items() if name != "marks"})
    columns = {name: np.array([u[name] for u in units]) for name in units[0]}
    columns["marks"] = np.full(2, other.get("marks", 0))
    columns["path"] = np.full(2, int(other.get("path", Path.DIRECT)))
    groups = Groups(type(rows([])).of(columns), policy(holds=holds, scope="public"), NOW)
    assert bool(len(groups.candidates())) is there
    if there:
        decision = decide(groups.history(0), groups.policy, NOW)
        assert decision.listed
        assert decision.listing_class


def test_a_host_in_a_hosters_network_is_listed_alone_and_a_customers_network_whole() -> None:
    def subjects(operator: Operator) -> list[str]:
        about = {"operator": int(operator), "prefix": 32}
        units = [junk("2001:db8:1:2::5", 5, 1, **about), junk("2001:db8:1:2::5", 4, 2, **about)]
        groups = Groups(rows([*units, good("2001:db8:1:2::9", **about)]), policy(scope="public"), NOW)
        return [str(groups.subject(n)) for n in groups.candidates()]

    assert subjects(Operator.HOSTING) == ["2001:db8:1:2::5/128"]
    assert subjects(Operator.ACCESS) == ["2001:db8:1:2::/64"]


def test_the_hazard_falls_with_silence_and_rises_with_habit() -> None:
    assert return_share(1, 1, 0, False) > return_share(1, 1, 6, False) > return_share(1, 1, 48, False)
    assert return_share(1, 5, 6, False) > return_share(1, 2, 6, False)
    assert return_share(1, 2, 6, True) < return_share(1, 2, 6, False)
    assert quiet_hours({100}, 0.9, False) == 0
    assert quiet_hours({100, 99}, 0.35, False) < quiet_hours({100, 90, 80, 70}, 0.35, False)
    assert quiet_hours(set(range(100)), 0.05, False) == 72  # the fit says nothing of longer silence
    last = quiet_hours({100, 95, 90}, 0.35, False)

    def share(quiet: float) -> float:
        six, many = (sum(2 ** (-(quiet + ago) / tau) for ago in (0, 5, 10)) for tau in (6, 72))
        return return_share(six, many, quiet, False)

    assert share(last - 1) > 0.35 >= share(last)


def test_a_weak_trap_says_less() -> None:
    seen = (unit(5), unit(4, vantage=2))
    plain = policy_of("main", config.List(scope="public"), DOCUMENTATION)
    weak = policy_of("main", config.List(scope="public"), DOCUMENTATION, (), [(1, 0.2), (2, 0.2)])
    assert decide(history(*seen), plain, NOW).score > decide(history(*seen), weak, NOW).score
    assert decide(history(*seen), plain, NOW).listed
    assert not decide(history(*seen), weak, NOW).listed
    assert plain.hash != weak.hash


def test_spamcops_rules_as_reference() -> None:
    rules = policy(scope="public", method="spamcop", bound=0.5)
    two = decide(history(unit(5), unit(4, vantage=2)), rules, NOW)
    assert two.listed
    assert two.expires_at is not None
    assert two.expires_at // 3_600_000_000 == NOW // 3_600_000_000 - 4 + 1 + 12
    three = decide(history(unit(5), unit(4, vantage=2), unit(3, vantage=3)), rules, NOW)
    assert three.expires_at is not None
    assert three.expires_at // 3_600_000_000 == NOW // 3_600_000_000 - 3 + 1 + 24
    traffic = [unit(ago, vantage=9, kind=Kind.GOOD, standing=1, trap=0, messages=1_000) for ago in (2, 30)]
    assert not decide(history(unit(5), unit(4, vantage=2), *traffic), rules, NOW).listed
    assert not decide(history(unit(200), unit(190, vantage=2)), rules, NOW).listed


@pytest.mark.parametrize("holds", [*HOLDS, "combined"])
def test_every_kind_is_explained_with_its_answer(holds: str) -> None:
    said = explain(policy("one", holds=holds))
    assert all((words and not words.endswith(".") and words[0].islower()) or words.startswith("IP") for words in said)
    assert holds == "combined" or any(HOLDS[holds].code in words for words in said)
    assert len(set(said)) == len(said)
