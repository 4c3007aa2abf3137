"""``junkhound contacts``: whom to write to about a network."""

from __future__ import annotations

from typing import Any

import click

from junkhound.cli import show
from junkhound.verbs.office import open_office

_json = click.option("--json", "as_json", is_flag=True, help="Print as JSON.")


@click.group()
def command() -> None:
    """Abuse contacts by network, AS and domain, with the day from which they hold.

    Nothing is looked up. A trace and why name the contact that was valid on the day of the mail; your own tables
    ([network] contacts) come first.

    \b
    Examples:
      junkhound contacts import abuse.csv --as-of 2026-11-01
      junkhound contacts show 192.0.2.7
      junkhound contacts list
    """


@command.command("import")
@click.argument("path", metavar="FILE")
@click.option("--as-of", default="", metavar="DATE", help="The day from which these contacts hold; default: today.")
@click.option("--name", default="", metavar="NAME", help="The source; a later edition of it replaces an earlier one.")
@_json
@click.pass_obj
def import_(where: dict[str, Any], path: str, as_of: str, name: str, as_json: bool) -> None:
    """Take in a table of contacts: CSV, TOML or JSON with the columns key, mail, name, url, note.

    key is a network (192.0.2.0/24), an AS (AS64500) or a domain.

    \b
    Example:
      junkhound contacts import abuse.csv --as-of 2026-11-01 --name exchange-point
    """
    from junkhound.verbs import contacts

    done = contacts.import_file(open_office(**where), path, name, as_of)
    one = done.edition
    if as_json:
        show({"edition": one.number, "contacts": len(one.contacts), "known": done.known})
        return
    click.echo(f"{one.number}: {len(one.contacts):,} contacts{', known already' if done.known else ''}")


@command.command("list")
@_json
@click.pass_obj
def listing(where: dict[str, Any], as_json: bool) -> None:
    """Every edition that was taken in.

    \b
    Example:
      junkhound contacts list
    """
    from junkhound.kernel import clock
    from junkhound.verbs import contacts

    found = contacts.editions(open_office(**where))
    if as_json:
        show([
            {"edition": one.number, "name": one.name, "contacts": len(one.contacts),
             "imported_at": clock.text(one.imported_at), "sha256": contacts.digest(one)}
            for one in found
        ])  # fmt: skip
        return
    for one in found:
        click.echo(f"{one.number:<40} {len(one.contacts):>8,} contacts, taken in {clock.day_text(one.imported_at)}")
    if not found:
        click.echo("none yet: junkhound contacts import FILE")


@command.command("show")
@click.argument("address", metavar="ADDRESS")
@click.option("--at", metavar="WHEN", help="The day asked about; default: today.")
@_json
@click.pass_obj
def one(where: dict[str, Any], address: str, at: str | None, as_json: bool) -> None:
    """Whom to write to about an address, the narrowest network first, and where that is from.

    \b
    Example:
      junkhound contacts show 192.0.2.7 --at 2026-11-15
    """
    from junkhound.kernel.clock import DAY
    from junkhound.verbs import contacts, data, lists

    office = open_office(**where, at=at)
    found = lists.read_subject(address).first
    asn = data.lookup(office, [str(found)])[0].asn
    answers = contacts.of_address(office, found, asn, office.now // DAY)
    if as_json:
        show([plain(one) for one in answers])
        return
    for one in answers:
        click.echo(told(one))
    if not answers:
        click.echo(f"no contact for {found}: import a table, or write one into [network] contacts")


@command.command("remove")
@click.argument("edition", metavar="EDITION")
@click.pass_obj
def remove(where: dict[str, Any], edition: str) -> None:
    """Take an edition away; mails of its days are then answered by the others.

    \b
    Example:
      junkhound contacts remove exchange-point@2026-11-01
    """
    from junkhound.verbs import contacts

    gone = contacts.remove(open_office(**where), edition)
    click.echo(f"{gone.number} is gone")


def told(one: Any) -> str:
    """A contact in one line."""
    who = " ".join(filter(None, (one.contact.mail, one.contact.url)))
    more = ", ".join(filter(None, (one.contact.name, one.contact.note)))
    return f"{who}{f' ({more})' if more else ''}  {one.why}"


def plain(one: Any) -> dict[str, Any]:
    """A contact as JSON fields."""
    return {
        "for": one.contact.key, "mail": one.contact.mail or None, "url": one.contact.url or None,
        "name": one.contact.name or None, "sure": one.sure, "why": one.why,
    }  # fmt: skip
