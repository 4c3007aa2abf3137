"""``guard``: what the hub knows, made into a pack; a mail judged by one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from junkhound import guard, trace
from junkhound.attribution import DatedTables, RouteTable
from junkhound.evidence.message import parse
from junkhound.guard import FORMS, SKETCH, Book, Head, sorted_rows
from junkhound.kernel import clock
from junkhound.kernel.clock import DAY, HOUR
from junkhound.kernel.errors import DataError, NotFound, Refused
from junkhound.kernel.net import Address, Network
from junkhound.ledger.files import Disk, put
from junkhound.ledger.guarding import Guarding
from junkhound.publish.write import SIGNATURE
from junkhound.verbs import data, lists, signing
from junkhound.verbs.office import Office
from junkhound.wire.facts import Facts

WINDOW_DAYS = 14
TEXTS = 200_000
THINGS = 500_000
SOURCES = 1_000_000
NETWORKS = 300_000
FEW_WORDS = 8
"""Most rows of each table: a pack stays below 100 MB. The newest are kept."""


def make(office: Office, key: bytes | None = None, sequence: int = 1, window_days: int = WINDOW_DAYS) -> Book:
    """The book of this home's traps, as of the office's moment."""
    until = office.now
    since = until - window_days * DAY
    asked = Guarding(office.ledger.engine, office.ledger.snapshot())
    head = Head(office.config.publish.zone, sequence, until, key or os.urandom(16), window_days)
    keying = guard.Keying(head.key)
    found = {
        "texts": _texts(asked.texts(since, until, TEXTS)),
        "things": _things(asked.things(since, until, THINGS), keying),
        "sources": _sources(asked.sources(since, until, SOURCES), keying, _listed(office)),
        "networks": _networks(asked.surroundings(since, until, NETWORKS), keying),
        "systems": _filled("systems", asked.systems(since, until), {"id": "asn"}),
    }
    return Book(head, {name: sorted_rows(name, rows) for name, rows in found.items()})


def _filled(table: str, columns: dict[str, NDArray[Any]], named: dict[str, str]) -> NDArray[Any]:
    """Rows of a table from columns, numbers cut to what their place holds."""
    form = FORMS[table]
    count = len(next(iter(columns.values())))
    rows = np.zeros(count, form)
    for name in form.names or ():
        column = columns.get(named.get(name, name))
        if column is not None and name != "sketch":
            most = np.iinfo(form[name]).max
            rows[name] = np.minimum(np.asarray(column, np.uint64), np.uint64(most))
    return rows


def _texts(columns: dict[str, NDArray[Any]]) -> NDArray[Any]:
    rows = _filled("texts", columns, {"id": "template"})
    for place, (sketch, words) in enumerate(zip(columns["sketch"], columns["words"], strict=True)):
        if words >= FEW_WORDS and len(sketch) == 4 * SKETCH:
            rows["sketch"][place] = guard.low_bytes(bytes(sketch))
    return rows


def _things(columns: dict[str, NDArray[Any]], keying: guard.Keying) -> NDArray[Any]:
    rows = _filled("things", columns, {})
    rows["id"] = [keying.thing(int(k), int(v)) for k, v in zip(columns["kind"], columns["key"], strict=True)]
    return rows


def _sources(columns: dict[str, NDArray[Any]], keying: guard.Keying, listed: set[Address]) -> NDArray[Any]:
    rows = _filled("sources", columns, {})
    machines = [Address(int(hi), int(lo)) for hi, lo in zip(columns["hi"], columns["lo"], strict=True)]
    rows["id"] = [keying.source(machine) for machine in machines]
    rows["listed"] = [machine in listed for machine in machines]
    return rows


def _networks(columns: dict[str, NDArray[Any]], keying: guard.Keying) -> NDArray[Any]:
    rows = _filled("networks", columns, {})
    rows["id"] = [
        keying.network(Address(int(hi), int(lo))) for hi, lo in zip(columns["hi"], columns["lo"], strict=True)
    ]
    return rows


def _listed(office: Office) -> set[Address]:
    """The first addresses of all machines that stand on the lists now; ranges and names say nothing of one machine."""
    found = (entry.subject for name in office.config.lists for entry in lists.entries(office, name))
    return {one.first for one in found if isinstance(one, Network) and (one.bits == 128 or not one.is_v4)}


class Made(msgspec.Struct, frozen=True):
    """A pack that was written."""

    path: str
    hub: str
    sequence: int
    size: int
    rows: dict[str, int]
    delta: str = ""
    delta_size: int = 0


def write_pack(office: Office, out: Path | None = None, since: Path | None = None) -> Made:
    """Make the pack of now and write it; ``since`` an older one of this hub: the difference is written too.

    A pack that is there already gives its key and the next number, so that differences to it can be made.
    """
    place = out or pack_of(office)
    old = read_book(since) if since is not None else read_book(place)
    known = old.head.sequence > 0 and old.head.hub == office.config.publish.zone
    book = make(office, old.head.key if known else None, old.head.sequence + 1 if known else 1)
    octets = guard.pack.write(book)
    delta, beside = b"", place.with_name(place.name + ".delta")
    if since is not None:
        if not known:
            raise DataError(f"{str(since)!r} is a pack of {old.head.hub!r}", "give one that this home made")
        delta = guard.pack.difference(old, book)
        _put(office, beside, delta)
    _put(office, place, octets)
    return Made(str(place), book.head.hub, book.head.sequence, len(octets), book.rows,
                str(beside) if delta else "", len(delta))  # fmt: skip


def _put(office: Office, place: Path, octets: bytes) -> None:
    """A pack or difference with its signature, where the hub signs. The signature is there first, as the lists' are."""
    signer = signing.signer_of(office)
    if signer is not None:
        keep(place.with_name(place.name + SIGNATURE), signer.sign(octets, place.name, office.now))
    keep(place, octets)


