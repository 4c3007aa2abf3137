"""Mail that comes is compared with mail that came: lines pasted under strangers, and machines behind relays."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from junkhound import content, trace
from junkhound.cli import main_group
from junkhound.evidence import message
from junkhound.kernel import config, net
from junkhound.ledger.lines import Lines
from junkhound.ledger.queries_mail import Mails
from junkhound.service import judging
from junkhound.service.notes import Notes
from junkhound.tables import ABOUT_LINES, Clue, Kind
from junkhound.verbs import comparing
from junkhound.verbs.ingest import Request, ingest
from junkhound.verbs.office import Office
from support.mail import RELAY, mbox

AT = 1_736_200_000_000_000
NETS = ("198.51.100.7", "203.0.113.7", "192.0.2.7", "198.18.0.7")  # the last is nobody's, so it is never compared
BORDER = trace.boundary([RELAY], allow_documentation=True)


@pytest.fixture
def desk(tmp_path: Path) -> Office:
    settings = config.Config(
        store=config.Store(home=str(tmp_path / "home"), segment_mails=4),
        engine=config.Engine(name="inline", isolate=False),
        network=config.NetworkSection(allow_documentation=True),
    )
    return Office(settings, AT)


def line(helo: str, rdns: str, ip: str, by: str, id: str, second: int) -> str:
    date = f"Mon, 6 Jan 2025 10:00:{second:02} +0000"
    return f"Received: from {helo} ({rdns} [{ip}])\n\tby {by} (Postfix) with ESMTP id {id}; {date}\n"


def mail(number: int, *lines: str, said: str = "") -> bytes:
    words = said or f"Offer {number}: cheap pills, watches and shares number {number} of this week only"
    text = f"Message-ID: <{number}@pills.example>\nFrom: a@pills.example\nSubject: offer\n\n{words}\n"
    return ("".join(lines) + text).encode()


def pasted(first: int) -> list[bytes]:
    """One line, id and all, under four strangers."""
    same = line("pc.example.com", "pc.example.com", "203.0.113.99", "relay.example.com", "700FD47962", 3)
    return [
        mail(first + n, line(f"h{n}.example.net", f"h{n}.example.net", ip, RELAY, f"A0{first + n}D47962", 9), same)
        for n, ip in enumerate(NETS)
    ]


def rented(first: int) -> list[bytes]:
    """Relays in unrelated networks, each with a line of its own that names one machine."""
    return [
        mail(
            first + n,
            line(f"info{n}.example.net", f"info{n}.example.net", ip, RELAY, f"A0{first + n}D47962", 9),
            line("pc", "unknown", "203.0.113.66", f"info{n}.example.net", f"B0{first + n}D47962", 5 + n),
        )
        for n, ip in enumerate(NETS[:3])
    ]


def at_work(first: int) -> list[bytes]:
    """A small company's server names a machine, which hands over the same text itself."""
    said = "Our doctors recommend these pills, and the shop is open day and night for you"
    relay = line("smtp.example.net", "unknown", "198.51.100.9", RELAY, f"A0{first}D47962", 9)
    named = line("pc", "unknown", "203.0.113.50", "smtp.example.net", f"B0{first}D47962", 5)
    itself = line("pc", "unknown", "203.0.113.50", RELAY, f"C0{first}D47962", 20)
    return [mail(first, relay, named, said=said), mail(first + 1, itself, said=said)]


def typed(first: int, named: str, count: int) -> list[bytes]:
    """A machine in lines that home computers typed."""
    return [
        mail(
            first + n,
            line(f"pc{n}", f"dsl-{20 + n}-9-9-{n}.isp.example", f"{20 + n}.9.9.{n}", RELAY, f"A0{first + n}D47962", 9),
            line("mail", "mail.example.com", named, "gw.example.com", f"B0{first + n}D47962", n),
        )
        for n in range(count)
    ]


def take(desk: Office, tmp_path: Path, mails: list[bytes], name: str, kind: Kind = Kind.JUNK) -> None:
    ingest(desk, Request((str(mbox(tmp_path / f"{name}.mbox", mails)),), kind, "me", relays=(RELAY,)))


def alone(mails: Iterable[bytes]) -> trace.Seen:
    """What the mails say of each other where no ledger is asked."""
    parsed = [message.parse(one) for one in mails]
    return trace.compare(
        trace.Sample(one.first(b"message-id"), trace.read(one), BORDER, None, content.view(one).template)
        for one in parsed
    )


def clues(desk: Office, ip: str) -> list[Clue]:
    address = net.parse(ip)
    assert address is not None
    return [Clue(row.clues) for row in desk.ledger.query().newest(address)]


