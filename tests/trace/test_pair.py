"""What a line below the hand-over says of the machine above it, and what that is worth."""

from __future__ import annotations

import pytest

from junkhound import trace
from junkhound.evidence import message
from junkhound.kernel import net
from junkhound.kernel.clock import DAY, HOUR, MINUTE
from junkhound.tables import Clue
from junkhound.trace import below, pair, weights
from junkhound.trace.names import DYNAMIC, generic
from junkhound.trace.pair import Id, Machine, Odd, Tie, Time
from junkhound.wire.facts import Facts, Origin, Session

NOON = 1_736_157_600_000_000
SEEN = net.parse("198.51.100.77")
BORDER = trace.boundary(["mx.example.org", "192.0.2.0/24"], allow_documentation=True)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("dsl-198-51-100-77.example.net", True),
        ("77.100.51.198.example.net", True),
        ("cc633-644d.example.net", True),
        ("c633644d.example.net", True),
        ("ip198051100077.example.net", True),
        ("cedar77.example.net", True),
        ("host.pool.example.net", True),
        ("mail.example.net", False),
        ("mail-lj1-f77.example.net", False),
        ("ec2-198-51-100-77.compute.example.net", False),
        ("web7.example.net", False),
        ("example.net", False),
    ],
)
def test_names_made_from_addresses(name: str, made: bool) -> None:
    assert generic(name, SEEN) is made


@pytest.mark.parametrize(
    ("rdns", "helo", "by", "tie", "machine"),
    [
        ("mail.example.net", "mail.example.net", "mail.example.net", Tie.RDNS, Machine.SERVER),
        ("mail.example.net", "x.example.com", "x.example.com", Tie.HELO_ALONE, Machine.SERVER),
        ("www.example.net", "a.example.net", "a.example.net", Tie.HELO_SITE, Machine.NAMED),
        ("www.example.net", None, "b.example.net", Tie.SITE, Machine.NAMED),
        ("mail.example.net", "mail.example.net", "relay.example.com", Tie.GAP, Machine.SERVER),
        ("mail.example.net", "mail.example.net", "mail.local", Tie.INSIDE_SAME, Machine.SERVER),
        ("dsl-100-77.example.net", "pc7", "pc7", Tie.HELO_BARE, Machine.GENERIC),
        ("dsl-100-77.example.net", None, "dsl-100-77.example.net", Tie.RDNS_GENERIC, Machine.GENERIC),
        ("dsl-100-77.example.net", "mx.example.net", "x.local", Tie.INSIDE_OTHER, Machine.GENERIC_HELO_SITE),
        (None, "[198.51.100.77]", "relay.example.com", Tie.GAP, Machine.NAMELESS_LITERAL),
        (None, "pc7", "pc7", Tie.HELO_BARE, Machine.NAMELESS_BARE),
        (None, "mail.example.com", "mail.example.com", Tie.HELO_UNKNOWN, Machine.NAMELESS_SERVER),
        (None, "example.com", "example.com", Tie.HELO_UNKNOWN, Machine.NAMELESS_DOMAIN),
        ("dsl-100-77.example.net", "example.com", "example.com", Tie.HELO_ALONE, Machine.GENERIC_DOMAIN),
        ("dsl-100-77.example.net", "example.com", "dsl-100-77.example.net", Tie.RDNS_GENERIC, Machine.GENERIC_DOMAIN),
        (None, None, None, Tie.NOBODY, Machine.NAMELESS_MUTE),
    ],
)
def test_how_names_agree(rdns: str | None, helo: str | None, by: str | None, tie: Tie, machine: Machine) -> None:
    found = pair.look(trace.Hop(ip=SEEN, rdns=rdns, helo=helo), trace.Hop(by=by, ip=SEEN, dialect="x"), None, 0)
    assert found[:2] == (tie, machine)


