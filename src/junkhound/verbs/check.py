"""What is wrong with this installation, and how to mend it: each check is small, read-only and says one line."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from junkhound.kernel import clock, compiled, jail
from junkhound.kernel.config import Config
from junkhound.kernel.errors import JunkhoundError
from junkhound.verbs import config
from junkhound.verbs.office import Office

if TYPE_CHECKING:
    from sqlalchemy import Engine

OK, WARN, FAIL = "ok", "warn", "fail"

_FREE_MB, _FREE_WARN_MB = 200, 2_000
_SLOW_SYNC_MS = 50
_ROUTES_OLD_DAYS = 400


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, ``ok``, ``warn`` or ``fail``, what was found and the next step."""

    name: str
    status: str
    text: str
    hint: str = ""


class Site:
    """What the checks look at; the state database is opened only where a home is already there."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.settings: Config = office.config
        self.home = office.home

    @cached_property
    def folder(self) -> Path:
        """The home, or the nearest folder above it that is there."""
        return next(path for path in (self.home, *self.home.parents) if path.exists())

    @cached_property
    def state(self) -> Engine | None:
        """The state database, None before the first use."""
        from junkhound.ledger import state

        if not self.settings.store.state and not (self.home / "state.db").is_file():
            return None
        return state.open_state(self.settings.store.state, self.home)

    @cached_property
    def current(self) -> bool:
        """Whether the state database can be asked: it is there and of our revision."""
        from junkhound.ledger import schema, state

        return self.state is not None and state.revision(self.state) == schema.REVISION


def check(office: Office) -> list[Finding]:
    """Every check in order; one that cannot be made is a warning, never an error."""
    site = Site(office)
    findings: list[Finding] = []
    for one in CHECKS:
        name = one.__name__.strip("_").replace("_", " ")
        try:
            findings += [Finding(name, *found) for found in one(site)]
        except (JunkhoundError, OSError, ValueError) as error:
            hint = getattr(error, "hint", None) or ""
            findings.append(Finding(name, FAIL, f"cannot be checked: {error}", hint))
    return findings


Found = Iterator[tuple[str, str, str]]


def _python(site: Site) -> Found:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < (3, 11):  # noqa: UP036 - said here, not by a traceback
        yield FAIL, version, "install Python 3.11 or newer"
    else:
        yield OK, version, ""


def _packages(site: Site) -> Found:
    wanted = [words for words in metadata.requires("junkhound") or [] if "extra ==" not in words]
    missing = []
    for words in wanted:
        name = re.split(r"[\s<>=!~;\[(]", words, maxsplit=1)[0]
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        yield FAIL, f"missing: {', '.join(missing)}", f"pip install {' '.join(missing)}"
    else:
        yield OK, f"all {len(wanted)} are here", ""


def _steps(site: Site) -> Found:
    yield OK, compiled.state, ""


def _settings(site: Site) -> Found:
    problems = config.problems(site.settings)
    for one in problems:
        yield FAIL, f"{one.where}: {one.text}", one.hint
    if not problems:
        yield OK, site.settings.path or "no file, all defaults", ""
    if site.settings.network.allow_documentation:
        hint = "leave it out of [network] for real mail"
        yield WARN, "allow_documentation is on: documentation networks may be listed", hint


def _home(site: Site) -> Found:
    home = site.home
    if not home.exists():
        if not os.access(site.folder, os.W_OK | os.X_OK):
            yield FAIL, f"{home}: cannot be made below {site.folder}", "choose another with --home or [store] home"
        else:
            yield OK, f"{home}: not there yet, made at first use", ""
        return
    info = home.stat()
    if not home.is_dir():
        yield FAIL, f"{home} is no folder", "choose another with --home or [store] home"
    elif stat.S_IMODE(info.st_mode) & 0o077:
        mode = stat.S_IMODE(info.st_mode)
        yield WARN, f"{home}: others may look into it (mode {mode:04o})", f"chmod 700 {home}"
    elif info.st_uid != os.geteuid():
        yield WARN, f"{home}: belongs to user {info.st_uid}, you are {os.geteuid()}", "run as the owner"
    elif not os.access(home, os.W_OK | os.X_OK):
        yield WARN, f"{home}: cannot be written, only read", "reading verbs work; ingest needs to write"
    else:
        yield OK, str(home), ""


def _disk(site: Site) -> Found:
    free = shutil.disk_usage(site.folder).free // 1_000_000
    text = f"{free:,} MB free"
    if free < _FREE_MB:
        yield FAIL, text, "make room: mail is refused when the disk is full"
    elif free < _FREE_WARN_MB:
        yield WARN, text, "a million mails take about 3,000 MB for the 90 days that raw mail is kept"
    else:
        yield OK, text, ""


def _sync(site: Site) -> Found:
    """Whether what we acknowledge reaches the disk: write, fdatasync, fsync of the folder."""
    if not os.access(site.folder, os.W_OK):
        yield WARN, f"{site.folder} cannot be written, so not tried", ""
        return
    started = time.monotonic()
    with tempfile.NamedTemporaryFile(dir=site.folder, prefix=".check-") as file:
        file.write(b"\0" * 4096)
        file.flush()
        os.fdatasync(file.fileno())
        folder = os.open(site.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    took = (time.monotonic() - started) * 1000
    kind = _filesystem(site.folder)
    if "eatmydata" in os.environ.get("LD_PRELOAD", ""):
        yield FAIL, "LD_PRELOAD holds eatmydata: nothing is synced", "start Junkhound without it"
    elif kind in ("tmpfs", "ramfs"):
        yield WARN, f"the home lies in memory ({kind}): it is gone after a restart", "choose a home on a disk"
    elif took > _SLOW_SYNC_MS:
        yield WARN, f"fdatasync takes {took:.0f} ms", "a slow disk slows intake; group commit hides most of it"
    else:
        yield OK, "fdatasync and folder fsync work", ""


def _filesystem(path: Path) -> str:
    """The type of the file system that holds ``path``, from /proc/mounts; empty where there is none."""
    best, kind = "", ""
    with contextlib.suppress(OSError):
        for line in Path("/proc/mounts").read_text("utf-8", "replace").splitlines():
            place, this = line.split(" ")[1:3]
            if len(place) >= len(best) and (path == Path(place) or Path(place) in path.parents):
                best, kind = place, this
    return kind


def _state(site: Site) -> Found:
    from junkhound.ledger import schema, state

    if site.state is None:
        yield OK, "none yet, made at first use", ""
        return
    found = state.revision(site.state)
    if found == schema.REVISION:
        yield OK, f"at revision {found}", ""
    elif found is None:
        yield WARN, "empty", "any verb that writes fills it"
    elif found < schema.REVISION:
        yield FAIL, f"at revision {found}, needed {schema.REVISION}", "junkhound upgrade"
    else:
        yield FAIL, f"at revision {found}, this Junkhound knows {schema.REVISION}", "install the newer Junkhound again"


def _leases(site: Site) -> Found:
    from junkhound.ledger import schema, state

    if not site.current or site.state is None:
        return
    with state.reading(site.state) as connection:
        rows = connection.execute(schema.leases.select()).all()
    now = clock.SystemClock().now()
    stale = [row for row in rows if row.until < now]
    for row in stale:
        ago = (now - row.until) // clock.MINUTE
        yield (
            WARN,
            f"{row.role}: {row.holder} never gave it back ({ago} min ago)",
            "the next one takes it over by itself",
        )
    if not stale:
        held = ", ".join(f"{row.role} by {row.holder}" for row in rows)
        yield OK, f"held: {held}" if held else "none held", ""


def _spool(site: Site) -> Found:
    folder = site.home / "spool"
    if not folder.is_dir():
        return
    files = [entry.stat() for entry in os.scandir(folder) if entry.name.endswith((".seg", ".open"))]
    size = sum(info.st_size for info in files) / 1_000_000
    limit = site.settings.store.spool_limit_mb
    text = f"{len(files)} segments, {size:,.1f} MB of {limit:,} MB"
    oldest = min((info.st_mtime for info in files), default=time.time())
    if size > limit * 0.8:
        yield FAIL, f"{text}: nearly full, mail will be refused", "junkhound ingest without a path works it off"
    elif time.time() - oldest > 3600:
        yield WARN, f"{text}: the oldest waits since {clock.text(int(oldest * 1e6))}", "junkhound ingest works it off"
    else:
        yield OK, text, ""


def _jail(site: Site) -> Found:
    """What confines the process that parses mail."""
    powers = jail.powers()
    words = {"memory_limit": "memory limit", "seccomp": "seccomp filter", "no_sockets": "no sockets"}
    missing = [text for name, text in words.items() if not powers.get(name)]
    if not site.settings.engine.isolate:
        yield WARN, "mail is parsed without a jail ([engine] isolate = false)", "set isolate = true"
    elif missing:
        have = ", ".join(text for name, text in words.items() if powers.get(name)) or "nothing"
        yield (
            WARN,
            f"parsers are confined by {have} only; not here: {', '.join(missing)}",
            "allow seccomp(2) to this user",
        )
    else:
        yield OK, "parsers have a memory limit and a seccomp filter, and no sockets", ""


def _routes(site: Site) -> Found:
    """How old the newest route table in use is."""
    from junkhound.attribution import embedded
    from junkhound.verbs import data

    if site.current:
        used = [(one.date, one.name) for one in data.tables(site.office) if one.used]
    else:
        table = embedded()
        used = [(table.date, "the embedded one")]
    if not used:
        yield FAIL, "no route table is in use", "junkhound data list"
        return
    day, name = max(used)
    age = (clock.SystemClock().now() - clock.parse(day)) // clock.DAY
    if age > _ROUTES_OLD_DAYS:
        yield WARN, f"{name} of {day} is {age:,} days old", "junkhound data import a newer table"
    else:
        yield OK, f"{name} of {day}", ""


def _relays(site: Site) -> Found:
    """Mailboxes whose mail cannot be anchored."""
    bare = [name for name, box in site.settings.mailboxes.items() if not box.relays]
    for name in bare:
        yield (
            WARN,
            f"mailbox {name!r} states no relays: nobody can be blamed for its mail",
            f"junkhound relays learn {name}",
        )
    count = len(site.settings.traps) + len(site.settings.mailboxes)
    if not bare:
        yield OK, f"{count} intakes in the settings" if count else "no intakes in the settings", ""


def _goodwill(site: Site) -> Found:
    """Whether enough good mail is known to list whole networks."""
    from junkhound import listing
    from junkhound.ledger import histories

    wanting = [name for name, one in site.settings.lists.items() if one.holds == "escalated"]
    if not wanting or not site.current:
        return
    now = site.office.now
    found = listing.Panel(*histories.good_days(site.office.ledger.query(), now - 35 * clock.DAY, now + 1))
    hint = (
        "take in mailboxes (--as good) and mail servers' logs ([logs.NAME] accepted); until then no network is listed"
    )
    yield (OK, found.words(), "") if found.enough else (WARN, found.words(), hint)


def _pictures(site: Site) -> Found:
    """Whether text in pictures is read, and by what."""
    from importlib.util import find_spec

    ocr = site.settings.pictures.ocr
    needs = {"rapidocr": "rapidocr", "tesseract": "tesserocr"}.get(ocr)
    if not find_spec("PIL"):
        yield (
            OK,
            "not looked at: near-copies join nothing, and text in them is not read",
            "pip install 'junkhound[ocr]'",
        )
    elif ocr == "none":
        yield OK, "near-copies are grouped; text in them is not read ([pictures] ocr = none)", ""
    elif needs is not None and not find_spec(needs):
        yield (
            WARN,
            f"near-copies are grouped; text in them is not read: {ocr} is missing",
            "pip install 'junkhound[ocr]'",
        )
    else:
        every = "" if site.settings.serve.pictures else "; serve leaves it to junkhound pictures read"
        yield OK, f"near-copies are grouped and read by {ocr}{every}", ""


def _files(site: Site) -> Found:
    """Whether what looks into attached files is there; said only where it is asked for."""
    from importlib.util import find_spec

    from junkhound.lookup import clamd

    settings = site.settings.files
    if settings.clamd:
        try:
            yield OK, f"asked about at {settings.clamd}: {clamd.ping(settings.clamd, 3.0)}", ""
        except JunkhoundError as error:
            yield WARN, error.message, error.hint or ""
    if settings.pdf and not find_spec("pypdf"):
        yield WARN, "links in PDFs are not read: pypdf is missing", "pip install 'junkhound[pdf]'"
    elif settings.pdf:
        yield OK, "links in PDFs are read", ""


def _clock(site: Site) -> Found:
    """The system clock against what the home has already seen."""
    from sqlalchemy import func, select

    from junkhound.ledger import schema, state

    now = clock.SystemClock().now()
    if now < clock.parse("2026-01-01"):
        yield FAIL, f"the clock says {clock.text(now)}", "set it: every sighting carries its time"
        return
    if site.current and site.state is not None:
        with state.reading(site.state) as connection:
            newest = connection.execute(select(func.max(schema.segments.c.committed_at))).scalar()
        if newest is not None and newest > now + clock.MINUTE:
            seconds = (newest - now) // clock.SECOND
            yield WARN, f"it stands {seconds:,} s before the newest commit: it was set back", "keep it by NTP"
            return
    yield OK, clock.text(now), ""


CHECKS: tuple[Callable[[Site], Found], ...] = (
    _python, _packages, _steps, _settings, _home, _disk, _sync, _state, _leases, _spool, _jail, _routes, _relays,
    _goodwill, _pictures, _files, _clock,
)  # fmt: skip
