"""Whose network an address was in: dated route tables, looked up one by one or by the million.

``embedded()`` is the table that ships with the package; operators import their own.
"""

from junkhound.attribution.dated import DatedTables
from junkhound.attribution.embedded import embedded
from junkhound.attribution.operators import operator
from junkhound.attribution.pack import Row, pack
from junkhound.attribution.record import Attribution
from junkhound.attribution.routes import RouteTable
from junkhound.attribution.rows import read_csv, read_records

__all__ = [
    "Attribution",
    "DatedTables",
    "RouteTable",
    "Row",
    "embedded",
    "operator",
    "pack",
    "read_csv",
    "read_records",
]
