"""Mails compared with each other: pasted lines are forged, a machine behind many relays is no forgery."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound import trace
from junkhound.evidence import message
from junkhound.kernel.net import Address, parse
from junkhound.tables import Clue
from junkhound.trace import seen as seen_lines
from junkhound.trace.seen import Numbers, number
from junkhound.wire.facts import Facts, Origin

BORDER = trace.boundary(["mx.example.org"], allow_documentation=True)
NETS = ("198.51.100.7", "203.0.113.7", "192.0.2.7")  # three unrelated networks


def v4(text: str) -> Address:
    found = parse(text)
    assert found is not None
    return found


def line(helo: str, rdns: str, ip: str, by: str, id: str, second: int) -> str:
    date = f"Mon, 6 Jan 2025 10:00:{second:02} +0000"
    return f"Received: from {helo} ({rdns} [{ip}])\n\tby {by} (Postfix) with ESMTP id {id}; {date}\n"


def mail(number: int, *lines: str, message_id: str = "") -> message.Message:
    text = "".join(lines) + f"Message-ID: <{message_id or number}@example.com>\nFrom: a@example.net\n\nbody\n"
    return message.parse(text.encode())


def compare(mails: Iterable[message.Message]) -> trace.Seen:
    return trace.compare(trace.Sample(one.first(b"message-id"), trace.read(one), BORDER) for one in mails)


def pasted(message_id: str = "") -> list[message.Message]:
    same = line("pc.example.com", "pc.example.com", "203.0.113.99", "relay.example.com", "700FD47962", 3)
    return [
        mail(n, line(f"h{n}.example.net", f"h{n}.example.net", ip, "mx.example.org", f"A0{n}FD47962", 9), same,
             message_id=message_id)
        for n, ip in enumerate(NETS)
    ]  # fmt: skip


def rented() -> list[message.Message]:
    return [
        mail(n, line(f"info{n}.example.net", f"info{n}.example.net", ip, "mx.example.org", f"A0{n}FD47962", 9),
             line("pc", "unknown", "203.0.113.99", f"info{n}.example.net", f"B0{n}FD47962", 5 + n))
        for n, ip in enumerate(NETS)
    ]  # fmt: skip


def test_one_line_under_strangers_was_pasted() -> None:
    mails = pasted()
    seen = compare(mails)
    assert len(seen.pasted) == 1
    assert not seen.drivers
    alone = trace.judge(trace.read(mails[0]), BORDER)
    known = trace.judge(trace.read(mails[0]), BORDER, seen=seen)
    assert known.typed == 1
    assert known.clues & Clue.PASTED
    assert known.clues & Clue.FORGED
    assert known.confidence > 0.9 > alone.confidence or alone.typed == 1
    assert "pasted" in known.reasons[1].text
    assert (known.source, known.address, known.handover) == (alone.source, alone.address, alone.handover)


def test_one_message_that_came_twice_is_no_evidence() -> None:
    assert not compare(pasted("same")).pasted


def test_a_machine_behind_three_unrelated_relays_drives_them() -> None:
    mails = rented()
    seen = compare(mails)
    assert list(seen.drivers) == [number(v4("203.0.113.99"))]
    assert not seen.pasted
    known = trace.judge(trace.read(mails[0]), BORDER, seen=seen)
    assert known.typed is None
    assert known.clues & Clue.DRIVER
    assert str(known.candidates[0].address) == "203.0.113.99"
    assert str(known.address) == NETS[0], "the line is a stranger's: it names, and blames nobody"
    assert "drives them" in known.reasons[1].text
    assert not compare(mails[:2]).drivers


def typed(first: int, count: int) -> list[message.Message]:
    """The same machine in lines that home computers typed."""
    return [
        mail(first + n, line(f"pc{n}", f"dsl-{n}.isp.example", f"{net}.{n}", "mx.example.org", f"C{n}FD47962", 9),
             line("mail", "mail.example.com", "203.0.113.99", "gw.example.com", f"D{n}FD47962", n))
        for n, net in enumerate(f"{20 + n}.9.9" for n in range(count))
    ]  # fmt: skip


def test_a_machine_that_many_forgers_name_drives_nobody() -> None:
    assert compare([*rented(), *typed(100, 3)]).drivers
    assert not compare([*rented(), *typed(100, 4)]).drivers, "most who name it typed its address"


def test_what_other_mails_say_of_a_line_does_not_feed_on_itself() -> None:
    mails = rented()
    hops = trace.read(mails[0])
    alone = trace.judge(hops, BORDER, remember=True)
    known = trace.judge(hops, BORDER, seen=compare(mails), remember=True)
    assert alone.lines is not None
    assert alone.lines == known.lines


@given(st.permutations(range(6)))
def test_the_order_of_the_mails_changes_nothing(order: list[int]) -> None:
    mails = pasted() + rented()
    assert compare(mails[place] for place in order) == compare(mails)


# -- machines seen at work (T12) ------------------------------------------------------------------------------

AT = 1_736_157_600_000_000
TEXT = 0x1234_5678_9ABC_DEF0


def relayed(ip: str = "203.0.113.50") -> trace.Sample:
    """Mail of one text that a small company's server handed over, with a line of its own that names a home line."""
    hops = trace.read(
        mail(
            1,
            line("smtp.example.net", "unknown", "198.51.100.7", "mx.example.org", "A01FD47962", 9),
            line("pc", "unknown", ip, "smtp.example.net", "B01FD47962", 5),
        )
    )
    return trace.Sample(b"<1@example.com>", hops, BORDER, None, TEXT)


