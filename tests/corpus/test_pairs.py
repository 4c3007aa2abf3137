"""Joined pairs of real mail against labels of our own: labels/pairs.tsv, 200 a draw, judged by reading."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from accuracy import pairs


def test_labels_are_hashes_and_words_alone() -> None:
    lines = pairs.LABELS.read_text("utf-8").splitlines()
    assert lines[0] == "one\tother\tlabel\tdate\tseed"
    form = re.compile(r"[0-9a-f]{64}\t[0-9a-f]{64}\t(?:same|different|unsure)\t\d{4}-\d\d-\d\d\t[\w -]+\Z")
    assert all(form.match(line) for line in lines[1:])
    assert {seed: len(judged) for seed, judged in pairs.labels().items()} == {
        "first": 200, "fresh 2026-12-01": 200, "last 2026-12-01": 200, "final 2026-12-01": 200,
    }  # fmt: skip


def test_the_score_counts_what_is_joined_now_and_the_unsure_as_wrong() -> None:
    judged = dict(list(pairs.labels()["first"].items())[:50])
    spam = {}
    for number, (one, other) in enumerate(judged):
        spam.setdefault(one, (number + 1, 1))
        spam[other] = (spam[one][0], 2)
    held = [label for (one, other), label in judged.items() if spam[one][0] == spam[other][0]]
    found = pairs.score(pairs.Joined(spam), judged)
    assert found.base == len(held)
    assert found.value == pytest.approx(sum(label == "same" for label in held) / len(held))
    assert pairs.score(pairs.Joined({}), judged).base == 0


@pytest.mark.slow
def test_joined_pairs_of_real_mail_are_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = pairs.joined(tmp_path)
    if found is None:
        pytest.skip("the development corpus is not here")
    for seed, judged in pairs.labels().items():
        right = pairs.score(found, judged)
        with capsys.disabled():
            print(f"\n{seed}: {right.value:.3f} right of {right.base} joined pairs")
        assert right.value >= 0.93
