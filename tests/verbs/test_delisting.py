"""Coming off at one's owner's word, approvals by two people, and the record that says how."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from junkhound.cli import main
from junkhound.kernel import config
from junkhound.kernel.clock import DAY, HOUR
from junkhound.kernel.errors import NotFound, Refused
from junkhound.ledger.appeals import Appeals
from junkhound.ledger.listings import Listings
from junkhound.listing import Decision, Domain, Outcome, Reason
from junkhound.tables import Kind, Standing
from junkhound.verbs import delisting, lists, record
from junkhound.verbs.office import Office
from support.histories import policy, subject
from support.sightings import unit
from verbs.test_lists import AT, BAIT, LURE, ROWS, TEXT, make, moved, on, seen

__all__ = ["make"]
Make = Callable[..., Office]
LISTS = {"main": config.List(return_share=0.05), "open": config.List(scope="public", return_share=0.05)}


def test_an_owner_takes_an_address_off_once_it_is_quiet(make: Make) -> None:
    office = make(lists=LISTS)
    lists.decide(office)
    early = delisting.ask(office, TEXT)
    assert {one.granted for one in early} == {False}
    assert early[0].why == "it was seen within the last 24 hours, so it is not mended yet"
    later = moved(office, AT + DAY)
    answers = delisting.ask(later, TEXT)
    assert [(one.list, one.granted) for one in answers] == [("main", True), ("open", True)]
    assert TEXT + "/32" not in on(later, "main")
    lists.decide(later)
    assert TEXT + "/32" not in on(later, "main")
    (requests, more) = [r for r in Appeals(later.ledger.state).requests(subject(TEXT).first) if r.granted]
    assert requests.at == more.at == AT + DAY


def test_a_second_time_within_a_month_it_runs_out_by_itself(make: Make) -> None:
    office = make(lists=LISTS)
    lists.decide(office)
    later = moved(office, AT + DAY)
    delisting.ask(later, TEXT)
    again = [seen(60, TEXT, 12, 1), seen(61, TEXT, 12, 2, LURE, 22)]
    office.ledger.commit([unit(office.ledger.store, 10, again)])
    back = moved(office, AT + 2 * DAY + 3 * HOUR)
    lists.decide(back, "main")
    (listed,) = [one for one in lists.entries(back, "main") if one.words == TEXT]
    assert listed.relistings == 1  # who asked and comes back was not mended: it stands twice as long
    (answer,) = delisting.ask(moved(office, AT + 3 * DAY + 6 * HOUR), TEXT)
    assert not answer.granted
    assert answer.why.startswith("it came off by asking on 2006-05-15; it can once in 30 days")


def test_networks_and_names_do_not_come_off_by_asking(make: Make) -> None:
    office = make(lists={"pools": config.List(holds="dynamic"), "names": config.List(holds="domains")})
    book = Listings(office.ledger.state)
    for name, holds, what in (
        ("pools", "dynamic", subject("203.0.113.0/24")),
        ("names", "domains", Domain("a.example")),
    ):
        rules = policy(name, holds=holds)
        listed = Decision(
            name, what, AT - DAY, Outcome.LIST, 1.0, (Reason("seen", "x"),), rules.hash, {"relistings": 0},
            AT + 9 * DAY, AT - 2 * DAY, AT - 2 * DAY, 5, 2, "dynamic range" if name == "pools" else "advertised domain",
        )  # fmt: skip
        book.apply(rules, [listed], AT - DAY)
    (network,) = delisting.ask(office, "203.0.113.9")
    assert not network.granted
    assert "abuse contact" in network.why
    (name_answer,) = delisting.ask(office, "www.a.example")
    assert not name_answer.granted
    assert [one.words for one in lists.check(office, "www.a.example")] == ["a.example"]
    (_, lines) = record.explain(office, "a.example")[0]
    assert lines[2] == "scope: the name and everything below it"


def test_the_public_page_leaves_word_and_the_service_answers(make: Make) -> None:
    office = make(lists=LISTS)
    lists.decide(office)
    number = lists.entries(office, "open")[0].number
    later = moved(office, AT + DAY)
    delisting.put_request(office.home, number)
    (office.home / "requests" / "no-number").touch()
    (answer,) = delisting.settle(later)
    assert (answer.number, answer.granted) == (number, True)
    assert list((office.home / "requests").iterdir()) == []
    assert delisting.settle(later) == []


def test_no_flood_of_requests_fills_the_disk(tmp_path: Path) -> None:
    for number in range(delisting.WAITING):
        delisting.put_request(tmp_path, f"JH-2026-{number:06d}")
    delisting.put_request(tmp_path, "JH-2026-000001")
    with pytest.raises(Refused, match="too many requests"):
        delisting.put_request(tmp_path, "JH-2026-999999")


def test_do_not_route_needs_two_different_people(make: Make) -> None:
    office = make(lists={"drop": config.List(holds="do-not-route"), "main": config.List()})
    said = delisting.approve(office, "drop", "198.51.100.0/24", "pat", "hijacked")
    assert [one.who for one in said] == ["pat"]
    with pytest.raises(Refused, match=r"has approved .* already"):
        delisting.approve(office, "drop", "198.51.100.0/24", "Pat ", "again")
    with pytest.raises(Refused, match="needs no approval"):
        delisting.approve(office, "main", "198.51.100.0/24", "pat", "x")
    delisting.approve(office, "drop", "198.51.100.0/24", "sam", "seen too")
    appeals = Appeals(office.ledger.state)
    assert appeals.approved("drop", AT) == {subject("198.51.100.0/24"): 2}
    assert appeals.approved("drop", AT + 181 * DAY) == {}
    delisting.withdraw(office, "drop", "198.51.100.0/24", "SAM")
    assert appeals.approved("drop", AT) == {subject("198.51.100.0/24"): 1}
    with pytest.raises(NotFound, match="sam has not approved"):
        delisting.withdraw(office, "drop", "198.51.100.0/24", "sam")


def test_what_may_be_approved_is_shown_with_its_evidence(make: Make) -> None:
    bad = [seen(400 + n, f"45.20.0.{n}", 6, n, (BAIT, LURE)[n % 2], 21 + n % 2) for n in range(12)]
    mixed = [seen(500 + n, f"45.30.0.{n}", 6, n, (BAIT, LURE)[n % 2], 21 + n % 2) for n in range(12)]
    mixed.append(seen(520, "45.30.0.200", 6, 3, 13, 0, kind=int(Kind.GOOD), standing=int(Standing.MAILBOX)))
    office = make([*ROWS, *bad, *mixed], lists={"drop": config.List(holds="do-not-route"), "main": config.List()})
    delisting.approve(office, "drop", "45.20.0.0/24", "pat", "hijacked")
    (one,) = delisting.candidates(office, "drop")
    assert str(one.network) == "45.20.0.0/24"
    assert "12 of 12 senders seen in it are bad and none is good" in one.evidence[0]
    assert [yes.who for yes in one.said] == ["pat"]
    assert lists.decide(office, "drop")[0].entries == 0  # one yes is none
    delisting.approve(office, "drop", "45.20.0.0/24", "sam", "looked at its registration")
    assert lists.decide(office, "drop")[0].entries == 1
    with pytest.raises(Refused, match="needs no approval"):
        delisting.candidates(office, "main")


def test_a_record_says_what_to_mend_and_tells_nothing_of_a_trap(make: Make) -> None:
    office = make(lists=LISTS)
    lists.decide(office)
    ((one, lines), *_) = record.explain(office, TEXT)
    said = "\n".join(lines)
    assert lines[0] == f"{TEXT} is listed on {one.list} as {one.number}: direct spam source"
    assert "under 10 messages" in said
    assert "to mend: " in said
    assert "once in 30 days" in said
    for secret in ("bait", "lure", "example.net", "x7@", "12:", "T"):
        assert secret not in said.replace(TEXT, "").replace("The", "").replace("To", "")
    with pytest.raises(NotFound):
        record.explain(office, "192.0.2.1")


def test_the_commands(make: Make, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    office = make(lists={"main": config.List(return_share=0.05), "drop": config.List(holds="do-not-route")})
    lists.decide(office, "main")
    settings = tmp_path / "junkhound.toml"
    settings.write_text(
        f'[store]\nhome = "{office.home}"\n[network]\nallow_documentation = true\n[lists.main]\nreturn_share = 0.05\n'
        '[lists.drop]\nholds = "do-not-route"\n'
    )
    new = tmp_path / "new.toml"
    new.write_text("[lists.main]\nbound = 0.999\n")
    base = ["--config", str(settings), "lists"]
    day = "2006-05-15T12:00:00Z"

    def run(*words: str, code: int = 0) -> str:
        with pytest.raises(SystemExit) as ended:
            main([*base, *words])
        assert ended.value.code == code
        return capsys.readouterr().out

    assert f"{TEXT} is listed on main" in run("explain", TEXT, "--at", day)
    replayed = json.loads(
        run("replay", "--list", "main", "--from", "2006-05-12", "--until", "2006-05-14T12:00:00Z", "--json")
    )
    assert f"{TEXT}/32" in replayed[0]["would_hold"]
    stricter = run("replay", "--policy", str(new), "--from", "2006-05-12", "--until", "2006-05-14T12:00:00Z")
    assert "would hold 0" in stricter
    assert f"- {TEXT}/32" in stricter
    assert "taken off" in run("delist", TEXT, "--at", day)
    run("delist", TEXT, "--at", day, code=66)
    assert "no announced network is bad enough" in run("candidates", "--list", "drop", "--at", day)
    assert json.loads(run("candidates", "--list", "drop", "--at", day, "--json")) == []
    assert "one more person" in run("approve", "198.51.100.0/24", "--list", "drop", "--reason", "x", "--by", "pat")
    assert "taken the yes" in run("withdraw", "198.51.100.0/24", "--list", "drop", "--by", "pat")


def test_rows_used_here_are_those_of_the_lists() -> None:
    assert {row["vantage"] for row in ROWS} == {BAIT, LURE, 13}
