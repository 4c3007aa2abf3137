"""Shares out of mail that was taken in: listed, measured, told to the public and to a regulator."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from junkhound.cli import main_group
from junkhound.kernel.config import Config, Mailbox, Store, Touts
from junkhound.kernel.errors import NotFound
from junkhound.tables import Kind
from junkhound.verbs import touts
from junkhound.verbs.ingest import Request, ingest
from junkhound.verbs.office import Office

TEXT = "Trading alert!\nHarbor Crest Holdings\nSymbol: QXZV.PK\nCurrent price: $1.25\n5 day target: $4.80\n{word}\n"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    folder = tmp_path / "mails"
    folder.mkdir()
    for number, day in enumerate((2, 2, 3, 4, 25)):
        seen = f"win-{number} (unknown [203.0.113.{number + 1}])"
        received = (
            f"from {seen} by mx.example.org (Postfix) with SMTP id 0000000{number}; {day} Jan 2006 10:00:00 +0000"
        )
        mail = f"Received: {received}\nFrom: a@sender.example\nSubject: hot\n\n{TEXT.format(word=f'word{number}')}"
        (folder / f"{number}.eml").write_text(mail, "utf-8")
    made = Office(
        Config(store=Store(home=str(tmp_path / "home")), mailboxes={"me": Mailbox(relays=("mx.example.org",))})
    )
    ingest(made, Request(paths=(str(folder),), kind=Kind.JUNK, mailbox="me"))
    return made


def test_a_share_has_its_runs_and_figures(office: Office) -> None:
    (one,) = touts.shares(office)
    assert (one.ticker, one.market, one.company, one.price, one.target) == (
        "QXZV", "PK", "Harbor Crest Holdings", 1.25, 4.8,
    )  # fmt: skip
    assert one.mails == 5
    assert [(run.first_on, run.last_on, run.mails) for run in one.runs] == [
        ("2006-01-25", "2006-01-25", 1), ("2006-01-02", "2006-01-04", 4),
    ]  # fmt: skip
    assert touts.share(office, "qxzv.pk") == one
    with pytest.raises(NotFound, match="no mail praises"):
        touts.share(office, "NONE")


def test_prices_of_the_operator_are_measured_against(office: Office, tmp_path: Path) -> None:
    rows = ["symbol,day,close,volume"]
    for place in range(60):
        on = f"2005-{11 + place // 30}-{place % 30 + 1:02d}"
        rows.append(f"QXZV,{on},{1 + 0.01 * (place % 3)},1000")
    for day, close, volume in (
        (1, 1.05, 2000),
        (2, 1.2, 9000),
        (3, 1.3, 9000),
        (4, 1.25, 5000),
        (5, 1.0, 1500),
        (6, 0.9, 1000),
    ):
        rows.append(f"QXZV,2006-01-{day:02d},{close},{volume}")
    (tmp_path / "prices.csv").write_text("\n".join(rows) + "\n", "utf-8")
    priced = Office(dataclasses.replace(office.config, touts=Touts(prices=str(tmp_path / "prices.csv"))))
    found = touts.share(priced, "QXZV").runs[1].effect
    assert found is not None
    assert found.during > 0
    assert found.after < 0
    assert 0 < found.loss.low <= found.loss.high
    sheet = touts.fact_sheet(priced, touts.share(priced, "QXZV"))
    assert "buyers' loss" in sheet
    assert "2006-01-03" in sheet
    assert "advice" not in sheet


def test_one_vantage_alone_makes_no_public_page(office: Office, tmp_path: Path) -> None:
    done = touts.feed(office, str(tmp_path / "out"))
    assert (done.shares, done.withheld) == ((), 1)
    (one,) = touts.shares(office)
    page = touts.page(one)
    assert "QXZV" in page
    assert "0 to 10" in page
    assert "<script" not in page
    assert json.loads((tmp_path / "out/feed.json").read_text()) == []


def test_the_verbs_answer(office: Office) -> None:
    run = CliRunner()
    home = ["--home", str(office.home), "touts"]
    assert "QXZV.PK" in run.invoke(main_group, [*home, "list"]).output
    assert json.loads(run.invoke(main_group, [*home, "show", "QXZV", "--json"]).output)["target"] == 4.8
    assert "FACT SHEET" in run.invoke(main_group, [*home, "show", "QXZV", "--fact-sheet"]).output
    assert "held back" in run.invoke(main_group, [*home, "feed"]).output
