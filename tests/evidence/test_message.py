"""The walker: every byte accounted for, the standard library as a second opinion, bounded work for hostile input."""

from __future__ import annotations

import base64
import email
import email.message
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.evidence.message import MAX_FIELDS, MAX_LEVEL, MAX_PARTS, Message, parse
from junkhound.tables import Defect
from support.corpus import messages

LETTER = b"""Received: from a.example (a.example [192.0.2.1])
\tby mx.example.org; Mon, 6 Jan 2025 10:00:00 +0000
Received: from b.example by a.example; Mon, 6 Jan 2025 09:59:59 +0000
From: =?utf-8?Q?J=C3=BCrgen?= =?utf-8?q?_M=C3=BCller?= <j@example.com>
Subject: Offer
 of the week
Content-Type: multipart/mixed; boundary="outer"

preamble
--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

caf=E9 =
au lait
--inner
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PGI+Y2Fmw6k8L2I+
--inner--
--outer
Content-Type: application/pdf; name*=utf-8''caf%C3%A9.pdf
Content-Disposition: attachment

%PDF
--outer--
epilogue
"""


def joined(message: Message) -> bytes:
    """The raw bytes again, put together from what the message says stands where."""
    raw = message.raw
    first = message.fields[0][1] if message.fields else message.body_at
    last = message.fields[-1][3] if message.fields else message.body_at
    fields = b"".join(raw[start:value] + raw[value:end] for _, start, value, end in message.fields)
    return raw[:first] + fields + raw[last : message.body_at] + raw[message.body_at :]


def header_only(message: Message) -> bytes:
    """What stands between the last field and the body: the blank line, or nothing."""
    return message.raw[message.fields[-1][3] : message.body_at] if message.fields else b""


def test_fields_parts_and_texts_of_a_letter() -> None:
    message = parse(LETTER)
    assert [name for name, *_ in message.fields] == [b"received", b"received", b"from", b"subject", b"content-type"]
    assert len(message.every(b"received")) == 2
    assert message.every(b"received")[0].startswith(b"from a.example")
    assert b"\n\tby mx" in message.every(b"received")[0]
    assert message.text(b"from") == "Jürgen Müller <j@example.com>"
    assert message.text(b"subject") == "Offer of the week"
    assert message.first(b"x-none") is None
    assert message.text(b"x-none") == ""
    plain, html, pdf = message.parts()
    assert (plain.type, plain.charset, plain.level) == ("text/plain", "iso-8859-1", 2)
    assert plain.text() == "café au lait"
    assert html.text() == "<b>café</b>"
    assert plain.choice == html.choice != pdf.choice
    assert (pdf.name, pdf.disposition, pdf.payload()) == ("café.pdf", "attachment", b"%PDF")
    assert message.raw[pdf.start : pdf.end] == b"%PDF"
    assert message.defects == 0


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_line_ends_do_not_matter(line_end: bytes) -> None:
    raw = LETTER.replace(b"\n", line_end)
    message = parse(raw)
    assert joined(message) == raw
    assert [name for name, *_ in message.fields] == [name for name, *_ in parse(LETTER).fields]
    assert [part.text() for part in message.parts()[:2]] == ["café au lait", "<b>café</b>"]
    assert bool(message.defects & Defect.BARE_CR) == (line_end == b"\r")


