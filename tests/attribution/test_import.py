"""``data import``, ``list``, ``use`` and ``lookup``, as a person would use them."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from click.testing import CliRunner

from junkhound.cli import main_group
from junkhound.kernel import clock
from junkhound.kernel.errors import DataError, NotFound, Refused, UsageError
from junkhound.verbs import data
from junkhound.verbs.office import Office, open_office
from support.mmdb import database

CUSTOMERS = "network,asn,org,country\n192.0.2.0/24,64496,Example Broadband,GB\n"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    settings = tmp_path / "junkhound.toml"
    settings.write_text('[store]\nhome = "home"\n')
    return open_office(str(settings))


def put(office: Office, name: str, content: str | bytes) -> Path:
    path = office.home.parent / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def at(office: Office, words: str) -> Office:
    return Office(office.config, clock.parse(words))


def test_the_embedded_table_is_number_one_and_asking_makes_no_home(office) -> None:
    (listed,) = data.tables(office)
    (found,) = data.lookup(office, ["193.0.14.129"])
    assert (listed.number, found.table, found.asn) == (1, 1, 25152)
    assert not office.home.exists()
    assert [number for number, _ in data.route_files(office)] == [1]


def test_an_imported_table_answers_and_leaves_the_rest_to_the_embedded_one(office) -> None:
    table = data.add(office, [put(office, "customers.csv", CUSTOMERS)], day="2003-01-01")
    assert (table.number, table.name, table.date, table.used) == (2, "customers", "2003-01-01", True)
    mine, root = data.lookup(at(office, "2006-05-04"), ["192.0.2.7", "193.0.14.129"])
    assert (mine.asn, mine.prefix, mine.country, mine.operator) == (64496, "192.0.2.0/24", "GB", "access")
    assert (mine.table, mine.table_date, root.table) == (2, "2003-01-01", 1)
    refs = data.route_tables(office)
    assert [(number, day) for number, day, _ in refs] == [(1, refs[0][1]), (2, "2003-01-01")]
    assert pickle.loads(pickle.dumps(refs[1][2]))().number == 2


def test_the_same_file_again_is_the_same_table(office) -> None:
    path = put(office, "customers-2003-01-01.csv", CUSTOMERS)
    first, again = data.add(office, [path]), data.add(office, [path])
    assert first == again
    assert first.date == "2003-01-01", "from the file's name"
    assert len(data.tables(office)) == 2


def test_a_maxmind_database_and_its_country_file_become_one_table(office) -> None:
    asn = database({"192.0.2.0/24": {"autonomous_system_number": 64496, "autonomous_system_organization": "Example"},
                    "2001:db8::/32": {"autonomous_system_number": 64497}})  # fmt: skip
    country = database({"192.0.2.0/25": {"country": {"iso_code": "GB"}}, "192.0.2.128/25": {"country_code": "FR"}})
    table = data.add(office, [put(office, "asn.mmdb", asn), put(office, "country.mmdb", country)])
    assert table.date == "2006-05-04", "the build date"
    low, high, six = data.lookup(office, ["192.0.2.1", "192.0.2.200", "2001:db8::1"])
    assert [found.country for found in (low, high, six)] == ["GB", "FR", ""]
    assert [(found.asn, found.prefix) for found in (low, high, six)] == [
        (64496, "192.0.2.0/24"), (64496, "192.0.2.0/24"), (64497, "2001:db8::/32"),
    ]  # fmt: skip


def test_a_table_set_aside_answers_no_more_and_the_last_one_stays(office) -> None:
    data.add(office, [put(office, "customers.csv", CUSTOMERS)], day="2003-01-01")
    data.use(office, 2, used=False)
    assert data.lookup(office, ["192.0.2.7"])[0].table == 0
    with pytest.raises(Refused):
        data.use(office, 1, used=False)
    data.use(office, 2, used=True)
    assert data.lookup(office, ["192.0.2.7"])[0].table == 2
    with pytest.raises(NotFound):
        data.use(office, 7, used=True)


@pytest.mark.parametrize(
    ("name", "content", "kind", "said"),
    [
        ("a.csv", "192.0.2.0/24,many\n192.0.2.0/24,x,y,z\n", UsageError, "nothing says of which day"),
        ("a-2006-05-04.csv", "network,asn\n192.0.2.0/99,1\n", DataError, "a-2006-05-04.csv: line 2: not a network"),
        ("a.mmdb", b"\0\0\0 not one", DataError, "a.mmdb: not a MaxMind database"),
        ("a.mmdb", "", DataError, "a.mmdb: the file is empty"),
        ("torn.mmdb", database({"192.0.2.0/24": {"asn": 1}})[30:], DataError, "torn.mmdb: "),
        ("empty.mmdb", database({"192.0.2.0/24": {"city": "x"}}), DataError, "empty.mmdb: no record has an ASN"),
    ],
)
def test_a_broken_file_is_named_and_nothing_is_kept(office, name, content, kind, said) -> None:
    with pytest.raises(kind) as error:
        data.add(office, [put(office, name, content)])
    assert error.value.message.startswith(said)
    assert len(data.tables(office)) == 1


def test_the_command_line_tells_and_gives_json(office) -> None:
    run = CliRunner().invoke
    config = ["--config", office.config.path, "data"]
    path = str(put(office, "customers.csv", CUSTOMERS))
    made = run(main_group, [*config, "import", path, "--date", "2003-01-01", "--name", "ours"])
    assert made.stdout.startswith("table 2 (ours, 2003-01-01): 1 networks")
    told = run(main_group, [*config, "lookup", "192.0.2.7", "203.0.113.1", "--at", "2006-05-04"])
    assert told.stdout.splitlines() == [
        "192.0.2.7: AS64496 Example Broadband, 192.0.2.0/24, GB, access (table 2 of 2003-01-01)",
        "203.0.113.1: in no network that the tables know on 2006-05-04",
    ]
    listed = run(main_group, [*config, "list", "--json"])
    assert [table["name"] for table in json.loads(listed.stdout)] == ["embedded", "ours"]
    assert "DB-IP" in run(main_group, [*config, "list"]).stdout
    with pytest.raises(UsageError):
        run(main_group, [*config, "lookup", "example.org"], catch_exceptions=False)
