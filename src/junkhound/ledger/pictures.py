"""Pictures that were looked at: their groups of near-copies, what each group says, and the keys found in it.

What is found belongs to a group, and a sighting has it through the hash of its picture: copies that come later have
it too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    Float,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from junkhound import tables
from junkhound.ledger.queries import Queries
from junkhound.ledger.schema import metadata
from junkhound.ledger.state import reading, writing

pictures = Table(
    "pictures",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),  # first 64 bits of its sha256, signed
    Column("group_number", Integer, nullable=False, index=True),  # 0: it cannot be had
    Column("segment", BigInteger, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("whole", Integer, nullable=False),  # pieces that its mail cuts it into, 1 for a picture in one piece
    Column("looks", LargeBinary, nullable=False),
    Column("why", Text, nullable=False),  # why it cannot be had; empty if it can
    Column("mails", Integer, nullable=False),
)
picture_groups = Table(
    "picture_groups",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("copies", Integer, nullable=False),
    Column("read_with", Integer, nullable=False),  # copies when it was read; 0: not yet
    Column("text", Text, nullable=False),
    Column("texts", Text, nullable=False),  # other readings, JSON
    Column("sure", Float, nullable=False),
    Column("cpu_s", Float, nullable=False),
    Column("into", Integer, nullable=False),  # the group it has become part of; 0: it stands
)
picture_finds = Table(
    "picture_finds",
    metadata,
    Column("group_number", Integer, primary_key=True),
    Column("kind", SmallInteger, primary_key=True),  # words.KeyKind
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
)
TABLES = (pictures, picture_groups, picture_finds)


class Group(msgspec.Struct, frozen=True):
    """One group of near-copies, as it stands."""

    number: int
    copies: int
    mails: int
    read_with: int
    text: str
    texts: tuple[str, ...]
    sure: float
    cpu_s: float


class Met(msgspec.Struct, frozen=True):
    """A picture that nobody has looked at yet: one mail that holds it, and how many do."""

    key: int
    segment: int
    ordinal: int
    mails: int


class Held(msgspec.Struct, frozen=True):
    """A picture that was looked at."""

    key: int
    group: int
    segment: int
    ordinal: int
    whole: int
    looks: bytes
    why: str = ""
    mails: int = 0


def signed(key: int) -> int:
    """A 64-bit key as databases hold it."""
    return key - (1 << 64) if key >> 63 else key


def unsigned(key: int) -> int:
    """A database's number as the 64-bit key it stands for."""
    return key & (1 << 64) - 1


class Shelf:
    """The pictures of one home."""

    def __init__(self, state: Engine) -> None:
        self.state = state

    def known(self) -> dict[int, int]:
        """The group of every picture that was looked at; 0 for what cannot be had."""
        with reading(self.state) as connection:
            rows = connection.execute(select(pictures.c.key, pictures.c.group_number))
            return {unsigned(key): number for key, number in rows}

    def newest(self, limit: int) -> list[Held]:
        """Those of the youngest groups, for new ones to be compared with."""
        table = pictures
        query = select(table.c.key, table.c.group_number, table.c.looks).where(table.c.group_number > 0)
        with reading(self.state) as connection:
            rows = connection.execute(query.order_by(table.c.group_number.desc()).limit(limit)).all()
        return [Held(unsigned(key), number, 0, 0, 1, bytes(looks)) for key, number, looks in reversed(rows)]

    def last_number(self) -> int:
        """The highest number of a group so far."""
        with reading(self.state) as connection:
            found = connection.execute(
                select(picture_groups.c.number).order_by(picture_groups.c.number.desc()).limit(1)
            ).scalar()
        return int(found or 0)

    def groups(self) -> list[Group]:
        """All that stand, those of most mails first."""
        with reading(self.state) as connection:
            rows = connection.execute(select(picture_groups).where(picture_groups.c.into == 0)).all()
            counted: dict[int, int] = {}
            for number, mails in connection.execute(select(pictures.c.group_number, pictures.c.mails)):
                counted[number] = counted.get(number, 0) + mails
        made = [
            Group(row.number, row.copies, counted.get(row.number, 0), row.read_with, row.text,
                  tuple(msgspec.json.decode(row.texts)), row.sure, row.cpu_s)
            for row in rows
        ]  # fmt: skip
        return sorted(made, key=lambda one: (-one.mails, one.number))

    def copies(self, number: int, limit: int) -> list[Held]:
        """Pictures of a group."""
        query = select(pictures).where(pictures.c.group_number == number).order_by(pictures.c.key).limit(limit)
        with reading(self.state) as connection:
            return [
                Held(unsigned(row.key), number, unsigned(row.segment), row.ordinal, row.whole, bytes(row.looks))
                for row in connection.execute(query)
            ]

    def finds(self, numbers: Iterable[int] | None = None) -> dict[int, list[tuple[int, str]]]:
        """(kind, name) of everything found in groups."""
        wanted = None if numbers is None else set(numbers)
        found: dict[int, list[tuple[int, str]]] = {}
        with reading(self.state) as connection:
            for row in connection.execute(select(picture_finds).order_by(picture_finds.c.kind, picture_finds.c.name)):
                if wanted is None or row.group_number in wanted:
                    found.setdefault(row.group_number, []).append((row.kind, row.name))
        return found

    def put(self, held: Sequence[Held], joined: dict[int, int]) -> None:
        """Keep pictures with their groups; ``joined`` says which groups have become part of which."""
        with writing(self.state) as connection:
            for one in held:
                connection.execute(delete(pictures).where(pictures.c.key == signed(one.key)))
                connection.execute(
                    insert(pictures).values(
                        key=signed(one.key), group_number=one.group, segment=signed(one.segment), ordinal=one.ordinal,
                        whole=one.whole, looks=one.looks, why=one.why, mails=one.mails,
                    )
                )  # fmt: skip
            for gone, into in joined.items():
                connection.execute(update(pictures).where(pictures.c.group_number == gone).values(group_number=into))
                connection.execute(update(picture_groups).where(picture_groups.c.number == gone).values(into=into))
                connection.execute(delete(picture_finds).where(picture_finds.c.group_number == gone))
            for number in sorted({one.group for one in held if one.group} | set(joined.values())):
                count = len(connection.execute(
                    select(pictures.c.key).where(pictures.c.group_number == number)
                ).all())  # fmt: skip
                changed = connection.execute(
                    update(picture_groups).where(picture_groups.c.number == number).values(copies=count)
                )
                if not changed.rowcount:
                    connection.execute(
                        insert(picture_groups).values(
                            number=number, copies=count, read_with=0, text="", texts="[]", sure=0.0, cpu_s=0.0, into=0
                        )
                    )

    def put_reading(self, group: Group, finds: Iterable[tuple[int, int, str]]) -> None:
        """Keep what a group says, and (kind, key, name) of what was found in it, in place of what was there."""
        table = picture_groups
        with writing(self.state) as connection:
            connection.execute(
                update(table).where(table.c.number == group.number).values(
                    read_with=group.read_with, text=group.text, texts=msgspec.json.encode(group.texts).decode(),
                    sure=group.sure, cpu_s=table.c.cpu_s + group.cpu_s,
                )
            )  # fmt: skip
            self._find(connection, group.number, finds, anew=True)

    def add_finds(self, number: int, finds: Iterable[tuple[int, int, str]]) -> None:
        """Keep further finds of a group: those of QR codes, which need no reading."""
        with writing(self.state) as connection:
            self._find(connection, number, finds, anew=False)

    @staticmethod
    def _find(connection: object, number: int, finds: Iterable[tuple[int, int, str]], anew: bool) -> None:
        run = connection.execute  # type: ignore[attr-defined]
        held = {(row.kind, row.key) for row in run(select(picture_finds).where(picture_finds.c.group_number == number))}
        wanted = {(kind, signed(key)): name for kind, key, name in finds}
        for kind, key in held - wanted.keys() if anew else ():
            run(
                delete(picture_finds).where(
                    (picture_finds.c.group_number == number)
                    & (picture_finds.c.kind == kind)
                    & (picture_finds.c.key == key)
                )
            )
        for (kind, key), name in wanted.items():
            if (kind, key) not in held:
                run(insert(picture_finds).values(group_number=number, kind=kind, key=key, name=name[:255]))


