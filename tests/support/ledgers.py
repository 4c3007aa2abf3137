"""Settings for a ledger of a test's own."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from junkhound.kernel.config import Config, Store


def config_for(home: Path, url: str = "") -> Config:
    """Defaults with this home; ``url`` is [store] state."""
    return dataclasses.replace(Config(), store=Store(home=str(home), state=url))