def came(ip: str, hours: int, text: int = TEXT) -> trace.Sample:
    """A mail that this machine handed over to our own session, so many hours later."""
    facts = Facts(Origin(v4(ip).packed, AT + hours * 3_600_000_000, "t"))
    return trace.Sample(b"<2@example.com>", trace.read(mail(2)), BORDER, facts, text)


def test_a_machine_that_sends_the_same_text_itself_was_named_truly() -> None:
    one = relayed()
    seen = trace.compare([one, came("203.0.113.50", 20)])
    assert len(seen.direct) == 1
    alone = trace.judge(one.hops, BORDER)
    known = trace.judge(one.hops, BORDER, seen=seen, text=TEXT)
    assert known.clues & Clue.SEEN_DIRECT
    assert not alone.clues & Clue.SEEN_DIRECT
    assert str(known.candidates[0].address) == "203.0.113.50"
    assert "handed over the same text itself" in known.reasons[1].text
    assert (known.source, known.address, known.handover) == (alone.source, alone.address, alone.handover)
    assert not trace.judge(one.hops, BORDER, seen=seen, text=TEXT + 1).clues & Clue.SEEN_DIRECT
    assert not trace.judge(one.hops, BORDER, seen=seen).clues & Clue.SEEN_DIRECT, "nothing is known of the text"


def test_another_day_another_text_and_the_hand_over_itself_prove_nothing() -> None:
    assert not trace.compare([relayed(), came("203.0.113.50", 30)]).direct
    assert not trace.compare([relayed(), came("203.0.113.50", 2, TEXT + 1)]).direct
    assert not trace.compare([relayed(), came("203.0.113.51", 2)]).direct
    assert not trace.compare([relayed("198.51.100.7"), came("198.51.100.7", 2)]).direct


@given(st.lists(st.integers(0, 2**64 - 1)), st.lists(st.integers(0, 2**64 - 1)))
def test_numbers_are_a_set(some: list[int], others: list[int]) -> None:
    numbers = Numbers(some)
    assert all(one in numbers for one in some)
    assert [one in numbers for one in others] == [one in set(some) for one in others]
    assert Numbers.of(numbers.octets) == numbers
    assert list(numbers | Numbers(others)) == sorted({*some, *others})


def test_what_is_held_while_mails_are_compared_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_lines, "MOST", 50)
    held = seen_lines.Comparison()
    for n in range(1000):
        found = seen_lines.Lines(Address(0, 0xFFFF_0000_0000 + n), (n + 1, n + 2_000), 7 + n, n + 1, n % 2 == 0)
        held.add(found, n, 1 + n, AT)
        assert max(len(held.lines), len(held.relays), len(held.doubtful), len(held.came), len(held.named)) <= 50
    assert 1000 in held.lines, "the newest are kept"
