"""What a listing pins is traced once, in a confined child, and the trace outlives settings and code."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from junkhound.kernel import clock, config, net
from junkhound.tables import Kind
from junkhound.verbs import lists, pinning
from junkhound.verbs.ingest import Request, ingest
from junkhound.verbs.office import Office
from junkhound.wire import segment
from junkhound.wire.facts import Facts, Origin

AT = clock.parse("2006-05-06T00:00:00Z")


def mail(host: str, day: int, hour: int, relay: str) -> bytes:
    return (
        f"Received: from pc.example.net (pc.example.net [{host}])\n\tby {relay} (Postfix) with ESMTP id 4A1B2C3D4E\n"
        f"\tfor <pat@example.org>; Thu, {day} May 2006 {hour:02}:10:00 +0000 (UTC)\n"
        f"From: a@example.com\nSubject: cheap {hour}\nMessage-ID: <{day}.{hour}.{relay}@example.com>\n\nbuy it\n"
    ).encode()


@pytest.fixture
def office(tmp_path: Path) -> Office:
    settings = dataclasses.replace(
        config.Config(),
        store=config.Store(home=str(tmp_path / "home")),
        engine=config.Engine(name="inline"),
        network=config.NetworkSection(allow_documentation=True),
        mailboxes={
            "pat": config.Mailbox(relays=("mx.example.org",)),
            "sam": config.Mailbox(relays=("mx.example.com",)),
        },
    )
    made = Office(settings, AT)
    for name, relay in (("pat", "mx.example.org"), ("sam", "mx.example.com")):
        folder = tmp_path / name
        folder.mkdir()
        for hour in (1, 9):
            (folder / f"{hour}.eml").write_bytes(mail("203.0.113.7", 5, hour, relay))
        ingest(made, Request((str(folder),), Kind.JUNK, mailbox=name))
    return made


@pytest.mark.parametrize("isolate", [True, False])
def test_every_pinned_message_has_its_whole_trace(office: Office, isolate: bool) -> None:
    office.config = dataclasses.replace(office.config, engine=config.Engine(name="inline", isolate=isolate))
    (done,) = lists.decide(office)
    assert done.applied.listed == ["JH-2006-000001"]
    assert done.unreadable == []
    pins = lists.book_of(office).pins("JH-2006-000001")
    assert len(pins) == 4
    for pin in pins:
        told = json.loads(pin["trace"])
        assert told["form"] == 1
        assert told["verdict"]["address"] == "203.0.113.7"
        assert told["verdict"]["path"] == "direct"
        assert told["verdict"]["reasons"]
        assert told["hops"][0]["ip"] == "203.0.113.7"
    assert lists.book_of(office).untraced("main") == []


def test_a_tampered_pack_is_named_and_stops_nothing(office: Office) -> None:
    for pack in (office.home / "packs").rglob("*.pack"):
        content = bytearray(pack.read_bytes())
        content[len(content) // 8] ^= 1
        pack.write_bytes(content)
    (done,) = lists.decide(office)
    assert done.applied.listed == ["JH-2006-000001"]
    assert done.unreadable
    assert done.unreadable[0].startswith("JH-2006-000001: ")


def test_a_pinned_mail_that_is_gone_is_asked_for_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for pack in (office.home / "packs").rglob("*"):
        if pack.is_file():
            pack.unlink()
    (done,) = lists.decide(office)
    assert done.unreadable == []
    told = [json.loads(pin["trace"]) for pin in lists.book_of(office).pins("JH-2006-000001")]
    assert told == [{"form": 1, "error": "gone"}] * 4
    monkeypatch.setattr(pinning, "Tracer", None)  # nobody is called again
    assert pinning.keep_traces(office, "main", lambda what, done, total: None) == []


def test_a_mail_that_kills_its_parser_is_said_to_and_the_others_are_traced(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = Origin(net.v4(0xCB007107).packed, AT, "pat", imported=True)
    content = b"".join(
        segment.encode(bytes(16), Facts(origin), mail("203.0.113.7", 5, hour, "mx.example.org")) for hour in range(3)
    )
    records = list(segment.records(memoryview(content)))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    monkeypatch.setattr(pinning, "_TRACER", "support.tracers:start")
    tracer = pinning.Tracer(office)
    try:
        told = [json.loads(text) for text in tracer.trace(records)]
    finally:
        tracer.close()
    assert [one.get("error") for one in told] == [None, "killed_parser", None]


def test_the_relays_of_a_command_line_are_those_of_the_pinned_trace(tmp_path: Path) -> None:
    settings = dataclasses.replace(
        config.Config(),
        store=config.Store(home=str(tmp_path / "home")),
        engine=config.Engine(name="inline", isolate=False),
        network=config.NetworkSection(allow_documentation=True),
    )
    made = Office(settings, AT)
    path = tmp_path / "one.eml"
    path.write_bytes(mail("203.0.113.7", 5, 1, "mx.example.org"))
    ingest(made, Request((str(path),), Kind.JUNK, mailbox="pat", relays=("mx.example.org",)))
    tracer = pinning.Tracer(Office(settings, AT))
    origin = Origin(None, AT, "pat", imported=True)
    content = segment.encode(bytes(16), Facts(origin), path.read_bytes())
    told = json.loads(tracer.trace(list(segment.records(content)))[0])
    assert told["verdict"]["address"] == "203.0.113.7"


def test_relays_that_were_taken_away_are_not_believed_again(tmp_path: Path) -> None:
    settings = dataclasses.replace(
        config.Config(),
        store=config.Store(home=str(tmp_path / "home")),
        engine=config.Engine(name="inline", isolate=False),
    )
    made = Office(settings, AT)
    path = tmp_path / "one.eml"
    path.write_bytes(mail("203.0.113.7", 5, 1, "mx.example.org"))
    ingest(made, Request((str(path),), Kind.JUNK, mailbox="pat", relays=("mx.example.org",)))
    ingest(made, Request((str(path),), Kind.JUNK, mailbox="pat"))  # judged anew, nobody believed
    assert pinning.Tracer(Office(settings, AT)).boundaries == {}