class Albums(Queries):
    """Which mails hold which pictures."""

    def met(self, known: Iterable[int], limit: int) -> list[Met]:
        """Pictures nobody has looked at, those of most mails first."""
        keys = self.engine.source(tables.KEYS, self.snapshot.of("keys"))
        sightings = self.engine.source(tables.SIGHTINGS, self.snapshot.of("sightings"))
        kind = int(tables.KeyKind.PICTURE)
        rows = self.engine.rows(
            f"SELECT k.key, arg_min(s.segment, (s.segment, s.ordinal)), arg_min(s.ordinal, (s.segment, s.ordinal)),"
            f" count(*) FROM {keys} k JOIN {sightings} s ON k.id_hi = s.id_hi AND k.id_lo = s.id_lo"
            f" WHERE k.kind = {kind} AND s.segment <> 0 GROUP BY k.key ORDER BY 4 DESC, 1"
        )
        seen = set(known)
        found = (Met(int(key), int(segment), int(ordinal), int(mails)) for key, segment, ordinal, mails in rows)
        return [one for one in found if one.key not in seen][:limit]

    def mails(self) -> int:
        """All mails that are kept."""
        sightings = self.engine.source(tables.SIGHTINGS, self.snapshot.of("sightings"))
        return int(self.engine.rows(f"SELECT count(*) FROM {sightings} s WHERE segment <> 0")[0][0])


def groups_of(engine: Engine, keys: Sequence[int]) -> dict[int, int]:
    """The group in which each of these pictures (by key) is now; unknown ones are left out."""
    found: dict[int, int] = {}
    with reading(engine) as connection:
        into = {
            int(number): int(target)
            for number, target in connection.execute(
                select(picture_groups.c.number, picture_groups.c.into).where(picture_groups.c.into != 0)
            )
        }
        for start in range(0, len(keys), 500):
            some = [signed(key) for key in keys[start : start + 500]]
            query = select(pictures.c.key, pictures.c.group_number).where(
                pictures.c.key.in_(some), pictures.c.group_number != 0
            )
            for key, group in connection.execute(query):
                number = int(group)
                for _ in range(64):
                    if number not in into:
                        break
                    number = into[number]
                found[unsigned(int(key))] = number
    return found


def finds_of(engine: Engine, groups: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
    """What was read in these groups: (kind, key) by group."""
    found: dict[int, list[tuple[int, int]]] = {}
    with reading(engine) as connection:
        for start in range(0, len(groups), 500):
            some = list(groups[start : start + 500])
            query = select(picture_finds.c.group_number, picture_finds.c.kind, picture_finds.c.key)
            for group, kind, key in connection.execute(query.where(picture_finds.c.group_number.in_(some))):
                found.setdefault(int(group), []).append((int(kind), unsigned(int(key))))
    return found
