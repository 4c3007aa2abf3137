"""Templates in a pack: found as one by one would find them, redacted, of two vantages, and never beyond measure."""

from __future__ import annotations

import base64
import json
import random
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from junkhound import content, guard, trace
from junkhound.guard import Wording, pack
from junkhound.guard.wordings import Index
from junkhound.kernel import clock, config
from junkhound.kernel.errors import DataError
from junkhound.tables import Kind
from junkhound.verbs import grouping, guard_pack, wording
from junkhound.verbs.ingest import Request, ingest
from junkhound.verbs.office import Office
from support import guards

words = st.sampled_from(["buy", "pills", "now", "cheap", "watches", "and", "go"])
phrases = st.lists(words, min_size=1, max_size=5).map(" ".join)
parts = st.lists(st.lists(phrases, min_size=1, max_size=3).map(tuple), min_size=1, max_size=3).map(tuple)


@given(st.lists(parts, max_size=8), st.lists(words, max_size=40).map(" ".join))
def test_the_index_finds_what_one_by_one_is_found(some: list[tuple[tuple[str, ...], ...]], text: str) -> None:
    every = [Wording(number, 0, number, each) for number, each in enumerate(some)]
    hits = [one for one in every if one.matches(text)]
    assert Index(every).find(text) == (hits[-1] if hits else None)


def test_a_wording_wants_its_parts_in_their_order() -> None:
    one = Wording(1, 2, 3, (("the finest watches", "the best clocks"), ("to your door",)))
    assert one.matches("see the best clocks come to your door")
    assert not one.matches("to your door come the best clocks")
    assert not one.matches("see the best clocks")


def with_templates(*wordings: Wording, sequence: int = 1) -> guard.Book:
    known = guards.book(made_at=0, sequence=sequence)
    return guard.Book(known.head, known.tables, wordings)


def test_templates_go_with_a_pack_and_with_a_difference() -> None:
    first, second, third = (Wording(n, 7, n, ((f"phrase number {n}", "ähnlich"),)) for n in range(3))
    old, new = with_templates(first, second), with_templates(second, third, sequence=2)
    assert pack.read(pack.write(old)).wordings == (first, second)
    made = pack.apply(old, pack.difference(old, new))
    assert made.wordings == (second, third)
    changed = with_templates(msgspec.structs.replace(second, day=9), third, sequence=3)
    delta = pack.difference(made, changed)
    assert pack.apply(made, delta).wordings == changed.wordings
    assert len(delta) < len(pack.write(changed))


@pytest.mark.parametrize("one", [
    Wording(1, 2, 3, ()), Wording(1, 2, 3, ((),)), Wording(1, 2, 3, (("",),)), Wording(1, 2, 3, (("x" * 401,),)),
    Wording(1, 2, 3, (("x",),) * 65), Wording(1, 2, 3, (("x",) * 65,)),
])  # fmt: skip
def test_templates_beyond_measure_are_refused(one: Wording) -> None:
    with pytest.raises(DataError, match="beyond measure"):
        pack.read(pack.write(with_templates(one)))


def test_a_pack_of_the_first_version_is_read_and_made_new_by_a_difference() -> None:
    old = guards.book(made_at=0)
    octets = (Path(__file__).parent / "first.pack").read_bytes()  # as version 1 wrote ``guards.book(made_at=0)``
    found = pack.read(octets)
    assert found.head == old.head
    assert all(np.array_equal(found.tables[name], old.tables[name]) for name in guard.FORMS)
    assert pack.head(Path(__file__).parent / "first.pack") == old.head
    new = with_templates(Wording(1, 7, 1, (("a phrase of many words",),)), sequence=2)
    assert pack.apply(found, pack.difference(old, new)).wordings == new.wordings
    broken = bytearray(octets)
    (length,) = (int.from_bytes(octets[5:9], "little"),)
    rows = zstandard.ZstdDecompressor().decompress(octets[9 + length :])
    broken[9 + length :] = zstandard.ZstdCompressor().compress(rows[:-1] + bytes([rows[-1] ^ 1]))
    with pytest.raises(DataError, match="not what its header says"):
        pack.read(bytes(broken))


def test_ten_thousand_templates_cost_little() -> None:
    chance = random.Random(1)
    vocabulary = [f"word{number}" for number in range(2000)]
    every = [
        Wording(n, n, n, tuple((" ".join(chance.choices(vocabulary, k=6)),) for _ in range(6))) for n in range(10_000)
    ]
    index = Index(every)
    text = " ".join(chance.choices(vocabulary, k=600))
    assert index.find(text + " " + " and then ".join(part[0] for part in every[77].parts)) == every[77]
    began = time.process_time()
    for _ in range(20):
        index.find(text)
    assert (time.process_time() - began) / 20 < 0.005


# --- made by a hub -------------------------------------------------------------------------------------------------

