"""The form that the DNS responder maps holds what the edition says, and nothing damaged is taken for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from junkhound.kernel import net
from junkhound.kernel.errors import DataError
from junkhound.publish import outputs, served
from junkhound.service.dns import Data
from support.editions import entry, make

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
    with pytest.raises(DataError, match="version 2"):
        opened(tmp_path, whole[:8] + b"\2" + whole[9:])
    with pytest.raises(DataError, match="not a served list"):
        opened(tmp_path, b"GIF89a" + bytes(100))


def test_numbers_that_do_not_rise_are_refused(tmp_path: Path) -> None:
    columns = {name: np.zeros(2, kind) for name, kind in served.TYPES.items()}
    columns["v4.first"][:] = (7, 6)
    with pytest.raises(DataError, match="rise"):
        opened(tmp_path, served.encode(EDITION, 2, columns, [], []))
    columns["v4.first"][:] = (6, 7)
    columns["v4.bits"][:] = 33
    with pytest.raises(DataError, match="length"):
        opened(tmp_path, served.encode(EDITION, 2, columns, [], []))
