"""Counters of all processes as Prometheus text: each process writes ``run/NAME.json`` with {"name": value}."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_NAME = re.compile(r'[a-zA-Z_:][a-zA-Z0-9_:]*(?:\{[a-zA-Z_][a-zA-Z0-9_]*="[^"\\\n{}]{0,200}"(?:,[a-zA-Z_][a-zA-Z0-9_]*='
                   r'"[^"\\\n{}]{0,200}")*\})?\Z')  # fmt: skip
_LARGEST = 1 << 20
PREFIX = "junkhound_"


def read(folder: Path) -> tuple[dict[str, float], int]:
    """(sums by name over all files, files that could not be read). Values that are no finite number are left out."""
    sums: dict[str, float] = {}
    unread = 0
    for path in sorted(folder.glob("*.json")):
        try:
            if path.stat().st_size > _LARGEST:
                raise ValueError("too large")
            content = json.loads(path.read_bytes())
            if not isinstance(content, dict):
                raise ValueError("no counters")
        except (OSError, ValueError, RecursionError):
            unread += 1
            continue
        add(sums, content)
    return sums, unread


def add(sums: dict[str, float], content: Mapping[Any, Any]) -> None:
    """Add counters to sums by their full names."""
    for name, value in content.items():
        if not isinstance(name, str) or isinstance(value, bool) or not isinstance(value, (int, float)):
            continue
        full = name if name.startswith(PREFIX) else PREFIX + name
        if _NAME.match(full) and math.isfinite(value):
            sums[full] = sums.get(full, 0) + value


def text(sums: Mapping[str, float]) -> str:
    """The exposition format, version 0.0.4: names in order, a type above each; ``..._total`` is a counter."""
    lines: list[str] = []
    last = ""
    for name in sorted(sums, key=lambda full: (full.partition("{")[0], full)):
        family = name.partition("{")[0]
        if family != last:
            lines.append(f"# TYPE {family} {'counter' if family.endswith('_total') else 'gauge'}")
            last = family
        value = sums[name]
        lines.append(f"{name} {int(value) if float(value).is_integer() else value!r}")
    return "\n".join(lines) + "\n" if lines else ""


def exposed(folders: Iterable[Path], own: Mapping[str, float]) -> str:
    """All counters of a home and those of this process."""
    sums: dict[str, float] = {}
    unread = 0
    for folder in folders:
        found, broken = read(folder)
        unread += broken
        add(sums, found)
    add(sums, {**own, "metrics_files_unread": unread})
    return text(sums)
