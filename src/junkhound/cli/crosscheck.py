"""``junkhound crosscheck``: what other people's block lists say."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from junkhound.cli import show
from junkhound.kernel import clock
from junkhound.kernel.errors import UsageError
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.ledger.others import Standing
    from junkhound.verbs.crosscheck import Asked, Checked, Shown

_WORDS = ("lists", "accept", "withdraw")


class _Direct(click.Group):
    """``crosscheck ADDRESS`` means ``crosscheck ask ADDRESS``."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            args = ["ask", *args]
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0].startswith("-") and args[0] not in ("-h", "--help"):
            args = ["ask", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Direct)
def command() -> None:
    """Ask many block lists at once about an address, a domain, or a file of them, and keep what they said.

    Nobody is asked until [lookup] resolver is set and a list's terms were accepted.

    \b
    Examples:
      junkhound crosscheck lists
      junkhound crosscheck accept spamcop
      junkhound crosscheck 192.0.2.7
      junkhound crosscheck addresses.txt --json
    """


@command.command("ask")
@click.argument("what", nargs=-1, required=True, metavar="ADDRESS|DOMAIN|FILE...")
@click.option("--list", "names", multiple=True, metavar="NAME", help="Ask only this list; repeatable.")
@click.option("--again", is_flag=True, help="Ask even if it was asked a little while ago.")
@click.option("--dry-run", is_flag=True, help="Show what would be asked of whom; nothing leaves.")
@click.option("--known", is_flag=True, help="Ask nobody: what imported feeds and earlier answers say.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document a line.")
@click.pass_obj
def ask(
    where: dict[str, Any], what: tuple[str, ...], names: tuple[str, ...], again: bool, dry_run: bool, known: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Ask about addresses, domains, or files that hold one a line.

    Each list says listed, not listed, refused, dead or unknown; lists of one family count as one witness. Imported
    feeds stand beside them with their history, and are no witness.

    \b
    Examples:
      junkhound crosscheck 192.0.2.7
      junkhound crosscheck 192.0.2.7 --known
      junkhound crosscheck addresses.txt --list psbl --dry-run
    """
    from junkhound.verbs import crosscheck

    office = open_office(**where)
    wanted, bad = crosscheck.subjects(office, _words(what))
    for _, why in bad:
        print(f"junkhound: {why}", file=sys.stderr)
    if not wanted:
        raise UsageError("nothing to ask about", "give a public address, a domain, or a file of them")
    if dry_run:
        planned = crosscheck.plan(office, wanted, names)
        if as_json:
            show(
                [{"list": one.list, "zone": one.zone, "resolver": one.resolver, "names": one.names} for one in planned]
            )
        else:
            _tell_plan(planned)
        return
    if known:
        for one in crosscheck.known(office, wanted):
            _json_line(one) if as_json else _tell(one)
        return
    if len(wanted) < 2 or as_json:
        for one in crosscheck.check(office, wanted, names, again):
            _json_line(one) if as_json else _tell(one)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("asking", total=len(wanted))
        for one in crosscheck.check(office, wanted, names, again, lambda count: bar.advance(task, count)):
            _tell_short(one)


@command.command("lists")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def lists(where: dict[str, Any], as_json: bool) -> None:
    """Show every list of the catalogue: what it holds, its terms, and whether you accepted them.

    \b
    Example:
      junkhound crosscheck lists
    """
    from junkhound.lookup import shipped
    from junkhound.verbs import crosscheck

    every = crosscheck.catalogue(open_office(**where))
    if as_json:
        show({"dated": shipped().dated, "lists": [_shown(one) for one in every]})
        return
    print(f"catalogue of {shipped().dated}")
    for one in every:
        _tell_list(one)


@command.command("accept")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--who", default="", metavar="NAME", help="Who accepts; default: the user of this machine.")
@click.pass_obj
def accept(where: dict[str, Any], names: tuple[str, ...], who: str) -> None:
    """Accept the terms of lists, which are then asked. Read them first at the address that is shown.

    \b
    Example:
      junkhound crosscheck accept psbl spamcop
    """
    from junkhound.verbs import crosscheck

    office = open_office(**where)
    for name in names:
        about = crosscheck.accept(office, name, who or getpass.getuser())
        held = f"verified {about.verified}" if about.verified else "unverified"
        print(f"{name}: accepted ({held}: {about.terms}; {about.policy})")


@command.command("withdraw")
@click.argument("name")
@click.pass_obj
def withdraw(where: dict[str, Any], name: str) -> None:
    """Ask a list no more; what it said stays.

    \b
    Example:
      junkhound crosscheck withdraw spamcop
    """
    from junkhound.verbs import crosscheck

    crosscheck.withdraw(open_office(**where), name)
    print(f"{name}: withdrawn")


def _words(what: tuple[str, ...]) -> list[str]:
    words = []
    for one in what:
        path = Path(one)
        if one == "-" or path.is_file():
            text = sys.stdin.read() if one == "-" else path.read_text("utf-8", "replace")
            lines = (line.partition("#")[0].split() for line in text.splitlines())
            words += [line[0] for line in lines if line]
        else:
            words.append(one)
    return words


def _tell_plan(planned: list[Asked]) -> None:
    for one in planned:
        print(f"{one.list}: {len(one.names):,} questions to {one.resolver}")
        for name in one.names:
            print(f"  {name} A")


def _tell(one: Checked) -> None:
    count, at = len(one.listed), clock.text(one.at)
    asked = f"on {count} of {len(one.lines)} lists, {_witnesses(one)}" if one.lines else "nobody was asked"
    print(f"{one.subject}: {asked}, as of {at}")
    for line in one.lines:
        said = line.said
        since = f", since {clock.day_text(line.since_at)} at least" if line.since_at is not None else ""
        codes = f" {' '.join(said.codes)}" if said.codes else ""
        scope = f" ({said.scope})" if said.scope else ""
        means = f": {said.means}" if said.means else ""
        print(f"  {said.outcome:10} {said.list}{codes}{scope}{means}{since}")
    for gone in one.gone:
        until = f"{clock.day_text(gone.since_at)} to {clock.day_text(gone.gone_at or gone.seen_at)}"
        print(f"  gone       {gone.list}: {until}" if gone.gone_at else f"  known      {gone.list}: seen {until}")
    for stay in one.feeds:
        word, since = "on feed" if stay.gone_at is None else "was on", clock.day_text(stay.since_at)
        until = f"{since} to {clock.day_text(stay.gone_at)}" if stay.gone_at else f"since {since} at least"
        print(f"  {word:10} {stay.feed} as {stay.entry}: {until}, TLP:{stay.tlp}")


def _tell_short(one: Checked) -> None:
    names = ": " + ", ".join(line.said.list for line in one.listed) if one.listed else ""
    print(f"{one.subject}: on {len(one.listed)} of {len(one.lines)} lists, {_witnesses(one)}{names}")


def _witnesses(one: Checked) -> str:
    return "1 witness" if one.witnesses == 1 else f"{one.witnesses} witnesses"


def _json_line(one: Checked) -> None:
    import json

    answer = {
        "subject": one.subject,
        "at": clock.text(one.at),
        "fresh": one.fresh,
        "listed": len(one.listed),
        "asked": len(one.lines),
        "witnesses": one.witnesses,
        "lists": [
            {
                "list": line.said.list,
                "family": line.said.family,
                "outcome": line.said.outcome,
                "codes": list(line.said.codes),
                "means": line.said.means,
                "scope": line.said.scope,
                "since": line.since_at and clock.text(line.since_at),
            }
            for line in one.lines
        ],
        "gone": [standing_answer(gone) for gone in one.gone],
        "feeds": [
            {
                "feed": stay.feed,
                "entry": stay.entry,
                "since": clock.text(stay.since_at),
                "gone": stay.gone_at and clock.text(stay.gone_at),
                "tlp": stay.tlp,
            }
            for stay in one.feeds
        ],
    }
    print(json.dumps(answer, ensure_ascii=False))


def standing_answer(one: Standing) -> dict[str, Any]:
    """One listing of others, for machines."""
    return {
        "list": one.list,
        "family": one.family,
        "scope": one.scope,
        "codes": list(one.codes),
        "means": one.means,
        "since": clock.text(one.since_at),
        "seen": clock.text(one.seen_at),
        "gone": one.gone_at and clock.text(one.gone_at),
    }


def _shown(one: Shown) -> dict[str, Any]:
    about = one.about
    return {
        "name": about.name, "zone": about.zone, "family": about.family, "of": about.of, "scope": about.scope,
        "ipv6": about.ipv6, "policy": about.policy, "terms": about.terms, "closed": about.closed or None,
        "verified": about.verified or None, "accepted": one.accepted_at is not None,
        "codes": dict(about.codes or about.bits),
    }  # fmt: skip


def _tell_list(one: Shown) -> None:
    about = one.about
    state = "closed" if about.closed else "asked" if one.accepted_at is not None else "not accepted"
    print(f"{about.name:18} {state:13} {about.zone} ({about.of}, {about.scope}, family {about.family})")
    if about.closed:
        print(f"{'':18} {'':13} closed in {about.closed}")
    elif about.terms:
        held = f"verified {about.verified}" if about.verified else "unverified, read them at"
        print(f"{'':18} {'':13} terms ({held} {about.policy}): {about.terms}")
