"""What a source gives: mails, and problems for everything that is not taken."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from junkhound.tables.words import Kind

MB = 1_000_000


class Mail(NamedTuple):
    """One mail as kept: transfer framing removed, line ends as found, nothing prepended.

    ``locator`` says where it was found (``path!member#number``), fit to be printed. ``truncated`` mails were longer
    than the limit. ``facts`` are those of a JSON line (``wire.jsonl.facts_of`` makes them whole). ``folder`` is the
    name of the mailbox or folder it lay in, for ``folder_kind``.
    """

    payload: bytes
    locator: str
    truncated: bool = False
    facts: dict[str, Any] | None = None
    folder: str = ""


class Problem(NamedTuple):
    """Something that was not taken, or not whole; ``kind`` is the word it is counted under."""

    locator: str
    text: str
    kind: str


# What is counted, and what it means for the person who counts.
PROBLEMS = {
    "empty": "nothing in it",
    "unreadable": "the system would not let us read it",
    "not_mail": "a file among the mails that is no mail",
    "special": "a link, device, pipe or socket inside a folder or archive",
    "broken": "an archive or file that is cut off or damaged: mails before the damage are taken",
    "bomb": "an archive that unpacks to more than the limits allow: mails before that are taken",
    "nested": "archives deeper in one another than we open them",
    "cut": "a mail over the size limit: its beginning is taken",
    "bad_line": "a JSON line without readable mail",
    "bad_fact": "a fact in a JSON line that makes no sense: the mail is taken without it",
}

_JUNK = re.compile(r"(junk|spam)([ _-]?(e-?mail|mail|folder))?\Z", re.IGNORECASE)


def folder_kind(folder: str) -> Kind:
    """What mail of this folder is where the operator did not say: a folder named Junk or Spam means junk."""
    return Kind.JUNK if _JUNK.match(folder) else Kind.UNSORTED


def shown(name: str) -> str:
    """A file's or member's name fit to be printed: no control characters, no broken text."""
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in name)


class Talk:
    """Where a reader counts what happened, tells problems, and how far it is."""

    _STEP = 1 << 18

    def __init__(
        self,
        counts: Counter[str],
        problem: Callable[[Problem], None] | None,
        progress: Callable[[int, int | None], None] | None,
        total: int | None,
    ) -> None:
        self._counts = counts
        self._problem = problem
        self._progress = progress
        self._total = total
        self._done = self._told = 0
        self.problems = 0

    def wrong(self, kind: str, locator: str, text: str) -> None:
        """Count a problem and tell it."""
        self.problems += 1
        self._counts[kind] += 1
        if self._problem is not None:
            self._problem(Problem(locator, text, kind))

    def advance(self, size: int) -> None:
        """Bytes of the sources that have been read."""
        self._done += size
        if self._progress is not None and self._done - self._told >= self._STEP:
            self.tell()

    def tell(self) -> None:
        """Say how far we are, now."""
        if self._progress is not None and self._told != self._done:
            self._told = self._done
            self._progress(self._done, self._total)
