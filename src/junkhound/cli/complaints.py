"""``junkhound complaints``: what others complained of, what was found in it, what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from junkhound.cli import show
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.verbs.complaints import Complaint, Since

_json = click.option("--json", "as_json", is_flag=True, help="For machines.")
_note = click.option("--note", default="", metavar="TEXT", help="Why, for whoever looks at it later.")

WORDS = {
    "arf": "feedback report",
    "xarf": "XARF report",
    "attached": "mail attached",
    "inline": "mail forwarded inline",
    "notice": "report in words",
    "bounce": "a bounce, no complaint",
    "auto_reply": "an automatic answer, no complaint",
    "plain": "mail that complains of nothing we can find",
}


@click.group()
def command() -> None:
    """Complaints that people and machines sent us, each with a number and what was found in it.

    They come in by junkhound ingest --as complaint, by junkhound pipe --as complaint, and at the trap's own abuse@.
    A stranger's complaint never adds points, never witnesses, and sends no report by itself.

    \b
    Examples:
      junkhound ingest --as complaint ~/Mail/abuse
      junkhound complaints list
      junkhound complaints show CP-2026-000001
      junkhound complaints close CP-2026-000001 --note "customer cleaned the machine"
    """


@command.command("list")
@click.option(
    "--status",
    type=click.Choice(["open", "closed", "aside", "all"]),
    default="open",
    show_default=True,
    help="aside are those that were no complaints: bounces, automatic answers, other mail.",
)
@click.option("--address", metavar="IP", help="Only those that are about this address, of any status.")
@click.option("--limit", default=50, show_default=True, help="At most so many.")
@_json
@click.pass_obj
def listing(where: dict[str, Any], status: str, address: str | None, limit: int, as_json: bool) -> None:
    """The newest complaints.

    \b
    Examples:
      junkhound complaints list
      junkhound complaints list --address 192.0.2.7
      junkhound complaints list --status all --json
    """
    from junkhound.verbs import complaints

    office = open_office(**where)
    if address is not None:
        found = complaints.about(office, address, limit)
    else:
        found = complaints.newest(office, "" if status == "all" else status, limit)
    if as_json:
        show([plain(one) for one in found])
        return
    for one in found:
        click.echo(_line(one))
    counted: dict[str, int] = {}
    for (_, state), number in complaints.counts(office).items():
        counted[state] = counted.get(state, 0) + number
    said = ", ".join(f"{counted.get(state, 0):,} {state}" for state in complaints.STATUSES)
    click.echo(f"{len(found):,} shown; of all: {said}")


@command.command("show")
@click.argument("number", metavar="NUMBER")
@_json
@click.pass_obj
def one(where: dict[str, Any], number: str, as_json: bool) -> None:
    """One complaint: who sent it, what it claims, the mails it shows, and whom their believed lines name.

    \b
    Example:
      junkhound complaints show CP-2026-000001
    """
    from junkhound.verbs import complaints

    office = open_office(**where)
    found = complaints.get(office, number)
    since = complaints.since(office, found)
    if as_json:
        show({**plain(found), "since": [{name: getattr(one, name) for name in one.__struct_fields__} for one in since]})
        return
    for line in [*_told(found), *_since(since)]:
        click.echo(line)


@command.command("close")
@click.argument("number", metavar="NUMBER")
@_note
@click.pass_obj
def close(where: dict[str, Any], number: str, note: str) -> None:
    """Close a complaint; its mail is let go two years later ([retention] pinned_days).

    \b
    Example:
      junkhound complaints close CP-2026-000001 --note "a test of theirs"
    """
    _change(where, number, "closed", note)


@command.command("reopen")
@click.argument("number", metavar="NUMBER")
@_note
@click.pass_obj
def reopen(where: dict[str, Any], number: str, note: str) -> None:
    """Open a complaint again, or one that was set aside by mistake.

    \b
    Example:
      junkhound complaints reopen CP-2026-000001
    """
    _change(where, number, "open", note)


def _change(where: dict[str, Any], number: str, status: str, note: str) -> None:
    from junkhound.verbs import complaints

    done = complaints.change(open_office(**where), number, status, note)
    click.echo(f"{done.number} is {done.status}")


def _line(one: Complaint) -> str:
    from junkhound.kernel import clock

    said = one.content
    who = said.reporter or said.reporter_domain or "somebody"
    where = ", ".join(_subjects(one)[:2]) or said.subject[:40] or "-"
    day = clock.day_text(said.received_at)
    return f"{one.number}  {day}  {one.status:<6}  {said.form:<10}  {said.about:<14}  {where:<32}  {who}"


def _subjects(one: Complaint) -> list[str]:
    """What it is about: addresses that believed lines name first, then what is claimed, then what may be."""
    said = one.content
    traced = [mail.address for mail in said.mails if mail.address]
    suspected = [f"{mail.suspected}?" for mail in said.mails if mail.suspected]
    return list(dict.fromkeys([*traced, *(claim.value for claim in said.claims), *suspected]))


def _told(one: Complaint) -> list[str]:
    from junkhound.kernel import clock
    from junkhound.tables import Standing

    said = one.content
    standing = {
        Standing.COMPLAINT: "a stranger's word: it adds no points and is no witness",
        Standing.FBL: "an enrolled feedback loop: adds points, is no witness",
        Standing.PARTNER: "an enrolled partner: one witness beside ours",
    }.get(Standing(said.standing), "")
    if said.complainant and Standing(said.standing) is Standing.COMPLAINT:
        standing = "enrolled: its own relays are believed; it adds no points and is no witness"
    lines = [
        f"{one.number}  {one.status}" + (f": {one.note}" if one.note else ""),
        f"  came      {clock.text(said.received_at)}, {WORDS.get(said.form, said.form)}",
        f"  from      {said.reporter or said.reporter_domain or 'unknown'}"
        + (f", enrolled as {said.complainant}" if said.complainant else ""),
    ]
    if standing and one.status != "aside":
        lines.append(f"  counts    {standing}")
    lines.append(f"  about     {said.about or 'unknown'}" + (f", {said.count:,} times" if said.count > 1 else ""))
    if said.report_id:
        lines.append(f"  their id  {said.report_id}")
    if said.subject:
        lines.append(f"  subject   {said.subject}")
    if said.claims:
        lines += ["", "  it claims"]
        for claim in said.claims:
            port = f" port {claim.port}" if claim.port is not None else ""
            at = f" at {clock.text(claim.at)}" if claim.at is not None else ""
            lines.append(f"    {claim.what:<8} {claim.value}{port}{at}  ({_place(claim.where)})")
    if said.mails:
        lines += ["", "  it shows"]
        for number, mail in enumerate(said.mails, 1):
            lines += _mail(number, mail)
    lacking = [what for what in said.missing if what != "extra:msg"]
    if lacking:
        lines += ["", f"  lacks     {', '.join(lacking)}"]
    if "extra:msg" in said.missing:
        lines += ["", "  an Outlook file was not opened: pip install 'junkhound[msg]'"]
    lines += ["", f"  evidence  junkhound evidence show {said.id}"]
    return ["".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line) for line in lines]


def _since(found: list[Since]) -> list[str]:
    """What became of those it is about."""
    lines = [""] if found else []
    for number, one in enumerate(found):
        did = f"{one.junk:,} junk mails on {one.days:,} days, last {one.last_on}" if one.junk else "no junk since"
        listed = f"; listed as {', '.join(one.listings)}" if one.listings else "; on no list"
        lines.append(f"  {'' if number else 'since':<9} {one.address}: {did}{listed}")
    return lines


def _mail(number: int, mail: Any) -> list[str]:
    how = {"whole": "with its header", "headers": "its header alone", "incomplete": "headers incomplete"}
    lines = [f"    {number}. {mail.how}, {how[mail.completeness]}: {mail.subject or 'no subject'}"]
    if mail.address:
        lines.append(f"       came from {mail.address}, as lines say that are believed")
    elif mail.suspected:
        lines.append(f"       {mail.suspected}, if {mail.relay} is a mail server of theirs; nobody has said so")
    elif mail.completeness == "incomplete":
        lines.append("       nobody can be named: ask for the mail as an attachment, or with all its headers")
    else:
        lines.append("       nobody can be named: no line of it is believed")
    return lines


def _place(where: str) -> str:
    words = {"text": "stands in the text", "subject": "stands in the subject", "named": "named in the text"}
    return words.get(where, f"in its {where}" if where.startswith("report") else where)


def plain(one: Complaint) -> dict[str, Any]:
    """A complaint as JSON fields."""
    from junkhound.kernel import clock
    from junkhound.tables import Kind, Standing

    said = one.content
    return {
        "number": one.number, "status": one.status, "note": one.note, "changed_at": clock.text(one.changed_at),
        "id": said.id, "received_at": clock.text(said.received_at), "form": said.form, "about": said.about,
        "found": said.found, "kind": Kind(said.kind).name.lower(), "standing": Standing(said.standing).name.lower(),
        "complainant": said.complainant or None, "reporter": said.reporter or None,
        "reporter_domain": said.reporter_domain or None, "report_id": said.report_id or None,
        "subject": said.subject or None, "at": None if said.at is None else clock.text(said.at), "count": said.count,
        "claims": [
            {"what": c.what, "value": c.value, "where": c.where, "port": c.port,
             "at": None if c.at is None else clock.text(c.at), "count": c.count}
            for c in said.claims
        ],
        "mails": [
            {"how": m.how, "completeness": m.completeness, "subject": m.subject, "address": m.address or None,
             "relay": m.relay or None, "suspected": m.suspected or None}
            for m in said.mails
        ],
        "missing": list(said.missing),
    }  # fmt: skip
