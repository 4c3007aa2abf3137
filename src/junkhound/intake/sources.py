"""Every kind of file and archive that mail is kept in, read as one stream of mails with flat memory.

What a file is gets decided by its first bytes, layer by layer: a ``.tar.gz`` is gzip, then tar, then each member again
anything. Whatever is not taken is counted and said; nothing ends the run.
"""

from __future__ import annotations

import lzma
import os
import stat
import sys
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import IO, NamedTuple, cast

from junkhound.intake import sniff, tar
from junkhound.intake.mail import MB, Mail, Problem, Talk, folder_kind, shown
from junkhound.intake.unpack import MAGIC, Bomb, Broken, Gauge, Unpacked, Window
from junkhound.kernel import config
from junkhound.kernel.errors import DataError
from junkhound.tables.words import Kind
from junkhound.wire import jsonl, mbox

_SMALL = 1 << 20  # files up to this size are read at once
_LAYERS = 5  # compressed, archive, compressed, archive, compressed
_ARCHIVES = 2
_MAILDIR = ("cur", "new", "tmp")


def open_sources(
    paths: Iterable[str],
    limits: config.Intake,
    defects: Counter[str] | None = None,
    progress: Callable[[int, int | None], None] | None = None,
    problem: Callable[[Problem], None] | None = None,
    variant: str = "",
    reports: bool = False,
) -> Iterator[Mail]:
    """Every mail in files, folders and archives, ``-`` for standard input.

    Args:
        defects: counts what was not taken or not whole, by the words of ``mail.PROBLEMS``.
        progress: told (bytes read, bytes in all; None where a pipe hides that) every quarter of a megabyte.
        problem: told each problem with its place.
        variant: how mbox files quote ``From`` lines, where the operator knows (``mbox.VARIANTS``).
        reports: complaints are read, so Outlook's files and JSON reports inside a folder count as mail too.
    """
    listed = list(paths)
    talk = Talk(Counter() if defects is None else defects, problem, progress, _total(listed) if progress else None)
    reader = _Reader(limits, talk, variant, reports)
    for path in listed:
        yield from reader.standard_input() if path == "-" else reader.path(path, named=True)
    talk.tell()


class _Source(NamedTuple):
    """Where a stream comes from, as far as decisions need it."""

    locator: str
    name: str
    folder: str
    named: bool
    layers: int = 0
    archives: int = 0

    def inside(self, member: str) -> _Source:
        """A member of this archive."""
        return _Source(
            f"{self.locator}!{shown(member)}",
            member.rpartition("/")[2].lower(),
            _folder_of(member) or self.folder,
            False,
            self.layers + 1,
            self.archives + 1,
        )

    def unpacked(self) -> _Source:
        """What this compressed file holds."""
        name = self.name
        for suffix in sniff.PACKED_SUFFIXES:
            name = name.removesuffix(suffix)
        return self._replace(name=name, layers=self.layers + 1)


