"""Many files written at once with flat memory: each grows by whole chunks, and knows its own hash at the end.

A chunk of a ``.zst`` file is one zstd frame (RFC 8878 section 3.1 allows any number in a row), so a file may be closed
between two chunks: a world of thousands of mailboxes needs no thousand open files. What is written depends on the
order and sizes of the pieces alone, so equal runs give equal bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec
import zstandard

CHUNK = 1 << 20  # bytes of one file that are held back before they are written
HELD = 64 << 20  # bytes of all files together
LEVEL = 3


@dataclass
class _Grown:
    held: list[bytes] = field(default_factory=list)
    size: int = 0
    written: int = 0
    pieces: int = 0
    hash: hashlib._Hash = field(default_factory=hashlib.sha256)


@dataclass(frozen=True)
class Made:
    """One file of a world: bytes on disk, pieces (mails, lines) in it, SHA-256 of its bytes."""

    size_bytes: int
    pieces: int
    sha256: str


class Frame(NamedTuple):
    """A packed chunk of one file: its name, its size in a bundle, how many pieces it holds."""

    name: str
    size: int
    pieces: int


class Shelf:
    """Files below one folder, each known by its relative path; ``close`` gives what was made."""

    def __init__(self, folder: Path, chunk: int = CHUNK, held: int = HELD) -> None:
        self.folder = folder
        self._chunk, self._limit = chunk, held
        self._files: dict[str, _Grown] = {}
        self._held = 0
        self._packer = zstandard.ZstdCompressor(level=LEVEL)
        self._line = msgspec.json.Encoder(order="deterministic")

    def add(self, name: str, piece: bytes, count: int = 1) -> None:
        """Append ``piece`` to the file called ``name``; its folder is made when first needed."""
        grown = self._files.get(name) or self._grown(name)
        grown.held.append(piece)
        grown.size += len(piece)
        grown.pieces += count
        self._held += len(piece)
        if grown.size >= self._chunk:
            self._write(name, grown)
        elif self._held >= self._limit:
            for other in sorted(self._files):
                self._write(other, self._files[other])

    def line(self, name: str, row: object) -> None:
        """Append one line of JSON."""
        self.add(name, self._line.encode(row) + b"\n")

    def frame(self, name: str, chunk: bytes, pieces: int) -> None:
        """Append a chunk that is packed already."""
        grown = self._grown(name)
        self._write(name, grown)
        grown.pieces += pieces
        self._put(name, grown, chunk)

    def _grown(self, name: str) -> _Grown:
        grown = self._files.get(name)
        if grown is None:
            grown = self._files[name] = _Grown()
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
        return grown

    def _write(self, name: str, grown: _Grown) -> None:
        if not grown.size:
            return
        chunk = b"".join(grown.held)
        self._held -= grown.size
        grown.held, grown.size = [], 0
        self._put(name, grown, self._packer.compress(chunk) if name.endswith(".zst") else chunk)

    def _put(self, name: str, grown: _Grown, chunk: bytes) -> None:
        with (self.folder / name).open("ab") as file:
            file.write(chunk)
        grown.hash.update(chunk)
        grown.written += len(chunk)

    def close(self) -> dict[str, Made]:
        """Write what is held back; every file by its name, in order."""
        for name in sorted(self._files):
            self._write(name, self._files[name])
        return {n: Made(g.written, g.pieces, g.hash.hexdigest()) for n, g in sorted(self._files.items())}


class Bundle:
    """What one worker made of one unit: packed chunks of many files, one behind the other in a single file."""

    def __init__(self, path: Path, chunk: int = CHUNK) -> None:
        self._file = path.open("wb")
        self._chunk = chunk
        self._held: dict[str, list[bytes]] = {}
        self._sizes: dict[str, int] = {}
        self._packer = zstandard.ZstdCompressor(level=LEVEL)
        self.frames: list[Frame] = []

    def add(self, name: str, piece: bytes) -> None:
        """Append one piece to a file whose name ends in ``.zst``."""
        self._held.setdefault(name, []).append(piece)
        self._sizes[name] = self._sizes.get(name, 0) + len(piece)
        if self._sizes[name] >= self._chunk:
            self._write(name)

    def _write(self, name: str) -> None:
        pieces = self._held.pop(name)
        self._sizes[name] = 0
        packed = self._packer.compress(b"".join(pieces))
        self._file.write(packed)
        self.frames.append(Frame(name, len(packed), len(pieces)))

    def close(self) -> list[Frame]:
        """Write the rest; the frames in the order in which they stand in the file."""
        for name in sorted(self._held):
            self._write(name)
        self._file.close()
        return self.frames


def lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, unpacked where it ends in ``.zst``, without their line ends."""
    with path.open("rb") as file:
        if path.suffix != ".zst":
            for line in file:
                yield line.rstrip(b"\n")
            return
        with zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True) as unpacked:
            rest = b""
            while chunk := unpacked.read(1 << 18):
                *whole, rest = (rest + chunk).split(b"\n")
                yield from whole
            if rest:
                yield rest


def sha256(path: Path) -> str:
    """Of a file's bytes."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            total.update(chunk)
    return total.hexdigest()
