"""``junkhound check``: what is wrong here, and how to mend it."""

from __future__ import annotations

import click

from junkhound.cli import show

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Say what is wrong with this installation and how to mend it; exit 1 if anything fails.

    Looks at Python and its packages, the settings, the home, the disk and whether it syncs, the state database,
    leases, the spool, what confines the parsers, the route table, relays and the clock. Changes nothing.

    \b
    Examples:
      junkhound check
      junkhound check --json | jq '.[] | select(.status != "ok")'
    """
    from junkhound.verbs.check import check
    from junkhound.verbs.office import open_office

    findings = check(open_office(ctx.obj["config"], ctx.obj["home"]))
    if as_json:
        show([vars(one) for one in findings])
    else:
        for one in findings:
            click.echo(f"{click.style(f'{one.status:4}', fg=COLOURS[one.status])}  {one.name:9} {one.text}")
            if one.hint and one.status != "ok":
                click.echo(f"                hint: {one.hint}")
    ctx.exit(1 if any(one.status == "fail" for one in findings) else 0)
