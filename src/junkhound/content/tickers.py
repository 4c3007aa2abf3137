"""Stock touts: which share a text praises, with the price it names and the price it promises.

A symbol alone is any word in capitals. It counts where a text says what it is ("Symbol: XXXX", an exchange's prefix or
suffix, brackets behind a company's name) and talks of a share in another way too: a price, a target, traders' words.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache

import msgspec

from junkhound.content import misread
from junkhound.kernel.compiled import steps

MAX_TEXT = 8 * 1024
LEAST = 4  # points that make a tout: see _score
_HINTS = (
    b"symbol", b"ticker", b"stock", b"otc", b".pk", b".ob", b"shares", b"invest", b"trading", b"sym", b"pinks",
    b"price", b"aktie", b"rsenbrief", b"bourse", b"symbole", b"objectif", b"kursziel", b"broker", b"nasdaq", b"radar",
    b"insiders", b"analysts", b"closed at", b"traded at", b"finished at", b"target", b"expect", b"volume", b"kurs",
    b"titre", b"courtier", b"rzel", b"cours", b"volumen", b"initi", b"float",
)  # fmt: skip


class Tout(msgspec.Struct, frozen=True, gc=False):
    """One share that a text praises; 0.0 and "" for what it does not say.

    ``ticker`` is the symbol without its market, ``market`` that suffix or prefix (PK, OB, OTC, F). ``points`` say how
    sure it is that this is a tout of that share at all, ``cues`` by which words.
    """

    ticker: str
    market: str = ""
    company: str = ""
    price: float = 0.0
    target: float = 0.0
    horizon: str = ""
    points: int = 0
    cues: tuple[str, ...] = ()
    start: int = 0
    end: int = 0


_SUFFIX = r"(?:\s?[.:]\s?(?P<market{n}>[Pp][Kk]|[Oo][Bb]|OTCBB|OTC|BB|QB|F|DE|V|TO|L|SG))?"
_LETTERS = (
    r"(?P<ticker{n}>\$?(?=[l|]{{0,2}}[A-Z0-9])[A-Z0-9l|]{{2,6}}|[A-Z0-9](?:[ \-_.*~][A-Z0-9]){{2,4}})(?![A-Za-z0-9])"
)


def _form(before: str, n: int, suffix: bool = True, after: str = "") -> str:
    return before + _LETTERS.format(n=n) + (_SUFFIX.format(n=n) if suffix else "") + after


_GAP = r"[\s:;.,=\-–—_>*|'\"()»]{1,12}"
_NAMES = (
    "trading symbol", "stock symbol", "ticker symbol", "symbol", "5ymbol", "symboi", "symb0l", "symbole", "ticker",
    "sym", "symb", "sbl", "smbl", "stock", "kürzel", "kurzel", "kuerzel", "code", "tick",
)  # fmt: skip
_symbol = re.compile(
    r"(?<![A-Za-z0-9])(?i:"
    + "|".join(sorted(_NAMES, key=len, reverse=True))
    + r"|s?[yuv][mn][bh][o0][l1i]{1,2})"
    + _form(_GAP, 1)
).finditer
_exchange = re.compile(
    r"(?<![A-Za-z])(?:(?i:other ?)?(?P<place>OTC ?BB|OTC ?PK|OTC|0TC|PINK ?SHEETS?|Pink ?[Ss]heets?|PINK|NASDAQ"
    r"|NYSE|AMEX|FRANKFURT|Frankfurt|FWB|FSE|XETRA|TSXV?|CDNX|PK|BB))\s?[:;.\-]\s?" + _form("", 2)
).finditer
_suffixed = re.compile(
    r"(?<![A-Za-z0-9.@/])(?P<ticker>[A-Z0-9l|]{3,5})\s?[.,:]\s?"
    r"(?P<market>[Pp][Kk]|[O0][Bb]|OTCBB|OTC|BB|P K|O B)(?![A-Z0-9])"
).finditer
_bracketed = re.compile(
    r"[A-Za-z.,]\s?\(\s?(?P<ticker>[A-Z]{3,5})\s?(?:\.\s?(?P<market>PK|OB|F|V|TO|BB|OTC))?\s?\)"
).finditer
_urged = re.compile(
    r"(?<![A-Za-z])(?i:watch|buy|put|keep|grab|get|add|get on|get in on|go on|in on|on|broker|courtier|liste"
    r"|pick up|place|own|trade|bankberater|makler)(?:\s?:)? (?P<ticker>[A-Z]{3,5})(?:\.(?P<market>PK|OB|F))?"
    r"(?![A-Za-z])"
).finditer
_led = re.compile(
    r"(?:\A|\n|[.!?:]\s)(?P<ticker>[A-Z]{3,5})(?:\.(?P<market>PK|OB|F))? "
    r"(?i:is (?:about|set|ready|on|going|trading|the)|makes|taps|explodes|releases"
    r"|climbs|soars|moves|vor dem|steht bereit|zieht an|va exploser|prêt|closed|up|announces)"
).finditer
_MONEY = (
    r"(?:US?\$|\$|€|EUR|USD|CAD|CDN|Euro)?\s{{0,2}}(?P<{name}>[0-9Oo]{{0,4}}[.,][0-9OoIl]{{1,4}}|[0-9]{{1,4}})"
    r"(?![0-9A-Za-z%]|[.,][0-9]{{3}})"
)
_price = re.compile(
    r"(?i:(?<![A-Za-z])(?:current(?:ly)?(?: (?:market )?price)?|present price|price now|price today|recent price"
    r"|last(?: price| trade| close)?|now(?: at)?|opening price|asking price|cur\.? price"
    r"|[a-z]{3,9}day'?s? (?:close|open)(?: price)?"
    r"|(?:mon|tue|tues|wed|thu|thurs|fri)\.? close|clos(?:e|ed|ing)(?: price)?|traded|finished|stood|trades"
    r"|actual price|prix actuel|prix|cours|aktueller kurs|kurs|schloss|stand|cote|clôturé|price)"
    r"(?: at| bei| à| of)?[\s:;.\-=>~*|]{0,8})" + _MONEY.format(name="money")
).finditer
_target = re.compile(
    r"(?i:(?<![A-Za-z])(?P<when>(?:[0-9]{1,2}|one|two|three|short|long|near|mid)[ \-]{0,3}(?:days?|weeks?|months?|term)"
    r"|within days|in the short term|by (?:mon|tues|wednes|thurs|fri)day|within days by \w+|kurzfristig|in tagen"
    r"|sous peu)?[ \-]{0,3}(?:price[ \-]?)?(?:tar?get(?:ed)?(?: price)?|targ[ce]t price|projected(?: price)?"
    r"|projection|we expect|expect(?:ed|ation)?(?: price)?|(?:and )?(?:analysts|insiders|we) (?:see|expect)"
    r"|short term|long term|objectif|cible|kursziel|ziel"
    r"|visent|attendent|sehen|erwarten|best case scenario|estimated price|speculative price|case target|limit at"
    r"|could (?:be at|hit|reach)|reach)(?: of| at| is| price)?[\s:;.\-=>~*|]{0,8}(?:kurzfristig|in tagen)?\s?)"
    + _MONEY.format(name="money")
).finditer
_PRICES = (
    "pric", "last", "now", "open", "clos", "cur", "traded", "finished", "stood", "trades", "prix", "cours", "kurs",
    "schloss",
    "stand", "cote", "clôtur",
)  # fmt: skip
_TARGETS = (
    "get", "target", "targ", "project", "expect", "see", "term", "objectif", "cible", "ziel", "visent", "attendent",
    "sehen", "erwarten", "scenario", "estimated", "speculative", "limit", "could", "reach",
)  # fmt: skip
_horizon = re.compile(
    r"(?i)(?<![a-z0-9])((?:[0-9]{1,2}|one|two|three)[ \-]{0,3}(?:day|week|month)s?|short[ \-]term|long[ \-]term"
    r"|within days|by (?:mon|tues|wednes|thurs|fri)day|kurzfristig|in tagen|sous peu|en quelques jours)"
).search
_traders = re.compile(
    r"(?i)(?<![a-z])(?:stocks?|shares?|investors?|traders?|trading|market|broker|penny|float|wall street|bull(?:s|ish)?"
    r"|explode|breakout|radar|volume|strong buy|insiders?|momentum|small caps?|symbol|ticker|profits?|alert|pick"
    r"|otc|aktie|börsenbrief|aktientipp|händler|bourse|investisseurs|titre|courtier|initiés)(?![a-z])"
)
_TRADE = (
    "stock", "share", "invest", "trad", "market", "broker", "penny", "float", "wall street", "bull", "explode",
    "breakout", "radar", "volume", "strong buy", "insider", "momentum", "small cap", "symbol", "ticker", "profit",
    "alert", "pick", "otc", "aktie", "börsenbrief", "händler", "bourse", "titre", "courtier", "initiés",
)  # fmt: skip
"""How those words begin: the pattern is tried there alone, for at every letter it is dear."""
_gain = re.compile(r"(?i)(?:up|gain|gains|move|profit|rise|\+)\s?(?:of )?\s?[0-9]{1,4}(?:\.[0-9]+)?\s?%").search
_company = re.compile(
    r"(?i:(?:company(?: name)?|name|firm|unternehmen|société)\s?[:;.\-]{1,2}\s{0,3})(?P<name>[A-Z0-9][^\n:()]{2,50})"
).search
_before = re.compile(r"((?:[A-Z][A-Za-z0-9&'.\-]{0,20},? ?){1,6})\s?\(\s?(?:Other ?)?(?:OTC[^)]{0,8}[:.]\s?)?\Z").search
_NO_SYMBOLS = (
    "THE AND FOR YOU ALL NOW NEW ONE OUT BUY SELL HOT USA CEO CFO IPO INC LTD LLC CORP GOLD OIL NEWS ALERT STOCK "
    "STOCKS PRICE OTC OTCBB PINK PINKS OB PK BB ASAP PR US UK EU SEC NYSE AMEX TSX NASDAQ WATCH THIS WITH WHEN "
    "YOUR FROM HIGH LOW OPEN CLOSE STRONG RATING TARGET SYMBOL TICKER TODAY MON TUE WED THU FRI JAN FEB MAR APR "
    "MAY JUN JUL AUG SEP OCT NOV DEC AM PM EST PST GMT BIG TOP BEST FREE GET ACT ADD ARE CAN NOT WILL HAS HAVE "
    "MUST NEXT WEEK WEEKS DAY DAYS TERM SHORT LONG VERY HUGE LAST COMPANY NAME TRADE DATE ABOUT FACT PROFILE "
    "MARKET INFO READ MORE ONLINE EDT ALSO EVER INVEST RADAR MONDAY FRIDAY SUNDAY JUST MAKE MOVE RUN SOON SEE WHY "
    "WHO HOW WHAT THAT THEY THEN THAN OUR USD EUR CAD CDN CURRENT GROUP ENERGY REPORT ON IN AT IT IS TO OF BY UP "
    "AN IF IT'S ITS OR SO NO BE DO GO HE ME MY WE AS PUT STOCKTIP"
)
_proper = re.compile(r"[A-Z][\w&'.-]*(?: (?:[A-Z&][\w&'.-]*|of|and|the)){1,5}").fullmatch
_NOISE = frozenset(_NO_SYMBOLS.split())
_LEET = str.maketrans("0158$@3l|", "OISBSAEII")
_UNSEEN = "\u00ad\u200b\u200c\u200d\u2060\ufeff\u180e"
_NOTHING = dict.fromkeys(map(ord, _UNSEEN))


_capitals = re.compile(r"[A-Z]{3,5}(?![A-Za-z])").findall
_runs = re.compile(r"(?<= )[A-Z]{3,5}(?![A-Za-z])").finditer
_OF_CAPITALS = frozenset(("brackets", "urged", "led"))  # whose symbols are letters, and plain to see
_numeric = re.compile(r"[0-9]|[.,](?=[OoIl])").finditer
_BEFORE, _BEHIND = 120, 24  # characters around a number within which words say what it is


def _near(
    text: str, find: Callable[[str, int, int], Iterator[re.Match[str]]], stems: Sequence[str] = ()
) -> Iterator[re.Match[str]]:
    """The matches of a pattern that ends in a number: it is tried near numbers alone, not at every letter.

    And there only where one of the ``stems`` stands, without which it cannot match.
    """
    low = _lower(text) if stems else None
    for start, end in _windows(text):
        if low is None or any(low.find(stem, start, end) >= 0 for stem in stems):
            yield from find(text, start, end)


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """What stands around the numbers of a text, windows that meet put together."""
    start, end = 0, -1
    for match in _numeric(text):
        at = match.start()
        if end < 0:
            start = max(0, at - _BEFORE)
        elif at - _BEFORE > end:
            yield start, end
            start = at - _BEFORE
        end = min(len(text), at + _BEHIND)
    if end >= 0:
        yield start, end


def _lower(text: str) -> str | None:
    """The text in lower case, place by place; None where letters are equal in a pattern that are not so there."""
    low = text.lower()
    return None if len(low) != len(text) or any(text.find(letter) >= 0 for letter in "ıſ\u212a") else low


def hinted(low: bytes) -> bool:
    """Whether a text in lower case has any word without which there is no tout; costs next to nothing."""
    if low.find(b"ticker") >= 0 or low.find(b"symbol") >= 0:
        return True
    hits = 0
    for hint in _HINTS:
        if low.find(hint) >= 0:
            hits += 1
            if hits >= 2:
                return True
    return False


_CUES = ("symbol", "exchange", "suffix", "brackets")  # as `_FINDERS` begins


def cues_plainly(text: str) -> int:
    """``cues`` without the compiled steps: it may name one in any way."""
    return (1 << len(_CUES)) - 1


def cues(text: str) -> int:
    """In which ways of ``_CUES`` a text as ``plain`` gives it may name a share, a bit each: no is certain.

    The compiled step looks for what the patterns of this file cannot do without: who changes one, changes the other.
    """
    return cues_plainly(text) if steps is None else int(steps.cues(text.encode("utf-8", "replace")))


def touts(text: str, known: Collection[str] = (), subject: str = "") -> list[Tout]:
    """The shares that a text praises, the surest first; mostly none, and of a real tout mostly one.

    ``known`` are symbols that exist, from an operator's directory or from other mail of the same days; a reading by
    OCR that is one likely confusion away from one of them becomes it.
    """
    text = plain(f"{subject}\n{text}" if subject else text)[:MAX_TEXT]
    if not (may := cues(text)):
        return []
    return touts_with(text, may, known)


def touts_with(text: str, may: int, known: Collection[str] = ()) -> list[Tout]:
    """``touts`` of a text in its usual characters that can name a share only in these ways."""
    votes: Counter[str] = Counter()
    cues: dict[str, set[str]] = {}
    markets: dict[str, str] = {}
    spans: dict[str, tuple[int, int]] = {}
    said = {word for word in _capitals(text) if word not in _NOISE or word in known}
    trading: set[str] | None = None
    for place, (cue, find, weight) in enumerate(_FINDERS):
        if weight > 1 and not may >> place & 1:
            continue
        if not said and cue in _OF_CAPITALS:
            continue
        if weight == 1 and not votes:
            break  # being urged to buy is a sign only of a share that the text names otherwise
        if weight == 1 and trading is None and not (trading := traders(text)):
            break
        for match in find(text):
            groups = {name.rstrip("12"): value for name, value in match.groupdict().items() if value}
            ticker = _ticker(groups.get("ticker", ""), known)
            if not ticker:
                continue
            votes[ticker] += weight
            cues.setdefault(ticker, set()).add(cue)
            if market := groups.get("market", "").replace(" ", "").replace("0B", "OB") or (
                groups.get("place", "") if cue == "exchange" else ""
            ):
                markets.setdefault(ticker, market.upper().replace(" ", "").replace("0TC", "OTC"))
            spans.setdefault(ticker, match.span())
    if not votes or not (trading := traders(text) if trading is None else trading):
        return []  # of whatever the text talks, it is not of shares: no score without a word of traders
    for ticker in votes:  # what stands everywhere in the text is its subject
        votes[ticker] += min(4, len(re.findall(rf"(?<![A-Z0-9]){re.escape(ticker)}(?![A-Z0-9])", text)))
    misread.joined(votes, cues, markets, spans, known)
    about = _about(text, trading)
    found = []
    for ticker, count in votes.most_common(8):
        points = _score(cues[ticker], about, count)
        if points >= LEAST:
            start, end = spans[ticker]
            found.append(
                Tout(
                    ticker, markets.get(ticker, ""), _named(text, ticker, start), about.price, about.target,
                    about.horizon, points, tuple(sorted(cues[ticker] | about.cues)), start, end,
                )
            )  # fmt: skip
    best = max((tout.points for tout in found), default=0)
    return [tout for tout in found if tout.points >= best - 1][:3]


def agreed(texts: Sequence[str], known: Collection[str] = ()) -> list[Tout]:
    """The shares that several readings of one picture praise: each once, with the figures most of them have."""
    found: dict[str, list[Tout]] = {}
    for text in texts:
        for tout in touts(text, known):
            found.setdefault(tout.ticker, []).append(tout)
    made = []
    for ticker, several in found.items():
        near = [other for other in found if other != ticker and misread.confusion(ticker, other) <= 1.0]
        if any(len(found[other]) > len(several) for other in near):
            continue  # one reading's slip
        best = max(several, key=lambda tout: tout.points)
        price = _commonest([tout.price for tout in several])
        made.append(msgspec.structs.replace(best, price=price, target=_commonest([tout.target for tout in several])))
    return sorted(made, key=lambda tout: -tout.points)


def _commonest(values: Sequence[float]) -> float:
    return Counter(value for value in values if value).most_common(1)[0][0] if any(values) else 0.0


_STEMS = ("symb", "ymbo", "umbol", "ynbo", "tick", "stock", "sbl", "smbl", "rzel", "code", "sym")
_AROUND = 48  # characters around such a word that are looked at
if steps is not None:
    steps.hinting(_HINTS, tuple(stem.encode() for stem in _STEMS))


def _said(text: str) -> Iterator[re.Match[str]]:
    """Where a text says that a word is a symbol, found by the stems of such words: a pattern at every place is dear."""
    low = text.lower()
    ends: set[int] = set()
    for stem in _STEMS:
        at, tried = low.find(stem), 0
        while at >= 0 and tried < 60:
            tried += 1
            for match in _symbol(text, max(0, at - 10), at + _AROUND):
                if match.end() not in ends and match.end() != at + _AROUND:  # else the window's end may have cut it
                    ends.add(match.end())
                    yield match
            at = low.find(stem, at + len(stem))


def _urging(text: str) -> Iterator[re.Match[str]]:
    """The matches of ``_urged``, tried before words in capitals alone."""
    end = 0
    for run in _runs(text):
        at = run.start()
        if at >= end:
            for match in _urged(text, max(end, at - _URGE), at + _SYMBOL):
                if match.start("ticker") == at:  # another's end may be cut off
                    end = match.end()
                    yield match


_URGE, _SYMBOL = 16, 10  # characters of the longest way to urge, and of a symbol with its market and what follows


Finder = Callable[[str], Iterator[re.Match[str]]]
_FINDERS: tuple[tuple[str, Finder, int], ...] = (
    ("symbol", _said, 3), ("exchange", _exchange, 3), ("suffix", _suffixed, 3), ("brackets", _bracketed, 2),
    ("urged", _urging, 1), ("led", _led, 1),
)  # fmt: skip
"""By what a share is named, and the points of each."""


def traders_plainly(text: str) -> set[str]:
    """``traders`` by the pattern alone."""
    return {word.lower() for word in _traders.findall(text)}


def traders(text: str) -> set[str]:
    """The traders' words of the text, in lower case."""
    low = _lower(text)
    if low is None:
        return traders_plainly(text)
    words: set[str] = set()
    for stem in _TRADE:
        at = low.find(stem)
        while at >= 0:
            if (match := _traders.match(text, at)) is not None:
                words.add(match[0].lower())
            at = low.find(stem, at + len(stem))
    return words


