# ruff: noqa: E501  lines as programs write them
"""Known relays: never blamed, and believed below the hand-over only as far as they write a line for every message."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound import trace
from junkhound.evidence import message
from junkhound.kernel import net
from junkhound.tables import Path
from junkhound.trace.known import embedded, provider

TAIL = "; Mon, 6 Jan 2025 10:00:0{} +0000\n"
WEBMAIL = {
    "name": "Webmail", "kind": "webmail", "networks": ["203.0.113.0/28"], "names": [".out.webmail.example"],
    "writes": [".webmail.example"], "inside": ["10.0.0.0/8"], "stamps": True,
}  # fmt: skip
BULK = WEBMAIL | {"name": "Bulk", "kind": "bulk", "networks": ["203.0.113.16/28"], "writes": [], "stamps": False}
LIST = WEBMAIL | {"name": "List", "kind": "list", "networks": ["203.0.113.32/28"], "writes": ["lists.example"]}
KNOWN = trace.Known(map(provider, (WEBMAIL, BULK, LIST)))
BORDER = trace.boundary(["mx.example.org"], allow_documentation=True, known=KNOWN)


def border_line(ip: str, rdns: str = "unknown") -> str:
    return f"from x ({rdns} [{ip}])\n\tby mx.example.org (Postfix) with ESMTP id 4YRV6C1R3Kz3w"


STEP = "from a1.webmail.example (a1.webmail.example [10.1.2.3])\n\tby o7.webmail.example (Postfix) with ESMTP id 4YRV6B1R3Kz3w"
CLIENT = "from pc (unknown [198.51.100.7])\n\t(Authenticated sender: me@webmail.example)\n\tby a1.webmail.example (Postfix) with ESMTPSA id 4YRV691R3Kz3w"
BROWSER = "from 198.51.100.7 by a1.webmail.example with HTTP"
MEMBER = "from pc.example.net (pc.example.net [198.51.100.9])\n\tby lists.example (Postfix) with ESMTP id 4YRV691R3Kz3w"
VICTIM = "from victim.example.com (victim.example.com [203.0.113.99])\n\tby a1.webmail.example (Postfix) with ESMTP id 4YRV681R3Kz3w"


def judged(*lines: str) -> trace.Verdict:
    text = "".join(f"Received: {line}{TAIL.format(9 - number)}" for number, line in enumerate(lines))
    return trace.judge(trace.read(message.parse((text + "From: a@example.net\n\nx\n").encode())), BORDER)


@pytest.mark.parametrize(
    ("lines", "path", "source", "account"),
    [
        ((border_line("203.0.113.5"), STEP, CLIENT, VICTIM), Path.AUTHENTICATED, "198.51.100.7", "me@webmail.example"),
        ((border_line("203.0.113.5"), STEP, BROWSER, VICTIM), Path.WEBMAIL, "198.51.100.7", None),
        ((border_line("203.0.113.5"), STEP), Path.WEBMAIL, None, None),
        ((border_line("203.0.113.5"), "from x by y with z", CLIENT), Path.WEBMAIL, None, None),
        ((border_line("203.0.113.5"), STEP, VICTIM, CLIENT), Path.FORWARDED, "203.0.113.99", None),
        ((border_line("203.0.113.77", "o7.out.webmail.example"), BROWSER), Path.WEBMAIL, "198.51.100.7", None),
        ((border_line("203.0.113.20"), VICTIM), Path.ESP, None, None),
        ((border_line("203.0.113.40"), MEMBER, VICTIM), Path.LIST, "198.51.100.9", None),
    ],
)
def test_known_relays(lines: tuple[str, ...], path: Path, source: str | None, account: str | None) -> None:
    found = judged(*lines)
    assert found.path is path
    assert found.source == (net.parse(source) if source else None)
    assert found.address is None, "the address of a relay of many people is never the one to blame"
    assert found.handover is not None
    assert found.provider
    assert found.account == account
    assert found.confidence < 0.99
    assert found.reasons[0].status == "handover"


def test_a_claimed_name_makes_no_known_relay() -> None:
    line = "from o7.out.webmail.example (HELO o7.out.webmail.example) (198.51.100.66)\n  by mx.example.org with SMTP"
    found = judged(line, CLIENT)
    assert str(found.address) == "198.51.100.66"
    assert found.provider is None


typed = st.sampled_from([STEP, CLIENT, BROWSER, MEMBER, VICTIM, "nonsense", border_line("203.0.113.5")])


@given(st.sampled_from([CLIENT, BROWSER]), st.lists(typed, max_size=4))
def test_what_a_customer_types_cannot_move_the_source(customer: str, below: list[str]) -> None:
    honest = judged(border_line("203.0.113.5"), STEP, customer)
    moved = judged(border_line("203.0.113.5"), STEP, customer, *below)
    assert (moved.source, moved.path, moved.account) == (honest.source, honest.path, honest.account)


def test_what_comes_with_the_program() -> None:
    held = embedded().providers
    assert len(held) >= 8
    for one in held:
        assert one.names or one.networks
        assert all(net.is_public(network.first) for network in one.networks)
        assert not one.stamps or one.writes
    google = net.parse("209.85.220.41")
    assert google is not None
    found = embedded().provider(trace.Hop(ip=google))
    assert found is not None
    assert found.name == "Google"


def test_a_boundary_travels_to_another_process() -> None:
    judged(border_line("203.0.113.5"), STEP)
    again = pickle.loads(pickle.dumps(BORDER))
    line = trace.Hop(ip=net.parse("203.0.113.5"))
    found = again.known.provider(line)
    assert found is not None
    assert found.name == "Webmail"
    assert again.names["mx.example.org"]


def test_a_mailbox_at_a_provider_is_told_by_its_inner_lines() -> None:
    lines = (
        "from a.outlook.com (2603:10b6:5:333::23) by b.namprd19.prod.outlook.com (2603:10b6:5::1) with Microsoft SMTP Server id 15.20.1.1",
        "from x.example (198.51.100.7) by c.mail.protection.outlook.com (10.13.1.1) with Microsoft SMTP Server id 15.20.1.1",
    )
    text = "".join(f"Received: {line}{TAIL.format(9 - number)}" for number, line in enumerate(lines))
    hops = trace.read(message.parse((text + "From: a@example.net\n\nx\n").encode()))
    relays = trace.mailbox_at(hops)
    assert relays == [".outlook.com", "2603:1000::/24"]
    assert str(trace.judge(hops, trace.boundary(relays, allow_documentation=True)).address) == "198.51.100.7"
    assert trace.mailbox_at(hops[1:]) == []
    assert trace.mailbox_at(()) == []
