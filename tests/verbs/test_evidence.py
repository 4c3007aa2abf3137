"""Evidence: shown, handed out without traps, and no change goes unseen."""

from __future__ import annotations

import base64
import dataclasses
import json
import mailbox
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import update

from junkhound import cli
from junkhound.kernel import config, net
from junkhound.kernel.errors import NotFound, Refused, UsageError
from junkhound.ledger import packs, schema, state
from junkhound.ledger.spool import name_of
from junkhound.tables import Kind
from junkhound.verbs import evidence
from junkhound.verbs.ingest import Request, ingest
from junkhound.verbs.office import Office
from junkhound.wire.facts import Envelope, Facts, Origin, Recipient, Session
from support.mail import RELAY, junk, mbox

AT = 1_150_000_000_000_000
CLIENT = bytes([203, 0, 113, 7])


@pytest.fixture
def desk(tmp_path: Path) -> Office:
    settings = config.Config(
        store=config.Store(home=str(tmp_path / "home"), segment_mails=4),
        engine=config.Engine(name="inline", isolate=False),
        network=config.NetworkSection(allow_documentation=True),
        traps={"lures": config.Trap(domains=("trap.example",))},
    )
    return Office(settings, AT)


def take(desk: Office, tmp_path: Path, count: int = 6, kind: Kind = Kind.JUNK) -> None:
    path = mbox(tmp_path / f"in{kind}.mbox", [junk(number) for number in range(count)])
    ingest(desk, Request((str(path),), kind, "me", relays=(RELAY,)))


def deliver(desk: Office, facts: Facts, mail: bytes) -> None:
    """A delivery of our own trap."""
    with desk.ledger.spool.writer() as writer:
        writer.append(facts, mail)
    ingest(desk, Request())


def ids(desk: Office) -> list[str]:
    address = net.parse("203.0.113.7")
    assert address is not None
    return [row.id.hex() for row in desk.ledger.query().newest(address)]


SESSION = Facts(
    Origin(CLIENT, AT, "lures"),
    Envelope(b"offer@pills.example", (Recipient(b"alice@trap.example", 250, True),)),
    Session(local=bytes([198, 51, 100, 1]), helo=b"win-7.example", protocol="ESMTP", client_name="host.example"),
)
MAIL = b"To: <alice@trap.example>\r\nSubject: pills\r\n\r\nDear Alice, pills for alice@trap.example.\r\n"


def test_a_mail_comes_out_as_it_came_in(desk: Office, tmp_path: Path) -> None:
    take(desk, tmp_path)
    raw = {evidence.export(desk, evidence.find(desk, one), raw=True, with_traps=True) for one in ids(desk)}
    assert raw == {junk(number).replace(b"\r\n", b"\n") for number in range(6)}


def test_our_trace_lines_are_written_on_top(desk: Office) -> None:
    deliver(desk, SESSION, MAIL)
    (one,) = ids(desk)
    whole = evidence.export(desk, evidence.find(desk, one), with_traps=True)
    lines = whole.split(b"\r\n")
    assert lines[0] == b"Return-Path: <offer@pills.example>"
    assert lines[1].decode() == (
        "Received: from win-7.example (host.example [203.0.113.7]) by [198.51.100.1] with ESMTP"
        f" id {one} for <alice@trap.example>; Sun, 11 Jun 2006 04:26:40 +0000"
    )
    assert whole.endswith(MAIL)


def test_no_trap_leaves_unless_it_may(desk: Office) -> None:
    body = base64.encodebytes(b"we know that alice@trap.example reads this")
    mail = b"To: Alice <alice@trap.example>, bob@trap.example\r\nContent-Transfer-Encoding: base64\r\n\r\n" + body
    deliver(desk, SESSION, mail)
    (one,) = ids(desk)
    kept = evidence.find(desk, one)
    whole = evidence.export(desk, kept)
    assert b"trap.example" not in whole
    assert b"198.51.100.1" not in whole
    read = message_from_bytes(whole, policy=policy.default)
    assert b"trap" not in (read.get_payload(decode=True) or b"")
    assert read["X-Junkhound-Redacted"] == "trap addresses"
    assert read["Received"].startswith("from win-7.example (host.example [203.0.113.7]) by junkhound.invalid")
    with pytest.raises(Refused, match="names a trap"):
        evidence.export(desk, kept, raw=True)
    assert evidence.export(desk, kept, raw=True, with_traps=True) == mail


