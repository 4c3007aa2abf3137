"""Reports what this home's traps saw to a hub, until the hub has it: over HTTPS, again and again, counted once there.

What was not yet told stays where it is, in the ledger; only that the hub answered is noted. So a hub that is away for
a week, a connection that breaks and a sensor that is killed all end the same way: it is told again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import zstandard

from junkhound.kernel import clock
from junkhound.kernel.errors import ConfigError, JunkhoundError, Refused
from junkhound.ledger.rows import Sighting
from junkhound.tables import Standing
from junkhound.verbs import evidence
from junkhound.verbs import hub as hubs
from junkhound.verbs.hub import Hub
from junkhound.verbs.office import Office
from junkhound.verbs.partners import KINDS, book_of
from junkhound.wire import sensing
from junkhound.wire.sensing import Report, Seen

AT_ONCE = 50
"""Segments that are looked up together."""


def hub_of(office: Office) -> Hub:
    """The hub of the settings. Errors: ConfigError."""
    settings = office.config.sensor
    if not settings.hub:
        raise ConfigError(
            "no hub is named, so nothing is reported", 'set [sensor] hub = "https://hub.example.org:8443"'
        )
    token = hubs.token_of("[sensor] token_file", settings.token_file, "JUNKHOUND_SENSOR_TOKEN")
    return hubs.reach("[sensor] hub", settings.hub, token, settings.ca, settings.timeout_s, "sensor")


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
    hubs.check_access(status, words)
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
            hubs.check_access(status, words)
            if status == Refused.http_status:
                return  # the hub takes no evidence of ours
