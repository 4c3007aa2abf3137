"""The newest rows of one address, straight from sorted objects.

A compacted object is sorted by address and time, so the rows of an address lie together and the newest are the
last of them. Only the row groups that can hold them are unpacked, from the end, until there are enough: the
heaviest address costs no more than any other.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from junkhound import tables
from junkhound.kernel.errors import NotFound
from junkhound.kernel.net import Address
from junkhound.ledger.snapshot import Stored

_REMEMBERED = 128  # footers; one takes about a megabyte
_KEY = ["addr_hi", "addr_lo", "seen_at"]
_NEVER = -(1 << 63)


class _Footer(NamedTuple):
    metadata: Any
    groups: list[tuple[int, Address, Address]]  # number, first and last address: groups without one are left out


class Foreign(Exception):
    """Arrow cannot read this object, the engine that wrote it can.

    DuckDB 2.0 packs u32 columns with numbers from 2**31 on (AS numbers of private use) as differences of 64 bits, which
    Arrow refuses.
    """


class Points:
    """Reads rows of single addresses; remembers the footers of the objects it opened last."""

    def __init__(self, place: Callable[[str], Path]) -> None:
        self._place = place
        self._footers: OrderedDict[str, _Footer] = OrderedDict()

    def newest(self, stored: Stored, address: Address, limit: int, before: int | None) -> pa.Table | None:
        """The last ``limit`` rows of the address with ``seen_at < before``, oldest first; None for none.

        The object must be compacted. Errors: NotFound where it has gone, Foreign where the engine must be asked.
        """
        path = self._place(stored.path)
        try:
            footer = self._footer(stored.path, path)
        except FileNotFoundError:
            raise NotFound(f"an object of this snapshot is gone: {stored.path!r}", "take a new snapshot") from None
        groups = [number for number, first, last in footer.groups if first <= address <= last]
        if not groups:
            return None
        parts: list[pa.Table] = []
        rows = 0
        with pq.ParquetFile(path, metadata=footer.metadata, memory_map=True) as file:
            for number in reversed(groups):
                keys = file.read_row_group(number, _KEY, use_threads=False)
                start, end = _slice(keys, address, before)
                start = max(start, end - (limit - rows))
                if start < end:
                    try:
                        whole = file.read_row_group(number, list(tables.SIGHTINGS.names))
                    except (OSError, pa.ArrowException) as error:
                        raise Foreign(stored.path) from error
                    parts.append(whole.slice(start, end - start))
                    rows += end - start
                if rows >= limit:
                    break
        return pa.concat_tables(reversed(parts)) if parts else None

    def _footer(self, name: str, path: Path) -> _Footer:
        footer = self._footers.pop(name, None)
        if footer is None:
            metadata = pq.read_metadata(path)
            footer = _Footer(metadata, _groups(metadata))
            while len(self._footers) >= _REMEMBERED:
                self._footers.popitem(last=False)
        self._footers[name] = footer
        return footer


def _groups(metadata: Any) -> list[tuple[int, Address, Address]]:
    names = [metadata.schema.column(n).name for n in range(metadata.num_columns)]
    high, low = names.index("addr_hi"), names.index("addr_lo")
    groups = []
    for number in range(metadata.num_row_groups):
        hi, lo = (metadata.row_group(number).column(place).statistics for place in (high, low))
        if hi is None or lo is None or not hi.has_min_max or not lo.has_min_max:
            continue
        # Of several upper halves in one group, the lower ones are in no order.
        one = hi.min == hi.max
        groups.append((number, Address(hi.min, lo.min if one else 0), Address(hi.max, lo.max if one else 2**64 - 1)))
    return groups


def _slice(keys: pa.Table, address: Address, before: int | None) -> tuple[int, int]:
    """Bounds of the rows of an address in a sorted group, those at or after ``before`` left out."""
    hi, lo = (keys[name].to_numpy() for name in ("addr_hi", "addr_lo"))
    start, end = (int(np.searchsorted(hi, np.uint64(address.hi), side)) for side in ("left", "right"))
    inner = lo[start:end]
    start, end = (start + int(np.searchsorted(inner, np.uint64(address.lo), side)) for side in ("left", "right"))
    if before is not None and start < end:
        seen = keys["seen_at"].slice(start, end - start).fill_null(pa.scalar(2**63 - 1)).to_numpy()
        end = start + int(np.searchsorted(seen, before, "left"))
    return start, end