@pytest.mark.parametrize(
    ("client", "session", "line"),
    [
        (CLIENT, Session(), "from [203.0.113.7] ([203.0.113.7]) by junkhound.invalid with SMTP"),
        (CLIENT, Session(helo=b"evil) by x\r\nX: y", protocol="x y"), "from [203.0.113.7] ([203.0.113.7]) by"),
        (CLIENT, Session(helo=b"-bad-.example"), "from [203.0.113.7] ("),
        (bytes.fromhex("20010db8000000000000000000000007"), Session(), "from [IPv6:2001:db8::7] ([IPv6:2001:db8::7])"),
        (CLIENT, Session(client_name="x\r\ny"), "([203.0.113.7])"),
    ],
)
def test_what_a_stranger_said_cannot_break_the_line(client: bytes, session: Session, line: str) -> None:
    facts = Facts(Origin(client, AT, "lures"), Envelope(b"a\r\nb@x"), session)
    (received,) = evidence.trace_lines(_kept(facts))
    assert line in received.decode()
    assert b"\r" not in received
    assert b"\n" not in received


def _kept(facts: Facts) -> evidence.Kept:
    from junkhound.wire import segment

    class Row:
        id = bytes(16)

    return evidence.Kept(Row(), segment.record_at(segment.encode(bytes(16), facts, b"x")))  # type: ignore[arg-type]


def test_the_null_sender_and_the_unknown_one_differ() -> None:
    null = Facts(Origin(None, AT, "me"), Envelope(b""))
    assert evidence.trace_lines(_kept(null)) == [b"Return-Path: <>"]
    assert evidence.trace_lines(_kept(Facts(Origin(None, AT, "me")))) == []


def test_an_address_comes_out_as_an_mbox_that_can_be_read(desk: Office, tmp_path: Path) -> None:
    take(desk, tmp_path)
    path = tmp_path / "out.mbox"
    kept = list(evidence.of_address(desk, "203.0.113.7"))
    path.write_bytes(b"".join(evidence.mbox(one, b"Subject: x\n\nFrom here\n>From there\n") for one in kept))
    found = list(mailbox.mbox(path))
    assert len(found) == 6
    assert found[0].get_payload() == ">From here\n>>From there\n"


def test_ids_that_are_none_and_mail_that_is_gone(desk: Office, tmp_path: Path) -> None:
    take(desk, tmp_path, 1, Kind.UNSORTED)
    (one,) = ids(desk)
    with pytest.raises(NotFound, match="was not kept"):
        evidence.find(desk, one)
    with pytest.raises(UsageError, match="not the id of a sighting: 'abc'"):
        evidence.find(desk, "abc")
    with pytest.raises(NotFound, match="no sighting '0000"):
        evidence.find(desk, "0" * 32)
    with pytest.raises(UsageError, match="not an address"):
        list(evidence.of_address(desk, "x"))
    assert list(evidence.of_address(desk, "203.0.113.7")) == []


def test_a_whole_ledger_verifies(desk: Office, tmp_path: Path) -> None:
    take(desk, tmp_path)
    steps: list[tuple[str, int, int]] = []
    found = evidence.verify(desk, progress=lambda *step: steps.append(step))
    assert dataclasses.astuple(found) == (2, 2, 6, 0, 0, [])
    assert steps[-1] == ("packs", 2, 2)
    proof = evidence.prove(desk, evidence.find(desk, ids(desk)[0]))
    assert proof.sequence in (1, 2)


def segments(desk: Office) -> list[str]:
    return sorted(path[6:22] for path, _ in desk.ledger.store.list("packs") if path.endswith(".pack"))


