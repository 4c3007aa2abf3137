"""Segment records: one delivery, its salt and its facts, framed so that a torn tail is found and cut.

A segment is nothing but records one after the other (docs/specs/segment.md). The frame's head carries its own
CRC; the mail is guarded by its SHA-256, which stands in the head. Reading therefore costs no second pass over
the mail, and ``scan`` alone, after a crash, hashes everything.

Importing this module loads the standard library only: the mail server's pipe depends on it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from junkhound.kernel.errors import DataError

if TYPE_CHECKING:
    from junkhound.wire.facts import Facts

    Buffer = bytes | bytearray | memoryview

VERSION = 2
MAGIC = b"JHR"
SALT_BYTES = 16

# version, magic, CRC-32 of the rest of the head and the three parts, lengths of mail and parts, salt, sha256
_HEAD = struct.Struct("<B3sIIIII16s32s")
HEAD_BYTES = _HEAD.size
_CHECKED_FROM = 8  # the CRC starts after itself
_CHECKED = struct.Struct("<IIII16s32s")
_BEGIN = bytes((VERSION,)) + MAGIC
_NEWEST = "it was written by a newer release: run that one"


def number(now_ms: int, luck: int) -> int:
    """A segment's number: milliseconds since 1970, then 21 random bits (the lowest of ``luck``).

    It stays below 2**63 until 2109: databases hold it as a signed 64-bit integer.
    """
    return now_ms << 21 | luck & 0x1FFFFF


def encode(salt: bytes, facts: Facts, mail: bytes, digest: bytes = b"") -> bytes:
    """One framed record; ``salt`` is 16 random bytes of this delivery alone, ``digest`` the mail's SHA-256 if known."""
    return frame(salt, *facts_parts(facts), mail, digest)


def facts_parts(facts: Facts) -> tuple[bytes, bytes, bytes]:
    """The canonical bytes of origin, envelope and session: what a leaf commits to, each on its own."""
    global _encoded
    if facts is _encoded[0]:
        parts: tuple[bytes, bytes, bytes] = _encoded[1]
        return parts
    pack = _encoder()
    try:
        parts = pack(facts.origin), pack(facts.envelope), pack(facts.session)
    except UnicodeEncodeError:  # lone surrogates in a text that a stranger wrote
        parts = part(facts.origin), part(facts.envelope), part(facts.session)
    _encoded = facts, parts
    return parts


def frame(salt: bytes, origin: bytes, envelope: bytes, session: bytes, mail: bytes, digest: bytes = b"") -> bytes:
    """One record from parts that are already encoded; ``digest`` saves hashing the mail again."""
    return front(salt, (origin, envelope, session), len(mail), digest or sha256(mail).digest()) + mail


