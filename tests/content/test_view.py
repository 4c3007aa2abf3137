"""The view: what a whole message says, and which messages say the same."""

from __future__ import annotations

import hashlib
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.content import key, similarity, sketch, template, urls, view
from junkhound.content.view import MAX_ATTACHMENTS, MAX_TEXT, View
from junkhound.evidence.message import parse
from junkhound.tables import Defect
from support.corpus import messages


def viewed(body: str, kind: str = "text/plain") -> View:
    return view(parse(f"Content-Type: {kind}; charset=utf-8\n\n{body}".encode()))


def test_a_message_with_everything() -> None:
    raw = b"""Content-Type: multipart/mixed; boundary=o

--o
Content-Type: multipart/alternative; boundary=i

--i

plain words http://plain.example/ write me@mail.example.co.uk
--i
Content-Type: text/html

<p>Cheap <b>watches</b> <a href="http://shop.blogspot.com/x">here</a> <img src="http://192.0.2.7/p.gif">
<a href="mailto:sales@example.org?subject=x">mail</a></p>
--i--
--o
Content-Type: application/x-thing; name="offer.bin"
Content-Transfer-Encoding: base64

AAEC
--o--
"""
    seen = view(parse(raw))
    assert seen.text.split() == ["Cheap", "watches", "here", "mail"]
    assert [(url.host, url.domain, url.platform, url.place) for url in seen.urls] == [
        ("plain.example", "plain.example", "", "text"),
        ("shop.blogspot.com", "shop.blogspot.com", "blogspot.com", "href"),
        ("192.0.2.7", "", "", "src"),
    ]
    assert seen.addresses == ("example.co.uk", "example.org")
    (file,) = seen.attachments
    assert (file.name, file.type, file.size) == ("offer.bin", "application/x-thing", 3)
    assert file.sha256 == hashlib.sha256(b"\0\1\2").digest()
    assert file.key == int.from_bytes(file.sha256[:8], "big")
    assert (seen.words, seen.defects) == (4, 0)


def test_of_an_alternative_the_plain_text_counts_where_the_html_says_nothing() -> None:
    both = (
        "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n--b\nContent-Type: text/html\n\n{}\n--b--\n"
    )
    assert view(parse(both.format("<p>rich</p>").encode())).text.split() == ["rich"]
    assert view(parse(both.format("<img src=x>").encode())).text.split() == ["plain"]


def test_no_text_has_no_template() -> None:
    for raw in (b"", b"a: b\n\n", b"a: b\n\n  \n", b"Content-Type: image/png\n\nx"):
        seen = view(parse(raw))
        assert (seen.template, seen.words, sketch(seen)) == (0, 0, b"")


def test_copies_that_differ_as_copies_do_share_a_template() -> None:
    one = viewed("Dear ann@example.com,\nBuy for $14.95 at http://a.example/?id=1 today!\n1918BQhX5-227CpaM")
    two = viewed("dear  bob@example.org,\n\nBUY for $9.99 at https://b.example/x2 TODAY!\n77xQ-9")
    other = viewed("Dear ann@example.com,\nSell for $14.95 at http://a.example/?id=1 today!\n1918BQhX5-227CpaM")
    assert one.template == two.template != 0
    assert one.words == two.words == 5
    assert one.template != other.template
    assert viewed("<p>buy&nbsp;now</p>", "text/html").template == viewed("b\u200bu\u00ady now").template


def test_the_stored_numbers_stay_what_they_are() -> None:
    """Rows of past years refer to these: a change here orphans them."""
    assert key("example.org") == 0x4037554F7EBCBF45
    assert viewed("Buy cheap watches now").template == 0xF3830147D6B12B49
    assert sketch(viewed("Buy cheap watches now")).hex()[:32] == "94784bc226832edb41f110c165c9e9c4"


words = st.lists(st.text("abcdefgh", min_size=3, max_size=8), min_size=40, max_size=80, unique=True)


@given(words, st.integers(0, 10), st.booleans())
def test_a_sketch_estimates_the_overlap_of_word_sets(every: list[str], changed: int, slowly: bool) -> None:
    other = ["changed" + word for word in every[:changed]] + every[changed:]
    if slowly:
        both = ([word.encode() for word in each] for each in (every, other))
        one, two = (template.permute_slowly(each).astype("<u4").tobytes() for each in both)
    else:
        one, two = (sketch(viewed(" ".join(each))) for each in (every, reversed(other)))
    overlap = (len(every) - changed) / (len(every) + changed)
    assert len(one) == len(two) == 4 * template.PERMUTATIONS
    assert similarity(one, two) == pytest.approx(overlap, abs=0.22)
    assert similarity(one, one) == 1.0
    assert similarity(one, b"") == similarity(b"", b"") == 0.0


