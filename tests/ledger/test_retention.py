"""Each class goes when its time has come, and sums outlive their rows."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import insert, select

from junkhound import tables
from junkhound.kernel.clock import DAY
from junkhound.kernel.errors import NotFound
from junkhound.kernel.net import parse
from junkhound.ledger import Ledger, schema, state
from junkhound.ledger.listing_tables import pins
from junkhound.ledger.packs import write_pack
from junkhound.ledger.retention import forget
from junkhound.wire import segment as segments
from junkhound.wire.facts import Facts, Origin
from support.sightings import NOON, sighting, unit

ADDRESS = parse("192.0.2.7")
assert ADDRESS is not None


def ids_of(rows: list[dict[str, int]]) -> list[dict[str, int]]:
    return [{"id_hi": row["id_hi"], "id_lo": row["id_lo"]} for row in rows]


def later(days: int) -> int:
    return NOON + days * DAY


def test_rows_go_after_five_years_and_their_days_stay(ledger: Ledger) -> None:
    made = [sighting(n, day=n) for n in range(4)]
    ledger.commit([unit(ledger.store, 1, made)])
    ledger.compact(NOON)
    series = ledger.query().days(ADDRESS)
    assert ledger.retain(later(1800))["sightings"] == 0
    assert ledger.retain(later(1830))["sightings"] == 4
    assert ledger.query().newest(ADDRESS) == []
    assert ledger.query().days(ADDRESS) == series
    ledger.commit([unit(ledger.store, 2, [sighting(9, day=1)])])
    ledger.compact(NOON)
    assert [day.messages for day in ledger.query().days(ADDRESS)] == [1, 2, 1, 1]


def test_good_and_unsorted_mail_becomes_counts_by_network(ledger: Ledger) -> None:
    made = [sighting(n, f"192.0.2.{n}", kind=n % 3) for n in range(6)]
    ledger.commit([unit(ledger.store, 1, made)])
    ledger.compact(NOON)
    assert ledger.retain(later(35))["sightings"] == 0
    assert ledger.retain(later(36))["sightings"] == 4
    assert ledger.snapshot().rows("sightings") == 2
    assert {d.kind for n in range(6) for d in ledger.query().days(parse(f"192.0.2.{n}"))} == {0}
    source = ledger.engine.source(tables.NETWORKS, ledger.snapshot().of("networks"))
    network = parse("192.0.2.0").lo
    held = ledger.engine.rows(f"SELECT addr_lo, kind, messages FROM {source} ORDER BY ALL")
    assert held == [(network, 1, 2), (network, 2, 2)]


def test_keys_and_sessions_go_before_their_sightings(ledger: Ledger) -> None:
    made = [sighting(n) for n in range(3)]
    sides = ids_of(made)
    ledger.commit([unit(ledger.store, 1, made, keys=sides, sessions=sides)])
    ledger.compact(NOON)
    assert ledger.retain(later(390))["sessions"] == 0
    assert ledger.retain(later(402))["sessions"] == 6
    assert ledger.snapshot().rows("sightings") == 3


def test_templates_stay_while_they_are_used(ledger: Ledger) -> None:
    old, new = sighting(1, template=5), sighting(2, template=6, ingested_at=later(300))
    texts = [ids_of([row])[0] | {"template": row["template"], "day": NOON // DAY} for row in (old, new)]
    ledger.commit([unit(ledger.store, 1, [old, new], templates=texts)])
    ledger.compact(NOON)
    ledger.retain(later(450))
    assert ledger.query().template(5) is None
    assert ledger.query().template(6) is not None


def packed(ledger: Ledger, mails: int = 3) -> None:
    frames = b"".join(
        segments.encode(bytes([n]) * 16, Facts(Origin(None, NOON, "me")), b"Subject: %d\r\n\r\n" % n)
        for n in range(mails)
    )
    pack = write_pack(ledger.store, f"{1:016x}", segments.records(frames), lambda record: True)
    made = [sighting(n, segment=1, ordinal=n) for n in range(mails)]
    ledger.commit([unit(ledger.store, 1, made, pack=pack, keys=ids_of(made))])


def test_raw_mail_goes_after_ninety_days_unless_it_is_pinned(ledger: Ledger) -> None:
    packed(ledger)
    with state.writing(ledger.state) as connection:
        made = connection.execute(select(schema.segments.c.committed_at)).scalar_one()
        connection.execute(insert(pins).values(owner="JH-2006-000001", segment=1, ordinal=1, place="first"))
    assert ledger.retain(made + 89 * DAY)["raw"] == 0
    assert ledger.retain(made + 91 * DAY)["raw"] == 2
    assert ledger.packs.read(1, 1).mail == b"Subject: 1\r\n\r\n"
    with pytest.raises(NotFound):
        ledger.packs.read(1, 0)
    with state.writing(ledger.state) as connection:
        connection.execute(pins.update().values(closed_at=made + 91 * DAY))
    assert ledger.retain(made + 800 * DAY)["raw"] == 0
    assert ledger.retain(made + (91 + 732) * DAY)["raw"] == 1
    assert not ledger.packs.verify(f"{1:016x}").entries


def test_a_forgotten_mail_leaves_a_tombstone_and_nothing_else(ledger: Ledger) -> None:
    packed(ledger)
    ledger.compact(NOON)
    forget(ledger, 1, 2, "asked by its owner", NOON)
    assert [row.ordinal for row in ledger.query().newest(ADDRESS)] in ([0, 1], [1, 0])
    assert ledger.snapshot().rows("keys") == 2
    with pytest.raises(NotFound):
        ledger.packs.read(1, 2)
    with state.reading(ledger.state) as connection:
        (stone,) = connection.execute(select(schema.tombstones)).all()
    assert (stone.segment, stone.ordinal, stone.reason) == (1, 2, "asked by its owner")


def test_files_that_nothing_names_go_after_a_day(ledger: Ledger) -> None:
    ledger.commit([unit(ledger.store, 1, [sighting(1)])])
    left = unit(ledger.store, 2, [sighting(2)]).objects[0].path
    assert ledger.retain(NOON)["orphans"] == 0
    os.utime(ledger.store.local(left), (0, 0))
    assert ledger.retain(NOON)["orphans"] == 1
    assert not ledger.store.exists(left)
    assert ledger.query().newest(ADDRESS)
