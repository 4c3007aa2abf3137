"""Pictures looked at off the path of mail: near-copies grouped, each group read once, what it says given to its mails.

Decoding and reading happen in a confined child, as parsing does: the bytes come from criminals.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from junkhound import content, picture
from junkhound.evidence.message import parse
from junkhound.kernel.errors import ConfigError, NotFound
from junkhound.kernel.jail import Died, Jail, Limits
from junkhound.ledger.pictures import Albums, Group, Held, Met, Shelf
from junkhound.picture import Looks, Reading
from junkhound.tables import KeyKind
from junkhound.verbs.office import Office

PARSER = "junkhound.verbs.pictures:start"
"""What runs in the confined child."""

BATCH = 32  # mails whose pictures are looked at together
WINDOW = 4000  # pictures of the youngest groups that new ones are compared with
COPIES = 9  # of a group that are laid over each other
MAX_PIECES = 64  # pictures of one mail
ITEM_S = 60.0  # CPU seconds one picture may take before its child is killed

Span = tuple[int, int]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Orders:
    """What the child is started with: the OCR engine to load before it is confined, "" for none."""

    engine: str = ""


class Request(msgspec.Struct, frozen=True, array_like=True):
    """Files in the memory that is handed over: of each mail, or of each copy of one group, the spans of its pieces."""

    mails: tuple[tuple[Span, ...], ...]
    read: bool = False


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """What one mail's pictures look like: of each, or of the one they are pieces of (``whole``)."""

    place: int
    whole: bool
    looks: tuple[Looks | None, ...]
    whys: tuple[str, ...]
    codes: tuple[tuple[str, ...], ...]


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """One answer of the child."""

    seen: Seen | None = None
    reading: Reading | None = None


class Done(msgspec.Struct):
    """What a run did."""

    pictures: int = 0
    groups: int = 0
    unread: dict[str, int] = msgspec.field(default_factory=dict)  # why a picture could not be had: how many
    read: int = 0
    found: int = 0
    waiting: int = 0  # groups that are due when there is time
    died: int = 0
    cpu_s: float = 0.0
    share: float = 0.0  # of all kept mails, readings so far
    engine: str = ""
    hint: str = ""


def start(orders: Orders) -> Callable[[int, bytes, Callable[[int], None]], Iterator[bytes]]:
    """Called once in the child: loads, and returns the work function of ``kernel.jail``."""
    picture.open_picture(b"")
    reader = picture.engine(orders.engine) if orders.engine else None
    if reader is not None:  # models load at the first picture
        import numpy as np

        reader(np.full((64, 200, 3), 255, np.uint8))
    decode = msgspec.msgpack.Decoder(Request).decode
    encode = msgspec.msgpack.Encoder().encode

    def work(fd: int, request: bytes, mark: Callable[[int], None]) -> Iterator[bytes]:
        for answer in answers(fd, decode(request), reader, mark):
            yield encode(answer)

    return work


def answers(fd: int, request: Request, reader: picture.Engine | None, mark: Callable[[int], None]) -> Iterator[Answer]:
    """Look at the pictures of each mail, or read the copies of one group."""

    def opened(spans: Sequence[Span]) -> list[picture.Opened]:
        least = 1 if len(spans) > 1 else 8
        return [picture.open_picture(os.pread(fd, size, at), least) for at, size in spans]

    if not request.read:
        for place, spans in enumerate(request.mails):
            mark(place)
            yield Answer(seen=_seen(place, opened(spans)))
        return
    copies = []
    for place, spans in enumerate(request.mails):
        mark(place)
        pieces = [one.colour for one in opened(spans) if one.colour is not None]
        whole = picture.joined(pieces) if len(pieces) == len(spans) > 1 else None
        copies += [whole] if whole is not None else pieces[:1]
    if copies and reader is not None:
        yield Answer(reading=picture.read_group(copies, reader))


def _seen(place: int, opened: Sequence[picture.Opened]) -> Seen:
    pieces = [one.colour for one in opened if one.colour is not None]
    whole = picture.joined(pieces) if len(pieces) == len(opened) > 3 else None
    if whole is not None:
        return Seen(place, True, (picture.looks(whole),), ("",), (tuple(picture.codes(whole)),))
    looks = tuple(
        None if one.colour is None or min(one.colour.shape[:2]) < 8 else picture.looks(one.colour) for one in opened
    )
    codes = tuple(() if one.colour is None else tuple(picture.codes(one.colour)) for one in opened)
    return Seen(place, False, looks, tuple(one.why for one in opened), codes)


