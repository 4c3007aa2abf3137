"""The folder of published lists as strangers may see it: files of public lists that have not run out, and records.

A list counts as public where the settings and the file itself both say so; a file of a list that was ``own`` when
it was written names networks that are nobody's business.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from junkhound.kernel import clock
from junkhound.kernel.config import Config
from junkhound.kernel.errors import JunkhoundError, NotFound, Temporary, UsageError

_PUBLIC = re.compile(rb'(?m)^[#;] scope public:|^ ?"scope": "public",?$')
_EXPIRES = re.compile(rb'(?m)^[#;] expires (\S+)$|^ ?"expires": "([^"]+)",?$')
_NAME = re.compile(r"([a-z0-9][a-z0-9_-]{0,62})\.([a-z0-9]{1,16})(/[a-z0-9-]{1,40}\.[a-z]{1,8})?\Z")
_PUBLIC_KEY = "minisign.pub"
_SIGNATURE = ".minisig"
_HERE_ONLY = ("served", "records")  # what our own responder and pages map is nobody else's business
_HEAD = 4096
_BARE: dict[str, Any] = {"ended": None, "relistings": 0, "left_out": 0, "samples": []}
"""What a record of an edition without a file of records lacks."""
_LARGEST = 1 << 30


class File(msgspec.Struct, frozen=True):
    """One published file."""

    name: str
    list: str
    size: int
    expires: str
    etag: str
    path: str
    digest: str = ""


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
            names = sorted(str(path.relative_to(self.folder)) for path in self.folder.glob("*"))
            names += sorted(str(path.relative_to(self.folder)) for path in self.folder.glob("*/*"))
        except OSError:
            return
        for name in names:
            if name == _PUBLIC_KEY or name.endswith(_SIGNATURE):
                continue  # they are had beside their files, and would hide them in a listing
            try:
                yield self.file(name, now)
            except JunkhoundError:
                continue

    def file(self, name: str, now: int) -> File:
        """One published file. Errors: NotFound for what is none of ours, Temporary for one that has run out.

        A signature is as public as its file, and the key of all signatures is nobody's secret.
        """
        if name == _PUBLIC_KEY and self.public:
            return self._found(name, "", "")
        if name.endswith(_SIGNATURE):
            signed = self.file(name.removesuffix(_SIGNATURE), now)
            return self._found(name, signed.list, signed.expires)
        parts = _NAME.match(name)
        if parts is None or parts[1] not in self.public or parts[2] in _HERE_ONLY:
            raise _none(name)
        found = self._found(name, parts[1], "")
        until = self._until(found)
        if until is None:
            raise _none(name)
        if clock.parse(until) <= now:
            raise Temporary(f"{name!r} ran out at {until} and was not renewed", "ask its keeper")
        return msgspec.structs.replace(found, expires=until)

    def _found(self, name: str, list_name: str, expires: str) -> File:
        """A file in the folder, not outside it by a link, and not too large. Errors: NotFound."""
        path = self.folder / name
        if path.is_symlink() or path.parent.is_symlink() or not path.is_file():
            raise _none(name)
        status = path.stat()
        if status.st_size > _LARGEST:
            raise _none(name)
        digest = self._digest(path, status.st_mtime_ns, status.st_size)
        return File(name, list_name, status.st_size, expires, f'"{digest[:32]}"', str(path), digest)

    def _until(self, found: File) -> str | None:
        """When the file runs out, if it says by itself, or the list's index says of these bytes, that it is public."""
        with Path(found.path).open("rb") as file:
            head = file.read(_HEAD)
        expires = _EXPIRES.search(head)
        if _PUBLIC.search(head) and expires is not None:
            return (expires[1] or expires[2]).decode("ascii", "replace")
        index = self._index(found.list)
        if index.get("scope") != "public":
            return None
        digests = {row["name"]: row["sha256"] for row in index["files"]}
        return str(index["expires"]) if digests.get(found.name) == found.digest else None

    def _index(self, list_name: str) -> dict[str, Any]:
        """What the list's index says; empty if there is none that can be read."""
        path = self.folder / f"{list_name}.index"
        try:
            if path.is_symlink() or path.stat().st_size > _HEAD * 64:
                return {}
            about = json.loads(path.read_bytes())
        except (OSError, ValueError):
            return {}
        return about if isinstance(about, dict) and about.get("format") == "junkhound-index" else {}

    def _digest(self, path: Path, changed: int, size: int) -> str:
        key = (str(path), changed, size)
        with self._lock:
            held = self._digests.get(key)
        if held is None:
            with path.open("rb") as file:
                held = hashlib.file_digest(file, "sha256").hexdigest()
            with self._lock:
                if len(self._digests) > 1024:
                    self._digests.clear()
                self._digests[key] = held
        return held

    def record(self, number: str, now: int) -> dict[str, Any]:
        """One listing of a public list by its number, with its list; ended ones too. Errors: NotFound."""
        for name in sorted(self.public):
            held = self._record(name, number, now)
            if held is not None:
                return {**_BARE, **held, "list": name, "scope": "public"}
            try:
                file = self.file(f"{name}.json", now)
            except JunkhoundError:
                continue
            found = self._entries(file).get(number)
            if found is not None:
                return {**_BARE, **found, "list": name, "scope": "public"}
        raise NotFound(
            f"{number} stands on no list that is published now", "listings end by themselves when nothing more is seen"
        )

    def _record(self, name: str, number: str, now: int) -> dict[str, Any] | None:
        """The line of a number in the records of a list, if they are public and have not run out."""
        path = self.folder / f"{name}.records"
        if path.is_symlink():
            return None
        try:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as content:
                about = json.loads(content[: max(content.find(b"\n"), 0)])
                if not isinstance(about, dict) or about.get("format") != "junkhound-records":
                    return None
                if about.get("scope") != "public":
                    return None
                if clock.parse(about["expires"]) <= now:
                    return None
                place = content.find(b"\n" + number.encode() + b" ")
                if place < 0:
                    return None
                start = place + len(number) + 2
                found: dict[str, Any] = json.loads(content[start : content.find(b"\n", start)])
        except (OSError, ValueError, KeyError, TypeError, UsageError):
            return None
        return found

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


def _none(name: str) -> NotFound:
    return NotFound(f"no published file {name!r}", "the start page names them all")
