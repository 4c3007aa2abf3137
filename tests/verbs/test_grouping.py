"""The grouper over a home: names that stay, rounds that add up, and what is told of a campaign."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path

import pytest

from junkhound.kernel.clock import SystemClock
from junkhound.kernel.errors import NotFound, Temporary, UsageError
from junkhound.ledger.campaigns import Book
from junkhound.verbs import campaigns, grouping
from junkhound.verbs.ingest import ingest
from junkhound.verbs.office import Office
from support.desk import AT, JUNK, office
from support.mail import RELAY, mbox

PILLS = "buy cheap pills online today from our licensed pharmacy with fast discreet shipping and money back guarantee"
WATCH = "replica watches of every famous brand swiss made exact copies at a tenth of what the jeweller asks you for"
STOCK = "this company is about to announce a contract its shares will rise tomorrow so act before the market opens"


def letter(number: int, text: str, day: int, source: str, site: str) -> bytes:
    tail = " ".join(f"{chr(97 + number % 26)}{chr(97 + n)}ord{chr(97 + number // 26)}" for n in range(4))
    return (
        f"Received: from win (unknown [{source}])\r\n\tby {RELAY} (Postfix) with SMTP id {number:08X}\r\n"
        f"\tfor <a@b.example>; Thu, {day} May 2006 {number % 24:02}:02:01 +0000\r\n"
        f"From: x <offer{number}@pills.example>\r\nSubject: Re: offer of the day {number}\r\n"
        f"Message-ID: <{number}.{site}@x.example>\r\n\r\n{text} at http://{site}/{number} {tail}\r\n"
    ).encode()


def take(desk: Office, folder: Path, name: str, mails: list[bytes]) -> None:
    path = mbox(folder / f"{name}.mbox", mails)
    ingest(desk, dataclasses.replace(JUNK, paths=(str(path),)))


def some(text: str, first: int, count: int, day: int = 4, site: str = "a.example") -> list[bytes]:
    return [letter(first + n, text, day, f"203.0.113.{7 + (first + n) % 40}", site) for n in range(count)]


@pytest.fixture
def desk(tmp_path: Path) -> Office:
    made = office(tmp_path / "home")
    take(made, tmp_path, "first", some(PILLS, 0, 12) + some(WATCH, 40, 6, 5, "b.example"))
    return made


def test_letters_become_campaigns_and_a_second_look_changes_nothing(desk: Office) -> None:
    done = grouping.group(desk)
    assert (done.born, done.merged, done.waiting) == (2, 0, 0)
    found = Book(desk.ledger.state).all()
    assert [one.mails for one in found] == [12, 6]
    assert not grouping.waiting(desk)
    assert grouping.group(desk).texts == 0
    assert [one.name for one in Book(desk.ledger.state).all()] == [one.name for one in found]


def test_later_mail_joins_and_the_name_stays(desk: Office, tmp_path: Path) -> None:
    grouping.group(desk)
    first = Book(desk.ledger.state).all()[0]
    take(desk, tmp_path, "later", some(PILLS, 100, 5, 9) + some(STOCK, 200, 4, 9, "c.example"))
    done = grouping.group(desk)
    assert (done.born, done.texts) == (1, 9)
    now = Book(desk.ledger.state).all()[0]
    assert (now.name, now.mails, now.last_day - now.first_day) == (first.name, 17, 5)


def parts(desk: Office) -> set[frozenset[int]]:
    """Which texts are together, whatever the names."""
    queries, alias = grouping.units_of(desk), Book(desk.ledger.state).alias()
    held: dict[int, set[int]] = {}
    for unit, number in queries.engine.rows(f"SELECT unit, campaign FROM {queries.grouped()}"):
        held.setdefault(alias.get(number, number) or -unit, set()).add(unit)
    return {frozenset(units) for units in held.values()}


def test_the_order_in_which_mail_comes_changes_nothing(tmp_path: Path) -> None:
    """Two wordings that a third one ties: whoever groups after each portion has said two before he knows."""
    mixed = " ".join(PILLS.split()[:10] + WATCH.split()[:9])
    portions = [some(PILLS, 0, 5), some(WATCH, 20, 5, 5), some(mixed, 40, 7, 5), some(STOCK, 60, 4, 6, "c.example")]
    at_once = office(tmp_path / "once")
    take(at_once, tmp_path, "all", [mail for portion in portions for mail in portion])
    grouping.group(at_once)
    found = []
    for name, order in (("straight", portions), ("turned", portions[::-1])):
        desk = office(tmp_path / name)
        for number, portion in enumerate(order):
            take(desk, tmp_path, f"{name}{number}", portion)
            grouping.group(desk)
        found.append(parts(desk))
    assert found == [parts(at_once)] * 2
    assert sum(map(len, parts(at_once))) == 21


def test_a_campaign_comes_back_after_a_silence(desk: Office, tmp_path: Path) -> None:
    grouping.group(desk)
    first = Book(desk.ledger.state).all()[0]
    take(desk, tmp_path, "back", some(PILLS, 300, 5, 30))
    assert grouping.group(desk).revived == 1
    now = Book(desk.ledger.state).all()[0]
    assert (now.name, now.mails) == (first.name, 17)
    assert [step.event for step in Book(desk.ledger.state).events(now.number)] == ["revived", "born"]


def test_compaction_between_two_rounds_loses_and_doubles_nothing(desk: Office, tmp_path: Path) -> None:
    grouping.group(desk)
    desk.ledger.compact(AT, full=True)
    take(desk, tmp_path, "later", some(PILLS, 100, 5, 9))
    desk.ledger.compact(AT, full=True)
    grouping.group(desk)
    assert [one.mails for one in Book(desk.ledger.state).all()] == [17, 6]


def test_two_texts_wait_until_there_is_a_third(tmp_path: Path) -> None:
    desk = office(tmp_path / "home")
    take(desk, tmp_path, "two", some(PILLS, 0, 2))
    assert (grouping.group(desk).waiting, len(Book(desk.ledger.state).all())) == (2, 0)
    take(desk, tmp_path, "one", some(PILLS, 2, 1))
    grouping.group(desk)
    assert [one.mails for one in Book(desk.ledger.state).all()] == [3]


@pytest.mark.parametrize(("lone", "born"), [(6, 0), (8, 1)])
def test_of_texts_in_no_campaign_the_nearest_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lone: int, born: int
) -> None:
    """However many wait, a round holds no more of them than so many."""
    for name, value in (("FEW", 0), ("TENTH", 0), ("LONE", lone)):
        monkeypatch.setattr(grouping, name, value)
    made = office(tmp_path / "home")
    alone = [
        letter(
            200 + n,
            " ".join(f"w{chr(97 + n)}{chr(97 + k)}" for k in range(20)),
            10,
            f"203.0.113.{90 + n}",
            f"{n}.d.example",
        )
        for n in range(6)
    ]
    take(made, tmp_path, "first", some(PILLS, 0, 2) + alone)
    assert (grouping.group(made).born, grouping.group(made).texts) == (0, 0)
    took = len(grouping.units_of(made).around(*_days(10), 14, 64, lone)["unit"])
    assert took == lone
    take(made, tmp_path, "third", some(PILLS, 20, 1, 10))
    assert grouping.group(made).born == born


def _days(day: int) -> tuple[int, int]:
    number = (dt.date(2006, 5, day) - dt.date(1970, 1, 1)).days
    return number, number


def test_only_one_groups_at_a_time(desk: Office) -> None:
    with desk.ledger.holding("grouper", SystemClock().now), pytest.raises(Temporary, match="grouper"):
        grouping.group(desk)


def test_everything_about_one_campaign(desk: Office) -> None:
    grouping.group(desk)
    ranking = campaigns.rank(desk)
    assert (ranking.campaigns, ranking.mails) == (2, 18)
    told = campaigns.show(desk, ranking.lines[0].name)
    assert told.line.sources == 12
    assert sum(part.mails for part in told.days) == 12
    assert {(thing.kind, thing.name) for thing in told.things} >= {("domain", "a.example")}
    assert told.samples
    assert [event.event for event in told.events] == ["born"]
    with pytest.raises(UsageError, match="not the name of a campaign"):
        campaigns.show(desk, "pills")
    with pytest.raises(NotFound):
        campaigns.show(desk, "K-1999-000001")


def test_a_merged_name_leads_to_where_its_mail_is(tmp_path: Path) -> None:
    """Two halves of a campaign that nothing tied, until a text came that is near to both of them."""
    desk = office(tmp_path / "home")
    both = PILLS.split()
    half, other = " ".join(both[:13] + WATCH.split()[:9]), " ".join(both[5:] + STOCK.split()[:9])
    take(desk, tmp_path, "halves", some(half, 0, 5, 4, "a.example") + some(other, 40, 4, 4, "b.example"))
    grouping.group(desk)
    before = {one.mails: one.name for one in Book(desk.ledger.state).all()}
    assert sorted(before) == [4, 5]
    middle = " ".join([*both, *WATCH.split()[:9], *STOCK.split()[:9]])
    take(desk, tmp_path, "middle", some(middle, 80, 9, 5, "a.example") + some(middle, 100, 9, 5, "b.example"))
    grouping.group(desk)
    assert campaigns.show(desk, before[4]).line.name == before[5]
    assert next(iter(Book(desk.ledger.state).events())).event == "merged"


def test_the_command_line(desk: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from junkhound.cli import main

    def run(*words: str) -> str:
        with pytest.raises(SystemExit) as stop:
            main(["--home", str(tmp_path / "home"), *words])
        assert stop.value.code == 0
        return capsys.readouterr().out

    assert "nothing that fits was grouped yet" in run("campaigns")
    assert "2 new" in run("campaigns", "--group", "--at", "2006-06-11")
    told = json.loads(run("campaigns", "--json"))
    name = told["lines"][0]["name"]
    assert told["campaigns"] == 2
    assert name.startswith("K-2006-")
    assert "domain a.example" in run("campaigns", name)
    assert json.loads(run("campaigns", name, "--json"))["line"]["mails"] == 12
