"""Zones of names, and zones whose entries have codes of their own."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from junkhound.kernel import net
from junkhound.service.dns import Book
from junkhound.wire import dns
from support import dns as client
from support.dns import A, ask
from support.editions import AT, entry, name_entry
from support.rbldnsd import serving
from support.zones import LOOPBACK, question, running, zone

NAMES = "phish.bl.example.org"
ALL = "all.bl.example.org"


def told(book: Book, name: str, kind: int = dns.A, at: int = AT) -> client.Answer:
    made = book.answer(question(name, kind), LOOPBACK, at)
    assert made is not None
    return client._read(made, kind)


@pytest.fixture
def names(tmp_path: Path) -> Book:
    entries = (name_entry("pills.example"), name_entry("host.shared.example", 2, below=False))
    about = {"name": "phish", "of": "names", "name_exclusions": ("ok.pills.example",)}
    return Book([zone(tmp_path, *entries, code="127.0.1.4", **about)])


@pytest.mark.parametrize(
    ("name", "code", "records"),
    [
        ("pills.example", 0, ("127.0.1.4",)),
        ("PILLS.Example", 0, ("127.0.1.4",)),
        ("a.b.pills.example", 0, ("127.0.1.4",)),
        ("ok.pills.example", 3, ()),
        ("host.shared.example", 0, ("127.0.1.4",)),
        ("x.host.shared.example", 3, ()),
        ("shared.example", 0, ()),  # names below it are listed: it exists (RFC 8020)
        ("example", 0, ()),
        ("other.example", 3, ()),
        ("test", 0, ("127.0.1.4",)),  # RFC 5782 section 5
        ("invalid", 3, ()),
        ("2.0.0.127", 3, ()),  # asked with an address: a list of names knows none
        ("7.113.0.203", 3, ()),
    ],
)
def test_names(names: Book, name: str, code: int, records: tuple[str, ...]) -> None:
    assert told(names, f"{name}.{NAMES}") == client.Answer(code, records)


def test_the_text_names_what_was_asked_and_the_listing(names: Book) -> None:
    (said,) = told(names, f"WWW.pills.example.{NAMES}", dns.TXT).records
    assert said.startswith("Domain www.pills.example is listed (JH-2026-000001, advertised domain, 10 to 50 messages")
    assert told(names, f"test.{NAMES}", dns.TXT).records == ("test entry, RFC 5782 section 5",)


@pytest.fixture
def combined(tmp_path: Path) -> Book:
    entries = (
        entry("203.0.113.7", codes=("127.0.0.2", "127.0.0.4")),
        entry("198.51.100.0/24", 2),
        entry("2001:db8::/64", 9, codes=("127.0.0.4",)),
        name_entry("pills.example", 5, codes=("127.0.1.2",)),
    )
    return Book([zone(tmp_path, *entries, name="all")])


def test_a_combined_zone_answers_with_the_codes_of_every_entry(combined: Book) -> None:
    assert told(combined, f"7.113.0.203.{ALL}").records == ("127.0.0.2", "127.0.0.4")
    assert told(combined, f"9.100.51.198.{ALL}").records == ("127.0.0.2",)
    assert told(combined, client.reversed_name(net.Address(0x2001_0DB8 << 32, 5), ALL)).records == ("127.0.0.4",)
    assert told(combined, f"www.pills.example.{ALL}").records == ("127.0.1.2",)
    assert told(combined, f"8.113.0.203.{ALL}").code == 3
    assert told(combined, f"2.0.0.127.{ALL}").records == told(combined, f"test.{ALL}").records == ("127.0.0.2",)
    assert len(told(combined, f"7.113.0.203.{ALL}", dns.TXT).records) == 1


@pytest.mark.peer
def test_names_are_answered_as_rbldnsd_answers_its_dnset(tmp_path: Path) -> None:
    rng = random.Random(9)
    words = ["a", "b", "www", "mail", "x-1"]

    def drawn(labels: int) -> str:
        return ".".join([*rng.choices(words, k=labels), "example"])

    chosen = sorted({drawn(rng.randint(1, 4)) for _ in range(120)})
    entries = {name: name_entry(name, at, below=rng.random() < 0.7) for at, name in enumerate(chosen, 1)}
    asked = [drawn(rng.randint(0, 6)) for _ in range(3000)]
    made = zone(tmp_path, *entries.values(), name="phish", of="names")
    with running(made) as responder:
        ours = ask(responder.addresses[0][1], [(f"{name}.{NAMES}", A) for name in asked])
    lines = [f"{'.' if one.below else ''}{one.name}" for one in entries.values()]
    content = "\n".join([":127.0.0.2:listed", "test", *lines, ""]).encode()
    with serving({"dnset": content}, [f"{NAMES}:dnset:dnset"], tmp_path, f"test.{NAMES}") as port:
        theirs = ask(port, [(f"{name}.{NAMES}", A) for name in asked])
    # Of a name that exists only because others stand below it rbldnsd says NXDOMAIN; RFC 8020 says it exists.
    assert [(n, o, t) for n, o, t in zip(asked, ours, theirs, strict=True) if o.records != t.records] == []
    assert 300 < sum(bool(answer.records) for answer in ours) < 2900
