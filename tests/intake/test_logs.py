"""Logs followed through everything that is done to logs; what was read is never given again, what was not is."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from junkhound.intake.logs import Chunk, LogFile, Place
from junkhound.kernel import config

LIMITS = config.Intake()


class Log:
    """A log with its memory, as it outlasts the processes that read it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.places: dict[str, Place] = {}
        self.open = self.start()

    def start(self) -> LogFile:
        """A process that begins to read."""
        self.open = LogFile(str(self.path), self.places, LIMITS)
        return self.open

    def again(self) -> list[str]:
        """What a new process reads: elders first."""
        self.open.close()
        one = self.start()
        chunks = [chunk for name in one.elders() for chunk in one.whole(name)]
        return self.lines([*chunks, *one.appended()])

    def more(self) -> list[str]:
        """What the running process reads now."""
        return self.lines(list(self.open.appended()))

    @staticmethod
    def lines(chunks: list[Chunk]) -> list[str]:
        return b"".join(chunk.lines for chunk in chunks).decode().split()


@pytest.fixture
def log(tmp_path: Path) -> Log:
    made = Log(tmp_path / "a.log")
    made.path.write_text("one\ntwo\n")
    return made


def add(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_what_is_appended_is_given_once(log: Log) -> None:
    assert log.more() == ["one", "two"]
    assert log.more() == []
    add(log.path, "three\nfo")
    assert log.more() == ["three"]
    add(log.path, "ur\n")
    assert log.more() == ["four"]
    assert log.again() == []


def test_through_a_rename(log: Log) -> None:
    assert log.more() == ["one", "two"]
    log.path.rename(f"{log.path}.1")
    add(Path(f"{log.path}.1"), "three\n")  # the daemon still writes to the old file
    assert log.more() == ["three"]
    log.path.write_text("four\n")
    assert log.more() == ["four"]
    add(log.path, "five\n")
    assert log.more() == ["five"]


def test_a_rotation_while_nobody_looked(log: Log) -> None:
    assert log.more() == ["one", "two"]
    add(log.path, "three\n")
    log.path.rename(f"{log.path}.1")
    log.path.write_text("four\n")
    assert log.again() == ["three", "four"]
    assert log.again() == []


def test_several_rotations_and_compression_while_nobody_looked(log: Log) -> None:
    assert log.more() == ["one", "two"]
    packed = Path(f"{log.path}.2.gz")
    packed.write_bytes(gzip.compress(b"one\ntwo\nthree\n"))
    os.utime(packed, (1, 1))
    Path(f"{log.path}.1").write_text("four\nfive\n")
    os.utime(f"{log.path}.1", (2, 2))
    log.path.write_text("six\n")
    assert log.again() == ["three", "four", "five", "six"]
    assert log.again() == []


def test_copytruncate(log: Log) -> None:
    assert log.more() == ["one", "two"]
    Path(f"{log.path}.1").write_text(log.path.read_text())
    os.truncate(log.path, 0)
    assert log.more() == []
    add(log.path, "three\n")
    assert log.more() == ["three"]
    assert log.again() == []


def test_copytruncate_and_more_than_before_at_once(log: Log) -> None:
    filled = "".join(f"line{n}\n" for n in range(100))
    add(log.path, filled)
    assert len(log.more()) == 102
    os.truncate(log.path, 0)
    add(log.path, "new\n" + filled * 2)
    assert len(log.more()) == 201


def test_a_file_written_anew_that_begins_alike(log: Log) -> None:
    head = "x" * 40 + "\n"
    log.path.write_text(head + "a\n" * 300)
    assert len(log.more()) == 301
    log.path.write_text(head + "b\n" * 400)
    assert len(log.more()) == 401
    log.path.write_text(head + "c\n")
    assert len(log.more()) == 2


def test_it_need_not_be_there_yet(tmp_path: Path) -> None:
    log = Log(tmp_path / "later.log")
    assert log.more() == []
    log.path.write_text("one")
    assert log.more() == []
    add(log.path, "\n")
    assert log.more() == ["one"]


def test_the_past_of_a_log_that_was_never_read_is_left_alone(log: Log) -> None:
    Path(f"{log.path}.1").write_text("old\n")
    assert log.again() == ["one", "two"]


def test_a_chunk_that_was_begun_is_read_to_the_same_place(log: Log) -> None:
    (chunk,) = log.open.appended()
    log.places[chunk.place.file] = Place(chunk.place.file, 0, chunk.start, chunk.before, chunk.place.offset)
    add(log.path, "three\n")
    log.open.close()
    first, rest = log.start().appended()
    assert (first.lines, first.start) == (chunk.lines, chunk.start)
    assert rest.lines == b"three\n"


def test_a_packed_log_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.log.gz"
    path.write_bytes(gzip.compress(b"one\ntwo\nthree"))
    log = Log(path)
    assert log.lines(list(log.open.whole())) == ["one", "two", "three"]
    assert log.lines(list(log.open.whole())) == []


def test_what_is_damaged_or_missing_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    path = tmp_path / "a.log.gz"
    path.write_bytes(gzip.compress(b"one\n" * 1000)[:-12])
    assert LogFile(str(path), {}, LIMITS, told.append).whole() is not None
    list(LogFile(str(path), {}, LIMITS, told.append).whole())
    list(LogFile(str(tmp_path / "none"), {}, LIMITS, told.append).whole())
    assert len(told) == 2
