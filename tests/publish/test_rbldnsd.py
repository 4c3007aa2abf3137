"""A real rbldnsd loads what we write and answers as the list says."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from junkhound.kernel import clock, net
from support.dns import NS, NXDOMAIN, REFUSED, SOA, TXT, A, ask, reversed_name
from support.editions import entry, make
from support.rbldnsd import ZONE, name_questions, names_world, questions, served, world

pytestmark = pytest.mark.peer


@pytest.mark.parametrize(
    "sets",
    [
        ("ip4set", "ip6trie"),
        ("ip4trie=ip4set", "ip6trie"),
        ("ip4trie", "ip6trie"),
        ("ip4tset", "ip6tset"),
        ("combined",),
    ],
    ids=" ".join,
)
def test_it_agrees_on_ten_thousand_questions(tmp_path: Path, sets: tuple[str, ...]) -> None:
    rng = random.Random(4)
    edition = world(rng)
    asked = questions(edition, rng)
    with served(edition, tmp_path, sets) as port:
        answers = ask(port, [(reversed_name(address, ZONE), A) for address, _ in asked])
    assert_loaded(tmp_path)
    wrong = [
        (str(address), is_listed, answer)
        for (address, is_listed), answer in zip(asked, answers, strict=True)
        if answer != ((0, ("127.0.0.2",)) if is_listed else (NXDOMAIN, ()))
    ]
    assert wrong == []


def assert_loaded(folder: Path) -> None:
    """Not a line of the data was left out or complained of."""
    words = ("ignored", "invalid", "duplicate", "bad ", "unrecognized", "error")
    lines = (folder / "log").read_text().splitlines()
    assert not [line for line in lines if any(word in line for word in words) and "err=0" not in line]


@pytest.mark.parametrize("sets", [("dnset",), ("combined",)], ids=" ".join)
def test_it_agrees_on_ten_thousand_names(tmp_path: Path, sets: tuple[str, ...]) -> None:
    rng = random.Random(5)
    edition = names_world(rng)
    asked = name_questions(edition, rng)
    with served(edition, tmp_path, sets) as port:
        answers = ask(port, [(f"{name}.{ZONE}", A) for name, _ in asked])
        test, invalid = ask(port, [(f"test.{ZONE}", A), (f"invalid.{ZONE}", A)])
    assert_loaded(tmp_path)
    wrong = [
        (name, codes, answer)
        for (name, codes), answer in zip(asked, answers, strict=True)
        if (answer.code, tuple(sorted(answer.records))) != (0 if codes else NXDOMAIN, codes)
    ]
    assert wrong == []
    assert (test.records, invalid.code) == (("127.0.0.2",), NXDOMAIN)


def test_every_code_of_an_entry_is_answered(tmp_path: Path) -> None:
    now = clock.SystemClock().now() - clock.SECOND
    codes = ("127.0.0.2", "127.0.0.4")
    edition = make(entry("203.0.113.7", codes=codes), entry("2001:db8:1:2::/64", 2, codes=codes), at=now)
    asked = [(reversed_name(a, ZONE), A) for w in ("203.0.113.7", "2001:db8:1:2::5") if (a := net.parse(w))]
    for sets, expected in ((("combined",), [codes, codes]), (("ip4set", "ip6trie"), [codes, codes[:1]])):
        with served(edition, tmp_path, sets) as port:
            assert [tuple(sorted(answer.records)) for answer in ask(port, asked)] == expected
        assert_loaded(tmp_path)


def test_texts_test_entries_and_apex(tmp_path: Path) -> None:
    now = clock.SystemClock().now() - clock.SECOND
    edition = make(
        entry("203.0.113.7", number=123),
        entry("2001:db8:1:2::/64", number=124),
        at=now,
        url="https://bl.example.org/r/%s?cost=$5",
        exclusions=(
            net.network_of(net.v4(0x7F000000), 104),
            net.network_of(net.v4(0), 96),
        ),  # wider than the test entry
    )
    with served(edition, tmp_path) as port:

        def text(address: str) -> tuple[str, ...]:
            parsed = net.parse(address)
            assert parsed is not None
            return ask(port, [(reversed_name(parsed, ZONE), TXT)])[0].records

        def code(address: str) -> tuple[int, tuple[str, ...]]:
            parsed = net.parse(address)
            assert parsed is not None
            # the mapped address in IPv6 form, as RFC 5782 section 5 writes its test entries
            name = ".".join([*reversed(parsed.packed.hex()), ZONE]) if ":" in address else reversed_name(parsed, ZONE)
            return tuple(ask(port, [(name, A)])[0])

        facts = "direct spam source, 10 to 50 messages, last seen 2026-01-02, expires 2026-01-09"
        assert text("203.0.113.7") == (
            f"IP 203.0.113.7 is listed (JH-2026-000123, {facts}). https://bl.example.org/r/JH-2026-000123?cost=$5",
        )
        assert text("2001:db8:1:2::99") == (
            f"IP 2001:db8:1:2::99 is listed (JH-2026-000124, {facts}). https://bl.example.org/r/JH-2026-000124?cost=$5",
        )
        assert code("127.0.0.2") == (0, ("127.0.0.2",))
        assert code("127.0.0.1") == (NXDOMAIN, ())
        assert code("::ffff:127.0.0.2") == (0, ("127.0.0.2",))
        assert code("::ffff:127.0.0.1") == (NXDOMAIN, ())
        assert text("127.0.0.2") == ("test entry, RFC 5782 section 5",)
        soa, ns = ask(port, [(ZONE, SOA), (ZONE, NS)])
        assert int(soa.records[0][-40:-32], 16) == now // clock.SECOND  # the serial
        assert len(ns.records) == 1


@pytest.mark.parametrize("zone_of_clock", ["Pacific/Auckland", "America/Los_Angeles", "UTC"])
def test_a_fresh_file_is_served_and_a_stale_one_is_not(tmp_path: Path, zone_of_clock: str) -> None:
    now = clock.SystemClock().now()
    fresh = make(entry("203.0.113.7"), at=now - clock.MINUTE, expires_at=now + 5 * clock.MINUTE)
    stale = make(entry("203.0.113.7"), at=now - clock.HOUR, expires_at=now - clock.MINUTE)
    for edition, expected in ((fresh, 0), (stale, REFUSED)):
        with served(edition, tmp_path, zone_of_clock=zone_of_clock) as port:
            answer = ask(port, [(f"7.113.0.203.{ZONE}", A)])[0]
        assert answer.code == expected or (expected == REFUSED and answer.code == 2), edition.expires_at
        assert bool(answer.records) == (expected == 0)


def test_a_range_that_is_too_wide_is_left_out_by_the_server(tmp_path: Path) -> None:
    """$MAXRANGE4 stands before the entries: our guard would have to fail before rbldnsd answered for a /23."""
    now = clock.SystemClock().now() - clock.SECOND
    with served(make(entry("198.18.0.0/23"), entry("203.0.113.0/24", number=2), at=now), tmp_path) as port:
        wide, narrow = ask(port, [(f"1.0.18.198.{ZONE}", A), (f"1.113.0.203.{ZONE}", A)])
    assert wide.code == NXDOMAIN
    assert narrow.code == 0
