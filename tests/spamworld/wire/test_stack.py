"""Genuine lines above made-up ones, each with its label; every strategy as good as it claims to be, and no better."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound import trace
from junkhound.evidence import message
from junkhound.trace import queueid
from junkhound.trace.hop import Hop
from spamworld.plan import Line
from spamworld.streams import quick
from spamworld.wire import forgery, stack
from spamworld.wire.lines import _oddities
from spamworld.wire.turn import Turn
from support.deliveries import BOT, CORP, MX, NEW, OLD, delivery, machine

FORGED = [name for name in (*forgery.TUNING, *forgery.EVALUATION) if name != "F0"]


def hops_of(lines: list[Line]) -> list[Hop]:
    return list(trace.read(message.parse(b"\r\n".join(line.text for line in lines) + b"\r\n\r\n")))


def forged(strategy: str, number: int, campaign: int = 3, **more: object) -> list[Line]:
    lines = stack(delivery(strategy, number, campaign=campaign, **more), 0)
    return [line for line in lines if not line.genuine]


@pytest.mark.parametrize("strategy", FORGED)
def test_forged_lines_stand_below_the_genuine(strategy: str) -> None:
    for number in range(30):
        lines = stack(delivery(strategy, number, campaign=number, over=(CORP,)), 0)
        labels = [line.genuine for line in lines]
        assert labels == sorted(labels, reverse=True)
        assert [line.host for line in lines if line.genuine] == [MX.id, CORP.id]
        assert [line.address for line in lines if line.genuine] == [CORP.address, BOT.address]
        assert not all(labels)
        assert {line.host for line in lines if not line.genuine} == {0}


@pytest.mark.parametrize("strategy", ["F0", "R1"])
def test_nothing_is_forged(strategy: str) -> None:
    assert all(line.genuine for line in stack(delivery(strategy, over=(CORP,)), 0))


@pytest.mark.parametrize("strategy", FORGED)
def test_the_address_is_in_the_line(strategy: str) -> None:
    for number in range(40):
        for line in forged(strategy, number, number):
            assert line.address in line.text.decode()


@pytest.mark.parametrize("strategy", ["F1", "F2", "F3", "F4", "F6", "F7", "F8"])
def test_an_innocent_is_shown(strategy: str) -> None:
    lines = forged(strategy, 1)
    assert "203.0.113.9" in [line.address for line in lines]


def test_one_random_hop() -> None:
    assert {len(forged("F1", n, n)) for n in range(40)} == {1}
    assert len({line.address for n in range(40) for line in forged("F1", n, n, innocent="")}) == 40


def test_our_own_server_is_claimed() -> None:
    for number in range(40):
        assert b"trap.example" in forged("F2", number, number)[0].text


@pytest.mark.parametrize("strategy", ["F3", "F7", "F8"])
def test_chains_agree_with_themselves(strategy: str) -> None:
    """Each line was written by the host that the line above names, up to the machine that handed over; times rise."""
    for number in range(60):
        one = delivery(strategy, number, campaign=number)
        lines = [line for line in stack(one, 0) if not line.genuine and b"invoked from network" not in line.text]
        hops = hops_of(lines)
        assert hops[0].by == one.path[0].helo
        for upper, lower, line in zip(hops, hops[1:], lines, strict=False):
            assert lower.by in line.text.decode()
            assert upper.at is not None
            assert lower.at is not None
            assert lower.at < upper.at + 1_000_000
        assert hops[0].at is not None
        assert one.at - 200_000_000 < hops[0].at <= one.at + 2_000_000


def contradicted(strategy: str) -> tuple[int, int]:
    """(ids with a clock, of them those that contradict their line) over 150 campaigns."""
    clocks = wrong = 0
    for number in range(150):
        for hop in hops_of(forged(strategy, number, number, at=NEW)):
            if queueid.clock(hop) is not None and queueid.examine(hop)[0]:
                clocks += 1
                wrong += queueid.examine(hop)[1]
    return clocks, wrong


def test_copied_ids_have_the_clock_of_another_time() -> None:
    clocks, wrong = contradicted("F7")
    assert clocks > 100
    assert wrong == clocks


def test_the_best_forger_has_his_clocks_right() -> None:
    clocks, wrong = contradicted("F8")
    assert clocks > 100
    assert wrong == 0


def test_half_of_the_copied_ids_come_again_letter_by_letter() -> None:
    """T11: the same id under unrelated hand-overs."""
    same = 0
    for campaign in range(60):
        ids = [{hop.id for hop in hops_of(forged("F7", n, campaign, at=NEW))} for n in range(3)]
        same += bool(ids[0] & ids[1] & ids[2] - {None})
    assert 15 <= same <= 48


def test_pasted_chains_are_the_same_under_every_mail() -> None:
    texts = {
        tuple(line.text for line in forged("F4", n, sender=machine(n, f"198.51.100.{n}", "pc", "engine-1")))
        for n in range(1, 40)
    }
    assert len(texts) == 3
    for chain in texts:
        assert len(chain) >= 2


def test_a_forger_may_be_given_real_mail_to_paste() -> None:
    real = stack(delivery(over=(CORP,)), 0)
    lines = stack(delivery("F4", 8), 0, [real])
    assert [line.text for line in lines if not line.genuine] == [line.text for line in real]


def test_impossible_values() -> None:
    odd = 0
    for number in range(70):
        (hop,) = hops_of(forged("F5", number, number))
        private = hop.ip is not None and str(hop.ip).startswith(
            ("10.", "127.", "192.168.", "172.16.", "169.254.", "0.")
        )
        high = hop.ip is not None and hop.ip.is_v4 and hop.ip.v4 >> 24 >= 224
        late = hop.at is None or abs(hop.at - OLD) > 86_400_000_000
        odd += hop.impossible or hop.ip is None or private or high or late
    assert odd >= 63


def test_webmail_that_was_none() -> None:
    for number in range(20):
        lines = forged("F6", number, number, origin="203.0.113.9")
        assert "203.0.113.9" in [line.address for line in lines]
        assert any(re.search(rb"HTTP", line.text) for line in lines)


def test_padding() -> None:
    counts = {len(forged("F9", n, n)) for n in range(60)}
    assert min(counts) >= 20
    assert max(counts) <= 150
    assert len(counts) > 20


def test_strategies_for_evaluation() -> None:
    storm, reactor = forged("E1", 1)[0], forged("E2", 1)[0]
    assert re.fullmatch(
        rb"Received: from [a-z]+\.[a-z]+ \(\[[\d.]+\]\) by 198\.51\.100\.7 with Microsoft SMTPSVC\([\d.]+\); .*",
        storm.text,
    )
    assert re.fullmatch(rb"Received: from \[198\.51\.100\.7\] by \w+\.sender\.example; .*", reactor.text)


def test_a_reporters_program_mangles_what_is_genuine() -> None:
    whole = stack(delivery(over=(CORP,)), 0)
    assert len(stack(delivery(over=(CORP,), mangled="stripped"), 0)) < len(whole)
    inline = [stack(delivery(number=n, over=(CORP,), mangled="inline"), 0) for n in range(8)]
    assert all(line.genuine for lines in inline for line in lines)
    assert any(lines[0].text != whole[0].text for lines in inline)


@given(
    number=st.integers(1, 2**50),
    at=st.integers(1_100_000_000_000_000, 1_900_000_000_000_000),
    strategy=st.sampled_from(["F0", *FORGED]),
    software=st.sampled_from(
        ["postfix", "exim", "sendmail", "qmail", "exchange", "microsoft-365", "gmail", "courier", "domino"]
    ),
    host=st.integers(1, 2**40),
    tls=st.sampled_from(["", "TLSv1", "TLSv1.3"]),
    engine=st.integers(1, 10),
)
def test_any_stack_is_a_header(
    number: int, at: int, strategy: str, software: str, host: int, tls: str, engine: int
) -> None:
    """Fields of folded lines no longer than RFC 5322 allows, equal in every run."""
    bot = machine(host, "198.51.100.7", "pc", f"engine-{engine}", "x.isp.example", bool(host & 1), host % 9_000_000)
    one = delivery(strategy, number, at, bot, (machine(host + 1, "203.0.113.20", "m.corp.example", software),), tls=tls)
    lines = stack(one, 5)
    assert lines == stack(one, 5)
    for line in lines:
        assert line.text.startswith(b"Received: ")
        assert all(len(part) <= 998 for part in line.text.split(b"\r\n"))
        assert re.fullmatch(rb"(?:[^\r\n]|\r\n[ \t])*", line.text)
    assert len(hops_of(lines)) == len(lines)


def test_some_servers_call_themselves_what_nobody_else_does() -> None:
    """T2 is noisy on honest mail: a few hosts write a name of their own inside; the intake's own server never does."""
    inside = 0
    for host in range(10, 410):
        relay = machine(host, "203.0.113.20", "mail.corp.example", "postfix", "mail.corp.example", True)
        top, low = hops_of(stack(delivery(over=(relay,)), 0))
        assert top.by == MX.name
        inside += low.by != "mail.corp.example"
    assert 12 <= inside <= 45


def test_hardly_any_honest_id_is_older_than_its_line() -> None:
    """T7: three of 13,506 in public mail."""
    step, chance = delivery(over=(CORP,)).path[0], quick(0, "odd")
    odd = 0
    for _ in range(40_000):
        turn = Turn(step, 0, chance)
        _oddities(turn)
        odd += turn.clock < turn.at - 3_000_000_000
    assert 3 <= odd <= 20
