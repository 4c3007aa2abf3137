"""``junkhound demo``: the whole way once, with what came of it and what to try next."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from junkhound.cli import show
from junkhound.kernel import clock
from junkhound.kernel.net import Network

if TYPE_CHECKING:
    from rich.console import Console

    from junkhound.kernel.config import Config
    from junkhound.verbs.demo import Progress, Shown

FOLDER = "junkhound-demo"


@click.command()
@click.option("--home", metavar="FOLDER", help=f"Where the demonstration is kept; default: ./{FOLDER}.")
@click.option("--once", is_flag=True, help="End when done; else the service goes on, on loopback, until Ctrl-C.")
@click.option("--world", type=click.Path(file_okay=False, path_type=Path),
              help="A simulated world that spamworld gen has made, instead of the sample.")  # fmt: skip
@click.option("--mail", "paths", multiple=True, metavar="PATH", help="Your own mail instead of the sample; repeatable.")
@click.option("--as", "kind", type=click.Choice(["junk", "good", "unsorted"]), help="What your mail is; default: junk"
              " in a folder named Junk or Spam, else unsorted.")  # fmt: skip
@click.option("--relay", "relays", multiple=True, metavar="HOST|NETWORK",
              help="A relay in front of your mailbox, whose Received lines are believed; repeatable.")  # fmt: skip
@click.option("--keep", is_flag=True, help="Keep what your own mail became in the demonstration's folder.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def command(
    obj: dict[str, Any], home: str | None, once: bool, world: Path | None, paths: tuple[str, ...], kind: str | None,
    relays: tuple[str, ...], keep: bool, as_json: bool,
) -> None:  # fmt: skip
    """Go the whole way once: take in junk mail, trace it, decide, publish, and say what to try next.

    Without --mail it works on three years of invented junk from four trap domains and two mailboxes, and then runs
    the service on loopback with a link for each person. With --mail it works on yours, and keeps nothing of it
    unless told to.

    \b
    Examples:
      junkhound demo
      junkhound demo --once
      spamworld gen --tier demo --out world && junkhound demo --world world
      junkhound demo --mail ~/Mail/Junk --as junk --relay mx.example.org
    """
    from rich.console import Console

    from junkhound.tables import Kind
    from junkhound.verbs import demo

    console = Console(highlight=False)
    folder = Path(home or obj["home"] or FOLDER)
    width = max(12, min(40, console.width - 42))
    with _bar(as_json) as progress:
        if paths:
            stated = None if kind is None else Kind[kind.upper()]
            shown = demo.on_own_mail(paths, stated, relays, folder / "own" if keep else None, progress, width)
        elif world is not None:
            shown = demo.on_world(folder, world, progress, width)
        else:
            shown = demo.on_sample(folder, progress, width)
    if as_json:
        show(answer(shown))
        return
    serves = not paths and not once
    tell(console, shown, own=bool(paths), serves=serves)
    if serves:
        _serve(shown)
    if paths and keep:
        print(f"\nkept in {folder / 'own'}; ask further with: {_ourselves()} --home {folder / 'own'} sources")


@contextmanager
def _bar(quiet: bool) -> Iterator[Progress]:
    """A bar on stderr where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda what, share: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)


def answer(shown: Shown) -> dict[str, Any]:
    """The result as JSON fields."""
    import msgspec

    return {
        "at": clock.text(shown.at),
        "settings": shown.settings or None,
        "read": shown.read,
        "added": shown.added,
        "intakes": [
            {"name": name, "read": one.read, "added": one.added, "known": one.known} for name, one in shown.reports
        ],
        "worst": msgspec.to_builtins(shown.by_volume),
        "longest_lived": msgspec.to_builtins(shown.by_persistence),
        "list": [{"network": network, "reasons": reasons} for network, reasons in shown.reasons.items()],
        "files": msgspec.to_builtins(shown.published.files) if shown.published else [],
    }


def tell(console: Console, shown: Shown, own: bool, serves: bool = False) -> None:
    """What came of it, as a person reads it."""
    from junkhound.cli.sources import tell as tell_sources

    _tell_intake(shown, own)
    for title, ranking in (("The worst", shown.by_volume), ("The longest-lived", shown.by_persistence)):
        if ranking is not None and ranking.rows:
            _title(title)
            tell_sources(console, ranking)
    _tell_list(shown)
    if not own:
        _tell_next(shown, serves)


def _title(text: str) -> None:
    click.secho(f"\n{text}", bold=True)


def _tell_intake(shown: Shown, own: bool) -> None:
    known = sum(report.known for _, report in shown.reports)
    seconds = sum(report.seconds for _, report in shown.reports)
    what = "your mail" if own else f"{shown.what}, {shown.span[0]} to {shown.span[1]}"
    _title(f"Junkhound on {what}")
    click.echo(f"taken in   {shown.read:,} mails, {shown.added:,} new and {known:,} known already, in {seconds:.1f} s")
    paths: dict[str, int] = {}
    for _, report in shown.reports:
        for name, count in report.counts.items():
            paths[name] = paths.get(name, 0) + count
    if paths.get("unanchored"):
        click.echo(
            f"           {paths['unanchored']:,} of them without a line that a stated relay wrote: nobody is blamed"
        )
        if own:
            click.echo("           name your mail server with RELAY= (--relay); see junkhound relays learn")
    if shown.decided is not None:
        looked = len(shown.decided.decisions)
        click.echo(f"decided    {looked:,} addresses of the last 35 days, {shown.decided.entries:,} on the list, as of "
                   f"{clock.day_text(shown.at)}")  # fmt: skip
    if shown.published is not None and not own:
        folder = os.path.relpath(Path(shown.published.files[0].path).parent) if shown.published.files else ""
        click.echo(f"published  {', '.join(Path(file.path).name for file in shown.published.files)} in {folder}")


