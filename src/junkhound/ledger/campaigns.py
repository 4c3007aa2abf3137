"""The book of campaigns in the state database: their names, what is known of each, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, insert, select, update

from junkhound.kernel import clock
from junkhound.kernel.errors import NotFound
from junkhound.ledger import schema, state
from junkhound.ledger.campaign_tables import campaign_events, campaign_keys, campaigns

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


class Book:
    """All campaigns of a home."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def numbers(self, at: int, count: int) -> list[tuple[int, str]]:
        """New numbers and names for the year of ``at``; each is given once, even if nothing comes of it."""
        if not count:
            return []
        year, table = clock.to_datetime(at).year, schema.counters
        given = []
        with state.writing(self.engine) as connection:
            for name in ("campaign", f"campaign:{year}"):
                state.insert_new(connection, table, [{"name": name, "value": 0}])
                connection.execute(update(table).where(table.c.name == name).values(value=table.c.value + count))
                last = state.counter(connection, name)
                given.append(range(last - count + 1, last + 1))
        return [(number, f"K-{year:04d}-{place:06d}") for number, place in zip(*given, strict=True)]

    def all(self, merged: bool = False) -> list[Campaign]:
        """Every campaign that stands, those with most mails first; with ``merged`` also those that do not."""
        query = select(campaigns).order_by(campaigns.c.mails.desc(), campaigns.c.number)
        if not merged:
            query = query.where(campaigns.c.merged_into.is_(None))
        with state.reading(self.engine) as connection:
            return [Campaign(**row) for row in connection.execute(query).mappings()]

    def get(self, name: str) -> Campaign:
        """The campaign of that name, or the one it went into. Errors: NotFound."""
        with state.reading(self.engine) as connection:
            row = connection.execute(select(campaigns).where(campaigns.c.name == name.upper())).mappings().first()
            while row is not None and row["merged_into"] is not None:
                query = select(campaigns).where(campaigns.c.number == row["merged_into"])
                row = connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(f"no campaign {name!r}", "names look like K-2026-000123; junkhound campaigns shows them")
        return Campaign(**row)

    def alias(self) -> dict[int, int]:
        """Where the mail of merged campaigns is now, by number."""
        query = select(campaigns.c.number, campaigns.c.merged_into).where(campaigns.c.merged_into.is_not(None))
        with state.reading(self.engine) as connection:
            into = {int(one): int(other) for one, other in connection.execute(query)}
        found = {}
        for number in into:
            target, steps = number, 0
            while target in into and steps <= len(into):
                target, steps = into[target], steps + 1
            found[number] = target
        return found

    def keys(self, numbers: Sequence[int] | None = None) -> dict[int, list[Key]]:
        """The noted keys of these campaigns, or of all."""
        query = select(campaign_keys).order_by(campaign_keys.c.mails.desc(), campaign_keys.c.kind, campaign_keys.c.key)
        if numbers is not None:
            query = query.where(campaign_keys.c.campaign.in_(list(numbers)))
        found: dict[int, list[Key]] = {}
        with state.reading(self.engine) as connection:
            for campaign, kind, key, mails in connection.execute(query):
                found.setdefault(int(campaign), []).append((int(kind), int(key) & (1 << 64) - 1, int(mails)))
        return found

    def events(self, number: int | None = None, limit: int = 1000) -> list[Step]:
        """The steps of one campaign or of all, newest first."""
        query = select(campaign_events).order_by(campaign_events.c.serial.desc()).limit(limit)
        if number is not None:
            query = query.where(campaign_events.c.campaign == number)
        names = Step.__struct_fields__
        with state.reading(self.engine) as connection:
            return [Step(**{n: row[n] for n in names}) for row in connection.execute(query).mappings()]


def write(
    connection: Connection, found: Iterable[Campaign], merged: Mapping[int, int], steps: Iterable[Step],
    keys: Mapping[int, Sequence[Key]],
) -> None:  # fmt: skip
    """Note all of it inside the caller's transaction: new campaigns, changed ones, what merged, events, keys."""
    rows = [msgspec.structs.asdict(one) for one in found]
    known = set(connection.execute(select(campaigns.c.number)).scalars())
    new = [row for row in rows if row["number"] not in known]
    if new:
        connection.execute(insert(campaigns), new)
    for row in rows:
        if row["number"] in known:
            values = {name: value for name, value in row.items() if name not in _FIXED}
            connection.execute(update(campaigns).where(campaigns.c.number == row["number"]).values(**values))
    for number, target in merged.items():
        connection.execute(update(campaigns).where(campaigns.c.number == number).values(merged_into=target))
    told = [msgspec.structs.asdict(step) for step in steps]
    if told:
        connection.execute(insert(campaign_events), told)
    for number, held in keys.items():
        connection.execute(campaign_keys.delete().where(campaign_keys.c.campaign == number))
        noted: list[dict[str, Any]] = [
            {"campaign": number, "kind": kind, "key": key - (1 << 64) if key >> 63 else key, "mails": mails}
            for kind, key, mails in held
        ]
        if noted:
            connection.execute(insert(campaign_keys), noted)


_FIXED = ("number", "name", "born_at", "merged_into")
