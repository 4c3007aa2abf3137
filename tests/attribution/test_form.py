"""Tables packed by every release stay readable; the example of ``docs/specs/routes.md`` is the first of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from junkhound.attribution import RouteTable, form, pack, read_csv
from junkhound.kernel.errors import DataError
from junkhound.kernel.net import parse
from junkhound.tables import Operator

ROOT = Path(__file__).parent
EXAMPLE = (ROOT / "cases/v1-example.routes").read_bytes()
CSV = [
    "192.0.2.0/24,64496,Example Broadband,GB\n",
    "192.0.2.64/26,64497,Example Hosting,NL\n",
    "2001:db8::/32,64498,Example Net\n",
]


def test_the_example_of_the_specification_still_reads() -> None:
    routes = RouteTable.from_bytes(EXAMPLE, 7)
    address = parse("192.0.2.65")
    assert address is not None
    found = routes.one(address)
    assert (found.asn, found.organisation, found.prefix, found.operator) == (
        64497,
        "Example Hosting",
        122,
        Operator.HOSTING,
    )
    assert (routes.date, routes.source, found.table) == ("2006-05-04", "example.csv", 7)
    page = (ROOT.parents[1] / "docs/specs/routes.md").read_text()
    assert f"this table of {len(EXAMPLE):,} bytes" in page
    assert EXAMPLE[13:200].decode() in page.replace(",\n ", ",")


def test_what_is_packed_today_holds_the_same_arrays() -> None:
    now = pack(read_csv(CSV), name="example", date="2006-05-04", source="example.csv")
    old_head, old = form.read(EXAMPLE)
    new_head, new = form.read(now)
    assert {name: values.tolist() for name, values in new.items()} == {n: v.tolist() for n, v in old.items()}
    assert [(s.name, s.type, s.count, s.delta) for s in new_head.sections] == [
        (s.name, s.type, s.count, s.delta) for s in old_head.sections
    ]


def test_a_table_of_a_later_version_is_refused_by_name() -> None:
    with pytest.raises(DataError, match="version '02'"):
        RouteTable.from_bytes(EXAMPLE[:8] + b"\x02" + EXAMPLE[9:])


def test_a_section_that_claims_to_be_huge_is_not_unpacked() -> None:
    head, start = form.read_header(EXAMPLE)
    huge = form.Header(**{f: getattr(head, f) for f in head.__struct_fields__ if f != "sections"}, sections=(
        form.Section("v4.start", "u32", 1 << 40, True, 33),
    ))  # fmt: skip
    import msgspec

    encoded = msgspec.json.encode(huge)
    with pytest.raises(DataError, match="too large"):
        form.read(EXAMPLE[:9] + len(encoded).to_bytes(4, "little") + encoded + EXAMPLE[start:])
