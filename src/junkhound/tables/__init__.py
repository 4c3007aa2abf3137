"""The stored forms: word lists and column schemas, written once for every room that makes or reads rows."""

from junkhound.tables.columns import (
    ALL,
    COLD,
    HANDOVERS,
    HOT,
    KEYS,
    NAMES,
    NETWORKS,
    SCHEMA_VERSION,
    SESSIONS,
    SIGHTINGS,
    TEMPLATES,
    UNITS,
    Column,
    Table,
)
from junkhound.tables.words import (
    ABOUT_LINES,
    IN_SESSIONS,
    Clue,
    Defect,
    KeyKind,
    Kind,
    Operator,
    Path,
    SourceClass,
    Standing,
    State,
)

__all__ = [
    "ABOUT_LINES", "ALL", "COLD", "HANDOVERS", "HOT", "IN_SESSIONS", "KEYS", "NAMES", "NETWORKS", "SCHEMA_VERSION",
    "SESSIONS", "SIGHTINGS", "TEMPLATES", "UNITS",
    "Clue", "Column", "Defect", "KeyKind", "Kind", "Operator", "Path", "SourceClass", "Standing", "State", "Table",
]  # fmt: skip


def country_number(code: str) -> int:
    """Two letters as stored: first * 256 + second; 0 for anything else."""
    if len(code) != 2 or not code.isascii() or not code.isalpha():
        return 0
    code = code.upper()
    return ord(code[0]) << 8 | ord(code[1])


def country_code(number: int) -> str:
    """The two letters of a stored country, or ``--``."""
    return chr(number >> 8) + chr(number & 255) if number else "--"
