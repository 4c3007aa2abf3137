"""The book of campaigns in the state database: their names, what is known of each, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select

from junkhound.ledger import state
from junkhound.ledger.campaign_tables import campaign_events, campaign_keys, campaigns
from junkhound.ledger.named import NameBook, note, signed, unsigned

KEYS = 40  # of a campaign that are noted, those of most of its mails


class Campaign(msgspec.Struct, frozen=True):
    """One campaign as it is noted; days since 1970, ``sketch`` what its texts agree on."""

    number: int
    name: str
    born_at: int
    changed_at: int
    first_day: int
    last_day: int
    mails: int
    units: int
    sources: int
    subject: str = ""
    kind: str = ""
    sure: float = 0.0
    why: str = ""
    words: int = 0
    sketch: bytes = b""
    merged_into: int | None = None


class Step(msgspec.Struct, frozen=True):
    """One step in its life: born, merged, split or revived; ``other`` is the campaign it went into or came from."""

    campaign: int
    at: int
    event: str
    other: int | None
    why: str


Key = tuple[int, int, int]
"""Kind, key and mails."""


class Book(NameBook):
    """All campaigns of a home."""

    table, noun, letter, digits = campaigns, "campaign", "K", 6

    def all(self, merged: bool = False) -> list[Campaign]:
        """Every campaign that stands, those with most mails first; with ``merged`` also those that do not."""
        query = select(campaigns).order_by(campaigns.c.mails.desc(), campaigns.c.number)
        return self.read(query if merged else query.where(campaigns.c.merged_into.is_(None)), Campaign)

    def get(self, name: str) -> Campaign:
        """The campaign of that name, or the one it went into. Errors: NotFound."""
        return Campaign(**self.row(name))

    def keys(self, numbers: Sequence[int] | None = None) -> dict[int, list[Key]]:
        """The noted keys of these campaigns, or of all."""
        query = select(campaign_keys).order_by(campaign_keys.c.mails.desc(), campaign_keys.c.kind, campaign_keys.c.key)
        if numbers is not None:
            query = query.where(campaign_keys.c.campaign.in_(list(numbers)))
        found: dict[int, list[Key]] = {}
        with state.reading(self.engine) as connection:
            for campaign, kind, key, mails in connection.execute(query):
                found.setdefault(int(campaign), []).append((int(kind), unsigned(int(key)), int(mails)))
        return found

    def events(self, number: int | None = None, limit: int = 1000) -> list[Step]:
        """The steps of one campaign or of all, newest first."""
        query = select(campaign_events).order_by(campaign_events.c.serial.desc()).limit(limit)
        if number is not None:
            query = query.where(campaign_events.c.campaign == number)
        return self.read(query, Step)


def write(
    connection: Connection, found: Iterable[Campaign], merged: Mapping[int, int], steps: Iterable[Step],
    keys: Mapping[int, Sequence[Key]],
) -> None:  # fmt: skip
    """Note all of it inside the caller's transaction: new campaigns, changed ones, what merged, events, keys."""
    note(connection, campaigns, [msgspec.structs.asdict(one) for one in found], merged)
    told = [msgspec.structs.asdict(step) for step in steps]
    if told:
        connection.execute(insert(campaign_events), told)
    for number, held in keys.items():
        connection.execute(campaign_keys.delete().where(campaign_keys.c.campaign == number))
        noted: list[dict[str, Any]] = [
            {"campaign": number, "kind": kind, "key": signed(key), "mails": mails} for kind, key, mails in held
        ]
        if noted:
            connection.execute(insert(campaign_keys), noted)
