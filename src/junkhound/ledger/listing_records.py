"""What the state database says of listings, as plain records."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from junkhound.kernel.net import Network
from junkhound.listing import Domain, Reason

Subject = Network | Domain

Pins = Mapping[Subject, Sequence[tuple[int, int, int | None]]]
"""By subject its witness messages as (segment, ordinal, seen_at), oldest first."""


class Listing(msgspec.Struct, frozen=True):
    """One listing, current or past."""

    number: str
    list: str
    subject: Subject
    listing_class: str
    messages: int
    vantages: int
    first_at: int
    last_at: int
    listed_at: int
    expires_at: int
    noted_at: int
    ended_at: int | None
    end: str | None
    relistings: int
    decision: str
    policy: str
    exclusions: tuple[Network, ...] = ()

    @property
    def words(self) -> str:
        """What is listed, as people write it: an address without its length, a network, a name."""
        subject = self.subject
        return str(subject.first) if isinstance(subject, Network) and subject.bits == 128 else str(subject)

    def live(self, at: int) -> bool:
        """Whether it stood at that moment."""
        return self.listed_at <= at < (self.expires_at if self.ended_at is None else self.ended_at)


class Event(msgspec.Struct, frozen=True):
    """One step in a listing's life."""

    at: int
    event: str
    who: str
    why: str
    expires_at: int | None
    decision: str | None


class Stored(msgspec.Struct, frozen=True):
    """A decision as it was stored."""

    id: str
    list: str
    subject: str
    at: int
    outcome: str
    score: float
    policy: str
    inputs: dict[str, Any]
    reasons: tuple[Reason, ...]


class Past(msgspec.Struct, frozen=True):
    """What a decision needs of a subject's past on one list."""

    relistings: int = 0
    ended_hour: int | None = None
    cleared_hour: int | None = None


class Run(msgspec.Struct, frozen=True):
    """When a list was last decided, and last published with how many entries."""

    decided_at: int
    policy: str
    published_at: int | None
    published_entries: int | None
    published_serial: int | None
    shadow_until: int | None = None


class Approval(msgspec.Struct, frozen=True):
    """One person's yes to a listing that needs two."""

    list: str
    subject: str
    at: int
    who: str
    why: str


class Applied(msgspec.Struct):
    """What a run changed, as listing numbers in the order of addresses."""

    listed: list[str] = []
    relisted: list[str] = []
    renewed: list[str] = []
    expired: list[str] = []
    delisted: list[str] = []
    replaced: list[str] = []

    @property
    def changed(self) -> int:
        return sum(len(getattr(self, name)) for name in self.__struct_fields__)


def place(subject: Subject) -> tuple[bytes, bytes, int]:
    """First address, last address and length; for a name a hash stands for both, and no network has length 0."""
    if isinstance(subject, Domain):
        digest = hashlib.sha256(f"{subject.name} {subject.below}".encode()).digest()[:16]
        return digest, digest, 0
    return subject.first.packed, subject.last.packed, subject.bits


def networks_text(networks: Iterable[Network]) -> str | None:
    """Networks as the column keeps them: JSON, null for none."""
    words = [str(network) for network in networks]
    return json.dumps(words) if words else None
