"""Abuse contacts: the operator's own table first, a guess only where it says nothing, and marked as one."""

from __future__ import annotations

import pytest

from junkhound.kernel import net
from junkhound.kernel.errors import ConfigError
from junkhound.provider import Contacts, guess, read

CSV = """\
key,mail,name,url,note
192.0.2.0/24,abuse@access.example,Access,,answers in two days
192.0.2.128/25,noc@customer.example,Customer,,
AS64500,,Transit,https://transit.example/abuse,form only
mail.example,abuse@mail.example,,,
"""
TOML = """\
[[contact]]
for = "192.0.2.0/24"
mail = "abuse@access.example"
name = "Access"
note = "answers in two days"

[[contact]]
for = "192.0.2.128/25"
mail = "noc@customer.example"
name = "Customer"

[[contact]]
for = "AS64500"
url = "https://transit.example/abuse"
name = "Transit"
note = "form only"

[[contact]]
for = "mail.example"
mail = "abuse@mail.example"
"""


def test_both_forms_say_the_same() -> None:
    assert read(CSV, "a.csv") == read(TOML, "a.toml")


def test_the_narrowest_comes_first() -> None:
    table = Contacts(read(CSV, "a.csv"))
    found = table.of(net.parse("192.0.2.200"), 64500, ["pc.access.example", "x.mail.example"])
    assert [one.contact.name or one.contact.mail for one in found] == [
        "Customer", "Access", "Transit", "abuse@mail.example",
    ]  # fmt: skip
    assert all(one.sure for one in found)
    assert [one.contact.name for one in table.of(net.parse("192.0.2.7"), 0)] == ["Access"]
    assert table.of(net.parse("198.51.100.7"), 0, ["notmail.example"]) == []


def test_a_guess_is_marked_as_one() -> None:
    found = guess("dsl-7.pool.access.example", True)
    assert found is not None
    assert (found.contact.mail, found.sure) == ("abuse@access.example", False)
    assert "guess" in found.why
    unchecked = guess("bank.example", False)
    assert unchecked is not None
    assert "nobody checked" in unchecked.why
    for name in ("", "localhost", "192.0.2.7", "."):
        assert guess(name, True) is None, name


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        ("mail\na@b.example\n", "a.csv", "column 'key'"),
        ("key,mail\nnonsense,a@b.example\n", "a.csv", "line 2: 'nonsense' is no network, AS or domain"),
        ("key,mail\nAS1,nobody\n", "a.csv", "no mail address"),
        ("key,mail\nAS1,\n", "a.csv", "neither mail nor url"),
        ("key,url\nAS1,javascript:x\n", "a.csv", "no web address"),
        ("[[contact]\n", "a.toml", "not TOML"),
        ("contact = 3\n", "a.toml", "no contacts"),
    ],
)
def test_a_row_without_sense_is_named(text: str, name: str, says: str) -> None:
    with pytest.raises(ConfigError) as found:
        read(text, name)
    assert says in found.value.message
