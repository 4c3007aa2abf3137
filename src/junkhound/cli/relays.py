"""``junkhound relays``: the relays whose Received lines are believed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from junkhound.cli import show as show_json
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.verbs.relays import Learned


@click.group()
def command() -> None:
    """Say which relays are believed, and learn them from mail.

    A trace goes down through the relays you name and ends at the first machine that is none of them. Without relays
    no line of an imported mail is believed, and nobody is listed.

    \b
    Examples:
      junkhound relays learn --mailbox me ~/Mail/Junk
      junkhound relays show
    """


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def show(where: dict[str, Any], as_json: bool) -> None:
    """Show the relays of every mailbox and trap in the settings.

    \b
    Examples:
      junkhound relays show
    """
    from junkhound.verbs import relays

    found = relays.show(open_office(**where))
    if as_json:
        show_json([{"intake": s.intake, "name": s.name, "relays": list(s.relays)} for s in found])
        return
    if not found:
        click.echo("no mailbox, no trap and nothing of our own is in the settings")
    for shown in found:
        title = "ours everywhere" if shown.intake == "own" else f"{shown.intake} {shown.name}"
        click.echo(f"{title}: {', '.join(shown.relays) or 'none, so its imported mail cannot be traced'}")


@command.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--mailbox", default="default", show_default=True, metavar="NAME", help="The mailbox the mail came to.")
@click.option("--apply", "write", is_flag=True, help="Write the proposals into the settings file, after asking.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def learn(where: dict[str, Any], paths: tuple[str, ...], mailbox: str, write: bool, yes: bool, as_json: bool) -> None:
    """Propose relays from mail of one mailbox: the machines that wrote the top lines of nearly all of it.

    Look at every name: it must be your mail server or your provider's. 50 mails are needed, from many senders.

    \b
    Examples:
      junkhound relays learn --mailbox me ~/Mail/Junk
      junkhound relays learn --mailbox me --apply ~/Mail/Junk
    """
    from junkhound.verbs import relays

    office = open_office(**where)
    learned = relays.learn(office, paths, mailbox)
    written = None
    if not as_json:
        _tell(learned)
    if write and learned.proposals:
        if not yes:
            if as_json or not sys.stdin.isatty():
                raise click.UsageError("there is nobody to ask: say --yes")
            click.confirm(f"believe these for mailbox {mailbox}?", abort=True, err=True)
        written = str(relays.apply(office, learned))
    if as_json:
        show_json(_plain(learned, written))
    elif written:
        click.echo(f"written to {written}; ingest the mail again to have it judged anew")


def _tell(learned: Learned) -> None:
    if not learned.proposals:
        from junkhound.trace.learning import LEAST

        few = f"{LEAST} are needed" if learned.mails < LEAST else "no further relay stands on top of nearly all of them"
        click.echo(f"nothing to propose from {learned.mails:,} mails: {few}")
        return
    for proposal in learned.proposals:
        click.echo(f"{proposal.relay:<28} {proposal.text}")
    for network, mails in learned.inner[:5]:
        click.echo(f"{network:<28} handed over {mails:,} mails under a name of these: your provider's inner servers?")
    click.echo(
        f"with these, {learned.would:,} of {learned.mails:,} mails can be traced to a machine, now {learned.anchored:,}"
    )


def _plain(learned: Learned, written: str | None) -> dict[str, Any]:
    return {
        "mailbox": learned.mailbox,
        "mails": learned.mails,
        "known": list(learned.known),
        "inner": [{"network": network, "mails": mails} for network, mails in learned.inner],
        "proposals": [
            {"relay": p.relay, "mails": p.mails, "of": p.of, "behind": p.behind, "text": p.text}
            for p in learned.proposals
        ],
        "anchored": learned.anchored,
        "would": learned.would,
        "written": written,
    }
