"""What a killed compaction left is collected, and nothing else ever is."""

from __future__ import annotations

import os

from junkhound.ledger import Ledger, orphans
from support.sightings import NOON, sighting, unit

LEFT = "sightings/month=2006-05/bucket=00/00112233445566ff.sightings.parquet"
HOUR = 3600 * 1_000_000


def test_objects_that_nothing_names_go_after_a_day_and_no_sooner(ledger: Ledger) -> None:
    ledger.store.put(LEFT, b"half a compaction")
    assert orphans.collect(ledger, NOON) == []
    assert orphans.collect(ledger, NOON + 23 * HOUR) == []
    assert ledger.store.exists(LEFT)
    assert orphans.collect(ledger, NOON + 25 * HOUR) == [LEFT]
    assert not ledger.store.exists(LEFT)


def test_what_is_named_by_then_and_what_a_unit_put_stays(ledger: Ledger) -> None:
    ledger.commit([unit(ledger.store, 1, [sighting(1), sighting(2)])])
    ledger.compact(NOON, full=True)
    waiting = "fresh/ingested=2006-05-04/00000000000000aa.v1.sightings.parquet"
    ledger.store.put(waiting, b"a second run adopts it")
    before = {path for path, _ in ledger.store.list("")}
    for days in range(1, 9):
        assert orphans.collect(ledger, NOON + days * 25 * HOUR) == []
    assert {path for path, _ in ledger.store.list("")} == before


def test_a_clock_that_was_set_back_collects_nothing_early(ledger: Ledger) -> None:
    ledger.store.put(LEFT, b"left")
    assert orphans.collect(ledger, NOON + 100 * HOUR) == []
    assert orphans.collect(ledger, NOON) == []
    assert orphans.collect(ledger, NOON + 23 * HOUR) == []
    assert orphans.collect(ledger, NOON + 25 * HOUR) == [LEFT]


def test_parts_of_objects_go_too(ledger: Ledger) -> None:
    part = ledger.home / "snapshots/.00112233445566ff.parquet"
    young = ledger.home / "snapshots/.00112233445566fe.parquet"
    for path in (part, young):
        path.write_bytes(b"PAR1")
        os.utime(path, ns=(NOON * 1000, NOON * 1000))
    os.utime(young, ns=((NOON + 20 * HOUR) * 1000,) * 2)
    orphans.collect(ledger, NOON + 25 * HOUR)
    assert not part.exists()
    assert young.exists()


def test_compaction_collects(ledger: Ledger) -> None:
    ledger.store.put(LEFT, b"left")
    ledger.compact(NOON)
    assert LEFT in orphans.msgspec.json.decode(orphans.home.get_meta(ledger.state, "orphans"))["since"]
