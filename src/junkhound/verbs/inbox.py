"""``guard inbox``: one person's mailbox sorted, and what its owner's moves teach.

A mail is looked at once. What the guard moved and finds back in the inbox was wanted; what it finds in Junk and did not
move there is junk; mail that its owner has opened and kept is wanted. The owner's own model and what was seen stay in
one file a mailbox, written after every batch: a run that is cut off is taken up there.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import islice
from pathlib import Path

import msgspec

from junkhound import guard
from junkhound.evidence.message import parse
from junkhound.guard import Evidence, Opinion, Personal, Word
from junkhound.inbox import Letter, Store
from junkhound.intake.mail import Mail
from junkhound.kernel.clock import DAY
from junkhound.kernel.errors import ConfigError, DataError, NotFound
from junkhound.kernel.jail import Died, Jail, Last, Limits
from junkhound.tables import Kind
from junkhound.verbs import guard as verbs
from junkhound.verbs import intakes
from junkhound.verbs.ingest import Request, ingest
from junkhound.verbs.office import Office

BATCH = 100
SEEN_DAYS = 400  # what was seen is forgotten then, and looked at anew if it is still there
VERSION = 1

Progress = Callable[[str, int, int], None]
"""(what, done, of)."""


class Moved(msgspec.Struct, frozen=True):
    """A mail that was moved to Junk, or would be, in words for its owner."""

    folder: str
    id: str
    sender: str
    subject: str
    date: str
    score: float
    reason: str


class Report(msgspec.Struct):
    """What a run did. ``learned`` are the owner's own moves that were new."""

    looked: int = 0
    junk: list[Moved] = []
    moved: int = 0
    learned_junk: int = 0
    learned_good: int = 0
    failed: int = 0
    all_junk: int = 0
    all_good: int = 0
    given: int = 0


class _State(msgspec.Struct, array_like=True):
    """By the first 16 bytes of a mail's sha256: the day it was looked at, and whether we moved it to Junk."""

    version: int
    seen: dict[bytes, tuple[int, bool]]
    personal: bytes
    done: set[str] = set()  # letters by folder, key and whether they were read: those need not be fetched again
    moving: dict[str, bytes] = {}  # letters by folder and key whose move was begun, and their mails


class Given:
    """An owner's moves on their way into this home's ledger, with their consent (``[accounts.NAME] give_back``).

    A mail is one sighting however often it is given; junk is a complaint, which never lists by itself.
    """

    def __init__(self, office: Office, name: str) -> None:
        self._office = office
        self._names = intakes.given_back(name)
        self._waiting: tuple[list[Mail], list[Mail]] = ([], [])

    def take(self, mail: bytes, junk: bool) -> None:
        """Note a move."""
        self._waiting[0 if junk else 1].append(Mail(mail, "a mail that was moved"))

    def give(self) -> int:
        """Put what was noted into the ledger; how many sightings are new."""
        new = 0
        for name, kind, mails in zip(self._names, (Kind.JUNK, Kind.GOOD), self._waiting, strict=True):
            if mails:
                new += ingest(self._office, Request(kind=kind, mailbox=name), mails=tuple(mails)).added
                mails.clear()
        return new