def test_every_kind_of_damage_is_said(desk: Office, tmp_path: Path) -> None:
    take(desk, tmp_path)
    store, (first, second) = desk.ledger.store, segments(desk)
    good = store.get(packs.pack_path(first))
    store.put(packs.pack_path(first), good[:-1] + bytes([good[-1] ^ 1]))
    assert first in str(evidence.verify(desk).problems)
    assert evidence.verify(desk, (second,)).problems == []
    store.delete(packs.pack_path(first))
    assert evidence.verify(desk).problems == [f"pack {first} is missing, and retention did not drop it"]
    store.put(packs.pack_path(first), good)
    seal = store.get(packs.seal_path(second))
    store.put(packs.seal_path(second), seal.replace(b"mails 2", b"mails 3"))
    assert "is not the one in the state database" in evidence.verify(desk).problems[0]
    store.delete(packs.seal_path(second))
    assert evidence.verify(desk).problems == [f"the seal of segment {second} is missing from the store"]
    store.put(packs.seal_path(second), seal)
    with state.writing(desk.ledger.state) as connection:
        first_row = schema.seals.c.segment == int(first, 16)
        changed = store.get(packs.seal_path(first)).replace(b"mails 4", b"mails 5")
        connection.execute(update(schema.seals).where(first_row).values(content=changed))
    assert any("names another predecessor" in problem for problem in evidence.verify(desk).problems)


def test_an_erasure_needs_its_tombstone(desk: Office, tmp_path: Path) -> None:
    take(desk, tmp_path)
    first = segments(desk)[0]
    assert desk.ledger.packs.erase(first, [0]) == 1
    assert "no erasure is on record" in evidence.verify(desk).problems[0]
    with state.writing(desk.ledger.state) as connection:
        stone = {"at": AT, "what": "mail", "segment": int(first, 16), "ordinal": 0, "reason": "asked for"}
        connection.execute(schema.tombstones.insert().values(**stone))
    found = evidence.verify(desk)
    assert (found.mails, found.erased, found.problems) == (5, 1, [])


def test_a_pack_that_retention_dropped_is_no_damage(desk: Office, tmp_path: Path) -> None:
    take(desk, tmp_path)
    first = segments(desk)[0]
    desk.ledger.store.delete(packs.pack_path(first))
    with state.writing(desk.ledger.state) as connection:
        row = schema.segments.c.segment == int(first, 16)
        connection.execute(update(schema.segments).where(row).values(dropped_at=AT))
    found = evidence.verify(desk)
    assert (found.seals, found.packs, found.dropped, found.problems) == (2, 1, 1, [])


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as stopped:
        cli.main(list(words))
    return int(stopped.value.code or 0), capsys.readouterr().out


def test_the_command_line(desk: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deliver(desk, SESSION, MAIL)
    (one,) = ids(desk)
    home = ("--home", str(desk.home), "evidence")
    code, out = run(capsys, *home, "show", one, "--json")
    shown = json.loads(out)
    assert code == 0
    assert (shown["client"], shown["size"], shown["recipients"]) == (
        "203.0.113.7", len(MAIL), ["<redacted@redacted.invalid> 250 trap"],
    )  # fmt: skip
    code, out = run(capsys, *home, "show", one, "--with-traps")
    assert "<alice@trap.example> 250 trap" in out
    path = tmp_path / "one.eml"
    assert run(capsys, *home, "export", one, "--out", str(path)) == (0, "")
    assert b"trap.example" not in path.read_bytes()
    assert run(capsys, *home, "export", "--address", "203.0.113.7", "--out", str(path))[0] == 0
    assert path.read_bytes().startswith(b"From MAILER-DAEMON Sun Jun 11")
    assert run(capsys, *home, "export", "--address", "192.0.2.1")[0] == 66
    assert run(capsys, *home, "export", one, "--raw")[0] == 77
    assert run(capsys, *home, "verify") == (0, "1 seals, 1 packs, 1 mails: nothing changed\n")
    name = segments(desk)[0]
    assert run(capsys, *home, "verify", name)[0] == 0
    desk.ledger.store.delete(packs.pack_path(name))
    code, out = run(capsys, *home, "verify", "--json")
    assert (code, json.loads(out)["ok"]) == (65, False)
    assert run(capsys, *home, "verify", "0" * 16)[0] == 66
    assert name == name_of(int(name, 16))