class _About(msgspec.Struct, frozen=True):
    """What the text says of prices and of trading, whatever its share."""

    price: float
    target: float
    horizon: str
    cues: frozenset[str]
    traders: int


def _about(text: str, trading: set[str]) -> _About:
    cues: set[str] = set()
    target, horizon, spans = 0.0, "", []
    for match in _near(text, _target, _TARGETS):
        target = _money(match["money"])
        if target:
            horizon = (match["when"] or "").strip().lower()
            spans.append(match.span())
            break
    price = 0.0
    for match in _near(text, _price, _PRICES):
        if any(start <= match.start() < end for start, end in spans):
            continue
        price = _money(match["money"])
        if price:
            break
    if not horizon and (said := _horizon(text)) is not None:
        horizon = said[1].lower()
    if price:
        cues.add("price")
    if target:
        cues.add("target")
    if _gains(text):
        cues.add("gain")
    if len(trading) >= 2:
        cues.add("traders' words")
    return _About(price, target, horizon, frozenset(cues), len(trading))


def _gains(text: str) -> bool:
    """Whether it promises a gain, looked for before each "%"."""
    at = text.find("%")
    while at >= 0:
        start = at
        while start and (text[start - 1] in "0123456789." or text[start - 1].isspace()):
            start -= 1
        if start < at and _gain(text, max(0, start - _PROMISE), at + 1):
            return True
        at = text.find("%", at + 1)
    return False


