"""One tree of errors: the class says whose fault it is, whether to retry, and what to tell a machine.

Exit codes follow sysexits(3), because mail servers that pipe into us act on them: 75 keeps the
message queued. Messages start lower case, have no full stop and quote the value that was wrong.
"""

from __future__ import annotations


class JunkhoundError(Exception):
    """Root of every error we raise on purpose; ``hint`` is the next step, if there is one."""

    code = "error"
    exit_code = 70
    http_status = 500

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[type[JunkhoundError], tuple[str, str | None]]:
        return type(self), (self.message, self.hint)


class UsageError(JunkhoundError):
    """The request makes no sense."""

    code = "usage"
    exit_code = 64
    http_status = 400


class ConfigError(JunkhoundError):
    """A setting is wrong."""

    code = "config"
    exit_code = 78
    http_status = 500


class NotFound(JunkhoundError):
    """There is no such thing."""

    code = "not_found"
    exit_code = 66
    http_status = 404


class Refused(JunkhoundError):
    """Understood, and policy says no."""

    code = "refused"
    exit_code = 77
    http_status = 403


class DataError(JunkhoundError):
    """A file is not what it claims to be."""

    code = "data"
    exit_code = 65
    http_status = 422


class TamperError(DataError):
    """Evidence broke its seal."""

    code = "tamper"


class Temporary(JunkhoundError):
    """May work later: a full disk, a held lock, a resolver that timed out."""

    code = "temporary"
    exit_code = 75
    http_status = 503
