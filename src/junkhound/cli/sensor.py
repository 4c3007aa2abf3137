"""``junkhound sensor``: report what this home's traps saw to a hub."""

from __future__ import annotations

from typing import Any

import click

from junkhound.cli import show
from junkhound.verbs.office import open_office


@click.group()
def command() -> None:
    """Report to a hub what this home's traps saw: sightings, and with [sensor] evidence the mails, redacted.

    Nothing leaves until [sensor] hub is set.

    \b
    Examples:
      junkhound sensor push
      junkhound sensor push --dry-run
    """


@command.command("push")
@click.option("--dry-run", is_flag=True, help="Show what would be told; nothing leaves.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def push(where: dict[str, Any], dry_run: bool, as_json: bool) -> None:
    """Tell the hub what it does not know yet; junkhound serve does this every [sensor] every_s.

    \b
    Example:
      junkhound sensor push
    """
    from junkhound.verbs import sensor

    office = open_office(**where)
    if dry_run:
        planned = sensor.plan(office)
        if as_json:
            show(planned)
        else:
            print(f"{len(planned):,} segments would be told to {office.config.sensor.hub}")
            for one in planned:
                print(f"  {one['segment']}: {len(one['sightings']):,} sightings, TLP:{str(one['tlp']).upper()}")
        return
    done = sensor.push(office)
    if as_json:
        show(dict(done))
        return
    words = ", ".join(f"{count:,} {word}" for word, count in sorted(done.items()))
    print(f"segments: {words or 'none that the hub does not know'}")
