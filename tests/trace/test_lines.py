"""Golden lines of every dialect: what a program of that name writes, with documentation names, and what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from junkhound.kernel import clock, net
from junkhound.trace.dialects import dialects, read_line
from junkhound.trace.hop import Hop
from junkhound.trace.scan import scan

LINES = Path(__file__).parent / "lines"
KINDS = {"amavis": "local", "lmtp": "local"}  # read by one dialect
UNSEEN = {"index", "below_originator"}


def plain(hop: Hop) -> dict[str, object]:
    """The fields that say something, as a reader of the file likes them."""
    found: dict[str, object] = {}
    for name in hop.__struct_fields__:
        value = getattr(hop, name)
        if value not in (None, False) and name not in UNSEEN:
            found[name] = str(value) if isinstance(value, net.Address) else clock.text(value) if name == "at" else value
    return found


@pytest.mark.parametrize("name", [name for name, _ in dialects])
def test_golden_lines(name: str, update_golden: bool) -> None:
    path = LINES / f"{name}.json"
    cases = json.loads(path.read_text())
    assert cases
    for case in cases:
        hop = read_line(case["line"], 0, False)
        if update_golden:
            case["hop"] = plain(hop)
        assert KINDS.get(hop.dialect, hop.dialect) == name, "another dialect, or none, took the line"
        assert plain(hop) == case["hop"]
        unfolded = " ".join(case["line"].split())
        assert plain(read_line(unfolded, 0, False)) == plain(hop), "folds are no part of what a line says"
    if update_golden:
        path.write_text(json.dumps(cases, indent=2) + "\n")


@pytest.mark.parametrize("name", [name for name, _ in dialects])
def test_the_scanner_never_reads_another_address_than_the_dialect(name: str) -> None:
    for case in json.loads((LINES / f"{name}.json").read_text()):
        hop, scanned = read_line(case["line"], 0, False), scan(case["line"], 0, False)
        assert scanned.ip is None or scanned.ip == hop.ip
        assert scanned.by == hop.by or hop.dialect == "amavis"
