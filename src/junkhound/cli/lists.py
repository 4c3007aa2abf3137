"""``junkhound lists``: decide what is on the block lists, look at them, take an address off."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from junkhound.cli import list_appeals, show
from junkhound.kernel import clock
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.ledger.listing_records import Listing
    from junkhound.verbs.deciding import Progress
    from junkhound.verbs.lists import Decided

_AT = click.option(
    "--at", metavar="WHEN", help="The moment to decide for: a date, or an age such as 14d; default: now."
)
_LIST = click.option("--list", "name", metavar="NAME", help="Only this list ([lists.NAME]); default: all.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")


@click.group()
def command() -> None:
    """Decide what is on the block lists, look at them, take an address off.

    \b
    Examples:
      junkhound lists decide
      junkhound lists show main
      junkhound lists check 192.0.2.7
      junkhound lists diff && junkhound publish
    """


@contextmanager
def progress_bar(quiet: bool = False) -> Iterator[Progress]:
    """A bar on stderr where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda what, done, total: None
        return
    parts = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*parts, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total or None)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines with columns under each other; numbers to the right. The same in a terminal and in a pipe."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if cell.replace(",", "").isdigit() else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def listing_answer(one: Listing) -> dict[str, Any]:
    """A listing for ``--json``."""
    return {
        "number": one.number,
        "list": one.list,
        "network": str(one.subject),
        "class": one.listing_class,
        "messages": one.messages,
        "vantages": one.vantages,
        "first_at": clock.text(one.first_at),
        "last_at": clock.text(one.last_at),
        "listed_at": clock.text(one.listed_at),
        "expires_at": clock.text(one.expires_at),
        "ended_at": None if one.ended_at is None else clock.text(one.ended_at),
        "end": one.end,
        "relistings": one.relistings,
        "decision": one.decision,
        "policy": one.policy,
    }


@command.command()
@_LIST
@click.option("--dry-run", is_flag=True, help="Show what would be decided; nothing is stored.")
@_AT
@_JSON
@click.pass_obj
def decide(where: dict[str, Any], name: str | None, dry_run: bool, at: str | None, as_json: bool) -> None:
    """List, renew and end listings as the sightings of the last 35 days say.

    Deciding twice for one moment changes nothing.

    \b
    Examples:
      junkhound lists decide
      junkhound lists decide --list main --dry-run
      junkhound lists decide --at 2006-05-04
    """
    from junkhound.verbs import lists

    office = open_office(**where, at=at)
    with progress_bar(as_json) as progress:
        done = lists.decide(office, name, dry_run, progress)
    if as_json:
        show([_decided_answer(one) for one in done])
        return
    for one in done:
        _tell_decided(one)


def _decided_answer(one: Decided) -> dict[str, Any]:
    refused = one.refused and {"code": one.refused.code, "message": one.refused.message, "hint": one.refused.hint}
    answer: dict[str, Any] = {"list": one.name, "at": clock.text(one.at), "dry_run": one.dry_run, "refused": refused}
    answer |= {"looked_at": len(one.decisions), "entries": one.entries}
    if one.dry_run:
        answer["would_list"] = [str(decision.subject) for decision in one.decisions if decision.listed]
    else:
        answer |= {name: getattr(one.applied, name) for name in one.applied.__struct_fields__}
        answer["unreadable"] = one.unreadable
    return answer


def _tell_decided(one: Decided) -> None:
    if one.refused is not None:
        print(f"junkhound: {one.refused.message}", file=sys.stderr)
        print(f"junkhound: hint: {one.refused.hint}", file=sys.stderr)
        return
    looked = f"{len(one.decisions):,} {'address' if len(one.decisions) == 1 else 'addresses'} looked at"
    if one.dry_run:
        print(f"{one.name}: would hold {one.entries:,} of {looked}, as of {clock.text(one.at)}")
        for decision in one.decisions:
            if decision.listed:
                print(f"  {decision.subject}  {'; '.join(reason.text for reason in decision.reasons)}")
        return
    for words in one.unreadable:
        print(f"junkhound: a pinned mail cannot be read: {words}", file=sys.stderr)
    applied = one.applied
    changes = [f"{len(getattr(applied, what)):,} {what}" for what in applied.__struct_fields__]
    print(f"{one.name}: {one.entries:,} on the list as of {clock.text(one.at)} ({looked}): {', '.join(changes)}")


@command.command("show")
@click.argument("name", required=False)
@click.option("--limit", default=50, show_default=True, metavar="N", help="Entries to show; 0 shows all.")
@_AT
@_JSON
@click.pass_obj
def show_(where: dict[str, Any], name: str | None, limit: int, at: str | None, as_json: bool) -> None:
    """Show every list in a line, or with NAME what is on that list.

    \b
    Examples:
      junkhound lists show
      junkhound lists show main --limit 0
    """
    from junkhound.verbs import lists

    office = open_office(**where, at=at)
    if name is None:
        _show_all(lists.overview(office), as_json)
        return
    found = lists.entries(office, name)
    shown = found[:limit] if limit > 0 else found
    if as_json:
        show({"list": name, "count": len(found), "entries": [listing_answer(one) for one in shown]})
        return
    rows: list[tuple[str, ...]] = [("network", "number", "class", "messages", "since", "last seen", "expires")]
    for one in shown:
        days = [clock.day_text(moment) for moment in (one.listed_at, one.last_at, one.expires_at)]
        rows.append((str(one.subject), one.number, one.listing_class, f"{one.messages:,}", *days))
    print("\n".join(aligned(rows)))
    rest = f", {len(found) - len(shown):,} more with --limit 0" if len(shown) < len(found) else ""
    print(f"{len(found):,} on list {name!r}, {clock.text(office.now)}{rest}")


