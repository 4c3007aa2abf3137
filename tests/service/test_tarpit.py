"""The tarpit in the service: whom it spares, what is put down of whom it held, and what a person is shown."""

from __future__ import annotations

import json
import smtplib
import socket
import threading
from pathlib import Path

import pytest

from junkhound.intake.tarpit import Sum
from junkhound.kernel import net
from junkhound.kernel.clock import DAY
from junkhound.ledger.held import Held
from junkhound.service import trapping
from junkhound.service.notes import Notes
from junkhound.tables import Kind
from junkhound.verbs import tarpit
from junkhound.verbs.ingest import Request
from junkhound.verbs.office import open_office
from support.desk import answer, face, take
from support.mail import RELAY, junk

TODAY = 13_000 * DAY


def settings(folder: Path, words: str = "") -> Path:
    path = folder / "junkhound.toml"
    path.write_text(
        f'[store]\nhome = "{folder / "home"}"\n[engine]\nname = "inline"\nisolate = false\n'
        '[network]\nallow_documentation = true\nprotect = ["198.51.100.0/24"]\n'
        f'[traps.lures]\ndomains = ["trap.example"]\n[mailboxes.me]\nrelays = ["{RELAY}"]\n'
        f'[smtp]\nhostname = "mx.example.org"\nproxies = ["127.0.0.0/8"]\nxclient = true\n{words}'
    )
    return path


def test_nobody_known_to_be_good_is_held(tmp_path: Path) -> None:
    office = open_office(str(settings(tmp_path)))
    mail = tmp_path / "good.eml"
    mail.write_bytes(junk(1, source="203.0.113.77"))
    take(office, mail, request=Request(kind=Kind.GOOD, mailbox="me", relays=(RELAY,)))
    spared = tarpit.Spared(office)
    stranger, good = net.parse("203.0.113.5"), net.parse("203.0.113.77")
    assert not spared(good)
    office = open_office(str(settings(tmp_path)), at="2006-05-20")
    spared.renew(office)
    assert spared(good)
    assert not spared(stranger)
    for words in ("198.51.100.9", "127.0.0.1", "10.1.2.3", "100.64.0.1", "::1", "209.85.128.1"):
        assert spared(net.parse(words)), words


def test_the_service_holds_strangers_and_puts_down_what_it_cost_them(tmp_path: Path) -> None:
    path = settings(tmp_path, "tarpit_s = 0.06\n")
    office = open_office(str(path))
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    assert office.ledger.state is not None  # the home is made
    stop, notes = threading.Event(), Notes(office.home, "trap")
    thread = threading.Thread(target=trapping.run, args=(office, stop, notes, [("smtp", listener)]))
    thread.start()
    try:
        for client in ("203.0.113.5", "203.0.113.6", "198.51.100.9"):
            with smtplib.SMTP("127.0.0.1", port, "bot.example", timeout=20) as session:
                session.docmd(f"XCLIENT ADDR={client}")
                session.ehlo("bot.example")
                session.sendmail("a@b.example", ["x@trap.example"], b"Subject: hi\r\n\r\nbuy\r\n")
    finally:
        stop.set()
        thread.join(20)
    said = json.loads((office.home / "run" / "trap.json").read_text())
    assert said["tarpit_answers_total"] >= 8
    assert said["tarpit_held_seconds_total"] >= 8 * 0.06 * 0.9
    found = answer(face(tmp_path, "stats", "tarpit", "--json"))
    assert "hours of 2 clients wasted" in face(tmp_path, "stats", "tarpit").stdout
    assert [(line["address"], line["mails"]) for line in sorted(found["lines"], key=lambda one: one["address"])] == [
        ("203.0.113.5", 1),
        ("203.0.113.6", 1),
    ]
    assert found["held_s"] == pytest.approx(said["tarpit_held_seconds_total"])


def test_files_of_a_day_become_one_and_say_the_same(tmp_path: Path) -> None:
    one, other = Held(tmp_path), Held(tmp_path)
    client, second = net.parse("203.0.113.5"), net.parse("2001:db8::7")
    one.write({client: Sum(1, 5, 10_000, 1, 0, 1)}, TODAY)
    other.write({client: Sum(2, 3, 20_000, 0, 2, 0), second: Sum(1, 1, 1, 0, 0, 0)}, TODAY)
    other.write({client: Sum(1, 1, 5, 0, 0, 0)}, TODAY + DAY)
    whole = list(one.clients(TODAY, TODAY + 2 * DAY))
    assert (whole[0].address, whole[0].days, whole[0].connections, whole[0].held_us) == (client, 2, 4, 30_005)
    assert (whole[0].left, whole[0].early, whole[0].mails) == (2, 1, 1)
    assert whole[1].address == second
    assert one.sweep(TODAY, 400) == 0
    assert one.sweep(TODAY + DAY, 400) == 2
    assert list(one.clients(TODAY, TODAY + 2 * DAY)) == whole
    assert len(list((tmp_path / "held").iterdir())) == 2
    assert one.sweep(TODAY + 500 * DAY, 400) == 2
    assert list(one.clients(0, TODAY + 2 * DAY)) == []
