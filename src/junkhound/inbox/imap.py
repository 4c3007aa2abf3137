"""An account on an IMAP server: letters by UID, moved by MOVE (RFC 6851), watched by IDLE (RFC 2177).

Where a server has no MOVE, a letter is copied, and only then marked and expunged by its UID (RFC 4315); where it cannot
even do that the account is refused, for a plain EXPUNGE would take other mail along.

Two programs that MOVE one letter in the same instant leave two copies: nothing forbids that to a server. So a letter is
claimed first, by a keyword that is set only where nobody has touched the letter since we looked (RFC 7162, CONDSTORE).
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from junkhound.inbox.store import Letter
from junkhound.kernel.errors import ConfigError, NotFound, Temporary, UsageError

AT_ONCE = 50  # letters of one request
SECONDS = 60.0
CLAIM = b"$JunkhoundMoves"
"""Keyword of a letter that a guard is about to move."""
STALE_S = 30.0
"""A claim that stands this long was left by a guard that was killed."""


class Imap:
    """One account, logged in."""

    def __init__(self, url: str, user: str, password: str, inbox: str = "INBOX", junk: str = "Junk") -> None:
        """Errors: UsageError without the library, ConfigError for a URL, Temporary, NotFound for a refused log-in."""
        try:
            from imapclient import IMAPClient
        except ImportError:
            raise UsageError("IMAP needs the package imapclient", "pip install 'junkhound[imap]'") from None
        self.inbox, self.junk = inbox, junk
        host, port, secure = place_of(url)
        self._here: str | None = None
        self._validity = 0
        with _told(f"{host}:{port}"):
            self._client = IMAPClient(
                host, port, ssl=secure, ssl_context=ssl.create_default_context() if secure else None, timeout=SECONDS
            )
            if not secure and not _near(host):
                self._client.starttls(ssl.create_default_context())
            try:
                self._client.login(user, password)
            except self._client.Error as error:
                if isinstance(error.__context__, self._client.AbortError):  # the line was cut: no word on the password
                    raise error.__context__ from None
                raise NotFound(f"{host} does not let {user!r} in: {error}", "is the password right?") from None
            has = self._client.capabilities()
        self._moves = b"MOVE" in has
        self._idles = b"IDLE" in has
        self._claims = b"CONDSTORE" in has or b"QRESYNC" in has
        if not self._moves and b"UIDPLUS" not in has:
            self.close()
            raise ConfigError(f"{host} can neither MOVE nor expunge single mails", "its mail cannot be sorted safely")

    def letters(self, folder: str) -> list[Letter]:
        """Every letter that is not marked as deleted."""
        with _told(folder):
            if not self._select(folder):
                return []
            every = self._client.search("UNDELETED")
            seen = set(self._client.search("UNDELETED SEEN"))
        return [Letter(folder, str(uid), f"{self._validity}.{uid}", uid in seen) for uid in sorted(every)]

    def read(self, letters: list[Letter]) -> Iterator[tuple[Letter, bytes]]:
        """By BODY.PEEK, which leaves a letter unread."""
        for start in range(0, len(letters), AT_ONCE):
            some = {int(letter.id): letter for letter in letters[start : start + AT_ONCE]}
            folder = letters[start].folder
            with _told(folder):
                if not self._select(folder):
                    return
                found = self._client.fetch(list(some), ["BODY.PEEK[]"])
            for number, parts in found.items():
                body = parts.get(b"BODY[]")
                if number in some and body is not None:
                    yield some[number], body

    def move(self, letters: list[Letter], folder: str) -> int:
        """MOVE letters of one folder; one that another program moves is none of ours any more."""
        moved = 0
        others: list[int] = []
        with _told(folder):
            if letters and not self._client.folder_exists(folder):
                self._client.create_folder(folder)
                self._client.subscribe_folder(folder)
            for start in range(0, len(letters), AT_ONCE):
                self._select(letters[start].folder)
                ours, claimed = self._claim(self._still([int(each.id) for each in letters[start : start + AT_ONCE]]))
                moved += self._move(ours, folder)
                others += claimed
            return moved + self._move(self._left_behind(others), folder)

    def _move(self, uids: list[int], folder: str) -> int:
        if uids and self._moves:
            self._client.move(uids, folder)
        elif uids:
            self._client.copy(uids, folder)
            self._client.delete_messages(uids, silent=True)
            self._client.uid_expunge(uids)
        return len(uids)

    def _still(self, uids: list[int]) -> list[int]:
        """Those that are still there."""
        return sorted(set(self._client.search(["UID", *_ranges(uids), "UNDELETED"])) & set(uids)) if uids else []

    def _claim(self, uids: list[int]) -> tuple[list[int], list[int]]:
        """Those that nobody but us may move now, and those that somebody else has claimed."""
        if not uids or not self._claims:
            return uids, []
        free, held, last = self._looked(uids)
        ours = self._unless_touched(free, "+FLAGS.SILENT", last)
        return ours, [uid for uid in (*free, *held) if uid not in ours]

    def _left_behind(self, uids: list[int]) -> list[int]:
        """What others have claimed is theirs, unless it is still there long after: whoever that was is gone."""
        end = time.monotonic() + STALE_S
        while uids and time.monotonic() < end:
            time.sleep(0.25)
            self._client.noop()  # else a letter that has gone is still shown to us
            uids = self._still(uids)
        if uids:
            _, held, last = self._looked(uids)
            self._unless_touched(held, "-FLAGS.SILENT", last)
        return self._claim(uids)[0]

    def _looked(self, uids: list[int]) -> tuple[list[int], list[int], int]:
        """Those without a claim, those with one, and a number below that of any later change (their highest MODSEQ)."""
        found = {uid: parts for uid, parts in self._client.fetch(uids, ["FLAGS", "MODSEQ"]).items() if uid in uids}
        held = [uid for uid in uids if uid in found and CLAIM in found[uid][b"FLAGS"]]
        free = [uid for uid in uids if uid in found and uid not in held]
        return free, held, max((int(parts[b"MODSEQ"][0]) for parts in found.values()), default=0)

    def _unless_touched(self, uids: list[int], how: str, last: int) -> list[int]:
        """Set or take off the claim where nobody changed anything after ``last``; which letters these are."""
        if not uids:
            return []
        link = self._client._imap  # the library has no conditional STORE, and hides the answer's code
        kind, said = link.xatom("UID", "STORE", *_ranges(uids), f"(UNCHANGEDSINCE {last})", how, f"({CLAIM.decode()})")
        link.response("FETCH")
        touched = _MODIFIED.search(said[0] or b"")
        if kind != "OK" and touched is None:
            self._claims = False  # it allows no keywords of ours: as a server without CONDSTORE
            return uids
        gone = _numbers(touched[1]) if touched else set()
        return [uid for uid in uids if uid not in gone]

    def wait(self, seconds: float) -> bool:
        """IDLE on the inbox, or, where the server cannot, a look after this time."""
        with _told(self.inbox):
            if not self._select(self.inbox) or not self._idles:
                time.sleep(seconds)
                return True
            self._client.idle()
            try:
                said: list[Any] = self._client.idle_check(timeout=seconds)
            finally:
                self._client.idle_done()
        return any(len(one) > 1 and one[1] in (b"EXISTS", b"EXPUNGE", b"FETCH") for one in said)

    def close(self) -> None:
        """Log out; a connection that is gone already is no matter."""
        try:
            self._client.logout()
        except (self._client.Error, OSError):
            return

    def _select(self, folder: str) -> bool:
        if self._here == folder:
            self._client.noop()  # hear what changed
            return True
        if not self._client.folder_exists(folder):
            return False
        self._validity = int(self._client.select_folder(folder).get(b"UIDVALIDITY", 0))
        self._here = folder
        return True


_MODIFIED = re.compile(rb"\[MODIFIED ([0-9:,]{1,10000})\]")


def _numbers(words: bytes) -> set[int]:
    """The numbers of a set such as ``4,7:9``."""
    found: set[int] = set()
    for part in words.split(b","):
        low, _, high = part.partition(b":")
        found.update(range(int(low), int(high or low) + 1))
    return found


def _ranges(numbers: list[int]) -> list[str]:
    return [",".join(map(str, numbers))]


@contextmanager
def _told(what: str) -> Iterator[None]:
    """What the library and the network say, as errors of ours."""
    from imapclient.exceptions import IMAPClientError

    try:
        yield
    except (IMAPClientError, OSError) as error:
        words = str(error).removeprefix("b'").strip("'") or type(error).__name__
        raise Temporary(f"IMAP, {what}: {words}") from None


def _near(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def place_of(url: str) -> tuple[str, int, bool]:
    """Host, port and whether TLS begins at once, of ``imaps://host:993`` or ``imap://host:143`` (then STARTTLS)."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("imap", "imaps") or not parts.hostname or port == -1:
        raise ConfigError(f"{url!r} is no IMAP server", "write imaps://imap.example.org")
    secure = parts.scheme == "imaps"
    return parts.hostname, port or (993 if secure else 143), secure


def password(user: str, url: str, file: str, ask: Callable[[str], str] | None = None) -> str:
    """From a file that only its owner may read, else from the keyring, else asked for.

    Errors: ConfigError for a file that others may read, or where there is no password at all.
    """
    import os
    from pathlib import Path

    if file:
        path = Path(file).expanduser()
        try:
            mode = path.stat().st_mode
            words = path.read_text("utf-8").strip("\r\n")
        except OSError as error:
            raise ConfigError(f"cannot read the password of {user!r}: {error.strerror}: {file}") from None
        if mode & 0o077 and os.name == "posix":
            raise ConfigError(f"{file}: others may read this password", f"chmod 600 {file}")
        return words
    try:
        import keyring

        words = keyring.get_password(place_of(url)[0], user) or ""
    except Exception:  # no keyring on this machine, or a locked one
        words = ""
    if not words and ask is not None:
        words = ask(f"password of {user} at {place_of(url)[0]}: ")
    if not words:
        raise ConfigError(f"no password for {user!r}", "put it into password_file, or into the keyring")
    return words
