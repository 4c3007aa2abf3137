"""Every line that a grammar writes is read back by Junkhound's own reader, which knows nothing of the writer."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import pytest

from junkhound import trace
from junkhound.evidence import message
from junkhound.trace import queueid
from junkhound.trace.hop import Hop
from spamworld.plan import Delivery, Line
from spamworld.wire import grammars, stack
from support.deliveries import CORP, MX, NEW, OLD, delivery, machine

# What the reader cannot say of genuine lines today, and why. Each entry is a gap in its dialects, not in the grammar.
GAPS = {
    ("amavis", "by"): "it calls itself localhost; the reader prefers the name beside it",
    ("sendgrid", "at"): "the filter's line has a date of Go's form, without a semicolon before it",
    ("courier", "id"): "the id stands behind the date, where the common form reads none",
}
PROTOCOLS = ("SMTP", "ESMTP", "ESMTPS", "ESMTPA", "ESMTPSA", "HTTP", "local")
NAMES = (("h7.isp.example", True), ("h7.isp.example", False), ("", False))
GREETINGS = ("pc-77", "[198.51.100.7]", "mail.sender.example", "198.51.100.7", "User")


def lines_of(software: str, protocol: str) -> Iterator[tuple[Delivery, Line, Hop]]:
    """Lines of that server about peers of all kinds, in both eras, each beside what the reader makes of it."""
    count = 0
    for host in range(1, 10):
        country = ("US", "DE", "JP", "IN")[host % 4]
        skew = (host - 5) * 1_000_000
        server = machine(host, "203.0.113.20", "mail.corp.example", software, "mail.corp.example", True, skew, country)
        for address in ("198.51.100.7", "2001:db8::7"):
            for rdns, confirmed in NAMES:
                count += 1
                greeting = GREETINGS[count % 5] if "." in address else ("[IPv6:2001:db8::7]", "User")[count % 2]
                sender = machine(77, address, "pc-77", "engine-1", rdns, confirmed)
                one = delivery(
                    number=count,
                    at=(OLD, NEW)[count % 2],
                    sender=sender,
                    mx=server,
                    protocol=protocol,
                    helo=greeting,
                    tls="TLSv1.2" if protocol in ("ESMTPS", "ESMTPSA") else "",
                    user="joe" if protocol[-1] == "A" or protocol in ("HTTP", "local") else "",
                )
                lines = stack(one, 0)
                raw = b"\r\n".join(line.text for line in lines) + b"\r\nSubject: x\r\n\r\n"
                hops = trace.read(message.parse(raw))
                assert len(hops) == len(lines)
                for line, hop in zip(lines, hops, strict=True):
                    yield one, line, hop


@pytest.mark.parametrize("software", sorted(grammars.GRAMMARS))
def test_each_line_is_read_back(software: str) -> None:
    """Peer, date, writer and id, as they stand in the text."""
    wrong: dict[str, list[object]] = {}
    for protocol in PROTOCOLS:
        for one, line, hop in lines_of(software, protocol):
            text = line.text.decode()
            true = one.path[-1].at + one.path[-1].receiver.skew
            by = re.search(r"\bby\s+(?!uid)([\w.:-]+)", text)
            queued = re.search(r"\bid\s+<?([^\s;<>]+)", text)
            checks = {
                "ip": (str(hop.ip) if hop.ip else "") == line.address,
                "at": hop.at is not None and abs(hop.at - true) <= 5_000_000,
                "by": by is None or hop.by == by[1].lower(),
                "id": queued is None or hop.id == queued[1],
            }
            for name, right in checks.items():
                if not right:
                    wrong.setdefault(name, []).append((text, hop))
    unexpected = {name: found[0] for name, found in wrong.items() if (software, name) not in GAPS}
    assert not unexpected


@pytest.mark.parametrize("software", sorted(grammars.GRAMMARS))
def test_no_line_blames_another_address(software: str) -> None:
    """Where the reader finds an address in a line, it is the one that the line shows, whatever it makes of the rest."""
    for protocol in PROTOCOLS:
        for _, line, hop in lines_of(software, protocol):
            assert hop.ip is None or str(hop.ip) == line.address, line.text


@pytest.mark.parametrize("software", ["postfix", "exim", "sendmail", "sendmail-8.9.3", "postfix-long"])
def test_ids_have_their_form_and_their_clock(software: str) -> None:
    """T7 and T8 find nothing odd in genuine lines."""
    seen = 0
    for protocol in ("SMTP", "ESMTPS", "local"):
        for _, line, hop in lines_of(software, protocol):
            assert queueid.examine(hop)[:2] == (True, False), line.text
            seen += 1
    assert seen > 100


def test_clocks_of_hosts_differ() -> None:
    """The date of a line is the writer's clock, not the true time."""
    slow = machine(3, "203.0.113.20", "slow.corp.example", "exim", skew=-3_600_000_000)
    (line,) = stack(delivery(mx=slow), 0)
    raw = line.text + b"\r\n\r\n"
    (hop,) = trace.read(message.parse(raw))
    assert hop.at is not None
    assert hop.at // 1_000_000 == OLD // 1_000_000 - 3600
    assert queueid.clock(hop) == hop.at


@pytest.mark.parametrize(
    ("rdns", "confirmed", "shown"),
    [("h.isp.example", True, "h.isp.example"), ("h.isp.example", False, "unknown"), ("", False, "unknown")],
)
def test_postfix_prints_only_names_that_resolve_back(rdns: str, confirmed: bool, shown: str) -> None:
    (line,) = stack(delivery(sender=machine(9, "198.51.100.7", "pc", "engine-1", rdns, confirmed)), 0)
    assert line.text.startswith(f"Received: from pc-77 ({shown} [198.51.100.7])".encode())


def test_a_version_fits_the_year() -> None:
    """No server of 2007 runs a release of 2023."""
    for host in range(1, 60):
        server = machine(host, "203.0.113.20", "mail.corp.example", "exim")
        old, new = (stack(delivery(at=at, mx=server), 0)[0].text for at in (OLD, NEW))
        number = [int(re.search(rb"Exim 4\.(\d+)", text)[1]) for text in (old, new)]  # type: ignore[index]
        assert number[0] <= 69 < number[1]


def test_an_unknown_server_writes_as_postfix_does() -> None:
    (line,) = stack(delivery(mx=machine(3, "203.0.113.20", "x.corp.example", "frobnicator-9")), 0)
    assert b"(Postfix)" in line.text


def test_a_server_that_writes_no_line_leaves_none() -> None:
    one = delivery(over=(CORP,))
    silent = msgspec.structs.replace(one.path[0], writes=False)
    lines = stack(msgspec.structs.replace(one, path=(silent, one.path[1])), 0)
    assert [line.host for line in lines] == [MX.id]


def test_long_queue_ids_are_younger_than_postfix_2_9() -> None:
    def queued(at: int) -> set[bool]:
        servers = [machine(host, "203.0.113.20", "m.corp.example", "postfix") for host in range(1, 60)]
        return {b"z" in stack(delivery(at=at, mx=one), 0)[0].text.split(b" id ")[1].split()[0] for one in servers}

    assert queued(OLD) == {False}
    assert queued(NEW) == {False, True}