def take(office: Office, file: Path, key: str = "") -> Made:
    """Take in a hub's pack, or a difference to the one that is here, into this home.

    Errors: TamperError, NotFound for a signature that does not hold or is not there, where a key is known; DataError
    for what is no pack, or a difference to another; Refused for an older pack than the one that is here.
    """
    key = key or office.config.guard.key
    if key:
        signing.verify_file(file, signing.read_key(key))
    place = office.home / "guard" / "own.pack"
    old = read_book(place)
    book = guard.pack.apply(old, file.read_bytes())
    if book.head.hub == old.head.hub and book.head.sequence < old.head.sequence:
        raise Refused(f"pack {book.head.sequence} is older than {old.head.sequence}, which is here", "fetch the newest")
    octets = guard.pack.write(book)
    keep(place, octets)
    return Made(str(place), book.head.hub, book.head.sequence, len(octets), book.rows)


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
    """A stored mail with our fields on top."""
    return marked(mail, open_judge(orders(office, relays))(mail, None, office.now).opinion)


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
    border = trace.boundary(said.relays, said.own, allow_documentation=said.allow_documentation)
    tables = DatedTables(said.routes)
    return guard.Judge(
        read_book(Path(said.pack)), model, border, tables.on(None), read_learned(Path(said.learned)), said.stale_h
    )


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
    judge(b"From: a@example.org\r\n\r\nhttp://example.org/\r\n", None, 0)  # modules are loaded now
    decode = msgspec.msgpack.Decoder(Asked).decode
    encode = msgspec.msgpack.Encoder().encode

    def work(fd: int, request: bytes, mark: Callable[[int], None]) -> Iterator[bytes]:
        mark(0)
        asked = decode(request)
        size = os.fstat(fd).st_size
        yield encode(judge(os.pread(fd, size, 0), asked.facts, asked.at).opinion)

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
