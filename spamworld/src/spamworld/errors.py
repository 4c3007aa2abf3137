"""What can go wrong on purpose: a message, the next step, and an exit code of sysexits(3)."""

from __future__ import annotations


class WorldError(Exception):
    """Root of the errors that a user can do something about; ``hint`` is the next step, if there is one."""

    exit_code = 70

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(WorldError):
    """The request makes no sense."""

    exit_code = 64


class NotFound(WorldError):
    """There is no such thing."""

    exit_code = 66


class Refused(WorldError):
    """Understood, and not done."""

    exit_code = 77


class DataError(WorldError):
    """A file of a world is not what it claims to be."""

    exit_code = 65
