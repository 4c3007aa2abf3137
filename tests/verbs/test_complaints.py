"""Complaints from the file or the trap's own abuse@ to rows and records: what they are worth, what never happens."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from junkhound import trace
from junkhound.kernel import config, net
from junkhound.kernel.clock import DAY, SystemClock
from junkhound.kernel.errors import NotFound, UsageError
from junkhound.ledger.retention import forget
from junkhound.tables import Kind, Standing
from junkhound.verbs import apart, complaints, pinning, why
from junkhound.verbs.ingest import Request, ingest
from junkhound.verbs.office import Office
from junkhound.wire import jsonl
from support.desk import AT, call, face, office, rows

LOOP = "198.51.100.25"
SPAM = b"""\
Received: from dsl-7.access.example (dsl-7.access.example [192.0.2.7])
\tby mx.victim.example (Postfix) with SMTP id 4F1B2C3D5E; Thu, 1 Jun 2006 10:04:05 +0000 (UTC)
Received: from forged.example ([203.0.113.99]) by mx.victim.example; Thu, 1 Jun 2006 10:00:00 +0000
From: Lottery <win@lottery.example>
Subject: You have won

Send us your bank account.
"""


def attached(spam: bytes = SPAM, subject: str = "spam") -> bytes:
    return (
        (
            f"From: Ann <ann@victim.example>\nTo: abuse@isp.example\nSubject: {subject}\nMIME-Version: 1.0\n"
            'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\nI got this.\n--b\nContent-Type: message/rfc822\n\n'
        ).encode()
        + spam
        + b"\n--b--\n"
    )


def arf(
    source: str = "192.0.2.7", feedback: str = "abuse", at: str = "Thu, 1 Jun 2006 10:04:05 +0000", top: bytes = b""
) -> bytes:
    return (
        top
        + (
            "From: loop@fbl.example\nTo: abuse@isp.example\nSubject: FW: won\nMIME-Version: 1.0\n"
            'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n--b\n\nReport.\n'
            "--b\nContent-Type: message/feedback-report\n\n"
            f"Feedback-Type: {feedback}\nUser-Agent: x/1\nVersion: 1\nSource-IP: {source}\nArrival-Date: {at}\n"
            "--b\nContent-Type: message/rfc822\n\n"
        ).encode()
        + SPAM
        + b"\n--b--\n"
    )


def enrolled(home: Path, relays: tuple[str, ...] = (), **complainants: config.Complainant) -> Office:
    desk = office(home)
    said = dataclasses.replace(desk.config, complaints=config.Complaints(relays=relays), complainants=complainants)
    return Office(said, AT)


def take(desk: Office, folder: Path, *mails: bytes, complainant: str | None = None):
    for number, mail in enumerate(mails):
        (folder / f"{number}.eml").write_bytes(mail)
    paths = tuple(str(folder / f"{number}.eml") for number in range(len(mails)))
    return ingest(desk, Request(paths, complaints=True, complainant=complainant))


def address(row: dict[str, object]) -> str | None:
    return None if row["addr_hi"] is None else str(net.Address(row["addr_hi"], row["addr_lo"]))


def test_a_strangers_complaint_blames_nobody_and_is_listed(tmp_path: Path) -> None:
    desk = office(tmp_path / "home")
    report = take(desk, tmp_path, attached(), arf())
    assert (report.read, report.added) == (2, 2)
    assert not report.no_boundary
    for row in rows(desk):
        assert address(row) is None
        assert (row["standing"], row["kind"], row["vantage"]) == (Standing.COMPLAINT, Kind.JUNK, 0)
        assert row["segment"], "the complaint itself is kept as evidence"
    second, first = complaints.newest(desk)
    assert (first.number, second.number) == ("CP-2006-000001", "CP-2006-000002")
    assert {first.content.form, second.content.form} == {"arf", "attached"}
    for one in (first, second):
        (mail,) = one.content.mails
        assert (mail.address, mail.relay, mail.suspected) == ("", "mx.victim.example", "192.0.2.7")
    assert len(complaints.about(desk, "192.0.2.7")) == 2
    assert why.why(desk, "192.0.2.7").complaints == [second.number, first.number]


def test_the_same_complaint_counts_once(tmp_path: Path) -> None:
    desk = office(tmp_path / "home")
    take(desk, tmp_path, attached())
    again = take(desk, tmp_path, attached(), attached(subject="another"))
    assert (again.added, again.known) == (1, 1)
    assert len(complaints.newest(desk)) == 2


def test_an_enrolled_persons_own_relay_is_the_boundary(tmp_path: Path) -> None:
    desk = enrolled(tmp_path / "home", ann=config.Complainant(relays=("mx.victim.example",)))
    take(desk, tmp_path, attached(), complainant="ann")
    (row,) = rows(desk)
    assert address(row) == "192.0.2.7", "what stands below the relay's line moves nothing"
    assert (row["standing"], row["vantage"]) == (Standing.COMPLAINT, 0), "and still it neither scores nor witnesses"
    (one,) = complaints.newest(desk)
    assert (one.content.complainant, one.content.mails[0].address) == ("ann", "192.0.2.7")


@pytest.mark.parametrize(
    ("kind", "standing"), [("loop", Standing.FBL), ("partner", Standing.PARTNER), ("person", Standing.COMPLAINT)]
)
def test_an_enrolled_loops_source_is_believed(tmp_path: Path, kind: str, standing: Standing) -> None:
    desk = enrolled(tmp_path / "home", fbl=config.Complainant(kind=kind))
    take(desk, tmp_path, arf("192.0.2.55"), complainant="fbl")
    (row,) = rows(desk)
    assert row["standing"] == standing
    assert address(row) == (None if kind == "person" else "192.0.2.55")
    assert bool(row["vantage"]) == (kind == "partner")
    if kind != "person":
        assert row["seen_at"] == 1149156245_000000


def border(ip: str) -> bytes:
    """Our relay's line on top: who brought the complaint."""
    return (
        f"Received: from out.fbl.example (out.fbl.example [{ip}]) by mx.isp.example (Postfix) with ESMTP id 4F1B2C3D5F;"
        " Thu, 1 Jun 2006 11:00:00 +0000 (UTC)\n"
    ).encode()


