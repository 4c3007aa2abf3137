"""What is made of the mails that people and machines send to a complaint mailbox."""

from __future__ import annotations

import time
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound import complaint, trace
from junkhound.complaint.letter import Letter
from junkhound.evidence.message import parse
from junkhound.tables import Kind
from support.forwards import FORWARDS, WHOLE, Forward

SPAM = b"""\
Received: from dsl-7.access.example (dsl-7.access.example [192.0.2.7])
\tby mx.victim.example (Postfix) with SMTP id 4F1B2C3D5E; Mon, 6 Jan 2025 10:04:05 +0000 (UTC)
From: Lottery <win@lottery.example>
To: ann@victim.example
Subject: You have won

Send us your bank account.
"""


def letter(text: str = "", subject: str = "complaint", html: str = "", **fields: str) -> EmailMessage:
    """A mail of a person who complains."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = fields.pop("author", "Ann <ann@victim.example>")
    mail["To"] = "abuse@isp.example"
    mail["Subject"] = subject
    mail["Date"] = "Mon, 6 Jan 2025 11:00:00 +0000"
    for name, value in fields.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text or "see below")
    if html:
        mail.add_alternative(html, subtype="html")
    return mail


def report(feedback: str, spam: bytes = SPAM, kind: str = "message/rfc822") -> bytes:
    """A feedback report."""
    return (
        b"From: loop@fbl.example\r\nTo: abuse@isp.example\r\nSubject: FW: won\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\nThis is a report for a mail received from IP 192.0.2.9 today.\r\n"
        b"--b\r\nContent-Type: message/feedback-report\r\n\r\n" + feedback.encode() + b"\r\n"
        b"--b\r\nContent-Type: " + kind.encode() + b"\r\n\r\n" + spam + b"\r\n--b--\r\n"
    )


@pytest.mark.parametrize("forward", FORWARDS, ids=lambda one: one.name)
@pytest.mark.parametrize("form", ["plain", "html"])
def test_inline_forwards_are_found_and_marked_incomplete(forward: Forward, form: str) -> None:
    lines = forward.text.replace("&", "&amp;").replace("<", "&lt;").split("\n")
    html = "<html><body>" + "<br>\n".join(lines) + "</body></html>" if form == "html" else ""
    mail = letter(forward.text if form == "plain" else " ", "Fwd: You have won", html)
    found = complaint.read(bytes(mail))
    assert found.form == "inline"
    assert found.missing == ("headers",)
    assert found.kind is Kind.JUNK
    assert found.found == "part"
    (shown,) = found.mails
    assert shown.how == f"inline {forward.program}".strip()
    assert shown.completeness == "incomplete"
    message = parse(shown.octets)
    assert forward.sender in message.text(b"from")
    assert message.text(b"subject") == forward.subject
    assert "Send us your bank account." in message.parts()[0].text()


def test_headers_pasted_whole_are_whole() -> None:
    found = complaint.read(bytes(letter(WHOLE)))
    (shown,) = found.mails
    assert (found.form, shown.completeness, found.missing) == ("inline", "whole", ())
    hops = trace.read(parse(shown.octets))
    assert [str(hop.ip) for hop in hops] == ["192.0.2.7"]
    assert shown.octets.endswith(b"Send us your bank account.\n")


def test_quoted_headers_are_the_same() -> None:
    quoted = "".join(f"> {line}\n" for line in WHOLE.splitlines())
    assert complaint.read(bytes(letter(quoted))).mails[0].octets == complaint.read(bytes(letter(WHOLE))).mails[0].octets


@pytest.mark.parametrize("kind", ["rfc822", "eml file"])
def test_mails_attached_are_taken_byte_by_byte(kind: str) -> None:
    mail = letter("I got this", "spam")
    if kind == "rfc822":
        mail.add_attachment(parse(SPAM) and EmailMessage(), filename="won.eml")
        raw = bytes(mail)
        start = raw.rindex(b"Content-Type: message/rfc822")
        head = raw[start:].partition(b"\r\n\r\n")[0]
        end = raw.rindex(b"\r\n--")
        raw = raw[: start + len(head) + 4] + SPAM + raw[end:]
    else:
        mail.add_attachment(SPAM, maintype="application", subtype="octet-stream", filename="won.eml")
        raw = bytes(mail)
    found = complaint.read(raw)
    assert (found.form, found.about, found.found) == ("attached", "abuse", "all")
    assert found.mails[0].octets.strip() == SPAM.strip()
    assert found.mails[0].completeness == "whole"


def test_a_feedback_report() -> None:
    found = complaint.read(report("Feedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\nSource-IP: 192.0.2.7\n"))
    assert (found.form, found.about, found.missing, found.kind) == ("arf", "abuse", (), Kind.JUNK)
    assert [(claim.value, claim.where) for claim in found.claims] == [("192.0.2.7", "Source-IP")]
    assert found.mails[0].octets.rstrip() == SPAM.rstrip()


def test_the_sentence_for_people_helps_where_the_field_lacks() -> None:
    found = complaint.read(report("Feedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\n"))
    assert [(claim.value, claim.where) for claim in found.claims] == [("192.0.2.9", "named")]


@pytest.mark.parametrize(
    ("feedback", "kind"),
    [("not-spam", Kind.GOOD), ("opt-out", Kind.UNSORTED), ("auth-failure", Kind.UNSORTED), ("fraud", Kind.JUNK)],
)
def test_the_type_decides_what_it_says(feedback: str, kind: Kind) -> None:
    found = complaint.read(report(f"Feedback-Type: {feedback}\nSource-IP: 192.0.2.7\n"))
    assert (found.about, found.kind) == (feedback, kind)


def test_headers_alone_are_marked_so() -> None:
    found = complaint.read(report("Feedback-Type: abuse\n", SPAM.partition(b"\n\n")[0], "text/rfc822-headers"))
    assert found.mails[0].completeness == "headers"


DSN = (
    b"""\
