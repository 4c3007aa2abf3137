"""How one mail is stored: as a JSON line with its session, and as mboxrd."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from spamworld.errors import UsageError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FROM = re.compile(rb"^(>*From )", re.MULTILINE)
_encode = msgspec.json.Encoder(order="deterministic").encode


def moment(at: int) -> str:
    """Microseconds UTC as RFC 3339 text."""
    whole, part = divmod(at, 1_000_000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{part:06d}Z"


def day(at: int) -> str:
    """Microseconds UTC as a day, such as 2006-01-02."""
    return f"{_EPOCH + timedelta(microseconds=at):%Y-%m-%d}"


def instant(text: str) -> int:
    """Microseconds UTC from RFC 3339 text or a day. Errors: UsageError."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"not an instant: {text!r}", "write 2006-03-01 or 2006-03-01T12:00:00Z") from None
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when
    return (when - _EPOCH) // timedelta(microseconds=1)


def json_line(raw: bytes, session: Mapping[str, object]) -> bytes:
    """One line: the mail in base64 under ``mail``, beside it the facts of its session."""
    return _encode({**session, "mail": base64.b64encode(raw).decode()}) + b"\n"


def mbox(raw: bytes, envelope_from: str, at: int) -> bytes:
    """One mail of an mbox (mboxrd): a From_ line, and one more ``>`` before lines that look like one."""
    when = datetime.fromtimestamp(at // 1_000_000, UTC)
    stamp = f"{_DAYS[when.weekday()]} {_MONTHS[when.month - 1]} {when.day:2d} {when:%H:%M:%S %Y}"
    body = _FROM.sub(rb">\1", raw)
    sender = (envelope_from or "MAILER-DAEMON").replace(" ", "")
    return f"From {sender} {stamp}\n".encode() + body + (b"\n" if body.endswith(b"\n") else b"\n\n")
