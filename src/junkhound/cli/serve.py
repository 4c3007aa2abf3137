"""``junkhound serve``: run the service."""

from __future__ import annotations

import os
import sys
from typing import Any

import click


@click.command()
@click.option(
    "--only",
    "roles",
    multiple=True,
    type=click.Choice(["trap", "judge", "decider", "janitor", "grouper", "pictures", "files", "dns", "web"]),
    help="Run only these roles; repeatable.",
)
@click.option(
    "--at", metavar="WHEN", help="Pin the moment of every decision and page: for demonstrations. Default: now."
)
@click.option("--log", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of the log.")
@click.pass_obj
def command(where: dict[str, Any], roles: tuple[str, ...], at: str | None, log: str) -> None:
    """Run the service: trap, judge, decider, publisher, janitor, DNS responder and the operator's pages.

    Everything listens on loopback unless the settings say otherwise. SIGTERM stops it in order and loses nothing that
    was acknowledged; SIGHUP renews every process with the settings as they are then.

    \b
    Examples:
      junkhound serve
      junkhound serve --only trap --only judge --log json
    """
    from junkhound.service.supervisor import Supervisor
    from junkhound.verbs.office import open_office

    os.environ["JUNKHOUND_LOG"] = log
    office = open_office(**where, at=at)
    sys.exit(Supervisor(office.config, where["config"], where["home"], roles, at).run())
