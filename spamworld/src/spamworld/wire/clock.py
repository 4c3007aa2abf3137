"""Instants as mail programs write them: a host's zone, its changes to summer time, and a dozen date forms."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

SECOND = 1_000_000
_EPOCH = date(1970, 1, 1).toordinal()
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# (minutes east of UTC, rule of summer time, names). Large countries have the zone of most of their people.
# Source: IANA time zone database, rules of 2006 to 2025, simplified to one zone a country.
_ZONES: dict[str, tuple[int, str, str, str]] = {
    "US": (-300, "us", "EST", "EDT"), "CA": (-300, "us", "EST", "EDT"), "MX": (-360, "", "CST", "CST"),
    "BR": (-180, "", "BRT", "BRT"), "AR": (-180, "", "ART", "ART"), "CL": (-240, "", "CLT", "CLT"),
    "CO": (-300, "", "COT", "COT"), "PE": (-300, "", "PET", "PET"), "VE": (-240, "", "VET", "VET"),
    "GB": (0, "eu", "GMT", "BST"), "IE": (0, "eu", "GMT", "IST"), "PT": (0, "eu", "WET", "WEST"),
    "FR": (60, "eu", "CET", "CEST"), "DE": (60, "eu", "CET", "CEST"), "ES": (60, "eu", "CET", "CEST"),
    "IT": (60, "eu", "CET", "CEST"), "NL": (60, "eu", "CET", "CEST"), "BE": (60, "eu", "CET", "CEST"),
    "CH": (60, "eu", "CET", "CEST"), "AT": (60, "eu", "CET", "CEST"), "PL": (60, "eu", "CET", "CEST"),
    "CZ": (60, "eu", "CET", "CEST"), "SE": (60, "eu", "CET", "CEST"), "NO": (60, "eu", "CET", "CEST"),
    "DK": (60, "eu", "CET", "CEST"), "HU": (60, "eu", "CET", "CEST"), "FI": (120, "eu", "EET", "EEST"),
    "RO": (120, "eu", "EET", "EEST"), "GR": (120, "eu", "EET", "EEST"), "UA": (120, "eu", "EET", "EEST"),
    "BG": (120, "eu", "EET", "EEST"), "ZA": (120, "", "SAST", "SAST"), "EG": (120, "", "EET", "EET"),
    "IL": (120, "eu", "IST", "IDT"), "RU": (180, "", "MSK", "MSK"), "TR": (180, "", "+03", "+03"),
    "SA": (180, "", "+03", "+03"), "KE": (180, "", "EAT", "EAT"), "NG": (60, "", "WAT", "WAT"),
    "IR": (210, "", "+0330", "+0330"), "PK": (300, "", "PKT", "PKT"), "IN": (330, "", "IST", "IST"),
    "BD": (360, "", "+06", "+06"), "KZ": (360, "", "+06", "+06"), "TH": (420, "", "ICT", "ICT"),
    "VN": (420, "", "ICT", "ICT"), "ID": (420, "", "WIB", "WIB"), "CN": (480, "", "CST", "CST"),
    "HK": (480, "", "HKT", "HKT"), "TW": (480, "", "CST", "CST"), "SG": (480, "", "SGT", "SGT"),
    "MY": (480, "", "MYT", "MYT"), "PH": (480, "", "PST", "PST"), "KR": (540, "", "KST", "KST"),
    "JP": (540, "", "JST", "JST"), "AU": (600, "", "AEST", "AEST"), "NZ": (720, "", "NZST", "NZST"),
}  # fmt: skip
UTC = "UTC"
PACIFIC = "US-west"
_ZONES[UTC] = (0, "", "UTC", "UTC")
_ZONES[PACIFIC] = (-480, "us", "PST", "PDT")
PLACES = tuple(sorted(_ZONES.keys() - {UTC, PACIFIC}))


@lru_cache(65536)
def _sunday(year: int, month: int, which: int) -> int:
    """Day (since 1970) of the first, second, ... Sunday; 0 for the last."""
    first = date(year, month, 1)
    if which:
        return first.toordinal() - _EPOCH + (6 - first.weekday()) % 7 + 7 * (which - 1)
    after = date(year + month // 12, month % 12 + 1, 1)
    return after.toordinal() - _EPOCH - 1 - after.weekday()


@lru_cache(65536)
def zone(place: str, day: int) -> tuple[int, str, str]:
    """Offset in seconds, its numeric form and its name, for a country (or ``UTC``) on a day since 1970."""
    minutes, rule, winter, summer = _ZONES.get(place) or _ZONES[UTC]
    name = winter
    if rule:
        year = date.fromordinal(day + _EPOCH).year
        if rule == "eu":
            on = _sunday(year, 3, 0) <= day < _sunday(year, 10, 0)
        elif year < 2007:
            on = _sunday(year, 4, 1) <= day < _sunday(year, 10, 0)
        else:
            on = _sunday(year, 3, 2) <= day < _sunday(year, 11, 1)
        if on:
            minutes, name = minutes + 60, summer
    return minutes * 60, numeric(minutes), name


@lru_cache(256)
def numeric(minutes: int) -> str:
    """``+0530`` for 330."""
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}{rest:02}"


@lru_cache(16384)
def _day(day: int) -> tuple[str, int, str, int, int]:
    found = date.fromordinal(day + _EPOCH)
    return DAYS[found.weekday()], found.day, MONTHS[found.month - 1], found.year, found.month


@lru_cache(4096)
def _heads(day: int) -> tuple[str, str, str]:
    name, number, month, year, _ = _day(day)
    return (
        f"{name}, {number:02} {month} {year} ",
        f"{name}, {number} {month} {year} ",
        f"{name}, {number:2} {month} {year} ",
    )


_TIMES = [f"{n // 60:02}:{n % 60:02}" for n in range(1440)]
_TWO = [f":{n:02}" for n in range(60)]


def day_of(at: int) -> int:
    """Days since 1970."""
    return at // 86_400_000_000


def local(at: int, place: str) -> tuple[int, int, int, int, int, int]:
    """Year, month, day, hour, minute, second on a clock of that place."""
    seconds = at // SECOND + zone(place, at // 86_400_000_000)[0]
    day, rest = divmod(seconds, 86400)
    _, number, _, year, month = _day(day)
    return year, month, number, rest // 3600, rest // 60 % 60, rest % 60


def written(at: int, place: str, head: int = 0, comment: bool = False) -> str:
    """A date of RFC 5322 section 3.3. ``head``: 0 day with two digits, 1 with no zero, 2 with a blank for it."""
    offset, number, name = zone(place, at // 86_400_000_000)
    day, rest = divmod(at // SECOND + offset, 86400)
    text = f"{_heads(day)[head]}{_TIMES[rest // 60]}{_TWO[rest % 60]} {number}"
    return f"{text} ({name})" if comment else text


def named(at: int, place: str) -> str:
    """With the zone's name instead of its offset, as old webmail writes: ``Tue, 27 Aug 2002 12:31:52 PDT``."""
    offset, _, name = zone(place, at // 86_400_000_000)
    day, rest = divmod(at // SECOND + offset, 86400)
    return f"{_heads(day)[0]}{_TIMES[rest // 60]}{_TWO[rest % 60]} {name}"


def gmt(at: int) -> str:
    """``Mon, 02 Sep 2002 06:44:25 GMT``."""
    day, rest = divmod(at // SECOND, 86400)
    return f"{_heads(day)[0]}{_TIMES[rest // 60]}{_TWO[rest % 60]} GMT"


def bare(at: int) -> str:
    """qmail's form: UTC, no day of the week, ``22 Aug 2002 21:26:29 -0000``."""
    day, rest = divmod(at // SECOND, 86400)
    return f"{_heads(day)[1][5:]}{_TIMES[rest // 60]}{_TWO[rest % 60]} -0000"


def offset_form(at: int, minutes: int, head: int = 0) -> str:
    """On a clock with this fixed offset, whatever the place."""
    day, rest = divmod(at // SECOND + minutes * 60, 86400)
    return f"{_heads(day)[head]}{_TIMES[rest // 60]}{_TWO[rest % 60]} {numeric(minutes)}"


def digits(at: int) -> str:
    """``20020822212629`` in UTC."""
    year, month, day, hour, minute, second = local(at, UTC)
    return f"{year}{month:02}{day:02}{hour:02}{minute:02}{second:02}"
