"""Where a verb works: settings, clock and ledger of one home, opened when first needed."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from junkhound.kernel import clock
from junkhound.kernel.config import Config, find, load

if TYPE_CHECKING:
    from junkhound.ledger import Ledger


class Office:
    """One home with its settings. ``at`` (microseconds) pins every decision's moment; None means the clock."""

    def __init__(self, settings: Config, at: int | None = None) -> None:
        self.config = settings
        self.clock: clock.Clock = clock.SystemClock() if at is None else clock.FixedClock(at)

    @property
    def home(self) -> Path:
        return self.config.home

    @property
    def now(self) -> int:
        """The moment decisions are made for."""
        return self.clock.now()

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger of the home, created at first use."""
        from junkhound.ledger import Ledger

        return Ledger.open(self.config)


def open_office(config: str | None = None, home: str | None = None, at: str | None = None) -> Office:
    """Find and read the settings; ``home`` wins over the file's, ``at`` is a date or an age."""
    settings = load(find(config))
    if home is not None:
        settings = dataclasses.replace(
            settings, store=dataclasses.replace(settings.store, home=str(Path(home).absolute()))
        )
    moment = None if at is None else clock.parse(at, clock.SystemClock().now())
    return Office(settings, moment)
