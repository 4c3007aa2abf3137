"""Campaigns read over a home: kind and wordings noted, shown, exported without traps, tried on mail, read again."""

from __future__ import annotations

import dataclasses
import json
import random
from pathlib import Path

import pytest

from junkhound.kernel.errors import NotFound, UsageError
from junkhound.ledger.campaigns import Book
from junkhound.ledger.wordings import Shelf
from junkhound.tables import Kind
from junkhound.verbs import campaigns, grouping, wording
from junkhound.verbs.ingest import Request, ingest
from junkhound.verbs.office import Office
from support.desk import JUNK, answer, face, office
from support.mail import RELAY, mbox

PILLS = (
    "Thousands of customers already trust our licensed pharmacy and order tablets without a prescription for a"
    " fraction of the usual cost, in plain parcels with money back for whoever is not satisfied"
)
LATER = (
    "Forget the waiting room and the doctor: whoever wants his tablets quickly and quietly gets them from the"
    " biggest drugstore on the net, unmarked envelope and bonus pills with every parcel that leaves our house"
)
WORDS = ("alder", "birch", "cedar", "maple", "oak", "pine", "rowan", "willow", "hazel", "ash", "beech", "elm", "fir",
         "larch", "spruce")  # fmt: skip


def letter(number: int, text: str, day: int = 4, trap: str = "lure@trap.example") -> bytes:
    chance = random.Random(number)
    noise = " ".join(chance.choices(WORDS, k=8))
    return (
        f"Received: from win (unknown [203.0.113.{7 + number % 90}])\r\n\tby {RELAY} (Postfix) with SMTP id"
        f" {number:08X}\r\n\tfor <{trap}>; Thu, {day} May 2006 {number % 24:02}:02:01 +0000\r\n"
        f"From: x <offer{number}@pills.example>\r\nTo: {trap}\r\nSubject: offer of the day {number}\r\n"
        f"Message-ID: <{number}.1@x.example>\r\n\r\nDear {trap.partition('@')[0]},\r\n{text}\r\n"
        f"http://pills.example/{number} {noise}\r\n"
    ).encode()


def take(desk: Office, folder: Path, name: str, mails: list[bytes]) -> None:
    ingest(desk, dataclasses.replace(JUNK, paths=(str(mbox(folder / f"{name}.mbox", mails)),)))


def as_lines(folder: Path, name: str, mails: list[tuple[str, bytes]]) -> Path:
    """Sessions of a trap with the recipients that were accepted, as JSON lines."""
    import base64

    path = folder / f"{name}.jsonl"
    with path.open("w") as file:
        for number, (trap, mail) in enumerate(mails):
            line = {
                "client": f"203.0.113.{7 + number % 90}", "received_at": f"2006-05-04T{number % 24:02}:00:00Z",
                "mail_from": "a@b.example", "rcpt": [{"address": trap, "code": 250, "trap": True}],
                "mail": base64.b64encode(mail).decode(),
            }  # fmt: skip
            file.write(json.dumps(line) + "\n")
    return path


@pytest.fixture
def desk(tmp_path: Path) -> Office:
    made = office(tmp_path / "home")
    take(made, tmp_path, "first", [letter(n, PILLS) for n in range(60)])
    grouping.group(made)
    return made


def test_a_campaign_gets_a_kind_with_reasons_and_its_wording(desk: Office) -> None:
    done = wording.read(desk)
    assert (done.campaigns, done.told, done.wordings, done.died) == (1, 1, 1, 0)
    (one,) = Book(desk.ledger.state).all()
    assert one.kind == "pharma"
    assert one.sure > 0.5
    assert "medicine in 100%" in one.why
    (line,) = wording.lines(desk, one.name)
    assert line.pattern.learned == 60
    assert any("licensed pharmacy" in phrase for phrase in line.pattern.phrases)
    assert [step.event for step in Book(desk.ledger.state).events(one.number)] == ["worded", "born"]
    assert wording.read(desk).campaigns == 0  # nothing new


