"""Attached files looked into, off the path of mail: a ClamAV daemon asked, links in PDFs read, if that is asked for.

A file is looked into once, whichever mail brings it. PDFs are opened in a confined child, for the bytes come from
criminals; what is found belongs to every mail with the file.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from hashlib import sha256

import msgspec

from junkhound import content
from junkhound.content import pdf
from junkhound.evidence.message import parse
from junkhound.kernel import clock
from junkhound.kernel.errors import ConfigError, NotFound, Temporary
from junkhound.kernel.jail import Died, Jail, Limits
from junkhound.ledger.attached import Drawer, File, Met, Shelf
from junkhound.lookup import clamd
from junkhound.tables import KeyKind
from junkhound.verbs.office import Office

PARSER = "junkhound.verbs.files:start"
"""What runs in the confined child."""

ITEM_S = 20.0  # CPU seconds one PDF may take
MEMORY_MB = 1024
FAILURES = 3  # of the scanner, after which a run asks no more

Progress = Callable[[str, int, int], None]


class Done(msgspec.Struct):
    """What a run did."""

    files: int = 0
    scanned: int = 0
    malware: int = 0
    opened: int = 0
    links: int = 0
    unread: dict[str, int] = msgspec.field(default_factory=dict)
    waiting: int = 0
    hint: str = ""


def start(orders: None) -> Callable[[int, bytes, Callable[[int], None]], Iterator[bytes]]:
    """Called once in the child: loads, and returns the work function of ``kernel.jail``."""
    pdf.read(b"%PDF-1.4\n")
    encode = msgspec.msgpack.Encoder().encode

    def work(fd: int, request: bytes, mark: Callable[[int], None]) -> Iterator[bytes]:
        mark(0)
        yield encode(pdf.read(os.pread(fd, int.from_bytes(request, "big"), 0)))

    return work


def wanted(office: Office) -> bool:
    """Whether anything is to be done with files at all."""
    return bool(office.config.files.clamd) or office.config.files.pdf


def read(office: Office, limit: int = 2000, progress: Progress | None = None) -> Done:
    """Look into up to ``limit`` files that nobody has, until ``[files] budget_s`` are over.

    Errors: ConfigError where nothing is asked for, or what it needs is not installed.
    """
    if not wanted(office):
        raise ConfigError("[files]: nothing is asked for", "set clamd to its socket, or pdf = true")
    if office.config.files.pdf:
        pdf.library()
    run = _Run(office)
    try:
        return run.work(limit, progress or (lambda words, done, total: None))
    finally:
        run.jail.close()


class _Run:
    """One run over what is new."""

    def __init__(self, office: Office) -> None:
        self.office, self.settings = office, office.config.files
        self.shelf = Shelf(office.ledger.state)
        self.jail = Jail(PARSER, None, Limits(memory_mb=MEMORY_MB, item_s=ITEM_S))
        self.done, self.failed = Done(), 0

    def work(self, limit: int, progress: Progress) -> Done:
        end = time.monotonic() + self.settings.budget_s
        known = {one.key: one for one in self.shelf.all()}
        done = [key for key, one in known.items() if self._whole(one)]
        drawer = Drawer(self.office.ledger.engine, self.office.ledger.snapshot())
        waiting = drawer.met(done, limit)
        self.done.waiting = len(waiting)
        for place, one in enumerate(waiting):
            if time.monotonic() >= end or self.failed >= FAILURES:
                break
            progress("look into files", place, len(waiting))
            self._file(one)
            self.done.waiting -= 1
        return self.done

    def _whole(self, file: File) -> bool:
        """Whether everything that is asked for was done with it."""
        scanned = file.scanned or not self.settings.clamd or file.size > self.settings.clamd_mb << 20
        return bool(scanned) and bool(file.opened or not self.settings.pdf)

    def _file(self, one: Met) -> None:
        found = self._bytes(one)
        if found is None:
            self.shelf.put(File(one.key, self.office.now, "", 0, one.mails, 1, "", 1, "its mail is gone"), ())
            return
        name, octets = found
        self.done.files += 1
        scanned, malware = self._scanned(octets)
        led = self._opened(octets) if self.settings.pdf else pdf.Led()
        finds = _keys_of(led)
        self.done.links += len(led.links)
        if led.why and led.why != "no PDF":
            self.done.unread[led.why] = self.done.unread.get(led.why, 0) + 1
        file = File(one.key, self.office.now, name, len(octets), one.mails, int(scanned), malware,
                    int(self.settings.pdf), "" if led.why == "no PDF" else led.why)  # fmt: skip
        self.shelf.put(file, finds)

    def _bytes(self, one: Met) -> tuple[str, bytes] | None:
        try:
            mail = self.office.ledger.packs.read(one.segment, one.ordinal).mail
        except NotFound:
            return None
        for part in parse(bytes(mail)).parts():
            octets = part.payload()
            if int.from_bytes(sha256(octets).digest()[:8], "big") == one.key:
                return part.name, octets
        return None

    def _scanned(self, octets: bytes) -> tuple[bool, str]:
        """(whether the daemon said anything, what it calls the file)."""
        if not self.settings.clamd or len(octets) > self.settings.clamd_mb << 20:
            return False, ""
        try:
            malware = clamd.scan(self.settings.clamd, octets, self.settings.clamd_timeout_s)
        except Temporary as error:  # asked again at the next run; a daemon that is down is asked no more in this one
            self.failed += 1
            self.done.hint = error.message
            return False, ""
        self.failed = 0
        self.done.scanned += 1
        self.done.malware += bool(malware)
        return True, malware

    def _opened(self, octets: bytes) -> pdf.Led:
        if not octets[:1024].lstrip().startswith(b"%PDF-"):
            return pdf.Led(why="no PDF")
        self.done.opened += 1
        if len(octets) > pdf.MOST_BYTES:
            return pdf.Led(why="too many bytes")
        fd = os.memfd_create("file")
        try:
            os.pwrite(fd, octets, 0)
            for frame in self.jail.run(fd, len(octets).to_bytes(8, "big")):
                return msgspec.msgpack.decode(frame, type=pdf.Led)
        except Died:
            return pdf.Led(why="killed its reader")
        finally:
            self.jail.close()  # a child for each file: one that was taken over sees no other
            os.close(fd)
        return pdf.Led(why="no answer")


def _keys_of(led: pdf.Led) -> list[tuple[int, int, str]]:
    """(kind, key, name) of what a PDF shares with mail that says it plainly."""
    if not led.links and not led.text:
        return []
    words = "\n".join((led.text, *(f"<{link}>" for link in led.links)))
    view = content.view(parse(b"Content-Type: text/plain; charset=utf-8\n\n" + words.encode("utf-8", "replace")))
    found = set(content.finds(view))
    found |= {(int(KeyKind.DOMAIN), url.domain) for url in view.urls if url.domain}
    found |= {(int(KeyKind.URL_HOST), url.host) for url in view.urls if url.host and url.host != url.domain}
    return [(kind, content.key(name), name) for kind, name in sorted(found)]


class Line(msgspec.Struct, frozen=True):
    """One file for a person."""

    key: str
    name: str
    size: int
    mails: int
    looked_at: str
    malware: str
    why: str
    finds: tuple[str, ...]


def lines(office: Office, limit: int = 20) -> tuple[Line, ...]:
    """Files that were looked into, malware first, then those of most mails."""
    shelf = Shelf(office.ledger.state)
    found = shelf.all()[:limit]
    finds = shelf.finds([one.key for one in found])
    return tuple(
        Line(
            f"{one.key:016x}", one.name, one.size, one.mails, clock.text(one.at), one.malware, one.why,
            tuple(f"{KeyKind(kind).name.lower()} {name}" for kind, _, name in finds.get(one.key, ())),
        )
        for one in found
    )  # fmt: skip