def read(office: Office, limit: int = 2000, budget_s: float = 0.0, progress: Progress | None = None) -> Done:
    """Look at up to ``limit`` new pictures, then read groups that are due until ``budget_s`` CPU seconds are used.

    Errors: ConfigError where Pillow is not installed.
    """
    picture.open_picture(b"")
    return _Run(office, progress or (lambda what, done, of: None)).work(
        limit, budget_s or office.config.pictures.budget_s
    )


class _Run:
    """One run over what is new."""

    def __init__(self, office: Office, progress: Progress) -> None:
        self.office, self.progress = office, progress
        self.shelf = Shelf(office.ledger.state)
        self.albums = Albums(office.ledger.engine, office.ledger.snapshot())
        self.done = Done()
        self.done.engine, self.done.hint = self._engine()
        limits = Limits(memory_mb=office.config.engine.parser_memory_mb, item_s=ITEM_S)
        self.jail = Jail(PARSER, Orders(self.done.engine), limits)

    def _engine(self) -> tuple[str, str]:
        name = self.office.config.pictures.ocr
        if name == "none":
            return "", "text is not read: [pictures] ocr is none"
        try:
            picture.engine(name)
        except ConfigError as error:
            return "", f"text is not read: {error.message}; {error.hint}"
        return name, ""

    def work(self, limit: int, budget_s: float) -> Done:
        try:
            self.look(limit)
            self.read(budget_s)
        finally:
            self.jail.close()
        mails = self.albums.mails()
        groups = self.shelf.groups()
        self.done.groups = len(groups)
        self.done.share = sum(bool(group.read_with) for group in groups) / mails if mails else 0.0
        return self.done

    # -- looking ----------------------------------------------------------------------------------------------

    def look(self, limit: int) -> None:
        """Group what nobody has looked at."""
        known = self.shelf.known()
        waiting = self.albums.met(known, limit)
        groups = picture.Groups()
        decode = msgspec.msgpack.Decoder(Looks).decode
        for held in self.shelf.newest(WINDOW):
            groups.put(held.group, decode(held.looks))
        groups.begin_after(self.shelf.last_number())
        by_mail: dict[tuple[int, int], list[Met]] = {}
        for one in waiting:
            by_mail.setdefault((one.segment, one.ordinal), []).append(one)
        places = list(by_mail)
        for at in range(0, len(places), BATCH):
            self.progress("look at pictures", at, len(places))
            batch = [(place, self._pieces(*place)) for place in places[at : at + BATCH]]
            self._batch(batch, {one.key: one.mails for one in waiting}, set(known), groups)

    def _pieces(self, segment: int, ordinal: int) -> list[bytes]:
        """The picture files of one mail, in order."""
        try:
            mail = self.office.ledger.packs.read(segment, ordinal).mail
        except NotFound:
            return []
        parts = [part for part in parse(bytes(mail)).parts() if part.type.startswith("image/")]
        return [part.payload() for part in parts[:MAX_PIECES]]

    def _batch(
        self, batch: list[tuple[tuple[int, int], list[bytes]]], mails: dict[int, int], known: set[int],
        groups: picture.Groups,
    ) -> None:  # fmt: skip
        held: list[Held] = []
        finds: list[tuple[int, str]] = []
        before = groups.joined_so_far()
        encode = msgspec.msgpack.Encoder().encode
        for answer in self._asked([pieces for _, pieces in batch], read=False):
            seen = answer.seen
            if seen is None:
                continue
            (segment, ordinal), pieces = batch[seen.place]
            keys = [int.from_bytes(sha256(piece).digest()[:8], "big") for piece in pieces]
            for number, (looks, why, codes) in enumerate(zip(seen.looks, seen.whys, seen.codes, strict=True)):
                mine = keys if seen.whole else keys[number : number + 1]
                fresh = [key for key in mine if key in mails and key not in known]
                if not fresh:
                    continue
                known.update(fresh)
                group = groups.add(looks) if looks is not None else 0
                if not group:
                    self.done.unread[why or "tiny"] = self.done.unread.get(why or "tiny", 0) + len(fresh)
                packed = b"" if looks is None else encode(looks)
                held += [
                    Held(key, group, segment, ordinal, len(pieces) if seen.whole else 1, packed, why, mails[key])
                    for key in fresh
                ]
                finds += [(group, code) for code in codes if group]
        self.done.pictures += len(held)
        held = [msgspec.structs.replace(one, group=groups.now(one.group)) if one.group else one for one in held]
        changed = groups.joined_so_far()
        self.shelf.put(held, {gone: into for gone, into in changed.items() if gone not in before})
        for group, code in finds:
            self.shelf.add_finds(groups.now(group), _keys_of(code, ()))

    # -- reading ----------------------------------------------------------------------------------------------

    def read(self, budget_s: float) -> None:
        """Read the groups that are due, those of most mails first."""
        waiting = [group for group in self.shelf.groups() if picture.due(group.copies, group.read_with)]
        self.done.waiting = len(waiting)
        if not self.done.engine:
            return
        for place, group in enumerate(waiting):
            if self.done.cpu_s >= budget_s:
                break
            self.progress("read groups", place, len(waiting))
            self.done.waiting -= 1
            self._read(group)

    def _read(self, group: Group) -> None:
        copies, seen = [], set()
        for held in self.shelf.copies(group.number, 4 * COPIES):
            mail = (held.segment, held.ordinal)
            if mail in seen and held.whole > 1:
                continue
            seen.add(mail)
            pieces = self._pieces(*mail)
            if held.whole == 1:
                pieces = [one for one in pieces if int.from_bytes(sha256(one).digest()[:8], "big") == held.key]
            if pieces:
                copies.append(pieces)
            if len(copies) == COPIES:
                break
        start = time.process_time()
        answered = list(self._asked(copies, read=True)) if copies else []  # to its end: the child must be free again
        for reading in (answer.reading for answer in answered):
            if reading is None:
                continue
            self.done.cpu_s += reading.cpu_s
            self.done.read += 1
            texts = (reading.text, *reading.texts)
            found = set(_keys_of(reading.text, texts))
            self.done.found += len(found)
            kept = msgspec.structs.replace(
                group, read_with=group.copies, text=reading.text[:16_000], texts=tuple(t[:4000] for t in reading.texts),
                sure=reading.sure, cpu_s=reading.cpu_s,
            )  # fmt: skip
            self.shelf.put_reading(kept, found)
            return
        self.done.cpu_s += time.process_time() - start
        self.shelf.put_reading(msgspec.structs.replace(group, read_with=group.copies, cpu_s=0.0), ())

    # -- the child --------------------------------------------------------------------------------------------

    def _asked(self, mails: Sequence[Sequence[bytes]], read: bool) -> Iterator[Answer]:
        """The child's answers; a mail whose picture kills it is left out, and counted."""
        decode = msgspec.msgpack.Decoder(Answer).decode
        fd = os.memfd_create("pictures")
        try:
            spans, at = [], 0
            for pieces in mails:
                mine = []
                for piece in pieces:
                    os.pwrite(fd, piece, at)
                    mine.append((at, len(piece)))
                    at += len(piece)
                spans.append(tuple(mine))
            while True:
                answered: set[int] = set()
                try:
                    for frame in self.jail.run(fd, msgspec.msgpack.encode(Request(tuple(spans), read))):
                        answer = decode(frame)
                        if answer.seen is not None:
                            answered.add(answer.seen.place)
                        yield answer
                    return
                except Died as died:
                    self.done.died += 1
                    self.done.unread["killed its reader"] = self.done.unread.get("killed its reader", 0) + 1
                    if read or self.done.died > len(mails) + 8:
                        return
                    spans = [() if n in answered or n == died.item else mine for n, mine in enumerate(spans)]
        finally:
            os.close(fd)


