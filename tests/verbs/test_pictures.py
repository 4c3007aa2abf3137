"""Pictures of mail that was taken in: grouped, read once, and what they say given to every copy."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from random import Random

import msgspec
import pytest
from click.testing import CliRunner
from PIL import Image, ImageDraw, ImageFont

from junkhound.cli import main_group
from junkhound.kernel.config import Config, Pictures, Store
from junkhound.ledger.campaigns import Book
from junkhound.ledger.pictures import Shelf
from junkhound.tables import KeyKind, Kind
from junkhound.verbs import grouping, pictures, wording
from junkhound.verbs.ingest import Request, ingest
from junkhound.verbs.office import Office
from spamworld.content import noise

TEXT = "Trading Alert for Monday\nHarbor Crest Holdings\nSymbol: QXZV.PK\nCurrent price: $1.25\n5 day target: $4.80"
PHARMA = "Cheap watches from Geneva\nAll famous makers here\nTwo for the price of one\nwww.geneva-deals.example"


def drawn(text: str, kind: str, number: int) -> bytes:
    sheet = Image.new("RGB", (430, 150), "white")
    ImageDraw.Draw(sheet).multiline_text((14, 10), text, "black", ImageFont.load_default(17), spacing=8)
    out = io.BytesIO()
    noise.noisy(sheet, kind, Random(number)).save(out, "PNG")
    return out.getvalue()


HEAD = """From: a@sender.example
Subject: {number}
Date: Mon, 02 Jan 2006 10:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/related; boundary=b

--b
Content-Type: text/html

<img src="cid:x">
--b
Content-Type: image/png; name=x.png
Content-Transfer-Encoding: base64

"""


def mail(octets: bytes, number: int) -> bytes:
    return HEAD.format(number=number).encode() + base64.encodebytes(octets) + b"--b--\n"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(Config(store=Store(home=str(tmp_path / "home")), pictures=Pictures(ocr="none")))


def taken_in(office: Office, folder: Path, mails: list[bytes]) -> None:
    folder.mkdir()
    for number, one in enumerate(mails):
        (folder / f"{number}.eml").write_bytes(one)
    ingest(office, Request(paths=(str(folder),), kind=Kind.JUNK))


def test_what_a_group_says_belongs_to_each_of_its_mails(office: Office, tmp_path: Path) -> None:
    touts = [mail(drawn(TEXT, "lines", n), n) for n in range(6)]
    offers = [mail(drawn(PHARMA, "speckle", n), 10 + n) for n in range(2)]
    taken_in(office, tmp_path / "mails", touts + offers)
    done = pictures.read(office)
    assert (done.pictures, done.groups, done.read, done.waiting) == (8, 2, 0, 2)
    assert done.hint  # no reading without an engine, but the groups stand

    reading = Office(Config(store=office.config.store))
    done = pictures.read(reading)
    assert (done.pictures, done.read, done.waiting, done.died) == (0, 2, 0, 0)
    shelf = Shelf(reading.ledger.state)
    stock, watches = shelf.groups()
    assert (stock.copies, stock.mails, watches.copies) == (6, 6, 2)
    assert "QXZV" in stock.text
    finds = shelf.finds()
    assert (int(KeyKind.TICKER), "QXZV") in finds[stock.number]
    assert (int(KeyKind.DOMAIN), "geneva-deals.example") in finds[watches.number]
    assert pictures.read(reading).read == 0  # nothing is read twice

    taken_in(office, tmp_path / "more", [mail(drawn(TEXT, "lines", 30), 40)])
    done = pictures.read(reading)
    assert (done.pictures, done.groups, done.read) == (1, 2, 0)  # a later copy has what its group says
    assert shelf.groups()[0].copies == 7


@pytest.mark.parametrize("read", [True, False])
def test_what_pictures_say_tells_what_a_campaign_is_about(office: Office, tmp_path: Path, read: bool) -> None:
    taken_in(office, tmp_path / "mails", [mail(drawn(PHARMA, "speckle", n), n) for n in range(6)])
    pictures.read(office)
    shelf = Shelf(office.ledger.state)
    (group,) = shelf.groups()
    if read:  # as an engine would have read it
        text = "Replica watches, exact copies of famous brands: Rolex, Omega, Cartier. Swiss watch quality"
        shelf.put_reading(msgspec.structs.replace(group, text=text, read_with=6), [])
    grouping.group(office)
    wording.read(office)
    (one,) = Book(office.ledger.state).all()
    assert one.kind == ("replica" if read else "")
    assert ("watch" in one.why) is read


def test_pictures_that_cannot_be_had_are_counted(office: Office, tmp_path: Path) -> None:
    bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (60_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0" + bytes(30)
    taken_in(office, tmp_path / "mails", [mail(bomb, 1), mail(b"GIF89a", 2), mail(drawn(TEXT, "lines", 3), 3)])
    done = pictures.read(office)
    assert done.groups == 1
    assert sum(done.unread.values()) == 2
    assert pictures.read(office).pictures == 0


def test_the_verb_shows_groups(office: Office, tmp_path: Path) -> None:
    taken_in(office, tmp_path / "mails", [mail(drawn(TEXT, "lines", n), n) for n in range(2)])
    home = ["--home", str(office.home), "pictures"]
    run = CliRunner()
    assert "junkhound pictures read" in run.invoke(main_group, [*home, "list"]).output
    assert run.invoke(main_group, [*home, "read", "--budget", "1000", "--json"]).exit_code == 0
    assert "ticker QXZV" in run.invoke(main_group, [*home, "list"]).output
