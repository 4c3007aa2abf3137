"""What queries answer with: plain records, numbers as stored, words only at the faces."""

from __future__ import annotations

import msgspec

from junkhound.kernel.net import Address, Network


class Sighting(msgspec.Struct, frozen=True):
    """One row of ``tables.SIGHTINGS``; see there for each column."""

    id_hi: int
    id_lo: int
    addr_hi: int | None
    addr_lo: int | None
    seen_at: int | None
    ingested_at: int
    kind: int
    standing: int
    path: int
    state: int
    confidence: int
    clues: int
    defects: int
    asn: int
    prefix: int
    country: int
    operator: int
    routes: int
    intake: int
    analysis: int
    vantage: int
    trap: int
    recipients: int
    trap_country: int
    resend: int
    count: int
    size: int
    hops: int
    template: int
    auth_domain: int
    segment: int
    ordinal: int
    repeat: int
    source_class: int | None = None

    @property
    def id(self) -> bytes:
        """The 16 bytes of the sighting id."""
        return self.id_hi.to_bytes(8, "big") + self.id_lo.to_bytes(8, "big")

    @property
    def address(self) -> Address | None:
        """The address that is blamed, if any."""
        if self.addr_hi is None or self.addr_lo is None:
            return None
        return Address(self.addr_hi, self.addr_lo)


class DayCount(msgspec.Struct, frozen=True):
    """One day of an address: ``witnesses`` are distinct (vantage, hour) of that kind."""

    day: int
    kind: int
    messages: int
    witnesses: int
    vantages: int


class Source(msgspec.Struct, frozen=True):
    """One address in a ranking, over the period asked for.

    ``days`` and ``weeks`` count those with at least one message; ``longest_gap_days`` is the longest silence
    between two active days. ``score`` is what it was ranked by.
    """

    address: Address
    messages: int
    days: int
    weeks: int
    first_day: int
    last_day: int
    longest_gap_days: int
    witnesses: int
    asn: int
    country: int
    score: float


class Count(msgspec.Struct, frozen=True):
    """One group of a count; ``key`` is the country, asn, kind or day as stored, a year, or year * 100 + month."""

    key: int
    messages: int
    sources: int
    witnesses: int


class Key(msgspec.Struct, frozen=True):
    """One thing that a sighting shares with others, with its text where it is known."""

    kind: int
    key: int
    name: str | None


class Template(msgspec.Struct, frozen=True):
    """One normalised text."""

    template: int
    sketch: bytes
    words: int
    day: int
    subject: str


class NetworkCount(msgspec.Struct, frozen=True):
    """One network: how many of its addresses were seen, and doing what."""

    network: Network
    sources: int
    messages: int
    days: int
    first_day: int
    last_day: int
    asn: int
    country: int


class Totals(msgspec.Struct, frozen=True):
    """The base of every share: rows of the period, those that blame an address, repeats, and distinct addresses."""

    rows: int
    messages: int
    traced: int
    repeats: int
    sources: int
    first_at: int | None
    last_at: int | None
