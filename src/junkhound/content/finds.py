"""What a message's text shares with others beyond its links: numbers to call, accounts to pay into, shares it praises.

Each kind of key has a file of its own; here stands what decides, in a few microseconds, which of them is asked at all.
A text is reduced to its shape by one table and looked at for what no key of a kind goes without.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xxhash import xxh3_64_intdigest

from junkhound.content import mailboxes, money, phones, tickers, tracking
from junkhound.content.language import language
from junkhound.content.urls import Url
from junkhound.content.view import View
from junkhound.kernel.compiled import steps
from junkhound.kernel.memo import Memo
from junkhound.tables import KeyKind

MAX_SHAPES = 8  # shapes of links of one message
MAX_REMEMBERED = 16_384  # texts
LOOK = 64 * 1024  # bytes of text looked through

_PHONE, _WALLET, _IBAN = int(KeyKind.PHONE), int(KeyKind.WALLET), int(KeyKind.IBAN)
_MAILBOX, _ACCOUNT, _TICKER, _SHAPE = map(int, (KeyKind.MAILBOX, KeyKind.ACCOUNT, KeyKind.TICKER, KeyKind.URL_SHAPE))
_SKIPPED = (".gif", ".jpg", ".jpeg", ".png", ".css", ".dtd", ".ico")

# Letters to a or A, digits to 0, all else as it is: what a key looks like, whatever it says.
_FORM = bytes(
    48 if 48 <= code <= 57 else 65 if 65 <= code <= 90 else 97 if 97 <= code <= 122 else code for code in range(256)
)
_RUNS = bytes(120 if chr(code).isascii() and chr(code).isalnum() else 32 for code in range(256))

Find = tuple[int, str]
_remembered: dict[int, tuple[Find, ...]] = {}
_languages: dict[int, str] = {}


def finds(view: View) -> list[Find]:
    """(``KeyKind``, name) of everything text and links share with others; an equal text is read once."""
    known = xxh3_64_intdigest(view.utf8)
    found = _remembered.get(known)
    if found is None:
        found = _read(view)
        if len(_remembered) >= MAX_REMEMBERED:
            _remembered.clear()
        _remembered[known] = found
    return [*found, *sorted(in_urls(view.urls))]


def language_of(view: View) -> str:
    """ISO 639-1 code of the text, found out once for each template; "" where none is sure."""
    code = _languages.get(view.template)
    if code is None:
        code = language(view.folded)
        if len(_languages) >= MAX_REMEMBERED:
            _languages.clear()
        _languages[view.template] = code
    return code


# What may stand in a text, one bit each, as `may_hold` of the compiled steps says: no is certain, yes a beginning.
_MAY_PHONE, _MAY_IBAN, _MAY_WALLET, _MAY_MAILBOX, _MAY_SPELL, _HINTED = (1 << place for place in range(6))


def may_hold_plainly(text: bytes) -> int:
    """The signs of what may be found in the text, without the compiled steps: the shapes that no key goes without."""
    form = text.translate(_FORM)
    return (
        (_MAY_PHONE if form.find(phones.RUN) >= 0 else 0)
        | (_MAY_IBAN if form.find(b"AA00") >= 0 else 0)
        | (_MAY_WALLET if text.translate(_RUNS).find(money.LONG) >= 0 else 0)
        | (
            _MAY_MAILBOX | _MAY_SPELL
            if text.find(b"@") >= 0 or text.find(b"(at)") >= 0 or text.find(b"[at]") >= 0
            else 0
        )
        | (_HINTED if tickers.hinted(text.lower()) else 0)
    )


may_hold: Callable[[bytes], int] = may_hold_plainly if steps is None else steps.may_hold


def _read(view: View) -> tuple[Find, ...]:
    text = view.utf8[:LOOK]
    return tuple(found_with(text, may_hold(text), lambda: language_of(view)))


def found_with(text: bytes, signs: int, spoken: Callable[[], str]) -> list[Find]:
    """What stands in the text where only these signs do; ``spoken`` says its language when that is asked for."""
    found: list[Find] = []
    if signs & _MAY_PHONE:
        found += [(_PHONE, name) for name in phones.phones(text, spoken())]
    if signs & _MAY_IBAN:
        found += [(_IBAN, name) for name in money.ibans(text)]
    if signs & _MAY_WALLET:
        found += [(_WALLET, name) for name in money.wallets(text)]
    if signs & _MAY_MAILBOX:
        found += [(_MAILBOX, name) for name in mailboxes.mailboxes(text, signs & _MAY_SPELL != 0)]
    if signs & _HINTED:
        found += [(_TICKER, tout.ticker) for tout in tickers.touts(text.decode("utf-8", "replace"))]
    return found


def in_urls(urls: Sequence[Url]) -> set[Find]:
    """Whose accounts the links count for, and the shapes of their paths; pictures of a page's layout are left out."""
    found: set[Find] = set()
    for url in urls:
        accounts, shape = _IN_URLS[url.text]
        if accounts:
            found.update(accounts)
        if shape is not None and url.place != "src" and len(found) < tracking.MOST + MAX_SHAPES:
            found.add(shape)
    return found


def _in_url(url: str) -> tuple[tuple[Find, ...], Find | None]:
    """Whose account a link counts for, and the shape of its path where that is worth keeping."""
    shape = "" if url.lower().endswith(_SKIPPED) else tracking.shape(url)
    return tuple((_ACCOUNT, name) for name in tracking.accounts(url)), (_SHAPE, shape) if shape else None


_IN_URLS: Memo[str, tuple[tuple[Find, ...], Find | None]] = Memo(_in_url, 8192)


def forget() -> None:
    """Let go of the texts that are remembered."""
    _remembered.clear()
    _languages.clear()
