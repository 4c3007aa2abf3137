"""The packed table answers as a plain list of rows would, and names what it used."""

from __future__ import annotations

import ipaddress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.attribution import RouteTable, Row, embedded, pack
from junkhound.kernel.errors import DataError
from junkhound.kernel.net import Address, parse, parse_network
from junkhound.tables import Operator, country_number

GB, FR = country_number("GB"), country_number("FR")


def row(network: str, asn: int = 0, organisation: str = "", country: int = 0) -> Row:
    net = parse_network(network)
    assert net is not None
    first, last = (end.hi << 64 | end.lo for end in (net.first, net.last))
    return Row(first, last, asn, organisation, country, net.bits)


def table(rows: list[Row], number: int = 1, date: str = "2006-05-04") -> RouteTable:
    return RouteTable.from_bytes(pack(rows, name="t", date=date, source="a test", level=1), number)


def one(routes: RouteTable, text: str):
    address = parse(text)
    assert address is not None
    return routes.one(address)


def test_the_narrowest_announcement_answers() -> None:
    routes = table(
        [
            row("192.0.2.0/24", 64496, "Example Broadband", GB),
            row("192.0.2.64/26", 64497, "Example Hosting", FR),
            row("2001:db8::/32", 64498, "Example Net"),
        ]
    )
    outer, inner, six = (one(routes, text) for text in ("192.0.2.200", "192.0.2.65", "2001:db8::1"))
    assert (outer.asn, outer.prefix, outer.country, outer.operator) == (64496, 96 + 24, GB, Operator.ACCESS)
    assert (inner.asn, inner.prefix, inner.country, inner.operator) == (64497, 96 + 26, FR, Operator.HOSTING)
    assert (six.asn, six.prefix, six.country, six.organisation, six.table) == (64498, 32, 0, "Example Net", 1)
    assert one(routes, "198.51.100.1").table == 0


def test_a_range_is_cut_to_the_largest_block_around_the_address() -> None:
    first, last = 0xFFFF_C000_0200, 0xFFFF_C000_0200 + 191  # 192.0.2.0 - 192.0.2.191 = a /25 and a /26
    routes = table([Row(first, last, 64496)])
    assert one(routes, "192.0.2.1").prefix == 96 + 25
    assert one(routes, "192.0.2.190").prefix == 96 + 26


def test_a_table_of_part_of_the_space_lies_over_a_full_one() -> None:
    own = table([row("192.0.2.0/25", 64500, "Own Customers")], number=2)
    world = table([row("192.0.2.0/24", 64496, "Example Net", GB), row("198.51.100.0/24", 64497, "", FR)], number=1)
    both = own.over(world)
    mine, theirs, elsewhere = (one(both, text) for text in ("192.0.2.1", "192.0.2.129", "198.51.100.9"))
    assert (mine.asn, mine.country, mine.organisation, mine.table) == (64500, GB, "Own Customers", 2)
    assert (theirs.asn, theirs.table, theirs.organisation) == (64496, 1, "Example Net")
    assert (elsewhere.asn, elsewhere.country, elsewhere.table) == (64497, FR, 1)
    assert one(both, "203.0.113.1").table == 0
    assert one(own, "192.0.2.129").table == 0, "laying it over another leaves the table itself as it was"


nets = st.builds(
    lambda base, bits, six: str(
        ipaddress.ip_network((base << 96 if six else base, bits + 16 if six else bits), strict=False)
    ),
    st.sampled_from([0xC0000200, 0xC0000280, 0xC00002FF, 0xC6336400, 0, 0xFFFFFFFF]),
    st.integers(0, 32),
    st.booleans(),
)


