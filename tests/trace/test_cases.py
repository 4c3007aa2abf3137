"""Golden cases: a mail, the settings, the verdict that must come out, and why (the .md beside it)."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from junkhound import trace
from junkhound.evidence import message
from junkhound.kernel import clock, net
from junkhound.wire.facts import Facts, Origin, Session

CASES = Path(__file__).parent / "cases"
NAMES = sorted(path.stem for path in CASES.glob("*.eml"))


def facts_of(given: dict[str, dict[str, str]]) -> Facts | None:
    """The session a case describes, if any."""
    said = given.get("session")
    if said is None:
        return None
    client = net.parse(said["client"])
    assert client is not None
    packed = client.packed[12:] if client.is_v4 else client.packed
    at = clock.parse(said["received_at"])
    return Facts(Origin(packed, at, "case"), session=Session(helo=said["helo"].encode()))


def verdict_of(name: str, below: bytes = b"") -> trace.Verdict:
    """The verdict of one case; ``below`` goes under its last Received line."""
    given = tomllib.loads((CASES / f"{name}.given.toml").read_text())
    raw = (CASES / f"{name}.eml").read_bytes()
    if below:
        top, rest = raw.split(b"From: ", 1)
        raw = top + below + b"From: " + rest
    border = trace.boundary(given["relays"], given.get("own", ()), allow_documentation=True)
    return trace.judge(trace.read(message.parse(raw)), border, facts_of(given))


def plain(verdict: trace.Verdict) -> dict[str, object]:
    """A verdict as a reader of the expected file likes it."""
    return {
        "handover": verdict.handover and str(verdict.handover),
        "source": verdict.source and str(verdict.source),
        "address": verdict.address and str(verdict.address),
        "anchored": verdict.anchored,
        "confidence": verdict.confidence,
        "path": verdict.path.name.lower(),
        "seen_at": None if verdict.seen_at is None else clock.text(verdict.seen_at),
        "clues": [clue.name.lower() for clue in verdict.clues if clue.name],
        "helo": verdict.helo,
        "rdns": verdict.rdns,
        "reasons": [f"{r.index} {r.status}: {r.text}" for r in verdict.reasons],
    }


@pytest.mark.parametrize("name", NAMES)
def test_case(name: str, update_golden: bool) -> None:
    found = plain(verdict_of(name))
    expected = CASES / f"{name}.expected.json"
    if update_golden:
        expected.write_text(json.dumps(found, indent=2) + "\n")
    assert found == json.loads(expected.read_text())


VICTIM = (
    b"Received: from victim.example.com (victim.example.com [203.0.113.99])\n"
    b"\tby mx.example.org (Postfix) with ESMTP id 4YRV2q1R3Kz3w; Mon, 6 Jan 2025 09:00:00 +0000\n"
)


@pytest.mark.parametrize("name", [n for n in NAMES if verdict_of(n).anchored])
def test_a_line_typed_below_any_case_accuses_nobody_else(name: str) -> None:
    honest, forged = verdict_of(name), verdict_of(name, VICTIM)
    assert (forged.handover, forged.source, forged.address, forged.seen_at) == (
        honest.handover, honest.source, honest.address, honest.seen_at,
    )  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_case_says_why(name: str) -> None:
    assert (CASES / f"{name}.md").read_text().strip()
    verdict = verdict_of(name)
    assert all(reason.text for reason in verdict.reasons)
    innocent = net.parse("203.0.113.50")
    assert innocent not in (verdict.handover, verdict.source, verdict.address)
    assert all(reason.ip != innocent for reason in verdict.reasons if reason.status in ("handover", "trusted"))