class Sorter:
    """One mailbox and its owner's model; ``run`` as often as there is mail, then ``close``."""

    def __init__(self, office: Office, store: Store, name: str, relays: tuple[str, ...] = ()) -> None:
        self.office = office
        self.store = store
        self.place = office.home / "guard" / "people" / name
        self.orders = verbs.orders(office, relays)
        self.model = guard.shipped().stricter(self.orders.junk, self.orders.good)
        self.state, self.personal = _opened(self.place, os.urandom(16))
        account = office.config.accounts.get(name)
        self.given = Given(office, name) if account is not None and account.give_back else None
        self.jail = Jail("junkhound.verbs.inbox:start", (self.orders, self.personal.key), Limits(1024, 10.0))

    def close(self) -> None:
        """End the process that reads mail, and leave the mailbox."""
        self.jail.close()
        self.store.close()

    def run(self, move: bool, progress: Progress | None = None) -> Report:
        """Learn from what the owner did, look at what is new, and move junk if ``move``."""
        with _alone(self.place):
            self.state, self.personal = _opened(self.place, self.personal.key)
            return self._run(move, progress or (lambda what, done, of: None))

    def _run(self, move: bool, tell: Progress) -> Report:
        report = Report()
        inbox = self.store.letters(self.store.inbox)
        junk = self.store.letters(self.store.junk)
        self.state.done &= {_mark(letter) for letter in (*inbox, *junk)}
        self._settle(inbox)
        self._learn_all(junk, True, report, tell)
        self._learn_all([letter for letter in inbox if letter.read], False, report, tell)
        new = [letter for letter in inbox if not letter.read and _mark(letter) not in self.state.done]
        done = 0
        for batch in _batches(iter(new), BATCH):
            self._sort(batch, move, report)
            done += len(batch)
            tell("looking", done, len(new))
            if move:
                self._keep()
        report.all_junk, report.all_good = self.personal.junk, self.personal.good
        self._give(report)
        self._keep()
        return report

    # --- learning ---------------------------------------------------------------------------------------------

    def _learn_all(self, letters: list[Letter], junk: bool, report: Report, tell: Progress) -> None:
        new = [letter for letter in letters if _mark(letter) not in self.state.done]
        done = 0
        for batch in _batches(iter(new), BATCH):
            for letter, mail in self.store.read(batch):
                self._learn(mail, junk, report)
                self.state.done.add(_mark(letter))
            done += len(batch)
            tell("learning", done, len(new))
            self._give(report)
            self._keep()

    def _learn(self, mail: bytes, junk: bool, report: Report) -> None:
        own = verbs.without_ours(mail)
        digest = sha256(own).digest()[:16]
        if self.personal.moves.get(digest) is junk:
            return
        _, ours = self.state.seen.get(digest, (0, False))
        if junk and ours:
            return  # it is there because of us: that teaches nothing
        found = self._read(own, report)
        if found is not None and self.personal.learn(digest, found[1], junk):
            if self.given is not None:
                self.given.take(own, junk)
            if junk:
                report.learned_junk += 1
            else:
                report.learned_good += 1

    def _settle(self, inbox: list[Letter]) -> None:
        """A move that failed, or that nobody saw the end of, is none of ours where the letter is still there."""
        here = {_place(letter) for letter in inbox}
        for place, digest in self.state.moving.items():
            if place in here:
                self.state.seen.pop(digest, None)
        self.state.moving.clear()

    def _give(self, report: Report) -> None:
        """Moves become sightings before they are noted as learned: a run that is cut off gives them again, once."""
        if self.given is not None:
            report.given += self.given.give()

    # --- sorting ----------------------------------------------------------------------------------------------

    def _sort(self, letters: list[Letter], move: bool, report: Report) -> None:
        doomed = []
        today = self.office.now // DAY
        digests = []
        for letter, mail in self.store.read(letters):
            own = verbs.without_ours(mail)
            digest = sha256(own).digest()[:16]
            seen = self.state.seen.get(digest)
            if seen is not None and seen[1]:  # we moved it, and it is back: it was wanted
                self._learn(mail, False, report)
                self.state.seen[digest] = today, False
            if seen is not None or self.personal.moves.get(digest) is False:
                self.state.done.add(_mark(letter))
                continue
            report.looked += 1
            opinion = self._opinion(own, report)
            if opinion.word is Word.JUNK:
                report.junk.append(_words(letter, own, opinion))
                doomed.append(letter)
                digests.append(digest)
            elif move:
                self.state.seen[digest] = today, False
                self.state.done.add(_mark(letter))
        if move and doomed:
            for letter, digest in zip(doomed, digests, strict=True):
                # noted first: a cut between the two must not make a move of ours the owner's
                self.state.seen[digest] = today, True
                self.state.moving[_place(letter)] = digest
            self._keep()
            report.moved += self.store.move(doomed, self.store.junk)
            self.state.moving.clear()

    def _opinion(self, mail: bytes, report: Report) -> Opinion:
        found = self._read(mail, report)
        if found is None:
            return guard.no_opinion("it could not be looked at")
        evidence, words = found
        return guard.weigh(evidence, self.personal.asked(words), self.model)

    def _read(self, mail: bytes, report: Report) -> tuple[Evidence, frozenset[int]] | None:
        """What the confined process finds in a mail; None where it ended over it."""
        memory = os.memfd_create("mail")
        try:
            os.truncate(memory, len(mail))
            os.pwrite(memory, mail, 0)
            for frame in self.jail.run(memory, msgspec.msgpack.encode(self.office.now)):
                found = msgspec.msgpack.decode(frame, type=tuple[Evidence, frozenset[int]])
            return found
        except Died:
            report.failed += 1
            return None
        finally:
            os.close(memory)

    def _keep(self) -> None:
        oldest = self.office.now // DAY - SEEN_DAYS
        seen = {digest: one for digest, one in self.state.seen.items() if one[0] >= oldest}
        self.state = _State(VERSION, seen, self.personal.to_bytes(), self.state.done, self.state.moving)
        verbs.keep(self.place, msgspec.msgpack.encode(self.state))