@pytest.mark.parametrize("sender", [f"{LOOP}/32", "out.fbl.example"])
def test_who_sent_it_is_for_our_relay_to_say(tmp_path: Path, sender: str) -> None:
    loop = config.Complainant(kind="loop", senders=(sender,))
    desk = enrolled(tmp_path / "home", ("mx.isp.example",), fbl=loop)
    take(desk, tmp_path, arf(top=border(LOOP)))
    assert [(row["standing"], address(row)) for row in rows(desk)] == [(Standing.FBL, "192.0.2.7")]


FORGED = border(LOOP).replace(b"mx.isp.example", b"mx.evil.example")


@pytest.mark.parametrize("top", [b"", border("203.0.113.66").replace(b"out.fbl.example", b"evil.example"), FORGED])
def test_a_forged_report_of_a_loop_is_a_strangers(tmp_path: Path, top: bytes) -> None:
    loop = config.Complainant(kind="loop", senders=(f"{LOOP}/32", "out.fbl.example"))
    desk = enrolled(tmp_path / "home", ("mx.isp.example",), fbl=loop)
    take(desk, tmp_path, arf(top=top))
    assert [(row["standing"], address(row)) for row in rows(desk)] == [(Standing.COMPLAINT, None)]


def test_what_was_pasted_is_a_strangers_whoever_sent_it(tmp_path: Path) -> None:
    desk = enrolled(tmp_path / "home", p=config.Complainant(kind="partner", relays=("mx.victim.example",)))
    mail = b"From: ann@victim.example\nSubject: look\n\nLook:\n\n" + SPAM
    take(desk, tmp_path, mail, complainant="p")
    (row,) = rows(desk)
    assert (row["standing"], address(row), row["vantage"]) == (Standing.COMPLAINT, None, 0)