_PROMISE = 14  # characters of the longest word of a gain with what may stand between it and the number


def _score(cues: set[str], about: _About, votes: int) -> int:
    """Points: 3 for a word that says that this is a symbol, 2 for brackets, 1 for being urged; the rest from around."""
    points = 3 if cues & {"symbol", "exchange", "suffix"} else 2 if "brackets" in cues else 1
    points += len(cues) - 1
    points += ("price" in about.cues) + ("target" in about.cues) + ("gain" in about.cues)
    if "brackets" in cues and not {"price", "target"} & about.cues and not cues - {"brackets"}:
        return 0  # (ABCD) behind a name is any association
    if not cues & {"symbol", "exchange", "suffix", "brackets"} and not {"price", "target"} <= about.cues:
        points -= 2
    if cues == {"symbol"} and not {"price", "target", "gain"} & about.cues and votes < 5:
        return 0  # "code: XKQZ" stands in every parcel notice
    return points + (about.traders >= 2) if about.traders else 0


@lru_cache(4096)
def _shape(written: str) -> str:
    letters = written.lstrip("$")
    for mark in " -_.*~":
        letters = letters.replace(mark, "")
    return letters


def _ticker(written: str, known: Collection[str]) -> str:
    """The symbol as it is listed; "" for a word that is none."""
    letters = _shape(written)
    if not 2 <= len(letters) <= 6:
        return ""
    if letters not in known and not (letters.isalpha() and letters.isupper()):
        read = letters.translate(_LEET)
        if sum(not "A" <= char <= "Z" for char in letters) > 1 or not read.isalpha():
            return ""
        letters = read
    if letters in _NOISE or len(letters) > 5:
        return ""
    return misread.corrected(letters, known) if known else letters