def test_the_ledger_knows_what_mails_compared_at_once_would_say(desk: Office, tmp_path: Path) -> None:
    mails = [*pasted(10), *rented(20), *at_work(30), *typed(60, "203.0.113.66", 1), *typed(70, "203.0.113.67", 3)]
    take(desk, tmp_path, mails, "all")
    assert comparing.known(desk) == trace.NOTHING
    assert comparing.look(desk)
    known, at_once = comparing.known(desk), alone(mails)
    assert (known.pasted, known.drivers, known.direct) == (at_once.pasted, at_once.drivers, at_once.direct)
    assert [len(one) for one in (known.pasted, known.drivers, known.direct)] == [1, 1, 1]
    assert not comparing.look(desk), "nothing new, nothing written"


def test_mail_that_comes_is_judged_by_mail_that_came(desk: Office, tmp_path: Path) -> None:
    take(desk, tmp_path, [*pasted(10), *rented(20)], "before")
    assert not any(one & (Clue.PASTED | Clue.DRIVER) for one in (*clues(desk, NETS[0]), *clues(desk, NETS[1])))
    comparing.look(desk)
    take(desk, tmp_path, [*pasted(40), *rented(50)], "after")
    found = clues(desk, NETS[0])
    assert sum(bool(one & Clue.PASTED) for one in found) == 1
    assert sum(bool(one & Clue.DRIVER) for one in found) == 1
    assert all(one & Clue.FORGED for one in found if one & Clue.PASTED)
    assert not any(one & Clue.FORGED for one in found if one & Clue.DRIVER), "a rented relay's line is its own"


def test_a_machine_that_most_only_type_drives_nobody(desk: Office, tmp_path: Path) -> None:
    mails = [*rented(20), *typed(60, "203.0.113.66", 4)]
    take(desk, tmp_path, mails, "all")
    comparing.look(desk)
    assert not comparing.known(desk).drivers
    assert not alone(mails).drivers


def test_wanted_mail_leaves_no_lines(desk: Office, tmp_path: Path) -> None:
    take(desk, tmp_path, pasted(10), "good", Kind.GOOD)
    assert not comparing.look(desk)
    assert Lines(desk.ledger.engine, desk.ledger.snapshot()).gather(AT, comparing.DAYS) == 0


def test_old_lines_are_forgotten_and_answers_are_bounded(
    desk: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = [one.replace(b"700FD47962", b"800FD47962").replace(b":03 +", b":04 +") for one in pasted(60)]
    take(desk, tmp_path, [*pasted(10), *more], "two")
    comparing.look(desk)
    assert len(comparing.known(desk).pasted) == 2
    monkeypatch.setattr(comparing, "MOST", 1)
    assert comparing.look(desk)
    assert len(comparing.known(desk).pasted) == 1
    later = Office(desk.config, AT + 40 * 86_400_000_000)
    assert comparing.look(later)
    assert not comparing.known(later).pasted


def test_a_file_that_another_version_wrote_says_nothing(desk: Office, tmp_path: Path) -> None:
    take(desk, tmp_path, pasted(10), "in")
    comparing.look(desk)
    encode = msgspec.msgpack.encode
    for broken in (b"", b"\x00", encode([9, 1, b"", b"", b""]), encode([1, 1, b"x", b"", b""])):
        desk.ledger.store.put(comparing.FILE, broken)
        assert comparing.known(desk) == trace.NOTHING


def test_marks_of_lines_are_shown_to_nobody(desk: Office, tmp_path: Path) -> None:
    take(desk, tmp_path, [*pasted(10), *rented(20)], "in")
    address = net.parse(NETS[0])
    assert address is not None
    queries = desk.ledger.query()
    pages = Mails(queries.engine, queries.snapshot)
    for row in queries.newest(address):
        held, told = queries.keys(row.id_hi, row.id_lo), pages.shared(row.id_hi, row.id_lo)
        assert {key.kind for key in held} & set(ABOUT_LINES)
        assert told == [key for key in held if key.kind not in ABOUT_LINES]


def test_trace_asks_the_ledger_about_a_single_mail(desk: Office, tmp_path: Path) -> None:
    take(desk, tmp_path, pasted(10), "in")
    comparing.look(desk)
    settings = tmp_path / "junkhound.toml"
    settings.write_text("[network]\nallow_documentation = true\n")
    (tmp_path / "one.eml").write_bytes(pasted(70)[2])
    words = ["--config", str(settings), "--home", str(tmp_path / "home"), "trace", "--relay", RELAY, "--json"]
    answer = CliRunner().invoke(main_group, [*words, str(tmp_path / "one.eml")], catch_exceptions=False)
    assert "pasted" in json.loads(answer.output)["clues"]


def test_workers_of_the_service_are_started_anew_with_what_is_known(
    desk: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(desk, tmp_path, pasted(10), "in")
    comparing.look(desk)
    monkeypatch.setattr(judging, "COMPARED_S", -1.0)
    stop, notes = threading.Event(), Notes(desk.home, "judge")
    assert list(judging._waiting(desk, stop, notes, trace.NOTHING)) == [], "there is more to compare with: it ends"
    same = judging._waiting(desk, stop, notes, comparing.known(desk))
    assert next(same) is None, "nothing new: it waits for mail"
    stop.set()
    assert list(same) == []
