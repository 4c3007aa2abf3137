"""``junkhound actors``: campaigns with one hand behind them, and how much it matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from junkhound.cli.named import answer, asked
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.verbs.actors import Detail, Line, Tie


@click.command()
@asked("A", "link campaigns")
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
    from junkhound.verbs import actors

    answer(open_office(**where, at=at), actors, name, again, limit, as_json, tell, tell_one)


def tell(lines: tuple[Line, ...]) -> None:
    """The ranking as a person reads it."""
    if not lines:
        print("no actors: no two campaigns are tied well enough to say that one hand made both")
    for one in lines:
        kinds = f" ({', '.join(one.kinds)})" if one.kinds else ""
        print(f"{one.name}  {one.significance:8.1f}  {one.mails:,} mails of {len(one.campaigns):,} campaigns{kinds},"
              f" {one.first_on} to {one.last_on}")  # fmt: skip


def tell_one(found: Detail, limit: int = 20) -> None:
    """One actor as a person reads it."""
    tell((found.line,))
    for one in found.campaigns[:limit]:
        print(f"  {one.name}  {one.mails:,} mails, {one.first_on} to {one.last_on}  {one.subject}")
    if found.line.botnets:
        print(f"  rents {', '.join(found.line.botnets)}")
    for tie in found.ties[:limit]:
        print(f"  {_tie(tie)}")
    for tie in found.perhaps[:limit]:
        print(f"  perhaps: {_tie(tie)}")
    for guess in found.successors[:limit]:
        print(f"  {guess.new} may have come after {guess.old}, or be the same ({guess.sure:.0%}); nothing is asserted")


def _tie(tie: Tie) -> str:
    why = "; ".join(text for _, text in tie.reasons)
    return f"{tie.one} and {tie.other}, {tie.sure:.1%}: {why}"