def test_without_rensa_there_is_still_a_sketch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rensa", None)
    monkeypatch.setattr(template, "_remembered", {})
    one, two = (sketch(viewed(text)) for text in ("buy cheap watches now", "buy cheap watches today"))
    assert len(one) == 512
    assert 0.2 < similarity(one, two) < 1


marked = st.lists(
    st.sampled_from(["word", "Other", "a1b", "x@y.example", "//z", "http://q.example", "9", "\u0438", "-"])
)


@given(marked)
def test_normalising_keeps_the_letters_of_good_words(text: list[str]) -> None:
    good = [word.lower() for word in text if word in ("word", "Other", "\u0438")]
    assert template.normalise(" ".join(text)) == "".join(good).encode()
    assert template.words_of("\n".join(text)) == set(good)


def test_words_are_the_same_in_any_company() -> None:
    text = "Don't (e-mail) us, 'cheap'_pills -- re-order; today! "
    assert template.words_of(text) == {"dont", "email", "us", "cheap", "pills", "reorder", "today"}
    assert template.words_of(text + "\u0438") == template.words_of(text) | {"\u0438"}
    assert template.words_of(text.replace("'", "\u2019")) == template.words_of(text)


def test_a_remembered_sketch_is_the_one_that_would_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"letter {'abc'[n % 3]} " + "x" * (n % 4) for n in range(24)]
    once = [template.sketched(text.encode()) for text in texts]
    monkeypatch.setattr(template, "_remembered", {})
    monkeypatch.setattr(template, "MAX_REMEMBERED", 3)
    assert [template.sketched(text.encode()) for text in texts] == once


@given(st.text(max_size=300))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = template.normalise(text)
    assert template.normalise(once.decode("utf-8", "ignore")) == once.decode("utf-8", "ignore").encode()
    assert b"0" not in once


def test_text_without_blanks_between_words_has_a_template() -> None:
    assert viewed("\u4eca\u5929\u662f\u4e2a\u597d\u65e5\u5b50" * 20).template != 0


def test_caps_are_reported() -> None:
    seen = viewed("word " * 200_000)
    assert len(seen.text) <= MAX_TEXT
    assert seen.defects & Defect.TEXT_CAPPED
    seen = viewed(" ".join(f"http://h{number}.example/" for number in range(600)))
    assert len(seen.urls) == urls.MAX_URLS
    assert seen.defects & Defect.URLS_CAPPED
    part = b"--b\nContent-Type: image/png\n\nx\n"
    seen = view(parse(b"Content-Type: multipart/mixed; boundary=b\n\n" + part * 300 + b"--b--"))
    assert len(seen.attachments) == MAX_ATTACHMENTS
    assert seen.defects & Defect.TOO_MANY_PARTS
    part = b"--b\nContent-Type: text/html\n\n" + b"<p>x" * 5000 + b"\n"
    seen = view(parse(b"Content-Type: multipart/mixed; boundary=b\n\n" + part * 300 + b"--b--"))
    assert len(seen.text) <= MAX_TEXT
    assert seen.defects & Defect.TEXT_CAPPED


pieces = st.sampled_from(
    [b"Content-Type: multipart/alternative; boundary=b\n\n", b"--b\n", b"--b--\n", b"Content-Type: text/html\n", b"\n",
     b"<p>", b"x ", b"http://a.example/", b"me@example.org ", b"Content-Transfer-Encoding: base64\n", b"PGI+", b"\xff",
     b"<a href=", b"\xc2\xa0"]
)  # fmt: skip


@given(st.lists(st.one_of(pieces, st.binary(max_size=6)), max_size=50).map(b"".join))
def test_any_bytes_give_a_view(raw: bytes) -> None:
    seen = view(parse(raw))
    seen.text.encode()
    assert seen.template or not seen.words
    assert view(parse(raw)) == seen
    assert all(np.frombuffer(sketch(seen), "<u4").size in (0, 128) for _ in (1,))


@pytest.mark.parametrize("archive", ["spamassassin", "phishing_pot", "advance-fee", "foff-milter"])
def test_real_junk_has_text_and_links(archive: str) -> None:
    seen = [view(parse(raw)) for _, _, raw in messages(f"{archive}.tar.gz", 200)]
    assert sum(bool(each.template) for each in seen) >= 0.9 * len(seen)
    if archive != "advance-fee":
        assert sum(bool(each.urls) for each in seen) >= 0.75 * len(seen)
