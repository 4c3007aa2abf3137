"""Feedback reports: the examples of the standards, the odd ones of old loops, and any bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel import net
from junkhound.wire import arf
from junkhound.wire.arf import Feedback

# RFC 5965 appendix B, second example, with the fields of RFC 6591 and RFC 6692 beside
FULL = b"""\
Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <somespammer@example.net>
Original-Rcpt-To: <user@example.com>
Original-Rcpt-To: <other@example.com>
Arrival-Date: Thu, 8 Mar 2005 14:00:00 EDT
Reporting-MTA: dns; mail.example.com
Source-IP: 192.0.2.1
Source-Port: 54321
Authentication-Results: mail.example.com;
 spf=fail smtp.mail=somespammer@example.com
Reported-Domain: example.net
Reported-Uri: http://example.net/earn_money.html
Reported-Uri: mailto:user@example.com
Removal-Recipient: user@example.com
Incidents: 3
Auth-Failure: dmarc
Identity-Alignment: none
DKIM-Canonicalized-Body: VGhp
 cyBp
"""


def test_the_standards_fields_are_read() -> None:
    report = arf.read(FULL)
    assert (report.type, report.version, report.user_agent) == ("abuse", "1", "SomeGenerator/1.0")
    assert (report.source_ip, report.source_port, report.incidents) == (net.parse("192.0.2.1"), 54321, 3)
    assert report.original_mail_from == "somespammer@example.net"
    assert report.original_rcpt_to == ("user@example.com", "other@example.com", "user@example.com")
    assert report.authentication_results == ("mail.example.com; spf=fail smtp.mail=somespammer@example.com",)
    assert report.reported_uri == ("http://example.net/earn_money.html", "mailto:user@example.com")
    assert (report.auth_failure, report.identity_alignment) == ("dmarc", "none")
    assert report.dkim_canonicalized_body == "VGhpcyBp"


def test_old_loops_say_it_in_their_own_way() -> None:
    report = arf.read(b"\r\nUser-Agent: Old/1.0\r\nAbuse-Type: complaint\r\n\r\nSource-IP: [192.0.2.7] (dsl)\r\n")
    assert (report.type, report.source_ip) == ("abuse", net.parse("192.0.2.7"))


def test_an_address_that_is_none_is_kept_as_text_and_never_read_as_another() -> None:
    for text in ("XX.YY.2.49", "mail.example.net", "192.0.2", "999.0.2.1"):
        report = arf.read(f"Feedback-Type: abuse\nSource-IP: {text}\n".encode())
        assert report.source_ip is None, text
        assert ("source-ip", text) in report.others


def test_a_second_source_changes_nothing() -> None:
    report = arf.read(b"Source-IP: 192.0.2.1\nSource-IP: 198.51.100.1\n")
    assert report.source_ip == net.parse("192.0.2.1")
    assert report.others == (("source-ip", "198.51.100.1"),)


def test_not_spam_is_read() -> None:
    assert arf.read(b"Feedback-Type: not-spam\nVersion: 1\n").type == "not-spam"  # RFC 6430


words = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="<>:"), min_size=1, max_size=20)


@given(
    kind=st.sampled_from(arf.TYPES), agent=words, sender=words, ports=st.integers(1, 65535), number=st.integers(2, 999),
    domains=st.lists(words, max_size=3), address=st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_a_report_reads_back_as_written(
    kind: str, agent: str, sender: str, ports: int, number: int, domains: list[str], address: int
) -> None:
    report = Feedback(
        kind, "1", agent, net.v4(address), ports, "Mon, 6 Jan 2025 10:00:00 +0000", number, sender, (sender,),
        reported_domain=tuple(domains),
    )  # fmt: skip
    assert arf.read(arf.write(report)) == report


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_report(octets: bytes) -> None:
    assert isinstance(arf.read(octets), Feedback)


def test_a_flood_of_fields_is_cut() -> None:
    report = arf.read(b"X-A: b\n" * 300_000)
    assert len(report.others) <= arf.MANY
