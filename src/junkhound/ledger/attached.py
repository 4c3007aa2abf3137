"""Attached files that were looked into: what a scanner calls them, what was found in them, why one was not read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import BigInteger, Column, Engine, Integer, Table, Text, insert, select, update

from junkhound import tables
from junkhound.ledger.pictures import signed, unsigned
from junkhound.ledger.queries import Queries
from junkhound.ledger.schema import metadata
from junkhound.ledger.state import reading, writing

files = Table(
    "attached_files",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),  # as signed
    Column("at", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mails", BigInteger, nullable=False),  # that had it when it was looked into
    Column("scanned", Integer, nullable=False),  # 1: a scanner was asked and answered
    Column("malware", Text, nullable=False),  # what it calls the file; empty: nothing
    Column("opened", Integer, nullable=False),  # 1: it was tried for links
    Column("why", Text, nullable=False),  # why it could not be read
)

file_finds = Table(
    "attached_finds",
    metadata,
    Column("file", BigInteger, primary_key=True, autoincrement=False),  # as signed
    Column("kind", Integer, primary_key=True, autoincrement=False),
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
)

TABLES = (files, file_finds)


class Met(msgspec.Struct, frozen=True):
    """A file and one kept mail that has it."""

    key: int
    segment: int
    ordinal: int
    mails: int


class File(msgspec.Struct, frozen=True):
    """What is known of one file."""

    key: int
    at: int
    name: str
    size: int
    mails: int
    scanned: int = 0
    malware: str = ""
    opened: int = 0
    why: str = ""


class Drawer(Queries):
    """Which mails have which files."""

    def met(self, known: Iterable[int], limit: int) -> list[Met]:
        """Attached files but pictures that are not ``known``, those of most mails first."""
        keys = self.engine.source(tables.KEYS, self.snapshot.of("keys"))
        sightings = self.engine.source(tables.SIGHTINGS, self.snapshot.of("sightings"))
        rows = self.engine.rows(
            f"SELECT k.key, arg_min(s.segment, (s.segment, s.ordinal)), arg_min(s.ordinal, (s.segment, s.ordinal)),"
            f" count(*) FROM {keys} k JOIN {sightings} s ON k.id_hi = s.id_hi AND k.id_lo = s.id_lo"
            f" WHERE k.kind = {int(tables.KeyKind.ATTACHMENT)} AND s.segment <> 0 GROUP BY k.key ORDER BY 4 DESC, 1"
        )
        seen = set(known)
        found = (Met(int(key), int(segment), int(ordinal), int(mails)) for key, segment, ordinal, mails in rows)
        return [one for one in found if one.key not in seen][:limit]


class Shelf:
    """The files of one home."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def all(self) -> list[File]:
        """Every file that was looked into, malware first, then those of most mails."""
        order = (files.c.malware == "", files.c.mails.desc(), files.c.key)
        with reading(self.engine) as connection:
            rows = connection.execute(select(files).order_by(*order)).mappings()
            return [File(**{**row, "key": unsigned(int(row["key"]))}) for row in rows]

    def malware(self) -> dict[int, str]:
        """What a scanner calls the files that it knows, by key."""
        with reading(self.engine) as connection:
            rows = connection.execute(select(files.c.key, files.c.malware).where(files.c.malware != ""))
            return {unsigned(int(key)): str(name) for key, name in rows}

    def put(self, file: File, finds: Iterable[tuple[int, int, str]]) -> None:
        """Note one file; what was known of it is replaced."""
        row = {**msgspec.structs.asdict(file), "key": signed(file.key)}
        with writing(self.engine) as connection:
            there = connection.execute(select(files.c.key).where(files.c.key == row["key"])).first()
            if there is None:
                connection.execute(insert(files).values(**row))
            else:
                connection.execute(update(files).where(files.c.key == row["key"]).values(**row))
            connection.execute(file_finds.delete().where(file_finds.c.file == row["key"]))
            found = {(kind, key): name for kind, key, name in finds}
            if found:
                connection.execute(insert(file_finds), [
                    {"file": row["key"], "kind": kind, "key": signed(key), "name": name[:255]}
                    for (kind, key), name in found.items()
                ])  # fmt: skip

    def finds(self, keys: Sequence[int]) -> dict[int, list[tuple[int, int, str]]]:
        """What was found in these files: (kind, key, name) by file."""
        found: dict[int, list[tuple[int, int, str]]] = {}
        with reading(self.engine) as connection:
            for start in range(0, len(keys), 500):
                some = [signed(key) for key in keys[start : start + 500]]
                query = select(file_finds).where(file_finds.c.file.in_(some)).order_by(file_finds.c.kind)
                for row in connection.execute(query).mappings():
                    held = found.setdefault(unsigned(int(row["file"])), [])
                    held.append((int(row["kind"]), unsigned(int(row["key"])), str(row["name"])))
        return found
