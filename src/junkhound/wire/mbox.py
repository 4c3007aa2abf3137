"""Mailbox files (mbox): splits a stream of any length into messages, and undoes the quoting where that is certain.

An mbox is messages one after the other, each behind a postmark (``From ADDRESS DATE``) and before a blank line.
Four variants differ in how they keep a body line that begins with ``From `` from being taken for a postmark:

========  =========================================================================================
mboxo     puts ``>`` before ``From ``; what was ``>From `` before stays as it is, so nobody can tell
mboxrd    puts ``>`` before ``From ``, ``>From ``, ``>>From `` and so on: the one that can be undone
mboxcl    as mboxo, and every header has a Content-Length that counts the body
mboxcl2   Content-Length only, nothing quoted
========  =========================================================================================

mboxo, mboxrd and mboxcl look alike, so quoting is left as found unless the operator names the variant (or the file
is called ``.mboxrd``). The Content-Length is believed only if every message at the start of the file has one
that ends exactly at a postmark: otherwise a sender could write one to swallow his neighbours.

Source: https://www.loc.gov/preservation/digital/formats/fdd/fdd000383.shtml and RFC 4155.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

VARIANTS = ("o", "rd", "cl", "cl2")

_CHUNK = 1 << 20
_AHEAD = 4096  # a postmark and the line after it must fit, or it is no postmark
_SAMPLE = 50  # messages whose Content-Length must all be right

_WEEKDAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_ASCTIME = re.compile(_WEEKDAY + rb",? +" + _MONTH + rb" +\d\d? +\d\d?:\d\d(?::\d\d)?(?: +[^ \r\n]{1,9}){0,2} +\d{4}\b")
# At a candidate; where group 1 is there, it is a postmark with a full date before a header field: nearly always.
_CANDIDATE = {
    end: re.compile(
        end
        + rb"From (?:(?![ \t]*:)(?:[^ \r\n]{1,300} +|[^\r\n]{0,300}?)"  # one word, nearly always
        + _ASCTIME.pattern
        + rb"[^\r\n]{0,300}"
        + line_end
        + rb"()(?=[!-9;-~]{1,99}:))?"
    )
    for end, line_end in ((b"\n", rb"\r?\n"), (b"\r", rb"\r"))
}
_SOME_DATE = re.compile(rb"\d:\d\d|\b(?:19|20)\d\d\b")
_AFTER = re.compile(rb"[!-9;-~]+[ \t]*:|>?From |\r?\n|\r|\Z")
_NO_POSTMARK = re.compile(rb"From[ \t]*:")
_CONTENT_LENGTH = re.compile(rb"(?m)^content-length[ \t]*:[ \t]*(\d{1,15})[ \t]*\r?$")
_HEADER_END = re.compile(rb"\n\r?\n")
_QUOTED = {
    "rd": re.compile(rb"(?:(?<=[\r\n])|\A)>(?=>*From )"),
    "o": re.compile(rb"(?:(?<=[\r\n])|\A)>(?=From )"),
}
_QUOTED["cl"] = _QUOTED["o"]


class Piece(NamedTuple):
    """One message: its bytes without postmark and closing blank line, counted from 1, and whether it was cut."""

    payload: bytes
    number: int
    truncated: bool


def is_postmark(head: bytes) -> bool:
    """Whether the bytes begin with a ``From `` line that is no header field (``From :`` is one)."""
    return head.startswith(b"From ") and not _NO_POSTMARK.match(head)


def is_mbox(head: bytes) -> bool:
    """Whether a file that begins like this is an mbox: a dated postmark, then a header; blank lines may precede."""
    head = head.lstrip(b"\r\n")
    if not is_postmark(head):
        return False
    end = _line_end(head, 0)
    line, after = head[:end], head[_past(head, end) :]
    return bool(_SOME_DATE.search(line)) and bool(_AFTER.match(after))


def without_postmark(mail: bytes) -> bytes:
    """One mail as kept by a program that put a postmark before it: the rest after that line."""
    if not is_postmark(mail):
        return mail
    return mail[_past(mail, _line_end(mail, 0)) :]


def unquote(mail: bytes, variant: str) -> bytes:
    """Undo the quoting of a variant; ``""`` (not known) and ``cl2`` leave everything as found."""
    pattern = _QUOTED.get(variant)
    if pattern is None or b">From " not in mail:
        return mail
    return pattern.sub(b"", mail)


def split(read: Callable[[int], bytes], limit: int, variant: str = "") -> Iterator[Piece]:
    """The messages of an mbox that ``read(n)`` gives piece by piece, ``b""`` at its end.

    Memory holds one message of at most ``limit`` bytes and one chunk; longer messages are cut there. Bytes before the
    first postmark, if they are more than blank lines, are a message of their own, so that nothing is lost. An error of
    ``read`` comes up after the messages that were whole before it.
    """
    return _Splitter(read, limit, variant).pieces()


def _line_end(buffer: bytes, at: int) -> int:
    """Where the line that holds ``at`` ends, before its line end."""
    end = buffer.find(b"\n", at)
    if end < 0:
        end = len(buffer)
    carriage = buffer.find(b"\r", at, end)
    return end if carriage < 0 else carriage


def _past(buffer: bytes, end: int) -> int:
    """The start of the next line, given where this one ends."""
    if buffer[end : end + 2] == b"\r\n":
        return end + 2
    return min(end + 1, len(buffer))


class _Splitter:
    """A window that moves over the stream; ``at`` is where the current message starts in it."""

    def __init__(self, read: Callable[[int], bytes], limit: int, variant: str) -> None:
        self.read = read
        self.limit = limit
        self.variant = variant
        self.window = b""
        self.at = 0
        self.ended = False
        self.marked = False  # a postmark was passed whose message is to come, and be it empty
        self.failed: Exception | None = None
        self.line_end = b"\n"
        self.candidate = _CANDIDATE[b"\n"].match
        self.places: list[int] = []  # line ends before "From " in the window, from the one that is next on
        self.place = 0
        self.after = -1  # where the next message starts, if that is known already
        self.dated = True
        self.lengths = False

    def more(self) -> bool:
        """Append the next chunk and drop what lies before ``at``; False at the end of the stream."""
        if self.ended:
            return False
        try:
            chunk = self.read(_CHUNK)
        except Exception as error:  # the mails before the damage are whole: they go first
            self.failed = error
            chunk = b""
        if not chunk:
            self.ended = True
            return False
        at = self.at
        known = len(self.window) - at
        self.window = self.window[at:] + chunk
        self.places = [place - at for place in self.places[self.place :] if place >= at]
        self.places += self._places(max(known - len("\nFrom ") + 1, 0))
        self.place = self.at = 0
        return True

    def _places(self, since: int) -> list[int]:
        """Where a line end stands before ``From `` in the window. Found by pairs: ``bytes.find`` takes eight times as
        long, since every space in the text may be the end of what it looks for."""
        window = self.window
        pair = np.frombuffer(self.line_end + b"F", np.uint16)[0]
        found = []
        for start in (since, since + 1):
            pairs = np.frombuffer(window, np.uint16, max(len(window) - start, 0) // 2, min(start, len(window)))
            found += (np.flatnonzero(pairs == pair) * 2 + start).tolist()
        return sorted(place for place in found if window.startswith(b"From ", place + 1))

    def pieces(self) -> Iterator[Piece]:
        while len(self.window) < _CHUNK and self.more():  # what the beginning tells must not depend on the reads
            pass
        self._open()
        number = 0
        while self.at < len(self.window) or self.more() or self.marked:
            if not self.lengths and not self.variant:
                for payload in self._plain():
                    number += 1
                    yield Piece(payload, number, False)
            payload, truncated = self._next()
            if self.failed is not None and self.at >= len(self.window):
                break
            number += 1
            if self.variant:
                payload = unquote(payload, self.variant)
            yield Piece(payload, number, truncated)
        if self.failed is not None:
            raise self.failed

    def _open(self) -> None:
        """Skip blank lines and learn the line end, the kind of postmark and whether lengths can be believed."""
        while self.at < len(self.window) and self.window[self.at] in b"\r\n":
            self.at += 1
        end = _line_end(self.window, self.at)
        if self.window[end : end + 1] == b"\r" and self.window[end + 1 : end + 2] != b"\n":
            self.line_end = b"\r"
            self.candidate = _CANDIDATE[b"\r"].match
            self.places = self._places(0)
        if is_postmark(self.window[self.at : end]):
            self.marked = True
            self.dated = bool(_SOME_DATE.search(self.window, self.at, end))
            self.at = _past(self.window, end)
        self.lengths = self.variant not in ("o", "rd") and self._lengths_hold()

    def _plain(self) -> Iterator[bytes]:
        """The messages from here on as long as each ends before a dated postmark in the window: nearly all of them."""
        window, limit, candidate = self.window, self.limit, self.candidate
        for before in self.places[self.place :]:
            if before >= self.at:
                found = candidate(window, before)
                if found is None or found[1] is None or before - self.at >= limit:
                    return
                last = window[before - 1 : before + 1]
                if last == b"\n\n":
                    payload = window[self.at : before]
                else:
                    payload = self._without_blank_line(window[self.at : before + 1])
                self.at, self.marked = found.end(), True
                yield payload
            self.place += 1

    def _next(self) -> tuple[bytes, bool]:
        """The message at ``at``, and step behind the postmark that ends it."""
        kept: bytes | None = None
        self.after = -1
        end = self._end_by_length() if self.lengths else -1
        exact = end >= 0
        look = self.at
        while end < 0:
            end, look = self._find(look)
            if end >= 0 or self.ended:
                break
            if len(self.window) - self.at > self.limit + _CHUNK:
                # Too long: keep its beginning, and only so much of the rest as a postmark may need.
                kept = self.window[self.at : self.at + self.limit] if kept is None else kept
                self.at = max(self.at, len(self.window) - 2 * _AHEAD)
            look -= self.at
            if not self.more():
                look += self.at
        last = end < 0
        stop = len(self.window) if last else end
        payload = kept if kept is not None else self.window[self.at : stop]
        self._step(stop, last)
        if kept is None and not exact:
            payload = self._without_blank_line(payload)
        if len(payload) > self.limit:
            return payload[: self.limit], True
        return payload, kept is not None

    def _step(self, stop: int, last: bool) -> None:
        """Move ``at`` behind the postmark at ``stop``; after a Content-Length blank lines or the end may come first."""
        if self.after >= 0:
            self.at, self.marked = self.after, True
            return
        while not last and self.window[stop : stop + 1] in (b"\r", b"\n"):
            stop += 1
        self.marked = stop < len(self.window)
        self.at = _past(self.window, _line_end(self.window, stop)) if self.marked else stop

    def _find(self, look: int) -> tuple[int, int]:
        """(where the message ends or -1, where to look on)."""
        self.after = -1
        window = self.window
        while True:
            while self.place < len(self.places) and self.places[self.place] < look:
                self.place += 1
            if self.place == len(self.places):
                return -1, max(self.at, len(window) - len("\nFrom ") + 1)
            before = self.places[self.place]
            at = before + 1
            found = self.candidate(window, before)
            if found is not None and found[1] is not None:
                self.after = found.end()
                return at, at
            if at - 1 + _AHEAD > len(window) and not self.ended:
                return -1, at - 1
            if self._is_boundary(at):
                return at, at
            look = at

    def _is_boundary(self, at: int) -> bool:
        """Whether the ``From `` line at ``at`` starts a message.

        A full asctime date and a header field after it are enough; with any less there must be a blank line before it.
        """
        window = self.window
        limit = at + _AHEAD
        line_end = _line_end(window[at:limit], 0) + at
        if _NO_POSTMARK.match(window, at) or line_end >= limit:
            return False
        after = _past(window, line_end)
        if not _AFTER.match(window, after, limit):
            return False
        if _ASCTIME.search(window, at, line_end):
            return True
        blank = window[max(0, at - 4) : at].endswith((b"\n\n", b"\n\r\n", b"\r\r"))
        return blank and (not self.dated or bool(_SOME_DATE.search(window, at, line_end)))

    def _without_blank_line(self, payload: bytes) -> bytes:
        if payload.endswith(b"\n\r\n"):
            return payload[:-2]
        if payload.endswith((b"\n\n", b"\r\r")):
            return payload[:-1]
        return payload

    def _lengths_hold(self) -> bool:
        """Whether each of the first messages has a Content-Length that ends at a postmark."""
        start, at = self.at, self.at
        right = 0
        while right < _SAMPLE:
            self.at = at
            end = self._end_by_length(grow=False)
            self.at = start
            if end < 0:
                return right > 0 and end == -2
            right += 1
            while self.window[end : end + 1] in (b"\r", b"\n"):
                end += 1
            if end >= len(self.window):
                return True
            at = _past(self.window, _line_end(self.window, end))
        return True

    def _end_by_length(self, grow: bool = True) -> int:
        """Where the Content-Length says the message ends; -1 if it has none or is wrong, -2 if that lies ahead."""
        header = _HEADER_END.search(self.window, max(self.at - 1, 0))
        if header is None:
            return -1 if self.ended or grow else -2
        length = _CONTENT_LENGTH.search(self.window[self.at : header.end()].lower())
        if length is None or int(length[1]) > self.limit:
            return -1
        size = header.end() - self.at + int(length[1])
        while self.at + size + _AHEAD > len(self.window) and not self.ended:
            if not grow:
                return -2
            self.more()
        end = at = self.at + size
        if end > len(self.window):
            return -1
        while at < end + 4 and self.window[at : at + 1] in (b"\r", b"\n"):
            at += 1
        if at >= len(self.window):
            return end
        return end if at > end and self.window.startswith(b"From ", at) and self._is_boundary(at) else -1
