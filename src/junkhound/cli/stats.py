"""``junkhound stats``: counts by country, network, kind and time, each with its period and base."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from junkhound.cli import show
from junkhound.cli.sources import a, choosing, sightings
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.verbs.stats import Comparison, Counts, Line, Overview

GROUPS = ("country", "asn", "network", "block", "kind", "day", "month", "year")


@click.group()
def command() -> None:
    """Count sightings and sources by country, network, kind and time; compare years.

    \b
    Examples:
      junkhound stats overview
      junkhound stats by country --since 2006
      junkhound stats year-on-year --country US
    """


@command.command("by")
@click.argument("what", type=click.Choice(GROUPS))
@choosing
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many lines to show.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@click.pass_obj
def by(
    where: dict[str, Any], what: str, country: str | None, asn: str | None, since: str | None, until: str | None,
    kinds: tuple[str, ...], at: str | None, limit: int, as_json: bool,
) -> None:  # fmt: skip
    """Count by country, asn, network (as announced), block (/24 and /48), kind, day, month or year.

    \b
    Examples:
      junkhound stats by country
      junkhound stats by month --country GB --since 2005
      junkhound stats by network --asn AS64496 --json
    """
    from junkhound.verbs import stats

    counts = stats.by(
        open_office(**where, at=at), what, limit=limit, country=country, asn=asn, since=since, until=until, kinds=kinds
    )
    if as_json:
        _show(counts)
    elif not counts.lines:
        print("nothing was seen that fits")
    else:
        _tell_counts(counts)


def _tell_counts(counts: Counts) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    place = " in ".join(part for part in (f"AS{counts.asn}" if counts.asn is not None else "", counts.country) if part)
    base = f"{counts.base:,} {sightings(counts.kinds)} of {counts.base_sources:,} sources"
    if place and counts.by in ("day", "month", "year"):
        base += f" in {place}"
        place = ""
    shown = f", {len(counts.lines):,} of {counts.groups:,} shown" if len(counts.lines) < counts.groups else ""
    only = f", only {place}" if place else ""
    console.print(
        f"by {counts.by}{only}: of {base}, {counts.since} to {counts.until}{shown}", style="bold", soft_wrap=True
    )
    console.print(_table(counts.by, counts.lines, counts.base))


def _table(title: str, lines: tuple[Line, ...], base: int) -> Any:
    from rich.table import Table

    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    table.add_column(title, no_wrap=True, min_width=max((len(line.what) for line in lines), default=0))
    for name in ("sightings", "share", "sources"):
        table.add_column(name, justify="right", no_wrap=True, min_width=9 if name == "sightings" else 7)
    table.add_column("", no_wrap=True, overflow="ellipsis")
    most = max((line.messages for line in lines), default=0)
    for line in lines:
        tail = line.name or _bar(line.messages, most)
        table.add_row(line.what, f"{line.messages:,}", _percent(line.share), f"{line.sources:,}", tail)
    return table


def _bar(count: int, most: int, width: int = 30) -> str:
    """A bar in eighths of a character; nothing at all only for nothing."""
    eighths = max(round(count / most * width * 8), 1) if count else 0
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _percent(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 or not share else "< 0.1%"


def _change(change: float | None) -> str:
    return "" if change is None else f"{change:+.1%}"


@command.command("year-on-year")
@click.option("--country", metavar="CC", help="Only this country, in two letters.")
@click.option("--asn", metavar="ASN", help="Only this network, such as AS64496.")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Kinds that count; default: all that speak against"
              " an address.")  # fmt: skip
@click.option("--at", metavar="WHEN", help="Ask as of this moment; default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
@click.pass_obj
def year_on_year(
    where: dict[str, Any], country: str | None, asn: str | None, kinds: tuple[str, ...], at: str | None, as_json: bool
) -> None:
    """Compare each year with the one before, of a country or network and as a share of everything.

    Only days that were watched in both years are compared. The base is all sightings of the same days: where it
    grows as fast as the count, the trap has grown, not the junk.

    \b
    Examples:
      junkhound stats year-on-year
      junkhound stats year-on-year --country US
    """
    from junkhound.verbs import stats

    found = stats.year_on_year(open_office(**where, at=at), country, asn, kinds)
    if as_json:
        _show(found)
    elif not found.years:
        print("nothing was seen that fits")
    else:
        _tell_years(found)


def _tell_years(found: Comparison) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    console.print(f"{sightings(found.kinds)}{f' in {found.of}' if found.of else ''}, {found.since} to {found.until}",
                  style="bold", soft_wrap=True)  # fmt: skip
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    table.add_column("", no_wrap=True)
    for name in ("sightings", "base", "share", "change", "of share"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("compared with")
    for year in (*found.years, *((found.twelve_months,) if found.twelve_months else ())):
        table.add_row(
            year["name"], f"{year['count']:,}", f"{year['base']:,}", _percent(year["share"]), _change(year["change"]),
            _change(year["share_change"]), _against(year),
        )  # fmt: skip
    console.print(table)
    console.print(
        "base: sightings from any network; of share: change of the share of the base", style="dim", soft_wrap=True
    )


def _against(year: dict[str, Any]) -> str:
    """The days compared with: a whole year as itself."""
    if not year["against"]:
        return ""
    first, last = map(str, year["against"])
    if (first[4:], last[4:]) == ("-01-01", "-12-31") and first[:4] == last[:4]:
        return first[:4]
    same = "" if tuple(year["compared"]) == (year["since"], year["until"]) else ", same days"
    return f"{first} to {last}{same}"


@command.command("tarpit")
@click.option("--since", metavar="WHEN", help="From this day on: 2006-05-04 or an age such as 7d; default: all.")
@click.option("--until", metavar="WHEN", help="Up to this day, included; default: today.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True,
              help="How many clients to show.")  # fmt: skip
@click.option("--at", metavar="WHEN", help="Ask as of this moment; default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.pass_obj
def tarpit(
    where: dict[str, Any], since: str | None, until: str | None, limit: int, at: str | None, as_json: bool
) -> None:
    """Show what the trap's tarpit cost senders: their time that was wasted, in all and by client.

    The tarpit is off until [smtp] tarpit_s says how long an answer to a stranger waits. Clients that are known to be
    good are never held, and stand here in no case.

    \b
    Examples:
      junkhound stats tarpit
      junkhound stats tarpit --since 7d --json
    """
    from junkhound.verbs import tarpit

    office = open_office(**where, at=at)
    found = tarpit.wasted(office, since, until, limit)
    if as_json:
        _show(found)
        return
    if not found.clients:
        off = "" if office.config.smtp.tarpit_s else "; the tarpit is off: [smtp] tarpit_s"
        print(f"nobody was held{off}")
        return
    period = f"{found.since} to {found.until}" if found.since else f"up to {found.until}"
    print(
        f"{found.held_s / 3600:,.1f} hours of {found.clients:,} clients wasted in {found.answers:,} answers of"
        f" {found.connections:,} connections, {period}; {found.left:,} left while they waited, {found.early:,} spoke"
        f" before the greeting, {found.mails:,} mails were kept all the same"
    )
    for line in found.lines:
        print(
            f"{line.address:<40} {line.held_s:>10,.0f} s {line.connections:>8,} connections {line.mails:>8,} mails"
            f"{f', early {line.early:,}' if line.early else ''}{f', left {line.left:,}' if line.left else ''}"
        )


@command.command()
@click.option("--at", metavar="WHEN", help="Ask as of this moment; default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print the overview as JSON.")
@click.pass_obj
def overview(where: dict[str, Any], at: str | None, as_json: bool) -> None:
    """Show what the ledger holds: how much, of whom, from when to when.

    \b
    Examples:
      junkhound stats overview
    """
    from rich.console import Console

    from junkhound.verbs import stats

    console = Console(highlight=False)
    width = 60 if as_json else max(12, min(60, console.width - 20))
    found = stats.overview(open_office(**where, at=at), width)
    if as_json:
        _show(found)
    elif not found.rows:
        print("nothing was seen yet; start with: junkhound ingest --as junk FILE...")
    else:
        _tell_overview(console, found)


def _tell_overview(console: Any, found: Overview) -> None:
    objects, size = found.tables
    period = f", {found.since} to {found.until}" if found.since else ""
    console.print(f"{found.messages:,} sightings of {found.sources:,} sources{period}", style="bold", soft_wrap=True)
    console.print(
        f"{found.rows:,} rows in {objects:,} objects, {size / 1e6:,.1f} MB; {found.traced:,} rows"
        f" ({_percent(found.traced / found.rows)}) name an address, {found.undated:,} have no trusted time,"
        f" {found.repeats:,} are repeats",
        soft_wrap=True,
    )
    if found.life:
        console.print(f"{found.life}  a character is {a(found.life_each)}", soft_wrap=True)
    for title, lines in (("kind", found.kinds), ("country", found.countries), ("network", found.networks)):
        if lines:
            console.print()
            console.print(_table(title, lines, found.messages))


def _show(answer: Any) -> None:
    import msgspec

    show(msgspec.to_builtins(answer))
