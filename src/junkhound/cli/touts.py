"""``junkhound touts``: shares that junk praises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from junkhound.cli import show
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.verbs.touts import Share


@click.group()
def command() -> None:
    """Shares that junk praises: when, by how many machines, and what it did to their price.

    \b
    Examples:
      junkhound touts list
      junkhound touts show QXZV --fact-sheet
      junkhound touts feed
    """


@command.command("list")
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many to show.")
@click.option("--json", "as_json", is_flag=True, help="Print the shares as JSON.")
@click.pass_obj
def list_(where: dict[str, Any], limit: int, as_json: bool) -> None:
    """Touted shares, those touted last first; pictures count once ``junkhound pictures read`` has read them.

    \b
    Example:
      junkhound touts list --limit 5
    """
    import msgspec

    from junkhound.verbs import touts

    found = touts.shares(open_office(**where), limit)
    if as_json:
        show(msgspec.to_builtins(found))
        return
    if not found:
        print("no shares: no mail praises one")
    for one in found:
        name = f"{one.ticker}{f'.{one.market}' if one.market in ('PK', 'OB', 'F') else ''}"
        promise = f"  {one.price:g} to {one.target:g}" if one.price and one.target else ""
        word = "" if one.believed else "  (a word, and no burst)"
        print(f"{name:<8} {one.mails:>7,} mails {one.sources:>7,} sources  {one.first_on} to {one.last_on}"
              f"{promise}  {one.company}{word}".rstrip())  # fmt: skip


@command.command("show")
@click.argument("ticker")
@click.option("--fact-sheet", is_flag=True, help="Print the facts as a paper for a regulator.")
@click.option("--json", "as_json", is_flag=True, help="Print the share as JSON.")
@click.pass_obj
def show_(where: dict[str, Any], ticker: str, fact_sheet: bool, as_json: bool) -> None:
    """One share: its touting days, what the mails promise, and, with [touts] prices, what came of it.

    \b
    Example:
      junkhound touts show QXZV
    """
    import msgspec

    from junkhound.verbs import touts

    office = open_office(**where)
    found = touts.share(office, ticker)
    if as_json:
        show(msgspec.to_builtins(found))
    elif fact_sheet:
        print(touts.fact_sheet(office, found), end="")
    else:
        tell(found)


def tell(one: Share) -> None:
    """A share in a few lines."""
    print(f"{one.ticker}  {one.company}".rstrip())
    print(
        f"  {one.mails:,} mails from {one.sources:,} sources in {one.countries:,} countries,"
        f" {one.first_on} to {one.last_on}"
    )
    if one.price or one.target:
        print(f"  price as named {one.price:g}, as promised {one.target:g} {one.horizon}".rstrip())
    for run in one.runs:
        print(f"  {run.first_on} to {run.last_on}  {run.mails:,} mails, {run.pictures:,} by picture")
        if run.effect is not None:
            found = run.effect
            print(f"    return beyond the expected: before {found.before:+.1%}, touted {found.during:+.1%},"
                  f" after {found.after:+.1%}; volume {found.volume_times:.1f} times the usual")  # fmt: skip
            print(f"    buyers' loss {found.loss.low:,.0f} to {found.loss.high:,.0f},"
                  f" sellers' gain {found.gain.low:,.0f} to {found.gain.high:,.0f}")  # fmt: skip


@command.command("feed")
@click.option("--out", metavar="FOLDER", default="", help="Where to write; default: out/touts in the home.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
@click.pass_obj
def feed(where: dict[str, Any], out: str, as_json: bool) -> None:
    """Write a public warning page for each share that two vantages saw, and a feed of them (JSON and Atom).

    \b
    Example:
      junkhound touts feed --out /var/www/touts
    """
    import msgspec

    from junkhound.verbs import touts

    done = touts.feed(open_office(**where), out)
    if as_json:
        show(msgspec.to_builtins(done))
        return
    print(f"{len(done.shares):,} shares in {done.folder}")
    if done.withheld:
        print(f"{done.withheld:,} held back: fewer than two vantages or three mails saw them")
