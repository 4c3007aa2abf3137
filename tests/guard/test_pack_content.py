"""A pack holds what two vantages of our traps saw and no wanted mail has, as hashes, and stays below 100 MB."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from junkhound import content, guard
from junkhound.evidence.message import parse
from junkhound.guard import FORMS
from junkhound.kernel import clock, config, net
from junkhound.tables import KeyKind, Kind
from junkhound.verbs import guard_pack
from junkhound.verbs.ingest import Request, ingest
from junkhound.verbs.office import Office

AT = clock.parse("2026-01-05T12:00:00Z")
RELAY = "mx.example.net"
TRAPS = {"north": "trap-north.example", "south": "trap-south.example"}
WORDS = "an offer of %s that nobody asked for and everybody gets today from the store with many words in it"


def letter(what: str, source: str, signer: str = "", link: str = "") -> bytes:
    signed = f"DKIM-Signature: v=1; a=rsa-sha256; d={signer}; s=x; h=from; bh=AA==; b=AA==\r\n" if signer else ""
    return (
        f"Received: from h ({what}.example [{source}]) by {RELAY} (Postfix) with SMTP id 4XyZab1Cd2z1234;"
        f" Mon, 05 Jan 2026 10:00:00 +0000\r\n{signed}From: a@{what}.example\r\nSubject: {what}\r\n\r\n"
        f"{WORDS % what}\r\nhttp://{link or what + '-shop.example'}/\r\n"
    ).encode()


def session(number: int, mail: bytes, source: str, trap: str) -> str:
    return json.dumps({
        "mail": base64.b64encode(mail).decode(), "client": source, "received_at": f"2026-01-05T10:{number:02}:00Z",
        "arrival": f"q-{number}", "helo": "h", "mail_from": "a@example.org",
        "rcpt": [{"address": f"lure@{TRAPS[trap]}", "trap": True}],
    })  # fmt: skip


LETTERS = {
    "both": (letter("both", "203.0.113.1"), "203.0.113.1", ("north", "south")),
    "one": (letter("one", "203.0.113.2"), "203.0.113.2", ("north", "north")),
    "guest": (letter("guest", "203.0.113.3"), "203.0.113.3", ("north", "south")),  # its machine sends wanted mail
    "signed": (letter("signed", "203.0.113.4", "news.example"), "203.0.113.4", ("north", "south")),  # its signer
    "named": (letter("named", "203.0.113.5", link="trap-north.example"), "203.0.113.5", ("north", "south")),
}  # fmt: skip


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> guard.Book:
    folder: Path = tmp_path_factory.mktemp("pack")
    office = Office(config.Config(
        store=config.Store(home=str(folder / "home"), segment_mails=20),
        engine=config.Engine(name="inline", isolate=False), network=config.NetworkSection(allow_documentation=True),
        traps={name: config.Trap(domains=(domain,)) for name, domain in TRAPS.items()},
        mailboxes={"me": config.Mailbox(relays=(RELAY,))},
    ), AT)  # fmt: skip
    for trap in TRAPS:
        lines = [
            session(number * 2 + place, mail, source, trap)
            for number, (mail, source, traps) in enumerate(LETTERS.values())
            for place, one in enumerate(traps)
            if one == trap
        ]
        (folder / f"{trap}.jsonl").write_text("\n".join(lines) + "\n")
        assert ingest(office, Request(paths=(str(folder / f"{trap}.jsonl"),), trap=trap)).added == len(lines)
    wanted = [letter("hello", "203.0.113.3"), letter("paper", "203.0.113.9", "news.example")]
    for number, mail in enumerate(wanted):
        (folder / f"{number}.eml").write_bytes(mail)
        request = Request(paths=(str(folder / f"{number}.eml"),), mailbox="me", kind=Kind.GOOD)
        assert ingest(office, request).added == 1
    office.ledger._last = None
    return guard_pack.make(office)


def known(book: guard.Book, what: str) -> set[str]:
    """In which tables a letter stands."""
    mail, source, _ = LETTERS[what]
    link = "trap-north.example" if what == "named" else f"{what}-shop.example"
    address = net.parse(source)
    assert address is not None
    found = {
        "texts": book.find("texts", content.view(parse(mail)).template),
        "things": book.find("things", book.keying.thing(int(KeyKind.DOMAIN), content.key(link))),
        "sources": book.find("sources", book.keying.source(address)),
    }
    return {table for table, row in found.items() if row is not None}


def test_what_two_vantages_saw_is_in_it(book: guard.Book) -> None:
    assert known(book, "both") == {"texts", "things", "sources"}
    assert int(book.find("texts", content.view(parse(LETTERS["both"][0])).template)["vantages"]) == 2


@pytest.mark.parametrize("what", ["one", "guest", "signed"])
def test_what_one_saw_or_wanted_mail_has_is_not(book: guard.Book, what: str) -> None:
    assert known(book, what) == set()


def test_a_trap_is_not_in_it_even_where_a_letter_names_it(book: guard.Book) -> None:
    assert known(book, "named") == {"texts", "sources"}
    octets = guard.pack.write(book)
    for word in (*TRAPS.values(), "lure", "offer", "both-shop"):
        assert word.encode() not in octets


def test_things_and_machines_are_keyed_hashes_of_six_bytes(book: guard.Book) -> None:
    for table in ("things", "sources", "networks"):
        assert len(book.tables[table])
        assert int(book.tables[table]["id"].max()) < 1 << 48
    other = guard.Keying(b"another hub's key")
    assert book.find("things", other.thing(int(KeyKind.DOMAIN), content.key("both-shop.example"))) is None


def test_the_largest_pack_is_below_100_mb() -> None:
    most = {"texts": guard_pack.TEXTS, "campaigns": guard_pack.CAMPAIGNS, "things": guard_pack.THINGS,
            "sources": guard_pack.SOURCES, "networks": guard_pack.NETWORKS, "systems": 120_000}  # fmt: skip
    assert most.keys() == FORMS.keys()
    unpacked = sum(rows * FORMS[name].itemsize for name, rows in most.items()) + guard_pack.TEMPLATE_BYTES
    assert unpacked < 100_000_000  # before zstd
    assert np.dtype(FORMS["texts"]).itemsize < 200
