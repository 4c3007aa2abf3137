"""The sample as files: JSON lines from the traps, an mbox and a Maildir from two people, settings and a route table."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from junkhound.sample.mtas import DAYS, MONTHS
from junkhound.sample.places import TRAPS, route_table, settings
from junkhound.sample.world import Delivery


@dataclass(frozen=True)
class Laid:
    """One path of the sample and how it is taken in: ``place`` is a trap or mailbox of the settings."""

    path: Path
    place: str
    is_trap: bool
    kind: str
    mails: int


def write(folder: Path, deliveries: Iterable[Delivery]) -> list[Laid]:
    """Lay the sample out below ``folder``; gives what to ingest, traps first."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "junkhound.toml").write_text(settings(), "utf-8")
    (folder / "routes.csv").write_text(route_table(), "utf-8")
    by_place: dict[str, list[Delivery]] = {}
    for one in deliveries:
        by_place.setdefault(one.place.name, []).append(one)
    laid = []
    for trap in TRAPS:
        path = folder / f"{trap.name}.jsonl"
        path.write_bytes(b"".join(map(_line, enumerate(by_place[trap.name], 1))))
        laid.append(Laid(path, trap.name, True, "junk", len(by_place[trap.name])))
    for kind in ("junk", "good"):
        mine = [one for one in by_place["dana"] if one.truth.wanted == (kind == "good")]
        path = folder / "dana" / ("Junk.mbox" if kind == "junk" else "Inbox.mbox")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"".join(map(_mbox, mine)))
        laid.append(Laid(path, "dana", False, kind, len(mine)))
    for kind in ("junk", "good"):
        mine = [one for one in by_place["ferris"] if one.truth.wanted == (kind == "good")]
        path = folder / "ferris" / ("Junk" if kind == "junk" else "Inbox")
        _maildir(path, mine)
        laid.append(Laid(path, "ferris", False, kind, len(mine)))
    return laid


def _moment(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _line(numbered: tuple[int, Delivery]) -> bytes:
    """One delivery as docs/specs/jsonl.md has it."""
    number, one = numbered
    row: dict[str, object] = {
        "received_at": _moment(one.at),
        "client": one.client.ip,
        "helo": one.client.helo,
        "protocol": "ESMTP",
        "mail_from": one.mail_from,
        "rcpt": list(one.rcpts),
        "arrival": f"{one.place.name}-{number:06d}",
        "mail": base64.b64encode(one.mail).decode(),
    }
    if one.client.rdns:
        row["client_name"] = one.client.rdns
    return json.dumps(row, ensure_ascii=True).encode() + b"\n"


def _mbox(one: Delivery) -> bytes:
    """mboxrd: a From_ line, and one more ``>`` before lines that look like one."""
    when = datetime.fromtimestamp(int(one.at), UTC)
    stamp = f"{DAYS[when.weekday()]} {MONTHS[when.month - 1]} {when.day:2d} {when:%H:%M:%S %Y}"
    lines = one.mail.split(b"\n")
    quoted = [b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines]
    body = b"\n".join(quoted)
    return f"From {one.mail_from} {stamp}\n".encode() + body + (b"\n" if body.endswith(b"\n") else b"\n\n")


def _maildir(path: Path, mine: list[Delivery]) -> None:
    for name in ("cur", "new", "tmp"):
        (path / name).mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(mine, 1):
        (path / "cur" / f"{int(one.at)}.M{number:06d}P1.mbx02,S={len(one.mail)}:2,S").write_bytes(one.mail)
