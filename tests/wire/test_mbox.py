"""Mailbox files: nothing lost, nothing doubled, and nothing undone that is not certain."""

from __future__ import annotations

import io
import mailbox
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.wire import mbox

LIMIT = 1 << 26
POSTMARK = b"From someone@example.org Mon Jan  2 03:04:05 2006"


def split(content: bytes, limit: int = LIMIT, variant: str = "", step: int = 1 << 20) -> list[bytes]:
    stream = io.BytesIO(content)
    return [piece.payload for piece in mbox.split(lambda n: stream.read(min(n, step)), limit, variant)]


def written(mails: list[bytes], end: bytes = b"\n") -> bytes:
    return b"".join(POSTMARK + end + mail + end for mail in mails)


def mail(number: int, body: bytes = b"text\n") -> bytes:
    return b"Subject: %d\nFrom: a@example.org\n\n" % number + body


def test_every_mail_comes_back_as_it_was():
    mails = [mail(n) for n in range(3)]
    assert split(written(mails)) == mails


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
def test_other_line_ends(end: bytes):
    mails = [mail(n, b"one\n\ntwo\n").replace(b"\n", end) for n in range(3)]
    assert split(written(mails, end)) == mails


lines = st.sampled_from([b"text", b"", b">From x", b"from y", b">>From z", b"Fromage", b"\xff\x00 odd", b"x" * 70])
bodies = st.lists(lines, max_size=6).map(lambda many: b"".join(line + b"\n" for line in many))


@given(st.lists(bodies, min_size=1, max_size=6), st.integers(1, 300))
def test_the_size_of_the_pieces_read_changes_nothing(many: list[bytes], step: int):
    mails = [mail(n, body) for n, body in enumerate(many)]
    assert split(written(mails), step=step) == mails


@given(st.lists(bodies, min_size=1, max_size=6))
def test_the_standard_library_finds_the_same(tmp_path_factory: pytest.TempPathFactory, many: list[bytes]):
    path = tmp_path_factory.mktemp("mbox") / "box"
    path.write_bytes(written([mail(n, body) for n, body in enumerate(many)]))
    box = mailbox.mbox(path, create=False)
    assert split(path.read_bytes()) == [box.get_bytes(key) for key in box.keys()]  # noqa: SIM118


@given(
    st.binary(max_size=400)
    | st.lists(st.sampled_from([b"\n", b"\r", b"From ", POSTMARK, b"a: b", b"\n\n"])).map(b"".join)
)
def test_any_bytes_split_and_none_but_framing_is_lost(content: bytes):
    pieces = split(content, step=7)
    assert pieces == split(content)
    left = content
    for piece in pieces:
        at = left.find(piece)
        assert at >= 0
        left = left[at + len(piece) :]
    framing = sum(map(len, content.splitlines(keepends=True))) - sum(map(len, pieces))
    assert framing <= content.count(b"From ") * 200 + len(content) - len(content.lstrip(b"\r\n")) + 2 * len(pieces)


def test_a_postmark_in_the_text_needs_a_date_and_a_header_after_it():
    body = b"he wrote\n\nFrom now on all is well\nFrom: here\n\nFrom bob at 10:30\nI go home\n"
    assert split(written([mail(1, body), mail(2)])) == [mail(1, body), mail(2)]


def test_mailboxes_without_dates_in_their_postmarks():
    content = b"From nobody\nSubject: 1\n\na\n\nFrom nobody\nSubject: 2\n\nb\n\n"
    assert split(content) == [b"Subject: 1\n\na\n", b"Subject: 2\n\nb\n"]


def test_quoting_is_left_as_found_unless_the_variant_is_known():
    quoted = mail(1, b">From a\n>>From b\n")
    assert split(written([quoted])) == [quoted]
    assert split(written([quoted]), variant="rd") == [mail(1, b"From a\n>From b\n")]
    assert split(written([quoted]), variant="o") == [mail(1, b"From a\n>>From b\n")]
    assert split(written([quoted]), variant="cl2") == [quoted]


@given(bodies)
def test_mboxrd_reads_back_as_written(body: bytes):
    quoted = b"".join(b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in body.splitlines(True))
    assert split(written([mail(1, quoted)]), variant="rd") == [mail(1, body)]


def counted(number: int, body: bytes) -> bytes:
    return b"Subject: %d\nContent-Length: %d\n\n" % (number, len(body)) + body


def test_content_length_carries_unquoted_postmarks_when_every_mail_has_one():
    forwarded = b"look:\n\n" + POSTMARK + b"\nSubject: inner\n\ninner\n"
    mails = [counted(1, b"a\n"), counted(2, forwarded), counted(3, b"c\n")]
    assert split(written(mails)) == mails


def test_a_sender_cannot_swallow_his_neighbour_by_a_content_length():
    second = mail(2)
    hidden = len(b"x\n\n" + POSTMARK + b"\n" + second)
    liar = b"Subject: 1\nContent-Length: %d\n\nx\n" % hidden
    mails = [mail(0), liar, second, mail(3)]
    assert split(written(mails)) == mails


def test_a_long_mail_is_cut_and_the_next_one_is_whole():
    huge = mail(1, b"line of text\n" * 400_000)
    stream = io.BytesIO(written([huge, mail(2)]))
    first, second = mbox.split(stream.read, 1_000_000)
    assert (first.payload, first.truncated) == (huge[:1_000_000], True)
    assert (second.payload, second.truncated, second.number) == (mail(2), False, 2)


def test_a_postmark_without_a_mail_is_an_empty_one():
    assert split(POSTMARK) == split(POSTMARK + b"\n") == [b""]
    assert split(written([mail(1)]) + POSTMARK + b"\n") == [mail(1), b""]
    assert split(b"") == split(b"\n\n") == []


def test_text_before_the_first_postmark_is_a_mail_of_its_own():
    assert split(mail(1) + b"\n" + written([mail(2)])) == [mail(1), mail(2)]


def test_a_field_called_from_is_no_postmark():
    assert not mbox.is_postmark(b"From : a@example.org\n")
    assert mbox.without_postmark(b"From : a@example.org\n\nx") == b"From : a@example.org\n\nx"
    assert mbox.without_postmark(POSTMARK + b"\r\nSubject: x\r\n\r\n") == b"Subject: x\r\n\r\n"


def test_memory_is_flat(tmp_path: Path):
    import tracemalloc

    one = POSTMARK + b"\n" + mail(1, b"line of text\n" * 500) + b"\n"
    left = [4000]

    def read(size: int) -> bytes:
        count = min(left[0], max(1, size // len(one)))
        left[0] -= count
        return one * count

    tracemalloc.start()
    assert sum(1 for _ in mbox.split(read, LIMIT)) == 4000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000
