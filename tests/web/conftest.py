"""A home with hostile junk in it, decided and published, and browsers in front of its pages."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path

import msgspec
import pytest

from junkhound.campaign.pattern import Pattern
from junkhound.kernel import clock, config
from junkhound.ledger.wordings import Reading, Shelf, Wording
from junkhound.tables import Kind
from junkhound.verbs import actors, botnets, grouping, lists, publish
from junkhound.verbs.access import Doors
from junkhound.verbs.ingest import Request, ingest
from junkhound.verbs.office import Office
from junkhound.web import operator_app, public_app
from support.mail import mbox
from support.web import Browser

AT = clock.parse("2006-06-10T12:00:00Z")
TRAP = "lure.one@trap.example"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}"
ADDRESS = "203.0.113.7"


def junk(number: int, trap: str, day: str, source: str = ADDRESS) -> bytes:
    """Junk whose every word is an attack, and which names the trap it came to."""
    domain = trap.partition("@")[2]
    return (
        f"Received: from {HOSTILE.replace(' ', '_')} (unknown [{source}])\r\n"
        f"\tby mx.{domain} (Postfix) with SMTP id {number:08X}\r\n"
        f"\tfor <{trap}>; {day} {number % 24:02}:02:01 +0000\r\n"
        f"From: <b>{HOSTILE}</b> <x{number}@pills.example>\r\nTo: {trap}\r\n"
        f"Subject: {trap} {HOSTILE}\r\nMessage-ID: <{number}@pills.example>\r\n\r\n"
        f"Dear {trap}, {HOSTILE} http://<script>.pills.example/{number}\r\n"
        f"cheap pills from our licensed pharmacy with fast discreet shipping http://pills.example/{number}\r\n"
    ).encode()


def word(office: Office) -> None:
    """A wording of the first campaign whose every phrase is an attack."""
    made = Pattern((HOSTILE.lower(), "cheap pills"), (("or {{7*7}}",), ()), learned=20, fields={"X-Mailer": HOSTILE})
    row = Wording(1, 1, AT, AT // clock.DAY, 2, msgspec.json.encode(made).decode())
    Shelf(office.ledger.state).put(Reading(1, AT, 42, 42, 1.0), [row], {}, None, "learned")


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> config.Config:
    """Settings of a home that took in junk over two years and listed its source on a public and an own list."""
    folder = tmp_path_factory.mktemp("web")
    made = config.Config(
        store=config.Store(home=str(folder / "home"), segment_mails=50),
        engine=config.Engine(name="inline", isolate=False),
        network=config.NetworkSection(allow_documentation=True),
        traps={
            "one": config.Trap(domains=("trap.example",), relays=("mx.trap.example",)),
            "two": config.Trap(domains=("bait.test",), relays=("mx.bait.test",)),
        },
        lists={"main": config.List(scope="public"), "house": config.List(scope="own")},
        domains=config.Domains(rdap=str(folder / "rdap.jsonl")),
    )
    person = {"roles": ["registrant"], "vcardArray": ["vcard", [["fn", {}, "text", HOSTILE]]]}
    said = {"objectClassName": "domain", "ldhName": "pills.example", "entities": [person]}
    (folder / "rdap.jsonl").write_bytes(msgspec.json.encode(said))
    office = Office(made, AT)
    for name, trap in (("one", TRAP), ("two", "bait-two@bait.test")):
        days = ["Mon, 3 Jan 2005", "Tue, 4 Jan 2005", *[f"Mon, {5 + n % 4} Jun 2006" for n in range(20)]]
        mails = [junk(number, trap, day) for number, day in enumerate(days)]
        ingest(office, Request((str(mbox(folder / f"{name}.mbox", mails)),), Kind.JUNK, trap=name))
    office.ledger.compact(AT)
    grouping.group(office)
    botnets.find(office)
    actors.find(office)
    word(office)
    lists.decide(office)
    publish.publish(office, accept_growth=True)
    office.ledger.close()
    logging.getLogger("junkhound.web").setLevel(logging.CRITICAL)
    return made


@pytest.fixture
def stranger(settings: config.Config) -> Browser:
    """A browser without a session."""
    return Browser(operator_app(settings, AT, 8025))


@pytest.fixture(scope="session")
def operator(settings: config.Config) -> Browser:
    """A browser that came in by a link."""
    browser = Browser(operator_app(settings, AT, 8025))
    assert browser.get(f"/enter?token={Doors(settings).link()}").status == 303
    return browser


@pytest.fixture(scope="session")
def public(settings: config.Config) -> Browser:
    """A visitor of the public pages, an hour after they were published."""
    return Browser(public_app(settings, AT + clock.HOUR), host="lists.example.org")


@pytest.fixture
def other_home(settings: config.Config, tmp_path: Path) -> config.Config:
    """The same settings over an empty home."""
    return dataclasses.replace(settings, store=config.Store(home=str(tmp_path / "home")))
