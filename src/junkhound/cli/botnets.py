"""``junkhound botnets``: machines that work together, how many they are, and who rents them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from junkhound.cli.named import answer, asked
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.verbs.botnets import Detail, Estimate, Line


@click.command()
@asked("B", "find them")
def command(where: dict[str, Any], name: str | None, again: bool, limit: int, at: str | None, as_json: bool) -> None:
    """Rank botnets, or show one: its size, networks, days, and the rent ledger: which campaign had it when.

    Machines are one botnet where their programs speak alike and they do not keep apart, or where they share far more
    senders than chance explains. Sizes are estimates with 95% intervals, never counts of addresses.

    \b
    Examples:
      junkhound botnets
      junkhound botnets B-2006-0001
      junkhound botnets --find --json
    """
    from junkhound.verbs import botnets

    answer(open_office(**where, at=at), botnets, name, again, limit, as_json, tell, tell_one)


def tell(lines: tuple[Line, ...]) -> None:
    """The ranking as a person reads it."""
    if not lines:
        print("no botnets: none was found yet; sessions of our own trap are what tells programs apart")
    for one in lines:
        print(f"{one.name}  {_size(one.machines)} machines behind {_size(one.size)} addresses,"
              f" {_size(one.daily)} a day;"
              f" {one.mails:,} mails of {one.campaigns:,} campaigns, {one.first_on} to {one.last_on}")  # fmt: skip
        if one.awake:
            print("  its machines are on day and night: rather a pool of open proxies than infected home computers")


def _size(one: Estimate) -> str:
    return f"{one.value:,.0f} ({one.low:,.0f} to {one.high:,.0f})"


def tell_one(found: Detail, limit: int = 20) -> None:
    """One botnet as a person reads it."""
    tell((found.line,))
    print(f"  {found.line.seen:,} addresses seen; {found.coverage:.0%} of its mail comes from addresses seen before")
    for network, count in list(found.networks.items())[:10]:
        print(f"    {network}: {count:,}")
    for what, some in groupby(found.shown, lambda one: one.what):
        print(f"  {what}: " + "; ".join(f"{one.name} ({one.share:.0%}, {one.addresses:,} addresses)" for one in some))
    for driver in found.machines[:limit]:
        print(f"  for its tenants: {driver['address']} {driver['what']}, {driver['mails']:,} mails,"
              f" {driver['first_on']} to {driver['last_on']}")  # fmt: skip
    for likely in found.grown[:limit]:
        print(
            f"  met by no trap yet: {likely['address']}, asked about by {likely['askers']:,} who ask about its machines"
        )
    print("  rent ledger:")
    for one in found.tenants[:limit]:
        print(
            f"    {one.campaign}  {one.since} to {one.until}, {one.mails:,} mails on {one.days:,} days  {one.subject}"
        )
    for move in found.moves:
        print(f"  {move.at}  {move.campaign} moved from {move.from_net} to {move.to_net}")
    for guess in found.supply:
        print(f"  perhaps one broker lets {guess.one} and {guess.other}: {guess.common:,} tenants in common,"
              f" chance 1 in 10^{guess.odds:.0f}")  # fmt: skip
    for machine in found.handed_over[:limit]:
        print(f"  changed hands: {machine['address']}, until {machine['last_on']}, for {machine['to']} from"
              f" {machine['first_on']}")  # fmt: skip
    for event in found.events:
        print(f"  {event['at']}  {event['event']}: {event['why']}")
