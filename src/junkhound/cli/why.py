"""``junkhound why``: why an address is listed, or is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from junkhound.cli import show
from junkhound.cli.contacts import plain, told
from junkhound.cli.crosscheck import standing_answer
from junkhound.cli.lists import listing_answer, progress_bar
from junkhound.kernel import clock
from junkhound.tables import Kind
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.listing import Decision
    from junkhound.verbs.why import Others, Record, Why


@click.command()
@click.argument("what", metavar="ADDRESS|ID|JH-NUMBER")
@click.option("--recompute", is_flag=True, help="Decide anew from today's rows instead; nothing is stored.")
@click.option("--list", "name", metavar="NAME", help="With --recompute: only this list.")
@click.option("--at", metavar="WHEN", help="The moment asked about; default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def command(where: dict[str, Any], what: str, recompute: bool, name: str | None, at: str | None, as_json: bool) -> None:
    """Show why an address is listed, since when and until when, and everything it was ever listed for.

    What you see is the decision as it was stored, with its reasons; --recompute shows what would be decided
    today, which may differ.

    \b
    Examples:
      junkhound why 192.0.2.7
      junkhound why JH-2006-000012
      junkhound why 192.0.2.7 --recompute
    """
    from junkhound.verbs import why

    office = open_office(**where, at=at)
    if recompute:
        with progress_bar(as_json) as progress:
            made = why.recompute(office, what, name, progress)
        if as_json:
            show([_decision_answer(decision) for decision in made])
        else:
            for decision in made:
                _tell_decision(decision)
        return
    found = why.why(office, what)
    if as_json:
        show(_answer(found))
    else:
        _tell(found)


def _decision_answer(decision: Decision) -> dict[str, Any]:
    return {
        "list": decision.list,
        "network": str(decision.subject),
        "at": clock.text(decision.at),
        "outcome": decision.outcome.value,
        "score": decision.score,
        "policy": decision.policy,
        "expires_at": decision.expires_at and clock.text(decision.expires_at),
        "reasons": [{"code": reason.code, "text": reason.text} for reason in decision.reasons],
        "inputs": decision.inputs,
    }


def _answer(found: Why) -> dict[str, Any]:
    return {
        "address": str(found.address),
        "at": clock.text(found.at),
        "listed": found.listed,
        "network": found.network and {name: getattr(found.network, name) for name in found.network.__struct_fields__},
        "contacts": [plain(one) for one in found.contacts],
        "machine": found.machine
        and {"what": found.machine.what, "owner": found.machine.owner, "why": found.machine.why},
        "activity": [{name: getattr(one, name) for name in one.__struct_fields__} for one in found.activity],
        "newest": [
            {
                "id": row.id.hex(),
                "seen_at": None if row.seen_at is None else clock.text(row.seen_at),
                "kind": Kind(row.kind).name.lower(),
                "kept": row.segment != 0,
            }
            for row in found.newest
        ],
        "complaints": list(found.complaints),
        "campaigns": [
            {"name": one.name, "subject": one.subject, "kind": one.kind, "mails": mails}
            for one, mails in found.campaigns
        ],
        "botnets": [{"name": name, "share": round(share, 4)} for name, share in found.botnets],
        "listings": [_record_answer(record) for record in found.records],
        "others": {
            "at": found.others.at and clock.text(found.others.at),
            "asked": found.others.asked,
            "witnesses": found.others.witnesses,
            "standing": [standing_answer(one) for one in found.others.standing],
            "gone": [standing_answer(one) for one in found.others.gone],
        },
        "feeds": [{"feed": h.name, "entry": h.entry, "seen": clock.text(h.seen_at), "tlp": h.tlp} for h in found.feeds],
    }


def _record_answer(record: Record) -> dict[str, Any]:
    decision = record.decision
    return {
        **listing_answer(record.listing),
        "live": record.live,
        "published": record.published,
        "pinned": record.pinned,
        "stored_decision": {
            "id": decision.id,
            "at": clock.text(decision.at),
            "outcome": decision.outcome,
            "score": decision.score,
            "policy": decision.policy,
            "reasons": [{"code": reason.code, "text": reason.text} for reason in decision.reasons],
            "inputs": decision.inputs,
        },
        "events": [
            {"at": clock.text(event.at), "event": event.event, "who": event.who, "why": event.why}
            for event in record.events
        ],
    }


_WITHOUT_MAIL = ("auth_guess", "probe", "harvest", "flood")


def _tell(found: Why) -> None:
    live = [record for record in found.records if record.live]
    print(f"{found.address}: {'listed' if live else 'not listed'}, as of {clock.text(found.at)}")
    if found.network is not None and found.network.asn:
        one = found.network
        print(f"  network: AS{one.asn} {one.organisation}, {one.prefix}, {one.country or '--'} ({one.table_name})")
    for contact in found.contacts:
        print(f"  contact: {told(contact)}")
    if found.machine is not None:
        print(f"  seems to be: {found.machine.what}")
        print(f"    {found.machine.why}; {found.machine.owner}")
    for activity in found.activity:
        counted = "times" if activity.kind in _WITHOUT_MAIL else "messages"
        print(f"  {activity.kind}: {activity.messages:,} {counted} on {activity.days:,} days,"
              f" {activity.first_on} to {activity.last_on}")  # fmt: skip
    if not found.activity:
        print("  never seen")
    for row in found.newest:
        seen = "at an unknown time" if row.seen_at is None else clock.text(row.seen_at)
        print(f"    {row.id.hex()}  {Kind(row.kind).name.lower()} {seen}{'' if row.segment else ', not kept'}")
    if found.complaints:
        more = f" and {len(found.complaints) - 3:,} more" if len(found.complaints) > 3 else ""
        print(f"  complained of in {', '.join(found.complaints[:3])}{more}; nothing of it counts by itself")
    for mailing, mails in found.campaigns[:5]:
        print(
            f"  sent for {mailing.name}, {mails:,} of its {mailing.mails:,} mails: {mailing.subject or '(no subject)'}"
        )
    if len(found.campaigns) > 5:
        print(f"  and for {len(found.campaigns) - 5:,} more campaigns")
    for name, share in found.botnets:
        print(f"  works for {name}: {share:.0%} of its mail in campaigns")
    for record in live:
        _tell_record(record)
    past = [record for record in found.records if not record.live]
    if past:
        print("  listed before:")
    for record in past:
        _tell_past(record)
    if not found.records:
        print("  no list ever held it; see what would be decided with --recompute")
    _tell_others(found.others)
    for hit in found.feeds:
        print(f"  on feed {hit.name} as {hit.entry}, seen last {clock.day_text(hit.seen_at)}, TLP:{hit.tlp}")


def _tell_others(others: Others) -> None:
    """On how many lists of others, since when, gone when."""
    if others.at is None:
        return
    count = len(others.standing)
    lists = "1 list" if count == 1 else f"{count} lists"
    witnesses = "1 witness" if others.witnesses == 1 else f"{others.witnesses} witnesses"
    print(f"  on {lists} of others, {witnesses}, of {others.asked} asked {clock.text(others.at)}")
    for one in others.standing:
        print(f"    {one.list} ({one.scope}): {one.means or ' '.join(one.codes)}, since {clock.day_text(one.since_at)}")
    for one in others.gone:
        print(f"    {one.list}: {clock.day_text(one.since_at)} to {clock.day_text(one.gone_at or 0)}")


def _tell_record(record: Record) -> None:
    one = record.listing
    print(f"  on list {one.list!r} as {one.number}, {one.listing_class}, until {clock.day_text(one.expires_at)}")
    for reason in record.decision.reasons:
        print(f"    {reason.text}")
    print(f"    decided {clock.text(record.decision.at)} under policy {record.decision.policy}")
    if record.pinned:
        print(f"    {record.pinned:,} {'message' if record.pinned == 1 else 'messages'} kept as evidence")
    for event in record.events:
        print(f"    {clock.day_text(event.at)}  {event.event} by {event.who}")
    if record.published is not None:
        print(f"    published: {record.published}")


def _tell_past(record: Record) -> None:
    one, last = record.listing, record.events[-1]
    until = clock.day_text(one.expires_at if one.ended_at is None else one.ended_at)
    print(f"    {one.number} on {one.list!r}, {clock.day_text(one.listed_at)} to {until}:"
          f" {last.event} by {last.who} ({last.why})")  # fmt: skip


def _tell_decision(decision: Decision) -> None:
    words = {"list": "would be listed", "pass": "would not be listed", "clear": "must not be listed"}
    print(f"{decision.subject} on {decision.list!r}: {words[decision.outcome.value]}, as of {clock.text(decision.at)}")
    for reason in decision.reasons:
        print(f"  {reason.text}")
