"""Packs and their seals: the mail of one segment for keeping, a frame a mail (docs/specs/pack.md).

A frame is the segment's record, compressed and otherwise bit by bit. Leaves stand for every record of the segment in
order, frames and index for those that are kept, so that a mail has the same (segment, ordinal) for ever.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple

import zstandard

from junkhound.kernel.errors import DataError, TamperError

VERSION = 1
MAGIC = b"JHP"
LEVEL = 1
"""Of long records. Level 3 costs a third more time and saves 2% of the bytes; a trained dictionary would hold pieces of
mail that may have to be erased."""

LONG = 1 << 16
"""Records up to this size are compressed for speed: a small table that stays in the processor's cache, and no matches
under 6 bytes. Against level 1 that saves a third of the time and costs 1.5% of the bytes (mails of 6 kB)."""

# version, magic, CRC-32 of all that follows up to the frames, segment, generation, dictionary, mails, kept, root
_HEAD = struct.Struct("<B3sIQIIII32s")
_INDEX = struct.Struct("<IIQI12s")  # ordinal, length, offset, length of the record, start of the mail's SHA-256
HEAD_BYTES = _HEAD.size
DIGEST_BYTES = 12
_CHECKED_FROM = 8


class Entry(NamedTuple):
    """Where the frame of one kept mail lies in its pack."""

    ordinal: int
    length: int
    offset: int
    record_length: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack without its frames. ``generation`` counts the erasures."""

    segment: int
    generation: int
    root: bytes
    leaves: tuple[bytes, ...] = field(repr=False)
    entries: dict[int, Entry] = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes of the whole object."""
        start = HEAD_BYTES + 32 * len(self.leaves) + _INDEX.size * len(self.entries)
        return start + sum(entry.length for entry in self.entries.values())


class Frame(NamedTuple):
    """A mail on its way into a pack."""

    ordinal: int
    record_length: int
    digest: bytes
    packed: bytes


def build(segment: int, root: bytes, leaves: Sequence[bytes], frames: Sequence[Frame], generation: int = 0) -> bytes:
    """The whole object; ``frames`` in order of ordinal."""
    offset = HEAD_BYTES + 32 * len(leaves) + _INDEX.size * len(frames)
    index = []
    row = _INDEX.pack
    for ordinal, record_length, digest, packed in frames:
        index.append(row(ordinal, len(packed), offset, record_length, digest[:DIGEST_BYTES]))
        offset += len(packed)
    lists = b"".join((*leaves, *index))
    head = _HEAD.pack(VERSION, MAGIC, 0, segment, generation, 0, len(leaves), len(frames), root)
    crc = zlib.crc32(lists, zlib.crc32(head[_CHECKED_FROM:]))
    return b"".join(
        (head[:4], crc.to_bytes(4, "little"), head[_CHECKED_FROM:], lists, *(frame.packed for frame in frames))
    )


def lists_end(head: bytes) -> int:
    """Where the frames begin, from the first ``HEAD_BYTES`` of a pack. Errors: DataError."""
    *_, mails, kept, _root = _read_head(head)
    return HEAD_BYTES + 32 * mails + _INDEX.size * kept


def parse(content: bytes) -> Pack:
    """Head, leaves and index of a pack; the frames may be missing from ``content``. Errors: DataError."""
    crc, segment, generation, dictionary, mails, kept, root = _read_head(content)
    if dictionary:
        raise DataError(f"pack needs dictionary {dictionary}", "it was written by a newer release: run that one")
    leaves_end = HEAD_BYTES + 32 * mails
    end = leaves_end + _INDEX.size * kept
    if len(content) < end or zlib.crc32(memoryview(content)[_CHECKED_FROM:end]) != crc:
        raise DataError(f"pack of segment {segment:016x} is damaged: its index does not match its CRC")
    leaves = tuple(content[at : at + 32] for at in range(HEAD_BYTES, leaves_end, 32))
    index = map(Entry._make, _INDEX.iter_unpack(content[leaves_end:end]))
    return Pack(segment, generation, root, leaves, {entry.ordinal: entry for entry in index})


def _read_head(head: bytes) -> tuple[int, int, int, int, int, int, bytes]:
    if len(head) < HEAD_BYTES or head[1:4] != MAGIC:
        raise DataError("not a pack: it does not start with a version byte and JHP")
    if head[0] != VERSION:
        raise DataError(f"pack of version {head[0]}", "it was written by a newer release: run that one")
    return _HEAD.unpack_from(head)[2:]


class Packer:
    """Compresses records one by one; for one thread."""

    def __init__(self) -> None:
        short = zstandard.ZstdCompressionParameters(
            strategy=zstandard.STRATEGY_FAST,
            window_log=16,
            hash_log=13,
            chain_log=13,
            min_match=6,
            write_checksum=False,
        )
        self._short = zstandard.ZstdCompressor(compression_params=short).compress
        self._long = zstandard.ZstdCompressor(level=LEVEL, write_checksum=False).compress

    def frame(self, ordinal: int, record: bytes | memoryview, digest: bytes) -> Frame:
        """The frame of a record whose mail has the SHA-256 ``digest``."""
        size = len(record)
        return Frame(ordinal, size, digest, (self._short if size <= LONG else self._long)(record))


def unpack(frame: bytes, entry: Entry) -> bytes:
    """The segment's record. Errors: TamperError where the frame is not what the index says."""
    try:
        if zstandard.frame_content_size(frame) != entry.record_length:
            raise TamperError(f"frame {entry.ordinal} does not have the length that its index says")
        return zstandard.ZstdDecompressor().decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise TamperError(f"frame {entry.ordinal} cannot be decompressed: {error}") from None


