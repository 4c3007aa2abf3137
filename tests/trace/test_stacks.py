"""Golden forged stacks: every strategy over every border grammar; a forged or claimed address is never the source."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from junkhound import trace
from junkhound.evidence import message
from junkhound.tables import Clue
from junkhound.trace.verdict import Verdict

CASES = [json.loads(line) for line in (Path(__file__).parent / "stacks.jsonl").read_text().splitlines()]
BORDER = trace.boundary(["192.0.2.0/24", "mx.example.org", "inner.example.org", "localhost"], allow_documentation=True)


def verdict(case: dict[str, str]) -> Verdict:
    raw = (case["header"] + "From: a@example.net\nSubject: x\n\nbody\n").encode()
    return trace.judge(trace.read(message.parse(raw)), BORDER)


def test_there_are_enough_of_each_strategy() -> None:
    counted = Counter(case["case"].split("-")[0] for case in CASES)
    assert len(CASES) >= 150
    assert len(counted) == 11
    assert min(counted.values()) >= 14


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_the_true_source_or_nobody(case: dict[str, str]) -> None:
    found = verdict(case)
    assert str(found.handover) == case["source"], "the border's own line says who connected"
    assert found.source is None or str(found.source) == case["source"]
    assert found.address is None or str(found.address) == case["source"]
    below = [reason for reason in found.reasons if reason.status in ("unverified", "forged")]
    if case["case"].startswith("R1"):
        assert not found.clues & Clue.FORGED, "a true line is never called forged"
        assert found.confidence < 0.99, "the machine that connected may have passed it on"
    if case["case"].startswith(("F5", "F7")):
        assert below[0].status == "forged"
    if case["case"].startswith("F0"):
        assert not below
        assert found.confidence >= 0.9
