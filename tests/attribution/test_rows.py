"""Operators' own tables: CSV with and without a header, MaxMind records nested and flat."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.attribution import RouteTable, operator, pack, read_csv, read_records
from junkhound.kernel.errors import DataError
from junkhound.kernel.net import V4, parse
from junkhound.tables import Operator, country_code

NETWORK = (V4 | 0xC000_0200, V4 | 0xC000_02FF)


@pytest.mark.parametrize(
    "text",
    [
        "network,asn,org,country\n192.0.2.0/24,AS64496,Example Net,GB\n",
        "# ours\n\n192.0.2.0/24,64496,Example Net,GB\n",
        "start_ip,end_ip,country,asn,as_name\n192.0.2.0,192.0.2.255,gb,AS64496,Example Net\n",
        "192.0.2.0,192.0.2.255,64496,Example Net,GB\n",
        "3221225984,3221226239,64496,Example Net,GB\n",
        '\ufeff"Network","AS Number","AS Organization","Country Code"\r\n"192.0.2.0/24","64496","Example Net","GB"\r\n',
    ],
)
def test_every_usual_form_reads_alike(text) -> None:
    (row,) = read_csv(text.splitlines(keepends=True))
    assert (row.first, row.last) == NETWORK
    assert (row.asn, row.organisation, country_code(row.country)) == (64496, "Example Net", "GB")


def test_a_table_of_two_columns_and_ipv6() -> None:
    rows = list(read_csv(["2001:db8::/32,GB\n", "192.0.2.1,FR\n"]))
    assert [(country_code(row.country), row.asn, row.bits) for row in rows] == [("GB", 0, 32), ("FR", 0, 128)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("network,asn\n192.0.2.0/24,64496\n192.0.2.0/33,64496\n", "own.csv: line 3: not a network: '192.0.2.0/33'"),
        ("network,asn\n192.0.2.0/24,many\n", "own.csv: line 2: not an ASN: 'many'"),
        ("start,end,asn\n192.0.2.9,192.0.2.1,64496\n", "own.csv: line 2: a range that ends before it starts"),
        ("start,end,asn\n192.0.2.9,,64496\n", "own.csv: line 2: not an address: ''"),
        ("network,colour\n192.0.2.0/24,red\n", "own.csv: its header names neither an ASN nor a country"),
        ("<html>\n", "own.csv: line 1 is neither a header nor a network: '<html>'"),
        ("", "own.csv: no networks in it"),
        ("network,asn\n", "own.csv: no networks in it"),
        ("192.0.2.0,2001:db8::,64496\n", "own.csv: line 1: a range that ends before it starts"),
    ],
)
def test_a_broken_table_names_its_line(text, said) -> None:
    with pytest.raises(DataError) as error:
        list(read_csv(text.splitlines(keepends=True), "own.csv"))
    assert error.value.message.startswith(said)


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=40), max_size=5))
def test_any_text_reads_or_is_refused(lines) -> None:
    try:
        rows = list(read_csv(lines))
    except DataError:
        return
    table = RouteTable.from_bytes(pack(rows, name="t", date="2006-05-04", source="s", level=1))
    assert table.date == "2006-05-04"


FORMS = {
    "GeoLite2 ASN": (
        {"autonomous_system_number": 64496, "autonomous_system_organization": "Example Net"},
        (64496, "--", "Example Net", Operator.UNKNOWN),
    ),
    "GeoLite2 Country": (
        {"country": {"iso_code": "GB", "names": {"en": "x"}}, "registered_country": {"iso_code": "FR"}},
        (0, "GB", "", Operator.UNKNOWN),
    ),
    "GeoLite2 Country, registered only": (
        {"registered_country": {"iso_code": "FR"}},
        (0, "FR", "", Operator.UNKNOWN),
    ),
    "IPinfo Lite": (
        {"asn": "AS64496", "as_name": "Example Net", "as_domain": "example.net", "country": "X", "country_code": "GB"},
        (64496, "GB", "Example Net", Operator.UNKNOWN),
    ),
    "IPinfo, nested": (
        {"asn": {"asn": "AS64496", "name": "Example Net", "type": "hosting"}, "country": "GB"},
        (64496, "GB", "Example Net", Operator.HOSTING),
    ),
    "GeoIP2 ISP": (
        {"traits": {"autonomous_system_number": 64496, "isp": "Example Net"}},
        (64496, "--", "Example Net", Operator.UNKNOWN),
    ),
}


@pytest.mark.parametrize("maker", FORMS)
def test_records_of_the_known_makers(maker) -> None:
    record, expected = FORMS[maker]
    (row,) = read_records([(ip_network("192.0.2.0/24"), record)])
    assert (row.first, row.last) == NETWORK
    assert (row.asn, country_code(row.country), row.organisation, row.operator) == expected


def test_records_that_say_nothing_are_refused() -> None:
    with pytest.raises(DataError):
        list(read_records([(ip_network("192.0.2.0/24"), {"city": {"names": {}}}), (ip_network("::/8"), "text")]))


def test_two_files_make_one_table() -> None:
    asn = read_csv(["192.0.2.0/24,64496,Example Net\n"])
    country = read_csv(["192.0.2.0/25,GB\n", "192.0.2.128/25,FR\n"])
    routes = RouteTable.from_bytes(pack([*asn, *country], name="t", date="2006-05-04", source="s"))
    address = parse("192.0.2.200")
    assert address is not None
    found = routes.one(address)
    assert (found.asn, country_code(found.country), found.prefix) == (64496, "FR", 120)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("University of Example", Operator.EDUCATION),
        ("Universal Example Ltd", Operator.UNKNOWN),
        ("Ministry of Example", Operator.GOVERNMENT),
        ("First Example Bank", Operator.ENTERPRISE),
        ("Example Hosting GmbH", Operator.HOSTING),
        ("Example Broadband", Operator.ACCESS),
        ("Example Broadband and Hosting", Operator.UNKNOWN),  # two types: no answer
        ("Example Telecom", Operator.UNKNOWN),
        ("", Operator.UNKNOWN),
    ],
)
def test_operator_types_only_where_the_name_is_plain(name, kind) -> None:
    assert operator(name) is kind
