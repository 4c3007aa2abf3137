"""What a worker says it has put into the store, for the one process that commits it."""

from __future__ import annotations

import msgspec


class ObjectEntry(msgspec.Struct, frozen=True):
    """One immutable object of one table.

    ``table`` is a name of ``tables.ALL``, or ``ids`` (sorted sighting ids). ``seen_min`` and ``seen_max`` span the
    rows' seen_at in microseconds, None where no row has one. ``month`` (``2006-05``) and ``bucket`` are set by
    compaction; fresh objects leave them empty and -1. ``buckets`` is how many the month had then: 1, 16 or 256.
    ``segment`` is filled by the commit; a fresh object that is made again keeps it.
    """

    path: str
    table: str
    rows: int
    size: int
    seen_min: int | None = None
    seen_max: int | None = None
    month: str = ""
    bucket: int = -1
    schema_version: int = 1
    buckets: int = 0
    segment: int | None = None


class PackEntry(msgspec.Struct, frozen=True):
    """One evidence pack: frames and leaves as put by the worker; the committing process seals it.

    ``size`` and ``sha256`` are those of the whole object.
    """

    segment: int
    path: str
    mails: int
    size: int
    root: bytes
    sha256: bytes = b""


class Accused(msgspec.Struct, frozen=True, array_like=True):
    """What a complaint claims: ``what`` (address, url, host, domain, account) and where in it that stands."""

    what: str
    value: str
    where: str
    port: int | None = None
    at: int | None = None
    count: int = 1


class Shown(msgspec.Struct, frozen=True, array_like=True):
    """A mail that a complaint shows, and whom its believed lines name; ``suspected`` would need ``relay`` believed."""

    how: str
    completeness: str
    subject: str
    address: str
    relay: str = ""
    suspected: str = ""


class ComplaintEntry(msgspec.Struct, frozen=True, array_like=True):
    """One complaint as the parser read it; ``id`` is that of its first sighting, 32 hex digits.

    ``kind`` and ``standing`` are numbers of ``tables``; texts name no trap.
    """

    id: str
    ordinal: int
    received_at: int
    form: str
    about: str
    found: str
    kind: int
    standing: int
    complainant: str
    reporter: str
    reporter_domain: str
    report_id: str
    subject: str
    at: int | None
    count: int
    claims: tuple[Accused, ...]
    mails: tuple[Shown, ...]
    missing: tuple[str, ...]


class UnitEntry(msgspec.Struct, frozen=True):
    """What became of one segment: everything the manifest needs, and nothing of the mail.

    ``names`` are the (number, kind, name) triples behind keyed numbers in the rows: intakes, vantages, traps.
    ``counts`` are for the person: by kind, path, defect (``kind:junk``, ``path:direct``, ``defect:bad_base64``).
    ``intakes`` are (intake number, analysis version, rows) as they stand in the objects. ``ids`` are id_hi (u64), id_lo
    (u64) and ordinal (u32) of all rows, little endian, column after column; empty: to be read from the objects.
    """

    segment: int
    segment_name: str
    objects: tuple[ObjectEntry, ...]
    pack: PackEntry | None
    names: tuple[tuple[int, str, str], ...]
    intakes: tuple[tuple[int, int, int], ...]
    rows: int
    counts: dict[str, int]
    ids: bytes = b""
    complaints: tuple[ComplaintEntry, ...] = ()
