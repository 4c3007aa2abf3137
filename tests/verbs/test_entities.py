"""What else has this: keys asked for their campaigns, ties as a graph that other programs read, actors over a home."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from junkhound.kernel import config
from junkhound.kernel.errors import ConfigError, NotFound, UsageError
from junkhound.verbs import actors, botnets, campaigns, entities, grouping
from junkhound.verbs.ingest import ingest
from junkhound.verbs.office import Office
from support.desk import JUNK, office
from support.mail import RELAY, mbox

TEXTS = (
    "kindly help me to move the sum of ten million dollars out of my country before the bank finds the account",
    "your long lost uncle died in a crash and left an estate that needs a trusted foreign partner to be claimed",
)
WALLET = "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"


def letter(number: int, text: str, tail: str) -> bytes:
    return (
        f"Received: from win (unknown [203.0.113.{7 + number % 40}])\r\n"
        f"\tby {RELAY} (Postfix) with SMTP id {number:08X}\r\n"
        f"\tfor <a@b.example>; Thu, 4 May 2006 {number % 24:02}:02:01 +0000\r\nFrom: x <o{number}@pills.example>\r\n"
        f"Subject: hello {number}\r\nMessage-ID: <{number}@x.example>\r\n\r\n"
        f"{text} {chr(97 + number % 26)}word {tail}\r\n"
    ).encode()


def grouped(folder: Path, first: str, second: str) -> Office:
    """Two campaigns, taken in and grouped: eight mails that end so, and six of another text that end otherwise.

    ``#`` stands for the number of the mail.
    """
    made = office(folder / "home")
    mails = [letter(n, TEXTS[0], first.replace("#", str(n))) for n in range(8)]
    mails += [letter(40 + n, TEXTS[1], second.replace("#", str(n))) for n in range(6)]
    ingest(made, dataclasses.replace(JUNK, paths=(str(mbox(folder / "in.mbox", mails)),)))
    grouping.group(made)
    return made


@pytest.fixture
def desk(tmp_path: Path) -> Office:
    made = grouped(tmp_path, f"pay to {WALLET} http://a.example/#", f"bitcoin {WALLET} http://b.example/#")
    botnets.find(made)
    actors.find(made)
    return made


def test_a_key_leads_to_its_campaigns_sources_and_what_stands_beside_it(desk: Office) -> None:
    (found,) = entities.entity(desk, "a.example")
    assert (found.kind, found.name, found.mails, found.hub) == ("domain", "a.example", 8, False)
    assert [use.mails for use in found.uses] == [8]
    assert len(found.sources) == 8
    assert {one.kind for one in found.beside} >= {"wallet", "from_domain"}
    assert not {one.kind for one in found.beside} & {"trap"}
    assert entities.entity(desk, found.key)[0].mails == 8
    with pytest.raises(NotFound, match="nothing has"):
        entities.entity(desk, "unknown.example")
    with pytest.raises(UsageError, match="no kind of key"):
        entities.entity(desk, "a.example", "colour")


def test_one_wallet_in_two_campaigns_is_one_actor_under_a_name_that_stays(desk: Office) -> None:
    (line,) = actors.rank(desk)
    assert set(line.campaigns) == {one.name for one in campaigns.rank(desk).lines}
    told = actors.show(desk, line.name)
    assert [tie.reasons[0][1] for tie in told.ties] == ["the same wallet"]
    assert actors.find(desk) == 1
    assert actors.rank(desk)[0].name == line.name
    with pytest.raises(UsageError, match="not the name of an actor"):
        actors.show(desk, "somebody")


def test_the_graph_reads_as_graphml(desk: Office) -> None:
    found = entities.graph(desk)
    kinds = {node.kind for node in found.nodes}
    assert kinds >= {"campaign", "domain", "wallet", "actor"}
    tree = ElementTree.fromstring(entities.graphml(found))
    space = "{http://graphml.graphdrawing.org/xmlns}"
    ids = {node.get("id") for node in tree.iter(f"{space}node")}
    edges = list(tree.iter(f"{space}edge"))
    assert len(ids) == len(found.nodes)
    assert edges
    assert all(edge.get("source") in ids and edge.get("target") in ids for edge in edges)
    name = campaigns.rank(desk).lines[0].name
    assert {node.id for node in entities.graph(desk, (name,)).nodes if node.kind == "campaign"} == {
        line.name for line in campaigns.rank(desk).lines
    }


def test_the_command_lines(desk: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from junkhound.cli import main

    def run(*words: str) -> str:
        with pytest.raises(SystemExit) as stop:
            main(["--home", str(tmp_path / "home"), *words])
        assert stop.value.code == 0
        return capsys.readouterr().out

    assert "domain a.example: 8 mails" in run("entity", "a.example")
    assert json.loads(run("entity", "a.example", "--json"))[0]["mails"] == 8
    assert json.loads(run("entity", "--graph", "json"))["edges"]
    assert "A-2006-0001" in run("actors")
    assert "the same wallet" in run("actors", "A-2006-0001")
    assert json.loads(run("actors", "A-2006-0001", "--json"))["ties"]
    assert "no botnets" in run("botnets")
    assert json.loads(run("botnets", "--json")) == []


def test_what_mails_share_is_told_by_its_text_and_subjects_stand_apart(desk: Office) -> None:
    name = campaigns.rank(desk).lines[0].name
    found = campaigns.show(desk, name)
    assert found.subjects
    assert {thing.kind for thing in found.things} >= {"domain", "wallet"}
    assert not [thing for thing in found.things if thing.kind == "subject" or not thing.name]


def test_a_wallet_put_into_a_few_mails_ties_nobody(tmp_path: Path) -> None:
    """Somebody who wants another to be taken for him, or for a charity: 2 of 30 mails name its wallet."""
    made = office(tmp_path / "other")
    mails = [letter(n, TEXTS[0], f"pay to {WALLET} http://a.example/{n}") for n in range(8)]
    mails += [letter(40 + n, TEXTS[1], f"{WALLET if n < 2 else 'soon'} http://b.example/{n}") for n in range(30)]
    ingest(made, dataclasses.replace(JUNK, paths=(str(mbox(tmp_path / "in.mbox", mails)),)))
    grouping.group(made)
    assert campaigns.rank(made).campaigns == 2
    assert actors.find(made) == 0


def test_domains_of_one_registrant_are_asked_for_together_and_tie_actors(tmp_path: Path) -> None:
    made = grouped(tmp_path, "http://a.example/#", "http://b.example/#")
    assert actors.find(made) == 0
    person = {"roles": ["registrant"], "vcardArray": ["vcard", [["email", {}, "text", "Buyer@Mail.Example"]]]}
    said = [{"objectClassName": "domain", "ldhName": name, "entities": [person]} for name in ("a.example", "b.example")]
    (tmp_path / "rdap.jsonl").write_text("\n".join(map(json.dumps, said)), "utf-8")
    told = Office(dataclasses.replace(made.config, domains=config.Domains(rdap=str(tmp_path / "rdap.jsonl"))), made.now)
    (found,) = entities.entity(told, "buyer@mail.example", "registrant")
    assert (found.kind, found.mails, [use.mails for use in found.uses]) == ("registrant", 14, [8, 6])
    assert [(one.name, one.mails) for one in found.beside] == [("a.example", 8), ("b.example", 6)]
    (domain,) = entities.entity(told, "a.example")
    assert ("registrant", "buyer@mail.example") in {(one.kind, one.name) for one in domain.beside}
    assert entities.entity(told, found.key, "registrant")[0].mails == 14
    assert actors.find(told) == 1
    (line,) = actors.rank(told)
    assert [tie.reasons[0][1] for tie in actors.show(told, line.name).ties] == ["domains of one registrant"]
    with pytest.raises(ConfigError, match="rdap"):
        entities.entity(Office(dataclasses.replace(told.config, domains=config.Domains(rdap="/none")), made.now), "a")
