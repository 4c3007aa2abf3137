"""``junkhound actors``: campaigns with one hand behind them, and how much it matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from junkhound.cli import show
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.verbs.actors import Detail, Line, Tie


@click.command()
@click.argument("name", metavar="[A-NUMBER]", required=False)
@click.option("--find", "again", is_flag=True, help="First link campaigns anew; serve and ingest do it by themselves.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many to show.")
@click.option("--at", metavar="WHEN", help="The moment that is written down; default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def command(where: dict[str, Any], name: str | None, again: bool, limit: int, at: str | None, as_json: bool) -> None:
    """Rank actors, or show one: its campaigns, what ties them and how surely, and what may tie it to others.

    An actor is a number for whoever stands behind some campaigns. No name of a person is ever inferred. A tie is
    asserted from a probability of 0.95 on; below, it is shown as a question.

    \b
    Examples:
      junkhound actors
      junkhound actors A-2026-0001
      junkhound actors --find --json
    """
    import msgspec

    from junkhound.verbs import actors

    office = open_office(**where, at=at)
    if again:
        actors.find(office)
    if name is not None:
        detail = actors.show(office, name)
        if as_json:
            show(msgspec.to_builtins(detail))
        else:
            tell_one(detail)
        return
    lines = actors.rank(office, limit)
    if as_json:
        show(msgspec.to_builtins(lines))
    else:
        tell(lines)


def tell(lines: tuple[Line, ...]) -> None:
    """The ranking as a person reads it."""
    if not lines:
        print("no actors: no two campaigns are tied well enough to say that one hand made both")
    for one in lines:
        kinds = f" ({', '.join(one.kinds)})" if one.kinds else ""
        print(f"{one.name}  {one.significance:8.1f}  {one.mails:,} mails of {len(one.campaigns):,} campaigns{kinds},"
              f" {one.first_on} to {one.last_on}")  # fmt: skip


def tell_one(found: Detail) -> None:
    """One actor as a person reads it."""
    tell((found.line,))
    for one in found.campaigns:
        print(f"  {one.name}  {one.mails:,} mails, {one.first_on} to {one.last_on}  {one.subject}")
    if found.line.botnets:
        print(f"  rents {', '.join(found.line.botnets)}")
    for tie in found.ties:
        print(f"  {_tie(tie)}")
    for tie in found.perhaps:
        print(f"  perhaps: {_tie(tie)}")
    for guess in found.successors:
        print(f"  {guess.new} may have come after {guess.old}, or be the same ({guess.sure:.0%}); nothing is asserted")


def _tie(tie: Tie) -> str:
    why = "; ".join(text for _, text in tie.reasons)
    return f"{tie.one} and {tie.other}, {tie.sure:.1%}: {why}"
