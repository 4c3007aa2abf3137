"""Witness units of many addresses as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from junkhound.kernel import net
from junkhound.tables import Operator

U64 = NDArray[np.uint64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_V4_TOP = np.uint64(0xFFFF)
COLUMNS = (
    ("addr_hi", np.uint64), ("addr_lo", np.uint64), ("hour", np.int64), ("vantage", np.uint64), ("trap", np.uint64),
    ("kind", np.uint8), ("standing", np.uint8), ("messages", np.int64), ("asn", np.uint32), ("prefix", np.uint8),
    ("operator", np.uint8), ("path", np.uint8), ("clues", np.uint32), ("marks", np.uint8),
)  # fmt: skip
# One customer of these has an address, not a /64: hosts of many customers stand side by side in one.
_SINGLE = tuple(int(one) for one in (Operator.HOSTING, Operator.ENTERPRISE, Operator.MAIL_PROVIDER, Operator.EDUCATION))


def _masks(bits: int) -> tuple[np.uint64, np.uint64]:
    whole = ((1 << 128) - 1) ^ ((1 << (128 - bits)) - 1)
    return np.uint64(whole >> 64), np.uint64(whole & net.MASK64)


def mask(hi: U64, lo: U64, bits: int) -> tuple[U64, U64]:
    """The networks of ``bits`` that hold these addresses."""
    top, low = _masks(bits)
    return hi & top, lo & low


def masked(hi: U64, lo: U64, bits: NDArray[Any]) -> tuple[U64, U64]:
    """Each address cut to a length of its own."""
    out_hi, out_lo = hi.copy(), lo.copy()
    for length in np.unique(bits):
        rows = bits == length
        out_hi[rows], out_lo[rows] = mask(hi[rows], lo[rows], int(length))
    return out_hi, out_lo


def is_v4(hi: U64, lo: U64) -> Bools:
    answer: Bools = (hi == 0) & (lo >> np.uint64(32) == _V4_TOP)
    return answer


def subject_bits(hi: U64, lo: U64, operator: NDArray[np.uint8], ipv6_bits: int) -> NDArray[np.uint8]:
    """How long the network is that is listed for each address: 128 is the address itself."""
    single = is_v4(hi, lo) | np.isin(operator, _SINGLE)
    return np.where(single, 128, ipv6_bits).astype(np.uint8)


@dataclass(frozen=True)
class Rows:
    """Witness units of many addresses, one row per (address, hour, vantage, trap, kind, standing), in any order.

    Columns as in ``tables.SIGHTINGS`` where the names are equal; ``messages`` counts, ``hour`` is since 1970, ``marks``
    are bits of what the mails carried (``select.MALWARE``).
    """

    addr_hi: U64
    addr_lo: U64
    hour: Ints
    vantage: U64
    trap: U64
    kind: NDArray[np.uint8]
    standing: NDArray[np.uint8]
    messages: Ints
    asn: NDArray[np.uint32]
    prefix: NDArray[np.uint8]
    operator: NDArray[np.uint8]
    path: NDArray[np.uint8]
    clues: NDArray[np.uint32]
    marks: NDArray[np.uint8]

    @classmethod
    def of(cls, columns: Mapping[str, object]) -> Rows:
        """From columns by name; missing ones of the network are 0, ``messages`` is 1."""
        count = len(np.asarray(columns["addr_hi"]))
        made: dict[str, Any] = {}
        for name, kind in COLUMNS:
            given = columns.get(name)
            blank = 1 if name == "messages" else 0
            made[name] = np.full(count, blank, kind) if given is None else np.ascontiguousarray(given, kind)
        return cls(**made)

    def __len__(self) -> int:
        return len(self.addr_hi)

    def take(self, which: Bools | Ints | slice) -> Rows:
        return Rows(**{name: getattr(self, name)[which] for name, _ in COLUMNS})
