"""Mail as JSON lines: one object a line, the bytes in base64, beside them what is known of the delivery.

The form is docs/specs/jsonl.md. A wrong fact is left out and said; only a line without readable mail is refused.
"""

from __future__ import annotations

import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from junkhound.kernel import clock, net
from junkhound.kernel.errors import DataError, UsageError
from junkhound.wire.facts import Envelope, Facts, Origin, Recipient, Session

NEEDED = "mail"
MAX_COMMANDS = 1000  # commands of one session that are told


class Line(NamedTuple):
    """The mail, the facts that could be read, and a sentence for each that could not."""

    mail: bytes
    facts: dict[str, Any]
    wrong: tuple[str, ...]


def read(line: bytes) -> Line:
    """One line. Errors: DataError where it is no JSON object or holds no mail."""
    row = _row(line)
    if not isinstance(row, dict) or not isinstance(row.get(NEEDED), str):
        raise DataError('no "mail" in this line', 'each line is an object such as {"mail": "BASE64", ...}')
    try:
        mail = binascii.a2b_base64(row[NEEDED].translate(_NO_SPACE).encode(), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise DataError(f'"mail" is not base64: {error}') from None
    facts: dict[str, Any] = {}
    wrong = []
    for name, check in _CHECKS.items():
        value = row.get(name)
        if value is None:
            continue
        try:
            facts[name] = check(value)
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError, UsageError):
            wrong.append(f'"{name}" is wrong and left out: {str(value)[:80]!r}')
    return Line(mail, facts, tuple(wrong))


def _row(line: bytes) -> Any:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        refused = error
    try:
        return json.loads(line)  # it takes lone surrogates, which make one fact wrong and not the whole line
    except (ValueError, RecursionError):
        raise DataError(f"not JSON: {refused}") from None


def write(mail: bytes, facts: Mapping[str, Any] = {}) -> bytes:
    """One line with its line end, facts named and typed as ``read`` gives them; unknown names are refused."""
    row: dict[str, Any] = {}
    for name, value in facts.items():
        if name not in _CHECKS:
            raise UsageError(f"no fact called {name!r}", f"known: {', '.join(_CHECKS)}")
        row[name] = _plain(name, value)
    row[NEEDED] = binascii.b2a_base64(mail, newline=False).decode()
    return msgspec.json.encode(row) + b"\n"


def facts_of(
    found: Mapping[str, Any], intake: str, kind: int, received_at: int, imported: bool = True, truncated: bool = False
) -> Facts:
    """The facts of a delivery: those found in its line, the others as given here.

    A line with client, time and arrival reports a whole session: it counts as seen then, and is no import.
    ``received_at`` is when we took the line in, whatever time it tells.
    """
    imported = imported and not {"client", "received_at", "arrival"} <= found.keys()
    session = {name: found[name] for name in _SESSION if name in found}
    return Facts(
        Origin(
            client=found.get("client"),
            received_at=found.get("received_at", received_at),
            intake=intake,
            kind=kind,
            imported=imported,
            arrival=found.get("arrival", ""),
            truncated=truncated,
            taken_at=received_at if found.get("received_at", received_at) != received_at else None,
        ),
        Envelope(found.get("mail_from"), tuple(found.get("rcpt", ()))),
        Session(**session),
    )


def _plain(name: str, value: Any) -> Any:
    if name in ("client", "local"):
        return str(net.from_packed(value))
    if name == "received_at":
        return clock.to_datetime(value).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if name == "rcpt":
        return [{"address": _words(r.address), "code": r.code, "trap": r.trap} for r in value]
    if name == "dialect":
        return [_words(one) for one in value]
    return _words(value) if isinstance(value, bytes) else value


def _words(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _address(value: Any) -> bytes:
    found = net.parse(value)
    if found is None:
        raise ValueError
    return found.v4.to_bytes(4, "big") if found.is_v4 else found.packed


def _bytes(value: Any) -> bytes:
    return _text(value).encode()


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value.encode()) > 65535:  # a lone surrogate is a ValueError too
        raise ValueError
    return value


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError
        return value

    return check


def _moment(value: Any) -> int:
    return _whole(0, 1 << 62)(clock.parse(value) if isinstance(value, str) else value)


def _recipients(value: Any) -> tuple[Recipient, ...]:
    if not isinstance(value, list):
        raise ValueError
    return tuple(_recipient(one) for one in value)


def _recipient(value: Any) -> Recipient:
    if isinstance(value, str):
        return Recipient(_bytes(value), 250, False)
    code, trap = value.get("code", 250), value.get("trap", False)
    if not isinstance(trap, bool):
        raise ValueError
    return Recipient(_bytes(value["address"]), _whole(200, 599)(code), trap)


def _dialect(value: Any) -> tuple[bytes, ...]:
    if not isinstance(value, list) or len(value) > MAX_COMMANDS:
        raise ValueError
    return tuple(_bytes(one) for one in value)


def _numbers(low: int, high: int) -> Callable[[Any], tuple[int, ...]]:
    check = _whole(low, high)

    def checks(value: Any) -> tuple[int, ...]:
        if not isinstance(value, list) or len(value) > MAX_COMMANDS:
            raise ValueError
        return tuple(map(check, value))

    return checks


_NO_SPACE = {ord(space): None for space in " \t\r\n"}
_PORT = _whole(0, 65535)
_SESSION: dict[str, Callable[[Any], Any]] = {
    "client_port": _PORT,
    "client_name": _text,
    "local": _address,
    "local_port": _PORT,
    "helo": _bytes,
    "protocol": _text,
    "tls_version": _whole(0, 65535),
    "tls_cipher": _text,
    "client_hello": _text,
    "dialect": _dialect,
    "command_us": _numbers(0, 1 << 40),
    "replies": _numbers(100, 599),
    "manners": _whole(0, 0xFFFF_FFFF),
}
_CHECKS: dict[str, Callable[[Any], Any]] = {
    "client": _address,
    "mail_from": _bytes,
    "rcpt": _recipients,
    "received_at": _moment,
    "arrival": _text,
} | _SESSION
FACTS = tuple(_CHECKS)
