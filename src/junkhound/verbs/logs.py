"""Logs of daemons taken in: lines become events, events are folded by address, kind and hour, folds become sightings.

A chunk of a log is read, folded and written together, and its end remembered only when its records are on the disk.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from junkhound.intake.logs import Chunk, LogFile, Place
from junkhound.kernel import net
from junkhound.kernel.clock import DAY, HOUR
from junkhound.kernel.config import Log
from junkhound.kernel.errors import ConfigError, UsageError
from junkhound.ledger.places import Places, Stored
from junkhound.tables import Kind
from junkhound.verbs.office import Office
from junkhound.wire import logs
from junkhound.wire.facts import Facts, Origin

POLL_S = 1.0
FOLD_S = 10.0
"""Lines wait so long at most before they are folded: longer makes fewer rows, shorter sooner ones."""

KINDS = {logs.GUESS: Kind.AUTH_GUESS, logs.PROBE: Kind.PROBE, logs.HARVEST: Kind.HARVEST}
"""What becomes a sighting; mail turned away is only counted, and so is mail taken where the settings do not ask."""
_GOOD_DAYS = 1_000_000
"""Addresses and days of good mail that a process remembers to have written; what it forgets is known by its id."""

Warn = Callable[[str], None]
_EPOCH = datetime(1970, 1, 1)


@dataclass
class Taken:
    """What was read: lines, events by what they tell and by daemon, rows written, addresses that nobody may blame."""

    lines: int = 0
    events: Counter[str] = field(default_factory=Counter)
    daemons: Counter[str] = field(default_factory=Counter)
    addresses: set[net.Address] = field(default_factory=set)
    rows: int = 0
    own: int = 0
    problems: list[str] = field(default_factory=list)


def settings_of(office: Office, name: str) -> Log:
    """[logs.NAME]. Errors: UsageError for a log that is not in the settings."""
    found = office.config.logs.get(name)
    if found is None:
        known = ", ".join(sorted(office.config.logs)) or "none"
        raise UsageError(f"no log called {name!r}", f"write [logs.{name}] into the settings; known: {known}")
    return found


def take(office: Office, name: str, paths: Iterable[str]) -> Taken:
    """Read what is unread in these files (or those of the settings) and write it into the spool.

    Errors: UsageError for an unknown log, ConfigError for an unknown daemon or zone, Temporary at a full disk.
    """
    said = settings_of(office, name)
    taken = Taken()
    desk = _Desk(office, name, said)
    for path in [str(Path(path).absolute()) for path in paths] or files_of(office, said):
        one = desk.file(path, taken.problems.append)
        for older in one.elders():
            desk.write(one, one.whole(older), taken)
        desk.write(one, one.whole(), taken)
    return taken


def follow(office: Office, stop: threading.Event, warn: Warn) -> Iterator[Taken]:
    """Follow every log of the settings until ``stop`` is set; one answer for each round that had lines."""
    watched = []
    for name, said in office.config.logs.items():
        desk = _Desk(office, name, said)
        watched += [(desk, desk.file(path, warn)) for path in files_of(office, said)]
    first = True
    while True:
        ending = stop.is_set()
        for desk, one in watched:
            taken = Taken()
            for older in one.elders() if first else ():
                desk.write(one, one.whole(older), taken)
            desk.write(one, one.appended(), taken)
            if taken.lines:
                yield taken
        first = False
        if ending:
            break
        stop.wait(FOLD_S)
    for _, one in watched:
        one.close()


def files_of(office: Office, said: Log) -> list[str]:
    """The files of a log, relative ones beside the settings."""
    base = Path(office.config.path).parent if office.config.path else Path()
    return [str((base / Path(words).expanduser()).absolute()) for words in said.files]


class _Desk:
    """One log: its reader, its places, and the spool."""

    def __init__(self, office: Office, name: str, said: Log) -> None:
        self.office = office
        self.name = name
        self.places = Places(office.ledger.state)
        self.zone = _zone(said.timezone)
        self.daemons = said.daemons
        self.kinds = {**KINDS, logs.ACCEPTED: Kind.GOOD} if said.accepted else KINDS
        self.good: set[tuple[net.Address, int]] = set()
        self.readers: dict[str, logs.Reader] = {}
        network = office.config.network
        self.own = [found for words in network.own if (found := net.parse_network(words)) is not None]
        self.allow = network.allow_documentation
        logs.Reader(self._utc, self.daemons)  # a wrong name is told at once

    def file(self, path: str, warn: Warn) -> LogFile:
        """A log file with what is remembered of it."""
        known = {one.file: Place(*one) for one in reversed(self.places.of(self.name, path))}
        return LogFile(path, known, self.office.config.intake, warn)

    def _utc(self, at: int) -> int:
        """A moment of the log's wall clock as UTC."""
        wall = _EPOCH + timedelta(microseconds=at)
        return round(wall.replace(tzinfo=self.zone).timestamp()) * 1_000_000

    def write(self, one: LogFile, chunks: Iterable[Chunk], taken: Taken) -> None:
        """Fold each chunk and write it: its end is noted before, and is the place after it is on the disk."""
        for chunk in chunks:
            folded = self._fold(one.path, chunk, taken)
            now = self.office.now
            place = chunk.place
            if folded:
                begun = Stored(place.file, place.turn, chunk.start, chunk.before, place.offset)
                self.places.note(self.name, one.path, begun, now)
                with self.office.ledger.spool.writer() as writer:
                    for (address, kind, hour), (count, last) in sorted(folded.items()):
                        writer.append(self._facts(chunk, address, kind, hour, count, last, now), b"")
                    writer.sync()
                taken.rows += len(folded)
                self._remember(folded)
            self.places.note(self.name, one.path, Stored(place.file, place.turn, place.offset, place.tail, None), now)

    def _fold(self, path: str, chunk: Chunk, taken: Taken) -> dict[tuple[net.Address, Kind, int], tuple[int, int]]:
        """(address, kind, hour) -> (how many, the last moment)."""
        reader = self.readers.get(path)
        if reader is None:
            reader = self.readers[path] = logs.Reader(self._utc, self.daemons)
        now = self.office.now
        folded: dict[tuple[net.Address, Kind, int], tuple[int, int]] = {}
        for line in chunk.lines.decode("utf-8", "replace").split("\n"):
            if not line:
                continue
            taken.lines += 1
            found = reader.read(line, now)
            if found is None:
                continue
            taken.events[found.what] += 1
            taken.daemons[found.daemon] += 1
            kind = self.kinds.get(found.what)
            if kind is None:
                continue
            if not net.is_public(found.address, self.allow) or any(n.holds(found.address) for n in self.own):
                taken.own += 1
                continue
            taken.addresses.add(found.address)
            at = now if found.at is None else min(found.at, now)
            if kind is Kind.GOOD:
                at -= at % DAY  # good mail leaves a row a day, and no hour of it
                if (found.address, at // DAY) in self.good:
                    continue
            key = (found.address, kind, at // HOUR)
            count, last = folded.get(key, (0, 0))
            folded[key] = (count + 1 if kind is not Kind.GOOD else 1, max(last, at))
        return folded

    def _remember(self, folded: Iterable[tuple[net.Address, Kind, int]]) -> None:
        """Days of good mail that are on the disk now."""
        if len(self.good) > _GOOD_DAYS:
            self.good.clear()
        self.good.update((address, hour * HOUR // DAY) for address, kind, hour in folded if kind is Kind.GOOD)

    def _facts(
        self, chunk: Chunk, address: net.Address, kind: Kind, hour: int, count: int, last: int, now: int
    ) -> Facts:
        """A fold as a session without a message; its arrival names the chunk, so the same chunk is the same rows.

        A day of good mail is one row wherever its lines stand.
        """
        place = chunk.place
        arrival = f"{place.file}.{place.turn}.{chunk.start}.{address}.{int(kind)}.{hour}"
        if kind is Kind.GOOD:
            arrival = f"good.{address}.{hour}"
        client = address.v4.to_bytes(4, "big") if address.is_v4 else address.packed
        return Facts(Origin(client, last, self.name, int(kind), False, arrival, count=count, taken_at=now))


def _zone(words: str) -> tzinfo:
    if not words:
        return datetime.fromtimestamp(time.time(), UTC).astimezone().tzinfo or UTC
    try:
        return ZoneInfo(words)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"no time zone {words!r}", "write it as Europe/Berlin, or UTC") from None
