"""``junkhound config``: what may be set, what is set, and whether the file makes sense."""

from __future__ import annotations

from typing import Any

import click

from junkhound.cli import show


@click.group()
def command() -> None:
    """Show, explain and check the settings.

    \b
    Examples:
      junkhound config show              what is in force, and where it differs from the defaults
      junkhound config sample > junkhound.toml
      junkhound config check
    """


@command.command("show")
@click.argument("words", nargs=-1)
@click.option("--changed", is_flag=True, help="Only what differs from the defaults.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def show_settings(obj: dict[str, Any], words: tuple[str, ...], changed: bool, as_json: bool) -> None:
    """Print the settings in force; WORDS keep only sections and settings that hold one of them.

    \b
    Examples:
      junkhound config show
      junkhound config show lists
      junkhound config show --changed
    """
    from junkhound.verbs import config
    from junkhound.verbs.office import open_office

    office = open_office(obj["config"], obj["home"])
    rows = [
        row
        for row in config.as_rows(office.config)
        if (not words or any(word in f"{row['section']}.{row['name']}" for word in words))
        and (not changed or row["changed"])
    ]
    if as_json:
        show({"file": office.config.path or None, "home": str(office.home), "settings": rows})
        return
    click.echo(f"# file: {office.config.path or 'none, all defaults'}\n# home: {office.home}")
    section = None
    for row in rows:
        if row["section"] != section:
            section = row["section"]
            click.echo(f"\n[{section}]")
        mark = f"   # default: {config.toml(row['default'])}" if row["changed"] else ""
        click.echo(f"{row['name']} = {config.toml(row['value'])}{mark}")


@command.command()
def sample() -> None:
    """Print a settings file with every setting explained and nothing changed.

    \b
    Example:
      junkhound config sample > junkhound.toml
    """
    from junkhound.verbs import config

    click.echo(config.sample(), nl=False)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def path(obj: dict[str, Any], as_json: bool) -> None:
    """Print which settings file is read, and where others would be looked for.

    \b
    Example:
      junkhound config path
    """
    from junkhound.kernel.config import find
    from junkhound.verbs import config

    found = find(obj["config"])
    places = config.places()
    if as_json:
        show({"file": str(found) if found else None, "places": [{"path": p, "exists": e} for p, e in places]})
        return
    click.echo(str(found) if found else "none, all defaults")
    for place, exists in places:
        click.echo(f"  {'found  ' if exists else 'not here'}  {place}", err=True)


@command.command()
@click.argument("file", required=False, type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
def check(ctx: click.Context, file: str | None, as_json: bool) -> None:
    """Read the settings and say what cannot be meant; exit 78 if anything is wrong.

    \b
    Examples:
      junkhound config check
      junkhound config check new.toml
    """
    from junkhound.verbs import config

    settings = config.read(file or ctx.obj["config"])
    found = config.problems(settings)
    if as_json:
        show({"file": settings.path or None, "problems": [vars(one) for one in found]})
    else:
        for one in found:
            click.echo(f"{one.where}: {one.text}\n  hint: {one.hint}")
        if not found:
            click.echo(f"{settings.path or 'no file, all defaults'}: nothing wrong")
    ctx.exit(78 if found else 0)
