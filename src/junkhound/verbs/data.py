"""Network data: the dated route tables of a home, imported, listed, chosen by day and asked.

A table is never changed and never thrown away: rows name the table they were judged by. The table that ships
with the package is number 1; a newer package brings its own as a further one and the old stays for its days.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from junkhound import attribution
from junkhound.attribution import DatedTables, RouteTable, Row, embedded, form
from junkhound.kernel.clock import DAY, day_text
from junkhound.kernel.errors import DataError, NotFound, Refused, UsageError
from junkhound.kernel.net import network_of, parse
from junkhound.tables import Operator, country_code
from junkhound.verbs.office import Office

EMBEDDED = 1
_ASIDE = "routes_aside"  # in the table `meta`: numbers of tables that judge no new mail
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)(?!\d)")

Progress = Callable[[str, int], None]
"""What is being done, and how many networks are done."""


@dataclass(frozen=True)
class TableFile:
    """A packed table in a file, loaded when called; travels to workers by pickle."""

    number: int
    path: str
    shares: tuple[float, float]

    def __call__(self) -> RouteTable:
        return _load(self.path, self.number)


@lru_cache(maxsize=8)  # a table is never changed; 15 MB each
def _load(path: str, number: int) -> RouteTable:
    return RouteTable.from_bytes(Path(path).read_bytes(), number)


class Listed(msgspec.Struct, frozen=True):
    """One table as ``data list`` shows it; ``networks`` and ``countries`` are shares of the IPv4 space."""

    number: int
    name: str
    date: str
    used: bool
    routes: int
    networks: float
    countries: float
    source: str
    licence: str
    sha256: str
    path: str


class Found(msgspec.Struct, frozen=True):
    """Whose network an address is in, by the table of a day."""

    address: str
    day: str
    asn: int
    organisation: str
    prefix: str
    country: str
    operator: str
    table: int
    table_date: str
    table_name: str


# --- which tables there are ----------------------------------------------------------------------------------


def tables(office: Office) -> list[Listed]:
    """Every table of the home by number; the embedded one alone while there is no home yet."""
    if not office.config.store.state and not (office.home / "state.db").exists():
        return [_shipped()]
    content = _embedded_content()
    registered = office.ledger.route_tables()
    if not any(row.sha256 == sha256(content).hexdigest() for row in registered):
        _keep(office, content)
        registered = office.ledger.route_tables()
    aside = _aside(office)
    return [_listed(office, row, row.number not in aside) for row in registered]


def route_tables(office: Office) -> list[tuple[int, str, Callable[[], RouteTable]]]:
    """(number, date, loader) of every table in use, each with its number in the state database.

    The loaders may be sent to other processes.
    """
    _ = office.ledger  # a home is made, so that rows can name its tables
    return _loaders(tables(office))


def _loaders(listed: Iterable[Listed]) -> list[tuple[int, str, Callable[[], RouteTable]]]:
    return [
        (found.number, found.date, TableFile(found.number, found.path, (found.networks, found.countries)))
        for found in listed
        if found.used
    ]


def route_files(office: Office) -> tuple[tuple[int, str], ...]:
    """(number, file) of every table in use."""
    _ = office.ledger
    return tuple((found.number, found.path) for found in tables(office) if found.used)


def dated(office: Office) -> DatedTables:
    """The tables in use, by day; makes no home."""
    return DatedTables(_loaders(tables(office)))


def organisations(office: Office) -> Callable[..., str]:
    """(asn, table=0) -> what the network is called: by the table that a row names, else by the newest that knows it."""
    files = {found.number: found for found in tables(office)}
    newest = DatedTables(_loaders(files.values())).on(None)
    loaded: dict[int, RouteTable] = {}

    def name(asn: int, table: int = 0) -> str:
        if not asn:
            return ""
        if table in files and table not in loaded:
            loaded[table] = TableFile(table, files[table].path, (0, 0))()
        return (loaded[table].organisation(asn) if table in loaded else "") or newest.organisation(asn)

    return name


def _embedded_content() -> bytes:
    from junkhound.attribution.embedded import content

    return content()


def _shipped() -> Listed:
    from junkhound.attribution.embedded import path

    table = embedded()
    digest = sha256(_embedded_content()).hexdigest()
    return _described(EMBEDDED, table.header, digest, str(path()), used=True)


def _described(number: int, head: form.Header, digest: str, path: str, used: bool) -> Listed:
    return Listed(
        number=number,
        name=head.name,
        date=head.date,
        used=used,
        routes=head.routes,
        networks=head.networks,
        countries=head.countries,
        source=head.source,
        licence=head.licence,
        sha256=digest,
        path=path,
    )


def _listed(office: Office, row: Any, used: bool) -> Listed:
    store = office.ledger.store
    place = store.local(row.path) or office.ledger.engine.place(row.path)
    try:
        with place.open("rb") as file:
            start = file.read(1 << 16)
    except FileNotFoundError:
        raise NotFound(f"route table {row.number} is gone: {str(place)!r}", "restore it from a backup") from None
    head, _ = form.read_header(start)
    return _described(int(row.number), head, row.sha256, str(place), used)


def _keep(office: Office, content: bytes) -> int:
    """Put a packed table into the home and give it its number; the one it has if it is known."""
    head, _ = form.read_header(content)
    digest = sha256(content).hexdigest()
    path = f"snapshots/routes/{head.date}-{digest[:12]}.routes"
    office.ledger.store.put_new(path, content)
    return office.ledger.route_table(digest, head.source, head.date, path)


# --- changing them -------------------------------------------------------------------------------------------


def add(
    office: Office,
    paths: Sequence[Path],
    name: str | None = None,
    day: str | None = None,
    progress: Progress | None = None,
) -> Listed:
    """Pack the files into one dated table and keep it; an ASN file and a country file make one together.

    The date is the given one, else the build date of a MaxMind database, else one in the file's name.
    Errors: DataError naming file and line, UsageError where no date is known.
    """
    if not paths:
        raise UsageError("no file to import", "give a .mmdb or .csv file")
    seen = progress or (lambda what, done: None)
    dates, rows = [], []
    for path in paths:
        built, found = _read(path)
        dates.append(built)
        for row in found:
            rows.append(row)
            if len(rows) % 50_000 == 0:
                seen(f"reading {path.name}", len(rows))
    when = _day(day) if day else min(filter(None, dates), default=None)
    if when is None:
        raise UsageError(f"nothing says of which day {paths[0].name!r} is", "add --date, such as --date 2006-05-04")
    seen("packing", len(rows))
    _ = office.ledger
    tables(office)  # so that the embedded table has its number first
    source = " + ".join(path.name for path in paths)
    content = attribution.pack(rows, name=name or paths[0].stem, date=when, source=source, level=9)
    number = _keep(office, content)
    return next(found for found in tables(office) if found.number == number)


def use(office: Office, number: int, used: bool) -> Listed:
    """Let a table judge new mail, or set it aside; rows that name it keep their answers.

    Errors: NotFound, Refused for the last one in use.
    """
    _ = office.ledger
    known = {found.number: found for found in tables(office)}
    if number not in known:
        raise NotFound(f"no route table {number}", f"known: {', '.join(map(str, known))}; see junkhound data list")
    aside = _aside(office) - {number} if used else _aside(office) | {number}
    if not known.keys() - aside:
        raise Refused(f"route table {number} is the last one in use", "import another first")
    _set_aside(office, aside)
    return msgspec.structs.replace(known[number], used=used)


def _aside(office: Office) -> set[int]:
    from sqlalchemy import select

    from junkhound.ledger import schema, state

    meta = schema.meta
    with state.reading(office.ledger.state) as connection:
        value = connection.execute(select(meta.c.value).where(meta.c.key == _ASIDE)).scalar()
    return set(json.loads(value)) if value else set()


def _set_aside(office: Office, numbers: set[int]) -> None:
    from sqlalchemy import delete, insert

    from junkhound.ledger import schema, state

    meta = schema.meta
    with state.writing(office.ledger.state) as connection:
        connection.execute(delete(meta).where(meta.c.key == _ASIDE))
        if numbers:
            connection.execute(insert(meta).values(key=_ASIDE, value=json.dumps(sorted(numbers))))
        state.bump(connection, "change")


# --- reading operators' files --------------------------------------------------------------------------------


def _read(path: Path) -> tuple[str | None, Iterable[Row]]:
    """The day a file speaks of, if it says so, and its rows."""
    if not path.is_file():
        raise NotFound(f"no file {str(path)!r}", "give a .mmdb or .csv file")
    with path.open("rb") as file:
        start = file.read(4096)
    if not start:
        raise DataError(f"{path.name}: the file is empty")
    if path.suffix.lower() == ".mmdb" or b"\0" in start:
        return _read_mmdb(path)
    named = _DATE.search(path.name)
    return ("-".join(named.groups()) if named else None), _read_csv(path)


def _read_csv(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        yield from attribution.read_csv(file, path.name)


def _read_mmdb(path: Path) -> tuple[str | None, Iterable[Row]]:
    import maxminddb

    try:
        reader = maxminddb.open_database(str(path))
    except (maxminddb.InvalidDatabaseError, OSError, ValueError) as error:
        raise DataError(f"{path.name}: not a MaxMind database: {error}", "expected a .mmdb or .csv file") from None
    built = datetime.fromtimestamp(reader.metadata().build_epoch, UTC).date().isoformat()

    def rows() -> Iterator[Row]:
        try:
            with reader:
                yield from attribution.read_records(reader, path.name)
        except (maxminddb.InvalidDatabaseError, ValueError) as error:
            raise DataError(f"{path.name}: broken MaxMind database: {error}", "fetch it again") from None

    return built, rows()


def _day(words: str) -> str:
    try:
        return date.fromisoformat(words).isoformat()
    except ValueError:
        raise UsageError(f"not a date: {words!r}", "write 2006-05-04") from None


# --- asking --------------------------------------------------------------------------------------------------


def lookup(office: Office, texts: Sequence[str]) -> list[Found]:
    """Whose networks the addresses are in, by the table of the office's moment. Errors: UsageError."""
    known = {found.number: found for found in tables(office)}
    table = DatedTables(_loaders(known.values())).on(office.now // DAY)
    answers = []
    for text in texts:
        address = parse(text)
        if address is None:
            raise UsageError(f"not an address: {text!r}", "write 192.0.2.7 or 2001:db8::7")
        found = table.one(address)
        used = known.get(found.table)
        answers.append(
            Found(
                address=str(address),
                day=day_text(office.now),
                asn=found.asn,
                organisation=found.organisation,
                prefix=str(network_of(address, found.prefix)) if found.asn else "",
                country=country_code(found.country) if found.country else "",
                operator="" if found.operator is Operator.UNKNOWN else found.operator.name.lower(),
                table=found.table,
                table_date=used.date if used else "",
                table_name=used.name if used else "",
            )
        )
    return answers