def _show_all(found: Sequence[Any], as_json: bool) -> None:
    def moment(at: int | None) -> str:
        return "never" if at is None else clock.text(at)

    if as_json:
        show(
            [
                {
                    "list": one.name,
                    "scope": one.policy.scope,
                    "entries": one.entries,
                    "decided_at": one.run and moment(one.run.decided_at),
                    "published_at": one.run and one.run.published_at and moment(one.run.published_at),
                    "policy": one.policy.hash,
                }
                for one in found
            ]
        )
        return
    rows = [("list", "scope", "entries", "decided", "published")]
    for one in found:
        decided, published = (one.run.decided_at, one.run.published_at) if one.run else (None, None)
        rows.append((one.name, one.policy.scope, f"{one.entries:,}", moment(decided), moment(published)))
    print("\n".join(aligned(rows)))


@command.command()
@_LIST
@_AT
@_JSON
@click.pass_obj
def expire(where: dict[str, Any], name: str | None, at: str | None, as_json: bool) -> None:
    """End what has run out; `decide` does this too.

    \b
    Examples:
      junkhound lists expire
    """
    from junkhound.verbs import lists

    ended = lists.expire(open_office(**where, at=at), name)
    if as_json:
        show(ended)
        return
    for one, numbers in ended.items():
        print(f"{one}: {len(numbers):,} expired" + (f": {', '.join(numbers)}" if numbers else ""))


@command.command()
@click.argument("address")
@_LIST
@_AT
@_JSON
@click.pass_obj
def check(where: dict[str, Any], address: str, name: str | None, at: str | None, as_json: bool) -> None:
    """Say whether an address is listed; exits 66 if it is not.

    \b
    Examples:
      junkhound lists check 192.0.2.7
      junkhound lists check 2001:db8::25 --list main
    """
    from junkhound.verbs import lists

    found = lists.check(open_office(**where, at=at), address, name)
    if as_json:
        show([listing_answer(one) for one in found])
        return
    for one in found:
        since, until = clock.day_text(one.listed_at), clock.day_text(one.expires_at)
        print(f"{one.subject} is on list {one.list!r} since {since} ({one.number}, {one.listing_class}), until {until}")


@command.command()
@click.argument("name", required=False)
@_JSON
@click.pass_obj
def policy(where: dict[str, Any], name: str | None, as_json: bool) -> None:
    """Say each list's rules in words: what gets an address on it, for how long, and what never is.

    \b
    Examples:
      junkhound lists policy
      junkhound lists policy main
    """
    from junkhound.verbs import lists

    found = lists.explain(open_office(**where), name)
    if as_json:
        show([{"list": p.name, "hash": p.hash, "rules": rules, "names": names} for p, rules, names in found])
        return
    for one, rules, names in found:
        print(f"{one.name} (policy {one.hash})")
        for rule in rules:
            print(f"  {rule}")
        for host in names:
            print(f"  note: {host!r} is a name and guards no address; add its address to [network] own")


@command.command()
@_LIST
@_AT
@_JSON
@click.pass_obj
def diff(where: dict[str, Any], name: str | None, at: str | None, as_json: bool) -> None:
    """Show what has come and gone since each list was last published.

    \b
    Examples:
      junkhound lists diff --list main
    """
    from junkhound.verbs import lists

    found = lists.diff(open_office(**where, at=at), name)
    if as_json:
        show(
            [
                {
                    "list": one.name,
                    "published_at": one.published_at and clock.text(one.published_at),
                    "added": [listing_answer(entry) for entry in one.added],
                    "removed": [listing_answer(entry) for entry in one.removed],
                }
                for one in found
            ]
        )
        return
    for one in found:
        since = "never published" if one.published_at is None else f"since {clock.text(one.published_at)}"
        print(f"{one.name}: {len(one.added):,} added, {len(one.removed):,} removed, {since}")
        for entry in one.added:
            print(f"+ {entry.subject}  {entry.number}, {entry.listing_class}")
        for entry in one.removed:
            print(f"- {entry.subject}  {entry.number}, {entry.end or 'expired'}")


@command.command()
@click.argument("address")
@click.option("--reason", required=True, metavar="TEXT", help="Why; kept in the listing's history.")
@click.option("--by", "who", metavar="WHO", help="Who decided it; default: your user name.")
@_LIST
@_AT
@_JSON
@click.pass_obj
def remove(
    where: dict[str, Any], address: str, reason: str, who: str | None, name: str | None, at: str | None, as_json: bool
) -> None:
    """Take an address off by hand; what was seen until now does not count against it again.

    The listing stays in its history with the reason. To keep an address off for good, add it to
    [network] protect.

    \b
    Examples:
      junkhound lists remove 192.0.2.7 --reason "cleaned by its owner"
    """
    from junkhound.verbs import lists

    gone = lists.remove(open_office(**where, at=at), address, reason, who or getpass.getuser(), name)
    if as_json:
        show([listing_answer(one) for one in gone])
        return
    for one in gone:
        print(f"{one.subject} is off list {one.list!r} ({one.number})")
    print("junkhound: publish to let the users of the list know: junkhound publish", file=sys.stderr)


for _one in list_appeals.COMMANDS:
    command.add_command(_one)