@given(st.lists(st.tuples(nets, st.integers(1, 5)), max_size=12), st.data())
def test_packed_answers_equal_those_of_a_walk_through_the_rows(announced, data) -> None:
    rows = [row(net, asn + 64495, country=GB if asn % 2 else FR) for net, asn in announced]
    routes = table(rows)
    parsed = [ipaddress.ip_network(net) for net, _ in announced]
    corners = [n[i] for n in parsed for i in (0, -1)] + [ipaddress.ip_address("192.0.2.1")]
    asked = data.draw(st.lists(st.sampled_from(corners), min_size=1, max_size=8))
    addresses = [parse(str(a)) for a in asked]
    found = routes.lookup(
        np.array([a.hi for a in addresses], np.uint64), np.array([a.lo for a in addresses], np.uint64)
    )
    for place, address in enumerate(asked):
        holding = [
            (net.prefixlen, order)
            for order, net in enumerate(parsed)
            if net.version == address.version and address in net
        ]
        if not holding:
            assert found["asn"][place] == found["routes"][place] == 0
            continue
        length, order = max(holding)
        assert found["asn"][place] == rows[order].asn
        assert found["country"][place] == rows[order].country
        assert found["prefix"][place] == length + (96 if address.version == 4 else 0)
        assert routes.one(addresses[place]).asn == rows[order].asn


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.data())
def test_the_cut_block_lies_in_the_range_and_the_next_larger_one_does_not(a, b, data) -> None:
    low, high = sorted((a, b))
    inside = data.draw(st.integers(low, high))
    routes = table([Row(0xFFFF_0000_0000 | low, 0xFFFF_0000_0000 | high, 64496)])
    prefix = routes.one(Address(0, 0xFFFF_0000_0000 | inside)).prefix - 96
    block = ipaddress.ip_network((inside, prefix), strict=False)
    assert low <= int(block[0]) <= int(block[-1]) <= high
    if prefix:
        wider = block.supernet()
        assert int(wider[0]) < low or int(wider[-1]) > high


@given(st.integers(0, 2**128 - 1), st.integers(0, 2**128 - 1), st.data())
def test_ipv6_ranges_are_cut_alike(a, b, data) -> None:
    low, high = sorted((a, b))
    if low >> 32 == 0xFFFF or high >> 32 == 0xFFFF:
        return
    inside = data.draw(st.integers(low, high).filter(lambda n: n >> 32 != 0xFFFF))
    routes = table([Row(low, high, 64496)])
    prefix = routes.one(Address(inside >> 64, inside & 2**64 - 1)).prefix
    size = 1 << 128 - prefix
    start = inside // size * size
    assert low <= start
    assert start + size - 1 <= high
    if prefix:
        wider = inside // (2 * size) * 2 * size
        assert wider < low or wider + 2 * size - 1 > high


def test_equal_rows_pack_to_equal_bytes() -> None:
    rows = [row("192.0.2.0/24", 64496, "Example Net", GB), row("2001:db8:1::1/128", 64497)]
    packed = [pack(rows, name="t", date="2006-05-04", source="s", level=1) for _ in range(2)]
    assert packed[0] == packed[1]


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_table_is_told_never_believed(place, byte) -> None:
    whole = pack([row("192.0.2.0/24", 64496, "Example Net", GB)], name="t", date="2006-05-04", source="s", level=1)
    damaged = bytearray(whole)
    damaged[place % len(whole)] = byte
    try:
        routes = RouteTable.from_bytes(bytes(damaged))
    except DataError:
        return
    assert one(routes, "192.0.2.7").asn in (64496, 0)  # the header's words may change, the arrays have checksums


@pytest.mark.parametrize("cut", [0, 7, 12, 40, -1])
def test_a_torn_table_is_told(cut) -> None:
    whole = pack([row("192.0.2.0/24", 64496, "Example Net", GB)], name="t", date="2006-05-04", source="s", level=1)
    with pytest.raises(DataError):
        RouteTable.from_bytes(whole[:cut])


def test_the_embedded_table_knows_the_internet_and_not_the_documentation_networks() -> None:
    routes = embedded()
    assert routes.number == 1
    assert routes.header.networks > 0.6
    assert routes.header.countries > 0.7
    assert "DB-IP" in routes.header.licence
    root_server = one(routes, "193.0.14.129")  # k.root-servers.net
    assert root_server.asn == 25152
    assert root_server.prefix in (119, 120)
    assert "RIPE" in root_server.organisation or "Reseaux" in root_server.organisation
    assert one(routes, "2001:7fd::1").asn == 25152
    assert one(routes, "192.0.2.1").asn == 0