def test_a_new_wording_is_a_step_of_its_life_and_known_ones_stay(desk: Office, tmp_path: Path) -> None:
    wording.read(desk)
    (one,) = Book(desk.ledger.state).all()
    before = Shelf(desk.ledger.state).wordings()
    take(desk, tmp_path, "later", [letter(1000 + n, PILLS, 9) for n in range(30)])
    take(desk, tmp_path, "new", [letter(2000 + n, f"{PILLS[:90]} {LATER}", 10) for n in range(60)])
    grouping.group(desk)
    done = wording.read(desk)
    now = wording.lines(desk, one.name)
    assert len(Book(desk.ledger.state).all()) == 1
    assert done.wordings == 1
    assert {line.version for line in now} == {1, 2}
    assert Book(desk.ledger.state).events(one.number)[0].event == "reworded"
    kept = [row for row in Shelf(desk.ledger.state).wordings() if row.serial == before[0].serial]
    assert kept[0].content == before[0].content


def test_what_leaves_was_seen_by_two_traps_and_names_none(tmp_path: Path) -> None:
    (tmp_path / "junkhound.toml").write_text(
        '[store]\nsegment_mails = 20\n[engine]\nname = "inline"\nisolate = false\n'
        "[network]\nallow_documentation = true\n"
        '[traps.lures]\ndomains = ["trap.example", "other.example"]\n'
    )
    trap = "alice.lure@trap.example"
    path = as_lines(tmp_path, "one", [(trap, letter(n, f"{PILLS} {trap}", trap=trap)) for n in range(50)])
    face(tmp_path, "ingest", "--as", "junk", "--trap", "lures", str(path))
    face(tmp_path, "campaigns", "--group")
    assert len(answer(face(tmp_path, "templates", "list", "--json"))) == 1
    assert answer(face(tmp_path, "templates", "export")) == []
    (alone,) = answer(face(tmp_path, "templates", "export", "--private"))
    assert alone["pattern"]["learned"] == 50
    other = "bob@other.example"
    path = as_lines(tmp_path, "two", [(other, letter(500 + n, f"{PILLS} {other}", trap=other)) for n in range(60)])
    face(tmp_path, "ingest", "--as", "junk", "--trap", "lures", str(path))
    face(tmp_path, "campaigns", "--group")
    for form in ("json", "re2", "rspamd", "spamassassin"):
        said = face(tmp_path, "templates", "export", "--private", "--form", form).stdout.lower()
        assert "jh_k_" in said
        for word in ("alice", "trap.example", "other.example", "bob@"):
            assert word not in said


def test_it_is_read_in_a_confined_child_too(tmp_path: Path) -> None:
    made = office(tmp_path / "home", isolate=True)
    take(made, tmp_path, "first", [letter(n, PILLS) for n in range(40)])
    grouping.group(made)
    done = wording.read(made)
    assert (done.mails, done.wordings, done.died) == (40, 1, 0)


def test_patterns_are_tried_on_mail_and_words_of_persons_stay(desk: Office, tmp_path: Path) -> None:
    wording.read(desk)
    (one,) = Book(desk.ledger.state).all()
    mixed = mbox(tmp_path / "try.mbox", [letter(7777, PILLS), letter(7778, "see you on Thursday, bring the cake")])
    found = wording.tried(desk, [str(mixed)])
    assert (found.mails, found.hits) == (2, 1)
    assert found.shown[0][1] == f"{one.name} wording 1"
    wording.told_by_hand(desk, one.name, "software", "ann")
    take(desk, tmp_path, "more", [letter(300 + n, PILLS, 8) for n in range(70)])
    grouping.group(desk)
    wording.read(desk)
    shown = campaigns.show(desk, one.name)
    assert (shown.line.kind, shown.why) == ("software", "told by ann")
    with pytest.raises(UsageError, match="no kind"):
        wording.told_by_hand(desk, one.name, "nonsense", "ann")
    with pytest.raises(NotFound):
        wording.told_by_hand(desk, "K-2006-999999", "pharma", "ann")
    with pytest.raises(UsageError):
        wording.lines(desk, "pills")


def test_good_mail_is_never_read(desk: Office, tmp_path: Path) -> None:
    path = mbox(tmp_path / "good.mbox", [letter(n, LATER) for n in range(60)])
    ingest(desk, Request(kind=Kind.GOOD, mailbox="me", relays=(RELAY,), paths=(str(path),)))
    grouping.group(desk)
    assert wording.read(desk).mails == 60  # those of the one campaign of junk
    assert wording.tried(desk, [str(path)]).hits == 0
