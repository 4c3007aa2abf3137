"""Keys of a text and its links: what counts, in the form in which it can be told to be equal, and what does not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.content import finds, language_of, money, obfuscated, phones, tracking, view
from junkhound.content.mailboxes import mailboxes
from junkhound.content.view import View
from junkhound.evidence.message import parse
from junkhound.sighting import things
from junkhound.tables import KeyKind


def viewed(body: str, kind: str = "text/plain") -> View:
    return view(parse(f"Content-Type: {kind}; charset=utf-8\n\n{body}".encode()))


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("Call (202) 555-0134 now", "en", ["+12025550134"]),
        ("1-202-555-0134", "en", ["+12025550134"]),
        ("202.555.0134 and 202-555-0134", "en", ["+12025550134"]),
        ("+44 20 7946 0123", "en", ["+442079460123"]),
        ("phone: +44 (0) 20 7946 0123", "en", ["+442079460123"]),
        ("Tel. 030 23125 123", "de", ["+493023125123"]),
        ("Anruf 0049 30 23125123", "de", ["+493023125123"]),
        ("+33 6 39 98 01 23", "fr", ["+33639980123"]),
        ("order number 030 23125 123", "de", []),  # nothing says that it is dialled
        ("2006-05-04 12:33:01, 192.0.2.133, $1,234,567.00 and 1234-5678-9012-3456", "en", []),
        ("call us, ref 00000000000", "en", []),
    ],
)
def test_a_phone_number_in_its_one_form(text: str, language: str, found: list[str]) -> None:
    assert phones.phones(text.encode(), language) == found


def test_without_the_plans_international_numbers_still_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phones, "_library", lambda: None)
    phones.e164.cache_clear()
    assert phones.phones(b"+44 20 7946 0123, (202) 555-0134", "en") == ["+442079460123", "+12025550134"]
    assert phones.phones(b"Tel. 030 23125 123", "de") == ["+493023125123"]
    phones.e164.cache_clear()


# Published examples: BIP 173, BIP 350, EIP-55, the first block of bitcoin, and monero's own documentation.
WALLETS = {
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa": "btc",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4": "btc",
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4": "btc",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0": "btc",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed": "eth",
    "0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359": "eth",
    "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A": "xmr",
}


@pytest.mark.parametrize(("address", "coin"), sorted(WALLETS.items()))
def test_a_wallet_counts_when_its_checksum_holds(address: str, coin: str) -> None:
    (found,) = money.wallets(f"send to {address}.".encode())
    assert found.lower() == f"{coin}:{address.lower()}"
    for place in (len(address) // 2, len(address) - 3):
        wrong = address[:place] + ("2" if address[place] not in "2" else "3") + address[place + 1 :]
        if address[2:].lower() != address[2:]:  # ether's addresses of one case carry no checksum
            assert money.wallets(wrong.encode()) == []
    assert money.wallets(f"x{address}x".encode()) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("IBAN DE89 3704 0044 0532 0130 00, thanks", ["DE89370400440532013000"]),
        ("GB29NWBK60161331926819", ["GB29NWBK60161331926819"]),
        ("DE88 3704 0044 0532 0130 00", []),
        ("DE89 3704 0044 0532 01", []),
        ("XX89 3704 0044 0532 0130 00 ORDER AB12 CDEF", []),
    ],
)
def test_a_bank_account_counts_when_its_check_digits_hold(text: str, found: list[str]) -> None:
    assert money.ibans(text.encode()) == found


def test_drop_boxes_plain_and_spelled_out() -> None:
    text = b"write to Mr.Moore77@freemail.example or big (at) mailhaven (dot) example; not a@b, not x@y.z@w"
    assert mailboxes(text) == ["mr.moore77@freemail.example", "big@mailhaven.example"]


def test_the_address_that_got_the_mail_is_no_drop_box() -> None:
    raw = b"To: <jo@home.example>\nReply-To: Box <claims@freemail.example>\n\njo@home.example, ask agent@inbox.example"
    message = parse(raw)
    boxes = [name for kind, name in things.of(message, view(message)) if kind == KeyKind.MAILBOX]
    assert boxes == ["claims@freemail.example", "agent@inbox.example"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("go to cheap-pills.example/now!", ["http://cheap-pills.example/now"]),
        ("Just type pharm77.com in your browser", ["http://pharm77.com"]),
        ("see report.doc, setup.exe and version 1.2.3, e.g. this.That", []),
        ("me@mail.example.com and http://www.example.org/a.b", []),
        ("end of line.Next sentence", []),
        ("pills [dot] example", ["http://pills.example"]),
        ("pills (dot) co (dot) uk", ["http://pills.co.uk"]),
        ("www . cheap-pills . example", ["http://www.cheap-pills.example"]),
        ("hxxp://bad[.]example/x?y=1", ["http://bad.example/x?y=1"]),
        ('www.che*ap*pills.com (remove "*" to make the link work)', ["http://www.cheappills.com"]),
        ("polka dot dress", []),
    ],
)
def test_hosts_that_a_reader_finds(text: str, found: list[str]) -> None:
    assert obfuscated.hosts(text.encode()) == found


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://r.example/url?sa=t&q=http%3A%2F%2Fshop.example.org%2Fa%3Fb%3D1&x=2", "http://shop.example.org/a?b=1"),
        ("http://r.example/go?http://shop.example.org/a", "http://shop.example.org/a"),
        ("http://r.example/http://shop.example.org/a?b=c", "http://shop.example.org/a?b=c"),
        ("http://r.example/?u=aHR0cDovL3Nob3AuZXhhbXBsZS5vcmcvYQ", "http://shop.example.org/a"),
        ("http://r.example/?u=http%253A%252F%252Fshop.example.org%252F", "http://shop.example.org/"),
        ("https://urldefense.com/v3/__https://shop.example.org/a__;!!x!y$", "https://shop.example.org/a"),
        ("https://urldefense.proofpoint.com/v2/url?u=http-3A__shop.example.org_a&d=x", "http://shop.example.org/a"),
        ("http://shop.example.org/http/help", ""),
        ("http://shop.example.org/a?b=c", ""),
    ],
)
def test_the_page_behind_a_redirector(url: str, target: str) -> None:
    assert tracking.target(url) == target


def test_targets_of_redirectors_are_links_of_the_message() -> None:
    seen = viewed("http://r.example/?u=http%3A%2F%2Fgo.example.net%2F%3Fq%3Dhttp%253A%252F%252Fshop.example.org%252F")
    assert [(url.host, url.place) for url in seen.urls] == [
        ("r.example", "text"), ("go.example.net", "target"), ("shop.example.org", "target"),
    ]  # fmt: skip


def test_accounts_and_shapes_of_links() -> None:
    assert tracking.accounts("http://a.example/shop.php?aff=4711x&sid=abc&sess=99") == ("4711x",)
    assert tracking.accounts("http://a.example/c/98765/x1y2?u=1") == ("98765",)
    assert tracking.shape("http://a.example/shop/x7f3k9/buy.php?aff=4711&id=3") == "/shop/*/buy.php?aff&id"
    assert tracking.shape("http://a.example/") == ""
    source = b'<script>ga("create","UA-1234567-1")</script> pub-1234567890123456 UAX-1'
    assert tracking.counters(source) == ["UA-1234567-1", "pub-1234567890123456"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("We have the best offer for you and your family, click here now", "en"),
        ("Sehr geehrte Kunden, bitte bestätigen Sie Ihre Angaben und das Passwort für den Zugang", "de"),
        ("Votre compte est bloqué, merci de cliquer sur le lien pour vous connecter", "fr"),
        ("Su cuenta ha sido bloqueada por la seguridad de los clientes, haga clic en el enlace", "es"),
        ("Il tuo conto è stato bloccato, clicca qui per la verifica di tutti i dati", "it"),
        ("A sua conta foi bloqueada, clique aqui para não perder o acesso ao seu dinheiro", "pt"),
        ("Ваш счёт заблокирован, перейдите по ссылке", "ru"),
        ("お客様のアカウントは停止されました", "ja"),
        ("您的帐户已被锁定请点击", "zh"),
        ("xqz 8812 kkd", ""),
    ],
)
def test_the_language_of_a_text(text: str, language: str) -> None:
    assert language_of(viewed(text)) == language


def test_a_message_is_asked_for_everything() -> None:
    body = "Call +44 20 7946 0123. DE89 3704 0044 0532 0130 00 http://a.example/x.php?aff=7777"
    assert {(kind, name) for kind, name in finds(viewed(body))} == {
        (KeyKind.PHONE, "+442079460123"), (KeyKind.IBAN, "DE89370400440532013000"), (KeyKind.ACCOUNT, "7777"),
        (KeyKind.URL_SHAPE, "/x.php?aff"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "piece",
    ["0 ", "1-", "(1) ", "a.", "a . ", "www. ", "DE89 ", "aff=1&", "@a.b", "a(at)", "1" * 40 + " ", "http%3A", "[dot]",
     "remove * ", "00 (0)", "=aHR0c"],
)  # fmt: skip
def test_hostile_repetition_costs_linear_time(piece: str) -> None:
    def cost(size: int) -> float:
        text = (piece * (size // len(piece) + 1))[:size]
        raw = parse(b"\n" + text.encode())
        start = time.process_time()
        finds(view(raw))
        return time.process_time() - start

    cost(2000)
    assert cost(250_000) < 1.0


@given(st.binary(max_size=300))
def test_any_text_is_read(octets: bytes) -> None:
    message = parse(b"Reply-To: a@b.example\n\n" + octets)
    for kind, name in things.of(message, view(message)):
        assert name, KeyKind(kind)


def test_links_of_an_attached_page_count_and_files_have_traits() -> None:
    raw = b"""Content-Type: multipart/mixed; boundary=o

--o
Content-Type: text/html; name="form.html"
Content-Disposition: attachment; filename="form.html"

<form action="http://steal.example/post">
--o
Content-Type: application/octet-stream; name="invoice.pdf.exe"

MZ
--o--
"""
    seen = view(parse(raw))
    assert [(url.host, url.place) for url in seen.urls] == [("steal.example", "attached")]
    assert [one.traits for one in seen.attachments] == [(), ("program", "program by name", "double ending")]