def _named(text: str, ticker: str, start: int) -> str:
    """The company: said so, or what stands before its symbol in brackets, or the line above it."""
    if (match := _company(text)) is not None:
        name = match["name"].strip(" .,;-\"'")
        if name.upper() not in (ticker, f"{ticker}.PK", f"{ticker}.OB"):
            return name
    place = re.search(rf"\(\s?[^)\n]{{0,14}}{re.escape(ticker)}", text)
    if place is not None and (match := _before(text[max(0, place.start() - 80) : place.start() + 1])) is not None:
        return match[1].strip(" .,;-")
    above = text[max(0, start - 120) : start].rstrip().rsplit("\n", 1)[-1]
    above = re.split(r"[!?:,]\s|\.\s(?=[A-Z])", above)[-1].strip(" .,;:-!*")
    return above if 3 <= len(above) <= 48 and _proper(above) else ""


def _money(written: str) -> float:
    text = written.translate(str.maketrans("OoIl,", "0011."))
    try:
        value = float(text if not text.startswith(".") else "0" + text)
    except ValueError:
        return 0.0
    return value if 0 < value < 10_000 else 0.0


def plain(text: str) -> str:
    """The text in its usual characters, without those that nobody sees."""
    if text.isascii():
        return text
    text = text[: MAX_TEXT * 2]
    if any(text.find(mark) >= 0 for mark in _UNSEEN):
        text = text.translate(_NOTHING)
    return unicodedata.normalize("NFKC", text)
