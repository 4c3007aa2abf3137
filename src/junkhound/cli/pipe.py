"""``junkhound pipe``: the same program as ``junkhound-pipe``; ``junkhound.__main__`` leads there without this file."""

from __future__ import annotations

import sys
from typing import Any

import click

from junkhound.intake import pipe


@click.command("pipe", epilog="\b\n" + pipe.EXAMPLE)
@click.argument("recipients", nargs=-1)
@click.pass_context
def command(ctx: click.Context, /, recipients: tuple[str, ...], **given: Any) -> None:
    """Take one mail from a mail server's pipe into the spool.

    Exit code 0 means that the mail is on the disk; 75 asks the mail server to keep it and to try again.
    """
    words = [f"--{name}={value}" for name, value in (ctx.obj or {}).items() if value is not None]
    for name, value in given.items():
        for one in value if isinstance(value, tuple) else (value,):
            words += [f"--{name.rstrip('_').replace('_', '-')}={one}"] if one is not None else []
    sys.exit(pipe.run([*words, "--", *recipients]))


command.params[:0] = [
    click.Option([f"--{name}", f"{name.replace('-', '_')}_"], metavar=metavar, help=text, multiple=name == "recipient")
    for name, (metavar, text) in pipe.OPTIONS.items()
    if name not in ("config", "home")
]
