"""Abuse contacts: tables of networks, AS and domains with whom to write to, imported with their day and kept.

Contacts change. So an import is an edition with a day; it is never changed, and a mail is answered by the editions that
were valid on its day. The operator's own tables ([network] contacts) come first and have no day.
"""

from __future__ import annotations

import json
import re
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path

import msgspec

from junkhound import provider
from junkhound.kernel.clock import DAY, day_text, parse
from junkhound.kernel.errors import ConfigError, DataError, NotFound, UsageError
from junkhound.kernel.net import Address
from junkhound.ledger.files import DISK, make_dirs, passing, put
from junkhound.provider import Contact, Contacts, Found
from junkhound.verbs.office import Office

LARGEST = 64 << 20  # bytes of a file
_NAME = re.compile(r"[\w.-]{1,60}\Z")


class Edition(msgspec.Struct, frozen=True):
    """One import: the source's name, the day from which it holds, when it was taken in, its rows."""

    name: str
    day: int
    imported_at: int
    contacts: tuple[Contact, ...]

    @property
    def number(self) -> str:
        """What it is called by."""
        return f"{self.name}@{day_text(self.day * DAY)}"


class Imported(msgspec.Struct, frozen=True):
    """What an import did."""

    edition: Edition
    known: bool


def import_file(office: Office, path: str, name: str = "", as_of: str = "") -> Imported:
    """Keep the contacts of a file (CSV, TOML or JSON) as an edition of ``name``, valid from ``as_of`` on (today).

    Errors: NotFound, DataError for a file that makes no sense, UsageError for a name or day that is none.
    """
    file = Path(path).expanduser()
    try:
        if file.stat().st_size > LARGEST:
            raise DataError(f"{path!r} is larger than {LARGEST >> 20} MB", "split it")
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise NotFound(f"cannot read {path!r}: {error.strerror}") from None
    except UnicodeError:
        raise DataError(f"{path!r} is no text in UTF-8") from None
    called = name or file.stem
    if not _NAME.match(called):
        raise UsageError(f"not a name: {called!r}", "letters, digits, dots and dashes; give one with --name")
    day = parse(as_of, office.now) // DAY if as_of else office.now // DAY
    try:
        rows = provider.read(text, file.name)
    except ConfigError as error:
        raise DataError(error.message, error.hint) from None
    if not rows:
        raise DataError(f"no contact in {path!r}")
    edition = Edition(called, day, office.now, tuple(dict.fromkeys(rows)))
    place = folder(office) / f"{edition.number}.json"
    if place.exists() and _edition(place, place.stat().st_mtime_ns).contacts == edition.contacts:
        return Imported(edition, True)
    _write(place, msgspec.json.encode(edition))
    return Imported(edition, False)


def folder(office: Office) -> Path:
    """Where editions are kept."""
    return office.home / "contacts"


def editions(office: Office) -> list[Edition]:
    """Every edition, by name and day. Errors: DataError for a file that is none."""
    place = folder(office)
    if not place.is_dir():
        return []
    found = [_edition(file, file.stat().st_mtime_ns) for file in place.glob("*.json")]
    return sorted(found, key=lambda one: (one.name, one.day))


def remove(office: Office, number: str) -> Edition:
    """Take an edition away. Errors: NotFound."""
    for one in editions(office):
        if one.number == number:
            (folder(office) / f"{number}.json").unlink()
            return one
    raise NotFound(f"no edition {number!r}", "junkhound contacts list shows them")


@lru_cache(64)
def _edition(file: Path, changed: int) -> Edition:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Edition)
    except (OSError, msgspec.MsgspecError) as error:
        raise DataError(f"{str(file)!r} is no edition of contacts: {error}") from None


def _write(place: Path, content: bytes) -> None:
    """Put the file there whole, or not at all."""
    with passing(place):
        make_dirs(DISK, place.parent)
        put(DISK, place, content)


class Book:
    """All contacts of an office: the operator's tables, and on a given day the editions that were valid then."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._own = _own_rows(office)
        self._days: dict[str, Contacts] = {}

    @cached_property
    def _editions(self) -> list[Edition]:
        return editions(self._office)

    def on(self, day: int | None) -> Contacts:
        """The contacts of a day (since 1970); of today where none is given.

        Of each source the newest edition that is not younger counts; where all are younger, the oldest.
        """
        when = self._office.now // DAY if day is None else day
        chosen: dict[str, Edition] = {}
        for one in self._editions:
            if one.name not in chosen or one.day <= when:
                chosen[one.name] = one
        key = json.dumps(sorted(one.number for one in chosen.values()))
        if key not in self._days:
            rows = [
                msgspec.structs.replace(row, source=f"{one.name} of {day_text(one.day * DAY)}")
                for one in chosen.values()
                for row in one.contacts
            ]
            self._days[key] = Contacts([*rows, *self._own])  # the operator's own win where both have a key
        return self._days[key]


def _own_rows(office: Office) -> list[Contact]:
    """The operator's tables. Errors: ConfigError for a file that cannot be read or a row without sense."""
    rows: list[Contact] = []
    base = Path(office.config.path).parent if office.config.path else Path()
    for words in office.config.network.contacts:
        path = base / Path(words).expanduser()
        try:
            rows += provider.read(path.read_text("utf-8"), words)
        except (OSError, UnicodeError) as error:
            raise ConfigError(f"[network] contacts: cannot read {words!r}: {error}") from None
    return rows


def of_address(office: Office, address: Address, asn: int, day: int | None = None) -> list[Found]:
    """Whom to write to about an address, the narrowest first."""
    return Book(office).on(day).of(address, asn)


def digest(one: Edition) -> str:
    """A short mark of an edition's rows."""
    return sha256(msgspec.json.encode(one.contacts)).hexdigest()[:12]