@pytest.mark.parametrize(
    ("gone", "time"),
    [(0, Time.NEAR), (-2 * MINUTE, Time.NEAR), (-HOUR, Time.BACKWARDS), (HOUR, Time.HOUR), (5 * HOUR, Time.DAY),
     (9 * DAY, Time.LONG), (None, Time.NONE)],
)  # fmt: skip
def test_the_time_between(gone: int | None, time: Time) -> None:
    below_ = trace.Hop(by="a.example", at=None if gone is None else NOON - gone)
    assert pair.look(trace.Hop(ip=SEEN), below_, NOON, 0)[3] == time


def test_an_id_whose_clock_agrees_weighs_for_the_line_and_one_that_does_not_against() -> None:
    said = trace.Hop(by="a.example", dialect="exim", id="1tUkPB-000001-2B", at=1_736_159_405_000_000)
    late = trace.Hop(by="a.example", dialect="exim", id="1tUkPB-000001-2B", at=1_736_159_405_000_000 + 40 * DAY)
    above = trace.Hop(ip=SEEN, rdns="a.example")
    assert pair.look(above, said, None, 0)[2] == Id.CLOCK_AGREES
    assert pair.look(above, late, None, 0)[2] == Id.CLOCK_DISAGREES
    ratios = {weight.word: weight.ratio for weight in weights.table().clue}
    assert ratios["id: clock agrees"] < 1 < ratios["id: clock disagrees"]


def test_the_file_of_weights() -> None:
    table = weights.table()
    known = {
        word
        for test, kind in weights.TESTS
        for place in kind
        for word in [f"{kind.__name__.lower()}: {place.name.lower().replace('_', ' ')}"]
    } | {f"line: {(bit.name or '').lower().replace('_', ' ')}" for bit in Odd}
    met = [weight.word for weight in table.clue]
    assert len(met) == len(set(met)) > 25
    assert set(met) <= known
    assert table.date >= "2026-12-01"
    assert table.fitted_on.count("lines")
    assert all(weight.ratio > 0 and weight.honest + weight.typed and weight.test for weight in table.clue)


def test_a_proper_server_is_never_believed_wholly() -> None:
    best = (int(Tie.RDNS), int(Machine.SERVER), int(Id.CLOCK_AGREES), int(Time.NEAR), 0)
    worst = (int(Tie.GAP), int(Machine.GENERIC), int(Id.ODD), int(Time.HOUR), int(Odd.BELOW_ORIGINATOR))
    assert weights.HONEST[best] == pytest.approx(1 / (1 + weights.FLOOR), abs=1e-4)
    assert weights.HONEST[worst] < 0.001


def judged(text: str, facts: Facts | None = None) -> trace.Verdict:
    return trace.judge(trace.read(message.parse((text + "From: a@example.net\n\nbody\n").encode())), BORDER, facts)


def line(helo: str, rdns: str, ip: str, by: str, second: int = 5) -> str:
    date = f"Mon, 6 Jan 2025 10:00:{second:02} +0000"
    return f"Received: from {helo} ({rdns} [{ip}])\n\tby {by} (Postfix) with ESMTP id 700FD47962; {date}\n"


def test_candidates_behind_an_honest_relay_are_ranked_and_nobody_below_is_blamed() -> None:
    found = judged(
        line("smtp.example.net", "smtp.example.net", "198.51.100.7", "mx.example.org")
        + line("pc", "dsl-113-9.example.net", "203.0.113.9", "smtp.example.net", 3)
    )
    assert [str(one.address) for one in found.candidates] == ["203.0.113.9", "198.51.100.7"]
    assert found.candidates[0].p > 0.9
    assert sum(one.p for one in found.candidates) <= 1
    assert str(found.source) == str(found.address) == "198.51.100.7"
    assert found.confidence == found.candidates[1].p
    assert found.typed is None


