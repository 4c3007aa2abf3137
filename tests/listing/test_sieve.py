"""The sieve over millions: it may keep too much, never too little."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel import net
from junkhound.listing import Groups, Level, Pool, Rows, decide
from junkhound.tables import Clue, Kind, Operator, Standing
from support.histories import NOW, NOW_HOUR, policy, subject

COLUMNS = ("addr_hi", "addr_lo", "hour", "vantage", "trap", "kind", "standing", "messages", "asn", "prefix")
WORDS = ["203.0.113.7", "203.0.113.8", "198.51.100.9", "2001:db8:1:2::1", "2001:db8:1:2::9", "2001:db8:1:3::1"]
hosts = st.sampled_from([net.parse(words) for words in WORDS])
row = st.tuples(
    hosts,
    st.integers(0, 60),
    st.integers(0, 2),
    st.integers(0, 2),
    st.sampled_from([Kind.JUNK, Kind.JUNK, Kind.GOOD, Kind.UNSORTED]),
    st.sampled_from(Standing),
    st.integers(1, 4),
    st.sampled_from([0, 64500]),
)


def table(rows) -> Rows:
    lists = {name: [] for name in COLUMNS}
    for address, ago, vantage, trap, kind, standing, messages, asn in rows:
        values = (address.hi, address.lo, NOW_HOUR - ago, vantage, trap, kind, standing, messages, asn)
        for name, value in zip(COLUMNS, (*values, 118 if asn else 0), strict=True):
            lists[name].append(int(value))
    return Rows.of({name: np.array(values, np.uint64) for name, values in lists.items()})


def listed(groups: Groups, numbers, scope: str) -> dict:
    rules = policy(scope=scope)
    decisions = [decide(groups.history(int(number)), rules, NOW) for number in numbers]
    return {decision.subject: decision for decision in decisions if decision.listed}


@given(st.lists(row, max_size=40), st.sampled_from(["own", "public"]))
def test_nothing_that_could_be_listed_falls_through(rows, scope: str) -> None:
    groups = Groups(table(rows), policy(scope=scope), NOW)
    assert listed(groups, groups.candidates(), scope) == listed(groups, range(len(groups)), scope)


@given(st.lists(row, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows, shuffler) -> None:
    turned = list(rows)
    shuffler.shuffle(turned)
    first, second = (Groups(table(given), policy(), NOW) for given in (rows, turned))
    assert [first.subject(n) for n in range(len(first))] == [second.subject(n) for n in range(len(second))]
    assert listed(first, range(len(first)), "own") == listed(second, range(len(second)), "own")


def test_ipv6_is_one_subject_for_each_64() -> None:
    seen = [(net.parse(words), 1, 1, 1, Kind.JUNK, Standing.TRAP, 1, 0) for words in WORDS]
    groups = Groups(table(seen), policy(), NOW)
    names = [str(groups.subject(n)) for n in range(len(groups))]
    assert names == [
        "198.51.100.9/32", "203.0.113.7/32", "203.0.113.8/32", "2001:db8:1:2::/64", "2001:db8:1:3::/64",
    ]  # fmt: skip
    assert [groups.find(subject(name)) for name in names] == [0, 1, 2, 3, 4]
    assert groups.find(subject("203.0.113.9/32")) is None
    assert len(groups.history(3).units[0]) == 2


def test_each_neighbour_has_one_voice_and_oneself_none() -> None:
    loud = [(net.parse("203.0.113.8"), ago, 1, 1, Kind.JUNK, Standing.TRAP, 99, 64500) for ago in range(50)]
    kind = (net.parse("203.0.113.9"), 1, 1, 0, Kind.GOOD, Standing.MAILBOX, 1, 64500)
    me = (net.parse("203.0.113.7"), 1, 1, 1, Kind.JUNK, Standing.TRAP, 1, 64500)
    groups = Groups(table([*loud, kind, me]), policy(), NOW)
    number = groups.find(subject("203.0.113.7/32"))
    assert number is not None
    one = [Level(name, 1.0, 1.0) for name in ("origin network", "announced prefix", "/24 or /48")]
    assert list(groups.levels(number)) == one


def test_two_witnesses_do_not_suffice_where_machines_of_its_kind_send_good_mail() -> None:
    def score(kind_of_the_others: Kind) -> float:
        others = [
            {"words": f"192.0.2.{n}", "kind": kind_of_the_others, "standing": Standing.MAILBOX, "asn": 64500 + n}
            for n in range(30)
        ]
        me = [{"words": "203.0.113.7", "vantage": one, "asn": 64999} for one in (1, 2)]
        found = [net.parse(row["words"]) for row in (*others, *me)]
        columns = {name: [row.get(name, 0) for row in (*others, *me)] for name in ("kind", "standing", "asn")}
        columns["vantage"] = [row.get("vantage", 9) for row in (*others, *me)]
        columns |= {"addr_hi": [a.hi for a in found], "addr_lo": [a.lo for a in found]}
        columns |= {"hour": [NOW_HOUR] * len(found), "operator": [int(Operator.ENTERPRISE)] * len(found)}
        groups = Groups(Rows.of(columns), policy(scope="public"), NOW)
        number = groups.find(subject("203.0.113.7/32"))
        return decide(groups.history(number), policy(scope="public"), NOW).score

    assert score(Kind.GOOD) < 0.7 < score(Kind.JUNK)


@pytest.mark.parametrize(
    ("words", "operator", "clues", "pool"),
    [
        ("203.0.113.7", Operator.MOBILE, 0, Pool.SHARED),
        ("2001:db8::1", Operator.MOBILE, 0, Pool.STATIC),
        ("203.0.113.7", Operator.ACCESS, Clue.DYNAMIC_RDNS, Pool.DYNAMIC),
        ("203.0.113.7", Operator.ACCESS, 0, Pool.STATIC),
    ],
)
def test_pools(words: str, operator: Operator, clues: int, pool: Pool) -> None:
    address = net.parse(words)
    assert address is not None
    rows = Rows.of(
        {"addr_hi": [address.hi], "addr_lo": [address.lo], "hour": [NOW_HOUR], "vantage": [1], "trap": [1], "kind": [0],
         "standing": [0], "operator": [int(operator)], "clues": [int(clues)]}
    )  # fmt: skip
    assert Groups(rows, policy(), NOW).history(0).pool is pool


def test_an_empty_ledger_has_no_candidates() -> None:
    groups = Groups(table([]), policy(), NOW)
    assert len(groups) == 0
    assert list(groups.histories()) == []
    assert groups.find(subject("203.0.113.7/32")) is None
