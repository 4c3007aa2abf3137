"""Whose network an address was in, on a given day, according to which table."""

from __future__ import annotations

import msgspec

from junkhound.tables import Operator


class Attribution(msgspec.Struct, frozen=True):
    """Origin network of an address: 0, "" and UNKNOWN where the table does not say.

    ``prefix`` is the announced prefix length in the 128-bit space; ``table`` numbers the dated table used.
    """

    asn: int = 0
    prefix: int = 0
    country: int = 0
    operator: Operator = Operator.UNKNOWN
    organisation: str = ""
    table: int = 0
