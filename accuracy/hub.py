"""A hub that takes in a world day after day, and the guard pack that it makes at the start of each day.

A day's pack knows the mail of the days before and nothing else: the traps' mail, with the campaigns and templates that
were found in it by then, and the mail that people let the hub count, one mailbox for each mail server.
"""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from accuracy import lists, reading
from junkhound import guard
from junkhound.intake.mail import Mail
from junkhound.kernel import config
from junkhound.kernel.config import Config
from junkhound.tables import Kind
from junkhound.verbs import grouping, guard_pack, wording
from junkhound.verbs.ingest import Request, ingest
from junkhound.verbs.office import Office
from spamworld.out.files import lines

DAY = 86_400_000_000
READING_S = 60.0  # CPU seconds a day in which campaigns are read

Progress = Callable[[str, float], None]


class Hub(NamedTuple):
    """Its settings, and the pack of each day (days since 1970)."""

    settings: Path
    books: dict[int, guard.Book]


@contextmanager
def opened(folder: Path, progress: Progress) -> Iterator[Hub]:
    """The hub of a world, as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="accuracy-hub-") as scratch:
        home = Path(scratch) / "home"
        home.mkdir()
        settings = lists.settled(folder, home, "2000-01-01")
        loaded = replace(config.load(settings), engine=config.Engine(name="inline", isolate=False))
        yield Hub(settings, dict(_days(loaded, folder, Path(scratch), progress)))


def _days(loaded: Config, folder: Path, scratch: Path, progress: Progress) -> Iterator[tuple[int, guard.Book]]:
    """The pack of each day from the second one on; the last is that of the day after the last mail."""
    trapped, wanted = _trapped(folder, scratch), _wanted(folder)
    days = sorted({day for day, _ in (*trapped, *wanted)})
    for place, day in enumerate(range(days[0], days[-1] + 1)):
        progress(f"the hub's day {place + 1}", place / (days[-1] + 1 - days[0]))
        for (when, trap), path in trapped.items():
            if when == day:
                office = Office(replace(loaded, traps={trap: loaded.traps[trap]}, mailboxes={}))
                ingest(office, Request((str(path),), Kind.JUNK, trap=trap))
                office.ledger.close()
                path.unlink()
        for (when, box), mails in wanted.items():
            if when == day:
                office = Office(replace(loaded, traps={}, mailboxes={box: loaded.mailboxes[box]}))
                ingest(office, Request((), Kind.GOOD, mailbox=box), mails=tuple(mails))
                office.ledger.close()
        office = Office(loaded, (day + 1) * DAY)
        grouping.group(office)
        wording.read(office, READING_S)
        office.ledger.compact(office.now)
        yield day + 1, guard_pack.make(office)
        office.ledger.close()


def _trapped(folder: Path, scratch: Path) -> dict[tuple[int, str], Path]:
    """The traps' mail by day and trap, as files."""
    found: dict[tuple[int, str], Path] = {}
    for path in sorted((folder / "mail/traps").iterdir()):
        trap = path.name.removesuffix(".jsonl.zst")
        by_day: dict[int, list[bytes]] = defaultdict(list)
        for line in lines(path):
            by_day[int(json.loads(line)["received_at"]) // DAY].append(line)
        for day, some in by_day.items():
            found[day, trap] = scratch / f"{trap}-{day}.jsonl"
            found[day, trap].write_bytes(b"".join(line + b"\n" for line in some))
    return found


def _wanted(folder: Path) -> dict[tuple[int, str], list[Mail]]:
    """What stayed in people's inboxes by day and mailbox; that of one server is counted as one mailbox's."""
    boxes: dict[tuple[str, ...], str] = {}
    said = {name: boxes.setdefault(relays, name) for name, relays in sorted(reading.relays(folder).items())
            if "@" in name}  # fmt: skip
    found: dict[tuple[int, str], list[Mail]] = defaultdict(list)
    for seen, true in reading.pairs(folder, "mail/people/"):
        if true.file.rpartition("/")[2].startswith("Inbox"):
            found[true.at // DAY, said[true.intake]].append(Mail(seen.mail, f"{true.file}#{true.id}"))
    return found
