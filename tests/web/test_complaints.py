"""Pages about complaints: what was found, what became of it, a sample without our trap, nothing of theirs as markup."""

from __future__ import annotations

from pathlib import Path

import pytest

from junkhound.kernel import clock, config
from junkhound.tables import Kind
from junkhound.verbs import complaints
from junkhound.verbs.access import Doors
from junkhound.verbs.ingest import Request, ingest
from junkhound.verbs.office import Office
from junkhound.web import operator_app
from support.web import Browser

AT = clock.parse("2006-06-10T12:00:00Z")
HOSTILE = "<script>alert(1)</script>"
TRAP = "lure.one@trap.example"
COMPLAINT = (
    f"From: Ann {HOSTILE} <ann@victim.example>\nTo: abuse@isp.example\nSubject: stop {HOSTILE} {TRAP}\n"
    'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n'
    f"--b\n\nI got this at {TRAP}. {HOSTILE}\n--b\nContent-Type: message/rfc822\n\n"
    "Received: from dsl-7.access.example (dsl-7.access.example [192.0.2.7])\n"
    "\tby mx.victim.example (Postfix) with SMTP id 4F1B2C3D5E; Thu, 1 Jun 2006 10:04:05 +0000\n"
    f"From: Lottery <win@lottery.example>\nSubject: You have won {HOSTILE}\n\nSend us your bank account.\n--b--\n"
)
JUNK = (
    "Received: from pc (unknown [192.0.2.7])\n\tby mx.trap.example (Postfix) with SMTP id 4F1B2C3D5E;"
    " Fri, 9 Jun 2006 10:04:05 +0000\nFrom: a@b.example\nSubject: pills {}\n\nBuy pills {}.\n"
)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    settings = config.Config(
        store=config.Store(home=str(tmp_path / "home")),
        engine=config.Engine(name="inline", isolate=False),
        network=config.NetworkSection(allow_documentation=True),
        traps={"one": config.Trap(domains=("trap.example",), relays=("mx.trap.example",))},
    )
    (tmp_path / "c.eml").write_text(COMPLAINT)
    for number in range(2):
        (tmp_path / f"j{number}.eml").write_text(JUNK.format(number, number))
    made = Office(settings, clock.parse("2006-06-05T12:00:00Z"))
    ingest(made, Request((str(tmp_path / "c.eml"),), complaints=True))
    later = Office(settings, AT)
    ingest(later, Request((str(tmp_path / "j0.eml"), str(tmp_path / "j1.eml")), Kind.JUNK, trap="one"))
    return later


@pytest.fixture
def browser(office: Office) -> Browser:
    app = operator_app(office.config, AT)
    visitor = Browser(app)
    visitor.get(f"/enter?token={Doors(office.config).link()}")
    return visitor


def test_the_list_and_one(browser: Browser) -> None:
    page = browser.get("/complaints")
    assert page.status == 200
    assert "CP-2006-000001" in page.text
    assert "192.0.2.7?" in page.text
    assert "1 open" in page.text
    one = browser.get("/complaint/CP-2006-000001")
    assert one.status == 200
    for found in (page, one):
        assert "<script>alert" not in found.text
        assert TRAP not in found.text
    assert 'if <span class="quote">mx.victim.example</span> is a mail server of theirs' in one.text
    assert "Send us your bank account." in one.text
    assert browser.get("/complaint/CP-2006-000009").status == 404
    assert browser.get("/complaints?status=nonsense").status == 400


def test_what_became_of_it(browser: Browser, office: Office) -> None:
    said = browser.get("/complaint/CP-2006-000001.json").json
    assert said["since"] == [
        {"address": "192.0.2.7", "sure": False, "junk": 2, "days": 1, "last_on": "2006-06-09", "listings": []}
    ]
    complaints.change(office, "CP-2006-000001", "closed", "customer cleaned it")
    after = browser.get("/complaint/CP-2006-000001").text
    assert "customer cleaned it" in after
    assert browser.get("/complaints.json").json["complaints"] == []
    assert [one["number"] for one in browser.get("/complaints.json?status=closed").json["complaints"]] == [
        "CP-2006-000001"
    ]
