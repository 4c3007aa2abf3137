"""The compiled steps and their twins in Python give the same answers, whatever the mail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice, product
from typing import Any

import pytest

from junkhound.kernel import compiled
from support import corpus, hostile, mail, twins

pytestmark = pytest.mark.skipif(compiled.steps is None, reason=compiled.state)


def differences(found: Iterable[tuple[str, Any, Any]]) -> list[tuple[str, Any, Any]]:
    return [(step, ours, twin) for step, ours, twin in found if ours != twin]


def broken(mail: bytes) -> Iterator[bytes]:
    """A mail, and what is left when it is cut or one of its bytes is another."""
    yield mail
    for place in range(1, len(mail), max(1, len(mail) // 8)):
        yield mail[:place]
        yield mail[: place - 1] + b'<"=\n>'[place % 5 : place % 5 + 1] + mail[place:]


def test_real_mail() -> None:
    names = ("spamassassin.tar.gz", "phishing_pot.tar.gz", "foff-milter.tar.gz")
    if not all((corpus.ROOT / name).is_file() for name in names):
        pytest.skip("the development corpus is not here")
    seen = 0
    for name in names:
        for _, _, raw in islice(corpus.messages(name), 120):
            assert differences(twins.of_mail(raw)) == []
            seen += 1
    assert seen > 300


def test_made_up_mail_and_what_is_left_of_it() -> None:
    for number in range(12):
        for raw in broken(mail.junk(number, words="caf\u00e9 \u2019 buy now 50% www.shop.example e-mail " * 20)):
            assert differences(twins.of_mail(raw)) == []


@pytest.mark.parametrize("seed", range(4))
def test_markup_in_any_order(seed: int) -> None:
    for text in islice(hostile.pieces(hostile.MARKUP, seed, 60), 1500):
        assert differences(twins.of_text(text)) == [], text


@pytest.mark.parametrize("seed", range(4))
def test_what_texts_share_in_any_order(seed: int) -> None:
    for text in islice(hostile.pieces(hostile.SHARED, seed, 24), 3000):
        assert differences(twins.of_finds(text)) == [], text


@pytest.mark.parametrize("seed", range(4))
def test_elements_that_may_be_hidden(seed: int) -> None:
    changed = 0
    for text in islice(hostile.elements(seed, 8), 1500):
        found = list(twins.of_styles(text))
        assert differences(found) == [], text
        changed += found[0][1] != text
    assert changed > 300


@pytest.mark.parametrize("seed", range(4))
def test_base64_whole_and_broken(seed: int) -> None:
    whole = 0
    for octets in islice(hostile.pieces(hostile.BASE64, seed, 8), 3000):
        found = list(twins.of_octets(octets))
        assert differences(found) == [], octets
        whole += not found[0][1][1]
    assert 100 < whole < 2900


def test_utf8_at_its_edges() -> None:
    edges = (0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
             0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF)  # fmt: skip
    for size in (1, 2, 3):
        for octets in product(edges, repeat=size):
            for before in (b"", b"abcdefg"):
                for behind in (b"", b"\x80", b"\xbfxyz"):
                    assert differences(twins.of_octets(before + bytes(octets) + behind)) == []


@pytest.mark.parametrize("seed", range(4))
def test_received_lines_right_and_broken(seed: int) -> None:
    read = 0
    for value in islice(hostile.lines(seed), 4000):
        found = list(twins.of_line(value))
        assert differences(found) == [], value
        read += found[0][1].dialect not in ("", "scan")
    assert read > 400


@pytest.mark.parametrize("seed", range(4))
def test_header_lines_in_any_order(seed: int) -> None:
    for text in islice(hostile.pieces(hostile.HEADER, seed, 40), 1000):
        assert differences(twins.of_header(text)) == [], text


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["spamassassin.tar.gz", "phishing_pot.tar.gz", "csdmc2010.tar.gz", "vger-lists.tar.gz"]
)
def test_all_real_mail(name: str) -> None:
    if not (corpus.ROOT / name).is_file():
        pytest.skip("the development corpus is not here")
    for _, _, raw in corpus.messages(name):
        assert differences(twins.of_mail(raw)) == []


def test_limits() -> None:
    many = b"".join(b"H%d: v\n" % number for number in range(1200)) + b"\nbody"
    long = b"Subject: " + b"x" * 300_000 + b"\n\nbody\r\n" + b"y" * 70_000
    for raw in (b"", b"\n", b"\r\n", b"x", many, many[:-6], long, b"A: b\r\n" * 3 + b"\r\nx\ny\r"):
        assert differences(twins.of_header(raw)) == []
    for text in (b"<object " * 3000, b'<a href="x">' * 3000, b'href="' * 16_000, b"&amp;" * 3000, b"a " * 4000,
                 b"<i style='display:none'>x</i>" * 300, b"w" * 7000, b"<" * 300, b"&" * 300):  # fmt: skip
        assert differences(twins.of_text(text)) == []