def _keys_of(text: str, texts: Sequence[str]) -> list[tuple[int, int, str]]:
    """(kind, key, name) of what a text in pixels shares with mail that says it plainly."""
    view = content.view(parse(b"Content-Type: text/plain; charset=utf-8\n\n" + text.encode("utf-8", "replace")))
    ticker = int(KeyKind.TICKER)
    found = {(kind, name) for kind, name in content.finds(view) if kind != ticker or not texts}
    found |= {(int(KeyKind.DOMAIN), url.domain) for url in view.urls if url.domain}
    found |= {(int(KeyKind.URL_HOST), url.host) for url in view.urls if url.host and url.host != url.domain}
    found |= {(ticker, tout.ticker) for tout in content.agreed(texts)}
    return [(kind, content.key(name), name) for kind, name in sorted(found)]


class Line(msgspec.Struct, frozen=True):
    """One group of near-copies for a person."""

    number: int
    copies: int
    mails: int
    read_with: int
    sure: float
    text: str
    finds: tuple[str, ...]


def groups(office: Office, limit: int = 20) -> tuple[Line, ...]:
    """The groups of most mails, with what they say."""
    shelf = Shelf(office.ledger.state)
    found = shelf.groups()[:limit]
    finds = shelf.finds(group.number for group in found)
    return tuple(
        Line(
            group.number, group.copies, group.mails, group.read_with, group.sure, group.text,
            tuple(f"{KeyKind(kind).name.lower()} {name}" for kind, name in finds.get(group.number, ())),
        )
        for group in found
    )  # fmt: skip
