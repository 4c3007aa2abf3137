"""Tables of abuse contacts: taken in with their day, answered by the day of the mail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from junkhound.cli import main_group
from junkhound.kernel import clock
from junkhound.kernel.clock import DAY
from junkhound.kernel.config import Config, NetworkSection, Store
from junkhound.kernel.errors import DataError, NotFound, UsageError
from junkhound.kernel.net import Address, parse
from junkhound.verbs import contacts
from junkhound.verbs.office import Office

AT = clock.parse("2026-11-20")
CSV = "key,mail,name\n192.0.2.0/24,{}@access.example,Access\nAS64500,noc@transit.example,Transit\n"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(Config(store=Store(home=str(tmp_path / "home"))), AT)


def given(tmp_path: Path, text: str, name: str = "exchange.csv") -> str:
    (tmp_path / name).write_text(text)
    return str(tmp_path / name)


def address(words: str) -> Address:
    found = parse(words)
    assert found is not None
    return found


def mails(office: Office, day: str | None = None, asn: int = 0) -> list[str]:
    when = None if day is None else clock.parse(day) // DAY
    return [one.contact.mail for one in contacts.of_address(office, address("192.0.2.7"), asn, when)]


def test_a_mail_is_answered_by_the_edition_of_its_day(office: Office, tmp_path: Path) -> None:
    contacts.import_file(office, given(tmp_path, CSV.format("old")), as_of="2025-01-01")
    contacts.import_file(office, given(tmp_path, CSV.format("new")), as_of="2026-06-01")
    assert [one.number for one in contacts.editions(office)] == ["exchange@2025-01-01", "exchange@2026-06-01"]
    assert mails(office, "2025-07-01") == ["old@access.example"]
    assert mails(office, "2026-06-01") == ["new@access.example"]
    assert mails(office) == ["new@access.example"]
    assert mails(office, "2020-01-01") == ["old@access.example"], "the oldest, where all are younger"
    found = contacts.of_address(office, address("192.0.2.7"), 64500, None)
    assert [one.why for one in found] == [
        "exchange of 2026-06-01, for 192.0.2.0/24", "exchange of 2026-06-01, for AS64500",
    ]  # fmt: skip


def test_the_operators_own_table_comes_first(tmp_path: Path) -> None:
    own = given(tmp_path, "key,mail\n192.0.2.0/24,me@own.example\n", "own.csv")
    office = Office(Config(store=Store(home=str(tmp_path / "home")), network=NetworkSection(contacts=(own,))), AT)
    contacts.import_file(office, given(tmp_path, CSV.format("new")))
    found = contacts.of_address(office, address("192.0.2.7"), 0)
    assert [(one.contact.mail, one.why) for one in found] == [
        ("me@own.example", "your table, for 192.0.2.0/24"),
        ("new@access.example", "exchange of 2026-11-20, for 192.0.2.0/24"),
    ]


def test_json_is_read_and_the_same_again_changes_nothing(office: Office, tmp_path: Path) -> None:
    file = given(tmp_path, json.dumps([{"for": "192.0.2.0/25", "mail": "a@b.example", "note": None}]), "a.json")
    assert not contacts.import_file(office, file).known
    assert contacts.import_file(office, file).known
    assert mails(office) == ["a@b.example"]
    assert contacts.remove(office, "a@2026-11-20").name == "a"
    assert mails(office) == []
    with pytest.raises(NotFound):
        contacts.remove(office, "a@2026-11-20")


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        ("key,mail\nnonsense,a@b.example\n", "a.csv", "no network, AS or domain"),
        ("key,mail\n192.0.2.0/24,\n", "a.csv", "neither mail nor url"),
        ("key,mail\n", "a.csv", "no contact"),
        ("{}", "a.json", "no list of contacts"),
        ("[" * 100_000, "a.json", "not JSON"),
    ],
)
def test_a_file_that_makes_no_sense_changes_nothing(
    office: Office, tmp_path: Path, text: str, name: str, says: str
) -> None:
    with pytest.raises(DataError, match=says):
        contacts.import_file(office, given(tmp_path, text, name))
    assert contacts.editions(office) == []


def test_names_and_days_are_checked(office: Office, tmp_path: Path) -> None:
    file = given(tmp_path, CSV.format("x"))
    with pytest.raises(UsageError, match="not a name"):
        contacts.import_file(office, file, name="../up")
    with pytest.raises(UsageError):
        contacts.import_file(office, file, as_of="sometime")
    with pytest.raises(NotFound):
        contacts.import_file(office, str(tmp_path / "absent.csv"))


def test_the_commands(tmp_path: Path) -> None:
    def run(*words: str) -> str:
        head = ["--home", str(tmp_path / "home")]
        return CliRunner().invoke(main_group, [*head, *words], catch_exceptions=False).output

    file = given(tmp_path, CSV.format("abuse"))
    assert run("contacts", "import", file, "--as-of", "2026-11-01") == "exchange@2026-11-01: 2 contacts\n"
    assert "exchange@2026-11-01" in run("contacts", "list")
    assert "abuse@access.example (Access)  exchange of 2026-11-01" in run("contacts", "show", "192.0.2.7")
    assert "contact: abuse@access.example (Access)" in run("why", "192.0.2.7")
    assert json.loads(run("why", "--json", "192.0.2.7"))["contacts"][0]["mail"] == "abuse@access.example"
    assert run("contacts", "remove", "exchange@2026-11-01") == "exchange@2026-11-01 is gone\n"