def test_not_spam_is_good_only_from_those_enrolled(tmp_path: Path) -> None:
    desk = enrolled(tmp_path / "home", fbl=config.Complainant(kind="loop"))
    take(desk, tmp_path, arf(feedback="not-spam"), complainant="fbl")
    take(desk, tmp_path, arf(feedback="not-spam"))
    assert sorted(row["kind"] for row in rows(desk)) == [Kind.GOOD, Kind.UNSORTED]


def test_private_and_future_words_of_a_loop_are_not_believed(tmp_path: Path) -> None:
    desk = enrolled(tmp_path / "home", fbl=config.Complainant(kind="loop"))
    take(desk, tmp_path, arf("10.0.0.7"), arf(at="Fri, 1 Jan 2038 00:00:00 +0000"), complainant="fbl")
    found = rows(desk)
    assert {address(row) for row in found} == {None, "192.0.2.7"}
    assert [row["seen_at"] for row in found if address(row)] == [None]


BOUNCE = (
    b"Return-Path: <>\nFrom: MAILER-DAEMON@mx.bystander.example\nTo: abuse@isp.example\nSubject: failure notice\n\n"
    b"Hi. This is the qmail-send program at mx.bystander.example.\n\n--- Below this line is a copy of the message.\n\n"
) + SPAM


def test_backscatter_never_makes_its_victim_a_spammer(tmp_path: Path) -> None:
    person = config.Complainant(relays=("mx.victim.example", "mx.bystander.example"))
    desk = enrolled(tmp_path / "home", ("mx.victim.example",), ann=person)
    take(desk, tmp_path, BOUNCE, attached(BOUNCE), complainant="ann")
    found = rows(desk)
    assert {row["kind"] for row in found} == {Kind.BACKSCATTER}
    assert "192.0.2.7" not in {address(row) for row in found}
    assert [one.content.form for one in complaints.newest(desk, "aside")] == ["bounce"]


def test_a_mail_with_several_attached_has_a_row_for_each(tmp_path: Path) -> None:
    other = SPAM.replace(b"192.0.2.7", b"192.0.2.8")
    mail = attached().replace(b"\n--b--\n", b"\n--b\nContent-Type: message/rfc822\n\n" + other + b"\n--b--\n")
    desk = enrolled(tmp_path / "home", ann=config.Complainant(relays=("mx.victim.example",)))
    report = take(desk, tmp_path, mail, complainant="ann")
    assert (report.read, report.added) == (1, 2)
    assert {address(row) for row in rows(desk)} == {"192.0.2.7", "192.0.2.8"}
    assert take(desk, tmp_path, mail, complainant="ann").added == 0


def test_enrolling_somebody_later_judges_anew(tmp_path: Path) -> None:
    home = tmp_path / "home"
    desk = enrolled(home, ("mx.isp.example",))
    take(desk, tmp_path, arf(top=border(LOOP)))
    number = complaints.newest(desk)[0].number
    desk = enrolled(home, ("mx.isp.example",), fbl=config.Complainant(kind="loop", senders=(LOOP,)))
    report = ingest(desk, Request(complaints=True))
    assert report.rejudged == 1
    assert [(row["standing"], address(row)) for row in rows(desk)] == [(Standing.FBL, "192.0.2.7")]
    (one,) = complaints.newest(desk)
    assert (one.number, one.content.complainant) == (number, "fbl")


def test_open_and_closed(tmp_path: Path) -> None:
    desk = office(tmp_path / "home")
    take(desk, tmp_path, attached(), BOUNCE)
    (one,) = complaints.newest(desk, "open")
    closed = complaints.change(desk, one.number.lower(), "closed", "cleaned")
    assert (closed.status, closed.note, closed.changed_at) == ("closed", "cleaned", AT)
    with pytest.raises(UsageError):
        complaints.change(desk, one.number, "closed")
    (bounce,) = complaints.newest(desk, "aside")
    assert complaints.change(desk, bounce.number, "open").status == "open"
    assert complaints.counts(desk) == {("attached", "closed"): 1, ("bounce", "open"): 1}
    with pytest.raises(NotFound):
        complaints.get(desk, "CP-2006-999999")