@pytest.mark.parametrize(
    ("raw", "defect", "names", "body"),
    [
        (b"", Defect.EMPTY, [], b""),
        (b"a: b\nc: d", Defect.NO_HEADER_END, [b"a", b"c"], b""),
        (b"a: b\nhello world\nc: d\n\nx", Defect.NO_HEADER_END, [b"a"], b"hello world\nc: d\n\nx"),
        (b"hello world", Defect.NO_HEADERS, [], b"hello world"),
        (b"From me Mon Jan  6 2025\na: b\n\nx", Defect.STRAY_FROM_LINE, [b"a"], b"x"),
        (b"a: b\nFrom me\nc: d\n\nx", Defect.BAD_HEADER_LINE, [b"a", b"", b"c"], b"x"),
        (b"a: b\n: d\n\nx", Defect.BAD_HEADER_LINE, [b"a", b""], b"x"),
        (b" folded\na: b\n\nx", Defect.BAD_HEADER_LINE, [b"", b"a"], b"x"),
        (b"Subject : blank before colon\n\nx", Defect(0), [b"subject"], b"x"),
        (b"a: b\0c\n\nx", Defect.NUL_BYTES, [b"a"], b"x"),
        (b"a: b\rc: d\n\nx", Defect.BARE_CR, [b"a", b"c"], b"x"),
        (b"x: y\na: b\rc: d\n\nx", Defect.BARE_CR, [b"x", b"a"], b"x"),
        (b"a: b\r\n\nx\n", Defect.MIXED_LINE_ENDS, [b"a"], b"x\n"),
        (b"a: \xff\n\nx", Defect.EIGHT_BIT_HEADER, [b"a"], b"x"),
        (b"a: b\n\n" + b"x" * 999, Defect.LONG_LINE, [b"a"], b"x" * 999),
        (b"a: " + b"x\n " * 9000 + b"\n\nx", Defect.LONG_HEADER, [b"a"], b"x"),
        (b"\n\nx", Defect.NO_HEADERS, [], b"\nx"),
    ],
)
def test_broken_headers(raw: bytes, defect: Defect, names: list[bytes], body: bytes) -> None:
    message = parse(raw)
    assert [name for name, *_ in message.fields] == names
    assert raw[message.body_at :] == body
    assert joined(message) == raw
    if defect:
        assert message.defects & defect
    else:
        assert message.defects == 0


MULTI = b"Content-Type: multipart/mixed; boundary=b\n\n"


@pytest.mark.parametrize(
    ("raw", "defect", "kinds"),
    [
        (b"Content-Type: multipart/mixed\n\nhello", Defect.NO_BOUNDARY, ["text/plain"]),
        (MULTI + b"no boundary here", Defect.NO_BOUNDARY, ["text/plain"]),
        (MULTI + b"--b--\n", Defect.NO_BOUNDARY, ["text/plain"]),
        (MULTI + b"--b\n\nx\n", Defect.UNCLOSED_BOUNDARY, ["text/plain"]),
        (MULTI + b"--b\n\nx\n--b1\n\ny\n--b--\n", Defect(0), ["text/plain"]),
        (MULTI + b"--b \t\n\nx\n--b--\n", Defect(0), ["text/plain"]),
        (MULTI + b"--b\nContent-Type: nonsense\n\nx\n--b--\n", Defect(0), ["text/plain"]),
        (MULTI.replace(b"mixed", b"digest") + b"--b\n\na: b\n\nx\n--b--", Defect(0), ["message/rfc822", "text/plain"]),
        (b"Content-Type: message/rfc822\n\nContent-Type: text/html\n\n<p>", Defect(0), ["message/rfc822", "text/html"]),
        (b"Content-Type: TEXT/HTML;CHARSET=x\n\n<p>", Defect.UNKNOWN_CHARSET, ["text/html"]),
        (b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n", Defect.UNKNOWN_ENCODING, ["text/plain"]),
        (b"Content-Transfer-Encoding: base64\n\nYWJjZ\n", Defect.BAD_BASE64, ["text/plain"]),
        (b"Content-Transfer-Encoding: quoted-printable\n\n=XY\n", Defect.BAD_QUOTED_PRINTABLE, ["text/plain"]),
        (b"Content-Type: text/plain; charset=utf-8\n\n\xff", Defect.UNDECODABLE_TEXT, ["text/plain"]),
    ],
)
def test_broken_bodies(raw: bytes, defect: Defect, kinds: list[str]) -> None:
    message = parse(raw)
    assert [part.type for part in message.parts()] == kinds
    for part in message.parts():
        part.text()
    assert message.defects == int(defect)


def test_a_footer_below_base64_does_not_spoil_it() -> None:
    """List servers append plain text; the standard library gives up on such a part."""
    for octets in (b"abcdefghijklmnopqrstuvwxyz" * 4, b"abcdefghijklmnopqrstuvwxyz" * 3):  # with padding and without
        letters = base64.encodebytes(octets)
        raw = b"Content-Transfer-Encoding: base64\n\n" + letters + b"--\nexample list: http://example.org/x\n"
        (part,) = parse(raw).parts()
        assert part.payload() == octets


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"plain", "plain"),
        (b"=?ISO-8859-1?Q?a?= b", "a b"),
        (b"=?iso-8859-1?q?a?=  \n =?iso-8859-1?q?b?=", "ab"),
        (b"=?utf-8?b?w7w=?=", "ü"),
        (b"=?utf-8?B?ww==?= =?utf-8?B?vA?=", "ü"),
        (b"=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=", "ü"),
        (b"=?no-such-charset?q?x?=", "x"),
        (b"=?utf-8*en?q?x_y?=", "x y"),
        (b"=?utf-8?q?never ended", "=?utf-8?q?never ended"),
        (b"caf\xc3\xa9", "café"),
        (b"caf\xe9", "café"),
        (b"=?utf-7?q?+2D3-?=", "\ufffd"),
        (b"=?unicode_escape?q?=5Cud83d?=", "\\ud83d"),
    ],
)
def test_encoded_words(value: bytes, text: str) -> None:
    assert parse(b"Subject: " + value + b"\n\n").text(b"subject") == text


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b'attachment; filename="a b.txt"', "a b.txt"),
        (b"attachment; filename=a.txt", "a.txt"),
        (b'attachment; filename="a\\"b.txt"', 'a"b.txt'),
        (b"attachment; FileName*=iso-8859-1'en'a%20b.txt", "a b.txt"),
        (b"attachment; filename*0*=utf-8''a%C3; filename*1*=%BC; filename*2=\".txt\"", "aü.txt"),
        (b'attachment; filename="=?utf-8?B?w7wudHh0?="', "ü.txt"),
        (b'attachment; filename="never ended', "never ended"),
        (b"attachment", ""),
    ],
)
def test_file_names(value: bytes, name: str) -> None:
    (part,) = parse(b"Content-Disposition: " + value + b"\n\n").parts()
    assert part.name == name


