"""``guard counts``: what became of the mail that the guards of this home looked at, by country.

Only countries and days are kept, no address and no mail; and only where ``[guard] count`` says so.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor

import msgspec

from junkhound.guard import Opinion, Word
from junkhound.kernel.clock import DAY, SystemClock
from junkhound.kernel.errors import ConfigError, JunkhoundError, UsageError
from junkhound.ledger import guard_counts
from junkhound.ledger.guard_counts import Fate, Key
from junkhound.tables import country_code, country_number
from junkhound.verbs.office import Office

DAYS = 30
SIDES = ("source", "recipient", "both")


class Line(msgspec.Struct, frozen=True):
    """One pair of countries, or one country where the other side is summed; '' unknown."""

    source: str
    recipient: str
    attempts: int
    refused: int
    junk: int
    inbox: int


class Fates:
    """What a running guard counts; written to the home now and then, and at its end."""

    def __init__(self, office: Office) -> None:
        """Errors: ConfigError for a country that is none."""
        said = office.config.guard
        self._office = office
        self._country = _country(said.country, "[guard] country")
        self._countries = {}
        for words in said.countries:
            domain, found, country = words.partition("=")
            if not found:
                raise ConfigError(f"[guard] countries: {words!r} names no country", "write example.de=DE")
            self._countries[domain.strip().lower()] = _country(country.strip(), "[guard] countries")
        self._counted: defaultdict[Key, Fate] = defaultdict(Fate)
        self._lock = threading.Lock()

    def add(self, found: Opinion, recipients: Iterable[bytes], refused: bool) -> None:
        """One mail is one attempt, at the country of its first recipient."""
        first = next(iter(recipients), b"").decode("utf-8", "replace")
        junk = not refused and found.word is Word.JUNK
        key = SystemClock().now() // DAY, found.country, self.country_of(first)
        with self._lock:
            self._counted[key] = self._counted[key].plus(Fate(1, refused, junk, not refused and not junk))

    def country_of(self, address: str) -> int:
        """Of a recipient: of its domain, or one above it, as the settings say."""
        domain = address.rpartition("@")[2].lower().strip("<>. ")
        while domain:
            if domain in self._countries:
                return self._countries[domain]
            domain = domain.partition(".")[2]
        return self._country

    def keep(self) -> None:
        """Write what was counted; where that is not possible now it stays for the next time."""
        with self._lock:
            counted, self._counted = dict(self._counted), defaultdict(Fate)
        try:
            guard_counts.add(self._office.ledger.state, counted)
        except JunkhoundError:
            with self._lock:
                for key, fate in counted.items():
                    self._counted[key] = self._counted[key].plus(fate)

    def keep_soon(self, threads: Executor) -> None:
        """The same beside the work."""
        if self._counted:
            threads.submit(self.keep)


def _country(words: str, setting: str) -> int:
    if not words:
        return 0
    number = country_number(words)
    if not number:
        raise ConfigError(f"{setting}: {words!r} is no country", "write its two letters")
    return number


def read(office: Office, days: int = DAYS, by: str = "source") -> list[Line]:
    """Counts of the last days by source's or recipient's country, or pairs of both; most attempts first.

    Errors: UsageError for another side.
    """
    if by not in SIDES:
        raise UsageError(f"no side {by!r}", f"one of {', '.join(SIDES)}")
    today = office.now // DAY
    sums: defaultdict[tuple[int, int], Fate] = defaultdict(Fate)
    found = guard_counts.by_country(office.ledger.state, today - days + 1, today + 1)
    for (source, recipient), fate in found.items():
        key = source * (by != "recipient"), recipient * (by != "source")
        sums[key] = sums[key].plus(fate)
    lines = [Line(_code(source), _code(recipient), *fate) for (source, recipient), fate in sums.items()]
    return sorted(lines, key=lambda line: (-line.attempts, line.source, line.recipient))


def _code(number: int) -> str:
    return country_code(number) if number else ""


def total(lines: Sequence[Line]) -> Fate:
    """All of them together."""
    return Fate(*(sum(getattr(line, name) for line in lines) for name in Fate._fields))
