"""Commits count once, whoever repeats them, on every state database."""

from __future__ import annotations

import os
import socket
import subprocess
import threading

import numpy as np
import pytest

from junkhound import tables
from junkhound.ledger import Duplicates, Ledger
from junkhound.ledger.packs import read_seal, write_pack
from junkhound.wire import segment as segments
from junkhound.wire.facts import Facts, Origin
from support.sightings import sighting, unit


def ids(*numbers: int) -> tuple[np.ndarray, np.ndarray]:
    rows = [sighting(number) for number in numbers]
    return (np.array([r["id_hi"] for r in rows], np.uint64), np.array([r["id_lo"] for r in rows], np.uint64))


def test_a_segment_counts_once(either: Ledger) -> None:
    entry = unit(either.store, 1, [sighting(1), sighting(2)], known_as=((7, "vantage", "trap.example"),))
    first = either.commit([entry])
    again = either.commit([entry])
    assert first.segments == (1,)
    assert first.rows == 2
    assert again.segments == ()
    assert again.known == (1,)
    assert either.snapshot().rows("sightings") == 2
    assert either.known(*ids(1, 2, 3)).tolist() == [True, True, False]
    assert either.names("vantage") == {7: "trap.example"}


def test_a_retry_adopts_what_it_put_before_it_died(either: Ledger) -> None:
    before = unit(either.store, 1, [sighting(1)])
    after = unit(either.store, 1, [sighting(1), sighting(2)])
    assert after.objects == before.objects
    either.commit([after])
    assert either.snapshot().rows("sightings") == 1


def test_ids_committed_meanwhile_refuse_the_whole_commit(either: Ledger) -> None:
    either.commit([unit(either.store, 1, [sighting(1), sighting(2)])])
    late = unit(either.store, 2, [sighting(2, ordinal=0), sighting(3, ordinal=1)])
    with pytest.raises(Duplicates) as raised:
        either.commit([late, unit(either.store, 3, [sighting(4)])])
    assert raised.value.ordinals == {2: (0,)}
    assert raised.value.ids[2].tolist() == [[sighting(2)["id_hi"], 2]]
    assert either.snapshot().rows("sightings") == 2
    assert not any(either.store.exists(stored.path) for stored in late.objects)
    either.commit([unit(either.store, 2, [sighting(3, ordinal=1)]), unit(either.store, 3, [sighting(4)])])
    assert either.known(*ids(1, 2, 3, 4)).all()


def test_one_id_in_two_units_of_a_commit_counts_once(either: Ledger) -> None:
    with pytest.raises(Duplicates) as raised:
        either.commit([unit(either.store, 1, [sighting(1)]), unit(either.store, 2, [sighting(1)])])
    assert list(raised.value.ids) == [2]


def test_numbers_are_given_once(either: Ledger) -> None:
    assert either.analysis("me", 1, "aa") == either.analysis("me", 1, "aa")
    assert either.analysis("me", 1, "aa") != either.analysis("me", 1, "bb")
    assert either.route_table("00ff", "test", "2026-06-17") == either.route_table("00ff", "other", "2026-06-18")


def test_a_lease_has_one_holder_until_it_ends(either: Ledger) -> None:
    assert either.lease("janitor", "a", until=100, now=0)
    assert either.lease("janitor", "a", until=200, now=50)
    assert not either.lease("janitor", "b", until=300, now=199)
    assert either.lease("janitor", "b", until=300, now=200)
    either.release("janitor", "a")  # no longer theirs to give back
    assert not either.lease("janitor", "a", until=300, now=201)


def test_committers_race_and_every_segment_counts_once(either: Ledger) -> None:
    entries = [unit(either.store, n, [sighting(10 * n + k) for k in range(5)]) for n in range(1, 13)]
    failed: list[Exception] = []

    def work(start: int) -> None:
        try:
            with Ledger.open(either.config) as mine:
                for step in range(len(entries)):
                    mine.commit([entries[(start + step) % len(entries)]])
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 4, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert either.snapshot().rows("sightings") == 60
    assert either.snapshot().rows("ids") == 60


def test_rows_judged_anew_replace_the_old_ones(either: Ledger) -> None:
    old = [sighting(n, intake=5, analysis=1, ordinal=n) for n in range(4)]
    other = [sighting(n, intake=6, analysis=2, ordinal=n) for n in range(4, 6)]
    key = {"day": 1, "kind": 1, "key": 9}
    keys = [{"id_hi": row["id_hi"], "id_lo": row["id_lo"]} | key for row in old + other]
    either.commit([unit(either.store, 1, old + other, keys=keys)])
    assert either.stale({5: 3}) == []  # nothing was packed, so there is nothing to judge anew from
    new = [row | {"analysis": 3, "addr_lo": row["addr_lo"] + 1} for row in old]
    moved = [{"id_hi": row["id_hi"], "id_lo": row["id_lo"]} | key for row in new]
    either.commit([unit(either.store, 1, new, version=2, keys=moved)], supersede={5: 3})
    rows = either.engine.rows(
        "SELECT analysis, count(*), count(DISTINCT id_lo) FROM "
        + either.engine.source(tables.SIGHTINGS, either.snapshot().of("sightings"))
        + " GROUP BY 1 ORDER BY 1"
    )
    assert rows == [(2, 2, 2), (3, 4, 4)]
    assert either.snapshot().rows("keys") == 6
    assert either.snapshot().rows("ids") == 6
    assert either.totals() == {5: 4, 6: 2}


def test_packs_form_one_log(either: Ledger) -> None:
    packs = []
    for segment in (1, 2, 3):
        mail = b"Subject: %d\r\n\r\nhello\r\n" % segment
        frame = segments.encode(bytes(16), Facts(Origin(None, 0, "me")), mail)
        packs.append(write_pack(either.store, f"{segment:016x}", segments.records(frame), lambda record: True))
    either.commit([unit(either.store, 1, [sighting(1)], pack=packs[0])])
    either.commit([unit(either.store, 2, [sighting(2)], pack=packs[1]), unit(either.store, 3, [], pack=packs[2])])
    seals = [read_seal(either.store, f"{segment:016x}") for segment in (1, 2, 3)]
    assert [seal.sequence for seal in seals] == [1, 2, 3]
    assert [seal.previous for seal in seals] == [None, seals[0].sha256, seals[1].sha256]
    assert either.stale({0: 1}) == [(1, "0000000000000001"), (2, "0000000000000002")]


def test_a_dead_holder_holds_nothing(either: Ledger) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    dead, alive = (f"{socket.gethostname()}:{pid}:x" for pid in (ended.pid, os.getpid()))
    assert either.lease("janitor", dead, until=1000, now=0)
    assert either.lease("janitor", alive, until=1000, now=1)
    assert not either.lease("janitor", "elsewhere:1:y", until=1000, now=2)
