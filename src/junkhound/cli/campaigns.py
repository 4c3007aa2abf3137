"""``junkhound campaigns``: which mail belongs together, and everything that is known of one campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from junkhound.cli import show
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.verbs.campaigns import Detail, Part, Ranking
    from junkhound.verbs.grouping import Grouped


@click.command()
@click.argument("name", metavar="[K-NUMBER]", required=False)
@click.option("--by", type=click.Choice(["mails", "recent", "sources"]), default="mails", show_default=True,
              help="Most mails, seen last, or most sources.")  # fmt: skip
@click.option("--kind", default="", metavar="KIND", help="Only campaigns of this kind, such as pharma.")
@click.option(
    "--since", metavar="WHEN", help="Only those still seen on or after this day: 2006-05-04 or an age such as 90d."
)
@click.option("--until", metavar="WHEN", help="Only those seen before this day.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many to show.")
@click.option(
    "--group", "regroup", is_flag=True, help="Group what came since the last time first; serve does it by itself."
)
@click.option("--at", metavar="WHEN", help="The moment that ages count from; default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def command(
    where: dict[str, Any], name: str | None, by: str, kind: str, since: str | None, until: str | None, limit: int,
    regroup: bool, at: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Rank campaigns, or show one: its days, countries, networks, sources, what its mails share, and its history.

    Texts are one campaign where they share most of their words, or a link, file or number and enough words besides.
    Names stay: where two campaigns turn out to be one, the name of the smaller leads to the other.

    \b
    Examples:
      junkhound campaigns
      junkhound campaigns K-2006-000012
      junkhound campaigns --by recent --since 7d --json
      junkhound campaigns --group
    """
    import msgspec

    from junkhound.verbs import campaigns

    office = open_office(**where, at=at)
    if regroup:
        done = run(office, as_json)
        if not as_json:
            tell_grouped(done)
    if name is not None:
        detail = campaigns.show(office, name, limit)
        if as_json:
            show(msgspec.to_builtins(detail))
        else:
            tell_one(detail)
        return
    ranking = campaigns.rank(office, by, limit, kind, since, until)
    if as_json:
        show(msgspec.to_builtins(ranking))
    else:
        tell(ranking)


def run(office: Any, quiet: bool = False, read_s: float | None = None) -> Grouped:
    """Group with a progress bar on stderr, where that is a terminal; ``read_s`` bounds the reading of campaigns."""
    from junkhound.cli.lists import progress_bar
    from junkhound.verbs import actors, botnets, comparing, grouping, wording

    with progress_bar(quiet) as progress:
        done = grouping.group(office, progress)
        wording.read(office, wording.BUDGET_S if read_s is None else read_s, progress)
        botnets.find(office)
        actors.find(office)
        comparing.look(office)
        return done


def tell_grouped(done: Grouped) -> None:
    """What grouping changed, in one line."""
    parts = [
        f"{count:,} {word}"
        for count, word in (
            (done.born, "new"), (done.changed, "changed"), (done.merged, "merged into others"),
            (done.split, "split off"), (done.revived, "back after a silence"),
        )
        if count
    ]  # fmt: skip
    if parts:
        print(f"campaigns: {', '.join(parts)}; {done.texts:,} new texts, {done.waiting:,} of them in none yet")


def tell(ranking: Ranking) -> None:
    """The ranking as a person reads it."""
    if not ranking.campaigns:
        print("no campaigns: nothing that fits was grouped yet; try junkhound campaigns --group")
        return
    print(
        f"{len(ranking.lines):,} of {ranking.campaigns:,} campaigns; {ranking.mails:,} mails,"
        f" {ranking.first_on} to {ranking.last_on}"
    )
    for one in ranking.lines:
        kind = f"  {one.kind}" if one.kind else ""
        print(f"{one.name}  {one.mails:>9,} mails {one.sources:>8,} sources  {one.first_on} to {one.last_on}{kind}")
        print(f"               {one.subject or '(no subject)'}")


def tell_one(found: Detail) -> None:
    """One campaign as a person reads it."""
    one = found.line
    print(f"{one.name}: {one.mails:,} mails of {one.texts:,} texts from {one.sources:,} sources,"
          f" {one.first_on} to {one.last_on}")  # fmt: skip
    if one.kind:
        print(f"  kind: {one.kind} ({one.sure:.0%}): {found.why}")
    for title, parts in (("days", found.days[-14:]), ("countries", found.countries[:10]),
                         ("networks", found.networks[:10]), ("ways", found.ways)):  # fmt: skip
        if parts:
            print(f"  {title}: " + ", ".join(_part(part) for part in parts))
    for source in found.top[:10]:
        print(f"    {source.address}  {source.mails:,} mails, {source.first_on} to {source.last_on}")
    if found.things:
        print("  what its mails share:")
    for thing in found.things[:20]:
        others = f", also in {', '.join(thing.others[:5])}" if thing.others else ""
        print(f"    {thing.kind} {thing.name or thing.key}: {thing.mails:,} mails{others}")
    for words in found.subjects:
        print(f"  subject: {words}")
    for identity in found.samples[:5]:
        print(f"  sample: {identity}")
    for event in found.events:
        other = f" {event.other}" if event.other else ""
        print(f"  {event.at}  {event.event}{other}: {event.why}")


def _part(part: Part) -> str:
    return f"{part.what} {part.mails:,}"
