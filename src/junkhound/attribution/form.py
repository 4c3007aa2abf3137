"""The file form of a route table: a JSON header and named arrays, each packed so that zstd finds little left to do.

The page ``docs/specs/routes.md`` describes it byte by byte. Numbers are little endian. Sorted arrays are kept
as differences, and every array of wide numbers is stored byte plane by byte plane: the high bytes of small
numbers are runs of zeros then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from junkhound.kernel.errors import DataError

MAGIC = b"JHROUTES"
VERSION = 1
_LIMIT = 1 << 30  # no section of an honest table unpacks to more
_TYPES = {"u8": "<u1", "u16": "<u2", "u32": "<u4", "u64": "<u8"}

Array = np.ndarray[Any, np.dtype[Any]]


class Section(msgspec.Struct, frozen=True):
    """One array: its name, number type, how many numbers, whether differences are stored, its packed size."""

    name: str
    type: str
    count: int
    delta: bool
    size: int


class Header(msgspec.Struct, frozen=True):
    """What a table says about itself.

    ``date`` is the day its contents were true (``2026-06-17``). ``networks`` and ``countries`` are the shares of
    the IPv4 space for which it knows the ASN and the country: a table that covers little is laid over another.
    ``rules`` dates the rules by which operator types were read from names.
    """

    name: str
    date: str
    source: str
    licence: str
    networks: float
    countries: float
    routes: int
    rules: str
    sections: tuple[Section, ...] = ()


def write(header: Header, arrays: Mapping[str, Array], level: int = 19) -> bytes:
    """The table as bytes; equal input gives equal bytes."""
    import zstandard

    # one thread and a fixed level: the same input packs to the same bytes with one version of the library
    press = zstandard.ZstdCompressor(level=level, write_checksum=True)
    sections, packed = [], []
    for name, values in arrays.items():
        delta = name.endswith(("start", "hi", "asn"))
        frame = press.compress(_planes(_differences(values) if delta else values))
        sections.append(Section(name, f"u{values.dtype.itemsize * 8}", len(values), delta, len(frame)))
        packed.append(frame)
    head = msgspec.json.encode(msgspec.structs.replace(header, sections=tuple(sections)))
    return b"".join((MAGIC, bytes((VERSION,)), len(head).to_bytes(4, "little"), head, *packed))


def read_header(content: bytes) -> tuple[Header, int]:
    """The header and the offset of the first section. Errors: DataError."""
    if content[:8] != MAGIC:
        raise DataError("not a route table of ours", "make one with `junkhound data import FILE.mmdb`")
    if content[8:9] != bytes((VERSION,)):
        raise DataError(f"route table of version {content[8:9].hex()!r}", "a newer Junkhound reads it")
    end = 13 + int.from_bytes(content[9:13], "little")
    try:
        return msgspec.json.decode(content[13:end], type=Header), end
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DataError(f"route table with a broken header: {error}", "import it again") from None


def read(content: bytes) -> tuple[Header, dict[str, Array]]:
    """Header and arrays. Errors: DataError where the bytes are not a whole table."""
    import zstandard

    header, offset = read_header(content)
    press = zstandard.ZstdDecompressor()
    arrays: dict[str, Array] = {}
    for section in header.sections:
        try:
            dtype = np.dtype(_TYPES[section.type])
            wanted = section.count * dtype.itemsize
            if not 0 <= wanted <= _LIMIT:
                raise DataError(f"route table section {section.name!r} is too large: {wanted} bytes")
            frame = content[offset : offset + section.size]
            raw = press.decompress(frame, max_output_size=wanted) if wanted else b""
        except (KeyError, zstandard.ZstdError) as error:
            raise DataError(f"route table section {section.name!r} is broken: {error}", "import it again") from None
        if len(raw) != wanted:
            raise DataError(f"route table section {section.name!r} has {len(raw)} bytes, not {wanted}")
        values = _numbers(raw, dtype)
        arrays[section.name] = np.cumsum(values, dtype=dtype) if section.delta else values
        offset += section.size
    return header, arrays


def _differences(values: Array) -> Array:
    """First differences in the array's own width; the sums come out again modulo that width."""
    return np.diff(values, prepend=values.dtype.type(0))


def _planes(values: Array) -> bytes:
    wide = np.ascontiguousarray(values).view(np.uint8).reshape(len(values), values.dtype.itemsize)
    return wide.T.tobytes()


def _numbers(raw: bytes, dtype: np.dtype[Any]) -> Array:
    if dtype.itemsize == 1:
        return np.frombuffer(raw, dtype)
    planes = np.frombuffer(raw, np.uint8).reshape(dtype.itemsize, -1)
    return np.ascontiguousarray(planes.T).view(dtype).reshape(-1)
