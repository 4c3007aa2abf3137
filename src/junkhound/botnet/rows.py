"""What botnets are found from: who sent for which campaign on which day, and how his program spoke."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
U64 = NDArray[np.uint64]


@dataclass(frozen=True)
class Rows:
    """Columns, a row for each (address, campaign, dialect, day).

    ``address`` numbers the addresses from 0; ``block`` is its /24 or /48, ``asn`` its network. ``dialect`` is the key
    of the commands of the session, 0 where none was seen; ``habit`` that of what the mail says wrote it. ``half`` has
    bit 1 where one half of the traps saw it, bit 2 where the other did. ``first_at``, ``last_at``: microseconds.
    """

    address: Ints
    block: Ints
    asn: Ints
    campaign: Ints
    dialect: U64
    habit: U64
    day: Ints
    mails: Ints
    half: Ints
    first_at: Ints
    last_at: Ints

    def __len__(self) -> int:
        return len(self.address)

    def only(self, which: NDArray[np.bool_] | Ints) -> Rows:
        """Those rows alone, by flags or by their places."""
        return Rows(*(getattr(self, name)[which] for name in self.__dataclass_fields__))

    def addresses_by_network(self, which: NDArray[np.bool_]) -> dict[int, int]:
        """How many addresses of these rows each network has, those of most first."""
        _, first = np.unique(self.address[which], return_index=True)
        asns, times = np.unique(self.asn[which][first], return_counts=True)
        return {int(asns[n]): int(times[n]) for n in np.argsort(-times, kind="stable")}
