"""What our own relay found out of a mail counts; what a sender wrote in its name does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound import guard, trace
from junkhound.evidence.message import parse
from junkhound.guard import authenticated
from junkhound.kernel import clock
from support import guards

NOW = clock.parse("2026-01-01T10:00:05Z")
BORDER = trace.boundary(["mx.example.net"], (), allow_documentation=True)
OURS = b"Authentication-Results: mx.example.net; spf=pass smtp.mailfrom=bounce@mail.watches.example\r\n"
MAIL = guards.mail()
RECEIVED, REST = MAIL[: MAIL.index(b"From: ")], MAIL[MAIL.index(b"From: ") :]


def read(octets: bytes, safe: frozenset[str] = frozenset()) -> authenticated.Authenticated:
    message = parse(octets)
    hops = trace.read(message)
    verdict = trace.judge(hops, BORDER, None, explain=False)
    return authenticated.read(message, hops, verdict.handover, BORDER.knows_name, safe)


def test_above_our_line_it_is_ours() -> None:
    found = read(OURS + MAIL)
    assert found.results == {"spf": "pass"}
    assert (found.domains, found.aligned) == (frozenset({"watches.example"}), "watches.example")


@pytest.mark.parametrize(
    "octets",
    [
        RECEIVED + OURS + REST,  # the sender's first field stands right below our line
        RECEIVED + b"Received: from a (a [192.0.2.9]) by b; Thu, 01 Jan 2026 09:00:00 +0000\r\n" + OURS + REST,
        OURS.replace(b"mx.example.net", b"mx.evil.example") + MAIL,
        OURS.replace(b"mx.example.net", b"evil.example (mx.example.net)") + MAIL,
        OURS + REST,  # no line of ours at all
    ],
)
def test_anywhere_else_it_may_be_the_senders(octets: bytes) -> None:
    assert not read(octets)


def test_a_relay_that_strips_forged_fields_is_believed_before_the_first_strangers_line() -> None:
    safe = frozenset({"mx.example.net"})
    assert read(RECEIVED + OURS + REST, safe).aligned == "watches.example"
    stranger = b"Received: from a (a [192.0.2.9]) by b; Thu, 01 Jan 2026 09:00:00 +0000\r\n"
    assert not read(RECEIVED + stranger + OURS + REST, safe)


def test_fields_are_read_as_the_rfc_writes_them() -> None:
    field = (
        b"Authentication-Results: MX.example.net 1; (so; spf=fail) dkim=fail reason=\"bad; key\" header.d=x.example;"
        b"\r\n"
        b"\tdkim=pass (2048-bit) header.d=Mail.Watches.Example header.s=s1;\r\n\tiprev/1=pass policy.iprev=192.0.2.1;"
        b" dmarc=pass header.from=watches.example\r\n"
    )  # fmt: skip
    found = read(field + MAIL)
    assert found.results == {"dkim": "pass", "iprev": "pass", "dmarc": "pass"}
    assert found.aligned == "watches.example"


def test_who_is_not_proven_and_says_so_is_told() -> None:
    judge = guard.Judge(guard.empty(), guard.shipped(), BORDER, None)
    fail = b"Authentication-Results: mx.example.net; spf=softfail smtp.mailfrom=x.example; dkim=fail header.d=y.a\r\n"
    said = judge(fail + MAIL, None, NOW).evidence
    assert {"unproven", "unaligned", "spf_fail", "dkim_fail"} <= said.amounts.keys()
    assert not {"unproven", "unaligned"} & judge(MAIL, None, NOW).evidence.amounts.keys()  # nobody said anything


def test_a_correspondent_is_one_from_where_they_wrote_before() -> None:
    personal = guard.Personal(b"k")
    judge = guard.Judge(guard.empty(), guard.shipped(), BORDER, None, personal)
    friend = OURS + guards.mail("see you", "ann@watches.example", "lunch", "198.51.100.9", "mail.friends.example")
    for number in range(40):
        personal.learn(b"%d" % number, judge(friend, None, NOW).words, False)
        personal.learn(b"j%d" % number, judge(guards.mail(), None, NOW).words, True)

    def known(octets: bytes) -> float:
        own = personal.asked(judge(octets, None, NOW).words)
        assert own is not None
        return own.known

    elsewhere = guards.mail("see you", "ann@watches.example", "lunch", "203.0.113.5", "host.isp.example")
    assert known(friend) == 3.0
    assert known(OURS + elsewhere) == 3.0  # from another network, and proven
    assert known(elsewhere) == 0.0  # the name alone
    assert known(guards.mail()) == 0.0


@given(st.binary(max_size=400))
def test_any_field_is_read(value: bytes) -> None:
    octets = b"Authentication-Results: mx.example.net;" + value.replace(b"\r", b"").replace(b"\n", b"") + b"\r\n" + MAIL
    found = read(octets)
    assert found.aligned in ("", *found.domains)
    assert found or not found.domains, "whom it proves, a result must say"
