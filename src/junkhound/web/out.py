"""The folder of published lists as strangers may see it: files of public lists that have not run out, and records.

A list counts as public where the settings and the file itself both say so; a file of a list that was ``own`` when
it was written names networks that are nobody's business.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from junkhound.kernel import clock
from junkhound.kernel.config import Config
from junkhound.kernel.errors import JunkhoundError, NotFound, Temporary

_PUBLIC = re.compile(rb'(?m)^# scope public:|^ ?"scope": "public",?$')
_EXPIRES = re.compile(rb'(?m)^# expires (\S+)$|^ ?"expires": "([^"]+)",?$')
_NAME = re.compile(r"([a-z0-9][a-z0-9_-]{0,62})\.([a-z0-9]{1,16})\Z")
_HEAD = 4096
_LARGEST = 1 << 30


class File(msgspec.Struct, frozen=True):
    """One published file."""

    name: str
    list: str
    size: int
    expires: str
    etag: str
    path: str


class Out:
    """The published files of one home."""

    def __init__(self, settings: Config) -> None:
        folder = settings.publish.folder
        self.folder = Path(folder).expanduser().absolute() if folder else settings.home / "out"
        self.public = frozenset(name for name, rules in settings.lists.items() if rules.scope == "public")
        self._lock = threading.Lock()
        self._digests: dict[tuple[str, int, int], str] = {}
        self._records: dict[str, tuple[str, dict[str, dict[str, Any]]]] = {}

    def files(self, now: int) -> list[File]:
        """What may be fetched now, by name."""
        return list(self._files(now))

    def _files(self, now: int) -> Iterator[File]:
        try:
            names = sorted(path.name for path in self.folder.iterdir())
        except OSError:
            return
        for name in names:
            try:
                yield self.file(name, now)
            except JunkhoundError:
                continue

    def file(self, name: str, now: int) -> File:
        """One published file. Errors: NotFound for what is none of ours, Temporary for one that has run out."""
        parts = _NAME.match(name)
        path = self.folder / name
        if parts is None or parts[1] not in self.public or path.is_symlink() or not path.is_file():
            raise NotFound(f"no published file {name!r}", "the start page names them all")
        status = path.stat()
        with path.open("rb") as file:
            head = file.read(_HEAD)
        expires = _EXPIRES.search(head)
        if not _PUBLIC.search(head) or expires is None or status.st_size > _LARGEST:
            raise NotFound(f"no published file {name!r}", "the start page names them all")
        until = (expires[1] or expires[2]).decode("ascii", "replace")
        if clock.parse(until) <= now:
            raise Temporary(f"{name!r} ran out at {until} and was not renewed", "ask its keeper")
        digest = self._digest(path, status.st_mtime_ns, status.st_size)
        return File(name, parts[1], status.st_size, until, f'"{digest[:32]}"', str(path))

    def _digest(self, path: Path, changed: int, size: int) -> str:
        key = (path.name, changed, size)
        with self._lock:
            held = self._digests.get(key)
        if held is None:
            with path.open("rb") as file:
                held = hashlib.file_digest(file, "sha256").hexdigest()
            with self._lock:
                if len(self._digests) > 256:
                    self._digests.clear()
                self._digests[key] = held
        return held

    def record(self, number: str, now: int) -> dict[str, Any]:
        """One entry of a public list by its number, with its list. Errors: NotFound."""
        for name in sorted(self.public):
            try:
                file = self.file(f"{name}.json", now)
            except JunkhoundError:
                continue
            found = self._entries(file).get(number)
            if found is not None:
                return {**found, "list": name, "scope": "public"}
        raise NotFound(
            f"{number} stands on no list that is published now", "listings end by themselves when nothing more is seen"
        )

    def _entries(self, file: File) -> dict[str, dict[str, Any]]:
        with self._lock:
            held = self._records.get(file.name)
        if held is not None and held[0] == file.etag:
            return held[1]
        content = json.loads(Path(file.path).read_bytes())
        entries = {str(entry["number"]): entry for entry in content["entries"]}
        with self._lock:
            self._records[file.name] = (file.etag, entries)
        return entries
