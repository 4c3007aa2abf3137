"""The development corpus, where it is present: real mail that is never part of this project."""

from __future__ import annotations

import csv
import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("JUNKHOUND_CORPUS") or Path(__file__).parents[3] / "shared/corpus")


# What the archives hold beside mails, by what their README says of them.
_NO_MAIL = (".jpg", ".json", ".log", ".csv", ".yaml", "evidence.txt", "greeting.txt", "bsmtp")
MAILBOXES = {"mailbox/mbox-0": 37, "mailbox/mbox-1": 1}
ARCHIVES = (
    "advance-fee", "auth-logs", "bounces-sisimai", "csdmc2010", "foff-milter", "image-spam-eml", "image-spam",
    "phishing_pot", "reports", "sa-project-tests", "spamassassin", "vger-lists", "xarf-samples",
)  # fmt: skip


def is_mail(path: str) -> bool:
    """Whether a member of the index is a mail, or a mailbox of them."""
    return not path.lower().endswith(_NO_MAIL)


def archive(name: str) -> Path:
    """The path of one archive; skips the test where the corpus is absent."""
    path = ROOT / name
    if not path.is_file():
        pytest.skip(f"development corpus not here: {name}")
    return path


def messages(name: str, limit: int | None = None) -> Iterator[tuple[str, str, bytes]]:
    """Yield (path, label, raw bytes) of the archive's members."""
    with tarfile.open(archive(name), "r:gz") as tar:
        first = tar.next()
        assert first is not None
        root = first.name.split("/")[0]
        index = tar.extractfile(f"{root}/INDEX.tsv")
        assert index is not None
        rows = csv.DictReader(io.TextIOWrapper(index, "utf-8", newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
        for number, row in enumerate(list(rows)):
            if limit is not None and number >= limit:
                return
            member = tar.extractfile(f"{root}/{row['path']}")
            assert member is not None
            yield row["path"], row["label"], member.read()
