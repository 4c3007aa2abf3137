"""Keys have right checksums and belong to nobody; containers open; tricks do not change what a reader sees."""

from __future__ import annotations

import html
import io
import re
import unicodedata
import zipfile
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spamworld.content import attach, keys, macro, tricks

chance = st.integers(0, 2**64).map(Random)


def test_published_vectors() -> None:
    assert keys.keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    account = bytes.fromhex("5aaeb6053f3e94c9b9a09f33669435e7ef1beaed")
    assert keys.ether(account) == "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # EIP-55
    program = bytes.fromhex("751e76e8199196d454941c45d1b3a323f1433bd6")
    assert keys.bech32(program) == "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"  # BIP 173
    owner = bytes.fromhex("00010966776006953d5567439e5e39f86a0d273bee")
    assert keys.base58(owner) == "16UwLL9Risc3QfPqBUvKofHmBQ7wMtjvM"
    assert keys.iban_right("GB82 WEST 1234 5698 7654 32")
    assert not keys.iban_right("GB82 WEST 1234 5698 7654 33")


LENGTHS = {"DE": 22, "GB": 22, "NL": 18, "LT": 20, "LV": 21, "AT": 20, "IE": 22, "CH": 21, "LU": 20, "EE": 20}


@given(chance, st.sampled_from(sorted(keys.IBANS)))
def test_accounts_have_right_check_digits(rng: Random, country: str) -> None:
    account = keys.iban(rng, country)
    assert keys.iban_right(account)
    assert len(account) == LENGTHS[country]  # ISO 13616 registry


@given(chance, st.sampled_from(sorted(keys.FICTION)))
def test_numbers_are_of_fiction_however_they_are_written(rng: Random, country: str) -> None:
    number = keys.phone(rng, country)
    assert any(number.startswith(prefix) for prefix, _ in keys.FICTION[country])
    national = re.sub(r"\D", "", keys.dial(rng, number).replace("(0)", ""))
    assert re.sub(r"\D", "", number).endswith(national.lstrip("0")[-9:])


@given(chance)
def test_domains_and_boxes_are_documentation_names(rng: Random) -> None:
    assert keys.domain(rng).endswith(".example")
    assert keys.box(rng).endswith(".example")


@given(chance, st.sampled_from(sorted(attach.MAKERS)))
def test_containers_say_that_they_are_harmless(rng: Random, kind: str) -> None:
    text = attach.HARMLESS.encode()
    content = attach.MAKERS[kind](text, "Invoice.exe", f"{rng.getrandbits(32):x}")
    if kind in ("zip", "docx", "docm"):
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            assert opened.testzip() is None
            whole = b"".join(opened.read(name) for name in opened.namelist())
            assert ("word/vbaProject.bin" in opened.namelist()) == (kind == "docm")
    else:
        whole = content
    assert b"simulated world of junk mail" in whole
    magic = {"zip": b"PK\3\4", "rtf": b"{\\rtf", "pdf": b"%PDF-1.", "html": b"<html>"}.get(kind, b"")
    assert content.startswith(magic)
    if kind == "iso":
        assert content[16 * 2048 :].startswith(b"\1CD001")
        assert content[20 * 2048 :].startswith(text)


def seen(page: str) -> str:
    """What a reader sees: without comments and tags, zero-width signs, look-alikes; turned words turned back."""
    page = re.sub(r'<span style="unicode-bidi[^>]*>([^<]*)</span>', lambda m: m[1][::-1], page)
    text = html.unescape(re.sub(r"<[^>]*>", "", page))
    back = {ord(cyrillic): latin for latin, cyrillic in zip("aceopxyiAEOPXBHKMTC", "асеорхуіАЕОРХВНКМТС", strict=True)}
    return "".join(char for char in text.translate(back) if unicodedata.category(char) not in ("Cf",))


@pytest.mark.parametrize(
    "trick", [*tricks.HIDING, "zerowidth", "shy", "confusables", "comments", "tags", "entities", "reverse"]
)
def test_a_reader_sees_the_same_words(trick: str) -> None:
    text = "<p>Thousands of customers already order Vitalex &amp; others from our pharmacy</p>"
    pages = {tricks.visible(trick, text, Random(n)) for n in range(20)}
    assert {seen(page) for page in pages} == {seen(text)}
    assert trick in tricks.HIDING or any(page != text for page in pages)


def test_columns_keep_every_letter() -> None:
    page = tricks.columns("Confirm your account at once or lose the access", Random(3))
    rows: dict[int, str] = {}
    for cell in re.findall(r"<td>(.*?)</td>", page):
        for number, piece in enumerate(cell.split("<br>")):
            rows[number] = rows.get(number, "") + html.unescape(piece).replace("\xa0", " ")
    assert " ".join(" ".join(rows.values()).split()) == "Confirm your account at once or lose the access"


def test_prose_with_an_open_brace_is_refused() -> None:
    with pytest.raises(ValueError, match="unbalanced"):
        macro.parse("{a|b")


@given(chance)
def test_a_settled_slot_says_one_of_its_wordings(rng: Random) -> None:
    text = macro.fixed("{a|b {c|d}} $x", rng, {"x": "y"}.get)
    assert text in {"a y", "b c y", "b d y"}
