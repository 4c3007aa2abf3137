"""``junkhound data``: route tables, which say whose network an address was in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from junkhound.cli import show
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.verbs.data import Listed


@click.group()
def command() -> None:
    """Import, list and ask the tables that say whose network an address was in.

    \b
    Examples:
      junkhound data lookup 192.0.2.7
      junkhound data import GeoLite2-ASN.mmdb GeoLite2-Country.mmdb
      junkhound data list
    """


@command.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--name", metavar="NAME", help="What the table is called; default: the first file's name.")
@click.option("--date", "day", metavar="DAY", help="The day its contents were true; default: as the file says.")
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@click.pass_obj
def import_(where: dict[str, Any], files: tuple[Path, ...], name: str | None, day: str | None, as_json: bool) -> None:
    """Pack a MaxMind database or a CSV table into a dated route table.

    Several files make one table: give an ASN file and a country file together. CSV columns are found by their
    header, or without one read as start,end,asn,org or network,asn,org,country. Sightings that are judged
    already keep the table they name.

    \b
    Examples:
      junkhound data import GeoLite2-ASN.mmdb GeoLite2-Country.mmdb
      junkhound data import customers.csv --name customers --date 2006-05-04
    """
    from rich.console import Console

    from junkhound.verbs import data

    office = open_office(**where)
    console = Console(stderr=True)
    with console.status("reading") as status:
        table = data.add(office, files, name, day, lambda what, done: status.update(f"{what}: {done:,} networks"))
    if as_json:
        show(_answer(table))
        return
    print(f"table {table.number} ({table.name}, {table.date}): {table.routes:,} networks,"
          f" ASN for {_share(table.networks)} and country for {_share(table.countries)} of IPv4")  # fmt: skip


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the tables as JSON.")
@click.pass_obj
def list_(where: dict[str, Any], as_json: bool) -> None:
    """Show the route tables with their dates, sources and licences.

    \b
    Examples:
      junkhound data list
      junkhound data list --json
    """
    from junkhound.verbs import data

    found = data.tables(open_office(**where))
    if as_json:
        show([_answer(table) for table in found])
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("no", "date", "name", "networks", "ASN", "country", "in use", "source", box=None, header_style="bold")
    for column in (0, 3, 4, 5):
        table.columns[column].justify = "right"
    for row in found:
        table.add_row(
            str(row.number), row.date, row.name, f"{row.routes:,}", _share(row.networks), _share(row.countries),
            "yes" if row.used else "no", row.source,
        )  # fmt: skip
    console = Console()
    console.print(table)
    console.print("ASN and country: share of the IPv4 space for which the table knows it", style="dim")
    for row in found:
        if row.licence:
            console.print(f"{row.number}: {row.licence}", style="dim", highlight=False)


@command.command()
@click.argument("number", type=int)
@click.option("--not", "aside", is_flag=True, help="Set the table aside instead.")
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@click.pass_obj
def use(where: dict[str, Any], number: int, aside: bool, as_json: bool) -> None:
    """Let a table judge new mail, or set it aside.

    Tables are in use from their import on. Each mail is judged by the newest table of its day or before, else
    by the oldest; a table that covers part of the space leaves the rest to the others. A table set aside is
    kept for the sightings that name it.

    \b
    Examples:
      junkhound data use 3 --not
      junkhound data use 3
    """
    from junkhound.verbs import data

    table = data.use(open_office(**where), number, not aside)
    if as_json:
        show(_answer(table))
    else:
        print(f"table {table.number} ({table.name}, {table.date}) is {'in use' if table.used else 'set aside'}")


@command.command()
@click.argument("addresses", nargs=-1, required=True, metavar="IP...")
@click.option("--at", metavar="WHEN", help="The day to ask for; default: today.")
@click.option("--json", "as_json", is_flag=True, help="Print the answers as JSON.")
@click.pass_obj
def lookup(where: dict[str, Any], addresses: tuple[str, ...], at: str | None, as_json: bool) -> None:
    """Say whose network addresses are in: ASN, prefix, country, organisation, and by which table.

    With - the addresses are read from standard input, one a line.

    \b
    Examples:
      junkhound data lookup 192.0.2.7 2001:db8::7
      junkhound data lookup 192.0.2.7 --at 2006-05-04
    """
    import msgspec

    from junkhound.verbs import data

    if addresses == ("-",):
        addresses = tuple(line.strip() for line in sys.stdin if line.strip())
    found = data.lookup(open_office(**where, at=at), addresses)
    if as_json:
        show([msgspec.to_builtins(one) for one in found])
        return
    for one in found:
        if not one.table:
            print(f"{one.address}: in no network that the tables know on {one.day}")
            continue
        parts = [f"AS{one.asn} {one.organisation}".rstrip(), one.prefix] if one.asn else ["no ASN"]
        parts += [part for part in (one.country, one.operator.replace("_", " ")) if part]
        print(f"{one.address}: {', '.join(parts)} (table {one.table} of {one.table_date})")


def _share(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 else "< 0.1%"


def _answer(table: Listed) -> dict[str, Any]:
    import msgspec

    answer: dict[str, Any] = msgspec.to_builtins(table)
    return answer
