"""Who may open the operator's pages: links that work once, and the sessions that they begin.

Each is a random 256-bit secret; the home keeps an empty file named after its hash, so whoever reads the folder
learns no secret, every process of one home agrees, and using a link up is one atomic removal.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
import time
from pathlib import Path

from junkhound.kernel.config import Config

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_SECONDS = 3600


class Doors:
    """The links and sessions of one home."""

    def __init__(self, settings: Config) -> None:
        self._links = settings.home / "run/web/links"
        self._sessions = settings.home / "run/web/sessions"
        self._link_s = settings.web.link_hours * _SECONDS
        self.session_s = int(settings.web.session_hours * _SECONDS)

    def link(self) -> str:
        """The secret of a new link that works once. What ended unused is swept away."""
        _sweep(self._links, self._link_s)
        _sweep(self._sessions, self.session_s)
        return _new(self._links)

    def enter(self, secret: str) -> str | None:
        """Use a link up: the secret of a new session; None for a link that is unknown, used or too old."""
        place = _place(self._links, secret)
        if place is None or not _young(place, self._link_s):
            return None
        try:
            place.unlink()  # whoever removes it has it: a second user finds nothing
        except FileNotFoundError:
            return None
        return _new(self._sessions)

    def known(self, secret: str) -> bool:
        """Whether a session is one of ours and not over."""
        place = _place(self._sessions, secret)
        return place is not None and _young(place, self.session_s)

    def leave(self, secret: str) -> None:
        """End a session."""
        place = _place(self._sessions, secret)
        if place is not None:
            place.unlink(missing_ok=True)


def _place(folder: Path, secret: str) -> Path | None:
    if not _SECRET.match(secret):
        return None
    return folder / hashlib.sha256(secret.encode()).hexdigest()


def _new(folder: Path) -> str:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = secrets.token_urlsafe(32)
    place = _place(folder, secret)
    assert place is not None
    place.touch(mode=0o600, exist_ok=False)
    return secret


def _young(place: Path, seconds: float) -> bool:
    try:
        age = time.time() - place.stat().st_mtime
    except OSError:
        return False
    return -60 <= age < seconds  # a clock set back by more makes it end


def _sweep(folder: Path, seconds: float) -> None:
    with contextlib.suppress(OSError):
        for place in folder.iterdir():
            if not _young(place, seconds):
                place.unlink(missing_ok=True)
