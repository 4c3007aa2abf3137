"""One setting: a field of a settings section that carries its sentence, unit and default."""

from __future__ import annotations

from dataclasses import field
from typing import Any


def setting(default: Any, text: str, unit: str = "", choices: tuple[str, ...] = (), low: float | None = None) -> Any:
    """A field of a settings section: its default, its sentence for the manual, its unit and what is allowed."""
    meta = {"text": text, "unit": unit, "choices": choices, "low": low}
    if isinstance(default, (list, dict)):
        raise TypeError("defaults are immutable: use a tuple")
    return field(default=default, metadata=meta)
