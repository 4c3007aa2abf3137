"""What a sensor tells its hub: the sightings of one segment, with nothing in it that names a recipient or a trap.

The form, with an example, is ``docs/specs/sensor.md``.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import zstandard

FORMAT, VERSION = "junkhound-sightings", 1
LARGEST = 64 << 20
"""Bytes that a report may unpack to."""
MOST_ROWS = 20_000

_Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}$")]
_Byte = Annotated[int, msgspec.Meta(ge=0, le=255)]
_Word = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]
_Long = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF_FFFF)]
_Hash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}$")]
NO_HASH = "0" * 16
_Moment = Annotated[int, msgspec.Meta(ge=0, le=1 << 60)]


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sighting. ``address`` is None where nobody may be blamed; ``seen_at`` in microseconds UTC."""

    id: _Id
    address: Annotated[str, msgspec.Meta(max_length=45)] | None
    seen_at: _Moment | None
    kind: _Byte
    path: _Byte = 0
    state: _Byte = 0
    confidence: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    clues: _Long = 0
    defects: _Long = 0
    asn: _Long = 0
    prefix: Annotated[int, msgspec.Meta(ge=0, le=128)] = 0
    country: _Word = 0
    operator: _Byte = 0
    recipients: _Word = 0
    count: _Long = 1
    size: _Long = 0
    hops: _Byte = 0
    template: _Hash = NO_HASH
    auth_domain: _Hash = NO_HASH


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The sightings of one segment, and how they may be passed on."""

    segment: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}$")]
    tlp: str
    sightings: Annotated[tuple[Seen, ...], msgspec.Meta(max_length=MOST_ROWS)]
    format: str = FORMAT
    version: int = VERSION


_decoder = msgspec.json.Decoder(Report)


def encode(report: Report) -> bytes:
    """A report as it travels: JSON under zstd. Equal reports give equal bytes."""
    return zstandard.ZstdCompressor(level=6).compress(msgspec.json.encode(report))


def decode(content: bytes) -> Report:
    """Read a report of a stranger. Errors: ValueError for what is none, in bounded memory."""
    try:
        plain = unpack(content)
        report = _decoder.decode(plain)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from None
    if report.format != FORMAT or report.version != VERSION:
        raise ValueError(f"format {report.format!r} version {report.version}; this hub reads version {VERSION}")
    return report


def unpack(content: bytes) -> bytes:
    """What a stranger packed. Errors: ValueError where it is no zstd, or unpacks to too much."""
    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(content) as reader:
            plain = reader.read(LARGEST + 1)
    except zstandard.ZstdError as error:
        raise ValueError(f"not packed as it should be: {error}") from None
    if len(plain) > LARGEST:
        raise ValueError(f"it unpacks to more than {LARGEST >> 20} MB")
    return plain
