"""``junkhound entity``: what else has this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from junkhound.cli import show
from junkhound.kernel.errors import UsageError
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.verbs.entities import Entity


@click.command()
@click.argument("words", metavar="KEY|NAME...", nargs=-1)
@click.option("--kind", default="", metavar="KIND", help="Only this kind of key: domain, phone, wallet, iban, ...")
@click.option("--graph", "form", type=click.Choice(["graphml", "json"]),
              help="Write campaigns, keys, botnets and actors as a graph instead, around what is named.")  # fmt: skip
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=200, show_default=True, help="Campaigns in the graph."
)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def command(
    where: dict[str, Any], words: tuple[str, ...], kind: str, form: str | None, limit: int, as_json: bool
) -> None:
    """Ask what else has a key: a domain, phone number, wallet, account, ticker, drop box, file or picture.

    Gives the campaigns that have it, their sources, and what else stands in the same mails. With --graph the ties
    themselves are written, around the campaigns, botnets or actors named, for Gephi, yEd or a program.

    \b
    Examples:
      junkhound entity pills.example
      junkhound entity +12025550142 --kind phone --json
      junkhound entity --graph graphml K-2026-000012 > ties.graphml
    """
    import msgspec

    from junkhound.verbs import entities

    office = open_office(**where)
    if form is not None:
        found = entities.graph(office, words, limit)
        if form == "graphml":
            click.echo(entities.graphml(found), nl=False)
        else:
            show(msgspec.to_builtins(found))
        return
    if len(words) != 1:
        raise UsageError("name one key", "junkhound entity pills.example")
    answers = entities.entity(office, words[0], kind)
    if as_json:
        show(msgspec.to_builtins(answers))
        return
    for answer in answers:
        tell(answer)


def tell(found: Entity) -> None:
    """One key as a person reads it."""
    hub = "; everybody has it, so it ties nobody" if found.hub else ""
    print(f"{found.kind} {found.name or found.key}: {found.mails:,} mails{hub}")
    for use in found.uses[:20]:
        which = f"{use.campaign.name}  {use.campaign.subject}" if use.campaign else "in no campaign"
        print(f"  {use.mails:,} mails, {use.first_on} to {use.last_on}  {which}")
    for source in found.sources[:10]:
        print(f"    {source.address}  {source.mails:,} mails, {source.first_on} to {source.last_on}")
    if found.beside:
        print("  in the same mails:")
    for other in found.beside[:15]:
        print(f"    {other.kind} {other.name}: {other.mails:,}")
