"""Pages about complaints: the list, and one with what was found in it, what became of it, and a redacted sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from junkhound.kernel import clock
from junkhound.kernel.errors import UsageError
from junkhound.tables import Kind, Standing
from junkhound.verbs import complaints
from junkhound.web.desk import Desk, Fields
from junkhound.web.plain import plain

Ask = Mapping[str, str]
_SHOWN = 100
_STATUSES = (*complaints.STATUSES, "all")


def every(desk: Desk, ask: Ask) -> Fields:
    """The newest complaints of one status, open ones where none is asked for."""
    office = desk.office(ask.get("at"))
    status = ask.get("status") or complaints.OPEN
    if status not in _STATUSES:
        raise UsageError(f"no status {status!r}", f"known: {', '.join(_STATUSES)}")
    found = complaints.newest(office, "" if status == "all" else status, _SHOWN)
    counted = dict.fromkeys(complaints.STATUSES, 0)
    for (_, state), number in complaints.counts(office).items():
        counted[state] = counted.get(state, 0) + number
    return {
        "at": clock.text(office.now),
        "status": status,
        "statuses": list(_STATUSES),
        "counts": counted,
        "complaints": [_fields(one) for one in found],
    }


def one(desk: Desk, ask: Ask, number: str) -> Fields:
    """One complaint by its number."""
    office = desk.office(ask.get("at"))
    found = complaints.get(office, number)
    return {
        "at": clock.text(office.now),
        "complaint": _fields(found),
        "since": plain(complaints.since(office, found)),
        "sample": complaints.sample(office, found),
    }


def _fields(one: complaints.Complaint) -> Fields:
    said = one.content
    fields: dict[str, Any] = plain(said)
    fields.update(
        number=one.number, status=one.status, note=one.note, changed_at=clock.text(one.changed_at),
        received_at=clock.text(said.received_at), at=None if said.at is None else clock.text(said.at),
        kind=Kind(said.kind).name.lower(), standing=Standing(said.standing).name.lower(),
        who=said.reporter or said.reporter_domain or "somebody",
        subjects=list(dict.fromkeys(
            [mail.address for mail in said.mails if mail.address]
            + [claim.value for claim in said.claims]
            + [f"{mail.suspected}?" for mail in said.mails if mail.suspected]
        ))[:3],
    )  # fmt: skip
    for claim, made in zip(said.claims, fields["claims"], strict=True):
        made["at"] = None if claim.at is None else clock.text(claim.at)
    return fields
