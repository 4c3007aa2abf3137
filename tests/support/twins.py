"""The compiled steps beside their twins in Python: what a piece of mail gives in both, and mail made to differ."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from junkhound.content import html, language, obfuscated, template, tickers, tricks, urls
from junkhound.content.finds import found_with, may_hold, may_hold_plainly
from junkhound.content.hosts import HOSTS
from junkhound.evidence import charset, decode, message
from junkhound.trace import again, dates, reader

MARKUP = (
    b"<", b">", b'"', b"'", b"=", b" ", b"\n", b"\x0b", b"/", b"?", b"!", b"a", b"b", b"href", b"src=", b"action=",
    b"formaction=", b"form", b"poster=x", b"background=", b"<!--", b"-->", b"--!>", b"<style>", b"</style>", b"<title",
    b"<object", b"data=", b'<meta http-equiv=refresh content="0;url=http://a.example">', b"&amp;", b"&#65;", b"&nbsp;",
    b"&nGt;", b"&#x", b"display:none", b" hidden", b"font-size:0", b"mso-hide:all", b"<b>", b"</b>", b'<span style="',
    b'">', b"</span>", b"<p>", b"</p>", b'<div style="display:none">', b"</div>", b'<a href="http://a.example/b">',
    b"<br>", b"=>", b"\xc2\xad", b"\xe2\x80\x99", b"\xe3\x80\x80", b"\xf0\x9f\x98\x80", b"\xff", b"\x00", b"www.",
    b"http://b.example/?c=d", b"WWW.", b"www.c.example", b"://", b"HTTPS", b"ftp", b"hxxp://d.example\\", b"mailto:",
    b"MailTo:e@f.example", b"src=//g.example", b"color:white", b"color=#fff", b"opacity:0", b"left:-999px",
    b"max-height:0;", b"font-size:1px", b"direction:rtl",
    b" dir=rtl>", b"</i>", b"<i>", b"<br>" * 9, b"<td>", b"</td>" * 4, b" dot ", b"[dot]", b"[.]",
    b"www . d . example", b"www. e .com", b"f.com", b"remove the *", b"without", b"take out (#)", b" a b c d",
    b"=3D", b"=e9", b"=\r\n", b"= \n", b"=\t\r", b"==", b"=4", b"bgcolor=#000", b"bgcolor='#FEFEFE'",
    b"background:#fff", b"background-color: black", b"background :url",
    b"color:#fefefe", b"color: #000080", b"color=#ffff", b"<font ", b"a-b-c-d-e", b"erased the -", b"Omit",
    b"*", b"\xc5\xbf", b"0", b"@", b"word", b"Word-Two", b"it's", b"x" * 41,
)  # fmt: skip
SHARED = (
    b"(at)", b"(AT)", b"[ at ]", b"(@)", b"@", b"a", b"host.example", b" ", b"(", b")", b"+", b"(+", b"0", b"12", b"3",
    b"45", b"800-555-0199", b"-", b".", b"/", b"\xc2\xa0", b"\xe2\x80\x91", b"phone", b"DE89", b"GB",
    b"3704 0044 0532 0130 00",
    b"bc1q", b"0x", b"4", b"1BoatSLRHtKNngkdXEeobR76b53LETtpyT", b"f" * 40, b"x" * 26, b"symbol", b"Symbol:", b"sym",
    b"stock", b"ticker", b"5ymboI", b"vmbol", b"ymbo1", b"code", b"k\xc3\xbcrzel", b"ABCD", b"XYZ.PK", b"XYZ . ob",
    b"OTC:",
    b"Pink Sheets -", b"NYSE;", b"(ABC)", b"( ABC . OB )", b"Acme ", b"price", b"target", b"$1.20", b"buy", b"l|A1",
    b"\xe2\x80\xa8", b"\xe3\x80\x80", b"\xef\xbc\xa1\xef\xbc\xa2\xef\xbc\xa3", b"\xc2\xad", b"\x1c", b"the", b"and",
    b"of you", b"und die", b"der", b",", b"|", b"trading 5 days $2", b"current price: ", b"closed at ", b"expect",
    b"short term", b"Ziel", b"could reach $3",
    b"Stocks", b"penny stock", b"wall street ",
    b"\xc4\xb1", b"b\xc3\xb6rsenbrief", b"aktientipp", b"\n",
)  # fmt: skip
HEADER = (
    b"\n", b"\n", b"\r\n", b":", b":", b" ", b"\t", b"\r", b"\n\n", b"\x00", b"\xff", b"Received", b"From", b"From ",
    b">From ", b"Subject: x", b"Date:", b"a", b"x" * 130, b"y: " + b"z" * 1100,
)  # fmt: skip


def pieces(words: tuple[bytes, ...], seed: int, most: int) -> Iterator[bytes]:
    """Endless mail of these pieces in any order, the same for the same seed."""
    dice = random.Random(seed)
    while True:
        yield b"".join(dice.choices(words, k=dice.randrange(1, most)))


def of_header(source: bytes) -> Iterator[tuple[str, Any, Any]]:
    """(step, compiled answer, the twin's answer) for a message's header, from its start and from its middle."""
    size = len(source)
    for start, stop in ((0, size), (size // 3, size), (size // 3, 2 * size // 3)):
        yield "split", message.split(source, start, stop), message.split_plainly(source, start, stop)
    for start in (0, size // 2):
        made = message.header_of(source, start)
        yield "header", made, message.header_plainly(source, start)
        yield "places", reader.places(made[0], size), reader.places_plainly(made[0], size)


def of_lines(mail: bytes) -> Iterator[tuple[str, Any, Any]]:
    """The same for the Received lines of a message, each twice."""
    for start, end in message_places(mail):
        for written in mail[start : min(end, start + 400)].decode("latin-1").split(";"):
            yield "date", dates.parse_text(written), dates.parse_plainly(written)
    for number, (start, end) in enumerate(2 * message_places(mail)):
        yield (
            "line",
            again.read_again(mail, start, end, number, False),
            again.read_plainly(mail, start, end, number, False),
        )


def message_places(mail: bytes) -> list[tuple[int, int]]:
    """Where the values of all fields stand."""
    return [(value, end) for _, _, value, end in message.parse(mail).fields]


def of_text(text: bytes, markup: bool = True) -> Iterator[tuple[str, Any, Any]]:
    """The same for the text of a part."""
    yield "quoted", decode.quoted(text), decode.quoted_plainly(text)
    yield "1252", charset.from_1252(text), charset.from_1252_plainly(text)
    yield "readable", tricks.readable(text), tricks.together(tricks.plain_with(text) if not text.isascii() else text)
    yield "letters", tricks.plain_letters(text), tricks.plain_with(text)
    yield "bare", *(find(text, 300) for find in (obfuscated.bare_words, obfuscated.bare_words_plainly))
    yield "few bare", *(find(text, 2) for find in (obfuscated.bare_words, obfuscated.bare_words_plainly))
    yield "hosts", obfuscated.hosts(text), obfuscated.hosts_with(text) if text else []
    yield "undone", tricks.undone(text), tricks.undone_with(text)
    found = urls.in_text(text, 501)
    yield "in text", found, urls.in_text_plainly(text, 501, urls._read)
    if markup:
        read = html.read(text)
        yield "html", read, html.read_plainly(text)
        yield from of_links([*read[1], *(("text", url) for url in found)])
        yield from of_text(read[0], markup=False)
    yield from of_finds(text)
    folded = template.fold(text)
    for share in (0.0, language.SHARE, 0.5):
        told = language.told_by_words(folded[0], share)
        yield "language", told, language.told_by_words_plainly(folded[0], share)
    yield "fold", folded, template.fold_plainly(text)
    yield "words", template.words(folded[0]), template.words_plainly(folded[0])
    yield "sketch", template.sketched(folded[0]), template.sketched_plainly(folded[0])


def of_finds(text: bytes) -> Iterator[tuple[str, Any, Any]]:
    """The same for what a text shares with others."""
    made, plainly = may_hold(text), may_hold_plainly(text)
    yield "finds", found_with(text, made, lambda: "en"), found_with(text, plainly, lambda: "en")
    written = tickers.plain(text.decode("utf-8", "replace"))[: tickers.MAX_TEXT]
    yield "traders", tickers.traders(written), tickers.traders_plainly(written)
    for find, stems in ((tickers._target, tickers._TARGETS), (tickers._price, tickers._PRICES)):
        near = [match.span() for match in tickers._near(written, find, stems)]
        yield "near", near, [match.span() for match in tickers._near(written, find)]
    urging = [match.span() for match in tickers._urging(written)]
    yield "urging", urging, [match.span() for match in tickers._urged(written)]
    every = tickers.touts_with(written, tickers.cues_plainly(written))
    yield "touts", tickers.touts_with(written, tickers.cues(written)), every


def of_links(links: list[tuple[str, str]]) -> Iterator[tuple[str, Any, Any]]:
    """The same for links out of text and attributes."""
    ours: dict[str, str] = {}
    twins: dict[str, str] = {}
    yield "gather", (urls.gather(links, ours), ours), (urls.gather_plainly(links, twins), twins)
    for most in (2, 500):
        plainly = urls.read_all_plainly(ours, most, urls.MAX_URL, HOSTS, urls.Url, urls.read, urls._inside_of)
        yield "read all", urls.read_all(ours, most), plainly


def of_mail(mail: bytes) -> Iterator[tuple[str, Any, Any]]:
    """The same for a whole message."""
    yield from of_header(mail)
    yield from of_lines(mail)
    for part in message.parse(mail).parts():
        if part.type.startswith("text/"):
            yield from of_text(part.utf8(), part.type == "text/html")
