"""What was read out of campaigns: when each was last read, and its wordings as patterns, every one that ever was."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import BigInteger, Column, Engine, Float, ForeignKey, Integer, Table, Text, insert, select, update

from junkhound.ledger import state
from junkhound.ledger.campaign_tables import campaign_events, campaigns
from junkhound.ledger.schema import Serial, metadata

campaign_readings = Table(
    "campaign_readings",
    metadata,
    Column("campaign", BigInteger, ForeignKey("campaigns.number"), primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("mails", BigInteger, nullable=False),  # of the campaign at that time
    Column("read", Integer, nullable=False),  # mails that were looked at
    Column("matched", Float),  # share of them that its patterns match; null: it has none
)

campaign_wordings = Table(
    "campaign_wordings",
    metadata,
    Column("serial", Serial, primary_key=True),
    Column("campaign", BigInteger, ForeignKey("campaigns.number"), nullable=False, index=True),
    Column("version", Integer, nullable=False),  # counts wordings of one campaign from 1
    Column("made_at", BigInteger, nullable=False),
    Column("met_on", Integer, nullable=False),  # newest day of a mail that matched, days since 1970
    Column("traps", Integer, nullable=False),  # different traps or mailboxes among the mails it was learned from
    Column("content", Text, nullable=False),  # JSON of campaign.Pattern
)

TABLES = (campaign_readings, campaign_wordings)


class Reading(msgspec.Struct, frozen=True):
    """When a campaign was last read, and of how many mails."""

    campaign: int
    at: int
    mails: int
    read: int
    matched: float | None = None


class Wording(msgspec.Struct, frozen=True):
    """One pattern of a campaign as it is noted; ``content`` is JSON, ``serial`` 0 before it is."""

    campaign: int
    version: int
    made_at: int
    met_on: int
    traps: int
    content: str
    serial: int = 0


class Shelf:
    """The readings and wordings of one home."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def readings(self) -> dict[int, Reading]:
        """The last reading of each campaign."""
        with state.reading(self.engine) as connection:
            rows = connection.execute(select(campaign_readings)).mappings()
            return {int(row["campaign"]): Reading(**row) for row in rows}

    def wordings(self, campaign: int | None = None) -> list[Wording]:
        """The wordings of one campaign or of all, oldest first."""
        query = select(campaign_wordings).order_by(campaign_wordings.c.campaign, campaign_wordings.c.version)
        if campaign is not None:
            query = query.where(campaign_wordings.c.campaign == campaign)
        with state.reading(self.engine) as connection:
            return [Wording(**row) for row in connection.execute(query).mappings()]

    def put(
        self, reading: Reading, made: Iterable[Wording], met: dict[int, int], told: tuple[str, float, str] | None,
        why: str = "",
    ) -> None:  # fmt: skip
        """Note one reading: new wordings, on which day known ones (by serial) were met last, and the kind."""
        rows = [
            {name: value for name, value in msgspec.structs.asdict(one).items() if name != "serial"} for one in made
        ]
        with state.writing(self.engine) as connection:
            table = campaign_readings
            connection.execute(table.delete().where(table.c.campaign == reading.campaign))
            connection.execute(insert(table), [msgspec.structs.asdict(reading)])
            if rows:
                connection.execute(insert(campaign_wordings), rows)
                connection.execute(
                    insert(campaign_events),
                    [{"campaign": reading.campaign, "at": reading.at, "event": "reworded" if met else "worded",
                      "other": None, "why": why}],
                )  # fmt: skip
            for serial, day in met.items():
                words = campaign_wordings
                connection.execute(
                    update(words).where(words.c.serial == serial, words.c.met_on < day).values(met_on=day)
                )
            if told is not None:
                kind, sure, said = told
                one = campaigns.c.number == reading.campaign
                connection.execute(update(campaigns).where(one).values(kind=kind, sure=sure, why=said))

    def tell(self, campaign: int, kind: str, sure: float, why: str) -> None:
        """Note what a campaign is about."""
        with state.writing(self.engine) as connection:
            connection.execute(
                update(campaigns).where(campaigns.c.number == campaign).values(kind=kind, sure=sure, why=why)
            )
