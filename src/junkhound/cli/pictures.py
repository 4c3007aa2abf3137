"""``junkhound pictures``: text as pixels, read once for all near-copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from junkhound.cli import show
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.verbs.pictures import Done


@click.group()
def command() -> None:
    """What mail shows as pictures: near-copies grouped, and each group's text read once.

    \b
    Examples:
      junkhound pictures read
      junkhound pictures list --limit 5
    """


@command.command("read")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=2000, show_default=True,
              help="New pictures to look at.")  # fmt: skip
@click.option("--budget", type=click.FloatRange(1), metavar="SECONDS",
              help="CPU seconds for reading text; default: [pictures] budget_s.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_obj
def read(where: dict[str, Any], limit: int, budget: float | None, as_json: bool) -> None:
    """Look at new pictures, group near-copies, and read the groups that are due.

    A group is read with its first picture, and anew when five and when nine copies can be laid over each other. What
    is found counts for every mail with one of its pictures. Nothing leaves this machine.

    \b
    Example:
      junkhound pictures read --budget 300
    """
    import msgspec

    from junkhound.cli.lists import progress_bar
    from junkhound.verbs import pictures

    with progress_bar(as_json) as progress:
        done = pictures.read(open_office(**where), limit, budget or 0.0, progress)
    if as_json:
        show(msgspec.to_builtins(done))
    else:
        tell(done)


def tell(done: Done) -> None:
    """What was done, in three lines."""
    print(f"{done.pictures:,} new pictures; {done.groups:,} groups of near-copies")
    for why, count in sorted(done.unread.items()):
        print(f"  {count:,} could not be had: {why}")
    if done.hint:
        print(done.hint)
    else:
        print(
            f"{done.read:,} groups read by {done.engine} in {done.cpu_s:.1f} s of CPU, {done.found:,} keys found;"
            f" {done.waiting:,} wait; readings so far are {done.share:.2%} of the kept mails"
        )


@command.command("list")
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many to show.")
@click.option("--json", "as_json", is_flag=True, help="Print the groups as JSON.")
@click.pass_obj
def list_(where: dict[str, Any], limit: int, as_json: bool) -> None:
    """The groups of most mails, and what they say.

    \b
    Example:
      junkhound pictures list --limit 5 --json
    """
    import msgspec

    from junkhound.verbs import pictures

    found = pictures.groups(open_office(**where), limit)
    if as_json:
        show(msgspec.to_builtins(found))
        return
    if not found:
        print("no pictures were looked at yet: junkhound pictures read")
    for line in found:
        state = f"read with {line.read_with:,}, {line.sure:.0%} sure" if line.read_with else "not read"
        print(f"group {line.number}: {line.mails:,} mails, {line.copies:,} different copies, {state}")
        for find in line.finds:
            print(f"    {find}")
        for row in line.text.splitlines()[:6]:
            print(f"  | {row[:100]}")