def test_all_lines_under_a_typed_one_are_forged() -> None:
    typed = line("mail.example.com", "mail.example.com", "203.0.113.9", "relay.example.com", 4)
    again = line("a.example.com", "a.example.com", "203.0.113.8", "mail.example.com", 3)
    found = judged(line("pc7", "dsl-100-77.example.net", "198.51.100.77", "mx.example.org") + typed + again * 30)
    assert found.typed == 1
    assert found.clues & Clue.FORGED
    assert [reason.status for reason in found.reasons[1:]] == ["forged"] * 12
    assert [str(one.address) for one in found.candidates][:1] == ["198.51.100.77"]


def test_what_our_own_server_noted_of_the_session_is_no_line_of_the_sender() -> None:
    facts = Facts(Origin(SEEN.packed[12:], NOON + 6_000_000, "t"), session=Session(helo=b"pc7"))  # type: ignore[union-attr]
    note = line("pc7", "dsl-100-77.example.net", "198.51.100.77", "mx.example.org")
    found = judged(note, facts)
    assert found.typed is None
    assert found.reasons[1].status == "trusted"
    assert found.confidence == below.SURE
    forged = judged(note.replace("198.51.100.77", "203.0.113.9"), facts)
    assert forged.typed == 0 or forged.confidence > 0.5


def test_a_line_that_hides_who_brought_the_mail_leaves_the_question_open() -> None:
    hidden = line("pc", "unknown", "", "smtp.example.net").replace(" (unknown [])", "")
    found = judged(line("smtp.example.net", "smtp.example.net", "198.51.100.7", "mx.example.org") + hidden)
    assert sum(one.p for one in found.candidates) < 0.2


def test_no_server_tries_for_weeks() -> None:
    """A line pasted from old mail stands under a date that no queue explains; a day or two are nothing."""
    above = trace.Hop(ip=SEEN, rdns="mail.example.net", helo="mail.example.net", at=40 * DAY)
    times = [
        pair.look(above, trace.Hop(by="x", ip=SEEN, dialect="x", at=at * DAY), above.at, 0)[3] for at in (40, 38, 1)
    ]
    assert times == [Time.NEAR, Time.LONG, Time.AGES]
    pasted = (int(Tie.GAP), int(Machine.NAMED), int(Id.CLOCK_AGREES), int(Time.AGES), 0)
    queued = (int(Tie.GAP), int(Machine.NAMED), int(Id.CLOCK_AGREES), int(Time.LONG), 0)
    assert weights.HONEST[pasted] < weights.HONEST[queued]
    slow = (int(Tie.RDNS), int(Machine.SERVER), int(Id.CLOCK_AGREES), int(Time.AGES), 0)
    assert weights.HONEST[slow] > 0.9, "a broken clock alone accuses no proper server"


@pytest.mark.parametrize(("ip", "genuine"), [("198.51.100.77", True), ("203.0.113.9", False)])
def test_our_own_note_that_was_folded_in_a_word_is_ours(ip: str, genuine: bool) -> None:
    """What it says of the client is what our session saw; a line about somebody else is the sender's."""
    assert SEEN is not None
    facts = Facts(Origin(SEEN.packed, 1_736_157_609_000_000, "t"), session=Session(helo=b"pc"))
    found = judged(
        f"Received: from dsl-100-77.example.net ([{ip}]) by mx.exa\n    mple.org with Microsoft SMTPSVC(6.0.3790.211);"
        " Mon, 6 Jan 2025 10:00:05 +0000\n",
        facts,
    )
    assert (found.typed is None) == genuine
    assert str(found.address) == "198.51.100.77"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("www.wireless.example", False),
        ("wireless.example.org", True),
        ("pool.example", False),
        ("dsl-17.pool.example", True),
        ("5.113.0.203.pool.example", True),
        ("host.cable.co.uk", False),
    ],
)
def test_what_a_site_is_called_says_nothing_of_its_machines(name: str, line: bool) -> None:
    assert DYNAMIC[name] is line