def front(salt: bytes, parts: tuple[bytes, bytes, bytes], mail_bytes: int, digest: bytes) -> bytes:
    """All of a record that stands before its mail, which has so many bytes and this SHA-256."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    origin, envelope, session = parts
    checked = _CHECKED.pack(mail_bytes, len(origin), len(envelope), len(session), salt, digest)
    checked += origin + envelope + session
    return _BEGIN + zlib.crc32(checked).to_bytes(4, "little") + checked


class Record:
    """One record of a segment; facts are decoded when first asked for.

    ``offset`` and ``length`` are those of its frame in the segment, ``ordinal`` counts from 0.
    """

    __slots__ = ("_facts", "_mail", "_mail_at", "_view", "facts_parts", "length", "offset", "ordinal", "salt", "sha256")

    def __init__(
        self,
        view: memoryview,
        offset: int,
        length: int,
        ordinal: int,
        salt: bytes,
        sha256: bytes,
        facts_parts: tuple[bytes, bytes, bytes],
        mail_at: int,
    ) -> None:
        self._view = view
        self.offset = offset
        self.length = length
        self.ordinal = ordinal
        self.salt = salt
        self.sha256 = sha256
        self.facts_parts = facts_parts
        self._mail_at = mail_at
        self._mail: bytes | None = None
        self._facts: Facts | None = None

    @property
    def mail(self) -> bytes:
        """The kept bytes."""
        if self._mail is None:
            self._mail = self.mail_view.tobytes()
        return self._mail

    @property
    def mail_length(self) -> int:
        """Bytes of the mail."""
        return self.offset + self.length - self._mail_at

    @property
    def facts(self) -> Facts:
        """Who connected, the envelope, the session. Errors: DataError where the encoding is not ours."""
        if self._facts is None:
            self._facts = decode_facts(self.facts_parts)
        return self._facts

    @property
    def frame(self) -> bytes:
        """The record as it stands in its segment, bit by bit."""
        return self.frame_view.tobytes()

    @property
    def frame_view(self) -> memoryview:
        """As ``frame``, where it lies: not a copy."""
        return self._view[self.offset : self.offset + self.length]

    @property
    def mail_view(self) -> memoryview:
        """As ``mail``, where it lies: not a copy."""
        return self._view[self._mail_at : self.offset + self.length]

    @property
    def whole(self) -> bool:
        """Whether the mail has its SHA-256."""
        return sha256(self.mail_view).digest() == self.sha256

    def verify(self) -> None:
        """Check the mail against its SHA-256. Errors: DataError."""
        if not self.whole:
            raise DataError(f"mail at byte {self.offset} of the segment is not what its SHA-256 says")

    def __repr__(self) -> str:
        return f"Record(ordinal={self.ordinal}, offset={self.offset}, mail_length={self.mail_length})"


def records(buffer: Buffer) -> Iterator[Record]:
    """The records of a sealed segment, in order.

    Heads and facts are checked as they pass, mails are not (``Record.verify``).
    Errors: DataError at the first byte that is no record, after all records before it were given.
    """
    view = memoryview(buffer)
    offset = ordinal = 0
    while offset < len(view):
        record = _read(view, offset, ordinal)
        if record is None:
            raise DataError(f"segment is damaged: no whole record at byte {offset} of {len(view)}")
        yield record
        offset += record.length
        ordinal += 1


def record_at(buffer: Buffer, offset: int = 0, ordinal: int = 0) -> Record:
    """The one record that starts at ``offset``. Errors: DataError."""
    record = _read(memoryview(buffer), offset, ordinal)
    if record is None:
        raise DataError(f"no whole record at byte {offset}")
    return record


def scan(buffer: Buffer) -> int:
    """Length of the prefix that is whole records, mails hashed: what remains after a crash.

    Errors: DataError for a record of a newer version, which must never be cut off as if it were torn.
    """
    return survey(buffer)[0]


def survey(buffer: Buffer) -> tuple[int, int]:
    """(bytes, records) of the valid prefix, as ``scan``."""
    view = memoryview(buffer)
    offset = count = 0
    while record := _read(view, offset, count):
        if not record.whole:
            break
        offset += record.length
        count += 1
    return offset, count


def _read(view: memoryview, offset: int, ordinal: int) -> Record | None:
    start = offset + HEAD_BYTES
    if start > len(view):
        return None
    version, magic, crc, mail_bytes, origin, envelope, session, salt, digest = _HEAD.unpack_from(view, offset)
    if magic != MAGIC:
        return None
    if not 1 <= version <= VERSION:  # 1 lacks the last field of origin
        if version > VERSION:
            raise DataError(f"segment record of version {version} at byte {offset}", _NEWEST)
        return None
    body = start + origin + envelope + session
    end = body + mail_bytes
    if end > len(view) or zlib.crc32(view[offset + _CHECKED_FROM : body]) != crc:
        return None
    facts = view[start:body].tobytes()
    cut = origin + envelope
    parts = facts[:origin], facts[origin:cut], facts[cut:]
    return Record(view, offset, end - offset, ordinal, salt, digest, parts, body)


def decode_facts(parts: tuple[bytes, bytes, bytes]) -> Facts:
    """Facts from their three canonical parts; fields that later releases append are passed over."""
    global _decoded
    if parts == _decoded[0]:  # one file after the other of a mailbox: their facts are the same
        same: Facts = _decoded[1]
        return same
    import msgspec

    make, origin, envelope, session = _decoders()
    try:
        facts: Facts = make(origin(parts[0]), envelope(parts[1]), session(parts[2]))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(f"facts of a record cannot be read: {error}") from None
    _decoded = parts, facts
    return facts


_decoded: tuple[Any, Any] = (None, None)  # the newest facts; they cannot be changed
_encoded: tuple[Any, Any] = (None, None)


_cache: dict[str, Any] = {}


def _encoder() -> Callable[[Any], bytes]:
    pack: Callable[[Any], bytes] | None = _cache.get("pack")
    if pack is None:
        import msgspec

        pack = _cache["pack"] = msgspec.msgpack.Encoder().encode
    return pack


def _decoders() -> tuple[Any, Any, Any, Any]:
    found: tuple[Any, Any, Any, Any] | None = _cache.get("decoders")
    if found is None:
        import msgspec

        from junkhound.wire import facts

        decoder = msgspec.msgpack.Decoder
        found = _cache["decoders"] = (
            facts.Facts,
            decoder(facts.Origin).decode,
            decoder(facts.Envelope).decode,
            decoder(facts.Session).decode,
        )
    return found


def part(value: Any) -> bytes:
    """Canonical bytes of one part, by the standard library alone: MessagePack in its shortest forms.

    Takes None, bool, int, bytes, str and sequences of them in field order (or the structs of ``wire.facts``), and
    gives the bytes ``msgspec`` gives. Text that is not UTF-8 gets ``?`` for what cannot be written.
    Source: the MessagePack specification, https://github.com/msgpack/msgpack/blob/master/spec.md.
    """
    out: list[bytes] = []
    _pack(value, out.append)
    return b"".join(out)


def _pack(value: Any, put: Callable[[bytes], None]) -> None:
    if value is None:
        put(b"\xc0")
    elif value is False or value is True:
        put(b"\xc3" if value else b"\xc2")
    elif isinstance(value, int):
        put(_pack_int(value))
    elif isinstance(value, bytes):
        put(_sized(len(value), 0, 0, b"\xc4\xc5\xc6") + value)
    elif isinstance(value, str):
        text = value.encode("utf-8", "replace")
        put(_sized(len(text), 0xA0, 32, b"\xd9\xda\xdb") + text)
    else:
        items = [getattr(value, name) for name in value.__struct_fields__] if _is_struct(value) else value
        put(_sized(len(items), 0x90, 16, b"\x00\xdc\xdd"))
        for item in items:
            _pack(item, put)


def _is_struct(value: Any) -> bool:
    return hasattr(value, "__struct_fields__")


def _pack_int(value: int) -> bytes:
    if value >= 0:
        if value < 128:
            return value.to_bytes(1, "big")
        size = 1 if value < 1 << 8 else 2 if value < 1 << 16 else 4 if value < 1 << 32 else 8
        return bytes((0xCC + (1, 2, 4, 8).index(size),)) + value.to_bytes(size, "big")
    if value >= -32:
        return value.to_bytes(1, "big", signed=True)
    size = 1 if value >= -(1 << 7) else 2 if value >= -(1 << 15) else 4 if value >= -(1 << 31) else 8
    return bytes((0xD0 + (1, 2, 4, 8).index(size),)) + value.to_bytes(size, "big", signed=True)


def _sized(length: int, fix: int, below: int, marks: bytes) -> bytes:
    """Head of a text, bytes or array: the short form under ``below``, else the mark for 1, 2 or 4 length bytes."""
    if length < below:
        return bytes((fix | length,))
    if length < 1 << 8 and marks[0]:
        return bytes((marks[0], length))
    if length < 1 << 16:
        return bytes((marks[1],)) + length.to_bytes(2, "big")
    return bytes((marks[2],)) + length.to_bytes(4, "big")