def _tell_list(shown: Shown) -> None:
    from junkhound.cli.lists import aligned

    if not shown.entries:
        _title("The list that follows is empty")
        click.echo("an address is listed when two independent witnesses saw it lately: see junkhound lists policy")
        return
    _title("The list that follows")
    rows = [("network", "mails", "last seen", "ends by itself")]
    rows += [
        (str(one.subject), f"{one.messages:,}", clock.day_text(one.last_at), clock.day_text(one.expires_at))
        for one in shown.entries
    ]
    click.echo("\n".join(aligned(rows)))
    first = max(shown.entries, key=lambda one: one.messages)
    reasons = shown.reasons.get(str(first.subject), [])
    if reasons:
        click.echo(f"\n{first.subject} is on it because:")
        for reason in reasons:
            click.echo(f"  {reason}")


def _ourselves() -> str:
    """How this command was called, for lines to try."""
    called = sys.argv[0]
    return "junkhound" if shutil.which("junkhound") or not called else os.path.relpath(called)


def _tell_next(shown: Shown, serves: bool) -> None:
    """One line to try, and one link while the service runs, for each person who is served so far."""
    from junkhound.kernel import config

    settings = config.load(Path(shown.settings))
    run = f"{_ourselves()} --config {os.path.relpath(shown.settings)}"
    _title("Try next")
    for person, line, page in _lines(shown, settings, run, serves):
        if line:
            click.echo(f"{person:19} {line}")
        if serves and page:
            click.echo(f"{'':19} {_link(settings, page)}")
    click.echo("not yet: decision maker\n")
    if serves:
        smtp = settings.smtp.listen[0]
        click.echo(f"Each link lets one browser in, once. The trap takes mail at {smtp} and DNS answers at "
                   f"{settings.dns.listen[0]}; Ctrl-C ends it all.")  # fmt: skip
    else:
        click.echo(f"Nothing is left running; see the pages with {run} serve --at {clock.day_text(shown.at)}")


def _lines(shown: Shown, settings: Config, run: str, serves: bool) -> Iterator[tuple[str, str, str]]:
    """Person, command and page, on what the scene's own worst sources are."""
    listed = [(one.messages, one.subject.first) for one in shown.entries if isinstance(one.subject, Network)]
    worst = max(listed)[1] if listed else None
    lasting = shown.by_persistence.rows[0] if shown.by_persistence and shown.by_persistence.rows else None
    at = f"--at {clock.day_text(shown.at)}"
    country = lasting.country if lasting is not None else ""
    yield "trap operator", f"{run} sources --by persistence{f' --country {country}' * bool(country)}", "/"
    if worst is not None:
        host, _, port = settings.dns.listen[0].rpartition(":")
        folder = os.path.relpath(Path(shown.published.files[0].path).parent) if shown.published else "out"
        backwards = ip_address(str(worst)).reverse_pointer.partition(".i")[0]  # .in-addr.arpa, .ip6.arpa
        name = f"{backwards}.main.{settings.publish.zone}"
        asked = f"dig +short @{host} -p {port} {name} TXT"
        yield "mail administrator", asked if serves else f"head {folder}/main.ip4set", "/lists/main"
    if shown.inbox is not None:
        mailbox, place = shown.inbox
        relays = "".join(f" --relay {relay}" for relay in settings.mailboxes[mailbox].relays)
        yield "person with an inbox", f"{run} guard inbox {os.path.relpath(place)}{relays} {at}", ""
    if shown.doubtful is not None:
        mailbox, place = shown.doubtful
        yield "victim of a mail", f"{run} trace --mailbox {mailbox} {os.path.relpath(place)}", "/trace"
    if worst is not None:
        asn = next((row.asn for row in shown.by_volume.rows if row.asn), 0) if shown.by_volume else 0
        if asn:
            yield "provider, accused", f"{run} sources --asn AS{asn}", f"/network/AS{asn}"
        yield "listed sender", f"{run} why {worst} {at}", f"/address/{worst}"
    yield "investigator", f"{run} campaigns", "/campaigns"
    if shown.botnets:
        yield "", f"{run} botnets", "/botnets"
    yield "researcher, press", f"{run} stats year-on-year", f"/country/{country}" if country else ""


def _link(settings: Config, page: str) -> str:
    """A link that lets one browser in, once, to a page of the service."""
    from junkhound.verbs.access import Doors

    return f"http://{settings.web.listen}/enter?token={Doors(settings).link()}&next={page}"


def _serve(shown: Shown) -> None:
    """Run the service at the sample's last day until Ctrl-C."""
    from junkhound.kernel import config
    from junkhound.service.supervisor import Supervisor

    os.environ["JUNKHOUND_LOG"] = "quiet"
    settings = config.load(Path(shown.settings))
    sys.exit(Supervisor(settings, shown.settings, None, (), clock.text(shown.at)).run())
