"""Compaction loses nothing, doubles nothing, and may die anywhere."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from junkhound import tables
from junkhound.kernel.clock import DAY, HOUR
from junkhound.kernel.net import parse
from junkhound.ledger import Ledger, compaction, rollups
from support.ledgers import config_for
from support.sightings import NOON, sighting, unit

AT = NOON + 10 * DAY


def rows(ledger: Ledger, table: tables.Table = tables.SIGHTINGS) -> list[tuple[Any, ...]]:
    """All rows of a table in one order."""
    names = ", ".join(table.names)
    source = ledger.engine.source(table, ledger.snapshot().of(table.name))
    return ledger.engine.rows(f"SELECT {names} FROM {source} ORDER BY ALL")


def sides(given: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    ids = [{"id_hi": row["id_hi"], "id_lo": row["id_lo"], "day": 13272} for row in given]
    return {
        "keys": [i | {"kind": 1, "key": n % 3} for n, i in enumerate(ids)],
        "sessions": [i | {"client_port": n} for n, i in enumerate(ids)],
        "names": [{"kind": 1, "key": n % 3, "name": f"host{n % 3}.example", "day": 13272 + n} for n in range(len(ids))],
        "templates": [i | {"template": n % 2 + 1, "sketch": b"x" * 512, "words": 7} for n, i in enumerate(ids)],
    }


def fill(ledger: Ledger, units: int = 6) -> None:
    """Units over three months with null addresses and null times among them."""
    for segment in range(1, units + 1):
        made = [
            sighting(100 * segment + n, f"192.0.2.{n % 5}" if n % 7 else None, day=n * 9, hour=segment, ordinal=n)
            for n in range(10)
        ]
        made[3]["seen_at"] = None
        ledger.commit([unit(ledger.store, segment, made, **sides(made))])


def test_rows_survive_and_stand_in_their_months(ledger: Ledger) -> None:
    fill(ledger)
    before = rows(ledger), rows(ledger, tables.KEYS), rows(ledger, tables.SESSIONS)
    ledger.compact(AT)
    assert (rows(ledger), rows(ledger, tables.KEYS), rows(ledger, tables.SESSIONS)) == before
    stored = ledger.snapshot().of("sightings")
    assert {s.month for s in stored} == {"2006-05", "2006-06", "2006-07", "none"}
    assert not any(s.fresh for s in ledger.snapshot().objects)
    assert len(rows(ledger, tables.NAMES)) == 3
    assert len(rows(ledger, tables.TEMPLATES)) == 2


def test_the_same_holds_on_every_state_database(either: Ledger) -> None:
    fill(either, 3)
    before = rows(either)
    either.compact(AT)
    assert rows(either) == before
    assert either.commit([unit(either.store, 1, [])]).known == (1,)


def test_the_same_holds_where_objects_are_elsewhere(tmp_path: Path) -> None:
    config = config_for(tmp_path / "home")
    config = dataclasses.replace(config, store=dataclasses.replace(config.store, objects="memory://"))
    with Ledger.open(config) as ledger:
        fill(ledger, 2)
        before = rows(ledger)
        ledger.compact(AT)
        assert rows(ledger) == before
        assert ledger.known(*(np.array([row[n] for row in before], np.uint64) for n in (0, 1))).all()
        assert ledger.retain(AT + 1900 * DAY)["sightings"] == len(before)
    assert not list((tmp_path / "home/sightings").iterdir())


def test_objects_are_sorted_by_address_and_time(ledger: Ledger) -> None:
    fill(ledger)
    ledger.compact(AT)
    for stored in ledger.snapshot().of("sightings"):
        source = ledger.engine.source(tables.SIGHTINGS, [stored])
        held = ledger.engine.rows(f"SELECT addr_hi, addr_lo, seen_at FROM {source}")
        assert held == sorted(held, key=lambda r: tuple((value is None, value) for value in r))


def test_many_rounds_leave_few_objects(ledger: Ledger) -> None:
    for segment in range(1, 20):
        ledger.commit([unit(ledger.store, segment, [sighting(segment, hour=segment)])])
        ledger.compact(AT)
    assert len(ledger.snapshot().of("sightings")) <= 7
    assert ledger.compact(AT, full=True)
    (only,) = ledger.snapshot().of("sightings")
    assert only.rows == 19
    assert [d.messages for d in ledger.query().days(parse("192.0.2.7"))] == [11, 8]


def test_the_daily_sums_are_those_of_the_rows(ledger: Ledger) -> None:
    fill(ledger)
    fresh = [(s.address, s.messages, s.days) for s in ledger.query().top(limit=99)]
    series = ledger.query().days(parse("192.0.2.4"))
    ledger.compact(AT)
    assert [(s.address, s.messages, s.days) for s in ledger.query().top(limit=99)] == fresh
    assert ledger.query().days(parse("192.0.2.4")) == series
    source = ledger.engine.source(tables.SIGHTINGS, ledger.snapshot().of("sightings"))
    names = ", ".join(tables.COLD.names)
    again = ledger.engine.rows(f"SELECT {names} FROM ({rollups.cold(source)}) ORDER BY ALL")
    assert rows(ledger, tables.COLD) == again


def test_the_hot_roll_up_is_that_of_the_rows_before_at(ledger: Ledger) -> None:
    fill(ledger)
    ledger.compact(AT)
    hot = rows(ledger, tables.HOT)
    assert hot
    assert {row[2] for row in hot} <= set(range((AT - 35 * DAY) // HOUR, AT // HOUR + 1))
    source = ledger.engine.source(tables.SIGHTINGS, ledger.snapshot().of("sightings"))
    names = ", ".join(tables.HOT.names)
    assert hot == ledger.engine.rows(f"SELECT {names} FROM ({rollups.hot(source, AT - 35 * DAY, AT + 1)}) ORDER BY ALL")


@pytest.mark.parametrize("together", [True, False])
def test_a_repeat_within_a_day_counts_nowhere(ledger: Ledger, together: bool) -> None:
    first, again = sighting(1, repeat=77), sighting(2, hour=23, repeat=77)
    later, other = sighting(3, hour=48, repeat=77), sighting(4, hour=1, repeat=78)
    ledger.commit([unit(ledger.store, 1, [first, other])])
    if not together:
        ledger.compact(AT)
    ledger.commit([unit(ledger.store, 2, [again, later])])
    ledger.compact(AT)
    resend = {row[1]: row[tables.SIGHTINGS.names.index("resend")] for row in rows(ledger)}
    assert resend == {1: 0, 2: 1, 3: 0, 4: 0}
    assert sum(day.messages for day in ledger.query().days(parse("192.0.2.7"))) == 3


def test_the_machine_that_handed_over_is_counted_beside_the_source(ledger: Ledger) -> None:
    made = [sighting(n, hour=n) for n in range(3)]
    handed = [{"id_hi": r["id_hi"], "id_lo": r["id_lo"], "kind": 12, "key": 5, "day": 1} for r in made[:2]]
    names = [{"kind": 12, "key": 5, "name": "198.51.100.9", "day": 1}]
    ledger.commit([unit(ledger.store, 1, made, keys=handed, names=names)])
    ledger.compact(AT)
    relay = parse("198.51.100.9")
    assert relay is not None
    held = rows(ledger, tables.HANDOVERS)
    assert [(row[0], row[1], row[4], row[5]) for row in held] == [(relay.hi, relay.lo, 2, 2)]


def test_a_month_that_grows_gets_more_buckets(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "BUCKET_ROWS", 2)
    addresses = [f"198.51.{n}.1" for n in range(100, 140)]
    for segment, some in enumerate((addresses[:10], addresses[10:], addresses), 1):
        made = [sighting(1000 * segment + n, address, hour=n % 20) for n, address in enumerate(some)]
        ledger.commit([unit(ledger.store, segment, made, **sides(made))])
        before = rows(ledger)
        ledger.compact(AT)
        assert rows(ledger) == before
        for address in addresses:
            expected = [r for r in before if r[3] == parse(address).lo]
            assert len(ledger.query().newest(parse(address))) == len(expected)
            assert sum(day.messages for day in ledger.query().days(parse(address))) == len(expected)
    assert {s.buckets for s in ledger.snapshot().of("sightings")} == {16}


class Killed(BaseException):
    """Stands for a power cut: no handler of ours may swallow it."""


def steps_of(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, die_at: int) -> int:
    """Compact, and die at the given durable step; returns how many steps there were."""
    done = 0
    swap, adopt = ledger.manifest.swap, compaction.rewrite.adopt

    def counted(act: Any) -> Any:
        def step(*args: Any, **given: Any) -> Any:
            nonlocal done
            if done == die_at:
                raise Killed
            done += 1
            return act(*args, **given)

        return step

    with monkeypatch.context() as patched:
        patched.setattr(ledger.manifest, "swap", counted(swap))
        patched.setattr(compaction.rewrite, "adopt", counted(adopt))
        ledger.compact(AT, full=True)
    return done


def test_a_death_between_any_two_steps_leaves_every_row_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger.open(config_for(tmp_path / "whole")) as whole:
        fill(whole, 3)
        expected, sums = rows(whole), None
        total = steps_of(whole, monkeypatch, -1)
        sums = rows(whole, tables.COLD)
    assert total > 10
    for die_at in range(0, total, 3):
        with Ledger.open(config_for(tmp_path / str(die_at))) as ledger:
            fill(ledger, 3)
            with pytest.raises(Killed):
                steps_of(ledger, monkeypatch, die_at)
            assert rows(ledger) == expected
        with Ledger.open(config_for(tmp_path / str(die_at))) as ledger:
            assert rows(ledger) == expected
            ledger.compact(AT, full=True)
            assert rows(ledger) == expected
            assert rows(ledger, tables.COLD) == sums


def test_readers_go_on_while_objects_are_replaced(ledger: Ledger) -> None:
    fill(ledger, 4)
    old = ledger.query()
    expected = [s.id for s in old.newest(parse("192.0.2.4"))]
    wrong: list[object] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                found = [s.id for s in ledger.query().newest(parse("192.0.2.4"))]
                if found != expected:
                    wrong.append(found)
            except Exception as error:
                wrong.append(error)
                return

    reader = threading.Thread(target=read)
    reader.start()
    with Ledger.open(ledger.config) as janitor:
        janitor.compact(AT)
        janitor.compact(AT, full=True)
    stop.set()
    reader.join()
    assert not wrong
    assert [s.id for s in old.newest(parse("192.0.2.4"))] == expected


def test_replaced_files_go_after_the_grace_time(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(ledger, 2)
    fresh = ledger.snapshot().paths("sightings")
    ledger.compact(AT)
    assert all(ledger.store.exists(path) for path in fresh)
    monkeypatch.setattr(compaction, "GRACE_US", -1)
    ledger.compact(AT)
    assert not any(ledger.store.exists(path) for path in fresh)
    assert all(ledger.store.exists(stored.path) for stored in ledger.snapshot().objects)


def test_rows_judged_anew_leave_compacted_objects_too(ledger: Ledger) -> None:
    old = [sighting(n, intake=5, analysis=1, hour=n) for n in range(4)]
    ledger.commit([unit(ledger.store, 1, old, **sides(old))])
    ledger.compact(AT)
    new = [row | {"analysis": 2, "addr_lo": parse("198.51.100.1").lo} for row in old[:3]]
    ledger.commit([unit(ledger.store, 1, new, version=2)], supersede={5: 2})
    assert ledger.snapshot().rows("sightings") == 4
    assert len(rows(ledger, tables.KEYS)) == 1
    assert sum(d.messages for d in ledger.query().days(parse("192.0.2.7"))) == 1
    assert sum(d.messages for d in ledger.query().days(parse("198.51.100.1"))) == 3
    ledger.compact(AT)
    assert sum(d.messages for d in ledger.query().days(parse("198.51.100.1"))) == 3
    assert len(rows(ledger)) == 4


@settings(max_examples=8)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(-900, 900), st.booleans()), min_size=1, max_size=30), st.data()
)
def test_sums_do_not_depend_on_batches(tmp_path_factory: pytest.TempPathFactory, made: Any, data: Any) -> None:
    given = [
        sighting(n, f"203.0.113.{host}", day=day, vantage=host % 2, kind=int(good))
        for n, (host, day, good) in enumerate(made)
    ]
    answers = []
    for _ in range(2):
        cuts = sorted(data.draw(st.lists(st.integers(0, len(given)), max_size=3)))
        with Ledger.open(config_for(tmp_path_factory.mktemp("home") / "h")) as ledger:
            for segment, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(given)], strict=True), 1):
                ledger.commit([unit(ledger.store, segment, given[start:end])])
                if data.draw(st.booleans()):
                    ledger.compact(AT)
            ledger.compact(AT, full=True)
            answers.append((rows(ledger), rows(ledger, tables.COLD)))
    assert answers[0] == answers[1]


def test_rows_of_an_older_schema_read_on_and_lack_what_was_added(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Objects of version 1 have no column ``source_class``: alone and beside new ones it reads as null."""
    old = dataclasses.replace(tables.SIGHTINGS, columns=tables.SIGHTINGS.columns[:-1])
    with monkeypatch.context() as before:
        before.setattr("support.sightings.SIGHTINGS", old)
        before.setattr("junkhound.ledger.objects.SCHEMA_VERSION", 1)
        ledger.commit([unit(ledger.store, 1, [sighting(n) for n in range(3)])])
    assert {row[-1] for row in rows(ledger)} == {None}
    seven = parse("192.0.2.7")
    assert seven is not None
    assert [one.source_class for one in ledger.query().newest(seven)] == [None] * 3
    ledger.commit([unit(ledger.store, 2, [sighting(10 + n, source_class=7) for n in range(2)])])
    assert sorted((row[-1] or 0) for row in rows(ledger)) == [0, 0, 0, 7, 7]
    ledger.compact(AT)
    assert sorted((row[-1] or 0) for row in rows(ledger)) == [0, 0, 0, 7, 7]
    assert {s.schema_version for s in ledger.snapshot().of("sightings")} == {tables.SCHEMA_VERSION}
    assert sorted(one.source_class or 0 for one in ledger.query().newest(seven)) == [0, 0, 0, 7, 7]