def _opened(place: Path, key: bytes) -> tuple[_State, Personal]:
    """What was kept of a mailbox; ``key`` is a new model's."""
    if not place.is_file():
        return _State(VERSION, {}, b""), Personal(key)
    try:
        state = msgspec.msgpack.decode(place.read_bytes(), type=_State)
    except msgspec.MsgspecError as error:
        raise DataError(f"{str(place)!r} cannot be read: {error}", "remove it to begin anew") from None
    return state, Personal.from_bytes(state.personal)


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """One run at a time over what is kept of a mailbox; a second guard waits for its turn."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(place.with_name(f".{place.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def start(said: tuple[verbs.Orders, bytes]) -> Callable[[int, bytes, Callable[[int], None]], Iterator[bytes]]:
    """Called once in the confined process: what a mail is asked by, for ``guard.weigh`` in the process outside."""
    orders, key = said
    judge = verbs.open_judge(orders)
    judge.personal = Personal(key)
    judge(b"From: a@example.org\r\n\r\nhttp://example.org/\r\n", None, 0)
    encode = msgspec.msgpack.Encoder().encode

    def work(fd: int, request: bytes, mark: Callable[[int], None]) -> Iterator[bytes]:
        mark(0)
        found = judge(os.pread(fd, os.fstat(fd).st_size, 0), None, msgspec.msgpack.decode(request, type=int))
        yield Last(encode((found.evidence, found.words)))

    return work


def _place(letter: Letter) -> str:
    return f"{letter.folder}/{letter.key}"


def _mark(letter: Letter) -> str:
    return f"{letter.folder}/{letter.key}/{'r' if letter.read else 'n'}"


def _words(letter: Letter, mail: bytes, opinion: Opinion) -> Moved:
    message = parse(mail[: 1 << 18])
    return Moved(
        letter.folder, letter.id, _plain(message.text(b"from", 200)), _plain(message.text(b"subject", 200)),
        _plain(message.text(b"date", 60)), opinion.score, opinion.reason,
    )  # fmt: skip


def _plain(words: str) -> str:
    """Text of a mail for a terminal: no control characters, no turns of direction."""
    return "".join(letter if letter.isprintable() else " " for letter in words).strip()


def _batches(items: Iterator[Letter], size: int) -> Iterator[list[Letter]]:
    while batch := list(islice(items, size)):
        yield batch


def opened(office: Office, which: str, ask: Callable[[str], str] | None = None) -> tuple[str, Store, tuple[str, ...]]:
    """Name, store and relays of an account of the settings, or of a Maildir by its path.

    Errors: NotFound for what is neither, ConfigError for an account without a place, what the server says.
    """
    from junkhound.inbox.maildir import Maildir

    account = office.config.accounts.get(which)
    if account is None:
        path = Path(which).expanduser()
        if not path.is_dir():
            known = ", ".join(sorted(office.config.accounts)) or "none"
            raise NotFound(f"no account and no Maildir {which!r}", f"accounts of the settings: {known}")
        return f"maildir-{sha256(str(path.resolve()).encode()).hexdigest()[:16]}", Maildir(path), ()
    if account.maildir:
        return which, Maildir(Path(account.maildir).expanduser(), account.junk), account.relays
    if not account.imap:
        raise ConfigError(f"[accounts.{which}] has no place", "write imap = or maildir =")
    from junkhound.inbox import imap

    user = account.user or which
    secret = imap.password(user, account.imap, account.password_file, ask)
    return which, imap.Imap(account.imap, user, secret, account.inbox, account.junk), account.relays
