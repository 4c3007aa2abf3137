"""Received-SPF completes a line of our own server that does not say who was there; a stranger's does nothing."""

from __future__ import annotations

import pytest

from junkhound import trace
from junkhound.evidence import message
from junkhound.trace import results

BORDER = trace.boundary(["mx.example.org", "192.0.2.0/26"], allow_documentation=True)
DATE = "; Mon, 6 Jan 2025 10:00:05 +0000\n"
SILENT = "Received: by mx.example.org with Internet Mail Service (5.5.2657.72)\n\tid <6YX7D76V>" + DATE
SAYS = "Received-SPF: fail (domain of a@b.example)\n\tclient-ip={}; envelope-from=a@b.example; helo=pc.example.net;\n"
FORGED = (
    "Received: from victim.example.com (victim.example.com [203.0.113.5])\n\tby pc.example.net (Postfix) with ESMTP"
    " id 4YRV6E1R3Kz3w; Mon, 6 Jan 2025 10:00:01 +0000\n"
)
REST = "From: a@example.net\n\nbody\n"


def judged(text: str) -> trace.Verdict:
    return trace.judge(trace.read(message.parse(text.encode())), BORDER)


@pytest.mark.parametrize(
    ("value", "ip", "helo"),
    [
        (b" pass (mx: domain of a@b.example designates 192.0.2.7) client-ip=192.0.2.7;", "192.0.2.7", None),
        (b'none client-ip="2001:db8::7"; helo="pc.example.net"; envelope-from=a', "2001:db8::7", "pc.example.net"),
        (b"fail client-ip=192.0.2.7", "192.0.2.7", None),
        (b"fail (client-ip=192.0.2.8;) helo=x; client-ip=192.0.2.7", None, None),
        (b'fail envelope-from="client-ip=192.0.2.8"; client-ip=192.0.2.7', None, None),
        (b'fail client-ip=192.0.2.7; envelope-from="; client-ip=192.0.2.8"', None, None),
        (b"fail client-ip=300.1.1.1;", None, None),
        (b"fail (((((", None, None),
        (b"pass (mx.example.org: domain of a@b.example)", None, None),
        (b"", None, None),
    ],
)  # fmt: skip
def test_the_field_is_read(value: bytes, ip: str | None, helo: str | None) -> None:
    found = results.read_spf(value)
    assert (None if found is None else (str(found[0]), found[1])) == (None if ip is None else (ip, helo))


def test_it_completes_the_line_under_it() -> None:
    assert judged(SILENT + REST).address is None
    verdict = judged(SAYS.format("198.51.100.7") + SILENT + REST)
    assert str(verdict.address) == str(verdict.handover) == "198.51.100.7"
    assert verdict.helo == "pc.example.net"
    assert verdict.anchored


def test_lines_below_are_weighed_then() -> None:
    verdict = judged(SAYS.format("198.51.100.7") + SILENT + FORGED + REST)
    assert str(verdict.address) == "198.51.100.7"
    assert verdict.candidates


@pytest.mark.parametrize(
    "text",
    [
        SILENT + SAYS.format("198.51.100.7") + REST,  # below our line anybody may have typed it
        SAYS.format("192.0.2.3") + SILENT + REST,  # a relay of ours
        SAYS.format("10.0.0.1") + SILENT + REST,
        SAYS.format("198.51.100.7") + "Received: from mx.example.org (mx.example.org [192.0.2.1])\n\tby mx.example.org"
        " (Postfix) with ESMTP id 4YRV6E1R3Kz3w" + DATE + SILENT + REST,  # about another step
    ],
)  # fmt: skip
def test_elsewhere_it_says_nothing(text: str) -> None:
    assert judged(text).address is None
    assert judged(text.replace("Received-SPF", "X-Other")) == judged(text)
