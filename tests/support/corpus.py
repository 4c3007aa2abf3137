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
