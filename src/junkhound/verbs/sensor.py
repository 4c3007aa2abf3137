"""Reports what this home's traps saw to a hub, until the hub has it: over HTTPS, again and again, counted once there.

What was not yet told stays where it is, in the ledger; only that the hub answered is noted. So a hub that is away for
a week, a connection that breaks and a sensor that is killed all end the same way: it is told again.
"""

from __future__ import annotations

import http.client
import json
import os
import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
import zstandard

from junkhound.kernel import clock
from junkhound.kernel.errors import ConfigError, JunkhoundError, Refused, Temporary
from junkhound.ledger.rows import Sighting
from junkhound.tables import Standing
from junkhound.verbs import evidence
from junkhound.verbs.office import Office
from junkhound.verbs.partners import KINDS, book_of
from junkhound.wire import sensing
from junkhound.wire.sensing import Report, Seen

AT_ONCE = 50
"""Segments that are looked up together."""
_ANSWER = 1 << 16


class Hub(NamedTuple):
    """Where reports go to, and as whom."""

    host: str
    port: int
    prefix: str
    token: str
    context: ssl.SSLContext | None
    timeout_s: float

    def send(self, method: str, path: str, body: bytes) -> tuple[int, str]:
        """Status and words of the hub's answer. Errors: Temporary where there is none."""
        connection: http.client.HTTPConnection
        if self.context is None:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout_s)
        else:
            connection = http.client.HTTPSConnection(self.host, self.port, timeout=self.timeout_s, context=self.context)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/zstd"}
        try:
            connection.request(method, f"{self.prefix}{path}", body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(_ANSWER).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise Temporary(f"the hub {self.host}:{self.port} cannot be told: {error}") from None
        finally:
            connection.close()


def hub_of(office: Office) -> Hub:
    """The hub of the settings. Errors: ConfigError."""
    settings = office.config.sensor
    parts = urlsplit(settings.hub)
    if not settings.hub:
        raise ConfigError(
            "no hub is named, so nothing is reported", 'set [sensor] hub = "https://hub.example.org:8443"'
        )
    loopback = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.hostname is None or not (parts.scheme == "https" or (parts.scheme == "http" and loopback)):
        raise ConfigError(f"[sensor] hub: {settings.hub!r} is no https address", "without TLS only on this machine")
    token = os.environ.get("JUNKHOUND_SENSOR_TOKEN", "")
    if settings.token_file:
        try:
            token = Path(settings.token_file).expanduser().read_text("ascii").strip()
        except (OSError, ValueError) as error:
            raise ConfigError(f"[sensor] token_file: cannot read {settings.token_file!r}: {error}") from None
    if not token:
        raise ConfigError("the sensor has no token", "the hub's operator makes one: junkhound partners enroll NAME")
    context = None
    if parts.scheme == "https":
        try:
            context = ssl.create_default_context(cafile=settings.ca or None)
        except OSError as error:
            raise ConfigError(f"[sensor] ca: cannot read {settings.ca!r}: {error}") from None
    port = parts.port or (443 if context is not None else 80)
    return Hub(parts.hostname, port, parts.path.rstrip("/"), token, context, settings.timeout_s)


def report_of(name: str, rows: Sequence[Sighting], tlp: str) -> Report:
    """What the hub is told of a segment: no trap, no recipient, no keyed number of either."""
    seen = [
        Seen(
            id=row.id.hex(), address=None if row.address is None else str(row.address), seen_at=row.seen_at,
            kind=row.kind, path=row.path, state=row.state, confidence=min(row.confidence, 10_000), clues=row.clues,
            defects=row.defects, asn=row.asn, prefix=row.prefix, country=row.country, operator=row.operator,
            recipients=min(row.recipients, 0xFFFF), count=row.count, size=row.size, hops=row.hops,
            template=f"{row.template:016x}", auth_domain=f"{row.auth_domain:016x}",
        )
        for row in sorted(rows, key=lambda row: row.ordinal)
        if row.standing == Standing.TRAP and row.kind in KINDS and not row.resend
    ]  # fmt: skip
    return Report(segment=name, tlp=tlp, sightings=tuple(seen))


def plan(office: Office) -> list[dict[str, Any]]:
    """What would be told next, as it would leave."""
    waiting = book_of(office).unsent(AT_ONCE)
    rows: dict[int, list[Sighting]] = {number: [] for number, _ in waiting}
    for row in office.ledger.query().of_segments(list(rows)) if rows else ():
        rows[row.segment].append(row)
    reports = (report_of(name, rows[number], office.config.sensor.tlp) for number, name in waiting)
    return [msgspec.to_builtins(report) for report in reports if report.sightings]


def push(office: Office, stop: Callable[[], bool] = lambda: False) -> Counter[str]:
    """Tell the hub what it does not know yet; how many segments were ``taken``, ``known``, ``refused``, ``empty``.

    Errors: Temporary where the hub is away (the rest is told next time), Refused for a token that is not known.
    """
    hub, book, done = hub_of(office), book_of(office), Counter[str]()
    while not stop() and (waiting := book.unsent(AT_ONCE)):
        rows: dict[int, list[Sighting]] = {number: [] for number, _ in waiting}
        for row in office.ledger.query().of_segments(list(rows)):
            rows[row.segment].append(row)
        for number, name in waiting:
            if stop():
                break
            report = report_of(name, rows[number], office.config.sensor.tlp)
            word = _tell(office, hub, report) if report.sightings else "empty"
            book.sent(number, len(report.sightings), word, clock.SystemClock().now())
            done[word] += 1
    return done


def _tell(office: Office, hub: Hub, report: Report) -> str:
    if office.config.sensor.evidence:
        _send_evidence(office, hub, report)
    status, words = hub.send("PUT", f"/sensor/v1/segments/{report.segment}", sensing.encode(report))
    if status in (200, 201):
        return "taken" if status == 201 else "known"
    _check_access(status, words)
    return "refused"  # understood and not wanted: telling it again would change nothing


def _send_evidence(office: Office, hub: Hub, report: Report) -> None:
    """The mails of a report, first: once the report is taken nobody comes back for them."""
    for seen in report.sightings:
        try:
            mail = evidence.export(office, evidence.find(office, seen.id))
        except JunkhoundError:
            continue  # not kept any more
        packed = zstandard.ZstdCompressor(level=6).compress(mail)
        status, words = hub.send("PUT", f"/sensor/v1/evidence/{seen.id}", packed)
        if status not in (200, 201):
            _check_access(status, words)
            if status == Refused.http_status:
                return  # the hub takes no evidence of ours


def _check_access(status: int, words: str) -> None:
    """Errors: Refused where the hub does not know us, Temporary where it may take it later."""
    if status == 401:
        raise Refused("the hub does not know our token", "it may have been revoked: ask the hub's operator")
    if status >= 500 or status in (408, 429):
        raise Temporary(f"the hub cannot take it now ({status}): {_message(words)}")


def _message(words: str) -> str:
    try:
        return str(json.loads(words)["error"]["message"])[:200]
    except (ValueError, KeyError, TypeError):
        return words[:80]
