"""Real clients talk to the responder, and a real rbldnsd on the same list says the same."""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from junkhound.kernel import clock, net
from support.dns import NXDOMAIN, TXT, A, ask, reversed_name
from support.editions import entry
from support.peers import need
from support.rbldnsd import questions, served, world
from support.zones import ZONE, running, zone

pytestmark = pytest.mark.peer


def test_it_agrees_with_rbldnsd_on_ten_thousand_questions(tmp_path: Path) -> None:
    rng = random.Random(4)
    edition = world(rng)
    asked = questions(edition, rng)
    names = [(reversed_name(address, ZONE), A) for address, _ in asked]
    some = rng.sample([name for name, _ in names], 500)
    mine = zone(tmp_path, *edition.entries, at=edition.at, expires_at=edition.expires_at, exclusions=edition.exclusions)
    with running(mine, at=None) as responder:
        ours = ask(responder.addresses[0][1], names)
        our_texts = ask(responder.addresses[0][1], [(name, TXT) for name in some])
    with served(edition, tmp_path) as port:
        theirs = ask(port, names)
        their_texts = ask(port, [(name, TXT) for name in some])
    assert [(str(a[0]), o, t) for a, o, t in zip(asked, ours, theirs, strict=True) if o != t] == []
    assert our_texts == their_texts
    assert sum(answer.code == NXDOMAIN for answer in ours) == len(asked) // 2


def run(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=30).stdout


@pytest.fixture
def port(tmp_path: Path) -> Iterator[str]:
    now = clock.SystemClock().now()
    made = zone(tmp_path, entry("203.0.113.7"), entry("2001:db8:1:2::/64", 2), at=now, expires_at=now + clock.HOUR)
    with running(made, at=None) as responder:
        yield str(responder.addresses[0][1])


def test_dig(port: str) -> None:
    dig = need("dig")
    at = (dig, "@127.0.0.1", "-p", port)
    name = f"7.113.0.203.{ZONE}"
    for extra in ((), ("+tcp",), ("+noedns",), ("+dnssec", "+bufsize=4096"), ("+cookie",), ("+nsid", "+subnet=0/0")):
        said = run(*at, name, "A", *extra)
        assert "status: NOERROR" in said, extra
        assert re.search(r"\sIN\sA\s127\.0\.0\.2\n", said)
        assert "flags: qr aa rd;" in said
        assert "WARNING: Message" not in said
    assert "JH-2026-000001" in run(*at, name, "TXT", "+short")
    said = run(*at, f"8.113.0.203.{ZONE}", "A")
    assert "status: NXDOMAIN" in said
    assert re.search(r"SOA\s+ns\.bl\.example\.org\. hostmaster\.bl\.example\.org\. \d+ 900 300 3600 900", said)
    assert "status: BADVERS" in run(*at, name, "A", "+edns=1", "+noednsneg")
    assert "status: NOTIMP" in run(*at, name, "A", "+opcode=notify")
    assert "status: REFUSED" in run(*at, "example.net", "A")
    six = net.parse("2001:db8:1:2::1")
    assert six is not None
    assert run(*at, reversed_name(six, ZONE), "A", "+short") == "127.0.0.2\n"


def test_kdig(port: str) -> None:
    kdig = need("kdig")
    for extra in (("+tcp", "+edns"), ("+notcp", "+edns", "+padding=128"), ("+tcp", "+keepopen", "+nocookie")):
        said = run(kdig, "@127.0.0.1", "-p", port, f"7.113.0.203.{ZONE}", "A", f"8.113.0.203.{ZONE}", "A", *extra)
        assert "status: NOERROR" in said, extra
        assert "status: NXDOMAIN" in said, extra
        assert "127.0.0.2" in said


def test_dnsperf_loses_nothing(port: str, tmp_path: Path) -> None:
    dnsperf = need("dnsperf")
    (tmp_path / "questions").write_text("".join(f"{n}.113.0.203.{ZONE} A\n" for n in range(256)) * 20)
    said = run(dnsperf, "-s", "127.0.0.1", "-p", port, "-d", str(tmp_path / "questions"), "-n", "4", "-q", "400", "-e",
               "-b", "4096")  # fmt: skip
    assert re.search(r"Queries completed:\s+20480 \(100\.00%\)", said)
    assert re.search(r"NOERROR 80 \(", said)
