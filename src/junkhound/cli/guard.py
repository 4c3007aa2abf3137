"""``junkhound guard``: what the traps know, at work for a mail server or for one person's inbox."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from junkhound.cli import show
from junkhound.kernel.errors import JunkhoundError, NotFound
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.guard import Judged

_RELAY = click.option(
    "--relay", "relays", multiple=True, metavar="HOST|NETWORK",
    help="A relay in front of the mailbox, whose Received lines are believed; repeatable.",
)  # fmt: skip
_JSON = click.option("--json", "as_json", is_flag=True, help="For machines.")


@click.group()
def command() -> None:
    """Protect inboxes with what the traps know: campaigns that run now, sources, networks, and your own moves.

    A guard says junk, good or nothing of a mail, how sure it is, and why in one sentence. It moves or marks; it never
    deletes, and it refuses only on the grounds that you name in [guard] reject.

    \b
    Examples, for a person:
      junkhound guard inbox ~/Maildir             shows what it would move, and why
      junkhound guard inbox ~/Maildir --move      moves it to Junk
    Examples, for a server:
      junkhound guard pack                        makes the pack that it works from
      junkhound guard milter                      for Postfix and Sendmail
      junkhound guard lmtp --next unix:/run/lmtp  between two servers
      junkhound guard stdin                       for procmail, maildrop, Exim
    """


@command.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where; default: the home's own pack.")
@click.option("--since", "old", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="An older pack: write only the difference, as OUT.delta.")  # fmt: skip
@click.option("--at", metavar="WHEN", help="The moment it is made for; default: now.")
@_JSON
@click.pass_obj
def pack(where: dict[str, Any], out: Path | None, old: Path | None, at: str | None, as_json: bool) -> None:
    """Make the guard pack: what at least two traps saw lately and no wanted mail has.

    \b
    Examples:
      junkhound guard pack
      junkhound guard pack --out /srv/packs/guard.pack --since /srv/packs/yesterday.pack
    """
    from junkhound.verbs import guard_pack as guard

    office = open_office(**where, at=at)
    made = guard.write_pack(office, out, old)
    if as_json:
        show(msgspec.to_builtins(made))
        return
    click.echo(f"{made.path}: pack {made.sequence} of {made.hub}, {made.size:,} bytes")
    click.echo("  " + ", ".join(f"{count:,} {name}" for name, count in made.rows.items()))
    if made.delta:
        click.echo(f"{made.delta}: the difference, {made.delta_size:,} bytes")


@command.command()
@click.argument("place", metavar="[FILE|URL]", default="")
@click.option("--key", default="", metavar="FILE|LINE", help="The hub's public key; default: [guard] key.")
@click.option("--token-file", default="", metavar="FILE", help="The token that the hub gave us; default: [guard].")
@_JSON
@click.pass_obj
def take(where: dict[str, Any], place: str, key: str, token_file: str, as_json: bool) -> None:
    """Take in a hub's pack, or a difference to the one that is here: from a file, or from the hub itself.

    A hub gives packs to enrolled guards only, and only the difference where it can. What it has not signed, what is
    older than the pack that is here, and what is stale, is refused, and the one that is here stays.

    \b
    Examples:
      junkhound guard take hub.pack --key minisign.pub
      junkhound guard take https://hub.example.org:8443 --key minisign.pub --token-file token
      junkhound guard take                  from the hub of the settings
    """
    from junkhound.verbs import guard_pack as guard

    office = open_office(**where)
    if place and not guard.is_address(place):
        if not Path(place).is_file():
            raise NotFound(f"no file {place!r}", "give a file, or the hub's address with https://")
        made = guard.take(office, Path(place), key)
    else:
        made = guard.fetch(office, place, key, token_file)
    if as_json:
        show(msgspec.to_builtins(made))
    elif not made.new:
        click.echo(f"{made.path}: pack {made.sequence} of {made.hub} is the newest")
    else:
        fetched = f", {made.delta_size:,} of them fetched" if made.delta_size else ""
        click.echo(f"{made.path}: pack {made.sequence} of {made.hub}, {made.size:,} bytes{fetched}")


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@_JSON
@click.pass_obj
def status(where: dict[str, Any], file: Path | None, as_json: bool) -> None:
    """Say what a pack holds and how old it is, and what was learned.

    \b
    Example: junkhound guard status
    """
    from junkhound.verbs import guard

    office = open_office(**where)
    found = guard.status(office, file)
    if as_json:
        show(msgspec.to_builtins(found))
        return
    if found.sequence is None:
        click.echo(f"no pack at {found.path}: make one with junkhound guard pack, or name one in [guard] pack")
    else:
        click.echo(f"{found.path}: pack {found.sequence} of {found.hub}, made {found.made_at}{found.stale}")
        click.echo("  " + ", ".join(f"{count:,} {name}" for name, count in found.rows.items()))
    click.echo(f"learned: {found.learned_junk:,} junk and {found.learned_good:,} wanted mails")


@command.command()
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 4000), help="So many days back.")
@click.option("--by", default="source", show_default=True, type=click.Choice(["source", "recipient", "both"]),
              help="Whose country.")  # fmt: skip
@_JSON
@click.pass_obj
def counts(where: dict[str, Any], days: int, by: str, as_json: bool) -> None:
    """Say what became of the mail that was looked at: attempts, refused, junk, inbox; by country.

    It is counted where [guard] count is on: days and countries, no address and no mail.

    \b
    Example: junkhound guard counts --by both --days 7
    """
    from junkhound.verbs import guard_counts

    lines = guard_counts.read(open_office(**where), days, by)
    if as_json:
        show([msgspec.to_builtins(line) for line in lines])
        return
    if not lines:
        click.echo(f"nothing was counted in the last {days} days; [guard] count switches it on")
        return
    click.echo(f"{'from':8}{'to':8}{'attempts':>12}{'refused':>12}{'junk':>12}{'inbox':>12}")
    for line in (*lines, guard_counts.Line("all", "", *guard_counts.total(lines))):
        source = line.source or ("unknown" if by != "recipient" else "")
        recipient = line.recipient or ("unknown" if by != "source" and line.source != "all" else "")
        fates = f"{line.attempts:12,}{line.refused:12,}{line.junk:12,}{line.inbox:12,}"
        click.echo(f"{source:8}{recipient:8}{fates}")


@command.command()
@click.argument("paths", nargs=-1, required=True)
@_RELAY
@click.option("--at", metavar="WHEN", help="The moment of the judgement; default: now.")
@_JSON
@click.pass_obj
def ask(where: dict[str, Any], paths: tuple[str, ...], relays: tuple[str, ...], at: str | None, as_json: bool) -> None:
    """Say of mails in files, folders or on standard input (-) what the guard would, and what weighed how much.

    \b
    Example: junkhound guard ask --relay mx.example.org ~/Maildir
    """
    from junkhound.verbs import guard

    office = open_office(**where, at=at)
    said = [(locator, judged) for locator, judged in guard.ask_paths(office, paths, relays)]
    if as_json:
        show([{"mail": locator, **_fields(judged)} for locator, judged in said])
        return
    for locator, judged in said:
        _tell(locator, judged)


def _fields(judged: Judged) -> dict[str, Any]:
    opinion = judged.opinion
    return {
        "verdict": str(opinion.word), "score": round(opinion.score, 4), "reason": opinion.reason,
        "source": None if judged.source is None else str(judged.source), "listed": opinion.listed,
        "campaign": opinion.campaign, "weighed": {name: round(weight, 2) for name, weight in opinion.weighed},
    }  # fmt: skip


_COLOURS = {"junk": "red", "good": "green", "none": "yellow"}


def _tell(locator: str, judged: Judged) -> None:
    opinion = judged.opinion
    word = str(opinion.word)
    click.echo(f"{click.style(f'{word:5}', fg=_COLOURS[word], bold=True)} {opinion.score:6.1%}  {locator}")
    click.echo(f"      {opinion.reason}")
    if opinion.weighed:
        click.echo("      " + ", ".join(f"{name} {weight:+.1f}" for name, weight in opinion.weighed[:8]))


@command.command()
@_RELAY
@click.pass_obj
def stdin(where: dict[str, Any], relays: tuple[str, ...]) -> None:
    """Copy one mail from standard input to standard output with three fields on top; on any doubt as it is.

    \b
    Example, procmail:
      :0 fw
      | junkhound guard stdin
    Example, Exim:
      transport_filter = /usr/bin/junkhound guard stdin
    """
    mail = sys.stdin.buffer.read()
    try:
        from junkhound.verbs import guard

        marked = guard.mark(open_office(**where), mail, relays)
    except Exception as error:  # whatever is wrong here, the mail goes on
        words = error.message if isinstance(error, JunkhoundError) else f"{type(error).__name__}: {error}"
        print(f"junkhound: guard: the mail goes on unseen: {words}", file=sys.stderr)
        marked = mail
    sys.stdout.buffer.write(marked)
    sys.stdout.buffer.flush()


@command.command()
@click.option("--junk", "junk", flag_value=True, default=None, type=bool, help="These mails are junk.")
@click.option("--good", "junk", flag_value=False, type=bool, help="These mails are wanted.")
@click.argument("paths", nargs=-1, required=True)
@_RELAY
@_JSON
@click.pass_obj
def learn(where: dict[str, Any], junk: bool | None, paths: tuple[str, ...], relays: tuple[str, ...],
          as_json: bool) -> None:  # fmt: skip
    """Teach the guard by sorted mail: a Junk folder, an inbox. What is learned stays on this machine.

    \b
    Examples:
      junkhound guard learn --good ~/Maildir
      junkhound guard learn --junk ~/Maildir/.Junk
    """
    from junkhound.verbs import guard

    if junk is None:
        raise click.UsageError("say --junk or --good")
    office = open_office(**where)
    with _counting("learning", as_json) as progress:
        done = guard.learn(office, paths, junk, relays, progress=progress)
    if as_json:
        show(msgspec.to_builtins(done))
    else:
        new = done.junk + done.good
        click.echo(
            f"{new:,} new, {done.known:,} known; all together {done.all_junk:,} junk and {done.all_good:,} wanted"
        )


def _counting(what: str, quiet: bool) -> Any:
    """A counter on stderr where that is a terminal."""
    from contextlib import contextmanager

    @contextmanager
    def counting() -> Any:
        if quiet or not sys.stderr.isatty():
            yield None
            return
        yield lambda count: print(f"\r{what}: {count:,}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)

    return counting()


@command.command()
@click.option("--listen", default="127.0.0.1:8891", show_default=True, metavar="ADDRESS:PORT|unix:/PATH")
@_RELAY
@click.pass_obj
def milter(where: dict[str, Any], listen: str, relays: tuple[str, ...]) -> None:
    """Answer a mail server that asks about every mail (Postfix smtpd_milters, Sendmail), until Ctrl-C.

    \b
    Example, main.cf of Postfix:
      smtpd_milters = inet:127.0.0.1:8891
      milter_default_action = accept
    """
    _serve(where, "milter", listen, "", relays)


@command.command()
@click.option("--listen", default="127.0.0.1:8892", show_default=True, metavar="ADDRESS:PORT|unix:/PATH")
@click.option("--next", "onward", required=True, metavar="ADDRESS:PORT|unix:/PATH", help="The server behind it.")
@click.option("--smtp", is_flag=True, help="Speak SMTP on both sides instead of LMTP.")
@_RELAY
@click.pass_obj
def lmtp(where: dict[str, Any], listen: str, onward: str, smtp: bool, relays: tuple[str, ...]) -> None:
    """Stand between two mail servers and put three fields on every mail; the next server's replies go back.

    \b
    Example, main.cf of Postfix, with Dovecot behind it:
      junkhound guard lmtp --next unix:/run/dovecot/lmtp
      virtual_transport = lmtp:inet:127.0.0.1:8892
    """
    _serve(where, "smtp" if smtp else "lmtp", listen, onward, relays)


@command.command()
@click.argument("which", nargs=-1, metavar="[ACCOUNT|MAILDIR]...")
@click.option("--move", is_flag=True, help="Move junk to the Junk folder; without, only show what would be moved.")
@click.option("--watch", is_flag=True, help="Go on until Ctrl-C, whenever mail arrives. With --move only.")
@click.option("--at", metavar="WHEN", help="The moment of the judgement; default: now.")
@click.option("--page", type=click.Path(dir_okay=False, path_type=Path), help="Write what would be moved as a page.")
@_RELAY
@_JSON
@click.pass_obj
def inbox(
    where: dict[str, Any], which: tuple[str, ...], move: bool, watch: bool, page: Path | None, relays: tuple[str, ...],
    at: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Sort a mailbox: show what is junk and why, or move it to Junk; nothing is ever deleted.

    A mailbox is an account of the settings ([accounts.NAME]) or the path of a Maildir; none means every account.
    What you move to Junk, and what you move back, teaches the guard; so does mail that you read and keep.

    \b
    Examples:
      junkhound guard inbox ~/Maildir --relay mx.example.org
      junkhound guard inbox me --page would-move.html
      junkhound guard inbox me --move --watch
    """
    from junkhound.cli import inbox as face

    if watch and not move:
        raise click.UsageError("--watch goes with --move")
    face.run(open_office(**where, at=at), which, move, watch, page, relays, as_json)


@command.command()
@click.option("--listen", default="127.0.0.1:8893", show_default=True, metavar="ADDRESS:PORT")
@_RELAY
@click.pass_obj
def http(where: dict[str, Any], listen: str, relays: tuple[str, ...]) -> None:
    """Answer programs on this machine that look at mail themselves: rspamd, SpamAssassin; until Ctrl-C.

    \b
    Example: curl --data-binary @mail.eml http://127.0.0.1:8893/check
    """
    _serve(where, "http", listen, "", relays)


def _serve(where: dict[str, Any], kind: str, listen: str, onward: str, relays: tuple[str, ...]) -> None:
    from junkhound.service.guard import serve

    os.environ.setdefault("JUNKHOUND_LOG", "plain")
    said = open_office(**where)
    serve(said, kind, listen, onward, relays, lambda place: print(f"guard ({kind}) at {place}", flush=True))
