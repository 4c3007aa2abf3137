"""The development corpus: what each archive's own index calls a mail comes through, once, and nothing else does."""

from __future__ import annotations

from collections import Counter

import pytest

from junkhound.intake import open_sources
from junkhound.kernel.config import Intake
from support import corpus


@pytest.mark.parametrize("name", corpus.ARCHIVES)
def test_counts_match_the_index(name: str):
    expected = [path for path, _, _ in corpus.messages(f"{name}.tar.gz") if corpus.is_mail(path)]
    counts: Counter[str] = Counter()
    found = Counter(
        one.locator.partition("!")[2].partition("/")[2].partition("#")[0]
        for one in open_sources([str(corpus.archive(f"{name}.tar.gz"))], Intake(), counts)
    )
    assert found == Counter({path: corpus.MAILBOXES.get(path, 1) for path in expected})
    assert set(counts) <= {"not_mail"}


def test_kept_bytes_are_those_of_the_archive():
    inside = {path: raw for path, _, raw in corpus.messages("spamassassin.tar.gz")}
    for one in open_sources([str(corpus.archive("spamassassin.tar.gz"))], Intake()):
        raw = inside[one.locator.partition("!")[2].partition("/")[2].partition("#")[0]]
        if raw.startswith(b"From "):
            raw = raw.partition(b"\n")[2]
        assert raw in (one.payload, one.payload + b"\n")