AT = clock.parse("2026-01-05T12:00:00Z")
TRAPS = {"north": "trap-north.example", "south": "trap-south.example"}
THIRD = "trap-third.example"  # a trap as well, of which the letters of PILLS speak
PILLS = (
    "Thousands of customers already trust our licensed pharmacy and order tablets without a prescription for a"
    " fraction of the usual cost, in plain parcels with money back for whoever is not satisfied"
)
WATCH = (
    "Nobody will ever see that this noble timepiece was not made in Geneva: every replica comes in its wooden box"
    " with a certificate, and whoever takes two this week pays no postage to any country of the world"
)
LOANS = (
    "Your application was accepted by our bank without any questions about former debts: sign the form below and"
    " receive the money within one working day, whatever your employer or your neighbours may think of it"
)
NOISE = ("alder", "birch", "cedar", "maple", "oak", "pine", "rowan", "willow", "hazel", "ash", "beech", "elm", "fir")


def letter(number: int, text: str, trap: str, source: str) -> str:
    chance = random.Random(f"{number}{text}")
    named = f"go to {THIRD} for more of it" if text is PILLS else ""
    noise = [" ".join(chance.choices(NOISE, k=9)) for _ in range(2)]
    mail = (
        f"From: x <offer{number}@pills.example>\r\nTo: lure@{TRAPS[trap]}\r\nSubject: offer {number}\r\n"
        f"Message-ID: <{number}.1@x.example>\r\n\r\n{noise[0]}\r\n{text}\r\n{named}\r\n"
        f"http://shop{number}.example/ {noise[1]}\r\n"
    ).encode()
    return json.dumps({
        "mail": base64.b64encode(mail).decode(), "client": source, "received_at": f"2026-01-05T10:{number % 60:02}:00Z",
        "arrival": f"{trap}-{number}-{len(text)}", "helo": "h", "mail_from": "a@example.org",
        "rcpt": [{"address": f"lure{number % 3}@{TRAPS[trap]}", "trap": True}],
    })  # fmt: skip


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> guard.Book:
    """Of a hub that saw PILLS at two traps, WATCH at one alone, LOANS at two from a machine that sends wanted mail."""
    folder: Path = tmp_path_factory.mktemp("hub")
    office = Office(config.Config(
        store=config.Store(home=str(folder / "home"), segment_mails=200),
        engine=config.Engine(name="inline", isolate=False), network=config.NetworkSection(allow_documentation=True),
        traps={name: config.Trap(domains=(domain, THIRD)) for name, domain in TRAPS.items()},
        mailboxes={"me": config.Mailbox(relays=("mx.example.net",))},
    ), AT)  # fmt: skip
    for trap in TRAPS:
        lines = [letter(n + 500 * (trap == "south"), PILLS, trap, f"203.0.113.{n + 1}") for n in range(36)]
        lines += [letter(n, WATCH, trap, f"203.0.113.{n + 51}") for n in range(40) if trap == "north"]
        lines += [letter(n + 500 * (trap == "south"), LOANS, trap, "203.0.113.200") for n in range(36)]
        (folder / f"{trap}.jsonl").write_text("\n".join(lines) + "\n")
        assert ingest(office, Request(paths=(str(folder / f"{trap}.jsonl"),), trap=trap)).added == len(lines)
    wanted = guards.mail("see you at lunch", "ann@friends.example", "lunch", "203.0.113.200", "mail.friends.example")
    (folder / "1.eml").write_bytes(wanted.replace(b"01 Jan 2026", b"05 Jan 2026"))
    assert ingest(office, Request((str(folder / "1.eml"),), Kind.GOOD, mailbox="me")).added == 1
    grouping.group(office)
    done = wording.read(office)
    assert done.wordings == 3
    return guard_pack.make(office)


def test_a_campaign_of_which_no_text_came_twice_is_known_as_a_whole(book: guard.Book) -> None:
    assert len(book.tables["texts"]) == 0
    (row,) = book.tables["campaigns"]
    assert (int(row["mails"]), int(row["vantages"]), int(row["texts"])) == (72, 2, 72)
    assert row["sketch"].any()


def test_its_template_goes_out_without_the_trap_and_no_other_does(book: guard.Book) -> None:
    (one,) = book.wordings
    assert one.matches(content.canon(f"hello there, {PILLS} and good bye"))
    assert not one.matches(content.canon(WATCH))
    octets = zstandard.ZstdDecompressor().decompress(_body(guard.pack.write(book)))
    assert b"licensed pharmacy" in octets
    for word in (*TRAPS.values(), "lure", THIRD, "trap-third", "certificate", "former debts", "shop7"):
        assert word.encode() not in octets


def _body(octets: bytes) -> bytes:
    return octets[9 + int.from_bytes(octets[5:9], "little") :]


def test_a_new_copy_is_told_by_its_template_and_never_refused_for_it(book: guard.Book) -> None:
    judge = guard.Judge(book, guard.shipped(), trace.boundary(["mx.example.net"], (), allow_documentation=True), None)
    new = guards.mail(
        f"tomorrow {PILLS} yours truly", source="198.51.100.9", name="host9.example", link="http://n.example/"
    )
    said = judge(new, None, AT)
    assert said.evidence.amounts["template"] == 1.0
    assert said.evidence.amounts["campaign"] > 0.4
    assert said.evidence.words["template"] == "it follows a template of which 72 mails reached 2 traps lately"
    assert not said.opinion.campaign
    assert "template" not in judge(guards.mail(), None, AT).evidence.amounts
