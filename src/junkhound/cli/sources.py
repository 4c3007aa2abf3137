"""``junkhound sources``: who sends most, longest, last."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from junkhound.cli import show
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from rich.console import Console

    from junkhound.verbs.sources import Ranked, Ranking

F = TypeVar("F", bound=Callable[..., Any])


def choosing(command: F) -> F:
    """The options that choose sightings, alike in every verb that counts."""
    for names, metavar, words in (
        (("--at",), "WHEN", "Ask as of this moment; default: now."),
        (("--kind", "kinds"), "KIND", "Kinds that count (junk, probe, ... or all); default: all that speak against an"
                                      " address. Repeatable."),
        (("--until",), "WHEN", "Last day; default: the last on which anything was seen."),
        (("--since",), "WHEN", "First day: 2006-05-04, 2006-05, 2006 or an age such as 90d."),
        (("--asn",), "ASN", "Only this network, such as AS64496."),
        (("--country",), "CC", "Only this country, in two letters; -- for unknown."),
    ):  # fmt: skip
        command = click.option(*names, metavar=metavar, help=words, multiple="kinds" in names)(command)
    return command


@click.command()
@click.option("--by", type=click.Choice(["volume", "persistence", "recent"]), default="volume", show_default=True,
              help="Most sightings, most weeks in which it was seen, or seen last.")  # fmt: skip
@choosing
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many to show.")
@click.option("--json", "as_json", is_flag=True, help="Print the ranking as JSON.")
@click.pass_obj
def command(
    where: dict[str, Any], by: str, country: str | None, asn: str | None, since: str | None, until: str | None,
    kinds: tuple[str, ...], at: str | None, limit: int, as_json: bool,
) -> None:  # fmt: skip
    """Rank the sources of junk, each with its life drawn, its network, and what can be said of it.

    \b
    Examples:
      junkhound sources
      junkhound sources --country GB --by persistence
      junkhound sources --asn AS64496 --by recent --since 30d
    """
    from rich.console import Console

    from junkhound.verbs.sources import rank

    console = Console(highlight=False)
    width = 40 if as_json else max(12, min(60, console.width - 42))
    office = open_office(**where, at=at)
    ranking = rank(
        office, by=by, country=country, asn=asn, since=since, until=until, kinds=kinds, limit=limit, width=width
    )
    if as_json:
        import msgspec

        show(msgspec.to_builtins(ranking))
    elif not ranking.rows:
        print("no sources: nothing was seen that fits" if ranking.base else "no sources: nothing was seen yet")
    else:
        tell(console, ranking)


def tell(console: Console, ranking: Ranking) -> None:
    """The ranking as a person reads it: a line of figures, then whose network it is and what can be said."""
    console.print(headline(ranking), style="bold", soft_wrap=True)
    cells = [
        (str(r.rank), r.address, f"{r.messages:,}", f"{r.weeks:,} of {r.of_weeks:,}", r.life) for r in ranking.rows
    ]
    head = ("", "source", "sightings", "weeks seen", f"{ranking.since} to {ranking.until}")
    wide = [max(len(row[column]) for row in (head, *cells)) for column in range(4)]

    def line(row: tuple[str, ...]) -> str:
        place, address, messages, weeks, life = row
        return f"{place:>{wide[0]}} {address:<{wide[1]}} {messages:>{wide[2]}} {weeks:>{wide[3]}}  {life}"

    console.print(line(head), style="dim", soft_wrap=True)
    for source, row in zip(ranking.rows, cells, strict=True):
        console.print(line(row), soft_wrap=True)
        for words in (whose(source), f"{source.words}{listing(source)}"):
            console.print(f"{'':{wide[0]}} {words}", style="dim", soft_wrap=True)
    console.print(
        "weeks seen: of those from the first to the last sighting; a character is"
        f" {a(ranking.life_each)}, taller is more, · is silence",
        style="dim",
        soft_wrap=True,
    )


def headline(ranking: Ranking) -> str:
    """What is ranked, of how many, in which period."""
    order = {"volume": "by volume", "persistence": "by persistence", "recent": "seen last"}[ranking.by]
    place = " in ".join(
        part for part in (f"AS{ranking.asn}" if ranking.asn is not None else "", ranking.country) if part
    )
    share = f" ({ranking.messages / ranking.base:.1%})" if place and ranking.base else ""
    of = f" of {ranking.base:,}{share}" if place else ""
    return (
        f"{len(ranking.rows):,} of {ranking.sources:,} sources{f' in {place}' if place else ''} {order};"
        f" {ranking.messages:,}{of} {sightings(ranking.kinds)}, {ranking.since} to {ranking.until}"
    )


def sightings(kinds: str) -> str:
    """``junk sightings``."""
    return "sightings" if kinds == "all" else f"{kinds} sightings"


def a(span: str) -> str:
    """``a month``, ``2 weeks``."""
    return span if span[0].isdigit() else f"a {span}"


def whose(row: Ranked) -> str:
    """Whose network it is in."""
    parts = [f"AS{row.asn} {row.organisation}".rstrip() if row.asn else "network unknown", row.network, row.country]
    return ", ".join(part for part in parts if part)


def listing(row: Ranked) -> str:
    return f"; on {', '.join(row.listed)}" if row.listed else ""