def nested(depth: int) -> bytes:
    rest = b"".join(b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (n, n + 1) for n in range(depth))
    return b"Content-Type: multipart/mixed; boundary=b0\n\n" + rest + b"--b%d\n\nhi\n" % depth


def test_300_levels_stop_at_the_cap() -> None:
    message = parse(nested(300))
    assert max(part.level for part in message.parts()) <= MAX_LEVEL
    assert message.defects & Defect.TOO_DEEP


def test_embedded_messages_stop_at_the_cap() -> None:
    message = parse(b"Content-Type: message/rfc822\n\n" * 5000)
    assert len(message.parts()) == MAX_LEVEL + 1
    assert message.defects & Defect.TOO_DEEP


def test_20000_parts_stop_at_the_cap() -> None:
    message = parse(MULTI + b"--b\n\nx\n" * 20_000 + b"--b--\n")
    assert len(message.parts()) == MAX_PARTS
    assert message.defects & Defect.TOO_MANY_PARTS


def test_lines_like_a_boundary_stop_at_the_cap() -> None:
    message = parse(MULTI + b"--b\n\n" + b"--bx\n" * 200_000)
    assert len(message.parts()) == 1
    assert message.defects & Defect.TOO_MANY_PARTS


def test_20000_headers_end_in_one_nameless_field() -> None:
    raw = b"Received: from a by b; Mon, 6 Jan 2025 10:00:00 +0000\n" * 20_000 + b"\nbody"
    message = parse(raw)
    assert len(message.fields) == MAX_FIELDS + 1
    assert message.fields[-1][0] == b""
    assert raw[message.body_at :] == b"body"
    assert joined(message) == raw
    assert message.defects & Defect.MANY_HEADERS
    assert message.defects & Defect.LONG_HEADER


