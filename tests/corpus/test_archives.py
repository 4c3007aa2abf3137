"""Every archive of the development corpus, from the file to committed rows and back."""

from __future__ import annotations

import dataclasses
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from junkhound.ledger import Ledger
from junkhound.tables import Defect
from support import corpus
from support.desk import JUNK, answer, face, ids, office, rows, take

BLIND = dataclasses.replace(JUNK, relays=())
BIG = {"segment_mails": 1000}


def kept(ledger: Ledger) -> Counter[bytes]:
    """SHA-256 of every mail in the packs, with how often it lies there."""
    names = [path.rpartition("/")[2][:-5] for path, _ in ledger.store.list("packs") if path.endswith(".pack")]
    return Counter(record.sha256 for name in names for record in ledger.packs.records(name))


def forms(raw: bytes) -> set[bytes]:
    """What may be kept of a member: its bytes, without the postmark and the empty line around a mail in a mailbox."""
    found = [raw]
    if raw.startswith(b"From "):
        rest = raw[len(raw.splitlines(keepends=True)[0]) :]
        found += [rest, rest.removesuffix(b"\n"), rest.removesuffix(b"\r\n")]
    return {sha256(one).digest() for one in found}


@pytest.mark.parametrize("name", corpus.ARCHIVES)
def test_nothing_is_lost_or_doubled(tmp_path: Path, name: str) -> None:
    path = corpus.archive(f"{name}.tar.gz")
    members = [(place, raw) for place, _, raw in corpus.messages(path.name) if corpus.is_mail(place)]
    expected = sum(corpus.MAILBOXES.get(place, 1) for place, _ in members)
    desk = office(tmp_path / "home", store=BIG)
    report = take(desk, path, request=BLIND)
    assert report.read == report.added == expected, "each mail of the index is a row"
    assert set(report.skipped) <= {"not_mail"}
    found = rows(desk)
    assert len(found) == len({(row["id_hi"], row["id_lo"]) for row in found}) == expected
    packed = kept(desk.ledger)
    assert packed.total() == len(packed) == expected, "each mail is kept once"
    for place, raw in members:
        assert place in corpus.MAILBOXES or len(forms(raw) & packed.keys()) == 1, place
    counted = {word: n for word, n in report.counts.items() if word.startswith("defect:")}
    assert counted == Counter(
        f"defect:{defect.name}".lower() for row in found if row["defects"] for defect in Defect(row["defects"])
    )
    assert not any(row["defects"] & Defect.KILLED_PARSER for row in found)
    assert all(row["addr_lo"] is None for row in found), "without a boundary nobody is blamed"
    again = take(office(tmp_path / "home", store=BIG), path, request=BLIND)
    assert (again.read, again.added, again.known) == (expected, 0, expected)
    assert ids(office(tmp_path / "home")) == [(row["id_hi"], row["id_lo"]) for row in found]


def test_relays_are_learned_and_known_mail_is_judged_anew(tmp_path: Path) -> None:
    """Some of the phishing pot: unanchored at first; a boundary of names alone is refused, with networks it anchors."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number, (_, _, raw) in enumerate(corpus.messages("phishing_pot.tar.gz", limit=500)):
        (folder / f"{number}.eml").write_bytes(raw)
    ingest = ("ingest", "--as", "junk", "--mailbox", "pot", "--json", "in")
    first = answer(face(tmp_path, *ingest))
    assert first["added"] == first["counts"]["unanchored"] == 500
    learned = answer(face(tmp_path, "relays", "learn", "--mailbox", "pot", "--json", "in"))
    assert [proposal["relay"] for proposal in learned["proposals"]] == [".outlook.com"]
    refused = face(tmp_path, "relays", "learn", "--mailbox", "pot", "--apply", "--yes", "in")
    assert refused.returncode == 77
    assert learned["inner"][0]["network"] in refused.stderr, "the networks to look at are named"
    relays = (".outlook.com", "2603:1000::/24", "2a01:111::/32", "fe80::/10")
    ingest += tuple(word for relay in relays for word in ("--relay", relay))
    second = answer(face(tmp_path, *ingest))
    assert (second["added"], second["rejudged"], second["known"]) == (0, 500, 500)
    found = rows(office(tmp_path / "home"))
    assert len(found) == len({(row["id_hi"], row["id_lo"]) for row in found}) == 500
    anchored = [row for row in found if row["addr_lo"] is not None]
    assert len(anchored) > 0.6 * len(found), "a third came through relays of many people, whose address is not blamed"
    assert all(row["seen_at"] is not None and row["vantage"] for row in anchored)
    third = answer(face(tmp_path, *ingest))
    assert (third["added"], third["rejudged"], third["known"]) == (0, 0, 500)
    ranked = answer(face(tmp_path, "sources", "--by", "volume", "--limit", "10000", "--json"))
    assert sum(row["messages"] for row in ranked["rows"]) == len(anchored)
