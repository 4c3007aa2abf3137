"""The real pictures of 2006 against labels given by eye; skipped where the corpus is absent."""

from __future__ import annotations

import csv

import pytest

from accuracy import content as scoring


def test_labels_are_complete() -> None:
    with scoring.LABELS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert len(rows) == len({row["sha256"] for row in rows}) == 450
    assert all(len(row["sha256"]) == 64 and row["date"] for row in rows)
    assert sum(bool(row["ticker"]) for row in rows) > 200


@pytest.mark.slow
def test_near_copies_of_real_pictures_are_grouped() -> None:
    found = scoring.real()
    if found is None:
        pytest.skip("the corpus is not here")
    assert found.precision >= 0.98
    assert found.recall >= 0.85


def test_drawn_touts_are_scored() -> None:
    brief, text, sheets = scoring._sheets(3, "lines")
    assert len(sheets) == 9
    assert brief.ticker.partition(".")[0] in text
    assert scoring._wrong("abcd", "abxd") == 0.25