def test_an_open_complaint_keeps_its_mail_until_it_is_closed(tmp_path: Path) -> None:
    desk = office(tmp_path / "home")
    take(desk, tmp_path, attached())
    (one,) = complaints.newest(desk)
    packs, far = desk.ledger.packs, SystemClock().now()
    desk.ledger.retain(far + 200 * DAY)
    assert packs.read(one.segment, one.content.ordinal).mail == attached()
    complaints.change(desk, one.number, "closed")
    desk.ledger.retain(far + 1000 * DAY)
    with pytest.raises(NotFound):
        packs.read(one.segment, one.content.ordinal)


def test_an_erased_mail_leaves_no_record(tmp_path: Path) -> None:
    desk = office(tmp_path / "home")
    take(desk, tmp_path, attached())
    (one,) = complaints.newest(desk)
    forget(desk.ledger, one.segment, one.content.ordinal, "asked", AT)
    assert complaints.newest(desk) == []
    assert complaints.about(desk, "192.0.2.7") == []


def test_a_session_of_ours_says_who_complained(tmp_path: Path) -> None:
    """As the trap writes it for its own abuse@: the client of the session is who sent the complaint."""
    desk = enrolled(tmp_path / "home", fbl=config.Complainant(kind="loop", senders=(LOOP,)))
    facts = {"client": net.parse(LOOP).v4.to_bytes(4, "big"), "received_at": AT, "arrival": "q1"}  # type: ignore[union-attr]
    (tmp_path / "in.jsonl").write_bytes(jsonl.write(arf(), facts))
    ingest(desk, Request((str(tmp_path / "in.jsonl"),), complaints=True))
    assert [(row["standing"], address(row)) for row in rows(desk)] == [(Standing.FBL, "192.0.2.7")]


def test_what_is_traced_again_is_what_the_complaint_shows(tmp_path: Path) -> None:
    desk = enrolled(tmp_path / "home", ("mx.isp.example",))
    take(desk, tmp_path, border(LOOP) + attached())
    (one,) = complaints.newest(desk)
    record = desk.ledger.packs.read(one.segment, one.content.ordinal)
    told = json.loads(pinning.told(record, {"complaints": trace.boundary(["mx.isp.example"])}))
    assert [hop["ip"] for hop in told["hops"]] == ["192.0.2.7", "203.0.113.99"]
    assert told["verdict"] is None
    tracer = apart.Tracer(desk)
    try:
        again = tracer.again(desk, bytes(record.mail), record.facts)
    finally:
        tracer.close()
    assert [str(hop.ip) for hop in again.traced.hops] == ["192.0.2.7", "203.0.113.99"]
    assert again.traced.verdict.address is None


def test_records_name_no_trap(tmp_path: Path) -> None:
    desk = office(tmp_path / "home")
    said = dataclasses.replace(desk.config, traps={"lures": config.Trap(domains=("lure.example",))})
    desk = Office(said, AT)
    mail = attached(SPAM.replace(b"You have won", b"secret@lure.example won"), "to secret@lure.example")
    take(desk, tmp_path, mail)
    (one,) = complaints.newest(desk)
    assert "lure.example" not in str(one.content)


def test_what_is_typed(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(attached())
    said = call(tmp_path, "ingest", "--as", "complaint", "a.eml")
    assert said.returncode == 0, said.stderr
    assert "attached 1" in said.stdout
    listed = face(tmp_path, "complaints", "list").stdout
    number = listed.split()[0]
    assert "attached" in listed
    assert "1 open" in listed
    shown = face(tmp_path, "complaints", "show", number).stdout
    assert "192.0.2.7, if mx.victim.example is a mail server of theirs" in shown
    assert "a stranger's word" in shown
    assert face(tmp_path, "complaints", "close", number, "--note", "done").stdout == f"{number} is closed\n"
    assert face(tmp_path, "complaints", "show", "CP-1999-1").returncode == 66
    assert face(tmp_path, "ingest", "--complainant", "x", "a.eml").returncode == 64
    assert face(tmp_path, "ingest", "--as", "complaint", "--complainant", "x", "a.eml").returncode == 64
