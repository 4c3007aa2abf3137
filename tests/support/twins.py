"""The compiled steps beside their twins in Python: what a piece of mail gives in both, and mail made to differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from junkhound.content import html, language, obfuscated, template, tickers, tricks, urls
from junkhound.content.finds import found_with, may_hold, may_hold_plainly
from junkhound.content.hosts import HOSTS
from junkhound.evidence import charset, decode, message
from junkhound.trace import dates, dialects, reader


def of_line(value: bytes) -> Iterator[tuple[str, Any, Any]]:
    """(step, compiled answer, the twin's answer) for one Received line."""
    given = value + b"; more", 0, len(value), 3, True
    yield "line", dialects.read_at(*given), dialects.read_at_plainly(*given)
    for written in value.decode("latin-1").split(";"):
        yield "date", dates.parse_text(written), dates.parse_plainly(written)


def of_header(source: bytes) -> Iterator[tuple[str, Any, Any]]:
    """(step, compiled answer, the twin's answer) for a message's header, from its start and from its middle."""
    size = len(source)
    for start, stop in ((0, size), (size // 3, size), (size // 3, 2 * size // 3)):
        yield "split", message.split(source, start, stop), message.split_plainly(source, start, stop)
    for needle, at, stop in (
        (b"--a", 0, size),
        (b"--a", size // 3, size - 3),
        (b"--", min(1, size), size),
        (b"y", 0, size // 2),
    ):
        for most in (0, 2, 5000):
            plainly = message.delimiter_plainly(source, needle, at, max(stop, 0), most)
            yield "delimiter", message.delimiter(source, needle, at, max(stop, 0), most), plainly
    for start in (0, size // 2):
        made = message.header_of(source, start)
        yield "header", made, message.header_plainly(source, start)
        for place in range(min(len(made[0]), 40)):
            yield "value", message.value_of(source, made[0], place), message.value_plainly(source, made[0], place)
        yield "iterated", list(reversed(made[0])), [made[0][-1 - place] for place in range(len(made[0]))]
        yield "places", reader.places(made[0], size), reader.places_plainly(made[0], size)


def of_lines(mail: bytes) -> Iterator[tuple[str, Any, Any]]:
    """The same for the fields of a message as Received lines."""
    for start, end in message_places(mail):
        for written in mail[start : min(end, start + 400)].decode("latin-1").split(";"):
            yield "date", dates.parse_text(written), dates.parse_plainly(written)
    for number, (start, end) in enumerate(message_places(mail)):
        plainly = dialects.read_at_plainly(mail, start, end, number, False)
        yield "line", dialects.read_at(mail, start, end, number, False), plainly


def message_places(mail: bytes) -> list[tuple[int, int]]:
    """Where the values of all fields stand."""
    return [(value, end) for _, _, value, end in message.parse(mail).fields]


def of_text(text: bytes, markup: bool = True) -> Iterator[tuple[str, Any, Any]]:
    """The same for the text of a part."""
    yield "quoted", decode.quoted(text), decode.quoted_plainly(text)
    yield from of_octets(text)
    yield "1252", charset.from_1252(text), charset.from_1252_plainly(text)
    yield "readable", tricks.readable(text), tricks.together(tricks.plain_with(text) if not text.isascii() else text)
    yield "letters", tricks.plain_letters(text), tricks.plain_with(text)
    yield "bare", *(find(text, 300) for find in (obfuscated.bare_words, obfuscated.bare_words_plainly))
    yield "few bare", *(find(text, 2) for find in (obfuscated.bare_words, obfuscated.bare_words_plainly))
    yield "hosts", obfuscated.hosts(text), obfuscated.hosts_with(text) if text else []
    found = urls.in_text(text, 501)
    yield "in text", found, urls.in_text_plainly(text, 501, urls._read)
    if markup:
        yield from of_styles(text)
        read = html.read(text)
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


def of_octets(octets: bytes) -> Iterator[tuple[str, Any, Any]]:
    """The same for bytes before they are text."""
    yield "base64", decode.unbased(octets), decode.unbased_plainly(octets)
    yield "is utf8", charset.is_utf8(octets), charset.is_utf8_plainly(octets)


def of_styles(text: bytes) -> Iterator[tuple[str, Any, Any]]:
    """The same for what is hidden in HTML."""
    yield "undone", tricks.undone(text), tricks.undone_plainly(text)
    yield "html", html.read(text), html.read_plainly(text)


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
