"""What a worker must know to judge mail: the boundary and standing of each intake, the route table, the hub's key."""

from __future__ import annotations

from dataclasses import dataclass, field

from junkhound.attribution import DatedTables
from junkhound.tables import Standing
from junkhound.trace import NOTHING, Boundary, Seen

CODE_VERSION = 6
"""Raised whenever the same mail would be judged differently; part of every analysis version."""


@dataclass(frozen=True)
class Complainant:
    """Somebody enrolled, whose complaints count as ``standing``.

    ``senders`` are the machines his complaints come from, ``boundary`` his own relays in the mails that he shows.
    """

    name: str
    standing: Standing
    senders: Boundary
    boundary: Boundary | None = None


@dataclass(frozen=True)
class IntakeRules:
    """How mail of one intake is judged.

    ``boundary`` is None where no relay is configured: its rows are kept, unanchored and never scored.
    ``analysis`` numbers (code version, these settings). ``domains`` are a trap's own.
    Mail of an intake with ``complaints`` is complaints; ``complainants`` are those enrolled, ``vouched`` the one who
    the operator says sent it.
    """

    name: str
    standing: Standing
    boundary: Boundary | None
    analysis: int
    domains: tuple[str, ...] = ()
    country: int = 0
    complaints: bool = False
    complainants: tuple[Complainant, ...] = ()
    vouched: Complainant | None = None
    host: str = ""  # of a log: whose word it is


@dataclass(frozen=True)
class Rules:
    """Everything a batch is judged by; read-only and the same in every worker."""

    hub_key: bytes
    intakes: dict[str, IntakeRules]
    routes: DatedTables | None = None
    seen: Seen = NOTHING  # what mail that came before says of lines
    unknown: IntakeRules = field(default_factory=lambda: IntakeRules("", Standing.MAILBOX, None, 0))

    def of(self, intake: str) -> IntakeRules:
        """The rules of an intake; an unknown one has no boundary and cannot witness."""
        return self.intakes.get(intake, self.unknown)
