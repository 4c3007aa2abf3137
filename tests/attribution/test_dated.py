"""Which table judges a day, and what lies below it."""

from __future__ import annotations

from datetime import date

from junkhound.attribution import DatedTables, RouteTable, pack, read_csv
from junkhound.kernel.net import parse

OLD, NEW = date(2004, 1, 1), date(2010, 1, 1)


def day(*ymd: int) -> int:
    return (date(*ymd) - date(1970, 1, 1)).days


def loader(number: int, when: date, text: str):
    def load() -> RouteTable:
        return RouteTable.from_bytes(
            pack(read_csv(text.splitlines()), name="t", date=when.isoformat(), source="s", level=1), number
        )

    return number, when.isoformat(), load


def asn(tables: DatedTables, when: int | None, text: str) -> tuple[int, int]:
    address = parse(text)
    assert address is not None
    found = tables.on(when).one(address)
    return found.asn, found.table


FULL = "0.0.0.0/0,{},Example Net,GB"


def test_the_newest_table_of_the_day_or_before_else_the_oldest() -> None:
    tables = DatedTables([loader(1, NEW, FULL.format(64501)), loader(2, OLD, FULL.format(64502))])
    assert asn(tables, day(2003, 1, 1), "192.0.2.1") == (64502, 2)
    assert asn(tables, day(2004, 1, 1), "192.0.2.1") == (64502, 2)
    assert asn(tables, day(2009, 12, 31), "192.0.2.1") == (64502, 2)
    assert asn(tables, day(2010, 1, 1), "192.0.2.1") == (64501, 1)
    assert asn(tables, None, "192.0.2.1") == (64501, 1)
    assert [tables.number_on(day(year, 6, 1)) for year in (2003, 2009, 2030)] == [2, 2, 1]


def test_partial_tables_answer_where_the_valid_one_does_not() -> None:
    partial = "192.0.2.0/24,64500,Own Customers"
    world = "198.0.0.0/8,64501,Example Net\n0.0.0.0/1,64501,Example Net"
    tables = DatedTables([loader(1, NEW, world), loader(2, OLD, partial)])
    for when in (day(2005, 1, 1), day(2026, 1, 1)):
        assert asn(tables, when, "192.0.2.1") == (64500, 2)
        assert asn(tables, when, "198.51.100.1") == (64501, 1)


def test_a_full_table_hides_other_full_ones() -> None:
    tables = DatedTables([loader(1, NEW, "0.0.0.0/1,64501,A,GB"), loader(2, OLD, "128.0.0.0/1,64502,B,GB")])
    assert asn(tables, day(2012, 1, 1), "192.0.2.1") == (0, 0), "what was true in 2004 is no answer for 2012"


def test_tables_load_once_and_only_when_asked() -> None:
    loads = []
    number, when, load = loader(1, NEW, FULL.format(64501))
    tables = DatedTables([(number, when, lambda: loads.append(1) or load())])
    assert not loads
    for _ in range(3):
        tables.on(day(2026, 1, 1))
    assert loads == [1]
