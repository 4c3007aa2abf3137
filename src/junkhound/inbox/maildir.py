"""A Maildir: one file a mail, moved by renaming it (https://cr.yp.to/proto/maildir.html; sub-folders as Maildir++)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from junkhound.inbox.store import Letter
from junkhound.kernel.errors import NotFound, Temporary

POLL_S = 0.5
MOST = 64 << 20  # bytes of one mail


class Maildir:
    """A Maildir and its ``.Junk``."""

    inbox = ""

    def __init__(self, root: Path, junk: str = "Junk") -> None:
        if not (root / "cur").is_dir() or not (root / "new").is_dir():
            raise NotFound(f"{str(root)!r} is no Maildir", "it must hold the folders new and cur")
        self.root = root
        self.junk = junk

    def _folder(self, name: str) -> Path:
        return self.root / f".{name}" if name else self.root

    def letters(self, folder: str) -> list[Letter]:
        """Files of ``new`` and ``cur``; the flag S says that its owner has read it."""
        found = []
        for part in ("new", "cur"):
            try:
                for entry in os.scandir(self._folder(folder) / part):
                    if not entry.name.startswith("."):
                        key, _, flags = entry.name.partition(":2,")
                        found.append(Letter(folder, f"{part}/{entry.name}", key, "S" in flags))
            except FileNotFoundError:
                continue
        return sorted(found, key=lambda letter: letter.key)

    def read(self, letters: list[Letter]) -> Iterator[tuple[Letter, bytes]]:
        """Bytes as they are; a file that another program moved or flagged meanwhile comes another time."""
        for letter in letters:
            try:
                with open(self._folder(letter.folder) / letter.id, "rb") as file:
                    yield letter, file.read(MOST)
            except OSError:
                continue

    def move(self, letters: list[Letter], folder: str) -> int:
        """Rename into ``cur`` of the other folder, which is made where it is not there."""
        moved = 0
        try:
            place = self._made(folder)
            for letter in letters:
                part, _, name = letter.id.partition("/")
                flags = "" if ":2," in name else ":2,"
                try:
                    os.rename(self._folder(letter.folder) / part / name, place / "cur" / f"{name}{flags}")
                except FileNotFoundError:
                    continue
                moved += 1
        except OSError as error:
            raise Temporary(f"cannot move mail to {folder or 'the inbox'!r}: {error.strerror}") from None
        return moved

    def _made(self, folder: str) -> Path:
        place = self._folder(folder)
        if not (place / "cur").is_dir():
            for part in ("tmp", "new", "cur"):
                (place / part).mkdir(0o700, parents=True, exist_ok=True)
            if folder:
                (place / "maildirfolder").touch()
        return place

    def wait(self, seconds: float) -> bool:
        """Look at the folders' stamps until one changes."""
        before = self._stamps()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(min(POLL_S, max(0.0, end - time.monotonic())))
            if self._stamps() != before:
                return True
        return False

    def _stamps(self) -> list[int]:
        found = []
        for folder in (self.inbox, self.junk):
            for part in ("new", "cur"):
                try:
                    found.append((self._folder(folder) / part).stat().st_mtime_ns)
                except OSError:
                    found.append(0)
        return found

    def close(self) -> None:
        """Nothing is held."""