From: MAILER-DAEMON@mx.example.net
To: ann@victim.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I could not deliver it.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
--b
Content-Type: message/rfc822

"""
    + SPAM
    + b"\n--b--\n"
)


@pytest.mark.parametrize(
    "mail",
    [
        DSN,
        b"From: Mail Delivery System <Mailer-Daemon@mx.example>\nX-Failed-Recipients: a@b.example\n\nfailed\n\n" + SPAM,
        b"Return-Path: <>\nFrom: postmaster@mx.example\nSubject: failure notice\n\nHi. This is the qmail-send program",
    ],
)
def test_bounces_are_no_complaints_and_what_they_carry_is_not_traced(mail: bytes) -> None:
    found = complaint.read(mail)
    assert (found.form, found.mails, found.claims, found.kind) == ("bounce", (), (), Kind.BACKSCATTER)


@pytest.mark.parametrize(
    "fields",
    [
        {"Auto_Submitted": "auto-replied"},
        {"subject": "Out of office: complaint"},
        {"subject": "Automatische Antwort: complaint"},
        {"X_Autoreply": "yes"},
        {"Precedence": "auto_reply"},
    ],
)
def test_automatic_answers_are_no_complaints(fields: dict[str, str]) -> None:
    assert complaint.read(bytes(letter(WHOLE, **fields))).form == "auto_reply"


def test_a_report_made_by_a_program_is_no_automatic_answer() -> None:
    assert complaint.read(bytes(letter(WHOLE, Auto_Submitted="auto-generated"))).form == "inline"


def test_an_abuse_report_in_words() -> None:
    text = "Dear abuse team,\n\nyour server with the IP: *192.0.2.7* has attacked one of our servers by brute force.\n"
    found = complaint.read(bytes(letter(text, "abuse report about 192.0.2.7")))
    assert (found.form, found.about, found.kind) == ("notice", "login_attack", Kind.AUTH_GUESS)
    assert [claim.value for claim in found.claims] == ["192.0.2.7"]
    assert found.found == "all"


def test_of_several_addresses_that_merely_stand_there_none_is_stated() -> None:
    text = "I complain. There was 192.0.2.7 and then 198.51.100.3 was involved, or so it seems.\n"
    found = complaint.read(bytes(letter(text, "complaint")))
    assert found.found == "part"
    assert {claim.where for claim in found.claims} == {"text"}


def test_a_table_of_addresses() -> None:
    mail = letter("Attached is the report on abuse from your network.", "Daily incident report")
    rows = 'timestamp,ip,port,infection\n"2025-01-06 10:00:00",192.0.2.7,2005,conficker\n,XX.1.2.3,1,x\n'
    mail.add_attachment(rows.encode(), maintype="text", subtype="csv", filename="report.csv")
    found = complaint.read(bytes(mail))
    assert [(claim.value, claim.where) for claim in found.claims] == [("192.0.2.7", "report")]
    assert found.claims[0].at == 1736157600_000000


def test_xarf_in_a_mail() -> None:
    mail = letter("see attached", "login attack", X_XARF="PLAIN")
    mail.add_attachment(
        b"Reported-From: r@reporter.example\nReport-Type: login-attack\nSource: 192.0.2.7\nDate: 2025-01-06\n",
        maintype="text", subtype="plain", filename="report.txt",
    )  # fmt: skip
    found = complaint.read(bytes(mail))
    assert (found.form, found.about, found.claims[0].value) == ("xarf", "login_attack", "192.0.2.7")


def test_plain_mail_is_plain() -> None:
    found = complaint.read(bytes(letter("Shall we meet for lunch on Monday?", "lunch")))
    assert (found.form, found.claims, found.mails) == ("plain", (), ())


@given(st.binary(max_size=3000))
def test_any_bytes_are_read(octets: bytes) -> None:
    assert complaint.read(octets).form


@given(
    st.lists(
        st.sampled_from([*WHOLE.splitlines(), *FORWARDS[0].text.splitlines(), "> ", "", ":", "From: x"]), max_size=60
    )
)
def test_any_order_of_lines_is_read(lines: list[str]) -> None:
    found = complaint.read(bytes(letter("\n".join(lines) or "x")))
    assert all(mail.octets for mail in found.mails)


@pytest.mark.parametrize(
    "text",
    ["From: a\n" * 100_000, "Received: x\n" * 50_000, "> " * 200_000, "IP: " * 100_000, "1.2.3." * 100_000,
     "<p" * 200_000, "report " * 80_000, "-" * 500_000, "a:" * 250_000],
)  # fmt: skip
def test_hostile_text_takes_bounded_time(text: str) -> None:
    head = "From: ann@victim.example\nSubject: abuse report\nContent-Type: text/{}\n\n"
    for kind in ("plain", "html"):
        started = time.process_time()
        complaint.read(head.format(kind).encode() + text.encode())
        assert time.process_time() - started < 3


def test_a_letter_knows_its_author() -> None:
    assert Letter(b'From: "Bob, the <x>" <Bob@Example.NET>\n\n').author == ("bob", "example.net")
