"""Telephone numbers as people write them, in the one form in which they can be told to be equal (ITU-T E.164)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

MOST = 10  # numbers of one text
RUN = b"000"  # three digits in a row, in a text of which every digit was made a "0": no number has fewer
_TRIED = 60

# It begins with the class of its first byte, which is quickly found; what stands before that is asked then.
_number = re.compile(
    rb"[+(0-9](?<![0-9A-Za-z/=.,_#$%&-][+(0-9])(?:(?<=\+) ?(?:\([0-9+]{1,5}\)|[0-9])|(?<=\()[0-9+]{1,5}\)"
    rb"|(?<=0)0 ?(?:\([0-9+]{1,5}\)|[0-9])|(?<=[0-9]))"
    rb"(?:[ ().\-/]|\xc2\xa0|\xe2\x80[\x90-\x93]){0,3}"
    rb"(?:[0-9](?:[ ().\-/]|\xc2\xa0|\xe2\x80[\x90-\x93]){0,3}){5,14}[0-9](?![0-9A-Za-z%=]|[.,-][0-9])"
)
_cue = re.compile(
    rb"(?:tel|t\xc3\xa9l|phone|call|fax|dial|whats|viber|signal|mobil|cell|ring|text|sms|contact|hotline|toll"
    rb"|llam|appel|telef|anruf|rufen|nummer|handy|numer|numero|line|\xd1\x82\xd0\xb5\xd0\xbb|\xe9\x9b\xbb\xe8\xa9\xb1)",
    re.IGNORECASE,
).search
_NANP = re.compile(rb"1?(?:[ .\-]{0,2}\(?)[2-9][0-9]{2}\)?[ .\-]{1,2}[2-9][0-9]{2}[ .\-][0-9]{4}\Z").match
_LOOK = 40  # bytes before a number in which a word must say what it is
# Where a number without a country is dialled, by the language of the text around it.
REGIONS = {
    "en": ("US", "GB", "AU"), "de": ("DE", "AT", "CH"), "fr": ("FR", "BE", "CH"), "es": ("ES", "MX", "AR"),
    "it": ("IT",), "pt": ("BR", "PT"), "ru": ("RU",), "ja": ("JP",), "sv": ("SE",), "nl": ("NL", "BE"), "pl": ("PL",),
    "da": ("DK",), "no": ("NO",), "fi": ("FI",), "tr": ("TR",), "cs": ("CZ",), "hu": ("HU",), "ro": ("RO",),
    "zh": ("CN",), "ko": ("KR",),
}  # fmt: skip


def phones(text: bytes, language: str) -> list[str]:
    """E.164 numbers in the text, in order, each once.

    A number with its country code counts as it stands; one without needs a word before it that says what it is, or
    the form of North America, and is read as dialled where the language is spoken.
    """
    found: dict[str, None] = {}
    for place, match in enumerate(_number.finditer(text)):
        if place >= _TRIED or len(found) >= MOST:
            break
        written = match[0]
        abroad = written.startswith((b"+", b"00")) or b"(+" in written[:3]
        start = match.start()
        american = not abroad and _NANP(written) is not None
        if not (abroad or american) and not _cue(text, max(0, start - _LOOK), start):
            continue
        regions = () if abroad else ("US",) if american else REGIONS.get(language, ("US",))
        if name := e164(written, regions):
            found[name] = None
    return list(found)


@lru_cache(8192)
def e164(written: bytes, regions: tuple[str, ...]) -> str:
    """That number with its country code; "" where no such number can exist."""
    text = written.decode("utf-8", "replace").replace("(0)", " ")
    if text.startswith("00"):
        text = "+" + text[2:]
    library = _library()
    if library is None:
        return _plainly(text, regions)
    for region in regions or (None,):
        try:
            number = library.parse(text, region)
        except library.NumberParseException:
            continue
        # A plan lags behind what its regulator hands out: with the country code, a possible number is enough.
        if library.is_valid_number(number) or (region is None and library.is_possible_number(number)):
            return str(library.format_number(number, library.PhoneNumberFormat.E164))
    return ""


@lru_cache(1)
def _library() -> Any:
    """Google's numbering plans, of the extra ``junkhound[phones]``; None where it is not installed."""
    try:
        import phonenumbers
    except ImportError:
        return None
    return phonenumbers


# Enough to read a number with its country code when the plans are not there: ITU-T E.164 annex, codes in use.
_CODES = (
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 "
    "86 90 91 92 93 94 95 98"
)
_TWO = frozenset(_CODES.split())
_HOME = {
    "US": "1", "GB": "44", "AU": "61", "DE": "49", "AT": "43", "CH": "41", "FR": "33", "ES": "34", "IT": "39",
    "BR": "55", "RU": "7", "JP": "81", "SE": "46", "NL": "31", "PL": "48",
}  # fmt: skip


def _plainly(text: str, regions: tuple[str, ...]) -> str:
    """Country code and length looked at, nothing else; national numbers of the language's first country only."""
    digits = "".join(char for char in text if char.isdigit())
    if not text.lstrip("(").startswith("+"):
        code = _HOME.get(regions[0], "") if regions else ""
        if not code:
            return ""
        if code == "1":
            digits = digits[1:] if len(digits) == 11 and digits[0] == "1" else digits
            return f"+1{digits}" if len(digits) == 10 and digits[0] in "23456789" and digits[3] in "23456789" else ""
        if not digits.startswith("0") or code == "39":
            return ""
        digits = code + digits[1:]
    if not 8 <= len(digits) <= 15 or digits[0] == "0":
        return ""
    if digits[0] == "1":
        return f"+{digits}" if len(digits) == 11 and digits[1] in "23456789" else ""
    if digits[0] == "7":
        return f"+{digits}" if len(digits) == 11 else ""
    return f"+{digits}" if digits[:2] in _TWO or digits[0] in "23456789" else ""