class _Reader:
    def __init__(self, limits: config.Intake, talk: Talk, variant: str, reports: bool = False) -> None:
        self._reports = reports
        self._limits = limits
        self._limit = limits.mail_limit_mb * MB
        self._talk = talk
        self._variant = variant

    def _gauge(self) -> Gauge:
        limits = self._limits
        return Gauge(limits.archive_limit_mb * MB, limits.archive_ratio, limits.archive_members)

    def standard_input(self) -> Iterator[Mail]:
        yield from self._descriptor(sys.stdin.fileno(), _Source("-", "", "", True), None)

    def path(self, path: str, named: bool = False) -> Iterator[Mail]:
        """A file, or a folder with everything below it."""
        locator = shown(path)
        try:
            state = os.stat(path)
            if stat.S_ISDIR(state.st_mode):
                before, mails = self._talk.problems, 0
                for mails, mail in enumerate(self._folder(path), 1):  # noqa: B007 - the count is looked at behind it
                    yield mail
                if named and not mails and self._talk.problems == before:
                    self._talk.wrong("empty", locator, "a folder without mail")
                return
            if not (stat.S_ISREG(state.st_mode) or (named and stat.S_ISFIFO(state.st_mode))):
                self._talk.wrong("special", locator, "neither file nor folder")
                return
            source = _Source(locator, os.path.basename(path).lower(), _folder_of(os.path.abspath(path)), named)
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            self._talk.wrong("unreadable", locator, error.strerror or str(error))
            return
        try:
            yield from self._descriptor(descriptor, source, state.st_size if stat.S_ISREG(state.st_mode) else None)
        finally:
            os.close(descriptor)

    def _folder(self, path: str) -> Iterator[Mail]:
        """Files in the order of their names, numbers as numbers (MH); then folders. A Maildir's tmp is left alone."""
        try:
            with os.scandir(path) as entries:
                found = sorted(entries, key=_order)
        except OSError as error:
            self._talk.wrong("unreadable", shown(path), error.strerror or str(error))
            return
        names = {entry.name for entry in found}
        skip = {"tmp"} if {"cur", "new"} <= names else set()
        folders = []
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            elif entry.is_symlink() and entry.is_dir():
                self._talk.wrong("special", shown(entry.path), "a link to a folder: name that folder itself")
            else:
                yield from self.path(entry.path)
        for folder in folders:
            if os.path.basename(folder) not in skip:
                yield from self._folder(folder)

    def _descriptor(self, descriptor: int, source: _Source, size: int | None) -> Iterator[Mail]:
        """One open file. Whatever breaks inside it is told here, and the run goes on."""
        gauge = self._gauge()
        left = size or sys.maxsize  # asking a small file for its end again costs as much as reading it

        def read(wanted: int) -> bytes:
            nonlocal left
            got = os.read(descriptor, wanted) if left > 0 else b""
            left -= len(got)
            self._talk.advance(len(got))
            gauge.took(len(got))
            return got

        try:
            start = read(min(size, _SMALL)) if size else b""
            window = Window(read, start)
            seekable = descriptor if size is not None else None
            yield from self._stream(window, source, gauge, seekable)
        except Bomb as error:
            self._talk.wrong("bomb", source.locator, f"{error}; the rest of it was not read")
        except OSError as error:
            self._talk.wrong("unreadable", source.locator, error.strerror or str(error))

    def _stream(self, window: Window, source: _Source, gauge: Gauge, descriptor: int | None = None) -> Iterator[Mail]:
        """Anything: unpack it, open it, split it, or take it as one mail. Raises Bomb, tells everything else."""
        try:
            head = window.peek(sniff.HEAD)
            form = sniff.form_of(head, source.name)
            if form == "" or (form == "mbox" and source.name.endswith(sniff.MAIL_SUFFIXES)):
                yield from self._one(window, head, source)
            elif form == "empty":
                self._talk.wrong("empty", source.locator, "nothing in it")
            elif form == "mbox":
                yield from self._mbox(window, source)
            elif form == "jsonl":
                yield from self._json_lines(window, source)
            elif source.layers >= _LAYERS or (form in ("tar", "zip") and source.archives >= _ARCHIVES):
                self._talk.wrong("nested", source.locator, "packed too often: unpack the outer archive first")
            elif form in MAGIC:
                unpacked = Unpacked(
                    window.read, form, gauge, source.layers, partial(self._talk.wrong, "broken", source.locator)
                )
                yield from self._stream(Window(unpacked.read), source.unpacked(), gauge)
            elif form == "tar":
                yield from self._tar(window, source, gauge)
            else:
                yield from self._zip(window, source, gauge, descriptor)
        except Broken as error:
            if error.layer < source.layers:
                raise
            self._talk.wrong("broken", source.locator, str(error))

    def _one(self, window: Window, head: bytes, source: _Source) -> Iterator[Mail]:
        known = (
            source.named or sniff.is_mail(head, source.name) or (self._reports and sniff.is_report(head, source.name))
        )
        if not known and not _in_maildir(source):
            self._talk.wrong("not_mail", source.locator, sniff.reason(head))
            return
        limit = self._limit
        if source.name.endswith(".emlx"):
            limit = min(limit, _emlx_length(window))
            payload = window.exactly(limit)
            truncated = limit == self._limit and bool(window.peek(1))
        else:
            payload = window.exactly(limit)
            truncated = len(payload) == limit and bool(window.peek(1))
            payload = mbox.without_postmark(payload)
        yield from self._give(payload, source.locator, truncated, source.folder)

    def _give(self, payload: bytes, locator: str, truncated: bool, folder: str) -> Iterator[Mail]:
        if not payload:
            self._talk.wrong("empty", locator, "a mail without a byte")
            return
        if truncated:
            self._talk.wrong("cut", locator, f"longer than {self._limits.mail_limit_mb:,} MB ([intake] mail_limit_mb)")
        yield Mail(payload, locator, truncated, None, folder)

    def _mbox(self, window: Window, source: _Source) -> Iterator[Mail]:
        variant = self._variant or ("rd" if source.name.endswith(".mboxrd") else "")
        folder = _mailbox_name(source)
        locator = source.locator
        for payload, number, truncated in mbox.split(window.read, self._limit, variant):
            if payload and not truncated:
                yield Mail(payload, f"{locator}#{number}", folder=folder)
            else:
                yield from self._give(payload, f"{locator}#{number}", truncated, folder)

    def _json_lines(self, window: Window, source: _Source) -> Iterator[Mail]:
        for number, line in _lines(window, 2 * self._limit + (1 << 20)):
            locator = f"{source.locator}#{number}"
            if line is None:
                self._talk.wrong("bad_line", locator, f"longer than {self._limits.mail_limit_mb:,} MB allow")
                continue
            if not line.strip():
                continue
            try:
                mail, facts, wrong = jsonl.read(line)
            except DataError as error:
                self._talk.wrong("bad_line", locator, error.message)
                continue
            for sentence in wrong:
                self._talk.wrong("bad_fact", locator, sentence)
            for one in self._give(mail[: self._limit], locator, len(mail) > self._limit, source.folder):
                yield one._replace(facts=facts)

    def _tar(self, window: Window, source: _Source, gauge: Gauge) -> Iterator[Mail]:
        for member in tar.members(window, gauge, source.layers):
            inner = source.inside(member.name)
            if member.kind == "file":
                yield from self._stream(Window(member.read), inner, gauge)
            elif member.kind != "folder":
                self._talk.wrong("special", inner.locator, f"a {member.kind} in the archive: not followed")

    def _zip(self, window: Window, source: _Source, gauge: Gauge, descriptor: int | None) -> Iterator[Mail]:
        """A zip file is read from its end, so one that comes as a stream waits in a nameless file first."""
        unread = 0 if descriptor is None else os.fstat(descriptor).st_size - os.lseek(descriptor, 0, os.SEEK_CUR)
        with _as_file(window, descriptor) as file:
            try:
                archive = zipfile.ZipFile(file)
            except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
                raise Broken(f"the zip archive is cut off or damaged: {error}", source.layers) from None
            for info in archive.infolist():
                gauge.member()
                inner = source.inside(info.filename)
                kind = stat.S_IFMT(info.external_attr >> 16) if info.create_system == 3 else 0
                if info.is_dir():
                    continue
                if kind not in (0, stat.S_IFREG):
                    self._talk.wrong("special", inner.locator, "a link or device in the archive: not followed")
                    continue
                if read := min(unread, info.compress_size):
                    gauge.took(read)
                    self._talk.advance(read)
                    unread -= read
                yield from self._stream(Window(_ZipMember(archive, info, gauge, inner.layers).read), inner, gauge)


