"""``junkhound lists``: what people say to a listing, and what a list would be under other rules."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import click

from junkhound.cli import show
from junkhound.kernel import clock
from junkhound.verbs.office import open_office

_JSON = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
_AT = click.option("--at", metavar="WHEN", help="The moment it is asked for: a date, or an age such as 14d.")
_BY = click.option("--by", "who", metavar="WHO", help="Who decides it; default: your user name.")


@click.command()
@click.argument("what")
@_AT
@_JSON
@click.pass_obj
def delist(where: dict[str, Any], what: str, at: str | None, as_json: bool) -> None:
    """Take an address off at its owner's word: once in 30 days, and not while it still sends.

    WHAT is an address or the number of a listing. Networks and names come off at the word of their abuse contact.
    Exits 77 if nothing of it could be taken off.

    \b
    Examples:
      junkhound lists delist 192.0.2.7
      junkhound lists delist JH-2026-000123
    """
    from junkhound.kernel.errors import Refused
    from junkhound.verbs import delisting

    answers = delisting.ask(open_office(**where, at=at), what)
    if as_json:
        show([{"number": a.number, "list": a.list, "listed": a.subject, "granted": a.granted, "why": a.why}
              for a in answers])  # fmt: skip
    else:
        for one in answers:
            print(f"{one.subject} on list {one.list!r} ({one.number}): {one.why}")
    if not any(one.granted for one in answers):
        raise Refused("nothing was taken off", "the reasons stand above")


@click.command()
@click.argument("network")
@click.option("--list", "name", required=True, metavar="NAME", help="The list it is approved for.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; kept for ever.")
@_BY
@_AT
@_JSON
@click.pass_obj
def approve(
    where: dict[str, Any], network: str, name: str, reason: str, who: str | None, at: str | None, as_json: bool
) -> None:
    """Say yes to a network on a do-not-route list; two different people must, within 180 days.

    \b
    Examples:
      junkhound lists approve 198.51.100.0/24 --list drop --reason "hijacked since May" --by pat
    """
    from junkhound.verbs import delisting

    said = delisting.approve(open_office(**where, at=at), name, network, who or getpass.getuser(), reason)
    if as_json:
        show([{"network": a.subject, "at": clock.text(a.at), "by": a.who, "reason": a.why} for a in said])
        return
    people = ", ".join(one.who for one in said)
    more = "" if len(said) > 1 else "; one more person has to"
    print(f"{said[0].subject} is approved for list {name!r} by {people}{more}")


@click.command()
@click.option("--list", "name", required=True, metavar="NAME", help="The do-not-route list that it would be for.")
@_AT
@_JSON
@click.pass_obj
def candidates(where: dict[str, Any], name: str, at: str | None, as_json: bool) -> None:
    """Show the networks that two people may approve for a do-not-route list, with what speaks for each.

    An announced network of which nine in ten senders are bad and none is good. Look at who announces and who
    registered it before you say yes: junkhound knows neither hijacks nor contracts.

    \b
    Examples:
      junkhound lists candidates --list drop
    """
    from junkhound.verbs import delisting

    found = delisting.candidates(open_office(**where, at=at), name)
    if as_json:
        show([{"network": str(one.network), "evidence": list(one.evidence), "first": clock.day_text(one.first_at),
               "last": clock.day_text(one.last_at), "approved_by": [yes.who for yes in one.said]}
              for one in found])  # fmt: skip
        return
    if not found:
        print("no announced network is bad enough")
    for one in found:
        people = f"approved by {', '.join(yes.who for yes in one.said)}" if one.said else "approved by nobody yet"
        print(f"{one.network}: {clock.day_text(one.first_at)} to {clock.day_text(one.last_at)}, {people}")
        for words in one.evidence:
            print(f"  {words}")


@click.command()
@click.argument("network")
@click.option("--list", "name", required=True, metavar="NAME", help="The list it was approved for.")
@_BY
@_AT
@click.pass_obj
def withdraw(where: dict[str, Any], network: str, name: str, who: str | None, at: str | None) -> None:
    """Take your yes to a network back; what stands runs out by itself.

    \b
    Examples:
      junkhound lists withdraw 198.51.100.0/24 --list drop --by pat
    """
    from junkhound.verbs import delisting

    person = who or getpass.getuser()
    delisting.withdraw(open_office(**where, at=at), name, network, person)
    print(f"{person} has taken the yes to {network} on list {name!r} back")


@click.command()
@click.argument("what")
@_AT
@_JSON
@click.pass_obj
def explain(where: dict[str, Any], what: str, at: str | None, as_json: bool) -> None:
    """Say what a listing is, as its owner may read it: why, how wide, since when, what to mend, how it comes off.

    WHAT is an address, a domain or the number of a listing; past listings are shown too.

    \b
    Examples:
      junkhound lists explain 192.0.2.7
      junkhound lists explain shop.example
      junkhound lists explain JH-2026-000123
    """
    from junkhound.verbs import record

    found = record.explain(open_office(**where, at=at), what)
    if as_json:
        show([{"number": one.number, "list": one.list, "record": lines} for one, lines in found])
        return
    print("\n\n".join("\n  ".join(lines) for _, lines in found))


@click.command()
@click.option("--list", "name", metavar="NAME", help="Only this list; default: all of addresses and networks.")
@click.option(
    "--policy",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Settings whose [lists] are tried; default: those in force.",
)
@click.option("--from", "start", default="7d", show_default=True, metavar="WHEN", help="Where to begin: a date or age.")
@click.option("--until", "end", metavar="WHEN", help="Where to end; default: now.")
@click.option("--step", default=6, show_default=True, metavar="HOURS", help="Decide every so many hours.")
@click.option("--limit", default=10, show_default=True, metavar="N", help="Entries of each kind to show; 0 shows all.")
@_JSON
@click.pass_obj
def replay(
    where: dict[str, Any], name: str | None, path: Path | None, start: str, end: str | None, step: int, limit: int,
    as_json: bool,
) -> None:  # fmt: skip
    """Show what a list would have held through past days, and which good senders it would have hit.

    Nothing is stored. A replay begins with an empty list.

    \b
    Examples:
      junkhound lists replay --policy new.toml --from 14d
      junkhound lists replay --list main --from 2026-01-01 --until 2026-01-15
    """
    from junkhound.cli.lists import progress_bar
    from junkhound.kernel.errors import UsageError
    from junkhound.verbs import replaying

    office = open_office(**where, at=end)
    begin = clock.parse(start, office.now)
    if begin >= office.now or step < 1:
        raise UsageError("a replay needs an end after its beginning, and a step of an hour or more")
    office = replaying.with_policy(office, path) if path is not None else office
    with progress_bar(as_json) as progress:
        found = list(replaying.replay(office, name, begin, office.now, step, progress))
    if as_json:
        show([_answer(one) for one in found])
        return
    for one in found:
        _tell(one, limit)


def _answer(one: Any) -> dict[str, Any]:
    return {
        "list": one.policy.name,
        "policy": one.policy.hash,
        "from": clock.text(one.start),
        "until": clock.text(one.end),
        "would_hold": [str(subject) for subject in one.held],
        "only_then": [str(subject) for subject in one.only_then],
        "only_now": [str(subject) for subject in one.only_now],
        "good_days": one.good_days,
        "hits": [{"day": clock.day_text(h.day * clock.DAY), "address": str(h.address), "listed": str(h.subject)}
                 for h in one.hits],
    }  # fmt: skip


def _tell(one: Any, limit: int) -> None:
    span = f"{clock.day_text(one.start)} to {clock.day_text(one.end)}"
    print(f"{one.policy.name} (policy {one.policy.hash}), {span}: would hold {len(one.held):,}")
    share = f" ({len(one.hits) / one.good_days:.2%})" if one.good_days else ""
    print(f"  good senders hit: {len(one.hits):,} of {one.good_days:,} known-good sender-days{share}")
    for hit in one.hits[: limit or None]:
        print(f"    {clock.day_text(hit.day * clock.DAY)}  {hit.address}  by {hit.subject}")
    for sign, words, subjects in (("+", "come", one.only_then), ("-", "go", one.only_now)):
        print(f"  {len(subjects):,} would {words} against what stands now")
        for subject in subjects[: limit or None]:
            print(f"    {sign} {subject}")


COMMANDS = (delist, candidates, approve, withdraw, explain, replay)
