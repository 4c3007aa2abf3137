"""``junkhound upgrade``: bring a home to this version."""

from __future__ import annotations

import click
import msgspec

from junkhound.cli import show


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Bring the home to the form this version works with, after a copy of its state database.

    Evidence and tables are never rewritten: every version reads those of all versions before it. Stop running
    Junkhound processes first.

    \b
    Examples:
      junkhound upgrade
      junkhound --home /srv/junkhound upgrade --json
    """
    from junkhound.verbs.office import open_office
    from junkhound.verbs.upgrade import upgrade

    done = upgrade(open_office(ctx.obj["config"], ctx.obj["home"]))
    if as_json:
        show(msgspec.to_builtins(done))
    elif done.found == done.now:
        click.echo(f"{done.home} is up to date (state {done.now})")
    else:
        click.echo(f"{done.home}: state {done.found or 'new'} is now {done.now}")
        if done.copy:
            click.echo(f"the state database as it was: {done.copy}")
