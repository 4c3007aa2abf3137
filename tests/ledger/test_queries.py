"""Answers are those of the rows, fresh and compacted alike."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel.clock import DAY, HOUR
from junkhound.kernel.errors import UsageError
from junkhound.kernel.net import Address, parse, parse_network
from junkhound.ledger import Ledger
from junkhound.ledger.directory import Directory
from junkhound.ledger.snapshot import Stored, bucket_of, bucket_sql, buckets_of
from junkhound.tables import Kind, country_number
from support.sightings import NOON, sighting, unit

DAY0 = NOON // DAY
US, DE = country_number("US"), country_number("DE")


def at(words: str) -> Address:
    address = parse(words)
    assert address is not None
    return address


@pytest.fixture(params=["fresh", "compacted", "both"])
def filled(ledger: Ledger, request: pytest.FixtureRequest) -> Ledger:
    """Three sources: .1 often and short, .2 rarely and for long, .3 good; one row blames nobody."""
    often = [sighting(n, "192.0.2.1", hour=n, country=US, asn=64496, vantage=1 + n % 2, trap=n % 3) for n in range(8)]
    long = [sighting(20 + n, "198.51.100.2", day=30 * n, country=DE, asn=64497) for n in range(5)]
    others = [
        sighting(40, "203.0.113.3", kind=Kind.GOOD, country=DE),
        sighting(41, None, confidence=0),
        sighting(42, "192.0.2.1", hour=1, resend=1),
        sighting(43, "192.0.2.9", kind=Kind.PROBE, count=500, country=US),
        sighting(44, "192.0.2.1", seen_at=None),
        sighting(45, "192.0.2.1", kind=Kind.UNSORTED),
    ]
    ledger.commit([unit(ledger.store, 1, often + long[:2])])
    if request.param == "both":
        ledger.compact(NOON)
    ledger.commit([unit(ledger.store, 2, long[2:] + others)])
    if request.param == "compacted":
        ledger.compact(NOON)
    return ledger


def test_the_daily_series_counts_every_kind_apart(filled: Ledger) -> None:
    series = filled.query().days(at("192.0.2.1"))
    assert [(d.day, d.kind, d.messages, d.witnesses, d.vantages) for d in series] == [
        (DAY0, Kind.JUNK, 8, 8, 2),
        (DAY0, Kind.UNSORTED, 1, 1, 1),
    ]
    assert [d.day - DAY0 for d in filled.query().days(at("198.51.100.2"))] == [0, 30, 60, 90, 120]
    assert [d.day - DAY0 for d in filled.query().days(at("198.51.100.2"), since=DAY0 + 30, until=DAY0 + 90)] == [30, 60]


def test_the_newest_rows_come_first_and_those_without_a_time_last(filled: Ledger) -> None:
    rows = filled.query().newest(at("192.0.2.1"))
    seen = [row.seen_at for row in rows if row.seen_at is not None]
    assert len(rows) == 11
    assert seen == sorted(seen, reverse=True)
    assert rows[-1].seen_at is None
    assert [row.id_lo for row in filled.query().newest(at("198.51.100.2"), limit=2)] == [24, 23]
    assert [row.id_lo for row in filled.query().newest(at("198.51.100.2"), 2, NOON + 90 * DAY)] == [22, 21]
    assert filled.query().newest(at("192.0.2.77")) == []


@pytest.mark.parametrize(
    ("by", "best"),
    [
        ("volume", ["192.0.2.9", "192.0.2.1", "198.51.100.2"]),
        ("persistence", ["198.51.100.2", "192.0.2.9", "192.0.2.1"]),
        ("recent", ["198.51.100.2", "192.0.2.9", "192.0.2.1"]),
    ],
)
def test_rankings(filled: Ledger, by: str, best: list[str]) -> None:
    found = filled.query().top(by)
    assert [str(source.address) for source in found] == best
    long = next(source for source in found if str(source.address) == "198.51.100.2")
    assert (long.days, long.weeks, long.longest_gap_days, long.messages) == (5, 5, 29, 5)
    assert (long.first_day, long.last_day) == (DAY0, DAY0 + 120)


def test_rankings_take_filters(filled: Ledger) -> None:
    query = filled.query()
    assert [str(s.address) for s in query.top(country=DE)] == ["198.51.100.2"]
    assert [str(s.address) for s in query.top(asn=64496)] == ["192.0.2.1"]
    assert [s.messages for s in query.top(since=DAY0 + 1, until=DAY0 + 61)] == [2]
    assert [str(s.address) for s in query.top(kinds=[Kind.GOOD])] == ["203.0.113.3"]
    with pytest.raises(UsageError, match="loudness"):
        query.top("loudness")


def test_counts(filled: Ledger) -> None:
    query = filled.query()
    assert {c.key: (c.messages, c.sources) for c in query.counts("country")} == {0: (1, 0), US: (508, 2), DE: (5, 1)}
    assert {c.key: c.messages for c in query.counts("month")} == {
        200605: 510,
        200606: 1,
        200607: 1,
        200608: 1,
        200609: 1,
    }
    assert {c.key: c.messages for c in query.counts("year", country=DE)} == {2006: 5}
    assert {c.key: c.messages for c in query.counts("kind", kinds=list(Kind))} == {
        Kind.JUNK: 14, Kind.GOOD: 1, Kind.UNSORTED: 1, Kind.PROBE: 500,
    }  # fmt: skip
    totals = query.totals()
    assert (totals.rows, totals.traced, totals.repeats, totals.sources) == (19, 18, 1, 4)


def test_networks(filled: Ledger) -> None:
    (first, second) = filled.query().networks()
    assert (str(first.network), first.sources, first.messages) == ("192.0.2.0/24", 2, 508)
    assert str(second.network) == "198.51.100.0/24"
    inside = parse_network("198.51.0.0/16")
    assert [str(n.network) for n in filled.query().networks(inside=inside)] == ["198.51.100.0/24"]


def test_units_are_what_a_decision_rests_on(filled: Ledger) -> None:
    query = filled.query()
    columns = query.units(NOON, NOON + 200 * DAY)
    assert len({len(values) for values in columns.values()}) == 1
    assert set(columns["kind"].tolist()) == {Kind.JUNK, Kind.GOOD, Kind.PROBE}
    one = query.units(NOON, NOON + DAY, at("192.0.2.1"))
    assert one["hour"].tolist() == [NOON // HOUR + n for n in (0, 2, 4, 6, 1, 3, 5, 7)]
    assert one["vantage"].tolist() == [1] * 4 + [2] * 4
    assert one["messages"].tolist() == [1] * 8
    two = query.units(NOON, NOON + 200 * DAY, least=2)
    assert set(two["addr_lo"].tolist()) == {at("192.0.2.1").lo, at("198.51.100.2").lo}
    near = query.units(NOON, NOON + DAY, network=parse_network("192.0.2.0/28"))
    assert set(near["addr_lo"].tolist()) == {at("192.0.2.1").lo, at("192.0.2.9").lo}


def test_witnesses_are_the_rows_behind_the_units(filled: Ledger) -> None:
    rows = filled.query().witnesses(at("192.0.2.1"), NOON, NOON + DAY)
    assert [row.id_lo for row in rows] == list(range(8))


def test_rows_by_id(filled: Ledger) -> None:
    wanted = [(sighting(n)["id_hi"], n) for n in (3, 22, 999)]
    assert {row.id_lo for row in filled.query().sightings(wanted)} == {3, 22}
    assert filled.query().sightings([]) == []


def test_answers_stay_the_same_when_objects_are_learnt(filled: Ledger) -> None:
    addresses = [at(words) for words in ("192.0.2.1", "198.51.100.2", "203.0.113.3", "192.0.2.77", "2001:db8::1")]
    query = filled.query()
    first = [(query.days(address), query.newest(address)) for address in addresses]
    for _ in range(20):
        assert [(query.days(address), query.newest(address)) for address in addresses] == first
    learnt = sum(not stored.fresh for stored in filled.snapshot().of("cold") if stored.bucket >= 0)
    assert len(filled.engine.directory._held) >= learnt


def test_a_directory_forgets_what_it_cannot_hold() -> None:
    objects = [Stored(n, str(n), "cold", 9, 9, None, None, "2006-05", 0, 1, 1, None, 1) for n in range(6)]
    keys = {stored.path: np.arange(1, 9, dtype=np.uint64) + np.uint64(stored.number * 100) for stored in objects}
    directory = Directory(lambda stored: (np.zeros(8, np.uint64), keys[stored.path]), most_bytes=3 * 64)
    for _ in range(60):
        kept = directory.narrow(objects, Address(0, 304))
        assert objects[3] in kept
    assert 1 <= len(directory._held) <= 4
    assert directory._bytes <= 4 * 64


def test_what_belongs_to_a_sighting(ledger: Ledger) -> None:
    row = sighting(1, template=7)
    mine = {"id_hi": row["id_hi"], "id_lo": row["id_lo"]}
    ledger.commit([
        unit(
            ledger.store, 1, [row], keys=[mine | {"kind": 1, "key": 5}, mine | {"kind": 2, "key": 6}],
            names=[{"kind": 1, "key": 5, "name": "pills.example"}], sessions=[mine | {"client_port": 4711}],
            templates=[mine | {"template": 7, "words": 3, "subject": "hello", "sketch": b"\0" * 512}],
        )
    ])  # fmt: skip
    for _ in range(2):
        query = ledger.query()
        keys = query.keys(row["id_hi"], row["id_lo"])
        assert [(key.kind, key.key, key.name) for key in keys] == [(1, 5, "pills.example"), (2, 6, None)]
        session, template = query.session(row["id_hi"], row["id_lo"]), query.template(7)
        assert session is not None
        assert session["client_port"] == 4711
        assert template is not None
        assert (template.words, template.subject, len(template.sketch)) == (3, "hello", 512)
        assert query.template(8) is None
        ledger.compact(NOON)


def test_an_empty_ledger_answers_with_nothing(ledger: Ledger) -> None:
    query = ledger.query()
    assert query.top() == []
    assert query.days(at("192.0.2.1")) == []
    assert query.newest(at("192.0.2.1")) == []
    assert query.counts("day") == []
    assert query.totals().rows == 0
    assert len(query.units(NOON, NOON + DAY)["addr_hi"]) == 0
    assert not ledger.known(np.array([1], np.uint64), np.array([1], np.uint64)).any()


@pytest.fixture(scope="module")
def in_sql() -> Callable[[Address, int], int]:
    import duckdb

    connection = duckdb.connect()

    def bucket(address: Address, buckets: int) -> int:
        row = f"SELECT {address.hi}::UBIGINT AS addr_hi, {address.lo}::UBIGINT AS addr_lo"
        answer = connection.execute(f"SELECT {bucket_sql(str(buckets))} FROM ({row})").fetchall()
        return int(answer[0][0])

    return bucket


@given(
    st.one_of(
        st.integers(0, 2**32 - 1).map(lambda n: Address(0, 0xFFFF << 32 | n)),
        st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)).map(lambda p: Address(*p)),
    ),
    st.sampled_from([1, 16, 256]),
)
def test_every_side_puts_an_address_into_one_bucket(
    in_sql: Callable[[Address, int], int], address: Address, buckets: int
) -> None:
    bucket = bucket_of(address, buckets)
    assert 0 <= bucket < buckets
    assert bucket == in_sql(address, buckets)
    hi, lo = np.array([address.hi], np.uint64), np.array([address.lo], np.uint64)
    assert buckets_of(hi, lo, buckets).tolist() == [bucket]
    assert bucket_of(address, 16) == bucket_of(address, 256) // 16


def test_rows_of_networks_with_private_as_numbers_are_found(ledger: Ledger) -> None:
    rows = [sighting(n, f"192.0.2.{n % 250}", hour=n % 700, asn=4_200_000_000 + 7 * n) for n in range(600)]
    ledger.commit([unit(ledger.store, 1, rows)])
    ledger.compact(NOON)
    found = ledger.query().newest(at("192.0.2.1"))
    assert sorted(row.asn for row in found) == [4_200_000_007, 4_200_001_757, 4_200_003_507]