@dataclass(frozen=True, slots=True)
class Seal:
    """What fixes a pack in the hub's one log: its place, its root, its time and all that came before.

    ``pack_sha256`` and ``pack_size`` are those of generation 0. ``previous`` is the SHA-256 of the predecessor's whole
    seal, which carries its own predecessor's, so that no seal can change unseen while a later one is known.
    """

    segment: int
    sequence: int
    mails: int
    root: bytes
    pack_sha256: bytes
    pack_size: int
    sealed_at: int
    previous: bytes | None = None
    previous_root: bytes | None = None
    previous_at: int | None = None

    def encode(self) -> bytes:
        """The seal as text, one field a line, in this order for ever."""
        before = "none"
        if self.previous is not None and self.previous_root is not None:
            before = f"{self.previous.hex()} {self.previous_root.hex()} {self.previous_at}"
        return (
            f"junkhound seal 1\nsegment {self.segment:016x}\nsequence {self.sequence}\nmails {self.mails}\n"
            f"root {self.root.hex()}\npack {self.pack_sha256.hex()} {self.pack_size}\n"
            f"sealed_at {self.sealed_at}\nprevious {before}\n"
        ).encode()

    @property
    def sha256(self) -> bytes:
        """By which the next seal names this one."""
        return sha256(self.encode()).digest()


_SEAL_LINES = ("junkhound seal", "segment", "sequence", "mails", "root", "pack", "sealed_at", "previous")


def parse_seal(content: bytes) -> Seal:
    """Read a seal. Errors: TamperError for anything that is not, byte for byte, what ``Seal.encode`` writes."""
    try:
        lines = content.decode("ascii").split("\n")
        words = [line.removeprefix(name + " ").split(" ") for line, name in zip(lines[:-1], _SEAL_LINES, strict=True)]
        if words[0] != ["1"] and words[0][0].isdigit():
            raise DataError(f"seal of version {words[0][0]!r}", "it was written by a newer release: run that one")
        before = words[7] if words[7] != ["none"] else None
        found = Seal(
            int(words[1][0], 16),
            int(words[2][0]),
            int(words[3][0]),
            bytes.fromhex(words[4][0]),
            bytes.fromhex(words[5][0]),
            int(words[5][1]),
            int(words[6][0]),
            bytes.fromhex(before[0]) if before else None,
            bytes.fromhex(before[1]) if before else None,
            int(before[2]) if before else None,
        )
    except (ValueError, IndexError):
        raise TamperError(f"not a seal: {content[:80]!r}") from None
    if found.encode() != content:
        raise TamperError(f"seal of segment {found.segment:016x} is not written as seals are")
    return found


def broken_link(older: Seal, newer: Seal) -> str | None:
    """Why ``newer`` does not follow ``older`` in the log; None where it does."""
    if newer.sequence != older.sequence + 1:
        return f"seals {older.sequence + 1} to {newer.sequence - 1} are missing"
    if (newer.previous, newer.previous_root, newer.previous_at) != (older.sha256, older.root, older.sealed_at):
        return f"seal {newer.sequence} names another predecessor than seal {older.sequence} as it stands"
    if newer.sealed_at < older.sealed_at:
        return f"seal {newer.sequence} is older than its predecessor"
    return None


def broken_chain(seals: Iterable[Seal]) -> list[str]:
    """Every break in the log of these seals, in order; empty where they are one unbroken log from its start."""
    ordered = sorted(seals, key=lambda seal: seal.sequence)
    broken = []
    if ordered and (ordered[0].sequence != 1 or ordered[0].previous is not None):
        broken.append(f"the log starts with seal {ordered[0].sequence}, not with 1 that has no predecessor")
    for older, newer in pairwise(ordered):
        if reason := broken_link(older, newer):
            broken.append(reason)
    return broken
