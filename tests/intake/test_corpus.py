"""The development corpus: what each archive's own index calls a mail comes through, once, and nothing else does."""

from __future__ import annotations

from collections import Counter

import pytest

from junkhound.intake import open_sources
from junkhound.kernel.config import Intake
from support import corpus

# What the archives hold beside mails, by what their README says of them.
NO_MAIL = (".jpg", ".json", ".log", ".csv", ".yaml", "evidence.txt", "greeting.txt", "bsmtp")
MAILBOXES = {"mailbox/mbox-0": 37, "mailbox/mbox-1": 1}
ARCHIVES = [
    "advance-fee",
    "auth-logs",
    "bounces-sisimai",
    "csdmc2010",
    "foff-milter",
    "image-spam-eml",
    "image-spam",
    "phishing_pot",
    "reports",
    "sa-project-tests",
    "spamassassin",
    "vger-lists",
    "xarf-samples",
]


@pytest.mark.parametrize("name", ARCHIVES)
def test_counts_match_the_index(name: str):
    expected = [path for path, _, _ in corpus.messages(f"{name}.tar.gz") if not path.lower().endswith(NO_MAIL)]
    counts: Counter[str] = Counter()
    found = Counter(
        one.locator.partition("!")[2].partition("/")[2].partition("#")[0]
        for one in open_sources([str(corpus.archive(f"{name}.tar.gz"))], Intake(), counts)
    )
    assert found == Counter({path: MAILBOXES.get(path, 1) for path in expected})
    assert set(counts) <= {"not_mail"}


def test_kept_bytes_are_those_of_the_archive():
    inside = {path: raw for path, _, raw in corpus.messages("spamassassin.tar.gz")}
    for one in open_sources([str(corpus.archive("spamassassin.tar.gz"))], Intake()):
        raw = inside[one.locator.partition("!")[2].partition("/")[2].partition("#")[0]]
        if raw.startswith(b"From "):
            raw = raw.partition(b"\n")[2]
        assert raw in (one.payload, one.payload + b"\n")
