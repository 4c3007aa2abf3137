"""``guard``: a mail judged by a pack and by what people taught; marked, and learned from."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import structs

from junkhound import guard, trace
from junkhound.attribution import DatedTables, RouteTable
from junkhound.evidence.message import parse
from junkhound.guard import Book
from junkhound.kernel import clock
from junkhound.kernel.clock import HOUR
from junkhound.kernel.errors import NotFound, Temporary
from junkhound.kernel.jail import Jail, Last, Limits
from junkhound.ledger.files import Disk, put
from junkhound.verbs import believing, data, signing
from junkhound.verbs.office import Office
from junkhound.wire.facts import Facts


class Status(msgspec.Struct, frozen=True):
    """A pack and a model as they are now; ``sequence`` None: there is no pack."""

    path: str
    hub: str
    sequence: int | None
    made_at: str
    stale: str
    rows: dict[str, int]
    learned_junk: int
    learned_good: int


def status(office: Office, file: Path | None = None) -> Status:
    """What the guard of this home works from."""
    place = file or pack_of(office)
    book = read_book(place)
    learned = read_learned(learned_of(office))
    age_h = (office.now - book.head.made_at) / HOUR
    stale = f", {age_h:.0f} hours old: not used any more" if age_h > office.config.guard.stale_h else ""
    made = None if not book.head.sequence else book.head.sequence
    return Status(str(place), book.head.hub, made, clock.text(book.head.made_at), stale, book.rows, learned.junk,
                  learned.good)  # fmt: skip


def ask_paths(office: Office, paths: Sequence[str], relays: tuple[str, ...]) -> Iterator[tuple[str, guard.Judged]]:
    """What the guard says of every mail in files, folders and archives. Errors: NotFound for no mail at all."""
    from junkhound.intake.sources import open_sources

    judge = open_judge(orders(office, relays))
    found = False
    for mail in open_sources(list(paths), office.config.intake):
        found = True
        yield mail.locator, judge(bytes(mail.payload), None, office.now)
    if not found:
        raise NotFound(f"no mail in {', '.join(map(repr, paths))}", "give a mail with its header as it was stored")


def mark(office: Office, mail: bytes, relays: tuple[str, ...] = ()) -> bytes:
    """A stored mail with our fields on top, looked at in a process that may compute and nothing else.

    Errors: Temporary where that takes longer than ``[guard] deadline_ms``, its start not counted (``START_S``); Died.
    """
    said = office.config.guard
    jail = Jail("junkhound.verbs.guard:start", orders(office, relays), Limits(1024, max(1.0, said.deadline_ms / 1000)))
    fd = os.memfd_create("mail")
    try:
        os.truncate(fd, 0)
        with _within(START_S):
            list(jail.run(fd, msgspec.msgpack.encode(Asked(None, office.now))))  # it starts, and loads its pack
        os.write(fd, mail[: said.size_mb * 1_000_000])
        with _within(said.deadline_ms / 1000):
            for frame in jail.run(fd, msgspec.msgpack.encode(Asked(None, office.now))):
                found = msgspec.msgpack.decode(frame, type=guard.Opinion)
        return marked(mail, found)
    finally:
        os.close(fd)
        jail.close()


START_S = 10.0
"""How long a judging process may take to load its pack where one mail waits for that."""


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Errors: Temporary where what is inside takes longer. For the main thread of a command."""

    def end(*_: object) -> None:
        raise Temporary("there was no time to look at it")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


REASON = b"X-Junkhound-Reason"
SCORE = b"X-Junkhound-Score"
VERDICT = b"X-Junkhound-Verdict"
OURS = frozenset(name.lower() for name in (REASON, SCORE, VERDICT))
"""Fields that only the guard writes: a mail that brings them already is lying, or was looked at by another guard."""


class Orders(msgspec.Struct, frozen=True):
    """What a judging process is started with; it reads its files before it is confined."""

    pack: str
    learned: str
    relays: tuple[str, ...]
    own: tuple[str, ...]
    allow_documentation: bool
    routes: tuple[tuple[int, str, Callable[[], RouteTable]], ...]
    junk: float
    good: float
    stale_h: float
    trust: trace.Trust = trace.Trust()
    authserv: frozenset[str] = frozenset()


class Asked(msgspec.Struct, array_like=True):
    """A mail to judge: facts of the session, or None for a stored one, and the moment."""

    facts: Facts | None
    at: int


def orders(office: Office, relays: tuple[str, ...] = ()) -> Orders:
    """What the settings say. Errors: NotFound for a pack that is named and not there."""
    said, network = office.config.guard, office.config.network
    pack = pack_of(office)
    if said.pack and not pack.is_file():
        raise NotFound(f"no guard pack {said.pack!r}", "make one with junkhound guard pack, or leave [guard] pack out")
    if said.pack and said.key:
        signing.verify_file(pack, signing.read_key(said.key))
    return Orders(
        str(pack), str(learned_of(office)), (*said.relays, *relays), network.own, network.allow_documentation,
        tuple(data.route_tables(office)), said.junk, said.good, said.stale_h,
        believing.trust(office.config),
        frozenset(name.lower().strip(".") for name in said.authserv),
    )  # fmt: skip