def test_20000_encoded_words_are_read_as_far_as_asked() -> None:
    message = parse(b"Subject: " + b"=?utf-8?q?a?= " * 20_000 + b"\n\n")
    assert 0 < len(message.text(b"subject", 50)) <= 50


def test_limits_cut_what_is_decoded() -> None:
    (part,) = parse(b"Content-Transfer-Encoding: base64\n\n" + b"YWJj" * 10_000).parts()
    assert part.payload(10) == b"abcabcabca"
    assert part.text(10) == "abcabcabca"
    assert part.defects == Defect.TEXT_CAPPED
    (part,) = parse(b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=41" * 10_000).parts()
    assert part.payload(10) == b"A" * 10


pieces = st.sampled_from(
    [b"\n", b"\r\n", b"\r", b"\n\n", b":", b" ", b"\t", b"--b", b"--", b"From ", b"Content-Type: ", b"message/rfc822",
     b"multipart/mixed; boundary=b", b"text/html", b"Content-Transfer-Encoding: ", b"base64", b"quoted-printable",
     b"=3D", b"=?utf-8?q?", b"?=", b"; charset=utf-7", b"; name*0*=", b"\0", b"\xff", b"a", b'"', b"\\", b"+2D3-"]
)  # fmt: skip
mails = st.lists(st.one_of(pieces, st.binary(max_size=8)), max_size=60).map(b"".join)


@given(mails)
def test_any_bytes_parse_and_come_back(raw: bytes) -> None:
    message = parse(raw)
    assert joined(message) == raw
    ends = [end for *_, end in message.fields]
    assert [start for _, start, _, _ in message.fields][1:] == ends[:-1], "fields follow each other without a gap"
    assert all(start <= value <= end <= message.body_at for _, start, value, end in message.fields)
    assert not header_only(message).strip(b"\r\n")
    for name, *_ in message.fields:
        message.text(name).encode()
    for part in message.parts():
        assert 0 <= part.start <= part.end <= len(raw)
        part.text().encode()
        part.name.encode()
        part.payload()


@given(mails, mails)
def test_what_follows_the_header_cannot_change_it(one: bytes, other: bytes) -> None:
    head = b"A: b\nReceived: x\n\n"
    assert parse(head + one).fields == parse(head + other).fields


@given(st.binary(max_size=300), st.sampled_from(["base64", "quoted-printable"]))
def test_transfer_encodings_read_back(octets: bytes, encoding: str) -> None:
    part = email.message.EmailMessage()
    part.set_content(octets, "application", "octet-stream", cte=encoding)
    (leaf,) = parse(part.as_bytes()).parts()
    assert leaf.payload().rstrip(b"\n") == octets.rstrip(b"\n")


ARCHIVES = ["spamassassin", "phishing_pot", "csdmc2010", "vger-lists", "foff-milter", "sa-project-tests"]


@pytest.mark.parametrize("archive", ARCHIVES)
def test_the_standard_library_agrees(archive: str) -> None:
    """Field names in order are always the same; leaf types and payloads in all but a few broken mails."""
    differ: Counter[str] = Counter()
    count = 0
    for path, _, raw in messages(f"{archive}.tar.gz", 250):
        count += 1
        message, other = parse(raw), email.message_from_bytes(raw)
        assert joined(message) == raw, path
        assert [name.decode("latin-1") for name, *_ in message.fields if name] == [name.lower() for name in other], path
        # The library makes messages of the blocks of a delivery status, we leave them to who reads reports.
        leaves = [leaf for leaf in other.walk() if not leaf.is_multipart()]
        ours = [part for part in message.parts() if part.type not in ("message/rfc822", "message/delivery-status")]
        if any(leaf.get_content_type() == "message/delivery-status" for leaf in other.walk()):
            continue
        differ["types"] += [leaf.get_content_type() for leaf in leaves] != [part.type for part in ours]
        if len(leaves) == len(ours):
            pairs = zip(leaves, ours, strict=True)
            differ["payloads"] += any(leaf.get_payload(decode=True) != part.payload() for leaf, part in pairs)
    assert max(differ.values(), default=0) <= count * 0.04, differ