class _ZipMember:
    """One member of a zip file, unpacked as it is read. Errors: Broken, Bomb."""

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, gauge: Gauge, layer: int) -> None:
        self._archive, self._info, self._gauge, self._layer = archive, info, gauge, layer
        self._file: IO[bytes] | None = None
        self._ended = False
        # Only deflate can be told to stop early; the others unpack all of what one read takes.
        self._step = 1 << 16 if info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) else 4096

    def read(self, size: int) -> bytes:
        if self._ended:
            return b""
        try:
            if self._file is None:
                self._file = self._archive.open(self._info)
            got = self._file.read(min(size, self._step))
        except _ZIP_ERRORS as error:
            raise Broken(f"this member cannot be unpacked: {error}", self._layer) from None
        self._gauge.gave(len(got))
        if not got:
            self._ended = True
            self._file.close()
        return got


_ZIP_ERRORS = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
    OSError,
    zlib.error,
    lzma.LZMAError,
)


def _as_file(window: Window, descriptor: int | None) -> IO[bytes]:
    if descriptor is not None:
        return cast("IO[bytes]", os.fdopen(os.dup(descriptor), "rb"))
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    while part := window.read(_SMALL):
        file.write(part)
    file.seek(0)
    return file


def _lines(window: Window, longest: int) -> Iterator[tuple[int, bytes | None]]:
    """Lines counted from 1, None for one that is longer than allowed."""
    number, rest = 0, b""
    too_long = False
    while True:
        chunk = window.read(_SMALL)
        *whole, rest = (rest + chunk).split(b"\n") if chunk else [rest, b""]
        for line in whole:
            number += 1
            yield number, None if too_long else line
            too_long = False
        if len(rest) > longest:
            too_long, rest = True, b""
        if not chunk:
            return


def _order(entry: os.DirEntry[str]) -> tuple[int, int, str]:
    name = entry.name
    return (0, int(name), name) if name.isdecimal() and len(name) < 16 else (1, 0, name)


def _folder_of(path: str) -> str:
    """The name of the mail folder that a file lies in: Maildir's own parts and its dots left out."""
    above = path.rpartition("/")[0]
    name = above.rpartition("/")[2]
    if name in _MAILDIR:
        name = above.rpartition("/")[0].rpartition("/")[2]
    return name.rpartition(".")[2] if name.startswith(".") else name


def _mailbox_name(source: _Source) -> str:
    """A mailbox file is a folder by itself: ``Junk``, ``Junk.mbox``, ``INBOX.Spam``; else where it lies."""
    name = source.name.removesuffix(".mbox").removesuffix(".mboxrd").rpartition(".")[2]
    return name if folder_kind(name) is Kind.JUNK else source.folder.removesuffix(".mbox")


def _in_maildir(source: _Source) -> bool:
    """Files of a Maildir are mails by where they lie."""
    return source.locator.rpartition("!")[2].rpartition("/")[0].rpartition("/")[2] in ("cur", "new")


def _emlx_length(window: Window) -> int:
    """Apple Mail's own framing: a line with the mail's length, the mail, a property list."""
    head = window.peek(32)
    line = head.partition(b"\n")[0]
    if not line.strip().isdigit():
        return sys.maxsize
    window.skip(len(line) + 1)
    return int(line)


def _total(paths: list[str]) -> int | None:
    """Bytes of all files named, None where a stream hides it."""
    total = 0
    for path in paths:
        try:
            state = os.stat(path)
        except OSError:
            if path == "-":
                return None
            continue
        if stat.S_ISFIFO(state.st_mode):
            return None
        total += state.st_size if stat.S_ISREG(state.st_mode) else _below(path)
    return total


def _below(folder: str) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(root, name)).st_size
            except OSError:
                continue
    return total
