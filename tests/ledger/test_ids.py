"""The index of known ids is exact, however its files are merged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel.errors import DataError
from junkhound.ledger import ids

PAIRS = st.lists(st.tuples(st.integers(0, 5) | st.integers(0, 2**64 - 1), st.integers(0, 5)), max_size=40)


def halves(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([p[0] for p in pairs], np.uint64), np.array([p[1] for p in pairs], np.uint64)


def write(folder: Path, name: str, pairs: list[tuple[int, int]]) -> tuple[str, Path]:
    path = folder / name
    path.write_bytes(ids.encode(*ids.order(*halves(pairs))))
    return name, path


@given(st.lists(PAIRS, max_size=5), PAIRS, st.booleans())
def test_known_is_exact(tmp_path_factory: pytest.TempPathFactory, files: list[list[tuple[int, int]]],
                        sought: list[tuple[int, int]], big: bool) -> None:  # fmt: skip
    folder = tmp_path_factory.mktemp("ids")
    index = ids.IdIndex()
    young = ids._YOUNG
    ids._YOUNG = -1 if big else young
    try:
        held = [write(folder, f"{n}", pairs) for n, pairs in enumerate(files)]
        for upto in range(len(held) + 1):
            index.hold(held[:upto])
        everything = {pair for pairs in files for pair in pairs}
        asked = sought + sorted(everything)
        assert index.known(*halves(asked)).tolist() == [pair in everything for pair in asked]
        if files:
            union = ids.merge([ids.IdFile(path) for _, path in held])
            assert list(zip(*(half.tolist() for half in union), strict=True)) == sorted(everything)
            assert ids.merge_to([ids.IdFile(path) for _, path in held], folder / "streamed") == len(everything)
            assert (folder / "streamed").read_bytes() == ids.encode(*union)
            index.hold([write(folder, "merged", sorted(everything))])
            assert index.known(*halves(asked)).tolist() == [pair in everything for pair in asked]
    finally:
        ids._YOUNG = young


def test_files_of_a_size_are_merged_and_others_left() -> None:
    sizes = [("a", 1000), ("b", 1001), ("c", 999), ("d", 900_000), ("e", 1002)]
    assert ids.due(sizes, 1 << 30) == ["a", "b", "c", "e"]
    assert ids.due([(str(n), 1000) for n in range(4)], 1 << 30) == ["0", "1", "2", "3"]
    assert ids.due([(str(n), 1000) for n in range(4)], 3999) == []
    assert ids.due([(str(n), 1000) for n in range(3)], 1 << 30) == []


@pytest.mark.parametrize("damage", [b"", b"JHIDS\x02\0\0", b"cut"])
def test_a_damaged_file_is_said_to_be_one(tmp_path: Path, damage: bytes) -> None:
    _, path = write(tmp_path, "x", [(1, 1), (2, 2)])
    path.write_bytes(path.read_bytes()[:-1] if damage == b"cut" else damage)
    with pytest.raises(DataError):
        ids.IdFile(path)
