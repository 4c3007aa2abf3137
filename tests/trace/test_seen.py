"""Mails compared with each other: pasted lines are forged, a machine behind many relays is no forgery."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from junkhound import trace
from junkhound.evidence import message
from junkhound.tables import Clue

BORDER = trace.boundary(["mx.example.org"], allow_documentation=True)
NETS = ("198.51.100.7", "203.0.113.7", "192.0.2.7")  # three unrelated networks


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
    assert [str(one) for one in seen.drivers] == ["203.0.113.99"]
    assert not seen.pasted
    known = trace.judge(trace.read(mails[0]), BORDER, seen=seen)
    assert known.typed is None
    assert known.clues & Clue.DRIVER
    assert str(known.candidates[0].address) == "203.0.113.99"
    assert str(known.address) == NETS[0], "the line is a stranger's: it names, and blames nobody"
    assert "drives them" in known.reasons[1].text
    assert not compare(mails[:2]).drivers


@given(st.permutations(range(6)))
def test_the_order_of_the_mails_changes_nothing(order: list[int]) -> None:
    mails = pasted() + rented()
    assert compare(mails[place] for place in order) == compare(mails)
