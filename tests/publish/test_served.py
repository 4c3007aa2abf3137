"""The form that the DNS responder maps holds what the edition says, and nothing damaged is taken for it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel import net
from junkhound.kernel.errors import DataError
from junkhound.publish import outputs, served
from junkhound.service.dns import Data
from support.editions import entry, make, name_entry

EDITION = make(
    entry("203.0.113.7", 123, messages="over 1,000"),
    entry("198.51.100.0/24", 2),
    entry("2001:db8:1:2::/64", 3),
    exclusions=tuple(n for w in ("198.51.100.128/26", "2001:db8:1:2::1", "10.0.0.0/8") if (n := net.parse_network(w))),
    url="https://bl.example.org/r/%s",
)


def opened(folder: Path, content: bytes) -> Data:
    path = folder / "main.served"
    path.write_bytes(content)
    return Data(path)


def number(words: str) -> int:
    address = net.parse(words)
    assert address is not None
    return address.hi << 64 | address.lo


def test_it_holds_what_is_listed_less_what_is_excluded(tmp_path: Path) -> None:
    data = opened(tmp_path, outputs.get("served")(EDITION)["served"])

    def listed(words: str) -> bool:
        address = net.parse(words)
        assert address is not None
        return (data.find4(address.v4) if address.is_v4 and ":" not in words else data.find6(number(words))) >= 0

    yes = ["203.0.113.7", "198.51.100.127", "198.51.100.192", "2001:db8:1:2::", "2001:db8:1:2::2", "2001:db8:1:2:8::",
           "127.0.0.2", "::ffff:7f00:2"]  # fmt: skip
    no = ["203.0.113.8", "198.51.100.128", "198.51.100.191", "2001:db8:1:2::1", "2001:db8:1:3::", "127.0.0.1",
          "::ffff:7f00:1", "::ffff:203.0.113.7", "10.0.0.1", "0.0.0.0", "255.255.255.255", "::"]  # fmt: skip
    assert [words for words in yes if not listed(words)] == []
    assert [words for words in no if listed(words)] == []


def test_records_give_the_same_sentence_as_the_edition(tmp_path: Path) -> None:
    data = opened(tmp_path, outputs.get("served")(EDITION)["served"])
    for one in EDITION.entries:
        first = one.network.first
        family, place = ("v4", data.find4(first.v4)) if first.is_v4 else ("v6", data.find6(first.hi << 64 | first.lo))
        assert data.sentence(family, place, str(first)) == EDITION.sentence(one, str(first))


def test_the_head_says_what_the_edition_says() -> None:
    head = served.head(outputs.get("served")(EDITION)["served"])
    about = EDITION
    for name in ("name", "scope", "at", "expires_at", "zone", "ttl_s", "code", "url", "name_servers", "contact"):
        assert getattr(head.edition, name) == getattr(about, name), name
    assert head.count == 3


def test_no_byte_of_it_may_change_unnoticed(tmp_path: Path) -> None:
    whole = outputs.get("served")(EDITION)["served"]
    head = served.head(whole)
    start = head.sections["v4.first"].offset
    bodies = {at for s in head.sections.values() for at in range(s.offset, s.offset + s.size)}
    for at in range(start, len(whole)):
        if at in bodies:
            with pytest.raises(DataError):
                opened(tmp_path, whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])


@pytest.mark.parametrize("cut", [0, 7, 15, 16, 40, 300, -1])
def test_a_torn_file_is_refused(tmp_path: Path, cut: int) -> None:
    with pytest.raises(DataError):
        opened(tmp_path, outputs.get("served")(EDITION)["served"][:cut])


def test_another_version_and_another_format_are_refused(tmp_path: Path) -> None:
    whole = outputs.get("served")(EDITION)["served"]
    with pytest.raises(DataError, match="version 3"):
        opened(tmp_path, whole[:8] + b"\3" + whole[9:])
    with pytest.raises(DataError, match="not a served list"):
        opened(tmp_path, b"GIF89a" + bytes(100))


def test_numbers_that_do_not_rise_are_refused(tmp_path: Path) -> None:
    columns = {name: np.zeros(2, kind) for name, kind in served.TYPES.items()}
    columns["v4.first"][:] = (7, 6)
    with pytest.raises(DataError, match="rise"):
        opened(tmp_path, served.encode(EDITION, 2, columns, [], []))
    columns["name.text"] = np.zeros(2, np.uint8)
    columns["name.end"] = np.array([1, 2], np.uint32)
    columns["v4.first"][:] = (6, 7)
    columns["v4.bits"][:] = 33
    with pytest.raises(DataError, match="length"):
        opened(tmp_path, served.encode(EDITION, 2, columns, [], []))


def test_columns_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    whole = {name: np.zeros(1, kind) for name, kind in served.TYPES.items()}
    whole["name.end"][0] = 1
    opened(tmp_path, served.encode(EDITION, 1, whole, [], []))
    for name, column in whole.items():
        other = np.concatenate([column, column]) if name.endswith("codes") else column[:0]  # no codes are all 0
        with pytest.raises(DataError):
            opened(tmp_path, served.encode(EDITION, 1, whole | {name: other}, [], []))


def test_a_file_of_version_1_is_read_on(tmp_path: Path) -> None:
    """Golden: written before lists could hold names; an upgrade must not leave a list without answers."""
    data = opened(tmp_path, (Path(__file__).parent / "cases" / "version1.served").read_bytes())
    assert [data.find4(number(words) & 0xFFFF_FFFF) for words in ("127.0.0.2", "198.51.100.9", "203.0.113.7")] == [
        0,
        1,
        2,
    ]
    assert not data.has_names
    assert data.head.edition.of == "addresses"
    assert "JH-2026-000123" in data.sentence("v4", 2, "203.0.113.7")


# --- names ------------------------------------------------------------------------------------------------


def names_of(folder: Path, *entries: Any, **about: Any) -> Data:
    edition = make(*entries, of="names", **about)
    return opened(folder, outputs.get("served")(edition)["served"])


def listed(data: Data, name: str) -> bool:
    return data.find_name(served.wire_name(name)) >= 0


def test_a_name_is_listed_alone_or_with_all_below_it(tmp_path: Path) -> None:
    data = names_of(tmp_path, name_entry("pills.example"), name_entry("host.shared.example", 2, below=False),
                    name_exclusions=("ok.pills.example",))  # fmt: skip
    yes = ["pills.example", "www.pills.example", "a.b.c.pills.example", "host.shared.example", "test"]
    no = ["example", "shared.example", "x.host.shared.example", "ok.pills.example", "a.ok.pills.example", "invalid",
          "x.test", "ills.example", "spills.example"]  # fmt: skip
    assert [name for name in yes if not listed(data, name)] == []
    assert [name for name in no if listed(data, name)] == []
    exists = {"example": True, "shared.example": True, "pills.example": True, "invalid": False, "net": False}
    assert {name: data.any_name(served.wire_name(name)) for name in exists} == exists


def test_names_that_are_excluded_are_not_even_in_the_file(tmp_path: Path) -> None:
    data = names_of(
        tmp_path, name_entry("a.good.example"), name_entry("good.example", 2), name_exclusions=("good.example",)
    )
    assert not listed(data, "a.good.example")
    assert not listed(data, "good.example")


def test_a_list_of_names_has_no_test_address_and_a_list_of_addresses_no_test_name(tmp_path: Path) -> None:
    data = names_of(tmp_path)
    assert data.find4(0x7F000002) == -1
    assert data.find6(0xFFFF_7F00_0002) == -1
    data = opened(tmp_path, outputs.get("served")(EDITION)["served"])
    assert not listed(data, "test")
    data = names_of(tmp_path, name_entry("pills.example"), entry("203.0.113.7"))  # combined: both
    assert data.find4(0x7F000002) >= 0
    assert listed(data, "test")


def test_entries_keep_their_own_codes(tmp_path: Path) -> None:
    edition = make(
        entry("203.0.113.7", codes=("127.0.0.4", "127.0.0.11")),
        entry("198.51.100.0/24", 2), entry("2001:db8::/64", 3, codes=("127.0.0.9",)),
        name_entry("pills.example", 4, codes=("127.0.1.2",)), exclusions=(net.network_of(net.v4(0xC6336407), 128),),
    )  # fmt: skip
    data = opened(tmp_path, outputs.get("served")(edition)["served"])

    def told(family: str, place: int) -> list[str]:
        return [".".join(map(str, code)) for code in data.head.answers(data.code(family, place))]

    assert told("v4", data.find4(0xCB007107)) == ["127.0.0.4", "127.0.0.11"]
    assert {told("v4", data.find4(0xC6336400 + last))[0] for last in range(256) if last != 7} == {"127.0.0.2"}
    assert told("v4", data.find4(0x7F000002)) == ["127.0.0.2"]
    assert told("v6", data.find6(0x2001_0DB8 << 96)) == ["127.0.0.9"]
    assert told("name", data.find_name(served.wire_name("www.pills.example"))) == ["127.0.1.2"]
    assert told("name", data.find_name(served.wire_name("test"))) == ["127.0.0.2"]


def test_names_whose_hashes_are_equal_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "name_hash", lambda wire: len(wire) % 2)  # an attacker who can make them equal
    data = names_of(tmp_path, *(name_entry(f"{word}.example", at) for at, word in enumerate("abcdefgh", 1)))
    assert all(listed(data, f"{word}.example") for word in "abcdefgh")
    assert not any(listed(data, f"{word}.example") for word in "ijklm")
    place = data.find_name(served.wire_name("x.c.example"))
    assert "Domain x.c.example is listed (JH-2026-000003" in data.sentence("name", place, "x.c.example")


@given(st.lists(st.sampled_from([f"{a}{b}example" for a in ("", "a.", "b.") for b in ("w.", "c.", "d.")]), max_size=6),
       st.lists(st.booleans(), min_size=6, max_size=6))  # fmt: skip
def test_names_are_found_as_a_plain_search_finds_them(names: list[str], below: list[bool]) -> None:
    entries = {name: name_entry(name, below=flag) for name, flag in zip(names, below, strict=False)}
    with TemporaryDirectory() as folder:
        data = names_of(Path(folder), *entries.values())
        for asked in (
            "example",
            "c.example",
            "a.c.example",
            "x.a.c.example",
            "b.d.example",
            "y.example",
            "a.a.c.example",
        ):
            above = [asked.split(".", n)[n] for n in range(1, asked.count(".") + 1)]
            expected = asked in entries or any(name in entries and entries[name].below for name in above)
            assert listed(data, asked) == expected, asked


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Example.com",
        "a..b",
        ".a",
        "a.",
        "-a",
        "a-",
        "b\u00fccher.example",
        "a b",
        "*.a",
        "a" * 64,
        "a." * 101 + "b",
    ],
)
def test_what_is_no_name_is_no_entry(name: str) -> None:
    with pytest.raises(ValueError, match="not a domain"):
        name_entry(name)


def test_the_sentence_about_a_very_long_name_fits_into_one_string() -> None:
    edition = make(of="names", url="https://bl.example.org/r/%s")
    for length in (1, 60, 63):
        name = ".".join(["a" * length] * 3)
        said = edition.sentence(name_entry(name), name)
        assert len(said) <= 255
        assert "JH-2026-000001" in said
