"""Archives and mailboxes made in memory, and everything that comes out of them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import zstandard

from junkhound.intake import Mail, Problem, open_sources
from junkhound.kernel.config import Intake

POSTMARK = b"From someone@example.org Mon Jan  2 03:04:05 2006\n"


def mail(number: int, body: bytes = b"text\n") -> bytes:
    return b"Received: from mail.example.org\nSubject: %d\n\n" % number + body


def mbox(*mails: bytes) -> bytes:
    return b"".join(POSTMARK + one + b"\n" for one in mails)


class Taken:
    """What came out of some sources."""

    def __init__(self, *paths: object, **limits: int) -> None:
        self.counts: Counter[str] = Counter()
        self.problems: list[Problem] = []
        self.steps: list[tuple[int, int | None]] = []
        self.mails: list[Mail] = list(
            open_sources(
                [str(path) for path in paths],
                Intake(**limits),
                self.counts,
                lambda done, total: self.steps.append((done, total)),
                self.problems.append,
            )
        )

    @property
    def bytes(self) -> list[bytes]:
        return [one.payload for one in self.mails]


def tar_of(members: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def zip_of(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor().compress,
}


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
