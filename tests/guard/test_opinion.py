"""What a guard says of a mail, and on what."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound import guard, trace
from junkhound.guard import Word
from junkhound.kernel import clock
from support import guards

NOW = clock.parse("2026-01-01T10:00:05Z")
BORDER = trace.boundary(["mx.example.net"], (), allow_documentation=True)


def judge(book: guard.Book | None = None, personal: guard.Personal | None = None, stale_h: float = 72) -> guard.Judge:
    known = guards.book(made_at=NOW) if book is None else book
    return guard.Judge(known, guard.shipped(), BORDER, None, personal, stale_h)


def test_trap_mail_is_junk_and_the_reason_can_be_checked() -> None:
    said = judge()(guards.mail(), None, NOW).opinion
    assert said.word is Word.JUNK
    assert said.score > 0.99
    assert "the same letter reached 52 mails at 8 traps lately" in said.reason
    assert said.campaign
    assert said.listed


def test_a_letter_that_is_alike_is_recognised_and_never_refused_for_it() -> None:
    other = guards.LETTER.replace("friday", "monday").replace("finest", "rarest")
    said = judge()(
        guards.mail(other, source="198.51.100.9", name="host9.example", link="http://new.example/"), None, NOW
    )
    assert "alike" in said.opinion.reason
    assert not said.opinion.campaign


def test_of_an_unknown_mail_nothing_is_said() -> None:
    plain = guards.mail("see you at lunch on thursday then", "ann@friends.example", "lunch", "198.51.100.9",
                        "mail.friends.example", "http://menu.example/")  # fmt: skip
    assert judge()(plain, None, NOW).opinion.word is Word.NONE
    assert judge(guard.empty())(plain, None, NOW).opinion.word is Word.NONE


def test_an_old_book_is_closed() -> None:
    week = 7 * clock.DAY
    said = judge()(guards.mail(), None, NOW + week)
    assert not said.evidence.campaign
    assert not said.opinion.listed
    assert not {"text", "source", "link"} & said.evidence.amounts.keys()


def test_a_person_teaches_and_unteaches() -> None:
    personal = guard.Personal(b"k" * 16)
    ask = judge(guard.empty(), personal)
    club = ("club@garden.example", "minutes", "198.51.100.9", "mail.garden.example", "http://garden.example/")
    wanted = [guards.mail(f"minutes of the garden club meeting number {n} with apples", *club) for n in range(30)]
    junk = [
        guards.mail(f"cheap pills for you today offer {n} click now", "x@pills.example", "pills") for n in range(30)
    ]
    for number in range(25):
        for some, is_junk in ((wanted, False), (junk, True)):
            found = ask(some[number], None, NOW)
            assert personal.learn(b"%d%d" % (number, is_junk), found.words, is_junk)
            assert not personal.learn(b"%d%d" % (number, is_junk), found.words, is_junk)
    assert ask(junk[29], None, NOW).opinion.word is Word.JUNK
    assert ask(wanted[29], None, NOW).opinion.word is Word.GOOD
    before = ask(junk[29], None, NOW).opinion.score
    for number in range(25):  # moved back: unlearned as junk, learned as wanted
        personal.learn(b"%d1" % number, ask(junk[number], None, NOW).words, False)
    assert personal.junk == 0
    assert personal.good == 50
    assert ask(junk[29], None, NOW).opinion.score < before
    again = guard.Personal.from_bytes(personal.to_bytes())
    assert (again.words, again.moves, again.key) == (personal.words, personal.moves, personal.key)


@given(st.binary(max_size=600))
def test_any_bytes_have_an_opinion(octets: bytes) -> None:
    said = judge()(octets, None, NOW).opinion
    assert 0 <= said.score <= 1
    assert said.reason


def test_nothing_vouches_for_junk() -> None:
    for weights in (guard.shipped().taught, guard.shipped().alone):
        assert all(value >= 0 for name, value in weights.by.items())
    with pytest.raises(AttributeError):
        guard.shipped().taught.base = 0.0  # type: ignore[misc]


def test_what_is_known_of_an_origin_counts_once_whatever_stands_around_it() -> None:
    weights = guard.shipped().alone
    amounts = {"source": 9.0, "source_days": 4.0, "neighbours": 6.0, "network": 9.0, "listed": 1.0}
    assert weights.odds(amounts, 0.0) == pytest.approx(weights.base + weights.whence)
    assert guard.probability(weights.odds(amounts, 0.0)) < weights.junk  # a machine alone makes no mail junk
    assert weights.odds({"source": 1.0}, 0.0) == pytest.approx(weights.base + weights.by["source"])
    said = judge()(guards.mail(), None, NOW).opinion
    by = dict(said.weighed)
    assert sum(by.get(name, 0.0) for name in amounts) <= weights.whence + 1e-9
    assert sum(by.values()) + weights.base == pytest.approx(math.log(said.score / (1 - said.score)))