def pack_of(office: Office) -> Path:
    """The file of the pack that this home's guard works from."""
    said = office.config.guard.pack
    return Path(said).expanduser() if said else office.home / "guard" / "own.pack"


def learned_of(office: Office) -> Path:
    """The file of what people's moves taught."""
    said = office.config.guard.learned
    return Path(said).expanduser() if said else office.home / "guard" / "learned"


def open_judge(said: Orders) -> guard.Judge:
    """A judge by these orders; a pack that cannot be read, or is not there, knows nothing."""
    model = guard.shipped().stricter(said.junk, said.good)
    border = trace.boundary(said.relays, said.own, allow_documentation=said.allow_documentation, trust=said.trust)
    tables = DatedTables(said.routes)
    book, learned = read_book(Path(said.pack)), read_learned(Path(said.learned))
    return guard.Judge(book, model, border, tables.on(None), learned, said.stale_h, said.authserv)


def read_book(path: Path) -> Book:
    """A pack from its file; an empty book where there is none. Errors: DataError for a broken one."""
    return guard.pack.read(path.read_bytes()) if path.is_file() else guard.empty()


def read_learned(path: Path) -> guard.Personal:
    """What was learned so far; a new model where nothing was. Errors: DataError for a broken file."""
    return guard.Personal.from_bytes(path.read_bytes()) if path.is_file() else guard.Personal(os.urandom(16))


def keep(path: Path, octets: bytes) -> None:
    """Written beside its place, synced, and renamed into it; nobody else may read it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    put(Disk(), path, octets)


def start(said: Orders) -> Callable[[int, bytes, Callable[[int], None]], Iterator[bytes]]:
    """Called once in a judging process (``kernel.jail``): loads everything, and returns what judges one mail."""
    judge = open_judge(said)
    judge.learning = False
    judge(b"From: a@example.org\r\n\r\nhttp://example.org/\r\n", None, 0)  # modules are loaded now
    decode = msgspec.msgpack.Decoder(Asked).decode
    encode = msgspec.msgpack.Encoder().encode

    def work(fd: int, request: bytes, mark: Callable[[int], None]) -> Iterator[bytes]:
        mark(0)
        asked = decode(request)
        size = os.fstat(fd).st_size
        yield Last(encode(judge(os.pread(fd, size, 0), asked.facts, asked.at).opinion))

    return work


def headers(opinion: guard.Opinion) -> tuple[tuple[bytes, bytes], ...]:
    """The fields that are put on top of a mail; what a mail made us say stays within one line of printable ASCII."""
    reason = "".join(letter if " " <= letter <= "~" else "?" for letter in opinion.reason)[:400]
    return (
        (VERDICT, str(opinion.word).encode()),
        (SCORE, b"%.3f" % opinion.score),
        (REASON, reason.encode()),
    )


def marked(mail: bytes, opinion: guard.Opinion) -> bytes:
    """The mail with our fields on top, and without any that were there; its line ends are those of its first line."""
    first, _, _ = mail.partition(b"\n")
    end = b"\r\n" if first.endswith(b"\r") else b"\n"
    front = b""
    if mail.startswith(b"From "):  # the line of an mbox stays the first
        front, _, mail = mail.partition(b"\n")
        front += b"\n"
    fields = b"".join(name + b": " + value + end for name, value in headers(opinion))
    return front + fields + without_ours(mail)


def without_ours(mail: bytes) -> bytes:
    """The mail without fields under our names."""
    if not any(name in mail[:LOOK].lower() for name in OURS):
        return mail
    message = parse(mail)
    for name, start_at, _, end in reversed(message.fields):
        if name in OURS:
            mail = mail[:start_at] + mail[end:]
    return mail


LOOK = 256 * 1024
"""Bytes in which a header ends, or is no header any more (``evidence.message``)."""


class Learned(msgspec.Struct, frozen=True):
    """What a run of learning did: mails of each side that were new to the model, those it knew, and its size now."""

    junk: int
    good: int
    known: int
    all_junk: int
    all_good: int


def learn(office: Office, paths: Sequence[str], junk: bool, relays: tuple[str, ...] = (), learned: Path | None = None,
          progress: Callable[[int], None] | None = None) -> Learned:  # fmt: skip
    """Teach the model that these mails are junk, or are wanted; a mail that was taught otherwise is untaught first."""
    from junkhound.intake.sources import open_sources

    place = learned or learned_of(office)
    judge = open_judge(structs.replace(orders(office, relays), pack="", learned=str(place)))
    personal = judge.personal
    assert personal is not None
    new = known = 0
    for number, mail in enumerate(open_sources(list(paths), office.config.intake)):
        payload = bytes(mail.payload)
        found = judge(without_ours(payload), None, office.now)
        if personal.learn(sha256(without_ours(payload)).digest()[:16], found.words, junk):
            new += 1
        else:
            known += 1
        if progress is not None:
            progress(number + 1)
    keep(place, personal.to_bytes())
    return Learned(new if junk else 0, 0 if junk else new, known, personal.junk, personal.good)
